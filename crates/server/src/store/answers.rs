//! What visitors wrote into the fields of pop-ups.
//!
//! Left out: checking an answer (`campanile_core::popup`). Invariant: one answer for each impression; the first stays.

use super::db::{Batch, DbError};
use super::{Store, corrupt};
use crate::args;
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::time::Timestamp;
use serde_json::Value;

/// One answer.
#[derive(Debug, Clone)]
pub struct AnswerRow {
    /// The impression that was answered.
    pub impression: Id,
    /// Who.
    pub ordinal: Ordinal,
    /// Which revision of the campaign.
    pub revision: u32,
    /// Which variant.
    pub variant: String,
    /// What: a text, or a number of a scale.
    pub answer: Value,
    /// A few words beside it, or empty.
    pub comment: String,
    /// Whether the consent was ticked.
    pub consent: bool,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// Keeps an answer.
    pub fn insert_answer(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        campaign: CampaignId,
        row: &AnswerRow,
    ) {
        let sql = "-- insert_answer\nINSERT INTO answers (account, campaign, impression, ordinal, revision, variant, answer, comment, consent, at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (account, campaign, impression) DO NOTHING";
        batch.run(
            sql,
            args![
                account.as_str(),
                campaign.0,
                row.impression.bytes(),
                i64::from(row.ordinal.0),
                i64::from(row.revision),
                row.variant.as_str(),
                row.answer.to_string(),
                row.comment.as_str(),
                row.consent,
                row.at.ms()
            ],
        );
    }

    /// Answers of a campaign, newest first, before `before` if given.
    pub async fn answers(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        before: Option<Id>,
        limit: u32,
    ) -> Result<Vec<AnswerRow>, DbError> {
        let sql = "-- answers\nSELECT impression, ordinal, revision, variant, answer, comment, consent, at FROM answers \
                   WHERE account = $1 AND campaign = $2 AND impression < $3 ORDER BY impression DESC LIMIT $4";
        let before = before.map_or_else(|| vec![0xff; 16], Id::bytes);
        let rows = self
            .db
            .query(sql, args![account.as_str(), campaign.0, before, i64::from(limit)])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AnswerRow {
                    impression: Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("answers.impression"))?,
                    ordinal: Ordinal(row.int(1)? as u32),
                    revision: row.int(2)? as u32,
                    variant: row.text(3)?.to_owned(),
                    answer: serde_json::from_str(row.text(4)?).map_err(|_| corrupt("answers.answer"))?,
                    comment: row.text(5)?.to_owned(),
                    consent: row.int(6)? != 0,
                    at: Timestamp(row.int(7)?),
                })
            })
            .collect()
    }

    /// How many answers there are.
    pub async fn answer_total(&self, account: &AccountId, campaign: CampaignId) -> Result<u64, DbError> {
        let sql = "-- answer_total\nSELECT COUNT(*) FROM answers WHERE account = $1 AND campaign = $2";
        let rows = self.db.query(sql, args![account.as_str(), campaign.0]).await?;
        Ok(rows.first().map_or(Ok(0), |row| row.int(0))? as u64)
    }

    /// How often each answer was given, most frequent first; at most 100 different ones.
    pub async fn answer_counts(
        &self,
        account: &AccountId,
        campaign: CampaignId,
    ) -> Result<Vec<(Value, u64)>, DbError> {
        let sql = "-- answer_counts\nSELECT answer, COUNT(*) FROM answers WHERE account = $1 AND campaign = $2 \
                   GROUP BY answer ORDER BY COUNT(*) DESC, answer LIMIT 100";
        let rows = self.db.query(sql, args![account.as_str(), campaign.0]).await?;
        rows.iter()
            .map(|row| {
                let answer = serde_json::from_str(row.text(0)?).map_err(|_| corrupt("answers.answer"))?;
                Ok((answer, row.int(1)? as u64))
            })
            .collect()
    }
}
