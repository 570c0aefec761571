//! From what is stored of a visitor to what deciding looks at.
//!
//! The page's own request (`ingest`) and whoever asks afterwards (`explain`) see a visitor through the same eyes. Left out: deciding.
//! Invariant: borrows everything, reads nothing.

use crate::live::Site;
use crate::store::profiles::{DeviceRow, ProfileRow, SessionState};
use campanile_core::decide::{Explained, Looked, Visitor};
use campanile_core::experiment::CONTROL;
use campanile_core::ledger::Here;
use campanile_core::popup::Layout;
use campanile_core::segment::{Device, Facts, Page};
use campanile_core::time::Timestamp;
use std::collections::BTreeMap;

/// A session ends after this long without a page view or an event.
const SESSION_IDLE_MS: i64 = 20 * 60 * 1000;

/// What is known of where the visitor is.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Address of the page.
    pub url: String,
    /// Address that led there.
    pub referrer: String,
    /// Its title.
    pub title: String,
    /// The page view that it belongs to.
    pub view: Option<campanile_core::id::Id>,
    /// Places that a message takes already.
    pub busy: Vec<Layout>,
    /// Whether the page can show a message.
    pub can_show: bool,
}

/// A visitor with all that deciding borrows.
#[derive(Clone)]
pub struct Sight<'a> {
    site: &'a Site,
    device: &'a DeviceRow,
    profile: &'a ProfileRow,
    place: &'a Place,
    used: Device<'a>,
    page: Page<'a>,
    now: Timestamp,
}

impl<'a> Sight<'a> {
    /// Looks at a visitor. `reachable`: this person has a live push subscription.
    pub fn new(
        site: &'a Site,
        device: &'a DeviceRow,
        profile: &'a ProfileRow,
        place: &'a Place,
        reachable: bool,
        now: Timestamp,
    ) -> Self {
        let state = &device.state;
        Self {
            used: Device {
                kind: &state.kind,
                browser: &state.browser,
                system: &state.system,
                language: &state.language,
                topics: &state.topics,
                country: &state.country,
                permission: &state.push,
                subscribed: reachable,
            },
            page: Page {
                referrer: &place.referrer,
                title: &place.title,
                number: state.session.pages,
                session: state.session.number,
                ..Page::at(&place.url)
            },
            site,
            device,
            profile,
            place,
            now,
        }
    }

    /// Where slots of caps are counted.
    pub fn here(&self) -> Here {
        Here::new(
            self.now,
            &self.site.account.zone,
            self.device.id,
            self.device.state.session.number,
            self.place.view,
        )
    }

    /// What deciding looks at.
    pub fn visitor(&self) -> Visitor<'_> {
        let (zone, here) = (&self.site.account.zone, self.here());
        let facts = Facts {
            now: self.now,
            today: here.today,
            properties: &self.profile.properties,
            identified: self.profile.identified,
            activity: &self.profile.activity,
            utm: &self.device.state.session.utm,
            device: &self.used,
            page: &self.page,
        };
        let (account_time, visitor_time) = Visitor::clocks(self.now, zone, &self.device.state.zone);
        Visitor {
            account: &self.site.account.id,
            person: self.profile.ordinal,
            facts,
            ledger: &self.profile.ledger,
            here,
            account_time,
            visitor_time,
            overall: self.site.account.settings.caps,
            can_show: self.place.can_show,
            busy: &self.place.busy,
            site_name: &self.site.account.name,
        }
    }
}

/// A decision in words. `named`: the reader may know names and audiences; the debug switch of a browser tells neither.
pub fn explained(site: &Site, looked: Vec<Looked>, profile: &ProfileRow, named: bool) -> Vec<Explained> {
    let mut list: Vec<Explained> = looked
        .into_iter()
        .filter_map(|looked| {
            let popup = site.popup(looked.campaign)?;
            let experiment = &popup.plan.experiment;
            let had = profile
                .ledger
                .entry(looked.campaign)
                .and_then(|entry| entry.variant.as_deref())
                .filter(|name| *name == CONTROL || experiment.index(name).is_some());
            let drawn = || {
                experiment
                    .draw(&site.account.id, looked.campaign, profile.ordinal)
                    .map(|index| experiment.name(index))
            };
            let variant = had
                .or_else(drawn)
                .filter(|name| *name != CONTROL && !experiment.is_one());
            let mut because = looked.because;
            if !named {
                for condition in because
                    .iter_mut()
                    .filter(|condition| condition.name == "audience")
                {
                    "hidden without a signed link".clone_into(&mut condition.asked);
                }
            }
            Some(Explained {
                campaign: looked.campaign,
                name: if named {
                    popup.name.clone()
                } else {
                    format!("Campaign {}", looked.campaign)
                },
                kind: popup.plan.popup.layout().as_str(),
                revision: popup.revision,
                variant: variant.map(str::to_owned),
                outcome: looked.outcome,
                because,
            })
        })
        .collect();
    list.sort_by_key(|explained| match explained.outcome {
        campanile_core::decide::Outcome::Show => 0,
        campanile_core::decide::Outcome::Wait => 1,
        _ => 2,
    });
    list
}

/// What a page view or an event at `at` does to a session: it goes on, or a new one begins.
pub fn touch_session(session: &mut SessionState, at: Timestamp, page: bool) {
    if session.number == 0 || at.ms() - session.last_at > SESSION_IDLE_MS {
        *session = SessionState {
            started_at: at.ms(),
            number: session.number + 1,
            ..SessionState::default()
        };
    }
    session.last_at = session.last_at.max(at.ms());
    session.pages += u32::from(page);
}

/// UTM parameters of the page on which the session began, or of a later one that brings its own.
pub fn note_utm(session: &mut SessionState, url: &str) {
    let Some((_, query)) = url.split_once('?') else {
        return;
    };
    let query = query.split('#').next().unwrap_or_default();
    let found: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
        .filter_map(|(key, value)| {
            let name = key.strip_prefix("utm_")?;
            let known = ["source", "medium", "campaign", "term", "content"].contains(&name);
            known.then(|| (name.to_owned(), value.chars().take(120).collect()))
        })
        .collect();
    if !found.is_empty() {
        session.utm = found;
    }
}
