//! The push composer's form: text in, the API's JSON out.
//!
//! Left out: judging (`Definition::check`). Invariant: an input's name is the path that a fault is reported under; what was typed is
//! kept as it was typed, and what has no input stays as it was.

use super::push_buttons::{fill_buttons, read_buttons};
use super::push_experiment::{fill_experiment, read_experiment};
use super::push_languages::{fill_translations, read_translations};
use super::push_when::{fill_sending, read_sending};
use super::{
    Reading, Typed, Unit, fill_rules, fill_unit, key_values, lines_of, optional, read_rules, whole_number,
};
use crate::http::error::Error;
use crate::http::pages::desk::Sent;
use crate::http::pages::format;
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Definition};
use campanile_core::time::{Timestamp, Zone};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Units of the time after an event, in minutes.
pub(crate) const WAITS: &[Unit] = &[("days", 1_440), ("hours", 60), ("minutes", 1)];

/// The push's form as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PushForm {
    pub(crate) name: String,
    #[serde(rename = "push.title")]
    pub(crate) title: String,
    #[serde(rename = "push.body")]
    pub(crate) body: String,
    #[serde(rename = "push.url")]
    pub(crate) url: String,
    #[serde(rename = "push.icon")]
    pub(crate) icon: String,
    #[serde(rename = "push.image")]
    pub(crate) image: String,
    #[serde(rename = "push.badge")]
    pub(crate) badge: String,
    #[serde(rename = "push.ttl_seconds")]
    pub(crate) ttl: String,
    #[serde(rename = "push.urgency")]
    pub(crate) urgency: String,
    #[serde(rename = "push.tag")]
    pub(crate) tag: String,
    /// `yes` when ticked.
    #[serde(rename = "push.require_interaction")]
    pub(crate) stays: String,
    /// `yes` when ticked.
    #[serde(rename = "push.silent")]
    pub(crate) silent: String,
    /// `yes` when ticked.
    #[serde(rename = "push.renotify")]
    pub(crate) renotify: String,
    #[serde(rename = "push.direction")]
    pub(crate) direction: String,
    #[serde(rename = "push.language")]
    pub(crate) language: String,
    /// `key = value` a line.
    #[serde(rename = "push.kv")]
    pub(crate) kv: String,
    /// `start` to send after saving.
    pub(crate) then: String,
    /// To whom, when and how fast.
    #[serde(skip)]
    pub(crate) plan: Typed,
}

impl PushForm {
    /// What was sent.
    pub(crate) fn read(sent: &Sent) -> Result<Self, Error> {
        Ok(Self {
            plan: Typed::sent(sent),
            ..sent.read()?
        })
    }

    /// A new push; `home` is the site's address, where a click leads until it is changed.
    pub(crate) fn fresh(home: &str) -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            name: text("Untitled push"),
            url: text(home),
            ttl: text("86400"),
            urgency: text("normal"),
            language: text("en"),
            direction: text("auto"),
            plan: {
                let mut plan = Typed::default();
                plan.set("on_event.after_minutes", "30");
                plan.set("on_event.after_minutes.unit", "minutes");
                plan.set("on_event.silence_hours", "24");
                for (name, value) in [
                    ("experiment.weight", "90"),
                    ("experiment.control", "0"),
                    ("goal.within_hours", "3"),
                    ("goal.within_hours.unit", "days"),
                    ("winner.test_percent", "20"),
                    ("winner.by", "click"),
                ] {
                    plan.set(name, value);
                }
                plan
            },
            ..Self::default()
        }
    }

    /// The form of a push that is kept; `None` for a pop-up. Moments are written in `zone`.
    pub(crate) fn of(definition: &Definition, zone: &Zone) -> Option<Self> {
        let Body::Push(plan) = &definition.body else {
            return None;
        };
        let push = &plan.push;
        let tick = |on: bool| if on { "yes" } else { "" }.to_owned();
        let mut typed = Typed::default();
        fill_rules(&mut typed, "audience", &plan.audience);
        fill_sending(&mut typed, &plan.send, zone);
        fill_buttons(&mut typed, &push.actions);
        typed.set("push.topic", push.topic.clone().unwrap_or_default());
        fill_translations(&mut typed, &push.translations);
        typed.set("push.vibrate", steps_words(&push.vibrate));
        fill_experiment(&mut typed, plan);
        typed.set("on_event.silence_hours", "24");
        if let Some(on_event) = &plan.on_event {
            typed.set("on_event.event", on_event.event.as_str());
            fill_unit(
                &mut typed,
                "on_event.after_minutes",
                Some(on_event.after_minutes),
                WAITS,
            );
            typed.set("on_event.unless", on_event.unless.clone().unwrap_or_default());
            typed.set("on_event.silence_hours", on_event.silence_hours.to_string());
        }
        if let Some(request) = &plan.on_request {
            typed.set("on_request", "yes");
            if !request.sample.is_empty() {
                let sample = serde_json::to_string_pretty(&request.sample);
                typed.set("on_request.sample", sample.unwrap_or_default());
            }
        }
        Some(Self {
            name: definition.name.clone(),
            title: push.title.clone(),
            body: push.body.clone(),
            url: push.url.clone(),
            icon: push.icon.clone().unwrap_or_default(),
            image: push.image.clone().unwrap_or_default(),
            badge: push.badge.clone().unwrap_or_default(),
            ttl: push.ttl_seconds.to_string(),
            urgency: push.urgency.as_str().to_owned(),
            tag: push.tag.clone().unwrap_or_default(),
            stays: tick(push.require_interaction),
            silent: tick(push.silent),
            renotify: tick(push.renotify),
            direction: push.direction.as_str().to_owned(),
            language: push.language.clone(),
            kv: lines_of(&push.kv),
            then: String::new(),
            plan: typed,
        })
    }

    /// The JSON of the API, with what `before` says of all that has no input; what cannot be read is a fault here. A row of the rules may be
    /// left out.
    pub(crate) fn to_json(
        &self,
        before: Option<&Definition>,
        (zone, now): (&Zone, Timestamp),
        without: Option<&str>,
    ) -> Result<Value, Vec<FieldError>> {
        let kept = match before.map(|before| &before.body) {
            Some(Body::Push(plan)) => plan.push.actions.as_slice(),
            _ => &[],
        };
        let actions = read_buttons(&self.plan, kept, self.url.trim());
        let mut whole = before.map_or_else(|| json!({"kind": "push", "push": {}}), Definition::to_json);
        whole["name"] = json!(self.name);
        let mut reading = Reading::new(&self.plan, zone, now);
        reading.without = without;
        for (field, value) in [
            ("title", json!(self.title)),
            ("body", json!(self.body.replace("\r\n", "\n"))),
            ("url", json!(self.url.trim())),
            ("icon", json!(optional(&self.icon))),
            ("image", json!(optional(&self.image))),
            ("badge", json!(optional(&self.badge))),
            ("actions", json!(actions)),
            ("tag", json!(optional(&self.tag))),
            ("require_interaction", json!(self.stays == "yes")),
            ("silent", json!(self.silent == "yes")),
            ("renotify", json!(self.renotify == "yes")),
            ("direction", json!(self.direction)),
            ("language", json!(self.language.trim())),
            ("urgency", json!(self.urgency)),
        ] {
            whole["push"][field] = value;
        }
        match whole_number("push.ttl_seconds", &self.ttl, "Choose how long it is kept.") {
            Ok(seconds) => whole["push"]["ttl_seconds"] = json!(seconds),
            Err(fault) => reading.faults.push(fault),
        }
        match key_values("push.kv", &self.kv) {
            Ok(kv) => whole["push"]["kv"] = kv,
            Err(fault) => reading.faults.push(fault),
        }
        reading.put_optional(&mut whole["push"], "topic", "push.topic");
        if self.plan.has("push.vibrate") {
            match steps(self.plan.get("push.vibrate")) {
                Ok(steps) => whole["push"]["vibrate"] = json!(steps),
                Err(fault) => reading.faults.push(fault),
            }
        }
        read_translations(&mut reading, &mut whole["push"]);
        whole["audience"] = read_rules(&mut reading, "audience");
        let mut send = whole["send"].take();
        read_sending(&mut reading, &mut send);
        whole["send"] = send;
        read_experiment(&mut reading, &mut whole);
        if let Some(event) = optional(self.plan.get("on_event.event")) {
            // Tests of its properties have no inputs here.
            let mut on_event = match whole["on_event"].take() {
                known if known["event"] == json!(event) => known,
                _ => json!({}),
            };
            on_event["event"] = json!(event);
            let remedy = "Say how long after the event, or 0 for at once.";
            reading.put_number(&mut on_event, "after_minutes", "on_event.after_minutes", remedy);
            reading.put_unit(&mut on_event, "after_minutes", "on_event.after_minutes", WAITS);
            reading.put_optional(&mut on_event, "unless", "on_event.unless");
            let remedy = "Say for how many hours, or 0 for every time.";
            reading.put_number(&mut on_event, "silence_hours", "on_event.silence_hours", remedy);
            whole["on_event"] = on_event;
        } else if self.plan.has("on_event.event") {
            whole["on_event"] = Value::Null;
        }
        if self.plan.get("on_request") == "yes" {
            let typed = self.plan.get("on_request.sample").trim();
            let sample = if typed.is_empty() { "{}" } else { typed };
            match serde_json::from_str::<Map<String, Value>>(sample) {
                Ok(sample) => whole["on_request"] = json!({"sample": sample}),
                Err(_) => reading.faults.push(FieldError::new(
                    "on_request.sample",
                    "This is no JSON object. Write it like {\"order\": \"A-1001\"}.",
                )),
            }
        } else if self.plan.has("on_request") {
            whole["on_request"] = Value::Null;
        }
        if reading.faults.is_empty() {
            Ok(whole)
        } else {
            Err(reading.faults)
        }
    }

    /// Delivery in a few words.
    pub(crate) fn delivery_words(&self) -> String {
        let kept = format::span(self.ttl.parse().unwrap_or(0));
        format!("Kept {kept}, urgency {}", self.urgency)
    }

    /// Behaviour in a few words.
    pub(crate) fn behaviour_words(&self) -> String {
        let stays = if self.stays == "yes" {
            "Stays until closed"
        } else {
            "Leaves by itself"
        };
        let sound = if self.silent == "yes" {
            "silent"
        } else {
            "with sound"
        };
        format!("{stays}, {sound}")
    }
}

/// A vibration as it is typed: milliseconds, by turns on and off.
fn steps_words(steps: &[u16]) -> String {
    let words: Vec<String> = steps.iter().map(ToString::to_string).collect();
    words.join(", ")
}

fn steps(text: &str) -> Result<Vec<u16>, FieldError> {
    text.split([',', ' '])
        .filter(|step| !step.is_empty())
        .map(|step| {
            let message = "Milliseconds with commas between them: on, off, on. For example 200, 100, 200.";
            step.parse().map_err(|_| FieldError::new("push.vibrate", message))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(form: &PushForm, before: Option<&Definition>) -> Result<Definition, Vec<FieldError>> {
        let json = form.to_json(before, (&Zone::utc(), Timestamp(1_800_000_000_000)), None)?;
        Definition::parse(json).map_err(|fault| vec![fault])
    }

    #[test]
    fn a_push_goes_round() {
        let mut form = PushForm {
            title: "The kiln is open".into(),
            silent: "yes".into(),
            ..PushForm::fresh("https://shop.example.com/")
        };
        for (name, value) in [
            ("push.actions.1.title", "See them"),
            ("audience.rules[0].is", "property"),
            ("audience.rules[0].name", "Plan"),
            ("audience.rules[0].value", "Club"),
            ("send.at", "1 Feb 2027, 09:00"),
            ("send.per_minute", "600"),
        ] {
            form.plan.set(name, value);
        }
        let definition = parse(&form, None).expect("readable");
        assert!(definition.check().is_empty(), "{:?}", definition.check());
        let again = PushForm::of(&definition, &Zone::utc()).expect("a push");
        assert_eq!(
            (again.plan.get("push.actions.0.title"), again.silent.as_str()),
            ("See them", "yes")
        );
        assert_eq!(
            (again.plan.get("send.at"), again.plan.get("send.per_minute")),
            ("1 Feb 2027, 09:00", "600")
        );
        assert_eq!(parse(&again, Some(&definition)), Ok(definition));
    }

    #[test]
    fn what_has_no_input_stays() {
        let kept = json!({"name": "P", "kind": "push", "push": {
            "title": "T", "url": "https://shop.example.com/", "vibrate": [200, 100],
            "translations": {"de": {"title": "Der Ofen ist offen"}},
        }});
        let kept = Definition::parse(kept).expect("a push");
        let mut form = PushForm::of(&kept, &Zone::utc()).expect("a push");
        form.title = "Another".into();
        let changed = parse(&form, Some(&kept)).expect("readable").to_json();
        assert_eq!(changed["push"]["title"], "Another");
        assert_eq!(changed["push"]["vibrate"], json!([200, 100]));
        assert_eq!(
            changed["push"]["translations"]["de"]["title"],
            "Der Ofen ist offen"
        );
    }

    #[test]
    fn what_cannot_be_read_names_its_input() {
        let mut form = PushForm {
            kv: "just words".into(),
            ..PushForm::fresh("https://shop.example.com/")
        };
        form.plan.set("send.at", "soon");
        let fields: Vec<String> = parse(&form, None)
            .expect_err("two faults")
            .into_iter()
            .map(|fault| fault.field)
            .collect();
        assert_eq!(fields, ["push.kv", "send.at"]);
    }
}
