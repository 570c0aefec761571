//! Where a campaign stands, and where it can go from there.
//!
//! Left out: what has to be true before it starts ([`super::Definition::check`]). Invariant: every change is one of the methods here, and what
//! they do not allow is refused in words.

use super::Kind;
use serde::{Deserialize, Serialize};

/// Where a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Being written.
    Draft,
    /// A pop-up that is being shown, or a push that follows an event of each one or comes again.
    Running,
    /// A push whose moment lies ahead.
    Scheduled,
    /// A push that is on its way.
    Sending,
    /// A push that was halted and can go on.
    Paused,
    /// A push that is through.
    Sent,
    /// Ended by hand.
    Stopped,
}

/// A change of status that the campaign's state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidTransition(pub String);

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Running,
        Self::Scheduled,
        Self::Sending,
        Self::Paused,
        Self::Sent,
        Self::Stopped,
    ];

    /// The name in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Scheduled => "scheduled",
            Self::Sending => "sending",
            Self::Paused => "paused",
            Self::Sent => "sent",
            Self::Stopped => "stopped",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// The status after starting a campaign that goes like this. What goes on may start again; a push to all is sent once (duplicate it to
    /// send again), and waits first where its moment lies ahead.
    pub fn start(self, course: Course) -> Result<Self, InvalidTransition> {
        match (course, self) {
            (Course::GoesOn | Course::Again, Self::Draft | Self::Stopped) | (Course::Again, Self::Sent) => {
                Ok(Self::Running)
            }
            (Course::Later, Self::Draft) => Ok(Self::Scheduled),
            (Course::Once, Self::Draft) => Ok(Self::Sending),
            (Course::Once | Course::Later | Course::Again, Self::Paused) => Err(InvalidTransition(
                "This push is paused. Resume it to go on.".to_owned(),
            )),
            (Course::Once | Course::Later, Self::Sent | Self::Stopped) => Err(InvalidTransition(
                "This push was sent already. Duplicate it to send it again.".to_owned(),
            )),
            _ => Err(InvalidTransition(
                "This campaign runs already; it stays as it is.".to_owned(),
            )),
        }
    }

    /// The status after halting a push that can go on later.
    pub fn pause(self, course: Course) -> Result<Self, InvalidTransition> {
        match self {
            Self::Sending => Ok(Self::Paused),
            Self::Running if course == Course::Again => Ok(Self::Paused),
            _ => Err(InvalidTransition(
                "Only a push that is being sent can be paused; this campaign stays as it is.".to_owned(),
            )),
        }
    }

    /// The status after going on with a push that was halted.
    pub fn resume(self, course: Course) -> Result<Self, InvalidTransition> {
        match self {
            Self::Paused if course == Course::Again => Ok(Self::Running),
            Self::Paused => Ok(Self::Sending),
            _ => Err(InvalidTransition(
                "This campaign is not paused; it stays as it is.".to_owned(),
            )),
        }
    }

    /// The status after stopping. A push whose moment lies ahead is a draft again: nothing of it was sent.
    pub fn stop(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Scheduled => Ok(Self::Draft),
            Self::Running | Self::Sending | Self::Paused => Ok(Self::Stopped),
            _ => Err(InvalidTransition(
                "This campaign does not run; it stays as it is.".to_owned(),
            )),
        }
    }

    /// Whether messages of a push go out.
    pub fn is_sending(self) -> bool {
        matches!(self, Self::Sending | Self::Running)
    }

    /// Whether the message may be changed: a pop-up always (visitors get the new one from then on), a push only before it is sent.
    pub fn may_edit(self, kind: Kind) -> bool {
        kind == Kind::Popup || self == Self::Draft
    }

    /// Whether the campaign may be deleted: not while it runs, or will.
    pub fn may_delete(self) -> bool {
        matches!(self, Self::Draft | Self::Sent | Self::Stopped)
    }
}

/// How a campaign goes once it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Until it is stopped: a pop-up, or a push that follows an event.
    GoesOn,
    /// Once to all, at once.
    Once,
    /// Once to all, at a moment that lies ahead.
    Later,
    /// To all again and again, on days and at a time, until it is stopped or was the last time.
    Again,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states() {
        assert_eq!(Status::Draft.start(Course::GoesOn), Ok(Status::Running));
        assert_eq!(Status::Stopped.start(Course::GoesOn), Ok(Status::Running));
        assert_eq!(Status::Draft.start(Course::Once), Ok(Status::Sending));
        assert_eq!(Status::Draft.start(Course::Later), Ok(Status::Scheduled));
        assert_eq!(Status::Scheduled.stop(), Ok(Status::Draft));
        assert_eq!(Status::Sending.pause(Course::Once), Ok(Status::Paused));
        assert_eq!(Status::Paused.resume(Course::Once), Ok(Status::Sending));
        assert_eq!(Status::Running.pause(Course::Again), Ok(Status::Paused));
        assert_eq!(Status::Paused.resume(Course::Again), Ok(Status::Running));
        assert_eq!(Status::Sent.start(Course::Again), Ok(Status::Running));
        assert_eq!(Status::Paused.stop(), Ok(Status::Stopped));
        assert!(Status::Paused.start(Course::Once).is_err());
        assert!(Status::Running.pause(Course::GoesOn).is_err());
        assert!(Status::Sending.resume(Course::Once).is_err());
        assert!(Status::Sent.start(Course::Once).is_err());
        assert!(Status::Running.start(Course::GoesOn).is_err());
        assert_eq!(Status::Sending.stop(), Ok(Status::Stopped));
        assert!(Status::Draft.stop().is_err());
    }
}
