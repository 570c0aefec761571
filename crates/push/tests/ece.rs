//! Encryption: the published example, round trips, refusals, and parsers that must not panic.

use campanile_core::notification::MAX_PAYLOAD_BYTES;
use campanile_core::subscription::{Keys, decode};
use campanile_push::ece::{
    BrowserKeys, Ephemeral, Error, MAX_BODY_BYTES, MAX_PLAINTEXT_BYTES, Padding, Recipient, encrypt,
    encrypt_padded, encrypt_with, multiples,
};
use proptest::prelude::*;

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    decode(text)
        .expect("base64url")
        .try_into()
        .expect("the right length")
}

/// RFC 8291 appendix A.
fn browser_of_the_rfc() -> BrowserKeys {
    let browser = BrowserKeys::from_scalar(
        &bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"),
        bytes("BTBZMqHH6r4Tts7J_aSIgg"),
    );
    browser.expect("the example's key")
}

#[test]
fn the_example_of_rfc_8291_appendix_a_byte_by_byte() {
    let keys = Keys::parse(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    );
    let keys = keys.expect("keys");
    let kept = multiples(&keys).expect("on the curve");
    let plaintext = b"When I grow up, I want to be a watermelon";
    let published = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
    for multiples in [None, Some(kept.as_slice())] {
        let recipient = Recipient::with_multiples(&keys, multiples).expect("on the curve");
        let ephemeral =
            Ephemeral::from_scalar(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).expect("a key");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw");
        let body = encrypt_with(&recipient, plaintext, ephemeral, salt, Padding::None).expect("a body");
        assert_eq!(body, decode(published).expect("base64url"));
        assert_eq!(browser_of_the_rfc().decrypt(&body).expect("it opens"), plaintext);
    }
}

#[test]
fn every_length_comes_back_and_short_ones_hide_theirs() {
    let browser = BrowserKeys::generate().expect("keys");
    let recipient = Recipient::new(browser.keys()).expect("on the curve");
    let mut lengths = std::collections::BTreeSet::new();
    for length in [
        0,
        1,
        254,
        255,
        256,
        511,
        512,
        1023,
        1024,
        2047,
        2048,
        3000,
        MAX_PLAINTEXT_BYTES,
    ] {
        let plaintext: Vec<u8> = (0..length).map(|position| (position % 251) as u8).collect();
        let body = encrypt(&recipient, &plaintext).expect("a body");
        assert!(body.len() <= MAX_BODY_BYTES, "{length}: {}", body.len());
        assert_eq!(browser.decrypt(&body).expect("it opens"), plaintext, "{length}");
        if length < 2048 {
            lengths.insert(body.len() - 86 - 16);
        }
    }
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [256, 512, 1024, 2048]);
}

/// Mozilla's way to Firefox on Android takes 2744 bytes by its documentation; padding must not bring a message over that.
#[test]
fn padding_stays_under_what_mozilla_takes_on_android() {
    let browser = BrowserKeys::generate().expect("keys");
    let recipient = Recipient::new(browser.keys()).expect("on the curve");
    for length in (0..MAX_PLAINTEXT_BYTES).step_by(61) {
        let plaintext = vec![b'x'; length];
        let padded = encrypt(&recipient, &plaintext).expect("a body");
        let bare = encrypt_padded(&recipient, &plaintext, Padding::None).expect("a body");
        assert_eq!(bare.len(), length + 86 + 1 + 16);
        assert!(padded.len() <= 2744 || padded.len() == bare.len(), "{length}");
        assert_eq!(browser.decrypt(&bare).expect("it opens"), plaintext);
    }
}

#[test]
fn the_limit_is_the_one_that_messages_are_checked_against() {
    assert_eq!(MAX_PLAINTEXT_BYTES, MAX_PAYLOAD_BYTES);
    let browser = BrowserKeys::generate().expect("keys");
    let recipient = Recipient::new(browser.keys()).expect("on the curve");
    let too_long = vec![b'x'; MAX_PLAINTEXT_BYTES + 1];
    assert_eq!(
        encrypt(&recipient, &too_long),
        Err(Error::TooLarge {
            bytes: MAX_PLAINTEXT_BYTES + 1
        })
    );
}

#[test]
fn two_messages_share_neither_salt_nor_key() {
    let browser = BrowserKeys::generate().expect("keys");
    let recipient = Recipient::new(browser.keys()).expect("on the curve");
    let first = encrypt(&recipient, b"same").expect("a body");
    let second = encrypt(&recipient, b"same").expect("a body");
    assert_ne!(first[..16], second[..16], "salt");
    assert_ne!(first[21..86], second[21..86], "key");
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let browser = BrowserKeys::generate().expect("keys");
    for position in [1, 33, 64] {
        let mut keys = browser.keys().clone();
        keys.p256dh[position] ^= 1;
        assert_eq!(
            Recipient::new(&keys).map(|_| ()),
            Err(Error::BadPublicKey),
            "{position}"
        );
    }
    let mut zero = browser.keys().clone();
    zero.p256dh[1..].fill(0);
    assert_eq!(Recipient::new(&zero).map(|_| ()), Err(Error::BadPublicKey));
}

#[test]
fn a_wrong_secret_or_a_changed_byte_does_not_open() {
    let browser = browser_of_the_rfc();
    let recipient = Recipient::new(browser.keys()).expect("on the curve");
    let body = encrypt(&recipient, b"hello").expect("a body");
    let other = BrowserKeys::generate().expect("keys");
    assert_eq!(other.decrypt(&body), Err(Error::WrongKey));
    let mut changed = body.clone();
    *changed.last_mut().expect("bytes") ^= 1;
    assert_eq!(browser.decrypt(&changed), Err(Error::WrongKey));
    let mut two_records = body;
    two_records[16..20].copy_from_slice(&100_u32.to_be_bytes());
    assert!(matches!(browser.decrypt(&two_records), Err(Error::Malformed(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn decrypt_never_panics(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(browser_of_the_rfc().decrypt(&body).is_err());
    }

    #[test]
    fn a_cut_body_never_opens(cut in 0_usize..374) {
        let browser = browser_of_the_rfc();
        let body = encrypt(&Recipient::new(browser.keys()).expect("on the curve"), b"hello").expect("a body");
        prop_assert!(browser.decrypt(&body[..cut.min(body.len() - 1)]).is_err());
    }
}
