//! What every request reads and few change: accounts, running pop-ups, VAPID keys. In memory, swapped on change.
//!
//! A change is announced by the process that made it and found by the others when they compare revisions. Left out: visitors.
//! Invariant: a [`Site`] is never changed in place, so a request sees one state from beginning to end.

use crate::queue::{Notice, Queue};
use crate::store::Store;
use anyhow::Context as _;
use campanile_core::account::Account;
use campanile_core::campaign::{Body, Caps, Trigger};
use campanile_core::decide::Candidate;
use campanile_core::id::{AccountId, CampaignId, Id};
use campanile_core::popup::Popup;
use campanile_push::vapid::VapidKey;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A running pop-up, rendered.
#[derive(Debug)]
pub struct LivePopup {
    /// Which campaign.
    pub id: CampaignId,
    /// The message.
    pub popup: Popup,
    /// Its bytes, the same for all.
    pub html: String,
    /// What makes it due.
    pub trigger: Trigger,
    /// How often.
    pub caps: Caps,
}

/// A VAPID key, ready to sign.
pub struct LiveKey {
    /// Its id; subscriptions are bound to it.
    pub id: Id,
    /// The key.
    pub key: VapidKey,
}

/// One account as requests see it.
pub struct Site {
    /// The account.
    pub account: Account,
    /// Running pop-ups, highest priority first.
    pub popups: Vec<LivePopup>,
    /// VAPID keys, newest first; new subscriptions are made with the first.
    pub keys: Vec<LiveKey>,
    revision: i64,
}

impl Site {
    /// What deciding looks at.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate<'_>> {
        self.popups.iter().map(|popup| Candidate {
            id: popup.id,
            trigger: &popup.trigger,
            caps: popup.caps,
        })
    }

    /// A running pop-up.
    pub fn popup(&self, id: CampaignId) -> Option<&LivePopup> {
        self.popups.iter().find(|popup| popup.id == id)
    }

    /// The key that new subscriptions are made with.
    pub fn current_key(&self) -> Option<&LiveKey> {
        self.keys.first()
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
        for campaign in self.store.running_popups(id).await? {
            if let Body::Popup { popup, trigger, caps } = campaign.definition.body {
                popups.push(LivePopup {
                    id: campaign.id,
                    html: popup.html(),
                    popup,
                    trigger,
                    caps,
                });
            }
        }
        let mut keys = Vec::new();
        for row in self.store.vapid_keys(id).await? {
            let key =
                VapidKey::from_pkcs8(&row.private_key).context("a VAPID key in the store cannot be read")?;
            keys.push(LiveKey { id: row.id, key });
        }
        let site = Arc::new(Site {
            account: stored.account,
            popups,
            keys,
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
