//! Answers as CSV (RFC 4180), for the dashboard and the API.
//!
//! Left out: who may have it. Invariant: read and sent in pieces, never all in memory; no cell begins with a sign that a spreadsheet takes
//! for the beginning of a formula: what visitors write is theirs, and must not run on the owner's machine.

use crate::app::App;
use crate::store::answers::AnswerRow;
use crate::store::db::DbError;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use campanile_core::id::{AccountId, CampaignId, Id};
use campanile_core::rule;
use futures_util::stream::{self, TryStreamExt as _};
use std::borrow::Cow;

/// Answers in one piece.
const PIECE: u32 = 500;
const HEAD: &str = "at,person,revision,variant,answer,comment,consent\r\n";

/// Every answer of a campaign, newest first.
pub fn answers(app: &App, account: &AccountId, campaign: CampaignId) -> Response {
    let (app, account) = (app.clone(), account.clone());
    let pieces = stream::try_unfold(Some(None::<Id>), move |from| {
        let (app, account) = (app.clone(), account.clone());
        async move {
            let Some(before) = from else {
                return Ok::<_, DbError>(None);
            };
            let rows = app.store.answers(&account, campaign, before, PIECE).await?;
            let mut text = if before.is_none() {
                HEAD.to_owned()
            } else {
                String::new()
            };
            for row in &rows {
                text += &line(row);
            }
            let next = (rows.len() == PIECE as usize).then(|| rows.last().map(|row| row.impression));
            Ok(Some((text, next)))
        }
    });
    let pieces = pieces.inspect_err(|fault| tracing::warn!(error = %fault, "a CSV file ended early"));
    let name = format!("attachment; filename=\"answers-{campaign}.csv\"");
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(name).expect("a campaign's number is digits"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

fn line(row: &AnswerRow) -> String {
    let cells = [
        row.at.to_string(),
        row.ordinal.0.to_string(),
        row.revision.to_string(),
        row.variant.clone(),
        rule::shown(&row.answer).into_owned(),
        row.comment.clone(),
        if row.consent { "yes" } else { "no" }.to_owned(),
    ];
    let cells: Vec<Cow<'_, str>> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\r\n", cells.join(","))
}

/// One cell. A quote before the first sign of a formula makes it text for every spreadsheet.
fn cell(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = text.contains([',', '"', '\n', '\r']);
    match (formula, quoted) {
        (false, false) => Cow::Borrowed(text),
        (_, false) => Cow::Owned(format!("'{text}")),
        (formula, true) => {
            let mark = if formula { "'" } else { "" };
            Cow::Owned(format!("\"{mark}{}\"", text.replace('"', "\"\"")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_are_quoted_and_run_nothing() {
        for (text, written) in [
            ("plain", "plain"),
            ("a, b", "\"a, b\""),
            ("say \"hi\"\nthere", "\"say \"\"hi\"\"\nthere\""),
            ("=1+1", "'=1+1"),
            ("+44 20", "'+44 20"),
            ("-1", "'-1"),
            ("@cmd", "'@cmd"),
            ("\tx", "'\tx"),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
