//! Our side of the push benchmark: makes messages when told to, by the same lines as the peers in `bench/peers`.
//!
//! One line of JSON tells what to send to whom; then `check VARIANT` (answer: headers and body of one message), `run VARIANT COUNT`
//! (answer: `done`), or `send VARIANT COUNT` (by the server's own transport; answer: `done` when each was answered with 201). Left out: measuring. Invariant: `delivery` is what the server's delivery does for each message between the payload
//! and the socket, for a subscription with multiples of its key, as every new one is; `library` is the same for one without; `primitives` is what no sender on the same library can do without ([`crate::primitives`]).

use crate::primitives::Primitives;
use crate::sink::Recipient;
use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile::delivery::transport::{HostMap, Transport};
use campanile_core::notification::Urgency;
use campanile_core::subscription::{Endpoint, Keys};
use campanile_core::time::Timestamp;
use campanile_push as push;
use campanile_push::{Options, SignatureCache, Subject, Topic, VapidKey, encrypt, request};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is sent to whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) endpoint: String,
    pub(crate) p256dh: String,
    pub(crate) auth: String,
    pub(crate) payload: String,
    pub(crate) vapid_private: String,
    pub(crate) vapid_public: String,
    pub(crate) subject: String,
    /// For `send`: who gets it, by turns, and where they are.
    #[serde(default)]
    pub(crate) crowd: Vec<Recipient>,
    #[serde(default)]
    pub(crate) sink: Option<Sink>,
}

/// Where the push hosts really are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sink {
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
    pub(crate) ca_pem: String,
    /// The same authority as a file.
    pub(crate) ca_file: String,
    /// Most messages under way.
    pub(crate) concurrency: usize,
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
    /// As they lie in the store.
    multiples: Vec<u8>,
    kept: push::Recipient,
    primitives: Primitives,
    key: VapidKey,
    subject: Subject,
    signatures: SignatureCache,
}

impl Sender {
    fn new(job: Job) -> anyhow::Result<Self> {
        let keys = Keys::parse(&job.p256dh, &job.auth).map_err(|fault| anyhow::anyhow!("{fault:?}"))?;
        let subject = Subject::parse(&job.subject)?;
        let multiples = push::ece::multiples(&keys)?;
        Ok(Self {
            endpoint: Endpoint::stored(job.endpoint.clone()),
            kept: push::Recipient::with_multiples(&keys, Some(&multiples))?,
            multiples,
            primitives: Primitives::new(&keys, job.payload.as_bytes())?,
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
            "delivery" | "signed" => {
                let multiples = Some(self.multiples.as_slice());
                encrypt(&push::Recipient::with_multiples(&self.keys, multiples)?, payload)?
            }
            "library" => encrypt(&push::Recipient::new(&self.keys)?, payload)?,
            "kept" => encrypt(&self.kept, payload)?,
            // Its headers are there to be checked like the others'; they are not measured.
            "primitives" => self.primitives.message()?,
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

/// Sends through the server's transport, on threads as the server has them.
struct Post {
    runtime: tokio::runtime::Runtime,
    /// One for each of the crowd: what differs between them are address and keys.
    senders: Arc<Vec<Sender>>,
    /// For `fixed`: made before.
    fixed: Arc<Vec<http::Request<Vec<u8>>>>,
    transport: Transport,
    concurrency: usize,
}

impl Post {
    fn new(job: &Job) -> anyhow::Result<Self> {
        let sink = job.sink.as_ref().context("the job names no sink")?;
        let one = |recipient: &Recipient| {
            Sender::new(Job {
                endpoint: recipient.endpoint.clone(),
                p256dh: recipient.p256dh.clone(),
                auth: recipient.auth.clone(),
                crowd: Vec::new(),
                ..job.clone()
            })
        };
        let senders: Vec<Sender> = job.crowd.iter().map(one).collect::<anyhow::Result<_>>()?;
        let fixed = senders.iter().map(|sender| sender.make("delivery"));
        Ok(Self {
            runtime: tokio::runtime::Builder::new_multi_thread().enable_all().build()?,
            fixed: Arc::new(fixed.collect::<anyhow::Result<_>>()?),
            senders: Arc::new(senders),
            transport: Transport::new(HostMap {
                hosts: [(sink.host.clone(), sink.address)].into(),
                ca_pem: Some(sink.ca_pem.clone()),
            })?,
            concurrency: sink.concurrency,
        })
    }

    fn send(&self, variant: &str, count: usize) -> anyhow::Result<()> {
        let (senders, fixed) = (self.senders.clone(), self.fixed.clone());
        let (transport, concurrency) = (self.transport.clone(), self.concurrency);
        let variant = variant.to_owned();
        // A task of its own, as a worker of the server is: not the thread that waits.
        let work = self.runtime.spawn(async move {
            let post = async |n: usize| {
                let at = n % senders.len();
                let request = if variant == "fixed" {
                    fixed[at].clone()
                } else {
                    senders[at].make(&variant)?
                };
                let response = transport.post(request).await.map_err(anyhow::Error::msg)?;
                ensure!(response.status == 201, "the sink answered {}", response.status);
                Ok(())
            };
            futures_util::stream::iter(0..count)
                .map(post)
                .buffer_unordered(concurrency)
                .try_collect::<()>()
                .await
        });
        self.runtime.block_on(work)?
    }
}

pub(crate) fn run() -> anyhow::Result<()> {
    let mut lines = std::io::stdin().lock().lines();
    let job: Job = serde_json::from_str(&lines.next().context("no job was given")??)?;
    let post = match job.sink {
        Some(_) => Some(Post::new(&job)?),
        None => None,
    };
    let sender = Sender::new(job)?;
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
            ["run", "primitives", count] => {
                for _ in 0..count.parse::<u32>()? {
                    black_box(sender.primitives.run()?);
                }
                writeln!(out, "done")?;
            }
            ["run", variant, count] => {
                for _ in 0..count.parse::<u32>()? {
                    black_box(sender.make(variant)?);
                }
                writeln!(out, "done")?;
            }
            ["send", variant, count] => {
                let post = post.as_ref().context("the job names no sink")?;
                post.send(variant, count.parse()?)?;
                writeln!(out, "done")?;
            }
            _ => bail!("`{line}` is not understood"),
        }
        out.flush()?;
    }
    Ok(())
}
