//! Subscriptions from elsewhere: looked at, taken, stopped and killed in the middle, and known again when their browsers come by.
//!
//! Left out: cutting a file into rows (`import/file.rs` tests itself), from server to server (`moving`), the form (`import_form`), and clicking
//! (`e2e/import.test.mjs`). Invariant: whatever the file is made
//! of, the server answers and goes on working.

use crate::bed::{ACCOUNT, Bed};
use crate::engines;
use crate::led::Led;
use crate::workers::history;
use campanile::delivery::Step;
use campanile::queue::Job;
use campanile::store::db::Batch;
use campanile_core::id::Id;
use campanile_core::subscription::decode;
use campanile_core::time::Timestamp;
use campanile_lab::{Service, VirtualBrowser};
use serde_json::{Value, json};

engines!(
    a_dry_run_says_row_by_row_what_is_wrong,
    who_somebody_is_follows_the_rules_of_a_login,
    a_browser_that_comes_by_is_the_one_that_was_imported,
    several_endpoints_of_one_browser_give_way_to_it,
    hostile_files_are_answered,
    a_job_that_comes_late_spoils_nothing,
    an_import_can_be_stopped,
);

pub(crate) const IMPORTS: &str = "/subscriptions/imports";
/// A point of P-256 and a secret, of nobody.
pub(crate) const P256DH: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
pub(crate) const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

pub(crate) fn endpoint(name: &str) -> String {
    format!("https://fcm.googleapis.com/fcm/send/{name}")
}

pub(crate) async fn current_key(bed: &Bed) -> String {
    let ring = bed.get("/settings/web-push").await;
    ring["public_key"].as_str().unwrap().to_owned()
}

/// Gives a file to the server and works it off; how the import ended.
pub(crate) async fn import(bed: &Bed, query: &str, file: impl Into<Vec<u8>>) -> Value {
    let answer = bed.raw(&format!("/api/v1{IMPORTS}?{query}"), file.into()).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    bed.work().await;
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    bed.get(&format!("{IMPORTS}/{id}")).await
}

/// Accepted, known, refused, left out.
pub(crate) fn numbers(import: &Value) -> [u64; 4] {
    [
        &import["accepted"],
        &import["known"],
        &import["refused"]["total"],
        &import["left_out"],
    ]
    .map(|number| number.as_u64().unwrap())
}

async fn a_dry_run_says_row_by_row_what_is_wrong(bed: &Bed) {
    let key = current_key(bed).await;
    let off_curve = "B".to_owned() + &"A".repeat(86);
    let rows = [
        "Endpoint;p256dh;auth;vapid_public_key;external_id;e-mail;created_at;shoe size".to_owned(),
        format!(
            "{};{P256DH};{AUTH};{key};c-1;ada@example.com;2025-01-02T03:04:05Z;43",
            endpoint("a")
        ),
        format!("{};{P256DH};{AUTH};;c-2;;1735787045;", endpoint("b")),
        format!("{};{P256DH};{AUTH};;;nobody;yesterday;", endpoint("c")),
        format!("{};{P256DH};{AUTH};;;;;", endpoint("a")),
        format!("http://fcm.googleapis.com/fcm/send/d;{P256DH};{AUTH};;;;;"),
        format!("https://evil.example.com/d;{P256DH};{AUTH};;;;;"),
        format!("{};{AUTH};{AUTH};;;;;", endpoint("e")),
        format!("{};{off_curve};{AUTH};;;;;", endpoint("f")),
        format!("{};{P256DH};short;;;;;", endpoint("g")),
        format!("{};{P256DH};{AUTH};{P256DH};;;;", endpoint("h")),
        format!("{};{P256DH};{AUTH};;;;", endpoint("i")),
        format!("{};;;;;;;", "ab".repeat(32)),
        format!("eX4mpl3:APA91b{};;;;;;;", "x".repeat(120)),
        String::new(),
        format!(";{P256DH};{AUTH};;;;;"),
    ];
    let file = rows.join("\r\n");
    let checked = import(bed, &format!("dry_run=true&name=old.csv&key={key}"), file.clone()).await;
    assert_eq!(checked["state"], "checked", "{checked}");
    assert_eq!(numbers(&checked), [3, 0, 11, 1], "{checked}");
    assert_eq!(checked["rows"], 14);
    assert_eq!(checked["reachable"]["by_key"][0]["public_key"], key);
    assert_eq!(checked["reachable"]["total"], 3);
    assert_eq!(checked["ignored_columns"], json!(["shoe size"]));
    let refused: Vec<(u64, &str)> = checked["first_refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["row"].as_u64().unwrap(), row["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(
        refused,
        [
            (5, "duplicate"),
            (6, "endpoint"),
            (7, "host"),
            (8, "p256dh"),
            (9, "p256dh"),
            (10, "auth"),
            (11, "key_unknown"),
            (12, "cells"),
            (13, "safari_token"),
            (14, "fcm_token"),
            (16, "endpoint"),
        ]
    );
    let safari = &checked["first_refused"][8];
    assert!(
        safari["remedy"]
            .as_str()
            .unwrap()
            .contains("cannot be imported yet"),
        "{safari}"
    );
    let first = &checked["first_refused"][0];
    assert!(first["message"].as_str().unwrap().contains("row 2"), "{first}");
    // Nothing was taken, and what is told holds no endpoint and no secret.
    assert_eq!(bed.get("/subscriptions").await["total"], 0);
    let id = checked["id"].as_str().unwrap();
    let bearer = format!("Bearer {}", bed.key);
    let path = format!("/api/v1{IMPORTS}/{id}/refused.csv");
    let csv = bed
        .send("GET", &path, &[("authorization", &bearer)], Vec::new())
        .await;
    assert_eq!(csv.body.lines().count(), 1 + 11 + 2, "{}", csv.body);
    assert!(
        csv.body.contains("4,taken without it,email,identity,"),
        "{}",
        csv.body
    );
    assert!(
        !csv.body.contains("/fcm/send/") && !csv.body.contains(AUTH),
        "{}",
        csv.body
    );
    // Said yes, the very rows are taken; nobody can say yes twice.
    bed.api("POST", &format!("{IMPORTS}/{id}/start"), Value::Null, 200)
        .await;
    bed.api("POST", &format!("{IMPORTS}/{id}/start"), Value::Null, 409)
        .await;
    bed.work().await;
    let done = bed.get(&format!("{IMPORTS}/{id}")).await;
    assert_eq!((&done["state"], numbers(&done)), (&json!("done"), [3, 0, 11, 1]));
    assert_eq!(bed.get("/subscriptions").await["total"], 3);
    let ada = bed.person("Email:ada@example.com").await;
    assert_eq!(
        ada["identities"],
        json!({"Identity": ["c-1"], "Email": ["ada@example.com"]})
    );
    assert_eq!(ada["subscriptions"][0]["created_at"], 1_735_787_045_000_i64);
    // Once more, and each is known.
    let again = import(bed, &format!("key={key}"), file).await;
    assert_eq!(
        (&again["state"], numbers(&again)),
        (&json!("done"), [0, 3, 11, 0])
    );
    assert_eq!(bed.get("/subscriptions").await["total"], 3);
}

async fn who_somebody_is_follows_the_rules_of_a_login(bed: &Bed) {
    let device = bed.id();
    let set = json!({"Name": "Ada", "Plan": "gold"});
    bed.ring(
        device,
        &[
            bed.page(),
            bed.op(
                "login",
                json!({"identity": {"Email": "ada@example.com"}, "set": set}),
            ),
        ],
    )
    .await;
    let key = current_key(bed).await;
    let line = |name: &str, more: Value| {
        let mut line = json!({
            "endpoint": endpoint(name), "expirationTime": null, "keys": {"p256dh": P256DH, "auth": AUTH}, "vapid_public_key": key,
        });
        line.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        line.to_string()
    };
    let file = [
        // The browser's own shape; somebody who is known is told more about, and keeps what is known.
        line("a", json!({"email": "Ada@Example.com", "external_id": 7, "name": "Adele", "properties": {"Size": 3}})),
        // Two browsers of one person who is new, and one of nobody.
        line("b", json!({"external_id": "c-2", "topics": ["news", "sales"], "language": "de"})),
        line("c", json!({"external_id": "c-2", "phone": "+1 555 123 4567"})),
        line("d", json!({})),
        // In an envelope.
        json!({"subscription": {"endpoint": endpoint("e"), "keys": {"p256dh": P256DH, "auth": AUTH}}, "vapid_public_key": key}).to_string(),
    ]
    .join("\n");
    let done = import(bed, "", file).await;
    assert_eq!(
        (&done["state"], numbers(&done)),
        (&json!("done"), [5, 0, 0, 0]),
        "{done}"
    );
    let ada = bed.person("Identity:7").await;
    assert_eq!(ada["id"], bed.device(device).await["id"]);
    assert_eq!(ada["properties"]["Name"], "Ada");
    assert_eq!(
        (&ada["properties"]["Plan"], &ada["properties"]["Size"]),
        (&json!("gold"), &json!(3))
    );
    let new = bed.person("Phone:%2B15551234567").await;
    assert_eq!(new["subscriptions"].as_array().unwrap().len(), 2);
    assert_eq!(new["identities"]["Identity"], json!(["c-2"]));
    let topics: Vec<&Value> = new["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|device| &device["topics"])
        .collect();
    assert!(topics.contains(&&json!(["news", "sales"])), "{topics:?}");
    assert_eq!(bed.get("/subscriptions").await["total"], 5);
}

/// A file of one row for a browser of the lab, made with the account's pair.
fn row_of(browser: &VirtualBrowser, key: &str, more: &Value) -> String {
    let mut row = browser.subscription();
    row["vapid_public_key"] = json!(key);
    row.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    row.to_string()
}

async fn a_browser_that_comes_by_is_the_one_that_was_imported(bed: &Bed) {
    let key = current_key(bed).await;
    let point: [u8; 65] = decode(&key).unwrap().try_into().unwrap();
    let browsers: Vec<VirtualBrowser> = (0..3)
        .map(|_| bed.lab.virtual_browser_at(Service::Fcm, &point))
        .collect();
    let file = [
        row_of(
            &browsers[0],
            &key,
            &json!({"topics": ["news"], "properties": {"Plan": "gold"}}),
        ),
        row_of(&browsers[1], &key, &json!({"email": "ben@example.com"})),
        row_of(&browsers[2], &key, &json!({"email": "cy@example.com"})),
    ];
    let done = import(bed, "", file.join("\n")).await;
    assert_eq!(numbers(&done), [3, 0, 0, 0], "{done}");
    let subscribe = |browser: &VirtualBrowser| {
        bed.op(
            "subscribe",
            json!({"subscription": browser.subscription(), "key": key, "browser": "Chrome"}),
        )
    };
    // Nobody by name: the endpoint is theirs now, and what was known of it.
    let (ada, ben, dee) = (bed.id(), bed.id(), bed.id());
    bed.ring(ada, &[bed.page(), subscribe(&browsers[0])]).await;
    let person = bed.device(ada).await;
    assert_eq!(person["devices"].as_array().unwrap().len(), 1, "{person}");
    assert_eq!(person["devices"][0]["topics"], json!(["news"]));
    assert_eq!(person["properties"]["Plan"], "gold");
    assert_eq!(person["subscriptions"].as_array().unwrap().len(), 1);
    // Somebody with a name, who changes over to another pair: the old endpoint goes, the person stays.
    let fresh = bed.lab.virtual_browser_at(Service::Fcm, &point);
    let mut changed_over = subscribe(&fresh);
    changed_over["replaces"] = json!(browsers[1].endpoint());
    bed.ring(ben, &[bed.page(), changed_over]).await;
    let person = bed.person("Email:ben@example.com").await;
    assert_eq!(person["devices"].as_array().unwrap().len(), 1, "{person}");
    assert_eq!(person["devices"][0]["id"], json!(ben));
    let live = person["subscriptions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["state"] == "live");
    assert_eq!(live.count(), 1, "{person}");
    // Somebody else is logged in at the third: two people with names stay two.
    bed.ring(dee, &[bed.page(), bed.login("dee"), subscribe(&browsers[2])])
        .await;
    assert_eq!(bed.device(dee).await["identities"], json!({"Identity": ["dee"]}));
    assert_eq!(bed.person("Email:cy@example.com").await["devices"], json!([]));
    assert_eq!(bed.get("/subscriptions").await["total"], 3);
    // That they are subscribed is no news: no welcome goes to them.
    for device in [ada, ben, dee] {
        assert_eq!(history(bed, device).await, Vec::<String>::new());
    }
    // Who ends it is known by the endpoint, too, and that is news.
    let ended = row_of(
        &bed.lab.virtual_browser_at(Service::Fcm, &point),
        &key,
        &json!({"email": "eve@example.com"}),
    );
    assert_eq!(numbers(&import(bed, "", ended.clone()).await), [1, 0, 0, 0]);
    let endpoint = serde_json::from_str::<Value>(&ended).unwrap()["endpoint"].clone();
    let eve = bed.id();
    let ops = [bed.page(), bed.op("unsubscribe", json!({"endpoint": endpoint}))];
    bed.ring(eve, &ops).await;
    assert_eq!(
        bed.device(eve).await["identities"],
        json!({"Email": ["eve@example.com"]})
    );
    assert_eq!(history(bed, eve).await, ["Push Unsubscribed"]);
}

async fn several_endpoints_of_one_browser_give_way_to_it(bed: &Bed) {
    let key = current_key(bed).await;
    let point: [u8; 65] = decode(&key).unwrap().try_into().unwrap();
    let [old, new, now] = [(); 3].map(|()| bed.lab.virtual_browser_at(Service::Fcm, &point));
    let device = bed.id();
    let file = [
        row_of(
            &old,
            &key,
            &json!({"device": device, "state": "gone", "properties": {"Plan": "gold"}}),
        ),
        row_of(&new, &key, &json!({"device": device})),
    ];
    assert_eq!(numbers(&import(bed, "", file.join("\n")).await), [2, 0, 0, 0]);
    // The browser lost its storage, and with it its id; somebody is logged in there, of whom the import knew nothing.
    let here = bed.id();
    let subscribe = bed.op(
        "subscribe",
        json!({"subscription": now.subscription(), "key": key, "browser": "Chrome", "replaces": new.endpoint()}),
    );
    let ended = bed.op("unsubscribe", json!({"endpoint": old.endpoint()}));
    let reply = bed
        .ring(here, &[bed.page(), bed.login("ada"), ended, subscribe])
        .await;
    assert_eq!(reply["refused"], json!([]), "{reply}");
    let person = bed.person("Identity:ada").await;
    assert_eq!(person["properties"]["Plan"], "gold");
    let devices: Vec<&Value> = person["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(devices, [&json!(here)]);
    let states: Vec<&Value> = person["subscriptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["state"])
        .collect();
    assert_eq!(
        states.iter().filter(|state| **state == "live").count(),
        1,
        "{states:?}"
    );
}

async fn hostile_files_are_answered(bed: &Bed) {
    let key = current_key(bed).await;
    let head = "endpoint,p256dh,auth,vapid_public_key\n";
    let good = format!("{},{P256DH},{AUTH},{key}\n", endpoint("good"));
    // Refused as a whole, with the field and what to do.
    for (what, file, words) in [
        ("nothing", Vec::new(), "no subscription"),
        ("a header alone", head.into(), "no subscription"),
        ("a zip", b"PK\x03\x04\x14\0\0\0rest".to_vec(), "ZIP"),
        ("gzip", vec![0x1f, 0x8b, 8, 0, 0], "gzip"),
        ("UTF-16", b"\xff\xfee\0n\0d\0".to_vec(), "UTF-16"),
        (
            "an array",
            format!("[{}]", json!({"endpoint": ""})).into_bytes(),
            "jq -c",
        ),
        (
            "another table",
            b"name,price\nJug,20\n".to_vec(),
            "“name”, “price”",
        ),
        ("no auth", b"endpoint,p256dh\n".to_vec(), "no column “auth”"),
        ("twice", b"endpoint,p256dh,auth,auth\n".to_vec(), "Two columns"),
        ("a binary header", b"end\0point\n".to_vec(), "name the columns"),
        (
            "50 MB of one column",
            b"x\n".repeat(25 * 1024 * 1024),
            "no column “endpoint”",
        ),
    ] {
        let answer = bed.raw(&format!("/api/v1{IMPORTS}?format=csv"), file).await;
        assert_eq!(answer.status, 422, "{what}: {}", answer.body);
        let error = &answer.json()["error"];
        assert_eq!(error["field"], "file", "{what}");
        let said = error["message"].as_str().unwrap();
        assert!(said.contains(words), "{what}: {said}");
    }
    assert_eq!(
        bed.get(IMPORTS).await["imports"],
        json!([]),
        "nothing of them was kept"
    );
    // Rows that nobody can read take no other with them.
    let mut file = head.as_bytes().to_vec();
    file.extend(b"https://fcm.googleapis.com/\xff\xfe,a,b,c\n");
    file.extend(b"https://fcm.googleapis.com/\0,a,b,c\n");
    file.extend(vec![b'x'; 3 * 1024 * 1024]);
    file.extend(b"\n\"never closed,");
    file.extend(b"y\n".repeat(132 * 1024));
    file.extend(good.as_bytes());
    let done = import(bed, "", file).await;
    assert_eq!(done["state"], "done");
    assert_eq!(done["accepted"], 1, "{done}");
    assert_eq!(done["refused"]["by_reason"]["text"], 2, "{done}");
    assert_eq!(done["refused"]["by_reason"]["too_long"], 2, "{done}");
    // JSON that is no object, nested deep, or made of nonsense.
    let deep = "[".repeat(100_000);
    let lines = [
        "{}",
        "null",
        "7",
        "\"text\"",
        &format!("{{\"endpoint\": {deep}"),
        "{\"endpoint\": [1], \"keys\": 7}",
    ];
    let done = import(bed, "format=jsonl", lines.join("\n")).await;
    assert_eq!(numbers(&done), [0, 0, 6, 0], "{done}");
    // One endpoint, written in two ways, comes in once.
    let twice = ["", " "].map(|sign| {
        json!({"endpoint": endpoint("twice") + sign, "p256dh": P256DH, "auth": AUTH, "vapid_public_key": key}).to_string()
    });
    let done = import(bed, "", twice.join("\n")).await;
    assert_eq!(
        (&done["state"], numbers(&done)),
        (&json!("done"), [1, 0, 1, 0]),
        "{done}"
    );
    // Moments at the end of all numbers, and lists of nonsense: the row is taken, the field is named once.
    let odd = json!({
        "endpoint": endpoint("odd"), "p256dh": P256DH, "auth": AUTH, "vapid_public_key": key, "created_at": i64::MIN, "seen_at": "9999-99-99",
        "email": vec!["nobody"; 5_000], "phone": {"a": 1}, "properties": "[", "topics": [[], {}, "news"], "zone": "\u{7}nowhere", "opt_out": {},
    });
    let done = import(bed, "", odd.to_string()).await;
    assert_eq!(
        (&done["state"], numbers(&done)),
        (&json!("done"), [1, 0, 0, 1]),
        "{done}"
    );
    let fields = done["first_left_out"].as_array().unwrap().iter();
    let fields: Vec<&Value> = fields.map(|one| &one["field"]).collect();
    assert_eq!(fields, ["created_at", "email", "phone", "properties", "seen_at"]);
    // NUL as JSON writes it, wherever text is taken.
    let nul = "a\u{0}b";
    let named = |name: &str, vapid: &str| {
        json!({
            "endpoint": endpoint(name), "p256dh": P256DH, "auth": AUTH, "vapid_public_key": vapid, "identity": nul, "email": "x\u{0}@example.com",
            "phone": nul, "name": nul, "properties": {nul: nul}, "topics": [nul], "language": nul, "zone": nul, "browser": nul, "system": nul,
            "reason": nul, "device": nul, "created_at": nul,
        })
        .to_string()
    };
    let file = [
        named(nul, &key),
        named("nul", nul),
        named("nul", nul),
        named("nul-2", &key),
    ];
    let done = import(bed, "name=a%00b", file.join("\n")).await;
    assert_eq!(
        (&done["state"], numbers(&done)[..3].to_vec()),
        (&json!("done"), vec![1, 0, 3]),
        "{done}"
    );
    // What is said beside the file.
    for (query, status) in [
        ("format=xlsx", 400),
        ("key=made-up", 422),
        ("dry_run=perhaps", 400),
    ] {
        let answer = bed
            .raw(&format!("/api/v1{IMPORTS}?{query}"), good.clone().into_bytes())
            .await;
        assert_eq!(answer.status, status, "{query}: {}", answer.body);
    }
    for path in ["nonsense", "00000000000000000000000000000000"] {
        bed.api("GET", &format!("{IMPORTS}/{path}"), Value::Null, 404)
            .await;
        bed.api("POST", &format!("{IMPORTS}/{path}/start"), Value::Null, 404)
            .await;
    }
    let closed = bed
        .send("GET", "/api/v1/subscriptions/export", &[], Vec::new())
        .await;
    assert_eq!(closed.status, 401);
    bed.works().await;
}

/// A file of so many rows that are all good.
fn many(key: &str, rows: usize) -> Vec<u8> {
    let row = |n: usize| {
        let owner = if n.is_multiple_of(3) {
            format!("c-{n}")
        } else {
            String::new()
        };
        format!("{},{P256DH},{AUTH},{key},{owner}", endpoint(&n.to_string()))
    };
    let head = "endpoint,p256dh,auth,vapid_public_key,external_id".to_owned();
    let lines: Vec<String> = std::iter::once(head).chain((0..rows).map(row)).collect();
    lines.join("\n").into_bytes()
}

async fn an_import_can_be_stopped(bed: &Bed) {
    let key = current_key(bed).await;
    let answer = bed.raw(&format!("/api/v1{IMPORTS}"), many(&key, 1_000)).await;
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(bed.running.delivery.step().await.unwrap(), Step::Worked);
    let stopped = bed
        .api("POST", &format!("{IMPORTS}/{id}/cancel"), Value::Null, 200)
        .await;
    assert_eq!(
        (&stopped["state"], &stopped["read"]),
        (&json!("cancelled"), &json!(200))
    );
    bed.work().await;
    assert_eq!(
        bed.get("/subscriptions").await["total"],
        200,
        "what was taken stays"
    );
    bed.api("POST", &format!("{IMPORTS}/{id}/cancel"), Value::Null, 409)
        .await;
    bed.api("POST", &format!("{IMPORTS}/{id}/start"), Value::Null, 409)
        .await;
    let done = import(bed, "", many(&key, 1_000)).await;
    assert_eq!(numbers(&done), [800, 200, 0, 0], "{done}");
}

async fn a_job_that_comes_late_spoils_nothing(bed: &Bed) {
    let key = current_key(bed).await;
    let checked = import(bed, "dry_run=true", many(&key, 300)).await;
    assert_eq!(checked["state"], "checked");
    let id = checked["id"].as_str().unwrap();
    // Somebody whose lease had run out works on the last piece once more.
    let again = async || {
        let job = Job::Import {
            account: ACCOUNT.to_owned(),
            import: Id::parse(id).unwrap(),
        };
        let mut batch = Batch::new("late");
        let app = &bed.running.app;
        app.queue.push(&mut batch, bed.id(), &job, Timestamp(bed.now()));
        app.store.db.write(batch).await.unwrap();
    };
    again().await;
    bed.work().await;
    bed.api("POST", &format!("{IMPORTS}/{id}/start"), Value::Null, 200)
        .await;
    again().await;
    bed.work().await;
    let done = bed.get(&format!("{IMPORTS}/{id}")).await;
    assert_eq!(
        (&done["state"], numbers(&done)),
        (&json!("done"), [300, 0, 0, 0]),
        "{done}"
    );
    assert_eq!(bed.get("/subscriptions").await["total"], 300);
}

/// Killed in the middle, again and again: it goes on after the last piece, and nobody is there twice.
async fn ten_thousand_rows_through_three_deaths(bed: Bed) {
    const ROWS: usize = 10_000;
    let key = current_key(&bed).await;
    let answer = bed.raw(&format!("/api/v1{IMPORTS}"), many(&key, ROWS)).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let mut now = bed.now();
    let left = bed.leave().await;
    let path = format!("/api/v1{IMPORTS}/{id}");
    let mut read = 0;
    for _ in 0..3 {
        let led = Led::start(&left, now).await;
        let from = read;
        while read < from + 600 {
            let import: Value = serde_json::from_str(&led.get(&path).await).unwrap();
            read = import["read"].as_u64().unwrap();
        }
        led.kill().await;
        // The dead one's lease runs out.
        now += 121_000;
    }
    assert!((600..ROWS as u64).contains(&read), "killed in the middle: {read}");
    let led = Led::start(&left, now).await;
    let done = loop {
        let import: Value = serde_json::from_str(&led.get(&path).await).unwrap();
        if import["state"] == "done" {
            break import;
        }
    };
    assert_eq!(numbers(&done), [ROWS as u64, 0, 0, 0], "{done}");
    let total: Value = serde_json::from_str(&led.get("/api/v1/subscriptions?limit=1").await).unwrap();
    assert_eq!(total["total"], ROWS);
    let out = led.get("/api/v1/subscriptions/export").await;
    let endpoints: std::collections::HashSet<&str> = out.lines().collect();
    assert_eq!(endpoints.len(), ROWS);
    led.stop().await;
    left.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_rows_on_sqlite() {
    ten_thousand_rows_through_three_deaths(Bed::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_rows_on_postgres() {
    ten_thousand_rows_through_three_deaths(Bed::postgres().await).await;
}
