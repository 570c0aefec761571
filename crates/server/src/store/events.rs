//! What people did, by period.
//!
//! Left out: counting and deciding. Invariant: an event's period follows from its id, so a replay lands where the first try
//! did; in SQLite the event is on disk before what is derived from it, and is written over when that was lost in a crash.

use super::db::{Batch, DbError, Period};
use super::{Store, corrupt};
use crate::args;
use campanile_core::id::{AccountId, Id, Ordinal};
use campanile_core::time::Timestamp;
use serde_json::{Map, Value as Json};

/// One event of a person.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// Its id: that of the operation that raised it.
    pub id: Id,
    /// Whose.
    pub ordinal: Ordinal,
    /// On which browser; none where the server or a worker raised it.
    pub device: Option<Id>,
    /// When, by the server's clock.
    pub at: Timestamp,
    /// The moment whose period it is filed under: that of its id, or the time of arrival where the browser's clock is far off.
    pub filed_at: Timestamp,
    /// Its name.
    pub name: String,
    /// Its properties.
    pub props: Map<String, Json>,
}

impl Store {
    /// Adds an event. One that is there already was left by a batch whose other half a crash undid (the guard in core would have stopped
    /// any other): it is written over, for the person that it named may not have been kept.
    pub fn insert_event(&self, batch: &mut Batch, account: &AccountId, event: &EventRow) {
        let sql = "-- insert_event\nINSERT INTO events (period, id, account, ordinal, device, at, name, props) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                   ON CONFLICT (period, id) DO UPDATE SET ordinal = excluded.ordinal, device = excluded.device, at = excluded.at, \
                   name = excluded.name, props = excluded.props WHERE events.account = excluded.account";
        let period = Period::of(event.filed_at.ms());
        batch.run_in(
            period,
            sql,
            args![
                event.id.bytes(),
                account.as_str(),
                i64::from(event.ordinal.0),
                event.device.map(Id::bytes),
                event.at.ms(),
                event.name.as_str(),
                Json::Object(event.props.clone()).to_string()
            ],
        );
    }

    /// The events of these people (one person and what was merged into them), newest first, before a moment.
    pub async fn timeline(
        &self,
        account: &AccountId,
        people: &[Ordinal],
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<EventRow>, DbError> {
        let sql = "-- timeline\nSELECT id, ordinal, device, at, name, props FROM events \
                   WHERE period = $1 AND account = $2 AND ordinal = $3 AND at < $4 ORDER BY at DESC, id DESC LIMIT $5";
        let mut events = Vec::new();
        for period in self.db.periods().await?.into_iter().rev() {
            for person in people {
                let args = args![account.as_str(), i64::from(person.0), before.ms(), limit as i64];
                for row in &self.db.query_events(period..=period, sql, args).await? {
                    events.push(EventRow {
                        id: Id::from_bytes(row.bytes(0)?).ok_or_else(|| corrupt("events.id"))?,
                        ordinal: *person,
                        device: row.opt_bytes(2)?.and_then(Id::from_bytes),
                        at: Timestamp(row.int(3)?),
                        filed_at: Timestamp(row.int(3)?),
                        name: row.text(4)?.to_owned(),
                        props: serde_json::from_str(row.text(5)?).map_err(|_| corrupt("events.props"))?,
                    });
                }
            }
            // An event's time may lie a little beside its id's period, so one period more than enough is read.
            if events.len() >= limit * 2 {
                break;
            }
        }
        events.sort_by_key(|event| std::cmp::Reverse((event.at, event.id)));
        events.truncate(limit);
        Ok(events)
    }

    /// The properties of the event of that name that a person raised at `at`; none where there is none, or its history was dropped.
    pub async fn event_at(
        &self,
        account: &AccountId,
        person: Ordinal,
        (name, at): (&str, Timestamp),
    ) -> Result<Option<Map<String, Json>>, DbError> {
        let sql = "-- event_at\nSELECT props FROM events \
                   WHERE period = $1 AND account = $2 AND ordinal = $3 AND at = $4 AND name = $5 ORDER BY id LIMIT 1";
        // Its time may lie beside its id's period, so the newest are looked through, as far as its own.
        for period in self.db.periods().await?.into_iter().rev() {
            let args = args![account.as_str(), i64::from(person.0), at.ms(), name];
            if let Some(row) = self.db.query_events(period..=period, sql, args).await?.first() {
                let props = serde_json::from_str(row.text(0)?).map_err(|_| corrupt("events.props"))?;
                return Ok(Some(props));
            }
            if period < Period::of(at.ms()) {
                break;
            }
        }
        Ok(None)
    }

    /// Drops the history of periods that ended before `before`.
    pub async fn drop_history(&self, before: Timestamp) -> Result<u32, DbError> {
        let mut dropped = 0;
        for period in self.db.periods().await? {
            if period < Period::of(before.ms()) {
                self.db.drop_period(period).await?;
                dropped += 1;
            }
        }
        Ok(dropped)
    }
}
