//! `campanile account`: accounts, API keys and sign-in links, for the operator at the command line.

use super::{Place, say};
use crate::app;
use crate::clock::Clock;
use crate::config::Flags;
use crate::telemetry;
use anyhow::Context as _;
use campanile_core::id::AccountId;
use campanile_core::time::Zone;
use clap::Subcommand;
use serde_json::json;

const LINK_LIVES_MS: i64 = 3600 * 1000;

#[derive(Debug, Subcommand)]
pub(super) enum Account {
    /// Make an account with its VAPID key and an API key; a running server notices within seconds
    New {
        /// The site's name, for people
        name: String,
        /// Its time zone
        #[arg(long, default_value = "UTC")]
        zone: String,
        /// An id of your own, 4 to 32 of A-Z a-z 0-9 -
        #[arg(long)]
        id: Option<String>,
        #[command(flatten)]
        place: Place,
        /// Print one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// List the accounts
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Make a one-time sign-in link: for a person, or for the first administrator
    SignInLink {
        /// E-mail of the person; without it the link makes the administrator, if there is none yet
        #[arg(long)]
        email: Option<String>,
        /// Address of the server
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
        #[command(flatten)]
        place: Place,
    },
}

impl Account {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (Self::New { place, .. } | Self::List { place } | Self::SignInLink { place, .. }) = &self;
        let config = place.config(Flags::default())?;
        telemetry::start_logging(&config.log)?;
        let (store, _, live, launch) = app::open(&config, Clock::System).await?;
        match self {
            Self::New {
                name, zone, id, json, ..
            } => {
                let zone = Zone::parse(&zone)
                    .with_context(|| format!("“{zone}” is not a time zone; write it like Europe/Berlin"))?;
                let id = match id {
                    None => None,
                    Some(text) => Some(AccountId::parse(&text).with_context(|| {
                        format!("“{text}” is not an id of 4 to 32 letters, digits and -")
                    })?),
                };
                let account = launch.create_account(&name, id, zone).await?;
                let (_, key) = launch.create_api_key(&account.id, "Command line").await?;
                if json {
                    say(&json!({"account": account.id, "api_key": key}).to_string());
                } else {
                    say(&format!(
                        "Account  {}\nAPI key  {key}\nThe key is not shown again.",
                        account.id
                    ));
                }
            }
            Self::List { .. } => {
                for site in live.sites() {
                    say(&format!("{}  {}", site.account.id, site.account.name));
                }
            }
            Self::SignInLink { email, url, .. } => {
                let user = match email {
                    Some(email) => {
                        let found = store.user_by_email(&email.to_lowercase()).await?;
                        Some(found.with_context(|| format!("nobody signs in as {email}"))?.id)
                    }
                    None if store.has_users().await? => {
                        anyhow::bail!("there is an administrator already; say whose link with --email")
                    }
                    None => None,
                };
                let token = launch.create_link(user, LINK_LIVES_MS).await?;
                say(&format!("{}/sign-in/{token}", url.trim_end_matches('/')));
            }
        }
        store.db.close().await;
        Ok(())
    }
}
