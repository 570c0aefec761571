//! How numbers, rates, sizes and moments are written for people.
//!
//! Left out: words around them, and any locale but the account's zone (one number style for now). Invariant: nothing counted is
//! `—`, counted and none is `0`; a rate never hides that its denominator is zero. Numbers are taken by value or by reference, because
//! templates pass references.

use campanile_core::time::{Day, Timestamp, Zone};
use jiff::{Zoned, tz::TimeZone};
use std::borrow::Borrow;
use std::fmt;

/// `510,763`; above six digits `1.24 M`.
pub(crate) fn number(n: impl Borrow<u64>) -> String {
    let n = *n.borrow();
    match n {
        0..1_000_000 => grouped(n),
        1_000_000..1_000_000_000 => format!("{:.2} M", n as f64 / 1e6),
        _ => format!("{:.2} B", n as f64 / 1e9),
    }
}

/// All digits in groups of three.
pub(crate) fn grouped(n: impl Borrow<u64>) -> String {
    let n = *n.borrow();
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `one` or `many` with the number before it: `1 person`, `3,912 people`.
pub(crate) fn counted(n: impl Borrow<u64>, one: &str, many: &str) -> String {
    let n = *n.borrow();
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// `6.9%` of `whole`; `—` while there is no whole.
pub(crate) fn rate(part: impl Borrow<u64>, whole: impl Borrow<u64>) -> String {
    let (part, whole) = (*part.borrow(), *whole.borrow());
    if whole == 0 {
        "—".to_owned()
    } else {
        format!("{:.1}%", part as f64 * 100.0 / whole as f64)
    }
}

/// Whole percent, for a progress that has not ended (never `100` before the last one).
pub(crate) fn percent(part: u64, whole: u64) -> u64 {
    (part * 100).checked_div(whole).unwrap_or(0).min(100)
}

/// `6.1 kB`, below one thousand `812 bytes`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// Cut in the middle: `9c1e…44b0`.
pub(crate) fn middle(text: &str, head: usize, tail: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= head + tail + 1 {
        return text.to_owned();
    }
    let start: String = letters[..head].iter().collect();
    let end: String = letters[letters.len() - tail..].iter().collect();
    format!("{start}…{end}")
}

/// Seconds as people say them: `24 hours`, `28 days`, `90 seconds`.
pub(crate) fn span(seconds: impl Borrow<u64>) -> String {
    match *seconds.borrow() {
        0 => "not at all".to_owned(),
        s if s % 86_400 == 0 && s > 86_400 => counted(s / 86_400, "day", "days"),
        s if s % 3600 == 0 => counted(s / 3600, "hour", "hours"),
        s if s % 60 == 0 => counted(s / 60, "minute", "minutes"),
        s => counted(s, "second", "seconds"),
    }
}

/// The moment from which times are told, and the zone in which they are.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    now: Timestamp,
    zone: Zone,
}

impl Told {
    /// Tells times as seen at `now` in the account's `zone`.
    pub(crate) fn new(now: Timestamp, zone: Zone) -> Self {
        Self { now, zone }
    }

    /// The moment of telling.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// `30 Nov 2026, 23:59`: a moment that somebody chose, to the minute.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        super::forms::written(at, &self.zone)
    }

    /// `12 min ago`, today `09:41`, this year `23 Nov, 08:52`, else `3 Feb 2025`.
    pub(crate) fn when(&self, moment: Timestamp) -> When {
        let zoned = self.zoned(moment);
        let today = self.zoned(self.now);
        let age = self.now.since(moment) / 1000;
        let words = match age {
            i64::MIN..0 => calendar(&zoned, &today),
            0..5 => "just now".to_owned(),
            5..60 => format!("{age} s ago"),
            60..3600 => format!("{} min ago", age / 60),
            _ => calendar(&zoned, &today),
        };
        When {
            words,
            exact: format!("{}, {}", zoned.strftime("%-d %B %Y, %H:%M:%S"), self.zone.name()),
            machine: moment.to_string(),
        }
    }

    /// The time of day, `09:41`, with the day where it was another.
    pub(crate) fn clock(&self, moment: Timestamp) -> String {
        calendar(&self.zoned(moment), &self.zoned(self.now))
    }

    /// `23 Nov`, or `Today`.
    pub(crate) fn day(&self, day: Day) -> String {
        if day == Day::of(self.now, &self.zone) {
            return "Today".to_owned();
        }
        let date = jiff::civil::Date::new(
            (day.0 / 10_000) as i16,
            (day.0 / 100 % 100) as i8,
            (day.0 % 100) as i8,
        );
        date.map_or_else(|_| day.dashed(), |date| date.strftime("%-d %b").to_string())
    }

    /// The day of a moment.
    pub(crate) fn day_of(&self, moment: Timestamp) -> Day {
        Day::of(moment, &self.zone)
    }

    /// The time of day, `09:41`.
    pub(crate) fn time_of_day(&self, moment: Timestamp) -> String {
        self.zoned(moment).strftime("%H:%M").to_string()
    }

    fn zoned(&self, moment: Timestamp) -> Zoned {
        let zone: TimeZone = self.zone.zone().clone();
        jiff::Timestamp::from_millisecond(moment.ms())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(zone)
    }
}

fn calendar(moment: &Zoned, today: &Zoned) -> String {
    let pattern = if moment.date() == today.date() {
        "%H:%M"
    } else if moment.year() == today.year() {
        "%-d %b, %H:%M"
    } else {
        "%-d %b %Y"
    };
    moment.strftime(pattern).to_string()
}

/// A moment in words, with the exact one behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct When {
    /// For reading.
    pub(crate) words: String,
    exact: String,
    machine: String,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<time datetime="{}" title="{}">{}</time>"#,
            self.machine, self.exact, self.words
        )
    }
}

impl askama::FastWritable for When {
    fn write_into(&self, dest: &mut dyn fmt::Write, _values: &dyn askama::Values) -> askama::Result<()> {
        write!(dest, "{self}").map_err(askama::Error::from)
    }
}

// Digits, English month names and an IANA zone name: nothing that HTML could take for markup.
impl askama::filters::HtmlSafe for When {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (510_763, "510,763"),
            (1_240_000, "1.24 M"),
        ] {
            assert_eq!(number(n), text);
        }
        assert_eq!(rate(0, 0), "—");
        assert_eq!(rate(0, 10), "0.0%");
        assert_eq!(rate(3_310, 47_982), "6.9%");
        assert_eq!(percent(999, 1000), 99);
        assert_eq!(size(6_123), "6.1 kB");
        assert_eq!(middle("9c1eaaaaaaaa44b0", 4, 4), "9c1e…44b0");
        assert_eq!(span(86_400), "24 hours");
        assert_eq!(span(2_419_200), "28 days");
    }

    #[test]
    fn moments() {
        let now = Timestamp(1_763_890_860_000); // 23 Nov 2025, 09:41 UTC
        let told = Told::new(now, Zone::utc());
        let check = |back_seconds: i64, words: &str| {
            assert_eq!(told.when(now.plus_ms(-back_seconds * 1000)).words, words);
        };
        check(0, "just now");
        check(12 * 60, "12 min ago");
        check(2 * 3600, "07:41");
        check(26 * 3600, "22 Nov, 07:41");
        check(330 * 86_400, "28 Dec 2024");
        assert_eq!(told.day(Day(20_251_123)), "Today");
        assert_eq!(told.day(Day(20_251_030)), "30 Oct");
        assert!(
            told.when(now)
                .to_string()
                .contains(r#"title="23 November 2025, 09:41:00, UTC""#)
        );
    }
}
