//! Settings: install, origins and API keys.
//!
//! Left out: rooms that do not exist yet (no dead entries in the sub-navigation). Invariant: a secret is shown once, when it is made.

use super::confirm::ConfirmPage;
use super::desk::{Desk, Sent, Signed, fields, host_of, said};
use super::format::When;
use super::icon::Icon;
use super::{Errors, Nav, Said, Shell, Theme, asset};
use crate::http::assets;
use crate::http::error::Error;
use crate::store::accounts::Sighting;
use askama::Template;
use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use campanile_core::account::Origin;
use campanile_core::id::Id;
use serde_json::{Value, json};

/// The entry of the sub-navigation that is lit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// Install > SDK.
    Install,
    /// Install > Origins.
    Origins,
    /// Install > Check a page.
    Doctor,
    /// Engage > Channels > Web Push.
    WebPush,
    /// Engage > Channels > Asking for push.
    Prompts,
    /// Engage > Caps and quiet hours.
    Caps,
    /// Access > API keys.
    ApiKeys,
}

/// The script as it was last seen.
#[derive(Debug, Clone)]
pub(crate) struct SeenLine {
    /// On which origin.
    pub(crate) origin: String,
    /// When.
    pub(crate) at: When,
    /// Version of the SDK, for example `web/0.1.0`.
    pub(crate) sdk: String,
}

/// Install > SDK.
#[derive(Debug, Template)]
#[template(path = "settings_install.html")]
pub(crate) struct InstallPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Its entry.
    pub(crate) room: Room,
    /// Last seen.
    pub(crate) seen: Option<SeenLine>,
    /// Origins that have called in the last time.
    pub(crate) origins_seen: Vec<String>,
    /// The snippet to paste.
    pub(crate) snippet: String,
    /// The account's id.
    pub(crate) account: String,
    /// Absolute base of this server: `https://push.example.com`.
    pub(crate) base: String,
    /// Path of the page SDK.
    pub(crate) sdk_path: String,
    /// Path of the worker.
    pub(crate) worker_path: String,
    /// Path of the endpoint.
    pub(crate) endpoint_path: String,
}

/// Install > Origins.
#[derive(Debug, Template)]
#[template(path = "settings_origins.html")]
pub(crate) struct OriginsPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Its entry.
    pub(crate) room: Room,
    /// One origin a line, as typed or as kept.
    pub(crate) origins: String,
    /// The account's name.
    pub(crate) name: String,
    /// The account's zone.
    pub(crate) zone: String,
    /// Origins that called lately and are not on the list.
    pub(crate) strangers: Vec<String>,
    /// What was not accepted.
    pub(crate) errors: Errors,
}

/// A key as it is listed.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Last letters, to tell it from others.
    pub(crate) tail: String,
    /// When it was made.
    pub(crate) created: When,
    /// When it was last used.
    pub(crate) used: Option<When>,
}

/// Access > API keys.
#[derive(Debug, Template)]
#[template(path = "settings_api_keys.html")]
pub(crate) struct ApiKeysPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Its entry.
    pub(crate) room: Room,
    /// Every key.
    pub(crate) keys: Vec<KeyRow>,
    /// A key that was just made: name and secret, shown this once.
    pub(crate) made: Option<(String, String)>,
    /// Name as typed.
    pub(crate) name: String,
    /// What was not accepted.
    pub(crate) errors: Errors,
    /// Absolute base of this server.
    pub(crate) base: String,
}

/// The page at `/settings/install`.
pub(crate) async fn install(desk: Desk) -> Response {
    desk.tell(install_page(&desk).await)
}

async fn install_page(desk: &Desk) -> Result<Response, Error> {
    let sightings = desk.app.store.sightings(&desk.account().id).await?;
    let paths = &desk.app.config.paths;
    let page = InstallPage {
        shell: desk.shell(Nav::Settings),
        room: Room::Install,
        seen: sightings.first().map(|sighting| SeenLine {
            origin: host_of(&sighting.origin).to_owned(),
            at: desk.told().when(sighting.last_at),
            sdk: sighting.sdk.clone(),
        }),
        origins_seen: sightings.iter().map(|sighting| sighting.origin.clone()).collect(),
        snippet: assets::snippet(&desk.app, &desk.base, desk.account().id.as_str(), None),
        account: desk.account().id.to_string(),
        base: desk.base.clone(),
        sdk_path: paths.sdk.clone(),
        worker_path: paths.workers.first().cloned().unwrap_or_default(),
        endpoint_path: paths.wire.clone(),
    };
    Ok(desk.page(page))
}

/// Where the snippet was last seen, for the line that changes by itself.
pub(crate) async fn seen(desk: Desk) -> Result<Json<Value>, Error> {
    let sightings = desk.app.store.sightings(&desk.account().id).await?;
    let told = desk.told();
    let line = |sighting: &Sighting| json!({"origin": host_of(&sighting.origin), "words": told.when(sighting.last_at).words});
    Ok(Json(json!({"seen": sightings.first().map(line)})))
}

/// The page at `/settings/origins`.
pub(crate) async fn origins(desk: Desk) -> Response {
    let account = desk.account();
    let list: Vec<&str> = account.origins.iter().map(Origin::as_str).collect();
    let (list, name, zone) = (
        list.join("\n"),
        account.name.clone(),
        account.zone.name().to_owned(),
    );
    desk.tell(
        origins_page(&desk, list, name, zone, Errors::default())
            .await
            .map(|page| desk.page(page)),
    )
}

async fn origins_page(
    desk: &Desk,
    origins: String,
    name: String,
    zone: String,
    errors: Errors,
) -> Result<OriginsPage, Error> {
    let allowed = &desk.account().origins;
    let sightings = desk.app.store.sightings(&desk.account().id).await?;
    let strangers = sightings.into_iter().map(|sighting| sighting.origin);
    let strangers = strangers
        .filter(|origin| !allowed.iter().any(|allowed| allowed.as_str() == origin))
        .collect();
    Ok(OriginsPage {
        shell: desk.shell(Nav::Settings),
        room: Room::Origins,
        origins,
        name,
        zone,
        strangers,
        errors,
    })
}

/// Takes origins, name and zone.
pub(crate) async fn save_origins(Signed { desk, form }: Signed) -> Response {
    desk.tell(save_account(&desk, &form).await)
}

async fn save_account(desk: &Desk, form: &Sent) -> Result<Response, Error> {
    let (origins, name, zone) = (form.get("origins"), form.get("name"), form.get("zone"));
    let list: Vec<String> = origins
        .split([',', '\n', ' '])
        .map(str::trim)
        .filter(|origin| !origin.is_empty())
        .map(str::to_owned)
        .collect();
    let changed = desk
        .app
        .launch
        .change_account(
            &desk.account().id,
            Some(name),
            Some(zone.trim()),
            Some(&list),
            None,
        )
        .await;
    match changed {
        Ok(_) => Ok(said("/settings/origins", Said::Saved)),
        Err(fault) => {
            let errors = fields(fault.into())?;
            let page =
                origins_page(desk, origins.to_owned(), name.to_owned(), zone.to_owned(), errors).await?;
            Ok(desk.again(page))
        }
    }
}

/// The page at `/settings/access/api-keys`.
pub(crate) async fn api_keys(desk: Desk) -> Response {
    desk.tell(
        api_keys_page(&desk, None, String::new(), Errors::default())
            .await
            .map(|page| desk.page(page)),
    )
}

async fn api_keys_page(
    desk: &Desk,
    made: Option<(String, String)>,
    name: String,
    errors: Errors,
) -> Result<ApiKeysPage, Error> {
    let told = desk.told();
    let keys = desk.app.store.api_keys(&desk.account().id).await?;
    let keys = keys.into_iter().map(|key| KeyRow {
        id: key.id.to_string(),
        name: key.name,
        tail: key.tail,
        created: told.when(key.created_at),
        used: key.used_at.map(|at| told.when(at)),
    });
    Ok(ApiKeysPage {
        shell: desk.shell(Nav::Settings),
        room: Room::ApiKeys,
        keys: keys.collect(),
        made,
        name,
        errors,
        base: desk.base.clone(),
    })
}

/// Makes a key and shows it this once.
pub(crate) async fn create_api_key(Signed { desk, form }: Signed) -> Response {
    desk.tell(made_key_page(&desk, form.get("name")).await)
}

async fn made_key_page(desk: &Desk, name: &str) -> Result<Response, Error> {
    match desk.app.launch.create_api_key(&desk.account().id, name).await {
        Ok((key, secret)) => {
            Ok(desk
                .page(api_keys_page(desk, Some((key.name, secret)), String::new(), Errors::default()).await?))
        }
        Err(fault) => {
            let errors = fields(fault.into())?;
            Ok(desk.again(api_keys_page(desk, None, name.to_owned(), errors).await?))
        }
    }
}

fn no_such_key() -> Error {
    Error::NotFound {
        code: "key_unknown",
        message: "There is no API key of this name here. It may have been revoked already.".to_owned(),
    }
}

/// The question before a key is revoked.
pub(crate) async fn ask_revoke(desk: Desk, Path(id): Path<String>) -> Response {
    let page = async {
        let keys = desk.app.store.api_keys(&desk.account().id).await?;
        let key = keys
            .iter()
            .find(|key| key.id.to_string() == id)
            .ok_or_else(no_such_key)?;
        Ok(desk.page(ConfirmPage::revoke(desk.shell(Nav::Settings), &id, &key.name)))
    };
    desk.tell(page.await)
}

/// Revokes a key.
pub(crate) async fn revoke(Path(id): Path<String>, Signed { desk, .. }: Signed) -> Response {
    let revoked = async {
        let id = Id::parse(&id).ok_or_else(no_such_key)?;
        let gone = desk.app.store.delete_api_key(&desk.account().id, id).await?;
        if gone {
            Ok(said("/settings/access/api-keys", Said::Revoked))
        } else {
            Err(no_such_key())
        }
    };
    desk.tell(revoked.await)
}
