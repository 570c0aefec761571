//! The queue: work to do, and notices that something changed.
//!
//! Contract: a job is delivered at least once and may run twice; order is not promised; a job holds ids only. `push` puts the job into the
//! caller's batch, so that data and job commit together. Left out: what a job does (`delivery`). One engine so far, the store's own
//! table; a broker for many machines joins as a second variant behind the same five verbs.
//!
//! Invariant: a leased job comes back by itself when its worker dies, after the lease.

mod embedded;

use crate::store::db::{Batch, Db, DbError};
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

/// A piece of work. Tagged and versioned, because a job outlives the program that wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Take the next page of a push campaign's audience.
    FanOut {
        /// Account id.
        account: String,
        /// Campaign.
        campaign: CampaignId,
        /// Which sending of it.
        run: i64,
    },
    /// Send a push that follows an event to the person who did it.
    Occasion {
        /// Account id.
        account: String,
        /// Campaign.
        campaign: CampaignId,
        /// The person's number.
        person: Ordinal,
        /// When the event happened.
        at: Timestamp,
    },
    /// Decide the test of a push.
    Winner {
        /// Account id.
        account: String,
        /// Campaign.
        campaign: CampaignId,
        /// Which sending of it.
        run: i64,
    },
    /// Begin a round of a push that comes again.
    Round {
        /// Account id.
        account: String,
        /// Campaign.
        campaign: CampaignId,
        /// When it was started.
        since: Timestamp,
        /// The round's moment.
        at: Timestamp,
        /// Its number, from 1.
        number: u32,
    },
    /// Send a test of a push to one browser.
    Test {
        /// Account id.
        account: String,
        /// The test.
        test: Id,
    },
    /// Look at, or take, the next piece of an import of subscriptions.
    Import {
        /// Account id.
        account: String,
        /// The import.
        import: Id,
    },
    /// Send one piece of a run.
    Deliver {
        /// Account id.
        account: String,
        /// Campaign.
        campaign: CampaignId,
        /// Which sending of it.
        run: i64,
        /// Which piece.
        chunk: i64,
    },
}

/// A job that this process works on until the lease ends.
#[derive(Debug, Clone)]
pub struct Leased {
    /// The job's id.
    pub id: Id,
    /// The work.
    pub job: Job,
    /// How often it was leased.
    pub attempts: u32,
    /// When the lease ends; also what proves that it is still ours.
    until: Timestamp,
}

/// Something that running processes read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// An account, its settings, keys or campaigns changed.
    Account(AccountId),
    /// There is work.
    Work,
}

/// The queue.
#[derive(Debug, Clone)]
pub enum Queue {
    /// In the store's own table.
    Embedded(embedded::Embedded),
}

impl Queue {
    /// A queue in the store.
    pub fn embedded(db: Db) -> Self {
        Self::Embedded(embedded::Embedded::new(db))
    }

    /// Adds a job to the caller's batch; it can be leased from `ready_at` on. Call [`announce`](Self::announce) after the commit.
    pub fn push(&self, batch: &mut Batch, id: Id, job: &Job, ready_at: Timestamp) {
        match self {
            Self::Embedded(queue) => queue.push(batch, id, job, ready_at),
        }
    }

    /// Leases up to `limit` jobs that are ready, for `lease_ms`.
    pub async fn lease(&self, limit: u32, lease_ms: i64, now: Timestamp) -> Result<Vec<Leased>, DbError> {
        match self {
            Self::Embedded(queue) => queue.lease(limit, lease_ms, now).await,
        }
    }

    /// Ends a job in the caller's batch; the batch rolls back when the lease was lost.
    pub fn done(&self, batch: &mut Batch, leased: &Leased) {
        match self {
            Self::Embedded(queue) => queue.done(batch, leased),
        }
    }

    /// Puts a job back, ready at `at`, in the caller's batch; the batch rolls back when the lease was lost.
    pub fn later(&self, batch: &mut Batch, leased: &Leased, at: Timestamp) {
        match self {
            Self::Embedded(queue) => queue.later(batch, leased, at),
        }
    }

    /// How many jobs wait, and how many milliseconds the oldest of those that are ready has been waiting.
    pub async fn depth(&self, now: Timestamp) -> Result<(u64, i64), DbError> {
        match self {
            Self::Embedded(queue) => queue.depth(now).await,
        }
    }

    /// Tells the processes that listen.
    pub fn announce(&self, notice: Notice) {
        match self {
            Self::Embedded(queue) => queue.announce(notice),
        }
    }

    /// Notices from now on. Subscribe before looking, so that none is missed between.
    pub fn changes(&self) -> broadcast::Receiver<Notice> {
        match self {
            Self::Embedded(queue) => queue.changes(),
        }
    }
}
