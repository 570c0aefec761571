//! Which part of the store a statement addresses: [`Place`], [`Period`].
//!
//! Left out on purpose: how long events are kept. Retention decides that and calls `Db::drop_period`.
//!
//! Invariant: a moment belongs to exactly one period, and a period has exactly one file name.

use jiff::civil::{Date, ISOWeekDate, Weekday, date};
use std::fmt;

/// Milliseconds of one period, a week.
const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;
/// Monday 1970-01-05T00:00Z in milliseconds since 1970.
const FIRST_MONDAY: i64 = 4 * 24 * 60 * 60 * 1000;
/// The last week that a calendar date can name (in the year 9999).
const LAST: u32 = 418_000;

/// A week of events: Monday to Sunday in UTC, counted from Monday 1970-01-05 as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period(pub u32);

impl Period {
    /// The period of a moment, given in milliseconds since 1970. Moments before 1970-01-05 belong to period 0.
    #[must_use]
    pub fn of(milliseconds: i64) -> Period {
        let weeks = (milliseconds.max(FIRST_MONDAY) - FIRST_MONDAY) / WEEK;
        Period(u32::try_from(weeks).unwrap_or(LAST).min(LAST))
    }

    /// The first millisecond (since 1970) of the period.
    #[must_use]
    pub fn start(self) -> i64 {
        FIRST_MONDAY + i64::from(self.0) * WEEK
    }

    /// The first millisecond (since 1970) after the period.
    #[must_use]
    pub fn end(self) -> i64 {
        self.start() + WEEK
    }

    fn monday(self) -> Date {
        let days = i64::from(self.0.min(LAST)) * 7;
        date(1970, 1, 5).saturating_add(jiff::Span::new().days(days))
    }

    /// `2026-W48`'s file is `events-2026W48.db`.
    pub(in crate::store) fn file_name(self) -> String {
        format!("events-{self}.db")
    }

    /// The period of a file name, if it is one of ours.
    pub(in crate::store) fn from_file_name(name: &str) -> Option<Period> {
        let (year, week) = name
            .strip_prefix("events-")?
            .strip_suffix(".db")?
            .split_once('W')?;
        let monday = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday)
            .ok()?
            .date();
        let days = monday.since(date(1970, 1, 5)).ok()?.get_days();
        let period = Period(u32::try_from(days / 7).ok()?);
        (period.file_name() == name).then_some(period)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let week = self.monday().iso_week_date();
        write!(formatter, "{}W{:02}", week.year(), week.week())
    }
}

/// Where the tables of a statement stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Everything but event history.
    Core,
    /// The event history of one period.
    Events(Period),
}

#[cfg(test)]
mod tests {
    use super::Period;

    #[test]
    fn a_week_begins_on_monday_in_utc() {
        let monday = 1_795_392_000_000; // 2026-11-23T00:00Z
        let period = Period::of(monday);
        assert_eq!(period.start(), monday);
        assert_eq!(Period::of(monday - 1), Period(period.0 - 1));
        assert_eq!(Period::of(period.end() - 1), period);
        assert_eq!(period.to_string(), "2026W48");
    }

    #[test]
    fn every_period_has_one_file_name() {
        for weeks in 0..8_000 {
            let period = Period(weeks);
            assert_eq!(Period::from_file_name(&period.file_name()), Some(period));
        }
        for name in [
            "core.db",
            "events-2026W48.db-wal",
            "events-2026W60.db",
            "events-2026W1.db",
            "events-x.db",
        ] {
            assert_eq!(Period::from_file_name(name), None, "{name}");
        }
    }

    #[test]
    fn moments_out_of_range_are_clamped() {
        assert_eq!(Period::of(i64::MIN), Period(0));
        assert_eq!(
            Period::from_file_name(&Period::of(i64::MAX).file_name()),
            Some(Period::of(i64::MAX))
        );
    }
}
