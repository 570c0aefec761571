//! To whom a push goes, in whose words, when and how fast; and what halts it.

use crate::bed::Bed;
use crate::engines;
use crate::pushes::{counts, operation, push, vapid, work_through};
use campanile::config::Retention;
use campanile::delivery::sweep::sweep;
use campanile_core::id::Id;
use campanile_lab::{Fault, Rule, Service, VirtualBrowser};
use serde_json::{Value, json};

engines!(
    only_those_who_are_meant,
    each_in_their_own_words,
    by_the_topics_that_they_chose,
    nobody_reads_a_half_filled_text,
    a_moment_that_lies_ahead,
    paused_and_resumed,
    stopped_half_way_the_sums_add_up,
    a_stop_is_heard_in_the_middle_of_a_piece,
    a_pace_is_kept,
    what_cannot_be_asked_is_named,
    after_an_event_unless_another_comes,
    a_welcome_to_who_subscribes,
    the_ledger_has_each_message,
    two_events_of_one_moment_are_one_message,
    what_programs_sent_along_is_forgotten,
);

/// A subscriber who is known: the device, and the browser that gets the messages.
pub(crate) async fn somebody(bed: &Bed, who: &str, profile: Value, language: &str) -> (Id, VirtualBrowser) {
    let device = bed.id();
    let browser = bed.lab.virtual_browser_at(Service::Mozilla, &vapid(bed).await);
    let ops = [
        bed.page(),
        bed.op("login", json!({"identity": {"Identity": who}, "set": profile})),
        operation(bed, &browser).await,
    ];
    let context = json!({"language": language});
    let answer = bed.post(Some(device), &ops, &[("context", context)]).await;
    assert_eq!(answer.json()["accepted"], 3, "{}", answer.body);
    (device, browser)
}

pub(crate) async fn draft(bed: &Bed, definition: Value) -> i64 {
    bed.api("POST", "/campaigns", definition, 201).await["id"]
        .as_i64()
        .unwrap()
}

pub(crate) async fn verb(bed: &Bed, campaign: i64, verb: &str) -> Value {
    bed.api("POST", &format!("/campaigns/{campaign}/{verb}"), Value::Null, 200)
        .await
}

pub(crate) async fn status(bed: &Bed, campaign: i64) -> Value {
    bed.get(&format!("/campaigns/{campaign}")).await["status"].clone()
}

fn text(browser: &VirtualBrowser) -> (String, String, String) {
    let received = browser.try_next().expect("a message");
    let payload: Value = serde_json::from_slice(received.plaintext.as_ref().unwrap()).unwrap();
    let field = |name: &str| payload["notification"][name].as_str().unwrap().to_owned();
    (field("title"), field("navigate"), field("lang"))
}

async fn only_those_who_are_meant(bed: &Bed) {
    let (ada, for_ada) = somebody(bed, "ada", json!({"plan": "pro"}), "en-GB").await;
    let (_, for_ben) = somebody(bed, "ben", json!({"plan": "free"}), "de").await;
    let (_, for_cy) = somebody(bed, "cy", json!({"plan": "pro"}), "de-AT").await;
    bed.ring(ada, &[bed.event("Charged")]).await;
    let audience = |rules: Value| {
        let mut definition = push();
        definition["audience"] = json!({"rules": rules});
        definition
    };
    let pro = audience(json!([{"is": "property", "name": "plan", "op": "is", "value": "pro"}]));
    let estimate = bed.api("POST", "/estimate", pro.clone(), 200).await;
    assert_eq!(
        (&estimate["subscribers"], &estimate["reached"], &estimate["exact"]),
        (&json!(3), &json!(2), &json!(true)),
        "{estimate}"
    );
    let everybody = bed.api("POST", "/estimate", push(), 200).await;
    assert_eq!(everybody["reached"], 3, "{everybody}");
    let campaign = bed.launch(pro).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 2, "sent": 2}));
    assert_eq!((for_ada.count(), for_ben.count(), for_cy.count()), (1, 0, 1));

    let charged = audience(json!([
        {"is": "event", "name": "Charged", "op": "at_least", "value": 1, "days": 7},
        {"is": "subscribed", "op": "is", "value": true},
        {"is": "language", "op": "starts", "value": "en"},
    ]));
    let campaign = bed.launch(charged).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));
    assert_eq!((for_ada.count(), for_ben.count(), for_cy.count()), (2, 0, 1));

    // Nobody is meant: it is through at once.
    let nobody = audience(json!([{"is": "property", "name": "plan", "op": "is", "value": "gold"}]));
    let campaign = bed.launch(nobody).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({}));
    assert_eq!(status(bed, campaign).await, "sent");
}

async fn each_in_their_own_words(bed: &Bed) {
    let (_, for_ada) = somebody(bed, "ada", json!({"First": "Ada <b>"}), "en-GB").await;
    let (_, for_ben) = somebody(bed, "ben", json!({}), "fr").await;
    let (_, for_cy) = somebody(bed, "cy", json!({"First": "Cy"}), "de-AT").await;
    // What the site knows of a person goes before what their browser says.
    let (_, for_dee) = somebody(bed, "dee", json!({"First": "Dee", "Language": "de_CH"}), "en-GB").await;
    let (_, for_eve) = somebody(bed, "eve", json!({"First": "Eve", "Language": "it"}), "de").await;
    let mut definition = push();
    definition["push"] = json!({
        "title": "{{ profile.First | default: 'Hello' }}, the kiln is open",
        "url": "https://shop.example.com/new?who={{ profile.First | default: 'you' }}",
        "translations": {"de": {"title": "{{ profile.First }}, der Ofen ist offen"}},
    });
    let campaign = bed.launch(definition).await;
    work_through(bed, campaign).await;
    let told =
        |title: &str, url: &str, language: &str| (title.to_owned(), url.to_owned(), language.to_owned());
    assert_eq!(
        text(&for_ada),
        told(
            "Ada <b>, the kiln is open",
            "https://shop.example.com/new?who=Ada%20%3Cb%3E",
            "en"
        )
    );
    assert_eq!(
        text(&for_ben),
        told(
            "Hello, the kiln is open",
            "https://shop.example.com/new?who=you",
            "en"
        )
    );
    assert_eq!(
        text(&for_cy),
        told(
            "Cy, der Ofen ist offen",
            "https://shop.example.com/new?who=Cy",
            "de"
        )
    );
    assert_eq!(text(&for_dee).0, "Dee, der Ofen ist offen");
    assert_eq!(text(&for_eve).0, "Eve, the kiln is open");
    assert_eq!(counts(bed, campaign).await, json!({"audience": 5, "sent": 5}));
}

async fn by_the_topics_that_they_chose(bed: &Bed) {
    let of = async |topics: Value| {
        let (device, browser) = (
            bed.id(),
            bed.lab.virtual_browser_at(Service::Mozilla, &vapid(bed).await),
        );
        let mut op = operation(bed, &browser).await;
        op["topics"] = topics;
        bed.ring(device, &[op]).await;
        browser
    };
    let (news, both, none) = (
        of(json!(["News"])).await,
        of(json!(["kiln", "news"])).await,
        of(json!([])).await,
    );
    for (op, value, expected) in [
        ("is", json!("news"), [1, 1, 0]),
        ("is_not", json!("kiln"), [1, 0, 1]),
        ("set", Value::Null, [1, 1, 0]),
        ("not_set", Value::Null, [0, 0, 1]),
    ] {
        let before = [&news, &both, &none].map(VirtualBrowser::count);
        let mut definition = push();
        definition["audience"] = json!({"rules": [{"is": "topic", "op": op, "value": value}]});
        let campaign = bed.launch(definition).await;
        work_through(bed, campaign).await;
        let after = [&news, &both, &none].map(VirtualBrowser::count);
        let got: Vec<u64> = after
            .iter()
            .zip(before)
            .map(|(after, before)| after - before)
            .collect();
        assert_eq!(got, expected, "{op}");
    }
}

async fn nobody_reads_a_half_filled_text(bed: &Bed) {
    let (_, known) = somebody(bed, "ada", json!({"First": "Ada"}), "en").await;
    let (_, unknown) = somebody(bed, "ben", json!({}), "en").await;
    let (_, endless) = somebody(bed, "cy", json!({"First": "Cy", "Note": "x".repeat(1000)}), "en").await;
    let mut definition = push();
    definition["push"]["title"] = json!("For {{ profile.First }}");
    definition["push"]["body"] = json!("{% for i in (1..4) %}{{ profile.Note | default: '' }}{% endfor %}");
    let estimate = bed.api("POST", "/estimate", definition.clone(), 200).await;
    assert_eq!(estimate["reached"], 1, "{estimate}");
    let reasons: Vec<&str> = estimate["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["reason"].as_str().unwrap())
        .collect();
    assert!(
        reasons.iter().any(|reason| reason.contains("profile.First")),
        "{reasons:?}"
    );
    assert!(
        reasons.iter().any(|reason| reason.contains("too large")),
        "{reasons:?}"
    );
    let campaign = bed.launch(definition).await;
    work_through(bed, campaign).await;
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 3, "sent": 1, "failed": 2})
    );
    assert_eq!((known.count(), unknown.count(), endless.count()), (1, 0, 0));
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    let report = report["reasons"].to_string();
    assert!(
        report.contains("profile.First") && report.contains("too large"),
        "{report}"
    );
    assert_eq!(
        bed.get("/subscriptions").await["total"],
        3,
        "nobody is removed for it"
    );
}

async fn a_moment_that_lies_ahead(bed: &Bed) {
    let (_, browser) = somebody(bed, "ada", json!({}), "en").await;
    let hour = 3_600_000;
    let mut definition = push();
    definition["push"]["ttl_seconds"] = json!(60);
    definition["send"] = json!({"at": bed.now() + hour});
    let campaign = draft(bed, definition.clone()).await;
    assert_eq!(verb(bed, campaign, "start").await["status"], "scheduled");
    bed.pass(hour - 1);
    bed.work().await;
    assert_eq!(
        (browser.count(), status(bed, campaign).await),
        (0, json!("scheduled"))
    );
    // Taken back, it is a draft again, may be changed, and what was left of its first start does nothing.
    assert_eq!(verb(bed, campaign, "stop").await["status"], "draft");
    bed.pass(hour);
    bed.work().await;
    assert_eq!(
        (browser.count(), status(bed, campaign).await),
        (0, json!("draft"))
    );
    let late = bed
        .api("POST", &format!("/campaigns/{campaign}/start"), Value::Null, 422)
        .await;
    assert_eq!(late["error"]["errors"][0]["field"], "send.at", "{late}");
    definition["send"]["at"] = json!(bed.now() + hour);
    bed.api("PUT", &format!("/campaigns/{campaign}"), definition, 200)
        .await;
    verb(bed, campaign, "start").await;
    let refused = bed
        .api("DELETE", &format!("/campaigns/{campaign}"), Value::Null, 409)
        .await;
    assert!(refused["error"]["message"].is_string());
    bed.pass(hour);
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));
    assert_eq!((browser.count(), status(bed, campaign).await), (1, json!("sent")));
}

async fn paused_and_resumed(bed: &Bed) {
    let (_, one) = somebody(bed, "ada", json!({}), "en").await;
    let campaign = bed.launch(push()).await;
    // Its messages are made, none is sent.
    bed.running.delivery.step().await.unwrap();
    assert_eq!(verb(bed, campaign, "pause").await["status"], "paused");
    for _ in 0..3 {
        bed.pass(10_000);
        bed.work().await;
    }
    assert_eq!(
        (one.count(), bed.counts(campaign).await["waiting"].clone()),
        (0, json!(1))
    );
    let again = bed
        .api("POST", &format!("/campaigns/{campaign}/start"), Value::Null, 409)
        .await;
    assert!(again["error"]["message"].as_str().unwrap().contains("Resume"));
    assert_eq!(verb(bed, campaign, "resume").await["status"], "sending");
    bed.pass(3_000);
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));
    assert_eq!(one.count(), 1);
    bed.api("POST", &format!("/campaigns/{campaign}/pause"), Value::Null, 409)
        .await;
}

async fn stopped_half_way_the_sums_add_up(bed: &Bed) {
    let mut browsers = Vec::new();
    for who in ["ada", "ben", "cy"] {
        browsers.push(somebody(bed, who, json!({}), "en").await.1);
    }
    let mut definition = push();
    definition["send"] = json!({"per_minute": 60});
    let campaign = bed.launch(definition).await;
    bed.work().await;
    // The second one's message is made and waits.
    bed.pass(1_000);
    bed.running.delivery.step().await.unwrap();
    assert_eq!(bed.counts(campaign).await["waiting"], 1);
    verb(bed, campaign, "stop").await;
    for _ in 0..3 {
        bed.pass(10_000);
        bed.work().await;
    }
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 2, "sent": 1, "unsent": 1})
    );
    assert_eq!(browsers.iter().map(VirtualBrowser::count).sum::<u64>(), 1);
    bed.api("DELETE", &format!("/campaigns/{campaign}"), Value::Null, 204)
        .await;
}

async fn a_stop_is_heard_in_the_middle_of_a_piece(bed: &Bed) {
    // More than are sent at once, and a push service that takes its time.
    let crowd = bed.lab.crowd(Service::Mozilla, &vapid(bed).await, 300);
    for piece in crowd.chunks(50) {
        let mut posts = Vec::new();
        for browser in piece {
            posts.push((bed.id(), operation(bed, browser).await));
        }
        let posts = posts
            .iter()
            .map(|(device, operation)| bed.ring(*device, std::slice::from_ref(operation)));
        futures_util::future::join_all(posts).await;
    }
    bed.lab.add_fault(Rule::any(Fault::Slow { ms: 3_000 }, 300));
    let campaign = bed.launch(push()).await;
    let stop = async {
        bed.lab.wait_until(|counts| counts.accepted >= 1).await;
        verb(bed, campaign, "stop").await;
    };
    tokio::join!(bed.work(), stop);
    let begun = crowd.iter().map(VirtualBrowser::count).sum::<u64>();
    assert!(begun < 300, "nothing new was begun");
    bed.pass(1_000);
    bed.work().await;
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 300, "sent": begun, "unsent": 300 - begun})
    );
    assert_eq!(crowd.iter().map(VirtualBrowser::count).sum::<u64>(), begun);
}

async fn a_pace_is_kept(bed: &Bed) {
    let mut browsers = Vec::new();
    for who in ["ada", "ben", "cy"] {
        browsers.push(somebody(bed, who, json!({}), "en").await.1);
    }
    let mut definition = push();
    definition["send"] = json!({"per_minute": 30});
    let campaign = bed.launch(definition).await;
    for sent in 1..=3 {
        bed.work().await;
        assert_eq!(browsers.iter().map(VirtualBrowser::count).sum::<u64>(), sent);
        bed.pass(1_999);
        bed.work().await;
        assert_eq!(browsers.iter().map(VirtualBrowser::count).sum::<u64>(), sent);
        bed.pass(1);
    }
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 3, "sent": 3}));
}

async fn what_cannot_be_asked_is_named(bed: &Bed) {
    let mut definition = push();
    definition["audience"] = json!({"rules": [{"is": "path", "op": "is", "value": "/basket"}]});
    definition["send"] = json!({"per_minute": 0});
    definition["push"]["title"] = json!("At {{ page.url }}");
    let campaign = draft(bed, definition.clone()).await;
    let fault = bed
        .api("POST", &format!("/campaigns/{campaign}/start"), Value::Null, 422)
        .await;
    let fields: Vec<&str> = fault["error"]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["push.title", "audience.rules[0].is", "send.per_minute"]);
    definition["send"] = json!({"when": "soon"});
    let fault = bed.api("POST", "/campaigns", definition, 422).await;
    assert_eq!(fault["error"]["errors"][0]["field"], "send.when", "{fault}");
    let popup = json!({"name": "P", "kind": "popup", "popup": {"title": "T"}});
    let fault = bed.api("POST", "/estimate", popup, 422).await;
    assert_eq!(fault["error"]["errors"][0]["field"], "kind");
}

/// After "Added To Cart", unless "Charged" follows.
fn cart() -> Value {
    let mut definition = push();
    definition["push"]["title"] = json!("{{ profile.First | default: 'Hello' }}, your basket waits");
    definition["on_event"] = json!({
        "event": "Added To Cart", "where": [{"name": "price", "op": "at_least", "value": 20}],
        "after_minutes": 30, "unless": "Charged",
    });
    definition
}

async fn after_an_event_unless_another_comes(bed: &Bed) {
    let (ada, for_ada) = somebody(bed, "ada", json!({"First": "Ada"}), "en").await;
    let (ben, for_ben) = somebody(bed, "ben", json!({}), "en").await;
    let campaign = bed.launch(cart()).await;
    assert_eq!(status(bed, campaign).await, "running");
    let added = |price: u32| {
        bed.op(
            "event",
            json!({"name": "Added To Cart", "props": {"price": price}}),
        )
    };
    let minutes = |n: i64| bed.pass(n * 60_000);
    let operation = added(30);
    bed.ring(ada, std::slice::from_ref(&operation)).await;
    // A replay is no second event, and a property that does not fit is none at all.
    bed.ring(ada, &[operation]).await;
    bed.ring(ben, &[added(5)]).await;
    minutes(29);
    bed.work().await;
    assert_eq!(for_ada.count(), 0, "not before its time");
    minutes(1);
    bed.work().await;
    assert_eq!((for_ada.count(), for_ben.count()), (1, 0));
    assert_eq!(text(&for_ada).0, "Ada, your basket waits");
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));

    // Once a day at most, and not at all when the other event came in between.
    bed.ring(ada, &[added(40)]).await;
    bed.ring(ben, &[added(40)]).await;
    minutes(10);
    bed.ring(ben, &[bed.event("Charged")]).await;
    minutes(60);
    bed.work().await;
    assert_eq!((for_ada.count(), for_ben.count()), (1, 0));
    minutes(24 * 60);
    bed.ring(ada, &[added(40)]).await;
    bed.ring(ben, &[added(40)]).await;
    minutes(30);
    bed.work().await;
    assert_eq!((for_ada.count(), for_ben.count()), (2, 1));
    assert_eq!(counts(bed, campaign).await, json!({"audience": 3, "sent": 3}));

    // Stopped, what was on its way is not sent; started again, it goes on.
    minutes(24 * 60);
    bed.ring(ada, &[added(40)]).await;
    assert_eq!(verb(bed, campaign, "stop").await["status"], "stopped");
    minutes(30);
    bed.work().await;
    assert_eq!(for_ada.count(), 2);
    assert_eq!(verb(bed, campaign, "start").await["status"], "running");
    bed.ring(ada, &[added(40)]).await;
    minutes(30);
    bed.work().await;
    assert_eq!(for_ada.count(), 3);
    verb(bed, campaign, "stop").await;
}

async fn a_welcome_to_who_subscribes(bed: &Bed) {
    let mut definition = push();
    definition["on_event"] = json!({"event": "Push Subscribed", "silence_hours": 8760});
    let campaign = bed.launch(definition).await;
    let (_, browser) = somebody(bed, "ada", json!({}), "en").await;
    bed.work().await;
    assert_eq!(browser.count(), 1);
    verb(bed, campaign, "stop").await;
    let mut both = cart();
    both["send"] = json!({"per_minute": 60});
    let campaign = draft(bed, both).await;
    let fault = bed
        .api("POST", &format!("/campaigns/{campaign}/start"), Value::Null, 422)
        .await;
    assert_eq!(fault["error"]["errors"][0]["field"], "send", "{fault}");
}

async fn the_ledger_has_each_message(bed: &Bed) {
    let (ada, _) = somebody(bed, "ada", json!({}), "en").await;
    let (_, broken) = somebody(bed, "ben", json!({}), "en").await;
    somebody(bed, "cy", json!({}), "en").await;
    let fault = Fault::Status {
        code: 400,
        retry_after: None,
    };
    bed.lab.add_fault(Rule::on(broken.token(), fault, 1));
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    let ledger = async |query: &str| bed.get(&format!("/campaigns/{campaign}/deliveries{query}")).await;
    let all = ledger("").await;
    let lines = all["deliveries"].as_array().unwrap();
    assert_eq!((lines.len(), &all["next"]), (3, &Value::Null), "{all}");
    let failed = ledger("?state=failed").await;
    let line = &failed["deliveries"][0];
    assert_eq!(failed["deliveries"].as_array().unwrap().len(), 1, "{failed}");
    assert_eq!((&line["status"], &line["attempts"]), (&json!(400), &json!(1)));
    assert!(!line["reason"].as_str().unwrap().is_empty(), "{line}");
    assert_eq!(line["endpoint_host"], "updates.push.services.mozilla.com");
    // Page by page, nobody twice and nobody left out.
    let mut seen = Vec::new();
    let mut next = String::new();
    loop {
        let page = ledger(&format!("?limit=1{next}")).await;
        let Some(line) = page["deliveries"].get(0) else {
            break;
        };
        seen.push(line["subscription"].clone());
        let Some(place) = page["next"].as_str() else { break };
        next = format!("&after={place}");
    }
    seen.sort_by_key(Value::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 3);
    let person = bed.device(ada).await["id"].clone();
    let theirs = bed.get(&format!("/profiles/{person}/deliveries")).await;
    assert_eq!(theirs["deliveries"].as_array().unwrap().len(), 1, "{theirs}");
    assert_eq!(theirs["deliveries"][0]["campaign"], campaign);
    let wrong = bed
        .api(
            "GET",
            &format!("/campaigns/{campaign}/deliveries?state=lost"),
            Value::Null,
            400,
        )
        .await;
    assert!(
        wrong["error"]["message"].as_str().unwrap().contains("unsent"),
        "{wrong}"
    );
    bed.api(
        "GET",
        &format!("/campaigns/{campaign}/deliveries?after=x"),
        Value::Null,
        400,
    )
    .await;

    let owner = crate::dashboard::Person::administrator(bed).await;
    let page = owner.get(&format!("/campaigns/{campaign}/deliveries")).await.body;
    for words in [
        "Deliveries",
        "Failed <span>1</span>",
        "Sent <span>2</span>",
        "updates.push.services.mozilla.com",
        "400",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let report = owner.get(&format!("/campaigns/{campaign}")).await.body;
    assert!(report.contains(&format!("/campaigns/{campaign}/deliveries")));
}

async fn two_events_of_one_moment_are_one_message(bed: &Bed) {
    let (ada, browser) = somebody(bed, "ada", json!({}), "en").await;
    let mut definition = push();
    definition["on_event"] = json!({"event": "Added To Cart", "silence_hours": 0});
    let campaign = bed.launch(definition).await;
    bed.ring(ada, &[bed.event("Added To Cart"), bed.event("Added To Cart")])
        .await;
    bed.work().await;
    assert_eq!(browser.count(), 1);
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));
}

async fn what_programs_sent_along_is_forgotten(bed: &Bed) {
    somebody(bed, "ada", json!({}), "en").await;
    let mut definition = push();
    definition["on_request"] = json!({});
    let campaign = bed.launch(definition).await;
    let to = json!({"to": [{"identity": "Identity:ada", "data": {"code": "1234"}}]});
    bed.api("POST", &format!("/campaigns/{campaign}/send"), to, 202)
        .await;
    bed.work().await;
    let kept = async || {
        let ledger = bed.get(&format!("/campaigns/{campaign}/deliveries")).await;
        ledger["deliveries"].as_array().unwrap().len()
    };
    assert_eq!(kept().await, 1);
    bed.pass(60 * 86_400_000);
    let app = &bed.running.app;
    sweep(
        &app.store,
        &app.live,
        &app.clock,
        &Retention {
            events_days: 30,
            operations_days: 30,
        },
    )
    .await
    .unwrap();
    assert_eq!(kept().await, 0);
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));
}
