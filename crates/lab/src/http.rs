//! The lab's HTTP side: the push endpoint, both browsers' doors, the control interface and the front page.
//!
//! Left out: connections (`socket`), and what is right and wrong with a message (`intake`). Invariant: the same routes are served plain and over TLS, by
//! HTTP/1.1 and HTTP/2; only the origin that a VAPID token must name differs.

use crate::browser::{Eyes, VirtualBrowser};
use crate::fault::{Fault, Rule};
use crate::firefox;
use crate::hints::StartHints;
use crate::intake::{self, Post, Reply};
use crate::journal::Message;
use crate::page;
use crate::registry::{Registry, Route};
use crate::service::Service;
use crate::socket::{Cut, Scheme, Terms, accept};
use crate::{chromium, mcs};
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State, WebSocketUpgrade};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use axum::{Json, Router};
use campanile_core::subscription::decode;
use campanile_push::ece::BrowserKeys;
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// What every handler can reach.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) registry: Arc<Registry>,
    pub(crate) hints: Arc<StartHints>,
    pub(crate) hosts: Arc<Vec<(String, SocketAddr)>>,
    pub(crate) ca_pem: Arc<str>,
    pub(crate) url: Arc<str>,
    pub(crate) terms: Arc<Terms>,
}

pub(crate) fn routes(door: Door) -> Router {
    let control = Router::new()
        .route("/lab", get(about))
        .route(
            "/lab/ca.pem",
            get(async |State(door): State<Door>| door.ca_pem.to_string()),
        )
        .route("/lab/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/lab/terms", post(set_terms))
        .route("/lab/messages", get(messages))
        .route("/lab/browsers", post(add_browsers).delete(forget_browsers))
        .route("/lab/subscriptions", get(subscriptions))
        .route("/lab/subscriptions/{token}", delete(end_subscription));
    Router::new()
        .route("/", get(front_page))
        .route("/firefox", any(firefox_socket))
        .route("/checkin", post(check_in))
        .route("/c2dm/register3", post(register))
        .merge(control)
        .fallback(push)
        // Senders under test may post too much: that is answered 413 by the service's rules, not by a lower layer.
        .layer(DefaultBodyLimit::max(1 << 20))
        .with_state(door)
}

async fn front_page(State(door): State<Door>) -> Html<String> {
    Html(page::front(&door))
}

async fn firefox_socket(State(door): State<Door>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols([firefox::SUBPROTOCOL])
        .on_upgrade(move |socket| firefox::talk(socket, door.registry))
}

async fn check_in(State(door): State<Door>, body: Bytes) -> Response {
    let answer = chromium::check_in(&door.registry, &body);
    ([(header::CONTENT_TYPE, "application/x-protobuf")], answer).into_response()
}

async fn register(State(door): State<Door>, body: Bytes) -> Response {
    (
        [(header::CONTENT_TYPE, "text/plain")],
        chromium::register(&door.registry, &body),
    )
        .into_response()
}

/// Every other address is a push endpoint, or nothing.
async fn push(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some((service, token)) = Service::of_path(parts.uri.path(), parts.uri.query()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if parts.method != http::Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let Ok(body) = axum::body::to_bytes(body, 1 << 20).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let said = || {
        parts
            .headers
            .get(header::HOST)
            .and_then(|value| value.to_str().ok())
    };
    let authority = authority.or_else(said).unwrap_or_default();
    let scheme = parts.extensions.get::<Scheme>().map_or("http", |scheme| scheme.0);
    let origin = format!("{scheme}://{authority}");
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let post = Post {
        service,
        token: &token,
        host,
        origin: &origin,
        headers: &parts.headers,
        body,
    };
    match intake::take_in(&door.registry, post).await {
        Reply::Answer(answer) => answer.map(Body::from),
        Reply::Cut => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            response.extensions_mut().insert(Cut);
            response
        }
    }
}

async fn about(State(door): State<Door>) -> Json<Value> {
    let hosts: serde_json::Map<String, Value> = door
        .hosts
        .iter()
        .map(|(host, address)| (host.clone(), json!(address.to_string())))
        .collect();
    let prefs: serde_json::Map<String, Value> = door
        .hints
        .firefox_prefs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    Json(json!({
        "url": &*door.url,
        "hosts": hosts,
        "ca_pem": &*door.ca_pem,
        "firefox": door.hints.firefox,
        "chromium": door.hints.chromium,
        "firefox_prefs": prefs,
        "chromium_args": door.hints.chromium_args,
        "counts": door.registry.journal.counts(),
    }))
}

async fn faults(State(door): State<Door>) -> Json<Value> {
    Json(json!({"faults": door.registry.script.left()}))
}

async fn add_fault(State(door): State<Door>, Json(rule): Json<Rule>) -> Response {
    match rule.fault {
        Fault::Status { code, .. } if !(400..=599).contains(&code) => {
            return refuse("fault.status.code is a number from 400 to 599");
        }
        Fault::Answer { code, .. } if !(200..=599).contains(&code) => {
            return refuse("fault.answer.code is a number from 200 to 599");
        }
        _ => {}
    }
    door.registry.script.add(rule);
    (StatusCode::CREATED, faults(State(door)).await).into_response()
}

async fn clear_faults(State(door): State<Door>) -> StatusCode {
    door.registry.script.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    http1_only: Option<bool>,
    max_streams: Option<u32>,
}

async fn set_terms(State(door): State<Door>, Json(wish): Json<Wish>) -> StatusCode {
    if let Some(only) = wish.http1_only {
        door.terms.http1_only.store(only, Ordering::SeqCst);
    }
    if let Some(streams) = wish.max_streams {
        door.terms.max_streams.store(streams, Ordering::SeqCst);
    }
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Which {
    token: Option<String>,
    after: Option<u64>,
}

async fn messages(State(door): State<Door>, Query(which): Query<Which>) -> Json<Value> {
    let wanted = |message: &Message| {
        which.token.as_deref().is_none_or(|token| token == message.token)
            && message.number > which.after.unwrap_or(0)
    };
    let messages: Vec<Message> = door
        .registry
        .journal
        .messages()
        .into_iter()
        .filter(wanted)
        .collect();
    Json(json!({"counts": door.registry.journal.counts(), "messages": messages}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Crowd {
    #[serde(rename = "applicationServerKey")]
    key: String,
    #[serde(default)]
    service: Service,
    #[serde(default = "one")]
    count: u32,
}

fn one() -> u32 {
    1
}

async fn add_browsers(State(door): State<Door>, Json(crowd): Json<Crowd>) -> Response {
    let Some(key) = decode(&crowd.key).and_then(|bytes| <[u8; 65]>::try_from(bytes).ok()) else {
        return refuse("applicationServerKey is a P-256 public key: 65 bytes in base64url");
    };
    if !(1..=100_000).contains(&crowd.count) {
        return refuse("count is a number from 1 to 100000");
    }
    let mut made = Vec::with_capacity(crowd.count as usize);
    for _ in 0..crowd.count {
        let keys = Arc::new(BrowserKeys::generate().expect("the system has randomness"));
        let browser =
            VirtualBrowser::subscribe(&door.registry, crowd.service, Some(key), keys, Eyes::Keeping);
        made.push(browser.subscription());
    }
    (StatusCode::CREATED, Json(json!({"subscriptions": made}))).into_response()
}

async fn subscriptions(State(door): State<Door>) -> Json<Value> {
    let rows: Vec<Value> = door
        .registry
        .subscriptions()
        .iter()
        .map(|subscription| {
            let (browser, online, waiting) = match &subscription.route {
                Route::Device { device, .. } => {
                    ("real", device.online(), device.waiting(&subscription.token))
                }
                Route::Virtual(mailbox) => (
                    "virtual",
                    mailbox.device.online(),
                    mailbox.device.waiting(&subscription.token),
                ),
            };
            json!({
                "token": &*subscription.token,
                "service": subscription.service,
                "browser": browser,
                "online": online,
                "waiting": waiting,
                "ended": subscription.ended(),
            })
        })
        .collect();
    Json(json!({"subscriptions": rows}))
}

async fn forget_browsers(State(door): State<Door>) -> StatusCode {
    door.registry.forget_firefoxes();
    StatusCode::NO_CONTENT
}

async fn end_subscription(State(door): State<Door>, Path(token): Path<String>) -> StatusCode {
    if door.registry.end(&token) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

fn refuse(message: &str) -> Response {
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        Json(json!({"error": {"message": message}})),
    )
        .into_response()
}

/// Accepts Chromium's message connections until `stop` closes.
pub(crate) async fn serve_mcs(
    listener: TcpListener,
    tls: TlsAcceptor,
    registry: Arc<Registry>,
    mut stop: watch::Receiver<()>,
) {
    while let Some(socket) = accept(&listener, &mut stop).await {
        let (registry, tls, mut stop) = (registry.clone(), tls.clone(), stop.clone());
        tokio::spawn(async move {
            let talk = async {
                let socket = tls.accept(socket).await?;
                mcs::talk(socket, registry).await
            };
            tokio::select! {
                result = talk => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "message connection ended");
                    }
                }
                _ = stop.changed() => {}
            }
        });
    }
}
