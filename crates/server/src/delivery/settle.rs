//! What became of a piece is kept: messages settled or put off, the job ended or postponed, the push ended when all of it is through.
//!
//! Left out: what an answer means and what follows it (`campanile-core`'s `delivery`), sending.
//!
//! Invariant: what the push services answered is not forgotten while this process has the lease: a store that is away for a moment is waited
//! for, and asked again with the same batch, which the lease in it lets through once.

use super::lives::Lives;
use super::{Delivery, LEASE_MS, LOOK_EVERY, alarm};
use crate::clock;
use crate::live::Site;
use crate::queue::{Leased, Notice};
use crate::store::db::{Batch, DbError, Outcome};
use crate::store::exposures::Part;
use crate::store::sends::{Chunk, SendState, WaitingSend};
use campanile_core::delivery::{self, Answer, Next};
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::stats::Measure;
use campanile_core::time::{Day, Timestamp};
use std::collections::BTreeMap;

/// Whether the store was away, so that the same work may succeed in a moment.
pub(super) fn is_passing(fault: &anyhow::Error) -> bool {
    matches!(fault.downcast_ref(), Some(DbError::Unavailable { .. }))
}

impl Delivery {
    /// Gives a job back that a store that was away did not let end, as soon as the store answers: its lease is long, and nobody would see why
    /// a push stands still for so long.
    pub(super) async fn give_back(&self, leased: &Leased) {
        let mut batch = Batch::new("give_back");
        self.queue.later(&mut batch, leased, self.clock.now());
        // Kept or not, somebody works on it: a conflict says that another worker has it.
        let _ = self.keep(batch).await;
    }

    /// Writes, and waits for a store that is away, for as long as the lease can last and the process is not told to stop.
    async fn keep(&self, batch: Batch) -> Result<Outcome, DbError> {
        let took = clock::stopwatch();
        loop {
            let written = self.store.db.write(batch.clone()).await;
            if !matches!(written, Err(DbError::Unavailable { .. })) || took() >= LEASE_MS as u64 * 1_000 {
                return written;
            }
            tokio::select! {
                () = self.stop.cancelled() => return written,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Ends a piece of a push that was stopped: what waits stays unsent, and is counted so.
    pub(super) async fn give_up(&self, leased: &Leased, at: Chunk<'_>, site: &Site) -> anyhow::Result<()> {
        let now = self.clock.now();
        let waiting = self.store.waiting_sends(at).await?;
        let mut batch = Batch::new("give_up");
        if !waiting.is_empty() {
            self.store.give_up_piece(&mut batch, at, waiting.len(), now);
            let day = Day::of(now, &site.account.zone);
            let mut counts: BTreeMap<_, u64> = BTreeMap::new();
            for send in &waiting {
                if send.part.is_some() {
                    let whose = (send.ordinal, send.id);
                    self.store.goal_counts_from(&mut batch, at, whose, Some(now));
                }
                *counts.entry(send.part.as_ref()).or_default() += 1;
            }
            for (part, n) in counts {
                self.store
                    .count_push(&mut batch, (at, part), day, Measure::Unsent, n);
            }
        }
        self.store.piece_through(&mut batch, at);
        self.queue.done(&mut batch, leased);
        self.store.db.write(batch).await?;
        Ok(())
    }

    pub(super) async fn settle(
        &self,
        leased: &Leased,
        at: Chunk<'_>,
        site: &Site,
        outcomes: Vec<(WaitingSend, Answer)>,
        (lives, rest): (Lives<'_>, Rest),
    ) -> anyhow::Result<()> {
        let now = self.clock.now();
        let Rest {
            mut again,
            left,
            waits,
        } = rest;
        let mut batch = Batch::new("settle");
        for send in &waits {
            self.goal_waits(&mut batch, at, send);
        }
        let mut counts: BTreeMap<(Measure, Option<&Part>), u64> = BTreeMap::new();
        for (send, answer) in &outcomes {
            let state = match delivery::next(
                answer.verdict,
                send.attempts + 1,
                now,
                lives.end(send),
                clock::chance(),
            ) {
                Next::Sent => SendState::Sent,
                Next::Failed => SendState::Failed,
                Next::SetAside => {
                    self.store.set_aside(
                        &mut batch,
                        at.account,
                        (send.subscription, send.vapid_key),
                        &answer.reason,
                        now,
                    );
                    SendState::Failed
                }
                Next::Unsubscribe => {
                    self.store.remove_subscription(
                        &mut batch,
                        at.account,
                        send.subscription,
                        &answer.reason,
                        now,
                    );
                    SendState::Gone
                }
                Next::RetryAt(moment) => {
                    self.store
                        .retry_send(&mut batch, at.account, send, answer, moment);
                    self.store.note_try(&mut batch, at, send, answer, now);
                    self.goal_waits(&mut batch, at, send);
                    again = Some(again.map_or(moment, |known| known.min(moment)));
                    continue;
                }
            };
            let measure = match state {
                SendState::Sent => Measure::Sent,
                SendState::Failed => Measure::Failed,
                SendState::Gone => Measure::Gone,
                SendState::Unsent => Measure::Unsent,
                SendState::Capped => Measure::Capped,
                SendState::Held => Measure::Held,
            };
            *counts.entry((measure, send.part.as_ref())).or_default() += 1;
            self.store
                .settle_send(&mut batch, at.account, send, (state, answer), now);
            if send.attempts > 0 {
                self.store.note_try(&mut batch, at, send, answer, now);
            }
        }
        let settled: u64 = counts.values().sum();
        if settled > 0 {
            self.store.note_step(&mut batch, at, settled, now);
        }
        let day = Day::of(now, &site.account.zone);
        for ((measure, part), n) in counts {
            self.store.count_push(&mut batch, (at, part), day, measure, n);
        }
        if let Some(moment) = again {
            self.store.piece_parked(&mut batch, at, !left);
            self.queue.later(&mut batch, leased, moment);
        } else {
            self.store.piece_through(&mut batch, at);
            self.queue.done(&mut batch, leased);
        }
        let met = alarm::met(&outcomes);
        let guards: Vec<usize> = met
            .iter()
            .map(|met| self.store.note_alarm(&mut batch, at, met, (now, day)))
            .collect();
        match self.keep(batch).await? {
            Outcome::Done { stopped, .. } => {
                for (met, guard) in met.iter().zip(guards) {
                    if !stopped.contains(&guard) {
                        alarm::say(at, met, &self.metrics);
                    }
                }
            }
            // The lease ran out and another worker has this piece now; what it sends again is dropped by topic and token.
            Outcome::Conflict { .. } => {
                tracing::warn!(campaign = %at.campaign, chunk = at.chunk, "a piece was settled by another worker");
            }
        }
        if again.is_none() {
            self.finish_if_through(at.account, at.campaign, at.run).await?;
        }
        Ok(())
    }

    /// Marks the campaign as sent when nothing of the run waits any more, nor of another one.
    pub(super) async fn finish_if_through(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        run: i64,
    ) -> anyhow::Result<Through> {
        let complete = self
            .store
            .run(account, campaign, run)
            .await?
            .is_some_and(|run| run.complete);
        if !complete || self.store.run_waits(account, campaign, run).await? {
            return Ok(Through::No);
        }
        let mut batch = Batch::new("finish_push");
        self.store
            .finish_push(&mut batch, account, campaign, self.clock.now());
        self.store.bump_revision(&mut batch, account);
        let Outcome::Done { stopped, .. } = self.store.db.write(batch).await? else {
            return Ok(Through::Run);
        };
        if !stopped.is_empty() {
            return Ok(Through::Run);
        }
        self.queue.announce(Notice::Account(account.clone()));
        Ok(Through::All)
    }
}

/// What is left of a piece when its answers are settled.
pub(super) struct Rest {
    /// When it is worked on again.
    pub(super) again: Option<Timestamp>,
    /// Its time was over before all was tried.
    pub(super) left: bool,
    /// What was not tried.
    pub(super) waits: Vec<WaitingSend>,
}

/// How much of a push is through.
pub(super) enum Through {
    /// The run is not.
    No,
    /// The run is, the push is not, or was before.
    Run,
    /// All of it, just now.
    All,
}
