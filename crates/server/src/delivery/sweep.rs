//! What has to be tidied now and then: operations that no browser replays any more and the pop-ups that they were about, sessions and
//! links that have ended, what was sent after events long ago, history beyond its time.
//!
//! Left out: anything that a person would miss. Invariant: a sweep that is interrupted or runs twice does no harm.

use super::occasion;
use crate::clock::Clock;
use crate::config::Retention;
use crate::import;
use crate::live::Live;
use crate::queue::Queue;
use crate::store::Store;
use crate::telemetry::Metrics;
use campanile_core::campaign::Body;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(3600);
const MEASURE_EVERY: Duration = Duration::from_secs(15);
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Sweeps every hour, and notes every few seconds how the queue stands, until told to stop.
pub async fn run(
    store: Store,
    live: Live,
    queue: Queue,
    clock: Clock,
    retention: Retention,
    metrics: Metrics,
    stop: CancellationToken,
) {
    let mut hourly = tokio::time::interval(EVERY);
    let mut often = tokio::time::interval(MEASURE_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = hourly.tick() => {
                if let Err(fault) = sweep(&store, &live, &clock, &retention).await {
                    tracing::warn!(error = format!("{fault:#}"), "sweeping did not finish; the next one goes on");
                }
            }
            _ = often.tick() => {
                if let Ok((waiting, oldest)) = queue.depth(clock.now()).await {
                    metrics.queue(waiting, oldest);
                }
            }
        }
    }
}

/// Sweeps once.
pub async fn sweep(store: &Store, live: &Live, clock: &Clock, retention: &Retention) -> anyhow::Result<()> {
    let now = clock.now();
    let operations_ms = i64::from(retention.operations_days.max(1)) * DAY_MS;
    let operations = now.plus_ms(-operations_ms);
    for site in live.sites() {
        store.sweep_operations(&site.account.id, operations).await?;
        store.sweep_impressions(&site.account.id, operations).await?;
        store.sweep_requests(&site.account.id, operations).await?;
        store.sweep_alarms(&site.account.id, now).await?;
        store.sweep_push_tests(&site.account.id, operations).await?;
        import::sweep(store, &site.account.id, now).await?;
        for campaign in store.campaigns(&site.account.id).await? {
            let Body::Push(plan) = &campaign.definition.body else {
                continue;
            };
            let ttl_seconds = plan.push.ttl_seconds;
            let kept_ms = match (&plan.on_event, &plan.on_request) {
                (Some(on_event), _) => occasion::kept_ms(on_event, ttl_seconds, operations_ms),
                // As long as a browser may show it and later say so; what programs sent along goes with it.
                (None, Some(_)) => i64::from(ttl_seconds) * 1000 + operations_ms,
                (None, None) => continue,
            };
            store
                .sweep_occasions(&site.account.id, campaign.id, now.plus_ms(-kept_ms))
                .await?;
        }
    }
    store.sweep_sessions(now).await?;
    if retention.events_days > 0 {
        let dropped = store
            .drop_history(now.plus_ms(-i64::from(retention.events_days) * DAY_MS))
            .await?;
        if dropped > 0 {
            tracing::info!(periods = dropped, "history beyond its time was dropped");
        }
    }
    Ok(())
}
