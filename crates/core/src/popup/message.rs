//! The message as the page gets it: the user's documented format, and what our SDK needs beside it.
//!
//! Left out: filling in a visitor's data (`slots`) and drawing. Invariant: `kv` stands both at the top and in `msgContent`, and a
//! message id is the campaign's number, an underscore, and a day.

use super::{Corner, Edge, OnClick, Popup, Theme};
use crate::id::{CampaignId, Id};
use crate::time::Day;
use serde::Serialize;
use std::collections::BTreeMap;

/// The message on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PopupMessage {
    /// This hand-out; views, clicks and closes are counted once for it. The impression's lease has the same id.
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
    /// What the main button does.
    pub on_click: OnClick,
    /// What the quiet button does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<OnClick>,
    /// The main button first does this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// How long the page may keep it before it shows it, ms; after that the slot is somebody else's.
    pub lease_ms: i64,
    /// Shown for the owner by a signed link: nothing is counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
}

/// What the main button does before its click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Copies the code and says so; the message stays.
    Copy,
    /// Checks and sends the field; the message says thanks.
    Answer,
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

/// What draws the shadow around the frame: a frame cuts everything at its edge, so the host does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shadow {
    /// A rectangle's.
    #[default]
    Box,
    /// One that follows the shape.
    Drop,
    /// None.
    None,
}

/// Where and how the page puts the frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of the wire, left out where they are false"
)]
pub struct Display {
    /// `box`, `banner` or `interstitial`.
    pub kind: &'static str,
    /// Corner of a box.
    pub corner: Corner,
    /// Edge of a banner.
    pub edge: Edge,
    /// Width asked for, px; a banner and a full message take all there is.
    pub width: u32,
    /// Width asked for on a screen under 520 px, where it is another.
    #[serde(skip_serializing_if = "is_default")]
    pub narrow: u32,
    /// Corner radius of the surface, px.
    pub radius: u8,
    /// Colour scheme of the frame.
    pub theme: Theme,
    /// Accessible name of the frame.
    pub label: String,
    /// Shadow of the host.
    #[serde(skip_serializing_if = "is_default")]
    pub shadow: Shadow,
    /// How far the drawing stands out of its surface: top, right, bottom, left in px.
    #[serde(skip_serializing_if = "is_default")]
    pub bleed: [u16; 4],
    /// On a narrow screen it lies flush at the bottom.
    #[serde(skip_serializing_if = "is_default")]
    pub sheet: bool,
    /// It fills the screen.
    #[serde(skip_serializing_if = "is_default")]
    pub full: bool,
    /// The owner's own HTML: its own scripts, marked calls to action.
    #[serde(skip_serializing_if = "is_default")]
    pub custom: bool,
    /// Without access to the page.
    #[serde(skip_serializing_if = "is_default")]
    pub sandbox: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The hand-out that a message belongs to.
#[derive(Debug, Clone, Copy)]
pub struct HandOut {
    /// The campaign.
    pub campaign: CampaignId,
    /// The day in the account's zone.
    pub day: Day,
    /// The impression.
    pub impression: Id,
    /// How long it may wait, ms.
    pub lease_ms: i64,
}

impl Popup {
    /// The message of a pop-up whose slots are filled, with its drawn document.
    pub fn message(&self, html: &str, hand_out: HandOut) -> PopupMessage {
        let kv = (!self.kv.is_empty()).then(|| self.kv.clone());
        let custom = self
            .custom
            .as_ref()
            .filter(|_| self.template == super::Template::Custom);
        let frame = self.frame();
        PopupMessage {
            impression: hand_out.impression,
            msg_id: MsgId {
                campaign: hand_out.campaign,
                day: Some(hand_out.day),
            }
            .to_string(),
            msg_content: MsgContent {
                html: html.to_owned(),
                kind: 1,
                template_type: self.layout().as_str(),
                title: self.plain_title(),
                description: self.text.trim().to_owned(),
                kv: kv.clone(),
            },
            kv,
            display: Display {
                kind: self.layout().as_str(),
                corner: self.corner,
                edge: self.edge,
                width: frame.width,
                narrow: frame.narrow,
                radius: frame.radius,
                theme: self.theme,
                label: self.plain_title(),
                shadow: frame.shadow,
                bleed: frame.bleed,
                sheet: frame.sheet,
                full: frame.full,
                custom: custom.is_some(),
                sandbox: custom.is_some_and(|custom| custom.sandbox),
            },
            on_click: self.on_click.clone(),
            second: self
                .second
                .as_ref()
                .filter(|_| self.template.has(super::Slot::Second))
                .map(|second| second.on_click.clone()),
            action: if self.drawn_field().is_some() {
                Some(Action::Answer)
            } else if self.template.has(super::Slot::Code) && self.code.is_some() {
                Some(Action::Copy)
            } else {
                None
            },
            lease_ms: hand_out.lease_ms,
            test: false,
        }
    }

    /// The title without the marks of emphasis.
    pub fn plain_title(&self) -> String {
        self.title.trim().replace('*', "")
    }
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
