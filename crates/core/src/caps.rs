//! How often: caps of one campaign and of all together, silence after a show, a click or a close, and the end after a conversion.
//!
//! Left out: counting ([`crate::ledger`]). Invariant: what is not set does not limit.

use crate::FieldError;
use crate::ledger::{MOST_HITS, Window};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Times in each stretch; `None` is any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Times a page view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Times a session.
    #[serde(default)]
    pub session: Option<u32>,
    /// Times a day of the account's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<u32>,
    /// Times in seven days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<u32>,
    /// Times ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ever: Option<u32>,
}

impl Limits {
    /// The limits that are set, shortest stretch first, with their name in the API.
    pub fn set(&self) -> impl Iterator<Item = (&'static str, Window, u32)> {
        [
            ("page", Window::Page, self.page),
            ("session", Window::Session, self.session),
            ("day", Window::Day, self.day),
            ("week", Window::Week, self.week),
            ("ever", Window::Ever, self.ever),
        ]
        .into_iter()
        .filter_map(|(name, window, most)| Some((name, window, most?)))
    }

    /// The limits in words.
    pub fn words(&self) -> String {
        let parts: Vec<String> = self
            .set()
            .map(|(name, _, most)| {
                let stretch = match name {
                    "ever" => "ever".to_owned(),
                    name => format!("a {name}"),
                };
                match most {
                    1 => format!("once {stretch}"),
                    2 => format!("twice {stretch}"),
                    n => format!("{n} times {stretch}"),
                }
            })
            .collect();
        if parts.is_empty() {
            "every time".to_owned()
        } else {
            parts.join(" and ")
        }
    }

    /// What is wrong with them, named under `field`.
    pub fn check(&self, field: &str) -> Vec<FieldError> {
        self.set()
            .filter_map(|(name, window, most)| {
                let message = if most == 0 {
                    "Zero times would never show it. Stop the campaign instead.".to_owned()
                } else if window != Window::Ever && most as usize > MOST_HITS {
                    format!("At most {MOST_HITS} times. Leave it out for every time.")
                } else {
                    return None;
                };
                Some(FieldError::new(format!("{field}.{name}"), message))
            })
            .collect()
    }
}

/// How often one visitor may see a pop-up; once a session unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Times a page view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Times a session.
    #[serde(default)]
    pub session: Option<u32>,
    /// Times a day of the account's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<u32>,
    /// Times in seven days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<u32>,
    /// Times ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ever: Option<u32>,
    /// Silence after it was shown, minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_shown: Option<u32>,
    /// Silence after it was clicked, minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_clicked: Option<u32>,
    /// Silence after it was closed, minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_closed: Option<u32>,
    /// Never again after the goal was reached.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub until_goal: bool,
}

impl Default for Caps {
    /// Once per session.
    fn default() -> Self {
        Self {
            page: None,
            session: Some(1),
            day: None,
            week: None,
            ever: None,
            after_shown: None,
            after_clicked: None,
            after_closed: None,
            until_goal: false,
        }
    }
}

/// Longest silence, minutes: a year.
const LONGEST: u32 = 366 * 24 * 60;

impl Caps {
    /// The limits, without the silences.
    pub fn limits(&self) -> Limits {
        Limits {
            page: self.page,
            session: self.session,
            day: self.day,
            week: self.week,
            ever: self.ever,
        }
    }

    /// The silences that are set, with their name in the API and the words of what they follow.
    pub fn silences(&self) -> impl Iterator<Item = (&'static str, &'static str, u32)> {
        [
            ("after_shown", "shown", self.after_shown),
            ("after_clicked", "clicked", self.after_clicked),
            ("after_closed", "closed", self.after_closed),
        ]
        .into_iter()
        .filter_map(|(name, what, minutes)| Some((name, what, minutes?)))
    }

    /// All of it in words.
    pub fn words(&self) -> String {
        let mut words = self.limits().words();
        for (_, what, minutes) in self.silences() {
            let _ = write!(words, ", not within {} after it was {what}", span(minutes));
        }
        if self.until_goal {
            words += ", never again after the goal";
        }
        words
    }

    /// What is wrong with them.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = self.limits().check("caps");
        for (name, _, minutes) in self.silences() {
            if minutes == 0 || minutes > LONGEST {
                errors.push(FieldError::new(
                    format!("caps.{name}"),
                    "The silence is 1 minute to 366 days. Leave it out for none.",
                ));
            }
        }
        errors
    }
}

/// Minutes in words, in the largest unit that comes out even.
pub fn span(minutes: u32) -> String {
    let (n, unit) = match minutes {
        0 => (0, "minute"),
        m if m % (24 * 60) == 0 => (m / (24 * 60), "day"),
        m if m % 60 == 0 => (m / 60, "hour"),
        m => (m, "minute"),
    };
    if n == 1 {
        format!("1 {unit}")
    } else {
        format!("{n} {unit}s")
    }
}
