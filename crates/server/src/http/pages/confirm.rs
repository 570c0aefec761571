//! The last stop before something is lost: a question with the object's name, what happens and what stays.
//!
//! Left out: the deed. Invariant: the safe answer comes first and is a plain link back.

use super::campaigns::Chosen;
use super::desk::{Desk, Numbered};
use super::editor::bar::Step;
use super::icon::Icon;
use super::{Nav, Shell, Theme, asset};
use crate::http::error::Error;
use crate::http::extract::Asked;
use crate::launch::LaunchError;
use crate::report::{self, CampaignReport};
use askama::Template;
use axum::response::Response;
use campanile_core::campaign::{Body, Kind, Status};
use campanile_core::id::CampaignId;

/// A question with two answers.
#[derive(Debug, Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Way here: words and address.
    pub(crate) crumbs: Vec<(String, String)>,
    /// The question, with the name.
    pub(crate) question: String,
    /// What happens and what stays.
    pub(crate) consequence: String,
    /// Who is affected now: a bold sentence and the rest.
    pub(crate) affected: Option<(String, String)>,
    /// Where the form goes.
    pub(crate) action: String,
    /// Words of the safe answer.
    pub(crate) keep: &'static str,
    /// Where the safe answer leads.
    pub(crate) back: String,
    /// Words of the deed.
    pub(crate) verb: &'static str,
    /// Icon of the deed.
    pub(crate) verb_icon: Icon,
}

/// The crumbs above a question about a campaign.
fn way_to(id: CampaignId, name: &str) -> Vec<(String, String)> {
    vec![
        ("Campaigns".to_owned(), "/campaigns".to_owned()),
        (name.to_owned(), format!("/campaigns/{id}")),
    ]
}

impl ConfirmPage {
    /// Asks before a push that waits for its moment is taken back.
    pub(crate) fn take_back(shell: Shell, id: CampaignId, name: &str) -> Self {
        let consequence = "Nothing of it was sent. It is a draft again, which you can change and send later.";
        let page = Self::stopping(shell, id, name, consequence, None, "Take it back");
        Self {
            question: format!("Take “{name}” back?"),
            keep: "Keep it scheduled",
            ..page
        }
    }

    /// Asks before a campaign is stopped.
    pub(crate) fn stop(shell: Shell, id: CampaignId, name: &str, push: bool, waiting: u64) -> Self {
        let consequence = if push {
            "Nothing more goes out. What a push service has already taken may still arrive. It cannot be sent on; a copy can."
        } else {
            "Nobody new sees it from their next page on. The numbers stay, and you may start it again."
        };
        let affected = (push && waiting > 0).then(|| {
            (
                format!(
                    "{} still waiting.",
                    super::format::counted(waiting, "message is", "messages are")
                ),
                "They are not sent.".to_owned(),
            )
        });
        Self::stopping(
            shell,
            id,
            name,
            consequence,
            affected,
            if push { "Stop sending" } else { "Stop campaign" },
        )
    }

    fn stopping(
        shell: Shell,
        id: CampaignId,
        name: &str,
        consequence: &str,
        affected: Option<(String, String)>,
        verb: &'static str,
    ) -> Self {
        Self {
            shell,
            crumbs: way_to(id, name),
            question: format!("Stop “{name}”?"),
            consequence: consequence.to_owned(),
            affected,
            action: format!("/campaigns/{id}/stop"),
            keep: "Keep it running",
            back: format!("/campaigns/{id}"),
            verb,
            verb_icon: Icon::Square,
        }
    }

    /// Asks before a variant wins the test of a push.
    pub(crate) fn winner(shell: Shell, id: CampaignId, name: &str, variant: &str, once: bool) -> Self {
        let consequence = if once {
            "The test ends, and all who wait get it now. This cannot be undone."
        } else {
            "The test ends, and from now on everybody gets it but the control group. This cannot be undone."
        };
        let named: String = url::form_urlencoded::byte_serialize(variant.as_bytes()).collect();
        Self {
            shell,
            crumbs: way_to(id, name),
            question: format!("Let variant {variant} of “{name}” win?"),
            consequence: consequence.to_owned(),
            affected: None,
            action: format!("/campaigns/{id}/winner?variant={named}"),
            keep: "Keep testing",
            back: format!("/campaigns/{id}"),
            verb: "Let it win",
            verb_icon: Icon::BadgeCheck,
        }
    }

    /// Asks before a campaign is deleted.
    pub(crate) fn delete(shell: Shell, id: CampaignId, name: &str) -> Self {
        Self {
            shell,
            crumbs: way_to(id, name),
            question: format!("Delete “{name}”?"),
            consequence: "The message and its numbers go for good. What people did stays in their history."
                .to_owned(),
            affected: None,
            action: format!("/campaigns/{id}/delete"),
            keep: "Keep it",
            back: format!("/campaigns/{id}"),
            verb: "Delete campaign",
            verb_icon: Icon::Trash2,
        }
    }

    /// Asks before changes that are not live are forgotten.
    pub(crate) fn discard(shell: Shell, id: CampaignId, name: &str) -> Self {
        Self {
            shell,
            crumbs: way_to(id, name),
            question: format!("Discard the changes of “{name}”?"),
            consequence: "What was written since the last publishing goes for good. Visitors keep getting what they get now."
                .to_owned(),
            affected: None,
            action: format!("/campaigns/{id}/discard"),
            keep: "Keep writing",
            back: Step::Review.href(id, 0),
            verb: "Discard changes",
            verb_icon: Icon::Trash2,
        }
    }

    /// Asks before a VAPID pair is retired.
    pub(crate) fn retire(shell: Shell, id: &str, name: &str) -> Self {
        let here = super::web_push::HERE;
        Self {
            shell,
            crumbs: vec![
                ("Settings".to_owned(), "/settings/install".to_owned()),
                ("Web Push".to_owned(), here.to_owned()),
            ],
            question: format!("Retire the pair {name}?"),
            consequence: "It leaves the key ring for good. Nobody who can be reached was won with it; if you may need it again, take its private key first."
                .to_owned(),
            affected: None,
            action: format!("{here}/{id}/retire"),
            keep: "Keep it",
            back: here.to_owned(),
            verb: "Retire pair",
            verb_icon: Icon::Trash2,
        }
    }

    /// Asks before an API key is revoked.
    pub(crate) fn revoke(shell: Shell, id: &str, name: &str) -> Self {
        Self {
            shell,
            crumbs: vec![
                ("Settings".to_owned(), "/settings/install".to_owned()),
                ("API keys".to_owned(), "/settings/access/api-keys".to_owned()),
            ],
            question: format!("Revoke the key “{name}”?"),
            consequence: "Calls with it are refused at once. This cannot be undone; a new key can be made."
                .to_owned(),
            affected: None,
            action: format!("/settings/access/api-keys/{id}/revoke"),
            keep: "Keep the key",
            back: "/settings/access/api-keys".to_owned(),
            verb: "Revoke key",
            verb_icon: Icon::Trash2,
        }
    }
}

/// The question before a stop.
pub(crate) async fn ask_stop(desk: Desk, Numbered(id): Numbered) -> Response {
    desk.tell(
        ask(&desk, id, |shell, report| {
            if report.campaign.status == Status::Scheduled {
                return ConfirmPage::take_back(shell, id, &report.campaign.definition.name);
            }
            let push = report.campaign.definition.kind() == Kind::Push;
            ConfirmPage::stop(
                shell,
                id,
                &report.campaign.definition.name,
                push,
                report.counts.waiting(),
            )
        })
        .await,
    )
}

/// The question before a variant wins.
pub(crate) async fn ask_winner(desk: Desk, Numbered(id): Numbered, Asked(chosen): Asked<Chosen>) -> Response {
    desk.tell(
        ask(&desk, id, |shell, report| {
            let definition = &report.campaign.definition;
            let once = matches!(&definition.body, Body::Push(plan) if plan.is_sent_once());
            ConfirmPage::winner(shell, id, &definition.name, &chosen.variant, once)
        })
        .await,
    )
}

/// The question before a deletion.
pub(crate) async fn ask_delete(desk: Desk, Numbered(id): Numbered) -> Response {
    desk.tell(
        ask(&desk, id, |shell, report| {
            ConfirmPage::delete(shell, id, &report.campaign.definition.name)
        })
        .await,
    )
}

/// The question before changes are forgotten.
pub(crate) async fn ask_discard(desk: Desk, Numbered(id): Numbered) -> Response {
    desk.tell(
        ask(&desk, id, |shell, report| {
            ConfirmPage::discard(shell, id, &report.campaign.definition.name)
        })
        .await,
    )
}

async fn ask(
    desk: &Desk,
    id: CampaignId,
    page: impl FnOnce(Shell, &CampaignReport) -> ConfirmPage,
) -> Result<Response, Error> {
    let found = report::campaign(&desk.app.store, desk.account(), id, None, desk.now).await?;
    let found = found.ok_or(LaunchError::Unknown(id))?;
    Ok(desk.page(page(desk.shell(Nav::Campaigns), &found)))
}
