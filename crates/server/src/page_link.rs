//! Links into the owner's pages: signed, short-lived, for one purpose.
//!
//! An owner opens the live site with such a token in its address; the SDK hands it to the server, which then explains its decisions, or
//! shows one message uncounted. This works where framing is forbidden, and nobody without the account's key can make one. Left out: who may
//! ask for a link (http). Invariant: a token is of this account, not expired, and says what it opens.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_core::id::CampaignId;
use campanile_core::time::Timestamp;

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The overlay that says why messages are shown or not; it may show any message once, uncounted.
    Why,
    /// One message, uncounted: of that campaign and that variant, 0 is A.
    Test(CampaignId, usize),
}

/// A link that was found good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLink {
    /// What it opens.
    pub purpose: Purpose,
    /// Until when.
    pub until: Timestamp,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It was good until then.
    Ended,
    /// This account made no such token: it was changed, cut off, or belongs to another account.
    Unknown,
}

/// How long a link lives, ms.
pub const LIVES_MS: i64 = 2 * 3600 * 1000;

/// The token of a link.
pub fn sign(key: &[u8], purpose: Purpose, until: Timestamp) -> String {
    let text = match purpose {
        Purpose::Why => format!("why.0.0.{}", until.ms()),
        Purpose::Test(campaign, variant) => format!("test.{campaign}.{variant}.{}", until.ms()),
    };
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
}

/// The link of a token, if it is this account's and not expired.
pub fn verify(key: &[u8], token: &str, now: Timestamp) -> Result<PageLink, Fault> {
    let link = read(key, token).ok_or(Fault::Unknown)?;
    if link.until > now {
        Ok(link)
    } else {
        Err(Fault::Ended)
    }
}

/// What the account's key has signed, of whatever age.
fn read(key: &[u8], token: &str) -> Option<PageLink> {
    if key.is_empty() || token.len() > 200 {
        return None;
    }
    let (text, tag) = token.rsplit_once('.')?;
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes(), &tag).ok()?;
    let mut parts = text.split('.');
    let (kind, campaign, variant, until) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let until = Timestamp(until.parse().ok()?);
    let purpose = match kind {
        "why" => Purpose::Why,
        "test" => Purpose::Test(CampaignId(campaign.parse().ok()?), variant.parse().ok()?),
        _ => return None,
    };
    Some(PageLink { purpose, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_makes_a_link_and_it_expires() {
        let until = Timestamp(2_000);
        let token = sign(b"key", Purpose::Test(CampaignId(7), 1), until);
        let link = verify(b"key", &token, Timestamp(1_999)).expect("good");
        assert_eq!(
            (link.purpose, link.until),
            (Purpose::Test(CampaignId(7), 1), until)
        );
        assert_eq!(verify(b"key", &token, until), Err(Fault::Ended));
        let now = Timestamp(0);
        assert_eq!(verify(b"other", &token, now), Err(Fault::Unknown));
        let another = token.replace("test.7", "test.8");
        assert_eq!(verify(b"key", &another, now), Err(Fault::Unknown));
        let unsigned = sign(b"", Purpose::Why, until);
        assert_eq!(verify(b"", &unsigned, now), Err(Fault::Unknown));
        assert_eq!(verify(b"key", "nonsense", now), Err(Fault::Unknown));
    }
}
