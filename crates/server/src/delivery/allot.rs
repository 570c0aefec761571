//! Who of those whom a push is meant for gets it when: each one's own moment, quiet hours, caps.
//!
//! What is sent at once is one piece of work; what is put off is a piece for each moment, with a job that is ready then. Pieces that are put
//! off have numbers below zero and do not count as ahead of the push services: a run goes on while they wait. Left out: whom it is meant
//! for. Invariant: everybody gets a row, also whoever gets nothing, so that the audience is the sum of what became of it; what a person was
//! sent is noted in the same batch, as it was read.

use super::{Delivery, Task};
use crate::clock;
use crate::queue::Job;
use crate::store::db::Batch;
use crate::store::exposures::Part;
use crate::store::push_logs::PushLogRow;
use crate::store::sends::{Chunk, SendState};
use campanile_core::id::{Id, Ordinal};
use campanile_core::push_log::Entry;
use campanile_core::push_when::{self, Run, Turn};
use campanile_core::stats::Measure;
use campanile_core::time::{Day, Timestamp, Zone};
use std::collections::{BTreeMap, HashMap};

/// Pieces that one page is put off into at most, by their moments: more than there are subscriptions in it.
const MOMENTS: i64 = 1_000;
/// How often it is tried with fresh eyes when somebody else sends to the same people at the same moment.
pub(super) const TRIES: usize = 5;

/// Somebody whom a push is meant for.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// The subscription.
    pub(super) subscription: Id,
    /// Whose it is.
    pub(super) person: Ordinal,
    /// Their zone, as their browser last said; may be empty.
    pub(super) zone: String,
    /// Under what they are counted, where variants are compared.
    pub(super) part: Option<Part>,
}

/// Logs of those on a page, by person.
pub(super) type Logs = HashMap<Ordinal, PushLogRow>;

impl Delivery {
    /// Makes the messages of a page, and the jobs that send them. What is sent at once is the piece `at`; says whether there is any.
    pub(super) fn allot(
        &self,
        batch: &mut Batch,
        task: &Task,
        (at, began): (Chunk<'_>, Timestamp),
        meant: &[Candidate],
        logs: &mut Logs,
    ) -> bool {
        let now = self.clock.now();
        let (account, send) = (&task.site.account, &task.plan.send);
        let run = Run {
            began,
            wall: send.wall(Timestamp(at.run), &account.zone),
            ttl_seconds: task.plan.push.ttl_seconds,
        };
        let mut zones: HashMap<&str, Zone> = HashMap::new();
        let mut pieces: BTreeMap<Turn, Vec<&Candidate>> = BTreeMap::new();
        let mut counts: BTreeMap<(Option<&Part>, Measure), u64> = BTreeMap::new();
        let mut noted = Vec::new();
        for one in meant {
            let part = one.part.as_ref();
            *counts.entry((part, Measure::Audience)).or_default() += 1;
            let zone = zones
                .entry(&one.zone)
                .or_insert_with(|| Zone::parse(&one.zone).unwrap_or_else(|| account.zone.clone()));
            let turn = push_when::turn(send, &run, account.settings.push.quiet, zone, now);
            let refused = match turn {
                Err(reason) => Err((SendState::Failed, Measure::Failed, reason.to_owned())),
                Ok(turn) => {
                    let entry = Entry {
                        campaign: at.campaign,
                        run: at.run,
                        day: Day::of(turn.ready, &account.zone).number(),
                        transactional: send.transactional,
                    };
                    let known = logs.entry(one.person).or_default();
                    if known.log.has(&entry) {
                        Ok(turn)
                    } else {
                        let room = known.log.room(&entry, account.settings.push.caps, send.caps);
                        if room.is_ok() {
                            known.log.note(entry, now);
                            noted.push(one.person);
                        }
                        room.map(|()| turn)
                            .map_err(|reason| (SendState::Capped, Measure::Capped, reason))
                    }
                }
            };
            match refused {
                Ok(turn) => pieces.entry(turn).or_default().push(one),
                Err((state, measure, reason)) => {
                    let id = Id::new(now, clock::random());
                    let whose = (one.subscription, one.person, part);
                    self.store
                        .insert_lost_send(batch, at, id, whose, (state, &reason), now);
                    *counts.entry((part, measure)).or_default() += 1;
                }
            }
        }
        // In one order for all who write at once, so that none waits for the other in a ring.
        noted.sort_unstable_by_key(|person| person.0);
        for person in noted {
            if let Some(row) = logs.get(&person) {
                self.store.keep_push_log(batch, at.account, person, row);
            }
        }
        let day = Day::of(now, &account.zone);
        for ((part, measure), n) in counts {
            self.store.count_push(batch, (at, part), day, measure, n);
        }
        let mut put_off = 0;
        let mut at_once = false;
        for (turn, whose) in pieces {
            let piece = if turn.ready <= now {
                at_once = true;
                at
            } else {
                put_off += 1;
                Chunk {
                    chunk: -(at.chunk * MOMENTS + put_off),
                    ..at
                }
            };
            for one in whose {
                let id = Id::new(now, clock::random());
                let whose = (one.subscription, one.person, one.part.as_ref());
                self.store.insert_send(batch, piece, id, whose, turn);
            }
            if turn.ready > now {
                self.queue
                    .push(batch, self.clock.id(), &deliver(piece), turn.ready);
            }
        }
        if at_once {
            self.queue.push(batch, self.clock.id(), &deliver(at), now);
        }
        at_once
    }
}

fn deliver(at: Chunk<'_>) -> Job {
    Job::Deliver {
        account: at.account.to_string(),
        campaign: at.campaign,
        run: at.run,
        chunk: at.chunk,
    }
}
