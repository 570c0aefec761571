//! The service worker as browsers ask for it: the plain one, the same as a file to download, and the one for the time of moving from
//! another provider.
//!
//! Left out: what they do (`sdk/src/worker.ts`, `sdk/src/takeover.ts`). Invariant: what a query says goes into a script only after it was
//! found to be an account of this server, or a path.

use super::assets;
use super::extract::base;
use crate::app::App;
use crate::ingest::agent;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use campanile_core::id::AccountId;

const TAKEOVER: &str = include_str!(concat!(env!("OUT_DIR"), "/sw_takeover.js"));
const TAKEOVER_MARK: &str = "%CAMPANILE_TAKEOVER%";

/// The worker; with `?download` as a file for the owner's own site, which knows where this server is.
pub async fn worker(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    if app.scripts.is_none() || asked(query.as_deref(), "download").is_none() {
        return assets::worker(&app, &headers);
    }
    let text = assets::WORKER.replace(assets::ENDPOINT_MARK, &wire(&app, &headers));
    let mut response = script(StatusCode::OK, text);
    response.headers_mut().insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"clevertap_sw.js\""),
    );
    response
}

/// The worker that stands where an old vendor's stood. `?account=` makes that vendor's subscriptions the account's without a visit;
/// `?old=` is the path on the owner's site at which the old vendor's script was kept.
pub async fn takeover(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    if app.scripts.is_none() {
        return assets::not_built();
    }
    let refuse = |why: &str| script(StatusCode::BAD_REQUEST, format!("// {why}\n"));
    let mut heir = "|".to_owned();
    if let Some(account) = asked(query.as_deref(), "account") {
        let Some(site) = AccountId::parse(&account).and_then(|id| app.live.site(&id)) else {
            return refuse("There is no account of this id here. Compare it with Settings, Install.");
        };
        let browser = headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        if let Some(key) = site.current_key(agent::browser(browser.unwrap_or_default())) {
            heir = format!("{}|{}", site.account.id, key.key.public_key());
        }
    }
    let old = asked(query.as_deref(), "old").unwrap_or_default();
    if !old.is_empty() && !is_path(&old) {
        return refuse("“old” is not a path on your site like /old/OneSignalSDKWorker.js.");
    }
    let text = TAKEOVER
        .replace(assets::ENDPOINT_MARK, &wire(&app, &headers))
        .replace(TAKEOVER_MARK, &format!("{heir}|{old}"));
    script(StatusCode::OK, text)
}

/// Absolute: on the owner's site the path alone would lead to that site.
fn wire(app: &App, headers: &HeaderMap) -> String {
    format!("{}{}", base(app, headers), app.config.paths.wire)
}

fn asked(query: Option<&str>, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/._-?=&".contains(&b))
}

fn script(status: StatusCode, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, assets::SCRIPT),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ),
        (
            HeaderName::from_static("service-worker-allowed"),
            HeaderValue::from_static("/"),
        ),
    ];
    (status, headers, text).into_response()
}
