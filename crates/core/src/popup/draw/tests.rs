//! Every template, drawn in both themes and both directions, with good words and with hostile ones: what the page and the visitor rely on.
//!
//! Left out: how it looks, which people judge, and the owner's own HTML (`custom`). Invariant of the tests: a new template is judged
//! here without a word about it.

use crate::popup::gallery::sample;
use crate::popup::{Consent, Image, Layout, OnClick, Popup, Shadow, Slot, Target, Template, Theme, language};

const HOSTILE: &str = "</title></style><script>alert(1)</script>\" onload='x'<!-- {{ title }} &amp;";

/// Every template but the owner's own HTML, in every theme and direction, full, bare and hostile.
fn matrix() -> Vec<Popup> {
    let mut all = Vec::new();
    for template in Template::ALL
        .into_iter()
        .filter(|template| *template != Template::Custom)
    {
        for theme in [Theme::Light, Theme::Dark, Theme::Auto] {
            for language in ["en", "ar", "de"] {
                let popup = Popup {
                    theme,
                    language: language.to_owned(),
                    ..sample(template)
                };
                all.push(bare(popup.clone()));
                all.push(pictured(popup.clone(), "/media/jug.webp"));
                all.push(hostile(popup.clone()));
                all.push(pictured(hostile(popup.clone()), HOSTILE));
                all.push(popup);
            }
        }
    }
    all
}

fn bare(popup: Popup) -> Popup {
    Popup {
        text: String::new(),
        status: String::new(),
        figure: String::new(),
        note: String::new(),
        note_link: None,
        second: None,
        progress: String::new(),
        close: false,
        button: popup.button.clone().filter(|_| !popup.template.has(Slot::Close)),
        on_click: OnClick::Close,
        ..popup
    }
}

fn pictured(popup: Popup, url: &str) -> Popup {
    Popup {
        image: Some(Image {
            url: url.to_owned(),
            alt: url.to_owned(),
            width: 400,
            height: 300,
            dark: Some(url.to_owned()),
        }),
        ..popup
    }
}

fn hostile(mut popup: Popup) -> Popup {
    let bad = || HOSTILE.to_owned();
    popup.title = format!("*{HOSTILE}* {HOSTILE}");
    popup.text = format!("{HOSTILE}\n\n{HOSTILE}");
    for slot in [
        &mut popup.status,
        &mut popup.figure,
        &mut popup.note,
        &mut popup.progress,
        &mut popup.language,
    ] {
        *slot = bad();
    }
    for words in [&mut popup.button, &mut popup.code].into_iter().flatten() {
        *words = bad();
    }
    if let Some(second) = &mut popup.second {
        second.label = bad();
    }
    if let Some(link) = &mut popup.note_link {
        link.label = bad();
        link.url = bad();
    }
    if let Some(field) = &mut popup.field {
        field.label = bad();
        field.ends = Some((bad(), bad()));
        field.comment = Some(bad());
        field.options = vec![bad(), bad()];
        field.consent = Some(Consent {
            text: bad(),
            required: true,
        });
        field.thanks = bad();
        field.thanks_text = bad();
    }
    popup.features = popup.features.iter().map(|_| bad()).collect();
    if let Some(receipt) = &mut popup.receipt {
        for line in &mut receipt.lines {
            line.name = bad();
            line.amount = bad();
        }
        receipt.total.name = bad();
        receipt.total.amount = bad();
    }
    if let OnClick::Url { url, target } = &mut popup.on_click {
        *url = bad();
        *target = Target::New;
    }
    popup
}

fn times(html: &str, what: &str) -> usize {
    html.matches(what).count()
}

/// The values of an attribute, in order.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    html.split(&format!(" {attribute}=\""))
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

#[test]
fn every_document_has_the_structure_that_the_page_relies_on() {
    for popup in matrix() {
        let html = popup.html();
        let name = popup.template.name();
        assert!(html.starts_with("<!doctype html>\n<html lang=\""), "{html}");
        assert!(html.trim_end().ends_with("</html>"), "{html}");
        let role = match popup.layout() {
            Layout::Box => "<div id=\"contentDiv\" role=\"dialog\" aria-",
            Layout::Banner => "<div id=\"contentDiv\" role=\"region\" aria-",
            Layout::Interstitial => "<div id=\"contentDiv\" role=\"dialog\" aria-modal=\"true\" aria-",
        };
        assert_eq!(times(&html, role), 1, "{name}: {html}");
        let rtl = language::is_right_to_left(&popup.language);
        assert!(html.contains(if rtl { " dir=\"rtl\">" } else { " dir=\"ltr\">" }));
        let close = popup.close && popup.template.has(Slot::Close);
        assert_eq!(
            times(&html, "data-campanile=\"close\""),
            usize::from(close),
            "{name}"
        );
        if close {
            let after = html.split("data-campanile=\"close\"").nth(1).unwrap();
            for control in ["<button", "<input", "<a ", "<textarea"] {
                assert!(
                    !after.contains(control),
                    "{name}: the close comes last in the tab order"
                );
            }
            assert!(html.contains(&format!(
                "aria-label=\"{}\"",
                language::words(&popup.language).close
            )));
        }
        for variable in [
            "bg", "ink", "mut", "line", "acc", "on", "art", "aink", "mark", "r", "b", "f",
        ] {
            assert!(
                html.contains(&format!("--{variable}:")),
                "{name}: variable {variable}"
            );
        }
        let ids = values(&html, "id");
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), ids.len(), "{name}: an id stands twice in {ids:?}");
        for reference in ["aria-labelledby", "aria-describedby", "for"] {
            for id in values(&html, reference) {
                assert!(
                    ids.contains(&id),
                    "{name}: {reference} names {id}, which is not there"
                );
            }
        }
        if popup.is_modal() && !popup.template.is_image_only() {
            assert_eq!(times(&html, "<h2 id=\"title\""), 1);
            assert!(
                html.contains(" tabindex=\"-1\""),
                "{name}: the title can take the focus"
            );
        }
        assert_eq!(
            times(&html, "data-button=\"main\""),
            usize::from(has_main(&popup)),
            "{name}: {html}"
        );
        let second = popup.second.is_some() && popup.template.has(Slot::Second);
        assert_eq!(
            times(&html, "data-campanile=\"click\" data-button=\"second\""),
            usize::from(second)
        );
    }
}

fn has_main(popup: &Popup) -> bool {
    popup.template.is_image_only()
        || popup.drawn_field().is_some()
        || popup.template.has(Slot::Code)
        || popup.button.is_some()
}

#[test]
fn hostile_words_stay_words() {
    for popup in matrix() {
        let html = popup.html();
        let name = popup.template.name();
        assert_eq!(times(&html, "<style nonce=\"campanile-nonce\">"), 1, "{name}");
        assert_eq!(times(&html, "</style>"), 1, "{name}");
        assert_eq!(times(&html, "</title>"), 1, "{name}");
        for forbidden in ["<script", " onload='", " style=", "<!--", "javascript:"] {
            assert_eq!(times(&html, forbidden), 0, "{name}: {forbidden} in {html}");
        }
    }
    let html = Popup {
        title: "a < b & \"c\"".to_owned(),
        ..sample(Template::Box)
    }
    .html();
    assert!(html.contains(">a &#60; b &#38; &#34;c&#34;</h2>"), "{html}");
}

#[test]
fn fields_codes_and_countdowns_are_as_the_page_expects_them() {
    for template in [
        Template::BoxLetter,
        Template::BoxQuestion,
        Template::ExitQuestion,
        Template::ExitGuide,
    ] {
        let mut popup = sample(template);
        if let Some(field) = &mut popup.field {
            field.consent = Some(Consent {
                text: "Yes, write to me".to_owned(),
                required: true,
            });
        }
        let html = popup.html();
        for part in [
            "<form data-campanile=\"form\" novalidate data-wrong-email=\"",
            " data-wrong-empty=\"",
            " data-wrong-consent=\"",
            "<p id=\"error\" class=\"bad\" data-campanile=\"error\" role=\"alert\" hidden></p>",
            "<div data-campanile=\"ask\">",
            "<div data-campanile=\"thanks\" tabindex=\"-1\" hidden>",
            "<input type=\"checkbox\" name=\"consent\"",
            "type=\"submit\" data-campanile=\"click\" data-button=\"main\"",
        ] {
            assert_eq!(times(&html, part), 1, "{}: {part} in {html}", template.name());
        }
        assert!(html.contains(" name=\"answer\""));
        assert!(!html.contains(" checked"), "nothing is ticked beforehand");
    }
    let scale = sample(Template::BoxQuestion).html();
    assert_eq!(times(&scale, "type=\"radio\" name=\"answer\" value=\""), 5);
    assert!(scale.contains("value=\"5\" aria-label=\"5 of 5, Perfectly\""));
    assert!(scale.contains("<textarea id=\"comment\" class=\"in\" name=\"comment\""));
    let ticket = Popup {
        language: "de".to_owned(),
        ..sample(Template::BoxTicket)
    }
    .html();
    for part in [
        "<code data-campanile=\"code\">HELLO15</code>",
        "data-campanile=\"copy\" data-button=\"main\" data-done=\"Kopiert\"",
        "<span class=\"vh\" role=\"status\" aria-live=\"polite\" data-campanile=\"said\"></span>",
    ] {
        assert_eq!(times(&ticket, part), 1, "{part} in {ticket}");
    }
    let bar = sample(Template::BarCountdown).html();
    assert!(bar.contains(
        "role=\"timer\" aria-live=\"off\" data-campanile=\"countdown\" data-ends=\"1796583600000\""
    ));
    for unit in ["d", "h", "m", "s"] {
        assert_eq!(times(&bar, &format!("<b data-unit=\"{unit}\">00</b>")), 1);
    }
}

#[test]
fn a_picture_is_one_link_or_one_button_with_the_whole_message() {
    let poster = sample(Template::ImagePoster);
    let html = poster.html();
    assert!(html.contains("<a id=\"title\" class=\"all\" href=\"/\" target=\"_top\" aria-label=\"Open studio, Sat 5 Dec, 10–17 h, Saturday 5 December, 10 to 17 h\" data-campanile=\"click\" data-button=\"main\">"), "{html}");
    let silent = Popup {
        on_click: OnClick::Close,
        ..sample(Template::ImageSticker)
    }
    .html();
    assert_eq!(
        times(
            &silent,
            "<button id=\"title\" class=\"all\" type=\"button\" aria-label=\"Gift wrap, free, straw,"
        ),
        1,
        "{silent}"
    );
    assert_eq!(times(&silent, "<a "), 0);
}

#[test]
fn the_theme_decides_which_colours_and_which_picture_are_there() {
    for template in Template::ALL
        .into_iter()
        .filter(|template| *template != Template::Custom)
    {
        let of = |theme| {
            Popup {
                theme,
                ..pictured(sample(template), "/a b,c.webp")
            }
            .html()
        };
        let (light, dark, auto) = (of(Theme::Light), of(Theme::Dark), of(Theme::Auto));
        assert!(light.contains("content=\"light\"") && !light.contains("prefers-color-scheme"));
        assert!(dark.contains("content=\"dark\"") && !dark.contains("prefers-color-scheme"));
        assert!(auto.contains("content=\"light dark\""));
        assert_eq!(times(&auto, "@media (prefers-color-scheme:dark){"), 1);
        if template.has(Slot::Image) {
            // The dialog about push shows it as the sender's on each of its samples.
            let wanted = if template == Template::PushDialog { 2 } else { 1 };
            assert_eq!(
                times(
                    &auto,
                    "<source media=\"(prefers-color-scheme:dark)\" srcset=\"/a%20b%2Cc.webp\">"
                ),
                wanted,
                "{}",
                template.name()
            );
        }
    }
}

#[test]
fn a_message_stays_small() {
    for popup in matrix().into_iter().filter(|popup| !popup.title.contains('<')) {
        let bytes = popup.html().len();
        // The feature draws three jugs; all others are half of it.
        let most = if popup.template == Template::FullFeature {
            11_500
        } else {
            10_000
        };
        assert!(bytes <= most, "{}: {bytes} bytes", popup.template.name());
    }
}

#[test]
fn long_words_and_paragraphs() {
    let titled = |title: &str| {
        Popup {
            title: title.to_owned(),
            text: "One\r\ntwo\n\n\n three \n".to_owned(),
            ..sample(Template::Box)
        }
        .html()
    };
    assert!(titled("Henkelkrug-Nachbestellung").contains("data-long>"));
    let html = titled("Twelve-lettr words-only here");
    assert!(!html.contains("data-long>"));
    assert!(
        html.contains("<p dir=\"auto\">One<br>two</p>\n<p dir=\"auto\">three</p>"),
        "{html}"
    );
}

#[test]
fn every_frame_says_how_it_is_to_be_placed() {
    for template in Template::ALL {
        let popup = sample(template);
        let frame = popup.frame();
        assert!((100..=1600).contains(&frame.width), "{}", template.name());
        assert!(!frame.sheet || frame.shadow == Shadow::Box, "{}", template.name());
        assert_eq!(frame.full, template == Template::FullPoster);
        if popup.layout() == Layout::Banner {
            assert_eq!((frame.radius, frame.shadow), (0, Shadow::None));
        }
    }
    let square = Popup {
        radius: Some(0),
        ..sample(Template::BoxLetter)
    };
    assert_eq!(square.frame().radius, 0);
    assert!(square.html().contains("--r:0px;--b:0px;"));
}
