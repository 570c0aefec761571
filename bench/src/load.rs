//! Load on the wire: keep-alive connections that post one batch after another, as fast as they are answered.
//!
//! Each connection owns some devices; every operation has an id of its own. Requests are patched into place in a prepared body and answers
//! are read with the least that HTTP/1.1 needs, so that the generator is cheaper than what it measures. Left out: chunked answers, TLS.
//! Invariant: a batch counts only when it was answered with 200 and every operation of it was accepted; anything else ends the run.

use crate::process;
use crate::sender::now;
use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

#[derive(clap::Args, Debug, Clone)]
pub(crate) struct Args {
    /// Address and port
    #[arg(long)]
    pub(crate) address: String,
    /// Account to post to
    #[arg(long)]
    pub(crate) account: String,
    /// Operations in a request
    #[arg(long)]
    pub(crate) batch: usize,
    /// Connections, each with one request under way
    #[arg(long)]
    pub(crate) connections: usize,
    /// Browsers that take turns
    #[arg(long)]
    pub(crate) devices: usize,
    /// Seconds that are measured, after a tenth of it that is not
    #[arg(long)]
    pub(crate) seconds: f64,
    /// Instead of going on for a time: one request for each device, not measured
    #[arg(long)]
    pub(crate) once: bool,
    /// Take any answer with 200: the handler that does nothing cannot count
    #[arg(long)]
    pub(crate) any_answer: bool,
    /// Process whose time is measured
    #[arg(long)]
    pub(crate) server: u32,
    /// Process of the database whose time, with its children's, is measured too
    #[arg(long)]
    pub(crate) database: Option<u32>,
}

/// What one load came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) seconds: f64,
    pub(crate) requests: u64,
    pub(crate) operations: u64,
    /// Processor seconds of the server.
    pub(crate) server_cpu: f64,
    /// Processor seconds of the database's processes.
    pub(crate) database_cpu: Option<f64>,
    /// Processor seconds of the generator.
    pub(crate) load_cpu: f64,
    /// Microseconds from the first byte sent to the last byte received.
    pub(crate) p50: u32,
    pub(crate) p99: u32,
    pub(crate) most: u32,
    pub(crate) load_average: f64,
}

/// A request with places to patch.
#[derive(Clone)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    device: usize,
    /// Of each operation.
    ids: Vec<usize>,
    /// `now` and each operation's `t`.
    times: Vec<usize>,
    expected: String,
}

const ID: &str = "00000000000000000000000000000000";
const TIME: &str = "1000000000000";

impl Template {
    pub(crate) fn new(account: &str, batch: usize) -> Self {
        let mut body = format!(
            r#"{{"v":1,"account":"{account}","device":"{ID}","sdk":"web/0.1.0","now":{TIME},"show":true,"#
        );
        body.push_str(r#""context":{"url":"https://shop.example.com/p/ebb-jug","referrer":"https://shop.example.com/","language":"en-GB","zone":"Europe/London","touch":false,"width":1280,"height":800,"push":"default"},"ops":["#);
        for n in 0..batch {
            let comma = if n > 0 { "," } else { "" };
            let _ = write!(
                body,
                r#"{comma}{{"id":"{ID}","t":{TIME},"op":"event","name":"Product Viewed","props":{{"name":"Ebb jug","sku":"EJ-{n:03}","price":48,"currency":"GBP","tags":["blue","tall"],"in stock":true}}}}"#
            );
        }
        body.push_str("]}");
        let head = format!(
            "POST /ring HTTP/1.1\r\nhost: shop.example.com\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 \
             Firefox/140.0\r\naccept: */*\r\norigin: https://shop.example.com\r\ncontent-type: text/plain;charset=UTF-8\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let text = head + &body;
        let places = |pattern: &str| text.match_indices(pattern).map(|(at, _)| at).collect::<Vec<_>>();
        let mut ids = places(ID);
        let device = ids.remove(0);
        let times = places(TIME);
        Self {
            device,
            ids,
            times,
            expected: format!(r#""accepted":{batch},"refused":[]"#),
            bytes: text.into_bytes(),
        }
    }

    /// The next request of `device`. `draw` gives random numbers.
    pub(crate) fn fill(&mut self, device: &str, now_ms: i64, mut draw: impl FnMut() -> u64) -> &[u8] {
        self.bytes[self.device..self.device + ID.len()].copy_from_slice(device.as_bytes());
        let mut time = [0; TIME.len()];
        let _ = write!(&mut time[..], "{now_ms}");
        for place in &self.times {
            self.bytes[*place..place + TIME.len()].copy_from_slice(&time);
        }
        for place in &self.ids {
            // UUIDv7: 48 bits of milliseconds, version, 12 random bits, variant, 62 random bits.
            let head = (now_ms as u64) << 16 | 7 << 12 | draw() & 0xfff;
            hex(&mut self.bytes[*place..place + 16], head);
            hex(&mut self.bytes[place + 16..place + 32], draw() >> 2 | 1 << 63);
        }
        &self.bytes
    }

    #[cfg(test)]
    fn body(&self) -> &str {
        let text = std::str::from_utf8(&self.bytes).expect("it is text");
        text.split_once("\r\n\r\n").expect("head and body").1
    }
}

/// Sixteen digits; the formatter of the standard library would be half of what a batch of 50 costs.
fn hex(out: &mut [u8], value: u64) {
    for (at, digit) in out.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(value >> (60 - 4 * at) & 15) as usize];
    }
}

/// The id of the n-th device; the last digits differ as those of real ones do.
pub(crate) fn device(n: usize) -> String {
    format!("0199c0de7a557000{:016x}", mix(n as u64) >> 2 | 1 << 63)
}

/// One step of splitmix64: numbers that do not repeat, made for nothing else.
pub(crate) fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A connection that is kept alive.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("nobody listens on {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(16 * 1024),
        })
    }

    /// Sends a request and reads the whole answer: status and body.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<(u16, &str)> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection in mid-answer");
            }
            let Some(head_end) = find(&self.buffer, b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.buffer[..head_end])?;
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .context("the answer has no content-length")?;
            let length: usize = length.1.parse()?;
            let status: u16 = head.get(9..12).context("the answer has no status")?.parse()?;
            let end = head_end + 4 + length;
            if self.buffer.len() >= end {
                return Ok((status, std::str::from_utf8(&self.buffer[head_end + 4..end])?));
            }
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    let outcome = drive(args).await?;
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&outcome)?)?;
    Ok(())
}

/// Runs one load and measures it.
pub(crate) async fn drive(args: &Args) -> anyhow::Result<Outcome> {
    ensure!(
        args.connections <= args.devices,
        "each connection needs a device of its own"
    );
    let start = Instant::now();
    let warm = start + Duration::from_secs_f64(if args.once { 0.0 } else { args.seconds / 10.0 });
    let end = warm + Duration::from_secs_f64(args.seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..args.connections {
        let args = args.clone();
        tasks.spawn(async move { connection(&args, number, warm, end).await });
    }
    let mut measured = Measured::read(args)?;
    if !args.once {
        tokio::time::sleep_until(warm).await;
        measured = Measured::read(args)?;
        tokio::time::sleep_until(end).await;
    }
    // The window is closed before the last answers come; they are not counted either.
    let spent = measured.until_now(args)?;
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.append(&mut done??);
    }
    latencies.sort_unstable();
    let requests = latencies.len();
    let at = |share: f64| {
        latencies
            .get((requests as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
    };
    Ok(Outcome {
        seconds: spent.at,
        requests: requests as u64,
        operations: (requests * args.batch) as u64,
        server_cpu: spent.server,
        database_cpu: spent.database,
        load_cpu: spent.load,
        p50: at(0.5),
        p99: at(0.99),
        most: latencies.last().copied().unwrap_or_default(),
        load_average: process::load_average()?,
    })
}

/// Readings of the clock and of processor times, or differences of two, in seconds.
struct Measured {
    since: Instant,
    at: f64,
    server: f64,
    database: Option<f64>,
    load: f64,
}

impl Measured {
    fn read(args: &Args) -> anyhow::Result<Self> {
        Ok(Self {
            since: Instant::now(),
            at: 0.0,
            server: process::cpu(args.server)?.as_secs_f64(),
            database: args
                .database
                .map(process::family_cpu)
                .transpose()?
                .map(|time| time.as_secs_f64()),
            load: process::cpu(std::process::id())?.as_secs_f64(),
        })
    }

    fn until_now(self, args: &Args) -> anyhow::Result<Self> {
        let now = Self::read(args)?;
        Ok(Self {
            at: (now.since - self.since).as_secs_f64(),
            server: now.server - self.server,
            database: now.database.zip(self.database).map(|(now, then)| now - then),
            load: now.load - self.load,
            since: now.since,
        })
    }
}

/// Posts until the end; microseconds of each answer that came after `warm`.
async fn connection(args: &Args, number: usize, warm: Instant, end: Instant) -> anyhow::Result<Vec<u32>> {
    let devices: Vec<String> = (number..args.devices)
        .step_by(args.connections)
        .map(device)
        .collect();
    let mut template = Template::new(&args.account, args.batch);
    let mut connection = Connection::open(&args.address).await?;
    // Differs from process to process, from connection to connection and from run to run.
    let mut state = mix(now().ms() as u64 ^ mix(u64::from(std::process::id()) << 32 | number as u64));
    let mut latencies = Vec::with_capacity(100_000);
    for turn in 0.. {
        let device = match (args.once, devices.get(turn)) {
            (true, None) => break,
            (true, Some(device)) => device,
            (false, _) => &devices[turn % devices.len()],
        };
        let request = template.fill(device, now().ms(), || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(state)
        });
        let sent = Instant::now();
        let (status, body) = connection.exchange(request).await?;
        let received = Instant::now();
        ensure!(
            status == 200 && (args.any_answer || body.contains(&template.expected)),
            "a batch was not taken: {status} {}",
            &body[..body.len().min(600)]
        );
        if received >= end && !args.once {
            break;
        }
        if sent >= warm {
            latencies.push((received - sent).as_micros().try_into().unwrap_or(u32::MAX));
        }
    }
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::wire::{MAX_BODY_BYTES, Request, parse_operation};
    use std::collections::HashSet;

    #[test]
    fn what_is_posted_is_the_wire_and_every_id_is_new() {
        let mut template = Template::new("TEST-0001", 50);
        let mut state = 7;
        let mut seen = HashSet::new();
        for turn in 0..20 {
            let _ = template.fill(&device(turn), 1_763_890_000_000, || {
                state = mix(state);
                state
            });
            assert!(template.body().len() < MAX_BODY_BYTES);
            let request: Request<'_> = serde_json::from_str(template.body()).expect("the wire");
            assert_eq!(
                request.now.map(campanile_core::time::Timestamp::ms),
                Some(1_763_890_000_000)
            );
            assert!(request.device.is_some_and(|id| seen.insert(id)));
            assert_eq!(request.ops.len(), 50);
            for raw in request.ops {
                let operation = parse_operation(raw).expect("an operation");
                assert!(seen.insert(operation.id));
            }
        }
    }

    #[tokio::test]
    async fn an_answer_in_pieces_is_read_whole() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback");
        let address = listener.local_addr().expect("an address").to_string();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await?;
            let mut buffer = [0; 64];
            let _ = stream.read(&mut buffer).await?;
            for piece in ["HTTP/1.1 200 OK\r\nContent-", "Length: 5\r\n\r\nhe", "llo"] {
                stream.write_all(piece.as_bytes()).await?;
                stream.flush().await?;
                tokio::task::yield_now().await;
            }
            std::io::Result::Ok(stream)
        });
        let mut connection = Connection::open(&address).await.expect("open");
        let answer = connection
            .exchange(b"GET / HTTP/1.1\r\n\r\n")
            .await
            .expect("an answer");
        assert_eq!(answer, (200, "hello"));
        server.await.expect("no panic").expect("no fault");
    }
}
