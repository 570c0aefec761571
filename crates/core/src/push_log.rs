//! What a person was sent lately, and whether there is room for one more.
//!
//! Left out: keeping it (the store's) and deciding to whom a push goes. Invariant: a run is noted once for a person, however many browsers
//! they have; a day is one of the account's zone, and seven days are any seven that follow each other.

use crate::FieldError;
use crate::id::CampaignId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The most that a cap can be, and how many entries are remembered.
pub const MOST: u32 = 100;
/// Days that entries are remembered: those of a week before the oldest day that can still be asked about.
const REMEMBERED: i64 = 8;

/// How many pushes one person gets at most; `None` is any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushCaps {
    /// A day of the account's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<u32>,
    /// Seven days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<u32>,
}

impl PushCaps {
    /// Whether it limits nothing.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// It in words: `once a day and 3 times in seven days`.
    pub fn words(&self) -> String {
        let times = |most: u32| match most {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            n => format!("{n} times"),
        };
        let parts: Vec<String> = [(self.day, "a day"), (self.week, "in seven days")]
            .into_iter()
            .filter_map(|(most, stretch)| Some(format!("{} {stretch}", times(most?))))
            .collect();
        parts.join(" and ")
    }

    /// What is wrong with it, named under `field`.
    pub fn check(&self, field: &str) -> Vec<FieldError> {
        [("day", self.day), ("week", self.week)]
            .into_iter()
            .filter(|(_, most)| most.is_some_and(|most| !(1..=MOST).contains(&most)))
            .map(|(name, _)| {
                let message = format!("1 to {MOST} times. Leave it out for any number.");
                FieldError::new(format!("{field}.{name}"), message)
            })
            .collect()
    }
}

/// A push that somebody was sent, or is about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Of which campaign.
    #[serde(rename = "c")]
    pub campaign: CampaignId,
    /// In which run.
    #[serde(rename = "r")]
    pub run: i64,
    /// The day, counted from 1970.
    #[serde(rename = "d")]
    pub day: i64,
    /// Whether the account's caps leave it out.
    #[serde(rename = "t", default, skip_serializing_if = "std::ops::Not::not")]
    pub transactional: bool,
}

/// A person's pushes of the last days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PushLog(Vec<Entry>);

impl PushLog {
    /// Whether a run is noted already: for another browser of the same person.
    pub fn has(&self, entry: &Entry) -> bool {
        self.0
            .iter()
            .any(|known| (known.campaign, known.run) == (entry.campaign, entry.run))
    }

    /// Whether there is room for an entry under the account's caps and the campaign's own; if not, why.
    pub fn room(&self, entry: &Entry, account: PushCaps, own: PushCaps) -> Result<(), String> {
        let account = if entry.transactional {
            PushCaps::default()
        } else {
            account
        };
        let of_all: Vec<i64> = self
            .0
            .iter()
            .filter(|known| !known.transactional)
            .map(|known| known.day)
            .collect();
        let of_it: Vec<i64> = self
            .0
            .iter()
            .filter(|known| known.campaign == entry.campaign)
            .map(|known| known.day)
            .collect();
        for (days, caps, whose) in [
            (of_all, account, "of this site"),
            (of_it, own, "of this campaign"),
        ] {
            if let Some(most) = caps.day
                && most_within(&days, entry.day, 1) >= most as usize
            {
                return Err(format!("had {most} {whose} that day already; that is the cap"));
            }
            if let Some(most) = caps.week
                && most_within(&days, entry.day, 7) >= most as usize
            {
                return Err(format!(
                    "had {most} {whose} within seven days already; that is the cap"
                ));
            }
        }
        Ok(())
    }

    /// Notes an entry, and forgets those of long ago.
    pub fn note(&mut self, entry: Entry, now: Timestamp) {
        let today = now.ms().div_euclid(86_400_000);
        self.0.retain(|known| known.day > today - REMEMBERED);
        if self.0.len() >= MOST as usize {
            self.0.remove(0);
        }
        self.0.push(entry);
    }
}

/// The most of these days that any stretch of `length` days with `day` in it has.
fn most_within(days: &[i64], day: i64, length: i64) -> usize {
    (day - length + 1..=day)
        .map(|first| {
            days.iter()
                .filter(|known| (first..first + length).contains(*known))
                .count()
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(campaign: i64, run: i64, day: i64) -> Entry {
        Entry {
            campaign: CampaignId(campaign),
            run,
            day,
            transactional: false,
        }
    }

    #[test]
    fn a_day_a_week_and_each_campaign() {
        let caps = |day, week| PushCaps { day, week };
        let now = Timestamp(100 * 86_400_000);
        let mut log = PushLog::default();
        log.note(entry(1, 1, 100), now);
        assert!(log.has(&entry(1, 1, 101)) && !log.has(&entry(1, 2, 100)));
        assert!(
            log.room(&entry(2, 1, 100), caps(Some(1), None), caps(None, None))
                .is_err()
        );
        assert!(
            log.room(&entry(2, 1, 101), caps(Some(1), None), caps(None, None))
                .is_ok()
        );
        assert!(
            log.room(&entry(2, 1, 100), caps(None, None), caps(Some(1), Some(1)))
                .is_ok()
        );
        assert!(
            log.room(&entry(1, 2, 101), caps(None, None), caps(None, Some(1)))
                .is_err()
        );
        assert!(
            log.room(&entry(1, 2, 107), caps(None, None), caps(None, Some(1)))
                .is_ok()
        );
        // One that lies ahead counts too: seven days are any seven.
        log.note(entry(2, 1, 103), now);
        assert!(
            log.room(&entry(3, 1, 99), caps(None, Some(2)), caps(None, None))
                .is_err()
        );
        assert!(
            log.room(&entry(3, 1, 96), caps(None, Some(2)), caps(None, None))
                .is_ok()
        );
        // What a person waits for is neither held back nor counted.
        let waited_for = Entry {
            transactional: true,
            ..entry(4, 1, 100)
        };
        assert!(
            log.room(&waited_for, caps(Some(1), Some(1)), caps(None, None))
                .is_ok()
        );
        log.note(waited_for, now);
        assert!(
            log.room(&entry(5, 1, 101), caps(Some(1), None), caps(None, None))
                .is_ok()
        );
        let text = serde_json::to_string(&log).expect("serialises");
        assert_eq!(serde_json::from_str::<PushLog>(&text).expect("reads"), log);
        // What was long ago is forgotten.
        log.note(entry(6, 1, 120), Timestamp(120 * 86_400_000));
        assert!(!log.has(&entry(1, 1, 100)));
    }

    #[test]
    fn caps_in_words_and_within_bounds() {
        let caps = PushCaps {
            day: Some(1),
            week: Some(3),
        };
        assert_eq!(caps.words(), "once a day and 3 times in seven days");
        let wrong = PushCaps {
            day: Some(0),
            week: Some(101),
        };
        let fields: Vec<String> = wrong
            .check("push.caps")
            .into_iter()
            .map(|fault| fault.field)
            .collect();
        assert_eq!(fields, ["push.caps.day", "push.caps.week"]);
    }
}
