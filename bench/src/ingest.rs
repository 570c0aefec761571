//! Ingestion over HTTP: the real server, on each engine, and the handler that does nothing take turns under the same load.
//!
//! The measured process has one core and the generator the others; PostgreSQL runs where there is room and its time is counted beside the
//! server's. On SQLite a second server takes the same load with running pop-ups, so that deciding, the ledger and the activity are on the
//! way. Left out: delivery. Invariant: every figure is of acknowledged operations, with durable commits, as the server is by default.

use crate::load::{Connection, Outcome, Template};
use crate::process::{Child, Memory, cores, load_average, memory, say};
use crate::scene;
use crate::sender::now;
use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The server's binary
    #[arg(long)]
    server: PathBuf,
    /// Folder for data, on the disk that is to be measured; it must not exist
    #[arg(long)]
    data: PathBuf,
    /// An empty PostgreSQL database of this machine; none: PostgreSQL is left out
    #[arg(long, requires = "postgres_pid")]
    postgres: Option<String>,
    /// Its first process
    #[arg(long)]
    postgres_pid: Option<u32>,
    /// Running pop-ups of the second server on SQLite; none: it is left out
    #[arg(long, default_value_t = 20)]
    popups: usize,
    /// Operations in a request
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 50])]
    batches: Vec<usize>,
    /// Connections under full load
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Browsers that take turns
    #[arg(long, default_value_t = 2048)]
    devices: usize,
    /// Rounds; the median is reported
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Where the figures go
    #[arg(long)]
    json: PathBuf,
}

/// What came out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) connections: usize,
    pub(crate) devices: usize,
    pub(crate) popups: usize,
    /// Messages that the pop-ups' server had handed out before the first round, and after the last.
    pub(crate) handed: [u64; 2],
    pub(crate) seconds: f64,
    pub(crate) rounds: usize,
    pub(crate) pinned: bool,
    pub(crate) reply_bytes: usize,
    pub(crate) binary_bytes: u64,
    /// Microseconds of a write of 4 KiB and its sync, on the disk of the data.
    pub(crate) sync_micros: u32,
    pub(crate) load_average: [f64; 2],
    pub(crate) servers: Vec<Served>,
    pub(crate) rows: Vec<Row>,
}

/// A server of the run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Served {
    pub(crate) name: String,
    /// Milliseconds from start to ready, on new data and on data that was there.
    pub(crate) start_ms: [f64; 2],
    pub(crate) idle: Memory,
    pub(crate) after: Memory,
}

/// One target with one batch size and number of connections.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) target: String,
    pub(crate) batch: usize,
    pub(crate) connections: usize,
    /// Bytes of a request with its head.
    pub(crate) request_bytes: usize,
    pub(crate) outcomes: Vec<Outcome>,
}

/// The name of the handler that does nothing.
pub(crate) const NOTHING: &str = "nothing";
/// The name of SQLite without campaigns.
pub(crate) const PLAIN: &str = "SQLite";
/// What the name of the server with pop-ups begins with.
pub(crate) const POPUPS: &str = "SQLite with";
/// Requests of each browser before anything is measured, in which pop-ups are handed out until their caps are reached.
const FILLING: usize = 3;

#[derive(Deserialize)]
struct Ready {
    base: String,
}

#[derive(Deserialize)]
struct NewAccount {
    account: String,
    api_key: String,
}

#[derive(Deserialize)]
struct NewCampaign {
    id: i64,
}

/// A server that is to be started.
struct Plan {
    name: String,
    folder: &'static str,
    database: Option<String>,
    popups: usize,
}

struct Target {
    name: String,
    child: Child,
    address: String,
    account: String,
    api_key: String,
    database: Option<u32>,
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    let cores = cores()?;
    let (core, other) = match cores[..] {
        [first, second, ..] => (Some(first), Some(second)),
        _ => (None, None),
    };
    ensure!(!args.data.exists(), "{} is there already", args.data.display());
    std::fs::create_dir_all(&args.data)?;
    let before = load_average()?;
    let sync_micros = sync_micros(&args.data)?;
    say(&format!("ingest: 4 KiB and a sync take {sync_micros} µs here"));
    let mut served = Vec::new();
    let mut targets = Vec::new();
    let plan = |name: &str, folder, database, popups| Plan {
        name: name.to_owned(),
        folder,
        database,
        popups,
    };
    let mut servers = vec![plan(PLAIN, "plain", None, 0)];
    if args.popups > 0 {
        let name = format!("{POPUPS} {} pop-ups", args.popups);
        servers.push(plan(&name, "popups", None, args.popups));
    }
    servers.extend(
        args.postgres
            .as_ref()
            .map(|url| plan("PostgreSQL", "postgres", Some(url.clone()), 0)),
    );
    for plan in servers {
        let (target, server) = start_server(args, plan, core).await?;
        targets.push(target);
        served.push(server);
    }
    let reply = probe(&targets[0]).await?;
    let own = std::env::current_exe()?;
    let mut child = Child::start(&own, ["null", "--reply", &reply], core)?;
    let address = address(&child.hear_json::<Ready>()?)?;
    targets.push(Target {
        name: NOTHING.to_owned(),
        child,
        address,
        account: "BENCH-0001".to_owned(),
        api_key: String::new(),
        database: None,
    });

    let plans: Vec<(usize, usize)> = args
        .batches
        .iter()
        .map(|batch| (*batch, args.connections))
        .chain([(1, 1)])
        .collect();
    let mut rows: Vec<Row> = Vec::new();
    for (batch, connections) in &plans {
        for target in &targets {
            rows.push(Row {
                target: target.name.clone(),
                batch: *batch,
                connections: *connections,
                request_bytes: Template::new(&target.account, *batch)
                    .fill(&"0".repeat(32), now().ms(), || 0)
                    .len(),
                outcomes: Vec::new(),
            });
        }
    }
    for target in targets.iter().filter(|target| target.name != NOTHING) {
        say(&format!("ingest: {}: {} browsers", target.name, args.devices));
        for _ in 0..FILLING {
            load(args, target, (1, args.connections), true, other)?;
        }
    }
    let with = targets.iter().find(|target| target.name.starts_with(POPUPS));
    let handed = async || match with {
        Some(target) => handed(target).await,
        None => Ok(0),
    };
    let filled = handed().await?;
    for turn in 0..args.rounds {
        for place in 0..rows.len() {
            let at = (turn * targets.len() + place) % rows.len();
            let row = &mut rows[at];
            let target = targets
                .iter()
                .find(|target| target.name == row.target)
                .context("a row without target")?;
            let outcome = load(args, target, (row.batch, row.connections), false, other)?;
            say(&format!(
                "ingest: {:>19} × {:>2}, {:>2} connections: {:>7.0} operations/s, {:>7.0} per CPU second, p50 {:>6} µs, p99 {:>6} µs",
                row.target,
                row.batch,
                row.connections,
                outcome.operations as f64 / outcome.seconds,
                outcome.operations as f64 / outcome.server_cpu.max(0.01),
                outcome.p50,
                outcome.p99
            ));
            row.outcomes.push(outcome);
        }
    }
    let handed = [filled, handed().await?];
    for (target, server) in targets.iter().zip(&mut served) {
        server.after = memory(target.child.pid())?;
    }
    for target in targets {
        if target.name != NOTHING {
            target.child.stop()?;
        }
    }
    let figures = Figures {
        connections: args.connections,
        devices: args.devices,
        popups: args.popups,
        handed,
        seconds: args.seconds,
        rounds: args.rounds,
        pinned: core.is_some(),
        reply_bytes: reply.len(),
        binary_bytes: std::fs::metadata(&args.server)?.len(),
        sync_micros,
        load_average: [before, load_average()?],
        servers: served,
        rows,
    };
    std::fs::remove_dir_all(&args.data)?;
    std::fs::write(&args.json, serde_json::to_string_pretty(&figures)?)
        .with_context(|| format!("{} cannot be written", args.json.display()))
}

/// Makes an account, starts the server on new data, and again on what is there then, with the campaigns running; leaves it so.
async fn start_server(args: &Args, plan: Plan, core: Option<usize>) -> anyhow::Result<(Target, Served)> {
    let name = plan.name;
    let folder = args.data.join(plan.folder);
    let folder = folder.to_str().context("the data folder is not text")?.to_owned();
    let mut place = vec!["--data".to_owned(), folder];
    let database = plan.database.as_ref().and(args.postgres_pid);
    place.extend(
        plan.database
            .into_iter()
            .flat_map(|url| ["--database".to_owned(), url]),
    );
    let command = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .chain(place.clone())
            .collect::<Vec<_>>()
    };
    let mut start_ms = [0.0; 2];
    let serve = command(&["serve", "--listen", "127.0.0.1:0", "--json"]);

    let started = Instant::now();
    let mut child = Child::start(&args.server, &serve, core)?;
    let _ready: Ready = child.hear_json()?;
    start_ms[0] = started.elapsed().as_secs_f64() * 1000.0;
    child.stop()?;

    let mut maker = Child::start(
        &args.server,
        command(&["account", "new", "Bench", "--json"]),
        None,
    )?;
    let NewAccount { account, api_key } = maker.hear_json()?;
    maker.wait()?;

    let started = Instant::now();
    let mut child = Child::start(&args.server, &serve, core)?;
    let ready: Ready = child.hear_json()?;
    start_ms[1] = started.elapsed().as_secs_f64() * 1000.0;
    // What is idle has had a moment to be idle in.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = memory(child.pid())?;
    say(&format!(
        "ingest: {name}: ready in {:.0} ms, {} KiB idle",
        start_ms[1], idle.resident_kib
    ));
    let address = address(&ready)?;
    for n in 0..plan.popups {
        let definition = scene::on_product_viewed(n).to_string();
        let made = call(&address, &api_key, "POST", "/campaigns", &definition).await?;
        let NewCampaign { id } = serde_json::from_str(&made)?;
        call(&address, &api_key, "POST", &format!("/campaigns/{id}/start"), "").await?;
    }
    let served = Served {
        name: name.clone(),
        start_ms,
        idle,
        after: idle,
    };
    Ok((
        Target {
            name,
            child,
            address,
            account,
            api_key,
            database,
        },
        served,
    ))
}

fn address(ready: &Ready) -> anyhow::Result<String> {
    let address = ready
        .base
        .strip_prefix("http://")
        .context("the server does not speak plain http")?;
    Ok(address.trim_end_matches('/').to_owned())
}

/// One call of the JSON API that is to succeed; its answer.
async fn call(address: &str, key: &str, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
    let mut connection = Connection::open(address).await?;
    let request = format!(
        "{method} /api/v1{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (status, answer) = connection.exchange(request.as_bytes()).await?;
    ensure!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    Ok(answer.to_owned())
}

/// How many messages a server has handed out.
async fn handed(target: &Target) -> anyhow::Result<u64> {
    let answer = call(&target.address, &target.api_key, "GET", "/campaigns", "").await?;
    let answer: Value = serde_json::from_str(&answer)?;
    let campaigns = answer["campaigns"].as_array().context("no campaigns")?;
    let handed = campaigns
        .iter()
        .filter_map(|campaign| campaign["counts"]["handed"].as_u64());
    Ok(handed.sum())
}

/// One answer of the server, which the handler that does nothing will repeat. Its batch sizes differ by a digit or two.
async fn probe(target: &Target) -> anyhow::Result<String> {
    let mut connection = Connection::open(&target.address).await?;
    let mut template = Template::new(&target.account, 1);
    let (status, body) = connection
        .exchange(template.fill("0199c0de7a5570008000000000000001", now().ms(), || 1))
        .await?;
    ensure!(status == 200, "the server answered {status}: {body}");
    Ok(body.to_owned())
}

/// One load in a process of its own. To the handler that does nothing, every batch is the one of the probe.
fn load(
    args: &Args,
    target: &Target,
    (batch, connections): (usize, usize),
    once: bool,
    core: Option<usize>,
) -> anyhow::Result<Outcome> {
    let mut words: Vec<String> = [
        "load",
        "--address",
        &target.address,
        "--account",
        &target.account,
        "--batch",
        &batch.to_string(),
        "--connections",
        &connections.to_string(),
        "--devices",
        &args.devices.to_string(),
        "--seconds",
        &args.seconds.to_string(),
        "--server",
        &target.child.pid().to_string(),
    ]
    .map(str::to_owned)
    .to_vec();
    if target.name == NOTHING {
        words.push("--any-answer".to_owned());
    }
    if once {
        words.push("--once".to_owned());
    }
    words.extend(
        target
            .database
            .into_iter()
            .flat_map(|pid| ["--database".to_owned(), pid.to_string()]),
    );
    let mut child = Child::start(&std::env::current_exe()?, &words, core)?;
    let outcome = child.hear_json()?;
    child.wait()?;
    Ok(outcome)
}

/// The middle of 200 writes with sync: the least that a commit which waits for nobody can take.
fn sync_micros(folder: &Path) -> anyhow::Result<u32> {
    let path = folder.join("sync");
    let mut file = std::fs::File::create(&path)?;
    let page = [7; 4096];
    let mut times: Vec<u32> = Vec::new();
    for turn in 0..200 {
        let started = Instant::now();
        file.seek(SeekFrom::Start(turn % 64 * 4096))?;
        file.write_all(&page)?;
        file.sync_data()?;
        times.push(started.elapsed().as_micros().try_into().unwrap_or(u32::MAX));
    }
    std::fs::remove_file(path)?;
    crate::process::median(&times).context("no writes")
}
