//! What the answers of a site say about push there: findings, each with its remedy.
//!
//! Left out: asking (`fetch`). Invariant: nothing is called wrong that a browser would take.

use axum::http::{HeaderMap, header};
use serde_json::Value;
use url::Url;

/// Where the worker stands unless somebody says otherwise.
pub(crate) const USUAL: &str = "/clevertap_sw.js";
/// Where workers stand that would be in its way.
pub(super) const OTHERS: &[&str] = &[
    "/sw_webpush.js",
    "/OneSignalSDKWorker.js",
    "/OneSignalSDKUpdaterWorker.js",
    "/pushwoosh-service-worker.js",
    "/firebase-messaging-sw.js",
    "/service-worker.js",
    "/sw.js",
];
/// Longer than this browsers do not keep a worker anyway, seconds.
const A_DAY: u64 = 86_400;

/// An answer after its redirects.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) address: Url,
    pub(super) redirected: bool,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    fn is_script(&self) -> bool {
        self.status == 200 && self.header(header::CONTENT_TYPE).contains("javascript")
    }

    /// Every policy of headers and, in a page, of its markup.
    fn policies(&self) -> Vec<String> {
        let headers = self.headers.get_all(header::CONTENT_SECURITY_POLICY).iter();
        let mut all: Vec<String> = headers
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::to_owned)
            .collect();
        let metas = tags(&self.body, "meta").into_iter();
        all.extend(
            metas
                .filter(|tag| {
                    attribute(tag, "http-equiv")
                        .is_some_and(|name| name.eq_ignore_ascii_case("content-security-policy"))
                })
                .filter_map(|tag| attribute(tag, "content"))
                .map(str::to_owned),
        );
        all
    }
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// As it should be.
    Good,
    /// To be known; push comes all the same, or for some browsers only.
    Note,
    /// Push does not come.
    Wrong,
}

impl Weight {
    /// In one word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Wrong => "wrong",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// How much it matters.
    pub(crate) weight: Weight,
    /// What was found.
    pub(crate) what: String,
    /// What to do; empty for what is good.
    pub(crate) remedy: String,
}

fn good(what: impl Into<String>) -> Finding {
    finding(Weight::Good, what, "")
}

fn finding(weight: Weight, what: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding {
        weight,
        what: what.into(),
        remedy: remedy.into(),
    }
}

/// HTTPS, the snippet, the policy, and workers that the page registers itself.
pub(super) fn page(page: &Answer) -> Vec<Finding> {
    let mut found = vec![if page.status == 200 {
        good(format!("{} answers", page.address))
    } else {
        let what = format!("{} answers {}", page.address, page.status);
        finding(Weight::Wrong, what, "Name a page that visitors can open.")
    }];
    let host = page.address.host_str().unwrap_or_default();
    let local = host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1";
    found.push(if page.address.scheme() == "https" || local {
        good("HTTPS, or this machine: push is possible")
    } else {
        let remedy =
            "Serve the site by HTTPS, and redirect http there; permissions do not carry over from http.";
        finding(
            Weight::Wrong,
            "The page is not on HTTPS: no browser has push there",
            remedy,
        )
    });
    let sdk = tags(&page.body, "script")
        .into_iter()
        .filter_map(|tag| attribute(tag, "src"))
        .find(|src| src.contains("clevertap"))
        .and_then(|src| page.address.join(src).ok());
    match &sdk {
        Some(sdk) => found.push(good(format!("The snippet loads {sdk}"))),
        None => found.push(finding(
            Weight::Note,
            "No script named clevertap stands in the HTML",
            "Paste the snippet from Settings, Install. If a tag manager adds it, or its path has a name of your own, all is well.",
        )),
    }
    for policy in page.policies() {
        found.extend(policy_of_page(&policy, &page.address, sdk.as_ref()));
    }
    for path in registered(&page.body) {
        found.push(finding(
            Weight::Note,
            format!("The page registers the service worker {path} itself"),
            format!("Only one script can stand at a scope: put Campanile's importScripts line first into {path}, and name it as serviceWorkerPath."),
        ));
    }
    found
}

fn policy_of_page(policy: &str, own: &Url, sdk: Option<&Url>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut ask = |chain: &[&str], allowed: bool, what: &str, remedy: String| {
        if !allowed {
            let what = format!(
                "The Content-Security-Policy {what} ({} does not allow it)",
                chain[0]
            );
            found.push(finding(Weight::Wrong, what, remedy));
        }
    };
    let worker = ["worker-src", "child-src", "script-src", "default-src"];
    let itself = directive(policy, &worker).is_none_or(|list| allows(&list, own, own));
    ask(
        &worker,
        itself,
        "keeps the service worker out",
        "Add worker-src 'self'.".to_owned(),
    );
    if let Some(sdk) = sdk {
        let origin = sdk.origin().ascii_serialization();
        let connect = ["connect-src", "default-src"];
        let to_server = directive(policy, &connect).is_none_or(|list| allows(&list, sdk, own));
        let remedy = format!("Add {origin} to connect-src.");
        ask(&connect, to_server, "keeps the SDK from its server", remedy);
        let script = ["script-src", "default-src"];
        let loads = directive(policy, &script).is_none_or(|list| {
            allows(&list, sdk, own)
                || list
                    .iter()
                    .any(|one| one.starts_with("'nonce-") || *one == "'strict-dynamic'")
        });
        let remedy = format!("Add {origin} to script-src, or give the snippet's scripts the page's nonce.");
        ask(&script, loads, "keeps the SDK out", remedy);
    }
    let types = directive(policy, &["trusted-types"]);
    let typed = directive(policy, &["require-trusted-types-for"]).is_none()
        || types.is_none_or(|list| list.iter().any(|one| matches!(*one, "campanile" | "*")));
    ask(
        &["trusted-types"],
        typed,
        "keeps pop-ups from being built",
        "Add campanile to trusted-types.".to_owned(),
    );
    found
}

/// The worker's file: there, a script, ours, fresh, and allowed what it does. `imported` is what it imports, in order, with what came.
pub(super) fn worker(page: &Answer, worker: &Answer, imported: &[(Url, Option<Answer>)]) -> Vec<Finding> {
    let address = &worker.address;
    let mut found = Vec::new();
    if worker.redirected {
        let remedy = "Serve the file at its own path; browsers refuse a worker behind a redirect.";
        found.push(finding(
            Weight::Wrong,
            format!("The service worker redirects to {address}"),
            remedy,
        ));
    }
    if !worker.is_script() {
        let kind = worker.header(header::CONTENT_TYPE);
        let what = format!(
            "{address} is no service worker: it answers {} with “{kind}”",
            worker.status
        );
        let remedy = "Put the file there (Settings, Install), served as text/javascript; or name where it stands with --worker, and in serviceWorkerPath.";
        found.push(finding(Weight::Wrong, what, remedy));
        return found;
    }
    let server = imported
        .iter()
        .find(|(_, answer)| answer.as_ref().is_some_and(is_ours))
        .map(|(server, _)| server);
    let gone = imported.iter().filter(|(_, answer)| answer.is_none());
    found.extend(gone.map(|(file, _)| {
        let what = format!("{file}, which the worker imports, cannot be reached from here");
        finding(
            Weight::Wrong,
            what,
            "Is the server running, and public_url right?",
        )
    }));
    if !is_ours(worker) && server.is_none() {
        if found.iter().all(|one| one.weight != Weight::Wrong) {
            let what = format!("The script at {address} is not Campanile's, and does not import it");
            let remedy = "Put importScripts('https://your-server/sw_webpush.js') first in it.";
            found.push(finding(Weight::Wrong, what, remedy));
        }
        return found;
    }
    found.push(good(format!("The service worker stands at {address}")));
    found.extend(server.map(|server| good(format!("The server gives the worker out at {server}"))));
    let code = without_comments(&worker.body);
    let early = code
        .find("addEventListener")
        .zip(code.find("importScripts"))
        .is_some_and(|(listener, import)| listener < import);
    if early && server.is_some() {
        let remedy = "Put the importScripts line first: handlers before it see Campanile's messages, too.";
        found.push(finding(
            Weight::Note,
            "Other handlers stand before Campanile's in the worker",
            remedy,
        ));
    }
    let age = worker
        .header(header::CACHE_CONTROL)
        .split(',')
        .filter_map(|part| part.trim().strip_prefix("max-age=")?.parse::<u64>().ok())
        .max();
    if age.is_some_and(|age| age > A_DAY) {
        let remedy = "Serve it with Cache-Control: no-cache.";
        found.push(finding(
            Weight::Note,
            "Caches may keep the worker for more than a day",
            remedy,
        ));
    }
    let folder = address.path().rsplit_once('/').map_or("/", |(folder, _)| folder);
    let reaches =
        worker.headers.contains_key("service-worker-allowed") || page.address.path().starts_with(folder);
    if !reaches {
        let what = format!("The worker's scope is {folder}/, which this page is not in");
        let remedy = "Pushes come all the same; to lead open tabs on a click, serve it with Service-Worker-Allowed: / and set serviceWorkerScope: '/'.";
        found.push(finding(Weight::Note, what, remedy));
    }
    for policy in worker.policies() {
        let Some(server) = server else { continue };
        for chain in [["script-src", "default-src"], ["connect-src", "default-src"]] {
            if directive(&policy, &chain).is_some_and(|list| !allows(&list, server, address)) {
                let what = format!(
                    "The worker's own Content-Security-Policy keeps it from {}",
                    server.origin().ascii_serialization()
                );
                let remedy = format!(
                    "Send the worker's file without the header, or add the server to its {}.",
                    chain[0]
                );
                found.push(finding(Weight::Wrong, what, remedy));
            }
        }
    }
    found
}

/// The worker's file did not come.
pub(super) fn away(fault: &anyhow::Error) -> Finding {
    let remedy = "Put the file there (Settings, Install); or name where it stands.";
    finding(Weight::Wrong, format!("The service worker: {fault:#}"), remedy)
}

/// Whether a file is our worker.
fn is_ours(answer: &Answer) -> bool {
    answer.is_script() && answer.body.contains("/* Campanile ")
}

/// The addresses that a worker imports, in order, as far as they stand there as text.
pub(super) fn imports(worker: &Answer) -> Vec<Url> {
    if !worker.is_script() {
        return Vec::new();
    }
    let code = without_comments(&worker.body);
    let calls = code.split("importScripts(").skip(1);
    let texts = calls.flat_map(|call| {
        let inside = call.split_once(')').map_or(call, |(inside, _)| inside);
        let mut parts = inside.split(['\'', '"', '`']);
        parts.next();
        // Every other part stands between quotes.
        parts.step_by(2).collect::<Vec<_>>()
    });
    texts.filter_map(|text| worker.address.join(text).ok()).collect()
}

/// A script without its comments; what looks like one inside of a text goes as well, but for an address.
fn without_comments(script: &str) -> String {
    let mut code = String::with_capacity(script.len());
    let mut rest = script;
    while let Some((before, after)) = rest.split_once("/*") {
        code.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    let lines = code.lines().map(|line| match line.split_once("//") {
        Some((before, _)) if !before.ends_with(':') && !before.contains(['\'', '"', '`']) => before,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A worker at a path where one may be in the way.
pub(super) fn other(answer: &Answer) -> Option<Finding> {
    let foreign = answer.is_script()
        && !answer.redirected
        && !answer.body.contains("Campanile")
        && !answer.body.contains("sw_webpush.js");
    foreign.then(|| {
        finding(
            Weight::Note,
            format!("Another service worker stands at {}", answer.address),
            "If it is an old provider's, put the takeover worker there (guide: service worker). If it is yours and has the same scope, import Campanile's into it.",
        )
    })
}

/// The manifest's address, if the page names one.
pub(super) fn manifest_address(page: &Answer) -> Option<Url> {
    tags(&page.body, "link")
        .into_iter()
        .find(|tag| attribute(tag, "rel").is_some_and(|rel| rel.eq_ignore_ascii_case("manifest")))
        .and_then(|tag| page.address.join(attribute(tag, "href")?).ok())
}

pub(super) fn no_manifest() -> Finding {
    finding(
        Weight::Note,
        "The page names no web app manifest",
        "Only iPhone and iPad need one: there push works from the home screen only, with \"display\": \"standalone\".",
    )
}

pub(super) fn manifest(answer: Option<&Answer>) -> Vec<Finding> {
    let read = answer
        .filter(|answer| answer.status == 200)
        .and_then(|answer| serde_json::from_str::<Value>(&answer.body).ok());
    let Some(manifest) = read else {
        let remedy = "Mend or remove it; iPhone and iPad need it for push from the home screen.";
        return vec![finding(Weight::Note, "The manifest cannot be read", remedy)];
    };
    let mut found = Vec::new();
    let display = manifest["display"].as_str().unwrap_or("browser");
    found.push(if matches!(display, "standalone" | "fullscreen") {
        good("The manifest lets iPhone and iPad have push from the home screen")
    } else {
        let what = format!("The manifest's display is “{display}”");
        finding(
            Weight::Note,
            what,
            "iPhone and iPad have push with \"standalone\" or \"fullscreen\" only.",
        )
    });
    if !manifest["gcm_sender_id"].is_null() {
        let remedy = "Campanile uses VAPID; once no other provider sends, remove it.";
        found.push(finding(
            Weight::Note,
            "The manifest has a gcm_sender_id of the legacy protocol",
            remedy,
        ));
    }
    found
}

/// Sources of the first directive of a chain that the policy has.
fn directive<'a>(policy: &'a str, chain: &[&str]) -> Option<Vec<&'a str>> {
    chain.iter().find_map(|name| {
        policy.split(';').find_map(|part| {
            let mut words = part.split_whitespace();
            let found = words.next()?.eq_ignore_ascii_case(name);
            found.then(|| words.collect())
        })
    })
}

/// Whether a list of sources lets an address pass, as far as hosts and schemes say. `own` is the address of what the policy is for.
fn allows(sources: &[&str], address: &Url, own: &Url) -> bool {
    let host = address.host_str().unwrap_or_default();
    sources.iter().any(|source| {
        let source = source.trim_end_matches('/');
        let bare = source.split_once("://").map_or(source, |(_, rest)| rest);
        let bare = bare.split(['/', ':']).next().unwrap_or_default();
        source == "*"
            || source == "'self'" && address.origin() == own.origin()
            || source.strip_suffix(':') == Some(address.scheme())
            || bare.eq_ignore_ascii_case(host)
            || bare
                .strip_prefix('*')
                .is_some_and(|end| end.starts_with('.') && host.ends_with(end))
    })
}

/// Paths that the page's own scripts register workers at.
fn registered(body: &str) -> Vec<&str> {
    body.split("serviceWorker.register(")
        .skip(1)
        .filter_map(|rest| {
            let rest = rest.trim_start();
            let quote = rest.chars().next().filter(|mark| "'\"`".contains(*mark))?;
            rest[1..].split_once(quote).map(|(path, _)| path)
        })
        .collect()
}

/// The tags of a name in some HTML, without their brackets.
fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    html.split('<')
        .filter(|tag| {
            tag.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
                && tag[name.len()..].starts_with(|next: char| next.is_whitespace() || next == '>')
        })
        .map(|tag| tag.split_once('>').map_or(tag, |(tag, _)| tag))
        .collect()
}

/// The value of a tag's attribute.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = tag;
    loop {
        let (before, after) = rest.split_once('=')?;
        let is_it = before
            .trim_end()
            .rsplit(|next: char| next.is_whitespace() || next == '"' || next == '\'')
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(name));
        let after = after.trim_start();
        let (value, next) = match after.chars().next()? {
            quote @ ('"' | '\'') => after[1..].split_once(quote)?,
            _ => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        if is_it {
            return Some(value);
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests;
