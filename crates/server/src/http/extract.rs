//! What handlers get instead of raw requests: the account behind an API key, the base address, JSON with our errors.
//!
//! Left out: sessions (`session`). Invariant: a handler that has an [`Admin`] speaks for exactly one account.

use super::error::Error;
use super::pages;
use crate::app::App;
use crate::live::Site;
use crate::secret;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Largest JSON body of the API, bytes.
pub const MAX_JSON_BYTES: usize = 1024 * 1024;
const TOUCH_EVERY_MS: i64 = 60_000;

/// Of a body that is too large so many times as much as is taken is read and dropped: who is cut off while sending hears no answer.
const READ_ON: usize = 8;

/// A body of at most `most` bytes.
pub async fn whole(body: Body, most: usize) -> Result<Vec<u8>, Error> {
    let mut kept = Vec::new();
    let mut read = 0_usize;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| {
            Error::BadRequest("The body did not arrive whole. Nothing was kept; send it again.".to_owned())
        })?;
        read += piece.len();
        if read <= most {
            kept.extend_from_slice(&piece);
        } else if read > most * READ_ON {
            break;
        } else {
            kept = Vec::new();
        }
    }
    if read > most {
        return Err(Error::TooLarge(most));
    }
    Ok(kept)
}

/// The account that a bearer key opens.
pub struct Admin(pub Arc<Site>);

impl FromRequestParts<App> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let key = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(Error::Unauthorized(
                "Send an API key: Authorization: Bearer cmp_…. Keys are made in Settings, Access, API keys.",
            ))?;
        let (account, id, used) = app
            .store
            .api_key_account(secret::hash(key.trim()))
            .await?
            .ok_or(Error::Unauthorized("This API key is not known. It may have been revoked; make a new one in Settings, Access, API keys."))?;
        let now = app.clock.now();
        if used.is_none_or(|used| now.since(used) > TOUCH_EVERY_MS) {
            app.store.touch_api_key(&account, id, now).await?;
        }
        let site = app
            .live
            .site(&account)
            .ok_or(Error::Unauthorized("The account of this API key is gone."))?;
        Ok(Self(site))
    }
}

/// A part of the path, with our errors: what does not parse is not there.
pub struct Part<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Part<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let found = axum::extract::Path::<T>::from_request_parts(parts, app).await;
        found.map(|path| Self(path.0)).map_err(|_| Error::NotFound {
            code: "not_found",
            message: "There is nothing at this address.".to_owned(),
        })
    }
}

/// The query of an address, with our errors: JSON for programs, a page for people.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let fault = match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(query) => return Ok(Self(query.0)),
            Err(fault) => format!("The query cannot be read: {}.", fault.body_text()),
        };
        Err(pages::refused(app, parts, Error::BadRequest(fault)).await)
    }
}

/// A JSON body, with our errors.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &App) -> Result<Self, Error> {
        let body = whole(request.into_body(), MAX_JSON_BYTES).await?;
        serde_json::from_slice(&body).map(Self).map_err(|fault| {
            Error::BadRequest(format!("The body is not the JSON that is expected: {fault}."))
        })
    }
}

/// The address under which the sender reached us, `https://push.example.com`, unless one is configured.
pub struct Base(pub String);

impl FromRequestParts<App> for Base {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        Ok(Self(base(app, &parts.headers)))
    }
}

/// See [`Base`].
pub fn base(app: &App, headers: &HeaderMap) -> String {
    if let Some(url) = app.config.public_url() {
        return url.to_owned();
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let forwarded = app
        .config
        .trust_proxy
        .then(|| text("x-forwarded-proto"))
        .flatten();
    let scheme = match forwarded {
        Some("https") => "https",
        Some(_) => "http",
        None if app.config.tls.cert.is_empty() => "http",
        None => "https",
    };
    let host = text("host").filter(|host| {
        host.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".:-[]".contains(&b))
    });
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

/// Whether the sender asks for JSON; anybody else is answered with a page.
pub fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"))
}

/// Whether cookies are to be marked `Secure`.
pub fn is_secure(app: &App, headers: &HeaderMap) -> bool {
    base(app, headers).starts_with("https://")
}
