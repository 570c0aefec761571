//! The curve P-256 as far as a sender needs it, for keys that are written to more than once.
//!
//! A message needs two products of its private number: with the generator, which is its public key, and with the browser's key, which is the
//! shared secret. aws-lc makes the second without knowing the key before; here four multiples of the key are kept with its subscription
//! ([`Key::kept`]), and both products together take little more than half of aws-lc's time. They are public numbers, always computed by us and never
//! taken from outside: a digest binds them to their key, so that neither a damaged row nor one whose key was changed without them
//! is worked with.
//!
//! - [`field`], [`invert`]: numbers modulo the prime
//! - [`point`]: points, and how a sum without a formula shows
//! - [`scalar`], [`comb`]: the digits of the private number, and both products
//!
//! Left out: signatures, agreement with keys that have no multiples, everything but sending; aws-lc does that. Invariant: no branch and no
//! address depends on the private number or on what is made of it, with two exceptions that tell nothing: that a drawn number is not one (it
//! is not used) and that a formula met its exception (for less than one number in 2^240, which is not used either). The inverse takes a
//! time that depends on its argument, which is why that is a random multiple.

#![expect(
    clippy::inline_always,
    reason = "a product takes twice as long where its carries go through calls"
)]
#![expect(
    clippy::many_single_char_names,
    reason = "coordinates, words and factors have the letters of the papers"
)]

mod comb;
mod field;
mod invert;
mod point;
mod scalar;
#[cfg(test)]
mod tests;

use aws_lc_rs::digest::{SHA256, digest};
use comb::Kept;
use field::Element;
use point::Affine;
use scalar::Digits;
use zeroize::Zeroize as _;

/// Bytes of a public key: a 4, x, y.
const KEY_BYTES: usize = 65;
const POINT_BYTES: usize = 64;
const POINTS: usize = 4;
/// Enough against accidents; against somebody who writes to the store nothing of it helps.
const DIGEST_BYTES: usize = 16;
/// Bytes of what is kept of a key.
pub(crate) const KEPT_BYTES: usize = POINTS * POINT_BYTES + DIGEST_BYTES;

/// A browser's key with its multiples.
#[derive(Clone)]
pub(crate) struct Key {
    point: Affine,
    kept: Kept,
}

/// What a message's private number gives with a key.
pub(crate) struct Agreed {
    /// The message's public key.
    pub(crate) public: [u8; KEY_BYTES],
    /// The shared secret: the x of the second product.
    pub(crate) shared: [u8; 32],
}

impl Drop for Agreed {
    fn drop(&mut self) {
        self.shared.zeroize();
    }
}

/// The point of a public key; none if it is not one of the curve.
fn point_of(key: &[u8; KEY_BYTES]) -> Option<Affine> {
    let (form, point) = key.split_first_chunk::<1>()?;
    (*form == [4]).then(|| Affine::from_bytes(point.try_into().ok()?))?
}

/// What binds multiples to their key.
fn seal(key: &[u8; KEY_BYTES], points: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut text = [0; KEY_BYTES + POINTS * POINT_BYTES];
    text[..KEY_BYTES].copy_from_slice(key);
    text[KEY_BYTES..].copy_from_slice(points);
    let mut seal = [0; DIGEST_BYTES];
    seal.copy_from_slice(&digest(&SHA256, &text).as_ref()[..DIGEST_BYTES]);
    seal
}

/// What is to be kept of a public key; none if it is not a point of the curve. Takes as long as writing to it once.
pub(crate) fn kept(key: &[u8; KEY_BYTES]) -> Option<[u8; KEPT_BYTES]> {
    let kept = Kept::of(point_of(key)?)?;
    let mut bytes = [0; KEPT_BYTES];
    let (points, sealed) = bytes.split_at_mut(POINTS * POINT_BYTES);
    for (bytes, point) in points.chunks_exact_mut(POINT_BYTES).zip(kept.0) {
        bytes.copy_from_slice(&point.to_bytes());
    }
    sealed.copy_from_slice(&seal(key, points));
    Some(bytes)
}

/// Whether the bytes, most significant first, are between 1 and n - 1. That they are not may show: such a number is not used.
pub(crate) fn is_private_number(bytes: &[u8; 32]) -> bool {
    Digits::new(bytes).is_some()
}

impl Key {
    /// A key and what was kept of it; none if that is not of this key, or the key is not a point of the curve (RFC 8291 section 7).
    pub(crate) fn new(key: &[u8; KEY_BYTES], kept: &[u8]) -> Option<Self> {
        let kept: &[u8; KEPT_BYTES] = kept.try_into().ok()?;
        let (points, sealed) = kept.split_at(POINTS * POINT_BYTES);
        if seal(key, points) != sealed {
            return None;
        }
        let point = point_of(key)?;
        let mut multiples = [point; POINTS];
        for (multiple, bytes) in multiples.iter_mut().zip(points.chunks_exact(POINT_BYTES)) {
            *multiple = Affine::from_bytes(bytes.try_into().ok()?)?;
        }
        Some(Self {
            point,
            kept: Kept(multiples),
        })
    }

    /// The public key of a private number (most significant byte first) and the secret that it shares with this key. `blind` is random and new for
    /// each message; the result does not depend on it. None if the number is not between 1 and n - 1, or met an exception of the formulas.
    pub(crate) fn agree(&self, number: &[u8; 32], blind: &[u8; 32]) -> Option<Agreed> {
        let digits = Digits::new(number)?;
        let blind = Element::from_random(blind);
        let (public, shared) = comb::products(&digits, self.point, &self.kept, blind)?;
        let mut agreed = Agreed {
            public: [4; KEY_BYTES],
            shared: shared.to_bytes(),
        };
        agreed.public[1..].copy_from_slice(&public.to_bytes());
        Some(agreed)
    }
}
