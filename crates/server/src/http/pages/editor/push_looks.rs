//! The looks of a push: one variant of it as somebody would see it in each browser, and what each of these ignores.
//!
//! Left out: what a browser shows (`campanile_core::notification::support`) and pixels (the style sheet). Invariant: texts and notes are those
//! of the same message.

use super::stage;
use crate::audience;
use crate::http::error::Error;
use crate::http::pages::desk::Desk;
use crate::store::subscriptions::Subscriber;
use campanile_core::id::Ordinal;
use campanile_core::notification::{Given, PreparedPush, PushMessage, support};
use campanile_core::push_plan::PushPlan;
use serde::Serialize;
use std::collections::BTreeMap;

/// Events of somebody that are looked through for the last one that a push follows.
const LOOKED_BACK: usize = 200;

/// As whom the looks are shown, and which of the variants.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen<'a> {
    /// An identity, or nobody in particular.
    pub(super) whom: &'a str,
    /// The language of their browser, if it is to be another one.
    pub(super) language: &'a str,
    /// Which variant, 0 for A.
    pub(super) variant: usize,
}

/// What the looks show; the page and its script are told the same.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Look {
    /// Texts and pictures by the name of A's input, where they are not what is typed there: a personal text filled, another variant's.
    pub(crate) shown: BTreeMap<String, String>,
    /// Whether people read different words.
    pub(crate) personal: bool,
    /// What each browser ignores or cuts, by the browser's key; empty while the form cannot be read.
    pub(crate) notes: BTreeMap<&'static str, Vec<String>>,
}

impl Look {
    /// A text as it is shown.
    pub(crate) fn text<'a>(&'a self, name: &str, typed: &'a str) -> &'a str {
        self.shown.get(name).map_or(typed, String::as_str)
    }

    /// What a browser ignores.
    pub(crate) fn notes_of(&self, key: &str) -> &[String] {
        self.notes.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether it is known that a browser ignores nothing.
    pub(crate) fn is_whole(&self, key: &str) -> bool {
        self.notes.get(key).is_some_and(Vec::is_empty)
    }

    pub(super) async fn new(desk: &Desk, plan: &PushPlan, seen: Seen<'_>) -> Result<Self, Error> {
        let message = plan.variant(seen.variant);
        let prepared = PreparedPush::new(message).ok();
        let same = prepared.as_ref().is_none_or(PreparedPush::is_same_for_all);
        let mut filled = None;
        if let Some(prepared) = prepared.filter(|_| !same) {
            let (mut device, profile) = stage::person(desk, seen.whom).await?;
            if !seen.language.is_empty() {
                seen.language.clone_into(&mut device.state.language);
            }
            let given = given(desk, plan, profile.ordinal).await?;
            let somebody = Subscriber { device, profile };
            let words = audience::fill(&desk.site, &prepared, &somebody, given.as_ref(), desk.now);
            filled = words.ok().map(std::borrow::Cow::into_owned);
        }
        let read = filled.as_ref().unwrap_or(message);
        Ok(Self {
            shown: if filled.is_some() || seen.variant > 0 {
                texts(read)
            } else {
                BTreeMap::new()
            },
            personal: !same,
            notes: support::notes(read),
        })
    }
}

/// All that a look shows of a message.
fn texts(message: &PushMessage) -> BTreeMap<String, String> {
    let picture = |address: &Option<String>| address.clone().unwrap_or_default();
    let mut texts = BTreeMap::from([
        ("push.title".to_owned(), message.title.clone()),
        ("push.body".to_owned(), message.body.clone()),
        ("push.icon".to_owned(), picture(&message.icon)),
        ("push.image".to_owned(), picture(&message.image)),
        ("push.badge".to_owned(), picture(&message.badge)),
    ]);
    for (at, action) in message.actions.iter().enumerate() {
        texts.insert(format!("push.actions.{at}.title"), action.title.clone());
    }
    texts
}

/// What a message of a plan would be given: the sample of a program's data, or what somebody did last of the event that it follows.
async fn given(desk: &Desk, plan: &PushPlan, person: Ordinal) -> Result<Option<Given>, Error> {
    if let Some(request) = &plan.on_request {
        return Ok(Some(Given::Data(request.sample.clone())));
    }
    let Some(on_event) = &plan.on_event else {
        return Ok(None);
    };
    let store = &desk.app.store;
    let done = store
        .timeline(&desk.account().id, &[person], desk.now, LOOKED_BACK)
        .await?;
    let props = done
        .into_iter()
        .find(|event| event.name == on_event.event)
        .map(|event| event.props);
    Ok(Some(Given::Event {
        name: on_event.event.clone(),
        props: props.unwrap_or_default(),
    }))
}
