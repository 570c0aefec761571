//! One candidate after the other, condition by condition.
//!
//! Cheap conditions come first, filling in the texts last. Left out: what a condition means (the modules of its name). Invariant: an
//! explained look lists every condition of a campaign, a brief one stops at the first that fails, and both come to the same outcome.

use super::{Candidate, Condition, Detail, Filled, Looked, Moment, Outcome, Visitor, Words};
use crate::campaign::Busy;
use crate::caps::span;
use crate::experiment::CONTROL;
use crate::id::CampaignId;
use crate::ledger::{Entry, Window};
use crate::popup::Layout;
use crate::schedule::Whose;
use std::ops::ControlFlow;

/// A decision while it is made.
pub(super) struct Round<'a> {
    visitor: &'a Visitor<'a>,
    moment: Moment<'a>,
    detail: Detail,
    words: Words<'a>,
    /// Campaigns that were chosen in this round or seen in this session, with their group.
    groups: Vec<(CampaignId, String)>,
    /// Places that are taken.
    busy: Vec<Layout>,
    /// Messages chosen in this round, which count towards the overall caps.
    chosen: u32,
    /// The overall caps that are set, with what is used of them.
    overall: Vec<(&'static str, Window, u32, u32)>,
}

/// The notes of one look.
struct Notes {
    explained: bool,
    failed: bool,
    list: Vec<Condition>,
}

impl Notes {
    /// Looks at one condition. Breaks where nobody wants to know more.
    fn step(
        &mut self,
        name: &'static str,
        asked: impl FnOnce() -> String,
        passes: impl FnOnce() -> bool,
        seen: impl FnOnce() -> String,
    ) -> ControlFlow<()> {
        if self.failed {
            self.list.push(Condition {
                name,
                asked: asked(),
                seen: String::new(),
                passed: None,
            });
            return ControlFlow::Continue(());
        }
        let passed = passes();
        self.failed = !passed;
        if self.explained {
            self.list.push(Condition {
                name,
                asked: asked(),
                seen: seen(),
                passed: Some(passed),
            });
        }
        if passed || self.explained {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

impl<'a> Round<'a> {
    pub(super) fn new(visitor: &'a Visitor<'a>, moment: Moment<'a>, detail: Detail) -> Self {
        let overall = visitor
            .overall
            .set()
            .map(|(name, window, most)| {
                (
                    name,
                    window,
                    most,
                    visitor.ledger.used_in_all(window, &visitor.here),
                )
            })
            .collect();
        Self {
            visitor,
            moment,
            detail,
            words: Words::new(visitor, moment),
            groups: Vec::new(),
            busy: visitor.busy.to_vec(),
            chosen: 0,
            overall,
        }
    }

    pub(super) fn look(&mut self, candidate: Candidate<'_>) -> Looked {
        let mut notes = Notes {
            explained: self.detail == Detail::Explained,
            failed: false,
            list: Vec::new(),
        };
        let mut filled = None;
        let mut outcome = Outcome::Not;
        let looked = self.walk(candidate, &mut notes, &mut filled, &mut outcome);
        if looked.is_break() || notes.failed {
            outcome = Outcome::Not;
            filled = None;
        }
        if outcome == Outcome::Show {
            let layout = candidate
                .plan
                .variant(filled.as_ref().map_or(0, |filled: &Filled| filled.variant))
                .layout();
            self.busy.push(layout);
            self.chosen += 1;
            if let Some(group) = &candidate.plan.group {
                self.groups.push((candidate.id, group.clone()));
            }
        }
        Looked {
            campaign: candidate.id,
            outcome,
            filled: filled.map(Box::new),
            because: notes.list,
        }
    }

    fn walk(
        &self,
        candidate: Candidate<'_>,
        notes: &mut Notes,
        filled: &mut Option<Filled>,
        outcome: &mut Outcome,
    ) -> ControlFlow<()> {
        let (visitor, plan) = (self.visitor, candidate.plan);
        let facts = &visitor.facts;
        let entry = visitor.ledger.entry(candidate.id);
        self.moment_of(candidate, notes)?;
        notes.step(
            "page",
            || "open and in view".to_owned(),
            || visitor.can_show,
            || {
                if visitor.can_show {
                    "open"
                } else {
                    "hidden or leaving"
                }
                .to_owned()
            },
        )?;
        if !plan.schedule.is_always() {
            let local = match plan.schedule.zone {
                Whose::Account => visitor.account_time,
                Whose::Visitor => visitor.visitor_time,
            };
            notes.step(
                "schedule",
                || plan.schedule.words(),
                || plan.schedule.allows(facts.now, local),
                || local.to_string(),
            )?;
        }
        // Where it was due, the conditions held when the waiting began; the page may be another one by now.
        if !plan.trigger.when.is_empty() && !matches!(self.moment, Moment::Due(..)) {
            notes.step(
                "conditions",
                || plan.trigger.when.words(),
                || plan.trigger.when.hold(facts),
                || plan.trigger.when.seen(facts),
            )?;
        }
        if !plan.audience.is_empty() {
            notes.step(
                "audience",
                || plan.audience.words(),
                || plan.audience.hold(facts),
                || plan.audience.seen(facts),
            )?;
        }
        self.caps_of(candidate, entry, notes)?;
        if let Some(group) = &plan.group {
            let taken = self
                .groups
                .iter()
                .any(|(id, taken)| taken == group && *id != candidate.id);
            notes.step(
                "group",
                || format!("no other of “{group}” in this session"),
                || !taken,
                || if taken { "another was first" } else { "none" }.to_owned(),
            )?;
        }
        let variant = self.variant_of(candidate, entry);
        let layout = plan.variant(variant.unwrap_or(0)).layout();
        if plan.variant(variant.unwrap_or(0)).asks_for_push() {
            let device = &facts.device;
            // Granted and not subscribed: the visitor turned push off here, or the site's data was deleted.
            let can_be_asked = match device.permission {
                "default" | "" => true,
                "granted" => !device.subscribed,
                _ => false,
            };
            notes.step(
                "push",
                || "notifications can still be allowed here".to_owned(),
                || can_be_asked,
                || {
                    match device.permission {
                        "denied" => "blocked in this browser",
                        "unsupported" => "this browser has no push here",
                        "granted" if device.subscribed => "allowed already",
                        "granted" => "allowed, and not subscribed",
                        _ => "not asked yet",
                    }
                    .to_owned()
                },
            )?;
        }
        if plan.when_busy == Busy::GiveWay {
            let taken = self.busy.contains(&layout);
            notes.step(
                "place",
                || format!("no other {} on the page", layout.as_str()),
                || !taken,
                || if taken { "one stands there" } else { "free" }.to_owned(),
            )?;
        }
        if plan.trigger.waits() {
            let came = matches!(self.moment, Moment::Due(..));
            if !came && !notes.failed {
                *outcome = Outcome::Wait;
            }
            if notes.explained {
                notes.list.push(Condition {
                    name: "sign",
                    asked: plan.trigger.signals.words(),
                    seen: if notes.failed {
                        String::new()
                    } else if came {
                        "it came".to_owned()
                    } else {
                        "waiting".to_owned()
                    },
                    passed: came.then_some(true).filter(|_| !notes.failed),
                });
            }
            if !came {
                return ControlFlow::Continue(());
            }
        }
        if plan.experiment.control > 0 {
            let held_out = variant.is_none();
            let percent = plan.experiment.control_percent();
            if held_out && !notes.failed {
                *outcome = Outcome::Control;
            }
            if notes.explained {
                notes.list.push(Condition {
                    name: "control",
                    asked: format!("not in the control group, {percent:.0} %"),
                    seen: if notes.failed {
                        String::new()
                    } else if held_out {
                        "in the control group".to_owned()
                    } else {
                        format!("variant {}", plan.experiment.name(variant.unwrap_or(0)))
                    },
                    passed: (!notes.failed).then_some(!held_out),
                });
            }
            if held_out {
                return ControlFlow::Continue(());
            }
        }
        let variant = variant.unwrap_or(0);
        let Some(prepared) = candidate.prepared.get(variant) else {
            return ControlFlow::Break(());
        };
        let reads = prepared.variables();
        if notes.failed {
            if !reads.is_empty() {
                notes.step("words", || reads.join(", "), || true, String::new)?;
            }
            return ControlFlow::Continue(());
        }
        let result = prepared.fill(&self.words);
        if !reads.is_empty() || result.is_err() {
            let problem = result.as_ref().err().map(ToString::to_string);
            notes.step(
                "words",
                || format!("known: {}", reads.join(", ")),
                || problem.is_none(),
                || problem.clone().unwrap_or_else(|| "all known".to_owned()),
            )?;
        }
        if let Ok((popup, html)) = result {
            *filled = Some(Filled { variant, popup, html });
            *outcome = Outcome::Show;
        }
        ControlFlow::Continue(())
    }

    fn moment_of(&self, candidate: Candidate<'_>, notes: &mut Notes) -> ControlFlow<()> {
        let trigger = &candidate.plan.trigger;
        let now = self.visitor.facts.now;
        let due = || match self.moment {
            Moment::Page => trigger.on == crate::trigger::On::Page,
            Moment::Event(name, props) => trigger.meets(name, props, now),
            Moment::Due(id, _) => id == candidate.id && trigger.waits(),
        };
        notes.step(
            "trigger",
            || trigger.words(),
            due,
            || match self.moment {
                Moment::Page => "a page was opened".to_owned(),
                Moment::Event(name, _) => format!("“{name}”"),
                Moment::Due(id, _) if id == candidate.id => trigger.signals.words(),
                Moment::Due(..) => "the sign of another campaign".to_owned(),
            },
        )
    }

    fn caps_of(&self, candidate: Candidate<'_>, entry: Option<&Entry>, notes: &mut Notes) -> ControlFlow<()> {
        let (visitor, plan) = (self.visitor, candidate.plan);
        let (now, here) = (visitor.facts.now, &visitor.here);
        if plan.caps.until_goal {
            let reached = entry.and_then(|entry| entry.converted_at);
            notes.step(
                "goal",
                || "not reached before".to_owned(),
                || reached.is_none(),
                || reached.map_or_else(|| "not reached".to_owned(), |at| format!("reached {at}")),
            )?;
        }
        for (_, window, most) in plan.caps.limits().set() {
            let used = entry.map_or(0, |entry| entry.used(window, here));
            notes.step(
                cap_name(window),
                || format!("at most {most} {}", stretch(window)),
                || used < most,
                || format!("{used} so far"),
            )?;
        }
        for (name, what, minutes) in plan.caps.silences() {
            let last = entry.and_then(|entry| match name {
                "after_shown" => entry.shown_at,
                "after_clicked" => entry.clicked_at,
                _ => entry.closed_at,
            });
            notes.step(
                silence_name(what),
                || format!("{} after it was {what}", span(minutes)),
                || last.is_none_or(|at| now.since(at) >= i64::from(minutes) * 60_000),
                || last.map_or_else(|| "never".to_owned(), |at| format!("{what} {at}")),
            )?;
        }
        for (_, window, most, used) in &self.overall {
            let used = used + self.chosen;
            notes.step(
                overall_name(*window),
                || format!("at most {most} of all campaigns {}", stretch(*window)),
                || used < *most,
                || format!("{used} so far"),
            )?;
        }
        ControlFlow::Continue(())
    }

    /// What the person once had wins, as long as it still exists.
    fn variant_of(&self, candidate: Candidate<'_>, entry: Option<&Entry>) -> Option<usize> {
        let experiment = &candidate.plan.experiment;
        match entry.and_then(|entry| entry.variant.as_deref()) {
            Some(CONTROL) if experiment.control > 0 => None,
            Some(name) if experiment.index(name).is_some() => experiment.index(name),
            _ => experiment.draw(self.visitor.account, candidate.id, self.visitor.person),
        }
    }

    /// Marks the groups of campaigns that this session has seen already.
    pub(super) fn note_groups<'c>(&mut self, seen: impl IntoIterator<Item = (CampaignId, &'c str)>) {
        for (campaign, group) in seen {
            if self.visitor.ledger.in_session(campaign, &self.visitor.here) {
                self.groups.push((campaign, group.to_owned()));
            }
        }
    }
}

fn cap_name(window: Window) -> &'static str {
    match window {
        Window::Page => "page_cap",
        Window::Session => "session_cap",
        Window::Day => "day_cap",
        Window::Week => "week_cap",
        Window::Ever => "ever_cap",
    }
}

fn overall_name(window: Window) -> &'static str {
    match window {
        Window::Page => "overall_page_cap",
        Window::Session => "overall_session_cap",
        Window::Day => "overall_day_cap",
        Window::Week => "overall_week_cap",
        Window::Ever => "overall_ever_cap",
    }
}

fn silence_name(what: &str) -> &'static str {
    match what {
        "shown" => "quiet_after_shown",
        "clicked" => "quiet_after_clicked",
        _ => "quiet_after_closed",
    }
}

fn stretch(window: Window) -> &'static str {
    match window {
        Window::Page => "a page",
        Window::Session => "a session",
        Window::Day => "a day",
        Window::Week => "in seven days",
        Window::Ever => "ever",
    }
}
