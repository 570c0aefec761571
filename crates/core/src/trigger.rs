//! What makes a pop-up due: a page view or an event, under conditions, and then a sign from the browser.
//!
//! The server decides the moment and the conditions; signs such as a scroll or the pointer leaving are seen by the browser only, so the
//! server tells it what to wait for and decides again when it says that the sign came. Left out: audience, schedule and caps. Invariant: a
//! trigger without signs is due at its moment.

use crate::FieldError;
use crate::event;
use crate::rule::Test;
use crate::segment::{Match, Rules};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// A page view.
    #[default]
    Page,
    /// An event.
    Event,
}

/// A test of one property of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Where {
    /// The property.
    pub name: String,
    /// The test.
    #[serde(flatten)]
    pub test: Test,
}

/// Something that only the browser sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "lowercase", deny_unknown_fields)]
pub enum Signal {
    /// So many seconds went by.
    Delay {
        /// Seconds, 1..=3600.
        seconds: u32,
        /// The clock runs on when the visitor goes to another page.
        #[serde(default)]
        across_pages: bool,
    },
    /// The page was scrolled that far.
    Scroll {
        /// Per cent of what can be scrolled, 1..=100.
        percent: u32,
    },
    /// Nothing was done for so many seconds.
    Idle {
        /// Seconds, 1..=3600.
        seconds: u32,
    },
    /// The pointer left the page through the top. Never on a touch device.
    Exit,
    /// An element was clicked.
    Click {
        /// CSS selector.
        selector: String,
    },
    /// An element came into view.
    Visible {
        /// CSS selector.
        selector: String,
    },
}

impl Signal {
    /// The sign in words.
    pub fn words(&self) -> String {
        match self {
            Self::Delay {
                seconds,
                across_pages,
            } => {
                let across = if *across_pages {
                    ", running on across pages"
                } else {
                    ""
                };
                format!("after {seconds} seconds{across}")
            }
            Self::Scroll { percent } => format!("after scrolling {percent} %"),
            Self::Idle { seconds } => format!("after {seconds} seconds without activity"),
            Self::Exit => "when the pointer leaves the page".to_owned(),
            Self::Click { selector } => format!("after a click on {selector}"),
            Self::Visible { selector } => format!("when {selector} comes into view"),
        }
    }
}

/// The signs that are waited for; none: it is due at once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signals {
    /// All of them, or the first that comes.
    #[serde(default, rename = "match", skip_serializing_if = "is_default")]
    pub how: Match,
    /// The signs.
    #[serde(default)]
    pub list: Vec<Signal>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Signals {
    /// The signs in words.
    pub fn words(&self) -> String {
        let joint = if self.how == Match::All { " and " } else { " or " };
        self.list
            .iter()
            .map(Signal::words)
            .collect::<Vec<_>>()
            .join(joint)
    }
}

/// What makes a pop-up due.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// The moment.
    #[serde(default)]
    pub on: On,
    /// Name of the event, as the page raises it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// Tests of the event's properties, all of which have to pass.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Where>,
    /// Conditions on the page and the visit.
    #[serde(default, skip_serializing_if = "Rules::is_empty")]
    pub when: Rules,
    /// Signs from the browser.
    #[serde(default, skip_serializing_if = "is_default")]
    pub signals: Signals,
}

impl Trigger {
    /// At every page view.
    pub fn page() -> Self {
        Self::default()
    }

    /// At an event of that name.
    pub fn event(name: &str) -> Self {
        Self {
            on: On::Event,
            event: name.to_owned(),
            ..Self::default()
        }
    }

    /// Whether the browser has to see something first.
    pub fn waits(&self) -> bool {
        !self.signals.list.is_empty()
    }

    /// Whether an event is the one that is asked for.
    pub fn meets(&self, name: &str, props: &Map<String, Value>, now: Timestamp) -> bool {
        self.on == On::Event
            && self.event == name
            && self
                .filters
                .iter()
                .all(|filter| filter.test.passes(props.get(&filter.name), now))
    }

    /// The moment in words.
    pub fn words(&self) -> String {
        match self.on {
            On::Page => "a page is opened".to_owned(),
            On::Event => {
                let filters: Vec<String> = self
                    .filters
                    .iter()
                    .map(|filter| {
                        let value = crate::rule::shown(&filter.test.value);
                        format!("{} {} {value}", filter.name, filter.test.op.words())
                            .trim()
                            .to_owned()
                    })
                    .collect();
                if filters.is_empty() {
                    format!("“{}” happens", self.event)
                } else {
                    format!("“{}” happens with {}", self.event, filters.join(" and "))
                }
            }
        }
    }

    /// What is wrong with it.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        match self.on {
            On::Event => {
                let mut notices = Vec::new();
                if event::clean_name(&self.event, &mut notices).as_ref() != Ok(&self.event) {
                    let message = "An event's name has 1 to 1024 characters without . : $ ' \" \\ and is not one of the system's.";
                    errors.push(FieldError::new("trigger.event", message));
                }
            }
            On::Page if !self.event.is_empty() || !self.filters.is_empty() => {
                let message = "A page view has no event. Remove “event” and “where”, or set “on” to event.";
                errors.push(FieldError::new("trigger.event", message));
            }
            On::Page => {}
        }
        if self.filters.len() > 20 {
            errors.push(FieldError::new(
                "trigger.where",
                "At most 20 tests of an event's properties. Remove some.",
            ));
        }
        for (at, filter) in self.filters.iter().take(20).enumerate() {
            let field = format!("trigger.where[{at}]");
            if filter.name.trim().is_empty() {
                errors.push(FieldError::new(
                    format!("{field}.name"),
                    "Say which property is tested.",
                ));
            }
            errors.extend(filter.test.check(&field));
        }
        errors.extend(self.when.check("trigger.when"));
        if self.signals.list.len() > 6 {
            errors.push(FieldError::new(
                "trigger.signals.list",
                "At most 6 signs to wait for. Remove some.",
            ));
        }
        for (at, signal) in self.signals.list.iter().enumerate() {
            let field = format!("trigger.signals.list[{at}]");
            let mut fault =
                |name: &str, message: &str| errors.push(FieldError::new(format!("{field}.{name}"), message));
            match signal {
                Signal::Delay { seconds, .. } | Signal::Idle { seconds } if !(1..=3600).contains(seconds) => {
                    fault("seconds", "The time is 1 to 3600 seconds.");
                }
                Signal::Scroll { percent } if !(1..=100).contains(percent) => {
                    fault("percent", "How far is 1 to 100 per cent.");
                }
                Signal::Click { selector } | Signal::Visible { selector }
                    if selector.trim().is_empty() || selector.chars().count() > 300 =>
                {
                    fault(
                        "selector",
                        "A selector has 1 to 300 characters, like #buy or .price.",
                    );
                }
                _ => {}
            }
        }
        errors
    }
}
