//! The crate `web-push`, driven by the bench: makes messages when told to, and nothing else.
//!
//! One line of JSON tells what to send to whom; then each line is `check VARIANT` (answer: headers and body of one message) or
//! `run VARIANT COUNT` (answer: `done`). Left out: measuring; the bench reads the CPU time of this process from outside.
//! Invariant: between the line and `done` nothing happens but making the messages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use web_push::request_builder::build_request;
use web_push::{
    ContentEncoding, PartialVapidSignatureBuilder, SubscriptionInfo, Urgency, VapidSignature,
    VapidSignatureBuilder, WebPushMessageBuilder,
};

type Fault = Box<dyn std::error::Error>;

struct Job {
    subscription: SubscriptionInfo,
    payload: String,
    subject: String,
    key: PartialVapidSignatureBuilder,
}

impl Job {
    fn read(line: &str) -> Result<Self, Fault> {
        let job: Value = serde_json::from_str(line)?;
        let text = |name: &str| job[name].as_str().map(str::to_owned).ok_or(format!("{name} is missing"));
        Ok(Self {
            subscription: SubscriptionInfo::new(text("endpoint")?, text("p256dh")?, text("auth")?),
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

    fn message(&self, signature: VapidSignature) -> Result<http::Request<Vec<u8>>, Fault> {
        let mut builder = WebPushMessageBuilder::new(&self.subscription);
        builder.set_ttl(86_400);
        builder.set_urgency(Urgency::Normal);
        builder.set_payload(ContentEncoding::Aes128Gcm, self.payload.as_bytes());
        builder.set_vapid_signature(signature);
        // The crate wants a body that can also be made of a text, for messages without payload.
        let (head, body) = build_request::<Body>(builder.build()?).into_parts();
        Ok(http::Request::from_parts(head, body.0))
    }
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
            _ => return Err(format!("`{line}` is not understood").into()),
        }
        out.flush()?;
    }
    Ok(())
}
