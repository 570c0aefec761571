//! The boxes: plain, letter, ticket, back in stock, one question.
//!
//! Left out: their look (`templates/popup`). Invariant: what a template needs beside the slots is worked out here, not in markup.

use super::art;
use super::view::{View, own_art};
use crate::popup::Colour;
use askama::Template as _;

/// Why `render` cannot fail.
pub(super) const SOUND: &str = "writing to a String cannot fail and the templates have no fallible filter";

#[derive(askama::Template)]
#[template(path = "popup/box.html")]
struct Plain<'a> {
    v: &'a View<'a>,
}

#[derive(askama::Template)]
#[template(path = "popup/box_letter.html")]
struct Letter<'a> {
    v: &'a View<'a>,
    art: String,
}

#[derive(askama::Template)]
#[template(path = "popup/box_ticket.html")]
struct Ticket<'a> {
    v: &'a View<'a>,
    figure: Option<Figure<'a>>,
    code: &'a str,
}

#[derive(askama::Template)]
#[template(path = "popup/box_back.html")]
struct Back<'a> {
    v: &'a View<'a>,
    art: String,
}

#[derive(askama::Template)]
#[template(path = "popup/box_question.html")]
struct Question<'a> {
    v: &'a View<'a>,
}

/// The ground behind art: the owner's, or the template's own.
pub(super) fn ground(view: &View<'_>) -> Colour {
    view.popup
        .art
        .or_else(|| own_art(view.popup.template))
        .unwrap_or(view.popup.ground)
}

pub(super) fn plain(v: &View<'_>) -> String {
    Plain { v }.render().expect(SOUND)
}

pub(super) fn letter(v: &View<'_>) -> String {
    let art = art::stamp(ground(v), v.popup.image.is_none());
    Letter { v, art }.render().expect(SOUND)
}

pub(super) fn ticket(v: &View<'_>) -> String {
    let page = Ticket {
        v,
        figure: Figure::parse(&v.popup.figure),
        code: v.popup.code.as_deref().unwrap_or_default().trim(),
    };
    page.render().expect(SOUND)
}

pub(super) fn back(v: &View<'_>) -> String {
    let art = art::swatch(ground(v));
    Back { v, art }.render().expect(SOUND)
}

pub(super) fn question(v: &View<'_>) -> String {
    Question { v }.render().expect(SOUND)
}

/// A figure in its parts: what stands small before the number, the number, what stands small after it.
#[derive(Debug, PartialEq, Eq)]
struct Figure<'a> {
    before: &'a str,
    digits: &'a str,
    after: &'a str,
}

impl<'a> Figure<'a> {
    /// Longest number that is set large; what is longer, or has no number, is set as words.
    const LARGE: usize = 4;

    fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let is_part = |c: char| c.is_numeric() || matches!(c, '.' | ',' | '-' | '−' | '–' | '٫');
        let words = Self {
            before: "",
            digits: "",
            after: text,
        };
        let Some(start) = text.find(|c: char| c.is_numeric()) else {
            return Some(words);
        };
        let end = text[start..]
            .find(|c: char| !is_part(c))
            .map_or(text.len(), |length| start + length);
        let digits = text[start..end].trim_end_matches(['.', ',']);
        let after = text[start + digits.len()..].trim();
        if digits.chars().count() > Self::LARGE
            || after.chars().count() > 3
            || text[..start].chars().count() > 3
        {
            return Some(words);
        }
        Some(Self {
            before: text[..start].trim(),
            digits,
            after,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_a_number_with_its_signs_or_else_words() {
        let parts = |text| {
            let figure = Figure::parse(text).expect("a figure");
            (figure.before, figure.digits, figure.after)
        };
        assert_eq!(parts("15 %"), ("", "15", "%"));
        assert_eq!(parts("€10"), ("€", "10", ""));
        assert_eq!(parts("٪١٥"), ("٪", "١٥", ""));
        assert_eq!(parts("Free shipping"), ("", "", "Free shipping"));
        assert_eq!(parts("2 for 1"), ("", "", "2 for 1"));
        assert_eq!(Figure::parse(" "), None);
    }
}
