//! Push subscriptions as browsers hand them over, and which push hosts are believed.
//!
//! An endpoint is client-supplied and the server will POST to it: [`PushHosts`] is the allow-list at intake (SSRF), the
//! transport refuses private addresses again at send. Left out: whether the public key lies on the curve (that needs
//! arithmetic; `campanile-push` checks it once at intake). Invariant: the endpoint is kept byte-exact.

use crate::FieldError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use url::Url;

/// Hosts of the public push services: an entry matches itself, and with a leading `*.` every host below it.
///
/// Chrome, Opera, Samsung and Brave use FCM's, unbranded Chromium `jmt17.google.com`; then Mozilla, Apple and Edge (WNS).
pub const PUBLIC_PUSH_HOSTS: &[&str] = &[
    "fcm.googleapis.com",
    "jmt17.google.com",
    "android.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.services.mozilla.com",
    "web.push.apple.com",
    "*.push.apple.com",
    "*.notify.windows.com",
];

/// For which browsers a VAPID pair makes new subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Browsers {
    /// For all of them.
    #[default]
    All,
    /// Chrome and its kin: Edge, Opera, Samsung Internet.
    Chrome,
    /// Firefox.
    Firefox,
}

impl Browsers {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::All, Self::Chrome, Self::Firefox];

    /// Its name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Chrome => "chrome",
            Self::Firefox => "firefox",
        }
    }

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|browsers| browsers.as_str() == name)
    }

    /// Whether `browser`, by its family's name, is among them.
    pub fn has(self, browser: &str) -> bool {
        match self {
            Self::All => true,
            Self::Chrome => !matches!(browser, "Firefox" | "Safari"),
            Self::Firefox => browser == "Firefox",
        }
    }
}

/// The push hosts that this server believes.
#[derive(Debug, Clone)]
pub struct PushHosts {
    allowed: Vec<String>,
}

impl PushHosts {
    /// The public services and `more` (patterns as in [`PUBLIC_PUSH_HOSTS`]).
    pub fn new(more: &[String]) -> Self {
        let allowed = PUBLIC_PUSH_HOSTS
            .iter()
            .map(|host| (*host).to_owned())
            .chain(more.iter().cloned())
            .collect();
        Self { allowed }
    }

    /// Whether an address is one of theirs: https, the usual port, a host of the list.
    pub fn allows(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        url.scheme() == "https"
            && matches!(url.port_or_known_default(), Some(443))
            && self
                .allowed
                .iter()
                .any(|pattern| match pattern.strip_prefix("*.") {
                    Some(below) => host.strip_suffix(below).is_some_and(|head| head.ends_with('.')),
                    None => host == pattern,
                })
    }
}

/// Where a push service takes messages for one subscription. Byte-exact as the browser gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(String);

impl Endpoint {
    /// Longest endpoint that is kept, in bytes. WNS tokens are the longest in the field, about 600.
    pub const MAX_BYTES: usize = 2048;

    /// Accepts `text` if it is an https URL on a host of `hosts`.
    pub fn parse(text: &str, hosts: &PushHosts) -> Result<Self, FieldError> {
        let refuse = |message: String| Err(FieldError::new("subscription.endpoint", message));
        if text.len() > Self::MAX_BYTES {
            return refuse(format!(
                "The endpoint has {} bytes; at most {} are taken.",
                text.len(),
                Self::MAX_BYTES
            ));
        }
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return refuse("The endpoint has a space or a control character in it.".to_owned());
        }
        let Ok(url) = Url::parse(text) else {
            return refuse("The endpoint is not a web address.".to_owned());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("The endpoint carries a user name; push services do not use one.".to_owned());
        }
        if !hosts.allows(&url) {
            let host = url.host_str().unwrap_or("").to_owned();
            return refuse(format!(
                "“{host}” is not a known push service. If it is one, add it to `push.hosts` in the configuration."
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// An endpoint that was accepted before and comes back from the store.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The endpoint as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `scheme://host[:port]`: the `aud` of a VAPID token (RFC 8292 section 2) and the unit of connections.
    pub fn origin(&self) -> String {
        Url::parse(&self.0).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
    }

    /// Host name, for people.
    pub fn host(&self) -> String {
        Url::parse(&self.0)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

/// The keys of a subscription (RFC 8291 section 2), of the right lengths; the curve check is the push crate's.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// Uncompressed P-256 point, 65 bytes.
    pub p256dh: [u8; 65],
    /// Authentication secret, 16 bytes.
    pub auth: [u8; 16],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys(***)")
    }
}

impl Keys {
    /// Reads both from base64url (padding and the standard alphabet are tolerated).
    pub fn parse(p256dh: &str, auth: &str) -> Result<Self, FieldError> {
        let point = decode(p256dh)
            .and_then(|bytes| <[u8; 65]>::try_from(bytes).ok())
            .filter(|point| point[0] == 4)
            .ok_or_else(|| {
                FieldError::new(
                    "subscription.keys.p256dh",
                    "The key is not a P-256 point of 65 bytes in base64url.",
                )
            })?;
        let secret = decode(auth)
            .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
            .ok_or_else(|| {
                FieldError::new(
                    "subscription.keys.auth",
                    "The authentication secret is not 16 bytes in base64url.",
                )
            })?;
        Ok(Self {
            p256dh: point,
            auth: secret,
        })
    }
}

/// Decodes base64url; takes the standard alphabet and padding too.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let url_safe: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| {
            if c == '+' {
                '-'
            } else if c == '/' {
                '_'
            } else {
                c
            }
        })
        .collect();
    URL_SAFE_NO_PAD.decode(url_safe).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_push_services_are_believed() {
        let hosts = PushHosts::new(&["push.example.com".to_owned(), "*.push.example.org".to_owned()]);
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc",
            "https://updates.push.services.mozilla.com/wpush/v2/abc",
            "https://web.push.apple.com/Qabc",
            "https://wns2-par02p.notify.windows.com/w/?token=BQYA%2fx",
            "https://push.example.com/x",
            "https://eu.push.example.org/x",
        ] {
            assert_eq!(Endpoint::parse(good, &hosts).expect(good).as_str(), good);
        }
        for bad in [
            "http://fcm.googleapis.com/fcm/send/abc",
            "https://fcm.googleapis.com:8443/fcm/send/abc",
            "https://fcm.googleapis.com.example.com/x",
            "https://evilpush.apple.com.example.com/x",
            "https://notpush.apple.com/x",
            "https://127.0.0.1/x",
            "http://push.example.com/x",
            "https://push.example.org/x",
            "https://user:secret@fcm.googleapis.com/x",
            "file:///etc/passwd",
            "nonsense",
        ] {
            assert!(Endpoint::parse(bad, &hosts).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_have_their_lengths() {
        let p256dh =
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let auth = "BTBZMqHH6r4Tts7J_aSIgg";
        assert!(Keys::parse(p256dh, auth).is_ok());
        assert!(Keys::parse(p256dh, "BTBZMqHH6r4Tts7J_aSIgg==").is_ok());
        assert_eq!(
            Keys::parse(p256dh, "short").expect_err("short").field,
            "subscription.keys.auth"
        );
        assert_eq!(
            Keys::parse(auth, auth).expect_err("short").field,
            "subscription.keys.p256dh"
        );
    }
}
