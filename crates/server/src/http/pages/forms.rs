//! The editors' forms: flat text in, the API's JSON out.
//!
//! [`PopupForm::to_json`] and [`PushForm::to_json`] make the JSON that `Definition::parse` and `Definition::check` judge: one rule for
//! dashboard and API. Left out: judging. Invariant: an input's name is the path that a fault is reported under, so each sentence finds
//! its field; what was typed is kept as it was typed.

use super::format;
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Definition};
use campanile_core::notification::Action;
use campanile_core::popup::{OnClick, Target};
use campanile_core::trigger::On;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The pop-up's form as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PopupForm {
    pub(crate) name: String,
    #[serde(rename = "popup.title")]
    pub(crate) title: String,
    #[serde(rename = "popup.text")]
    pub(crate) text: String,
    #[serde(rename = "popup.image.url")]
    pub(crate) image_url: String,
    #[serde(rename = "popup.image.alt")]
    pub(crate) image_alt: String,
    #[serde(rename = "popup.button")]
    pub(crate) button: String,
    /// `url`, `function` or `close`.
    #[serde(rename = "popup.on_click.do")]
    pub(crate) on_click: String,
    #[serde(rename = "popup.on_click.url")]
    pub(crate) url: String,
    /// `new` when ticked.
    #[serde(rename = "popup.on_click.target")]
    pub(crate) target: String,
    #[serde(rename = "popup.on_click.name")]
    pub(crate) function: String,
    /// `key = value` a line.
    #[serde(rename = "popup.kv")]
    pub(crate) kv: String,
    #[serde(rename = "popup.corner")]
    pub(crate) corner: String,
    #[serde(rename = "popup.theme")]
    pub(crate) theme: String,
    #[serde(rename = "popup.accent")]
    pub(crate) accent: String,
    #[serde(rename = "popup.ground")]
    pub(crate) ground: String,
    #[serde(rename = "popup.ink")]
    pub(crate) ink: String,
    #[serde(rename = "popup.radius")]
    pub(crate) radius: String,
    #[serde(rename = "popup.language")]
    pub(crate) language: String,
    /// `page` or `event`.
    #[serde(rename = "trigger.on")]
    pub(crate) trigger: String,
    #[serde(rename = "trigger.event")]
    pub(crate) event: String,
    /// `session` or `every`.
    #[serde(rename = "caps")]
    pub(crate) cap: String,
    #[serde(rename = "caps.session")]
    pub(crate) session: String,
    /// `start` to start after saving.
    pub(crate) then: String,
}

impl PopupForm {
    /// A new pop-up, with words that can be kept or replaced.
    pub(crate) fn fresh() -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            name: text("Untitled pop-up"),
            title: text("Welcome"),
            text: text("Something new stands on the shelf this week."),
            button: text("Take me there"),
            on_click: text("url"),
            url: text("/"),
            corner: text("bottom-right"),
            theme: text("auto"),
            accent: text("#2440c7"),
            ground: text("#ffffff"),
            ink: text("#14181f"),
            radius: text("16"),
            language: text("en"),
            trigger: text("page"),
            cap: text("session"),
            session: text("1"),
            ..Self::default()
        }
    }

    /// The form of a pop-up that is kept; `None` for a push.
    pub(crate) fn of(definition: &Definition) -> Option<Self> {
        let Body::Popup(plan) = &definition.body else {
            return None;
        };
        let (popup, trigger, caps) = (&plan.popup, &plan.trigger, &plan.caps);
        let mut form = Self {
            name: definition.name.clone(),
            title: popup.title.clone(),
            text: popup.text.clone(),
            image_url: popup
                .image
                .as_ref()
                .map(|image| image.url.clone())
                .unwrap_or_default(),
            image_alt: popup
                .image
                .as_ref()
                .map(|image| image.alt.clone())
                .unwrap_or_default(),
            button: popup.button.clone().unwrap_or_default(),
            kv: lines_of(&popup.kv),
            corner: plain(&json!(popup.corner)),
            theme: popup.theme.as_str().to_owned(),
            accent: popup.accent.to_string(),
            ground: popup.ground.to_string(),
            ink: popup.ink.to_string(),
            radius: popup.radius.unwrap_or(16).to_string(),
            language: popup.language.clone(),
            cap: if caps.session.is_some() {
                "session"
            } else {
                "every"
            }
            .to_owned(),
            session: caps.session.unwrap_or(1).to_string(),
            ..Self::default()
        };
        match &popup.on_click {
            OnClick::Url { url, target } => {
                "url".clone_into(&mut form.on_click);
                form.url.clone_from(url);
                if *target == Target::New {
                    "new".clone_into(&mut form.target);
                }
            }
            OnClick::Function { name } => {
                "function".clone_into(&mut form.on_click);
                form.function.clone_from(name);
            }
            OnClick::Prompt | OnClick::Close => "close".clone_into(&mut form.on_click),
        }
        match trigger.on {
            On::Page => "page".clone_into(&mut form.trigger),
            On::Event => {
                "event".clone_into(&mut form.trigger);
                form.event.clone_from(&trigger.event);
            }
        }
        Some(form)
    }

    /// The JSON of the API; lines of key-values and numbers that cannot be read are faults here.
    pub(crate) fn to_json(&self) -> Result<Value, FieldError> {
        let on_click = match self.on_click.as_str() {
            "url" => {
                json!({"do": "url", "url": self.url.trim(), "target": if self.target == "new" { "new" } else { "same" }})
            }
            "function" => json!({"do": "function", "name": self.function.trim()}),
            _ => json!({"do": "close"}),
        };
        let trigger = match self.trigger.as_str() {
            "event" => json!({"on": "event", "event": self.event.trim()}),
            _ => json!({"on": "page"}),
        };
        let session = match self.cap.as_str() {
            "every" => Value::Null,
            _ => json!(whole_number(
                "caps.session",
                &self.session,
                "Say how many times, for example 1."
            )?),
        };
        let image = optional(&self.image_url).map(|url| json!({"url": url, "alt": self.image_alt.trim()}));
        Ok(json!({
            "name": self.name, "kind": "popup",
            "popup": {
                "template": "box", "title": self.title, "text": self.text.replace("\r\n", "\n"), "image": image,
                "button": optional(&self.button), "on_click": on_click, "kv": key_values("popup.kv", &self.kv)?,
                "corner": self.corner, "theme": self.theme,
                "accent": colour("popup.accent", &self.accent)?, "ground": colour("popup.ground", &self.ground)?,
                "ink": colour("popup.ink", &self.ink)?,
                "radius": whole_number("popup.radius", &self.radius, "Give the radius in pixels, 0 to 32.")?.min(255),
                "language": self.language.trim(),
            },
            "trigger": trigger, "caps": {"session": session},
        }))
    }
}

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
        let Body::Push { push } = &definition.body else {
            return None;
        };
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

fn optional(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn whole_number(field: &str, text: &str, remedy: &str) -> Result<u32, FieldError> {
    text.trim()
        .parse()
        .map_err(|_| FieldError::new(field, format!("“{}” is not a number. {remedy}", text.trim())))
}

fn colour(field: &str, text: &str) -> Result<String, FieldError> {
    campanile_core::popup::Colour::parse(text.trim())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_popup_may_start_and_goes_round() {
        let form = PopupForm {
            kv: "size = 42\nsku=a=b".into(),
            target: "new".into(),
            ..PopupForm::fresh()
        };
        let definition = Definition::parse(form.to_json().expect("readable")).expect("parsed");
        assert!(definition.check().is_empty(), "{:?}", definition.check());
        let again = PopupForm::of(&definition).expect("a pop-up");
        assert_eq!(
            again.to_json().expect("readable"),
            form.to_json().expect("readable")
        );
        assert_eq!(again.kv, "size = 42\nsku = a=b");
        assert!(PushForm::of(&definition).is_none());
    }

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
        let check = |form: PopupForm, field: &str| {
            assert_eq!(form.to_json().expect_err(field).field, field);
        };
        check(
            PopupForm {
                accent: "red".into(),
                ..PopupForm::fresh()
            },
            "popup.accent",
        );
        check(
            PopupForm {
                radius: "round".into(),
                ..PopupForm::fresh()
            },
            "popup.radius",
        );
        check(
            PopupForm {
                kv: "just words".into(),
                ..PopupForm::fresh()
            },
            "popup.kv",
        );
        check(
            PopupForm {
                session: String::new(),
                ..PopupForm::fresh()
            },
            "caps.session",
        );
    }
}
