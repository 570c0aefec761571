//! The composer's part Try it out: the push as it stands, to a browser of one's own choice, and what the push service said.
//!
//! Left out: sending (`launch`, then the queue). Invariant: it is kept before it is sent, so what arrives is what is kept.

use crate::http::error::Error;
use crate::http::extract::Asked;
use crate::http::pages::desk::{Desk, Sent};
use crate::launch::Whom;
use crate::store::push_tests::PushTestRow;
use axum::response::{IntoResponse as _, Response};
use campanile_core::FieldError;
use campanile_core::id::{CampaignId, Id, Ordinal};
use campanile_core::profile::{Identity, IdentityKind};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Subscriptions that are offered.
const OFFERED: usize = 10;
/// Subscriptions that are looked at for them: some are gone.
const LOOKED_AT: u32 = 40;
/// Browsers of one person whose answers are told at once.
const TOLD: usize = 20;

/// What stands in the part.
#[derive(Debug, Clone, Default)]
pub(crate) struct TestPart {
    /// The newest subscriptions: id and words.
    pub(crate) browsers: Vec<(String, String)>,
    /// What was just sent.
    pub(crate) tried: Vec<Tried>,
}

/// What became of a test, as it is told.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Tried {
    /// Its id.
    pub(crate) id: String,
    /// Which browser.
    pub(crate) browser: String,
    /// `waiting`, `sent`, `failed` or `gone`.
    pub(crate) state: String,
    /// It in words.
    pub(crate) words: String,
}

impl Tried {
    fn new(row: &PushTestRow) -> Self {
        let host = row.send.endpoint.host();
        let status = row
            .status
            .map_or_else(String::new, |status| format!(" ({status})"));
        let reason = if row.reason.is_empty() {
            "no reason was given"
        } else {
            &row.reason
        };
        let words = match row.state.as_str() {
            "waiting" => "On its way".to_owned(),
            "sent" => format!("Taken by {host}"),
            "gone" => format!("Not taken{status}: {reason}. The subscription is gone and was removed"),
            _ => format!("Not taken{status}: {reason}"),
        };
        Self {
            id: row.send.id.to_string(),
            browser: row.send.browser.clone(),
            state: row.state.clone(),
            words,
        }
    }
}

impl TestPart {
    /// The part, with the answers to tests whose ids are named with commas between them.
    pub(super) async fn new(desk: &Desk, tests: &str) -> Result<Self, Error> {
        let rows = desk
            .app
            .store
            .subscriptions(&desk.account().id, LOOKED_AT)
            .await?;
        let told = desk.told();
        let browsers = rows
            .iter()
            .filter(|row| row.live)
            .take(OFFERED)
            .map(|row| {
                let since = told.when(row.created_at).words;
                let words = format!("{}, person {}, since {since}", row.browser, row.ordinal.0);
                (row.id.to_string(), words)
            })
            .collect();
        Ok(Self {
            browsers,
            tried: tried(desk, tests).await?,
        })
    }
}

async fn tried(desk: &Desk, tests: &str) -> Result<Vec<Tried>, Error> {
    let mut found = Vec::new();
    for id in tests.split(',').filter_map(Id::parse).take(TOLD) {
        if let Some(row) = desk.app.store.push_test(&desk.account().id, id).await? {
            found.push(Tried::new(&row));
        }
    }
    Ok(found)
}

/// Sends a kept push to whoever the form names; the ids of the tests with commas between them.
pub(super) async fn send(desk: &Desk, campaign: CampaignId, sent: &Sent) -> Result<String, Error> {
    let whom = whom(desk, sent).await?;
    let variant = sent.get("stage.variant").parse().unwrap_or(0);
    let tests = desk
        .app
        .launch
        .try_out(&desk.site, campaign, variant, &whom)
        .await
        .map_err(|fault| at_input(fault.into()))?;
    let ids: Vec<String> = tests.iter().map(|test| test.id.to_string()).collect();
    Ok(ids.join(","))
}

/// A fault of the recipient stands at the form's input.
fn at_input(fault: Error) -> Error {
    match fault {
        Error::Fields(mut faults) => {
            for fault in faults.iter_mut().filter(|fault| fault.field == "to") {
                "test.to".clone_into(&mut fault.field);
            }
            Error::Fields(faults)
        }
        other => other,
    }
}

async fn whom(desk: &Desk, sent: &Sent) -> Result<Whom, Error> {
    let refuse = |message: &str| Error::Fields(vec![FieldError::new("test.to", message)]);
    let typed = sent.get("test.to").trim();
    if typed.is_empty() {
        let chosen = Id::parse(sent.get("test.subscription")).map(Whom::Subscription);
        return chosen.ok_or_else(|| refuse("Choose a browser, or say who gets it."));
    }
    let account = &desk.account().id;
    for kind in IdentityKind::ALL {
        if let Ok(identity) = Identity::parse(kind, &json!(typed))
            && desk.app.store.identity_owner(account, &identity).await?.is_some()
        {
            return Ok(Whom::Identity(identity));
        }
    }
    let number = typed.parse().ok().map(|number| Whom::Person(Ordinal(number)));
    number.ok_or_else(|| {
        refuse("Nobody is known by this. Write an identity, an e-mail, a phone number, or a person’s number.")
    })
}

/// Which tests are asked about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Which {
    ids: String,
}

/// What became of tests, for the composer's script.
pub(crate) async fn answers(desk: Desk, Asked(which): Asked<Which>) -> Response {
    let told = tried(&desk, &which.ids).await;
    desk.tell(told.map(|told| axum::Json(told).into_response()))
}
