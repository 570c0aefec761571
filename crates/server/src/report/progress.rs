//! How far a push on its way has come, and how long it still takes as far as anybody can tell.
//!
//! Left out: words. Invariant: no time is told before two whole steps of ten seconds have shown a rate, and none for what waits for
//! somebody else: a person who paused it, or a push service that takes nothing.

use crate::store::Store;
use crate::store::db::DbError;
use crate::store::steps::{Ahead, STEP_MS, STEPS};
use campanile_core::account::Account;
use campanile_core::campaign::{Body, Campaign, Status};
use campanile_core::stats::Counts;
use campanile_core::time::Timestamp;
use serde::Serialize;

/// Steps that a rate is taken from; of a slow pace all that are kept.
const WINDOW: i64 = 6;
/// A pace up to this many a minute is slow: a minute of it says little.
const SLOW: u32 = 60;
/// Whole steps that have to have been seen.
const FEWEST_STEPS: i64 = 2;
/// Messages that have to have been seen.
const FEWEST: u64 = 5;
/// So many steps without a message end a rate: it was paused, or nothing was taken.
const LONGEST_GAP: i64 = 3;

/// What the rest waits for, where it is not just its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// Somebody who lets it go on.
    Resume,
    /// Push services that take nothing now, or asked to come again later.
    Services,
    /// The pace that was asked for.
    Pace,
    /// The moments of those who are left: their own clocks, the end of quiet hours.
    Moment,
    /// The winner of its test.
    Winner,
}

/// How far a push has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Messages that are settled.
    pub done: u64,
    /// Messages in all.
    pub total: u64,
    /// Whether all are counted; else the total is about right.
    pub exact: bool,
    /// Messages a minute, lately; none while there is not enough to go on.
    pub per_minute: Option<u64>,
    /// Minutes until all are settled that can be, rounded up.
    pub minutes_left: Option<u64>,
    /// Messages that wait for a push service or a retry; no time is told for them.
    pub waiting_for_services: u64,
    /// Until when those are tried.
    pub tried_until: Option<Timestamp>,
    /// Messages whose moment lies ahead; no time is told for them.
    pub later: u64,
    /// The last of their moments.
    pub later_until: Option<Timestamp>,
    /// When its test is decided, while the others wait for that.
    pub winner_at: Option<Timestamp>,
    /// The pace that was asked for.
    pub at_most_per_minute: Option<u32>,
    /// What the rest waits for.
    pub waits_for: Option<WaitsFor>,
}

/// How far a push has come; none where it is not on its way.
pub async fn progress(
    store: &Store,
    account: &Account,
    campaign: &Campaign,
    counts: &Counts,
    now: Timestamp,
) -> Result<Option<Progress>, DbError> {
    let Body::Push(plan) = &campaign.definition.body else {
        return Ok(None);
    };
    if !matches!(campaign.status, Status::Sending | Status::Paused) {
        return Ok(None);
    }
    let Some(ahead) = store.ahead(&account.id, campaign.id, now).await? else {
        return Ok(None);
    };
    let steps = store.steps(&account.id, campaign.id).await?;
    let tried_until = (ahead.parked > 0).then(|| {
        let began = ahead.run.test.decided_at.unwrap_or(ahead.run.started_at);
        began.plus_ms(i64::from(plan.push.ttl_seconds) * 1000)
    });
    // Of a push that comes again only its last round is on its way like this.
    let rounds = match plan.send.repeat {
        Some(_) => store.rounds(&account.id, campaign.id, 1).await?,
        None => Vec::new(),
    };
    let counts = rounds.first().map_or(counts, |round| &round.counts);
    let judged = judge(
        counts,
        &ahead,
        plan.send.per_minute,
        campaign.status,
        (&steps, now),
    );
    // Whoever is not in the test is looked at when it is decided.
    let winner_at = ahead.run.test.ends.filter(|_| ahead.run.test.awaits_winner(plan));
    let waits_for = match judged.waits_for {
        None | Some(WaitsFor::Pace) if winner_at.is_some() && judged.minutes_left.is_none() => {
            Some(WaitsFor::Winner)
        }
        other => other,
    };
    Ok(Some(Progress {
        tried_until,
        winner_at,
        waits_for,
        exact: judged.exact && winner_at.is_none(),
        ..judged
    }))
}

fn judge(
    counts: &Counts,
    ahead: &Ahead,
    at_most: Option<u32>,
    status: Status,
    (steps, now): (&[(i64, u64)], Timestamp),
) -> Progress {
    // Of those who were looked at, so many were meant; of the others about as many in a hundred are.
    let share = if ahead.seen == 0 {
        1.0
    } else {
        (counts.audience as f64 / ahead.seen as f64).min(1.0)
    };
    // After a test everybody is looked at again, and those who were in it are passed over: how many are left cannot be told.
    let again = ahead.run.test.winner.is_some();
    let expected = if again {
        0
    } else {
        (ahead.unseen as f64 * share).round() as u64
    };
    let waiting = counts.waiting();
    let (later, later_until) = ahead.later;
    let in_hand = waiting.saturating_sub(ahead.parked + later);
    let rate = rate(steps, at_most, now).filter(|_| status == Status::Sending);
    let left = in_hand + expected;
    let waits_for = match status {
        Status::Paused => Some(WaitsFor::Resume),
        _ if left == 0 && ahead.parked > 0 => Some(WaitsFor::Services),
        _ if left == 0 && later > 0 => Some(WaitsFor::Moment),
        _ if in_hand == 0 && at_most.is_some() && !ahead.run.complete => Some(WaitsFor::Pace),
        _ => None,
    };
    Progress {
        done: counts.audience.saturating_sub(waiting),
        total: counts.audience + expected,
        exact: ahead.run.complete,
        per_minute: rate.map(|rate| (rate * 60_000.0).round() as u64),
        minutes_left: rate
            .filter(|_| left > 0 && (!again || ahead.run.complete))
            .map(|rate| (left as f64 / rate / 60_000.0).ceil() as u64),
        waiting_for_services: ahead.parked,
        tried_until: None,
        later,
        later_until,
        winner_at: None,
        at_most_per_minute: at_most,
        waits_for,
    }
}

/// Messages a millisecond over the last whole steps, back to the last long gap; the first and the current step are not whole.
fn rate(steps: &[(i64, u64)], at_most: Option<u32>, now: Timestamp) -> Option<f64> {
    let current = now.ms() / STEP_MS;
    let slow = at_most.filter(|pace| *pace <= SLOW);
    let gap = slow.map_or(LONGEST_GAP, |pace| {
        LONGEST_GAP.max(3 * 60_000 / i64::from(pace.max(1)) / STEP_MS)
    });
    let window = if slow.is_some() { STEPS } else { WINDOW };
    let mut first = current;
    for (step, _) in steps.iter().rev() {
        if first - step > gap {
            break;
        }
        first = *step;
    }
    let from = (first + 1).max(current - window);
    let whole = current - from;
    let settled: u64 = steps
        .iter()
        .filter(|(step, _)| (from..current).contains(step))
        .map(|(_, n)| n)
        .sum();
    (whole >= FEWEST_STEPS && settled >= FEWEST).then(|| settled as f64 / (whole * STEP_MS) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(step: i64) -> Timestamp {
        Timestamp(step * STEP_MS + 4_000)
    }

    fn a_minute(steps: &[(i64, u64)], pace: Option<u32>, now: Timestamp) -> Option<u64> {
        rate(steps, pace, now).map(|rate| (rate * 60_000.0).round() as u64)
    }

    #[test]
    fn nothing_is_said_before_two_whole_steps() {
        let steps = [(100, 30), (101, 100), (102, 100), (103, 20)];
        assert_eq!(a_minute(&steps[..1], None, at(100)), None);
        assert_eq!(a_minute(&steps[..3], None, at(102)), None);
        assert_eq!(a_minute(&steps, None, at(103)), Some(600));
        assert_eq!(
            a_minute(&[(100, 1), (101, 1), (102, 1)], None, at(103)),
            None,
            "too few"
        );
    }

    #[test]
    fn the_last_minute_counts_and_a_gap_begins_anew() {
        let mut steps: Vec<(i64, u64)> = (0..20)
            .map(|step| (step, if step < 13 { 900 } else { 50 }))
            .collect();
        assert_eq!(
            a_minute(&steps, None, at(19)),
            Some(300),
            "what was faster before is over"
        );
        assert_eq!(a_minute(&steps, None, at(24)), None, "nothing was taken lately");
        steps.extend([(30, 10), (31, 200), (32, 200)]);
        assert_eq!(
            a_minute(&steps, None, at(33)),
            Some(1200),
            "the pause before is no part of it"
        );
    }

    #[test]
    fn a_slow_pace_is_looked_at_for_longer() {
        let steps: Vec<(i64, u64)> = (0..10).map(|n| (n * 6, 1)).collect();
        assert_eq!(a_minute(&steps, Some(1), at(55)), Some(1));
        assert_eq!(a_minute(&steps, None, at(55)), None);
    }
}
