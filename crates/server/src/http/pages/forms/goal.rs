//! The step Goal as inputs: name, the event that it is for, the window, and the control group.
//!
//! Left out: judging. Invariant: the control group is a share in per cent here; the weights of the variants keep their proportions.

use super::rules::{fill_where, read_where};
use super::{Reading, Typed, Unit, fill_unit};
use campanile_core::campaign::{Definition, PopupPlan};
use campanile_core::experiment::Experiment;
use serde_json::{Value, json};

/// Units of the window, hours each.
const UNITS: [Unit; 2] = [("days", 24), ("hours", 1)];

/// Writes the step's values into a form.
pub(crate) fn fill_goal(typed: &mut Typed, definition: &Definition, plan: &PopupPlan) {
    typed.set("name", definition.name.as_str());
    let (event, hours) = plan
        .goal
        .as_ref()
        .map_or(("", 72), |goal| (goal.event.as_str(), goal.within_hours));
    typed.set("goal.event", event);
    if let Some(goal) = &plan.goal {
        fill_where(typed, "goal.where", &goal.filters);
    }
    fill_unit(typed, "goal.within_hours", Some(hours), &UNITS);
    let control = plan.experiment.control_percent();
    typed.set("experiment.control", format!("{control:.0}"));
}

/// Puts what the form says into the campaign's JSON.
pub(crate) fn read_goal(reading: &mut Reading<'_>, campaign: &mut Value, plan: &PopupPlan) {
    reading.put_text(campaign, "name", "name");
    if let Some(event) = reading.text("goal.event").map(str::trim) {
        campaign["goal"] = if event.is_empty() {
            Value::Null
        } else {
            let mut goal = json!({"event": event, "where": read_where(reading, "goal.where")});
            reading.put_number(
                &mut goal,
                "within_hours",
                "goal.within_hours",
                "Say how long after the message, for example 3 days.",
            );
            reading.put_unit(&mut goal, "within_hours", "goal.within_hours", &UNITS);
            goal
        };
    }
    let mut share = json!({});
    reading.put_number(
        &mut share,
        "control",
        "experiment.control",
        "Say how many per cent see nothing, 0 to 50.",
    );
    if let Some(percent) = share["control"].as_u64()
        && percent.to_string() != format!("{:.0}", plan.experiment.control_percent())
    {
        campaign["experiment"] = json!(with_control(&plan.experiment, percent.min(100) as u32));
    }
}

/// The same experiment with another share of control.
fn with_control(before: &Experiment, percent: u32) -> Experiment {
    let mut experiment = before.clone();
    experiment.control = percent;
    let rest = 100 - percent.min(99);
    let weights: Vec<u32> = std::iter::once(before.weight.max(1))
        .chain(before.variants.iter().map(|variant| variant.weight))
        .collect();
    let mut shared = spread(&weights, rest).into_iter();
    experiment.weight = shared.next().unwrap_or(rest);
    for (variant, weight) in experiment.variants.iter_mut().zip(shared) {
        variant.weight = weight;
    }
    experiment
}

/// Parts `total` by the proportions of `weights`; each gets at least one, and what rounding leaves goes to the first.
pub(super) fn spread(weights: &[u32], total: u32) -> Vec<u32> {
    let sum: u64 = weights
        .iter()
        .map(|weight| u64::from(*weight))
        .sum::<u64>()
        .max(1);
    let mut shares: Vec<u32> = weights
        .iter()
        .map(|weight| ((u64::from(*weight) * u64::from(total) / sum) as u32).max(1))
        .collect();
    let given: u32 = shares.iter().sum();
    if let Some(first) = shares.first_mut() {
        *first += total.saturating_sub(given);
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_their_proportions() {
        assert_eq!(spread(&[50, 50], 90), [45, 45]);
        assert_eq!(spread(&[1, 1, 1], 100), [34, 33, 33]);
        assert_eq!(spread(&[1], 90), [90]);
        let mut experiment = Experiment::default();
        experiment = with_control(&experiment, 10);
        assert_eq!((experiment.weight, experiment.control), (90, 10));
        assert!(experiment.check(None).is_empty());
        experiment = with_control(&experiment, 0);
        assert!(experiment.is_one());
    }
}
