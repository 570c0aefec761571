//! Moments as people write them, in the account's zone: `30 Nov 2026, 23:59`, `30 Nov 23:59`, `2026-11-30 23:59`, `tomorrow 9`.
//!
//! Left out: other languages' month names. Invariant: what [`written`] writes, [`read`] reads as the same minute.

use campanile_core::time::{Timestamp, Zone};
use jiff::civil::{Date, Time};
use jiff::{ToSpan as _, Zoned};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

fn zoned(at: Timestamp, zone: &Zone) -> Zoned {
    jiff::Timestamp::from_millisecond(at.ms())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_zoned(zone.zone().clone())
}

/// A moment as it stands in an input; with seconds only where it has some.
pub(crate) fn written(at: Timestamp, zone: &Zone) -> String {
    let pattern = if at.ms() % 60_000 == 0 {
        "%-d %b %Y, %H:%M"
    } else {
        "%-d %b %Y, %H:%M:%S"
    };
    zoned(at, zone).strftime(pattern).to_string()
}

/// Reads a moment; a date without a time is its first minute, one without a year the next such day.
pub(super) fn read(text: &str, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
    let text = text.trim().to_lowercase();
    if let Ok(exact) = text.to_uppercase().parse::<jiff::Timestamp>() {
        return Some(Timestamp(exact.as_millisecond()));
    }
    let today = zoned(now, zone).date();
    let mut date = None;
    let mut time = None;
    let (mut day, mut month, mut year) = (None, None, None);
    let text = parted(&text);
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        if word.contains(':') {
            time = Some(clock(word)?);
        } else if word == "today" {
            date = Some(today);
        } else if word == "tomorrow" {
            date = Some(today.checked_add(1.day()).ok()?);
        } else if let Some(found) = MONTHS.iter().position(|name| word.starts_with(name)) {
            month = Some(i8::try_from(found + 1).ok()?);
        } else if word.matches('-').count() == 2 {
            date = Some(word.parse::<Date>().ok()?);
        } else {
            let number: i16 = word.trim_end_matches('.').parse().ok()?;
            if number > 31 {
                year = Some(number);
            } else if day.is_none() && date.is_none() {
                day = Some(i8::try_from(number).ok()?);
            } else {
                time = Some(Time::new(i8::try_from(number).ok()?, 0, 0, 0).ok()?);
            }
        }
    }
    let date = match (date, day, month) {
        (Some(date), ..) => date,
        (None, Some(day), Some(month)) => {
            let in_year = |year| Date::new(year, month, day).ok();
            match year {
                Some(year) => in_year(year)?,
                None => in_year(today.year())
                    .filter(|date| *date >= today)
                    .or_else(|| in_year(today.year() + 1))?,
            }
        }
        _ => return None,
    };
    let at = date
        .to_datetime(time.unwrap_or(Time::midnight()))
        .to_zoned(zone.zone().clone())
        .ok()?;
    Some(Timestamp(at.timestamp().as_millisecond()))
}

/// `2026-11-30t23:59` with a space in place of its `t`.
fn parted(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let digit = |at: Option<usize>| {
        at.and_then(|at| letters.get(at))
            .is_some_and(char::is_ascii_digit)
    };
    letters
        .iter()
        .enumerate()
        .map(|(at, letter)| {
            let between = *letter == 't' && digit(at.checked_sub(1)) && digit(Some(at + 1));
            if between { ' ' } else { *letter }
        })
        .collect()
}

fn clock(word: &str) -> Option<Time> {
    let mut parts = word.split(':').map(str::parse::<i8>);
    let mut part = || parts.next().transpose().ok();
    let (hour, minute, second) = (part()??, part()??, part()?.unwrap_or(0));
    Time::new(hour, minute, second, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let zone = Zone::parse("Europe/Lisbon").expect("a zone");
        // 25 November 2026, 12:00 in Lisbon.
        let now = Timestamp(1_795_608_000_000);
        for ms in [0, 60_000, 1_795_608_000_000, 1_790_000_001_000] {
            let text = written(Timestamp(ms), &zone);
            assert_eq!(read(&text, now, &zone), Some(Timestamp(ms)), "{text}");
        }
        let reads = |text: &str, as_written: &str| {
            let at = read(text, now, &zone).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(written(at, &zone), as_written, "{text}");
        };
        reads("30 Nov 23:59", "30 Nov 2026, 23:59");
        reads("1 march", "1 Mar 2027, 00:00");
        reads("14 August 2027 9", "14 Aug 2027, 09:00");
        reads("3 Oct 2027, 8:05", "3 Oct 2027, 08:05");
        reads("tomorrow 9", "26 Nov 2026, 09:00");
        reads("today, 18:30", "25 Nov 2026, 18:30");
        reads("2026-12-24 20:15", "24 Dec 2026, 20:15");
        reads("2026-12-24T20:15", "24 Dec 2026, 20:15");
        for bad in ["", "soon", "32 Nov 2026", "30", "30 Nov 25:00", "2026-13-01"] {
            assert_eq!(read(bad, now, &zone), None, "{bad}");
        }
    }
}
