//! Identifiers as types, so that one cannot stand where another belongs.
//!
//! Left out: making them from a clock or a random source. Both come in as arguments. Invariant: a parsed id prints back
//! as the same text.

use crate::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use uuid::Uuid;

/// Sixteen bytes that sort by the time at which they were made (UUIDv7, RFC 9562 section 5.7). Text form: 32 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Uuid);

impl Id {
    /// Makes an id of moment `now` and ten random bytes.
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(now.ms().max(0) as u64, &random).into_uuid())
    }

    /// Reads 32 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        plain.then(|| Uuid::try_parse(text).ok()).flatten().map(Self)
    }

    /// From the store.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Uuid::from_slice(bytes).ok().map(Self)
    }

    /// For the store.
    pub fn bytes(self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }

    /// The moment inside a time-ordered id. A hostile browser can put any value here; callers bound it.
    pub fn moment(self) -> Timestamp {
        let bytes = self.0.as_bytes();
        let ms = bytes[..6]
            .iter()
            .fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
        Timestamp(ms)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.simple())
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("an id is 32 lower-case hex digits"))
    }
}

/// A profile's number inside its account: dense from 1, so that audiences can be compressed bitmaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ordinal(pub u32);

/// An account's id, as it stands in the snippet: 4 to 32 of `A-Z a-z 0-9 -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// Accepts an id of the right form.
    pub fn parse(text: &str) -> Option<Self> {
        let good = (4..=32).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        good.then(|| Self(text.to_owned()))
    }

    /// Makes a fresh id of the form `ABC-DEF-GHIJ` from ten random bytes; letters that are misread (I, O, 0, 1) are left out.
    pub fn new(random: [u8; 10]) -> Self {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let mut text = String::with_capacity(12);
        for (position, byte) in random.iter().enumerate() {
            if position == 3 || position == 6 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(byte % 32)]));
        }
        Self(text)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A campaign's number inside its account. Numeric because the documented `msgId` is `campaignId_yyyymmdd`; it starts as the
/// seconds since 1970 at which it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CampaignId(pub i64);

impl fmt::Display for CampaignId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_carries_its_moment_and_prints_back() {
        let id = Id::new(Timestamp(1_763_890_000_123), [7; 10]);
        assert_eq!(id.moment(), Timestamp(1_763_890_000_123));
        assert_eq!(Id::parse(&id.to_string()), Some(id));
        assert_eq!(Id::from_bytes(&id.bytes()), Some(id));
        assert_eq!(Id::parse("0199C0DE7A5570008000000000000001"), None, "upper case");
        assert_eq!(Id::parse("0199c0de-7a55-7000-8000-000000000001"), None, "dashes");
    }

    #[test]
    fn account_ids() {
        assert_eq!(AccountId::new([0; 10]).as_str(), "AAA-AAA-AAAA");
        assert!(AccountId::parse("TEST-0001").is_some());
        assert!(AccountId::parse("a'b\"c<").is_none());
    }
}
