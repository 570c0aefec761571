//! Rules about the text of files: SQL, sizes, heads, names, attributes, paths of somebody's machine.
//!
//! Left out: formatting (rustfmt) and style (clippy). Invariant: an exemption stands here by name, with its reason.

use crate::tree::{File, files};
use crate::{report, rust};

/// Whether a string literal is SQL that reads or writes rows.
fn is_sql(text: &str) -> bool {
    let update = text
        .find("UPDATE ")
        .is_some_and(|at| text[at..].contains(" SET "));
    update
        || ["SELECT ", "INSERT INTO ", "DELETE FROM "]
            .iter()
            .any(|mark| text.contains(mark))
}

#[test]
fn sql_stands_in_the_store_and_has_a_name() {
    const PLACES: &[&str] = &["crates/server/src/store/", "crates/server/src/queue/embedded.rs"];
    /// The waist keeps its own books (schema versions, partitions) on a connection, beside the statements that it is given.
    const WAIST: &[&str] = &[
        "crates/server/src/store/db/",
        "crates/server/src/store/migrate.rs",
    ];
    let mut findings = Vec::new();
    for file in files() {
        if file.extension() != "rs"
            || !file.is_under(&["crates/core/src/", "crates/push/src/", "crates/server/src/"])
        {
            continue;
        }
        for (line, text) in rust::parse(&file.text).strings {
            if !is_sql(&text) {
                continue;
            }
            if !file.is_under(PLACES) {
                findings.push(format!(
                    "{}:{line} has SQL: it stands in crates/server/src/store/ only",
                    file.path
                ));
            } else if !file.is_under(WAIST) && !text.starts_with("-- ") {
                findings.push(format!(
                    "{}:{line}: the SQL has no name. Begin it with `-- name` and a line break; errors and logs show it",
                    file.path
                ));
            }
        }
    }
    report("SQL in the wrong place or without a name:", &findings);
}

#[test]
fn files_stay_readable() {
    const BOUNDS: &[(&[&str], usize)] = &[(&["rs", "ts", "mjs", "js", "html", "sql"], 800), (&["css"], 1200)];
    let mut findings = Vec::new();
    for file in files() {
        let bound = BOUNDS
            .iter()
            .find(|(extensions, _)| extensions.contains(&file.extension()))
            .map(|(_, bound)| *bound);
        let lines = file.text.lines().count();
        if let Some(bound) = bound
            && lines > bound
        {
            findings.push(format!(
                "{} has {lines} lines, {bound} are the most: part it by what it is about",
                file.path
            ));
        }
    }
    report("A file is too long:", &findings);
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut findings = Vec::new();
    for file in files() {
        // A shebang may stand before it.
        let text = match file.text.strip_prefix("#!") {
            Some(rest) if !rest.starts_with('[') => rest.split_once('\n').map_or("", |(_, rest)| rest),
            _ => file.text.as_str(),
        };
        let wanted: &[&str] = match file.extension() {
            "rs" => &["//! "],
            // A test's names say what it is for.
            "ts" if file.name().ends_with(".test.ts") => continue,
            "ts" | "mjs" | "js" => &["/**", "// "],
            "sql" => &["-- "],
            _ => continue,
        };
        if !wanted.iter().any(|head| text.starts_with(head)) {
            findings.push(format!(
                "{} begins without a head ({}…): what it is for, what it leaves out, its invariant",
                file.path, wanted[0]
            ));
        }
    }
    report("A file does not say what it is for:", &findings);
}

#[test]
fn no_drawers_for_everything() {
    const DRAWERS: &[&str] = &[
        "util", "utils", "common", "helper", "helpers", "manager", "service", "services", "misc", "shared",
    ];
    /// Where the word is the domain's own.
    const EXEMPT: &[(&str, &str)] = &[
        (
            "crates/lab/src/service.rs",
            "a push service is what the lab plays",
        ),
        ("crates/lab/tests/lab/service.rs", "tests of the same"),
    ];
    let mut findings = Vec::new();
    for file in files() {
        if !matches!(file.extension(), "rs" | "ts" | "mjs" | "js")
            || EXEMPT.iter().any(|(path, _)| *path == file.path)
        {
            continue;
        }
        let drawer = file
            .path
            .split('/')
            .map(|part| part.split('.').next().unwrap_or(part))
            .find(|part| DRAWERS.contains(part));
        if let Some(drawer) = drawer {
            findings.push(format!(
                "{}: “{drawer}” says nothing about what is inside; name it after that",
                file.path
            ));
        }
    }
    report("A name that says nothing:", &findings);
}

#[test]
fn lints_are_expected_with_a_reason_never_allowed() {
    let mut findings = Vec::new();
    for file in files() {
        if file.extension() != "rs" {
            continue;
        }
        let code = rust::parse(&file.text).code;
        for (number, line) in code.lines().enumerate() {
            if line.contains("#[allow(") || line.contains("#![allow(") {
                findings.push(format!(
                    "{}:{}: write #[expect(lint, reason = \"…\")]",
                    file.path,
                    number + 1
                ));
            }
        }
    }
    report("A lint is switched off for good:", &findings);
}

#[test]
fn no_path_of_somebodys_machine() {
    // Put together here, so that this file does not find itself.
    let homes = ["work", "home", "root", "Users"].map(|folder| format!("/{folder}/"));
    let mut findings = Vec::new();
    for File { path, text } in files() {
        for (number, line) in text.lines().enumerate() {
            for home in &homes {
                let found = line.match_indices(home.as_str()).any(|(at, _)| {
                    // `https://example.com/home/` and `src/work/` are no places on a machine.
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-:/}".contains(c))
                });
                if found {
                    findings.push(format!("{path}:{} names {home}", number + 1));
                }
            }
        }
    }
    report("A path of one machine stands in a file for everybody:", &findings);
}
