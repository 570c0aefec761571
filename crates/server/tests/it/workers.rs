//! The service worker as it is given out, and what a subscription that it makes anew means.

use crate::bed::Bed;
use crate::engines;
use crate::pushes::{operation, subscribe, vapid, vapid_text};
use campanile_lab::Service;
use serde_json::{Value, json};

engines!(
    a_repair_takes_the_old_place_and_is_no_news,
    a_replaced_endpoint_goes_whoever_had_it,
    the_worker_comes_as_it_is_asked_for
);

/// The names of a person's events that are about subscribing.
pub(crate) async fn history(bed: &Bed, device: campanile_core::id::Id) -> Vec<String> {
    let mut events = bed.events(&bed.device(device).await).await;
    events.retain(|name| name.starts_with("Push "));
    events
}

async fn a_repair_takes_the_old_place_and_is_no_news(bed: &Bed) {
    let (device, first) = subscribe(bed, Service::Mozilla).await;
    // Each visit says it again.
    bed.ring(device, &[operation(bed, &first).await]).await;
    let second = bed.lab.virtual_browser(&vapid(bed).await);
    let mut repaired = operation(bed, &second).await;
    repaired["replaces"] = json!(first.endpoint());
    bed.ring(device, &[repaired]).await;
    assert_eq!(bed.get("/subscriptions").await["total"], 1);
    assert_eq!(history(bed, device).await, ["Push Subscribed"]);
    // Who unsubscribed and comes back is news.
    let left = bed.op("unsubscribe", json!({"endpoint": second.endpoint()}));
    bed.ring(device, &[left]).await;
    bed.ring(device, &[operation(bed, &first).await]).await;
    assert_eq!(
        history(bed, device).await,
        ["Push Subscribed", "Push Unsubscribed", "Push Subscribed"]
    );
}

async fn a_replaced_endpoint_goes_whoever_had_it(bed: &Bed) {
    let (_, first) = subscribe(bed, Service::Mozilla).await;
    let (cleared, second) = (bed.id(), bed.lab.virtual_browser(&vapid(bed).await));
    let mut op = operation(bed, &second).await;
    op["replaces"] = json!(first.endpoint());
    bed.ring(cleared, &[op]).await;
    let all = bed.get("/subscriptions").await;
    assert_eq!(all["total"], 1);
    let owner = bed.device(cleared).await["id"].clone();
    let states = all["subscriptions"].as_array().unwrap().iter();
    let of_second = |row: &&Value| row["profile"] == owner;
    assert_eq!(states.clone().find(of_second).unwrap()["state"], "live");
    assert_eq!(
        states.clone().find(|row| !of_second(row)).unwrap()["state"],
        "gone"
    );
    // An endpoint never takes its own place.
    let mut op = operation(bed, &second).await;
    op["replaces"] = json!(second.endpoint());
    bed.ring(cleared, &[op]).await;
    assert_eq!(bed.get("/subscriptions").await["total"], 1);
}

async fn the_worker_comes_as_it_is_asked_for(bed: &Bed) {
    let get = async |path: &str| bed.send("GET", path, &[], Vec::new()).await;
    let plain = get("/sw_webpush.js").await;
    assert_eq!(
        plain.status, 200,
        "the SDK is built before the tests: {}",
        plain.body
    );
    assert_eq!(plain.headers["service-worker-allowed"], "/");
    assert!(!plain.headers.contains_key("content-disposition"));
    let file = get("/clevertap_sw.js?download").await;
    assert_eq!(
        file.headers["content-disposition"],
        "attachment; filename=\"clevertap_sw.js\""
    );
    assert!(file.body.contains("/ring\"") && file.body.contains("\"http"));

    let key = vapid_text(bed).await;
    let account = bed.get("/account").await["id"].as_str().unwrap().to_owned();
    for path in [
        "sw_takeover.js",
        "OneSignalSDKWorker.js",
        "OneSignalSDKUpdaterWorker.js",
        "pushwoosh-service-worker.js",
        "firebase-messaging-sw.js",
        "service-worker.js",
    ] {
        let answer = get(&format!("/{path}?appId=theirs&account={account}&old=/old/w.js")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["content-type"], "text/javascript; charset=utf-8");
        assert!(answer.body.contains(&format!("{account}|{key}|/old/w.js")));
    }
    assert!(get("/sw_takeover.js").await.body.contains("\"||\""));
    for query in [
        "account=nobody",
        "account=%22",
        "old=//evil.example.com/x.js",
        "old=https://evil.example.com/x.js",
        "old=/%22%3Balert(1)%3B%22",
    ] {
        assert_eq!(
            get(&format!("/sw_takeover.js?{query}")).await.status,
            400,
            "{query}"
        );
    }
}
