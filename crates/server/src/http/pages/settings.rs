//! Settings: install, origins, Web Push and API keys.
//!
//! Left out: rooms that do not exist yet (no dead entries in the sub-navigation). Invariant: a secret is shown once, when it is made.

use super::format::When;
use super::icon::Icon;
use super::{Errors, Nav, Shell, Theme, asset, format};
use askama::Template;

/// The entry of the sub-navigation that is lit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// Install > SDK.
    Install,
    /// Install > Origins.
    Origins,
    /// Engage > Channels > Web Push.
    WebPush,
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

impl InstallPage {
    fn room(&self) -> Room {
        Room::Install
    }
}

/// Install > Origins.
#[derive(Debug, Template)]
#[template(path = "settings_origins.html")]
pub(crate) struct OriginsPage {
    /// What stands around it.
    pub(crate) shell: Shell,
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

impl OriginsPage {
    fn room(&self) -> Room {
        Room::Origins
    }
}

/// One pair of the key ring.
#[derive(Debug, Clone)]
pub(crate) struct RingKey {
    /// Public key, base64url.
    pub(crate) public_key: String,
    /// When it was made.
    pub(crate) created: When,
    /// Subscriptions that were made with it.
    pub(crate) bound: u64,
    /// Whether new subscriptions use it.
    pub(crate) current: bool,
}

/// Engage > Channels > Web Push.
#[derive(Debug, Template)]
#[template(path = "settings_web_push.html")]
pub(crate) struct WebPushPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Reach: name, count, line of context.
    pub(crate) reach: Vec<(String, u64, String)>,
    /// Public key of the current pair.
    pub(crate) public_key: String,
    /// When the current pair was made.
    pub(crate) created: When,
    /// Contact in the VAPID claim.
    pub(crate) subject: String,
    /// Every pair, the current one first.
    pub(crate) keys: Vec<RingKey>,
    /// Path of the worker.
    pub(crate) worker_path: String,
}

impl WebPushPage {
    fn room(&self) -> Room {
        Room::WebPush
    }
}

/// A key as it is listed.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// First letters, to tell it from others.
    pub(crate) prefix: String,
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

impl ApiKeysPage {
    fn room(&self) -> Room {
        Room::ApiKeys
    }
}
