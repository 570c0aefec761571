//! What a batch holds, told to whoever watches ([`crate::tail`]).
//!
//! Left out: keeping it, which is the history's. Invariant: nothing is made while nobody watches, and nothing is said before it is on disk.

use super::{Visit, agent};
use crate::store::events::EventRow;
use crate::tail::{self, Channel, Kind, Line};
use campanile_core::id::CampaignId;
use campanile_core::time::Timestamp;
use serde_json::{Map, Value};

/// Browser and system of a user agent: `Firefox, Linux`.
pub(in crate::ingest) fn browser(user_agent: &str) -> String {
    let parts = [agent::browser(user_agent), agent::system(user_agent)];
    let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    known.join(", ")
}

/// What an event of the history is in a line.
fn kind(event: &EventRow) -> (Kind, Option<Channel>) {
    let through = if event
        .props
        .get("channel")
        .is_some_and(|channel| channel == "push")
    {
        Channel::Push
    } else {
        Channel::Popup
    };
    // What a page calls by these names is refused, so they are ours.
    let (kind, channel) = match event.name.as_str() {
        "Notification Viewed" => (Kind::Shown, through),
        "Notification Clicked" => (Kind::Clicked, through),
        "Notification Closed" | "Notification Dismissed" => (Kind::Closed, through),
        "Popup Answered" => (Kind::Answered, Channel::Popup),
        "Push Subscribed" => (Kind::Subscribed, Channel::Push),
        "Push Unsubscribed" => (Kind::Unsubscribed, Channel::Push),
        _ => return (Kind::Event, None),
    };
    (kind, Some(channel))
}

/// A value as it stands behind its name.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The part of an address after its host.
fn path(url: &str) -> String {
    url::Url::parse(url).map_or_else(
        |_| url.to_owned(),
        |url| url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
    )
}

fn host(url: &str) -> String {
    url::Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default()
}

fn details(line: &mut Line, props: &Map<String, Value>) {
    for (name, value) in props {
        match name.as_str() {
            // Said by the line itself.
            "wzrk_id" | "campaign" | "channel" => {}
            _ => line.fact(name, &shown(value)),
        }
    }
}

impl Visit<'_> {
    fn line(&self, at: Timestamp, kind: Kind, person: campanile_core::id::Ordinal) -> Option<Line> {
        let browser = self.watched.as_ref()?;
        Some(Line {
            browser: browser.clone(),
            ..Line::new(at, kind, person)
        })
    }

    /// An event of the history.
    pub(super) fn tell_event(&mut self, event: &EventRow) {
        let (kind, channel) = kind(event);
        let Some(mut line) = self.line(event.at, kind, event.ordinal) else {
            return;
        };
        line.channel = channel;
        if channel.is_some() {
            line.campaign = event
                .props
                .get("campaign")
                .and_then(Value::as_i64)
                .map(CampaignId);
        }
        if line.campaign.is_none() {
            line.event = tail::cut(&event.name);
        }
        if event.name == "Page Viewed" {
            let text = |name: &str| event.props.get(name).and_then(Value::as_str).unwrap_or_default();
            line.fact("path", &path(text("url")));
            line.fact("title", text("title"));
            line.fact("referrer", &host(text("referrer")));
        } else {
            details(&mut line, &event.props);
        }
        self.say(line);
    }

    /// A goal that somebody reached by an event.
    pub(super) fn tell_converted(
        &mut self,
        (channel, campaign): (Channel, CampaignId),
        name: &str,
        props: &Map<String, Value>,
        at: Timestamp,
    ) {
        let Some(mut line) = self.line(at, Kind::Converted, self.here().device.ordinal) else {
            return;
        };
        line.channel = Some(channel);
        line.campaign = Some(campaign);
        line.event = tail::cut(name);
        details(&mut line, props);
        self.say(line);
    }

    /// A pop-up that was due and is not seen.
    pub(super) fn tell_not_shown(&mut self, campaign: CampaignId, why: &str) {
        let Some(mut line) = self.line(self.now, Kind::NotShown, self.here().device.ordinal) else {
            return;
        };
        line.channel = Some(Channel::Popup);
        line.campaign = Some(campaign);
        line.words = tail::cut(why);
        self.say(line);
    }

    fn say(&mut self, line: Line) {
        self.left.lines.push(line);
    }
}
