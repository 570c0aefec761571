//! The demo shop: a pottery that does not exist, with the snippet in its head as any owner would paste it.
//!
//! Served by `campanile demo` only. Left out: anything that a real shop would need from us; it uses the documented calls and nothing else.
//! Invariant: its pages stand under a strict policy with a nonce, so the demo proves that the SDK lives under one.

use super::assets;
use super::extract::Base;
use crate::app::App;
use crate::secret;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use campanile_core::id::AccountId;

/// What the shop needs to know.
#[derive(Debug, Clone)]
pub struct Shop {
    /// The account whose snippet it carries.
    pub account: AccountId,
}

const MARK: &str = "<!-- campanile:snippet -->";

macro_rules! files {
    ($($name:literal => $kind:literal),+ $(,)?) => {
        &[$(($name, $kind, include_bytes!(concat!("../../assets/shop/", $name)).as_slice())),+]
    };
}

const FILES: &[(&str, &str, &[u8])] = files! {
    "art/barley-bowl-milk.svg" => "image/svg+xml",
    "art/barley-bowl-persimmon.svg" => "image/svg+xml",
    "art/ebb-jug-butter.svg" => "image/svg+xml",
    "art/ebb-jug-celadon.svg" => "image/svg+xml",
    "art/ebb-jug-cobalt.svg" => "image/svg+xml",
    "art/ebb-jug-persimmon.svg" => "image/svg+xml",
    "art/heron-vase-celadon.svg" => "image/svg+xml",
    "art/heron-vase-moss.svg" => "image/svg+xml",
    "art/icon.svg" => "image/svg+xml",
    "art/icons.svg" => "image/svg+xml",
    "art/low-plates-cobalt.svg" => "image/svg+xml",
    "art/low-plates-persimmon.svg" => "image/svg+xml",
    "art/pantry-jar-butter.svg" => "image/svg+xml",
    "art/pantry-jar-milk.svg" => "image/svg+xml",
    "art/still-life-small.svg" => "image/svg+xml",
    "art/still-life.svg" => "image/svg+xml",
    "art/sunday-teapot-butter.svg" => "image/svg+xml",
    "art/sunday-teapot-lilac.svg" => "image/svg+xml",
    "art/two-hands-mug-butter.svg" => "image/svg+xml",
    "art/two-hands-mug-sky.svg" => "image/svg+xml",
    "art/wick-candlestick-moss.svg" => "image/svg+xml",
    "art/wick-candlestick-plum.svg" => "image/svg+xml",
    "cart.js" => "text/javascript; charset=utf-8",
    "dom.js" => "text/javascript; charset=utf-8",
    "events.js" => "text/javascript; charset=utf-8",
    "media/badge-96.png" => "image/png",
    "media/box-stoneware.png" => "image/png",
    "media/hero-push.png" => "image/png",
    "media/icon-192.png" => "image/png",
    "products.js" => "text/javascript; charset=utf-8",
    "shop.css" => "text/css; charset=utf-8",
    "shop.js" => "text/javascript; charset=utf-8",
};

const HOME: &str = include_str!("../../assets/shop/index.html");
const PRODUCT: &str = include_str!("../../assets/shop/product.html");
const CART: &str = include_str!("../../assets/shop/cart.html");

/// The shop's routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/shop", get(|| async { Redirect::permanent("/shop/") }))
        .route(
            "/shop/",
            get(|state: State<App>, base: Base| async move { page(&state, &base, HOME) }),
        )
        .route(
            "/shop/cart/",
            get(|state: State<App>, base: Base| async move { page(&state, &base, CART) }),
        )
        .route(
            "/shop/product/{slug}/",
            get(|state: State<App>, base: Base| async move { page(&state, &base, PRODUCT) }),
        )
        .route("/shop/{*name}", get(file))
}

fn page(app: &App, base: &Base, html: &str) -> Response {
    let Some(shop) = &app.shop else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let nonce = secret::token("n");
    let snippet = assets::snippet(app, &base.0, shop.account.as_str(), Some(&nonce));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'self'; style-src 'nonce-{nonce}' 'self'; img-src 'self' https: data:; \
         connect-src 'self'; frame-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'"
    );
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::try_from(policy).expect("a nonce is base64url"),
        ),
    ];
    (headers, html.replace(MARK, &snippet)).into_response()
}

async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, _, _)| *known == name) {
        Some((_, kind, bytes)) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
                (
                    header::CACHE_CONTROL,
                    HeaderValue::from_static("public, max-age=600"),
                ),
            ];
            (headers, *bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
