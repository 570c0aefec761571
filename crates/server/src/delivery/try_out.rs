//! A test of a push: the same message, encrypted, signed, paced and posted as every other, to one browser, once.
//!
//! Left out: who gets one (`launch`). Invariant: it is counted in no report, and what its push service says of the subscription is believed
//! all the same.

use super::post::Bounds;
use super::{BEGIN_FOR, Delivery, Letters, NOT_TAKEN_MS, Task, Tried};
use crate::queue::Leased;
use crate::store::db::Batch;
use crate::store::push_tests::PushTestRow;
use crate::store::sends::Chunk;
use campanile_core::delivery::{self, Next};
use campanile_core::id::{AccountId, Id};
use campanile_core::notification::{Given, PreparedPush};
use std::collections::HashMap;

/// The least time to live of a test: whoever sends one looks at the browser.
const LEAST_TTL_SECONDS: u32 = 60;

impl Delivery {
    pub(super) async fn send_test(&self, leased: &Leased, account: &AccountId, id: Id) -> anyhow::Result<()> {
        let test = self.store.push_test(account, id).await?;
        let task = match &test {
            Some(test) if test.state == "waiting" => self.task(account, test.campaign).await?,
            _ => None,
        };
        let (Some(test), Some(task)) = (test, task) else {
            return self.end(leased).await;
        };
        let mut batch = Batch::new("send_test");
        let now = self.clock.now();
        let (state, status, reason) = match self.post_test(account, &test, &task).await? {
            Tried::Answered(answer) => {
                // One try: whoever waits for the answer is told what stands in the way rather than asked to wait.
                let state = match delivery::next(answer.verdict, 1, now, now, 0) {
                    Next::Sent => "sent",
                    Next::Failed | Next::RetryAt(_) => "failed",
                    Next::SetAside => {
                        let known = (test.send.subscription, test.send.vapid_key);
                        self.store
                            .set_aside(&mut batch, account, known, &answer.reason, now);
                        "failed"
                    }
                    Next::Unsubscribe => {
                        let id = test.send.subscription;
                        self.store
                            .remove_subscription(&mut batch, account, id, &answer.reason, now);
                        "gone"
                    }
                };
                (state, answer.status, answer.reason)
            }
            Tried::Held(_) => {
                let reason = "its push service takes no messages now; try again in a while";
                ("failed", None, reason.to_owned())
            }
            Tried::Left => {
                self.queue.later(&mut batch, leased, now.plus_ms(NOT_TAKEN_MS));
                self.store.db.write(batch).await?;
                return Ok(());
            }
        };
        self.store
            .settle_push_test(&mut batch, account, id, (state, status, &reason));
        self.queue.done(&mut batch, leased);
        self.store.db.write(batch).await?;
        Ok(())
    }

    async fn post_test(&self, account: &AccountId, test: &PushTestRow, task: &Task) -> anyhow::Result<Tried> {
        let plan = &task.plan;
        let index = plan.experiment.index(&test.variant).unwrap_or(0);
        let mut message = plan.variant(index).clone();
        message.ttl_seconds = message.ttl_seconds.max(LEAST_TTL_SECONDS);
        let prepared = PreparedPush::new(&message)
            .map_err(|fault| anyhow::anyhow!("a push that was checked cannot be prepared: {fault}"))?;
        let subscription = test.send.subscription;
        let mut known: HashMap<_, _> = self
            .store
            .subscribers_of(account, test.send.ordinal)
            .await?
            .into_iter()
            .collect();
        known.retain(|id, _| *id == subscription);
        let given = match (&plan.on_event, &plan.on_request) {
            (_, Some(request)) => Some(Given::Data(request.sample.clone())),
            (Some(on_event), None) => Some(Given::Event {
                name: on_event.event.clone(),
                props: serde_json::Map::new(),
            }),
            (None, None) => None,
        };
        let letters = Letters {
            prepared: vec![(test.variant.clone(), prepared)],
            known,
            given: given.map(|given| (subscription, given)).into_iter().collect(),
            until: None,
            tag: Some(format!("campanile-test-{}", test.send.id)),
        };
        let at = Chunk {
            account,
            campaign: test.campaign,
            run: test.made_at.ms(),
            chunk: 0,
        };
        let bounds = Bounds {
            halt: self.stop.child_token(),
            until: tokio::time::Instant::now() + BEGIN_FOR,
        };
        let expires_at = self.clock.now().plus_ms(i64::from(message.ttl_seconds) * 1000);
        let lane = self.pace.lane(test.send.endpoint.origin());
        let tried = self
            .send(&task.site, &letters, at, &test.send, expires_at, (&lane, &bounds))
            .await;
        lane.through();
        Ok(tried)
    }
}
