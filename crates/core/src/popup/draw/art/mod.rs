//! Art of the gallery: small still lifes in flat colours that stand where an owner gives no picture.
//!
//! Left out: words (the templates set those, escaped). Invariant: each drawing is decoration, hidden from readers of the screen, has
//! intrinsic proportions, and needs nothing from outside the document.

mod scene;
mod vessel;

pub(super) use scene::{badge, book, cookie, feature, poster, stamp, story, swatch};

use std::fmt;

/// Paints of the house.
pub(super) const COBALT: &str = "#2440c7";
pub(super) const NAVY: &str = "#17277c";
pub(super) const BUTTER: &str = "#f7d65a";
pub(super) const CELADON: &str = "#a8d0b9";
pub(super) const PERSIMMON: &str = "#f1592a";
pub(super) const LILAC: &str = "#cdbcf2";
pub(super) const SKY: &str = "#bfdef4";
pub(super) const ROSE: &str = "#f5b8b0";
pub(super) const MOSS: &str = "#2f5d46";
pub(super) const MILK: &str = "#fdf9f0";
pub(super) const INK: &str = "#14181f";

/// A number in a drawing: one decimal, no more characters than it needs.
#[derive(Clone, Copy)]
pub(super) struct N(pub(super) f64);

impl fmt::Display for N {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round();
        if tenths == 0.0 {
            return formatter.write_str("0");
        }
        let text = format!("{:.1}", tenths / 10.0);
        let text = text.strip_suffix(".0").unwrap_or(&text);
        formatter.write_str(&text.replacen(
            "0.",
            ".",
            usize::from(text.trim_start_matches('-').starts_with("0.")),
        ))
    }
}
