//! The rules of pace, with time and chance given.

use super::*;

const NOW: Timestamp = Timestamp(1_000_000_000);
const LANE: u64 = 1;
const GOOD: Verdict = Verdict::Accepted;
const AWAY: Verdict = Verdict::Unreachable { after_ms: None };

fn tired(seconds: i64) -> Verdict {
    Verdict::Throttled {
        after_ms: Some(seconds * 1000),
    }
}

fn who(number: u64) -> Id {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    Id::new(NOW, random)
}

fn go(rhythm: &mut Rhythm, now: Timestamp) -> Ticket {
    match rhythm.ask(LANE, now) {
        Word::Go(ticket) => ticket,
        other => panic!("told {other:?}"),
    }
}

/// One message at a time, to subscriptions of their own; the last change.
fn say(rhythm: &mut Rhythm, now: Timestamp, verdicts: &[Verdict]) -> Change {
    verdicts.iter().fold(Change::None, |_, verdict| {
        let ticket = go(rhythm, now);
        rhythm.tell(ticket, who(ticket.number), *verdict, now, 0)
    })
}

#[test]
fn the_window_opens_one_by_one_and_halves_once_for_one_trouble() {
    let mut rhythm = Rhythm::new(40);
    let out: Vec<Ticket> = (0..16).map(|_| go(&mut rhythm, NOW)).collect();
    assert_eq!(rhythm.ask(LANE, NOW), Word::Wait, "no more than the window");
    for ticket in out {
        rhythm.tell(ticket, who(ticket.number), GOOD, NOW, 0);
    }
    assert_eq!(rhythm.window, 20, "four more for sixteen good answers");
    for _ in 0..1000 {
        say(&mut rhythm, NOW, &[GOOD]);
    }
    assert_eq!(rhythm.window, 40, "not over the ceiling");
    // Four that break together are one trouble.
    let out: Vec<Ticket> = (0..4).map(|_| go(&mut rhythm, NOW)).collect();
    for ticket in out {
        rhythm.tell(ticket, who(ticket.number), AWAY, NOW, 0);
    }
    assert_eq!(rhythm.window, 20);
    say(&mut rhythm, NOW, &[GOOD, tired(1)]);
    assert_eq!(rhythm.window, 10);
    for _ in 0..20 {
        say(&mut rhythm, NOW, &[GOOD, tired(1), GOOD]);
    }
    assert_eq!(rhythm.window, 1, "and never none");
    assert_eq!(Rhythm::new(3).window, 3);
}

#[test]
fn refusals_are_answers_and_slow_nothing_down() {
    let mut rhythm = Rhythm::new(100);
    let refusals = [
        Verdict::Gone,
        Verdict::Refused,
        Verdict::TooLarge,
        Verdict::WrongKey,
    ];
    for _ in 0..10 {
        assert_eq!(say(&mut rhythm, NOW, &refusals), Change::None);
    }
    assert_eq!(rhythm.window, 26);
}

#[test]
fn one_subscription_that_is_throttled_holds_back_nobody_else() {
    let mut rhythm = Rhythm::new(100);
    for _ in 0..50 {
        let ticket = go(&mut rhythm, NOW);
        assert_eq!(
            rhythm.tell(ticket, who(7), tired(600), NOW, 0),
            Change::None,
            "RFC 8030 section 8.4: it is the resource that is throttled"
        );
    }
    // Several, but few among many.
    let mut rhythm = Rhythm::new(100);
    say(&mut rhythm, NOW, &[GOOD; 16]);
    for _ in 0..20 {
        assert_eq!(say(&mut rhythm, NOW, &[tired(600), GOOD, GOOD]), Change::None);
    }
}

#[test]
fn several_at_once_are_the_service_which_rests_as_long_as_it_asked() {
    let mut rhythm = Rhythm::new(100);
    assert_eq!(say(&mut rhythm, NOW, &[tired(30), tired(90)]), Change::None);
    let until = NOW.plus_ms(90_000);
    assert_eq!(say(&mut rhythm, NOW, &[tired(60)]), Change::Held(until));
    assert_eq!(rhythm.ask(LANE, NOW), Word::Until(until));
    assert_eq!(rhythm.ask(LANE, until.plus_ms(-1)), Word::Until(until));
    // One goes to see; its own lane waits for the answer, another comes back later.
    let probe = go(&mut rhythm, until);
    assert_eq!(rhythm.ask(LANE, until), Word::Wait);
    assert!(matches!(rhythm.ask(LANE + 1, until), Word::Until(later) if later > until));
    assert_eq!(rhythm.tell(probe, who(1), GOOD, until, 0), Change::Released);
    go(&mut rhythm, until);
    assert_eq!(rhythm.ask(LANE, until), Word::Wait, "it begins with one");
    // What was said long ago is not held against it.
    let mut rhythm = Rhythm::new(100);
    say(&mut rhythm, NOW, &[tired(1), tired(1)]);
    let later = NOW.plus_ms(REMEMBERED_MS + 1);
    assert_eq!(say(&mut rhythm, later, &[tired(1)]), Change::None);
}

#[test]
fn a_service_that_is_hostile_is_not_obeyed_for_ever() {
    let mut rhythm = Rhythm::new(100);
    let hostile = Verdict::Throttled {
        after_ms: Some(i64::MAX),
    };
    assert_eq!(
        say(&mut rhythm, NOW, &[hostile; 3]),
        Change::Held(NOW.plus_ms(MAX_RETRY_AFTER_MS))
    );
}

#[test]
fn a_service_that_is_away_is_asked_less_and_less_often() {
    let mut rhythm = Rhythm::new(100);
    let out: Vec<Ticket> = (0..6).map(|_| go(&mut rhythm, NOW)).collect();
    let mut until = NOW.plus_ms(FIRST_HOLD_MS / 2);
    let changes: Vec<Change> = out
        .into_iter()
        .map(|ticket| rhythm.tell(ticket, who(ticket.number), AWAY, NOW, 0))
        .collect();
    assert_eq!(changes[..4], [Change::None; 4]);
    assert_eq!(changes[4], Change::Held(until));
    assert_eq!(changes[5], Change::None, "it went before the hold began");
    for doubled in 1..20 {
        let step = (FIRST_HOLD_MS << doubled).min(MAX_HOLD_MS);
        let probe = go(&mut rhythm, until);
        let next = until.plus_ms(step / 2);
        assert_eq!(rhythm.tell(probe, who(0), AWAY, until, 0), Change::Held(next));
        until = next;
    }
    assert_eq!(
        say(&mut rhythm, until, &[Verdict::Gone]),
        Change::Released,
        "any answer is one"
    );
    assert_eq!(
        say(&mut rhythm, until, &[AWAY; 5]),
        Change::Held(until.plus_ms(FIRST_HOLD_MS / 2))
    );
}

#[test]
fn chance_spreads_the_return() {
    let mut rhythm = Rhythm::new(100);
    say(&mut rhythm, NOW, &[AWAY; 4]);
    let ticket = go(&mut rhythm, NOW);
    assert_eq!(
        rhythm.tell(ticket, who(0), AWAY, NOW, u32::MAX),
        Change::Held(NOW.plus_ms(FIRST_HOLD_MS))
    );
}

#[test]
fn a_message_that_did_not_go_after_all_leaves_no_trace() {
    let mut rhythm = Rhythm::new(1);
    let ticket = go(&mut rhythm, NOW);
    assert_eq!(rhythm.ask(LANE, NOW), Word::Wait);
    rhythm.give_back(ticket);
    say(&mut rhythm, NOW, &[AWAY; 5]);
    let later = NOW.plus_ms(FIRST_HOLD_MS);
    let probe = go(&mut rhythm, later);
    rhythm.give_back(probe);
    let probe = go(&mut rhythm, later);
    assert!(probe.probe, "the next one goes to see");
}

#[tokio::test]
async fn whoever_waits_is_let_through_by_answers_holds_and_the_end_of_time() {
    let pace = Pace::new(Clock::System, Metrics::default(), 1);
    let lane = pace.lane("https://push.example.com".to_owned());
    let Leave::Go(first) = lane.turn(|| true).await else {
        panic!("the first goes")
    };
    let closed = std::sync::atomic::AtomicBool::new(false);
    let open = || !closed.load(Ordering::SeqCst);
    // Three wait; the first answer lets one go, which is given back, and so on through all of them.
    let wait = async || match lane.turn(open).await {
        Leave::Go(turn) => {
            drop(turn);
            "went"
        }
        Leave::Held(_) => "held",
        Leave::Later(_) => "later",
        Leave::Over => "over",
    };
    let answer = async { first.answered(who(1), GOOD) };
    let (a, b, c, ()) = tokio::join!(wait(), wait(), wait(), answer);
    assert_eq!([a, b, c], ["went"; 3]);
    let Leave::Go(last) = lane.turn(open).await else {
        panic!("there is room")
    };
    let end = async {
        closed.store(true, Ordering::SeqCst);
        last.answered(who(2), GOOD);
    };
    let (a, b, ()) = tokio::join!(wait(), wait(), end);
    assert_eq!([a, b], ["over"; 2]);
    closed.store(false, Ordering::SeqCst);
    for number in 0..4 {
        let Leave::Go(turn) = lane.turn(open).await else {
            panic!("nothing is held yet")
        };
        turn.answered(who(number), AWAY);
    }
    let Leave::Go(last) = lane.turn(open).await else {
        panic!("nothing is held yet")
    };
    let answer = async { last.answered(who(9), AWAY) };
    let (a, b, ()) = tokio::join!(wait(), wait(), answer);
    assert_eq!([a, b], ["held"; 2]);
}
