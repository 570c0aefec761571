//! The parts of an experiment, of a pop-up or a push, side by side: what is compared, against what, and what follows in words.
//!
//! Left out: counting, and the arithmetic (`campanile_core::uplift`). Invariant: the control group is compared by people only, for it is
//! shown nothing.

use super::{By, Part};
use campanile_core::experiment::{Arm, CONTROL, Experiment};
use campanile_core::stats::Counts;
use campanile_core::uplift::{self, Group};
use campanile_core::winner::WonBy;
use std::collections::BTreeMap;

/// What clicks are a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Of what was shown: a pop-up says so itself.
    Shown,
    /// Of what push services took: what became of it on a screen is not always told.
    Sent,
}

impl Of {
    fn clicks(self, counts: &Counts) -> Group {
        match self {
            Self::Shown => Group::new(counts.shown, counts.clicked),
            Self::Sent => WonBy::Click.group(counts),
        }
    }
}

/// The parts of an experiment, compared with the control group, or with A where there is none. What was counted of a variant that is not
/// there any more stands last.
pub(super) fn parts<V: Arm>(
    experiment: &Experiment<V>,
    by: By,
    of: Of,
    mut counted: BTreeMap<String, Counts>,
) -> Vec<Part> {
    // The control group sees nothing: what is exposed of it is people who would have.
    let alone = counted.keys().all(|name| name == experiment.name(0));
    if experiment.is_one() && alone {
        return Vec::new();
    }
    let share = |weight: u32| Some(experiment.percent(weight));
    let mut rows = vec![(
        experiment.name(0).to_owned(),
        share(experiment.weight.max(u32::from(experiment.shares() == 0))),
    )];
    for variant in &experiment.variants {
        rows.push((variant.name().to_owned(), share(variant.weight())));
    }
    if experiment.control > 0 {
        rows.push((CONTROL.to_owned(), share(experiment.control)));
    }
    let gone: Vec<String> = counted
        .keys()
        .filter(|name| rows.iter().all(|(known, _)| known != *name))
        .cloned()
        .collect();
    rows.extend(gone.into_iter().map(|name| (name, None)));
    let mut parts: Vec<Part> = rows
        .into_iter()
        .map(|(name, share)| {
            let counts = counted.remove(&name).unwrap_or_default();
            let group = match by {
                By::Goal => Group::new(counts.exposed, counts.converted),
                By::Click if name == CONTROL => Group::default(),
                By::Click => of.clicks(&counts),
            };
            Part {
                interval: group.interval(),
                name,
                share,
                counts,
                group,
                against: None,
                uplift: None,
            }
        })
        .collect();
    let base = parts
        .iter()
        .find(|part| part.name == CONTROL && part.share.is_some() && by == By::Goal)
        .or(parts.first())
        .map(|part| (part.name.clone(), part.group));
    let Some((base_name, base)) = base else {
        return parts;
    };
    let did = verb(by);
    let told = if base_name == CONTROL {
        "the control group"
    } else {
        &base_name
    };
    for part in parts.iter_mut().filter(|part| part.name != base_name) {
        let name = if part.name == CONTROL {
            "The control group"
        } else {
            &part.name
        };
        part.uplift = uplift::compare((name, part.group), (told, base), did);
        part.against = Some(base_name.clone());
    }
    parts
}

fn verb(by: By) -> &'static str {
    match by {
        By::Goal => "converts",
        By::Click => "is clicked",
    }
}

/// One sentence for each comparison; the same is not said twice.
pub(super) fn verdicts(parts: &[Part], by: By) -> Vec<String> {
    let against_base = parts
        .iter()
        .filter_map(|part| part.uplift.as_ref().map(|uplift| uplift.sentence.clone()));
    let controlled = parts.iter().any(|part| part.against.as_deref() == Some(CONTROL));
    let among_variants = parts
        .first()
        .filter(|_| controlled)
        .into_iter()
        .flat_map(|first| {
            parts[1..]
                .iter()
                .filter(|part| part.name != CONTROL)
                .filter_map(|part| {
                    let first = (first.name.as_str(), first.group);
                    uplift::compare((part.name.as_str(), part.group), first, verb(by))
                })
        })
        .map(|uplift| uplift.sentence);
    let mut all: Vec<String> = Vec::new();
    for sentence in against_base.chain(among_variants) {
        if !all.contains(&sentence) {
            all.push(sentence);
        }
    }
    all
}
