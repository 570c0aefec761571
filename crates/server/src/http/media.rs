//! Pictures to browsers, and files from whoever uploads them.
//!
//! Left out: what a picture is (`media`). Invariant: an address names the hash of what it serves, so it is kept for good; a picture is
//! served as a picture and as nothing else, to every page of every site, with no cookie looked at.

use super::error::Error;
use super::extract::Part;
use crate::app::App;
use crate::media;
use crate::store::media::{Format, MediaRow};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use campanile_core::id::AccountId;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

/// What stands in an address between the hash and the ending of a small version.
const SMALL: &str = "-small";
/// A file that is too large is read up to here all the same, bytes: a browser that is cut off while it sends shows no answer.
const READ_AT_MOST: usize = 64 * 1024 * 1024;

/// A picture as the API and the editor's form tell it.
pub(super) fn shown(base: &str, account: &AccountId, row: &MediaRow) -> Value {
    let small = row
        .small
        .map(|(width, bytes)| json!({"url": url(base, account, row, SMALL), "width": width, "bytes": bytes}));
    json!({
        "hash": row.hash, "url": url(base, account, row, ""), "width": row.width, "height": row.height, "bytes": row.bytes,
        "type": row.format.content_type(), "name": row.name, "created_at": row.created_at, "small": small,
    })
}

fn url(base: &str, account: &AccountId, row: &MediaRow, version: &str) -> String {
    format!(
        "{base}/media/{account}/{}{version}.{}",
        row.hash,
        row.format.extension()
    )
}

/// A picture or its small version.
pub(super) async fn serve(
    State(app): State<App>,
    Part((account, file)): Part<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match find(&app, &account, &file, &headers).await {
        Ok(found) => found,
        Err(fault) => {
            let mut response = fault.into_response();
            response
                .headers_mut()
                .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
    }
}

async fn find(app: &App, account: &str, file: &str, headers: &HeaderMap) -> Result<Response, Error> {
    let unknown = || Error::NotFound {
        code: "media_unknown",
        message: "There is no picture at this address.".to_owned(),
    };
    let account = AccountId::parse(account).ok_or_else(unknown)?;
    let (stem, extension) = file.rsplit_once('.').ok_or_else(unknown)?;
    let format = Format::parse(extension).ok_or_else(unknown)?;
    let (hash, small) = stem
        .strip_suffix(SMALL)
        .map_or((stem, false), |hash| (hash, true));
    if !media::is_hash(hash) {
        return Err(unknown());
    }
    let bytes = app.store.media_bytes(&account, hash, format, small).await?;
    let bytes = bytes.ok_or_else(unknown)?;
    let tag = format!("\"{stem}\"");
    let same = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags.contains(&tag));
    let mut response = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        bytes.into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, format.content_type()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
        // Whoever opens the address itself gets a document in which nothing runs.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::ETAG, HeaderValue::try_from(tag).expect("a hash is hex"));
    Ok(response)
}

/// A file on its way in: kept up to the size that is taken, then only counted.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    kept: Vec<u8>,
    read: usize,
}

impl Incoming {
    /// Takes the next piece; an error when there is no end of it.
    pub(super) fn add(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.read += piece.len();
        if self.read > READ_AT_MOST {
            return Err(Error::Fields(vec![media::too_large()]));
        }
        if self.read <= media::MAX_BYTES {
            self.kept.extend_from_slice(piece);
        }
        Ok(())
    }

    /// The whole file.
    pub(super) fn end(self) -> Result<Vec<u8>, Error> {
        if self.read > media::MAX_BYTES {
            return Err(Error::Fields(vec![media::too_large()]));
        }
        Ok(self.kept)
    }
}

/// A body that is a file, whatever it calls itself.
pub(super) async fn read(body: Body) -> Result<Vec<u8>, Error> {
    let mut incoming = Incoming::default();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let cut_off = |_| {
            Error::BadRequest("The file did not arrive whole. Nothing was kept; send it again.".to_owned())
        };
        incoming.add(&piece.map_err(cut_off)?)?;
    }
    incoming.end()
}
