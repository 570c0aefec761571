//! What did not go out when it should have: a push that was halted and goes on, a try that is repeated, is not sent in quiet hours either.
//!
//! Left out: the moments that are known when a message is made ([`crate::allot`]). Invariant: nothing is written; a message waits like one that its
//! push service does not take yet, and its time to live goes on.

use super::lives::Lives;
use super::{Delivery, Task};
use crate::store::sends::{Chunk, WaitingSend};
use campanile_core::time::Zone;

/// How late a message may be and still be what was allotted: longer than its job takes to be found.
const FRESH_MS: i64 = 60_000;

impl Delivery {
    /// Parts those of a piece that wait: those to send now, and those that wait on with the moment of each.
    pub(super) async fn part(
        &self,
        task: &Task,
        at: Chunk<'_>,
        waiting: Vec<WaitingSend>,
        lives: Lives<'_>,
    ) -> anyhow::Result<(Vec<WaitingSend>, Vec<WaitingSend>)> {
        let now = self.clock.now();
        let (mut due, mut later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|send| send.retry_at <= now);
        let Some(quiet) = task.site.account.settings.push.quiet else {
            return Ok((due, later));
        };
        let is_late =
            |send: &WaitingSend| send.attempts > 0 || now.since(send.retry_at.max(send.due_at)) > FRESH_MS;
        // One without a time to live is for whoever is there now; it says itself that it is too late.
        let waits = task.plan.push.ttl_seconds > 0 && !task.plan.send.transactional;
        if !waits || !due.iter().any(is_late) {
            return Ok((due, later));
        }
        let known = self.store.recipients(at).await?;
        let of_account = &task.site.account.zone;
        let held = due.extract_if(.., |send| {
            let zone = known
                .get(&send.subscription)
                .and_then(|subscriber| Zone::parse(&subscriber.device.state.zone));
            let end = quiet.after(now, zone.as_ref().unwrap_or(of_account));
            let expires_at = lives.end(send);
            send.retry_at = end.min(expires_at);
            end > now && now < expires_at
        });
        later.extend(held);
        Ok((due, later))
    }
}
