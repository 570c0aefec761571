//! Why somebody would or would not get a message now: use case of the dashboard and the API.
//!
//! It asks what would happen if this person opened that page, or that event happened there, at this moment: the visitor is read, the page
//! view or the event is added to the copy as it would be by a browser's request, and the one evaluator decides with every condition in
//! words. Left out: what happened in the past (the person's timeline), and campaigns that do not run. Invariant: nothing is leased, counted
//! or written.

use crate::live::Site;
use crate::sight::{self, Place, Sight};
use crate::store::Store;
use crate::store::db::DbError;
use crate::store::profiles::{DeviceRow, DeviceState, ProfileRow};
use campanile_core::FieldError;
use campanile_core::decide::{Detail, Explained, Moment, decide};
use campanile_core::event;
use campanile_core::id::{Id, Ordinal};
use campanile_core::time::{Day, Timestamp};
use serde_json::{Map, Value};

/// Whose case it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// A person; on that browser of theirs, else on the one that was seen last.
    Person(Ordinal, Option<Id>),
    /// A browser and whoever sits there.
    Device(Id),
}

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Address of the page.
    pub url: String,
    /// Address that led there.
    pub referrer: String,
    /// Name and properties of an event that happens there; `None` is the opening of the page.
    pub event: Option<(String, Map<String, Value>)>,
}

/// What would happen.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The person.
    pub person: Ordinal,
    /// The browser; `None` for a person without one.
    pub device: Option<DeviceRow>,
    /// The page as it was taken.
    pub url: String,
    /// The event as it was taken.
    pub event: Option<String>,
    /// Number of the session that it would be in.
    pub session: u32,
    /// Page views of that session so far, with this one.
    pub pages: u32,
    /// Whether the person has a live push subscription.
    pub reachable: bool,
    /// Every running pop-up: shown first, then waiting, then the rest by priority.
    pub campaigns: Vec<Explained>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// Nobody of that number or that browser.
    #[error("there is nobody like that here")]
    Unknown,
    /// Something of the question cannot be taken.
    #[error("{0}")]
    Field(FieldError),
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Longest address that is taken, characters.
const LONGEST_URL: usize = 2048;

/// What would happen now.
pub async fn explain(
    store: &Store,
    site: &Site,
    who: Who,
    question: &Question,
    now: Timestamp,
) -> Result<Explanation, ExplainError> {
    for (field, url) in [("url", &question.url), ("referrer", &question.referrer)] {
        let web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !url.is_empty() && (!web || url.chars().count() > LONGEST_URL) {
            let message = "Write all of the address, like https://shop.example.com/sale, or leave it out.";
            return Err(ExplainError::Field(FieldError::new(field, message)));
        }
    }
    let event = match &question.event {
        None => None,
        Some((name, props)) => {
            let mut notices = Vec::new();
            let name = event::clean_name(name, &mut notices).map_err(|_| {
                let message = "This is no event that a page can send. Write its name as the page does, or leave it out.";
                ExplainError::Field(FieldError::new("event", message))
            })?;
            Some((name, event::clean_props(props.clone(), "props", &mut notices)))
        }
    };
    let (device, mut profile, reachable) = read(store, site, who).await?;
    let mut used = device.clone().unwrap_or_else(|| nobody(profile.ordinal, now));
    // What a browser's request would do before it is decided, in the same order.
    let session = &mut used.state.session;
    sight::touch_session(session, now, event.is_none());
    let day = Day::of(now, &site.account.zone);
    match &event {
        None => {
            sight::note_utm(session, &question.url);
            profile.activity.note("Page Viewed", now, day);
        }
        Some((name, props)) => {
            for goal in &site.goals {
                if goal.goal.meets(name, props, now) {
                    profile.ledger.convert(goal.id, now, goal.goal.window_ms());
                }
            }
            profile.activity.note(name, now, day);
        }
    }
    let (session, pages) = (session.number, session.pages);
    let place = Place {
        url: question.url.clone(),
        referrer: question.referrer.clone(),
        can_show: true,
        ..Place::default()
    };
    let moment = match &event {
        None => Moment::Page,
        Some((name, props)) => Moment::Event(name, props),
    };
    let looked = {
        let sight = Sight::new(site, &used, &profile, &place, reachable, now);
        decide(site.candidates(), &sight.visitor(), moment, Detail::Explained)
    };
    Ok(Explanation {
        person: profile.ordinal,
        campaigns: sight::explained(site, looked, &profile, true),
        url: question.url.clone(),
        event: event.map(|(name, _)| name),
        session,
        pages,
        reachable,
        device,
    })
}

async fn read(
    store: &Store,
    site: &Site,
    who: Who,
) -> Result<(Option<DeviceRow>, ProfileRow, bool), ExplainError> {
    let account = &site.account.id;
    let (person, wanted) = match who {
        Who::Device(id) => {
            let (device, profile, reachable) =
                store.visitor(account, id).await?.ok_or(ExplainError::Unknown)?;
            return Ok((Some(device), profile, reachable));
        }
        Who::Person(ordinal, wanted) => (ordinal, wanted),
    };
    let detail = store
        .profile_detail(account, person)
        .await?
        .ok_or(ExplainError::Unknown)?;
    let device = match wanted {
        None => detail.devices.into_iter().next(),
        Some(id) => {
            let theirs = detail.devices.into_iter().find(|device| device.id == id);
            let elsewhere = || {
                let message = "This browser is not one of this person. Leave it out, or ask by the browser.";
                ExplainError::Field(FieldError::new("device", message))
            };
            Some(theirs.ok_or_else(elsewhere)?)
        }
    };
    let live = store.subscriptions_of(account, detail.profile.ordinal).await?;
    let reachable = live.iter().any(|subscription| subscription.live);
    Ok((device, detail.profile, reachable))
}

/// A browser of which nothing is known, for a person who has none any more.
fn nobody(person: Ordinal, now: Timestamp) -> DeviceRow {
    DeviceRow {
        id: Id::new(now, [0; 10]),
        ordinal: person,
        version: 1,
        state: DeviceState::default(),
        created_at: now,
        seen_at: now,
    }
}
