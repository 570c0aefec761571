//! What people did with a pop-up or a notification: slots filled, counted once, and told in the history.
//!
//! Left out: handing out and sending. Invariant: only an empty slot is filled and counted; what names no message of this account counts
//! nothing.

use super::{Visit, object};
use crate::store::answers::AnswerRow;
use crate::store::db::Batch;
use crate::store::impressions::ImpressionRow;
use campanile_core::event::Notice;
use campanile_core::id::Id;
use campanile_core::ledger::Here;
use campanile_core::popup::MsgId;
use campanile_core::profile;
use campanile_core::stats::Measure;
use campanile_core::time::Timestamp;
use campanile_core::wire::{Operation, PromptOutcome, Reaction};
use serde_json::{Map, Value, json};

impl Visit<'_> {
    pub(super) fn popup_reaction(
        &mut self,
        batch: &mut Batch,
        operation: &Operation,
        at: Timestamp,
        (msg, impression): (MsgId, Option<Id>),
        reaction: Reaction,
        (button, url): (&str, &str),
    ) -> Result<(), Notice> {
        let mut campaign = msg.campaign;
        if let Some(id) = impression {
            let Some(before) = self.known.impressions.get(&id).cloned() else {
                return Err(Notice::new(
                    605,
                    "impression",
                    "This impression is not known; it was not counted.",
                ));
            };
            campaign = before.campaign;
            let mut after = before.clone();
            let moment = at.max(before.handed_at);
            let fresh = react(
                reaction,
                moment,
                [&mut after.shown_at, &mut after.clicked_at, &mut after.closed_at],
            );
            if fresh.is_empty() {
                return Ok(());
            }
            for measure in fresh {
                self.note(&before, measure, moment);
            }
            self.store
                .update_impression(batch, self.account(), &before, &after);
            self.known.impressions.insert(id, after);
        } else if self.known.popups.contains_key(&campaign) {
            let measure = match reaction {
                Reaction::Shown => Measure::Shown,
                Reaction::Clicked => Measure::Clicked,
                Reaction::Closed => Measure::Closed,
            };
            self.count(campaign, measure, None);
        } else {
            return Err(Notice::new(
                605,
                "msg",
                "There is no pop-up of this number here; it was not counted.",
            ));
        }
        let mut props = object(json!({"wzrk_id": msg.to_string(), "campaign": campaign}));
        for (name, value) in [("button", button), ("url", url)] {
            if !value.is_empty() {
                props.insert(name.to_owned(), json!(value));
            }
        }
        self.touch_session(at, false);
        let name = match reaction {
            Reaction::Shown => "Notification Viewed",
            Reaction::Clicked => "Notification Clicked",
            Reaction::Closed => "Notification Closed",
        };
        self.record(batch, operation, at, name, props);
        Ok(())
    }

    pub(super) fn push_reaction(
        &mut self,
        batch: &mut Batch,
        operation: &Operation,
        token: Id,
        reaction: Reaction,
        action: &str,
    ) -> Result<(), Notice> {
        let Some(before) = self.known.sends.get(&token).cloned() else {
            return Err(Notice::new(
                605,
                "send",
                "This message is not known; it was not counted.",
            ));
        };
        let at = self.moment(operation);
        let mut after = before.clone();
        let fresh = react(
            reaction,
            at,
            [
                &mut after.shown_at,
                &mut after.clicked_at,
                &mut after.dismissed_at,
            ],
        );
        if fresh.is_empty() {
            return Ok(());
        }
        for measure in fresh {
            self.count(before.campaign, measure, before.part.clone());
        }
        self.store.update_send(batch, self.account(), &before, &after);
        self.known.sends.insert(token, after);
        let name = match reaction {
            Reaction::Shown => "Notification Viewed",
            Reaction::Clicked => "Notification Clicked",
            Reaction::Closed => "Notification Dismissed",
        };
        let mut props = object(
            json!({"wzrk_id": before.campaign.to_string(), "campaign": before.campaign, "channel": "push"}),
        );
        if !action.is_empty() {
            props.insert("action".to_owned(), json!(action));
        }
        self.record_for(batch, operation, at, (before.ordinal, None), name, props);
        Ok(())
    }
}

impl Visit<'_> {
    /// Counts one thing that became of an impression, and holds it against the caps of the person.
    fn note(&mut self, impression: &ImpressionRow, measure: Measure, at: Timestamp) {
        let measure = if measure == Measure::Dismissed {
            Measure::Closed
        } else {
            measure
        };
        let (campaign, part) = (
            impression.campaign,
            Some((impression.revision, impression.variant.clone())),
        );
        self.count(campaign, measure, part.clone());
        let here = Here::new(
            self.now,
            &self.site.account.zone,
            self.here().device.id,
            self.here().device.state.session.number,
            self.place.view,
        );
        let mine = self.here().device.ordinal == impression.ordinal;
        let person = self.person_mut();
        let holds = person
            .row
            .ledger
            .entry(campaign)
            .is_some_and(|entry| entry.holds(impression.id));
        // Somebody else sat here when it was handed out: it is theirs.
        if !mine && !holds {
            return;
        }
        person.changed.ledger = true;
        let ledger = &mut person.row.ledger;
        match measure {
            Measure::Shown => {
                let as_handed = (impression.revision, impression.variant.as_str());
                if ledger.confirm(campaign, impression.id, as_handed, at, &here) {
                    self.count(campaign, Measure::Exposed, part);
                }
            }
            Measure::Clicked => ledger.click(campaign, at),
            Measure::Closed => ledger.close(campaign, at),
            _ => {}
        }
    }

    /// The page did not show it: its slot is free again.
    pub(super) fn give_back(&mut self, id: Id, reason: &str) {
        let Some(impression) = self.known.impressions.get(&id).cloned() else {
            return;
        };
        if impression.shown_at.is_some() {
            return;
        }
        tracing::debug!(campaign = %impression.campaign, reason, "a pop-up was given back");
        let person = self.person_mut();
        // Told twice, or by somebody whose it is not: no slot was freed, and nothing is counted.
        if !person.row.ledger.give_back(impression.campaign, id) {
            return;
        }
        person.changed.ledger = true;
        self.count(
            impression.campaign,
            Measure::Returned,
            Some((impression.revision, impression.variant.clone())),
        );
        self.tell_not_shown(impression.campaign, &format!("given back: {reason}"));
    }

    /// What became of a question about push. Of a pop-up that asked, the browser's answer is counted, once; a question that was put off is a
    /// click without an answer.
    pub(super) fn prompt(
        &mut self,
        batch: &mut Batch,
        operation: &Operation,
        at: Timestamp,
        outcome: PromptOutcome,
        asked_by: Option<(MsgId, Id)>,
    ) {
        let mut props = object(json!({"outcome": outcome.as_str()}));
        let known = asked_by.and_then(|(msg, id)| Some((msg, self.known.impressions.get(&id).cloned()?)));
        if let Some((msg, before)) = known {
            props.insert("wzrk_id".to_owned(), json!(msg.to_string()));
            props.insert("campaign".to_owned(), json!(before.campaign));
            let moment = Some(at.max(before.handed_at));
            let mut after = before.clone();
            let fresh = match outcome {
                PromptOutcome::Granted if before.granted_at.is_none() => {
                    after.granted_at = moment;
                    Some(Measure::Granted)
                }
                PromptOutcome::Denied if before.blocked_at.is_none() => {
                    after.blocked_at = moment;
                    Some(Measure::Blocked)
                }
                _ => None,
            };
            if let Some(measure) = fresh {
                let part = Some((before.revision, before.variant.clone()));
                self.count(before.campaign, measure, part);
                self.store
                    .update_impression(batch, self.account(), &before, &after);
                self.known.impressions.insert(before.id, after);
            }
        }
        self.record(batch, operation, at, "Permission Prompt", props);
    }

    /// What the visitor wrote into the field of a pop-up.
    pub(super) fn answer(
        &mut self,
        batch: &mut Batch,
        operation: &Operation,
        at: Timestamp,
        (msg, id): (MsgId, Id),
        (answer, comment, consent): (&Value, &str, bool),
        notices: &mut Vec<Notice>,
    ) -> Result<(), Notice> {
        let unknown = |field: &str, message: &str| Notice::new(605, field.to_owned(), message.to_owned());
        let before = self.known.impressions.get(&id).cloned().ok_or_else(|| {
            unknown(
                "impression",
                "This impression is not known; the answer was not kept.",
            )
        })?;
        let plan = self.known.popups.get(&before.campaign).ok_or_else(|| {
            unknown(
                "msg",
                "There is no pop-up of this number here; the answer was not kept.",
            )
        })?;
        let index = plan.experiment.index(&before.variant).unwrap_or(0);
        let field = plan
            .variant(index)
            .drawn_field()
            .cloned()
            .ok_or_else(|| unknown("msg", "This pop-up asks nothing; the answer was not kept."))?;
        let given = field
            .read(answer, comment, consent)
            .map_err(|fault| Notice::new(609, fault.field, fault.message))?;
        if before.answered_at.is_some() {
            return Ok(());
        }
        let moment = at.max(before.handed_at);
        let mut after = before.clone();
        after.answered_at = Some(moment);
        let mut fresh = Vec::new();
        if after.shown_at.is_none() {
            after.shown_at = Some(moment);
            fresh.push(Measure::Shown);
        }
        fresh.push(Measure::Answered);
        for measure in fresh {
            self.note(&before, measure, moment);
        }
        self.store
            .update_impression(batch, self.account(), &before, &after);
        let row = AnswerRow {
            impression: id,
            ordinal: self.here().device.ordinal,
            revision: before.revision,
            variant: before.variant.clone(),
            answer: given.value.clone(),
            comment: given.comment.clone(),
            consent,
            at: moment,
        };
        self.store
            .insert_answer(batch, self.account(), before.campaign, &row);
        self.known.impressions.insert(id, after);
        let mut props = object(json!({
            "wzrk_id": msg.to_string(), "campaign": before.campaign, "property": field.property, "answer": given.value,
        }));
        if !given.comment.is_empty() {
            props.insert("comment".to_owned(), json!(given.comment));
        }
        if field.consent.is_some() {
            props.insert("consent".to_owned(), json!(consent));
        }
        self.touch_session(at, false);
        self.record(batch, operation, at, "Popup Answered", props);
        let set = profile::clean_profile(Map::from_iter([(field.property.clone(), given.value)]), notices);
        self.set(set, notices);
        Ok(())
    }
}

/// Writes a reaction into the slots [shown, clicked, closed] that are still empty; what is new is to be counted. A click or a close of
/// something that was never reported as seen means that it was seen, or the funnel would widen downwards.
fn react(
    reaction: Reaction,
    at: Timestamp,
    [shown, clicked, closed]: [&mut Option<Timestamp>; 3],
) -> Vec<Measure> {
    let mut fresh = Vec::new();
    if matches!(reaction, Reaction::Shown | Reaction::Clicked) && shown.is_none() {
        *shown = Some(at);
        fresh.push(Measure::Shown);
    }
    if reaction == Reaction::Clicked && clicked.is_none() {
        *clicked = Some(at);
        fresh.push(Measure::Clicked);
    }
    if reaction == Reaction::Closed && closed.is_none() {
        *closed = Some(at);
        fresh.push(Measure::Dismissed);
    }
    fresh
}
