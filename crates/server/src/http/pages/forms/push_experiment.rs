//! Variants, control group, goal and winner, of the composer's form: text in, the API's JSON out.
//!
//! Left out: judging (`PushPlan::check`), and adding and removing variants. Invariant: an input's name is the path that a fault is reported
//! under; all variants are kept as long as A, for there is one input for it.

use super::{Reading, Typed, Unit, fill_unit};
use campanile_core::experiment::Arm as _;
use campanile_core::push_plan::PushPlan;
use campanile_core::winner::WonBy;
use serde_json::{Value, json};

/// Units of the goal's window, hours each.
const UNITS: &[Unit] = &[("days", 24), ("hours", 1)];
/// The share of A beside which the share of a control group reads as per cent, more or less.
const ALONE: u32 = 90;

/// Writes what is kept into a form.
pub(super) fn fill_experiment(typed: &mut Typed, plan: &PushPlan) {
    let experiment = &plan.experiment;
    let alone = if experiment.is_one() {
        ALONE
    } else {
        experiment.weight
    };
    typed.set("experiment.weight", alone.to_string());
    typed.set("experiment.control", experiment.control.to_string());
    for (index, variant) in experiment.variants.iter().enumerate() {
        let name = format!("experiment.variants[{index}]");
        typed.set(format!("{name}.weight"), variant.weight.to_string());
        let push = variant.message();
        for (field, text) in [("title", &push.title), ("body", &push.body), ("url", &push.url)] {
            typed.set(format!("{name}.push.{field}"), text.as_str());
        }
    }
    let goal = plan.goal.as_ref();
    typed.set("goal.event", goal.map_or("", |goal| goal.event.as_str()));
    let hours = goal.map_or(72, |goal| goal.within_hours);
    fill_unit(typed, "goal.within_hours", Some(hours), UNITS);
    let (hours, percent, by) = plan.winner.map_or_else(
        || (String::new(), 20, WonBy::Click),
        |winner| (winner.after_hours.to_string(), winner.test_percent, winner.by),
    );
    typed.set("winner.after_hours", hours);
    typed.set("winner.test_percent", percent.to_string());
    let by = match by {
        WonBy::Click => "click",
        WonBy::Goal => "goal",
    };
    typed.set("winner.by", by);
}

/// Reads it into a campaign's JSON; what has no input stays as it was.
pub(super) fn read_experiment(reading: &mut Reading<'_>, whole: &mut Value) {
    let remedy = "A share is a whole number, for example 45.";
    let ttl = whole["push"]["ttl_seconds"].clone();
    let mut experiment = whole["experiment"].take();
    if !experiment.is_object() {
        experiment = json!({"variants": []});
    }
    reading.put_number(&mut experiment, "weight", "experiment.weight", remedy);
    reading.put_number(&mut experiment, "control", "experiment.control", remedy);
    let count = experiment["variants"].as_array().map_or(0, Vec::len);
    for index in 0..count {
        let name = format!("experiment.variants[{index}]");
        let variant = &mut experiment["variants"][index];
        reading.put_number(variant, "weight", &format!("{name}.weight"), remedy);
        for field in ["title", "body", "url"] {
            reading.put_text(&mut variant["push"], field, &format!("{name}.push.{field}"));
        }
        variant["push"]["ttl_seconds"] = ttl.clone();
    }
    // Without a group beside it the share of A says nothing.
    let alone = count == 0 && experiment["control"].as_u64().unwrap_or(0) == 0;
    whole["experiment"] = if alone { Value::Null } else { experiment };
    if let Some(event) = reading.text("goal.event").map(str::trim) {
        whole["goal"] = if event.is_empty() {
            Value::Null
        } else {
            // Tests of its properties have no inputs here.
            let mut goal = match whole["goal"].take() {
                known if known["event"] == json!(event) => known,
                _ => json!({}),
            };
            goal["event"] = json!(event);
            let remedy = "Say how long after the message, for example 3 days.";
            reading.put_number(&mut goal, "within_hours", "goal.within_hours", remedy);
            reading.put_unit(&mut goal, "within_hours", "goal.within_hours", UNITS);
            goal
        };
    }
    if let Some(hours) = reading.text("winner.after_hours").map(str::trim) {
        whole["winner"] = if hours.is_empty() {
            Value::Null
        } else {
            let mut winner = json!({});
            let remedy = "Say after how many hours, 1 to 72.";
            reading.put_number(&mut winner, "after_hours", "winner.after_hours", remedy);
            let remedy = "Say how many per cent get the test, 1 to 90.";
            reading.put_number(&mut winner, "test_percent", "winner.test_percent", remedy);
            reading.put_text(&mut winner, "by", "winner.by");
            winner
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::campaign::{Body, Definition};
    use campanile_core::time::{Timestamp, Zone};

    #[test]
    fn all_of_it_goes_round() {
        let other = json!({"title": "B", "body": "Other words", "url": "https://shop.example.com/b"});
        for more in [
            json!({}),
            json!({"goal": {"event": "Charged", "within_hours": 5, "where": [{"name": "amount", "op": "at_least", "value": 3}]}}),
            json!({"experiment": {"weight": 45, "control": 10, "variants": [{"name": "B", "weight": 45, "push": other}]},
                "goal": {"event": "Charged"}, "winner": {"after_hours": 4, "test_percent": 30, "by": "goal"}}),
        ] {
            let mut before = json!({"name": "P", "kind": "push", "push": {"title": "A", "url": "https://shop.example.com/"}});
            if let (Value::Object(before), Value::Object(more)) = (&mut before, more) {
                before.extend(more);
            }
            let before = Definition::parse(before).expect("a push");
            let Body::Push(plan) = &before.body else { continue };
            let mut typed = Typed::default();
            fill_experiment(&mut typed, plan);
            let zone = Zone::utc();
            let mut reading = Reading::new(&typed, &zone, Timestamp(0));
            let mut whole = before.to_json();
            whole["winner"] = json!({"after_hours": 9});
            whole["push"]["ttl_seconds"] = json!(plan.push.ttl_seconds);
            read_experiment(&mut reading, &mut whole);
            assert_eq!(reading.faults, Vec::new());
            assert_eq!(Definition::parse(whole), Ok(before));
        }
    }
}
