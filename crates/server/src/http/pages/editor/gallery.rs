//! The gallery: every template by its kind, each shown by the real drawing of its starting point.
//!
//! Left out: the starting points (`campanile_core::popup::gallery`). Invariant: choosing makes or changes a campaign by a form; what was
//! typed stays when another template is chosen.

use super::bar::Step;
use super::{current, keep};
use crate::http::error::Error;
use crate::http::pages::desk::{Desk, Numbered, Sent, Signed, said};
use crate::http::pages::forms::change_template;
use crate::http::pages::icon::Icon;
use crate::http::pages::{Nav, Said, Shell, Theme, asset};
use axum::response::{IntoResponse as _, Redirect, Response};
use campanile_core::campaign::{Body, Definition, PopupPlan};
use campanile_core::id::CampaignId;
use campanile_core::popup::{Layout, Popup, Template, gallery};

/// A template to choose.
#[derive(Debug, Clone)]
pub(crate) struct Card {
    /// Its name in the form.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) purpose: &'static str,
    /// How the thumbnail is scaled: `box`, `banner`, `over`.
    pub(crate) shape: &'static str,
    /// Its drawing; empty where there is none to show.
    pub(crate) html: String,
    /// Whether it is the one that is used now.
    pub(crate) current: bool,
}

impl Card {
    fn new(template: Template, words: Option<&Popup>, nonce: &str) -> Self {
        let popup = words.map_or_else(
            || gallery::sample(template),
            |popup| change_template(popup, template),
        );
        let shape = match popup.layout() {
            Layout::Box => "box",
            Layout::Banner => "banner",
            Layout::Interstitial => "over",
        };
        Self {
            name: template.name(),
            purpose: template.purpose(),
            shape,
            // The owner's own HTML may have scripts, which a thumbnail does not run.
            html: if template == Template::Custom {
                String::new()
            } else {
                popup.html().replace("campanile-nonce", nonce)
            },
            current: words.is_some_and(|popup| popup.template == template),
        }
    }
}

/// The page.
#[derive(Debug, askama::Template)]
#[template(path = "gallery.html")]
pub(crate) struct GalleryPage {
    /// What stands around it.
    pub(crate) shell: Shell,
    /// Where a choice goes.
    pub(crate) action: String,
    /// Where the way back leads.
    pub(crate) back: String,
    /// Name of the campaign whose template is changed; empty for a new one.
    pub(crate) campaign: String,
    /// The variant whose template is changed.
    pub(crate) variant: usize,
    /// Kinds with their templates.
    pub(crate) kinds: Vec<(&'static str, &'static str, Vec<Card>)>,
}

/// Kinds of the gallery: title, a sentence, and which templates.
fn kinds(words: Option<&Popup>, nonce: &str) -> Vec<(&'static str, &'static str, Vec<Card>)> {
    use Template as T;
    let of = |templates: &[Template]| -> Vec<Card> {
        templates
            .iter()
            .map(|template| Card::new(*template, words, nonce))
            .collect()
    };
    vec![
        (
            "Boxes",
            "In a corner; the page stays usable.",
            of(&[T::Box, T::BoxLetter, T::BoxTicket, T::BoxBack, T::BoxQuestion]),
        ),
        (
            "Banners",
            "Across the top or the bottom.",
            of(&[T::Banner, T::BarShipping, T::BarCountdown, T::BarNotice]),
        ),
        (
            "Interstitials",
            "Over the page, until they are closed.",
            of(&[T::Interstitial, T::FullStory, T::FullPoster, T::FullFeature]),
        ),
        (
            "For those who leave",
            "Over the page, with “pointer leaves” as their sign.",
            of(&[T::ExitReceipt, T::ExitQuestion, T::ExitGuide]),
        ),
        (
            "Ask for push",
            "Shown only where the browser can still be asked.",
            of(&[T::PushCard, T::PushDialog]),
        ),
        (
            "Pictures",
            "One picture that is one link.",
            of(&[T::ImagePoster, T::ImageSticker]),
        ),
        ("Your own", "HTML that you bring.", of(&[T::Custom])),
    ]
}

/// The gallery for a new campaign.
pub(crate) fn choose(desk: &Desk) -> Response {
    desk.page(new_page(desk.shell(Nav::Campaigns), &desk.nonce))
}

/// The page for a new campaign.
pub(crate) fn new_page(shell: Shell, nonce: &str) -> GalleryPage {
    GalleryPage {
        shell,
        action: "/campaigns".to_owned(),
        back: "/campaigns/new".to_owned(),
        campaign: String::new(),
        variant: 0,
        kinds: kinds(None, nonce),
    }
}

/// The gallery for another template of a campaign's message.
pub(crate) fn change(desk: &Desk, id: CampaignId, name: &str, popup: &Popup, variant: usize) -> Response {
    desk.page(GalleryPage {
        shell: desk.shell(Nav::Campaigns),
        action: format!("/campaigns/{id}/template"),
        back: Step::What.href(id, variant),
        campaign: name.to_owned(),
        variant,
        kinds: kinds(Some(popup), &desk.nonce),
    })
}

/// What a chosen template starts with; a message for those who leave waits for its sign.
pub(crate) fn begin(template: Template) -> Definition {
    let mut plan = PopupPlan::new(gallery::sample(template));
    if matches!(
        template,
        Template::ExitReceipt | Template::ExitQuestion | Template::ExitGuide
    ) {
        plan.trigger.signals.list = vec![campanile_core::trigger::Signal::Exit];
    } else if plan.popup.layout() == Layout::Interstitial {
        plan.trigger.signals.list = vec![campanile_core::trigger::Signal::Scroll { percent: 40 }];
    } else if plan.popup.layout() == Layout::Box {
        plan.trigger.signals.list = vec![campanile_core::trigger::Signal::Delay {
            seconds: 15,
            across_pages: false,
        }];
    }
    plan.caps.after_closed = Some(7 * 24 * 60);
    Definition {
        name: template.purpose().to_owned(),
        body: Body::Popup(Box::new(plan)),
    }
}

/// Makes a campaign of the chosen template and opens it.
pub(crate) async fn make(desk: &Desk, sent: &Sent) -> Result<Response, Error> {
    let Some(template) = Template::parse(sent.get("template")) else {
        return Ok(Redirect::to("/campaigns/new?kind=popup").into_response());
    };
    let made = desk
        .app
        .launch
        .create(&desk.account().id, begin(template))
        .await?;
    Ok(Redirect::to(&Step::What.href(made.id, 0)).into_response())
}

/// Puts the words of a message into another template.
pub(crate) async fn change_to(Numbered(id): Numbered, Signed { desk, form }: Signed) -> Response {
    desk.tell(changed(&desk, id, &form).await)
}

async fn changed(desk: &Desk, id: CampaignId, sent: &Sent) -> Result<Response, Error> {
    let variant: usize = sent.get("variant").parse().unwrap_or(0);
    let campaign = desk.app.launch.find(&desk.account().id, id).await?;
    let mut definition = current(&campaign);
    if let (Body::Popup(plan), Some(template)) = (&mut definition.body, Template::parse(sent.get("template")))
    {
        let popup = match variant.checked_sub(1) {
            None => Some(&mut plan.popup),
            Some(index) => plan
                .experiment
                .variants
                .get_mut(index)
                .map(|variant| &mut variant.popup),
        };
        if let Some(popup) = popup {
            *popup = change_template(popup, template);
        }
        keep(desk, &campaign, definition).await?;
    }
    Ok(said(&Step::What.href(id, variant), Said::Saved))
}
