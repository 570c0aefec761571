//! A push with to whom and when it goes.
//!
//! Left out: states ([`crate::campaign`]) and sending. Invariant: what passes [`PushPlan::check`] asks nothing that is not known of somebody
//! who is not on a page.

use crate::FieldError;
use crate::event;
use crate::experiment::{Arm, CONTROL, Experiment, PushVariant};
use crate::goal::Goal;
use crate::notification::{Given, PushMessage};
use crate::push_when::Clocks;
pub use crate::push_when::Sending;
use crate::segment::{Rules, Subject};
use crate::time::Timestamp;
use crate::trigger::Where;
use crate::winner::Winner;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The longest that a push waits after an event: 30 days, in minutes.
const LONGEST_WAIT: u32 = 43_200;
/// The longest that it then leaves somebody alone: a year, in hours.
const LONGEST_SILENCE: u32 = 8_760;
/// The event of a new subscriber, beside the events of the owner's pages.
const SUBSCRIBED: &str = "Push Subscribed";

/// A push, its recipients and its moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushPlan {
    /// The message; variant A where there are several.
    pub push: PushMessage,
    /// Which of the subscribers get it; empty: all.
    pub audience: Rules,
    /// When and how fast.
    pub send: Sending,
    /// Sent to each one after an event of theirs, again and again, rather than once to all.
    pub on_event: Option<OnEvent>,
    /// Sent to those whom a program names, when it asks.
    pub on_request: Option<OnRequest>,
    /// Variants and control group.
    pub experiment: Experiment<PushVariant>,
    /// What it is for.
    pub goal: Option<Goal>,
    /// A test first, and the best of it to all others.
    pub winner: Option<Winner>,
}

/// That programs ask for a push, naming its recipients.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnRequest {
    /// What a program would send along, for the preview and to judge the size; what the texts read of `data` and is not in here has a default.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub sample: Map<String, Value>,
}

/// After which event somebody gets a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnEvent {
    /// Name of the event; `Push Subscribed` for a welcome.
    pub event: String,
    /// Tests of its properties, all of which have to pass.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Where>,
    /// Minutes from the event to the push, 0..=43200.
    #[serde(default)]
    pub after_minutes: u32,
    /// An event that makes it needless when it comes in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<String>,
    /// Hours in which a person gets it once at most, 0..=8760.
    #[serde(default = "one_day")]
    pub silence_hours: u32,
}

fn one_day() -> u32 {
    24
}

impl OnEvent {
    /// Whether an event is the one.
    pub fn meets(&self, name: &str, props: &Map<String, Value>, now: Timestamp) -> bool {
        self.event == name
            && self
                .filters
                .iter()
                .all(|filter| filter.test.passes(props.get(&filter.name), now))
    }

    /// When the push is due after an event at `at`.
    pub fn due(&self, at: Timestamp) -> Timestamp {
        at.plus_ms(i64::from(self.after_minutes) * 60_000)
    }

    /// Milliseconds in which a person gets it once at most.
    pub fn silence_ms(&self) -> i64 {
        i64::from(self.silence_hours) * 3_600_000
    }

    /// It in plain language, as the end of a sentence.
    pub fn words(&self) -> String {
        let after = match self.after_minutes {
            0 => "at once after".to_owned(),
            1 => "1 minute after".to_owned(),
            n if n % 1_440 == 0 => plural(n / 1_440, "day"),
            n if n % 60 == 0 => plural(n / 60, "hour"),
            n => plural(n, "minute"),
        };
        let unless = self.unless.as_ref().map_or_else(String::new, |event| {
            format!(", unless they did “{event}” meanwhile")
        });
        let often = match self.silence_hours {
            0 => String::new(),
            n => format!(", at most once in {n} {}", if n == 1 { "hour" } else { "hours" }),
        };
        format!("{after} “{}”{unless}{often}", self.event)
    }

    fn check(&self, errors: &mut Vec<FieldError>) {
        let is_own = |name: &str| event::clean_name(name, &mut Vec::new()).as_deref() == Ok(name);
        if self.event != SUBSCRIBED && !is_own(&self.event) {
            let message =
                "Name an event of your page, for example Added To Cart, or Push Subscribed for a welcome.";
            errors.push(FieldError::new("on_event.event", message));
        }
        for (at, filter) in self.filters.iter().enumerate() {
            errors.extend(filter.test.check(&format!("on_event.where[{at}]")));
        }
        if self.after_minutes > LONGEST_WAIT {
            let message = "A push waits for at most 43200 minutes (30 days) after an event.";
            errors.push(FieldError::new("on_event.after_minutes", message));
        }
        if self.unless.as_deref().is_some_and(|name| !is_own(name)) {
            let message = "Name an event of your page, for example Charged, or leave it out.";
            errors.push(FieldError::new("on_event.unless", message));
        }
        if self.silence_hours > LONGEST_SILENCE {
            let message = "The silence is at most 8760 hours (a year).";
            errors.push(FieldError::new("on_event.silence_hours", message));
        }
    }
}

fn plural(n: u32, unit: &str) -> String {
    format!("{n} {unit}{} after", if n == 1 { "" } else { "s" })
}

impl PushPlan {
    /// A message to all subscribers, at once.
    pub fn new(push: PushMessage) -> Self {
        Self {
            push,
            audience: Rules::default(),
            send: Sending::default(),
            on_event: None,
            experiment: Experiment::default(),
            goal: None,
            winner: None,
            on_request: None,
        }
    }

    /// The message of a variant by its index.
    pub fn variant(&self, index: usize) -> &PushMessage {
        index
            .checked_sub(1)
            .and_then(|at| self.experiment.variants.get(at))
            .map_or(&self.push, |variant| &variant.push)
    }

    /// The messages of all variants, A first.
    pub fn messages(&self) -> impl Iterator<Item = &PushMessage> {
        std::iter::once(&self.push).chain(self.experiment.variants.iter().map(Arm::message))
    }

    /// Whether it goes to all once, so that some can wait for the winner of a test; else the winner goes to everybody from then on.
    pub fn is_sent_once(&self) -> bool {
        !self.goes_on() && self.send.repeat.is_none()
    }

    /// Whether people are counted by the variant that they got.
    pub fn is_compared(&self) -> bool {
        !self.experiment.is_one() || self.goal.is_some()
    }

    /// About how many of `reached` are in which group: variants and control, and whoever waits for the winner as `rest`.
    pub fn groups(&self, reached: u64) -> Vec<(String, u64)> {
        if self.experiment.is_one() {
            return Vec::new();
        }
        let tested = self.winner.filter(|_| self.is_sent_once());
        let percent = tested.map_or(100, |winner| u64::from(winner.test_percent));
        let shares = self.experiment.shares().max(1);
        let of = |weight: u32, percent: u64| {
            let part = u128::from(reached) * u128::from(weight) * u128::from(percent);
            u64::try_from(part / u128::from(shares) / 100).unwrap_or(u64::MAX)
        };
        let mut groups = vec![(
            self.experiment.name(0).to_owned(),
            of(self.experiment.weight, percent),
        )];
        let further = self.experiment.variants.iter();
        groups.extend(further.map(|variant| (variant.name.clone(), of(variant.weight, percent))));
        if self.experiment.control > 0 {
            groups.push((CONTROL.to_owned(), of(self.experiment.control, 100)));
        }
        let given: u64 = groups.iter().map(|(_, n)| n).sum();
        let left = reached.saturating_sub(given);
        if tested.is_some() {
            groups.push(("rest".to_owned(), left));
        } else if let Some((_, first)) = groups.first_mut() {
            // What rounding leaves.
            *first += left;
        }
        groups
    }

    /// Variants, control group and winner in words: sentences of their own, or nothing.
    pub fn experiment_words(&self) -> String {
        if self.experiment.is_one() {
            return String::new();
        }
        let share = |weight| format!("{:.0} %", self.experiment.percent(weight));
        let mut groups = vec![format!("A {}", share(self.experiment.weight))];
        let further = self.experiment.variants.iter();
        groups.extend(further.map(|variant| format!("{} {}", variant.name, share(variant.weight))));
        if self.experiment.control > 0 {
            let control = share(self.experiment.control);
            groups.push(format!("a control group of {control} that gets nothing"));
        }
        let winner = self.winner.map_or_else(String::new, |winner| {
            format!(" {}", winner.words(self.is_sent_once()))
        });
        format!("People are parted into {}.{winner}", groups.join(", "))
    }

    /// What it does, in one sentence of plain language; `when` is its moment in words.
    pub fn sentence(&self, when: &str) -> String {
        let who = if self.audience.is_empty() {
            "all subscribers".to_owned()
        } else {
            format!("subscribers with {}", self.audience.words())
        };
        let (pace, more) = self.send.limits_words();
        let whole = match &self.on_event {
            _ if self.on_request.is_some() => {
                format!("Goes to those whom a program names, when it asks.{more} ")
            }
            Some(on_event) => format!("Goes to {who}, to each {}.{more} ", on_event.words()),
            None => format!("Goes to {who} {when}{pace}.{more} "),
        };
        let whole = whole + &self.experiment_words();
        whole.trim_end().to_owned()
    }

    /// The name that its texts may read beside those of every push.
    pub fn given(&self) -> Option<&'static str> {
        match (&self.on_event, &self.on_request) {
            (Some(_), _) => Some(Given::EVENT),
            (None, Some(_)) => Some(Given::DATA),
            (None, None) => None,
        }
    }

    /// Whether it goes to one after the other until it is stopped, rather than once to all.
    pub fn goes_on(&self) -> bool {
        self.given().is_some()
    }

    /// All that stands between the plan and its start.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = self.push.check(self.given());
        errors.extend(self.audience.check("audience"));
        self.audience.each("audience", &mut |field, rule| {
            if is_about_a_page(rule.is) {
                let message = format!(
                    "Whoever gets a push is on no page, so nothing is known of the {}. Remove this rule.",
                    rule.is.words()
                );
                errors.push(FieldError::new(format!("{field}.is"), message));
            }
        });
        if let Some(on_event) = &self.on_event {
            on_event.check(&mut errors);
        }
        if self.on_request.is_some() {
            for (field, is_there) in [
                ("on_event", self.on_event.is_some()),
                ("audience", !self.audience.is_empty()),
            ] {
                if is_there {
                    let message = "A push that programs ask for has its recipients and its moment from them. Remove one of the two.";
                    errors.push(FieldError::new(field, message));
                }
            }
        }
        self.send.check(self.goes_on(), &mut errors);
        self.check_experiment(&mut errors);
        errors
    }

    fn check_experiment(&self, errors: &mut Vec<FieldError>) {
        errors.extend(self.experiment.check(self.given()));
        for (at, variant) in self.experiment.variants.iter().enumerate() {
            // Who is away longer would get one message and not the other, and the comparison would be of something else.
            if variant.push.ttl_seconds != self.push.ttl_seconds {
                let field = format!("experiment.variants[{at}].push.ttl_seconds");
                let message =
                    "All variants are kept equally long for browsers that are away. Give it the time of A.";
                errors.push(FieldError::new(field, message));
            }
        }
        if let Some(goal) = &self.goal {
            errors.extend(goal.check());
        }
        if let Some(winner) = &self.winner {
            errors.extend(winner.check(&self.experiment, self.goal.is_some()));
            if self.on_request.is_some() {
                let message = "A push that programs ask for has no test: each recipient gets a variant by its share. Leave the winner out.";
                errors.push(FieldError::new("winner", message));
            }
            if self.is_sent_once() && self.send.zone == Clocks::Recipient {
                let message = "By the recipients’ clocks the moment is over for some before a test is decided. Send at one moment for all, or leave the winner out.";
                errors.push(FieldError::new("winner", message));
            }
        }
    }
}

/// Whether a subject is known only while somebody is on a page.
pub fn is_about_a_page(subject: Subject) -> bool {
    matches!(
        subject,
        Subject::Url | Subject::Path | Subject::Query | Subject::Referrer | Subject::PageNumber
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_about_a_page_are_refused_in_every_depth() {
        let push =
            serde_json::from_value(json!({"title": "T", "url": "https://shop.example.com/"})).expect("push");
        let mut plan = PushPlan::new(push);
        assert_eq!(plan.check(), Vec::new());
        assert_eq!(plan.sentence("at once"), "Goes to all subscribers at once.");
        plan.audience = serde_json::from_value(json!({"rules": [
            {"is": "property", "name": "plan", "op": "is", "value": "pro"},
            {"is": "group", "group": {"match": "any", "rules": [{"is": "path", "op": "is", "value": "/a"}]}},
        ]}))
        .expect("rules");
        plan.send.per_minute = Some(0);
        let fields: Vec<String> = plan.check().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["audience.rules[1].group.rules[0].is", "send.per_minute"]);
        plan.send.per_minute = Some(600);
        plan.audience.rules.pop();
        assert_eq!(
            plan.sentence("at once"),
            "Goes to subscribers with property “plan” is pro at once, at most 600 messages a minute."
        );
    }
    #[test]
    fn after_an_event_in_words_and_within_bounds() {
        let push =
            serde_json::from_value(json!({"title": "T", "url": "https://shop.example.com/"})).expect("push");
        let mut plan = PushPlan::new(push);
        let on_event = json!({"event": "Added To Cart", "after_minutes": 30, "unless": "Charged"});
        plan.on_event = Some(serde_json::from_value(on_event).expect("an event"));
        assert_eq!(plan.check(), Vec::new());
        assert_eq!(
            plan.sentence(""),
            "Goes to all subscribers, to each 30 minutes after “Added To Cart”, unless they did “Charged” meanwhile, \
             at most once in 24 hours."
        );
        let welcome = json!({"event": "Push Subscribed", "silence_hours": 0});
        plan.on_event = Some(serde_json::from_value(welcome).expect("an event"));
        assert_eq!(plan.check(), Vec::new());
        let wrong = json!({"event": "Notification Viewed", "after_minutes": 43201, "unless": " ", "silence_hours": 9000});
        plan.on_event = Some(serde_json::from_value(wrong).expect("an event"));
        plan.send.per_minute = Some(5);
        let fields: Vec<String> = plan.check().into_iter().map(|error| error.field).collect();
        assert_eq!(
            fields,
            [
                "on_event.event",
                "on_event.after_minutes",
                "on_event.unless",
                "on_event.silence_hours",
                "send"
            ]
        );
    }
}
