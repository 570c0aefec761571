//! The product with its push hosts led to a lab: what `campanile serve` is, but for the map that no setting can give.
//!
//! One line of JSON tells where the lab is; one line answers where the product serves, with an account and an API key. It ends when its
//! input does. Left out: measuring. Invariant: settings are the defaults, but for port, data folder and subject.

use anyhow::Context as _;
use campanile::app::{self, Surroundings};
use campanile::config::{Config, Flags};
use campanile::delivery::transport::HostMap;
use campanile::telemetry;
use campanile_core::id::AccountId;
use campanile_core::time::Zone;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
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
    host: String,
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
    launch
        .create_account("Bench", Some(account.clone()), Zone::utc())
        .await?;
    let (_, api_key) = launch.create_api_key(&account, "Bench").await?;
    let ready = Ready {
        address: running.address.to_string(),
        account: account.to_string(),
        api_key,
    };
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&ready)?)?;
    while lines.next_line().await?.is_some() {}
    running.stop().await
}
