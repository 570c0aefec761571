//! Points of P-256, y² = x³ - 3x + b.
//!
//! Left out: sums of points of which one is at infinity, and of a point and itself or its opposite; the formulas are those without
//! exceptions built in, which cost half as much again. Invariant: what such a sum should have been cannot be told from the result, but
//! that it was one can: its z is zero, and every later doubling and addition leaves it zero. Nothing else makes z zero, for the order
//! of the curve is prime, so no point has y = 0. Whoever reads coordinates refuses z = 0 ([`super::comb`]).

use super::field::Element;
use super::invert::inverse;

const B: Element = Element([
    0xd89c_df62_29c4_bddf,
    0xacf0_05cd_7884_3090,
    0xe5a2_20ab_f721_2ed6,
    0xdc30_061d_0487_4834,
]);

/// A point with its coordinates as they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Affine {
    pub(super) x: Element,
    pub(super) y: Element,
}

/// The curve's generator.
pub(super) const GENERATOR: Affine = Affine {
    x: Element([
        0x79e7_30d4_18a9_143c,
        0x75ba_95fc_5fed_b601,
        0x79fb_732b_7762_2510,
        0x1890_5f76_a537_55c6,
    ]),
    y: Element([
        0xddf2_5357_ce95_560a,
        0x8b4a_b8e4_ba19_e45c,
        0xd2e8_8688_dd21_f325,
        0x8571_ff18_2588_5d85,
    ]),
};

impl Affine {
    /// The point of 64 bytes, x before y; none if they are not one of the curve.
    pub(super) fn from_bytes(bytes: &[u8; 64]) -> Option<Self> {
        let half = |from: usize| {
            let mut half = [0; 32];
            half.copy_from_slice(&bytes[from..from + 32]);
            Element::from_bytes(&half)
        };
        let (x, y) = (half(0)?, half(32)?);
        let three = Element::ONE.add(Element::ONE).add(Element::ONE);
        let on_curve = y.sqr() == x.sqr().sub(three).mul(x).add(B);
        on_curve.then_some(Self { x, y })
    }

    pub(super) fn to_bytes(self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.x.to_bytes());
        bytes[32..].copy_from_slice(&self.y.to_bytes());
        bytes
    }

    pub(super) fn negated(self) -> Self {
        Self {
            x: self.x,
            y: self.y.negated_if(u64::MAX),
        }
    }
}

/// A point (x/z², y/z³).
#[derive(Clone, Copy)]
pub(super) struct Jacobian {
    pub(super) x: Element,
    pub(super) y: Element,
    pub(super) z: Element,
}

impl From<Affine> for Jacobian {
    fn from(point: Affine) -> Self {
        Self {
            x: point.x,
            y: point.y,
            z: Element::ONE,
        }
    }
}

impl Jacobian {
    /// Twice the point.
    #[inline(always)]
    pub(super) fn double(self) -> Self {
        let Self { x, y, z } = self;
        let zz = z.sqr();
        let y2 = y.add(y);
        let yy4 = y2.sqr();
        let left = x.sub(zz);
        let right = x.add(zz);
        let m = left.mul(right);
        let s = yy4.mul(x);
        let z = y2.mul(z);
        let yyyy16 = yy4.sqr();
        let m = m.add(m).add(m);
        let x = m.sqr().sub(s.add(s));
        let y = s.sub(x).mul(m).sub(yyyy16.half());
        Self { x, y, z }
    }

    /// With its z's inverse, as it is.
    pub(super) fn scaled(self, inverse: Element) -> Affine {
        let square = inverse.sqr();
        Affine {
            x: self.x.mul(square),
            y: self.y.mul(square.mul(inverse)),
        }
    }
}

/// Two sums at once: a processor works on both, where one alone would have it wait for each product.
#[inline(always)]
pub(super) fn add_both(a: [Jacobian; 2], b: [Affine; 2]) -> [Jacobian; 2] {
    let each = |of: fn(Element, Element) -> Element, a: [Element; 2], b: [Element; 2]| {
        [of(a[0], b[0]), of(a[1], b[1])]
    };
    let (x, y, z) = (a.map(|a| a.x), a.map(|a| a.y), a.map(|a| a.z));
    let zz = z.map(Element::sqr);
    let zzz = each(Element::mul, zz, z);
    let u = each(Element::mul, b.map(|b| b.x), zz);
    let s = each(Element::mul, b.map(|b| b.y), zzz);
    let h = each(Element::sub, u, x);
    let r = each(Element::sub, s, y);
    let z = each(Element::mul, z, h);
    let hh = h.map(Element::sqr);
    let v = each(Element::mul, x, hh);
    let hhh = each(Element::mul, hh, h);
    let rr = r.map(Element::sqr);
    let yh = each(Element::mul, y, hhh);
    let x = each(
        Element::sub,
        each(Element::sub, rr, hhh),
        each(Element::add, v, v),
    );
    let y = each(Element::sub, each(Element::mul, each(Element::sub, v, x), r), yh);
    [0, 1].map(|at| Jacobian {
        x: x[at],
        y: y[at],
        z: z[at],
    })
}

/// Inverses of public numbers at the price of one (Montgomery's trick); none if one of them is zero.
pub(super) fn inverses<const N: usize>(of: [Element; N]) -> Option<[Element; N]> {
    let mut before = [Element::ONE; N];
    let mut product = Element::ONE;
    for at in 0..N {
        before[at] = product;
        product = product.mul(of[at]);
    }
    let mut rest = inverse(product);
    if rest == Element::ZERO {
        return None;
    }
    let mut found = [Element::ONE; N];
    for at in (0..N).rev() {
        found[at] = rest.mul(before[at]);
        rest = rest.mul(of[at]);
    }
    Some(found)
}

/// a + b and a - b for pairs of public points; none if a is b or its opposite.
pub(super) fn sums<const N: usize>(pairs: [(Affine, Affine); N]) -> Option<[(Affine, Affine); N]> {
    let inverses = inverses(pairs.map(|(a, b)| b.x.sub(a.x)))?;
    let mut sums = pairs;
    for ((sum, (a, b)), inverse) in sums.iter_mut().zip(pairs).zip(inverses) {
        let one = |b: Affine| {
            let slope = b.y.sub(a.y).mul(inverse);
            let x = slope.sqr().sub(a.x).sub(b.x);
            let y = slope.mul(a.x.sub(x)).sub(a.y);
            Affine { x, y }
        };
        *sum = (one(b), one(b.negated()));
    }
    Some(sums)
}
