//! The push composer: one form, with the looks of all systems beside it.
//!
//! A form goes through `forms` to the rules of the API. Left out: storage and sending. Invariant: whatever is not accepted comes back with
//! everything that was typed.

use super::control::{Control, Fields, Shape};
use super::encoded;
use super::push_buttons::{self, Buttons};
use super::push_experiment::{self, PushExperiment};
use super::push_languages::{LanguageRow, Languages};
use super::push_looks::{Look, Seen};
use super::push_test::{self, TestPart};
use super::push_when::PushWhen;
use super::rows::{self, RuleRows, add_row};
use super::stage;
use crate::audience;
use crate::http::error::Error;
use crate::http::pages::campaigns::started;
use crate::http::pages::desk::{Desk, Sent, fields, host_of, said};
use crate::http::pages::forms::{PushForm, TRANSLATIONS, at_inputs};
use crate::http::pages::icon::Icon;
use crate::http::pages::status::{self, Badge};
use crate::http::pages::{Errors, Nav, Said, Shell, Theme, asset, format};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Campaign, Definition, Kind, Status};
use campanile_core::id::{CampaignId, Id};
use campanile_core::notification::support::SUPPORT;
use campanile_core::notification::{MAX_PAYLOAD_BYTES, PushMessage};
use campanile_core::stats::Counts;
use campanile_core::time::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// Times to live that the composer offers, in seconds.
const TTLS: [&str; 7] = ["0", "3600", "21600", "86400", "259200", "604800", "2419200"];

/// Names the tests that the page tells the answers of.
const TESTS: &str = "test.sent";

/// What stands above and below the form.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    /// The campaign's number; `None` before it was saved for the first time.
    pub(crate) id: Option<i64>,
    /// Its status.
    pub(crate) badge: Badge,
    /// When it was last saved, in words.
    pub(crate) saved: Option<String>,
    /// What stands between it and its start.
    pub(crate) missing: Vec<FieldError>,
    /// What was not accepted at the last save.
    pub(crate) errors: Errors,
    /// Head of the summary of errors.
    pub(crate) problem: &'static str,
}

impl Bench {
    /// Where the form goes, and where the way back leads.
    fn href(&self) -> String {
        self.id
            .map_or_else(|| "/campaigns".to_owned(), |id| format!("/campaigns/{id}"))
    }
}

/// The push composer.
#[derive(Debug, Template)]
#[template(path = "editor_push.html")]
pub(crate) struct PushEditorPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Number, status, faults.
    pub(crate) bench: Bench,
    /// What is typed.
    pub(crate) form: PushForm,
    /// To whom, as rows.
    pub(crate) rules: RuleRows,
    /// What is wrong with the rules as a whole.
    pub(crate) wrong: Option<String>,
    /// Names of events and properties that are known.
    pub(crate) known: Vec<String>,
    /// The words in other languages.
    pub(crate) languages: Languages,
    /// Words, addresses and places of the buttons.
    pub(crate) buttons: Buttons,
    /// What replaces what: the topic.
    pub(crate) topic: Control,
    /// Browsers to try it out with, and what became of it there.
    pub(crate) test: TestPart,
    /// A vibration.
    pub(crate) vibrate: Control,
    /// Variants, control group, goal and winner.
    pub(crate) experiment: PushExperiment,
    /// When, how fast, how often again and until when.
    pub(crate) when: PushWhen,
    /// The event that it follows, how long after, its unit, what makes it needless, and the silence.
    pub(crate) on_event: [Control; 5],
    /// A push that programs ask for.
    pub(crate) on_request: [Control; 2],
    /// The zone in which moments are written.
    pub(crate) zone: String,
    /// What is to be expected of it.
    pub(crate) outlook: Outlook,
    /// Whom the looks can be shown as.
    pub(crate) people: Vec<String>,
    /// Where the site lives, as the browsers will name it.
    pub(crate) origin_host: String,
}

/// What is to be expected of a push as it is typed; the page and its script are told the same.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Outlook {
    /// The payload, indented, to be looked at.
    pub(crate) payload: String,
    /// Bytes of the largest payload; 0 while the form cannot be read.
    pub(crate) bytes: usize,
    /// The plan in one sentence.
    pub(crate) sentence: String,
    /// Whom it reaches, in words.
    pub(crate) reach: String,
    /// Whom nothing is sent to though they are meant, in words; empty where there is nobody.
    pub(crate) left_out: String,
    /// Words of the button that starts it.
    pub(crate) verb: String,
    /// What the looks show.
    #[serde(flatten)]
    pub(crate) look: Look,
    /// Whether it reaches nobody now.
    pub(crate) nobody: bool,
}

/// An empty composer.
pub(super) async fn begin(desk: &Desk) -> Result<Response, Error> {
    let form = PushForm::fresh(&format!("{}/", desk.home()));
    drawn(desk, form, None, Errors::default(), "", StatusCode::OK).await
}

/// The composer of a push that is kept, with one more row where that is asked for.
pub(super) async fn edit(
    desk: &Desk,
    campaign: &Campaign,
    add: &str,
    tests: &str,
) -> Result<Response, Error> {
    if !campaign.status.may_edit(Kind::Push) {
        return Ok(Redirect::to(&format!("/campaigns/{}", campaign.id)).into_response());
    }
    let zone = &desk.account().zone;
    let mut form = PushForm::of(&campaign.definition, zone).unwrap_or_default();
    if !add.is_empty() {
        add_row(&mut form.plan, add);
    }
    form.plan.set(TESTS, tests);
    drawn(desk, form, Some(campaign), Errors::default(), "", StatusCode::OK).await
}

fn definition(
    desk: &Desk,
    form: &PushForm,
    before: Option<&Campaign>,
    without: Option<&str>,
) -> Result<Definition, Vec<FieldError>> {
    let zone = super::zone(desk, &form.plan);
    let before = before.map(|campaign| &campaign.definition);
    let json = form.to_json(before, (&zone, desk.now), without)?;
    Definition::parse(json).map_err(|fault| vec![fault])
}

const NOT_SAVED: &str = "Not saved. What you typed is still here.";
const NOT_TESTED: &str = "No test was sent. Everything is saved.";
const NOT_STARTED: &str = "Not started. Everything is saved as a draft; this is missing:";

/// Keeps a push, and sends it where that is asked for.
pub(super) async fn keep(desk: &Desk, sent: &Sent, id: Option<CampaignId>) -> Result<Response, Error> {
    let mut form = PushForm::read(sent)?;
    let moved = push_buttons::arrange(&mut form);
    let account = &desk.account().id;
    let before = match id {
        Some(id) => Some(desk.app.launch.find(account, id).await?),
        None => None,
    };
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let without = form.then.strip_prefix("remove:");
    let mut definition = match definition(desk, &form, before.as_ref(), without) {
        Ok(definition) => definition,
        Err(faults) => return drawn(desk, form, before.as_ref(), Errors(faults), NOT_SAVED, refused).await,
    };
    let arranged = push_experiment::arrange(&mut definition, &form.then);
    let kept = match &before {
        Some(before) => desk.app.launch.change(account, before.clone(), definition).await,
        None => desk.app.launch.create(account, definition).await,
    };
    let kept = match kept {
        Ok(campaign) => campaign,
        Err(fault) => {
            let errors = fields(fault.into())?;
            return drawn(desk, form, before.as_ref(), errors, NOT_SAVED, refused).await;
        }
    };
    let edit = format!("/campaigns/{}/edit", kept.id);
    let part = |list: &str| {
        if list.starts_with(TRANSLATIONS) {
            "languages"
        } else {
            "audience"
        }
    };
    if let Some(list) = form.then.strip_prefix("add:") {
        let path = format!("{edit}?add={}#{}", encoded(list), part(list));
        return Ok(Redirect::to(&path).into_response());
    }
    if moved {
        return Ok(Redirect::to(&format!("{edit}#push.actions")).into_response());
    }
    if arranged {
        return Ok(Redirect::to(&format!("{edit}#variants")).into_response());
    }
    if let Some(row) = without {
        return Ok(Redirect::to(&format!("{edit}#{}", part(row))).into_response());
    }
    if form.then == "test" {
        return match push_test::send(desk, kept.id, sent).await {
            Ok(tests) => Ok(Redirect::to(&format!("{edit}?tests={tests}#test")).into_response()),
            Err(fault) => drawn(desk, form, Some(&kept), fields(fault)?, NOT_TESTED, refused).await,
        };
    }
    if form.then != "start" {
        return Ok(said(&edit, Said::Saved));
    }
    match desk.app.launch.start(account, kept.id).await {
        Ok(campaign) => Ok(said(&format!("/campaigns/{}", campaign.id), started(&campaign))),
        Err(fault) => {
            let errors = fields(fault.into())?;
            drawn(desk, form, Some(&kept), errors, NOT_STARTED, refused).await
        }
    }
}

/// Active subscriptions of the site.
pub(super) async fn subscribers(desk: &Desk) -> Result<u64, Error> {
    Ok(desk.app.store.reach(&desk.account().id).await?.values().sum())
}

/// The editor of a form, with what is wrong with it.
async fn drawn(
    desk: &Desk,
    form: PushForm,
    campaign: Option<&Campaign>,
    mut errors: Errors,
    problem: &'static str,
    status: StatusCode,
) -> Result<Response, Error> {
    let definition = definition(desk, &form, campaign, None);
    let mut missing = match &definition {
        Ok(definition) => definition.check(),
        Err(faults) => faults.clone(),
    };
    at_inputs(&form.plan, &mut missing);
    at_inputs(&form.plan, &mut errors.0);
    let standing = campaign.map_or(Status::Draft, |campaign| campaign.status);
    // What was refused first, then what is kept and not right yet.
    let mut wrong = errors.clone();
    if campaign.is_some() {
        wrong.0.extend(missing.iter().cloned());
    }
    let bench = Bench {
        id: campaign.map(|campaign| campaign.id.0),
        badge: status::badge(standing, &Counts::default()),
        saved: campaign.map(|campaign| desk.told().when(campaign.changed_at).words),
        missing,
        errors,
        problem,
    };
    let outlook = match &definition {
        Ok(definition) => outlook(desk, definition, Seen::default()).await?,
        Err(_) => Outlook {
            verb: "Send push".to_owned(),
            ..Outlook::default()
        },
    };
    let zone = super::zone(desk, &form.plan).name().to_owned();
    let newest = stage::newest(desk, stage::LOOKED_AT).await?;
    let mut known = stage::properties(&newest);
    known.extend(["Charged", "Added To Cart"].map(str::to_owned));
    let fields = Fields {
        typed: &form.plan,
        wrong: &wrong,
    };
    let page = PushEditorPage {
        rules: RuleRows::new(&fields, "audience"),
        wrong: wrong.of("audience.rules").map(str::to_owned),
        known,
        people: stage::people(desk, &newest).await?,
        languages: Languages::new(&fields),
        test: TestPart::new(desk, form.plan.get(TESTS)).await?,
        buttons: Buttons::new(&fields),
        topic: topic(&fields),
        vibrate: vibrate(&fields),
        experiment: PushExperiment::new(&fields, &push_experiment::names(definition.as_ref().ok())),
        when: PushWhen::new(&fields, &zone, desk.account().settings.push),
        on_event: on_event(&fields),
        on_request: on_request(&fields),
        zone,
        outlook,
        origin_host: host_of(desk.home()).to_owned(),
        shell: desk.shell(Nav::Campaigns),
        bench,
        form,
    };
    Ok(desk.page_as(status, page))
}

/// The control of the topic.
pub(crate) fn topic(fields: &Fields<'_>) -> Control {
    fields.mono("push.topic", "Topic").note("optional").help(
        "Of messages with the same topic a push service keeps only the newest for a browser that is away: “weekly-news” shows one, not \
         four. At most 64 characters. Empty: each sending is a topic of its own.",
    )
}

/// The control of a vibration.
pub(crate) fn vibrate(fields: &Fields<'_>) -> Control {
    fields
        .line("push.vibrate", "Vibration")
        .note("optional")
        .help("Milliseconds on, off, on: 200, 100, 200. Up to Android 7 only.")
}

/// The controls of a push that follows an event.
pub(crate) fn on_event(fields: &Fields<'_>) -> [Control; 5] {
    let units = ["minutes", "hours", "days"];
    let units = units.map(|unit| (unit.to_owned(), unit.to_owned())).to_vec();
    [
        fields
            .line("on_event.event", "Event")
            .help("For example Added To Cart; Push Subscribed for a welcome. Empty: once to all."),
        fields.control("on_event.after_minutes", "How long after it", Shape::Number),
        fields.control("on_event.after_minutes.unit", "Unit", Shape::Choice(units)),
        fields
            .line("on_event.unless", "Not if meanwhile they did")
            .note("optional")
            .help("For example Charged."),
        fields
            .control(
                "on_event.silence_hours",
                "At most once in so many hours",
                Shape::Number,
            )
            .help("0: every time."),
    ]
}

/// The controls of a push that programs ask for.
pub(crate) fn on_request(fields: &Fields<'_>) -> [Control; 2] {
    [
        fields.control("on_request", "Programs say to whom, and when", Shape::Tick),
        fields
            .control(
                "on_request.sample",
                "What they send along, for example",
                Shape::Code(3),
            )
            .note("JSON")
            .help("In the texts: {{ data.order }}. Shown in the preview, and judged for its size."),
    ]
}

/// What is to be expected of a push now.
async fn outlook(desk: &Desk, definition: &Definition, seen: Seen<'_>) -> Result<Outlook, Error> {
    let Body::Push(plan) = &definition.body else {
        return Ok(Outlook::default());
    };
    let push = &plan.push;
    let send = Id::new(Timestamp(0), [0; 10]);
    let payload: Value = serde_json::from_slice(&push.payload(&desk.account().id, CampaignId(0), send, None))
        .map_err(anyhow::Error::from)?;
    let told = desk.told();
    let when = plan.send.words(|at| told.moment(at));
    let mut found = Outlook {
        payload: serde_json::to_string_pretty(&payload).map_err(anyhow::Error::from)?,
        bytes: plan
            .messages()
            .map(PushMessage::largest_payload_bytes)
            .max()
            .unwrap_or(0),
        sentence: plan.sentence(&when),
        verb: "Send push".to_owned(),
        look: Look::new(desk, plan, seen).await?,
        ..Outlook::default()
    };
    let estimate = audience::estimate(&desk.app.store, &desk.site, plan, desk.now, audience::AT_A_GLANCE);
    let Ok(estimate) = estimate.await? else {
        return Ok(found);
    };
    let reached = estimate.reached();
    let about = if estimate.is_exact() { "" } else { "about " };
    let subscriptions = format::counted(reached, "subscription", "subscriptions");
    found.nobody = reached == 0;
    found.sentence += &push_experiment::sizes(plan, reached);
    found.bytes = found.bytes.max(estimate.largest_bytes);
    found.reach = if plan.audience.is_empty() && estimate.left_out.is_empty() {
        format!("{subscriptions} now")
    } else {
        format!(
            "{about}{subscriptions} of {} now",
            format::number(estimate.subscribers)
        )
    };
    found.left_out = estimate
        .left_out
        .iter()
        .map(|(reason, n)| {
            format!(
                "{}: {reason}",
                format::counted(*n, "subscription gets nothing", "subscriptions get nothing")
            )
        })
        .collect::<Vec<_>>()
        .join(" ");
    if plan.send.is_past_for_some(desk.now, &desk.account().zone) {
        let late = "It is later than that already where the day begins first: whoever’s clock shows more gets it at once.";
        let gap = if found.left_out.is_empty() { "" } else { " " };
        found.left_out = format!("{late}{gap}{}", found.left_out);
    }
    let comes_again = plan.goes_on() || plan.send.repeat.is_some();
    found.nobody &= !comes_again;
    if comes_again {
        "Start".clone_into(&mut found.verb);
        return Ok(found);
    }
    found.verb = match (plan.send.at, reached) {
        (Some(_), _) => "Schedule push".to_owned(),
        (None, 0) => "Send push".to_owned(),
        (None, _) => format!("Send to {about}{subscriptions}"),
    };
    Ok(found)
}

/// What the composer's script is told of a form that is being typed.
pub(super) async fn preview(desk: &Desk, sent: &Sent) -> Result<Value, Error> {
    let form = PushForm::read(sent)?;
    let before = match sent.get("id").parse() {
        Ok(id) => Some(desk.app.launch.find(&desk.account().id, CampaignId(id)).await?),
        Err(_) => None,
    };
    Ok(match definition(desk, &form, before.as_ref(), None) {
        Ok(definition) => {
            let seen = Seen {
                whom: sent.get("stage.as"),
                language: sent.get("stage.language"),
                variant: sent.get("stage.variant").parse().unwrap_or(0),
            };
            let mut told = json!(outlook(desk, &definition, seen).await?);
            let mut faults = definition.check();
            at_inputs(&form.plan, &mut faults);
            told["errors"] = json!(faults);
            told
        }
        Err(faults) => json!({"errors": faults}),
    })
}
