//! What texts can say of a visitor: the names of Liquid.
//!
//! `profile`, `event`, `page`, `visit`, `site`, `now`. Left out: the language. Invariant: names only what rules can ask about, too.

use super::{Moment, Visitor};
use crate::liquid::Lookup;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::cell::OnceCell;

/// The top-level names.
const NAMES: [&str; 7] = ["profile", "event", "page", "visit", "site", "now", "data"];

/// The visitor's data for texts. What a text asks for is made once, for all texts of a decision.
#[derive(Debug, Clone)]
pub struct Words<'a> {
    visitor: &'a Visitor<'a>,
    event: Option<(&'a str, &'a Map<String, Value>)>,
    data: Option<&'a Map<String, Value>>,
    known: [OnceCell<Option<Value>>; NAMES.len()],
}

impl<'a> Words<'a> {
    /// Of a visitor at a moment.
    pub fn new(visitor: &'a Visitor<'a>, moment: Moment<'a>) -> Self {
        let event = match moment {
            Moment::Page => None,
            Moment::Event(name, props) => Some((name, props)),
            Moment::Due(_, event) => event,
        };
        Self {
            visitor,
            event,
            data: None,
            known: Default::default(),
        }
    }

    /// With what a program sent along for this recipient.
    #[must_use]
    pub fn with_data(self, data: &'a Map<String, Value>) -> Self {
        Self {
            data: Some(data),
            ..self
        }
    }

    fn make(&self, name: &str) -> Option<Value> {
        let facts = &self.visitor.facts;
        Some(match name {
            "profile" => Value::Object(facts.properties.clone()),
            "event" => {
                let (name, props) = self.event?;
                json!({"name": name, "props": props})
            }
            "page" => {
                let query: Map<String, Value> = facts
                    .page
                    .url
                    .split_once('?')
                    .map(|(_, query)| {
                        let query = query.split('#').next().unwrap_or_default();
                        url::form_urlencoded::parse(query.as_bytes())
                            .map(|(key, value)| (key.into_owned(), Value::String(value.into_owned())))
                            .collect()
                    })
                    .unwrap_or_default();
                json!({
                    "url": facts.page.url, "path": facts.page.path, "title": facts.page.title,
                    "referrer": facts.page.referrer, "query": query,
                })
            }
            "visit" => json!({
                "page": facts.page.number, "session": facts.page.session, "device": facts.device.kind,
                "country": facts.device.country, "utm": facts.utm,
            }),
            "site" => json!({"name": self.visitor.site_name}),
            "now" => json!(facts.now.ms()),
            "data" => Value::Object(self.data?.clone()),
            _ => return None,
        })
    }
}

impl Lookup for Words<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        let at = NAMES.iter().position(|known| *known == name)?;
        self.known[at]
            .get_or_init(|| self.make(name))
            .as_ref()
            .map(Cow::Borrowed)
    }
}
