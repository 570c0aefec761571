//! The list of campaigns with live counts, and the choice of a kind for a new one.
//!
//! Left out: reports (`report`) and editing (`editor`). Invariant: the page and `/campaigns/counts.json` format a row with the same
//! function, so what changes in place is what a reload would show.

use super::icon::Icon;
use super::status::Badge;
use super::{Nav, Shell, Theme, asset, chart, format, status};
use askama::Template;
use campanile_core::campaign::{Body, Campaign, Kind, Status, Trigger};
use campanile_core::stats::Counts;
use serde::Serialize;

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

/// The filters of the list, in the order of a campaign's life.
const FILTERS: [(&str, &str, &[Status]); 5] = [
    ("", "All", &Status::ALL),
    ("running", "Running", &[Status::Running, Status::Sending]),
    ("draft", "Drafts", &[Status::Draft]),
    ("sent", "Sent", &[Status::Sent]),
    ("stopped", "Stopped", &[Status::Stopped]),
];

/// The statuses that a filter of that name lets through.
pub(crate) fn filter(name: &str) -> &'static [Status] {
    FILTERS.iter().find(|(filter, ..)| *filter == name).map_or(&Status::ALL, |(.., statuses)| statuses)
}

/// The tabs over campaigns of these statuses.
pub(crate) fn tabs(statuses: &[Status], current: &str) -> Vec<Tab> {
    FILTERS
        .iter()
        .map(|(name, words, among)| Tab {
            words,
            count: statuses.iter().filter(|status| among.contains(status)).count() as u64,
            href: if name.is_empty() { "/campaigns".to_owned() } else { format!("/campaigns?status={name}") },
            current: *name == current,
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
    pub(crate) fn new(campaign: &Campaign, counts: &Counts) -> Self {
        let sent = match campaign.definition.kind() {
            Kind::Popup => counts.handed,
            Kind::Push => counts.sent,
        };
        let idle = campaign.status == Status::Draft && campaign.started_at.is_none();
        let number = |n: u64| if idle { "—".to_owned() } else { format::number(n) };
        Self {
            id: campaign.id.0,
            status: campaign.status.as_str(),
            words: status::badge(campaign.status, counts).words,
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
    pub(crate) audience: &'static str,
    /// Its status.
    pub(crate) badge: Badge,
    /// Its numbers.
    pub(crate) counts: RowCounts,
    /// `d` of its clicks in the last 14 days, empty when there is nothing to draw.
    pub(crate) spark: String,
    /// Whether it may be started now.
    pub(crate) may_start: bool,
    /// Whether it may be stopped now.
    pub(crate) may_stop: bool,
    /// Whether it may be edited now.
    pub(crate) may_edit: bool,
    /// Whether it may be deleted now.
    pub(crate) may_delete: bool,
    /// Verb of the start.
    pub(crate) start_verb: &'static str,
}

impl Row {
    /// A campaign with its counts and its clicks of the last days.
    pub(crate) fn new(campaign: &Campaign, counts: &Counts, clicks: &[u64]) -> Self {
        let kind = campaign.definition.kind();
        let (meta, audience) = match &campaign.definition.body {
            Body::Popup { trigger: Trigger::Page, .. } => ("Box · Page view".to_owned(), "All visitors"),
            Body::Popup { trigger: Trigger::Event { event }, .. } => (format!("Box · Event: {event}"), "All visitors"),
            Body::Push { .. } => ("Push · Now".to_owned(), "All subscribers"),
        };
        Self {
            id: campaign.id.0,
            name: campaign.definition.name.clone(),
            icon: status::kind_icon(kind),
            meta,
            audience,
            badge: status::badge(campaign.status, counts),
            counts: RowCounts::new(campaign, counts),
            spark: if clicks.iter().all(|n| *n == 0) { String::new() } else { chart::spark(clicks) },
            may_start: campaign.status.start(kind).is_ok(),
            may_stop: campaign.status.stop().is_ok(),
            may_edit: campaign.status.may_edit(kind),
            may_delete: campaign.status.may_delete(),
            start_verb: if kind == Kind::Push { "Send" } else { "Start" },
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
