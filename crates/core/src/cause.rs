//! Why a message was not sent, where that was said here and not by a push service.
//!
//! A cause is kept beside the words of a failure, so that reports and alarms do not have to read sentences. Left out: what push services
//! answer (their status and their own words), except that they know another key, which all of them say differently. Invariant: a code is
//! written into the ledger and never changes its meaning.

use serde::Serialize;

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Who sends is not configured, so nothing can be signed.
    NoSubject,
    /// The VAPID key that the subscription was made with is not there.
    KeyMissing,
    /// The push service knows the subscription under another VAPID key.
    WrongKey,
    /// It was unsubscribed when its turn came.
    Unsubscribed,
    /// Nothing is known of the person any more.
    Unknown,
    /// A text cannot be filled for this person.
    Unfilled,
    /// It is too large with this person's data.
    TooLarge,
    /// Its time to live ended before its turn.
    Expired,
    /// The push ended before its turn.
    Ended,
    /// Its push service takes nothing now, and it may not wait.
    MayNotWait,
    /// Its time is over before this person's quiet hours are.
    QuietHours,
    /// Its own moment was over for too long when its round began.
    Missed,
    /// A cap left no room.
    Capped,
    /// No answer came.
    Unanswered,
    /// It could not be encrypted, signed or written as a request.
    Unmakeable,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::NoSubject,
        Self::KeyMissing,
        Self::WrongKey,
        Self::Unsubscribed,
        Self::Unknown,
        Self::Unfilled,
        Self::TooLarge,
        Self::Expired,
        Self::Ended,
        Self::MayNotWait,
        Self::QuietHours,
        Self::Missed,
        Self::Capped,
        Self::Unanswered,
        Self::Unmakeable,
    ];

    /// Its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSubject => "no_subject",
            Self::KeyMissing => "key_missing",
            Self::WrongKey => "wrong_key",
            Self::Unsubscribed => "unsubscribed",
            Self::Unknown => "unknown",
            Self::Unfilled => "unfilled",
            Self::TooLarge => "too_large",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::MayNotWait => "may_not_wait",
            Self::QuietHours => "quiet_hours",
            Self::Missed => "missed",
            Self::Capped => "capped",
            Self::Unanswered => "unanswered",
            Self::Unmakeable => "unmakeable",
        }
    }

    /// Reads a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::Cause;

    #[test]
    fn each_has_one_code() {
        for cause in Cause::ALL {
            assert_eq!(Cause::parse(cause.as_str()), Some(cause));
            let written = serde_json::to_value(cause).expect("a cause serialises");
            assert_eq!(written, cause.as_str(), "the API writes the same code");
        }
        assert_eq!(Cause::parse("anything else"), None);
    }
}
