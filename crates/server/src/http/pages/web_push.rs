//! Settings > Engage > Channels > Web Push: reach, silent browsers, and the ring of VAPID pairs.
//!
//! Left out: what a pair is and when it may go (`launch/keys`). Invariant: a private half is shown only to who asks for it, in the answer to
//! a post.

use super::confirm::ConfirmPage;
use super::desk::{Desk, Sent, Signed, fields, said};
use super::format::When;
use super::icon::Icon;
use super::settings::Room;
use super::{Errors, Nav, Said, Shell, Theme, asset, format};
use crate::http::error::Error;
use crate::launch::keys::{Brought, HandedOut, in_use};
use crate::report;
use anyhow::Context as _;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use campanile_core::id::Id;
use campanile_core::silence::Forecast;
use campanile_core::subscription::Browsers;

/// Where this page is.
pub(super) const HERE: &str = "/settings/engage/channels/web-push";
/// Families of browsers that may have pairs of their own, as visitors' browsers are called.
const FAMILIES: [&str; 3] = ["Chrome", "Firefox", "Safari"];

/// One pair of the key ring.
#[derive(Debug, Clone)]
pub(crate) struct RingKey {
    /// Its id.
    pub(crate) id: String,
    /// Public key, base64url.
    pub(crate) public_key: String,
    /// When it was made.
    pub(crate) created: When,
    /// Subscriptions that were made with it.
    pub(crate) bound: u64,
    /// Browsers whose new subscriptions are made with it; none: it is kept for those who have not come by since.
    pub(crate) used_in: Vec<&'static str>,
}

/// Engage > Channels > Web Push.
#[derive(Debug, Template)]
#[template(path = "settings_web_push.html")]
pub(crate) struct WebPushPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Its entry.
    pub(crate) room: Room,
    /// Reach: name, count, line of context.
    pub(crate) reach: Vec<(String, u64, String)>,
    /// What push services are about to drop.
    pub(crate) forecast: Vec<Forecast>,
    /// Public key of the pair in use for Chrome and its kin.
    pub(crate) public_key: String,
    /// The same for Firefox.
    pub(crate) firefox_key: String,
    /// When the pair for Chrome was made.
    pub(crate) created: When,
    /// Contact in the VAPID claim.
    pub(crate) subject: String,
    /// Every pair, those that were put in use last before the others.
    pub(crate) keys: Vec<RingKey>,
    /// Subscriptions that were made with a pair that is not in use any more.
    pub(crate) behind: u64,
    /// Path of the worker.
    pub(crate) worker_path: String,
    /// A pair that was asked for with its private half: both, shown once.
    pub(crate) shown: Option<HandedOut>,
    /// What was chosen for a new pair.
    pub(crate) browsers: String,
    /// Public half that was typed for it.
    pub(crate) typed: String,
    /// What was not accepted.
    pub(crate) errors: Errors,
}

/// The page at `/settings/engage/channels/web-push`.
pub(crate) async fn show(desk: Desk) -> Response {
    desk.tell(room(&desk).await.map(|page| desk.page(page)))
}

async fn room(desk: &Desk) -> Result<WebPushPage, Error> {
    let account = &desk.account().id;
    let bound = desk.app.store.bound(account).await?;
    let by_browser = desk.app.store.reach(account).await?;
    let keys = desk.app.store.vapid_keys(account).await?;
    let told = desk.told();
    let pair_of = |browser: &str| {
        let fitting = keys.iter().find(|key| key.browsers.has(browser));
        fitting.context("an account is made with its first VAPID key")
    };
    let (chrome, firefox_pair) = (pair_of("Chrome")?, pair_of("Firefox")?);
    let count = |fits: fn(&str) -> bool| {
        by_browser
            .iter()
            .filter(|(name, _)| fits(name))
            .map(|(_, n)| n)
            .sum::<u64>()
    };
    let firefox = count(|name| name == "Firefox");
    let safari = count(|name| name == "Safari");
    let all = by_browser.values().sum::<u64>();
    let used = in_use(&keys);
    let behind = bound
        .iter()
        .filter(|(id, _)| !used.contains(id))
        .map(|(_, n)| n)
        .sum();
    Ok(WebPushPage {
        shell: desk.shell(Nav::Settings),
        room: Room::WebPush,
        reach: vec![
            (
                "Chrome, Edge and kin".to_owned(),
                all - firefox - safari,
                "VAPID".to_owned(),
            ),
            ("Firefox".to_owned(), firefox, "VAPID".to_owned()),
            ("Safari".to_owned(), safari, "VAPID, 16 and later".to_owned()),
        ],
        forecast: report::forecast(&desk.app.store, desk.account(), desk.now).await?,
        public_key: chrome.public_key.clone(),
        firefox_key: firefox_pair.public_key.clone(),
        created: told.when(chrome.created_at),
        subject: contact(desk),
        keys: keys
            .iter()
            .map(|key| RingKey {
                public_key: key.public_key.clone(),
                created: told.when(key.created_at),
                bound: bound.get(&key.id).copied().unwrap_or(0),
                id: key.id.to_string(),
                used_in: FAMILIES
                    .into_iter()
                    .filter(|family| {
                        keys.iter()
                            .find(|key| key.browsers.has(family))
                            .is_some_and(|used| used.id == key.id)
                    })
                    .collect(),
            })
            .collect(),
        behind,
        worker_path: desk.app.config.paths.workers.first().cloned().unwrap_or_default(),
        shown: None,
        browsers: Browsers::All.as_str().to_owned(),
        typed: String::new(),
        errors: Errors::default(),
    })
}

/// Who the push services are told to write to.
fn contact(desk: &Desk) -> String {
    let config = &desk.app.config;
    match (config.push.subject.as_str(), config.public_url()) {
        ("", Some(url)) if url.starts_with("https://") => url.to_owned(),
        ("", _) => "not set (push.subject)".to_owned(),
        (subject, _) => subject.to_owned(),
    }
}

fn no_such_pair() -> Error {
    Error::NotFound {
        code: "key_unknown",
        message: "There is no VAPID pair of this name in the key ring. It may have been retired already."
            .to_owned(),
    }
}

/// Makes a pair, or takes one that was brought along.
pub(crate) async fn add(Signed { desk, form }: Signed) -> Response {
    desk.tell(added(&desk, &form).await)
}

async fn added(desk: &Desk, form: &Sent) -> Result<Response, Error> {
    let (private_key, public_key) = (form.get("private_key"), form.get("public_key"));
    let browsers = Browsers::parse(form.get("browsers")).unwrap_or_default();
    let brought = (!private_key.trim().is_empty() || !public_key.trim().is_empty()).then_some(Brought {
        private_key,
        public_key,
    });
    match desk
        .app
        .launch
        .add_key(&desk.account().id, brought, browsers)
        .await
    {
        Ok(_) => Ok(said(HERE, Said::PairUsed)),
        Err(fault) => {
            let errors = fields(fault.into())?;
            let page = WebPushPage {
                browsers: browsers.as_str().to_owned(),
                typed: public_key.to_owned(),
                errors,
                ..room(desk).await?
            };
            Ok(desk.again(page))
        }
    }
}

/// Puts a pair in use again, for all browsers.
pub(crate) async fn put_in_use(Path(id): Path<String>, Signed { desk, .. }: Signed) -> Response {
    let used = async {
        let id = Id::parse(&id).ok_or_else(no_such_pair)?;
        if desk
            .app
            .launch
            .use_key(&desk.account().id, id, Browsers::All)
            .await?
        {
            Ok(said(HERE, Said::PairUsed))
        } else {
            Err(no_such_pair())
        }
    };
    desk.tell(used.await)
}

/// Shows both halves of a pair.
pub(crate) async fn hand_out(Path(id): Path<String>, Signed { desk, .. }: Signed) -> Response {
    let page = async {
        let id = Id::parse(&id).ok_or_else(no_such_pair)?;
        let pair = desk.app.launch.hand_out_key(&desk.account().id, id).await?;
        Ok(desk.page(WebPushPage {
            shown: Some(pair.ok_or_else(no_such_pair)?),
            ..room(&desk).await?
        }))
    };
    desk.tell(page.await)
}

/// The question before a pair is retired.
pub(crate) async fn ask_retire(desk: Desk, Path(id): Path<String>) -> Response {
    let page = async {
        let keys = desk.app.store.vapid_keys(&desk.account().id).await?;
        let key = keys
            .iter()
            .find(|key| key.id.to_string() == id)
            .ok_or_else(no_such_pair)?;
        let name = format::middle(&key.public_key, 12, 6);
        Ok(desk.page(ConfirmPage::retire(desk.shell(Nav::Settings), &id, &name)))
    };
    desk.tell(page.await)
}

/// Retires a pair.
pub(crate) async fn retire(Path(id): Path<String>, Signed { desk, .. }: Signed) -> Response {
    let retired = async {
        let id = Id::parse(&id).ok_or_else(no_such_pair)?;
        if desk.app.launch.retire_key(&desk.account().id, id).await? {
            Ok(said(HERE, Said::PairRetired))
        } else {
            Err(no_such_pair())
        }
    };
    desk.tell(retired.await)
}
