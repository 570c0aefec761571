//! The product with its push hosts led to a lab: what `campanile serve` is, but for the map that no setting can give.
//!
//! One line of JSON tells where the lab is; one line answers where the product serves, with an account and an API key. Then `enrol FILE`
//! puts a crowd into the store. It ends when its input does, and goes on with the same account when it is started again. Left out:
//! measuring. Invariant: settings are the defaults, but for port, data folder and subject.

use crate::sink::Recipient;
use anyhow::{Context as _, ensure};
use campanile::app::{self, App, Surroundings};
use campanile::config::{Config, Flags};
use campanile::delivery::transport::HostMap;
use campanile::store::db::Batch;
use campanile::store::subscriptions::SubscriptionRow;
use campanile::{clock, telemetry};
use campanile_core::id::{AccountId, Id, Ordinal};
use campanile_core::subscription::{Endpoint, Keys};
use campanile_core::time::Zone;
use campanile_push::ece;
use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt as _, BufReader};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder for data
    #[arg(long)]
    data: PathBuf,
}

/// Where a lab is, as `campanile lab --json` says it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Its control interface.
    pub(crate) push: String,
    pub(crate) hosts: Vec<Host>,
    pub(crate) ca_pem: String,
}

/// A push host and where it really is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Host {
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
}

/// What is needed to use the product.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) address: String,
    pub(crate) account: String,
    pub(crate) api_key: String,
}

#[tokio::main]
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let line = lines.next_line().await?.context("no lab was given")?;
    let lab: Place = serde_json::from_str(&line)?;
    let flags = Flags {
        listen: Some("127.0.0.1:0".to_owned()),
        data: Some(args.data),
        ..Flags::default()
    };
    let mut config = Config::load(None, [], &flags)?;
    "mailto:push@example.com".clone_into(&mut config.push.subject);
    telemetry::start_logging(&config.log)?;
    let push = HostMap {
        hosts: lab
            .hosts
            .into_iter()
            .map(|host| (host.host, host.address))
            .collect(),
        ca_pem: Some(lab.ca_pem),
    };
    let surroundings = Surroundings {
        push,
        ..Surroundings::default()
    };
    let running = app::start(config, surroundings).await?;
    let account = AccountId::parse("BENCH-0001").context("this is an id")?;
    let launch = &running.app.launch;
    if running.app.live.site(&account).is_none() {
        launch
            .create_account("Bench", Some(account.clone()), Zone::utc())
            .await?;
    }
    let (_, api_key) = launch.create_api_key(&account, "Bench").await?;
    let ready = Ready {
        address: running.address.to_string(),
        account: account.to_string(),
        api_key,
    };
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&ready)?)?;
    while let Some(line) = lines.next_line().await? {
        let (command, file) = line.split_once(' ').unwrap_or_default();
        ensure!(command == "enrol", "`{line}` is not understood");
        enrol(&running.app, &account, Path::new(file)).await?;
        writeln!(std::io::stdout().lock(), "done")?;
    }
    running.stop().await
}

/// Subscriptions in one batch.
const ENROLLED_AT_ONCE: usize = 1000;

/// Puts a crowd into the store as intake would, by batches: it is not intake that is looked at.
async fn enrol(app: &App, account: &AccountId, file: &Path) -> anyhow::Result<()> {
    let site = app.live.site(account).context("the account is not there")?;
    let vapid_key = site.current_key("Firefox").context("the account has no key")?.id;
    let mut lines = std::io::BufReader::new(std::fs::File::open(file)?).lines();
    let mut number = 0;
    loop {
        let mut batch = Batch::new("enrol");
        let before = number;
        for line in lines.by_ref().take(ENROLLED_AT_ONCE) {
            let Recipient {
                endpoint,
                p256dh,
                auth,
            } = serde_json::from_str(&line?)?;
            number += 1;
            let now = app.clock.now();
            let keys = Keys::parse(&p256dh, &auth).map_err(|fault| anyhow::anyhow!("{fault:?}"))?;
            let row = SubscriptionRow {
                id: Id::new(now, clock::random()),
                device: None,
                ordinal: Ordinal(number),
                endpoint: Endpoint::stored(endpoint),
                multiples: Some(ece::multiples(&keys)?),
                keys,
                vapid_key,
                browser: "Firefox".to_owned(),
                system: "Linux".to_owned(),
                live: true,
                aside: false,
                reason: String::new(),
                created_at: now,
                changed_at: now,
            };
            app.store.upsert_subscription(&mut batch, account, &row);
        }
        if number == before {
            return Ok(());
        }
        app.store.db.write(batch).await?;
    }
}
