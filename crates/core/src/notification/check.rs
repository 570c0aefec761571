//! What an owner must mend before a push may be sent.
//!
//! Left out: shape (serde) and whom it is for. Invariant: each fault names the field of the API and says the remedy; what passes and is the
//! same for everybody fits one record.

use super::fill::each_text;
use super::{Action, Given, MAX_PAYLOAD_BYTES, MAX_TTL_SECONDS, PushMessage, Translation};
use crate::FieldError;
use crate::liquid;
use crate::popup::absolute_url;

/// Most translations of one message.
const MOST_LANGUAGES: usize = 40;
/// Most steps of a vibration, and the longest of them in milliseconds.
const MOST_STEPS: usize = 10;
const LONGEST_STEP: u16 = 2_000;

impl PushMessage {
    /// All that is wrong with the message, in the order of its fields; empty when it may be sent. `given` is the name that its texts may read
    /// beside those of every push.
    pub fn check(&self, given: Option<&str>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        words("push", &self.title, &self.body, &mut errors);
        address("push.url", &self.url, &mut errors);
        for (field, text) in [
            ("push.icon", &self.icon),
            ("push.image", &self.image),
            ("push.badge", &self.badge),
        ] {
            if let Some(text) = text {
                address(field, text, &mut errors);
            }
        }
        self.check_actions(&mut errors);
        self.check_manner(&mut errors);
        if self.translations.len() > MOST_LANGUAGES {
            errors.push(FieldError::new(
                "push.translations",
                format!("{MOST_LANGUAGES} translations are the most. Remove some."),
            ));
        }
        for (language, words) in &self.translations {
            self.check_translation(language, words, given, &mut errors);
        }
        check_templates("push", self, given, &mut errors);
        if errors.is_empty() {
            let translated = self
                .translations
                .iter()
                .map(|(language, words)| self.translated(language, words));
            let bytes = std::iter::once(self.largest_payload_bytes())
                .chain(translated.map(|message| message.largest_payload_bytes()))
                .max()
                .unwrap_or_default();
            if bytes > MAX_PAYLOAD_BYTES {
                errors.push(FieldError::new(
                    "push",
                    format!("{bytes} bytes is too large; the limit is {MAX_PAYLOAD_BYTES}. Shorten the text or drop key-values."),
                ));
            }
        }
        errors
    }

    fn check_actions(&self, errors: &mut Vec<FieldError>) {
        if self.actions.len() > 3 {
            errors.push(FieldError::new(
                "push.actions",
                "Browsers show two buttons, some three. Remove one.",
            ));
        }
        for (index, Action { action, title, url }) in self.actions.iter().enumerate() {
            let field = |name: &str| format!("push.actions.{index}.{name}");
            let named = (1..=32).contains(&action.len())
                && action
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte));
            if !named {
                let message = "A button's name has 1 to 32 of a-z, 0-9, - and _.";
                errors.push(FieldError::new(field("action"), message));
            } else if self.actions[..index].iter().any(|other| other.action == *action) {
                let message = "Another button has this name, so clicks could not be told apart. Change one.";
                errors.push(FieldError::new(field("action"), message));
            }
            if title.trim().is_empty() || is_longer(title, 40) {
                let message = "A button needs words, at most 40 characters.";
                errors.push(FieldError::new(field("title"), message));
            }
            address(&field("url"), url, errors);
        }
    }

    fn check_manner(&self, errors: &mut Vec<FieldError>) {
        if self.ttl_seconds > MAX_TTL_SECONDS {
            errors.push(FieldError::new(
                "push.ttl_seconds",
                "Push services keep a message for at most 28 days (2419200 seconds).",
            ));
        }
        if self.tag.as_ref().is_some_and(|tag| tag.chars().count() > 64) {
            errors.push(FieldError::new(
                "push.tag",
                "The tag is longer than 64 characters. Shorten it.",
            ));
        }
        if self
            .topic
            .as_ref()
            .is_some_and(|topic| topic.trim().is_empty() || topic.chars().count() > 64)
        {
            errors.push(FieldError::new(
                "push.topic",
                "A topic has 1 to 64 characters. Leave it out for none.",
            ));
        }
        if self.vibrate.len() > MOST_STEPS || self.vibrate.iter().any(|step| *step > LONGEST_STEP) {
            errors.push(FieldError::new(
                "push.vibrate",
                format!("At most {MOST_STEPS} steps of at most {LONGEST_STEP} ms."),
            ));
        } else if self.silent && !self.vibrate.is_empty() {
            // The Notifications standard has browsers throw a TypeError for the two together: nothing would be shown.
            errors.push(FieldError::new(
                "push.vibrate",
                "A silent notification does not vibrate. Remove one of the two.",
            ));
        }
        if self.silent && self.renotify {
            errors.push(FieldError::new(
                "push.renotify",
                "A silent notification cannot sound again. Remove one of the two.",
            ));
        }
    }

    fn check_translation(
        &self,
        language: &str,
        translation: &Translation,
        given: Option<&str>,
        errors: &mut Vec<FieldError>,
    ) {
        let field = format!("push.translations.{language}");
        let is_tag = language.split('-').enumerate().all(|(at, part)| {
            let length = if at == 0 { 2..=3 } else { 1..=8 };
            length.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if !is_tag {
            let message = "A language is written like de or pt-BR.";
            errors.push(FieldError::new(field.clone(), message));
        }
        words(&field, &translation.title, &translation.body, errors);
        if let Some(url) = &translation.url {
            address(&format!("{field}.url"), url, errors);
        }
        if translation.buttons.len() > self.actions.len() {
            let message = "There are more words than buttons. Remove some.";
            errors.push(FieldError::new(format!("{field}.buttons"), message));
        }
        if translation.buttons.iter().any(|title| is_longer(title, 40)) {
            let message = "A button has at most 40 characters.";
            errors.push(FieldError::new(format!("{field}.buttons"), message));
        }
        check_templates(&field, &self.translated(language, translation), given, errors);
    }
}

fn words(field: &str, title: &str, body: &str, errors: &mut Vec<FieldError>) {
    if title.trim().is_empty() {
        let message = "A notification needs a title. Write one.";
        errors.push(FieldError::new(format!("{field}.title"), message));
    } else if is_longer(title, 120) {
        let message = "The title is longer than 120 characters. Shorten it.";
        errors.push(FieldError::new(format!("{field}.title"), message));
    }
    if is_longer(body, 500) {
        let message = "The text is longer than 500 characters. Shorten it.";
        errors.push(FieldError::new(format!("{field}.body"), message));
    }
}

/// An address without Liquid is judged now; one with it when it is filled.
fn address(field: &str, text: &str, errors: &mut Vec<FieldError>) {
    if !has_liquid(text)
        && let Err(problem) = absolute_url(text)
    {
        errors.push(FieldError::new(field, problem));
    }
}

/// Whether a text that everybody gets as it stands is too long.
fn is_longer(text: &str, most: usize) -> bool {
    !has_liquid(text) && text.chars().count() > most
}

fn has_liquid(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// Faults of Liquid, and names that mean nothing here: there is no page, and an event or data only with some pushes.
fn check_templates(prefix: &str, message: &PushMessage, given: Option<&str>, errors: &mut Vec<FieldError>) {
    let mut texts = message.clone();
    let parsed: Result<(), std::convert::Infallible> = each_text(&mut texts, &mut |field, context, text| {
        let field = format!("{prefix}.{field}");
        match liquid::Template::parse(text, context) {
            Err(fault) => errors.push(FieldError::new(field, fault.to_string())),
            Ok(template) => {
                let stray = template.variables().into_iter().find(|path| {
                    let name = path.split('.').next().unwrap_or_default();
                    ["page", Given::EVENT, Given::DATA].contains(&name) && given != Some(name)
                });
                if let Some(path) = stray {
                    let also = given.map_or_else(String::new, |name| format!("{name}, "));
                    let message = format!(
                        "{path} is not known when this push is sent. Use {also}profile, visit, site or now."
                    );
                    errors.push(FieldError::new(field, message));
                }
            }
        }
        Ok(())
    });
    parsed.unwrap_or_else(|never| match never {});
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn faults(changes: &Value) -> Vec<String> {
        let mut message = json!({
            "title": "The kiln is open", "url": "https://shop.example.com/new",
            "actions": [{"action": "new", "title": "See them", "url": "https://shop.example.com/new"}],
        });
        for (key, value) in changes.as_object().expect("fields") {
            message[key] = value.clone();
        }
        let message: PushMessage = serde_json::from_value(message).expect("a message");
        message.check(None).into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn every_fault_names_its_field() {
        let none: [&str; 0] = [];
        assert_eq!(faults(&json!({})), none);
        assert_eq!(
            faults(&json!({
                "title": " ", "url": "/relative", "image": "javascript:alert(1)", "ttl_seconds": MAX_TTL_SECONDS + 1,
                "actions": [{"action": "Über", "title": "See them", "url": "https://shop.example.com/new"}],
            })),
            [
                "push.title",
                "push.url",
                "push.image",
                "push.actions.0.action",
                "push.ttl_seconds"
            ]
        );
        assert_eq!(faults(&json!({"kv": {"k": "x".repeat(4000)}})), ["push"]);
        assert_eq!(
            faults(&json!({"silent": true, "vibrate": [200]})),
            ["push.vibrate"]
        );
        assert_eq!(
            faults(&json!({"silent": true, "renotify": true})),
            ["push.renotify"]
        );
        assert_eq!(
            faults(
                &json!({"translations": {"deutsch": {"title": ""}, "de": {"title": "Der Ofen", "buttons": ["a", "b"]}}})
            ),
            [
                "push.translations.de.buttons",
                "push.translations.deutsch",
                "push.translations.deutsch.title"
            ]
        );
        let large = json!({"translations": {"de": {"title": "Der Ofen", "body": "ü".repeat(500)}}, "kv": {"k": "x".repeat(2500)}});
        assert_eq!(faults(&large), ["push"], "the largest of the languages counts");
    }

    #[test]
    fn personal_texts_are_judged_where_they_stand() {
        let none: [&str; 0] = [];
        let good = json!({"title": "{{ profile.first_name | default: 'Hello' }}, the kiln is open", "url": "https://shop.example.com/{{ profile.city }}"});
        assert_eq!(faults(&good), none);
        assert_eq!(faults(&json!({"title": "{{ profile.first_name"})), ["push.title"]);
        assert_eq!(faults(&json!({"body": "From {{ page.url }}"})), ["push.body"]);
        assert_eq!(
            faults(&json!({"translations": {"de": {"title": "{{ event.name }}"}}})),
            ["push.translations.de.title"]
        );
    }
}
