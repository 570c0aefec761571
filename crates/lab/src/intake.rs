//! The application server's side of the push service: one POST checked as the real services check it (RFC 8030, 8291, 8292).
//!
//! Left out: HTTP plumbing (`http`) and the browsers' protocols. Invariant: a message is answered 201 only if a browser of that
//! service would have taken it, and the answer comes before the browser has it.

use crate::fault::Fault;
use crate::journal::{Column, Message};
use crate::queue::{Address, Coding, Letter, Outcome, Parcel};
use crate::refusal::Refusal;
use crate::registry::{Registry, Route, Subscription};
use crate::service::Service;
use axum::body::Bytes;
use campanile_core::time::Timestamp;
use campanile_push::ece::MAX_BODY_BYTES;
use campanile_push::vapid::{self, Claims};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Longest TTL that is granted, in seconds: Mozilla's 30 days.
const MAX_TTL_SECONDS: u32 = 2_592_000;
/// Verified tokens that are remembered. A sender reuses one per origin (RFC 8292 section 5).
const MAX_VERIFIED: usize = 4096;
/// Header of an `aes128gcm` body that carries a key: salt, record size, length, point (RFC 8291 section 4).
const ECE_HEADER_BYTES: usize = 86;

/// Tokens whose signatures were verified, by the whole header, so that a bench measures the sender and not the lab.
#[derive(Debug, Default)]
pub(crate) struct VapidCache(RwLock<HashMap<String, (Claims, [u8; 65])>>);

/// One POST.
pub(crate) struct Post<'a> {
    /// By the path; the subscription's own service counts where the token is known.
    pub(crate) service: Service,
    pub(crate) token: &'a str,
    /// Host name of the request.
    pub(crate) host: &'a str,
    /// `scheme://authority` as the sender addressed it.
    pub(crate) origin: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
}

/// What is done with a POST.
pub(crate) enum Reply {
    /// An answer.
    Answer(Response<String>),
    /// The connection is closed.
    Cut,
}

/// Handles one POST, scripted faults first.
pub(crate) async fn take_in(registry: &Registry, post: Post<'_>) -> Reply {
    let subscription = registry.subscription(post.token);
    let service = subscription
        .as_ref()
        .map_or(post.service, |subscription| subscription.service);
    match registry.script.next(post.token, post.host) {
        Some(Fault::Cut) => {
            registry.journal.write(Column::Faulted, |number| {
                entry(number, registry, service, &post, 0, "cut")
            });
            return Reply::Cut;
        }
        Some(Fault::Status { code, retry_after }) => {
            let refusal = Refusal::Scripted { code, retry_after };
            let text = refusal.text();
            registry.journal.write(Column::Faulted, |number| {
                entry(number, registry, service, &post, code, &text)
            });
            return Reply::Answer(refusal.answer(service));
        }
        Some(Fault::Answer { code, headers }) => {
            let refusal = Refusal::Scripted {
                code,
                retry_after: None,
            };
            let text = refusal.text();
            registry.journal.write(Column::Faulted, |number| {
                entry(number, registry, service, &post, code, &text)
            });
            let mut answer = refusal.answer(service);
            for (name, value) in headers {
                if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                    answer.headers_mut().insert(name, value);
                }
            }
            return Reply::Answer(answer);
        }
        Some(Fault::Limit { bytes }) if post.body.len() > bytes => {
            let refusal = Refusal::TooLarge(bytes);
            let (status, text) = (refusal.status(service), refusal.text());
            registry.journal.write(Column::Faulted, |number| {
                entry(number, registry, service, &post, status, &text)
            });
            return Reply::Answer(refusal.answer(service));
        }
        Some(Fault::Slow { ms }) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Some(Fault::Limit { .. } | Fault::Refused | Fault::GoAway) | None => {}
    }
    match check(registry, subscription.as_ref(), service, &post) {
        Ok(letter) => {
            let subscription = subscription.expect("a checked message has a subscription");
            Reply::Answer(accept(registry, &subscription, &post, letter))
        }
        Err(refusal) => {
            let (status, text) = (refusal.status(service), refusal.text());
            registry.journal.write(Column::Refused, |number| {
                entry(number, registry, service, &post, status, &text)
            });
            Reply::Answer(refusal.answer(service))
        }
    }
}

fn accept(
    registry: &Registry,
    subscription: &Arc<Subscription>,
    post: &Post<'_>,
    letter: Letter,
) -> Response<String> {
    let now = registry.now();
    let id = registry.parcel_id();
    let location = format!("{}/m/{id}", post.origin);
    let ttl = letter.ttl_seconds;
    let token = subscription.token.clone();
    let (outcome, text) = match &subscription.route {
        Route::Device { device, address } => (
            device.push(Parcel::new(id, token, address.clone(), letter, now), now),
            None,
        ),
        Route::Virtual(mailbox) => mailbox.push(
            Parcel::new(id, token, Arc::new(Address::Virtual), letter, now),
            now,
        ),
    };
    let word = match outcome {
        Outcome::Forwarded => "forwarded",
        Outcome::Stored => "stored",
        Outcome::Dropped => "dropped",
    };
    registry.journal.write(Column::Accepted, |number| {
        let mut message = entry(number, registry, subscription.service, post, 201, word);
        message.ttl_seconds = Some(ttl);
        message.text = text;
        message
    });
    let mut answer = Response::builder()
        .status(201)
        .header("location", location)
        .header("ttl", ttl);
    if subscription.service == Service::Wns {
        let status = if outcome == Outcome::Dropped {
            "dropped"
        } else {
            "received"
        };
        answer = answer
            .header("x-wns-notificationstatus", status)
            .header("x-wns-status", status);
    }
    answer
        .body(String::new())
        .expect("the id is base 16 and the origin came from a valid header")
}

fn check(
    registry: &Registry,
    subscription: Option<&Arc<Subscription>>,
    service: Service,
    post: &Post<'_>,
) -> Result<Letter, Refusal> {
    let subscription = subscription.ok_or(Refusal::UnknownToken)?;
    if subscription.ended() {
        return Err(Refusal::Unsubscribed);
    }
    let text = |name: &str| {
        post.headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("\u{fffd}"))
    };
    let ttl = text("ttl")
        .and_then(|ttl| ttl.parse::<u32>().ok())
        .ok_or(Refusal::BadTtl)?;
    let topic = text("topic").map(str::to_owned);
    if topic.as_deref().is_some_and(|topic| !good_topic(topic)) {
        return Err(Refusal::BadTopic);
    }
    let urgency = text("urgency").unwrap_or("normal");
    if !["very-low", "low", "normal", "high"].contains(&urgency) {
        return Err(Refusal::BadUrgency);
    }
    if service == Service::Wns {
        // An absent policy means no-cache, which contradicts a TTL above zero and agrees with zero.
        let caches = text("x-wns-cache-policy").is_some_and(|policy| policy.eq_ignore_ascii_case("cache"));
        if caches != (ttl > 0) {
            return Err(Refusal::CachePolicy);
        }
    }
    if post.body.len() > MAX_BODY_BYTES {
        return Err(Refusal::TooLarge(MAX_BODY_BYTES));
    }
    let key = authorize(registry, subscription, service, post)?;
    let coding = coding(service, post, key.as_ref())?;
    let ttl_seconds = ttl.min(MAX_TTL_SECONDS);
    Ok(Letter {
        body: post.body.clone(),
        coding,
        ttl_seconds,
        urgency: urgency.to_owned(),
        topic,
    })
}

fn good_topic(topic: &str) -> bool {
    (1..=32).contains(&topic.len())
        && topic
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Checks VAPID; gives back the key that signed. Only Mozilla takes messages without, for subscriptions made without a key.
fn authorize(
    registry: &Registry,
    subscription: &Subscription,
    service: Service,
    post: &Post<'_>,
) -> Result<Option<[u8; 65]>, Refusal> {
    let Some(header) = post.headers.get(http::header::AUTHORIZATION) else {
        if subscription.vapid.is_none() && service == Service::Mozilla {
            return Ok(None);
        }
        return Err(Refusal::BadVapid("there is none".to_owned()));
    };
    let header = header
        .to_str()
        .map_err(|_| Refusal::BadVapid("it is not ASCII".to_owned()))?;
    let (claims, key) = registry
        .vapid
        .verify(header, service, post.origin, registry.now())?;
    if claims.subject.is_none() && service == Service::Apple {
        return Err(Refusal::BadVapid("sub is missing".to_owned()));
    }
    if subscription.vapid.is_some_and(|wanted| wanted != key) {
        return Err(Refusal::OtherKey);
    }
    Ok(Some(key))
}

impl VapidCache {
    fn verify(
        &self,
        header: &str,
        service: Service,
        origin: &str,
        now: Timestamp,
    ) -> Result<(Claims, [u8; 65]), Refusal> {
        let good_audience = |audience: &str| audience == origin || service.origins().contains(&audience);
        let known = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(header)
            .cloned();
        if let Some((claims, key)) = known
            && good_audience(&claims.audience)
            && claims.expires_at > now
        {
            return Ok((claims, key));
        }
        let refuse = |refusal: vapid::Refusal| Refusal::BadVapid(refusal.to_string());
        let (token, key) = vapid::parse_authorization(header).map_err(refuse)?;
        let mut checked = vapid::verify(token, &key, origin, now);
        for audience in service.origins() {
            if matches!(checked, Err(vapid::Refusal::WrongAudience { .. })) {
                checked = vapid::verify(token, &key, audience, now);
            }
        }
        let claims = checked.map_err(refuse)?;
        let mut verified = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= MAX_VERIFIED {
            verified.clear();
        }
        verified.insert(header.to_owned(), (claims.clone(), key));
        Ok((claims, key))
    }
}

/// Checks the encryption as far as a service can see it. `aesgcm` is legacy: Mozilla and FCM still take it, Apple does not.
fn coding(service: Service, post: &Post<'_>, signer: Option<&[u8; 65]>) -> Result<Coding, Refusal> {
    let bad = |why: &str| Err(Refusal::BadEncryption(why.to_owned()));
    if post.body.is_empty() {
        return Ok(Coding::default());
    }
    let text = |name: HeaderName| {
        post.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let encryption = text(HeaderName::from_static("encryption"));
    let crypto_key = text(HeaderName::from_static("crypto-key"));
    let Some(encoding) = text(http::header::CONTENT_ENCODING) else {
        return bad("a body needs Content-Encoding: aes128gcm");
    };
    match encoding.as_str() {
        "aes128gcm" => {
            if encryption.is_some_and(|value| value.contains("salt="))
                || crypto_key.is_some_and(|value| value.contains("dh="))
            {
                return bad("aes128gcm carries salt and key in the body, not in headers");
            }
            let body = &post.body;
            if body.len() <= ECE_HEADER_BYTES + 16 || body[20] != 65 || body[21] != 4 {
                return bad("the body does not start with salt, record size and a public key of 65 bytes");
            }
            let size = u32::from_be_bytes([body[16], body[17], body[18], body[19]]);
            if (size as usize) < body.len() - ECE_HEADER_BYTES {
                return bad("the body has more than one record");
            }
            if signer.is_some_and(|signer| signer[..] == body[21..ECE_HEADER_BYTES]) {
                return bad("the encryption key is the VAPID key (RFC 8292 section 3.2)");
            }
            Ok(Coding {
                encoding,
                encryption: None,
                crypto_key: None,
            })
        }
        "aesgcm" if service != Service::Apple => {
            if encryption.is_none() || crypto_key.is_none() {
                return bad("aesgcm needs the headers Encryption and Crypto-Key");
            }
            Ok(Coding {
                encoding,
                encryption,
                crypto_key,
            })
        }
        _ => bad("only aes128gcm is taken"),
    }
}

fn entry(
    number: u64,
    registry: &Registry,
    service: Service,
    post: &Post<'_>,
    status: u16,
    outcome: &str,
) -> Message {
    let text = |name: &str| {
        post.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    Message {
        number,
        at: registry.now(),
        service,
        token: post.token.to_owned(),
        status,
        outcome: outcome.to_owned(),
        ttl_seconds: text("ttl").and_then(|ttl| ttl.parse().ok()),
        urgency: text("urgency"),
        topic: text("topic"),
        bytes: post.body.len(),
        text: None,
    }
}
