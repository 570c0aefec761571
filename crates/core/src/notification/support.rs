//! What each browser shows of a notification: one table, from which the looks are drawn and the notes beneath them are made.
//!
//! Sources. Which options are heard: MDN browser-compat-data 8.1.9 (12 November 2026), `api.Notification` and
//! `api.ServiceWorkerRegistration.showNotification`. Buttons: `Notification.maxActions`, 2 in Chromium 156
//! (`kWebNotificationMaxActions`) and Firefox 153. Pictures per system: Chromium hands macOS an icon but no image. Letters that fit:
//! "Push Notification Character Limit by OS & Browser" (webpushnotifications.xyz) for Chrome on Windows 10, macOS and Android, Firefox on
//! Windows and Safari on macOS; letters differ in width, so they are "about". `lang` is not in the table: no browser shows it.
//!
//! Left out: sizes and colours (the looks' style sheet). Invariant: a note speaks only of what is filled in and ignored or cut.

use super::PushMessage;
use Held::{No, Partly, Yes};
use std::collections::BTreeMap;

/// Whether a browser heeds an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It does.
    Yes,
    /// It does not: a sentence about it.
    No(&'static str),
    /// It does with a reservation: a sentence about it.
    Partly(&'static str),
}

impl Held {
    /// Whether the look shows it.
    pub fn is_shown(self) -> bool {
        !matches!(self, No(_))
    }

    fn words(self) -> Option<&'static str> {
        match self {
            Yes => None,
            No(words) | Partly(words) => Some(words),
        }
    }
}

/// What one browser on one system shows.
#[derive(Debug)]
pub struct Support {
    /// Its name in the dashboard and the API: `windows`.
    pub key: &'static str,
    /// Its name to be read.
    pub name: &'static str,
    /// The browsers, to be read beside the name.
    pub browsers: &'static str,
    /// Letters of the title that fit, about.
    pub title: usize,
    /// Letters of the text that fit, about.
    pub body: usize,
    /// Whether whoever opens the notification reads the rest of the words.
    pub opens: bool,
    /// Buttons that are shown at most.
    pub buttons: usize,
    /// What else is to be said of buttons.
    pub about_buttons: Option<&'static str>,
    /// Small picture.
    pub icon: Held,
    /// Large picture.
    pub image: Held,
    /// Picture of the status bar.
    pub badge: Held,
    /// Vibration.
    pub vibrate: Held,
    /// Sounds again in another's place.
    pub renotify: Held,
    /// Stays until it is closed.
    pub require_interaction: Held,
    /// Without sound.
    pub silent: Held,
    /// Direction of the words.
    pub direction: Held,
    /// Takes the place of another one with its tag.
    pub tag: Held,
}

const NO_BADGE: Held = No("has no place for a badge: yours is left out.");
const NO_VIBRATION: Held = No("does not vibrate.");

/// The table.
pub static SUPPORT: [Support; 5] = [
    Support {
        key: "windows",
        name: "Windows",
        browsers: "Chrome, Edge",
        title: 69,
        body: 139,
        opens: false,
        buttons: 2,
        about_buttons: None,
        icon: Yes,
        image: Yes,
        badge: NO_BADGE,
        vibrate: NO_VIBRATION,
        renotify: Yes,
        require_interaction: Yes,
        silent: Yes,
        direction: Yes,
        tag: Yes,
    },
    Support {
        key: "macos",
        name: "macOS",
        browsers: "Chrome, Edge",
        title: 43,
        body: 88,
        opens: false,
        buttons: 2,
        about_buttons: Some("puts the buttons behind “Options”."),
        icon: Yes,
        image: No("shows no hero picture: yours is left out."),
        badge: NO_BADGE,
        vibrate: NO_VIBRATION,
        renotify: Yes,
        require_interaction: Yes,
        silent: Yes,
        direction: Yes,
        tag: Yes,
    },
    Support {
        key: "android",
        name: "Android",
        browsers: "Chrome",
        title: 30,
        body: 65,
        opens: true,
        buttons: 2,
        about_buttons: None,
        icon: Yes,
        image: Yes,
        badge: Yes,
        vibrate: Partly("vibrates your way up to version 7 only; since 8 its owner decides."),
        renotify: Yes,
        require_interaction: Yes,
        silent: Yes,
        direction: Yes,
        tag: Yes,
    },
    Support {
        key: "firefox",
        name: "Firefox",
        browsers: "Windows, Linux",
        title: 54,
        body: 200,
        opens: false,
        buttons: 2,
        about_buttons: Some("shows buttons since version 152; older ones leave them out."),
        icon: Yes,
        image: No("shows no hero picture: yours is left out."),
        badge: NO_BADGE,
        vibrate: NO_VIBRATION,
        renotify: No("does not sound again in another’s place."),
        require_interaction: Partly("lets it stay on Windows only; elsewhere it leaves by itself."),
        silent: Partly("is silent since version 132; older ones sound."),
        direction: Yes,
        tag: Yes,
    },
    Support {
        key: "safari",
        name: "Safari",
        browsers: "macOS, iPhone",
        title: 49,
        body: 103,
        opens: false,
        buttons: 0,
        about_buttons: None,
        icon: No("shows the site’s own icon: yours is left out."),
        image: No("shows no hero picture: yours is left out."),
        badge: NO_BADGE,
        vibrate: NO_VIBRATION,
        renotify: No("does not sound again in another’s place."),
        require_interaction: No("lets it leave by itself."),
        silent: Partly("is silent on macOS; an iPhone sounds."),
        direction: Yes,
        tag: No("ignores the tag: an older one with it stays beside this one."),
    },
];

impl Support {
    /// What it ignores or cuts of a message, a sentence each; nothing where all that is filled in is shown.
    pub fn notes(&self, message: &PushMessage) -> Vec<String> {
        let mut notes = Vec::new();
        let rest = if self.opens { " until it is opened" } else { "" };
        for (what, text, most) in [
            ("title", &message.title, self.title),
            ("text", &message.body, self.body),
        ] {
            let letters = text.chars().count();
            if letters > most {
                notes.push(format!(
                    "{} shows about {most} letters of the {what}{rest}; yours has {letters}.",
                    self.name
                ));
            }
        }
        for (filled, held) in [
            (message.icon.is_some(), self.icon),
            (message.image.is_some(), self.image),
            (message.badge.is_some(), self.badge),
        ] {
            self.note(filled, held, &mut notes);
        }
        self.note_buttons(message, &mut notes);
        for (filled, held) in [
            (message.require_interaction, self.require_interaction),
            (message.silent, self.silent),
            (message.renotify, self.renotify),
            (!message.vibrate.is_empty(), self.vibrate),
            (message.direction != super::Direction::Auto, self.direction),
            (message.tag.is_some(), self.tag),
        ] {
            self.note(filled, held, &mut notes);
        }
        notes
    }

    /// A title as the look shows it: cut where no more fits; whole where it can be opened, for the look is.
    pub fn shown_title(&self, title: &str) -> String {
        self.shown(title, self.title)
    }

    /// A text as the look shows it.
    pub fn shown_body(&self, body: &str) -> String {
        self.shown(body, self.body)
    }

    fn shown(&self, text: &str, most: usize) -> String {
        if self.opens {
            text.to_owned()
        } else {
            cut(text, most)
        }
    }

    fn note(&self, filled: bool, held: Held, notes: &mut Vec<String>) {
        if let Some(words) = held.words().filter(|_| filled) {
            notes.push(format!("{} {words}", self.name));
        }
    }

    fn note_buttons(&self, message: &PushMessage, notes: &mut Vec<String>) {
        let quoted = |action: &super::Action| format!("“{}”", action.title);
        let lost: Vec<String> = message.actions.iter().skip(self.buttons).map(quoted).collect();
        if let Some((last, before)) = lost.split_last() {
            let (which, are) = if before.is_empty() {
                (last.clone(), "is")
            } else {
                (format!("{} and {last}", before.join(", ")), "are")
            };
            let shown = match self.buttons {
                0 => "no buttons".to_owned(),
                n => format!("{n} buttons"),
            };
            notes.push(format!("{} shows {shown}: {which} {are} left out.", self.name));
        }
        if let Some(words) = self.about_buttons.filter(|_| !message.actions.is_empty()) {
            notes.push(format!("{} {words}", self.name));
        }
    }
}

/// What each browser ignores or cuts of a message, by its key.
pub fn notes(message: &PushMessage) -> BTreeMap<&'static str, Vec<String>> {
    let of = |support: &'static Support| (support.key, support.notes(message));
    SUPPORT.iter().map(of).collect()
}

/// As much of a text as fits into so many letters, the sign that some are missing among them.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn notes(key: &str, more: &Value) -> Vec<String> {
        let mut message = json!({"title": "The kiln is open", "url": "https://shop.example.com/"});
        for (name, value) in more.as_object().expect("fields") {
            message[name] = value.clone();
        }
        let message: PushMessage = serde_json::from_value(message).expect("a message");
        let support = SUPPORT.iter().find(|support| support.key == key);
        support.expect("a browser").notes(&message)
    }

    fn button(name: &str, title: &str) -> Value {
        json!({"action": name, "title": title, "url": "https://shop.example.com/"})
    }

    #[test]
    fn nothing_is_said_of_what_is_not_there() {
        for support in &SUPPORT {
            assert_eq!(notes(support.key, &json!({})), [""; 0], "{}", support.name);
        }
        assert_eq!(
            notes("windows", &json!({"image": "https://shop.example.com/hero.png"})),
            [""; 0]
        );
    }

    #[test]
    fn what_is_ignored_or_cut_is_said() {
        let image = json!({"image": "https://shop.example.com/hero.png"});
        assert_eq!(
            notes("safari", &image),
            ["Safari shows no hero picture: yours is left out."]
        );
        let three =
            json!({"actions": [button("a", "Show me"), button("b", "Not my size"), button("c", "Later")]});
        assert_eq!(
            notes("windows", &three),
            ["Windows shows 2 buttons: “Later” is left out."]
        );
        assert_eq!(
            notes("safari", &three),
            ["Safari shows no buttons: “Show me”, “Not my size” and “Later” are left out."]
        );
        assert_eq!(notes("firefox", &three).len(), 2);
        assert_eq!(
            notes("windows", &json!({"title": "x".repeat(70)})),
            ["Windows shows about 69 letters of the title; yours has 70."]
        );
    }

    #[test]
    fn words_are_cut_between_letters() {
        assert_eq!(cut("Grüße", 5), "Grüße");
        assert_eq!(cut("Grüße an alle", 7), "Grüße…");
    }
}
