//! What every template reads: the filled slots in the form in which they are drawn, the colours of both schemes, the type voice.
//!
//! Left out: markup. Invariant: whatever a template prints unescaped comes from here or from `art` and holds no word of the owner's:
//! colours, numbers, and constants.

use super::super::colour::{Colour, Colours, Scheme};
use super::super::language::{self, Words};
use super::super::{Image, Layout, NoteLink, OnClick, Popup, Slot, Target, Template, Theme, Voice};

/// A title whose longest word has more letters than this is set a size smaller.
const LONG_WORD: usize = 12;

/// A pop-up, ready for a template.
pub(super) struct View<'a> {
    /// The slots.
    pub(super) popup: &'a Popup,
    /// The product's own words.
    pub(super) words: &'static Words,
    /// Written from right to left.
    pub(super) rtl: bool,
    /// The title in pieces: whether it is set off, and its words.
    pub(super) title: Vec<(bool, &'a str)>,
    /// The title without marks.
    pub(super) plain: String,
    /// The title has a long word.
    pub(super) long: bool,
    /// Text: paragraphs of lines.
    pub(super) paragraphs: Vec<Vec<&'a str>>,
    /// Colours by day.
    pub(super) light: Scheme,
    /// Colours by night.
    pub(super) dark: Scheme,
    /// Corner of the surface, px.
    pub(super) radius: u8,
    /// Stack, weight, tracking and slant of titles, as declarations.
    pub(super) voice: &'static str,
    /// Words on the main button.
    pub(super) button: Option<&'a str>,
}

impl<'a> View<'a> {
    /// Prepares `popup`.
    pub(super) fn new(popup: &'a Popup) -> Self {
        let (light, dark) = schemes(popup);
        let words = language::words(&popup.language);
        Self {
            popup,
            words,
            rtl: language::is_right_to_left(&popup.language),
            title: pieces(popup.title.trim()),
            plain: popup.plain_title(),
            long: longest_word(&popup.plain_title()) > LONG_WORD,
            paragraphs: paragraphs(&popup.text),
            light,
            dark,
            radius: popup.radius.unwrap_or_else(|| radius_of(popup.template)),
            voice: voice_of(popup.voice.unwrap_or_else(|| own_voice(popup.template))),
            button: popup
                .button
                .as_deref()
                .map(str::trim)
                .filter(|words| !words.is_empty() && popup.template.has(Slot::Button)),
        }
    }

    /// Words on the quiet button.
    pub(super) fn second(&self) -> Option<&str> {
        let second = self.popup.second.as_ref()?;
        let words = second.label.trim();
        (!words.is_empty() && self.popup.template.has(Slot::Second)).then_some(words)
    }

    /// Whether there is text.
    pub(super) fn described(&self) -> bool {
        !self.paragraphs.is_empty() && self.popup.template.has(Slot::Text)
    }

    /// Whether a close button is drawn.
    pub(super) fn close(&self) -> bool {
        self.popup.close && self.popup.template.has(Slot::Close)
    }

    /// The link in small print.
    pub(super) fn note_link(&self) -> Option<&NoteLink> {
        self.popup
            .note_link
            .as_ref()
            .filter(|_| self.popup.template.has(Slot::NoteLink))
    }

    /// Whether there is small print.
    pub(super) fn has_note(&self) -> bool {
        self.note_link().is_some()
            || self.popup.template.has(Slot::Note) && !self.popup.note.trim().is_empty()
    }

    /// Value of the meta element `color-scheme`.
    pub(super) fn color_scheme(&self) -> &'static str {
        color_scheme(self.popup.theme)
    }

    /// Dark whatever the visitor prefers.
    pub(super) fn always_night(&self) -> bool {
        self.popup.theme == Theme::Dark
    }

    /// As the visitor prefers.
    pub(super) fn day_and_night(&self) -> bool {
        self.popup.theme == Theme::Auto
    }

    /// How much larger than its share of the line a letter of a poster may be set: narrow voices fill it with larger letters.
    pub(super) fn spread(&self) -> f64 {
        match self.popup.voice.unwrap_or_else(|| own_voice(self.popup.template)) {
            Voice::Narrow => 2.22,
            Voice::Bookish => 1.9,
            Voice::Plain => 1.72,
            Voice::Geometric | Voice::Receipt => 1.6,
            Voice::Bookman => 1.45,
        }
    }

    /// Corner of buttons and fields: from what the owner set, not from a template's own surface.
    pub(super) fn inner_radius(&self) -> f64 {
        f64::from(self.popup.radius.unwrap_or(16)) * 0.625
    }

    /// Whether it is a bar.
    pub(super) fn banner(&self) -> bool {
        self.popup.layout() == Layout::Banner
    }

    /// Whether it lies flush at the bottom of a narrow screen.
    pub(super) fn sheet(&self) -> bool {
        self.popup.frame().sheet
    }

    /// Whether it takes the focus.
    pub(super) fn modal(&self) -> bool {
        self.popup.is_modal()
    }

    /// Words on a button that sends.
    pub(super) fn send(&self) -> &str {
        self.button.unwrap_or(self.words.send)
    }

    /// The spoken name of step `n` of a scale.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the template hands references")]
    pub(super) fn step(&self, n: &u8) -> String {
        let named = self.words.of_five.replace("{}", &n.to_string());
        let end = self.popup.field.as_ref().and_then(|field| field.ends.as_ref());
        match (end, n) {
            (Some((low, _)), 1) if !low.trim().is_empty() => format!("{named}, {}", low.trim()),
            (Some((_, high)), 5) if !high.trim().is_empty() => format!("{named}, {}", high.trim()),
            _ => named,
        }
    }

    /// The picture, and a second one for the visitor's dark theme.
    pub(super) fn picture(&self) -> Option<Picture<'a>> {
        let image = self.popup.image.as_ref()?;
        let dark = image.dark.as_deref();
        Some(Picture {
            image,
            url: if self.popup.theme == Theme::Dark {
                dark.unwrap_or(&image.url)
            } else {
                &image.url
            },
            dark: dark
                .filter(|_| self.popup.theme == Theme::Auto)
                .map(|url| url.replace(' ', "%20").replace(',', "%2C")),
        })
    }

    /// The address of a picture that is one link, and whether it opens in a new tab.
    pub(super) fn link(&self) -> Option<(&'a str, bool)> {
        match &self.popup.on_click {
            OnClick::Url { url, target } => Some((url, *target == Target::New)),
            _ => None,
        }
    }

    /// The whole message in one line: the name of a picture. What stands in the drawing comes first and in its order, because who speaks
    /// to the machine says what is to be seen (WCAG 2.5.3).
    pub(super) fn name(&self) -> String {
        let drawn = self.popup.template == Template::ImagePoster && self.popup.image.is_none();
        let (status, figure) = if drawn {
            (&*self.popup.status, &*self.popup.figure)
        } else {
            ("", "")
        };
        [&self.plain, status, figure, &self.popup.text]
            .iter()
            .map(|words| words.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|words| !words.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A theme as CSS says it.
pub(super) fn color_scheme(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "light",
        Theme::Dark => "dark",
        Theme::Auto => "light dark",
    }
}

/// A picture to be drawn.
pub(super) struct Picture<'a> {
    /// As the owner gave it.
    pub(super) image: &'a Image,
    /// Its address, in the light theme or in the only one.
    pub(super) url: &'a str,
    /// The other address, where the system decides.
    pub(super) dark: Option<String>,
}

/// A title in pieces; an asterisk without its partner stands for nothing.
fn pieces(title: &str) -> Vec<(bool, &str)> {
    let parts: Vec<&str> = title.split('*').collect();
    let whole = parts.len() % 2 == 1;
    let last = parts.len() - 1;
    parts
        .into_iter()
        .enumerate()
        .map(|(at, words)| (at % 2 == 1 && (whole || at < last), words))
        .filter(|(_, words)| !words.is_empty())
        .collect()
}

/// Letters of the longest word.
fn longest_word(title: &str) -> usize {
    title
        .split(|c: char| c.is_whitespace() || c == '-' || c == '\u{ad}' || c == '\u{200b}')
        .map(|word| word.chars().filter(|c| c.is_alphanumeric()).count())
        .max()
        .unwrap_or_default()
}

fn paragraphs(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines
        .split(|line| line.is_empty())
        .filter(|lines| !lines.is_empty())
        .map(<[&str]>::to_vec)
        .collect()
}

/// Words in lines of about `width` letters, as a poster sets them.
pub(super) fn lines(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Corner of the surface where the owner sets none, px.
pub(super) fn radius_of(template: Template) -> u8 {
    match template {
        Template::BoxLetter => 6,
        Template::BoxQuestion | Template::FullStory | Template::ExitQuestion | Template::ExitGuide => 24,
        Template::FullFeature => 28,
        Template::ExitReceipt | Template::ImageSticker => 0,
        Template::ImagePoster => 8,
        Template::Box
        | Template::Banner
        | Template::Interstitial
        | Template::PushCard
        | Template::PushDialog
        | Template::BoxTicket
        | Template::BoxBack
        | Template::BarShipping
        | Template::BarCountdown
        | Template::BarNotice
        | Template::FullPoster
        | Template::Custom => 16,
    }
}

fn own_voice(template: Template) -> Voice {
    match template {
        Template::BoxLetter | Template::BoxQuestion | Template::BarNotice | Template::ExitQuestion => {
            Voice::Bookish
        }
        Template::BoxTicket
        | Template::BarCountdown
        | Template::FullStory
        | Template::ExitReceipt
        | Template::ExitGuide
        | Template::ImageSticker => Voice::Bookman,
        Template::FullPoster | Template::ImagePoster => Voice::Narrow,
        Template::FullFeature => Voice::Geometric,
        Template::Box
        | Template::Banner
        | Template::Interstitial
        | Template::BoxBack
        | Template::PushCard
        | Template::PushDialog
        | Template::BarShipping
        | Template::Custom => Voice::Plain,
    }
}

/// A type voice as variables: stack, weight, tracking, and the slant of numerals and short titles.
fn voice_of(voice: Voice) -> &'static str {
    match voice {
        Voice::Plain => {
            "--f:\"Helvetica Neue\",\"Segoe UI\",Roboto,\"Nimbus Sans\",Arial,sans-serif;--w:700;--ls:-.025em;--it:normal"
        }
        Voice::Bookman => {
            "--f:\"Bookman Old Style\",\"URW Bookman\",Georgia,serif;--w:600;--ls:-.035em;--it:italic"
        }
        Voice::Bookish => {
            "--f:P052,\"Iowan Old Style\",\"Palatino Linotype\",Palatino,serif;--w:400;--ls:-.025em;--it:normal"
        }
        Voice::Geometric => {
            "--f:\"Avenir Next\",\"Century Gothic\",\"URW Gothic\",\"Segoe UI\",sans-serif;--w:600;--ls:-.04em;--it:italic"
        }
        Voice::Narrow => {
            "--f:\"Liberation Sans Narrow\",\"Avenir Next Condensed\",\"Roboto Condensed\",\"Arial Narrow\",sans-serif;--w:700;--ls:-.035em;--it:italic"
        }
        Voice::Receipt => {
            "--f:ui-monospace,\"SF Mono\",Consolas,\"Liberation Mono\",monospace;--w:700;--ls:-.02em;--it:normal"
        }
    }
}

const PLUM: Colour = Colour::new(0x47, 0x20, 0x3f);

/// The template's own coloured ground.
pub(super) fn own_art(template: Template) -> Option<Colour> {
    Some(match template {
        Template::BoxLetter | Template::PushCard | Template::PushDialog => Colour::new(0xf7, 0xd6, 0x5a),
        Template::BoxTicket | Template::BoxBack => Colour::new(0xf5, 0xb8, 0xb0),
        Template::FullStory | Template::ImageSticker => Colour::new(0xf1, 0x59, 0x2a),
        Template::FullFeature => Colour::new(0xbf, 0xde, 0xf4),
        Template::ExitGuide => Colour::new(0x2f, 0x5d, 0x46),
        Template::ImagePoster => Colour::new(0x24, 0x40, 0xc7),
        _ => return None,
    })
}

/// The colours of both schemes. Coloured grounds behind art stay what they are at night.
fn schemes(popup: &Popup) -> (Scheme, Scheme) {
    let colours = Colours {
        accent: popup.accent,
        ground: popup.ground,
        ink: popup.ink,
    };
    let mut light = colours.light();
    let mut dark = match popup.template {
        Template::Banner | Template::BarShipping | Template::BarNotice => colours.coloured_night(),
        // Its own ground is dark: at night it takes the lighter one, and what was ground becomes the button.
        Template::BarCountdown => match popup.art {
            Some(art) => Colours {
                accent: popup.ground,
                ground: art,
                ink: if super::super::contrast(popup.ground, art) >= super::super::colour::TEXT_CONTRAST {
                    popup.ground
                } else {
                    art.deep_text()
                },
            }
            .light(),
            None => colours.coloured_night(),
        },
        Template::FullPoster => colours.reversed(),
        Template::ExitReceipt => colours.night(0.285),
        _ => colours.dark(),
    };
    if let Some(art) = popup.art.or_else(|| own_art(popup.template)) {
        let aink = if popup.template == Template::BoxTicket && popup.art.is_none() {
            PLUM
        } else if popup.template == Template::ImagePoster {
            art.on()
        } else {
            art.deep_text()
        };
        for scheme in [&mut light, &mut dark] {
            scheme.art = art;
            scheme.aink = aink;
        }
    }
    (light, dark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_between_asterisks_is_set_off() {
        assert_eq!(
            pieces("what was *missing?*"),
            [(false, "what was "), (true, "missing?")]
        );
        assert_eq!(pieces("*a* b *c"), [(true, "a"), (false, " b "), (false, "c")]);
        assert_eq!(pieces("5 * 3"), [(false, "5 "), (false, " 3")]);
        assert_eq!(pieces("**"), []);
    }

    #[test]
    fn words_are_set_in_lines() {
        assert_eq!(lines("Chip, crack, mend.", 9), ["Chip,", "crack,", "mend."]);
        assert_eq!(lines("Open studio", 8), ["Open", "studio"]);
        assert_eq!(lines("a b c", 8), ["a b c"]);
    }
}
