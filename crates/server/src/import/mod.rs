//! Subscriptions that come from elsewhere: a file in, looked at row by row, taken when somebody says so.
//!
//! A file is cut into pieces of whole rows while it comes in ([`Upload`]) and kept in the store, so that any process goes on where another one
//! ended; a job looks at one piece at a time (`work`). Left out: bringing the old VAPID pair along (`launch::keys`), the way out
//! (`http/moving.rs`). Invariant: a piece counts once and is taken whole or not at all; a subscription that is here already is left as it is;
//! neither endpoint nor secret is logged, and the file is put away when it is not needed any more.

pub mod file;
pub mod reason;
mod row;
mod work;

use crate::clock::Clock;
use crate::live::{Live, Site};
use crate::queue::{Job, Notice, Queue};
use crate::store::Store;
use crate::store::db::{Batch, DbError};
use crate::store::imports::{ImportCounts, ImportRow, ImportState};
use campanile_core::FieldError;
use campanile_core::id::{AccountId, Id};
use campanile_core::subscription::{PushHosts, decode};
use campanile_core::time::Timestamp;
use file::{Cut, Cutter, Format};
use reason::Reason;
use row::{Header, Line};
use serde_json::Map;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

/// Largest file, bytes.
pub const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// Most rows of one file.
pub const MAX_ROWS: u32 = 1_000_000;
/// Rows of a piece: one transaction.
const PIECE_ROWS: usize = 200;
/// A piece of fewer rows, where they are long.
const PIECE_BYTES: usize = 1024 * 1024;
/// So much of a file is looked at to see how it is written.
const FIRST_BYTES: usize = 512;
/// Longest name of a file that is kept, characters.
const MAX_NAME: usize = 120;
/// Tries on a piece whose people others change at the same time.
const TRIES: usize = 10;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// How long a file that was looked at waits to be taken, and how long the answer of an import can be read.
const KEPT_MS: i64 = 7 * DAY_MS;

/// Why a file was not taken, or an import not changed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file, or what was said beside it.
    #[error(transparent)]
    Refused(#[from] FieldError),
    /// There is no such import.
    #[error("there is no import of this id here")]
    Unknown,
    /// Its state does not allow it.
    #[error("{0}")]
    State(&'static str),
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// The use case with what it needs.
#[derive(Clone)]
pub struct Imports {
    store: Store,
    queue: Queue,
    live: Live,
    clock: Clock,
    hosts: PushHosts,
}

/// What is said beside a file.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The file's name, for people.
    pub name: String,
    /// How it is written, where that is known.
    pub format: Option<Format>,
    /// The pair of rows that name none: its id or its public key.
    pub key: String,
    /// Only look; take nothing.
    pub dry_run: bool,
}

/// The pair of a ring that an id or a public key names.
fn key_of(site: &Site, text: &str) -> Result<Option<Id>, FieldError> {
    if text.is_empty() {
        return Ok(None);
    }
    let public = decode(text);
    let same = |known: &str| public.is_some() && decode(known) == public;
    let found = site
        .keys
        .iter()
        .find(|key| Id::parse(text) == Some(key.id) || same(key.key.public_key()));
    let unknown = || {
        let message = "This VAPID pair is not in the key ring. Bring its private key along first.";
        FieldError::new("key", message)
    };
    found.map(|key| Some(key.id)).ok_or_else(unknown)
}

impl Imports {
    /// Stands on its parts.
    pub fn new(store: Store, queue: Queue, live: Live, clock: Clock, hosts: PushHosts) -> Self {
        Self {
            store,
            queue,
            live,
            clock,
            hosts,
        }
    }

    /// Begins to take a file in.
    pub async fn receive(&self, site: &Site, told: Told) -> Result<Upload, ImportError> {
        let vapid_key = key_of(site, told.key.trim())?;
        let now = self.clock.now();
        let name = told.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let row = ImportRow {
            id: self.clock.id(),
            name: name
                .chars()
                .filter(|sign| !sign.is_control())
                .take(MAX_NAME)
                .collect(),
            format: String::new(),
            state: ImportState::Receiving,
            vapid_key,
            total: 0,
            pieces: 0,
            piece: 0,
            counts: ImportCounts::default(),
            ignored: Vec::new(),
            made_at: now,
            changed_at: now,
        };
        let mut batch = Batch::new("begin_import");
        self.store.insert_import(&mut batch, &site.account.id, &row);
        self.store.db.write(batch).await?;
        Ok(Upload {
            imports: self.clone(),
            account: site.account.id.clone(),
            row,
            format: told.format,
            dry_run: told.dry_run,
            first: Vec::new(),
            cutter: None,
            header: None,
            number: 0,
            bytes: 0,
            lines: Vec::new(),
            piece_bytes: 0,
            seen: HashMap::new(),
            hasher: RandomState::new(),
        })
    }

    /// An import.
    pub async fn find(&self, account: &AccountId, id: Id) -> Result<ImportRow, ImportError> {
        let found = self.store.import(account, id).await?;
        let found = found.filter(|row| row.state != ImportState::Receiving);
        found.ok_or(ImportError::Unknown)
    }

    /// Takes the rows of a file that was looked at.
    pub async fn start(&self, account: &AccountId, id: Id) -> Result<ImportRow, ImportError> {
        let mut row = self.find(account, id).await?;
        let before = (row.state, row.piece);
        if row.state != ImportState::Checked {
            return Err(ImportError::State(match row.state {
                ImportState::Receiving | ImportState::Checking => {
                    "The rows are still being looked at. Start it when that is done."
                }
                ImportState::Running => "This import is running.",
                _ => {
                    "This import is over. Give its file again to import it once more; nothing is taken twice."
                }
            }));
        }
        row.state = ImportState::Running;
        row.piece = 0;
        row.counts = ImportCounts::default();
        row.changed_at = self.clock.now();
        let mut batch = Batch::new("start_import");
        self.store.update_import(&mut batch, account, &row, before);
        self.enqueue(&mut batch, account, id);
        if self.store.db.write(batch).await?.is_conflict() {
            return Err(ImportError::State(
                "Somebody else started or stopped this import at the same moment.",
            ));
        }
        self.queue.announce(Notice::Work);
        Ok(row)
    }

    /// Stops an import; what was taken stays.
    pub async fn cancel(&self, account: &AccountId, id: Id) -> Result<ImportRow, ImportError> {
        self.find(account, id).await?;
        if !self.store.cancel_import(account, id, self.clock.now()).await? {
            return Err(ImportError::State(
                "This import is over; there is nothing to stop.",
            ));
        }
        self.store.forget_import_pieces(account, id).await?;
        self.find(account, id).await
    }

    fn enqueue(&self, batch: &mut Batch, account: &AccountId, id: Id) {
        let job = Job::Import {
            account: account.to_string(),
            import: id,
        };
        self.queue.push(batch, self.clock.id(), &job, self.clock.now());
    }
}

/// Puts away what was never taken, and answers that were to be read long ago.
pub async fn sweep(store: &Store, account: &AccountId, now: Timestamp) -> Result<(), DbError> {
    let old = store
        .old_imports(account, now.plus_ms(-DAY_MS), now.plus_ms(-KEPT_MS))
        .await?;
    for import in old {
        store.delete_import(account, import).await?;
    }
    Ok(())
}

/// A file on its way in.
pub struct Upload {
    imports: Imports,
    account: AccountId,
    row: ImportRow,
    format: Option<Format>,
    dry_run: bool,
    /// The first bytes, until it is known how the file is written.
    first: Vec<u8>,
    cutter: Option<Cutter>,
    header: Option<Header>,
    /// Number of the row that was cut last, the header counted.
    number: u32,
    bytes: u64,
    lines: Vec<Line>,
    piece_bytes: usize,
    /// Rows by what their endpoints come to.
    seen: HashMap<u64, u32>,
    hasher: RandomState,
}

impl Upload {
    /// Takes the next bytes. After an error the file is not wanted any more; [`give_up`](Self::give_up) forgets it.
    pub async fn add(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_BYTES {
            let message = format!(
                "The file is larger than {} MiB. Split it; nothing of it was kept.",
                MAX_BYTES / 1024 / 1024
            );
            return Err(FieldError::new("file", message).into());
        }
        if self.cutter.is_none() {
            self.first.extend_from_slice(bytes);
            if self.first.len() < FIRST_BYTES {
                return Ok(());
            }
            return self.begin().await;
        }
        self.cut(bytes).await
    }

    /// The file is whole: its rows are looked at from now on.
    pub async fn end(mut self) -> Result<ImportRow, ImportError> {
        match self.finish().await {
            Ok(()) => Ok(self.row),
            Err(fault) => {
                self.give_up().await;
                Err(fault)
            }
        }
    }

    /// Forgets what came in.
    pub async fn give_up(self) {
        let account = &self.account;
        if let Err(fault) = self.imports.store.delete_import(account, self.row.id).await {
            // The hourly sweep does it.
            tracing::debug!(error = %fault, "an import that was given up is still there");
        }
    }

    async fn finish(&mut self) -> Result<(), ImportError> {
        if self.cutter.is_none() {
            self.begin().await?;
        }
        if let Some(last) = self.cutter.take().and_then(Cutter::end) {
            self.take(last).await?;
        }
        self.flush().await?;
        if self.row.total == 0 {
            let message = "There is no subscription in this file.";
            return Err(FieldError::new("file", message).into());
        }
        let before = (ImportState::Receiving, 0);
        self.row.state = if self.dry_run {
            ImportState::Checking
        } else {
            ImportState::Running
        };
        if let Some(header) = &self.header {
            self.row.ignored.clone_from(&header.ignored);
        }
        self.row.changed_at = self.imports.clock.now();
        let mut batch = Batch::new("keep_import");
        self.imports
            .store
            .update_import(&mut batch, &self.account, &self.row, before);
        self.imports.enqueue(&mut batch, &self.account, self.row.id);
        self.imports.store.db.write(batch).await?;
        self.imports.queue.announce(Notice::Work);
        tracing::info!(account = %self.account, import = %self.row.id, rows = self.row.total, "a file of subscriptions came in");
        Ok(())
    }

    /// Enough is here to see how the file is written.
    async fn begin(&mut self) -> Result<(), ImportError> {
        let first = std::mem::take(&mut self.first);
        let format = Format::of(&first, self.format)?;
        format.as_str().clone_into(&mut self.row.format);
        self.cutter = Some(Cutter::new(format));
        self.format = Some(format);
        self.cut(&first).await
    }

    async fn cut(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        let cuts = self.cutter.as_mut().map(|cutter| cutter.cut(bytes));
        for cut in cuts.unwrap_or_default() {
            self.take(cut).await?;
        }
        Ok(())
    }

    async fn take(&mut self, cut: Cut) -> Result<(), ImportError> {
        self.number += 1;
        let is_csv = self.format == Some(Format::Csv);
        let text = match cut {
            Cut::TooLong => Err((Reason::TooLong, "This row is longer than 256 KiB.")),
            Cut::Row(bytes) => match String::from_utf8(bytes) {
                Ok(text) if text.contains('\0') => Err((Reason::Text, "This row holds NUL characters.")),
                Ok(text) => Ok(text),
                Err(_) => Err((Reason::Text, "This row is not UTF-8.")),
            },
        };
        if is_csv && self.header.is_none() {
            let header = match &text {
                Ok(text) if text.trim().is_empty() => return Ok(()),
                Ok(text) => Header::read(text)?,
                Err((_, message)) => {
                    let message = format!("The first row is to name the columns. {message}");
                    return Err(FieldError::new("file", message).into());
                }
            };
            self.header = Some(header);
            return Ok(());
        }
        let bytes = text.as_ref().map_or(0, String::len);
        let given = match text {
            Ok(text) if text.trim().is_empty() => return Ok(()),
            Ok(text) => match &self.header {
                Some(header) => header.given(&text),
                None => row::from_json(&text),
            },
            Err((reason, message)) => Err(reason::Fault::new("", reason, message)),
        };
        let mut line = match given {
            Ok(given) => Line {
                number: self.number,
                given,
                fault: None,
            },
            Err(fault) => Line {
                number: self.number,
                given: Map::new(),
                fault: Some((fault.reason, fault.message)),
            },
        };
        if let Some(endpoint) = line.given.get("endpoint").and_then(|value| value.as_str()) {
            let first = *self
                .seen
                .entry(self.hasher.hash_one(endpoint.trim()))
                .or_insert(self.number);
            if first != self.number {
                let message = format!("This endpoint stands in row {first} already.");
                line.fault = Some((Reason::Duplicate, message));
            }
        }
        self.row.total += 1;
        if self.row.total > u64::from(MAX_ROWS) {
            let message =
                format!("The file has more than {MAX_ROWS} rows. Split it; nothing of it was kept.");
            return Err(FieldError::new("file", message).into());
        }
        self.lines.push(line);
        self.piece_bytes += bytes;
        if self.lines.len() >= PIECE_ROWS || self.piece_bytes >= PIECE_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), ImportError> {
        let lines = std::mem::take(&mut self.lines);
        self.piece_bytes = 0;
        if lines.is_empty() {
            return Ok(());
        }
        let body = serde_json::to_vec(&lines).expect("rows that were read serialise");
        let mut batch = Batch::new("keep_import_piece");
        self.imports
            .store
            .insert_import_piece(&mut batch, &self.account, self.row.id, self.row.pieces, body);
        self.imports.store.db.write(batch).await?;
        self.row.pieces += 1;
        Ok(())
    }
}
