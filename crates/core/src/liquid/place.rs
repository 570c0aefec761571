//! Where an output stands, and how a value is written there.
//!
//! Left out: finding out where it stands (`html.rs`). Invariant: what [`Place::write`] writes cannot leave its place: it
//! ends no text, attribute, string, address, style or script that it stands in.

use super::RenderError;
use super::value::{Trouble, text};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write;

/// Where an output stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Plain text: nothing is escaped.
    Plain,
    /// Text of an element, or an ordinary attribute in quotes.
    Markup,
    /// The beginning of an address; in HTML or alone.
    AddressStart { markup: bool },
    /// A later part of an address; in HTML or alone.
    AddressPart,
    /// Inside of a string of JavaScript.
    ScriptText,
    /// A value of JavaScript; in an attribute or in a script.
    ScriptValue { attribute: bool },
    /// Inside of a style sheet or a style attribute.
    Style,
}

impl Place {
    /// Writes `value` so that it stays here. `name` is what an error calls it.
    pub(super) fn write(
        self,
        value: &Value,
        name: &dyn Fn() -> String,
        out: &mut String,
    ) -> Result<(), RenderError> {
        if let Self::ScriptValue { attribute } = self {
            let mut script = String::new();
            write_script(value, 0, &mut script).map_err(|trouble| trouble.named(name))?;
            out.push_str(&if attribute {
                Cow::Owned(escape_html(&script))
            } else {
                Cow::Borrowed(script.as_str())
            });
            return Ok(());
        }
        let text = text(value).map_err(|trouble| trouble.named(name))?;
        let refuse = |reason: &str| RenderError::Unsafe {
            path: name(),
            reason: reason.to_owned(),
        };
        match self {
            Self::Plain | Self::ScriptValue { .. } => out.push_str(&text),
            Self::Markup => out.push_str(&escape_html(&text)),
            Self::AddressStart { markup: true } => {
                out.push_str(&escape_html(beginning(&text, true).map_err(refuse)?));
            }
            Self::AddressStart { markup: false } => out.push_str(beginning(&text, false).map_err(refuse)?),
            Self::AddressPart => percent_encode(&text, "%20", out),
            Self::ScriptText => escape_script(&text, out),
            Self::Style => out.push_str(style(&text).map_err(refuse)?),
        }
        Ok(())
    }
}

/// `text` with the five characters that mean something in HTML replaced, for text and for attributes in quotes.
pub fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// `text` as one component of an address: everything but unreserved characters (RFC 3986, 2.3) as its bytes.
pub(super) fn percent_encode(text: &str, space: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b' ' => out.push_str(space),
            _ => write!(out, "%{byte:02X}").expect("writing to a String does not fail"),
        }
    }
}

/// An address, or the beginning of one, that runs nothing. Tabs and line ends are refused since browsers drop them before
/// they look at the scheme, and a second slash since it names another host.
fn beginning(text: &str, markup: bool) -> Result<&str, &'static str> {
    let text = text.trim_matches(|c: char| c == ' ' || c.is_ascii_whitespace());
    if text.chars().any(char::is_control) {
        return Err("has control characters, which no address has");
    }
    if text.is_empty() && markup {
        return Ok(text);
    }
    let bytes = text.as_bytes();
    let is_path = bytes.first() == Some(&b'/') && !matches!(bytes.get(1), Some(b'/' | b'\\'));
    let begins = |with: &str| {
        text.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    let is_web = ["http://", "https://"]
        .iter()
        .any(|scheme| begins(scheme) && !matches!(bytes.get(scheme.len()), None | Some(b'/' | b'\\')));
    if is_path || is_web {
        return Ok(text);
    }
    let is_harmless = ["mailto:", "tel:", "#", "?", "./", "../"]
        .iter()
        .any(|start| begins(start));
    match (markup, is_harmless) {
        (true, true) => Ok(text),
        (true, false) => Err(
            "must begin with https://, http://, mailto:, tel:, /, ./, ? or # to stand first in an address",
        ),
        (false, _) => Err("must begin with https://, http:// or / to stand first in an address"),
    }
}

/// A value of a style that holds no address, no string and no end of anything.
fn style(text: &str) -> Result<&str, &'static str> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || " #%.,()-".contains(c);
    if !text.chars().all(is_allowed) {
        return Err("may only hold letters, digits, spaces and #%.,()- to stand in a style");
    }
    let lower = text.to_ascii_lowercase();
    if lower.contains("url(") || lower.contains("expression") {
        return Err("must hold no url() and no expression to stand in a style");
    }
    let mut open = 0_u32;
    for character in text.chars() {
        match character {
            '(' => open += 1,
            ')' => {
                open = open
                    .checked_sub(1)
                    .ok_or("closes a bracket that it does not open")?;
            }
            _ => {}
        }
    }
    if open > 0 {
        return Err("opens a bracket that it does not close");
    }
    Ok(text)
}

/// `text` for the inside of a string of JavaScript. All of ASCII but letters, digits and a few signs is written as a
/// number: should the place be taken for a string wrongly, what arrives is still no call and no assignment.
fn escape_script(text: &str, out: &mut String) {
    for character in text.chars() {
        let is_plain = character.is_ascii_alphanumeric() || matches!(character, ' ' | ',' | '.' | '_');
        let is_letter = !character.is_ascii()
            && !character.is_control()
            && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}');
        if is_plain || is_letter {
            out.push(character);
        } else {
            // Only characters of the basic plane come here: the others are no ASCII and no control characters.
            write!(out, "\\u{:04X}", u32::from(character)).expect("writing to a String does not fail");
        }
    }
}

/// Deepest value that is written.
const MAX_INNER: u32 = 64;

/// `value` as JSON that is JavaScript as well, its texts escaped as [`escape_script`] does.
fn write_script(value: &Value, depth: u32, out: &mut String) -> Result<(), Trouble> {
    if depth > MAX_INNER {
        return Err(Trouble::Type("is nested too deeply to be written"));
    }
    match value {
        Value::String(text) => {
            out.push('"');
            escape_script(text, out);
            out.push('"');
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                out.push(if index == 0 { '[' } else { ',' });
                write_script(item, depth + 1, out)?;
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(fields) => {
            for (index, (key, item)) in fields.iter().enumerate() {
                out.push_str(if index == 0 { "{\"" } else { ",\"" });
                escape_script(key, out);
                out.push_str("\":");
                write_script(item, depth + 1, out)?;
            }
            out.push_str(if fields.is_empty() { "{}" } else { "}" });
        }
        Value::Number(number) => {
            // The space keeps a minus sign before it from becoming `--`.
            let text = number.to_string();
            out.push_str(if text.starts_with('-') { " " } else { "" });
            out.push_str(&text);
        }
        Value::Bool(_) | Value::Null => out.push_str(&value.to_string()),
    }
    Ok(())
}
