//! The moments of a push: by whose clock, how often again, in nobody's quiet hours, until when.
//!
//! Left out: how often a person gets pushes ([`crate::push_log`]) and sending. Invariant: a moment is a function of plan, zone and run, so
//! that whoever asks again gets the same one; a wall time that a change of clocks leaves out is the moment as long after the change as it
//! would have been, and of one that comes twice it is the first.

use crate::FieldError;
use crate::cause::Cause;
use crate::push_log::PushCaps;
use crate::schedule::{Clock, Local, day_name};
use crate::time::{Timestamp, Zone};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};
use serde::{Deserialize, Serialize};

/// Slowest and fastest pace that can be asked for, messages a minute.
const PACES: std::ops::RangeInclusive<u32> = 1..=6_000_000;
/// The most often that a push that comes again can be limited to.
const MOST_TIMES: u32 = 10_000;
/// How late a round of a push that comes again may be; after that it is left out.
pub const LATEST_MS: i64 = 6 * HOUR_MS;
const HOUR_MS: i64 = 3_600_000;
/// A day begins so long before UTC's where it begins first, and ends so long after it where it ends last.
const FIRST_ZONE_MS: i64 = 14 * HOUR_MS;
const LAST_ZONE_MS: i64 = 12 * HOUR_MS;

/// Whose clock shows the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clocks {
    /// The account's.
    #[default]
    Account,
    /// Each recipient's own; the account's where theirs is not known.
    Recipient,
}

/// Days and time of a push that comes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Days of the week, 1 is Monday; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<u8>,
    /// Time of day, `09:00`.
    pub at: Clock,
    /// How many times in all; none: until it is stopped, or `send.until`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl Repeat {
    /// The first round after a moment. By the recipients' clocks a round begins where the day begins first on Earth.
    pub fn next(&self, after: Timestamp, clocks: Clocks, zone: &Zone) -> Option<Timestamp> {
        let today = match clocks {
            Clocks::Account => civil(after, zone.zone()),
            Clocks::Recipient => civil(after.plus_ms(FIRST_ZONE_MS), &TimeZone::UTC),
        };
        let first = today.date().saturating_sub(1.day());
        (0..=9).find_map(|ahead: i32| {
            let date = first.checked_add(Span::new().days(ahead)).ok()?;
            let weekday = date.weekday().to_monday_one_offset().unsigned_abs();
            if !self.days.is_empty() && !self.days.contains(&weekday) {
                return None;
            }
            let wall = on(date, self.at);
            let moment = match clocks {
                Clocks::Account => moment(wall, zone.zone()),
                Clocks::Recipient => first_on_earth(wall),
            };
            (moment > after).then_some(moment)
        })
    }

    /// It in words: `every Mon, Thu at 09:00`.
    pub fn words(&self) -> String {
        self.words_with("")
    }

    /// The same with whose clock it is.
    fn words_with(&self, own: &str) -> String {
        let days: Vec<&str> = self.days.iter().map(|day| day_name(*day)).collect();
        let days = if days.is_empty() {
            "day".to_owned()
        } else {
            days.join(", ")
        };
        let times = match self.times {
            None => String::new(),
            Some(1) => ", once".to_owned(),
            Some(n) => format!(", {n} times"),
        };
        format!("every {days} at {}{own}{times}", self.at)
    }

    fn check(&self, errors: &mut Vec<FieldError>) {
        if self.days.len() > 7 || self.days.iter().any(|day| !(1..=7).contains(day)) {
            errors.push(FieldError::new(
                "send.repeat.days",
                "Days are 1 (Monday) to 7 (Sunday).",
            ));
        }
        if self.at.minutes() >= 24 * 60 {
            errors.push(FieldError::new(
                "send.repeat.at",
                "A day ends with 23:59. Write 00:00 for midnight.",
            ));
        }
        if self.times.is_some_and(|times| !(1..=MOST_TIMES).contains(&times)) {
            let message = format!("It comes 1 to {MOST_TIMES} times. Leave it out for any number.");
            errors.push(FieldError::new("send.repeat.times", message));
        }
    }
}

/// When a push goes out, how fast and how often. Empty: once, at once, as fast as the push services take it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    /// The moment, ms since 1970; none: when it is started. By the recipients' clocks: what the account's clock shows then, everybody's shall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// At most so many messages a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
    /// Whose clock shows the moment, or the time at which it comes again.
    #[serde(default, skip_serializing_if = "is_account")]
    pub zone: Clocks,
    /// It comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// From this moment on nothing of it is sent any more, ms since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How often one person gets it, where it comes again, follows an event or is asked for.
    #[serde(default, skip_serializing_if = "PushCaps::is_none")]
    pub caps: PushCaps,
    /// Something that the recipient waits for: neither the account's caps nor anybody's quiet hours hold it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub transactional: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_account(clocks: &Clocks) -> bool {
    *clocks == Clocks::Account
}

impl Sending {
    /// Whether it asks for nothing.
    pub fn is_at_once(&self) -> bool {
        *self == Self::default()
    }

    /// When it begins where it is started at `now`: by the recipients' clocks, where its time comes first on Earth.
    pub fn begins(&self, now: Timestamp, zone: &Zone) -> Timestamp {
        match (self.at, self.zone) {
            (None, _) => now,
            (Some(at), Clocks::Account) => at,
            (Some(at), Clocks::Recipient) => first_on_earth(civil(at, zone.zone())),
        }
    }

    /// Whether its moment is over, everywhere.
    pub fn is_past(&self, now: Timestamp, zone: &Zone) -> bool {
        self.at.is_some_and(|at| match self.zone {
            Clocks::Account => at <= now,
            Clocks::Recipient => last_on_earth(civil(at, zone.zone())) <= now,
        })
    }

    /// Whether its moment is over for some of those who get it, who then get it at once.
    pub fn is_past_for_some(&self, now: Timestamp, zone: &Zone) -> bool {
        self.at.is_some() && self.zone == Clocks::Recipient && self.begins(now, zone) < now
    }

    /// The time that everybody's own clock shows when they get the run that began at `run`; none where all get it at once.
    pub fn wall(&self, run: Timestamp, zone: &Zone) -> Option<DateTime> {
        match (self.zone, &self.repeat, self.at) {
            (Clocks::Account, ..) | (Clocks::Recipient, None, None) => None,
            (Clocks::Recipient, Some(_), _) => Some(civil(run.plus_ms(FIRST_ZONE_MS), &TimeZone::UTC)),
            (Clocks::Recipient, None, Some(at)) => Some(civil(at, zone.zone())),
        }
    }

    /// The round after a moment, where `before` rounds were before it; none where that was the last.
    pub fn round_after(&self, after: Timestamp, before: u32, zone: &Zone) -> Option<Timestamp> {
        let repeat = self.repeat.as_ref()?;
        if repeat.times.is_some_and(|times| before >= times) {
            return None;
        }
        let next = repeat.next(after, self.zone, zone)?;
        self.until.is_none_or(|until| next < until).then_some(next)
    }

    /// When it is, in words; `moment` writes one down.
    pub fn words(&self, moment: impl Fn(Timestamp) -> String) -> String {
        let own = match self.zone {
            Clocks::Account => "",
            Clocks::Recipient => " by each one’s own clock",
        };
        let until = self
            .until
            .map_or_else(String::new, |until| format!(", until {}", moment(until)));
        match (&self.repeat, self.at) {
            (Some(repeat), _) => format!("{}{until}", repeat.words_with(own)),
            (None, Some(at)) => format!("on {}{own}{until}", moment(at)),
            (None, None) => format!("at once{until}"),
        }
    }

    /// Pace, caps and exemption in words: the end of a sentence, and sentences of their own.
    pub fn limits_words(&self) -> (String, String) {
        let pace = self.per_minute.map_or_else(String::new, |pace| {
            let messages = if pace == 1 { "message" } else { "messages" };
            format!(", at most {pace} {messages} a minute")
        });
        let mut more = String::new();
        if !self.caps.is_none() {
            more = format!(" Each person gets it at most {}.", self.caps.words());
        }
        if self.transactional {
            more += " It is transactional: the site’s caps and quiet hours do not hold it back.";
        }
        (pace, more)
    }

    /// What is wrong with it; `goes_on`: it goes to one after the other.
    pub fn check(&self, goes_on: bool, errors: &mut Vec<FieldError>) {
        if goes_on
            && (self.at.is_some()
                || self.per_minute.is_some()
                || self.repeat.is_some()
                || self.zone != Clocks::default())
        {
            let message = "A push that follows an event, or that programs ask for, has neither a moment nor a pace of its own. Remove one of the two.";
            errors.push(FieldError::new("send", message));
        }
        if let Some(repeat) = &self.repeat {
            repeat.check(errors);
            if self.at.is_some() {
                let message =
                    "A push that comes again goes by its days and time. Leave the moment out, or the days.";
                errors.push(FieldError::new("send.at", message));
            }
        }
        if self.per_minute.is_some_and(|pace| !PACES.contains(&pace)) {
            errors.push(FieldError::new(
                "send.per_minute",
                "The pace is 1 to 6,000,000 messages a minute. Leave it out for as fast as possible.",
            ));
        }
        if self.zone == Clocks::Recipient && self.at.is_none() && self.repeat.is_none() && !goes_on {
            let message = "By the recipients’ clocks it needs a moment, or days and a time.";
            errors.push(FieldError::new("send.at", message));
        }
        if self.zone == Clocks::Recipient && self.per_minute.is_some() {
            let message = "By the recipients’ clocks it goes out over a day, so it has no pace. Leave one of the two out.";
            errors.push(FieldError::new("send.per_minute", message));
        }
        if let (Some(until), Some(at)) = (self.until, self.at)
            && until <= at
        {
            let message = "It would be over before it begins. Choose a later end, or an earlier moment.";
            errors.push(FieldError::new("send.until", message));
        }
        errors.extend(self.caps.check("send.caps"));
        if !self.caps.is_none() && !goes_on && self.repeat.is_none() {
            let message =
                "A push that is sent once comes once. Leave this out; the site’s caps stand in Settings.";
            errors.push(FieldError::new("send.caps.day", message));
        }
    }
}

/// Hours in which nobody is disturbed, by each recipient's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// From this time of day on, `22:00`.
    pub from: Clock,
    /// Until this time of day, `08:00`; earlier than `from`: over midnight.
    pub to: Clock,
}

impl Quiet {
    fn is_quiet(self, at: Timestamp, zone: &Zone) -> bool {
        let (minute, from, to) = (Local::at(at, zone).minute, self.from.minutes(), self.to.minutes());
        if from < to {
            (from..to).contains(&minute)
        } else {
            minute >= from || minute < to
        }
    }

    /// The first moment from `at` on that is not quiet in `zone`.
    pub fn after(self, at: Timestamp, zone: &Zone) -> Timestamp {
        if !self.is_quiet(at, zone) {
            return at;
        }
        let date = civil(at, zone.zone()).date();
        // Quiet ends where the clock shows the end, the first or the second time, or where a change of clocks leaps out of it.
        let ends = (0..=2).filter_map(|ahead: i32| date.checked_add(Span::new().days(ahead)).ok());
        let ends = ends.flat_map(|date| {
            let ambiguous = zone.zone().to_ambiguous_timestamp(on(date, self.to));
            [ambiguous.earlier().ok(), ambiguous.later().ok()]
        });
        let changes = instant(at)
            .into_iter()
            .flat_map(|from| zone.zone().following(from).take(2).collect::<Vec<_>>())
            .map(|change| Some(change.timestamp()));
        ends.chain(changes)
            .flatten()
            .map(|end| Timestamp(end.as_millisecond()))
            .filter(|end| *end > at && !self.is_quiet(*end, zone))
            .min()
            .unwrap_or(at)
    }

    /// What is wrong with them.
    pub fn check(self, field: &str) -> Option<FieldError> {
        (self.from == self.to || self.from.minutes() >= 24 * 60 || self.to.minutes() >= 24 * 60).then(|| {
            FieldError::new(
                format!("{field}.to"),
                "Quiet hours begin and end at two times of day from 00:00 to 23:59.",
            )
        })
    }
}

/// What the moments of one run depend on.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// When it began; nobody gets it before.
    pub began: Timestamp,
    /// The time that everybody's own clock shows then, by [`Sending::wall`].
    pub wall: Option<DateTime>,
    /// How long a message lives, seconds.
    pub ttl_seconds: u32,
}

/// When one recipient's message is due, and when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// Its own moment; its time to live counts from here.
    pub due: Timestamp,
    /// When it is sent: later where its moment falls into quiet hours.
    pub ready: Timestamp,
}

/// Until when a message that is due at `due` may be sent.
pub fn expires_at(send: &Sending, ttl_seconds: u32, due: Timestamp) -> Timestamp {
    let end = due.plus_ms(i64::from(ttl_seconds) * 1000);
    send.until.map_or(end, |until| end.min(until))
}

/// When somebody in `zone` gets a message of a run, or why never.
pub fn turn(
    send: &Sending,
    run: &Run,
    quiet: Option<Quiet>,
    zone: &Zone,
    now: Timestamp,
) -> Result<Turn, (Cause, &'static str)> {
    let own = run.wall.map_or(run.began, |wall| moment(wall, zone.zone()));
    if send.repeat.is_some() && run.began.since(own) > LATEST_MS {
        return Err((
            Cause::Missed,
            "its moment was over for more than six hours when its round began",
        ));
    }
    let due = own.max(run.began);
    let at = due.max(now);
    let ready = match quiet {
        Some(quiet) if !send.transactional => {
            let end = quiet.after(at, zone);
            // What is put off keeps its distance, so that a pace is kept when quiet hours end for all at once.
            let lag = if send.per_minute.is_some() && end > at {
                now.since(run.began).max(0)
            } else {
                0
            };
            quiet.after(end.plus_ms(lag), zone)
        }
        _ => at,
    };
    if ready > at && ready >= expires_at(send, run.ttl_seconds, due) {
        return Err((
            Cause::QuietHours,
            "its time is over before this person’s quiet hours are",
        ));
    }
    Ok(Turn { due, ready })
}

fn instant(at: Timestamp) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(at.ms()).ok()
}

fn civil(at: Timestamp, zone: &TimeZone) -> DateTime {
    zone.to_datetime(instant(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}

fn on(date: Date, clock: Clock) -> DateTime {
    let (hour, minute) = (clock.minutes() / 60 % 24, clock.minutes() % 60);
    let part = |n: u16| i8::try_from(n).unwrap_or(0);
    date.to_datetime(Time::new(part(hour), part(minute), 0, 0).unwrap_or(Time::midnight()))
}

fn moment(wall: DateTime, zone: &TimeZone) -> Timestamp {
    let found = zone.to_ambiguous_timestamp(wall).compatible();
    Timestamp(found.map_or(i64::MAX, jiff::Timestamp::as_millisecond))
}

fn first_on_earth(wall: DateTime) -> Timestamp {
    moment(wall, &TimeZone::UTC).plus_ms(-FIRST_ZONE_MS)
}

fn last_on_earth(wall: DateTime) -> Timestamp {
    moment(wall, &TimeZone::UTC).plus_ms(LAST_ZONE_MS)
}

#[cfg(test)]
mod tests;
