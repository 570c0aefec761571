//! The crate `web-push`, driven by the bench: makes messages when told to, or sends them with the crate's own client, and nothing else.
//!
//! One line of JSON tells what to send to whom; then each line is `check VARIANT` (answer: headers and body of one message),
//! `run VARIANT COUNT` or `send VARIANT COUNT` (answer: `done`). Left out: measuring; the bench reads the CPU time of this process from outside.
//! Invariant: between the line and `done` nothing happens but making, or sending, the messages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{StreamExt as _, TryStreamExt as _};
use isahc::config::{CaCertificate, Configurable as _, ResolveMap};
use serde_json::{Value, json};
use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;
use web_push::request_builder::build_request;
use web_push::{
    ContentEncoding, IsahcWebPushClient, PartialVapidSignatureBuilder, SubscriptionInfo, Urgency, VapidSignature,
    VapidSignatureBuilder, WebPushClient as _, WebPushMessage, WebPushMessageBuilder,
};

type Fault = Box<dyn std::error::Error>;

struct Job {
    subscription: SubscriptionInfo,
    payload: String,
    subject: String,
    key: PartialVapidSignatureBuilder,
    /// For `send`.
    crowd: Vec<SubscriptionInfo>,
    sink: Value,
}

impl Job {
    fn read(line: &str) -> Result<Self, Fault> {
        let job: Value = serde_json::from_str(line)?;
        let text = |name: &str| text(&job, name);
        let crowd = job["crowd"].as_array().into_iter().flatten();
        Ok(Self {
            subscription: subscription(&job)?,
            crowd: crowd.map(subscription).collect::<Result<_, _>>()?,
            sink: job["sink"].clone(),
            payload: text("payload")?,
            subject: text("subject")?,
            key: VapidSignatureBuilder::from_base64_no_sub(&text("vapid_private")?)?,
        })
    }

    fn sign(&self) -> Result<VapidSignature, Fault> {
        let mut builder = self.key.clone().add_sub_info(&self.subscription);
        builder.add_claim("sub", self.subject.as_str());
        Ok(builder.build()?)
    }

    fn build(&self, to: &SubscriptionInfo, signature: VapidSignature) -> Result<WebPushMessage, Fault> {
        let mut builder = WebPushMessageBuilder::new(to);
        builder.set_ttl(86_400);
        builder.set_urgency(Urgency::Normal);
        builder.set_payload(ContentEncoding::Aes128Gcm, self.payload.as_bytes());
        builder.set_vapid_signature(signature);
        Ok(builder.build()?)
    }

    fn message(&self, signature: VapidSignature) -> Result<http::Request<Vec<u8>>, Fault> {
        // The crate wants a body that can also be made of a text, for messages without payload.
        let (head, body) = build_request::<Body>(self.build(&self.subscription, signature)?).into_parts();
        Ok(http::Request::from_parts(head, body.0))
    }

    /// The crate's client, led to the sink and trusting it; nothing else about it is changed.
    fn client(&self) -> Result<IsahcWebPushClient, Fault> {
        let address: SocketAddr = text(&self.sink, "address")?.parse()?;
        let hosts = ResolveMap::new().add(text(&self.sink, "host")?, address.port(), address.ip());
        let client = isahc::HttpClient::builder()
            .dns_resolve(hosts)
            .ssl_ca_certificate(CaCertificate::file(text(&self.sink, "ca_file")?))
            .build()?;
        Ok(client.into())
    }

    async fn send(
        &self,
        client: &IsahcWebPushClient,
        count: usize,
        signature: impl Fn() -> Result<VapidSignature, Fault>,
    ) -> Result<(), Fault> {
        let concurrency = self.sink["concurrency"].as_u64().ok_or("no concurrency")? as usize;
        let post = async |n: usize| {
            let message = self.build(&self.crowd[n % self.crowd.len()], signature()?)?;
            Ok(client.send(message).await?)
        };
        futures_util::stream::iter(0..count).map(post).buffer_unordered(concurrency).try_collect().await
    }
}

fn text(value: &Value, name: &str) -> Result<String, String> {
    value[name].as_str().map(str::to_owned).ok_or(format!("{name} is missing"))
}

fn subscription(value: &Value) -> Result<SubscriptionInfo, Fault> {
    Ok(SubscriptionInfo::new(text(value, "endpoint")?, text(value, "p256dh")?, text(value, "auth")?))
}

struct Body(Vec<u8>);

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self(text.into())
    }
}

fn main() -> Result<(), Fault> {
    let mut lines = std::io::stdin().lock().lines();
    let job = Job::read(&lines.next().ok_or("no job was given")??)?;
    let cached = job.sign()?;
    let client = if job.sink.is_null() { None } else { Some(job.client()?) };
    let make = |variant: &str| match variant {
        "signed" => job.message(job.sign()?),
        "cached" => job.message(cached.clone()),
        other => Err(format!("`{other}` is not a variant").into()),
    };
    let mut out = std::io::stdout().lock();
    for line in lines {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["check", variant] => {
                let request = make(variant)?;
                let headers: serde_json::Map<String, Value> = request
                    .headers()
                    .iter()
                    .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
                    .collect();
                writeln!(out, "{}", json!({"headers": headers, "body": URL_SAFE_NO_PAD.encode(request.body())}))?;
            }
            ["run", variant, count] => {
                for _ in 0..count.parse::<u32>()? {
                    black_box(make(variant)?);
                }
                writeln!(out, "done")?;
            }
            ["send", variant, count] => {
                let (client, count) = (client.as_ref().ok_or("no sink")?, count.parse()?);
                let send = async {
                    match variant {
                        "signed" => job.send(client, count, || job.sign()).await,
                        "cached" => job.send(client, count, || Ok(cached.clone())).await,
                        other => Err(format!("`{other}` is not a variant").into()),
                    }
                };
                futures_executor::block_on(send)?;
                writeln!(out, "done")?;
            }
            _ => return Err(format!("`{line}` is not understood").into()),
        }
        out.flush()?;
    }
    Ok(())
}
