//! Rules about a visitor: who they are, what they did, what they use, and where they are now.
//!
//! One list of rules serves the audience of a campaign and the conditions of its trigger; this is the only place that decides one. SQL may
//! narrow, it never decides. Left out: single comparisons ([`crate::rule`]) and storage. Invariant: bounded in rules and depth, and every
//! rule can be said in words with the value that was seen.

use crate::FieldError;
use crate::activity::Activity;
use crate::rule::{Op, Test, shown};
use crate::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Most rules of one campaign, groups included.
pub const MOST_RULES: usize = 100;
/// Deepest nesting of groups.
const DEEPEST: usize = 3;

/// Whether all rules have to hold, or one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Match {
    #[default]
    All,
    Any,
}

/// A list of rules; an empty one holds for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// All or any.
    #[serde(default, rename = "match")]
    pub how: Match,
    /// The rules.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A property of the profile, by `name`.
    Property,
    /// How often the event `name` was done, ever or in the last `days`.
    Event,
    /// When the event `name` was first done.
    FirstEvent,
    /// When the event `name` was last done.
    LastEvent,
    /// `phone`, `tablet` or `desktop`.
    Device,
    /// Family of the browser.
    Browser,
    /// Operating system.
    System,
    /// Language of the browser, for example `en-GB`.
    Language,
    /// ISO 3166 code of the country, from the owner's own file.
    Country,
    /// A UTM parameter with which the session began, by `name`: `source`, `medium`, `campaign`, `term`, `content`.
    Utm,
    /// Whether the visitor is known by an identity.
    Identified,
    /// Whether this person can be reached by push.
    Subscribed,
    /// What the visitor chose to hear of by push, one of several.
    Topic,
    /// The whole address of the page.
    Url,
    /// Its path.
    Path,
    /// A parameter of its query, by `name`.
    Query,
    /// The address that led here.
    Referrer,
    /// Which page of the session this is, from 1.
    PageNumber,
    /// Which session of the device this is, from 1; 1 is the first visit.
    SessionNumber,
    /// Rules of their own.
    Group,
}

impl Subject {
    /// Every subject, in the order in which an editor offers them.
    pub const ALL: [Self; 20] = [
        Self::Path,
        Self::Url,
        Self::Query,
        Self::Referrer,
        Self::PageNumber,
        Self::SessionNumber,
        Self::Property,
        Self::Event,
        Self::FirstEvent,
        Self::LastEvent,
        Self::Device,
        Self::Browser,
        Self::System,
        Self::Language,
        Self::Country,
        Self::Utm,
        Self::Identified,
        Self::Subscribed,
        Self::Topic,
        Self::Group,
    ];

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Property => "property",
            Self::Event => "event",
            Self::FirstEvent => "first_event",
            Self::LastEvent => "last_event",
            Self::Device => "device",
            Self::Browser => "browser",
            Self::System => "system",
            Self::Language => "language",
            Self::Country => "country",
            Self::Utm => "utm",
            Self::Identified => "identified",
            Self::Subscribed => "subscribed",
            Self::Topic => "topic",
            Self::Url => "url",
            Self::Path => "path",
            Self::Query => "query",
            Self::Referrer => "referrer",
            Self::PageNumber => "page_number",
            Self::SessionNumber => "session_number",
            Self::Group => "group",
        }
    }

    /// The words of a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Property => "property",
            Self::Event => "times of event",
            Self::FirstEvent => "first time of event",
            Self::LastEvent => "last time of event",
            Self::Device => "device",
            Self::Browser => "browser",
            Self::System => "operating system",
            Self::Language => "language",
            Self::Country => "country",
            Self::Utm => "UTM",
            Self::Identified => "logged in",
            Self::Subscribed => "subscribed to push",
            Self::Topic => "topic of push",
            Self::Url => "page address",
            Self::Path => "page path",
            Self::Query => "query parameter",
            Self::Referrer => "referrer",
            Self::PageNumber => "page of the visit",
            Self::SessionNumber => "visit",
            Self::Group => "group",
        }
    }

    /// Whether it needs a `name`.
    pub fn is_named(self) -> bool {
        matches!(
            self,
            Self::Property | Self::Event | Self::FirstEvent | Self::LastEvent | Self::Utm | Self::Query
        )
    }

    /// The operators that make sense for it.
    pub fn ops(self) -> &'static [Op] {
        const TEXT: &[Op] = &[
            Op::Is,
            Op::IsNot,
            Op::Contains,
            Op::NotContains,
            Op::Starts,
            Op::Ends,
            Op::Regex,
            Op::Set,
            Op::NotSet,
        ];
        const NUMBER: &[Op] = &[Op::AtLeast, Op::AtMost, Op::Is, Op::IsNot, Op::More, Op::Less];
        const MOMENT: &[Op] = &[Op::LastDays, Op::BeforeDays, Op::Set, Op::NotSet];
        match self {
            Self::Property => &Op::ALL,
            Self::Event | Self::PageNumber | Self::SessionNumber => NUMBER,
            Self::FirstEvent | Self::LastEvent => MOMENT,
            Self::Identified | Self::Subscribed | Self::Group => &[Op::Is],
            Self::Device | Self::Browser | Self::System | Self::Country => {
                &[Op::Is, Op::IsNot, Op::Set, Op::NotSet]
            }
            Self::Topic => &[
                Op::Is,
                Op::IsNot,
                Op::Contains,
                Op::NotContains,
                Op::Set,
                Op::NotSet,
            ],
            _ => TEXT,
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is about.
    pub is: Subject,
    /// Which one, for subjects that have names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How it is compared.
    #[serde(default)]
    pub op: Op,
    /// With what.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
    /// For `event`: only the last so many days, today included; none: ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// For `group`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Rules>,
    #[serde(skip)]
    test: Compiled,
}

/// The comparison of a rule, made at its first use.
#[derive(Debug, Clone, Default)]
struct Compiled(std::sync::OnceLock<Test>);

impl PartialEq for Compiled {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Compiled {}

/// What a visitor uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device<'a> {
    /// `phone`, `tablet` or `desktop`.
    pub kind: &'a str,
    /// Family of the browser, or empty.
    pub browser: &'a str,
    /// Operating system, or empty.
    pub system: &'a str,
    /// Language, or empty.
    pub language: &'a str,
    /// What they chose to hear of by push.
    pub topics: &'a [String],
    /// Country, or empty.
    pub country: &'a str,
    /// What the browser says of its permission for push: `default` (not asked yet), `granted`, `denied`, `unsupported`; empty where it is not known.
    pub permission: &'a str,
    /// Whether this person can be reached by push.
    pub subscribed: bool,
}

/// Where a visitor is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page<'a> {
    /// Address of the page, or empty; made by [`Page::at`].
    pub url: &'a str,
    /// Its path: nearly every rule asks for it, so it is looked for once.
    pub path: &'a str,
    /// Address that led here, or empty.
    pub referrer: &'a str,
    /// Title of the page, or empty.
    pub title: &'a str,
    /// Which page of the session, from 1.
    pub number: u32,
    /// Which session of the device, from 1.
    pub session: u32,
}

impl<'a> Page<'a> {
    /// A page at `url`. Its path is `/` at least.
    pub fn at(url: &'a str) -> Self {
        // Over bytes: what is looked for is ASCII.
        let find = |text: &str, wanted: &[u8]| text.bytes().position(|b| wanted.contains(&b));
        let scheme = url.as_bytes().windows(3).position(|part| part == b"://");
        let after = scheme.map_or(url, |at| {
            let rest = &url[at + 3..];
            find(rest, b"/?#").map_or("", |at| &rest[at..])
        });
        let path = &after[..find(after, b"?#").unwrap_or(after.len())];
        Self {
            url,
            path: if path.is_empty() { "/" } else { path },
            ..Self::default()
        }
    }

    /// The value of a parameter of the query, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.url.split_once('?')?;
        let query = query.split('#').next().unwrap_or_default();
        // Only what may be it is decoded.
        let may_be = |pair: &&str| {
            let key = pair.split('=').next().unwrap_or_default();
            key == name || key.contains(['%', '+'])
        };
        query
            .split('&')
            .filter(may_be)
            .filter_map(|pair| url::form_urlencoded::parse(pair.as_bytes()).next())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// Everything that rules are about.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Now.
    pub now: Timestamp,
    /// Today in the account's zone, in which days are counted.
    pub today: Day,
    /// Properties of the profile.
    pub properties: &'a Map<String, Value>,
    /// Whether the profile has an identity.
    pub identified: bool,
    /// What the person has done.
    pub activity: &'a Activity,
    /// UTM parameters of the session, without `utm_`.
    pub utm: &'a BTreeMap<String, String>,
    /// What the visitor uses.
    pub device: &'a Device<'a>,
    /// Where the visitor is.
    pub page: &'a Page<'a>,
}

impl Rules {
    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// How many rules there are, groups and what is in them included.
    pub fn count(&self) -> usize {
        self.rules
            .iter()
            .map(|rule| 1 + rule.group.as_ref().map_or(0, Self::count))
            .sum()
    }

    /// Every rule that is no group, with the path under which it stands.
    pub fn each(&self, field: &str, visit: &mut dyn FnMut(&str, &Rule)) {
        for (at, rule) in self.rules.iter().enumerate() {
            let field = format!("{field}.rules[{at}]");
            match &rule.group {
                Some(group) if rule.is == Subject::Group => group.each(&format!("{field}.group"), visit),
                _ => visit(&field, rule),
            }
        }
    }

    /// What is wrong with them, named under `field`.
    pub fn check(&self, field: &str) -> Vec<FieldError> {
        let count = self.count();
        if count > MOST_RULES {
            let message = format!(
                "{count} rules are more than the {MOST_RULES} that one campaign may have. Use lists of values, or several campaigns."
            );
            return vec![FieldError::new(format!("{field}.rules"), message)];
        }
        let mut errors = Vec::new();
        self.check_into(field, 1, &mut errors);
        errors
    }

    fn check_into(&self, field: &str, depth: usize, errors: &mut Vec<FieldError>) {
        for (at, rule) in self.rules.iter().enumerate() {
            let field = format!("{field}.rules[{at}]");
            if rule.is == Subject::Group {
                match &rule.group {
                    Some(group) if depth < DEEPEST => {
                        group.check_into(&format!("{field}.group"), depth + 1, errors);
                    }
                    Some(_) => errors.push(FieldError::new(
                        format!("{field}.group"),
                        format!("Groups go {DEEPEST} deep. Move the rules one level up."),
                    )),
                    None => errors.push(FieldError::new(
                        format!("{field}.group"),
                        "A group needs its rules in “group”.",
                    )),
                }
                continue;
            }
            if rule.is.is_named() && (rule.name.trim().is_empty() || rule.name.chars().count() > 1024) {
                errors.push(FieldError::new(
                    format!("{field}.name"),
                    format!("Say which {} it is about.", rule.is.words()),
                ));
            }
            if !rule.is.ops().contains(&rule.op) {
                let ops: Vec<&str> = rule.is.ops().iter().map(|op| op.name()).collect();
                errors.push(FieldError::new(
                    format!("{field}.op"),
                    format!(
                        "“{}” does not go with {}. Use one of: {}.",
                        rule.op.name(),
                        rule.is.words(),
                        ops.join(", ")
                    ),
                ));
            } else if matches!(rule.is, Subject::Identified | Subject::Subscribed) {
                if !rule.value.is_boolean() {
                    errors.push(FieldError::new(format!("{field}.value"), "Say true or false."));
                }
            } else {
                errors.extend(rule.test().check(&field));
            }
            if rule.days.is_some_and(|days| days == 0 || days > 90) {
                errors.push(FieldError::new(
                    format!("{field}.days"),
                    "The days that are counted apart are the last 1 to 90.",
                ));
            }
        }
    }

    /// Whether they hold.
    pub fn hold(&self, facts: &Facts<'_>) -> bool {
        match self.how {
            Match::All => self.rules.iter().all(|rule| rule.holds(facts)),
            Match::Any => self.rules.is_empty() || self.rules.iter().any(|rule| rule.holds(facts)),
        }
    }

    /// The rules in words.
    pub fn words(&self) -> String {
        let joint = if self.how == Match::All { " and " } else { " or " };
        self.rules.iter().map(Rule::words).collect::<Vec<_>>().join(joint)
    }

    /// What is seen of the rule that decides: the first that does not hold (all), or every one (any).
    pub fn seen(&self, facts: &Facts<'_>) -> String {
        let failing = self.rules.iter().find(|rule| !rule.holds(facts));
        if let (Match::All, Some(rule)) = (self.how, failing) {
            return rule.seen(facts);
        }
        let mut seen: Vec<String> = self.rules.iter().map(|rule| rule.seen(facts)).collect();
        seen.dedup();
        seen.join(", ")
    }
}

impl Rule {
    /// A rule about something without a name.
    pub fn new(is: Subject, op: Op, value: impl Into<Value>) -> Self {
        Self {
            is,
            name: String::new(),
            op,
            value: value.into(),
            days: None,
            group: None,
            test: Compiled::default(),
        }
    }

    /// The same about something with a name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    fn test(&self) -> &Test {
        self.test.0.get_or_init(|| Test::new(self.op, self.value.clone()))
    }

    fn times(&self, facts: &Facts<'_>) -> u32 {
        let Some(done) = facts.activity.of(&self.name) else {
            return 0;
        };
        match self.days {
            None => done.count,
            Some(days) => done.since(facts.today.back(days.saturating_sub(1))),
        }
    }

    fn holds(&self, facts: &Facts<'_>) -> bool {
        let (test, now) = (self.test(), facts.now);
        let moment = |at: Option<Timestamp>| test.passes(at.map(|at| Value::from(at.ms())).as_ref(), now);
        let yes = |truth: bool| self.value.as_bool() == Some(truth);
        match self.is {
            Subject::Property => test.passes(facts.properties.get(&self.name), now),
            Subject::Event => test.passes_number(self.times(facts), now),
            Subject::FirstEvent => moment(facts.activity.of(&self.name).map(|done| done.first)),
            Subject::LastEvent => moment(facts.activity.of(&self.name).map(|done| done.last)),
            Subject::Device => test.passes_text(facts.device.kind, now),
            Subject::Browser => test.passes_text(facts.device.browser, now),
            Subject::System => test.passes_text(facts.device.system, now),
            Subject::Language => test.passes_text(facts.device.language, now),
            Subject::Country => test.passes_text(facts.device.country, now),
            Subject::Utm => test.passes_text(facts.utm.get(&self.name).map_or("", String::as_str), now),
            Subject::Identified => yes(facts.identified),
            Subject::Subscribed => yes(facts.device.subscribed),
            Subject::Topic => {
                let topics = facts.device.topics;
                let list = (!topics.is_empty()).then(|| Value::from(topics));
                test.passes(list.as_ref(), now)
            }
            Subject::Url => test.passes_text(facts.page.url, now),
            Subject::Path => test.passes_text(facts.page.path, now),
            Subject::Query => test.passes_text(&facts.page.query(&self.name).unwrap_or_default(), now),
            Subject::Referrer => test.passes_text(facts.page.referrer, now),
            Subject::PageNumber => test.passes_number(facts.page.number, now),
            Subject::SessionNumber => test.passes_number(facts.page.session, now),
            Subject::Group => self.group.as_ref().is_none_or(|group| group.hold(facts)),
        }
    }

    /// The rule in words.
    pub fn words(&self) -> String {
        let value = match &self.value {
            Value::Array(list) => list
                .iter()
                .map(|one| shown(one).into_owned())
                .collect::<Vec<_>>()
                .join(" or "),
            one => shown(one).into_owned(),
        };
        match self.is {
            Subject::Group => format!("({})", self.group.as_ref().map(Rules::words).unwrap_or_default()),
            Subject::Identified if self.value == Value::Bool(true) => "logged in".to_owned(),
            Subject::Identified => "not logged in".to_owned(),
            Subject::Subscribed if self.value == Value::Bool(true) => "subscribed to push".to_owned(),
            Subject::Subscribed => "not subscribed to push".to_owned(),
            Subject::SessionNumber if self.op == Op::Is && self.value.as_u64() == Some(1) => {
                "first visit".to_owned()
            }
            Subject::SessionNumber if self.op == Op::AtLeast && self.value.as_u64() == Some(2) => {
                "returning".to_owned()
            }
            Subject::Event => {
                let within = self
                    .days
                    .map_or_else(String::new, |days| format!(" in the last {days} days"));
                match (self.op, self.value.as_u64()) {
                    (Op::AtLeast, Some(1)) => format!("did “{}”{within}", self.name),
                    (Op::AtMost | Op::Is, Some(0)) => format!("did not do “{}”{within}", self.name),
                    _ => format!(
                        "times of “{}”{within} {} {value}",
                        self.name,
                        about_number(self.op)
                    ),
                }
            }
            _ => {
                let what = if self.is.is_named() {
                    format!("{} “{}”", self.is.words(), self.name)
                } else {
                    self.is.words().to_owned()
                };
                if self.op.is_unary() {
                    format!("{what} {}", self.op.words())
                } else {
                    format!("{what} {} {value}", self.op.words())
                }
            }
        }
    }

    /// The value that is seen.
    pub fn seen(&self, facts: &Facts<'_>) -> String {
        let text = |text: &str| {
            if text.is_empty() {
                "nothing".to_owned()
            } else {
                text.chars().take(200).collect()
            }
        };
        let moment = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
        match self.is {
            Subject::Property => text(
                &facts
                    .properties
                    .get(&self.name)
                    .map(|value| shown(value).into_owned())
                    .unwrap_or_default(),
            ),
            Subject::Event => format!("{} times", self.times(facts)),
            Subject::FirstEvent => moment(facts.activity.of(&self.name).map(|done| done.first)),
            Subject::LastEvent => moment(facts.activity.of(&self.name).map(|done| done.last)),
            Subject::Device => text(facts.device.kind),
            Subject::Browser => text(facts.device.browser),
            Subject::System => text(facts.device.system),
            Subject::Language => text(facts.device.language),
            Subject::Topic => text(&facts.device.topics.join(", ")),
            Subject::Country => text(facts.device.country),
            Subject::Utm => text(facts.utm.get(&self.name).map_or("", String::as_str)),
            Subject::Identified => if facts.identified {
                "logged in"
            } else {
                "not logged in"
            }
            .to_owned(),
            Subject::Subscribed => if facts.device.subscribed {
                "subscribed"
            } else {
                "not subscribed"
            }
            .to_owned(),
            Subject::Url => text(facts.page.url),
            Subject::Path => text(facts.page.path),
            Subject::Query => text(&facts.page.query(&self.name).unwrap_or_default()),
            Subject::Referrer => text(facts.page.referrer),
            Subject::PageNumber => format!("page {}", facts.page.number),
            Subject::SessionNumber => format!("visit {}", facts.page.session),
            Subject::Group => self
                .group
                .as_ref()
                .map(|group| group.seen(facts))
                .unwrap_or_default(),
        }
    }
}

fn about_number(op: Op) -> &'static str {
    match op {
        Op::AtLeast => "are at least",
        Op::AtMost => "are at most",
        Op::More => "are more than",
        Op::Less => "are less than",
        Op::IsNot => "are not",
        _ => "are",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn holds(rules: Value) -> (bool, String, String) {
        let rules: Rules = serde_json::from_value(rules).expect("rules");
        assert_eq!(rules.check("audience"), Vec::new());
        let zone = Zone::utc();
        let mut activity = Activity::default();
        for days in [1, 3, 40] {
            let at = NOW.plus_ms(-days * crate::rule::DAY_MS);
            activity.note("Charged", at, Day::of(at, &zone));
        }
        let properties = json!({"plan": "Gold", "tags": ["tea", "jugs"], "spent": 41.5});
        let device = Device {
            kind: "phone",
            browser: "Firefox",
            country: "PT",
            ..Device::default()
        };
        let page = Page {
            referrer: "https://search.example.com/",
            number: 3,
            session: 2,
            ..Page::at("https://shop.example.com/Sale/jugs?utm_source=letter&q=a%20b#top")
        };
        let utm = BTreeMap::from([("source".to_owned(), "letter".to_owned())]);
        let facts = Facts {
            now: NOW,
            today: Day::of(NOW, &zone),
            properties: properties.as_object().expect("an object"),
            identified: true,
            activity: &activity,
            utm: &utm,
            device: &device,
            page: &page,
        };
        (rules.hold(&facts), rules.words(), rules.seen(&facts))
    }

    #[test]
    fn each_subject() {
        let yes = [
            json!({"is": "property", "name": "plan", "value": "gold"}),
            json!({"is": "property", "name": "spent", "op": "more", "value": 40}),
            json!({"is": "property", "name": "tags", "op": "contains", "value": "jug"}),
            json!({"is": "property", "name": "none", "op": "not_set"}),
            json!({"is": "event", "name": "Charged", "op": "at_least", "value": 3}),
            json!({"is": "event", "name": "Charged", "op": "is", "value": 2, "days": 7}),
            json!({"is": "event", "name": "Refunded", "op": "at_most", "value": 0}),
            json!({"is": "first_event", "name": "Charged", "op": "before_days", "value": 30}),
            json!({"is": "last_event", "name": "Charged", "op": "last_days", "value": 2}),
            json!({"is": "device", "value": ["phone", "tablet"]}),
            json!({"is": "browser", "op": "is_not", "value": "Chrome"}),
            json!({"is": "country", "value": "pt"}),
            json!({"is": "utm", "name": "source", "value": "letter"}),
            json!({"is": "identified", "value": true}),
            json!({"is": "subscribed", "value": false}),
            json!({"is": "path", "op": "starts", "value": "/sale"}),
            json!({"is": "url", "op": "regex", "value": "^https://shop[.]"}),
            json!({"is": "query", "name": "q", "value": "a b"}),
            json!({"is": "referrer", "op": "contains", "value": "search."}),
            json!({"is": "page_number", "op": "at_least", "value": 3}),
            json!({"is": "session_number", "op": "at_least", "value": 2}),
            json!({"is": "group", "group": {"match": "any", "rules": [
                {"is": "country", "value": "de"}, {"is": "path", "op": "ends", "value": "jugs"}]}}),
        ];
        for rule in &yes {
            let (holds, words, seen) = holds(json!({"rules": [rule]}));
            assert!(holds, "{rule}: {words}, seen {seen}");
        }
        assert!(holds(json!({"rules": yes})).0);
        assert!(holds(json!({})).0);
        let (no, words, seen) = holds(json!({"rules": [
            {"is": "event", "name": "Charged", "op": "at_least", "value": 1, "days": 30},
            {"is": "property", "name": "plan", "value": ["silver", "tin"]}]}));
        assert!(!no);
        assert_eq!(
            words,
            "did “Charged” in the last 30 days and property “plan” is silver or tin"
        );
        assert_eq!(seen, "Gold");
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let check = |rules: Value| -> Vec<String> {
            let rules: Rules = serde_json::from_value(rules).expect("rules");
            rules
                .check("audience")
                .into_iter()
                .map(|fault| fault.field)
                .collect()
        };
        assert_eq!(
            check(json!({"rules": [{"is": "property", "value": 1}]})),
            ["audience.rules[0].name"]
        );
        assert_eq!(
            check(json!({"rules": [{"is": "device", "op": "regex", "value": "x"}]})),
            ["audience.rules[0].op"]
        );
        assert_eq!(
            check(json!({"rules": [{"is": "path"}]})),
            ["audience.rules[0].value"]
        );
        assert_eq!(
            check(json!({"rules": [{"is": "group"}]})),
            ["audience.rules[0].group"]
        );
        assert_eq!(
            check(json!({"rules": [{"is": "identified", "value": "yes"}]})),
            ["audience.rules[0].value"]
        );
        let many: Vec<Value> = (0..10_000)
            .map(|n| json!({"is": "path", "value": format!("/{n}")}))
            .collect();
        let rules: Rules = serde_json::from_value(json!({"rules": many})).expect("rules");
        let faults = rules.check("audience");
        assert_eq!(faults.len(), 1);
        assert!(faults[0].message.contains("10000 rules"), "{}", faults[0].message);
    }
}
