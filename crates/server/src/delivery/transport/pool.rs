//! Connections to the push services: how many there are, and which one a request takes.
//!
//! A request takes the first connection with a free stream, so that few are busy rather than many half idle. When all are full another is
//! opened, one at a time and up to a bound; one that was idle for long is closed. A request that a service did not look at goes over
//! another connection, which counts as the same try. Left out: what happens on one connection ([`super::wire`]). Invariant: never more
//! requests on a connection than its service allows at that moment.

use super::wire::{self, Break, Connector, Wire, Work};
use super::{Fault, Response};
use bytes::Bytes;
use http::{Request, Uri};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Connections to one origin with HTTP/2. A service with 100 streams, 50 ms away, answers 16,000 messages a second over these.
const MOST_SHARED: usize = 8;
/// Connections to one origin with HTTP/1.1.
const MOST_SINGLE: usize = 32;
/// An idle connection is closed after that long.
const IDLE: Duration = Duration::from_secs(90);
/// While there are connections, a failure to open another is not repeated before.
const REST: Duration = Duration::from_secs(1);
/// How often a request that was not looked at goes again at once. After that the service gets time.
const MOST_AGAIN: u32 = 4;
/// Origins at which those without a connection are forgotten. The public services have about ten, WNS some dozens.
const SWEEP: usize = 512;

/// All origins.
pub(super) struct Pool {
    connector: Connector,
    origins: Mutex<HashMap<(String, String), Arc<Origin>>>,
}

impl Pool {
    pub(super) fn new(connector: Connector) -> Self {
        Self {
            connector,
            origins: Mutex::default(),
        }
    }

    /// The origin of an address, with its connections.
    pub(super) fn origin(&self, uri: &Uri) -> Arc<Origin> {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let name = (
            uri.scheme_str().unwrap_or_default().to_owned(),
            authority.to_owned(),
        );
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = origins.get(&name) {
            return known.clone();
        }
        if origins.len() >= SWEEP {
            origins.retain(|_, known| Arc::strong_count(known) > 1 || !known.state().places.is_empty());
        }
        let origin = Arc::new(Origin {
            connector: self.connector.clone(),
            uri: uri.clone(),
            state: Mutex::default(),
            changed: Notify::new(),
        });
        origins.insert(name, origin.clone());
        origin
    }
}

/// One push service.
pub(super) struct Origin {
    connector: Connector,
    /// Any address of it.
    uri: Uri,
    state: Mutex<State>,
    /// A stream became free, a connection came or went, or none could be opened. Whoever takes a stream says so too, for several may have
    /// become free in one moment.
    changed: Notify,
}

#[derive(Default)]
struct State {
    places: Vec<Place>,
    next: u64,
    opening: bool,
    /// How often no connection could be opened, and why not the last time.
    failures: u64,
    failure: String,
    rest_until: Option<Instant>,
}

/// A connection as requests see it.
struct Place {
    number: u64,
    /// None while the only request that it can carry is under way.
    wire: Option<Wire>,
    /// Connections of its kind that there may be.
    most: usize,
    requests: usize,
    /// When there were none.
    idle_since: Instant,
}

impl State {
    fn place(&mut self, number: u64) -> Option<&mut Place> {
        self.places.iter_mut().find(|known| known.number == number)
    }

    /// Takes a stream, but not of that connection.
    fn take(&mut self, not: Option<u64>) -> Option<(u64, Wire)> {
        // Some went away and nobody noticed yet.
        self.places
            .retain_mut(|known| known.wire.as_mut().is_none_or(|wire| wire.streams().is_some()));
        for place in self.places.iter_mut().filter(|known| Some(known.number) != not) {
            let streams = place.wire.as_mut().and_then(Wire::streams);
            if streams.is_some_and(|streams| place.requests < streams) {
                place.requests += 1;
                return Some((place.number, Wire::lend(&mut place.wire)?));
            }
        }
        None
    }

    fn may_open(&self, now: Instant) -> bool {
        match self.places.first() {
            None => true,
            Some(first) => {
                self.places.len() < first.most && self.rest_until.is_none_or(|moment| moment <= now)
            }
        }
    }

    fn add(&mut self, wire: Wire, now: Instant) -> u64 {
        let number = self.next;
        self.next += 1;
        self.places.push(Place {
            number,
            most: match wire {
                Wire::Shared(_) => MOST_SHARED,
                Wire::Single(_) => MOST_SINGLE,
            },
            wire: Some(wire),
            requests: 0,
            idle_since: now,
        });
        number
    }

    /// A request has its answer, or none. Without a wire a connection is of no more use.
    fn give_back(&mut self, number: u64, wire: Option<Wire>, now: Instant) {
        let Some(place) = self.place(number) else { return };
        place.requests -= 1;
        place.idle_since = now;
        if place.wire.is_none() {
            place.wire = wire;
        }
        if place.wire.is_none() {
            self.remove(number);
        }
    }

    /// Closes a connection that was idle for long: without a wire it ends by itself. Whether requests are under way on it.
    fn look(&mut self, number: u64, now: Instant) -> bool {
        let Some(place) = self.place(number) else {
            return true;
        };
        if place.requests == 0 && now.duration_since(place.idle_since) >= IDLE {
            self.remove(number);
            return false;
        }
        place.requests > 0
    }

    fn remove(&mut self, number: u64) {
        self.places.retain(|known| known.number != number);
    }
}

impl Origin {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request and reads the beginning of its answer, over as many connections as it takes.
    pub(super) async fn exchange(
        self: &Arc<Self>,
        request: &Request<Bytes>,
        deadline: Instant,
    ) -> Result<Response, Fault> {
        let mut refused_by = None;
        for _ in 0..=MOST_AGAIN {
            let full = |_| Fault::NotTaken("no connection had room within 30 s".to_owned());
            let lease = timeout_at(deadline, self.lease(refused_by))
                .await
                .map_err(full)??;
            let number = lease.number;
            let late = |_| Fault::Unanswered("no answer within 30 s".to_owned());
            match timeout_at(deadline, lease.exchange(request.clone()))
                .await
                .map_err(late)?
            {
                Ok(answer) => return Ok(answer),
                Err(Break::Refused) => {}
                Err(Break::Left) => self.remove(number),
                Err(Break::Broken(reason)) => return Err(Fault::Unanswered(reason)),
            }
            refused_by = Some(number);
        }
        let reason = "the push service turned it away again and again without looking at it";
        Err(Fault::NotTaken(reason.to_owned()))
    }

    /// Waits for a free stream. The connection that just turned the request away is taken only where there can be no other.
    async fn lease(self: &Arc<Self>, not: Option<u64>) -> Result<Lease, Fault> {
        let failures = self.state().failures;
        loop {
            // Before looking, so that nothing changes between looking and waiting.
            let changed = self.changed.notified();
            {
                let mut state = self.state();
                let more = state.opening || state.may_open(Instant::now());
                let found = state.take(not);
                let found = if more {
                    found
                } else {
                    found.or_else(|| state.take(None))
                };
                if let Some((number, wire)) = found {
                    self.changed.notify_one();
                    return Ok(Lease {
                        origin: self.clone(),
                        number,
                        wire: Some(wire),
                    });
                }
                if state.places.is_empty() && state.failures > failures {
                    return Err(Fault::Unanswered(state.failure.clone()));
                }
                if more && !state.opening {
                    state.opening = true;
                    tokio::spawn(self.clone().open());
                }
            }
            changed.await;
        }
    }

    /// Opens one more connection, or says why not.
    async fn open(self: Arc<Self>) {
        let opened = wire::open(self.connector.clone(), self.uri.clone()).await;
        let now = Instant::now();
        let mut state = self.state();
        state.opening = false;
        match opened {
            Ok((wire, work)) => {
                let number = state.add(wire, now);
                tokio::spawn(attend(Arc::downgrade(&self), number, work));
            }
            Err(reason) => {
                state.failures += 1;
                state.failure = reason;
                state.rest_until = Some(now + REST);
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// A connection takes no more requests; those that are under way on it go on.
    fn remove(&self, number: u64) {
        self.state().remove(number);
        self.changed.notify_waiters();
    }
}

/// Keeps a connection going, but not the origin: when nobody knows that any more, its connections end.
async fn attend(origin: Weak<Origin>, number: u64, work: Work) {
    let changed = || {
        if let Some(origin) = origin.upgrade() {
            origin.changed.notify_waiters();
        }
    };
    let look = || {
        let origin = origin.upgrade();
        origin.is_none_or(|origin| origin.state().look(number, Instant::now()))
    };
    wire::attend(work, changed, look).await;
    if let Some(origin) = origin.upgrade() {
        origin.remove(number);
    }
}

/// A request's place on a connection.
struct Lease {
    origin: Arc<Origin>,
    number: u64,
    wire: Option<Wire>,
}

impl Lease {
    async fn exchange(mut self, request: Request<Bytes>) -> Result<Response, Break> {
        let wire = self.wire.take().ok_or(Break::Left)?;
        let (answer, wire) = wire.exchange(request).await?;
        self.wire = wire;
        Ok(answer)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let wire = self.wire.take();
        self.origin.state().give_back(self.number, wire, Instant::now());
        self.origin.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_with_room_is_taken_and_idle_ones_are_closed() {
        let now = Instant::now();
        let mut state = State::default();
        let mut others = Vec::new();
        for number in 0..2 {
            let (wire, other) = wire::silent().await;
            others.push(other);
            assert_eq!(state.add(wire, now), number);
        }
        let (second, wire) = state.take(Some(0)).expect("another than the first");
        assert_eq!(second, 1);
        state.give_back(second, Some(wire), now);
        let (first, wire) = state.take(None).expect("a connection");
        assert_eq!(first, 0);
        assert!(state.take(Some(1)).is_none(), "the only other one is busy");
        let later = now + IDLE;
        assert!(state.look(first, later), "busy");
        assert!(!state.look(second, later));
        assert_eq!(state.places.len(), 1, "the idle one is closed");
        state.give_back(first, Some(wire), later);
        assert!(!state.look(first, later + IDLE - Duration::from_millis(1)));
        assert!(
            state.take(None).is_some(),
            "it was idle since its last answer only"
        );
        state.give_back(first, None, later);
        assert!(state.places.is_empty(), "one that broke is of no more use");
    }

    #[tokio::test]
    async fn no_more_are_opened_than_the_bound_and_not_right_after_a_failure() {
        let now = Instant::now();
        let mut state = State {
            rest_until: Some(now + REST),
            ..State::default()
        };
        assert!(state.may_open(now), "without any there is nothing to wait for");
        let mut others = Vec::new();
        for _ in 0..MOST_SINGLE {
            let (wire, other) = wire::silent().await;
            others.push(other);
            assert!(state.may_open(now + REST));
            state.add(wire, now);
            assert!(!state.may_open(now));
        }
        assert!(!state.may_open(now + REST));
        drop(others);
    }
}
