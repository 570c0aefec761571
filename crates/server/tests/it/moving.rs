//! All subscriptions out of one server and into another, which writes to them with the pair that came along.
//!
//! Left out: what a file may hold (`imports`). Invariant: what came out, went in and comes out again is the same.

use crate::bed::{ACCOUNT, Bed, exchange};
use crate::engines;
use crate::imports::{IMPORTS, current_key, numbers};
use crate::pushes::{counts, push, work_through};
use campanile::app::{self, Running, Surroundings};
use campanile::clock::Clock;
use campanile::config::{Config, Flags};
use campanile::delivery::Step;
use campanile::delivery::transport::HostMap;
use campanile_core::id::AccountId;
use campanile_core::subscription::decode;
use campanile_core::time::Zone;
use campanile_lab::Service;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tempfile::TempDir;

engines!(all_subscriptions_move_and_are_written_to_from_there);

/// Another server with a store of its own, at the same push services.
struct Elsewhere {
    running: Running,
    key: String,
    _folder: TempDir,
}

impl Elsewhere {
    async fn start(bed: &Bed) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flags = Flags {
            data: Some(folder.path().to_owned()),
            listen: Some("127.0.0.1:0".into()),
            ..Flags::default()
        };
        let mut config = Config::load(None, [], &flags).unwrap();
        config.push.subject = "mailto:push@example.com".into();
        let surroundings = Surroundings {
            clock: Clock::Test(Arc::new(AtomicI64::new(bed.now()))),
            push: HostMap {
                hosts: bed.lab.host_map().into_iter().collect(),
                ca_pem: Some(bed.lab.ca_pem().to_owned()),
            },
            shop: None,
            deliver: false,
        };
        let running = app::start(config, surroundings).await.unwrap();
        let account = AccountId::parse(ACCOUNT).unwrap();
        let launch = &running.app.launch;
        launch
            .create_account("Elsewhere", Some(account.clone()), Zone::utc())
            .await
            .unwrap();
        let (_, key) = launch.create_api_key(&account, "Tests").await.unwrap();
        Self {
            running,
            key,
            _folder: folder,
        }
    }

    async fn call(&self, method: &str, path: &str, body: Vec<u8>) -> String {
        let client: Client<_, Full<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let url = format!("http://{}/api/v1{path}", self.running.address);
        let bearer = format!("Bearer {}", self.key);
        let answer = exchange(&client, method, &url, &[("authorization", &bearer)], body).await;
        assert!(
            answer.status < 300,
            "{method} {path}: {} {}",
            answer.status,
            answer.body
        );
        answer.body
    }

    async fn json(&self, method: &str, path: &str, body: Vec<u8>) -> Value {
        serde_json::from_str(&self.call(method, path, body).await).unwrap()
    }

    async fn work(&self) {
        while self.running.delivery.step().await.unwrap() == Step::Worked {}
    }
}

/// What goes out, but for numbers that are each server's own.
fn sorted(export: &str) -> Vec<Value> {
    let mut rows: Vec<Value> = export
        .lines()
        .map(|line| {
            let mut row: Value = serde_json::from_str(line).unwrap();
            row.as_object_mut().unwrap().remove("profile");
            row
        })
        .collect();
    rows.sort_by_key(|row| row["endpoint"].to_string());
    rows
}

async fn all_subscriptions_move_and_are_written_to_from_there(bed: &Bed) {
    let key = current_key(bed).await;
    let point: [u8; 65] = decode(&key).unwrap().try_into().unwrap();
    let mut browsers = Vec::new();
    for (who, topics) in [
        ("ada", json!(["-news", "sales, \"all\""])),
        ("'ben", json!([])),
        ("[cy]", Value::Null),
    ] {
        let device = bed.id();
        let browser = bed.lab.virtual_browser_at(Service::Fcm, &point);
        let set = json!({"Name": format!("={who}"), "Tags": ["a", "b"], "Phone": "+15551234567"});
        let mut ops = vec![bed.page()];
        if who != "[cy]" {
            ops.push(bed.op("login", json!({"identity": {"Identity": who, "Email": format!("{}@example.com", who.len())}, "set": set})));
        }
        ops.push(bed.op(
            "subscribe",
            json!({"subscription": browser.subscription(), "key": key, "browser": "Chrome", "topics": topics}),
        ));
        let answer = bed
            .post(
                Some(device),
                &ops,
                &[("context", json!({"language": "de-AT", "zone": "Europe/Vienna"}))],
            )
            .await;
        assert_eq!(answer.json()["refused"], json!([]), "{}", answer.body);
        browsers.push((device, browser));
    }
    // One of them has another endpoint now; the old one lies in the history.
    let fresh = bed.lab.virtual_browser_at(Service::Mozilla, &point);
    let op = bed.op(
        "subscribe",
        json!({"subscription": fresh.subscription(), "key": key, "browser": "Firefox"}),
    );
    bed.ring(browsers[0].0, &[op]).await;

    let bearer = format!("Bearer {}", bed.key);
    let ring = bed.get("/settings/web-push").await;
    let pair = ring["keys"][0]["id"].as_str().unwrap();
    let private = bed.get(&format!("/settings/web-push/keys/{pair}/private")).await;
    let mut exports = Vec::new();
    for format in ["jsonl", "csv"] {
        let path = format!("/api/v1/subscriptions/export?format={format}");
        let out = bed
            .send("GET", &path, &[("authorization", &bearer)], Vec::new())
            .await;
        assert_eq!(out.status, 200);
        exports.push(out.body);
    }
    for file in &exports {
        let elsewhere = Elsewhere::start(bed).await;
        // Without the pair nobody can be reached; with it all of them.
        let checked = elsewhere
            .json(
                "POST",
                &format!("{IMPORTS}?dry_run=true"),
                file.clone().into_bytes(),
            )
            .await;
        elsewhere.work().await;
        let id = checked["id"].as_str().unwrap();
        let checked = elsewhere
            .json("GET", &format!("{IMPORTS}/{id}"), Vec::new())
            .await;
        assert_eq!(
            checked["refused"]["by_reason"],
            json!({"key_unknown": 4}),
            "{checked}"
        );
        let brought = json!({"private_key": private["private_key"], "in_use": false}).to_string();
        let made = elsewhere
            .json("POST", "/settings/web-push/keys", brought.clone().into_bytes())
            .await;
        assert_eq!(
            (&made["public_key"], &made["in_use"]),
            (&json!(key), &json!(false))
        );
        let same = elsewhere
            .json("POST", "/settings/web-push/keys", brought.into_bytes())
            .await;
        assert_eq!(same["id"], made["id"], "brought twice is brought once");
        let kept = elsewhere.json("POST", IMPORTS, file.clone().into_bytes()).await;
        elsewhere.work().await;
        let id = kept["id"].as_str().unwrap();
        let done = elsewhere
            .json("GET", &format!("{IMPORTS}/{id}"), Vec::new())
            .await;
        assert_eq!(
            (&done["state"], numbers(&done)),
            (&json!("done"), [4, 0, 0, 0]),
            "{done}"
        );
        assert_eq!(done["reachable"]["total"], 3);
        // Nothing is lost on the way.
        let out = elsewhere.call("GET", "/subscriptions/export", Vec::new()).await;
        assert_eq!(sorted(&out), sorted(&exports[0]));
        // Messages take no longer than to those who came by themselves.
        let account = AccountId::parse(ACCOUNT).unwrap();
        let kept = elsewhere
            .running
            .app
            .store
            .exported(&account, None, 10)
            .await
            .unwrap();
        assert!(kept.iter().all(|row| row.subscription.multiples.is_some()));
        // A push from there, signed with the pair that came along.
        let before: Vec<u64> = browsers.iter().map(|(_, browser)| browser.count()).collect();
        let definition = push().to_string().into_bytes();
        let campaign = elsewhere.json("POST", "/campaigns", definition).await["id"].clone();
        elsewhere
            .json("POST", &format!("/campaigns/{campaign}/start"), Vec::new())
            .await;
        elsewhere.work().await;
        let after: Vec<u64> = browsers.iter().map(|(_, browser)| browser.count()).collect();
        assert_eq!(after, [before[0], before[1] + 1, before[2] + 1]);
        // Who comes by there is told the pair in use there, and is the same browser as ever.
        let person = elsewhere
            .json(
                "GET",
                &format!("/profiles?identity=device:{}", browsers[1].0),
                Vec::new(),
            )
            .await;
        assert_eq!(person["profiles"][0]["identities"]["Identity"], json!(["'ben"]));
        elsewhere.running.stop().await.unwrap();
    }
    assert_eq!(fresh.count(), 2, "once from each");
    // Here everything goes on.
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 3, "sent": 3}));
}
