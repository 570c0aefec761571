//! A push for one recipient: the words of their language, filled with their data.
//!
//! Left out: the language of the texts ([`crate::liquid`]) and judging. Invariant: a message is filled wholly or not at all; nobody reads a
//! half-filled text, and a filled address is an address.

use super::PushMessage;
use crate::FieldError;
use crate::liquid::{Context, Lookup, Template};
pub use crate::popup::Unfillable;
use crate::popup::absolute_url;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What is known of a single sending beside its recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// The event that it follows: `event.name`, `event.props`.
    Event {
        /// Its name.
        name: String,
        /// Its properties.
        props: Map<String, Value>,
    },
    /// What a program sent along: `data`.
    Data(Map<String, Value>),
}

impl Given {
    /// The name in the texts.
    pub const EVENT: &'static str = "event";
    /// The name in the texts.
    pub const DATA: &'static str = "data";
}

/// A push whose texts are parsed, language by language.
#[derive(Debug, Clone)]
pub struct PreparedPush {
    own: Words,
    others: Vec<Words>,
}

#[derive(Debug, Clone)]
struct Words {
    message: PushMessage,
    texts: Vec<Template>,
}

impl PreparedPush {
    /// Parses all texts; what [`PushMessage::check`] finds nothing wrong with can be prepared.
    pub fn new(message: &PushMessage) -> Result<Self, FieldError> {
        let others = message
            .translations
            .iter()
            .map(|(language, words)| Words::new(message.translated(language, words)))
            .collect::<Result<_, _>>()?;
        let own = PushMessage {
            translations: std::collections::BTreeMap::new(),
            ..message.clone()
        };
        Ok(Self {
            own: Words::new(own)?,
            others,
        })
    }

    /// Whether everybody gets the same, so that nothing has to be known of a recipient.
    pub fn is_same_for_all(&self) -> bool {
        self.others.is_empty() && self.own.is_constant()
    }

    /// Whether a text, in any language, reads `name` or something in it.
    pub fn reads(&self, name: &str) -> bool {
        let of = |path: String| path.split('.').next() == Some(name);
        let mut texts = std::iter::once(&self.own)
            .chain(&self.others)
            .flat_map(|words| &words.texts);
        texts.any(|text| text.variables().into_iter().any(of))
    }

    /// The message for somebody who reads `language` (BCP 47, or empty), with the values of `scope`.
    pub fn fill(&self, language: &str, scope: &dyn Lookup) -> Result<Cow<'_, PushMessage>, Unfillable> {
        self.in_language(language).fill(scope)
    }

    /// The words that fit best: the very tag, then the language without its region, then those of the message itself.
    fn in_language(&self, wanted: &str) -> &Words {
        let base = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let same = |words: &&Words| words.message.language.eq_ignore_ascii_case(wanted);
        let near = |words: &&Words| base(&words.message.language) == base(wanted);
        let all = || std::iter::once(&self.own).chain(&self.others);
        all().find(same).or_else(|| all().find(near)).unwrap_or(&self.own)
    }
}

impl Words {
    fn new(mut message: PushMessage) -> Result<Self, FieldError> {
        let mut texts = Vec::new();
        each_text(&mut message, &mut |field, context, text| {
            let parsed = Template::parse(text, context)
                .map_err(|fault| FieldError::new(format!("push.{field}"), fault.to_string()))?;
            texts.push(parsed);
            Ok::<(), FieldError>(())
        })?;
        Ok(Self { message, texts })
    }

    fn is_constant(&self) -> bool {
        self.texts.iter().all(Template::is_constant)
    }

    fn fill(&self, scope: &dyn Lookup) -> Result<Cow<'_, PushMessage>, Unfillable> {
        if self.is_constant() {
            return Ok(Cow::Borrowed(&self.message));
        }
        let mut message = self.message.clone();
        let mut texts = self.texts.iter();
        each_text(&mut message, &mut |field, context, text| {
            let template = texts.next().expect("as many texts as were parsed");
            if template.is_constant() {
                return Ok(());
            }
            let field = || format!("push.{field}");
            let filled = template
                .render(scope)
                .map_err(|fault| Unfillable::new(field(), &fault))?;
            let refuse = |reason: String| Unfillable {
                field: field(),
                reason,
            };
            if matches!(context, Context::Url) {
                absolute_url(&filled).map_err(refuse)?;
            } else if field() == "push.title" && filled.trim().is_empty() {
                return Err(refuse(
                    "Nothing is left of the title. Give it a default.".to_owned(),
                ));
            }
            *text = filled;
            Ok(())
        })?;
        Ok(Cow::Owned(message))
    }
}

/// Visits every text, always in the same order, with its field and the context that it is put into.
pub(super) fn each_text<E>(
    message: &mut PushMessage,
    visit: &mut dyn FnMut(&str, Context, &mut String) -> Result<(), E>,
) -> Result<(), E> {
    visit("title", Context::Text, &mut message.title)?;
    visit("body", Context::Text, &mut message.body)?;
    visit("url", Context::Url, &mut message.url)?;
    for (field, text) in [
        ("icon", &mut message.icon),
        ("image", &mut message.image),
        ("badge", &mut message.badge),
    ] {
        if let Some(text) = text {
            visit(field, Context::Url, text)?;
        }
    }
    for (at, action) in message.actions.iter_mut().enumerate() {
        visit(&format!("actions.{at}.title"), Context::Text, &mut action.title)?;
        visit(&format!("actions.{at}.url"), Context::Url, &mut action.url)?;
    }
    for (key, value) in &mut message.kv {
        visit(&format!("kv.{key}"), Context::Text, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(language: &str, profile: Value) -> Result<(String, String, String), Unfillable> {
        let message: PushMessage = serde_json::from_value(json!({
            "title": "{{ profile.name | default: 'Hello' }}, the kiln is open", "body": "Twelve pots.",
            "url": "https://shop.example.com/{{ profile.city }}",
            "translations": {
                "de": {"title": "Der Ofen ist offen", "url": "https://shop.example.com/de"},
                "pt-BR": {"title": "O forno está aberto", "url": "https://shop.example.com/pt"},
            },
        }))
        .expect("a message");
        assert_eq!(message.check(None), Vec::new());
        let scope: Map<String, Value> = [("profile".to_owned(), profile)].into_iter().collect();
        let prepared = PreparedPush::new(&message).expect("parsed");
        assert!(!prepared.is_same_for_all());
        let message = prepared.fill(language, &scope)?.into_owned();
        Ok((message.title, message.url, message.language))
    }

    #[test]
    fn each_gets_their_own() {
        let own = |title: &str, url: &str, language: &str| {
            Ok((title.to_owned(), url.to_owned(), language.to_owned()))
        };
        assert_eq!(
            filled("en-GB", json!({"name": "Ada", "city": "St Ives"})),
            own(
                "Ada, the kiln is open",
                "https://shop.example.com/St%20Ives",
                "en"
            )
        );
        assert_eq!(
            filled("de-AT", json!({})),
            own("Der Ofen ist offen", "https://shop.example.com/de", "de")
        );
        assert_eq!(
            filled("pt-br", json!({})),
            own("O forno está aberto", "https://shop.example.com/pt", "pt-BR")
        );
        assert_eq!(
            filled("fr", json!({"city": "Brest"})),
            own("Hello, the kiln is open", "https://shop.example.com/Brest", "en")
        );
    }

    #[test]
    fn wholly_or_not_at_all() {
        let fault = filled("en", json!({"name": "Ada"})).expect_err("no city");
        assert_eq!(fault.field, "push.url");
        assert!(fault.reason.contains("profile.city"), "{fault}");
    }
}
