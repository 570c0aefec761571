//! ARCHITECTURE.md is true: every source file has its line there, and what it names exists.
//!
//! In its section "Code map" a heading names a folder (`` ### `crates/core/src/` ``) and each row of a table begins with files in that
//! folder. Elsewhere a path is good when some file of the repository ends with it. Left out: whether the sentence beside a file is right.
//! Invariant: the map is short enough to be read.

use crate::report;
use crate::tree::{File, files, read};
use std::collections::BTreeSet;

const MAP: &str = "ARCHITECTURE.md";
const LONGEST: usize = 300;
/// What ends a path to a file, in prose.
const KINDS: &[&str] = &[
    "rs", "ts", "mjs", "js", "toml", "sql", "html", "css", "md", "json", "sh",
];

fn is_source(file: &File) -> bool {
    let code = matches!(file.extension(), "rs" | "ts" | "mjs");
    let crates = file.path.starts_with("crates/") && file.path.contains("/src/");
    let tests = file.path.starts_with("crates/") && file.path.contains("/tests/") && file.name() == "main.rs";
    let peer = file.is_under(&["bench/"]) && file.extension() == "py";
    peer || code && (crates || tests || file.is_under(&["sdk/src/", "e2e/", "bench/"]))
}

/// The texts between backticks of a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Files named in the code map, as paths from the root.
fn mapped(text: &str) -> BTreeSet<String> {
    let mut folder = String::new();
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        if line.starts_with("## ") {
            inside = line.contains("Code map");
        } else if inside && line.starts_with('#') {
            quoted(line).next().unwrap_or_default().clone_into(&mut folder);
        } else if inside && line.starts_with('|') {
            let cell = line.split('|').nth(1).unwrap_or_default();
            found.extend(quoted(cell).map(|name| format!("{folder}{name}")));
        }
    }
    found
}

#[test]
fn every_source_file_is_on_the_map() {
    let text = read(MAP);
    let on_map = mapped(&text);
    let files = files();
    let mut findings: Vec<String> = files
        .iter()
        .filter(|file| is_source(file) && !on_map.contains(&file.path))
        .map(|file| format!("{} is not in the code map of {MAP}: give it a row", file.path))
        .collect();
    findings.extend(
        on_map
            .iter()
            .filter(|named| !exists(&files, named))
            .map(|named| format!("{MAP} has a row for {named}, which is not there")),
    );
    report("The code map is not true:", &findings);
}

/// A file, or a folder when the name ends with a slash.
fn exists(files: &[File], named: &str) -> bool {
    files
        .iter()
        .any(|file| file.path == named || (named.ends_with('/') && file.path.starts_with(named)))
}

#[test]
fn what_the_documents_name_exists() {
    let files = files();
    let mut findings = Vec::new();
    for document in [MAP, "CONTRIBUTING.md", "README.md", "docs/data-model.md"] {
        for (number, line) in read(document).lines().enumerate() {
            for word in quoted(line).flat_map(str::split_whitespace) {
                let kind = word.rsplit_once('.').map_or("", |(_, kind)| kind);
                let path = word.contains('/')
                    && KINDS.contains(&kind)
                    && !word.starts_with(['/', '~', '<', '$'])
                    && !word.contains("://")
                    && !word.contains(['*', '{', '%', '<']);
                if !path {
                    continue;
                }
                let word = word.trim_start_matches("./");
                let tail = format!("/{word}");
                // What a build makes is not in the repository.
                let made = ["dist/", "sdk/dist/", "target/", "bench/results/"]
                    .iter()
                    .any(|folder| word.starts_with(folder));
                let known = files
                    .iter()
                    .any(|file| file.path == word || file.path.ends_with(&tail));
                if !made && !known {
                    findings.push(format!(
                        "{document}:{} names {word}, which is not there",
                        number + 1
                    ));
                }
            }
        }
    }
    report("A document names a file that is not there:", &findings);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = crate::tree::root();
    let mut findings = Vec::new();
    for file in files().iter().filter(|file| file.extension() == "md") {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, line) in file.text.lines().enumerate() {
            // What stands between backticks is code.
            let prose: String = line.split('`').step_by(2).collect();
            for rest in prose.split("](").skip(1) {
                let target = rest.split([')', '#', ' ']).next().unwrap_or_default();
                if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                if !root.join(folder).join(target).exists() {
                    findings.push(format!(
                        "{}:{} links to {target}, which is not there",
                        file.path,
                        number + 1
                    ));
                }
            }
        }
    }
    report("A link leads nowhere:", &findings);
}

#[test]
fn the_map_is_short() {
    let lines = read(MAP).lines().count();
    assert!(
        lines < LONGEST,
        "{MAP} has {lines} lines; it is read from top to bottom, so fewer than {LONGEST}"
    );
}
