//! Profiles, identities, devices, and the ids of operations that were taken.
//!
//! Left out: what a login means (`campanile-core`'s `profile`). Invariant: profiles and devices change only together with their
//! version, so two requests of one visitor never lose each other's change; merged profiles point at the one that is left, in one hop.

use super::db::{Batch, DbError, Row, Value};
use super::{InList, Store, corrupt};
use crate::args;
use campanile_core::activity::Activity;
use campanile_core::id::{AccountId, Id, Ordinal};
use campanile_core::ledger::Ledger;
use campanile_core::profile::{Identity, IdentityKind};
use campanile_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashSet};

/// A profile as it is worked on.
#[derive(Debug, Clone)]
pub struct ProfileRow {
    /// Its number.
    pub ordinal: Ordinal,
    /// Its properties.
    pub properties: Map<String, Json>,
    /// Whether it has an identity.
    pub identified: bool,
    /// Grows with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// What the person has done, summed up.
    pub activity: Activity,
    /// What the person was handed.
    pub ledger: Ledger,
}

impl ProfileRow {
    /// Somebody of whom nothing is known yet.
    pub fn fresh(ordinal: Ordinal, created_at: Timestamp) -> Self {
        Self {
            ordinal,
            properties: Map::new(),
            identified: false,
            version: 1,
            created_at,
            activity: Activity::default(),
            ledger: Ledger::default(),
        }
    }
}

/// What of a profile is to be written back. Most requests change what was done and little else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Properties, or whether it has an identity.
    pub properties: bool,
    /// What the person did.
    pub activity: bool,
    /// What the person was handed.
    pub ledger: bool,
}

impl Changes {
    /// Everything.
    pub const ALL: Self = Self {
        properties: true,
        activity: true,
        ledger: true,
    };

    /// Whether there is anything.
    pub fn any(self) -> bool {
        self.properties || self.activity || self.ledger
    }
}

/// What is kept of a browser beside whose it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceState {
    /// The running or last session.
    pub session: SessionState,
    /// The person behind it does not want to be followed.
    pub opt_out: bool,
    /// The owner allowed the IP address to be used.
    pub use_ip: bool,
    /// Browser family by its user agent.
    pub browser: String,
    /// Operating system by its user agent.
    pub system: String,
    /// Language of the page's visitor.
    pub language: String,
    /// IANA zone of the visitor.
    pub zone: String,
    /// Touch screen.
    pub touch: bool,
    /// `phone`, `tablet` or `desktop`.
    pub kind: String,
    /// ISO 3166 code of the country, where the owner gave a file and the visitor's address may be used.
    pub country: String,
    /// Permission for notifications as last heard.
    pub push: String,
    /// What the visitor chose to hear of by push.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// When they subscribed to push here, until they unsubscribe, ms. A repair changes nothing in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscribed_at: Option<i64>,
    /// The import that made it, until its browser comes by itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub imported: String,
}

/// A session of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionState {
    /// When it began.
    pub started_at: i64,
    /// When something last happened in it.
    pub last_at: i64,
    /// Page views in it.
    pub pages: u32,
    /// 1 for the first session of the device.
    pub number: u32,
    /// UTM parameters with which it began, without `utm_`.
    pub utm: BTreeMap<String, String>,
}

/// A browser.
#[derive(Debug, Clone)]
pub struct DeviceRow {
    /// Its id, made by the browser.
    pub id: Id,
    /// Whose it is.
    pub ordinal: Ordinal,
    /// Grows with each change.
    pub version: i64,
    /// The rest.
    pub state: DeviceState,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
}

/// A profile for people: with all that belongs to it.
#[derive(Debug, Clone)]
pub struct ProfileDetail {
    /// The profile.
    pub profile: ProfileRow,
    /// By what it is known.
    pub identities: Vec<Identity>,
    /// Its browsers, last seen first.
    pub devices: Vec<DeviceRow>,
    /// Profiles that were merged into it.
    pub merged: Vec<Ordinal>,
}

static KNOWN_OPERATIONS: InList = InList::new(|| {
    InList::texts(
        "-- known_operations\nSELECT id FROM operations WHERE account = $1 AND id",
        "",
    )
});

fn ordinal(value: i64) -> Result<Ordinal, DbError> {
    u32::try_from(value)
        .map(Ordinal)
        .map_err(|_| corrupt("a profile's number left its range"))
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what is kept beside a profile serialises")
}

pub(super) fn profile(row: &Row, from: usize) -> Result<ProfileRow, DbError> {
    Ok(ProfileRow {
        ordinal: ordinal(row.int(from)?)?,
        properties: serde_json::from_str(row.text(from + 1)?)
            .map_err(|_| corrupt("profiles.properties is not an object"))?,
        identified: row.int(from + 2)? != 0,
        version: row.int(from + 3)?,
        created_at: Timestamp(row.int(from + 4)?),
        activity: serde_json::from_str(row.text(from + 5)?).map_err(|_| corrupt("profiles.activity"))?,
        ledger: serde_json::from_str(row.text(from + 6)?).map_err(|_| corrupt("profiles.ledger"))?,
    })
}

pub(super) fn device(row: &Row, from: usize) -> Result<DeviceRow, DbError> {
    Ok(DeviceRow {
        id: Id::from_bytes(row.bytes(from)?).ok_or_else(|| corrupt("devices.id"))?,
        ordinal: ordinal(row.int(from + 1)?)?,
        version: row.int(from + 2)?,
        state: serde_json::from_str(row.text(from + 3)?).map_err(|_| corrupt("devices.state"))?,
        created_at: Timestamp(row.int(from + 4)?),
        seen_at: Timestamp(row.int(from + 5)?),
    })
}

/// Reads a row of `visitor` and `recent_visitors`.
fn visitor(row: &Row) -> Result<(DeviceRow, ProfileRow, bool), DbError> {
    Ok((device(row, 0)?, profile(row, 6)?, row.int(13)? > 0))
}

impl Store {
    /// A browser and the profile behind it, and whether that person can be reached by push.
    pub async fn visitor(
        &self,
        account: &AccountId,
        id: Id,
    ) -> Result<Option<(DeviceRow, ProfileRow, bool)>, DbError> {
        let sql = "-- visitor\nSELECT d.id, d.ordinal, d.version, d.state, d.created_at, d.seen_at, \
                   p.ordinal, p.properties, p.identified, p.version, p.created_at, p.activity, p.ledger, \
                   (SELECT COUNT(*) FROM subscriptions s WHERE s.account = d.account AND s.ordinal = d.ordinal AND s.state = 'live') \
                   FROM devices d JOIN profiles p ON p.account = d.account AND p.ordinal = d.ordinal \
                   WHERE d.account = $1 AND d.id = $2";
        let rows = self.db.query(sql, args![account.as_str(), id.bytes()]).await?;
        rows.first().map(visitor).transpose()
    }

    /// At most `most` people, the newest first, each with the browser that was seen last: a sample of who comes.
    pub async fn recent_visitors(
        &self,
        account: &AccountId,
        most: u32,
    ) -> Result<Vec<(DeviceRow, ProfileRow, bool)>, DbError> {
        let sql = "-- recent_visitors\nSELECT d.id, d.ordinal, d.version, d.state, d.created_at, d.seen_at, \
                   p.ordinal, p.properties, p.identified, p.version, p.created_at, p.activity, p.ledger, \
                   (SELECT COUNT(*) FROM subscriptions s WHERE s.account = d.account AND s.ordinal = d.ordinal AND s.state = 'live') \
                   FROM devices d JOIN profiles p ON p.account = d.account AND p.ordinal = d.ordinal \
                   WHERE p.account = $1 AND p.merged_into IS NULL ORDER BY p.ordinal DESC, d.seen_at DESC LIMIT $2";
        let rows = self
            .db
            .query(sql, args![account.as_str(), i64::from(most)])
            .await?;
        let mut found = rows.iter().map(visitor).collect::<Result<Vec<_>, _>>()?;
        found.dedup_by_key(|(_, person, _)| person.ordinal);
        Ok(found)
    }

    /// One profile; a merged one leads to the one that is left.
    pub async fn profile(&self, account: &AccountId, wanted: Ordinal) -> Result<Option<ProfileRow>, DbError> {
        let sql = "-- profile\nSELECT p.ordinal, p.properties, p.identified, p.version, p.created_at, p.activity, p.ledger \
                   FROM profiles p WHERE p.account = $1 AND p.ordinal = \
                   (SELECT COALESCE(q.merged_into, q.ordinal) FROM profiles q WHERE q.account = $1 AND q.ordinal = $2)";
        let rows = self
            .db
            .query(sql, args![account.as_str(), i64::from(wanted.0)])
            .await?;
        rows.first().map(|row| profile(row, 0)).transpose()
    }

    /// Who has this identity.
    pub async fn identity_owner(
        &self,
        account: &AccountId,
        identity: &Identity,
    ) -> Result<Option<Ordinal>, DbError> {
        let sql = "-- identity_owner\nSELECT ordinal FROM identities WHERE account = $1 AND kind = $2 AND value = $3";
        let rows = self
            .db
            .query(
                sql,
                args![account.as_str(), identity.kind.as_str(), identity.value.as_str()],
            )
            .await?;
        rows.first().map(|row| ordinal(row.int(0)?)).transpose()
    }

    /// By what a profile is known.
    pub async fn identities(&self, account: &AccountId, of: Ordinal) -> Result<Vec<Identity>, DbError> {
        let sql = "-- identities\nSELECT kind, value FROM identities WHERE account = $1 AND ordinal = $2 ORDER BY kind, value";
        let rows = self
            .db
            .query(sql, args![account.as_str(), i64::from(of.0)])
            .await?;
        rows.iter()
            .map(|row| {
                let kind = IdentityKind::parse(row.text(0)?).ok_or_else(|| corrupt("identities.kind"))?;
                Ok(Identity {
                    kind,
                    value: row.text(1)?.to_owned(),
                })
            })
            .collect()
    }

    /// A profile with identities, devices and what was merged into it.
    pub async fn profile_detail(
        &self,
        account: &AccountId,
        wanted: Ordinal,
    ) -> Result<Option<ProfileDetail>, DbError> {
        let Some(profile) = self.profile(account, wanted).await? else {
            return Ok(None);
        };
        let id = i64::from(profile.ordinal.0);
        let sql = "-- devices_of\nSELECT id, ordinal, version, state, created_at, seen_at FROM devices \
                   WHERE account = $1 AND ordinal = $2 ORDER BY seen_at DESC LIMIT 100";
        let devices = self
            .db
            .query(sql, args![account.as_str(), id])
            .await?
            .iter()
            .map(|row| device(row, 0))
            .collect::<Result<_, _>>()?;
        let merged = self.merged_into(account, profile.ordinal).await?;
        let identities = self.identities(account, profile.ordinal).await?;
        Ok(Some(ProfileDetail {
            profile,
            identities,
            devices,
            merged,
        }))
    }

    /// Which profiles were merged into this one.
    pub async fn merged_into(&self, account: &AccountId, into: Ordinal) -> Result<Vec<Ordinal>, DbError> {
        let sql = "-- merged_into\nSELECT ordinal FROM profiles WHERE account = $1 AND merged_into = $2 ORDER BY ordinal";
        let rows = self
            .db
            .query(sql, args![account.as_str(), i64::from(into.0)])
            .await?;
        rows.iter().map(|row| ordinal(row.int(0)?)).collect()
    }

    /// How many people there are: profiles that were not merged into another.
    pub async fn people(&self, account: &AccountId) -> Result<u64, DbError> {
        let sql = "-- people\nSELECT COUNT(*) FROM profiles WHERE account = $1 AND merged_into IS NULL";
        Ok(self
            .db
            .query(sql, args![account.as_str()])
            .await?
            .first()
            .map_or(Ok(0), |row| row.int(0))? as u64)
    }

    /// Adds a profile.
    pub fn insert_profile(&self, batch: &mut Batch, account: &AccountId, row: &ProfileRow, now: Timestamp) {
        let sql = "-- insert_profile\nINSERT INTO profiles (account, ordinal, properties, identified, version, created_at, changed_at, activity, ledger) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        batch.run(
            sql,
            args![
                account.as_str(),
                i64::from(row.ordinal.0),
                text(&row.properties),
                row.identified,
                row.version,
                row.created_at.ms(),
                now.ms(),
                text(&row.activity),
                text(&row.ledger)
            ],
        );
    }

    /// Writes what changed of a profile back at the version after `row.version`; the batch rolls back when somebody else was first.
    pub fn update_profile(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        row: &ProfileRow,
        changes: Changes,
        now: Timestamp,
    ) {
        let sql = "-- update_profile\nUPDATE profiles SET properties = COALESCE($3, properties), identified = $4, version = version + 1, \
                   changed_at = $5, activity = COALESCE($7, activity), ledger = COALESCE($8, ledger) \
                   WHERE account = $1 AND ordinal = $2 AND version = $6 AND merged_into IS NULL";
        batch.expect(
            sql,
            args![
                account.as_str(),
                i64::from(row.ordinal.0),
                changes.properties.then(|| text(&row.properties)),
                row.identified,
                now.ms(),
                row.version,
                changes.activity.then(|| text(&row.activity)),
                changes.ledger.then(|| text(&row.ledger))
            ],
            1,
        );
    }

    /// Gives an identity to a profile; the batch rolls back when somebody else took it first.
    pub fn insert_identity(&self, batch: &mut Batch, account: &AccountId, identity: &Identity, of: Ordinal) {
        let sql = "-- insert_identity\nINSERT INTO identities (account, kind, value, ordinal) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (account, kind, value) DO NOTHING";
        batch.expect(
            sql,
            args![
                account.as_str(),
                identity.kind.as_str(),
                identity.value.as_str(),
                i64::from(of.0)
            ],
            1,
        );
    }

    /// Merges `from` (at `version`) into `into`: its devices other than `device`, its subscriptions and all that was merged into
    /// it before follow.
    pub fn merge_profile(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        (from, version): (Ordinal, i64),
        into: Ordinal,
        device: Id,
    ) {
        let (old, new) = (i64::from(from.0), i64::from(into.0));
        let sql = "-- merge_profile\nUPDATE profiles SET merged_into = $3, version = version + 1 \
                   WHERE account = $1 AND ordinal = $2 AND version = $4 AND merged_into IS NULL";
        batch.expect(sql, args![account.as_str(), old, new, version], 1);
        let sql =
            "-- merge_earlier\nUPDATE profiles SET merged_into = $3 WHERE account = $1 AND merged_into = $2";
        batch.run(sql, args![account.as_str(), old, new]);
        let sql = "-- merge_devices\nUPDATE devices SET ordinal = $3, version = version + 1 WHERE account = $1 AND ordinal = $2 AND id <> $4";
        batch.run(sql, args![account.as_str(), old, new, device.bytes()]);
        let sql = "-- merge_subscriptions\nUPDATE subscriptions SET ordinal = $3 WHERE account = $1 AND ordinal = $2";
        batch.run(sql, args![account.as_str(), old, new]);
        self.merge_exposures(batch, account, from, into);
        // What was sent to both was sent to one: its caps and silences go on.
        let sql = "-- merge_sends\nUPDATE sends SET ordinal = $3 WHERE account = $1 AND ordinal = $2";
        batch.run(sql, args![account.as_str(), old, new]);
        let sql = "-- merge_push_logs\nUPDATE push_logs SET version = version + 1, log = SUBSTR(log, 1, LENGTH(log) - 1) || ',' || \
                   (SELECT SUBSTR(m.log, 2) FROM push_logs m WHERE m.account = $1 AND m.ordinal = $2) \
                   WHERE account = $1 AND ordinal = $3 AND log <> '[]' AND EXISTS \
                   (SELECT 1 FROM push_logs m WHERE m.account = $1 AND m.ordinal = $2 AND m.log <> '[]')";
        batch.run(sql, args![account.as_str(), old, new]);
        let sql = "-- move_push_log\nUPDATE push_logs SET ordinal = $3 WHERE account = $1 AND ordinal = $2 AND NOT EXISTS \
                   (SELECT 1 FROM push_logs o WHERE o.account = $1 AND o.ordinal = $3)";
        batch.run(sql, args![account.as_str(), old, new]);
    }

    /// Adds a browser; the batch rolls back when another request of it was first.
    pub fn insert_device(&self, batch: &mut Batch, account: &AccountId, row: &DeviceRow) {
        let sql = "-- insert_device\nINSERT INTO devices (account, id, ordinal, version, state, created_at, seen_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, id) DO NOTHING";
        let state = serde_json::to_string(&row.state).expect("a device's state serialises");
        batch.expect(
            sql,
            args![
                account.as_str(),
                row.id.bytes(),
                i64::from(row.ordinal.0),
                row.version,
                state,
                row.created_at.ms(),
                row.seen_at.ms()
            ],
            1,
        );
    }

    /// Writes a browser back at the version after `row.version`; the batch rolls back when another request of it was first.
    pub fn update_device(&self, batch: &mut Batch, account: &AccountId, row: &DeviceRow) {
        let sql = "-- update_device\nUPDATE devices SET ordinal = $3, state = $4, seen_at = $5, version = version + 1 \
                   WHERE account = $1 AND id = $2 AND version = $6";
        let state = serde_json::to_string(&row.state).expect("a device's state serialises");
        batch.expect(
            sql,
            args![
                account.as_str(),
                row.id.bytes(),
                i64::from(row.ordinal.0),
                state,
                row.seen_at.ms(),
                row.version
            ],
            1,
        );
    }

    /// Which of these operations were taken before.
    pub async fn known_operations(&self, account: &AccountId, ids: &[Id]) -> Result<HashSet<Id>, DbError> {
        let mut known = HashSet::new();
        let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.bytes()).collect();
        for (sql, piece) in KNOWN_OPERATIONS.pieces(&ids) {
            let mut args: Vec<Value> = args![account.as_str()];
            args.extend(piece.into_iter().map(Value::from));
            for row in &self.db.query(sql, args).await? {
                known.insert(Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("operations.id"))?);
            }
        }
        Ok(known)
    }

    /// Takes an operation; the batch rolls back when it was taken meanwhile.
    pub fn take_operation(&self, batch: &mut Batch, account: &AccountId, id: Id) {
        let sql = "-- take_operation\nINSERT INTO operations (account, id) VALUES ($1, $2) ON CONFLICT (account, id) DO NOTHING";
        batch.expect(sql, args![account.as_str(), id.bytes()], 1);
    }

    /// Forgets operations whose ids were made before `before`: a browser does not replay that late.
    pub async fn sweep_operations(&self, account: &AccountId, before: Timestamp) -> Result<(), DbError> {
        let sql = "-- sweep_operations\nDELETE FROM operations WHERE account = $1 AND id IN \
                   (SELECT id FROM operations WHERE account = $1 AND id < $2 ORDER BY id LIMIT $3)";
        let args = args![account.as_str(), Id::new(before, [0; 10]).bytes()];
        self.sweep("sweep_operations", sql, args).await
    }
}
