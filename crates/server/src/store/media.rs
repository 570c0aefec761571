//! Pictures that owners uploaded, kept as they were drawn anew.
//!
//! Left out: reading and drawing them (`media`), and their addresses (`http`). Invariant: a row is found by the SHA-256 of its large
//! picture and never changes; it is not deleted while a campaign's definition holds that hash.

use super::db::{Batch, DbError, Row};
use super::{Store, corrupt};
use crate::args;
use campanile_core::campaign::Campaign;
use campanile_core::id::AccountId;
use campanile_core::time::Timestamp;

/// What a kept picture is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For pictures that cover what is behind them.
    Jpeg,
    /// For pictures with transparent places, where it is smaller than WebP.
    Png,
    /// For pictures with transparent places, without loss.
    WebP,
}

impl Format {
    /// Its name in the store, and the end of a picture's address.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
        }
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }

    /// The format of that extension.
    pub fn parse(extension: &str) -> Option<Self> {
        [Self::Jpeg, Self::Png, Self::WebP]
            .into_iter()
            .find(|format| format.extension() == extension)
    }
}

/// A picture without its bytes.
#[derive(Debug, Clone)]
pub struct MediaRow {
    /// SHA-256 of the large version, hex.
    pub hash: String,
    /// Format of both versions.
    pub format: Format,
    /// Width of the large version, pixels.
    pub width: u32,
    /// Height of the large version, pixels.
    pub height: u32,
    /// Bytes of the large version.
    pub bytes: u64,
    /// Width and bytes of the small version; none where the large one is small enough.
    pub small: Option<(u32, u64)>,
    /// Name of the file that was uploaded first.
    pub name: String,
    /// When that was.
    pub created_at: Timestamp,
}

/// Where a list of pictures goes on: after the picture of this moment and hash.
#[derive(Debug, Clone)]
pub struct After {
    /// When that picture was uploaded.
    pub created_at: Timestamp,
    /// Its hash.
    pub hash: String,
}

fn side(row: &Row, column: usize) -> Result<u32, DbError> {
    u32::try_from(row.int(column)?).map_err(|_| corrupt("media: a width or height"))
}

fn media(row: &Row) -> Result<MediaRow, DbError> {
    let small = match row.opt_int(6)? {
        None => None,
        Some(bytes) => Some((side(row, 5)?, bytes as u64)),
    };
    Ok(MediaRow {
        hash: row.text(0)?.to_owned(),
        format: Format::parse(row.text(1)?).ok_or_else(|| corrupt("media.type"))?,
        width: side(row, 2)?,
        height: side(row, 3)?,
        bytes: row.int(4)? as u64,
        small,
        name: row.text(7)?.to_owned(),
        created_at: Timestamp(row.int(8)?),
    })
}

/// Finds definitions that hold the hash. A hash is hex, so nothing in it is a wildcard, nor written differently in JSON.
fn holding(hash: &str) -> String {
    format!("%{hash}%")
}

impl Store {
    /// Keeps a picture; one that is there already stays as it is, with its first name and moment.
    pub fn insert_media(
        &self,
        batch: &mut Batch,
        account: &AccountId,
        row: &MediaRow,
        large: Vec<u8>,
        small: Option<Vec<u8>>,
    ) {
        let sql = "-- insert_media\nINSERT INTO media (account, hash, type, width, height, small_width, name, created_at, large, small) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (account, hash) DO NOTHING";
        batch.run(
            sql,
            args![
                account.as_str(),
                row.hash.as_str(),
                row.format.extension(),
                row.width,
                row.height,
                row.small.map(|(width, _)| width),
                row.name.as_str(),
                row.created_at.ms(),
                large,
                small
            ],
        );
    }

    /// One picture, without its bytes.
    pub async fn media(&self, account: &AccountId, hash: &str) -> Result<Option<MediaRow>, DbError> {
        let sql = "-- media\nSELECT hash, type, width, height, CAST(length(large) AS BIGINT), small_width, CAST(length(small) AS BIGINT), \
                   name, created_at FROM media WHERE account = $1 AND hash = $2";
        self.db
            .query(sql, args![account.as_str(), hash])
            .await?
            .first()
            .map(media)
            .transpose()
    }

    /// Pictures without their bytes, newest first, after one of them.
    pub async fn media_list(
        &self,
        account: &AccountId,
        after: Option<&After>,
        limit: u32,
    ) -> Result<Vec<MediaRow>, DbError> {
        let sql = "-- media_list\nSELECT hash, type, width, height, CAST(length(large) AS BIGINT), small_width, CAST(length(small) AS BIGINT), \
                   name, created_at FROM media WHERE account = $1 AND (created_at, hash) < ($2, $3) ORDER BY created_at DESC, hash DESC LIMIT $4";
        let (moment, hash) = after.map_or((i64::MAX, ""), |after| {
            (after.created_at.ms(), after.hash.as_str())
        });
        self.db
            .query(sql, args![account.as_str(), moment, hash, i64::from(limit)])
            .await?
            .iter()
            .map(media)
            .collect()
    }

    /// The bytes of a picture's large or small version in that format, if there is one.
    pub async fn media_bytes(
        &self,
        account: &AccountId,
        hash: &str,
        format: Format,
        small: bool,
    ) -> Result<Option<Vec<u8>>, DbError> {
        let sql = if small {
            "-- media_small\nSELECT small FROM media WHERE account = $1 AND hash = $2 AND type = $3"
        } else {
            "-- media_large\nSELECT large FROM media WHERE account = $1 AND hash = $2 AND type = $3"
        };
        let args = args![account.as_str(), hash, format.extension()];
        let rows = self.db.query(sql, args).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(row.opt_bytes(0)?.map(<[u8]>::to_vec))
    }

    /// The campaigns whose definition or draft holds the hash, newest first.
    pub async fn media_users(&self, account: &AccountId, hash: &str) -> Result<Vec<Campaign>, DbError> {
        let sql = "-- media_users\nSELECT id, status, definition, created_at, changed_at, started_at, ended_at, revision, draft, archived_at FROM campaigns \
                   WHERE account = $1 AND (definition LIKE $2 OR draft LIKE $2) ORDER BY id DESC";
        self.db
            .query(sql, args![account.as_str(), holding(hash)])
            .await?
            .iter()
            .map(super::campaigns::campaign)
            .collect()
    }

    /// Deletes a picture that no campaign uses; the index of the statement, which touches one row or none.
    pub fn delete_media(&self, batch: &mut Batch, account: &AccountId, hash: &str) -> usize {
        let sql = "-- delete_media\nDELETE FROM media WHERE account = $1 AND hash = $2 \
                   AND NOT EXISTS (SELECT 1 FROM campaigns WHERE account = $1 AND (definition LIKE $3 OR draft LIKE $3))";
        batch.run(sql, args![account.as_str(), hash, holding(hash)])
    }
}
