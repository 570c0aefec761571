//! The four public push services that the lab plays, and what their endpoints look like.
//!
//! Endpoints carry the services' real host names, so that a sender's allow-list is exercised as in production; a test-only
//! host map leads those names to the lab. Left out: what the services answer (`refusal`). Invariant: an endpoint made here is
//! found again by its exact bytes only.

use serde::{Deserialize, Serialize};

/// A push service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Firefox.
    #[default]
    Mozilla,
    /// Chrome, Opera, Samsung, Brave and unbranded Chromium.
    Fcm,
    /// Safari.
    Apple,
    /// Edge.
    Wns,
}

/// The public host names that the lab answers for.
pub const PUSH_HOSTS: &[&str] = &[
    "updates.push.services.mozilla.com",
    "fcm.googleapis.com",
    "jmt17.google.com",
    "web.push.apple.com",
    "wns2-lab.notify.windows.com",
];

/// Real WNS tokens hold percent-encoded slashes; a sender that re-encodes the endpoint must fail here as it does there.
const WNS_PREFIX: &str = "token=BQYA%2f";

impl Service {
    /// The services in a fixed order.
    pub const ALL: [Self; 4] = [Self::Mozilla, Self::Fcm, Self::Apple, Self::Wns];

    /// An endpoint of this service for `token`.
    pub fn endpoint(self, token: &str) -> String {
        match self {
            Self::Mozilla => format!("https://updates.push.services.mozilla.com/wpush/v2/{token}"),
            Self::Fcm => format!("https://fcm.googleapis.com/fcm/send/{token}"),
            Self::Apple => format!("https://web.push.apple.com/{token}"),
            Self::Wns => format!("https://wns2-lab.notify.windows.com/w/?{WNS_PREFIX}{token}"),
        }
    }

    /// The origins that a VAPID token for this service may name.
    pub(crate) fn origins(self) -> &'static [&'static str] {
        match self {
            Self::Mozilla => &["https://updates.push.services.mozilla.com"],
            Self::Fcm => &["https://fcm.googleapis.com", "https://jmt17.google.com"],
            Self::Apple => &["https://web.push.apple.com"],
            Self::Wns => &["https://wns2-lab.notify.windows.com"],
        }
    }

    /// Which service a request is for, and the token, by path and query. `/virtual/<token>` works for every service.
    pub(crate) fn of_path(path: &str, query: Option<&str>) -> Option<(Self, String)> {
        let one = |text: &str| (!text.is_empty() && !text.contains('/')).then(|| text.to_owned());
        if path == "/w/" || path == "/w" {
            return Some((Self::Wns, query?.strip_prefix(WNS_PREFIX).and_then(one)?));
        }
        for (prefix, service) in [
            ("/wpush/v1/", Self::Mozilla),
            ("/wpush/v2/", Self::Mozilla),
            ("/fcm/send/", Self::Fcm),
            ("/preprod/wp/", Self::Fcm),
            ("/wp/", Self::Fcm),
            ("/virtual/", Self::Mozilla),
            ("/", Self::Apple),
        ] {
            if let Some(token) = path.strip_prefix(prefix).and_then(one) {
                return Some((service, token));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_leads_back_to_its_service_and_token() {
        for service in Service::ALL {
            let uri: http::Uri = service.endpoint("abc-_9").parse().expect("an address");
            assert_eq!(
                Service::of_path(uri.path(), uri.query()),
                Some((service, "abc-_9".to_owned()))
            );
            assert!(PUSH_HOSTS.contains(&uri.host().expect("a host")));
        }
        assert_eq!(
            Service::of_path("/w/", Some("token=BQYA%2Fabc")),
            None,
            "re-encoded"
        );
        assert_eq!(Service::of_path("/", None), None);
        assert_eq!(Service::of_path("/wpush/v2/", None), None);
        assert_eq!(Service::of_path("/a/b/c", None), None);
    }
}
