//! The winner of a push's test: found when its time is over, and then for all others or for everybody.
//!
//! Left out: choosing (`campanile_core::winner`), and who gets which variant (`divide`). Invariant: a test is decided once, and what waits
//! for it goes on in the same commit.

use super::{Delivery, Task};
use crate::queue::{Job, Leased, Notice};
use crate::store::db::{Batch, DbError, Outcome};
use crate::store::sends::Chunk;
use campanile_core::campaign::Status;
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::push_plan::PushPlan;
use campanile_core::push_when;
use campanile_core::uplift::Group;
use campanile_core::winner::{IN_TEST, WonBy, pick};

impl Delivery {
    /// Decides a test, if it is still to be decided.
    pub(super) async fn decide_test(
        &self,
        leased: &Leased,
        account: &AccountId,
        (campaign, run): (CampaignId, i64),
    ) -> anyhow::Result<()> {
        let Some(task) = self.task(account, campaign).await? else {
            return self.end(leased).await;
        };
        let found = self.store.run(account, campaign, run).await?;
        let goes_on = task.status.is_sending() || task.status == Status::Paused;
        let (Some(row), Some(winner), true) = (found, task.plan.winner, goes_on) else {
            return self.end(leased).await;
        };
        let now = self.clock.now();
        let mut batch = Batch::new("decide_test");
        match row.test.ends {
            // Stopped and started again meanwhile: the test has begun anew.
            Some(ends) if row.test.winner.is_none() && ends > now => {
                self.queue.later(&mut batch, leased, ends);
                self.store.db.write(batch).await?;
                return Ok(());
            }
            Some(_) if row.test.winner.is_none() => {}
            _ => return self.end(leased).await,
        }
        let at = Chunk {
            account,
            campaign,
            run,
            chunk: row.chunks,
        };
        let groups = self.groups(&task.plan, account, campaign, winner.by).await?;
        let nothing_yet = groups.iter().any(|group| group.people == 0);
        let unsent = if task.plan.is_sent_once() {
            // The test itself waits: for somebody who resumes it, for the end of quiet hours, for a push service. Not for ever.
            let lives = push_when::expires_at(&task.plan.send, task.plan.push.ttl_seconds, row.started_at);
            (nothing_yet || task.status == Status::Paused)
                && now < lives
                && self.store.run_waits(account, campaign, run).await?
        } else {
            nothing_yet
        };
        if unsent {
            // Nothing was compared yet: it is tried for as long again.
            let ends = now.plus_ms(winner.after_ms());
            self.store.end_test(&mut batch, at, ends);
            self.queue.later(&mut batch, leased, ends);
            self.store.db.write(batch).await?;
            return Ok(());
        }
        let name = task.plan.experiment.name(pick(&groups).0).to_owned();
        let by = match winner.by {
            WonBy::Click => "click",
            WonBy::Goal => "goal",
        };
        self.store
            .decide_winner(&mut batch, at, &row.test, (&name, by), now);
        if task.plan.is_sent_once() {
            let job = Job::FanOut {
                account: account.to_string(),
                campaign,
                run,
            };
            self.queue.push(&mut batch, self.clock.id(), &job, now);
        }
        self.queue.done(&mut batch, leased);
        if let Outcome::Done { .. } = self.store.db.write(batch).await? {
            tracing::info!(%campaign, winner = name, by, "the test of a push is decided");
            self.queue.announce(Notice::Work);
        }
        Ok(())
    }

    /// What is compared of each variant in the test.
    async fn groups(
        &self,
        plan: &PushPlan,
        account: &AccountId,
        campaign: CampaignId,
        by: WonBy,
    ) -> Result<Vec<Group>, DbError> {
        let counts = self.store.variants(account, campaign).await?;
        let experiment = &plan.experiment;
        Ok((0..=experiment.variants.len())
            .map(|index| {
                let of = (IN_TEST, experiment.name(index).to_owned());
                by.group(&counts.get(&of).copied().unwrap_or_default())
            })
            .collect())
    }

    /// Ends the sending of a test: from the last of its messages on its time runs.
    pub(super) async fn await_winner(
        &self,
        leased: &Leased,
        task: &Task,
        at: Chunk<'_>,
    ) -> anyhow::Result<bool> {
        let Some(winner) = task.plan.winner else {
            return Ok(false);
        };
        let now = self.clock.now();
        let last = self.store.last_put_off(at.account, at.campaign, at.run).await?;
        let ends = last.unwrap_or(now).max(now).plus_ms(winner.after_ms());
        let mut batch = Batch::new("await_winner");
        self.store.end_test(&mut batch, at, ends);
        let job = Job::Winner {
            account: at.account.to_string(),
            campaign: at.campaign,
            run: at.run,
        };
        self.queue.push(&mut batch, self.clock.id(), &job, ends);
        self.queue.done(&mut batch, leased);
        Ok(!self.store.db.write(batch).await?.is_conflict())
    }
}
