//! Every route of the product, by who calls it. Handlers translate: bytes to core types, one call, core types to bytes.
//!
//! Left out: rules, SQL, sending. Invariant: http never names delivery; a send always goes through the queue.

pub mod alarms;
pub mod api;
pub mod assets;
pub mod csv;
pub mod error;
pub mod export;
pub mod extract;
pub mod media;
mod moving;
pub mod pages;
pub mod sdk;
pub mod session;
pub mod shop;
pub mod tail;
pub mod worker;

use crate::app::App;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, map_request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use std::time::Duration;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use tower_http::set_header::SetResponseHeaderLayer;

/// The longest that a request may take before it is given up.
const TIME_OUT: Duration = Duration::from_secs(30);

/// The whole product.
pub fn router(app: App) -> Router {
    let paths = app.config.paths.clone();
    let [more, push, why, prompts] = paths.parts();
    // Browsers: the SDK and its parts, the worker, the wire, whose paths are the owner's choice; and the pictures of campaigns.
    let mut browsers = Router::new()
        .route(&paths.wire, post(sdk::ring).options(sdk::preflight))
        .route(&paths.sdk, get(assets::page_sdk))
        .route(&more, get(assets::more))
        .route(&push, get(assets::push))
        .route(&why, get(assets::why))
        .route(&prompts, get(assets::prompts))
        .route("/media/{account}/{file}", get(media::serve));
    for path in &paths.workers {
        browsers = browsers.route(path, get(worker::worker));
    }
    for old in &paths.takeover {
        browsers = browsers.route(old, get(worker::takeover));
    }
    // People: the dashboard. Programs: the JSON API.
    let mut people = Router::new()
        .merge(pages::router())
        .route("/assets/{name}", get(assets::dashboard))
        .nest("/api", api::router());
    if app.shop.is_some() {
        people = people.merge(shop::router());
    }
    // Already compressed when it is served, or too small: the SDK and the wire's replies stay as they are.
    let compression = CompressionLayer::new().compress_when(
        DefaultPredicate::new()
            .and(NotForContentType::new("application/octet-stream"))
            .and(NotForContentType::new("image/")),
    );
    let people = people.layer(compression).fallback(pages::not_found);
    // Operators: health and metrics.
    let operators = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics));
    let nosniff = SetResponseHeaderLayer::if_not_present(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let referrer = SetResponseHeaderLayer::if_not_present(
        HeaderName::from_static("referrer-policy"),
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    );
    Router::new()
        .merge(browsers)
        .merge(operators)
        .merge(people)
        .layer(map_request(host_of_authority))
        .layer(nosniff)
        .layer(referrer)
        .layer(from_fn(in_time))
        .with_state(app)
}

/// Gives up what takes too long; but a large file may take as long as it comes in, and who stalls is given up where it is read.
async fn in_time(request: Request, next: Next) -> Response {
    let is_upload =
        request.method() == axum::http::Method::POST && moving::UPLOADS.contains(&request.uri().path());
    if is_upload {
        return next.run(request).await;
    }
    let answer = tokio::time::timeout(TIME_OUT, next.run(request)).await;
    answer.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}

/// HTTP/2 names the host in `:authority` and has no `Host` header; handlers read it where HTTP/1.1 puts it.
async fn host_of_authority(mut request: Request) -> Request {
    let named = request
        .uri()
        .authority()
        .map(|authority| HeaderValue::try_from(authority.as_str()));
    if let Some(Ok(host)) = named {
        request.headers_mut().entry(header::HOST).or_insert(host);
    }
    request
}

/// The process answers.
async fn healthz() -> &'static str {
    "ok\n"
}

/// The process can do its work: the store answers.
async fn readyz(State(app): State<App>) -> Response {
    match app.store.db.health().await {
        Ok(()) => "ready\n".into_response(),
        Err(fault) => {
            tracing::warn!(error = %fault, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
        }
    }
}

async fn metrics(State(app): State<App>) -> Response {
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], app.metrics.text()).into_response()
}
