//! What the owner of a push is told once, in words: what is wrong and what to do, the same in the dashboard and in the API.
//!
//! Left out: when it is told (`campanile-core`'s `alarm`, `delivery`). Invariant: a push service's words are quoted, never repeated as ours.

use crate::store::alarms::AlarmRow;
use campanile_core::alarm::Alarm;
use serde_json::{Value, json};

/// Where VAPID keys are.
pub const KEYS: &str = "/settings/engage/channels/web-push";

/// What is wrong, in one sentence.
pub fn words(row: &AlarmRow) -> String {
    let n = row.n;
    let (messages, were) = if n == 1 {
        ("message", "was")
    } else {
        ("messages", "were")
    };
    let host = &row.host;
    let refused = |status: u16| {
        format!(
            "{n} {messages} {were} refused with {status}, first by {host}: “{}”.",
            row.reason
        )
    };
    match row.alarm {
        Alarm::NoSubject => format!(
            "{n} {messages} could not be signed: push services want to know who sends, and that is not configured."
        ),
        Alarm::KeyMissing => format!(
            "{n} {messages} {were} not sent: the VAPID key that the subscription was made with is not on this server any more."
        ),
        Alarm::WrongKey => format!(
            "{n} subscriptions were made with another VAPID key than this server has for them, says {host} first. They are set aside and get \
             nothing until their browsers subscribe anew."
        ),
        Alarm::BadRequest => refused(400),
        Alarm::Unauthorized => refused(401),
        Alarm::Forbidden => refused(403),
        Alarm::NotAllowed => refused(405),
    }
}

/// What to do, in a sentence or two.
pub fn remedy(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::NoSubject => {
            "Set push.subject in the configuration to mailto:you@your-domain and restart. What has failed is not sent again by itself."
        }
        Alarm::KeyMissing => {
            "Bring the key back from a backup of the database. Without it these browsers get nothing until they subscribe anew on a visit."
        }
        Alarm::WrongKey => {
            "Each comes back by itself with its browser’s next visit. If a database was restored or keys were changed by hand, bring the old key back."
        }
        Alarm::BadRequest => {
            "The service’s words say what it does not like. Send a test without picture, actions and topic; if that is refused as well, it is \
             not about this message."
        }
        Alarm::Unauthorized | Alarm::Forbidden => {
            "See whether the server’s clock is right and push.subject is a mail address or a site that exists. If both are, the key is not the \
             one that these browsers subscribed with."
        }
        Alarm::NotAllowed => {
            "Push services take posts. A proxy between this server and the service may have answered in its place; see where its requests go."
        }
    }
}

/// Whether the VAPID keys are where to look.
pub fn is_about_keys(alarm: Alarm) -> bool {
    matches!(
        alarm,
        Alarm::KeyMissing | Alarm::WrongKey | Alarm::Unauthorized | Alarm::Forbidden
    )
}

/// One as the API shows it.
pub fn shown(row: &AlarmRow) -> Value {
    json!({
        "campaign": row.campaign, "kind": row.alarm.as_str(), "message": words(row), "remedy": remedy(row.alarm), "messages": row.n,
        "endpoint_host": row.host, "reason": row.reason, "since": row.since, "last_at": row.last_at, "dismissed_at": row.dismissed_at,
    })
}
