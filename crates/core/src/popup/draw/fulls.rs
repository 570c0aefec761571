//! Messages over the page: plain, story, poster, feature.
//!
//! Left out: the veil behind them (the SDK). Invariant: the size of a poster's word follows from its letters alone.

use super::art;
use super::boxes::{SOUND, ground};
use super::view::View;
use askama::Template as _;

#[derive(askama::Template)]
#[template(path = "popup/interstitial.html")]
struct Plain<'a> {
    v: &'a View<'a>,
}

#[derive(askama::Template)]
#[template(path = "popup/full_story.html")]
struct Story<'a> {
    v: &'a View<'a>,
    art: String,
}

#[derive(askama::Template)]
#[template(path = "popup/full_poster.html")]
struct Poster<'a> {
    v: &'a View<'a>,
    letters: f64,
    many: bool,
    /// A letter goes below the line.
    deep: bool,
}

#[derive(askama::Template)]
#[template(path = "popup/full_feature.html")]
struct Feature<'a> {
    v: &'a View<'a>,
    art: String,
}

pub(super) fn plain(v: &View<'_>) -> String {
    Plain { v }.render().expect(SOUND)
}

pub(super) fn story(v: &View<'_>) -> String {
    let art = art::story(ground(v));
    Story { v, art }.render().expect(SOUND)
}

pub(super) fn poster(v: &View<'_>) -> String {
    let many = v.plain.split_whitespace().count() > 1;
    // Under five letters a word would be higher than the screen; words in lines need a smaller size than one alone.
    let longest = v.plain.split_whitespace().map(letters).fold(5.0, f64::max);
    let letters = (longest * 10.0).round() / 10.0 + if many { 3.0 } else { 0.0 };
    let deep = v.plain.contains(|c| "gjpqyçşţ,;".contains(c));
    let page = Poster {
        v,
        letters,
        many,
        deep,
    };
    page.render().expect(SOUND)
}

pub(super) fn feature(v: &View<'_>) -> String {
    let art = art::feature(ground(v));
    Feature { v, art }.render().expect(SOUND)
}

/// The width of a word, counted in letters of the usual width.
fn letters(word: &str) -> f64 {
    word.chars()
        .map(|letter| match letter {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | '!' | '’' | '\'' | '1' => 0.55,
            'f' | 't' | 'r' | '-' => 0.72,
            'm' | 'M' | 'w' | 'W' => 1.45,
            _ => 1.0,
        })
        .sum()
}
