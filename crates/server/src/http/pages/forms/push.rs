//! The push composer's form: flat text in, the API's JSON out.
//!
//! Left out: judging (`Definition::check`). Invariant: an input's name is the path that a fault is reported under; what was typed is
//! kept as it was typed.

use super::{key_values, lines_of, optional, whole_number};
use crate::http::pages::format;
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Definition};
use campanile_core::notification::Action;
use serde::Deserialize;
use serde_json::{Value, json};

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
    #[serde(rename = "push.actions.0.title")]
    pub(crate) first_title: String,
    #[serde(rename = "push.actions.0.url")]
    pub(crate) first_url: String,
    #[serde(rename = "push.actions.1.title")]
    pub(crate) second_title: String,
    #[serde(rename = "push.actions.1.url")]
    pub(crate) second_url: String,
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
    #[serde(rename = "push.language")]
    pub(crate) language: String,
    /// `key = value` a line.
    #[serde(rename = "push.kv")]
    pub(crate) kv: String,
    /// `start` to send after saving.
    pub(crate) then: String,
}

impl PushForm {
    /// A new push; `home` is the site's address, where a click leads until it is changed.
    pub(crate) fn fresh(home: &str) -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            name: text("Untitled push"),
            url: text(home),
            ttl: text("86400"),
            urgency: text("normal"),
            language: text("en"),
            ..Self::default()
        }
    }

    /// The form of a push that is kept; `None` for a pop-up.
    pub(crate) fn of(definition: &Definition) -> Option<Self> {
        let Body::Push(plan) = &definition.body else {
            return None;
        };
        let push = &plan.push;
        let tick = |on: bool| if on { "yes" } else { "" }.to_owned();
        let action = |place: usize| push.actions.get(place).cloned();
        let words = |action: Option<Action>| {
            action
                .map(|action| (action.title, action.url))
                .unwrap_or_default()
        };
        let ((first_title, first_url), (second_title, second_url)) = (words(action(0)), words(action(1)));
        Some(Self {
            name: definition.name.clone(),
            title: push.title.clone(),
            body: push.body.clone(),
            url: push.url.clone(),
            icon: push.icon.clone().unwrap_or_default(),
            image: push.image.clone().unwrap_or_default(),
            badge: push.badge.clone().unwrap_or_default(),
            first_title,
            first_url,
            second_title,
            second_url,
            ttl: push.ttl_seconds.to_string(),
            urgency: push.urgency.as_str().to_owned(),
            tag: push.tag.clone().unwrap_or_default(),
            stays: tick(push.require_interaction),
            silent: tick(push.silent),
            language: push.language.clone(),
            kv: lines_of(&push.kv),
            then: String::new(),
        })
    }

    /// The JSON of the API; lines of key-values and numbers that cannot be read are faults here.
    pub(crate) fn to_json(&self) -> Result<Value, FieldError> {
        let mut actions = Vec::new();
        for (name, title, url) in [
            ("first", &self.first_title, &self.first_url),
            ("second", &self.second_title, &self.second_url),
        ] {
            if !(title.trim().is_empty() && url.trim().is_empty()) {
                let url = if url.trim().is_empty() {
                    self.url.trim()
                } else {
                    url.trim()
                };
                actions.push(json!({"action": name, "title": title.trim(), "url": url}));
            }
        }
        Ok(json!({
            "name": self.name, "kind": "push",
            "push": {
                "title": self.title, "body": self.body.replace("\r\n", "\n"), "url": self.url.trim(),
                "icon": optional(&self.icon), "image": optional(&self.image), "badge": optional(&self.badge),
                "actions": actions, "tag": optional(&self.tag),
                "require_interaction": self.stays == "yes", "silent": self.silent == "yes",
                "language": self.language.trim(),
                "ttl_seconds": whole_number("push.ttl_seconds", &self.ttl, "Choose how long it is kept.")?,
                "urgency": self.urgency, "kv": key_values("push.kv", &self.kv)?,
            },
        }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_goes_round() {
        let form = PushForm {
            title: "The kiln is open".into(),
            second_title: "See them".into(),
            silent: "yes".into(),
            ..PushForm::fresh("https://shop.example.com/")
        };
        let definition = Definition::parse(form.to_json().expect("readable")).expect("parsed");
        assert!(definition.check().is_empty(), "{:?}", definition.check());
        let again = PushForm::of(&definition).expect("a push");
        assert_eq!(
            (again.first_title.as_str(), again.silent.as_str()),
            ("See them", "yes")
        );
    }

    #[test]
    fn what_cannot_be_read_names_its_input() {
        let form = PushForm {
            kv: "just words".into(),
            ..PushForm::fresh("https://shop.example.com/")
        };
        assert_eq!(form.to_json().expect_err("no key").field, "push.kv");
    }
}
