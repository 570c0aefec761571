//! Imports of subscriptions: the file in pieces, how far it is through, what was wrong with which row, and what a piece puts in.
//!
//! Left out: reading a file and judging its rows (`import`). Invariant: a piece counts once, for `piece` and `state` as they were read are
//! guards of the batch that holds its rows; a row of a subscription that is there already is never written over.

use super::db::{Batch, DbError, Outcome, Row, Value};
use super::profiles::{self, DeviceRow, ProfileRow};
use super::subscriptions::SubscriptionRow;
use super::{InList, Store, corrupt};
use crate::args;
use campanile_core::id::{AccountId, Id, Ordinal};
use campanile_core::profile::{Identity, IdentityKind};
use campanile_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportState {
    /// Its file is on the way in.
    Receiving,
    /// Its rows are looked at; nothing is taken.
    Checking,
    /// All rows were looked at; it waits for a word.
    Checked,
    /// Its rows are taken.
    Running,
    /// All rows were looked at and the good ones taken.
    Done,
    /// Somebody stopped it; what was taken stays.
    Cancelled,
}

impl ImportState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Receiving,
        Self::Checking,
        Self::Checked,
        Self::Running,
        Self::Done,
        Self::Cancelled,
    ];

    /// Its name in the store and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Checking => "checking",
            Self::Checked => "checked",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether work is being done on it.
    pub fn is_at_work(self) -> bool {
        matches!(self, Self::Checking | Self::Running)
    }

    /// 0 while rows are only looked at, 1 when they are taken.
    pub fn phase(self) -> i64 {
        i64::from(matches!(self, Self::Running | Self::Done))
    }
}

/// What became of the rows so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportCounts {
    /// Rows that were looked at.
    pub read: u64,
    /// Rows that were taken, or would be.
    pub accepted: u64,
    /// Rows whose endpoint was here before.
    pub known: u64,
    /// Rows that were refused, by the reason's code.
    pub refused: BTreeMap<String, u64>,
    /// Rows that were taken without one of their fields.
    pub left_out: u64,
    /// Live subscriptions among the accepted, by the public key that they were made with.
    pub reachable: BTreeMap<String, u64>,
}

/// An import.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// Its id.
    pub id: Id,
    /// Name of its file, for people.
    pub name: String,
    /// `jsonl` or `csv`.
    pub format: String,
    /// How far it is.
    pub state: ImportState,
    /// The pair of rows that name none.
    pub vapid_key: Option<Id>,
    /// Rows of the file.
    pub total: u64,
    /// Pieces of the file.
    pub pieces: i64,
    /// The piece that comes next.
    pub piece: i64,
    /// What became of the rows.
    pub counts: ImportCounts,
    /// Columns of the file that nothing here reads.
    pub ignored: Vec<String>,
    /// When it began.
    pub made_at: Timestamp,
    /// When it last went on.
    pub changed_at: Timestamp,
}

/// Something that was wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRemark {
    /// Number of the row, the header counted.
    pub line: u32,
    /// Which field; empty for the whole row.
    pub field: String,
    /// Code of the reason.
    pub reason: String,
    /// What is wrong.
    pub message: String,
    /// The row was taken without the field.
    pub kept: bool,
}

static KNOWN_ENDPOINTS: InList = InList::new(|| {
    InList::texts(
        "-- known_endpoints\nSELECT endpoint FROM subscriptions WHERE account = $1 AND endpoint",
        "",
    )
});

static KNOWN_DEVICES: InList = InList::new(|| {
    InList::texts(
        "-- known_devices\nSELECT id, ordinal, version, state, created_at, seen_at FROM devices WHERE account = $1 AND id",
        "",
    )
});

static BY_IDENTITY: InList = InList::new(|| {
    InList::texts(
        "-- owners_by_identity\nSELECT value, ordinal FROM identities WHERE account = $1 AND kind = 'Identity' AND value",
        "",
    )
});

static BY_EMAIL: InList = InList::new(|| {
    InList::texts(
        "-- owners_by_email\nSELECT value, ordinal FROM identities WHERE account = $1 AND kind = 'Email' AND value",
        "",
    )
});

static BY_PHONE: InList = InList::new(|| {
    InList::texts(
        "-- owners_by_phone\nSELECT value, ordinal FROM identities WHERE account = $1 AND kind = 'Phone' AND value",
        "",
    )
});

static OF_PEOPLE: InList = InList::new(|| {
    InList::texts(
        "-- identities_of\nSELECT ordinal, kind, value FROM identities WHERE account = $1 AND ordinal",
        " ORDER BY ordinal, kind, value",
    )
});

fn import(row: &Row) -> Result<ImportRow, DbError> {
    Ok(ImportRow {
        id: Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("imports.id"))?,
        name: row.text(1)?.to_owned(),
        format: row.text(2)?.to_owned(),
        state: ImportState::parse(row.text(3)?).ok_or_else(|| corrupt("imports.state"))?,
        vapid_key: row.opt_bytes(4)?.and_then(Id::from_bytes),
        total: row.int(5)? as u64,
        pieces: row.int(6)?,
        piece: row.int(7)?,
        counts: serde_json::from_str(row.text(8)?).map_err(|_| corrupt("imports.counts"))?,
        ignored: serde_json::from_str(row.text(9)?).map_err(|_| corrupt("imports.ignored"))?,
        made_at: Timestamp(row.int(10)?),
        changed_at: Timestamp(row.int(11)?),
    })
}

fn remark(row: &Row) -> Result<ImportRemark, DbError> {
    Ok(ImportRemark {
        line: row.int(0)? as u32,
        field: row.text(1)?.to_owned(),
        reason: row.text(2)?.to_owned(),
        message: row.text(3)?.to_owned(),
        kept: row.bool(4)?,
    })
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what is kept of an import serialises")
}

impl Store {
    /// Begins an import.
    pub fn insert_import(&self, batch: &mut Batch, account: &AccountId, row: &ImportRow) {
        let sql = "-- insert_import\nINSERT INTO imports (account, id, name, format, state, vapid_key, total, pieces, piece, counts, ignored, made_at, changed_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)";
        batch.run(
            sql,
            args![
                account.as_str(),
                row.id.bytes(),
                row.name.as_str(),
                row.format.as_str(),
                row.state.as_str(),
                row.vapid_key.map(Id::bytes),
                row.total as i64,
                row.pieces,
                row.piece,
                text(&row.counts),
                text(&row.ignored),
                row.made_at.ms()
            ],
        );
    }

    /// Keeps a piece of its file.
    pub fn insert_import_piece(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        import: Id,
        piece: i64,
        body: Vec<u8>,
    ) {
        let sql = "-- insert_import_piece\nINSERT INTO import_pieces (account, import, piece, body) VALUES ($1, $2, $3, $4)";
        batch.run(sql, args![account.as_str(), import.bytes(), piece, body]);
    }

    /// Writes an import back as it is now; the batch rolls back unless state and piece are still those of before.
    pub fn update_import(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        row: &ImportRow,
        (state, piece): (ImportState, i64),
    ) {
        let sql = "-- update_import\nUPDATE imports SET name = $3, format = $4, state = $5, total = $6, pieces = $7, piece = $8, counts = $9, \
                   ignored = $10, changed_at = $11 WHERE account = $1 AND id = $2 AND state = $12 AND piece = $13";
        batch.expect(
            sql,
            args![
                account.as_str(),
                row.id.bytes(),
                row.name.as_str(),
                row.format.as_str(),
                row.state.as_str(),
                row.total as i64,
                row.pieces,
                row.piece,
                text(&row.counts),
                text(&row.ignored),
                row.changed_at.ms(),
                state.as_str(),
                piece
            ],
            1,
        );
    }

    /// One import.
    pub async fn import(&self, account: &AccountId, id: Id) -> Result<Option<ImportRow>, DbError> {
        let sql = "-- import\nSELECT id, name, format, state, vapid_key, total, pieces, piece, counts, ignored, made_at, changed_at \
                   FROM imports WHERE account = $1 AND id = $2";
        let rows = self.db.query(sql, args![account.as_str(), id.bytes()]).await?;
        rows.first().map(import).transpose()
    }

    /// The imports whose file came in whole, newest first.
    pub async fn imports(&self, account: &AccountId, limit: u32) -> Result<Vec<ImportRow>, DbError> {
        let sql = "-- imports\nSELECT id, name, format, state, vapid_key, total, pieces, piece, counts, ignored, made_at, changed_at \
                   FROM imports WHERE account = $1 AND state <> 'receiving' ORDER BY id DESC LIMIT $2";
        let rows = self
            .db
            .query(sql, args![account.as_str(), i64::from(limit)])
            .await?;
        rows.iter().map(import).collect()
    }

    /// A piece of a file; none when the file was put away.
    pub async fn import_piece(
        &self,
        account: &AccountId,
        import: Id,
        piece: i64,
    ) -> Result<Option<Vec<u8>>, DbError> {
        let sql = "-- import_piece\nSELECT body FROM import_pieces WHERE account = $1 AND import = $2 AND piece = $3";
        let rows = self
            .db
            .query(sql, args![account.as_str(), import.bytes(), piece])
            .await?;
        rows.first()
            .map(|row| row.bytes(0).map(<[u8]>::to_vec))
            .transpose()
    }

    /// Puts the file of an import away, some pieces at a time.
    pub async fn forget_import_pieces(&self, account: &AccountId, import: Id) -> Result<(), DbError> {
        let sql = "-- forget_import_pieces\nDELETE FROM import_pieces WHERE account = $1 AND import = $2 AND piece IN \
                   (SELECT piece FROM import_pieces WHERE account = $1 AND import = $2 ORDER BY piece LIMIT $3)";
        let args = args![account.as_str(), import.bytes()];
        self.sweep("forget_import_pieces", sql, args).await
    }

    /// Forgets an import whole.
    pub async fn delete_import(&self, account: &AccountId, import: Id) -> Result<(), DbError> {
        self.forget_import_pieces(account, import).await?;
        let sql = "-- forget_import_remarks\nDELETE FROM import_remarks WHERE account = $1 AND import = $2 AND line IN \
                   (SELECT line FROM import_remarks WHERE account = $1 AND import = $2 ORDER BY phase, line LIMIT $3)";
        let args = args![account.as_str(), import.bytes()];
        self.sweep("forget_import_remarks", sql, args).await?;
        let sql = "-- delete_import\nDELETE FROM imports WHERE account = $1 AND id = $2";
        let mut batch = Batch::new("delete_import");
        batch.run(sql, args![account.as_str(), import.bytes()]);
        self.db.write(batch).await.map(drop)
    }

    /// Imports that nobody needs any more: files that never came in whole before `cut_off`, and all that last went on before `old`.
    pub async fn old_imports(
        &self,
        account: &AccountId,
        cut_off: Timestamp,
        old: Timestamp,
    ) -> Result<Vec<Id>, DbError> {
        let sql = "-- old_imports\nSELECT id FROM imports WHERE account = $1 AND ((state = 'receiving' AND changed_at < $2) \
                   OR (state IN ('checked', 'done', 'cancelled') AND changed_at < $3))";
        let rows = self
            .db
            .query(sql, args![account.as_str(), cut_off.ms(), old.ms()])
            .await?;
        rows.iter()
            .map(|row| Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("imports.id")))
            .collect()
    }

    /// Notes what was wrong with a row.
    pub fn insert_import_remark(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        (import, phase): (Id, i64),
        remark: &ImportRemark,
    ) {
        let sql = "-- insert_import_remark\nINSERT INTO import_remarks (account, import, phase, line, field, reason, message, kept) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account, import, phase, line, field) DO NOTHING";
        batch.run(
            sql,
            args![
                account.as_str(),
                import.bytes(),
                phase,
                remark.line,
                remark.field.as_str(),
                remark.reason.as_str(),
                remark.message.as_str(),
                remark.kept
            ],
        );
    }

    /// What was wrong, in the order of the rows, after a row and field.
    pub async fn import_remarks(
        &self,
        account: &AccountId,
        (import, phase): (Id, i64),
        (line, field): (u32, &str),
        limit: u32,
    ) -> Result<Vec<ImportRemark>, DbError> {
        let sql = "-- import_remarks\nSELECT line, field, reason, message, kept FROM import_remarks WHERE account = $1 AND import = $2 AND phase = $3 \
                   AND (line, field) > ($4, $5) ORDER BY line, field LIMIT $6";
        let args = args![
            account.as_str(),
            import.bytes(),
            phase,
            line,
            field,
            i64::from(limit)
        ];
        self.db.query(sql, args).await?.iter().map(remark).collect()
    }

    /// Which of these endpoints are here, whatever their state.
    pub async fn known_endpoints(
        &self,
        account: &AccountId,
        endpoints: &[&str],
    ) -> Result<HashSet<String>, DbError> {
        let mut known = HashSet::new();
        for (sql, piece) in KNOWN_ENDPOINTS.pieces(endpoints) {
            let mut args: Vec<Value> = args![account.as_str()];
            args.extend(piece.into_iter().map(Value::from));
            for row in &self.db.query(sql, args).await? {
                known.insert(row.text(0)?.to_owned());
            }
        }
        Ok(known)
    }

    /// Those of these browsers that are here.
    pub async fn known_devices(
        &self,
        account: &AccountId,
        ids: &[Id],
    ) -> Result<HashMap<Id, DeviceRow>, DbError> {
        let mut known = HashMap::new();
        let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.bytes()).collect();
        for (sql, piece) in KNOWN_DEVICES.pieces(&ids) {
            let mut args: Vec<Value> = args![account.as_str()];
            args.extend(piece.into_iter().map(Value::from));
            for row in &self.db.query(sql, args).await? {
                let device = profiles::device(row, 0)?;
                known.insert(device.id, device);
            }
        }
        Ok(known)
    }

    /// Who has these identities.
    pub async fn identity_owners(
        &self,
        account: &AccountId,
        identities: &[Identity],
    ) -> Result<HashMap<Identity, Ordinal>, DbError> {
        let mut owners = HashMap::new();
        for kind in IdentityKind::ALL {
            let of_kind = identities.iter().filter(|identity| identity.kind == kind);
            let values: Vec<&str> = of_kind.map(|identity| identity.value.as_str()).collect();
            let list: &'static InList = match kind {
                IdentityKind::Identity => &BY_IDENTITY,
                IdentityKind::Email => &BY_EMAIL,
                IdentityKind::Phone => &BY_PHONE,
            };
            for (sql, piece) in list.pieces(&values) {
                let mut args: Vec<Value> = args![account.as_str()];
                args.extend(piece.into_iter().map(Value::from));
                for row in &self.db.query(sql, args).await? {
                    let value = row.text(0)?.to_owned();
                    let ordinal = u32::try_from(row.int(1)?).map_err(|_| corrupt("identities.ordinal"))?;
                    owners.insert(Identity { kind, value }, Ordinal(ordinal));
                }
            }
        }
        Ok(owners)
    }

    /// By what these people are known.
    pub async fn identities_of(
        &self,
        account: &AccountId,
        people: &[Ordinal],
    ) -> Result<HashMap<Ordinal, Vec<Identity>>, DbError> {
        let mut people: Vec<i64> = people.iter().map(|ordinal| i64::from(ordinal.0)).collect();
        people.sort_unstable();
        people.dedup();
        let mut known: HashMap<Ordinal, Vec<Identity>> = HashMap::new();
        for (sql, piece) in OF_PEOPLE.pieces(&people) {
            let mut args: Vec<Value> = args![account.as_str()];
            args.extend(piece.into_iter().map(Value::from));
            for row in &self.db.query(sql, args).await? {
                let ordinal = u32::try_from(row.int(0)?).map_err(|_| corrupt("identities.ordinal"))?;
                let kind = IdentityKind::parse(row.text(1)?).ok_or_else(|| corrupt("identities.kind"))?;
                let value = row.text(2)?.to_owned();
                known
                    .entry(Ordinal(ordinal))
                    .or_default()
                    .push(Identity { kind, value });
            }
        }
        Ok(known)
    }

    /// Adds a subscription as it was elsewhere; the batch rolls back when its endpoint came in by itself meanwhile.
    pub fn import_subscription(&self, batch: &mut Batch, account: &AccountId, row: &SubscriptionRow) {
        let sql = "-- import_subscription\nINSERT INTO subscriptions \
                   (account, id, device, ordinal, endpoint, p256dh, auth, vapid_key, browser, state, reason, created_at, changed_at, system, multiples) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (account, endpoint) DO NOTHING";
        batch.expect(
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
                row.state_word(),
                row.reason.as_str(),
                row.created_at.ms(),
                row.changed_at.ms(),
                row.system.as_str(),
                row.multiples.clone()
            ],
            1,
        );
    }

    /// The browser that an import made for an endpoint and that has not come by since, with the person behind it.
    pub async fn imported_visitor(
        &self,
        account: &AccountId,
        endpoint: &str,
    ) -> Result<Option<(DeviceRow, ProfileRow)>, DbError> {
        let sql = "-- imported_visitor\nSELECT d.id, d.ordinal, d.version, d.state, d.created_at, d.seen_at, \
                   p.ordinal, p.properties, p.identified, p.version, p.created_at, p.activity, p.ledger FROM subscriptions t \
                   JOIN devices d ON d.account = t.account AND d.id = t.device \
                   JOIN profiles p ON p.account = d.account AND p.ordinal = d.ordinal \
                   WHERE t.account = $1 AND t.endpoint = $2";
        let rows = self.db.query(sql, args![account.as_str(), endpoint]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let device = profiles::device(row, 0)?;
        let is_imported = !device.state.imported.is_empty();
        Ok(is_imported.then_some((device, profiles::profile(row, 6)?)))
    }

    /// Forgets a browser that an import made; the batch rolls back when it came by itself meanwhile.
    pub fn forget_device(&self, batch: &mut Batch, account: &AccountId, device: &DeviceRow) {
        let sql = "-- forget_device\nDELETE FROM devices WHERE account = $1 AND id = $2 AND version = $3";
        batch.expect(sql, args![account.as_str(), device.id.bytes(), device.version], 1);
    }

    /// Stops an import that is at work or waits; false when there is nothing to stop.
    pub async fn cancel_import(&self, account: &AccountId, id: Id, now: Timestamp) -> Result<bool, DbError> {
        let sql = "-- cancel_import\nUPDATE imports SET state = 'cancelled', changed_at = $3 \
                   WHERE account = $1 AND id = $2 AND state IN ('checking', 'checked', 'running')";
        let mut batch = Batch::new("cancel_import");
        batch.run(sql, args![account.as_str(), id.bytes(), now.ms()]);
        let Outcome::Done { touched, .. } = self.db.write(batch).await? else {
            return Ok(false);
        };
        Ok(touched.iter().any(|rows| *rows > 0))
    }
}
