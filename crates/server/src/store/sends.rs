//! Runs of push campaigns and their messages, one per subscription.
//!
//! Left out: leasing (the queue) and deciding what follows an answer (`campanile-core`'s `delivery`). Invariant: a send is made once per
//! run and subscription, and settled once; shown, clicked and dismissed are each written at most once.

use super::db::{Batch, DbError, Row, Value};
use super::exposures::{self, Part, TestRow};
use super::{InList, Store, corrupt, tries};
use crate::args;
use campanile_core::cause::Cause;
use campanile_core::delivery::Answer;
use campanile_core::id::{AccountId, CampaignId, Id, Ordinal};
use campanile_core::push_when::Turn;
use campanile_core::subscription::{Endpoint, Keys};
use campanile_core::time::Timestamp;
use campanile_core::winner::IN_TEST;
use std::collections::HashMap;

/// One sending of a campaign.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// Pieces of work made so far.
    pub chunks: i64,
    /// Pieces of which nothing waits any more.
    pub through: i64,
    /// The last subscription that was taken.
    pub after: Vec<u8>,
    /// The whole audience was taken.
    pub complete: bool,
    /// When it begins; the messages' time to live counts from here.
    pub started_at: Timestamp,
    /// The test before its winner.
    pub test: TestRow,
}

impl RunRow {
    /// From when the time to live of a piece counts: what waited for a winner begins when it is known.
    pub fn began(&self, chunk: i64) -> Timestamp {
        let of_rest = self.test.rest_from.is_some_and(|first| chunk >= first);
        self.test
            .decided_at
            .filter(|_| of_rest)
            .unwrap_or(self.started_at)
    }
}

/// A message that waits, with what is needed to send it.
#[derive(Debug, Clone)]
pub struct WaitingSend {
    /// Its token.
    pub id: Id,
    /// For which subscription.
    pub subscription: Id,
    /// How often it was tried.
    pub attempts: u32,
    /// When it may be tried again.
    pub retry_at: Timestamp,
    /// Its own moment, where that is not its run's.
    pub due_at: Timestamp,
    /// Whether the subscription is still there.
    pub live: bool,
    /// Where to.
    pub endpoint: Endpoint,
    /// For whom it is encrypted.
    pub keys: Keys,
    /// Multiples of the public key, where they are kept.
    pub multiples: Option<Vec<u8>>,
    /// The VAPID key that signs.
    pub vapid_key: Id,
    /// Whose it is.
    pub ordinal: Ordinal,
    /// Browser family.
    pub browser: String,
    /// Under what it is counted, where variants are compared.
    pub part: Option<Part>,
}

/// A message as the worker's report finds it.
#[derive(Debug, Clone)]
pub struct SendRow {
    /// Its token.
    pub id: Id,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Whose.
    pub ordinal: Ordinal,
    /// When it was shown.
    pub shown_at: Option<Timestamp>,
    /// When it was clicked.
    pub clicked_at: Option<Timestamp>,
    /// When it was dismissed.
    pub dismissed_at: Option<Timestamp>,
    /// Under what it is counted, where variants are compared.
    pub part: Option<Part>,
}

fn part(row: &Row, at: usize) -> Result<Option<Part>, DbError> {
    let variant = row.opt_text(at + 1)?;
    let revision = row.int(at)? as u32;
    Ok(variant.map(|variant| (revision, variant.to_owned())))
}

fn columns(part: Option<&Part>) -> (i64, Option<String>) {
    let revision = part.map_or(IN_TEST, |(revision, _)| *revision);
    (i64::from(revision), part.map(|(_, variant)| variant.clone()))
}

fn code(cause: Option<Cause>) -> Option<String> {
    cause.map(|cause| cause.as_str().to_owned())
}

/// How a send ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum SendState {
    Sent,
    Failed,
    Gone,
    Unsent,
    Capped,
    Held,
}

impl SendState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Gone => "gone",
            Self::Unsent => "unsent",
            Self::Capped => "capped",
            Self::Held => "held",
        }
    }
}

/// Which piece of which run.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// Account.
    pub account: &'a AccountId,
    /// Campaign.
    pub campaign: CampaignId,
    /// Run.
    pub run: i64,
    /// Number of the piece; below zero where it is put off.
    pub chunk: i64,
}

static BY_TOKEN: InList = InList::new(|| {
    InList::texts(
        "-- sends_by_token\nSELECT id, campaign, ordinal, shown_at, clicked_at, dismissed_at, revision, variant FROM sends WHERE account = $1 AND id",
        "",
    )
});

const INSERT_RUN: &str = "-- insert_run\nINSERT INTO runs (account, campaign, run, chunks, after, complete, started_at) \
                          VALUES ($1, $2, $3, 0, $4, 0, $5) ON CONFLICT (account, campaign, run) DO NOTHING";

pub(super) fn waiting(row: &Row) -> Result<WaitingSend, DbError> {
    let fixed = || corrupt("subscriptions: a key has the wrong length");
    Ok(WaitingSend {
        id: Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("sends.id"))?,
        subscription: Id::from_bytes(row.bytes(1)?).ok_or_else(|| corrupt("sends.subscription"))?,
        attempts: row.int(2)? as u32,
        retry_at: Timestamp(row.int(3)?),
        live: row.text(4)? != "gone",
        endpoint: Endpoint::stored(row.text(5)?.to_owned()),
        keys: Keys {
            p256dh: row.bytes(6)?.try_into().map_err(|_| fixed())?,
            auth: row.bytes(7)?.try_into().map_err(|_| fixed())?,
        },
        multiples: row.opt_bytes(14)?.map(<[u8]>::to_vec),
        vapid_key: Id::from_bytes(row.bytes(8)?).ok_or_else(|| corrupt("subscriptions.vapid_key"))?,
        due_at: Timestamp(row.int(9)?),
        ordinal: Ordinal(u32::try_from(row.int(10)?).map_err(|_| corrupt("sends.ordinal"))?),
        browser: row.text(11)?.to_owned(),
        part: part(row, 12)?,
    })
}

/// Why messages were not taken, or wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonRow {
    /// In which state they are.
    pub state: String,
    /// Status of the last answer.
    pub status: Option<u16>,
    /// Why, where that was said here.
    pub cause: Option<Cause>,
    /// The reason in words: the push service's own, where it gave any.
    pub reason: String,
    /// How many.
    pub times: u64,
}

/// What became of the messages for one kind of browser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientRow {
    /// Browser family, or operating system; empty where that is not known.
    pub name: String,
    /// Taken by its push service.
    pub sent: u64,
    /// Given up.
    pub failed: u64,
    /// Its subscription was gone.
    pub gone: u64,
    /// Shown.
    pub shown: u64,
    /// Clicked.
    pub clicked: u64,
}

impl ClientRow {
    /// Adds another one's numbers.
    pub fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.failed += other.failed;
        self.gone += other.gone;
        self.shown += other.shown;
        self.clicked += other.clicked;
    }
}

impl Store {
    /// Whether a person was sent a push that follows events, for an event between two moments.
    pub async fn has_occasion(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        person: Ordinal,
        (after, before): (Timestamp, Timestamp),
    ) -> Result<bool, DbError> {
        let sql = "-- has_occasion\nSELECT 1 FROM sends WHERE account = $1 AND ordinal = $2 AND campaign = $3 AND run > $4 AND run < $5 \
                   AND state <> 'capped' LIMIT 1";
        let args = args![
            account.as_str(),
            i64::from(person.0),
            campaign.0,
            after.ms(),
            before.ms()
        ];
        Ok(!self.db.query(sql, args).await?.is_empty())
    }

    /// Begins a run.
    pub fn insert_run(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        campaign: CampaignId,
        run: i64,
        now: Timestamp,
    ) {
        batch.run(
            INSERT_RUN,
            args![account.as_str(), campaign.0, run, Vec::<u8>::new(), now.ms()],
        );
    }

    /// The same; the batch rolls back when there is such a run already.
    pub fn insert_own_run(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        campaign: CampaignId,
        run: i64,
        now: Timestamp,
    ) {
        batch.expect(
            INSERT_RUN,
            args![account.as_str(), campaign.0, run, Vec::<u8>::new(), now.ms()],
            1,
        );
    }

    /// How far a run has come.
    pub async fn run(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        run: i64,
    ) -> Result<Option<RunRow>, DbError> {
        let sql = "-- run\nSELECT chunks, through, after, complete, started_at, test_ends, winner, decided_at, decided_by, rest_from FROM runs WHERE account = $1 AND campaign = $2 AND run = $3";
        let rows = self
            .db
            .query(sql, args![account.as_str(), campaign.0, run])
            .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(RunRow {
            chunks: row.int(0)?,
            through: row.int(1)?,
            after: row.bytes(2)?.to_vec(),
            complete: row.int(3)? != 0,
            started_at: Timestamp(row.int(4)?),
            test: exposures::test(row, 5)?,
        }))
    }

    /// Takes a run back that has not begun.
    pub fn delete_run(&self, batch: &mut Batch, account: &AccountId, campaign: CampaignId) {
        let sql = "-- delete_run\nDELETE FROM runs WHERE account = $1 AND campaign = $2";
        batch.run(sql, args![account.as_str(), campaign.0]);
    }

    /// Moves a run's cursor on; the batch rolls back when another worker did so first.
    pub fn advance_run(&self, batch: &mut Batch, at: Chunk<'_>, after: Vec<u8>, complete: bool) {
        let sql = "-- advance_run\nUPDATE runs SET chunks = chunks + 1, after = $5, complete = $6 \
                   WHERE account = $1 AND campaign = $2 AND run = $3 AND chunks = $4 AND complete = 0";
        batch.expect(
            sql,
            args![
                at.account.as_str(),
                at.campaign.0,
                at.run,
                at.chunk,
                after,
                complete
            ],
            1,
        );
    }

    /// Adds a message for one subscription.
    pub fn insert_send(
        &self,
        batch: &mut Batch,
        at: Chunk<'_>,
        id: Id,
        (subscription, ordinal, part): (Id, Ordinal, Option<&Part>),
        turn: Turn,
    ) {
        let sql = "-- insert_send\nINSERT INTO sends (account, campaign, run, subscription, chunk, id, ordinal, state, attempts, retry_at, reason, due_at, \
                   revision, variant) VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8, '', $9, $10, $11) \
                   ON CONFLICT (account, campaign, run, subscription) DO NOTHING";
        let (revision, variant) = columns(part);
        batch.run(
            sql,
            args![
                at.account.as_str(),
                at.campaign.0,
                at.run,
                subscription.bytes(),
                at.chunk,
                id.bytes(),
                i64::from(ordinal.0),
                turn.ready.ms(),
                turn.due.ms(),
                revision,
                variant
            ],
        );
    }

    /// Adds a message that will never be sent, with the reason.
    pub fn insert_lost_send(
        &self,
        batch: &mut Batch,
        at: Chunk<'_>,
        id: Id,
        (subscription, ordinal, part): (Id, Ordinal, Option<&Part>),
        (state, cause, reason): (SendState, Option<Cause>, &str),
        now: Timestamp,
    ) {
        let sql = "-- insert_lost_send\nINSERT INTO sends (account, campaign, run, subscription, chunk, id, ordinal, state, attempts, retry_at, reason, settled_at, \
                   revision, variant, cause) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10, $11, $12, $13) \
                   ON CONFLICT (account, campaign, run, subscription) DO NOTHING";
        let (revision, variant) = columns(part);
        batch.run(
            sql,
            args![
                at.account.as_str(),
                at.campaign.0,
                at.run,
                subscription.bytes(),
                at.chunk,
                id.bytes(),
                i64::from(ordinal.0),
                state.as_str(),
                reason,
                now.ms(),
                revision,
                variant,
                code(cause)
            ],
        );
    }

    /// The messages of a piece that wait.
    pub async fn waiting_sends(&self, at: Chunk<'_>) -> Result<Vec<WaitingSend>, DbError> {
        let sql = "-- waiting_sends\nSELECT s.id, s.subscription, s.attempts, s.retry_at, t.state, t.endpoint, t.p256dh, t.auth, t.vapid_key, s.due_at, \
                   s.ordinal, t.browser, s.revision, s.variant, t.multiples \
                   FROM sends s JOIN subscriptions t ON t.account = s.account AND t.id = s.subscription \
                   WHERE s.account = $1 AND s.campaign = $2 AND s.run = $3 AND s.chunk = $4 AND s.state = 'waiting'";
        let rows = self
            .db
            .query(sql, args![at.account.as_str(), at.campaign.0, at.run, at.chunk])
            .await?;
        rows.iter().map(waiting).collect()
    }

    /// Ends a message; the batch rolls back when it had ended already.
    pub fn settle_send(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        send: &WaitingSend,
        (state, answer): (SendState, &Answer),
        now: Timestamp,
    ) {
        let sql = "-- settle_send\nUPDATE sends SET state = $3, status = $4, reason = $5, settled_at = $6, cause = $7, attempts = attempts + 1 \
                   WHERE account = $1 AND id = $2 AND state = 'waiting'";
        batch.expect(
            sql,
            args![
                account.as_str(),
                send.id.bytes(),
                state.as_str(),
                answer.status.map(i64::from),
                answer.reason.as_str(),
                now.ms(),
                code(answer.cause)
            ],
            1,
        );
    }

    /// Ends the `waiting` messages of a piece that will not be sent; the batch rolls back when there are not so many.
    pub fn give_up_piece(&self, batch: &mut Batch, at: Chunk<'_>, waiting: usize, now: Timestamp) {
        let sql = "-- give_up_piece\nUPDATE sends SET state = $5, settled_at = $6 \
                   WHERE account = $1 AND campaign = $2 AND run = $3 AND chunk = $4 AND state = 'waiting'";
        let state = SendState::Unsent.as_str();
        batch.expect(
            sql,
            args![
                at.account.as_str(),
                at.campaign.0,
                at.run,
                at.chunk,
                state,
                now.ms()
            ],
            waiting,
        );
    }

    /// Notes a try that will be repeated.
    pub fn retry_send(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        send: &WaitingSend,
        answer: &Answer,
        at: Timestamp,
    ) {
        let sql = "-- retry_send\nUPDATE sends SET attempts = attempts + 1, retry_at = $3, status = $4, reason = $5, cause = $6 \
                   WHERE account = $1 AND id = $2 AND state = 'waiting'";
        batch.run(
            sql,
            args![
                account.as_str(),
                send.id.bytes(),
                at.ms(),
                answer.status.map(i64::from),
                answer.reason.as_str(),
                code(answer.cause)
            ],
        );
    }

    /// Whether any message of a run still waits.
    pub async fn run_waits(
        &self,
        account: &AccountId,
        campaign: CampaignId,
        run: i64,
    ) -> Result<bool, DbError> {
        let sql = "-- run_waits\nSELECT 1 FROM sends WHERE account = $1 AND campaign = $2 AND run = $3 AND state = 'waiting' LIMIT 1";
        Ok(self
            .db
            .query(sql, args![account.as_str(), campaign.0, run])
            .await?
            .first()
            .is_some())
    }

    /// The messages with these tokens.
    pub async fn sends(&self, account: &AccountId, tokens: &[Id]) -> Result<HashMap<Id, SendRow>, DbError> {
        let mut found = HashMap::new();
        let tokens: Vec<Vec<u8>> = tokens.iter().map(|id| id.bytes()).collect();
        for (sql, piece) in BY_TOKEN.pieces(&tokens) {
            let mut args: Vec<Value> = args![account.as_str()];
            args.extend(piece.into_iter().map(Value::from));
            for row in &self.db.query(sql, args).await? {
                let id = Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("sends.id"))?;
                found.insert(
                    id,
                    SendRow {
                        id,
                        campaign: CampaignId(row.int(1)?),
                        ordinal: Ordinal(u32::try_from(row.int(2)?).map_err(|_| corrupt("sends.ordinal"))?),
                        shown_at: row.opt_int(3)?.map(Timestamp),
                        clicked_at: row.opt_int(4)?.map(Timestamp),
                        dismissed_at: row.opt_int(5)?.map(Timestamp),
                        part: part(row, 6)?,
                    },
                );
            }
        }
        Ok(found)
    }

    /// Writes what became of a message on the screen; the batch rolls back when somebody else wrote the same first.
    pub fn update_send(&self, batch: &mut Batch, account: &AccountId, before: &SendRow, after: &SendRow) {
        for (sql, old, new) in [
            (
                "-- send_shown\nUPDATE sends SET shown_at = $3 WHERE account = $1 AND id = $2 AND shown_at IS NULL",
                before.shown_at,
                after.shown_at,
            ),
            (
                "-- send_clicked\nUPDATE sends SET clicked_at = $3 WHERE account = $1 AND id = $2 AND clicked_at IS NULL",
                before.clicked_at,
                after.clicked_at,
            ),
            (
                "-- send_dismissed\nUPDATE sends SET dismissed_at = $3 WHERE account = $1 AND id = $2 AND dismissed_at IS NULL",
                before.dismissed_at,
                after.dismissed_at,
            ),
        ] {
            if let (None, Some(at)) = (old, new) {
                batch.expect(sql, args![account.as_str(), after.id.bytes(), at.ms()], 1);
            }
        }
    }

    /// Why messages of a campaign failed or were repeated, most frequent first.
    pub async fn reasons(
        &self,
        account: &AccountId,
        campaign: CampaignId,
    ) -> Result<Vec<ReasonRow>, DbError> {
        let sql = "-- reasons\nSELECT state, status, reason, COUNT(*), cause FROM sends \
                   WHERE account = $1 AND campaign = $2 AND reason <> '' AND state <> 'sent' \
                   GROUP BY state, status, cause, reason ORDER BY COUNT(*) DESC, reason, state LIMIT 50";
        let rows = self.db.query(sql, args![account.as_str(), campaign.0]).await?;
        rows.iter()
            .map(|row| {
                let status = row.opt_int(1)?.map(u16::try_from).transpose();
                Ok(ReasonRow {
                    state: row.text(0)?.to_owned(),
                    status: status.map_err(|_| corrupt("sends.status"))?,
                    reason: row.text(2)?.to_owned(),
                    times: row.int(3)? as u64,
                    cause: tries::cause(row, 4)?,
                })
            })
            .collect()
    }

    /// What became of a campaign's messages, by browser family and operating system: the system, and the rest under the family's name.
    pub async fn by_client(
        &self,
        account: &AccountId,
        campaign: CampaignId,
    ) -> Result<Vec<(String, ClientRow)>, DbError> {
        let sql = "-- by_client\nSELECT COALESCE(t.browser, ''), COALESCE(t.system, ''), s.state, COUNT(*), COUNT(s.shown_at), COUNT(s.clicked_at) \
                   FROM sends s LEFT JOIN subscriptions t ON t.account = s.account AND t.id = s.subscription \
                   WHERE s.account = $1 AND s.campaign = $2 AND s.state IN ('sent', 'failed', 'gone') \
                   GROUP BY COALESCE(t.browser, ''), COALESCE(t.system, ''), s.state";
        let rows = self.db.query(sql, args![account.as_str(), campaign.0]).await?;
        rows.iter()
            .map(|row| {
                let mut client = ClientRow {
                    name: row.text(0)?.to_owned(),
                    shown: row.int(4)? as u64,
                    clicked: row.int(5)? as u64,
                    ..ClientRow::default()
                };
                let n = row.int(3)? as u64;
                match row.text(2)? {
                    "sent" => client.sent = n,
                    "gone" => client.gone = n,
                    _ => client.failed = n,
                }
                Ok((row.text(1)?.to_owned(), client))
            })
            .collect()
    }
}
