//! Messages that wait for a browser: store and forward with time to live and topics (RFC 8030 sections 5.2 and 5.4).
//!
//! A [`Device`] is one browser as its push service knows it (Firefox's uaid, Chromium's Android id) with one live connection at
//! most. Left out: wire formats. Invariant: a message stays until the browser acknowledges it or its time is over, and is sent
//! at most once per connection.

use axum::body::Bytes;
use campanile_core::time::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A message with TTL 0 is for a browser that is connected now; this is how long its delivery may take.
const TTL_ZERO_GRACE_MS: i64 = 30_000;

/// Where in a browser a message belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// Firefox's channel.
    Firefox {
        /// Its id, made by the browser.
        channel: String,
    },
    /// Chromium's registration.
    Chromium {
        /// `org.chromium.linux` and the like.
        app: String,
        /// `wp:<origin>#<id>`.
        subtype: String,
        /// The VAPID key in base64url, or a sender number.
        sender: String,
    },
    /// A virtual browser has one subscription.
    Virtual,
}

/// A message on its way.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub(crate) id: String,
    pub(crate) token: Arc<str>,
    pub(crate) address: Arc<Address>,
    pub(crate) body: Bytes,
    /// `Content-Encoding`, `Encryption` and `Crypto-Key` as they came; the latter two only with the legacy `aesgcm`.
    pub(crate) coding: Coding,
    pub(crate) ttl_seconds: u32,
    pub(crate) urgency: String,
    pub(crate) topic: Option<String>,
    pub(crate) received_at: Timestamp,
    sent_on: u64,
    stream: u32,
}

/// How a body is encrypted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Coding {
    pub(crate) encoding: String,
    pub(crate) encryption: Option<String>,
    pub(crate) crypto_key: Option<String>,
}

/// What intake knows of a message.
pub(crate) struct Letter {
    pub(crate) body: Bytes,
    pub(crate) coding: Coding,
    pub(crate) ttl_seconds: u32,
    pub(crate) urgency: String,
    pub(crate) topic: Option<String>,
}

impl Parcel {
    pub(crate) fn new(
        id: String,
        token: Arc<str>,
        address: Arc<Address>,
        letter: Letter,
        now: Timestamp,
    ) -> Self {
        let Letter {
            body,
            coding,
            ttl_seconds,
            urgency,
            topic,
        } = letter;
        Self {
            id,
            token,
            address,
            body,
            coding,
            ttl_seconds,
            urgency,
            topic,
            received_at: now,
            sent_on: 0,
            stream: 0,
        }
    }

    fn dead(&self, now: Timestamp) -> bool {
        let life_ms = if self.ttl_seconds == 0 {
            TTL_ZERO_GRACE_MS
        } else {
            i64::from(self.ttl_seconds) * 1000
        };
        now.since(self.received_at) >= life_ms
    }
}

/// What became of a message at the push service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The browser is there; it is on its way.
    Forwarded,
    /// It waits for the browser.
    Stored,
    /// TTL 0 and the browser is not there: dropped, which is no error.
    Dropped,
}

#[derive(Debug, Default)]
struct Inside {
    waiting: VecDeque<Parcel>,
    connection: u64,
    online: bool,
    subscriptions: HashMap<String, Arc<str>>,
}

/// One browser.
#[derive(Debug)]
pub(crate) struct Device {
    inside: Mutex<Inside>,
    changed: watch::Sender<u64>,
}

impl Device {
    pub(crate) fn new() -> Self {
        Self {
            inside: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a connection; an older one ends at its next look. The receiver wakes when there is something to take.
    pub(crate) fn connect(&self) -> (u64, watch::Receiver<u64>) {
        let number = {
            let mut inside = self.inside();
            inside.connection += 1;
            inside.online = true;
            inside.connection
        };
        let receiver = self.changed.subscribe();
        self.changed.send_modify(|version| *version += 1);
        (number, receiver)
    }

    /// Ends connection `number`, if it is still the current one.
    pub(crate) fn disconnect(&self, number: u64) {
        let mut inside = self.inside();
        if inside.connection == number {
            inside.online = false;
        }
    }

    pub(crate) fn online(&self) -> bool {
        self.inside().online
    }

    /// How many messages wait or are not acknowledged.
    pub(crate) fn waiting(&self, token: &str) -> usize {
        self.inside()
            .waiting
            .iter()
            .filter(|parcel| &*parcel.token == token)
            .count()
    }

    /// Takes a message in. One that waits under the same topic for the same subscription is replaced.
    pub(crate) fn push(&self, parcel: Parcel, now: Timestamp) -> Outcome {
        let outcome = {
            let mut inside = self.inside();
            if !inside.online && parcel.ttl_seconds == 0 {
                return Outcome::Dropped;
            }
            inside.waiting.retain(|other| !other.dead(now));
            if parcel.topic.is_some() {
                let same = |other: &Parcel| other.token == parcel.token && other.topic == parcel.topic;
                let (online, connection) = (inside.online, inside.connection);
                // What is already on the wire cannot be taken back; it is acknowledged or sent again on its own.
                inside
                    .waiting
                    .retain(|other| !same(other) || (online && other.sent_on == connection));
            }
            inside.waiting.push_back(parcel);
            if inside.online {
                Outcome::Forwarded
            } else {
                Outcome::Stored
            }
        };
        self.changed.send_modify(|version| *version += 1);
        outcome
    }

    /// Messages that connection `number` has not sent yet; `stream` numbers them for later [`Self::acknowledge_stream`].
    /// `None` when a newer connection has taken over.
    pub(crate) fn take(
        &self,
        number: u64,
        now: Timestamp,
        mut stream: impl FnMut() -> u32,
    ) -> Option<Vec<Parcel>> {
        let mut inside = self.inside();
        if inside.connection != number {
            return None;
        }
        inside.waiting.retain(|parcel| !parcel.dead(now));
        let unsent = inside
            .waiting
            .iter_mut()
            .filter(|parcel| parcel.sent_on != number);
        Some(
            unsent
                .map(|parcel| {
                    parcel.sent_on = number;
                    parcel.stream = stream();
                    parcel.clone()
                })
                .collect(),
        )
    }

    /// The browser has it.
    pub(crate) fn acknowledge(&self, id: &str) -> bool {
        let mut inside = self.inside();
        let before = inside.waiting.len();
        inside.waiting.retain(|parcel| parcel.id != id);
        inside.waiting.len() < before
    }

    /// The browser has everything of connection `number` up to `stream`.
    pub(crate) fn acknowledge_stream(&self, number: u64, stream: u32) {
        self.inside()
            .waiting
            .retain(|parcel| parcel.sent_on != number || parcel.stream > stream);
    }

    /// Remembers a subscription under the browser's own name for it; gives back the token that had the name before.
    pub(crate) fn subscribe(&self, name: String, token: Arc<str>) -> Option<Arc<str>> {
        self.inside().subscriptions.insert(name, token)
    }

    /// The token under a name.
    pub(crate) fn subscription(&self, name: &str) -> Option<Arc<str>> {
        self.inside().subscriptions.get(name).cloned()
    }

    /// Forgets the subscriptions whose names match, with what waits for them.
    pub(crate) fn unsubscribe(&self, matches: impl Fn(&str) -> bool) -> Vec<Arc<str>> {
        let mut inside = self.inside();
        let mut ended = Vec::new();
        inside.subscriptions.retain(|name, token| {
            let keep = !matches(name);
            if !keep {
                ended.push(token.clone());
            }
            keep
        });
        inside.waiting.retain(|parcel| !ended.contains(&parcel.token));
        ended
    }
}
