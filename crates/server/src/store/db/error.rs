//! What can go wrong in the store, as few cases as a caller can act on.
//!
//! Left out on purpose: a conflict that a caller asked to be told about is an [`Outcome`](super::Outcome), not an
//! error.
//!
//! Invariant: no text of an error holds an argument of a statement or a password.

use std::path::Path;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why the store did not do what it was asked. Nothing of a failed batch is kept.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A row with this key is there already. `constraint` is the engine's name for it: a constraint's name on
    /// PostgreSQL, `table.column, …` on SQLite.
    #[error("statement {statement} would make a second row for {constraint}")]
    Unique {
        /// Name of the statement, from its first line.
        statement: &'static str,
        /// The engine's name for the constraint.
        constraint: String,
    },
    /// The store cannot be reached, is locked, full or closed: the same request may succeed later.
    #[error("the store is not available: {what}")]
    Unavailable {
        /// What was tried.
        what: String,
        /// The engine's error, if there was one.
        #[source]
        source: Option<Source>,
    },
    /// The data on disk is damaged: restore a backup.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// A statement that the engine does not take: a mistake in this program.
    #[error("statement {statement} failed: {message}")]
    Statement {
        /// Name of the statement, from its first line.
        statement: &'static str,
        /// The engine's words.
        message: String,
    },
    /// A column is not what the code that reads it thinks: a mistake in this program.
    #[error("column {column} should be {wanted} and is {found}")]
    Column {
        /// Counted from 0.
        column: usize,
        /// What was asked for.
        wanted: &'static str,
        /// What was there.
        found: &'static str,
    },
    /// The database address cannot be understood or used.
    #[error("database address: {0}")]
    Address(String),
    /// The data was written by a newer version of this program.
    #[error(
        "the {family} schema is at version {found} and this program knows {known}; \
         start the newer program that wrote it, or restore a backup from before the upgrade"
    )]
    NewerSchema {
        /// `core`, or the events file.
        family: String,
        /// Version found in the store.
        found: u32,
        /// Newest version that this program knows.
        known: u32,
    },
    /// A migration that ran under one name is known under another: this program is not the one that made the data.
    #[error("{family} migration {version} ran as {found} and this program knows it as {known}")]
    OtherSchema {
        /// `core`, or the events file.
        family: String,
        /// Number of the migration.
        version: u32,
        /// Name under which it ran.
        found: String,
        /// Name under which this program knows it.
        known: &'static str,
    },
    /// A migration failed; nothing of it is kept.
    #[error("{family} migration {version} ({name}) failed: {message}")]
    Migration {
        /// `core`, or the events file.
        family: String,
        /// Number of the migration.
        version: u32,
        /// Its name.
        name: &'static str,
        /// The engine's words.
        message: String,
    },
}

impl DbError {
    pub(super) fn closed() -> DbError {
        DbError::Unavailable {
            what: "it is shutting down".to_owned(),
            source: None,
        }
    }

    pub(super) fn thread(source: std::io::Error) -> DbError {
        DbError::Unavailable {
            what: "cannot start a thread".to_owned(),
            source: Some(Box::new(source)),
        }
    }

    pub(in crate::store) fn folder(what: &str, path: &Path, source: std::io::Error) -> DbError {
        DbError::Unavailable {
            what: format!("cannot {what} {}", path.display()),
            source: Some(Box::new(source)),
        }
    }

    /// Sorts an error of SQLite by what the caller can do about it.
    pub(in crate::store) fn sqlite(statement: &'static str, error: rusqlite::Error) -> DbError {
        use rusqlite::ErrorCode as Code;
        use rusqlite::ffi;
        let rusqlite::Error::SqliteFailure(failure, message) = &error else {
            return DbError::Statement {
                statement,
                message: error.to_string(),
            };
        };
        let text = message.clone().unwrap_or_else(|| failure.to_string());
        match failure.code {
            Code::ConstraintViolation
                if matches!(
                    failure.extended_code,
                    ffi::SQLITE_CONSTRAINT_UNIQUE
                        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                        | ffi::SQLITE_CONSTRAINT_ROWID
                ) =>
            {
                let constraint = text
                    .strip_prefix("UNIQUE constraint failed: ")
                    .unwrap_or(&text)
                    .to_owned();
                DbError::Unique {
                    statement,
                    constraint,
                }
            }
            Code::DatabaseBusy
            | Code::DatabaseLocked
            | Code::DiskFull
            | Code::SystemIoFailure
            | Code::CannotOpen => DbError::Unavailable {
                what: format!("{statement}: {text}"),
                source: Some(Box::new(error)),
            },
            Code::DatabaseCorrupt | Code::NotADatabase => DbError::Corrupt(format!("{statement}: {text}")),
            _ => DbError::Statement {
                statement,
                message: text,
            },
        }
    }

    /// Sorts an error of PostgreSQL by what the caller can do about it. The `DETAIL` of the server is left out: it
    /// quotes the row.
    pub(in crate::store) fn postgres(statement: &'static str, error: tokio_postgres::Error) -> DbError {
        use tokio_postgres::error::SqlState as State;
        let Some(failure) = error.as_db_error() else {
            if error.is_closed()
                || std::error::Error::source(&error)
                    .is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
            {
                return DbError::Unavailable {
                    what: format!("{statement}: the connection to PostgreSQL was lost"),
                    source: Some(Box::new(error)),
                };
            }
            let message =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            return DbError::Statement { statement, message };
        };
        let state = failure.code();
        let text = failure.message().to_owned();
        match state.code().get(..2) {
            _ if *state == State::UNIQUE_VIOLATION => DbError::Unique {
                statement,
                constraint: failure.constraint().unwrap_or("an unnamed constraint").to_owned(),
            },
            // Connection, transaction rollback, resources, operator intervention, system error.
            Some("08" | "40" | "53" | "57" | "58") => DbError::Unavailable {
                what: format!("{statement}: {text}"),
                source: Some(state.code().into()),
            },
            Some("XX") => DbError::Corrupt(format!("{statement}: {text}")),
            _ => DbError::Statement {
                statement,
                message: format!("{text} ({})", state.code()),
            },
        }
    }
}
