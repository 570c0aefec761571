//! The page of results: what was measured, where, and how it compares. Ratios first, because machines differ.
//!
//! Left out: judgement; a reader has the figures and how they came about. Invariant: everything on the page comes from the files of
//! figures and the facts given on the command line.

use crate::campaign;
use crate::decide;
use crate::encrypt;
use crate::ingest::{self, NOTHING, PLAIN, POPUPS};
use crate::load::Outcome;
use crate::process::median;
use crate::push_report;
use anyhow::Context as _;
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Figures of `encrypt`; what was not measured is not on the page
    #[arg(long)]
    encrypt: Option<PathBuf>,
    /// Figures of `ingest`
    #[arg(long)]
    ingest: Option<PathBuf>,
    /// Figures of `decide`
    #[arg(long)]
    decide: Option<PathBuf>,
    /// Figures of `campaign`
    #[arg(long, requires = "encrypt")]
    campaign: Option<PathBuf>,
    /// Figures of `send`
    #[arg(long, requires = "encrypt")]
    send: Option<PathBuf>,
    /// Figures of `scale`
    #[arg(long, requires = "send")]
    scale: Option<PathBuf>,
    /// A fact for the head of the page, as `name=text`; may be given often
    #[arg(long = "fact")]
    facts: Vec<String>,
    /// The page
    #[arg(long)]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut page = String::from("# Bench results\n\n");
    for fact in &args.facts {
        let (name, text) = fact.split_once('=').context("a fact is name=text")?;
        writeln!(page, "- {name}: {text}")?;
    }
    let raw = args.out.with_extension("json");
    let raw = raw.file_name().unwrap_or_default().display();
    writeln!(
        page,
        "- every round of every figure: [{raw}]({raw}); what is measured and how: [bench/README.md](../README.md)\n"
    )?;
    if let Some(encrypt) = &args.encrypt {
        let encrypt = read(encrypt)?;
        encryption(&mut page, &encrypt)?;
        if let Some(send) = &args.send {
            let send = read(send)?;
            push_report::sending(&mut page, &send)?;
            if let Some(scale) = &args.scale {
                push_report::scaling(&mut page, &read(scale)?, &send, &encrypt)?;
            }
        }
        if let Some(campaign) = &args.campaign {
            through_the_lab(&mut page, &read(campaign)?, &encrypt)?;
        }
    }
    if let Some(decide) = &args.decide {
        deciding(&mut page, &read(decide)?)?;
    }
    if let Some(ingest) = &args.ingest {
        ingestion(&mut page, &read(ingest)?)?;
    }
    std::fs::write(&args.out, page).with_context(|| format!("{} cannot be written", args.out.display()))
}

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

fn encryption(page: &mut String, figures: &encrypt::Figures) -> anyhow::Result<()> {
    let [before, after] = figures.load_average;
    writeln!(
        page,
        "## Push: encryption and headers of one message, one core\n\n\
         Payload {} bytes; processor time of one thread; medians of {} interleaved rounds (least to most); load average {before} to \
         {after}. Every sender's message was decrypted and its signature verified first.\n\n\
         | sender | signature | µs per message | messages/s | time, ours = 1 | body, bytes |\n\
         | --- | --- | ---: | ---: | ---: | ---: |",
        figures.payload_bytes, figures.rounds
    )?;
    let ours = figures.rows.first().context("no rows")?.spread().0;
    let bare = figures.rows.iter().find(|row| row.variant == encrypt::PRIMITIVES);
    let limit = bare.map(|row| row.spread().0);
    for row in &figures.rows {
        let (middle, least, most) = row.spread();
        writeln!(
            page,
            "| {} | {} | {} ({}–{}) | {} | {:.2} | {} |",
            row.sender,
            row.signature,
            micros(middle),
            micros(least),
            micros(most),
            thousands(1e9 / middle),
            middle / ours,
            row.body_bytes
        )?;
    }
    writeln!(
        page,
        "\nA body of 358 bytes carries a plaintext padded to 256, so that the length tells less; one of 303 is not padded. Ours \
         reads the clock, decodes the subscription's key and its multiples and makes a Topic for each message, as delivery does.{}\n",
        limit.map_or_else(String::new, |limit| format!(
            " The primitives (ephemeral key pair, agreement with a key that is decoded already, HKDF, salt, AES-128-GCM of the padded \
             plaintext) are what no sender on this library alone can do without: they take {:.2} times as long as all of ours.",
            limit / ours
        ))
    )?;
    Ok(())
}

fn through_the_lab(
    page: &mut String,
    figures: &campaign::Figures,
    encrypt: &encrypt::Figures,
) -> anyhow::Result<()> {
    let [before, after] = figures.load_average;
    let n = figures.browsers as f64;
    let cores = if figures.pinned {
        "the product on one core, lab and driver on another"
    } else {
        "everything on the one core that there is"
    };
    let limit = encrypt.rows.first().context("no rows")?.spread().0 / 1000.0;
    let spread = |value: &dyn Fn(&campaign::Round) -> f64| {
        let values: Vec<f64> = figures.rounds.iter().map(value).collect();
        let most = values.iter().copied().fold(0.0, f64::max);
        let least = values.iter().copied().fold(f64::MAX, f64::min);
        let middle = median(&values).unwrap_or_default();
        (middle, least, most)
    };
    let rate = spread(&|round| n / round.arrived_seconds);
    let cost = spread(&|round| round.sent.product_cpu * 1e6 / n);
    let through = spread(&|round| round.sent.seconds);
    let busy = |cpu: &dyn Fn(&campaign::Spent) -> f64| {
        spread(&|round| 100.0 * cpu(&round.sent) / round.sent.seconds).0
    };
    writeln!(
        page,
        "## A campaign through the lab\n\n\
         {} browsers subscribed over the wire ({} subscriptions/s, {:.1} µs of the product's CPU each); then {} campaigns to all of them, \
         one after another, started and watched through the API. SQLite, durable commits, settings as by default; TLS, {} HTTP/2 \
         connections to two push services that the lab plays; {cores}; load average {before} to {after}. Every message was answered \
         with 201, counted by lab and product alike, and decrypted by its browser (the last {} were looked at). Medians (least to most).\n\n\
         | messages/s, from start to the last 201 | CPU µs per message, all of the product | encryption and headers alone, µs | share \
         of it | until “sent”, s | product busy | lab busy |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        thousands(n),
        thousands(n / figures.subscribing.seconds),
        figures.subscribing.product_cpu * 1e6 / n,
        figures.rounds.len(),
        figures.connections,
        thousands(figures.looked_at as f64),
    )?;
    writeln!(
        page,
        "| {} ({}–{}) | {:.1} ({:.1}–{:.1}) | {limit:.1} | {:.0} % | {:.2} ({:.2}–{:.2}) | {:.0} % | {:.0} % |",
        thousands(rate.0),
        thousands(rate.1),
        thousands(rate.2),
        cost.0,
        cost.1,
        cost.2,
        100.0 * limit / cost.0,
        through.0,
        through.1,
        through.2,
        busy(&|spent| spent.product_cpu),
        busy(&|spent| spent.lab_cpu),
    )?;
    writeln!(
        page,
        "\nThe limit is the first row of the table above, of the same run: what no sender of ours can do without. The rest is fan-out, the \
         store's reads and commits, TLS and HTTP/2, and the answer. Plaintext {} bytes, body {}. The lab checks and decrypts each message; \
         where it is busy (near 100 %), messages per second are its limit and not the product's.\n",
        figures.payload_bytes, figures.body_bytes
    )?;
    Ok(())
}

pub(crate) fn micros(nanoseconds: f64) -> String {
    format!("{:.1}", nanoseconds / 1000.0)
}

fn deciding(page: &mut String, figures: &decide::Figures) -> anyhow::Result<()> {
    let [before, after] = figures.load_average;
    let made = &figures.made;
    writeln!(
        page,
        "## Deciding pop-ups\n\n\
         {} running campaigns; a visitor with {} bytes of properties, {} of activity and {} of ledger, as JSON. Of a page view follow {} \
         messages, and {} campaigns get as far as their caps; of an event {} and {}. Processor time of one thing, done {} times by turns \
         with the others, in the last rows without them; doing nothing takes {:.1} µs and is taken off; load average {before} to {after}.\n\n\
         | | p50 µs | p99 µs | most µs | p50, row to JSON = 1 |\n\
         | --- | ---: | ---: | ---: | ---: |",
        made.campaigns,
        thousands(made.properties_bytes as f64),
        thousands(made.activity_bytes as f64),
        thousands(made.ledger_bytes as f64),
        made.shown[0],
        made.as_far_as_caps[0],
        made.shown[1],
        made.as_far_as_caps[1],
        thousands(figures.runs as f64),
        figures.nothing as f64 / 1000.0,
    )?;
    let limit = figures
        .rows
        .iter()
        .find(|row| row.thing == decide::LIMIT)
        .context("the limit was not measured")?;
    for row in &figures.rows {
        writeln!(
            page,
            "| {} | {} | {} | {} | {:.2} |",
            row.label,
            micros(row.p50 as f64),
            micros(row.p99 as f64),
            micros(row.most as f64),
            row.p50 as f64 / limit.p50.max(1) as f64
        )?;
    }
    writeln!(
        page,
        "\nAn explanation lists {} conditions at the page view and {} at the event, in words. “Most” has the interrupts of the machine in \
         it.\n",
        thousands(made.conditions[0] as f64),
        thousands(made.conditions[1] as f64)
    )?;
    Ok(())
}

fn ingestion(page: &mut String, figures: &ingest::Figures) -> anyhow::Result<()> {
    let [before, after] = figures.load_average;
    let cores = if figures.pinned {
        "the measured server on one core, the generator on another, PostgreSQL where there is room"
    } else {
        "everything on the one core that there is"
    };
    let popups = if figures.popups == 0 {
        String::new()
    } else {
        let [before, after] = figures.handed;
        format!(
            " The server with {} pop-ups decides about all of them at each operation; audiences ask for counts of events and for the \
             device, caps for sessions, days and weeks. {} messages were handed out before the first round and {} in the rounds: the \
             others met their caps.",
            figures.popups,
            thousands(before as f64),
            thousands((after - before) as f64)
        )
    };
    writeln!(
        page,
        "## Ingestion over HTTP: acknowledged operations\n\n\
         Durable commits, as by default; {} browsers take turns; {} s a figure, medians of {} interleaved rounds; {cores}; load average \
         {before} to {after}. A write of 4 KiB with its sync takes {} µs on this disk. “Nothing” is axum that reads the body and \
         gives a constant answer of {} bytes. “of nothing” is operations per CPU second as a share of nothing's. The generator is a \
         process of its own; where its core is busy (last column near 100 %), operations per second are its limit and not the \
         server's.{}\n",
        figures.devices, figures.seconds, figures.rounds, figures.sync_micros, figures.reply_bytes, popups
    )?;
    writeln!(
        page,
        "| connections | batch | server | operations/s | per CPU second of the server | of nothing | CPU µs per operation | with the \
         database's | p50 ms | p99 ms | server busy | generator busy |\n\
         | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    )?;
    for row in &figures.rows {
        let nothing = figures
            .rows
            .iter()
            .find(|other| {
                other.target == NOTHING && (other.batch, other.connections) == (row.batch, row.connections)
            })
            .context("nothing was not measured beside it")?;
        let each = |value: &dyn Fn(&Outcome) -> f64| {
            let values: Vec<f64> = row.outcomes.iter().map(value).collect();
            median(&values).unwrap_or_default()
        };
        let per_cpu = |outcome: &Outcome| outcome.operations as f64 / outcome.server_cpu.max(0.01);
        let of_nothing =
            median(&nothing.outcomes.iter().map(per_cpu).collect::<Vec<_>>()).unwrap_or_default();
        let database = if row.outcomes.iter().all(|outcome| outcome.database_cpu.is_some()) {
            let both = |o: &Outcome| {
                (o.server_cpu + o.database_cpu.unwrap_or_default()) * 1e6 / o.operations.max(1) as f64
            };
            format!("{:.1}", each(&both))
        } else {
            "–".to_owned()
        };
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {:.1} % | {:.1} | {database} | {:.2} | {:.2} | {:.0} % | {:.0} % |",
            row.connections,
            row.batch,
            row.target,
            thousands(each(&|o| o.operations as f64 / o.seconds)),
            thousands(each(&per_cpu)),
            100.0 * each(&per_cpu) / of_nothing.max(1.0),
            each(&|o| o.server_cpu * 1e6 / o.operations.max(1) as f64),
            each(&|o| f64::from(o.p50) / 1000.0),
            each(&|o| f64::from(o.p99) / 1000.0),
            each(&|o| 100.0 * o.server_cpu / o.seconds),
            each(&|o| 100.0 * o.load_cpu / o.seconds),
        )?;
    }
    if figures.popups > 0 {
        beside(page, figures)?;
    }
    writeln!(
        page,
        "\n## The process\n\nBinary: {:.1} MB.\n\n\
         | store | ready on new data, ms | ready on existing data, ms | idle, MB resident | after the load, MB resident | peak, MB |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |",
        figures.binary_bytes as f64 / 1e6
    )?;
    let mb = |kib: u64| kib as f64 * 1024.0 / 1e6;
    for server in &figures.servers {
        writeln!(
            page,
            "| {} | {:.0} | {:.0} | {:.1} | {:.1} | {:.1} |",
            server.name,
            server.start_ms[0],
            server.start_ms[1],
            mb(server.idle.resident_kib),
            mb(server.after.resident_kib),
            mb(server.after.peak_kib)
        )?;
    }
    Ok(())
}

/// What pop-ups add, as ratios of the rows above.
fn beside(page: &mut String, figures: &ingest::Figures) -> anyhow::Result<()> {
    writeln!(
        page,
        "\n{} running pop-ups beside none, by the medians above:\n\n\
         | connections | batch | operations/s | CPU per operation | p50 | p99 |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: |",
        figures.popups
    )?;
    for with in figures.rows.iter().filter(|row| row.target.starts_with(POPUPS)) {
        let without = figures
            .rows
            .iter()
            .find(|row| row.target == PLAIN && (row.batch, row.connections) == (with.batch, with.connections))
            .context("no campaigns were not measured beside it")?;
        let ratio = |value: &dyn Fn(&Outcome) -> f64| {
            let middle = |row: &ingest::Row| {
                median(&row.outcomes.iter().map(value).collect::<Vec<_>>()).unwrap_or_default()
            };
            middle(with) / middle(without).max(f64::MIN_POSITIVE)
        };
        writeln!(
            page,
            "| {} | {} | × {:.2} | × {:.2} | × {:.2} | × {:.2} |",
            with.connections,
            with.batch,
            ratio(&|o| o.operations as f64 / o.seconds),
            ratio(&|o| o.server_cpu / o.operations.max(1) as f64),
            ratio(&|o| f64::from(o.p50)),
            ratio(&|o| f64::from(o.p99)),
        )?;
    }
    Ok(())
}

/// 12345.6 as 12,346.
pub(crate) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(super::thousands(1_234_567.4), "1,234,567");
        assert_eq!(super::thousands(999.6), "1,000");
        assert_eq!(super::thousands(12.0), "12");
    }
}
