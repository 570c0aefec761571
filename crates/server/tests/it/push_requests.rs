//! Pushes that programs ask for, and what a single sending is given: data of a program, the event that it follows.

use crate::bed::{Answer, Bed};
use crate::engines;
use crate::push_plans::somebody;
use crate::pushes::{counts, push};
use campanile_lab::VirtualBrowser;
use serde_json::{Value, json};

engines!(
    a_program_sends_to_those_it_names,
    a_request_with_a_key_is_taken_once,
    what_cannot_be_sent_is_named,
    the_event_speaks_in_the_text,
    messages_of_one_topic_replace_each_other,
    a_request_keeps_to_caps_and_quiet_hours,
    each_recipient_has_one_variant,
);

/// A push that programs ask for.
fn order() -> Value {
    let mut definition = push();
    definition["push"]["title"] = json!("Order {{ data.order }} is on its way");
    definition["push"]["url"] = json!("https://shop.example.com/orders/{{ data.order }}");
    definition["on_request"] = json!({"sample": {"order": "A-1001"}});
    definition
}

pub(crate) fn titles(browser: &VirtualBrowser) -> Vec<String> {
    let title = |plaintext: &[u8]| {
        let payload: Value = serde_json::from_slice(plaintext).unwrap();
        payload["notification"]["title"].as_str().unwrap().to_owned()
    };
    std::iter::from_fn(|| browser.try_next())
        .map(|received| title(received.plaintext.as_ref().unwrap()))
        .collect()
}

async fn ask(bed: &Bed, campaign: i64, to: Value, status: u16) -> Value {
    bed.api(
        "POST",
        &format!("/campaigns/{campaign}/send"),
        json!({"to": to}),
        status,
    )
    .await
}

async fn ask_once(bed: &Bed, campaign: i64, to: Value, key: &str) -> Answer {
    let path = format!("/api/v1/campaigns/{campaign}/send");
    let bearer = format!("Bearer {}", bed.key);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    bed.send(
        "POST",
        &path,
        &headers,
        json!({"to": to}).to_string().into_bytes(),
    )
    .await
}

async fn a_program_sends_to_those_it_names(bed: &Bed) {
    let (ada, for_ada) = somebody(bed, "ada", json!({}), "en").await;
    let (_, for_ben) = somebody(bed, "ben", json!({}), "en").await;
    let (_, for_cy) = somebody(bed, "cy", json!({}), "en").await;
    let (_, for_di) = somebody(bed, "di", json!({}), "en").await;
    let reader = bed.id();
    bed.ring(reader, &[bed.page(), bed.login("eve")]).await;
    let campaign = bed.launch(order()).await;
    let cy = bed.person("Identity:cy").await["id"].clone();
    let di = bed.person("Identity:di").await["subscriptions"][0]["id"].clone();
    let data = |order: &str| json!({"order": order});
    let receipt = ask(
        bed,
        campaign,
        json!([
            {"identity": format!("device:{ada}"), "data": data("1")},
            {"endpoint": for_ben.subscription()["endpoint"], "data": data("2")},
            {"profile": cy, "data": data("3")},
            {"subscription": di, "data": data("4")},
            {"identity": "Identity:nobody", "data": data("5")},
            {"identity": "Identity:eve", "data": data("6")},
            {"endpoint": "https://updates.push.services.mozilla.com/wpush/v2/none", "data": data("7")},
        ]),
        202,
    )
    .await;
    let receipt_of_all = receipt.clone();
    let messages = receipt["messages"].as_array().unwrap();
    let to: Vec<i64> = messages.iter().map(|one| one["to"].as_i64().unwrap()).collect();
    assert_eq!(to, [0, 1, 2, 3], "{receipt}");
    assert_eq!(messages[2]["profile"], cy, "{receipt}");
    let left: Vec<(i64, &str)> = receipt["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["to"].as_i64().unwrap(), one["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(
        left,
        [
            (4, "Nobody is known by this."),
            (5, "No browser of this person is subscribed."),
            (6, "There is no such live subscription here."),
        ]
    );
    bed.work().await;
    for (browser, order) in [(&for_ada, 1), (&for_ben, 2), (&for_cy, 3), (&for_di, 4)] {
        assert_eq!(titles(browser), [format!("Order {order} is on its way")]);
    }
    assert_eq!(counts(bed, campaign).await, json!({"audience": 4, "sent": 4}));
    // Who lacks what the text needs is told at once, and gets nothing.
    let receipt = ask(bed, campaign, json!([{"identity": "Identity:ada"}]), 202).await;
    assert_eq!(receipt["messages"], json!([]), "{receipt}");
    let reason = receipt["left_out"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("data.order"), "{reason}");
    // It is in the ledger under the id that the program was told.
    let ledger = bed.get(&format!("/campaigns/{campaign}/deliveries")).await;
    let ids = |of: &Value| {
        let mut ids: Vec<String> = of
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].to_string())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(
        ids(&ledger["deliveries"]),
        ids(&receipt_of_all["messages"]),
        "{ledger}"
    );
    // Stopped, it takes no more.
    bed.api("POST", &format!("/campaigns/{campaign}/stop"), Value::Null, 200)
        .await;
    ask(bed, campaign, json!([{"profile": cy, "data": data("8")}]), 409).await;
}

async fn a_request_with_a_key_is_taken_once(bed: &Bed) {
    let (_, browser) = somebody(bed, "ada", json!({}), "en").await;
    let campaign = bed.launch(order()).await;
    let to = json!([{"identity": "Identity:ada", "data": {"order": "1"}}]);
    let first = ask_once(bed, campaign, to.clone(), "order-1").await;
    assert_eq!(first.status, 202, "{}", first.body);
    let again = ask_once(bed, campaign, to.clone(), "order-1").await;
    assert_eq!((again.status, &again.body), (202, &first.body));
    bed.work().await;
    let late = ask_once(bed, campaign, to.clone(), "order-1").await;
    assert_eq!(late.body, first.body);
    bed.work().await;
    assert_eq!(titles(&browser), ["Order 1 is on its way"]);
    assert_eq!(counts(bed, campaign).await, json!({"audience": 1, "sent": 1}));
    let other = json!([{"identity": "Identity:ada", "data": {"order": "2"}}]);
    let refused = ask_once(bed, campaign, other, "order-1").await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.json()["error"]["errors"][0]["field"], "Idempotency-Key");
    let refused = ask_once(bed, campaign, to.clone(), "").await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    // Many at the same moment: with one key they are one, without they are as many as there are.
    let asked = (0..8).map(|_| ask_once(bed, campaign, to.clone(), "order-2"));
    let answers = futures_util::future::join_all(asked).await;
    assert!(answers.iter().all(|one| one.body == answers[0].body));
    let asked = (0..5).map(|_| ask(bed, campaign, to.clone(), 202));
    futures_util::future::join_all(asked).await;
    bed.work().await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 7, "sent": 7}));
    assert_eq!(titles(&browser).len(), 6);
}

async fn what_cannot_be_sent_is_named(bed: &Bed) {
    somebody(bed, "ada", json!({}), "en").await;
    let ada = json!([{"identity": "Identity:ada", "data": {"order": "1"}}]);
    let draft = bed.api("POST", "/campaigns", order(), 201).await["id"]
        .as_i64()
        .unwrap();
    ask(bed, draft, ada.clone(), 409).await;
    let popup = bed
        .launch(json!({"name": "P", "kind": "popup", "popup": {"title": "T"}}))
        .await;
    ask(bed, popup, ada.clone(), 409).await;
    ask(bed, 1, ada.clone(), 404).await;
    let campaign = bed.launch(order()).await;
    let field = async |to: Value| {
        let fault = ask(bed, campaign, to, 422).await;
        fault["error"]["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    assert_eq!(field(json!([])).await, "to");
    assert_eq!(field(json!([{"data": {}}])).await, "to[0]");
    assert_eq!(field(json!([{"identity": "ada"}])).await, "to[0].identity");
    assert_eq!(
        field(json!([{"profile": 1, "identity": "Identity:ada"}])).await,
        "to[0]"
    );
    assert_eq!(field(json!([{"subscription": "x"}])).await, "to[0].subscription");
    assert_eq!(field(json!([{"who": "x"}])).await, "to[0].who");
    assert_eq!(
        field(json!([{"profile": 1, "data": {"x": "y".repeat(5000)}}])).await,
        "to[0].data"
    );
    let twice = json!([ada[0], {"identity": "Identity:ada", "data": {"order": "2"}}]);
    assert_eq!(field(twice).await, "to[1]");
    assert_eq!(counts(bed, campaign).await, json!({}), "nothing was half done");

    let mut both = order();
    both["audience"] = json!({"rules": [{"is": "language", "op": "starts", "value": "en"}]});
    both["on_event"] = json!({"event": "Charged"});
    let stray = |definition: Value| async move {
        let draft = bed.api("POST", "/campaigns", definition, 201).await["id"]
            .as_i64()
            .unwrap();
        let fault = bed
            .api("POST", &format!("/campaigns/{draft}/start"), Value::Null, 422)
            .await;
        let faults = fault["error"]["errors"].as_array().unwrap().clone();
        faults
            .iter()
            .map(|one| one["field"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        stray(both).await,
        ["push.title", "push.url", "on_event", "audience"],
        "with an event, it is the event that speaks"
    );
    let mut plain = push();
    plain["push"]["title"] = json!("Order {{ data.order }}");
    assert_eq!(stray(plain).await, ["push.title"]);
}

async fn the_event_speaks_in_the_text(bed: &Bed) {
    let (ada, browser) = somebody(bed, "ada", json!({}), "en").await;
    let mut definition = push();
    definition["push"]["title"] = json!("{{ event.props.Product | default: 'Something' }} waits for you");
    definition["on_event"] = json!({"event": "Added To Cart", "after_minutes": 30, "silence_hours": 0});
    let estimate = bed.api("POST", "/estimate", definition.clone(), 200).await;
    assert_eq!(estimate["reached"], 1, "{estimate}");
    let campaign = bed.launch(definition).await;
    let added = |product: &str| {
        bed.op(
            "event",
            json!({"name": "Added To Cart", "props": {"Product": product}}),
        )
    };
    bed.ring(ada, &[added("Teapot")]).await;
    bed.pass(60_000);
    bed.ring(ada, &[added("Bowl")]).await;
    bed.pass(31 * 60_000);
    bed.work().await;
    let mut shown = titles(&browser);
    shown.sort();
    assert_eq!(shown, ["Bowl waits for you", "Teapot waits for you"]);
    assert_eq!(counts(bed, campaign).await, json!({"audience": 2, "sent": 2}));
}

async fn messages_of_one_topic_replace_each_other(bed: &Bed) {
    let (_, browser) = somebody(bed, "ada", json!({}), "en").await;
    let topics = async |definition: Value| {
        let campaign = bed.launch(definition).await;
        let to = json!([{"identity": "Identity:ada", "data": {"order": "1"}}]);
        for _ in 0..2 {
            ask(bed, campaign, to.clone(), 202).await;
            bed.work().await;
        }
        std::iter::from_fn(|| browser.try_next())
            .map(|received| {
                let payload: Value = serde_json::from_slice(&received.plaintext.unwrap()).unwrap();
                (received.topic, payload["notification"]["tag"].clone())
            })
            .unzip::<_, _, Vec<_>, Vec<_>>()
    };
    let (own, tags) = topics(order()).await;
    assert_eq!(own.len(), 2);
    assert_ne!(own[0], own[1], "two orders are two messages");
    assert_ne!(tags[0], tags[1], "and stand side by side on the screen");
    let mut weather = order();
    weather["push"]["topic"] = json!("weather");
    weather["push"]["tag"] = json!("weather");
    let (shared, tags) = topics(weather).await;
    assert_eq!(shared.len(), 2);
    assert_eq!((&shared[0], &tags[0]), (&shared[1], &tags[1]));
    let mut empty = order();
    empty["push"]["topic"] = json!(" ");
    bed.refused(&empty, "push.topic").await;
}

async fn a_request_keeps_to_caps_and_quiet_hours(bed: &Bed) {
    let (_, browser) = somebody(bed, "ada", json!({}), "en").await;
    let (_, other) = somebody(bed, "ben", json!({}), "en").await;
    // It is ten o'clock in the account's zone.
    let rules = json!({"caps": {"day": 1}, "quiet": {"from": "09:00", "to": "12:00"}});
    bed.api("PATCH", "/account", json!({"settings": {"push": rules}}), 200)
        .await;
    let to =
        |who: &str, order: &str| json!({"identity": format!("Identity:{who}"), "data": {"order": order}});
    let campaign = bed.launch(order()).await;
    let receipt = ask(bed, campaign, json!([to("ada", "1")]), 202).await;
    assert_eq!(receipt["messages"].as_array().unwrap().len(), 1, "{receipt}");
    bed.work().await;
    assert_eq!(titles(&browser), [""; 0], "it waits for noon");
    // With a key the answer says who had enough, and says so again.
    let both = json!([to("ada", "2"), to("ben", "3")]);
    let answer = ask_once(bed, campaign, both.clone(), "key").await;
    let receipt = answer.json();
    assert_eq!(receipt["messages"][0]["to"], 1, "{receipt}");
    assert_eq!(receipt["left_out"][0]["to"], 0, "{receipt}");
    let reason = receipt["left_out"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("that is the cap"), "{reason}");
    assert_eq!(ask_once(bed, campaign, both, "key").await.body, answer.body);
    bed.pass(2 * 3_600_000);
    bed.work().await;
    assert_eq!(titles(&browser), ["Order 1 is on its way"]);
    assert_eq!(titles(&other), ["Order 3 is on its way"]);
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 3, "sent": 2, "capped": 1})
    );
    // A receipt that is waited for is held back by neither.
    bed.pass(20 * 3_600_000 + 1_800_000);
    let mut receipts = order();
    receipts["send"] = json!({"transactional": true});
    let campaign = bed.launch(receipts).await;
    for order in ["4", "5"] {
        ask(bed, campaign, json!([to("ada", order)]), 202).await;
    }
    bed.work().await;
    let mut shown = titles(&browser);
    shown.sort();
    assert_eq!(shown, ["Order 4 is on its way", "Order 5 is on its way"]);
}

async fn each_recipient_has_one_variant(bed: &Bed) {
    let mut browsers = Vec::new();
    for n in 0..16 {
        browsers.push(somebody(bed, &format!("p{n}"), json!({}), "en").await.1);
    }
    let mut definition = order();
    let other = json!({"title": "{{ data.order }}: on its way", "url": "https://shop.example.com/"});
    definition["experiment"] =
        json!({"weight": 1, "control": 1, "variants": [{"name": "B", "weight": 1, "push": other}]});
    let mut tested = definition.clone();
    tested["winner"] = json!({"after_hours": 4});
    bed.refused(&tested, "winner").await;
    let campaign = bed.launch(definition).await;
    let to = |order: &str| -> Value {
        (0..16)
            .map(|n| json!({"identity": format!("Identity:p{n}"), "data": {"order": order}}))
            .collect()
    };
    let receipt = ask(bed, campaign, to("1"), 202).await;
    let held = receipt["left_out"].as_array().unwrap();
    let n = held.len() as u64;
    assert!(n > 0 && n < 16, "{receipt}");
    assert!(held[0]["reason"].as_str().unwrap().contains("control group"));
    ask(bed, campaign, to("2"), 202).await;
    bed.work().await;
    let mut kinds = std::collections::BTreeSet::new();
    for browser in &browsers {
        let had: Vec<String> = titles(browser)
            .iter()
            .map(|title| title.replace(['1', '2'], ""))
            .collect();
        assert!(had.is_empty() || (had.len() == 2 && had[0] == had[1]), "{had:?}");
        kinds.extend(had);
    }
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 32, "sent": 32 - 2 * n, "held": 2 * n, "exposed": 16})
    );
}
