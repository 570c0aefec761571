//! Accounts, their keys, and where their snippet was seen.
//!
//! Left out: who may do what. Invariant: an API key is kept as its SHA-256 only.

use super::db::{Batch, DbError, Row};
use super::{Store, corrupt};
use crate::args;
use campanile_core::account::{Account, Origin};
use campanile_core::id::{AccountId, Id};
use campanile_core::subscription::Browsers;
use campanile_core::time::{Timestamp, Zone};

/// An account with its revision, which grows with each change that running processes must hear of.
#[derive(Debug, Clone)]
pub struct StoredAccount {
    /// The account.
    pub account: Account,
    /// Grows with every change.
    pub revision: i64,
    /// The key that signs links into the owner's pages; empty in an account from before there were any.
    pub link_key: Vec<u8>,
}

/// A VAPID key pair of an account.
#[derive(Clone)]
pub struct VapidRow {
    /// Its id; subscriptions are bound to it.
    pub id: Id,
    /// Public key, base64url of 65 bytes.
    pub public_key: String,
    /// PKCS#8 of the private key.
    pub private_key: Vec<u8>,
    /// For which browsers it makes new subscriptions.
    pub browsers: Browsers,
    /// Since when it does; the newest that fits a browser is the one in use.
    pub since: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An API key as its owner sees it again: by name and last characters.
#[derive(Debug, Clone)]
pub struct ApiKeyRow {
    /// Its id.
    pub id: Id,
    /// For what it was made.
    pub name: String,
    /// Its last four characters.
    pub tail: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
}

/// An origin on which the snippet ran.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Sighting {
    /// `https://shop.example.com`
    pub origin: String,
    /// Name and version of the SDK.
    pub sdk: String,
    /// First seen.
    pub first_at: Timestamp,
    /// Last seen, to the minute.
    pub last_at: Timestamp,
}

fn account(row: &Row) -> Result<StoredAccount, DbError> {
    let origins: Vec<String> =
        serde_json::from_str(row.text(3)?).map_err(|_| corrupt("accounts.origins is not a list"))?;
    Ok(StoredAccount {
        account: Account {
            id: AccountId::parse(row.text(0)?).ok_or_else(|| corrupt("accounts.id"))?,
            name: row.text(1)?.to_owned(),
            zone: Zone::parse(row.text(2)?).unwrap_or_else(Zone::utc),
            origins: origins
                .iter()
                .filter_map(|origin| Origin::parse(origin).ok())
                .collect(),
            settings: serde_json::from_str(row.text(6)?).map_err(|_| corrupt("accounts.settings"))?,
            created_at: Timestamp(row.int(5)?),
        },
        revision: row.int(4)?,
        link_key: row.opt_bytes(7)?.unwrap_or_default().to_vec(),
    })
}

fn settings_text(account: &Account) -> String {
    serde_json::to_string(&account.settings).expect("settings serialise")
}

impl Store {
    /// One account.
    pub async fn account(&self, id: &AccountId) -> Result<Option<StoredAccount>, DbError> {
        let sql = "-- account\nSELECT id, name, zone, origins, revision, created_at, settings, link_key FROM accounts WHERE id = $1";
        let rows = self.db.query(sql, args![id.as_str()]).await?;
        rows.first().map(account).transpose()
    }

    /// Id and revision of every account: what a process compares to know that it is behind.
    pub async fn revisions(&self) -> Result<Vec<(String, i64)>, DbError> {
        let sql = "-- account_revisions\nSELECT id, revision FROM accounts";
        let rows = self.db.query(sql, args![]).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?)))
            .collect()
    }

    /// Adds a new account; the batch rolls back when its id is taken.
    pub fn insert_account(&self, batch: &mut Batch, account: &Account, link_key: &[u8]) {
        let sql = "-- insert_account\nINSERT INTO accounts (id, name, zone, origins, next_ordinal, revision, created_at, settings, link_key) \
                   VALUES ($1, $2, $3, $4, 1, 1, $5, $6, $7) ON CONFLICT (id) DO NOTHING";
        let origins: Vec<&str> = account.origins.iter().map(Origin::as_str).collect();
        let origins = serde_json::to_string(&origins).expect("strings serialise");
        batch.expect(
            sql,
            args![
                account.id.as_str(),
                account.name.as_str(),
                account.zone.name(),
                origins,
                account.created_at.ms(),
                settings_text(account),
                link_key.to_vec()
            ],
            1,
        );
    }

    /// Gives an account from before there were signed links its key.
    pub fn set_link_key(&self, batch: &mut Batch, account: &AccountId, key: &[u8]) {
        let sql = "-- set_link_key\nUPDATE accounts SET link_key = $2, revision = revision + 1 WHERE id = $1 AND link_key IS NULL";
        batch.run(sql, args![account.as_str(), key.to_vec()]);
    }

    /// Writes name, zone, origins and settings back; the batch rolls back when the account is not at the revision that was read any more.
    pub fn update_account(&self, batch: &mut Batch, stored: &StoredAccount) {
        let sql = "-- update_account\nUPDATE accounts SET name = $2, zone = $3, origins = $4, settings = $6, revision = revision + 1 \
                   WHERE id = $1 AND revision = $5";
        let account = &stored.account;
        let origins: Vec<&str> = account.origins.iter().map(Origin::as_str).collect();
        let origins = serde_json::to_string(&origins).expect("strings serialise");
        batch.expect(
            sql,
            args![
                account.id.as_str(),
                account.name.as_str(),
                account.zone.name(),
                origins,
                stored.revision,
                settings_text(account)
            ],
            1,
        );
    }

    /// Marks the account as changed, so that every process reads its campaigns again.
    pub fn bump_revision(&self, batch: &mut Batch, account: &AccountId) {
        let sql = "-- bump_revision\nUPDATE accounts SET revision = revision + 1 WHERE id = $1";
        batch.run(sql, args![account.as_str()]);
    }

    /// Takes `count` profile numbers for this process to hand out; returns the first.
    pub async fn take_ordinals(&self, account: &AccountId, count: u32) -> Result<u32, DbError> {
        let sql = "-- take_ordinals\nUPDATE accounts SET next_ordinal = next_ordinal + $2 WHERE id = $1 RETURNING next_ordinal";
        let mut batch = Batch::new("take_ordinals");
        let at = batch.returning(sql, args![account.as_str(), i64::from(count)]);
        let rows = self.db.write(batch).await?.into_rows(at)?;
        let next = rows
            .first()
            .ok_or_else(|| corrupt("the account is gone"))?
            .int(0)?;
        u32::try_from(next - i64::from(count)).map_err(|_| corrupt("accounts.next_ordinal left its range"))
    }

    /// Adds a VAPID key.
    pub fn insert_vapid_key(&self, batch: &mut Batch, account: &AccountId, key: &VapidRow) {
        let sql = "-- insert_vapid_key\nINSERT INTO vapid_keys (account, id, public_key, private_key, browsers, since, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        batch.run(
            sql,
            args![
                account.as_str(),
                key.id.bytes(),
                key.public_key.as_str(),
                key.private_key.clone(),
                key.browsers.as_str(),
                key.since.ms(),
                key.created_at.ms()
            ],
        );
    }

    /// Has a VAPID key make new subscriptions from `since` on.
    pub fn use_vapid_key(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        id: Id,
        (browsers, since): (Browsers, Timestamp),
    ) {
        let sql = "-- use_vapid_key\nUPDATE vapid_keys SET browsers = $3, since = $4 WHERE account = $1 AND id = $2";
        batch.expect(
            sql,
            args![account.as_str(), id.bytes(), browsers.as_str(), since.ms()],
            1,
        );
    }

    /// Takes a VAPID key away, unless a live subscription was made with it.
    pub fn delete_vapid_key(&self, batch: &mut Batch, account: &AccountId, id: Id) {
        let sql = "-- delete_vapid_key\nDELETE FROM vapid_keys WHERE account = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE account = $1 AND vapid_key = $2 AND state = 'live')";
        batch.expect(sql, args![account.as_str(), id.bytes()], 1);
    }

    /// The account's VAPID keys, those that were put in use last before the others.
    pub async fn vapid_keys(&self, account: &AccountId) -> Result<Vec<VapidRow>, DbError> {
        let sql = "-- vapid_keys\nSELECT id, public_key, private_key, browsers, since, created_at FROM vapid_keys WHERE account = $1 ORDER BY since DESC, created_at DESC, id DESC";
        let rows = self.db.query(sql, args![account.as_str()]).await?;
        rows.iter()
            .map(|row| {
                Ok(VapidRow {
                    id: Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("vapid_keys.id"))?,
                    public_key: row.text(1)?.to_owned(),
                    private_key: row.bytes(2)?.to_vec(),
                    browsers: Browsers::parse(row.text(3)?).ok_or_else(|| corrupt("vapid_keys.browsers"))?,
                    since: Timestamp(row.int(4)?),
                    created_at: Timestamp(row.int(5)?),
                })
            })
            .collect()
    }

    /// Adds an API key by its hash.
    pub async fn insert_api_key(
        &self,
        account: &AccountId,
        key: &ApiKeyRow,
        hash: Vec<u8>,
    ) -> Result<(), DbError> {
        let sql = "-- insert_api_key\nINSERT INTO api_keys (account, id, name, key_hash, tail, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let mut batch = Batch::new("insert_api_key");
        batch.run(
            sql,
            args![
                account.as_str(),
                key.id.bytes(),
                key.name.as_str(),
                hash,
                key.tail.as_str(),
                key.created_at.ms()
            ],
        );
        self.db.write(batch).await.map(drop)
    }

    /// The account that a key's hash opens, with the key's id and when it was last used.
    pub async fn api_key_account(
        &self,
        hash: Vec<u8>,
    ) -> Result<Option<(AccountId, Id, Option<Timestamp>)>, DbError> {
        let sql = "-- api_key_account\nSELECT account, id, used_at FROM api_keys WHERE key_hash = $1";
        let rows = self.db.query(sql, args![hash]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let account = AccountId::parse(row.text(0)?).ok_or_else(|| corrupt("api_keys.account"))?;
        let id = Id::from_bytes(row.bytes(1)?).ok_or_else(|| corrupt("api_keys.id"))?;
        Ok(Some((account, id, row.opt_int(2)?.map(Timestamp))))
    }

    /// Notes that a key was used.
    pub async fn touch_api_key(&self, account: &AccountId, id: Id, now: Timestamp) -> Result<(), DbError> {
        let sql = "-- touch_api_key\nUPDATE api_keys SET used_at = $3 WHERE account = $1 AND id = $2";
        let mut batch = Batch::new("touch_api_key");
        batch.run(sql, args![account.as_str(), id.bytes(), now.ms()]);
        self.db.write(batch).await.map(drop)
    }

    /// The account's API keys, newest first.
    pub async fn api_keys(&self, account: &AccountId) -> Result<Vec<ApiKeyRow>, DbError> {
        let sql = "-- api_keys\nSELECT id, name, tail, created_at, used_at FROM api_keys WHERE account = $1 ORDER BY created_at DESC, id DESC";
        let rows = self.db.query(sql, args![account.as_str()]).await?;
        rows.iter()
            .map(|row| {
                Ok(ApiKeyRow {
                    id: Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("api_keys.id"))?,
                    name: row.text(1)?.to_owned(),
                    tail: row.text(2)?.to_owned(),
                    created_at: Timestamp(row.int(3)?),
                    used_at: row.opt_int(4)?.map(Timestamp),
                })
            })
            .collect()
    }

    /// Removes an API key; false if there was none of that id.
    pub async fn delete_api_key(&self, account: &AccountId, id: Id) -> Result<bool, DbError> {
        let sql = "-- delete_api_key\nDELETE FROM api_keys WHERE account = $1 AND id = $2 RETURNING id";
        let mut batch = Batch::new("delete_api_key");
        let at = batch.returning(sql, args![account.as_str(), id.bytes()]);
        Ok(self.db.write(batch).await?.into_rows(at)?.first().is_some())
    }

    /// Notes that the snippet ran on `origin`; of very many origins the last seen are kept, since anybody can make one up.
    pub fn see(&self, batch: &mut Batch, account: &AccountId, origin: &str, sdk: &str, now: Timestamp) {
        let sql = "-- see\nINSERT INTO sightings (account, origin, sdk, first_at, last_at) VALUES ($1, $2, $3, $4, $4) \
                   ON CONFLICT (account, origin) DO UPDATE SET sdk = excluded.sdk, last_at = excluded.last_at";
        batch.run(sql, args![account.as_str(), origin, sdk, now.ms()]);
        let sql = "-- forget_sightings\nDELETE FROM sightings WHERE account = $1 AND last_at < \
                   (SELECT last_at FROM sightings WHERE account = $1 ORDER BY last_at DESC LIMIT 1 OFFSET 200)";
        batch.run(sql, args![account.as_str()]);
    }

    /// Where the snippet was seen, last seen first.
    pub async fn sightings(&self, account: &AccountId) -> Result<Vec<Sighting>, DbError> {
        let sql = "-- sightings\nSELECT origin, sdk, first_at, last_at FROM sightings WHERE account = $1 ORDER BY last_at DESC LIMIT 50";
        let rows = self.db.query(sql, args![account.as_str()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Sighting {
                    origin: row.text(0)?.to_owned(),
                    sdk: row.text(1)?.to_owned(),
                    first_at: Timestamp(row.int(2)?),
                    last_at: Timestamp(row.int(3)?),
                })
            })
            .collect()
    }
}
