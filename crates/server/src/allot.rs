//! Who of those whom a push is meant for gets it when: each one's own moment, quiet hours, caps.
//!
//! What is sent at once is one piece of work; what is put off is a piece for each moment, with a job that is ready then. Pieces that are put
//! off have numbers below zero and do not count as ahead of the push services: a run goes on while they wait. Left out: whom it is meant
//! for. Invariant: everybody gets a row, also whoever gets nothing, so that the audience is the sum of what became of it; what a person was
//! sent is noted in the same batch, as it was read.

use crate::clock::Clock;
use crate::live::Site;
use crate::queue::{Job, Queue};
use crate::store::Store;
use crate::store::db::Batch;
use crate::store::exposures::Part;
use crate::store::push_logs::PushLogRow;
use crate::store::sends::{Chunk, SendState};
use campanile_core::cause::Cause;
use campanile_core::id::{Id, Ordinal};
use campanile_core::notification::Given;
use campanile_core::push_log::Entry;
use campanile_core::push_plan::PushPlan;
use campanile_core::push_when::{self, Run, Turn};
use campanile_core::stats::Measure;
use campanile_core::time::{Day, Timestamp, Zone};
use std::collections::{BTreeMap, HashMap};

/// Pieces that one page is put off into at most, by their moments: more than there are subscriptions in it.
const MOMENTS: i64 = 1_000;
/// How often it is tried with fresh eyes when somebody else sends to the same people at the same moment.
pub const TRIES: usize = 5;

/// Somebody whom a push is meant for.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The message's id.
    pub id: Id,
    /// The subscription.
    pub subscription: Id,
    /// Whose it is.
    pub person: Ordinal,
    /// Their zone, as their browser last said; may be empty.
    pub zone: String,
    /// What the texts are told beside the person.
    pub given: Option<Given>,
    /// Under what they are counted, where variants are compared.
    pub part: Option<Part>,
}

/// Logs of those on a page, by person.
pub type Logs = HashMap<Ordinal, PushLogRow>;

/// What came of a page.
#[derive(Debug, Default)]
pub struct Made {
    /// Whether anything of it is sent at once.
    pub at_once: bool,
    /// Messages that nobody gets, and why.
    pub lost: Vec<(Id, String)>,
}

/// A push, and what its messages are made with.
#[derive(Clone, Copy)]
pub struct Allotment<'a> {
    /// Where they are kept.
    pub store: &'a Store,
    /// Where the jobs that send them wait.
    pub queue: &'a Queue,
    /// What time it is.
    pub clock: &'a Clock,
    /// Whose push it is.
    pub site: &'a Site,
    /// The push.
    pub plan: &'a PushPlan,
}

impl Allotment<'_> {
    /// Makes the messages of a page, and the jobs that send them. What is sent at once is the piece `at`.
    pub fn make(
        &self,
        batch: &mut Batch,
        (at, began): (Chunk<'_>, Timestamp),
        meant: &[Candidate],
        logs: &mut Logs,
    ) -> Made {
        let now = self.clock.now();
        let (account, send) = (&self.site.account, &self.plan.send);
        let run = Run {
            began,
            wall: send.wall(Timestamp(at.run), &account.zone),
            ttl_seconds: self.plan.push.ttl_seconds,
        };
        let mut zones: HashMap<&str, Zone> = HashMap::new();
        let mut pieces: BTreeMap<Turn, Vec<&Candidate>> = BTreeMap::new();
        let mut counts: BTreeMap<(Option<&Part>, Measure), u64> = BTreeMap::new();
        let mut made = Made::default();
        let mut noted = Vec::new();
        for one in meant {
            let part = one.part.as_ref();
            *counts.entry((part, Measure::Audience)).or_default() += 1;
            let zone = zones
                .entry(&one.zone)
                .or_insert_with(|| Zone::parse(&one.zone).unwrap_or_else(|| account.zone.clone()));
            let turn = push_when::turn(send, &run, account.settings.push.quiet, zone, now);
            let refused = match turn {
                Err((cause, reason)) => Err((SendState::Failed, Measure::Failed, cause, reason.to_owned())),
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
                        // What no cap ever asks about takes no room from what one does.
                        if room.is_ok() && (!send.transactional || !send.caps.is_none()) {
                            known.log.note(entry, now);
                            noted.push(one.person);
                        }
                        room.map(|()| turn)
                            .map_err(|reason| (SendState::Capped, Measure::Capped, Cause::Capped, reason))
                    }
                }
            };
            match refused {
                Ok(turn) => pieces.entry(turn).or_default().push(one),
                Err((state, measure, cause, reason)) => {
                    let whose = (one.subscription, one.person, part);
                    let lost = (state, Some(cause), reason.as_str());
                    self.store.insert_lost_send(batch, at, one.id, whose, lost, now);
                    if part.is_some() {
                        // Nothing more will become of it, and the groups stay alike.
                        self.store
                            .goal_counts_from(batch, at, (one.person, one.id), Some(now));
                    }
                    *counts.entry((part, measure)).or_default() += 1;
                    made.lost.push((one.id, reason));
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
        for (turn, whose) in pieces {
            let piece = if turn.ready <= now {
                made.at_once = true;
                at
            } else {
                put_off += 1;
                Chunk {
                    chunk: -(at.chunk * MOMENTS + put_off),
                    ..at
                }
            };
            for one in whose {
                let whose = (one.subscription, one.person, one.part.as_ref());
                self.store.insert_send(batch, piece, one.id, whose, turn);
                if let Some(given) = &one.given {
                    self.store.give(batch, at.account, one.id, given);
                }
            }
            if turn.ready > now {
                self.queue
                    .push(batch, self.clock.id(), &deliver(piece), turn.ready);
            }
        }
        if made.at_once {
            self.queue.push(batch, self.clock.id(), &deliver(at), now);
        }
        made
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
