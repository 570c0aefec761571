//! What a campaign is for: an event of its people within a time.
//!
//! Left out: counting it (the ledger of pop-ups, the exposures of pushes). Invariant: a goal that passes [`Goal::check`] names an event that a
//! page can raise.

use crate::FieldError;
use crate::event;
use crate::time::Timestamp;
use crate::trigger::Where;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a campaign is for: an event within a time after the message was seen; of a push, after it was made for the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// Name of the event.
    pub event: String,
    /// Tests of its properties, all of which have to pass.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Where>,
    /// The window, hours, 1..=2160.
    #[serde(default = "three_days")]
    pub within_hours: u32,
}

fn three_days() -> u32 {
    72
}

impl Goal {
    /// The window in milliseconds.
    pub fn window_ms(&self) -> i64 {
        i64::from(self.within_hours) * 3_600_000
    }

    /// Whether an event is the goal.
    pub fn meets(&self, name: &str, props: &serde_json::Map<String, Value>, now: Timestamp) -> bool {
        self.event == name
            && self
                .filters
                .iter()
                .all(|filter| filter.test.passes(props.get(&filter.name), now))
    }

    /// What is wrong with it.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut notices = Vec::new();
        if event::clean_name(&self.event, &mut notices).as_ref() != Ok(&self.event) {
            errors.push(FieldError::new(
                "goal.event",
                "The goal is an event of your page. Write its name, for example Charged.",
            ));
        }
        if !(1..=2160).contains(&self.within_hours) {
            errors.push(FieldError::new(
                "goal.within_hours",
                "The window is 1 to 2160 hours (90 days).",
            ));
        }
        for (at, filter) in self.filters.iter().enumerate() {
            errors.extend(filter.test.check(&format!("goal.where[{at}]")));
        }
        errors
    }
}
