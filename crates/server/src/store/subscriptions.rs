//! Push subscriptions.
//!
//! Left out: whether an endpoint is believed (`campanile-core`'s `subscription`). Invariant: one row per endpoint; a row is gone
//! only because the push service said so, the browser unsubscribed, or the browser brought another endpoint; it is aside while its push
//! service knows another key, until its browser subscribes anew.

use super::db::{Batch, DbError, Row, Value};
use super::profiles::{self, DeviceRow, DeviceState, ProfileRow};
use super::sends::Chunk;
use super::{Store, corrupt};
use crate::args;
use campanile_core::id::{AccountId, Id, Ordinal};
use campanile_core::subscription::{Endpoint, Keys};
use campanile_core::time::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// A subscription.
#[derive(Debug, Clone)]
pub struct SubscriptionRow {
    /// Its id.
    pub id: Id,
    /// The browser that brought it.
    pub device: Option<Id>,
    /// Whose it is.
    pub ordinal: Ordinal,
    /// Where its push service takes messages.
    pub endpoint: Endpoint,
    /// Its keys.
    pub keys: Keys,
    /// Multiples of its public key (`campanile_push::ece::multiples`); none: an older version brought it in.
    pub multiples: Option<Vec<u8>>,
    /// The VAPID key that it was made with.
    pub vapid_key: Id,
    /// Browser family.
    pub browser: String,
    /// Operating system; empty where it is not known.
    pub system: String,
    /// Whether it gets messages.
    pub live: bool,
    /// Whether it is not written to because its push service knows another VAPID key; if neither, it is gone.
    pub aside: bool,
    /// Why it is gone or aside.
    pub reason: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

impl SubscriptionRow {
    /// Its state in a word: `live`, `aside` or `gone`.
    pub fn state_word(&self) -> &'static str {
        match (self.live, self.aside) {
            (true, _) => "live",
            (false, true) => "aside",
            (false, false) => "gone",
        }
    }
}

/// By what a subscription is named.
#[derive(Debug, Clone, Copy)]
pub enum SubscriptionKey<'a> {
    /// Its id here.
    Id(Id),
    /// Its address at the push service.
    Endpoint(&'a str),
}

/// Who is behind a subscription: the person, and the browser as it was last seen.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// The browser; of one that was never seen on a page nothing is known.
    pub device: DeviceRow,
    /// The person.
    pub profile: ProfileRow,
}

/// A subscription with who is behind it, as it leaves the house.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The subscription.
    pub subscription: SubscriptionRow,
    /// The person, and the browser.
    pub subscriber: Subscriber,
    /// Whether anything is known of the browser.
    pub has_device: bool,
}

fn subscriber(row: &Row, from: usize) -> Result<(Id, Subscriber), DbError> {
    let id = Id::from_bytes(row.bytes(from)?).ok_or_else(|| corrupt("subscriptions.id"))?;
    let profile = profiles::profile(row, from + 1)?;
    let device = if row.opt_bytes(from + 8)?.is_some() {
        profiles::device(row, from + 8)?
    } else {
        DeviceRow {
            id,
            ordinal: profile.ordinal,
            version: 0,
            state: DeviceState::default(),
            created_at: profile.created_at,
            seen_at: profile.created_at,
        }
    };
    Ok((id, Subscriber { device, profile }))
}

fn subscription(row: &Row) -> Result<SubscriptionRow, DbError> {
    let fixed = || corrupt("subscriptions: a key has the wrong length");
    Ok(SubscriptionRow {
        id: Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("subscriptions.id"))?,
        device: row.opt_bytes(1)?.and_then(Id::from_bytes),
        ordinal: Ordinal(u32::try_from(row.int(2)?).map_err(|_| corrupt("subscriptions.ordinal"))?),
        endpoint: Endpoint::stored(row.text(3)?.to_owned()),
        keys: Keys {
            p256dh: row.bytes(4)?.try_into().map_err(|_| fixed())?,
            auth: row.bytes(5)?.try_into().map_err(|_| fixed())?,
        },
        vapid_key: Id::from_bytes(row.bytes(6)?).ok_or_else(|| corrupt("subscriptions.vapid_key"))?,
        browser: row.text(7)?.to_owned(),
        live: row.text(8)? == "live",
        aside: row.text(8)? == "aside",
        reason: row.text(9)?.to_owned(),
        created_at: Timestamp(row.int(10)?),
        changed_at: Timestamp(row.int(11)?),
        system: row.text(12)?.to_owned(),
        multiples: row.opt_bytes(13)?.map(<[u8]>::to_vec),
    })
}

impl Store {
    /// Adds a subscription, or gives its endpoint the keys and the person that it has now; the device's other endpoints are gone,
    /// for a browser has one.
    pub fn upsert_subscription(&self, batch: &mut Batch, account: &AccountId, row: &SubscriptionRow) {
        let sql = "-- upsert_subscription\nINSERT INTO subscriptions \
                   (account, id, device, ordinal, endpoint, p256dh, auth, vapid_key, browser, state, reason, created_at, changed_at, system, multiples) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'live', '', $10, $10, $11, $12) \
                   ON CONFLICT (account, endpoint) DO UPDATE SET device = excluded.device, ordinal = excluded.ordinal, p256dh = excluded.p256dh, \
                   auth = excluded.auth, vapid_key = excluded.vapid_key, browser = excluded.browser, system = excluded.system, state = 'live', reason = '', \
                   changed_at = excluded.changed_at, multiples = excluded.multiples";
        batch.run(
            sql,
            args![
                account.as_str(),
                row.id.bytes(),
                row.device.map(Id::bytes),
                i64::from(row.ordinal.0),
                row.endpoint.as_str(),
                row.keys.p256dh.to_vec(),
                row.keys.auth.to_vec(),
                row.vapid_key.bytes(),
                row.browser.as_str(),
                row.changed_at.ms(),
                row.system.as_str(),
                row.multiples.clone()
            ],
        );
        if let Some(device) = row.device {
            let sql = "-- replace_subscription\nUPDATE subscriptions SET state = 'gone', reason = 'replaced by a newer one of the same browser', \
                       changed_at = $4 WHERE account = $1 AND device = $2 AND endpoint <> $3 AND state <> 'gone'";
            batch.run(
                sql,
                args![
                    account.as_str(),
                    device.bytes(),
                    row.endpoint.as_str(),
                    row.changed_at.ms()
                ],
            );
        }
    }

    /// The browser has another endpoint in this one's place, whoever it was that had it.
    pub fn replaced(&self, batch: &mut Batch, account: &AccountId, endpoint: &str, now: Timestamp) {
        let sql = "-- replaced\nUPDATE subscriptions SET state = 'gone', reason = 'replaced by a newer one of the same browser', changed_at = $3 \
                   WHERE account = $1 AND endpoint = $2 AND state <> 'gone'";
        batch.run(sql, args![account.as_str(), endpoint, now.ms()]);
    }

    /// The browser gave up an endpoint.
    pub fn unsubscribe(&self, batch: &mut Batch, account: &AccountId, endpoint: &str, now: Timestamp) {
        let sql = "-- unsubscribe\nUPDATE subscriptions SET state = 'gone', reason = 'unsubscribed in the browser', changed_at = $3 \
                   WHERE account = $1 AND endpoint = $2 AND state <> 'gone'";
        batch.run(sql, args![account.as_str(), endpoint, now.ms()]);
    }

    /// The push service said that a subscription is gone.
    pub fn remove_subscription(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        id: Id,
        reason: &str,
        now: Timestamp,
    ) {
        let sql = "-- remove_subscription\nUPDATE subscriptions SET state = 'gone', reason = $3, changed_at = $4 \
                   WHERE account = $1 AND id = $2 AND state <> 'gone'";
        batch.run(sql, args![account.as_str(), id.bytes(), reason, now.ms()]);
    }

    /// The push service knows another VAPID key than `key`; nothing more is sent there until the browser subscribes anew. One that did
    /// so with another key in the meantime stays.
    pub fn set_aside(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        (id, key): (Id, Id),
        reason: &str,
        now: Timestamp,
    ) {
        let sql = "-- set_aside\nUPDATE subscriptions SET state = 'aside', reason = $4, changed_at = $5 \
                   WHERE account = $1 AND id = $2 AND vapid_key = $3 AND state = 'live'";
        batch.run(
            sql,
            args![account.as_str(), id.bytes(), key.bytes(), reason, now.ms()],
        );
    }

    /// A device's subscriptions go with it to another person.
    pub fn move_subscriptions(&self, batch: &mut Batch, account: &AccountId, device: Id, to: Ordinal) {
        let sql =
            "-- move_subscriptions\nUPDATE subscriptions SET ordinal = $3 WHERE account = $1 AND device = $2";
        batch.run(sql, args![account.as_str(), device.bytes(), i64::from(to.0)]);
    }

    /// Live subscriptions in the order of their ids, after one of them.
    pub async fn live_subscriptions(
        &self,
        account: &AccountId,
        after: Vec<u8>,
        limit: u32,
    ) -> Result<Vec<(Id, Ordinal)>, DbError> {
        let sql = "-- live_subscriptions\nSELECT id, ordinal FROM subscriptions WHERE account = $1 AND id > $2 AND state = 'live' ORDER BY id LIMIT $3";
        let rows = self
            .db
            .query(sql, args![account.as_str(), after, i64::from(limit)])
            .await?;
        rows.iter()
            .map(|row| {
                let id = Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("subscriptions.id"))?;
                Ok((
                    id,
                    Ordinal(u32::try_from(row.int(1)?).map_err(|_| corrupt("subscriptions.ordinal"))?),
                ))
            })
            .collect()
    }

    /// Who is behind the live subscriptions after one and up to another, in the order of their ids.
    pub async fn subscribers_between(
        &self,
        account: &AccountId,
        after: Vec<u8>,
        to: Vec<u8>,
    ) -> Result<HashMap<Id, Subscriber>, DbError> {
        let sql = "-- subscribers_between\nSELECT t.id, p.ordinal, p.properties, p.identified, p.version, p.created_at, p.activity, p.ledger, \
                   d.id, d.ordinal, d.version, d.state, d.created_at, d.seen_at FROM subscriptions t \
                   JOIN profiles p ON p.account = t.account AND p.ordinal = t.ordinal \
                   LEFT JOIN devices d ON d.account = t.account AND d.id = t.device \
                   WHERE t.account = $1 AND t.id > $2 AND t.id <= $3 AND t.state = 'live'";
        let rows = self.db.query(sql, args![account.as_str(), after, to]).await?;
        rows.iter().map(|row| subscriber(row, 0)).collect()
    }

    /// The live subscriptions of a person, with who is behind each.
    pub async fn subscribers_of(
        &self,
        account: &AccountId,
        person: Ordinal,
    ) -> Result<Vec<(Id, Subscriber)>, DbError> {
        let sql = "-- subscribers_of\nSELECT t.id, p.ordinal, p.properties, p.identified, p.version, p.created_at, p.activity, p.ledger, \
                   d.id, d.ordinal, d.version, d.state, d.created_at, d.seen_at FROM subscriptions t \
                   JOIN profiles p ON p.account = t.account AND p.ordinal = t.ordinal \
                   LEFT JOIN devices d ON d.account = t.account AND d.id = t.device \
                   WHERE t.account = $1 AND t.ordinal = $2 AND t.state = 'live'";
        let rows = self
            .db
            .query(sql, args![account.as_str(), i64::from(person.0)])
            .await?;
        rows.iter().map(|row| subscriber(row, 0)).collect()
    }

    /// Who is behind the messages of a piece that wait, by subscription.
    pub async fn recipients(&self, at: Chunk<'_>) -> Result<HashMap<Id, Subscriber>, DbError> {
        let sql = "-- recipients\nSELECT t.id, p.ordinal, p.properties, p.identified, p.version, p.created_at, p.activity, p.ledger, \
                   d.id, d.ordinal, d.version, d.state, d.created_at, d.seen_at FROM sends s \
                   JOIN subscriptions t ON t.account = s.account AND t.id = s.subscription \
                   JOIN profiles p ON p.account = t.account AND p.ordinal = t.ordinal \
                   LEFT JOIN devices d ON d.account = t.account AND d.id = t.device \
                   WHERE s.account = $1 AND s.campaign = $2 AND s.run = $3 AND s.chunk = $4 AND s.state = 'waiting'";
        let rows = self
            .db
            .query(sql, args![at.account.as_str(), at.campaign.0, at.run, at.chunk])
            .await?;
        rows.iter().map(|row| subscriber(row, 0)).collect()
    }

    /// A person's subscriptions, newest first.
    pub async fn subscriptions_of(
        &self,
        account: &AccountId,
        of: Ordinal,
    ) -> Result<Vec<SubscriptionRow>, DbError> {
        let sql = "-- subscriptions_of\nSELECT id, device, ordinal, endpoint, p256dh, auth, vapid_key, browser, state, reason, created_at, changed_at, system, multiples \
                   FROM subscriptions WHERE account = $1 AND ordinal = $2 ORDER BY id DESC LIMIT 100";
        self.db
            .query(sql, args![account.as_str(), i64::from(of.0)])
            .await?
            .iter()
            .map(subscription)
            .collect()
    }

    /// Whose a live subscription is, by its id or its endpoint.
    pub async fn subscription_owner(
        &self,
        account: &AccountId,
        by: SubscriptionKey<'_>,
    ) -> Result<Option<(Id, Ordinal)>, DbError> {
        let (sql, key) = match by {
            SubscriptionKey::Id(id) => (
                "-- owner_by_id\nSELECT id, ordinal FROM subscriptions WHERE account = $1 AND id = $2 AND state = 'live'",
                Value::from(id.bytes()),
            ),
            SubscriptionKey::Endpoint(endpoint) => (
                "-- owner_by_endpoint\nSELECT id, ordinal FROM subscriptions WHERE account = $1 AND endpoint = $2 AND state = 'live'",
                Value::from(endpoint),
            ),
        };
        let rows = self
            .db
            .query(sql, vec![Value::from(account.as_str()), key])
            .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let id = Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("subscriptions.id"))?;
        let ordinal = u32::try_from(row.int(1)?).map_err(|_| corrupt("subscriptions.ordinal"))?;
        Ok(Some((id, Ordinal(ordinal))))
    }

    /// The account's subscriptions, newest first.
    pub async fn subscriptions(
        &self,
        account: &AccountId,
        limit: u32,
    ) -> Result<Vec<SubscriptionRow>, DbError> {
        let sql = "-- subscriptions\nSELECT id, device, ordinal, endpoint, p256dh, auth, vapid_key, browser, state, reason, created_at, changed_at, system, multiples \
                   FROM subscriptions WHERE account = $1 ORDER BY id DESC LIMIT $2";
        self.db
            .query(sql, args![account.as_str(), i64::from(limit)])
            .await?
            .iter()
            .map(subscription)
            .collect()
    }

    /// The account's subscriptions in the order of their ids, after one of them, with all that is known of each.
    pub async fn exported(
        &self,
        account: &AccountId,
        after: Option<Id>,
        limit: u32,
    ) -> Result<Vec<Exported>, DbError> {
        let sql = "-- exported\nSELECT t.id, t.device, t.ordinal, t.endpoint, t.p256dh, t.auth, t.vapid_key, t.browser, t.state, t.reason, \
                   t.created_at, t.changed_at, t.system, t.multiples, t.id, p.ordinal, p.properties, p.identified, p.version, p.created_at, p.activity, p.ledger, \
                   d.id, d.ordinal, d.version, d.state, d.created_at, d.seen_at FROM subscriptions t \
                   JOIN profiles p ON p.account = t.account AND p.ordinal = t.ordinal \
                   LEFT JOIN devices d ON d.account = t.account AND d.id = t.device \
                   WHERE t.account = $1 AND t.id > $2 ORDER BY t.id LIMIT $3";
        let after = after.map(Id::bytes).unwrap_or_default();
        let rows = self
            .db
            .query(sql, args![account.as_str(), after, i64::from(limit)])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Exported {
                    subscription: subscription(row)?,
                    subscriber: subscriber(row, 14)?.1,
                    has_device: row.opt_bytes(22)?.is_some(),
                })
            })
            .collect()
    }

    /// How many live subscriptions there are by browser.
    pub async fn reach(&self, account: &AccountId) -> Result<BTreeMap<String, u64>, DbError> {
        let sql = "-- reach\nSELECT browser, COUNT(*) FROM subscriptions WHERE account = $1 AND state = 'live' GROUP BY browser";
        let rows = self.db.query(sql, args![account.as_str()]).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?.to_owned(), row.int(1)? as u64)))
            .collect()
    }

    /// How many live subscriptions at a push service's host belong to browsers that were last heard of so many whole days ago: on a page,
    /// or by a report of their worker.
    pub async fn silent_days(
        &self,
        account: &AccountId,
        host: &str,
        now: Timestamp,
    ) -> Result<Vec<(i64, u64)>, DbError> {
        let sql = "-- silent_days\nSELECT ($4 - CASE WHEN d.seen_at > t.changed_at THEN d.seen_at ELSE t.changed_at END) / 86400000 AS days, COUNT(*) \
                   FROM subscriptions t LEFT JOIN devices d ON d.account = t.account AND d.id = t.device \
                   WHERE t.account = $1 AND t.endpoint >= $2 AND t.endpoint < $3 AND t.state = 'live' GROUP BY days";
        // '0' comes next after '/'.
        let (from, to) = (format!("https://{host}/"), format!("https://{host}0"));
        let rows = self
            .db
            .query(sql, args![account.as_str(), from, to, now.ms()])
            .await?;
        rows.iter()
            .map(|row| Ok((row.int(0)?, row.int(1)? as u64)))
            .collect()
    }

    /// How many live subscriptions are bound to each VAPID key.
    pub async fn bound(&self, account: &AccountId) -> Result<BTreeMap<Id, u64>, DbError> {
        let sql = "-- bound\nSELECT vapid_key, COUNT(*) FROM subscriptions WHERE account = $1 AND state = 'live' GROUP BY vapid_key";
        let rows = self.db.query(sql, args![account.as_str()]).await?;
        rows.iter()
            .map(|row| {
                Ok((
                    Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("subscriptions.vapid_key"))?,
                    row.int(1)? as u64,
                ))
            })
            .collect()
    }
}
