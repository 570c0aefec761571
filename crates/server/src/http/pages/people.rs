//! People: finding one, and one person's story.
//!
//! Left out: lists of people by what they have in common (there are no segments yet). Invariant: looking changes nothing; a number that was
//! merged leads to the one that is left.

use super::desk::{Desk, Signed, fields};
use super::format::When;
use super::icon::Icon;
use super::open::{self, OpenForm};
use super::timeline::{self, DayItems};
use super::why::{self, Asking, WhyPanel};
use super::{Errors, Nav, Shell, Theme, asset, format};
use crate::app::App;
use crate::explain::{self, ExplainError, Question, Who};
use crate::http::error::Error;
use crate::http::extract::Asked;
use crate::launch::Purpose;
use crate::store::events::EventRow;
use crate::store::profiles::{DeviceRow, ProfileDetail};
use crate::store::subscriptions::SubscriptionRow;
use askama::Template;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use campanile_core::FieldError;
use campanile_core::id::{Id, Ordinal};
use campanile_core::profile::{Identity, IdentityKind};
use campanile_core::rule;
use campanile_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, json};
use std::collections::HashMap;

/// Events on one page.
const EVENTS: usize = 50;
/// Properties that are shown before "more".
const PROPERTIES: usize = 8;

/// Somebody who was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The number.
    pub(crate) id: u32,
    /// The name.
    pub(crate) name: String,
    /// By what the person is known.
    pub(crate) known_by: String,
    /// Last seen.
    pub(crate) seen: Option<When>,
}

/// The search at `/people`.
#[derive(Debug, Template)]
#[template(path = "people.html")]
pub(crate) struct PeoplePage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// What was looked for.
    pub(crate) search: String,
    /// How many people there are.
    pub(crate) people: u64,
    /// Who was found.
    pub(crate) found: Vec<Found>,
}

/// A browser.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    /// Phone or monitor.
    pub(crate) icon: Icon,
    /// Browser and system.
    pub(crate) name: String,
    /// Push and when it was seen.
    pub(crate) seen: When,
    /// `on`, `off` or empty.
    pub(crate) push: &'static str,
    /// The same in words.
    pub(crate) push_words: String,
    /// Its id.
    pub(crate) id: String,
}

/// One person at `/people/{ordinal}`.
#[derive(Debug, Template)]
#[template(path = "person.html")]
pub(crate) struct PersonPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// The number.
    pub(crate) id: u32,
    /// Name, identity, or number.
    pub(crate) name: String,
    /// Live push subscriptions.
    pub(crate) reachable: u64,
    /// Whether there is an identity.
    pub(crate) identified: bool,
    /// Identities: kind and value.
    pub(crate) identities: Vec<(&'static str, String)>,
    /// Properties: name and value.
    pub(crate) properties: Vec<(String, String)>,
    /// The rest of them.
    pub(crate) more_properties: Vec<(String, String)>,
    /// First seen.
    pub(crate) since: When,
    /// Profiles that were merged into this one.
    pub(crate) merged: Vec<u32>,
    /// Browsers.
    pub(crate) devices: Vec<Device>,
    /// The history.
    pub(crate) days: Vec<DayItems>,
    /// Where older events are.
    pub(crate) older: Option<String>,
    /// Whether these are not the latest.
    pub(crate) paged: bool,
    /// The panel.
    pub(crate) why: WhyPanel,
    /// The form that opens a page of the owner's.
    pub(crate) open: OpenForm,
}

/// A person's number in the path; what is none leads to the page that says so.
pub(crate) struct Personal(Ordinal);

impl FromRequestParts<App> for Personal {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match Path::<u32>::from_request_parts(parts, app).await {
            Ok(Path(id)) => Ok(Self(Ordinal(id))),
            Err(_) => Err(super::not_found(State(app.clone()), parts.clone()).await),
        }
    }
}

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    q: String,
}

/// The search. One hit leads to the person at once.
pub(crate) async fn list(desk: Desk, Asked(search): Asked<Search>) -> Response {
    desk.tell(search_page(&desk, search.q.trim()).await)
}

async fn search_page(desk: &Desk, text: &str) -> Result<Response, Error> {
    let store = &desk.app.store;
    let account = &desk.account().id;
    let mut found: Vec<Ordinal> = Vec::new();
    let mut add = |ordinal: Option<Ordinal>| {
        if let Some(ordinal) = ordinal.filter(|ordinal| !found.contains(ordinal)) {
            found.push(ordinal);
        }
    };
    if let Some(id) = Id::parse(text) {
        add(store
            .visitor(account, id)
            .await?
            .map(|(device, ..)| device.ordinal));
    }
    for kind in IdentityKind::ALL {
        if let Ok(identity) = Identity::parse(kind, &json!(text)) {
            add(store.identity_owner(account, &identity).await?);
        }
    }
    if let Some(number) = text.strip_prefix('#').and_then(|number| number.parse().ok()) {
        let profile = store.profile(account, Ordinal(number)).await?;
        add(profile.map(|profile| profile.ordinal));
    }
    if let [only] = found.as_slice() {
        return Ok(Redirect::to(&format!("/people/{}", only.0)).into_response());
    }
    let mut rows = Vec::new();
    for ordinal in found {
        if let Some(detail) = store.profile_detail(account, ordinal).await? {
            rows.push(Found {
                id: detail.profile.ordinal.0,
                name: name_of(&detail),
                known_by: detail
                    .identities
                    .iter()
                    .map(|identity| format!("{} {}", identity.kind.as_str(), identity.value))
                    .collect::<Vec<_>>()
                    .join(", "),
                seen: detail
                    .devices
                    .first()
                    .map(|device| desk.told().when(device.seen_at)),
            });
        }
    }
    let page = PeoplePage {
        shell: desk.shell(Nav::People),
        search: text.to_owned(),
        people: store.people(account).await?,
        found: rows,
    };
    Ok(desk.page(page))
}

/// What of a person is looked at: a page of the history, and the question.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct View {
    before: String,
    /// Address of the page; `url` is the other form's.
    page: Option<String>,
    referrer: String,
    event: String,
    props: String,
    device: String,
    campaign: String,
}

/// One person.
pub(crate) async fn show(desk: Desk, Personal(id): Personal, Asked(view): Asked<View>) -> Response {
    let page = async {
        let detail = detail(&desk, id).await?;
        let left = detail.profile.ordinal;
        if left != id {
            return Ok(Redirect::to(&format!("/people/{}", left.0)).into_response());
        }
        Ok(desk.page(person_page(&desk, detail, view, None).await?))
    };
    desk.tell(page.await)
}

/// Opens a page of the owner's with the overlay that says why.
pub(crate) async fn open(Personal(id): Personal, Signed { desk, form }: Signed) -> Response {
    let answer = async {
        let url = form.get("url");
        match open::lead(&desk, Nav::People, Purpose::Why, url) {
            Ok(response) => Ok(response),
            Err(fault) => {
                let open = OpenForm {
                    url: url.to_owned(),
                    errors: fields(fault)?,
                    ..OpenForm::default()
                };
                let detail = detail(&desk, id).await?;
                Ok(desk.again(person_page(&desk, detail, View::default(), Some(open)).await?))
            }
        }
    };
    desk.tell(answer.await)
}

async fn detail(desk: &Desk, id: Ordinal) -> Result<ProfileDetail, Error> {
    let found = desk.app.store.profile_detail(&desk.account().id, id).await?;
    found.ok_or_else(|| Error::NotFound {
        code: "profile_unknown",
        message: format!("There is no person {} here.", id.0),
    })
}

async fn person_page(
    desk: &Desk,
    detail: ProfileDetail,
    view: View,
    open: Option<OpenForm>,
) -> Result<PersonPage, Error> {
    let (store, account, told) = (&desk.app.store, &desk.account().id, desk.told());
    let id = detail.profile.ordinal;
    let before = view.before.parse().ok().map(Timestamp);
    let mut people = vec![id];
    people.extend(&detail.merged);
    let events = store
        .timeline(account, &people, before.unwrap_or(Timestamp(i64::MAX)), EVENTS)
        .await?;
    let names = store.campaigns(account).await?.into_iter();
    let names: HashMap<i64, String> = names
        .map(|campaign| (campaign.id.0, campaign.definition.name))
        .collect();
    let subscriptions = store.subscriptions_of(account, id).await?;
    let reachable = subscriptions
        .iter()
        .filter(|subscription| subscription.live)
        .count() as u64;
    let last_page = last_page(&events).unwrap_or_else(|| open::first_page(desk));
    let open = open.unwrap_or_else(|| OpenForm {
        url: last_page.clone(),
        ..OpenForm::default()
    });
    let why = panel(desk, &detail, view, last_page).await?;
    let mut properties: Vec<(String, String)> = detail
        .profile
        .properties
        .iter()
        .map(|(name, value)| (name.clone(), rule::shown(value).into_owned()))
        .collect();
    let more_properties = properties.split_off(properties.len().min(PROPERTIES));
    Ok(PersonPage {
        shell: desk.shell(Nav::People),
        id: id.0,
        name: name_of(&detail),
        reachable,
        identified: detail.profile.identified,
        identities: IdentityKind::ALL
            .iter()
            .flat_map(|kind| detail.identities.iter().filter(move |one| one.kind == *kind))
            .map(|identity| (identity.kind.as_str(), identity.value.clone()))
            .collect(),
        properties,
        more_properties,
        since: told.when(detail.profile.created_at),
        merged: detail.merged.iter().map(|ordinal| ordinal.0).collect(),
        devices: detail
            .devices
            .iter()
            .map(|device| shown_device(desk, device, &subscriptions))
            .collect(),
        days: timeline::by_day(&events, &names, &told),
        older: events
            .last()
            .filter(|_| events.len() == EVENTS)
            .map(|event| format!("?before={}#timeline", event.at.ms())),
        paged: before.is_some(),
        why,
        open: OpenForm {
            action: format!("/people/{}/open", id.0),
            ..open
        },
    })
}

/// The answer to the question, which is the last page that the person saw where nothing else is asked.
async fn panel(
    desk: &Desk,
    detail: &ProfileDetail,
    view: View,
    last_page: String,
) -> Result<WhyPanel, Error> {
    let asking = Asking {
        url: view.page.unwrap_or(last_page),
        referrer: view.referrer,
        event: view.event,
        props: view.props,
        device: view.device,
    };
    let mut panel = WhyPanel {
        devices: if detail.devices.len() > 1 {
            let devices = detail.devices.iter();
            devices
                .map(|device| {
                    let seen = desk.told().when(device.seen_at).words;
                    (device.id.to_string(), format!("{}, {seen}", device_name(device)))
                })
                .collect()
        } else {
            Vec::new()
        },
        asking,
        context: String::new(),
        rows: Vec::new(),
        errors: Errors::default(),
    };
    let asking = &panel.asking;
    let props = if asking.props.trim().is_empty() {
        Map::new()
    } else if let Ok(props) = serde_json::from_str(&asking.props) {
        props
    } else {
        let message = "Write the properties as JSON, like {\"price\": 20}, or leave them out.";
        panel.errors = Errors(vec![FieldError::new("props", message)]);
        return Ok(panel);
    };
    let event = asking.event.trim();
    let question = Question {
        url: asking.url.trim().to_owned(),
        referrer: asking.referrer.trim().to_owned(),
        event: (!event.is_empty()).then(|| (event.to_owned(), props)),
    };
    let who = Who::Person(detail.profile.ordinal, Id::parse(&asking.device));
    match explain::explain(&desk.app.store, &desk.site, who, &question, desk.now).await {
        Ok(found) => {
            panel.context = why::context(&found);
            panel.rows = why::rows(&found, view.campaign.parse().ok());
        }
        Err(ExplainError::Field(mut fault)) => {
            if fault.field == "url" {
                "page".clone_into(&mut fault.field);
            }
            panel.errors = Errors(vec![fault]);
        }
        Err(fault) => return Err(fault.into()),
    }
    Ok(panel)
}

fn last_page(events: &[EventRow]) -> Option<String> {
    let seen = events.iter().find(|event| event.name == "Page Viewed")?;
    seen.props.get("url")?.as_str().map(str::to_owned)
}

/// What a person is called here: by name, by what the site knows, or by number.
fn name_of(detail: &ProfileDetail) -> String {
    let name = detail
        .profile
        .properties
        .get("Name")
        .map(|name| rule::shown(name).into_owned());
    let identity = detail.identities.iter().min_by_key(|identity| identity.kind);
    match (name.filter(|name| !name.trim().is_empty()), identity) {
        (Some(name), _) => name.chars().take(80).collect(),
        (None, Some(identity)) if identity.kind == IdentityKind::Identity => {
            format!("Customer {}", identity.value)
        }
        (None, Some(identity)) => identity.value.clone(),
        (None, None) => format!("Visitor {}", detail.profile.ordinal.0),
    }
}

fn device_name(device: &DeviceRow) -> String {
    let state = &device.state;
    match (state.browser.as_str(), state.system.as_str()) {
        ("", "") => "A browser".to_owned(),
        (browser, "") => browser.to_owned(),
        ("", system) => system.to_owned(),
        (browser, system) => format!("{browser}, {system}"),
    }
}

fn shown_device(desk: &Desk, device: &DeviceRow, subscriptions: &[SubscriptionRow]) -> Device {
    let told = desk.told();
    let theirs = || {
        subscriptions
            .iter()
            .filter(|subscription| subscription.device == Some(device.id))
    };
    let (push, push_words) = match (theirs().find(|one| one.live), theirs().next()) {
        (Some(live), _) => ("on", format!("Push since {}", told.when(live.created_at).words)),
        (None, Some(gone)) => ("off", format!("Push ended {}", told.when(gone.changed_at).words)),
        (None, None) => ("", "No push".to_owned()),
    };
    Device {
        icon: if device.state.kind == "phone" {
            Icon::Smartphone
        } else {
            Icon::Monitor
        },
        name: device_name(device),
        seen: told.when(device.seen_at),
        push,
        push_words,
        id: device.id.to_string(),
    }
}
