//! Tells once that a push cannot be sent as things stand, instead of once a message.
//!
//! Messages that a service refuses because of how they are made or signed, or that cannot be made at all, fail in their thousands for one
//! reason that only a person can mend. Left out: which answers are signs of that, and how many are enough (`campanile-core`'s `alarm`), and
//! that it is told once (`store::alarms`). Invariant: the log and the metric say what the dashboard shows, and no more often.

use crate::store::alarms::Met;
use crate::store::sends::{Chunk, WaitingSend};
use crate::telemetry::Metrics;
use campanile_core::alarm::Alarm;
use campanile_core::delivery::Answer;
use std::collections::BTreeMap;

/// What the answers of a piece are signs of; in one order for all who write at once.
pub(super) fn met(outcomes: &[(WaitingSend, Answer)]) -> Vec<Met<'_>> {
    let mut found: BTreeMap<Alarm, Met<'_>> = BTreeMap::new();
    for (send, answer) in outcomes {
        let Some(alarm) = Alarm::of(answer) else { continue };
        let met = found.entry(alarm).or_insert_with(|| Met {
            alarm,
            host: send.endpoint.host(),
            reason: &answer.reason,
            n: 0,
        });
        met.n += 1;
    }
    found.into_values().collect()
}

/// Tells it.
pub(super) fn say(at: Chunk<'_>, met: &Met<'_>, metrics: &Metrics) {
    let (kind, reason) = (met.alarm.as_str(), met.reason);
    metrics.push_alarm(kind);
    tracing::error!(account = %at.account, campaign = %at.campaign, run = at.run, kind, host = met.host, reason, messages = met.n,
        "a push cannot be sent as it is; the dashboard says what to do, and this is not said again until it is over");
}
