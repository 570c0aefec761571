//! A browser that was imported comes by: it is known by the endpoint that it has, or gives up for one of another key.
//!
//! The browser that the import made stands for the very one that is here now, so it goes, and what was known of it and its person goes on.
//! Left out: the import (`import`). Invariant: two identified people are never merged.

use super::Visit;
use crate::store::db::Batch;

impl Visit<'_> {
    /// Takes over what an import knew of the browser with this endpoint.
    pub(super) fn adopt(&mut self, batch: &mut Batch, endpoint: &str) {
        let Some(imported) = self.known.imported.remove(endpoint) else {
            return;
        };
        // It may have had several endpoints, and they may be named in one batch.
        self.known.imported.retain(|_, other| other.id != imported.id);
        let (here, me) = (self.here().device.id, self.here().device.ordinal);
        if imported.id == here {
            return;
        }
        self.store.forget_device(batch, self.account(), &imported);
        let state = &mut self.here_mut().device.state;
        if state.topics.is_empty() {
            state.topics.clone_from(&imported.state.topics);
        }
        state.opt_out |= imported.state.opt_out;
        // That they subscribed is no news, for it was somewhere else.
        state.subscribed_at = state.subscribed_at.or(imported.state.subscribed_at);
        let them = imported.ordinal;
        if them == me {
            return;
        }
        let Some(theirs) = self.people.get(&them) else {
            return;
        };
        if !self.person().row.identified {
            self.merge_into(batch, them);
        } else if !theirs.row.identified && self.merge(batch, (them, me), imported.id) {
            // The merge moved their other browsers.
            for other in self.known.imported.values_mut() {
                if other.ordinal == them {
                    other.ordinal = me;
                    other.version += 1;
                }
            }
        }
    }
}
