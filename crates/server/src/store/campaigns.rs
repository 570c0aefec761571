//! Campaigns and what was counted of them.
//!
//! Left out: who may change what when (`launch`). Invariant: a definition that comes back parses, or the row is called corrupt.

use super::db::{Batch, DbError, Row};
use super::{Store, corrupt};
use crate::args;
use campanile_core::campaign::{Campaign, Definition, Status};
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::stats::{Counts, Measure};
use campanile_core::time::{Day, Timestamp};
use std::collections::BTreeMap;

/// The campaign in a row of its columns from `id` to `ended_at`.
pub(super) fn campaign(row: &Row) -> Result<Campaign, DbError> {
    let definition =
        serde_json::from_str(row.text(2)?).map_err(|_| corrupt("campaigns.definition is not JSON"))?;
    Ok(Campaign {
        id: CampaignId(row.int(0)?),
        status: Status::parse(row.text(1)?).ok_or_else(|| corrupt("campaigns.status"))?,
        definition: Definition::parse(definition)
            .map_err(|fault| corrupt(&format!("campaigns.definition: {fault}")))?,
        created_at: Timestamp(row.int(3)?),
        changed_at: Timestamp(row.int(4)?),
        started_at: row.opt_int(5)?.map(Timestamp),
        ended_at: row.opt_int(6)?.map(Timestamp),
        revision: row.int(7)? as u32,
        draft: row
            .opt_text(8)?
            .map(|text| {
                let value = serde_json::from_str(text).map_err(|_| corrupt("campaigns.draft is not JSON"))?;
                Definition::parse(value).map_err(|fault| corrupt(&format!("campaigns.draft: {fault}")))
            })
            .transpose()?,
        archived_at: row.opt_int(9)?.map(Timestamp),
    })
}

impl Store {
    /// Every campaign of an account, newest first.
    pub async fn campaigns(&self, account: &AccountId) -> Result<Vec<Campaign>, DbError> {
        let sql = "-- campaigns\nSELECT id, status, definition, created_at, changed_at, started_at, ended_at, revision, draft, archived_at FROM campaigns \
                   WHERE account = $1 ORDER BY id DESC";
        self.db
            .query(sql, args![account.as_str()])
            .await?
            .iter()
            .map(campaign)
            .collect()
    }

    /// The pop-ups of an account that were started, newest first: what deciding reads, and what goals are still counted of.
    pub async fn started_popups(&self, account: &AccountId) -> Result<Vec<Campaign>, DbError> {
        let sql = "-- started_popups\nSELECT id, status, definition, created_at, changed_at, started_at, ended_at, revision, draft, archived_at FROM campaigns \
                   WHERE account = $1 AND kind = 'popup' AND status <> 'draft' ORDER BY id DESC";
        self.db
            .query(sql, args![account.as_str()])
            .await?
            .iter()
            .map(campaign)
            .collect()
    }

    /// Pushes that run: those that follow an event.
    pub async fn running_pushes(&self, account: &AccountId) -> Result<Vec<Campaign>, DbError> {
        let sql = "-- running_pushes\nSELECT id, status, definition, created_at, changed_at, started_at, ended_at, revision, draft, archived_at FROM campaigns \
                   WHERE account = $1 AND kind = 'push' AND status = 'running' ORDER BY id";
        self.db
            .query(sql, args![account.as_str()])
            .await?
            .iter()
            .map(campaign)
            .collect()
    }

    /// Pushes with a goal that were started.
    pub async fn pushes_with_goals(&self, account: &AccountId) -> Result<Vec<Campaign>, DbError> {
        let sql = "-- pushes_with_goals\nSELECT id, status, definition, created_at, changed_at, started_at, ended_at, revision, draft, archived_at FROM campaigns \
                   WHERE account = $1 AND kind = 'push' AND status <> 'draft' AND definition LIKE $2 ORDER BY id";
        // As the definition is written; a text that looks like it is sorted out by whoever reads the goal.
        let with_goal = "%\"goal\":{%";
        self.db
            .query(sql, args![account.as_str(), with_goal])
            .await?
            .iter()
            .map(campaign)
            .collect()
    }

    /// One campaign.
    pub async fn campaign(&self, account: &AccountId, id: CampaignId) -> Result<Option<Campaign>, DbError> {
        let sql = "-- campaign\nSELECT id, status, definition, created_at, changed_at, started_at, ended_at, revision, draft, archived_at FROM campaigns \
                   WHERE account = $1 AND id = $2";
        self.db
            .query(sql, args![account.as_str(), id.0])
            .await?
            .first()
            .map(campaign)
            .transpose()
    }

    /// Adds a campaign; the batch rolls back when its number is taken.
    pub fn insert_campaign(&self, batch: &mut Batch, account: &AccountId, campaign: &Campaign) {
        let sql = "-- insert_campaign\nINSERT INTO campaigns (account, id, kind, status, definition, created_at, changed_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, id) DO NOTHING";
        batch.expect(
            sql,
            args![
                account.as_str(),
                campaign.id.0,
                campaign.definition.kind().as_str(),
                campaign.status.as_str(),
                campaign.definition.to_json().to_string(),
                campaign.created_at.ms(),
                campaign.changed_at.ms()
            ],
            1,
        );
    }

    /// Writes a campaign back; the batch rolls back when status or moment of the last change are not those that were read any more.
    pub fn update_campaign(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        campaign: &Campaign,
        (before, read_at): (Status, Timestamp),
    ) {
        let sql = "-- update_campaign\nUPDATE campaigns SET status = $3, definition = $4, changed_at = $5, started_at = $6, ended_at = $7, \
                   revision = $10, draft = $11, archived_at = $12 \
                   WHERE account = $1 AND id = $2 AND status = $8 AND changed_at = $9";
        batch.expect(
            sql,
            args![
                account.as_str(),
                campaign.id.0,
                campaign.status.as_str(),
                campaign.definition.to_json().to_string(),
                campaign.changed_at.ms(),
                campaign.started_at.map(Timestamp::ms),
                campaign.ended_at.map(Timestamp::ms),
                before.as_str(),
                read_at.ms(),
                i64::from(campaign.revision),
                campaign.draft.as_ref().map(|draft| draft.to_json().to_string()),
                campaign.archived_at.map(Timestamp::ms)
            ],
            1,
        );
    }

    /// Keeps the definition that is in force from now on under its revision.
    pub fn insert_revision(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        campaign: &Campaign,
        now: Timestamp,
    ) {
        let sql = "-- insert_revision\nINSERT INTO campaign_revisions (account, campaign, revision, definition, since) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (account, campaign, revision) DO UPDATE SET definition = excluded.definition";
        batch.run(
            sql,
            args![
                account.as_str(),
                campaign.id.0,
                i64::from(campaign.revision),
                campaign.definition.to_json().to_string(),
                now.ms()
            ],
        );
    }

    /// The revisions of a campaign with the moment from which each was in force, oldest first.
    pub async fn revisions_of(
        &self,
        account: &AccountId,
        campaign: CampaignId,
    ) -> Result<Vec<(u32, Timestamp)>, DbError> {
        let sql = "-- revisions_of\nSELECT revision, since FROM campaign_revisions WHERE account = $1 AND campaign = $2 ORDER BY revision";
        self.db
            .query(sql, args![account.as_str(), campaign.0])
            .await?
            .iter()
            .map(|row| Ok((row.int(0)? as u32, Timestamp(row.int(1)?))))
            .collect()
    }

    /// Where a campaign stands.
    pub async fn campaign_status(
        &self,
        account: &AccountId,
        id: CampaignId,
    ) -> Result<Option<Status>, DbError> {
        let sql = "-- campaign_status\nSELECT status FROM campaigns WHERE account = $1 AND id = $2";
        let rows = self.db.query(sql, args![account.as_str(), id.0]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(
            Status::parse(row.text(0)?).ok_or_else(|| corrupt("campaigns.status"))?,
        ))
    }

    /// The moment of a push has come; the batch rolls back when it was taken back meanwhile.
    pub fn begin_push(&self, batch: &mut Batch, account: &AccountId, id: CampaignId, now: Timestamp) {
        let sql = "-- begin_push\nUPDATE campaigns SET status = 'sending', changed_at = $3 \
                   WHERE account = $1 AND id = $2 AND status = 'scheduled'";
        batch.expect(sql, args![account.as_str(), id.0, now.ms()], 1);
    }

    /// Marks a push as through, unless it was stopped meanwhile or another run of it, since it was started, is not;
    /// then the rest of the section is skipped.
    pub fn finish_push(&self, batch: &mut Batch, account: &AccountId, id: CampaignId, now: Timestamp) {
        let sql = "-- finish_push\nUPDATE campaigns SET status = 'sent', ended_at = $3, changed_at = $3 \
                   WHERE account = $1 AND id = $2 AND status = 'sending' AND NOT EXISTS (SELECT 1 FROM runs r \
                   WHERE r.account = $1 AND r.campaign = $2 AND r.started_at >= COALESCE(campaigns.started_at, 0) AND (r.complete = 0 OR EXISTS \
                   (SELECT 1 FROM sends s WHERE s.account = $1 AND s.campaign = $2 AND s.run = r.run AND s.state = 'waiting')))";
        batch.stop_unless(sql, args![account.as_str(), id.0, now.ms()]);
    }

    /// Removes a campaign with its counts and sends; events stay in people's histories.
    pub fn delete_campaign(&self, batch: &mut Batch, account: &AccountId, id: CampaignId) {
        let sql = "-- delete_campaign\nDELETE FROM campaigns WHERE account = $1 AND id = $2 AND status IN ('draft', 'sent', 'stopped')";
        batch.expect(sql, args![account.as_str(), id.0], 1);
        batch.run(
            "-- delete_counts\nDELETE FROM campaign_counts WHERE account = $1 AND campaign = $2",
            args![account.as_str(), id.0],
        );
        for sql in [
            "-- delete_variant_counts\nDELETE FROM variant_counts WHERE account = $1 AND campaign = $2",
            "-- delete_exposures\nDELETE FROM exposures WHERE account = $1 AND campaign = $2",
            "-- delete_answers\nDELETE FROM answers WHERE account = $1 AND campaign = $2",
            "-- delete_run_counts\nDELETE FROM run_counts WHERE account = $1 AND campaign = $2",
            "-- delete_send_tries\nDELETE FROM send_tries WHERE account = $1 AND campaign = $2",
            "-- delete_revisions\nDELETE FROM campaign_revisions WHERE account = $1 AND campaign = $2",
        ] {
            batch.run(sql, args![account.as_str(), id.0]);
        }
        self.end_alarms(batch, account, id);
        batch.run(
            "-- delete_sends\nDELETE FROM sends WHERE account = $1 AND campaign = $2",
            args![account.as_str(), id.0],
        );
        batch.run(
            "-- delete_runs\nDELETE FROM runs WHERE account = $1 AND campaign = $2",
            args![account.as_str(), id.0],
        );
        batch.run(
            "-- delete_push_steps\nDELETE FROM push_steps WHERE account = $1 AND campaign = $2",
            args![account.as_str(), id.0],
        );
        batch.run(
            "-- delete_parked_pieces\nDELETE FROM parked_pieces WHERE account = $1 AND campaign = $2",
            args![account.as_str(), id.0],
        );
    }

    /// Adds to what is counted of a campaign on a day.
    pub fn count(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        campaign: CampaignId,
        day: Day,
        measure: Measure,
        n: u64,
    ) {
        let sql = "-- count\nINSERT INTO campaign_counts (account, campaign, day, measure, n) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (account, campaign, day, measure) DO UPDATE SET n = campaign_counts.n + excluded.n";
        batch.run(
            sql,
            args![
                account.as_str(),
                campaign.0,
                i64::from(day.0),
                measure.as_str(),
                n as i64
            ],
        );
    }

    /// Adds to what is counted of a variant of a revision.
    pub fn count_variant(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        (campaign, revision, variant): (CampaignId, u32, &str),
        measure: Measure,
        n: u64,
    ) {
        let sql = "-- count_variant\nINSERT INTO variant_counts (account, campaign, revision, variant, measure, n) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (account, campaign, revision, variant, measure) DO UPDATE SET n = variant_counts.n + excluded.n";
        batch.run(
            sql,
            args![
                account.as_str(),
                campaign.0,
                i64::from(revision),
                variant,
                measure.as_str(),
                n as i64
            ],
        );
    }

    /// What was counted of a campaign by revision and variant.
    pub async fn variants(
        &self,
        account: &AccountId,
        campaign: CampaignId,
    ) -> Result<BTreeMap<(u32, String), Counts>, DbError> {
        let sql = "-- variants\nSELECT revision, variant, measure, n FROM variant_counts WHERE account = $1 AND campaign = $2";
        let mut found: BTreeMap<(u32, String), Counts> = BTreeMap::new();
        for row in &self.db.query(sql, args![account.as_str(), campaign.0]).await? {
            let measure = Measure::parse(row.text(2)?).ok_or_else(|| corrupt("variant_counts.measure"))?;
            found
                .entry((row.int(0)? as u32, row.text(1)?.to_owned()))
                .or_default()
                .add(measure, row.int(3)? as u64);
        }
        Ok(found)
    }

    /// The totals of every campaign of an account.
    pub async fn totals(&self, account: &AccountId) -> Result<BTreeMap<CampaignId, Counts>, DbError> {
        let sql = "-- totals\nSELECT campaign, measure, CAST(SUM(n) AS BIGINT) FROM campaign_counts WHERE account = $1 GROUP BY campaign, measure";
        let mut totals: BTreeMap<CampaignId, Counts> = BTreeMap::new();
        for row in &self.db.query(sql, args![account.as_str()]).await? {
            let measure = Measure::parse(row.text(1)?).ok_or_else(|| corrupt("campaign_counts.measure"))?;
            totals
                .entry(CampaignId(row.int(0)?))
                .or_default()
                .add(measure, row.int(2)? as u64);
        }
        Ok(totals)
    }

    /// What was counted of one campaign, day by day, oldest first.
    pub async fn days(
        &self,
        account: &AccountId,
        campaign: CampaignId,
    ) -> Result<BTreeMap<Day, Counts>, DbError> {
        let sql = "-- days\nSELECT day, measure, n FROM campaign_counts WHERE account = $1 AND campaign = $2";
        let mut days: BTreeMap<Day, Counts> = BTreeMap::new();
        for row in &self.db.query(sql, args![account.as_str(), campaign.0]).await? {
            let measure = Measure::parse(row.text(1)?).ok_or_else(|| corrupt("campaign_counts.measure"))?;
            days.entry(Day(row.int(0)? as u32))
                .or_default()
                .add(measure, row.int(2)? as u64);
        }
        Ok(days)
    }

    /// What was counted of each campaign of an account, day by day, from `since` on.
    pub async fn recent_days(
        &self,
        account: &AccountId,
        since: Day,
    ) -> Result<BTreeMap<CampaignId, BTreeMap<Day, Counts>>, DbError> {
        let sql = "-- recent_days\nSELECT campaign, day, measure, n FROM campaign_counts WHERE account = $1 AND day >= $2";
        let mut recent: BTreeMap<CampaignId, BTreeMap<Day, Counts>> = BTreeMap::new();
        let rows = self
            .db
            .query(sql, args![account.as_str(), i64::from(since.0)])
            .await?;
        for row in &rows {
            let measure = Measure::parse(row.text(2)?).ok_or_else(|| corrupt("campaign_counts.measure"))?;
            let days = recent.entry(CampaignId(row.int(0)?)).or_default();
            days.entry(Day(row.int(1)? as u32))
                .or_default()
                .add(measure, row.int(3)? as u64);
        }
        Ok(recent)
    }
}
