//! People, their events and their subscriptions over the API.

use crate::app::App;
use crate::explain::{self, Question, Who};
use crate::http::error::Error;
use crate::http::extract::{Admin, Asked, Part};
use crate::launch::Whom;
use crate::live::Site;
use crate::report;
use crate::store::profiles::{DeviceRow, ProfileDetail};
use crate::store::subscriptions::SubscriptionRow;
use axum::Json;
use axum::extract::State;
use campanile_core::id::{AccountId, Id, Ordinal};
use campanile_core::profile::{Identity, IdentityKind};
use campanile_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

type Answer = Result<Json<Value>, Error>;

fn device(row: &DeviceRow) -> Value {
    let state = &row.state;
    json!({
        "id": row.id, "created_at": row.created_at, "seen_at": row.seen_at, "browser": state.browser, "system": state.system,
        "language": state.language, "country": state.country, "zone": state.zone, "touch": state.touch, "push": state.push, "topics": state.topics, "opt_out": state.opt_out,
        "session": {"started_at": state.session.started_at, "last_at": state.session.last_at, "pages": state.session.pages, "number": state.session.number},
    })
}

fn subscription(row: &SubscriptionRow) -> Value {
    json!({
        "id": row.id, "profile": row.ordinal, "browser": row.browser, "endpoint_host": row.endpoint.host(),
        "state": if row.live { "live" } else if row.aside { "aside" } else { "gone" }, "reason": row.reason, "vapid_key": row.vapid_key,
        "created_at": row.created_at, "changed_at": row.changed_at,
    })
}

async fn profile(app: &App, account: &AccountId, detail: &ProfileDetail) -> Result<Value, Error> {
    let identities: Map<String, Value> = detail.identities.iter().fold(Map::new(), |mut map, identity| {
        let list = map.entry(identity.kind.as_str()).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(json!(identity.value));
        }
        map
    });
    let subscriptions: Vec<Value> = app
        .store
        .subscriptions_of(account, detail.profile.ordinal)
        .await?
        .iter()
        .map(subscription)
        .collect();
    let seen = detail.devices.iter().map(|device| device.seen_at).max();
    Ok(json!({
        "id": detail.profile.ordinal, "identified": detail.profile.identified, "identities": identities,
        "properties": detail.profile.properties, "created_at": detail.profile.created_at, "seen_at": seen,
        "devices": detail.devices.iter().map(device).collect::<Vec<_>>(), "subscriptions": subscriptions, "merged": detail.merged,
    }))
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    identity: Option<String>,
}

/// Who is meant by `Email:customer@example.com` and the like, or what to write instead.
pub(super) fn named(text: &str) -> Result<Whom, String> {
    let bad = || {
        "Name somebody like Identity:c-1001, Email:customer@example.com, Phone:+15551234567 or device:<32 hex digits>.".to_owned()
    };
    let (kind, value) = text.split_once(':').ok_or_else(bad)?;
    if kind == "device" {
        return Id::parse(value).map(Whom::Device).ok_or_else(bad);
    }
    let kind = IdentityKind::parse(kind).ok_or_else(bad)?;
    let identity = Identity::parse(kind, &json!(value)).map_err(|notice| notice.message)?;
    Ok(Whom::Identity(identity))
}

pub(super) async fn find(State(app): State<App>, Admin(site): Admin, Asked(wanted): Asked<Wanted>) -> Answer {
    let account = &site.account.id;
    let whom = named(&wanted.identity.unwrap_or_default()).map_err(|wrong| {
        let message = format!("Say whom you look for with ?identity=. {wrong}");
        Error::BadRequest(message)
    })?;
    let owner = app.launch.person(account, &whom).await?;
    let mut profiles = Vec::new();
    if let Some(owner) = owner
        && let Some(detail) = app.store.profile_detail(account, owner).await?
    {
        profiles.push(profile(&app, account, &detail).await?);
    }
    Ok(Json(json!({"profiles": profiles})))
}

async fn detail(app: &App, account: &AccountId, id: u32) -> Result<ProfileDetail, Error> {
    app.store
        .profile_detail(account, Ordinal(id))
        .await?
        .ok_or_else(|| Error::NotFound {
            code: "profile_unknown",
            message: format!("There is no person {id} here."),
        })
}

pub(super) async fn show(State(app): State<App>, Admin(site): Admin, Part(id): Part<u32>) -> Answer {
    let detail = detail(&app, &site.account.id, id).await?;
    Ok(Json(profile(&app, &site.account.id, &detail).await?))
}

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    before: Option<i64>,
}

pub(super) async fn events(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<u32>,
    Asked(page): Asked<Page>,
) -> Answer {
    let detail = detail(&app, &site.account.id, id).await?;
    let mut people = vec![detail.profile.ordinal];
    people.extend(detail.merged);
    let limit = page.limit.unwrap_or(100).clamp(1, 1000);
    let before = Timestamp(page.before.unwrap_or(i64::MAX));
    let events = app
        .store
        .timeline(&site.account.id, &people, before, limit)
        .await?;
    let events: Vec<Value> = events
        .iter()
        .map(|event| json!({"id": event.id, "at": event.at, "name": event.name, "props": event.props, "device": event.device}))
        .collect();
    Ok(Json(json!({"events": events})))
}

/// Pushes that were sent to a person.
pub(super) async fn deliveries(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<u32>,
    Asked(page): Asked<Page>,
) -> Answer {
    let account = &site.account.id;
    let person = detail(&app, account, id).await?.profile.ordinal;
    let limit = page.limit.unwrap_or(100).clamp(1, 1000) as u32;
    let rows = app.store.deliveries_to(account, person, limit).await?;
    let lines = super::campaigns::ledger_lines(&app, account, &rows).await?;
    Ok(Json(json!({"deliveries": lines, "next": null})))
}

pub(super) async fn subscriptions(
    State(app): State<App>,
    Admin(site): Admin,
    Asked(page): Asked<Page>,
) -> Answer {
    let account = &site.account.id;
    let limit = page.limit.unwrap_or(100).clamp(1, 1000) as u32;
    let reach = app.store.reach(account).await?;
    let rows: Vec<Value> = app
        .store
        .subscriptions(account, limit)
        .await?
        .iter()
        .map(subscription)
        .collect();
    Ok(Json(
        json!({"total": reach.values().sum::<u64>(), "by_browser": reach, "subscriptions": rows}),
    ))
}

pub(super) async fn forecast(State(app): State<App>, Admin(site): Admin) -> Answer {
    let services = report::forecast(&app.store, &site.account, app.clock.now()).await?;
    Ok(Json(json!({"services": services})))
}

#[derive(Deserialize)]
pub(super) struct Why {
    url: Option<String>,
    referrer: Option<String>,
    event: Option<String>,
    /// Properties of the event as JSON.
    props: Option<String>,
    /// Of several browsers of a person.
    device: Option<String>,
}

impl Why {
    fn question(&self) -> Result<Question, Error> {
        let props = match self.props.as_deref().filter(|text| !text.is_empty()) {
            None => Map::new(),
            Some(text) => serde_json::from_str(text).map_err(|_| {
                Error::BadRequest("“props” is a JSON object, such as {\"price\": 20}.".to_owned())
            })?,
        };
        let name = self.event.as_deref().filter(|name| !name.is_empty());
        Ok(Question {
            url: self.url.clone().unwrap_or_default(),
            referrer: self.referrer.clone().unwrap_or_default(),
            event: name.map(|name| (name.to_owned(), props)),
        })
    }
}

/// Why a person would or would not get each pop-up that runs.
pub(super) async fn why_profile(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<u32>,
    Asked(why): Asked<Why>,
) -> Answer {
    let wanted = match why.device.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(device_id(text)?),
    };
    explained(&app, &site, Who::Person(Ordinal(id), wanted), &why).await
}

/// The same for a browser and whoever sits there.
pub(super) async fn why_device(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<String>,
    Asked(why): Asked<Why>,
) -> Answer {
    explained(&app, &site, Who::Device(device_id(&id)?), &why).await
}

fn device_id(text: &str) -> Result<Id, Error> {
    let bad = || Error::BadRequest("A browser's id is 32 hex digits.".to_owned());
    Id::parse(text).ok_or_else(bad)
}

async fn explained(app: &App, site: &Site, who: Who, why: &Why) -> Answer {
    let now = app.clock.now();
    let found = explain::explain(&app.store, site, who, &why.question()?, now).await?;
    Ok(Json(json!({
        "profile": found.person, "device": found.device.as_ref().map(device), "url": found.url, "event": found.event,
        "session": found.session, "pages": found.pages, "subscribed": found.reachable, "at": now, "campaigns": found.campaigns,
    })))
}
