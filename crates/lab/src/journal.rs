//! What arrived: counters for everything, and the last messages in full.
//!
//! Left out: bodies that are still encrypted (only their size is kept). Invariant: the counters count every POST once; the list
//! never holds more than it was told to.

use crate::service::Service;
use campanile_core::time::Timestamp;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// One POST to the push service, and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// Running number from 1.
    pub number: u64,
    /// Moment of arrival, milliseconds since 1970.
    pub at: Timestamp,
    /// Which service was addressed.
    pub service: Service,
    /// The subscription.
    pub token: String,
    /// Status of the answer; 0 where the connection was cut.
    pub status: u16,
    /// `forwarded`, `stored`, `dropped`, `received`, or why it was refused.
    pub outcome: String,
    /// The TTL header, if it was read.
    pub ttl_seconds: Option<u32>,
    /// The Urgency header.
    pub urgency: Option<String>,
    /// The Topic header.
    pub topic: Option<String>,
    /// Length of the body.
    pub bytes: usize,
    /// The plaintext, where a virtual browser has decrypted it.
    pub text: Option<String>,
}

/// How many POSTs there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Answered 201.
    pub accepted: u64,
    /// Refused by the rules of the service.
    pub refused: u64,
    /// Befallen by a scripted status or cut.
    pub faulted: u64,
}

/// Counters and the last messages.
#[derive(Debug)]
pub(crate) struct Journal {
    keep: usize,
    number: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    faulted: AtomicU64,
    messages: Mutex<VecDeque<Message>>,
    changed: watch::Sender<()>,
}

/// Which counter a POST belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Accepted,
    Refused,
    Faulted,
}

impl Journal {
    pub(crate) fn new(keep: usize) -> Self {
        Self {
            keep,
            number: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            faulted: AtomicU64::new(0),
            messages: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }

    /// Counts a POST; `message` is only made where it is kept.
    pub(crate) fn write(&self, column: Column, message: impl FnOnce(u64) -> Message) {
        let number = self.number.fetch_add(1, Ordering::SeqCst) + 1;
        if self.keep > 0 {
            let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
            if messages.len() == self.keep {
                messages.pop_front();
            }
            messages.push_back(message(number));
        }
        let counter = match column {
            Column::Accepted => &self.accepted,
            Column::Refused => &self.refused,
            Column::Faulted => &self.faulted,
        };
        counter.fetch_add(1, Ordering::SeqCst);
        self.changed.send_replace(());
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            accepted: self.accepted.load(Ordering::SeqCst),
            refused: self.refused.load(Ordering::SeqCst),
            faulted: self.faulted.load(Ordering::SeqCst),
        }
    }

    /// The kept messages, oldest first.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    /// Waits until `enough` holds.
    pub(crate) async fn wait(&self, enough: impl Fn(Counts) -> bool) -> Counts {
        let mut changed = self.changed.subscribe();
        loop {
            let counts = self.counts();
            if enough(counts) {
                return counts;
            }
            changed.changed().await.expect("the journal owns the sender");
        }
    }
}
