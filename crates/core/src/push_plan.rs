//! A push with to whom and when it goes.
//!
//! Left out: states ([`crate::campaign`]) and sending. Invariant: what passes [`PushPlan::check`] asks nothing that is not known of somebody
//! who is not on a page.

use crate::FieldError;
use crate::notification::PushMessage;
use crate::segment::{Rules, Subject};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Slowest and fastest pace that can be asked for, messages a minute.
const PACES: std::ops::RangeInclusive<u32> = 1..=6_000_000;

/// A push, its recipients and its moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushPlan {
    /// The message.
    pub push: PushMessage,
    /// Which of the subscribers get it; empty: all.
    pub audience: Rules,
    /// When and how fast.
    pub send: Sending,
}

/// When a push goes out and how fast. Empty: at once, as fast as the push services take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    /// The moment, ms since 1970; none: when it is started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// At most so many messages a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
}

impl Sending {
    /// Whether it asks for nothing.
    pub fn is_at_once(&self) -> bool {
        *self == Self::default()
    }
}

impl PushPlan {
    /// A message to all subscribers, at once.
    pub fn new(push: PushMessage) -> Self {
        Self {
            push,
            audience: Rules::default(),
            send: Sending::default(),
        }
    }

    /// What it does, in one sentence of plain language; `when` is its moment in words.
    pub fn sentence(&self, when: &str) -> String {
        let who = if self.audience.is_empty() {
            "all subscribers".to_owned()
        } else {
            format!("subscribers with {}", self.audience.words())
        };
        let pace = self.send.per_minute.map_or_else(String::new, |pace| {
            format!(
                ", at most {pace} {} a minute",
                if pace == 1 { "message" } else { "messages" }
            )
        });
        format!("Goes to {who} {when}{pace}.")
    }

    /// All that stands between the plan and its start.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = self.push.check();
        errors.extend(self.audience.check("audience"));
        self.audience.each("audience", &mut |field, rule| {
            if is_about_a_page(rule.is) {
                let message = format!(
                    "Whoever gets a push is on no page, so nothing is known of the {}. Remove this rule.",
                    rule.is.words()
                );
                errors.push(FieldError::new(format!("{field}.is"), message));
            }
        });
        if self.send.per_minute.is_some_and(|pace| !PACES.contains(&pace)) {
            errors.push(FieldError::new(
                "send.per_minute",
                "The pace is 1 to 6,000,000 messages a minute. Leave it out for as fast as possible.",
            ));
        }
        errors
    }
}

/// Whether a subject is known only while somebody is on a page.
pub fn is_about_a_page(subject: Subject) -> bool {
    matches!(
        subject,
        Subject::Url | Subject::Path | Subject::Query | Subject::Referrer | Subject::PageNumber
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_about_a_page_are_refused_in_every_depth() {
        let push =
            serde_json::from_value(json!({"title": "T", "url": "https://shop.example.com/"})).expect("push");
        let mut plan = PushPlan::new(push);
        assert_eq!(plan.check(), Vec::new());
        assert_eq!(plan.sentence("at once"), "Goes to all subscribers at once.");
        plan.audience = serde_json::from_value(json!({"rules": [
            {"is": "property", "name": "plan", "op": "is", "value": "pro"},
            {"is": "group", "group": {"match": "any", "rules": [{"is": "path", "op": "is", "value": "/a"}]}},
        ]}))
        .expect("rules");
        plan.send.per_minute = Some(0);
        let fields: Vec<String> = plan.check().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["audience.rules[1].group.rules[0].is", "send.per_minute"]);
        plan.send.per_minute = Some(600);
        plan.audience.rules.pop();
        assert_eq!(
            plan.sentence("at once"),
            "Goes to subscribers with property “plan” is pro at once, at most 600 messages a minute."
        );
    }
}
