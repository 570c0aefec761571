//! What keeps a push from being sent is told its owner once: in the dashboard, over the API, in the log and a metric.
//!
//! Left out: which answers are signs of what (`campanile-core`'s `alarm`). Invariant: whatever process meets it, and however often.

use crate::bed::Bed;
use crate::dashboard::Person;
use crate::engines;
use crate::faults::{crowd, enrol, later, on_all, status};
use crate::pushes::{push, subscribe, work_through};
use campanile::app::Running;
use campanile::delivery::Step;
use campanile_lab::{Rule, Service};
use campanile_push::vapid::VapidKey;
use serde_json::{Value, json};

engines!(
    a_hard_error_is_told_in_the_dashboard_until_it_is_dismissed,
    another_process_does_not_tell_it_again,
    many_with_another_key_are_told_and_few_are_not,
    who_sends_is_missing_until_it_is_set,
    a_lost_key_is_told,
    a_cause_that_was_over_is_told_anew,
);

async fn alarms(bed: &Bed) -> Vec<Value> {
    bed.get("/alarms").await["alarms"].as_array().unwrap().clone()
}

/// How often something was told by a process.
fn told(running: &Running, kind: &str) -> u64 {
    let text = running.app.metrics.text();
    let head = format!("campanile_push_alarms_total{{kind=\"{kind}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&head));
    line.map_or(0, |n| n.parse().unwrap())
}

async fn a_hard_error_is_told_in_the_dashboard_until_it_is_dismissed(bed: &Bed) {
    let owner = Person::administrator(bed).await;
    let _crowd = crowd(bed, Service::Fcm, 30).await;
    bed.lab.add_fault(on_all(Service::Fcm, status(403)));
    assert_eq!(alarms(bed).await, [] as [Value; 0]);
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    let all = alarms(bed).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (
            &all[0]["kind"],
            &all[0]["messages"],
            &all[0]["campaign"],
            &all[0]["dismissed_at"]
        ),
        (&json!("403"), &json!(30), &json!(campaign), &Value::Null)
    );
    let words = "30 messages were refused with 403, first by fcm.googleapis.com: “Scripted fault 403”.";
    assert_eq!(all[0]["message"], words);
    assert_eq!(told(&bed.running, "403"), 1);
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    assert_eq!(report["alarms"], json!(all));
    let path = format!("/campaigns/{campaign}");
    for page in ["/overview", &path] {
        let html = owner.get(page).await.body;
        assert!(html.contains(words), "{page}: {html}");
        assert!(html.contains("server’s clock is right"), "{page}");
    }
    let dismiss = format!("{path}/alarms/403/dismiss");
    let answer = owner.post(&dismiss, &[("back", "/overview")]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/overview"));
    for page in ["/overview", &path] {
        assert!(!owner.get(page).await.body.contains("first by"), "{page}");
    }
    assert_eq!(alarms(bed).await[0]["dismissed_at"], bed.now());
    // Over the API too, again and again; what there is not is named.
    let dismissed = |kind: &str| format!("{path}/alarms/{kind}/dismiss");
    bed.api("POST", &dismissed("403"), Value::Null, 204).await;
    for none in ["401", "nonsense"] {
        let fault = bed.api("POST", &dismissed(none), Value::Null, 404).await;
        assert_eq!(fault["error"]["code"], "alarm_unknown");
    }
    // Another campaign is another matter.
    let other = bed.launch(push()).await;
    work_through(bed, other).await;
    assert_eq!(alarms(bed).await.len(), 2);
    assert!(owner.get("/overview").await.body.contains("first by"));
    bed.api("DELETE", &format!("/campaigns/{other}"), Value::Null, 204)
        .await;
    assert_eq!(alarms(bed).await.len(), 1);
}

async fn another_process_does_not_tell_it_again(bed: &Bed) {
    let (_, first) = subscribe(bed, Service::Fcm).await;
    let (_, second) = subscribe(bed, Service::Mozilla).await;
    bed.lab.add_fault(Rule::on(first.token(), status(400), 9));
    bed.lab.add_fault(Rule::on(second.token(), later(503, 60), 1));
    let campaign = bed.launch(push()).await;
    bed.work().await;
    assert_eq!(told(&bed.running, "400"), 1);
    bed.lab.clear_faults();
    bed.lab.add_fault(Rule::on(second.token(), status(400), 9));
    let beside = bed.beside(|_| {}).await;
    bed.pass(60_000);
    while beside.delivery.step().await.unwrap() == Step::Worked {}
    assert_eq!(told(&beside, "400"), 0, "it is known");
    beside.stop().await.unwrap();
    let all = alarms(bed).await;
    assert_eq!((all.len(), &all[0]["messages"]), (1, &json!(2)));
    assert_eq!(all[0]["endpoint_host"], "fcm.googleapis.com", "the first");
    work_through(bed, campaign).await;
}

async fn many_with_another_key_are_told_and_few_are_not(bed: &Bed) {
    let other = VapidKey::generate().unwrap();
    // Twenty, and too few of all.
    let _good = crowd(bed, Service::Fcm, 381).await;
    enrol(bed, &bed.lab.crowd(Service::Mozilla, other.public_bytes(), 20)).await;
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(bed.counts(campaign).await["failed"], 20);
    assert_eq!(alarms(bed).await, [] as [Value; 0], "20 of 401 are no 5 %");
    // They are set aside; now there are more.
    enrol(bed, &bed.lab.crowd(Service::Mozilla, other.public_bytes(), 21)).await;
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    let all = alarms(bed).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (&all[0]["kind"], &all[0]["messages"], &all[0]["campaign"]),
        (&json!("wrong_key"), &json!(21), &json!(campaign))
    );
    assert_eq!(told(&bed.running, "wrong_key"), 1);
    let owner = Person::administrator(bed).await;
    let html = owner.get("/overview").await.body;
    assert!(
        html.contains("21 subscriptions were made with another VAPID key"),
        "{html}"
    );
    // The campaign is sent, not failed, and the reason says what to do.
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    assert_eq!(report["campaign"]["status"], "sent");
    assert_eq!(report["reasons"][0]["cause"], "wrong_key", "{report}");
}

async fn who_sends_is_missing_until_it_is_set(bed: &Bed) {
    subscribe(bed, Service::Mozilla).await;
    let campaign = bed.launch(push()).await;
    let nameless = bed.beside(|config| config.push.subject.clear()).await;
    while nameless.delivery.step().await.unwrap() == Step::Worked {}
    assert_eq!(told(&nameless, "no_subject"), 1);
    nameless.stop().await.unwrap();
    let all = alarms(bed).await;
    assert_eq!((all.len(), &all[0]["kind"]), (1, &json!("no_subject")), "{all:?}");
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    assert_eq!(report["reasons"][0]["cause"], "no_subject", "{report}");
    let owner = Person::administrator(bed).await;
    let html = owner.get(&format!("/campaigns/{campaign}")).await.body;
    assert!(
        html.contains("Set push.subject in the configuration to mailto:"),
        "{html}"
    );
    // A process that has it: over.
    let named = bed.beside(|_| {}).await;
    assert_eq!(alarms(bed).await, [] as [Value; 0]);
    named.stop().await.unwrap();
    work_through(bed, campaign).await;
}

async fn a_lost_key_is_told(bed: &Bed) {
    let (_, browser) = subscribe(bed, Service::Mozilla).await;
    let mut batch = campanile::store::db::Batch::new("lose_key");
    let sql = "-- lose_key\nUPDATE subscriptions SET vapid_key = $1";
    batch.run(sql, vec![vec![7_u8; 16].into()]);
    bed.running.app.store.db.write(batch).await.unwrap();
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(browser.count(), 0);
    let all = alarms(bed).await;
    assert_eq!(
        (all.len(), &all[0]["kind"], &all[0]["messages"]),
        (1, &json!("key_missing"), &json!(1)),
        "one is enough: {all:?}"
    );
    let ledger = bed.get(&format!("/campaigns/{campaign}/deliveries")).await;
    assert_eq!(ledger["deliveries"][0]["cause"], "key_missing");
}

async fn a_cause_that_was_over_is_told_anew(bed: &Bed) {
    let _crowd = crowd(bed, Service::Fcm, 3).await;
    let mut definition = push();
    definition["send"] = json!({"repeat": {"at": "12:00", "times": 3}});
    definition["push"]["ttl_seconds"] = json!(3600);
    bed.lab.add_fault(on_all(Service::Fcm, status(405)));
    let campaign = bed.launch(definition).await;
    bed.pass(2 * 3_600_000);
    bed.work().await;
    let path = format!("/campaigns/{campaign}");
    assert_eq!(told(&bed.running, "405"), 1);
    let dismiss = format!("{path}/alarms/405/dismiss");
    bed.api("POST", &dismiss, Value::Null, 204).await;
    bed.pass(24 * 3_600_000 + 60_000);
    bed.work().await;
    let all = alarms(bed).await;
    assert_eq!(
        (told(&bed.running, "405"), &all[0]["messages"]),
        (1, &json!(6)),
        "it lasts: dismissed is dismissed"
    );
    assert_ne!(all[0]["dismissed_at"], Value::Null);
    // Mended and met again another time, by a new start.
    bed.api("POST", &format!("{path}/stop"), Value::Null, 200).await;
    bed.api("POST", &format!("{path}/start"), Value::Null, 200).await;
    assert_eq!(alarms(bed).await, [] as [Value; 0], "a new start is a new push");
    bed.api("POST", &format!("{path}/stop"), Value::Null, 200).await;
    bed.pass(24 * 3_600_000);
    bed.work().await;
}
