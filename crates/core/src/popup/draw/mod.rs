//! Drawing: from filled slots to the document of the frame, one file a family of templates.
//!
//! Left out: placing the frame in the page (the SDK). Invariant: the same pop-up gives the same bytes; no script, no style attribute, no
//! unescaped text of the owner's, except in the owner's own HTML.

mod plain_box;

use super::{Popup, Shadow, language};
use plain_box::{BoxImage, BoxView, Colours};

/// How the frame is to be placed, as the drawing needs it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Frame {
    /// Width asked for, px.
    pub(super) width: u32,
    /// Corner of the surface, px.
    pub(super) radius: u8,
    /// Who draws the shadow.
    pub(super) shadow: Shadow,
    /// How far the drawing stands out: top, right, bottom, left in px.
    pub(super) bleed: [u16; 4],
    /// Flush at the bottom of a narrow screen.
    pub(super) sheet: bool,
    /// All of the screen.
    pub(super) full: bool,
}

/// Width that a box asks for, in px; the page gives it less where there is less.
const BOX_WIDTH: u32 = 400;

impl Popup {
    /// The whole document of the frame. The slots must be filled: Liquid would be drawn as it is.
    pub fn html(&self) -> String {
        plain_box::render(&BoxView {
            title: self.title.trim(),
            text: self.text.trim(),
            image: self.image.as_ref().map(|image| BoxImage {
                url: &image.url,
                alt: &image.alt,
            }),
            button: self.button.as_deref().map(str::trim),
            close_label: language::close_label(&self.language),
            lang: &self.language,
            rtl: language::is_right_to_left(&self.language),
            theme: self.theme,
            colours: Colours {
                accent: self.accent,
                ground: self.ground,
                ink: self.ink,
            },
            radius: self.radius.unwrap_or(16),
        })
    }

    /// How the frame is to be placed.
    pub(super) fn frame(&self) -> Frame {
        Frame {
            width: BOX_WIDTH,
            radius: self.radius.unwrap_or(16),
            ..Frame::default()
        }
    }
}
