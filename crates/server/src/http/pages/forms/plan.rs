//! The step When as inputs: moment, conditions, signs, schedule, caps, and who goes first.
//!
//! Left out: judging. Invariant: a list's row without its first choice is ignored; moments are written in the account's zone; a silence is
//! a number with its unit.

use super::rules::{fill_rules, fill_where, read_rules, read_where};
use super::{Reading, Typed, Unit, fill_unit, moment, optional, plain, tick};
use campanile_core::campaign::PopupPlan;
use campanile_core::caps::Caps;
use campanile_core::segment::Match;
use campanile_core::time::Zone;
use campanile_core::trigger::{On, Signal};
use serde_json::{Value, json};

/// Units of a silence, minutes each, largest first.
const UNITS: [Unit; 3] = [("days", 1440), ("hours", 60), ("minutes", 1)];
/// The silences.
const SILENCES: [&str; 3] = ["after_shown", "after_clicked", "after_closed"];
/// The stretches of caps.
pub(crate) const STRETCHES: [&str; 5] = ["page", "session", "day", "week", "ever"];

/// Writes the step's values into a form.
pub(crate) fn fill_when(typed: &mut Typed, plan: &PopupPlan, zone: &Zone) {
    let trigger = &plan.trigger;
    typed.set(
        "trigger.on",
        if trigger.on == On::Event { "event" } else { "page" },
    );
    typed.set("trigger.event", trigger.event.as_str());
    fill_where(typed, "trigger.where", &trigger.filters);
    fill_rules(typed, "trigger.when", &trigger.when);
    let any = trigger.signals.how == Match::Any;
    typed.set("trigger.signals.match", if any { "any" } else { "all" });
    for (index, signal) in trigger.signals.list.iter().enumerate() {
        fill_signal(typed, &format!("trigger.signals.list[{index}]"), signal);
    }
    let schedule = &plan.schedule;
    for (name, at) in [("start", schedule.start), ("end", schedule.end)] {
        typed.set(
            format!("schedule.{name}"),
            at.map(|at| moment::written(at, zone)).unwrap_or_default(),
        );
    }
    for day in 1..=7_u8 {
        let on = schedule.days.is_empty() || schedule.days.contains(&day);
        typed.set(format!("schedule.days[{day}]"), tick(on));
    }
    for (name, clock) in [("from", schedule.from), ("to", schedule.to)] {
        typed.set(
            format!("schedule.{name}"),
            clock.map(|clock| clock.to_string()).unwrap_or_default(),
        );
    }
    typed.set("schedule.zone", plain(&json!(schedule.zone)));
    fill_caps(typed, &plan.caps);
    typed.set("priority", plan.priority.to_string());
    typed.set("group", plan.group.clone().unwrap_or_default());
    typed.set("when_busy", plain(&json!(plan.when_busy)));
}

fn fill_signal(typed: &mut Typed, row: &str, signal: &Signal) {
    let (on, name, value) = match signal {
        Signal::Delay {
            seconds,
            across_pages,
        } => {
            typed.set(format!("{row}.across_pages"), tick(*across_pages));
            ("delay", "seconds", seconds.to_string())
        }
        Signal::Scroll { percent } => ("scroll", "percent", percent.to_string()),
        Signal::Idle { seconds } => ("idle", "seconds", seconds.to_string()),
        Signal::Exit => ("exit", "", String::new()),
        Signal::Click { selector } => ("click", "selector", selector.clone()),
        Signal::Visible { selector } => ("visible", "selector", selector.clone()),
    };
    typed.set(format!("{row}.on"), on);
    if !name.is_empty() {
        typed.set(format!("{row}.{name}"), value);
    }
}

fn fill_caps(typed: &mut Typed, caps: &Caps) {
    let values = [caps.page, caps.session, caps.day, caps.week, caps.ever];
    for (name, value) in STRETCHES.iter().zip(values) {
        typed.set(
            format!("caps.{name}"),
            value.map(|value| value.to_string()).unwrap_or_default(),
        );
    }
    let silences = [caps.after_shown, caps.after_clicked, caps.after_closed];
    for (name, minutes) in SILENCES.iter().zip(silences) {
        fill_unit(typed, &format!("caps.{name}"), minutes, &UNITS);
    }
    typed.set("caps.until_goal", tick(caps.until_goal));
}

/// Puts what the form says into the campaign's JSON.
pub(crate) fn read_when(reading: &mut Reading<'_>, campaign: &mut Value, plan: &PopupPlan) {
    let typed = reading.typed;
    let mut trigger = json!(plan.trigger);
    if let Some(on) = reading.text("trigger.on") {
        if on == "event" {
            trigger["on"] = json!("event");
            reading.put_text(&mut trigger, "event", "trigger.event");
            trigger["event"] = json!(plain(&trigger["event"]).trim());
            trigger["where"] = read_where(reading, "trigger.where");
        } else {
            trigger = json!({"on": "page", "when": trigger["when"], "signals": trigger["signals"]});
        }
    }
    if typed.has_below("trigger.when.") {
        trigger["when"] = read_rules(reading, "trigger.when");
    }
    if typed.has("trigger.signals.match") || typed.has_below("trigger.signals.list[") {
        let how = if typed.get("trigger.signals.match") == "any" {
            "any"
        } else {
            "all"
        };
        trigger["signals"] = json!({"match": how, "list": read_signals(reading)});
    }
    for absent in ["when", "signals"] {
        if trigger[absent].is_null()
            && let Some(trigger) = trigger.as_object_mut()
        {
            trigger.remove(absent);
        }
    }
    campaign["trigger"] = trigger;
    campaign["schedule"] = read_schedule(reading, plan);
    campaign["caps"] = read_caps(reading, plan);
    reading.put_number(campaign, "priority", "priority", "The priority is 0 to 100.");
    if let Some(priority) = campaign["priority"].as_u64() {
        campaign["priority"] = json!(priority.min(255));
    }
    if let Some(group) = reading.text("group") {
        campaign["group"] = json!(optional(group));
    }
    reading.put_text(campaign, "when_busy", "when_busy");
}

fn read_signals(reading: &mut Reading<'_>) -> Vec<Value> {
    const LIST: &str = "trigger.signals.list";
    let mut list = Vec::new();
    for index in 0..reading.typed.rows(LIST) {
        let row = format!("{LIST}[{index}]");
        if reading.is_left_out(&row) {
            continue;
        }
        let on = reading.typed.get(&format!("{row}.on"));
        let mut signal = json!({"on": on});
        match on {
            "delay" | "idle" => {
                let remedy = "Say how many seconds, for example 15.";
                reading.put_number(&mut signal, "seconds", &format!("{row}.seconds"), remedy);
                if on == "delay" {
                    reading.put_tick(&mut signal, "across_pages", &format!("{row}.across_pages"));
                }
            }
            "scroll" => {
                let remedy = "Say how far, in per cent of the page.";
                reading.put_number(&mut signal, "percent", &format!("{row}.percent"), remedy);
            }
            "click" | "visible" => {
                signal["selector"] = json!(reading.typed.get(&format!("{row}.selector")).trim());
            }
            "exit" => {}
            _ => continue,
        }
        list.push(signal);
    }
    list
}

fn read_schedule(reading: &mut Reading<'_>, plan: &PopupPlan) -> Value {
    let mut schedule = json!(plan.schedule);
    reading.put_moment(&mut schedule, "start", "schedule.start");
    reading.put_moment(&mut schedule, "end", "schedule.end");
    if reading.typed.has_below("schedule.days[") {
        let days: Vec<u8> = (1..=7)
            .filter(|day| reading.typed.get(&format!("schedule.days[{day}]")) == "yes")
            .collect();
        if days.is_empty() {
            reading.faults.push(campanile_core::FieldError::new(
                "schedule.days",
                "Without a day it would never show. Choose at least one.",
            ));
        }
        schedule["days"] = json!(if days.len() == 7 { Vec::new() } else { days });
    }
    for name in ["from", "to"] {
        let field = format!("schedule.{name}");
        match reading.text(&field).map(str::trim) {
            Some("") => schedule[name] = Value::Null,
            Some(text) if campanile_core::schedule::Clock::parse(text).is_some() => {
                schedule[name] = json!(text);
            }
            Some(text) => reading.faults.push(campanile_core::FieldError::new(
                &field,
                format!("“{text}” is not a time of day. Write it like 08:00."),
            )),
            None => {}
        }
    }
    reading.put_text(&mut schedule, "zone", "schedule.zone");
    schedule
}

fn read_caps(reading: &mut Reading<'_>, plan: &PopupPlan) -> Value {
    let mut caps = json!(plan.caps);
    for name in STRETCHES {
        let remedy = "Say how many times, or nothing for any number.";
        reading.put_optional_number(&mut caps, name, &format!("caps.{name}"), remedy);
    }
    for name in SILENCES {
        let field = format!("caps.{name}");
        let remedy = "Say how long, or nothing for no silence.";
        reading.put_optional_number(&mut caps, name, &field, remedy);
        reading.put_unit(&mut caps, name, &field, &UNITS);
    }
    reading.put_tick(&mut caps, "until_goal", "caps.until_goal");
    caps
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::campaign::{Body, Definition};
    use campanile_core::time::Timestamp;

    #[test]
    fn a_plan_goes_round() {
        let campaign = json!({
            "name": "All of it", "kind": "popup", "popup": {"title": "T"},
            "trigger": {
                "on": "event", "event": "Added To Cart", "where": [{"name": "Price", "op": "more", "value": 40}, {"name": "Colour", "op": "set"}],
                "when": {"match": "any", "rules": [{"is": "path", "op": "starts", "value": "/sale"}]},
                "signals": {"match": "any", "list": [
                    {"on": "delay", "seconds": 10, "across_pages": true}, {"on": "scroll", "percent": 60}, {"on": "idle", "seconds": 20},
                    {"on": "exit"}, {"on": "click", "selector": "#buy"}, {"on": "visible", "selector": ".price"},
                ]},
            },
            "schedule": {"start": 1_795_608_000_000_i64, "end": 1_795_708_020_000_i64, "days": [1, 2, 6], "from": "08:00", "to": "22:00", "zone": "visitor"},
            "caps": {"page": 1, "session": null, "day": 2, "week": 5, "ever": 9, "after_shown": 30, "after_clicked": 120, "after_closed": 2880},
            "priority": 75, "group": "Sale", "when_busy": "give_way",
        });
        let before = Definition::parse(campaign).expect("a campaign");
        let Body::Popup(plan) = &before.body else {
            panic!("a pop-up")
        };
        let zone = Zone::parse("Europe/Lisbon").expect("a zone");
        let mut typed = Typed::default();
        fill_when(&mut typed, plan, &zone);
        let mut reading = Reading::new(&typed, &zone, Timestamp(0));
        let empty = Definition::parse(json!({"name": "All of it", "kind": "popup", "popup": {"title": "T"}}))
            .expect("parsed");
        let Body::Popup(bare) = &empty.body else {
            panic!("a pop-up")
        };
        let mut json = empty.to_json();
        read_when(&mut reading, &mut json, bare);
        assert!(reading.faults.is_empty(), "{:?}", reading.faults);
        assert_eq!(Definition::parse(json).expect("parsed"), before);
        // Nothing sent changes nothing.
        let nothing = Typed::default();
        let mut json = before.to_json();
        read_when(&mut Reading::new(&nothing, &zone, Timestamp(0)), &mut json, plan);
        assert_eq!(Definition::parse(json).expect("parsed"), before);
    }
}
