//! The test of a push's variants: begun with the push where it is not sent once, and decided by hand.
//!
//! Left out: the automatic decision and what follows it (delivery). Invariant: a test is decided once; what waits for it goes on in the same
//! commit.

use super::{Launch, LaunchError};
use crate::queue::{Job, Notice};
use crate::store::db::{Batch, Outcome};
use crate::store::sends::Chunk;
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Campaign, Status};
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::time::Timestamp;
use campanile_core::winner::TEST_RUN;

/// Tries while the push is being paged through.
const TRIES: usize = 20;

impl Launch {
    /// Begins the test of a push that goes on or comes again; that of one that is sent once begins when it is out.
    pub(super) fn begin_test(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        campaign: &Campaign,
        first: Timestamp,
    ) {
        let Body::Push(plan) = &campaign.definition.body else {
            return;
        };
        let Some(winner) = plan.winner.filter(|_| !plan.is_sent_once()) else {
            return;
        };
        let ends = first.plus_ms(winner.after_ms());
        self.store
            .begin_test(batch, account, campaign.id, (self.clock.now(), ends));
        let job = Job::Winner {
            account: account.to_string(),
            campaign: campaign.id,
            run: TEST_RUN,
        };
        self.queue.push(batch, self.clock.id(), &job, ends);
    }

    /// Lets a variant win before the test has decided: all others get it now, or everybody from now on.
    pub async fn choose_winner(
        &self,
        account: &AccountId,
        id: CampaignId,
        name: &str,
    ) -> Result<Campaign, LaunchError> {
        let refuse = |message: &str| Err(LaunchError::State(message.to_owned()));
        for _ in 0..TRIES {
            let campaign = self.find(account, id).await?;
            let Body::Push(plan) = &campaign.definition.body else {
                return refuse("A pop-up has no test to decide. Change the shares of its variants.");
            };
            if plan.winner.is_none() {
                return refuse("This push has no test: each variant goes to its share of the people.");
            }
            if plan.experiment.index(name).is_none() {
                let message = format!("There is no variant “{name}”. Write the name of one, such as A.");
                return Err(LaunchError::Fields(vec![FieldError::new("variant", message)]));
            }
            if !campaign.status.is_sending() && campaign.status != Status::Paused {
                return refuse("This push does not run, so there is nothing to decide.");
            }
            let Some((run, row)) = self.store.test_run(account, id).await? else {
                return refuse("This push has not begun, so there is nothing to decide.");
            };
            if let Some(winner) = &row.test.winner {
                return Err(LaunchError::State(format!(
                    "Variant {winner} has won already; it stays so."
                )));
            }
            let at = Chunk {
                account,
                campaign: id,
                run,
                chunk: row.chunks,
            };
            let now = self.clock.now();
            let mut batch = Batch::new("choose_winner");
            self.store
                .decide_winner(&mut batch, at, &row.test, (name, "hand"), now);
            // While the test is still going out its own fan-out goes on with the others.
            if plan.is_sent_once() && row.test.ends.is_some() {
                let job = Job::FanOut {
                    account: account.to_string(),
                    campaign: id,
                    run,
                };
                self.queue.push(&mut batch, self.clock.id(), &job, now);
            }
            if let Outcome::Done { .. } = self.store.db.write(batch).await? {
                self.queue.announce(Notice::Work);
                return Ok(campaign);
            }
        }
        Err(LaunchError::Changed)
    }
}
