//! What the owner of a push is told once: how often it was met, since when, whether it was told and dismissed.
//!
//! Left out: what is one, and from how many on (`campanile-core`'s `alarm`). Invariant: one row for each campaign and kind, written in the batch
//! that settles the messages it is about; whoever makes `told_at` tells it, so no other process and no later one tells the same.

use super::db::{Batch, DbError, Row};
use super::sends::Chunk;
use super::{Store, corrupt};
use crate::args;
use campanile_core::alarm::{Alarm, KEPT_MS, OVER_AFTER_MS, SHARE};
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::time::{Day, Timestamp};

/// One thing to tell of one campaign.
#[derive(Debug, Clone)]
pub struct AlarmRow {
    /// Of which campaign.
    pub campaign: CampaignId,
    /// What.
    pub alarm: Alarm,
    /// The push service that was the first to say so.
    pub host: String,
    /// Its words, or ours.
    pub reason: String,
    /// Messages.
    pub n: u64,
    /// When it was first met.
    pub since: Timestamp,
    /// When it was last met.
    pub last_at: Timestamp,
    /// When somebody put it away.
    pub dismissed_at: Option<Timestamp>,
}

/// What a piece of work met.
#[derive(Debug, Clone)]
pub struct Met<'a> {
    /// What.
    pub alarm: Alarm,
    /// The push service of the first of them.
    pub host: String,
    /// Its words, or ours.
    pub reason: &'a str,
    /// How many messages.
    pub n: u64,
}

fn alarm(row: &Row) -> Result<AlarmRow, DbError> {
    Ok(AlarmRow {
        campaign: CampaignId(row.int(0)?),
        alarm: Alarm::parse(row.text(1)?).ok_or_else(|| corrupt("push_alarms.kind"))?,
        host: row.text(2)?.to_owned(),
        reason: row.text(3)?.to_owned(),
        n: row.int(4)? as u64,
        since: Timestamp(row.int(5)?),
        last_at: Timestamp(row.int(6)?),
        dismissed_at: row.opt_int(7)?.map(Timestamp),
    })
}

impl Store {
    /// Adds to what was met of a campaign, and tells it when that is enough. In a section of its own, after what was counted; gives back the
    /// index of the guard that stops where it was told before, or is not to be told yet.
    pub fn note_alarm(
        &self,
        batch: &mut Batch,
        at: Chunk<'_>,
        met: &Met<'_>,
        (now, day): (Timestamp, Day),
    ) -> usize {
        let sql = "-- note_alarm\nINSERT INTO push_alarms (account, campaign, kind, host, reason, n, since, since_day, last_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7) ON CONFLICT (account, campaign, kind) DO UPDATE SET \
                   host = CASE WHEN push_alarms.last_at < $9 THEN excluded.host ELSE push_alarms.host END, \
                   reason = CASE WHEN push_alarms.last_at < $9 THEN excluded.reason ELSE push_alarms.reason END, \
                   n = CASE WHEN push_alarms.last_at < $9 THEN excluded.n ELSE push_alarms.n + excluded.n END, \
                   since = CASE WHEN push_alarms.last_at < $9 THEN excluded.since ELSE push_alarms.since END, \
                   since_day = CASE WHEN push_alarms.last_at < $9 THEN excluded.since_day ELSE push_alarms.since_day END, \
                   told_at = CASE WHEN push_alarms.last_at < $9 THEN NULL ELSE push_alarms.told_at END, \
                   dismissed_at = CASE WHEN push_alarms.last_at < $9 THEN NULL ELSE push_alarms.dismissed_at END, \
                   last_at = excluded.last_at";
        batch.section();
        batch.run(
            sql,
            args![
                at.account.as_str(),
                at.campaign.0,
                met.alarm.as_str(),
                met.host.as_str(),
                met.reason,
                met.n as i64,
                now.ms(),
                i64::from(day.0),
                now.plus_ms(-OVER_AFTER_MS).ms()
            ],
        );
        let sql = "-- tell_alarm\nUPDATE push_alarms SET told_at = $4 WHERE account = $1 AND campaign = $2 AND kind = $3 AND told_at IS NULL \
                   AND n >= $5 AND (n >= $6 OR n * $7 >= (SELECT COALESCE(SUM(c.n), 0) FROM campaign_counts c \
                   WHERE c.account = $1 AND c.campaign = $2 AND c.day >= push_alarms.since_day AND c.measure IN ('sent', 'failed', 'gone')))";
        let enough = met.alarm.enough();
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        batch.stop_unless(
            sql,
            args![
                at.account.as_str(),
                at.campaign.0,
                met.alarm.as_str(),
                now.ms(),
                number(enough.least),
                number(enough.many),
                number(SHARE)
            ],
        )
    }

    /// What there is to tell of an account's campaigns, the latest first; of one of them as asked.
    pub async fn alarms(
        &self,
        account: &AccountId,
        campaign: Option<CampaignId>,
        limit: u32,
    ) -> Result<Vec<AlarmRow>, DbError> {
        let sql = "-- alarms\nSELECT campaign, kind, host, reason, n, since, last_at, dismissed_at FROM push_alarms \
                   WHERE account = $1 AND ($2 < 0 OR campaign = $2) AND told_at IS NOT NULL \
                   ORDER BY CASE WHEN dismissed_at IS NULL THEN 0 ELSE 1 END, told_at DESC, campaign DESC, kind LIMIT $3";
        let of = campaign.map_or(-1, |campaign| campaign.0);
        let rows = self
            .db
            .query(sql, args![account.as_str(), of, i64::from(limit)])
            .await?;
        rows.iter().map(alarm).collect()
    }

    /// Puts one away; gives back whether there is such a one.
    pub async fn dismiss_alarm(
        &self,
        account: &AccountId,
        (campaign, alarm): (CampaignId, Alarm),
        now: Timestamp,
    ) -> Result<bool, DbError> {
        let sql = "-- dismiss_alarm\nUPDATE push_alarms SET dismissed_at = COALESCE(dismissed_at, $4) \
                   WHERE account = $1 AND campaign = $2 AND kind = $3 AND told_at IS NOT NULL";
        let mut batch = Batch::new("dismiss_alarm");
        batch.expect(
            sql,
            args![account.as_str(), campaign.0, alarm.as_str(), now.ms()],
            1,
        );
        Ok(!self.db.write(batch).await?.is_conflict())
    }

    /// A campaign begins anew, or is deleted: what was told of it is over.
    pub fn end_alarms(&self, batch: &mut Batch, account: &AccountId, campaign: CampaignId) {
        let sql = "-- end_alarms\nDELETE FROM push_alarms WHERE account = $1 AND campaign = $2";
        batch.run(sql, args![account.as_str(), campaign.0]);
    }

    /// One kind is mended for all.
    pub async fn alarm_is_mended(&self, alarm: Alarm) -> Result<(), DbError> {
        let sql = "-- alarm_is_mended\nDELETE FROM push_alarms WHERE kind = $1";
        let mut batch = Batch::new("alarm_is_mended");
        batch.run(sql, args![alarm.as_str()]);
        self.db.write(batch).await?;
        Ok(())
    }

    /// Forgets what was not met for long.
    pub async fn sweep_alarms(&self, account: &AccountId, now: Timestamp) -> Result<(), DbError> {
        let sql = "-- sweep_alarms\nDELETE FROM push_alarms WHERE account = $1 AND (campaign, kind) IN \
                   (SELECT campaign, kind FROM push_alarms WHERE account = $1 AND last_at < $2 LIMIT $3)";
        let before = now.plus_ms(-KEPT_MS);
        self.sweep("sweep_alarms", sql, args![account.as_str(), before.ms()])
            .await
    }
}
