//! Drawing a step: the form as it is typed, what is wrong with it, and what stands beside it.
//!
//! Left out: saving (`editor`). Invariant: what was sent and not accepted is shown as it was sent; everything else is what is kept.

use super::bar::{Bar, Step, steps};
use super::control::Fields;
use super::plan::{Rail, WhoPage, goal_page, when_page};
use super::review::{self, ReviewPage};
use super::rows::{RuleRows, add_row};
use super::stage::{self, Stage, Switches, Visitor};
use super::warnings;
use super::what::{WhatPage, kind_words, sections, shares, tabs};
use super::{current, path_of};
use crate::http::error::Error;
use crate::http::media;
use crate::http::pages::desk::Desk;
use crate::http::pages::forms::{Typed, fill_experiment, fill_goal, fill_popup, fill_rules, fill_when};
use crate::http::pages::{Errors, Nav};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Campaign, Definition, PopupPlan, Status};
use campanile_core::time::Zone;
use campanile_core::trigger::On;
use serde_json::json;
use std::collections::BTreeSet;

/// What a step shows beside what is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    /// What was sent.
    pub(crate) typed: Typed,
    /// A list that gets one more row.
    pub(crate) add: String,
    /// What was not accepted.
    pub(crate) errors: Errors,
    /// Head of the summary.
    pub(crate) problem: &'static str,
    /// Whether somebody else changed the campaign in the meantime.
    pub(crate) conflict: bool,
    /// What was refused: `started`, `published` or nothing.
    pub(crate) not: String,
}

/// Lists whose rows are taken from what was sent, not from both.
const LISTS: [&str; 5] = [
    "audience.rules[",
    "trigger.when.rules[",
    "trigger.where[",
    "trigger.signals.list[",
    "goal.where[",
];

/// What a step's form shows.
fn filled(
    zone: &Zone,
    definition: &Definition,
    plan: &PopupPlan,
    step: Step,
    variant: usize,
    shown: &Shown,
) -> Typed {
    let mut typed = Typed::default();
    match step {
        Step::Goal => fill_goal(&mut typed, definition, plan),
        Step::Who => fill_rules(&mut typed, "audience", &plan.audience),
        Step::What => {
            fill_popup(&mut typed, &path_of(variant), plan.variant(variant), zone);
            fill_experiment(&mut typed, &plan.experiment);
        }
        Step::When => fill_when(&mut typed, plan, zone),
        Step::Review => {}
    }
    if !shown.errors.none() || shown.conflict {
        for list in LISTS {
            typed.forget(list);
        }
    }
    typed.overlay(shown.typed.clone());
    if !shown.add.is_empty() {
        add_row(&mut typed, &shown.add);
    }
    typed
}

/// How the stage was switched.
pub(crate) fn switches(typed: &Typed) -> Switches {
    Switches {
        theme: typed.get("stage.theme").to_owned(),
        direction: typed.get("stage.direction").to_owned(),
        seen_as: typed.get("stage.as").to_owned(),
    }
}

/// A step as the answer.
pub(crate) async fn draw(
    desk: &Desk,
    campaign: &Campaign,
    step: Step,
    variant: usize,
    shown: Shown,
    status: StatusCode,
) -> Result<Response, Error> {
    let definition = current(campaign);
    let Body::Popup(plan) = &definition.body else {
        return Err(Error::BadRequest("A push has no steps.".to_owned()));
    };
    let variant = variant.min(plan.experiment.variants.len());
    let missing = definition.check();
    let zone = super::zone(desk, &shown.typed);
    let typed = filled(&zone, &definition, plan, step, variant, &shown);
    let mut bar = Bar::new(desk, campaign, &definition.name, step, variant, &missing, &zone);
    bar.errors = shown.errors.clone();
    bar.problem = shown.problem;
    bar.conflict = shown.conflict;
    match shown.not.as_str() {
        "started" => bar.problem = "Not started. Everything is saved; what is missing stands below.",
        "published" => bar.problem = "Not published. Everything is saved; what is missing stands below.",
        _ => {}
    }
    // What was refused first, then what is kept and not right yet.
    let mut wrong = shown.errors;
    wrong.0.extend(missing.iter().cloned());
    let fields = Fields {
        typed: &typed,
        wrong: &wrong,
    };
    let shell = desk.shell(Nav::Campaigns);
    match step {
        Step::Goal => {
            let rail = rail(desk, campaign, plan, None);
            let page = goal_page(&fields, shell, bar, rail, names(desk).await?.0);
            Ok(desk.page_as(status, page))
        }
        Step::Who => {
            let newest = stage::newest(desk, stage::COUNTED).await?;
            let page = WhoPage {
                rules: RuleRows::new(&fields, "audience"),
                wrong: wrong.of("audience.rules").map(str::to_owned),
                events: names(desk).await?.0,
                properties: stage::properties(&newest),
                rail: rail(desk, campaign, plan, Some(&newest)),
                shell,
                bar,
            };
            Ok(desk.page_as(status, page))
        }
        Step::What => {
            let at = path_of(variant);
            let popup = plan.variant(variant);
            let newest = stage::newest(desk, stage::LOOKED_AT).await?;
            let page = WhatPage {
                template: popup.template.purpose(),
                kind: kind_words(popup),
                variants: tabs(campaign.id, step, &plan.experiment, variant),
                shares: shares(&fields, &plan.experiment),
                sections: sections(&fields, &at, popup, zone.name()),
                warnings: warnings::of_popup(popup, &at, desk.now),
                stage: Stage {
                    drawn: stage::draw(desk, popup, &switches(&typed)).await?,
                    people: stage::people(desk, &newest).await?,
                    nonce: desk.nonce.clone(),
                    phone: false,
                },
                properties: stage::properties(&newest),
                shell,
                bar,
            };
            Ok(desk.page_as(status, page))
        }
        Step::When => {
            let rail = rail(desk, campaign, plan, None);
            let names = names(desk).await?;
            let page = when_page(&fields, shell, bar, rail, zone.name(), plan, names);
            Ok(desk.page_as(status, page))
        }
        Step::Review => {
            let page = review_page(desk, campaign, plan, variant, missing, bar).await?;
            Ok(desk.page_as(status, page))
        }
    }
}

async fn review_page(
    desk: &Desk,
    campaign: &Campaign,
    plan: &PopupPlan,
    variant: usize,
    missing: Vec<FieldError>,
    bar: Bar,
) -> Result<ReviewPage, Error> {
    let id = campaign.id;
    let newest = stage::newest(desk, stage::COUNTED).await?;
    let warnings = warnings::of_plan(plan, desk.now)
        .into_iter()
        .map(|warning| (warning.message, super::plan::field_href(id, &warning.field)))
        .collect();
    Ok(ReviewPage {
        sentence: review::sentence(id, plan),
        experiment: plan.parts().experiment,
        goal: review::goal_words(plan),
        missing: review::missing(id, missing),
        warnings,
        rail: rail(desk, campaign, plan, Some(&newest)),
        variants: tabs(id, Step::Review, &plan.experiment, variant),
        stage: Stage {
            drawn: stage::draw(desk, plan.variant(variant), &Switches::default()).await?,
            people: Vec::new(),
            nonce: desk.nonce.clone(),
            phone: true,
        },
        revision: campaign.started_at.is_some().then_some(campaign.revision + 1),
        shell: desk.shell(Nav::Campaigns),
        bar,
    })
}

/// The consequences that stand beside a form; the audience is counted where it matters.
fn rail(desk: &Desk, campaign: &Campaign, plan: &PopupPlan, newest: Option<&[Visitor]>) -> Rail {
    let settings = &desk.account().settings;
    let overall = settings
        .caps
        .set()
        .next()
        .is_some()
        .then(|| settings.caps.words());
    Rail {
        sentence: plan.sentence(),
        reach: newest.map(|newest| stage::reach(desk, newest, &plan.audience)),
        rivals: rivals(desk, campaign, plan),
        overall,
    }
}

/// Running pop-ups that want the same moment and the same place with the same priority.
fn rivals(desk: &Desk, campaign: &Campaign, plan: &PopupPlan) -> Vec<(i64, String)> {
    desk.site
        .popups
        .iter()
        .filter(|other| other.id != campaign.id)
        .filter(|other| {
            let theirs = &other.plan;
            theirs.priority == plan.priority
                && theirs.popup.layout() == plan.popup.layout()
                && theirs.trigger.on == plan.trigger.on
                && theirs.trigger.event == plan.trigger.event
        })
        .take(3)
        .map(|other| (other.id.0, other.name.clone()))
        .collect()
}

/// Names of events and groups that the account's campaigns know.
async fn names(desk: &Desk) -> Result<(Vec<String>, Vec<String>), Error> {
    let mut events: BTreeSet<String> = ["Charged", "Added To Cart"]
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut groups = BTreeSet::new();
    for campaign in desk.app.store.campaigns(&desk.account().id).await? {
        if let Body::Popup(plan) = campaign.definition.body {
            if plan.trigger.on == On::Event {
                events.insert(plan.trigger.event);
            }
            events.extend(plan.goal.map(|goal| goal.event));
            groups.extend(plan.group);
        }
    }
    Ok((
        events
            .into_iter()
            .filter(|name| !name.is_empty())
            .take(40)
            .collect(),
        groups.into_iter().take(40).collect(),
    ))
}

/// What the script is told after a save; the stage was drawn when it was typed.
pub(crate) fn told(desk: &Desk, kept: &Campaign, variant: usize) -> Result<Response, Error> {
    let definition = current(kept);
    let Body::Popup(plan) = &definition.body else {
        return Err(Error::BadRequest("A push has no steps.".to_owned()));
    };
    let variant = variant.min(plan.experiment.variants.len());
    let missing = definition.check();
    let wrong: Vec<&str> = steps(kept.id, Step::Review, &missing)
        .iter()
        .filter(|step| step.look == super::bar::Look::Wrong)
        .map(|step| step.step.name())
        .collect();
    let mut warnings = warnings::of_popup(plan.variant(variant), &path_of(variant), desk.now);
    warnings.extend(warnings::of_moment(plan));
    let told = json!({
        "saved": true, "at": desk.told().clock(kept.changed_at), "version": kept.changed_at.ms().to_string(),
        "name": definition.name, "pending": kept.draft.is_some(), "running": kept.status == Status::Running,
        "errors": missing, "wrong_steps": wrong, "sentence": plan.sentence(), "warnings": warnings,
    });
    Ok(axum::Json(told).into_response())
}

/// Puts a picture that was just uploaded into the form.
pub(crate) async fn picture(desk: &Desk, typed: &mut Typed, hash: &str, variant: usize) -> Result<(), Error> {
    let account = &desk.account().id;
    if !crate::media::is_hash(hash) {
        return Ok(());
    }
    if let Some(row) = desk.app.store.media(account, hash).await? {
        let told = media::shown(&desk.base, account, &row);
        let at = format!("{}.image", path_of(variant));
        for name in ["url", "size_of"] {
            typed.set(format!("{at}.{name}"), told["url"].as_str().unwrap_or_default());
        }
        typed.set(format!("{at}.width"), row.width.to_string());
        typed.set(format!("{at}.height"), row.height.to_string());
    }
    Ok(())
}

/// The message as a page of its own, in a sandbox: nothing in it may run or reach this server's pages.
pub(crate) fn alone(nonce: &str, html: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self' https: http: data:; sandbox; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy).expect("a nonce is hex");
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, html.replace("campanile-nonce", nonce)).into_response()
}
