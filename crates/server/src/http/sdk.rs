//! The wire: bytes in, core types to `ingest`, reply out.
//!
//! Left out: what operations mean. Invariant: `Access-Control-*` answers are given to every origin, so that a page can read why it was
//! refused; whether an origin may send is the account's list alone, and no cookie is ever looked at here.

use super::error::Error;
use super::extract::{base, whole};
use crate::app::App;
use crate::ingest::Sender;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use campanile_core::account::Origin;
use campanile_core::id::AccountId;
use campanile_core::wire::{MAX_BODY_BYTES, MAX_OPS, Reply, Request};
use std::net::{IpAddr, SocketAddr};

/// `POST` of the wire.
pub async fn ring(
    State(app): State<App>,
    Extension(ConnectInfo(peer)): Extension<ConnectInfo<SocketAddr>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut response = match accept(&app, peer, &headers, body).await {
        Ok(reply) => Json(reply).into_response(),
        Err(fault) => fault.into_response(),
    };
    app.metrics.request("wire", response.status().as_u16());
    open_to_all(response.headers_mut());
    response
}

/// `OPTIONS` of the wire. The SDK needs none; other clients may.
pub async fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    open_to_all(headers);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("POST"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("content-type"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}

fn open_to_all(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("retry-after"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
}

/// Where a request comes from: who connected, or, behind a trusted proxy, whom the proxy named last. What stands before that in
/// `X-Forwarded-For` came with the request and can be anything.
fn address(app: &App, peer: SocketAddr, headers: &HeaderMap) -> Option<IpAddr> {
    if !app.config.trust_proxy {
        return Some(peer.ip());
    }
    let named = headers.get_all("x-forwarded-for").iter().next_back()?;
    let last = named.to_str().ok()?.rsplit(',').next()?.trim();
    // Some proxies add the port.
    let with_port = || last.parse::<SocketAddr>().ok().map(|address| address.ip());
    last.parse().ok().or_else(with_port)
}

async fn accept(app: &App, peer: SocketAddr, headers: &HeaderMap, body: Body) -> Result<Reply, Error> {
    let body = whole(body, MAX_BODY_BYTES).await?;
    let request: Request<'_> = serde_json::from_slice(&body)
        .map_err(|fault| Error::BadRequest(format!("The body is not the wire's JSON: {fault}.")))?;
    if request.v != 1 {
        return Err(Error::BadRequest(format!(
            "“v” is {}; this server speaks version 1.",
            request.v
        )));
    }
    if request.ops.len() > MAX_OPS {
        return Err(Error::BadRequest(format!(
            "{} operations in one batch; at most {MAX_OPS} are taken. Send them in several.",
            request.ops.len()
        )));
    }
    let unknown = || Error::NotFound {
        code: "account_unknown",
        message: "There is no account of this id here. Compare the id in the snippet with Settings, Install."
            .to_owned(),
    };
    let site = AccountId::parse(&request.account)
        .and_then(|id| app.live.site(&id))
        .ok_or_else(unknown)?;
    let text = |name: HeaderName| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let origin = text(header::ORIGIN).filter(|origin| origin != "null");
    if !site.account.allows(origin.as_deref()) {
        return Err(Error::Forbidden {
            code: "origin_refused",
            message: format!(
                "{} is not among the origins that may send for this account. Add it in Settings, Origins.",
                origin.as_deref().unwrap_or("This page")
            ),
        });
    }
    // A same-origin request may come without the header; then the page's own address says where it ran.
    let page = || {
        let url = url::Url::parse(request.context.url.as_deref()?).ok()?;
        Some(url.origin().ascii_serialization())
    };
    let seen = origin
        .or_else(page)
        .and_then(|origin| Origin::parse(&origin).ok());
    let sender = Sender {
        origin: seen.map(|origin| origin.as_str().to_owned()),
        agent: text(header::USER_AGENT).unwrap_or_default(),
        caller: app.geo.caller(address(app, peer, headers), app.clock.now()).await,
        base: request.why.is_some().then(|| base(app, headers)),
    };
    Ok(app.ingest.accept(&site, &request, &sender).await?)
}
