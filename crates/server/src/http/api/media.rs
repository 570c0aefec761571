//! Uploaded pictures over the API.
//!
//! Left out: serving them (`http/media.rs`), for which no key is needed. Invariant: the body of an upload is looked at, its
//! Content-Type is not.

use crate::app::App;
use crate::http::error::Error;
use crate::http::extract::{Admin, Asked, Base, Part};
use crate::http::media::{read, shown};
use crate::store::media::After;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use campanile_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    before: Option<String>,
}

/// `1772445600000-<hash>`, as `next` of an earlier answer was.
fn after(text: &str) -> Result<After, Error> {
    text.split_once('-')
        .and_then(|(at, hash)| Some((at.parse().ok()?, hash)))
        .filter(|(_, hash)| crate::media::is_hash(hash))
        .map(|(at, hash)| After {
            created_at: Timestamp(at),
            hash: hash.to_owned(),
        })
        .ok_or_else(|| {
            Error::BadRequest(
                "“before” is the “next” of an earlier answer. Leave it out for the newest.".to_owned(),
            )
        })
}

pub(super) async fn list(
    State(app): State<App>,
    Admin(site): Admin,
    Base(base): Base,
    Asked(page): Asked<Page>,
) -> Result<Json<Value>, Error> {
    let account = &site.account.id;
    let limit = page.limit.unwrap_or(100).clamp(1, 1000);
    let after = page.before.as_deref().map(after).transpose()?;
    // One more than is shown says whether there is a next page.
    let mut rows = app
        .store
        .media_list(account, after.as_ref(), limit as u32 + 1)
        .await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|row| format!("{}-{}", row.created_at.ms(), row.hash));
    let media: Vec<Value> = rows.iter().map(|row| shown(&base, account, row)).collect();
    Ok(Json(json!({"media": media, "next": next})))
}

#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    name: String,
}

pub(super) async fn keep(
    State(app): State<App>,
    Admin(site): Admin,
    Base(base): Base,
    Asked(named): Asked<Named>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Error> {
    let account = &site.account.id;
    let row = app.media.keep(account, &named.name, read(body).await?).await?;
    Ok((StatusCode::CREATED, Json(shown(&base, account, &row))))
}

pub(super) async fn remove(
    State(app): State<App>,
    Admin(site): Admin,
    Part(hash): Part<String>,
) -> Result<StatusCode, Error> {
    app.media.delete(&site.account.id, &hash).await?;
    Ok(StatusCode::NO_CONTENT)
}
