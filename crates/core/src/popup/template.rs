//! The gallery: which templates there are, what kind of pop-up each is, and which slots it has.
//!
//! Left out: drawing (`draw`). Invariant: what the editor offers, what a start demands and what is drawn follow from [`Template::slots`].

use serde::{Deserialize, Serialize};

/// Which template draws the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Template {
    /// A plain box in a corner: picture, title, text, buttons.
    #[default]
    Box,
    /// Asks for push beside the page.
    PushCard,
    /// Asks for push over the page, with samples of what will come.
    PushDialog,
    /// A plain bar at the top or the bottom.
    Banner,
    /// A plain message over the page.
    Interstitial,
    /// Newsletter: an airmail letter with a field.
    BoxLetter,
    /// Welcome discount: a ticket with a code.
    BoxTicket,
    /// Back in stock: picture beside the words.
    BoxBack,
    /// One question on a scale.
    BoxQuestion,
    /// Shipping notice with progress.
    BarShipping,
    /// Countdown to a real date.
    BarCountdown,
    /// Announcement that is closed by its button.
    BarNotice,
    /// New collection: picture and story.
    FullStory,
    /// Sale takeover: one word fills the screen.
    FullPoster,
    /// News of a feature with three reasons.
    FullFeature,
    /// Cart saver: a receipt.
    ExitReceipt,
    /// Why are you leaving: one question with choices.
    ExitQuestion,
    /// A guide for an address.
    ExitGuide,
    /// A poster that is one link.
    ImagePoster,
    /// A cut-out sticker that is one link.
    ImageSticker,
    /// The owner's own HTML.
    Custom,
}

/// The kinds of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// In `wizParDiv0`.
    #[default]
    Box,
    /// In `wizParDiv2`.
    Banner,
    /// In `intentPreview` over `intentOpacityDiv`; modal.
    Interstitial,
}

impl Layout {
    /// The documented `templateType`, also the name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Box => "box",
            Self::Banner => "banner",
            Self::Interstitial => "interstitial",
        }
    }
}

/// A part of a message that a template has a place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields of `Popup` of the same names say what they are"
)]
pub enum Slot {
    Title,
    Text,
    Status,
    Figure,
    Note,
    NoteLink,
    Image,
    Button,
    Second,
    Code,
    Features,
    Receipt,
    EndsAt,
    Progress,
    Email,
    Choice,
    Scale,
    Html,
    Corner,
    Edge,
    Close,
}

impl Template {
    /// Every template, in the order of the gallery.
    pub const ALL: [Self; 21] = [
        Self::Box,
        Self::BoxLetter,
        Self::BoxTicket,
        Self::BoxBack,
        Self::BoxQuestion,
        Self::Banner,
        Self::BarShipping,
        Self::BarCountdown,
        Self::BarNotice,
        Self::Interstitial,
        Self::FullStory,
        Self::FullPoster,
        Self::FullFeature,
        Self::ExitReceipt,
        Self::ExitQuestion,
        Self::ExitGuide,
        Self::PushCard,
        Self::PushDialog,
        Self::ImagePoster,
        Self::ImageSticker,
        Self::Custom,
    ];

    /// The name in the API and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Box => "box",
            Self::Banner => "banner",
            Self::Interstitial => "interstitial",
            Self::BoxLetter => "box-letter",
            Self::BoxTicket => "box-ticket",
            Self::BoxBack => "box-back",
            Self::BoxQuestion => "box-question",
            Self::BarShipping => "bar-shipping",
            Self::BarCountdown => "bar-countdown",
            Self::BarNotice => "bar-notice",
            Self::FullStory => "full-story",
            Self::FullPoster => "full-poster",
            Self::FullFeature => "full-feature",
            Self::ExitReceipt => "exit-receipt",
            Self::ExitQuestion => "exit-question",
            Self::ExitGuide => "exit-guide",
            Self::PushCard => "push-card",
            Self::PushDialog => "push-dialog",
            Self::ImagePoster => "image-poster",
            Self::ImageSticker => "image-sticker",
            Self::Custom => "custom",
        }
    }

    /// The template of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.name() == name)
    }

    /// What it is for, in the words of the gallery.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Box => "Box with picture",
            Self::Banner => "Bar with a button",
            Self::Interstitial => "Message over the page",
            Self::BoxLetter => "Newsletter",
            Self::BoxTicket => "Welcome discount",
            Self::BoxBack => "Back in stock",
            Self::BoxQuestion => "One-question survey",
            Self::BarShipping => "Shipping notice with progress",
            Self::BarCountdown => "Countdown sale",
            Self::BarNotice => "Cookie-light announcement",
            Self::FullStory => "New collection",
            Self::FullPoster => "Sale takeover",
            Self::FullFeature => "App or feature news",
            Self::ExitReceipt => "Cart saver",
            Self::ExitQuestion => "Why are you leaving",
            Self::ExitGuide => "Guide instead of a sale",
            Self::PushCard => "Ask for push beside the page",
            Self::PushDialog => "Ask for push with samples",
            Self::ImagePoster => "Event poster",
            Self::ImageSticker => "Gift-wrap note",
            Self::Custom => "Your own HTML",
        }
    }

    /// Its kind; `None` for the owner's own HTML, which says it itself.
    pub fn layout(self) -> Option<Layout> {
        Some(match self {
            Self::Box
            | Self::BoxLetter
            | Self::BoxTicket
            | Self::BoxBack
            | Self::BoxQuestion
            | Self::PushCard
            | Self::ImageSticker => Layout::Box,
            Self::Banner | Self::BarShipping | Self::BarCountdown | Self::BarNotice => Layout::Banner,
            Self::Interstitial
            | Self::FullStory
            | Self::FullPoster
            | Self::FullFeature
            | Self::ExitReceipt
            | Self::ExitQuestion
            | Self::ExitGuide
            | Self::PushDialog
            | Self::ImagePoster => Layout::Interstitial,
            Self::Custom => return None,
        })
    }

    /// Whether the message is one picture that is one link.
    pub fn is_image_only(self) -> bool {
        matches!(self, Self::ImagePoster | Self::ImageSticker)
    }

    /// The slots that it draws, in the order in which the editor asks for them.
    pub fn slots(self) -> &'static [Slot] {
        use Slot as S;
        match self {
            Self::Box | Self::PushCard => &[
                S::Title,
                S::Text,
                S::Image,
                S::Button,
                S::Second,
                S::Corner,
                S::Close,
            ],
            Self::Banner => &[S::Title, S::Text, S::Button, S::Second, S::Edge, S::Close],
            Self::Interstitial => &[S::Title, S::Text, S::Image, S::Button, S::Second, S::Close],
            Self::BoxLetter => &[
                S::Title,
                S::Text,
                S::Image,
                S::Email,
                S::Button,
                S::Note,
                S::NoteLink,
                S::Corner,
                S::Close,
            ],
            Self::BoxTicket => &[
                S::Figure,
                S::Title,
                S::Code,
                S::Button,
                S::Note,
                S::Corner,
                S::Close,
            ],
            Self::BoxBack => &[
                S::Status,
                S::Title,
                S::Text,
                S::Image,
                S::Button,
                S::Second,
                S::Corner,
                S::Close,
            ],
            Self::BoxQuestion => &[S::Title, S::Scale, S::Button, S::Note, S::Corner, S::Close],
            Self::BarShipping => &[S::Title, S::Progress, S::Button, S::Edge, S::Close],
            Self::BarCountdown => &[S::Title, S::Text, S::EndsAt, S::Button, S::Edge, S::Close],
            Self::BarNotice => &[S::Title, S::Text, S::NoteLink, S::Button, S::Edge],
            Self::FullStory => &[
                S::Title,
                S::Text,
                S::Image,
                S::Note,
                S::Button,
                S::Second,
                S::Close,
            ],
            Self::FullPoster => &[S::Title, S::Status, S::Figure, S::Text, S::Button, S::Close],
            Self::FullFeature => &[S::Title, S::Image, S::Features, S::Button, S::Second, S::Close],
            Self::ExitReceipt => &[S::Title, S::Receipt, S::Button, S::Second, S::Note, S::Close],
            Self::ExitQuestion => &[S::Title, S::Choice, S::Button, S::Note, S::Close],
            Self::ExitGuide => &[
                S::Title,
                S::Text,
                S::Image,
                S::Figure,
                S::Email,
                S::Button,
                S::Note,
                S::Close,
            ],
            Self::PushDialog => &[
                S::Title,
                S::Text,
                S::Image,
                S::Features,
                S::Button,
                S::Second,
                S::Close,
            ],
            Self::ImagePoster => &[S::Title, S::Text, S::Image, S::Status, S::Figure, S::Close],
            Self::ImageSticker => &[S::Title, S::Text, S::Image, S::Corner, S::Close],
            Self::Custom => &[S::Title, S::Html, S::Corner, S::Edge],
        }
    }

    /// Whether it has a place for `slot`.
    pub fn has(self, slot: Slot) -> bool {
        self.slots().contains(&slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_in_the_list_once_and_named() {
        for template in Template::ALL {
            assert_eq!(Template::parse(template.name()), Some(template));
            let json = serde_json::to_value(template).expect("json");
            assert_eq!(json, template.name());
            assert_eq!(
                Template::ALL.iter().filter(|other| **other == template).count(),
                1
            );
        }
        assert_eq!(
            Template::ALL
                .iter()
                .filter(|t| t.layout() == Some(Layout::Banner))
                .count(),
            4
        );
    }
}
