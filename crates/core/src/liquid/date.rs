//! The filter `date`: reads a moment and writes it in the way that a format says.
//!
//! Left out: the present, which only the scope knows, and names of months in other languages than English. Invariant: a
//! moment without an offset is in UTC.

use super::value::Trouble;
use crate::time::Zone;
use jiff::fmt::strtime;
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;

/// From here on a number is milliseconds: in seconds it would be the year 5138.
const FIRST_MILLISECONDS: f64 = 1e11;

/// Longest format.
const MAX_FORMAT: usize = 200;

/// Checks what is written out in the template: the format and the zone.
pub(super) fn check(format: Option<&str>, zone: Option<&str>) -> Result<(), String> {
    if let Some(format) = format {
        if format.len() > MAX_FORMAT {
            return Err(format!(
                "the format of `date` is longer than {MAX_FORMAT} characters: write a shorter one"
            ));
        }
        let sample = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
        if let Err(error) = strtime::format(format, &sample) {
            return Err(format!(
                "`date` cannot write “{format}” ({error}): use signs such as %d.%m.%Y or %H:%M"
            ));
        }
    }
    match zone {
        Some(zone) if Zone::parse(zone).is_none() => Err(format!(
            "`date` knows no time zone “{zone}”: write a name such as Europe/Berlin"
        )),
        _ => Ok(()),
    }
}

/// Writes the moment `value` in `format`, in `zone` if one is named.
pub(super) fn write(
    value: &Value,
    format: &str,
    zone: Option<&str>,
    now: Option<&Value>,
) -> Result<String, Trouble> {
    if format.len() > MAX_FORMAT {
        return Err(Trouble::Type("has a date format that is too long"));
    }
    let is_now = value
        .as_str()
        .is_some_and(|text| text == "now" || text == "today");
    let value = match (is_now, now) {
        (false, _) => value,
        (true, Some(now)) if !now.is_null() => now,
        (true, _) => return Err(Trouble::Missing("now")),
    };
    let mut moment = read(value).ok_or(Trouble::Type("is no date"))?;
    if let Some(zone) = zone {
        let zone =
            Zone::parse(zone).ok_or(Trouble::Type("is to be written in a time zone that is not known"))?;
        moment = moment.with_time_zone(zone.zone().clone());
    }
    strtime::format(format, &moment).map_err(|_| Trouble::Type("cannot be written in this date format"))
}

fn read(value: &Value) -> Option<Zoned> {
    match value {
        Value::Number(number) => from_number(number.as_f64()?),
        Value::String(text) => {
            let text = text.trim();
            // What the page's SDK makes of a Date.
            let digits = text.strip_prefix("$D_").unwrap_or(text);
            let unsigned = digits.strip_prefix('-').unwrap_or(digits);
            if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
                return from_number(digits.parse().ok()?);
            }
            from_text(text)
        }
        _ => None,
    }
}

fn from_number(number: f64) -> Option<Zoned> {
    let milliseconds = if number.abs() >= FIRST_MILLISECONDS {
        number
    } else {
        number * 1000.0
    };
    let moment = Timestamp::from_millisecond(milliseconds as i64).ok()?;
    Some(moment.to_zoned(TimeZone::UTC))
}

fn from_text(text: &str) -> Option<Zoned> {
    let pieces = Pieces::parse(text).ok()?;
    let zone = match pieces.offset() {
        Some(PiecesOffset::Numeric(offset)) => TimeZone::fixed(offset.offset()),
        _ => TimeZone::UTC,
    };
    let time = pieces.time().unwrap_or(jiff::civil::Time::midnight());
    pieces.date().to_datetime(time).to_zoned(zone).ok()
}
