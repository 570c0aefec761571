//! The report of one campaign: did it work, where were people lost, what went wrong.
//!
//! Left out: counting (`report` at the crate's root). Invariant: every number of a chart also stands in the table by day.

use super::chart::{self, Line};
use super::desk::{Desk, Numbered};
use super::format::{self, Told, When};
use super::icon::Icon;
use super::status::{self, Badge, Verbs};
use super::{Nav, Shell, Theme, asset};
use crate::http::error::Error;
use crate::launch::LaunchError;
use crate::report;
use askama::Template;
use axum::response::Response;
use campanile_core::campaign::{Body, Campaign, Kind, Status};
use campanile_core::id::CampaignId;
use campanile_core::stats::Counts;
use campanile_core::time::{Day, Timestamp, Zone};
use std::collections::BTreeMap;

/// One figure of the strip.
#[derive(Debug, Clone)]
pub(crate) struct Stat {
    /// Name.
    pub(crate) name: &'static str,
    /// Class of its swatch, empty for none.
    pub(crate) ink: &'static str,
    /// The figure.
    pub(crate) figure: String,
    /// What it is measured against.
    pub(crate) context: String,
}

/// One bar of the funnel.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    /// Name.
    pub(crate) name: &'static str,
    /// Class of its colour.
    pub(crate) ink: &'static str,
    /// The count.
    pub(crate) count: String,
    /// Share of the step before, in words.
    pub(crate) share: String,
    /// Length in per mille.
    pub(crate) length: u64,
    /// Where the rest went, in words.
    pub(crate) loss: String,
}

/// Why some were not delivered or not shown.
#[derive(Debug, Clone)]
pub(crate) struct Reason {
    /// The reason in words.
    pub(crate) reason: String,
    /// How often.
    pub(crate) times: u64,
}

/// The counts of one day.
#[derive(Debug, Clone)]
pub(crate) struct DayCounts {
    /// The day.
    pub(crate) day: Day,
    /// Its counts.
    pub(crate) counts: Counts,
}

/// One row of the table by day.
#[derive(Debug, Clone)]
pub(crate) struct DayRow {
    /// The day in words.
    pub(crate) day: String,
    /// Cells in the order of the head.
    pub(crate) cells: Vec<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "report.html")]
pub(crate) struct ReportPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// The campaign's number.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// Its status.
    pub(crate) badge: Badge,
    /// What it does, in one sentence.
    pub(crate) sentence: String,
    /// When it last started.
    pub(crate) started: Option<When>,
    /// When it ended.
    pub(crate) ended: Option<When>,
    /// The strip of figures.
    pub(crate) stats: Vec<Stat>,
    /// Progress of a push on its way: done, of, and words.
    pub(crate) progress: Option<(u64, u64, String)>,
    /// The funnel.
    pub(crate) funnel: Vec<Bar>,
    /// Two measures by day.
    pub(crate) lines: Vec<Line>,
    /// Label of the first day.
    pub(crate) first_day: String,
    /// Head of the table by day.
    pub(crate) head: Vec<&'static str>,
    /// Rows of the table by day, newest first.
    pub(crate) days: Vec<DayRow>,
    /// What went wrong.
    pub(crate) reasons: Vec<Reason>,
    /// Whether anything was counted yet.
    pub(crate) counted: bool,
    /// Whether it is a push.
    pub(crate) push: bool,
    /// What may be done with it now.
    pub(crate) may: Verbs,
}

impl ReportPage {
    /// The report of `campaign` from its totals, its days (oldest first) and its reasons.
    pub(crate) fn new(
        shell: Shell,
        campaign: &Campaign,
        counts: &Counts,
        days: &[DayCounts],
        reasons: Vec<Reason>,
        told: &Told,
    ) -> Self {
        let kind = campaign.definition.kind();
        let push = kind == Kind::Push;
        let column =
            |pick: fn(&Counts) -> u64| days.iter().map(|day| pick(&day.counts)).collect::<Vec<u64>>();
        let lines = [
            chart::line("Shown", "shown", &column(|counts| counts.shown)),
            chart::line("Clicked", "clicked", &column(|counts| counts.clicked)),
        ];
        let done = counts.audience - counts.waiting().min(counts.audience);
        let progress = (campaign.status == Status::Sending).then(|| {
            let words = format!(
                "{} of {} done",
                format::number(done),
                format::number(counts.audience)
            );
            (done, counts.audience.max(1), words)
        });
        Self {
            id: campaign.id.0,
            name: campaign.definition.name.clone(),
            badge: status::badge(campaign.status, counts),
            sentence: sentence(campaign),
            started: campaign.started_at.map(|at| told.when(at)),
            ended: campaign.ended_at.map(|at| told.when(at)),
            stats: if push {
                push_stats(counts)
            } else {
                popup_stats(counts)
            },
            progress,
            funnel: if push {
                push_funnel(counts)
            } else {
                popup_funnel(counts)
            },
            lines: lines.into_iter().flatten().collect(),
            first_day: days.first().map(|day| told.day(day.day)).unwrap_or_default(),
            head: if push {
                vec!["Sent", "Shown", "Clicked", "Dismissed", "Failed"]
            } else {
                vec!["Handed out", "Shown", "Clicked", "Closed", "Click rate"]
            },
            days: days.iter().rev().map(|day| day_row(day, push, told)).collect(),
            reasons,
            counted: counts.handed + counts.audience + counts.shown > 0,
            push,
            may: Verbs::of(campaign),
            shell,
        }
    }
}

/// What a campaign does, in one sentence.
pub(crate) fn sentence(campaign: &Campaign) -> String {
    match &campaign.definition.body {
        Body::Popup(plan) => plan.sentence(),
        Body::Push { push } => {
            let kept = format::span(u64::from(push.ttl_seconds));
            format!("Sends one notification to all subscribers; kept {kept} for browsers that are away.")
        }
    }
}

fn day_row(day: &DayCounts, push: bool, told: &Told) -> DayRow {
    let counts = &day.counts;
    let cells = if push {
        [
            counts.sent,
            counts.shown,
            counts.clicked,
            counts.dismissed,
            counts.failed + counts.gone,
        ]
        .map(format::number)
        .to_vec()
    } else {
        let mut cells = [counts.handed, counts.shown, counts.clicked, counts.closed]
            .map(format::number)
            .to_vec();
        cells.push(format::rate(counts.clicked, counts.shown));
        cells
    };
    DayRow {
        day: told.day(day.day),
        cells,
    }
}

fn stat(name: &'static str, ink: &'static str, n: u64, context: String) -> Stat {
    Stat {
        name,
        ink,
        figure: format::number(n),
        context,
    }
}

fn of(part: u64, whole: u64, what: &str) -> String {
    format!("{} of {what}", format::rate(part, whole))
}

fn popup_stats(counts: &Counts) -> Vec<Stat> {
    vec![
        stat(
            "Handed out",
            "sent",
            counts.handed,
            "to pages that asked".to_owned(),
        ),
        stat(
            "Shown",
            "shown",
            counts.shown,
            of(counts.shown, counts.handed, "handed out"),
        ),
        stat(
            "Clicked",
            "clicked",
            counts.clicked,
            of(counts.clicked, counts.shown, "shown"),
        ),
        stat(
            "Closed",
            "",
            counts.closed,
            of(counts.closed, counts.shown, "shown"),
        ),
    ]
}

fn push_stats(counts: &Counts) -> Vec<Stat> {
    let of_audience = format!(
        "of {}",
        format::counted(counts.audience, "subscription", "subscriptions")
    );
    vec![
        stat("Sent", "sent", counts.sent, of_audience),
        stat(
            "Shown",
            "shown",
            counts.shown,
            of(counts.shown, counts.sent, "sent"),
        ),
        stat(
            "Clicked",
            "clicked",
            counts.clicked,
            of(counts.clicked, counts.shown, "shown"),
        ),
        stat(
            "Failed",
            "lost",
            counts.failed + counts.gone,
            failed_words(counts),
        ),
    ]
}

fn failed_words(counts: &Counts) -> String {
    match (counts.failed + counts.gone, counts.gone) {
        (0, _) => "everything arrived".to_owned(),
        (_, 0) => "no subscription was lost".to_owned(),
        (_, gone) => format!("{} gone, removed", format::number(gone)),
    }
}

fn bar(name: &'static str, ink: &'static str, n: u64, top: u64, before: Option<u64>, loss: String) -> Bar {
    let share = before
        .map(|before| format!("{} of the step before", format::rate(n, before)))
        .unwrap_or_default();
    Bar {
        name,
        ink,
        count: format::number(n),
        share,
        length: chart::bar(n, top),
        loss,
    }
}

fn popup_funnel(counts: &Counts) -> Vec<Bar> {
    let top = counts.handed.max(counts.shown);
    let unseen = counts.handed.saturating_sub(counts.shown);
    let silent = counts.shown.saturating_sub(counts.clicked + counts.closed);
    let not_shown = if unseen == 0 {
        String::new()
    } else {
        format!("{} left before it was visible", format::number(unseen))
    };
    let not_clicked = if counts.shown == 0 {
        String::new()
    } else {
        format!(
            "{} closed it, {} did neither",
            format::number(counts.closed),
            format::number(silent)
        )
    };
    vec![
        bar("Handed out", "sent", counts.handed, top, None, String::new()),
        bar(
            "Shown",
            "shown",
            counts.shown,
            top,
            Some(counts.handed),
            not_shown,
        ),
        bar(
            "Clicked",
            "clicked",
            counts.clicked,
            top,
            Some(counts.shown),
            not_clicked,
        ),
    ]
}

fn push_funnel(counts: &Counts) -> Vec<Bar> {
    let top = counts.audience.max(counts.sent);
    let mut lost = Vec::new();
    for (n, words) in [
        (counts.gone, "gone and removed"),
        (counts.failed, "given up"),
        (counts.waiting(), "waiting"),
    ] {
        if n > 0 {
            lost.push(format!("{} {words}", format::number(n)));
        }
    }
    let away = counts.sent.saturating_sub(counts.shown);
    let not_shown = if away == 0 {
        String::new()
    } else {
        format!(
            "{} not shown yet: the browser is away or closed",
            format::number(away)
        )
    };
    let ignored = if counts.dismissed == 0 {
        String::new()
    } else {
        format!("{} dismissed it", format::number(counts.dismissed))
    };
    vec![
        bar("Subscriptions", "sent", counts.audience, top, None, String::new()),
        bar(
            "Sent",
            "sent",
            counts.sent,
            top,
            Some(counts.audience),
            lost.join(", "),
        ),
        bar("Shown", "shown", counts.shown, top, Some(counts.sent), not_shown),
        bar(
            "Clicked",
            "clicked",
            counts.clicked,
            top,
            Some(counts.shown),
            ignored,
        ),
    ]
}

/// The report at `/campaigns/{id}`.
pub(crate) async fn show(desk: Desk, Numbered(id): Numbered) -> Response {
    desk.tell(page(&desk, id).await)
}

async fn page(desk: &Desk, id: CampaignId) -> Result<Response, Error> {
    let found = report::campaign(&desk.app.store, desk.account(), id, None)
        .await?
        .ok_or(LaunchError::Unknown(id))?;
    let days = all_days(&found.days, desk.now, &desk.account().zone, 28);
    let reasons = found
        .reasons
        .into_iter()
        .map(|(reason, times)| Reason { reason, times })
        .collect();
    let page = ReportPage::new(
        desk.shell(Nav::Campaigns),
        &found.campaign,
        &found.counts,
        &days,
        reasons,
        &desk.told(),
    );
    Ok(desk.page(page))
}

/// Every day from the first that counted to today, at most `most` of them, oldest first; days without numbers are zero.
pub(crate) fn all_days(
    days: &BTreeMap<Day, Counts>,
    now: Timestamp,
    zone: &Zone,
    most: i64,
) -> Vec<DayCounts> {
    let Some(first) = days.keys().next() else {
        return Vec::new();
    };
    let mut all: Vec<DayCounts> = Vec::new();
    for back in (0..most).rev() {
        // A day of a change of clocks has 23 or 25 hours, so two steps may fall on one day.
        let day = Day::of(now.plus_ms(-back * 86_400_000), zone);
        if day >= *first && all.last().is_none_or(|last| last.day != day) {
            all.push(DayCounts {
                day,
                counts: days.get(&day).copied().unwrap_or_default(),
            });
        }
    }
    all
}
