//! Message encryption for web push: RFC 8291 with the `aes128gcm` coding of RFC 8188, always one record.
//!
//! Every message has a fresh key pair and salt (RFC 8291 section 3.1), never one for a batch. Left out: the legacy `aesgcm`
//! coding, and decoding of subscriptions (`campanile_core::subscription::Keys`). Invariant: a body is never longer than
//! [`MAX_BODY_BYTES`], and a [`Recipient`] holds a point that lies on the curve.
//!
//! Two ways lead to the same bytes: aws-lc-rs alone, and for a recipient with [`multiples`] of its key the faster arithmetic of `p256`, of whose
//! messages one in some thousand is made by aws-lc-rs as well and compared.
//!
//! Randomness is an argument everywhere in this crate but here: [`encrypt`] and [`BrowserKeys::generate`] draw from the system through
//! aws-lc-rs. [`encrypt_with`] is the same path with everything given.

use crate::p256;
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{
    ECDH_P256, EphemeralPrivateKey, ParsedPublicKey, PrivateKey, UnparsedPublicKey, agree, agree_ephemeral,
};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand::{SystemRandom, fill};
use campanile_core::subscription::Keys;
use std::sync::atomic::{AtomicBool, Ordering};
use zeroize::Zeroizing;

/// The longest body that every push service must take (RFC 8030 section 7.2), in bytes.
pub const MAX_BODY_BYTES: usize = 4096;
/// The longest plaintext that fits: the body less header, delimiter and tag.
pub const MAX_PLAINTEXT_BYTES: usize = MAX_BODY_BYTES - HEADER_BYTES - 1 - TAG_BYTES;

/// Record size written in the header; larger than any record that is made.
const RECORD_SIZE: u32 = 4096;
const SALT_BYTES: usize = 16;
const POINT_BYTES: usize = 65;
/// Salt, record size, length of the key id, key id (RFC 8188 section 2.1 with RFC 8291 section 4).
const HEADER_BYTES: usize = SALT_BYTES + 4 + 1 + POINT_BYTES;
const TAG_BYTES: usize = 16;
/// Marks the end of the plaintext in the last record (RFC 8188 section 2).
const LAST_RECORD: u8 = 2;
/// Plaintext sizes that an onlooker can tell apart, in bytes with the delimiter. Longer ones go unpadded: some bridges
/// (Firefox on Android) take about 3 kB only, and padding would make a message that fits too large.
const BUCKETS: [usize; 4] = [256, 512, 1024, 2048];

/// What can go wrong while encrypting or decrypting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The subscription's `p256dh` is not a point of the curve P-256 (RFC 8291 section 7).
    #[error("the subscription's public key is not a point on P-256")]
    BadPublicKey,
    /// The bytes given as a private key are not one.
    #[error("the bytes are not a P-256 private key")]
    BadPrivateKey,
    /// The plaintext does not fit one record.
    #[error("{bytes} bytes of plaintext are more than the {MAX_PLAINTEXT_BYTES} that fit one message")]
    TooLarge {
        /// Length of the plaintext.
        bytes: usize,
    },
    /// The body is not what RFC 8291 describes.
    #[error("the body is not an aes128gcm message: {0}")]
    Malformed(&'static str),
    /// The body was not encrypted for this key and secret, or it was changed on the way.
    #[error("the body does not decrypt with this key and secret")]
    WrongKey,
    /// The cryptographic library refused; in practice the system has no randomness.
    #[error("the cryptographic library refused to work")]
    Library,
}

impl From<aws_lc_rs::error::Unspecified> for Error {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Library
    }
}

/// A browser that can be written to: its public key, decoded and proved to lie on the curve, and its secret.
#[derive(Clone)]
pub struct Recipient {
    point: Point,
    p256dh: [u8; POINT_BYTES],
    auth: [u8; SALT_BYTES],
}

#[derive(Clone)]
enum Point {
    /// As the library has it.
    Library(ParsedPublicKey),
    /// With its multiples.
    Multiplied(Box<p256::Key>),
}

impl std::fmt::Debug for Recipient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Recipient(***)")
    }
}

/// The library's own form of a public key; checks that it is a point of P-256.
fn parsed(p256dh: &[u8; POINT_BYTES]) -> Result<ParsedPublicKey, Error> {
    let unparsed = UnparsedPublicKey::new(&ECDH_P256, p256dh);
    ParsedPublicKey::try_from(&unparsed).map_err(|_| Error::BadPublicKey)
}

/// Multiples of a browser's public key, to be kept beside it: with them a message takes less time ([`Recipient::with_multiples`]). They are no secret.
/// Checks that the key is a point of P-256, as [`Recipient::new`] does. Takes about as long as a message.
pub fn multiples(keys: &Keys) -> Result<Vec<u8>, Error> {
    let kept = p256::kept(&keys.p256dh).ok_or(Error::BadPublicKey)?;
    Ok(kept.to_vec())
}

impl Recipient {
    /// Checks that the key is a point of P-256 (RFC 8291 section 7 demands it; invalid-curve attacks need its absence).
    pub fn new(keys: &Keys) -> Result<Self, Error> {
        Ok(Self {
            point: Point::Library(parsed(&keys.p256dh)?),
            p256dh: keys.p256dh,
            auth: keys.auth,
        })
    }

    /// The same with what [`multiples`] gave for the key, where that was kept. What is not of this key is left aside, and so are all of them
    /// once they were found to give something else than the library ([`multiples_are_trusted`]).
    pub fn with_multiples(keys: &Keys, multiples: Option<&[u8]>) -> Result<Self, Error> {
        let known = multiples.filter(|_| multiples_are_trusted());
        let Some(key) = known.and_then(|multiples| p256::Key::new(&keys.p256dh, multiples)) else {
            return Self::new(keys);
        };
        Ok(Self {
            point: Point::Multiplied(Box::new(key)),
            p256dh: keys.p256dh,
            auth: keys.auth,
        })
    }
}

/// Set when the library came to another result.
static MISTRUSTED: AtomicBool = AtomicBool::new(false);
/// Of so many messages one is made with the library too.
const CHECKED: u16 = 4096;

/// False once a message that was made with multiples was found to differ from the library's; from then on the library alone is used.
/// Neither that message nor a later one goes out wrong.
pub fn multiples_are_trusted() -> bool {
    !MISTRUSTED.load(Ordering::Relaxed)
}

/// The sender's key pair of one message. Not `Clone`, and consumed by use: it must never serve twice.
#[derive(Debug)]
pub struct Ephemeral(Private);

enum Private {
    /// The library's, which does not show its number.
    Drawn(EphemeralPrivateKey),
    /// The number, and one to blind the work on it with.
    Number(Zeroizing<[[u8; 32]; 2]>),
}

impl std::fmt::Debug for Private {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Private(***)")
    }
}

impl Ephemeral {
    /// Draws a key pair from the system's random source, in the form that the recipient's key asks for.
    fn generate(recipient: &Recipient) -> Result<Self, Error> {
        Ok(Self(match recipient.point {
            Point::Library(_) => {
                Private::Drawn(EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new())?)
            }
            Point::Multiplied(_) => {
                let drawn = loop {
                    let drawn = Zeroizing::new(drawn::<64>()?);
                    // One draw in 2^32 is no private number.
                    if drawn.first_chunk().is_some_and(p256::is_private_number) {
                        break drawn;
                    }
                };
                let mut numbers = Zeroizing::new([[0; 32]; 2]);
                numbers.as_flattened_mut().copy_from_slice(&*drawn);
                Private::Number(numbers)
            }
        }))
    }

    /// Takes a given private key (big-endian). For test vectors and replay.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, Error> {
        PrivateKey::from_private_key(&ECDH_P256, scalar).map_err(|_| Error::BadPrivateKey)?;
        Ok(Self(Private::Number([*scalar, drawn()?].into())))
    }
}

/// The message's public key, and its content key and nonce.
type Agreed = ([u8; POINT_BYTES], LessSafeKey, Nonce);

/// Uses a key pair up.
fn agreed(recipient: &Recipient, ephemeral: Ephemeral, salt: [u8; SALT_BYTES]) -> Result<Agreed, Error> {
    let finish = |public: &[u8], secret: &[u8]| {
        let (key, nonce) = derive(secret, &recipient.auth, &recipient.p256dh, public, salt)?;
        Ok((public.try_into().map_err(|_| Error::Library)?, key, nonce))
    };
    let point = || match &recipient.point {
        Point::Library(point) => Ok(point.clone()),
        Point::Multiplied(_) => parsed(&recipient.p256dh),
    };
    let numbers = match ephemeral.0 {
        Private::Drawn(private) => {
            let public = private.compute_public_key()?;
            return agree_ephemeral(private, point()?, Error::Library, |secret| {
                finish(public.as_ref(), secret)
            });
        }
        Private::Number(numbers) => numbers,
    };
    let [number, blind] = &*numbers;
    let fast = match &recipient.point {
        Point::Multiplied(key) => key.agree(number, blind),
        Point::Library(_) => None,
    };
    let is_checked = u16::from_be_bytes([blind[30], blind[31]]).is_multiple_of(CHECKED);
    if let Some(fast) = fast.as_ref().filter(|_| !is_checked) {
        return finish(&fast.public, &fast.shared);
    }
    let private = PrivateKey::from_private_key(&ECDH_P256, number).map_err(|_| Error::BadPrivateKey)?;
    let public = private.compute_public_key()?;
    agree(&private, point()?, Error::Library, |secret| {
        if fast.is_some_and(|fast| fast.public != public.as_ref() || fast.shared != secret) {
            MISTRUSTED.store(true, Ordering::Relaxed);
        }
        finish(public.as_ref(), secret)
    })
}

/// Whether the length of the plaintext is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Up to 256, 512, 1024 or 2048 bytes; what does not fit these stays as long as it is.
    Buckets,
    /// None: the shortest body. The answer to a 413.
    None,
}

/// A fresh number, salt or secret.
#[expect(
    clippy::disallowed_methods,
    reason = "keys and salts are drawn beside the encryption that must never see one twice"
)]
fn drawn<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// Encrypts `plaintext` with a fresh key pair and salt from the system, padded to buckets.
pub fn encrypt(recipient: &Recipient, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
    encrypt_padded(recipient, plaintext, Padding::Buckets)
}

/// The same with a choice of padding.
pub fn encrypt_padded(recipient: &Recipient, plaintext: &[u8], padding: Padding) -> Result<Vec<u8>, Error> {
    encrypt_with(
        recipient,
        plaintext,
        Ephemeral::generate(recipient)?,
        drawn()?,
        padding,
    )
}

/// Encrypts with everything given. `ephemeral` and `salt` must be new for each message.
pub fn encrypt_with(
    recipient: &Recipient,
    plaintext: &[u8],
    ephemeral: Ephemeral,
    salt: [u8; SALT_BYTES],
    padding: Padding,
) -> Result<Vec<u8>, Error> {
    if plaintext.len() > MAX_PLAINTEXT_BYTES {
        return Err(Error::TooLarge {
            bytes: plaintext.len(),
        });
    }
    let unpadded = plaintext.len() + 1;
    let padded = match padding {
        Padding::Buckets => BUCKETS
            .into_iter()
            .find(|bucket| *bucket >= unpadded)
            .unwrap_or(unpadded),
        Padding::None => unpadded,
    };
    let (sender, key, nonce) = agreed(recipient, ephemeral, salt)?;
    let mut body = Vec::with_capacity(HEADER_BYTES + padded + TAG_BYTES);
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD_SIZE.to_be_bytes());
    body.push(POINT_BYTES as u8);
    body.extend_from_slice(&sender);
    body.extend_from_slice(plaintext);
    body.push(LAST_RECORD);
    body.resize(HEADER_BYTES + padded, 0);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut body[HEADER_BYTES..])?;
    body.extend_from_slice(tag.as_ref());
    Ok(body)
}

/// The browser's half of a subscription: what decrypts. For the lab, virtual browsers and tests; a server never has one.
pub struct BrowserKeys {
    private: PrivateKey,
    keys: Keys,
}

impl std::fmt::Debug for BrowserKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("BrowserKeys(***)")
    }
}

impl BrowserKeys {
    /// Draws key and secret from the system's random source.
    pub fn generate() -> Result<Self, Error> {
        Self::new(PrivateKey::generate(&ECDH_P256)?, drawn()?)
    }

    /// Takes a given private key (big-endian) and secret.
    pub fn from_scalar(scalar: &[u8; 32], auth: [u8; SALT_BYTES]) -> Result<Self, Error> {
        let private = PrivateKey::from_private_key(&ECDH_P256, scalar).map_err(|_| Error::BadPrivateKey)?;
        Self::new(private, auth)
    }

    fn new(private: PrivateKey, auth: [u8; SALT_BYTES]) -> Result<Self, Error> {
        let public = private.compute_public_key().map_err(|_| Error::BadPrivateKey)?;
        let p256dh = public.as_ref().try_into().map_err(|_| Error::BadPrivateKey)?;
        Ok(Self {
            private,
            keys: Keys { p256dh, auth },
        })
    }

    /// The public half, as a page would hand it over.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Decrypts a body (RFC 8291 section 4): one record, the key id an uncompressed point, zero or more bytes of padding.
    pub fn decrypt(&self, body: &[u8]) -> Result<Vec<u8>, Error> {
        let (salt, rest) = body
            .split_first_chunk::<SALT_BYTES>()
            .ok_or(Error::Malformed("it ends in the salt"))?;
        let (size, rest) = rest
            .split_first_chunk::<4>()
            .ok_or(Error::Malformed("it ends in the record size"))?;
        let (length, rest) = rest
            .split_first()
            .ok_or(Error::Malformed("it ends before the key id"))?;
        if usize::from(*length) != POINT_BYTES {
            return Err(Error::Malformed("the key id is not a public key of 65 bytes"));
        }
        let (sender, record) = rest
            .split_at_checked(POINT_BYTES)
            .ok_or(Error::Malformed("it ends in the key id"))?;
        if record.len() <= TAG_BYTES {
            return Err(Error::Malformed("the record holds no delimiter"));
        }
        if record.len() > u32::from_be_bytes(*size) as usize {
            return Err(Error::Malformed("it has more than one record"));
        }
        let point = UnparsedPublicKey::new(&ECDH_P256, sender);
        let (key, nonce) = agree(&self.private, point, Error::BadPublicKey, |secret| {
            derive(secret, &self.keys.auth, &self.keys.p256dh, sender, *salt)
        })?;
        let mut record = record.to_vec();
        let opened = key
            .open_in_place(nonce, Aad::empty(), &mut record)
            .map_err(|_| Error::WrongKey)?;
        let end = opened
            .iter()
            .rposition(|byte| *byte != 0)
            .ok_or(Error::Malformed("the record is all padding"))?;
        if opened[end] != LAST_RECORD {
            return Err(Error::Malformed("the delimiter does not mark a last record"));
        }
        record.truncate(end);
        Ok(record)
    }
}

/// Content key and nonce (RFC 8291 section 3.4).
fn derive(
    shared: &[u8],
    auth: &[u8],
    browser: &[u8],
    sender: &[u8],
    salt: [u8; SALT_BYTES],
) -> Result<(LessSafeKey, Nonce), Error> {
    let mut input = [0_u8; 32];
    let info = [b"WebPush: info\0".as_slice(), browser, sender];
    Salt::new(HKDF_SHA256, auth)
        .extract(shared)
        .expand(&info, Length(32))?
        .fill(&mut input)?;
    content_key(&input, salt)
}

/// RFC 8188 section 2.2 and 2.3, for the first record.
fn content_key(input: &[u8], salt: [u8; SALT_BYTES]) -> Result<(LessSafeKey, Nonce), Error> {
    let pseudorandom = Salt::new(HKDF_SHA256, &salt).extract(input);
    let mut key = [0_u8; 16];
    let mut nonce = [0_u8; NONCE_LEN];
    pseudorandom
        .expand(&[b"Content-Encoding: aes128gcm\0"], Length(16))?
        .fill(&mut key)?;
    pseudorandom
        .expand(&[b"Content-Encoding: nonce\0"], Length(NONCE_LEN))?
        .fill(&mut nonce)?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    Ok((key, Nonce::assume_unique_for_key(nonce)))
}

/// A length for HKDF's `expand`.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::subscription::decode;

    #[test]
    fn the_example_of_rfc_8188_section_3_1() {
        let mut body = decode("I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg")
            .expect("base64");
        let salt = body[..16].try_into().expect("16 bytes");
        let secret = decode("yqdlZ-tYemfogSmv7Ws5PQ").expect("base64");
        let (key, nonce) = content_key(&secret, salt).expect("a key");
        let opened = key
            .open_in_place(nonce, Aad::empty(), &mut body[21..])
            .expect("it opens");
        assert_eq!(opened, b"I am the walrus\x02");
    }
}
