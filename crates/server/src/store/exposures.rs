//! Variants of a push: whom a variant was made for, the test of a run, and its winner.
//!
//! Left out: drawing and choosing (`campanile-core`'s `experiment` and `winner`). Invariant: a person is exposed to a campaign once, under one
//! variant, and converts once; a run has one winner, and who decided it reads the run as it was.

use super::db::{Batch, DbError, Row};
use super::sends::{Chunk, RunRow};
use super::{Store, corrupt};
use crate::args;
use campanile_core::experiment::CONTROL;
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::push_plan::PushPlan;
use campanile_core::stats::Measure;
use campanile_core::time::{Day, Timestamp};
use campanile_core::winner::TEST_RUN;
use std::collections::HashMap;

/// Under what a message is counted: the test or what follows it, and the name of the variant.
pub type Part = (u32, String);

/// The test of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestRow {
    /// When it is decided; none while it is still going out.
    pub ends: Option<Timestamp>,
    /// The variant that has won.
    pub winner: Option<String>,
    /// When that was decided.
    pub decided_at: Option<Timestamp>,
    /// By what: `click`, `goal` or `hand`.
    pub decided_by: Option<String>,
    /// The first piece that is not of the test.
    pub rest_from: Option<i64>,
}

impl TestRow {
    /// Whether the test of a push that is sent once is out and its winner not known yet.
    pub fn awaits_winner(&self, plan: &PushPlan) -> bool {
        plan.winner.is_some() && plan.is_sent_once() && self.ends.is_some() && self.winner.is_none()
    }
}

/// What is known of a live subscription when a page is parted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// It has its message of this run.
    pub taken: bool,
    /// What its person counts under.
    pub part: Option<Part>,
}

/// A person who was exposed to a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExposureRow {
    /// What they count under.
    pub part: Part,
    /// From when the goal counts: from their message's sending; none while it waits.
    pub counts_from: Option<Timestamp>,
    /// When they reached the goal.
    pub converted_at: Option<Timestamp>,
}

/// The test in a row whose columns from `at` on are those of one.
pub(super) fn test(row: &Row, at: usize) -> Result<TestRow, DbError> {
    Ok(TestRow {
        ends: row.opt_int(at)?.map(Timestamp),
        winner: row.opt_text(at + 1)?.map(str::to_owned),
        decided_at: row.opt_int(at + 2)?.map(Timestamp),
        decided_by: row.opt_text(at + 3)?.map(str::to_owned),
        rest_from: row.opt_int(at + 4)?,
    })
}

impl Store {
    /// What is known of the live subscriptions after one and up to another, for a run.
    pub async fn standings(
        &self,
        at: Chunk<'_>,
        (after, to): (Vec<u8>, Vec<u8>),
    ) -> Result<HashMap<Id, Standing>, DbError> {
        let sql = "-- standings\nSELECT t.id, s.id, e.revision, e.variant FROM subscriptions t \
                   LEFT JOIN sends s ON s.account = t.account AND s.campaign = $4 AND s.run = $5 AND s.subscription = t.id \
                   LEFT JOIN exposures e ON e.account = t.account AND e.ordinal = t.ordinal AND e.campaign = $4 \
                   WHERE t.account = $1 AND t.id > $2 AND t.id <= $3 AND t.state = 'live'";
        let args = args![at.account.as_str(), after, to, at.campaign.0, at.run];
        let mut found = HashMap::new();
        for row in &self.db.query(sql, args).await? {
            let id = Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("subscriptions.id"))?;
            let part = row.opt_int(2)?.zip(row.opt_text(3)?);
            let standing = Standing {
                taken: row.opt_bytes(1)?.is_some(),
                part: part.map(|(revision, variant)| (revision as u32, variant.to_owned())),
            };
            found.insert(id, standing);
        }
        Ok(found)
    }

    /// The pushes that a person was exposed to.
    pub async fn exposures(
        &self,
        account: &AccountId,
        person: Ordinal,
    ) -> Result<HashMap<CampaignId, ExposureRow>, DbError> {
        let sql = "-- exposures\nSELECT campaign, revision, variant, counts_from, converted_at FROM exposures WHERE account = $1 AND ordinal = $2";
        let rows = self
            .db
            .query(sql, args![account.as_str(), i64::from(person.0)])
            .await?;
        rows.iter()
            .map(|row| {
                let exposure = ExposureRow {
                    part: (row.int(1)? as u32, row.text(2)?.to_owned()),
                    counts_from: row.opt_int(3)?.map(Timestamp),
                    converted_at: row.opt_int(4)?.map(Timestamp),
                };
                Ok((CampaignId(row.int(0)?), exposure))
            })
            .collect()
    }

    /// Exposes a person to a campaign; the batch rolls back when they were already. For the control group the goal counts at once: no message
    /// says from when.
    pub fn expose(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        campaign: CampaignId,
        (person, part): (Ordinal, &Part),
        now: Timestamp,
    ) {
        let sql = "-- expose\nINSERT INTO exposures (account, ordinal, campaign, variant, revision, at, counts_from) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) \
                   ON CONFLICT (account, ordinal, campaign) DO NOTHING";
        batch.expect(
            sql,
            args![
                account.as_str(),
                i64::from(person.0),
                campaign.0,
                part.1.as_str(),
                i64::from(part.0),
                now.ms(),
                (part.1 == CONTROL).then_some(now.ms())
            ],
            1,
        );
    }

    /// Says from when a person's goal counts, or that their message waits after all. The first message that says so says it for good.
    pub fn goal_counts_from(
        &self,
        batch: &mut Batch,
        at: Chunk<'_>,
        (person, send): (Ordinal, Id),
        from: Option<Timestamp>,
    ) {
        let sql = "-- goal_counts_from\nUPDATE exposures SET counts_from = $5, first_send = $4 \
                   WHERE account = $1 AND ordinal = $2 AND campaign = $3 AND (counts_from IS NULL OR first_send = $4)";
        batch.run(
            sql,
            args![
                at.account.as_str(),
                i64::from(person.0),
                at.campaign.0,
                send.bytes(),
                from.map(Timestamp::ms)
            ],
        );
    }

    /// Notes that a person reached the goal; the batch rolls back when that was noted already.
    pub fn convert(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        campaign: CampaignId,
        person: Ordinal,
        at: Timestamp,
    ) {
        let sql = "-- convert\nUPDATE exposures SET converted_at = $4 \
                   WHERE account = $1 AND ordinal = $2 AND campaign = $3 AND converted_at IS NULL";
        batch.expect(
            sql,
            args![account.as_str(), i64::from(person.0), campaign.0, at.ms()],
            1,
        );
    }

    /// Gives the exposures of a person to another, who keeps their own where both were exposed.
    pub fn merge_exposures(&self, batch: &mut Batch, account: &AccountId, from: Ordinal, into: Ordinal) {
        let sql = "-- merge_exposures\nUPDATE exposures SET ordinal = $3 WHERE account = $1 AND ordinal = $2 AND campaign NOT IN \
                   (SELECT campaign FROM exposures WHERE account = $1 AND ordinal = $3)";
        batch.run(sql, args![account.as_str(), i64::from(from.0), i64::from(into.0)]);
    }

    /// Adds to what is counted of a push on a day, of its round, and of the part that it belongs to.
    pub fn count_push(
        &self,
        batch: &mut Batch,
        (at, part): (Chunk<'_>, Option<&Part>),
        day: Day,
        measure: Measure,
        n: u64,
    ) {
        self.count(batch, at.account, at.campaign, day, measure, n);
        self.count_round(batch, at, measure, n);
        if let Some((revision, variant)) = part {
            self.count_variant(batch, at.account, (at.campaign, *revision, variant), measure, n);
        }
    }

    /// The run that a campaign's test belongs to, if it was started: of a push that follows an event the one that stands before all others.
    pub async fn test_run(
        &self,
        account: &AccountId,
        campaign: CampaignId,
    ) -> Result<Option<(i64, RunRow)>, DbError> {
        let sql = "-- test_run\nSELECT MIN(run) FROM runs WHERE account = $1 AND campaign = $2";
        let rows = self.db.query(sql, args![account.as_str(), campaign.0]).await?;
        let Some(run) = rows.first().map_or(Ok(None), |row| row.opt_int(0))? else {
            return Ok(None);
        };
        let found = self.run(account, campaign, run).await?;
        Ok(found.map(|row| (run, row)))
    }

    /// Says when a test is decided; the batch rolls back when the run is not as it was read, or the test is decided.
    pub fn end_test(&self, batch: &mut Batch, at: Chunk<'_>, ends: Timestamp) {
        let sql = "-- end_test\nUPDATE runs SET test_ends = $5 \
                   WHERE account = $1 AND campaign = $2 AND run = $3 AND chunks = $4 AND winner IS NULL";
        batch.expect(
            sql,
            args![at.account.as_str(), at.campaign.0, at.run, at.chunk, ends.ms()],
            1,
        );
    }

    /// Begins the test of a push that has no single sending, or begins it anew.
    pub fn begin_test(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        campaign: CampaignId,
        (now, ends): (Timestamp, Timestamp),
    ) {
        let sql = "-- begin_test\nINSERT INTO runs (account, campaign, run, chunks, after, complete, started_at, test_ends) VALUES ($1, $2, $3, 0, $4, 1, $5, $6) \
                   ON CONFLICT (account, campaign, run) DO UPDATE SET started_at = $5, test_ends = $6, winner = NULL, decided_at = NULL, decided_by = NULL";
        batch.run(
            sql,
            args![
                account.as_str(),
                campaign.0,
                TEST_RUN,
                Vec::<u8>::new(),
                now.ms(),
                ends.ms()
            ],
        );
    }

    /// When the last of those messages of a run goes out that wait for the end of quiet hours.
    pub async fn last_put_off(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        run: i64,
    ) -> Result<Option<Timestamp>, DbError> {
        let sql = "-- last_put_off\nSELECT MAX(retry_at) FROM sends \
                   WHERE account = $1 AND campaign = $2 AND run = $3 AND chunk < 0 AND state = 'waiting'";
        let rows = self
            .db
            .query(sql, args![account.as_str(), campaign.0, run])
            .await?;
        let last = rows.first().map_or(Ok(None), |row| row.opt_int(0))?;
        Ok(last.map(Timestamp))
    }

    /// Decides a test, and lets the run begin at its first subscription again for all who have nothing yet. The decision is a piece of its own,
    /// so that a page that is being made meanwhile is not kept; the batch rolls back when the run is not as it was read.
    pub fn decide_winner(
        &self,
        batch: &mut Batch,
        at: Chunk<'_>,
        test: &TestRow,
        (winner, by): (&str, &str),
        now: Timestamp,
    ) {
        let sql = "-- decide_winner\nUPDATE runs SET winner = $5, decided_by = $6, decided_at = $7, rest_from = chunks + 1, after = $8, \
                   chunks = chunks + 1, through = through + 1 \
                   WHERE account = $1 AND campaign = $2 AND run = $3 AND chunks = $4 AND COALESCE(test_ends, 0) = $9 AND winner IS NULL";
        batch.expect(
            sql,
            args![
                at.account.as_str(),
                at.campaign.0,
                at.run,
                at.chunk,
                winner,
                by,
                now.ms(),
                Vec::<u8>::new(),
                test.ends.unwrap_or_default().ms()
            ],
            1,
        );
    }
}
