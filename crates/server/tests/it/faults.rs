//! Everything that push services were seen to answer, played by the lab, and what becomes of the messages.
//!
//! Left out: which words mean what (`crates/push/tests`), the rules of pace by themselves (`delivery/pace/tests.rs`). Invariant: whatever went
//! wrong, each message ends in one state, and the states add up to the audience.

use crate::bed::{Bed, START};
use crate::engines;
use crate::pushes::{counts, operation, push, subscribe, vapid, vapid_text, work_through};
use campanile_lab::{Fault, Rule, Service, VirtualBrowser};
use campanile_push::vapid::VapidKey;
use serde_json::{Value, json};
use std::collections::BTreeMap;

engines!(
    every_final_status_ends_the_message_with_its_reason,
    whoever_asks_for_time_gets_it,
    a_body_that_is_too_large_goes_without_padding,
    firefox_on_android_gets_what_is_short_enough,
    half_an_hour_of_no_answers_loses_no_message,
    a_signature_that_is_blamed_is_made_anew_once,
    another_key_sets_the_subscription_aside,
    clocks_that_differ_by_hours_do_no_harm,
    a_connection_that_breaks_loses_nothing,
    a_service_that_is_down_for_a_minute_delays_only_its_own,
    a_service_that_asks_for_rest_rests,
    a_message_whose_time_ends_while_it_is_held_back_says_so,
    a_service_that_never_answers_holds_up_nobody_else,
    a_mix_of_faults_adds_up,
);

pub(crate) fn status(code: u16) -> Fault {
    Fault::Status {
        code,
        retry_after: None,
    }
}

pub(crate) fn later(code: u16, seconds: u32) -> Fault {
    Fault::Status {
        code,
        retry_after: Some(seconds),
    }
}

fn with(code: u16, headers: &[(&str, &str)]) -> Fault {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Fault::Answer { code, headers }
}

/// `fault` on everything that goes to a service, until it is taken back.
pub(crate) fn on_all(service: Service, fault: Fault) -> Rule {
    let endpoint: axum::http::Uri = service.endpoint("x").parse().unwrap();
    Rule {
        host: endpoint.host().map(str::to_owned),
        ..Rule::any(fault, u32::MAX)
    }
}

/// Statuses with which the posts for a browser were answered, oldest first.
fn answers(bed: &Bed, browser: &VirtualBrowser) -> Vec<u16> {
    let messages = bed.lab.messages();
    let mine = messages.iter().filter(|message| message.token == browser.token());
    mine.map(|message| message.status).collect()
}

/// Many subscribers, each with a browser of their own.
pub(crate) async fn crowd(bed: &Bed, service: Service, size: usize) -> Vec<VirtualBrowser> {
    let crowd = bed.lab.crowd(service, &vapid(bed).await, size);
    enrol(bed, &crowd).await;
    crowd
}

/// They subscribe.
pub(crate) async fn enrol(bed: &Bed, browsers: &[VirtualBrowser]) {
    let key = vapid_text(bed).await;
    for piece in browsers.chunks(50) {
        let posts = piece.iter().map(|browser| {
            let subscription =
                json!({"subscription": browser.subscription(), "key": key, "browser": "Chrome"});
            let (operation, device) = (bed.op("subscribe", subscription), bed.id());
            async move { bed.ring(device, &[operation]).await }
        });
        futures_util::future::join_all(posts).await;
    }
}

/// How often each message of a campaign that waits was tried: tries, and how many messages.
pub(crate) async fn tries(bed: &Bed, campaign: i64) -> BTreeMap<u64, usize> {
    let ledger = bed
        .get(&format!(
            "/campaigns/{campaign}/deliveries?state=waiting&limit=1000"
        ))
        .await;
    let mut tries = BTreeMap::new();
    for line in ledger["deliveries"].as_array().unwrap() {
        *tries.entry(line["attempts"].as_u64().unwrap()).or_default() += 1;
    }
    tries
}

/// Reasons of a campaign's report, whatever the status that they came with.
async fn reasons(bed: &Bed, campaign: i64) -> BTreeMap<String, u64> {
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    let mut found = BTreeMap::new();
    for row in report["reasons"].as_array().unwrap() {
        let reason = row["reason"].as_str().unwrap().to_owned();
        *found.entry(reason).or_default() += row["times"].as_u64().unwrap();
    }
    found
}

fn alarms(bed: &Bed, kind: &str) -> bool {
    let line = format!("campanile_push_alarms_total{{kind=\"{kind}\"}} 1");
    bed.running.app.metrics.text().contains(&line)
}

async fn every_final_status_ends_the_message_with_its_reason(bed: &Bed) {
    const AWAY: &[(&str, &str)] = &[("location", "https://elsewhere.example.com/x")];
    // Service, what it says, how often it is asked, and what is kept of its words.
    let failing = [
        (Service::Mozilla, status(400), 1, "Scripted fault 400 (errno 999)"),
        (Service::Fcm, status(400), 1, "Scripted fault 400"),
        (Service::Fcm, status(403), 1, "Scripted fault 403"),
        (Service::Fcm, status(405), 1, "Scripted fault 405"),
        (Service::Wns, status(400), 1, "Scripted fault 400"),
        (Service::Wns, status(412), 1, "Scripted fault 412"),
        (
            Service::Wns,
            with(201, &[("x-wns-notificationstatus", "dropped")]),
            1,
            "Scripted fault 201",
        ),
        // Twice: a message like this one is padded, and goes again without.
        (Service::Apple, status(413), 2, "PayloadTooLarge"),
        (
            Service::Mozilla,
            with(301, AWAY),
            1,
            "moved to https://elsewhere.example.com/x (errno 999)",
        ),
        (
            Service::Fcm,
            with(307, AWAY),
            1,
            "moved to https://elsewhere.example.com/x",
        ),
        (
            Service::Apple,
            with(308, AWAY),
            1,
            "moved to https://elsewhere.example.com/x",
        ),
    ];
    let gone = [
        (Service::Mozilla, 404),
        (Service::Mozilla, 410),
        (Service::Fcm, 404),
        (Service::Fcm, 410),
        (Service::Apple, 410),
        (Service::Wns, 404),
        (Service::Wns, 410),
    ];
    let mut expected = BTreeMap::new();
    let mut asked = Vec::new();
    for (service, fault, posts, reason) in &failing {
        let (_, browser) = subscribe(bed, *service).await;
        bed.lab.add_fault(Rule::on(browser.token(), fault.clone(), 9));
        *expected.entry((*reason).to_owned()).or_insert(0) += 1;
        asked.push((browser, *posts, *reason));
    }
    for (service, code) in gone {
        let (_, browser) = subscribe(bed, service).await;
        bed.lab.add_fault(Rule::on(browser.token(), status(code), 9));
        asked.push((browser, 1, "gone"));
    }
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 18, "failed": 11, "gone": 7})
    );
    for (browser, posts, reason) in &asked {
        assert_eq!(answers(bed, browser).len(), *posts, "{reason}");
    }
    let found = reasons(bed, campaign).await;
    for (reason, times) in &expected {
        assert!(found.get(reason) >= Some(times), "{reason}: {found:?}");
    }
    assert!(alarms(bed, "400") && alarms(bed, "403"), "once a run and kind");
    // Nothing but Gone removes a subscription.
    assert_eq!(bed.get("/subscriptions").await["total"], 11);
}

async fn whoever_asks_for_time_gets_it(bed: &Bed) {
    let date = "Mon, 02 Mar 2026 10:01:30 GMT";
    let table = [
        (Service::Mozilla, later(429, 90)),
        (Service::Fcm, with(429, &[("retry-after", date)])),
        (Service::Apple, later(503, 90)),
        (Service::Fcm, later(408, 90)),
        (Service::Wns, later(406, 90)),
        (
            Service::Wns,
            with(
                201,
                &[
                    ("x-wns-notificationstatus", "channelthrottled"),
                    ("retry-after", "90"),
                ],
            ),
        ),
    ];
    let mut browsers = Vec::new();
    for (service, fault) in table {
        let (_, browser) = subscribe(bed, service).await;
        bed.lab.add_fault(Rule::on(browser.token(), fault, 1));
        browsers.push(browser);
    }
    let (_, at_once) = subscribe(bed, Service::Fcm).await;
    let campaign = bed.launch(push()).await;
    bed.work().await;
    assert_eq!(
        at_once.count(),
        1,
        "one that is throttled says nothing of the others"
    );
    bed.pass(89_999);
    bed.work().await;
    for browser in &browsers {
        assert_eq!(answers(bed, browser).len(), 1, "{}", browser.endpoint());
    }
    assert_eq!(bed.now(), START + 89_999);
    bed.pass(1);
    bed.work().await;
    for browser in &browsers {
        assert_eq!(browser.count(), 1, "{}", browser.endpoint());
    }
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 7, "sent": 7}));
    assert_eq!(bed.get("/subscriptions").await["total"], 7);
}

async fn a_body_that_is_too_large_goes_without_padding(bed: &Bed) {
    let bytes = |browser: &VirtualBrowser| -> Vec<usize> {
        let messages = bed.lab.messages();
        let mine = messages.iter().filter(|message| message.token == browser.token());
        mine.map(|message| message.bytes).collect()
    };
    let (_, fits) = subscribe(bed, Service::Apple).await;
    let (_, never) = subscribe(bed, Service::Fcm).await;
    // Firefox on Android: what is short enough is never padded beyond its limit.
    let (_, android) = subscribe(bed, Service::Mozilla).await;
    bed.lab
        .add_fault(Rule::on(android.token(), Fault::Limit { bytes: 2744 }, u32::MAX));
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    let padded = bytes(&fits)[0];
    bed.lab.add_fault(Rule::on(
        fits.token(),
        Fault::Limit { bytes: padded - 1 },
        u32::MAX,
    ));
    bed.lab
        .add_fault(Rule::on(never.token(), Fault::Limit { bytes: 200 }, u32::MAX));
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 3, "sent": 2, "failed": 1})
    );
    assert_eq!(answers(bed, &fits), [201, 413, 201]);
    assert!(bytes(&fits)[2] < padded, "{:?}", bytes(&fits));
    assert!(fits.try_next().unwrap().plaintext.is_ok() && fits.try_next().unwrap().plaintext.is_ok());
    assert_eq!(answers(bed, &never), [201, 413, 413], "smaller once, then failed");
    bed.lab.clear_faults();
    bed.lab
        .add_fault(Rule::on(android.token(), Fault::Limit { bytes: 2744 }, u32::MAX));
    let mut long = push();
    long["push"]["body"] = json!("🏺".repeat(500));
    let campaign = bed.launch(long).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 3, "sent": 3}));
    assert_eq!(answers(bed, &android), [201, 201, 201]);
    assert!(bytes(&android)[2] > 2150, "{:?}", bytes(&android));
}

async fn firefox_on_android_gets_what_is_short_enough(bed: &Bed) {
    let (_, desktop) = subscribe(bed, Service::Mozilla).await;
    let (_, android) = subscribe(bed, Service::Mozilla).await;
    bed.lab
        .add_fault(Rule::on(android.token(), Fault::Limit { bytes: 2744 }, u32::MAX));
    let mut large = push();
    large["push"]["image"] = json!(format!("https://shop.example.com/{}.png", "i".repeat(900)));
    large["push"]["body"] = json!("🏺".repeat(450));
    large["push"]["kv"] = json!({"order": "x".repeat(200)});
    let campaign = bed.launch(large.clone()).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 2, "sent": 2}));
    assert_eq!(
        (answers(bed, &desktop), answers(bed, &android)),
        (vec![201], vec![413, 201])
    );
    let shown = |browser: &VirtualBrowser| -> Value {
        let plain = browser.try_next().unwrap().plaintext.unwrap();
        serde_json::from_slice(&plain).unwrap()
    };
    let (whole, less) = (shown(&desktop), shown(&android));
    assert_eq!(whole["notification"]["image"], large["push"]["image"]);
    assert_eq!(less["notification"]["image"], Value::Null, "pictures go first");
    for same in ["title", "body", "navigate", "tag"] {
        assert_eq!(whole["notification"][same], less["notification"][same], "{same}");
    }
    assert_eq!(whole["campanile"]["kv"], less["campanile"]["kv"]);
}

async fn half_an_hour_of_no_answers_loses_no_message(bed: &Bed) {
    let (_, browser) = subscribe(bed, Service::Fcm).await;
    bed.lab.add_fault(on_all(Service::Fcm, status(503)));
    let campaign = bed.launch(push()).await;
    for _ in 0..30 {
        bed.work().await;
        bed.pass(60_000);
    }
    assert_eq!(browser.count(), 0);
    bed.lab.clear_faults();
    for _ in 0..60 {
        bed.pass(60_000);
        bed.work().await;
    }
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));
    assert_eq!(browser.count(), 1);
}

async fn a_signature_that_is_blamed_is_made_anew_once(bed: &Bed) {
    let (_, mozilla) = subscribe(bed, Service::Mozilla).await;
    let (_, apple) = subscribe(bed, Service::Apple).await;
    bed.lab.add_fault(Rule::on(mozilla.token(), status(401), 1));
    bed.lab.add_fault(Rule::on(apple.token(), status(403), 1));
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 2, "sent": 2}));
    assert_eq!(answers(bed, &mozilla), [401, 201]);
    assert_eq!(answers(bed, &apple), [403, 201]);
    assert!(!alarms(bed, "401"), "it was mended");
    // A service that takes none: no second request for each message.
    let crowd = crowd(bed, Service::Wns, 20).await;
    bed.lab.add_fault(on_all(Service::Wns, status(401)));
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 22, "sent": 2, "failed": 20})
    );
    let posts: usize = crowd.iter().map(|browser| answers(bed, browser).len()).sum();
    assert!(
        (21..=36).contains(&posts),
        "only those under way at first go twice: {posts}"
    );
    assert!(alarms(bed, "401"), "said once, not twenty times");
    assert_eq!(bed.get("/subscriptions").await["total"], 22);
}

async fn another_key_sets_the_subscription_aside(bed: &Bed) {
    let other = VapidKey::generate().unwrap();
    let mut browsers = Vec::new();
    for service in Service::ALL {
        let device = bed.id();
        let browser = bed.lab.virtual_browser_at(service, other.public_bytes());
        bed.ring(device, &[operation(bed, &browser).await]).await;
        browsers.push((device, browser));
    }
    let (_, good) = subscribe(bed, Service::Mozilla).await;
    let states = async || -> Vec<String> {
        let mut states: Vec<String> = Vec::new();
        for (device, _) in &browsers {
            let row = &bed.device(*device).await["subscriptions"][0];
            states.push(row["state"].as_str().unwrap().to_owned());
            assert!(
                row["state"] == "live" || row["reason"].as_str() != Some(""),
                "{row}"
            );
        }
        states
    };
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 5, "sent": 1, "failed": 4})
    );
    assert_eq!(states().await, ["aside"; 4]);
    let text = bed.running.app.metrics.text();
    assert!(
        !text.contains("campanile_push_alarms_total{"),
        "it is the subscription's matter: {text}"
    );
    // It is not tried again with that key …
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));
    for (_, browser) in &browsers {
        assert_eq!(answers(bed, browser).len(), 1);
    }
    assert_eq!(good.count(), 2);
    // … until its browser subscribes anew.
    let (device, browser) = &browsers[0];
    bed.ring(*device, &[operation(bed, browser).await]).await;
    assert_eq!(states().await, ["live", "aside", "aside", "aside"]);
    bed.ring(
        browsers[1].0,
        &[bed.op("unsubscribe", json!({"endpoint": browsers[1].1.endpoint()}))],
    )
    .await;
    assert_eq!(states().await, ["live", "gone", "aside", "aside"]);
}

async fn clocks_that_differ_by_hours_do_no_harm(bed: &Bed) {
    const HOUR: i64 = 3_600_000;
    for service in Service::ALL {
        subscribe(bed, service).await;
    }
    let sent = async |skew: i64| {
        bed.lab_clock.advance_ms(skew);
        let campaign = bed.launch(push()).await;
        work_through(bed, campaign).await;
        bed.lab_clock.advance_ms(-skew);
        counts(bed, campaign).await["sent"].as_i64().unwrap_or(0)
    };
    assert_eq!(sent(0).await, 4);
    bed.pass(6 * HOUR - 600_000);
    // The signatures are as old as they get.
    assert_eq!(sent(6 * HOUR - 600_000).await, 4);
    assert_eq!(sent(-11 * HOUR).await, 4);
    bed.pass(600_000);
    assert_eq!(sent(11 * HOUR).await, 4, "fresh ones");
    assert_eq!(sent(13 * HOUR).await, 0, "beyond that nothing helps");
    assert!(alarms(bed, "401") && alarms(bed, "403"), "and somebody is told");
    assert_eq!(bed.get("/subscriptions").await["total"], 4);
}

async fn a_connection_that_breaks_loses_nothing(bed: &Bed) {
    let crowd = crowd(bed, Service::Fcm, 30).await;
    for broken in [3, 4, 20] {
        bed.lab.add_fault(Rule::on(crowd[broken].token(), Fault::Cut, 1));
    }
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 30, "sent": 30}));
    assert!(crowd.iter().all(|browser| browser.count() >= 1));
}

async fn a_service_that_is_down_for_a_minute_delays_only_its_own(bed: &Bed) {
    let down = crowd(bed, Service::Fcm, 60).await;
    let well = crowd(bed, Service::Mozilla, 20).await;
    bed.lab.add_fault(on_all(Service::Fcm, status(503)));
    let campaign = bed.launch(push()).await;
    bed.work().await;
    assert!(well.iter().all(|browser| browser.count() == 1), "at once");
    assert!(
        tries(bed, campaign).await.contains_key(&0),
        "most were held back and not tried"
    );
    for _ in 0..60 {
        bed.pass(1_000);
        bed.work().await;
    }
    let asked = bed.lab.counts().faulted;
    assert!(
        asked <= 40,
        "a minute of one window and a few to see, not {asked}"
    );
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 80, "sent": 20, "waiting": 60})
    );
    bed.lab.clear_faults();
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 80, "sent": 80}));
    assert!(down.iter().chain(&well).all(|browser| browser.count() == 1));
}

async fn a_service_that_asks_for_rest_rests(bed: &Bed) {
    let tired = crowd(bed, Service::Apple, 40).await;
    let well = crowd(bed, Service::Fcm, 20).await;
    bed.lab.add_fault(on_all(Service::Apple, later(429, 600)));
    let campaign = bed.launch(push()).await;
    bed.work().await;
    let asked = bed.lab.counts().faulted;
    assert!(asked <= 16, "no more than were under way: {asked}");
    assert!(well.iter().all(|browser| browser.count() == 1));
    let before = tries(bed, campaign).await;
    assert_eq!(before.values().sum::<usize>(), 40);
    assert_eq!(before[&1] as u64, asked, "only what was asked counts as tried");
    bed.pass(599_999);
    bed.work().await;
    assert_eq!(bed.lab.counts().faulted, asked, "it rests as long as it asked");
    assert_eq!(tries(bed, campaign).await, before);
    bed.lab.clear_faults();
    bed.pass(1);
    bed.work().await;
    assert!(tired.iter().all(|browser| browser.count() == 1), "then at once");
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 60, "sent": 60}));
}

async fn a_message_whose_time_ends_while_it_is_held_back_says_so(bed: &Bed) {
    let crowd = crowd(bed, Service::Apple, 30).await;
    bed.lab.add_fault(on_all(Service::Apple, later(429, 600)));
    let mut short = push();
    short["push"]["ttl_seconds"] = json!(300);
    let campaign = bed.launch(short.clone()).await;
    bed.work().await;
    bed.pass(299_999);
    bed.work().await;
    assert_eq!(
        bed.counts(campaign).await["waiting"],
        tries(bed, campaign).await[&0]
    );
    bed.pass(1);
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 30, "failed": 30}));
    let found = reasons(bed, campaign).await;
    assert!(
        found.contains_key("its time to live ended before it was sent"),
        "{found:?}"
    );
    // One that must not wait does not.
    short["push"]["ttl_seconds"] = json!(0);
    let campaign = bed.launch(short).await;
    bed.work().await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 30, "failed": 30}));
    let found = reasons(bed, campaign).await;
    assert_eq!(
        found["its push service takes no messages now, and it has no time to live"],
        30
    );
    assert!(crowd.iter().all(|browser| browser.count() == 0));
}

async fn a_service_that_never_answers_holds_up_nobody_else(bed: &Bed) {
    // More than are ever in flight at once, and before the others in their piece.
    let silent = crowd(bed, Service::Fcm, 110).await;
    let mut well = Vec::new();
    for _ in 0..3 {
        well.push(subscribe(bed, Service::Mozilla).await.1);
    }
    bed.lab
        .add_fault(on_all(Service::Fcm, Fault::Slow { ms: 600_000 }));
    let campaign = bed.launch(push()).await;
    let through = async {
        for browser in &well {
            browser.next().await;
        }
    };
    tokio::select! {
        () = through => {}
        () = bed.work() => panic!("the piece ended while a service had not answered"),
    }
    assert!(silent.iter().all(|browser| browser.count() == 0));
    let text = bed.running.app.metrics.text();
    assert!(
        !text.contains("unreachable"),
        "all of them still wait, none was given up: {text}"
    );
    // The worker died there; the next one finds everything.
    bed.lab.clear_faults();
    bed.pass(120_001);
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 113, "sent": 113}));
    // One that was under way when it died may come twice; its topic hides the second.
    assert!(silent.iter().all(|browser| browser.count() >= 1));
}

async fn a_mix_of_faults_adds_up(bed: &Bed) {
    let mut all = Vec::new();
    for service in Service::ALL {
        all.extend(crowd(bed, service, 500).await);
    }
    let mut gone = 0;
    for (number, browser) in all.iter().enumerate() {
        match number % 100 {
            // Five of a hundred.
            7 | 23 | 48 | 71 | 90 => {
                gone += 1;
                bed.lab.end_subscription(browser.token());
            }
            // Two.
            11 | 60 => bed.lab.add_fault(Rule::on(browser.token(), later(429, 20), 1)),
            // One.
            33 => bed.lab.add_fault(Rule::on(browser.token(), status(502), 1)),
            _ => {}
        }
    }
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    let expected: Value = json!({"audience": 2000, "sent": 1900, "gone": 100});
    assert_eq!((gone, counts(bed, campaign).await), (100, expected));
    assert!(all.iter().enumerate().all(
        |(number, browser)| browser.count() == u64::from(![7, 23, 48, 71, 90].contains(&(number % 100)))
    ));
    let seen = bed.lab.counts();
    assert_eq!((seen.accepted, seen.refused, seen.faulted), (1900, 100, 60));
    assert_eq!(bed.get("/subscriptions").await["total"], 1900);
}
