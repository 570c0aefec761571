//! The numbers that dashboard and API show.
//!
//! Left out: words and formatting (the pages'). Invariant: every number is what the store counted; nothing is estimated here.

use crate::store::Store;
use crate::store::accounts::Sighting;
use crate::store::db::DbError;
use campanile_core::account::Account;
use campanile_core::campaign::Campaign;
use campanile_core::id::CampaignId;
use campanile_core::stats::Counts;
use campanile_core::time::{Day, Timestamp};
use std::collections::BTreeMap;

/// A campaign's numbers in full.
#[derive(Debug, Clone)]
pub struct CampaignReport {
    /// The campaign.
    pub campaign: Campaign,
    /// Its totals.
    pub counts: Counts,
    /// Its days that have numbers, oldest first.
    pub days: BTreeMap<Day, Counts>,
    /// Why messages failed or were repeated, most frequent first.
    pub reasons: Vec<(String, u64)>,
}

/// One account at a glance.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Numbers of each campaign by day, for the last 28 days.
    pub days: BTreeMap<CampaignId, BTreeMap<Day, Counts>>,
    /// Campaigns with their totals, newest first.
    pub campaigns: Vec<(Campaign, Counts)>,
    /// People known.
    pub people: u64,
    /// Live subscriptions by browser.
    pub reach: BTreeMap<String, u64>,
    /// Where the snippet was seen.
    pub seen: Vec<Sighting>,
}

/// Every campaign of an account with its totals, newest first.
pub async fn campaigns(store: &Store, account: &Account) -> Result<Vec<(Campaign, Counts)>, DbError> {
    let totals = store.totals(&account.id).await?;
    let campaigns = store.campaigns(&account.id).await?;
    Ok(campaigns
        .into_iter()
        .map(|campaign| {
            let counts = totals.get(&campaign.id).copied().unwrap_or_default();
            (campaign, counts)
        })
        .collect())
}

/// One campaign in full; `None` if there is none of that number.
pub async fn campaign(
    store: &Store,
    account: &Account,
    id: CampaignId,
) -> Result<Option<CampaignReport>, DbError> {
    let Some(campaign) = store.campaign(&account.id, id).await? else {
        return Ok(None);
    };
    let days = store.days(&account.id, id).await?;
    let reasons = store.reasons(&account.id, id).await?;
    let mut counts = Counts::default();
    for day in days.values() {
        for (measure, n) in day.measures() {
            counts.add(measure, n);
        }
    }
    Ok(Some(CampaignReport {
        campaign,
        counts,
        days,
        reasons,
    }))
}

/// One account at a glance.
pub async fn overview(store: &Store, account: &Account, now: Timestamp) -> Result<Overview, DbError> {
    Ok(Overview {
        days: recent_days(store, account, now).await?,
        campaigns: campaigns(store, account).await?,
        people: store.people(&account.id).await?,
        reach: store.reach(&account.id).await?,
        seen: store.sightings(&account.id).await?,
    })
}

/// Numbers of each campaign by day, for the last 28 days.
pub async fn recent_days(
    store: &Store,
    account: &Account,
    now: Timestamp,
) -> Result<BTreeMap<CampaignId, BTreeMap<Day, Counts>>, DbError> {
    let since = Day::of(now.plus_ms(-27 * 24 * 3600 * 1000), &account.zone);
    store.recent_days(&account.id, since).await
}
