//! A hundred thousand recipients, and everything that goes wrong meanwhile: faults of the push services, processes that are killed, a
//! database that is restarted, two servers at one store.
//!
//! Randomness comes from a seed that is printed; `CAMPANILE_TEST_SEED` repeats it. Left out: single answers ([`crate::faults`]). Invariant:
//! nobody is left out, each browser shows the message once, and the sums add up.

use crate::bed::{Bed, Left, START};
use crate::faults::{later, status};
use crate::led::Led;
use crate::pushes::{counts, push, vapid};
use campanile_core::id::Ordinal;
use campanile_core::subscription::{Endpoint, Keys};
use campanile_lab::{Rule, Service, VirtualBrowser};
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::time::Duration;

const EVERYBODY: usize = 100_000;
/// How long one wait for a condition may take.
const PATIENCE: Duration = Duration::from_secs(400);
/// Longer than a lease, in milliseconds: what a dead process had in hand is free.
const AFTER_LEASE: i64 = 121_000;

/// Random numbers from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    #[expect(clippy::print_stderr, reason = "whoever sees the test fail needs its seed")]
    fn new() -> Self {
        let seed = std::env::var("CAMPANILE_TEST_SEED").map_or_else(
            |_| u64::from_be_bytes(campanile::clock::random()),
            |text| text.parse().unwrap(),
        );
        eprintln!("CAMPANILE_TEST_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// Moments in order, as numbers of messages.
    fn moments(&mut self, count: usize, before: usize) -> Vec<u64> {
        let mut moments: Vec<u64> = (0..count).map(|_| 1 + self.below(before as u64)).collect();
        moments.sort_unstable();
        moments
    }
}

/// Puts subscriptions into the store as intake would: by hundreds in a batch, for it is not intake that is looked at.
async fn enrol(bed: &Bed, browsers: &[VirtualBrowser]) {
    use campanile::store::db::Batch;
    use campanile::store::subscriptions::SubscriptionRow;
    let app = &bed.running.app;
    let account = campanile_core::id::AccountId::parse(crate::bed::ACCOUNT).unwrap();
    let vapid_key = app
        .live
        .site(&account)
        .unwrap()
        .current_key("Firefox")
        .unwrap()
        .id;
    let mut number = 0;
    for piece in browsers.chunks(1_000) {
        let mut batch = Batch::new("enrol");
        for browser in piece {
            let subscription = browser.subscription();
            let key = |name: &str| subscription["keys"][name].as_str().unwrap();
            number += 1;
            let keys = Keys::parse(key("p256dh"), key("auth")).unwrap();
            let row = SubscriptionRow {
                id: bed.id(),
                device: None,
                ordinal: Ordinal(number),
                endpoint: Endpoint::stored(browser.endpoint().to_owned()),
                multiples: Some(campanile_push::ece::multiples(&keys).unwrap()),
                keys,
                vapid_key,
                browser: "Firefox".to_owned(),
                system: "Linux".to_owned(),
                live: true,
                aside: false,
                reason: String::new(),
                created_at: app.clock.now(),
                changed_at: app.clock.now(),
            };
            app.store.upsert_subscription(&mut batch, &account, &row);
        }
        app.store.db.write(batch).await.unwrap();
    }
}

/// Browsers that read, at all four services by turns.
async fn audience(bed: &Bed, size: usize) -> Vec<VirtualBrowser> {
    let key = vapid(bed).await;
    let each = size / Service::ALL.len();
    let mut parts = Service::ALL.map(|service| bed.lab.audience(service, &key, each).into_iter());
    let mut browsers = Vec::with_capacity(size);
    for _ in 0..each {
        browsers.extend(parts.iter_mut().filter_map(Iterator::next));
    }
    assert_eq!(browsers.len(), size);
    enrol(bed, &browsers).await;
    browsers
}

/// Waits until the lab took so many messages.
async fn taken(lab: &campanile_lab::Lab, messages: u64) {
    let enough = lab.wait_until(|counts| counts.accepted >= messages);
    let counts = tokio::time::timeout(PATIENCE, enough).await;
    counts.unwrap_or_else(|_| panic!("{messages} messages do not come: {:?}", lab.counts()));
}

/// Each browser shows one notification; how many messages came more than once.
fn shown_once(browsers: &[VirtualBrowser]) -> u64 {
    let wrong = browsers.iter().filter(|browser| browser.shown() != 1);
    assert_eq!(wrong.count(), 0, "browsers that show nothing, or twice");
    let all: u64 = browsers.iter().map(VirtualBrowser::count).sum();
    all - browsers.len() as u64
}

/// Time passes, four times as fast as it does, until the campaign is sent; what the first process says of it then.
async fn sent(left: &Left, servers: &mut [Led], mut now: i64, campaign: i64) -> Value {
    let begun = tokio::time::Instant::now();
    loop {
        let found = servers[0].campaign(campaign).await;
        if found["status"] == "sent" {
            return found["counts"].clone();
        }
        assert!(begun.elapsed() < PATIENCE, "{found}");
        now += 400;
        left.lab_clock.advance_ms(400);
        for server in &mut *servers {
            server.tell(now).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The same for the sender of a bed, which runs beside.
async fn sent_here(bed: &Bed, campaign: i64) {
    let begun = tokio::time::Instant::now();
    while bed.get(&format!("/campaigns/{campaign}")).await["status"] != "sent" {
        assert!(begun.elapsed() < PATIENCE, "{}", counts(bed, campaign).await);
        bed.pass(400);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Lets the sender end as it does when its process stops, but for what is its process's alone.
async fn dismiss(sender: tokio::task::JoinHandle<()>) {
    sender.abort();
    assert!(sender.await.unwrap_err().is_cancelled());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mix_of_faults_on_a_hundred_thousand_adds_up() {
    let bed = Bed::sqlite().await;
    let mut chance = Chance::new();
    let browsers = audience(&bed, EVERYBODY).await;
    let (mut gone, mut faulted) = (0, 0);
    let mut ended = vec![false; EVERYBODY];
    for (number, browser) in browsers.iter().enumerate() {
        match chance.below(100) {
            0..5 => {
                gone += 1;
                ended[number] = true;
                bed.lab.end_subscription(browser.token());
            }
            5..7 => {
                faulted += 1;
                bed.lab.add_fault(Rule::on(browser.token(), later(429, 20), 1));
            }
            7 => {
                faulted += 1;
                let code = [500, 502, 503][chance.below(3) as usize];
                bed.lab.add_fault(Rule::on(browser.token(), status(code), 1));
            }
            _ => {}
        }
    }
    let campaign = bed.launch(push()).await;
    let sender = tokio::spawn(bed.running.delivery.clone().run());
    sent_here(&bed, campaign).await;
    dismiss(sender).await;
    let sent = EVERYBODY as u64 - gone;
    assert_eq!(
        counts(&bed, campaign).await,
        json!({"audience": EVERYBODY, "sent": sent, "gone": gone})
    );
    let seen = bed.lab.counts();
    assert_eq!(
        (seen.accepted, seen.refused, seen.faulted),
        (sent, gone, faulted),
        "no message more than was needed"
    );
    for (browser, ended) in browsers.iter().zip(ended) {
        assert_eq!(browser.shown(), usize::from(!ended), "{}", browser.endpoint());
    }
    assert_eq!(bed.get("/subscriptions").await["total"], sent);
    bed.pass(2_000);
    bed.work().await;
    bed.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_ten_times_nobody_is_left_out_and_nobody_sees_it_twice() {
    let bed = Bed::sqlite().await;
    let mut chance = Chance::new();
    let browsers = audience(&bed, EVERYBODY).await;
    let campaign = bed.launch(push()).await;
    let left = bed.leave().await;
    let mut now = START;
    for moment in chance.moments(10, EVERYBODY * 9 / 10) {
        let mut led = Led::start(&left, now).await;
        // Time passes meanwhile: a fan-out that is far ahead of the sending waits by the clock.
        let enough = taken(&left.lab, moment);
        tokio::pin!(enough);
        while tokio::time::timeout(Duration::from_millis(100), &mut enough)
            .await
            .is_err()
        {
            now += 400;
            left.lab_clock.advance_ms(400);
            led.tell(now).await;
        }
        led.kill().await;
        now += AFTER_LEASE;
        left.lab_clock.advance_ms(AFTER_LEASE);
    }
    let mut servers = [Led::start(&left, now).await];
    let counts = sent(&left, &mut servers, now, campaign).await;
    let [server] = servers;
    server.stop().await;
    assert_eq!(
        (&counts["audience"], &counts["sent"]),
        (&json!(EVERYBODY), &json!(EVERYBODY)),
        "{counts}"
    );
    shown_once(&browsers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_postgres_send_to_each_recipient_once() {
    const RECIPIENTS: usize = 10_000;
    let bed = Bed::postgres().await;
    let browsers = audience(&bed, RECIPIENTS).await;
    let campaign = bed.launch(push()).await;
    let left = bed.leave().await;
    let mut servers = [Led::start(&left, START).await, Led::start(&left, START).await];
    let counts = sent(&left, &mut servers, START, campaign).await;
    assert_eq!(
        (&counts["audience"], &counts["sent"]),
        (&json!(RECIPIENTS), &json!(RECIPIENTS)),
        "{counts}"
    );
    assert_eq!(shown_once(&browsers), 0, "no message went twice");
    let mut all = 0;
    for server in servers {
        let metrics = server.get("/metrics").await;
        let name = "campanile_push_answers_total{verdict=\"accepted\"} ";
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        let messages: usize = line.map_or(0, |number| number.parse().unwrap());
        assert!(messages > 0, "both worked");
        all += messages;
        server.stop().await;
    }
    assert_eq!(all, RECIPIENTS);
    left.end().await;
}

/// A PostgreSQL of this test alone, which it may end.
struct Cluster(tempfile::TempDir);

impl Cluster {
    fn start() -> (Self, String) {
        let cluster = Self(tempfile::tempdir().unwrap());
        let output = cluster.say("start");
        let url = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        (cluster, url)
    }

    fn say(&self, word: &str) -> Output {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.ci/postgres");
        let output = Command::new(script)
            .arg(word)
            .env("CARGO_TARGET_DIR", self.0.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{word}: {output:?}");
        output
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.say("stop");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_goes_on_when_postgres_was_restarted() {
    const RECIPIENTS: usize = 10_000;
    let (cluster, url) = Cluster::start();
    let bed = Bed::postgres_at(url).await;
    let mut chance = Chance::new();
    let browsers = audience(&bed, RECIPIENTS).await;
    let campaign = bed.launch(push()).await;
    let sender = tokio::spawn(bed.running.delivery.clone().run());
    for moment in chance.moments(2, RECIPIENTS * 3 / 4) {
        taken(&bed.lab, moment).await;
        tokio::task::block_in_place(|| cluster.say("restart"));
    }
    // What was in hand when it went down comes back after its lease.
    taken(&bed.lab, RECIPIENTS as u64 / 2).await;
    bed.pass(AFTER_LEASE);
    sent_here(&bed, campaign).await;
    dismiss(sender).await;
    assert_eq!(
        counts(&bed, campaign).await,
        json!({"audience": RECIPIENTS, "sent": RECIPIENTS})
    );
    shown_once(&browsers);
    bed.pass(2_000);
    bed.work().await;
    bed.end().await;
}
