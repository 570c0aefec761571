//! The ledger of pushes: what was sent to whom, what the push service answered, and what became of it on the screen.
//!
//! Left out: writing it (`sends`). Invariant: read in the order of the table's key, so that a page costs the same in a campaign of a
//! million; the newest run first, in it the newest subscription.

use super::db::{DbError, Row};
use super::{Store, corrupt, tries};
use crate::args;
use campanile_core::cause::Cause;
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::subscription::Endpoint;
use campanile_core::time::Timestamp;

/// One message for one subscription.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// Its id, by which a browser reports.
    pub id: Id,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Of which run of it.
    pub run: i64,
    /// For which subscription.
    pub subscription: Id,
    /// Whose.
    pub ordinal: Ordinal,
    /// Browser family.
    pub browser: String,
    /// Operating system.
    pub system: String,
    /// Its push service.
    pub host: String,
    /// `waiting`, `sent`, `failed`, `gone`, `unsent`, `capped` or `held`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it may be tried again, while it waits.
    pub retry_at: Timestamp,
    /// Status of the last answer.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub reason: String,
    /// The same as a code, where that was said here.
    pub cause: Option<Cause>,
    /// When it reached its final state.
    pub settled_at: Option<Timestamp>,
    /// When it was shown.
    pub shown_at: Option<Timestamp>,
    /// When it was clicked.
    pub clicked_at: Option<Timestamp>,
    /// When it was dismissed.
    pub dismissed_at: Option<Timestamp>,
    /// Its variant, or `control`, where such are compared.
    pub variant: Option<String>,
}

/// Where a page of the ledger begins: after this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    run: i64,
    subscription: Id,
}

impl Place {
    /// After a message.
    pub fn after(row: &DeliveryRow) -> Self {
        Self {
            run: row.run,
            subscription: row.subscription,
        }
    }

    /// Reads what [`Display`](std::fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (run, subscription) = text.split_once('-')?;
        Some(Self {
            run: run.parse().ok()?,
            subscription: Id::parse(subscription)?,
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}-{}", self.run, self.subscription)
    }
}

fn delivery(row: &Row) -> Result<DeliveryRow, DbError> {
    let status = row.opt_int(8)?.map(u16::try_from).transpose();
    Ok(DeliveryRow {
        id: Id::from_bytes(row.bytes(15)?).ok_or_else(|| corrupt("sends.id"))?,
        campaign: CampaignId(row.int(0)?),
        run: row.int(1)?,
        subscription: Id::from_bytes(row.bytes(2)?).ok_or_else(|| corrupt("sends.subscription"))?,
        ordinal: Ordinal(u32::try_from(row.int(3)?).map_err(|_| corrupt("sends.ordinal"))?),
        browser: row.opt_text(4)?.unwrap_or_default().to_owned(),
        host: row.opt_text(5)?.map_or_else(String::new, |endpoint| {
            Endpoint::stored(endpoint.to_owned()).host()
        }),
        state: row.text(6)?.to_owned(),
        attempts: row.int(7)? as u32,
        status: status.map_err(|_| corrupt("sends.status"))?,
        reason: row.text(9)?.to_owned(),
        retry_at: Timestamp(row.int(10)?),
        settled_at: row.opt_int(11)?.map(Timestamp),
        shown_at: row.opt_int(12)?.map(Timestamp),
        clicked_at: row.opt_int(13)?.map(Timestamp),
        dismissed_at: row.opt_int(14)?.map(Timestamp),
        variant: row.opt_text(16)?.map(str::to_owned),
        cause: tries::cause(row, 17)?,
        system: row.opt_text(18)?.unwrap_or_default().to_owned(),
    })
}

impl Store {
    /// A page of a campaign's messages; `state` empty: in any state.
    pub async fn deliveries(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        state: &str,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Vec<DeliveryRow>, DbError> {
        let sql = "-- deliveries\nSELECT s.campaign, s.run, s.subscription, s.ordinal, t.browser, t.endpoint, s.state, s.attempts, s.status, s.reason, \
                   s.retry_at, s.settled_at, s.shown_at, s.clicked_at, s.dismissed_at, s.id, s.variant, s.cause, t.system \
                   FROM sends s LEFT JOIN subscriptions t ON t.account = s.account AND t.id = s.subscription \
                   WHERE s.account = $1 AND s.campaign = $2 AND (s.run, s.subscription) < ($3, $4) AND ($5 = '' OR s.state = $5) \
                   ORDER BY s.run DESC, s.subscription DESC LIMIT $6";
        let (run, subscription) = after.map_or((i64::MAX, vec![0xff; 16]), |place| {
            (place.run, place.subscription.bytes())
        });
        self.db
            .query(
                sql,
                args![
                    account.as_str(),
                    campaign.0,
                    run,
                    subscription,
                    state,
                    i64::from(limit)
                ],
            )
            .await?
            .iter()
            .map(delivery)
            .collect()
    }

    /// The last messages of a person, newest run first.
    pub async fn deliveries_to(
        &self,
        account: &AccountId,
        person: Ordinal,
        limit: u32,
    ) -> Result<Vec<DeliveryRow>, DbError> {
        let sql = "-- deliveries_to\nSELECT s.campaign, s.run, s.subscription, s.ordinal, t.browser, t.endpoint, s.state, s.attempts, s.status, s.reason, \
                   s.retry_at, s.settled_at, s.shown_at, s.clicked_at, s.dismissed_at, s.id, s.variant, s.cause, t.system \
                   FROM sends s LEFT JOIN subscriptions t ON t.account = s.account AND t.id = s.subscription \
                   WHERE s.account = $1 AND s.ordinal = $2 ORDER BY s.run DESC LIMIT $3";
        self.db
            .query(
                sql,
                args![account.as_str(), i64::from(person.0), i64::from(limit)],
            )
            .await?
            .iter()
            .map(delivery)
            .collect()
    }
}
