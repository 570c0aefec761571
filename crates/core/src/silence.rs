//! Push services drop subscriptions of browsers that have not been heard of for long. Which ones, when, and whom that will meet soon.
//!
//! Left out: services that publish no such time (Apple, WNS). Invariant: a browser is counted once, by how long it has been silent here; its
//! push service may have heard of it since, so a forecast is the most that can be lost and never a reason to remove anything.

use serde::Serialize;

/// A push service that forgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgetful {
    /// Its name.
    pub name: &'static str,
    /// Whose browsers these are.
    pub browsers: &'static str,
    /// Its hosts.
    pub hosts: &'static [&'static str],
    /// Days of silence after which it drops a subscription.
    pub after_days: u32,
}

/// Push services that say after how long they forget.
///
/// Google: <https://firebase.google.com/docs/cloud-messaging/manage-tokens> (270 days without a connection, then 404). Mozilla: the router's
/// time to live in the documentation of autopush (60 days without a connection, then 410).
pub const FORGETFUL: &[Forgetful] = &[
    Forgetful {
        name: "Google",
        browsers: "Chrome and kin",
        hosts: &["fcm.googleapis.com", "android.googleapis.com", "jmt17.google.com"],
        after_days: 270,
    },
    Forgetful {
        name: "Mozilla",
        browsers: "Firefox",
        hosts: &["updates.push.services.mozilla.com"],
        after_days: 60,
    },
];

/// What a service is about to drop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// Name of the push service.
    pub service: &'static str,
    /// Whose browsers these are.
    pub browsers: &'static str,
    /// Days of silence after which it drops a subscription.
    pub after_days: u32,
    /// Live subscriptions there.
    pub live: u64,
    /// Will have been silent for so long within seven days.
    pub in_7_days: u64,
    /// Within thirty days, those of the first seven included.
    pub in_30_days: u64,
    /// Have been silent for longer already: the next push will tell.
    pub overdue: u64,
}

impl Forgetful {
    /// What it is about to drop, of live subscriptions by whole days of silence.
    pub fn forecast(&self, silent: impl IntoIterator<Item = (i64, u64)>) -> Forecast {
        let mut found = Forecast {
            service: self.name,
            browsers: self.browsers,
            after_days: self.after_days,
            live: 0,
            in_7_days: 0,
            in_30_days: 0,
            overdue: 0,
        };
        for (days, n) in silent {
            found.live += n;
            match i64::from(self.after_days) - days {
                ..=0 => found.overdue += n,
                1..=7 => {
                    found.in_7_days += n;
                    found.in_30_days += n;
                }
                8..=30 => found.in_30_days += n,
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_counted_once_by_their_silence() {
        let google = FORGETFUL[0].forecast([
            (0, 5),
            (239, 1),
            (240, 2),
            (262, 3),
            (263, 4),
            (269, 6),
            (270, 7),
            (900, 8),
        ]);
        assert_eq!(google.live, 36);
        assert_eq!(
            (google.in_30_days, google.in_7_days, google.overdue),
            (15, 10, 15)
        );
    }
}
