//! Rounds of a push that comes again: one run each, with what was counted of it.
//!
//! Left out: fanning out and sending, which are those of any run (`sends`). Invariant: what is counted of a round is counted in the batch
//! that counts it of its campaign; a run that is no round has no counts of its own.

use super::db::{Batch, DbError};
use super::sends::Chunk;
use super::{Store, corrupt};
use crate::args;
use campanile_core::account::Account;
use campanile_core::campaign::{Body, Campaign};
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::stats::{Counts, Measure};
use campanile_core::time::Timestamp;
use std::collections::BTreeMap;

/// What is counted of a round.
const COUNTED: [Measure; 7] = [
    Measure::Audience,
    Measure::Sent,
    Measure::Failed,
    Measure::Gone,
    Measure::Unsent,
    Measure::Capped,
    Measure::Held,
];

/// A round.
#[derive(Debug, Clone)]
pub struct RoundRow {
    /// Its moment.
    pub at: Timestamp,
    /// Whether it was left out, because it was too late for it.
    pub missed: bool,
    /// What was counted of it.
    pub counts: Counts,
}

impl Store {
    /// Begins a round; one that is missed is noted and nothing more.
    pub fn insert_round(
        &self,
        batch: &mut Batch,
        (account, campaign): (&AccountId, CampaignId),
        at: Timestamp,
        missed: bool,
        now: Timestamp,
    ) {
        let sql = "-- insert_round\nINSERT INTO runs (account, campaign, run, chunks, after, complete, started_at, missed) \
                   VALUES ($1, $2, $3, 0, $4, $5, $6, $5) ON CONFLICT (account, campaign, run) DO NOTHING";
        batch.run(
            sql,
            args![
                account.as_str(),
                campaign.0,
                at.ms(),
                Vec::<u8>::new(),
                missed,
                now.ms()
            ],
        );
        let sql = "-- insert_run_count\nINSERT INTO run_counts (account, campaign, run, measure, n) VALUES ($1, $2, $3, $4, 0) \
                   ON CONFLICT (account, campaign, run, measure) DO NOTHING";
        for measure in COUNTED {
            batch.run(
                sql,
                args![account.as_str(), campaign.0, at.ms(), measure.as_str()],
            );
        }
    }

    /// Adds to what is counted of a round; of another run nothing is.
    pub fn count_round(&self, batch: &mut Batch, at: Chunk<'_>, measure: Measure, n: u64) {
        let sql = "-- count_round\nUPDATE run_counts SET n = n + $5 WHERE account = $1 AND campaign = $2 AND run = $3 AND measure = $4";
        batch.run(
            sql,
            args![
                at.account.as_str(),
                at.campaign.0,
                at.run,
                measure.as_str(),
                n as i64
            ],
        );
    }

    /// The last round of a push is under way: from here on it goes like one that is sent once. One that is left out ends it.
    pub fn begin_last_round(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        id: CampaignId,
        missed: bool,
        now: Timestamp,
    ) {
        let sql = if missed {
            // A round before it that is not through ends it instead.
            "-- end_rounds\nUPDATE campaigns SET changed_at = $3, \
             status = CASE WHEN EXISTS (SELECT 1 FROM runs r WHERE r.account = $1 AND r.campaign = $2 AND r.started_at >= COALESCE(campaigns.started_at, 0) \
             AND (r.complete = 0 OR EXISTS (SELECT 1 FROM sends s WHERE s.account = $1 AND s.campaign = $2 AND s.run = r.run AND s.state = 'waiting'))) \
             THEN 'sending' ELSE 'sent' END, \
             ended_at = CASE WHEN EXISTS (SELECT 1 FROM runs r WHERE r.account = $1 AND r.campaign = $2 AND r.started_at >= COALESCE(campaigns.started_at, 0) \
             AND (r.complete = 0 OR EXISTS (SELECT 1 FROM sends s WHERE s.account = $1 AND s.campaign = $2 AND s.run = r.run AND s.state = 'waiting'))) \
             THEN ended_at ELSE $3 END \
             WHERE account = $1 AND id = $2 AND status = 'running'"
        } else {
            "-- begin_last_round\nUPDATE campaigns SET status = 'sending', changed_at = $3 WHERE account = $1 AND id = $2 AND status = 'running'"
        };
        batch.expect(sql, args![account.as_str(), id.0, now.ms()], 1);
    }

    /// The latest rounds of a push, newest first.
    pub async fn rounds(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        limit: u32,
    ) -> Result<Vec<RoundRow>, DbError> {
        let sql = "-- rounds\nSELECT r.run, r.missed, c.measure, c.n FROM \
                   (SELECT run, missed FROM runs WHERE account = $1 AND campaign = $2 ORDER BY run DESC LIMIT $3) r \
                   JOIN run_counts c ON c.account = $1 AND c.campaign = $2 AND c.run = r.run";
        let rows = self
            .db
            .query(sql, args![account.as_str(), campaign.0, i64::from(limit)])
            .await?;
        let mut found: BTreeMap<i64, RoundRow> = BTreeMap::new();
        for row in &rows {
            let (run, missed) = (row.int(0)?, row.int(1)? != 0);
            let measure = Measure::parse(row.text(2)?).ok_or_else(|| corrupt("run_counts.measure"))?;
            found
                .entry(run)
                .or_insert(RoundRow {
                    at: Timestamp(run),
                    missed,
                    counts: Counts::default(),
                })
                .counts
                .add(measure, row.int(3)? as u64);
        }
        Ok(found.into_values().rev().collect())
    }

    /// When the next round of a push is, by the rounds that it had since it was started; none where it had its last, or does not come again.
    pub async fn next_round(
        &self,
        account: &Account,
        campaign: &Campaign,
    ) -> Result<Option<Timestamp>, DbError> {
        let (Body::Push(plan), Some(since)) = (&campaign.definition.body, campaign.started_at) else {
            return Ok(None);
        };
        if plan.send.repeat.is_none() {
            return Ok(None);
        }
        let last = self.rounds(&account.id, campaign.id, 1).await?;
        let last = last.first().map(|round| round.at).filter(|at| *at >= since);
        let before = self.rounds_since(&account.id, campaign.id, since).await?;
        Ok(plan
            .send
            .round_after(last.unwrap_or(since), before, &account.zone))
    }

    /// How many rounds a push had from a moment on.
    async fn rounds_since(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        since: Timestamp,
    ) -> Result<u32, DbError> {
        let sql =
            "-- rounds_since\nSELECT COUNT(*) FROM runs WHERE account = $1 AND campaign = $2 AND run >= $3";
        let rows = self
            .db
            .query(sql, args![account.as_str(), campaign.0, since.ms()])
            .await?;
        rows.first().map_or(Ok(0), |row| {
            u32::try_from(row.int(0)?).map_err(|_| corrupt("a count"))
        })
    }
}
