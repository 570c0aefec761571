//! The country of a visitor, from a file in MaxMind's format that the owner supplies.
//!
//! Left out: places smaller than a country, and the consent (`ingest` asks only for visitors who gave it). Invariant: an address is looked
//! up and forgotten; it is neither kept nor logged. A file that cannot be read stops the start, and later leaves the old one in force.

use anyhow::{Context as _, bail};
use campanile_core::time::Timestamp;
use maxminddb::{Reader, WithinOptions, path};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

/// The file is looked at for a change at most this often.
const LOOK_EVERY_MS: i64 = 60_000;
/// Networks that are asked for a country before the file counts as one without.
const NETWORKS_ASKED: usize = 50_000;

/// Countries by address, or none where no file was given.
#[derive(Debug, Clone, Default)]
pub struct Geo(Option<Arc<Source>>);

/// The owner's file.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    /// When it was last looked at, ms.
    looked_at: AtomicI64,
    read: RwLock<Arc<Countries>>,
}

/// What was read of it.
#[derive(Debug)]
struct Countries {
    reader: Reader<Vec<u8>>,
    stamp: Stamp,
}

/// By what a changed file is known: when it was written, and its bytes.
type Stamp = (Option<SystemTime>, u64);

/// Somebody who calls, and where that is, for as long as the request runs.
#[derive(Clone, Default)]
pub struct Caller(Option<(IpAddr, Arc<Countries>)>);

impl std::fmt::Debug for Caller {
    /// Never the address.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Caller")
    }
}

impl Geo {
    /// Reads the file; an empty path is none.
    pub fn open(path: &str, now: Timestamp) -> anyhow::Result<Self> {
        if path.is_empty() {
            return Ok(Self(None));
        }
        let path = PathBuf::from(path);
        let read =
            Countries::read(&path).with_context(|| format!("geo.country_file “{}”", path.display()))?;
        Ok(Self(Some(Arc::new(Source {
            path,
            looked_at: AtomicI64::new(now.ms()),
            read: RwLock::new(Arc::new(read)),
        }))))
    }

    /// The caller with this address. Once a minute somebody waits here until a changed file is read.
    pub async fn caller(&self, address: Option<IpAddr>, now: Timestamp) -> Caller {
        let (Some(source), Some(address)) = (&self.0, address) else {
            return Caller(None);
        };
        let last = source.looked_at.load(Ordering::Relaxed);
        if now.ms().abs_diff(last) >= LOOK_EVERY_MS.unsigned_abs()
            && source
                .looked_at
                .compare_exchange(last, now.ms(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            let source = source.clone();
            // Files block. Should the look fail to run at all, what was read before is still good.
            let _ = tokio::task::spawn_blocking(move || source.look()).await;
        }
        let read = source.read.read().unwrap_or_else(PoisonError::into_inner).clone();
        // An address of the fourth version in the clothes of the sixth is what a socket for both gives.
        Caller(Some((address.to_canonical(), read)))
    }
}

impl Caller {
    /// The ISO 3166 code of the caller's country, or an empty text.
    pub fn country(&self) -> String {
        self.0
            .as_ref()
            .and_then(|(address, countries)| countries.of(*address))
            .unwrap_or_default()
    }
}

impl Source {
    /// Reads the file again if it is another one by now.
    fn look(&self) {
        let known = self.read.read().unwrap_or_else(PoisonError::into_inner).stamp;
        let outcome = match stamp(&self.path) {
            Ok(stamp) if stamp == known => return,
            Ok(_) => Countries::read(&self.path),
            Err(fault) => Err(fault),
        };
        match outcome {
            Ok(fresh) => {
                *self.read.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                tracing::info!(file = %self.path.display(), "the countries were read again");
            }
            Err(fault) => tracing::warn!(
                file = %self.path.display(),
                error = format!("{fault:#}"),
                "geo.country_file cannot be read; the countries of the last good file stay in force"
            ),
        }
    }
}

fn stamp(path: &Path) -> anyhow::Result<Stamp> {
    let about = std::fs::metadata(path).context("the file cannot be read")?;
    Ok((about.modified().ok(), about.len()))
}

impl Countries {
    fn read(path: &Path) -> anyhow::Result<Self> {
        // Before the bytes: a file that is replaced in between is read once more at the next look.
        let stamp = stamp(path)?;
        let bytes = std::fs::read(path).context("the file cannot be read")?;
        let reader = Reader::from_source(bytes)
            .context("the file is not a database in MaxMind's format (.mmdb), or is damaged")?;
        let countries = Self { reader, stamp };
        if !countries.know_one()? {
            bail!(
                "the database “{}” says no country of the addresses in it; give one like GeoLite2-Country.mmdb",
                countries.reader.metadata().database_type
            );
        }
        Ok(countries)
    }

    /// Whether there is any country in it.
    fn know_one(&self) -> anyhow::Result<bool> {
        const DAMAGED: &str = "the database is damaged";
        let networks = self.reader.networks(WithinOptions::default()).context(DAMAGED)?;
        for network in networks.take(NETWORKS_ASKED) {
            let found = network.context(DAMAGED)?;
            let code: Option<&str> = found
                .decode_path(&path!["country", "iso_code"])
                .context(DAMAGED)?;
            if code.is_some_and(is_code) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn of(&self, address: IpAddr) -> Option<String> {
        let found = self.reader.lookup(address).ok()?;
        let code: Option<&str> = found.decode_path(&path!["country", "iso_code"]).ok()?;
        code.filter(|code| is_code(code)).map(str::to_owned)
    }
}

fn is_code(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}
