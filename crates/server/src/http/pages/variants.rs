//! The table of variants: who got which, how often it worked, and whether the difference can be believed.
//!
//! Left out: the arithmetic (`campanile_core::uplift`). Invariant: a rate never stands without its interval and its people; the plot's ends
//! are labelled because it does not begin at nought.

use super::format::{self, Told};
use super::test_note::{self, TestNote};
use crate::report::{By, CampaignReport, Part};
use campanile_core::campaign::{Body, Campaign, Kind};
use campanile_core::experiment::CONTROL;
use campanile_core::uplift::{Verdict, in_points};

/// Where a rate lies, in per cent of the plot's width.
#[derive(Debug, Clone)]
pub(crate) struct Dots {
    /// Lower end of the interval.
    pub(crate) low: String,
    /// The rate.
    pub(crate) at: String,
    /// Upper end.
    pub(crate) high: String,
    /// What the picture says.
    pub(crate) summary: String,
}

/// One variant, or the control group.
#[derive(Debug, Clone)]
pub(crate) struct VariantRow {
    /// `A`, `B`, or `Control`.
    pub(crate) name: String,
    /// Title of its message.
    pub(crate) title: String,
    /// Its share now.
    pub(crate) share: String,
    /// How many, with what they are counted in.
    pub(crate) people: String,
    /// Of a push, what was sent and shown.
    pub(crate) reach: Vec<String>,
    /// Clicks of what was shown, or of a push of what was sent.
    pub(crate) clicks: String,
    /// How many did what is compared.
    pub(crate) did: String,
    /// The rate.
    pub(crate) rate: String,
    /// Its interval in words.
    pub(crate) range: String,
    /// Difference to the base in points; `—` for the base.
    pub(crate) points: String,
    /// `better`, `worse` or empty: only where the interval leaves nought out.
    pub(crate) tone: &'static str,
    /// How sure it is that the base is beaten.
    pub(crate) sure: String,
    /// The plot; `None` while there is nobody.
    pub(crate) dots: Option<Dots>,
    /// Whether it is the control group.
    pub(crate) control: bool,
    /// Whether it has won the test.
    pub(crate) won: bool,
}

/// The card.
#[derive(Debug, Clone)]
pub(crate) struct Variants {
    /// Whether conversions are compared; else clicks.
    pub(crate) by_goal: bool,
    /// What clicks are counted of: `Shown`, or `Sent` of a push.
    pub(crate) clicked_of: &'static str,
    /// Heads of what was sent and shown of a push.
    pub(crate) reach: Vec<&'static str>,
    /// The test of a push.
    pub(crate) test: Option<TestNote>,
    /// What the others are compared with: `A` or `control`.
    pub(crate) base: String,
    /// Rows, the base where it stands.
    pub(crate) rows: Vec<VariantRow>,
    /// Labels of the plot's ends.
    pub(crate) ends: (String, String),
    /// Where the base's rate lies in the plot.
    pub(crate) base_at: Option<String>,
    /// One honest sentence for each comparison.
    pub(crate) sentences: Vec<String>,
    /// Something is better for sure.
    pub(crate) winner: Option<String>,
}

/// The card, where there is anything to compare.
pub(crate) fn card(found: &CampaignReport, told: &Told) -> Option<Variants> {
    let parts = &found.parts;
    if parts.is_empty() {
        return None;
    }
    let is_push = found.campaign.definition.kind() == Kind::Push;
    let ends = parts
        .iter()
        .filter_map(|part| part.interval)
        .fold(None, |ends: Option<(f64, f64)>, interval| {
            let (low, high) = ends.unwrap_or((interval.low, interval.high));
            Some((low.min(interval.low), high.max(interval.high)))
        })
        .unwrap_or((0.0, 1.0));
    let place = |rate: f64| {
        let width = (ends.1 - ends.0).max(f64::EPSILON);
        // A little room at both ends, so that no dot is cut.
        format!("{:.2}%", 4.0 + 92.0 * (rate - ends.0) / width)
    };
    let base = parts.iter().find_map(|part| part.against.clone())?;
    let base_part = parts.iter().find(|part| part.name == base);
    let winner = parts
        .iter()
        .filter(|part| {
            part.uplift
                .as_ref()
                .is_some_and(|uplift| uplift.verdict == Verdict::More)
        })
        .max_by(|a, b| {
            let points = |part: &Part| part.uplift.as_ref().map_or(0.0, |uplift| uplift.points);
            points(a).total_cmp(&points(b))
        })
        .map(|part| {
            let sure = part.uplift.as_ref().map_or(0.0, |uplift| uplift.sure);
            format!("{} beats {}, {} sure", part.name, named(&base), per_cent(sure, 1))
        });
    Some(Variants {
        by_goal: found.by == By::Goal,
        clicked_of: if is_push { "Sent" } else { "Shown" },
        reach: match (is_push, found.by) {
            (false, _) => Vec::new(),
            (true, By::Click) => vec!["Shown"],
            (true, By::Goal) => vec!["Sent", "Shown"],
        },
        test: test_note::note(found, told),
        rows: parts.iter().map(|part| row(part, found, &place)).collect(),
        ends: (per_cent(ends.0, 2), per_cent(ends.1, 2)),
        base_at: base_part.and_then(|part| part.group.rate()).map(place),
        sentences: found.verdicts.clone(),
        winner,
        base,
    })
}

fn named(name: &str) -> &str {
    if name == CONTROL {
        "the control group"
    } else {
        name
    }
}

/// The title of a variant; none where it was removed.
fn title(campaign: &Campaign, name: &str) -> Option<String> {
    match &campaign.definition.body {
        Body::Popup(plan) => {
            let index = plan.experiment.index(name)?;
            Some(plan.variant(index).title.clone())
        }
        Body::Push(plan) => {
            let index = plan.experiment.index(name)?;
            Some(plan.variant(index).title.clone())
        }
    }
}

fn row(part: &Part, found: &CampaignReport, place: &dyn Fn(f64) -> String) -> VariantRow {
    let by = found.by;
    let is_push = found.campaign.definition.kind() == Kind::Push;
    let clicked_of = if is_push {
        part.counts.sent
    } else {
        part.counts.shown
    };
    let control = part.name == CONTROL;
    let title = match control {
        true if is_push => "Gets nothing".to_owned(),
        true => "Sees nothing".to_owned(),
        false => title(&found.campaign, &part.name).unwrap_or_else(|| "Removed".to_owned()),
    };
    let none = || "—".to_owned();
    let rate = part.group.rate();
    let range = part
        .interval
        .map(|interval| format!("{:.2} to {:.2}", interval.low * 100.0, interval.high * 100.0))
        .unwrap_or_default();
    let dots = rate.zip(part.interval).map(|(rate, interval)| Dots {
        low: place(interval.low),
        at: place(rate),
        high: place(interval.high),
        summary: format!("{}: {}, between {range} per cent", part.name, per_cent(rate, 2)),
    });
    let people = match by {
        By::Goal => format::number(part.counts.exposed),
        By::Click if control => none(),
        By::Click => format::number(clicked_of),
    };
    let mut reach = Vec::new();
    if is_push {
        let counts = [part.counts.sent, part.counts.shown];
        let skip = usize::from(by == By::Click);
        reach.extend(
            counts
                .iter()
                .skip(skip)
                .map(|n| if control { none() } else { format::number(*n) }),
        );
    }
    let won = found.test.as_ref().and_then(|test| test.row.winner.as_ref());
    VariantRow {
        reach,
        won: won == Some(&part.name),
        name: if control {
            "Control".to_owned()
        } else {
            part.name.clone()
        },
        title,
        share: part.share.map_or_else(none, |share| format!("{share:.0}%")),
        people,
        clicks: if control {
            none()
        } else {
            format::rate(part.counts.clicked, clicked_of)
        },
        did: if control && by == By::Click {
            none()
        } else {
            format::number(part.group.did)
        },
        rate: rate.map_or_else(none, |rate| per_cent(rate, 2)),
        range,
        points: part.uplift.as_ref().map_or_else(none, |uplift| {
            let sign = if uplift.points > 0.0 { "+" } else { "" };
            format!("{sign}{} points", in_points(uplift.points))
        }),
        tone: match part.uplift.as_ref().map(|uplift| uplift.verdict) {
            Some(Verdict::More) => "better",
            Some(Verdict::Less) => "worse",
            _ => "",
        },
        // Of a few people no percentage is told.
        sure: part
            .uplift
            .as_ref()
            .filter(|uplift| uplift.verdict != Verdict::TooEarly)
            .map_or_else(none, |uplift| per_cent(uplift.sure, 1)),
        dots,
        control,
    }
}

fn per_cent(share: f64, places: usize) -> String {
    format!("{:.places$}%", share * 100.0)
}
