//! The few words in which the two engines differ, replaced once per SQL text.
//!
//! Left out on purpose: everything that can be said in the SQL that both understand. A new word is the last resort.
//!
//! Invariant: a text is replaced once and then found by its address; the words are the same in migrations and
//! statements.
//!
//! | word | SQLite | PostgreSQL |
//! |---|---|---|
//! | `{bytes}` | `BLOB` | `BYTEA` |
//! | `{bigint}` | `INTEGER` | `BIGINT` |
//! | `{text}` | `TEXT` | `TEXT COLLATE "C"`: bytewise order on both |
//! | `{strict}` | `STRICT` | |
//! | `{keyed}` | `STRICT, WITHOUT ROWID`: small rows that are found by their key only | |
//! | `{partitioned}` | `STRICT` | `PARTITION BY LIST (period)`: after `CREATE TABLE … (…)` of an events table |
//! | `{skip_locked}` | | `FOR UPDATE SKIP LOCKED`: SQLite has one writer and locks no rows |

use super::Engine;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

const WORDS: [(&str, &str, &str); 7] = [
    ("{bytes}", "BLOB", "BYTEA"),
    ("{bigint}", "INTEGER", "BIGINT"),
    ("{text}", "TEXT", "TEXT COLLATE \"C\""),
    ("{strict}", "STRICT", ""),
    ("{keyed}", "STRICT, WITHOUT ROWID", ""),
    ("{partitioned}", "STRICT", "PARTITION BY LIST (period)"),
    ("{skip_locked}", "", "FOR UPDATE SKIP LOCKED"),
];

/// The text of a statement or migration for an engine.
pub(in crate::store) fn translate(engine: Engine, sql: &str) -> String {
    let mut text = sql.to_owned();
    for (word, sqlite, postgres) in WORDS {
        if text.contains(word) {
            text = text.replace(
                word,
                if engine == Engine::Sqlite {
                    sqlite
                } else {
                    postgres
                },
            );
        }
    }
    text
}

/// The name in a statement's first line, `-- name`, with which it appears in errors, logs and `pg_stat_activity`.
pub(in crate::store) fn name_of(sql: &'static str) -> &'static str {
    let named = sql
        .trim_start()
        .strip_prefix("-- ")
        .and_then(|text| text.split_once('\n'));
    debug_assert!(
        named.is_some_and(|(name, rest)| !name.trim().is_empty() && !rest.trim().is_empty()),
        "a statement begins with a line `-- name`: {sql}"
    );
    named.map_or("unnamed", |(name, _)| name.trim())
}

/// Statements already translated, by the address of their text.
#[derive(Debug)]
pub(super) struct Dialect {
    engine: Engine,
    texts: RwLock<HashMap<(usize, usize), Arc<str>>>,
}

impl Dialect {
    pub(super) fn new(engine: Engine) -> Dialect {
        Dialect {
            engine,
            texts: RwLock::default(),
        }
    }

    /// The engine's text of a statement. Two texts at one address and of one length are one text: they are static.
    pub(super) fn text(&self, sql: &'static str) -> Arc<str> {
        let key = (sql.as_ptr().addr(), sql.len());
        if let Some(text) = self
            .texts
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Arc::clone(text);
        }
        let text: Arc<str> = translate(self.engine, sql).into();
        self.texts
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, Arc::clone(&text));
        text
    }
}
