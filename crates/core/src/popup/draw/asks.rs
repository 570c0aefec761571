//! The questions about push: beside the page, and over it with samples of what will come.
//!
//! Left out: the browser's own question, which the main button brings (the SDK). Invariant: whoever does not want it has a way out that is
//! as easy to find as the yes.

use super::art;
use super::boxes::{SOUND, ground};
use super::view::View;
use askama::Template as _;

/// Samples that are drawn; more would push the question out of sight.
const SAMPLES: [char; 3] = ['a', 'b', 'c'];

#[derive(askama::Template)]
#[template(path = "popup/push_card.html")]
struct Card<'a> {
    v: &'a View<'a>,
    art: String,
}

#[derive(askama::Template)]
#[template(path = "popup/push_dialog.html")]
struct Dialog<'a> {
    v: &'a View<'a>,
    samples: Vec<Sample<'a>>,
}

/// A notification as it will look: its picture, its title, and what stands under it.
struct Sample<'a> {
    art: String,
    title: &'a str,
    text: &'a str,
}

pub(super) fn card(v: &View<'_>) -> String {
    let art = art::badge(ground(v), SAMPLES[0]);
    Card { v, art }.render().expect(SOUND)
}

pub(super) fn dialog(v: &View<'_>) -> String {
    let samples = v.popup.features.iter().zip(SAMPLES).map(|(line, id)| {
        let (title, text) = line.split_once(": ").unwrap_or((line, ""));
        Sample {
            art: art::badge(ground(v), id),
            title: title.trim(),
            text: text.trim(),
        }
    });
    let samples = samples.collect();
    Dialog { v, samples }.render().expect(SOUND)
}
