//! Web push with no internet: local push services, virtual browsers and scripted faults.
//!
//! [`Lab::start`] opens three loopback listeners: plain HTTP (control, Firefox's WebSocket, Chromium's check-in and registration,
//! RFC 8030), the same over TLS under the public push hosts' names (HTTP/2 and HTTP/1.1), and Chromium's message connection.
//! A sender under test is pointed at it with [`Lab::host_map`] and [`Lab::ca_pem`]; everything else in the sender is the production
//! path. `README.md` has the control interface.
//!
//! Left out: persistence, and anything but loopback. Invariant: the lab answers as the real services were seen to answer; a
//! message that it takes is one that they take.

mod browser;
mod chance;
mod chromium;
mod clock;
mod fault;
mod firefox;
mod hints;
mod http;
mod intake;
mod journal;
mod mcs;
mod page;
mod proto;
mod queue;
mod refusal;
mod registry;
mod service;
mod tls;

pub use browser::{Received, VirtualBrowser};
pub use clock::Clock;
pub use fault::{Fault, Rule};
pub use hints::{Chromium, Firefox, StartHints};
pub use journal::{Counts, Message};
pub use service::{PUSH_HOSTS, Service};

use browser::Eyes;
use campanile_push::ece::BrowserKeys;
use registry::Registry;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How a lab is set up. The default listens on free loopback ports.
#[derive(Debug, Clone)]
pub struct LabConfig {
    /// Plain HTTP: control, front page, both browsers.
    pub listen: SocketAddr,
    /// HTTPS: where the push hosts are mapped to.
    pub listen_tls: SocketAddr,
    /// TLS: Chromium's message connection.
    pub listen_mcs: SocketAddr,
    /// How many messages [`Lab::messages`] remembers; 0 counts only.
    pub keep_messages: usize,
    /// Streams that one HTTP/2 connection may have open at once. FCM has 100.
    pub max_streams: u32,
    /// The lab's time.
    pub clock: Clock,
}

impl Default for LabConfig {
    fn default() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: any,
            listen_tls: any,
            listen_mcs: any,
            keep_messages: 1000,
            max_streams: 100,
            clock: Clock::system(),
        }
    }
}

/// Why a lab does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A listen address is not on loopback: the lab checks nobody's identity.
    #[error("the lab listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// A port is taken.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The certificate could not be made.
    #[error("cannot make the lab's certificate: {0}")]
    Certificate(String),
}

/// A running lab. Dropping it closes its listeners and connections.
#[derive(Debug)]
pub struct Lab {
    registry: Arc<Registry>,
    hints: Arc<StartHints>,
    hosts: Arc<Vec<(String, SocketAddr)>>,
    ca_pem: Arc<str>,
    spki: String,
    url: Arc<str>,
    tls_address: SocketAddr,
    // Closing this channel ends every task.
    _stop: watch::Sender<()>,
}

impl Lab {
    /// Opens the listeners and serves until the value is dropped.
    pub async fn start(config: LabConfig) -> Result<Self, Error> {
        let (plain, address) = listen(config.listen).await?;
        let (secure, tls_address) = listen(config.listen_tls).await?;
        let (mcs, mcs_address) = listen(config.listen_mcs).await?;
        let identity = tls::Identity::new().map_err(|error| Error::Certificate(error.to_string()))?;
        let registry = Arc::new(Registry::new(&config));
        let hints = Arc::new(StartHints::new(address, mcs_address, &identity.spki));
        let hosts: Arc<Vec<_>> = Arc::new(
            PUSH_HOSTS
                .iter()
                .map(|host| ((*host).to_owned(), tls_address))
                .collect(),
        );
        let ca_pem: Arc<str> = identity.ca_pem.into();
        let url: Arc<str> = format!("http://{address}").into();
        let router = http::routes(http::Door {
            registry: registry.clone(),
            hints: hints.clone(),
            hosts: hosts.clone(),
            ca_pem: ca_pem.clone(),
            url: url.clone(),
        });
        let (stop, stopped) = watch::channel(());
        let streams = config.max_streams;
        tokio::spawn(http::serve(plain, None, router.clone(), streams, stopped.clone()));
        tokio::spawn(http::serve(
            secure,
            Some(identity.https),
            router,
            streams,
            stopped.clone(),
        ));
        tokio::spawn(http::serve_mcs(mcs, identity.plain, registry.clone(), stopped));
        Ok(Self {
            registry,
            hints,
            hosts,
            ca_pem,
            spki: identity.spki,
            url,
            tls_address,
            _stop: stop,
        })
    }

    /// Base address of the plain listener, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the public push hosts are to be led: for the sender under test.
    pub fn host_map(&self) -> Vec<(String, SocketAddr)> {
        self.hosts.to_vec()
    }

    /// Address of the TLS listener that every host of [`Self::host_map`] leads to.
    pub fn tls_address(&self) -> SocketAddr {
        self.tls_address
    }

    /// The authority that signed the lab's certificate, PEM: for the sender under test.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Base64 of the SHA-256 of the certificate's key, as Chromium's `--ignore-certificate-errors-spki-list` wants it.
    pub fn spki_sha256(&self) -> &str {
        &self.spki
    }

    /// How to start real browsers against this lab.
    pub fn start_hints(&self) -> StartHints {
        (*self.hints).clone()
    }

    /// Subscribes a virtual Firefox (`Service::Mozilla`). `vapid_public` is the `applicationServerKey`.
    pub fn virtual_browser(&self, vapid_public: &[u8; 65]) -> VirtualBrowser {
        self.virtual_browser_at(Service::Mozilla, vapid_public)
    }

    /// Subscribes a virtual browser of the given service.
    pub fn virtual_browser_at(&self, service: Service, vapid_public: &[u8; 65]) -> VirtualBrowser {
        let keys = Arc::new(BrowserKeys::generate().expect("the system has randomness"));
        VirtualBrowser::subscribe(&self.registry, service, Some(*vapid_public), keys, Eyes::Keeping)
    }

    /// Subscribes `count` virtual browsers that share one key pair and only count what they get: for load.
    pub fn crowd(&self, service: Service, vapid_public: &[u8; 65], count: usize) -> Vec<VirtualBrowser> {
        self.many(service, vapid_public, count, Eyes::Closed)
    }

    /// The same, but they read: each shows a message of the product once, as its worker does ([`VirtualBrowser::shown`]).
    pub fn audience(&self, service: Service, vapid_public: &[u8; 65], count: usize) -> Vec<VirtualBrowser> {
        self.many(service, vapid_public, count, Eyes::Open)
    }

    fn many(&self, service: Service, vapid: &[u8; 65], count: usize, eyes: Eyes) -> Vec<VirtualBrowser> {
        let keys = Arc::new(BrowserKeys::generate().expect("the system has randomness"));
        let subscribe =
            |_| VirtualBrowser::subscribe(&self.registry, service, Some(*vapid), keys.clone(), eyes);
        (0..count).map(subscribe).collect()
    }

    /// Scripts a fault; rules act in the order in which they were added.
    pub fn add_fault(&self, rule: Rule) {
        self.registry.script.add(rule);
    }

    /// Takes back every fault that has not acted yet.
    pub fn clear_faults(&self) {
        self.registry.script.clear();
    }

    /// What arrived, oldest first, at most [`LabConfig::keep_messages`].
    pub fn messages(&self) -> Vec<Message> {
        self.registry.journal.messages()
    }

    /// How many messages arrived.
    pub fn counts(&self) -> Counts {
        self.registry.journal.counts()
    }

    /// Waits until `enough` holds of the counts. Bound it with `tokio::time::timeout`.
    pub async fn wait_until(&self, enough: impl Fn(Counts) -> bool) -> Counts {
        self.registry.journal.wait(enough).await
    }

    /// Ends a subscription as if the browser had: 410 from now on. False if the token is unknown.
    pub fn end_subscription(&self, token: &str) -> bool {
        self.registry.end(token)
    }

    /// Tokens of live subscriptions of real browsers, in no order.
    pub fn real_browsers(&self) -> Vec<String> {
        let real = |route: &registry::Route| matches!(route, registry::Route::Device { .. });
        let live = self
            .registry
            .subscriptions()
            .into_iter()
            .filter(|one| real(&one.route) && !one.ended());
        live.map(|one| one.token.to_string()).collect()
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    if !address.ip().is_loopback() {
        return Err(Error::NotLoopback(address));
    }
    let refuse = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refuse)?;
    let bound = listener.local_addr().map_err(refuse)?;
    Ok((listener, bound))
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
