//! When a push goes, and how often one person gets one: caps, quiet hours, everybody's own clock, rounds, the end.

use crate::bed::{Bed, START};
use crate::dashboard::Person;
use crate::engines;
use crate::push_plans::{draft, somebody, status, verb};
use crate::pushes::{counts, operation, push, vapid, work_through};
use campanile_core::id::Id;
use campanile_lab::{Service, VirtualBrowser};
use serde_json::{Value, json};

engines!(
    a_person_gets_so_many_whatever_their_browsers,
    two_at_once_do_not_take_the_same_place,
    a_campaign_that_goes_on_has_caps_of_its_own,
    in_nobodys_quiet_hours,
    what_goes_on_late_waits_for_the_morning,
    what_was_put_off_is_not_sent_after_a_new_start,
    by_everybodys_own_clock,
    started_late_who_is_past_gets_it_at_once,
    again_and_again_on_its_days,
    the_last_round_can_be_halted_too,
    nothing_is_sent_after_its_end,
    what_cannot_be_asked_of_when_is_named,
    written_in_the_composer_and_the_settings,
    rounds_that_overlap_are_all_sent,
    each_message_of_a_late_page_has_its_own_end,
    who_logs_in_keeps_their_caps,
);

const HOUR: i64 = 3_600_000;

/// A subscriber whose browser says where it is.
async fn living_in(bed: &Bed, zone: &str) -> (Id, VirtualBrowser) {
    let device = bed.id();
    let browser = bed.lab.virtual_browser_at(Service::Mozilla, &vapid(bed).await);
    let ops = [bed.page(), operation(bed, &browser).await];
    let answer = bed
        .post(Some(device), &ops, &[("context", json!({"zone": zone}))])
        .await;
    assert_eq!(answer.json()["accepted"], 2, "{}", answer.body);
    (device, browser)
}

async fn settings(bed: &Bed, push: Value) {
    bed.api("PATCH", "/account", json!({"settings": {"push": push}}), 200)
        .await;
}

fn sent(browsers: &[VirtualBrowser]) -> Vec<u64> {
    browsers.iter().map(VirtualBrowser::count).collect()
}

fn sending(send: Value) -> Value {
    let mut definition = push();
    definition["send"] = send;
    definition
}

async fn reasons(bed: &Bed, campaign: i64) -> String {
    bed.get(&format!("/campaigns/{campaign}/report")).await["reasons"].to_string()
}

async fn a_person_gets_so_many_whatever_their_browsers(bed: &Bed) {
    let mut browsers = Vec::new();
    for who in ["ada", "ada", "ada", "ben"] {
        browsers.push(somebody(bed, who, json!({}), "en").await.1);
    }
    // What was sent before there were caps counts.
    let first = bed.launch(push()).await;
    work_through(bed, first).await;
    assert_eq!(sent(&browsers), [1, 1, 1, 1]);
    settings(bed, json!({"caps": {"day": 2, "week": 3}})).await;
    let second = bed.launch(push()).await;
    work_through(bed, second).await;
    assert_eq!(
        counts(bed, second).await,
        json!({"audience": 4, "sent": 4}),
        "three browsers are one person"
    );
    let third = bed.launch(push()).await;
    work_through(bed, third).await;
    assert_eq!(counts(bed, third).await, json!({"audience": 4, "capped": 4}));
    assert_eq!(status(bed, third).await, "sent");
    let ledger = bed
        .get(&format!("/campaigns/{third}/deliveries?state=capped"))
        .await;
    let reason = ledger["deliveries"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("2 of this site that day"), "{ledger}");
    // What somebody waits for is neither held back nor counted.
    let order = bed.launch(sending(json!({"transactional": true}))).await;
    work_through(bed, order).await;
    assert_eq!(counts(bed, order).await, json!({"audience": 4, "sent": 4}));
    // Three in seven days: the two of the first day count until it is the eighth.
    for (days, outcome) in [(1, "sent"), (0, "capped"), (5, "capped"), (1, "sent")] {
        bed.pass(days * 24 * HOUR);
        let campaign = bed.launch(push()).await;
        work_through(bed, campaign).await;
        let expected = json!({"audience": 4, outcome: 4});
        assert_eq!(counts(bed, campaign).await, expected, "{days} days later");
    }
}

async fn two_at_once_do_not_take_the_same_place(bed: &Bed) {
    settings(bed, json!({"caps": {"day": 1}})).await;
    let mut browsers = Vec::new();
    for n in 0..20 {
        browsers.push(somebody(bed, &format!("p{n}"), json!({}), "en").await.1);
    }
    let mut campaigns = Vec::new();
    for _ in 0..3 {
        campaigns.push(bed.launch(push()).await);
    }
    tokio::join!(bed.work(), bed.work(), bed.work());
    let mut all = (0, 0);
    for campaign in campaigns {
        work_through(bed, campaign).await;
        let counts = bed.counts(campaign).await;
        assert_eq!(counts["audience"], 20, "{counts}");
        all.0 += counts["sent"].as_u64().unwrap();
        all.1 += counts["capped"].as_u64().unwrap();
    }
    assert_eq!(all, (20, 40));
    assert_eq!(sent(&browsers), [1; 20]);
}

async fn a_campaign_that_goes_on_has_caps_of_its_own(bed: &Bed) {
    let (ada, browser) = somebody(bed, "ada", json!({}), "en").await;
    let mut definition = sending(json!({"caps": {"day": 2}, "transactional": true}));
    definition["on_event"] = json!({"event": "Order Packed", "silence_hours": 0});
    let campaign = bed.launch(definition).await;
    for _ in 0..3 {
        bed.pass(1_000);
        bed.ring(ada, &[bed.event("Order Packed")]).await;
        bed.work().await;
    }
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 3, "sent": 2, "capped": 1})
    );
    assert!(reasons(bed, campaign).await.contains("of this campaign that day"));
    bed.pass(24 * HOUR);
    bed.ring(ada, &[bed.event("Order Packed")]).await;
    bed.work().await;
    assert_eq!(browser.count(), 3);
}

async fn in_nobodys_quiet_hours(bed: &Bed) {
    settings(bed, json!({"quiet": {"from": "22:00", "to": "08:00"}})).await;
    // It is ten o'clock in the account's zone.
    let mut browsers = Vec::new();
    for zone in ["Asia/Tokyo", "America/Los_Angeles", "Pacific/Auckland", "nowhere"] {
        browsers.push(living_in(bed, zone).await.1);
    }
    let mut definition = push();
    definition["push"]["ttl_seconds"] = json!(8 * 3600);
    let campaign = bed.launch(definition).await;
    bed.work().await;
    assert_eq!(sent(&browsers), [1, 0, 0, 1]);
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 4, "sent": 2, "failed": 1, "waiting": 1})
    );
    assert!(
        reasons(bed, campaign)
            .await
            .contains("before this person’s quiet hours are")
    );
    bed.pass(6 * HOUR - 1);
    bed.work().await;
    assert_eq!(sent(&browsers), [1, 0, 0, 1]);
    bed.pass(1);
    work_through(bed, campaign).await;
    assert_eq!(sent(&browsers), [1, 1, 0, 1]);
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 4, "sent": 3, "failed": 1})
    );
    // Four in the afternoon here: five in the morning in Auckland, one at night in Tokyo.
    let order = bed.launch(sending(json!({"transactional": true}))).await;
    work_through(bed, order).await;
    assert_eq!(sent(&browsers), [2, 2, 1, 2]);
}

async fn what_goes_on_late_waits_for_the_morning(bed: &Bed) {
    settings(bed, json!({"quiet": {"from": "20:00", "to": "08:00"}})).await;
    // Seven in the evening in Tokyo.
    let (_, browser) = living_in(bed, "Asia/Tokyo").await;
    let campaign = bed.launch(push()).await;
    bed.running.delivery.step().await.unwrap();
    verb(bed, campaign, "pause").await;
    bed.pass(2 * HOUR);
    verb(bed, campaign, "resume").await;
    bed.pass(3_000);
    bed.work().await;
    assert_eq!(browser.count(), 0);
    bed.pass(11 * HOUR);
    work_through(bed, campaign).await;
    assert_eq!(browser.count(), 1);
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));
}

async fn what_was_put_off_is_not_sent_after_a_new_start(bed: &Bed) {
    settings(bed, json!({"quiet": {"from": "22:00", "to": "08:00"}})).await;
    let (device, browser) = living_in(bed, "America/Los_Angeles").await;
    let mut definition = push();
    definition["on_event"] = json!({"event": "Added To Cart", "silence_hours": 0});
    let campaign = bed.launch(definition).await;
    bed.ring(device, &[bed.event("Added To Cart")]).await;
    bed.work().await;
    assert_eq!(bed.counts(campaign).await["waiting"], 1);
    bed.pass(1_000);
    verb(bed, campaign, "stop").await;
    bed.pass(1_000);
    verb(bed, campaign, "start").await;
    bed.pass(6 * HOUR);
    bed.work().await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "unsent": 1}));
    bed.ring(device, &[bed.event("Added To Cart")]).await;
    bed.work().await;
    assert_eq!(browser.count(), 1);
}

async fn by_everybodys_own_clock(bed: &Bed) {
    let mut browsers = Vec::new();
    for zone in ["Asia/Tokyo", "", "America/Los_Angeles"] {
        browsers.push(living_in(bed, zone).await.1);
    }
    // Ten o'clock on the next day, by everybody's own clock, and not a minute later.
    let mut definition = sending(json!({"at": START + 24 * HOUR, "zone": "recipient"}));
    definition["push"]["ttl_seconds"] = json!(60);
    let campaign = draft(bed, definition).await;
    assert_eq!(verb(bed, campaign, "start").await["status"], "scheduled");
    bed.pass(10 * HOUR - 1);
    bed.work().await;
    assert_eq!(status(bed, campaign).await, "scheduled");
    bed.pass(1);
    bed.work().await;
    assert_eq!(status(bed, campaign).await, "sending");
    assert_eq!(counts(bed, campaign).await, json!({"audience": 3, "waiting": 3}));
    for (hours, then) in [(5, [1, 0, 0]), (9, [1, 1, 0]), (8, [1, 1, 1])] {
        let before = sent(&browsers);
        bed.pass(hours * HOUR - 1);
        bed.work().await;
        assert_eq!(sent(&browsers), before);
        bed.pass(1);
        bed.work().await;
        assert_eq!(sent(&browsers), then);
    }
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 3, "sent": 3}));
    assert_eq!(status(bed, campaign).await, "sent");
}

async fn started_late_who_is_past_gets_it_at_once(bed: &Bed) {
    let mut browsers = Vec::new();
    for zone in ["Asia/Tokyo", "Europe/Lisbon"] {
        browsers.push(living_in(bed, zone).await.1);
    }
    let campaign = bed
        .launch(sending(json!({"at": START + HOUR, "zone": "recipient"})))
        .await;
    bed.work().await;
    assert_eq!(sent(&browsers), [1, 0]);
    bed.pass(HOUR);
    work_through(bed, campaign).await;
    assert_eq!(sent(&browsers), [1, 1]);
    let over = draft(
        bed,
        sending(json!({"at": START - 12 * HOUR, "zone": "recipient"})),
    )
    .await;
    let fault = bed
        .api("POST", &format!("/campaigns/{over}/start"), Value::Null, 422)
        .await;
    assert_eq!(fault["error"]["errors"][0]["field"], "send.at", "{fault}");
}

async fn again_and_again_on_its_days(bed: &Bed) {
    let (_, browser) = somebody(bed, "ada", json!({}), "en").await;
    let report = async |campaign: i64| bed.get(&format!("/campaigns/{campaign}/report")).await;
    // It is Monday, ten o'clock.
    let send = json!({"repeat": {"days": [1, 2], "at": "12:00", "times": 4}});
    let campaign = draft(bed, sending(send)).await;
    assert_eq!(verb(bed, campaign, "start").await["status"], "running");
    assert_eq!(report(campaign).await["next_at"], START + 2 * HOUR);
    bed.pass(2 * HOUR - 1);
    bed.work().await;
    assert_eq!(browser.count(), 0);
    bed.pass(1);
    bed.work().await;
    assert_eq!(
        (browser.count(), status(bed, campaign).await),
        (1, json!("running"))
    );
    let told = report(campaign).await;
    assert_eq!(told["next_at"], START + 26 * HOUR);
    assert_eq!(told["rounds"][0]["at"], START + 2 * HOUR);
    assert_eq!(
        (
            &told["rounds"][0]["counts"]["audience"],
            &told["rounds"][0]["counts"]["sent"]
        ),
        (&json!(1), &json!(1))
    );
    bed.pass(24 * HOUR);
    bed.work().await;
    assert_eq!(browser.count(), 2);
    // Halted over a round, and resumed when it is not too late for it.
    assert_eq!(verb(bed, campaign, "pause").await["status"], "paused");
    bed.pass(6 * 24 * HOUR + 3 * HOUR);
    bed.work().await;
    assert_eq!(browser.count(), 2);
    assert_eq!(verb(bed, campaign, "resume").await["status"], "running");
    bed.pass(3_000);
    bed.work().await;
    assert_eq!(browser.count(), 3);
    // Nobody was there for a long time: the last round is left out, and said.
    bed.pass(28 * HOUR);
    bed.work().await;
    assert_eq!((browser.count(), status(bed, campaign).await), (3, json!("sent")));
    let told = report(campaign).await;
    let missed: Vec<&Value> = told["rounds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|round| &round["missed"])
        .collect();
    assert_eq!(missed, [true, false, false, false]);
    assert_eq!(told["next_at"], Value::Null);
    assert_eq!(counts(bed, campaign).await, json!({"audience": 3, "sent": 3}));
    let person = Person::administrator(bed).await;
    let page = person.get(&format!("/campaigns/{campaign}")).await.body;
    assert!(
        page.contains("Left out") && page.contains("every Mon, Tue at 12:00"),
        "{page}"
    );
    // It may come again, and be stopped for good.
    assert_eq!(verb(bed, campaign, "start").await["status"], "running");
    let page = person.get(&format!("/campaigns/{campaign}")).await.body;
    assert!(page.contains("Next round"), "{page}");
    assert_eq!(verb(bed, campaign, "stop").await["status"], "stopped");
    bed.pass(7 * 24 * HOUR);
    bed.work().await;
    assert_eq!(browser.count(), 3);
}

async fn the_last_round_can_be_halted_too(bed: &Bed) {
    let (_, browser) = somebody(bed, "ada", json!({}), "en").await;
    let until = START + 24 * HOUR;
    let send = json!({"repeat": {"at": "12:00"}, "until": until});
    let campaign = bed.launch(sending(send)).await;
    bed.pass(2 * HOUR);
    // The round begins, its fan-out does not.
    bed.running.delivery.step().await.unwrap();
    assert_eq!(status(bed, campaign).await, "sending");
    verb(bed, campaign, "pause").await;
    bed.work().await;
    assert_eq!(browser.count(), 0);
    assert_eq!(verb(bed, campaign, "resume").await["status"], "sending");
    bed.pass(3_000);
    work_through(bed, campaign).await;
    assert_eq!((browser.count(), status(bed, campaign).await), (1, json!("sent")));
}

async fn nothing_is_sent_after_its_end(bed: &Bed) {
    let (_, browser) = somebody(bed, "ada", json!({}), "en").await;
    let campaign = bed.launch(sending(json!({"until": START + 10_000}))).await;
    bed.running.delivery.step().await.unwrap();
    verb(bed, campaign, "pause").await;
    bed.pass(10_000);
    verb(bed, campaign, "resume").await;
    bed.pass(3_000);
    work_through(bed, campaign).await;
    assert_eq!(browser.count(), 0);
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "failed": 1}));
    assert!(reasons(bed, campaign).await.contains("ended before it was sent"));
    let over = draft(bed, sending(json!({"until": START + 10_000}))).await;
    let fault = bed
        .api("POST", &format!("/campaigns/{over}/start"), Value::Null, 422)
        .await;
    assert_eq!(fault["error"]["errors"][0]["field"], "send.until", "{fault}");
}

async fn what_cannot_be_asked_of_when_is_named(bed: &Bed) {
    for (send, field) in [
        (json!({"zone": "recipient"}), "send.at"),
        (json!({"at": START + HOUR, "repeat": {"at": "09:00"}}), "send.at"),
        (json!({"repeat": {"at": "nine"}}), "send.repeat.at"),
        (
            json!({"repeat": {"at": "09:00", "days": [8]}}),
            "send.repeat.days",
        ),
        (
            json!({"repeat": {"at": "09:00", "times": 0}}),
            "send.repeat.times",
        ),
        (json!({"caps": {"day": 1}}), "send.caps.day"),
        (
            json!({"repeat": {"at": "09:00"}, "until": START + 1}),
            "send.until",
        ),
        (json!({"zone": "visitor"}), "send.zone"),
    ] {
        bed.refused(&sending(send), field).await;
    }
    for (push, field) in [
        (json!({"caps": {"week": 0}}), "push.caps.week"),
        (
            json!({"quiet": {"from": "08:00", "to": "08:00"}}),
            "push.quiet.to",
        ),
    ] {
        let fault = bed
            .api("PATCH", "/account", json!({"settings": {"push": push}}), 422)
            .await;
        assert_eq!(fault["error"]["errors"][0]["field"], field, "{fault}");
    }
}

async fn written_in_the_composer_and_the_settings(bed: &Bed) {
    let person = Person::administrator(bed).await;
    let engage = "/settings/engage/caps";
    let answer = person
        .post(engage, &[("push.caps.day", "2"), ("push.quiet.from", "22:00")])
        .await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("Quiet hours have two ends"),
        "{}",
        answer.body
    );
    let hours = [("push.quiet.from", "22:00"), ("push.quiet.to", "8:00")];
    let answer = person
        .post(engage, &[&[("push.caps.day", "2")], &hours[..]].concat())
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(
        bed.get("/account").await["settings"]["push"],
        json!({"caps": {"day": 2}, "quiet": {"from": "22:00", "to": "08:00"}})
    );
    let page = person.get(engage).await.body;
    assert!(
        page.contains("value=\"22:00\"") && page.contains("value=\"08:00\""),
        "{page}"
    );

    let message = [
        ("kind", "push"),
        ("name", "Every Monday"),
        ("push.title", "The kiln is open"),
        ("push.url", "https://shop.example.com/new"),
        ("push.ttl_seconds", "86400"),
        ("push.urgency", "normal"),
        ("push.language", "en"),
        ("push.direction", "auto"),
        ("zone", "UTC"),
        ("send.at", ""),
        ("send.zone", "recipient"),
        ("send.repeat.days[1]", "yes"),
        ("send.repeat.days[2]", "no"),
        ("send.repeat.times", "3"),
        ("send.until", "1 Dec 2026, 12:00"),
        ("send.caps.day", ""),
        ("send.caps.week", "1"),
        ("send.transactional", "no"),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&message[..], more].concat();
    let told = person
        .ask("/campaigns/preview", &with(&[("send.repeat.at", "9:00")]))
        .await
        .json();
    assert_eq!(told["errors"], json!([]), "{told}");
    let sentence = told["sentence"].as_str().unwrap();
    assert!(
        sentence.contains("every Mon at 09:00 by each one’s own clock, 3 times, until")
            && sentence.contains("at most once in seven days"),
        "{sentence}"
    );
    assert_eq!(told["verb"], "Start");
    let refused = person
        .post("/campaigns", &with(&[("send.repeat.at", "nine")]))
        .await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("“nine” is not a time of day"),
        "{}",
        refused.body
    );
    let kept = person
        .post("/campaigns", &with(&[("send.repeat.at", "9:00")]))
        .await;
    assert_eq!(kept.status, 303, "{}", kept.body);
    let place = kept.header("location").to_owned();
    let id: i64 = place.split('/').nth(2).unwrap().parse().unwrap();
    let made = bed.get(&format!("/campaigns/{id}")).await;
    assert_eq!(
        made["send"],
        json!({
            "zone": "recipient", "repeat": {"days": [1], "at": "09:00", "times": 3},
            "until": 1_796_126_400_000_i64, "caps": {"week": 1},
        })
    );
    let page = person.get(&place).await.body;
    assert!(
        page.contains("Nobody is disturbed from 22:00 to 08:00") && page.contains("at most twice a day"),
        "{page}"
    );
    // Started when the day is half over, whoever is past gets it at once; the review says so.
    let today = with(&[
        ("send.repeat.at", ""),
        ("send.caps.week", ""),
        ("send.at", "2 Mar 2026, 11:00"),
    ]);
    let told = person.ask("/campaigns/preview", &today).await.json();
    assert!(
        told["left_out"].as_str().unwrap().contains("gets it at once"),
        "{told}"
    );
}

async fn rounds_that_overlap_are_all_sent(bed: &Bed) {
    // Where the day ends last, the first round comes an hour after the second has begun where it begins first.
    let mut browsers = Vec::new();
    for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
        browsers.push(living_in(bed, zone).await.1);
    }
    let send = json!({"zone": "recipient", "repeat": {"at": "09:00", "times": 2}});
    let campaign = draft(bed, sending(send)).await;
    verb(bed, campaign, "start").await;
    for _ in 0..80 {
        bed.pass(HOUR);
        bed.work().await;
    }
    bed.pass(2_000);
    bed.work().await;
    assert_eq!(sent(&browsers), [2, 2]);
    assert_eq!(status(bed, campaign).await, "sent");
    assert_eq!(counts(bed, campaign).await, json!({"audience": 4, "sent": 4}));
}

async fn each_message_of_a_late_page_has_its_own_end(bed: &Bed) {
    let mut browsers = Vec::new();
    for zone in ["Asia/Tokyo", "UTC"] {
        browsers.push(living_in(bed, zone).await.1);
    }
    // Nine o'clock tomorrow: in Tokyo at midnight here.
    let nine = START + 23 * HOUR;
    let mut definition = sending(json!({"at": nine, "zone": "recipient"}));
    definition["push"]["ttl_seconds"] = json!(3_600);
    let campaign = draft(bed, definition).await;
    verb(bed, campaign, "start").await;
    bed.pass(nine - 14 * HOUR - START);
    bed.running.delivery.step().await.unwrap();
    verb(bed, campaign, "pause").await;
    bed.pass(14 * HOUR + 1_000);
    verb(bed, campaign, "resume").await;
    bed.pass(3_000);
    work_through(bed, campaign).await;
    assert_eq!(sent(&browsers), [0, 1], "what was due nine hours ago is stale");
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 2, "sent": 1, "failed": 1})
    );
}

async fn who_logs_in_keeps_their_caps(bed: &Bed) {
    settings(bed, json!({"caps": {"day": 1}})).await;
    // Known on one browser; on another one nobody yet.
    let (_, first) = somebody(bed, "ada", json!({}), "en").await;
    let (device, second) = living_in(bed, "UTC").await;
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(
        (first.count(), second.count()),
        (1, 1),
        "two people, as far as anybody knows"
    );
    bed.ring(device, &[bed.login("ada")]).await;
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!((first.count(), second.count()), (1, 1));
    assert_eq!(counts(bed, campaign).await, json!({"audience": 2, "capped": 2}));
}
