//! The automatic winner of a push: some get a test of its variants first, the others wait for what does best in it.
//!
//! Left out: when it is looked at and what is done with it (the server's delivery). Invariant: the same numbers give the same winner, and
//! there is always one: the highest rate; of equal ones, and where nobody did anything, the one that is named first.

use crate::FieldError;
use crate::experiment::{Experiment, PushVariant};
use crate::stats::Counts;
use crate::uplift::{Group, Verdict, compare};
use serde::{Deserialize, Serialize};

/// What belongs to a test is counted under this revision of its variants, what goes out without a winner too;
pub const IN_TEST: u32 = 1;
/// and what follows a winner under this one, so that it weighs nothing in the comparison.
pub const AFTER: u32 = 2;
/// The run that holds the test of a push that is not sent once: those of events and rounds are numbered by their moments.
pub const TEST_RUN: i64 = 0;

/// By what a test is won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WonBy {
    /// Clicks, of the messages that push services took.
    #[default]
    Click,
    /// People who reached the goal, of those whom a message was made for.
    Goal,
}

/// A test before the whole audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Winner {
    /// Hours from the last message of the test until it is decided, 1..=72.
    pub after_hours: u32,
    /// Per cent of the people who get the test, 1..=90. A push that follows an event or comes again tests with everybody until then.
    #[serde(default = "a_fifth")]
    pub test_percent: u32,
    /// By what it is decided.
    #[serde(default)]
    pub by: WonBy,
}

fn a_fifth() -> u32 {
    20
}

impl Winner {
    /// Milliseconds from the end of the test's sending to the decision.
    pub fn after_ms(&self) -> i64 {
        i64::from(self.after_hours) * 3_600_000
    }

    /// What is wrong with it beside that experiment.
    pub fn check(&self, experiment: &Experiment<PushVariant>, has_goal: bool) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut fault = |field: &str, message: &str| errors.push(FieldError::new(field, message));
        if experiment.variants.is_empty() {
            let message =
                "There is one message only, so nothing can win. Add a variant, or leave the winner out.";
            fault("winner", message);
        }
        if !(1..=72).contains(&self.after_hours) {
            fault("winner.after_hours", "The winner is found after 1 to 72 hours.");
        }
        if !(1..=90).contains(&self.test_percent) {
            let message = "The test goes to 1 to 90 per cent; the others wait for the winner.";
            fault("winner.test_percent", message);
        }
        if self.by == WonBy::Goal && !has_goal {
            fault(
                "winner.by",
                "There is no goal to win by. Set one, or let clicks decide.",
            );
        }
        errors
    }

    /// It in plain language, a sentence.
    pub fn words(&self, is_sent_once: bool) -> String {
        let (hours, unit) = (
            self.after_hours,
            if self.after_hours == 1 { "hour" } else { "hours" },
        );
        let best = match self.by {
            WonBy::Click => "the one with the most clicks",
            WonBy::Goal => "the one that reaches the goal most often",
        };
        if is_sent_once {
            let percent = self.test_percent;
            format!("{percent} % get the test; {hours} {unit} later {best} goes to all others.")
        } else {
            format!("After {hours} {unit} {best} goes to everybody from then on.")
        }
    }
}

impl WonBy {
    /// What is compared of a variant.
    pub fn group(self, counts: &Counts) -> Group {
        match self {
            Self::Click => Group::new(counts.sent, counts.clicked),
            Self::Goal => Group::new(counts.exposed, counts.converted),
        }
    }
}

/// Which of the groups, in the order of the variants, has won, and whether its lead over the next one can be believed.
pub fn pick(groups: &[Group]) -> (usize, bool) {
    let rate = |at: usize| groups.get(at).and_then(|group| group.rate()).unwrap_or(0.0);
    let best = |of: &mut dyn Iterator<Item = usize>| {
        of.fold(None, |best: Option<usize>, at| match best {
            Some(known) if rate(known) >= rate(at) => Some(known),
            _ => Some(at),
        })
    };
    let first = best(&mut (0..groups.len())).unwrap_or(0);
    let second = best(&mut (0..groups.len()).filter(|at| *at != first));
    let sure = second
        .and_then(|second| compare(("", groups[first]), ("", groups[second]), ""))
        .is_some_and(|uplift| uplift.verdict == Verdict::More);
    (first, sure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_winner() {
        let of = |a, b| pick(&[a, b]);
        let group = Group::new;
        assert_eq!(of(group(0, 0), group(0, 0)), (0, false), "nobody got anything");
        assert_eq!(of(group(100, 0), group(100, 0)), (0, false), "nobody clicked");
        assert_eq!(of(group(100, 5), group(100, 5)), (0, false), "a draw");
        assert_eq!(of(group(4, 0), group(3, 1)), (1, false), "better, by far too few");
        assert_eq!(of(group(4000, 160), group(4000, 240)), (1, true));
        assert_eq!(of(group(4000, 240), group(4000, 160)), (0, true));
        let three = [group(400, 9), group(400, 9), group(400, 8)];
        assert_eq!(pick(&three), (0, false));
        assert_eq!(pick(&[]), (0, false));
    }
}
