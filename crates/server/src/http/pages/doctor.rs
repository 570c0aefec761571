//! Install > Check a page: what stands in the way of push on a page of the owner's, looked at from this server.
//!
//! Left out: looking and judging (`crate::doctor`). Invariant: asks only pages whose origin may speak for the account, and in production no
//! private address.

use super::desk::{Desk, Sent, Signed, fields};
use super::format;
use super::icon::Icon;
use super::open;
use super::settings::Room;
use super::{Errors, Nav, Shell, Theme, asset};
use crate::doctor::{self, Finding, Reach, USUAL, Weight};
use crate::http::error::Error;
use crate::launch::Purpose;
use askama::Template;
use axum::response::Response;
use campanile_core::FieldError;
use url::Url;

/// Where this page is.
pub(super) const HERE: &str = "/settings/doctor";

/// The page.
#[derive(Debug, Template)]
#[template(path = "settings_doctor.html")]
pub(crate) struct DoctorPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Its entry.
    pub(crate) room: Room,
    /// The page's address as typed, or a first guess.
    pub(crate) url: String,
    /// Path of the worker as typed.
    pub(crate) worker: String,
    /// What was found, if something was looked at: what is wrong first.
    pub(crate) found: Option<Found>,
    /// What was not accepted.
    pub(crate) errors: Errors,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The page that was looked at.
    pub(crate) page: String,
    /// What is wrong first, then what is to be known, then what is good.
    pub(crate) findings: Vec<Finding>,
}

impl Found {
    /// In the order of their weight.
    pub(crate) fn new(page: String, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| match finding.weight {
            Weight::Wrong => 0,
            Weight::Note => 1,
            Weight::Good => 2,
        });
        Self { page, findings }
    }

    /// How many stand in the way.
    pub(crate) fn wrong(&self) -> u64 {
        self.findings
            .iter()
            .filter(|finding| finding.weight == Weight::Wrong)
            .count() as u64
    }
}

/// The page at `/settings/doctor`.
pub(crate) async fn show(desk: Desk) -> Response {
    let page = DoctorPage {
        url: open::first_page(&desk),
        ..blank(&desk)
    };
    desk.page(page)
}

/// Looks, or opens the page with the overlay.
pub(crate) async fn look(Signed { desk, form }: Signed) -> Response {
    let answer = if form.get("purpose") == "why" {
        overlay(&desk, &form)
    } else {
        looked(&desk, &form).await
    };
    desk.tell(answer)
}

fn blank(desk: &Desk) -> DoctorPage {
    DoctorPage {
        shell: desk.shell(Nav::Settings),
        room: Room::Doctor,
        url: String::new(),
        worker: USUAL.to_owned(),
        found: None,
        errors: Errors::default(),
    }
}

fn typed(desk: &Desk, form: &Sent) -> DoctorPage {
    DoctorPage {
        url: form.get("url").to_owned(),
        worker: form.get("worker").to_owned(),
        ..blank(desk)
    }
}

fn overlay(desk: &Desk, form: &Sent) -> Result<Response, Error> {
    match open::lead(desk, Nav::Settings, Purpose::Why, form.get("url")) {
        Ok(response) => Ok(response),
        Err(fault) => Ok(desk.again(DoctorPage {
            errors: fields(fault)?,
            ..typed(desk, form)
        })),
    }
}

async fn looked(desk: &Desk, form: &Sent) -> Result<Response, Error> {
    let address = match desk.app.launch.own_page(&desk.site, form.get("url")) {
        Ok(address) => address,
        Err(fault) => {
            let errors = fields(fault.into())?;
            return Ok(desk.again(DoctorPage {
                errors,
                ..typed(desk, form)
            }));
        }
    };
    let worker = Some(form.get("worker").trim())
        .filter(|path| !path.is_empty())
        .unwrap_or(USUAL);
    let refuse = |field: &str, message: String| {
        Ok(desk.again(DoctorPage {
            errors: Errors(vec![FieldError::new(field, message)]),
            ..typed(desk, form)
        }))
    };
    if !is_own(&address, worker) {
        return refuse(
            "worker",
            format!(
                "Write the path of a file of the same site, like {USUAL}. Browsers take no worker from elsewhere."
            ),
        );
    }
    // The demo's sites are on this machine.
    let reach = if desk.app.shop.is_some() {
        Reach::Anywhere
    } else {
        Reach::Public
    };
    match doctor::examine(&address, worker, reach).await {
        Ok(findings) => Ok(desk.page(DoctorPage {
            url: address.to_string(),
            found: Some(Found::new(address.to_string(), findings)),
            ..typed(desk, form)
        })),
        Err(fault) => refuse(
            "url",
            format!(
                "{fault:#}. A site that only your own network reaches can be looked at from a machine there: campanile doctor {address}"
            ),
        ),
    }
}

/// Whether a worker's path stays on the page's origin.
fn is_own(page: &Url, worker: &str) -> bool {
    page.join(worker)
        .is_ok_and(|worker| worker.origin() == page.origin())
}
