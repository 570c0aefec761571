//! Pieces of a run: which of them hold its fan-out up; and when the runs of pushes that follow events are forgotten.
//!
//! Left out: the messages in them ([`super::sends`]). Invariant: a piece is through once, and parked or not as its last settling said, for
//! both are written in the batch that ends or postpones its job.

use super::Store;
use super::db::{Batch, DbError};
use super::sends::Chunk;
use crate::args;
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::time::Timestamp;

impl Store {
    /// Notes that nothing of a piece waits any more; in the batch that ends its job. One that was put off never counted as ahead.
    pub fn piece_through(&self, batch: &mut Batch, at: Chunk<'_>) {
        if at.chunk < 0 {
            return;
        }
        let sql = "-- piece_through\nUPDATE runs SET through = through + 1 WHERE account = $1 AND campaign = $2 AND run = $3";
        batch.run(sql, args![at.account.as_str(), at.campaign.0, at.run]);
        self.piece_parked(batch, at, false);
    }

    /// Notes whether a piece waits for nothing but retries and push services that rest; in the batch that postpones its job.
    /// One that was put off never counted as ahead.
    pub fn piece_parked(&self, batch: &mut Batch, at: Chunk<'_>, parked: bool) {
        if at.chunk < 0 {
            return;
        }
        let sql = if parked {
            "-- park_piece\nINSERT INTO parked_pieces (account, campaign, run, chunk) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (account, campaign, run, chunk) DO NOTHING"
        } else {
            "-- unpark_piece\nDELETE FROM parked_pieces WHERE account = $1 AND campaign = $2 AND run = $3 AND chunk = $4"
        };
        batch.run(sql, args![at.account.as_str(), at.campaign.0, at.run, at.chunk]);
    }

    /// How many pieces of a run are parked.
    pub async fn parked_pieces(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        run: i64,
    ) -> Result<i64, DbError> {
        let sql = "-- parked_pieces\nSELECT COUNT(*) FROM parked_pieces WHERE account = $1 AND campaign = $2 AND run = $3";
        let rows = self
            .db
            .query(sql, args![account.as_str(), campaign.0, run])
            .await?;
        rows.first().map_or(Ok(0), |row| row.int(0))
    }

    /// Forgets what a push sent after events, or because programs asked, before a moment, but for what still waits. Its counts stay.
    pub async fn sweep_occasions(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        before: Timestamp,
    ) -> Result<(), DbError> {
        let args = args![account.as_str(), campaign.0, before.ms()];
        self.sweep_tries(account, campaign, before).await?;
        let sql = "-- sweep_occasion_sends\nDELETE FROM sends WHERE account = $1 AND id IN \
                   (SELECT id FROM sends WHERE account = $1 AND campaign = $2 AND run < $3 AND state <> 'waiting' ORDER BY run LIMIT $4)";
        self.sweep("sweep_occasion_sends", sql, args.clone()).await?;
        let sql = "-- sweep_occasion_runs\nDELETE FROM runs WHERE account = $1 AND campaign = $2 AND run > 0 AND run IN \
                   (SELECT run FROM runs r WHERE r.account = $1 AND r.campaign = $2 AND r.run > 0 AND r.run < $3 AND NOT EXISTS \
                   (SELECT 1 FROM sends s WHERE s.account = $1 AND s.campaign = $2 AND s.run = r.run) ORDER BY run LIMIT $4)";
        self.sweep("sweep_occasion_runs", sql, args).await
    }
}
