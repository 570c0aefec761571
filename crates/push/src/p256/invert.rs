//! Inverses modulo the prime, in time that depends on the number.
//!
//! The division steps of Bernstein and Yang (<https://eprint.iacr.org/2019/266>), 62 at a time as in libsecp256k1's `modinv64`. Left out:
//! hiding the number. Whoever inverts a secret multiplies it with a random factor first, and the result with the same factor:
//! what is seen of the time then belongs to a random number. Invariant: the inverse of zero is zero.

use super::field::Element;

/// Words of 62 bits, the lowest first; the highest carries the sign.
type Words = [i64; 5];

const MASK: u64 = u64::MAX >> 2;
/// p in words of 62 bits.
const P62: Words = [
    0x3fff_ffff_ffff_ffff,
    0x0000_0003_ffff_ffff,
    0,
    0x3fff_ffc0_0000_0040,
    0xff,
];
/// 1/p modulo 2^62.
const P_INVERSE: u64 = 0x3fff_ffff_ffff_ffff;
/// 2^768 modulo p: brings the inverse of a number in Montgomery's form back into it.
const R3: Element = Element([
    0xffff_fffd_0000_000a,
    0xffff_ffed_ffff_fff7,
    0x0000_0005_ffff_fffc,
    0x0000_0018_0000_0001,
]);

/// What 62 division steps do to a pair of numbers, times 2^62.
struct Steps {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// The next 62 steps, by the lowest bits of both numbers.
fn steps(mut eta: i64, f: u64, g: u64) -> (i64, Steps) {
    let (mut f, mut g) = (f, g);
    let (mut u, mut v, mut q, mut r) = (1_u64, 0_u64, 0_u64, 1_u64);
    let mut left = 62_u32;
    loop {
        let zeros = (g | u64::MAX << left).trailing_zeros();
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        eta -= i64::from(zeros);
        left -= zeros;
        if left == 0 {
            break;
        }
        if eta < 0 {
            eta = -eta;
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
        }
        // So many bits of g can go at once: as long as eta stays above zero, and not more than are left.
        let limit = (eta + 1).min(i64::from(left)).min(6) as u32;
        let inverse = f.wrapping_mul(f.wrapping_mul(f).wrapping_sub(2));
        let times = g.wrapping_mul(inverse) & (u64::MAX >> (64 - limit));
        g = g.wrapping_add(f.wrapping_mul(times));
        q = q.wrapping_add(u.wrapping_mul(times));
        r = r.wrapping_add(v.wrapping_mul(times));
    }
    let steps = Steps {
        u: u as i64,
        v: v as i64,
        q: q as i64,
        r: r as i64,
    };
    (eta, steps)
}

fn wide(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

fn low(number: i128) -> u64 {
    number as u64 & MASK
}

/// The steps done to the numbers themselves, which they divide by 2^62.
fn step_numbers(f: &mut Words, g: &mut Words, by: &Steps) {
    let mut first = wide(by.u, f[0]) + wide(by.v, g[0]);
    let mut second = wide(by.q, f[0]) + wide(by.r, g[0]);
    for at in 1..5 {
        first >>= 62;
        second >>= 62;
        first += wide(by.u, f[at]) + wide(by.v, g[at]);
        second += wide(by.q, f[at]) + wide(by.r, g[at]);
        f[at - 1] = low(first) as i64;
        g[at - 1] = low(second) as i64;
    }
    f[4] = (first >> 62) as i64;
    g[4] = (second >> 62) as i64;
}

/// The steps done to their factors modulo p, with as many p added as make them divisible by 2^62.
fn step_factors(d: &mut Words, e: &mut Words, by: &Steps) {
    // A negative factor counts as p more, so that both stay between -2p and p.
    let (d_sign, e_sign) = (d[4] >> 63, e[4] >> 63);
    let mut d_times = (by.u & d_sign) + (by.v & e_sign);
    let mut e_times = (by.q & d_sign) + (by.r & e_sign);
    let mut first = wide(by.u, d[0]) + wide(by.v, e[0]);
    let mut second = wide(by.q, d[0]) + wide(by.r, e[0]);
    d_times -= (P_INVERSE.wrapping_mul(first as u64).wrapping_add(d_times as u64) & MASK) as i64;
    e_times -= (P_INVERSE.wrapping_mul(second as u64).wrapping_add(e_times as u64) & MASK) as i64;
    first += wide(P62[0], d_times);
    second += wide(P62[0], e_times);
    for at in 1..5 {
        first >>= 62;
        second >>= 62;
        first += wide(by.u, d[at]) + wide(by.v, e[at]) + wide(P62[at], d_times);
        second += wide(by.q, d[at]) + wide(by.r, e[at]) + wide(P62[at], e_times);
        d[at - 1] = low(first) as i64;
        e[at - 1] = low(second) as i64;
    }
    d[4] = (first >> 62) as i64;
    e[4] = (second >> 62) as i64;
}

/// Each word between 0 and 2^62 but the highest.
fn carried(words: &mut Words) {
    for at in 0..4 {
        words[at + 1] += words[at] >> 62;
        words[at] &= MASK as i64;
    }
}

fn add_p_if_negative(words: &mut Words) {
    let negative = words[4] >> 63;
    for (word, p) in words.iter_mut().zip(P62) {
        *word += p & negative;
    }
}

/// 1/a.
pub(super) fn inverse(a: Element) -> Element {
    let [w, x, y, z] = a.0;
    let word = |bits: u64| (bits & MASK) as i64;
    let mut f = P62;
    let mut g = [
        word(w),
        word(w >> 62 | x << 2),
        word(x >> 60 | y << 4),
        word(y >> 58 | z << 6),
        (z >> 56) as i64,
    ];
    let (mut d, mut e) = ([0; 5], [1, 0, 0, 0, 0]);
    let mut eta = -1;
    while g != [0; 5] {
        let (next, by) = steps(eta, f[0] as u64, g[0] as u64);
        eta = next;
        step_factors(&mut d, &mut e, &by);
        step_numbers(&mut f, &mut g, &by);
    }
    // f is now 1 or -1, and d is the inverse times that (of zero: f is p or -p, and d is zero).
    add_p_if_negative(&mut d);
    let negative = f[4] >> 63;
    for word in &mut d {
        *word = (*word ^ negative) - negative;
    }
    carried(&mut d);
    add_p_if_negative(&mut d);
    carried(&mut d);
    let d = d.map(|word| word as u64);
    let plain = Element([
        d[0] | d[1] << 62,
        d[1] >> 2 | d[2] << 60,
        d[2] >> 4 | d[3] << 58,
        d[3] >> 6 | d[4] << 56,
    ]);
    plain.mul(R3)
}
