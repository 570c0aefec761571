//! Engage > Channels > Asking for push: how the question looks, and where the worker stands, where a page does not say.
//!
//! Left out: drawing it, which the SDK does in the preview as on the site; its words, which are the page's. Invariant: what is not chosen
//! stays the SDK's own.

use super::desk::{Desk, Sent, Signed, fields, said};
use super::icon::Icon;
use super::settings::Room;
use super::{Errors, Nav, Said, Shell, Theme, asset};
use crate::http::error::Error;
use askama::Template;
use axum::response::Response;
use campanile_core::account::Settings;
use campanile_core::asking::Asking;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Where this page is.
pub(super) const HERE: &str = "/settings/engage/prompts";

/// The looks, by the names that pages use.
const STYLES: [(&str, &str); 4] = [
    ("", "the dialog at the top"),
    ("center", "in the middle, over the page"),
    ("card", "a card"),
    ("bell", "a bell that waits to be pressed"),
];
const POSITIONS: [(&str, &str); 8] = [
    ("", "where it usually stands"),
    ("top-left", "top left"),
    ("top", "top"),
    ("top-right", "top right"),
    ("center", "in the middle"),
    ("bottom-left", "bottom left"),
    ("bottom", "bottom"),
    ("bottom-right", "bottom right"),
];
const THEMES: [(&str, &str); 3] = [
    ("", "as the visitor prefers"),
    ("light", "light"),
    ("dark", "dark"),
];

/// The page.
#[derive(Debug, Template)]
#[template(path = "settings_prompts.html")]
pub(crate) struct PromptsPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Its entry.
    pub(crate) room: Room,
    /// What is typed or kept, by the field's name below `prompts.`.
    pub(crate) typed: Value,
    /// What was not accepted.
    pub(crate) errors: Errors,
}

impl PromptsPage {
    /// The page with what is kept.
    pub(crate) fn new(shell: Shell, kept: &Asking, errors: Errors) -> Self {
        Self {
            room: Room::Prompts,
            typed: json!(kept),
            errors,
            shell,
        }
    }

    fn text(&self, name: &str) -> &str {
        self.typed[name].as_str().unwrap_or_default()
    }

    /// The frame's document: the looks' script and nothing else.
    fn frame(&self) -> String {
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Preview</title><meta name=\"color-scheme\" content=\"light dark\"><body><script src=\"{}\" nonce=\"{}\"></script>",
            asset::url("looks.js"),
            self.shell.nonce
        )
    }
}

/// The page at `/settings/engage/prompts`.
pub(crate) async fn show(desk: Desk) -> Response {
    let kept = &desk.account().settings.prompts;
    desk.page(PromptsPage::new(
        desk.shell(Nav::Settings),
        kept,
        Errors::default(),
    ))
}

/// Takes it.
pub(crate) async fn save(Signed { desk, form }: Signed) -> Response {
    desk.tell(saved(&desk, &form).await)
}

async fn saved(desk: &Desk, form: &Sent) -> Result<Response, Error> {
    let text = |name: &str| form.get(&format!("prompts.{name}")).trim().to_owned();
    let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let look = Asking {
        style: one_of(&text("style")),
        position: one_of(&text("position")),
        theme: one_of(&text("theme")),
        color: some("color"),
        icon_url: some("icon_url"),
        worker_path: some("worker_path"),
        worker_scope: some("worker_scope"),
    };
    let settings = Settings {
        prompts: look.clone(),
        ..desk.account().settings.clone()
    };
    let account = &desk.account().id;
    let changed = desk
        .app
        .launch
        .change_account(account, None, None, None, Some(settings))
        .await;
    match changed {
        Ok(_) => Ok(said(HERE, Said::Saved)),
        Err(fault) => {
            let errors = fields(fault.into())?;
            Ok(desk.again(PromptsPage::new(desk.shell(Nav::Settings), &look, errors)))
        }
    }
}

/// The choice of that name; none where it is left to the SDK.
fn one_of<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(json!(name)).ok()
}
