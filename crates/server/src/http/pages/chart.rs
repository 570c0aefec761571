//! Small charts drawn on the server: lines over days and bars on one scale.
//!
//! Left out: labels (the template sets them as text beside the plot, so that they keep their size on a phone) and interaction.
//! Invariant: the y axis begins at zero, and a chart's numbers also stand in a table.

use std::fmt::Write as _;

/// Width of the plot's own coordinates; the picture is stretched to its box, strokes are not.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 100.0;

/// One measure over days.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// Name of the measure, as in its key.
    pub(crate) name: &'static str,
    /// Class of its colour without the prefix: `shown`, `clicked`, `sent`.
    pub(crate) ink: &'static str,
    /// `d` of the line.
    pub(crate) path: String,
    /// `d` of the area under it.
    pub(crate) area: String,
    /// Labels of the y axis, from the top.
    pub(crate) scale: [String; 3],
    /// One sentence that says what the picture shows.
    pub(crate) summary: String,
}

/// Draws `values`, one a day in order; `None` with fewer than two days, because one point is no line.
pub(crate) fn line(name: &'static str, ink: &'static str, values: &[u64]) -> Option<Line> {
    if values.len() < 2 {
        return None;
    }
    let top = ceiling(values.iter().copied().max().unwrap_or(0));
    let path = path(values, top);
    let area = format!("{path}L{WIDTH} {HEIGHT}L0 {HEIGHT}Z");
    let last = values.last().copied().unwrap_or(0);
    let summary = format!(
        "{name}, by day over {} days: {} in all, {} on the last day.",
        values.len(),
        super::format::number(values.iter().sum::<u64>()),
        super::format::number(last)
    );
    let scale = [
        short(top),
        if top.is_multiple_of(2) {
            short(top / 2)
        } else {
            String::new()
        },
        "0".to_owned(),
    ];
    Some(Line {
        name,
        ink,
        path,
        area,
        scale,
        summary,
    })
}

/// Something that happened on one of the days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Where, in the plot's coordinates.
    pub(crate) x: String,
    /// Where, in per cent of its width.
    pub(crate) at: String,
    /// A word for it.
    pub(crate) words: String,
    /// Whether the word stands before the mark: near the end of the axis.
    pub(crate) before: bool,
}

/// A mark on the day at `place` of `days`.
pub(crate) fn mark(place: usize, days: usize, words: String) -> Mark {
    let share = place as f64 / (days.max(2) - 1) as f64;
    Mark {
        x: format!("{:.1}", share * WIDTH),
        at: format!("{:.2}%", share * 100.0),
        words,
        before: share > 0.85,
    }
}

/// `d` of a line without axes; empty with fewer than two values.
pub(crate) fn spark(values: &[u64]) -> String {
    if values.len() < 2 {
        String::new()
    } else {
        path(values, values.iter().copied().max().unwrap_or(0).max(1))
    }
}

/// Length of a bar in per mille of its track, at least 3 where there is something.
pub(crate) fn bar(part: u64, whole: u64) -> u64 {
    let share = (part * 1000).checked_div(whole).unwrap_or(0).min(1000);
    if part > 0 { share.max(3) } else { 0 }
}

fn path(values: &[u64], top: u64) -> String {
    let step = WIDTH / (values.len() - 1) as f64;
    let mut d = String::new();
    for (day, value) in values.iter().enumerate() {
        let y = HEIGHT - *value as f64 * HEIGHT / top as f64;
        let _ = write!(
            d,
            "{}{:.1} {:.1}",
            if day == 0 { 'M' } else { 'L' },
            day as f64 * step,
            y
        );
    }
    d
}

/// The next 1, 2, 4, 5 or 8 times a power of ten: the top of the axis.
fn ceiling(most: u64) -> u64 {
    let mut power = 1;
    loop {
        for step in [1, 2, 4, 5, 8] {
            if step * power >= most.max(2) {
                return step * power;
            }
        }
        power *= 10;
    }
}

fn short(n: u64) -> String {
    match n {
        0..10_000 => super::format::grouped(n),
        10_000..1_000_000 => format!("{}k", n / 1000),
        _ => format!("{}M", n / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_begins_at_zero_and_ends_on_a_round_number() {
        for (most, top) in [
            (0, 2),
            (1, 2),
            (3, 4),
            (18_221, 20_000),
            (893, 1000),
            (1000, 1000),
        ] {
            assert_eq!(ceiling(most), top);
        }
        let drawn = line("Shown", "shown", &[0, 5, 10]).expect("three days");
        assert_eq!(drawn.path, "M0.0 100.0L500.0 50.0L1000.0 0.0");
        assert_eq!(drawn.scale, ["10", "5", "0"]);
        assert!(line("Shown", "shown", &[4]).is_none());
        assert_eq!((bar(0, 10), bar(1, 100_000), bar(10, 10)), (0, 3, 1000));
    }
}
