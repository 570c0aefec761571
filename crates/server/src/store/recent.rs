//! The visitors that came last, for whoever wants a sample of them.
//!
//! Left out: deciding about them. Invariant: each person is there once, with one browser; merged profiles are not.

use super::Store;
use super::db::DbError;
use super::profiles::{DeviceRow, ProfileRow, device, profile};
use crate::args;
use campanile_core::id::AccountId;

impl Store {
    /// At most `most` visitors, newest first: browser, profile, and whether the person can be reached by push.
    pub async fn recent_visitors(
        &self,
        account: &AccountId,
        most: u32,
    ) -> Result<Vec<(DeviceRow, ProfileRow, bool)>, DbError> {
        let sql = "-- recent_visitors\nSELECT d.id, d.ordinal, d.version, d.state, d.created_at, d.seen_at, \
                   p.ordinal, p.properties, p.identified, p.version, p.created_at, p.activity, p.ledger, \
                   (SELECT COUNT(*) FROM subscriptions s WHERE s.account = d.account AND s.ordinal = d.ordinal AND s.state = 'live') \
                   FROM profiles p JOIN devices d ON d.account = p.account AND d.ordinal = p.ordinal \
                   WHERE p.account = $1 AND p.merged_into IS NULL ORDER BY p.ordinal DESC, d.seen_at DESC LIMIT $2";
        let rows = self
            .db
            .query(sql, args![account.as_str(), i64::from(most)])
            .await?;
        let mut found: Vec<(DeviceRow, ProfileRow, bool)> = Vec::with_capacity(rows.len());
        for row in &rows {
            let person = profile(row, 6)?;
            if found
                .last()
                .is_none_or(|(_, last, _)| last.ordinal != person.ordinal)
            {
                found.push((device(row)?, person, row.int(13)? > 0));
            }
        }
        Ok(found)
    }
}
