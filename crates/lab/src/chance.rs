//! Tokens and numbers nobody can guess, from the system's random source.
//!
//! Left out: seeding; a test bed's tokens need not repeat. Invariant: a token is 32 characters of base64url.

use aws_lc_rs::rand::fill;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place of the lab that draws randomness"
)]
fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes).expect("the system has randomness");
    bytes
}

/// 32 characters of base64url (24 random bytes).
pub(crate) fn token() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<24>())
}

/// A positive number of 62 bits: Chromium keeps device numbers as signed 64-bit and treats 0 as "none".
pub(crate) fn number() -> u64 {
    (u64::from_be_bytes(bytes()) >> 2) | 1
}
