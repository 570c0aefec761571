//! From when the goal of a push counts for somebody: from the moment at which their message is taken up to be sent.
//!
//! Written before anything is posted, so that whoever does at once what the push is for is counted; taken back where the message was not
//! sent after all, so that what somebody does while it waits does not count for it. Left out: whom nothing is sent to, of whom it is known
//! when the messages are made ([`crate::allot`], [`crate::divide`]). Invariant: of a person the first message alone says it.

use super::Delivery;
use crate::store::db::Batch;
use crate::store::sends::{Chunk, WaitingSend};

impl Delivery {
    /// The messages of a piece are about to be sent.
    pub(super) async fn goals_begin(&self, at: Chunk<'_>, due: &[WaitingSend]) -> anyhow::Result<()> {
        let now = self.clock.now();
        let mut batch = Batch::new("goals_begin");
        for send in due.iter().filter(|send| send.part.is_some()) {
            self.store
                .goal_counts_from(&mut batch, at, (send.ordinal, send.id), Some(now));
        }
        if !batch.is_empty() {
            self.store.db.write(batch).await?;
        }
        Ok(())
    }

    /// A message waits on.
    pub(super) fn goal_waits(&self, batch: &mut Batch, at: Chunk<'_>, send: &WaitingSend) {
        if send.part.is_some() {
            self.store
                .goal_counts_from(batch, at, (send.ordinal, send.id), None);
        }
    }
}
