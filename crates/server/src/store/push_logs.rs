//! What each person was sent lately: the ground on which caps stand.
//!
//! Left out: whether there is room (`campanile-core`'s `push_log`). Invariant: a log is written in the batch that makes the messages it
//! speaks of, and only as it was read; so two that send to one person at once cannot both take the last place.

use super::db::{Batch, DbError, Row, Value};
use super::{InList, Store, corrupt};
use crate::args;
use campanile_core::id::{AccountId, Ordinal};
use campanile_core::push_log::PushLog;
use std::collections::HashMap;

/// A person's log as it was read.
#[derive(Debug, Clone, Default)]
pub struct PushLogRow {
    /// What they were sent.
    pub log: PushLog,
    /// How often it was written; 0: never.
    pub version: i64,
}

fn log(row: &Row) -> Result<(Ordinal, PushLogRow), DbError> {
    let ordinal = u32::try_from(row.int(0)?).map_err(|_| corrupt("push_logs.ordinal"))?;
    let log = serde_json::from_str(row.text(1)?).map_err(|_| corrupt("push_logs.log"))?;
    let version = row.int(2)?;
    Ok((Ordinal(ordinal), PushLogRow { log, version }))
}

impl Store {
    /// Logs of those behind the live subscriptions after one and up to another.
    pub async fn push_logs_between(
        &self,
        account: &AccountId,
        after: Vec<u8>,
        to: Vec<u8>,
    ) -> Result<HashMap<Ordinal, PushLogRow>, DbError> {
        let sql = "-- push_logs_between\nSELECT l.ordinal, l.log, l.version FROM subscriptions t \
                   JOIN push_logs l ON l.account = t.account AND l.ordinal = t.ordinal \
                   WHERE t.account = $1 AND t.id > $2 AND t.id <= $3 AND t.state = 'live'";
        let rows = self.db.query(sql, args![account.as_str(), after, to]).await?;
        rows.iter().map(log).collect()
    }

    /// Logs of these people.
    pub async fn push_logs(
        &self,
        account: &AccountId,
        people: &[Ordinal],
    ) -> Result<HashMap<Ordinal, PushLogRow>, DbError> {
        static OF: InList = InList::new(|| {
            InList::texts(
                "-- push_logs\nSELECT ordinal, log, version FROM push_logs WHERE account = $1 AND ordinal",
                "",
            )
        });
        let mut found = HashMap::with_capacity(people.len());
        for (sql, piece) in OF.pieces(people) {
            let mut args = args![account.as_str()];
            args.extend(piece.into_iter().map(|person| Value::from(i64::from(person.0))));
            for row in self.db.query(sql, args).await? {
                let (person, known) = log(&row)?;
                found.insert(person, known);
            }
        }
        Ok(found)
    }

    /// Keeps a log; the batch rolls back when it is not any more what was read.
    pub fn keep_push_log(&self, batch: &mut Batch, account: &AccountId, person: Ordinal, row: &PushLogRow) {
        let text = serde_json::to_string(&row.log).expect("a log serialises");
        let sql = if row.version == 0 {
            "-- new_push_log\nINSERT INTO push_logs (account, ordinal, log, version) VALUES ($1, $2, $3, $4 + 1) ON CONFLICT (account, ordinal) DO NOTHING"
        } else {
            "-- keep_push_log\nUPDATE push_logs SET log = $3, version = version + 1 WHERE account = $1 AND ordinal = $2 AND version = $4"
        };
        batch.expect(
            sql,
            args![account.as_str(), i64::from(person.0), text, row.version],
            1,
        );
    }
}
