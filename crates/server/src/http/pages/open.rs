//! "On my site": a page of the owner's, opened with a signed link, to see one message there or the overlay that says why.
//!
//! The answer to the form is a page that leads on by itself, not a redirect: the policy of our forms allows no other host as their target,
//! and a browser holds a redirect to be one. Left out: signing (`launch`). Invariant: leads only to origins that may speak for the account.

use super::desk::Desk;
use super::desk::host_of;
use super::icon::Icon;
use super::{Errors, Nav, Shell, Theme, asset};
use crate::http::error::Error;
use crate::launch::Purpose;
use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::Response;

/// The form, wherever it stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenForm {
    /// Where it goes.
    pub(crate) action: String,
    /// The address as typed, or a first guess.
    pub(crate) url: String,
    /// Whether one message can be shown as well as the overlay.
    pub(crate) message: bool,
    /// What was not accepted.
    pub(crate) errors: Errors,
}

/// The page that leads on.
#[derive(Debug, Template)]
#[template(path = "opening.html")]
pub(crate) struct OpeningPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Where it leads.
    pub(crate) url: String,
    /// The host, for the title.
    pub(crate) host: String,
    /// Until when the link lives.
    pub(crate) until: String,
}

/// Leads to the page; a fault of the field comes back as `Error::Fields`.
pub(crate) fn lead(desk: &Desk, nav: Nav, purpose: Purpose, url: &str) -> Result<Response, Error> {
    let (url, until) = desk.app.launch.page_link(&desk.site, purpose, url)?;
    let page = OpeningPage {
        shell: desk.shell(nav),
        host: host_of(&url.origin().ascii_serialization()).to_owned(),
        until: desk.told().clock(until),
        url: url.to_string(),
    };
    let mut response = desk.page(page);
    let refresh = HeaderValue::try_from(format!("0;url={url}")).expect("a URL is written in ASCII");
    response.headers_mut().insert(header::REFRESH, refresh);
    Ok(response)
}

/// A first guess for the field: the first origin's front page.
pub(crate) fn first_page(desk: &Desk) -> String {
    let origins = &desk.account().origins;
    origins
        .first()
        .map_or_else(String::new, |origin| format!("{}/", origin.as_str()))
}
