//! What is shown on the way out: receipt, question, guide.
//!
//! Left out: when somebody is on the way out (the SDK). Invariant: none of them holds anybody back: close and quiet button are drawn as
//! everywhere else.

use super::art;
use super::boxes::SOUND;
use super::view::{View, lines};
use askama::Template as _;

#[derive(askama::Template)]
#[template(path = "popup/exit_receipt.html")]
struct Receipt<'a> {
    v: &'a View<'a>,
}

#[derive(askama::Template)]
#[template(path = "popup/exit_question.html")]
struct Question<'a> {
    v: &'a View<'a>,
}

#[derive(askama::Template)]
#[template(path = "popup/exit_guide.html")]
struct Guide<'a> {
    v: &'a View<'a>,
    art: String,
    cover: Vec<String>,
}

pub(super) fn receipt(v: &View<'_>) -> String {
    Receipt { v }.render().expect(SOUND)
}

pub(super) fn question(v: &View<'_>) -> String {
    Question { v }.render().expect(SOUND)
}

pub(super) fn guide(v: &View<'_>) -> String {
    let mut cover = lines(&v.popup.figure, 9);
    cover.truncate(4);
    let page = Guide {
        v,
        art: art::book(),
        cover,
    };
    page.render().expect(SOUND)
}
