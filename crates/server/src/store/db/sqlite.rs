//! SQLite: a folder with `core.db` and one `events-<year>W<week>.db` a period.
//!
//! `writer` is the one thread that writes, `readers` the few that read, `checkpoint` the one that moves what is in the
//! write-ahead logs to its place. This file has what they share: how a connection is set up, how a statement is bound
//! and run, and which period files there are.
//!
//! Left out on purpose: `ATTACH`. A transaction over two files in WAL mode is not atomic after a crash, so the order of
//! commits is ours to choose (see `batch`).
//!
//! Invariant: a period's file is opened only while it is in `Files`, and by no one after it was dropped.

pub(super) mod checkpoint;
pub(super) mod readers;
pub(super) mod writer;

use super::dialect::name_of;
use super::error::DbError;
use super::period::Period;
use super::value::{Row, Rows, Value};
use crate::store::migrate::{self, Migrations};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, ToSql};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;
use tokio::time::Instant;

/// How long a connection waits for a lock that another process holds.
const BUSY: Duration = Duration::from_secs(5);

/// Pause before a file that another process is just making is opened again.
const OPENING: Duration = Duration::from_millis(20);

/// What a connection is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Use {
    Write,
    Read,
}

/// Opens a database file with the settings that all connections share.
pub(in crate::store) fn open(path: &Path, purpose: Use) -> Result<Connection, DbError> {
    let setup = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        // Only a new file takes the page size; the others are connection settings.
        connection.execute_batch(
            "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA case_sensitive_like = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; \
             PRAGMA journal_size_limit = 67108864;",
        )?;
        connection.execute_batch(match purpose {
            // 4000 pages are 32 MiB of log: the writer helps only if the checkpoint thread has fallen that far behind.
            Use::Write => "PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4000;",
            Use::Read => "PRAGMA cache_size = -1024; PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON;",
        })?;
        connection.set_prepared_statement_cache_capacity(if purpose == Use::Write { 256 } else { 128 });
        Ok(connection)
    };
    // Who changes a new file to a write-ahead log while another does so is told at once that it is busy, without the wait of `BUSY`: SQLite sees
    // two that each wait for the other. One of them is through a moment later.
    let until = Instant::now() + BUSY;
    loop {
        match setup() {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < until =>
            {
                std::thread::sleep(OPENING);
            }
            done => return done.map_err(|error| DbError::sqlite("open", error)),
        }
    }
}

/// Moves all of the log into the database file and empties the log, as far as nobody reads from it.
fn checkpoint(connection: &Connection, how: &str) -> rusqlite::Result<()> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |_| Ok(()))
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Binds `$n` to the n-th argument. SQLite numbers its parameters by first appearance, so the name decides; and as
/// PostgreSQL does, it refuses an argument that the statement does not use.
fn bind(statement: &mut CachedStatement<'_>, name: &'static str, args: &[Value]) -> Result<(), DbError> {
    let mistake = |message: String| DbError::Statement {
        statement: name,
        message,
    };
    let count = statement.parameter_count();
    for index in 1..=count {
        let parameter = statement.parameter_name(index).unwrap_or("?");
        let position = parameter
            .strip_prefix('$')
            .and_then(|digits| digits.parse::<usize>().ok());
        let Some(argument) = position.and_then(|position| args.get(position.checked_sub(1)?)) else {
            return Err(mistake(format!(
                "parameter {parameter} is not one of $1 to ${}",
                args.len()
            )));
        };
        if let Value::Text(text) = argument {
            refuse_nul(name, text)?;
        }
        statement
            .raw_bind_parameter(index, argument)
            .map_err(|error| DbError::sqlite(name, error))?;
    }
    if count != args.len() {
        return Err(mistake(format!(
            "{} arguments were given and {count} are used",
            args.len()
        )));
    }
    Ok(())
}

/// PostgreSQL cannot keep NUL in text, so neither engine takes it.
pub(super) fn refuse_nul(statement: &'static str, text: &str) -> Result<(), DbError> {
    if text.contains('\0') {
        let message = "text with a NUL character cannot be kept".to_owned();
        return Err(DbError::Statement { statement, message });
    }
    Ok(())
}

/// Runs a statement to its end. Gives the rows touched (the rows given, if it gives any) and the rows, if wanted.
fn run(
    connection: &Connection,
    sql: &'static str,
    text: &str,
    args: &[Value],
    wanted: bool,
) -> Result<(usize, Rows), DbError> {
    let name = name_of(sql);
    let failed = |error| DbError::sqlite(name, error);
    let mut statement = connection.prepare_cached(text).map_err(failed)?;
    bind(&mut statement, name, args)?;
    let columns = statement.column_count();
    if columns == 0 {
        let touched = statement.raw_execute().map_err(failed)?;
        return Ok((touched, Rows::default()));
    }
    let mut touched = 0;
    let mut rows = Vec::new();
    let mut cursor = statement.raw_query();
    while let Some(row) = cursor.next().map_err(failed)? {
        touched += 1;
        if wanted {
            let values = (0..columns).map(|column| value(row.get_ref(column).map_err(failed)?, name));
            rows.push(Row::new(values.collect::<Result<_, DbError>>()?));
        }
    }
    Ok((touched, Rows::new(rows)))
}

fn value(reference: ValueRef<'_>, statement: &'static str) -> Result<Value, DbError> {
    Ok(match reference {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => return Err(DbError::Corrupt(format!("{statement}: text that is not UTF-8"))),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

/// Which period files there are. Threads keep connections to them; a number that is never used twice tells a file from
/// one of the same name that was dropped before.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) folder: PathBuf,
    pub(super) migrations: Migrations,
    present: RwLock<Present>,
}

#[derive(Debug)]
struct Present {
    made: u64,
    numbers: BTreeMap<Period, u64>,
}

impl Files {
    pub(super) fn new(folder: PathBuf, migrations: Migrations, periods: &[Period]) -> Files {
        let numbers: BTreeMap<Period, u64> = periods.iter().copied().zip(0..).collect();
        let made = numbers.len() as u64;
        Files {
            folder,
            migrations,
            present: RwLock::new(Present { made, numbers }),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Present> {
        self.present.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn periods(&self) -> Vec<Period> {
        self.read().numbers.keys().copied().collect()
    }

    pub(super) fn path(&self, period: Period) -> PathBuf {
        self.folder.join(period.file_name())
    }

    fn number(&self, period: Period) -> Option<u64> {
        self.read().numbers.get(&period).copied()
    }

    /// Opens a period for reading, unless it is gone. A drop waits until it is open.
    fn open_to_read(&self, period: Period) -> Result<Option<(u64, Connection)>, DbError> {
        let present = self.read();
        let Some(number) = present.numbers.get(&period).copied() else {
            return Ok(None);
        };
        Ok(Some((number, open(&self.path(period), Use::Read)?)))
    }

    /// Opens a period for writing; a period that is not there is made. Only the writer calls this.
    fn open_to_write(&self, period: Period) -> Result<Connection, DbError> {
        let connection = open(&self.path(period), Use::Write)?;
        if self.number(period).is_none() {
            migrate::apply_to_file(&connection, &period.file_name(), self.migrations.events)?;
            let mut present = self.present.write().unwrap_or_else(PoisonError::into_inner);
            present.made += 1;
            let number = present.made;
            present.numbers.insert(period, number);
        }
        Ok(connection)
    }

    /// Forgets a period and removes its files. Only the writer calls this, with its own connection closed.
    fn drop_period(&self, period: Period) -> Result<(), DbError> {
        let mut present = self.present.write().unwrap_or_else(PoisonError::into_inner);
        if present.numbers.remove(&period).is_none() {
            return Ok(());
        }
        let path = self.path(period);
        for suffix in ["", "-wal", "-shm"] {
            let mut file = path.clone().into_os_string();
            file.push(suffix);
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(DbError::folder("remove", Path::new(&file), error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The periods whose files stand in the folder.
pub(in crate::store) fn periods_in(folder: &Path) -> Result<Vec<Period>, DbError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| DbError::folder("read", folder, error))?,
    };
    let mut periods = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| DbError::folder("read", folder, error))?;
        periods.extend(entry.file_name().to_str().and_then(Period::from_file_name));
    }
    periods.sort_unstable();
    Ok(periods)
}

/// The core database's file.
pub(in crate::store) fn core_path(folder: &Path) -> PathBuf {
    folder.join("core.db")
}
