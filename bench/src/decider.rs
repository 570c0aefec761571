//! The measured side of the deciding benchmark: does one thing for each line that it is told, on a [`Scene`].
//!
//! A line names the thing, the answer is `done`; `check` is answered by what the things come to. Left out: measuring. Invariant: a decision
//! begins with making the visitor out of what was read, as the server's does.

use crate::scene::Scene;
use anyhow::{bail, ensure};
use campanile_core::activity::Activity;
use campanile_core::decide::{Detail, Looked, Moment, Outcome, decide};
use campanile_core::ledger::Ledger;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::hint::black_box;
use std::io::{BufRead as _, Write as _};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Running campaigns
    #[arg(long)]
    campaigns: usize,
}

/// What the things come to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) campaigns: usize,
    /// Messages that are shown, wait for a sign or are held out, and conditions that are explained: page view, then event.
    pub(crate) shown: [usize; 2],
    pub(crate) conditions: [usize; 2],
    /// How many campaigns get as far as the caps: page view, then event.
    pub(crate) as_far_as_caps: [usize; 2],
    /// Bytes of JSON.
    pub(crate) properties_bytes: usize,
    pub(crate) activity_bytes: usize,
    pub(crate) ledger_bytes: usize,
}

/// A profile's row as the store has it.
struct Row {
    properties: String,
    activity: String,
    ledger: String,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let scene = Scene::new(args.campaigns)?;
    let row = Row {
        properties: serde_json::to_string(&scene.properties)?,
        activity: serde_json::to_string(&scene.activity)?,
        ledger: serde_json::to_string(&scene.ledger)?,
    };
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line == "check" {
            writeln!(out, "{}", serde_json::to_string(&check(&scene, &row)?)?)?;
        } else {
            perform(&scene, &row, &line)?;
            writeln!(out, "done")?;
        }
        out.flush()?;
    }
    Ok(())
}

fn perform(scene: &Scene, row: &Row, thing: &str) -> anyhow::Result<()> {
    match thing {
        "nothing" => {}
        "page, brief" => drop(black_box(decided(scene, false, Detail::Brief))),
        "page, explained" => drop(black_box(decided(scene, false, Detail::Explained))),
        "event, brief" => drop(black_box(decided(scene, true, Detail::Brief))),
        "event, explained" => drop(black_box(decided(scene, true, Detail::Explained))),
        "write row" => {
            black_box(serde_json::to_string(&scene.properties)?);
            black_box(serde_json::to_string(&scene.activity)?);
            black_box(serde_json::to_string(&scene.ledger)?);
        }
        "read row" => {
            black_box(serde_json::from_str::<Map<String, Value>>(&row.properties)?);
            black_box(serde_json::from_str::<Activity>(&row.activity)?);
            black_box(serde_json::from_str::<Ledger>(&row.ledger)?);
        }
        "read activity" => drop(black_box(serde_json::from_str::<Activity>(&row.activity)?)),
        "read ledger" => drop(black_box(serde_json::from_str::<Ledger>(&row.ledger)?)),
        other => bail!("`{other}` is not understood"),
    }
    Ok(())
}

fn decided(scene: &Scene, event: bool, detail: Detail) -> Vec<Looked> {
    let moment = if event {
        Moment::Event(&scene.event.0, &scene.event.1)
    } else {
        Moment::Page
    };
    scene.visited(|visitor| decide(scene.candidates(), visitor, moment, detail))
}

/// Whether brief and explained decisions agree, and what they decide.
fn check(scene: &Scene, row: &Row) -> anyhow::Result<Made> {
    let mut made = Made {
        campaigns: scene.candidates().count(),
        shown: [0; 2],
        conditions: [0; 2],
        as_far_as_caps: [0; 2],
        properties_bytes: row.properties.len(),
        activity_bytes: row.activity.len(),
        ledger_bytes: row.ledger.len(),
    };
    for (at, event) in [false, true].into_iter().enumerate() {
        let brief = decided(scene, event, Detail::Brief);
        let explained = decided(scene, event, Detail::Explained);
        ensure!(brief.len() == made.campaigns && explained.len() == made.campaigns);
        for (one, other) in brief.iter().zip(&explained) {
            ensure!(
                one.outcome == other.outcome && one.filled == other.filled && one.because.is_empty(),
                "brief and explained differ: {one:?} {other:?}"
            );
            made.shown[at] += usize::from(one.outcome != Outcome::Not);
            made.conditions[at] += other.because.len();
            let capped = other
                .because
                .iter()
                .any(|condition| condition.name.ends_with("_cap") && condition.passed.is_some());
            made.as_far_as_caps[at] += usize::from(capped);
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scene_decides_something_of_everything() {
        let scene = Scene::new(200).expect("a scene");
        let row = Row {
            properties: String::new(),
            activity: String::new(),
            ledger: String::new(),
        };
        let made = check(&scene, &row).expect("they agree");
        assert!(made.shown.iter().all(|shown| *shown > 0), "{made:?}");
        assert!(
            made.as_far_as_caps[0] > 20 && made.as_far_as_caps[1] > 5,
            "{made:?}"
        );
        for thing in ["page, brief", "event, explained"] {
            perform(&scene, &row, thing).expect("done");
        }
        assert!(perform(&scene, &row, "sleep").is_err());
    }
}
