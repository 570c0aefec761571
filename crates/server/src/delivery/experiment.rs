//! Who of a page gets which variant of a push, who is held back, who waits for the winner of the test; and the winner.
//!
//! Left out: drawing and choosing (`campanile_core`). Invariant: each subscription of the audience has one message of a run or is written down as
//! held back, before the winner or after it; a person who has a variant keeps it in that run, whatever browser they add. Whoever subscribed
//! during the test is not of it and gets the winner.

use super::allot::Candidate;
use super::{Delivery, Task};
use crate::clock;
use crate::queue::{Job, Leased, Notice};
use crate::store::Store;
use crate::store::db::{Batch, DbError, Outcome};
use crate::store::exposures::{Part, TestRow};
use crate::store::sends::{Chunk, SendState};
use campanile_core::campaign::Status;
use campanile_core::experiment::{CONTROL, takes_part};
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::push_plan::PushPlan;
use campanile_core::stats::Measure;
use campanile_core::time::{Day, Timestamp, Zone};
use campanile_core::uplift::Group;
use campanile_core::winner::{AFTER, IN_TEST, TEST_RUN, WonBy, pick};
use std::collections::{BTreeMap, HashMap};

/// What is made of a page.
#[derive(Debug, Default)]
pub(super) struct Divided {
    /// Whom a message is meant for now, each with their variant.
    pub(super) meant: Vec<Candidate>,
    /// The control group: written down, and sent nothing.
    held: Vec<Candidate>,
    /// People who are exposed for the first time.
    exposed: BTreeMap<Ordinal, Part>,
}

impl Divided {
    /// Adds one subscription of a person under a part.
    fn add(&mut self, one: Candidate, part: Part, is_new: bool) {
        if is_new {
            self.exposed.insert(one.person, part.clone());
        }
        let is_held = part.1 == CONTROL;
        let one = Candidate {
            part: Some(part),
            ..one
        };
        if is_held {
            self.held.push(one);
        } else {
            self.meant.push(one);
        }
    }

    /// Writes down who is exposed and who is held back, and counts them.
    pub(super) fn write(&self, store: &Store, batch: &mut Batch, at: Chunk<'_>, now: Timestamp, zone: &Zone) {
        let mut counts: BTreeMap<(&Part, Measure), u64> = BTreeMap::new();
        for one in &self.held {
            let Some(part) = &one.part else { continue };
            let whose = (one.subscription, one.person, Some(part));
            let held = (SendState::Held, "");
            store.insert_lost_send(batch, at, Id::new(now, clock::random()), whose, held, now);
            *counts.entry((part, Measure::Audience)).or_default() += 1;
            *counts.entry((part, Measure::Held)).or_default() += 1;
        }
        for (person, part) in &self.exposed {
            store.expose(batch, at.account, at.campaign, (*person, part), now);
            *counts.entry((part, Measure::Exposed)).or_default() += 1;
        }
        let day = Day::of(now, zone);
        for ((part, measure), n) in counts {
            store.count_push(batch, (at, Some(part)), day, measure, n);
        }
    }
}

/// What a person had before, if there still is such a group.
fn kept(plan: &PushPlan, part: Part) -> Option<Part> {
    let is_there = if part.1 == CONTROL {
        plan.experiment.control > 0
    } else {
        plan.experiment.index(&part.1).is_some()
    };
    is_there.then_some(part)
}

/// The part of a person of whom nothing is known yet; `None`: they wait for the winner.
fn draw(plan: &PushPlan, test: &TestRow, at: Chunk<'_>, person: Ordinal) -> Option<Part> {
    let drawn = plan.experiment.draw_name(at.account, at.campaign, person);
    let revision = if test.winner.is_some() { AFTER } else { IN_TEST };
    if drawn == CONTROL {
        return Some((revision, CONTROL.to_owned()));
    }
    if let Some(winner) = &test.winner {
        return Some((AFTER, winner.clone()));
    }
    let percent = plan
        .winner
        .filter(|_| plan.is_sent_once())
        .map_or(100, |winner| winner.test_percent);
    takes_part(at.account, at.campaign, person, percent).then(|| (IN_TEST, drawn.to_owned()))
}

impl Delivery {
    /// Divides those of a page whom the push is meant for.
    pub(super) async fn divide(
        &self,
        plan: &PushPlan,
        test: &TestRow,
        at: Chunk<'_>,
        meant: Vec<Candidate>,
        range: (Vec<u8>, Vec<u8>),
    ) -> Result<Divided, DbError> {
        let mut divided = Divided::default();
        if !plan.is_compared() {
            divided.meant = meant;
            return Ok(divided);
        }
        let lasting = if plan.is_sent_once() {
            None
        } else {
            Some(self.lasting_test(plan, at).await?)
        };
        let test = lasting.as_ref().unwrap_or(test);
        let standings = self.store.standings(at, range).await?;
        // A person may have two browsers on one page.
        let mut drawn: HashMap<Ordinal, Part> = HashMap::new();
        for one in meant {
            let standing = standings.get(&one.subscription);
            if standing.is_some_and(|standing| standing.taken) {
                continue;
            }
            let before = standing.and_then(|standing| standing.part.clone());
            let is_new = before.is_none();
            let part = before
                .and_then(|part| kept(plan, part))
                .filter(|part| lasting.is_none() || test.winner.is_none() || part.1 == CONTROL)
                .or_else(|| drawn.get(&one.person).cloned())
                .or_else(|| draw(plan, test, at, one.person));
            if let Some(part) = part {
                drawn.insert(one.person, part.clone());
                divided.add(one, part, is_new);
            }
        }
        Ok(divided)
    }

    /// Divides the subscriptions of one person after their event. The winner goes to all but the control group, whatever they had before.
    pub(super) async fn divide_person(
        &self,
        plan: &PushPlan,
        at: Chunk<'_>,
        person: Ordinal,
        meant: &[Candidate],
    ) -> Result<Divided, DbError> {
        let mut divided = Divided::default();
        if !plan.is_compared() {
            divided.meant = meant.to_vec();
            return Ok(divided);
        }
        let test = self.lasting_test(plan, at).await?;
        let mut known = self.store.exposures(at.account, person).await?;
        let before = known.remove(&at.campaign).map(|known| known.part);
        let is_new = before.is_none();
        let part = before
            .and_then(|part| kept(plan, part))
            .filter(|part| test.winner.is_none() || part.1 == CONTROL)
            .or_else(|| draw(plan, &test, at, person));
        for one in meant {
            if let Some(part) = &part {
                divided.add(one.clone(), part.clone(), is_new);
            }
        }
        Ok(divided)
    }

    /// The test of a push that is not sent once.
    async fn lasting_test(&self, plan: &PushPlan, at: Chunk<'_>) -> Result<TestRow, DbError> {
        if plan.winner.is_none() {
            return Ok(TestRow::default());
        }
        let found = self.store.run(at.account, at.campaign, TEST_RUN).await?;
        Ok(found.map(|run| run.test).unwrap_or_default())
    }

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
        if !task.plan.is_sent_once() && groups.iter().any(|group| group.people == 0) {
            // Nothing was compared yet, and nobody waits: it is tried for as long again.
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
