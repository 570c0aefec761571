//! Who of those whom a push is meant for gets which variant, who is held back, and who waits for the winner of the test.
//!
//! Left out: drawing (`campanile_core::experiment`), deciding the test, and when each one gets it (`allot`). Invariant: each subscription of
//! the audience has one message of a run or is written down as held back, before the winner or after it; a person who has a variant keeps
//! it, whatever browser they add. Whoever subscribed during a test is not of it and gets the winner.

use crate::allot::Candidate;
use crate::store::Store;
use crate::store::db::{Batch, DbError};
use crate::store::exposures::{Part, TestRow};
use crate::store::sends::{Chunk, SendState};
use campanile_core::experiment::{CONTROL, takes_part};
use campanile_core::id::Ordinal;
use campanile_core::push_plan::PushPlan;
use campanile_core::stats::Measure;
use campanile_core::time::{Day, Timestamp, Zone};
use campanile_core::winner::{AFTER, IN_TEST, TEST_RUN};
use std::collections::{BTreeMap, HashMap};

/// What is made of a page.
#[derive(Debug, Default)]
pub struct Divided {
    /// Whom a message is meant for now, each with their variant.
    pub meant: Vec<Candidate>,
    /// The control group: written down, and sent nothing.
    held: Vec<Candidate>,
    /// People who are exposed for the first time.
    exposed: BTreeMap<Ordinal, Part>,
}

/// What one person gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Their variant, or the control group.
    pub part: Part,
    /// Whether they get anything of the campaign for the first time.
    pub is_new: bool,
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

    /// Adds a message for one person, or holds it back; says whether it will be sent.
    pub fn put(&mut self, one: Candidate, share: Option<&Share>) -> bool {
        let Some(share) = share else {
            self.meant.push(one);
            return true;
        };
        self.add(one, share.part.clone(), share.is_new);
        share.part.1 != CONTROL
    }

    /// Whether nobody is meant.
    pub fn is_empty(&self) -> bool {
        self.meant.is_empty() && self.held.is_empty()
    }

    /// People who may be exposed by now, through somebody else.
    pub fn first_seen(&self) -> Vec<Ordinal> {
        self.exposed.keys().copied().collect()
    }

    /// Somebody is exposed already.
    pub fn seen_before(&mut self, person: Ordinal) {
        self.exposed.remove(&person);
    }

    /// Writes down who is exposed and who is held back, and counts them.
    pub fn write(&self, store: &Store, batch: &mut Batch, at: Chunk<'_>, now: Timestamp, zone: &Zone) {
        let mut counts: BTreeMap<(&Part, Measure), u64> = BTreeMap::new();
        for one in &self.held {
            let Some(part) = &one.part else { continue };
            let whose = (one.subscription, one.person, Some(part));
            let held = (SendState::Held, None, "");
            store.insert_lost_send(batch, at, one.id, whose, held, now);
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

/// Divides those of a page whom the push is meant for.
pub async fn page(
    store: &Store,
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
        Some(lasting_test(store, plan, at).await?)
    };
    let test = lasting.as_ref().unwrap_or(test);
    let standings = store.standings(at, range).await?;
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

/// Divides the subscriptions of one person after their event.
pub async fn person(
    store: &Store,
    plan: &PushPlan,
    at: Chunk<'_>,
    person: Ordinal,
    meant: &[Candidate],
) -> Result<Divided, DbError> {
    let share = share(store, plan, at, person).await?;
    let mut divided = Divided::default();
    for one in meant {
        divided.put(one.clone(), share.as_ref());
    }
    Ok(divided)
}

/// What one person gets of a push that is not sent once; none where nothing is compared. The winner goes to all but the control group, whatever
/// they had before.
pub async fn share(
    store: &Store,
    plan: &PushPlan,
    at: Chunk<'_>,
    person: Ordinal,
) -> Result<Option<Share>, DbError> {
    if !plan.is_compared() {
        return Ok(None);
    }
    let test = lasting_test(store, plan, at).await?;
    let mut known = store.exposures(at.account, person).await?;
    let before = known.remove(&at.campaign).map(|known| known.part);
    let is_new = before.is_none();
    let part = before
        .and_then(|part| kept(plan, part))
        .filter(|part| test.winner.is_none() || part.1 == CONTROL)
        .or_else(|| draw(plan, &test, at, person));
    Ok(part.map(|part| Share { part, is_new }))
}

/// The test of a push that is not sent once.
async fn lasting_test(store: &Store, plan: &PushPlan, at: Chunk<'_>) -> Result<TestRow, DbError> {
    if plan.winner.is_none() {
        return Ok(TestRow::default());
    }
    let found = store.run(at.account, at.campaign, TEST_RUN).await?;
    Ok(found.map(|run| run.test).unwrap_or_default())
}
