//! The decision: which pop-ups a visitor gets now, and for each campaign why or why not.
//!
//! Pure: campaigns and the visitor's state come in, the decision goes out. This is the only evaluator; the browser may hide a message or
//! say that a sign came, it never decides. Left out: rendering beyond filling in data, and counting. Invariant: a campaign is shown if and
//! only if all its conditions passed, and the conditions are listed in the order in which they are looked at. The brief decision of the hot
//! path and the explained one run the same code.

mod look;
mod scope;
#[cfg(test)]
mod tests;

pub use scope::Words;

use crate::campaign::PopupPlan;
use crate::caps::Limits;
use crate::id::{AccountId, CampaignId, Ordinal};
use crate::ledger::{Here, Ledger};
use crate::popup::{Layout, Popup, Prepared};
use crate::schedule::Local;
use crate::segment::Facts;
use crate::time::{Timestamp, Zone};
use serde::Serialize;
use serde_json::{Map, Value};

/// A running pop-up campaign as far as deciding needs it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its number.
    pub id: CampaignId,
    /// Its name.
    pub name: &'a str,
    /// Its revision.
    pub revision: u32,
    /// When, to whom, how often.
    pub plan: &'a PopupPlan,
    /// Its messages by variant, parsed.
    pub prepared: &'a [Prepared],
}

/// What just happened on the page.
#[derive(Debug, Clone, Copy)]
pub enum Moment<'a> {
    /// A page view.
    Page,
    /// An event with its properties.
    Event(&'a str, &'a Map<String, Value>),
    /// The browser saw the sign that this campaign waits for; with the event that began the waiting, if it was one.
    Due(CampaignId, Option<(&'a str, &'a Map<String, Value>)>),
}

/// What is known of the visitor.
#[derive(Debug, Clone, Copy)]
pub struct Visitor<'a> {
    /// The account.
    pub account: &'a AccountId,
    /// The profile's number: variants are drawn by it.
    pub person: Ordinal,
    /// What rules are about.
    pub facts: Facts<'a>,
    /// What the person was handed before.
    pub ledger: &'a Ledger,
    /// Where counts are taken.
    pub here: Here,
    /// What the account's clock shows.
    pub account_time: Local,
    /// What the visitor's clock shows.
    pub visitor_time: Local,
    /// Caps of all campaigns together.
    pub overall: Limits,
    /// Whether the page can show a message now.
    pub can_show: bool,
    /// Places on the page that are taken by a message.
    pub busy: &'a [Layout],
    /// Name of the site, for texts.
    pub site_name: &'a str,
}

impl Visitor<'_> {
    /// What the clocks of the account and of the visitor show at `now`; where the visitor's zone is not known, the account's.
    pub fn clocks(now: Timestamp, zone: &Zone, visitor_zone: &str) -> (Local, Local) {
        let account = Local::at(now, zone);
        let visitor = Zone::parse(visitor_zone).map_or(account, |zone| Local::at(now, &zone));
        (account, visitor)
    }
}

/// One condition, as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// Its name; see `docs/guide/why-not.md`.
    pub name: &'static str,
    /// What the campaign asks for.
    pub asked: String,
    /// What was seen; empty where it was not looked at.
    pub seen: String,
    /// Whether it passed; `None` where an earlier one failed, so that it was not looked at.
    pub passed: Option<bool>,
}

/// What follows for a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is shown.
    Show,
    /// All else passed; the browser has to see a sign first.
    Wait,
    /// All passed, and the person belongs to the control group.
    Control,
    /// It is not shown.
    Not,
}

/// A message that is to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// Index of the variant.
    pub variant: usize,
    /// The pop-up with the visitor's data.
    pub popup: Popup,
    /// Its document.
    pub html: String,
}

/// A campaign that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Which.
    pub campaign: CampaignId,
    /// What follows.
    pub outcome: Outcome,
    /// The message, where it is shown; few are, and the list of the others is moved about.
    pub filled: Option<Box<Filled>>,
    /// The conditions in their order; empty in a brief decision.
    pub because: Vec<Condition>,
}

/// A campaign that was looked at, for people: the page's overlay, the dashboard and the API show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Which.
    pub campaign: CampaignId,
    /// Its name.
    pub name: String,
    /// `box`, `banner` or `interstitial`.
    pub kind: &'static str,
    /// Its revision.
    pub revision: u32,
    /// The variant that this person has; `None` in the control group.
    pub variant: Option<String>,
    /// What follows.
    pub outcome: Outcome,
    /// The conditions in their order.
    pub because: Vec<Condition>,
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The outcome only; looking ends at the first condition that fails.
    Brief,
    /// Every condition with what was asked and seen.
    Explained,
}

/// Looks at every candidate, in the order given, which is the order of priority. What an earlier one takes (a place, a group, a slot of the
/// overall caps) a later one does not get.
pub fn decide<'a>(
    candidates: impl IntoIterator<Item = Candidate<'a>>,
    visitor: &Visitor<'_>,
    moment: Moment<'_>,
    detail: Detail,
) -> Vec<Looked> {
    let candidates: Vec<Candidate<'a>> = candidates.into_iter().collect();
    let mut round = look::Round::new(visitor, moment, detail);
    round.note_groups(
        candidates
            .iter()
            .filter_map(|candidate| Some((candidate.id, candidate.plan.group.as_deref()?))),
    );
    candidates
        .into_iter()
        .map(|candidate| round.look(candidate))
        .collect()
}
