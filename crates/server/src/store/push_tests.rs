//! Tests of a push: what went to one browser so that its author sees it, and what the push service said.
//!
//! Left out: who gets one (`launch`) and sending (`delivery`). Invariant: a test is settled once, and no report counts it.

use super::db::{Batch, DbError, Row};
use super::sends::{WaitingSend, waiting};
use super::{Store, corrupt};
use crate::args;
use campanile_core::id::{AccountId, CampaignId, Id};
use campanile_core::time::Timestamp;

/// One test.
#[derive(Debug, Clone)]
pub struct PushTestRow {
    /// The message as delivery knows it.
    pub send: WaitingSend,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Name of the variant.
    pub variant: String,
    /// When it was asked for.
    pub made_at: Timestamp,
    /// `waiting`, `sent`, `failed` or `gone`.
    pub state: String,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub reason: String,
}

fn push_test(row: &Row) -> Result<PushTestRow, DbError> {
    Ok(PushTestRow {
        send: waiting(row)?,
        campaign: CampaignId(row.int(15)?),
        variant: row.text(13)?.to_owned(),
        made_at: Timestamp(row.int(16)?),
        state: row.text(17)?.to_owned(),
        status: row
            .opt_int(18)?
            .map(u16::try_from)
            .transpose()
            .map_err(|_| corrupt("push_tests.status"))?,
        reason: row.text(19)?.to_owned(),
    })
}

impl Store {
    /// Keeps a test that waits.
    pub fn insert_push_test(
        &self,
        batch: &mut Batch,
        (account, campaign, variant): (&AccountId, CampaignId, &str),
        (id, subscription): (Id, Id),
        now: Timestamp,
    ) {
        let sql = "-- insert_push_test\nINSERT INTO push_tests (account, id, campaign, variant, subscription, made_at, state, reason) \
                   VALUES ($1, $2, $3, $4, $5, $6, 'waiting', '') ON CONFLICT (account, id) DO NOTHING";
        batch.run(
            sql,
            args![
                account.as_str(),
                id.bytes(),
                campaign.0,
                variant,
                subscription.bytes(),
                now.ms()
            ],
        );
    }

    /// A test, with where it goes.
    pub async fn push_test(&self, account: &AccountId, id: Id) -> Result<Option<PushTestRow>, DbError> {
        let sql = "-- push_test\nSELECT s.id, s.subscription, 0, 0, t.state, t.endpoint, t.p256dh, t.auth, t.vapid_key, 0, t.ordinal, t.browser, \
                   1, s.variant, t.multiples, s.campaign, s.made_at, s.state, s.status, s.reason \
                   FROM push_tests s JOIN subscriptions t ON t.account = s.account AND t.id = s.subscription \
                   WHERE s.account = $1 AND s.id = $2";
        let rows = self.db.query(sql, args![account.as_str(), id.bytes()]).await?;
        rows.first().map(push_test).transpose()
    }

    /// Ends a test that waits.
    pub fn settle_push_test(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        id: Id,
        (state, status, reason): (&str, Option<u16>, &str),
    ) {
        let sql = "-- settle_push_test\nUPDATE push_tests SET state = $3, status = $4, reason = $5 \
                   WHERE account = $1 AND id = $2 AND state = 'waiting'";
        batch.run(
            sql,
            args![account.as_str(), id.bytes(), state, status.map(i64::from), reason],
        );
    }

    /// Forgets tests from before a moment.
    pub async fn sweep_push_tests(&self, account: &AccountId, before: Timestamp) -> Result<(), DbError> {
        let sql = "-- sweep_push_tests\nDELETE FROM push_tests WHERE account = $1 AND id IN \
                   (SELECT id FROM push_tests WHERE account = $1 AND made_at < $2 ORDER BY made_at LIMIT $3)";
        self.sweep("sweep_push_tests", sql, args![account.as_str(), before.ms()])
            .await
    }
}
