//! Writing a campaign: the pop-up editor and the push composer.
//!
//! A form goes through `forms` to the rules of the API. Left out: storage and rendering of the message. Invariant: the stage shows
//! the very bytes that a visitor gets; whatever is not accepted comes back with everything that was typed.

use super::campaigns::{NewCampaignPage, started};
use super::desk::{Desk, Numbered, Sent, Signed, fields, host_of, said};
use super::forms::{PopupForm, PushForm};
use super::icon::Icon;
use super::status::{self, Badge};
use super::{Errors, Nav, Page, Said, Shell, Theme, asset, format};
use crate::http::error::Error;
use crate::secret;
use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Campaign, Definition, Status};
use campanile_core::id::{CampaignId, Id};
use campanile_core::notification::MAX_PAYLOAD_BYTES;
use campanile_core::stats::Counts;
use serde::Deserialize;
use serde_json::{Value, json};

/// Times to live that the composer offers, in seconds.
const TTLS: [&str; 7] = ["0", "3600", "21600", "86400", "259200", "604800", "2419200"];

/// What both editors share.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    /// The campaign's number; `None` before it was saved for the first time.
    pub(crate) id: Option<i64>,
    /// Its status.
    pub(crate) badge: Badge,
    /// When it was last saved, in words.
    pub(crate) saved: Option<String>,
    /// Whether it runs already (saving changes what visitors see).
    pub(crate) running: bool,
    /// What stands between it and its start.
    pub(crate) missing: Vec<FieldError>,
    /// What was not accepted at the last save.
    pub(crate) errors: Errors,
    /// Head of the summary of errors.
    pub(crate) problem: &'static str,
}

impl Bench {
    fn action(&self) -> String {
        self.id
            .map_or_else(|| "/campaigns".to_owned(), |id| format!("/campaigns/{id}"))
    }

    fn back(&self) -> String {
        self.id
            .map_or_else(|| "/campaigns".to_owned(), |id| format!("/campaigns/{id}"))
    }
}

/// The pop-up editor.
#[derive(Debug, Template)]
#[template(path = "editor_popup.html")]
pub(crate) struct PopupEditorPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Number, status, faults.
    pub(crate) bench: Bench,
    /// What is typed.
    pub(crate) form: PopupForm,
    /// The message's very bytes; empty while the form cannot be read.
    pub(crate) html: String,
    /// SHA-256 of the bytes, hex.
    pub(crate) sha256: String,
}

impl PopupEditorPage {
    /// The frame's document: the message's bytes with this page's nonce in its place, as the SDK does on a visitor's page.
    fn srcdoc(&self) -> String {
        self.html.replace("campanile-nonce", &self.shell.nonce)
    }

    fn weight(&self) -> String {
        format::size(self.html.len() as u64)
    }

    fn digest(&self) -> String {
        format::middle(&self.sha256, 4, 4)
    }
}

/// The push composer.
#[derive(Debug, Template)]
#[template(path = "editor_push.html")]
pub(crate) struct PushEditorPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Number, status, faults.
    pub(crate) bench: Bench,
    /// What is typed.
    pub(crate) form: PushForm,
    /// Bytes of the largest payload; 0 while the form cannot be read.
    pub(crate) bytes: usize,
    /// The payload, indented, to be looked at.
    pub(crate) payload: String,
    /// Active subscriptions.
    pub(crate) subscribers: u64,
    /// Where the site lives, as the browsers will name it.
    pub(crate) origin_host: String,
}

/// A form of either kind.
enum Form {
    Popup(PopupForm),
    Push(PushForm),
}

impl Form {
    fn read(sent: &Sent) -> Result<Self, Error> {
        match sent.get("kind") {
            "push" => Ok(Self::Push(sent.read()?)),
            _ => Ok(Self::Popup(sent.read()?)),
        }
    }

    fn of(definition: &Definition) -> Self {
        match (PopupForm::of(definition), PushForm::of(definition)) {
            (Some(form), _) => Self::Popup(form),
            (None, form) => Self::Push(form.unwrap_or_default()),
        }
    }

    fn definition(&self) -> Result<Definition, FieldError> {
        let value = match self {
            Self::Popup(form) => form.to_json(),
            Self::Push(form) => form.to_json(),
        };
        Definition::parse(value?)
    }

    fn wants_start(&self) -> bool {
        match self {
            Self::Popup(form) => form.then == "start",
            Self::Push(form) => form.then == "start",
        }
    }
}

/// What is asked for at `/campaigns/new`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewQuery {
    kind: String,
}

/// An empty editor, or the choice of a kind.
pub(crate) async fn begin(desk: Desk, Query(asked): Query<NewQuery>) -> Response {
    desk.tell(begin_page(&desk, &asked.kind).await)
}

async fn begin_page(desk: &Desk, kind: &str) -> Result<Response, Error> {
    let form = match kind {
        "popup" => Form::Popup(PopupForm::fresh()),
        "push" => Form::Push(PushForm::fresh(&format!("{}/", desk.home()))),
        _ => {
            let subscribers = subscribers(desk).await?;
            return Ok(desk.page(NewCampaignPage {
                shell: desk.shell(Nav::Campaigns),
                subscribers,
            }));
        }
    };
    drawn(desk, form, None, Errors::default(), "", StatusCode::OK).await
}

/// The editor of a campaign that is kept.
pub(crate) async fn edit(desk: Desk, Numbered(id): Numbered) -> Response {
    desk.tell(edit_page(&desk, id).await)
}

async fn edit_page(desk: &Desk, id: CampaignId) -> Result<Response, Error> {
    let campaign = desk.app.launch.find(&desk.account().id, id).await?;
    if !campaign.status.may_edit(campaign.definition.kind()) {
        return Ok(Redirect::to(&format!("/campaigns/{id}")).into_response());
    }
    let form = Form::of(&campaign.definition);
    drawn(desk, form, Some(&campaign), Errors::default(), "", StatusCode::OK).await
}

/// Keeps a new campaign, and starts it where that is asked for.
pub(crate) async fn create(Signed { desk, form }: Signed) -> Response {
    desk.tell(keep(&desk, &form, None).await)
}

/// Keeps a changed campaign, and starts it where that is asked for.
pub(crate) async fn save(Numbered(id): Numbered, Signed { desk, form }: Signed) -> Response {
    desk.tell(keep(&desk, &form, Some(id)).await)
}

const NOT_SAVED: &str = "Not saved. What you typed is still here.";
const NOT_STARTED: &str = "Not started. Everything is saved as a draft; this is missing:";

async fn keep(desk: &Desk, sent: &Sent, id: Option<CampaignId>) -> Result<Response, Error> {
    let form = Form::read(sent)?;
    let account = &desk.account().id;
    let before = match id {
        Some(id) => Some(desk.app.launch.find(account, id).await?),
        None => None,
    };
    let definition = match form.definition() {
        Ok(definition) => definition,
        Err(fault) => {
            return drawn(
                desk,
                form,
                before.as_ref(),
                Errors(vec![fault]),
                NOT_SAVED,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await;
        }
    };
    let kept = match id {
        Some(id) => desk.app.launch.change(account, id, definition).await,
        None => desk.app.launch.create(account, definition).await,
    };
    let kept = match kept {
        Ok(campaign) => campaign,
        Err(fault) => {
            let errors = fields(fault.into())?;
            return drawn(
                desk,
                form,
                before.as_ref(),
                errors,
                NOT_SAVED,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await;
        }
    };
    if !form.wants_start() {
        return Ok(said(&format!("/campaigns/{}/edit", kept.id), Said::Saved));
    }
    match desk.app.launch.start(account, kept.id).await {
        Ok(campaign) => Ok(said(&format!("/campaigns/{}", campaign.id), started(&campaign))),
        Err(fault) => {
            let errors = fields(fault.into())?;
            drawn(
                desk,
                form,
                Some(&kept),
                errors,
                NOT_STARTED,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await
        }
    }
}

async fn subscribers(desk: &Desk) -> Result<u64, Error> {
    Ok(desk.app.store.reach(&desk.account().id).await?.values().sum())
}

/// The editor of a form, with what is wrong with it.
async fn drawn(
    desk: &Desk,
    form: Form,
    campaign: Option<&Campaign>,
    errors: Errors,
    problem: &'static str,
    status: StatusCode,
) -> Result<Response, Error> {
    let definition = form.definition();
    let missing = match &definition {
        Ok(definition) => definition.check(),
        Err(fault) => vec![fault.clone()],
    };
    let standing = campaign.map_or(Status::Draft, |campaign| campaign.status);
    let bench = Bench {
        id: campaign.map(|campaign| campaign.id.0),
        badge: status::badge(standing, &Counts::default()),
        saved: campaign.map(|campaign| desk.told().when(campaign.changed_at).words),
        running: standing == Status::Running,
        missing,
        errors,
        problem,
    };
    let shell = desk.shell(Nav::Campaigns);
    let nonce = desk.nonce.clone();
    Ok(match form {
        Form::Popup(form) => {
            let html = definition.as_ref().ok().and_then(popup_html).unwrap_or_default();
            let sha256 = sum(&html);
            Page {
                status,
                nonce,
                body: PopupEditorPage {
                    shell,
                    bench,
                    form,
                    html,
                    sha256,
                },
            }
            .into_response()
        }
        Form::Push(form) => {
            let told = definition
                .as_ref()
                .ok()
                .and_then(|definition| push_payload(desk, definition));
            let (payload, bytes) = told.unwrap_or_default();
            let subscribers = subscribers(desk).await?;
            let origin_host = host_of(desk.home()).to_owned();
            Page {
                status,
                nonce,
                body: PushEditorPage {
                    shell,
                    bench,
                    form,
                    bytes,
                    payload,
                    subscribers,
                    origin_host,
                },
            }
            .into_response()
        }
    })
}

fn sum(html: &str) -> String {
    secret::hex(&secret::sha256(html.as_bytes()))
}

fn popup_html(definition: &Definition) -> Option<String> {
    match &definition.body {
        Body::Popup(plan) => Some(plan.popup.html()),
        Body::Push { .. } => None,
    }
}

/// The payload as one recipient would get it, indented, with the bytes of the largest one.
fn push_payload(desk: &Desk, definition: &Definition) -> Option<(String, usize)> {
    let Body::Push { push } = &definition.body else {
        return None;
    };
    let send = Id::from_bytes(&[0; 16])?;
    let payload: Value =
        serde_json::from_slice(&push.payload(&desk.account().id, CampaignId(0), send, None)).ok()?;
    Some((
        serde_json::to_string_pretty(&payload).ok()?,
        push.largest_payload_bytes(),
    ))
}

/// The message of a form that is being typed: JSON for the stage, a document of its own for a new tab.
pub(crate) async fn preview(headers: HeaderMap, Signed { desk, form }: Signed) -> Response {
    let form = match Form::read(&form) {
        Ok(form) => form,
        Err(fault) => return desk.tell(Err(fault)),
    };
    let told = match form.definition() {
        Ok(definition) => {
            let mut told = json!({"errors": definition.check()});
            if let Some(html) = popup_html(&definition) {
                told["sha256"] = json!(sum(&html));
                told["size"] = json!(format::size(html.len() as u64));
                told["html"] = json!(html);
            }
            if let Some((payload, bytes)) = push_payload(&desk, &definition) {
                told["payload"] = json!(payload);
                told["bytes"] = json!(bytes);
            }
            told
        }
        Err(fault) => json!({"errors": [fault]}),
    };
    let wants_json = headers
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
    match told.get("html").and_then(Value::as_str) {
        Some(html) if !wants_json => alone(&desk.nonce, html),
        _ => axum::Json(told).into_response(),
    }
}

/// The message as a page of its own, in a sandbox: nothing in it may run or reach this server's pages.
fn alone(nonce: &str, html: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self' https: http: data:; sandbox; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy).expect("a nonce is hex");
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, html.replace("campanile-nonce", nonce)).into_response()
}
