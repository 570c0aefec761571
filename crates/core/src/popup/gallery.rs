//! The gallery's starting points: for every template a pop-up with words that can stay, colours of the template, and one good reason.
//!
//! Left out: whose shop it is; addresses lead to paths that every site has or is told to change. Invariant: each passes
//! [`Popup::check`], so that an owner may start it as it is.

use super::{Popup, Template};
use crate::time::Timestamp;
use serde_json::{Value, json};

/// Until when the countdown of the gallery runs unless its owner says otherwise: a Sunday evening.
pub const ENDS_AT: Timestamp = Timestamp(1_796_583_600_000);

/// The starting point of `template`.
pub fn sample(template: Template) -> Popup {
    let mut slots = words(template);
    let base = slots.as_object_mut().expect("slots are an object");
    base.insert("template".to_owned(), json!(template.name()));
    for (name, value) in [("accent", "#2440c7"), ("ground", "#ffffff"), ("ink", "#14181f")] {
        base.entry(name).or_insert_with(|| json!(value));
    }
    serde_json::from_value(slots).expect("a starting point is a pop-up; a test draws each")
}

fn words(template: Template) -> Value {
    match template {
        Template::Box => json!({
            "title": "Back from the kiln",
            "text": "The blue jug is here again. Eleven came out of this firing.",
            "button": "See the jug", "on_click": {"do": "url", "url": "/"},
        }),
        Template::BoxLetter => json!({
            "title": "Post from the kiln",
            "text": "One letter a month: what came out well, what cracked, and first pick of the seconds.",
            "field": {
                "ask": "email", "label": "Your email", "property": "Email",
                "thanks": "Thank you", "thanks_text": "The next letter is yours. The first one explains how to stop them.",
            },
            "button": "Send it to me", "note": "Twelve a year. One click stops them.",
            "note_link": {"label": "Privacy", "url": "/privacy"},
        }),
        Template::BoxTicket => json!({
            "figure": "15 %", "title": "off the first thing you bring home", "code": "HELLO15", "button": "Copy code",
            "note": "One order, everything but seconds. Valid until 31 December.", "corner": "bottom-left",
        }),
        Template::BoxBack => json!({
            "status": "Back in stock", "title": "Heron vase, moss",
            "text": "You asked us on 3 November. Eleven came out of this firing, €64 each.",
            "button": "See the vase", "on_click": {"do": "url", "url": "/"},
            "second": {"label": "No longer needed"},
        }),
        Template::BoxQuestion => json!({
            "title": "How did your parcel arrive?",
            "field": {
                "ask": "scale", "ends": ["In pieces", "Perfectly"], "comment": "What kept it from a full mark? (optional)",
                "property": "Parcel arrived", "thanks": "Thank you", "thanks_text": "The packers read every answer on Friday.",
            },
            "button": "Send answer", "note": "Read by the people who pack.",
        }),
        Template::Banner => json!({
            "title": "The kiln is open on Saturday",
            "text": "From ten to five. Coffee is there, and so are the seconds.",
            "button": "How to get there", "on_click": {"do": "url", "url": "/"},
            "ground": "#f7d65a", "accent": "#14181f",
        }),
        Template::BarShipping => json!({
            "title": "€12 to go and it ships free.", "progress": "80",
            "button": "Add something small", "on_click": {"do": "url", "url": "/"},
            "ground": "#a8d0b9", "ink": "#12241b", "accent": "#2f5d46",
        }),
        Template::BarCountdown => json!({
            "title": "Seconds week", "text": "Small flaws, 40 % off. Ends Sunday, 20:00.", "ends_at": ENDS_AT,
            "button": "Shop seconds", "on_click": {"do": "url", "url": "/"},
            "ground": "#47203f", "ink": "#ffffff", "accent": "#f7d65a", "art": "#f5b8b0",
        }),
        Template::BarNotice => json!({
            "title": "No cookies, so nothing to accept.",
            "text": "We count visits on our own server and keep no profile of you unless you sign in.",
            "note_link": {"label": "What we store", "url": "/privacy"}, "button": "Good", "edge": "bottom",
            "ground": "#cdbcf2", "accent": "#14181f",
        }),
        Template::Interstitial => json!({
            "title": "The workshop closes for a week",
            "text": "From 24 to 31 December nothing leaves the kiln. What is ordered by Thursday still arrives in time.",
            "button": "See what is ready", "on_click": {"do": "url", "url": "/"}, "second": {"label": "Not now"},
        }),
        Template::FullStory => json!({
            "title": "Five new shapes, one blue.",
            "text": "A winter of testing gave us a cobalt that breaks to white wherever the clay turns a corner.",
            "note": "Ebb, Heron, Barley, Sunday and Wick",
            "button": "See the five", "on_click": {"do": "url", "url": "/"}, "second": {"label": "Not now"},
        }),
        Template::FullPoster => json!({
            "title": "Seconds", "status": "Tindermere, 23 to 29 November", "figure": "−40 %",
            "text": "A drip, a freckle, a rim that wandered. All of them hold soup.",
            "button": "Choose yours", "on_click": {"do": "url", "url": "/"},
            "ground": "#f1592a", "accent": "#14181f",
        }),
        Template::FullFeature => json!({
            "title": "Now you choose the glaze.",
            "features": ["Six glazes, body and dip", "See it from every side", "Fired for you within two weeks"],
            "button": "Try it on a jug", "on_click": {"do": "url", "url": "/"}, "second": {"label": "Later"},
        }),
        Template::ExitReceipt => json!({
            "title": "We’ll hold these for you.",
            "receipt": {
                "lines": [
                    {"name": "1 Ebb jug", "amount": "48.00"},
                    {"name": "1 Two-hands mug", "amount": "19.00"},
                    {"name": "Shipping", "amount": "free"},
                ],
                "total": {"name": "Total", "amount": "€67.00"},
            },
            "button": "Back to my cart", "on_click": {"do": "url", "url": "/cart"},
            "second": {"label": "Not now"},
            "note": "Held until Monday 30 November. Prices stay.", "ground": "#fdfcf7",
        }),
        Template::ExitQuestion => json!({
            "title": "Before you go: what was *missing?*",
            "field": {
                "ask": "choice", "property": "Missing",
                "options": ["The size I was looking for", "A photograph at the table", "Shipping is too dear", "Nothing, I’m just looking"],
                "thanks": "Thank you", "thanks_text": "The potters read every answer.",
            },
            "button": "Send answer", "note": "One question, read by the potters.",
        }),
        Template::ExitGuide => json!({
            "title": "Leaving? Take the mending book.", "figure": "Chip, crack, mend.",
            "text": "Twelve pages on saving a chipped bowl with glue, gold and patience. Free, and useful even for pots that aren’t ours.",
            "field": {
                "ask": "email", "label": "Your email", "property": "Email",
                "thanks": "It is on its way", "thanks_text": "Look into your post in a few minutes.",
            },
            "button": "Send the book", "note": "One email with the PDF. No list, unless you ask.",
        }),
        Template::PushCard => json!({
            "title": "Hear when your order moves",
            "text": "Packed, sent, at the door. Three messages per parcel, nothing else.",
            "button": "Keep me posted", "on_click": {"do": "prompt"}, "second": {"label": "Not now"},
            "close": false, "corner": "bottom-left",
        }),
        Template::PushDialog => json!({
            "title": "Would you like to receive Push Notifications?",
            "text": "We promise to only send you relevant content and give you updates on your transactions",
            "features": ["Parcel 2207 is on its way: Arrives Wednesday before noon", "The moss vase is back: Eleven came out of the kiln"],
            "button": "Sign me up!", "on_click": {"do": "prompt"}, "second": {"label": "No thanks"}, "close": false,
        }),
        Template::ImagePoster => json!({
            "title": "Open studio", "text": "Saturday 5 December, 10 to 17 h", "status": "Sat 5 Dec", "figure": "10–17 h",
            "on_click": {"do": "url", "url": "/"},
        }),
        Template::ImageSticker => json!({
            "title": "Gift wrap, *free*", "text": "straw, paper, string and a card · until 20 December",
            "on_click": {"do": "url", "url": "/"}, "corner": "bottom-left",
        }),
        Template::Custom => json!({
            "title": "Your own message",
            "custom": {"html": CUSTOM, "layout": "box", "width": 360},
        }),
    }
}

/// A fragment to begin with. Its close is the documented snippet.
const CUSTOM: &str = "<style>\n.card{padding:24px;border-radius:12px;background:#fff;color:#14181f;font:16px/1.5 sans-serif}\n.card h2{margin:0 0 8px}\n.card button{min-height:44px;padding:8px 16px;font:inherit}\n</style>\n<div class=\"card\">\n<h2>Your own message</h2>\n<p>Write any HTML here. The button below counts as a click.</p>\n<button class=\"jsCT_CTA\">Good</button>\n<button class=\"btn\">Close</button>\n</div>\n<script>\nvar btn = document.querySelector('.btn');\nvar wrapper = window.parent.document.getElementById('wizParDiv0');\nbtn.addEventListener('click', closePopUp);\nfunction closePopUp() { wrapper.remove(); }\n</script>\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_starting_point_may_start() {
        for template in Template::ALL {
            let popup = sample(template);
            assert_eq!(popup.template, template);
            assert_eq!(popup.check(), [], "{}", template.name());
        }
    }
}
