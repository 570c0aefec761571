//! The one clock and the one source of randomness. Everything else gets `now` and random bytes from here, as arguments.
//!
//! Left out: time zones and waiting. Invariant: a test clock moves only when the test moves it.

use campanile_core::id::Id;
use campanile_core::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time and makes ids.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that a test sets, in milliseconds since 1970.
    Test(Arc<AtomicI64>),
}

impl Clock {
    /// The moment it is.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Test(ms) => Timestamp(ms.load(Ordering::SeqCst)),
        }
    }

    /// A fresh id of this moment.
    pub fn id(&self) -> Id {
        Id::new(self.now(), random())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the wall clock"
)]
fn system_now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_millis() as i64))
}

/// Tells the microseconds that went by since it was made: for saying how long something took, never for deciding.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the monotonic clock"
)]
pub fn stopwatch() -> impl Fn() -> u64 {
    let began = std::time::Instant::now();
    move || began.elapsed().as_micros() as u64
}

/// `N` bytes from the operating system's generator.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that draws randomness"
)]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random number for jitter.
pub fn chance() -> u32 {
    u32::from_le_bytes(random())
}
