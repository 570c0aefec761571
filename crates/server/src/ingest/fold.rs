//! Folds one batch's operations over one visitor.
//!
//! Everything it needs was read before; it changes its own copy, writes statements into the batch and collects the reply. Left out: reading
//! and committing. Invariant: each profile and the device are written at most once, at the end, guarded by the version that was read.

mod adopt;
mod hand_out;
mod react;
pub(super) mod tell;

use super::{agent, fresh_id, refuse};
use crate::clock::Clock;
use crate::geo::Caller;
use crate::live::Site;
use crate::sight::{self, Place};
use crate::store::Store;
use crate::store::db::Batch;
use crate::store::events::EventRow;
use crate::store::exposures::ExposureRow;
use crate::store::impressions::ImpressionRow;
use crate::store::profiles::{Changes, DeviceRow, ProfileRow, SessionState};
use crate::store::sends::SendRow;
use crate::store::subscriptions::SubscriptionRow;
use crate::tail::Line;
use campanile_core::campaign::PopupPlan;
use campanile_core::decide::{Explained, Moment};
use campanile_core::event::{self, Notice};
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::popup::PopupMessage;
use campanile_core::profile::{self, Identity, IdentityKind, Login};
use campanile_core::stats::Measure;
use campanile_core::subscription::{Endpoint, Keys, PushHosts};
use campanile_core::time::{Day, Timestamp};
use campanile_core::wire::{Context, Operation, Refusal, SessionReply, Waiting, What};
use campanile_push::ece;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// How far back a browser's clock is believed.
const OLDEST_MS: i64 = 60 * 24 * 3600 * 1000;

/// What was read for the operations.
#[derive(Default)]
pub(super) struct Known {
    pub(super) owners: HashMap<Identity, Option<Ordinal>>,
    pub(super) profiles: BTreeMap<Ordinal, (ProfileRow, Vec<Identity>)>,
    pub(super) own_identities: Vec<Identity>,
    pub(super) impressions: HashMap<Id, ImpressionRow>,
    pub(super) sends: HashMap<Id, SendRow>,
    /// Pushes that people were exposed to, where an event may be the goal of one.
    pub(super) exposures: HashMap<Ordinal, HashMap<CampaignId, ExposureRow>>,
    /// Pop-ups that reactions without an impression and answers name, and that exist.
    pub(super) popups: HashMap<CampaignId, PopupPlan>,
    /// Browsers that an import made, by the endpoints that operations name.
    pub(super) imported: HashMap<String, DeviceRow>,
    /// The visitor can be reached by push.
    pub(super) reachable: bool,
}

/// What a fold leaves behind for the reply.
pub(super) struct Left {
    pub(super) session: Option<SessionReply>,
    /// Family of the browser, empty where nothing is known of it.
    pub(super) browser: String,
    pub(super) identified: bool,
    pub(super) opt_out: bool,
    pub(super) accepted: usize,
    pub(super) refused: Vec<Refusal>,
    pub(super) messages: Vec<PopupMessage>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) explained: Option<(Vec<Explained>, u64)>,
    pub(super) occasions: Vec<Occasion>,
    /// What happened, for whoever watches.
    pub(super) lines: Vec<Line>,
}

/// A push that a person's event calls for.
pub(super) struct Occasion {
    pub(super) campaign: CampaignId,
    pub(super) person: Ordinal,
    pub(super) at: Timestamp,
    pub(super) due: Timestamp,
}

/// Who wants to know why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// Nobody.
    No,
    /// The debug switch of a browser.
    Debug,
    /// An owner by a signed link.
    Owner,
}

struct Person {
    row: ProfileRow,
    identities: Vec<Identity>,
    changed: Changes,
}

struct Here {
    device: DeviceRow,
    fresh: bool,
}

/// One visitor while a batch is folded over it.
pub(super) struct Visit<'a> {
    store: &'a Store,
    site: &'a Site,
    hosts: &'a PushHosts,
    clock: &'a Clock,
    known: Known,
    now: Timestamp,
    day: Day,
    people: BTreeMap<Ordinal, Person>,
    here: Option<Here>,
    counts: BTreeMap<Counted, u64>,
    left: Left,
    place: Place,
    /// Server clock less browser clock.
    pub(super) skew_ms: i64,
    /// Who wants to know why messages are shown or not.
    pub(super) asking: Asking,
    /// Who calls, where that is known.
    pub(super) caller: Option<&'a Caller>,
    /// Somebody watches what happens: the browser that sends, in words.
    pub(super) watched: Option<String>,
}

/// What is counted: a measure of a variant of a revision of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Counted {
    campaign: CampaignId,
    measure: Measure,
    /// Revision and variant of a pop-up; a push has none.
    part: Option<(u32, String)>,
}

impl<'a> Visit<'a> {
    pub(super) fn new(
        store: &'a Store,
        site: &'a Site,
        hosts: &'a PushHosts,
        clock: &'a Clock,
        mut known: Known,
        now: Timestamp,
    ) -> Self {
        let people = std::mem::take(&mut known.profiles)
            .into_iter()
            .map(|(ordinal, (row, identities))| {
                (
                    ordinal,
                    Person {
                        row,
                        identities,
                        changed: Changes::default(),
                    },
                )
            })
            .collect();
        let left = Left {
            session: None,
            browser: String::new(),
            identified: false,
            opt_out: false,
            accepted: 0,
            refused: Vec::new(),
            messages: Vec::new(),
            waiting: Vec::new(),
            explained: None,
            occasions: Vec::new(),
            lines: Vec::new(),
        };
        let day = Day::of(now, &site.account.zone);
        Self {
            store,
            site,
            hosts,
            clock,
            known,
            now,
            day,
            people,
            here: None,
            counts: BTreeMap::new(),
            left,
            place: Place::default(),
            skew_ms: 0,
            asking: Asking::No,
            caller: None,
            watched: None,
        }
    }

    fn account(&self) -> &'a AccountId {
        &self.site.account.id
    }

    /// The visitor comes in.
    pub(super) fn enter(
        &mut self,
        batch: &mut Batch,
        mut device: DeviceRow,
        profile: ProfileRow,
        fresh: bool,
        (context, place): (&Context, Place),
        user_agent: &str,
    ) {
        self.place = place;
        let state = &mut device.state;
        let short = |text: &Option<String>, known: &mut String| {
            if let Some(text) = text {
                *known = text.chars().take(64).collect();
            }
        };
        short(&context.language, &mut state.language);
        short(&context.zone, &mut state.zone);
        short(&context.push, &mut state.push);
        state.touch = context.touch.unwrap_or(state.touch);
        if !user_agent.is_empty() {
            agent::browser(user_agent).clone_into(&mut state.browser);
            agent::system(user_agent).clone_into(&mut state.system);
            agent::kind(user_agent, state.touch, context.width.zip(context.height))
                .clone_into(&mut state.kind);
        }
        state.imported.clear();
        device.seen_at = self.now;
        if fresh {
            self.store
                .insert_profile(batch, self.account(), &profile, self.now);
        }
        let ordinal = profile.ordinal;
        let identities = std::mem::take(&mut self.known.own_identities);
        // The same person may have been read as the owner of an identity, too.
        self.people.entry(ordinal).or_insert(Person {
            row: profile,
            identities,
            changed: Changes::default(),
        });
        self.here = Some(Here { device, fresh });
        self.locate();
    }

    /// The country is looked up only where the visitor's address may be used, and is not kept where it may not.
    fn locate(&mut self) {
        let caller = self.caller;
        let state = &mut self.here_mut().device.state;
        state.country = match caller {
            Some(caller) if state.use_ip && !state.opt_out => caller.country(),
            _ => String::new(),
        };
    }

    /// Whether applying the operation could make a new profile, so that a number has to be at hand.
    pub(super) fn may_need_profile(&self, operation: &Operation) -> bool {
        self.here.is_some() && matches!(operation.what, What::Logout | What::Login { .. })
    }

    /// Applies one operation; gives `spare` back when it was not needed.
    pub(super) fn apply(
        &mut self,
        batch: &mut Batch,
        operation: &Operation,
        spare: Option<Ordinal>,
    ) -> Option<Ordinal> {
        let mut notices = Vec::new();
        let mut spare = spare;
        match self.take(batch, operation, &mut spare, &mut notices) {
            Ok(()) => {
                self.store.take_operation(batch, self.account(), operation.id);
                self.left.accepted += 1;
            }
            Err(notice) => notices.push(notice),
        }
        self.left
            .refused
            .extend(notices.into_iter().map(|notice| refuse(operation, notice)));
        spare
    }

    fn take(
        &mut self,
        batch: &mut Batch,
        operation: &Operation,
        spare: &mut Option<Ordinal>,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Notice> {
        if let What::Push {
            send,
            reaction,
            action,
        } = &operation.what
        {
            return self.push_reaction(batch, operation, *send, *reaction, action);
        }
        let Some(here) = &self.here else {
            return Err(Notice::new(
                604,
                "device",
                "“device” is missing; the operation was not kept.",
            ));
        };
        if here.device.state.opt_out && !matches!(operation.what, What::Privacy { .. }) {
            return Err(Notice::whole(
                603,
                "This visitor has opted out; the operation was not kept.",
            ));
        }
        let at = self.moment(operation);
        match &operation.what {
            What::Page { url, referrer, title } => {
                self.touch_session(at, true);
                sight::note_utm(&mut self.here_mut().device.state.session, url);
                self.place.url.clone_from(url);
                self.place.referrer.clone_from(referrer);
                self.place.title.clone_from(title);
                self.place.view = Some(operation.id);
                let props = object(json!({"url": url, "referrer": referrer, "title": title}));
                self.record(batch, operation, at, "Page Viewed", props);
                self.decide(batch, operation, at, Moment::Page);
            }
            What::Event { name, props } => {
                let name = event::clean_name(name, notices)?;
                let props = event::clean_props(props.clone(), "props", notices);
                self.touch_session(at, false);
                self.reach_goals(&name, &props, at);
                self.reach_push_goals(batch, &name, &props, at);
                self.record(batch, operation, at, &name, props.clone());
                self.decide(batch, operation, at, Moment::Event(&name, &props));
            }
            What::Profile { set } => {
                let set = profile::clean_profile(set.clone(), notices);
                self.set(set, notices);
            }
            What::Login { identity, set } => {
                self.login(batch, identity, spare, notices)?;
                let set = profile::clean_profile(set.clone(), notices);
                self.set(set, notices);
            }
            What::Logout => {
                if self.person().row.identified
                    && let Some(ordinal) = spare.take()
                {
                    self.move_to_new(batch, ordinal);
                }
            }
            What::Privacy { opt_out, use_ip } => {
                let state = &mut self.here_mut().device.state;
                state.opt_out = opt_out.unwrap_or(state.opt_out);
                state.use_ip = use_ip.unwrap_or(state.use_ip);
                self.locate();
            }
            What::Subscribe { .. } => self.subscribe(batch, operation, at)?,
            What::Unsubscribe { endpoint } => {
                self.adopt(batch, endpoint);
                self.store.unsubscribe(batch, self.account(), endpoint, self.now);
                self.here_mut().device.state.subscribed_at = None;
                self.record(batch, operation, at, "Push Unsubscribed", Map::new());
            }
            What::Prompt { outcome, asked_by } => self.prompt(batch, operation, at, *outcome, *asked_by),
            What::Popup {
                msg,
                impression,
                reaction,
                button,
                url,
            } => {
                self.popup_reaction(
                    batch,
                    operation,
                    at,
                    (*msg, *impression),
                    *reaction,
                    (button, url),
                )?;
            }
            What::Due { campaign, event } => {
                let event = event.as_ref().map(|(name, props)| (name.as_str(), props));
                self.decide(batch, operation, at, Moment::Due(*campaign, event));
            }
            What::Return {
                impression, reason, ..
            } => self.give_back(*impression, reason),
            What::Answer {
                msg,
                impression,
                answer,
                comment,
                consent,
            } => {
                self.answer(
                    batch,
                    operation,
                    at,
                    (*msg, *impression),
                    (answer, comment, *consent),
                    notices,
                )?;
            }
            What::Push { .. } => unreachable!("handled above"),
        }
        Ok(())
    }

    /// Whether the moment inside an id can be that at which it was made.
    fn is_believable(&self, id: Id) -> bool {
        let made = id.moment();
        made >= self.now.plus_ms(-OLDEST_MS) && made <= self.now.plus_ms(24 * 3600 * 1000)
    }

    /// The server's time of an operation: the browser's, corrected by the difference of the clocks, within what is believable.
    fn moment(&self, operation: &Operation) -> Timestamp {
        let corrected = operation.at.plus_ms(self.skew_ms);
        corrected.clamp(self.now.plus_ms(-OLDEST_MS), self.now)
    }

    fn here(&self) -> &Here {
        self.here
            .as_ref()
            .expect("operations other than push reactions are taken only with a device")
    }

    fn here_mut(&mut self) -> &mut Here {
        self.here
            .as_mut()
            .expect("operations other than push reactions are taken only with a device")
    }

    fn person(&self) -> &Person {
        self.people
            .get(&self.here().device.ordinal)
            .expect("the device's person is among the people")
    }

    fn person_mut(&mut self) -> &mut Person {
        let ordinal = self.here().device.ordinal;
        self.people
            .get_mut(&ordinal)
            .expect("the device's person is among the people")
    }

    fn touch_session(&mut self, at: Timestamp, page: bool) {
        sight::touch_session(&mut self.here_mut().device.state.session, at, page);
    }

    fn record(
        &mut self,
        batch: &mut Batch,
        operation: &Operation,
        at: Timestamp,
        name: &str,
        props: Map<String, Value>,
    ) {
        let here = self.here();
        let (ordinal, device) = (here.device.ordinal, Some(here.device.id));
        self.record_for(batch, operation, at, (ordinal, device), name, props);
    }

    fn record_for(
        &mut self,
        batch: &mut Batch,
        operation: &Operation,
        at: Timestamp,
        (ordinal, device): (Ordinal, Option<Id>),
        name: &str,
        props: Map<String, Value>,
    ) {
        let made = operation.id.moment();
        let believable = self.is_believable(operation.id);
        let event = EventRow {
            id: operation.id,
            ordinal,
            device,
            at,
            filed_at: if believable { made } else { self.now },
            name: name.to_owned(),
            props,
        };
        for push in &self.site.pushes {
            if push.on_event.meets(name, &event.props, self.now) {
                self.left.occasions.push(Occasion {
                    campaign: push.id,
                    person: ordinal,
                    at,
                    due: push.on_event.due(at),
                });
            }
        }
        self.store.insert_event(batch, self.account(), &event);
        self.tell_event(&event);
        let day = Day::of(at, &self.site.account.zone);
        if let Some(person) = self.people.get_mut(&ordinal) {
            person.row.activity.note(name, at, day);
            person.changed.activity = true;
        }
    }

    fn count(&mut self, campaign: CampaignId, measure: Measure, part: Option<(u32, String)>) {
        let counted = Counted {
            campaign,
            measure,
            part,
        };
        *self.counts.entry(counted).or_default() += 1;
    }

    fn set(&mut self, set: Map<String, Value>, notices: &mut Vec<Notice>) {
        if set.is_empty() {
            return;
        }
        let person = self.person_mut();
        let mut properties = person.row.properties.clone();
        properties.extend(set);
        if profile::properties_bytes(&properties) > profile::MAX_PROFILE_BYTES {
            notices.push(Notice::new(
                544,
                "set",
                "The profile's properties together are larger than 64 KiB; these were left out.",
            ));
            return;
        }
        person.changed.properties |= person.row.properties != properties;
        person.row.properties = properties;
    }

    fn login(
        &mut self,
        batch: &mut Batch,
        given: &Map<String, Value>,
        spare: &mut Option<Ordinal>,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Notice> {
        let mut identities = Vec::new();
        for kind in IdentityKind::ALL {
            if let Some(value) = given.get(kind.as_str()) {
                match Identity::parse(kind, value) {
                    Ok(identity) => identities.push(identity),
                    Err(notice) => notices.push(notice),
                }
            }
        }
        if identities.is_empty() {
            return Err(Notice::new(
                602,
                "identity",
                "A login needs an Identity, Email or Phone; nobody was logged in.",
            ));
        }
        let owners: Vec<Option<Ordinal>> = identities
            .iter()
            .map(|identity| self.known.owners.get(identity).copied().flatten())
            .collect();
        let current = self.here().device.ordinal;
        match profile::login(current, &self.person().identities, &identities, &owners) {
            Login::Take => {}
            Login::MergeInto(owner) => self.merge_into(batch, owner),
            Login::MoveTo(owner) => self.move_to(batch, owner),
            Login::MoveToNew => {
                if let Some(ordinal) = spare.take() {
                    self.move_to_new(batch, ordinal);
                }
            }
        }
        let me = self.here().device.ordinal;
        for identity in identities {
            match self.known.owners.get(&identity).copied().flatten() {
                None if self.has_enough(identity.kind) => {
                    let kind = identity.kind.as_str();
                    notices.push(Notice::new(
                        602,
                        format!("identity.{kind}"),
                        format!(
                            "This person has {} of {kind} already, the most that are kept; it was left out.",
                            profile::MAX_IDENTITIES
                        ),
                    ));
                }
                None => {
                    self.store.insert_identity(batch, self.account(), &identity, me);
                    self.known.owners.insert(identity.clone(), Some(me));
                    let person = self.person_mut();
                    person.identities.push(identity);
                    person.row.identified = true;
                    person.changed.properties = true;
                }
                Some(owner) if owner == me => {}
                Some(_) => {
                    let kind = identity.kind.as_str();
                    notices.push(Notice::new(
                        602,
                        format!("identity.{kind}"),
                        format!("This {kind} belongs to another person; it was left out."),
                    ));
                }
            }
        }
        Ok(())
    }

    fn has_enough(&self, kind: IdentityKind) -> bool {
        let known = &self.person().identities;
        known.iter().filter(|identity| identity.kind == kind).count() >= profile::MAX_IDENTITIES
    }

    fn merge_into(&mut self, batch: &mut Batch, owner: Ordinal) {
        let (from, device) = (self.here().device.ordinal, self.here().device.id);
        if self.merge(batch, (from, owner), device) {
            self.here_mut().device.ordinal = owner;
        }
    }

    /// Merges a person into another; of the browsers `device` is left to the caller. False where there is no such person.
    fn merge(&mut self, batch: &mut Batch, (from, into): (Ordinal, Ordinal), device: Id) -> bool {
        let Some(anonymous) = self.people.remove(&from) else {
            return false;
        };
        self.store
            .merge_profile(batch, self.account(), (from, anonymous.row.version), into, device);
        let moved = self.known.exposures.remove(&from).unwrap_or_default();
        let theirs = self.known.exposures.entry(into).or_default();
        for (campaign, exposure) in moved {
            theirs.entry(campaign).or_insert(exposure);
        }
        if let Some(person) = self.people.get_mut(&into) {
            profile::merge_properties(&mut person.row.properties, anonymous.row.properties);
            person.row.activity.merge(anonymous.row.activity);
            person.row.ledger.merge(anonymous.row.ledger);
            person.changed = Changes::ALL;
        }
        true
    }

    fn move_to(&mut self, batch: &mut Batch, ordinal: Ordinal) {
        let here = self.here_mut();
        here.device.ordinal = ordinal;
        // Somebody else sits here now: what the first person saw must not be held against the second.
        here.device.state.session = SessionState {
            number: here.device.state.session.number,
            ..SessionState::default()
        };
        let device = here.device.id;
        self.store
            .move_subscriptions(batch, self.account(), device, ordinal);
    }

    fn move_to_new(&mut self, batch: &mut Batch, ordinal: Ordinal) {
        let row = ProfileRow::fresh(ordinal, self.now);
        self.store.insert_profile(batch, self.account(), &row, self.now);
        self.people.insert(
            ordinal,
            Person {
                row,
                identities: Vec::new(),
                changed: Changes::default(),
            },
        );
        self.move_to(batch, ordinal);
    }

    fn subscribe(&mut self, batch: &mut Batch, operation: &Operation, at: Timestamp) -> Result<(), Notice> {
        let What::Subscribe {
            endpoint,
            p256dh,
            auth,
            key,
            browser,
            topics,
            replaces,
        } = &operation.what
        else {
            return Ok(());
        };
        let refused = |fault: campanile_core::FieldError| {
            Notice::new(
                607,
                fault.field,
                format!("{} The subscription was not kept.", fault.message),
            )
        };
        let endpoint = Endpoint::parse(endpoint, self.hosts).map_err(refused)?;
        let keys = Keys::parse(p256dh, auth).map_err(refused)?;
        let multiples = ece::multiples(&keys).map_err(|_| {
            let message = "The key is not a point of P-256. The subscription was not kept.";
            Notice::new(607, "subscription.keys.p256dh", message)
        })?;
        let given = key.trim_end_matches('=');
        let bound = self.site.keys.iter().find(|known| known.key.public_key() == given).ok_or_else(|| {
            let message = "The subscription was made with a key that is not this account's; subscribe again. It was not kept.";
            Notice::new(608, "key", message)
        })?;
        for named in [Some(endpoint.as_str()), replaces.as_deref()]
            .into_iter()
            .flatten()
        {
            self.adopt(batch, named);
        }
        let here = self.here();
        let family = if browser.is_empty() {
            here.device.state.browser.clone()
        } else {
            browser.clone()
        };
        let row = SubscriptionRow {
            id: fresh_id(self.clock),
            device: Some(here.device.id),
            ordinal: here.device.ordinal,
            endpoint,
            keys,
            multiples: Some(multiples),
            vapid_key: bound.id,
            browser: family.clone(),
            system: here.device.state.system.clone(),
            live: true,
            aside: false,
            reason: String::new(),
            created_at: self.now,
            changed_at: self.now,
        };
        self.store.upsert_subscription(batch, self.account(), &row);
        if let Some(old) = replaces.as_deref().filter(|old| *old != row.endpoint.as_str()) {
            self.store.replaced(batch, self.account(), old, self.now);
        }
        let state = &mut self.here_mut().device.state;
        "granted".clone_into(&mut state.push);
        if let Some(topics) = topics {
            state.topics.clone_from(topics);
        }
        // Each visit says it again, and a repair says another endpoint: for the person only the first is news.
        if state.subscribed_at.is_none() {
            state.subscribed_at = Some(at.ms());
            let props = object(json!({"browser": family}));
            self.record(batch, operation, at, "Push Subscribed", props);
        }
        Ok(())
    }

    /// The visitor as the overlay tells it.
    pub(super) fn told(&self) -> Value {
        let Some(here) = &self.here else {
            return Value::Null;
        };
        let state = &here.device.state;
        json!({
            "device": here.device.id, "profile": here.device.ordinal, "identified": self.person().row.identified,
            "session": state.session.number, "page": state.session.pages, "kind": state.kind, "browser": state.browser,
            "system": state.system, "language": state.language, "country": state.country, "zone": state.zone,
            "subscribed": self.known.reachable, "utm": state.session.utm,
        })
    }

    /// Writes people, device and counts; what is left is the reply.
    pub(super) fn leave(mut self, batch: &mut Batch) -> Left {
        for person in self.people.values().filter(|person| person.changed.any()) {
            self.store
                .update_profile(batch, self.account(), &person.row, person.changed, self.now);
        }
        if let Some(here) = &self.here {
            if here.fresh {
                self.store.insert_device(batch, self.account(), &here.device);
            } else {
                self.store.update_device(batch, self.account(), &here.device);
            }
            let session = &here.device.state.session;
            self.left.session = Some(SessionReply {
                id: Timestamp(session.started_at).seconds(),
                pages: session.pages,
                number: session.number,
            });
            self.left.browser.clone_from(&here.device.state.browser);
            self.left.identified = self.person().row.identified;
            self.left.opt_out = here.device.state.opt_out;
        }
        let mut days: BTreeMap<(CampaignId, Measure), u64> = BTreeMap::new();
        for (counted, n) in &self.counts {
            *days.entry((counted.campaign, counted.measure)).or_default() += n;
            if let Some((revision, variant)) = &counted.part {
                let part = (counted.campaign, *revision, variant.as_str());
                self.store
                    .count_variant(batch, self.account(), part, counted.measure, *n);
            }
        }
        for ((campaign, measure), n) in days {
            self.store
                .count(batch, self.account(), campaign, self.day, measure, n);
        }
        self.left
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
