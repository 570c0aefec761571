//! A program asks for a push.
//!
//! Left out: who gets it (`launch`). Invariant: what is wrong with a recipient is told with its place, and then nobody gets anything.

use super::people;
use crate::app::App;
use crate::http::error::Error;
use crate::http::extract::{Admin, Json as Body, Part};
use crate::launch::{Idempotency, Receipt, Recipient, Whom};
use crate::secret;
use crate::store::push_tests::PushTestRow;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use campanile_core::FieldError;
use campanile_core::id::{CampaignId, Id, Ordinal};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Of the IETF's draft, draft-ietf-httpapi-idempotency-key-header.
const KEY: &str = "idempotency-key";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    to: Vec<To>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct To {
    identity: Option<String>,
    profile: Option<u32>,
    subscription: Option<String>,
    endpoint: Option<String>,
    #[serde(default)]
    data: Map<String, Value>,
}

impl To {
    fn read(self, at: usize) -> Result<Recipient, FieldError> {
        let field = |name: &str| format!("to[{at}].{name}");
        let whom = match (self.identity, self.profile, self.subscription, self.endpoint) {
            (Some(text), None, None, None) => {
                people::named(&text).map_err(|wrong| FieldError::new(field("identity"), wrong))?
            }
            (None, Some(number), None, None) => Whom::Person(Ordinal(number)),
            (None, None, Some(text), None) => Whom::Subscription(Id::parse(&text).ok_or_else(|| {
                let message = "A subscription is named by its id of 32 hex digits.";
                FieldError::new(field("subscription"), message)
            })?),
            (None, None, None, Some(text)) => Whom::Endpoint(text),
            _ => {
                let message =
                    "Name the recipient by one of “identity”, “profile”, “subscription” and “endpoint”.";
                return Err(FieldError::new(format!("to[{at}]"), message));
            }
        };
        Ok(Recipient {
            whom,
            data: self.data,
        })
    }
}

fn key(headers: &HeaderMap, campaign: i64, value: &Value) -> Result<Option<Idempotency>, Error> {
    let Some(header) = headers.get(KEY) else {
        return Ok(None);
    };
    let text = header.to_str().unwrap_or_default().trim().trim_matches('"');
    if !(1..=255).contains(&text.len()) {
        let message = "The header Idempotency-Key has 1 to 255 visible characters.";
        return Err(Error::BadRequest(message.to_owned()));
    }
    let asked = json!([campaign, value]).to_string();
    Ok(Some(Idempotency {
        key: text.to_owned(),
        digest: secret::sha256(asked.as_bytes()).to_vec(),
    }))
}

/// Sends a push to those who are named.
pub(super) async fn send(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
    headers: HeaderMap,
    Body(value): Body<Value>,
) -> Result<(StatusCode, Json<Receipt>), Error> {
    let once = key(&headers, id, &value)?;
    let asked: Asked = serde_path_to_error::deserialize(value).map_err(|fault| {
        let message = format!("Not understood: {}.", fault.inner());
        Error::Fields(vec![FieldError::new(fault.path().to_string(), message)])
    })?;
    let to = asked.to.into_iter().enumerate();
    let to = to
        .map(|(at, to)| to.read(at))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|fault| Error::Fields(vec![fault]))?;
    let receipt = app.launch.send(&site, CampaignId(id), &to, once.as_ref()).await?;
    Ok((StatusCode::ACCEPTED, Json(receipt)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tried {
    to: To,
    #[serde(default)]
    variant: usize,
}

fn test(row: &PushTestRow) -> Value {
    json!({
        "id": row.send.id, "campaign": row.campaign, "variant": row.variant, "subscription": row.send.subscription,
        "browser": row.send.browser, "state": row.state, "status": row.status, "reason": row.reason, "made_at": row.made_at,
    })
}

/// Sends a test of a push.
pub(super) async fn try_out(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<i64>,
    Body(value): Body<Value>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let asked: Tried = serde_path_to_error::deserialize(value).map_err(|fault| {
        let message = format!("Not understood: {}.", fault.inner());
        Error::Fields(vec![FieldError::new(fault.path().to_string(), message)])
    })?;
    let to = asked.to.read(0).map_err(|fault| {
        let field = fault.field.replace("to[0]", "to");
        Error::Fields(vec![FieldError::new(field, fault.message)])
    })?;
    let sent = app
        .launch
        .try_out(&site, CampaignId(id), asked.variant, &to.whom)
        .await?;
    let tests: Vec<Value> = sent
        .iter()
        .map(|test| json!({"id": test.id, "subscription": test.subscription}))
        .collect();
    Ok((StatusCode::ACCEPTED, Json(json!({"tests": tests}))))
}

/// What became of a test.
pub(super) async fn tried(
    State(app): State<App>,
    Admin(site): Admin,
    Part(id): Part<String>,
) -> Result<Json<Value>, Error> {
    let found = match Id::parse(&id) {
        Some(id) => app.store.push_test(&site.account.id, id).await?,
        None => None,
    };
    let Some(row) = found else {
        return Err(Error::NotFound {
            code: "push_test_unknown",
            message: "There is no such test here; tests are forgotten after some days.".to_owned(),
        });
    };
    Ok(Json(test(&row)))
}
