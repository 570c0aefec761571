//! What each try of a message was answered, of messages that were tried more than once.
//!
//! Left out: the last answer, which every message has beside its state ([`super::sends`]). Invariant: written in the batch that settles the
//! message or puts it off, and never for the first try of one that needed no other.

use super::db::{Batch, DbError, Row, Value};
use super::deliveries::DeliveryRow;
use super::sends::{Chunk, WaitingSend};
use super::{InList, Store, corrupt};
use crate::args;
use campanile_core::cause::Cause;
use campanile_core::delivery::Answer;
use campanile_core::id::{AccountId, CampaignId, Id};
use campanile_core::time::Timestamp;
use serde::Serialize;
use std::collections::HashMap;

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TryRow {
    /// Which one; the first is 1.
    pub attempt: u32,
    /// When it was answered.
    pub at: Timestamp,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Why it was not taken, where that was said here.
    pub cause: Option<Cause>,
    /// The same in words; empty where it was taken.
    pub reason: String,
}

static OF_SENDS: InList = InList::new(|| {
    InList::texts(
        "-- tries_of_sends\nSELECT s.id, a.attempt, a.at, a.status, a.cause, a.reason FROM sends s JOIN send_tries a \
         ON a.account = s.account AND a.campaign = s.campaign AND a.run = s.run AND a.subscription = s.subscription \
         WHERE s.account = $1 AND s.id",
        " ORDER BY s.id, a.attempt",
    )
});

/// Reads the code of a cause from a column; one of a later version is none.
pub(super) fn cause(row: &Row, at: usize) -> Result<Option<Cause>, DbError> {
    Ok(row.opt_text(at)?.and_then(Cause::parse))
}

impl Store {
    /// Keeps what a try was answered.
    pub fn note_try(
        &self,
        batch: &mut Batch,
        at: Chunk<'_>,
        send: &WaitingSend,
        answer: &Answer,
        now: Timestamp,
    ) {
        let sql = "-- note_try\nINSERT INTO send_tries (account, campaign, run, subscription, attempt, at, status, cause, reason) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (account, campaign, run, subscription, attempt) DO NOTHING";
        batch.run(
            sql,
            args![
                at.account.as_str(),
                at.campaign.0,
                at.run,
                send.subscription.bytes(),
                i64::from(send.attempts + 1),
                now.ms(),
                answer.status.map(i64::from),
                answer.cause.map(|cause| cause.as_str().to_owned()),
                answer.reason.as_str()
            ],
        );
    }

    /// The tries of those of some messages that were tried more than once, oldest first.
    pub async fn tries(
        &self,
        account: &AccountId,
        rows: &[DeliveryRow],
    ) -> Result<HashMap<Id, Vec<TryRow>>, DbError> {
        let again: Vec<Vec<u8>> = rows
            .iter()
            .filter(|row| row.attempts > 1)
            .map(|row| row.id.bytes())
            .collect();
        let mut found: HashMap<Id, Vec<TryRow>> = HashMap::new();
        for (sql, piece) in OF_SENDS.pieces(&again) {
            let mut args: Vec<Value> = args![account.as_str()];
            args.extend(piece.into_iter().map(Value::from));
            for row in &self.db.query(sql, args).await? {
                let id = Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("sends.id"))?;
                let status = row.opt_int(3)?.map(u16::try_from).transpose();
                found.entry(id).or_default().push(TryRow {
                    attempt: row.int(1)? as u32,
                    at: Timestamp(row.int(2)?),
                    status: status.map_err(|_| corrupt("send_tries.status"))?,
                    cause: cause(row, 4)?,
                    reason: row.text(5)?.to_owned(),
                });
            }
        }
        Ok(found)
    }

    /// Forgets the tries of messages before a moment, but for those that still wait.
    pub(super) async fn sweep_tries(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        before: Timestamp,
    ) -> Result<(), DbError> {
        let sql = "-- sweep_tries\nDELETE FROM send_tries WHERE account = $1 AND (campaign, run, subscription, attempt) IN \
                   (SELECT a.campaign, a.run, a.subscription, a.attempt FROM send_tries a WHERE a.account = $1 AND a.campaign = $2 AND a.run < $3 \
                   AND NOT EXISTS (SELECT 1 FROM sends s WHERE s.account = a.account AND s.campaign = a.campaign AND s.run = a.run \
                   AND s.subscription = a.subscription AND s.state = 'waiting') ORDER BY a.run LIMIT $4)";
        let args = args![account.as_str(), campaign.0, before.ms()];
        self.sweep("sweep_tries", sql, args).await
    }
}
