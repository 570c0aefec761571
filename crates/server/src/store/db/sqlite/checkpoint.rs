//! The thread that moves written pages from the write-ahead logs into the database files, so that the writer need not.
//!
//! Left out on purpose: a clock. The writer says when enough was written to be worth it; the writer's own
//! `wal_autocheckpoint` bounds the log if this thread falls behind.
//!
//! Invariant: nothing here decides durability: what is in the log is safe already.

use super::super::error::DbError;
use super::super::period::Place;
use super::{Files, Use, checkpoint, core_path, open};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Starts the thread; it ends when the sender is gone. A full channel means that it is busy and need not be told.
pub(super) fn start(files: Arc<Files>) -> Result<(SyncSender<Place>, JoinHandle<()>), DbError> {
    let (sender, receiver) = sync_channel(4);
    let thread = std::thread::Builder::new()
        .name("checkpoint".to_owned())
        .spawn(move || serve(&files, &receiver))
        .map_err(DbError::thread)?;
    Ok((sender, thread))
}

fn serve(files: &Files, receiver: &Receiver<Place>) {
    while let Ok(place) = receiver.recv() {
        // A connection of its own each time: it is needed seldom and would hold memory and a dropped file's space.
        let opened = match place {
            Place::Core => open(&core_path(&files.folder), Use::Read).map(Some),
            Place::Events(period) => files
                .open_to_read(period)
                .map(|opened| opened.map(|(_, connection)| connection)),
        };
        match opened {
            Ok(Some(connection)) => {
                // `query_only` would forbid it; PASSIVE waits for nobody and stops nobody.
                let moved = connection
                    .execute_batch("PRAGMA query_only = OFF")
                    .and_then(|()| checkpoint(&connection, "PASSIVE"));
                if let Err(error) = moved {
                    tracing::warn!(%error, ?place, "checkpoint failed; the writer will do it");
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, ?place, "checkpoint cannot open the file; the writer will do it");
            }
        }
    }
}
