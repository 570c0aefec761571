//! Requests as each push service wants them, and each service's answers read.

use campanile_core::delivery::Verdict;
use campanile_core::notification::Urgency;
use campanile_core::subscription::Endpoint;
use campanile_core::time::Timestamp;
use campanile_push::vapid::{AuthorizationHeader, Subject, VapidKey};
use campanile_push::webpush::{Options, Topic, answer, blames_signature, request, retry_after};
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(784_111_777_000); // 1994-11-06T08:49:37Z
const FCM: &str = "fcm.googleapis.com";
const MOZILLA: &str = "updates.push.services.mozilla.com";
const APPLE: &str = "web.push.apple.com";
const WNS: &str = "wns2-par02p.notify.windows.com";

fn authorization() -> AuthorizationHeader {
    let subject = Subject::parse("mailto:push@example.com").expect("a contact");
    VapidKey::generate()
        .expect("a key")
        .authorize("https://a.example.com", &subject, NOW)
        .expect("a header")
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)))
        .collect()
}

#[test]
fn the_request_has_what_rfc_8030_8291_and_8292_ask() {
    let endpoint = Endpoint::stored(format!("https://{FCM}/fcm/send/abc:DEF-_%2f"));
    let topic = Topic::of(&[b"TEST-0001", b"17"]);
    let options = Options {
        ttl_seconds: u32::MAX,
        urgency: Urgency::VeryLow,
        topic: Some(topic.clone()),
    };
    let sent = request(&endpoint, vec![1, 2, 3], &authorization(), &options).expect("a request");
    assert_eq!(sent.method(), "POST");
    assert_eq!(sent.uri(), endpoint.as_str(), "byte-exact");
    assert_eq!(sent.headers()["ttl"], "2419200", "cut at 28 days");
    assert_eq!(sent.headers()["urgency"], "very-low");
    assert_eq!(sent.headers()["content-encoding"], "aes128gcm");
    assert_eq!(sent.headers()["topic"], topic.value());
    assert!(
        sent.headers()["authorization"]
            .to_str()
            .expect("ascii")
            .starts_with("vapid t=")
    );
    assert!(!sent.headers().contains_key("x-wns-cache-policy"));
    assert_eq!(sent.body(), &[1, 2, 3]);
}

#[test]
fn wns_gets_a_cache_policy_that_agrees_with_the_ttl() {
    let endpoint = Endpoint::stored(format!("https://{WNS}/w/?token=BQYA%2fx"));
    for (ttl_seconds, policy) in [(0, "no-cache"), (60, "cache")] {
        let options = Options {
            ttl_seconds,
            urgency: Urgency::Normal,
            topic: None,
        };
        let sent = request(&endpoint, vec![], &authorization(), &options).expect("a request");
        assert_eq!(sent.headers()["x-wns-cache-policy"], policy);
        assert!(!sent.headers().contains_key("topic"));
    }
    let elsewhere = Endpoint::stored("https://notify.windows.com.example.com/w".to_owned());
    let options = Options {
        ttl_seconds: 1,
        urgency: Urgency::High,
        topic: None,
    };
    let sent = request(&elsewhere, vec![], &authorization(), &options).expect("a request");
    assert!(!sent.headers().contains_key("x-wns-cache-policy"));
    for bad in ["", "/path", "https://ex ample.com/"] {
        assert!(
            request(
                &Endpoint::stored(bad.to_owned()),
                vec![],
                &authorization(),
                &options
            )
            .is_err(),
            "{bad}"
        );
    }
}

#[test]
fn topics_are_32_characters_and_differ() {
    let topic = Topic::of(&[b"a", b"bc"]);
    assert_eq!(topic.value().len(), 32);
    assert_eq!(topic, Topic::of(&[b"a", b"bc"]));
    assert_ne!(topic, Topic::of(&[b"ab", b"c"]));
}

#[test]
fn every_documented_answer_has_its_verdict() {
    use Verdict::{Accepted, Gone, Refused, Throttled, TooLarge, Unreachable, WrongKey};
    let later = |seconds: i64| Some(seconds * 1000);
    let none: &[(&str, &str)] = &[];
    let mismatch = r#"{"code":401,"errno":109,"error":"Unauthorized","message":"VAPID public key mismatch"}"#;
    let bad_token = r#"{"code":401,"errno":109,"error":"Unauthorized","message":"Invalid bearer token"}"#;
    let no_ttl = r#"{"code":400,"errno":111,"error":"Bad Request","message":"Missing TTL value"}"#;
    let unsubscribed = r#"{"code":410,"errno":106,"error":"Gone","message":"Request did not validate"}"#;
    let fcm_403 = "the key in the authorization header do not correspond to the credentials used to create the subscriptions.\n";
    #[expect(clippy::type_complexity, reason = "a table of cases reads best as tuples")]
    let table: &[(&str, u16, &[(&'static str, &'static str)], &str, Verdict, &str)] = &[
        (FCM, 200, none, "", Accepted, ""),
        (
            MOZILLA,
            201,
            &[("location", "https://updates.push.services.mozilla.com/m/1")],
            "{}",
            Accepted,
            "",
        ),
        (MOZILLA, 202, none, "", Accepted, ""),
        (APPLE, 204, none, "", Accepted, ""),
        (
            WNS,
            201,
            &[("x-wns-notificationstatus", "received")],
            "",
            Accepted,
            "",
        ),
        (
            WNS,
            201,
            &[("x-wns-notificationstatus", "dropped")],
            "",
            Refused,
            "notification status dropped",
        ),
        (
            WNS,
            201,
            &[("x-wns-notificationstatus", "channelThrottled")],
            "",
            Throttled { after_ms: None },
            "notification status channelthrottled",
        ),
        (
            MOZILLA,
            301,
            &[("location", "https://b.example.com/x")],
            "",
            Refused,
            "moved to https://b.example.com/x",
        ),
        (
            MOZILLA,
            400,
            none,
            no_ttl,
            Refused,
            "Missing TTL value (errno 111)",
        ),
        (
            FCM,
            400,
            none,
            "UnauthorizedRegistration",
            WrongKey,
            "UnauthorizedRegistration",
        ),
        (
            WNS,
            400,
            &[(
                "x-wns-error-description",
                "Ttl value conflicts with X-WNS-Cache-Policy.",
            )],
            "",
            Refused,
            "Ttl value conflicts with X-WNS-Cache-Policy.",
        ),
        (
            MOZILLA,
            401,
            none,
            mismatch,
            WrongKey,
            "VAPID public key mismatch (errno 109)",
        ),
        (
            MOZILLA,
            401,
            none,
            bad_token,
            Refused,
            "Invalid bearer token (errno 109)",
        ),
        (FCM, 403, none, fcm_403, WrongKey, fcm_403.trim_end()),
        (
            APPLE,
            403,
            none,
            r#"{"reason":"BadJwtToken"}"#,
            Refused,
            "BadJwtToken",
        ),
        (
            APPLE,
            403,
            none,
            r#"{"reason":"VapidPkHashMismatch"}"#,
            WrongKey,
            "VapidPkHashMismatch",
        ),
        (FCM, 404, none, "<!doctype html><p>not found", Gone, "Not Found"),
        (
            MOZILLA,
            410,
            none,
            unsubscribed,
            Gone,
            "Request did not validate (errno 106)",
        ),
        (
            APPLE,
            410,
            none,
            r#"{"reason":"Unregistered"}"#,
            Gone,
            "Unregistered",
        ),
        (FCM, 405, none, "", Refused, "Method Not Allowed"),
        (WNS, 406, none, "", Throttled { after_ms: None }, "Not Acceptable"),
        (MOZILLA, 406, none, "", Refused, "Not Acceptable"),
        (WNS, 412, none, "", Refused, "Precondition Failed"),
        (
            MOZILLA,
            413,
            none,
            r#"{"code":413,"errno":104}"#,
            TooLarge,
            "Payload Too Large (errno 104)",
        ),
        (
            FCM,
            429,
            &[("retry-after", "120")],
            "",
            Throttled { after_ms: later(120) },
            "Too Many Requests",
        ),
        (
            FCM,
            429,
            &[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")],
            "",
            Throttled { after_ms: later(60) },
            "Too Many Requests",
        ),
        (
            FCM,
            500,
            none,
            "",
            Unreachable { after_ms: None },
            "Internal Server Error",
        ),
        (
            MOZILLA,
            503,
            &[("retry-after", "120")],
            "",
            Unreachable { after_ms: later(120) },
            "Service Unavailable",
        ),
        (
            FCM,
            599,
            none,
            "",
            Unreachable { after_ms: None },
            "no reason given",
        ),
    ];
    for (host, status, pairs, body, verdict, reason) in table {
        let status = StatusCode::from_u16(*status).expect("a status");
        let read = answer(host, status, &headers(pairs), body.as_bytes(), NOW);
        assert_eq!(read.verdict, *verdict, "{host} {status} {body}");
        assert_eq!(read.reason, *reason, "{host} {status} {body}");
        assert_eq!(read.status, Some(status.as_u16()));
    }
}

#[test]
fn retry_after_in_all_its_forms() {
    let read = |value: &'static str| retry_after(&headers(&[("retry-after", value)]), NOW);
    assert_eq!(read("0"), Some(0));
    assert_eq!(read("99999999999999999999999"), Some(i64::MAX));
    assert_eq!(read("Sun, 06 Nov 1994 08:49:30 GMT"), Some(0), "past");
    assert_eq!(
        read("Sunday, 06-Nov-94 08:49:47 GMT"),
        Some(10_000),
        "obsolete form"
    );
    assert_eq!(read("soon"), None);
    assert_eq!(read("-5"), None);
    assert_eq!(retry_after(&HeaderMap::new(), NOW), None);
}

#[test]
fn a_long_reason_is_cut() {
    let body = "ä".repeat(5000);
    let read = answer(
        FCM,
        StatusCode::BAD_REQUEST,
        &HeaderMap::new(),
        body.as_bytes(),
        NOW,
    );
    assert_eq!(read.reason.chars().count(), 200);
}

proptest! {
    #[test]
    fn no_answer_panics_and_only_404_and_410_mean_gone(
        status in 200_u16..600,
        body in proptest::collection::vec(any::<u8>(), 0..200),
        after in "[ -~]{0,40}",
        wns in "[ -~]{0,20}",
    ) {
        let mut map = HeaderMap::new();
        map.insert("retry-after", HeaderValue::from_str(&after).expect("printable"));
        map.insert("x-wns-notificationstatus", HeaderValue::from_str(&wns).expect("printable"));
        for host in [FCM, MOZILLA, APPLE, WNS] {
            let read = answer(host, StatusCode::from_u16(status).expect("a status"), &map, &body, NOW);
            prop_assert_eq!(read.verdict == Verdict::Gone, status == 404 || status == 410);
            prop_assert!(read.reason.chars().count() <= 200);
        }
    }
}

#[test]
fn only_a_signature_that_is_blamed_is_made_anew() {
    let none: &[(&'static str, &'static str)] = &[];
    let table = [
        (MOZILLA, 401, r#"{"errno":109,"message":"Invalid VAPID"}"#, true),
        (
            MOZILLA,
            401,
            r#"{"errno":109,"message":"VAPID public key mismatch"}"#,
            false,
        ),
        (WNS, 401, "", true),
        (APPLE, 403, r#"{"reason":"BadJwtToken"}"#, true),
        (APPLE, 403, r#"{"reason":"VapidPkHashMismatch"}"#, false),
        (FCM, 403, "forbidden", false),
        (FCM, 400, "jwt", false),
        (FCM, 201, "", false),
    ];
    for (host, status, body, blamed) in table {
        let status = StatusCode::from_u16(status).expect("a status");
        let read = answer(host, status, &headers(none), body.as_bytes(), NOW);
        assert_eq!(blames_signature(&read), blamed, "{host} {body}");
    }
}
