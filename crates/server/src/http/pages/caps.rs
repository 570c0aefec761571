//! Engage > Caps and quiet hours: what holds for all campaigns together.
//!
//! Left out: caps, silences and hours of one campaign (its editor). Invariant: what is not filled in does not limit.

use super::desk::{Desk, Sent, Signed, fields, said};
use super::icon::Icon;
use super::settings::Room;
use super::{Errors, Nav, Said, Shell, Theme, asset};
use crate::http::error::Error;
use askama::Template;
use axum::response::Response;
use campanile_core::FieldError;
use campanile_core::account::{PushRules, Settings};
use campanile_core::caps::Limits;
use campanile_core::push_log::PushCaps;
use campanile_core::push_when::Quiet;
use campanile_core::schedule::Clock;

/// The stretches, shortest first: field, label, words of the sentence.
const STRETCHES: [(&str, &str); 5] = [
    ("caps.page", "A page"),
    ("caps.session", "A session"),
    ("caps.day", "A day"),
    ("caps.week", "Seven days"),
    ("caps.ever", "Ever"),
];

/// Of pushes.
const PUSH: [(&str, &str); 4] = [
    ("push.caps.day", "A day"),
    ("push.caps.week", "Seven days"),
    ("push.quiet.from", "From"),
    ("push.quiet.to", "To"),
];

/// The page.
#[derive(Debug, Template)]
#[template(path = "settings_caps.html")]
pub(crate) struct CapsPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Its entry.
    pub(crate) room: Room,
    /// Field, label, and what is typed or kept.
    pub(crate) fields: Vec<(&'static str, &'static str, String)>,
    /// What holds now, in words.
    pub(crate) now: String,
    /// The same of pushes: caps, and the two ends of the quiet hours.
    pub(crate) push: Vec<(&'static str, &'static str, String)>,
    /// Whether the debug switch opens the overlay.
    pub(crate) debug: bool,
    /// The account's zone, in which a day begins.
    pub(crate) zone: String,
    /// What was not accepted.
    pub(crate) errors: Errors,
}

/// What was typed into a field, by its name.
type Typed<'a> = &'a dyn Fn(&str) -> String;

impl CapsPage {
    /// The page with what is `kept`, or with what was typed instead.
    pub(crate) fn new(
        shell: Shell,
        kept: &Settings,
        zone: &str,
        typed: Option<(Typed<'_>, bool)>,
        errors: Errors,
    ) -> Self {
        let caps = &kept.caps;
        let limits = [caps.page, caps.session, caps.day, caps.week, caps.ever];
        let fields = STRETCHES.into_iter().zip(limits).map(|((field, label), limit)| {
            let kept = limit.map_or_else(String::new, |limit| limit.to_string());
            (field, label, typed.map_or(kept, |(text, _)| text(field)))
        });
        let text = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let (push, quiet) = (&kept.push.caps, kept.push.quiet);
        let kept_push = [
            text(push.day),
            text(push.week),
            quiet.map(|quiet| quiet.from.to_string()).unwrap_or_default(),
            quiet.map(|quiet| quiet.to.to_string()).unwrap_or_default(),
        ];
        let push = PUSH
            .into_iter()
            .zip(kept_push)
            .map(|((field, label), kept)| (field, label, typed.map_or(kept, |(text, _)| text(field))));
        Self {
            room: Room::Caps,
            push: push.collect(),
            fields: fields.collect(),
            now: if caps.set().next().is_none() {
                "Nothing limits all campaigns together; each has its own caps.".to_owned()
            } else {
                format!(
                    "One visitor sees pop-ups of all campaigns together {}.",
                    caps.words()
                )
            },
            debug: typed.map_or(kept.debug_overlay, |(_, debug)| debug),
            zone: zone.to_owned(),
            errors,
            shell,
        }
    }
}

/// The page at `/settings/engage/caps`.
pub(crate) async fn show(desk: Desk) -> Response {
    let account = desk.account();
    desk.page(CapsPage::new(
        desk.shell(Nav::Settings),
        &account.settings,
        account.zone.name(),
        None,
        Errors::default(),
    ))
}

/// Takes them.
pub(crate) async fn save(Signed { desk, form }: Signed) -> Response {
    desk.tell(saved(&desk, &form).await)
}

async fn saved(desk: &Desk, form: &Sent) -> Result<Response, Error> {
    let debug = form.get("debug_overlay") == "on";
    let mut faults = Vec::new();
    let mut read = |field: &str| {
        let text = form.get(field).trim();
        if text.is_empty() {
            return None;
        }
        let number = text.parse::<u32>();
        if number.is_err() {
            let message =
                format!("“{text}” is not a number of times. Write 1, 2 and so on, or leave it empty.");
            faults.push(FieldError::new(field, message));
        }
        number.ok()
    };
    let caps = Limits {
        page: read("caps.page"),
        session: read("caps.session"),
        day: read("caps.day"),
        week: read("caps.week"),
        ever: read("caps.ever"),
    };
    let push = PushRules {
        caps: PushCaps {
            day: read("push.caps.day"),
            week: read("push.caps.week"),
        },
        quiet: read_quiet(form, &mut faults),
    };
    let errors = if faults.is_empty() {
        let settings = Settings {
            caps,
            debug_overlay: debug,
            push,
            ..desk.account().settings.clone()
        };
        let account = &desk.account().id;
        let changed = desk
            .app
            .launch
            .change_account(account, None, None, None, Some(settings))
            .await;
        match changed {
            Ok(_) => return Ok(said("/settings/engage/caps", Said::Saved)),
            Err(fault) => fields(fault.into())?,
        }
    } else {
        Errors(faults)
    };
    let typed = |field: &str| form.get(field).to_owned();
    let page = CapsPage::new(
        desk.shell(Nav::Settings),
        &desk.account().settings,
        desk.account().zone.name(),
        Some((&typed, debug)),
        errors,
    );
    Ok(desk.again(page))
}

/// Both ends, or neither.
fn read_quiet(form: &Sent, faults: &mut Vec<FieldError>) -> Option<Quiet> {
    let mut read = |field: &str| {
        let text = form.get(field).trim();
        let clock = Clock::parse(text);
        if clock.is_none() {
            let message = if text.is_empty() {
                "Quiet hours have two ends. Write both like 22:00 and 08:00, or neither.".to_owned()
            } else {
                format!("“{text}” is not a time of day. Write it like 22:00, or leave both empty.")
            };
            faults.push(FieldError::new(field, message));
        }
        clock
    };
    let fields = ["push.quiet.from", "push.quiet.to"];
    if fields.iter().all(|field| form.get(field).trim().is_empty()) {
        return None;
    }
    let [from, to] = fields.map(&mut read);
    Some(Quiet { from: from?, to: to? })
}
