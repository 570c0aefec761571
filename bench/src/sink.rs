//! The lab as a sink: a process that takes messages as the push services do, and counts them.
//!
//! Each request is checked in full (address, signature, key, headers, form of the body), but a crowd's messages are not decrypted, so
//! that the sink is not the limit; [`Reader`] decrypts its share. Spoken to by lines. Left out: the control interface, which cannot make
//! a crowd. Invariant: what is counted was answered with 201, and the sink's own time is read by whoever started it.

use crate::product::{Host, Place};
use anyhow::{Context as _, bail};
use campanile_core::subscription::decode;
use campanile_lab::{Counts, Lab, LabConfig, Service, VirtualBrowser};
use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, BufWriter, Write as _};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks at the counters.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// Whose browsers a crowd has, by turns.
const SERVICES: [Service; 2] = [Service::Mozilla, Service::Fcm];

/// Where one browser gets its messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recipient {
    pub(crate) endpoint: String,
    pub(crate) p256dh: String,
    pub(crate) auth: String,
}

/// The counters at a moment.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) accepted: u64,
    /// By the rules, or by a fault that was asked for.
    pub(crate) refused: u64,
}

impl From<Counts> for Taken {
    fn from(counts: Counts) -> Self {
        Self {
            accepted: counts.accepted,
            refused: counts.refused + counts.faulted,
        }
    }
}

/// A browser that reads what it gets.
struct Reader(VirtualBrowser);

impl Reader {
    /// How many messages it got since it was last asked; all must say `text`.
    fn read(&self, text: &str) -> anyhow::Result<u64> {
        let mut read = 0;
        while let Some(received) = self.0.try_next() {
            let plaintext = received.plaintext.context("a message does not open")?;
            anyhow::ensure!(plaintext == text.as_bytes(), "a message says something else");
            read += 1;
        }
        Ok(read)
    }
}

#[tokio::main]
pub(crate) async fn run() -> anyhow::Result<()> {
    let lab = Lab::start(LabConfig {
        keep_messages: 0,
        ..LabConfig::default()
    })
    .await?;
    let hosts = lab.host_map().into_iter();
    let place = Place {
        push: lab.url().to_owned(),
        hosts: hosts.map(|(host, address)| Host { host, address }).collect(),
        ca_pem: lab.ca_pem().to_owned(),
    };
    let mut out = std::io::stdout().lock();
    let mut say = |line: String| writeln!(out, "{line}").and_then(|()| out.flush());
    say(serde_json::to_string(&place)?)?;
    let mut reader = None;
    // Reading lines holds this thread; the lab is on the others.
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words[..] {
            ["crowd", key, count, file] => {
                crowd(&lab, key, count.parse()?, Path::new(file))?;
                say("done".to_owned())?;
            }
            ["reader", key] => {
                let browser = lab.virtual_browser(&vapid(key)?);
                let subscription = recipient(&browser)?;
                reader = Some(Reader(browser));
                say(serde_json::to_string(&subscription)?)?;
            }
            ["read", ..] => {
                let (_, text) = line.split_once(' ').context("no text")?;
                let reader = reader.as_ref().context("there is no reader")?;
                say(reader.read(text)?.to_string())?;
            }
            ["until", accepted, seconds] => {
                let (accepted, seconds): (u64, u64) = (accepted.parse()?, seconds.parse()?);
                let begun = Instant::now();
                while lab.counts().accepted < accepted && begun.elapsed().as_secs() < seconds {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                say(serde_json::to_string(&Taken::from(lab.counts()))?)?;
            }
            _ => bail!("`{line}` is not understood"),
        }
    }
    Ok(())
}

fn vapid(key: &str) -> anyhow::Result<[u8; 65]> {
    decode(key)
        .and_then(|bytes| bytes.try_into().ok())
        .context("the key is not 65 bytes in base64url")
}

fn recipient(browser: &VirtualBrowser) -> anyhow::Result<Recipient> {
    let subscription = browser.subscription();
    let key = |name: &str| subscription["keys"][name].as_str().map(str::to_owned);
    Ok(Recipient {
        endpoint: browser.endpoint().to_owned(),
        p256dh: key("p256dh").context("no p256dh")?,
        auth: key("auth").context("no auth")?,
    })
}

/// Subscribes a crowd and writes it down, a line of JSON each.
fn crowd(lab: &Lab, key: &str, count: usize, file: &Path) -> anyhow::Result<()> {
    let key = vapid(key)?;
    let mut parts = [count.div_ceil(2), count / 2]
        .into_iter()
        .zip(SERVICES)
        .map(|(count, service)| lab.crowd(service, &key, count).into_iter())
        .collect::<Vec<_>>();
    let mut out = BufWriter::new(std::fs::File::create(file)?);
    for n in 0..count {
        let browser = parts[n % 2].next().context("the crowd is too small")?;
        serde_json::to_writer(&mut out, &recipient(&browser)?)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}
