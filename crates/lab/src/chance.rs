//! Tokens and numbers nobody can guess, from the system's random source.
//!
//! Left out: seeding; a test bed's tokens need not repeat. Invariant: a token is 32 characters of base64url.

use aws_lc_rs::rand::fill;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// 32 characters of base64url (24 random bytes).
pub(crate) fn token() -> String {
    let mut bytes = [0; 24];
    fill(&mut bytes).expect("the system has randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A positive number of 62 bits: Chromium keeps device numbers as signed 64-bit and treats 0 as "none".
pub(crate) fn number() -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes).expect("the system has randomness");
    (u64::from_be_bytes(bytes) >> 2) | 1
}
