//! Who the sender is: VAPID, RFC 8292.
//!
//! [`VapidKey`] signs, [`SignatureCache`] keeps one prebuilt `Authorization` value per key and push-service origin (signing
//! each message anew costs 31 % more), [`verify`] is a push service's side for the lab. Left out: which subscription belongs
//! to which key (the store). Invariant: a token lives [`LIFETIME_SECONDS`], well under the 24 hours that services allow,
//! so a clock that is hours off does no harm.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsBigEndian as _, EcPrivateKeyBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_core::subscription::decode;
use campanile_core::time::Timestamp;
use http::HeaderValue;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// How long a token is valid, in seconds: 12 hours.
pub const LIFETIME_SECONDS: i64 = 12 * 60 * 60;
/// The furthest that `exp` may lie ahead, in seconds (RFC 8292 section 2).
pub const MAX_LIFETIME_SECONDS: i64 = 24 * 60 * 60;
/// Entries at which the cache drops what has expired. The public services have about ten origins, WNS some dozens.
const CACHE_SWEEP: usize = 512;

/// What can go wrong with keys, subjects and tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a private key in the form that was asked for.
    #[error(
        "not a P-256 private key; give the 43 characters that `web-push generate-vapid-keys` prints, or PKCS#8"
    )]
    BadKey,
    /// The subject names nobody that a push service could write to.
    #[error("{0}")]
    BadSubject(String),
    /// The cryptographic library refused; in practice the system has no randomness.
    #[error("the cryptographic library refused to work")]
    Library,
}

impl From<aws_lc_rs::error::Unspecified> for Error {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Library
    }
}

/// A key pair that signs for an application server (ES256). Must not be used for encryption (RFC 8292 section 3.2).
pub struct VapidKey {
    pair: EcdsaKeyPair,
    public: [u8; 65],
    public_text: String,
}

impl std::fmt::Debug for VapidKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "VapidKey({})", self.public_text)
    }
}

impl VapidKey {
    /// Draws a key from the system's random source.
    pub fn generate() -> Result<Self, Error> {
        Self::of(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?)
    }

    /// Reads PKCS#8 (DER).
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Error> {
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|_| Error::BadKey)?;
        Self::of(pair)
    }

    /// Reads the 32 bytes of a private key in base64url, the form that most web push tools print.
    pub fn from_base64url(text: &str) -> Result<Self, Error> {
        let scalar = decode(text.trim())
            .filter(|bytes| bytes.len() == 32)
            .ok_or(Error::BadKey)?;
        Self::from_private(&PrivateKey::from_private_key(&ECDH_P256, &scalar).map_err(|_| Error::BadKey)?)
    }

    /// Reads DER as it stands in a PEM file: PKCS#8, or SEC 1 (RFC 5915) as OpenSSL's `ecparam` writes it.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Self::from_private(&PrivateKey::from_private_key_der(&ECDH_P256, der).map_err(|_| Error::BadKey)?)
    }

    fn from_private(private: &PrivateKey) -> Result<Self, Error> {
        let scalar: EcPrivateKeyBin<'_> = private.as_be_bytes()?;
        let public = private.compute_public_key().map_err(|_| Error::BadKey)?;
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar.as_ref(), public.as_ref());
        Self::of(pair.map_err(|_| Error::BadKey)?)
    }

    fn of(pair: EcdsaKeyPair) -> Result<Self, Error> {
        let public: [u8; 65] = pair.public_key().as_ref().try_into().map_err(|_| Error::BadKey)?;
        Ok(Self {
            pair,
            public,
            public_text: URL_SAFE_NO_PAD.encode(public),
        })
    }

    /// The private key as PKCS#8 (DER). Secret.
    pub fn to_pkcs8(&self) -> Result<Vec<u8>, Error> {
        Ok(self.pair.to_pkcs8v1()?.as_ref().to_vec())
    }

    /// The private key as 43 characters of base64url. Secret.
    pub fn to_base64url(&self) -> Result<String, Error> {
        let scalar = self.pair.private_key().as_be_bytes()?;
        Ok(URL_SAFE_NO_PAD.encode(scalar.as_ref()))
    }

    /// The public key: 65 bytes in base64url, what a page passes as `applicationServerKey`.
    pub fn public_key(&self) -> &str {
        &self.public_text
    }

    /// The public key as an uncompressed point.
    pub fn public_bytes(&self) -> &[u8; 65] {
        &self.public
    }

    /// Signs a token for `audience` (`scheme://host[:port]`) that expires at `expires_at`. The signature's nonce is drawn
    /// inside the library.
    pub fn sign(&self, audience: &str, subject: &Subject, expires_at: Timestamp) -> Result<String, Error> {
        let claims = serde_json::json!({"aud": audience, "exp": expires_at.seconds(), "sub": subject.0});
        let mut token = URL_SAFE_NO_PAD.encode(br#"{"typ":"JWT","alg":"ES256"}"#);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut token);
        let signature = self.pair.sign(&SystemRandom::new(), token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut token);
        Ok(token)
    }

    /// The `Authorization` value around a fresh token.
    pub fn authorize(
        &self,
        audience: &str,
        subject: &Subject,
        expires_at: Timestamp,
    ) -> Result<AuthorizationHeader, Error> {
        let token = self.sign(audience, subject, expires_at)?;
        let text = format!("vapid t={token}, k={}", self.public_text);
        let mut value =
            HeaderValue::try_from(text).expect("base64url, dots and ASCII words are a header value");
        value.set_sensitive(true);
        Ok(AuthorizationHeader(value))
    }
}

/// Whom a push service may write to: `mailto:` or `https:` (RFC 8292 section 2.1).
///
/// Apple answers 403 BadJwtToken to addresses that cannot exist, so they are refused here, where the reason can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// Accepts `mailto:someone@a.real.domain` or `https://a.real.domain/…`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let refuse = |why: &str| {
            Err(Error::BadSubject(format!(
                "the contact address `{text}` is not usable: {why}"
            )))
        };
        if text.len() > 256
            || text
                .bytes()
                .any(|byte| byte.is_ascii_control() || byte == b' ' || byte == b'"')
        {
            return refuse("it is longer than 256 characters or holds blanks or quotes");
        }
        let host = if let Some(address) = text.strip_prefix("mailto:") {
            let address = address.split('?').next().unwrap_or_default();
            match address.rsplit_once('@') {
                Some((name, host)) if !name.is_empty() => host,
                _ => return refuse("write it as mailto:name@domain"),
            }
        } else if let Some(rest) = text.strip_prefix("https://") {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            authority.split(':').next().unwrap_or_default()
        } else if text.contains('@') {
            return refuse("write mailto: before the mail address");
        } else {
            return refuse("it must start with mailto: or https://");
        };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let last = host.rsplit('.').next().unwrap_or_default();
        if host.is_empty() || host.starts_with('.') || host.contains("..") {
            return refuse("it has no domain");
        }
        if ["localhost", "local", "invalid", "test", "internal"].contains(&last) {
            return refuse(
                "push services (Apple first) refuse domains that cannot receive mail; use a real one",
            );
        }
        if !host.contains('.') || last.bytes().all(|byte| byte.is_ascii_digit()) {
            return refuse("push services want a domain name such as example.com");
        }
        Ok(Self(text.to_owned()))
    }

    /// The subject as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A complete `Authorization` value; marked sensitive, so that it is not logged nor put in HPACK tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationHeader(HeaderValue);

impl AuthorizationHeader {
    /// The value for the header map; cloning shares the bytes.
    pub fn value(&self) -> &HeaderValue {
        &self.0
    }
}

/// One signed header per (key, origin), renewed at half of its life. Shared between threads.
#[derive(Debug)]
pub struct SignatureCache {
    subject: Subject,
    // Two levels, so that a look-up needs no allocated key.
    entries: RwLock<HashMap<[u8; 65], HashMap<String, Entry>>>,
}

#[derive(Debug)]
struct Entry {
    header: AuthorizationHeader,
    signed_at: Timestamp,
    /// Made in place of one that a push service refused.
    renewed: bool,
}

impl SignatureCache {
    /// An empty cache whose tokens name `subject`.
    pub fn new(subject: Subject) -> Self {
        Self {
            subject,
            entries: RwLock::default(),
        }
    }

    /// The header for messages to `origin` (`Endpoint::origin`), signed with `key`. `now` also serves to notice a clock that
    /// was set back: a token from the future is made anew.
    pub fn header(&self, key: &VapidKey, origin: &str, now: Timestamp) -> Result<AuthorizationHeader, Error> {
        let fresh = |entry: &&Entry| (0..LIFETIME_SECONDS * 1000 / 2).contains(&now.since(entry.signed_at));
        {
            let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = entries
                .get(&key.public)
                .and_then(|origins| origins.get(origin))
                .filter(fresh)
            {
                return Ok(entry.header.clone());
            }
        }
        self.sign(key, origin, now, false)
    }

    /// Another header in place of `refused`, which a push service did not take. None: that one had been made in place of another, so
    /// the fault lies elsewhere; thus a service that takes no signature at all is not sent two requests a message.
    pub fn renew(
        &self,
        key: &VapidKey,
        origin: &str,
        refused: &AuthorizationHeader,
        now: Timestamp,
    ) -> Result<Option<AuthorizationHeader>, Error> {
        {
            let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
            let entry = entries.get(&key.public).and_then(|origins| origins.get(origin));
            match entry {
                Some(entry) if entry.header != *refused => return Ok(Some(entry.header.clone())),
                Some(Entry { renewed: true, .. }) => return Ok(None),
                _ => {}
            }
        }
        self.sign(key, origin, now, true).map(Some)
    }

    fn sign(
        &self,
        key: &VapidKey,
        origin: &str,
        now: Timestamp,
        renewed: bool,
    ) -> Result<AuthorizationHeader, Error> {
        // Two threads may sign at the same moment; both tokens are good, and nobody waits for a signature under the lock.
        let header = key.authorize(origin, &self.subject, now.plus_ms(LIFETIME_SECONDS * 1000))?;
        let fresh = |entry: &Entry| (0..LIFETIME_SECONDS * 1000 / 2).contains(&now.since(entry.signed_at));
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let origins = entries.entry(key.public).or_default();
        if origins.len() >= CACHE_SWEEP {
            origins.retain(|_, entry| fresh(entry));
        }
        origins.insert(
            origin.to_owned(),
            Entry {
                header: header.clone(),
                signed_at: now,
                renewed,
            },
        );
        Ok(header)
    }
}

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Origin that it was made for.
    pub audience: String,
    /// End of its life.
    pub expires_at: Timestamp,
    /// Contact, if given.
    pub subject: Option<String>,
}

/// Why a push service would refuse a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not `vapid t=…, k=…`, or not a token in three parts.
    #[error("the authorization header is malformed: {0}")]
    Malformed(&'static str),
    /// The signature does not belong to the key and the text.
    #[error("the signature does not match")]
    BadSignature,
    /// Made for another push service.
    #[error("the audience is `{found}`, not `{wanted}`")]
    WrongAudience {
        /// Audience in the token.
        found: String,
        /// Origin of the endpoint.
        wanted: String,
    },
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `exp` is more than 24 hours ahead.
    #[error("the token lives longer than 24 hours")]
    TooLongLived,
    /// `sub` is no contact that a service would accept.
    #[error("{0}")]
    BadSubject(String),
}

/// Splits an `Authorization` value into token and public key.
pub fn parse_authorization(value: &str) -> Result<(&str, [u8; 65]), Refusal> {
    let rest = value.trim_start();
    let scheme_end = rest.find(' ').ok_or(Refusal::Malformed("it has no parameters"))?;
    if !rest[..scheme_end].eq_ignore_ascii_case("vapid") {
        return Err(Refusal::Malformed("the scheme is not vapid"));
    }
    let (mut token, mut key) = (None, None);
    for part in rest[scheme_end..].split(',') {
        match part.trim().split_once('=') {
            Some(("t", text)) => token = Some(text.trim_matches('"')),
            Some(("k", text)) => key = Some(text.trim_matches('"')),
            _ => {}
        }
    }
    let token = token.ok_or(Refusal::Malformed("it has no token t="))?;
    let key = key.ok_or(Refusal::Malformed("it has no public key k="))?;
    // Strict alphabet: services do not take padding or the standard alphabet here.
    let key = URL_SAFE_NO_PAD
        .decode(key)
        .map_err(|_| Refusal::Malformed("k is not base64url"))?;
    let key = key
        .try_into()
        .map_err(|_| Refusal::Malformed("k has not 65 bytes"))?;
    Ok((token, key))
}

/// Checks a token as push services do: form, signature by `key`, audience, life. A subject is checked if there is one.
pub fn verify(token: &str, key: &[u8; 65], audience: &str, now: Timestamp) -> Result<Claims, Refusal> {
    let (signed, signature) = token
        .rsplit_once('.')
        .ok_or(Refusal::Malformed("the token has no signature"))?;
    let (head, body) = signed
        .split_once('.')
        .ok_or(Refusal::Malformed("the token has not three parts"))?;
    let json =
        |text: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok() };
    let head = json(head).ok_or(Refusal::Malformed("the token's head is not JSON"))?;
    if head["alg"] != "ES256" {
        return Err(Refusal::Malformed("the algorithm is not ES256"));
    }
    let raw = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| Refusal::Malformed("the signature is not base64url"))?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
        .verify(signed.as_bytes(), &raw)
        .map_err(|_| Refusal::BadSignature)?;
    let body = json(body).ok_or(Refusal::Malformed("the token's claims are not JSON"))?;
    let found = body["aud"]
        .as_str()
        .ok_or(Refusal::Malformed("aud is missing"))?
        .to_owned();
    // Mozilla refuses an `exp` that is a string, so a number is demanded.
    let expires = body["exp"]
        .as_i64()
        .ok_or(Refusal::Malformed("exp is not a number"))?;
    if found != audience {
        return Err(Refusal::WrongAudience {
            found,
            wanted: audience.to_owned(),
        });
    }
    if expires <= now.seconds() {
        return Err(Refusal::Expired);
    }
    if expires - now.seconds() > MAX_LIFETIME_SECONDS {
        return Err(Refusal::TooLongLived);
    }
    let subject = match &body["sub"] {
        Value::Null => None,
        Value::String(text) => match Subject::parse(text) {
            Ok(subject) => Some(subject.0),
            Err(error) => return Err(Refusal::BadSubject(error.to_string())),
        },
        _ => return Err(Refusal::Malformed("sub is not a text")),
    };
    Ok(Claims {
        audience: found,
        expires_at: Timestamp(expires.saturating_mul(1000)),
        subject,
    })
}
