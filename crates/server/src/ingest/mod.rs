//! What browsers send: a batch of operations in, pop-ups to show out.
//!
//! [`Ingest::accept`] is the whole use case: read the visitor once, fold the operations, decide, write once. Left out: bytes (`http/sdk.rs`)
//! and rules (`campanile-core`). Invariant: it answers only after one durable batch that holds the events, what is derived from them, and
//! the ids by which a replay is recognised; a replayed operation changes nothing.

pub mod agent;
mod fold;
mod preview;

use crate::clock::{self, Clock};
use crate::geo::Caller;
use crate::live::Site;
use crate::page_link::{self, Purpose};
use crate::queue::{Job, Notice, Queue};
use crate::sight::Place;
use crate::store::Store;
use crate::store::db::{Batch, DbError, Outcome};
use crate::store::profiles::{DeviceRow, DeviceState, ProfileRow};
use crate::tail::Tail;
use crate::telemetry::Metrics;
use anyhow::Context as _;
use campanile_core::campaign::Body;
use campanile_core::event;
use campanile_core::event::Notice as OperationNotice;
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::popup::PopupMessage;
use campanile_core::profile::{Identity, IdentityKind};
use campanile_core::subscription::{Endpoint, PushHosts};
use campanile_core::time::Timestamp;
use campanile_core::wire::{
    Operation, PushSettings, Refusal, Reply, Request, Settings, What, Why, parse_operation,
};
use fold::{Asking, Known, Visit};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// What http knows of the sender beside the body.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    /// `Origin` header, or that of the page's URL.
    pub origin: Option<String>,
    /// `User-Agent` header.
    pub agent: String,
    /// Who calls; asked for a country only where the visitor's address may be used.
    pub caller: Caller,
    /// Address under which we were reached, which is the dashboard's as well; for whoever asks why.
    pub base: Option<String>,
}

/// Why a whole batch was not taken.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// Too many writers at once on one visitor; nothing was kept, the same batch may be sent again.
    #[error("the visitor was changed by others at the same time, again and again")]
    Contended,
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// Something of ours.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// The use case with what it needs.
pub struct Ingest {
    store: Store,
    queue: Queue,
    clock: Clock,
    hosts: PushHosts,
    metrics: Metrics,
    tail: Tail,
    ordinals: Mutex<HashMap<AccountId, VecDeque<u32>>>,
    seen: Mutex<HashMap<(AccountId, String), Timestamp>>,
    turns: Vec<tokio::sync::Mutex<()>>,
}

/// Profile numbers that a process takes at once. Small, because numbers left at its end are gaps.
const ORDINALS_AT_ONCE: u32 = 16;
/// An origin is noted as seen at most this often.
const SEEN_EVERY_MS: i64 = 60_000;
/// Origins that are remembered between notes; a flood of made-up origins empties the memory, not the machine.
const SEEN_MOST: usize = 10_000;
/// Tries on a visitor that others change at the same time.
const TRIES: usize = 10;

impl Ingest {
    /// Stands on its parts.
    pub fn new(
        store: Store,
        queue: Queue,
        clock: Clock,
        hosts: PushHosts,
        metrics: Metrics,
        tail: Tail,
    ) -> Self {
        Self {
            queue,
            store,
            clock,
            hosts,
            metrics,
            tail,
            ordinals: Mutex::default(),
            seen: Mutex::default(),
            turns: (0..64).map(|_| tokio::sync::Mutex::new(())).collect(),
        }
    }

    /// Takes a batch for `site`. Every operation is either counted in `accepted` or named in `refused` (or both, when only a part
    /// of it was left out).
    pub async fn accept(
        &self,
        site: &Site,
        request: &Request<'_>,
        sender: &Sender,
    ) -> Result<Reply, IngestError> {
        let now = self.clock.now();
        let mut refused = Vec::new();
        let mut operations = Vec::with_capacity(request.ops.len());
        let mut ids = HashSet::new();
        let mut repeated = 0;
        for raw in &request.ops {
            match parse_operation(raw) {
                Ok(operation) if ids.insert(operation.id) => operations.push(operation),
                Ok(_) => repeated += 1,
                Err(refusal) => refused.push(refusal),
            }
        }
        // One visitor's requests take turns in this process, so that two tabs do not make each other start over.
        let turn = request
            .device
            .map_or(0, |device| usize::from(device.bytes()[15] & 63));
        let _turn = match request.device {
            Some(_) => Some(self.turns[turn].lock().await),
            None => None,
        };
        let mut replays = HashSet::new();
        for attempt in 0..TRIES {
            // A replay is rare, so the first try does without asking; the guard in the batch notices one.
            if attempt > 0 {
                let ids: Vec<Id> = operations.iter().map(|operation| operation.id).collect();
                replays = self.store.known_operations(&site.account.id, &ids).await?;
            }
            let fresh: Vec<&Operation> = operations
                .iter()
                .filter(|operation| !replays.contains(&operation.id))
                .collect();
            let again: Vec<&Operation> = operations
                .iter()
                .filter(|operation| replays.contains(&operation.id))
                .collect();
            let tried = self.attempt(site, request, sender, (&fresh, &again), now).await?;
            if let Some(mut reply) = tried {
                reply.accepted += replays.len() + repeated;
                refused.append(&mut reply.refused);
                reply.refused = refused;
                self.metrics
                    .operations_taken(reply.accepted, reply.refused.len(), reply.messages.len());
                return Ok(reply);
            }
        }
        Err(IngestError::Contended)
    }

    /// One try; `None` when another writer was first and everything was rolled back.
    async fn attempt(
        &self,
        site: &Site,
        request: &Request<'_>,
        sender: &Sender,
        (operations, replayed): (&[&Operation], &[&Operation]),
        now: Timestamp,
    ) -> Result<Option<Reply>, IngestError> {
        let account = &site.account.id;
        let mut batch = Batch::new("ingest");
        let visitor = match request.device {
            Some(id) => Some(self.visitor(account, id, now).await?),
            None => None,
        };
        let whose = visitor.as_ref().map(|seen| seen.profile.ordinal);
        let mut known = self.known(site, whose, operations).await?;
        known.reachable = visitor.as_ref().is_some_and(|seen| seen.reachable);
        let mut visit = Visit::new(&self.store, site, &self.hosts, &self.clock, known, now);
        visit.caller = Some(&sender.caller);
        visit.skew_ms = request.now.map_or(0, |theirs| now.since(theirs));
        let (asking, link) = asked(site, request, now);
        visit.asking = asking;
        visit.watched = self
            .tail
            .listens(account)
            .then(|| fold::tell::browser(&sender.agent));
        if let Some(seen) = visitor {
            let place = Place {
                url: request.context.url.clone().unwrap_or_default(),
                referrer: request.context.referrer.clone().unwrap_or_default(),
                title: String::new(),
                view: request.view,
                busy: request.busy.clone(),
                can_show: request.show,
            };
            visit.enter(
                &mut batch,
                seen.device,
                seen.profile,
                seen.fresh,
                (&request.context, place),
                &sender.agent,
            );
        }
        for operation in replayed {
            visit.hand_again(operation);
        }
        for operation in operations {
            let spare = if visit.may_need_profile(operation) {
                Some(self.ordinal(account).await?)
            } else {
                None
            };
            if let Some(unused) = visit.apply(&mut batch, operation, spare) {
                self.give_back(account, unused);
            }
        }
        let viewed = operations
            .iter()
            .any(|operation| matches!(operation.what, What::Page { .. }));
        let seen = sender
            .origin
            .as_deref()
            .filter(|origin| viewed && self.newly_seen(account, origin, now));
        if let Some(origin) = seen {
            self.store.see(
                &mut batch,
                account,
                origin,
                &request
                    .sdk
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(32)
                    .collect::<String>(),
                now,
            );
        }
        visit.explain();
        let told = visit.told();
        let mut outcome = visit.leave(&mut batch);
        for occasion in &outcome.occasions {
            let job = Job::Occasion {
                account: account.to_string(),
                campaign: occasion.campaign,
                person: occasion.person,
                at: occasion.at,
            };
            self.queue.push(&mut batch, self.clock.id(), &job, occasion.due);
        }
        let tested = match self.test_message(site, request, now).await? {
            Ok(message) => {
                outcome.messages.extend(message);
                None
            }
            Err(fault) => Some(fault),
        };
        let why = match (outcome.explained, link) {
            (Some((campaigns, took_us)), link) => {
                let owner = link.ok();
                Some(Why {
                    campaigns,
                    took_us,
                    until: owner.map(|link| link.until),
                    dashboard: owner.and_then(|_| sender.base.clone()),
                    visitor: told,
                    fault: None,
                })
            }
            (None, link) => tested.or(link.err().flatten()).map(Why::refused),
        };
        if !batch.is_empty() {
            match self.store.db.write(batch).await? {
                Outcome::Done { .. } => {}
                Outcome::Conflict { .. } => return Ok(None),
            }
        }
        self.tail.say(account, outcome.lines);
        if let Some(origin) = seen {
            self.remember_seen(account, origin, now);
        }
        if outcome.occasions.iter().any(|occasion| occasion.due <= now) {
            self.queue.announce(Notice::Work);
        }
        let key = site
            .current_key(&outcome.browser)
            .map(|key| key.key.public_key().to_owned());
        Ok(Some(Reply {
            v: 1,
            device: request.device,
            session: outcome.session,
            identified: outcome.identified,
            opt_out: outcome.opt_out,
            settings: Settings {
                push: PushSettings {
                    enabled: key.is_some(),
                    key: key.unwrap_or_default(),
                    asking: site.account.settings.prompts.clone(),
                },
            },
            accepted: outcome.accepted,
            refused: outcome.refused,
            messages: outcome.messages,
            waiting: outcome.waiting,
            why,
        }))
    }

    /// Reads what the operations refer to: owners of identities, impressions, sends. `whose` is the visitor's profile, read before: who
    /// adds an identity to it after that has changed its version, and the batch starts over.
    async fn known(
        &self,
        site: &Site,
        whose: Option<Ordinal>,
        operations: &[&Operation],
    ) -> Result<Known, IngestError> {
        let account = &site.account.id;
        let mut known = Known::default();
        let mut impressions = Vec::new();
        let mut sends = Vec::new();
        let mut named = BTreeSet::new();
        for operation in operations {
            match &operation.what {
                What::Popup {
                    impression: Some(id), ..
                } => impressions.push(*id),
                What::Popup { msg, .. } => {
                    named.insert(msg.campaign);
                }
                What::Return { impression, .. }
                | What::Prompt {
                    asked_by: Some((_, impression)),
                    ..
                } => impressions.push(*impression),
                What::Answer { msg, impression, .. } => {
                    named.insert(msg.campaign);
                    impressions.push(*impression);
                }
                What::Push { send, .. } => sends.push(*send),
                What::Subscribe {
                    endpoint, replaces, ..
                } if whose.is_some() => {
                    for named in [Some(endpoint), replaces.as_ref()].into_iter().flatten() {
                        self.imported(account, whose, named, &mut known).await?;
                    }
                }
                What::Unsubscribe { endpoint } if whose.is_some() => {
                    self.imported(account, whose, endpoint, &mut known).await?;
                }
                What::Login { identity, .. } if whose.is_some() => {
                    for (name, value) in identity {
                        let Some(kind) = IdentityKind::parse(name) else {
                            continue;
                        };
                        let Ok(identity) = Identity::parse(kind, value) else {
                            continue;
                        };
                        if known.owners.contains_key(&identity) {
                            continue;
                        }
                        let owner = self.store.identity_owner(account, &identity).await?;
                        known.owners.insert(identity, owner);
                        if let Some(ordinal) = owner
                            && !known.profiles.contains_key(&ordinal)
                        {
                            let profile = self
                                .store
                                .profile(account, ordinal)
                                .await?
                                .context("an identity without its profile")?;
                            let identities = self.store.identities(account, ordinal).await?;
                            known.profiles.insert(ordinal, (profile, identities));
                        }
                    }
                }
                _ => {}
            }
        }
        let has_login = operations
            .iter()
            .any(|operation| matches!(operation.what, What::Login { .. }));
        if has_login && let Some(ordinal) = whose {
            known.own_identities = self.store.identities(account, ordinal).await?;
        }
        for id in named {
            if let Some(popup) = site.popup(id) {
                known.popups.insert(id, popup.plan.clone());
            } else if let Some(found) = self.store.campaign(account, id).await?
                && let Body::Popup(plan) = found.definition.body
            {
                known.popups.insert(id, *plan);
            }
        }
        if !impressions.is_empty() {
            known.impressions = self.store.impressions(account, &impressions).await?;
        }
        if !sends.is_empty() {
            known.sends = self.store.sends(account, &sends).await?;
        }
        let may_reach = operations.iter().any(|operation| match &operation.what {
            What::Event { name, .. } => event::clean_name(name, &mut Vec::new())
                .is_ok_and(|name| site.push_goals.iter().any(|push| push.goal.event == name)),
            _ => false,
        });
        if may_reach {
            for person in known.profiles.keys().copied().chain(whose) {
                let exposures = self.store.exposures(account, person).await?;
                known.exposures.insert(person, exposures);
            }
        }
        Ok(known)
    }

    /// Reads what an import knew of the browser with this endpoint.
    async fn imported(
        &self,
        account: &AccountId,
        whose: Option<Ordinal>,
        endpoint: &str,
        known: &mut Known,
    ) -> Result<(), IngestError> {
        // What no import would have taken need not be looked for.
        if Endpoint::parse(endpoint, &self.hosts).is_err() {
            return Ok(());
        }
        let Some((device, profile)) = self.store.imported_visitor(account, endpoint).await? else {
            return Ok(());
        };
        let ordinal = profile.ordinal;
        if whose != Some(ordinal) && !known.profiles.contains_key(&ordinal) {
            let identities = self.store.identities(account, ordinal).await?;
            known.profiles.insert(ordinal, (profile, identities));
        }
        known.imported.insert(endpoint.to_owned(), device);
        Ok(())
    }

    async fn visitor(&self, account: &AccountId, id: Id, now: Timestamp) -> Result<Seen, IngestError> {
        if let Some((device, profile, reachable)) = self.store.visitor(account, id).await? {
            return Ok(Seen {
                device,
                profile,
                fresh: false,
                reachable,
            });
        }
        let ordinal = self.ordinal(account).await?;
        let profile = ProfileRow::fresh(ordinal, now);
        let device = DeviceRow {
            id,
            ordinal,
            version: 1,
            state: DeviceState::default(),
            created_at: now,
            seen_at: now,
        };
        Ok(Seen {
            device,
            profile,
            fresh: true,
            reachable: false,
        })
    }

    /// The message of a signed link, as it is saved now, uncounted; or why there is none.
    async fn test_message(
        &self,
        site: &Site,
        request: &Request<'_>,
        now: Timestamp,
    ) -> Result<Result<Option<PopupMessage>, String>, IngestError> {
        let Some(token) = request.test.as_deref() else {
            return Ok(Ok(None));
        };
        let none = |why: &str| Ok(Err(why.to_owned()));
        // The overlay shows any message once: its own token, a tilde, and which.
        let (token, wanted) = token
            .split_once('~')
            .map_or((token, None), |(token, id)| (token, id.parse().ok()));
        let link = match page_link::verify(&site.link_key, token, now) {
            Ok(link) => link,
            Err(fault) => return none(refusal(fault)),
        };
        let (id, variant) = match (link.purpose, wanted) {
            (Purpose::Test(id, variant), _) => (id, variant),
            (Purpose::Why, Some(id)) => (CampaignId(id), 0),
            (Purpose::Why, None) => return none(refusal(page_link::Fault::Unknown)),
        };
        let Some(campaign) = self.store.campaign(&site.account.id, id).await? else {
            return none("The campaign of this link was deleted. Nothing is shown for it.");
        };
        let Body::Popup(plan) = campaign.draft.unwrap_or(campaign.definition).body else {
            return none("The campaign of this link is a push, which no page can show.");
        };
        let visitor = match request.device {
            Some(device) => self.visitor_of(&site.account.id, device).await?,
            None => None,
        };
        let message = preview::message(
            site,
            id,
            plan.variant(variant),
            visitor.as_ref(),
            request,
            now,
            fresh_id(&self.clock),
        );
        if message.is_none() {
            return none(
                "A text of this campaign cannot be read as a template. Open the campaign in the dashboard: its review says which one.",
            );
        }
        Ok(Ok(message))
    }

    async fn visitor_of(
        &self,
        account: &AccountId,
        device: Id,
    ) -> Result<Option<(DeviceRow, ProfileRow)>, DbError> {
        let found = self.store.visitor(account, device).await?;
        Ok(found.map(|(device, profile, _)| (device, profile)))
    }

    async fn ordinal(&self, account: &AccountId) -> Result<Ordinal, IngestError> {
        let pool = |take: &mut dyn FnMut(&mut VecDeque<u32>) -> Option<u32>| {
            let mut pools = self.ordinals.lock().unwrap_or_else(PoisonError::into_inner);
            take(pools.entry(account.clone()).or_default())
        };
        if let Some(ordinal) = pool(&mut VecDeque::pop_front) {
            return Ok(Ordinal(ordinal));
        }
        let first = self.store.take_ordinals(account, ORDINALS_AT_ONCE).await?;
        let taken = pool(&mut |numbers| {
            numbers.extend(first + 1..first + ORDINALS_AT_ONCE);
            Some(first)
        });
        Ok(Ordinal(taken.unwrap_or(first)))
    }

    fn give_back(&self, account: &AccountId, ordinal: Ordinal) {
        let mut pools = self.ordinals.lock().unwrap_or_else(PoisonError::into_inner);
        pools.entry(account.clone()).or_default().push_front(ordinal.0);
    }

    fn newly_seen(&self, account: &AccountId, origin: &str, now: Timestamp) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seen.get(&(account.clone(), origin.to_owned()));
        last.is_none_or(|last| now.since(*last) >= SEEN_EVERY_MS)
    }

    fn remember_seen(&self, account: &AccountId, origin: &str, now: Timestamp) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SEEN_MOST {
            seen.clear();
        }
        seen.insert((account.clone(), origin.to_owned()), now);
    }
}

/// A visitor as read.
struct Seen {
    device: DeviceRow,
    profile: ProfileRow,
    /// Never seen before.
    fresh: bool,
    /// Has a live push subscription.
    reachable: bool,
}

fn refuse(operation: &Operation, notice: OperationNotice) -> Refusal {
    Refusal {
        id: Some(operation.id),
        notice,
    }
}

/// A fresh id for an impression; here because `fold` takes its randomness from one place.
fn fresh_id(clock: &Clock) -> Id {
    Id::new(clock.now(), clock::random())
}

/// Who asks why, with the link that says so, or with what to answer where the question is not heard. Nobody asked: no words.
fn asked(
    site: &Site,
    request: &Request<'_>,
    now: Timestamp,
) -> (Asking, Result<page_link::PageLink, Option<String>>) {
    match request.why.as_deref() {
        None | Some("") => (Asking::No, Err(None)),
        Some("debug") if site.account.settings.debug_overlay => (Asking::Debug, Err(None)),
        Some("debug") => {
            let off = "The debug switch of a browser opens nothing for this account. Allow it in Settings, Engage, Caps and quiet hours, or open this page by a link from the dashboard.";
            (Asking::No, Err(Some(off.to_owned())))
        }
        Some(token) => match page_link::verify(&site.link_key, token, now) {
            Ok(link) if link.purpose == Purpose::Why => (Asking::Owner, Ok(link)),
            Ok(_) => (
                Asking::No,
                Err(Some(refusal(page_link::Fault::Unknown).to_owned())),
            ),
            Err(fault) => (Asking::No, Err(Some(refusal(fault).to_owned()))),
        },
    }
}

/// What the page says of a link that opens nothing.
fn refusal(fault: page_link::Fault) -> &'static str {
    match fault {
        page_link::Fault::Ended => {
            "This link has ended: it was good for two hours. Nothing was counted. Make a new one in the dashboard, on the page of the campaign or of the person."
        }
        page_link::Fault::Unknown => {
            "This link was not made for this, or its address was changed or cut off. Nothing was counted. Make a new one in the dashboard, on the page of the campaign or of the person."
        }
    }
}
