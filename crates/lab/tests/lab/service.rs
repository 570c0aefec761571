//! The lab as a sender sees it: messages that arrive, and every refusal of the real services.

use crate::sender::{Answered, PATIENCE, Rig, control, plain, send_on};
use campanile_core::delivery::Verdict;
use campanile_lab::{Fault, Rule, Service};
use campanile_push::vapid::VapidKey;
use campanile_push::webpush::answer;
use http::{HeaderValue, Request};
use serde_json::{Value, json};

type Spoil = fn(&mut Request<Vec<u8>>);

fn without(message: &mut Request<Vec<u8>>, name: &'static str) {
    message.headers_mut().remove(name);
}

fn with(message: &mut Request<Vec<u8>>, name: &'static str, value: &'static str) {
    message
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
}

const DAMAGED: &str = "https://updates.push.services.mozilla.com/wpush/v2/damaged";

fn aim(message: &mut Request<Vec<u8>>, address: &str) {
    *message.uri_mut() = address.parse().expect("an address");
}

#[tokio::test]
async fn a_message_reaches_a_virtual_browser_of_every_service() {
    let rig = Rig::new().await;
    for service in Service::ALL {
        let browser = rig.lab.virtual_browser_at(service, rig.key.public_bytes());
        let sent = rig.message_about(&browser.subscription(), b"the kiln is open", 60, Some("kiln"));
        let topic = sent.headers()["topic"].to_str().expect("ascii").to_owned();
        let answered = rig.post(sent).await;
        assert_eq!(answered.status, 201, "{service:?} {}", answered.body);
        assert_eq!(answered.headers["ttl"], "60");
        assert!(
            answered.headers["location"]
                .to_str()
                .expect("ascii")
                .starts_with("https://")
        );
        let received = tokio::time::timeout(PATIENCE, browser.next())
            .await
            .expect("in time");
        assert_eq!(received.plaintext.expect("it opens"), b"the kiln is open");
        assert_eq!((received.ttl_seconds, received.urgency.as_str()), (60, "high"));
        assert_eq!(received.topic, Some(topic));
    }
    assert_eq!(rig.lab.counts().accepted, 4);
    assert_eq!(rig.lab.messages()[0].text.as_deref(), Some("the kiln is open"));
}

/// Spoils a good message and reads the answer with the product's own reader.
async fn refused(rig: &Rig, service: Service, spoil: Spoil) -> (u16, Verdict, String, String) {
    let browser = rig.lab.virtual_browser_at(service, rig.key.public_bytes());
    let mut message = rig.message(&browser.subscription(), b"hello", 60);
    spoil(&mut message);
    let host = message.uri().host().expect("a host").to_owned();
    let Answered {
        status,
        headers,
        body,
        ..
    } = rig.post(message).await;
    let read = answer(&host, status, &headers, body.as_bytes(), rig.clock.now());
    assert_eq!(browser.count(), 0, "a refused message does not arrive");
    (status.as_u16(), read.verdict, read.reason, body)
}

#[tokio::test]
async fn what_mozilla_refuses_is_refused_in_its_words() {
    let rig = Rig::new().await;
    let table: [(Spoil, u16, u64); 9] = [
        (|message| without(message, "ttl"), 400, 111),
        (|message| without(message, "authorization"), 401, 109),
        (
            |message| with(message, "authorization", "vapid t=a.b.c"),
            401,
            109,
        ),
        (|message| with(message, "topic", "not/base64url"), 400, 113),
        (|message| without(message, "content-encoding"), 400, 110),
        (|message| with(message, "encryption", "salt=AAAA"), 400, 110),
        (|message| message.body_mut().truncate(60), 400, 110),
        (|message| message.body_mut().resize(4097, 0), 413, 104),
        (|message| aim(message, DAMAGED), 404, 102),
    ];
    for (spoil, status, errno) in table {
        let (seen, _, _, body) = refused(&rig, Service::Mozilla, spoil).await;
        let body: Value = serde_json::from_str(&body).expect("json");
        assert_eq!((seen, body["errno"].as_u64()), (status, Some(errno)), "{body}");
    }
    assert_eq!(rig.lab.counts().refused, 9);
}

#[tokio::test]
async fn another_key_is_told_apart_at_every_service() {
    let rig = Rig::new().await;
    let other = VapidKey::generate().expect("a key");
    for (service, status) in [
        (Service::Mozilla, 401),
        (Service::Fcm, 403),
        (Service::Apple, 403),
        (Service::Wns, 401),
    ] {
        let browser = rig.lab.virtual_browser_at(service, other.public_bytes());
        let message = rig.message(&browser.subscription(), b"hello", 60);
        let host = message.uri().host().expect("a host").to_owned();
        let answered = rig.post(message).await;
        let read = answer(
            &host,
            answered.status,
            &answered.headers,
            answered.body.as_bytes(),
            rig.clock.now(),
        );
        assert_eq!(
            (read.status, read.verdict),
            (Some(status), Verdict::WrongKey),
            "{service:?} {}",
            answered.body
        );
    }
}

#[tokio::test]
async fn tokens_for_another_origin_or_out_of_time_are_refused() {
    let rig = Rig::new().await;
    let browser = rig.lab.virtual_browser_at(Service::Apple, rig.key.public_bytes());
    let mut elsewhere = rig.message(&browser.subscription(), b"hello", 60);
    let fcm = rig
        .signatures
        .header(&rig.key, "https://fcm.googleapis.com", rig.clock.now())
        .expect("a header");
    elsewhere
        .headers_mut()
        .insert("authorization", fcm.value().clone());
    let answered = rig.post(elsewhere).await;
    assert_eq!(
        (answered.status.as_u16(), answered.body.as_str()),
        (403, r#"{"reason":"BadJwtToken"}"#)
    );
    let late = rig.message(&browser.subscription(), b"hello", 60);
    assert_eq!(rig.post(late.clone()).await.status, 201);
    rig.clock.advance_ms(12 * 60 * 60 * 1000);
    assert_eq!(
        rig.post(late).await.status,
        403,
        "expired, although it was verified before"
    );
    let renewed = rig.message(&browser.subscription(), b"hello", 60);
    assert_eq!(rig.post(renewed).await.status, 201);
}

#[tokio::test]
async fn wns_wants_a_cache_policy_and_the_exact_endpoint() {
    let rig = Rig::new().await;
    let bare: Spoil = |message| without(message, "x-wns-cache-policy");
    let (status, verdict, reason, _) = refused(&rig, Service::Wns, bare).await;
    assert_eq!((status, verdict), (400, Verdict::Refused));
    assert_eq!(reason, "Ttl value conflicts with X-WNS-Cache-Policy.");
    let recoded: Spoil = |message| aim(message, &message.uri().to_string().replace("%2f", "%2F"));
    assert_eq!(refused(&rig, Service::Wns, recoded).await.0, 404);
}

#[tokio::test]
async fn an_ended_subscription_is_gone_and_an_unknown_one_not_found() {
    let rig = Rig::new().await;
    let browser = rig.lab.virtual_browser(rig.key.public_bytes());
    browser.unsubscribe();
    assert_eq!(
        rig.post(rig.message(&browser.subscription(), b"hello", 60))
            .await
            .status,
        410
    );
    assert!(!rig.lab.end_subscription("nobody"));
}

#[tokio::test]
async fn messages_wait_for_a_browser_that_is_away() {
    let rig = Rig::new().await;
    let browser = rig.lab.virtual_browser(rig.key.public_bytes());
    browser.go_offline();
    for (plaintext, ttl, topic) in [
        ("lost", 0, None),
        ("short", 10, None),
        ("old", 600, Some("kiln")),
        ("long", 600, None),
        ("new", 600, Some("kiln")),
    ] {
        let message = rig.message_about(&browser.subscription(), plaintext.as_bytes(), ttl, topic);
        assert_eq!(rig.post(message).await.status, 201);
    }
    let outcomes: Vec<String> = rig
        .lab
        .messages()
        .into_iter()
        .map(|message| message.outcome)
        .collect();
    assert_eq!(outcomes, ["dropped", "stored", "stored", "stored", "stored"]);
    rig.clock.advance_ms(11_000);
    browser.go_online();
    let arrived: Vec<_> = std::iter::from_fn(|| browser.try_next())
        .map(|received| String::from_utf8(received.plaintext.expect("it opens")).expect("text"))
        .collect();
    assert_eq!(arrived, ["long", "new"]);
}

#[tokio::test]
async fn faults_happen_as_scripted() {
    let rig = Rig::new().await;
    let browser = rig.lab.virtual_browser(rig.key.public_bytes());
    let message = || rig.message(&browser.subscription(), b"hello", 60);
    rig.lab.add_fault(Rule::on(
        browser.token(),
        Fault::Status {
            code: 429,
            retry_after: Some(7),
        },
        2,
    ));
    rig.lab.add_fault(Rule::any(
        Fault::Status {
            code: 503,
            retry_after: None,
        },
        1,
    ));
    for expected in [429, 429, 503, 201] {
        let answered = rig.post(message()).await;
        assert_eq!(answered.status, expected);
        assert_eq!(answered.headers.contains_key("retry-after"), expected == 429);
    }
    rig.lab.add_fault(Rule::any(Fault::Cut, 1));
    assert!(rig.send(message()).await.is_err(), "no answer");
    assert_eq!(rig.post(message()).await.status, 201);
    assert_eq!(rig.lab.messages().last().expect("a message").status, 201);
    assert_eq!(browser.count(), 2);
    assert_eq!(rig.lab.counts().faulted, 4);
}

#[tokio::test]
async fn answers_carry_headers_and_bodies_have_a_limit() {
    let rig = Rig::new().await;
    let browser = rig.lab.virtual_browser(rig.key.public_bytes());
    let message = |length| rig.message(&browser.subscription(), &vec![b'x'; length], 60);
    let place = "https://elsewhere.example.com/x";
    rig.lab.add_fault(Rule::on(
        browser.token(),
        Fault::Answer {
            code: 307,
            headers: [("location".to_owned(), place.to_owned())].into(),
        },
        1,
    ));
    let answered = rig.post(message(10)).await;
    assert_eq!(answered.status, 307);
    assert_eq!(answered.headers["location"], place);
    rig.lab
        .add_fault(Rule::on(browser.token(), Fault::Limit { bytes: 3070 }, 3));
    let mut seen = Vec::new();
    for length in [3070 - 103, 3070 - 102, 100, 3500] {
        seen.push(rig.post(message(length)).await.status.as_u16());
    }
    assert_eq!(seen, [201, 413, 201, 201], "three are limited, the last is not");
    assert_eq!((rig.lab.counts().accepted, rig.lab.counts().faulted), (3, 2));
}

#[tokio::test]
async fn a_slow_answer_does_not_hold_up_the_connection() {
    let rig = Rig::new().await;
    let (slow, quick) = (
        rig.lab.virtual_browser(rig.key.public_bytes()),
        rig.lab.virtual_browser(rig.key.public_bytes()),
    );
    rig.lab
        .add_fault(Rule::on(slow.token(), Fault::Slow { ms: 600_000 }, 1));
    let mut connection = rig.connect("updates.push.services.mozilla.com").await;
    let mut other = connection.clone();
    let waiting = tokio::spawn({
        let message = rig.message(&slow.subscription(), b"slow", 60);
        async move { send_on(&mut connection, message).await.is_ok() }
    });
    let answered = send_on(&mut other, rig.message(&quick.subscription(), b"quick", 60))
        .await
        .expect("an answer");
    assert_eq!(answered.status, 201);
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn a_cut_takes_every_request_of_the_connection_with_it() {
    let rig = Rig::new().await;
    let (slow, cut) = (
        rig.lab.virtual_browser(rig.key.public_bytes()),
        rig.lab.virtual_browser(rig.key.public_bytes()),
    );
    rig.lab
        .add_fault(Rule::on(slow.token(), Fault::Slow { ms: 600_000 }, 1));
    rig.lab.add_fault(Rule::on(cut.token(), Fault::Cut, 1));
    let mut connection = rig.connect("updates.push.services.mozilla.com").await;
    let mut other = connection.clone();
    let waiting = tokio::spawn({
        let message = rig.message(&slow.subscription(), b"slow", 60);
        async move { send_on(&mut connection, message).await.is_err() }
    });
    assert!(
        send_on(&mut other, rig.message(&cut.subscription(), b"cut", 60))
            .await
            .is_err()
    );
    assert!(waiting.await.expect("no panic"));
}

#[tokio::test]
async fn a_crowd_only_counts() {
    let rig = Rig::new().await;
    let crowd = rig.lab.crowd(Service::Fcm, rig.key.public_bytes(), 50);
    let mut connection = rig.connect("fcm.googleapis.com").await;
    for browser in &crowd {
        let message = rig.message(&browser.subscription(), b"hello", 60);
        assert_eq!(
            send_on(&mut connection, message).await.expect("an answer").status,
            201
        );
    }
    assert!(
        crowd
            .iter()
            .all(|browser| browser.count() == 1 && browser.try_next().is_none())
    );
    let counts = tokio::time::timeout(PATIENCE, rig.lab.wait_until(|counts| counts.accepted >= 50)).await;
    assert_eq!(counts.expect("in time").accepted, 50);
}

#[tokio::test]
async fn the_control_interface_does_what_the_library_does() {
    let rig = Rig::new().await;
    let order = json!({"applicationServerKey": rig.key.public_key(), "service": "apple", "count": 2});
    let (status, made) = control(&rig.lab, "POST", "/lab/browsers", &order).await;
    assert_eq!(status, 201, "{made}");
    let subscription = &made["subscriptions"][1];
    let fault = json!({"fault": {"status": {"code": 500}}, "host": "web.push.apple.com"});
    assert_eq!(control(&rig.lab, "POST", "/lab/faults", &fault).await.0, 201);
    assert_eq!(rig.post(rig.message(subscription, b"one", 60)).await.status, 500);
    assert_eq!(rig.post(rig.message(subscription, b"two", 60)).await.status, 201);
    let (_, seen) = control(&rig.lab, "GET", "/lab/messages?after=1", &Value::Null).await;
    assert_eq!(seen["counts"], json!({"accepted": 1, "refused": 0, "faulted": 1}));
    assert_eq!(seen["messages"][0]["text"], "two");
    assert_eq!(seen["messages"].as_array().map(Vec::len), Some(1));
    let token = seen["messages"][0]["token"].as_str().expect("a token");
    assert_eq!(
        control(
            &rig.lab,
            "DELETE",
            &format!("/lab/subscriptions/{token}"),
            &Value::Null
        )
        .await
        .0,
        204
    );
    assert_eq!(
        rig.post(rig.message(subscription, b"three", 60)).await.status,
        410
    );
    for (path, bad) in [
        ("/lab/faults", json!({"fault": {"status": {"code": 200}}})),
        ("/lab/faults", json!({"fault": "flood"})),
        ("/lab/browsers", json!({"applicationServerKey": "AAAA"})),
    ] {
        assert_eq!(control(&rig.lab, "POST", path, &bad).await.0, 422, "{bad}");
    }
    let (_, about) = control(&rig.lab, "GET", "/lab", &Value::Null).await;
    assert_eq!(about["ca_pem"], rig.lab.ca_pem());
    assert_eq!(
        about["hosts"]["web.push.apple.com"],
        rig.lab.tls_address().to_string()
    );
}

#[tokio::test]
async fn the_front_page_says_how_to_start_the_browsers() {
    let rig = Rig::new().await;
    let page = plain(&rig.lab, "GET", "/", "text/html", b"").await;
    assert_eq!(page.status, 200);
    let hints = rig.lab.start_hints();
    for needle in [
        "dom.push.testing.allowInsecureServerURL",
        &hints.chromium_args[2],
        rig.lab.spki_sha256(),
    ] {
        assert!(page.body.contains(needle), "{needle}");
    }
    assert!(hints.firefox_user_js().contains(&format!(
        "user_pref(\"dom.push.serverURL\", \"ws://{}/firefox\");",
        &rig.lab.url()[7..]
    )));
}

#[tokio::test]
async fn the_lab_stays_on_loopback_and_ends_when_dropped() {
    let config = campanile_lab::LabConfig {
        listen: ([0, 0, 0, 0], 0).into(),
        ..Default::default()
    };
    assert!(matches!(
        campanile_lab::Lab::start(config).await,
        Err(campanile_lab::Error::NotLoopback(_))
    ));
    let rig = Rig::new().await;
    let mut connection = rig.connect("web.push.apple.com").await;
    let browser = rig.lab.virtual_browser_at(Service::Apple, rig.key.public_bytes());
    let message = rig.message(&browser.subscription(), b"hello", 60);
    assert_eq!(
        send_on(&mut connection, message.clone())
            .await
            .expect("an answer")
            .status,
        201
    );
    drop(rig);
    assert!(send_on(&mut connection, message).await.is_err());
}
