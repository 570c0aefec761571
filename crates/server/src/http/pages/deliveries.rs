//! The ledger of a push: each message with the push service's answer and what became of it.
//!
//! Left out: sums (the report). Invariant: a push service's words are only ever text here.

use super::desk::{Desk, Numbered};
use super::format::{Told, When};
use super::icon::Icon;
use super::{Nav, Shell, Theme, asset, format};
use crate::http::error::Error;
use crate::http::export;
use crate::http::extract::Asked;
use crate::launch::LaunchError;
use crate::store::deliveries::{DeliveryRow, Place};
use crate::store::tries::TryRow;
use askama::Template;
use axum::response::Response;
use campanile_core::campaign::{Campaign, Kind};
use campanile_core::id::CampaignId;
use campanile_core::stats::Counts;
use serde::Deserialize;

/// Messages on one page.
const PAGE: u32 = 50;

/// A filter by state.
#[derive(Debug, Clone)]
pub(crate) struct Tab {
    /// Its words.
    pub(crate) words: &'static str,
    /// How many.
    pub(crate) count: String,
    /// Where it leads.
    pub(crate) href: String,
    /// Whether it is on.
    pub(crate) current: bool,
}

/// One try of a message.
#[derive(Debug, Clone)]
pub(crate) struct Tried {
    /// When.
    pub(crate) when: When,
    /// What it was answered.
    pub(crate) answer: String,
}

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The person's number.
    pub(crate) person: u32,
    /// Browser and push service.
    pub(crate) browser: String,
    /// The push service.
    pub(crate) host: String,
    /// Class of its badge.
    pub(crate) class: &'static str,
    /// Its state in a word.
    pub(crate) state: &'static str,
    /// What the push service said.
    pub(crate) answer: String,
    /// How often it was tried, in words; empty for once.
    pub(crate) tries: String,
    /// What each try was answered, where there was more than one.
    pub(crate) tried: Vec<Tried>,
    /// When it was settled, or is tried again.
    pub(crate) when: Option<When>,
    /// What became of it on the screen, in words.
    pub(crate) seen: String,
}

impl Line {
    fn new(row: &DeliveryRow, tries: &[TryRow], told: &Told) -> Self {
        let (class, state) = match row.state.as_str() {
            "sent" => ("badge-ok", "Sent"),
            "gone" => ("badge-idle", "Gone"),
            "unsent" => ("badge-idle", "Unsent"),
            "capped" => ("badge-idle", "Capped"),
            "held" => ("badge-idle", "Control"),
            "waiting" => ("badge-info", "Waiting"),
            _ => ("badge-bad", "Failed"),
        };
        let said = |status: Option<u16>, reason: &str| {
            let status = status.map(|status| status.to_string()).unwrap_or_default();
            [status.as_str(), reason].join(" ").trim().to_owned()
        };
        let seen = [
            (row.clicked_at, "clicked"),
            (row.dismissed_at, "dismissed"),
            (row.shown_at, "shown"),
        ];
        Self {
            person: row.ordinal.0,
            browser: [row.browser.as_str(), row.system.as_str()]
                .into_iter()
                .filter(|name| !name.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
            host: row.host.clone(),
            class,
            state,
            answer: said(row.status, &row.reason),
            tries: if row.attempts > 1 {
                format::counted(u64::from(row.attempts), "try", "tries")
            } else {
                String::new()
            },
            tried: tries
                .iter()
                .map(|one| Tried {
                    when: told.when(one.at),
                    answer: said(one.status, &one.reason),
                })
                .collect(),
            when: row
                .settled_at
                .or((row.retry_at.ms() > 0).then_some(row.retry_at))
                .map(|at| told.when(at)),
            seen: seen
                .into_iter()
                .find_map(|(at, words)| at.map(|at| format!("{words} {}", told.when(at).words)))
                .unwrap_or_default(),
        }
    }
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "deliveries.html")]
pub(crate) struct DeliveriesPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// The campaign's number.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// Filters by state.
    pub(crate) tabs: Vec<Tab>,
    /// The messages.
    pub(crate) lines: Vec<Line>,
    /// Where older ones stand.
    pub(crate) older: Option<String>,
    /// Where all of them are as a file.
    pub(crate) file: String,
}

/// What is asked of the ledger.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    state: String,
    after: String,
}

/// The page at `/campaigns/{id}/deliveries`.
pub(crate) async fn show(desk: Desk, Numbered(id): Numbered, Asked(wanted): Asked<Wanted>) -> Response {
    desk.tell(page(&desk, id, &wanted).await)
}

/// The file at `/campaigns/{id}/deliveries.csv`.
pub(crate) async fn file(desk: Desk, Numbered(id): Numbered, Asked(wanted): Asked<Wanted>) -> Response {
    let answer = push(&desk, id)
        .await
        .map(|campaign| export::ledger(&desk.app, &desk.account().id, campaign.id, wanted.state));
    desk.tell(answer)
}

async fn push(desk: &Desk, id: CampaignId) -> Result<Campaign, Error> {
    let campaign = desk.app.launch.find(&desk.account().id, id).await?;
    if campaign.definition.kind() == Kind::Push {
        Ok(campaign)
    } else {
        Err(LaunchError::Unknown(id).into())
    }
}

async fn page(desk: &Desk, id: CampaignId, wanted: &Wanted) -> Result<Response, Error> {
    let account = &desk.account().id;
    let campaign = push(desk, id).await?;
    let counts = desk
        .app
        .store
        .totals(account)
        .await?
        .remove(&id)
        .unwrap_or_default();
    let after = Place::parse(&wanted.after);
    let rows = desk
        .app
        .store
        .deliveries(account, id, &wanted.state, after, PAGE)
        .await?;
    let tries = desk.app.store.tries(account, &rows).await?;
    let told = desk.told();
    let here = format!("/campaigns/{id}/deliveries?state={}", wanted.state);
    let older = rows
        .last()
        .filter(|_| rows.len() == PAGE as usize)
        .map(|row| format!("{here}&after={}", Place::after(row)));
    let page = DeliveriesPage {
        shell: desk.shell(Nav::Campaigns),
        id: id.0,
        name: campaign.definition.name.clone(),
        tabs: tabs(id, &counts, &wanted.state),
        lines: rows
            .iter()
            .map(|row| {
                let tries = tries.get(&row.id).map(Vec::as_slice).unwrap_or_default();
                Line::new(row, tries, &told)
            })
            .collect(),
        file: format!("/campaigns/{id}/deliveries.csv?state={}", wanted.state),
        older,
    };
    Ok(desk.page(page))
}

fn tabs(id: CampaignId, counts: &Counts, current: &str) -> Vec<Tab> {
    [
        ("", "All", counts.audience),
        ("waiting", "Waiting", counts.waiting()),
        ("sent", "Sent", counts.sent),
        ("failed", "Failed", counts.failed),
        ("gone", "Gone", counts.gone),
        ("unsent", "Unsent", counts.unsent),
        ("capped", "Capped", counts.capped),
        ("held", "Control", counts.held),
    ]
    .into_iter()
    .filter(|(state, _, n)| *n > 0 || state.is_empty() || *state == current)
    .map(|(state, words, n)| Tab {
        words,
        count: format::number(n),
        href: format!("/campaigns/{id}/deliveries?state={state}"),
        current: state == current,
    })
    .collect()
}
