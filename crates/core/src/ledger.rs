//! Impression leases: what a person was handed, has seen, clicked and closed, campaign by campaign.
//!
//! A slot of a cap is **leased** when a message is handed out, **confirmed** when it has really been visible, and **given back** when it was
//! not. The ledger is kept with the profile and written under its version, so two devices cannot take the last slot both. Left out: which
//! caps there are ([`crate::decide`]). Invariant: a slot counts from the hand-out until it is given back or its lease runs out unconfirmed;
//! a confirmed one counts for ever; everything is idempotent by the impression's id.

use crate::id::{CampaignId, Id};
use crate::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long the page may keep a message before it shows it, ms.
pub const SHOW_WITHIN_MS: i64 = 5 * 60 * 1000;
/// When a lease that was neither confirmed nor given back runs out, ms: long after the page may have shown it.
pub const LEASE_MS: i64 = 60 * 60 * 1000;
/// Hits that are kept apart for each campaign. No cap within a page, session, day or week is larger.
pub const MOST_HITS: usize = 100;
/// Campaigns that are kept for a person; after that the one that was met longest ago gives way.
pub const MOST_CAMPAIGNS: usize = 400;
/// Days of a week.
const WEEK_DAYS: u32 = 7;

/// One slot that is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// The impression.
    #[serde(rename = "i")]
    pub impression: Id,
    /// When it was handed out; for a confirmed one, when it was seen.
    #[serde(rename = "t")]
    pub at: Timestamp,
    /// The day in the account's zone.
    #[serde(rename = "y")]
    pub day: Day,
    /// The device.
    #[serde(rename = "d")]
    pub device: Id,
    /// The number of the device's session.
    #[serde(rename = "s")]
    pub session: u32,
    /// The page view that it belongs to.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Id>,
    /// Whether it has really been visible.
    #[serde(rename = "c", default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
}

/// What a person has had of one campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Confirmed hits that are not kept apart any more.
    #[serde(rename = "p", default, skip_serializing_if = "is_zero")]
    past: u32,
    /// Recent hits, oldest first.
    #[serde(rename = "h", default, skip_serializing_if = "Vec::is_empty")]
    hits: Vec<Hit>,
    /// When it was last seen.
    #[serde(rename = "sh", default, skip_serializing_if = "Option::is_none")]
    pub shown_at: Option<Timestamp>,
    /// When it was first seen, or would have been by somebody of the control group: the goal's window runs from here.
    #[serde(rename = "ex", default, skip_serializing_if = "Option::is_none")]
    pub exposed_at: Option<Timestamp>,
    /// When it was last clicked.
    #[serde(rename = "ck", default, skip_serializing_if = "Option::is_none")]
    pub clicked_at: Option<Timestamp>,
    /// When it was last closed.
    #[serde(rename = "cl", default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// When the goal was reached.
    #[serde(rename = "cv", default, skip_serializing_if = "Option::is_none")]
    pub converted_at: Option<Timestamp>,
    /// The variant that this person has; sticky.
    #[serde(rename = "vr", default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The campaign's revision at the last hand-out.
    #[serde(rename = "rv", default, skip_serializing_if = "is_zero")]
    pub revision: u32,
    /// Revision and variant of the first exposure: what follows is counted where the person was counted.
    #[serde(rename = "xa", default, skip_serializing_if = "Option::is_none")]
    exposed_as: Option<(u32, String)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// The stretch of time that a cap counts over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// One page view.
    Page,
    /// One session of one device.
    Session,
    /// A day of the account's zone, on all devices.
    Day,
    /// Today and the six days before.
    Week,
    /// All the time.
    Ever,
}

/// Where a count is taken.
#[derive(Debug, Clone, Copy)]
pub struct Here {
    /// Now.
    pub now: Timestamp,
    /// Today in the account's zone.
    pub today: Day,
    /// The first of the last seven days.
    pub week_from: Day,
    /// The device.
    pub device: Id,
    /// The number of its session.
    pub session: u32,
    /// The page view.
    pub view: Option<Id>,
}

impl Here {
    /// The place of a device at `now`.
    pub fn new(now: Timestamp, zone: &crate::time::Zone, device: Id, session: u32, view: Option<Id>) -> Self {
        let today = Day::of(now, zone);
        Self {
            now,
            today,
            week_from: today.back(WEEK_DAYS - 1),
            device,
            session,
            view,
        }
    }
}

/// Everything a person was handed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger(BTreeMap<CampaignId, Entry>);

impl Hit {
    fn counts(&self, now: Timestamp) -> bool {
        self.confirmed || now.since(self.at) < LEASE_MS
    }

    fn within(&self, window: Window, here: &Here) -> bool {
        match window {
            Window::Page => here.view.is_some() && self.view == here.view,
            Window::Session => self.device == here.device && self.session == here.session,
            Window::Day => self.day == here.today,
            Window::Week => self.day >= here.week_from,
            Window::Ever => true,
        }
    }
}

impl Entry {
    /// When this impression was handed out, if its lease is not confirmed.
    pub fn leased(&self, impression: Id) -> Option<Timestamp> {
        let hit = self.hits.iter().find(|hit| hit.impression == impression)?;
        (!hit.confirmed).then_some(hit.at)
    }

    /// Whether this impression is among what is kept apart.
    pub fn holds(&self, impression: Id) -> bool {
        self.hits.iter().any(|hit| hit.impression == impression)
    }

    /// Revision and variant under which this person counts.
    pub fn counted_as(&self) -> (u32, String) {
        self.exposed_as
            .clone()
            .unwrap_or_else(|| (self.revision, self.variant.clone().unwrap_or_default()))
    }

    /// True for the first time.
    fn expose(&mut self, at: Timestamp, (revision, variant): (u32, &str)) -> bool {
        let first = self.exposed_at.is_none();
        if first {
            self.exposed_at = Some(at);
            self.exposed_as = Some((revision, variant.to_owned()));
        }
        first
    }

    /// How many slots are taken in a window.
    pub fn used(&self, window: Window, here: &Here) -> u32 {
        let recent = self
            .hits
            .iter()
            .filter(|hit| hit.counts(here.now) && hit.within(window, here))
            .count() as u32;
        recent + if window == Window::Ever { self.past } else { 0 }
    }

    /// Forgets leases that ran out, and folds the oldest confirmed hits when there are too many.
    fn tidy(&mut self, now: Timestamp) {
        self.hits.retain(|hit| hit.counts(now));
        while self.hits.len() > MOST_HITS {
            let at = self.hits.iter().position(|hit| hit.confirmed).unwrap_or(0);
            self.hits.remove(at);
            self.past = self.past.saturating_add(1);
        }
    }

    fn last(&self) -> Timestamp {
        let hits = self.hits.last().map(|hit| hit.at);
        [
            hits,
            self.shown_at,
            self.exposed_at,
            self.closed_at,
            self.clicked_at,
        ]
        .into_iter()
        .flatten()
        .max()
        .unwrap_or_default()
    }
}

impl Ledger {
    /// What this person has had of a campaign.
    pub fn entry(&self, campaign: CampaignId) -> Option<&Entry> {
        self.0.get(&campaign)
    }

    /// How many slots of a campaign are taken in a window.
    pub fn used(&self, campaign: CampaignId, window: Window, here: &Here) -> u32 {
        self.entry(campaign).map_or(0, |entry| entry.used(window, here))
    }

    /// How many slots of all campaigns are taken in a window.
    pub fn used_in_all(&self, window: Window, here: &Here) -> u32 {
        self.0.values().map(|entry| entry.used(window, here)).sum()
    }

    /// The moment of the last hit of any campaign in this session of the device, by campaign.
    pub fn in_session(&self, campaign: CampaignId, here: &Here) -> bool {
        self.used(campaign, Window::Session, here) > 0
    }

    fn touch(&mut self, campaign: CampaignId, now: Timestamp) -> &mut Entry {
        if !self.0.contains_key(&campaign) && self.0.len() >= MOST_CAMPAIGNS {
            let oldest = self
                .0
                .iter()
                .min_by_key(|(_, entry)| entry.last())
                .map(|(id, _)| *id);
            if let Some(oldest) = oldest {
                self.0.remove(&oldest);
            }
        }
        let entry = self.0.entry(campaign).or_default();
        entry.tidy(now);
        entry
    }

    /// Takes a slot for a message that is handed out now.
    pub fn lease(
        &mut self,
        campaign: CampaignId,
        impression: Id,
        variant: Option<&str>,
        revision: u32,
        here: &Here,
    ) {
        let entry = self.touch(campaign, here.now);
        if entry.hits.iter().any(|hit| hit.impression == impression) {
            return;
        }
        entry.variant = variant.map(str::to_owned);
        entry.revision = revision;
        entry.hits.push(Hit {
            impression,
            at: here.now,
            day: here.today,
            device: here.device,
            session: here.session,
            view: here.view,
            confirmed: false,
        });
    }

    /// It has really been visible. `day` is that of `at`. True when this person is exposed to the campaign for the first time. A lease that
    /// ran out meanwhile, or that another profile of the person held, is taken again: what was seen counts.
    /// `part` is the revision and the variant that it was handed out with.
    pub fn confirm(
        &mut self,
        campaign: CampaignId,
        impression: Id,
        part: (u32, &str),
        at: Timestamp,
        here: &Here,
    ) -> bool {
        let entry = self.0.entry(campaign).or_default();
        match entry.hits.iter_mut().find(|hit| hit.impression == impression) {
            Some(hit) => hit.confirmed = true,
            None => entry.hits.push(Hit {
                impression,
                at,
                day: here.today,
                device: here.device,
                session: here.session,
                view: here.view,
                confirmed: true,
            }),
        }
        entry.shown_at = entry.shown_at.max(Some(at));
        let first = entry.expose(at, part);
        entry.tidy(here.now);
        first
    }

    /// It was handed out and not shown: the slot is free again. A confirmed one stays taken. True when a slot was freed.
    pub fn give_back(&mut self, campaign: CampaignId, impression: Id) -> bool {
        let Some(entry) = self.0.get_mut(&campaign) else {
            return false;
        };
        let before = entry.hits.len();
        entry
            .hits
            .retain(|hit| hit.impression != impression || hit.confirmed);
        entry.hits.len() < before
    }

    /// Somebody of the control group would have seen it now. True for the first time.
    pub fn hold_out(&mut self, campaign: CampaignId, revision: u32, now: Timestamp) -> bool {
        let entry = self.touch(campaign, now);
        entry.variant = Some(crate::experiment::CONTROL.to_owned());
        entry.revision = revision;
        entry.expose(now, (revision, crate::experiment::CONTROL))
    }

    /// It was clicked.
    pub fn click(&mut self, campaign: CampaignId, at: Timestamp) {
        let entry = self.0.entry(campaign).or_default();
        entry.clicked_at = entry.clicked_at.max(Some(at));
    }

    /// It was closed.
    pub fn close(&mut self, campaign: CampaignId, at: Timestamp) {
        let entry = self.0.entry(campaign).or_default();
        entry.closed_at = entry.closed_at.max(Some(at));
    }

    /// The goal was reached at `at`. True when it counts: exposed before, within the window, for the first time.
    pub fn convert(&mut self, campaign: CampaignId, at: Timestamp, within_ms: i64) -> bool {
        let Some(entry) = self.0.get_mut(&campaign) else {
            return false;
        };
        let due = entry
            .exposed_at
            .is_some_and(|exposed| at >= exposed && at.since(exposed) <= within_ms);
        if !due || entry.converted_at.is_some() {
            return false;
        }
        entry.converted_at = Some(at);
        true
    }

    /// Takes over what another profile of the same person had. Slots are the union; the variant that this profile has stays.
    pub fn merge(&mut self, other: Self) {
        for (campaign, theirs) in other.0 {
            let ours = self.0.entry(campaign).or_default();
            ours.past = ours.past.saturating_add(theirs.past);
            for hit in theirs.hits {
                if !ours.hits.iter().any(|known| known.impression == hit.impression) {
                    ours.hits.push(hit);
                }
            }
            ours.hits.sort_by_key(|hit| hit.at);
            ours.shown_at = ours.shown_at.max(theirs.shown_at);
            ours.clicked_at = ours.clicked_at.max(theirs.clicked_at);
            ours.closed_at = ours.closed_at.max(theirs.closed_at);
            if theirs.exposed_at.is_some() && earlier(ours.exposed_at, theirs.exposed_at) != ours.exposed_at {
                ours.exposed_at = theirs.exposed_at;
                ours.exposed_as = theirs.exposed_as;
            }
            ours.converted_at = earlier(ours.converted_at, theirs.converted_at);
            if ours.variant.is_none() {
                ours.variant = theirs.variant;
                ours.revision = theirs.revision;
            }
        }
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
