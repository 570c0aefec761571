//! A push's words in other languages, of the composer's form: rows in, the API's JSON out.
//!
//! Left out: judging (`PushMessage::check`). Invariant: an input's name is the path under which its fault is reported once [`at_inputs`] has
//! turned languages into rows; a row in which nothing is typed is none; what has no input stays as it was.

use super::{Reading, Typed, optional};
use campanile_core::FieldError;
use campanile_core::notification::Translation;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The list.
pub(crate) const TRANSLATIONS: &str = "push.translations";
/// Says that a form has the rows, so that none of them means none.
const THERE: &str = "push.translations.there";

/// Writes what is kept into a form.
pub(super) fn fill_translations(typed: &mut Typed, translations: &BTreeMap<String, Translation>) {
    for (at, (language, words)) in translations.iter().enumerate() {
        let row = format!("{TRANSLATIONS}[{at}]");
        typed.set(format!("{row}.language"), language.as_str());
        typed.set(format!("{row}.title"), words.title.as_str());
        typed.set(format!("{row}.body"), words.body.as_str());
        typed.set(format!("{row}.url"), words.url.clone().unwrap_or_default());
        typed.set(format!("{row}.buttons"), words.buttons.join("\n"));
    }
}

/// Reads it into the JSON of a message.
pub(super) fn read_translations(reading: &mut Reading<'_>, push: &mut Value) {
    if !reading.typed.has(THERE) {
        return;
    }
    let before = push["translations"].take();
    let mut found = Map::new();
    for at in 0..reading.typed.rows(TRANSLATIONS) {
        let row = format!("{TRANSLATIONS}[{at}]");
        let text = |part: &str| reading.typed.get(&format!("{row}.{part}")).replace("\r\n", "\n");
        let language = text("language").trim().to_owned();
        let (title, body, url, buttons) = (text("title"), text("body"), text("url"), text("buttons"));
        let is_empty = [&language, &title, &body, &url, &buttons]
            .iter()
            .all(|text| text.trim().is_empty());
        if is_empty || reading.is_left_out(&row) {
            continue;
        }
        let mut refuse = |message: &str| {
            reading
                .faults
                .push(FieldError::new(format!("{row}.language"), message));
        };
        if language.is_empty() {
            refuse("Say which language this is, like de or pt-BR, or remove these words.");
            continue;
        }
        if found.contains_key(&language) {
            refuse("This language is there twice. Remove one of the two.");
            continue;
        }
        let mut words = json!({"title": title, "body": body});
        if let Some(url) = optional(&url) {
            words["url"] = json!(url);
        }
        let buttons: Vec<&str> = buttons.trim_end().lines().map(str::trim).collect();
        if !buttons.is_empty() {
            words["buttons"] = json!(buttons);
        }
        if let Some(direction) = before[&language].get("direction") {
            words["direction"] = direction.clone();
        }
        found.insert(language, words);
    }
    push["translations"] = Value::Object(found);
}

/// Faults of a language, told at the row in which it is typed.
pub(crate) fn at_inputs(typed: &Typed, faults: &mut [FieldError]) {
    for fault in faults {
        let Some(below) = fault
            .field
            .strip_prefix(TRANSLATIONS)
            .and_then(|rest| rest.strip_prefix('.'))
        else {
            continue;
        };
        let at = (0..typed.rows(TRANSLATIONS)).find_map(|at| {
            let language = typed.get(&format!("{TRANSLATIONS}[{at}].language")).trim();
            let part = below.strip_prefix(language).filter(|_| !language.is_empty())?;
            match part.strip_prefix('.') {
                Some(part) => Some(format!("{TRANSLATIONS}[{at}].{part}")),
                None => part.is_empty().then(|| format!("{TRANSLATIONS}[{at}].language")),
            }
        });
        if let Some(at) = at {
            fault.field = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::time::{Timestamp, Zone};

    #[test]
    fn rows_go_round_and_faults_find_theirs() {
        let mut typed = Typed::default();
        for (name, text) in [
            ("push.translations.there", "yes"),
            ("push.translations[0].language", " de "),
            ("push.translations[0].title", "Der Ofen ist offen"),
            ("push.translations[0].buttons", "Zeigen\r\n\r\n"),
            ("push.translations[1].language", ""),
            ("push.translations[3].language", "fr"),
            ("push.translations[3].title", "Le four est ouvert"),
        ] {
            typed.set(name, text);
        }
        let zone = Zone::utc();
        let mut reading = Reading::new(&typed, &zone, Timestamp(0));
        let mut push =
            json!({"translations": {"de": {"title": "Alt", "direction": "ltr"}, "it": {"title": "Via"}}});
        read_translations(&mut reading, &mut push);
        assert_eq!(reading.faults, Vec::new());
        assert_eq!(
            push["translations"],
            json!({
                "de": {"title": "Der Ofen ist offen", "body": "", "buttons": ["Zeigen"], "direction": "ltr"},
                "fr": {"title": "Le four est ouvert", "body": ""},
            })
        );
        let mut faults = [
            "push.translations.fr.title",
            "push.translations.de",
            "push.translations.fre.title",
            "push.title",
        ]
        .map(|field| FieldError::new(field, ""));
        at_inputs(&typed, &mut faults);
        assert_eq!(
            faults.map(|fault| fault.field),
            [
                "push.translations[3].title",
                "push.translations[0].language",
                "push.translations.fre.title",
                "push.title"
            ]
        );
    }

    #[test]
    fn a_language_without_a_name_or_named_twice_is_refused() {
        let mut typed = Typed::default();
        typed.set("push.translations.there", "yes");
        typed.set("push.translations[0].title", "Ciao");
        typed.set("push.translations[1].language", "de");
        typed.set("push.translations[2].language", "de");
        let zone = Zone::utc();
        let mut reading = Reading::new(&typed, &zone, Timestamp(0));
        read_translations(&mut reading, &mut json!({}));
        let fields: Vec<&str> = reading.faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            ["push.translations[0].language", "push.translations[2].language"]
        );
        // A form without the rows changes nothing.
        let typed = Typed::default();
        let mut reading = Reading::new(&typed, &zone, Timestamp(0));
        let mut push = json!({"translations": {"de": {"title": "Hallo"}}});
        let before = push.clone();
        read_translations(&mut reading, &mut push);
        assert_eq!(push, before);
    }
}
