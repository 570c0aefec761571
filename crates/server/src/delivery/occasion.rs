//! A push that follows an event: makes the messages of the person who did it, when they are due.
//!
//! Whether it is due at all is asked here and not when the event came, so that what was done meanwhile counts. Left out: sending. Invariant:
//! a message is keyed by campaign, the event's moment and subscription, so a job that runs twice makes it once.

use super::Delivery;
use crate::allot::{Candidate, TRIES};
use crate::audience;
use crate::clock;
use crate::divide;
use crate::queue::{Leased, Notice};
use crate::store::db::{Batch, Outcome};
use crate::store::sends::Chunk;
use campanile_core::campaign::Status;
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::notification::Given;
use campanile_core::push_plan::OnEvent;
use campanile_core::time::Timestamp;

/// How late a push may be for its event: what a browser kept to itself for longer is not news any more.
const LATEST_MS: i64 = 24 * 60 * 60 * 1000;

/// How long after its event a message is kept: as long as it keeps its person from another one, and as long as a browser may show it and
/// `reports_ms` later say so.
pub(super) fn kept_ms(on_event: &OnEvent, ttl_seconds: u32, reports_ms: i64) -> i64 {
    let sent_ms = i64::from(on_event.after_minutes) * 60_000 + LATEST_MS;
    sent_ms
        + on_event
            .silence_ms()
            .max(i64::from(ttl_seconds) * 1000 + reports_ms)
}

impl Delivery {
    pub(super) async fn occasion(
        &self,
        leased: &Leased,
        account: &AccountId,
        campaign: CampaignId,
        (person, at): (Ordinal, Timestamp),
    ) -> anyhow::Result<()> {
        let Some(task) = self.task(account, campaign).await? else {
            return self.end(leased).await;
        };
        let Some(on_event) = task
            .plan
            .on_event
            .as_ref()
            .filter(|_| task.status == Status::Running)
        else {
            return self.end(leased).await;
        };
        // Who it was may be known by another number since.
        let Some(profile) = self.store.profile(account, person).await? else {
            return self.end(leased).await;
        };
        let (person_then, person) = (person, profile.ordinal);
        let now = self.clock.now();
        let is_late = now.since(on_event.due(at)) > LATEST_MS;
        if is_late || is_needless(on_event, &profile.activity, at) {
            return self.end(leased).await;
        }
        let subscribers: Vec<_> = self
            .store
            .subscribers_of(account, person)
            .await?
            .into_iter()
            .filter(|(_, subscriber)| audience::is_meant(&task.site, &task.plan.audience, subscriber, now))
            .collect();
        if subscribers.is_empty() {
            return self.end(leased).await;
        }
        let event = self
            .store
            .event_at(account, person_then, (&on_event.event, at))
            .await?;
        let given = Given::Event {
            name: on_event.event.clone(),
            props: event.unwrap_or_default(),
        };
        let meant: Vec<Candidate> = subscribers
            .into_iter()
            .map(|(subscription, subscriber)| Candidate {
                id: Id::new(now, clock::random()),
                subscription,
                person,
                zone: subscriber.device.state.zone,
                given: Some(given.clone()),
                part: None,
            })
            .collect();
        let piece = Chunk {
            account,
            campaign,
            run: at.ms(),
            chunk: i64::from(person.0),
        };
        for _ in 0..TRIES {
            // Asked after the log was read: whoever sends to this person meanwhile changes it, and this batch is not written.
            let mut logs = self.store.push_logs(account, &[person]).await?;
            if self
                .is_left_alone(account, campaign, on_event, (person, at))
                .await?
            {
                return self.end(leased).await;
            }
            let divided = divide::person(&self.store, &task.plan, piece, person, &meant).await?;
            let mut batch = Batch::new("occasion");
            self.store
                .insert_run(&mut batch, account, campaign, piece.run, now);
            divided.write(&self.store, &mut batch, piece, now, &task.site.account.zone);
            self.allotment(&task)
                .make(&mut batch, (piece, now), &divided.meant, &mut logs);
            self.queue.done(&mut batch, leased);
            if let Outcome::Done { .. } = self.store.db.write(batch).await? {
                self.queue.announce(Notice::Work);
                return Ok(());
            }
        }
        // Others sent to the same person each time: it is soon tried again, not when the lease ends.
        let mut again = Batch::new("occasion_again");
        self.queue.later(&mut again, leased, now);
        self.store.db.write(again).await?;
        Ok(())
    }

    /// Whether the person gets this push for another event not long before or after, or for another one of the same moment.
    async fn is_left_alone(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        on_event: &OnEvent,
        (person, at): (Ordinal, Timestamp),
    ) -> anyhow::Result<bool> {
        let silence_ms = on_event.silence_ms().max(1);
        let between = (at.plus_ms(-silence_ms), at.plus_ms(silence_ms));
        Ok(self
            .store
            .has_occasion(account, campaign, person, between)
            .await?)
    }
}

/// Whether something was done since that makes the push needless.
fn is_needless(on_event: &OnEvent, activity: &campanile_core::activity::Activity, at: Timestamp) -> bool {
    let done = on_event.unless.as_ref().and_then(|name| activity.of(name));
    done.is_some_and(|done| done.last >= at)
}
