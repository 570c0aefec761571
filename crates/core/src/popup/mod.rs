//! Web pop-ups: what the owner writes, and the message that the page gets.
//!
//! One kind so far, the **box** (`wizParDiv0`); banner, interstitial, image, exit intent and custom HTML join as further
//! variants of [`Template`]. Rendering is here because preview is production: the editor shows the very bytes of
//! [`Popup::html`]. Left out: when and to whom ([`crate::decide`]). Invariant: rendered HTML has no script, no style
//! attribute and no unescaped text of the owner's.

mod box_template;
mod colour;

pub use colour::{Colour, contrast, nearest_passing};

use crate::FieldError;
use crate::id::{CampaignId, Id};
use crate::time::Day;
use box_template::{BoxImage, BoxView, Colours};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use url::Url;

/// Which template draws the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Template {
    /// A box in a corner: picture, title, text, button, close.
    #[default]
    Box,
}

impl Template {
    /// The documented `templateType`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Box => "box",
        }
    }
}

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

/// What a click on the button does. Every click is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum OnClick {
    /// Opens a page.
    Url {
        /// Absolute http(s), or a path of the site that begins with `/`.
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
    /// Silent: just closes.
    Close,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Absolute http(s), or a path of the site that begins with `/`.
    pub url: String,
    /// What it shows, for those who do not see it; empty when it only decorates.
    #[serde(default)]
    pub alt: String,
}

/// A pop-up as its owner wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Popup {
    /// The template.
    #[serde(default)]
    pub template: Template,
    /// Title, 1..=120 characters.
    pub title: String,
    /// Text, at most 600 characters; a blank line parts paragraphs.
    #[serde(default)]
    pub text: String,
    /// Picture above the words.
    #[serde(default)]
    pub image: Option<Image>,
    /// Words on the button; none: no button.
    #[serde(default)]
    pub button: Option<String>,
    /// What a click does.
    #[serde(default = "silent")]
    pub on_click: OnClick,
    /// Handed to the called function and to callbacks.
    #[serde(default)]
    pub kv: BTreeMap<String, String>,
    /// Where it stands.
    #[serde(default)]
    pub corner: Corner,
    /// Light or dark.
    #[serde(default)]
    pub theme: Theme,
    /// Colour of the button.
    #[serde(default = "accent")]
    pub accent: Colour,
    /// Surface in the light theme.
    #[serde(default = "ground")]
    pub ground: Colour,
    /// Text in the light theme.
    #[serde(default = "ink")]
    pub ink: Colour,
    /// Corner radius of the surface in px, 0..=32.
    #[serde(default = "radius")]
    pub radius: u8,
    /// BCP 47 tag of the words.
    #[serde(default = "language")]
    pub language: String,
}

fn silent() -> OnClick {
    OnClick::Close
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
fn radius() -> u8 {
    16
}
fn language() -> String {
    "en".to_owned()
}

/// Width that a box asks for, in px; the page gives it less where there is less.
pub const BOX_WIDTH: u32 = 400;

impl Popup {
    /// All that is wrong, in the order of the fields; empty when it may start.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut fault =
            |field: &str, message: &str| errors.push(FieldError::new(format!("popup.{field}"), message));
        let title = self.title.trim().chars().count();
        if title == 0 {
            fault("title", "A pop-up needs a title. Write one.");
        } else if title > 120 {
            fault("title", "The title is longer than 120 characters. Shorten it.");
        }
        if self.text.chars().count() > 600 {
            fault("text", "The text is longer than 600 characters. Shorten it.");
        }
        if let Some(image) = &self.image {
            if let Err(problem) = site_url(&image.url) {
                fault("image.url", &problem);
            }
            if image.alt.chars().count() > 200 {
                fault(
                    "image.alt",
                    "The description is longer than 200 characters. Shorten it.",
                );
            }
        }
        if self
            .button
            .as_ref()
            .is_some_and(|words| words.trim().is_empty() || words.chars().count() > 60)
        {
            fault(
                "button",
                "The button's words have 1 to 60 characters. Leave it out for a pop-up without a button.",
            );
        }
        match &self.on_click {
            OnClick::Url { url, .. } => {
                if let Err(problem) = site_url(url) {
                    fault("on_click.url", &problem);
                }
            }
            OnClick::Function { name } if !is_function_name(name) => {
                fault(
                    "on_click.name",
                    "A function's name is like addVoucher or shop.addVoucher.",
                );
            }
            OnClick::Function { .. } | OnClick::Close => {}
        }
        if self.kv.len() > 50
            || self
                .kv
                .iter()
                .any(|(key, value)| key.len() > 120 || value.len() > 1024)
        {
            fault(
                "kv",
                "At most 50 key-values, keys of 120 and values of 1024 bytes. Remove or shorten some.",
            );
        }
        if self.radius > 32 {
            fault("radius", "The corner radius is at most 32 px.");
        }
        if !is_language(&self.language) {
            fault("language", "The language is a tag such as en or pt-BR.");
        }
        let reading = contrast(self.ink, self.ground);
        if reading < 4.5 {
            let better = nearest_passing(self.ink, self.ground, 4.5);
            fault(
                "ink",
                &format!(
                    "Text on this ground has a contrast of {reading:.1}:1; 4.5:1 can be read by all. {better} would pass."
                ),
            );
        }
        errors
    }

    /// The whole document of the frame, the same for every visitor with this message.
    pub fn html(&self) -> String {
        box_template::render(&BoxView {
            title: self.title.trim(),
            text: self.text.trim(),
            image: self.image.as_ref().map(|image| BoxImage {
                url: &image.url,
                alt: &image.alt,
            }),
            button: self.button.as_deref().map(str::trim),
            close_label: close_label(&self.language),
            lang: &self.language,
            rtl: is_right_to_left(&self.language),
            theme: self.theme,
            colours: Colours {
                accent: self.accent,
                ground: self.ground,
                ink: self.ink,
            },
            radius: self.radius,
        })
    }

    /// The message as the page gets it.
    pub fn message(&self, html: &str, campaign: CampaignId, day: Day, impression: Id) -> PopupMessage {
        let kv = (!self.kv.is_empty()).then(|| self.kv.clone());
        PopupMessage {
            impression,
            msg_id: MsgId {
                campaign,
                day: Some(day),
            }
            .to_string(),
            msg_content: MsgContent {
                html: html.to_owned(),
                kind: 1,
                template_type: self.template.as_str(),
                title: self.title.trim().to_owned(),
                description: self.text.trim().to_owned(),
                kv: kv.clone(),
            },
            kv,
            display: Display {
                kind: self.template.as_str(),
                corner: self.corner,
                width: BOX_WIDTH,
                radius: self.radius,
                theme: self.theme,
                label: self.title.trim().to_owned(),
            },
            on_click: self.on_click.clone(),
        }
    }
}

/// The message on the wire, in the document's format plus what our SDK needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PopupMessage {
    /// This hand-out; views, clicks and closes are counted once for it.
    pub impression: Id,
    /// `campaignId_yyyymmdd`.
    pub msg_id: String,
    /// Key-values, as in the callback's documented format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv: Option<BTreeMap<String, String>>,
    /// The documented content.
    pub msg_content: MsgContent,
    /// Where and how the page puts it.
    pub display: Display,
    /// What the button does.
    pub on_click: OnClick,
}

/// `msgContent` of the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the document's")]
pub struct MsgContent {
    pub html: String,
    #[serde(rename = "type")]
    pub kind: u8,
    pub template_type: &'static str,
    pub title: String,
    pub description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv: Option<BTreeMap<String, String>>,
}

/// Where and how the page puts the frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Display {
    /// `box`.
    pub kind: &'static str,
    /// Corner of a box.
    pub corner: Corner,
    /// Width asked for, px.
    pub width: u32,
    /// Corner radius of the surface, px.
    pub radius: u8,
    /// Colour scheme of the frame.
    pub theme: Theme,
    /// Accessible name of the frame.
    pub label: String,
}

/// `campaignId_yyyymmdd`, the document's message id; the day may be missing when a page makes one up by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MsgId {
    /// The campaign.
    pub campaign: CampaignId,
    /// The day of the hand-out in the account's zone.
    pub day: Option<Day>,
}

impl MsgId {
    /// Reads `1630318544_20211004` or `1630318544`.
    pub fn parse(text: &str) -> Option<Self> {
        let (campaign, day) = match text.split_once('_') {
            Some((campaign, day)) => (campaign, Some(Day(day.parse().ok()?))),
            None => (text, None),
        };
        Some(Self {
            campaign: CampaignId(campaign.parse().ok()?),
            day,
        })
    }
}

impl std::fmt::Display for MsgId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.day {
            Some(day) => write!(formatter, "{}_{day}", self.campaign),
            None => write!(formatter, "{}", self.campaign),
        }
    }
}

/// Whether `text` is an absolute http(s) address; if not, a sentence that says why.
pub fn absolute_url(text: &str) -> Result<(), String> {
    if text.len() > 2048 {
        return Err("The address is longer than 2048 bytes.".to_owned());
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => Ok(()),
        Ok(url) => Err(not_an_address(url.scheme(), text)),
        Err(_) => Err(format!(
            "“{}” is not a web address. Write it whole, like https://shop.example.com/basket.",
            short(text)
        )),
    }
}

/// As [`absolute_url`], but a path of the site (`/basket`) will do.
pub fn site_url(text: &str) -> Result<(), String> {
    if text.starts_with('/') && !text.starts_with("//") && !text.contains('\\') && text.len() <= 2048 {
        return Ok(());
    }
    absolute_url(text)
}

fn not_an_address(scheme: &str, text: &str) -> String {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let near_miss = scheme.starts_with('h') && !rest.is_empty();
    if near_miss {
        format!(
            "“{scheme}” is not a web address. Did you mean https://{}?",
            short(rest)
        )
    } else {
        format!("“{scheme}:” cannot be opened. Use an address that begins with https://.")
    }
}

fn short(text: &str) -> String {
    let mut cut: String = text.chars().take(80).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

fn is_function_name(name: &str) -> bool {
    let word = |part: &str| {
        part.chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
    };
    name.len() <= 120 && name.split('.').all(word)
}

fn is_language(tag: &str) -> bool {
    (2..=35).contains(&tag.len())
        && tag
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Whether the words of this language run from right to left.
pub fn is_right_to_left(tag: &str) -> bool {
    let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    matches!(
        primary.as_str(),
        "ar" | "he" | "fa" | "ur" | "yi" | "ps" | "sd" | "ug" | "dv" | "ckb"
    )
}

fn close_label(tag: &str) -> &'static str {
    match tag.split('-').next().unwrap_or_default() {
        "de" => "Schließen",
        "fr" => "Fermer",
        "es" => "Cerrar",
        "it" => "Chiudi",
        "pt" => "Fechar",
        "nl" => "Sluiten",
        "pl" => "Zamknij",
        "ar" => "إغلاق",
        "he" => "סגירה",
        _ => "Close",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let message = popup.message("<!doctype html>", campaign, day, impression);
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
