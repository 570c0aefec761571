//! The wire: what is taken, what is refused, and that nothing is lost or counted twice.

use crate::bed::{ACCOUNT, Bed};
use crate::engines;
use campanile::args;
use campanile::store::db::Batch;
use campanile::store::events::EventRow;
use campanile_core::id::{AccountId, Id, Ordinal};
use campanile_core::time::Timestamp;
use serde_json::{Value, json};

engines!(
    a_replay_counts_once,
    a_bad_operation_stands_alone,
    limits_cut_and_keep,
    clocks_are_corrected,
    many_tabs_at_once_are_one_visitor,
    sessions_end_after_twenty_minutes,
    a_visitor_who_opts_out_is_left_alone,
    refusals_name_their_reason,
    the_snippet_is_seen,
    control_characters_are_no_fault_of_ours,
    made_up_origins_are_bounded,
    old_pop_ups_are_forgotten,
    an_event_of_a_batch_that_was_lost_finds_its_person,
);

async fn a_replay_counts_once(bed: &Bed) {
    let device = bed.id();
    let ops = [
        bed.page(),
        bed.event("Product Viewed"),
        bed.event("Added To Cart"),
    ];
    bed.ring(device, &ops).await;
    bed.ring(device, &ops[1..]).await;
    let more = bed.event("Charged");
    bed.ring(device, &[ops[2].clone(), more, ops[0].clone()]).await;
    // The same operation twice in one batch.
    let twice = bed.event("Looked Back");
    bed.ring(device, &[twice.clone(), twice]).await;
    let person = bed.device(device).await;
    let mut events = bed.events(&person).await;
    events.sort();
    assert_eq!(
        events,
        [
            "Added To Cart",
            "Charged",
            "Looked Back",
            "Page Viewed",
            "Product Viewed"
        ]
    );
    assert_eq!(person["devices"][0]["session"]["pages"], 1);
}

async fn a_bad_operation_stands_alone(bed: &Bed) {
    let device = bed.id();
    let mut reserved = bed.event("Notification Viewed");
    let reserved_id = reserved["id"].take();
    reserved["id"] = reserved_id.clone();
    let ops = [
        bed.page(),
        json!({"id": "nonsense"}),
        reserved,
        bed.op("dance", json!({})),
        bed.event("Good"),
    ];
    let reply = bed.post(Some(device), &ops, &[]).await.json();
    assert_eq!(reply["accepted"], 2, "{reply}");
    let codes: Vec<i64> = reply["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refusal| refusal["code"].as_i64().unwrap())
        .collect();
    assert_eq!(codes, [604, 604, 513]);
    assert_eq!(reply["refused"][2]["id"], reserved_id);
    assert_eq!(
        bed.events(&bed.device(device).await).await,
        ["Page Viewed", "Good"]
    );
}

async fn limits_cut_and_keep(bed: &Bed) {
    let device = bed.id();
    let props =
        json!({"long": "x".repeat(3000), "empty": null, "deep": {"a": {"b": {"c": 1}}}, "price": 48.5});
    let reply = bed
        .post(
            Some(device),
            &[bed.op("event", json!({"name": "Wide", "props": props}))],
            &[],
        )
        .await
        .json();
    assert_eq!(reply["accepted"], 1);
    let mut codes: Vec<i64> = reply["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refusal| refusal["code"].as_i64().unwrap())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, [521, 541, 545]);
    let person = bed.device(device).await;
    let events = bed.get(&format!("/profiles/{}/events", person["id"])).await;
    let kept = &events["events"][0]["props"];
    assert_eq!(kept["long"].as_str().unwrap().len(), 1024);
    assert_eq!((&kept["price"], &kept["deep"]), (&json!(48.5), &json!({"a": {}})));
}

async fn clocks_are_corrected(bed: &Bed) {
    let device = bed.id();
    let wrong = bed.now() - 7 * 24 * 3600 * 1000;
    let mut early = bed.event("A minute ago");
    early["t"] = json!(wrong - 60_000);
    let mut late = bed.event("From the future");
    late["t"] = json!(wrong + 3_600_000);
    let answer = bed
        .post(Some(device), &[early, late], &[("now", json!(wrong))])
        .await;
    assert_eq!(answer.status, 200);
    let person = bed.device(device).await;
    let events = bed.get(&format!("/profiles/{}/events", person["id"])).await;
    assert_eq!(events["events"][0]["at"], bed.now(), "not after now");
    assert_eq!(events["events"][1]["at"], bed.now() - 60_000);
}

async fn many_tabs_at_once_are_one_visitor(bed: &Bed) {
    let device = bed.id();
    let shared = bed.event("Shared");
    let batches: Vec<Vec<Value>> = (0..12)
        .map(|i| vec![bed.event(&format!("Tab {i}")), shared.clone()])
        .collect();
    let replies = futures_util::future::join_all(batches.iter().map(|ops| bed.ring(device, ops))).await;
    assert_eq!(replies.len(), 12);
    let person = bed.device(device).await;
    let mut events = bed.events(&person).await;
    events.sort();
    let mut expected: Vec<String> = (0..12)
        .map(|i| format!("Tab {i}"))
        .chain(["Shared".to_owned()])
        .collect();
    expected.sort();
    assert_eq!(events, expected);
    assert_eq!(person["devices"].as_array().unwrap().len(), 1);
}

async fn sessions_end_after_twenty_minutes(bed: &Bed) {
    let device = bed.id();
    let first = bed.ring(device, &[bed.page()]).await;
    assert_eq!(
        first["session"],
        json!({"id": bed.now() / 1000, "pages": 1, "number": 1})
    );
    bed.pass(19 * 60 * 1000);
    let second = bed.ring(device, &[bed.page()]).await;
    assert_eq!(
        (&second["session"]["id"], &second["session"]["pages"]),
        (&first["session"]["id"], &json!(2))
    );
    bed.pass(21 * 60 * 1000);
    let third = bed.ring(device, &[bed.event("Back again")]).await;
    assert_eq!(
        third["session"],
        json!({"id": bed.now() / 1000, "pages": 0, "number": 2})
    );
}

async fn a_visitor_who_opts_out_is_left_alone(bed: &Bed) {
    let device = bed.id();
    bed.ring(device, &[bed.page(), bed.op("privacy", json!({"optOut": true}))])
        .await;
    let reply = bed
        .post(Some(device), &[bed.event("Followed"), bed.page()], &[])
        .await
        .json();
    assert_eq!((&reply["optOut"], &reply["accepted"]), (&json!(true), &json!(0)));
    assert_eq!(reply["refused"][0]["code"], 603);
    let reply = bed
        .ring(
            device,
            &[bed.op("privacy", json!({"optOut": false})), bed.event("Welcome")],
        )
        .await;
    assert_eq!(reply["optOut"], false);
    assert_eq!(
        bed.events(&bed.device(device).await).await,
        ["Page Viewed", "Welcome"]
    );
}

async fn refusals_name_their_reason(bed: &Bed) {
    let device = Some(bed.id());
    let code = |answer: &crate::bed::Answer| {
        (
            answer.status,
            answer.json()["error"]["code"].as_str().unwrap().to_owned(),
        )
    };
    let answer = bed.send("POST", "/ring", &[], b"not json".to_vec()).await;
    assert_eq!(code(&answer), (400, "bad_request".into()));
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "*",
        "a page may read why"
    );
    let answer = bed.post(device, &[], &[("account", json!("NOPE-0001"))]).await;
    assert_eq!(code(&answer), (404, "account_unknown".into()));
    let answer = bed.post(device, &[], &[("v", json!(2))]).await;
    assert_eq!(code(&answer), (400, "bad_request".into()));
    let many: Vec<Value> = (0..101).map(|_| bed.event("Many")).collect();
    assert_eq!(
        code(&bed.post(device, &many, &[]).await),
        (400, "bad_request".into())
    );
    let large = bed.op(
        "event",
        json!({"name": "Large", "props": {"x": "y".repeat(300_000)}}),
    );
    assert_eq!(
        code(&bed.post(device, &[large], &[]).await),
        (413, "too_large".into())
    );

    bed.api(
        "PATCH",
        "/account",
        json!({"origins": ["https://shop.example.com"]}),
        200,
    )
    .await;
    let body = json!({"v": 1, "account": ACCOUNT, "device": device, "now": bed.now(), "ops": [bed.page()]})
        .to_string();
    let from = async |origin: &str| {
        bed.send("POST", "/ring", &[("origin", origin)], body.clone().into_bytes())
            .await
    };
    assert_eq!(
        code(&from("https://elsewhere.example.com").await),
        (403, "origin_refused".into())
    );
    assert_eq!(from("https://shop.example.com").await.status, 200);
    // A worker without a device can report pushes only.
    let reply = bed.post(None, &[bed.page()], &[]).await.json();
    assert_eq!(
        (&reply["accepted"], &reply["refused"][0]["code"]),
        (&json!(0), &json!(604))
    );
}

async fn the_snippet_is_seen(bed: &Bed) {
    let install = bed.get("/install").await;
    assert_eq!(install["seen"], Value::Null);
    let body = json!({"v": 1, "account": ACCOUNT, "device": bed.id(), "sdk": "web/0.1.0", "now": bed.now(), "ops": [bed.page()]}).to_string();
    bed.send(
        "POST",
        "/ring",
        &[("origin", "https://shop.example.com")],
        body.into_bytes(),
    )
    .await;
    let install = bed.get("/install").await;
    assert_eq!(
        install["seen"],
        json!({"origin": "https://shop.example.com", "at": bed.now(), "sdk": "web/0.1.0"})
    );
}

async fn made_up_origins_are_bounded(bed: &Bed) {
    let from = async |origin: &str| {
        let body = json!({"v": 1, "account": ACCOUNT, "device": bed.id(), "sdk": "web/0.1.0", "now": bed.now(), "ops": [bed.page()]}).to_string();
        let answer = bed
            .send("POST", "/ring", &[("origin", origin)], body.into_bytes())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    let long = format!("https://{}.example.com", "a.".repeat(2000));
    for origin in [&long, "https://a.example.com/path", "nonsense", "file://"] {
        from(origin).await;
    }
    assert_eq!(bed.get("/install").await["origins_seen"], json!([]));
    for number in 0..250 {
        bed.pass(1);
        from(&format!("https://shop-{number}.example.com")).await;
    }
    let account = &AccountId::parse(ACCOUNT).unwrap();
    let db = &bed.running.app.store.db;
    let sql = "-- count_sightings\nSELECT COUNT(*) FROM sightings WHERE account = $1";
    let rows = db.query(sql, args![account.as_str()]).await.unwrap();
    assert!(rows.first().unwrap().int(0).unwrap() <= 201);
    let install = bed.get("/install").await;
    assert_eq!(install["seen"]["origin"], "https://shop-249.example.com");
}

async fn control_characters_are_no_fault_of_ours(bed: &Bed) {
    let device = bed.id();
    let nul = "a\u{0}b";
    let popup = bed.launch(json!({"name": "P", "kind": "popup", "popup": {"title": "T"}, "trigger": {"on": "event", "event": "E"}})).await;
    let ops = [
        bed.op("page", json!({"url": nul, "referrer": nul, "title": nul})),
        bed.op("event", json!({"name": nul, "props": {nul: nul}})),
        bed.op("profile", json!({"set": {nul: nul, "Name": nul}})),
        bed.op("login", json!({"identity": {"Identity": nul, "Email": "x\u{0}@example.com"}})),
        bed.op("subscribe", json!({"subscription": {"endpoint": format!("https://fcm.googleapis.com/{nul}"), "keys": {"p256dh": nul, "auth": nul}}, "key": nul, "browser": nul})),
        bed.op("unsubscribe", json!({"endpoint": nul})),
        bed.op("click", json!({"msg": format!("{popup}_20260302"), "button": nul, "url": nul})),
    ];
    let context = json!({"language": nul, "zone": nul, "push": nul, "url": nul});
    let answer = bed
        .post(Some(device), &ops, &[("context", context), ("sdk", json!(nul))])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["accepted"], 5, "{}", answer.body);
    bed.api("PATCH", "/account", json!({"name": nul}), 422).await;
    bed.api("POST", "/keys", json!({"name": nul}), 422).await;
    bed.api(
        "GET",
        "/profiles?identity=Email:a%00@example.com",
        Value::Null,
        400,
    )
    .await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = bed
        .send(
            "POST",
            "/sign-in",
            &form,
            b"email=a%00%40example.com&password=b%00".to_vec(),
        )
        .await;
    assert_eq!(answer.status, 422);
    let definition = json!({"name": "N", "kind": "popup", "popup": {"title": nul, "text": nul}, "trigger": {"on": "event", "event": nul}});
    let id = bed.api("POST", "/campaigns", definition, 201).await["id"].clone();
    bed.api("GET", &format!("/campaigns/{id}"), Value::Null, 200)
        .await;
    bed.api("GET", "/campaigns/nonsense", Value::Null, 404).await;
    bed.api("GET", "/profiles/1/events?limit=many", Value::Null, 400)
        .await;
}

async fn old_pop_ups_are_forgotten(bed: &Bed) {
    bed.launch(json!({"name": "P", "kind": "popup", "popup": {"title": "T"}, "caps": {"session": null}}))
        .await;
    let device = bed.id();
    let old = bed.ring(device, &[bed.page()]).await["messages"][0].clone();
    bed.pass(31 * 24 * 3_600_000);
    let new = bed.ring(device, &[bed.page()]).await["messages"][0].clone();
    let before = Timestamp(bed.now() - 30 * 24 * 3_600_000);
    let account = &AccountId::parse(ACCOUNT).unwrap();
    let store = &bed.running.app.store;
    store.sweep_impressions(account, before).await.unwrap();
    store.sweep_operations(account, before).await.unwrap();
    let view = |message: &Value| bed.reaction("view", message);
    let reply = bed
        .post(Some(device), &[view(&old), view(&new)], &[])
        .await
        .json();
    assert_eq!(
        (&reply["accepted"], &reply["refused"][0]["code"]),
        (&json!(1), &json!(605)),
        "{reply}"
    );
}

async fn an_event_of_a_batch_that_was_lost_finds_its_person(bed: &Bed) {
    // What a crash between the two files of SQLite leaves: the event of a visitor whose profile was not kept.
    let (device, event) = (bed.id(), bed.event("Charged"));
    let account = AccountId::parse(ACCOUNT).unwrap();
    let at = Timestamp(bed.now());
    let row = EventRow {
        id: Id::parse(event["id"].as_str().unwrap()).unwrap(),
        ordinal: Ordinal(77),
        device: Some(device),
        at,
        filed_at: at,
        name: "Charged".to_owned(),
        props: serde_json::Map::new(),
    };
    let mut batch = Batch::new("half");
    let store = &bed.running.app.store;
    store.insert_event(&mut batch, &account, &row);
    store.db.write(batch).await.unwrap();
    // Nobody was told that it was kept, so the browser sends it again.
    bed.ring(device, &[event]).await;
    assert_eq!(bed.events(&bed.device(device).await).await, ["Charged"]);
}
