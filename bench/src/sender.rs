//! Our side of the push benchmark: makes messages when told to, by the same lines as the peers in `bench/peers`.
//!
//! One line of JSON tells what to send to whom; then `check VARIANT` (answer: headers and body of one message) or `run VARIANT COUNT`
//! (answer: `done`). Left out: measuring. Invariant: `delivery` is what the server's delivery does for each message between the payload
//! and the socket.

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_core::notification::Urgency;
use campanile_core::subscription::{Endpoint, Keys};
use campanile_core::time::Timestamp;
use campanile_push::{Options, Recipient, SignatureCache, Subject, Topic, VapidKey, encrypt, request};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

/// What is sent to whom.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) endpoint: String,
    pub(crate) p256dh: String,
    pub(crate) auth: String,
    pub(crate) payload: String,
    pub(crate) vapid_private: String,
    pub(crate) vapid_public: String,
    pub(crate) subject: String,
}

/// A finished message.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Made {
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// In base64url.
    pub(crate) body: String,
}

struct Sender {
    job: Job,
    endpoint: Endpoint,
    keys: Keys,
    kept: Recipient,
    key: VapidKey,
    subject: Subject,
    signatures: SignatureCache,
}

impl Sender {
    fn new(job: Job) -> anyhow::Result<Self> {
        let keys = Keys::parse(&job.p256dh, &job.auth).map_err(|fault| anyhow::anyhow!("{fault:?}"))?;
        let subject = Subject::parse(&job.subject)?;
        Ok(Self {
            endpoint: Endpoint::stored(job.endpoint.clone()),
            kept: Recipient::new(&keys)?,
            keys,
            key: VapidKey::from_base64url(&job.vapid_private)?,
            signatures: SignatureCache::new(subject.clone()),
            subject,
            job,
        })
    }

    fn make(&self, variant: &str) -> anyhow::Result<http::Request<Vec<u8>>> {
        let payload = self.job.payload.as_bytes();
        let now = now();
        let body = match variant {
            "delivery" | "signed" => encrypt(&Recipient::new(&self.keys)?, payload)?,
            "kept" => encrypt(&self.kept, payload)?,
            other => bail!("`{other}` is not a variant"),
        };
        let origin = self.endpoint.origin();
        let header = if variant == "signed" {
            self.key
                .authorize(&origin, &self.subject, now.plus_ms(12 * 3_600_000))?
        } else {
            self.signatures.header(&self.key, &origin, now)?
        };
        let topic = Topic::of(&[b"BENCH-0001", &1_763_890_000_i64.to_be_bytes()]);
        let options = Options {
            ttl_seconds: 86_400,
            urgency: Urgency::Normal,
            topic: Some(topic),
        };
        Ok(request(&self.endpoint, body, &header, &options)?)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "delivery reads the clock for each message, so its bench does too"
)]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(since.as_millis() as i64)
}

pub(crate) fn run() -> anyhow::Result<()> {
    let mut lines = std::io::stdin().lock().lines();
    let job = lines.next().context("no job was given")??;
    let sender = Sender::new(serde_json::from_str(&job)?)?;
    let mut out = std::io::stdout().lock();
    for line in lines {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["check", variant] => {
                let request = sender.make(variant)?;
                let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
                let made = Made {
                    headers: request
                        .headers()
                        .iter()
                        .map(|(name, value)| (name.to_string(), text(value)))
                        .collect(),
                    body: URL_SAFE_NO_PAD.encode(request.body()),
                };
                writeln!(out, "{}", serde_json::to_string(&made)?)?;
            }
            ["run", variant, count] => {
                for _ in 0..count.parse::<u32>()? {
                    black_box(sender.make(variant)?);
                }
                writeln!(out, "done")?;
            }
            _ => bail!("`{line}` is not understood"),
        }
        out.flush()?;
    }
    Ok(())
}
