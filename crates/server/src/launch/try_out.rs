//! A push tried out: as it is kept, to the browsers of one person or to one of them, before anybody else gets it.
//!
//! Left out: sending (a job for each browser). Invariant: a test goes the way of every message and is counted in no report.

use super::{Launch, LaunchError, Whom};
use crate::live::Site;
use crate::queue::{Job, Notice};
use crate::store::db::Batch;
use campanile_core::FieldError;
use campanile_core::campaign::Body;
use campanile_core::id::{CampaignId, Id};

/// A test that will be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushTest {
    /// Its id, under which its answer is found.
    pub id: Id,
    /// The subscription.
    pub subscription: Id,
}

impl Launch {
    /// Sends one variant of a push (0: A) to somebody's browsers, whatever the push's status.
    pub async fn try_out(
        &self,
        site: &Site,
        campaign: CampaignId,
        variant: usize,
        whom: &Whom,
    ) -> Result<Vec<PushTest>, LaunchError> {
        let account = &site.account.id;
        let refuse =
            |field: &str, message: String| LaunchError::Fields(vec![FieldError::new(field, message)]);
        let found = self.find(account, campaign).await?;
        let Body::Push(plan) = &found.definition.body else {
            let message = "A pop-up is tried out with a link into your own page.";
            return Err(LaunchError::State(message.to_owned()));
        };
        if variant > plan.experiment.variants.len() {
            return Err(refuse(
                "variant",
                "There is no such variant: 0 is A, 1 is B.".to_owned(),
            ));
        }
        let faults = plan.variant(variant).check(plan.given());
        if !faults.is_empty() {
            return Err(LaunchError::Fields(faults));
        }
        let subscribers = self
            .behind(site, whom)
            .await?
            .map_err(|reason| refuse("to", reason))?;
        let now = self.clock.now();
        let mut batch = Batch::new("try_out");
        let mut tests = Vec::new();
        for (subscription, _) in subscribers {
            let id = self.clock.id();
            let name = plan.experiment.name(variant);
            self.store
                .insert_push_test(&mut batch, (account, campaign, name), (id, subscription), now);
            let job = Job::Test {
                account: account.to_string(),
                test: id,
            };
            self.queue.push(&mut batch, self.clock.id(), &job, now);
            tests.push(PushTest { id, subscription });
        }
        self.store.db.write(batch).await?;
        self.queue.announce(Notice::Work);
        Ok(tests)
    }
}
