//! Pop-ups that were handed out, and what became of them.
//!
//! Left out: counting (`store/campaigns.rs`). Invariant: each moment is written at most once.

use super::db::{Batch, DbError, Value};
use super::{InList, Store, corrupt};
use crate::args;
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::time::Timestamp;
use std::collections::HashMap;

/// One pop-up handed to one device.
#[derive(Debug, Clone)]
pub struct ImpressionRow {
    /// Its id.
    pub id: Id,
    /// Which campaign.
    pub campaign: CampaignId,
    /// When it was handed out.
    pub handed_at: Timestamp,
    /// When it was really visible.
    pub shown_at: Option<Timestamp>,
    /// When it was clicked.
    pub clicked_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When its field was answered.
    pub answered_at: Option<Timestamp>,
    /// When notifications were allowed after it asked for them.
    pub granted_at: Option<Timestamp>,
    /// When they were refused for good.
    pub blocked_at: Option<Timestamp>,
    /// Whose it is.
    pub ordinal: Ordinal,
    /// Which variant.
    pub variant: String,
    /// Which revision of the campaign.
    pub revision: u32,
}

static BY_ID: InList = InList::new(|| {
    InList::texts(
        "-- impressions_by_id\nSELECT id, campaign, handed_at, shown_at, clicked_at, closed_at, answered_at, granted_at, blocked_at, ordinal, variant, revision FROM impressions WHERE account = $1 AND id",
        "",
    )
});

impl Store {
    /// The impressions of these ids that exist.
    pub async fn impressions(
        &self,
        account: &AccountId,
        ids: &[Id],
    ) -> Result<HashMap<Id, ImpressionRow>, DbError> {
        let mut found = HashMap::new();
        let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.bytes()).collect();
        for (sql, piece) in BY_ID.pieces(&ids) {
            let mut args: Vec<Value> = args![account.as_str()];
            args.extend(piece.into_iter().map(Value::from));
            for row in &self.db.query(sql, args).await? {
                let id = Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("impressions.id"))?;
                found.insert(
                    id,
                    ImpressionRow {
                        id,
                        campaign: CampaignId(row.int(1)?),
                        handed_at: Timestamp(row.int(2)?),
                        shown_at: row.opt_int(3)?.map(Timestamp),
                        clicked_at: row.opt_int(4)?.map(Timestamp),
                        closed_at: row.opt_int(5)?.map(Timestamp),
                        answered_at: row.opt_int(6)?.map(Timestamp),
                        granted_at: row.opt_int(7)?.map(Timestamp),
                        blocked_at: row.opt_int(8)?.map(Timestamp),
                        ordinal: Ordinal(row.int(9)? as u32),
                        variant: row.text(10)?.to_owned(),
                        revision: row.int(11)? as u32,
                    },
                );
            }
        }
        Ok(found)
    }

    /// Notes that a pop-up was handed out.
    pub fn insert_impression(&self, batch: &mut Batch, account: &AccountId, row: &ImpressionRow, device: Id) {
        let sql = "-- insert_impression\nINSERT INTO impressions (account, id, campaign, ordinal, device, handed_at, variant, revision) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account, id) DO NOTHING";
        batch.run(
            sql,
            args![
                account.as_str(),
                row.id.bytes(),
                row.campaign.0,
                i64::from(row.ordinal.0),
                device.bytes(),
                row.handed_at.ms(),
                row.variant.as_str(),
                i64::from(row.revision)
            ],
        );
    }

    /// Forgets pop-ups that were handed out before `before`: what a browser reports of them later than its operations are recognised could
    /// be counted twice.
    pub async fn sweep_impressions(&self, account: &AccountId, before: Timestamp) -> Result<(), DbError> {
        let sql = "-- sweep_impressions\nDELETE FROM impressions WHERE account = $1 AND id IN \
                   (SELECT id FROM impressions WHERE account = $1 AND id < $2 ORDER BY id LIMIT $3)";
        let args = args![account.as_str(), Id::new(before, [0; 10]).bytes()];
        self.sweep("sweep_impressions", sql, args).await
    }

    /// Writes what became of an impression; the batch rolls back when somebody else wrote the same first.
    pub fn update_impression(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        before: &ImpressionRow,
        after: &ImpressionRow,
    ) {
        for (sql, old, new) in [
            (
                "-- impression_shown\nUPDATE impressions SET shown_at = $3 WHERE account = $1 AND id = $2 AND shown_at IS NULL",
                before.shown_at,
                after.shown_at,
            ),
            (
                "-- impression_clicked\nUPDATE impressions SET clicked_at = $3 WHERE account = $1 AND id = $2 AND clicked_at IS NULL",
                before.clicked_at,
                after.clicked_at,
            ),
            (
                "-- impression_closed\nUPDATE impressions SET closed_at = $3 WHERE account = $1 AND id = $2 AND closed_at IS NULL",
                before.closed_at,
                after.closed_at,
            ),
            (
                "-- impression_answered\nUPDATE impressions SET answered_at = $3 WHERE account = $1 AND id = $2 AND answered_at IS NULL",
                before.answered_at,
                after.answered_at,
            ),
            (
                "-- impression_granted\nUPDATE impressions SET granted_at = $3 WHERE account = $1 AND id = $2 AND granted_at IS NULL",
                before.granted_at,
                after.granted_at,
            ),
            (
                "-- impression_blocked\nUPDATE impressions SET blocked_at = $3 WHERE account = $1 AND id = $2 AND blocked_at IS NULL",
                before.blocked_at,
                after.blocked_at,
            ),
        ] {
            if let (None, Some(at)) = (old, new) {
                batch.expect(sql, args![account.as_str(), after.id.bytes(), at.ms()], 1);
            }
        }
    }
}
