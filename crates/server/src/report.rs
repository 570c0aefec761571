//! The numbers that dashboard and API show.
//!
//! Left out: words and formatting (the pages'). Invariant: every number is what the store counted; nothing is estimated here.

mod compare;
pub mod progress;

use crate::store::Store;
use crate::store::accounts::Sighting;
use crate::store::alarms::AlarmRow;
use crate::store::db::DbError;
use crate::store::exposures::TestRow;
use crate::store::rounds::RoundRow;
use crate::store::sends::{ClientRow, ReasonRow};
use campanile_core::account::Account;
use campanile_core::campaign::{Body, Campaign, Course, PopupPlan, Status};
use campanile_core::id::CampaignId;
use campanile_core::popup::{Ask, Field};
use campanile_core::push_plan::PushPlan;
use campanile_core::silence::{FORGETFUL, Forecast};
use campanile_core::stats::Counts;
use campanile_core::time::{Day, Timestamp};
use campanile_core::uplift::{Group, Interval, Uplift};
use campanile_core::winner::{AFTER, IN_TEST, Winner, WonBy};
use compare::{Of, parts, verdicts};
use progress::Progress;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Alarms of one campaign, of which there is one for each kind.
const ALARMS: u32 = 20;
/// Rounds that a report shows.
const ROUNDS: u32 = 30;

/// Messages that are looked through for a report, at most: several seconds of reading are not worth a table.
const LOOKED_THROUGH: u64 = 500_000;
/// The same while it goes out and its report is asked for every few seconds.
const LOOKED_THROUGH_LIVE: u64 = 20_000;

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
    pub reasons: Vec<ReasonRow>,
    /// What became of a push in each browser family.
    pub browsers: Vec<ClientRow>,
    /// The same by operating system.
    pub systems: Vec<ClientRow>,
    /// The bound beyond which messages are not looked through, where this push is beyond it; none: both lists are whole.
    pub unlooked: Option<u64>,
    /// What keeps it from being sent, the latest first.
    pub alarms: Vec<AlarmRow>,
    /// Revisions of a pop-up with the moment from which each was in force, oldest first.
    pub revisions: Vec<(u32, Timestamp)>,
    /// The revision that `counts` and `parts` are about; `None` for all of them.
    pub revision: Option<u32>,
    /// What the parts are compared by.
    pub by: By,
    /// Variants and control group; empty where a pop-up has one message for all.
    pub parts: Vec<Part>,
    /// What follows from the comparisons: one sentence each; of further variants against A as well, where there is a control group.
    pub verdicts: Vec<String>,
    /// How far a push on its way has come.
    pub progress: Option<Progress>,
    /// The test of a push that looks for its winner, once it was started.
    pub test: Option<Test>,
    /// What visitors wrote; `None` where the pop-up asks nothing and nobody ever answered.
    pub answers: Option<Answers>,
    /// The latest rounds of a push that comes again, newest first.
    pub rounds: Vec<RoundRow>,
    /// When its next one is.
    pub next_at: Option<Timestamp>,
}

/// What variants are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// People who reached the goal, of those who were exposed.
    Goal,
    /// Clicks of what was shown, or of a push of what was sent. The control group is shown nothing, so it is left out.
    Click,
}

/// One variant, or the control group.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// `A`, `B` and on, or `control`.
    pub name: String,
    /// Its share in per cent now; `None` for one that was removed.
    pub share: Option<f64>,
    /// What was counted of it.
    pub counts: Counts,
    /// What is compared: how many, and how many did it.
    pub group: Group,
    /// Where its rate lies; `None` while there is nobody.
    pub interval: Option<Interval>,
    /// Against what it is compared; `None` for the one that the others are compared with.
    pub against: Option<String>,
    /// The comparison; `None` while one of both has nobody.
    pub uplift: Option<Uplift>,
}

/// The test of a push and its winner.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// How it is decided.
    pub rule: Winner,
    /// When, and what has won.
    pub row: TestRow,
    /// What was counted of the winner after the test.
    pub after: Counts,
}

/// What visitors wrote into a pop-up's field.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// What is asked for now; `None` where the pop-up asks nothing any more.
    pub ask: Option<Ask>,
    /// The question.
    pub question: String,
    /// How many answers there are.
    pub total: u64,
    /// How often each was given, of a choice or a scale: what can be chosen in its order, then what was given before and is none of it now.
    pub counts: Vec<(Value, u64)>,
    /// The mean of a scale.
    pub mean: Option<f64>,
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
    /// What keeps pushes from being sent, the latest first.
    pub alarms: Vec<AlarmRow>,
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

/// One campaign in full, of one revision if asked; `None` if there is none of that number. Days are of all revisions: a day may hold two.
pub async fn campaign(
    store: &Store,
    account: &Account,
    id: CampaignId,
    revision: Option<u32>,
    now: Timestamp,
) -> Result<Option<CampaignReport>, DbError> {
    let Some(campaign) = store.campaign(&account.id, id).await? else {
        return Ok(None);
    };
    let days = store.days(&account.id, id).await?;
    let reasons = store.reasons(&account.id, id).await?;
    let mut found = CampaignReport {
        campaign,
        counts: Counts::default(),
        days,
        reasons,
        browsers: Vec::new(),
        systems: Vec::new(),
        unlooked: None,
        alarms: Vec::new(),
        revisions: Vec::new(),
        revision: None,
        by: By::Click,
        parts: Vec::new(),
        verdicts: Vec::new(),
        progress: None,
        test: None,
        answers: None,
        rounds: Vec::new(),
        next_at: None,
    };
    for day in found.days.values() {
        add(&mut found.counts, day);
    }
    if found.campaign.definition.course() == Course::Again {
        found.rounds = store.rounds(&account.id, id, ROUNDS).await?;
        if matches!(found.campaign.status, Status::Running | Status::Paused) {
            found.next_at = store.next_round(account, &found.campaign).await?;
        }
    }
    found.progress = progress::progress(store, account, &found.campaign, &found.counts, now).await?;
    if let Body::Popup(plan) = &found.campaign.definition.body {
        found.revisions = store.revisions_of(&account.id, id).await?;
        found.revision = revision.filter(|wanted| found.revisions.iter().any(|(known, _)| known == wanted));
        let mut by_variant: BTreeMap<String, Counts> = BTreeMap::new();
        for ((of, variant), counts) in store.variants(&account.id, id).await? {
            if found.revision.is_none_or(|wanted| wanted == of) {
                add(by_variant.entry(variant).or_default(), &counts);
            }
        }
        if found.revision.is_some() {
            // The campaign's own counts know no revision.
            found.counts = Counts::default();
            for counts in by_variant.values() {
                add(&mut found.counts, counts);
            }
        }
        found.by = if plan.goal.is_some() || found.counts.converted > 0 {
            By::Goal
        } else {
            By::Click
        };
        found.parts = parts(&plan.experiment, found.by, Of::Shown, by_variant);
        found.verdicts = verdicts(&found.parts, found.by);
        found.answers = answers(store, account, id, plan).await?;
    }
    if let Body::Push(plan) = &found.campaign.definition.body {
        let most = if found.campaign.status == Status::Sending {
            LOOKED_THROUGH_LIVE
        } else {
            LOOKED_THROUGH
        };
        found.alarms = store.alarms(&account.id, Some(id), ALARMS).await?;
        let settled = found.counts.sent + found.counts.failed + found.counts.gone;
        if settled <= most {
            let clients = store.by_client(&account.id, id).await?;
            found.browsers = summed(clients.iter().map(|(_, row)| (row.name.as_str(), row)));
            found.systems = summed(clients.iter().map(|(system, row)| (system.as_str(), row)));
        } else {
            found.unlooked = Some(most);
        }
        let counted = store.variants(&account.id, id).await?;
        let of = |wanted: u32| {
            let of = counted
                .iter()
                .filter(move |((revision, _), _)| *revision == wanted);
            of.map(|((_, name), counts)| (name.clone(), *counts))
                .collect::<BTreeMap<String, Counts>>()
        };
        found.by = match (plan.winner, &plan.goal) {
            (Some(winner), _) if winner.by == WonBy::Click => By::Click,
            (Some(_), _) | (None, Some(_)) => By::Goal,
            (None, None) => By::Click,
        };
        found.parts = parts(&plan.experiment, found.by, Of::Sent, of(IN_TEST));
        found.verdicts = verdicts(&found.parts, found.by);
        found.test = test(store, account, id, plan, of(AFTER)).await?;
    }
    Ok(Some(found))
}

/// Sums by name, most messages first.
fn summed<'a>(rows: impl Iterator<Item = (&'a str, &'a ClientRow)>) -> Vec<ClientRow> {
    let mut by_name: BTreeMap<&str, ClientRow> = BTreeMap::new();
    for (name, row) in rows {
        by_name.entry(name).or_default().add(row);
    }
    let mut all: Vec<ClientRow> = by_name
        .into_iter()
        .map(|(name, row)| ClientRow {
            name: name.to_owned(),
            ..row
        })
        .collect();
    all.sort_by_key(|row| std::cmp::Reverse(row.sent + row.failed + row.gone));
    all
}

/// The test of a push that has one, once it was started.
async fn test(
    store: &Store,
    account: &Account,
    id: CampaignId,
    plan: &PushPlan,
    mut after: BTreeMap<String, Counts>,
) -> Result<Option<Test>, DbError> {
    let Some(winner) = plan.winner else {
        return Ok(None);
    };
    let Some((_, run)) = store.test_run(&account.id, id).await? else {
        return Ok(None);
    };
    let after = run.test.winner.as_ref().and_then(|name| after.remove(name));
    Ok(Some(Test {
        rule: winner,
        row: run.test,
        after: after.unwrap_or_default(),
    }))
}

fn add(to: &mut Counts, counts: &Counts) {
    for (measure, n) in counts.measures() {
        to.add(measure, n);
    }
}

/// What was answered. Only what can be counted is: of texts and addresses each is its own.
async fn answers(
    store: &Store,
    account: &Account,
    id: CampaignId,
    plan: &PopupPlan,
) -> Result<Option<Answers>, DbError> {
    let field = (0..=plan.experiment.variants.len()).find_map(|index| {
        let popup = plan.variant(index);
        popup.drawn_field().map(|field| (popup, field))
    });
    let total = store.answer_total(&account.id, id).await?;
    if total == 0 && field.is_none() {
        return Ok(None);
    }
    let ask = field.map(|(_, field)| field.ask);
    let question = field.map_or_else(String::new, |(popup, field)| {
        let label = if field.label.is_empty() {
            &popup.title
        } else {
            &field.label
        };
        label.clone()
    });
    let mut counts = Vec::new();
    if matches!(ask, Some(Ask::Choice | Ask::Scale)) {
        let mut given = store.answer_counts(&account.id, id).await?;
        for wanted in field.map(|(_, field)| choices(field)).unwrap_or_default() {
            let at = given.iter().position(|(answer, _)| *answer == wanted);
            let n = at.map_or(0, |at| given.remove(at).1);
            counts.push((wanted, n));
        }
        counts.extend(given);
    }
    let (sum, n) = counts
        .iter()
        .filter_map(|(answer, n)| Some((answer.as_u64()? * n, *n)))
        .fold((0, 0), |(sum, all), (points, n)| (sum + points, all + n));
    Ok(Some(Answers {
        ask,
        question,
        total,
        mean: (ask == Some(Ask::Scale) && n > 0).then(|| sum as f64 / n as f64),
        counts,
    }))
}

/// What can be answered, in its order.
fn choices(field: &Field) -> Vec<Value> {
    match field.ask {
        Ask::Choice => field.options.iter().map(|option| json!(option.trim())).collect(),
        Ask::Scale => (1..=5).map(|step| json!(step)).collect(),
        Ask::Email | Ask::Text => Vec::new(),
    }
}

/// What push services that forget silent browsers are about to drop; only services that somebody is subscribed at.
pub async fn forecast(store: &Store, account: &Account, now: Timestamp) -> Result<Vec<Forecast>, DbError> {
    let mut found = Vec::new();
    for service in FORGETFUL {
        let mut silent = Vec::new();
        for host in service.hosts {
            silent.extend(store.silent_days(&account.id, host, now).await?);
        }
        if !silent.is_empty() {
            found.push(service.forecast(silent));
        }
    }
    Ok(found)
}

/// One account at a glance.
pub async fn overview(store: &Store, account: &Account, now: Timestamp) -> Result<Overview, DbError> {
    Ok(Overview {
        days: recent_days(store, account, now).await?,
        campaigns: campaigns(store, account).await?,
        people: store.people(&account.id).await?,
        reach: store.reach(&account.id).await?,
        seen: store.sightings(&account.id).await?,
        alarms: store.alarms(&account.id, None, ALARMS).await?,
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
