//! What is counted of a campaign, by name.
//!
//! Left out: rates (the reader divides) and storage. Invariant: a measure's name never changes once data was written with it.

use serde::Serialize;

/// One thing that is counted per campaign and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Pop-up handed to a page.
    Handed,
    /// Pop-up really visible, or notification shown by the worker.
    Shown,
    /// Pop-up or notification clicked.
    Clicked,
    /// Pop-up closed by the visitor.
    Closed,
    /// Notification dismissed.
    Dismissed,
    /// Subscriptions that a push was meant for.
    Audience,
    /// Taken by a push service.
    Sent,
    /// Given up.
    Failed,
    /// Subscription turned out to be gone; removed.
    Gone,
    /// Not sent, because the campaign was stopped before.
    Unsent,
    /// Not sent, because a cap had no room for it.
    Capped,
    /// People who saw it for the first time; of the control group: who would have.
    Exposed,
    /// People who reached the goal in time, once each.
    Converted,
    /// Pop-up whose field was answered.
    Answered,
    /// Browser in which notifications were allowed after this pop-up asked for them.
    Granted,
    /// Browser in which they were refused for good.
    Blocked,
    /// Pop-up handed out and given back unseen.
    Returned,
    /// Subscriptions that a push was meant for and that got nothing, because their person is in the control group.
    Held,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Self; 18] = [
        Self::Handed,
        Self::Shown,
        Self::Clicked,
        Self::Closed,
        Self::Dismissed,
        Self::Audience,
        Self::Sent,
        Self::Failed,
        Self::Gone,
        Self::Unsent,
        Self::Capped,
        Self::Exposed,
        Self::Converted,
        Self::Answered,
        Self::Granted,
        Self::Blocked,
        Self::Returned,
        Self::Held,
    ];

    /// The name in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handed => "handed",
            Self::Shown => "shown",
            Self::Clicked => "clicked",
            Self::Closed => "closed",
            Self::Dismissed => "dismissed",
            Self::Audience => "audience",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Gone => "gone",
            Self::Unsent => "unsent",
            Self::Capped => "capped",
            Self::Exposed => "exposed",
            Self::Converted => "converted",
            Self::Answered => "answered",
            Self::Granted => "granted",
            Self::Blocked => "blocked",
            Self::Returned => "returned",
            Self::Held => "held",
        }
    }

    /// The measure of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.as_str() == name)
    }
}

/// The totals of a campaign, or of one of its days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each field is the measure of the same name")]
pub struct Counts {
    pub handed: u64,
    pub shown: u64,
    pub clicked: u64,
    pub closed: u64,
    pub dismissed: u64,
    pub audience: u64,
    pub sent: u64,
    pub failed: u64,
    pub gone: u64,
    pub unsent: u64,
    pub capped: u64,
    pub exposed: u64,
    pub converted: u64,
    pub answered: u64,
    pub granted: u64,
    pub blocked: u64,
    pub returned: u64,
    pub held: u64,
}

impl Counts {
    /// Adds `n` to one measure.
    pub fn add(&mut self, measure: Measure, n: u64) {
        let slot = match measure {
            Measure::Handed => &mut self.handed,
            Measure::Shown => &mut self.shown,
            Measure::Clicked => &mut self.clicked,
            Measure::Closed => &mut self.closed,
            Measure::Dismissed => &mut self.dismissed,
            Measure::Audience => &mut self.audience,
            Measure::Sent => &mut self.sent,
            Measure::Failed => &mut self.failed,
            Measure::Gone => &mut self.gone,
            Measure::Unsent => &mut self.unsent,
            Measure::Capped => &mut self.capped,
            Measure::Exposed => &mut self.exposed,
            Measure::Converted => &mut self.converted,
            Measure::Answered => &mut self.answered,
            Measure::Granted => &mut self.granted,
            Measure::Blocked => &mut self.blocked,
            Measure::Returned => &mut self.returned,
            Measure::Held => &mut self.held,
        };
        *slot += n;
    }

    /// Every measure with its number.
    pub fn measures(&self) -> [(Measure, u64); 18] {
        [
            (Measure::Handed, self.handed),
            (Measure::Shown, self.shown),
            (Measure::Clicked, self.clicked),
            (Measure::Closed, self.closed),
            (Measure::Dismissed, self.dismissed),
            (Measure::Audience, self.audience),
            (Measure::Sent, self.sent),
            (Measure::Failed, self.failed),
            (Measure::Gone, self.gone),
            (Measure::Unsent, self.unsent),
            (Measure::Capped, self.capped),
            (Measure::Exposed, self.exposed),
            (Measure::Converted, self.converted),
            (Measure::Answered, self.answered),
            (Measure::Granted, self.granted),
            (Measure::Blocked, self.blocked),
            (Measure::Returned, self.returned),
            (Measure::Held, self.held),
        ]
    }

    /// Messages of a push that have no final outcome yet.
    pub fn waiting(&self) -> u64 {
        self.audience
            .saturating_sub(self.sent + self.failed + self.gone + self.unsent + self.capped + self.held)
    }
}
