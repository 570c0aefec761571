//! Until when each message of a piece may be sent.
//!
//! Left out: the moments themselves (`campanile_core::push_when`). Invariant: each one's own moment counts, for those of one piece may have
//! been due at several.

use crate::store::sends::WaitingSend;
use campanile_core::push_plan::{PushPlan, Sending};
use campanile_core::push_when;
use campanile_core::time::Timestamp;

/// The ends of a piece's messages.
#[derive(Clone, Copy)]
pub(super) struct Lives<'a> {
    sending: &'a Sending,
    ttl_seconds: u32,
    began: Timestamp,
}

impl<'a> Lives<'a> {
    /// Of a push whose run began then.
    pub(super) fn new(plan: &'a PushPlan, began: Timestamp) -> Self {
        Self {
            sending: &plan.send,
            ttl_seconds: plan.push.ttl_seconds,
            began,
        }
    }

    /// From when on a message is not sent any more.
    pub(super) fn end(self, send: &WaitingSend) -> Timestamp {
        push_when::expires_at(self.sending, self.ttl_seconds, send.due_at.max(self.began))
    }
}
