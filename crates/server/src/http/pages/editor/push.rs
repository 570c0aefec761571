//! The push composer: one form, with the looks of all systems beside it.
//!
//! A form goes through `forms` to the rules of the API. Left out: storage and sending. Invariant: whatever is not accepted comes back with
//! everything that was typed.

use crate::http::error::Error;
use crate::http::pages::campaigns::started;
use crate::http::pages::desk::{Desk, Sent, fields, host_of, said};
use crate::http::pages::forms::PushForm;
use crate::http::pages::icon::Icon;
use crate::http::pages::status::{self, Badge};
use crate::http::pages::{Errors, Nav, Said, Shell, Theme, asset, format};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Campaign, Definition, Kind, Status};
use campanile_core::id::{CampaignId, Id};
use campanile_core::notification::MAX_PAYLOAD_BYTES;
use campanile_core::stats::Counts;
use serde_json::{Value, json};

/// Times to live that the composer offers, in seconds.
const TTLS: [&str; 7] = ["0", "3600", "21600", "86400", "259200", "604800", "2419200"];

/// What stands above and below the form.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    /// The campaign's number; `None` before it was saved for the first time.
    pub(crate) id: Option<i64>,
    /// Its status.
    pub(crate) badge: Badge,
    /// When it was last saved, in words.
    pub(crate) saved: Option<String>,
    /// What stands between it and its start.
    pub(crate) missing: Vec<FieldError>,
    /// What was not accepted at the last save.
    pub(crate) errors: Errors,
    /// Head of the summary of errors.
    pub(crate) problem: &'static str,
}

impl Bench {
    /// Where the form goes, and where the way back leads.
    fn href(&self) -> String {
        self.id
            .map_or_else(|| "/campaigns".to_owned(), |id| format!("/campaigns/{id}"))
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

/// An empty composer.
pub(super) async fn begin(desk: &Desk) -> Result<Response, Error> {
    let form = PushForm::fresh(&format!("{}/", desk.home()));
    drawn(desk, form, None, Errors::default(), "", StatusCode::OK).await
}

/// The composer of a push that is kept.
pub(super) async fn edit(desk: &Desk, campaign: &Campaign) -> Result<Response, Error> {
    if !campaign.status.may_edit(Kind::Push) {
        return Ok(Redirect::to(&format!("/campaigns/{}", campaign.id)).into_response());
    }
    let form = PushForm::of(&campaign.definition).unwrap_or_default();
    drawn(desk, form, Some(campaign), Errors::default(), "", StatusCode::OK).await
}

fn definition(form: &PushForm) -> Result<Definition, FieldError> {
    Definition::parse(form.to_json()?)
}

const NOT_SAVED: &str = "Not saved. What you typed is still here.";
const NOT_STARTED: &str = "Not started. Everything is saved as a draft; this is missing:";

/// Keeps a push, and sends it where that is asked for.
pub(super) async fn keep(desk: &Desk, sent: &Sent, id: Option<CampaignId>) -> Result<Response, Error> {
    let form: PushForm = sent.read()?;
    let account = &desk.account().id;
    let before = match id {
        Some(id) => Some(desk.app.launch.find(account, id).await?),
        None => None,
    };
    let parsed = definition(&form);
    let definition = match parsed {
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
    let kept = match &before {
        Some(before) => desk.app.launch.change(account, before.clone(), definition).await,
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
    if form.then != "start" {
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

/// Active subscriptions of the site.
pub(super) async fn subscribers(desk: &Desk) -> Result<u64, Error> {
    Ok(desk.app.store.reach(&desk.account().id).await?.values().sum())
}

/// The editor of a form, with what is wrong with it.
async fn drawn(
    desk: &Desk,
    form: PushForm,
    campaign: Option<&Campaign>,
    errors: Errors,
    problem: &'static str,
    status: StatusCode,
) -> Result<Response, Error> {
    let definition = definition(&form);
    let missing = match &definition {
        Ok(definition) => definition.check(),
        Err(fault) => vec![fault.clone()],
    };
    let standing = campaign.map_or(Status::Draft, |campaign| campaign.status);
    let bench = Bench {
        id: campaign.map(|campaign| campaign.id.0),
        badge: status::badge(standing, &Counts::default()),
        saved: campaign.map(|campaign| desk.told().when(campaign.changed_at).words),
        missing,
        errors,
        problem,
    };
    let told = definition
        .as_ref()
        .ok()
        .and_then(|definition| push_payload(desk, definition));
    let (payload, bytes) = told.unwrap_or_default();
    let page = PushEditorPage {
        subscribers: subscribers(desk).await?,
        origin_host: host_of(desk.home()).to_owned(),
        shell: desk.shell(Nav::Campaigns),
        bench,
        form,
        bytes,
        payload,
    };
    Ok(desk.page_as(status, page))
}

/// The payload as one recipient would get it, indented, with the bytes of the largest one.
fn push_payload(desk: &Desk, definition: &Definition) -> Option<(String, usize)> {
    let Body::Push(plan) = &definition.body else {
        return None;
    };
    let push = &plan.push;
    let send = Id::from_bytes(&[0; 16])?;
    let payload: Value =
        serde_json::from_slice(&push.payload(&desk.account().id, CampaignId(0), send, None)).ok()?;
    Some((
        serde_json::to_string_pretty(&payload).ok()?,
        push.largest_payload_bytes(),
    ))
}

/// What the composer's script is told of a form that is being typed.
pub(super) fn preview(desk: &Desk, sent: &Sent) -> Result<Value, Error> {
    let form: PushForm = sent.read()?;
    Ok(match definition(&form) {
        Ok(definition) => {
            let mut told = json!({"errors": definition.check()});
            if let Some((payload, bytes)) = push_payload(desk, &definition) {
                told["payload"] = json!(payload);
                told["bytes"] = json!(bytes);
            }
            told
        }
        Err(fault) => json!({"errors": [fault]}),
    })
}
