//! What a person has done, summed up by event: how often, first, last, and on which of the recent days.
//!
//! It is kept beside the profile, so that a decision needs no look into the history. Left out: properties of events, and the history
//! itself. Invariant: bounded in events and days, and the sum of two people's activities is the activity of the merged one.

use crate::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most events that are kept apart; after that the one that happened longest ago gives way.
pub const MOST_EVENTS: usize = 200;
/// Days that are kept apart for each event.
pub const DAYS: usize = 90;

/// One event of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// How often ever.
    #[serde(rename = "n")]
    pub count: u32,
    /// When first.
    #[serde(rename = "f")]
    pub first: Timestamp,
    /// When last.
    #[serde(rename = "l")]
    pub last: Timestamp,
    /// How often on each of the last days on which it happened, oldest first.
    #[serde(rename = "d", default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<(Day, u32)>,
}

/// The events of a person by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Activity(BTreeMap<String, Done>);

impl Activity {
    /// Notes that `name` happened at `at`, on `day` of the account's zone.
    pub fn note(&mut self, name: &str, at: Timestamp, day: Day) {
        if let Some(done) = self.0.get_mut(name) {
            done.count = done.count.saturating_add(1);
            done.first = done.first.min(at);
            done.last = done.last.max(at);
            add_day(&mut done.days, day, 1);
            return;
        }
        if self.0.len() >= MOST_EVENTS {
            let oldest = self
                .0
                .iter()
                .min_by_key(|(_, done)| done.last)
                .map(|(name, _)| name.clone());
            if let Some(oldest) = oldest {
                self.0.remove(&oldest);
            }
        }
        let done = Done {
            count: 1,
            first: at,
            last: at,
            days: vec![(day, 1)],
        };
        self.0.insert(name.to_owned(), done);
    }

    /// The event of that name, if it ever happened.
    pub fn of(&self, name: &str) -> Option<&Done> {
        self.0.get(name)
    }

    /// Takes over what another profile of the same person did.
    pub fn merge(&mut self, other: Self) {
        for (name, theirs) in other.0 {
            if let Some(ours) = self.0.get_mut(&name) {
                ours.count = ours.count.saturating_add(theirs.count);
                ours.first = ours.first.min(theirs.first);
                ours.last = ours.last.max(theirs.last);
                for (day, n) in theirs.days {
                    add_day(&mut ours.days, day, n);
                }
            } else if self.0.len() < MOST_EVENTS {
                self.0.insert(name, theirs);
            }
        }
    }
}

impl Done {
    /// How often since `since`, that day included.
    pub fn since(&self, since: Day) -> u32 {
        self.days
            .iter()
            .rev()
            .take_while(|(day, _)| *day >= since)
            .map(|(_, n)| n)
            .sum()
    }
}

fn add_day(days: &mut Vec<(Day, u32)>, day: Day, n: u32) {
    match days.binary_search_by_key(&day, |(day, _)| *day) {
        Ok(at) => days[at].1 = days[at].1.saturating_add(n),
        Err(at) => {
            days.insert(at, (day, n));
            if days.len() > DAYS {
                days.remove(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_bounds() {
        let mut one = Activity::default();
        for day in 0..120 {
            one.note("Charged", Timestamp(i64::from(day) * 1000), Day(20_260_000 + day));
        }
        let done = one.of("Charged").expect("done");
        assert_eq!((done.count, done.days.len()), (120, DAYS));
        assert_eq!(done.since(Day(20_260_118)), 2);
        assert_eq!((done.first, done.last), (Timestamp(0), Timestamp(119_000)));

        let mut other = Activity::default();
        other.note("Charged", Timestamp(500_000), Day(20_260_119));
        other.note("Shipped", Timestamp(1), Day(20_260_001));
        one.merge(other);
        let done = one.of("Charged").expect("done");
        assert_eq!(
            (done.count, done.since(Day(20_260_119)), done.last),
            (121, 2, Timestamp(500_000))
        );
        assert!(one.of("Shipped").is_some());

        let mut many = Activity::default();
        for n in 0..500 {
            many.note(&format!("event {n}"), Timestamp(n), Day(20_260_101));
        }
        assert_eq!(many.0.len(), MOST_EVENTS);
        assert!(many.of("event 499").is_some() && many.of("event 0").is_none());
    }
}
