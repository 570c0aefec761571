//! The first page: steps until everything has been seen once, then the daily look.
//!
//! Left out: counting. Invariant: a step is ticked only by what the server saw, never by hand.

use super::alarms::{Banner, ON_OVERVIEW};
use super::chart::{self, Line};
use super::desk::{Desk, host_of};
use super::icon::Icon;
use super::report as report_page;
use super::{Nav, Shell, Theme, asset, campaigns, format, status};
use crate::http::assets;
use crate::http::error::Error;
use crate::report::{self, Overview};
use askama::Template;
use axum::Json;
use axum::response::Response;
use campanile_core::campaign::{Campaign, Kind, Status};
use campanile_core::stats::Counts;
use campanile_core::time::Day;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One step of "Start here".
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// What to do.
    pub(crate) title: &'static str,
    /// How, in one or two sentences.
    pub(crate) text: &'static str,
    /// What was seen and when, once it was.
    pub(crate) done: Option<String>,
    /// Words and address of the next move.
    pub(crate) link: Option<(&'static str, String)>,
    /// Text to copy.
    pub(crate) code: Option<String>,
    /// About how long it takes.
    pub(crate) takes: &'static str,
}

/// What has been seen so far; each `Some` is told in words beside its step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The SDK's first call: origin and time.
    pub(crate) snippet: Option<String>,
    /// First event: name and time.
    pub(crate) event: Option<String>,
    /// First pop-up shown.
    pub(crate) popup: Option<String>,
    /// First subscriber.
    pub(crate) subscriber: Option<String>,
    /// First push sent.
    pub(crate) push: Option<String>,
}

impl Seen {
    /// The steps in their order. `snippet` is the text to paste; `popup` and `push` are drafts to finish, if there are any.
    pub(crate) fn steps(self, snippet: String, popup: Option<i64>, push: Option<i64>) -> Vec<Step> {
        let edit = |id: Option<i64>, kind: &str| {
            id.map_or_else(
                || format!("/campaigns/new?kind={kind}"),
                |id| format!("/campaigns/{id}/edit"),
            )
        };
        vec![
            Step {
                title: "Add the script to your site",
                text: "Once, in the head of every page. Calls made before the file arrives are queued. This step closes by itself on the first page view.",
                done: self.snippet,
                link: Some(("All about installing", "/settings/install".to_owned())),
                code: Some(snippet),
                takes: "1 min",
            },
            Step {
                title: "Receive the first event",
                text: "Open a page that has the script. Its page view is the first event; your own follow with clevertap.event.push(\"Name\").",
                done: self.event,
                link: None,
                code: Some("clevertap.event.push(\"Product Viewed\", {\"Product\": \"Stoneware jug\"});".to_owned()),
                takes: "1 min",
            },
            Step {
                title: "Show the first pop-up",
                text: "A box in the corner of the page. Write it, start it, and open your site.",
                done: self.popup,
                link: Some(("Make a pop-up", edit(popup, "popup"))),
                code: None,
                takes: "2 min",
            },
            Step {
                title: "Win the first subscriber",
                text: "Ask on your page, accept in this browser, and you are subscriber one. The worker file has to lie at the root of your site.",
                done: self.subscriber,
                link: Some(("Worker and call", "/settings/install#worker".to_owned())),
                code: Some("clevertap.notifications.push({\n  \"titleText\": \"Shall we ring you?\",\n  \"bodyText\": \"Only when something you wait for is back.\",\n  \"okButtonText\": \"Yes, ring me\",\n  \"rejectButtonText\": \"Not now\"\n});".to_owned()),
                takes: "1 min",
            },
            Step {
                title: "Send the first push",
                text: "To all subscribers: so far that is you. It arrives in about a second.",
                done: self.push,
                link: Some(("Write a push", edit(push, "push"))),
                code: None,
                takes: "1 min",
            },
        ]
    }
}

/// A campaign in the short list.
#[derive(Debug, Clone)]
pub(crate) struct Best {
    /// Its number.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// Icon of its kind.
    pub(crate) icon: Icon,
    /// Click rate.
    pub(crate) rate: String,
    /// Clicks.
    pub(crate) clicks: String,
    /// `d` of its last 14 days.
    pub(crate) spark: String,
}

/// Subscriptions at one push service.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// Name of the browser.
    pub(crate) browser: String,
    /// How many.
    pub(crate) count: String,
    /// Per mille of the largest.
    pub(crate) bar: u64,
}

/// The daily look.
#[derive(Debug, Clone)]
pub(crate) struct Daily {
    /// Active push subscriptions.
    pub(crate) reachable: u64,
    /// People known, with or without a subscription.
    pub(crate) people: u64,
    /// Shown in the last 28 days, pop-ups and pushes.
    pub(crate) shown: u64,
    /// Clicked in the last 28 days.
    pub(crate) clicked: u64,
    /// Pushes taken by push services in the last 28 days.
    pub(crate) sent: u64,
    /// Pushes given up in the last 28 days.
    pub(crate) failed: u64,
    /// Shown and clicked, by day.
    pub(crate) lines: Vec<Line>,
    /// First and last label of the days.
    pub(crate) first_day: String,
    /// Rows of the table behind the chart, newest first: day, shown, clicked.
    pub(crate) days: Vec<(String, String, String)>,
    /// By browser.
    pub(crate) reach: Vec<Reach>,
    /// Campaigns by click rate.
    pub(crate) best: Vec<Best>,
    /// What waits, and whether that is well.
    pub(crate) queue: String,
    /// When the script was last seen and where.
    pub(crate) script: Option<String>,
}

/// The page: steps until all are done, then the daily look.
#[derive(Debug, Template)]
#[template(path = "overview.html")]
pub(crate) struct OverviewPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Steps; shown while one is open.
    pub(crate) steps: Vec<Step>,
    /// What keeps pushes from being sent.
    pub(crate) banners: Vec<Banner>,
    /// The numbers.
    pub(crate) daily: Daily,
}

impl OverviewPage {
    fn done(&self) -> usize {
        self.steps.iter().filter(|step| step.done.is_some()).count()
    }

    fn current(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.done.is_none())
    }
}

/// The page at `/overview`.
pub(crate) async fn show(desk: Desk) -> Response {
    desk.tell(page(&desk).await)
}

/// How many steps are done, for the page that waits for the next one.
pub(crate) async fn steps(desk: Desk) -> Result<Json<Value>, Error> {
    let found = report::overview(&desk.app.store, desk.account(), desk.now).await?;
    let seen = seen(&desk, &found);
    let done = [
        &seen.snippet,
        &seen.event,
        &seen.popup,
        &seen.subscriber,
        &seen.push,
    ];
    Ok(Json(json!({"done": done.into_iter().flatten().count()})))
}

async fn page(desk: &Desk) -> Result<Response, Error> {
    let found = report::overview(&desk.app.store, desk.account(), desk.now).await?;
    let seen = seen(desk, &found);
    let snippet = assets::snippet(&desk.app, &desk.base, desk.account().id.as_str(), None);
    let draft = |kind: Kind| {
        let fits =
            |campaign: &Campaign| campaign.definition.kind() == kind && campaign.status == Status::Draft;
        found
            .campaigns
            .iter()
            .find(|(campaign, _)| fits(campaign))
            .map(|(campaign, _)| campaign.id.0)
    };
    let steps = seen.steps(snippet, draft(Kind::Popup), draft(Kind::Push));
    let daily = daily(desk, &found);
    let mut banners = Banner::all(&found.alarms, |id| {
        let campaign = found.campaigns.iter().find(|(campaign, _)| campaign.id == id);
        campaign.map_or_else(String::new, |(campaign, _)| campaign.definition.name.clone())
    });
    banners.truncate(ON_OVERVIEW);
    Ok(desk.page(OverviewPage {
        shell: desk.shell(Nav::Overview),
        steps,
        banners,
        daily,
    }))
}

fn seen(desk: &Desk, found: &Overview) -> Seen {
    let told = desk.told();
    let first = found.seen.iter().min_by_key(|sighting| sighting.first_at);
    let most = |count: fn(&Counts) -> u64, kind: Kind| {
        let of_kind = found
            .campaigns
            .iter()
            .filter(|(campaign, counts)| campaign.definition.kind() == kind && count(counts) > 0);
        of_kind
            .max_by_key(|(_, counts)| count(counts))
            .map(|(campaign, counts)| (campaign.definition.name.clone(), count(counts)))
    };
    let reach: u64 = found.reach.values().sum();
    let sent = most(|counts| counts.sent, Kind::Push);
    Seen {
        snippet: first.map(|sighting| {
            format!(
                "Seen on {}, {}",
                host_of(&sighting.origin),
                told.when(sighting.first_at).words
            )
        }),
        event: (found.people > 0)
            .then(|| format!("From {}", format::counted(found.people, "person", "people"))),
        popup: most(|counts| counts.shown, Kind::Popup)
            .map(|(name, n)| format!("“{name}”, {} shown", format::number(n))),
        // Whoever has been sent a push had subscribed, even if nobody is left.
        subscriber: (reach > 0 || sent.is_some())
            .then(|| format::counted(reach, "subscription", "subscriptions")),
        push: sent.map(|(name, n)| format!("“{name}”, {} sent", format::number(n))),
    }
}

fn daily(desk: &Desk, found: &Overview) -> Daily {
    let told = desk.told();
    let mut by_day: BTreeMap<Day, Counts> = BTreeMap::new();
    let mut failed = 0;
    for (day, counts) in found.days.values().flatten() {
        let sum = by_day.entry(*day).or_default();
        for (measure, n) in counts.measures() {
            sum.add(measure, n);
        }
        failed += counts.failed + counts.gone;
    }
    let days = report_page::all_days(&by_day, desk.now, &desk.account().zone, 28);
    let sum = |pick: fn(&Counts) -> u64| days.iter().map(|day| pick(&day.counts)).sum::<u64>();
    let column = |pick: fn(&Counts) -> u64| days.iter().map(|day| pick(&day.counts)).collect::<Vec<u64>>();
    let most = found.reach.values().copied().max().unwrap_or(0);
    let waiting = found
        .campaigns
        .iter()
        .filter(|(campaign, _)| campaign.status == Status::Sending)
        .map(|(_, counts)| counts.waiting())
        .sum::<u64>();
    Daily {
        reachable: found.reach.values().sum(),
        people: found.people,
        shown: sum(|counts| counts.shown),
        clicked: sum(|counts| counts.clicked),
        sent: sum(|counts| counts.sent),
        failed,
        lines: [
            chart::line("Shown", "shown", &column(|counts| counts.shown)),
            chart::line("Clicked", "clicked", &column(|counts| counts.clicked)),
        ]
        .into_iter()
        .flatten()
        .collect(),
        first_day: days.first().map(|day| told.day(day.day)).unwrap_or_default(),
        days: days
            .iter()
            .rev()
            .map(|day| {
                (
                    told.day(day.day),
                    format::number(day.counts.shown),
                    format::number(day.counts.clicked),
                )
            })
            .collect(),
        reach: found
            .reach
            .iter()
            .map(|(browser, n)| Reach {
                browser: browser.clone(),
                count: format::number(n),
                bar: chart::bar(*n, most),
            })
            .collect(),
        best: best(desk, found),
        queue: format!("{} waiting", format::number(waiting)),
        script: found.seen.first().map(|sighting| {
            format!(
                "{}, {}",
                host_of(&sighting.origin),
                told.when(sighting.last_at).words
            )
        }),
    }
}

fn best(desk: &Desk, found: &Overview) -> Vec<Best> {
    let mut clicked: Vec<&(Campaign, Counts)> = found
        .campaigns
        .iter()
        .filter(|(_, counts)| counts.clicked > 0)
        .collect();
    // By rate; compared as products, so that no rounding decides.
    clicked.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.clicked * 1_000_000 / counts.shown.max(1)));
    let mut best = Vec::new();
    for (campaign, counts) in clicked.into_iter().take(5) {
        best.push(Best {
            id: campaign.id.0,
            name: campaign.definition.name.clone(),
            icon: status::kind_icon(campaign.definition.kind()),
            rate: format::rate(counts.clicked, counts.shown),
            clicks: format::number(counts.clicked),
            spark: chart::spark(&campaigns::last_clicks(desk, found.days.get(&campaign.id))),
        });
    }
    best
}
