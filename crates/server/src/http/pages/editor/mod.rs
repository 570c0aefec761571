//! Writing a campaign: the pop-up editor in steps, and the push composer.
//!
//! Each step has its own address and saves by itself, by a form without script and by the same form with it. A draft is changed in place; a
//! pop-up that was started keeps its changes beside what visitors get until they are published. Left out: storage and drawing. Invariant:
//! whatever is not accepted comes back with everything that was typed; a change by somebody else is never overwritten unasked.

pub(crate) mod bar;
pub(crate) mod control;
pub(crate) mod gallery;
pub(crate) mod page;
pub(crate) mod plan;
pub(crate) mod push;
pub(crate) mod push_buttons;
pub(crate) mod push_experiment;
pub(crate) mod push_languages;
pub(crate) mod push_looks;
pub(crate) mod push_test;
pub(crate) mod push_when;
pub(crate) mod review;
pub(crate) mod rows;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod stage;
pub(crate) mod test_link;
pub(crate) mod warnings;
pub(crate) mod what;

use super::campaigns::NewCampaignPage;
use super::desk::{Desk, Numbered, Sent, Signed, fields, said};
use super::forms::{Reading, Typed, read_experiment, read_goal, read_popup, read_rules, read_when, variants};
use super::{Errors, Nav, Said};
use crate::http::error::Error;
use crate::http::extract::Asked;
use crate::launch::LaunchError;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use bar::Step;
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Campaign, Definition, Kind, PopupPlan};
use campanile_core::experiment::Experiment;
use campanile_core::id::CampaignId;
use campanile_core::popup::{Popup, Template};
use campanile_core::time::Zone;
use serde::Deserialize;
use serde_json::{Value, json};

/// What is asked for at `/campaigns/new`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewQuery {
    kind: String,
}

/// The choice of a kind, the gallery, or an empty composer.
pub(crate) async fn begin(desk: Desk, Asked(asked): Asked<NewQuery>) -> Response {
    let page = match asked.kind.as_str() {
        "popup" => Ok(gallery::choose(&desk)),
        "push" => push::begin(&desk).await,
        _ => match push::subscribers(&desk).await {
            Ok(subscribers) => Ok(desk.page(NewCampaignPage {
                shell: desk.shell(Nav::Campaigns),
                subscribers,
            })),
            Err(fault) => Err(fault),
        },
    };
    desk.tell(page)
}

/// Makes a campaign: a pop-up of a template, or a push with all its words.
pub(crate) async fn create(Signed { desk, form }: Signed) -> Response {
    let made = match form.get("kind") {
        "push" => push::keep(&desk, &form, None).await,
        _ => gallery::make(&desk, &form).await,
    };
    desk.tell(made)
}

/// Where in the editor somebody is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct At {
    /// Name of the step.
    step: String,
    /// The variant; 0 is A.
    variant: usize,
    /// A list that gets one more row.
    add: String,
    /// Hash of a picture that was just uploaded.
    media: String,
    /// What was refused: `started` or `published`.
    not: String,
    /// Tests of a push that were just sent.
    tests: String,
}

impl At {
    fn step(&self) -> Step {
        Step::parse(&self.step)
    }
}

/// A step of a campaign that is kept.
pub(crate) async fn edit(desk: Desk, Numbered(id): Numbered, Asked(at): Asked<At>) -> Response {
    desk.tell(edit_page(&desk, id, &at).await)
}

async fn edit_page(desk: &Desk, id: CampaignId, at: &At) -> Result<Response, Error> {
    let campaign = desk.app.launch.find(&desk.account().id, id).await?;
    if campaign.definition.kind() == Kind::Push {
        return push::edit(desk, &campaign, &at.add, &at.tests).await;
    }
    if at.step == "template" {
        let definition = current(&campaign);
        if let Body::Popup(plan) = &definition.body {
            let popup = plan.variant(at.variant);
            return Ok(gallery::change(desk, id, &definition.name, popup, at.variant));
        }
    }
    let mut typed = Typed::default();
    if !at.media.is_empty() {
        page::picture(desk, &mut typed, &at.media, at.variant).await?;
    }
    let shown = page::Shown {
        typed,
        add: at.add.clone(),
        not: at.not.clone(),
        ..page::Shown::default()
    };
    page::draw(desk, &campaign, at.step(), at.variant, shown, StatusCode::OK).await
}

/// What is being written: the changes that are not live yet, or what is in force.
pub(crate) fn current(campaign: &Campaign) -> Definition {
    campaign
        .draft
        .clone()
        .unwrap_or_else(|| campaign.definition.clone())
}

/// Keeps a definition: in place in a draft, beside what visitors get once it was started.
pub(crate) async fn keep(
    desk: &Desk,
    campaign: &Campaign,
    definition: Definition,
) -> Result<Campaign, LaunchError> {
    let (account, launch) = (&desk.account().id, &desk.app.launch);
    if definition == current(campaign) {
        return Ok(campaign.clone());
    }
    if campaign.started_at.is_none() {
        return launch.change(account, campaign.clone(), definition).await;
    }
    let draft = (definition != campaign.definition).then_some(definition);
    launch.keep_draft(account, campaign.clone(), draft).await
}

/// What somebody wants to happen after saving.
enum Then {
    /// Stay on this step.
    Stay,
    /// Go on to the next one.
    Next,
    /// Choose another template.
    Template,
    /// One more row in a list.
    Add(String),
    /// One row less.
    Remove(String),
    /// A change of the variants.
    Variant(Deed),
}

/// What a button does with the variants.
#[derive(Clone, Copy, PartialEq)]
enum Deed {
    /// One more.
    Add,
    /// This one goes.
    Remove,
    /// This one gets the words of A.
    Copy,
}

impl Then {
    fn read(sent: &Sent) -> Self {
        let wanted = sent.get("then");
        match wanted.split_once(':') {
            Some(("add", list)) => Self::Add(list.to_owned()),
            Some(("remove", row)) => Self::Remove(row.to_owned()),
            Some(("variant", "add")) => Self::Variant(Deed::Add),
            Some(("variant", "remove")) => Self::Variant(Deed::Remove),
            Some(("variant", "copy")) => Self::Variant(Deed::Copy),
            _ => match wanted {
                "next" => Self::Next,
                "template" => Self::Template,
                _ => Self::Stay,
            },
        }
    }
}

const NOT_SAVED: &str = "Not saved. What you typed is still here.";
const CHANGED: &str =
    "Not saved: somebody else changed this campaign in the meantime. What you typed is still here.";

/// Saves one step.
pub(crate) async fn save_step(
    Numbered(id): Numbered,
    Asked(at): Asked<At>,
    Signed { desk, form }: Signed,
) -> Response {
    desk.tell(saved(&desk, id, &at, &form).await)
}

async fn saved(desk: &Desk, id: CampaignId, at: &At, sent: &Sent) -> Result<Response, Error> {
    let campaign = desk.app.launch.find(&desk.account().id, id).await?;
    let typed = Typed::sent(sent);
    let then = Then::read(sent);
    let shown = |errors: Vec<FieldError>, problem: &'static str| page::Shown {
        typed: typed.clone(),
        add: match &then {
            Then::Add(list) => list.clone(),
            _ => String::new(),
        },
        errors: Errors(errors),
        problem,
        ..page::Shown::default()
    };
    let version = sent.get("version");
    let conflict = async || {
        if desk.wants_json {
            let told = json!({"saved": false, "conflict": true, "problem": CHANGED});
            return Ok((StatusCode::CONFLICT, axum::Json(told)).into_response());
        }
        let shown = page::Shown {
            conflict: true,
            ..shown(Vec::new(), CHANGED)
        };
        let status = StatusCode::CONFLICT;
        page::draw(desk, &campaign, at.step(), at.variant, shown, status).await
    };
    if !version.is_empty() && version != campaign.changed_at.ms().to_string() && sent.get("over") != "yes" {
        return conflict().await;
    }
    let before = current(&campaign);
    let without = match &then {
        Then::Remove(row) => Some(row.as_str()),
        _ => None,
    };
    let read = read_step(desk, &before, at, &typed, without).map(|mut definition| {
        arrange(&mut definition, &then, at.variant);
        definition
    });
    let kept = match read {
        Ok(definition) => match keep(desk, &campaign, definition).await {
            Err(LaunchError::Changed) => return conflict().await,
            kept => kept.map_err(|fault| fields(fault.into())),
        },
        Err(faults) => Err(Ok(Errors(faults))),
    };
    let kept = match kept {
        Ok(kept) => kept,
        Err(Err(fault)) => return Err(fault),
        Err(Ok(errors)) if desk.wants_json => {
            let told = json!({"saved": false, "errors": errors.0, "problem": NOT_SAVED});
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, axum::Json(told)).into_response());
        }
        Err(Ok(errors)) => {
            let shown = shown(errors.0, NOT_SAVED);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return page::draw(desk, &campaign, at.step(), at.variant, shown, status).await;
        }
    };
    if desk.wants_json {
        return page::told(desk, &kept, at.variant);
    }
    Ok(onward(&kept, at, &then))
}

/// Where a saved step leads.
fn onward(kept: &Campaign, at: &At, then: &Then) -> Response {
    let step = at.step();
    let here = step.href(kept.id, at.variant);
    let href = match then {
        Then::Next => step.next().href(kept.id, at.variant),
        Then::Template => format!("/campaigns/{}/edit?step=template&variant={}", kept.id, at.variant),
        Then::Add(list) => format!("{here}&add={}#{}", encoded(list), list.trim_end_matches("+group")),
        Then::Remove(_) => here,
        Then::Variant(deed) => {
            let variants = match &current(kept).body {
                Body::Popup(plan) => plan.experiment.variants.len(),
                Body::Push(_) => 0,
            };
            let shown = match deed {
                Deed::Add => variants,
                Deed::Remove => 0,
                Deed::Copy => at.variant.min(variants),
            };
            Step::What.href(kept.id, shown)
        }
        Then::Stay => return said(&here, Said::Saved),
    };
    Redirect::to(&href).into_response()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The zone of a form's moments: the one that stands beside them, even where the site has moved since.
pub(crate) fn zone(desk: &Desk, typed: &Typed) -> Zone {
    Zone::parse(typed.get("zone")).unwrap_or_else(|| desk.account().zone.clone())
}

/// The definition with what a step's form says.
fn read_step(
    desk: &Desk,
    before: &Definition,
    at: &At,
    typed: &Typed,
    without: Option<&str>,
) -> Result<Definition, Vec<FieldError>> {
    let Body::Popup(plan) = &before.body else {
        return Ok(before.clone());
    };
    let zone = zone(desk, typed);
    let mut reading = Reading::new(typed, &zone, desk.now);
    reading.without = without;
    let mut campaign = before.to_json();
    match at.step() {
        Step::Goal => read_goal(&mut reading, &mut campaign, plan),
        Step::Who => {
            if typed.has_below("audience.") {
                campaign["audience"] = read_rules(&mut reading, "audience");
            }
        }
        Step::What => read_what(&mut reading, &mut campaign, plan, at.variant),
        Step::When => read_when(&mut reading, &mut campaign, plan),
        Step::Review => {}
    }
    if !reading.faults.is_empty() {
        return Err(reading.faults);
    }
    Definition::parse(campaign).map_err(|fault| vec![fault])
}

/// The path of a variant's message; 0 is A.
pub(crate) fn path_of(variant: usize) -> String {
    match variant.checked_sub(1) {
        None => "popup".to_owned(),
        Some(index) => format!("experiment.variants[{index}].popup"),
    }
}

fn read_what(reading: &mut Reading<'_>, campaign: &mut Value, plan: &PopupPlan, variant: usize) {
    let variant = variant.min(plan.experiment.variants.len());
    let read = read_popup(reading, &path_of(variant), plan.variant(variant));
    if !plan.experiment.is_one() {
        let mut experiment = json!(plan.experiment);
        read_experiment(reading, &mut experiment);
        if let Some(index) = variant.checked_sub(1) {
            experiment["variants"][index]["popup"] = read;
            campaign["experiment"] = experiment;
            return;
        }
        campaign["experiment"] = experiment;
    }
    campaign["popup"] = read;
}

/// Does what a button asks of the variants.
fn arrange(definition: &mut Definition, then: &Then, variant: usize) {
    let (Body::Popup(plan), Then::Variant(deed)) = (&mut definition.body, then) else {
        return;
    };
    let first = plan.popup.clone();
    let experiment: &mut Experiment = &mut plan.experiment;
    match (*deed, variant.checked_sub(1)) {
        (Deed::Add, _) => variants::add(experiment, &first),
        (Deed::Remove, Some(index)) => variants::remove(experiment, index),
        (Deed::Copy, Some(index)) => {
            if let Some(variant) = experiment.variants.get_mut(index) {
                variant.popup = first;
            }
        }
        _ => {}
    }
}

/// Keeps a push that was changed.
pub(crate) async fn save(Numbered(id): Numbered, Signed { desk, form }: Signed) -> Response {
    desk.tell(push::keep(&desk, &form, Some(id)).await)
}

/// Puts changes into force: a new revision.
pub(crate) async fn publish(Numbered(id): Numbered, Signed { desk, .. }: Signed) -> Response {
    desk.tell(published(&desk, id).await)
}

async fn published(desk: &Desk, id: CampaignId) -> Result<Response, Error> {
    let account = &desk.account().id;
    let campaign = desk.app.launch.find(account, id).await?;
    let Some(draft) = campaign.draft.clone() else {
        return Ok(said(&format!("/campaigns/{id}"), Said::Saved));
    };
    match desk.app.launch.change(account, campaign, draft).await {
        Ok(_) => Ok(said(&format!("/campaigns/{id}"), Said::Published)),
        Err(LaunchError::Fields(_)) => Ok(refused(id, "published")),
        Err(fault) => Err(fault.into()),
    }
}

/// The review of a campaign that may not be `started` or `published` yet.
pub(crate) fn refused(id: CampaignId, deed: &str) -> Response {
    Redirect::to(&format!("{}&not={deed}", Step::Review.href(id, 0))).into_response()
}

/// Forgets changes that are not live.
pub(crate) async fn discard(Numbered(id): Numbered, Signed { desk, .. }: Signed) -> Response {
    let (account, launch) = (&desk.account().id, &desk.app.launch);
    let kept = async {
        launch
            .keep_draft(account, launch.find(account, id).await?, None)
            .await
    };
    desk.tell(
        kept.await
            .map(|_| said(&Step::What.href(id, 0), Said::Discarded))
            .map_err(Error::from),
    )
}

/// The message of a form that is being typed: JSON for the stage, a document of its own for a new tab.
pub(crate) async fn preview(Signed { desk, form }: Signed) -> Response {
    let told = match form.get("kind") {
        "push" => push::preview(&desk, &form).await,
        _ => popup_preview(&desk, &form).await,
    };
    let answer = told.map(|told| match told.get("html").and_then(Value::as_str) {
        Some(html) if !desk.wants_json => page::alone(&desk.nonce, html),
        _ => axum::Json(told).into_response(),
    });
    desk.tell(answer)
}

async fn popup_preview(desk: &Desk, sent: &Sent) -> Result<Value, Error> {
    let typed = Typed::sent(sent);
    let variant: usize = sent.get("variant").parse().unwrap_or(0);
    let known = match sent.get("id").parse() {
        Ok(id) => current(&desk.app.launch.find(&desk.account().id, CampaignId(id)).await?),
        Err(_) => gallery::begin(Template::parse(sent.get("template")).unwrap_or_default()),
    };
    let at = At {
        step: "what".to_owned(),
        variant,
        ..At::default()
    };
    let read = if typed.has_below(&format!("{}.", path_of(variant))) {
        read_step(desk, &known, &at, &typed, None)
    } else {
        Ok(known)
    };
    let definition = match read {
        Ok(definition) => definition,
        Err(faults) if desk.wants_json => return Ok(json!({"errors": faults})),
        Err(faults) => return Err(Error::Fields(faults)),
    };
    let Body::Popup(plan) = &definition.body else {
        return Err(Error::BadRequest("A push has no steps.".to_owned()));
    };
    let popup: &Popup = plan.variant(variant);
    let mut told = stage::draw(desk, popup, &page::switches(&typed)).await?.told();
    told["errors"] = json!(definition.check());
    told["warnings"] = json!(warnings::of_popup(popup, &path_of(variant), desk.now));
    Ok(told)
}
