//! PostgreSQL: a pool of connections, a transaction a batch, a partition a period.
//!
//! Statements of a batch are sent without waiting for each other's answers as far as no guard decides what comes next,
//! so that a batch costs one or two round trips. Transactions that the server gave up for the sake of another
//! (40001, 40P01) are run again.
//!
//! Left out on purpose: LISTEN/NOTIFY, advisory locks and triggers, which the server's distributed kin lack; a group
//! commit of our own, since the server has one.
//!
//! Invariant: a connection goes back to the pool outside any transaction, and outside one it is read-only.

mod connect;
mod partition;
mod value;

pub(in crate::store) use connect::{client, connect};

use super::Counters;
use super::batch::{Batch, Done, Next, Outcome, Purpose, Step};
use super::dialect::{Dialect, name_of};
use super::error::DbError;
use super::period::{Period, Place};
use super::value::{Rows, Value};
use deadpool_postgres::{Object, Pool};
use futures_util::future::{MaybeDone, maybe_done};
use futures_util::{TryStreamExt, pin_mut, poll};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio_postgres::Statement;
use tokio_postgres::error::SqlState;

/// How often a transaction that lost against another is run, in all.
const ATTEMPTS: u32 = 12;
/// Isolation is named because a server may have another default; writing because the session's default is reading.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// Why an attempt did not end in an outcome.
enum Failure {
    /// The server gave it up for the sake of another transaction: run it again.
    Lost(DbError),
    /// The partition of a period is gone or was never made.
    NoPartition(DbError),
    Final(DbError),
}

impl Failure {
    fn new(statement: &'static str, error: tokio_postgres::Error) -> Failure {
        let state = error.code().cloned();
        let error = DbError::postgres(statement, error);
        match state {
            Some(state)
                if state == SqlState::T_R_SERIALIZATION_FAILURE
                    || state == SqlState::T_R_DEADLOCK_DETECTED =>
            {
                Failure::Lost(error)
            }
            // The partition key matches no partition; a failed CHECK of a table names its constraint.
            Some(state) if state == SqlState::CHECK_VIOLATION => Failure::NoPartition(error),
            _ => Failure::Final(error),
        }
    }

    fn into_error(self) -> DbError {
        match self {
            Failure::Lost(error) | Failure::NoPartition(error) | Failure::Final(error) => error,
        }
    }
}

pub(super) struct Postgres {
    pool: Pool,
    dialect: Arc<Dialect>,
    counters: Arc<Counters>,
    /// Periods whose partitions were seen. Another process may drop one; then the insert fails and we look again.
    known: RwLock<BTreeSet<Period>>,
    /// Grows with each retry; spreads competing processes without a random source.
    retries: AtomicU64,
    /// Held by every write; whoever closes waits for it.
    open: Arc<tokio::sync::RwLock<()>>,
}

impl Postgres {
    pub(super) fn new(pool: Pool, dialect: Arc<Dialect>, counters: Arc<Counters>) -> Postgres {
        Postgres {
            pool,
            dialect,
            counters,
            known: RwLock::default(),
            retries: AtomicU64::new(u64::from(std::process::id())),
            open: Arc::default(),
        }
    }

    async fn client(&self) -> Result<Object, DbError> {
        connect::client(&self.pool).await
    }

    /// Waits before the next attempt: about 1, 2, 4 … 100 ms, spread over twice the time.
    async fn back_off(&self, attempt: u32) {
        let base = (500_u64 << attempt.min(8)).min(100_000);
        let turn = self.retries.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_micros(base + (turn >> 32) % (base + 1))).await;
    }

    /// Answers one statement. The session's default forbids writing.
    pub(super) async fn query(&self, sql: &'static str, args: &[Value]) -> Result<Rows, DbError> {
        let mut attempt = 0;
        loop {
            let client = self.client().await?;
            let statement = self.prepare(&client, sql, args).await?;
            match run(&client, &statement, sql, args).await {
                Ok((_, rows)) => return Ok(rows),
                Err(Failure::Lost(error)) => {
                    attempt += 1;
                    if attempt == ATTEMPTS {
                        return Err(error);
                    }
                    drop(client);
                    self.back_off(attempt).await;
                }
                Err(failure) => return Err(failure.into_error()),
            }
        }
    }

    /// Runs a batch to its end even if the caller goes away: half a transaction must not go back to the pool.
    pub(super) async fn write(self: &Arc<Postgres>, batch: Batch) -> Result<Outcome, DbError> {
        let Ok(permit) = Arc::clone(&self.open).try_read_owned() else {
            return Err(DbError::closed());
        };
        let this = Arc::clone(self);
        let task = tokio::spawn(async move {
            let outcome = this.write_again_and_again(&batch).await;
            drop(permit);
            outcome
        });
        task.await.unwrap_or_else(|stopped| {
            Err(DbError::Unavailable {
                what: "the write was cut off".to_owned(),
                source: Some(Box::new(stopped)),
            })
        })
    }

    async fn write_again_and_again(&self, batch: &Batch) -> Result<Outcome, DbError> {
        let mut periods: Vec<Period> = batch
            .steps
            .iter()
            .filter_map(|step| match step.place {
                Place::Core => None,
                Place::Events(period) => Some(period),
            })
            .collect();
        periods.sort_unstable();
        periods.dedup();
        self.make_partitions(&periods).await?;
        let mut looked_again = periods.is_empty();
        let mut attempt = 0;
        loop {
            let client = self.client().await?;
            match self.attempt(client, batch).await {
                Ok(outcome) => {
                    self.counters.group(1, batch.len() as u64);
                    return Ok(outcome);
                }
                Err(Failure::Lost(error)) => {
                    attempt += 1;
                    if attempt == ATTEMPTS {
                        return Err(error);
                    }
                    self.back_off(attempt).await;
                }
                Err(Failure::NoPartition(_)) if !looked_again => {
                    looked_again = true;
                    self.forget(&periods);
                    self.make_partitions(&periods).await?;
                }
                Err(failure) => return Err(failure.into_error()),
            }
        }
    }

    async fn prepare(
        &self,
        client: &Object,
        sql: &'static str,
        args: &[Value],
    ) -> Result<Statement, DbError> {
        let name = name_of(sql);
        let text = self.dialect.text(sql);
        let statement = client
            .prepare_cached(&text)
            .await
            .map_err(|error| DbError::postgres(name, error))?;
        if statement.params().len() != args.len() {
            let message = format!(
                "{} arguments were given and {} are used",
                args.len(),
                statement.params().len()
            );
            return Err(DbError::Statement {
                statement: name,
                message,
            });
        }
        Ok(statement)
    }

    async fn attempt(&self, client: Object, batch: &Batch) -> Result<Outcome, Failure> {
        let mut statements = Vec::with_capacity(batch.steps.len());
        for step in &batch.steps {
            statements.push(
                self.prepare(&client, step.sql, &step.args)
                    .await
                    .map_err(Failure::Final)?,
            );
        }
        match transact(&client, batch, &statements).await {
            End::Kept(outcome) => Ok(outcome),
            End::Undo(result) => {
                if client.batch_execute("ROLLBACK").await.is_err() {
                    // Nobody knows its state: take it out of the pool and close it.
                    drop(Object::take(client));
                }
                result
            }
        }
    }

    /// Waits for the writes under way, refuses new ones, and closes the connections.
    pub(super) async fn close(&self) {
        // Never released: whoever tries to write from now on is told that the store is closed.
        std::mem::forget(Arc::clone(&self.open).write_owned().await);
        self.pool.close();
    }
}

/// How a transaction ended.
enum End {
    /// Committed.
    Kept(Outcome),
    /// To be rolled back, and what the attempt comes to.
    Undo(Result<Outcome, Failure>),
}

/// Runs `BEGIN`, the steps and `COMMIT`. `BEGIN` goes out with the first steps; should it alone fail, the session's
/// default forbids the steps to write.
async fn transact(client: &Object, batch: &Batch, statements: &[Statement]) -> End {
    let begin = maybe_done(client.batch_execute(BEGIN));
    pin_mut!(begin);
    // The first poll sends it.
    let _ = poll!(begin.as_mut());
    let end = run_steps(client, batch, statements).await;
    begin.as_mut().await;
    match begin.take_output() {
        Some(Err(error)) => End::Undo(Err(Failure::new("begin", error))),
        _ => end,
    }
}

type Answer = Result<(usize, Rows), Failure>;

async fn run_steps(client: &Object, batch: &Batch, statements: &[Statement]) -> End {
    let mut done = batch.blank();
    let mut flight = Vec::new();
    let mut skipped_section = None;
    for (index, step) in batch.steps.iter().enumerate() {
        if skipped_section == Some(step.section) {
            done.skip(step.purpose);
            continue;
        }
        let mut sent = Box::pin(maybe_done(run(client, &statements[index], step.sql, &step.args)));
        let _ = poll!(sent.as_mut());
        // An argument that does not fit its parameter is refused here, before it is sent: send nothing more.
        let refused = matches!(sent.as_mut().output_mut(), Some(Err(_)));
        flight.push((index, sent));
        let decides = step.purpose == Purpose::Guard && same_section_follows(batch, index);
        if refused || decides {
            match settle(&batch.steps, &mut flight, &mut done).await {
                Ok(Next::GoOn) => {}
                Ok(Next::SkipSection) => skipped_section = Some(step.section),
                Ok(Next::Undo(statement)) => return End::Undo(Ok(Outcome::Conflict { statement })),
                Err(failure) => return End::Undo(Err(failure)),
            }
        }
    }
    // Without an `expect` only the server can still say no, and then it takes COMMIT for ROLLBACK.
    let checked = batch
        .steps
        .iter()
        .any(|step| matches!(step.purpose, Purpose::Expect(_)));
    if checked && let Some(end) = undone(settle(&batch.steps, &mut flight, &mut done).await) {
        return end;
    }
    let commit = maybe_done(client.batch_execute("COMMIT"));
    pin_mut!(commit);
    let _ = poll!(commit.as_mut());
    if let Some(end) = undone(settle(&batch.steps, &mut flight, &mut done).await) {
        return end;
    }
    commit.as_mut().await;
    match commit.take_output() {
        Some(Err(error)) => End::Undo(Err(Failure::new("commit", error))),
        _ => End::Kept(done.into_outcome()),
    }
}

fn same_section_follows(batch: &Batch, index: usize) -> bool {
    batch
        .steps
        .get(index + 1)
        .is_some_and(|next| next.section == batch.steps[index].section)
}

fn undone(settled: Result<Next, Failure>) -> Option<End> {
    match settled {
        Ok(Next::Undo(statement)) => Some(End::Undo(Ok(Outcome::Conflict { statement }))),
        Ok(_) => None,
        Err(failure) => Some(End::Undo(Err(failure))),
    }
}

/// Takes in the answers that are under way, in order; the first that undoes the batch decides. Otherwise says what
/// the last one asks for.
async fn settle<F: Future<Output = Answer>>(
    steps: &[Step],
    flight: &mut Vec<(usize, Pin<Box<MaybeDone<F>>>)>,
    done: &mut Done,
) -> Result<Next, Failure> {
    let mut settled = Ok(Next::GoOn);
    for (index, mut sent) in flight.drain(..) {
        sent.as_mut().await;
        let answer = sent
            .as_mut()
            .take_output()
            .expect("the answer was awaited and is taken once");
        if matches!(settled, Err(_) | Ok(Next::Undo(_))) {
            continue;
        }
        settled = answer.map(|(touched, rows)| done.note(index, steps[index].purpose, touched, rows));
    }
    settled
}

/// Runs a statement. Gives the rows touched (the rows given, if it gives any) and the rows.
async fn run(client: &Object, statement: &Statement, sql: &'static str, args: &[Value]) -> Answer {
    let failed = |error| Failure::new(name_of(sql), error);
    let stream = client.query_raw(statement, args).await.map_err(failed)?;
    pin_mut!(stream);
    let columns = statement.columns().len();
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await.map_err(failed)? {
        rows.push(value::row(&row, columns).map_err(failed)?);
    }
    let touched = if columns > 0 {
        rows.len()
    } else {
        stream.rows_affected().unwrap_or(0) as usize
    };
    Ok((touched, Rows::new(rows)))
}
