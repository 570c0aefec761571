//! Campaigns from draft to end: create, change, start, stop, duplicate, delete, and the accounts that they live in.
//!
//! Left out: sending (a started push leaves a job in the queue). Invariant: what a start needs (run, job, status) is one commit, and a
//! changed pop-up is in force when the call returns.

pub mod keys;
mod request;
mod test;
mod try_out;

use crate::clock::{self, Clock};
use crate::live::{Live, Site};
use crate::page_link;
use crate::queue::{Job, Notice, Queue};
use crate::store::Store;
use crate::store::accounts::{ApiKeyRow, VapidRow};
use crate::store::db::{Batch, DbError, Outcome};
use anyhow::Context as _;
use campanile_core::FieldError;
use campanile_core::account::{Account, Origin, Settings};
use campanile_core::campaign::{Body, Campaign, Course, Definition, InvalidTransition, Kind, Status};
use campanile_core::id::{AccountId, CampaignId, Id};
use campanile_core::push_plan::Sending;
use campanile_core::subscription::Browsers;
use campanile_core::time::{Timestamp, Zone};
use campanile_push::vapid::VapidKey;
use url::Url;

pub use crate::page_link::Purpose;
pub use request::{Idempotency, Receipt, Recipient, Whom};
pub use try_out::PushTest;

/// Tries on an account that others change at the same time.
const TRIES: usize = 10;

/// Why a campaign was not changed. Nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no such campaign.
    #[error("there is no campaign {0} here")]
    Unknown(CampaignId),
    /// Fields that are not right yet.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Fields(Vec<FieldError>),
    /// Its state does not allow it.
    #[error("{0}")]
    State(String),
    /// It is not any more what it was when it was read.
    #[error("Somebody else changed this campaign at the same moment. Look at it again.")]
    Changed,
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// Something of ours.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// The use cases with what they need.
#[derive(Clone)]
pub struct Launch {
    store: Store,
    live: Live,
    queue: Queue,
    clock: Clock,
    can_push: bool,
}

impl Launch {
    /// Stands on its parts. `can_push` says whether the server knows who it is to push services.
    pub fn new(store: Store, live: Live, queue: Queue, clock: Clock, can_push: bool) -> Self {
        Self {
            store,
            live,
            queue,
            clock,
            can_push,
        }
    }

    /// Makes an account with its first VAPID key.
    pub async fn create_account(
        &self,
        name: &str,
        id: Option<AccountId>,
        zone: Zone,
    ) -> Result<Account, LaunchError> {
        let name = Account::check_name(name).map_err(|fault| LaunchError::Fields(vec![fault]))?;
        let now = self.clock.now();
        let id = id.unwrap_or_else(|| AccountId::new(clock::random()));
        let account = Account {
            id,
            name,
            zone,
            origins: Vec::new(),
            settings: Settings::default(),
            created_at: now,
        };
        let key = VapidKey::generate().map_err(anyhow::Error::from)?;
        let row = VapidRow {
            id: self.clock.id(),
            public_key: key.public_key().to_owned(),
            private_key: key.to_pkcs8().map_err(anyhow::Error::from)?,
            browsers: Browsers::All,
            since: now,
            created_at: now,
        };
        let mut batch = Batch::new("create_account");
        self.store
            .insert_account(&mut batch, &account, &clock::random::<32>());
        self.store.insert_vapid_key(&mut batch, &account.id, &row);
        if self.store.db.write(batch).await?.is_conflict() {
            let message = format!(
                "There is an account {} already. Choose another id, or leave it out and get a new one.",
                account.id
            );
            return Err(LaunchError::Fields(vec![FieldError::new("id", message)]));
        }
        self.changed(&account.id).await?;
        Ok(account)
    }

    /// Changes an account's name, zone, origins or settings; what is not given stays as it is in the store, whatever this process knows of it.
    pub async fn change_account(
        &self,
        id: &AccountId,
        name: Option<&str>,
        zone: Option<&str>,
        origins: Option<&[String]>,
        settings: Option<Settings>,
    ) -> Result<Account, LaunchError> {
        let mut faults = settings.as_ref().map(Settings::check).unwrap_or_default();
        let mut fault = |fault| faults.push(fault);
        let name = name.and_then(|name| Account::check_name(name).map_err(&mut fault).ok());
        let zone = zone.and_then(|zone| {
            let unknown = || {
                let message = format!("“{zone}” is not a time zone. Write it like Europe/Berlin.");
                FieldError::new("zone", message)
            };
            Zone::parse(zone).ok_or_else(unknown).map_err(&mut fault).ok()
        });
        let origins = origins.map(|origins| {
            let mut parsed = Vec::new();
            for origin in origins {
                match Origin::parse(origin) {
                    Ok(origin) if parsed.contains(&origin) => {}
                    Ok(origin) => parsed.push(origin),
                    Err(refused) => fault(refused),
                }
            }
            parsed
        });
        if !faults.is_empty() {
            return Err(LaunchError::Fields(faults));
        }
        for _ in 0..TRIES {
            let stored = self.store.account(id).await?;
            let mut stored = stored.context("the account is gone")?;
            let account = &mut stored.account;
            account.name = name.clone().unwrap_or_else(|| account.name.clone());
            account.zone = zone.clone().unwrap_or_else(|| account.zone.clone());
            account.origins = origins.clone().unwrap_or_else(|| account.origins.clone());
            account.settings = settings.clone().unwrap_or_else(|| account.settings.clone());
            let mut batch = Batch::new("change_account");
            self.store.update_account(&mut batch, &stored);
            if let Outcome::Done { .. } = self.store.db.write(batch).await? {
                self.changed(id).await?;
                return Ok(stored.account);
            }
        }
        Err(LaunchError::State(
            "Others changed this account at the same moment. Nothing was changed; try again.".to_owned(),
        ))
    }

    /// Makes an API key; the text is told only now.
    pub async fn create_api_key(
        &self,
        account: &AccountId,
        name: &str,
    ) -> Result<(ApiKeyRow, String), LaunchError> {
        let name = Account::check_name(name).map_err(|fault| LaunchError::Fields(vec![fault]))?;
        let text = crate::secret::token("cmp");
        let row = ApiKeyRow {
            id: self.clock.id(),
            name,
            tail: text[text.len() - 4..].to_owned(),
            created_at: self.clock.now(),
            used_at: None,
        };
        self.store
            .insert_api_key(account, &row, crate::secret::hash(&text))
            .await?;
        Ok((row, text))
    }

    /// Writes a new campaign down as a draft.
    pub async fn create(&self, account: &AccountId, definition: Definition) -> Result<Campaign, LaunchError> {
        let faults = definition.check_draft();
        if !faults.is_empty() {
            return Err(LaunchError::Fields(faults));
        }
        let now = self.clock.now();
        let mut campaign = Campaign {
            id: CampaignId(now.seconds()),
            status: Status::Draft,
            definition,
            created_at: now,
            changed_at: now,
            started_at: None,
            ended_at: None,
            revision: 1,
            draft: None,
            archived_at: None,
        };
        // The number is the second of making; two in one second move on to the next free one.
        loop {
            let mut batch = Batch::new("create_campaign");
            self.store.insert_campaign(&mut batch, account, &campaign);
            if let Outcome::Done { .. } = self.store.db.write(batch).await? {
                return Ok(campaign);
            }
            campaign.id.0 += 1;
        }
    }

    /// Takes a new definition for a campaign as it was read: what somebody else changed since is not overwritten ([`LaunchError::Changed`]). A
    /// running pop-up must stay fit to run; visitors get the new message from then on.
    pub async fn change(
        &self,
        account: &AccountId,
        mut campaign: Campaign,
        definition: Definition,
    ) -> Result<Campaign, LaunchError> {
        if definition.kind() != campaign.definition.kind() {
            return Err(LaunchError::Fields(vec![FieldError::new(
                "kind",
                "A campaign keeps its kind. Make a new one.",
            )]));
        }
        if !campaign.status.may_edit(definition.kind()) {
            return Err(LaunchError::State(
                "This push was sent already. Duplicate it to change and send it again.".to_owned(),
            ));
        }
        let faults = if campaign.status == Status::Running {
            definition.check()
        } else {
            definition.check_draft()
        };
        if !faults.is_empty() {
            return Err(LaunchError::Fields(faults));
        }
        let before = campaign.status;
        let now = self.clock.now();
        let changed = put_into_force(&mut campaign, definition);
        let kept = campaign.clone();
        self.write(account, campaign, before, |batch| {
            if changed {
                self.store.insert_revision(batch, account, &kept, now);
            }
        })
        .await
    }

    /// Keeps changes of a campaign, as it was read, beside what is in force; `None` forgets them.
    pub async fn keep_draft(
        &self,
        account: &AccountId,
        mut campaign: Campaign,
        draft: Option<Definition>,
    ) -> Result<Campaign, LaunchError> {
        if let Some(draft) = &draft {
            if draft.kind() != campaign.definition.kind() {
                return Err(LaunchError::Fields(vec![FieldError::new(
                    "kind",
                    "A campaign keeps its kind. Make a new one.",
                )]));
            }
            let faults = draft.check_draft();
            if !faults.is_empty() {
                return Err(LaunchError::Fields(faults));
            }
        }
        let before = campaign.status;
        campaign.draft = draft;
        self.write(account, campaign, before, |_| {}).await
    }

    /// Puts a campaign away, or takes it out again. A running one has to be stopped first.
    pub async fn archive(
        &self,
        account: &AccountId,
        id: CampaignId,
        away: bool,
    ) -> Result<Campaign, LaunchError> {
        let mut campaign = self.find(account, id).await?;
        if away && !campaign.status.may_delete() {
            return Err(LaunchError::State(
                "This campaign runs. Stop it before you archive it.".to_owned(),
            ));
        }
        let before = campaign.status;
        campaign.archived_at = away.then(|| self.clock.now());
        self.write(account, campaign, before, |_| {}).await
    }

    /// Gives accounts from before there were signed links their key.
    pub async fn give_link_keys(&self) -> Result<(), LaunchError> {
        for site in self.live.sites() {
            if site.link_key.is_empty() {
                let mut batch = Batch::new("link_key");
                self.store
                    .set_link_key(&mut batch, &site.account.id, &clock::random::<32>());
                self.store.db.write(batch).await?;
                self.changed(&site.account.id).await?;
            }
        }
        Ok(())
    }

    /// Starts a campaign, with the changes that were kept beside it. For a push this makes the run and its first job in the same commit.
    pub async fn start(&self, account: &AccountId, id: CampaignId) -> Result<Campaign, LaunchError> {
        let mut campaign = self.find(account, id).await?;
        let now = self.clock.now();
        let before = campaign.status;
        let kind = campaign.definition.kind();
        let course = campaign.definition.course();
        campaign.status = before
            .start(course)
            .map_err(|invalid| LaunchError::State(invalid.0))?;
        if let Some(draft) = campaign.draft.take() {
            put_into_force(&mut campaign, draft);
        }
        let mut faults = campaign.definition.check();
        let zone = self
            .store
            .account(account)
            .await?
            .context("the account is gone")?;
        let moments = match &campaign.definition.body {
            Body::Push(plan) => Moments::of(&plan.send, now, &zone.account.zone),
            Body::Popup(_) => Ok(Moments::at_once(now)),
        };
        let moments = moments.unwrap_or_else(|fault| {
            faults.push(fault);
            Moments::at_once(now)
        });
        if !faults.is_empty() {
            return Err(LaunchError::Fields(faults));
        }
        if kind == Kind::Push && !self.can_push {
            let message = "Push services want to know who sends. Set push.subject in the configuration to mailto:you@your-domain, restart, and \
                           start again.";
            return Err(LaunchError::State(message.to_owned()));
        }
        let begins = moments.begins;
        // Each start is a run of its own: a job that is left of one that was taken back finds nothing to do.
        let run = now.ms();
        campaign.started_at = Some(begins);
        campaign.ended_at = None;
        campaign.archived_at = None;
        let job = match moments.round {
            Some(at) => Job::Round {
                account: account.to_string(),
                campaign: id,
                since: begins,
                at,
                number: 1,
            },
            None => Job::FanOut {
                account: account.to_string(),
                campaign: id,
                run,
            },
        };
        let kept = campaign.clone();
        let started = self
            .write(account, campaign, before, |batch| {
                if kind == Kind::Popup {
                    self.store.insert_revision(batch, account, &kept, now);
                } else if let Some(round) = moments.round {
                    self.queue.push(batch, self.clock.id(), &job, round);
                } else if course != Course::GoesOn {
                    self.store.insert_run(batch, account, id, run, begins);
                    self.queue.push(batch, self.clock.id(), &job, begins);
                }
                self.store.end_alarms(batch, account, id);
                self.begin_test(batch, account, &kept, moments.round.unwrap_or(begins));
            })
            .await?;
        if kind == Kind::Push {
            self.queue.announce(Notice::Work);
        }
        Ok(started)
    }

    /// Stops a running campaign. Messages of a push that are not sent yet stay unsent; one whose moment lies ahead is a draft again.
    pub async fn stop(&self, account: &AccountId, id: CampaignId) -> Result<Campaign, LaunchError> {
        let mut campaign = self.find(account, id).await?;
        let before = campaign.status;
        campaign.status = before.stop().map_err(|invalid| LaunchError::State(invalid.0))?;
        let taken_back = campaign.status == Status::Draft;
        if taken_back {
            campaign.started_at = None;
        } else {
            campaign.ended_at = Some(self.clock.now());
        }
        self.write(account, campaign, before, |batch| {
            if taken_back {
                self.store.delete_run(batch, account, id);
            }
        })
        .await
    }

    /// Halts a push that is being sent. What is under way arrives; the rest waits for [`resume`](Self::resume).
    pub async fn pause(&self, account: &AccountId, id: CampaignId) -> Result<Campaign, LaunchError> {
        self.turn(account, id, Status::pause).await
    }

    /// Goes on with a push that was halted.
    pub async fn resume(&self, account: &AccountId, id: CampaignId) -> Result<Campaign, LaunchError> {
        self.turn(account, id, Status::resume).await
    }

    async fn turn(
        &self,
        account: &AccountId,
        id: CampaignId,
        turn: fn(Status, Course) -> Result<Status, InvalidTransition>,
    ) -> Result<Campaign, LaunchError> {
        let mut campaign = self.find(account, id).await?;
        let before = campaign.status;
        let course = campaign.definition.course();
        campaign.status = turn(before, course).map_err(|invalid| LaunchError::State(invalid.0))?;
        if course == Course::Again && campaign.status == Status::Running {
            // One that was halted in its last round goes on to its end.
            let site = self
                .store
                .account(account)
                .await?
                .context("the account is gone")?;
            let next = self.store.next_round(&site.account, &campaign).await?;
            if next.is_none() {
                campaign.status = Status::Sending;
            }
        }
        let turned = self.write(account, campaign, before, |_| {}).await?;
        self.queue.announce(Notice::Work);
        Ok(turned)
    }

    /// Makes a draft with the same words.
    pub async fn duplicate(&self, account: &AccountId, id: CampaignId) -> Result<Campaign, LaunchError> {
        let mut definition = self.find(account, id).await?.definition;
        let name: String = definition.name.chars().take(114).collect();
        definition.name = format!("{name}, copy");
        self.create(account, definition).await
    }

    /// Deletes a campaign that does not run, with its numbers.
    pub async fn delete(&self, account: &AccountId, id: CampaignId) -> Result<(), LaunchError> {
        let campaign = self.find(account, id).await?;
        let refuse = || LaunchError::State("This campaign runs. Stop it before you delete it.".to_owned());
        if !campaign.status.may_delete() {
            return Err(refuse());
        }
        let mut batch = Batch::new("delete_campaign");
        self.store.delete_campaign(&mut batch, account, id);
        match self.store.db.write(batch).await? {
            Outcome::Done { .. } => Ok(()),
            Outcome::Conflict { .. } => Err(refuse()),
        }
    }

    /// One campaign.
    pub async fn find(&self, account: &AccountId, id: CampaignId) -> Result<Campaign, LaunchError> {
        self.store
            .campaign(account, id)
            .await?
            .ok_or(LaunchError::Unknown(id))
    }

    async fn write(
        &self,
        account: &AccountId,
        mut campaign: Campaign,
        before: Status,
        more: impl FnOnce(&mut Batch),
    ) -> Result<Campaign, LaunchError> {
        // Each change has a moment of its own, so that whoever read the campaign before it is told.
        let read_at = campaign.changed_at;
        campaign.changed_at = self.clock.now().max(read_at.plus_ms(1));
        let mut batch = Batch::new("write_campaign");
        self.store
            .update_campaign(&mut batch, account, &campaign, (before, read_at));
        self.store.bump_revision(&mut batch, account);
        more(&mut batch);
        match self.store.db.write(batch).await? {
            Outcome::Done { .. } => {}
            Outcome::Conflict { .. } => {
                return Err(LaunchError::Changed);
            }
        }
        self.changed(account).await?;
        Ok(campaign)
    }

    /// The address of a page of the owner's, as typed: one whose origin may speak for the account; a path alone is taken to be on the first
    /// of its origins.
    pub fn own_page(&self, site: &Site, url: &str) -> Result<Url, LaunchError> {
        page_address(&site.account, url)
            .map_err(|message| LaunchError::Fields(vec![FieldError::new("url", message)]))
    }

    /// [`own_page`](Self::own_page) with a signed token of that purpose in it, and the moment at which the token ends. Nothing is kept:
    /// whoever has the account's key can tell a good token.
    pub fn page_link(
        &self,
        site: &Site,
        purpose: Purpose,
        url: &str,
    ) -> Result<(Url, Timestamp), LaunchError> {
        let mut address = self.own_page(site, url)?;
        let until = self.clock.now().plus_ms(page_link::LIVES_MS);
        let token = page_link::sign(&site.link_key, purpose, until);
        let name = match purpose {
            Purpose::Why => "campanile_why",
            Purpose::Test(..) => "campanile_test",
        };
        // A token that was copied along with the address gives way to the new one.
        let ours = |key: &str| key == "campanile_why" || key == "campanile_test";
        let pairs: Vec<(String, String)> = address.query_pairs().into_owned().collect();
        if pairs.iter().any(|(key, _)| ours(key)) {
            let kept = pairs.iter().filter(|(key, _)| !ours(key));
            address.query_pairs_mut().clear().extend_pairs(kept);
        }
        address.query_pairs_mut().append_pair(name, &token);
        Ok((address, until))
    }

    async fn changed(&self, account: &AccountId) -> Result<(), LaunchError> {
        self.live.refresh(account).await?;
        self.queue.announce(Notice::Account(account.clone()));
        Ok(())
    }

    /// A one-time sign-in link's token; without a user it makes the administrator.
    pub async fn create_link(&self, user: Option<Id>, lives_ms: i64) -> Result<String, DbError> {
        let token = crate::secret::token("link");
        let until: Timestamp = self.clock.now().plus_ms(lives_ms);
        self.store
            .insert_link(crate::secret::hash(&token), user, until)
            .await?;
        Ok(token)
    }
}

/// When a push that is started begins.
struct Moments {
    /// It, or its start where it comes again.
    begins: Timestamp,
    /// The first round of one that comes again.
    round: Option<Timestamp>,
}

impl Moments {
    fn at_once(now: Timestamp) -> Self {
        Self {
            begins: now,
            round: None,
        }
    }

    fn of(send: &Sending, now: Timestamp, zone: &Zone) -> Result<Self, FieldError> {
        if send.is_past(now, zone) {
            let message = "This moment is over. Choose one that lies ahead, or send at once.";
            return Err(FieldError::new("send.at", message));
        }
        let is_over = |at: Timestamp| send.until.is_some_and(|until| until <= at);
        let over = || {
            FieldError::new(
                "send.until",
                "Nothing would go out before this end. Choose a later one.",
            )
        };
        if send.repeat.is_none() {
            let begins = send.begins(now, zone).max(now);
            return if is_over(begins) {
                Err(over())
            } else {
                Ok(Self { begins, round: None })
            };
        }
        let round = Some(send.round_after(now, 0, zone).ok_or_else(over)?);
        Ok(Self { begins: now, round })
    }
}

/// Makes a definition the one in force, and says whether it is another one for those who get it: a new revision.
fn put_into_force(campaign: &mut Campaign, definition: Definition) -> bool {
    let started = campaign.started_at.is_some() && definition.kind() == Kind::Popup;
    let changed = started && definition != campaign.definition;
    campaign.definition = definition;
    campaign.draft = None;
    campaign.revision += u32::from(changed);
    changed
}

/// The address of a page that may speak for the account, or what to write instead.
fn page_address(account: &Account, text: &str) -> Result<Url, String> {
    let text = text.trim();
    let first = account.origins.first().map(Origin::as_str);
    let example = first.unwrap_or("https://shop.example.com");
    if text.is_empty() {
        return Err(format!("Write the address of a page of yours, like {example}/."));
    }
    let url = match (text.starts_with('/') && !text.starts_with("//"), first) {
        (true, Some(origin)) => Url::parse(origin).and_then(|origin| origin.join(text)),
        _ => Url::parse(text),
    };
    let url = url
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            let text: String = text.chars().take(200).collect();
            format!("“{text}” is not the address of a page. Write all of it, like {example}/.")
        })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("An address with a name and a password in it is not taken. Leave both out.".to_owned());
    }
    let origin = url.origin().ascii_serialization();
    if account.allows(Some(&origin)) {
        Ok(url)
    } else {
        Err(format!(
            "{origin} is not an origin of this site. Write an address on {}, or add the origin in Settings, Install, Origins.",
            account
                .origins
                .iter()
                .map(Origin::as_str)
                .collect::<Vec<_>>()
                .join(" or ")
        ))
    }
}
