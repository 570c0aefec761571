//! Partitions of the events tables: made on first use, listed, dropped.
//!
//! Left out on purpose: names of tables. Whatever table the events migrations made `{partitioned}` gets a partition.
//!
//! Invariant: `event_periods` has a row for exactly the periods whose partitions exist: row and tables change in one
//! transaction, and the row's lock lets one process at a time make or drop a period.

use super::super::error::DbError;
use super::super::period::Period;
use super::Postgres;
use deadpool_postgres::Object;
use std::fmt::Write;
use std::sync::PoisonError;

/// Partitioned tables in the schema of this connection.
const PARENTS: &str = "-- partitioned_tables\n\
    SELECT relname::text FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid \
    WHERE relnamespace = current_schema()::regnamespace ORDER BY 1";

impl Postgres {
    /// The periods that have partitions, oldest first.
    pub(in super::super) async fn periods(&self) -> Result<Vec<Period>, DbError> {
        let rows = self
            .query(
                "-- event_periods\nSELECT period FROM event_periods ORDER BY period",
                &[],
            )
            .await?;
        rows.iter().map(|row| Ok(Period(row.int(0)? as u32))).collect()
    }

    pub(super) fn forget(&self, periods: &[Period]) {
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|known| !periods.contains(known));
    }

    /// Makes the partitions of these periods that are not there.
    pub(super) async fn make_partitions(&self, periods: &[Period]) -> Result<(), DbError> {
        for period in periods {
            if self
                .known
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .contains(period)
            {
                continue;
            }
            // In a transaction of its own: making a partition locks the parent, and a batch must not hold that.
            self.change(
                *period,
                "INSERT INTO event_periods (period) VALUES ($1) ON CONFLICT DO NOTHING",
                |parent, period| {
                    format!(
                        "CREATE TABLE \"{parent}_{period}\" PARTITION OF \"{parent}\" FOR VALUES IN ({});",
                        period.0
                    )
                },
            )
            .await?;
            self.known
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(*period);
        }
        Ok(())
    }

    /// Drops the partitions of a period, and with them its events.
    pub(in super::super) async fn drop_period(&self, period: Period) -> Result<(), DbError> {
        self.forget(&[period]);
        self.change(
            period,
            "DELETE FROM event_periods WHERE period = $1",
            |parent, period| format!("DROP TABLE \"{parent}_{period}\";"),
        )
        .await
    }

    /// Changes the row of a period and, if there was anything to change, the tables.
    async fn change(
        &self,
        period: Period,
        row: &'static str,
        table: fn(&str, Period) -> String,
    ) -> Result<(), DbError> {
        let client = self.client().await?;
        let failed = |error| DbError::postgres("event_period", error);
        let changed = async {
            client.batch_execute(super::BEGIN).await?;
            if client.execute(row, &[&i64::from(period.0)]).await? > 0 {
                let mut tables = String::new();
                for parent in client.query(PARENTS, &[]).await? {
                    let parent: String = parent.try_get(0)?;
                    write!(tables, "{}", table(&parent, period)).expect("writing to a string cannot fail");
                }
                client.batch_execute(&tables).await?;
            }
            client.batch_execute("COMMIT").await
        };
        match changed.await {
            Ok(()) => Ok(()),
            Err(error) => {
                if client.batch_execute("ROLLBACK").await.is_err() {
                    drop(Object::take(client));
                }
                Err(failed(error))
            }
        }
    }
}
