//! Why the lab refuses a message, in the words of the service it plays.
//!
//! Senders read these answers (`campanile_push::webpush::answer`), so status, error number, reason and header are those that the
//! real services were seen to send. Left out: when to refuse (`intake`). Invariant: every refusal has one status per service.

use crate::service::Service;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

/// Why a message is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No such token was ever given out.
    UnknownToken,
    /// The browser has unsubscribed.
    Unsubscribed,
    /// No TTL header, or not a number (RFC 8030 section 5.2).
    BadTtl,
    /// Topic too long or not base64url.
    BadTopic,
    /// Urgency not one of the four words.
    BadUrgency,
    /// Encryption headers or body are not as RFC 8291 says.
    BadEncryption(String),
    /// WNS: the TTL and the cache policy contradict each other.
    CachePolicy,
    /// The body is longer than so many bytes.
    TooLarge(usize),
    /// No VAPID header, or one that does not hold.
    BadVapid(String),
    /// VAPID by another key than the subscription's.
    OtherKey,
    /// A scripted fault.
    Scripted {
        /// Status to answer.
        code: u16,
        /// Seconds for `Retry-After`.
        retry_after: Option<u32>,
    },
}

impl Refusal {
    /// Status of the answer.
    pub(crate) fn status(&self, service: Service) -> u16 {
        match self {
            Self::UnknownToken => 404,
            Self::Unsubscribed => 410,
            Self::BadTtl | Self::BadTopic | Self::BadUrgency | Self::BadEncryption(_) | Self::CachePolicy => {
                400
            }
            Self::TooLarge(_) => 413,
            Self::BadVapid(_) | Self::OtherKey if service == Service::Mozilla || service == Service::Wns => {
                401
            }
            Self::BadVapid(_) | Self::OtherKey => 403,
            Self::Scripted { code, .. } => *code,
        }
    }

    /// What happened, for people.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::UnknownToken => "Invalid subscription token".to_owned(),
            Self::Unsubscribed => "The browser has unsubscribed".to_owned(),
            Self::BadTtl => "Missing or invalid TTL header".to_owned(),
            Self::BadTopic => "The topic is longer than 32 characters or not base64url".to_owned(),
            Self::BadUrgency => "The urgency is not very-low, low, normal or high".to_owned(),
            Self::BadEncryption(why) => format!("Invalid encryption: {why}"),
            Self::CachePolicy => "Ttl value conflicts with X-WNS-Cache-Policy.".to_owned(),
            Self::TooLarge(limit) => format!("The body is longer than {limit} bytes"),
            Self::BadVapid(why) => format!("Invalid VAPID header: {why}"),
            Self::OtherKey => "VAPID public key mismatch".to_owned(),
            Self::Scripted { code, .. } => format!("Scripted fault {code}"),
        }
    }

    /// Mozilla's error number (autopush documentation, "Error Codes").
    fn errno(&self) -> u16 {
        match self {
            Self::UnknownToken | Self::Scripted { code: 404, .. } => 102,
            Self::Unsubscribed | Self::Scripted { code: 410, .. } => 106,
            Self::BadTtl => 111,
            Self::BadTopic => 113,
            Self::BadEncryption(_) => 110,
            Self::TooLarge(_) | Self::Scripted { code: 413, .. } => 104,
            Self::BadVapid(_) | Self::OtherKey | Self::Scripted { code: 401, .. } => 109,
            Self::Scripted { code: 500..=599, .. } => 201,
            Self::BadUrgency | Self::CachePolicy | Self::Scripted { .. } => 999,
        }
    }

    fn apple_reason(&self) -> &'static str {
        match self {
            Self::UnknownToken | Self::Scripted { code: 404, .. } => "BadPath",
            Self::Unsubscribed | Self::Scripted { code: 410, .. } => "Unregistered",
            Self::TooLarge(_) | Self::Scripted { code: 413, .. } => "PayloadTooLarge",
            Self::BadVapid(_) | Self::Scripted { code: 401 | 403, .. } => "BadJwtToken",
            Self::OtherKey => "VapidPkHashMismatch",
            Self::BadTopic => "BadWebPushTopic",
            Self::Scripted { code: 429, .. } => "TooManyRequests",
            Self::Scripted { code: 500..=599, .. } => "InternalServerError",
            Self::BadTtl => "BadTtl",
            _ => "BadRequest",
        }
    }

    /// The whole answer.
    pub(crate) fn answer(&self, service: Service) -> Response<String> {
        let status = StatusCode::from_u16(self.status(service)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let error = status.canonical_reason().unwrap_or("Error");
        let (kind, body) = match service {
            Service::Mozilla => {
                let body = json!({"code": status.as_u16(), "errno": self.errno(), "error": error, "message": self.text()});
                ("application/json", body.to_string())
            }
            Service::Apple => ("application/json", json!({"reason": self.apple_reason()}).to_string()),
            Service::Fcm if *self == Self::OtherKey => (
                "text/plain",
                "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.\n"
                    .to_owned(),
            ),
            Service::Fcm => ("text/plain", format!("{}\n", self.text())),
            Service::Wns => ("text/plain", String::new()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Self::Scripted {
            retry_after: Some(seconds),
            ..
        } = self
        {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
        }
        if service == Service::Wns
            && let Ok(why) = HeaderValue::try_from(self.text())
        {
            headers.insert("x-wns-error-description", why);
        }
        response
    }
}
