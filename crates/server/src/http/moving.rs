//! Subscriptions in from elsewhere and out to elsewhere, for the dashboard and the API: the file as it comes in, the file as it goes out, and an
//! import as JSON.
//!
//! Left out: judging rows (`import`), and who may. Invariant: files are read and written in pieces, never all in memory; what goes out comes in
//! again without loss (`import::row` reads the same columns).

use super::csv;
use super::error::Error;
use crate::app::App;
use crate::import::reason::Reason;
use crate::import::{MAX_BYTES, Upload};
use crate::live::Site;
use crate::store::db::DbError;
use crate::store::imports::{ImportRemark, ImportRow};
use crate::store::subscriptions::Exported;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_core::id::{AccountId, Id, Ordinal};
use campanile_core::profile::{Identity, IdentityKind};
use futures_util::{Stream, StreamExt as _};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// Where files come in; these requests take as long as their files do.
pub(super) const UPLOADS: [&str; 2] = ["/api/v1/subscriptions/imports", "/people/import"];
/// Who sends nothing for so long is given up.
pub(super) const STALLED: Duration = Duration::from_secs(30);
/// Rows in one piece of a file that goes out.
const PIECE: u32 = 500;
const COLUMNS: [&str; 21] = [
    "endpoint",
    "p256dh",
    "auth",
    "vapid_public_key",
    "state",
    "reason",
    "identity",
    "email",
    "phone",
    "properties",
    "topics",
    "language",
    "zone",
    "browser",
    "system",
    "opt_out",
    "device",
    "created_at",
    "changed_at",
    "seen_at",
    "profile",
];
/// Columns that hold one value or a list.
const LISTS: [&str; 3] = ["identity", "email", "phone"];

/// Takes a file in, to its end. One that is not wanted, or not any more, is read to its end all the same: who is cut off while sending hears no
/// answer.
pub(super) async fn receive<E>(
    upload: Result<Upload, Error>,
    pieces: impl Stream<Item = Result<Bytes, E>>,
) -> Result<ImportRow, Error> {
    let mut pieces = std::pin::pin!(pieces);
    let mut upload = upload;
    let mut read = 0;
    loop {
        let piece = match tokio::time::timeout(STALLED, pieces.next()).await {
            Ok(None) => break,
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(_))) | Err(_) => {
                if let Ok(upload) = upload {
                    upload.give_up().await;
                }
                let message = "The file did not arrive whole. Nothing was kept; send it again.";
                return Err(Error::BadRequest(message.to_owned()));
            }
        };
        read += piece.len() as u64;
        upload = match upload {
            Ok(mut upload) => match upload.add(&piece).await {
                Ok(()) => Ok(upload),
                Err(fault) => {
                    upload.give_up().await;
                    Err(fault.into())
                }
            },
            Err(_) if read > 2 * MAX_BYTES => break,
            refused => refused,
        };
    }
    Ok(upload?.end().await?)
}

/// An import with the first of its remarks.
pub(super) fn shown(site: &Site, row: &ImportRow, remarks: &[ImportRemark]) -> Value {
    let refused: u64 = row.counts.refused.values().sum();
    let by_key: Vec<Value> = row
        .counts
        .reachable
        .iter()
        .map(|(public, n)| {
            let key = site.keys.iter().find(|key| key.key.public_key() == public);
            json!({"public_key": public, "id": key.map(|key| key.id), "subscriptions": n})
        })
        .collect();
    let list = |kept: bool| -> Vec<Value> {
        let of = remarks.iter().filter(|remark| remark.kept == kept);
        of.map(remark).collect()
    };
    json!({
        "id": row.id, "name": row.name, "format": row.format, "state": row.state.as_str(),
        "rows": row.total, "read": row.counts.read, "accepted": row.counts.accepted, "known": row.counts.known,
        "refused": {"total": refused, "by_reason": row.counts.refused}, "left_out": row.counts.left_out,
        "reachable": {"total": row.counts.reachable.values().sum::<u64>(), "by_key": by_key},
        "first_refused": list(false), "first_left_out": list(true), "ignored_columns": row.ignored,
        "created_at": row.made_at, "changed_at": row.changed_at,
    })
}

fn remedy(remark: &ImportRemark) -> &'static str {
    Reason::parse(&remark.reason).map_or("", Reason::remedy)
}

fn remark(remark: &ImportRemark) -> Value {
    json!({"row": remark.line, "field": remark.field, "reason": remark.reason, "message": remark.message, "remedy": remedy(remark)})
}

/// Every row that was refused, and every field that was left out, in the order of the file.
pub(super) fn refused(app: &App, account: &AccountId, import: &ImportRow) -> Response {
    let (app, account) = (app.clone(), account.clone());
    let of = (import.id, import.state.phase());
    let pieces = csv::pieces(
        "row,outcome,field,reason,message,remedy\r\n",
        move |after: Option<(u32, String)>| {
            let (app, account) = (app.clone(), account.clone());
            async move {
                let (line, field) = after.unwrap_or_default();
                let rows = app
                    .store
                    .import_remarks(&account, of, (line, &field), PIECE)
                    .await?;
                let lines = rows.iter().map(|one| {
                    let outcome = if one.kept { "taken without it" } else { "refused" };
                    csv::row([
                        one.line.to_string(),
                        outcome.to_owned(),
                        one.field.clone(),
                        one.reason.clone(),
                        one.message.clone(),
                        remedy(one).to_owned(),
                    ])
                });
                let next = rows.last().filter(|_| rows.len() == PIECE as usize);
                Ok((lines.collect(), next.map(|one| (one.line, one.field.clone()))))
            }
        },
    );
    csv::file(&format!("refused-{}", import.id), pieces)
}

/// Every subscription of an account, with all that is needed to take it elsewhere.
pub(super) fn export(app: &App, site: &Site, as_csv: bool) -> Response {
    let account = site.account.id.clone();
    let keys: HashMap<Id, String> = site
        .keys
        .iter()
        .map(|key| (key.id, key.key.public_key().to_owned()))
        .collect();
    let head: &'static str = if as_csv { HEAD.as_str() } else { "" };
    let app = app.clone();
    let pieces = csv::pieces(head, move |after: Option<Id>| {
        let (app, account, keys) = (app.clone(), account.clone(), keys.clone());
        async move {
            let rows = app.store.exported(&account, after, PIECE).await?;
            let ordinals: Vec<Ordinal> = rows.iter().map(|row| row.subscription.ordinal).collect();
            let identities = app.store.identities_of(&account, &ordinals).await?;
            let mut text = String::new();
            for row in &rows {
                let known = identities
                    .get(&row.subscription.ordinal)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let object = object(row, known, &keys);
                if as_csv {
                    text += &csv::row(COLUMNS.iter().map(|column| cell(column, object.get(*column))));
                } else {
                    text += &Value::Object(object).to_string();
                    text.push('\n');
                }
            }
            let next = rows.last().filter(|_| rows.len() == PIECE as usize);
            Ok::<_, DbError>((text, next.map(|row| row.subscription.id)))
        }
    });
    if as_csv {
        return csv::file("subscriptions", pieces);
    }
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-ndjson"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"subscriptions.jsonl\""),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, pieces).into_response()
}

static HEAD: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| COLUMNS.join(",") + "\r\n");

/// One subscription; what is empty is left out.
fn object(row: &Exported, identities: &[Identity], keys: &HashMap<Id, String>) -> Map<String, Value> {
    let (subscription, person) = (&row.subscription, &row.subscriber.profile);
    let device = &row.subscriber.device;
    let of = |kind: IdentityKind| -> Value {
        let values: Vec<&str> = identities
            .iter()
            .filter(|identity| identity.kind == kind)
            .map(|identity| identity.value.as_str())
            .collect();
        match values.as_slice() {
            [] => Value::Null,
            [one] => json!(one),
            several => json!(several),
        }
    };
    let text = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    let base64 = |bytes: &[u8]| json!(URL_SAFE_NO_PAD.encode(bytes));
    let state = &device.state;
    let values = [
        json!(subscription.endpoint.as_str()),
        base64(&subscription.keys.p256dh),
        base64(&subscription.keys.auth),
        json!(keys.get(&subscription.vapid_key)),
        json!(subscription.state_word()),
        text(&subscription.reason),
        of(IdentityKind::Identity),
        of(IdentityKind::Email),
        of(IdentityKind::Phone),
        if person.properties.is_empty() {
            Value::Null
        } else {
            json!(person.properties)
        },
        if state.topics.is_empty() {
            Value::Null
        } else {
            json!(state.topics)
        },
        text(&state.language),
        text(&state.zone),
        text(&subscription.browser),
        text(&subscription.system),
        if state.opt_out { json!("yes") } else { Value::Null },
        if row.has_device {
            json!(device.id)
        } else {
            Value::Null
        },
        json!(subscription.created_at.to_string()),
        json!(subscription.changed_at.to_string()),
        if row.has_device {
            json!(device.seen_at.to_string())
        } else {
            Value::Null
        },
        json!(person.ordinal),
    ];
    COLUMNS
        .iter()
        .zip(values)
        .filter(|(_, value)| !value.is_null())
        .map(|(column, value)| ((*column).to_owned(), value))
        .collect()
}

/// A value as a cell. What begins with a quote gets another one, as one is taken away where it comes in.
fn cell(column: &str, value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) if text.starts_with('\'') => format!("'{text}"),
        // What looks like a list would be read as one.
        Some(Value::String(text)) if text.starts_with('[') && LISTS.contains(&column) => {
            json!([text]).to_string()
        }
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The body of a request as pieces.
pub(super) fn pieces(body: Body) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    body.into_data_stream()
}
