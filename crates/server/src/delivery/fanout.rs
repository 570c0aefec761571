//! Pages through a push campaign's audience, one page a step, and watches over the run until nothing waits.
//!
//! It keeps only a little ahead of the sending, so that a push can be halted, slowed and stopped at any moment. Left out: sending. Invariant:
//! a page's messages, its deliver job, the audience count and the cursor are one batch, guarded by the number of pages made so far; so a
//! fan-out that dies goes on where it was, and nobody is left out or taken twice.

use super::settle::Through;
use super::{Delivery, Task};
use crate::allot::{Candidate, TRIES};
use crate::queue::{Leased, Notice};
use crate::store::db::Batch;
use crate::store::sends::{Chunk, RunRow};
use crate::{audience, clock, divide, live::Site};
use campanile_core::campaign::Status;
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::push_plan::PushPlan;
use campanile_core::push_when::Clocks;

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
        if task.since.is_some_and(|since| state.started_at < since) {
            // The push was stopped and started again meanwhile.
            return self.end(leased).await;
        }
        let now = self.clock.now();
        let mut batch = Batch::new("fan_out");
        match task.status {
            Status::Sending => {}
            Status::Running if task.plan.send.repeat.is_some() => {}
            Status::Scheduled if state.started_at <= now => {
                self.store.begin_push(&mut batch, account, campaign, now);
                self.store.bump_revision(&mut batch, account);
                self.queue.later(&mut batch, leased, now);
                self.store.db.write(batch).await?;
                self.queue.announce(Notice::Account(account.clone()));
                return Ok(());
            }
            Status::Paused => return self.wait(leased).await,
            _ => return self.end(leased).await,
        }
        if state.test.awaits_winner(&task.plan) {
            return self.end(leased).await;
        }
        if state.complete {
            // Of a push that is on its last round an earlier one may not be through: somebody has to look until all are.
            let ends = match self.finish_if_through(account, campaign, run).await? {
                Through::All => true,
                Through::Run => task.status == Status::Running,
                Through::No => false,
            };
            if ends {
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
        let mut state = state;
        for _ in 0..TRIES {
            if self
                .take_page(leased, &task, (account, campaign, run), &state)
                .await?
            {
                self.queue.announce(Notice::Work);
                return Ok(());
            }
            // Somebody sent to one of its people at the same moment, or chose the winner of its test.
            match self.store.run(account, campaign, run).await? {
                Some(fresh) if !fresh.complete && !fresh.test.awaits_winner(&task.plan) => state = fresh,
                _ => break,
            }
        }
        let mut again = Batch::new("fan_out_again");
        self.queue.later(&mut again, leased, now);
        self.store.db.write(again).await?;
        self.queue.announce(Notice::Work);
        Ok(())
    }

    /// Takes the next page of the audience. Says whether it did; if not, somebody else sent to one of its people at the same moment, or has
    /// this job now.
    async fn take_page(
        &self,
        leased: &Leased,
        task: &Task,
        (account, campaign, run): (&AccountId, CampaignId, i64),
        state: &RunRow,
    ) -> anyhow::Result<bool> {
        let now = self.clock.now();
        let (size, next_in_ms) = pace(task.plan.send.per_minute);
        let page = self
            .store
            .live_subscriptions(account, state.after.clone(), size)
            .await?;
        let at = Chunk {
            account,
            campaign,
            run,
            chunk: state.chunks,
        };
        let complete = page.len() < size as usize;
        let is_testing =
            task.plan.winner.is_some() && task.plan.is_sent_once() && state.test.winner.is_none();
        if is_testing && page.is_empty() {
            return self.await_winner(leased, task, at).await;
        }
        let after = page
            .last()
            .map_or_else(|| state.after.clone(), |(id, _)| id.bytes());
        let range = (state.after.clone(), after.clone());
        let mut logs = self
            .store
            .push_logs_between(account, range.0.clone(), range.1.clone())
            .await?;
        let meant = self.meant(&task.site, &task.plan, page, range.clone()).await?;
        let is_none = meant.is_empty();
        let divided = divide::page(&self.store, &task.plan, &state.test, at, meant, range).await?;
        let mut batch = Batch::new("fan_out");
        self.store
            .advance_run(&mut batch, at, after, complete && !is_testing);
        divided.write(&self.store, &mut batch, at, now, &task.site.account.zone);
        let began = state.began(at.chunk);
        let made = self
            .allotment(task)
            .make(&mut batch, (at, began), &divided.meant, &mut logs);
        if !made.at_once {
            self.store.piece_through(&mut batch, at);
        }
        let pause = if is_none { 0 } else { next_in_ms };
        self.queue.later(&mut batch, leased, now.plus_ms(pause));
        Ok(!self.store.db.write(batch).await?.is_conflict())
    }

    /// Those of a page whom the push is meant for.
    async fn meant(
        &self,
        site: &Site,
        plan: &PushPlan,
        page: Vec<(Id, Ordinal)>,
        (after, to): (Vec<u8>, Vec<u8>),
    ) -> anyhow::Result<Vec<Candidate>> {
        // Where everybody gets it and nothing depends on their zone, nothing is read of them.
        let by_zone = plan.send.zone == Clocks::Recipient
            || (site.account.settings.push.quiet.is_some() && !plan.send.transactional);
        let now = self.clock.now();
        let candidate = |subscription, person, zone| Candidate {
            id: Id::new(now, clock::random()),
            subscription,
            person,
            zone,
            given: None,
            part: None,
        };
        if (plan.audience.is_empty() && !by_zone) || page.is_empty() {
            let bare = |(subscription, person)| candidate(subscription, person, String::new());
            return Ok(page.into_iter().map(bare).collect());
        }
        let known = self
            .store
            .subscribers_between(&site.account.id, after, to)
            .await?;
        let meant = page.into_iter().filter_map(|(subscription, person)| {
            let subscriber = known.get(&subscription)?;
            audience::is_meant(site, &plan.audience, subscriber, now)
                .then(|| candidate(subscription, person, subscriber.device.state.zone.clone()))
        });
        Ok(meant.collect())
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
