//! `campanile demo` and `campanile lab`.
//!
//! The demo is the product itself with a shop, a seeded account and the lab instead of the world's push services.

mod campaigns;

use super::{say, say_aside, told_to_stop};
use crate::app::{self, Running, Surroundings};
use crate::config::{Config, Flags};
use crate::delivery::transport::HostMap;
use crate::http::shop::Shop;
use crate::store::db::Batch;
use crate::store::users::UserRow;
use crate::telemetry;
use anyhow::Context as _;
use campanile_core::id::AccountId;
use campanile_core::time::Zone;
use campanile_lab::{Lab, LabConfig, StartHints};
use clap::Args;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;

const ACCOUNT: &str = "DEMO-TIN-DERE";
const EMAIL: &str = "demo@example.com";
const LINK_LIVES_MS: i64 = 12 * 3600 * 1000;

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Folder to keep the data in; without it a temporary one, gone at the end
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print one line of JSON when ready
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct LabOnly {
    /// Address of the lab's page and of its browser protocols
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Address to which push hosts are mapped (TLS)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    listen_tls: SocketAddr,
    /// Print one line of JSON when ready
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let temporary = match &self.data {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("campanile-demo-").tempdir()?),
        };
        let data = temporary
            .as_ref()
            .map_or_else(|| self.data.clone(), |folder| Some(folder.path().to_owned()));
        let flags = Flags {
            listen: Some(self.listen.clone()),
            data,
            database: Some(String::new()),
            ..Flags::default()
        };
        let mut config = Config::load(None, std::env::vars(), &flags)?;
        if config.push.subject.is_empty() {
            "mailto:demo@example.com".clone_into(&mut config.push.subject);
        }
        telemetry::start_logging(&config.log)?;
        let lab = Lab::start(LabConfig::default())
            .await
            .context("the lab cannot start")?;
        let push = HostMap {
            hosts: lab.host_map().into_iter().collect(),
            ca_pem: Some(lab.ca_pem().to_owned()),
        };
        let account = AccountId::parse(ACCOUNT).expect("the demo's id is an id");
        let shop = Some(Shop {
            account: account.clone(),
        });
        let running = app::start(
            config,
            Surroundings {
                push,
                shop,
                ..Surroundings::default()
            },
        )
        .await?;
        let base = running.base();
        seed(&running, &account, &base).await?;
        let app = &running.app;
        let user = app
            .store
            .user_by_email(EMAIL)
            .await?
            .context("the demo's person is there")?;
        let link = format!(
            "{base}/sign-in/{}",
            app.launch.create_link(Some(user.id), LINK_LIVES_MS).await?
        );
        let (_, key) = app.launch.create_api_key(&account, "Demo").await?;
        let shop = format!("{base}/shop/");
        let hints = lab.start_hints();
        if app.scripts.is_none() {
            say_aside(
                "The page SDK was not built into this binary: run `npm ci && npm run build` in sdk/ and build again.",
            );
        }
        if self.json {
            let line = json!({
                "base": base, "shop": shop, "dashboard": link, "api_key": key, "account": account,
                "lab": {"push": lab.url(), "firefox": hints.firefox, "chromium": hints.chromium},
            });
            say(&line.to_string());
        } else {
            say(&words(&shop, &link, &key, lab.url(), &hints));
        }
        told_to_stop().await?;
        running.stop().await
    }
}

fn words(shop: &str, link: &str, key: &str, lab: &str, hints: &StartHints) -> String {
    let firefox = hints.firefox_command("/tmp/campanile-firefox", shop);
    let chromium = hints.chromium_command("/tmp/campanile-chromium", shop);
    format!(
        "Campanile demo\n\n\
         Shop       {shop}\n           Open it in any browser and wait two seconds. “What you can try here”, at its foot, says what brings the other pop-ups.\n\
         Dashboard  {link}\n           Signs you in once.\n\
         API key    {key}\n\n\
         Push without the internet: the lab at {lab} stands in for the push services.\n\
         Start a browser that uses it, press “Tell me about new pots” in the shop, then send “The kiln is open” in the dashboard.\n\n\
         Firefox:\n{firefox}\n\n\
         Chromium:\n{chromium}\n\n\
         Ctrl C ends it."
    )
}

/// Account, person and the shop's campaigns, if this data folder does not have them yet.
async fn seed(running: &Running, account: &AccountId, base: &str) -> anyhow::Result<()> {
    let app = &running.app;
    if app.live.site(account).is_none() {
        app.launch
            .create_account("Tindermere", Some(account.clone()), Zone::utc())
            .await?;
        let seed = campaigns::read(base, app.clock.now())?;
        for definition in seed.running {
            let name = definition.name.clone();
            let refused = || format!("the demo's campaign “{name}” was refused");
            let made = app
                .launch
                .create(account, definition)
                .await
                .with_context(refused)?;
            app.launch.start(account, made.id).await.with_context(refused)?;
        }
        for definition in seed.drafts {
            app.launch.create(account, definition).await?;
        }
    }
    if app.store.user_by_email(EMAIL).await?.is_none() {
        let mut batch = Batch::new("seed_user");
        let user = UserRow {
            id: app.clock.id(),
            email: EMAIL.to_owned(),
            password: None,
        };
        app.store.insert_user(&mut batch, &user, app.clock.now());
        app.store.db.write(batch).await?;
    }
    Ok(())
}

impl LabOnly {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let lab = Lab::start(LabConfig {
            listen: self.listen,
            listen_tls: self.listen_tls,
            ..LabConfig::default()
        })
        .await?;
        let hints = lab.start_hints();
        if self.json {
            let hosts: Vec<Value> = lab
                .host_map()
                .into_iter()
                .map(|(host, address)| json!({"host": host, "address": address}))
                .collect();
            let line = json!({
                "push": lab.url(), "firefox": hints.firefox, "chromium": hints.chromium, "hosts": hosts, "ca_pem": lab.ca_pem(),
            });
            say(&line.to_string());
        } else {
            say(&format!(
                "Push lab at {} (its page says more)\nPush hosts are served on {}\n\nFirefox:\n{}\n\nChromium:\n{}\n\nCtrl C ends it.",
                lab.url(),
                lab.tls_address(),
                hints.firefox_command("/tmp/lab-firefox", "about:blank"),
                hints.chromium_command("/tmp/lab-chromium", "about:blank"),
            ));
        }
        told_to_stop().await
    }
}
