//! One push campaign through the whole product: fan-out, encryption, TLS and HTTP/2 to the lab, settling, all of it counted.
//!
//! The product is a process on a core of its own ([`crate::product`]); the lab's browsers are another's (`campanile lab`), beside this
//! driver. The audience subscribes over the wire, as browsers do; then each round is a campaign made, started and watched through the API.
//! Left out: faults, real distances, PostgreSQL. Invariant: a round counts only when the lab took every message with 201, the product counted
//! as many, what the lab remembers was decrypted, and few connections carried it all.

use crate::load::{Connection, device, mix};
use crate::process::{Child, cores, cpu, load_average, say};
use crate::product::{Place, Ready};
use crate::sender::now;
use anyhow::{Context as _, bail, ensure};
use campanile_core::id::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The longest that a campaign may take.
const TIME_OUT: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// More open connections than this would be one for each message under way: not HTTP/2.
const MOST_CONNECTIONS: usize = 16;
/// Connections over which the browsers subscribe.
const DOORS: usize = 64;
/// Whose browsers subscribe, by equal parts.
const SERVICES: [(&str, &str); 2] = [("mozilla", "Firefox"), ("fcm", "Chrome")];
const TITLE: &str = "The kiln is open";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The server's binary, for its lab
    #[arg(long)]
    lab: PathBuf,
    /// Folder for data, on the disk that is to be measured; it must not exist
    #[arg(long)]
    data: PathBuf,
    /// Subscribers
    #[arg(long, default_value_t = 5000)]
    browsers: usize,
    /// Campaigns, one after another; the median is reported
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Where the figures go
    #[arg(long)]
    json: PathBuf,
}

/// What came out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) browsers: usize,
    pub(crate) pinned: bool,
    pub(crate) load_average: [f64; 2],
    /// Messages that the lab still remembered, whose plaintext was looked at.
    pub(crate) looked_at: usize,
    /// Bytes of an encrypted message, the most that was seen among them.
    pub(crate) body_bytes: u64,
    /// Of plaintext, the most that was seen among them.
    pub(crate) payload_bytes: usize,
    /// Open connections to the push services after the last round.
    pub(crate) connections: usize,
    pub(crate) subscribing: Spent,
    pub(crate) rounds: Vec<Round>,
}

/// Time and processor time of one thing, in seconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Spent {
    pub(crate) seconds: f64,
    pub(crate) product_cpu: f64,
    pub(crate) lab_cpu: f64,
}

/// One campaign.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Round {
    /// From the start, as it is asked for, to the lab's last 201.
    pub(crate) arrived_seconds: f64,
    /// From the start to the campaign's being sent.
    pub(crate) sent: Spent,
}

/// What the lab counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
struct Counts {
    accepted: u64,
    refused: u64,
    faulted: u64,
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    let (core, other) = match cores()?[..] {
        [first, second, ..] => (Some(first), Some(second)),
        _ => (None, None),
    };
    ensure!(!args.data.exists(), "{} is there already", args.data.display());
    let before = load_average()?;
    let mut lab = Child::start(
        &args.lab,
        [
            "lab",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--listen-tls",
            "127.0.0.1:0",
        ],
        other,
    )?;
    let place: Place = lab.hear_json()?;
    let folder = args.data.to_str().context("the data folder is not text")?;
    let mut product = Child::start(&std::env::current_exe()?, ["product", "--data", folder], core)?;
    product.tell(&serde_json::to_string(&place)?)?;
    let ready: Ready = product.hear_json()?;

    let mut run = Run {
        api: Door::open(&ready.address, Some(&ready.api_key)).await?,
        control: Door::open(place.push.trim_start_matches("http://"), None).await?,
        pids: [product.pid(), lab.pid()],
        browsers: args.browsers,
    };
    let subscribing = run.subscribe(&ready).await?;
    say(&format!(
        "campaign: {} subscriptions in {:.1} s",
        args.browsers, subscribing.seconds
    ));
    let mut rounds = Vec::new();
    for number in 0..args.rounds {
        let round = run.round(number).await?;
        say(&format!(
            "campaign: {:.0} messages/s, {:.1} µs of the product each, lab {:.0} % busy",
            args.browsers as f64 / round.arrived_seconds,
            round.sent.product_cpu * 1e6 / args.browsers as f64,
            100.0 * round.sent.lab_cpu / round.sent.seconds
        ));
        rounds.push(round);
    }
    let (looked_at, body_bytes, payload_bytes) = run.remembered().await?;
    let port = place
        .hosts
        .first()
        .context("the lab plays no push host")?
        .address
        .port();
    let table = std::fs::read_to_string(format!("/proc/{}/net/tcp", product.pid()))?;
    let connections = connections_to(port, &table);
    ensure!(
        (1..=MOST_CONNECTIONS).contains(&connections),
        "{connections} connections to the lab are open: this is not HTTP/2"
    );
    product.wait()?;
    lab.stop()?;
    std::fs::remove_dir_all(&args.data)?;
    let figures = Figures {
        browsers: args.browsers,
        pinned: core.is_some(),
        load_average: [before, load_average()?],
        looked_at,
        body_bytes,
        payload_bytes,
        connections,
        subscribing,
        rounds,
    };
    std::fs::write(&args.json, serde_json::to_string_pretty(&figures)?)
        .with_context(|| format!("{} cannot be written", args.json.display()))
}

/// A product, a lab, and the way to both.
struct Run {
    api: Door,
    control: Door,
    /// Product and lab.
    pids: [u32; 2],
    browsers: usize,
}

impl Run {
    /// Lets the lab make browsers, and each of them subscribe over the wire.
    async fn subscribe(&mut self, ready: &Ready) -> anyhow::Result<Spent> {
        let settings = self
            .api
            .call("GET", "/api/v1/settings/web-push", &Value::Null)
            .await?;
        let key = text(&settings, "public_key")?;
        let mut requests = Vec::with_capacity(self.browsers);
        for (service, browser) in SERVICES {
            let mut left = self.browsers.div_ceil(SERVICES.len());
            left = left.min(self.browsers - requests.len());
            while left > 0 {
                let count = left.min(500);
                left -= count;
                let wish = json!({"applicationServerKey": key, "service": service, "count": count});
                let mut made = self.control.call("POST", "/lab/browsers", &wish).await?;
                let Value::Array(made) = made["subscriptions"].take() else {
                    bail!("the lab made no browsers: {made}");
                };
                for subscription in made {
                    requests.push(request(ready, requests.len(), &subscription, key, browser));
                }
            }
        }
        let watch = Watch::start(self.pids)?;
        let mut tasks = JoinSet::new();
        for chunk in requests.chunks(self.browsers.div_ceil(DOORS).max(1)) {
            let (chunk, address) = (chunk.to_vec(), ready.address.clone());
            tasks.spawn(async move {
                let mut connection = Connection::open(&address).await?;
                for request in chunk {
                    let (status, body) = connection.exchange(&request).await?;
                    ensure!(
                        status == 200 && body.contains(r#""accepted":1,"refused":[]"#),
                        "a subscription was not taken: {status} {body}"
                    );
                }
                anyhow::Ok(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        let spent = watch.spent()?;
        let settings = self
            .api
            .call("GET", "/api/v1/settings/web-push", &Value::Null)
            .await?;
        ensure!(
            settings["subscriptions"] == self.browsers,
            "the product knows of {} subscriptions, not {}",
            settings["subscriptions"],
            self.browsers
        );
        Ok(spent)
    }

    /// One campaign to everybody.
    async fn round(&mut self, number: usize) -> anyhow::Result<Round> {
        let all = self.browsers as u64;
        let definition = json!({
            "name": format!("Bench {number}"), "kind": "push",
            "push": {
                "title": TITLE,
                "body": "Twelve new pots, three of them blue. First come, first served.",
                "url": "https://shop.example.com/new",
            }
        });
        let campaign = self.api.call("POST", "/api/v1/campaigns", &definition).await?;
        let path = format!("/api/v1/campaigns/{}", campaign["id"]);
        let before = self.counts().await?;
        let watch = Watch::start(self.pids)?;
        self.api
            .call("POST", &format!("{path}/start"), &Value::Null)
            .await?;
        // Only the lab is asked while messages are under way: its answers cost the product nothing.
        let arrived_seconds = loop {
            let counts = self.counts().await?;
            ensure!(
                (counts.refused, counts.faulted) == (before.refused, before.faulted),
                "the lab refused messages: {counts:?}"
            );
            if counts.accepted >= before.accepted + all {
                break watch.since.elapsed().as_secs_f64();
            }
            watch.pause("all messages are there").await?;
        };
        let campaign = loop {
            let campaign = self.api.call("GET", &path, &Value::Null).await?;
            if campaign["status"] == "sent" {
                break campaign;
            }
            watch.pause("the campaign is sent").await?;
        };
        let sent = watch.spent()?;
        let after = self.counts().await?;
        ensure!(
            after.accepted == before.accepted + all,
            "the lab took {} messages, not {all}",
            after.accepted - before.accepted
        );
        let counted = &campaign["counts"];
        ensure!(
            counted["audience"] == all && counted["sent"] == all,
            "the product counted otherwise: {counted}"
        );
        Ok(Round {
            arrived_seconds,
            sent,
        })
    }

    async fn counts(&mut self) -> anyhow::Result<Counts> {
        let mut about = self.control.call("GET", "/lab", &Value::Null).await?;
        Ok(serde_json::from_value(about["counts"].take())?)
    }

    /// Looks at the messages that the lab remembers: how many, the most bytes of a body and of a payload.
    async fn remembered(&mut self) -> anyhow::Result<(usize, u64, usize)> {
        let answer = self.control.call("GET", "/lab/messages", &Value::Null).await?;
        let messages = answer["messages"].as_array().context("no messages")?;
        ensure!(!messages.is_empty(), "the lab remembers no message");
        let (mut body, mut payload) = (0, 0);
        for message in messages {
            let opened = message["text"].as_str().unwrap_or_default();
            let read: Value = serde_json::from_str(opened).unwrap_or_default();
            ensure!(
                message["status"] == 201 && read["notification"]["title"] == TITLE,
                "a message did not arrive as it was meant: {message}"
            );
            body = body.max(message["bytes"].as_u64().unwrap_or_default());
            payload = payload.max(opened.len());
        }
        Ok((messages.len(), body, payload))
    }
}

/// Readings of the clock and of processor times.
struct Watch {
    pids: [u32; 2],
    since: Instant,
    cpu: [f64; 2],
}

impl Watch {
    fn start(pids: [u32; 2]) -> anyhow::Result<Self> {
        let cpu = Self::read(pids)?;
        Ok(Self {
            pids,
            since: Instant::now(),
            cpu,
        })
    }

    fn read([product, lab]: [u32; 2]) -> anyhow::Result<[f64; 2]> {
        Ok([cpu(product)?.as_secs_f64(), cpu(lab)?.as_secs_f64()])
    }

    fn spent(&self) -> anyhow::Result<Spent> {
        let seconds = self.since.elapsed().as_secs_f64();
        let [product, lab] = Self::read(self.pids)?;
        Ok(Spent {
            seconds,
            product_cpu: product - self.cpu[0],
            lab_cpu: lab - self.cpu[1],
        })
    }

    async fn pause(&self, what: &str) -> anyhow::Result<()> {
        ensure!(
            self.since.elapsed() < TIME_OUT,
            "waited {} s until {what}",
            TIME_OUT.as_secs()
        );
        tokio::time::sleep(LOOK_EVERY).await;
        Ok(())
    }
}

/// A connection that speaks JSON.
pub(crate) struct Door {
    connection: Connection,
    head: String,
}

impl Door {
    pub(crate) async fn open(address: &str, key: Option<&str>) -> anyhow::Result<Self> {
        let address = address.trim_end_matches('/');
        let bearer = key.map_or_else(String::new, |key| format!("authorization: Bearer {key}\r\n"));
        Ok(Self {
            connection: Connection::open(address).await?,
            head: format!("host: {address}\r\ncontent-type: application/json\r\n{bearer}"),
        })
    }

    pub(crate) async fn call(&mut self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{}content-length: {}\r\n\r\n{body}",
            self.head,
            body.len()
        );
        let (status, answer) = self.connection.exchange(request.as_bytes()).await?;
        ensure!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        Ok(serde_json::from_str(answer)?)
    }
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    value[name]
        .as_str()
        .with_context(|| format!("no {name} in {value}"))
}

/// The n-th browser's subscription as the page SDK posts it.
fn request(ready: &Ready, n: usize, subscription: &Value, key: &str, browser: &str) -> Vec<u8> {
    let now = now();
    let mut random = [0; 10];
    random[..8].copy_from_slice(&mix(n as u64).to_be_bytes());
    let body = json!({
        "v": 1, "account": ready.account, "device": device(n), "sdk": "web/0.1.0", "now": now, "show": false,
        "context": {"url": "https://shop.example.com/", "language": "en-GB", "zone": "Europe/London", "push": "granted"},
        "ops": [{
            "id": Id::new(now, random), "t": now, "op": "subscribe",
            "subscription": subscription, "key": key, "browser": browser,
        }],
    })
    .to_string();
    format!(
        "POST /ring HTTP/1.1\r\nhost: shop.example.com\r\norigin: https://shop.example.com\r\n\
         content-type: text/plain;charset=UTF-8\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Established connections to a port, in a table of the kernel's.
fn connections_to(port: u16, table: &str) -> usize {
    let wanted = format!(":{port:04X}");
    table
        .lines()
        .filter(|line| {
            let mut fields = line.split_whitespace().skip(2);
            let remote = fields.next().is_some_and(|address| address.ends_with(&wanted));
            remote && fields.next() == Some("01")
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::wire::{Request, parse_operation};

    #[test]
    fn a_subscription_is_posted_as_the_wire_has_it() {
        let ready = Ready {
            address: String::new(),
            account: "BENCH-0001".to_owned(),
            api_key: String::new(),
        };
        let subscription = json!({
            "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/x",
            "expirationTime": null,
            "keys": {"p256dh": "B", "auth": "A"},
        });
        let mut seen = std::collections::HashSet::new();
        for n in 0..100 {
            let bytes = request(&ready, n, &subscription, "BKEY", "Firefox");
            let text = String::from_utf8(bytes).expect("it is text");
            let (_, body) = text.split_once("\r\n\r\n").expect("head and body");
            let request: Request<'_> = serde_json::from_str(body).expect("the wire");
            assert!(request.device.is_some_and(|id| seen.insert(id)));
            let operation = parse_operation(request.ops[0]).expect("an operation");
            assert!(seen.insert(operation.id));
        }
    }

    #[test]
    fn connections_are_counted_by_port_and_state() {
        let table = "  sl  local_address rem_address   st tx_queue\n\
             0: 0100007F:1F90 00000000:0000 0A 0\n\
             1: 0100007F:20FB 0100007F:C350 01 0\n\
             2: 0100007F:C350 0100007F:20FB 01 0\n\
             3: 0100007F:C352 0100007F:20FB 01 0\n\
             4: 0100007F:C354 0100007F:20FB 06 0\n";
        assert_eq!(connections_to(8443, table), 2);
    }
}
