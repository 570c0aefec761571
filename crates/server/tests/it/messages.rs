//! What of a message reaches the browser and its push service: each field of the definition, in the payload or in the headers.
//!
//! Left out: texts that are filled in (`push_plans`), who gets it and when. Invariant: what the owner did not ask for is not sent.

use crate::bed::Bed;
use crate::engines;
use crate::pushes::{push, subscribe, work_through};
use campanile_lab::{Service, VirtualBrowser};
use serde_json::{Value, json};

engines!(each_field_reaches_the_browser, what_was_not_asked_for_is_not_sent,);

async fn shown(bed: &Bed, browser: &VirtualBrowser, definition: Value) -> (Value, campanile_lab::Received) {
    let campaign = bed.launch(definition).await;
    work_through(bed, campaign).await;
    let received = browser.try_next().unwrap();
    let payload = serde_json::from_slice(received.plaintext.as_ref().unwrap()).unwrap();
    (payload, received)
}

async fn each_field_reaches_the_browser(bed: &Bed) {
    let (_, browser) = subscribe(bed, Service::Fcm).await;
    let mut definition = push();
    definition["push"] = json!({
        "title": "The kiln is open", "body": "Twelve new pots.", "url": "https://shop.example.com/new",
        "icon": "https://shop.example.com/icon.png", "image": "https://shop.example.com/hero.png", "badge": "https://shop.example.com/badge.png",
        "actions": [
            {"action": "see", "title": "See them", "url": "https://shop.example.com/new?from=button"},
            {"action": "later", "title": "Later", "url": "https://shop.example.com/later"},
            {"action": "off", "title": "No more", "url": "https://shop.example.com/off"},
        ],
        "tag": "kiln", "topic": "kiln-news", "require_interaction": true, "silent": false, "renotify": true, "vibrate": [200, 100, 200],
        "direction": "ltr", "language": "en-GB", "ttl_seconds": 7_200, "urgency": "high", "kv": {"season": "winter"},
    });
    let (payload, received) = shown(bed, &browser, definition).await;
    assert_eq!(payload["web_push"], 8030);
    assert_eq!(
        payload["notification"],
        json!({
            "title": "The kiln is open", "body": "Twelve new pots.", "navigate": "https://shop.example.com/new",
            "icon": "https://shop.example.com/icon.png", "image": "https://shop.example.com/hero.png", "badge": "https://shop.example.com/badge.png",
            "actions": [
                {"action": "see", "title": "See them", "navigate": "https://shop.example.com/new?from=button"},
                {"action": "later", "title": "Later", "navigate": "https://shop.example.com/later"},
                {"action": "off", "title": "No more", "navigate": "https://shop.example.com/off"},
            ],
            "tag": "kiln", "requireInteraction": true, "silent": false, "renotify": true, "vibrate": [200, 100, 200], "dir": "ltr", "lang": "en-GB",
        })
    );
    assert_eq!(payload["campanile"]["kv"], json!({"season": "winter"}));
    assert_eq!((received.ttl_seconds, received.urgency.as_str()), (7_200, "high"));
    // A topic of 32 characters of base64url (RFC 8030 section 5.4), whatever the owner called it.
    assert_eq!(received.topic.map(|topic| topic.len()), Some(32));
}

async fn what_was_not_asked_for_is_not_sent(bed: &Bed) {
    let (_, browser) = subscribe(bed, Service::Mozilla).await;
    let (payload, received) = shown(bed, &browser, push()).await;
    let names: Vec<_> = payload["notification"].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "body",
            "dir",
            "lang",
            "navigate",
            "requireInteraction",
            "silent",
            "tag",
            "title"
        ]
    );
    assert!(payload["campanile"].get("kv").is_none());
    assert_eq!(
        (received.ttl_seconds, received.urgency.as_str()),
        (86_400, "normal")
    );
}
