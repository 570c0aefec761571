//! A unit of writing: [`Batch`] goes in, [`Outcome`] comes out.
//!
//! Left out on purpose: control flow. A batch knows three things beside "run this": a check that undoes it all
//! (`expect`), a guard that skips the rest of its section (`stop_unless`), and asking for rows (`returning`). Whoever
//! needs more reads first, then writes with `expect`.
//!
//! Invariant: statements run in the order given, in one transaction; a batch is kept whole or not at all.
//!
//! # Sections and guards
//! A batch is one section until `section()` begins another. `stop_unless` skips what follows it in its own section
//! only; what ran before it stays. So a request with many operations is one batch with one section an operation, each
//! behind its own `INSERT … ON CONFLICT DO NOTHING` of the operation's id.
//!
//! # Events and the crash order
//! On PostgreSQL a batch is one transaction wherever its statements go. On SQLite an events file is another database:
//! events files are committed first, core last. If the process dies between the two, the event rows are kept and the
//! core rows are not, and nobody was told that the batch is done. The client sends the operation again; its guard in
//! core lets it pass, because it was not kept. Therefore: the guard stands in core, and an insert of an event says
//! `ON CONFLICT (period, …) DO UPDATE` or `DO NOTHING`, so that a second one changes nothing.

use super::error::DbError;
use super::period::{Period, Place};
use super::value::{Rows, Value};

/// What a statement is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Run,
    Return,
    Expect(usize),
    Guard,
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) place: Place,
    pub(super) sql: &'static str,
    pub(super) args: Vec<Value>,
    pub(super) purpose: Purpose,
    /// Counted from 0, never falling from one step to the next.
    pub(super) section: usize,
}

/// Statements that are kept together or not at all. See the module's head for sections, guards and the crash order.
#[derive(Clone, Debug)]
pub struct Batch {
    pub(super) name: &'static str,
    pub(super) steps: Vec<Step>,
    section: usize,
    returning: usize,
}

impl Batch {
    /// An empty batch; the name says in logs and errors what was written.
    #[must_use]
    pub fn new(name: &'static str) -> Batch {
        Batch {
            name,
            steps: Vec::new(),
            section: 0,
            returning: 0,
        }
    }

    fn push(&mut self, place: Place, sql: &'static str, args: Vec<Value>, purpose: Purpose) -> usize {
        let args = match place {
            Place::Core => args,
            // The period always goes first, as `$1`.
            Place::Events(period) => std::iter::once(Value::from(period.0)).chain(args).collect(),
        };
        self.steps.push(Step {
            place,
            sql,
            args,
            purpose,
            section: self.section,
        });
        self.steps.len() - 1
    }

    /// Runs a statement in core. Returns its index into `Outcome::Done::touched`.
    pub fn run(&mut self, sql: &'static str, args: Vec<Value>) -> usize {
        self.push(Place::Core, sql, args, Purpose::Run)
    }

    /// Runs a statement on the events of a period, which is made if it is not there. `$1` is the period; `args`
    /// begin at `$2`. Returns its index into `Outcome::Done::touched`.
    pub fn run_in(&mut self, period: Period, sql: &'static str, args: Vec<Value>) -> usize {
        self.push(Place::Events(period), sql, args, Purpose::Run)
    }

    /// Runs a statement in core that must touch exactly `rows` rows; if it does not, the whole batch is undone and the
    /// outcome is `Conflict`. The caller reads again and tries again. Returns the statement's index.
    pub fn expect(&mut self, sql: &'static str, args: Vec<Value>, rows: usize) -> usize {
        self.push(Place::Core, sql, args, Purpose::Expect(rows))
    }

    /// Runs a statement in core; if it touches no row, the rest of the section is skipped. Returns the statement's
    /// index, which stands in `Outcome::Done::stopped` when that happened.
    pub fn stop_unless(&mut self, sql: &'static str, args: Vec<Value>) -> usize {
        self.push(Place::Core, sql, args, Purpose::Guard)
    }

    /// Runs a statement in core and keeps the rows that it gives (`RETURNING`, or a `SELECT` that sees what the batch
    /// wrote). Returns the index into `Outcome::Done::rows`.
    pub fn returning(&mut self, sql: &'static str, args: Vec<Value>) -> usize {
        self.push(Place::Core, sql, args, Purpose::Return);
        self.returning += 1;
        self.returning - 1
    }

    /// As `returning`, on the events of a period: `$1` is the period; `args` begin at `$2`.
    pub fn returning_in(&mut self, period: Period, sql: &'static str, args: Vec<Value>) -> usize {
        self.push(Place::Events(period), sql, args, Purpose::Return);
        self.returning += 1;
        self.returning - 1
    }

    /// Begins a new section: a guard before this point does not reach beyond it.
    pub fn section(&mut self) {
        self.section += 1;
    }

    /// How many statements the batch has.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether the batch has no statement; writing it does nothing.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(super) fn blank(&self) -> Done {
        Done {
            rows: vec![Rows::default(); self.returning],
            touched: vec![0; self.steps.len()],
            stopped: Vec::new(),
            next_rows: 0,
        }
    }
}

/// What became of a batch that the engine took. It is durable when the caller sees this.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Kept.
    Done {
        /// Answers of the `returning` statements, in order; empty for a skipped one.
        rows: Vec<Rows>,
        /// Rows touched by each statement (rows given, for one that gives rows); 0 for a skipped one.
        touched: Vec<usize>,
        /// Indexes of the guards that touched nothing, so that the rest of their section was skipped.
        stopped: Vec<usize>,
    },
    /// The `expect` with this index touched another number of rows: nothing of the batch is kept.
    Conflict {
        /// Index of the statement.
        statement: usize,
    },
}

impl Outcome {
    /// The rows of the `returning` with this index. For batches without `expect`; a conflict is told as
    /// `Unavailable`, since the same batch may succeed when it is made anew.
    pub fn into_rows(self, index: usize) -> Result<Rows, DbError> {
        match self {
            Outcome::Done { mut rows, .. } => Ok(rows.swap_remove(index)),
            Outcome::Conflict { statement } => Err(DbError::Unavailable {
                what: format!("statement {statement} of the batch met another writer"),
                source: None,
            }),
        }
    }

    /// Whether an `expect` undid the batch.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Outcome::Conflict { .. })
    }
}

/// An outcome in the making; both engines fill it through the same rules.
#[derive(Debug)]
pub(super) struct Done {
    rows: Vec<Rows>,
    touched: Vec<usize>,
    stopped: Vec<usize>,
    next_rows: usize,
}

/// What the engine does after a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    SkipSection,
    /// The `expect` with this index was not met.
    Undo(usize),
}

impl Done {
    /// Notes what a statement did and says how to go on.
    pub(super) fn note(&mut self, index: usize, purpose: Purpose, touched: usize, rows: Rows) -> Next {
        self.touched[index] = touched;
        match purpose {
            Purpose::Run => Next::GoOn,
            Purpose::Return => {
                self.rows[self.next_rows] = rows;
                self.next_rows += 1;
                Next::GoOn
            }
            Purpose::Expect(wanted) if touched == wanted => Next::GoOn,
            Purpose::Expect(_) => Next::Undo(index),
            Purpose::Guard if touched > 0 => Next::GoOn,
            Purpose::Guard => {
                self.stopped.push(index);
                Next::SkipSection
            }
        }
    }

    /// Notes that a statement was skipped.
    pub(super) fn skip(&mut self, purpose: Purpose) {
        if purpose == Purpose::Return {
            self.next_rows += 1;
        }
    }

    pub(super) fn into_outcome(self) -> Outcome {
        Outcome::Done {
            rows: self.rows,
            touched: self.touched,
            stopped: self.stopped,
        }
    }
}
