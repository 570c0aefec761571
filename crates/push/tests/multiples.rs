//! Messages made with kept multiples of a key: the same bytes as without, and what is not of the key does no harm.
//!
//! Left out: the curve by itself (`src/p256/tests.rs`). The last test spoils the multiples' good name for its process.

use aws_lc_rs::digest::{SHA256, digest};
use campanile_core::subscription::decode;
use campanile_push::ece::{
    BrowserKeys, Ephemeral, Padding, Recipient, encrypt, encrypt_with, multiples, multiples_are_trusted,
};
use proptest::prelude::*;

fn with(browser: &BrowserKeys, multiples: &[u8]) -> Recipient {
    Recipient::with_multiples(browser.keys(), Some(multiples)).expect("on the curve")
}

#[test]
fn a_message_comes_back() {
    let browser = BrowserKeys::generate().expect("keys");
    let recipient = with(&browser, &multiples(browser.keys()).expect("on the curve"));
    for length in [0, 1, 200, 3000] {
        let plaintext = vec![b'x'; length];
        let body = encrypt(&recipient, &plaintext).expect("a body");
        assert_eq!(browser.decrypt(&body).expect("it opens"), plaintext);
    }
    let again = encrypt(&recipient, b"same").expect("a body");
    let once_more = encrypt(&recipient, b"same").expect("a body");
    assert_ne!(again[..16], once_more[..16], "salt");
    assert_ne!(again[21..86], once_more[21..86], "key");
}

#[test]
fn multiples_that_are_not_of_the_key_are_left_aside() {
    let browser = BrowserKeys::generate().expect("keys");
    let other = BrowserKeys::generate().expect("keys");
    let mut changed = multiples(browser.keys()).expect("on the curve");
    changed[100] ^= 1;
    let others = multiples(other.keys()).expect("on the curve");
    for strange in [&changed[..], &others, &[], &[0; 272]] {
        let body = encrypt(&with(&browser, strange), b"hello").expect("a body");
        assert_eq!(browser.decrypt(&body).expect("it opens"), b"hello");
    }
}

#[test]
fn a_key_off_the_curve_is_refused_with_multiples_as_without() {
    let browser = BrowserKeys::generate().expect("keys");
    let good = multiples(browser.keys()).expect("on the curve");
    let mut keys = browser.keys().clone();
    keys.p256dh[64] ^= 1;
    assert!(multiples(&keys).is_err());
    assert!(Recipient::with_multiples(&keys, Some(&good)).is_err());
    assert!(Recipient::with_multiples(&keys, None).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_bytes_are_those_of_the_library(browser in 1_u8..=255, number in any::<[u8; 32]>(), salt in any::<[u8; 16]>()) {
        let browser = BrowserKeys::from_scalar(&[browser; 32].map(|byte| byte & 0x7f | 1), [3; 16]).expect("a key");
        let made = |recipient: &Recipient| {
            let ephemeral = Ephemeral::from_scalar(&number).expect("a number");
            encrypt_with(recipient, b"twelve pots", ephemeral, salt, Padding::None).expect("a body")
        };
        if number != [0; 32] && number[..4] != [0xff; 4] {
            let kept = multiples(browser.keys()).expect("on the curve");
            let library = Recipient::new(browser.keys()).expect("on the curve");
            prop_assert_eq!(made(&with(&browser, &kept)), made(&library));
        }
    }
}

/// The arithmetic for multiples has no formula for this number, and leaves it to the library.
#[test]
fn a_number_without_a_formula_makes_a_message_too() {
    let browser = BrowserKeys::generate().expect("keys");
    let kept = multiples(browser.keys()).expect("on the curve");
    let number = decode("_____v_-AAEAAAAAH____7zm-K2nF56E89nKwvxjJVM").expect("base64url");
    let ephemeral = Ephemeral::from_scalar(&number.try_into().expect("32 bytes")).expect("a number");
    let body = encrypt_with(
        &with(&browser, &kept),
        b"hello",
        ephemeral,
        [7; 16],
        Padding::None,
    );
    assert_eq!(
        browser.decrypt(&body.expect("a body")).expect("it opens"),
        b"hello"
    );
}

/// Multiples that are wrong and look right: nobody but us makes them, so this is a fault of ours, or of the machine.
#[test]
fn wrong_ones_are_found_out_and_not_used_again() {
    let browser = BrowserKeys::generate().expect("keys");
    let other = BrowserKeys::generate().expect("keys");
    let mut wrong = multiples(other.keys()).expect("on the curve");
    let bound = [&browser.keys().p256dh[..], &wrong[..256]].concat();
    wrong[256..].copy_from_slice(&digest(&SHA256, &bound).as_ref()[..16]);
    let recipient = with(&browser, &wrong);
    while multiples_are_trusted() {
        encrypt(&recipient, b"hello").expect("a body");
    }
    let body = encrypt(&with(&browser, &wrong), b"hello").expect("a body");
    assert_eq!(browser.decrypt(&body).expect("it opens"), b"hello");
}
