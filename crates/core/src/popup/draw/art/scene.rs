//! The drawings: which vessels stand where, on which table, under which sun.
//!
//! Left out: how a vessel is turned (`vessel`) and all words. Invariant: a drawing fills its view box; where it may be cropped, its
//! middle or its foot stays.

use super::vessel::{Shape, Vessel};
use super::{BUTTER, CELADON, COBALT, INK, LILAC, MILK, MOSS, N, NAVY, PERSIMMON, ROSE, SKY};
use crate::popup::colour::Colour;
use std::fmt::Write as _;

const fn vessel(shape: Shape, id: char, body: &'static str, dip: &'static str) -> Vessel {
    Vessel {
        shape,
        id,
        body,
        dip,
        bands: None,
    }
}

/// The head of a drawing: its box, and how it is cropped.
fn open(class: &str, view: &str, crop: &str) -> String {
    format!(
        "<svg class=\"{class}\" viewBox=\"{view}\" preserveAspectRatio=\"{crop} slice\" aria-hidden=\"true\">"
    )
}

fn rect(x: f64, y: f64, width: f64, height: f64, fill: &dyn std::fmt::Display) -> String {
    format!(
        "<path fill=\"{fill}\" d=\"M{} {}h{}v{}h{}z\"/>",
        N(x),
        N(y),
        N(width),
        N(height),
        N(-width)
    )
}

/// A stamp with a window and its postmark, 92 x 112 and what the mark stands out at the start; without its picture where the owner gives one.
pub(in super::super) fn stamp(art: Colour, drawn: bool) -> String {
    let mut svg = "<svg viewBox=\"-26 0 118 112\" aria-hidden=\"true\"><mask id=\"p\"><path fill=\"#fff\" d=\"M0 0h92v112H0z\"/>\
        <g stroke=\"#000\" stroke-width=\"8\" stroke-linecap=\"round\"><path stroke-dasharray=\"0 11.5\" d=\"M0 0h93M0 112h93\"/>\
        <path stroke-dasharray=\"0 11.2\" d=\"M0 0v113M92 0v113\"/></g></mask><path mask=\"url(#p)\" fill=\"#ece8dc\" d=\"M0 0h92v112H0zM9 9v94h74V9z\"/>"
        .to_owned();
    if drawn {
        svg.push_str(&rect(9.0, 9.0, 74.0, 94.0, &art));
        svg.push_str(&rect(9.0, 78.0, 74.0, 25.0, &PERSIMMON));
        svg.push_str(&vessel(Shape::Jug, 'j', COBALT, NAVY).at(45.0, 93.0, 0.37, false));
    }
    svg.push_str(
        "<g class=\"mark\" fill=\"none\" stroke-width=\"1.6\" opacity=\".62\"><g stroke=\"currentColor\"><circle cx=\"0\" cy=\"86\" r=\"25\"/>\
        <circle cx=\"0\" cy=\"86\" r=\"17\"/></g><path stroke=\"#14181f\" d=\"M25 76q9-7 17 0t17 0 17 0 17 0M25 83q9-7 17 0t17 0 17 0 16 0M25 90q9-7 17 0t17 0 17 0 16 0M25 97q9-7 17 0t17 0 17 0 17 0\"/></g></svg>",
    );
    svg
}

/// A jug on a table, 64 x 64, as a small picture; `id` tells the drawings of one document apart.
pub(in super::super) fn badge(art: Colour, id: char) -> String {
    let mut svg = open("pic", "0 0 64 64", "xMidYMax");
    svg.push_str(&rect(0.0, 0.0, 64.0, 64.0, &art));
    svg.push_str(&rect(0.0, 46.0, 64.0, 18.0, &art.shaded()));
    svg.push_str(&vessel(Shape::Jug, id, COBALT, NAVY).at(30.0, 56.0, 0.25, true));
    svg.push_str("</svg>");
    svg
}

/// One vase before a wall, for a narrow panel that is cropped at its top.
pub(in super::super) fn swatch(art: Colour) -> String {
    let mut svg = open("pic", "0 0 156 228", "xMidYMax");
    svg.push_str(&rect(-200.0, -600.0, 600.0, 900.0, &art));
    svg.push_str(&rect(-200.0, 177.0, 600.0, 60.0, &art.shaded()));
    svg.push_str(&vessel(Shape::Vase, 'v', MOSS, CELADON).at(76.0, 213.0, 0.83, true));
    svg.push_str("</svg>");
    svg
}

/// Vase, bowl and jar under a sun: a picture panel of 500 x 560.
pub(in super::super) fn story(art: Colour) -> String {
    let mut svg = open("pic", "0 0 500 560", "xMidYMax");
    svg.push_str(&rect(-400.0, -600.0, 1300.0, 1030.0, &art));
    svg.push_str(&rect(-400.0, 429.0, 1300.0, 140.0, &COBALT));
    let _ = write!(svg, "<circle cx=\"364\" cy=\"148\" r=\"97\" fill=\"{BUTTER}\"/>");
    svg.push_str(&vessel(Shape::Vase, 'v', MILK, COBALT).at(200.0, 528.0, 1.84, true));
    let jar = Vessel {
        bands: Some(MILK),
        ..vessel(Shape::Jar, 'j', SKY, MILK)
    };
    svg.push_str(&jar.at(399.0, 476.0, 1.27, true));
    let bowl = Vessel {
        bands: Some(COBALT),
        ..vessel(Shape::Bowl, 'b', LILAC, LILAC)
    };
    svg.push_str(&bowl.at(250.0, 522.0, 1.08, true));
    svg.push_str("</svg>");
    svg
}

/// Three jugs, the middle one chosen, its glazes beside it: 812 x 300, cropped to the middle.
pub(in super::super) fn feature(art: Colour) -> String {
    let mut svg = open("pic", "0 0 812 300", "xMidYMid");
    svg.push_str(&rect(-100.0, -200.0, 1012.0, 436.0, &art));
    svg.push_str(&rect(-100.0, 236.0, 1012.0, 300.0, &art.shaded()));
    svg.push_str(&vessel(Shape::Jug, 'a', CELADON, MOSS).at(129.0, 257.0, 0.94, true));
    svg.push_str(&vessel(Shape::Jug, 'b', PERSIMMON, MILK).at(408.0, 268.0, 1.15, true));
    svg.push_str(&vessel(Shape::Jug, 'd', BUTTER, PERSIMMON).at(698.0, 257.0, 0.94, true));
    let _ = write!(
        svg,
        "<g stroke=\"{INK}\" stroke-width=\"2.5\" fill=\"none\"><path stroke-dasharray=\"2 5\" d=\"M300 19h212v264H300z\"/><g fill=\"#fff\"><circle cx=\"300\" cy=\"19\" r=\"6.5\"/><circle cx=\"512\" cy=\"19\" r=\"6.5\"/><circle cx=\"300\" cy=\"283\" r=\"6.5\"/><circle cx=\"512\" cy=\"283\" r=\"6.5\"/></g></g>\
        <rect x=\"540\" y=\"97\" width=\"64\" height=\"150\" rx=\"32\" fill=\"#fff\"/><circle cx=\"572\" cy=\"129\" r=\"21\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"2.5\"/><circle cx=\"572\" cy=\"129\" r=\"16\" fill=\"{PERSIMMON}\"/><circle cx=\"572\" cy=\"172\" r=\"16\" fill=\"{COBALT}\"/><circle cx=\"572\" cy=\"215\" r=\"16\" fill=\"{MOSS}\"/></svg>"
    );
    svg
}

/// A book without its title, 240 x 352: cover, spine, pages, and a mended bowl.
pub(in super::super) fn book() -> String {
    let mut svg = String::new();
    svg.push_str(&rect(10.0, 12.0, 226.0, 340.0, &"#e9e2d2"));
    svg.push_str(&rect(6.0, 6.0, 226.0, 340.0, &"#fffdf7"));
    svg.push_str(&rect(0.0, 0.0, 226.0, 340.0, &ROSE));
    svg.push_str("<path fill=\"#14181f\" opacity=\".13\" d=\"M0 0h15v340H0z\"/>");
    svg.push_str(&vessel(Shape::Bowl, 'b', MILK, MILK).at(121.0, 308.0, 0.86, false));
    svg.push_str("<path fill=\"none\" stroke=\"#dba322\" stroke-width=\"4.5\" stroke-linejoin=\"round\" stroke-linecap=\"round\" d=\"M97 240l9 17-4 8 16 8-3 12 10 16\"/>");
    svg
}

/// Vase and teapot before a sun, the ground of a poster of 460 x 620; the table leaves a line free for words.
pub(in super::super) fn poster(art: Colour) -> String {
    let mut svg = rect(0.0, 0.0, 460.0, 620.0, &art);
    let _ = write!(svg, "<circle cx=\"344\" cy=\"409\" r=\"185\" fill=\"{BUTTER}\"/>");
    svg.push_str(&rect(0.0, 520.0, 460.0, 100.0, &PERSIMMON));
    svg.push_str(&vessel(Shape::Vase, 'v', MILK, ROSE).at(157.0, 566.0, 1.58, true));
    svg.push_str(&vessel(Shape::Teapot, 't', MOSS, CELADON).at(318.0, 535.0, 1.26, true));
    svg
}

/// A cookie that is not there.
pub(in super::super) fn cookie() -> &'static str {
    "<svg class=\"ck\" viewBox=\"0 0 56 56\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.4\" aria-hidden=\"true\"><path stroke-dasharray=\"4.2 3.6\" d=\"M29 4a24 24 0 1 0 23 26c-6 1-10-2-10-7-6 1-10-3-8-8-5 0-7-5-5-11z\"/><path stroke-width=\"5\" stroke-linecap=\"round\" d=\"M19 22v.01M24 41v.01M36 36v.01M29 30v.01M15 33v.01\"/></svg>"
}
