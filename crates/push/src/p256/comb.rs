//! Products of a message's private number with the generator and with a browser's key, in one go.
//!
//! Both are signed combs of five teeth (Lim and Lee; Hamburg): 52 columns, in each of which the digits 52 apart choose one of 16 sums. For
//! the generator there is a table for each column; for a key there is one, made from four points that are kept with it.
//! Left out: batches of messages. Invariant: the tables are read as a whole whatever the digits are; a result that a formula's exception has
//! spoilt is never given out.

use super::field::Element;
use super::invert::inverse;
use super::point::{Affine, GENERATOR, Jacobian, add_both, sums};
use super::scalar::{COLUMNS, Column, Digits};
use std::sync::LazyLock;
use zeroize::Zeroize as _;

/// The sums of a column: entry i has the highest tooth added, and of the others those whose bit in i is 1; the rest subtracted.
type Table = [Affine; 16];

/// What is kept of a point P: (2^208 + 2^156)·P, (2^208 - 2^156)·P, 2^104·P and 2^52·P.
#[derive(Clone, Copy)]
pub(super) struct Kept(pub(super) [Affine; 4]);

impl Kept {
    /// Of a public point.
    pub(super) fn of(point: Affine) -> Option<Self> {
        let mut teeth = [point; 5];
        for at in 1..5 {
            let mut tooth = Jacobian::from(teeth[at - 1]);
            for _ in 0..COLUMNS {
                tooth = tooth.double();
            }
            teeth[at] = tooth.scaled(inverse(tooth.z));
        }
        let [(sum, difference)] = sums([(teeth[4], teeth[3])])?;
        Some(Self([sum, difference, teeth[2], teeth[1]]))
    }
}

/// The sums of the teeth. None never happens for points that belong together.
fn table(point: Affine, kept: &Kept) -> Option<Table> {
    let [sum, difference, third, second] = kept.0;
    let [lower, upper_sums, upper_differences] = sums([(second, point), (sum, third), (difference, third)])?;
    // By the two bits that say whether the fourth and the third tooth are added.
    let uppers = [
        upper_differences.1,
        upper_differences.0,
        upper_sums.1,
        upper_sums.0,
    ];
    let lowers = [lower.0, lower.1];
    let entries: [_; 8] = sums(std::array::from_fn(|at| (uppers[at / 2], lowers[at % 2])))?;
    let mut table = [point; 16];
    for (quarter, pair) in table.chunks_exact_mut(4).zip(entries.chunks_exact(2)) {
        // By the two bits of the lower teeth: where they are equal, their sum is added or subtracted; otherwise their difference.
        let (equal, unequal) = (pair[0], pair[1]);
        quarter.copy_from_slice(&[equal.1, unequal.1, unequal.0, equal.0]);
    }
    Some(table)
}

/// The tables of the generator: 52 kB.
static GENERATORS: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let mut point = GENERATOR;
    let mut tables = Vec::with_capacity(COLUMNS);
    for _ in 0..COLUMNS {
        let kept = Kept::of(point).expect("multiples of the generator by powers of 2 differ");
        tables.push(table(point, &kept).expect("multiples of the generator by powers of 2 differ"));
        let double = Jacobian::from(point).double();
        point = double.scaled(inverse(double.z));
    }
    tables
});

/// The entry that a column asks for, by reading all.
#[inline(always)]
fn looked_up(table: &Table, column: Column) -> Affine {
    let (mut x, mut y) = ([0; 4], [0; 4]);
    for (at, entry) in table.iter().enumerate() {
        let other = at as u64 ^ column.entry;
        // All ones where `other` is zero: only then does taking 1 away reach the highest bit, for it is less than 16.
        let mask = 0_u64.wrapping_sub(other.wrapping_sub(1) >> 63);
        for word in 0..4 {
            x[word] |= entry.x.0[word] & mask;
            y[word] |= entry.y.0[word] & mask;
        }
    }
    Affine {
        x: Element(x),
        y: Element(y).negated_if(column.negative),
    }
}

/// The number's product with the generator, and the x of that with the point whose multiples are kept; `blind` is a random number, new each time.
/// None if the number met an exception of the formulas, or the points do not belong together.
pub(super) fn products(
    digits: &Digits,
    point: Affine,
    kept: &Kept,
    blind: Element,
) -> Option<(Affine, Element)> {
    let table = table(point, kept)?;
    let of = |column: usize| {
        let digits = digits.column(column);
        [looked_up(&GENERATORS[column], digits), looked_up(&table, digits)]
    };
    let mut both = of(COLUMNS - 1).map(Jacobian::from);
    for column in (0..COLUMNS - 1).rev() {
        both[1] = both[1].double();
        both = add_both(both, of(column));
    }
    // One inverse for both, of a random multiple: its time tells nothing of the points.
    let [public, shared] = &both;
    let mut inverse = inverse(public.z.mul(shared.z).mul(blind)).mul(blind);
    let found = (inverse != Element::ZERO).then(|| {
        let shared_x = shared.x.mul(inverse.mul(public.z).sqr());
        (public.scaled(inverse.mul(shared.z)), shared_x)
    });
    inverse.0.zeroize();
    for sum in &mut both {
        for part in [&mut sum.x, &mut sum.y, &mut sum.z] {
            part.0.zeroize();
        }
    }
    found
}
