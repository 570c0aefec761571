//! A push's buttons, of the composer's form: places in, the API's JSON out.
//!
//! Left out: judging (`PushMessage::check`). Invariant: clicks are counted under a button's name, so a button keeps the one that it has
//! wherever it moves, and a new one gets a name that no button had; its words in other languages move with it.

use super::{TRANSLATIONS, Typed};
use campanile_core::notification::Action;
use serde_json::{Value, json};

/// Buttons that the form has places for.
pub(crate) const BUTTONS: usize = 3;
/// Names of new buttons: enough for three that stay beside three that went.
const NAMES: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "sixth"];
/// The parts of a place.
const PARTS: [&str; 3] = ["action", "title", "url"];

/// The name of an input.
pub(crate) fn button(at: usize, part: &str) -> String {
    format!("push.actions.{at}.{part}")
}

/// Writes what is kept into a form.
pub(super) fn fill_buttons(typed: &mut Typed, actions: &[Action]) {
    for (at, action) in actions.iter().enumerate() {
        typed.set(button(at, "action"), action.action.as_str());
        typed.set(button(at, "title"), action.title.as_str());
        typed.set(button(at, "url"), action.url.as_str());
    }
}

/// Reads it; `before` are the buttons that are kept, `home` is where one without an address leads.
pub(super) fn read_buttons(typed: &Typed, before: &[Action], home: &str) -> Vec<Value> {
    let mut names: Vec<String> = before.iter().map(|action| action.action.clone()).collect();
    let known = names.clone();
    let mut read = Vec::new();
    for at in 0..BUTTONS {
        let text = |part: &str| typed.get(&button(at, part)).trim().to_owned();
        let (title, url) = (text("title"), text("url"));
        if title.is_empty() && url.is_empty() {
            continue;
        }
        // A form that says nothing of names has its buttons where they were.
        let own = if typed.has(&button(at, "action")) {
            text("action")
        } else {
            known.get(read.len()).cloned().unwrap_or_default()
        };
        let name = if own.is_empty() {
            let free = NAMES
                .iter()
                .find(|name| !names.iter().any(|taken| taken == *name));
            free.map_or_else(String::new, |name| (*name).to_owned())
        } else {
            own
        };
        names.push(name.clone());
        let url = if url.is_empty() { home.to_owned() } else { url };
        read.push(json!({"action": name, "title": title, "url": url}));
    }
    read
}

/// Puts the buttons into another order: `order` names for each place the one whose button comes there; a place that it does not name is
/// empty.
pub(crate) fn reorder(typed: &mut Typed, order: &[usize]) {
    let whole = typed.clone();
    for at in 0..BUTTONS {
        for part in PARTS {
            let text = order.get(at).map_or("", |from| whole.get(&button(*from, part)));
            typed.set(button(at, part), text);
        }
    }
    for row in 0..whole.rows(TRANSLATIONS) {
        let name = format!("{TRANSLATIONS}[{row}].buttons");
        let words: Vec<&str> = whole.get(&name).split('\n').collect();
        if words.iter().all(|line| line.trim().is_empty()) {
            continue;
        }
        let moved: Vec<&str> = order
            .iter()
            .map(|from| words.get(*from).copied().unwrap_or(""))
            .collect();
        typed.set(name, moved.join("\n").trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(rows: &[(&str, &str)]) -> Typed {
        let mut typed = Typed::default();
        for (at, (name, title)) in rows.iter().enumerate() {
            typed.set(button(at, "action"), *name);
            typed.set(button(at, "title"), *title);
        }
        typed
    }

    fn named(typed: &Typed, before: &[Action]) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let read = read_buttons(typed, before, "https://shop.example.com/");
        read.iter()
            .map(|button| (text(&button["action"]), text(&button["title"])))
            .collect()
    }

    #[test]
    fn a_button_keeps_its_name_where_it_goes() {
        let mut form = typed(&[("first", "Show me"), ("second", "Not my size"), ("", "")]);
        form.set("push.translations[0].buttons", "Zeigen\nFalsche Größe");
        reorder(&mut form, &[1, 0, 2]);
        let own = |name: &str, title: &str| (name.to_owned(), title.to_owned());
        assert_eq!(
            named(&form, &[]),
            [own("second", "Not my size"), own("first", "Show me")]
        );
        assert_eq!(form.get("push.translations[0].buttons"), "Falsche Größe\nZeigen");
        reorder(&mut form, &[1, 2]);
        assert_eq!(named(&form, &[]), [own("first", "Show me")]);
        assert_eq!(form.get("push.translations[0].buttons"), "Zeigen");
    }

    #[test]
    fn a_new_button_has_a_name_that_none_had() {
        let before = ["first", "second"].map(|name| Action {
            action: name.to_owned(),
            title: "Words".to_owned(),
            url: "https://shop.example.com/".to_owned(),
        });
        let form = typed(&[("second", "Not my size"), ("", "Later")]);
        assert_eq!(named(&form, &before)[1], ("third".to_owned(), "Later".to_owned()));
        let mut silent = Typed::default();
        silent.set(button(0, "title"), "Words");
        assert_eq!(named(&silent, &before)[0].0, "first");
    }
}
