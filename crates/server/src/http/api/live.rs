//! The live tail over the API.

use crate::app::App;
use crate::http::error::Error;
use crate::http::extract::{Admin, Asked};
use crate::http::tail::{self, Wanted};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

/// What happens, as it happens.
pub(super) async fn stream(
    State(app): State<App>,
    Admin(site): Admin,
    headers: HeaderMap,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Error> {
    tail::stream(&app, site, &headers, &wanted).await
}
