//! The live tail over HTTP: which lines somebody wants, a line as JSON, and the stream of them (server-sent events).
//!
//! The dashboard's page and the API speak through the same stream. Left out: making lines ([`crate::tail`]). Invariant: what a listener
//! does not get is told it, as lines that were lost or as one in so many; a stream ends by itself before a key that was revoked could be
//! of use for long.

use crate::app::App;
use crate::http::error::Error;
use crate::live::Site;
use crate::tail::{Channel, Heard, Kind, Line, Listener, Said, Sampler};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use campanile_core::id::{CampaignId, Ordinal};
use campanile_core::profile::{Identity, IdentityKind};
use campanile_core::time::{Timestamp, Zone};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior};

/// A stream ends after this, and its listener comes back with a key that is looked at again.
const ENDS_AFTER: Duration = Duration::from_secs(15 * 60);
/// How often a line of nothing keeps the connection open.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How soon a listener that was cut off comes back.
const AGAIN: Duration = Duration::from_secs(1);

/// What is asked for, as it stands in an address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// `events`, `popups`, `push`, `failed`, or kinds; several are joined by commas.
    pub kind: String,
    /// A campaign's number.
    pub campaign: String,
    /// A person's number.
    pub profile: String,
    /// Words, or `property=value`.
    pub search: String,
    /// At most so many lines a second; the rest is one in so many.
    pub most: String,
    /// The id of the last line that is known.
    pub after: String,
}

/// Kinds that go by one name.
pub const GROUPS: [&str; 4] = ["events", "popups", "push", "failed"];

fn is_in_group(group: &str, line: &Line) -> bool {
    match group {
        "events" => matches!(line.kind, Kind::Event | Kind::Converted),
        "popups" => line.channel == Some(Channel::Popup),
        "push" => line.channel == Some(Channel::Push),
        "failed" => matches!(line.kind, Kind::Failed | Kind::Retried),
        kind => line.kind.as_str() == kind,
    }
}

/// Which lines somebody wants.
pub struct Filter {
    groups: Vec<String>,
    campaign: Option<CampaignId>,
    person: Option<Ordinal>,
    search: String,
    /// People who are known by what is searched for.
    known_as: BTreeSet<Ordinal>,
    most: Option<u32>,
}

fn number<T: std::str::FromStr>(field: &str, text: &str) -> Result<Option<T>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad = |_| Error::BadRequest(format!("“{field}” is a number."));
    text.parse().map(Some).map_err(bad)
}

impl Filter {
    /// Reads what is asked for.
    pub async fn new(app: &App, site: &Site, wanted: &Wanted) -> Result<Self, Error> {
        let groups: Vec<String> = wanted
            .kind
            .split(',')
            .map(|group| group.trim().to_owned())
            .filter(|group| !group.is_empty() && group != "all")
            .collect();
        let is_known = |group: &String| {
            GROUPS.contains(&group.as_str()) || Kind::ALL.iter().any(|kind| kind.as_str() == group)
        };
        if !groups.iter().all(is_known) {
            let kinds: Vec<&str> = GROUPS
                .into_iter()
                .chain(Kind::ALL.iter().map(|kind| kind.as_str()))
                .collect();
            return Err(Error::BadRequest(format!(
                "“kind” is one or more of {}.",
                kinds.join(", ")
            )));
        }
        let search = wanted.search.trim().to_lowercase();
        let mut known_as = BTreeSet::new();
        if !search.is_empty() && !search.contains('=') {
            for kind in IdentityKind::ALL {
                let Ok(identity) = Identity::parse(kind, &json!(wanted.search.trim())) else {
                    continue;
                };
                known_as.extend(app.store.identity_owner(&site.account.id, &identity).await?);
            }
        }
        Ok(Self {
            groups,
            campaign: number("campaign", &wanted.campaign)?.map(CampaignId),
            person: number("profile", &wanted.profile)?.map(Ordinal),
            search,
            known_as,
            most: number("most", &wanted.most)?,
        })
    }

    fn passes(&self, line: &Line, title: &str) -> bool {
        (self.groups.is_empty() || self.groups.iter().any(|group| is_in_group(group, line)))
            && self
                .campaign
                .is_none_or(|campaign| line.campaign == Some(campaign))
            && self.person.is_none_or(|person| line.person == person)
            && (self.search.is_empty() || self.is_found(line, title))
    }

    fn is_found(&self, line: &Line, title: &str) -> bool {
        if let Some((name, value)) = self.search.split_once('=') {
            let mut facts = line.facts.iter();
            return facts.any(|(known, has)| {
                known.to_lowercase() == name.trim() && has.to_lowercase().contains(value.trim())
            });
        }
        let has = |text: &str| text.to_lowercase().contains(&self.search);
        self.known_as.contains(&line.person)
            || called(line.person).to_lowercase() == self.search
            || has(title)
            || has(&line.event)
            || has(&line.words)
            || has(&line.browser)
    }
}

/// What a line calls a person.
fn called(person: Ordinal) -> String {
    format!("Person {}", person.0)
}

/// What a kind is called.
pub fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Event => "Event",
        Kind::Shown => "Shown",
        Kind::NotShown => "Not shown",
        Kind::Clicked => "Clicked",
        Kind::Closed => "Closed",
        Kind::Answered => "Answered",
        Kind::Converted => "Converted",
        Kind::Subscribed => "Subscribed",
        Kind::Unsubscribed => "Unsubscribed",
        Kind::Sent => "Sent",
        Kind::Retried => "Retry",
        Kind::Failed => "Failed",
    }
}

/// A line as people read it.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its id.
    pub id: String,
    /// The moment in the account's zone, `09:42:17.204`.
    pub time: String,
    /// What happened.
    pub kind: Kind,
    /// The person's number.
    pub person: u32,
    /// The same in words.
    pub who: String,
    /// The event's or the campaign's name.
    pub title: String,
    /// Details in one line.
    pub details: String,
    /// Browser and system.
    pub browser: String,
    said: Arc<Line>,
    campaign_name: String,
}

impl Told {
    /// For programs.
    fn to_json(&self) -> Value {
        let line = &self.said;
        let facts: Map<String, Value> = line
            .facts
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        json!({
            "id": self.id, "at": line.at, "time": self.time, "kind": line.kind.as_str(), "word": word(line.kind),
            "channel": line.channel.map(|channel| match channel { Channel::Popup => "popup", Channel::Push => "push" }),
            "profile": line.person, "who": self.who, "campaign": line.campaign,
            "campaign_name": line.campaign.map(|_| &self.campaign_name), "event": line.event, "title": self.title,
            "details": self.details, "facts": facts, "browser": line.browser,
        })
    }
}

/// Tells lines: looks campaigns' names up once, and picks what is wanted.
pub struct Teller {
    app: App,
    site: Arc<Site>,
    filter: Filter,
    names: HashMap<CampaignId, String>,
}

impl Teller {
    /// For one account and one who listens.
    pub fn new(app: App, site: Arc<Site>, filter: Filter) -> Self {
        Self {
            app,
            site,
            filter,
            names: HashMap::new(),
        }
    }

    /// The line as it is told; none where it is not wanted.
    pub async fn tell(&mut self, said: &Said) -> Option<Told> {
        let line = &said.line;
        let campaign_name = match line.campaign {
            None => String::new(),
            Some(id) => self.name(id).await,
        };
        if !self.filter.passes(line, &campaign_name) {
            return None;
        }
        let mut details = line.words.clone();
        if details.is_empty() {
            let facts = line.facts.iter().map(|(name, value)| format!("{name}={value}"));
            details = facts.collect::<Vec<_>>().join(" ");
            if !line.event.is_empty() && line.campaign.is_some() {
                let space = if details.is_empty() { "" } else { " " };
                details = format!("{details}{space}campaign={campaign_name}");
            }
        }
        Some(Told {
            id: said.id.clone(),
            time: time_of_day(line.at, &self.site.account.zone),
            kind: line.kind,
            person: line.person.0,
            who: called(line.person),
            title: if line.event.is_empty() {
                campaign_name.clone()
            } else {
                line.event.clone()
            },
            details,
            browser: line.browser.clone(),
            said: line.clone(),
            campaign_name,
        })
    }

    /// What the lines are all about, where one campaign or one person was asked for: the field, and its words.
    pub async fn about(&mut self) -> Vec<(&'static str, String)> {
        let mut about = Vec::new();
        if let Some(id) = self.filter.campaign {
            about.push(("campaign", self.name(id).await));
        }
        if let Some(person) = self.filter.person {
            about.push(("profile", called(person)));
        }
        about
    }

    async fn name(&mut self, id: CampaignId) -> String {
        if let Some(name) = self.names.get(&id) {
            return name.clone();
        }
        let found = self.app.store.campaign(&self.site.account.id, id).await;
        let name = match found {
            Ok(Some(campaign)) => campaign.definition.name,
            Ok(None) | Err(_) => format!("Campaign {id}"),
        };
        self.names.insert(id, name.clone());
        name
    }
}

fn time_of_day(at: Timestamp, zone: &Zone) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    moment
        .to_zoned(zone.zone().clone())
        .strftime("%H:%M:%S%.3f")
        .to_string()
}

struct Stream {
    listener: Listener,
    teller: Teller,
    sampler: Option<Sampler>,
    waiting: VecDeque<Event>,
    second: Interval,
    rate: (u64, u64),
    ends_at: Instant,
}

impl Stream {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            tokio::select! {
                () = tokio::time::sleep_until(self.ends_at) => return None,
                _ = self.second.tick(), if self.sampler.is_some() => self.tell_rate(),
                heard = self.listener.next() => self.take(heard?).await,
            }
        }
    }

    fn tell_rate(&mut self) {
        let Some(sampler) = &mut self.sampler else {
            return;
        };
        let rate = sampler.second();
        if rate != self.rate {
            self.rate = rate;
            let data = json!({"per_second": rate.0, "one_in": rate.1});
            self.waiting
                .push_back(Event::default().event("rate").data(data.to_string()));
        }
    }

    async fn take(&mut self, heard: Heard) {
        if heard.lost > 0 || heard.astray {
            let data = json!({"lines": Some(heard.lost).filter(|_| !heard.astray)});
            self.waiting
                .push_back(Event::default().event("lost").data(data.to_string()));
        }
        for said in &heard.lines {
            let Some(told) = self.teller.tell(said).await else {
                continue;
            };
            if self.sampler.as_mut().is_none_or(Sampler::take) {
                let event = Event::default()
                    .id(&told.id)
                    .event("line")
                    .data(told.to_json().to_string());
                self.waiting.push_back(event);
            }
        }
    }
}

/// The stream of lines. It goes on after `Last-Event-ID`, which a browser sends by itself, or after `wanted.after`.
pub async fn stream(
    app: &App,
    site: Arc<Site>,
    headers: &HeaderMap,
    wanted: &Wanted,
) -> Result<Response, Error> {
    let filter = Filter::new(app, &site, wanted).await?;
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = last.or(Some(wanted.after.as_str()).filter(|after| !after.is_empty()));
    let listener = app
        .tail
        .listen(&site.account.id, after)
        .ok_or(Error::TooMany(60))?;
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stream = Stream {
        sampler: filter.most.map(Sampler::new),
        teller: Teller::new(app.clone(), site, filter),
        // Said at once, so that whoever listens knows that it does, and where it goes on if it is cut off before the first line.
        waiting: VecDeque::from([Event::default()
            .retry(AGAIN)
            .id(listener.after())
            .comment("listening")]),
        listener,
        second,
        rate: (0, 1),
        ends_at: Instant::now() + ENDS_AFTER,
    };
    let events = futures_util::stream::unfold(stream, |mut stream| async {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(event), stream))
    });
    let mut response = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response();
    // A proxy in front that collects answers would make the tail late.
    response.headers_mut().insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}
