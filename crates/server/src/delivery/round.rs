//! A round of a push that comes again: begins its run, and sets the next one.
//!
//! Left out: fanning out, which is that of any run. Invariant: a round, its fan-out and the next round's job are one batch, so that none is
//! left out or begun twice; a job that is left of an earlier start finds that it is, by the moment of the start.

use super::Delivery;
use crate::queue::{Job, Leased, Notice};
use crate::store::db::Batch;
use campanile_core::campaign::Status;
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::push_when::{Clocks, LATEST_MS};
use campanile_core::time::Timestamp;

/// By the recipients' clocks a round lasts so long: from where its time comes first on Earth to where it comes last.
const AROUND_MS: i64 = 26 * 60 * 60 * 1000;

/// Which round of which start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    /// When the push was started.
    pub(super) since: Timestamp,
    /// Its moment.
    pub(super) at: Timestamp,
    /// Its number, from 1.
    pub(super) number: u32,
}

impl Delivery {
    pub(super) async fn round(
        &self,
        leased: &Leased,
        account: &AccountId,
        campaign: CampaignId,
        round: Round,
    ) -> anyhow::Result<()> {
        let Some(task) = self.task(account, campaign).await? else {
            return self.end(leased).await;
        };
        let send = &task.plan.send;
        if task.since != Some(round.since) || send.repeat.is_none() {
            return self.end(leased).await;
        }
        let now = self.clock.now();
        match task.status {
            Status::Running => {}
            Status::Paused => return self.wait(leased).await,
            _ => return self.end(leased).await,
        }
        let grace = match send.zone {
            Clocks::Account => LATEST_MS,
            Clocks::Recipient => LATEST_MS + AROUND_MS,
        };
        let missed = now.since(round.at) > grace;
        let next = send.round_after(round.at, round.number, &task.site.account.zone);
        let mut batch = Batch::new("round");
        self.store
            .insert_round(&mut batch, (account, campaign), round.at, missed, now);
        if !missed {
            let job = Job::FanOut {
                account: account.to_string(),
                campaign,
                run: round.at.ms(),
            };
            self.queue.push(&mut batch, self.clock.id(), &job, now);
        }
        if let Some(next) = next {
            let job = Job::Round {
                account: account.to_string(),
                campaign,
                since: round.since,
                at: next,
                number: round.number + 1,
            };
            self.queue.push(&mut batch, self.clock.id(), &job, next);
        } else {
            self.store
                .begin_last_round(&mut batch, account, campaign, missed, now);
            self.store.bump_revision(&mut batch, account);
        }
        self.queue.done(&mut batch, leased);
        self.store.db.write(batch).await?;
        self.queue.announce(Notice::Account(account.clone()));
        self.queue.announce(Notice::Work);
        Ok(())
    }
}
