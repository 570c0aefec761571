//! How fast each push service is written to: a window that adapts, and a hold while it asks for rest or does not answer.
//!
//! A sender opens a [`Lane`] to an origin, asks for a [`Turn`] before each message and tells what was answered; the rules are in
//! [`Rhythm`], which knows neither clock nor tasks. One origin never waits for another. Left out: when a single message is tried again
//! (`campanile_core::delivery::next`), and other processes: each finds a service's pace by itself.
//!
//! Invariant: a message that is told to wait was not tried, so nothing is counted against it.

mod slow;

use crate::clock::{self, Clock};
use crate::telemetry::Metrics;
use campanile_core::delivery::{MAX_RETRY_AFTER_MS, Verdict};
use campanile_core::id::Id;
use campanile_core::time::Timestamp;
use slow::Answers;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Messages in flight to a service that nothing is known of yet.
const FIRST_WINDOW: usize = 16;
/// Good answers that widen the window by one.
const WIDEN_AFTER: usize = 4;
/// So many messages in a row without a usable answer, and the service counts as away.
const AWAY_AFTER: u32 = 5;
/// Answers that are looked at to tell a tired service from a tired subscription.
const REMEMBERED: usize = 16;
/// How long they are.
const REMEMBERED_MS: i64 = 60_000;
/// Different subscriptions that must have been asked to wait. RFC 8030 section 8.4 throttles a push resource, so one says nothing of the rest.
const TIRED_WITH: usize = 3;
const FIRST_HOLD_MS: i64 = 2_000;
const MAX_HOLD_MS: i64 = 5 * 60 * 1000;
/// Origins at which those that are at rest are forgotten. The public services have about ten, WNS some dozens.
const SWEEP: usize = 512;

/// What a sender is told before a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// It may go.
    Go(Ticket),
    /// When something that is in flight has its answer, ask again.
    Wait,
    /// Not before that moment.
    Until(Timestamp),
}

/// A message that may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticket {
    number: u64,
    probe: bool,
}

/// What an answer changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    /// Nothing goes out until that moment; then one message, to see.
    Held(Timestamp),
    /// Everything goes out again.
    Released,
}

#[derive(Debug)]
struct Hold {
    until: Timestamp,
    /// How long the next one would be.
    step_ms: i64,
    /// The lane whose message is out to see.
    probe: Option<u64>,
}

#[derive(Debug)]
struct Seen {
    at: Timestamp,
    /// Which subscription asked for rest, and until when.
    asks: Option<(Id, Timestamp)>,
}

/// The rules for one origin: additive increase, multiplicative decrease, and a circuit breaker. Time and chance are arguments.
#[derive(Debug)]
struct Rhythm {
    ceiling: usize,
    window: usize,
    in_flight: usize,
    good: usize,
    next: u64,
    /// Messages before this number were under way when the window was last cut; their trouble is the same trouble.
    cut_at: u64,
    missed: u32,
    seen: VecDeque<Seen>,
    hold: Option<Hold>,
    /// Holds since the service last answered.
    holds: u32,
}

impl Rhythm {
    fn new(ceiling: usize) -> Self {
        Self {
            ceiling,
            window: FIRST_WINDOW.min(ceiling),
            in_flight: 0,
            good: 0,
            next: 0,
            cut_at: 0,
            missed: 0,
            seen: VecDeque::new(),
            hold: None,
            holds: 0,
        }
    }

    /// Whether a message of `lane` may go.
    fn ask(&mut self, lane: u64, now: Timestamp) -> Word {
        let mut probe = false;
        match &mut self.hold {
            Some(Hold { probe: Some(out), .. }) if *out == lane => return Word::Wait,
            // Another piece of work comes back later instead of keeping its worker.
            Some(hold) if hold.probe.is_some() => return Word::Until(now.plus_ms(hold.step_ms)),
            Some(hold) if now < hold.until => return Word::Until(hold.until),
            Some(hold) => {
                hold.probe = Some(lane);
                probe = true;
            }
            None if self.in_flight >= self.window => return Word::Wait,
            None => {}
        }
        self.in_flight += 1;
        let number = self.next;
        self.next += 1;
        Word::Go(Ticket { number, probe })
    }

    /// A message went and this came back; `who` is its subscription.
    fn tell(&mut self, ticket: Ticket, who: Id, verdict: Verdict, now: Timestamp, chance: u32) -> Change {
        self.in_flight -= 1;
        let (trouble, after_ms) = match verdict {
            Verdict::Throttled { after_ms } => (true, Some(after_ms.unwrap_or(0))),
            Verdict::Unreachable { after_ms } => (true, after_ms),
            _ => (false, None),
        };
        if self.hold.is_some() && !ticket.probe {
            // It went before the hold began, and says nothing about the time since.
            return Change::None;
        }
        let asks = after_ms.map(|ms| (who, now.plus_ms(ms.clamp(0, MAX_RETRY_AFTER_MS))));
        self.seen.push_back(Seen { at: now, asks });
        let recent = now.plus_ms(-REMEMBERED_MS)..=now;
        self.seen.retain(|seen| recent.contains(&seen.at));
        if self.seen.len() > REMEMBERED {
            self.seen.pop_front();
        }
        if !trouble {
            self.missed = 0;
            self.holds = 0;
            self.good += 1;
            if self.good >= WIDEN_AFTER {
                self.good = 0;
                self.window = (self.window + 1).min(self.ceiling);
            }
            return if self.hold.take().is_some() {
                Change::Released
            } else {
                Change::None
            };
        }
        if ticket.number >= self.cut_at {
            self.window = (self.window / 2).max(1);
            self.good = 0;
            self.cut_at = self.next;
        }
        if matches!(verdict, Verdict::Unreachable { .. }) {
            self.missed += 1;
        }
        if ticket.probe || self.missed >= AWAY_AFTER || self.is_tired() {
            return self.hold(now, chance);
        }
        Change::None
    }

    /// A message did not go after all.
    fn give_back(&mut self, ticket: Ticket) {
        self.in_flight -= 1;
        if ticket.probe
            && let Some(hold) = &mut self.hold
        {
            hold.probe = None;
        }
    }

    fn is_tired(&self) -> bool {
        let asking = self.seen.iter().filter_map(|seen| seen.asks);
        let (mut who, mut n) = (BTreeSet::new(), 0);
        for (id, _) in asking {
            who.insert(id.bytes());
            n += 1;
        }
        who.len() >= TIRED_WITH && n * 2 >= self.seen.len()
    }

    fn hold(&mut self, now: Timestamp, chance: u32) -> Change {
        let step = |holds: u32| {
            let step = FIRST_HOLD_MS
                .saturating_mul(1_i64 << holds.min(16))
                .min(MAX_HOLD_MS);
            step / 2 + (step / 2) * i64::from(chance) / i64::from(u32::MAX)
        };
        let asked = self
            .seen
            .iter()
            .filter_map(|seen| seen.asks)
            .map(|(_, until)| until)
            .max();
        let own = now.plus_ms(step(self.holds));
        let until = asked.map_or(own, |asked| asked.max(own));
        self.holds = self.holds.saturating_add(1);
        self.hold = Some(Hold {
            until,
            step_ms: step(self.holds),
            probe: None,
        });
        self.seen.clear();
        self.missed = 0;
        // It comes back slowly, for everybody else writes to it again at the same moment.
        self.window = 1;
        Change::Held(until)
    }

    /// Nothing in flight and nothing to remember.
    fn rests(&self, now: Timestamp) -> bool {
        self.in_flight == 0 && self.hold.as_ref().is_none_or(|hold| hold.until <= now)
    }
}

/// One origin with those who wait for a turn.
#[derive(Debug)]
struct Origin {
    rhythm: Mutex<Rhythm>,
    answers: Mutex<Answers>,
    freed: Notify,
}

impl Origin {
    fn rhythm(&self) -> MutexGuard<'_, Rhythm> {
        self.rhythm.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pace of every push service, shared by the workers of a process.
#[derive(Debug)]
pub(super) struct Pace {
    clock: Clock,
    metrics: Metrics,
    ceiling: usize,
    lanes: AtomicU64,
    origins: Mutex<HashMap<String, Arc<Origin>>>,
}

impl Pace {
    /// At most `ceiling` messages in flight to one origin.
    pub(super) fn new(clock: Clock, metrics: Metrics, ceiling: usize) -> Self {
        Self {
            clock,
            metrics,
            ceiling,
            lanes: AtomicU64::new(0),
            origins: Mutex::default(),
        }
    }

    /// A way to an origin for one piece of work.
    pub(super) fn lane(&self, origin: String) -> Lane<'_> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if origins.len() >= SWEEP {
            let now = self.clock.now();
            origins.retain(|_, known| Arc::strong_count(known) > 1 || !known.rhythm().rests(now));
        }
        let known = origins.entry(origin.clone()).or_insert_with(|| {
            Arc::new(Origin {
                rhythm: Mutex::new(Rhythm::new(self.ceiling)),
                answers: Mutex::default(),
                freed: Notify::new(),
            })
        });
        let lane = Lane {
            pace: self,
            state: known.clone(),
            origin,
            number: self.lanes.fetch_add(1, Ordering::Relaxed),
            standing: Mutex::new(Standing::Busy),
        };
        lane.look();
        lane
    }
}

/// One piece of work's way to one origin.
#[derive(Debug)]
pub(super) struct Lane<'a> {
    pace: &'a Pace,
    state: Arc<Origin>,
    origin: String,
    number: u64,
    standing: Mutex<Standing>,
}

/// Where a lane stands with a service that may be slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Its messages go as fast as they can be made.
    Busy,
    /// It is one of the few that wait for a slow service.
    Patient,
    /// The service is slow and enough wait for it already; it begins nothing and comes back at that moment.
    Away(Timestamp),
    /// Nothing of it is left.
    Through,
}

/// What came of asking for a turn.
#[derive(Debug)]
pub(super) enum Leave<'a> {
    /// A message may go.
    Go(Turn<'a>),
    /// The service gets nothing before that moment.
    Held(Timestamp),
    /// The service is slow and has enough to do until that moment.
    Later(Timestamp),
    /// It took until whoever asked had no time left.
    Over,
}

impl Lane<'_> {
    /// `scheme://host[:port]`.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Looks whether the service is slow, and finds the lane's place if it is.
    pub(super) fn look(&self) {
        let mut standing = self.standing();
        let mut answers = self.state.answers();
        if *standing != Standing::Busy || !answers.are_slow(Instant::now()) {
            return;
        }
        *standing = match answers.admit(self.pace.clock.now()) {
            Ok(()) => Standing::Patient,
            Err(turn) => Standing::Away(turn),
        };
        // Those of it who wait for their turn hear that there is none.
        self.state.freed.notify_waiters();
    }

    /// Whether its messages go as fast as they can be made.
    pub(super) fn is_busy(&self) -> bool {
        *self.standing() == Standing::Busy
    }

    /// Nothing of it is left.
    pub(super) fn through(&self) {
        let before = std::mem::replace(&mut *self.standing(), Standing::Through);
        if before == Standing::Patient {
            self.state.answers().leave();
        }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a message may go, as long as `open` holds.
    pub(super) async fn turn(&self, open: impl Fn() -> bool) -> Leave<'_> {
        loop {
            // Before looking, so that no answer falls between looking and waiting.
            let freed = self.state.freed.notified();
            let standing = *self.standing();
            let leave = {
                let mut rhythm = self.state.rhythm();
                if let Standing::Away(turn) = standing {
                    Some(Leave::Later(turn))
                } else if open() {
                    match rhythm.ask(self.number, self.pace.clock.now()) {
                        Word::Go(ticket) => Some(Leave::Go(Turn::begin(self, ticket))),
                        Word::Until(moment) => Some(Leave::Held(moment)),
                        Word::Wait => None,
                    }
                } else {
                    Some(Leave::Over)
                }
            };
            if let Some(leave) = leave {
                // What was said to one who waited concerns the next as well.
                self.state.freed.notify_one();
                return leave;
            }
            freed.await;
        }
    }
}

/// A message's leave to go. Dropped without an answer it counts as not gone.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    lane: &'a Lane<'a>,
    ticket: Option<Ticket>,
}

impl<'a> Turn<'a> {
    fn begin(lane: &'a Lane<'a>, ticket: Ticket) -> Self {
        lane.state.answers().began(ticket.number, Instant::now());
        Self {
            lane,
            ticket: Some(ticket),
        }
    }

    /// This came back for the subscription `who`.
    pub(super) fn answered(mut self, who: Id, verdict: Verdict) {
        let Some(ticket) = self.ticket.take() else { return };
        let (lane, pace) = (self.lane, self.lane.pace);
        lane.state.answers().ended(ticket.number, Instant::now());
        let change = lane
            .state
            .rhythm()
            .tell(ticket, who, verdict, pace.clock.now(), clock::chance());
        match change {
            Change::None => {}
            Change::Held(until) => {
                pace.metrics.push_held();
                tracing::warn!(origin = lane.origin, %until, "a push service does not answer or asks for rest; its messages wait");
            }
            Change::Released => {
                tracing::info!(origin = lane.origin, "a push service takes messages again");
            }
        }
        lane.state.freed.notify_one();
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        self.through();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.lane.state.answers().ended(ticket.number, Instant::now());
            self.lane.state.rhythm().give_back(ticket);
            self.lane.state.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests;
