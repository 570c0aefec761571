//! How far a push on its way has come, in words.
//!
//! Left out: judging it (`report::progress`). Invariant: no time is told that was not judged.

use super::format::{self, Told};
use crate::report::progress::{Progress, WaitsFor};

/// The card of a push on its way.
#[derive(Debug, Clone)]
pub(crate) struct Going {
    /// What it does.
    pub(crate) label: &'static str,
    /// Messages that are settled.
    pub(crate) done: u64,
    /// Of so many.
    pub(crate) all: u64,
    /// Both, the rate and the time that is left, as far as there is enough to go on.
    pub(crate) words: String,
    /// What the rest waits for, a sentence each.
    pub(crate) waits: Vec<String>,
}

impl Going {
    /// In words.
    pub(crate) fn new(progress: &Progress, told: &Told) -> Self {
        let about = if progress.exact { "" } else { "about " };
        let (done, all) = (format::number(progress.done), format::number(progress.total));
        let rate = progress
            .per_minute
            .map(|rate| format!("{} a minute", format::number(rate)));
        let parts = [
            Some(format!("{done} of {about}{all} done")),
            rate,
            progress.minutes_left.map(left),
        ];
        let words = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let mut waits = Vec::new();
        if progress.waits_for == Some(WaitsFor::Resume) {
            waits.push("Nothing is sent until somebody resumes it.".to_owned());
        }
        if let Some(pace) = progress.at_most_per_minute {
            let messages = format::counted(u64::from(pace), "message", "messages");
            waits.push(format!("At most {messages} a minute, as asked."));
        }
        if progress.later > 0 {
            let last = progress
                .later_until
                .map(|at| format!(", the last on {}", told.moment(at)))
                .unwrap_or_default();
            waits.push(format!(
                "{} when it is time for their recipients{last}.",
                format::counted(progress.later, "message goes out", "messages go out"),
            ));
        }
        if let Some(at) = progress.winner_at {
            waits.push(format!(
                "All others get the winner of the test, which is decided on {}.",
                told.moment(at)
            ));
        }
        if progress.waiting_for_services > 0 {
            let until = progress
                .tried_until
                .map(|at| format!(", and are given up on {}", told.moment(at)))
                .unwrap_or_default();
            waits.push(format!(
                "{} for a push service that takes nothing now or asked to come again later; they go when it does{until}. How long that takes nobody knows.",
                format::counted(progress.waiting_for_services, "message waits", "messages wait"),
            ));
        }
        Self {
            label: match progress.waits_for {
                Some(WaitsFor::Resume) => "Paused",
                Some(WaitsFor::Services) => "Waiting for push services",
                Some(WaitsFor::Moment) => "Waiting for its moments",
                Some(WaitsFor::Winner) => "Waiting for the winner",
                Some(WaitsFor::Pace) | None => "Sending",
            },
            done: progress.done,
            all: progress.total.max(1),
            words,
            waits,
        }
    }
}

/// `about 7 minutes left`.
fn left(minutes: u64) -> String {
    match minutes {
        0 | 1 => "less than a minute left".to_owned(),
        2..120 => format!("about {minutes} minutes left"),
        _ => format!("about {} hours left", minutes.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_roughly() {
        assert_eq!(left(1), "less than a minute left");
        assert_eq!(left(119), "about 119 minutes left");
        assert_eq!(left(121), "about 3 hours left");
    }
}
