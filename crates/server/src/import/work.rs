//! One piece of an import: its rows judged, and in an import that runs taken, in one transaction with how far it is.
//!
//! Who somebody is follows the rules of a login on the page (`core::profile`): a known identity leads to its profile, which keeps what it knows
//! and is given what it does not; nobody's identities make a new one; no identity makes somebody anonymous. Left out: the history, so a welcome
//! that follows "Push Subscribed" goes to nobody who was imported. Invariant: each profile is written at most once in a piece, at the version
//! that was read.

use super::reason::{Fault, Reason};
use super::row::{Line, Row, Rules};
use super::{Imports, TRIES};
use crate::clock;
use crate::live::Site;
use crate::queue::Leased;
use crate::store::db::Batch;
use crate::store::imports::{ImportCounts, ImportRemark, ImportRow, ImportState};
use crate::store::profiles::{Changes, DeviceRow, DeviceState, ProfileRow};
use crate::store::subscriptions::SubscriptionRow;
use anyhow::{Context as _, bail};
use campanile_core::id::{AccountId, Id, Ordinal};
use campanile_core::profile::{self, Identity};
use campanile_core::time::Timestamp;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// What became of the rows of a piece.
struct Piece {
    batch: Batch,
    counts: ImportCounts,
    remarks: Vec<ImportRemark>,
}

struct Person {
    row: ProfileRow,
    identities: Vec<Identity>,
    fresh: bool,
    changed: bool,
}

/// People and browsers while a piece is folded over them.
#[derive(Default)]
struct Crowd {
    owners: HashMap<Identity, Ordinal>,
    people: BTreeMap<Ordinal, Person>,
    devices: HashMap<Id, DeviceRow>,
}

impl Imports {
    /// Works on the next piece of an import, and puts its job back until there is none.
    pub async fn work(&self, leased: &Leased, account: &AccountId, id: Id) -> anyhow::Result<()> {
        let Some(import) = self.store.import(account, id).await? else {
            return self.end(leased).await;
        };
        if !import.state.is_at_work() {
            self.end(leased).await?;
            // A job that was leased twice comes late: of a file that waits for a word every piece is still needed.
            if matches!(import.state, ImportState::Done | ImportState::Cancelled) {
                self.store.forget_import_pieces(account, id).await?;
            }
            return Ok(());
        }
        // A job can be here before this process has heard of its account, or of a pair that was brought along.
        self.live.refresh(account).await?;
        let Some(site) = self.live.site(account) else {
            return self.end(leased).await;
        };
        let body = self.store.import_piece(account, id, import.piece).await?;
        let body = body.context("a piece of an import is missing")?;
        let lines: Vec<Line> =
            serde_json::from_slice(&body).context("a piece of an import cannot be read")?;
        let mut numbers = VecDeque::new();
        for _ in 0..TRIES {
            let piece = self.fold(&site, &import, &lines, &mut numbers).await?;
            let next = self.write(leased, account, &import, piece).await?;
            if let Some(next) = next {
                if next.state == ImportState::Done {
                    tracing::info!(account = %account, import = %id, accepted = next.counts.accepted, "an import is done");
                    self.store.forget_import_pieces(account, id).await?;
                }
                return Ok(());
            }
            // Somebody else wrote: a visitor came by, or the import was stopped, or the lease is lost.
            let now = self.store.import(account, id).await?;
            if now.is_none_or(|now| (now.state, now.piece) != (import.state, import.piece)) {
                return Ok(());
            }
        }
        bail!("a piece of an import met other writers again and again")
    }

    async fn end(&self, leased: &Leased) -> anyhow::Result<()> {
        let mut batch = Batch::new("end_import");
        self.queue.done(&mut batch, leased);
        self.store.db.write(batch).await?;
        Ok(())
    }

    /// The import after the piece; none when another writer was first.
    async fn write(
        &self,
        leased: &Leased,
        account: &AccountId,
        import: &ImportRow,
        piece: Piece,
    ) -> anyhow::Result<Option<ImportRow>> {
        let Piece {
            mut batch,
            counts,
            remarks,
        } = piece;
        let phase = import.state.phase();
        for remark in &remarks {
            self.store
                .insert_import_remark(&mut batch, account, (import.id, phase), remark);
        }
        let mut next = import.clone();
        next.piece += 1;
        next.counts = counts;
        next.changed_at = self.clock.now();
        if next.piece >= next.pieces {
            next.state = match import.state {
                ImportState::Checking => ImportState::Checked,
                _ => ImportState::Done,
            };
            self.queue.done(&mut batch, leased);
        } else {
            self.queue.later(&mut batch, leased, next.changed_at);
        }
        let before = (import.state, import.piece);
        self.store.update_import(&mut batch, account, &next, before);
        let kept = !self.store.db.write(batch).await?.is_conflict();
        Ok(kept.then_some(next))
    }

    /// Judges the rows of a piece; in an import that runs they go into the batch.
    async fn fold(
        &self,
        site: &Site,
        import: &ImportRow,
        lines: &[Line],
        numbers: &mut VecDeque<u32>,
    ) -> anyhow::Result<Piece> {
        let account = &site.account.id;
        let now = self.clock.now();
        let ring: Vec<(String, Id)> = site
            .keys
            .iter()
            .map(|key| (key.key.public_key().to_owned(), key.id))
            .collect();
        let rules = Rules {
            hosts: &self.hosts,
            ring: &ring,
            named: import.vapid_key,
            now,
        };
        let mut counts = import.counts.clone();
        counts.read += lines.len() as u64;
        let mut remarks = Vec::new();
        let mut rows = Vec::new();
        for line in lines {
            match Row::read(line, &rules) {
                Ok(read) => rows.push(read),
                Err(fault) => {
                    *counts
                        .refused
                        .entry(fault.reason.as_str().to_owned())
                        .or_default() += 1;
                    remarks.push(fault.at(line.number, false));
                }
            }
        }
        let endpoints: Vec<&str> = rows.iter().map(|(row, _)| row.endpoint.as_str()).collect();
        let known = self.store.known_endpoints(account, &endpoints).await?;
        let before = rows.len();
        rows.retain(|(row, _)| !known.contains(row.endpoint.as_str()));
        counts.known += (before - rows.len()) as u64;
        let fresh = rows.len() as u32;
        let mut batch = Batch::new("import_piece");
        let mut crowd = if import.state == ImportState::Running {
            self.crowd(account, &rows).await?
        } else {
            Crowd::default()
        };
        for (row, mut faults) in rows {
            counts.accepted += 1;
            if row.state == "live"
                && let Some((public, _)) = ring.iter().find(|(_, id)| *id == row.vapid_key)
            {
                *counts.reachable.entry(public.clone()).or_default() += 1;
            }
            if import.state == ImportState::Running {
                if numbers.is_empty() {
                    // As many as rows that could need one; what is left over at the end is a gap.
                    let first = self.store.take_ordinals(account, fresh).await?;
                    numbers.extend(first..first + fresh);
                }
                self.admit(
                    &mut batch,
                    account,
                    import,
                    (&row, &mut faults),
                    (&mut crowd, numbers),
                );
            }
            counts.left_out += u64::from(!faults.is_empty());
            // One remark a field: a list can hold thousands of wrong values.
            faults.sort_by_key(|fault| fault.field);
            faults.dedup_by_key(|fault| fault.field);
            remarks.extend(faults.into_iter().map(|fault| fault.at(row.number, true)));
        }
        for person in crowd.people.values() {
            if person.fresh {
                self.store.insert_profile(&mut batch, account, &person.row, now);
            } else if person.changed {
                let changes = Changes {
                    properties: true,
                    ..Changes::default()
                };
                self.store
                    .update_profile(&mut batch, account, &person.row, changes, now);
            }
        }
        Ok(Piece {
            batch,
            counts,
            remarks,
        })
    }

    /// Reads who the rows speak of.
    async fn crowd(&self, account: &AccountId, rows: &[(Row, Vec<Fault>)]) -> anyhow::Result<Crowd> {
        let mut identities: Vec<Identity> = rows.iter().flat_map(|(row, _)| row.identities.clone()).collect();
        identities.sort();
        identities.dedup();
        let devices: Vec<Id> = rows.iter().filter_map(|(row, _)| row.device).collect();
        let mut crowd = Crowd {
            owners: self.store.identity_owners(account, &identities).await?,
            devices: self.store.known_devices(account, &devices).await?,
            people: BTreeMap::new(),
        };
        let owners = crowd.owners.values().copied();
        let of_devices = crowd.devices.values().map(|device| device.ordinal);
        let wanted: Vec<Ordinal> = owners.chain(of_devices).collect();
        for ordinal in wanted {
            if crowd.people.contains_key(&ordinal) {
                continue;
            }
            let row = self
                .store
                .profile(account, ordinal)
                .await?
                .context("an identity without its profile")?;
            let identities = self.store.identities(account, row.ordinal).await?;
            let person = Person {
                row,
                identities,
                fresh: false,
                changed: false,
            };
            crowd.people.insert(ordinal, person);
        }
        Ok(crowd)
    }

    /// Puts one row in.
    fn admit(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        import: &ImportRow,
        (row, faults): (&Row, &mut Vec<Fault>),
        (crowd, numbers): (&mut Crowd, &mut VecDeque<u32>),
    ) {
        let now = self.clock.now();
        let made_here = import.id.to_string();
        // Several endpoints of one browser lie in the history of another server.
        let ours = row
            .device
            .and_then(|id| crowd.devices.get(&id))
            .filter(|device| device.state.imported == made_here)
            .map(|device| (device.id, device.ordinal));
        let known = row
            .identities
            .iter()
            .find_map(|identity| crowd.owners.get(identity));
        let ordinal = match (ours, known) {
            (Some((_, ordinal)), _) => ordinal,
            (None, Some(ordinal)) => *ordinal,
            (None, None) => {
                let number = numbers.pop_front().expect("there are as many as rows");
                let ordinal = Ordinal(number);
                let person = Person {
                    row: ProfileRow::fresh(ordinal, row.created_at.unwrap_or(now)),
                    identities: Vec::new(),
                    fresh: true,
                    changed: false,
                };
                crowd.people.insert(ordinal, person);
                ordinal
            }
        };
        let person = crowd
            .people
            .get_mut(&ordinal)
            .expect("everybody was read or made");
        for identity in &row.identities {
            let kind = identity.kind;
            let of_kind = person
                .identities
                .iter()
                .filter(|known| known.kind == kind)
                .count();
            match crowd.owners.get(identity) {
                Some(owner) if *owner == ordinal => {}
                Some(_) => {
                    let message = format!("This {} belongs to another person.", kind.as_str());
                    faults.push(Fault::new("identity", Reason::Identity, message));
                }
                None if of_kind >= profile::MAX_IDENTITIES => {
                    let message = format!("This person has {of_kind} of {} already.", kind.as_str());
                    faults.push(Fault::new("identity", Reason::Identity, message));
                }
                None => {
                    // The profile's own number: one that was merged leads to the one that is left.
                    let owner = person.row.ordinal;
                    self.store.insert_identity(batch, account, identity, owner);
                    crowd.owners.insert(identity.clone(), ordinal);
                    person.identities.push(identity.clone());
                    person.row.identified = true;
                    person.changed = true;
                }
            }
        }
        let properties = person.row.properties.len();
        profile::merge_properties(&mut person.row.properties, row.properties.clone());
        person.changed |= properties != person.row.properties.len();
        let ordinal = person.row.ordinal;
        let device = ours.map_or_else(
            || self.new_device(batch, account, row, (ordinal, &made_here), crowd),
            |(id, _)| id,
        );
        let subscription = SubscriptionRow {
            id: self.clock.id(),
            device: Some(device),
            ordinal,
            endpoint: row.endpoint.clone(),
            keys: row.keys.clone(),
            multiples: Some(row.multiples.clone()),
            vapid_key: row.vapid_key,
            browser: row.browser.clone(),
            system: row.system.clone(),
            live: row.state == "live",
            aside: row.state == "aside",
            reason: row.reason.clone(),
            created_at: row.created_at.unwrap_or(now),
            changed_at: row.changed_at.unwrap_or(now),
        };
        self.store.import_subscription(batch, account, &subscription);
    }

    /// The browser behind a subscription. It keeps the id that it had elsewhere, by which it is known again when it comes by.
    fn new_device(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        row: &Row,
        (ordinal, import): (Ordinal, &str),
        crowd: &mut Crowd,
    ) -> Id {
        let now: Timestamp = self.clock.now();
        let own = row.device.filter(|id| !crowd.devices.contains_key(id));
        let state = DeviceState {
            browser: row.browser.clone(),
            system: row.system.clone(),
            language: row.language.clone(),
            zone: row.zone.clone(),
            topics: row.topics.clone(),
            opt_out: row.opt_out,
            push: "granted".to_owned(),
            subscribed_at: (row.state == "live").then(|| row.created_at.unwrap_or(now).ms()),
            imported: import.to_owned(),
            ..DeviceState::default()
        };
        let device = DeviceRow {
            id: own.unwrap_or_else(|| Id::new(now, clock::random())),
            ordinal,
            version: 1,
            state,
            created_at: row.created_at.unwrap_or(now),
            seen_at: row.seen_at.or(row.created_at).unwrap_or(now),
        };
        self.store.insert_device(batch, account, &device);
        crowd.devices.insert(device.id, device.clone());
        device.id
    }
}
