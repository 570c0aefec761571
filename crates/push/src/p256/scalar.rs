//! The private number of a message, as digits for a signed comb.
//!
//! A number d modulo the order n of the curve is written as a sum of 260 digits that are 1 or -1, each times its power of 2 (Hamburg,
//! <https://eprint.iacr.org/2012/309>, section 3.3). No digit is zero, so every step of the comb is an addition. Left out: arithmetic of any
//! other kind. Invariant: no branch and no address depends on the number.

use super::field::{adc, mask, sbb, words};
use zeroize::Zeroize as _;

/// Teeth of the comb, and how many columns they are apart.
pub(super) const TEETH: usize = 5;
pub(super) const COLUMNS: usize = 52;

/// The order of the curve, least word first.
const N: [u64; 4] = [
    0xf3b9_cac2_fc63_2551,
    0xbce6_faad_a717_9e84,
    0xffff_ffff_ffff_ffff,
    0xffff_ffff_0000_0000,
];
/// 2^260 - 1 modulo n: what all digits at 1 come to.
const ALL: [u64; 4] = [
    0xc463_53d0_39cd_aaef,
    0x3190_5525_8e86_17b0,
    0x0000_0000_0000_0004,
    0x0000_000f_ffff_fff0,
];

/// Bit i is 1 where digit i is 1, and 0 where it is -1.
pub(super) struct Digits([u64; 5]);

impl Drop for Digits {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What a column of the comb adds: the entry of the table, and all ones if it is to be subtracted.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) entry: u64,
    pub(super) negative: u64,
}

impl Digits {
    /// None if the number, most significant byte first, is not between 1 and n - 1. Whether it is may show: such a number is not used.
    pub(super) fn new(bytes: &[u8; 32]) -> Option<Self> {
        let mut d = words(bytes);
        let borrow = (0..4).fold(0, |borrow, at| sbb(d[at], N[at], borrow).1);
        let some = d[0] | d[1] | d[2] | d[3];
        let fits = u64::from(borrow) & (some | some.wrapping_neg()) >> 63;
        // d + ALL modulo n, then half of it: with bits b, the sum of (2b - 1)·2^i is twice the half less ALL.
        let mut digits = half(sum(d, ALL));
        d.zeroize();
        let found = (fits == 1).then_some(Self([digits[0], digits[1], digits[2], digits[3], 0]));
        digits.zeroize();
        found
    }

    /// What stands in a column: tooth j at bit `column` + 52j.
    #[inline(always)]
    pub(super) fn column(&self, column: usize) -> Column {
        let bit = |tooth: usize| {
            let at = column + tooth * COLUMNS;
            self.0[at / 64] >> (at % 64) & 1
        };
        let negative = bit(TEETH - 1).wrapping_sub(1);
        let entry = bit(0) | bit(1) << 1 | bit(2) << 2 | bit(3) << 3;
        // The table has the highest tooth at 1; where it is -1, all of it is turned round.
        Column {
            entry: entry ^ (negative & 15),
            negative,
        }
    }
}

/// a + b modulo n, both less than n.
fn sum(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let mut total = [0; 4];
    let mut top = 0;
    for at in 0..4 {
        (total[at], top) = adc(a[at], b[at], top);
    }
    let mut less = [0; 4];
    let mut borrow = 0;
    for at in 0..4 {
        (less[at], borrow) = sbb(total[at], N[at], borrow);
    }
    let keep = mask(sbb(u64::from(top), 0, borrow).1);
    std::array::from_fn(|at| less[at] ^ (keep & (less[at] ^ total[at])))
}

/// a/2 modulo n.
fn half(a: [u64; 4]) -> [u64; 4] {
    let odd = 0_u64.wrapping_sub(a[0] & 1);
    let mut even = [0; 5];
    let mut carry = 0;
    for at in 0..4 {
        (even[at], carry) = adc(a[at], odd & N[at], carry);
    }
    even[4] = u64::from(carry);
    std::array::from_fn(|at| even[at] >> 1 | even[at + 1] << 63)
}
