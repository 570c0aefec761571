//! Web pop-ups: what the owner writes.
//!
//! The **templates** of the gallery and the owner's own HTML are drawn from one set of slots ([`Popup`]); `message` is what the
//! page gets. Rendering is here because preview is production: the editor shows the very bytes of [`Popup::html`]. Left out: when
//! and to whom ([`crate::decide`]). Invariant: HTML that we draw has no script, no style attribute and no unescaped text.

mod address;
mod answer;
mod check;
mod colour;
mod draw;
pub mod gallery;
mod language;
mod message;
mod slots;
mod template;

pub use address::{absolute_url, site_url};
pub use answer::Given;
pub use colour::{Colour, contrast, nearest_passing};
pub use language::is_right_to_left;
pub use message::{Action, Display, HandOut, MsgContent, MsgId, PopupMessage, Shadow};
pub use slots::{Prepared, Unfillable};
pub use template::{Layout, Slot, Template};

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a box stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Corner {
    #[default]
    BottomRight,
    BottomLeft,
    TopRight,
    TopLeft,
}

/// Where a banner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Edge {
    #[default]
    Top,
    Bottom,
}

/// Light, dark, or as the visitor's system has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The type voices of titles; all are system fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Voice {
    Plain,
    Bookman,
    Bookish,
    Geometric,
    Narrow,
    Receipt,
}

/// Where a click's page opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// In the tab of the pop-up.
    #[default]
    Same,
    /// In a new tab, without access to this one.
    New,
}

/// What a click does. Every click is counted, and every click ends the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum OnClick {
    /// Opens a page.
    Url {
        /// Absolute http(s), or a path of the site that begins with `/`. Liquid.
        url: String,
        /// Same tab or a new one.
        #[serde(default)]
        target: Target,
    },
    /// Calls a function of the page with the key-values.
    Function {
        /// A dotted name under `window`, for example `shop.addVoucher`.
        name: String,
    },
    /// Asks for permission to send push notifications.
    Prompt,
    /// Silent: just closes.
    Close,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Absolute http(s), or a path of the site that begins with `/`. Liquid.
    pub url: String,
    /// What it shows, for those who do not see it; empty when it only decorates. Liquid.
    #[serde(default)]
    pub alt: String,
    /// Pixels, so that the frame has its height before the picture is there. 0: not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub width: u32,
    /// Pixels. 0: not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub height: u32,
    /// Another picture for the dark theme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dark: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// The second, quiet button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Second {
    /// Its words. Liquid.
    pub label: String,
    /// What a click on it does.
    #[serde(default = "silent")]
    pub on_click: OnClick,
}

/// A link in small print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteLink {
    /// Its words. Liquid.
    pub label: String,
    /// Where it leads; opens in a new tab.
    pub url: String,
}

/// What a field asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    /// An e-mail address.
    Email,
    /// One of several answers.
    Choice,
    /// One of 1 to 5.
    Scale,
    /// A few words.
    Text,
}

/// What the visitor has to agree to before an answer is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The words beside the box, which is never ticked beforehand. Liquid.
    pub text: String,
    /// Whether the answer is taken only with the tick.
    #[serde(default)]
    pub required: bool,
}

/// A field in a pop-up. The answer becomes a property of the profile and an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// What is asked for.
    pub ask: Ask,
    /// The label above it; for choice and scale the title may be the question, then the label names it to those who do not see. Liquid.
    #[serde(default)]
    pub label: String,
    /// The answers of a choice, 2..=6.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The words at the ends of a scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<(String, String)>,
    /// Label of an optional field for a few words that appears after the choice; none: no such field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Name of the profile's property that the answer is kept in.
    pub property: String,
    /// Consent beside the button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// Title after the answer. Liquid.
    #[serde(default)]
    pub thanks: String,
    /// Text after the answer. Liquid.
    #[serde(default)]
    pub thanks_text: String,
}

/// One line of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptLine {
    /// What. Liquid.
    pub name: String,
    /// How much, as it is to be read. Liquid.
    pub amount: String,
}

/// The lines of a receipt: written down, or taken from a list in the visitor's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Lines that are always there, at most 8.
    #[serde(default)]
    pub lines: Vec<ReceiptLine>,
    /// Path of a list in the data, for example `profile.Cart`; each entry has `name` and `amount`. Its lines come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last line.
    pub total: ReceiptLine,
}

/// The owner's own HTML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custom {
    /// A document or a fragment, at most 128 KiB. Liquid, escaped by context.
    pub html: String,
    /// In whose place it stands.
    #[serde(default)]
    pub layout: Layout,
    /// No access to the page: for HTML that is not trusted. The document's snippets then do not work.
    #[serde(default)]
    pub sandbox: bool,
    /// Width in CSS pixels that a box or an interstitial asks for, 100..=1600.
    #[serde(default = "custom_width")]
    pub width: u32,
}

fn custom_width() -> u32 {
    400
}

/// A pop-up as its owner wrote it. Which slots are drawn is the template's business; the others keep what was typed, so that another
/// template can be tried without loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Popup {
    /// The template.
    #[serde(default)]
    pub template: Template,
    /// Title, 1..=120 characters; of a picture, its whole message; also the accessible name. Liquid. `*word*` sets a word off.
    pub title: String,
    /// Text, at most 600 characters; a blank line parts paragraphs. Liquid.
    #[serde(default)]
    pub text: String,
    /// A short line above the title; on a drawn event poster the day, at its foot. Liquid.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// The large figure of a ticket or a poster, for example `15 %`; on a drawn book its title, on a drawn event poster the hours. Liquid.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub figure: String,
    /// Small print. Liquid.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// A link after the small print.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note_link: Option<NoteLink>,
    /// The picture. Without it a template with art of its own draws that.
    #[serde(default)]
    pub image: Option<Image>,
    /// Words on the main button; none: no button. Liquid.
    #[serde(default)]
    pub button: Option<String>,
    /// What a click on the main button does, after the code is copied or the field is sent where there is one.
    #[serde(default = "silent")]
    pub on_click: OnClick,
    /// The quiet button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Second>,
    /// A code to copy. Liquid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Lines with a tick, at most 6. Liquid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// A receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// The end of a countdown: a real moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// How far along, 0 to 100. Liquid that gives a number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub progress: String,
    /// The one field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// The owner's own HTML, for the template `custom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Custom>,
    /// Handed to the called function and to callbacks. Liquid in the values.
    #[serde(default)]
    pub kv: BTreeMap<String, String>,
    /// Where a box stands.
    #[serde(default)]
    pub corner: Corner,
    /// Where a banner stands.
    #[serde(default)]
    pub edge: Edge,
    /// Whether there is a close button. Without it a button or Escape closes.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub close: bool,
    /// Light or dark.
    #[serde(default)]
    pub theme: Theme,
    /// Colour of the main button.
    #[serde(default = "accent")]
    pub accent: Colour,
    /// Surface in the light theme.
    #[serde(default = "ground")]
    pub ground: Colour,
    /// Text in the light theme.
    #[serde(default = "ink")]
    pub ink: Colour,
    /// Coloured ground behind art, figure or picture; none: the template's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub art: Option<Colour>,
    /// Corner radius of the surface in px, 0..=32; none: the template's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius: Option<u8>,
    /// Type voice of the title; none: the template's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
    /// BCP 47 tag of the words.
    #[serde(default = "language_tag")]
    pub language: String,
}

fn silent() -> OnClick {
    OnClick::Close
}
fn yes() -> bool {
    true
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_yes(answer: &bool) -> bool {
    *answer
}
fn accent() -> Colour {
    Colour::parse("#8a541b").expect("bell bronze is a colour")
}
fn ground() -> Colour {
    Colour::parse("#ffffff").expect("white is a colour")
}
fn ink() -> Colour {
    Colour::parse("#14181f").expect("ink is a colour")
}
fn language_tag() -> String {
    "en".to_owned()
}

impl Popup {
    /// The kind of the document that it is.
    pub fn layout(&self) -> Layout {
        self.template.layout().unwrap_or_else(|| {
            self.custom
                .as_ref()
                .map_or_else(Layout::default, |custom| custom.layout)
        })
    }

    /// Whether it is there to ask for permission to send push notifications: its main button does.
    pub fn asks_for_push(&self) -> bool {
        self.on_click == OnClick::Prompt
    }

    /// Whether it stands over the page and takes the focus.
    pub fn is_modal(&self) -> bool {
        self.layout() == Layout::Interstitial
    }

    /// The field, where the template draws one.
    pub fn drawn_field(&self) -> Option<&Field> {
        let draws = [Slot::Email, Slot::Choice, Slot::Scale]
            .iter()
            .any(|slot| self.template.has(*slot));
        self.field.as_ref().filter(|_| draws)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{CampaignId, Id};
    use crate::time::Day;
    use serde_json::json;

    fn popup(value: serde_json::Value) -> Popup {
        serde_json::from_value(value).expect("a pop-up")
    }

    #[test]
    fn faults_name_their_fields_and_the_remedy() {
        let bad = popup(json!({
            "title": "", "image": {"url": "javascript:alert(1)"}, "button": " ",
            "on_click": {"do": "url", "url": "htps://shop.example.com/basket"}, "ink": "#cccccc",
        }));
        let errors = bad.check();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "popup.title",
                "popup.image.url",
                "popup.button",
                "popup.on_click.url",
                "popup.ink"
            ]
        );
        assert_eq!(
            errors[3].message,
            "“htps” is not a web address. Did you mean https://shop.example.com/basket?"
        );
        let function = popup(json!({"title": "T", "on_click": {"do": "function", "name": "a b()"}}));
        assert_eq!(function.check()[0].field, "popup.on_click.name");
        assert!(
            popup(json!({"title": "T", "on_click": {"do": "url", "url": "/basket"}}))
                .check()
                .is_empty()
        );
        assert!(site_url("//evil.example.com").is_err());
    }

    #[test]
    fn the_message_has_the_documented_shape() {
        let campaign = CampaignId(1_763_890_000);
        let day = Day(20_251_123);
        let impression = Id::parse("0199c0de7a5570008000000000000c01").expect("id");
        let popup = popup(json!({
            "title": "Back from the kiln", "text": "The blue jug is here again.", "kv": {"voucher": "BLUE"},
            "on_click": {"do": "url", "url": "https://shop.example.com/product/jug"},
        }));
        let message = popup.message(
            "<!doctype html>",
            HandOut {
                campaign,
                day,
                impression,
                lease_ms: crate::ledger::SHOW_WITHIN_MS,
            },
        );
        let wire: serde_json::Value = serde_json::to_value(&message).expect("json");
        let mut fixture: serde_json::Value =
            serde_json::from_str(include_str!("../../../../docs/wire/reply-page.json")).expect("fixture");
        fixture["messages"][0]["msgContent"]["html"] = json!("<!doctype html>");
        assert_eq!(wire, fixture["messages"][0]);
        assert_eq!(
            MsgId::parse("1763890000_20251123"),
            Some(MsgId {
                campaign,
                day: Some(day)
            })
        );
        assert_eq!(MsgId::parse("x_1"), None);
    }
}
