//! `campanile tail`: what happens this second, a line each, through the API of a running server.
//!
//! Left out: the dashboard's picture of it. Invariant: lines go to standard output and nothing else does; who is cut off goes on after the last
//! line that came.

use super::{HttpClient, client, say_aside};
use anyhow::{Context as _, bail};
use clap::Args;
use http_body_util::{BodyExt as _, Empty};
use serde_json::Value;
use std::io::Write as _;
use std::time::Duration;

/// How soon a connection that was cut is made again.
const AGAIN: Duration = Duration::from_secs(1);
/// A server that says nothing for so long is not there any more; it says something every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);

#[derive(Debug, Args)]
#[command(
    after_help = "The key is read from CAMPANILE_API_KEY where --key is not given; keys are made in Settings, Access, API keys.\n\
Kinds: events, popups, push, failed; or event, shown, not_shown, clicked, closed, answered, converted, subscribed, unsubscribed, sent, \
retried, failed. Several are joined by commas."
)]
pub(super) struct Tail {
    /// Address of the server
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// API key of the account, cmp_…
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Only these kinds
    #[arg(long, default_value = "")]
    kind: String,
    /// Only this campaign
    #[arg(long, value_name = "NUMBER")]
    campaign: Option<i64>,
    /// Only this person
    #[arg(long, value_name = "NUMBER")]
    profile: Option<u32>,
    /// Only lines with these words, this identity, or property=value
    #[arg(long, default_value = "")]
    search: String,
    /// At most so many lines a second; of more, one in so many
    #[arg(long, value_name = "N")]
    most: Option<u32>,
    /// Print each line as JSON
    #[arg(long)]
    json: bool,
}

/// How far the listening has come.
#[derive(Default)]
struct Place {
    /// The id of the last line that came, or of where the listening began.
    last: String,
    /// The server has let this one listen.
    heard: bool,
}

/// One event of the stream, while it comes in.
#[derive(Default)]
struct Incoming {
    name: String,
    id: String,
    data: String,
}

impl Tail {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let key = self
            .key
            .clone()
            .or_else(|| std::env::var("CAMPANILE_API_KEY").ok());
        let key = key.context("give an API key with --key, or in CAMPANILE_API_KEY")?;
        let mut place = Place::default();
        loop {
            match self.listen(&key, &mut place).await {
                Ok(true) => {}
                // Whoever read the lines is gone.
                Ok(false) => return Ok(()),
                // What was never heard, or is refused, will not be by asking again.
                Err(fault) if !place.heard => return Err(fault),
                Err(fault) => say_aside(&format!("cut off: {fault:#}; trying again")),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    fn address(&self) -> anyhow::Result<axum::http::Uri> {
        let base = self.url.trim_end_matches('/');
        let mut address = url::Url::parse(&format!("{base}/api/v1/live"))
            .with_context(|| format!("“{base}” is not an address"))?;
        let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
        let pairs = [
            ("kind", self.kind.clone()),
            ("search", self.search.clone()),
            ("campaign", number(self.campaign)),
            ("profile", number(self.profile.map(i64::from))),
            ("most", number(self.most.map(i64::from))),
        ];
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            address.query_pairs_mut().append_pair(name, value);
        }
        address
            .as_str()
            .parse()
            .context("the address cannot be asked for")
    }

    /// Listens until the connection ends; false when nobody reads the lines any more.
    async fn listen(&self, key: &str, place: &mut Place) -> anyhow::Result<bool> {
        let client: HttpClient = client()?;
        let mut request = axum::http::Request::get(self.address()?)
            .header("authorization", format!("Bearer {key}"))
            .header("accept", "text/event-stream");
        if !place.last.is_empty() {
            request = request.header("last-event-id", place.last.as_str());
        }
        let response = client
            .request(request.body(Empty::new())?)
            .await
            .with_context(|| format!("no answer from {}; is the server running?", self.url))?;
        let status = response.status();
        let mut body = response.into_body();
        if !status.is_success() {
            // Too many listen: that passes. A key that was revoked does not.
            place.heard &= !status.is_client_error() || status.as_u16() == 429;
            let text = body.collect().await?.to_bytes();
            let said: Value = serde_json::from_slice(&text).unwrap_or_default();
            let said = said["error"]["message"].as_str().unwrap_or_default().to_owned();
            bail!("{} answered {}: {said}", self.url, status.as_u16());
        }
        if !std::mem::replace(&mut place.heard, true) {
            say_aside(&format!("listening to {}; Ctrl C ends it", self.url));
        }
        let (mut rest, mut incoming) = (Vec::new(), Incoming::default());
        loop {
            let frame = tokio::time::timeout(SILENCE, body.frame())
                .await
                .context("the server says nothing any more")?;
            let Some(frame) = frame else { return Ok(true) };
            let Ok(data) = frame?.into_data() else { continue };
            rest.extend_from_slice(&data);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line)
                    .trim_end_matches(['\r', '\n'])
                    .to_owned();
                if !self.read(&line, &mut incoming, &mut place.last)? {
                    return Ok(false);
                }
            }
        }
    }

    /// Reads a line of the stream; an empty one ends an event. False when nobody reads what is printed.
    fn read(&self, line: &str, incoming: &mut Incoming, last: &mut String) -> anyhow::Result<bool> {
        if !line.is_empty() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut incoming.name),
                "id" => value.clone_into(&mut incoming.id),
                "data" => incoming.data.push_str(value),
                _ => {}
            }
            return Ok(true);
        }
        let event = std::mem::take(incoming);
        if !event.id.is_empty() {
            *last = event.id;
        }
        if event.data.is_empty() {
            return Ok(true);
        }
        let data: Value = serde_json::from_str(&event.data).context("the server sent what is no line")?;
        match event.name.as_str() {
            "line" => {
                let text = if self.json { event.data } else { printed(&data) };
                let mut out = std::io::stdout().lock();
                Ok(writeln!(out, "{text}").and_then(|()| out.flush()).is_ok())
            }
            "lost" => {
                say_aside(&match data["lines"].as_u64() {
                    Some(lines) => format!("{lines} lines came too fast to be told"),
                    None => "another server, or a new start of it, goes on here; lines between are not told"
                        .to_owned(),
                });
                Ok(true)
            }
            "rate" if data["one_in"].as_u64().is_some_and(|n| n > 1) => {
                say_aside(&format!(
                    "{} a second, showing 1 in {}",
                    data["per_second"], data["one_in"]
                ));
                Ok(true)
            }
            _ => Ok(true),
        }
    }
}

/// `09:42:17.204  Sent          Person 12   Weekend edit  201 fcm.googleapis.com 114 ms  Chrome`
fn printed(line: &Value) -> String {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    format!(
        "{}  {:<12}  {:<12}  {}  {}  {}",
        text("time"),
        text("word"),
        text("who"),
        text("title"),
        text("details"),
        text("browser"),
    )
    .trim_end()
    .to_owned()
}
