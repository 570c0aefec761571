//! Says once that a push campaign cannot be sent as things stand, instead of once a message.
//!
//! Messages that a service refuses because of how they are made or signed (400, 401, 403), or that cannot be made at all, fail in their
//! thousands for one reason that only a person can mend. Left out: the reasons of single messages, which the report counts. Invariant: one
//! line and one count for each campaign and kind in six hours, per process; a push that follows events has many runs and one cause.

use super::NO_SUBJECT;
use crate::store::sends::Chunk;
use crate::telemetry::Metrics;
use campanile_core::delivery::{Answer, Verdict};
use campanile_core::id::CampaignId;
use campanile_core::time::Timestamp;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

/// Campaigns and kinds that are remembered at once; more than ever fail at the same time.
const MAX_KNOWN: usize = 4096;
/// How long a kind is not said again of a campaign.
const SILENCE_MS: i64 = 6 * 60 * 60 * 1000;

/// What was said already, and when.
#[derive(Debug, Default)]
pub(super) struct Alarms(Mutex<HashMap<(String, CampaignId, &'static str), Timestamp>>);

/// Which kind of hard error an answer is, as the metric names it.
fn kind(answer: &Answer) -> Option<&'static str> {
    match (answer.verdict, answer.status) {
        (Verdict::Refused, Some(400)) => Some("400"),
        (Verdict::Refused, Some(401)) => Some("401"),
        (Verdict::Refused, Some(403)) => Some("403"),
        (Verdict::Refused, None) if answer.reason == NO_SUBJECT => Some("configuration"),
        _ => None,
    }
}

impl Alarms {
    /// Looks through the answers of a piece; gives back the kinds that were said.
    pub(super) fn raise<'a>(
        &self,
        at: Chunk<'_>,
        answers: impl Iterator<Item = &'a Answer>,
        now: Timestamp,
        metrics: &Metrics,
    ) -> Vec<&'static str> {
        let mut found: BTreeMap<&'static str, (&str, u64)> = BTreeMap::new();
        for answer in answers {
            if let Some(kind) = kind(answer) {
                found.entry(kind).or_insert((&answer.reason, 0)).1 += 1;
            }
        }
        if found.is_empty() {
            return Vec::new();
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.retain(|_, said| now.since(*said) < SILENCE_MS);
        found.retain(|kind, _| {
            let Entry::Vacant(place) = known.entry((at.account.to_string(), at.campaign, *kind)) else {
                return false;
            };
            place.insert(now);
            true
        });
        for (kind, (reason, messages)) in &found {
            metrics.push_alarm(kind);
            tracing::error!(account = %at.account, campaign = %at.campaign, run = at.run, kind, reason, messages,
                "a push campaign cannot be sent as it is; more messages may fail for this reason, which is not said again for some hours");
        }
        found.into_keys().collect()
    }

    /// A campaign is through.
    pub(super) fn forget(&self, account: &str, campaign: CampaignId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(of, number, _), _| (of.as_str(), *number) != (account, campaign));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::id::AccountId;

    #[test]
    fn each_kind_is_said_once_in_some_hours_whatever_the_run() {
        let alarms = Alarms::default();
        let metrics = Metrics::default();
        let account = AccountId::parse("TEST-0001").expect("an account");
        let answer = |verdict, status, reason: &str| Answer {
            verdict,
            status,
            reason: reason.to_owned(),
        };
        let answers = [
            answer(Verdict::Refused, Some(400), "Ttl"),
            answer(Verdict::Refused, Some(400), "Ttl"),
            answer(Verdict::Refused, Some(403), "BadJwtToken"),
            answer(Verdict::Refused, Some(405), "method"),
            answer(Verdict::Refused, None, "too late"),
            answer(Verdict::Refused, None, NO_SUBJECT),
            answer(Verdict::Accepted, Some(201), ""),
        ];
        let raise = |run, ms| {
            let at = Chunk {
                account: &account,
                campaign: CampaignId(7),
                run,
                chunk: 0,
            };
            alarms.raise(at, answers.iter(), Timestamp(ms), &metrics)
        };
        let all = ["400", "403", "configuration"];
        assert_eq!(raise(1, 0), all);
        assert_eq!(raise(1, 1), [""; 0]);
        assert_eq!(
            raise(2, 2),
            [""; 0],
            "another event of the same campaign has the same cause"
        );
        assert_eq!(raise(3, SILENCE_MS - 1), [""; 0]);
        assert_eq!(raise(4, SILENCE_MS), all, "it lasts");
        assert_eq!(raise(5, SILENCE_MS + 1), [""; 0]);
        alarms.forget("TEST-0001", CampaignId(7));
        assert_eq!(raise(6, SILENCE_MS + 2), all);
        let text = metrics.text();
        assert!(
            text.contains("campanile_push_alarms_total{kind=\"400\"} 3"),
            "{text}"
        );
    }
}
