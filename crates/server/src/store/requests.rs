//! Requests of programs for a push: their answers by key, and what they sent along for each message.
//!
//! Left out: who gets it (`launch`). Invariant: a key has one answer, written in the batch that makes its messages.

use super::db::{Batch, DbError};
use super::sends::Chunk;
use super::{Store, corrupt};
use crate::args;
use campanile_core::id::{AccountId, Id};
use campanile_core::notification::Given;
use campanile_core::time::Timestamp;
use std::collections::HashMap;

/// An earlier request with a key.
#[derive(Debug, Clone)]
pub struct RequestRow {
    /// SHA-256 of what it asked for.
    pub digest: Vec<u8>,
    /// What it was answered, JSON.
    pub answer: String,
}

impl Store {
    /// What was answered to a key.
    pub async fn request(&self, account: &AccountId, key: &str) -> Result<Option<RequestRow>, DbError> {
        let sql = "-- request\nSELECT digest, answer FROM requests WHERE account = $1 AND key = $2";
        let rows = self.db.query(sql, args![account.as_str(), key]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(RequestRow {
            digest: row.bytes(0)?.to_vec(),
            answer: row.text(1)?.to_owned(),
        }))
    }

    /// Keeps an answer; the batch rolls back when the key has one.
    pub fn insert_request(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        key: &str,
        row: &RequestRow,
        now: Timestamp,
    ) {
        let sql = "-- insert_request\nINSERT INTO requests (account, key, digest, answer, made_at) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (account, key) DO NOTHING";
        batch.expect(
            sql,
            args![
                account.as_str(),
                key,
                row.digest.clone(),
                row.answer.as_str(),
                now.ms()
            ],
            1,
        );
    }

    /// Forgets requests from before a moment.
    pub async fn sweep_requests(&self, account: &AccountId, before: Timestamp) -> Result<(), DbError> {
        let sql = "-- sweep_requests\nDELETE FROM requests WHERE account = $1 AND key IN \
                   (SELECT key FROM requests WHERE account = $1 AND made_at < $2 ORDER BY made_at LIMIT $3)";
        self.sweep("sweep_requests", sql, args![account.as_str(), before.ms()])
            .await
    }

    /// Puts what is given with a message beside it.
    pub fn give(&self, batch: &mut Batch, account: &AccountId, send: Id, given: &Given) {
        let sql = "-- give\nUPDATE sends SET given = $3 WHERE account = $1 AND id = $2";
        let given = serde_json::to_string(given).expect("what is given always serialises");
        batch.run(sql, args![account.as_str(), send.bytes(), given]);
    }

    /// What is given with the messages of a piece that wait, by subscription.
    pub async fn given(&self, at: Chunk<'_>) -> Result<HashMap<Id, Given>, DbError> {
        let sql = "-- given\nSELECT subscription, given FROM sends \
                   WHERE account = $1 AND campaign = $2 AND run = $3 AND chunk = $4 AND state = 'waiting' AND given IS NOT NULL";
        let rows = self
            .db
            .query(sql, args![at.account.as_str(), at.campaign.0, at.run, at.chunk])
            .await?;
        rows.iter()
            .map(|row| {
                let id = Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("sends.subscription"))?;
                let given = serde_json::from_str(row.text(1)?).map_err(|_| corrupt("sends.given"))?;
                Ok((id, given))
            })
            .collect()
    }
}
