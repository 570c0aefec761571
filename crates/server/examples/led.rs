//! A server whose push hosts are led to a lab: for tests that kill it, and that run two on one store.
//!
//! The first line on its input is JSON (where the store is, where push hosts are, what time it is), each further one a new time in
//! milliseconds; it answers with one line, its address, and ends when its input does. Left out: accounts and campaigns, which a test makes
//! before. Invariant: settings are the defaults, but for port, store and subject.

use anyhow::Context as _;
use campanile::app::{self, Surroundings};
use campanile::clock::Clock;
use campanile::config::{Config, Flags};
use campanile::delivery::transport::HostMap;
use campanile::telemetry;
use serde::Deserialize;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::io::{AsyncBufReadExt as _, BufReader};

#[derive(Deserialize)]
struct Place {
    data: Option<PathBuf>,
    database: Option<String>,
    hosts: Vec<(String, SocketAddr)>,
    ca_pem: String,
    now: i64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let line = lines.next_line().await?.context("nothing was said")?;
    let place: Place = serde_json::from_str(&line)?;
    let flags = Flags {
        listen: Some("127.0.0.1:0".to_owned()),
        data: place.data,
        database: place.database,
        ..Flags::default()
    };
    let mut config = Config::load(None, [], &flags)?;
    "mailto:push@example.com".clone_into(&mut config.push.subject);
    telemetry::start_logging(&config.log)?;
    let now = Arc::new(AtomicI64::new(place.now));
    let surroundings = Surroundings {
        clock: Clock::Test(now.clone()),
        push: HostMap {
            hosts: place.hosts.into_iter().collect(),
            ca_pem: Some(place.ca_pem),
        },
        ..Surroundings::default()
    };
    let running = app::start(config, surroundings).await?;
    writeln!(std::io::stdout().lock(), "{}", running.address)?;
    while let Some(line) = lines.next_line().await? {
        now.store(line.parse().context("a time in milliseconds")?, Ordering::SeqCst);
    }
    running.stop().await
}
