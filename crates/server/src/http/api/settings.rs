//! Account, keys and installation over the API.

use crate::app::App;
use crate::http::assets;
use crate::http::error::Error;
use crate::http::extract::{Admin, Base, Json as Body, Part};
use crate::launch::keys::{Brought, in_use};
use crate::store::accounts::{ApiKeyRow, VapidRow};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use campanile_core::account::{Account, Settings};
use campanile_core::id::{AccountId, Id};
use campanile_core::subscription::Browsers;
use serde::Deserialize;
use serde_json::{Value, json};

type Answer = Result<Json<Value>, Error>;

fn shown(account: &Account) -> Value {
    json!({
        "id": account.id, "name": account.name, "zone": account.zone.name(), "origins": account.origins, "created_at": account.created_at,
        "settings": account.settings,
    })
}

pub(super) async fn account(Admin(site): Admin) -> Answer {
    Ok(Json(shown(&site.account)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: Option<String>,
    zone: Option<String>,
    origins: Option<Vec<String>>,
    settings: Option<Settings>,
}

pub(super) async fn change_account(
    State(app): State<App>,
    Admin(site): Admin,
    Body(change): Body<Change>,
) -> Answer {
    let Change {
        name,
        zone,
        origins,
        settings,
    } = &change;
    let account = app
        .launch
        .change_account(
            &site.account.id,
            name.as_deref(),
            zone.as_deref(),
            origins.as_deref(),
            settings.clone(),
        )
        .await?;
    Ok(Json(shown(&account)))
}

pub(super) async fn web_push(State(app): State<App>, Admin(site): Admin) -> Answer {
    ring(&app, &site.account.id).await
}

async fn ring(app: &App, account: &AccountId) -> Answer {
    let bound = app.store.bound(account).await?;
    let rows = app.store.vapid_keys(account).await?;
    let used = in_use(&rows);
    let keys: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut shown = vapid(row);
            shown["bound"] = json!(bound.get(&row.id).copied().unwrap_or(0));
            shown["in_use"] = json!(used.contains(&row.id));
            shown
        })
        .collect();
    let total: u64 = app.store.reach(account).await?.values().sum();
    Ok(Json(
        json!({"public_key": rows.iter().find(|row| row.browsers.has("Chrome")).map(|row| &row.public_key), "keys": keys, "subscriptions": total}),
    ))
}

fn vapid(row: &VapidRow) -> Value {
    json!({"id": row.id, "public_key": row.public_key, "browsers": row.browsers, "since": row.since, "created_at": row.created_at})
}

fn no_vapid_key() -> Error {
    Error::NotFound {
        code: "key_unknown",
        message: "There is no VAPID pair of this id in the key ring.".to_owned(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewVapidKey {
    private_key: Option<String>,
    #[serde(default)]
    public_key: String,
    #[serde(default)]
    browsers: Browsers,
    in_use: Option<bool>,
}

pub(super) async fn add_vapid_key(
    State(app): State<App>,
    Admin(site): Admin,
    Body(new): Body<NewVapidKey>,
) -> Result<(StatusCode, Json<Value>), Error> {
    // A public half alone is a pair that was brought along without what matters, not a wish for a new one.
    let is_brought = new.private_key.is_some() || !new.public_key.is_empty();
    let brought = is_brought.then(|| Brought {
        private_key: new.private_key.as_deref().unwrap_or_default(),
        public_key: &new.public_key,
    });
    let account = &site.account.id;
    let row = match (brought, new.in_use) {
        (Some(brought), Some(false)) => app.launch.bring_old_key(account, &brought).await?,
        (brought, _) => app.launch.add_key(account, brought, new.browsers).await?,
    };
    let ring = app.store.vapid_keys(account).await?;
    let mut shown = vapid(&row);
    shown["bound"] = json!(app.store.bound(account).await?.get(&row.id).copied().unwrap_or(0));
    shown["in_use"] = json!(in_use(&ring).contains(&row.id));
    Ok((StatusCode::CREATED, Json(shown)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VapidUse {
    #[serde(default)]
    browsers: Browsers,
}

pub(super) async fn use_vapid_key(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<String>,
    Body(new): Body<VapidUse>,
) -> Answer {
    let id = Id::parse(&id).ok_or_else(no_vapid_key)?;
    if !app.launch.use_key(&site.account.id, id, new.browsers).await? {
        return Err(no_vapid_key());
    }
    ring(&app, &site.account.id).await
}

pub(super) async fn private_vapid_key(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<String>,
) -> Answer {
    let id = Id::parse(&id).ok_or_else(no_vapid_key)?;
    let pair = app.launch.hand_out_key(&site.account.id, id).await?;
    let pair = pair.ok_or_else(no_vapid_key)?;
    Ok(Json(
        json!({"public_key": pair.public_key, "private_key": pair.private_key}),
    ))
}

pub(super) async fn retire_vapid_key(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<String>,
) -> Result<StatusCode, Error> {
    let id = Id::parse(&id).ok_or_else(no_vapid_key)?;
    if app.launch.retire_key(&site.account.id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_vapid_key())
    }
}

pub(super) async fn install(State(app): State<App>, Admin(site): Admin, Base(base): Base) -> Answer {
    let seen = app.store.sightings(&site.account.id).await?;
    let last = seen
        .first()
        .map(|sighting| json!({"origin": sighting.origin, "at": sighting.last_at, "sdk": sighting.sdk}));
    let snippet = assets::snippet(&app, &base, site.account.id.as_str(), None);
    Ok(Json(
        json!({"snippet": snippet, "seen": last, "origins_seen": seen}),
    ))
}

fn key(row: &ApiKeyRow) -> Value {
    json!({"id": row.id, "name": row.name, "tail": row.tail, "created_at": row.created_at, "used_at": row.used_at})
}

pub(super) async fn keys(State(app): State<App>, Admin(site): Admin) -> Answer {
    let keys: Vec<Value> = app
        .store
        .api_keys(&site.account.id)
        .await?
        .iter()
        .map(key)
        .collect();
    Ok(Json(json!({"keys": keys})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    name: String,
}

pub(super) async fn create_key(
    State(app): State<App>,
    Admin(site): Admin,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let (row, text) = app.launch.create_api_key(&site.account.id, &new.name).await?;
    let mut made = key(&row);
    made["key"] = json!(text);
    Ok((StatusCode::CREATED, Json(made)))
}

pub(super) async fn revoke_key(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<String>,
) -> Result<StatusCode, Error> {
    let unknown = || Error::NotFound {
        code: "key_unknown",
        message: "There is no API key of this id here.".to_owned(),
    };
    let id = Id::parse(&id).ok_or_else(unknown)?;
    if app.store.delete_api_key(&site.account.id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown())
    }
}
