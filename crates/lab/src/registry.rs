//! Who is subscribed: tokens, the browsers behind them, and what arrived for them. The state of the lab, in memory.
//!
//! Left out: persistence; a restarted lab has forgotten every browser (Firefox subscribes anew by itself, Chromium's endpoints
//! then answer 404). Invariant: a token that was given out is never reused, and stays known after its end (410, not 404).

use crate::LabConfig;
use crate::browser::Mailbox;
use crate::chance;
use crate::clock::Clock;
use crate::fault::Script;
use crate::intake::VapidCache;
use crate::journal::Journal;
use crate::queue::{Address, Device};
use crate::service::Service;
use campanile_core::time::Timestamp;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Where the messages of a subscription go.
#[derive(Debug, Clone)]
pub(crate) enum Route {
    /// A real browser.
    Device {
        /// Which one.
        device: Arc<Device>,
        /// Where in it.
        address: Arc<Address>,
    },
    /// A virtual one.
    Virtual(Arc<Mailbox>),
}

/// What stands behind an endpoint.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) token: Arc<str>,
    pub(crate) service: Service,
    /// The key that messages must be signed with (RFC 8292 section 4).
    pub(crate) vapid: Option<[u8; 65]>,
    pub(crate) route: Route,
    ended: AtomicBool,
}

impl Subscription {
    pub(crate) fn ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

/// The lab's state.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) clock: Clock,
    pub(crate) script: Script,
    pub(crate) journal: Journal,
    pub(crate) vapid: VapidCache,
    tokens: RwLock<HashMap<Arc<str>, Arc<Subscription>>>,
    firefox: Mutex<HashMap<String, Arc<Device>>>,
    chromium: Mutex<HashMap<u64, Arc<Device>>>,
    parcels: AtomicU64,
}

impl Registry {
    pub(crate) fn new(config: &LabConfig) -> Self {
        Self {
            clock: config.clock.clone(),
            script: Script::default(),
            journal: Journal::new(config.keep_messages),
            vapid: VapidCache::default(),
            tokens: RwLock::default(),
            firefox: Mutex::default(),
            chromium: Mutex::default(),
            parcels: AtomicU64::new(0),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An id for a message, unique in this lab.
    pub(crate) fn parcel_id(&self) -> String {
        let number = self.parcels.fetch_add(1, Ordering::SeqCst);
        format!("{:x}-{number:x}", self.now().ms())
    }

    pub(crate) fn subscription(&self, token: &str) -> Option<Arc<Subscription>> {
        self.tokens
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(token)
            .cloned()
    }

    /// Every subscription, in no order.
    pub(crate) fn subscriptions(&self) -> Vec<Arc<Subscription>> {
        self.tokens
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    fn add(&self, service: Service, vapid: Option<[u8; 65]>, route: Route) -> Arc<Subscription> {
        let token: Arc<str> = chance::token().into();
        let ended = AtomicBool::new(false);
        let subscription = Arc::new(Subscription {
            token: token.clone(),
            service,
            vapid,
            route,
            ended,
        });
        self.tokens
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(token, subscription.clone());
        subscription
    }

    pub(crate) fn subscribe_virtual(
        &self,
        service: Service,
        vapid: Option<[u8; 65]>,
        mailbox: Arc<Mailbox>,
    ) -> Arc<Subscription> {
        self.add(service, vapid, Route::Virtual(mailbox))
    }

    /// Subscribes a real browser under the name it uses itself. A live subscription under that name with the same key is kept.
    pub(crate) fn subscribe_device(
        &self,
        device: &Arc<Device>,
        name: String,
        service: Service,
        vapid: Option<[u8; 65]>,
        address: Address,
    ) -> Arc<Subscription> {
        if let Some(known) = device
            .subscription(&name)
            .and_then(|token| self.subscription(&token))
            && !known.ended()
            && known.vapid == vapid
        {
            return known;
        }
        let route = Route::Device {
            device: device.clone(),
            address: Arc::new(address),
        };
        let subscription = self.add(service, vapid, route);
        if let Some(replaced) = device.subscribe(name, subscription.token.clone()) {
            self.end(&replaced);
        }
        subscription
    }

    /// Ends the subscriptions of `device` whose names match.
    pub(crate) fn unsubscribe_device(&self, device: &Device, matches: impl Fn(&str) -> bool) {
        for token in device.unsubscribe(matches) {
            self.end(&token);
        }
    }

    /// Ends one subscription; false if there is none.
    pub(crate) fn end(&self, token: &str) -> bool {
        self.subscription(token).is_some_and(|subscription| {
            subscription.end();
            true
        })
    }

    /// The Firefox that says `hello`: the one with this uaid, or a new one. Gives back its uaid.
    pub(crate) fn firefox(&self, uaid: Option<&str>) -> (String, Arc<Device>) {
        let mut known = self.firefox.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((uaid, device)) = uaid.and_then(|uaid| known.get_key_value(uaid)) {
            return (uaid.clone(), device.clone());
        }
        let uaid = chance::token();
        let device = Arc::new(Device::new());
        known.insert(uaid.clone(), device.clone());
        (uaid, device)
    }

    /// Forgets every Firefox, as a service does that lost its memory: their subscriptions end, their connections too, and each gets another
    /// uaid with its next `hello`, from which it knows.
    pub(crate) fn forget_firefoxes(&self) {
        let known = std::mem::take(&mut *self.firefox.lock().unwrap_or_else(PoisonError::into_inner));
        for device in known.into_values() {
            self.unsubscribe_device(&device, |_| true);
            // A newer connection, which nobody is at: the one that stands ends.
            let (number, _) = device.connect();
            device.disconnect(number);
        }
    }

    /// The Chromium with this Android id; made on first sight, because a browser outlives the lab's memory.
    pub(crate) fn chromium(&self, android_id: u64) -> Arc<Device> {
        let mut known = self.chromium.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(android_id)
            .or_insert_with(|| Arc::new(Device::new()))
            .clone()
    }
}
