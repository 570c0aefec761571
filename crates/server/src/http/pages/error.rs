//! A page that could not be made: what happened, what is safe, what to do.
//!
//! Left out: deciding what went wrong (`http::Error`). Invariant: it can be shown with or without somebody being signed in.

use super::icon::Icon;
use super::{Nav, Shell, Theme, asset};
use askama::Template;

/// What an error page says.
#[derive(Debug, Clone)]
pub(crate) struct ErrorWords {
    /// Title, for example `This page could not be made`.
    pub(crate) title: String,
    /// What happened, one or two sentences.
    pub(crate) happened: String,
    /// What was kept, if anything was at stake.
    pub(crate) kept: Option<String>,
    /// What to do.
    pub(crate) to_do: String,
    /// Code and request id, to be copied.
    pub(crate) support: String,
    /// Words and address of the way out.
    pub(crate) way_out: (String, String),
    /// Whether asking again may help.
    pub(crate) again: bool,
}

/// For a signed-in user.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// What it says.
    pub(crate) words: ErrorWords,
}

/// For anybody else.
#[derive(Debug, Template)]
#[template(path = "error_door.html")]
pub(crate) struct ErrorDoorPage {
    /// What it says.
    pub(crate) words: ErrorWords,
    /// Light or dark.
    pub(crate) theme: Theme,
    /// This answer's nonce.
    pub(crate) nonce: String,
}
