//! The lab's connections as a sender sees them: streams refused, connections that go away, how many streams, which HTTP.
//!
//! Left out: messages (`service`). Invariant: what the lab says it did not look at it did not count as taken.

use crate::sender::{Rig, control, send_on};
use campanile_lab::{Fault, Rule};
use serde_json::json;
use std::error::Error as _;

const HOST: &str = "updates.push.services.mozilla.com";

/// What HTTP/2 said.
fn said(fault: &hyper::Error) -> &h2::Error {
    let said = fault.source().and_then(|source| source.downcast_ref());
    said.expect("a word of HTTP/2")
}

#[tokio::test]
async fn a_refused_stream_says_so_and_the_connection_goes_on() {
    let rig = Rig::new().await;
    let browser = rig.lab.virtual_browser(rig.key.public_bytes());
    let message = || rig.message(&browser.subscription(), b"hello", 60);
    rig.lab.add_fault(Rule::any(Fault::Refused, 1));
    let mut connection = rig.connect(HOST).await;
    let fault = send_on(&mut connection, message()).await.expect_err("refused");
    assert_eq!(said(&fault).reason(), Some(h2::Reason::REFUSED_STREAM));
    assert!(said(&fault).is_reset() && said(&fault).is_remote());
    let answered = send_on(&mut connection, message()).await.expect("an answer");
    assert_eq!(answered.status, 201);
    let counts = rig.lab.counts();
    assert_eq!((counts.accepted, counts.faulted), (1, 1));
    assert_eq!(rig.lab.messages()[0].outcome, "stream refused");
}

#[tokio::test]
async fn a_connection_that_goes_away_answers_what_came_before() {
    let rig = Rig::new().await;
    let mut browsers = Vec::new();
    for fault in [Some(Fault::Slow { ms: 200 }), Some(Fault::GoAway), None] {
        let browser = rig.lab.virtual_browser(rig.key.public_bytes());
        if let Some(fault) = fault {
            rig.lab.add_fault(Rule::on(browser.token(), fault, 1));
        }
        browsers.push(browser);
    }
    let connection = rig.connect(HOST).await;
    let send = async |number: usize| {
        let message = rig.message(&browsers[number].subscription(), b"hello", 60);
        send_on(&mut connection.clone(), message).await
    };
    let (before, at, after) = tokio::join!(send(0), send(1), send(2));
    assert_eq!(before.expect("an answer").status, 201);
    for fault in [at, after] {
        let fault = fault.expect_err("not looked at");
        assert!(said(&fault).is_go_away() && said(&fault).is_remote(), "{fault:?}");
    }
    let counts = rig.lab.counts();
    assert_eq!((counts.accepted, counts.faulted), (1, 1));
    assert_eq!(rig.lab.connections().most_streams, 3);
    assert!(connection.clone().ready().await.is_err(), "it takes no more");
}

#[tokio::test]
async fn terms_hold_for_connections_from_now_on() {
    let rig = Rig::new().await;
    let first = rig.connect(HOST).await;
    let (status, _) = control(&rig.lab, "POST", "/lab/terms", &json!({"max_streams": 3})).await;
    assert_eq!(status, 204);
    let browser = rig.lab.virtual_browser(rig.key.public_bytes());
    rig.lab
        .add_fault(Rule::on(browser.token(), Fault::Slow { ms: 50 }, 7));
    let second = rig.connect(HOST).await;
    let send = async || {
        let message = rig.message(&browser.subscription(), b"hello", 60);
        send_on(&mut second.clone(), message).await.expect("an answer")
    };
    send().await;
    tokio::join!(send(), send(), send(), send(), send(), send());
    assert_eq!(rig.lab.connections().most_streams, 3);
    assert!(!first.is_closed());
    let (status, _) = control(&rig.lab, "POST", "/lab/terms", &json!({"http1_only": true})).await;
    assert_eq!(status, 204);
    let socket = tokio::net::TcpStream::connect(rig.lab.tls_address()).await;
    assert!(
        rig.try_trusting(HOST, socket.expect("a socket")).await.is_err(),
        "nobody there speaks HTTP/2"
    );
    let seen = rig.lab.connections();
    assert_eq!((seen.opened, seen.http2), (2, 2));
}
