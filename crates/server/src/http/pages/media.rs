//! The editor's form for a picture: multipart, with the token of every form.
//!
//! Answers JSON to the page's script, and without script leads back to the page that sent it. Left out: what a picture is (`media`).
//! Invariant: as with `Signed`, a [`SignedFile`] exists only after its token was compared.

use super::desk::{Desk, own_path};
use crate::app::App;
use crate::http::error::Error;
use crate::http::media::{Incoming, shown};
use crate::http::session;
use axum::Json;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, FromRequestParts as _, Multipart, Request};
use axum::response::{IntoResponse as _, Redirect, Response};

/// Longest value of a field that is no file, bytes.
const MAX_FIELD_BYTES: usize = 4096;
/// Most fields of the form.
const MAX_FIELDS: usize = 16;

/// A file that a signed-in person sent in a form whose token was right.
pub(crate) struct SignedFile {
    desk: Desk,
    form: Form,
}

/// The form as it was sent.
#[derive(Default)]
struct Form {
    csrf: String,
    back: String,
    name: String,
    file: Vec<u8>,
}

impl FromRequest<App> for SignedFile {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let desk = Desk::from_request_parts(&mut parts, app).await?;
        match Form::read(Request::from_parts(parts, body), app, &desk).await {
            Ok(form) => Ok(Self { desk, form }),
            Err(fault) => Err(desk.tell(Err(fault))),
        }
    }
}

impl Form {
    async fn read(request: Request, app: &App, desk: &Desk) -> Result<Self, Error> {
        let mut parts = Multipart::from_request(request, app).await.map_err(|_| {
            Error::BadRequest("This form is no multipart/form-data. Nothing was kept.".to_owned())
        })?;
        let mut form = Self::default();
        let mut too_large = None;
        for _ in 0..MAX_FIELDS {
            let Some(field) = parts.next_field().await.map_err(cut_off)? else {
                break;
            };
            match field.name() {
                Some("csrf") => form.csrf = text(field).await?,
                Some("return") => form.back = text(field).await?,
                Some("file") => {
                    field.file_name().unwrap_or_default().clone_into(&mut form.name);
                    match file(field).await {
                        Ok(bytes) => form.file = bytes,
                        // Told only to whoever may know: the token may come after the file.
                        Err(fault @ Error::Fields(_)) => too_large = Some(fault),
                        Err(fault) => return Err(fault),
                    }
                }
                _ => drop(text(field).await?),
            }
        }
        session::check_csrf(&desk.operator, &form.csrf)?;
        too_large.map_or(Ok(form), Err)
    }
}

fn cut_off(_: MultipartError) -> Error {
    Error::BadRequest("The form did not arrive whole. Nothing was kept; send it again.".to_owned())
}

async fn text(mut field: Field<'_>) -> Result<String, Error> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(cut_off)? {
        if bytes.len() + piece.len() > MAX_FIELD_BYTES {
            return Err(Error::TooLarge(MAX_FIELD_BYTES));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn file(mut field: Field<'_>) -> Result<Vec<u8>, Error> {
    let mut incoming = Incoming::default();
    while let Some(piece) = field.chunk().await.map_err(cut_off)? {
        incoming.add(&piece)?;
    }
    incoming.end()
}

/// Keeps the picture. Without script the page that is come back to finds its hash in the query, as `media`.
pub(crate) async fn keep(SignedFile { desk, form }: SignedFile) -> Response {
    let account = &desk.account().id;
    let row = match desk.app.media.keep(account, &form.name, form.file).await {
        Ok(row) => row,
        Err(fault) => return desk.tell(Err(fault.into())),
    };
    if desk.wants_json {
        return Json(shown(&desk.base, account, &row)).into_response();
    }
    let back = own_path(&form.back);
    let back = back.split_once('#').map_or(back, |(path, _)| path);
    let joint = if back.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{back}{joint}media={}", row.hash)).into_response()
}
