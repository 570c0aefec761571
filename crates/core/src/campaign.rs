//! Campaigns: a message, its trigger or audience, and the states it goes through.
//!
//! Left out: storage, counting, and the deciding itself ([`crate::decide`]). Invariant: a campaign leaves `draft` only when
//! [`Definition::check`] finds nothing; the status changes only through [`Status::start`] and [`Status::stop`].

use crate::FieldError;
use crate::event;
use crate::id::CampaignId;
use crate::notification::PushMessage;
use crate::popup::Popup;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// Where a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Being written.
    Draft,
    /// A pop-up that is being shown.
    Running,
    /// A push that is on its way.
    Sending,
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
    pub const ALL: [Self; 5] = [
        Self::Draft,
        Self::Running,
        Self::Sending,
        Self::Sent,
        Self::Stopped,
    ];

    /// The name in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Stopped => "stopped",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// The status after starting a campaign of `kind`. A pop-up may start again; a push is sent once (duplicate it to send again).
    pub fn start(self, kind: Kind) -> Result<Self, InvalidTransition> {
        match (kind, self) {
            (Kind::Popup, Self::Draft | Self::Stopped) => Ok(Self::Running),
            (Kind::Push, Self::Draft) => Ok(Self::Sending),
            (Kind::Push, Self::Sent | Self::Stopped) => Err(InvalidTransition(
                "This push was sent already. Duplicate it to send it again.".to_owned(),
            )),
            _ => Err(InvalidTransition(
                "This campaign runs already; it stays as it is.".to_owned(),
            )),
        }
    }

    /// The status after stopping.
    pub fn stop(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Running | Self::Sending => Ok(Self::Stopped),
            _ => Err(InvalidTransition(
                "This campaign does not run; it stays as it is.".to_owned(),
            )),
        }
    }

    /// Whether the message may be changed: a pop-up always (visitors get the new one from then on), a push only before it is sent.
    pub fn may_edit(self, kind: Kind) -> bool {
        kind == Kind::Popup || self == Self::Draft
    }

    /// Whether the campaign may be deleted: not while it runs.
    pub fn may_delete(self) -> bool {
        !matches!(self, Self::Running | Self::Sending)
    }
}

/// What makes a pop-up a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "lowercase", deny_unknown_fields)]
pub enum Trigger {
    /// A page view.
    Page,
    /// An event of that name.
    Event {
        /// Its name as raised by the page.
        event: String,
    },
}

/// How often one visitor may see a pop-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Times per session; `None` is every time.
    #[serde(default)]
    pub session: Option<u32>,
}

impl Default for Caps {
    /// Once per session.
    fn default() -> Self {
        Self { session: Some(1) }
    }
}

/// The message of a campaign with what belongs to its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A pop-up, when it is due and how often.
    Popup {
        /// The message.
        popup: Popup,
        /// What makes it due.
        trigger: Trigger,
        /// How often.
        caps: Caps,
    },
    /// A push to all subscribers.
    Push {
        /// The message.
        push: PushMessage,
    },
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
    caps: Option<Caps>,
}

/// Fields of a campaign's JSON that the server sets; taken back in silence when a client sends a whole campaign to change it.
const SERVER_FIELDS: &[&str] = &[
    "id",
    "status",
    "created_at",
    "changed_at",
    "started_at",
    "ended_at",
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
                if wire.push.is_some() {
                    return Err(stray("push"));
                }
                let popup = wire
                    .popup
                    .ok_or_else(|| FieldError::new("popup", "A pop-up needs its message in “popup”."))?;
                Body::Popup {
                    popup,
                    trigger: wire.trigger.unwrap_or(Trigger::Page),
                    caps: wire.caps.unwrap_or_default(),
                }
            }
            Kind::Push => {
                for (present, field) in [
                    (wire.popup.is_some(), "popup"),
                    (wire.trigger.is_some(), "trigger"),
                    (wire.caps.is_some(), "caps"),
                ] {
                    if present {
                        return Err(stray(field));
                    }
                }
                let push = wire
                    .push
                    .ok_or_else(|| FieldError::new("push", "A push needs its message in “push”."))?;
                Body::Push { push }
            }
        };
        Ok(Self {
            name: wire.name.trim().to_owned(),
            body,
        })
    }

    /// The JSON of the API and the store.
    pub fn to_json(&self) -> Value {
        let wire = match self.body.clone() {
            Body::Popup { popup, trigger, caps } => DefinitionWire {
                name: self.name.clone(),
                kind: Kind::Popup,
                popup: Some(popup),
                push: None,
                trigger: Some(trigger),
                caps: Some(caps),
            },
            Body::Push { push } => DefinitionWire {
                name: self.name.clone(),
                kind: Kind::Push,
                popup: None,
                push: Some(push),
                trigger: None,
                caps: None,
            },
        };
        serde_json::to_value(wire).expect("a definition always serialises")
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self.body {
            Body::Popup { .. } => Kind::Popup,
            Body::Push { .. } => Kind::Push,
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
            Body::Popup { popup, trigger, caps } => {
                errors.extend(popup.check());
                if let Trigger::Event { event } = trigger {
                    let mut notices = Vec::new();
                    if event::clean_name(event, &mut notices).as_ref() != Ok(event) {
                        let message = "An event's name has 1 to 1024 characters without . : $ ' \" \\ and is not one of the system's.";
                        errors.push(FieldError::new("trigger.event", message));
                    }
                }
                if caps.session == Some(0) {
                    errors.push(FieldError::new(
                        "caps.session",
                        "Zero times would never show it. Stop the campaign instead.",
                    ));
                }
            }
            Body::Push { push } => errors.extend(push.check()),
        }
        errors
    }
}

/// Deserialises and, where it fails, names the field in the sender's words.
fn read(value: Value) -> Result<DefinitionWire, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|fault| {
        let path = fault.path().to_string();
        let field = if path == "." { "campaign".to_owned() } else { path };
        FieldError::new(field, format!("Not understood: {}.", fault.inner()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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

    #[test]
    fn states() {
        assert_eq!(Status::Draft.start(Kind::Popup), Ok(Status::Running));
        assert_eq!(Status::Stopped.start(Kind::Popup), Ok(Status::Running));
        assert_eq!(Status::Draft.start(Kind::Push), Ok(Status::Sending));
        assert!(Status::Sent.start(Kind::Push).is_err());
        assert!(Status::Running.start(Kind::Popup).is_err());
        assert_eq!(Status::Sending.stop(), Ok(Status::Stopped));
        assert!(Status::Draft.stop().is_err());
    }
}
