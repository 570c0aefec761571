//! What one push message costs on one core: encryption (RFC 8291) and headers (RFC 8030, RFC 8292), ours and the peers'.
//!
//! Each sender is a process on the same core; they take turns in short rounds, whose order moves on by one each time. What each makes is
//! first decrypted and its signature checked. Left out: sending. Invariant: a figure is the processor time of the sender's first thread,
//! read by this process, so a language's helper threads (garbage collection) are not charged to it.

use crate::process::{Child, cores, load_average, median, say, thread_nanoseconds};
use crate::sender::{Job, Made, now};
use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_push::vapid::{parse_authorization, verify};
use campanile_push::{BrowserKeys, VapidKey};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Bytes of the payload.
const PAYLOAD_BYTES: usize = 200;
/// As long as Mozilla's are, about 190 characters.
const ENDPOINT: &str = concat!(
    "https://push.example.com/wpush/v2/",
    "bench-bench-bench-bench-bench-bench-bench-bench-bench-bench-bench-bench-bench-",
    "bench-bench-bench-bench-bench-bench-bench-bench-bench-bench-bench-bench-bench"
);
const ORIGIN: &str = "https://push.example.com";
/// How long one round of one variant should take.
const ROUND_NANOSECONDS: u64 = 80_000_000;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds; the median is reported
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// The built peer on the crate web-push
    #[arg(long)]
    rust_peer: PathBuf,
    /// The folder of the peer on npm web-push, installed
    #[arg(long)]
    npm_peer: PathBuf,
    /// The folder of the peer on pywebpush
    #[arg(long)]
    pypi_peer: PathBuf,
    /// A Python that has pywebpush
    #[arg(long)]
    python: PathBuf,
    /// Where the figures go
    #[arg(long)]
    json: PathBuf,
}

/// The variant that is the limit of the library that we stand on.
pub(crate) const PRIMITIVES: &str = "primitives";

/// What came out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) payload_bytes: usize,
    pub(crate) rounds: usize,
    pub(crate) load_average: [f64; 2],
    pub(crate) rows: Vec<Row>,
}

/// One way to make a message.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) sender: String,
    pub(crate) variant: String,
    pub(crate) signature: String,
    /// Bytes of the body that goes out.
    pub(crate) body_bytes: usize,
    /// Messages in a round.
    pub(crate) count: u64,
    /// Processor time per message in each round.
    pub(crate) nanoseconds: Vec<f64>,
}

impl Row {
    /// Middle, least and most nanoseconds per message.
    pub(crate) fn spread(&self) -> (f64, f64, f64) {
        let most = self.nanoseconds.iter().copied().fold(0.0, f64::max);
        let least = self.nanoseconds.iter().copied().fold(f64::MAX, f64::min);
        (median(&self.nanoseconds).unwrap_or_default(), least, most)
    }
}

/// The first is what all others are compared with.
const VARIANTS: [(usize, &str, &str, &str); 11] = [
    (0, "delivery", "campanile-push, as delivery calls it", "cached"),
    (0, "kept", "campanile-push, recipient kept decoded", "cached"),
    (
        0,
        "library",
        "campanile-push, no multiples of the key kept",
        "cached",
    ),
    (
        0,
        "signed",
        "campanile-push, signing each message (for comparison)",
        "each message",
    ),
    (0, PRIMITIVES, "bare primitives of aws-lc-rs", "none"),
    (
        1,
        "cached",
        "crate web-push, VapidSignature cloned",
        "cached by its user",
    ),
    (1, "signed", "crate web-push, as documented", "each message"),
    (
        2,
        "cached",
        "npm web-push, encrypt() and own headers",
        "cached by its user",
    ),
    (
        2,
        "signed",
        "npm web-push, generateRequestDetails()",
        "each message",
    ),
    (
        3,
        "cached",
        "PyPI pywebpush, WebPusher.send()",
        "cached by its user",
    ),
    (3, "signed", "PyPI pywebpush, webpush()", "each message"),
];

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let browser = BrowserKeys::generate()?;
    let key = VapidKey::generate()?;
    let payload = payload();
    let job = Job {
        endpoint: ENDPOINT.to_owned(),
        p256dh: URL_SAFE_NO_PAD.encode(browser.keys().p256dh),
        auth: URL_SAFE_NO_PAD.encode(browser.keys().auth),
        payload: payload.clone(),
        vapid_private: key.to_base64url()?,
        vapid_public: key.public_key().to_owned(),
        subject: "mailto:push@example.com".to_owned(),
        crowd: Vec::new(),
        sink: None,
    };
    // The last core: the first is where a machine does its own work.
    let cores = cores()?;
    let core = (cores.len() > 1).then(|| cores[cores.len() - 1]);
    let start = |program: &Path, argument: &str| Child::start(program, [argument], core);
    let argument = |path: PathBuf| path.to_str().map(str::to_owned).context("the path is not text");
    let mut senders = [
        start(&std::env::current_exe()?, "sender")?,
        Child::start(&args.rust_peer, [""; 0], core)?,
        start(Path::new("node"), &argument(args.npm_peer.join("peer.mjs"))?)?,
        start(&args.python, &argument(args.pypi_peer.join("peer.py"))?)?,
    ];
    for sender in &mut senders {
        sender.tell(&serde_json::to_string(&job)?)?;
    }
    let before = load_average()?;
    let mut rows = Vec::new();
    for (index, variant, name, signature) in VARIANTS {
        let sender = &mut senders[index];
        let body_bytes = check(sender, variant, &browser, &key, &payload).with_context(|| name.to_owned())?;
        // Compilers that work while the program runs want to see the code some thousand times.
        let _warm = round(sender, variant, 300)?;
        let each = (round(sender, variant, 300)? / 300).max(1);
        let count = (ROUND_NANOSECONDS / each).max(50);
        say(&format!("encrypt: {name}: about {} µs", each / 1000));
        rows.push(Row {
            sender: name.to_owned(),
            variant: variant.to_owned(),
            signature: signature.to_owned(),
            body_bytes,
            count,
            nanoseconds: Vec::new(),
        });
    }
    for turn in 0..args.rounds {
        for place in 0..rows.len() {
            let at = (turn + place) % rows.len();
            let (index, variant, ..) = VARIANTS[at];
            let row = &mut rows[at];
            let spent = round(&mut senders[index], variant, row.count)?;
            row.nanoseconds.push(spent as f64 / row.count as f64);
        }
    }
    let figures = Figures {
        payload_bytes: PAYLOAD_BYTES,
        rounds: args.rounds,
        load_average: [before, load_average()?],
        rows,
    };
    for sender in senders {
        sender.wait()?;
    }
    std::fs::write(&args.json, serde_json::to_string_pretty(&figures)?)
        .with_context(|| format!("{} cannot be written", args.json.display()))
}

/// A payload such as delivery makes, filled up to the length.
pub(crate) fn payload() -> String {
    let (head, tail) = (
        r#"{"web_push":8030,"notification":{"title":"Kiln opening","navigate":"https://shop.example.com/","body":""#,
        r#""}}"#,
    );
    let words = "Eleven pieces came out well. ".repeat(10);
    let room = PAYLOAD_BYTES - head.len() - tail.len();
    format!("{head}{}{tail}", &words[..room])
}

/// Processor time of `count` messages.
fn round(sender: &mut Child, variant: &str, count: u64) -> anyhow::Result<u64> {
    let before = thread_nanoseconds(sender.pid())?;
    sender.tell(&format!("run {variant} {count}"))?;
    let answer = sender.hear()?;
    ensure!(answer == "done", "the sender answered: {answer}");
    Ok(thread_nanoseconds(sender.pid())? - before)
}

/// Whether what is made would be taken by a push service and read by the browser.
fn check(
    sender: &mut Child,
    variant: &str,
    browser: &BrowserKeys,
    key: &VapidKey,
    payload: &str,
) -> anyhow::Result<usize> {
    sender.tell(&format!("check {variant}"))?;
    let made: Made = sender.hear_json()?;
    let body = URL_SAFE_NO_PAD.decode(made.body.trim_end_matches('='))?;
    ensure!(
        browser.decrypt(&body)? == payload.as_bytes(),
        "the browser reads something else"
    );
    let header = |name: &str| {
        made.headers
            .get(name)
            .map(String::as_str)
            .with_context(|| format!("no header {name}"))
    };
    let (token, public) = parse_authorization(header("authorization")?)?;
    ensure!(public == *key.public_bytes(), "it names another key");
    verify(token, &public, ORIGIN, now())?;
    ensure!(
        header("ttl")? == "86400" && header("content-encoding")? == "aes128gcm",
        "headers: {:?}",
        made.headers
    );
    ensure!(header("urgency")? == "normal", "headers: {:?}", made.headers);
    Ok(body.len())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_payload_is_as_long_as_announced() {
        let payload = super::payload();
        assert_eq!(payload.len(), super::PAYLOAD_BYTES);
        serde_json::from_str::<serde_json::Value>(&payload).expect("it is JSON");
    }
}
