//! A person's history in sentences, by day.
//!
//! Left out: reading it. Invariant: the newest stands first, and what a page sent is only ever text here.

use super::format::Told;
use super::icon::Icon;
use super::why::path_of;
use crate::store::events::EventRow;
use campanile_core::rule;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Properties of an event that are shown, and how much of each.
const PROPERTIES: usize = 4;
const LONGEST: usize = 60;

/// One thing that happened.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The time of day.
    pub(crate) clock: String,
    /// Its icon.
    pub(crate) icon: Icon,
    /// What, in a few words.
    pub(crate) title: String,
    /// More of it.
    pub(crate) more: String,
}

/// One day.
#[derive(Debug, Clone)]
pub(crate) struct DayItems {
    /// `Today`, or `19 Nov`.
    pub(crate) day: String,
    /// What happened, newest first.
    pub(crate) items: Vec<Item>,
}

/// Events (newest first) by day; `names` are those of campaigns.
pub(crate) fn by_day(events: &[EventRow], names: &HashMap<i64, String>, told: &Told) -> Vec<DayItems> {
    let mut days: Vec<DayItems> = Vec::new();
    for event in events {
        let day = told.day(told.day_of(event.at));
        if days.last().is_none_or(|last| last.day != day) {
            days.push(DayItems {
                day,
                items: Vec::new(),
            });
        }
        if let Some(last) = days.last_mut() {
            last.items.push(item(event, names, told));
        }
    }
    days
}

fn item(event: &EventRow, names: &HashMap<i64, String>, told: &Told) -> Item {
    let props = &event.props;
    let text = |name: &str| props.get(name).and_then(Value::as_str).unwrap_or_default();
    let push = text("channel") == "push";
    let message = || {
        let name = props
            .get("campaign")
            .and_then(Value::as_i64)
            .and_then(|id| names.get(&id));
        match (name, push) {
            (Some(name), true) => format!("Push “{name}”"),
            (Some(name), false) => format!("“{name}”"),
            (None, true) => "A push".to_owned(),
            (None, false) => "A pop-up".to_owned(),
        }
    };
    let (icon, title, more) = match event.name.as_str() {
        "Page Viewed" => {
            let from = text("referrer");
            let from = url::Url::parse(from)
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned))
                .map_or_else(String::new, |host| format!(", from {host}"));
            (
                Icon::Activity,
                "Page viewed".to_owned(),
                format!("{}{from}", path_of(text("url"))),
            )
        }
        "Notification Viewed" => (Icon::Eye, format!("{} shown", message()), String::new()),
        "Notification Clicked" => (
            Icon::BadgeCheck,
            format!("{} clicked", message()),
            path_of(text("url")),
        ),
        "Notification Closed" => (Icon::X, format!("{} closed", message()), String::new()),
        "Notification Dismissed" => (Icon::X, format!("{} dismissed", message()), String::new()),
        "Popup Answered" => (
            Icon::PencilLine,
            format!("{} answered", message()),
            props
                .get("answer")
                .map_or_else(String::new, |answer| cut(&rule::shown(answer))),
        ),
        "Permission Prompt" => (
            Icon::BellPlus,
            "Asked for permission to push".to_owned(),
            text("outcome").to_owned(),
        ),
        "Push Unsubscribed" => (Icon::BellOff, "Unsubscribed from push".to_owned(), String::new()),
        name => (Icon::Activity, name.to_owned(), short(props)),
    };
    Item {
        clock: told.time_of_day(event.at),
        icon,
        title,
        more,
    }
}

fn short(props: &Map<String, Value>) -> String {
    let mut parts: Vec<String> = props
        .iter()
        .take(PROPERTIES)
        .map(|(name, value)| format!("{name} {}", cut(&rule::shown(value))))
        .collect();
    if props.len() > PROPERTIES {
        parts.push(format!("{} more", props.len() - PROPERTIES));
    }
    parts.join(", ")
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST - 1).collect();
    format!("{start}…")
}
