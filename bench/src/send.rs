//! What one message costs from payload to answer: encryption, headers, HTTP, TLS and sockets, ours and the peers'.
//!
//! Each sender is a process on the same core and sends with its own client over TLS to the same [`crate::sink`], which has a core of its
//! own; they take turns in rounds, whose order moves on by one each time. Left out: the store and all else that is around a sender
//! ([`crate::campaign`], [`crate::scale`]), distances. Invariant: a round counts only when each message was answered with 201 and the sink
//! counted as many; one recipient in the crowd decrypts what it gets, and each sender's messages are what they should be.

use crate::encrypt::payload;
use crate::process::{Child, cores, cpu, load_average, median, say};
use crate::product::Place;
use crate::sender::{Job, Sink};
use crate::sink::{Recipient, Taken};
use anyhow::{Context as _, ensure};
use campanile_push::VapidKey;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tokio::time::Instant;

/// Recipients that take turns.
const CROWD: usize = 200;
/// Most messages under way: what one HTTP/2 connection to FCM may have open, and the product's default.
const CONCURRENCY: usize = 100;
/// Processor seconds that one round of one sender should take: times are counted in steps of 10 ms.
const ROUND_SECONDS: f64 = 0.8;
const HOST: &str = "updates.push.services.mozilla.com";
/// Seconds that the sink may take to count what was answered.
const PATIENCE: u64 = 10;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds; the median is reported
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// The built peer on the crate web-push
    #[arg(long)]
    rust_peer: PathBuf,
    /// The folder of the peer on npm web-push, installed
    #[arg(long)]
    npm_peer: PathBuf,
    /// A folder for what the senders share
    #[arg(long)]
    work: PathBuf,
    /// Where the figures go
    #[arg(long)]
    json: PathBuf,
}

/// What came out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) concurrency: usize,
    pub(crate) pinned: bool,
    pub(crate) load_average: [f64; 2],
    pub(crate) rows: Vec<Row>,
}

/// One way to send.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) sender: String,
    pub(crate) variant: String,
    pub(crate) signature: String,
    pub(crate) protocol: String,
    /// Messages in a round.
    pub(crate) count: u64,
    pub(crate) rounds: Vec<Round>,
}

/// One turn, in seconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Round {
    pub(crate) seconds: f64,
    pub(crate) sender_cpu: f64,
    pub(crate) sink_cpu: f64,
}

impl Row {
    /// Middle, least and most microseconds of the sender's processor per message.
    pub(crate) fn spread(&self) -> (f64, f64, f64) {
        let each = |round: &Round| round.sender_cpu * 1e6 / self.count as f64;
        let values: Vec<f64> = self.rounds.iter().map(each).collect();
        let most = values.iter().copied().fold(0.0, f64::max);
        let least = values.iter().copied().fold(f64::MAX, f64::min);
        (median(&values).unwrap_or_default(), least, most)
    }

    /// Messages per second, as the clock on the wall has it.
    pub(crate) fn rate(&self) -> f64 {
        let each = |round: &Round| self.count as f64 / round.seconds;
        median(&self.rounds.iter().map(each).collect::<Vec<_>>()).unwrap_or_default()
    }

    /// How busy the sink was, in hundredths.
    pub(crate) fn sink_busy(&self) -> f64 {
        let each = |round: &Round| 100.0 * round.sink_cpu / round.seconds;
        median(&self.rounds.iter().map(each).collect::<Vec<_>>()).unwrap_or_default()
    }
}

/// The product's whole way out without encryption: what HTTP/2, TLS and the kernel cost.
pub(crate) const FIXED: &str = "fixed";
/// The product's way out; what all others are compared with.
pub(crate) const OURS: &str = "delivery";

/// Process, variant, words for both, signature, protocol.
const VARIANTS: [(usize, &str, &str, &str, &str); 5] = [
    (0, OURS, "campanile, delivery's way out", "cached", "HTTP/2"),
    (0, FIXED, "the same with bodies made before", "cached", "HTTP/2"),
    (
        1,
        "cached",
        "crate web-push with its isahc client, VapidSignature cloned",
        "cached by its user",
        "HTTP/2",
    ),
    (
        1,
        "signed",
        "crate web-push with its isahc client, as documented",
        "each message",
        "HTTP/2",
    ),
    (
        2,
        "signed",
        "npm web-push, sendNotification()",
        "each message",
        "HTTP/1.1",
    ),
];

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let cores = cores()?;
    let (core, other) = match cores[..] {
        [.., second, first] => (Some(first), Some(second)),
        _ => (None, None),
    };
    let before = load_average()?;
    std::fs::create_dir_all(&args.work)?;
    let mut sink = Child::start(&std::env::current_exe()?, ["sink"], other)?;
    let place: Place = sink.hear_json()?;
    let key = VapidKey::generate()?;
    let payload = payload();
    let job = job(&mut sink, &place, &key, &payload, &args.work)?;
    let npm = args.npm_peer.join("peer.mjs");
    let npm = npm.to_str().context("the path is not text")?;
    let ca_file = job
        .sink
        .as_ref()
        .map(|sink| sink.ca_file.clone())
        .unwrap_or_default();
    let mut senders = [
        Child::start(&std::env::current_exe()?, ["sender"], core)?,
        Child::start(&args.rust_peer, [""; 0], core)?,
        // Node reads authorities beside its own from where this says, at its start.
        Child::start(
            Path::new("env"),
            [&format!("NODE_EXTRA_CA_CERTS={ca_file}"), "node", npm],
            core,
        )?,
    ];
    for sender in &mut senders {
        sender.tell(&serde_json::to_string(&job)?)?;
    }
    let mut accepted = 0;
    let mut rows = Vec::new();
    for (index, variant, name, signature, protocol) in VARIANTS {
        let mut turn = |count| {
            round(
                &mut senders[index],
                &mut sink,
                (variant, count),
                &mut accepted,
                &payload,
            )
        };
        // Connections are opened, and compilers that work while the program runs see the code, before anything counts.
        turn(600)?;
        let warm = turn(600)?;
        let each = (warm.sender_cpu / 600.0).max(5e-6);
        let count = ((ROUND_SECONDS / each) as u64).max(400);
        say(&format!("send: {name}: about {:.0} µs", each * 1e6));
        rows.push(Row {
            sender: name.to_owned(),
            variant: variant.to_owned(),
            signature: signature.to_owned(),
            protocol: protocol.to_owned(),
            count,
            rounds: Vec::new(),
        });
    }
    for turn in 0..args.rounds {
        for place in 0..rows.len() {
            let at = (turn + place) % rows.len();
            let (index, variant, ..) = VARIANTS[at];
            let row = &mut rows[at];
            let spent = round(
                &mut senders[index],
                &mut sink,
                (variant, row.count),
                &mut accepted,
                &payload,
            )?;
            row.rounds.push(spent);
        }
    }
    for sender in senders {
        sender.wait()?;
    }
    sink.wait()?;
    let figures = Figures {
        concurrency: CONCURRENCY,
        pinned: core.is_some(),
        load_average: [before, load_average()?],
        rows,
    };
    std::fs::write(&args.json, serde_json::to_string_pretty(&figures)?)
        .with_context(|| format!("{} cannot be written", args.json.display()))
}

/// Subscribes a crowd, the first of whom reads, and says what to send to them.
fn job(sink: &mut Child, place: &Place, key: &VapidKey, payload: &str, work: &Path) -> anyhow::Result<Job> {
    let host = place.hosts.iter().find(|host| host.host == HOST);
    let address = host.context("the lab does not play Mozilla")?.address;
    sink.tell(&format!("reader {}", key.public_key()))?;
    let mut crowd: Vec<Recipient> = vec![sink.hear_json()?];
    let file = work.join("crowd");
    // Every other one is at another service: all here are to be at one.
    sink.tell(&format!(
        "crowd {} {} {}",
        key.public_key(),
        2 * (CROWD - 1),
        file.display()
    ))?;
    sink.hear()?;
    for line in std::fs::read_to_string(&file)?.lines().step_by(2) {
        crowd.push(serde_json::from_str(line)?);
    }
    ensure!(crowd.len() == CROWD, "the crowd has {} members", crowd.len());
    // Not every client can be led to another port than the address names.
    for recipient in &mut crowd {
        let rest = recipient.endpoint.strip_prefix(&format!("https://{HOST}/"));
        let rest = rest.context("an endpoint of another service")?;
        recipient.endpoint = format!("https://{HOST}:{}/{rest}", address.port());
    }
    let ca_file = work.join("ca.pem");
    std::fs::write(&ca_file, &place.ca_pem)?;
    let first = crowd.first().context("nobody")?.clone();
    Ok(Job {
        endpoint: first.endpoint,
        p256dh: first.p256dh,
        auth: first.auth,
        payload: payload.to_owned(),
        vapid_private: key.to_base64url()?,
        vapid_public: key.public_key().to_owned(),
        subject: "mailto:push@example.com".to_owned(),
        crowd,
        sink: Some(Sink {
            host: HOST.to_owned(),
            address,
            ca_pem: place.ca_pem.clone(),
            ca_file: ca_file.display().to_string(),
            concurrency: CONCURRENCY,
        }),
    })
}

/// One turn of one sender, and whether all of it arrived.
fn round(
    sender: &mut Child,
    sink: &mut Child,
    (variant, count): (&str, u64),
    accepted: &mut u64,
    payload: &str,
) -> anyhow::Result<Round> {
    let cpu_before = [cpu(sender.pid())?, cpu(sink.pid())?].map(|time| time.as_secs_f64());
    let begun = Instant::now();
    sender.tell(&format!("send {variant} {count}"))?;
    let answer = sender.hear()?;
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(answer == "done", "the sender answered: {answer}");
    let spent = Round {
        seconds,
        sender_cpu: cpu(sender.pid())?.as_secs_f64() - cpu_before[0],
        sink_cpu: cpu(sink.pid())?.as_secs_f64() - cpu_before[1],
    };
    *accepted += count;
    sink.tell(&format!("until {accepted} {PATIENCE}"))?;
    let taken: Taken = sink.hear_json()?;
    ensure!(
        taken.accepted == *accepted && taken.refused == 0,
        "of {accepted} messages the sink counted {taken:?}"
    );
    sink.tell(&format!("read {payload}"))?;
    let read: u64 = sink.hear()?.parse()?;
    ensure!(
        read == count.div_ceil(CROWD as u64),
        "{read} of {count} messages were read by the one that reads"
    );
    Ok(spent)
}
