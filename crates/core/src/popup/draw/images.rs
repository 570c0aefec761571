//! Pictures that are one link: poster and sticker. Without a picture they are drawn.
//!
//! Left out: loading pictures. Invariant: all words of the drawing are in the link's name.

use super::art::{self, N};
use super::boxes::{SOUND, ground};
use super::view::{View, lines};
use askama::Template as _;
use std::f64::consts::PI;
use std::fmt::Write as _;

#[derive(askama::Template)]
#[template(path = "popup/image_poster.html")]
struct Poster<'a> {
    v: &'a View<'a>,
    art: String,
    head: Vec<String>,
    size: usize,
    /// From line to line, per cent of the size.
    step: usize,
}

impl Poster<'_> {
    /// The base line of line `at`.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the template hands references")]
    fn top(&self, at: &usize) -> usize {
        18 + self.size * 9 / 10 + at * self.size * self.step / 100
    }
}

#[derive(askama::Template)]
#[template(path = "popup/image_sticker.html")]
struct Sticker<'a> {
    v: &'a View<'a>,
    burst: String,
    ring: Ring,
    centre: Vec<Line>,
}

/// The words round the edge.
struct Ring {
    words: String,
    path: String,
    length: u32,
    /// Centred on top instead of all round, for scripts whose letters join.
    middle: bool,
}

/// One line in the middle.
struct Line {
    words: String,
    size: usize,
    y: usize,
}

pub(super) fn poster(v: &View<'_>) -> String {
    let mut head = lines(&v.plain, 9);
    head.truncate(3);
    let longest = head
        .iter()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(1)
        .max(1);
    let step = if v.rtl { 122 } else { 86 };
    let page = Poster {
        v,
        art: art::poster(ground(v)),
        size: (880 / longest).min(19_800 / step / head.len().max(1)).min(112),
        step,
        head,
    };
    page.render().expect(SOUND)
}

pub(super) fn sticker(v: &View<'_>) -> String {
    let page = Sticker {
        v,
        burst: burst(22),
        ring: ring(&v.popup.text, v.rtl),
        centre: centre(&v.title),
    };
    page.render().expect(SOUND)
}

/// A star of `points` blunt points in a box of 268.
fn burst(points: u32) -> String {
    let mut path = String::new();
    for corner in 0..points * 2 {
        let angle = f64::from(corner) * PI / f64::from(points);
        let radius = if corner % 2 == 0 { 132.0 } else { 117.5 };
        let _ = write!(
            path,
            "{}{} {}",
            if corner == 0 { 'M' } else { 'L' },
            N(134.0 + radius * angle.sin()),
            N(134.0 - radius * angle.cos())
        );
    }
    path.push('z');
    path
}

/// Letters that fit round the edge without crowding.
const ROUND: usize = 64;

/// The text as a ring: repeated until it goes all the way round, left out where it is too long.
fn ring(text: &str, joined: bool) -> Ring {
    const RADIUS: f64 = 95.0;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let path = if joined {
        // Over the top, from the left to the right.
        format!("M34 160A{r} {r} 0 1 1 234 160", r = N(103.0))
    } else {
        // Once round from where the hour hand stands at eight.
        let (x, y) = (N(134.0 - RADIUS * 0.9), N(134.0 + RADIUS * 0.436));
        format!("M{x} {y}a{r} {r} 0 1 1 .1 .2", r = N(RADIUS))
    };
    let letters = text.chars().count();
    let words = if letters == 0 || letters > ROUND {
        String::new()
    } else if joined {
        text
    } else {
        let once = format!("{text} · ");
        let times = (72 / once.chars().count()).max(1);
        once.repeat(times)
    };
    Ring {
        words,
        path,
        length: (2.0 * PI * RADIUS) as u32 - 4,
        middle: joined,
    }
}

/// The title in up to three lines, what is set off in the largest.
fn centre(pieces: &[(bool, &str)]) -> Vec<Line> {
    let mut all: Vec<(bool, String)> = Vec::new();
    for (set_off, words) in pieces {
        all.extend(lines(words, 13).into_iter().map(|line| (*set_off, line)));
    }
    all.truncate(3);
    let sizes: Vec<usize> = all
        .iter()
        .map(|(set_off, line)| {
            let room = 240 / line.chars().count().max(1);
            room.clamp(14, if *set_off { 50 } else { 27 })
        })
        .collect();
    let height: usize = sizes.iter().map(|size| size * 9 / 10).sum();
    let mut y = 130 - height / 2;
    all.into_iter()
        .zip(sizes)
        .map(|((_, words), size)| {
            y += size * 9 / 10;
            Line { words, size, y }
        })
        .collect()
}
