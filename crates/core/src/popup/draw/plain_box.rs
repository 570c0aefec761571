//! The box pop-up as the document that goes into its frame.
//!
//! One template, one function from validated words and colours to the bytes of a `srcdoc`: the editor's preview
//! and the visitor get the same. Left out: where the frame stands, its shadow and its motion (the host element's, drawn
//! by the SDK), what a click does (the SDK wires the elements that carry `data-campanile`), and validation.
//!
//! Invariant: nothing a campaign or a profile says can leave the text or attribute it was put in; the only raw values
//! in the style sheet are colours and one number. No script, no inline handler, no style attribute, so that the document lives
//! under the strictest content security policy that the host page may have.

use askama::Template;

use crate::popup::Theme;
pub(crate) use crate::popup::colour::Colours;
use crate::popup::colour::Scheme;

/// A title whose longest word has more letters than this is set a size smaller.
const LONG_WORD: usize = 12;

/// What the template needs; already validated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BoxView<'a> {
    /// One line, the name of the dialog.
    pub(crate) title: &'a str,
    /// Plain text; an empty line starts a new paragraph, a single line break stays a line break.
    pub(crate) text: &'a str,
    /// The picture on top.
    pub(crate) image: Option<BoxImage<'a>>,
    /// Label of the one button; without it only the close is there.
    pub(crate) button: Option<&'a str>,
    /// Spoken name of the close button, in `lang`.
    pub(crate) close_label: &'a str,
    /// BCP 47 tag of the words.
    pub(crate) lang: &'a str,
    /// The language is written from right to left.
    pub(crate) rtl: bool,
    /// Light, dark, or as the visitor prefers.
    pub(crate) theme: Theme,
    /// The owner's colours of the light theme.
    pub(crate) colours: Colours,
    /// Corner of the surface in CSS pixels.
    pub(crate) radius: u8,
}

/// The picture of a box. It is cropped to 80:33, so that the frame has its height before the picture is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BoxImage<'a> {
    /// Absolute, or a path on the host page's origin.
    pub(crate) url: &'a str,
    /// What it shows; empty when it is decoration.
    pub(crate) alt: &'a str,
}

#[derive(Template)]
#[template(path = "popup/box.html")]
struct BoxTemplate<'a> {
    view: &'a BoxView<'a>,
    light: Scheme,
    dark: Scheme,
    long: bool,
    paragraphs: Vec<Vec<&'a str>>,
}

/// The whole `srcdoc` document. The same view gives the same bytes.
pub(crate) fn render(view: &BoxView<'_>) -> String {
    let template = BoxTemplate {
        view,
        light: view.colours.light(),
        dark: view.colours.dark(),
        long: has_long_word(view.title),
        paragraphs: paragraphs(view.text),
    };
    template
        .render()
        .expect("writing to a String cannot fail and the template has no fallible filter")
}

fn has_long_word(title: &str) -> bool {
    title
        .split(|c: char| c.is_whitespace() || c == '-' || c == '\u{ad}' || c == '\u{200b}')
        .any(|word| word.chars().filter(|c| c.is_alphanumeric()).count() > LONG_WORD)
}

fn paragraphs(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines
        .split(|line| line.is_empty())
        .filter(|lines| !lines.is_empty())
        .map(<[&str]>::to_vec)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::popup::colour::Colour;

    fn view() -> BoxView<'static> {
        BoxView {
            title: "Back from the kiln",
            text: "Eleven jugs came out of this firing.",
            image: Some(BoxImage {
                url: "/shop/media/box.png",
                alt: "A blue jug",
            }),
            button: Some("See the jug"),
            close_label: "Close",
            lang: "en",
            rtl: false,
            theme: Theme::Auto,
            colours: Colours::default(),
            radius: 16,
        }
    }

    /// Every combination of theme, direction, picture, button and words that the template branches on.
    fn matrix() -> Vec<BoxView<'static>> {
        let hostile = "</title></style><script>alert(1)</script>\" onload='x'<!-- {{ title }} &amp;";
        let words: [(&str, &str); 4] = [
            ("Back from the kiln", "One line."),
            ("Donaudampfschifffahrtsgesellschaft", "First\nsecond\n\nthird"),
            ("رجع من الفرن", "أحد عشر إبريقا"),
            (hostile, hostile),
        ];
        let mut all = Vec::new();
        for theme in [Theme::Light, Theme::Dark, Theme::Auto] {
            for rtl in [false, true] {
                for image in [
                    None,
                    view().image,
                    Some(BoxImage {
                        url: hostile,
                        alt: hostile,
                    }),
                ] {
                    for button in [None, Some("See the jug"), Some(hostile)] {
                        for (title, text) in words {
                            let (close_label, lang) = (title, if rtl { "ar" } else { hostile });
                            all.push(BoxView {
                                title,
                                text,
                                image,
                                button,
                                close_label,
                                lang,
                                rtl,
                                theme,
                                ..view()
                            });
                        }
                    }
                }
            }
        }
        all
    }

    fn times(html: &str, what: &str) -> usize {
        html.matches(what).count()
    }

    #[test]
    fn every_variant_has_the_structure_that_the_sdk_and_the_visitor_rely_on() {
        for view in matrix() {
            let html = render(&view);
            assert!(html.starts_with("<!doctype html>\n<html lang=\""), "{html}");
            assert!(html.trim_end().ends_with("</html>"));
            assert_eq!(
                times(
                    &html,
                    "<div id=\"contentDiv\" role=\"dialog\" aria-labelledby=\"title\""
                ),
                1
            );
            assert_eq!(times(&html, "<button "), 1 + usize::from(view.button.is_some()));
            assert_eq!(times(&html, "data-campanile=\"close\""), 1);
            assert_eq!(
                times(&html, "data-campanile=\"click\""),
                usize::from(view.button.is_some())
            );
            assert_eq!(times(&html, "<img "), usize::from(view.image.is_some()));
            assert_eq!(times(&html, "class=\"bare\""), usize::from(view.image.is_none()));
            assert_eq!(
                times(&html, if view.rtl { "dir=\"rtl\"" } else { "dir=\"ltr\"" }),
                1
            );
            let (title, close) = (html.find("<h2").unwrap(), html.find("class=\"x\"").unwrap());
            assert!(title < close, "the close comes last in the tab order");
            for name in ["bg", "ink", "mut", "line", "acc", "on", "art", "aink", "r", "f"] {
                assert!(html.contains(&format!("--{name}:")), "variable {name}");
            }
            assert!(html.len() < 7_000, "{} bytes", html.len());
        }
    }

    #[test]
    fn hostile_words_stay_words() {
        for view in matrix() {
            let html = render(&view);
            assert_eq!(times(&html, "<style nonce=\"campanile-nonce\">"), 1);
            assert_eq!(times(&html, "</style>"), 1);
            assert_eq!(times(&html, "</title>"), 1);
            for forbidden in ["<script", " onload='", "style=", "<!--", "javascript:"] {
                assert_eq!(times(&html, forbidden), 0, "{forbidden} in {html}");
            }
        }
        let html = render(&BoxView {
            title: "a < b & \"c\"",
            ..view()
        });
        assert!(html.contains(">a &#60; b &#38; &#34;c&#34;</h2>"), "{html}");
    }

    #[test]
    fn the_theme_decides_which_colours_are_there() {
        let colours = Colours {
            accent: Colour::new(0xa3, 0x12, 0x5f),
            ..Colours::default()
        };
        let of = |theme| {
            render(&BoxView {
                theme,
                colours,
                ..view()
            })
        };
        let (light, dark, auto) = (of(Theme::Light), of(Theme::Dark), of(Theme::Auto));
        let night = format!("--acc:{};", colours.dark().acc);
        assert!(
            light.contains("content=\"light\"")
                && light.contains("--acc:#a3125f;")
                && !light.contains(&night)
        );
        assert!(
            dark.contains("content=\"dark\"") && dark.contains(&night) && !dark.contains("--acc:#a3125f;")
        );
        assert!(
            auto.contains("content=\"light dark\"")
                && auto.contains("--acc:#a3125f;")
                && auto.contains(&night)
        );
        assert_eq!(times(&auto, "prefers-color-scheme:dark"), 1);
        assert!(render(&BoxView { radius: 0, ..view() }).contains("--r:0px;"));
    }

    #[test]
    fn long_words_and_paragraphs() {
        assert!(
            render(&BoxView {
                title: "Henkelkrug-Nachbestellung",
                ..view()
            })
            .contains("data-long>")
        );
        assert!(
            !render(&BoxView {
                title: "Twelve-lettr words-only here",
                ..view()
            })
            .contains("data-long>")
        );
        let html = render(&BoxView {
            text: "One\r\ntwo\n\n\n three \n",
            ..view()
        });
        assert!(
            html.contains("<p dir=\"auto\">One<br>two</p>\n<p dir=\"auto\">three</p>"),
            "{html}"
        );
        assert!(
            !render(&BoxView {
                text: " \n\n",
                ..view()
            })
            .contains("<p ")
        );
    }
}
