//! What can be done about a message that did not arrive, in a sentence and a way there.
//!
//! Left out: judging (the sender has done that). Invariant: nothing is advised that the message's state does not call for; what nobody can
//! mend says so.

use crate::store::sends::ReasonRow;
use campanile_core::cause::Cause;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// A sentence.
    pub(crate) words: &'static str,
    /// Words and address of the place where it is done.
    pub(crate) way: Option<(&'static str, &'static str)>,
}

const KEYS: (&str, &str) = ("Web Push", "/settings/engage/channels/web-push");
const CAPS: (&str, &str) = ("Caps and quiet hours", "/settings/engage/caps");

type Advice = (&'static str, Option<(&'static str, &'static str)>);

const GONE: Advice = (
    "Its browser unsubscribed or was reset, and is removed. A visit subscribes it anew.",
    None,
);
const CAPPED: Advice = ("Held back by a cap that you set.", Some(CAPS));
const SIGNATURE: &str = "The signature was not taken: another VAPID key than the subscription was made with, or a clock that is wrong. \
    Subscriptions of another key are set aside until their browser visits again.";

/// What to do about it.
pub(crate) fn remedy(row: &ReasonRow) -> Remedy {
    let (words, way) = match (row.state.as_str(), row.cause) {
        ("waiting", _) => (
            "Tried again by itself, within its time to live and for a day or two at most. Nothing is to be done.",
            None,
        ),
        ("gone", _) => GONE,
        ("capped", _) => CAPPED,
        ("unsent", _) => ("The push was stopped before its turn.", None),
        (_, Some(cause)) => of_cause(cause),
        (_, None) => of_answer(row),
    };
    Remedy { words, way }
}

/// What was said here.
fn of_cause(cause: Cause) -> Advice {
    match cause {
        Cause::NoSubject => (
            "Set push.subject in the configuration: a mail address or a site.",
            None,
        ),
        Cause::KeyMissing => (
            "Made with a key that is not here. It gets nothing until its browser subscribes anew.",
            Some(KEYS),
        ),
        Cause::WrongKey => (SIGNATURE, Some(KEYS)),
        Cause::Unsubscribed => GONE,
        Cause::Unknown => ("Its person was deleted. Nothing is to be done.", None),
        Cause::Unfilled => (
            "Give a default to what may be missing, for example | default: \"you\".",
            None,
        ),
        Cause::TooLarge => ("Shorten what is personal in it.", None),
        Cause::Expired | Cause::Missed => (
            "Keep it longer for browsers that are away (Delivery), or send it earlier.",
            None,
        ),
        Cause::Ended => ("It had an end, and its turn came later.", None),
        Cause::MayNotWait => (
            "Give it a time to live, so that it may wait for its push service.",
            None,
        ),
        Cause::QuietHours => ("Its time to live was over before quiet hours were.", Some(CAPS)),
        Cause::Capped => CAPPED,
        Cause::Unanswered => (
            "No push service answered. See whether your server reaches it; a firewall or a proxy may stand between.",
            None,
        ),
        Cause::Unmakeable => (
            "Its keys cannot be used. It gets nothing until its browser subscribes anew.",
            None,
        ),
    }
}

/// What a push service said.
fn of_answer(row: &ReasonRow) -> Advice {
    let says = |part: &str| row.reason.contains(part);
    match row.status {
        Some(401 | 403) => (SIGNATURE, Some(KEYS)),
        Some(400) if says("Vapid") || says("Unauthorized") => (SIGNATURE, Some(KEYS)),
        Some(413) => (
            "Too large for this push service: shorten the text or drop key-values.",
            None,
        ),
        Some(429 | 500..=599) => (
            "Its push service took nothing in a day of tries, or until the time to live was over. Keep messages longer, or send more slowly.",
            None,
        ),
        Some(300..=399) => ("Its push service sent us elsewhere, which is not followed.", None),
        Some(_) => (
            "Refused for what it is. The push service’s own words say why; the ledger has each message.",
            None,
        ),
        None => ("The reason says what happened.", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_comes_first_and_then_the_cause() {
        let row = |state: &str, status, cause, reason: &str| ReasonRow {
            state: state.to_owned(),
            status,
            cause,
            reason: reason.to_owned(),
            times: 1,
        };
        assert!(
            remedy(&row("waiting", Some(503), None, "busy"))
                .words
                .contains("by itself")
        );
        assert_eq!(remedy(&row("failed", Some(403), None, "jwt")).way, Some(KEYS));
        assert_eq!(
            remedy(&row("capped", None, Some(Cause::Capped), "had 1 of this site")).way,
            Some(CAPS)
        );
        let unfilled = remedy(&row("failed", None, Some(Cause::Unfilled), "any words at all"));
        assert!(unfilled.words.contains("default"));
        // Words of a service are not taken for ours.
        let refused = remedy(&row("failed", Some(412), None, "its time to live is odd"));
        assert!(refused.words.contains("own words"));
    }
}
