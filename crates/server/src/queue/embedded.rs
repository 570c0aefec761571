//! The queue in the store's own table: leased by pushing `ready_at` forward, done by deletion, retried by a later `ready_at`.
//!
//! One index, no status column. Left out: notices between processes (they find out by polling). Invariant: `done` and `later` touch a job
//! only while its `ready_at` is still the one that the lease wrote.

use super::{Job, Leased, Notice};
use crate::args;
use crate::store::db::{Batch, Db, DbError};
use campanile_core::id::Id;
use campanile_core::time::Timestamp;
use tokio::sync::broadcast;

/// The store's table as a queue.
#[derive(Debug, Clone)]
pub struct Embedded {
    db: Db,
    notices: broadcast::Sender<Notice>,
}

impl Embedded {
    pub(super) fn new(db: Db) -> Self {
        Self {
            db,
            notices: broadcast::Sender::new(256),
        }
    }

    pub(super) fn push(&self, batch: &mut Batch, id: Id, job: &Job, ready_at: Timestamp) {
        let sql = "-- push_job\nINSERT INTO jobs (id, ready_at, attempts, payload) VALUES ($1, $2, 0, $3)";
        let payload = serde_json::to_string(job).expect("a job serialises");
        batch.run(sql, args![id.bytes(), ready_at.ms(), payload]);
    }

    pub(super) async fn lease(
        &self,
        limit: u32,
        lease_ms: i64,
        now: Timestamp,
    ) -> Result<Vec<Leased>, DbError> {
        // Looked at first without writing, so that an idle worker costs a read and no commit.
        let sql = "-- ready_job\nSELECT 1 FROM jobs WHERE ready_at <= $1 LIMIT 1";
        if self.db.query(sql, args![now.ms()]).await?.is_empty() {
            return Ok(Vec::new());
        }
        // Materialized, for PostgreSQL asks a subquery that locks rows once for each row of the outer table, where it thinks that there are
        // few, and each time gets others: all that were ready were leased, and nobody worked on them.
        let sql = "-- lease_jobs\nWITH ready AS MATERIALIZED (SELECT id FROM jobs WHERE ready_at <= $2 ORDER BY ready_at LIMIT $3 {skip_locked}) \
                   UPDATE jobs SET ready_at = $1, attempts = attempts + 1 WHERE id IN (SELECT id FROM ready) RETURNING id, attempts, payload";
        let until = now.plus_ms(lease_ms);
        let mut batch = Batch::new("lease_jobs");
        let at = batch.returning(sql, args![until.ms(), now.ms(), i64::from(limit)]);
        let rows = self.db.write(batch).await?.into_rows(at)?;
        rows.iter()
            .map(|row| {
                let id =
                    Id::from_bytes(row.bytes(0)?).ok_or_else(|| DbError::Corrupt("jobs.id".to_owned()))?;
                let job = serde_json::from_str(row.text(2)?)
                    .map_err(|fault| DbError::Corrupt(format!("jobs.payload: {fault}")))?;
                Ok(Leased {
                    id,
                    job,
                    attempts: row.int(1)? as u32,
                    until,
                })
            })
            .collect()
    }

    pub(super) fn done(&self, batch: &mut Batch, leased: &Leased) {
        let sql = "-- job_done\nDELETE FROM jobs WHERE id = $1 AND ready_at = $2";
        batch.expect(sql, args![leased.id.bytes(), leased.until.ms()], 1);
    }

    pub(super) fn later(&self, batch: &mut Batch, leased: &Leased, at: Timestamp) {
        let sql = "-- job_later\nUPDATE jobs SET ready_at = $3 WHERE id = $1 AND ready_at = $2";
        batch.expect(sql, args![leased.id.bytes(), leased.until.ms(), at.ms()], 1);
    }

    pub(super) async fn depth(&self, now: Timestamp) -> Result<(u64, i64), DbError> {
        let sql = "-- job_depth\nSELECT COUNT(*), COALESCE(MIN(ready_at), $1) FROM jobs";
        let rows = self.db.query(sql, args![now.ms()]).await?;
        let row = rows
            .first()
            .ok_or_else(|| DbError::Corrupt("a count gives a row".to_owned()))?;
        Ok((row.int(0)? as u64, now.since(Timestamp(row.int(1)?)).max(0)))
    }

    pub(super) fn announce(&self, notice: Notice) {
        // Nobody listening is not a fault: a command such as `account new` has no worker.
        let _ = self.notices.send(notice);
    }

    pub(super) fn changes(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }
}
