//! Who may name whom: the table of ARCHITECTURE.md, read from the code.
//!
//! Left out: names that only arrive through a re-export or a macro. Invariant: every top-level module of the server has a rule, so a new
//! one does not come in unnoticed.

use crate::tree::{File, files};
use crate::{report, rust};

/// A module of `crates/server/src`, what it may name (paths by their beginning), and why it ends there.
struct Rule {
    module: &'static str,
    may: &'static [&'static str],
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        module: "store",
        may: &["campanile_core"],
        why: "the store keeps what it is told; rules stand in core, work in the queue",
    },
    Rule {
        module: "queue",
        may: &["campanile_core", "store::db"],
        why: "the queue puts jobs into batches; what a job does is delivery's",
    },
    Rule {
        module: "live",
        may: &["campanile_core", "campanile_push::vapid", "store", "queue"],
        why: "live is what is read from memory; it changes nothing and sends nothing",
    },
    Rule {
        module: "ingest",
        may: &[
            "campanile_core",
            "campanile_push::ece",
            "store",
            "queue",
            "live",
            "page_link",
            "sight",
            "geo",
            "clock",
            "secret",
            "tail",
            "telemetry",
        ],
        why: "a use case knows neither HTTP nor sending; of push it needs only whether a key is one",
    },
    Rule {
        module: "sight",
        may: &["campanile_core", "store", "live"],
        why: "seeing a visitor is no use case; it reads and changes nothing",
    },
    Rule {
        module: "audience",
        may: &["campanile_core", "store", "live", "sight"],
        why: "whom a push is meant for is asked by the sender and by those who look ahead; asking changes nothing",
    },
    Rule {
        module: "allot",
        may: &["campanile_core", "store", "queue", "live", "clock"],
        why: "who gets a push when is decided alike for all who make messages; whom it is meant for is theirs to say",
    },
    Rule {
        module: "divide",
        may: &["campanile_core", "store", "allot", "clock"],
        why: "who gets which variant is decided alike for all who make messages; when they get it is allot's",
    },
    Rule {
        module: "explain",
        may: &["campanile_core", "store", "live", "sight"],
        why: "asking why changes nothing, so it needs neither the clock nor the queue",
    },
    Rule {
        module: "page_link",
        may: &["campanile_core"],
        why: "a token is bytes and a key; who may have one is for those who ask",
    },
    Rule {
        module: "geo",
        may: &["campanile_core"],
        why: "a country is a file and an address; who may be looked up is ingest's to say",
    },
    Rule {
        module: "launch",
        may: &[
            "campanile_core",
            "allot",
            "audience",
            "divide",
            "campanile_push::vapid",
            "store",
            "queue",
            "live",
            "page_link",
            "clock",
            "secret",
            "telemetry",
        ],
        why: "a use case knows neither HTTP nor sending; a started push is a job in the queue",
    },
    Rule {
        module: "media",
        may: &["campanile_core", "store", "clock", "secret", "telemetry"],
        why: "pictures are drawn and kept; who uploads them and at which address they are served is http's",
    },
    Rule {
        module: "import",
        may: &[
            "campanile_core",
            "campanile_push::ece",
            "store",
            "queue",
            "live",
            "clock",
        ],
        why: "a use case knows neither HTTP nor sending; of push it needs only whether a key is one",
    },
    Rule {
        module: "report",
        may: &["campanile_core", "store"],
        why: "numbers are what the store counted, nothing else",
    },
    Rule {
        module: "address",
        may: &[],
        why: "where a name leads has nothing to do with who asks",
    },
    Rule {
        module: "doctor",
        may: &["address"],
        why: "looking at a site needs neither store nor account",
    },
    Rule {
        module: "delivery",
        may: &[
            "campanile_core",
            "campanile_push",
            "address",
            "store",
            "queue",
            "live",
            "import",
            "allot",
            "audience",
            "divide",
            "clock",
            "config",
            "tail",
            "telemetry",
        ],
        why: "delivery gets its work from the queue and answers to nobody; it never names http or a use case of the page",
    },
    Rule {
        module: "http",
        may: &[
            "campanile_core",
            "app",
            "audience",
            "clock",
            "config",
            "doctor",
            "explain",
            "import",
            "ingest",
            "launch",
            "live",
            "media",
            "report",
            "secret",
            "sight",
            "store",
            "tail",
            "telemetry",
        ],
        why: "http translates; it never names delivery, queue or push: a send always goes through launch and the queue",
    },
    Rule {
        module: "clock",
        may: &["campanile_core"],
        why: "the one source of time and chance stands on nothing",
    },
    Rule {
        module: "config",
        may: &["campanile_core", "store::db"],
        why: "settings are read before anything exists; of the store they know only how an address is written",
    },
    Rule {
        module: "secret",
        may: &["clock"],
        why: "tokens need chance and nothing else",
    },
    Rule {
        module: "tail",
        may: &["campanile_core", "clock"],
        why: "whoever does something says so; the tail must know nobody",
    },
    Rule {
        module: "telemetry",
        may: &["campanile_core", "config"],
        why: "everybody counts, so counting must know nobody",
    },
    Rule {
        module: "tls",
        may: &[],
        why: "serving a router over TLS has nothing to do with what is served",
    },
    Rule {
        module: "app",
        may: &[
            "campanile_core",
            "campanile_push",
            "clock",
            "config",
            "delivery",
            "geo",
            "http",
            "import",
            "ingest",
            "launch",
            "live",
            "media",
            "queue",
            "report",
            "secret",
            "store",
            "tail",
            "telemetry",
            "tls",
        ],
        why: "app wires everything; the command line stands above it, and the lab is not part of the product",
    },
    Rule {
        module: "cli",
        may: &[
            "campanile_core",
            "campanile_push",
            "campanile_lab",
            "app",
            "clock",
            "config",
            "delivery",
            "doctor",
            "http",
            "import",
            "ingest",
            "launch",
            "live",
            "media",
            "queue",
            "report",
            "secret",
            "store",
            "tail",
            "telemetry",
            "tls",
        ],
        why: "the command line may use everything",
    },
    Rule {
        module: "lib",
        may: &[],
        why: "lib.rs lists modules",
    },
    Rule {
        module: "main",
        may: &["cli"],
        why: "main.rs parses arguments and runs a command",
    },
    Rule {
        module: "http/shop",
        may: &["campanile_core", "app", "http", "secret"],
        why: "the demo shop is an owner's site: it gets the snippet and nothing that an owner could not have",
    },
];

const SOURCES: &str = "crates/server/src/";

/// `store/db/batch.rs` lies in the module store::db::batch.
fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_start_matches(SOURCES).trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/').map(str::to_owned).collect()
}

/// What a file names outside itself, as paths from the crate's root.
fn named(file: &File, tops: &[String]) -> Vec<(usize, String)> {
    let code = rust::parse(&file.text).code;
    let module = module_of(&file.path);
    let mut found = Vec::new();
    for root in ["crate", "campanile"] {
        found.extend(rust::paths(&code, root));
    }
    for own in ["campanile_core", "campanile_push", "campanile_lab"] {
        for (line, mut path) in rust::paths(&code, own) {
            path.insert(0, own.to_owned());
            found.push((line, path));
        }
    }
    // `super::` that leads out of the file's top-level module. One step more than the file's own depth is an inner test module's.
    for (line, path) in rust::paths(&code, "super") {
        let ups = 1 + path.iter().take_while(|part| *part == "super").count();
        if ups >= module.len() {
            found.push((line, path[ups - 1..].to_vec()));
        }
    }
    found
        .into_iter()
        .map(|(line, mut path)| {
            // A macro of the waist, exported at the root.
            if path.first().is_some_and(|first| first == "args") {
                path = vec!["store".to_owned(), "db".to_owned(), "args".to_owned()];
            }
            (line, path)
        })
        .filter(|(_, path)| {
            path.first()
                .is_some_and(|first| first.starts_with("campanile_") || tops.contains(first))
        })
        .map(|(line, path)| (line, path.join("::")))
        .collect()
}

fn begins(path: &str, with: &str) -> bool {
    path.strip_prefix(with)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn modules_name_only_what_they_may() {
    let sources: Vec<File> = files()
        .into_iter()
        .filter(|file| file.path.starts_with(SOURCES) && file.extension() == "rs")
        .collect();
    let mut tops: Vec<String> = sources
        .iter()
        .map(|file| module_of(&file.path).swap_remove(0))
        .collect();
    tops.dedup();
    assert!(tops.len() > 10, "the server's modules were not found");
    let mut findings = Vec::new();
    for file in &sources {
        let top = module_of(&file.path).swap_remove(0);
        let whole = file.path.trim_start_matches(SOURCES).trim_end_matches(".rs");
        let rule = RULES
            .iter()
            .find(|rule| rule.module == whole)
            .or_else(|| RULES.iter().find(|rule| rule.module == top));
        let Some(rule) = rule else {
            findings.push(format!(
                "{}: the module {top} has no rule. Say in crates/server/tests/tidy/direction.rs and in ARCHITECTURE.md what it may name",
                file.path
            ));
            continue;
        };
        for (line, path) in named(file, &tops) {
            let own = begins(&path, &top) && !rule.module.contains('/');
            if !own && !rule.may.iter().any(|may| begins(&path, may)) {
                findings.push(format!(
                    "{}:{line} names {path}. {} may name {}: {}",
                    file.path,
                    rule.module,
                    if rule.may.is_empty() {
                        "nothing".to_owned()
                    } else {
                        rule.may.join(", ")
                    },
                    rule.why
                ));
            }
        }
    }
    report(
        "A module names what it may not (rules of direction, ARCHITECTURE.md):",
        &findings,
    );
}

#[test]
fn the_table_says_what_it_means() {
    let file = File {
        path: "crates/server/src/http/api/campaigns.rs".to_owned(),
        text: "use super::super::super::delivery::Delivery;\nuse super::settings;\nuse crate::{launch, queue::Queue};".to_owned(),
    };
    let tops: Vec<String> = RULES.iter().map(|rule| rule.module.to_owned()).collect();
    let mut paths: Vec<String> = named(&file, &tops).into_iter().map(|(_, path)| path).collect();
    paths.sort();
    assert_eq!(paths, ["delivery::Delivery", "launch", "queue::Queue"]);
    assert!(begins("store::db::Batch", "store::db") && !begins("store::dbx", "store::db"));
}

/// The browser's half: the worker is a bundle of its own, and neither bundle brings a package.
#[test]
fn page_and_worker_are_two_bundles() {
    const WORKER: &[&str] = &[
        "idb.ts",
        "id.ts",
        "wire.ts",
        "push/base64.ts",
        "push/browser.ts",
        "worker.ts",
        "worker/payload.ts",
        "worker/renew.ts",
        "worker/report.ts",
        "worker/vendors.ts",
    ];
    let mut findings = Vec::new();
    let sources = files();
    for file in sources
        .iter()
        .filter(|file| file.is_under(&["sdk/src/"]) && file.extension() == "ts")
    {
        let here = file.path.trim_start_matches("sdk/src/");
        let is_worker = matches!(here, "worker.ts" | "takeover.ts") || here.starts_with("worker/");
        for (number, line) in file.text.lines().enumerate() {
            let Some(from) = line
                .split_once(" from '")
                .or_else(|| line.split_once("import '"))
                .and_then(|(_, rest)| rest.split_once('\''))
                .map(|(from, _)| from)
                .filter(|_| {
                    line.starts_with("import") || line.starts_with('}') || line.starts_with("export")
                })
            else {
                continue;
            };
            let number = number + 1;
            if !from.starts_with('.') {
                findings.push(format!(
                    "{}:{number} imports the package {from}: the SDK has no runtime dependency",
                    file.path
                ));
                continue;
            }
            let target = resolve(here, from);
            if is_worker && !WORKER.contains(&target.as_str()) {
                findings.push(format!(
                    "{}:{number} imports {target}: the worker may import {} and nothing of the page",
                    file.path,
                    WORKER.join(", ")
                ));
            }
            if !is_worker && (target == "worker.ts" || target.starts_with("worker/")) {
                findings.push(format!(
                    "{}:{number} imports {target}: the page never imports the worker's part",
                    file.path
                ));
            }
        }
    }
    let package: serde_json::Value =
        serde_json::from_str(&crate::tree::read("sdk/package.json")).expect("sdk/package.json is JSON");
    if package.get("dependencies").is_some() {
        findings.push(
            "sdk/package.json has \"dependencies\": the SDK has no runtime dependency, tools are devDependencies"
                .to_owned(),
        );
    }
    report("The SDK's bundles are mixed:", &findings);
}

/// `popup/show.ts` and `../wire.ts` give `wire.ts`.
fn resolve(here: &str, from: &str) -> String {
    let mut parts: Vec<&str> = here.split('/').collect();
    parts.pop();
    for step in from.split('/') {
        match step {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}
