//! The steps of the pop-up editor and the bar above them.
//!
//! Left out: the steps' own forms. Invariant: every step has its own address and can be visited in any order; a step that something is
//! missing from says so.

use crate::http::pages::Errors;
use crate::http::pages::desk::Desk;
use crate::http::pages::status::{self, Badge};
use campanile_core::FieldError;
use campanile_core::campaign::Campaign;
use campanile_core::id::CampaignId;
use campanile_core::time::Zone;

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Name, goal and control group.
    Goal,
    /// Audience.
    Who,
    /// The message.
    What,
    /// Moment, schedule, caps.
    When,
    /// The last look.
    Review,
}

impl Step {
    /// Every step, in order.
    pub(crate) const ALL: [Self; 5] = [Self::Goal, Self::Who, Self::What, Self::When, Self::Review];

    /// Its name in the address.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Goal => "goal",
            Self::Who => "who",
            Self::What => "what",
            Self::When => "when",
            Self::Review => "review",
        }
    }

    /// Its name for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Goal => "Goal",
            Self::Who => "Who",
            Self::What => "What",
            Self::When => "When",
            Self::Review => "Review",
        }
    }

    /// The step of that name; What where there is none.
    pub(crate) fn parse(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|step| step.name() == name)
            .unwrap_or(Self::What)
    }

    /// Where it stands for a variant; 0 is A.
    pub(crate) fn href(self, campaign: CampaignId, variant: usize) -> String {
        let path = format!("/campaigns/{campaign}/edit?step={}", self.name());
        if variant > 0 {
            format!("{path}&variant={variant}")
        } else {
            path
        }
    }

    /// The one after it.
    pub(crate) fn next(self) -> Self {
        let at = Self::ALL.iter().position(|step| *step == self).unwrap_or(0);
        Self::ALL.get(at + 1).copied().unwrap_or(Self::Review)
    }

    /// The step on which a field stands.
    pub(crate) fn of(field: &str) -> Self {
        let begins = |names: &[&str]| names.iter().any(|name| field.starts_with(name));
        if begins(&["audience"]) {
            Self::Who
        } else if begins(&["name", "goal", "experiment.control"]) {
            Self::Goal
        } else if begins(&["trigger", "schedule", "caps", "priority", "group", "when_busy"]) {
            Self::When
        } else {
            Self::What
        }
    }
}

/// How a step looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// It is the one that is shown.
    Current,
    /// Nothing is missing.
    Done,
    /// Something is missing.
    Wrong,
    /// It has not been looked at.
    Later,
}

/// A step in the line of steps.
#[derive(Debug, Clone)]
pub(crate) struct StepLink {
    /// Which.
    pub(crate) step: Step,
    /// From 1.
    pub(crate) number: usize,
    /// Where it leads.
    pub(crate) href: String,
    /// How it looks.
    pub(crate) look: Look,
}

/// What stands above every step.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    /// The campaign.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// Its status.
    pub(crate) badge: Badge,
    /// When it was last saved, in words.
    pub(crate) saved: String,
    /// The moment of its last change, so that a change by somebody else is found.
    pub(crate) version: i64,
    /// Whether visitors get it now.
    pub(crate) running: bool,
    /// Whether changes are kept that visitors do not get yet.
    pub(crate) pending: bool,
    /// The step that is shown.
    pub(crate) step: Step,
    /// The variant that is shown; 0 is A.
    pub(crate) variant: usize,
    /// All steps.
    pub(crate) steps: Vec<StepLink>,
    /// What was not accepted at the last save.
    pub(crate) errors: Errors,
    /// Head of the summary of errors.
    pub(crate) problem: &'static str,
    /// Whether somebody else changed it in the meantime.
    pub(crate) conflict: bool,
    /// The address that a test opens.
    pub(crate) test: String,
    /// The zone in which moments are written.
    pub(crate) zone: String,
}

impl Bar {
    /// The bar over a step of a campaign.
    pub(crate) fn new(
        desk: &Desk,
        campaign: &Campaign,
        name: &str,
        step: Step,
        variant: usize,
        missing: &[FieldError],
        zone: &Zone,
    ) -> Self {
        Self {
            id: campaign.id.0,
            name: name.to_owned(),
            badge: status::badge_now(campaign, &campanile_core::stats::Counts::default(), desk.now),
            saved: desk.told().clock(campaign.changed_at),
            version: campaign.changed_at.ms(),
            running: campaign.status == campanile_core::campaign::Status::Running,
            pending: campaign.draft.is_some(),
            step,
            variant,
            steps: steps(campaign.id, step, missing),
            errors: Errors::default(),
            problem: "",
            conflict: false,
            test: format!("{}/", desk.home()),
            zone: zone.name().to_owned(),
        }
    }

    /// Where the step's form goes.
    pub(crate) fn action(&self) -> String {
        self.step.href(CampaignId(self.id), self.variant)
    }

    /// Whether a verb that decides stands in place of Next.
    pub(crate) fn is_last(&self) -> bool {
        self.step == Step::Review
    }
}

/// The line of steps.
pub(crate) fn steps(id: CampaignId, current: Step, missing: &[FieldError]) -> Vec<StepLink> {
    Step::ALL
        .into_iter()
        .enumerate()
        .map(|(at, step)| {
            let wrong = missing.iter().any(|fault| Step::of(&fault.field) == step);
            let look = if step == current {
                Look::Current
            } else if step == Step::Review {
                Look::Later
            } else if wrong {
                Look::Wrong
            } else {
                Look::Done
            };
            StepLink {
                step,
                number: at + 1,
                href: step.href(id, 0),
                look,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_stand_on_their_step() {
        for (field, step) in [
            ("name", Step::Goal),
            ("goal.event", Step::Goal),
            ("experiment.control", Step::Goal),
            ("experiment.weight", Step::What),
            ("experiment.variants[0].popup.title", Step::What),
            ("popup.on_click.url", Step::What),
            ("audience.rules[0].value", Step::Who),
            ("trigger.when.rules[0].value", Step::When),
            ("caps.session", Step::When),
        ] {
            assert_eq!(Step::of(field), step, "{field}");
        }
        let steps = steps(
            CampaignId(7),
            Step::What,
            &[FieldError::new("trigger.event", "x")],
        );
        assert_eq!(
            steps.iter().map(|step| step.look).collect::<Vec<_>>(),
            [Look::Done, Look::Done, Look::Current, Look::Wrong, Look::Later]
        );
    }
}
