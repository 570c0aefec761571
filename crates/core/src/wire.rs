//! The wire between browser and server, as types. `docs/wire/README.md` is its description, the fixtures beside it are read
//! here and by the SDK's tests.
//!
//! One bad operation never takes the batch with it: operations are parsed one by one. Left out: what they do (`ingest`).
//! Invariant: a parsed [`Operation`] is within every limit of this module.

use crate::asking::Asking;
use crate::decide::Explained;
use crate::event::Notice;
use crate::id::{CampaignId, Id};
use crate::popup::{Layout, MsgId, PopupMessage};
use crate::time::Timestamp;
use crate::trigger::Signals;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Most operations in one batch.
pub const MAX_OPS: usize = 100;
/// Largest body, bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// Topics that are kept of a subscriber.
const MAX_TOPICS: usize = 32;
/// Bytes that are kept of a topic.
const MAX_TOPIC_BYTES: usize = 64;
/// Longest URL that is kept, bytes.
pub const MAX_URL_BYTES: usize = 2048;

/// A batch as it stands in the body.
#[derive(Debug, Deserialize)]
pub struct Request<'a> {
    /// Version, 1.
    pub v: u32,
    /// Account id.
    #[serde(borrow)]
    pub account: std::borrow::Cow<'a, str>,
    /// The browser; absent from the worker.
    #[serde(default)]
    pub device: Option<Id>,
    /// Name and version of the SDK.
    #[serde(default)]
    pub sdk: String,
    /// The sender's clock at sending.
    #[serde(default)]
    pub now: Option<Timestamp>,
    /// The page.
    #[serde(default)]
    pub context: Context,
    /// Whether the page can show messages now.
    #[serde(default)]
    pub show: bool,
    /// The page view that this comes from: the id of its operation.
    #[serde(default)]
    pub view: Option<Id>,
    /// Places on the page where a message stands.
    #[serde(default)]
    pub busy: Vec<Layout>,
    /// Token of a signed link that asks why messages are shown or not; `debug` for the debug switch.
    #[serde(default)]
    pub why: Option<String>,
    /// Token of a signed link that shows one message to its owner.
    #[serde(default)]
    pub test: Option<String>,
    /// Operations, unparsed.
    #[serde(borrow, default)]
    pub ops: Vec<&'a RawValue>,
}

/// What the page says of itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[expect(missing_docs, reason = "described in docs/wire/README.md")]
#[serde(default)]
pub struct Context {
    pub url: Option<String>,
    pub referrer: Option<String>,
    pub language: Option<String>,
    pub zone: Option<String>,
    pub touch: Option<bool>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub push: Option<String>,
}

/// One thing that happened in the browser.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its id, made by the browser; replays carry the same.
    pub id: Id,
    /// When, by the browser's clock.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "described in docs/wire/README.md")]
pub enum What {
    Page {
        url: String,
        referrer: String,
        title: String,
    },
    Event {
        name: String,
        props: Map<String, Value>,
    },
    Profile {
        set: Map<String, Value>,
    },
    Login {
        identity: Map<String, Value>,
        set: Map<String, Value>,
    },
    Logout,
    Privacy {
        opt_out: Option<bool>,
        use_ip: Option<bool>,
    },
    Subscribe {
        endpoint: String,
        p256dh: String,
        auth: String,
        key: String,
        browser: String,
        /// What the visitor chose to hear of; none where they were given no choice.
        topics: Option<Vec<String>>,
        /// The endpoint whose place this one takes.
        replaces: Option<String>,
    },
    Unsubscribe {
        endpoint: String,
    },
    Prompt {
        outcome: PromptOutcome,
        /// The pop-up that asked; none where the page did by its own call.
        asked_by: Option<(MsgId, Id)>,
    },
    Popup {
        msg: MsgId,
        impression: Option<Id>,
        reaction: Reaction,
        button: String,
        url: String,
    },
    Due {
        campaign: CampaignId,
        event: Option<(String, Map<String, Value>)>,
    },
    Return {
        msg: MsgId,
        impression: Id,
        reason: String,
    },
    Answer {
        msg: MsgId,
        impression: Id,
        answer: Value,
        comment: String,
        consent: bool,
    },
    Push {
        send: Id,
        reaction: Reaction,
        action: String,
    },
}

/// What a person did with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// It was seen.
    Shown,
    /// It was clicked.
    Clicked,
    /// It was closed or dismissed.
    Closed,
}

/// Outcome of a permission prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum PromptOutcome {
    Shown,
    Accepted,
    Rejected,
    Granted,
    Denied,
    Dismissed,
}

impl PromptOutcome {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Dismissed => "dismissed",
        }
    }
}

/// An operation that was not kept, or not whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The operation, if it had a readable id.
    pub id: Option<Id>,
    /// Why.
    #[serde(flatten)]
    pub notice: Notice,
}

#[derive(Deserialize)]
struct Raw {
    id: Id,
    t: Timestamp,
    op: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    referrer: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    props: Option<Map<String, Value>>,
    #[serde(default)]
    set: Option<Map<String, Value>>,
    #[serde(default)]
    identity: Option<Map<String, Value>>,
    #[serde(default, rename = "optOut")]
    opt_out: Option<bool>,
    #[serde(default, rename = "useIP")]
    use_ip: Option<bool>,
    #[serde(default)]
    subscription: Option<RawSubscription>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    browser: Option<String>,
    topics: Option<Vec<String>>,
    #[serde(default)]
    replaces: Option<String>,
    #[serde(default)]
    endpoint: Option<String>,
    #[serde(default)]
    outcome: Option<PromptOutcome>,
    #[serde(default)]
    msg: Option<String>,
    #[serde(default)]
    impression: Option<Id>,
    #[serde(default)]
    button: Option<String>,
    #[serde(default)]
    send: Option<Id>,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    campaign: Option<CampaignId>,
    #[serde(default)]
    event: Option<RawEvent>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    answer: Option<Value>,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    consent: bool,
}

#[derive(Deserialize)]
struct RawEvent {
    name: String,
    #[serde(default)]
    props: Map<String, Value>,
}

#[derive(Deserialize)]
struct RawSubscription {
    endpoint: String,
    keys: RawKeys,
}

#[derive(Deserialize)]
struct RawKeys {
    p256dh: String,
    auth: String,
}

/// Reads one operation; a fault tells the sender what is missing.
pub fn parse_operation(raw: &RawValue) -> Result<Operation, Refusal> {
    let parsed: Raw = serde_json::from_str(raw.get()).map_err(|fault| {
        #[derive(Deserialize)]
        struct OnlyId {
            id: Id,
        }
        let id = serde_json::from_str::<OnlyId>(raw.get()).ok().map(|only| only.id);
        Refusal {
            id,
            notice: Notice::whole(
                604,
                format!("The operation was not understood: {fault}. It was not kept."),
            ),
        }
    })?;
    let id = parsed.id;
    let at = parsed.t;
    let what = what(parsed).map_err(|notice| Refusal { id: Some(id), notice })?;
    Ok(Operation { id, at, what })
}

fn what(raw: Raw) -> Result<What, Notice> {
    let missing = |field: &str| {
        Notice::new(
            604,
            field,
            format!("“{field}” is missing; the operation was not kept."),
        )
    };
    Ok(match raw.op.as_str() {
        "page" => What::Page {
            url: cut(raw.url.ok_or_else(|| missing("url"))?, MAX_URL_BYTES),
            referrer: cut(raw.referrer.unwrap_or_default(), MAX_URL_BYTES),
            title: cut(raw.title.unwrap_or_default(), 300),
        },
        "event" => What::Event {
            name: raw.name.ok_or_else(|| missing("name"))?,
            props: raw.props.unwrap_or_default(),
        },
        "profile" => What::Profile {
            set: raw.set.ok_or_else(|| missing("set"))?,
        },
        "login" => What::Login {
            identity: raw
                .identity
                .filter(|identity| !identity.is_empty())
                .ok_or_else(|| missing("identity"))?,
            set: raw.set.unwrap_or_default(),
        },
        "logout" => What::Logout,
        "privacy" => What::Privacy {
            opt_out: raw.opt_out,
            use_ip: raw.use_ip,
        },
        "subscribe" => {
            let subscription = raw.subscription.ok_or_else(|| missing("subscription"))?;
            What::Subscribe {
                endpoint: subscription.endpoint,
                p256dh: subscription.keys.p256dh,
                auth: subscription.keys.auth,
                key: raw.key.ok_or_else(|| missing("key"))?,
                browser: cut(raw.browser.unwrap_or_default(), 40),
                topics: raw.topics.map(topics),
                replaces: raw.replaces.map(|endpoint| cut(endpoint, MAX_URL_BYTES)),
            }
        }
        "unsubscribe" => What::Unsubscribe {
            endpoint: cut(raw.endpoint.ok_or_else(|| missing("endpoint"))?, MAX_URL_BYTES),
        },
        "prompt" => What::Prompt {
            outcome: raw.outcome.ok_or_else(|| missing("outcome"))?,
            asked_by: match (raw.msg.as_deref(), raw.impression) {
                (msg @ Some(_), Some(impression)) => Some((message_id(msg)?, impression)),
                _ => None,
            },
        },
        op @ ("view" | "click" | "close") => What::Popup {
            msg: message_id(raw.msg.as_deref())?,
            impression: raw.impression,
            reaction: match op {
                "view" => Reaction::Shown,
                "click" => Reaction::Clicked,
                _ => Reaction::Closed,
            },
            button: cut(raw.button.unwrap_or_default(), 64),
            url: cut(raw.url.unwrap_or_default(), MAX_URL_BYTES),
        },
        "due" => What::Due {
            campaign: raw.campaign.ok_or_else(|| missing("campaign"))?,
            event: raw.event.map(|event| (cut(event.name, 4096), event.props)),
        },
        "return" => What::Return {
            msg: message_id(raw.msg.as_deref())?,
            impression: raw.impression.ok_or_else(|| missing("impression"))?,
            reason: cut(raw.reason.unwrap_or_default(), 40),
        },
        "answer" => What::Answer {
            msg: message_id(raw.msg.as_deref())?,
            impression: raw.impression.ok_or_else(|| missing("impression"))?,
            answer: raw.answer.ok_or_else(|| missing("answer"))?,
            comment: cut(raw.comment.unwrap_or_default(), 2000),
            consent: raw.consent,
        },
        op @ ("push_shown" | "push_clicked" | "push_dismissed") => What::Push {
            send: raw.send.ok_or_else(|| missing("send"))?,
            reaction: match op {
                "push_shown" => Reaction::Shown,
                "push_clicked" => Reaction::Clicked,
                _ => Reaction::Closed,
            },
            action: cut(raw.action.unwrap_or_default(), 64),
        },
        other => {
            let message = format!(
                "“{}” is not an operation of this version; it was not kept.",
                cut(other.to_owned(), 40)
            );
            return Err(Notice::new(604, "op", message));
        }
    })
}

fn message_id(text: Option<&str>) -> Result<MsgId, Notice> {
    text.and_then(MsgId::parse).ok_or_else(|| {
        Notice::new(
            604,
            "msg",
            "“msg” is not a message id like 1630318544_20211004; not counted.",
        )
    })
}

/// Topics as they are kept: a few, short, none empty or twice.
pub fn topics(given: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for topic in given {
        let topic = cut(topic.trim().to_owned(), MAX_TOPIC_BYTES);
        if !topic.is_empty() && !kept.contains(&topic) && kept.len() < MAX_TOPICS {
            kept.push(topic);
        }
    }
    kept
}

fn cut(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        let mut end = bytes;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text.retain(|c| c != '\0');
    text
}

/// The answer to a batch.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "described in docs/wire/README.md")]
pub struct Reply {
    pub v: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionReply>,
    pub identified: bool,
    pub opt_out: bool,
    pub settings: Settings,
    pub accepted: usize,
    pub refused: Vec<Refusal>,
    pub messages: Vec<PopupMessage>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
}

/// A campaign whose every condition but the browser's sign has passed: the page watches for the sign and says when it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Which.
    pub campaign: CampaignId,
    /// What to watch for.
    pub signals: Signals,
    /// The event that began the waiting; comes back with the sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<WaitingEvent>,
}

/// The event that began a waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "described in docs/wire/README.md")]
pub struct WaitingEvent {
    pub name: String,
    pub props: Map<String, Value>,
}

/// Why messages are shown or not, for the overlay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "described in docs/wire/README.md")]
pub struct Why {
    pub campaigns: Vec<Explained>,
    pub took_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dashboard: Option<String>,
    pub visitor: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl Why {
    /// Says why a link or the debug switch opens nothing.
    #[must_use]
    pub fn refused(fault: String) -> Self {
        Self {
            campaigns: Vec::new(),
            took_us: 0,
            until: None,
            dashboard: None,
            visitor: Value::Null,
            fault: Some(fault),
        }
    }
}

/// The session as the page hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "described in docs/wire/README.md")]
pub struct SessionReply {
    pub id: i64,
    pub pages: u32,
    pub number: u32,
}

/// Settings that the page needs.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "described in docs/wire/README.md")]
pub struct Settings {
    pub push: PushSettings,
}

/// Whether and with which key the page may subscribe.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "described in docs/wire/README.md")]
pub struct PushSettings {
    pub enabled: bool,
    pub key: String,
    #[serde(skip_serializing_if = "Asking::is_none")]
    pub asking: Asking,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ops(text: &str) -> Vec<Result<Operation, Refusal>> {
        let request: Request<'_> = serde_json::from_str(text).expect("a request");
        assert_eq!((request.v, request.account.as_ref()), (1, "TEST-0001"));
        request.ops.into_iter().map(parse_operation).collect()
    }

    #[test]
    fn every_fixture_is_understood() {
        for text in [
            include_str!("../../../docs/wire/request-page.json"),
            include_str!("../../../docs/wire/request-outcomes.json"),
            include_str!("../../../docs/wire/request-popups.json"),
            include_str!("../../../docs/wire/request-worker.json"),
        ] {
            for operation in ops(text) {
                operation.expect("understood");
            }
        }
    }

    #[test]
    fn a_page_says_what_stands_on_it_and_what_it_asks() {
        let text = include_str!("../../../docs/wire/request-popups.json");
        let request: Request<'_> = serde_json::from_str(text).expect("a request");
        assert_eq!(request.view, Id::parse("0199c0de7a5570008000000000000a01"));
        assert_eq!(request.busy, [Layout::Box]);
        assert_eq!(request.why.as_deref(), Some("wmE4kQ2"));
        assert_eq!(request.test.as_deref(), Some("t0pR9aZ"));
        let answer = parse_operation(request.ops[3]).expect("understood").what;
        assert!(matches!(answer, What::Answer { consent: true, comment, .. } if comment == "Lovely jugs."));
    }

    #[test]
    fn the_signs_of_the_reply_are_those_of_a_trigger() {
        #[derive(Deserialize)]
        struct Fixture {
            waiting: Vec<Wanted>,
        }
        #[derive(Deserialize)]
        struct Wanted {
            signals: Signals,
        }
        let text = include_str!("../../../docs/wire/reply-popups.json");
        let reply: Fixture = serde_json::from_str(text).expect("a reply");
        let counts: Vec<usize> = reply
            .waiting
            .iter()
            .map(|wanted| wanted.signals.list.len())
            .collect();
        assert_eq!(counts, [6, 1]);
    }

    #[test]
    fn the_reply_says_why_as_the_fixtures_do() {
        #[derive(Deserialize)]
        struct Fixture {
            why: Value,
        }
        let fixture = |text: &str| serde_json::from_str::<Fixture>(text).expect("a reply").why;
        let told = fixture(include_str!("../../../docs/wire/reply-popups.json"));
        let why = Why {
            campaigns: Vec::new(),
            took_us: 84,
            until: Some(Timestamp(1_763_893_600_000)),
            dashboard: Some("https://push.example.com".to_owned()),
            visitor: told["visitor"].clone(),
            fault: None,
        };
        let mut written = serde_json::to_value(why).expect("JSON");
        written["campaigns"] = told["campaigns"].clone();
        assert_eq!(written, told);
        let refused = fixture(include_str!("../../../docs/wire/reply-page.json"));
        let fault = refused["fault"].as_str().expect("words").to_owned();
        assert_eq!(serde_json::to_value(Why::refused(fault)).expect("JSON"), refused);
    }

    #[test]
    fn one_bad_operation_stands_alone() {
        let parsed = ops(r#"{"v":1,"account":"TEST-0001","ops":[
            {"id":"0199c0de7a5570008000000000000a01","t":1,"op":"logout"},
            {"id":"0199c0de7a5570008000000000000a02","t":1,"op":"event"},
            {"id":"0199c0de7a5570008000000000000a03","t":1,"op":"dance"},
            {"id":"0199c0de7a5570008000000000000a04","t":"yesterday","op":"logout"},
            {"id":"nonsense","t":1,"op":"logout"}, 7]}"#);
        assert!(parsed[0].is_ok());
        let refused: Vec<(bool, u16)> = parsed[1..]
            .iter()
            .map(|result| result.as_ref().expect_err("refused"))
            .map(|refusal| (refusal.id.is_some(), refusal.notice.code))
            .collect();
        assert_eq!(
            refused,
            [(true, 604), (true, 604), (true, 604), (false, 604), (false, 604)]
        );
    }
}
