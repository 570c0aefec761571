//! What a dashboard handler stands at: who is signed in, which site, and the form that was sent with its token.
//!
//! Left out: sessions themselves (`http::session`). Invariant: a [`Signed`] form exists only after its token was compared, so no
//! handler can forget to; an address to come back to is always a path of this server.

use super::error::{ErrorDoorPage, ErrorPage, ErrorWords};
use super::format::Told;
use super::{Errors, Nav, Page, Said, Shell, SiteChoice, Theme};
use crate::app::App;
use crate::clock;
use crate::http::error::Error;
use crate::http::extract::{base, wants_json, whole};
use crate::http::session::{self, Operator};
use crate::live::Site;
use crate::secret;
use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use campanile_core::account::Account;
use campanile_core::id::CampaignId;
use campanile_core::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as ValueError, MapDeserializer};
use std::sync::Arc;

/// Cookie that keeps which site one browser looks at.
const SITE_COOKIE: &str = "campanile_site";
/// Largest form, bytes: the largest HTML of the owner's own, of which each byte may be sent as three, with all other fields.
const MAX_FORM_BYTES: usize = 512 * 1024;
const YEAR_SECONDS: u32 = 31_536_000;

/// A signed-in person at one site's dashboard.
pub(crate) struct Desk {
    /// The product.
    pub(crate) app: App,
    /// Who.
    pub(crate) operator: Operator,
    /// The site that is looked at.
    pub(crate) site: Arc<Site>,
    /// Every site's id and name.
    sites: Vec<SiteChoice>,
    /// Absolute address of this server.
    pub(crate) base: String,
    /// The moment of the request.
    pub(crate) now: Timestamp,
    /// Nonce of the answer.
    pub(crate) nonce: String,
    /// Whether JSON is asked for in place of a page.
    pub(crate) wants_json: bool,
    theme: Theme,
    path: String,
    said: Option<Said>,
}

impl Desk {
    /// The desk of whoever sent the request; `None` when nobody is signed in.
    pub(crate) async fn open(app: &App, parts: &Parts) -> Result<Option<Self>, Error> {
        let headers = &parts.headers;
        let Some(session) = session::current(app, headers).await? else {
            return Ok(None);
        };
        let sites = app.live.sites();
        let chosen = session::cookie(headers, SITE_COOKIE);
        let site = sites
            .iter()
            .find(|site| Some(site.account.id.as_str()) == chosen.as_deref())
            .or(sites.first())
            .cloned();
        let Some(site) = site else {
            return Err(Error::NotFound {
                code: "account_unknown",
                message: "There is no site here yet. Make one with `campanile account new`.".to_owned(),
            });
        };
        let choices = sites
            .iter()
            .map(|site| SiteChoice {
                id: site.account.id.to_string(),
                name: site.account.name.clone(),
            })
            .collect();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let said = parts
            .uri
            .query()
            .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("said=")))
            .and_then(Said::parse);
        Ok(Some(Self {
            operator: Operator {
                email: session.user.email,
                csrf: session.csrf,
            },
            sites: choices,
            base: base(app, headers),
            now: app.clock.now(),
            nonce: nonce(),
            wants_json: wants_json(headers),
            theme: theme(headers),
            path: if parts.method == axum::http::Method::GET {
                path.to_owned()
            } else {
                "/overview".to_owned()
            },
            said,
            app: app.clone(),
            site,
        }))
    }

    /// The site's account.
    pub(crate) fn account(&self) -> &Account {
        &self.site.account
    }

    /// Times as this site tells them.
    pub(crate) fn told(&self) -> Told {
        Told::new(self.now, self.site.account.zone.clone())
    }

    /// Where the site lives: its first allowed origin, else this server.
    pub(crate) fn home(&self) -> &str {
        self.site
            .account
            .origins
            .first()
            .map_or(self.base.as_str(), |origin| origin.as_str())
    }

    /// What stands around a page of that place.
    pub(crate) fn shell(&self, active: Nav) -> Shell {
        Shell {
            site_name: self.site.account.name.clone(),
            site_id: self.site.account.id.to_string(),
            sites: self.sites.clone(),
            host: host_of(self.home()).to_owned(),
            user_email: self.operator.email.clone(),
            active,
            csrf: self.operator.csrf.clone(),
            running: self.site.popups.len() as u64,
            theme: self.theme,
            nonce: self.nonce.clone(),
            path: self.path.clone(),
            said: self.said,
        }
    }

    /// A page as the answer.
    pub(crate) fn page<T: Template>(&self, page: T) -> Response {
        self.page_as(StatusCode::OK, page)
    }

    /// A page as the answer, with a status of its own.
    pub(crate) fn page_as<T: Template>(&self, status: StatusCode, page: T) -> Response {
        Page {
            status,
            nonce: self.nonce.clone(),
            body: page,
        }
        .into_response()
    }

    /// A page whose form was not accepted.
    pub(crate) fn again<T: Template>(&self, page: T) -> Response {
        self.page_as(StatusCode::UNPROCESSABLE_ENTITY, page)
    }

    /// The answer, or the page that says why there is none; a script is told so in JSON.
    pub(crate) fn tell(&self, result: Result<Response, Error>) -> Response {
        result.unwrap_or_else(|fault| {
            if self.wants_json {
                return fault.into_response();
            }
            let (status, words) = words(&fault, self.now);
            let page = ErrorPage {
                shell: self.shell(Nav::Elsewhere),
                words,
            };
            with_retry(self.page_as(status, page), &fault)
        })
    }
}

impl FromRequestParts<App> for Desk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match Self::open(app, parts).await {
            Ok(Some(desk)) => Ok(desk),
            Ok(None) => Err(to_the_door(parts)),
            Err(fault) => Err(at_the_door(&parts.headers, fault, app.clock.now())),
        }
    }
}

/// Whoever asked for data gets 401; whoever asked for a page is led to the sign-in and back.
fn to_the_door(parts: &Parts) -> Response {
    if wants_json(&parts.headers) {
        return Error::Unauthorized("Sign in first.").into_response();
    }
    let path = if parts.method == axum::http::Method::GET {
        parts.uri.path()
    } else {
        "/overview"
    };
    if matches!(path, "/" | "/overview") {
        return Redirect::to("/sign-in").into_response();
    }
    Redirect::to(&format!("/sign-in?next={path}")).into_response()
}

/// A campaign's number in the path; what is none leads to the page that says so.
pub(crate) struct Numbered(pub(crate) CampaignId);

impl FromRequestParts<App> for Numbered {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match Path::<i64>::from_request_parts(parts, app).await {
            Ok(Path(id)) => Ok(Self(CampaignId(id))),
            Err(_) => Err(super::not_found(State(app.clone()), parts.clone()).await),
        }
    }
}

/// A form as it was sent, by names.
pub(crate) struct Sent(Vec<(String, String)>);

impl Sent {
    /// The value of that name; empty when it was not sent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// Every name with its value, as they were sent.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The form as a type; of a name that was sent twice the first counts.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let mut once: Vec<(&str, &str)> = Vec::with_capacity(self.0.len());
        for (key, value) in &self.0 {
            if !once.iter().any(|(known, _)| known == key) {
                once.push((key, value));
            }
        }
        T::deserialize(MapDeserializer::new(once.into_iter()))
            .map_err(|fault: ValueError| Error::BadRequest(format!("The form cannot be read: {fault}.")))
    }

    async fn from_body(request: Request) -> Result<Self, Error> {
        let body = whole(request.into_body(), MAX_FORM_BYTES).await?;
        Ok(Self(url::form_urlencoded::parse(&body).into_owned().collect()))
    }
}

/// A form of a signed-in person whose token was right.
pub(crate) struct Signed {
    /// Who and where.
    pub(crate) desk: Desk,
    /// What was sent.
    pub(crate) form: Sent,
}

impl FromRequest<App> for Signed {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let desk = Desk::from_request_parts(&mut parts, app).await?;
        let checked = match Sent::from_body(Request::from_parts(parts, body)).await {
            Ok(form) => session::check_csrf(&desk.operator, form.get("csrf")).map(|()| form),
            Err(fault) => Err(fault),
        };
        match checked {
            Ok(form) => Ok(Self { desk, form }),
            Err(fault) => Err(desk.tell(Err(fault))),
        }
    }
}

/// A form from before anybody is signed in: it must come from a page of ours.
pub(crate) struct AtTheDoor {
    /// The request's headers.
    pub(crate) headers: HeaderMap,
    /// What was sent.
    pub(crate) form: Sent,
}

impl FromRequest<App> for AtTheDoor {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let headers = request.headers().clone();
        let now = app.clock.now();
        if !from_ourselves(app, &headers) {
            let fault = Error::Forbidden {
                code: "form_foreign",
                message: "This form was sent from another site. Nothing was done.".to_owned(),
            };
            return Err(at_the_door(&headers, fault, now));
        }
        let form = Sent::from_body(request)
            .await
            .map_err(|fault| at_the_door(&headers, fault, now))?;
        Ok(Self { headers, form })
    }
}

fn from_ourselves(app: &App, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => host_of(origin) == host_of(&base(app, headers)),
        (None, None) => true,
    }
}

/// An error for somebody who is not signed in.
pub(crate) fn at_the_door(headers: &HeaderMap, fault: Error, now: Timestamp) -> Response {
    if wants_json(headers) {
        return fault.into_response();
    }
    let (status, words) = words(&fault, now);
    let nonce = nonce();
    let page = ErrorDoorPage {
        words,
        theme: theme(headers),
        nonce: nonce.clone(),
    };
    with_retry(
        Page {
            status,
            nonce,
            body: page,
        }
        .into_response(),
        &fault,
    )
}

/// A redirect after a deed, which the next page tells once.
pub(crate) fn said(path: &str, said: Said) -> Response {
    let joint = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{joint}said={}", said.name())).into_response()
}

/// The fields that were not accepted; any other fault goes on.
pub(crate) fn fields(fault: Error) -> Result<Errors, Error> {
    match fault {
        Error::Fields(faults) => Ok(Errors(faults)),
        other => Err(other),
    }
}

/// Takes `path` only if it is one of this server's own.
pub(crate) fn own_path(path: &str) -> &str {
    // A browser drops a tab or a line break, and what is left could begin with two slashes.
    let plain = !path.contains('\\') && !path.chars().any(char::is_control);
    let own = path.starts_with('/') && !path.starts_with("//") && plain;
    if own { path } else { "/overview" }
}

/// The choice of theme in a request's cookie.
pub(crate) fn theme(headers: &HeaderMap) -> Theme {
    session::cookie(headers, Theme::COOKIE).map_or(Theme::System, |name| Theme::parse(&name))
}

/// A fresh nonce.
pub(crate) fn nonce() -> String {
    secret::hex(&clock::random::<16>())
}

/// `shop.example.com:8443` of `https://shop.example.com:8443`.
pub(crate) fn host_of(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

/// Keeps the theme that was chosen.
pub(crate) async fn set_theme(Signed { form, .. }: Signed) -> Response {
    remember(
        Theme::COOKIE,
        Theme::parse(form.get("theme")).name(),
        own_path(form.get("back")),
    )
}

/// Keeps the site that was chosen.
pub(crate) async fn set_site(Signed { desk, form }: Signed) -> Response {
    let known = desk.sites.iter().find(|site| site.id == form.get("site"));
    remember(
        SITE_COOKIE,
        known.map_or("", |site| site.id.as_str()),
        "/overview",
    )
}

fn remember(cookie: &str, value: &str, back: &str) -> Response {
    let mut response = Redirect::to(back).into_response();
    let cookie = format!("{cookie}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={YEAR_SECONDS}");
    let cookie = HeaderValue::try_from(cookie).expect("themes and account ids are plain letters");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

fn with_retry(mut response: Response, fault: &Error) -> Response {
    if let Error::TooMany(seconds) = fault {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    response
}

/// Status and words of an error page.
fn words(fault: &Error, now: Timestamp) -> (StatusCode, ErrorWords) {
    let (status, code, message) = fault.public();
    if let Error::Internal(fault) = fault {
        tracing::error!(error = format!("{fault:#}"), "a page failed");
    }
    let (title, kept, to_do, again) = match fault {
        Error::NotFound { .. } => (
            "This page is not here",
            None,
            "Go back to the list; it may have been deleted or belong to another site.",
            false,
        ),
        Error::Conflict(_) => (
            "This did not fit any more",
            Some("Everything as it was"),
            "Look at it again, then decide.",
            false,
        ),
        Error::Forbidden { .. } | Error::Unauthorized(_) => (
            "This is not open to you",
            Some("Everything as it was"),
            "Load the page again, or sign in again.",
            false,
        ),
        Error::BadRequest(_) | Error::Fields(_) | Error::TooLarge(_) => (
            "This could not be read",
            Some("Everything as it was"),
            "Go back and send the form again.",
            false,
        ),
        Error::TooMany(_) => (
            "Too many tries",
            Some("Everything as it was"),
            "Wait a little, then try again.",
            true,
        ),
        Error::Unavailable => (
            "This page could not be made",
            Some("Everything that was saved before"),
            "Try again in a few seconds.",
            true,
        ),
        Error::Internal(_) => (
            "This page could not be made",
            Some("Everything that was saved before"),
            "Try again. If it stays so, look at the server’s log.",
            true,
        ),
    };
    let words = ErrorWords {
        title: title.to_owned(),
        happened: message,
        kept: kept.map(str::to_owned),
        to_do: to_do.to_owned(),
        support: format!("{code} · {now}"),
        way_out: ("Go to the overview".to_owned(), "/overview".to_owned()),
        again,
    };
    (status, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_are_come_back_to() {
        for (path, taken) in [
            ("/campaigns?status=draft", "/campaigns?status=draft"),
            ("//evil.example.com", "/overview"),
            ("/\\evil.example.com", "/overview"),
            ("https://evil.example.com", "/overview"),
            ("", "/overview"),
        ] {
            assert_eq!(own_path(path), taken);
        }
    }

    #[test]
    fn a_form_is_read_by_names_and_the_first_of_two_counts() {
        #[derive(serde::Deserialize)]
        struct Titled {
            #[serde(rename = "popup.title")]
            title: String,
        }
        let sent = Sent(vec![
            ("popup.title".into(), "One".into()),
            ("popup.title".into(), "Two".into()),
            ("csrf".into(), "x".into()),
        ]);
        let form: Titled = sent.read().expect("strings");
        assert_eq!(form.title, "One");
        assert_eq!(sent.pairs().count(), 3);
        assert_eq!(sent.get("none"), "");
    }
}
