//! How a site asks for push where its pages do not say: looks, and where the service worker stands.
//!
//! Left out: words, which are the page's, and drawing, which is the SDK's. Invariant: what is kept here can be drawn and registered.

use crate::FieldError;
use serde::{Deserialize, Serialize};
use url::Url;

/// Longest address or path, bytes.
const MAX_BYTES: usize = 2_000;

/// What is not chosen is the SDK's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Asking {
    /// Which of the looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// Where a card or a bell stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Light or dark, whatever the visitor prefers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<Theme>,
    /// Of the main button, `#rrggbb`; the other colours follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// A square picture for card and samples: absolute https, or a path of the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
    /// Path of the service worker on the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_path: Option<String>,
    /// The part of the site that it is for, a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_scope: Option<String>,
}

/// The looks, by the names that `notifications.push` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// The documented dialog, at the top of the page.
    Top,
    /// In the middle, over the page.
    Center,
    /// Small, in one of seven places.
    Card,
    /// A round button that waits to be pressed.
    Bell,
}

/// Where a card stands; a bell in a corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they say what they are")]
pub enum Position {
    TopLeft,
    Top,
    TopRight,
    Center,
    BottomLeft,
    Bottom,
    BottomRight,
}

/// One of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they say what they are")]
pub enum Theme {
    Light,
    Dark,
}

impl Asking {
    /// Whether nothing is chosen.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong, below `field`.
    pub fn check(&self, field: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let colour = self.color.as_deref().filter(|text| !is_colour(text));
        if let Some(text) = colour {
            let text: String = text.chars().take(40).collect();
            errors.push(FieldError::new(
                format!("{field}.color"),
                format!("“{text}” is not a colour. Write it like #8a541b."),
            ));
        }
        let picture = self.icon_url.as_deref().filter(|text| !is_picture(text));
        if let Some(text) = picture {
            let text: String = text.chars().take(200).collect();
            errors.push(FieldError::new(
                format!("{field}.icon_url"),
                format!(
                    "“{text}” is not the address of a picture. Write https://… or a path of your site like /icon.png, up to {MAX_BYTES} bytes."
                ),
            ));
        }
        let paths = [
            ("worker_path", &self.worker_path),
            ("worker_scope", &self.worker_scope),
        ];
        for (name, path) in paths {
            let Some(text) = path.as_deref().filter(|text| !is_path(text)) else {
                continue;
            };
            let text: String = text.chars().take(200).collect();
            errors.push(FieldError::new(
                format!("{field}.{name}"),
                format!(
                    "“{text}” is not a path of your site. Write it like /clevertap_sw.js, from the root."
                ),
            ));
        }
        errors
    }
}

fn is_path(text: &str) -> bool {
    text.len() <= MAX_BYTES
        && text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains([' ', '\\', '\n'])
}

fn is_colour(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn is_picture(text: &str) -> bool {
    let path = is_path(text);
    let absolute = || Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host());
    text.len() <= MAX_BYTES && !text.contains(char::is_whitespace) && (path || absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_drawn_is_kept() {
        let look = |color: &str, icon: &str| Asking {
            color: Some(color.to_owned()),
            icon_url: Some(icon.to_owned()),
            ..Asking::default()
        };
        for (color, icon) in [
            ("#8A541b", "/icon.png"),
            ("#000000", "https://cdn.example.com/a.png"),
        ] {
            assert_eq!(look(color, icon).check("prompts"), Vec::new());
        }
        for (color, icon) in [
            ("red", "icon.png"),
            ("#12345", "//cdn.example.com/a.png"),
            ("#12345é", "javascript:alert(1)"),
            ("#1234567", "https://a b"),
        ] {
            let fields: Vec<String> = look(color, icon)
                .check("prompts")
                .into_iter()
                .map(|error| error.field.clone())
                .collect();
            assert_eq!(fields, ["prompts.color", "prompts.icon_url"], "{color} {icon}");
        }
        for (path, right) in [
            ("/lib/sw.js?v=2", true),
            ("sw.js", false),
            ("//cdn.example.com/sw.js", false),
        ] {
            let asking = Asking {
                worker_path: Some(path.to_owned()),
                ..Asking::default()
            };
            assert_eq!(asking.check("prompts").is_empty(), right, "{path}");
        }
    }
}
