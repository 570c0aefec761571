//! Numbers modulo the prime of P-256, p = 2^256 - 2^224 + 2^192 + 2^96 - 1.
//!
//! Kept times 2^256 (Montgomery's form), for which this prime is made: -1/p is 1 modulo 2^64, so a step of the reduction is two shifts and
//! one product. Left out: curves ([`super::point`]), inverses ([`super::invert`]). Invariant: the four words are less than p, and no
//! branch and no address depends on them; only [`Element::from_bytes`] and comparisons, which see public numbers, tell.

/// p, least word first.
pub(super) const P: [u64; 4] = [
    0xffff_ffff_ffff_ffff,
    0x0000_0000_ffff_ffff,
    0,
    0xffff_ffff_0000_0001,
];

/// 2^512 modulo p: a product with it brings a number into Montgomery's form.
const R2: Element = Element([
    0x0000_0000_0000_0003,
    0xffff_fffb_ffff_ffff,
    0xffff_ffff_ffff_fffe,
    0x0000_0004_ffff_fffd,
]);

/// A number modulo p.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Element(pub(super) [u64; 4]);

/// a + b + carry, and whether it carries.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn adc(a: u64, b: u64, carry: u8) -> (u64, u8) {
    let mut sum = 0;
    let carry = std::arch::x86_64::_addcarry_u64(carry, a, b, &mut sum);
    (sum, carry)
}

/// a - b - borrow, and whether it borrows.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn sbb(a: u64, b: u64, borrow: u8) -> (u64, u8) {
    let mut difference = 0;
    let borrow = std::arch::x86_64::_subborrow_u64(borrow, a, b, &mut difference);
    (difference, borrow)
}

/// a + b + carry, and whether it carries.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(super) fn adc(a: u64, b: u64, carry: u8) -> (u64, u8) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(u64::from(carry));
    (sum, u8::from(first | second))
}

/// a - b - borrow, and whether it borrows.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(super) fn sbb(a: u64, b: u64, borrow: u8) -> (u64, u8) {
    let (difference, first) = a.overflowing_sub(b);
    let (difference, second) = difference.overflowing_sub(u64::from(borrow));
    (difference, u8::from(first | second))
}

/// All ones where the flag is 1, zero where it is 0.
#[inline(always)]
pub(super) fn mask(flag: u8) -> u64 {
    0_u64.wrapping_sub(u64::from(flag))
}

/// Both words of a·b.
#[inline(always)]
fn wide(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    (product as u64, (product >> 64) as u64)
}

/// The five words of a·b.
#[inline(always)]
fn row(a: [u64; 4], b: u64) -> [u64; 5] {
    let (first, high) = wide(a[0], b);
    let (low, next) = wide(a[1], b);
    let (second, carry) = adc(low, high, 0);
    let (low, high) = wide(a[2], b);
    let (third, carry) = adc(low, next, carry);
    let (low, next) = wide(a[3], b);
    let (fourth, carry) = adc(low, high, carry);
    [first, second, third, fourth, next.wrapping_add(u64::from(carry))]
}

/// The number of five words, less than 2p, less p if it is not less than p.
#[inline(always)]
fn reduced(words: [u64; 4], top: u8) -> Element {
    let (a, borrow) = sbb(words[0], P[0], 0);
    let (b, borrow) = sbb(words[1], P[1], borrow);
    let (c, borrow) = sbb(words[2], P[2], borrow);
    let (d, borrow) = sbb(words[3], P[3], borrow);
    let (_, borrow) = sbb(u64::from(top), 0, borrow);
    let keep = mask(borrow);
    Element([
        a ^ (keep & (a ^ words[0])),
        b ^ (keep & (b ^ words[1])),
        c ^ (keep & (c ^ words[2])),
        d ^ (keep & (d ^ words[3])),
    ])
}

/// An eight-word product, less than p·2^256, over 2^256 (Montgomery's reduction).
#[inline(always)]
fn montgomery(low: [u64; 4], high: [u64; 4]) -> Element {
    let mut rest = low;
    for _ in 0..4 {
        // The lowest word m goes, by adding m·p = m·2^256 - m·2^224 + m·2^192 + m·2^96 - m.
        let [m, a, b, c] = rest;
        let (low, high) = wide(m, P[3]);
        let (a, carry) = adc(a, m << 32, 0);
        let (b, carry) = adc(b, m >> 32, carry);
        let (c, carry) = adc(c, low, carry);
        rest = [a, b, c, high.wrapping_add(u64::from(carry))];
    }
    let (a, carry) = adc(rest[0], high[0], 0);
    let (b, carry) = adc(rest[1], high[1], carry);
    let (c, carry) = adc(rest[2], high[2], carry);
    let (d, carry) = adc(rest[3], high[3], carry);
    reduced([a, b, c, d], carry)
}

impl Element {
    pub(super) const ZERO: Self = Self([0; 4]);
    /// 2^256 modulo p.
    pub(super) const ONE: Self = Self([1, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0xffff_fffe]);

    /// The number of 32 bytes, most significant first; none if it is not less than p.
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let words = words(bytes);
        let borrow = (0..4).fold(0, |borrow, at| sbb(words[at], P[at], borrow).1);
        (borrow == 1).then(|| Self(words).mul(R2))
    }

    /// A number of 32 random bytes, as good as evenly spread.
    pub(super) fn from_random(bytes: &[u8; 32]) -> Self {
        reduced(words(bytes), 0)
    }

    /// The number as it stands in a public key, most significant first.
    pub(super) fn to_bytes(self) -> [u8; 32] {
        let [a, b, c, d] = self.0;
        bytes(montgomery([a, b, c, d], [0; 4]).0)
    }

    /// Product.
    #[inline]
    pub(super) fn mul(self, other: Self) -> Self {
        let (a, b) = (self.0, other.0);
        let [t0, t1, t2, t3, t4] = row(a, b[0]);
        let [r0, r1, r2, r3, r4] = row(a, b[1]);
        let (t1, carry) = adc(t1, r0, 0);
        let (t2, carry) = adc(t2, r1, carry);
        let (t3, carry) = adc(t3, r2, carry);
        let (t4, carry) = adc(t4, r3, carry);
        let t5 = r4.wrapping_add(u64::from(carry));
        let [r0, r1, r2, r3, r4] = row(a, b[2]);
        let (t2, carry) = adc(t2, r0, 0);
        let (t3, carry) = adc(t3, r1, carry);
        let (t4, carry) = adc(t4, r2, carry);
        let (t5, carry) = adc(t5, r3, carry);
        let t6 = r4.wrapping_add(u64::from(carry));
        let [r0, r1, r2, r3, r4] = row(a, b[3]);
        let (t3, carry) = adc(t3, r0, 0);
        let (t4, carry) = adc(t4, r1, carry);
        let (t5, carry) = adc(t5, r2, carry);
        let (t6, carry) = adc(t6, r3, carry);
        let t7 = r4.wrapping_add(u64::from(carry));
        montgomery([t0, t1, t2, t3], [t4, t5, t6, t7])
    }

    /// Square.
    #[inline]
    pub(super) fn sqr(self) -> Self {
        let a = self.0;
        let (t1, high) = wide(a[0], a[1]);
        let (low, next) = wide(a[0], a[2]);
        let (t2, carry) = adc(low, high, 0);
        let (low, high) = wide(a[0], a[3]);
        let (t3, carry) = adc(low, next, carry);
        let t4 = high.wrapping_add(u64::from(carry));
        let (low, next) = wide(a[1], a[2]);
        let (t3, carry) = adc(t3, low, 0);
        let (low, high) = wide(a[1], a[3]);
        let (t4, carry) = adc(t4, low, carry);
        let t5 = high.wrapping_add(u64::from(carry));
        let (t4, carry) = adc(t4, next, 0);
        let (low, high) = wide(a[2], a[3]);
        let (t5, carry) = adc(t5, low, carry);
        let t6 = high.wrapping_add(u64::from(carry));
        // Each of these stands twice in the square.
        let (t1, carry) = adc(t1, t1, 0);
        let (t2, carry) = adc(t2, t2, carry);
        let (t3, carry) = adc(t3, t3, carry);
        let (t4, carry) = adc(t4, t4, carry);
        let (t5, carry) = adc(t5, t5, carry);
        let (t6, carry) = adc(t6, t6, carry);
        let t7 = u64::from(carry);
        let (t0, high) = wide(a[0], a[0]);
        let (t1, carry) = adc(t1, high, 0);
        let (low, high) = wide(a[1], a[1]);
        let (t2, carry) = adc(t2, low, carry);
        let (t3, carry) = adc(t3, high, carry);
        let (low, high) = wide(a[2], a[2]);
        let (t4, carry) = adc(t4, low, carry);
        let (t5, carry) = adc(t5, high, carry);
        let (low, high) = wide(a[3], a[3]);
        let (t6, carry) = adc(t6, low, carry);
        let (t7, _) = adc(t7, high, carry);
        montgomery([t0, t1, t2, t3], [t4, t5, t6, t7])
    }

    /// Sum.
    #[inline]
    pub(super) fn add(self, other: Self) -> Self {
        let (a, c) = adc(self.0[0], other.0[0], 0);
        let (b, d) = adc(self.0[1], other.0[1], c);
        let (c, e) = adc(self.0[2], other.0[2], d);
        let (d, top) = adc(self.0[3], other.0[3], e);
        reduced([a, b, c, d], top)
    }

    /// Difference.
    #[inline]
    pub(super) fn sub(self, other: Self) -> Self {
        let (a, borrow) = sbb(self.0[0], other.0[0], 0);
        let (b, borrow) = sbb(self.0[1], other.0[1], borrow);
        let (c, borrow) = sbb(self.0[2], other.0[2], borrow);
        let (d, borrow) = sbb(self.0[3], other.0[3], borrow);
        let back = mask(borrow);
        let (a, carry) = adc(a, back & P[0], 0);
        let (b, carry) = adc(b, back & P[1], carry);
        let (c, carry) = adc(c, 0, carry);
        let (d, _) = adc(d, back & P[3], carry);
        Self([a, b, c, d])
    }

    /// Half of it.
    #[inline]
    pub(super) fn half(self) -> Self {
        let odd = 0_u64.wrapping_sub(self.0[0] & 1);
        let (a, carry) = adc(self.0[0], odd & P[0], 0);
        let (b, carry) = adc(self.0[1], odd & P[1], carry);
        let (c, carry) = adc(self.0[2], 0, carry);
        let (d, top) = adc(self.0[3], odd & P[3], carry);
        Self([
            a >> 1 | b << 63,
            b >> 1 | c << 63,
            c >> 1 | d << 63,
            d >> 1 | u64::from(top) << 63,
        ])
    }

    /// Its negative where the mask is all ones, itself where it is zero.
    #[inline]
    pub(super) fn negated_if(self, mask: u64) -> Self {
        let negative = Self::ZERO.sub(self);
        Self(std::array::from_fn(|at| {
            self.0[at] ^ (mask & (self.0[at] ^ negative.0[at]))
        }))
    }
}

/// Four words of 32 bytes, most significant first.
pub(super) fn words(bytes: &[u8; 32]) -> [u64; 4] {
    std::array::from_fn(|at| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[24 - 8 * at..32 - 8 * at]);
        u64::from_be_bytes(word)
    })
}

/// The same back.
pub(super) fn bytes(words: [u64; 4]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (at, word) in words.iter().enumerate() {
        bytes[24 - 8 * at..32 - 8 * at].copy_from_slice(&word.to_be_bytes());
    }
    bytes
}
