//! "Test on my browser": a signed link that shows one message on the live site, uncounted.
//!
//! Left out: making and verifying the link (`launch`, `ingest`). Invariant: it leads only to pages that may speak for the account.

use crate::http::error::Error;
use crate::http::pages::desk::{Desk, Numbered, Signed};
use crate::http::pages::{Nav, open};
use crate::launch::Purpose;
use axum::response::Response;
use campanile_core::id::CampaignId;

/// Opens the page with the link.
pub(crate) async fn open(Numbered(id): Numbered, Signed { desk, form }: Signed) -> Response {
    let variant = form.get("variant").parse().unwrap_or(0);
    desk.tell(link(&desk, id, variant, form.get("test.address")).await)
}

async fn link(desk: &Desk, id: CampaignId, variant: usize, address: &str) -> Result<Response, Error> {
    desk.app.launch.find(&desk.account().id, id).await?;
    let home = format!("{}/", desk.home());
    let address = match address.trim() {
        "" => home.as_str(),
        address => address,
    };
    open::lead(desk, Nav::Campaigns, Purpose::Test(id, variant), address)
}
