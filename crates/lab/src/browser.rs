//! Virtual browsers: subscribers without a browser, that decrypt what they get.
//!
//! Cheap enough for tens of thousands: a subscription is a token and a mailbox. Left out: showing anything. Invariant: what a
//! mailbox holds came through the same checks as a real browser's message.

use crate::queue::{Device, Outcome, Parcel};
use crate::registry::{Registry, Subscription};
use crate::service::Service;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_core::time::Timestamp;
use campanile_push::ece::{self, BrowserKeys};
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// A message as a virtual browser got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The plaintext, or why the body did not open.
    pub plaintext: Result<Vec<u8>, ece::Error>,
    /// Arrival at the push service.
    pub at: Timestamp,
    /// The TTL header.
    pub ttl_seconds: u32,
    /// The Urgency header (`normal` where there was none).
    pub urgency: String,
    /// The Topic header.
    pub topic: Option<String>,
}

/// What a virtual browser does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Eyes {
    /// Counts it.
    Closed,
    /// Decrypts it and shows it once, as the product's worker does: a token that was shown already is not shown again.
    Open,
    /// Decrypts and keeps it.
    Keeping,
}

/// Where a virtual browser's messages end.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) device: Device,
    keys: Arc<BrowserKeys>,
    eyes: Eyes,
    count: AtomicU64,
    shown: Mutex<BTreeSet<String>>,
    inbox: Mutex<VecDeque<Received>>,
    changed: watch::Sender<()>,
    connection: AtomicU64,
}

impl Mailbox {
    fn new(keys: Arc<BrowserKeys>, eyes: Eyes) -> Self {
        let device = Device::new();
        let (number, _) = device.connect();
        Self {
            device,
            keys,
            eyes,
            count: AtomicU64::new(0),
            shown: Mutex::default(),
            inbox: Mutex::default(),
            changed: watch::Sender::new(()),
            connection: AtomicU64::new(number),
        }
    }

    /// Takes a message in; gives back the plaintext where it was read at once.
    pub(crate) fn push(&self, parcel: Parcel, now: Timestamp) -> (Outcome, Option<String>) {
        if self.device.online() {
            return (Outcome::Forwarded, self.receive(&parcel));
        }
        (self.device.push(parcel, now), None)
    }

    fn receive(&self, parcel: &Parcel) -> Option<String> {
        self.count.fetch_add(1, Ordering::SeqCst);
        if self.eyes == Eyes::Closed {
            return None;
        }
        // A push without a body is allowed and carries no encryption (RFC 8291 section 2).
        let plaintext = if parcel.body.is_empty() {
            Ok(Vec::new())
        } else {
            self.keys.decrypt(&parcel.body)
        };
        let text = match &plaintext {
            Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Err(error) => format!("(not readable: {error})"),
        };
        if self.eyes == Eyes::Open {
            if let Some(token) = plaintext.as_deref().ok().and_then(token) {
                let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
                shown.insert(token);
            }
            return None;
        }
        self.inbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(Received {
                plaintext,
                at: parcel.received_at,
                ttl_seconds: parcel.ttl_seconds,
                urgency: parcel.urgency.clone(),
                topic: parcel.topic.clone(),
            });
        self.changed.send_replace(());
        Some(text)
    }
}

/// By what the product's worker tells two messages apart.
fn token(payload: &[u8]) -> Option<String> {
    let payload: Value = serde_json::from_slice(payload).ok()?;
    payload["campanile"]["send"].as_str().map(str::to_owned)
}

/// A subscriber that tests hold in their hand. Dropping it leaves the subscription in place.
#[derive(Debug, Clone)]
pub struct VirtualBrowser {
    endpoint: String,
    subscription: Arc<Subscription>,
    mailbox: Arc<Mailbox>,
    registry: Arc<Registry>,
}

impl VirtualBrowser {
    /// `vapid` is the `applicationServerKey`; `keys` may be shared between many browsers where speed matters more than privacy.
    pub(crate) fn subscribe(
        registry: &Arc<Registry>,
        service: Service,
        vapid: Option<[u8; 65]>,
        keys: Arc<BrowserKeys>,
        eyes: Eyes,
    ) -> Self {
        let mailbox = Arc::new(Mailbox::new(keys, eyes));
        let subscription = registry.subscribe_virtual(service, vapid, mailbox.clone());
        let endpoint = service.endpoint(&subscription.token);
        Self {
            endpoint,
            subscription,
            mailbox,
            registry: registry.clone(),
        }
    }

    /// What `PushSubscription.toJSON()` gives a page.
    pub fn subscription(&self) -> Value {
        let keys = self.mailbox.keys.keys();
        json!({
            "endpoint": self.endpoint,
            "expirationTime": null,
            "keys": {"p256dh": URL_SAFE_NO_PAD.encode(keys.p256dh), "auth": URL_SAFE_NO_PAD.encode(keys.auth)},
        })
    }

    /// The endpoint.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The token in the endpoint; what faults are scripted on.
    pub fn token(&self) -> &str {
        &self.subscription.token
    }

    /// Takes the oldest message out of the inbox; waits for one.
    pub async fn next(&self) -> Received {
        let mut changed = self.mailbox.changed.subscribe();
        loop {
            if let Some(received) = self.try_next() {
                return received;
            }
            changed.changed().await.expect("the mailbox owns the sender");
        }
    }

    /// Takes the oldest message out of the inbox, if there is one.
    pub fn try_next(&self) -> Option<Received> {
        self.mailbox
            .inbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }

    /// How many messages it ever got.
    pub fn count(&self) -> u64 {
        self.mailbox.count.load(Ordering::SeqCst)
    }

    /// How many notifications one of an [audience](crate::Lab::audience) ever showed: messages of the product, each token once.
    pub fn shown(&self) -> usize {
        self.mailbox
            .shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Closes the browser: the push service stores what comes.
    pub fn go_offline(&self) {
        self.mailbox
            .device
            .disconnect(self.mailbox.connection.load(Ordering::SeqCst));
    }

    /// Opens it again: what was stored and is still alive arrives.
    pub fn go_online(&self) {
        let (number, _) = self.mailbox.device.connect();
        self.mailbox.connection.store(number, Ordering::SeqCst);
        let waiting = self
            .mailbox
            .device
            .take(number, self.registry.now(), || 0)
            .unwrap_or_default();
        for parcel in waiting {
            self.mailbox.device.acknowledge(&parcel.id);
            self.mailbox.receive(&parcel);
        }
    }

    /// `PushSubscription.unsubscribe()`: the service answers 410 from now on.
    pub fn unsubscribe(&self) {
        self.subscription.end();
    }
}
