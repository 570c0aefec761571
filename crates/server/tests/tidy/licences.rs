//! `deny.toml` holds, without cargo-deny: licences, banned packages and sources of everything that is built.
//!
//! Asks cargo, which answers from the lock file and from what it has downloaded. Left out: advisories, which need the network and are
//! cargo-deny's. Invariant: the rules are read from `deny.toml`, so that both programs judge by the same file.

use crate::report;
use crate::tree::{read, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use toml::Table;

struct Package {
    name: String,
    version: String,
    /// SPDX expression, or empty.
    licence: String,
    /// Where it comes from, if that is neither crates.io nor this repository.
    elsewhere: Option<String>,
}

/// What is built on this machine, ours included. `cargo tree` and not `cargo metadata`, whose graph also has what switched-off features
/// would bring.
fn packages() -> Vec<Package> {
    let arguments = [
        "tree",
        "--workspace",
        "--offline",
        "--locked",
        "--edges",
        "normal,build,dev",
        "--prefix",
        "none",
        "--format",
        "{p}|{l}|",
    ];
    let out = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        out.status.success(),
        "cargo {} failed; `cargo fetch --locked` downloads what it needs:\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&out.stderr)
    );
    let lines = String::from_utf8(out.stdout).expect("cargo speaks UTF-8");
    let root = root();
    let lines: BTreeSet<&str> = lines
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty())
        .collect();
    lines
        .into_iter()
        .map(|line| {
            let mut parts = line.split('|');
            let who = parts.next().unwrap_or_default();
            let licence = parts.next().unwrap_or_default().to_owned();
            // `name v1.2.3`, then in brackets that it is a macro, or whence it comes if not from crates.io.
            let mut words = who.splitn(3, ' ');
            let name = words.next().unwrap_or_default().to_owned();
            let version = words
                .next()
                .unwrap_or_default()
                .trim_start_matches('v')
                .to_owned();
            let elsewhere = words
                .next()
                .map(|rest| rest.trim_start_matches("(proc-macro)").trim())
                .filter(|rest| {
                    !rest.is_empty() && !Path::new(rest.trim_matches(['(', ')'])).starts_with(&root)
                })
                .map(str::to_owned);
            Package {
                name,
                version,
                licence,
                elsewhere,
            }
        })
        .collect()
}

fn rules() -> Table {
    read("deny.toml").parse().expect("deny.toml is TOML")
}

/// Words of a list in `deny.toml`; an entry is a word or a table with a name or a crate.
fn list(rules: &Table, section: &str, key: &str) -> Vec<String> {
    let entries = rules[section][key].as_array().expect("deny.toml has the list");
    entries
        .iter()
        .map(|entry| {
            entry
                .as_str()
                .or_else(|| entry.get("crate").and_then(|name| name.as_str()))
                .or_else(|| entry.get("name").and_then(|name| name.as_str()))
                .expect("an entry has a name")
                .to_owned()
        })
        .collect()
}

/// Whether an SPDX expression can be met with the allowed licences. AND binds closer than OR; the old `/` means OR.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (met, rest) = any(&words, allowed);
    assert!(rest.is_empty(), "“{expression}” is no licence expression");
    met
}

fn any<'a, 'b>(words: &'a [&'b str], allowed: &[String]) -> (bool, &'a [&'b str]) {
    let (mut met, mut rest) = all(words, allowed);
    while let ["OR", behind @ ..] = rest {
        let (other, left) = all(behind, allowed);
        (met, rest) = (met | other, left);
    }
    (met, rest)
}

fn all<'a, 'b>(words: &'a [&'b str], allowed: &[String]) -> (bool, &'a [&'b str]) {
    let (mut met, mut rest) = one(words, allowed);
    while let ["AND", behind @ ..] = rest {
        let (other, left) = one(behind, allowed);
        (met, rest) = (met & other, left);
    }
    (met, rest)
}

fn one<'a, 'b>(words: &'a [&'b str], allowed: &[String]) -> (bool, &'a [&'b str]) {
    match words {
        ["(", inner @ ..] => match any(inner, allowed) {
            (met, [")", rest @ ..]) => (met, rest),
            (_, rest) => (false, rest),
        },
        [licence, "WITH", exception, rest @ ..] => {
            let whole = format!("{licence} WITH {exception}");
            (allowed.contains(&whole), rest)
        }
        [licence, rest @ ..] => (allowed.iter().any(|known| known == licence), rest),
        [] => (false, words),
    }
}

#[test]
fn dependencies_are_what_deny_toml_allows() {
    let rules = rules();
    let allowed = list(&rules, "licenses", "allow");
    let banned = list(&rules, "bans", "deny");
    let packages = packages();
    assert!(packages.len() > 100, "cargo named hardly any package");
    let mut findings = Vec::new();
    for package in &packages {
        let who = format!("{} {}", package.name, package.version);
        if package.licence.is_empty() {
            findings.push(format!("{who} names no licence"));
        } else if !is_met(&package.licence, &allowed) {
            findings.push(format!(
                "{who} is under {}, which deny.toml does not allow",
                package.licence
            ));
        }
        if banned.contains(&package.name) {
            findings.push(format!(
                "{who} is banned by deny.toml; `cargo tree -i {}` shows who brings it",
                package.name
            ));
        }
        if let Some(place) = &package.elsewhere {
            findings.push(format!(
                "{who} comes from {place}; deny.toml names crates.io only"
            ));
        }
    }
    report("A dependency is not what deny.toml allows:", &findings);
}

/// Two versions of a package are twice the code; each pair is known and has its reason in `deny.toml`.
#[test]
fn doubled_packages_are_known() {
    let known = list(&rules(), "bans", "skip");
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        versions.entry(package.name).or_default().insert(package.version);
    }
    let findings: Vec<String> = versions
        .into_iter()
        .filter(|(name, versions)| versions.len() > 1 && !known.iter().any(|entry| entry.split('@').next() == Some(name)))
        .map(|(name, versions)| {
            let versions: Vec<String> = versions.into_iter().collect();
            format!("{name} is built as {}: bring them together, or list the older one under bans.skip with the reason", versions.join(" and "))
        })
        .collect();
    report(
        "A package is built twice and deny.toml does not say why:",
        &findings,
    );
}

#[test]
fn expressions_are_understood() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (expression, met) in [
        ("MIT", true),
        ("Apache-2.0 OR MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0", false),
        ("ISC AND (Apache-2.0 OR ISC) AND OpenSSL", false),
        ("ISC AND (Apache-2.0 OR ISC) AND MIT", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("GPL-2.0 AND MIT OR ISC", true),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}
