//! A program asks for a push.
//!
//! Left out: who gets it (`launch`). Invariant: what is wrong with a recipient is told with its place, and then nobody gets anything.

use super::people;
use crate::app::App;
use crate::http::error::Error;
use crate::http::extract::{Admin, Json as Body, Part};
use crate::launch::{Idempotency, Receipt, Recipient, Whom};
use crate::secret;
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
