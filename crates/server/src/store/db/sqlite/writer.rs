//! The one thread that writes, and its group commit.
//!
//! It takes what has queued up while the last group was being made durable and commits that as one transaction, so the
//! cost of `fsync` is shared by all who came meanwhile. Nobody waits for company: a lone batch is committed at once.
//! Each batch runs in a savepoint of its own, so a failing one undoes itself only.
//!
//! Left out on purpose: a second writer. SQLite has one write lock; queueing here is fair and waits for no poll.
//!
//! Invariant: a reply says `Ok` only after the commit that holds its batch is on disk, events files before core.

use super::super::Counters;
use super::super::batch::{Batch, Next, Outcome, Purpose};
use super::super::dialect::Dialect;
use super::super::error::DbError;
use super::super::period::{Period, Place};
use super::{Files, Use, checkpoint, core_path, open, run};
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Batches that one commit takes at most.
const GROUP_BATCHES: usize = 256;
/// Statements after which a group takes no further batch: the bound on how long the first one waits.
const GROUP_STATEMENTS: usize = 4_000;
/// Requests that wait before senders are held back.
const QUEUE: usize = 1_024;
/// Period connections that the writer keeps.
const KEPT: usize = 3;
/// Statements on a file after which its log is worth moving: about 8 MiB of it.
const CHECKPOINT_AFTER: usize = 2_000;

type Reply<T> = oneshot::Sender<Result<T, DbError>>;

/// What the writer is asked to do.
pub(in super::super) enum Request {
    Write(Batch, Reply<Outcome>),
    DropPeriod(Period, Reply<()>),
    /// Take nothing new, finish what has queued up, put the logs away and end.
    Close,
}

/// Starts the writer. It ends on `Close`, or when every sender is gone.
pub(in super::super) fn start(
    files: &Arc<Files>,
    dialect: &Arc<Dialect>,
    counters: &Arc<Counters>,
) -> Result<(mpsc::Sender<Request>, JoinHandle<()>), DbError> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let (nudge, checkpointer) = super::checkpoint::start(Arc::clone(files))?;
    let mut writer = Writer {
        core: open(&core_path(&files.folder), Use::Write)?,
        periods: Vec::new(),
        files: Arc::clone(files),
        dialect: Arc::clone(dialect),
        counters: Arc::clone(counters),
        nudge,
        since_checkpoint: HashMap::new(),
    };
    let thread = std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || {
            writer.serve(receiver);
            drop(writer);
            // It has no state to lose; a panic in it was reported by the panic hook.
            let _ = checkpointer.join();
        })
        .map_err(DbError::thread)?;
    Ok((sender, thread))
}

struct Writer {
    core: Connection,
    /// Least recently used first.
    periods: Vec<(Period, Connection)>,
    files: Arc<Files>,
    dialect: Arc<Dialect>,
    counters: Arc<Counters>,
    nudge: SyncSender<Place>,
    since_checkpoint: HashMap<Place, usize>,
}

impl Writer {
    fn serve(&mut self, mut receiver: mpsc::Receiver<Request>) {
        let mut requests = Vec::with_capacity(GROUP_BATCHES);
        loop {
            if receiver.blocking_recv_many(&mut requests, GROUP_BATCHES) == 0 {
                break;
            }
            let mut group = Vec::new();
            let mut statements = 0;
            for request in requests.drain(..) {
                match request {
                    Request::Write(batch, reply) => {
                        statements += batch.len();
                        group.push((batch, reply));
                        if statements >= GROUP_STATEMENTS {
                            statements = 0;
                            self.commit_group(std::mem::take(&mut group));
                        }
                    }
                    Request::DropPeriod(period, reply) => {
                        self.commit_group(std::mem::take(&mut group));
                        self.periods.retain(|(kept, _)| *kept != period);
                        self.since_checkpoint.remove(&Place::Events(period));
                        // Whoever asked may have gone; the period is dropped all the same.
                        let _ = reply.send(self.files.drop_period(period));
                    }
                    Request::Close => receiver.close(),
                }
            }
            self.commit_group(group);
        }
        for connection in self
            .periods
            .iter()
            .map(|(_, connection)| connection)
            .chain([&self.core])
        {
            if let Err(error) = checkpoint(connection, "TRUNCATE") {
                tracing::warn!(%error, "the log was not put away; the next start will read it");
            }
        }
    }

    fn commit_group(&mut self, group: Vec<(Batch, Reply<Outcome>)>) {
        if group.is_empty() {
            return;
        }
        let mut transaction = Vec::new();
        let mut results = Vec::with_capacity(group.len());
        let mut statements = 0;
        let mut failed = self.begin(Place::Core, &mut transaction).err();
        for (batch, reply) in group {
            if failed.is_some() {
                results.push((Ok(()), None, reply));
                continue;
            }
            statements += batch.len();
            match self.run_batch(&batch, &mut transaction) {
                Err(error) => {
                    failed = Some(error);
                    results.push((Ok(()), None, reply));
                }
                Ok(Err(error)) => results.push((Err(error), None, reply)),
                Ok(Ok(outcome)) => results.push((Ok(()), Some(outcome), reply)),
            }
        }
        if failed.is_none() {
            // Events first, core last: see `batch` for what that means after a crash.
            transaction.reverse();
            failed = transaction
                .iter()
                .find_map(|place| self.execute(*place, "COMMIT").err());
        }
        if failed.is_some() {
            for place in &transaction {
                if self
                    .connection(*place)
                    .is_some_and(|connection| !connection.is_autocommit())
                {
                    // It may have been undone already, which is all that this wants.
                    let _ = self.execute(*place, "ROLLBACK");
                }
            }
        } else {
            self.counters.group(results.len() as u64, statements as u64);
            self.nudge_checkpoint();
        }
        let reason = failed.map(|error| {
            tracing::error!(%error, batches = results.len(), "a group of batches could not be committed");
            error.to_string()
        });
        for (result, outcome, reply) in results {
            let answer = match (result, outcome, &reason) {
                (Err(error), _, _) => Err(error),
                (Ok(()), Some(outcome), None) => Ok(outcome),
                (Ok(()), _, reason) => Err(DbError::Unavailable {
                    what: reason
                        .clone()
                        .unwrap_or_else(|| "the batch was not reached".to_owned()),
                    source: None,
                }),
            };
            // Whoever asked may have gone; what is committed stays committed.
            let _ = reply.send(answer);
        }
        let surplus = self.periods.len().saturating_sub(KEPT);
        self.periods.drain(..surplus);
    }

    /// Runs a batch inside the group's transaction; keeps all of it or nothing. The outer error means that the group's
    /// transaction is lost: a full disk or a failing one makes SQLite give up all of it, not the savepoint only.
    fn run_batch(
        &mut self,
        batch: &Batch,
        transaction: &mut Vec<Place>,
    ) -> Result<Result<Outcome, DbError>, DbError> {
        let mut saved = Vec::new();
        let result = self.run_steps(batch, transaction, &mut saved);
        let keep = matches!(result, Ok(Outcome::Done { .. }));
        let mut settled = Ok(());
        for place in saved {
            let undone = if keep {
                Ok(())
            } else {
                self.execute(place, "ROLLBACK TO batch")
            };
            settled = settled
                .and(undone)
                .and_then(|()| self.execute(place, "RELEASE batch"));
        }
        let lost = || {
            transaction
                .iter()
                .any(|place| self.connection(*place).is_none_or(Connection::is_autocommit))
        };
        match (settled, result) {
            // What made SQLite give up tells more than that the savepoint is gone.
            (Err(_), Err(error)) | (Err(error), Ok(_)) => Err(error),
            (Ok(()), Err(error)) if lost() => Err(error),
            (Ok(()), result) => Ok(result),
        }
    }

    fn run_steps(
        &mut self,
        batch: &Batch,
        transaction: &mut Vec<Place>,
        saved: &mut Vec<Place>,
    ) -> Result<Outcome, DbError> {
        let mut done = batch.blank();
        let mut skipped_section = None;
        for (index, step) in batch.steps.iter().enumerate() {
            if skipped_section == Some(step.section) {
                done.skip(step.purpose);
                continue;
            }
            if !saved.contains(&step.place) {
                self.begin(step.place, transaction)?;
                self.execute(step.place, "SAVEPOINT batch")?;
                saved.push(step.place);
            }
            let text = self.dialect.text(step.sql);
            let connection = self.connection(step.place).ok_or_else(DbError::closed)?;
            let wanted = step.purpose == Purpose::Return;
            let (touched, rows) = run(connection, step.sql, &text, &step.args, wanted)?;
            *self.since_checkpoint.entry(step.place).or_default() += 1;
            match done.note(index, step.purpose, touched, rows) {
                Next::GoOn => {}
                Next::SkipSection => skipped_section = Some(step.section),
                Next::Undo(statement) => return Ok(Outcome::Conflict { statement }),
            }
        }
        Ok(done.into_outcome())
    }

    fn connection(&self, place: Place) -> Option<&Connection> {
        match place {
            Place::Core => Some(&self.core),
            Place::Events(period) => self
                .periods
                .iter()
                .find(|(kept, _)| *kept == period)
                .map(|(_, connection)| connection),
        }
    }

    /// Makes a file part of the group's transaction, opening it if need be.
    fn begin(&mut self, place: Place, transaction: &mut Vec<Place>) -> Result<(), DbError> {
        if transaction.contains(&place) {
            return Ok(());
        }
        if let Place::Events(period) = place {
            let entry = match self.periods.iter().position(|(kept, _)| *kept == period) {
                Some(index) => self.periods.remove(index),
                None => (period, self.files.open_to_write(period)?),
            };
            self.periods.push(entry);
        }
        self.execute(place, "BEGIN IMMEDIATE")?;
        transaction.push(place);
        Ok(())
    }

    fn execute(&self, place: Place, sql: &'static str) -> Result<(), DbError> {
        let connection = self.connection(place).ok_or_else(DbError::closed)?;
        let executed = connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute());
        executed.map(|_| ()).map_err(|error| DbError::sqlite(sql, error))
    }

    fn nudge_checkpoint(&mut self) {
        let nudge = &self.nudge;
        self.since_checkpoint
            .retain(|place, statements| *statements < CHECKPOINT_AFTER || nudge.try_send(*place).is_err());
    }
}
