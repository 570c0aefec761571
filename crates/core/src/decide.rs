//! The decision: which pop-ups a visitor gets now, and for each campaign why or why not.
//!
//! Pure: campaigns and the visitor's state come in, the decision goes out. This is the only evaluator; the browser may hide a
//! message, it never decides. Left out: rendering and counting. Invariant: a campaign is shown if and only if all its
//! conditions passed, and the conditions are listed in the order in which they were looked at.

use crate::campaign::{Caps, Trigger};
use crate::id::CampaignId;
use serde::Serialize;
use std::collections::BTreeMap;

/// A running pop-up campaign as far as deciding needs it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its number.
    pub id: CampaignId,
    /// What makes it due.
    pub trigger: &'a Trigger,
    /// How often.
    pub caps: Caps,
}

/// What just happened on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment<'a> {
    /// A page view.
    Page,
    /// An event of that name.
    Event(&'a str),
}

/// What is known of the visitor.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// Whether the page can show a message now.
    pub can_show: bool,
    /// How often each campaign was handed out in this session.
    pub session_shown: BTreeMap<CampaignId, u32>,
}

/// One condition, as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// Its name: `trigger`, `page`, `session_cap`.
    pub name: &'static str,
    /// What the campaign asks for.
    pub asked: String,
    /// What was seen.
    pub seen: String,
    /// Whether it passed.
    pub passed: bool,
}

/// A campaign that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// Which.
    pub campaign: CampaignId,
    /// The conditions up to and including the first that did not pass.
    pub because: Vec<Condition>,
}

impl Looked {
    /// Whether it is shown.
    pub fn shown(&self) -> bool {
        self.because.iter().all(|condition| condition.passed)
    }
}

/// Looks at every candidate, in the order given, which is the order of priority.
pub fn decide<'a>(
    candidates: impl IntoIterator<Item = Candidate<'a>>,
    visitor: &Visitor,
    moment: Moment<'_>,
) -> Vec<Looked> {
    candidates
        .into_iter()
        .map(|candidate| Looked {
            campaign: candidate.id,
            because: look(candidate, visitor, moment),
        })
        .collect()
}

fn look(candidate: Candidate<'_>, visitor: &Visitor, moment: Moment<'_>) -> Vec<Condition> {
    let mut because = Vec::new();
    let mut passes = |name: &'static str, asked: String, seen: String, passed: bool| {
        because.push(Condition {
            name,
            asked,
            seen,
            passed,
        });
        passed
    };
    let seen = match moment {
        Moment::Page => "page view".to_owned(),
        Moment::Event(name) => format!("event “{name}”"),
    };
    let (asked, due) = match candidate.trigger {
        Trigger::Page => ("page view".to_owned(), moment == Moment::Page),
        Trigger::Event { event } => (format!("event “{event}”"), moment == Moment::Event(event)),
    };
    if !passes("trigger", asked, seen, due) {
        return because;
    }
    let can = if visitor.can_show {
        "open"
    } else {
        "hidden or leaving"
    };
    if !passes("page", "open".to_owned(), can.to_owned(), visitor.can_show) {
        return because;
    }
    if let Some(cap) = candidate.caps.session {
        let shown = visitor.session_shown.get(&candidate.id).copied().unwrap_or(0);
        passes(
            "session_cap",
            format!("at most {cap} a session"),
            format!("{shown} so far"),
            shown < cap,
        );
    }
    because
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(trigger: &Trigger, caps: Caps, visitor: &Visitor, moment: Moment<'_>) -> (bool, &'static str) {
        let candidate = Candidate {
            id: CampaignId(1),
            trigger,
            caps,
        };
        let looked = decide([candidate], visitor, moment).remove(0);
        (looked.shown(), looked.because.last().expect("a condition").name)
    }

    #[test]
    fn conditions_in_order() {
        let page = Trigger::Page;
        let event = Trigger::Event {
            event: "Charged".to_owned(),
        };
        let fresh = Visitor {
            can_show: true,
            ..Visitor::default()
        };
        let seen = Visitor {
            can_show: true,
            session_shown: BTreeMap::from([(CampaignId(1), 1)]),
        };
        let once = Caps::default();
        let always = Caps { session: None };
        assert_eq!(shown(&page, once, &fresh, Moment::Page), (true, "session_cap"));
        assert_eq!(shown(&page, once, &seen, Moment::Page), (false, "session_cap"));
        assert_eq!(shown(&page, always, &seen, Moment::Page), (true, "page"));
        assert_eq!(
            shown(&page, once, &fresh, Moment::Event("Charged")),
            (false, "trigger")
        );
        assert_eq!(
            shown(&event, once, &fresh, Moment::Event("Charged")),
            (true, "session_cap")
        );
        assert_eq!(
            shown(&event, once, &fresh, Moment::Event("charged")),
            (false, "trigger")
        );
        assert_eq!(
            shown(&page, once, &Visitor::default(), Moment::Page),
            (false, "page")
        );
    }
}
