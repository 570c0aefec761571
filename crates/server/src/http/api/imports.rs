//! Imports and the export of subscriptions over the API.
//!
//! Left out: what a row must be (`import`), the files themselves (`http/moving.rs`). Invariant: an answer with an id comes after the whole file is
//! kept.

use crate::app::App;
use crate::http::error::Error;
use crate::http::extract::{Admin, Asked, Part};
use crate::http::moving;
use crate::import::file::Format;
use crate::import::{Told, Upload};
use crate::live::Site;
use crate::store::imports::ImportRow;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use campanile_core::id::Id;
use serde::Deserialize;
use serde_json::{Value, json};

/// Refused rows that stand in an import's answer.
const FIRST: u32 = 100;

type Answer = Result<Json<Value>, Error>;

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Wanted {
    format: String,
    dry_run: bool,
    key: String,
    name: String,
}

pub(super) async fn create(
    State(app): State<App>,
    Admin(site): Admin,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Error> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let upload = begin(&app, &site, wanted, kind).await;
    let row = moving::receive(upload, moving::pieces(body)).await?;
    Ok((StatusCode::ACCEPTED, told_of(&app, &site, &row).await?))
}

async fn begin(app: &App, site: &Site, wanted: Wanted, kind: Option<&str>) -> Result<Upload, Error> {
    let format = match wanted.format.as_str() {
        "" => kind.and_then(Format::named),
        named => Some(Format::named(named).ok_or_else(|| {
            Error::BadRequest("“format” is jsonl or csv; left out it is seen from the file.".to_owned())
        })?),
    };
    let told = Told {
        name: wanted.name,
        format,
        key: wanted.key,
        dry_run: wanted.dry_run,
    };
    Ok(app.imports.receive(site, told).await?)
}

async fn told_of(app: &App, site: &Site, row: &ImportRow) -> Answer {
    let of = (row.id, row.state.phase());
    let remarks = app
        .store
        .import_remarks(&site.account.id, of, (0, ""), FIRST)
        .await?;
    Ok(Json(moving::shown(site, row, &remarks)))
}

pub(super) async fn list(State(app): State<App>, Admin(site): Admin) -> Answer {
    let rows = app.store.imports(&site.account.id, 100).await?;
    let imports: Vec<Value> = rows.iter().map(|row| moving::shown(&site, row, &[])).collect();
    Ok(Json(json!({"imports": imports})))
}

fn import_id(text: &str) -> Result<Id, Error> {
    Id::parse(text).ok_or_else(|| Error::from(crate::import::ImportError::Unknown))
}

pub(super) async fn show(State(app): State<App>, Admin(site): Admin, Part(id): Part<String>) -> Answer {
    let row = app.imports.find(&site.account.id, import_id(&id)?).await?;
    told_of(&app, &site, &row).await
}

pub(super) async fn start(State(app): State<App>, Admin(site): Admin, Part(id): Part<String>) -> Answer {
    let row = app.imports.start(&site.account.id, import_id(&id)?).await?;
    told_of(&app, &site, &row).await
}

pub(super) async fn cancel(State(app): State<App>, Admin(site): Admin, Part(id): Part<String>) -> Answer {
    let row = app.imports.cancel(&site.account.id, import_id(&id)?).await?;
    told_of(&app, &site, &row).await
}

pub(super) async fn refused(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<String>,
) -> Result<Response, Error> {
    let row = app.imports.find(&site.account.id, import_id(&id)?).await?;
    Ok(moving::refused(&app, &site.account.id, &row))
}

#[derive(Deserialize)]
pub(super) struct As {
    #[serde(default)]
    format: String,
}

pub(super) async fn export(
    State(app): State<App>,
    Admin(site): Admin,
    Asked(wanted): Asked<As>,
) -> Result<Response, Error> {
    let format = match wanted.format.as_str() {
        "" => Some(Format::Jsonl),
        named => Format::named(named),
    };
    let format = format.ok_or_else(|| Error::BadRequest("“format” is jsonl or csv.".to_owned()))?;
    Ok(moving::export(&app, &site, format == Format::Csv))
}
