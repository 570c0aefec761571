//! Pages through a push campaign's audience, one page a step, and watches over the run until nothing waits.
//!
//! Left out: sending. Invariant: a page's messages, its deliver job, the audience count and the cursor are one batch, guarded by the number
//! of pages made so far; so a fan-out that dies goes on where it was, and nobody is left out or taken twice.

use super::Delivery;
use crate::clock;
use crate::queue::{Job, Leased, Notice};
use crate::store::db::Batch;
use crate::store::sends::Chunk;
use campanile_core::id::{AccountId, CampaignId, Id};
use campanile_core::stats::Measure;
use campanile_core::time::Day;

/// Messages in one piece of work.
const PAGE: u32 = 500;
/// How often a run that is fanned out is looked at until it is through.
const WATCH_MS: i64 = 1_000;

impl Delivery {
    pub(super) async fn fan_out(
        &self,
        leased: &Leased,
        account: &AccountId,
        campaign: CampaignId,
        run: i64,
    ) -> anyhow::Result<()> {
        let Some((site, _)) = self.sending(account, campaign).await? else {
            return self.end(leased).await;
        };
        let Some(state) = self.store.run(account, campaign, run).await? else {
            return self.end(leased).await;
        };
        let now = self.clock.now();
        let mut batch = Batch::new("fan_out");
        if state.complete {
            if self.finish_if_through(account, campaign, run).await? {
                self.queue.done(&mut batch, leased);
            } else {
                self.queue.later(&mut batch, leased, now.plus_ms(WATCH_MS));
            }
            self.store.db.write(batch).await?;
            return Ok(());
        }
        let page = self
            .store
            .live_subscriptions(account, state.after.clone(), PAGE)
            .await?;
        let chunk = Chunk {
            account,
            campaign,
            run,
            chunk: state.chunks,
        };
        let complete = page.len() < PAGE as usize;
        let after = page.last().map_or(state.after, |(id, _)| id.bytes());
        self.store.advance_run(&mut batch, chunk, after, complete);
        for subscriber in &page {
            self.store
                .insert_send(&mut batch, chunk, Id::new(now, clock::random()), *subscriber);
        }
        if !page.is_empty() {
            let day = Day::of(now, &site.account.zone);
            self.store.count(
                &mut batch,
                account,
                campaign,
                day,
                Measure::Audience,
                page.len() as u64,
            );
            let job = Job::Deliver {
                account: account.to_string(),
                campaign,
                run,
                chunk: state.chunks,
            };
            self.queue.push(&mut batch, self.clock.id(), &job, now);
        }
        self.queue.later(&mut batch, leased, now);
        self.store.db.write(batch).await?;
        self.queue.announce(Notice::Work);
        Ok(())
    }
}
