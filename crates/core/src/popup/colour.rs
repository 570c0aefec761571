//! Colours of a pop-up: parsing, contrast, and the full set of theme variables from the three that an owner chooses.
//!
//! An owner picks accent, ground and ink for the light theme. Everything else (text on the accent, muted text,
//! hairlines, and the whole dark set) is derived here, so that the preview, the delivered message and the
//! contrast check of the editor can never disagree. Left out on purpose: names (`red`), alpha, and any other notation
//! than `#rrggbb`, because the value stands unquoted in a style sheet.
//!
//! Invariant: every text colour that this module derives has a contrast of at least 4.5 on its ground.
//!
//! Contrast is that of WCAG 2.2; shades are moved in OKLCH, where equal steps of lightness look equal and a hue stays
//! what it was.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The least contrast of text on its ground (WCAG 2.2, 1.4.3, level AA).
pub(crate) const TEXT_CONTRAST: f64 = 4.5;

/// The least contrast of large words, rings and the like (WCAG 2.2, 1.4.11).
const MARK_CONTRAST: f64 = 3.0;

const WHITE: Colour = Colour::new(0xff, 0xff, 0xff);
const BLACK: Colour = Colour::new(0, 0, 0);
const INK: Colour = Colour::new(0x14, 0x18, 0x1f);
const PAPER: Colour = Colour::new(0xf3, 0xf3, 0xee);

/// An opaque sRGB colour. Its text form is `#rrggbb` in lower case, in JSON too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour {
    /// Red, 0 to 255.
    pub r: u8,
    /// Green, 0 to 255.
    pub g: u8,
    /// Blue, 0 to 255.
    pub b: u8,
}

/// A text that is not a colour of the form `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a colour is written #rrggbb, for example #2440c7")]
pub struct NotAColour;

impl Colour {
    /// The colour of three channels, 0 to 255 each.
    pub const fn new(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b }
    }

    /// Reads `#rrggbb` in either case. Nothing else is taken, not even the three-digit form.
    pub fn parse(text: &str) -> Result<Self, NotAColour> {
        let digits = text.strip_prefix('#').ok_or(NotAColour)?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAColour);
        }
        let value = u32::from_str_radix(digits, 16).map_err(|_| NotAColour)?;
        let [_, r, g, b] = value.to_be_bytes();
        Ok(Self { r, g, b })
    }

    /// Relative luminance, 0 (black) to 1 (white), as WCAG 2.2 defines it.
    pub fn luminance(self) -> f64 {
        let [r, g, b] = self.linear();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// The text colour to put on this one: white or ink, whichever reads better. In the narrow band of
    /// middle tones where neither reaches [`TEXT_CONTRAST`], black does.
    #[must_use]
    pub fn on(self) -> Self {
        let best = if contrast(self, WHITE) >= contrast(self, INK) {
            WHITE
        } else {
            INK
        };
        if contrast(self, best) >= TEXT_CONTRAST {
            best
        } else {
            BLACK
        }
    }

    /// The text to put on a coloured ground so that both look of a piece: the deep shade of its hue, or a pale one.
    #[must_use]
    pub(crate) fn deep_text(self) -> Self {
        let own = Oklch::from(self);
        let of = |lightness, most: f64| {
            Oklch {
                lightness,
                chroma: own.chroma.min(most),
                ..own
            }
            .colour()
        };
        [of(0.25, 0.07), of(0.96, 0.02)]
            .into_iter()
            .find(|text| contrast(*text, self) >= TEXT_CONTRAST)
            .unwrap_or_else(|| self.on())
    }

    /// The same paint in half shadow: a table top under a wall of this colour.
    #[must_use]
    pub(crate) fn shaded(self) -> Self {
        let own = Oklch::from(self);
        Oklch {
            lightness: own.lightness - 0.1,
            chroma: own.chroma * 1.6,
            ..own
        }
        .colour()
    }

    /// This colour laid over `under` with the given share (0 to 1) of opacity.
    #[must_use]
    pub fn over(self, under: Self, share: f64) -> Self {
        let mix = |top: u8, low: u8| channel(f64::from(top) * share + f64::from(low) * (1.0 - share));
        Self::new(mix(self.r, under.r), mix(self.g, under.g), mix(self.b, under.b))
    }

    fn linear(self) -> [f64; 3] {
        [self.r, self.g, self.b].map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        })
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.r, self.g, self.b)
    }
}

impl FromStr for Colour {
    type Err = NotAColour;
    fn from_str(text: &str) -> Result<Self, NotAColour> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Colour {
    type Error = NotAColour;
    fn try_from(text: String) -> Result<Self, NotAColour> {
        Self::parse(&text)
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

/// Contrast ratio of two colours (WCAG 2.2), 1 to 21; the order does not matter.
pub fn contrast(one: Colour, other: Colour) -> f64 {
    let (one, other) = (one.luminance(), other.luminance());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The colour nearest to `fg` (same hue, lightness moved as little as possible) whose contrast on `bg` is at least
/// `min`; `fg` itself when it already passes. Every `min` up to 4.5 can be reached on every ground; above that the
/// answer may be only the best there is, black or white.
pub fn nearest_passing(fg: Colour, bg: Colour, min: f64) -> Colour {
    if contrast(fg, bg) >= min {
        return fg;
    }
    let from = Oklch::from(fg);
    for step in 1..=250 {
        let distance = f64::from(step) * 0.004;
        let passing = [from.lightness - distance, from.lightness + distance]
            .into_iter()
            .filter(|lightness| (-0.004..=1.004).contains(lightness))
            .map(|lightness| {
                Oklch {
                    lightness: lightness.clamp(0.0, 1.0),
                    ..from
                }
                .colour()
            })
            .filter(|colour| contrast(*colour, bg) >= min)
            .max_by(|one, two| contrast(*one, bg).total_cmp(&contrast(*two, bg)));
        if let Some(passing) = passing {
            return passing;
        }
    }
    if contrast(BLACK, bg) >= contrast(WHITE, bg) {
        BLACK
    } else {
        WHITE
    }
}

/// What an owner chooses: the colours of the light theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colours {
    /// Main button and focus ring.
    pub(crate) accent: Colour,
    /// The surface.
    pub(crate) ground: Colour,
    /// Text on the surface.
    pub(crate) ink: Colour,
}

#[cfg(test)]
impl Default for Colours {
    fn default() -> Self {
        Self {
            accent: Colour::new(0x24, 0x40, 0xc7),
            ground: WHITE,
            ink: INK,
        }
    }
}

/// One full set of theme colours, named as the variables of the style sheet are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scheme {
    /// `--bg`: the surface.
    pub(crate) bg: Colour,
    /// `--ink`: text.
    pub(crate) ink: Colour,
    /// `--mut`: secondary text and the borders of fields.
    pub(crate) muted: Colour,
    /// `--line`: hairlines, decoration only.
    pub(crate) line: Colour,
    /// `--acc`: main button and focus ring.
    pub(crate) acc: Colour,
    /// `--on`: text on `--acc`.
    pub(crate) on: Colour,
    /// `--art`: the ground under a picture.
    pub(crate) art: Colour,
    /// `--aink`: text on `--art`.
    pub(crate) aink: Colour,
    /// `--mark`: the accent where it stands on the surface itself: focus ring, chosen state, a word set off. At least 3:1.
    pub(crate) mark: Colour,
}

impl Colours {
    /// The light set: the three colours as they were chosen, the rest derived from them.
    pub(crate) fn light(self) -> Scheme {
        self.scheme(self.accent.on())
    }

    /// The dark set. A ground that is dark already is kept as it is; otherwise the ground becomes its own hue at night,
    /// the ink paper, and the accent a light tint of its hue that carries dark text.
    pub(crate) fn dark(self) -> Scheme {
        self.night(0.243)
    }

    /// The dark set on a ground of the given lightness, for a sheet that has to stand out from a dark page by itself.
    pub(crate) fn night(self, lightness: f64) -> Scheme {
        let ground = Oklch::from(self.ground);
        if ground.lightness < 0.5 {
            return self.light();
        }
        // A grey ground has no hue of its own: it takes the house's cool night.
        let (hue, chroma) = if ground.chroma < GREY {
            (NIGHT_HUE, 0.018)
        } else {
            (ground.hue, 0.022)
        };
        let night = Oklch {
            lightness,
            chroma,
            hue,
        }
        .colour();
        self.tinted_on(night, PAPER)
    }

    /// The dark set of a coloured bar: its hue stays to be seen. A grey ground has the usual night.
    pub(crate) fn coloured_night(self) -> Scheme {
        let ground = Oklch::from(self.ground);
        if ground.chroma < GREY || ground.lightness < 0.5 {
            return self.dark();
        }
        let night = Oklch {
            lightness: 0.335,
            chroma: (ground.chroma * 0.95).clamp(0.03, 0.06),
            ..ground
        }
        .colour();
        let ink = Oklch {
            lightness: 0.96,
            chroma: 0.015,
            ..ground
        }
        .colour();
        let accent = if Oklch::from(self.accent).chroma < GREY * 2.0 {
            ink
        } else {
            nearest_passing(self.ground, night, TEXT_CONTRAST)
        };
        Self {
            accent,
            ground: night,
            ink,
        }
        .scheme(accent.deep_text())
    }

    /// The dark set of a poster: ground and ink change places.
    pub(crate) fn reversed(self) -> Scheme {
        if Oklch::from(self.ground).lightness < 0.5 {
            return self.light();
        }
        let ink = nearest_passing(self.ground, self.ink, 6.5);
        if Oklch::from(self.accent).chroma < GREY * 2.0 {
            let on = if contrast(self.ink, ink) >= TEXT_CONTRAST {
                self.ink
            } else {
                ink.on()
            };
            return Self {
                accent: ink,
                ground: self.ink,
                ink,
            }
            .scheme(on);
        }
        self.tinted_on(self.ink, ink)
    }

    /// A dark ground with a light tint of the accent.
    fn tinted_on(self, night: Colour, ink: Colour) -> Scheme {
        let accent = Oklch::from(self.accent);
        let tint = Oklch {
            lightness: accent.lightness.max(0.80),
            chroma: accent.chroma.min(0.105),
            ..accent
        };
        let tint = nearest_passing(tint.colour(), night, TEXT_CONTRAST);
        let deep = Oklch {
            lightness: 0.235,
            chroma: accent.chroma.min(0.07),
            ..accent
        }
        .colour();
        let on = if contrast(deep, tint) >= TEXT_CONTRAST {
            deep
        } else {
            tint.on()
        };
        Self {
            accent: tint,
            ground: night,
            ink,
        }
        .scheme(on)
    }

    fn scheme(self, on: Colour) -> Scheme {
        let Self { accent, ground, ink } = self;
        let muted = nearest_passing(ink.over(ground, 0.70), ground, TEXT_CONTRAST);
        let art = accent.over(ground, 0.16);
        let aink = nearest_passing(ink, art, TEXT_CONTRAST);
        Scheme {
            bg: ground,
            ink,
            muted,
            line: ink.over(ground, 0.15),
            acc: accent,
            on,
            art,
            aink,
            mark: nearest_passing(accent, ground, MARK_CONTRAST),
        }
    }
}

/// Below this chroma a colour counts as grey.
const GREY: f64 = 0.02;

/// The hue of the house's dark surfaces, degrees.
const NIGHT_HUE: f64 = 266.0;

/// A colour in OKLCH: the polar form of OKLab (B. Ottosson, 2020; CSS Color 4, section 9).
#[derive(Clone, Copy)]
struct Oklch {
    /// 0 to 1.
    lightness: f64,
    /// 0 (grey) to about 0.37.
    chroma: f64,
    /// Degrees.
    hue: f64,
}

impl From<Colour> for Oklch {
    fn from(colour: Colour) -> Self {
        let [r, g, b] = colour.linear();
        let long = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let middle = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let short = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        let lightness = 0.210_454_255_3 * long + 0.793_617_785_0 * middle - 0.004_072_046_8 * short;
        let a = 1.977_998_495_1 * long - 2.428_592_205_0 * middle + 0.450_593_709_9 * short;
        let b = 0.025_904_037_1 * long + 0.782_771_766_2 * middle - 0.808_675_766_0 * short;
        Self {
            lightness,
            chroma: a.hypot(b),
            hue: b.atan2(a).to_degrees(),
        }
    }
}

impl Oklch {
    /// The sRGB colour; where the screen cannot show it, chroma is taken back until it can, lightness and hue stay.
    fn colour(self) -> Colour {
        let mut chroma = self.chroma;
        loop {
            let channels = Self { chroma, ..self }.linear();
            let inside = channels.iter().all(|value| (-0.000_5..=1.000_5).contains(value));
            if inside || chroma < 0.001 {
                let [r, g, b] = channels.map(|value| {
                    let value = value.clamp(0.0, 1.0);
                    let value = if value <= 0.003_130_8 {
                        value * 12.92
                    } else {
                        1.055 * value.powf(1.0 / 2.4) - 0.055
                    };
                    channel(value * 255.0)
                });
                return Colour { r, g, b };
            }
            chroma *= 0.96;
        }
    }

    fn linear(self) -> [f64; 3] {
        let (sin, cos) = self.hue.to_radians().sin_cos();
        let (a, b) = (self.chroma * cos, self.chroma * sin);
        let long = (self.lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let middle = (self.lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let short = (self.lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        [
            4.076_741_662_1 * long - 3.307_711_591_3 * middle + 0.230_969_929_2 * short,
            -1.268_438_004_6 * long + 2.609_757_401_1 * middle - 0.341_319_396_5 * short,
            -0.004_196_086_3 * long - 0.703_418_614_7 * middle + 1.707_614_701_0 * short,
        ]
    }
}

/// A channel value in 0 to 255 as a byte, rounded.
fn channel(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        Colour::parse(text).unwrap()
    }

    /// Every colour of a grid that holds the corners and the edges of the cube: 4096 of them.
    fn grid() -> impl Iterator<Item = Colour> {
        let steps = || (0..=15u8).map(|step| step * 17);
        steps().flat_map(move |r| steps().flat_map(move |g| steps().map(move |b| Colour::new(r, g, b))))
    }

    #[test]
    fn reads_and_writes_only_the_six_digit_form() {
        assert_eq!(colour("#2440C7").to_string(), "#2440c7");
        for bad in [
            "", "#", "2440c7", "#2440c", "#2440c77", "#24 0c7", "#+440c7", "red", "#ääa", "#fff;}",
        ] {
            assert_eq!(Colour::parse(bad), Err(NotAColour), "{bad}");
        }
        assert_eq!(serde_json::to_string(&colour("#a8d0b9")).unwrap(), "\"#a8d0b9\"");
        assert!(serde_json::from_str::<Colour>("\"#a8d0b\"").is_err());
        for colour in grid() {
            assert_eq!(Colour::parse(&colour.to_string()), Ok(colour));
        }
    }

    #[test]
    fn contrast_agrees_with_the_published_figures() {
        let near = |one: &str, two: &str, want: f64| {
            let got = contrast(colour(one), colour(two));
            assert!((got - want).abs() < 0.05, "{one} on {two}: {got}");
        };
        near("#000000", "#ffffff", 21.0);
        near("#777777", "#ffffff", 4.48);
        near("#2440c7", "#ffffff", 8.0);
        near("#f1592a", "#ffffff", 3.4);
        near("#f1592a", "#14181f", 5.3);
        near("#a9b8ff", "#10163a", 9.2);
    }

    #[test]
    fn text_on_any_colour_is_readable() {
        assert_eq!(colour("#2440c7").on(), WHITE);
        assert_eq!(colour("#f1592a").on(), INK);
        for ground in grid() {
            assert!(contrast(ground, ground.on()) >= TEXT_CONTRAST, "{ground}");
            assert!((contrast(ground, WHITE) - contrast(WHITE, ground)).abs() < 1e-9);
        }
    }

    #[test]
    fn oklch_goes_there_and_back() {
        for colour in grid() {
            let back = Oklch::from(colour).colour();
            let off = |one: u8, two: u8| one.abs_diff(two) <= 1;
            assert!(
                off(colour.r, back.r) && off(colour.g, back.g) && off(colour.b, back.b),
                "{colour} came back as {back}"
            );
        }
    }

    #[test]
    fn the_nearest_passing_colour_passes_and_is_near() {
        assert_eq!(nearest_passing(INK, WHITE, TEXT_CONTRAST), INK);
        assert_eq!(
            nearest_passing(INK, colour("#808080"), 12.0),
            BLACK,
            "the best there is"
        );
        let fixed = nearest_passing(colour("#f1592a"), WHITE, TEXT_CONTRAST);
        assert!(
            contrast(fixed, WHITE) >= TEXT_CONTRAST && contrast(fixed, WHITE) < 5.0,
            "{fixed}"
        );
        assert!(fixed.r > fixed.g && fixed.g > fixed.b, "the hue stays: {fixed}");
        for ground in grid().step_by(7) {
            for text in grid().step_by(97) {
                let found = nearest_passing(text, ground, TEXT_CONTRAST);
                assert!(
                    contrast(found, ground) >= TEXT_CONTRAST,
                    "{text} on {ground}: {found}"
                );
            }
        }
    }

    #[test]
    fn both_sets_read_well_whatever_the_owner_chose() {
        for accent in grid().step_by(23) {
            for ground in grid().step_by(67) {
                let ink = ground.on();
                for (name, set) in [
                    ("light", Colours { accent, ground, ink }.light()),
                    ("dark", Colours { accent, ground, ink }.dark()),
                    ("coloured", Colours { accent, ground, ink }.coloured_night()),
                    ("reversed", Colours { accent, ground, ink }.reversed()),
                ] {
                    let pairs = [
                        (set.ink, set.bg),
                        (set.muted, set.bg),
                        (set.on, set.acc),
                        (set.aink, set.art),
                    ];
                    for (text, under) in pairs {
                        assert!(
                            contrast(text, under) >= TEXT_CONTRAST,
                            "{name} of accent {accent}, ground {ground}: {text} on {under}"
                        );
                    }
                    assert!(
                        contrast(set.mark, set.bg) >= MARK_CONTRAST,
                        "{name}: {} on {}",
                        set.mark,
                        set.bg
                    );
                }
                let text = ground.deep_text();
                assert!(contrast(text, ground) >= TEXT_CONTRAST, "{text} on {ground}");
            }
        }
    }

    #[test]
    fn the_house_colours_make_the_house_night() {
        let light = Colours::default().light();
        assert_eq!((light.acc, light.on), (colour("#2440c7"), WHITE));
        let dark = Colours::default().dark();
        let near = |got: Colour, want: &str| {
            let want = colour(want);
            let off = got
                .r
                .abs_diff(want.r)
                .max(got.g.abs_diff(want.g))
                .max(got.b.abs_diff(want.b));
            assert!(off <= 10, "{got} is not near {want}");
        };
        near(dark.bg, "#1c2029");
        near(dark.ink, "#f3f3ee");
        near(dark.acc, "#a9b8ff");
        near(dark.on, "#10163a");
        let night = Colours {
            accent: colour("#e8c060"),
            ground: colour("#171b1a"),
            ink: PAPER,
        };
        assert_eq!(
            night.dark(),
            night.light(),
            "a dark ground stays what the owner chose"
        );
    }
}
