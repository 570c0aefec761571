//! The waist of the store: one SQL text, two engines. Reads are queries, writes are batches.
//!
//! `$1` parameters, `ON CONFLICT` and `RETURNING` mean the same on both; the few words that differ are in `dialect`.
//! What a caller must know when writing SQL for both:
//! - the first line is `-- name`; it appears in errors, logs and `pg_stat_activity`;
//! - each argument is used and each `$n` given; a cast is `CAST($1 AS BIGINT)`;
//! - an order that can meet `NULL` says `NULLS FIRST` or `NULLS LAST`; text that is ordered or ranged over is `{text}`;
//! - statements on events get the period as `$1`; the arguments begin at `$2`.
//!
//! Left out on purpose: a trait (there are two engines, known by name), an object mapper, and transactions held open
//! by a caller: whoever must read before writing says what it relies on with `Batch::expect`.
//!
//! Invariant: `write` returns `Ok` only when the batch is durable, and `Err` or a conflict only when nothing of it is
//! kept (but for a connection lost in the middle of a commit, when nobody can know: batches are idempotent by key).

pub(in crate::store) mod address;
mod batch;
pub(in crate::store) mod dialect;
mod error;
mod period;
pub(in crate::store) mod postgres;
pub(in crate::store) mod sqlite;
mod value;

pub use address::DatabaseUrl;
pub use batch::{Batch, Outcome};
pub use error::DbError;
pub use period::{Period, Place};
pub use value::{Row, Rows, Value, args};

use super::migrate::{self, Migrations};
use dialect::Dialect;
use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Connections to PostgreSQL at most.
const CONNECTIONS: usize = 16;

/// Which engine keeps the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Files in a folder.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// What was written since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Batches that were taken to their end, conflicts and refused ones included.
    pub batches: u64,
    /// Commits that carried them. On SQLite one carries many batches.
    pub commits: u64,
    /// Statements in those batches.
    pub statements: u64,
}

#[derive(Debug, Default)]
struct Counters {
    batches: AtomicU64,
    commits: AtomicU64,
    statements: AtomicU64,
}

impl Counters {
    fn group(&self, batches: u64, statements: u64) {
        self.batches.fetch_add(batches, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.statements.fetch_add(statements, Ordering::Relaxed);
    }
}

/// An open store. Clones share it.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    shown: String,
    counters: Arc<Counters>,
    kind: Open,
}

enum Open {
    Sqlite(Local),
    Postgres(Arc<postgres::Postgres>),
}

/// The threads of SQLite, as seen from outside.
struct Local {
    files: Arc<sqlite::Files>,
    writer: mpsc::Sender<sqlite::writer::Request>,
    /// Taken when the store is closed.
    readers: Mutex<Option<std::sync::mpsc::Sender<sqlite::readers::Question>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl fmt::Debug for Db {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Db({})", self.inner.shown)
    }
}

impl Db {
    /// Opens the store, makes it if it is not there (a folder, or the tables in an existing PostgreSQL database), and
    /// runs the migrations that are pending.
    pub async fn open(url: &DatabaseUrl, migrations: Migrations) -> Result<Db, DbError> {
        migrate::apply(url, migrations).await?;
        let counters = Arc::<Counters>::default();
        let dialect = Arc::new(Dialect::new(url.engine()));
        let kind = match &url.0 {
            address::Kind::Folder(folder) => {
                let folder = folder.clone();
                let counters = Arc::clone(&counters);
                let open = move || Local::open(folder, migrations, &dialect, &counters);
                Open::Sqlite(tokio::task::spawn_blocking(open).await.map_err(|stopped| {
                    DbError::Unavailable {
                        what: "opening was cut off".to_owned(),
                        source: Some(Box::new(stopped)),
                    }
                })??)
            }
            address::Kind::Postgres { config, tls, .. } => {
                let pool = postgres::connect(config, tls, CONNECTIONS)?;
                Open::Postgres(Arc::new(postgres::Postgres::new(
                    pool,
                    dialect,
                    Arc::clone(&counters),
                )))
            }
        };
        Ok(Db {
            inner: Arc::new(Inner {
                shown: url.to_string(),
                counters,
                kind,
            }),
        })
    }

    /// Which engine keeps the data.
    pub fn engine(&self) -> Engine {
        match &self.inner.kind {
            Open::Sqlite(_) => Engine::Sqlite,
            Open::Postgres(_) => Engine::Postgres,
        }
    }

    /// Answers a question about core. A statement that writes is refused.
    pub async fn query(&self, sql: &'static str, args: Vec<Value>) -> Result<Rows, DbError> {
        match &self.inner.kind {
            Open::Sqlite(local) => local.ask(Place::Core, sql, args).await,
            Open::Postgres(postgres) => postgres.query(sql, &args).await,
        }
    }

    /// Asks the same of each period in the range that exists, newest first, and joins the answers in that order. `$1`
    /// is the period; `args` begin at `$2`. An order or a limit in the statement holds within a period.
    pub async fn query_events(
        &self,
        periods: impl RangeBounds<Period>,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<Rows, DbError> {
        self.query_events_until(periods, sql, args, usize::MAX).await
    }

    /// As `query_events`, and stops after the period that brings the answer to `enough` rows.
    pub async fn query_events_until(
        &self,
        periods: impl RangeBounds<Period>,
        sql: &'static str,
        args: Vec<Value>,
        enough: usize,
    ) -> Result<Rows, DbError> {
        let present = match (periods.start_bound(), periods.end_bound()) {
            // A period that is not there answers with nothing: no need to look.
            (Bound::Included(first), Bound::Included(last)) if first == last => vec![*first],
            _ => self.periods().await?,
        };
        let mut answer = Rows::default();
        for period in present
            .into_iter()
            .rev()
            .filter(|period| periods.contains(period))
        {
            if answer.len() >= enough {
                break;
            }
            let args: Vec<Value> = std::iter::once(Value::from(period.0))
                .chain(args.iter().cloned())
                .collect();
            answer.extend(match &self.inner.kind {
                Open::Sqlite(local) => local.ask(Place::Events(period), sql, args).await?,
                Open::Postgres(postgres) => postgres.query(sql, &args).await?,
            });
        }
        Ok(answer)
    }

    /// The periods that have event history, oldest first.
    pub async fn periods(&self) -> Result<Vec<Period>, DbError> {
        match &self.inner.kind {
            Open::Sqlite(local) => Ok(local.files.periods()),
            Open::Postgres(postgres) => postgres.periods().await,
        }
    }

    /// Drops the events of a period: a file, or partitions. A period that is not there is no error. On SQLite only the
    /// process that writes events may do it, since it keeps their files open.
    pub async fn drop_period(&self, period: Period) -> Result<(), DbError> {
        match &self.inner.kind {
            Open::Sqlite(local) => {
                local
                    .request(|reply| sqlite::writer::Request::DropPeriod(period, reply))
                    .await
            }
            Open::Postgres(postgres) => postgres.drop_period(period).await,
        }
    }

    /// Writes a batch and returns when it is durable. Goes on to its end even if the caller stops waiting.
    pub async fn write(&self, batch: Batch) -> Result<Outcome, DbError> {
        if batch.is_empty() {
            return Ok(batch.blank().into_outcome());
        }
        let name = batch.name;
        let outcome = match &self.inner.kind {
            Open::Sqlite(local) => {
                local
                    .request(|reply| sqlite::writer::Request::Write(batch, reply))
                    .await
            }
            Open::Postgres(postgres) => postgres.write(batch).await,
        };
        if let Err(error) = &outcome {
            tracing::debug!(batch = name, %error, "a batch was not kept");
        }
        outcome
    }

    /// Whether the store answers and takes writes.
    pub async fn health(&self) -> Result<(), DbError> {
        if let Open::Sqlite(local) = &self.inner.kind
            && local.writer.is_closed()
        {
            return Err(DbError::closed());
        }
        self.query("-- health\nSELECT 1", Vec::new()).await.map(|_| ())
    }

    /// What was written since the store was opened.
    pub fn stats(&self) -> Stats {
        let counters = &self.inner.counters;
        Stats {
            batches: counters.batches.load(Ordering::Relaxed),
            commits: counters.commits.load(Ordering::Relaxed),
            statements: counters.statements.load(Ordering::Relaxed),
        }
    }

    /// Refuses new work, finishes what was asked, puts the logs away. Other clones are told that the store is closed.
    pub async fn close(self) {
        match &self.inner.kind {
            Open::Sqlite(local) => local.close().await,
            Open::Postgres(postgres) => postgres.close().await,
        }
    }
}

impl Local {
    fn open(
        folder: std::path::PathBuf,
        migrations: Migrations,
        dialect: &Arc<Dialect>,
        counters: &Arc<Counters>,
    ) -> Result<Local, DbError> {
        let periods = sqlite::periods_in(&folder)?;
        let files = Arc::new(sqlite::Files::new(folder, migrations, &periods));
        let count = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8));
        let (readers, mut threads) = sqlite::readers::start(count, &files, dialect)?;
        let (writer, thread) = sqlite::writer::start(&files, dialect, counters)?;
        // The writer is joined last: the log can be emptied when nobody reads from it.
        threads.push(thread);
        Ok(Local {
            files,
            writer,
            readers: Mutex::new(Some(readers)),
            threads: Mutex::new(threads),
        })
    }

    async fn ask(&self, place: Place, sql: &'static str, args: Vec<Value>) -> Result<Rows, DbError> {
        let (reply, answer) = oneshot::channel();
        let question = sqlite::readers::Question {
            place,
            sql,
            args,
            reply,
        };
        {
            let readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            let sent = readers
                .as_ref()
                .is_some_and(|readers| readers.send(question).is_ok());
            if !sent {
                return Err(DbError::closed());
            }
        }
        answer.await.unwrap_or_else(|_| Err(DbError::closed()))
    }

    async fn request<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<Result<T, DbError>>) -> sqlite::writer::Request,
    ) -> Result<T, DbError> {
        let (reply, answer) = oneshot::channel();
        self.writer
            .send(make(reply))
            .await
            .map_err(|_| DbError::closed())?;
        answer.await.unwrap_or_else(|_| Err(DbError::closed()))
    }

    async fn close(&self) {
        drop(self.readers.lock().unwrap_or_else(PoisonError::into_inner).take());
        // A writer that is gone already needs no word.
        let _ = self.writer.send(sqlite::writer::Request::Close).await;
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let joined = tokio::task::spawn_blocking(move || {
            threads
                .into_iter()
                .map(JoinHandle::join)
                .filter(Result::is_err)
                .count()
        });
        if joined.await.is_ok_and(|panicked| panicked == 0) {
            return;
        }
        tracing::error!("a thread of the store had stopped before it was closed");
    }
}
