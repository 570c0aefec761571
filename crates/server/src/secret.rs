//! Tokens that are told once and kept as a hash: API keys, sessions, sign-in links.
//!
//! Left out: passwords (`http/session.rs`; those are guessable and need a slow hash). Invariant: a token has 192 bits of randomness, so a
//! fast hash is enough.

use crate::clock;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A fresh token: `<kind>_<32 characters>`.
pub fn token(kind: &str) -> String {
    format!("{kind}_{}", URL_SAFE_NO_PAD.encode(clock::random::<24>()))
}

/// SHA-256 of a token.
pub fn hash(token: &str) -> Vec<u8> {
    sha256(token.as_bytes()).to_vec()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
            }
            text
        })
}
