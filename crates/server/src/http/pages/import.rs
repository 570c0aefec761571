//! Bringing subscriptions along: the form that takes a file, what was found in it row by row, the word to take them, how far that is, and the way
//! out.
//!
//! Left out: judging rows (`import`). Invariant: nothing is taken before somebody has seen what was found; as with `Signed`, a file is read only
//! after the form's token was compared, which therefore stands before it.

use super::desk::{Desk, Signed, fields};
use super::format::When;
use super::icon::Icon;
use super::{Errors, Nav, Shell, Theme, asset, format};
use crate::app::App;
use crate::http::error::Error;
use crate::http::moving;
use crate::http::session;
use crate::import::reason::Reason;
use crate::import::{ImportError, Told, Upload};
use crate::launch::keys::Brought;
use crate::store::imports::{ImportRemark, ImportRow, ImportState};
use askama::Template;
use axum::Json;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest as _, FromRequestParts as _, Multipart, Path, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use campanile_core::FieldError;
use campanile_core::id::Id;
use serde_json::json;

/// Longest value of a field that is no file, bytes: a PEM text with remarks around it.
const MAX_FIELD_BYTES: usize = 16 * 1024;
/// Most fields of the form.
const MAX_FIELDS: usize = 8;
/// Remarks that a page shows; all of them are in the file.
const REMARKS: u32 = 50;
/// Imports that the list shows.
const LISTED: u32 = 20;

/// What was sent beside the file.
#[derive(Default)]
struct Form {
    csrf: String,
    /// Public key of a pair of the ring.
    key: String,
    private_key: String,
    /// The private key was taken, and `key` is its pair's.
    brought: bool,
}

/// An import in the list.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// Its id.
    pub(crate) id: String,
    /// Name of its file.
    pub(crate) name: String,
    /// How far it is, and how that looks.
    pub(crate) state: (&'static str, &'static str),
    /// Rows.
    pub(crate) rows: u64,
    /// Taken, or to be taken.
    pub(crate) accepted: u64,
    /// When it began.
    pub(crate) at: When,
}

/// The form and the list at `/people/import`.
#[derive(Debug, Template)]
#[template(path = "people_import.html")]
pub(crate) struct ImportPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// What was wrong with the form.
    pub(crate) errors: Errors,
    /// Pairs of the ring: public key, the same shortened, and whether it is the one that was chosen.
    pub(crate) ring: Vec<(String, String, bool)>,
    /// The private key that was given is in the ring, though the file was not taken.
    pub(crate) brought: bool,
    /// Imports of the last week.
    pub(crate) imports: Vec<Listed>,
    /// Live subscriptions that there are to take along.
    pub(crate) subscriptions: u64,
}

/// One import at `/people/import/{id}`.
#[derive(Debug, Template)]
#[template(path = "people_import_one.html")]
pub(crate) struct OneImportPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Its id.
    pub(crate) id: String,
    /// Name of its file.
    pub(crate) name: String,
    /// How far it is, and how that looks.
    pub(crate) state: (&'static str, &'static str),
    /// The state's name.
    pub(crate) state_name: &'static str,
    /// How many rows were looked at, of how many.
    pub(crate) read: u64,
    /// Rows of the file.
    pub(crate) rows: u64,
    /// Taken, or to be taken.
    pub(crate) accepted: u64,
    /// Live ones among them.
    pub(crate) reachable: u64,
    /// Here before.
    pub(crate) known: u64,
    /// Refused.
    pub(crate) refused: u64,
    /// Taken without a field.
    pub(crate) left_out: u64,
    /// Reasons: words, rows, remedy.
    pub(crate) reasons: Vec<(&'static str, u64, &'static str)>,
    /// Pairs: shortened public key and how many they reach.
    pub(crate) keys: Vec<(String, u64)>,
    /// The first remarks.
    pub(crate) remarks: Vec<ImportRemark>,
    /// Columns that nothing here reads.
    pub(crate) ignored: String,
}

impl OneImportPage {
    fn is(&self, state: ImportState) -> bool {
        self.state_name == state.as_str()
    }

    /// Whether work is being done on it.
    fn at_work(&self) -> bool {
        self.is(ImportState::Checking) || self.is(ImportState::Running)
    }

    fn checked(&self) -> bool {
        self.is(ImportState::Checked)
    }

    /// Whether rows are, or were, only looked at.
    fn only_looked(&self) -> bool {
        self.is(ImportState::Checking) || self.checked()
    }
}

fn state_words(state: ImportState) -> (&'static str, &'static str) {
    match state {
        ImportState::Receiving => ("Coming in", "badge-info"),
        ImportState::Checking => ("Being looked at", "badge-info"),
        ImportState::Checked => ("Waits for your word", "badge-warn"),
        ImportState::Running => ("Running", "badge-info"),
        ImportState::Done => ("Done", "badge-ok"),
        ImportState::Cancelled => ("Stopped", "badge-idle"),
    }
}

/// The form, the list and the way out.
pub(crate) async fn show(desk: Desk) -> Response {
    let page = page(&desk, &Form::default(), Errors::default()).await;
    desk.tell(page.map(|page| desk.page(page)))
}

async fn page(desk: &Desk, form: &Form, errors: Errors) -> Result<ImportPage, Error> {
    let (store, account) = (&desk.app.store, &desk.account().id);
    let site = desk.app.live.site(account).unwrap_or_else(|| desk.site.clone());
    let imports = store.imports(account, LISTED).await?;
    Ok(ImportPage {
        shell: desk.shell(Nav::People),
        errors,
        ring: site
            .keys
            .iter()
            .map(|key| {
                let public = key.key.public_key();
                (
                    public.to_owned(),
                    format::middle(public, 12, 6),
                    public == form.key,
                )
            })
            .collect(),
        brought: form.brought,
        imports: imports
            .iter()
            .map(|row| Listed {
                id: row.id.to_string(),
                name: name_of(row),
                state: state_words(row.state),
                rows: row.total,
                accepted: row.counts.accepted,
                at: desk.told().when(row.made_at),
            })
            .collect(),
        subscriptions: store.reach(account).await?.values().sum(),
    })
}

fn name_of(row: &ImportRow) -> String {
    match row.name.trim() {
        "" => "A file without a name".to_owned(),
        name => name.to_owned(),
    }
}

/// Takes a file in, to look at it. The answer leads to what was found.
pub(crate) async fn take(State(app): State<App>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let desk = match Desk::from_request_parts(&mut parts, &app).await {
        Ok(desk) => desk,
        Err(refused) => return refused,
    };
    let mut form = Form::default();
    let taken = receive(&desk, &mut form, Request::from_parts(parts, body)).await;
    let answer = match taken {
        Ok(row) => Ok(Redirect::to(&format!("/people/import/{}", row.id)).into_response()),
        Err(fault) => match fields(fault) {
            Ok(errors) => page(&desk, &form, errors).await.map(|page| desk.again(page)),
            Err(fault) => Err(fault),
        },
    };
    desk.tell(answer)
}

async fn receive(desk: &Desk, form: &mut Form, request: Request) -> Result<ImportRow, Error> {
    let mut parts = Multipart::from_request(request, &desk.app).await.map_err(|_| {
        Error::BadRequest("This form is no multipart/form-data. Nothing was kept.".to_owned())
    })?;
    for _ in 0..MAX_FIELDS {
        let next = tokio::time::timeout(moving::STALLED, parts.next_field()).await;
        let next = next.map_err(|_| cut_off())?;
        let Some(mut field) = next.map_err(|_| cut_off())? else {
            break;
        };
        match field.name() {
            Some("csrf") => form.csrf = text(&mut field).await?,
            Some("key") => form.key = text(&mut field).await?,
            Some("private_key") => form.private_key = text(&mut field).await?,
            Some("file") => {
                let name = field.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    break;
                }
                let upload = begin(desk, form, name).await;
                return moving::receive(upload, field).await;
            }
            _ => drop(text(&mut field).await?),
        }
    }
    session::check_csrf(&desk.operator, &form.csrf)?;
    let message = "There was no file. Choose one, then look at it.";
    Err(Error::Fields(vec![FieldError::new("file", message)]))
}

/// Everything but the file is here, for it comes last in the form.
async fn begin(desk: &Desk, form: &mut Form, name: String) -> Result<Upload, Error> {
    session::check_csrf(&desk.operator, &form.csrf)?;
    let private_key = std::mem::take(&mut form.private_key);
    let account = &desk.account().id;
    if !private_key.trim().is_empty() {
        let brought = Brought {
            private_key: private_key.trim(),
            public_key: "",
        };
        form.key = desk.app.launch.bring_old_key(account, &brought).await?.public_key;
        form.brought = true;
    }
    let told = Told {
        name,
        format: None,
        key: form.key.clone(),
        dry_run: true,
    };
    let site = desk.app.live.site(account).unwrap_or_else(|| desk.site.clone());
    Ok(desk.app.imports.receive(&site, told).await?)
}

fn cut_off() -> Error {
    Error::BadRequest("The form did not arrive whole. Nothing was kept; send it again.".to_owned())
}

async fn text(field: &mut Field<'_>) -> Result<String, Error> {
    let mut bytes = Vec::new();
    loop {
        let piece = tokio::time::timeout(moving::STALLED, field.chunk()).await;
        let Some(piece) = piece.map_err(|_| cut_off())?.map_err(|_| cut_off())? else {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        };
        if bytes.len() + piece.len() > MAX_FIELD_BYTES {
            return Err(Error::TooLarge(MAX_FIELD_BYTES));
        }
        bytes.extend_from_slice(&piece);
    }
}

async fn find(desk: &Desk, id: &str) -> Result<ImportRow, Error> {
    let id = Id::parse(id).ok_or(ImportError::Unknown)?;
    Ok(desk.app.imports.find(&desk.account().id, id).await?)
}

/// What was found in a file, and how far its import is.
pub(crate) async fn one(desk: Desk, Path(id): Path<String>) -> Response {
    let answer = async {
        let row = find(&desk, &id).await?;
        let of = (row.id, row.state.phase());
        let store = &desk.app.store;
        let remarks = store
            .import_remarks(&desk.account().id, of, (0, ""), REMARKS)
            .await?;
        let counts = &row.counts;
        let mut reasons: Vec<(&'static str, u64, &'static str)> = counts
            .refused
            .iter()
            .filter_map(|(code, n)| Reason::parse(code).map(|reason| (reason.words(), *n, reason.remedy())))
            .collect();
        reasons.sort_by_key(|(_, n, _)| std::cmp::Reverse(*n));
        Ok(desk.page(OneImportPage {
            shell: desk.shell(Nav::People),
            id: row.id.to_string(),
            name: name_of(&row),
            state: state_words(row.state),
            state_name: row.state.as_str(),
            read: counts.read,
            rows: row.total,
            accepted: counts.accepted,
            reachable: counts.reachable.values().sum(),
            known: counts.known,
            refused: counts.refused.values().sum(),
            left_out: counts.left_out,
            reasons,
            keys: counts
                .reachable
                .iter()
                .map(|(public, n)| (format::middle(public, 12, 6), *n))
                .collect(),
            remarks,
            ignored: row.ignored.join(", "),
        }))
    };
    desk.tell(answer.await)
}

/// How far an import is, for the page's script.
pub(crate) async fn progress(desk: Desk, Path(id): Path<String>) -> Response {
    let answer = find(&desk, &id).await.map(|row| {
        let told = json!({"state": row.state.as_str(), "read": row.counts.read, "rows": row.total, "words": words(row.counts.read, row.total)});
        Json(told).into_response()
    });
    desk.tell(answer)
}

fn words(read: u64, rows: u64) -> String {
    format!("{} of {} rows", format::number(read), format::number(rows))
}

/// The word to take what was found.
pub(crate) async fn start(Path(id): Path<String>, Signed { desk, .. }: Signed) -> Response {
    let answer = async {
        let row = find(&desk, &id).await?;
        desk.app.imports.start(&desk.account().id, row.id).await?;
        Ok(Redirect::to(&format!("/people/import/{id}")).into_response())
    };
    desk.tell(answer.await)
}

/// Stops it; what was taken stays.
pub(crate) async fn cancel(Path(id): Path<String>, Signed { desk, .. }: Signed) -> Response {
    let answer = async {
        let row = find(&desk, &id).await?;
        desk.app.imports.cancel(&desk.account().id, row.id).await?;
        Ok(Redirect::to(&format!("/people/import/{id}")).into_response())
    };
    desk.tell(answer.await)
}

/// All refused rows as a file.
pub(crate) async fn refused(desk: Desk, Path(id): Path<String>) -> Response {
    match find(&desk, &id).await {
        Ok(row) => moving::refused(&desk.app, &desk.account().id, &row),
        Err(fault) => desk.tell(Err(fault)),
    }
}

/// Every subscription as JSON lines.
pub(crate) async fn export_jsonl(desk: Desk) -> Response {
    moving::export(&desk.app, &desk.site, false)
}

/// Every subscription as CSV.
pub(crate) async fn export_csv(desk: Desk) -> Response {
    moving::export(&desk.app, &desk.site, true)
}
