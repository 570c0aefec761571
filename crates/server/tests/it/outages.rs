//! Push services that rest, are slow or refuse for long, and what that does to everybody else: nothing.
//!
//! Left out: what single answers mean ([`crate::faults`]). Invariant: each test failed when the service of the one could stall the others.

use crate::bed::Bed;
use crate::engines;
use crate::faults::{crowd, on_all, status};
use crate::pushes::{counts, push, subscribe, work_through};
use campanile::config::Retention;
use campanile::delivery::sweep::sweep;
use campanile_core::id::Id;
use campanile_lab::{Fault, Rule, Service, VirtualBrowser};
use serde_json::{Value, json};
use std::time::Duration;

engines!(
    a_service_that_is_held_does_not_stall_the_fan_out,
    a_slow_service_takes_no_worker_from_the_others,
    what_followed_an_event_is_forgotten_in_time,
    a_cause_is_told_once_and_not_for_each_event,
);

const DAY: i64 = 24 * 60 * 60 * 1000;

async fn a_service_that_is_held_does_not_stall_the_fan_out(bed: &Bed) {
    // More pieces of one message than a fan-out keeps waiting, all at one service, and then the others.
    let down = crowd(bed, Service::Fcm, 60).await;
    bed.pass(1);
    let well = crowd(bed, Service::Mozilla, 5).await;
    bed.lab.add_fault(on_all(Service::Fcm, status(503)));
    let mut definition = push();
    definition["send"] = json!({"per_minute": 60});
    let campaign = bed.launch(definition).await;
    for _ in 0..70 {
        bed.work().await;
        bed.pass(1_000);
    }
    assert!(
        well.iter().all(|browser| browser.count() == 1),
        "everybody else has it: {}",
        counts(bed, campaign).await
    );
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 65, "sent": 5, "waiting": 60})
    );
    bed.lab.clear_faults();
    for _ in 0..6 {
        bed.pass(60_000);
        bed.work().await;
    }
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 65, "sent": 65}));
    assert!(down.iter().all(|browser| browser.count() == 1), "and each once");
}

async fn a_slow_service_takes_no_worker_from_the_others(bed: &Bed) {
    // Two pieces of nothing but slow ones, and a third that has others at its end.
    let slow = crowd(bed, Service::Fcm, 1_010).await;
    bed.pass(1);
    let mut well = Vec::new();
    for _ in 0..3 {
        well.push(subscribe(bed, Service::Mozilla).await.1);
    }
    bed.lab
        .add_fault(on_all(Service::Fcm, Fault::Slow { ms: 600_000 }));
    let first = bed.launch(push()).await;
    let second = bed.launch(push()).await;
    let sender = tokio::spawn(bed.running.delivery.clone().run());
    let arrived = async {
        for browser in &well {
            browser.next().await;
            browser.next().await;
        }
    };
    // Long before the slow ones' thirty seconds are over.
    tokio::time::timeout(Duration::from_secs(25), arrived)
        .await
        .expect("both campaigns reach those whose service answers");
    assert!(slow.iter().all(|browser| browser.count() == 0));
    // The sender dies there; the next one finds everything.
    sender.abort();
    assert!(sender.await.unwrap_err().is_cancelled());
    bed.lab.clear_faults();
    bed.pass(120_001);
    work_through(bed, first).await;
    work_through(bed, second).await;
    for campaign in [first, second] {
        assert_eq!(
            counts(bed, campaign).await,
            json!({"audience": 1013, "sent": 1013})
        );
    }
}

/// A push to whoever rings, running.
async fn on_ringing(bed: &Bed) -> i64 {
    let mut definition = push();
    definition["push"]["ttl_seconds"] = json!(3_600);
    definition["on_event"] = json!({"event": "Rang", "silence_hours": 48});
    bed.launch(definition).await
}

async fn ring(bed: &Bed, (device, _): &(Id, VirtualBrowser)) {
    bed.ring(*device, &[bed.event("Rang")]).await;
    bed.work().await;
}

async fn what_followed_an_event_is_forgotten_in_time(bed: &Bed) {
    let somebody = subscribe(bed, Service::Mozilla).await;
    let campaign = on_ringing(bed).await;
    ring(bed, &somebody).await;
    assert_eq!(somebody.1.count(), 1);
    let retention = Retention {
        events_days: 0,
        operations_days: 30,
    };
    let app = &bed.running.app;
    let rows = async |after: i64| -> [i64; 2] {
        bed.pass(after);
        sweep(&app.store, &app.live, &app.clock, &retention)
            .await
            .unwrap();
        let mut found = [0; 2];
        for (n, sql) in [
            "-- test_sends\nSELECT COUNT(*) FROM sends",
            "-- test_runs\nSELECT COUNT(*) FROM runs",
        ]
        .into_iter()
        .enumerate()
        {
            let rows = app.store.db.query(sql, Vec::new()).await.unwrap();
            found[n] = rows.first().unwrap().int(0).unwrap();
        }
        found
    };
    // A day that it may be late, an hour in which it may be shown, and as long as a browser's report is still taken.
    assert_eq!(rows(31 * DAY).await, [1, 1]);
    ring(bed, &somebody).await;
    assert_eq!(somebody.1.count(), 2);
    assert_eq!(rows(3_600_000 + 1).await, [1, 1], "the first one is gone");
    // What still waits is kept, however old; and so is what no event brought.
    bed.lab
        .add_fault(Rule::on(somebody.1.token(), status(503), u32::MAX));
    bed.pass(3 * DAY);
    ring(bed, &somebody).await;
    assert_eq!(rows(60 * DAY).await, [1, 1]);
    bed.lab.clear_faults();
    bed.work().await;
    let everybody = bed.launch(push()).await;
    work_through(bed, everybody).await;
    assert_eq!(rows(60 * DAY).await, [1, 1], "the one to everybody");
    let all = counts(bed, campaign).await;
    assert_eq!((&all["audience"], &all["sent"]), (&json!(3), &json!(2)), "{all}");
    bed.api("POST", &format!("/campaigns/{campaign}/stop"), Value::Null, 200)
        .await;
}

async fn a_cause_is_told_once_and_not_for_each_event(bed: &Bed) {
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(subscribe(bed, Service::Mozilla).await);
    }
    let campaign = on_ringing(bed).await;
    bed.lab.add_fault(on_all(Service::Mozilla, status(400)));
    let told = || {
        let text = bed.running.app.metrics.text();
        let line = text.lines().find_map(|line| {
            line.strip_prefix("campanile_push_alarms_total{kind=\"400\"} ")
                .map(str::to_owned)
        });
        line.map_or(0, |times| times.parse::<u32>().unwrap())
    };
    for one in &all {
        bed.pass(1_000);
        ring(bed, one).await;
    }
    assert_eq!(bed.counts(campaign).await["failed"], 5);
    assert_eq!(told(), 1, "five events, one cause");
    bed.pass(3 * DAY);
    ring(bed, &all[0]).await;
    assert_eq!(told(), 2, "it lasts, and is told again");
    bed.api("POST", &format!("/campaigns/{campaign}/stop"), Value::Null, 200)
        .await;
}
