//! Campaigns: a message, its trigger or audience, and the states it goes through.
//!
//! Left out: storage, counting, and the deciding itself ([`crate::decide`]). Invariant: a campaign leaves `draft` only when
//! [`Definition::check`] finds nothing; how it stands is changed by [`Status`] alone.

mod status;

use crate::FieldError;
use crate::caps::Caps;
use crate::experiment::Experiment;
pub use crate::goal::Goal;
use crate::id::CampaignId;
use crate::notification::PushMessage;
use crate::popup::Popup;
use crate::push_plan::{OnEvent, OnRequest, PushPlan, Sending};
use crate::schedule::Schedule;
use crate::segment::Rules;
use crate::time::Timestamp;
use crate::trigger::Trigger;
use crate::winner::Winner;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use status::{Course, InvalidTransition, Status};

/// What kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Web pop-up.
    Popup,
    /// Web push notification.
    Push,
}

impl Kind {
    /// The name in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Popup => "popup",
            Self::Push => "push",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Popup, Self::Push]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// What happens when another message stands where this one would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Busy {
    /// It waits until the other is gone.
    #[default]
    Queue,
    /// It is not shown this time.
    GiveWay,
}

/// A pop-up with when, to whom, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PopupPlan {
    /// The message; variant A where there are several.
    pub popup: Popup,
    /// What makes it due.
    pub trigger: Trigger,
    /// To whom.
    pub audience: Rules,
    /// From when to when.
    pub schedule: Schedule,
    /// How often.
    pub caps: Caps,
    /// 0..=100; the higher goes first.
    pub priority: u8,
    /// Of the campaigns of one group, a visitor sees only one in a session.
    pub group: Option<String>,
    /// What happens when another message is there.
    pub when_busy: Busy,
    /// Variants and control group.
    pub experiment: Experiment,
    /// What it is for.
    pub goal: Option<Goal>,
}

/// A plan in plain language, part by part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// `a box` and so on.
    pub kind: &'static str,
    /// Whom it is for.
    pub who: String,
    /// What makes it due.
    pub moment: String,
    /// Conditions on page and visit.
    pub conditions: String,
    /// Signs from the browser.
    pub signs: String,
    /// Dates, days and hours.
    pub schedule: String,
    /// Caps and silences.
    pub often: String,
    /// Variants and control group, a sentence of its own.
    pub experiment: String,
}

/// Priority of a campaign that says none.
pub const NORMAL: u8 = 50;

impl PopupPlan {
    /// A message for everybody at every page view, once a session.
    pub fn new(popup: Popup) -> Self {
        Self {
            popup,
            trigger: Trigger::default(),
            audience: Rules::default(),
            schedule: Schedule::default(),
            caps: Caps::default(),
            priority: NORMAL,
            group: None,
            when_busy: Busy::default(),
            experiment: Experiment::default(),
            goal: None,
        }
    }

    /// The message of a variant by its index.
    pub fn variant(&self, index: usize) -> &Popup {
        index
            .checked_sub(1)
            .and_then(|at| self.experiment.variants.get(at))
            .map_or(&self.popup, |variant| &variant.popup)
    }

    /// Its messages, in the order of the variants.
    pub fn popups(&self) -> impl Iterator<Item = &Popup> {
        let others = self.experiment.variants.iter().map(|variant| &variant.popup);
        std::iter::once(&self.popup).chain(others)
    }

    /// What it does, in one sentence of plain language.
    pub fn sentence(&self) -> String {
        let parts = self.parts();
        let first = format!("Shows {} to {} when {}", parts.kind, parts.who, parts.moment);
        let clauses: Vec<&str> = [
            &first,
            &parts.conditions,
            &parts.signs,
            &parts.schedule,
            &parts.often,
        ]
        .into_iter()
        .map(String::as_str)
        .filter(|clause| !clause.is_empty())
        .collect();
        let sentence = format!("{}. {}", clauses.join(", "), parts.experiment);
        sentence.trim_end().to_owned()
    }

    /// The parts of the sentence, so that an editor can link each to its step. Empty where there is nothing to say.
    pub fn parts(&self) -> Sentence {
        let kind = match (self.popup.template, self.popup.layout()) {
            (template, _) if template.is_image_only() => "a picture",
            (_, crate::popup::Layout::Box) => "a box",
            (_, crate::popup::Layout::Banner) => "a banner",
            (_, crate::popup::Layout::Interstitial) => "an interstitial",
        };
        let who = if self.audience.is_empty() {
            "every visitor".to_owned()
        } else {
            format!("visitors with {}", self.audience.words())
        };
        let experiment = if self.experiment.is_one() {
            String::new()
        } else {
            let mut groups: Vec<String> = (0..=self.experiment.variants.len())
                .map(|index| self.experiment.name(index).to_owned())
                .collect();
            if self.experiment.control > 0 {
                groups.push(format!(
                    "a control group of {:.0} %",
                    self.experiment.control_percent()
                ));
            }
            format!("Visitors are parted into {}.", groups.join(", "))
        };
        Sentence {
            kind,
            who,
            moment: self.trigger.words(),
            conditions: if self.trigger.when.is_empty() {
                String::new()
            } else {
                format!("if {}", self.trigger.when.words())
            },
            signs: self.trigger.signals.words(),
            schedule: if self.schedule.is_always() {
                String::new()
            } else {
                self.schedule.words()
            },
            often: self.caps.words(),
            experiment,
        }
    }

    fn check(&self) -> Vec<FieldError> {
        let mut errors = self.popup.check();
        errors.extend(self.trigger.check());
        errors.extend(self.audience.check("audience"));
        let rules = self.audience.count() + self.trigger.when.count();
        if errors.is_empty() && rules > crate::segment::MOST_RULES {
            errors.push(FieldError::new(
                "audience.rules",
                format!(
                    "Trigger and audience together have {rules} rules; {} are the most.",
                    crate::segment::MOST_RULES
                ),
            ));
        }
        errors.extend(self.schedule.check());
        errors.extend(self.caps.check());
        if self.priority > 100 {
            errors.push(FieldError::new("priority", "The priority is 0 to 100."));
        }
        if self
            .group
            .as_ref()
            .is_some_and(|group| group.trim().is_empty() || group.chars().count() > 60)
        {
            errors.push(FieldError::new(
                "group",
                "A group's name has 1 to 60 characters. Leave it out for none.",
            ));
        }
        errors.extend(self.experiment.check(None));
        match &self.goal {
            Some(goal) => errors.extend(goal.check()),
            None if self.caps.until_goal => errors.push(FieldError::new(
                "caps.until_goal",
                "There is no goal to stop at. Set one, or let it go on.",
            )),
            None => {}
        }
        errors
    }
}

/// The message of a campaign with what belongs to its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A pop-up, when it is due, to whom, and how often.
    Popup(Box<PopupPlan>),
    /// A push, to whom, and when.
    Push(Box<PushPlan>),
}

/// What the owner writes: name and body. This is what the API takes and what the store keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// For the owner's eyes, 1..=120 characters.
    pub name: String,
    /// The message.
    pub body: Body,
}

/// A campaign with its place in the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Its number.
    pub id: CampaignId,
    /// Where it stands.
    pub status: Status,
    /// What it says.
    pub definition: Definition,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// When it last started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Grows with each change of what visitors get; 1 until the first.
    pub revision: u32,
    /// Changes that visitors do not get yet: an editor keeps them here until they are published.
    pub draft: Option<Definition>,
    /// When it was put away; out of the lists, its numbers stay.
    pub archived_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DefinitionWire {
    #[serde(default)]
    name: String,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    popup: Option<Popup>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    push: Option<PushMessage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trigger: Option<Trigger>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audience: Option<Rules>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule: Option<Schedule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caps: Option<Caps>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    when_busy: Option<Busy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    experiment: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    goal: Option<Goal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    send: Option<Sending>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_event: Option<OnEvent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_request: Option<OnRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    winner: Option<Winner>,
}

impl DefinitionWire {
    fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            popup: None,
            push: None,
            trigger: None,
            audience: None,
            schedule: None,
            caps: None,
            priority: None,
            group: None,
            when_busy: None,
            experiment: None,
            goal: None,
            send: None,
            on_event: None,
            winner: None,
            on_request: None,
        }
    }
}

/// Fields of a campaign's JSON that the server sets; taken back in silence when a client sends a whole campaign to change it.
const SERVER_FIELDS: &[&str] = &[
    "id",
    "status",
    "created_at",
    "changed_at",
    "started_at",
    "ended_at",
    "revision",
    "draft",
    "archived_at",
    "progress",
    "counts",
];

impl Definition {
    /// Reads the JSON of the API. What the shape does not allow is an error here; what the words do not allow is [`check`](Self::check)'s.
    pub fn parse(mut value: Value) -> Result<Self, FieldError> {
        if let Value::Object(fields) = &mut value {
            for field in SERVER_FIELDS {
                fields.remove(*field);
            }
        }
        let wire = read(value)?;
        let stray = |field: &str| {
            FieldError::new(
                field,
                format!("A {} has no “{field}”. Remove it.", wire.kind.as_str()),
            )
        };
        let body = match wire.kind {
            Kind::Popup => {
                for (present, field) in [
                    (wire.push.is_some(), "push"),
                    (wire.send.is_some(), "send"),
                    (wire.on_event.is_some(), "on_event"),
                    (wire.winner.is_some(), "winner"),
                    (wire.on_request.is_some(), "on_request"),
                ] {
                    if present {
                        return Err(stray(field));
                    }
                }
                let popup = wire
                    .popup
                    .ok_or_else(|| FieldError::new("popup", "A pop-up needs its message in “popup”."))?;
                Body::Popup(Box::new(PopupPlan {
                    popup,
                    trigger: wire.trigger.unwrap_or_default(),
                    audience: wire.audience.unwrap_or_default(),
                    schedule: wire.schedule.unwrap_or_default(),
                    caps: wire.caps.unwrap_or_default(),
                    priority: wire.priority.unwrap_or(NORMAL),
                    group: wire
                        .group
                        .map(|group| group.trim().to_owned())
                        .filter(|group| !group.is_empty()),
                    when_busy: wire.when_busy.unwrap_or_default(),
                    experiment: parted(wire.experiment)?,
                    goal: wire.goal,
                }))
            }
            Kind::Push => {
                for (present, field) in [
                    (wire.popup.is_some(), "popup"),
                    (wire.trigger.is_some(), "trigger"),
                    (wire.schedule.is_some(), "schedule"),
                    (wire.caps.is_some(), "caps"),
                    (wire.priority.is_some(), "priority"),
                    (wire.group.is_some(), "group"),
                    (wire.when_busy.is_some(), "when_busy"),
                ] {
                    if present {
                        return Err(stray(field));
                    }
                }
                let push = wire
                    .push
                    .ok_or_else(|| FieldError::new("push", "A push needs its message in “push”."))?;
                Body::Push(Box::new(PushPlan {
                    push,
                    audience: wire.audience.unwrap_or_default(),
                    send: wire.send.unwrap_or_default(),
                    on_event: wire.on_event,
                    experiment: parted(wire.experiment)?,
                    goal: wire.goal,
                    winner: wire.winner,
                    on_request: wire.on_request,
                }))
            }
        };
        Ok(Self {
            name: wire.name.trim().to_owned(),
            body,
        })
    }

    /// The JSON of the API and the store.
    pub fn to_json(&self) -> Value {
        let mut wire = DefinitionWire::new(&self.name, self.kind());
        match &self.body {
            Body::Popup(plan) => {
                let plan = plan.as_ref().clone();
                wire.popup = Some(plan.popup);
                wire.trigger = Some(plan.trigger);
                wire.audience = (!plan.audience.is_empty()).then_some(plan.audience);
                wire.schedule = (!plan.schedule.is_always()).then_some(plan.schedule);
                wire.caps = Some(plan.caps);
                wire.priority = (plan.priority != NORMAL).then_some(plan.priority);
                wire.group = plan.group;
                wire.when_busy = (plan.when_busy != Busy::default()).then_some(plan.when_busy);
                wire.experiment = (!plan.experiment.is_one()).then(|| json!(plan.experiment));
                wire.goal = plan.goal;
            }
            Body::Push(plan) => {
                let plan = plan.as_ref().clone();
                wire.push = Some(plan.push);
                wire.audience = (!plan.audience.is_empty()).then_some(plan.audience);
                wire.send = (!plan.send.is_at_once()).then_some(plan.send);
                wire.on_event = plan.on_event;
                wire.experiment = (!plan.experiment.is_one()).then(|| json!(plan.experiment));
                wire.goal = plan.goal;
                wire.winner = plan.winner;
                wire.on_request = plan.on_request;
            }
        }
        serde_json::to_value(wire).expect("a definition always serialises")
    }

    /// How it goes once it is started.
    pub fn course(&self) -> Course {
        match &self.body {
            Body::Popup(_) => Course::GoesOn,
            Body::Push(plan) if plan.goes_on() => Course::GoesOn,
            Body::Push(plan) if plan.send.repeat.is_some() => Course::Again,
            Body::Push(plan) if plan.send.at.is_some() => Course::Later,
            Body::Push(_) => Course::Once,
        }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self.body {
            Body::Popup(_) => Kind::Popup,
            Body::Push(_) => Kind::Push,
        }
    }

    /// What has to be true even of a draft: it has a name by which to find it again.
    pub fn check_draft(&self) -> Vec<FieldError> {
        if (1..=120).contains(&self.name.chars().count()) {
            Vec::new()
        } else {
            vec![FieldError::new(
                "name",
                "A campaign needs a name of 1 to 120 characters. Only you will see it.",
            )]
        }
    }

    /// All that stands between the campaign and its start.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = self.check_draft();
        match &self.body {
            Body::Popup(plan) => errors.extend(plan.check()),
            Body::Push(plan) => errors.extend(plan.check()),
        }
        errors
    }
}

/// Deserialises and, where it fails, names the field in the sender's words.
fn read(value: Value) -> Result<DefinitionWire, FieldError> {
    understood(value, "")
}

/// The experiment of either kind, with the messages of its own.
fn parted<V: DeserializeOwned>(value: Option<Value>) -> Result<Experiment<V>, FieldError> {
    value.map_or_else(
        || Ok(Experiment::default()),
        |value| understood(value, "experiment"),
    )
}

fn understood<T: DeserializeOwned>(value: Value, at: &str) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|fault| {
        let path = fault.path().to_string();
        let field = match (at, path.as_str()) {
            ("", ".") => "campaign".to_owned(),
            ("", _) => path,
            (at, ".") => at.to_owned(),
            (at, _) => format!("{at}.{path}"),
        };
        FieldError::new(
            field,
            format!("Not understood: {}.", plainly(&fault.inner().to_string())),
        )
    })
}

/// What a reader of JSON expects, without our names of types.
fn plainly(problem: &str) -> String {
    let Some((before, wanted)) = problem.rsplit_once("expected ") else {
        return problem.to_owned();
    };
    let wanted = match wanted {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "i64" | "u64" => "a whole number",
        "f64" | "f32" => "a number",
        other => other,
    };
    format!("{before}expected {wanted}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn popup() -> Value {
        json!({"name": "Back", "kind": "popup", "popup": {"title": "Back from the kiln"}, "trigger": {"on": "event", "event": "Added To Cart"}})
    }

    #[test]
    fn json_goes_round() {
        let definition = Definition::parse(popup()).expect("good");
        assert!(definition.check().is_empty());
        assert_eq!(
            Definition::parse(definition.to_json()).expect("round"),
            definition
        );
        let push = json!({"name": "P", "kind": "push", "push": {"title": "T", "url": "https://shop.example.com/"}, "id": 5, "status": "draft"});
        let definition = Definition::parse(push).expect("server fields are taken back");
        assert_eq!(definition.kind(), Kind::Push);
        assert_eq!(
            Definition::parse(definition.to_json()).expect("round"),
            definition
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let check = |value: Value, field: &str| {
            let fault = Definition::parse(value).expect_err(field);
            assert_eq!(fault.field, field, "{fault}");
        };
        check(json!({"name": "x", "kind": "popup"}), "popup");
        check(
            json!({"name": "x", "kind": "push", "push": {"title": "T", "url": "https://a.example"}, "caps": {}}),
            "caps",
        );
        check(
            json!({"name": "x", "kind": "popup", "popup": {"title": "T", "tittle": "?"}}),
            "popup.tittle",
        );
        check(
            json!({"name": "x", "kind": "popup", "popup": {"title": "T", "accent": "red"}}),
            "popup.accent",
        );
        check(json!({"name": "x", "kind": "fax"}), "kind");
        let mut reserved = popup();
        reserved["trigger"]["event"] = json!("Notification Viewed");
        reserved["name"] = json!("");
        let fields: Vec<String> = Definition::parse(reserved)
            .expect("shape")
            .check()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(fields, ["name", "trigger.event"]);
    }
}
