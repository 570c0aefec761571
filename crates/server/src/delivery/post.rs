//! One message to its push service: encrypted, signed, posted, the answer read; and the second tries that an answer may ask for.
//!
//! A body that is too large goes once more without padding, and then with less in it; a signature that is blamed is made anew once. All of
//! them belong to the same try.
//! Left out: when to send at all and what follows ([`super`], [`super::pace`]). Invariant: nothing is posted once the time of the piece is over,
//! so what was posted last has its answer before the lease ends.

use super::Delivery;
use super::transport::Fault;
use crate::store::sends::WaitingSend;
use campanile_core::cause::Cause;
use campanile_core::delivery::{Answer, Verdict};
use campanile_push::ece::{self, Padding, Recipient};
use campanile_push::vapid::{AuthorizationHeader, SignatureCache, VapidKey};
use campanile_push::webpush::{self, Options};
use std::borrow::Cow;
use std::sync::Once;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Said once in a process.
static MISTRUST: Once = Once::new();

/// How long a piece of work may begin requests.
pub(super) struct Bounds {
    /// Once it is cancelled nothing is begun.
    pub(super) halt: CancellationToken,
    /// Nothing is begun from then on.
    pub(super) until: Instant,
}

impl Bounds {
    pub(super) fn open(&self) -> bool {
        !self.halt.is_cancelled() && Instant::now() < self.until
    }
}

/// What a message is posted with.
pub(super) struct Letter<'a> {
    pub(super) send: &'a WaitingSend,
    /// `scheme://host[:port]` of its endpoint.
    pub(super) origin: &'a str,
    pub(super) key: &'a VapidKey,
    pub(super) signatures: &'a SignatureCache,
    pub(super) payload: &'a [u8],
    /// What is posted in its place to a browser that takes less; none where there is nothing smaller.
    pub(super) smaller: &'a (dyn Fn() -> Option<Vec<u8>> + Sync),
    pub(super) options: Options,
}

/// What came of posting a message.
pub(super) enum Posted {
    /// It has its answer.
    Answered(Answer),
    /// Its push service did not look at it: it is as if it had not been tried.
    NotTaken,
    /// The time was over before all was tried; what was tried does not count.
    Over,
}

impl Delivery {
    /// Posts a message.
    pub(super) async fn post(&self, letter: &Letter<'_>, bounds: &Bounds) -> Posted {
        self.try_out(letter, bounds).await.unwrap_or_else(|fault| {
            Posted::Answered(Answer {
                verdict: Verdict::Refused,
                status: None,
                reason: fault,
                cause: Some(Cause::Unmakeable),
            })
        })
    }

    async fn try_out(&self, letter: &Letter<'_>, bounds: &Bounds) -> Result<Posted, String> {
        let words = |fault: ece::Error| fault.to_string();
        let recipient =
            Recipient::with_multiples(&letter.send.keys, letter.send.multiples.as_deref()).map_err(words)?;
        let encrypt =
            |payload: &[u8], padding| ece::encrypt_padded(&recipient, payload, padding).map_err(words);
        let (mut payload, mut padding) = (Cow::Borrowed(letter.payload), Padding::Buckets);
        let mut body = encrypt(&payload, padding)?;
        if !ece::multiples_are_trusted() {
            MISTRUST.call_once(|| {
                tracing::error!(
                    "a message made with the kept multiples of its key differed from the one that aws-lc made of the same, \
                     which was sent; earlier ones may have been unreadable. aws-lc alone is used until a restart. Please report this"
                );
            });
        }
        let mut header = letter
            .signatures
            .header(letter.key, letter.origin, self.clock.now())
            .map_err(|fault| fault.to_string())?;
        let (mut smaller, mut signed_anew) = (Some(letter.smaller), false);
        loop {
            let bytes = body.len();
            let Some(answer) = self.exchange(letter, body, &header).await? else {
                return Ok(Posted::NotTaken);
            };
            self.metrics.push_answered(answer.verdict);
            if answer.verdict == Verdict::TooLarge {
                padding = Padding::None;
                body = encrypt(&payload, padding)?;
                if body.len() >= bytes {
                    let Some(less) = smaller.take().and_then(|less| less()) else {
                        return Ok(Posted::Answered(answer));
                    };
                    payload = Cow::Owned(less);
                    body = encrypt(&payload, padding)?;
                }
            } else if webpush::blames_signature(&answer) && !signed_anew {
                signed_anew = true;
                let fresh = letter
                    .signatures
                    .renew(letter.key, letter.origin, &header, self.clock.now());
                let Some(fresh) = fresh.map_err(|fault| fault.to_string())? else {
                    return Ok(Posted::Answered(answer));
                };
                header = fresh;
                body = encrypt(&payload, padding)?;
            } else {
                return Ok(Posted::Answered(answer));
            }
            if !bounds.open() {
                return Ok(Posted::Over);
            }
        }
    }

    /// None: the push service did not look at it.
    async fn exchange(
        &self,
        letter: &Letter<'_>,
        body: Vec<u8>,
        header: &AuthorizationHeader,
    ) -> Result<Option<Answer>, String> {
        let endpoint = &letter.send.endpoint;
        let request =
            webpush::request(endpoint, body, header, &letter.options).map_err(|fault| fault.to_string())?;
        Ok(Some(match self.transport.post(request).await {
            Ok(response) => webpush::answer(
                &endpoint.host(),
                response.status,
                &response.headers,
                &response.body,
                self.clock.now(),
            ),
            Err(Fault::NotTaken(reason)) => {
                tracing::debug!(origin = letter.origin, reason, "a message was not looked at");
                return Ok(None);
            }
            Err(Fault::Unanswered(reason)) => Answer {
                verdict: Verdict::Unreachable { after_ms: None },
                status: None,
                reason,
                cause: Some(Cause::Unanswered),
            },
        }))
    }
}
