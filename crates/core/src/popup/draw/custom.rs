//! The owner's own HTML as a document: completed, never cut.
//!
//! A small reader of tags finds where things are; it builds no tree. What is missing is added (a document around a fragment, the
//! element `contentDiv`, nonces), and nothing is removed. Left out: what the HTML does, which is its owner's business. Invariant:
//! comments and the text of scripts, styles, titles and text areas are never taken for tags.

use crate::popup::{Custom, Popup, language};
use askama::Template as _;

/// The nonce that the SDK replaces by the page's.
const NONCE: &str = " nonce=\"campanile-nonce\"";

/// Speaks to the page where the frame has no access to it: the height, marked clicks, Escape.
const MESSENGER: &str = "<script nonce=\"campanile-nonce\">(()=>{\
const say=(what,more)=>parent.postMessage({campanile:what,...more},'*');\
const root=document.getElementById('contentDiv');\
new ResizeObserver(()=>say('size',{height:Math.ceil(root.getBoundingClientRect().height)})).observe(root);\
addEventListener('click',event=>{\
const at=event.target.closest?.('[data-campanile],.jsCT_CTA,[wzrk_c2a],[data-c2a]');\
if(!at)return;\
if(at.dataset.campanile==='close')say('close');\
else say('click',{button:at.dataset.button||at.dataset.c2a||at.getAttribute('wzrk_c2a')||'main'})});\
addEventListener('keydown',event=>{if(event.key==='Escape')say('close')})})()</script>";

#[derive(askama::Template)]
#[template(path = "popup/custom.html")]
struct Fragment<'a> {
    lang: &'a str,
    rtl: bool,
    scheme: &'static str,
    title: String,
    html: &'a str,
}

/// The whole document of a pop-up of one's own.
pub(super) fn document(custom: &Custom, popup: &Popup) -> String {
    let found = Found::read(&custom.html);
    if found.own_document {
        return complete(&custom.html, &found, custom.sandbox);
    }
    let fragment = Fragment {
        lang: &popup.language,
        rtl: language::is_right_to_left(&popup.language),
        scheme: super::view::color_scheme(popup.theme),
        title: popup.plain_title(),
        html: &custom.html,
    };
    let html = fragment.render().expect(super::boxes::SOUND);
    complete(&html, &Found::read(&html), custom.sandbox)
}

/// Puts in what is missing.
fn complete(html: &str, found: &Found, sandbox: bool) -> String {
    let mut additions: Vec<(usize, String)> = found
        .without_nonce
        .iter()
        .map(|at| (*at, NONCE.to_owned()))
        .collect();
    let mut tail = String::new();
    if !found.has_root {
        additions.push((found.content_start, "<div id=\"contentDiv\">".to_owned()));
        tail.push_str("</div>");
    }
    if sandbox {
        tail.push_str(MESSENGER);
    }
    if !tail.is_empty() {
        additions.push((found.content_end.max(found.content_start), tail));
    }
    // Stable: what was pushed first at one place stands first.
    additions.sort_by_key(|(at, _)| *at);
    let mut out = String::with_capacity(html.len() + 1024);
    let mut from = 0;
    for (at, text) in additions {
        out.push_str(&html[from..at]);
        out.push_str(&text);
        from = at;
    }
    out.push_str(&html[from..]);
    out
}

/// Where things are in a text of HTML.
#[derive(Debug, Default)]
struct Found {
    /// There is a doctype, `html`, `head` or `body`: a document, not a fragment.
    own_document: bool,
    /// An element has the id `contentDiv`.
    has_root: bool,
    /// Ends of the names of `script` and `style` tags that have no nonce.
    without_nonce: Vec<usize>,
    /// Where the content of the body begins.
    content_start: usize,
    /// Where it ends.
    content_end: usize,
}

impl Found {
    fn read(html: &str) -> Self {
        let mut found = Self {
            content_end: html.len(),
            ..Self::default()
        };
        let (mut in_body, mut end) = (false, None);
        let mut at = 0;
        while let Some(offset) = html[at..].find('<') {
            let start = at + offset;
            let rest = &html[start..];
            if rest.starts_with("<!--") {
                at = after(html, start + 4, "-->");
                continue;
            }
            if rest.starts_with("<!") || rest.starts_with("<?") {
                at = after(html, start + 2, ">");
                if starts_with_name(&rest[2..], "doctype") {
                    found.own_document = true;
                    found.content_start = found.content_start.max(at);
                }
                continue;
            }
            let closing = rest.starts_with("</");
            let name_start = start + if closing { 2 } else { 1 };
            if !html[name_start..].starts_with(|c: char| c.is_ascii_alphabetic()) {
                at = start + 1;
                continue;
            }
            let tag = Tag::read(html, name_start);
            at = tag.end;
            let name = html[name_start..tag.name_end].to_ascii_lowercase();
            match (name.as_str(), closing) {
                ("html" | "head", false) => {
                    found.own_document = true;
                    if !in_body {
                        found.content_start = tag.end;
                    }
                }
                ("head", true) if !in_body => found.content_start = tag.end,
                ("body", false) if !in_body => {
                    found.own_document = true;
                    in_body = true;
                    found.content_start = tag.end;
                }
                ("body", true) => end = Some(start),
                ("html", true) if end.is_none() => end = Some(start),
                _ => {}
            }
            if closing {
                continue;
            }
            found.has_root |= tag.id == Some("contentDiv");
            if matches!(name.as_str(), "script" | "style") && !tag.has_nonce {
                found.without_nonce.push(tag.name_end);
            }
            if matches!(
                name.as_str(),
                "script" | "style" | "title" | "textarea" | "xmp" | "noembed" | "noframes" | "iframe"
            ) {
                at = end_of_text(html, tag.end, &name);
            }
        }
        found.content_end = end.unwrap_or(html.len());
        found
    }
}

/// A tag as it was written.
struct Tag<'a> {
    name_end: usize,
    end: usize,
    id: Option<&'a str>,
    has_nonce: bool,
}

impl<'a> Tag<'a> {
    /// Reads from the first letter of the name to behind the `>`.
    fn read(html: &'a str, name_start: usize) -> Self {
        let bytes = html.as_bytes();
        let until = |from: usize, stop: &dyn Fn(u8) -> bool| {
            bytes[from..]
                .iter()
                .position(|byte| stop(*byte))
                .map_or(bytes.len(), |length| from + length)
        };
        let name_end = until(name_start, &|b| b.is_ascii_whitespace() || b == b'/' || b == b'>');
        let mut tag = Self {
            name_end,
            end: bytes.len(),
            id: None,
            has_nonce: false,
        };
        let mut at = name_end;
        loop {
            at = until(at, &|b| !(b.is_ascii_whitespace() || b == b'/'));
            match bytes.get(at) {
                None => return tag,
                Some(b'>') => {
                    tag.end = at + 1;
                    return tag;
                }
                Some(_) => {}
            }
            // A name may begin with "=", which then is part of it.
            let key_end = until(at + 1, &|b| {
                b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'=')
            });
            let key = &bytes[at..key_end];
            let (is_id, is_nonce) = (
                key.eq_ignore_ascii_case(b"id"),
                key.eq_ignore_ascii_case(b"nonce"),
            );
            tag.has_nonce |= is_nonce;
            at = key_end;
            let equals = until(key_end, &|b| !b.is_ascii_whitespace());
            if bytes.get(equals) != Some(&b'=') {
                continue;
            }
            let value = until(equals + 1, &|b| !b.is_ascii_whitespace());
            let (from, to) = if let Some(quote @ (b'"' | b'\'')) = bytes.get(value) {
                let to = until(value + 1, &|b| b == *quote);
                at = (to + 1).min(bytes.len());
                (value + 1, to)
            } else {
                let to = until(value, &|b| b.is_ascii_whitespace() || b == b'>');
                at = to;
                (value, to)
            };
            if is_id && tag.id.is_none() {
                tag.id = html.get(from..to);
            }
        }
    }
}

/// Behind the next `what` from `from` on, or the end.
fn after(html: &str, from: usize, what: &str) -> usize {
    html.get(from..)
        .and_then(|rest| rest.find(what))
        .map_or(html.len(), |offset| from + offset + what.len())
}

/// Where the text of a raw element ends: at its closing tag.
fn end_of_text(html: &str, from: usize, name: &str) -> usize {
    let mut at = from;
    while let Some(offset) = html[at..].find("</") {
        let start = at + offset;
        if starts_with_name(&html[start + 2..], name) {
            return start;
        }
        at = start + 2;
    }
    html.len()
}

fn starts_with_name(text: &str, name: &str) -> bool {
    text.get(..name.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(name))
        && !text[name.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn draw(html: &str, sandbox: bool) -> String {
        let popup: Popup = serde_json::from_value(json!({
            "template": "custom", "title": "Own <words>", "language": "ar",
            "custom": {"html": html, "sandbox": sandbox},
        }))
        .expect("a pop-up");
        popup.html()
    }

    #[test]
    fn a_fragment_gets_a_document_and_a_document_stays_its_own() {
        let html = draw("<p class=\"btn\">CLOSE</p>", false);
        assert!(
            html.starts_with("<!doctype html>\n<html lang=\"ar\" dir=\"rtl\">"),
            "{html}"
        );
        assert!(html.contains("<title>Own &#60;words&#62;</title>"));
        assert!(
            html.contains("<div id=\"contentDiv\"><p class=\"btn\">CLOSE</p></div>"),
            "{html}"
        );
        let own =
            "<!DOCTYPE html><HTML><head><title><body></title></head><body class=\"a>b\">Hi</body></html>";
        assert_eq!(
            draw(own, false),
            own.replace("\"a>b\">Hi", "\"a>b\"><div id=\"contentDiv\">Hi</div>")
        );
        assert_eq!(
            draw("<html><style>a{}</style>Hi", false),
            "<html><div id=\"contentDiv\"><style nonce=\"campanile-nonce\">a{}</style>Hi</div>"
        );
        let rooted = "<body><main ID='contentDiv'>Hi</main></body>";
        assert_eq!(draw(rooted, false), rooted);
    }

    #[test]
    fn every_script_and_style_has_one_nonce_and_nothing_else_changes() {
        for (before, after) in [
            (
                "<script>x</script>",
                "<script nonce=\"campanile-nonce\">x</script>",
            ),
            (
                "<SCRIPT\nsrc=a.js></SCRIPT>",
                "<SCRIPT nonce=\"campanile-nonce\"\nsrc=a.js></SCRIPT>",
            ),
            (
                "<style>a>b{}</style>",
                "<style nonce=\"campanile-nonce\">a>b{}</style>",
            ),
            ("<script nonce=own>x</script>", "<script nonce=own>x</script>"),
            (
                "<script NONCE='' src=x></script>",
                "<script NONCE='' src=x></script>",
            ),
            (
                "<script data-x='nonce=1'>var s='<script>';</script>",
                "<script nonce=\"campanile-nonce\" data-x='nonce=1'>var s='<script>';</script>",
            ),
            ("<!-- <script>x</script> -->", "<!-- <script>x</script> -->"),
            ("<textarea><style></textarea>", "<textarea><style></textarea>"),
            (
                "<p title='<script>'>1 < 2 <scripty></p>",
                "<p title='<script>'>1 < 2 <scripty></p>",
            ),
            ("<scr", "<scr"),
            ("<p title=\"open", "<p title=\"open"),
            ("<script", "<script nonce=\"campanile-nonce\""),
            ("ä<é <!--", "ä<é <!--"),
        ] {
            let root = format!("<body><div id=contentDiv></div>{before}");
            assert_eq!(
                draw(&root, false),
                format!("<body><div id=contentDiv></div>{after}")
            );
        }
    }

    #[test]
    fn a_sandboxed_document_speaks_by_messages() {
        let html = draw("<a wzrk_c2a=\"buy\">Buy</a>", true);
        assert_eq!(html.matches("ResizeObserver").count(), 1);
        assert!(
            html.contains("Buy</a></div><script nonce=\"campanile-nonce\">"),
            "{html}"
        );
        assert!(!draw("Hi", false).contains("<script"));
    }

    #[test]
    fn no_text_makes_it_stumble() {
        let parts = [
            "<",
            ">",
            "</",
            "script",
            "style",
            "body",
            "<!--",
            "-->",
            "\"",
            "'",
            "=",
            " ",
            "é",
            "id",
            "contentDiv",
            "<!",
            "/",
        ];
        // Every word of four parts: nothing is lost, and whatever was there is still there in its order.
        for a in parts {
            for b in parts {
                for c in parts {
                    for d in parts {
                        let text = format!("<html>{a}{b}{c}{d}");
                        let out = draw(&text, false);
                        let mut kept = out.chars();
                        assert!(text.chars().all(|c| kept.any(|o| o == c)), "{text} became {out}");
                    }
                }
            }
        }
    }
}
