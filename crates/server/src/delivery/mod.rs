//! Out to the push services: leases work, sends, settles.
//!
//! A push campaign is a [`fanout`] job that pages through the audience and supervises the run, and one deliver job for each page; one that
//! follows an event is an `occasion` job for each time somebody did it.
//! Left out: what an answer means and what follows it (`campanile-push`, `campanile-core`), sockets ([`transport`]).
//!
//! Invariant: a message is settled in the batch that also ends or postpones its job, so a crash loses none; one that was under way may go out
//! twice, and its topic and its token make the second one invisible. A message that waits for its push service was not tried.

mod alarm;
mod experiment;
pub mod fanout;
mod goals;
mod hand;
mod lives;
mod occasion;
mod pace;
mod post;
mod quiet;
mod round;
mod settle;
pub mod sweep;
mod tell;
pub mod transport;
mod try_out;

use crate::allot::Allotment;
use crate::audience;
use crate::clock::{self, Clock};
use crate::import::Imports;
use crate::live::{Live, Site};
use crate::queue::{Job, Leased, Queue};
use crate::store::Store;
use crate::store::db::Batch;
use crate::store::sends::{Chunk, WaitingSend};
use crate::store::subscriptions::Subscriber;
use crate::tail::Tail;
use crate::telemetry::Metrics;
use anyhow::Context as _;
use campanile_core::campaign::{Body, Status};
use campanile_core::cause::Cause;
use campanile_core::delivery::{Answer, Verdict};
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::notification::{Given, PreparedPush, PushMessage};
use campanile_core::push_plan::PushPlan;
use campanile_core::time::Timestamp;
use campanile_push::vapid::SignatureCache;
use campanile_push::webpush::{Options, Topic};
use futures_util::StreamExt as _;
use hand::{Hand, Hands};
use lives::Lives;
use pace::{Lane, Leave, Pace};
use post::{Bounds, Letter, Posted};
use round::Round;
use settle::{Rest, is_passing};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use transport::Transport;

/// How long a leased job belongs to its worker.
const LEASE_MS: i64 = 120_000;
/// How long a worker begins new requests of one piece; what is left of it is the next lease's. Without this bound a push service that
/// never answers would keep a piece longer than its lease, and no worker could settle it.
const BEGIN_FOR: Duration = Duration::from_secs(60);
const _: () = assert!(
    (BEGIN_FOR.as_secs() + transport::TIME_OUT.as_secs()) * 1000 < LEASE_MS as u64,
    "what was begun last has its answer, or none, before the lease ends"
);
/// How often an idle worker looks for work that nobody announced (retries that came due, other processes' jobs).
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How soon work on a paused push is looked at again.
const PAUSED_MS: i64 = 3_000;
/// How often at least a piece that was put off looks whether its push goes on.
const LONGEST_PAUSED_MS: i64 = 60_000;
/// How soon a message that its push service did not look at goes again.
const NOT_TAKEN_MS: i64 = 1_000;
/// How often a worker looks whether the push whose piece it sends was halted; a stop takes effect within a second.
const LOOK_FOR_HALT: Duration = Duration::from_millis(400);

/// Why nothing can be sent before the operator did something.
const NO_SUBJECT: &str = "push.subject is not set in the configuration";

/// What became of a message in one piece of work.
enum Tried {
    /// It has its answer.
    Answered(Answer),
    /// It was not tried, and will not be before that moment.
    Held(Timestamp),
    /// It was not tried, for the piece's time was over.
    Left,
}

/// Whether a step found something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A job was worked on.
    Worked,
    /// Nothing was ready.
    Idle,
}

/// A push campaign as work finds it.
struct Task {
    site: Arc<Site>,
    status: Status,
    /// When it was last started.
    since: Option<Timestamp>,
    plan: Box<PushPlan>,
}

/// The messages of a push by the names of their variants, and what is known of those who get it where that makes a difference.
struct Letters {
    prepared: Vec<(String, PreparedPush)>,
    known: HashMap<campanile_core::id::Id, Subscriber>,
    given: HashMap<campanile_core::id::Id, Given>,
    /// From when on nothing of it is sent.
    until: Option<Timestamp>,
    /// The tag of a message that has none: two orders stand side by side on a screen; none: the campaign's.
    tag: Option<String>,
}

impl Letters {
    /// The message of one recipient: A, unless they got another variant.
    fn of(&self, send: &WaitingSend) -> &PreparedPush {
        let name = send.part.as_ref().map(|(_, variant)| variant);
        let found = self.prepared.iter().find(|(known, _)| Some(known) == name);
        &found.unwrap_or(&self.prepared[0]).1
    }
}

/// What every worker needs.
pub struct Delivery {
    store: Store,
    queue: Queue,
    live: Live,
    clock: Clock,
    transport: Transport,
    imports: Imports,
    signatures: Option<SignatureCache>,
    /// Absolute address of the wire for workers, where the public one is known.
    endpoint: Option<String>,
    concurrency: usize,
    pace: Pace,
    hands: Hands,
    metrics: Metrics,
    tail: Tail,
    stop: CancellationToken,
}

/// The parts of a [`Delivery`].
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The queue.
    pub queue: Queue,
    /// Sites and their keys.
    pub live: Live,
    /// Time.
    pub clock: Clock,
    /// The way out.
    pub transport: Transport,
    /// Imports, of which pieces come as jobs.
    pub imports: Imports,
    /// Signatures under the configured subject; none: nothing can be sent.
    pub signatures: Option<SignatureCache>,
    /// Absolute address of the wire for workers.
    pub endpoint: Option<String>,
    /// The most messages in flight to one push service at once.
    pub concurrency: usize,
    /// Metrics.
    pub metrics: Metrics,
    /// What happens this second.
    pub tail: Tail,
    /// Once it is cancelled nothing new is begun; what is under way is finished and settled.
    pub stop: CancellationToken,
}

impl Delivery {
    /// Stands on its parts.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            store,
            queue,
            live,
            clock,
            transport,
            imports,
            signatures,
            endpoint,
            concurrency,
            metrics,
            tail,
            stop,
        } = parts;
        Self {
            pace: Pace::new(clock.clone(), metrics.clone(), concurrency),
            hands: Hands::new(),
            store,
            queue,
            live,
            clock,
            transport,
            imports,
            signatures,
            endpoint,
            concurrency,
            metrics,
            tail,
            stop,
        }
    }

    /// Works until told to stop; what is under way is finished first.
    pub async fn run(self: Arc<Self>) {
        let workers = (0..Hands::WORKERS).map(|_| self.clone().work());
        futures_util::future::join_all(workers).await;
    }

    async fn work(self: Arc<Self>) {
        // Subscribed before the first look, so that no notice falls between looking and waiting.
        let mut changes = self.queue.changes();
        let mut hand = None;
        while !self.stop.is_cancelled() {
            if hand.is_none() {
                hand = self.hands.take(&self.stop).await;
                continue;
            }
            match self.step_with(&mut hand).await {
                Ok(Step::Worked) => continue,
                Ok(Step::Idle) => {}
                Err(fault) => tracing::warn!(
                    error = format!("{fault:#}"),
                    "a job could not be worked on; it comes back when the store does, or after its lease"
                ),
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = changes.recv() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Works on one job, if one is ready.
    pub async fn step(&self) -> anyhow::Result<Step> {
        self.step_with(&mut None).await
    }

    async fn step_with(&self, hand: &mut Option<Hand>) -> anyhow::Result<Step> {
        let now = self.clock.now();
        let Some(leased) = self.queue.lease(1, LEASE_MS, now).await?.pop() else {
            return Ok(Step::Idle);
        };
        let done = self.work_on(&leased, hand).await;
        if let Err(fault) = &done
            && is_passing(fault)
        {
            self.give_back(&leased).await;
        }
        done.map(|()| Step::Worked)
    }

    async fn work_on(&self, leased: &Leased, hand: &mut Option<Hand>) -> anyhow::Result<()> {
        match &leased.job {
            Job::FanOut {
                account,
                campaign,
                run,
            } => {
                let (account, campaign, run) = (parse(account)?, *campaign, *run);
                self.fan_out(leased, &account, campaign, run).await?;
            }
            Job::Occasion {
                account,
                campaign,
                person,
                at,
            } => {
                let (account, campaign) = (parse(account)?, *campaign);
                self.occasion(leased, &account, campaign, (*person, *at)).await?;
            }
            Job::Round {
                account,
                campaign,
                since,
                at,
                number,
            } => {
                let (account, campaign) = (parse(account)?, *campaign);
                let round = Round {
                    since: *since,
                    at: *at,
                    number: *number,
                };
                self.round(leased, &account, campaign, round).await?;
            }
            Job::Winner {
                account,
                campaign,
                run,
            } => {
                let (account, of) = (parse(account)?, (*campaign, *run));
                self.decide_test(leased, &account, of).await?;
            }
            Job::Import { account, import } => self.imports.work(leased, &parse(account)?, *import).await?,
            Job::Test { account, test } => self.send_test(leased, &parse(account)?, *test).await?,
            Job::Deliver {
                account,
                campaign,
                run,
                chunk,
            } => {
                let account = parse(account)?;
                let at = Chunk {
                    account: &account,
                    campaign: *campaign,
                    run: *run,
                    chunk: *chunk,
                };
                self.deliver(leased, at, hand).await?;
            }
        }
        Ok(())
    }

    /// A push campaign; none where there is none any more.
    async fn task(&self, account: &AccountId, campaign: CampaignId) -> anyhow::Result<Option<Task>> {
        // A job can be here before this process has heard of its account; to end it would leave the campaign sending for ever.
        if self.live.site(account).is_none() {
            self.live.refresh(account).await?;
        }
        let Some(site) = self.live.site(account) else {
            return Ok(None);
        };
        let found = self.store.campaign(account, campaign).await?;
        Ok(found.and_then(|campaign| match campaign.definition.body {
            Body::Push(plan) => Some(Task {
                site,
                status: campaign.status,
                since: campaign.started_at,
                plan,
            }),
            Body::Popup(_) => None,
        }))
    }

    async fn end(&self, leased: &Leased) -> anyhow::Result<()> {
        let mut batch = Batch::new("end_job");
        self.queue.done(&mut batch, leased);
        self.store.db.write(batch).await?;
        Ok(())
    }

    fn allotment<'a>(&'a self, task: &'a Task) -> Allotment<'a> {
        Allotment {
            store: &self.store,
            queue: &self.queue,
            clock: &self.clock,
            site: &task.site,
            plan: &task.plan,
        }
    }

    /// Looks again when the push may have been resumed.
    async fn wait(&self, leased: &Leased) -> anyhow::Result<()> {
        self.wait_ms(leased, PAUSED_MS).await
    }

    /// The same for a piece that was put off: of those there may be very many, so each asks less and less often.
    async fn wait_longer(&self, leased: &Leased) -> anyhow::Result<()> {
        let doubled = PAUSED_MS << leased.attempts.min(8);
        self.wait_ms(leased, doubled.min(LONGEST_PAUSED_MS)).await
    }

    async fn wait_ms(&self, leased: &Leased, ms: i64) -> anyhow::Result<()> {
        let mut batch = Batch::new("paused");
        let at = self.clock.now().plus_ms(ms);
        self.queue.later(&mut batch, leased, at);
        self.store.db.write(batch).await?;
        Ok(())
    }

    async fn deliver(&self, leased: &Leased, at: Chunk<'_>, hand: &mut Option<Hand>) -> anyhow::Result<()> {
        let Some(task) = self.task(at.account, at.campaign).await? else {
            return self.end(leased).await;
        };
        match task.status {
            status if status.is_sending() => {}
            Status::Paused if at.chunk < 0 => return self.wait_longer(leased).await,
            Status::Paused => return self.wait(leased).await,
            _ => return self.give_up(leased, at, &task.site).await,
        }
        let (site, message) = (&*task.site, &task.plan.push);
        let run = self
            .store
            .run(at.account, at.campaign, at.run)
            .await?
            .context("a piece without its run")?;
        if task.since.is_some_and(|since| run.started_at < since) {
            // It was put off, and the push was stopped and started again meanwhile.
            return self.give_up(leased, at, site).await;
        }
        let letters = self.letters(&task.plan, at).await?;
        let waiting = self.store.waiting_sends(at).await?;
        let lives = Lives::new(&task.plan, run.started_at);
        let now = self.clock.now();
        let (due, later) = self.part(&task, at, waiting, lives).await?;
        self.goals_begin(at, &due).await?;
        let bounds = Bounds {
            halt: self.stop.child_token(),
            until: tokio::time::Instant::now() + BEGIN_FOR,
        };
        // A lane for each push service: none waits for another.
        let mut origins: BTreeMap<String, Vec<WaitingSend>> = BTreeMap::new();
        for send in due {
            origins.entry(send.endpoint.origin()).or_default().push(send);
        }
        let (lanes, sends): (Vec<_>, Vec<_>) = origins
            .into_iter()
            .map(|(origin, sends)| (self.pace.lane(origin), sends))
            .unzip();
        let work = lanes.iter().zip(sends).map(|(lane, sends)| {
            let (letters, bounds) = (&letters, &bounds);
            async move {
                let tried = futures_util::stream::iter(sends)
                    .map(|send| async {
                        let tried = self
                            .send(site, letters, at, &send, lives.end(&send), (lane, bounds))
                            .await;
                        (send, tried)
                    })
                    .buffer_unordered(self.concurrency)
                    .collect::<Vec<_>>()
                    .await;
                lane.through();
                tried
            }
        });
        let tried = tokio::select! {
            tried = futures_util::future::join_all(work) => tried,
            never = self.hands.lend(&lanes, hand) => match never {},
            never = self.watch_for_halt(at, &bounds.halt) => match never {},
        };
        drop(lanes);
        let mut again = later.iter().map(|send| send.retry_at).min();
        let mut left = false;
        let mut waits = Vec::new();
        let mut outcomes = Vec::new();
        for (send, tried) in tried.into_iter().flatten() {
            let moment = match tried {
                Tried::Answered(answer) => {
                    outcomes.push((send, answer));
                    continue;
                }
                // Not written down: it was not tried, and the job comes back in time to say so of those whose time ends.
                Tried::Held(until) if message.ttl_seconds > 0 => until.min(lives.end(&send)),
                Tried::Held(until) => until,
                Tried::Left => {
                    left = true;
                    now
                }
            };
            again = Some(again.map_or(moment, |known| known.min(moment)));
            waits.push(send);
        }
        let rest = Rest { again, left, waits };
        self.settle(leased, at, site, outcomes, (lives, rest)).await
    }

    /// Cancels `halt` when the push is not to be sent any more; never ends by itself. A store that does not answer halts nothing: what is
    /// under way would be sent twice.
    async fn watch_for_halt(&self, at: Chunk<'_>, halt: &CancellationToken) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(LOOK_FOR_HALT).await;
            let found = self.store.campaign_status(at.account, at.campaign).await;
            if found.is_ok_and(|status| !status.is_some_and(Status::is_sending)) {
                halt.cancel();
                return std::future::pending().await;
            }
        }
    }

    /// The messages with what is needed to make each one's own of them.
    async fn letters(&self, plan: &PushPlan, at: Chunk<'_>) -> anyhow::Result<Letters> {
        let prepared = plan
            .messages()
            .enumerate()
            .map(|(index, message)| {
                let name = plan.experiment.name(index).to_owned();
                PreparedPush::new(message).map(|prepared| (name, prepared))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|fault| anyhow::anyhow!("a push that was started cannot be prepared: {fault}"))?;
        let known = if prepared.iter().all(|(_, prepared)| prepared.is_same_for_all()) {
            HashMap::new()
        } else {
            self.store.recipients(at).await?
        };
        let reads = |name| prepared.iter().any(|(_, prepared)| prepared.reads(name));
        let given = if reads(Given::EVENT) || reads(Given::DATA) {
            self.store.given(at).await?
        } else {
            HashMap::new()
        };
        Ok(Letters {
            prepared,
            known,
            given,
            until: plan.send.until,
            tag: plan
                .goes_on()
                .then(|| format!("campanile-{}-{}", at.campaign, at.run)),
        })
    }

    async fn send(
        &self,
        site: &Site,
        letters: &Letters,
        at: Chunk<'_>,
        send: &WaitingSend,
        expires_at: Timestamp,
        (lane, bounds): (&Lane<'_>, &Bounds),
    ) -> Tried {
        let refuse = |verdict: Verdict, cause: Cause, reason: &str| {
            let answer = Answer {
                verdict,
                status: None,
                reason: reason.to_owned(),
                cause: Some(cause),
            };
            self.tell(at, send, &answer, expires_at, None);
            Tried::Answered(answer)
        };
        if !send.live {
            return refuse(
                Verdict::Gone,
                Cause::Unsubscribed,
                "unsubscribed before it was sent",
            );
        }
        let Some(key) = site.key(send.vapid_key) else {
            return refuse(
                Verdict::Refused,
                Cause::KeyMissing,
                "the VAPID key of this subscription is not in the key ring",
            );
        };
        let Some(signatures) = &self.signatures else {
            return refuse(Verdict::Refused, Cause::NoSubject, NO_SUBJECT);
        };
        let prepared = letters.of(send);
        let filled = if prepared.is_same_for_all() {
            prepared.fill("", &serde_json::Map::new())
        } else {
            match letters.known.get(&send.subscription) {
                Some(subscriber) => {
                    let given = letters.given.get(&send.subscription);
                    audience::fill(site, prepared, subscriber, given, self.clock.now())
                }
                None => {
                    return refuse(
                        Verdict::Refused,
                        Cause::Unknown,
                        "nothing is known of this subscriber any more",
                    );
                }
            }
        };
        let mut message: Cow<'_, PushMessage> = match filled {
            Ok(message) => message,
            Err(fault) => return refuse(Verdict::Refused, Cause::Unfilled, &fault.to_string()),
        };
        if let (None, Some(tag)) = (&message.tag, &letters.tag) {
            message.to_mut().tag = Some(tag.clone());
        }
        let payload = match audience::payload(site, at.campaign, &message, send.id, self.endpoint.as_deref())
        {
            Ok(payload) => payload,
            Err(reason) => return refuse(Verdict::TooLarge, Cause::TooLarge, &reason),
        };
        // A message without a time to live is for whoever is there now; every other one is stale when its time is over.
        let is_late = |now: Timestamp| message.ttl_seconds > 0 && now >= expires_at;
        let late = || {
            refuse(
                Verdict::Refused,
                Cause::Expired,
                "its time to live ended before it was sent",
            )
        };
        let is_over = |now: Timestamp| letters.until.is_some_and(|until| now >= until);
        let over = || {
            refuse(
                Verdict::Refused,
                Cause::Ended,
                "the push ended before it was sent",
            )
        };
        if is_over(self.clock.now()) {
            return over();
        }
        if is_late(self.clock.now()) {
            return late();
        }
        let turn = match lane.turn(|| bounds.open()).await {
            Leave::Go(turn) => turn,
            Leave::Held(_) if message.ttl_seconds == 0 => {
                return refuse(
                    Verdict::Refused,
                    Cause::MayNotWait,
                    "its push service takes no messages now, and it has no time to live",
                );
            }
            Leave::Held(until) | Leave::Later(until) => return Tried::Held(until),
            Leave::Over => return Tried::Left,
        };
        let now = self.clock.now();
        if is_over(now) {
            return over();
        }
        if is_late(now) {
            return late();
        }
        let letter = Letter {
            send,
            origin: lane.origin(),
            key: &key.key,
            signatures,
            payload: &payload,
            smaller: &|| {
                audience::smaller_payload(site, at.campaign, &message, send.id, self.endpoint.as_deref())
            },
            options: Options {
                ttl_seconds: u32::try_from(expires_at.since(now) / 1000).unwrap_or(0),
                urgency: message.urgency,
                // Of its own where none is asked for, so that what is sent twice after a crash is shown once, and two orders are two messages.
                topic: Some(match &message.topic {
                    Some(topic) => Topic::of(&[at.account.as_str().as_bytes(), topic.as_bytes()]),
                    None => Topic::of(&[
                        at.account.as_str().as_bytes(),
                        &at.campaign.0.to_be_bytes(),
                        &at.run.to_be_bytes(),
                    ]),
                }),
            },
        };
        let took = clock::stopwatch();
        match self.post(&letter, bounds).await {
            Posted::Answered(answer) => {
                self.tell(at, send, &answer, expires_at, Some(took()));
                turn.answered(send.subscription, answer.verdict);
                Tried::Answered(answer)
            }
            Posted::NotTaken => {
                // The message was not tried, but its service is to be written to more slowly.
                turn.answered(send.subscription, Verdict::Unreachable { after_ms: None });
                Tried::Held(self.clock.now().plus_ms(NOT_TAKEN_MS))
            }
            Posted::Over => Tried::Left,
        }
    }
}

fn parse(account: &str) -> anyhow::Result<AccountId> {
    AccountId::parse(account).context("a job names an account that is none")
}
