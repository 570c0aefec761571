//! VAPID: the published token, keys in the forms that tools print, refusals, and the cache's renewal.

use campanile_core::subscription::decode;
use campanile_core::time::Timestamp;
use campanile_push::vapid::{
    Error, LIFETIME_SECONDS, Refusal, SignatureCache, Subject, VapidKey, parse_authorization, verify,
};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_763_890_000_000);
const ORIGIN: &str = "https://updates.push.services.mozilla.com";

fn subject() -> Subject {
    Subject::parse("mailto:push@example.com").expect("a contact")
}

fn token(key: &VapidKey, audience: &str, lifetime_seconds: i64) -> String {
    key.sign(audience, &subject(), NOW.plus_ms(lifetime_seconds * 1000))
        .expect("a token")
}

#[test]
fn the_example_of_rfc_8292_section_2_4() {
    let header = "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs";
    let (token, key) = parse_authorization(header).expect("the published header");
    let claims = verify(
        token,
        &key,
        "https://push.example.net",
        Timestamp(1_453_500_000_000),
    )
    .expect("good");
    assert_eq!(claims.expires_at, Timestamp(1_453_523_768_000));
    assert_eq!(claims.subject.as_deref(), Some("mailto:push@example.com"));
    let late = verify(
        token,
        &key,
        "https://push.example.net",
        Timestamp(1_453_523_768_000),
    );
    assert_eq!(late, Err(Refusal::Expired));
}

#[test]
fn a_key_survives_every_form_it_is_kept_in() {
    let key = VapidKey::generate().expect("a key");
    assert_eq!(decode(key.public_key()).expect("base64url"), key.public_bytes());
    assert_eq!(key.public_key().len(), 87);
    let by_der = VapidKey::from_pkcs8(&key.to_pkcs8().expect("der")).expect("read back");
    let text = key.to_base64url().expect("text");
    assert_eq!(text.len(), 43);
    let by_text = VapidKey::from_base64url(&text).expect("read back");
    for other in [&by_der, &by_text] {
        assert_eq!(other.public_key(), key.public_key());
        let token = token(other, ORIGIN, 60);
        assert!(verify(&token, key.public_bytes(), ORIGIN, NOW).is_ok());
    }
    assert!(!format!("{key:?}").contains(&text), "the secret is not printed");
    for bad in [
        "",
        "AAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        key.public_key(),
    ] {
        assert_eq!(
            VapidKey::from_base64url(bad).map(|_| ()),
            Err(Error::BadKey),
            "{bad}"
        );
    }
    assert_eq!(VapidKey::from_pkcs8(b"nonsense").map(|_| ()), Err(Error::BadKey));
}

#[test]
fn a_service_refuses_what_is_wrong() {
    let key = VapidKey::generate().expect("a key");
    let check = |token: &str| verify(token, key.public_bytes(), ORIGIN, NOW).map(|_| ());
    assert_eq!(check(&token(&key, ORIGIN, 86_400)), Ok(()));
    assert_eq!(check(&token(&key, ORIGIN, 86_401)), Err(Refusal::TooLongLived));
    assert_eq!(check(&token(&key, ORIGIN, 0)), Err(Refusal::Expired));
    let with_port = format!("{ORIGIN}:8443");
    let wrong = Refusal::WrongAudience {
        found: with_port.clone(),
        wanted: ORIGIN.to_owned(),
    };
    assert_eq!(check(&token(&key, &with_port, 60)), Err(wrong));
    let stranger = VapidKey::generate().expect("a key");
    assert_eq!(check(&token(&stranger, ORIGIN, 60)), Err(Refusal::BadSignature));
    let good = token(&key, ORIGIN, 60);
    assert_eq!(
        check(&good[..good.len() - 1]),
        Err(Refusal::Malformed("the signature is not base64url"))
    );
    assert!(check(&good.replacen('.', "x.", 1)).is_err());
}

#[test]
fn subjects_that_apple_refuses_are_refused_here() {
    for good in [
        "mailto:push@example.com",
        "https://example.com",
        "https://shop.example.com:8443/contact",
        " mailto:a+b@example.co.uk ",
    ] {
        assert!(Subject::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "push@example.com",
        "mailto:",
        "mailto:push",
        "mailto:@example.com",
        "mailto:push@localhost",
        "mailto:push@printer.local",
        "mailto:push@example.invalid",
        "https://localhost",
        "https://127.0.0.1/",
        "http://example.com",
        "https://",
        "mailto:push@exa mple.com",
        "mailto:push@example.com\r\nX: y",
    ] {
        let error = Subject::parse(bad).expect_err(bad).to_string();
        assert!(error.starts_with("the contact address"), "{error}");
    }
}

#[test]
fn the_cache_signs_once_per_key_and_origin_and_renews_at_half_life() {
    let cache = SignatureCache::new(subject());
    let (one, two) = (
        VapidKey::generate().expect("a key"),
        VapidKey::generate().expect("a key"),
    );
    let half = LIFETIME_SECONDS * 1000 / 2;
    let first = cache.header(&one, ORIGIN, NOW).expect("a header");
    assert_eq!(
        cache
            .header(&one, ORIGIN, NOW.plus_ms(half - 1))
            .expect("a header"),
        first
    );
    assert_ne!(
        cache
            .header(&one, "https://fcm.googleapis.com", NOW)
            .expect("a header"),
        first
    );
    assert_ne!(cache.header(&two, ORIGIN, NOW).expect("a header"), first);
    let renewed = cache.header(&one, ORIGIN, NOW.plus_ms(half)).expect("a header");
    assert_ne!(renewed, first);
    assert_ne!(
        cache.header(&one, ORIGIN, NOW).expect("a header"),
        renewed,
        "a clock set back"
    );
    assert!(first.value().is_sensitive());
    let (token, key) = parse_authorization(first.value().to_str().expect("ascii")).expect("well formed");
    let claims = verify(token, &key, ORIGIN, NOW).expect("good");
    assert_eq!(claims.expires_at, NOW.plus_ms(LIFETIME_SECONDS * 1000));
    assert_eq!(&key, one.public_bytes());
}

#[test]
fn headers_in_other_orders_and_cases_are_read() {
    let key = VapidKey::generate().expect("a key");
    let value = format!("Vapid k={}, t=a.b.c", key.public_key());
    assert_eq!(parse_authorization(&value), Ok(("a.b.c", *key.public_bytes())));
    for bad in [
        "",
        "vapid",
        "Bearer t=a,k=b",
        "vapid t=a.b.c",
        "vapid k=AAAA",
        "vapid t=a, k=AAAA",
        "vapid t=a, k=A==",
    ] {
        assert!(parse_authorization(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn parsers_never_panic(text in ".{0,200}", key in any::<[u8; 32]>()) {
        let _ = parse_authorization(&text);
        let _ = Subject::parse(&text);
        let _ = VapidKey::from_base64url(&text);
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&key);
        prop_assert!(verify(&text, &point, ORIGIN, NOW).is_err());
    }
}

#[test]
fn a_refused_signature_is_made_anew_once() {
    let cache = SignatureCache::new(subject());
    let key = VapidKey::generate().expect("a key");
    let half = LIFETIME_SECONDS * 1000 / 2;
    let first = cache.header(&key, ORIGIN, NOW).expect("a header");
    let renew = |refused, now| cache.renew(&key, ORIGIN, refused, now).expect("a key that signs");
    let second = renew(&first, NOW).expect("another");
    assert_ne!(first, second);
    assert_eq!(cache.header(&key, ORIGIN, NOW).expect("a header"), second);
    assert_eq!(renew(&first, NOW), Some(second.clone()), "somebody else did so");
    assert_eq!(renew(&second, NOW), None, "the fault lies elsewhere");
    let later = NOW.plus_ms(half);
    let third = cache.header(&key, ORIGIN, later).expect("a header");
    assert!(renew(&third, later).is_some(), "the next half-life may try again");
}

/// A service's clock may be off by almost half of a token's life in either direction, whatever the age of the token.
#[test]
fn clocks_may_be_hours_apart() {
    let cache = SignatureCache::new(subject());
    let key = VapidKey::generate().expect("a key");
    let half = LIFETIME_SECONDS * 1000 / 2;
    cache.header(&key, ORIGIN, NOW).expect("a header");
    for age in [0, half - 1000, half, 2 * half] {
        let now = NOW.plus_ms(age);
        let header = cache.header(&key, ORIGIN, now).expect("a header");
        let (token, public) =
            parse_authorization(header.value().to_str().expect("ascii")).expect("well formed");
        for skew in [-half, 1000 - half, 0, half - 1000] {
            verify(token, &public, ORIGIN, now.plus_ms(skew)).expect("good in spite of the skew");
        }
    }
}
