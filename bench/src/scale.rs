//! One push campaign to very many: speed, processor time and memory of the product, from ten thousand recipients to a million.
//!
//! For each size a crowd is made at a [`crate::sink`] and put into the store, the product is started anew on that store, and one push runs to
//! its end. Left out: intake ([`crate::campaign`] subscribes over the wire), reading ([`crate::sink`] only counts). Invariant: a size counts only
//! when the sink took as many messages as there are recipients, with 201, and the product counted as many.

use crate::campaign::{Door, text};
use crate::process::{Child, cores, cpu, load_average, memory, say};
use crate::product::{Place, Ready};
use crate::sink::Taken;
use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// Seconds that one size may take.
const PATIENCE: u64 = 1800;
/// Between two looks whether the campaign is sent; the last answer was there already.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Parts of a run whose speed is told apart.
const PARTS: u64 = 10;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Recipients, a run each
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "10000,30000,100000,300000,1000000"
    )]
    sizes: Vec<u64>,
    /// Folder for data, on the disk that is to be measured; it must not exist
    #[arg(long)]
    data: PathBuf,
    /// Where the figures go
    #[arg(long)]
    json: PathBuf,
}

/// What came out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) pinned: bool,
    pub(crate) load_average: [f64; 2],
    pub(crate) rows: Vec<Row>,
}

/// One size.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) recipients: u64,
    /// From the start, as it is asked for, to the sink's first 201.
    pub(crate) first_seconds: f64,
    /// To each tenth.
    pub(crate) parts_seconds: Vec<f64>,
    /// To the campaign's being sent.
    pub(crate) sent_seconds: f64,
    pub(crate) product_cpu: f64,
    pub(crate) sink_cpu: f64,
    /// Memory of the product before the start, the most there was, and at the end.
    pub(crate) before_kib: u64,
    pub(crate) peak_kib: u64,
    pub(crate) after_kib: u64,
    /// Bytes of the database before and after.
    pub(crate) store_bytes: [u64; 2],
    pub(crate) load_average: f64,
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    ensure!(!args.data.exists(), "{} is there already", args.data.display());
    let before = load_average()?;
    let mut rows = Vec::new();
    for recipients in &args.sizes {
        let row = one(*recipients, &args.data).await?;
        std::fs::remove_dir_all(&args.data)?;
        say(&format!(
            "scale: {recipients}: first after {:.2} s, {:.0} messages/s, {:.1} µs each, at most {:.0} MB",
            row.first_seconds,
            *recipients as f64 / row.sent_seconds,
            row.product_cpu * 1e6 / *recipients as f64,
            row.peak_kib as f64 * 1024.0 / 1e6
        ));
        rows.push(row);
    }
    let figures = Figures {
        pinned: cores()?.len() > 1,
        load_average: [before, load_average()?],
        rows,
    };
    std::fs::write(&args.json, serde_json::to_string_pretty(&figures)?)
        .with_context(|| format!("{} cannot be written", args.json.display()))
}

async fn one(recipients: u64, data: &Path) -> anyhow::Result<Row> {
    let (core, other) = match cores()?[..] {
        [first, second, ..] => (Some(first), Some(second)),
        _ => (None, None),
    };
    let mut sink = Child::start(&std::env::current_exe()?, ["sink"], other)?;
    let place: Place = sink.hear_json()?;
    let folder = data.to_str().context("the data folder is not text")?;
    // A process of its own, so that what it holds while it writes is not the sender's.
    let (mut product, ready) = start(folder, &place, core)?;
    let mut api = Door::open(&ready.address, Some(&ready.api_key)).await?;
    let settings = api.call("GET", "/api/v1/settings/web-push", &Value::Null).await?;
    let crowd = data.join("crowd");
    sink.tell(&format!(
        "crowd {} {recipients} {}",
        text(&settings, "public_key")?,
        crowd.display()
    ))?;
    sink.hear()?;
    product.tell(&format!("enrol {}", crowd.display()))?;
    ensure!(product.hear()? == "done", "the crowd was not taken in");
    product.wait()?;
    std::fs::remove_file(crowd)?;
    let store_before = bytes(data)?;

    let (product, ready) = start(folder, &place, core)?;
    let mut api = Door::open(&ready.address, Some(&ready.api_key)).await?;
    let definition = json!({
        "name": "Scale", "kind": "push",
        "push": {
            "title": "The kiln is open",
            "body": "Twelve new pots, three of them blue. First come, first served.",
            "url": "https://shop.example.com/new",
        }
    });
    let campaign = api.call("POST", "/api/v1/campaigns", &definition).await?;
    let path = format!("/api/v1/campaigns/{}", campaign["id"]);
    let before = memory(product.pid())?;
    let cpu_before = [cpu(product.pid())?, cpu(sink.pid())?].map(|time| time.as_secs_f64());
    let begun = Instant::now();
    api.call("POST", &format!("{path}/start"), &Value::Null).await?;
    let mut until = |accepted: u64| {
        sink.tell(&format!("until {accepted} {PATIENCE}"))?;
        let taken: Taken = sink.hear_json()?;
        ensure!(
            taken.accepted >= accepted && taken.refused == 0,
            "the sink took {taken:?} instead of {accepted}"
        );
        anyhow::Ok((begun.elapsed().as_secs_f64(), taken.accepted))
    };
    let (first_seconds, _) = until(1)?;
    let mut parts_seconds = Vec::new();
    for part in 1..=PARTS {
        parts_seconds.push(until(recipients * part / PARTS)?.0);
    }
    // The server has closed a connection that was idle for so long.
    let mut api = Door::open(&ready.address, Some(&ready.api_key)).await?;
    let campaign = loop {
        let campaign = api.call("GET", &path, &Value::Null).await?;
        if campaign["status"] == "sent" {
            break campaign;
        }
        ensure!(begun.elapsed().as_secs() < PATIENCE, "it is not sent: {campaign}");
        tokio::time::sleep(LOOK_EVERY).await;
    };
    let sent_seconds = begun.elapsed().as_secs_f64();
    let product_cpu = cpu(product.pid())?.as_secs_f64() - cpu_before[0];
    let (_, accepted) = until(recipients)?;
    let counted = &campaign["counts"];
    ensure!(
        accepted == recipients && counted["audience"] == recipients && counted["sent"] == recipients,
        "the sink took {accepted}, the product counted {counted}"
    );
    let after = memory(product.pid())?;
    let sink_cpu = cpu(sink.pid())?.as_secs_f64() - cpu_before[1];
    product.wait()?;
    sink.wait()?;
    Ok(Row {
        recipients,
        first_seconds,
        parts_seconds,
        sent_seconds,
        product_cpu,
        sink_cpu,
        before_kib: before.resident_kib,
        peak_kib: after.peak_kib,
        after_kib: after.resident_kib,
        store_bytes: [store_before, bytes(data)?],
        load_average: load_average()?,
    })
}

/// Starts the product; it ends when its input does, and then the log is in the database.
fn start(folder: &str, place: &Place, core: Option<usize>) -> anyhow::Result<(Child, Ready)> {
    let mut product = Child::start(&std::env::current_exe()?, ["product", "--data", folder], core)?;
    product.tell(&serde_json::to_string(place)?)?;
    let ready = product.hear_json()?;
    Ok((product, ready))
}

/// Size of all that is in a folder.
fn bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let about = entry?.metadata()?;
        sum += if about.is_file() { about.len() } else { 0 };
    }
    Ok(sum)
}
