//! The connections to the push services: how many, with how many streams, and what becomes of messages when one goes away.
//!
//! Every answer of the lab is slow here, so that many messages are under way at once. The clock stands still unless a test says otherwise: what
//! is sent then was sent at the first try. Left out: what services answer ([`crate::faults`]). Invariant: each browser gets its message once.

use crate::bed::Bed;
use crate::engines;
use crate::faults::{crowd, enrol, on_all, tries};
use crate::pushes::{counts, push, vapid, work_through};
use campanile_lab::{Fault, Lab, Rule, Service, VirtualBrowser};
use serde_json::json;

engines!(
    one_connection_is_enough_where_streams_are_many,
    more_connections_where_streams_are_few,
    a_service_with_one_stream_is_not_asked_for_two,
    a_connection_that_goes_away_loses_and_doubles_nothing,
    a_stream_that_is_refused_goes_again_and_was_not_tried,
    a_service_that_refuses_every_stream_gets_time,
    a_service_with_http1_only,
    a_connection_that_is_cut_in_the_middle_is_tried_again,
);

const SLOW: Fault = Fault::Slow { ms: 40 };

fn each_once(browsers: &[VirtualBrowser]) {
    let wrong = browsers.iter().filter(|browser| browser.count() != 1);
    assert_eq!(wrong.count(), 0, "browsers with no message, or with two");
}

/// How often the lab did something to a connection.
fn faulted(lab: &Lab, outcome: &str) -> usize {
    let messages = lab.messages();
    messages
        .iter()
        .filter(|message| message.outcome == outcome)
        .count()
}

/// Sends to everybody while the clock stands still.
async fn send_at_once(bed: &Bed, browsers: &[VirtualBrowser]) {
    let campaign = bed.launch(push()).await;
    bed.work().await;
    let all = browsers.len();
    assert_eq!(counts(bed, campaign).await, json!({"audience": all, "sent": all}));
    each_once(browsers);
    assert_eq!(bed.lab.counts().accepted, all as u64, "nothing went twice");
    work_through(bed, campaign).await;
}

async fn one_connection_is_enough_where_streams_are_many(bed: &Bed) {
    bed.lab.add_fault(on_all(Service::Fcm, SLOW));
    let browsers = crowd(bed, Service::Fcm, 120).await;
    send_at_once(bed, &browsers).await;
    let seen = bed.lab.connections();
    assert_eq!((seen.opened, seen.http2, seen.open), (1, 1, 1));
    assert!(seen.most_streams > 8, "{seen:?}");
}

async fn more_connections_where_streams_are_few(bed: &Bed) {
    bed.lab.set_max_streams(4);
    bed.lab.add_fault(on_all(Service::Fcm, SLOW));
    let browsers = crowd(bed, Service::Fcm, 240).await;
    send_at_once(bed, &browsers).await;
    let seen = bed.lab.connections();
    assert!((3..=8).contains(&seen.opened), "{seen:?}");
    assert_eq!(seen.most_streams, 4, "all that the service allows, and no more");
    // The next push finds them open.
    bed.lab.clear_faults();
    let campaign = bed.launch(push()).await;
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 240, "sent": 240}));
    let again = bed.lab.connections();
    assert_eq!(
        (again.open, again.most_streams),
        (again.opened, 4),
        "none was given up"
    );
    assert!(again.opened <= 8, "{again:?}");
}

async fn a_service_with_one_stream_is_not_asked_for_two(bed: &Bed) {
    bed.lab.set_max_streams(1);
    bed.lab.add_fault(on_all(Service::Mozilla, SLOW));
    let browsers = crowd(bed, Service::Mozilla, 100).await;
    send_at_once(bed, &browsers).await;
    let seen = bed.lab.connections();
    assert_eq!((seen.opened, seen.most_streams), (8, 1), "up to the bound");
}

async fn a_connection_that_goes_away_loses_and_doubles_nothing(bed: &Bed) {
    let browsers = crowd(bed, Service::Fcm, 150).await;
    for away in [7, 60, 61, 149] {
        bed.lab
            .add_fault(Rule::on(browsers[away].token(), Fault::GoAway, 1));
    }
    bed.lab.add_fault(on_all(Service::Fcm, SLOW));
    send_at_once(bed, &browsers).await;
    assert_eq!(faulted(&bed.lab, "connection left"), 4);
    let seen = bed.lab.connections();
    assert_eq!(seen.http2, seen.opened, "{seen:?}");
    assert!((3..=5).contains(&seen.opened), "{seen:?}");
    assert_eq!(seen.open, 1, "those that went away are closed");
}

async fn a_stream_that_is_refused_goes_again_and_was_not_tried(bed: &Bed) {
    let browsers = crowd(bed, Service::Mozilla, 100).await;
    for (refused, times) in [(0, 1), (5, 3), (50, 1), (51, 1), (99, 4)] {
        let rule = Rule::on(browsers[refused].token(), Fault::Refused, times);
        bed.lab.add_fault(rule);
    }
    bed.lab.add_fault(on_all(Service::Mozilla, SLOW));
    send_at_once(bed, &browsers).await;
    assert_eq!(faulted(&bed.lab, "stream refused"), 10);
    let seen = bed.lab.connections();
    assert!(
        (2..=8).contains(&seen.opened),
        "over another connection: {seen:?}"
    );
}

async fn a_service_that_refuses_every_stream_gets_time(bed: &Bed) {
    let refused = crowd(bed, Service::Fcm, 40).await;
    let taken = crowd(bed, Service::Mozilla, 20).await;
    bed.lab.add_fault(on_all(Service::Fcm, Fault::Refused));
    let campaign = bed.launch(push()).await;
    bed.work().await;
    each_once(&taken);
    for _ in 0..60 {
        bed.pass(1_000);
        bed.work().await;
    }
    assert_eq!(
        counts(bed, campaign).await,
        json!({"audience": 60, "sent": 20, "waiting": 40})
    );
    assert_eq!(
        tries(bed, campaign).await,
        [(0, 40)].into(),
        "a message that nobody looked at was not tried"
    );
    let asked = bed.lab.counts().faulted;
    assert!(asked <= 150, "asked {asked} times in a minute");
    bed.lab.clear_faults();
    work_through(bed, campaign).await;
    assert_eq!(counts(bed, campaign).await, json!({"audience": 60, "sent": 60}));
    each_once(&refused);
}

async fn a_service_with_http1_only(bed: &Bed) {
    bed.lab.set_http1_only(true);
    bed.lab.add_fault(on_all(Service::Mozilla, SLOW));
    let browsers = crowd(bed, Service::Mozilla, 150).await;
    send_at_once(bed, &browsers).await;
    let seen = bed.lab.connections();
    assert_eq!(seen.http2, 0);
    assert!((8..=32).contains(&seen.opened), "{seen:?}");
    assert_eq!(seen.open, seen.opened, "they are used again");
}

async fn a_connection_that_is_cut_in_the_middle_is_tried_again(bed: &Bed) {
    for http1 in [false, true] {
        let service = if http1 { Service::Mozilla } else { Service::Fcm };
        bed.lab.set_http1_only(http1);
        bed.lab.clear_faults();
        let browsers = bed.lab.audience(service, &vapid(bed).await, 90);
        enrol(bed, &browsers).await;
        for cut in [5, 20, 21, 80] {
            bed.lab.add_fault(Rule::on(browsers[cut].token(), Fault::Cut, 1));
        }
        bed.lab.add_fault(on_all(service, SLOW));
        let campaign = bed.launch(push()).await;
        bed.work().await;
        let waiting = tries(bed, campaign).await;
        assert!(
            waiting.get(&1) >= Some(&4),
            "what was under way counts as tried: {waiting:?}"
        );
        work_through(bed, campaign).await;
        let sent = &counts(bed, campaign).await;
        assert_eq!(sent["sent"], sent["audience"], "{sent}");
        assert!(browsers.iter().all(|browser| browser.shown() == 1));
    }
}
