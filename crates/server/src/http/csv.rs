//! Files as CSV (RFC 4180), and answers as such a file, for the dashboard and the API.
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
    let pieces = pieces(HEAD, move |before: Option<Id>| {
        let (app, account) = (app.clone(), account.clone());
        async move {
            let rows = app.store.answers(&account, campaign, before, PIECE).await?;
            let next = rows.last().filter(|_| rows.len() == PIECE as usize);
            Ok((rows.iter().map(line).collect(), next.map(|row| row.impression)))
        }
    });
    file(&format!("answers-{campaign}"), pieces)
}

/// A body that is read in pieces, each after the place that the one before gives; the last one gives none.
pub(super) fn pieces<P: Send + 'static, F>(
    head: &'static str,
    mut read: impl FnMut(Option<P>) -> F + Send + 'static,
) -> Body
where
    F: Future<Output = Result<(String, Option<P>), DbError>> + Send + 'static,
{
    let pieces = stream::try_unfold(Some(None::<P>), move |from| {
        let piece = from.map(|place| (place.is_none(), read(place)));
        async move {
            let Some((is_first, piece)) = piece else {
                return Ok::<_, DbError>(None);
            };
            let (lines, next) = piece.await?;
            let text = if is_first { head.to_owned() + &lines } else { lines };
            Ok(Some((text, next.map(Some))))
        }
    });
    let pieces = pieces.inspect_err(|fault| tracing::warn!(error = %fault, "a CSV file ended early"));
    Body::from_stream(pieces)
}

/// The answer that a browser saves under `name`: plain letters, digits and dashes.
pub(super) fn file(name: &str, body: Body) -> Response {
    let name = format!("attachment; filename=\"{name}.csv\"");
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(name).expect("names of files are plain"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, body).into_response()
}

fn line(answer: &AnswerRow) -> String {
    row([
        answer.at.to_string(),
        answer.ordinal.0.to_string(),
        answer.revision.to_string(),
        answer.variant.clone(),
        rule::shown(&answer.answer).into_owned(),
        answer.comment.clone(),
        if answer.consent { "yes" } else { "no" }.to_owned(),
    ])
}

/// One line.
pub(super) fn row(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|text| cell(&text).into_owned()).collect();
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
