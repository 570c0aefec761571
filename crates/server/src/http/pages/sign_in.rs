//! Signing in: by password, and the first time by the one-time link that the server prints.
//!
//! Left out: sessions and hashing. Invariant: a password is never written back into the form.

use super::{Errors, Theme, asset, icon::Icon};
use askama::Template;

/// Sign in with e-mail and password.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    /// Host of this server.
    pub(crate) host: String,
    /// What was typed.
    pub(crate) email: String,
    /// Where to go afterwards: a path of this server.
    pub(crate) next: String,
    /// What did not work; field `sign_in` for the pair of e-mail and password.
    pub(crate) errors: Errors,
    /// Light or dark.
    pub(crate) theme: Theme,
    /// The form's token.
    pub(crate) csrf: String,
    /// This answer's nonce.
    pub(crate) nonce: String,
}

/// First start: the holder of the link becomes the administrator.
#[derive(Debug, Template)]
#[template(path = "first_sign_in.html")]
pub(crate) struct FirstSignInPage {
    /// Host of this server.
    pub(crate) host: String,
    /// The one-time link's path, where the form goes.
    pub(crate) action: String,
    /// What was typed.
    pub(crate) email: String,
    /// What was not accepted.
    pub(crate) errors: Errors,
    /// Light or dark.
    pub(crate) theme: Theme,
    /// The form's token.
    pub(crate) csrf: String,
    /// This answer's nonce.
    pub(crate) nonce: String,
}
