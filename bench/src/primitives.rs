//! The limit: what the cryptographic library's primitives of one message cost, called one after the other.
//!
//! An ephemeral key pair, the agreement with a browser's key that is decoded already, HKDF, a salt, and AES-128-GCM of the padded
//! plaintext (RFC 8291): no headers, nothing parsed, nothing allocated by us. Left out: everything that makes a request of it.
//! Invariant: what comes out is a real message, which the bench checks like any other.

use anyhow::{anyhow, ensure};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, Tag, UnboundKey};
use aws_lc_rs::agreement::{
    ECDH_P256, EphemeralPrivateKey, ParsedPublicKey, PublicKey, UnparsedPublicKey, agree_ephemeral,
};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand::{SystemRandom, fill};
use campanile_core::subscription::Keys;

/// The bucket that a payload of 200 bytes is padded to.
const RECORD_BYTES: usize = 256;

/// A browser and a plaintext, made ready.
pub(crate) struct Primitives {
    point: ParsedPublicKey,
    keys: Keys,
    plaintext: [u8; RECORD_BYTES],
}

/// What the primitives made.
pub(crate) struct Sealed {
    salt: [u8; 16],
    public: PublicKey,
    record: [u8; RECORD_BYTES],
    tag: Tag,
}

impl Primitives {
    pub(crate) fn new(keys: &Keys, payload: &[u8]) -> anyhow::Result<Self> {
        ensure!(payload.len() < RECORD_BYTES, "the payload is in another bucket");
        let mut plaintext = [0; RECORD_BYTES];
        plaintext[..payload.len()].copy_from_slice(payload);
        plaintext[payload.len()] = 2;
        let point = UnparsedPublicKey::new(&ECDH_P256, keys.p256dh);
        Ok(Self {
            point: ParsedPublicKey::try_from(&point).map_err(|_| anyhow!("the key is no point"))?,
            keys: keys.clone(),
            plaintext,
        })
    }

    /// The measured thing.
    pub(crate) fn run(&self) -> Result<Sealed, Unspecified> {
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new())?;
        let public = private.compute_public_key()?;
        let mut salt = [0; 16];
        #[expect(
            clippy::disallowed_methods,
            reason = "drawing the salt is one of the primitives"
        )]
        fill(&mut salt)?;
        let (key, nonce) = agree_ephemeral(private, self.point.clone(), Unspecified, |shared| {
            let mut input = [0; 32];
            let info = [b"WebPush: info\0".as_slice(), &self.keys.p256dh, public.as_ref()];
            let extracted = Salt::new(HKDF_SHA256, &self.keys.auth).extract(shared);
            extracted.expand(&info, Bytes(32))?.fill(&mut input)?;
            let extracted = Salt::new(HKDF_SHA256, &salt).extract(&input);
            let (mut key, mut nonce) = ([0; 16], [0; 12]);
            let info = [b"Content-Encoding: aes128gcm\0".as_slice()];
            extracted.expand(&info, Bytes(16))?.fill(&mut key)?;
            let info = [b"Content-Encoding: nonce\0".as_slice()];
            extracted.expand(&info, Bytes(12))?.fill(&mut nonce)?;
            Ok((key, nonce))
        })?;
        let mut record = self.plaintext;
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut record)?;
        Ok(Sealed {
            salt,
            public,
            record,
            tag,
        })
    }

    /// A body made of it, to be checked.
    pub(crate) fn message(&self) -> Result<Vec<u8>, Unspecified> {
        let sealed = self.run()?;
        let public = sealed.public.as_ref();
        Ok([
            &sealed.salt[..],
            &4096_u32.to_be_bytes(),
            &[public.len() as u8],
            public,
            &sealed.record,
            sealed.tag.as_ref(),
        ]
        .concat())
    }
}

/// A length for HKDF's `expand`.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_push::BrowserKeys;

    #[test]
    fn what_the_primitives_make_is_a_message() {
        let browser = BrowserKeys::generate().expect("keys");
        let primitives = Primitives::new(browser.keys(), b"Twelve new pots").expect("a point");
        let body = primitives.message().expect("a body");
        assert_eq!(browser.decrypt(&body).expect("it opens"), b"Twelve new pots");
        assert_eq!(body.len(), 86 + RECORD_BYTES + 16, "as long as ours");
        assert!(Primitives::new(browser.keys(), &[b'x'; RECORD_BYTES]).is_err());
    }
}
