//! The lab's time: the system's, or one that a test moves by hand.
//!
//! Tokens expire and messages outlive their time to live by this clock. Left out: timers. Invariant: this file is the only
//! one of the crate that reads the wall clock.

use campanile_core::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Where the lab takes the time from.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `start` until it is moved; clones move together.
    pub fn standing(start: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.ms()))))
    }

    /// Moves a standing clock; does nothing to the system's.
    pub fn advance_ms(&self, ms: i64) {
        if let Some(standing) = &self.0 {
            standing.fetch_add(ms, Ordering::SeqCst);
        }
    }

    /// The moment it is.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test bed runs without the server's clock and needs the real time"
    )]
    pub fn now(&self) -> Timestamp {
        if let Some(standing) = &self.0 {
            return Timestamp(standing.load(Ordering::SeqCst));
        }
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp(since.map_or(0, |since| since.as_millis() as i64))
    }
}
