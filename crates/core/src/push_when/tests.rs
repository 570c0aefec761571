//! Moments of a push, judged over zones whose clocks change in every way there is.

use super::*;
use serde_json::json;

/// Zones with whole, half and quarter hours, with changes at midnight, of half an hour, of a whole day, and without any.
const ZONES: [&str; 12] = [
    "UTC",
    "Europe/Lisbon",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/Havana",
    "Africa/Casablanca",
];
const MINUTE_MS: i64 = 60_000;

fn zone(name: &str) -> Zone {
    Zone::parse(name).expect("a zone of the database")
}

fn clock(text: &str) -> Clock {
    Clock::parse(text).expect("a time")
}

fn sending(value: serde_json::Value) -> Sending {
    serde_json::from_value(value).expect("a sending")
}

fn at(text: &str) -> Timestamp {
    Timestamp(
        text.parse::<jiff::Timestamp>()
            .expect("a moment")
            .as_millisecond(),
    )
}

/// A few hundred moments of fifteen years, the same at every run, and the minutes around each change of a zone's clocks.
fn moments(zone: &Zone) -> Vec<Timestamp> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut found = Vec::new();
    for _ in 0..300 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let minutes = i64::try_from(state % (15 * 366 * 24 * 60)).expect("few minutes");
        found.push(Timestamp(at("2011-06-01T00:00:00Z").ms() + minutes * MINUTE_MS));
    }
    let from = instant(at("2011-06-01T00:00:00Z")).expect("a moment");
    for change in zone.zone().following(from).take(24) {
        let at = change.timestamp().as_millisecond();
        found.extend((-8..8).map(|step| Timestamp(at + step * 23 * MINUTE_MS)));
        found.extend([Timestamp(at - 1), Timestamp(at)]);
    }
    found
}

#[test]
fn quiet_hours_end_at_the_first_moment_that_is_not_quiet() {
    for name in ZONES {
        let zone = zone(name);
        for (from, to) in [
            ("22:00", "08:00"),
            ("00:00", "06:00"),
            ("23:30", "02:30"),
            ("13:00", "14:15"),
        ] {
            let quiet = Quiet {
                from: clock(from),
                to: clock(to),
            };
            for now in moments(&zone) {
                let end = quiet.after(now, &zone);
                assert!(
                    !quiet.is_quiet(end, &zone),
                    "{name} {from}-{to}: {now} is put off to {end}"
                );
                assert!(
                    end >= now && end.since(now) <= 25 * HOUR_MS,
                    "{name} {from}-{to}: {now} {end}"
                );
                let mut before = now;
                while before < end {
                    assert!(
                        quiet.is_quiet(before, &zone),
                        "{name} {from}-{to}: {now} to {end}, but {before} is not quiet"
                    );
                    before = before.plus_ms(7 * MINUTE_MS);
                }
                assert_eq!(quiet.after(end, &zone), end, "once is enough");
            }
        }
    }
}

#[test]
fn rounds_come_one_after_the_other_at_their_time() {
    for name in ZONES {
        let zone = zone(name);
        for (time, days) in [("09:00", vec![]), ("02:30", vec![1, 4]), ("00:15", vec![7])] {
            let repeat = Repeat {
                days: days.clone(),
                at: clock(time),
                times: None,
            };
            let mut last = at("2011-12-20T00:00:00Z");
            for _ in 0..200 {
                let next = repeat.next(last, Clocks::Account, &zone).expect("always another");
                let apart = if days.is_empty() { 2 } else { 8 };
                assert!(
                    next > last && next.since(last) <= (apart * 24 + 26) * HOUR_MS,
                    "{name} {last} {next}"
                );
                let there = civil(next, zone.zone());
                let wanted = on(there.date(), clock(time));
                // Where the clock leaps over it, it is as long after the leap, which may be the next day.
                let leapt = zone.zone().to_ambiguous_timestamp(wanted).is_ambiguous() || there != wanted;
                let weekday = there.weekday().to_monday_one_offset().unsigned_abs();
                assert!(
                    leapt || days.is_empty() || days.contains(&weekday),
                    "{name}: {there}"
                );
                last = next;
            }
        }
    }
}

#[test]
fn everybody_gets_it_at_that_time_of_their_own() {
    let account = zone("Europe/Lisbon");
    let send = sending(json!({"at": at("2027-02-01T09:00:00Z"), "zone": "recipient"}));
    let now = at("2027-01-20T00:00:00Z");
    let began = send.begins(now, &account);
    assert_eq!(began, at("2027-01-31T19:00:00Z"), "nine o'clock in Kiritimati");
    let run = Run {
        began,
        wall: send.wall(began, &account),
        ttl_seconds: 3_600,
    };
    for name in ZONES {
        let turn = turn(&send, &run, None, &zone(name), began).expect("a turn");
        assert_eq!(
            civil(turn.ready, zone(name).zone()).to_string(),
            "2027-02-01T09:00:00"
        );
        assert!(turn.due == turn.ready && turn.due >= began, "{name}");
    }
    // Started late, those whose moment is over get it at once.
    let late = Run {
        began: at("2027-02-01T03:00:00Z"),
        ..run
    };
    let early = turn(&send, &late, None, &zone("Pacific/Kiritimati"), late.began).expect("a turn");
    assert_eq!((early.due, early.ready), (late.began, late.began));
    assert!(
        send.is_past_for_some(late.began, &account) && !send.is_past_for_some(began.plus_ms(-1), &account)
    );
    assert!(
        !send.is_past(at("2027-02-01T20:59:59Z"), &account)
            && send.is_past(at("2027-02-01T21:00:00Z"), &account)
    );
}

#[test]
fn what_is_due_in_quiet_hours_is_put_off_or_given_up() {
    let quiet = Some(Quiet {
        from: clock("22:00"),
        to: clock("08:00"),
    });
    let (here, now) = (zone("Europe/Lisbon"), at("2027-02-01T23:00:00Z"));
    let run = |ttl_seconds| Run {
        began: now,
        wall: None,
        ttl_seconds,
    };
    let plain = Sending::default();
    let morning = at("2027-02-02T08:00:00Z");
    let put_off = Turn {
        due: now,
        ready: morning,
    };
    assert_eq!(turn(&plain, &run(86_400), quiet, &here, now), Ok(put_off));
    assert!(
        turn(&plain, &run(3_600), quiet, &here, now).is_err()
            && turn(&plain, &run(0), quiet, &here, now).is_err()
    );
    let until = sending(json!({"until": morning}));
    assert!(turn(&until, &run(86_400), quiet, &here, now).is_err());
    let at_once = Turn { due: now, ready: now };
    let waited_for = sending(json!({"transactional": true}));
    assert_eq!(turn(&waited_for, &run(60), quiet, &here, now), Ok(at_once));
    assert_eq!(
        turn(&plain, &run(60), quiet, &zone("Asia/Kathmandu"), now).map(|turn| turn.ready),
        Err((
            Cause::QuietHours,
            "its time is over before this person’s quiet hours are"
        ))
    );
    assert_eq!(
        turn(&plain, &run(60), quiet, &zone("America/New_York"), now),
        Ok(at_once)
    );
    // A pace is kept when quiet hours end: who would have come ten minutes later comes ten minutes later.
    let paced = sending(json!({"per_minute": 60}));
    let later = now.plus_ms(600_000);
    assert_eq!(
        turn(&paced, &run(86_400), quiet, &here, later).map(|turn| turn.ready),
        Ok(morning.plus_ms(600_000))
    );
}

#[test]
fn a_round_that_is_missed_by_far_is_left_out() {
    let send = sending(json!({"repeat": {"at": "09:00"}, "zone": "recipient"}));
    let account = zone("UTC");
    let first = Repeat {
        days: vec![],
        at: clock("09:00"),
        times: None,
    }
    .next(at("2027-02-01T00:00:00Z"), Clocks::Recipient, &account)
    .expect("another");
    assert_eq!(first, at("2027-02-01T19:00:00Z"));
    let late = Run {
        began: first.plus_ms(7 * HOUR_MS),
        wall: send.wall(first, &account),
        ttl_seconds: 60,
    };
    assert!(turn(&send, &late, None, &zone("Pacific/Kiritimati"), late.began).is_err());
    assert_eq!(
        turn(&send, &late, None, &zone("UTC"), late.began).map(|turn| turn.due),
        Ok(at("2027-02-02T09:00:00Z"))
    );
}

#[test]
fn in_words_and_within_bounds() {
    let said = |value| sending(value).words(|moment| moment.to_string()[..10].to_owned());
    assert_eq!(said(json!({})), "at once");
    assert_eq!(
        said(
            json!({"at": at("2027-02-01T09:00:00Z"), "zone": "recipient", "until": at("2027-02-03T09:00:00Z")})
        ),
        "on 2027-02-01 by each one’s own clock, until 2027-02-03"
    );
    let weekly = json!({"repeat": {"days": [1, 4], "at": "09:00", "times": 3}, "caps": {"week": 1}, "transactional": true});
    assert_eq!(said(weekly.clone()), "every Mon, Thu at 09:00, 3 times");
    assert_eq!(
        sending(weekly).limits_words().1,
        " Each person gets it at most once in seven days. It is transactional: the site’s caps and quiet hours do not hold it back."
    );
    let fields = |value, on_event| {
        let mut errors = Vec::new();
        sending(value).check(on_event, &mut errors);
        errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
    };
    assert_eq!(
        fields(
            json!({"at": 5, "until": 4, "zone": "recipient", "per_minute": 9, "caps": {"day": 0},
            "repeat": {"at": "24:00", "days": [0], "times": 0}}),
            false
        ),
        [
            "send.repeat.days",
            "send.repeat.at",
            "send.repeat.times",
            "send.at",
            "send.per_minute",
            "send.until",
            "send.caps.day"
        ]
    );
    assert_eq!(fields(json!({"zone": "recipient"}), false), ["send.at"]);
    assert_eq!(fields(json!({"caps": {"day": 1}}), false), ["send.caps.day"]);
    assert_eq!(
        fields(json!({"caps": {"day": 1}, "until": 5}), true),
        Vec::<String>::new()
    );
    assert_eq!(fields(json!({"zone": "recipient"}), true), ["send"]);
    let nonsense = Quiet {
        from: clock("08:00"),
        to: clock("08:00"),
    };
    assert_eq!(
        nonsense.check("push.quiet").map(|fault| fault.field).as_deref(),
        Some("push.quiet.to")
    );
}
