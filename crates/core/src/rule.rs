//! One test of one value: the operators that pages, properties and events are asked with.
//!
//! Words are compared without regard to case; numbers as numbers where both sides are; a list passes when one of its entries does.
//! Regular expressions run in time linear in the text, are bounded in size, and are compiled once. Left out: which value is tested
//! (`segment`, `trigger`). Invariant: a test that [`Test::check`] accepts never fails to run and costs at most a pass over the text.

use crate::FieldError;
use crate::time::Timestamp;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::OnceLock;

/// Longest regular expression, characters.
const PATTERN_CHARS: usize = 300;
/// Largest compiled regular expression, bytes.
const PATTERN_BYTES: usize = 128 * 1024;
/// Most values in a list to compare with.
const MOST_VALUES: usize = 100;
/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The same, or one of a list.
    #[default]
    Is,
    /// Neither the same nor one of a list.
    IsNot,
    /// Text inside, or an entry of a list.
    Contains,
    /// Not inside.
    NotContains,
    /// Begins with.
    Starts,
    /// Ends with.
    Ends,
    /// A regular expression finds something.
    Regex,
    /// There is a value.
    Set,
    /// There is none.
    NotSet,
    /// Greater.
    More,
    /// Less.
    Less,
    /// Greater or the same.
    AtLeast,
    /// Less or the same.
    AtMost,
    /// A moment within the last n days.
    LastDays,
    /// A moment longer than n days ago.
    BeforeDays,
}

impl Op {
    /// Every operator.
    pub const ALL: [Self; 15] = [
        Self::Is,
        Self::IsNot,
        Self::Contains,
        Self::NotContains,
        Self::Starts,
        Self::Ends,
        Self::Regex,
        Self::Set,
        Self::NotSet,
        Self::More,
        Self::Less,
        Self::AtLeast,
        Self::AtMost,
        Self::LastDays,
        Self::BeforeDays,
    ];

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsNot => "is_not",
            Self::Contains => "contains",
            Self::NotContains => "not_contains",
            Self::Starts => "starts",
            Self::Ends => "ends",
            Self::Regex => "regex",
            Self::Set => "set",
            Self::NotSet => "not_set",
            Self::More => "more",
            Self::Less => "less",
            Self::AtLeast => "at_least",
            Self::AtMost => "at_most",
            Self::LastDays => "last_days",
            Self::BeforeDays => "before_days",
        }
    }

    /// The words of a sentence, before the value.
    pub fn words(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsNot => "is not",
            Self::Contains => "contains",
            Self::NotContains => "does not contain",
            Self::Starts => "starts with",
            Self::Ends => "ends with",
            Self::Regex => "matches",
            Self::Set => "is known",
            Self::NotSet => "is not known",
            Self::More => "is more than",
            Self::Less => "is less than",
            Self::AtLeast => "is at least",
            Self::AtMost => "is at most",
            Self::LastDays => "is within the last days:",
            Self::BeforeDays => "is longer ago than days:",
        }
    }

    /// Whether it compares with nothing.
    pub fn is_unary(self) -> bool {
        matches!(self, Self::Set | Self::NotSet)
    }
}

/// An operator with what it compares with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Test {
    /// How.
    #[serde(default)]
    pub op: Op,
    /// With what: text, number, yes or no, or a list of them.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
    #[serde(skip)]
    ready: Ready,
}

/// What is made of a test at its first use; takes no part in comparing tests.
#[derive(Debug, Clone, Default)]
struct Ready {
    /// The compiled expression.
    pattern: OnceLock<Option<Regex>>,
    /// What it compares with as texts, in lower case.
    folded: OnceLock<Vec<String>>,
}

impl PartialEq for Ready {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Test {}

impl Test {
    /// A test.
    pub fn new(op: Op, value: impl Into<Value>) -> Self {
        Self {
            op,
            value: value.into(),
            ready: Ready::default(),
        }
    }

    /// What is wrong with it, named under `field`.
    pub fn check(&self, field: &str) -> Option<FieldError> {
        let fault = |message: String| Some(FieldError::new(format!("{field}.value"), message));
        if self.op.is_unary() {
            return None;
        }
        let size = match &self.value {
            Value::Null | Value::Object(_) => return fault("Say what to compare with.".to_owned()),
            Value::Array(list) if list.is_empty() => {
                return fault("Say at least one value to compare with.".to_owned());
            }
            Value::Array(list) if list.len() > MOST_VALUES => {
                return fault(format!(
                    "At most {MOST_VALUES} values. Use a regular expression, or several rules."
                ));
            }
            Value::Array(list) => list
                .iter()
                .map(|value| shown(value).chars().count())
                .max()
                .unwrap_or(0),
            value => shown(value).chars().count(),
        };
        if size > 1024 {
            return fault("The value is longer than 1024 characters. Shorten it.".to_owned());
        }
        match self.op {
            Op::Regex => {
                let Some(text) = self.value.as_str() else {
                    return fault("A regular expression is a text.".to_owned());
                };
                if text.chars().count() > PATTERN_CHARS {
                    return fault(format!(
                        "The expression is longer than {PATTERN_CHARS} characters. Shorten it."
                    ));
                }
                match compile(text) {
                    Ok(_) => None,
                    Err(regex::Error::CompiledTooBig(_)) => fault(
                        "The expression repeats so much that it would be too large to run. Use smaller counts.".to_owned(),
                    ),
                    Err(problem) => {
                        let text = problem.to_string();
                        let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                        fault(format!("The expression cannot be read: {reason}. Look-ahead and back-references are not supported."))
                    }
                }
            }
            Op::More | Op::Less | Op::AtLeast | Op::AtMost
                if self.value.is_array() || self.value.is_boolean() =>
            {
                fault("Compare with one number, or with one date like 2026-11-30.".to_owned())
            }
            Op::LastDays | Op::BeforeDays
                if number(&self.value).is_none_or(|days| !(0.0..=3660.0).contains(&days)) =>
            {
                fault("Say a number of days, 0 to 3660.".to_owned())
            }
            _ => None,
        }
    }

    /// Whether `value` passes. `now` is for days.
    pub fn passes(&self, value: Option<&Value>, now: Timestamp) -> bool {
        let value = value.filter(|value| !value.is_null());
        match self.op {
            Op::Set => value.is_some_and(|value| value.as_str() != Some("")),
            Op::NotSet => value.is_none_or(|value| value.as_str() == Some("")),
            Op::IsNot => value.is_none_or(|value| !any(value, |one| self.same(one))),
            Op::NotContains => value.is_none_or(|value| !any(value, |one| self.found(&shown(one)))),
            Op::Is => value.is_some_and(|value| any(value, |one| self.same(one))),
            Op::Contains => value.is_some_and(|value| any(value, |one| self.found(&shown(one)))),
            _ => value.is_some_and(|value| any(value, |one| self.compares(one, now))),
        }
    }

    /// Whether a text passes.
    pub fn passes_text(&self, text: &str, now: Timestamp) -> bool {
        match self.op {
            Op::Regex => self.matches(text),
            Op::Set => !text.is_empty(),
            Op::NotSet => text.is_empty(),
            Op::Is => self.same_text(text),
            Op::IsNot => !self.same_text(text),
            Op::Contains => self.found(text),
            Op::NotContains => !self.found(text),
            Op::Starts | Op::Ends => self.edges(text),
            _ => self.passes(Some(&Value::String(text.to_owned())), now),
        }
    }

    /// Whether a number passes.
    pub fn passes_number(&self, n: u32, now: Timestamp) -> bool {
        self.passes(Some(&Value::from(n)), now)
    }

    fn wanted(&self) -> &[Value] {
        match &self.value {
            Value::Array(list) => list,
            one => std::slice::from_ref(one),
        }
    }

    fn folded(&self) -> &[String] {
        self.ready.folded.get_or_init(|| {
            self.wanted()
                .iter()
                .map(|wanted| fold(&shown(wanted)).into_owned())
                .collect()
        })
    }

    fn same(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.same_text(text),
            value => self.wanted().iter().any(|wanted| equal(value, wanted)),
        }
    }

    fn same_text(&self, text: &str) -> bool {
        // The lower case of ASCII is compared without being written down.
        let lower = (!text.is_ascii()).then(|| fold(text));
        self.wanted()
            .iter()
            .zip(self.folded())
            .any(|(wanted, folded)| match (wanted, &lower) {
                (Value::String(_), None) => text.eq_ignore_ascii_case(folded),
                (Value::String(wanted), Some(lower)) => text == wanted || lower.as_ref() == folded,
                (wanted, _) => equal_text(text, wanted),
            })
    }

    fn found(&self, text: &str) -> bool {
        let text = fold(text);
        self.folded().iter().any(|wanted| text.contains(wanted.as_str()))
    }

    fn edges(&self, text: &str) -> bool {
        let text = fold(text);
        self.folded().iter().any(|wanted| {
            if self.op == Op::Starts {
                text.starts_with(wanted.as_str())
            } else {
                text.ends_with(wanted.as_str())
            }
        })
    }

    fn compares(&self, value: &Value, now: Timestamp) -> bool {
        match self.op {
            Op::Regex => self.matches(&shown(value)),
            Op::Starts | Op::Ends => self.edges(&shown(value)),
            Op::More | Op::Less | Op::AtLeast | Op::AtMost => {
                let order = match (number(value), number(&self.value)) {
                    (Some(left), Some(right)) => left.partial_cmp(&right),
                    // Dates as they are usually written sort as texts.
                    _ => match (value.as_str(), self.value.as_str()) {
                        (Some(left), Some(right)) => Some(left.cmp(right)),
                        _ => None,
                    },
                };
                order.is_some_and(|order| match self.op {
                    Op::More => order.is_gt(),
                    Op::Less => order.is_lt(),
                    Op::AtLeast => order.is_ge(),
                    _ => order.is_le(),
                })
            }
            Op::LastDays | Op::BeforeDays => {
                let (Some(at), Some(days)) = (moment(value), number(&self.value)) else {
                    return false;
                };
                let age = now.since(at);
                let limit = (days * DAY_MS as f64) as i64;
                if self.op == Op::LastDays {
                    age <= limit
                } else {
                    age > limit
                }
            }
            _ => false,
        }
    }

    fn matches(&self, text: &str) -> bool {
        let compiled = self
            .ready
            .pattern
            .get_or_init(|| self.value.as_str().and_then(|text| compile(text).ok()));
        compiled.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(text)
        .size_limit(PATTERN_BYTES)
        .dfa_size_limit(PATTERN_BYTES)
        .nest_limit(30)
        .build()
}

fn any(value: &Value, mut passes: impl FnMut(&Value) -> bool) -> bool {
    match value {
        Value::Array(list) => list.iter().any(passes),
        one => passes(one),
    }
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(text), other) | (other, Value::String(text)) => equal_text(text, other),
        (Value::Bool(left), Value::Bool(right)) => left == right,
        _ => close(number(left), number(right)),
    }
}

fn equal_text(text: &str, other: &Value) -> bool {
    match other {
        Value::String(other) => text == other || fold(text) == fold(other),
        Value::Bool(truth) => text.eq_ignore_ascii_case(if *truth { "true" } else { "false" }),
        other => close(number_of(text), number(other)),
    }
}

fn close(left: Option<f64>, right: Option<f64>) -> bool {
    left.zip(right)
        .is_some_and(|(left, right)| (left - right).abs() < f64::EPSILON)
}

/// A value as a number, also when it was sent as a text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64().filter(|number| number.is_finite()),
        Value::String(text) => number_of(text),
        _ => None,
    }
}

fn number_of(text: &str) -> Option<f64> {
    let text = text.trim();
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A value as a moment: ms since 1970, a date, or a date with time.
fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(_) => {
            let number = number(value)?;
            // Seconds or milliseconds: no date of interest lies before 1973 in milliseconds.
            let ms = if number.abs() < 1e11 {
                number * 1000.0
            } else {
                number
            };
            Some(Timestamp(ms as i64))
        }
        Value::String(text) => {
            let text = text.trim().trim_start_matches("$D_");
            if let Ok(at) = text.parse::<jiff::Timestamp>() {
                return Some(Timestamp(at.as_millisecond()));
            }
            if let Ok(date) = text.parse::<jiff::civil::Date>() {
                let at = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
                return Some(Timestamp(at.timestamp().as_millisecond()));
            }
            text.parse::<f64>().ok().and_then(|n| moment(&Value::from(n)))
        }
        _ => None,
    }
}

/// A value as a reader sees it.
pub fn shown(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        Value::Array(list) => Cow::Owned(
            list.iter()
                .map(|one| shown(one).into_owned())
                .collect::<Vec<_>>()
                .join(", "),
        ),
        other => Cow::Owned(other.to_string()),
    }
}

/// Lower case, without a copy where it is already.
fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        // A glance over bytes instead of a table for each character; over all of them, which goes sixteen at a time.
        let upper = text
            .bytes()
            .fold(false, |upper, b| upper | b.is_ascii_uppercase());
        return if upper {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    if text.chars().any(char::is_uppercase) {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn passes(op: Op, wanted: Value, value: &Value) -> bool {
        let test = Test::new(op, wanted);
        assert_eq!(test.check("t"), None);
        test.passes(Some(value), NOW)
    }

    #[test]
    fn words_numbers_lists_and_days() {
        assert!(passes(Op::Is, json!("Gold"), &json!("gold")));
        assert!(passes(Op::Is, json!(["silver", "gold"]), &json!("GOLD")));
        assert!(passes(Op::Is, json!(3), &json!("3")));
        assert!(passes(Op::IsNot, json!("gold"), &json!("silver")));
        assert!(passes(Op::Contains, json!("jug"), &json!(["Blue jug", "Bowl"])));
        assert!(!passes(
            Op::NotContains,
            json!("jug"),
            &json!(["Blue jug", "Bowl"])
        ));
        assert!(passes(Op::Starts, json!("/sale"), &json!("/Sale/jugs")));
        assert!(passes(Op::Ends, json!(".pdf"), &json!("a.PDF")));
        assert!(passes(Op::Regex, json!("^/p/[0-9]+$"), &json!("/p/42")));
        assert!(passes(Op::More, json!(40), &json!("40.5")));
        assert!(!passes(Op::More, json!(40), &json!("many")));
        assert!(passes(Op::AtMost, json!("2026-11-30"), &json!("2026-11-30")));
        assert!(passes(Op::LastDays, json!(2), &json!(NOW.ms() - DAY_MS)));
        assert!(passes(Op::BeforeDays, json!(2), &json!("2020-01-01")));
        assert!(Test::new(Op::IsNot, "x").passes(None, NOW));
        assert!(!Test::new(Op::Is, "x").passes(None, NOW));
        assert!(Test::new(Op::NotSet, Value::Null).passes(None, NOW));
        assert!(Test::new(Op::Set, Value::Null).passes(Some(&json!(0)), NOW));
    }

    #[test]
    fn expressions_are_bounded() {
        let message = |op, value: Value| Test::new(op, value).check("when.rules[0]").expect("refused");
        assert!(
            message(Op::Regex, json!("(a{1000}){1000}"))
                .message
                .contains("too large")
        );
        assert!(message(Op::Regex, json!("(")).message.contains("cannot be read"));
        assert!(message(Op::Regex, json!("x".repeat(301))).message.contains("300"));
        assert_eq!(message(Op::Is, Value::Null).field, "when.rules[0].value");
        // A classic bomb runs in one pass.
        let bomb = Test::new(Op::Regex, "(a+)+$");
        assert!(!bomb.passes_text(&format!("{}!", "a".repeat(50_000)), NOW));
    }
}
