//! When a push goes, of the composer's form: text in, the API's JSON out.
//!
//! Left out: judging (`Sending::check`). Invariant: an input's name is the path that a fault is reported under; an empty time of day is a
//! push that does not come again.

use super::{Reading, Typed, moment, tick};
use campanile_core::FieldError;
use campanile_core::push_plan::Sending;
use campanile_core::push_when::Clocks;
use campanile_core::schedule::Clock;
use campanile_core::time::Zone;
use serde_json::{Value, json};

/// Writes what is kept into a form; moments in `zone`.
pub(super) fn fill_sending(typed: &mut Typed, send: &Sending, zone: &Zone) {
    let text = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let at = send.at.map(|at| moment::written(at, zone));
    let until = send.until.map(|until| moment::written(until, zone));
    typed.set("send.at", at.unwrap_or_default());
    typed.set("send.per_minute", text(send.per_minute));
    let clocks = match send.zone {
        Clocks::Account => "account",
        Clocks::Recipient => "recipient",
    };
    typed.set("send.zone", clocks);
    typed.set("send.until", until.unwrap_or_default());
    typed.set("send.caps.day", text(send.caps.day));
    typed.set("send.caps.week", text(send.caps.week));
    typed.set("send.transactional", tick(send.transactional));
    let repeat = send.repeat.as_ref();
    let time = repeat.map(|repeat| repeat.at.to_string());
    typed.set("send.repeat.at", time.unwrap_or_default());
    typed.set("send.repeat.times", text(repeat.and_then(|repeat| repeat.times)));
    for day in 1..=7 {
        let on = repeat.is_none_or(|repeat| repeat.days.is_empty() || repeat.days.contains(&day));
        typed.set(format!("send.repeat.days[{day}]"), tick(on));
    }
}

/// Reads it; what has no input stays as it was.
pub(super) fn read_sending(reading: &mut Reading<'_>, send: &mut Value) {
    if !send.is_object() {
        *send = json!({});
    }
    reading.put_moment(send, "at", "send.at");
    let remedy = "Say how many messages go out in a minute, or nothing for as many as possible.";
    reading.put_optional_number(send, "per_minute", "send.per_minute", remedy);
    reading.put_text(send, "zone", "send.zone");
    reading.put_moment(send, "until", "send.until");
    reading.put_tick(send, "transactional", "send.transactional");
    if !send["caps"].is_object() {
        send["caps"] = json!({});
    }
    for name in ["day", "week"] {
        let remedy = "Say how many times, or nothing for any number.";
        reading.put_optional_number(&mut send["caps"], name, &format!("send.caps.{name}"), remedy);
    }
    let Some(time) = reading.text("send.repeat.at").map(str::trim) else {
        return;
    };
    if time.is_empty() {
        send["repeat"] = Value::Null;
        return;
    }
    if Clock::parse(time).is_none() {
        reading.faults.push(FieldError::new(
            "send.repeat.at",
            format!("“{time}” is not a time of day. Write it like 09:00."),
        ));
        return;
    }
    if !send["repeat"].is_object() {
        send["repeat"] = json!({});
    }
    let repeat = &mut send["repeat"];
    repeat["at"] = json!(time);
    if reading.typed.has_below("send.repeat.days[") {
        let days: Vec<u8> = (1..=7)
            .filter(|day| reading.typed.get(&format!("send.repeat.days[{day}]")) == "yes")
            .collect();
        if days.is_empty() {
            let message = "Without a day it would never go out. Choose at least one.";
            reading.faults.push(FieldError::new("send.repeat.days", message));
        }
        repeat["days"] = json!(if days.len() == 7 { Vec::new() } else { days });
    }
    let remedy = "Say how many times in all, or nothing for any number.";
    reading.put_optional_number(repeat, "times", "send.repeat.times", remedy);
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::time::Timestamp;

    #[test]
    fn all_of_it_goes_round() {
        let zone = Zone::parse("Europe/Lisbon").expect("a zone");
        for send in [
            json!({}),
            json!({"at": 1_801_468_800_000_i64, "zone": "recipient", "until": 1_801_555_200_000_i64}),
            json!({"repeat": {"days": [1, 4], "at": "09:00", "times": 3}, "caps": {"day": 1, "week": 2}, "transactional": true}),
            json!({"repeat": {"at": "18:30"}, "zone": "recipient"}),
        ] {
            let before: Sending = serde_json::from_value(send).expect("a sending");
            let mut typed = Typed::default();
            fill_sending(&mut typed, &before, &zone);
            let mut reading = Reading::new(&typed, &zone, Timestamp(0));
            let mut read = json!({"repeat": {"at": "07:00", "days": [2], "times": 5}});
            read_sending(&mut reading, &mut read);
            assert_eq!(reading.faults, Vec::new());
            assert_eq!(
                serde_json::from_value::<Sending>(read).expect("a sending"),
                before
            );
        }
    }

    #[test]
    fn what_cannot_be_read_names_its_input() {
        let zone = Zone::utc();
        for (time, field) in [("nine", "send.repeat.at"), ("9:00", "send.repeat.days")] {
            let mut typed = Typed::default();
            typed.set("send.repeat.at", time);
            typed.set("send.repeat.days[1]", "no");
            let mut reading = Reading::new(&typed, &zone, Timestamp(0));
            read_sending(&mut reading, &mut json!({}));
            let fields: Vec<&str> = reading.faults.iter().map(|fault| fault.field.as_str()).collect();
            assert_eq!(fields, [field]);
        }
    }
}
