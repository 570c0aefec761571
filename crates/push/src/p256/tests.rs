//! The curve against aws-lc, and numbers against arithmetic on single bits.
//!
//! Left out: whole messages (`tests/ece.rs`, `tests/multiples.rs`). Invariant: nothing here is compared with another result of this module.

use super::field::{Element, P, bytes, words};
use super::{KEPT_BYTES, KEY_BYTES, Key, kept};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use proptest::prelude::*;

/// n - 1, the greatest private number.
const GREATEST: [u64; 4] = [
    0xf3b9_cac2_fc63_2550,
    0xbce6_faad_a717_9e84,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_0000_0000,
];

/// A number that meets an exception: in its last column twice what there is so far is what is added.
const EXCEPTION: [u64; 4] = [
    0xf3d9_cac2_fc63_2553,
    0xbce6_f8ad_a717_9e84,
    0x0000_0000_1fff_ffff,
    0xffff_fffe_fffe_0001,
];

fn theirs(number: &[u8; 32]) -> (PrivateKey, [u8; KEY_BYTES]) {
    let private = PrivateKey::from_private_key(&ECDH_P256, number).expect("a number");
    let public = private.compute_public_key().expect("its key");
    (private, public.as_ref().try_into().expect("65 bytes"))
}

fn key(number: &[u8; 32]) -> (Key, [u8; KEY_BYTES]) {
    let (_, public) = theirs(number);
    let kept = kept(&public).expect("on the curve");
    (Key::new(&public, &kept).expect("what was kept"), public)
}

/// Whether ours gave a result; what it gave is theirs.
fn gives(browser: &[u8; 32], number: &[u8; 32], blind: &[u8; 32]) -> bool {
    let (key, public) = key(browser);
    let Some(ours) = key.agree(number, blind) else {
        return false;
    };
    let (private, sender) = theirs(number);
    assert_eq!(ours.public, sender);
    let shared = agree(
        &private,
        UnparsedPublicKey::new(&ECDH_P256, public),
        (),
        |shared| Ok(shared.to_vec()),
    );
    assert_eq!(shared.as_deref(), Ok(&ours.shared[..]));
    true
}

fn small(number: u64) -> [u8; 32] {
    bytes([number, 0, 0, 0])
}

/// Numbers with empty words, the least and greatest, powers of 2 about the columns of the comb and about the words.
fn odd_numbers() -> Vec<[u8; 32]> {
    let full = u64::MAX;
    let mut numbers: Vec<[u64; 4]> = vec![
        GREATEST,
        [GREATEST[0] - 1, GREATEST[1], GREATEST[2], GREATEST[3]],
        [full, 0, 0, 0],
        [0, full, 0, 0],
        [0, 0, full, 0],
        [0, 0, 0, full >> 1],
        [full, 0, full, 0],
        [0, full, 0, full >> 1],
        [full, full, full, full >> 1],
        [0, 0, 0, 1 << 63],
    ];
    for bit in [
        51, 52, 53, 63, 64, 65, 103, 104, 127, 128, 156, 191, 192, 207, 208, 209, 254, 255,
    ] {
        let mut power = [0; 4];
        power[bit / 64] = 1 << (bit % 64);
        numbers.push(power);
    }
    numbers
        .into_iter()
        .map(bytes)
        .chain((1..=40).map(small))
        .collect()
}

#[test]
fn odd_numbers_give_what_the_library_gives() {
    let browser = [0x5a; 32];
    let spoilt: Vec<_> = odd_numbers()
        .into_iter()
        .filter(|number| !gives(&browser, number, &[7; 32]))
        .collect();
    assert!(spoilt.is_empty(), "{spoilt:02x?}");
}

#[test]
fn a_number_that_meets_an_exception_gives_nothing() {
    let mut beside = EXCEPTION;
    beside[0] += 1;
    for browser in [small(1), [0x5a; 32]] {
        assert!(!gives(&browser, &bytes(EXCEPTION), &[7; 32]));
        assert!(gives(&browser, &bytes(beside), &[7; 32]));
    }
}

#[test]
fn keys_that_are_small_multiples_of_the_generator_are_keys_as_any() {
    for browser in odd_numbers() {
        assert!(gives(&browser, &[0x3c; 32], &[0xff; 32]), "{browser:02x?}");
    }
}

#[test]
fn what_is_no_private_number_gives_nothing() {
    let (key, _) = key(&[0x5a; 32]);
    let n = bytes([GREATEST[0] + 1, GREATEST[1], GREATEST[2], GREATEST[3]]);
    for number in [[0; 32], n, [0xff; 32]] {
        assert!(key.agree(&number, &[7; 32]).is_none(), "{number:02x?}");
    }
    assert!(
        key.agree(&[0x3c; 32], &[0; 32]).is_none(),
        "a blind of zero hides nothing"
    );
}

#[test]
fn multiples_of_another_key_or_changed_ones_are_not_taken() {
    let (_, public) = theirs(&[0x5a; 32]);
    let (_, other) = theirs(&[0x3c; 32]);
    let good = kept(&public).expect("on the curve");
    assert!(Key::new(&public, &good).is_some());
    assert!(Key::new(&other, &good).is_none());
    for at in [0, 63, 64, 255, 256, KEPT_BYTES - 1] {
        let mut changed = good;
        changed[at] ^= 1;
        assert!(Key::new(&public, &changed).is_none(), "{at}");
    }
    assert!(Key::new(&public, &good[..KEPT_BYTES - 1]).is_none());
    assert!(Key::new(&public, &[]).is_none());
}

#[test]
fn what_is_no_point_has_no_multiples() {
    let (_, public) = theirs(&[0x5a; 32]);
    for at in [0, 1, 32, 33, 64] {
        let mut changed = public;
        changed[at] ^= 1;
        assert!(kept(&changed).is_none(), "{at}");
    }
    let mut zero = [0; KEY_BYTES];
    assert!(kept(&zero).is_none());
    zero[0] = 4;
    assert!(kept(&zero).is_none());
    // A coordinate that is not less than p.
    let mut wrapped = public;
    wrapped[1..33].copy_from_slice(&bytes(P));
    assert!(kept(&wrapped).is_none());
}

/// a + b modulo p, bit by bit where it carries.
fn slow_sum(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let mut sum = [0_u64; 5];
    let mut carry = 0;
    for at in 0..4 {
        let word = u128::from(a[at]) + u128::from(b[at]) + carry;
        sum[at] = word as u64;
        carry = word >> 64;
    }
    sum[4] = carry as u64;
    let p = [P[0], P[1], P[2], P[3], 0];
    if sum.iter().rev().lt(p.iter().rev()) {
        return [sum[0], sum[1], sum[2], sum[3]];
    }
    let mut borrow = 0;
    std::array::from_fn(|at| {
        let word = i128::from(sum[at]) - i128::from(p[at]) - borrow;
        borrow = i128::from(word < 0);
        word as u64
    })
}

fn slow_product(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let mut product = [0; 4];
    for bit in (0..256).rev() {
        product = slow_sum(product, product);
        if b[bit / 64] >> (bit % 64) & 1 == 1 {
            product = slow_sum(product, a);
        }
    }
    product
}

/// All of the field's operations on two numbers less than p.
fn agrees(a: [u64; 4], b: [u64; 4]) {
    let element = |words| Element::from_bytes(&bytes(words)).expect("less than p");
    let plain = |element: Element| words(&element.to_bytes());
    let (x, y) = (element(a), element(b));
    assert_eq!(plain(x), a);
    assert_eq!(plain(x.add(y)), slow_sum(a, b));
    assert_eq!(slow_sum(plain(x.sub(y)), b), a);
    assert_eq!(plain(x.mul(y)), slow_product(a, b));
    assert_eq!(plain(x.sqr()), slow_product(a, a));
    assert_eq!(slow_sum(plain(x.half()), plain(x.half())), a);
    assert_eq!(slow_sum(plain(x.negated_if(u64::MAX)), a), [0; 4]);
    assert_eq!(plain(x.negated_if(0)), a);
    let inverse = plain(super::invert::inverse(x));
    let expected = if a == [0; 4] { [0; 4] } else { [1, 0, 0, 0] };
    assert_eq!(slow_product(inverse, a), expected);
}

#[test]
fn numbers_at_the_edges() {
    let full = u64::MAX;
    let mut edges = vec![
        [0; 4],
        [1, 0, 0, 0],
        [2, 0, 0, 0],
        [P[0] - 1, P[1], P[2], P[3]],
        [P[0] - 2, P[1], P[2], P[3]],
        [full, full, full, P[3] - 1],
        [0, 0, 0, P[3]],
        [full, 0, 0, 0],
        [0, full, 0, 0],
        [0, 0, full, 0],
        [0, 0, 0, 1 << 63],
    ];
    // Those whose Montgomery form is at an edge.
    let inverse_of_2_256 = super::invert::inverse(Element::ONE.mul(Element::ONE));
    assert_eq!(inverse_of_2_256, Element::ONE);
    edges
        .extend([Element([1, 0, 0, 0]), Element([P[0] - 1, P[1], P[2], P[3]])].map(|x| words(&x.to_bytes())));
    for a in &edges {
        for b in &edges {
            agrees(*a, *b);
        }
    }
    assert_eq!(Element::from_bytes(&bytes(P)), None);
    assert_eq!(Element::from_bytes(&[0xff; 32]), None);
}

fn number() -> impl Strategy<Value = [u64; 4]> {
    // Words that are empty or full are what carries go wrong with.
    let word = prop_oneof![2 => any::<u64>(), 1 => Just(0), 1 => Just(u64::MAX), 1 => 0..9_u64];
    [word.clone(), word.clone(), word.clone(), word]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn numbers_of_every_kind(a in number(), b in number()) {
        let less = |a: &[u64; 4]| a.iter().rev().lt(P.iter().rev());
        if less(&a) && less(&b) {
            agrees(a, b);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn keys_and_numbers_of_every_kind(browser in number(), number in number(), blind in any::<[u8; 32]>()) {
        let fits = |a: &[u64; 4]| *a != [0; 4] && a.iter().rev().le(GREATEST.iter().rev());
        if fits(&browser) && fits(&number) {
            // Made for carries, so it may be one of the few that meet an exception; what is given is compared all the same.
            gives(&bytes(browser), &bytes(number), &blind);
        }
    }

    #[test]
    fn drawn_numbers_always_give_a_result(browser in any::<[u8; 32]>(), number in any::<[u8; 32]>(), blind in any::<[u8; 32]>()) {
        let fits = |a: &[u8; 32]| *a != [0; 32] && a[..4] != [0xff; 4];
        if fits(&browser) && fits(&number) && blind != [0; 32] {
            prop_assert!(gives(&browser, &number, &blind));
        }
    }
}
