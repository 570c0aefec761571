//! The page's part about sending: end to end beside the peers, one push to very many, and where the processor's time goes.
//!
//! Left out: encryption alone and the small campaign ([`crate::report`]). Invariant: as there, everything comes from the files of figures;
//! what was not measured but subtracted is said to be.

use crate::report::{micros, thousands};
use crate::{encrypt, scale, send};
use anyhow::Context as _;
use std::fmt::Write as _;

pub(crate) fn sending(page: &mut String, figures: &send::Figures) -> anyhow::Result<()> {
    let [before, after] = figures.load_average;
    let cores = if figures.pinned {
        "the sender on one core, the sink on another"
    } else {
        "everything on the one core that there is"
    };
    let ours = row(figures, send::OURS)?.spread().0;
    writeln!(
        page,
        "## Sending: from payload to answer, each with its own client\n\n\
         Over TLS to the lab's sink on loopback, at most {} messages under way; processor time of the sender's whole process; medians of \
         {} interleaved rounds (least to most); {cores}; load average {before} to {after}. Each message was answered with 201 and counted \
         by the sink, and one recipient in 200 decrypted its own. HTTP/1.1 where a client has nothing else.\n\n\
         | sender | signature | protocol | CPU µs per message | messages per CPU second | time, ours = 1 | messages/s | sink busy |\n\
         | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
        figures.concurrency,
        figures.rows.first().map_or(0, |row| row.rounds.len()),
    )?;
    for row in &figures.rows {
        let (middle, least, most) = row.spread();
        writeln!(
            page,
            "| {} | {} | {} | {middle:.1} ({least:.1}–{most:.1}) | {} | {:.2} | {} | {:.0} % |",
            row.sender,
            row.signature,
            row.protocol,
            thousands(1e6 / middle),
            middle / ours,
            thousands(row.rate()),
            row.sink_busy(),
        )?;
    }
    writeln!(
        page,
        "\n“Delivery's way out” is the server's transport with what the server does for each message between payload and socket. The \
         sink is the lab, which checks every request but does not decrypt a crowd's.\n"
    )?;
    Ok(())
}

pub(crate) fn scaling(
    page: &mut String,
    figures: &scale::Figures,
    sending: &send::Figures,
    encryption: &encrypt::Figures,
) -> anyhow::Result<()> {
    let [before, after] = figures.load_average;
    let cores = if figures.pinned {
        "the product on one core, the sink and the driver on another"
    } else {
        "everything on the one core that there is"
    };
    writeln!(
        page,
        "## One push to very many\n\n\
         For each size a new store (SQLite, durable commits) with so many subscriptions at two services, put there by the store's own \
         batches; the product, started anew on it, with settings as by default; one push, started through the API and watched to its end; \
         {cores}; load average {before} to {after}. The sink checks each request and counts it; it does not decrypt. Every message was \
         answered with 201, counted by sink and product alike.\n\n\
         | recipients | first message, s | sent, s | messages/s | of the first tenth | of the last tenth | CPU µs per message | peak, MB \
         resident | before the start, MB | store, bytes per message | store, bytes per subscription | sink busy |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    )?;
    let mb = |kib: u64| kib as f64 * 1024.0 / 1e6;
    for row in &figures.rows {
        let n = row.recipients as f64;
        let parts = &row.parts_seconds;
        let tenth = n / parts.len().max(1) as f64;
        let first = parts.first().copied().unwrap_or_default();
        let last = match parts[..] {
            [.., before, last] => last - before,
            _ => first,
        };
        let [store, after] = row.store_bytes;
        writeln!(
            page,
            "| {} | {:.2} | {:.1} | {} | {} | {} | {:.1} | {:.1} | {:.1} | {:.0} | {:.0} | {:.0} % |",
            thousands(n),
            row.first_seconds,
            row.sent_seconds,
            thousands(n / row.sent_seconds),
            thousands(tenth / first),
            thousands(tenth / last),
            row.product_cpu * 1e6 / n,
            mb(row.peak_kib),
            mb(row.before_kib),
            after.saturating_sub(store) as f64 / n,
            store as f64 / n,
            100.0 * row.sink_cpu / row.sent_seconds,
        )?;
    }
    let largest = figures.rows.last().context("no size was measured")?;
    let product = largest.product_cpu * 1e6 / largest.recipients as f64;
    let crypto = encryption.rows.first().context("no rows")?.spread().0 / 1000.0;
    let fixed = row(sending, send::FIXED)?.spread().0;
    let ours = row(sending, send::OURS)?.spread().0;
    writeln!(
        page,
        "\n### Where the processor's time goes\n\n\
         µs per message, by measuring with and without: the bench of encryption, the same way out with bodies made before, the way out as \
         it is, and the whole product in the largest of the runs above.\n\n\
         | part | µs | how it is known |\n\
         | --- | ---: | --- |\n\
         | encryption and headers | {crypto:.1} | measured |\n\
         | HTTP/2, TLS, sockets | {fixed:.1} | measured: bodies made before |\n\
         | encryption and sending together | {ours:.1} | measured; {} more than the sum of its parts |\n\
         | fan-out, store, payload, turns, settling | {} | the product less what it sends with |\n\
         | the whole product | {product:.1} | measured |\n",
        micros((ours - crypto - fixed) * 1000.0),
        micros((product - ours) * 1000.0),
    )?;
    Ok(())
}

fn row<'a>(figures: &'a send::Figures, variant: &str) -> anyhow::Result<&'a send::Row> {
    let found = figures.rows.iter().find(|row| row.variant == variant);
    found.with_context(|| format!("{variant} was not measured"))
}
