//! A campaign's kind and status as they look: words, icon and colour.
//!
//! Left out: the states themselves (`campanile_core::campaign::Status`). Invariant: a status is never told by colour alone.

use super::icon::Icon;
use campanile_core::campaign::{Campaign, Kind, Status};
use campanile_core::stats::Counts;

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
    reason = "four independent answers, each read by one button"
)]
pub(crate) struct Verbs {
    /// Start or send it.
    pub(crate) start: bool,
    /// Stop it.
    pub(crate) stop: bool,
    /// Edit it.
    pub(crate) edit: bool,
    /// Delete it.
    pub(crate) delete: bool,
}

impl Verbs {
    /// What `campaign` allows.
    pub(crate) fn of(campaign: &Campaign) -> Self {
        let kind = campaign.definition.kind();
        Self {
            start: campaign.status.start(kind).is_ok(),
            stop: campaign.status.stop().is_ok(),
            edit: campaign.status.may_edit(kind),
            delete: campaign.status.may_delete(),
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
        Status::Sent => ("badge-idle", Icon::Check, "Sent".to_owned()),
        Status::Stopped => ("badge-bad", Icon::CircleAlert, "Stopped".to_owned()),
    };
    Badge { class, icon, words }
}

/// The icon of a kind.
pub(crate) fn kind_icon(kind: Kind) -> Icon {
    match kind {
        Kind::Popup => Icon::PanelBottom,
        Kind::Push => Icon::Send,
    }
}
