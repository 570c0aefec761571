//! Event names and properties, and the limits on them.
//!
//! The limits, reserved names and codes are those that users of the documented API know (1024 characters, three levels,
//! 100 keys; codes 510 to 545). What breaks a limit is cut or left out and reported; the good part is kept. Left out:
//! what events mean. Invariant: a cleaned map serialises to at most [`MAX_PROPS_BYTES`].

use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Display;

/// Longest name, key or text value, in characters.
pub const MAX_CHARS: usize = 1024;
/// Levels of nesting.
pub const MAX_DEPTH: usize = 3;
/// Keys in all, over all levels.
pub const MAX_KEYS: usize = 100;
/// Elements of one array.
pub const MAX_ELEMENTS: usize = 100;
/// Bytes of all properties together, as JSON.
pub const MAX_PROPS_BYTES: usize = 32 * 1024;

/// Names that only the system raises.
pub const RESERVED_NAMES: &[&str] = &[
    "Stayed",
    "UTM Visited",
    "App Launched",
    "Notification Sent",
    "Notification Viewed",
    "Notification Clicked",
    "Notification Dismissed",
    "Notification Closed",
    "Page Viewed",
    "Session Started",
    "Permission Prompt",
    "Push Subscribed",
    "Push Unsubscribed",
    "Popup Answered",
];

/// Something that was cut, left out or refused, for the console and the reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Stable number; see the table in the guide.
    pub code: u16,
    /// Which part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What happened and what to do, as a sentence.
    pub message: String,
}

impl Notice {
    /// A notice about `field`.
    pub fn new(code: u16, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            field: Some(field.into()),
            message: message.into(),
        }
    }

    /// A notice about the whole operation.
    pub fn whole(code: u16, message: impl Into<String>) -> Self {
        Self {
            code,
            field: None,
            message: message.into(),
        }
    }
}

/// Cleans an event's name; `Err` when nothing usable is left. Too long a name is cut and reported.
pub fn clean_name(name: &str, notices: &mut Vec<Notice>) -> Result<String, Notice> {
    let cleaned = strip(name, true);
    if cleaned.is_empty() {
        return Err(Notice::new(
            512,
            "name",
            "The event has no name. Give it one; it was not kept.",
        ));
    }
    if RESERVED_NAMES
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(&cleaned))
    {
        return Err(Notice::new(
            513,
            "name",
            format!(
                "“{cleaned}” is a name that only the system raises. Choose another; the event was not kept."
            ),
        ));
    }
    Ok(cut(
        cleaned,
        || Notice::new(510, "name", "The event's name was cut to 1024 characters."),
        notices,
    ))
}

/// Cleans properties level by level; `path` names the root in notices, for example `props`.
pub fn clean_props(props: Map<String, Value>, path: &str, notices: &mut Vec<Notice>) -> Map<String, Value> {
    let mut cleaner = Cleaner {
        keys_left: MAX_KEYS,
        notices,
    };
    let mut cleaned = cleaner.object(props, path, 1);
    while json_bytes(&cleaned) > MAX_PROPS_BYTES {
        let Some(largest) = cleaned
            .iter()
            .max_by_key(|(_, value)| json_bytes(value))
            .map(|(key, _)| key.clone())
        else {
            break;
        };
        cleaned.remove(&largest);
        notices.push(Notice::new(
            544,
            format!("{path}.{largest}"),
            format!(
                "All properties together are larger than {MAX_PROPS_BYTES} bytes; the largest was left out."
            ),
        ));
    }
    cleaned
}

fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |bytes| bytes.len())
}

struct Cleaner<'a> {
    keys_left: usize,
    notices: &'a mut Vec<Notice>,
}

impl Cleaner<'_> {
    fn note(&mut self, code: u16, path: impl Display, message: &str) {
        // One hostile batch must not become a megabyte of notices.
        if self.notices.len() < 50 {
            self.notices.push(Notice::new(code, path.to_string(), message));
        }
    }

    fn object(&mut self, object: Map<String, Value>, path: &str, depth: usize) -> Map<String, Value> {
        let mut kept = Map::new();
        for (key, value) in object {
            let key = strip(&key, true);
            if key.is_empty() {
                self.note(512, path, "A property without a name was left out.");
                continue;
            }
            let key = cut(
                key,
                || Notice::new(520, path, "A property's name was cut to 1024 characters."),
                self.notices,
            );
            if self.keys_left == 0 {
                self.note(544, path, "More than 100 properties; the rest was left out.");
                break;
            }
            self.keys_left -= 1;
            let here = format!("{path}.{key}");
            if let Some(value) = self.value(value, &here, depth) {
                kept.insert(key, value);
            }
        }
        kept
    }

    fn value(&mut self, value: Value, path: &str, depth: usize) -> Option<Value> {
        match value {
            Value::Null => {
                self.note(545, path, "An empty value was left out.");
                None
            }
            Value::String(text) => {
                let text = strip(&text, false);
                let text = cut(
                    text,
                    || Notice::new(521, path, "A value was cut to 1024 characters."),
                    self.notices,
                );
                Some(Value::String(text))
            }
            Value::Bool(_) | Value::Number(_) => Some(value),
            Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => {
                self.note(
                    541,
                    path,
                    "Nested deeper than three levels; the deeper part was left out.",
                );
                None
            }
            Value::Array(mut elements) => {
                if elements.len() > MAX_ELEMENTS {
                    elements.truncate(MAX_ELEMENTS);
                    self.note(543, path, "More than 100 elements; the rest was left out.");
                }
                let kept: Vec<Value> = elements
                    .into_iter()
                    .filter_map(|element| self.value(element, path, depth + 1))
                    .collect();
                Some(Value::Array(kept))
            }
            Value::Object(object) => Some(Value::Object(self.object(object, path, depth + 1))),
        }
    }
}

/// Takes out the characters that the documented API does not keep, control characters, and outer spaces.
fn strip(text: &str, is_key: bool) -> String {
    let kept: String = text
        .chars()
        .filter(|&c| !(matches!(c, '\'' | '"' | '\\' | '\0') || is_key && matches!(c, '.' | ':' | '$')))
        .collect();
    kept.trim().to_owned()
}

fn cut(text: String, notice: impl FnOnce() -> Notice, notices: &mut Vec<Notice>) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => {
            notices.push(notice());
            text[..end].to_owned()
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn clean(value: Value) -> (Value, Vec<u16>) {
        let Value::Object(map) = value else {
            panic!("an object")
        };
        let mut notices = Vec::new();
        let cleaned = clean_props(map, "props", &mut notices);
        (
            Value::Object(cleaned),
            notices.into_iter().map(|notice| notice.code).collect(),
        )
    }

    #[test]
    fn names() {
        let mut notices = Vec::new();
        assert_eq!(
            clean_name(" Added 'To' Cart: ", &mut notices).expect("kept"),
            "Added To Cart"
        );
        assert_eq!(
            clean_name("notification viewed", &mut notices)
                .expect_err("reserved")
                .code,
            513
        );
        assert_eq!(
            clean_name(" ..'' ", &mut notices).expect_err("nothing left").code,
            512
        );
        assert!(notices.is_empty());
        assert_eq!(
            clean_name(&"é".repeat(2000), &mut notices)
                .expect("kept")
                .chars()
                .count(),
            1024
        );
        assert_eq!(notices[0].code, 510);
    }

    #[test]
    fn the_good_part_is_kept() {
        assert_eq!(
            clean(json!({"a": 1, "b": null, "c": "it's"})),
            (json!({"a": 1, "c": "its"}), vec![545])
        );
        let (deep, codes) = clean(json!({"a": {"b": {"c": {"d": 1}, "e": 2}}}));
        assert_eq!((deep, codes), (json!({"a": {"b": {"e": 2}}}), vec![541]));
        let (many, codes) = clean(json!({"list": (0..150).collect::<Vec<_>>()}));
        assert_eq!(many["list"].as_array().map(Vec::len), Some(100));
        assert_eq!(codes, [543]);
        let wide: Map<String, Value> = (0..150).map(|i| (format!("k{i}"), json!(i))).collect();
        let (kept, codes) = clean(Value::Object(wide));
        assert_eq!(kept.as_object().map(Map::len), Some(100));
        assert_eq!(codes, [544]);
        let (long, codes) = clean(json!({"k": "x".repeat(3000)}));
        assert_eq!(long["k"].as_str().map(str::len), Some(1024));
        assert_eq!(codes, [521]);
    }

    #[test]
    fn all_together_stays_bounded() {
        let wide: Map<String, Value> = (0..100)
            .map(|i| (format!("k{i}"), json!("x".repeat(1024))))
            .collect();
        let (kept, codes) = clean(Value::Object(wide));
        assert!(json_bytes(&kept) <= MAX_PROPS_BYTES);
        assert!(codes.iter().all(|code| *code == 544));
    }
}
