//! How to start a real browser so that it uses the lab instead of its maker's push service.
//!
//! Left out: starting it. Invariant: what stands here is what was seen to work with Firefox ESR 153 and Chromium 156.

use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::net::SocketAddr;

/// What Firefox must know.
#[derive(Debug, Clone, Serialize)]
pub struct Firefox {
    /// `dom.push.serverURL`.
    pub server_url: String,
}

/// What Chromium must know.
#[derive(Debug, Clone, Serialize)]
pub struct Chromium {
    /// `--gcm-checkin-url`.
    pub checkin: String,
    /// `--gcm-registration-url`.
    pub registration: String,
    /// `--gcm-mcs-endpoint`.
    pub mcs: String,
    /// `--ignore-certificate-errors-spki-list`.
    pub spki: String,
}

/// Addresses for both browsers, and the same as preferences and arguments.
#[derive(Debug, Clone, Serialize)]
pub struct StartHints {
    /// Firefox's addresses.
    pub firefox: Firefox,
    /// Chromium's addresses.
    pub chromium: Chromium,
    /// Firefox: preferences of `about:config`, values as JSON.
    pub firefox_prefs: Vec<(&'static str, Value)>,
    /// Chromium: arguments; `--user-data-dir` is to be added, a folder of its own.
    pub chromium_args: Vec<String>,
}

impl StartHints {
    pub(crate) fn new(plain: SocketAddr, mcs: SocketAddr, spki: &str) -> Self {
        let firefox = Firefox {
            server_url: format!("ws://{plain}/firefox"),
        };
        let chromium = Chromium {
            checkin: format!("http://{plain}/checkin"),
            registration: format!("http://{plain}/c2dm/register3"),
            mcs: format!("https://localhost:{}", mcs.port()),
            spki: spki.to_owned(),
        };
        let firefox_prefs = vec![
            ("dom.push.serverURL", json!(firefox.server_url)),
            // Without it Firefox refuses ws:// and stays silent about the reason.
            ("dom.push.testing.allowInsecureServerURL", json!(true)),
            ("dom.push.connection.enabled", json!(true)),
            ("dom.push.retryBaseInterval", json!(500)),
        ];
        let chromium_args = vec![
            format!("--gcm-checkin-url={}", chromium.checkin),
            format!("--gcm-registration-url={}", chromium.registration),
            format!("--gcm-mcs-endpoint={}", chromium.mcs),
            format!("--ignore-certificate-errors-spki-list={}", chromium.spki),
            "--no-first-run".to_owned(),
        ];
        Self {
            firefox,
            chromium,
            firefox_prefs,
            chromium_args,
        }
    }

    /// The preferences as a `user.js` for a Firefox profile.
    pub fn firefox_user_js(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.firefox_prefs {
            let _ = writeln!(text, "user_pref(\"{name}\", {value});");
        }
        text
    }

    /// Shell commands that make a profile in `folder` and open `url` in Firefox.
    pub fn firefox_command(&self, folder: &str, url: &str) -> String {
        let prefs = self.firefox_user_js();
        let make = format!("mkdir -p {folder} && cat > {folder}/user.js <<'END'\n{prefs}END");
        format!("{make}\nfirefox --no-remote --profile {folder} {url}")
    }

    /// A shell command that opens `url` in Chromium with a profile in `folder`.
    pub fn chromium_command(&self, folder: &str, url: &str) -> String {
        let arguments = self.chromium_args.join(" \\\n  ");
        format!("chromium --user-data-dir={folder} \\\n  {arguments} \\\n  {url}")
    }
}
