//! Vessels, turned on the wheel: a profile of (radius, y) points in a box of 200 x 240 round x = 100, smoothed and mirrored.
//!
//! Left out: what stands round them (`scene`). Invariant: the same vessel gives the same bytes, and its foot stands where it was put.

use super::N;
use std::fmt::Write as _;

/// What the potter knows to throw.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// With a beak and a handle.
    Jug,
    /// A long neck.
    Vase,
    /// Wide, on a small foot.
    Bowl,
    /// With spout, handle and lid.
    Teapot,
    /// With a lid.
    Jar,
}

/// A vessel and its glazes.
#[derive(Clone, Copy)]
pub(super) struct Vessel {
    /// Its form.
    pub(super) shape: Shape,
    /// A letter that no other vessel of the drawing has: ids are built from it.
    pub(super) id: char,
    /// Glaze of the body.
    pub(super) body: &'static str,
    /// Glaze that it was dipped into, from the rim down; of a bowl the rim alone.
    pub(super) dip: &'static str,
    /// Painted bands.
    pub(super) bands: Option<&'static str>,
}

/// The height of the foot in the box.
const FOOT: f64 = 226.0;

impl Shape {
    fn profile(self) -> &'static [(f64, f64)] {
        match self {
            Self::Jug => &[
                (31.0, 36.0),
                (27.0, 54.0),
                (31.0, 82.0),
                (48.0, 124.0),
                (56.0, 164.0),
                (50.0, 202.0),
                (37.0, FOOT),
            ],
            Self::Vase => &[
                (25.0, 18.0),
                (15.0, 38.0),
                (13.0, 78.0),
                (22.0, 118.0),
                (45.0, 160.0),
                (47.0, 196.0),
                (31.0, FOOT),
            ],
            Self::Bowl => &[
                (86.0, 128.0),
                (81.0, 156.0),
                (62.0, 194.0),
                (35.0, 213.0),
                (36.0, FOOT),
            ],
            Self::Teapot => &[
                (27.0, 100.0),
                (52.0, 118.0),
                (68.0, 156.0),
                (61.0, 198.0),
                (41.0, FOOT),
            ],
            Self::Jar => &[(45.0, 96.0), (52.0, 122.0), (53.0, 186.0), (46.0, FOOT)],
        }
    }

    /// How far down the dip goes.
    fn dip(self) -> f64 {
        match self {
            Self::Jug => 106.0,
            Self::Vase => 92.0,
            Self::Bowl => 0.0,
            Self::Teapot => 154.0,
            Self::Jar => 104.0,
        }
    }
}

/// Catmull-Rom through `points` as cubic Béziers, scaled in x round the axis; without the move to the first point.
fn curve(points: &[(f64, f64)], scale: f64) -> String {
    let at = |index: isize| {
        let last = points.len() as isize - 1;
        let (radius, y) = points[index.clamp(0, last) as usize];
        (100.0 + radius * scale, y)
    };
    let mut path = String::new();
    for index in 0..points.len() as isize - 1 {
        let (before, from, to, after) = (at(index - 1), at(index), at(index + 1), at(index + 2));
        let _ = write!(
            path,
            "C{} {} {} {} {} {}",
            N(from.0 + (to.0 - before.0) / 6.0),
            N(from.1 + (to.1 - before.1) / 6.0),
            N(to.0 - (after.0 - from.0) / 6.0),
            N(to.1 - (after.1 - from.1) / 6.0),
            N(to.0),
            N(to.1)
        );
    }
    path
}

impl Vessel {
    /// The vessel with its foot at (x, y) and its cast shadow to the right.
    pub(super) fn at(&self, x: f64, y: f64, scale: f64, shadow: bool) -> String {
        let points = self.shape.profile();
        let reversed: Vec<(f64, f64)> = points.iter().rev().copied().collect();
        let (rim, top) = points[0];
        let foot = points[points.len() - 1].0;
        let Self { id, body, dip, .. } = *self;
        let mut svg = format!(
            "<g transform=\"translate({} {}) scale({:.3})\">",
            N(x - 100.0 * scale),
            N(y - FOOT * scale),
            scale
        );
        if shadow {
            let _ = write!(
                svg,
                "<path fill=\"#14181f\" opacity=\".2\" d=\"M{} 218L{} 190v24L{} 238 90 229z\"/>",
                N(100.0 + foot * 0.4),
                N(100.0 + foot * 4.6),
                N(100.0 + foot * 0.8)
            );
        }
        self.behind(&mut svg);
        let _ = write!(
            svg,
            "<clipPath id=\"{id}c\"><path id=\"{id}\" d=\"M{} {}{}Q100 {} {} {FOOT}{}z\"/></clipPath><use href=\"#{id}\" fill=\"{body}\"/><g clip-path=\"url(#{id}c)\">",
            N(100.0 + rim),
            N(top),
            curve(points, 1.0),
            N(FOOT + foot * 0.16),
            N(100.0 - foot),
            curve(&reversed, -1.0),
        );
        self.glaze(&mut svg);
        // The side that turns away from the light.
        let _ = write!(
            svg,
            "<path fill=\"#14181f\" opacity=\".17\" d=\"M{} {top}{}H200V0z\"/></g>",
            N(100.0 + rim * 0.48),
            curve(points, 0.48),
        );
        let lit = if points.len() > 5 {
            &points[1..points.len() - 1]
        } else {
            &points[..points.len() - 1]
        };
        let _ = write!(
            svg,
            "<path fill=\"none\" stroke=\"#fff\" stroke-opacity=\".34\" stroke-width=\"5\" stroke-linecap=\"round\" d=\"M{} {}{}\"/>",
            N(100.0 - lit[0].0 * 0.66),
            N(lit[0].1 + 6.0),
            curve(lit, -0.66),
        );
        if matches!(self.shape, Shape::Teapot | Shape::Jar) {
            self.lid(&mut svg, rim, top);
        } else {
            let _ = write!(
                svg,
                "<ellipse cx=\"100\" cy=\"{top}\" rx=\"{rim}\" ry=\"{}\" fill=\"{dip}\"/><ellipse cx=\"100\" cy=\"{}\" rx=\"{}\" ry=\"{}\" fill=\"#14181f\" opacity=\".66\"/>",
                N(rim * 0.2),
                N(top + 0.5),
                N(rim - 2.5),
                N(rim * 0.2 - 1.8),
            );
        }
        svg.push_str("</g>");
        svg
    }

    /// Handle and spout stand behind the body.
    fn behind(&self, svg: &mut String) {
        let handle = |svg: &mut String, colour: &str, path: &str| {
            let _ = write!(
                svg,
                "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"13\" stroke-linecap=\"round\" d=\"{path}\"/>"
            );
        };
        match self.shape {
            Shape::Jug => {
                handle(svg, self.dip, "M124 66c34-14 54 6 53 42s-22 58-36 66");
                let _ = write!(
                    svg,
                    "<path fill=\"{0}\" d=\"M69 36C56 26 44 28 34 38 48 42 58 58 73 66L104 40z\"/>",
                    self.dip
                );
            }
            Shape::Teapot => {
                handle(svg, self.body, "M160 134c30-12 42 10 34 32-6 16-22 24-38 30");
                let _ = write!(
                    svg,
                    "<path fill=\"{}\" d=\"M6 106L20 98C36 118 46 128 62 134L52 194C34 174 26 142 6 106z\"/>",
                    self.body
                );
            }
            Shape::Vase | Shape::Bowl | Shape::Jar => {}
        }
    }

    /// Dip and bands, cut by the body's outline.
    fn glaze(&self, svg: &mut String) {
        let deep = self.shape.dip();
        if deep > 0.0 && self.shape != Shape::Jar {
            let _ = write!(
                svg,
                "<path fill=\"{}\" d=\"M0 0H200V{}C150 {} 136 {} 120 {}S92 {} 72 {} 30 {} 0 {}z\"/>",
                self.dip,
                N(deep),
                N(deep - 10.0),
                N(deep - 14.0),
                N(deep + 2.0),
                N(deep + 22.0),
                N(deep - 4.0),
                N(deep - 18.0),
                N(deep - 14.0),
            );
        }
        let Some(paint) = self.bands else { return };
        let (middle, each): (f64, &[(f64, f64)]) = match self.shape {
            Shape::Bowl => (150.0, &[(150.0, 7.0), (163.0, 4.0)]),
            Shape::Jar => (148.0, &[(148.0, 34.0)]),
            _ => (176.0, &[(176.0, 8.0), (190.0, 5.0)]),
        };
        debug_assert!(middle > 0.0, "bands lie on the body");
        for (y, width) in each {
            let _ = write!(
                svg,
                "<path fill=\"none\" stroke=\"{paint}\" stroke-width=\"{width}\" d=\"M0 {0}Q100 {1} 200 {0}\"/>",
                y,
                y + 14.0
            );
        }
    }

    /// A dome with a knob.
    fn lid(&self, svg: &mut String, rim: f64, top: f64) {
        let high = if self.shape == Shape::Jar { 26.0 } else { 20.0 };
        let (left, right) = (100.0 - rim - 1.0, 100.0 + rim + 1.0);
        let _ = write!(
            svg,
            "<circle cx=\"100\" cy=\"{knob}\" r=\"9\" fill=\"{dip}\"/><clipPath id=\"{id}m\"><path id=\"{id}l\" d=\"M{left} {y}C{left} {up} {right} {up} {right} {y}Q100 {under} {left} {y}\"/></clipPath><use href=\"#{id}l\" fill=\"{dip}\"/><path clip-path=\"url(#{id}m)\" fill=\"#14181f\" opacity=\".17\" d=\"M{shade} 300Q{shade} {up} 108 0H200V300z\"/>",
            id = self.id,
            dip = self.dip,
            knob = N(top - high - 3.0),
            left = N(left),
            right = N(right),
            y = N(top + 4.0),
            up = N(top - high * 1.1),
            under = N(top + 4.0 + rim * 0.2),
            shade = N(100.0 + rim * 0.48),
        );
    }
}
