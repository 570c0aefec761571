//! When a pop-up may show: from, until, on which days, at which hours, by whose clock.
//!
//! Left out: what makes it due. Invariant: hours that run over midnight belong to the day on which they began.

use crate::FieldError;
use crate::time::{Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// Whose clock tells days and hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// The account's.
    #[default]
    Account,
    /// The visitor's; the account's where the visitor's is not known.
    Visitor,
}

/// When it may show. Empty: always.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Not before, ms since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// Not from here on, ms since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Timestamp>,
    /// Days of the week, 1 is Monday; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<u8>,
    /// From this time of day, `08:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Clock>,
    /// Until this time of day, `22:00`; earlier than `from`: over midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Clock>,
    /// Whose clock.
    #[serde(default, skip_serializing_if = "is_account")]
    pub zone: Whose,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_account(whose: &Whose) -> bool {
    *whose == Whose::Account
}

/// A time of day in minutes, written `hh:mm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(u16);

impl Clock {
    /// Reads `8:00`, `08:00` or `24:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let (hours, minutes) = text.trim().split_once(':')?;
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours <= 24 && minutes < 60 && hours * 60 + minutes <= 24 * 60).then(|| Self(hours * 60 + minutes))
    }
}

impl Clock {
    /// Minutes since midnight.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for Clock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for Clock {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a time of day is like 08:00"))
    }
}

/// Day and minute that a clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// 1 is Monday.
    pub weekday: u8,
    /// Minutes since midnight.
    pub minute: u16,
}

impl Local {
    /// What the clock of `zone` shows at `now`.
    pub fn at(now: Timestamp, zone: &Zone) -> Self {
        let moment = jiff::Timestamp::from_millisecond(now.ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let there = moment.to_zoned(zone.zone().clone());
        Self {
            weekday: there.weekday().to_monday_one_offset().unsigned_abs(),
            minute: u16::from(there.hour().unsigned_abs()) * 60 + u16::from(there.minute().unsigned_abs()),
        }
    }
}

impl std::fmt::Display for Local {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", day_name(self.weekday), Clock(self.minute))
    }
}

/// `Mon` and so on.
pub fn day_name(weekday: u8) -> &'static str {
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        .get(usize::from(weekday.wrapping_sub(1)))
        .copied()
        .unwrap_or("?")
}

impl Schedule {
    /// Whether it restricts nothing.
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// Whether days and hours allow it at what a clock shows.
    pub fn allows(&self, now: Timestamp, local: Local) -> bool {
        self.start.is_none_or(|start| now >= start)
            && self.end.is_none_or(|end| now < end)
            && self.open(local)
    }

    fn open(&self, local: Local) -> bool {
        let on = |weekday: u8| self.days.is_empty() || self.days.contains(&weekday);
        let from = self.from.map_or(0, |clock| clock.0);
        let to = self.to.map_or(24 * 60, |clock| clock.0);
        if from < to {
            return on(local.weekday) && (from..to).contains(&local.minute);
        }
        let yesterday = if local.weekday == 1 { 7 } else { local.weekday - 1 };
        (local.minute >= from && on(local.weekday)) || (local.minute < to && on(yesterday))
    }

    /// The schedule in words.
    pub fn words(&self) -> String {
        if self.is_always() {
            return "always".to_owned();
        }
        let mut parts = Vec::new();
        if let Some(start) = self.start {
            parts.push(format!("from {start}"));
        }
        if let Some(end) = self.end {
            parts.push(format!("until {end}"));
        }
        if !self.days.is_empty() {
            let days: Vec<&str> = self.days.iter().map(|day| day_name(*day)).collect();
            parts.push(days.join(", "));
        }
        if self.from.is_some() || self.to.is_some() {
            let from = self.from.unwrap_or(Clock(0));
            let to = self.to.unwrap_or(Clock(24 * 60));
            parts.push(format!("{from} to {to}"));
        }
        if self.zone == Whose::Visitor {
            parts.push("visitor's time".to_owned());
        }
        parts.join(", ")
    }

    /// What is wrong with it.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let (Some(start), Some(end)) = (self.start, self.end)
            && end <= start
        {
            errors.push(FieldError::new(
                "schedule.end",
                format!("The end lies before the start. Ends: {end}, starts: {start}."),
            ));
        }
        if self.days.len() > 7 || self.days.iter().any(|day| !(1..=7).contains(day)) {
            errors.push(FieldError::new(
                "schedule.days",
                "Days are 1 (Monday) to 7 (Sunday).",
            ));
        }
        if self.from.is_some() && self.from == self.to {
            errors.push(FieldError::new(
                "schedule.to",
                "From and to are the same; it would never show. Leave both out for all day.",
            ));
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_hours_and_midnight() {
        let clock = |text: &str| Clock::parse(text).expect("a time");
        let at = |weekday, text: &str| Local {
            weekday,
            minute: clock(text).0,
        };
        let day = Schedule {
            days: vec![1, 2],
            from: Some(clock("08:00")),
            to: Some(clock("22:00")),
            ..Schedule::default()
        };
        let now = Timestamp(5);
        assert!(day.allows(now, at(1, "08:00")) && day.allows(now, at(2, "21:59")));
        assert!(!day.allows(now, at(1, "22:00")) && !day.allows(now, at(3, "12:00")));
        let night = Schedule {
            days: vec![5],
            from: Some(clock("22:00")),
            to: Some(clock("02:00")),
            ..Schedule::default()
        };
        assert!(night.allows(now, at(5, "23:00")) && night.allows(now, at(6, "01:59")));
        assert!(!night.allows(now, at(5, "01:00")) && !night.allows(now, at(6, "23:00")));
        let past = Schedule {
            end: Some(Timestamp(5)),
            ..Schedule::default()
        };
        assert!(!past.allows(now, at(1, "00:00")) && past.allows(Timestamp(4), at(1, "00:00")));
        // 2026-11-25 is a Wednesday; Lisbon is at UTC in winter, Auckland thirteen hours ahead.
        let noon = Timestamp(1_795_608_000_000);
        assert_eq!(
            Local::at(noon, &Zone::parse("Europe/Lisbon").expect("zone")).to_string(),
            "Wed 12:00"
        );
        assert_eq!(
            Local::at(noon, &Zone::parse("Pacific/Auckland").expect("zone")).to_string(),
            "Thu 01:00"
        );
        assert!(Clock::parse("25:00").is_none() && Clock::parse("8").is_none());
    }
}
