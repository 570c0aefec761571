//! Hands: how many pieces of work a process is busy with, and how one that only waits for a slow push service gives its hand back.
//!
//! A hand is leave to use the processor; a piece whose lanes all wait for slow services needs none, so another piece is begun beside it.
//! Left out: which service is slow ([`super::pace`]). Invariant: there is always a worker for each hand that is free.

use super::pace::Lane;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Pieces that one process is busy with at once.
const BUSY: usize = 2;
/// Pieces beside them that wait for slow push services.
const ASIDE: usize = 8;
/// How often it is looked whether a service turned out to be slow.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Leave to be busy with a piece.
#[derive(Debug)]
pub(super) struct Hand(
    #[expect(dead_code, reason = "it is given back by being dropped")] OwnedSemaphorePermit,
);

/// The hands of a process.
#[derive(Debug)]
pub(super) struct Hands {
    busy: Arc<Semaphore>,
    aside: Arc<Semaphore>,
}

impl Hands {
    /// How many workers there are to be.
    pub(super) const WORKERS: usize = BUSY + ASIDE;

    pub(super) fn new() -> Self {
        Self {
            busy: Arc::new(Semaphore::new(BUSY)),
            aside: Arc::new(Semaphore::new(ASIDE)),
        }
    }

    /// Waits for a hand; none once it is time to stop.
    pub(super) async fn take(&self, stop: &CancellationToken) -> Option<Hand> {
        tokio::select! {
            () = stop.cancelled() => None,
            permit = self.busy.clone().acquire_owned() => permit.ok().map(Hand),
        }
    }

    /// Watches over the lanes of a piece and gives its hand back when none of them needs it; never ends by itself.
    pub(super) async fn lend(&self, lanes: &[Lane<'_>], hand: &mut Option<Hand>) -> Infallible {
        let mut place = None;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            for lane in lanes {
                lane.look();
            }
            if place.is_none() && !lanes.iter().any(Lane::is_busy) {
                place = self.aside.clone().try_acquire_owned().ok();
            }
            if place.is_some() {
                *hand = None;
            }
        }
    }
}
