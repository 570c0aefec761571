//! What keeps pushes from being sent, over the API.

use crate::app::App;
use crate::http::alarms::shown;
use crate::http::error::Error;
use crate::http::extract::{Admin, Part};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use campanile_core::alarm::Alarm;
use campanile_core::id::CampaignId;
use serde_json::{Value, json};

/// At most so many are listed.
const MOST: u32 = 200;

pub(super) async fn list(State(app): State<App>, Admin(site): Admin) -> Result<Json<Value>, Error> {
    let rows = app.store.alarms(&site.account.id, None, MOST).await?;
    let alarms: Vec<Value> = rows.iter().map(shown).collect();
    Ok(Json(json!({"alarms": alarms})))
}

/// Puts one away; the second time changes nothing.
pub(super) async fn dismiss(
    State(app): State<App>,
    Admin(site): Admin,
    Part((id, kind)): Part<(i64, String)>,
) -> Result<StatusCode, Error> {
    let found = match Alarm::parse(&kind) {
        Some(alarm) => {
            app.store
                .dismiss_alarm(&site.account.id, (CampaignId(id), alarm), app.clock.now())
                .await?
        }
        None => false,
    };
    if !found {
        return Err(Error::NotFound {
            code: "alarm_unknown",
            message: "There is no such alarm of this campaign. GET /api/v1/alarms lists them.".to_owned(),
        });
    }
    Ok(StatusCode::NO_CONTENT)
}
