//! Signing in: by password, and the first time by the one-time link that the server prints.
//!
//! Left out: sessions and hashing (`http::session`). Invariant: a password is never written back into the form, and a link is used up by
//! a button, not by looking at it (mail scanners and previews look at links).

use super::desk::{AtTheDoor, Desk, at_the_door, fields, nonce, own_path, theme};
use super::icon::Icon;
use super::{Errors, Page, Theme, asset};
use crate::app::App;
use crate::http::error::Error;
use crate::http::extract::{Asked, base, is_secure};
use crate::http::pages::desk::{Signed, host_of};
use crate::http::session;
use crate::secret;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use campanile_core::FieldError;
use campanile_core::id::Id;
use serde::Deserialize;

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
    /// What did not work.
    pub(crate) errors: Errors,
    /// Light or dark.
    pub(crate) theme: Theme,
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
    /// This answer's nonce.
    pub(crate) nonce: String,
}

/// A one-time link of somebody who is known.
#[derive(Debug, Template)]
#[template(path = "link_sign_in.html")]
pub(crate) struct LinkSignInPage {
    /// Host of this server.
    pub(crate) host: String,
    /// The one-time link's path, where the form goes.
    pub(crate) action: String,
    /// Light or dark.
    pub(crate) theme: Theme,
    /// This answer's nonce.
    pub(crate) nonce: String,
}

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NextQuery {
    next: String,
}

fn sign_in_page(app: &App, headers: &HeaderMap, email: &str, next: &str, errors: Errors) -> Page<SignInPage> {
    let nonce = nonce();
    let status = if errors.none() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = SignInPage {
        host: host_of(&base(app, headers)).to_owned(),
        email: email.to_owned(),
        next: own_path(next).to_owned(),
        errors,
        theme: theme(headers),
        nonce: nonce.clone(),
    };
    Page {
        status,
        nonce,
        body: page,
    }
}

/// The page at `/sign-in`; whoever is signed in already goes on.
pub(crate) async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Asked(asked): Asked<NextQuery>,
) -> Response {
    match session::current(&app, &headers).await {
        Ok(Some(_)) => Redirect::to(own_path(&asked.next)).into_response(),
        Ok(None) => sign_in_page(&app, &headers, "", &asked.next, Errors::default()).into_response(),
        Err(fault) => at_the_door(&headers, fault, app.clock.now()),
    }
}

/// Takes e-mail and password.
pub(crate) async fn sign_in(State(app): State<App>, AtTheDoor { headers, form }: AtTheDoor) -> Response {
    let (email, next) = (form.get("email"), form.get("next"));
    let fault = match session::sign_in(&app, email, form.get("password"), is_secure(&app, &headers)).await {
        Ok(cookie) => return go_in(own_path(next), cookie),
        Err(fault) => fault,
    };
    let sentence = match fault {
        Error::Fields(faults) => faults
            .into_iter()
            .map(|fault| fault.message)
            .next()
            .unwrap_or_default(),
        Error::TooMany(seconds) => format!(
            "Too many tries. Wait {} min, then try again.",
            seconds.div_ceil(60)
        ),
        other => return at_the_door(&headers, other, app.clock.now()),
    };
    sign_in_page(
        &app,
        &headers,
        email,
        next,
        Errors(vec![FieldError::new("sign_in", sentence)]),
    )
    .into_response()
}

/// The page of a one-time link.
pub(crate) async fn link(State(app): State<App>, headers: HeaderMap, Path(token): Path<String>) -> Response {
    link_page(&app, &headers, &token)
        .await
        .unwrap_or_else(|fault| at_the_door(&headers, fault, app.clock.now()))
}

async fn link_page(app: &App, headers: &HeaderMap, token: &str) -> Result<Response, Error> {
    let nonce = nonce();
    let (host, action, theme) = (
        host_of(&base(app, headers)).to_owned(),
        format!("/sign-in/{token}"),
        theme(headers),
    );
    if owner(app, token).await?.is_none() {
        return Ok(first_page(app, headers, token, "", Errors::default()).into_response());
    }
    Ok(Page::ok(
        &nonce,
        LinkSignInPage {
            host,
            action,
            theme,
            nonce: nonce.clone(),
        },
    )
    .into_response())
}

fn first_page(
    app: &App,
    headers: &HeaderMap,
    token: &str,
    email: &str,
    errors: Errors,
) -> Page<FirstSignInPage> {
    let nonce = nonce();
    let status = if errors.none() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = FirstSignInPage {
        host: host_of(&base(app, headers)).to_owned(),
        action: format!("/sign-in/{token}"),
        email: email.to_owned(),
        errors,
        theme: theme(headers),
        nonce: nonce.clone(),
    };
    Page {
        status,
        nonce,
        body: page,
    }
}

/// Whose link it is; `None` for the administrator to be made.
async fn owner(app: &App, token: &str) -> Result<Option<Id>, Error> {
    let open = app.store.open_link(secret::hash(token), app.clock.now()).await?;
    open.ok_or_else(|| Error::Forbidden {
        code: "link_used",
        message: "This link was used already or is too old. Sign in with your password, or make a new link with `campanile account sign-in-link`.".to_owned(),
    })
}

/// Uses a one-time link up.
pub(crate) async fn use_link(
    State(app): State<App>,
    Path(token): Path<String>,
    AtTheDoor { headers, form }: AtTheDoor,
) -> Response {
    let secure = is_secure(&app, &headers);
    let email = form.get("email");
    let used = async {
        match owner(&app, &token).await? {
            Some(user) => session::sign_in_by_link(&app, &token, user, secure).await,
            None => session::make_administrator(&app, &token, email, form.get("password"), secure).await,
        }
    };
    match used.await {
        Ok(cookie) => go_in("/overview", cookie),
        Err(fault) => match fields(fault) {
            Ok(errors) => first_page(&app, &headers, &token, email, errors).into_response(),
            Err(fault) => at_the_door(&headers, fault, app.clock.now()),
        },
    }
}

/// Signs out.
pub(crate) async fn sign_out(headers: HeaderMap, Signed { desk, .. }: Signed) -> Response {
    let Desk { app, .. } = &desk;
    let out = session::sign_out(app, &headers, is_secure(app, &headers)).await;
    desk.tell(out.map(|cookie| go_in("/sign-in", cookie)))
}

fn go_in(path: &str, cookie: HeaderValue) -> Response {
    let mut response = Redirect::to(path).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}
