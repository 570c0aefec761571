//! Pushes: subscribed, sent through real TLS and HTTP/2 to the lab, decrypted there, settled, reported.

use crate::bed::Bed;
use crate::dashboard::Person;
use crate::engines;
use campanile::app;
use campanile::args;
use campanile::queue::Job;
use campanile::store::db::Batch;
use campanile_core::campaign::{Definition, Status};
use campanile_core::id::Id;
use campanile_core::time::Zone;
use campanile_lab::{Fault, Rule, Service, VirtualBrowser};
use campanile_push::ece;
use serde_json::{Value, json};

engines!(
    sent_decrypted_shown_clicked_and_counted,
    gone_removes_and_nothing_else_does,
    throttled_and_broken_are_tried_again,
    refused_is_recorded_with_its_reason,
    stopped_means_stopped,
    a_page_of_the_audience_at_a_time,
    a_worker_that_dies_leaves_its_work_to_the_next,
    subscriptions_are_checked_at_intake,
    a_subscription_follows_its_browser,
    topics_stand_with_the_browser,
    every_service_takes_it,
    with_multiples_of_its_key_and_without_a_message_is_the_same,
    a_stale_message_is_not_sent,
    an_account_of_another_process_is_found,
    a_lease_takes_no_more_than_it_asked_for,
    who_is_silent_is_about_to_be_forgotten,
    the_report_says_by_browser_and_what_to_do,
);

pub(crate) async fn subscribe(bed: &Bed, service: Service) -> (Id, VirtualBrowser) {
    let device = bed.id();
    let browser = bed.lab.virtual_browser_at(service, &vapid(bed).await);
    bed.ring(device, &[operation(bed, &browser).await]).await;
    (device, browser)
}

pub(crate) async fn vapid_text(bed: &Bed) -> String {
    bed.get("/settings/web-push").await["public_key"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub(crate) async fn vapid(bed: &Bed) -> [u8; 65] {
    campanile_core::subscription::decode(&vapid_text(bed).await)
        .unwrap()
        .try_into()
        .unwrap()
}

pub(crate) async fn operation(bed: &Bed, browser: &VirtualBrowser) -> Value {
    let key = vapid_text(bed).await;
    bed.op(
        "subscribe",
        json!({"subscription": browser.subscription(), "key": key, "browser": "Firefox"}),
    )
}

pub(crate) fn push() -> Value {
    json!({"name": "Kiln", "kind": "push", "push": {"title": "The kiln is open", "body": "Twelve new pots.", "url": "https://shop.example.com/new"}})
}

/// The counts of a campaign that say something.
pub(crate) async fn counts(bed: &Bed, campaign: i64) -> Value {
    let mut counts = bed.counts(campaign).await;
    counts.as_object_mut().unwrap().retain(|_, n| *n != 0);
    counts
}

/// Works until the campaign is through; time passes when everything waits.
pub(crate) async fn work_through(bed: &Bed, campaign: i64) {
    for _ in 0..100 {
        bed.work().await;
        if bed.get(&format!("/campaigns/{campaign}")).await["status"] != "sending" {
            bed.pass(2_000);
            bed.work().await;
            return;
        }
        bed.pass(1_000);
    }
    panic!("the campaign does not come to its end");
}

async fn sent_decrypted_shown_clicked_and_counted(bed: &Bed) {
    let (device, browser) = subscribe(bed, Service::Mozilla).await;
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    let received = browser.try_next().expect("the message arrived");
    let payload: Value = serde_json::from_slice(received.plaintext.as_ref().unwrap()).unwrap();
    assert_eq!(payload["web_push"], 8030);
    assert_eq!(payload["notification"]["title"], "The kiln is open");
    assert_eq!(
        payload["notification"]["navigate"],
        "https://shop.example.com/new"
    );
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));
    assert_eq!(bed.get(&format!("/campaigns/{campaign}")).await["status"], "sent");

    let send = payload["campanile"]["send"].clone();
    let report = async |op: &str| {
        let answer = bed
            .post(
                None,
                &[bed.op(op, json!({"send": send, "action": "default"}))],
                &[],
            )
            .await;
        assert_eq!(answer.json()["accepted"], 1, "{}", answer.body);
    };
    report("push_shown").await;
    report("push_shown").await;
    report("push_clicked").await;
    report("push_clicked").await;
    report("push_dismissed").await;
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 1, "sent": 1, "shown": 1, "clicked": 1, "dismissed": 1})
    );
    let events = bed.events(&bed.device(device).await).await;
    let mut events: Vec<&str> = events.iter().map(String::as_str).collect();
    events.sort_unstable();
    assert_eq!(
        events,
        [
            "Notification Clicked",
            "Notification Dismissed",
            "Notification Viewed",
            "Push Subscribed"
        ]
    );
    let unknown = bed
        .post(None, &[bed.op("push_shown", json!({"send": bed.id()}))], &[])
        .await
        .json();
    assert_eq!(unknown["refused"][0]["code"], 605);
    // A push is sent once.
    let again = bed
        .api("POST", &format!("/campaigns/{campaign}/start"), Value::Null, 409)
        .await;
    assert!(again["error"]["message"].as_str().unwrap().contains("Duplicate"));
}

async fn gone_removes_and_nothing_else_does(bed: &Bed) {
    let (_, left) = subscribe(bed, Service::Mozilla).await;
    let (_, lost) = subscribe(bed, Service::Fcm).await;
    let (_, refused) = subscribe(bed, Service::Apple).await;
    let (_, stays) = subscribe(bed, Service::Apple).await;
    left.unsubscribe();
    bed.lab.add_fault(Rule::on(
        lost.token(),
        Fault::Status {
            code: 404,
            retry_after: None,
        },
        1,
    ));
    bed.lab.add_fault(Rule::on(
        refused.token(),
        Fault::Status {
            code: 400,
            retry_after: None,
        },
        1,
    ));
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 4, "sent": 1, "failed": 1, "gone": 2})
    );
    assert_eq!(stays.count(), 1);
    assert_eq!(bed.get("/subscriptions").await["total"], 2);
    // The next one goes to those who are left.
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 2, "sent": 2}));
}

async fn throttled_and_broken_are_tried_again(bed: &Bed) {
    let (_, slow) = subscribe(bed, Service::Mozilla).await;
    let (_, broken) = subscribe(bed, Service::Fcm).await;
    let (_, cut) = subscribe(bed, Service::Apple).await;
    bed.lab.add_fault(Rule::on(
        slow.token(),
        Fault::Status {
            code: 429,
            retry_after: Some(60),
        },
        1,
    ));
    bed.lab.add_fault(Rule::on(
        broken.token(),
        Fault::Status {
            code: 503,
            retry_after: None,
        },
        2,
    ));
    bed.lab.add_fault(Rule::on(cut.token(), Fault::Cut, 1));
    let campaign = bed.launch(push()).await;
    bed.work().await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 3, "waiting": 3}));
    bed.pass(59_000);
    bed.work().await;
    assert_eq!(slow.count(), 0, "Retry-After was honoured");
    bed.pass(1_000);
    work_through(bed, campaign).await;
    assert_eq!((slow.count(), broken.count(), cut.count()), (1, 1, 1));
    assert_eq!(counts(bed, campaign).await, json!({"audience": 3, "sent": 3}));
    assert_eq!(bed.get("/subscriptions").await["total"], 3);
}

async fn refused_is_recorded_with_its_reason(bed: &Bed) {
    let (_, browser) = subscribe(bed, Service::Mozilla).await;
    let never = Fault::Status {
        code: 500,
        retry_after: None,
    };
    bed.lab.add_fault(Rule::on(browser.token(), never, 1000));
    let mut definition = push();
    definition["push"]["ttl_seconds"] = json!(600);
    let campaign = bed.launch(definition).await;
    for _ in 0..20 {
        bed.work().await;
        bed.pass(60_000);
    }
    bed.work().await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "failed": 1}));
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    assert_eq!(report["reasons"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(report["campaign"]["status"], "sent");
    assert!(
        bed.lab.counts().faulted <= 8,
        "not tried for ever: {:?}",
        bed.lab.counts()
    );
}

async fn stopped_means_stopped(bed: &Bed) {
    let (_, browser) = subscribe(bed, Service::Mozilla).await;
    let campaign = bed.launch(push()).await;
    bed.api("POST", &format!("/campaigns/{campaign}/stop"), Value::Null, 200)
        .await;
    bed.work().await;
    assert_eq!(browser.count(), 0);
    assert_eq!(
        bed.get(&format!("/campaigns/{campaign}")).await["status"],
        "stopped"
    );
    // Half-way: the fan-out has made the messages, none is sent.
    let campaign = bed.launch(push()).await;
    bed.running.delivery.step().await.unwrap();
    assert_eq!(bed.counts(campaign).await["waiting"], 1);
    bed.api("POST", &format!("/campaigns/{campaign}/stop"), Value::Null, 200)
        .await;
    bed.work().await;
    assert_eq!(browser.count(), 0);
    bed.api("DELETE", &format!("/campaigns/{campaign}"), Value::Null, 204)
        .await;
}

async fn a_page_of_the_audience_at_a_time(bed: &Bed) {
    // Two pages and a half.
    let crowd = bed.lab.crowd(Service::Fcm, &vapid(bed).await, 1250);
    let key = vapid_text(bed).await;
    for piece in crowd.chunks(50) {
        // One device has one subscription, so each comes from a browser of its own.
        let posts = piece.iter().map(|browser| {
            let operation = bed.op(
                "subscribe",
                json!({"subscription": browser.subscription(), "key": key, "browser": "Chrome"}),
            );
            let device = bed.id();
            async move { bed.ring(device, &[operation]).await }
        });
        futures_util::future::join_all(posts).await;
    }
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 1250, "sent": 1250})
    );
    assert_eq!(bed.lab.counts().accepted, 1250, "nobody left out, nobody twice");
    assert!(crowd.iter().all(|browser| browser.count() == 1));
}

async fn a_worker_that_dies_leaves_its_work_to_the_next(bed: &Bed) {
    let (_, browser) = subscribe(bed, Service::Mozilla).await;
    let campaign = bed.launch(push()).await;
    // Leased by a worker that never comes back.
    let leased = bed
        .running
        .app
        .queue
        .lease(10, 120_000, campanile_core::time::Timestamp(bed.now()))
        .await
        .unwrap();
    assert_eq!(leased.len(), 1);
    bed.work().await;
    assert_eq!(browser.count(), 0);
    bed.pass(120_001);
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));
}

async fn subscriptions_are_checked_at_intake(bed: &Bed) {
    let device = bed.id();
    let browser = bed.lab.virtual_browser(&vapid(bed).await);
    let good = operation(bed, &browser).await;
    let refused = async |change: &dyn Fn(&mut Value)| -> (i64, String) {
        let mut bad = good.clone();
        bad["id"] = json!(bed.id());
        change(&mut bad);
        let reply = bed.post(Some(device), &[bad], &[]).await.json();
        assert_eq!(reply["accepted"], 0, "{reply}");
        let refusal = &reply["refused"][0];
        (
            refusal["code"].as_i64().unwrap(),
            refusal["field"].as_str().unwrap().to_owned(),
        )
    };
    let endpoint =
        |text: &'static str| move |value: &mut Value| value["subscription"]["endpoint"] = json!(text);
    for hostile in [
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest",
        "http://fcm.googleapis.com/x",
        "https://evil.example.com/x",
        "nonsense",
    ] {
        assert_eq!(
            refused(&endpoint(hostile)).await,
            (607, "subscription.endpoint".into()),
            "{hostile}"
        );
    }
    assert_eq!(
        refused(&|value| value["subscription"]["keys"]["auth"] = json!("AAAA")).await,
        (607, "subscription.keys.auth".into())
    );
    // 65 bytes that begin with 4 and lie on no curve.
    let off = format!("BA{}", "A".repeat(85));
    assert_eq!(
        refused(&|value| value["subscription"]["keys"]["p256dh"] = json!(off)).await,
        (607, "subscription.keys.p256dh".into())
    );
    assert_eq!(
        refused(&|value| value["key"] = json!(off)).await,
        (608, "key".into())
    );
    assert_eq!(bed.get("/subscriptions").await["total"], 0);
}

async fn a_subscription_follows_its_browser(bed: &Bed) {
    let (device, first) = subscribe(bed, Service::Mozilla).await;
    // The same again is no second one.
    bed.ring(device, &[operation(bed, &first).await]).await;
    assert_eq!(bed.get("/subscriptions").await["total"], 1);
    bed.ring(device, &[bed.login("c-1")]).await;
    assert_eq!(
        bed.person("Identity:c-1").await["subscriptions"][0]["state"],
        "live"
    );
    bed.ring(device, &[bed.login("c-2")]).await;
    assert_eq!(
        bed.person("Identity:c-1").await["subscriptions"],
        json!([]),
        "another person sits there now"
    );
    assert_eq!(
        bed.person("Identity:c-2").await["subscriptions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // A new endpoint of the same browser takes the old one's place.
    bed.pass(1000);
    let second = bed.lab.virtual_browser(&vapid(bed).await);
    bed.ring(device, &[operation(bed, &second).await]).await;
    let states: Vec<Value> = bed.person("Identity:c-2").await["subscriptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["state"].clone())
        .collect();
    assert_eq!(states, ["live", "gone"]);
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!((first.count(), second.count()), (0, 1));
    bed.ring(
        device,
        &[bed.op("unsubscribe", json!({"endpoint": second.endpoint()}))],
    )
    .await;
    assert_eq!(bed.get("/subscriptions").await["total"], 0);
    // Nobody to send to: through at once.
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(bed.get(&format!("/campaigns/{campaign}")).await["status"], "sent");
}

async fn topics_stand_with_the_browser(bed: &Bed) {
    let (device, _) = subscribe(bed, Service::Fcm).await;
    let browser = bed.lab.virtual_browser_at(Service::Fcm, &vapid(bed).await);
    let chosen = async |topics: Option<Value>| {
        let mut op = operation(bed, &browser).await;
        if let Some(topics) = topics {
            op["topics"] = topics;
        }
        bed.ring(device, &[op]).await;
        let found = bed.get(&format!("/profiles?identity=device:{device}")).await;
        let id = &found["profiles"][0]["id"];
        bed.get(&format!("/profiles/{id}")).await["devices"][0]["topics"].clone()
    };
    assert_eq!(chosen(None).await, json!([]));
    assert_eq!(
        chosen(Some(json!(["news", " news ", "", "kiln"]))).await,
        json!(["news", "kiln"])
    );
    assert_eq!(
        chosen(None).await,
        json!(["news", "kiln"]),
        "a page that offers no choice changes none"
    );
    assert_eq!(chosen(Some(json!([]))).await, json!([]));
}

async fn every_service_takes_it(bed: &Bed) {
    let mut browsers = Vec::new();
    for service in [Service::Mozilla, Service::Fcm, Service::Apple, Service::Wns] {
        browsers.push(subscribe(bed, service).await.1);
    }
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 4, "sent": 4}));
    for browser in browsers {
        let received = browser
            .try_next()
            .unwrap_or_else(|| panic!("{} got nothing", browser.endpoint()));
        assert!(String::from_utf8_lossy(received.plaintext.as_ref().unwrap()).contains("The kiln is open"));
    }
}

async fn with_multiples_of_its_key_and_without_a_message_is_the_same(bed: &Bed) {
    let mut browsers = Vec::new();
    for service in [Service::Mozilla, Service::Fcm, Service::Apple] {
        browsers.push(subscribe(bed, service).await.1);
    }
    let app = &bed.running.app;
    let account = app.live.sites()[0].account.id.clone();
    let kept = async || {
        let mut rows = app.store.subscriptions(&account, 10).await.unwrap();
        rows.sort_by_key(|row| row.id);
        rows
    };
    let rows = kept().await;
    for row in &rows {
        assert_eq!(row.multiples, Some(ece::multiples(&row.keys).unwrap()));
    }
    // One came in with an older version, one row is damaged.
    let mut batch = Batch::new("spoil");
    let sql = "-- spoil\nUPDATE subscriptions SET multiples = $2 WHERE id = $1";
    batch.run(sql, args![rows[0].id.bytes(), None::<Vec<u8>>]);
    batch.run(sql, args![rows[1].id.bytes(), rows[2].multiples.clone()]);
    app.store.db.write(batch).await.unwrap();
    assert_eq!(kept().await[0].multiples, None);
    for n in 1..=2 {
        let campaign = bed.launch(push()).await;
        work_through(bed, campaign).await;
        assert_eq!(counts(bed, campaign).await, json!({"audience": 3, "sent": 3}));
        for browser in &browsers {
            assert_eq!(browser.count(), n);
            let received = browser.try_next().expect("the message arrived");
            assert!(
                String::from_utf8_lossy(received.plaintext.as_ref().unwrap()).contains("The kiln is open")
            );
        }
    }
    // Other keys under the same address bring their own multiples.
    let mut row = rows[0].clone();
    row.keys = rows[2].keys.clone();
    row.multiples.clone_from(&rows[2].multiples);
    let mut batch = Batch::new("again");
    app.store.upsert_subscription(&mut batch, &account, &row);
    app.store.db.write(batch).await.unwrap();
    assert_eq!(kept().await[0].multiples, rows[2].multiples);
}

async fn a_stale_message_is_not_sent(bed: &Bed) {
    let (_, browser) = subscribe(bed, Service::Mozilla).await;
    let mut definition = push();
    definition["push"]["ttl_seconds"] = json!(3600);
    let campaign = bed.launch(definition.clone()).await;
    bed.pass(3_600_000);
    work_through(bed, campaign).await;
    assert_eq!(
        browser.count(),
        0,
        "the server was away for longer than it was news"
    );
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "failed": 1}));
    // Without a time to live it is for whoever is there now.
    definition["push"]["ttl_seconds"] = json!(0);
    let campaign = bed.launch(definition).await;
    bed.pass(1000);
    work_through(bed, campaign).await;
    assert_eq!(browser.count(), 1);
}

async fn a_lease_takes_no_more_than_it_asked_for(bed: &Bed) {
    let (queue, db) = (&bed.running.app.queue, &bed.running.app.store.db);
    let now = campanile_core::time::Timestamp(bed.now());
    let push = async |jobs: usize| {
        let mut batch = Batch::new("jobs");
        for number in 0..jobs {
            let job = Job::FanOut {
                account: "TEST-0001".to_owned(),
                campaign: campanile_core::id::CampaignId(1),
                run: number as i64,
            };
            queue.push(&mut batch, bed.id(), &job, now);
        }
        db.write(batch).await.unwrap();
    };
    // The engine plans for one job, as after it looked at a queue that was nearly empty; then come more.
    push(1).await;
    let mut analyze = Batch::new("analyze");
    analyze.run("-- analyze\nANALYZE jobs", Vec::new());
    db.write(analyze).await.unwrap();
    push(24).await;
    for left in (0..25).rev() {
        let leased = queue.lease(1, 120_000, now).await.unwrap();
        assert_eq!(leased.len(), 1);
        let mut done = Batch::new("done");
        queue.done(&mut done, &leased[0]);
        db.write(done).await.unwrap();
        let ready = "-- ready\nSELECT COUNT(*) FROM jobs WHERE ready_at <= $1";
        let rows = db.query(ready, vec![now.ms().into()]).await.unwrap();
        assert_eq!(rows[0].int(0).unwrap(), left);
    }
}

async fn an_account_of_another_process_is_found(bed: &Bed) {
    let here = &bed.running.app;
    let (_, _, _, launch) = app::open(&here.config, here.clock.clone()).await.unwrap();
    let account = launch
        .create_account("Elsewhere", None, Zone::utc())
        .await
        .unwrap();
    let definition = Definition::parse(push()).unwrap();
    let campaign = launch.create(&account.id, definition).await.unwrap();
    launch.start(&account.id, campaign.id).await.unwrap();
    // This process may not have heard of the account; the job is not lost.
    bed.work().await;
    bed.pass(2000);
    bed.work().await;
    let found = launch.find(&account.id, campaign.id).await.unwrap();
    assert_eq!(found.status, Status::Sent);
}

async fn who_is_silent_is_about_to_be_forgotten(bed: &Bed) {
    const DAY: i64 = 86_400_000;
    let forecast = async || bed.get("/subscriptions/forecast").await["services"].clone();
    assert_eq!(forecast().await, json!([]));
    let (chrome, _) = subscribe(bed, Service::Fcm).await;
    let (firefox, _) = subscribe(bed, Service::Mozilla).await;
    subscribe(bed, Service::Mozilla).await;
    subscribe(bed, Service::Apple).await;
    let line = |service: &str, browsers: &str, after: u32, live: u64, [soon, later, overdue]: [u64; 3]| {
        json!({
            "service": service, "browsers": browsers, "after_days": after, "live": live,
            "in_7_days": soon, "in_30_days": later, "overdue": overdue,
        })
    };
    let google = |soon| line("Google", "Chrome and kin", 270, 1, soon);
    let mozilla = |soon| line("Mozilla", "Firefox", 60, 2, soon);
    assert_eq!(forecast().await, json!([google([0; 3]), mozilla([0; 3])]));
    bed.pass(31 * DAY);
    assert_eq!(forecast().await, json!([google([0; 3]), mozilla([0, 2, 0])]));
    // A visit breaks the silence.
    bed.ring(firefox, &[bed.page()]).await;
    bed.pass(29 * DAY);
    assert_eq!(forecast().await, json!([google([0; 3]), mozilla([0, 0, 1])]));
    bed.pass(205 * DAY);
    assert_eq!(forecast().await, json!([google([1, 1, 0]), mozilla([0, 0, 2])]));
    // Nothing was removed for it, and a report of the worker breaks the silence too.
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    let sent = bed.get(&format!("/campaigns/{campaign}/deliveries")).await;
    assert_eq!(sent["deliveries"].as_array().unwrap().len(), 4, "{sent}");
    let chromes = bed.device(chrome).await["id"].clone();
    let own = sent["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["profile"] == chromes)
        .unwrap_or_else(|| panic!("{sent} {chromes}"));
    bed.ring(chrome, &[bed.op("push_shown", json!({"send": own["id"]}))])
        .await;
    assert_eq!(forecast().await[0], google([0; 3]));
}

async fn the_report_says_by_browser_and_what_to_do(bed: &Bed) {
    let (device, taken) = subscribe(bed, Service::Mozilla).await;
    let (_, refused) = subscribe(bed, Service::Fcm).await;
    let (_, gone) = subscribe(bed, Service::Wns).await;
    for (browser, code) in [(&refused, 403), (&gone, 410)] {
        let fault = Fault::Status {
            code,
            retry_after: None,
        };
        bed.lab.add_fault(Rule::on(browser.token(), fault, 9));
    }
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(taken.count(), 1);
    let sent = bed
        .get(&format!("/campaigns/{campaign}/deliveries?state=sent"))
        .await;
    let id = sent["deliveries"][0]["id"].clone();
    bed.ring(device, &[bed.op("push_clicked", json!({"send": id}))])
        .await;
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    let browsers = report["browsers"].as_array().unwrap();
    assert_eq!(browsers.len(), 1, "{report}");
    assert_eq!(
        (
            &browsers[0]["sent"],
            &browsers[0]["shown"],
            &browsers[0]["clicked"]
        ),
        (&json!(1), &json!(1), &json!(1))
    );
    let reasons = report["reasons"].as_array().unwrap();
    let of = |state: &str| reasons.iter().find(|one| one["state"] == state).unwrap();
    assert_eq!(
        (&of("failed")["status"], &of("failed")["times"]),
        (&json!(403), &json!(1))
    );
    assert_eq!(of("gone")["times"], 1, "{report}");
    let person = Person::administrator(bed).await;
    let page = person.get(&format!("/campaigns/{campaign}")).await.body;
    for words in [
        "By browser",
        "The signature was not taken",
        "removed. A visit subscribes it anew",
        "href=\"/settings/engage/channels/web-push\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}
