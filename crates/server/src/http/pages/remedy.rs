//! What can be done about a message that did not arrive, in a sentence and a way there.
//!
//! Left out: judging (the sender has done that). Invariant: nothing is advised that the message's state does not call for; what nobody can
//! mend says so.

use crate::store::sends::ReasonRow;

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

const SIGNATURE: &str = "The signature was not taken: another VAPID key than the subscription was made with, or a clock that is wrong. \
    Subscriptions of another key are set aside until their browser visits again.";

/// What to do about it.
pub(crate) fn remedy(row: &ReasonRow) -> Remedy {
    let says = |part: &str| row.reason.contains(part);
    let (words, way) = match (row.state.as_str(), row.status) {
        ("waiting", _) => (
            "Tried again by itself, within its time to live and for a day or two at most. Nothing is to be done.",
            None,
        ),
        ("gone", _) => (
            "Its browser unsubscribed or was reset, and is removed. A visit subscribes it anew.",
            None,
        ),
        ("capped", _) => ("Held back by a cap that you set.", Some(CAPS)),
        ("unsent", _) => ("The push was stopped before its turn.", None),
        (_, Some(401 | 403)) => (SIGNATURE, Some(KEYS)),
        (_, Some(400)) if says("Vapid") || says("Unauthorized") => (SIGNATURE, Some(KEYS)),
        (_, Some(413)) => (
            "Too large for this push service: shorten the text or drop key-values.",
            None,
        ),
        (_, Some(429 | 500..=599)) => (
            "Its push service took nothing in a day of tries, or until the time to live was over. Keep messages longer, or send more slowly.",
            None,
        ),
        (_, Some(300..=399)) => ("Its push service sent us elsewhere, which is not followed.", None),
        (_, Some(_)) => (
            "Refused for what it is. The push service’s own words say why; the ledger has each message.",
            None,
        ),
        _ if says("VAPID key") => (
            "Made with a key that is not here. It gets nothing until its browser subscribes anew.",
            Some(KEYS),
        ),
        _ if says("push.subject") => (
            "Set push.subject in the configuration: a mail address or a site.",
            None,
        ),
        _ if says("quiet hours") => ("Its time to live was over before quiet hours were.", Some(CAPS)),
        _ if says("time to live") || says("six hours") => (
            "Keep it longer for browsers that are away (Delivery), or send it earlier.",
            None,
        ),
        _ if says("the push ended") => ("It had an end, and its turn came later.", None),
        _ if says("too large") => ("Shorten what is personal in it.", None),
        _ if says("profile.") || says("event.") || says("data.") || says("visit.") => (
            "Give a default to what may be missing, for example | default: \"you\".",
            None,
        ),
        _ if says("nothing is known") => ("Its person was deleted. Nothing is to be done.", None),
        _ => (
            "The reason says what happened. If there was no answer, see whether your server reaches the push service.",
            None,
        ),
    };
    Remedy { words, way }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_comes_first() {
        let row = |state: &str, status, reason: &str| ReasonRow {
            state: state.to_owned(),
            status,
            reason: reason.to_owned(),
            times: 1,
        };
        assert!(
            remedy(&row("waiting", Some(503), "busy"))
                .words
                .contains("by itself")
        );
        assert_eq!(remedy(&row("failed", Some(403), "jwt")).way, Some(KEYS));
        assert_eq!(remedy(&row("capped", None, "had 1 of this site")).way, Some(CAPS));
        let unfilled = remedy(&row("failed", None, "profile.First is missing"));
        assert!(unfilled.words.contains("default"));
    }
}
