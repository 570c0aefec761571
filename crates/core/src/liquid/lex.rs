//! Cuts a template into literal text, outputs and tags, and a tag's inside into words.
//!
//! Comments end here, `raw` becomes text, and whitespace control is applied. Left out: what tags mean. Invariant: every
//! piece knows the byte at which it begins in the source.

use super::syntax::{begins_name, continues_name};

/// What is wrong, and the byte at which.
#[derive(Debug)]
pub(super) struct Fault {
    /// Byte of the source.
    pub(super) at: usize,
    /// What is wrong and what to do.
    pub(super) message: String,
}

impl Fault {
    /// A fault at `at`.
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}

/// A piece of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'s> {
    /// Literal text.
    Text { text: &'s str, at: usize },
    /// The inside of `{{ }}`: where the tag begins, where the inside begins.
    Output { inside: &'s str, at: usize, from: usize },
    /// The inside of `{% %}`, likewise.
    Tag { inside: &'s str, at: usize, from: usize },
}

/// Cuts `source` into pieces.
pub(super) fn cut(source: &str) -> Result<Vec<Piece<'_>>, Fault> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut trim_next = false;
    while at < source.len() {
        let open = find_open(source, at);
        let end = open.unwrap_or(source.len());
        let trims = open.is_some_and(|open| source[open + 2..].starts_with('-'));
        push_text(&mut pieces, source, at..end, trim_next, trims);
        let Some(open) = open else { break };
        let tag = close(source, open)?;
        trim_next = tag.trims_after;
        at = tag.end;
        let inside = &source[tag.inside.clone()];
        if !tag.is_tag {
            pieces.push(Piece::Output {
                inside,
                at: open,
                from: tag.inside.start,
            });
            continue;
        }
        let word = inside.trim();
        if word.starts_with('#') {
            continue;
        }
        if word == "comment" {
            let end = end_of_comment(source, open, at)?;
            trim_next = end.trims_after;
            at = end.end;
        } else if word == "raw" {
            let (start, end) = end_tag(source, at, "endraw").ok_or_else(|| {
                Fault::new(
                    open,
                    "this {% raw %} is never closed: add {% endraw %} after the text",
                )
            })?;
            let trims = source[start + 2..].starts_with('-');
            push_text(&mut pieces, source, at..start, trim_next, trims);
            trim_next = end.trims_after;
            at = end.end;
        } else {
            pieces.push(Piece::Tag {
                inside,
                at: open,
                from: tag.inside.start,
            });
        }
    }
    Ok(pieces)
}

/// Adds literal text without the whitespace that its neighbours take away.
fn push_text<'s>(
    pieces: &mut Vec<Piece<'s>>,
    source: &'s str,
    range: std::ops::Range<usize>,
    trim_start: bool,
    trim_end: bool,
) {
    let mut text = &source[range.clone()];
    let mut at = range.start;
    if trim_start {
        let trimmed = text.trim_start();
        at += text.len() - trimmed.len();
        text = trimmed;
    }
    if trim_end {
        text = text.trim_end();
    }
    if !text.is_empty() {
        pieces.push(Piece::Text { text, at });
    }
}

/// The next `{{` or `{%`.
fn find_open(source: &str, from: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    (from..bytes.len().saturating_sub(1))
        .find(|&at| bytes[at] == b'{' && matches!(bytes[at + 1], b'{' | b'%'))
}

/// Where a tag's inside stands and where the tag ends.
struct Closed {
    inside: std::ops::Range<usize>,
    end: usize,
    trims_after: bool,
    is_tag: bool,
}

/// Finds the end of the tag or output that opens at `open`; quoted text may hold anything.
fn close(source: &str, open: usize) -> Result<Closed, Fault> {
    let bytes = source.as_bytes();
    let is_tag = bytes[open + 1] == b'%';
    let last = if is_tag { b'%' } else { b'}' };
    let mut start = open + 2;
    if bytes.get(start) == Some(&b'-') {
        start += 1;
    }
    let is_remark = source[start..].trim_start().starts_with('#');
    let mut quote = None;
    let mut at = start;
    while at < bytes.len() {
        let byte = bytes[at];
        match quote {
            Some(mark) if byte == mark => quote = None,
            None if byte == last && bytes.get(at + 1) == Some(&b'}') => {
                let trims_after = at > start && bytes[at - 1] == b'-';
                return Ok(Closed {
                    inside: start..at - usize::from(trims_after),
                    end: at + 2,
                    trims_after,
                    is_tag,
                });
            }
            None if (byte == b'"' || byte == b'\'') && !is_remark => quote = Some(byte),
            Some(_) | None => {}
        }
        at += 1;
    }
    let (shown, missing) = if is_tag { ("{%", "%}") } else { ("{{", "}}") };
    Err(Fault::new(
        open,
        if quote.is_some() {
            format!(
                "this {shown} holds a text whose quote is never closed: close the quote, then write {missing}"
            )
        } else {
            format!(
                "this {shown} is never closed: write {missing} after it, or {{% raw %}}{shown}{{% endraw %}} for the characters themselves"
            )
        },
    ))
}

/// The tag `{% name %}` after `from`, whatever else stands there: its beginning and its end.
fn end_tag(source: &str, from: usize, name: &str) -> Option<(usize, Closed)> {
    let mut at = from;
    while let Some(found) = source[at..].find("{%") {
        let open = at + found;
        if let Some(tag) = word_tag(source, open, name) {
            return Some((open, tag));
        }
        at = open + 2;
    }
    None
}

/// The tag at `open` if it is `{% name %}` with nothing else in it.
fn word_tag(source: &str, open: usize, name: &str) -> Option<Closed> {
    let rest = &source[open + 2..];
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let rest = rest.trim_start().strip_prefix(name)?.trim_start();
    let trims_after = rest.starts_with('-');
    let rest = rest.strip_prefix('-').unwrap_or(rest).strip_prefix("%}")?;
    let end = source.len() - rest.len();
    Some(Closed {
        inside: end..end,
        end,
        trims_after,
        is_tag: true,
    })
}

/// The `{% endcomment %}` that belongs to the comment at `open`; comments may stand in comments.
fn end_of_comment(source: &str, open: usize, from: usize) -> Result<Closed, Fault> {
    let mut depth = 1_u32;
    let mut at = from;
    while let Some(found) = source[at..].find("{%") {
        let here = at + found;
        at = here + 2;
        if word_tag(source, here, "comment").is_some() {
            depth += 1;
        } else if let Some(tag) = word_tag(source, here, "endcomment") {
            depth -= 1;
            if depth == 0 {
                return Ok(tag);
            }
        }
    }
    Err(Fault::new(
        open,
        "this {% comment %} is never closed: add {% endcomment %}",
    ))
}

/// A word of a tag.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name.
    Name(String),
    /// A text in quotes.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// A sign: `.` `..` `[` `]` `(` `)` `,` `:` `|` `=` or a comparison.
    Sign(&'static str),
}

/// Longest name in bytes.
const MAX_NAME: usize = 256;

/// Signs, longest first.
const SIGNS: &[&str] = &[
    "..", "==", "!=", "<>", "<=", ">=", "<", ">", "=", ".", "[", "]", "(", ")", ",", ":", "|",
];

/// Cuts the inside of a tag, which begins at byte `from`, into words.
pub(super) fn words(inside: &str, from: usize) -> Result<Vec<(Word, usize)>, Fault> {
    let mut found = Vec::new();
    let mut rest = inside;
    loop {
        rest = rest.trim_start();
        let at = from + inside.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(found);
        };
        let second = rest[first.len_utf8()..].chars().next();
        let word = if first == '"' || first == '\'' {
            let Some(end) = rest[1..].find(first) else {
                return Err(Fault::new(at, "a text is not closed: write its second quote"));
            };
            let text = rest[1..=end].to_owned();
            rest = &rest[end + 2..];
            Word::Text(text)
        } else if first.is_ascii_digit() || first == '-' && second.is_some_and(|next| next.is_ascii_digit()) {
            let (word, length) = number(rest, at)?;
            rest = &rest[length..];
            word
        } else if begins_name(first) {
            let mut end = rest.find(|c| !continues_name(c)).unwrap_or(rest.len());
            if rest[end..].starts_with('?') {
                end += 1;
            }
            if end > MAX_NAME {
                return Err(Fault::new(at, "this name is too long: write a shorter one"));
            }
            let name = rest[..end].to_owned();
            rest = &rest[end..];
            Word::Name(name)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            rest = &rest[sign.len()..];
            Word::Sign(sign)
        } else {
            return Err(Fault::new(
                at,
                format!("“{first}” means nothing here: take it out, or put text in quotes"),
            ));
        };
        found.push((word, at));
    }
}

/// The number at the beginning of `rest`, and how long it is.
fn number(rest: &str, at: usize) -> Result<(Word, usize), Fault> {
    let bytes = rest.as_bytes();
    let mut end = 1;
    while bytes.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    let fraction = bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    if fraction {
        end += 1;
        while bytes.get(end).is_some_and(u8::is_ascii_digit) {
            end += 1;
        }
    }
    let text = &rest[..end];
    let word = if fraction {
        text.parse()
            .ok()
            .filter(|float: &f64| float.is_finite())
            .map(Word::Float)
    } else {
        text.parse().ok().map(Word::Int)
    };
    word.map(|word| (word, end))
        .ok_or_else(|| Fault::new(at, "this number is too large: write a smaller one"))
}
