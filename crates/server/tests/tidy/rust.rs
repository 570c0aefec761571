//! Just enough of Rust's grammar to tell code from comments and text, and to read which modules a file names.
//!
//! Left out: macros, and everything else that a compiler knows. Invariant: blanked code has the lines of the original.

/// A Rust file taken apart.
pub(crate) struct Source {
    /// The code: comments, strings and characters blanked, line breaks kept.
    pub(crate) code: String,
    /// Every string literal: the line on which it begins (from 1) and what stands between its quotes.
    pub(crate) strings: Vec<(usize, String)>,
}

/// Takes a file apart.
pub(crate) fn parse(text: &str) -> Source {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut strings = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let rest = &chars[at..];
        let begins = |mark: &str| mark.chars().eq(rest.iter().copied().take(mark.chars().count()));
        // What is left of an identifier is not the prefix of a raw string.
        let after_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
        let (length, literal) = if begins("//") {
            (rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()), None)
        } else if begins("/*") {
            (block_comment(rest), None)
        } else if !after_word && let Some((length, open, close)) = raw_string(rest) {
            (length, Some((open, close)))
        } else if rest[0] == '"' {
            let length = quoted(rest, '"');
            (length, Some((1, 1)))
        } else if rest[0] == '\'' && is_character(rest) {
            (quoted(rest, '\''), None)
        } else {
            code.push(rest[0]);
            line += usize::from(rest[0] == '\n');
            at += 1;
            continue;
        };
        if let Some((open, close)) = literal {
            let end = length.saturating_sub(close).max(open);
            strings.push((line, rest[open..end].iter().collect()));
            code.push('"');
        }
        for c in &rest[..length] {
            code.push(if *c == '\n' { '\n' } else { ' ' });
            line += usize::from(*c == '\n');
        }
        if literal.is_some() {
            code.push('"');
        }
        at += length;
    }
    Source { code, strings }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at + 1 < rest.len() {
        match (rest[at], rest[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// Length of a raw string that begins here, and of its opening and closing marks.
fn raw_string(rest: &[char]) -> Option<(usize, usize, usize)> {
    let prefix = match rest {
        ['r', ..] => 1,
        ['b' | 'c', 'r', ..] => 2,
        _ => return None,
    };
    let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
    let open = prefix + hashes + 1;
    if rest.get(open - 1) != Some(&'"') {
        return None;
    }
    let close = hashes + 1;
    let end = (open..rest.len()).find(|at| {
        rest[*at] == '"' && rest[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
    })?;
    Some((end + close, open, close))
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `'a'` and `'\n'`, but not the lifetime `'a`.
fn is_character(rest: &[char]) -> bool {
    matches!(rest, ['\'', '\\', ..] | ['\'', _, '\'', ..])
}

/// Every path that begins with `root::`, groups spread out: `use crate::{a::{b, c}, d}` gives a::b, a::c and d. With its line.
pub(crate) fn paths(code: &str, root: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mark = format!("{root}::");
    let mut from = 0;
    while let Some(step) = code[from..].find(&mark) {
        let start = from + step;
        from = start + mark.len();
        let before = code[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let line = code[..start].matches('\n').count() + 1;
        let mut leaves = Vec::new();
        spread(&code[from..], &[], &mut leaves);
        found.extend(leaves.into_iter().map(|leaf| (line, leaf)));
    }
    found
}

/// Reads one path or group; returns what is left behind it.
fn spread<'a>(code: &'a str, above: &[String], leaves: &mut Vec<Vec<String>>) -> &'a str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        loop {
            rest = rest.trim_start().trim_start_matches(',').trim_start();
            if rest.is_empty() {
                return rest;
            }
            if let Some(behind) = rest.strip_prefix('}') {
                return behind;
            }
            let left = spread(rest, above, leaves);
            if left.len() == rest.len() {
                return rest;
            }
            rest = left;
        }
    }
    let end = code
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*'))
        .unwrap_or(code.len());
    let mut path = above.to_vec();
    path.push(code[..end].to_owned());
    let rest = &code[end..];
    if let Some(behind) = rest.strip_prefix("::") {
        return spread(behind, &path, leaves);
    }
    leaves.push(path);
    // `as name` of a `use`.
    let trimmed = rest.trim_start();
    match trimmed.strip_prefix("as ") {
        Some(renamed) => renamed
            .trim_start()
            .trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        None => rest,
    }
}

#[test]
fn code_is_told_from_text() {
    let source = parse(
        "let a = \"crate::x \\\" {\"; // crate::y\nlet b: &'static str = r#\"raw \" text\"#; /* crate::z /* in */ */ let c = '\"'; use crate::w;",
    );
    assert_eq!(source.strings.len(), 2);
    assert_eq!(source.strings[1], (2, "raw \" text".to_owned()));
    assert_eq!(paths(&source.code, "crate"), [(2, vec!["w".to_owned()])]);
}

#[test]
fn groups_are_spread() {
    let found: Vec<String> = paths(
        "use crate::{a::{b, c as d}, e::*};\nfn f() { crate::g::h(1) }",
        "crate",
    )
    .into_iter()
    .map(|(_, path)| path.join("::"))
    .collect();
    assert_eq!(found, ["a::b", "a::c", "e::*", "g::h"]);
}
