//! Whom a push is meant for, and the words that each of them gets: use case of the sender, the dashboard and the API.
//!
//! A subscriber is seen as on their last visit, by the same evaluator as a visitor. Left out: sending. Invariant: whoever the estimate
//! counts is whoever the sender takes, for both ask the same functions; nothing is written.

use crate::live::Site;
use crate::sight::{Place, Sight};
use crate::store::Store;
use crate::store::db::DbError;
use crate::store::subscriptions::Subscriber;
use campanile_core::FieldError;
use campanile_core::decide::{Moment, Words};
use campanile_core::id::{CampaignId, Id};
use campanile_core::notification::{
    Given, MAX_PAYLOAD_BYTES, PreparedPush, PushMessage, SMALL_PAYLOAD_BYTES, Unfillable,
};
use campanile_core::push_plan::PushPlan;
use campanile_core::segment::Rules;
use campanile_core::time::Timestamp;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Property of a profile in which a site says what language the person reads, as a BCP 47 tag.
const LANGUAGE: &str = "Language";
/// Subscribers that are looked at in one go.
const PAGE: u32 = 500;
/// Subscribers that an estimate looks at, for a program that can wait; beyond, it goes by the share of those that it has seen.
pub const MOST: u64 = 20_000;
/// The same for a page.
pub const AT_A_GLANCE: u64 = 2_000;

/// What is to be expected of a push.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Live subscriptions of the site.
    pub subscribers: u64,
    /// Those that were looked at.
    pub looked_at: u64,
    /// Of these, those whom the push is meant for.
    pub meant: u64,
    /// Of those, how many would get nothing, by the reason: a text cannot be filled for them, or it becomes too large.
    pub left_out: BTreeMap<String, u64>,
    /// Bytes of the largest payload among those that were filled; 0 where everybody gets the same.
    pub largest_bytes: usize,
}

impl Estimate {
    /// How many get it, of all: counted, or by the share of those that were looked at.
    pub fn reached(&self) -> u64 {
        let reached = self.meant - self.left_out.values().sum::<u64>().min(self.meant);
        if self.is_exact() {
            return reached;
        }
        let share = u128::from(reached) * u128::from(self.subscribers) / u128::from(self.looked_at.max(1));
        u64::try_from(share).unwrap_or(u64::MAX)
    }

    /// Whether everybody was looked at.
    pub fn is_exact(&self) -> bool {
        self.looked_at >= self.subscribers
    }
}

/// Counts whom a plan would reach now, looking at no more than `most` or few more. A plan whose texts cannot be parsed is an error that names the text.
pub async fn estimate(
    store: &Store,
    site: &Site,
    plan: &PushPlan,
    now: Timestamp,
    most: u64,
) -> Result<Result<Estimate, FieldError>, DbError> {
    let prepared: Result<Vec<_>, _> = plan.messages().map(PreparedPush::new).collect();
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(fault) => return Ok(Err(fault)),
    };
    let is_same_for_all = prepared.iter().all(PreparedPush::is_same_for_all);
    // What an event will hold is not known before it happens.
    let reads_event = prepared.iter().any(|prepared| prepared.reads(Given::EVENT));
    let can_be_filled = !(plan.on_event.is_some() && reads_event);
    let given = plan
        .on_request
        .as_ref()
        .map(|request| Given::Data(request.sample.clone()));
    let account = &site.account.id;
    let mut found = Estimate {
        subscribers: store.reach(account).await?.values().sum(),
        ..Estimate::default()
    };
    if plan.audience.is_empty() && is_same_for_all {
        found.looked_at = found.subscribers;
        found.meant = found.subscribers;
        return Ok(Ok(found));
    }
    let mut after = Vec::new();
    while found.looked_at < most {
        let ids = store.live_subscriptions(account, after.clone(), PAGE).await?;
        let Some((last, _)) = ids.last() else { break };
        let (from, to) = (after, last.bytes());
        after = to.clone();
        let known = store.subscribers_between(account, from, to).await?;
        found.looked_at += ids.len() as u64;
        for (_, subscriber) in known {
            if !is_meant(site, &plan.audience, &subscriber, now) {
                continue;
            }
            found.meant += 1;
            if !can_be_filled {
                continue;
            }
            // Who gets which variant depends on the campaign's number; that as many do does not.
            let person = subscriber.profile.ordinal;
            let Some(variant) = plan.experiment.draw(account, CampaignId(0), person) else {
                continue;
            };
            match fill(site, &prepared[variant], &subscriber, given.as_ref(), now) {
                Ok(message) => {
                    let bytes = message.largest_payload_bytes();
                    found.largest_bytes = found.largest_bytes.max(bytes);
                    if bytes > MAX_PAYLOAD_BYTES {
                        *found.left_out.entry(too_large(bytes)).or_default() += 1;
                    }
                }
                Err(fault) => *found.left_out.entry(fault.to_string()).or_default() += 1,
            }
        }
        if ids.len() < PAGE as usize {
            break;
        }
    }
    // Between the count and the last page somebody may have subscribed or left.
    if found.looked_at < most {
        found.subscribers = found.looked_at;
    }
    Ok(Ok(found))
}

/// Whether a push is meant for a subscriber.
pub fn is_meant(site: &Site, audience: &Rules, subscriber: &Subscriber, now: Timestamp) -> bool {
    if audience.is_empty() {
        return true;
    }
    let place = Place::default();
    let sight = Sight::new(site, &subscriber.device, &subscriber.profile, &place, true, now);
    audience.hold(&sight.visitor().facts)
}

/// The message with the words of a subscriber's language, filled with their data and what is given with this sending.
pub fn fill<'p>(
    site: &Site,
    prepared: &'p PreparedPush,
    subscriber: &Subscriber,
    given: Option<&Given>,
    now: Timestamp,
) -> Result<Cow<'p, PushMessage>, Unfillable> {
    let place = Place::default();
    let sight = Sight::new(site, &subscriber.device, &subscriber.profile, &place, true, now);
    let visitor = sight.visitor();
    let words = match given {
        None => Words::new(&visitor, Moment::Page),
        Some(Given::Event { name, props }) => Words::new(&visitor, Moment::Event(name, props)),
        Some(Given::Data(data)) => Words::new(&visitor, Moment::Page).with_data(data),
    };
    prepared.fill(&language_of(subscriber), &words)
}

/// What the site knows of the person's language goes before what their browser says; `pt_BR` is written for `pt-BR` often enough.
fn language_of(subscriber: &Subscriber) -> Cow<'_, str> {
    match subscriber.profile.properties.get(LANGUAGE) {
        Some(Value::String(tag)) if !tag.trim().is_empty() => Cow::Owned(tag.trim().replace('_', "-")),
        _ => Cow::Borrowed(&subscriber.device.state.language),
    }
}

/// The payload of a message, or why it cannot be sent.
pub fn payload(
    site: &Site,
    campaign: CampaignId,
    message: &PushMessage,
    send: Id,
    endpoint: Option<&str>,
) -> Result<Vec<u8>, String> {
    let payload = message.payload(&site.account.id, campaign, send, endpoint);
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(too_large(payload.len()));
    }
    Ok(payload)
}

/// The payload of a message with less in it, for a browser that takes little; none where the message is small, or cannot be.
pub fn smaller_payload(
    site: &Site,
    campaign: CampaignId,
    message: &PushMessage,
    send: Id,
    endpoint: Option<&str>,
) -> Option<Vec<u8>> {
    let payload = |message: &PushMessage| message.payload(&site.account.id, campaign, send, endpoint);
    let less = message.smaller(|less| payload(less).len() <= SMALL_PAYLOAD_BYTES)?;
    Some(payload(&less))
}

fn too_large(bytes: usize) -> String {
    format!("{bytes} bytes is too large with this person's data; the limit is {MAX_PAYLOAD_BYTES}.")
}
