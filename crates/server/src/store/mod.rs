//! Everything that is kept, and the only SQL of the product.
//!
//! `db` is the waist under it: one SQL text, two engines, reads are queries, writes are batches. The files beside it hold the
//! statements by table group as methods on [`Store`]; those that end in a batch take `&mut Batch`, so that a use case puts
//! data, counters and jobs into one commit. `docs/data-model.md` describes the tables as states.
//!
//! Left out: rules (they are `campanile-core`'s) and jobs (the queue's). Invariant: every SQL text begins with its name, and every
//! write is idempotent by a key or guarded by a version.

pub mod accounts;
pub mod alarms;
pub mod answers;
pub mod campaigns;
pub mod db;
pub mod deliveries;
pub mod events;
pub mod exposures;
pub mod imports;
pub mod impressions;
pub mod media;
pub mod migrate;
pub mod pieces;
pub mod profiles;
pub mod push_logs;
pub mod push_tests;
pub mod requests;
pub mod rounds;
pub mod sends;
pub mod steps;
pub mod subscriptions;
pub mod tries;
pub mod users;

use db::{Batch, Db, DbError, Outcome, Value};
use std::sync::LazyLock;

/// The store: methods by table group in the files of this module.
#[derive(Debug, Clone)]
pub struct Store {
    /// The waist; use cases write their batches through it.
    pub db: Db,
}

impl Store {
    /// Stands on an open database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Runs a deletion whose last argument is a limit, a piece at a time, until nothing is left to delete.
    async fn sweep(&self, name: &'static str, sql: &'static str, args: Vec<Value>) -> Result<(), DbError> {
        loop {
            let mut piece = args.clone();
            piece.push(Value::from(SWEEP_AT_ONCE));
            let mut batch = Batch::new(name);
            batch.run(sql, piece);
            let Outcome::Done { touched, .. } = self.db.write(batch).await? else {
                return Ok(());
            };
            if touched.iter().all(|rows| (*rows as i64) < SWEEP_AT_ONCE) {
                return Ok(());
            }
        }
    }
}

/// Rows that one statement of a sweep deletes at most: it shares the writer with everybody who waits for an answer.
const SWEEP_AT_ONCE: i64 = 2_000;

/// A row that does not say what the code expects: a fault of ours or a damaged database, never the visitor's.
pub(crate) fn corrupt(what: &str) -> DbError {
    DbError::Corrupt(what.to_owned())
}

/// One SQL text for each of a few list lengths, since a text is static and `IN` has no arrays common to both engines. A shorter
/// list repeats its last value.
pub(crate) struct InList(LazyLock<Vec<(usize, String)>>);

/// Lengths for which a text is kept.
const LENGTHS: [usize; 4] = [1, 5, 20, 100];

impl InList {
    /// `make` gets the placeholders `$2,$3,…`; `$1` is the account.
    pub(crate) const fn new(make: fn() -> Vec<(usize, String)>) -> Self {
        Self(LazyLock::new(make))
    }

    /// The texts for `head … IN (<list>) tail`.
    pub(crate) fn texts(head: &str, tail: &str) -> Vec<(usize, String)> {
        LENGTHS
            .iter()
            .map(|&length| {
                let list: Vec<String> = (2..length + 2).map(|i| format!("${i}")).collect();
                (length, format!("{head} IN ({}){tail}", list.join(",")))
            })
            .collect()
    }

    /// Splits `values` into pieces, each with the text that fits and padded to its length.
    pub(crate) fn pieces<T: Clone>(&'static self, values: &[T]) -> Vec<(&'static str, Vec<T>)> {
        values
            .chunks(LENGTHS[LENGTHS.len() - 1])
            .map(|piece| {
                let (length, text) = self
                    .0
                    .iter()
                    .find(|(length, _)| *length >= piece.len())
                    .expect("a piece is at most as long as the longest text");
                let mut padded = piece.to_vec();
                padded.resize(*length, piece[piece.len() - 1].clone());
                (text.as_str(), padded)
            })
            .collect()
    }
}
