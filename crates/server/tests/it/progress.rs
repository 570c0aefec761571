//! How far a push on its way has come, and how long it still takes: nothing that nobody can know.

use crate::bed::{Bed, START};
use crate::dashboard::Person;
use crate::engines;
use crate::faults::crowd;
use crate::pushes::{push, subscribe};
use campanile_lab::{Fault, Rule, Service};
use serde_json::{Value, json};

engines!(
    a_push_says_how_long_it_still_takes_once_that_can_be_told,
    what_waits_for_a_push_service_has_no_time,
);

async fn progress(bed: &Bed, campaign: i64) -> Value {
    let shown = bed.get(&format!("/campaigns/{campaign}")).await["progress"].clone();
    let report = bed.get(&format!("/campaigns/{campaign}/report")).await;
    assert_eq!(report["campaign"]["progress"], shown);
    shown
}

async fn seconds(bed: &Bed, n: u32) {
    for _ in 0..n {
        bed.work().await;
        bed.pass(1_000);
    }
    bed.work().await;
}

async fn a_push_says_how_long_it_still_takes_once_that_can_be_told(bed: &Bed) {
    let _crowd = crowd(bed, Service::Mozilla, 60).await;
    let page = Person::administrator(bed).await;
    let mut definition = push();
    definition["send"] = json!({"per_minute": 30});
    let started = bed.now();
    let campaign = bed.launch(definition).await;
    let path = format!("/campaigns/{campaign}");
    // Into the beginning of a step, so that each has as many messages.
    bed.pass(10_000 - started % 10_000);
    seconds(bed, 15).await;
    let early = progress(bed, campaign).await;
    assert_eq!(
        (
            &early["per_minute"],
            &early["minutes_left"],
            &early["total"],
            &early["exact"]
        ),
        (&Value::Null, &Value::Null, &json!(60), &json!(false)),
        "a step and a half says nothing: {early}"
    );
    assert_eq!(
        (&early["waits_for"], &early["at_most_per_minute"]),
        (&json!("pace"), &json!(30))
    );
    let html = page.get(&path).await.body;
    assert!(
        html.contains("8 of about 60 done</span>"),
        "no rate, no time: {html}"
    );
    assert!(html.contains("At most 30 messages a minute, as asked."), "{html}");

    seconds(bed, 25).await;
    let told = progress(bed, campaign).await;
    assert_eq!(
        (&told["done"], &told["per_minute"], &told["minutes_left"]),
        (&json!(21), &json!(30), &json!(2)),
        "39 are left: {told}"
    );
    let html = page.get(&path).await.body;
    assert!(
        html.contains("21 of about 60 done · 30 a minute · about 2 minutes left"),
        "{html}"
    );

    bed.api("POST", &format!("{path}/pause"), Value::Null, 200).await;
    let paused = progress(bed, campaign).await;
    assert_eq!(
        (
            &paused["waits_for"],
            &paused["per_minute"],
            &paused["minutes_left"]
        ),
        (&json!("resume"), &Value::Null, &Value::Null)
    );
    let html = page.get(&path).await.body;
    assert!(
        html.contains("Nothing is sent until somebody resumes it."),
        "{html}"
    );
    bed.api("POST", &format!("{path}/resume"), Value::Null, 200).await;
    seconds(bed, 90).await;
    assert_eq!(bed.get(&path).await["status"], "sent");
    assert_eq!(progress(bed, campaign).await, Value::Null);
}

async fn what_waits_for_a_push_service_has_no_time(bed: &Bed) {
    let (_, _taken) = subscribe(bed, Service::Mozilla).await;
    let (_, busy) = subscribe(bed, Service::Fcm).await;
    let fault = Fault::Status {
        code: 503,
        retry_after: Some(600),
    };
    bed.lab.add_fault(Rule::on(busy.token(), fault, 9));
    let page = Person::administrator(bed).await;
    let campaign = bed.launch(push()).await;
    let started = bed.now();
    seconds(bed, 60).await;
    let waits = progress(bed, campaign).await;
    let ttl = bed.get(&format!("/campaigns/{campaign}")).await["push"]["ttl_seconds"]
        .as_i64()
        .unwrap();
    assert_eq!(
        waits,
        json!({
            "done": 1, "total": 2, "exact": true, "per_minute": null, "minutes_left": null, "waiting_for_services": 1,
            "tried_until": started + ttl * 1000, "at_most_per_minute": null, "waits_for": "services", "later": 0, "later_until": null, "winner_at": null,
        })
    );
    assert_eq!(started, START);
    let html = page.get(&format!("/campaigns/{campaign}")).await.body;
    assert!(
        html.contains("Waiting for push services") && html.contains("1 of 2 done</span>"),
        "{html}"
    );
    assert!(
        html.contains("1 message waits for a push service that takes nothing now"),
        "{html}"
    );
    bed.lab.clear_faults();
    bed.pass(600_000);
    seconds(bed, 3).await;
    assert_eq!(bed.get(&format!("/campaigns/{campaign}")).await["status"], "sent");
}
