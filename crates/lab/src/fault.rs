//! Scripted faults: what goes wrong, on which requests, and how often.
//!
//! Left out: faults of the browser's side (a virtual browser goes offline by itself). Invariant: a rule acts exactly as often as
//! it says, also under concurrent requests, and one request meets one rule: the oldest that matches.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The answer has this status, with the body that the service would send. The subscription itself stays as it is.
    Status {
        /// 400 to 599.
        code: u16,
        /// Seconds for the `Retry-After` header.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// As `Status`, of any kind and with headers: a `Location`, a `Retry-After` that is a date, what WNS says in headers.
    Answer {
        /// 200 to 599.
        code: u16,
        /// Names and values.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// Handled normally up to so many bytes of body, 413 above: Mozilla's way to Firefox on Android takes less than 4096.
    Limit {
        /// The longest body that is taken.
        bytes: usize,
    },
    /// The request is handled normally, but only after so many milliseconds.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// The connection is closed without an answer, and with it every other request that is under way on it.
    Cut,
    /// The stream is reset with REFUSED_STREAM: the request was not looked at. Without HTTP/2 the connection is cut.
    Refused,
    /// The connection goes away (GOAWAY) in the middle: this request and those after it on the connection are not looked at, those before it
    /// are answered. Without HTTP/2 the connection is cut.
    GoAway,
}

impl Fault {
    /// Whether it is decided when a stream opens, before the message is here.
    fn is_of_connection(&self) -> bool {
        matches!(self, Self::Refused | Self::GoAway)
    }
}

/// A fault with the requests that it befalls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What goes wrong.
    pub fault: Fault,
    /// How many more requests it befalls.
    #[serde(default = "once")]
    pub times: u32,
    /// Only requests for this token.
    #[serde(default)]
    pub token: Option<String>,
    /// Only requests for this push host, for example `web.push.apple.com`.
    #[serde(default)]
    pub host: Option<String>,
}

fn once() -> u32 {
    1
}

impl Rule {
    /// `fault` for the next `times` requests, whichever they are.
    pub fn any(fault: Fault, times: u32) -> Self {
        Self {
            fault,
            times,
            token: None,
            host: None,
        }
    }

    /// `fault` for the next `times` requests to one subscription.
    pub fn on(token: &str, fault: Fault, times: u32) -> Self {
        Self {
            fault,
            times,
            token: Some(token.to_owned()),
            host: None,
        }
    }
}

/// The rules that are still to act.
#[derive(Debug, Default)]
pub(crate) struct Script {
    // Read before the lock is taken: almost always there is no rule, and the load bench sends tens of thousands a second.
    length: AtomicUsize,
    rules: Mutex<Vec<Rule>>,
}

impl Script {
    pub(crate) fn add(&self, rule: Rule) {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if rule.times > 0 {
            rules.push(rule);
        }
        self.length.store(rules.len(), Ordering::SeqCst);
    }

    pub(crate) fn clear(&self) {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.clear();
        self.length.store(0, Ordering::SeqCst);
    }

    pub(crate) fn left(&self) -> Vec<Rule> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes one turn of the oldest rule that matches a message.
    pub(crate) fn next(&self, token: &str, host: &str) -> Option<Fault> {
        self.take(token, host, |fault| !fault.is_of_connection())
    }

    /// The same for a stream that opens.
    pub(crate) fn next_of_connection(&self, token: &str, host: &str) -> Option<Fault> {
        self.take(token, host, Fault::is_of_connection)
    }

    fn take(&self, token: &str, host: &str, now: impl Fn(&Fault) -> bool) -> Option<Fault> {
        if self.length.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let matches = |rule: &Rule| {
            rule.token.as_deref().is_none_or(|wanted| wanted == token)
                && rule.host.as_deref().is_none_or(|wanted| wanted == host)
        };
        let position = rules
            .iter()
            .position(matches)
            .filter(|position| now(&rules[*position].fault))?;
        let rule = &mut rules[position];
        rule.times -= 1;
        let fault = rule.fault.clone();
        if rule.times == 0 {
            rules.remove(position);
            self.length.store(rules.len(), Ordering::SeqCst);
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_acts_as_often_as_it_says_on_what_it_names() {
        let script = Script::default();
        script.add(Rule::on("a", Fault::Cut, 2));
        script.add(Rule::any(Fault::Slow { ms: 1 }, 1));
        assert_eq!(script.next("a", "h"), Some(Fault::Cut));
        assert_eq!(script.next("b", "h"), Some(Fault::Slow { ms: 1 }));
        assert_eq!(script.next("b", "h"), None);
        assert_eq!(script.next("a", "h"), Some(Fault::Cut));
        assert_eq!(script.next("a", "h"), None);
    }

    #[test]
    fn rules_are_read_as_documented() {
        let rule: Rule =
            serde_json::from_str(r#"{"fault":{"status":{"code":429,"retry_after":2}},"times":3}"#)
                .expect("a rule");
        assert_eq!(
            rule,
            Rule::any(
                Fault::Status {
                    code: 429,
                    retry_after: Some(2)
                },
                3
            )
        );
        let rule: Rule = serde_json::from_str(r#"{"fault":{"limit":{"bytes":3070}}}"#).expect("a rule");
        assert_eq!(rule, Rule::any(Fault::Limit { bytes: 3070 }, 1));
        let text = r#"{"fault":{"answer":{"code":307,"headers":{"location":"https://a.example.com/"}}}}"#;
        let headers = [("location".to_owned(), "https://a.example.com/".to_owned())].into();
        let rule: Rule = serde_json::from_str(text).expect("a rule");
        assert_eq!(rule, Rule::any(Fault::Answer { code: 307, headers }, 1));
        let rule: Rule = serde_json::from_str(r#"{"fault":"go_away"}"#).expect("a rule");
        assert_eq!(rule, Rule::any(Fault::GoAway, 1));
        let rule: Rule = serde_json::from_str(r#"{"fault":"cut","token":"t"}"#).expect("a rule");
        assert_eq!(rule, Rule::on("t", Fault::Cut, 1));
    }
}
