//! The strip of figures and the funnel of a report: how many got how far, and where the others went.
//!
//! Left out: counting. Invariant: what is lost between two bars is named, and a bar of people says what it is a share of.

use super::{chart, format};
use campanile_core::campaign::{Body, Campaign, Goal};
use campanile_core::stats::Counts;

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

/// What a report measures beside shows and clicks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Aims<'a> {
    /// What the pop-up is for.
    pub(crate) goal: Option<&'a Goal>,
    /// Whether it asks something, or once did.
    pub(crate) asks: bool,
    /// Whether it asks for push, or once did.
    pub(crate) asks_for_push: bool,
    /// People who saw it, and how many of them reached the goal; without the control group.
    pub(crate) people: (u64, u64),
}

/// The strip of figures.
pub(crate) fn stats(campaign: &Campaign, counts: &Counts, aims: Aims<'_>) -> Vec<Stat> {
    match campaign.definition.body {
        Body::Popup(_) => popup_stats(counts, aims),
        Body::Push(_) => push_stats(counts),
    }
}

/// The bars.
pub(crate) fn funnel(campaign: &Campaign, counts: &Counts, aims: Aims<'_>) -> Vec<Bar> {
    match campaign.definition.body {
        Body::Popup(_) => popup_funnel(counts, aims),
        Body::Push(_) => push_funnel(counts, aims),
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

fn popup_stats(counts: &Counts, aims: Aims<'_>) -> Vec<Stat> {
    let (exposed, converted) = aims.people;
    let last = if aims.goal.is_some() || converted > 0 {
        stat(
            "Converted",
            "converted",
            converted,
            format!(
                "{} of {}",
                format::rate(converted, exposed),
                format::counted(exposed, "person who saw it", "people who saw it")
            ),
        )
    } else if aims.asks {
        stat(
            "Answered",
            "clicked",
            counts.answered,
            of(counts.answered, counts.shown, "shown"),
        )
    } else if aims.asks_for_push {
        stat(
            "Allowed",
            "clicked",
            counts.granted,
            of(counts.granted, counts.shown, "shown"),
        )
    } else {
        stat(
            "Closed",
            "",
            counts.closed,
            of(counts.closed, counts.shown, "shown"),
        )
    };
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
        last,
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
    let lost = counts.failed + counts.gone;
    let share = of(lost, counts.sent + lost, "those tried");
    match (lost, counts.gone) {
        (0, _) => "everything arrived".to_owned(),
        (_, 0) => share,
        (_, gone) => format!("{share}, {} gone and removed", format::number(gone)),
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

fn popup_funnel(counts: &Counts, aims: Aims<'_>) -> Vec<Bar> {
    let top = counts.handed.max(counts.shown);
    let unseen = counts.handed.saturating_sub(counts.shown);
    let returned = counts.returned.min(unseen);
    let lost: Vec<String> = [
        (returned, "came back unseen"),
        (unseen - returned, "left before it was visible"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, words)| format!("{} {words}", format::number(n)))
    .collect();
    let silent = counts.shown.saturating_sub(counts.clicked + counts.closed);
    let not_clicked = if counts.shown == 0 {
        String::new()
    } else {
        format!(
            "{} closed it, {} did neither",
            format::number(counts.closed),
            format::number(silent)
        )
    };
    let mut bars = vec![
        bar("Handed out", "sent", counts.handed, top, None, String::new()),
        bar(
            "Shown",
            "shown",
            counts.shown,
            top,
            Some(counts.handed),
            lost.join(", "),
        ),
        bar(
            "Clicked",
            "clicked",
            counts.clicked,
            top,
            Some(counts.shown),
            not_clicked,
        ),
    ];
    if aims.asks {
        bars.push(Bar {
            share: of(counts.answered, counts.shown, "shown"),
            ..bar("Answered", "clicked", counts.answered, top, None, String::new())
        });
    }
    if aims.asks_for_push {
        let unanswered = counts.clicked.saturating_sub(counts.granted + counts.blocked);
        let lost = if counts.clicked == 0 {
            String::new()
        } else {
            format!(
                "{} blocked it for good, {} put the browser’s question off",
                format::number(counts.blocked),
                format::number(unanswered)
            )
        };
        bars.push(bar(
            "Allowed",
            "converted",
            counts.granted,
            top,
            Some(counts.clicked),
            lost,
        ));
    }
    let (exposed, converted) = aims.people;
    if aims.goal.is_some() || converted > 0 {
        let goal = aims.goal.map_or_else(String::new, |goal| {
            format!(
                "“{}” within {} of the first sight, each person once",
                goal.event,
                format::span(u64::from(goal.within_hours) * 3600)
            )
        });
        bars.push(Bar {
            share: format!(
                "{} of {}",
                format::rate(converted, exposed),
                format::counted(exposed, "person who saw it", "people who saw it")
            ),
            ..bar("Converted", "converted", converted, top, None, goal)
        });
    }
    bars
}

fn push_funnel(counts: &Counts, aims: Aims<'_>) -> Vec<Bar> {
    let top = counts.audience.max(counts.sent);
    let mut lost = Vec::new();
    for (n, words) in [
        (counts.gone, "gone and removed"),
        (counts.failed, "given up"),
        (counts.unsent, "unsent, because it was stopped"),
        (counts.capped, "capped"),
        (counts.held, "held back as control"),
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
    let mut bars = vec![
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
    ];
    if let Some(goal) = aims.goal {
        let (exposed, converted) = aims.people;
        let within = format::span(u64::from(goal.within_hours) * 3600);
        bars.push(Bar {
            share: format!(
                "{} of {}",
                format::rate(converted, exposed),
                format::counted(exposed, "person it was made for", "people it was made for")
            ),
            ..bar(
                "Converted",
                "converted",
                converted,
                top,
                None,
                format!(
                    "“{}” within {within} of the message, each person once",
                    goal.event
                ),
            )
        });
    }
    bars
}
