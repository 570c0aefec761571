//! Drawing: from filled slots to the document of the frame, one file a family of templates.
//!
//! Left out: placing the frame in the page (the SDK). Invariant: the same pop-up gives the same bytes; no script, no style attribute, no
//! unescaped text of the owner's, except in the owner's own HTML.

mod art;
mod asks;
mod bars;
mod boxes;
mod custom;
mod exits;
mod fulls;
mod images;
#[cfg(test)]
mod tests;
mod view;

use super::{Layout, Popup, Shadow, Template};
use view::View;

/// How the frame is to be placed, as the drawing needs it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// Width asked for, px: of the surface; what stands out at its sides comes on top. A bar and a full message take all there is.
    pub(super) width: u32,
    /// Width asked for on a screen under 520 px, where it is not the same; 0: it is.
    pub(super) narrow: u32,
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

impl Popup {
    /// The whole document of the frame. The slots must be filled: Liquid would be drawn as it is.
    pub fn html(&self) -> String {
        if let (Template::Custom, Some(custom)) = (self.template, &self.custom) {
            return custom::document(custom, self);
        }
        let view = View::new(self);
        match self.template {
            // A pop-up of one's own HTML in which the HTML is missing cannot start; its preview shows the title.
            Template::Box | Template::Custom => boxes::plain(&view),
            Template::BoxLetter => boxes::letter(&view),
            Template::BoxTicket => boxes::ticket(&view),
            Template::BoxBack => boxes::back(&view),
            Template::BoxQuestion => boxes::question(&view),
            Template::Banner => bars::plain(&view),
            Template::BarShipping => bars::shipping(&view),
            Template::BarCountdown => bars::countdown(&view),
            Template::BarNotice => bars::notice(&view),
            Template::Interstitial => fulls::plain(&view),
            Template::FullStory => fulls::story(&view),
            Template::FullPoster => fulls::poster(&view),
            Template::FullFeature => fulls::feature(&view),
            Template::ExitReceipt => exits::receipt(&view),
            Template::ExitQuestion => exits::question(&view),
            Template::ExitGuide => exits::guide(&view),
            Template::PushCard => asks::card(&view),
            Template::PushDialog => asks::dialog(&view),
            Template::ImagePoster => images::poster(&view),
            Template::ImageSticker => images::sticker(&view),
        }
    }

    /// How the frame is to be placed.
    pub(super) fn frame(&self) -> Frame {
        let frame = Frame {
            radius: self.radius.unwrap_or_else(|| view::radius_of(self.template)),
            ..Frame::default()
        };
        let sheet = |width| Frame {
            width,
            sheet: true,
            ..frame
        };
        let cut_out = |width| Frame {
            width,
            radius: 0,
            shadow: Shadow::Drop,
            ..frame
        };
        match self.template {
            Template::Box | Template::BoxLetter => Frame { width: 400, ..frame },
            Template::BoxTicket => Frame {
                narrow: 420,
                ..cut_out(340)
            },
            Template::BoxBack => Frame { width: 480, ..frame },
            Template::BoxQuestion => sheet(392),
            Template::Banner | Template::BarShipping | Template::BarCountdown | Template::BarNotice => {
                Frame {
                    width: FULL_WIDTH,
                    radius: 0,
                    shadow: Shadow::None,
                    ..frame
                }
            }
            Template::Interstitial => sheet(520),
            Template::PushCard => Frame { width: 376, ..frame },
            Template::PushDialog => sheet(460),
            Template::FullStory => sheet(980),
            Template::FullPoster => Frame {
                width: FULL_WIDTH,
                radius: 0,
                shadow: Shadow::None,
                full: true,
                ..frame
            },
            Template::FullFeature => sheet(840),
            Template::ExitReceipt => cut_out(420),
            Template::ExitQuestion => sheet(600),
            Template::ExitGuide => Frame {
                bleed: [40, 0, 0, 0],
                ..sheet(800)
            },
            Template::ImagePoster => Frame {
                bleed: [14, 58, 0, 58],
                ..cut_out(460)
            },
            Template::ImageSticker => Frame {
                bleed: [22, 0, 0, 0],
                narrow: 204,
                ..cut_out(268)
            },
            Template::Custom => {
                let custom = self.custom.as_ref();
                Frame {
                    width: match custom.map(|custom| (custom.layout, custom.width)) {
                        Some((Layout::Box | Layout::Interstitial, width)) => width,
                        _ => FULL_WIDTH,
                    },
                    radius: self.radius.unwrap_or(0),
                    shadow: Shadow::None,
                    ..frame
                }
            }
        }
    }
}

/// For what takes the whole width anyway.
const FULL_WIDTH: u32 = 1280;
