//! The step Review: what exactly is about to start, and whom it would reach.
//!
//! Left out: starting (`launch`). Invariant: each part of the sentence and each thing that is missing leads to the step where it is changed.

use super::bar::{Bar, Look, Step};
use super::plan::{Rail, field_href};
use super::stage::Stage;
use super::what::VariantTab;
use crate::http::pages::icon::Icon;
use crate::http::pages::{Nav, Shell, Theme, asset, format};
use askama::Template;
use campanile_core::FieldError;
use campanile_core::campaign::PopupPlan;
use campanile_core::id::CampaignId;

/// The page.
#[derive(Debug, Template)]
#[template(path = "editor_review.html")]
pub(crate) struct ReviewPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// What stands above it.
    pub(crate) bar: Bar,
    /// The sentence in parts: words before, words that lead somewhere, where.
    pub(crate) sentence: Vec<(&'static str, String, String)>,
    /// Variants and control group, in words.
    pub(crate) experiment: String,
    /// The goal in words.
    pub(crate) goal: String,
    /// What stands between it and its start, each with where it is mended.
    pub(crate) missing: Vec<(FieldError, String)>,
    /// What is not wrong, but not good, each with where it is mended.
    pub(crate) warnings: Vec<(String, String)>,
    /// The consequences.
    pub(crate) rail: Rail,
    /// A, B and so on.
    pub(crate) variants: Vec<VariantTab>,
    /// The message as it looks.
    pub(crate) stage: Stage,
    /// Whether visitors got an earlier revision, and which the next one is.
    pub(crate) revision: Option<u32>,
}

/// The sentence in parts.
pub(crate) fn sentence(id: CampaignId, plan: &PopupPlan) -> Vec<(&'static str, String, String)> {
    let parts = plan.parts();
    let kind = parts.kind.split_once(' ').map_or(parts.kind, |(_, noun)| noun);
    let article = if parts.kind.starts_with("an ") {
        "Shows an"
    } else {
        "Shows a"
    };
    let mut sentence = vec![
        (article, kind.to_owned(), Step::What.href(id, 0)),
        ("to", parts.who, Step::Who.href(id, 0)),
        ("when", parts.moment, Step::When.href(id, 0)),
    ];
    let mut add = |before, words: String, anchor: &str| {
        if !words.is_empty() {
            sentence.push((before, words, format!("{}#{anchor}", Step::When.href(id, 0))));
        }
    };
    let conditions = parts.conditions.strip_prefix("if ").map(str::to_owned);
    add("if", conditions.unwrap_or_default(), "trigger.when");
    add("and then", parts.signs, "trigger.signals.list");
    add(",", parts.schedule, "schedule.start");
    add(",", parts.often, "caps.session");
    sentence
}

/// What is missing, each with where it is mended.
pub(crate) fn missing(id: CampaignId, faults: Vec<FieldError>) -> Vec<(FieldError, String)> {
    faults
        .into_iter()
        .map(|fault| {
            let href = field_href(id, &fault.field);
            (fault, href)
        })
        .collect()
}

/// The goal in words.
pub(crate) fn goal_words(plan: &PopupPlan) -> String {
    match &plan.goal {
        None => "No goal: views, clicks and closes are counted.".to_owned(),
        Some(goal) => {
            let within = format::span(u64::from(goal.within_hours) * 3600);
            format!("Event “{}” within {within} after it was seen.", goal.event)
        }
    }
}
