//! The ring of VAPID pairs: made, brought along, changed over to by browsers that visit, retired when nobody is left.
//!
//! Left out: what a real browser does with another key (`e2e/push.test.mjs`). Invariant: a subscription is always written to with the pair that
//! it was made with, however many there are.

use crate::bed::Bed;
use crate::dashboard::Person;
use crate::engines;
use crate::pushes::{counts, push, work_through};
use campanile_core::id::Id;
use campanile_core::subscription::decode;
use campanile_lab::{Service, VirtualBrowser};
use serde_json::{Value, json};

engines!(
    three_generations_of_keys,
    pairs_that_are_brought_along,
    chrome_and_firefox_have_pairs_of_their_own,
    an_owner_turns_the_ring_in_the_dashboard,
);

const RING: &str = "/settings/web-push";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";

/// What a page is told to subscribe with.
async fn told(bed: &Bed, device: Id, user_agent: &str) -> String {
    let headers = [("user-agent", user_agent)];
    let answer = bed
        .post_with(Some(device), &[bed.page()], &[], &headers)
        .await
        .json();
    answer["settings"]["push"]["key"].as_str().unwrap().to_owned()
}

/// A browser comes by and subscribes with the key that it is told, as the page does.
async fn come_by(bed: &Bed, device: Id) -> VirtualBrowser {
    let key = told(bed, device, CHROME).await;
    let point: [u8; 65] = decode(&key).unwrap().try_into().unwrap();
    let browser = bed.lab.virtual_browser_at(Service::Fcm, &point);
    let op = bed.op(
        "subscribe",
        json!({"subscription": browser.subscription(), "key": key, "browser": "Chrome"}),
    );
    bed.ring(device, &[op]).await;
    browser
}

async fn bound(bed: &Bed) -> Vec<(u64, bool)> {
    let ring = bed.get(RING).await;
    let keys = ring["keys"].as_array().unwrap().iter();
    keys.map(|key| (key["bound"].as_u64().unwrap(), key["in_use"].as_bool().unwrap()))
        .collect()
}

async fn add(bed: &Bed, key: Value, expected: u16) -> Value {
    bed.pass(1_000);
    bed.api("POST", &format!("{RING}/keys"), key, expected).await
}

async fn three_generations_of_keys(bed: &Bed) {
    let (ada, ben, cy) = (bed.id(), bed.id(), bed.id());
    let first = [
        come_by(bed, ada).await,
        come_by(bed, ben).await,
        come_by(bed, cy).await,
    ];
    add(bed, json!({}), 201).await;
    let second = [come_by(bed, ada).await, come_by(bed, ben).await];
    assert_eq!(bound(bed).await, [(2, true), (1, false)]);
    add(bed, json!({}), 201).await;
    let third = come_by(bed, ada).await;
    assert_eq!(bound(bed).await, [(1, true), (1, false), (1, false)]);
    // Each is written to with the pair that it was made with; the endpoint of before is replaced, not doubled.
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 3, "sent": 3}));
    assert_eq!([first[2].count(), second[1].count(), third.count()], [1, 1, 1]);
    assert_eq!([first[0].count(), first[1].count(), second[0].count()], [0, 0, 0]);
    // A pair in use, or with somebody who can be reached by it alone, stays.
    let ring = bed.get(RING).await;
    let id = |number: usize| ring["keys"][number]["id"].as_str().unwrap().to_owned();
    for number in [0, 1] {
        let fault = bed
            .api("DELETE", &format!("{RING}/keys/{}", id(number)), Value::Null, 409)
            .await;
        let said = fault["error"]["message"].as_str().unwrap();
        assert!(said.contains(["in use", "1 subscriptions"][number]), "{said}");
    }
    come_by(bed, ben).await;
    bed.api("DELETE", &format!("{RING}/keys/{}", id(1)), Value::Null, 204)
        .await;
    bed.api("DELETE", &format!("{RING}/keys/{}", id(1)), Value::Null, 404)
        .await;
    assert_eq!(bound(bed).await, [(2, true), (1, false)]);
    // Back to the first one: the last of its people need not change at all.
    bed.pass(1_000);
    bed.api("PUT", &format!("{RING}/keys/{}", id(2)), json!({}), 200)
        .await;
    assert_eq!(bound(bed).await, [(1, true), (2, false)]);
    assert_eq!(told(bed, cy, CHROME).await, ring["keys"][2]["public_key"]);
}

async fn pairs_that_are_brought_along(bed: &Bed) {
    // Made with `npx web-push generate-vapid-keys`-like tools, `openssl genpkey` and `openssl ecparam`; the three are one key.
    let (text, public) = (include_str!("data/vapid.txt"), include_str!("data/vapid.pub"));
    let (pkcs8, sec1) = (
        include_str!("data/vapid-pkcs8.pem"),
        include_str!("data/vapid-sec1.pem"),
    );
    let made = add(bed, json!({"private_key": text, "public_key": public}), 201).await;
    assert_eq!(made["public_key"], public.trim());
    let id = made["id"].as_str().unwrap();
    let out = bed.get(&format!("{RING}/keys/{id}/private")).await;
    assert_eq!(
        (&out["private_key"], &out["public_key"]),
        (&json!(text.trim()), &json!(public.trim()))
    );
    assert!(
        !bed.get(RING).await.to_string().contains(text.trim()),
        "the ring itself shows no secret"
    );
    for (private, why) in [
        (text, "already"),
        (pkcs8, "already"),
        (sec1, "already"),
        ("", "private key"),
        ("short", "private key"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "no private key",
        ),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
            "passphrase",
        ),
    ] {
        let fault = add(bed, json!({"private_key": private}), 422).await;
        let field = &fault["error"]["errors"][0];
        assert_eq!(field["field"], "private_key");
        assert!(
            field["message"].as_str().unwrap().contains(why),
            "{private}: {field}"
        );
    }
    let other = bed.get(RING).await["keys"][1]["public_key"].clone();
    let mixed = json!({"private_key": "A".repeat(42) + "E", "public_key": other});
    let fault = add(bed, mixed, 422).await;
    assert_eq!(fault["error"]["errors"][0]["field"], "public_key");
    let half = add(bed, json!({"public_key": other}), 422).await;
    assert_eq!(
        half["error"]["errors"][0]["field"], "private_key",
        "a half is no wish for a new pair"
    );
    assert_eq!(bound(bed).await.len(), 2, "nothing of it was kept");
}

async fn an_owner_turns_the_ring_in_the_dashboard(bed: &Bed) {
    const PAGE: &str = "/settings/engage/channels/web-push";
    let person = Person::administrator(bed).await;
    bed.pass(1_000);
    let wrong = person
        .post(PAGE, &[("browsers", "firefox"), ("private_key", "short")])
        .await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.body.contains("not the private key of a VAPID pair"),
        "{}",
        wrong.body
    );
    let private = include_str!("data/vapid.txt");
    let added = person
        .post(PAGE, &[("browsers", "all"), ("private_key", private)])
        .await;
    assert_eq!(
        (added.status, added.header("location")),
        (303, "/settings/engage/channels/web-push?said=pair-used")
    );
    let ring = bed.get(RING).await;
    assert_eq!(ring["public_key"], include_str!("data/vapid.pub").trim());
    let id = |number: usize| ring["keys"][number]["id"].as_str().unwrap().to_owned();
    let page = person.get(PAGE).await.body;
    assert!(!page.contains(private.trim()), "no secret unasked");
    let shown = person.post(&format!("{PAGE}/{}/private", id(0)), &[]).await;
    assert!(shown.body.contains(private.trim()));
    let question = person.get(&format!("{PAGE}/{}/retire", id(1))).await;
    assert!(question.body.contains("Retire the pair"), "{}", question.body);
    assert_eq!(
        person.post(&format!("{PAGE}/{}/retire", id(0)), &[]).await.status,
        409,
        "in use"
    );
    bed.pass(1_000);
    assert_eq!(
        person.post(&format!("{PAGE}/{}/use", id(1)), &[]).await.status,
        303
    );
    assert_eq!(
        person.post(&format!("{PAGE}/{}/retire", id(0)), &[]).await.status,
        303
    );
    assert_eq!(bound(bed).await, [(0, true)]);
}

async fn chrome_and_firefox_have_pairs_of_their_own(bed: &Bed) {
    let for_all = bed.get(RING).await["public_key"].clone();
    let firefox = add(bed, json!({"browsers": "firefox"}), 201).await;
    let (ada, ben) = (bed.id(), bed.id());
    assert_eq!(told(bed, ada, FIREFOX).await, firefox["public_key"]);
    assert_eq!(told(bed, ben, CHROME).await, for_all);
    let chrome = add(bed, json!({"browsers": "chrome"}), 201).await;
    assert_eq!(told(bed, ben, CHROME).await, chrome["public_key"]);
    assert_eq!(told(bed, ada, FIREFOX).await, firefox["public_key"]);
    // Safari still needs the first one.
    assert_eq!(bound(bed).await, [(0, true), (0, true), (0, true)]);
}
