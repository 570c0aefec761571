//! Forms as the API's JSON: what was typed, by the names of the inputs, and reading it.
//!
//! The editors turn forms into the JSON that `Definition::parse` and `Definition::check` judge: one rule for dashboard and API. Left out:
//! judging. Invariant: an input's name is the path that a fault is reported under, so each sentence finds its field; what was typed is
//! kept as it was typed; an input that was not sent leaves its value as it was.

mod goal;
mod moment;
mod plan;
mod popup;
mod push;
mod push_buttons;
mod push_experiment;
mod push_languages;
mod push_when;
mod rules;

pub(crate) use goal::{fill_goal, read_goal};
pub(crate) use moment::written;
pub(crate) use plan::{fill_when, read_when};
pub(crate) use popup::{
    RECEIPT_LINES, change_template, fill_experiment, fill_popup, read_experiment, read_popup, variants,
};
pub(crate) use push::PushForm;
pub(crate) use push_buttons::{BUTTONS, button, reorder};
pub(crate) use push_languages::{TRANSLATIONS, at_inputs};
pub(crate) use rules::{fill_rules, read_rules};

use super::desk::Sent;
use campanile_core::FieldError;
use campanile_core::popup::Colour;
use campanile_core::time::{Timestamp, Zone};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A form as typed: texts by the names of their inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Typed(BTreeMap<String, String>);

impl Typed {
    /// What was sent; of a name that was sent twice the last counts, so that a tick overrides the "no" that stands before it.
    pub(crate) fn sent(sent: &Sent) -> Self {
        Self(
            sent.pairs()
                .map(|(name, value)| (name.to_owned(), value.replace("\r\n", "\n")))
                .collect(),
        )
    }

    /// The text of that name; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Whether an input of that name was there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether anything below that name was there.
    pub(crate) fn has_below(&self, name: &str) -> bool {
        self.0
            .range(name.to_owned()..)
            .next()
            .is_some_and(|(key, _)| key.starts_with(name))
    }

    /// Sets a text.
    pub(crate) fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// How many rows a list has: one more than the greatest index that was named.
    pub(crate) fn rows(&self, list: &str) -> usize {
        let open = format!("{list}[");
        self.0
            .range(open.clone()..)
            .take_while(|(key, _)| key.starts_with(&open))
            .filter_map(|(key, _)| key[open.len()..].split(']').next()?.parse::<usize>().ok())
            .filter(|index| *index < MOST_ROWS)
            .max()
            .map_or(0, |last| last + 1)
    }

    /// Forgets everything whose name begins so.
    pub(crate) fn forget(&mut self, prefix: &str) {
        self.0.retain(|name, _| !name.starts_with(prefix));
    }

    /// Takes over what another form says.
    pub(crate) fn overlay(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// The name of a unit, and how many of the smallest one it is.
type Unit = (&'static str, u32);

/// Writes a number in the first of its units, largest first, that leaves nothing over; without a number the unit alone.
fn fill_unit(typed: &mut Typed, name: &str, number: Option<u32>, units: &[Unit]) {
    let (unit, size) = units
        .iter()
        .find(|(_, size)| number.is_none_or(|number| number % size == 0))
        .unwrap_or(&units[units.len() - 1]);
    typed.set(
        name,
        number
            .map(|number| (number / size).to_string())
            .unwrap_or_default(),
    );
    typed.set(format!("{name}.unit"), *unit);
}

/// Most rows that a list of a form is looked through for.
const MOST_ROWS: usize = 200;

/// A form that is being read, with what could not be.
pub(crate) struct Reading<'a> {
    /// What was typed.
    pub(crate) typed: &'a Typed,
    /// The zone in which moments are written.
    pub(crate) zone: &'a Zone,
    /// The moment of reading, for words such as `tomorrow`.
    pub(crate) now: Timestamp,
    /// A row that is to be left out.
    pub(crate) without: Option<&'a str>,
    /// What could not be read.
    pub(crate) faults: Vec<FieldError>,
}

impl<'a> Reading<'a> {
    /// Begins to read.
    pub(crate) fn new(typed: &'a Typed, zone: &'a Zone, now: Timestamp) -> Self {
        Self {
            typed,
            zone,
            now,
            without: None,
            faults: Vec::new(),
        }
    }

    /// The text of an input that was sent.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.typed.has(name).then(|| self.typed.get(name))
    }

    /// Puts a text into `into` where it was sent.
    pub(crate) fn put_text(&self, into: &mut Value, key: &str, name: &str) {
        if let Some(text) = self.text(name) {
            into[key] = json!(text);
        }
    }

    /// Puts a text, or nothing where it is empty.
    pub(crate) fn put_optional(&self, into: &mut Value, key: &str, name: &str) {
        if let Some(text) = self.text(name) {
            into[key] = json!(optional(text));
        }
    }

    /// Puts a whole number.
    pub(crate) fn put_number(&mut self, into: &mut Value, key: &str, name: &str, remedy: &str) {
        let Some(text) = self.text(name) else { return };
        match whole_number(name, text, remedy) {
            Ok(number) => into[key] = json!(number),
            Err(fault) => self.faults.push(fault),
        }
    }

    /// Puts a whole number, or nothing where the input is empty.
    pub(crate) fn put_optional_number(&mut self, into: &mut Value, key: &str, name: &str, remedy: &str) {
        match self.text(name) {
            Some(text) if text.trim().is_empty() => into[key] = Value::Null,
            _ => self.put_number(into, key, name, remedy),
        }
    }

    /// Turns the number that was put at `key` into the smallest unit, by the unit that was chosen beside the input.
    pub(crate) fn put_unit(&self, into: &mut Value, key: &str, name: &str, units: &[Unit]) {
        let chosen = self.typed.get(&format!("{name}.unit"));
        let size = units
            .iter()
            .find(|(unit, _)| *unit == chosen)
            .map_or(1, |(_, size)| *size);
        if self.typed.has(name)
            && let Some(number) = into[key].as_u64()
        {
            into[key] = json!(number.saturating_mul(u64::from(size)).min(u64::from(u32::MAX)));
        }
    }

    /// Puts yes or no.
    pub(crate) fn put_tick(&self, into: &mut Value, key: &str, name: &str) {
        if let Some(text) = self.text(name) {
            into[key] = json!(text == "yes");
        }
    }

    /// Puts a colour.
    pub(crate) fn put_colour(&mut self, into: &mut Value, key: &str, name: &str) {
        let Some(text) = self.text(name) else { return };
        match colour(name, text) {
            Ok(colour) => into[key] = json!(colour),
            Err(fault) => self.faults.push(fault),
        }
    }

    /// Puts a moment, or nothing where the input is empty.
    pub(crate) fn put_moment(&mut self, into: &mut Value, key: &str, name: &str) {
        let Some(text) = self.text(name) else { return };
        if text.trim().is_empty() {
            into[key] = Value::Null;
            return;
        }
        // As it was written it lacks the parts of a second and, in the night that has an hour twice, says not which one.
        let before = into[key].as_i64().map(Timestamp);
        if before.is_some_and(|before| moment::written(before, self.zone) == text.trim()) {
            return;
        }
        match moment::read(text, self.now, self.zone) {
            Some(at) => into[key] = json!(at),
            None => self.faults.push(FieldError::new(
                name,
                format!(
                    "“{}” is not a date with a time. Write it like 30 Nov 2026, 23:59 or tomorrow 9.",
                    text.trim()
                ),
            )),
        }
    }

    /// Whether a row of a list is to be left out.
    pub(crate) fn is_left_out(&self, row: &str) -> bool {
        self.without == Some(row)
    }
}

/// The text, or nothing where it is empty.
pub(crate) fn optional(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn whole_number(field: &str, text: &str, remedy: &str) -> Result<u32, FieldError> {
    text.trim().parse().map_err(|_| {
        FieldError::new(
            field,
            format!("“{}” is not a whole number. {remedy}", text.trim()),
        )
    })
}

fn colour(field: &str, text: &str) -> Result<String, FieldError> {
    Colour::parse(text.trim())
        .map(|colour| colour.to_string())
        .map_err(|_| {
            FieldError::new(
                field,
                format!("“{}” is not a colour. Write it like #2440c7.", text.trim()),
            )
        })
}

fn lines_of(kv: &BTreeMap<String, String>) -> String {
    kv.iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn key_values(field: &str, text: &str) -> Result<Value, FieldError> {
    let mut kv = Map::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (key, value) = line
            .split_once('=')
            .filter(|(key, _)| !key.trim().is_empty())
            .ok_or_else(|| {
                FieldError::new(
                    field,
                    format!("“{line}” has no key. Write key = value, one a line."),
                )
            })?;
        kv.insert(key.trim().to_owned(), json!(value.trim()));
    }
    Ok(Value::Object(kv))
}

/// Yes or no as a tick has it.
fn tick(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_their_greatest_index() {
        let mut typed = Typed::default();
        assert_eq!(typed.rows("when.rules"), 0);
        typed.set("when.rules[0].is", "path");
        typed.set("when.rules[12].is", "path");
        typed.set("when.rules[9999].is", "path");
        typed.set("when.rulesx[40].is", "path");
        assert_eq!(typed.rows("when.rules"), 13);
        assert!(typed.has_below("when.rules[12]") && !typed.has_below("when.rules[3]"));
    }

    #[test]
    fn key_values_are_lines() {
        let kv = key_values("popup.kv", "size = 42\nsku=a=b\n").expect("lines");
        assert_eq!(kv, json!({"size": "42", "sku": "a=b"}));
        assert_eq!(
            key_values("popup.kv", "just words").expect_err("no key").field,
            "popup.kv"
        );
        assert!(colour("popup.accent", "red").is_err());
    }
}
