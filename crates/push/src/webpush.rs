//! The request that carries a push message (RFC 8030) and what its answer means, for every public push service.
//!
//! One place knows the services' peculiarities: Mozilla's error numbers, Apple's reasons, FCM's sentences, WNS's headers and
//! its 406. Left out: sending, and what to do next (`campanile_core::delivery::next`). Invariant: only 404 and 410 are read
//! as [`Verdict::Gone`]; an answer that is not understood never removes a subscription.

use crate::vapid::AuthorizationHeader;
use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_core::cause::Cause;
use campanile_core::delivery::{Answer, Verdict};
use campanile_core::notification::{MAX_TTL_SECONDS, Urgency};
use campanile_core::subscription::Endpoint;
use campanile_core::time::Timestamp;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use serde_json::Value;
use std::time::UNIX_EPOCH;

/// Seconds that a push service keeps the message (RFC 8030 section 5.2).
pub const TTL: HeaderName = HeaderName::from_static("ttl");
/// How soon the message matters (RFC 8030 section 5.3).
pub const URGENCY: HeaderName = HeaderName::from_static("urgency");
/// Which waiting message it replaces (RFC 8030 section 5.4).
pub const TOPIC: HeaderName = HeaderName::from_static("topic");
const WNS_CACHE_POLICY: HeaderName = HeaderName::from_static("x-wns-cache-policy");
/// Characters of a reason that are kept.
const MAX_REASON: usize = 200;

/// The endpoint cannot be made a request of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the endpoint is not a web address that a request can be sent to")]
pub struct BadEndpoint;

/// A name under which a newer message replaces an older one that still waits: 32 characters of base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic(HeaderValue);

impl Topic {
    /// Hashes `parts`, for example account and campaign. Equal parts give equal topics; the parts cannot be read back.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let text = URL_SAFE_NO_PAD.encode(&context.finish().as_ref()[..24]);
        Self(HeaderValue::try_from(text).expect("base64url is a header value"))
    }

    /// The header's value.
    pub fn value(&self) -> &HeaderValue {
        &self.0
    }
}

/// How a message is to be treated on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Seconds that it may wait for the browser; cut at 28 days, FCM's limit.
    pub ttl_seconds: u32,
    /// How soon it matters.
    pub urgency: Urgency,
    /// Which waiting message it replaces.
    pub topic: Option<Topic>,
}

/// Builds the POST for one message. `body` comes from [`crate::ece::encrypt`], `authorization` from the cache.
pub fn request(
    endpoint: &Endpoint,
    body: Vec<u8>,
    authorization: &AuthorizationHeader,
    options: &Options,
) -> Result<Request<Vec<u8>>, BadEndpoint> {
    let uri: Uri = endpoint.as_str().parse().map_err(|_| BadEndpoint)?;
    let host = uri.host().ok_or(BadEndpoint)?;
    let ttl = options.ttl_seconds.min(MAX_TTL_SECONDS);
    let cache_policy = is_wns(host).then_some(if ttl > 0 { "cache" } else { "no-cache" });
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.reserve(7);
    headers.insert(AUTHORIZATION, authorization.value().clone());
    headers.insert(TTL, HeaderValue::from(ttl));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(URGENCY, HeaderValue::from_static(options.urgency.as_str()));
    if let Some(topic) = &options.topic {
        headers.insert(TOPIC, topic.0.clone());
    }
    // WNS answers 400 where the TTL and this header contradict each other, and an absent header means `no-cache`.
    if let Some(policy) = cache_policy {
        headers.insert(WNS_CACHE_POLICY, HeaderValue::from_static(policy));
    }
    Ok(request)
}

/// Reads a push service's answer. `host` is the endpoint's, `body` may be cut short, `now` turns dates into waits.
pub fn answer(host: &str, status: StatusCode, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Answer {
    let said = Said::read(headers, body);
    let after_ms = retry_after(headers, now);
    let verdict = match status.as_u16() {
        200..=299 => match said.wns_status.as_deref() {
            Some("dropped") => Verdict::Refused,
            Some("channelthrottled") => Verdict::Throttled { after_ms },
            _ => Verdict::Accepted,
        },
        404 | 410 => Verdict::Gone,
        413 => Verdict::TooLarge,
        429 => Verdict::Throttled { after_ms },
        406 if is_wns(host) => Verdict::Throttled { after_ms },
        400 | 401 | 403 if said.names_another_key() => Verdict::WrongKey,
        408 | 500..=599 => Verdict::Unreachable { after_ms },
        _ => Verdict::Refused,
    };
    let reason = if verdict == Verdict::Accepted {
        String::new()
    } else {
        said.reason(status, headers)
    };
    Answer {
        verdict,
        status: Some(status.as_u16()),
        reason,
        cause: (verdict == Verdict::WrongKey).then_some(Cause::WrongKey),
    }
}

/// Whether an answer blames the signature, so that a fresh one is worth one more try (a clock that jumped, a service that lost its
/// keys): Mozilla's and WNS's 401, Apple's 403 with the name of a token.
pub fn blames_signature(answer: &Answer) -> bool {
    answer.verdict == Verdict::Refused
        && match answer.status {
            Some(401) => true,
            Some(403) => answer.reason.to_ascii_lowercase().contains("jwt"),
            _ => false,
        }
}

/// `Retry-After` (RFC 9110 section 10.2.3) in milliseconds from `now`; never negative.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds is still "very late".
        return Some(text.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(1000));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let at = date
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() as i64);
    Some(Timestamp(at.saturating_mul(1000)).since(now).max(0))
}

fn is_wns(host: &str) -> bool {
    host.strip_suffix(".notify.windows.com")
        .is_some_and(|head| !head.is_empty())
}

/// What the service said beside its status.
struct Said {
    errno: Option<i64>,
    text: String,
    wns_status: Option<String>,
}

impl Said {
    fn read(headers: &HeaderMap, body: &[u8]) -> Self {
        let header = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let json: Option<Value> = serde_json::from_slice(body).ok();
        let field = |path: &str| {
            let value = json.as_ref()?.pointer(path)?;
            value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let text = header("x-wns-error-description")
            .or_else(|| field("/reason"))
            .or_else(|| field("/message"))
            .or_else(|| field("/error/message"))
            .or_else(|| field("/error"))
            .unwrap_or_else(|| {
                let text = String::from_utf8_lossy(&body[..body.len().min(2048)]).into_owned();
                if json.is_some() || text.trim_start().starts_with('<') {
                    String::new()
                } else {
                    text
                }
            });
        let errno = json
            .as_ref()
            .and_then(|value| value.get("errno"))
            .and_then(Value::as_i64);
        let wns_status = header("x-wns-notificationstatus").map(|status| status.to_ascii_lowercase());
        Self {
            errno,
            text,
            wns_status,
        }
    }

    /// Mozilla: errno 109 with "key mismatch". FCM: a sentence about the credentials, formerly UnauthorizedRegistration.
    /// Apple: VapidPkHashMismatch.
    fn names_another_key(&self) -> bool {
        let text = self.text.to_ascii_lowercase();
        [
            "key mismatch",
            "do not correspond to the credentials",
            "unauthorizedregistration",
            "vapidpkhashmismatch",
        ]
        .iter()
        .any(|mark| text.contains(mark))
    }

    fn reason(&self, status: StatusCode, headers: &HeaderMap) -> String {
        let mut reason = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(wns) = &self.wns_status
            && reason.is_empty()
        {
            reason = format!("notification status {wns}");
        }
        if let (true, Some(place)) = (
            status.is_redirection(),
            headers.get("location").and_then(|v| v.to_str().ok()),
        ) {
            reason = format!("moved to {place}");
        }
        if reason.is_empty() {
            status
                .canonical_reason()
                .unwrap_or("no reason given")
                .clone_into(&mut reason);
        }
        if let Some(errno) = self.errno {
            reason = format!("{reason} (errno {errno})");
        }
        reason
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_REASON)
            .collect()
    }
}
