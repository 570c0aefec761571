//! Impression leases: whatever browsers, tabs, networks and clocks do, nobody sees a pop-up more often than its caps say.
//!
//! A seeded world of one known person with several browsers: tabs open at the same moment, replies are lost and operations sent again, old ones
//! are replayed, storage is cleared, messages are kept for a while, shown, given back or forgotten, and views are reported late. What was
//! really seen is counted here, apart from the server. Left out: real browsers (`e2e`). Invariant of the worlds: a page shows a message only within its
//! lease, and reports a view before the lease runs out on the server.

use crate::bed::Bed;
use crate::engines;
use campanile_core::id::Id;
use campanile_core::ledger::{LEASE_MS, SHOW_WITHIN_MS};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

engines!(
    caps_are_never_exceeded,
    a_lost_reply_costs_no_slot,
    a_slot_that_is_given_back_is_free_again,
    a_forgotten_lease_runs_out,
);

const DAY_MS: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// SplitMix64: the same seed is the same world.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// A message that a tab holds and has not shown.
struct Held {
    message: Value,
    device: Id,
    session: u64,
    view: String,
    until: i64,
}

/// Something that was really seen.
struct Seen {
    at: i64,
    device: Id,
    session: u64,
    view: String,
}

struct World<'a> {
    bed: &'a Bed,
    dice: Dice,
    browsers: Vec<Id>,
    fresh: BTreeSet<Id>,
    held: Vec<Held>,
    /// Requests whose reply did not arrive: they are sent again.
    lost: Vec<(Id, Vec<Value>, i64)>,
    /// Views that are not reported yet, with the moment until which they have to be.
    unreported: Vec<(Id, Value, i64)>,
    history: Vec<(Id, Value)>,
    seen: Vec<Seen>,
    /// Impressions that a page has had: it shows each once.
    known: BTreeSet<String>,
}

impl World<'_> {
    /// What a page sends when it is opened: a browser without storage logs its visitor in first.
    fn opening(&mut self, device: Id) -> Vec<Value> {
        let mut ops = Vec::new();
        if self.fresh.remove(&device) {
            ops.push(self.bed.login("customer-1"));
        }
        ops.push(self.bed.page());
        ops
    }

    fn take(&mut self, device: Id, ops: &[Value], sent: i64, reply: &Value) {
        let view = ops.last().unwrap()["id"].as_str().unwrap().to_owned();
        for message in reply["messages"].as_array().unwrap() {
            let impression = message["impression"].as_str().unwrap().to_owned();
            if self.known.insert(impression) {
                let lease = message["leaseMs"].as_i64().unwrap();
                assert!(lease <= SHOW_WITHIN_MS);
                self.held.push(Held {
                    message: message.clone(),
                    device,
                    session: reply["session"]["number"].as_u64().unwrap(),
                    view: view.clone(),
                    until: sent + lease,
                });
            }
        }
    }

    /// Several tabs open at the same moment.
    async fn open(&mut self) {
        let tabs = 1 + self.dice.roll(3);
        let mut requests = Vec::new();
        for _ in 0..tabs {
            let device = self.browsers[self.dice.roll(self.browsers.len() as u64) as usize];
            requests.push((device, self.opening(device)));
        }
        let sent = self.bed.now();
        let bed = self.bed;
        let answers = join_all(requests.iter().map(|(device, ops)| async move {
            bed.post(Some(*device), ops, &[("view", ops.last().unwrap()["id"].clone())])
                .await
        }))
        .await;
        for ((device, ops), answer) in requests.into_iter().zip(answers) {
            assert_eq!(answer.status, 200, "{}", answer.body);
            self.history.push((device, ops.last().unwrap().clone()));
            if self.dice.roll(4) == 0 {
                self.lost.push((device, ops, sent));
            } else {
                self.take(device, &ops, sent, &answer.json());
            }
        }
    }

    async fn resend(&mut self) {
        let Some((device, ops, _)) = self.lost.pop() else {
            return;
        };
        let sent = self.bed.now();
        let view = ops.last().unwrap()["id"].clone();
        let answer = self.bed.post(Some(device), &ops, &[("view", view)]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.take(device, &ops, sent, &answer.json());
    }

    fn show(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let at = self.dice.roll(self.held.len() as u64) as usize;
        let held = self.held.swap_remove(at);
        let now = self.bed.now();
        if now > held.until {
            return;
        }
        let report = self.bed.op(
            "view",
            json!({"msg": held.message["msgId"], "impression": held.message["impression"]}),
        );
        let handed = held.until - SHOW_WITHIN_MS;
        self.unreported
            .push((held.device, report, handed + LEASE_MS - 5 * MINUTE));
        self.seen.push(Seen {
            at: now,
            device: held.device,
            session: held.session,
            view: held.view,
        });
    }

    async fn give_back(&mut self) {
        if let Some(held) = self.held.pop() {
            let op = self.bed.op(
                "return",
                json!({"msg": held.message["msgId"], "impression": held.message["impression"], "reason": "page"}),
            );
            self.bed.ring(held.device, &[op]).await;
        }
    }

    async fn report(&mut self, all: bool, before: i64) {
        let mut later = Vec::new();
        for (device, op, until) in std::mem::take(&mut self.unreported) {
            if all || until < before || self.dice.roll(2) == 0 {
                self.bed.ring(device, std::slice::from_ref(&op)).await;
                self.history.push((device, op));
            } else {
                later.push((device, op, until));
            }
        }
        self.unreported = later;
    }

    async fn replay(&mut self) {
        if self.history.is_empty() {
            return;
        }
        let at = self.dice.roll(self.history.len() as u64) as usize;
        let (device, op) = self.history[at].clone();
        self.bed.ring(device, &[op]).await;
    }

    async fn pass(&mut self) {
        let ms = match self.dice.roll(4) {
            0 => 0,
            1 => 1 + self.dice.roll(4) as i64 * MINUTE,
            2 => 10 * MINUTE + self.dice.roll(30) as i64 * MINUTE,
            _ => 60 * MINUTE + self.dice.roll(20) as i64 * 60 * MINUTE,
        };
        // A browser that is switched off for longer than a lease reports before: the bound that the guide states.
        self.report(false, self.bed.now() + ms).await;
        self.bed.pass(ms);
    }

    fn check(&self, caps: &Value, seed: u64) {
        let most = |name: &str| caps[name].as_u64().unwrap_or(u64::MAX);
        let mut days: BTreeMap<i64, u64> = BTreeMap::new();
        let mut sessions: BTreeMap<(Id, u64), u64> = BTreeMap::new();
        let mut views: BTreeMap<&str, u64> = BTreeMap::new();
        for seen in &self.seen {
            *days.entry(seen.at / DAY_MS).or_default() += 1;
            *sessions.entry((seen.device, seen.session)).or_default() += 1;
            *views.entry(&seen.view).or_default() += 1;
        }
        let worst = |counts: Vec<u64>| counts.into_iter().max().unwrap_or(0);
        assert!(
            self.seen.len() as u64 <= most("ever"),
            "seed {seed}: {} ever",
            self.seen.len()
        );
        // A message may be handed out before midnight and seen after it: it counts for the day on which it was handed out.
        assert!(
            worst(days.into_values().collect())
                <= most("day").saturating_add(u64::from(caps["day"].is_u64())),
            "seed {seed}: day"
        );
        assert!(
            worst(sessions.into_values().collect()) <= most("session"),
            "seed {seed}: session"
        );
        assert!(
            worst(views.into_values().collect()) <= most("page"),
            "seed {seed}: page"
        );
    }
}

fn popup(caps: &Value) -> Value {
    json!({"name": "Capped", "kind": "popup", "popup": {"title": "Back from the kiln"}, "caps": caps})
}

async fn caps_are_never_exceeded(bed: &Bed) {
    let caps = [
        json!({"session": null, "ever": 3}),
        json!({"session": 1, "day": 2, "ever": 9}),
        json!({"session": 2, "page": 1, "week": 6}),
        json!({"session": 1}),
    ];
    let mut shown = 0;
    for seed in 0..16_u64 {
        let caps = &caps[seed as usize % caps.len()];
        let campaign = bed.launch(popup(caps)).await;
        let browsers: Vec<Id> = (0..3).map(|_| bed.id()).collect();
        let mut world = World {
            bed,
            dice: Dice(seed),
            fresh: browsers.iter().copied().collect(),
            browsers,
            held: Vec::new(),
            lost: Vec::new(),
            unreported: Vec::new(),
            history: Vec::new(),
            seen: Vec::new(),
            known: BTreeSet::new(),
        };
        // Nobody of an earlier world.
        let who = format!("customer-{seed}");
        for device in world.browsers.clone() {
            world.fresh.remove(&device);
            bed.ring(device, &[bed.login(&who)]).await;
        }
        for _ in 0..60 {
            match world.dice.roll(12) {
                0..=3 => world.open().await,
                4 | 5 => world.resend().await,
                6 | 7 => world.show(),
                8 => world.give_back().await,
                9 => world.replay().await,
                10 => {
                    // Storage is cleared: a new device, whose visitor logs in before anything else.
                    let at = world.dice.roll(world.browsers.len() as u64) as usize;
                    let device = bed.id();
                    bed.ring(device, &[bed.login(&who)]).await;
                    world.browsers[at] = device;
                }
                _ => world.pass().await,
            }
            world.check(caps, seed);
        }
        world.report(true, 0).await;
        let counts = bed.counts(campaign).await;
        assert_eq!(
            counts["shown"],
            world.seen.len(),
            "seed {seed}: each seen one is counted once"
        );
        shown += world.seen.len();
        bed.api("POST", &format!("/campaigns/{campaign}/stop"), Value::Null, 200)
            .await;
        bed.pass(2 * DAY_MS);
    }
    assert!(
        shown > 40,
        "the worlds show too little ({shown}) to prove anything"
    );
}

async fn a_lost_reply_costs_no_slot(bed: &Bed) {
    let campaign = bed.launch(popup(&json!({"session": null, "ever": 1}))).await;
    let device = bed.id();
    let page = bed.page();
    let first = bed.ring(device, std::slice::from_ref(&page)).await;
    let again = bed.ring(device, std::slice::from_ref(&page)).await;
    assert_eq!(
        first["messages"][0]["impression"],
        again["messages"][0]["impression"]
    );
    assert_eq!(
        first["messages"][0]["msgContent"],
        again["messages"][0]["msgContent"]
    );
    assert_eq!(bed.counts(campaign).await["handed"], 1);
    // Another page has to wait for it, and after the view the replay brings nothing any more.
    assert_eq!(bed.ring(device, &[bed.page()]).await["messages"], json!([]));
    let message = &first["messages"][0];
    bed.ring(device, &[bed.reaction("view", message)]).await;
    assert_eq!(bed.ring(device, &[page]).await["messages"], json!([]));
    assert_eq!(bed.counts(campaign).await["shown"], 1);
}

async fn a_slot_that_is_given_back_is_free_again(bed: &Bed) {
    let campaign = bed.launch(popup(&json!({"session": null, "ever": 1}))).await;
    let device = bed.id();
    let message = bed.ring(device, &[bed.page()]).await["messages"][0].clone();
    let back = bed.op(
        "return",
        json!({"msg": message["msgId"], "impression": message["impression"], "reason": "page"}),
    );
    bed.ring(device, std::slice::from_ref(&back)).await;
    let second = bed.ring(device, &[bed.page()]).await["messages"][0].clone();
    assert_ne!(second["impression"], message["impression"]);
    // The same word again, or a late view of the first, frees nothing.
    bed.ring(device, &[back]).await;
    assert_eq!(bed.ring(device, &[bed.page()]).await["messages"], json!([]));
    let counts = bed.counts(campaign).await;
    assert_eq!((&counts["handed"], &counts["returned"]), (&json!(2), &json!(1)));
}

async fn a_forgotten_lease_runs_out(bed: &Bed) {
    bed.launch(popup(&json!({"session": null, "ever": 1}))).await;
    let device = bed.id();
    assert_eq!(
        bed.ring(device, &[bed.page()]).await["messages"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    bed.pass(LEASE_MS - 1);
    assert_eq!(bed.ring(device, &[bed.page()]).await["messages"], json!([]));
    bed.pass(1);
    assert_eq!(
        bed.ring(device, &[bed.page()]).await["messages"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
