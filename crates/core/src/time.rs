//! Moments and days. `now` is always an argument; nothing here reads a clock.
//!
//! Left out: durations (plain milliseconds or seconds, named so) and time zones beyond "which calendar day is it there".

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Milliseconds since 1970.
    pub fn ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `ms` milliseconds later (earlier when negative); saturates at the ends.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds; the bare number where the calendar does not reach.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(formatter, "{moment:.3}"),
            Err(_) => write!(formatter, "{}", self.0),
        }
    }
}

/// A calendar day as `yyyymmdd`, for example `20251123`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub u32);

impl Day {
    /// The day it is in `zone` at `now`.
    pub fn of(now: Timestamp, zone: &Zone) -> Self {
        let moment = jiff::Timestamp::from_millisecond(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Self::on(moment.to_zoned(zone.0.clone()).date())
    }

    /// Days since 1970-01-01, to count with.
    pub fn number(self) -> i64 {
        let part = |n: u32| i8::try_from(n % 100).unwrap_or(1);
        let year = i16::try_from(self.0 / 10_000).unwrap_or(i16::MAX);
        let epoch = jiff::civil::date(1970, 1, 1);
        jiff::civil::Date::new(year, part(self.0 / 100), part(self.0))
            .ok()
            .and_then(|date| epoch.until(date).ok())
            .map_or(0, |span| i64::from(span.get_days()))
    }

    /// So many days before: by the calendar, whatever the clocks did in between.
    #[must_use]
    pub fn back(self, days: u32) -> Self {
        let part = |n: u32| i8::try_from(n % 100).unwrap_or(1);
        let year = i16::try_from(self.0 / 10_000).unwrap_or(i16::MAX);
        let Ok(date) = jiff::civil::Date::new(year, part(self.0 / 100), part(self.0)) else {
            return self;
        };
        Self::on(date.saturating_sub(jiff::Span::new().days(days.min(7_000_000))))
    }

    fn on(date: jiff::civil::Date) -> Self {
        let year = u32::try_from(date.year()).unwrap_or(0);
        Self(
            year * 10_000
                + u32::from(date.month().unsigned_abs()) * 100
                + u32::from(date.day().unsigned_abs()),
        )
    }

    /// `2025-11-23`.
    pub fn dashed(self) -> String {
        format!(
            "{:04}-{:02}-{:02}",
            self.0 / 10_000,
            self.0 / 100 % 100,
            self.0 % 100
        )
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08}", self.0)
    }
}

/// A time zone by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Finds a zone by its IANA name, for example `Europe/Berlin`; `None` if the name is not known.
    pub fn parse(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// The IANA name, `UTC` for UTC.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The zone for calendar arithmetic.
    pub fn zone(&self) -> &TimeZone {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_depends_on_the_zone() {
        let moment = Timestamp(1_763_938_800_000); // 2025-11-23T23:00:00Z
        assert_eq!(Day::of(moment, &Zone::utc()), Day(20_251_123));
        let berlin = Zone::parse("Europe/Berlin").expect("a zone of the database");
        assert_eq!(Day::of(moment, &berlin), Day(20_251_124));
        assert_eq!(Day(20_251_124).dashed(), "2025-11-24");
    }

    #[test]
    fn days_go_back_by_the_calendar() {
        assert_eq!(Day(20_251_124).back(0), Day(20_251_124));
        assert_eq!(Day(20_260_301).back(1), Day(20_260_228));
        assert_eq!(Day(20_240_301).back(1), Day(20_240_229));
        assert_eq!(Day(20_260_103).back(6), Day(20_251_228));
        assert_eq!(Day(0).back(6), Day(0));
        assert_eq!((Day(19_700_102).number(), Day(20_260_103).number()), (1, 20_456));
        assert!(Day(20_260_103).back(u32::MAX) < Day(20_260_103));
    }

    #[test]
    fn a_moment_prints_as_rfc_3339() {
        assert_eq!(
            Timestamp(1_763_938_800_123).to_string(),
            "2025-11-23T23:00:00.123Z"
        );
        assert!(Zone::parse("Mars/Olympus").is_none());
    }
}
