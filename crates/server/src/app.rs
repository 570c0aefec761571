//! The running product: builds the parts, wires them, serves, stops.
//!
//! Left out: reading the command line. Invariant: [`Running::stop`] stops accepting, lets requests and jobs under way finish, writes what is
//! queued, and is back within [`STOP_WITHIN`] whatever hangs.

use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::transport::{HostMap, Transport};
use crate::delivery::{self, Delivery, sweep};
use crate::geo::Geo;
use crate::http;
use crate::http::assets::Scripts;
use crate::http::session::Attempts;
use crate::http::shop::Shop;
use crate::import::Imports;
use crate::ingest::Ingest;
use crate::launch::Launch;
use crate::live::Live;
use crate::media::Media;
use crate::queue::Queue;
use crate::store::Store;
use crate::store::db::Db;
use crate::store::migrate::MIGRATIONS;
use crate::tail::Tail;
use crate::telemetry::Metrics;
use crate::tls;
use anyhow::Context as _;
use campanile_core::alarm::Alarm;
use campanile_core::subscription::PushHosts;
use campanile_push::vapid::{SignatureCache, Subject};
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The longest that stopping takes.
pub const STOP_WITHIN: Duration = Duration::from_secs(10);

/// What handlers share.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// The parts of an [`App`].
pub struct Shared {
    /// Settings of the process.
    pub config: Config,
    /// The store.
    pub store: Store,
    /// The queue.
    pub queue: Queue,
    /// Sites in memory.
    pub live: Live,
    /// Time and ids.
    pub clock: Clock,
    /// Use case: what browsers send.
    pub ingest: Ingest,
    /// Use case: campaigns and accounts.
    pub launch: Launch,
    /// Use case: subscriptions that come from elsewhere.
    pub imports: Imports,
    /// Use case: uploaded pictures.
    pub media: Media,
    /// Countries by address.
    pub geo: Geo,
    /// What happens this second.
    pub tail: Tail,
    /// Metrics.
    pub metrics: Metrics,
    /// Wrong passwords.
    pub attempts: Attempts,
    /// SDK and worker, if they were built.
    pub scripts: Option<Scripts>,
    /// The demo shop, in a demo.
    pub shop: Option<Shop>,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What differs between production, demo and tests.
#[derive(Debug)]
pub struct Surroundings {
    /// Time.
    pub clock: Clock,
    /// Where push hosts really are; empty in production.
    pub push: HostMap,
    /// The demo shop.
    pub shop: Option<Shop>,
    /// Whether this process sends (tests drive the sender by hand).
    pub deliver: bool,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            clock: Clock::System,
            push: HostMap::default(),
            shop: None,
            deliver: true,
        }
    }
}

/// A server that serves.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// What its handlers share.
    pub app: App,
    /// The sender, for tests that drive it.
    pub delivery: Arc<Delivery>,
    stop: CancellationToken,
    server: JoinHandle<()>,
    workers: Vec<JoinHandle<()>>,
}

/// Opens the store, migrating it when needed, and reads what is live. Commands use it without serving.
pub async fn open(config: &Config, clock: Clock) -> anyhow::Result<(Store, Queue, Live, Launch)> {
    let url = config.database()?;
    let db = Db::open(&url, MIGRATIONS)
        .await
        .context("the store cannot be opened")?;
    let store = Store::new(db.clone());
    let queue = Queue::embedded(db);
    let live = Live::load(store.clone()).await?;
    let sender = subject(config)?.map(|_| ());
    let launch = Launch::new(
        store.clone(),
        live.clone(),
        queue.clone(),
        clock,
        sender.is_some(),
    );
    launch.give_link_keys().await?;
    Ok((store, queue, live, launch))
}

/// Who the sender is to push services: the setting, or the public address where it is https.
pub fn subject(config: &Config) -> anyhow::Result<Option<Subject>> {
    let text = match (config.push.subject.as_str(), config.public_url()) {
        ("", Some(url)) if url.starts_with("https://") => url,
        ("", _) => return Ok(None),
        (text, _) => text,
    };
    Subject::parse(text)
        .map(Some)
        .with_context(|| format!("push.subject “{text}”"))
}

/// Starts everything. Ready to answer when it returns.
pub async fn start(config: Config, surroundings: Surroundings) -> anyhow::Result<Running> {
    let Surroundings {
        clock,
        push,
        shop,
        deliver,
    } = surroundings;
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; choose another address with --listen (port 0 takes a free one)",
            config.listen
        )
    })?;
    let address = listener.local_addr()?;
    let geo = Geo::open(&config.geo.country_file, clock.now())?;
    let acceptor = tls::acceptor(Path::new(&config.tls.cert), Path::new(&config.tls.key))?;
    let (store, queue, live, launch) = open(&config, clock.clone()).await?;
    let metrics = Metrics::default();
    let hosts = PushHosts::new(&config.push.hosts);
    let imports = Imports::new(
        store.clone(),
        queue.clone(),
        live.clone(),
        clock.clone(),
        hosts.clone(),
    );
    let stop = CancellationToken::new();
    let tail = Tail::new(stop.clone());
    let ingest = Ingest::new(
        store.clone(),
        queue.clone(),
        clock.clone(),
        hosts,
        metrics.clone(),
        tail.clone(),
    );
    let signatures = subject(&config)?.map(SignatureCache::new);
    if signatures.is_some() {
        // It may have been missing when the last process ended.
        store.alarm_is_mended(Alarm::NoSubject).await?;
    }
    let delivery = Arc::new(Delivery::new(delivery::Parts {
        store: store.clone(),
        queue: queue.clone(),
        live: live.clone(),
        clock: clock.clone(),
        transport: Transport::new(push)?,
        imports: imports.clone(),
        signatures,
        endpoint: config
            .public_url()
            .map(|url| format!("{url}{}", config.paths.wire)),
        concurrency: config.push.concurrency,
        metrics: metrics.clone(),
        tail: tail.clone(),
        stop: stop.clone(),
    }));
    let mut workers = vec![
        tokio::spawn(live.clone().follow(queue.clone(), stop.clone())),
        tokio::spawn(sweep::run(
            store.clone(),
            live.clone(),
            queue.clone(),
            clock.clone(),
            config.retention.clone(),
            metrics.clone(),
            stop.clone(),
        )),
    ];
    if deliver {
        workers.push(tokio::spawn(delivery.clone().run()));
    }
    let scripts = Scripts::new(&config.paths.wire, config.public_url());
    let media = Media::new(store.clone(), clock.clone());
    let app = App(Arc::new(Shared {
        config,
        store,
        queue,
        live,
        clock,
        ingest,
        launch,
        imports,
        media,
        geo,
        tail,
        metrics,
        attempts: Attempts::default(),
        scripts,
        shop,
    }));
    let server = tokio::spawn(tls::serve(
        listener,
        acceptor,
        http::router(app.clone()),
        stop.clone(),
    ));
    Ok(Running {
        address,
        app,
        delivery,
        stop,
        server,
        workers,
    })
}

impl Running {
    /// The address for people, `http://127.0.0.1:8080`.
    pub fn base(&self) -> String {
        if let Some(url) = self.app.config.public_url() {
            return url.to_owned();
        }
        let scheme = if self.app.config.tls.cert.is_empty() {
            "http"
        } else {
            "https"
        };
        // Browsers treat localhost as a secure context under its name and its number alike.
        let host = if self.address.ip().is_unspecified() {
            "localhost".to_owned()
        } else {
            host(self.address)
        };
        format!("{scheme}://{host}:{}", self.address.port())
    }

    /// Stops accepting, finishes what is under way, closes the store.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        let finish = async {
            for worker in self.workers {
                worker.await?;
            }
            self.server.await?;
            anyhow::Ok(())
        };
        let finished = tokio::time::timeout(STOP_WITHIN.saturating_sub(Duration::from_secs(1)), finish).await;
        if finished.is_err() {
            tracing::warn!(
                "some requests did not finish in time and were cut off; browsers will send theirs again"
            );
        }
        let closed = tokio::time::timeout(Duration::from_secs(1), self.app.store.db.clone().close()).await;
        if closed.is_err() {
            tracing::warn!("the store was still writing; what was acknowledged is on disk");
        }
        finished.unwrap_or(Ok(()))
    }
}

fn host(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    }
}
