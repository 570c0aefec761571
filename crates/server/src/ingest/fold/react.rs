//! What people did with a pop-up or a notification: slots filled, counted once, and told in the history.
//!
//! Left out: handing out and sending. Invariant: only an empty slot is filled and counted; what names no message of this account counts
//! nothing.

use super::{Visit, object};
use crate::store::db::Batch;
use campanile_core::event::Notice;
use campanile_core::id::Id;
use campanile_core::popup::MsgId;
use campanile_core::stats::Measure;
use campanile_core::time::Timestamp;
use campanile_core::wire::{Operation, Reaction};
use serde_json::json;

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
            let Some(before) = self.known.impressions.get(&id).copied() else {
                return Err(Notice::new(
                    605,
                    "impression",
                    "This impression is not known; it was not counted.",
                ));
            };
            campaign = before.campaign;
            let mut after = before;
            let fresh = react(
                reaction,
                at.max(before.handed_at),
                [&mut after.shown_at, &mut after.clicked_at, &mut after.closed_at],
            );
            if fresh.is_empty() {
                return Ok(());
            }
            for measure in fresh {
                self.count(
                    campaign,
                    if measure == Measure::Dismissed {
                        Measure::Closed
                    } else {
                        measure
                    },
                );
            }
            self.store
                .update_impression(batch, self.account(), &before, &after);
            self.known.impressions.insert(id, after);
        } else if self.known.popups.contains(&campaign) {
            let measure = match reaction {
                Reaction::Shown => Measure::Shown,
                Reaction::Clicked => Measure::Clicked,
                Reaction::Closed => Measure::Closed,
            };
            self.count(campaign, measure);
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
        let Some(before) = self.known.sends.get(&token).copied() else {
            return Err(Notice::new(
                605,
                "send",
                "This message is not known; it was not counted.",
            ));
        };
        let at = self.moment(operation);
        let mut after = before;
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
            self.count(before.campaign, measure);
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
