//! The list of campaigns with live counts, and the choice of a kind for a new one.
//!
//! Left out: reports (`report`) and editing (`editor`). Invariant: the page and `/campaigns/counts.json` format a row with the same
//! function, so what changes in place is what a reload would show.

use super::desk::{Desk, Numbered, Signed, said};
use super::editor;
use super::format::Told;
use super::icon::Icon;
use super::report as report_page;
use super::status::{Badge, Life, Verbs};
use super::{Nav, Said, Shell, Theme, asset, chart, format, status};
use crate::http::error::Error;
use crate::http::extract::Asked;
use crate::launch::LaunchError;
use crate::report;
use askama::Template;
use axum::Json;
use axum::response::Response;
use campanile_core::campaign::{Body, Campaign, Course, Kind, Status};
use campanile_core::popup::Layout;
use campanile_core::stats::Counts;
use campanile_core::time::{Day, Timestamp};
use campanile_core::trigger::On;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A filter by status with its count.
#[derive(Debug, Clone)]
pub(crate) struct Tab {
    /// Its words.
    pub(crate) words: &'static str,
    /// How many.
    pub(crate) count: u64,
    /// Where it leads.
    pub(crate) href: String,
    /// Whether it is the one that is shown.
    pub(crate) current: bool,
}

/// Where a campaign stands in the list: as its status and its dates say, or put away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    life: Life,
    away: bool,
}

impl Standing {
    /// Of a campaign at `now`.
    pub(crate) fn of(campaign: &Campaign, now: Timestamp) -> Self {
        Self {
            life: Life::of(campaign, now),
            away: campaign.archived_at.is_some(),
        }
    }

    /// Whether the filter of that name lets it through, as the first does what is none; what was put away stands under the last alone.
    fn passes(self, filter: &str) -> bool {
        let named = FILTERS.iter().find(|(name, ..)| *name == filter);
        let (name, _, lets_through) = named.unwrap_or(&FILTERS[0]);
        self.away == (*name == "archived") && lets_through(self.life)
    }
}

/// A filter: its name in the address, its words, and which lives it lets through.
type Filter = (&'static str, &'static str, fn(Life) -> bool);

/// The filters of the list, in the order of a campaign's life.
const FILTERS: [Filter; 8] = [
    ("", "All", |_| true),
    ("running", "Running", |life| {
        matches!(life, Life::As(Status::Running | Status::Sending | Status::Paused))
    }),
    ("scheduled", "Scheduled", |life| life == Life::Scheduled),
    ("draft", "Drafts", |life| life == Life::As(Status::Draft)),
    ("sent", "Sent", |life| life == Life::As(Status::Sent)),
    ("ended", "Ended", |life| life == Life::Ended),
    ("stopped", "Stopped", |life| life == Life::As(Status::Stopped)),
    ("archived", "Archived", |_| true),
];

/// The tabs over campaigns that stand so; a filter that nothing passes is left out, but for the usual ones and the one that is on.
pub(crate) fn tabs(standings: &[Standing], current: &str) -> Vec<Tab> {
    FILTERS
        .iter()
        .map(|(name, words, _)| Tab {
            words,
            count: standings.iter().filter(|standing| standing.passes(name)).count() as u64,
            href: if name.is_empty() {
                "/campaigns".to_owned()
            } else {
                format!("/campaigns?status={name}")
            },
            current: *name == current,
        })
        .filter(|tab| {
            let usual = matches!(tab.words, "All" | "Running" | "Drafts");
            usual || tab.current || tab.count > 0
        })
        .collect()
}

/// The numbers of a row, as text. Also what `/campaigns/counts.json` sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RowCounts {
    /// The campaign.
    pub(crate) id: i64,
    /// Name of the status.
    pub(crate) status: &'static str,
    /// Words of its badge.
    pub(crate) words: String,
    /// Handed out, or taken by a push service.
    pub(crate) sent: String,
    /// Shown.
    pub(crate) shown: String,
    /// Clicked.
    pub(crate) clicked: String,
    /// Clicked of shown.
    pub(crate) rate: String,
}

impl RowCounts {
    /// Formats the counts of a campaign; a draft has counted nothing.
    pub(crate) fn new(campaign: &Campaign, counts: &Counts, now: Timestamp) -> Self {
        let sent = match campaign.definition.kind() {
            Kind::Popup => counts.handed,
            Kind::Push => counts.sent,
        };
        let idle = campaign.status == Status::Draft && campaign.started_at.is_none();
        let number = |n: u64| if idle { "—".to_owned() } else { format::number(n) };
        Self {
            id: campaign.id.0,
            status: campaign.status.as_str(),
            words: status::badge_now(campaign, counts, now).words,
            sent: number(sent),
            shown: number(counts.shown),
            clicked: number(counts.clicked),
            rate: format::rate(counts.clicked, counts.shown),
        }
    }
}

/// The answer of `/campaigns/counts.json`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LiveCounts {
    /// How many run or send.
    pub(crate) running: u64,
    /// Every campaign of the account.
    pub(crate) campaigns: Vec<RowCounts>,
}

/// One line of the list.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its number.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// Icon of its kind.
    pub(crate) icon: Icon,
    /// Kind and moment: `Box · Event: Charged`.
    pub(crate) meta: String,
    /// For whom.
    pub(crate) audience: String,
    /// Its status.
    pub(crate) badge: Badge,
    /// Its numbers.
    pub(crate) counts: RowCounts,
    /// `d` of its clicks in the last 14 days, empty when there is nothing to draw.
    pub(crate) spark: String,
    /// What may be done with it now.
    pub(crate) may: Verbs,
    /// Verb of the start.
    pub(crate) start_verb: &'static str,
}

/// The word for a kind of pop-up.
pub(crate) fn layout_name(layout: Layout) -> &'static str {
    match layout {
        Layout::Box => "Box",
        Layout::Banner => "Banner",
        Layout::Interstitial => "Interstitial",
    }
}

impl Row {
    /// A campaign with its counts and its clicks of the last days.
    pub(crate) fn new(campaign: &Campaign, counts: &Counts, clicks: &[u64], told: &Told) -> Self {
        let now = told.now();
        let kind = campaign.definition.kind();
        let (meta, audience) = match &campaign.definition.body {
            Body::Popup(plan) => {
                let moment = match plan.trigger.on {
                    On::Page => "Page view".to_owned(),
                    On::Event => format!("Event: {}", plan.trigger.event),
                };
                let audience = if plan.audience.is_empty() {
                    "All visitors".to_owned()
                } else {
                    plan.audience.words()
                };
                let template = plan.popup.template.purpose();
                let mut meta = format!("{} · {template} · {moment}", layout_name(plan.popup.layout()));
                if campaign.draft.is_some() {
                    meta.push_str(" · changes not live yet");
                }
                (meta, audience)
            }
            Body::Push(plan) => {
                let moment = match (&plan.on_event, plan.send.at, &plan.send.repeat) {
                    _ if plan.on_request.is_some() => "When a program asks".to_owned(),
                    (Some(on_event), ..) => format!("Event: {}", on_event.event),
                    (None, _, Some(repeat)) => repeat.words(),
                    (None, Some(at), None) => told.moment(at),
                    (None, None, None) => "Now".to_owned(),
                };
                let audience = if plan.audience.is_empty() {
                    "All subscribers".to_owned()
                } else {
                    plan.audience.words()
                };
                (format!("Push · {moment}"), audience)
            }
        };
        Self {
            id: campaign.id.0,
            name: campaign.definition.name.clone(),
            icon: status::kind_icon(kind),
            meta,
            audience,
            badge: status::badge_now(campaign, counts, now),
            counts: RowCounts::new(campaign, counts, now),
            spark: if clicks.iter().all(|n| *n == 0) {
                String::new()
            } else {
                chart::spark(clicks)
            },
            may: Verbs::of(campaign),
            start_verb: match campaign.definition.course() {
                Course::GoesOn | Course::Again => "Start",
                Course::Once => "Send",
                Course::Later => "Schedule",
            },
        }
    }
}

/// The list.
#[derive(Debug, Template)]
#[template(path = "campaigns.html")]
pub(crate) struct CampaignsPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Filters by status.
    pub(crate) tabs: Vec<Tab>,
    /// Name of the filter that is on, empty for all.
    pub(crate) filter: String,
    /// What is searched for.
    pub(crate) search: String,
    /// What is left after filter and search.
    pub(crate) rows: Vec<Row>,
    /// Campaigns of the account, filtered or not.
    pub(crate) total: u64,
}

/// The choice of a kind.
#[derive(Debug, Template)]
#[template(path = "campaign_new.html")]
pub(crate) struct NewCampaignPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Active subscriptions, so that a push's reach is known before it is written.
    pub(crate) subscribers: u64,
}

/// Which variant is to win.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Chosen {
    /// Its name.
    pub(crate) variant: String,
}

/// What is asked of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ListQuery {
    status: String,
    q: String,
}

/// The list at `/campaigns`.
pub(crate) async fn list(desk: Desk, Asked(asked): Asked<ListQuery>) -> Response {
    desk.tell(list_page(&desk, asked).await)
}

async fn list_page(desk: &Desk, asked: ListQuery) -> Result<Response, Error> {
    let campaigns = report::campaigns(&desk.app.store, desk.account()).await?;
    let recent = report::recent_days(&desk.app.store, desk.account(), desk.now).await?;
    let standings: Vec<Standing> = campaigns
        .iter()
        .map(|(campaign, _)| Standing::of(campaign, desk.now))
        .collect();
    let wanted = asked.q.trim().to_lowercase();
    let mut rows = Vec::new();
    for ((campaign, counts), standing) in campaigns.iter().zip(&standings) {
        let fits =
            standing.passes(&asked.status) && campaign.definition.name.to_lowercase().contains(&wanted);
        if fits {
            let clicks = last_clicks(desk, recent.get(&campaign.id));
            rows.push(Row::new(campaign, counts, &clicks, &desk.told()));
        }
    }
    let page = CampaignsPage {
        shell: desk.shell(Nav::Campaigns),
        tabs: tabs(&standings, &asked.status),
        filter: asked.status,
        search: asked.q,
        rows,
        total: campaigns.len() as u64,
    };
    Ok(desk.page(page))
}

/// Clicks of the last 14 days, oldest first.
pub(crate) fn last_clicks(desk: &Desk, days: Option<&BTreeMap<Day, Counts>>) -> Vec<u64> {
    let Some(days) = days else { return Vec::new() };
    let all = report_page::all_days(days, desk.now, &desk.account().zone, 14);
    all.iter().map(|day| day.counts.clicked).collect()
}

/// The numbers of every campaign, for `/campaigns/counts.json`.
pub(crate) async fn counts(desk: Desk) -> Result<Json<LiveCounts>, Error> {
    let campaigns = report::campaigns(&desk.app.store, desk.account()).await?;
    Ok(Json(LiveCounts {
        running: campaigns
            .iter()
            .filter(|(campaign, _)| campaign.status == Status::Running)
            .count() as u64,
        campaigns: campaigns
            .iter()
            .map(|(campaign, counts)| RowCounts::new(campaign, counts, desk.now))
            .collect(),
    }))
}

/// Starts a campaign, with the changes that were kept beside it.
pub(crate) async fn start(Numbered(id): Numbered, Signed { desk, .. }: Signed) -> Response {
    match desk.app.launch.start(&desk.account().id, id).await {
        Ok(campaign) => said(&format!("/campaigns/{id}"), started(&campaign)),
        // What is missing is said where it can be mended.
        Err(LaunchError::Fields(_)) => editor::refused(id, "started"),
        Err(fault) => desk.tell(Err(fault.into())),
    }
}

/// Puts a campaign away.
pub(crate) async fn archive(Numbered(id): Numbered, Signed { desk, .. }: Signed) -> Response {
    let away = desk.app.launch.archive(&desk.account().id, id, true).await;
    desk.tell(
        away.map(|_| said("/campaigns", Said::Archived))
            .map_err(Error::from),
    )
}

/// Takes a campaign out again.
pub(crate) async fn unarchive(Numbered(id): Numbered, Signed { desk, .. }: Signed) -> Response {
    let back = desk.app.launch.archive(&desk.account().id, id, false).await;
    desk.tell(
        back.map(|_| said("/campaigns", Said::Unarchived))
            .map_err(Error::from),
    )
}

/// What is told after a start.
pub(crate) fn started(campaign: &Campaign) -> Said {
    match campaign.status {
        Status::Running if campaign.definition.kind() == Kind::Push => Said::Runs,
        Status::Running => Said::Started,
        Status::Scheduled => Said::Scheduled,
        _ => Said::Sending,
    }
}

/// Halts a push.
pub(crate) async fn pause(Numbered(id): Numbered, Signed { desk, .. }: Signed) -> Response {
    let paused = desk.app.launch.pause(&desk.account().id, id).await;
    desk.tell(
        paused
            .map(|_| said(&format!("/campaigns/{id}"), Said::Paused))
            .map_err(Error::from),
    )
}

/// Goes on with a push.
pub(crate) async fn resume(Numbered(id): Numbered, Signed { desk, .. }: Signed) -> Response {
    let resumed = desk.app.launch.resume(&desk.account().id, id).await;
    desk.tell(
        resumed
            .map(|_| said(&format!("/campaigns/{id}"), Said::Sending))
            .map_err(Error::from),
    )
}

/// Lets a variant of a push win.
pub(crate) async fn choose_winner(
    Numbered(id): Numbered,
    Asked(chosen): Asked<Chosen>,
    Signed { desk, .. }: Signed,
) -> Response {
    let account = &desk.account().id;
    let done = desk.app.launch.choose_winner(account, id, &chosen.variant).await;
    desk.tell(
        done.map(|_| said(&format!("/campaigns/{id}#variants"), Said::Chosen))
            .map_err(Error::from),
    )
}

/// Stops a campaign.
pub(crate) async fn stop(Numbered(id): Numbered, Signed { desk, .. }: Signed) -> Response {
    let stopped = desk.app.launch.stop(&desk.account().id, id).await;
    desk.tell(
        stopped
            .map(|campaign| match campaign.status {
                Status::Draft => said(&format!("/campaigns/{id}/edit"), Said::TakenBack),
                _ => said(&format!("/campaigns/{id}"), Said::Stopped),
            })
            .map_err(Error::from),
    )
}

/// Makes a copy and opens it.
pub(crate) async fn duplicate(Numbered(id): Numbered, Signed { desk, .. }: Signed) -> Response {
    let copied = desk.app.launch.duplicate(&desk.account().id, id).await;
    desk.tell(
        copied
            .map(|copy| said(&format!("/campaigns/{}/edit", copy.id), Said::Duplicated))
            .map_err(Error::from),
    )
}

/// Deletes a campaign.
pub(crate) async fn delete(Numbered(id): Numbered, Signed { desk, .. }: Signed) -> Response {
    let deleted = desk.app.launch.delete(&desk.account().id, id).await;
    desk.tell(
        deleted
            .map(|()| said("/campaigns", Said::Deleted))
            .map_err(Error::from),
    )
}
