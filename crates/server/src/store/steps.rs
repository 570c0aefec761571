//! How fast a push goes out: how many of its messages were settled in each ten seconds; and how much of it is still ahead.
//!
//! Left out: judging by it how long it takes (`report`). Invariant: a message is in the step in whose batch it was settled, so that all
//! processes count together; of a campaign the last ten minutes are kept at most.

use super::sends::{Chunk, RunRow};
use super::{DbError, Store};
use crate::args;
use crate::store::db::Batch;
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::time::Timestamp;

/// Length of a step.
pub const STEP_MS: i64 = 10_000;
/// Steps that are kept.
pub const STEPS: i64 = 60;

/// How much of a run is ahead.
#[derive(Debug, Clone)]
pub struct Ahead {
    /// How far its fan-out has come.
    pub run: RunRow,
    /// Live subscriptions that it has not looked at.
    pub unseen: u64,
    /// Live subscriptions that it has.
    pub seen: u64,
    /// Messages that only wait for a retry or for a push service that rests.
    pub parked: u64,
    /// Messages whose moment lies ahead, and the last of their moments: their recipients' own clocks, the end of quiet hours.
    pub later: (u64, Option<Timestamp>),
}

impl Store {
    /// Notes how many messages were settled, in the batch that settles them.
    pub fn note_step(&self, batch: &mut Batch, at: Chunk<'_>, settled: u64, now: Timestamp) {
        let step = now.ms() / STEP_MS;
        let sql = "-- note_step\nINSERT INTO push_steps (account, campaign, step, n) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (account, campaign, step) DO UPDATE SET n = push_steps.n + excluded.n";
        batch.run(
            sql,
            args![at.account.as_str(), at.campaign.0, step, settled as i64],
        );
        let sql =
            "-- forget_steps\nDELETE FROM push_steps WHERE account = $1 AND campaign = $2 AND step < $3";
        batch.run(sql, args![at.account.as_str(), at.campaign.0, step - STEPS]);
    }

    /// How many messages were settled in each step that had some, oldest first.
    pub async fn steps(&self, account: &AccountId, campaign: CampaignId) -> Result<Vec<(i64, u64)>, DbError> {
        let sql =
            "-- steps\nSELECT step, n FROM push_steps WHERE account = $1 AND campaign = $2 ORDER BY step";
        let rows = self.db.query(sql, args![account.as_str(), campaign.0]).await?;
        rows.iter()
            .map(|row| Ok((row.int(0)?, row.int(1)? as u64)))
            .collect()
    }

    /// How much of a campaign's newest run is ahead; none where there is no run.
    pub async fn ahead(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        now: Timestamp,
    ) -> Result<Option<Ahead>, DbError> {
        let sql = "-- newest_run\nSELECT MAX(run) FROM runs WHERE account = $1 AND campaign = $2";
        let rows = self.db.query(sql, args![account.as_str(), campaign.0]).await?;
        let Some(number) = rows.first().map_or(Ok(None), |row| row.opt_int(0))? else {
            return Ok(None);
        };
        let Some(run) = self.run(account, campaign, number).await? else {
            return Ok(None);
        };
        let sql = "-- parked_sends\nSELECT COUNT(*) FROM parked_pieces p \
                   JOIN sends s ON s.account = p.account AND s.campaign = p.campaign AND s.run = p.run AND s.chunk = p.chunk \
                   WHERE p.account = $1 AND p.campaign = $2 AND p.run = $3 AND s.state = 'waiting'";
        let rows = self
            .db
            .query(sql, args![account.as_str(), campaign.0, number])
            .await?;
        let parked = rows.first().map_or(Ok(0), |row| row.int(0))? as u64;
        let sql = "-- later_sends\nSELECT COUNT(*), MAX(retry_at) FROM sends \
                   WHERE account = $1 AND campaign = $2 AND run = $3 AND chunk < 0 AND retry_at > $4 AND state = 'waiting'";
        let rows = self
            .db
            .query(sql, args![account.as_str(), campaign.0, number, now.ms()])
            .await?;
        let later = rows.first().map_or(Ok((0, None)), |row| {
            Ok((row.int(0)? as u64, row.opt_int(1)?.map(Timestamp)))
        })?;
        if run.complete {
            return Ok(Some(Ahead {
                run,
                unseen: 0,
                seen: 0,
                parked,
                later,
            }));
        }
        let sql = "-- unseen_subscriptions\nSELECT COUNT(*), COALESCE(SUM(CASE WHEN id > $2 THEN 1 ELSE 0 END), 0) \
                   FROM subscriptions WHERE account = $1 AND state = 'live'";
        let rows = self
            .db
            .query(sql, args![account.as_str(), run.after.clone()])
            .await?;
        let (all, unseen) = rows
            .first()
            .map_or(Ok((0, 0)), |row| Ok((row.int(0)? as u64, row.int(1)? as u64)))?;
        Ok(Some(Ahead {
            run,
            unseen,
            seen: all.saturating_sub(unseen),
            parked,
            later,
        }))
    }
}
