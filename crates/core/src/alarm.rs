//! What the owner of a push is told once, instead of a line for each message: errors that only a person can mend.
//!
//! Left out: keeping and telling (the server's `delivery` and dashboard). Invariant: what is the matter of single subscriptions becomes an alarm
//! only when it is so many that it is the push's.

use crate::cause::Cause;
use crate::delivery::{Answer, Verdict};

/// Something that is told once for each campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// Who sends is not configured.
    NoSubject,
    /// A VAPID key that subscriptions were made with is not there.
    KeyMissing,
    /// Many subscriptions were made with another VAPID key.
    WrongKey,
    /// Push services refuse what is sent (400).
    BadRequest,
    /// They refuse who sends (401).
    Unauthorized,
    /// They refuse who sends (403).
    Forbidden,
    /// They do not take posts (405).
    NotAllowed,
}

/// From how many messages on it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enough {
    /// Fewer are never told.
    pub least: u64,
    /// So many are told whatever their share; fewer where they are [`SHARE`] of what was settled.
    pub many: u64,
}

/// One in so many is no longer a matter of single subscriptions.
pub const SHARE: u64 = 20;
/// A cause that was not met for so long is over, and told anew when it is met again; longer than a push of every day pauses.
pub const OVER_AFTER_MS: i64 = 36 * 60 * 60 * 1000;
/// How long one is kept after it was last met.
pub const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Alarm {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::NoSubject,
        Self::KeyMissing,
        Self::WrongKey,
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotAllowed,
    ];

    /// What an answer is a sign of.
    pub fn of(answer: &Answer) -> Option<Self> {
        match (answer.verdict, answer.status, answer.cause) {
            (Verdict::WrongKey, ..) => Some(Self::WrongKey),
            (Verdict::Refused, None, Some(Cause::NoSubject)) => Some(Self::NoSubject),
            (Verdict::Refused, None, Some(Cause::KeyMissing)) => Some(Self::KeyMissing),
            (Verdict::Refused, Some(400), _) => Some(Self::BadRequest),
            (Verdict::Refused, Some(401), _) => Some(Self::Unauthorized),
            (Verdict::Refused, Some(403), _) => Some(Self::Forbidden),
            (Verdict::Refused, Some(405), _) => Some(Self::NotAllowed),
            _ => None,
        }
    }

    /// From how many messages on it is told.
    pub fn enough(self) -> Enough {
        match self {
            Self::NoSubject | Self::KeyMissing => Enough { least: 1, many: 1 },
            // A single browser may have been refused for itself; of a small push one in twenty is enough.
            Self::BadRequest | Self::Unauthorized | Self::Forbidden | Self::NotAllowed => {
                Enough { least: 1, many: 20 }
            }
            // Each of these is set aside and comes back by itself; many say that a key was lost.
            Self::WrongKey => Enough {
                least: 20,
                many: u64::MAX,
            },
        }
    }

    /// Its code, also in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSubject => "no_subject",
            Self::KeyMissing => "key_missing",
            Self::WrongKey => "wrong_key",
            Self::BadRequest => "400",
            Self::Unauthorized => "401",
            Self::Forbidden => "403",
            Self::NotAllowed => "405",
        }
    }

    /// Reads a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alarm| alarm.as_str() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(verdict: Verdict, status: Option<u16>, cause: Option<Cause>) -> Answer {
        Answer {
            verdict,
            status,
            reason: "whatever it says".to_owned(),
            cause,
        }
    }

    #[test]
    fn only_what_a_person_can_mend_is_told() {
        let refused = |status, cause| Alarm::of(&answer(Verdict::Refused, status, cause));
        assert_eq!(refused(Some(400), None), Some(Alarm::BadRequest));
        assert_eq!(refused(Some(405), None), Some(Alarm::NotAllowed));
        assert_eq!(refused(Some(412), None), None);
        assert_eq!(refused(None, Some(Cause::NoSubject)), Some(Alarm::NoSubject));
        assert_eq!(refused(None, Some(Cause::Expired)), None);
        let wrong = answer(Verdict::WrongKey, Some(403), Some(Cause::WrongKey));
        assert_eq!(Alarm::of(&wrong), Some(Alarm::WrongKey));
        assert_eq!(
            Alarm::of(&answer(Verdict::Throttled { after_ms: None }, Some(429), None)),
            None
        );
    }

    #[test]
    fn each_has_one_code() {
        for alarm in Alarm::ALL {
            assert_eq!(Alarm::parse(alarm.as_str()), Some(alarm));
        }
    }
}
