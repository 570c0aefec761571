//! Pictures for pop-ups and pushes: an uploaded file in, a picture with an address of its own out.
//!
//! What a file says of itself (name, declared type) is never believed, and none of its bytes is kept: it is decoded and drawn anew
//! (`media/redraw.rs`), which leaves out where a photo was taken and whatever else hid in the file. Left out: addresses (`http`) and
//! alternative texts, which belong to the campaign that shows the picture. Invariant: at most [`AT_ONCE`] pictures are drawn at once,
//! whoever stopped waiting for theirs, and a picture that a campaign uses is not deleted.

mod redraw;

use crate::clock::Clock;
use crate::secret;
use crate::store::Store;
use crate::store::db::{Batch, DbError, Outcome};
use crate::store::media::MediaRow;
use anyhow::Context as _;
use campanile_core::FieldError;
use campanile_core::campaign::Campaign;
use campanile_core::id::AccountId;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Largest file that is taken, bytes.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;
/// Pictures that are drawn at once: one takes a core for a second and some hundred megabytes.
pub const AT_ONCE: usize = 2;
/// A picture of more pixels is drawn alone, for the memory that it takes.
const ALONE_FROM_PIXELS: u64 = 20_000_000;
/// Longest name that is kept, characters.
const MAX_NAME: usize = 120;
/// Campaigns that are named when a picture is not deleted.
const NAMED: usize = 5;

/// Why a picture was not kept or not deleted. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The file is not taken.
    #[error(transparent)]
    Refused(#[from] FieldError),
    /// There is no such picture.
    #[error("there is no picture {0} here")]
    Unknown(String),
    /// Campaigns use it.
    #[error("{0}")]
    Used(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// Something of ours.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// The use case with what it needs.
#[derive(Debug, Clone)]
pub struct Media {
    store: Store,
    clock: Clock,
    drawing: Arc<Semaphore>,
}

impl Media {
    /// Stands on its parts.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            drawing: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Draws an uploaded file anew and keeps it. The same picture a second time is the one that is there.
    pub async fn keep(&self, account: &AccountId, name: &str, file: Vec<u8>) -> Result<MediaRow, MediaError> {
        if file.is_empty() {
            return Err(refused("There was no file. Choose a picture, then upload it."));
        }
        if file.len() > MAX_BYTES {
            return Err(too_large().into());
        }
        let file = Arc::new(file);
        let looked_at = file.clone();
        let pixels = blocking(move || redraw::pixels(&looked_at)).await?;
        let share = if pixels > ALONE_FROM_PIXELS { AT_ONCE } else { 1 };
        let permit = self.drawing.clone().acquire_many_owned(share as u32);
        let permit = permit.await.context("drawing has ended")?;
        let drawn = blocking(move || {
            // The permit stays with the work, which goes on when the uploader has hung up.
            let _permit = permit;
            redraw::draw(&file)
        })
        .await?;
        let row = MediaRow {
            hash: secret::hex(&secret::sha256(&drawn.large)),
            format: drawn.format,
            width: drawn.width,
            height: drawn.height,
            bytes: drawn.large.len() as u64,
            small: drawn
                .small
                .as_ref()
                .map(|(width, bytes)| (*width, bytes.len() as u64)),
            name: clean_name(name),
            created_at: self.clock.now(),
        };
        let mut batch = Batch::new("keep_media");
        let small = drawn.small.map(|(_, bytes)| bytes);
        self.store
            .insert_media(&mut batch, account, &row, drawn.large, small);
        self.store.db.write(batch).await?;
        // Read again: it may have been there before, under its first name.
        Ok(self.store.media(account, &row.hash).await?.unwrap_or(row))
    }

    /// Deletes a picture that no campaign uses.
    pub async fn delete(&self, account: &AccountId, hash: &str) -> Result<(), MediaError> {
        let unknown = || MediaError::Unknown(hash.to_owned());
        if !is_hash(hash) {
            return Err(unknown());
        }
        let mut batch = Batch::new("delete_media");
        let deletion = self.store.delete_media(&mut batch, account, hash);
        if let Outcome::Done { touched, .. } = self.store.db.write(batch).await?
            && touched[deletion] > 0
        {
            return Ok(());
        }
        if self.store.media(account, hash).await?.is_none() {
            return Err(unknown());
        }
        Err(MediaError::Used(used_by(
            &self.store.media_users(account, hash).await?,
        )))
    }
}

/// Whether a text could be a picture's hash.
pub fn is_hash(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// A file of more than [`MAX_BYTES`].
pub fn too_large() -> FieldError {
    let message = "This file is larger than 5 MiB. Nothing was kept. Save the picture smaller, 1280 pixels wide or as a JPEG, \
                   and upload that.";
    FieldError::new("file", message)
}

fn refused(message: &str) -> MediaError {
    MediaError::Refused(FieldError::new("file", message))
}

/// Runs what computes on the threads that may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FieldError> + Send + 'static,
) -> Result<T, MediaError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.context("a picture could not be drawn")??)
}

/// The last part of a path, in one line and at most [`MAX_NAME`] characters. It is only ever shown.
fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_direction(*c))
        .take(MAX_NAME)
        .collect();
    match plain.trim() {
        "" => "picture".to_owned(),
        name => name.to_owned(),
    }
}

/// Characters that turn the direction of writing, with which a name can be made to look like another.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn used_by(campaigns: &[Campaign]) -> String {
    let named: Vec<String> = campaigns
        .iter()
        .take(NAMED)
        .map(|campaign| format!("“{}” ({})", campaign.definition.name, campaign.id))
        .collect();
    let more = match campaigns.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "This picture is used by {}{more}. Nothing was deleted. Take it out there, or delete what uses it, then delete the picture.",
        named.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_without_folders() {
        for (name, kept) in [
            ("C:\\Users\\me\\jug.png", "jug.png"),
            ("../../etc/jug.png", "jug.png"),
            ("jug\n\u{202e}gnp.exe", "juggnp.exe"),
            (" / ", "picture"),
            ("", "picture"),
        ] {
            assert_eq!(clean_name(name), kept);
        }
        assert_eq!(clean_name(&"ü".repeat(300)).chars().count(), MAX_NAME);
    }
}
