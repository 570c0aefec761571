//! Fences that Cargo.toml makes: what a crate cannot name because it does not depend on it, and the few files that may open a door.
//!
//! Left out: what the compiler then refuses by itself. Invariant: dependencies are read from the manifests, development ones apart, since
//! tests may do what the product may not.

use crate::tree::{files, read};
use crate::{report, rust};
use toml::Table;

/// Packages that do input and output, tell the time, or draw chance.
const OUTSIDE: &[&str] = &[
    "async-std",
    "axum",
    "deadpool-postgres",
    "getrandom",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "mio",
    "postgres",
    "rand",
    "rand_core",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "time",
    "chrono",
    "tokio",
    "tokio-postgres",
    "tokio-rustls",
    "tower",
    "ureq",
];

/// Crate, what it may not depend on beside other crates of ours, and which of ours it stands on.
const FENCES: &[(&str, &[&str], &[&str], &str)] = &[
    (
        "crates/core",
        OUTSIDE,
        &[],
        "core is pure: no I/O, no clock, no randomness; both come in as arguments",
    ),
    (
        "crates/push",
        OUTSIDE,
        &["campanile-core"],
        "push turns bytes into requests and answers into verdicts; it opens no socket and reads no clock",
    ),
    (
        "crates/lab",
        &["rusqlite", "tokio-postgres", "reqwest"],
        &["campanile-core", "campanile-push"],
        "the lab is of use to others: it stands on core and push and keeps everything in memory",
    ),
    (
        "crates/server",
        &["reqwest", "native-tls", "openssl"],
        &["campanile-core", "campanile-push", "campanile-lab"],
        "the server stands on all three",
    ),
    (
        "bench",
        &["reqwest"],
        &["campanile", "campanile-core", "campanile-push", "campanile-lab"],
        "the bench may stand on all of ours, but measures each in a process of its own",
    ),
];

#[test]
fn crates_depend_only_downwards() {
    let mut findings = Vec::new();
    for (folder, forbidden, ours, why) in FENCES {
        let manifest = format!("{folder}/Cargo.toml");
        let table: Table = read(&manifest).parse().expect("a manifest is TOML");
        let mut names: Vec<&String> = Vec::new();
        for section in ["dependencies", "build-dependencies"] {
            names.extend(
                table
                    .get(section)
                    .and_then(|value| value.as_table())
                    .into_iter()
                    .flat_map(Table::keys),
            );
        }
        for name in names {
            let known = name.strip_prefix("campanile").is_none() || ours.contains(&name.as_str());
            if !known || forbidden.contains(&name.as_str()) {
                findings.push(format!("{manifest} depends on {name}: {why}"));
            }
        }
    }
    report("A crate depends on what it may not:", &findings);
}

#[test]
fn one_door_out() {
    const DOORS: &[(&str, &str)] = &[
        (
            "crates/server/src/delivery/transport.rs",
            "POSTs to push services",
        ),
        (
            "crates/server/src/delivery/transport/wire.rs",
            "their connections",
        ),
        ("crates/server/src/address.rs", "where names lead"),
        (
            "crates/server/src/doctor/fetch.rs",
            "GETs files of the owner's own site",
        ),
        (
            "crates/server/src/cli/mod.rs",
            "`campanile healthcheck`, `tail` and `subscriptions` ask who is named on the command line",
        ),
    ];
    let mut findings = Vec::new();
    for file in files() {
        if file.extension() != "rs"
            || !file.is_under(&["crates/core/src/", "crates/push/src/", "crates/server/src/"])
        {
            continue;
        }
        let code = rust::parse(&file.text).code;
        let client = ["hyper_util", "hyper", "h2", "reqwest", "ureq"]
            .iter()
            .find(|package| {
                rust::paths(&code, package)
                    .iter()
                    .any(|(_, path)| path[0].starts_with("client") || matches!(**package, "reqwest" | "ureq"))
            });
        if let Some(client) = client
            && !DOORS.iter().any(|(door, _)| *door == file.path)
        {
            findings.push(format!(
                "{} uses a client of {client}: requests leave through crates/server/src/delivery/transport.rs, and lead where crates/server/src/address.rs lets them",
                file.path
            ));
        }
    }
    report("An HTTP client stands where none may:", &findings);
}

#[test]
fn time_and_chance_have_one_source() {
    const CLOCKS: &[&str] = &["crates/server/src/clock.rs", "crates/lab/src/clock.rs"];
    /// Parts of paths that read a clock or draw chance. `tokio::time::Instant` measures time-outs and is no fact.
    const SOURCES: &[&str] = &[
        "SystemTime::now",
        "std::time::Instant",
        "Utc::now",
        "Local::now",
        "Zoned::now",
        "jiff::Timestamp::now",
        "getrandom::",
        "OsRng",
        "thread_rng",
        "rand::rng",
        "new_v4",
        "now_v7",
    ];
    let mut findings = Vec::new();
    for file in files() {
        let product = file.is_under(&[
            "crates/core/src/",
            "crates/push/src/",
            "crates/lab/src/",
            "crates/server/src/",
        ]);
        if !product || file.extension() != "rs" || CLOCKS.contains(&file.path.as_str()) {
            continue;
        }
        let code = rust::parse(&file.text).code;
        for (number, line) in code.lines().enumerate() {
            if let Some(source) = SOURCES.iter().find(|source| line.contains(**source)) {
                findings.push(format!(
                    "{}:{} uses {source}: take `now` or bytes as arguments; they come from {}",
                    file.path,
                    number + 1,
                    CLOCKS[0]
                ));
            }
        }
    }
    report("A clock or a source of chance stands where none may:", &findings);
}
