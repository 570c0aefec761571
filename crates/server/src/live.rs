//! What every request reads and few change: accounts, running pop-ups, VAPID keys. In memory, swapped on change.
//!
//! A change is announced by the process that made it and found by the others when they compare revisions. Left out: visitors.
//! Invariant: a [`Site`] is never changed in place, so a request sees one state from beginning to end.

use crate::queue::{Notice, Queue};
use crate::store::Store;
use anyhow::Context as _;
use campanile_core::FieldError;
use campanile_core::account::Account;
use campanile_core::campaign::{Body, Goal, PopupPlan, Status};
use campanile_core::decide::Candidate;
use campanile_core::id::{AccountId, CampaignId, Id};
use campanile_core::popup::Prepared;
use campanile_core::push_plan::OnEvent;
use campanile_core::subscription::Browsers;
use campanile_core::time::Timestamp;
use campanile_push::vapid::VapidKey;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A running pop-up, ready to be decided and filled.
#[derive(Debug)]
pub struct LivePopup {
    /// Which campaign.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// Its revision.
    pub revision: u32,
    /// The message, when, to whom, how often.
    pub plan: PopupPlan,
    /// Its messages by variant.
    pub prepared: Vec<Prepared>,
}

/// A push that follows an event, while it runs.
#[derive(Debug)]
pub struct LivePush {
    /// Which campaign.
    pub id: CampaignId,
    /// After which event.
    pub on_event: OnEvent,
}

/// What a campaign is for, as long as somebody may still reach it.
#[derive(Debug)]
pub struct LiveGoal {
    /// Which campaign.
    pub id: CampaignId,
    /// The goal.
    pub goal: Goal,
    /// When the campaign ended, if it did: who saw it before has the window's time from then on.
    pub ended_at: Option<Timestamp>,
}

impl LivePopup {
    /// Prepares every variant.
    pub fn new(id: CampaignId, name: String, revision: u32, plan: PopupPlan) -> Result<Self, FieldError> {
        let prepared = (0..=plan.experiment.variants.len())
            .map(|index| Prepared::new(plan.variant(index).clone()))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            id,
            name,
            revision,
            plan,
            prepared,
        })
    }
}

/// A VAPID key, ready to sign.
pub struct LiveKey {
    /// Its id; subscriptions are bound to it.
    pub id: Id,
    /// The key.
    pub key: VapidKey,
    /// For which browsers it makes new subscriptions.
    pub browsers: Browsers,
}

/// One account as requests see it.
pub struct Site {
    /// The account.
    pub account: Account,
    /// Running pop-ups, highest priority first.
    pub popups: Vec<LivePopup>,
    /// Pushes that follow an event of a person.
    pub pushes: Vec<LivePush>,
    /// Goals of running pop-ups and of those that ended.
    pub goals: Vec<LiveGoal>,
    /// Goals of pushes that were started.
    pub push_goals: Vec<LiveGoal>,
    /// VAPID keys, those that were put in use last before the others.
    pub keys: Vec<LiveKey>,
    /// The key that signs links into the owner's pages; empty while there is none.
    pub link_key: Vec<u8>,
    revision: i64,
}

impl Site {
    /// What deciding looks at.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate<'_>> {
        self.popups.iter().map(|popup| Candidate {
            id: popup.id,
            name: &popup.name,
            revision: popup.revision,
            plan: &popup.plan,
            prepared: &popup.prepared,
        })
    }

    /// A running pop-up.
    pub fn popup(&self, id: CampaignId) -> Option<&LivePopup> {
        self.popups.iter().find(|popup| popup.id == id)
    }

    /// The key that new subscriptions of a browser are made with; `browser` is its family's name, for example `Firefox`.
    pub fn current_key(&self, browser: &str) -> Option<&LiveKey> {
        self.keys.iter().find(|key| key.browsers.has(browser))
    }

    /// The key of that id.
    pub fn key(&self, id: Id) -> Option<&LiveKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

/// All sites of this process.
#[derive(Clone)]
pub struct Live {
    store: Store,
    sites: Arc<RwLock<HashMap<AccountId, Arc<Site>>>>,
}

/// How often a process looks whether another one changed something.
const COMPARE_EVERY: Duration = Duration::from_secs(2);

impl Live {
    /// Reads everything once.
    pub async fn load(store: Store) -> anyhow::Result<Self> {
        let live = Self {
            store,
            sites: Arc::default(),
        };
        live.compare().await?;
        Ok(live)
    }

    /// The site of that id.
    pub fn site(&self, id: &AccountId) -> Option<Arc<Site>> {
        self.sites
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    /// Every site, by id.
    pub fn sites(&self) -> Vec<Arc<Site>> {
        let mut sites: Vec<_> = self
            .sites
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect();
        sites.sort_by(|a, b| {
            (a.account.created_at, &a.account.id).cmp(&(b.account.created_at, &b.account.id))
        });
        sites
    }

    /// Reads one account again. Use cases call it after their commit, so that their own caller sees the change at once.
    pub async fn refresh(&self, id: &AccountId) -> anyhow::Result<()> {
        let Some(stored) = self.store.account(id).await? else {
            self.sites
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(id);
            return Ok(());
        };
        let mut popups = Vec::new();
        let mut goals = Vec::new();
        for campaign in self.store.started_popups(id).await? {
            let Body::Popup(plan) = campaign.definition.body else {
                continue;
            };
            if let Some(goal) = &plan.goal {
                goals.push(LiveGoal {
                    id: campaign.id,
                    goal: goal.clone(),
                    ended_at: campaign.ended_at,
                });
            }
            if campaign.status != Status::Running {
                continue;
            }
            match LivePopup::new(campaign.id, campaign.definition.name, campaign.revision, *plan) {
                Ok(popup) => popups.push(popup),
                // Checked when it started; a later version may be stricter. The others go on.
                Err(fault) => {
                    tracing::warn!(campaign = %campaign.id, error = %fault, "a running pop-up cannot be read and is not shown");
                }
            }
        }
        // Newest first among equals: they come in that order, and the sort keeps it.
        popups.sort_by_key(|popup| std::cmp::Reverse(popup.plan.priority));
        let running = self.store.running_pushes(id).await?.into_iter();
        let pushes = running
            .filter_map(|campaign| match campaign.definition.body {
                Body::Push(plan) => plan.on_event.map(|on_event| LivePush {
                    id: campaign.id,
                    on_event,
                }),
                Body::Popup(_) => None,
            })
            .collect();
        let with_goals = self.store.pushes_with_goals(id).await?.into_iter();
        let push_goals = with_goals
            .filter_map(|campaign| match campaign.definition.body {
                Body::Push(plan) => plan.goal.map(|goal| LiveGoal {
                    id: campaign.id,
                    goal,
                    ended_at: campaign.ended_at,
                }),
                Body::Popup(_) => None,
            })
            .collect();
        let mut keys = Vec::new();
        for row in self.store.vapid_keys(id).await? {
            let key =
                VapidKey::from_pkcs8(&row.private_key).context("a VAPID key in the store cannot be read")?;
            keys.push(LiveKey {
                id: row.id,
                key,
                browsers: row.browsers,
            });
        }
        let site = Arc::new(Site {
            account: stored.account,
            popups,
            pushes,
            goals,
            push_goals,
            keys,
            link_key: stored.link_key,
            revision: stored.revision,
        });
        let mut sites = self.sites.write().unwrap_or_else(PoisonError::into_inner);
        // A slower reader must not put an older state over a newer one.
        if sites.get(id).is_none_or(|known| known.revision <= site.revision) {
            sites.insert(id.clone(), site);
        }
        Ok(())
    }

    /// Reads again what another process changed.
    pub async fn compare(&self) -> anyhow::Result<()> {
        // Only what was here before the question can be gone by the answer: an account made meanwhile is in neither.
        let before = self.sites();
        let revisions: HashMap<String, i64> = self.store.revisions().await?.into_iter().collect();
        let mut outcome = Ok(());
        for (id, revision) in &revisions {
            let Some(id) = AccountId::parse(id) else { continue };
            if self.site(&id).is_none_or(|known| known.revision != *revision) {
                // One account that cannot be read keeps no other from being heard.
                outcome = outcome.and(self.refresh(&id).await);
            }
        }
        let mut sites = self.sites.write().unwrap_or_else(PoisonError::into_inner);
        for site in before {
            if !revisions.contains_key(site.account.id.as_str()) {
                sites.remove(&site.account.id);
            }
        }
        outcome
    }

    /// Follows changes until told to stop.
    pub async fn follow(self, queue: Queue, stop: CancellationToken) {
        let mut changes = queue.changes();
        loop {
            let changed = tokio::select! {
                () = stop.cancelled() => return,
                notice = changes.recv() => !matches!(notice, Ok(Notice::Work)),
                () = tokio::time::sleep(COMPARE_EVERY) => true,
            };
            if changed && let Err(fault) = self.compare().await {
                tracing::warn!(
                    error = format!("{fault:#}"),
                    "settings could not be read again; the last known ones stay in force"
                );
            }
        }
    }
}
