//! What push services answer, told to whoever watches ([`crate::tail`]).
//!
//! Said when the answer is there, which is before its piece is settled: a line is what happened, the ledger what follows from it. Left out:
//! what was never tried. Invariant: nothing is made while nobody watches.

use super::Delivery;
use crate::store::sends::{Chunk, WaitingSend};
use crate::tail::{self, Channel, Kind, Line};
use campanile_core::delivery::{self, Answer, Next};
use campanile_core::time::Timestamp;

impl Delivery {
    /// One message has its answer, after `took_us` where a push service gave it.
    pub(super) fn tell(
        &self,
        at: Chunk<'_>,
        send: &WaitingSend,
        answer: &Answer,
        expires_at: Timestamp,
        took_us: Option<u64>,
    ) {
        if !self.tail.listens(at.account) {
            return;
        }
        let now = self.clock.now();
        let host = send.endpoint.host();
        let (kind, follows) = match delivery::next(answer.verdict, send.attempts + 1, now, expires_at, 0) {
            Next::Sent => (Kind::Sent, String::new()),
            Next::Failed => (Kind::Failed, "not tried again".to_owned()),
            Next::Unsubscribe => (Kind::Failed, "subscription removed".to_owned()),
            Next::SetAside => (
                Kind::Failed,
                "set aside until its browser subscribes anew".to_owned(),
            ),
            Next::RetryAt(moment) => {
                let seconds = (moment.since(now) + 999) / 1000;
                (Kind::Retried, format!("tried again in about {seconds} s"))
            }
        };
        let status = answer.status.map(|status| status.to_string()).unwrap_or_default();
        let ms = took_us
            .map(|took| format!("{} ms", took / 1000))
            .unwrap_or_default();
        let said = [status.as_str(), &answer.reason].join(" ");
        let words = if kind == Kind::Sent {
            [status.as_str(), &host, &ms].join(" ")
        } else {
            let place = if took_us.is_some() { host.as_str() } else { "" };
            let parts = [said.trim(), &follows, place, &ms];
            let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            known.join(", ")
        };
        let mut line = Line::new(now, kind, send.ordinal);
        line.channel = Some(Channel::Push);
        line.campaign = Some(at.campaign);
        line.browser.clone_from(&send.browser);
        line.fact("status", &status);
        line.fact("host", &host);
        line.fact(
            "ms",
            &took_us.map(|took| (took / 1000).to_string()).unwrap_or_default(),
        );
        line.fact("attempt", &(send.attempts + 1).to_string());
        line.fact("reason", &answer.reason);
        line.words = tail::cut(&words);
        self.tail.say(at.account, [line]);
    }
}
