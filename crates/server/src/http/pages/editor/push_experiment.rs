//! The composer's part Variants: other words for some, a control group, what it is for, and when the best of it goes to all others.
//!
//! Left out: reading it (`forms`). Invariant: A is the message above; a variant begins as a copy of it and has what has no input here from it.

use super::control::{Control, Fields, Shape};
use campanile_core::campaign::{Body, Definition};
use campanile_core::push_plan::PushPlan;

use crate::http::pages::format;
use crate::http::pages::forms::variants;

/// One further message.
#[derive(Debug, Clone)]
pub(crate) struct VariantFields {
    /// Its name.
    pub(crate) name: String,
    /// Title, text, address and share.
    pub(crate) controls: [Control; 4],
}

/// The controls.
#[derive(Debug, Clone)]
pub(crate) struct PushExperiment {
    /// The event that means that it worked.
    pub(crate) goal: Control,
    /// Within how long.
    pub(crate) within: Control,
    /// The unit of that.
    pub(crate) unit: Control,
    /// Shares of A and of the control group.
    pub(crate) shares: [Control; 2],
    /// Further messages.
    pub(crate) variants: Vec<VariantFields>,
    /// Hours until the winner is found, how many get the test, and by what it is won.
    pub(crate) winner: [Control; 3],
}

impl PushExperiment {
    /// The controls of what is typed; `names` are those of the further variants.
    pub(crate) fn new(fields: &Fields<'_>, names: &[String]) -> Self {
        let units = [("days", "days"), ("hours", "hours")];
        let variant = |(index, name): (usize, &String)| {
            let at = format!("experiment.variants[{index}]");
            VariantFields {
                name: name.clone(),
                controls: [
                    fields.line(format!("{at}.push.title"), "Title"),
                    fields.control(format!("{at}.push.body"), "Text", Shape::Area(2)),
                    fields.control(format!("{at}.push.url"), "Opens", Shape::Mono),
                    fields.control(format!("{at}.weight"), format!("Share of {name}"), Shape::Number),
                ],
            }
        };
        Self {
            goal: fields
                .line("goal.event", "Event that means it worked")
                .note("optional")
                .help("As your page raises it, for example Charged."),
            within: fields.control("goal.within_hours", "Within", Shape::Number),
            unit: fields.choice("goal.within_hours.unit", "Unit", &units),
            shares: [
                fields.control("experiment.weight", "Share of A", Shape::Number),
                fields
                    .control("experiment.control", "Share of the control group", Shape::Number)
                    .help("They get nothing and are counted all the same, so that you know what the message did. 0: none."),
            ],
            variants: names.iter().enumerate().map(variant).collect(),
            winner: [
                fields
                    .control("winner.after_hours", "Winner after hours", Shape::Number)
                    .note("optional")
                    .help("1 to 72. Empty: each variant goes to its share of all."),
                fields
                    .control("winner.test_percent", "Per cent who get the test", Shape::Number)
                    .help("The others wait for the winner."),
                fields.choice(
                    "winner.by",
                    "Won by",
                    &[("click", "the most clicks"), ("goal", "the most who reach the goal")],
                ),
            ],
        }
    }

    /// Whether anything of it is used or wrong.
    pub(crate) fn is_used(&self) -> bool {
        let [_, control] = &self.shares;
        let [hours, ..] = &self.winner;
        let filled = !self.variants.is_empty()
            || !self.goal.value.is_empty()
            || !hours.value.is_empty()
            || !matches!(control.value.as_str(), "" | "0");
        filled || self.goal.is_wrong() || self.winner.iter().chain(&self.shares).any(Control::is_wrong)
    }

    /// It in a few words.
    pub(crate) fn words(&self) -> String {
        if !self.is_used() {
            return "no".to_owned();
        }
        let names: Vec<&str> = self
            .variants
            .iter()
            .map(|variant| variant.name.as_str())
            .collect();
        format!(
            "A{}{}",
            if names.is_empty() { "" } else { ", " },
            names.join(", ")
        )
    }
}

/// Names of the further variants that a definition has.
pub(super) fn names(definition: Option<&Definition>) -> Vec<String> {
    match definition.map(|definition| &definition.body) {
        Some(Body::Push(plan)) => {
            let further = plan.experiment.variants.iter();
            further.map(|variant| variant.name.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// Does what a button asks of the variants; says whether it asked anything.
pub(super) fn arrange(definition: &mut Definition, then: &str) -> bool {
    let (Body::Push(plan), Some(deed)) = (&mut definition.body, then.strip_prefix("variant:")) else {
        return false;
    };
    if deed == "add" {
        let first = plan.push.clone();
        variants::add(&mut plan.experiment, &first);
    } else if let Some(index) = deed.strip_prefix("remove:").and_then(|at| at.parse().ok()) {
        variants::remove(&mut plan.experiment, index);
    }
    if plan.experiment.variants.is_empty() {
        plan.winner = None;
    }
    true
}

/// About how large each group is, a sentence; empty where there is one message for all.
pub(super) fn sizes(plan: &PushPlan, reached: u64) -> String {
    let groups: Vec<String> = plan
        .groups(reached)
        .into_iter()
        .map(|(group, n)| format!("{group} {}", format::number(n)))
        .collect();
    if groups.is_empty() {
        String::new()
    } else {
        format!(" Now that is about: {}.", groups.join(", "))
    }
}
