//! Campaigns over the API.

use crate::app::App;
use crate::http::error::Error;
use crate::http::extract::{Admin, Asked, Json as Body, Part};
use crate::http::{alarms, csv, export};
use crate::launch::{LaunchError, Purpose};
use crate::live::Site;
use crate::report::progress::progress;
use crate::store::deliveries::{DeliveryRow, Place};
use crate::{audience, report, secret};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use campanile_core::FieldError;
use campanile_core::campaign::{self, Campaign, Definition, Kind, Status};
use campanile_core::id::{AccountId, CampaignId, Id};
use campanile_core::notification::{PushMessage, support};
use campanile_core::popup::{Template, gallery};
use campanile_core::stats::Counts;
use campanile_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

type Answer = Result<Json<Value>, Error>;

/// A campaign as the API shows it.
pub(in crate::http) fn shown(campaign: &Campaign, counts: &Counts) -> Value {
    let mut value = campaign.definition.to_json();
    value["id"] = json!(campaign.id);
    value["status"] = json!(campaign.status);
    value["created_at"] = json!(campaign.created_at);
    value["changed_at"] = json!(campaign.changed_at);
    value["started_at"] = json!(campaign.started_at);
    value["ended_at"] = json!(campaign.ended_at);
    value["revision"] = json!(campaign.revision);
    value["archived_at"] = json!(campaign.archived_at);
    value["draft"] = json!(campaign.draft.as_ref().map(Definition::to_json));
    value["counts"] = counted(campaign.definition.kind(), counts);
    value
}

/// The counts that a kind of campaign has.
fn counted(kind: Kind, counts: &Counts) -> Value {
    match kind {
        Kind::Popup => {
            json!({
                "handed": counts.handed, "shown": counts.shown, "clicked": counts.clicked, "closed": counts.closed,
                "returned": counts.returned, "answered": counts.answered, "granted": counts.granted, "blocked": counts.blocked, "exposed": counts.exposed, "converted": counts.converted,
            })
        }
        Kind::Push => json!({
            "audience": counts.audience, "sent": counts.sent, "failed": counts.failed, "gone": counts.gone, "unsent": counts.unsent,
            "capped": counts.capped, "held": counts.held,
            "waiting": counts.waiting(),
            "shown": counts.shown, "clicked": counts.clicked, "dismissed": counts.dismissed,
            "exposed": counts.exposed, "converted": counts.converted,
        }),
    }
}

/// Lines of the ledger, each with its tries where there was more than one.
pub(super) async fn ledger_lines(
    app: &App,
    account: &AccountId,
    rows: &[DeliveryRow],
) -> Result<Vec<Value>, Error> {
    let mut tries = app.store.tries(account, rows).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let mut value = delivery(row);
            value["tries"] = json!(tries.remove(&row.id).unwrap_or_default());
            value
        })
        .collect())
}

fn delivery(row: &DeliveryRow) -> Value {
    json!({
        "id": row.id, "campaign": row.campaign, "profile": row.ordinal, "subscription": row.subscription, "browser": row.browser,
        "endpoint_host": row.host, "state": row.state, "attempts": row.attempts, "status": row.status, "reason": row.reason,
        "cause": row.cause, "system": row.system, "variant": row.variant, "settled_at": row.settled_at, "shown_at": row.shown_at, "clicked_at": row.clicked_at, "dismissed_at": row.dismissed_at,
    })
}

#[derive(Deserialize)]
pub(super) struct Ledger {
    state: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// What a push sent to whom.
pub(super) async fn deliveries(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
    Asked(wanted): Asked<Ledger>,
) -> Answer {
    let account = &site.account.id;
    let campaign = app.launch.find(account, CampaignId(id)).await?.id;
    let after = match wanted.after.as_deref() {
        None => None,
        Some(text) => Some(
            Place::parse(text)
                .ok_or_else(|| Error::BadRequest("“after” is the “next” of an earlier answer.".to_owned()))?,
        ),
    };
    let state = state(wanted.state)?;
    let limit = wanted.limit.unwrap_or(100).clamp(1, 1000);
    let rows = app
        .store
        .deliveries(account, campaign, &state, after, limit)
        .await?;
    let next = rows
        .last()
        .filter(|_| rows.len() == limit as usize)
        .map(|row| Place::after(row).to_string());
    let lines = ledger_lines(&app, account, &rows).await?;
    Ok(Json(json!({"deliveries": lines, "next": next})))
}

fn state(wanted: Option<String>) -> Result<String, Error> {
    let state = wanted.unwrap_or_default();
    if [
        "", "waiting", "sent", "failed", "gone", "unsent", "capped", "held",
    ]
    .contains(&state.as_str())
    {
        return Ok(state);
    }
    let message = "“state” is waiting, sent, failed, gone, unsent, capped or held.";
    Err(Error::BadRequest(message.to_owned()))
}

/// The same, all of it, as CSV.
pub(super) async fn deliveries_csv(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
    Asked(wanted): Asked<Ledger>,
) -> Result<Response, Error> {
    let campaign = app.launch.find(&site.account.id, CampaignId(id)).await?.id;
    let state = state(wanted.state)?;
    Ok(export::ledger(&app, &site.account.id, campaign, state))
}

#[derive(Deserialize)]
pub(super) struct Filter {
    kind: Option<String>,
    status: Option<String>,
    archived: Option<String>,
}

pub(super) async fn list(State(app): State<App>, Admin(site): Admin, Asked(filter): Asked<Filter>) -> Answer {
    let kind = match &filter.kind {
        None => None,
        Some(name) => {
            Some(Kind::parse(name).ok_or_else(|| Error::BadRequest("“kind” is popup or push.".to_owned()))?)
        }
    };
    let status = match &filter.status {
        None => None,
        Some(name) => Some(Status::parse(name).ok_or_else(|| {
            Error::BadRequest(
                "“status” is draft, running, scheduled, sending, paused, sent or stopped.".to_owned(),
            )
        })?),
    };
    let archived = match filter.archived.as_deref() {
        None | Some("false") => Some(false),
        Some("true") => Some(true),
        Some("all") => None,
        Some(_) => return Err(Error::BadRequest("“archived” is true, false or all.".to_owned())),
    };
    let campaigns: Vec<Value> = report::campaigns(&app.store, &site.account)
        .await?
        .iter()
        .filter(|(campaign, _)| kind.is_none_or(|kind| campaign.definition.kind() == kind))
        .filter(|(campaign, _)| status.is_none_or(|status| campaign.status == status))
        .filter(|(campaign, _)| archived.is_none_or(|away| campaign.archived_at.is_some() == away))
        .map(|(campaign, counts)| shown(campaign, counts))
        .collect();
    Ok(Json(json!({"campaigns": campaigns})))
}

fn parse(value: Value) -> Result<Definition, Error> {
    Definition::parse(value).map_err(|fault| Error::Fields(vec![fault]))
}

pub(super) async fn create(
    State(app): State<App>,
    Admin(site): Admin,
    Body(value): Body<Value>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let campaign = app.launch.create(&site.account.id, parse(value)?).await?;
    Ok((StatusCode::CREATED, Json(shown(&campaign, &Counts::default()))))
}

async fn with_counts(app: &App, account: &AccountId, campaign: &Campaign) -> Answer {
    let counts = app
        .store
        .totals(account)
        .await?
        .get(&campaign.id)
        .copied()
        .unwrap_or_default();
    Ok(Json(shown(campaign, &counts)))
}

pub(super) async fn show(State(app): State<App>, Admin(site): Admin, Part(id): Part<i64>) -> Answer {
    let campaign = app.launch.find(&site.account.id, CampaignId(id)).await?;
    let totals = app.store.totals(&site.account.id).await?;
    let counts = totals.get(&campaign.id).copied().unwrap_or_default();
    let mut value = shown(&campaign, &counts);
    let progress = progress(&app.store, &site.account, &campaign, &counts, app.clock.now()).await?;
    value["progress"] = json!(progress);
    Ok(Json(value))
}

pub(super) async fn change(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
    Body(value): Body<Value>,
) -> Answer {
    let before = app.launch.find(&site.account.id, CampaignId(id)).await?;
    let campaign = app.launch.change(&site.account.id, before, parse(value)?).await?;
    with_counts(&app, &site.account.id, &campaign).await
}

pub(super) async fn remove(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
) -> Result<StatusCode, Error> {
    app.launch.delete(&site.account.id, CampaignId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn start(State(app): State<App>, Admin(site): Admin, Part(id): Part<i64>) -> Answer {
    let campaign = app.launch.start(&site.account.id, CampaignId(id)).await?;
    with_counts(&app, &site.account.id, &campaign).await
}

pub(super) async fn stop(State(app): State<App>, Admin(site): Admin, Part(id): Part<i64>) -> Answer {
    let campaign = app.launch.stop(&site.account.id, CampaignId(id)).await?;
    with_counts(&app, &site.account.id, &campaign).await
}

pub(super) async fn pause(State(app): State<App>, Admin(site): Admin, Part(id): Part<i64>) -> Answer {
    let campaign = app.launch.pause(&site.account.id, CampaignId(id)).await?;
    with_counts(&app, &site.account.id, &campaign).await
}

pub(super) async fn resume(State(app): State<App>, Admin(site): Admin, Part(id): Part<i64>) -> Answer {
    let campaign = app.launch.resume(&site.account.id, CampaignId(id)).await?;
    with_counts(&app, &site.account.id, &campaign).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chosen {
    variant: String,
}

/// Lets a variant win before the test has decided.
pub(super) async fn winner(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
    Body(chosen): Body<Chosen>,
) -> Answer {
    let account = &site.account.id;
    let campaign = app
        .launch
        .choose_winner(account, CampaignId(id), &chosen.variant)
        .await?;
    with_counts(&app, account, &campaign).await
}

/// Whom a push would reach, before it starts.
pub(super) async fn estimate(State(app): State<App>, Admin(site): Admin, Body(value): Body<Value>) -> Answer {
    let definition = parse(value)?;
    let campaign::Body::Push(plan) = &definition.body else {
        let message = "An estimate is made of a push; a pop-up meets whoever comes.";
        return Err(LaunchError::Fields(vec![FieldError::new("kind", message)]).into());
    };
    let found = audience::estimate(&app.store, &site, plan, app.clock.now(), audience::MOST)
        .await?
        .map_err(|fault| LaunchError::Fields(vec![fault]))?;
    let groups: Vec<Value> = plan
        .groups(found.reached())
        .into_iter()
        .map(|(group, n)| json!({"group": group, "n": n}))
        .collect();
    Ok(Json(json!({
        "subscribers": found.subscribers, "reached": found.reached(), "exact": found.is_exact(),
        "looked_at": found.looked_at, "meant": found.meant,
        "left_out": found.left_out.iter().map(|(reason, n)| json!({"reason": reason, "n": n})).collect::<Vec<_>>(),
        "largest_bytes": found.largest_bytes.max(plan.messages().map(PushMessage::largest_payload_bytes).max().unwrap_or(0)),
        "groups": groups,
    })))
}

pub(super) async fn duplicate(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let campaign = app.launch.duplicate(&site.account.id, CampaignId(id)).await?;
    Ok((StatusCode::CREATED, Json(shown(&campaign, &Counts::default()))))
}

pub(super) async fn archive(State(app): State<App>, Admin(site): Admin, Part(id): Part<i64>) -> Answer {
    let campaign = app.launch.archive(&site.account.id, CampaignId(id), true).await?;
    with_counts(&app, &site.account.id, &campaign).await
}

pub(super) async fn unarchive(State(app): State<App>, Admin(site): Admin, Part(id): Part<i64>) -> Answer {
    let campaign = app
        .launch
        .archive(&site.account.id, CampaignId(id), false)
        .await?;
    with_counts(&app, &site.account.id, &campaign).await
}

pub(super) async fn keep_draft(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
    Body(value): Body<Value>,
) -> Answer {
    let draft = Some(parse(value)?);
    let before = app.launch.find(&site.account.id, CampaignId(id)).await?;
    let campaign = app.launch.keep_draft(&site.account.id, before, draft).await?;
    with_counts(&app, &site.account.id, &campaign).await
}

pub(super) async fn forget_draft(State(app): State<App>, Admin(site): Admin, Part(id): Part<i64>) -> Answer {
    let before = app.launch.find(&site.account.id, CampaignId(id)).await?;
    let campaign = app.launch.keep_draft(&site.account.id, before, None).await?;
    with_counts(&app, &site.account.id, &campaign).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLink {
    purpose: String,
    url: String,
    /// Of a test: 0 is A.
    #[serde(default)]
    variant: usize,
}

/// A link into a page of the owner's: one message for the test, or the overlay that says why.
pub(super) async fn link(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
    Body(new): Body<NewLink>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let campaign = app.launch.find(&site.account.id, CampaignId(id)).await?;
    if campaign.definition.kind() != Kind::Popup {
        return Err(Error::Conflict(
            "A push has no page to be tried on. Only pop-ups have links.".to_owned(),
        ));
    }
    let purpose = match new.purpose.as_str() {
        "test" => Purpose::Test(campaign.id, new.variant),
        "why" => Purpose::Why,
        _ => return Err(Error::BadRequest("“purpose” is test or why.".to_owned())),
    };
    let (url, until) = app.launch.page_link(&site, purpose, &new.url)?;
    Ok((
        StatusCode::CREATED,
        Json(json!({"url": url.as_str(), "until": until})),
    ))
}

#[derive(Deserialize)]
pub(super) struct OfRevision {
    revision: Option<u32>,
}

async fn reported(app: &App, site: &Site, id: i64, of: &OfRevision) -> Result<report::CampaignReport, Error> {
    let id = CampaignId(id);
    let report = report::campaign(&app.store, &site.account, id, of.revision, app.clock.now())
        .await?
        .ok_or(LaunchError::Unknown(id))?;
    if of.revision != report.revision {
        return Err(Error::BadRequest(
            "“revision” is none that was ever in force. Leave it out for all of them.".to_owned(),
        ));
    }
    Ok(report)
}

/// The numbers as CSV.
pub(super) async fn report_csv(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
    Asked(of): Asked<OfRevision>,
) -> Result<Response, Error> {
    Ok(export::report(&reported(&app, &site, id, &of).await?))
}

pub(super) async fn report(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
    Asked(of): Asked<OfRevision>,
) -> Answer {
    let report = reported(&app, &site, id, &of).await?;
    let kind = report.campaign.definition.kind();
    let days: Vec<Value> = report
        .days
        .iter()
        .map(|(day, counts)| {
            let mut value = counted(kind, counts);
            value["day"] = json!(day.dashed());
            value
        })
        .collect();
    let rounds: Vec<Value> = report
        .rounds
        .iter()
        .map(|round| json!({"at": round.at, "missed": round.missed, "counts": counted(kind, &round.counts)}))
        .collect();
    let reasons: Vec<Value> = report
        .reasons
        .iter()
        .map(
            |row| json!({"reason": row.reason, "times": row.times, "state": row.state, "status": row.status, "cause": row.cause}),
        )
        .collect();
    let mut value = json!({
        "campaign": shown(&report.campaign, &report.counts), "counts": counted(kind, &report.counts), "days": days, "reasons": reasons,
        "rounds": rounds, "next_at": report.next_at,
    });
    value["campaign"]["progress"] = json!(report.progress);
    value["compared_by"] = json!(report.by);
    value["variants"] = report.parts.iter().map(|one| part(kind, one)).collect();
    value["verdicts"] = json!(report.verdicts);
    if kind == Kind::Push {
        for (table, of, rows) in [
            ("browsers", "browser", &report.browsers),
            ("systems", "system", &report.systems),
        ] {
            value[table] = rows
                .iter()
                .map(|row| {
                    json!({
                        of: row.name, "sent": row.sent, "failed": row.failed, "gone": row.gone, "shown": row.shown, "clicked": row.clicked,
                    })
                })
                .collect();
        }
        value["browsers_up_to"] = json!(report.unlooked);
        value["alarms"] = report.alarms.iter().map(alarms::shown).collect();
        value["test"] = json!(report.test.as_ref().map(tested));
    }
    if kind == Kind::Popup {
        let revisions: Vec<Value> = report
            .revisions
            .iter()
            .map(|(revision, since)| json!({"revision": revision, "since": since}))
            .collect();
        value["revisions"] = json!(revisions);
        value["revision"] = json!(report.revision);
        value["answers"] = report.answers.as_ref().map_or(Value::Null, |answers| {
            let counts: Vec<Value> = answers
                .counts
                .iter()
                .map(|(answer, n)| json!({"answer": answer, "times": n}))
                .collect();
            json!({"ask": answers.ask, "question": answers.question, "total": answers.total, "mean": answers.mean, "counts": counts})
        });
    }
    Ok(Json(value))
}

fn tested(test: &report::Test) -> Value {
    json!({
        "ends_at": test.row.ends, "winner": test.row.winner, "decided_at": test.row.decided_at, "decided_by": test.row.decided_by,
        "after": counted(Kind::Push, &test.after),
    })
}

fn part(kind: Kind, part: &report::Part) -> Value {
    json!({
        "name": part.name, "share": part.share, "counts": counted(kind, &part.counts),
        "people": part.group.people, "did": part.group.did, "rate": part.group.rate(), "interval": part.interval,
        "against": part.against, "uplift": part.uplift,
    })
}

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<u32>,
    before: Option<String>,
}

/// What visitors wrote into a pop-up's field, newest first.
pub(super) async fn answers(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
    Asked(page): Asked<Page>,
) -> Answer {
    let account = &site.account.id;
    let campaign = app.launch.find(account, CampaignId(id)).await?.id;
    let before =
        match page.before.as_deref() {
            None => None,
            Some(text) => Some(Id::parse(text).ok_or_else(|| {
                Error::BadRequest("“before” is the “next” of an earlier answer.".to_owned())
            })?),
        };
    let limit = page.limit.unwrap_or(100).clamp(1, 1000);
    let rows = app.store.answers(account, campaign, before, limit).await?;
    let next = rows
        .last()
        .filter(|_| rows.len() == limit as usize)
        .map(|row| row.impression);
    let answers: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "impression": row.impression, "at": row.at, "profile": row.ordinal, "revision": row.revision, "variant": row.variant,
                "answer": row.answer, "comment": row.comment, "consent": row.consent,
            })
        })
        .collect();
    Ok(Json(json!({"answers": answers, "next": next})))
}

/// The same, all of them, as CSV.
pub(super) async fn answers_csv(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
) -> Result<Response, Error> {
    let campaign = app.launch.find(&site.account.id, CampaignId(id)).await?.id;
    Ok(csv::answers(&app, &site.account.id, campaign))
}

/// The gallery: which templates there are and what each has a place for.
pub(super) async fn templates(Admin(_): Admin) -> Json<Value> {
    let templates: Vec<Value> = Template::ALL
        .iter()
        .map(|template| {
            json!({
                "name": template.name(), "purpose": template.purpose(), "layout": template.layout(), "slots": template.slots(),
                "sample": gallery::sample(*template),
            })
        })
        .collect();
    Json(json!({"templates": templates}))
}

/// The very bytes, with their hash.
pub(super) async fn preview(State(app): State<App>, Admin(site): Admin, Body(value): Body<Value>) -> Answer {
    let definition = parse(value)?;
    let faults = definition.check();
    Ok(Json(match &definition.body {
        campaign::Body::Popup(plan) => {
            let html = plan.popup.html();
            json!({"bytes": html.len(), "sha256": secret::hex(&secret::sha256(html.as_bytes())), "html": html, "faults": faults})
        }
        campaign::Body::Push(plan) => {
            let push = &plan.push;
            let token = Id::new(Timestamp(0), [0; 10]);
            let endpoint = app
                .config
                .public_url()
                .map(|url| format!("{url}{}", app.config.paths.wire));
            let payload = push.payload(&site.account.id, CampaignId(0), token, endpoint.as_deref());
            let payload: Value = serde_json::from_slice(&payload).map_err(anyhow::Error::from)?;
            json!({"bytes": push.largest_payload_bytes(), "payload": payload, "notes": support::notes(push), "faults": faults})
        }
    }))
}
