//! Says once that a push campaign cannot be sent as things stand, instead of once a message.
//!
//! Messages that a service refuses because of how they are made or signed (400, 401, 403), or that cannot be made at all, fail in their
//! thousands for one reason that only a person can mend. Left out: the reasons of single messages, which the report counts. Invariant: one
//! line and one count for each run and kind, per process.

use super::NO_SUBJECT;
use crate::store::sends::Chunk;
use crate::telemetry::Metrics;
use campanile_core::delivery::{Answer, Verdict};
use campanile_core::id::CampaignId;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Runs that are remembered at once; more than ever send at the same time.
const MAX_KNOWN: usize = 4096;

/// What was said already.
#[derive(Debug, Default)]
pub(super) struct Alarms(Mutex<HashSet<(String, CampaignId, i64, &'static str)>>);

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
    /// Looks through the answers of a piece; gives back the kinds that were said for the first time.
    pub(super) fn raise<'a>(
        &self,
        at: Chunk<'_>,
        answers: impl Iterator<Item = &'a Answer>,
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
        found.retain(|kind, _| known.insert((at.account.to_string(), at.campaign, at.run, kind)));
        for (kind, (reason, messages)) in &found {
            metrics.push_alarm(kind);
            tracing::error!(account = %at.account, campaign = %at.campaign, run = at.run, kind, reason, messages,
                "a push campaign cannot be sent as it is; more messages may fail for this reason, which is not said again for this run");
        }
        found.into_keys().collect()
    }

    /// A run is over.
    pub(super) fn forget(&self, account: &str, campaign: CampaignId, run: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(of, number, round, _)| (of.as_str(), *number, *round) != (account, campaign, run));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::id::AccountId;

    #[test]
    fn each_kind_is_said_once_a_run() {
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
        let raise = |run, chunk| {
            let at = Chunk {
                account: &account,
                campaign: CampaignId(7),
                run,
                chunk,
            };
            alarms.raise(at, answers.iter(), &metrics)
        };
        assert_eq!(raise(1, 0), ["400", "403", "configuration"]);
        assert_eq!(raise(1, 1), [""; 0]);
        assert_eq!(
            raise(2, 0),
            ["400", "403", "configuration"],
            "another run is another matter"
        );
        alarms.forget("TEST-0001", CampaignId(7), 2);
        assert_eq!(raise(2, 1), ["400", "403", "configuration"]);
        let text = metrics.text();
        assert!(
            text.contains("campanile_push_alarms_total{kind=\"400\"} 3"),
            "{text}"
        );
    }
}
