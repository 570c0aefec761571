//! "Why not shown": what would happen to one person on one page now, campaign by campaign, condition by condition.
//!
//! Left out: the decision (`explain` at the crate's root). Invariant: every condition stands there with what is asked and what was seen, or
//! with "not looked at"; an outcome is a word and an icon, never colour alone.

use super::icon::Icon;
use super::{Errors, format};
use crate::explain::Explanation;
use campanile_core::decide::{Condition, Explained, Outcome};

/// The question as it stands in the form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asking {
    /// Address of the page.
    pub(crate) url: String,
    /// Address that led there.
    pub(crate) referrer: String,
    /// Name of an event; empty for the opening of the page.
    pub(crate) event: String,
    /// Its properties as JSON.
    pub(crate) props: String,
    /// The browser that was chosen; empty for the last seen.
    pub(crate) device: String,
}

/// One condition.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Tick, cross, clock or dash.
    pub(crate) icon: Icon,
    /// `pass`, `stop`, `wait` or `skip`.
    pub(crate) class: &'static str,
    /// The same in a word.
    pub(crate) word: &'static str,
    /// Its name for people.
    pub(crate) title: &'static str,
    /// What the campaign asks for.
    pub(crate) asked: String,
    /// What was seen.
    pub(crate) seen: String,
}

/// One campaign.
#[derive(Debug, Clone)]
pub(crate) struct WhyRow {
    /// Its number.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// `Box`, `Banner` or `Interstitial`, revision and variant.
    pub(crate) meta: String,
    /// The outcome's icon.
    pub(crate) icon: Icon,
    /// Class beside `why`: `pass`, `wait` or `stop`.
    pub(crate) class: &'static str,
    /// The outcome.
    pub(crate) word: &'static str,
    /// One sentence with the value that decided.
    pub(crate) sentence: String,
    /// The conditions in their order.
    pub(crate) lines: Vec<Line>,
    /// Whether it is open from the start.
    pub(crate) open: bool,
}

/// The panel.
#[derive(Debug, Clone)]
pub(crate) struct WhyPanel {
    /// The question.
    pub(crate) asking: Asking,
    /// Browsers to choose from: id and words; empty with one.
    pub(crate) devices: Vec<(String, String)>,
    /// What was taken for the moment, in words.
    pub(crate) context: String,
    /// Every running pop-up.
    pub(crate) rows: Vec<WhyRow>,
    /// What was not accepted.
    pub(crate) errors: Errors,
}

/// The rows of an answer. The one that was asked about is open, else the only one.
pub(crate) fn rows(found: &Explanation, wanted: Option<i64>) -> Vec<WhyRow> {
    let only = found.campaigns.len() == 1;
    found
        .campaigns
        .iter()
        .map(|campaign| row(campaign, only || wanted == Some(campaign.campaign.0)))
        .collect()
}

/// Page, visit and event of an answer in words.
pub(crate) fn context(found: &Explanation) -> String {
    let place = match (found.event.as_deref(), found.url.as_str()) {
        (None, "") => "A page without an address is opened".to_owned(),
        (None, url) => format!("{} is opened", path_of(url)),
        (Some(event), "") => format!("“{event}” happens"),
        (Some(event), url) => format!("“{event}” happens on {}", path_of(url)),
    };
    format!(
        "{place} now: visit {}, page {} of it",
        format::number(u64::from(found.session)),
        format::number(u64::from(found.pages))
    )
}

/// Path and query of an address.
pub(crate) fn path_of(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(parsed) => parsed.query().map_or_else(
            || parsed.path().to_owned(),
            |query| format!("{}?{query}", parsed.path()),
        ),
        Err(_) => url.to_owned(),
    }
}

fn row(campaign: &Explained, open: bool) -> WhyRow {
    let (icon, class, word) = match campaign.outcome {
        Outcome::Show => (Icon::CircleCheck, "pass", "Shown"),
        Outcome::Wait => (Icon::Clock, "wait", "Waiting"),
        Outcome::Control => (Icon::EyeOff, "stop", "Control group"),
        Outcome::Not => (Icon::CircleX, "stop", "Not shown"),
    };
    let kind = match campaign.kind {
        "banner" => "Banner",
        "interstitial" => "Interstitial",
        _ => "Box",
    };
    let variant = campaign
        .variant
        .as_ref()
        .map_or_else(String::new, |variant| format!(", variant {variant}"));
    WhyRow {
        id: campaign.campaign.0,
        name: campaign.name.clone(),
        meta: format!("{kind}, revision {}{variant}", campaign.revision),
        icon,
        class,
        word,
        sentence: sentence(campaign),
        lines: campaign
            .because
            .iter()
            .map(|condition| line(condition, campaign.outcome))
            .collect(),
        open,
    }
}

fn sentence(campaign: &Explained) -> String {
    match campaign.outcome {
        Outcome::Show => "Every condition is met.".to_owned(),
        Outcome::Wait => {
            let sign = campaign.because.iter().find(|condition| condition.name == "sign");
            let sign = sign.map_or("a sign from the browser", |condition| condition.asked.as_str());
            format!("All that the server knows is met; then {sign}.")
        }
        Outcome::Control => {
            "Every condition is met. This person belongs to the control group, sees nothing and is counted."
                .to_owned()
        }
        Outcome::Not => match campaign
            .because
            .iter()
            .find(|condition| condition.passed == Some(false))
        {
            Some(stop) => format!(
                "Stopped at {}: {}. Seen: {}.",
                title(stop.name).to_lowercase(),
                stop.asked,
                stop.seen
            ),
            None => "It has no message that could be drawn.".to_owned(),
        },
    }
}

fn line(condition: &Condition, outcome: Outcome) -> Line {
    let waits = condition.name == "sign" && outcome == Outcome::Wait;
    let (icon, class, word) = match condition.passed {
        _ if waits => (Icon::Clock, "wait", "waits for it"),
        Some(true) => (Icon::Check, "pass", "met"),
        Some(false) => (Icon::X, "stop", "stopped here"),
        None => (Icon::Minus, "skip", "not looked at"),
    };
    Line {
        icon,
        class,
        word,
        title: title(condition.name),
        asked: condition.asked.clone(),
        seen: condition.seen.clone(),
    }
}

/// A condition's name for people; `docs/guide/why-not.md` explains each.
fn title(name: &str) -> &'static str {
    match name {
        "trigger" => "Trigger",
        "page" => "Page in view",
        "schedule" => "Schedule",
        "conditions" => "Page and visit",
        "audience" => "Audience",
        "goal" => "Goal",
        "page_cap" => "Cap of a page",
        "session_cap" => "Cap of a session",
        "day_cap" => "Cap of a day",
        "week_cap" => "Cap of a week",
        "ever_cap" => "Cap of all time",
        "quiet_after_shown" => "Silence after it was shown",
        "quiet_after_clicked" => "Silence after a click",
        "quiet_after_closed" => "Silence after a close",
        "overall_page_cap" => "All campaigns, cap of a page",
        "overall_session_cap" => "All campaigns, cap of a session",
        "overall_day_cap" => "All campaigns, cap of a day",
        "overall_week_cap" => "All campaigns, cap of a week",
        "overall_ever_cap" => "All campaigns, cap of all time",
        "group" => "Group",
        "place" => "Place on the page",
        "sign" => "Sign from the browser",
        "control" => "Control group",
        "words" => "Words with data",
        _ => "Condition",
    }
}
