//! Migrations: numbered SQL texts that run once, in order, forward only.
//!
//! Left out on purpose: going back, which is restoring a backup; and checksums: a text that was released is never
//! edited, and its name is compared.
//!
//! Invariant: whatever migrations are pending run in one transaction that keeps every other process out, and a schema
//! from a newer program is refused before anything is touched.
//!
//! Core migrations run once. Events migrations run on SQLite in each period's file (and again in the files there are,
//! when a new one comes), on PostgreSQL once, on the partitioned tables.

use super::db::address::{DatabaseUrl, Kind, Tls};
use super::db::dialect::translate;
use super::db::{DbError, Engine, postgres, sqlite};
use rusqlite::Connection;
use std::path::Path;

/// Number (ascending from 1), name, and SQL with the words of the dialect.
pub type Migration = (u32, &'static str, &'static str);

/// The schema that a program knows.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    /// Everything but event history.
    pub core: &'static [Migration],
    /// Event history; each table has a column `period` first in its primary key and ends with `{partitioned}`.
    pub events: &'static [Migration],
}

/// The product's schema.
pub const MIGRATIONS: Migrations = Migrations {
    core: &[
        (1, "start", include_str!("migrations/0001_start.sql")),
        (2, "media", include_str!("migrations/0002_media.sql")),
        (3, "popups", include_str!("migrations/0003_popups.sql")),
        (4, "push", include_str!("migrations/0004_push.sql")),
    ],
    events: &[(1, "start", include_str!("migrations/events/0001_start.sql"))],
};

/// A migration that is pending, or that has just run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// `core`, `events`, or the name of an events file.
    pub family: String,
    /// Its number.
    pub version: u32,
    /// Its name.
    pub name: &'static str,
}

/// What would run, without touching anything. A store that is not there yet needs everything.
pub async fn pending(url: &DatabaseUrl, migrations: Migrations) -> Result<Vec<Step>, DbError> {
    match url.0.clone() {
        Kind::Folder(folder) => {
            blocking(move || {
                each_file(&folder, migrations, |path, family, list| {
                    if !path.exists() {
                        return Ok(steps(family, list));
                    }
                    let connection = sqlite::open(path, sqlite::Use::Read)?;
                    Ok(steps(
                        family,
                        missing(family, list, &applied_to_file(&connection)?)?,
                    ))
                })
            })
            .await
        }
        Kind::Postgres { config, tls, .. } => Server::connect(&config, &tls)?.pending(migrations).await,
    }
}

/// Runs what is pending and says what that was.
pub async fn apply(url: &DatabaseUrl, migrations: Migrations) -> Result<Vec<Step>, DbError> {
    match url.0.clone() {
        Kind::Folder(folder) => {
            blocking(move || {
                std::fs::create_dir_all(&folder).map_err(|error| DbError::folder("make", &folder, error))?;
                // All are checked before the first is touched.
                each_file(&folder, migrations, |path, family, list| {
                    if path.exists() {
                        let connection = sqlite::open(path, sqlite::Use::Read)?;
                        missing(family, list, &applied_to_file(&connection)?)?;
                    }
                    Ok(Vec::new())
                })?;
                each_file(&folder, migrations, |path, family, list| {
                    apply_to_file(&sqlite::open(path, sqlite::Use::Write)?, family, list)
                })
            })
            .await
        }
        Kind::Postgres { config, tls, .. } => Server::connect(&config, &tls)?.apply(migrations).await,
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DbError> + Send + 'static,
) -> Result<T, DbError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| {
        Err(DbError::Unavailable {
            what: "migrating was cut off".to_owned(),
            source: Some(Box::new(stopped)),
        })
    })
}

fn steps(family: &str, list: &[Migration]) -> Vec<Step> {
    list.iter()
        .map(|(version, name, _)| Step {
            family: family.to_owned(),
            version: *version,
            name,
        })
        .collect()
}

/// The migrations that have not run, after checking that those that have are ours.
fn missing(
    family: &str,
    list: &'static [Migration],
    applied: &[(u32, String)],
) -> Result<&'static [Migration], DbError> {
    debug_assert!(
        list.iter()
            .zip(1..)
            .all(|((version, ..), expected)| *version == expected),
        "migrations are numbered from 1 without gaps"
    );
    for (version, found) in applied {
        let Some((_, known, _)) = list.iter().find(|(known, ..)| known == version) else {
            let known = list.last().map_or(0, |(version, ..)| *version);
            let found = applied.iter().map(|(version, _)| *version).max().unwrap_or(0);
            return Err(DbError::NewerSchema {
                family: family.to_owned(),
                found,
                known,
            });
        };
        if found != known {
            let family = family.to_owned();
            return Err(DbError::OtherSchema {
                family,
                version: *version,
                found: found.clone(),
                known,
            });
        }
    }
    Ok(&list[applied.len().min(list.len())..])
}

type PerFile<'a> = &'a dyn Fn(&Path, &str, &'static [Migration]) -> Result<Vec<Step>, DbError>;

fn each_file(
    folder: &Path,
    migrations: Migrations,
    work: impl Fn(&Path, &str, &'static [Migration]) -> Result<Vec<Step>, DbError>,
) -> Result<Vec<Step>, DbError> {
    let work: PerFile<'_> = &work;
    let mut all = work(&sqlite::core_path(folder), "core", migrations.core)?;
    for period in sqlite::periods_in(folder)? {
        let name = period.file_name();
        all.extend(work(&folder.join(&name), &name, migrations.events)?);
    }
    Ok(all)
}

fn applied_to_file(connection: &Connection) -> Result<Vec<(u32, String)>, DbError> {
    let read = || -> rusqlite::Result<Vec<(u32, String)>> {
        if !connection.table_exists(None, "schema_version")? {
            return Ok(Vec::new());
        }
        let mut statement =
            connection.prepare("SELECT version, name FROM schema_version ORDER BY version")?;
        statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    };
    read().map_err(|error| DbError::sqlite("schema_version", error))
}

/// Brings one SQLite file up to date; a file that is up to date is only read.
pub(super) fn apply_to_file(
    connection: &Connection,
    family: &str,
    list: &'static [Migration],
) -> Result<Vec<Step>, DbError> {
    if missing(family, list, &applied_to_file(connection)?)?.is_empty() && !list.is_empty() {
        return Ok(Vec::new());
    }
    let execute = |sql: &str| {
        connection
            .execute_batch(sql)
            .map_err(|error| DbError::sqlite("migrate", error))
    };
    let run = || {
        execute(
            "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT",
        )?;
        // Asked again: another process may have done it while we waited for the lock.
        let missing = missing(family, list, &applied_to_file(connection)?)?;
        for (version, name, sql) in missing {
            connection
                .execute_batch(&translate(Engine::Sqlite, sql))
                .map_err(|error| DbError::Migration {
                    family: family.to_owned(),
                    version: *version,
                    name,
                    message: error.to_string(),
                })?;
            connection
                .execute(
                    "INSERT INTO schema_version (version, name) VALUES (?1, ?2)",
                    (version, name),
                )
                .map_err(|error| DbError::sqlite("schema_version", error))?;
        }
        Ok(steps(family, missing))
    };
    execute("BEGIN EXCLUSIVE")?;
    match run().and_then(|steps| execute("COMMIT").map(|()| steps)) {
        Ok(steps) => Ok(steps),
        Err(error) => {
            // The first error is the one to tell.
            let _ = connection.execute_batch("ROLLBACK");
            Err(error)
        }
    }
}

/// A PostgreSQL server that is being migrated.
struct Server {
    pool: deadpool_postgres::Pool,
}

impl Server {
    fn connect(config: &tokio_postgres::Config, tls: &Tls) -> Result<Server, DbError> {
        Ok(Server {
            pool: postgres::connect(config, tls, 1)?,
        })
    }

    async fn pending(&self, migrations: Migrations) -> Result<Vec<Step>, DbError> {
        let client = postgres::client(&self.pool).await?;
        let there = client
            .query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[])
            .await
            .and_then(|row| row.try_get(0))
            .map_err(|error| DbError::postgres("schema_version", error))?;
        let mut all = Vec::new();
        for (family, list) in [("core", migrations.core), ("events", migrations.events)] {
            let applied = if there {
                applied_to_server(&client, family).await?
            } else {
                Vec::new()
            };
            all.extend(steps(family, missing(family, list, &applied)?));
        }
        Ok(all)
    }

    async fn apply(&self, migrations: Migrations) -> Result<Vec<Step>, DbError> {
        self.make_bookkeeping().await?;
        let client = postgres::client(&self.pool).await?;
        let execute = async |sql: &str| {
            client
                .batch_execute(sql)
                .await
                .map_err(|error| DbError::postgres("migrate", error))
        };
        execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?;
        let run = async {
            execute("LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE").await?;
            let mut all = Vec::new();
            let mut plan = Vec::new();
            for (family, list) in [("core", migrations.core), ("events", migrations.events)] {
                plan.push((
                    family,
                    missing(family, list, &applied_to_server(&client, family).await?)?,
                ));
            }
            for (family, missing) in plan {
                for (version, name, sql) in missing {
                    client
                        .batch_execute(&translate(Engine::Postgres, sql))
                        .await
                        .map_err(|error| {
                            let message = DbError::postgres("migration", error).to_string();
                            DbError::Migration {
                                family: family.to_owned(),
                                version: *version,
                                name,
                                message,
                            }
                        })?;
                    let insert = "INSERT INTO schema_version (family, version, name) VALUES ($1, $2, $3)";
                    client
                        .execute(insert, &[&family, &i64::from(*version), name])
                        .await
                        .map_err(|error| DbError::postgres("schema_version", error))?;
                }
                all.extend(steps(family, missing));
            }
            execute("COMMIT").await?;
            Ok(all)
        };
        // On an error the transaction ends with the connection, which is this pool's only one and is dropped here.
        run.await
    }

    /// Makes the tables that the waist itself needs. Two processes that make a table at the same moment both pass
    /// `IF NOT EXISTS`, and the later one fails on the catalogue's unique index; so it looks again.
    async fn make_bookkeeping(&self) -> Result<(), DbError> {
        use tokio_postgres::error::SqlState as State;
        let sql = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
            CREATE TABLE IF NOT EXISTS schema_version (family TEXT NOT NULL, version BIGINT NOT NULL, \
            name TEXT NOT NULL, PRIMARY KEY (family, version)); \
            CREATE TABLE IF NOT EXISTS event_periods (period BIGINT NOT NULL PRIMARY KEY); COMMIT";
        let client = postgres::client(&self.pool).await?;
        let mut attempts = 5;
        loop {
            attempts -= 1;
            let Err(error) = client.batch_execute(sql).await else {
                return Ok(());
            };
            // Ends the failed transaction; if even that fails, the next attempt says why.
            let _ = client.batch_execute("ROLLBACK").await;
            let raced = error.code().is_some_and(|state| {
                [
                    State::UNIQUE_VIOLATION,
                    State::DUPLICATE_TABLE,
                    State::DUPLICATE_OBJECT,
                ]
                .contains(state)
            });
            if !raced || attempts == 0 {
                return Err(DbError::postgres("schema_version", error));
            }
        }
    }
}

async fn applied_to_server(
    client: &deadpool_postgres::Object,
    family: &str,
) -> Result<Vec<(u32, String)>, DbError> {
    let sql = "SELECT version, name FROM schema_version WHERE family = $1 ORDER BY version";
    let read = async || {
        let rows = client.query(sql, &[&family]).await?;
        let one = |row: &tokio_postgres::Row| Ok((row.try_get::<_, i64>(0)? as u32, row.try_get(1)?));
        rows.iter().map(one).collect::<Result<Vec<_>, _>>()
    };
    read()
        .await
        .map_err(|error| DbError::postgres("schema_version", error))
}
