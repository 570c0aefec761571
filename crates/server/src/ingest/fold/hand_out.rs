//! Handing out: what a decision leads to, and the same message once more when its reply was lost.
//!
//! The id of an impression is made of the operation that led to it, so that a replay of that operation finds the lease that it took, and
//! gets the message again instead of another slot. Left out: the rules (`campanile_core::decide`). Invariant: whatever is handed out has
//! taken its slot in the same batch.

use super::{Asking, Visit, fresh_id};
use crate::clock;
use crate::sight::{Sight, explained};
use crate::store::db::Batch;
use crate::store::impressions::ImpressionRow;
use crate::tail::Channel;
use campanile_core::decide::{Candidate, Detail, Filled, Moment, Outcome, Words, decide};
use campanile_core::experiment::CONTROL;
use campanile_core::id::{CampaignId, Id};
use campanile_core::ledger::{Entry, SHOW_WITHIN_MS};
use campanile_core::popup::HandOut;
use campanile_core::stats::Measure;
use campanile_core::time::Timestamp;
use campanile_core::wire::{Operation, Waiting, WaitingEvent, What};
use serde_json::{Map, Value};

/// A message is decided only for what happened just now: an event that waited in an offline browser shows nothing later.
const FRESH_MS: i64 = 5 * 60 * 1000;

impl Visit<'_> {
    fn sight(&self) -> Sight<'_> {
        Sight::new(
            self.site,
            &self.here().device,
            &self.person().row,
            &self.place,
            self.known.reachable,
            self.now,
        )
    }

    pub(super) fn decide(
        &mut self,
        batch: &mut Batch,
        operation: &Operation,
        at: Timestamp,
        moment: Moment<'_>,
    ) {
        if self.site.popups.is_empty() || self.now.since(at) > FRESH_MS {
            return;
        }
        let detail = if self.asking == Asking::No {
            Detail::Brief
        } else {
            Detail::Explained
        };
        let took = clock::stopwatch();
        let looked = {
            let sight = self.sight();
            decide(self.site.candidates(), &sight.visitor(), moment, detail)
        };
        let took_us = took();
        for looked in &looked {
            match (looked.outcome, &looked.filled) {
                (Outcome::Show, Some(filled)) => self.hand_out(batch, operation, looked.campaign, filled),
                (Outcome::Wait, _) => self.let_wait(looked.campaign, moment),
                (Outcome::Control, _) => self.hold_out(looked.campaign),
                _ => {}
            }
        }
        if self.asking != Asking::No {
            let named = self.asking == Asking::Owner;
            let words = explained(self.site, looked, &self.person().row, named);
            self.left.explained = Some((words, took_us));
        }
    }

    /// Says why, where nothing happened: as if the page were opened now. Hands nothing out.
    pub(in crate::ingest) fn explain(&mut self) {
        if self.asking == Asking::No || self.left.explained.is_some() || self.here.is_none() {
            return;
        }
        let took = clock::stopwatch();
        let looked = {
            let sight = self.sight();
            decide(
                self.site.candidates(),
                &sight.visitor(),
                Moment::Page,
                Detail::Explained,
            )
        };
        let named = self.asking == Asking::Owner;
        let took_us = took();
        self.left.explained = Some((explained(self.site, looked, &self.person().row, named), took_us));
    }

    fn hand_out(&mut self, batch: &mut Batch, operation: &Operation, campaign: CampaignId, filled: &Filled) {
        let Some(popup) = self.site.popup(campaign) else {
            return;
        };
        let impression = self.impression_of(operation, campaign);
        let here = self.sight().here();
        let variant = popup.plan.experiment.name(filled.variant).to_owned();
        let row = ImpressionRow {
            id: impression,
            campaign,
            handed_at: self.now,
            shown_at: None,
            clicked_at: None,
            closed_at: None,
            answered_at: None,
            granted_at: None,
            blocked_at: None,
            ordinal: self.here().device.ordinal,
            variant: variant.clone(),
            revision: popup.revision,
        };
        self.store
            .insert_impression(batch, self.account(), &row, self.here().device.id);
        let person = self.person_mut();
        person
            .row
            .ledger
            .lease(campaign, impression, Some(&variant), popup.revision, &here);
        person.changed.ledger = true;
        self.count(campaign, Measure::Handed, Some((popup.revision, variant)));
        self.give(campaign, impression, filled, SHOW_WITHIN_MS);
    }

    /// Puts a message into the reply.
    fn give(&mut self, campaign: CampaignId, impression: Id, filled: &Filled, lease_ms: i64) {
        let hand_out = HandOut {
            campaign,
            day: self.day,
            impression,
            lease_ms,
        };
        self.left
            .messages
            .push(filled.popup.message(&filled.html, hand_out));
    }

    fn let_wait(&mut self, campaign: CampaignId, moment: Moment<'_>) {
        let Some(popup) = self.site.popup(campaign) else {
            return;
        };
        let event = match moment {
            Moment::Event(name, props) => Some(WaitingEvent {
                name: name.to_owned(),
                props: props.clone(),
            }),
            Moment::Page | Moment::Due(..) => None,
        };
        self.left.waiting.retain(|waiting| waiting.campaign != campaign);
        self.left.waiting.push(Waiting {
            campaign,
            signals: popup.plan.trigger.signals.clone(),
            event,
        });
    }

    fn hold_out(&mut self, campaign: CampaignId) {
        let Some(popup) = self.site.popup(campaign) else {
            return;
        };
        let now = self.now;
        let person = self.person_mut();
        let first = person.row.ledger.hold_out(campaign, popup.revision, now);
        person.changed.ledger |= first;
        if first {
            self.count(
                campaign,
                Measure::Exposed,
                Some((popup.revision, CONTROL.to_owned())),
            );
            self.tell_not_shown(campaign, "held back: control group");
        }
    }

    /// What was handed out for an operation that is sent again, as long as nobody reported that it was seen.
    pub(in crate::ingest) fn hand_again(&mut self, operation: &Operation) {
        let at = self.moment(operation);
        if self.here.is_none() || self.now.since(at) > FRESH_MS {
            return;
        }
        let owned;
        let moment = match &operation.what {
            What::Page { .. } => {
                self.place.view = Some(operation.id);
                Moment::Page
            }
            What::Event { name, props } => {
                let mut notices = Vec::new();
                owned = campanile_core::event::clean_props(props.clone(), "props", &mut notices);
                Moment::Event(name, &owned)
            }
            What::Due { campaign, event } => Moment::Due(
                *campaign,
                event.as_ref().map(|(name, props)| (name.as_str(), props)),
            ),
            _ => return,
        };
        let mut found = Vec::new();
        for candidate in self.site.candidates() {
            let impression = self.impression_of(operation, candidate.id);
            let entry = self.person().row.ledger.entry(candidate.id);
            let leased = entry.and_then(|entry| entry.leased(impression));
            let left = leased.map(|at| SHOW_WITHIN_MS - self.now.since(at));
            let Some(left) = left.filter(|left| *left > 0) else {
                continue;
            };
            let variant = entry.and_then(|entry| entry.variant.clone()).unwrap_or_default();
            if let Some(filled) = self.fill(candidate, &variant, moment) {
                found.push((candidate.id, impression, filled, left));
            }
        }
        for (campaign, impression, filled, left) in found {
            self.give(campaign, impression, &filled, left);
        }
    }

    fn fill(&self, candidate: Candidate<'_>, variant: &str, moment: Moment<'_>) -> Option<Filled> {
        let index = candidate.plan.experiment.index(variant)?;
        let sight = self.sight();
        let visitor = sight.visitor();
        let (popup, html) = candidate
            .prepared
            .get(index)?
            .fill(&Words::new(&visitor, moment))
            .ok()?;
        Some(Filled {
            variant: index,
            popup,
            html,
        })
    }

    /// The impression that an operation leads to. A browser whose ids tell no believable time gets a fresh one, and with it no second try.
    fn impression_of(&self, operation: &Operation, campaign: CampaignId) -> Id {
        if !self.is_believable(operation.id) {
            return fresh_id(self.clock);
        }
        let mut bytes = [0_u8; 10];
        let digest =
            crate::secret::sha256(&[operation.id.bytes(), campaign.0.to_be_bytes().to_vec()].concat());
        bytes.copy_from_slice(&digest[..10]);
        Id::new(operation.id.moment(), bytes)
    }

    /// Goals that an event reaches.
    pub(super) fn reach_goals(&mut self, name: &str, props: &Map<String, Value>, at: Timestamp) {
        let mut reached = Vec::new();
        for goal in &self.site.goals {
            let window = goal.goal.window_ms();
            let over = goal.ended_at.is_some_and(|ended| at.since(ended) > window);
            if over || !goal.goal.meets(name, props, at) {
                continue;
            }
            let person = self.person_mut();
            if person.row.ledger.convert(goal.id, at, window) {
                person.changed.ledger = true;
                let part = person.row.ledger.entry(goal.id).map(Entry::counted_as);
                reached.push((goal.id, part));
            }
        }
        for (campaign, part) in reached {
            self.tell_converted((Channel::Popup, campaign), name, props, at);
            self.count(campaign, Measure::Converted, part);
        }
    }

    /// Goals of pushes that an event reaches: of those that were made for this person, or held back from them.
    pub(super) fn reach_push_goals(
        &mut self,
        batch: &mut Batch,
        name: &str,
        props: &Map<String, Value>,
        at: Timestamp,
    ) {
        let person = self.here().device.ordinal;
        let mut reached = Vec::new();
        let Some(exposures) = self.known.exposures.get_mut(&person) else {
            return;
        };
        for goal in &self.site.push_goals {
            let Some(exposure) = exposures.get_mut(&goal.id) else {
                continue;
            };
            let in_time = exposure
                .counts_from
                .is_some_and(|from| at >= from && at.since(from) <= goal.goal.window_ms());
            if exposure.converted_at.is_none() && in_time && goal.goal.meets(name, props, at) {
                exposure.converted_at = Some(at);
                reached.push((goal.id, exposure.part.clone()));
            }
        }
        for (campaign, part) in reached {
            self.tell_converted((Channel::Push, campaign), name, props, at);
            self.store.convert(batch, self.account(), campaign, person, at);
            self.count(campaign, Measure::Converted, Some(part));
        }
    }
}
