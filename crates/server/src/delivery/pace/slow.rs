//! Which push services answer slowly, and how many pieces of work may wait for one of them.
//!
//! A few pieces keep the window of a slow service full; more would keep workers and memory for nothing. Left out: how fast it is written
//! to ([`super::Rhythm`]) and what a worker does meanwhile ([`crate::delivery`]). Invariant: a piece is among those that wait from
//! [`Answers::admit`] to [`Answers::leave`]. Time is an argument.

use campanile_core::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// A message without an answer for so long is slow: ten times what the public services take.
const SLOW: Duration = Duration::from_secs(1);
/// Of the last eight answers, so many slow ones make a slow service.
const SLOW_OF_EIGHT: u32 = 4;
/// Pieces that may wait for a slow service.
const PATIENT: usize = 2;
/// Those who are sent away come back one after another.
const APART_MS: i64 = 500;
/// But none later than this.
const LATEST_MS: i64 = 60_000;

/// What one service's answers take.
#[derive(Debug, Default)]
pub(super) struct Answers {
    under_way: BTreeMap<u64, Instant>,
    /// A bit for each of the last eight answers, set where it was slow.
    last: u8,
    patient: usize,
    next: Option<Timestamp>,
}

impl Answers {
    /// A message went.
    pub(super) fn began(&mut self, number: u64, now: Instant) {
        self.under_way.insert(number, now);
    }

    /// It has its answer, or none.
    pub(super) fn ended(&mut self, number: u64, now: Instant) {
        if let Some(begun) = self.under_way.remove(&number) {
            self.last = self.last << 1 | u8::from(now.duration_since(begun) >= SLOW);
        }
    }

    /// Whether half of what was answered, or of what is under way, takes long. One that got lost says nothing.
    pub(super) fn are_slow(&self, now: Instant) -> bool {
        let middle = self.under_way.values().nth(self.under_way.len() / 2);
        self.last.count_ones() >= SLOW_OF_EIGHT
            || middle.is_some_and(|begun| now.duration_since(*begun) >= SLOW)
    }

    /// Lets a piece wait for this service, or says when it is to come back.
    pub(super) fn admit(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        if self.patient < PATIENT {
            self.patient += 1;
            return Ok(());
        }
        let turn = self.next.map_or(now, |next| next.max(now)).plus_ms(APART_MS);
        let turn = turn.min(now.plus_ms(LATEST_MS));
        self.next = Some(turn);
        Err(turn)
    }

    /// A piece that was let wait waits no more.
    pub(super) fn leave(&mut self) {
        self.patient -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_slow_when_half_of_it_is() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut answers = Answers::default();
        for number in 0..4 {
            answers.began(number, at(0));
        }
        answers.ended(0, at(100));
        assert!(!answers.are_slow(at(999)));
        assert!(answers.are_slow(at(1_000)));
        for number in 1..4 {
            answers.ended(number, at(1_500));
        }
        assert!(!answers.are_slow(at(1_500)), "three of eight");
        answers.began(4, at(1_500));
        answers.ended(4, at(3_000));
        assert!(answers.are_slow(at(3_000)), "even when nothing is under way");
        for number in 5..9 {
            answers.began(number, at(3_000));
            answers.ended(number, at(3_100));
        }
        assert!(answers.are_slow(at(3_100)));
        answers.began(9, at(3_100));
        answers.ended(9, at(3_200));
        assert!(!answers.are_slow(at(3_200)));
        // One that never comes back says nothing of the others.
        answers.began(10, at(3_200));
        answers.began(11, at(9_000));
        assert!(!answers.are_slow(at(9_100)));
    }

    #[test]
    fn a_few_wait_and_the_others_come_back_in_turn() {
        let now = Timestamp(1_000_000);
        let mut answers = Answers::default();
        assert_eq!([answers.admit(now), answers.admit(now)], [Ok(()), Ok(())]);
        assert_eq!(answers.admit(now), Err(now.plus_ms(500)));
        assert_eq!(answers.admit(now), Err(now.plus_ms(1_000)));
        for _ in 0..500 {
            assert!(answers.admit(now).is_err_and(|turn| turn <= now.plus_ms(60_000)));
        }
        answers.leave();
        assert_eq!(answers.admit(now), Ok(()));
        let later = now.plus_ms(600_000);
        assert_eq!(answers.admit(later), Err(later.plus_ms(500)));
    }
}
