//! What became of a push message, and what to do next.
//!
//! A push outcome is a [`Verdict`], not an error: the protocol crates read an answer into one, and [`next`] is the only
//! place that decides whether a message is settled, tried again, or its subscription removed or set aside. Left out: sockets,
//! queues. Invariant: nothing but [`Verdict::Gone`] removes a subscription.

use crate::cause::Cause;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a push service's answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Taken for delivery (any 2xx); it does not say that the message was shown.
    Accepted,
    /// The subscription does not exist any more (404, 410).
    Gone,
    /// The body is larger than this service takes (413).
    TooLarge,
    /// This message will never be taken as it is (400, 401, 403, 405 and other 4xx).
    Refused,
    /// The subscription was made with another VAPID key than the one that signed (401, 403 with that reason).
    WrongKey,
    /// Too fast (429, and 406 at WNS); `after_ms` is the service's Retry-After, in milliseconds from now.
    Throttled {
        /// Milliseconds that the service asked to wait, if it said.
        after_ms: Option<i64>,
    },
    /// No usable answer: connection, time-out or 5xx; `after_ms` as above.
    Unreachable {
        /// Milliseconds that the service asked to wait, if it said.
        after_ms: Option<i64>,
    },
}

/// A verdict with what was seen, for the ledger and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it means.
    pub verdict: Verdict,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The service's own reason or the transport's failure, at most 200 characters.
    pub reason: String,
    /// Why, where that was said here.
    pub cause: Option<Cause>,
}

/// What to do with a message after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Done: taken by the push service.
    Sent,
    /// Done: will not be tried again.
    Failed,
    /// Done, and the subscription is removed.
    Unsubscribe,
    /// Done: not taken, nor will another message be until the browser subscribes anew; so none is tried before.
    SetAside,
    /// Try again at that moment.
    RetryAt(Timestamp),
}

/// How often one message is tried in all: for a day at least, if its time to live is so long. There is an end so that one browser whose push
/// service never answers does not keep a campaign open for the 28 days that a message may live.
pub const MAX_ATTEMPTS: u32 = 60;
/// The longest that a Retry-After is obeyed, in milliseconds: a hostile or broken service must not park a campaign for ever.
pub const MAX_RETRY_AFTER_MS: i64 = 60 * 60 * 1000;
const FIRST_BACKOFF_MS: i64 = 2_000;
const MAX_BACKOFF_MS: i64 = 60 * 60 * 1000;

/// Decides what follows `verdict` on attempt number `attempt` (1 is the first).
///
/// `expires_at` is the end of the message's time to live; nothing is tried at or after it. `chance` is a random number
/// used as jitter (the wait varies between one half and the whole of the back-off step).
pub fn next(verdict: Verdict, attempt: u32, now: Timestamp, expires_at: Timestamp, chance: u32) -> Next {
    let after_ms = match verdict {
        Verdict::Accepted => return Next::Sent,
        Verdict::Gone => return Next::Unsubscribe,
        Verdict::WrongKey => return Next::SetAside,
        Verdict::TooLarge | Verdict::Refused => return Next::Failed,
        Verdict::Throttled { after_ms } | Verdict::Unreachable { after_ms } => after_ms,
    };
    if attempt >= MAX_ATTEMPTS {
        return Next::Failed;
    }
    let step = FIRST_BACKOFF_MS
        .saturating_mul(1_i64 << attempt.saturating_sub(1).min(16))
        .min(MAX_BACKOFF_MS);
    let jittered = step / 2 + (step / 2) * i64::from(chance) / i64::from(u32::MAX);
    // What was asked is the least: a service that says one second again and again gets more time all the same.
    let wait = after_ms.map_or(jittered, |asked| asked.clamp(0, MAX_RETRY_AFTER_MS).max(jittered));
    let at = now.plus_ms(wait);
    if at >= expires_at {
        Next::Failed
    } else {
        Next::RetryAt(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);
    const LATER: Timestamp = Timestamp(1_000_000 + 86_400_000);

    #[test]
    fn only_gone_unsubscribes() {
        let verdicts = [
            Verdict::Accepted,
            Verdict::TooLarge,
            Verdict::Refused,
            Verdict::WrongKey,
            Verdict::Throttled { after_ms: None },
            Verdict::Unreachable { after_ms: Some(5) },
        ];
        for verdict in verdicts {
            for attempt in 1..=MAX_ATTEMPTS + 1 {
                assert_ne!(
                    next(verdict, attempt, NOW, LATER, 7),
                    Next::Unsubscribe,
                    "{verdict:?} {attempt}"
                );
            }
        }
        assert_eq!(next(Verdict::Gone, 1, NOW, LATER, 7), Next::Unsubscribe);
        assert_eq!(next(Verdict::WrongKey, 1, NOW, LATER, 7), Next::SetAside);
    }

    #[test]
    fn retry_after_is_honoured_and_capped() {
        let asked = Verdict::Throttled {
            after_ms: Some(30_000),
        };
        assert_eq!(next(asked, 1, NOW, LATER, 0), Next::RetryAt(NOW.plus_ms(30_000)));
        let hostile = Verdict::Throttled {
            after_ms: Some(i64::MAX),
        };
        assert_eq!(
            next(hostile, 1, NOW, LATER, 0),
            Next::RetryAt(NOW.plus_ms(MAX_RETRY_AFTER_MS))
        );
    }

    #[test]
    fn back_off_grows_has_jitter_and_ends() {
        let verdict = Verdict::Unreachable { after_ms: None };
        assert_eq!(next(verdict, 1, NOW, LATER, 0), Next::RetryAt(NOW.plus_ms(1_000)));
        assert_eq!(
            next(verdict, 1, NOW, LATER, u32::MAX),
            Next::RetryAt(NOW.plus_ms(2_000))
        );
        assert_eq!(
            next(verdict, 4, NOW, LATER, u32::MAX),
            Next::RetryAt(NOW.plus_ms(16_000))
        );
        let whole = |chance| -> i64 {
            let waits = (1..MAX_ATTEMPTS).map(|attempt| {
                match next(verdict, attempt, NOW, Timestamp(i64::MAX), chance) {
                    Next::RetryAt(at) => at.since(NOW),
                    other => panic!("{other:?}"),
                }
            });
            waits.sum()
        };
        assert!(whole(0) > 86_400_000, "a day of tries: {}", whole(0));
        assert!(
            whole(u32::MAX) < 3 * 86_400_000,
            "not for weeks: {}",
            whole(u32::MAX)
        );
        assert_eq!(next(verdict, MAX_ATTEMPTS, NOW, LATER, 0), Next::Failed);
        assert_eq!(
            next(verdict, 1, NOW, NOW.plus_ms(500), 0),
            Next::Failed,
            "not beyond its time to live"
        );
    }
}
