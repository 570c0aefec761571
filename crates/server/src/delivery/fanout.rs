//! Pages through a push campaign's audience, one page a step, and watches over the run until nothing waits.
//!
//! It keeps only a little ahead of the sending, so that a push can be halted, slowed and stopped at any moment. Left out: sending. Invariant: a page's messages, its deliver job, the audience count and the cursor are one batch, guarded by the number
//! of pages made so far; so a fan-out that dies goes on where it was, and nobody is left out or taken twice.

use super::{Delivery, PAUSED_MS};
use crate::clock;
use crate::queue::{Job, Leased, Notice};
use crate::store::db::Batch;
use crate::store::sends::Chunk;
use crate::{audience, live::Site};
use campanile_core::campaign::Status;
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::push_plan::PushPlan;
use campanile_core::stats::Measure;
use campanile_core::time::Day;

/// Messages in one piece of work.
const PAGE: u32 = 500;
/// How often a run that is fanned out is looked at until it is through.
const WATCH_MS: i64 = 1_000;
/// Pieces at most that wait for a worker: work for many processes, and few enough to be put off while a push is paused.
const AHEAD: i64 = 40;
/// How soon a fan-out looks again whether it may go on.
const AHEAD_MS: i64 = 200;

impl Delivery {
    pub(super) async fn fan_out(
        &self,
        leased: &Leased,
        account: &AccountId,
        campaign: CampaignId,
        run: i64,
    ) -> anyhow::Result<()> {
        let Some(task) = self.task(account, campaign).await? else {
            return self.end(leased).await;
        };
        let Some(state) = self.store.run(account, campaign, run).await? else {
            return self.end(leased).await;
        };
        let now = self.clock.now();
        let mut batch = Batch::new("fan_out");
        match task.status {
            Status::Sending => {}
            Status::Scheduled if state.started_at <= now => {
                self.store.begin_push(&mut batch, account, campaign, now);
                self.store.bump_revision(&mut batch, account);
                self.queue.later(&mut batch, leased, now);
                self.store.db.write(batch).await?;
                self.queue.announce(Notice::Account(account.clone()));
                return Ok(());
            }
            Status::Paused => {
                self.queue.later(&mut batch, leased, now.plus_ms(PAUSED_MS));
                self.store.db.write(batch).await?;
                return Ok(());
            }
            _ => return self.end(leased).await,
        }
        if state.complete {
            if self.finish_if_through(account, campaign, run).await? {
                self.queue.done(&mut batch, leased);
            } else {
                self.queue.later(&mut batch, leased, now.plus_ms(WATCH_MS));
            }
            self.store.db.write(batch).await?;
            return Ok(());
        }
        // Those that only wait for a push service or a retry hold up nobody who can be written to now.
        let ahead = state.chunks - state.through;
        if ahead >= AHEAD && ahead - self.store.parked_pieces(account, campaign, run).await? >= AHEAD {
            self.queue.later(&mut batch, leased, now.plus_ms(AHEAD_MS));
            self.store.db.write(batch).await?;
            return Ok(());
        }
        let (size, next_in_ms) = pace(task.plan.send.per_minute);
        let page = self
            .store
            .live_subscriptions(account, state.after.clone(), size)
            .await?;
        let chunk = Chunk {
            account,
            campaign,
            run,
            chunk: state.chunks,
        };
        let complete = page.len() < size as usize;
        let after = page
            .last()
            .map_or_else(|| state.after.clone(), |(id, _)| id.bytes());
        let meant = self
            .meant(&task.site, &task.plan, page, (state.after, after.clone()))
            .await?;
        self.store.advance_run(&mut batch, chunk, after, complete);
        for subscriber in &meant {
            self.store
                .insert_send(&mut batch, chunk, Id::new(now, clock::random()), *subscriber);
        }
        if meant.is_empty() {
            self.store.piece_through(&mut batch, chunk);
            self.queue.later(&mut batch, leased, now);
        } else {
            let day = Day::of(now, &task.site.account.zone);
            self.store.count(
                &mut batch,
                account,
                campaign,
                day,
                Measure::Audience,
                meant.len() as u64,
            );
            let job = Job::Deliver {
                account: account.to_string(),
                campaign,
                run,
                chunk: state.chunks,
            };
            self.queue.push(&mut batch, self.clock.id(), &job, now);
            self.queue.later(&mut batch, leased, now.plus_ms(next_in_ms));
        }
        self.store.db.write(batch).await?;
        self.queue.announce(Notice::Work);
        Ok(())
    }

    /// Those of a page whom the push is meant for.
    async fn meant(
        &self,
        site: &Site,
        plan: &PushPlan,
        page: Vec<(Id, Ordinal)>,
        (after, to): (Vec<u8>, Vec<u8>),
    ) -> anyhow::Result<Vec<(Id, Ordinal)>> {
        if plan.audience.is_empty() || page.is_empty() {
            return Ok(page);
        }
        let now = self.clock.now();
        let known = self
            .store
            .subscribers_between(&site.account.id, after, to)
            .await?;
        Ok(page
            .into_iter()
            .filter(|(id, _)| {
                known
                    .get(id)
                    .is_some_and(|subscriber| audience::is_meant(site, &plan.audience, subscriber, now))
            })
            .collect())
    }
}

/// How many subscriptions a page has, and milliseconds until the next one.
fn pace(per_minute: Option<u32>) -> (u32, i64) {
    let Some(per_minute) = per_minute else {
        return (PAGE, 0);
    };
    let size = (per_minute / 60).clamp(1, PAGE);
    (size, i64::from(size) * 60_000 / i64::from(per_minute.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_kept() {
        assert_eq!(pace(None), (PAGE, 0));
        assert_eq!(pace(Some(1)), (1, 60_000));
        assert_eq!(pace(Some(90)), (1, 666));
        assert_eq!(pace(Some(6_000)), (100, 1_000));
        assert_eq!(pace(Some(600_000)), (500, 50));
    }
}
