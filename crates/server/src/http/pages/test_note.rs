//! What a report says of the test of a push: when its winner is found, or what has won, when and by what.
//!
//! Left out: the table of the variants. Invariant: a lead that may be chance is called so, whatever follows from it.

use super::format::{self, Told};
use crate::report::{CampaignReport, Test};
use campanile_core::campaign::{Body, Status};
use campanile_core::push_plan::PushPlan;
use campanile_core::winner::{WonBy, pick};

/// The test in words.
#[derive(Debug, Clone)]
pub(crate) struct TestNote {
    /// Where it stands.
    pub(crate) words: String,
    /// Variants that can be chosen now; empty where it is decided or over.
    pub(crate) choices: Vec<String>,
}

/// The note, where there is a test.
pub(crate) fn note(found: &CampaignReport, told: &Told) -> Option<TestNote> {
    let (Body::Push(plan), Some(test)) = (&found.campaign.definition.body, &found.test) else {
        return None;
    };
    let by = match test.rule.by {
        WonBy::Click => "clicks",
        WonBy::Goal => "how many reach the goal",
    };
    let status = found.campaign.status;
    let runs = status.is_sending() || status == Status::Paused;
    let words = match (&test.row.winner, test.row.ends) {
        (Some(winner), _) => decided(found, plan, test, winner, told),
        (None, _) if !runs => "It was stopped before a winner was found.".to_owned(),
        (None, None) => {
            let hours = format::span(u64::from(test.rule.after_hours) * 3600);
            format!("The test is going out. Its winner is found {hours} after the last message, by {by}.")
        }
        (None, Some(ends)) => {
            let whom = if plan.is_sent_once() {
                "goes to all others then"
            } else {
                "goes to everybody from then on"
            };
            format!(
                "The winner is found on {}, by {by}, and {whom}.",
                told.moment(ends)
            )
        }
    };
    let choices = if runs && test.row.winner.is_none() {
        (0..=plan.experiment.variants.len())
            .map(|index| plan.experiment.name(index).to_owned())
            .collect()
    } else {
        Vec::new()
    };
    Some(TestNote { words, choices })
}

fn decided(found: &CampaignReport, plan: &PushPlan, test: &Test, winner: &str, told: &Told) -> String {
    let when = test.row.decided_at.map(|at| told.moment(at)).unwrap_or_default();
    let how = match test.row.decided_by.as_deref() {
        Some("goal") => "by how many reached the goal",
        Some("click") => "by clicks",
        _ => "by hand",
    };
    let groups: Vec<_> = (0..=plan.experiment.variants.len())
        .filter_map(|index| {
            let name = plan.experiment.name(index);
            found.parts.iter().find(|part| part.name == name)
        })
        .map(|part| part.group)
        .collect();
    let (best, is_sure) = pick(&groups);
    let doubt = if is_sure && plan.experiment.name(best) == winner {
        ""
    } else {
        " Its lead may be chance; treat the variants as equal."
    };
    let after = &test.after;
    let since = if after.sent == 0 {
        "Nothing was sent since.".to_owned()
    } else {
        format!(
            "Sent to {} since, {} of them clicked.",
            format::counted(after.sent, "other browser", "other browsers"),
            format::rate(after.clicked, after.sent)
        )
    };
    format!("{winner} won on {when}, {how}.{doubt} {since}")
}
