//! Deciding: what one decision about 200 running campaigns costs, beside writing and reading the row of the same visitor.
//!
//! The measured process is told by a line to do one thing once, and its processor time is read while it waits for the next line. Both
//! share a core, so that one of them runs at a time: what is left of a turn when the figure is read is the way back to waiting, the same
//! for all. First the things take turns, each time each of them once, so that every one finds the caches full of another's; then the
//! decisions are made one after the other, as a server under load makes them. Left out: the store and HTTP (`ingest`). Invariant: what
//! doing nothing takes is taken off.

use crate::decider::Made;
use crate::process::{Child, cores, load_average, say, thread_nanoseconds};
use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::Command;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Running campaigns
    #[arg(long, default_value_t = 200)]
    campaigns: usize,
    /// Times that each thing is done
    #[arg(long, default_value_t = 20_000)]
    runs: usize,
    /// Where the figures go
    #[arg(long)]
    json: PathBuf,
}

/// What came out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) runs: usize,
    pub(crate) load_average: [f64; 2],
    pub(crate) made: Made,
    /// Nanoseconds of doing nothing, the middle: taken off everything else.
    pub(crate) nothing: u64,
    pub(crate) rows: Vec<Row>,
}

/// One thing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) thing: String,
    pub(crate) label: String,
    /// Nanoseconds of processor time.
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    pub(crate) most: u64,
}

const NOTHING: &str = "nothing";
/// With what everything is compared.
pub(crate) const LIMIT: &str = "write row";
const THINGS: [(&str, &str); 9] = [
    (NOTHING, "nothing"),
    ("page, brief", "decide, page view"),
    ("event, brief", "decide, event"),
    ("page, explained", "decide and explain, page view"),
    ("event, explained", "decide and explain, event"),
    (LIMIT, "profile row to JSON"),
    ("read row", "profile row from JSON"),
    ("read activity", "of it, activity"),
    ("read ledger", "of it, ledger"),
];

/// What is done again and again, without a turn of anything else.
const IN_A_ROW: [(&str, &str); 2] = [
    ("page, brief", "decide, page view, one after the other"),
    ("event, brief", "decide, event, one after the other"),
];

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let cores = cores()?;
    // The last core: the first is where a machine does its own work.
    let core = cores.last().copied().context("no processor")?;
    let pinned = Command::new("taskset")
        .args(["-p", "-c", &core.to_string(), &std::process::id().to_string()])
        .output()
        .context("taskset does not start")?;
    ensure!(pinned.status.success(), "the bench cannot be kept on one core");
    let campaigns = args.campaigns.to_string();
    let words = ["decider", "--campaigns", &campaigns];
    let mut decider = Child::start(&std::env::current_exe()?, words, Some(core))?;
    decider.tell("check")?;
    let made: Made = decider.hear_json()?;
    say(&format!("decide: {made:?}"));
    let before = load_average()?;
    let mut taken = vec![Vec::with_capacity(args.runs); THINGS.len()];
    let warm = args.runs / 20;
    let mut then = thread_nanoseconds(decider.pid())?;
    for turn in 0..args.runs + warm {
        for place in 0..THINGS.len() {
            let at = (turn + place) % THINGS.len();
            decider.tell(THINGS[at].0)?;
            let answer = decider.hear()?;
            ensure!(answer == "done", "the decider answered: {answer}");
            let now = thread_nanoseconds(decider.pid())?;
            if turn >= warm {
                taken[at].push(now - then);
            }
            then = now;
        }
    }
    let mut in_a_row = vec![Vec::with_capacity(args.runs); IN_A_ROW.len()];
    for (times, (thing, _)) in in_a_row.iter_mut().zip(IN_A_ROW) {
        for turn in 0..args.runs + warm {
            let then = thread_nanoseconds(decider.pid())?;
            decider.tell(thing)?;
            let answer = decider.hear()?;
            ensure!(answer == "done", "the decider answered: {answer}");
            if turn >= warm {
                times.push(thread_nanoseconds(decider.pid())? - then);
            }
        }
    }
    decider.wait()?;
    taken.append(&mut in_a_row);
    for times in &mut taken {
        times.sort_unstable();
    }
    let nothing = at(&taken[0], 0.5);
    let rows: Vec<Row> = THINGS
        .iter()
        .chain(&IN_A_ROW)
        .zip(&taken)
        .skip(1)
        .map(|((thing, label), times)| Row {
            thing: (*thing).to_owned(),
            label: (*label).to_owned(),
            p50: at(times, 0.5).saturating_sub(nothing),
            p99: at(times, 0.99).saturating_sub(nothing),
            most: at(times, 1.0).saturating_sub(nothing),
        })
        .collect();
    for row in &rows {
        say(&format!(
            "decide: {:<40} p50 {:>7.1} µs, p99 {:>7.1} µs, most {:>7.1} µs",
            row.label,
            row.p50 as f64 / 1000.0,
            row.p99 as f64 / 1000.0,
            row.most as f64 / 1000.0
        ));
    }
    let figures = Figures {
        runs: args.runs,
        load_average: [before, load_average()?],
        made,
        nothing,
        rows,
    };
    std::fs::write(&args.json, serde_json::to_string_pretty(&figures)?)
        .with_context(|| format!("{} cannot be written", args.json.display()))
}

/// The figure below which that share of the sorted figures lies.
fn at(sorted: &[u64], share: f64) -> u64 {
    let place = (sorted.len() as f64 * share) as usize;
    sorted
        .get(place.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn shares_of_a_list() {
        let list: Vec<u64> = (1..=100).collect();
        assert_eq!(
            (
                super::at(&list, 0.5),
                super::at(&list, 0.99),
                super::at(&list, 1.0)
            ),
            (51, 100, 100)
        );
        assert_eq!(super::at(&[], 0.5), 0);
    }
}
