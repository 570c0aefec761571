//! A campaign's kind and status as they look: words, icon and colour.
//!
//! Left out: the states themselves (`campanile_core::campaign::Status`). Invariant: a status is never told by colour alone.

use super::icon::Icon;
use campanile_core::campaign::{Body, Campaign, Kind, Status};
use campanile_core::stats::Counts;
use campanile_core::time::Timestamp;

/// A badge: colour, icon and word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Badge {
    /// Class beside `badge`.
    pub(crate) class: &'static str,
    /// Its icon.
    pub(crate) icon: Icon,
    /// Its words, for example `Sending 62%`.
    pub(crate) words: String,
}

/// What may be done with a campaign now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent answers, each read by one button"
)]
pub(crate) struct Verbs {
    /// Start or send it.
    pub(crate) start: bool,
    /// Stop it.
    pub(crate) stop: bool,
    /// Halt it.
    pub(crate) pause: bool,
    /// Go on with it.
    pub(crate) resume: bool,
    /// Edit it.
    pub(crate) edit: bool,
    /// Delete it.
    pub(crate) delete: bool,
    /// Put it away.
    pub(crate) archive: bool,
    /// Take it out again.
    pub(crate) unarchive: bool,
}

impl Verbs {
    /// What `campaign` allows.
    pub(crate) fn of(campaign: &Campaign) -> Self {
        let kind = campaign.definition.kind();
        let course = campaign.definition.course();
        Self {
            start: campaign.status.start(course).is_ok(),
            stop: campaign.status.stop().is_ok(),
            pause: campaign.status.pause(course).is_ok(),
            resume: campaign.status.resume(course).is_ok(),
            edit: campaign.status.may_edit(kind),
            delete: campaign.status.may_delete(),
            archive: campaign.status.may_delete() && campaign.archived_at.is_none(),
            unarchive: campaign.archived_at.is_some(),
        }
    }
}

/// The badge of a status; a push that is being sent says how far it is.
pub(crate) fn badge(status: Status, counts: &Counts) -> Badge {
    let (class, icon, words) = match status {
        Status::Draft => ("badge-idle", Icon::PencilLine, "Draft".to_owned()),
        Status::Running => ("badge-ok", Icon::Play, "Running".to_owned()),
        Status::Sending => {
            let done = counts.audience - counts.waiting().min(counts.audience);
            let share = super::format::percent(done, counts.audience);
            let words = if counts.audience == 0 {
                "Sending".to_owned()
            } else {
                format!("Sending {share}%")
            };
            ("badge-accent", Icon::Send, words)
        }
        Status::Scheduled => ("badge-info", Icon::CalendarClock, "Scheduled".to_owned()),
        Status::Paused => ("badge-warn", Icon::Pause, "Paused".to_owned()),
        Status::Sent => ("badge-idle", Icon::Check, "Sent".to_owned()),
        Status::Stopped => ("badge-bad", Icon::CircleAlert, "Stopped".to_owned()),
    };
    Badge { class, icon, words }
}

/// The badge of a campaign: a running pop-up may not have begun yet, or be over, by its dates.
pub(crate) fn badge_now(campaign: &Campaign, counts: &Counts, now: Timestamp) -> Badge {
    let (class, icon, words) = match Life::of(campaign, now) {
        Life::Scheduled => ("badge-info", Icon::CalendarClock, "Scheduled"),
        Life::Ended => ("badge-idle", Icon::Check, "Ended"),
        Life::As(status) => return badge(status, counts),
    };
    Badge {
        class,
        icon,
        words: words.to_owned(),
    }
}

/// Where a campaign stands, its dates included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// It was started, but its first day or its moment lies ahead.
    Scheduled,
    /// It runs, but its last day is over.
    Ended,
    /// As its status says.
    As(Status),
}

impl Life {
    /// Of a campaign at `now`.
    pub(crate) fn of(campaign: &Campaign, now: Timestamp) -> Self {
        if let (Status::Running, Body::Popup(plan)) = (campaign.status, &campaign.definition.body) {
            if plan.schedule.end.is_some_and(|end| end <= now) {
                return Self::Ended;
            }
            if plan.schedule.start.is_some_and(|start| start > now) {
                return Self::Scheduled;
            }
        }
        if campaign.status == Status::Scheduled {
            return Self::Scheduled;
        }
        Self::As(campaign.status)
    }
}

/// The icon of a kind.
pub(crate) fn kind_icon(kind: Kind) -> Icon {
    match kind {
        Kind::Popup => Icon::PanelBottom,
        Kind::Push => Icon::Send,
    }
}
