//! A program asks for a push, naming its recipients and what it says to each.
//!
//! Left out: sending (its pieces are jobs in the queue). Invariant: a request is taken whole or not at all, and one with a key is taken
//! once: whoever sends it again gets the first answer.

use super::{Launch, LaunchError};
use crate::allot::{Allotment, Candidate, Logs};
use crate::audience;
use crate::clock;
use crate::divide::{self, Divided, Share};
use crate::live::Site;
use crate::queue::Notice;
use crate::store::db::{Batch, DbError, Outcome};
use crate::store::requests::RequestRow;
use crate::store::sends::Chunk;
use crate::store::subscriptions::{Subscriber, SubscriptionKey};
use campanile_core::FieldError;
use campanile_core::campaign::{Body, Status};
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::notification::{Given, PreparedPush};
use campanile_core::profile::Identity;
use campanile_core::push_plan::PushPlan;
use campanile_core::time::Timestamp;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// Recipients of one request at most.
const MOST: usize = 1000;
/// Bytes of what is sent along for one recipient, as JSON.
const MOST_DATA: usize = 4096;
/// Messages in one piece of work.
const PIECE: usize = 500;
/// Recipients that are looked up at once.
const LOOK_UPS: usize = 16;
/// Tries for a number that no other request of the same millisecond has.
const TRIES: i64 = 20;

/// Who is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Whoever is known by this.
    Identity(Identity),
    /// Whoever sits at this browser.
    Device(Id),
    /// The person with this number.
    Person(Ordinal),
    /// One subscription, by its id.
    Subscription(Id),
    /// One subscription, by its address at the push service.
    Endpoint(String),
}

/// One recipient, and what is said to them.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// Who.
    pub whom: Whom,
    /// `data` in the texts.
    pub data: Map<String, Value>,
}

/// What makes two requests one.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The program's key.
    pub key: String,
    /// SHA-256 of what is asked for.
    pub digest: Vec<u8>,
}

/// What became of a request. It says nothing of what push services will answer; the ledger does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Campaign.
    pub campaign: CampaignId,
    /// What will be sent, one for each browser.
    pub messages: Vec<Message>,
    /// Who gets nothing.
    pub left_out: Vec<LeftOut>,
}

/// A message that will be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Which of the recipients of the request, from 0.
    pub to: usize,
    /// Its id in the ledger.
    pub id: Id,
    /// The person.
    pub profile: Ordinal,
    /// The subscription.
    pub subscription: Id,
}

/// A recipient, or a browser of theirs, that gets nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which of the recipients of the request, from 0.
    pub to: usize,
    /// Why.
    pub reason: String,
}

impl Launch {
    /// Sends a push that programs ask for to those who are named.
    pub async fn send(
        &self,
        site: &Site,
        campaign: CampaignId,
        to: &[Recipient],
        once: Option<&Idempotency>,
    ) -> Result<Receipt, LaunchError> {
        if let Some(receipt) = self.answered(site, once).await? {
            return Ok(receipt);
        }
        let account = &site.account.id;
        let found = self.find(account, campaign).await?;
        let Body::Push(plan) = &found.definition.body else {
            let message = "A pop-up meets whoever comes; only a push can be sent.";
            return Err(LaunchError::State(message.to_owned()));
        };
        if plan.on_request.is_none() {
            let message = "This push has its own recipients. Give it “on_request” to send it to those whom a program names.";
            return Err(LaunchError::State(message.to_owned()));
        }
        if found.status != Status::Running {
            let message = "This push does not run. Start it first.";
            return Err(LaunchError::State(message.to_owned()));
        }
        check(to)?;
        let prepared: Result<Vec<_>, _> = plan.messages().map(PreparedPush::new).collect();
        let prepared = prepared.map_err(|fault| LaunchError::Fields(vec![fault]))?;
        let now = self.clock.now();
        let mut receipt = Receipt {
            campaign,
            messages: Vec::new(),
            left_out: Vec::new(),
        };
        let mut divided = Divided::default();
        let mut shares: HashMap<Ordinal, Option<Share>> = HashMap::new();
        let mut first: HashMap<Id, usize> = HashMap::new();
        let looks: Vec<_> = to
            .iter()
            .map(|recipient| self.behind(site, &recipient.whom))
            .collect();
        let behind: Vec<_> = futures_util::stream::iter(looks)
            .buffered(LOOK_UPS)
            .try_collect()
            .await?;
        for (at, (recipient, behind)) in to.iter().zip(behind).enumerate() {
            let subscribers = match behind {
                Ok(subscribers) => subscribers,
                Err(reason) => {
                    receipt.left_out.push(LeftOut { to: at, reason });
                    continue;
                }
            };
            let given = Given::Data(recipient.data.clone());
            for (subscription, subscriber) in subscribers {
                if let Some(before) = first.insert(subscription, at) {
                    let message = format!(
                        "This is a subscriber of to[{before}] as well. Send each of the two in a request of its own."
                    );
                    return Err(LaunchError::Fields(vec![FieldError::new(
                        format!("to[{at}]"),
                        message,
                    )]));
                }
                let person = subscriber.profile.ordinal;
                let share = match shares.get(&person) {
                    Some(known) => known.clone(),
                    None => self.share((account, campaign), plan, person).await?,
                };
                shares.insert(person, share.clone());
                let variant = share
                    .as_ref()
                    .and_then(|share| plan.experiment.index(&share.part.1));
                let prepared = &prepared[variant.unwrap_or(0)];
                if let Err(fault) = audience::fill(site, prepared, &subscriber, Some(&given), now) {
                    let reason = fault.to_string();
                    receipt.left_out.push(LeftOut { to: at, reason });
                    continue;
                }
                let id = Id::new(now, clock::random());
                let candidate = Candidate {
                    id,
                    subscription,
                    person,
                    zone: subscriber.device.state.zone,
                    given: (!recipient.data.is_empty()).then(|| given.clone()),
                    part: None,
                };
                if !divided.put(candidate, share.as_ref()) {
                    let reason = "This person is in the control group, which gets nothing.".to_owned();
                    receipt.left_out.push(LeftOut { to: at, reason });
                    continue;
                }
                receipt.messages.push(Message {
                    to: at,
                    id,
                    profile: person,
                    subscription,
                });
            }
        }
        let people: BTreeSet<Ordinal> = divided.meant.iter().map(|one| one.person).collect();
        let people: Vec<Ordinal> = people.into_iter().collect();
        for run in now.ms()..now.ms() + TRIES {
            let mut logs = self.store.push_logs(account, &people).await?;
            let (batch, receipt) = self.request_batch(
                (site, plan),
                receipt.clone(),
                &divided,
                &mut logs,
                (run, now),
                once,
            );
            if let Outcome::Done { .. } = self.store.db.write(batch).await? {
                self.queue.announce(Notice::Work);
                return Ok(receipt);
            }
            // Somebody else was first: with the same key, in the same millisecond, or at one of its people.
            if let Some(receipt) = self.answered(site, once).await? {
                return Ok(receipt);
            }
            for person in divided.first_seen() {
                if self
                    .store
                    .exposures(account, person)
                    .await?
                    .contains_key(&campaign)
                {
                    divided.seen_before(person);
                }
            }
        }
        let message = "Too many requests came at the same moment. Nothing was sent; send this one again.";
        Err(LaunchError::State(message.to_owned()))
    }

    /// What a person gets of a push that programs ask for: the same each time.
    async fn share(
        &self,
        (account, campaign): (&AccountId, CampaignId),
        plan: &PushPlan,
        person: Ordinal,
    ) -> Result<Option<Share>, DbError> {
        let of = Chunk {
            account,
            campaign,
            run: 0,
            chunk: 0,
        };
        divide::share(&self.store, plan, of, person).await
    }

    /// What the same request was answered before.
    async fn answered(
        &self,
        site: &Site,
        once: Option<&Idempotency>,
    ) -> Result<Option<Receipt>, LaunchError> {
        let Some(once) = once else { return Ok(None) };
        let Some(before) = self.store.request(&site.account.id, &once.key).await? else {
            return Ok(None);
        };
        if before.digest != once.digest {
            let message = "Another request had this key. Give each request a key of its own; send the very same request again to get its answer.";
            return Err(LaunchError::Fields(vec![FieldError::new(
                "Idempotency-Key",
                message,
            )]));
        }
        let receipt = serde_json::from_str(&before.answer).map_err(anyhow::Error::from)?;
        Ok(Some(receipt))
    }

    /// Who somebody is.
    pub async fn person(&self, account: &AccountId, whom: &Whom) -> Result<Option<Ordinal>, DbError> {
        Ok(match whom {
            Whom::Identity(identity) => self.store.identity_owner(account, identity).await?,
            Whom::Device(id) => {
                let visitor = self.store.visitor(account, *id).await?;
                visitor.map(|(device, ..)| device.ordinal)
            }
            Whom::Person(person) => {
                let profile = self.store.profile(account, *person).await?;
                profile.map(|profile| profile.ordinal)
            }
            Whom::Subscription(id) => {
                let key = SubscriptionKey::Id(*id);
                let owner = self.store.subscription_owner(account, key).await?;
                owner.map(|(_, person)| person)
            }
            Whom::Endpoint(endpoint) => {
                let key = SubscriptionKey::Endpoint(endpoint);
                let owner = self.store.subscription_owner(account, key).await?;
                owner.map(|(_, person)| person)
            }
        })
    }

    /// The live subscriptions of whoever is meant, or why there are none.
    pub(super) async fn behind(
        &self,
        site: &Site,
        whom: &Whom,
    ) -> Result<Result<Vec<(Id, Subscriber)>, String>, LaunchError> {
        let account = &site.account.id;
        let key = match whom {
            Whom::Subscription(id) => Some(SubscriptionKey::Id(*id)),
            Whom::Endpoint(endpoint) => Some(SubscriptionKey::Endpoint(endpoint)),
            Whom::Identity(_) | Whom::Device(_) | Whom::Person(_) => None,
        };
        let (person, only) = match key {
            Some(key) => match self.store.subscription_owner(account, key).await? {
                Some((id, person)) => (person, Some(id)),
                None => return Ok(Err("There is no such live subscription here.".to_owned())),
            },
            None => match self.person(account, whom).await? {
                Some(person) => (person, None),
                None => return Ok(Err("Nobody is known by this.".to_owned())),
            },
        };
        let mut subscribers = self.store.subscribers_of(account, person).await?;
        subscribers.retain(|(id, _)| only.is_none_or(|only| only == *id));
        Ok(if subscribers.is_empty() {
            Err("No browser of this person is subscribed.".to_owned())
        } else {
            Ok(subscribers)
        })
    }

    /// All that a request leaves behind, and what it is answered.
    fn request_batch(
        &self,
        (site, plan): (&Site, &PushPlan),
        mut receipt: Receipt,
        divided: &Divided,
        logs: &mut Logs,
        (run, now): (i64, Timestamp),
        once: Option<&Idempotency>,
    ) -> (Batch, Receipt) {
        let account = &site.account.id;
        let campaign = receipt.campaign;
        let mut batch = Batch::new("request");
        if !divided.is_empty() {
            self.store.insert_own_run(&mut batch, account, campaign, run, now);
            let first = Chunk {
                account,
                campaign,
                run,
                chunk: 0,
            };
            divided.write(&self.store, &mut batch, first, now, &site.account.zone);
        }
        let allotment = Allotment {
            store: &self.store,
            queue: &self.queue,
            clock: &self.clock,
            site,
            plan,
        };
        for (chunk, meant) in (0..).zip(divided.meant.chunks(PIECE)) {
            let piece = Chunk {
                account,
                campaign,
                run,
                chunk,
            };
            for (id, reason) in allotment.make(&mut batch, (piece, now), meant, logs).lost {
                let lost = receipt.messages.iter().position(|message| message.id == id);
                let to = lost.map_or(0, |at| receipt.messages.remove(at).to);
                receipt.left_out.push(LeftOut { to, reason });
            }
        }
        receipt.left_out.sort_by_key(|left_out| left_out.to);
        if let Some(once) = once {
            let answer = serde_json::to_string(&receipt).expect("a receipt always serialises");
            let row = RequestRow {
                digest: once.digest.clone(),
                answer,
            };
            self.store
                .insert_request(&mut batch, account, &once.key, &row, now);
        }
        (batch, receipt)
    }
}

fn check(to: &[Recipient]) -> Result<(), LaunchError> {
    let refuse =
        |field: String, message: String| Err(LaunchError::Fields(vec![FieldError::new(field, message)]));
    if to.is_empty() || to.len() > MOST {
        let message = format!("A request has 1 to {MOST} recipients; this one has {}.", to.len());
        return refuse("to".to_owned(), message);
    }
    for (at, recipient) in to.iter().enumerate() {
        let bytes = Value::Object(recipient.data.clone()).to_string().len();
        if bytes > MOST_DATA {
            let message =
                format!("{bytes} bytes are too many for one recipient; {MOST_DATA} are the most. Send less.");
            return refuse(format!("to[{at}].data"), message);
        }
    }
    Ok(())
}
