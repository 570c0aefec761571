//! The report of one campaign: did it work, where were people lost, what went wrong.
//!
//! Left out: counting (`report` at the crate's root). Invariant: every number of a chart also stands in the table by day.

use super::alarms::Banner;
use super::answers::{self, AnswersCard};
use super::chart::{self, Line, Mark};
use super::desk::{Desk, Numbered, Signed, fields};
use super::format::{self, Told, When};
use super::funnel::{self, Aims, Bar, Stat};
use super::going::Going;
use super::icon::Icon;
use super::open::{self, OpenForm};
use super::remedy::{Remedy, remedy};
use super::status::{self, Badge, Verbs};
use super::variants::{self, Variants};
use super::{Nav, Shell, Theme, asset};
use crate::http::error::Error;
use crate::http::export;
use crate::http::extract::Asked;
use crate::launch::{LaunchError, Purpose};
use crate::report::{self, CampaignReport};
use crate::store::rounds::RoundRow;
use crate::store::sends::{ClientRow, ReasonRow};
use askama::Template;
use axum::response::Response;
use campanile_core::campaign::{Body, Campaign, Course, Kind, Status};
use campanile_core::experiment::CONTROL;
use campanile_core::id::{CampaignId, Id};
use campanile_core::popup::Popup;
use campanile_core::push_when::Clocks;
use campanile_core::stats::Counts;
use campanile_core::time::{Day, Timestamp, Zone};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Revisions that can be chosen by a click; older ones stand in the address.
const REVISIONS: usize = 5;

/// What of a report is looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct View {
    /// One revision; the rest: all.
    revision: String,
    /// One variant, for the funnel.
    variant: String,
    /// Answers before this one.
    answers: String,
    /// `system`: by operating system, not by browser.
    by: String,
}

/// One of a few views of the same thing.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// Its words.
    pub(crate) words: String,
    /// Where it is.
    pub(crate) href: String,
    /// Whether it is looked at.
    pub(crate) current: bool,
}

/// Why some were not delivered or not shown.
#[derive(Debug, Clone)]
pub(crate) struct Reason {
    /// It in words.
    pub(crate) words: String,
    /// What the push service answered, and what became of the message.
    pub(crate) place: String,
    /// How often.
    pub(crate) times: u64,
    /// Of all messages.
    pub(crate) share: String,
    /// What to do about it.
    pub(crate) remedy: Remedy,
}

impl Reason {
    fn new(row: &ReasonRow, audience: u64) -> Self {
        let status = row.status.map(|status| status.to_string());
        let parts = [status.as_deref(), Some(row.state.as_str())];
        Self {
            words: row.reason.clone(),
            place: parts.into_iter().flatten().collect::<Vec<_>>().join(", "),
            times: row.times,
            share: format::rate(row.times, audience),
            remedy: remedy(row),
        }
    }
}

/// What became of a push in one browser family, or under one operating system.
#[derive(Debug, Clone)]
pub(crate) struct ClientLine {
    /// Its name.
    pub(crate) name: String,
    /// Messages that were sent.
    pub(crate) sent: u64,
    /// How many failed of those tried; empty where none did.
    pub(crate) failed: String,
    /// Of what was shown, clicked.
    pub(crate) rate: String,
    /// Per mille of the longest bar.
    pub(crate) length: u64,
}

/// What became of a push by browser or operating system.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    /// Which of both.
    pub(crate) title: &'static str,
    /// One or the other.
    pub(crate) choices: Vec<Choice>,
    /// The lines.
    pub(crate) lines: Vec<ClientLine>,
    /// Why there are none.
    pub(crate) none: String,
}

impl Clients {
    fn new(found: &CampaignReport, view: &View) -> Self {
        let by_system = view.by == "system";
        let (title, rows) = if by_system {
            ("By operating system", &found.systems)
        } else {
            ("By browser", &found.browsers)
        };
        let top = rows.iter().map(|row| row.sent).max().unwrap_or(0);
        let line = |row: &ClientRow| ClientLine {
            name: if row.name.is_empty() {
                "Not known".to_owned()
            } else {
                row.name.clone()
            },
            sent: row.sent,
            failed: match row.failed + row.gone {
                0 => String::new(),
                lost => format!("{} failed", format::rate(lost, row.sent + lost)),
            },
            rate: format::rate(row.clicked, row.shown),
            length: chart::bar(row.sent, top),
        };
        let choice = |words: &str, by: &str, current| Choice {
            words: words.to_owned(),
            href: format!("/campaigns/{}?by={by}#clients", found.campaign.id),
            current,
        };
        let none = match found.unlooked {
            Some(most) if found.campaign.status == Status::Sending => format!(
                "While a push goes out they are counted up to {} messages, and when it is through again up to 500,000.",
                format::number(most)
            ),
            Some(most) => format!(
                "This push has more than {} messages, which are too many to look through for a page. The CSV file of its deliveries has the \
                 browser and the system of each.",
                format::number(most)
            ),
            None => "Nothing was sent so far.".to_owned(),
        };
        Self {
            title,
            choices: vec![
                choice("Browser", "browser", !by_system),
                choice("System", "system", by_system),
            ],
            lines: rows.iter().map(line).collect(),
            none,
        }
    }
}

/// Messages that have their last answer.
fn tried(counts: &Counts) -> u64 {
    counts.sent + counts.failed + counts.gone
}

fn failed_share(counts: &Counts) -> String {
    match counts.failed + counts.gone {
        0 => String::new(),
        lost => format!(
            "{} of {}, {}",
            format::number(lost),
            format::counted(tried(counts), "message", "messages"),
            format::rate(lost, tried(counts))
        ),
    }
}

/// One round of a push that comes again.
#[derive(Debug, Clone)]
pub(crate) struct RoundLine {
    /// Its moment.
    pub(crate) at: String,
    /// What became of it where it was left out.
    pub(crate) missed: bool,
    /// Audience, sent, capped, given up and gone, unsent.
    pub(crate) cells: [String; 5],
}

impl RoundLine {
    fn new(round: &RoundRow, told: &Told) -> Self {
        let counts = &round.counts;
        Self {
            at: told.moment(round.at),
            missed: round.missed,
            cells: [
                counts.audience,
                counts.sent,
                counts.capped,
                counts.failed + counts.gone,
                counts.unsent,
            ]
            .map(format::number),
        }
    }
}

/// The counts of one day.
#[derive(Debug, Clone)]
pub(crate) struct DayCounts {
    /// The day.
    pub(crate) day: Day,
    /// Its counts.
    pub(crate) counts: Counts,
}

/// One row of the table by day.
#[derive(Debug, Clone)]
pub(crate) struct DayRow {
    /// The day in words.
    pub(crate) day: String,
    /// Cells in the order of the head.
    pub(crate) cells: Vec<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "report.html")]
pub(crate) struct ReportPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// The campaign's number.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// Its status.
    pub(crate) badge: Badge,
    /// What it does, in one sentence.
    pub(crate) sentence: String,
    /// Whether its moment lies ahead.
    pub(crate) waits: bool,
    /// How it goes once started; the button says so.
    pub(crate) course: Course,
    /// When it last started.
    pub(crate) started: Option<When>,
    /// When it ended.
    pub(crate) ended: Option<When>,
    /// The strip of figures.
    pub(crate) stats: Vec<Stat>,
    /// How far a push on its way has come.
    pub(crate) progress: Option<Going>,
    /// The funnel.
    pub(crate) funnel: Vec<Bar>,
    /// Revisions to choose from; empty with one.
    pub(crate) revisions: Vec<Choice>,
    /// Variants to choose from, for the funnel; empty with one.
    pub(crate) parts: Vec<Choice>,
    /// Two measures by day.
    pub(crate) lines: Vec<Line>,
    /// Starts of revisions on the axis of days.
    pub(crate) marks: Vec<Mark>,
    /// Variants and control group.
    pub(crate) variants: Option<Variants>,
    /// What was answered.
    pub(crate) answers: Option<AnswersCard>,
    /// The form that opens a page of the owner's; a pop-up has one.
    pub(crate) open: Option<OpenForm>,
    /// Label of the first day.
    pub(crate) first_day: String,
    /// Head of the table by day.
    pub(crate) head: Vec<&'static str>,
    /// Rows of the table by day, newest first.
    pub(crate) days: Vec<DayRow>,
    /// What went wrong.
    pub(crate) reasons: Vec<Reason>,
    /// How many failed of those tried; empty where none did.
    pub(crate) failed: String,
    /// What became of a push by browser or operating system.
    pub(crate) clients: Option<Clients>,
    /// What keeps it from being sent.
    pub(crate) banners: Vec<Banner>,
    /// Rounds of a push that comes again, newest first.
    pub(crate) rounds: Vec<RoundLine>,
    /// When the next one is.
    pub(crate) next: Option<String>,
    /// Whether anything was counted yet.
    pub(crate) counted: bool,
    /// Whether it is a push.
    pub(crate) push: bool,
    /// What may be done with it now.
    pub(crate) may: Verbs,
}

impl ReportPage {
    /// The report of what was `found`, with its days (oldest first, gaps filled).
    pub(crate) fn new(
        shell: Shell,
        found: &CampaignReport,
        view: &View,
        days: &[DayCounts],
        answers: Option<AnswersCard>,
        open: OpenForm,
        told: &Told,
    ) -> Self {
        let campaign = &found.campaign;
        let push = campaign.definition.kind() == Kind::Push;
        let goal = match &campaign.definition.body {
            Body::Popup(plan) => plan.goal.as_ref(),
            Body::Push(plan) => plan.goal.as_ref(),
        };
        let chosen = found.parts.iter().find(|part| part.name == view.variant);
        let counts = chosen.map_or(found.counts, |part| part.counts);
        let people = chosen.map_or_else(
            || shown_people(found),
            |part| (part.counts.exposed, part.counts.converted),
        );
        let aims = Aims {
            goal,
            asks: found.answers.is_some(),
            asks_for_push: asks_for_push(&campaign.definition.body) || counts.granted + counts.blocked > 0,
            people,
        };
        let column =
            |pick: fn(&Counts) -> u64| days.iter().map(|day| pick(&day.counts)).collect::<Vec<u64>>();
        let lines = [
            chart::line("Shown", "shown", &column(|counts| counts.shown)),
            chart::line("Clicked", "clicked", &column(|counts| counts.clicked)),
        ];
        let all = &found.counts;
        Self {
            id: campaign.id.0,
            name: campaign.definition.name.clone(),
            badge: status::badge(campaign.status, all),
            sentence: sentence(campaign, told),
            started: campaign.started_at.map(|at| told.when(at)),
            ended: campaign.ended_at.map(|at| told.when(at)),
            stats: funnel::stats(campaign, &counts, aims),
            progress: found.progress.as_ref().map(|progress| Going::new(progress, told)),
            funnel: funnel::funnel(campaign, &counts, aims),
            revisions: revisions(found),
            parts: parts(found, chosen.map(|part| part.name.as_str())),
            lines: lines.into_iter().flatten().collect(),
            marks: marks(found, days, told),
            first_day: days.first().map(|day| told.day(day.day)).unwrap_or_default(),
            head: match (push, aims.goal.is_some()) {
                (true, _) => vec!["Sent", "Shown", "Clicked", "Dismissed", "Failed", "Failure rate"],
                (false, false) => vec!["Handed out", "Shown", "Clicked", "Closed", "Click rate"],
                (false, true) => vec![
                    "Handed out",
                    "Shown",
                    "Clicked",
                    "Closed",
                    "Click rate",
                    "Converted",
                ],
            },
            days: days
                .iter()
                .rev()
                .map(|day| day_row(day, push, aims.goal.is_some(), told))
                .collect(),
            variants: variants::card(found, told),
            answers,
            open: (!push).then_some(open),
            reasons: found
                .reasons
                .iter()
                .map(|row| Reason::new(row, all.audience))
                .collect(),
            failed: failed_share(all),
            clients: push.then(|| Clients::new(found, view)),
            banners: Banner::all(&found.alarms, |_| String::new()),
            rounds: found
                .rounds
                .iter()
                .map(|round| RoundLine::new(round, told))
                .collect(),
            next: found.next_at.map(|at| next_round(campaign, told.moment(at))),
            counted: !found.rounds.is_empty()
                || all.handed + all.audience + all.shown + all.exposed > 0
                || found.revision.is_some(),
            push,
            waits: campaign.status == Status::Scheduled,
            course: campaign.definition.course(),
            may: Verbs::of(campaign),
            shell,
        }
    }
}

/// Whether one of its messages is there to ask for push.
fn asks_for_push(body: &Body) -> bool {
    match body {
        Body::Popup(plan) => plan.popups().any(Popup::asks_for_push),
        Body::Push(_) => false,
    }
}

/// People who saw it and how many of them reached the goal; the control group saw nothing.
fn shown_people(found: &CampaignReport) -> (u64, u64) {
    let control = found.parts.iter().find(|part| part.name == CONTROL);
    let control = control.map(|part| part.counts).unwrap_or_default();
    (
        found.counts.exposed.saturating_sub(control.exposed),
        found.counts.converted.saturating_sub(control.converted),
    )
}

fn revisions(found: &CampaignReport) -> Vec<Choice> {
    if found.revisions.len() < 2 {
        return Vec::new();
    }
    let mut all = vec![Choice {
        words: "All".to_owned(),
        href: format!("/campaigns/{}", found.campaign.id),
        current: found.revision.is_none(),
    }];
    let skip = found.revisions.len().saturating_sub(REVISIONS);
    all.extend(found.revisions.iter().skip(skip).map(|(revision, _)| Choice {
        words: revision.to_string(),
        href: format!("/campaigns/{}?revision={revision}", found.campaign.id),
        current: found.revision == Some(*revision),
    }));
    all
}

fn parts(found: &CampaignReport, chosen: Option<&str>) -> Vec<Choice> {
    let revision = found
        .revision
        .map_or_else(String::new, |revision| format!("revision={revision}&"));
    let shown = found.parts.iter().filter(|part| part.name != CONTROL);
    let names: Vec<&str> = shown.map(|part| part.name.as_str()).collect();
    if names.len() < 2 {
        return Vec::new();
    }
    let choice = |words: &str, name: &str| {
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        Choice {
            words: words.to_owned(),
            href: format!("/campaigns/{}?{revision}variant={name}#funnel", found.campaign.id),
            current: false,
        }
    };
    let mut all = vec![Choice {
        current: chosen.is_none(),
        ..choice("All", "")
    }];
    all.extend(names.into_iter().map(|name| Choice {
        current: chosen == Some(name),
        ..choice(name, name)
    }));
    all
}

/// Where on the axis of days a revision began, after the first.
fn marks(found: &CampaignReport, days: &[DayCounts], told: &Told) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for (revision, since) in found.revisions.iter().skip(1) {
        let day = told.day_of(*since);
        let Some(place) = days.iter().position(|known| known.day == day) else {
            continue;
        };
        let mark = chart::mark(place, days.len(), format!("Rev {revision}"));
        // Two on one day are one mark, of the later one.
        if marks.last().is_some_and(|last| last.x == mark.x) {
            marks.pop();
        }
        marks.push(mark);
    }
    marks
}

/// When the next round is, in words.
fn next_round(campaign: &Campaign, moment: String) -> String {
    match &campaign.definition.body {
        Body::Push(plan) if plan.send.zone == Clocks::Recipient => {
            format!("{moment}, where its time comes first on Earth")
        }
        _ => moment,
    }
}

/// What a campaign does, in one sentence.
fn sentence(campaign: &Campaign, told: &Told) -> String {
    match &campaign.definition.body {
        Body::Popup(plan) => plan.sentence(),
        Body::Push(plan) => {
            let kept = format::span(u64::from(plan.push.ttl_seconds));
            let when = plan.send.words(|at| told.moment(at));
            format!("{} Kept {kept} for browsers that are away.", plan.sentence(&when))
        }
    }
}

fn day_row(day: &DayCounts, push: bool, goal: bool, told: &Told) -> DayRow {
    let counts = &day.counts;
    let cells = if push {
        [
            counts.sent,
            counts.shown,
            counts.clicked,
            counts.dismissed,
            counts.failed + counts.gone,
        ]
        .map(format::number)
        .into_iter()
        .chain([format::rate(counts.failed + counts.gone, tried(counts))])
        .collect()
    } else {
        let mut cells = [counts.handed, counts.shown, counts.clicked, counts.closed]
            .map(format::number)
            .to_vec();
        cells.push(format::rate(counts.clicked, counts.shown));
        if goal {
            cells.push(format::number(counts.converted));
        }
        cells
    };
    DayRow {
        day: told.day(day.day),
        cells,
    }
}

/// The report at `/campaigns/{id}`.
pub(crate) async fn show(desk: Desk, Numbered(id): Numbered, Asked(view): Asked<View>) -> Response {
    let open = OpenForm {
        url: open::first_page(&desk),
        ..OpenForm::default()
    };
    let page = page(&desk, id, &view, open).await;
    desk.tell(page.map(|page| desk.page(page)))
}

async fn page(desk: &Desk, id: CampaignId, view: &View, open: OpenForm) -> Result<ReportPage, Error> {
    let store = &desk.app.store;
    let found = report::campaign(store, desk.account(), id, view.revision.parse().ok(), desk.now)
        .await?
        .ok_or(LaunchError::Unknown(id))?;
    let days = all_days(&found.days, desk.now, &desk.account().zone, 28);
    let answers = match &found.answers {
        None => None,
        Some(counted) => {
            let before = Id::parse(&view.answers);
            let rows = store
                .answers(&desk.account().id, id, before, answers::PAGE)
                .await?;
            Some(answers::card(counted, &rows, before.is_some(), &desk.told()))
        }
    };
    let open = OpenForm {
        action: format!("/campaigns/{id}/open"),
        message: true,
        ..open
    };
    Ok(ReportPage::new(
        desk.shell(Nav::Campaigns),
        &found,
        view,
        &days,
        answers,
        open,
        &desk.told(),
    ))
}

/// The file at `/campaigns/{id}/report.csv`.
pub(crate) async fn file(desk: Desk, Numbered(id): Numbered, Asked(view): Asked<View>) -> Response {
    let revision = view.revision.parse().ok();
    let found = report::campaign(&desk.app.store, desk.account(), id, revision, desk.now).await;
    let answer = match found {
        Ok(Some(found)) => Ok(export::report(&found)),
        Ok(None) => Err(LaunchError::Unknown(id).into()),
        Err(fault) => Err(fault.into()),
    };
    desk.tell(answer)
}

/// Opens a page of the owner's: with the message, or with the overlay that says why.
pub(crate) async fn open(Numbered(id): Numbered, Signed { desk, form }: Signed) -> Response {
    let answer = async {
        let campaign = desk.app.launch.find(&desk.account().id, id).await?;
        let purpose = match form.get("purpose") {
            "test" => Purpose::Test(campaign.id, 0),
            _ => Purpose::Why,
        };
        let url = form.get("url");
        match open::lead(&desk, Nav::Campaigns, purpose, url) {
            Ok(response) => Ok(response),
            Err(fault) => {
                let open = OpenForm {
                    url: url.to_owned(),
                    errors: fields(fault)?,
                    ..OpenForm::default()
                };
                Ok(desk.again(page(&desk, id, &View::default(), open).await?))
            }
        }
    };
    desk.tell(answer.await)
}

/// Every day from the first that counted to today, at most `most` of them, oldest first; days without numbers are zero.
pub(crate) fn all_days(
    days: &BTreeMap<Day, Counts>,
    now: Timestamp,
    zone: &Zone,
    most: i64,
) -> Vec<DayCounts> {
    let Some(first) = days.keys().next() else {
        return Vec::new();
    };
    let mut all: Vec<DayCounts> = Vec::new();
    for back in (0..most).rev() {
        // A day of a change of clocks has 23 or 25 hours, so two steps may fall on one day.
        let day = Day::of(now.plus_ms(-back * 86_400_000), zone);
        if day >= *first && all.last().is_none_or(|last| last.day != day) {
            all.push(DayCounts {
                day,
                counts: days.get(&day).copied().unwrap_or_default(),
            });
        }
    }
    all
}
