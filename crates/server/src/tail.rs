//! What happens this second, for whoever watches: the last lines of each account that somebody listens to.
//!
//! A line is said once, by the process in which it happened; the ring that keeps the last [`KEPT`] is what a listener reads from, so one that
//! is slow loses lines, is told how many, and holds nobody up. Left out: what is kept for good (the ledger and the history) and who may
//! listen (http). Invariant: while nobody listens a line costs one look at a number, and is not even made.

use crate::clock;
use campanile_core::id::{AccountId, CampaignId, Ordinal};
use campanile_core::time::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Lines that are kept of an account.
pub const KEPT: usize = 1000;
/// How long lines are kept after the last listener left, so that one who was cut off goes on where it was.
const WARM: Duration = Duration::from_secs(60);
/// Listeners of one account in one process.
const MOST_LISTENERS: usize = 32;
/// The longest text of a line, in characters; history has the whole.
const MOST_CHARS: usize = 120;
/// Details of a line.
const MOST_FACTS: usize = 12;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Kind {
    Event,
    Shown,
    NotShown,
    Clicked,
    Closed,
    Answered,
    Converted,
    Subscribed,
    Unsubscribed,
    Sent,
    Retried,
    Failed,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Event,
        Self::Shown,
        Self::NotShown,
        Self::Clicked,
        Self::Closed,
        Self::Answered,
        Self::Converted,
        Self::Subscribed,
        Self::Unsubscribed,
        Self::Sent,
        Self::Retried,
        Self::Failed,
    ];

    /// Its name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Shown => "shown",
            Self::NotShown => "not_shown",
            Self::Clicked => "clicked",
            Self::Closed => "closed",
            Self::Answered => "answered",
            Self::Converted => "converted",
            Self::Subscribed => "subscribed",
            Self::Unsubscribed => "unsubscribed",
            Self::Sent => "sent",
            Self::Retried => "retried",
            Self::Failed => "failed",
        }
    }
}

/// Through what somebody was spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Channel {
    Popup,
    Push,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// Through what; of an event nothing.
    pub channel: Option<Channel>,
    /// To whom, or by whom.
    pub person: Ordinal,
    /// Of which campaign.
    pub campaign: Option<CampaignId>,
    /// The event's name; empty where the campaign says it.
    pub event: String,
    /// Details by name.
    pub facts: Vec<(String, String)>,
    /// The details as a sentence, where they make one.
    pub words: String,
    /// Browser and system, where they are known.
    pub browser: String,
}

impl Line {
    /// A line without details.
    pub fn new(at: Timestamp, kind: Kind, person: Ordinal) -> Self {
        Self {
            at,
            kind,
            channel: None,
            person,
            campaign: None,
            event: String::new(),
            facts: Vec::new(),
            words: String::new(),
            browser: String::new(),
        }
    }

    /// Adds a detail, cut to what a line has room for.
    pub fn fact(&mut self, name: &str, value: &str) {
        if self.facts.len() < MOST_FACTS && !value.is_empty() {
            self.facts.push((cut(name), cut(value)));
        }
    }
}

/// A text, cut to what a line has room for.
pub fn cut(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(MOST_CHARS)
        .collect()
}

/// Where everything is said and heard.
#[derive(Clone)]
pub struct Tail(Arc<Parts>);

struct Parts {
    rooms: Mutex<HashMap<AccountId, Arc<Room>>>,
    /// How many rooms there are.
    open: AtomicUsize,
    stop: CancellationToken,
}

struct Room {
    /// Its own; an id of another one, which was given up or is another process's, is not gone on from.
    name: u32,
    ring: Mutex<Ring>,
    newest: watch::Sender<u64>,
    /// When the last listener left.
    left_at: Mutex<Instant>,
}

#[derive(Default)]
struct Ring {
    lines: VecDeque<Arc<Line>>,
    /// The number of the next line; the oldest kept is this less their count.
    next: u64,
}

impl Ring {
    fn oldest(&self) -> u64 {
        self.next - self.lines.len() as u64
    }
}

/// A line with its place.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its id, by which a listener goes on after it.
    pub id: String,
    /// The line.
    pub line: Arc<Line>,
}

/// What was heard at once.
#[derive(Debug, Default)]
pub struct Heard {
    /// Lines, oldest first.
    pub lines: Vec<Said>,
    /// Lines that were gone before they could be read.
    pub lost: u64,
    /// The listener comes from a place that this process does not know, so nobody can tell what it missed.
    pub astray: bool,
}

impl Tail {
    /// Nobody listens yet. Listeners end with `stop`.
    pub fn new(stop: CancellationToken) -> Self {
        Self(Arc::new(Parts {
            rooms: Mutex::default(),
            open: AtomicUsize::new(0),
            stop,
        }))
    }

    /// Whether somebody listens to an account: only then are its lines worth making.
    pub fn listens(&self, account: &AccountId) -> bool {
        self.0.open.load(Ordering::Relaxed) > 0 && self.rooms().contains_key(account)
    }

    /// Says what happened. A room that was empty for a while is given up.
    pub fn say(&self, account: &AccountId, lines: impl IntoIterator<Item = Line>) {
        if self.0.open.load(Ordering::Relaxed) == 0 {
            return;
        }
        let Some(room) = self.rooms().get(account).cloned() else {
            return;
        };
        if room.is_cold() {
            let mut rooms = self.rooms();
            // Somebody may have come in meanwhile.
            if rooms.get(account).is_some_and(|room| room.is_cold()) {
                rooms.remove(account);
                self.0.open.store(rooms.len(), Ordering::Relaxed);
            }
            return;
        }
        let next = {
            let mut ring = room.ring();
            for line in lines {
                if ring.lines.len() == KEPT {
                    ring.lines.pop_front();
                }
                ring.lines.push_back(Arc::new(line));
                ring.next += 1;
            }
            ring.next
        };
        room.newest.send_replace(next);
    }

    /// Listens from now on, or from after the line of that id as far as lines are kept. None: too many listen.
    pub fn listen(&self, account: &AccountId, after: Option<&str>) -> Option<Listener> {
        let room = self.room(account);
        if room.newest.receiver_count() >= MOST_LISTENERS {
            return None;
        }
        let newest = room.newest.subscribe();
        let place = after.map(|id| room.place(id));
        let cursor = {
            let ring = room.ring();
            place.flatten().map_or(ring.next, |next: u64| next.min(ring.next))
        };
        Some(Listener {
            tail: self.clone(),
            room,
            newest,
            cursor,
            astray: place == Some(None),
        })
    }

    /// The lines that are kept, oldest first, and the id after which the next one comes. Keeps them from now on.
    pub fn kept(&self, account: &AccountId) -> (Vec<Said>, String) {
        let room = self.room(account);
        let ring = room.ring();
        let first = ring.oldest();
        let lines = ring.lines.iter().zip(first..).map(|(line, place)| Said {
            id: room.id(place),
            line: line.clone(),
        });
        (lines.collect(), room.after(ring.next))
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<AccountId, Arc<Room>>> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn room(&self, account: &AccountId) -> Arc<Room> {
        let mut rooms = self.rooms();
        let room = rooms.entry(account.clone()).or_insert_with(|| {
            Arc::new(Room {
                name: u32::from_le_bytes(clock::random()),
                ring: Mutex::default(),
                newest: watch::Sender::new(0),
                left_at: Mutex::new(Instant::now()),
            })
        });
        room.leave();
        let room = room.clone();
        self.0.open.store(rooms.len(), Ordering::Relaxed);
        room
    }
}

impl Room {
    /// The id of the line at a place: where to go on after it.
    fn id(&self, place: u64) -> String {
        self.after(place + 1)
    }

    fn after(&self, next: u64) -> String {
        format!("{:08x}-{next}", self.name)
    }

    fn place(&self, id: &str) -> Option<u64> {
        let (name, place) = id.split_once('-')?;
        (u32::from_str_radix(name, 16).ok()? == self.name).then(|| place.parse().ok())?
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self) {
        *self.left_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn is_cold(&self) -> bool {
        let left_at = *self.left_at.lock().unwrap_or_else(PoisonError::into_inner);
        self.newest.receiver_count() == 0 && left_at.elapsed() > WARM
    }
}

/// Somebody who listens to one account.
pub struct Listener {
    tail: Tail,
    room: Arc<Room>,
    newest: watch::Receiver<u64>,
    cursor: u64,
    astray: bool,
}

impl Listener {
    /// The id after which the next line comes.
    pub fn after(&self) -> String {
        self.room.after(self.cursor)
    }

    /// Waits for lines; none any more when the process stops. Given up in the middle, it loses nothing.
    pub async fn next(&mut self) -> Option<Heard> {
        if std::mem::take(&mut self.astray) {
            return Some(Heard {
                astray: true,
                ..Heard::default()
            });
        }
        let cursor = self.cursor;
        tokio::select! {
            biased;
            () = self.tail.0.stop.cancelled() => return None,
            news = self.newest.wait_for(|next| *next > cursor) => { news.ok()?; }
        }
        let ring = self.room.ring();
        let first = ring.oldest();
        let from = self.cursor.max(first);
        let heard = Heard {
            lost: from - self.cursor,
            astray: false,
            lines: ring
                .lines
                .iter()
                .skip((from - first) as usize)
                .zip(from..)
                .map(|(line, place)| Said {
                    id: self.room.id(place),
                    line: line.clone(),
                })
                .collect(),
        };
        self.cursor = ring.next;
        Some(heard)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.room.leave();
    }
}

/// Lets through so many lines a second at most, evenly: one of so many.
#[derive(Debug)]
pub struct Sampler {
    most: u64,
    seen: u64,
    shown: u64,
    /// One of so many is shown.
    one_in: u64,
}

impl Sampler {
    /// Of at most so many a second.
    pub fn new(most: u32) -> Self {
        Self {
            most: u64::from(most.max(1)),
            seen: 0,
            shown: 0,
            one_in: 1,
        }
    }

    /// Whether the next line is shown.
    pub fn take(&mut self) -> bool {
        let take = self.seen.is_multiple_of(self.one_in) && self.shown < self.most;
        self.seen += 1;
        self.shown += u64::from(take);
        take
    }

    /// A second is over: how many there were in it, and of how many one is shown from now on.
    pub fn second(&mut self) -> (u64, u64) {
        let seen = self.seen;
        self.one_in = seen.div_ceil(self.most).max(1);
        (self.seen, self.shown) = (0, 0);
        (seen, self.one_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: i64) -> Line {
        Line::new(Timestamp(n), Kind::Event, Ordinal(1))
    }

    fn account() -> AccountId {
        AccountId::parse("TEST-0001").expect("an account")
    }

    #[tokio::test]
    async fn nobody_listening_costs_nothing_and_keeps_nothing() {
        let tail = Tail::new(CancellationToken::new());
        assert!(!tail.listens(&account()));
        tail.say(&account(), [line(1)]);
        let mut listener = tail.listen(&account(), None).expect("room");
        assert!(tail.listens(&account()));
        tail.say(&account(), [line(2)]);
        let heard = listener.next().await.expect("a line");
        assert_eq!((heard.lines.len(), heard.lost), (1, 0));
        assert_eq!(heard.lines[0].line.at, Timestamp(2));
    }

    #[tokio::test]
    async fn a_slow_listener_loses_lines_and_hears_how_many() {
        let tail = Tail::new(CancellationToken::new());
        let mut slow = tail.listen(&account(), None).expect("room");
        tail.say(&account(), (0..KEPT as i64 + 7).map(line));
        let heard = slow.next().await.expect("lines");
        assert_eq!((heard.lines.len(), heard.lost), (KEPT, 7));
        assert_eq!(heard.lines[0].line.at, Timestamp(7));
    }

    #[tokio::test]
    async fn who_was_cut_off_goes_on_where_it_was() {
        let tail = Tail::new(CancellationToken::new());
        let mut first = tail.listen(&account(), None).expect("room");
        tail.say(&account(), (0..3).map(line));
        let id = first.next().await.expect("lines").lines[1].id.clone();
        drop(first);
        let mut again = tail.listen(&account(), Some(&id)).expect("room");
        assert_eq!(again.next().await.expect("the rest").lines.len(), 1);
        let (kept, last) = tail.kept(&account());
        assert_eq!((kept.len(), kept[2].id.as_str()), (3, last.as_str()));
        // An id of another room is not gone on from, and that is said.
        let mut stranger = tail.listen(&account(), Some("00000000-0")).expect("room");
        tail.say(&account(), [line(9)]);
        assert!(stranger.next().await.expect("a word").astray);
        assert_eq!(stranger.next().await.expect("a line").lines.len(), 1);
    }

    #[tokio::test]
    async fn listeners_end_with_the_process_and_are_not_too_many() {
        let stop = CancellationToken::new();
        let tail = Tail::new(stop.clone());
        let mut all: Vec<Listener> = (0..MOST_LISTENERS)
            .map(|_| tail.listen(&account(), None).expect("room"))
            .collect();
        assert!(tail.listen(&account(), None).is_none());
        stop.cancel();
        assert!(all[0].next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_room_that_was_empty_for_a_while_is_given_up() {
        let tail = Tail::new(CancellationToken::new());
        drop(tail.listen(&account(), None));
        tail.say(&account(), [line(1)]);
        assert!(
            tail.listens(&account()),
            "who comes back soon goes on where it was"
        );
        tokio::time::advance(WARM + Duration::from_secs(1)).await;
        let (_, known) = tail.kept(&account());
        tokio::time::advance(WARM + Duration::from_secs(1)).await;
        tail.say(&account(), [line(2)]);
        assert!(!tail.listens(&account()));
        let mut back = tail.listen(&account(), Some(&known)).expect("room");
        assert!(
            back.next().await.expect("a word").astray,
            "what was said meanwhile is not here"
        );
    }

    #[test]
    fn what_is_too_fast_is_shown_one_in_so_many() {
        let mut sampler = Sampler::new(25);
        let shown = |sampler: &mut Sampler| (0..200).filter(|_| sampler.take()).count();
        assert_eq!(
            shown(&mut sampler),
            25,
            "the first second shows what there is room for"
        );
        assert_eq!(sampler.second(), (200, 8));
        assert_eq!(shown(&mut sampler), 25);
        sampler.second();
        assert_eq!(sampler.second(), (0, 1));
    }
}
