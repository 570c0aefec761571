//! Writing a campaign: the pop-up editor and the push composer.
//!
//! Forms are flat text; [`PopupForm::to_json`] and [`PushForm::to_json`] turn them into the JSON of the API, which
//! `Definition::parse` and `Definition::check` judge: one rule for dashboard and API. Left out: storage and rendering of the message.
//! Invariant: an input's name is the path that a fault is reported under, so each sentence finds its field; typed text is kept.

use super::campaigns::{NewCampaignPage, started};
use super::desk::{Desk, Sent, Signed, fields, host_of, said};
use super::icon::Icon;
use super::status::{self, Badge};
use super::{Errors, Nav, Page, Said, Shell, Theme, asset, format};
use crate::http::error::Error;
use crate::secret;
use askama::Template;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Campaign, Definition, Status, Trigger};
use campanile_core::id::{CampaignId, Id};
use campanile_core::notification::{Action, MAX_PAYLOAD_BYTES};
use campanile_core::popup::{OnClick, Target};
use campanile_core::stats::Counts;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The pop-up's form as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PopupForm {
    pub(crate) name: String,
    #[serde(rename = "popup.title")]
    pub(crate) title: String,
    #[serde(rename = "popup.text")]
    pub(crate) text: String,
    #[serde(rename = "popup.image.url")]
    pub(crate) image_url: String,
    #[serde(rename = "popup.image.alt")]
    pub(crate) image_alt: String,
    #[serde(rename = "popup.button")]
    pub(crate) button: String,
    /// `url`, `function` or `close`.
    #[serde(rename = "popup.on_click.do")]
    pub(crate) on_click: String,
    #[serde(rename = "popup.on_click.url")]
    pub(crate) url: String,
    /// `new` when ticked.
    #[serde(rename = "popup.on_click.target")]
    pub(crate) target: String,
    #[serde(rename = "popup.on_click.name")]
    pub(crate) function: String,
    /// `key = value` a line.
    #[serde(rename = "popup.kv")]
    pub(crate) kv: String,
    #[serde(rename = "popup.corner")]
    pub(crate) corner: String,
    #[serde(rename = "popup.theme")]
    pub(crate) theme: String,
    #[serde(rename = "popup.accent")]
    pub(crate) accent: String,
    #[serde(rename = "popup.ground")]
    pub(crate) ground: String,
    #[serde(rename = "popup.ink")]
    pub(crate) ink: String,
    #[serde(rename = "popup.radius")]
    pub(crate) radius: String,
    #[serde(rename = "popup.language")]
    pub(crate) language: String,
    /// `page` or `event`.
    #[serde(rename = "trigger.on")]
    pub(crate) trigger: String,
    #[serde(rename = "trigger.event")]
    pub(crate) event: String,
    /// `session` or `every`.
    #[serde(rename = "caps")]
    pub(crate) cap: String,
    #[serde(rename = "caps.session")]
    pub(crate) session: String,
    /// `start` to start after saving.
    pub(crate) then: String,
}

impl PopupForm {
    /// A new pop-up, with words that can be kept or replaced.
    pub(crate) fn fresh() -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            name: text("Untitled pop-up"),
            title: text("Welcome"),
            text: text("Something new stands on the shelf this week."),
            button: text("Take me there"),
            on_click: text("url"),
            url: text("/"),
            corner: text("bottom-right"),
            theme: text("auto"),
            accent: text("#2440c7"),
            ground: text("#ffffff"),
            ink: text("#14181f"),
            radius: text("16"),
            language: text("en"),
            trigger: text("page"),
            cap: text("session"),
            session: text("1"),
            ..Self::default()
        }
    }

    /// The form of a pop-up that is kept; `None` for a push.
    pub(crate) fn of(definition: &Definition) -> Option<Self> {
        let Body::Popup { popup, trigger, caps } = &definition.body else {
            return None;
        };
        let mut form = Self {
            name: definition.name.clone(),
            title: popup.title.clone(),
            text: popup.text.clone(),
            image_url: popup
                .image
                .as_ref()
                .map(|image| image.url.clone())
                .unwrap_or_default(),
            image_alt: popup
                .image
                .as_ref()
                .map(|image| image.alt.clone())
                .unwrap_or_default(),
            button: popup.button.clone().unwrap_or_default(),
            kv: lines_of(&popup.kv),
            corner: plain(&json!(popup.corner)),
            theme: popup.theme.as_str().to_owned(),
            accent: popup.accent.to_string(),
            ground: popup.ground.to_string(),
            ink: popup.ink.to_string(),
            radius: popup.radius.to_string(),
            language: popup.language.clone(),
            cap: if caps.session.is_some() {
                "session"
            } else {
                "every"
            }
            .to_owned(),
            session: caps.session.unwrap_or(1).to_string(),
            ..Self::default()
        };
        match &popup.on_click {
            OnClick::Url { url, target } => {
                "url".clone_into(&mut form.on_click);
                form.url.clone_from(url);
                form.target = if *target == Target::New { "new" } else { "" }.to_owned();
            }
            OnClick::Function { name } => {
                "function".clone_into(&mut form.on_click);
                form.function.clone_from(name);
            }
            OnClick::Close => "close".clone_into(&mut form.on_click),
        }
        match trigger {
            Trigger::Page => "page".clone_into(&mut form.trigger),
            Trigger::Event { event } => {
                "event".clone_into(&mut form.trigger);
                form.event.clone_from(event);
            }
        }
        Some(form)
    }

    /// The JSON of the API; lines of key-values and numbers that cannot be read are faults here.
    pub(crate) fn to_json(&self) -> Result<Value, FieldError> {
        let on_click = match self.on_click.as_str() {
            "url" => {
                json!({"do": "url", "url": self.url.trim(), "target": if self.target == "new" { "new" } else { "same" }})
            }
            "function" => json!({"do": "function", "name": self.function.trim()}),
            _ => json!({"do": "close"}),
        };
        let trigger = match self.trigger.as_str() {
            "event" => json!({"on": "event", "event": self.event.trim()}),
            _ => json!({"on": "page"}),
        };
        let session = match self.cap.as_str() {
            "every" => Value::Null,
            _ => json!(whole_number(
                "caps.session",
                &self.session,
                "Say how many times, for example 1."
            )?),
        };
        let image = optional(&self.image_url).map(|url| json!({"url": url, "alt": self.image_alt.trim()}));
        Ok(json!({
            "name": self.name, "kind": "popup",
            "popup": {
                "template": "box", "title": self.title, "text": self.text.replace("\r\n", "\n"), "image": image,
                "button": optional(&self.button), "on_click": on_click, "kv": key_values("popup.kv", &self.kv)?,
                "corner": self.corner, "theme": self.theme,
                "accent": colour("popup.accent", &self.accent)?, "ground": colour("popup.ground", &self.ground)?,
                "ink": colour("popup.ink", &self.ink)?,
                "radius": whole_number("popup.radius", &self.radius, "Give the radius in pixels, 0 to 32.")?.min(255),
                "language": self.language.trim(),
            },
            "trigger": trigger, "caps": {"session": session},
        }))
    }
}

/// The push's form as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PushForm {
    pub(crate) name: String,
    #[serde(rename = "push.title")]
    pub(crate) title: String,
    #[serde(rename = "push.body")]
    pub(crate) body: String,
    #[serde(rename = "push.url")]
    pub(crate) url: String,
    #[serde(rename = "push.icon")]
    pub(crate) icon: String,
    #[serde(rename = "push.image")]
    pub(crate) image: String,
    #[serde(rename = "push.badge")]
    pub(crate) badge: String,
    #[serde(rename = "push.actions.0.title")]
    pub(crate) first_title: String,
    #[serde(rename = "push.actions.0.url")]
    pub(crate) first_url: String,
    #[serde(rename = "push.actions.1.title")]
    pub(crate) second_title: String,
    #[serde(rename = "push.actions.1.url")]
    pub(crate) second_url: String,
    #[serde(rename = "push.ttl_seconds")]
    pub(crate) ttl: String,
    #[serde(rename = "push.urgency")]
    pub(crate) urgency: String,
    #[serde(rename = "push.tag")]
    pub(crate) tag: String,
    /// `yes` when ticked.
    #[serde(rename = "push.require_interaction")]
    pub(crate) stays: String,
    /// `yes` when ticked.
    #[serde(rename = "push.silent")]
    pub(crate) silent: String,
    #[serde(rename = "push.language")]
    pub(crate) language: String,
    /// `key = value` a line.
    #[serde(rename = "push.kv")]
    pub(crate) kv: String,
    /// `start` to send after saving.
    pub(crate) then: String,
}

impl PushForm {
    /// A new push; `home` is the site's address, where a click leads until it is changed.
    pub(crate) fn fresh(home: &str) -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            name: text("Untitled push"),
            url: text(home),
            ttl: text("86400"),
            urgency: text("normal"),
            language: text("en"),
            ..Self::default()
        }
    }

    /// The form of a push that is kept; `None` for a pop-up.
    pub(crate) fn of(definition: &Definition) -> Option<Self> {
        let Body::Push { push } = &definition.body else {
            return None;
        };
        let tick = |on: bool| if on { "yes" } else { "" }.to_owned();
        let action = |place: usize| push.actions.get(place).cloned();
        let words = |action: Option<Action>| {
            action
                .map(|action| (action.title, action.url))
                .unwrap_or_default()
        };
        let ((first_title, first_url), (second_title, second_url)) = (words(action(0)), words(action(1)));
        Some(Self {
            name: definition.name.clone(),
            title: push.title.clone(),
            body: push.body.clone(),
            url: push.url.clone(),
            icon: push.icon.clone().unwrap_or_default(),
            image: push.image.clone().unwrap_or_default(),
            badge: push.badge.clone().unwrap_or_default(),
            first_title,
            first_url,
            second_title,
            second_url,
            ttl: push.ttl_seconds.to_string(),
            urgency: push.urgency.as_str().to_owned(),
            tag: push.tag.clone().unwrap_or_default(),
            stays: tick(push.require_interaction),
            silent: tick(push.silent),
            language: push.language.clone(),
            kv: lines_of(&push.kv),
            then: String::new(),
        })
    }

    /// The JSON of the API; lines of key-values and numbers that cannot be read are faults here.
    pub(crate) fn to_json(&self) -> Result<Value, FieldError> {
        let mut actions = Vec::new();
        for (name, title, url) in [
            ("first", &self.first_title, &self.first_url),
            ("second", &self.second_title, &self.second_url),
        ] {
            if !(title.trim().is_empty() && url.trim().is_empty()) {
                let url = if url.trim().is_empty() {
                    self.url.trim()
                } else {
                    url.trim()
                };
                actions.push(json!({"action": name, "title": title.trim(), "url": url}));
            }
        }
        Ok(json!({
            "name": self.name, "kind": "push",
            "push": {
                "title": self.title, "body": self.body.replace("\r\n", "\n"), "url": self.url.trim(),
                "icon": optional(&self.icon), "image": optional(&self.image), "badge": optional(&self.badge),
                "actions": actions, "tag": optional(&self.tag),
                "require_interaction": self.stays == "yes", "silent": self.silent == "yes",
                "language": self.language.trim(),
                "ttl_seconds": whole_number("push.ttl_seconds", &self.ttl, "Choose how long it is kept.")?,
                "urgency": self.urgency, "kv": key_values("push.kv", &self.kv)?,
            },
        }))
    }

    fn delivery_words(&self) -> String {
        let kept = format::span(self.ttl.parse().unwrap_or(0));
        format!("Kept {kept}, urgency {}", self.urgency)
    }

    fn behaviour_words(&self) -> String {
        let stays = if self.stays == "yes" {
            "Stays until closed"
        } else {
            "Leaves by itself"
        };
        let sound = if self.silent == "yes" {
            "silent"
        } else {
            "with sound"
        };
        format!("{stays}, {sound}")
    }
}

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

fn optional(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn whole_number(field: &str, text: &str, remedy: &str) -> Result<u32, FieldError> {
    text.trim()
        .parse()
        .map_err(|_| FieldError::new(field, format!("“{}” is not a number. {remedy}", text.trim())))
}

fn colour(field: &str, text: &str) -> Result<String, FieldError> {
    campanile_core::popup::Colour::parse(text.trim())
        .map(|colour| colour.to_string())
        .map_err(|_| {
            FieldError::new(
                field,
                format!("“{}” is not a colour. Write it like #2440c7.", text.trim()),
            )
        })
}

fn lines_of(kv: &BTreeMap<String, String>) -> String {
    kv.iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn key_values(field: &str, text: &str) -> Result<Value, FieldError> {
    let mut kv = Map::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (key, value) = line
            .split_once('=')
            .filter(|(key, _)| !key.trim().is_empty())
            .ok_or_else(|| {
                FieldError::new(
                    field,
                    format!("“{line}” has no key. Write key = value, one a line."),
                )
            })?;
        kv.insert(key.trim().to_owned(), json!(value.trim()));
    }
    Ok(Value::Object(kv))
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
pub(crate) async fn edit(desk: Desk, Path(id): Path<i64>) -> Response {
    desk.tell(edit_page(&desk, CampaignId(id)).await)
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
pub(crate) async fn save(Path(id): Path<i64>, Signed { desk, form }: Signed) -> Response {
    desk.tell(keep(&desk, &form, Some(CampaignId(id))).await)
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
                page: PopupEditorPage {
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
                page: PushEditorPage {
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
        Body::Popup { popup, .. } => Some(popup.html()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_popup_may_start_and_goes_round() {
        let form = PopupForm {
            kv: "size = 42\nsku=a=b".into(),
            target: "new".into(),
            ..PopupForm::fresh()
        };
        let definition = Definition::parse(form.to_json().expect("readable")).expect("parsed");
        assert!(definition.check().is_empty(), "{:?}", definition.check());
        let again = PopupForm::of(&definition).expect("a pop-up");
        assert_eq!(
            again.to_json().expect("readable"),
            form.to_json().expect("readable")
        );
        assert_eq!(again.kv, "size = 42\nsku = a=b");
        assert!(PushForm::of(&definition).is_none());
    }

    #[test]
    fn a_push_goes_round() {
        let form = PushForm {
            title: "The kiln is open".into(),
            second_title: "See them".into(),
            silent: "yes".into(),
            ..PushForm::fresh("https://shop.example.com/")
        };
        let definition = Definition::parse(form.to_json().expect("readable")).expect("parsed");
        assert!(definition.check().is_empty(), "{:?}", definition.check());
        let again = PushForm::of(&definition).expect("a push");
        assert_eq!(
            (again.first_title.as_str(), again.silent.as_str()),
            ("See them", "yes")
        );
    }

    #[test]
    fn what_cannot_be_read_names_its_input() {
        let check = |form: PopupForm, field: &str| {
            assert_eq!(form.to_json().expect_err(field).field, field);
        };
        check(
            PopupForm {
                accent: "red".into(),
                ..PopupForm::fresh()
            },
            "popup.accent",
        );
        check(
            PopupForm {
                radius: "round".into(),
                ..PopupForm::fresh()
            },
            "popup.radius",
        );
        check(
            PopupForm {
                kv: "just words".into(),
                ..PopupForm::fresh()
            },
            "popup.kv",
        );
        check(
            PopupForm {
                session: String::new(),
                ..PopupForm::fresh()
            },
            "caps.session",
        );
    }
}
