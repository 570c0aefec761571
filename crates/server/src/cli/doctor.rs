//! Looks at a site from outside, as a browser would that wants push there, and says what stands in the way.
//!
//! Left out: judging (`doctor/look.rs`), and what only a browser knows: which worker it has registered already. Invariant: asks
//! the site and the server that its worker names, nobody else, and changes nothing.

mod look;

use super::{HttpClient, client, say, say_aside};
use anyhow::{Context as _, bail};
use axum::http::{Request, header};
use clap::Args;
use http_body_util::{BodyExt as _, Empty, Limited};
use look::{Answer, Finding, Weight};
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;
use url::{Position, Url};

const PATIENCE: Duration = Duration::from_secs(15);
const MOST_BYTES: usize = 4 * 1024 * 1024;
const MOST_REDIRECTS: usize = 5;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// A page of the site, for example <https://shop.example.com/>
    url: String,
    /// Path of the service worker, where it is not /clevertap_sw.js
    #[arg(long, value_name = "PATH")]
    worker: Option<String>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

struct Browser(HttpClient);

impl Doctor {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let asked = Url::parse(&self.url).with_context(|| format!("“{}” is not an address", self.url))?;
        let browser = Browser(client()?);
        let findings = self.look(&browser, &asked).await?;
        for finding in &findings {
            self.print(finding);
        }
        if !self.json {
            say_aside(
                "Which worker a browser has registered already only the browser knows: open the site and press Alt+Shift+W.",
            );
        }
        let wrong = findings.iter().any(|finding| finding.weight == Weight::Wrong);
        Ok(if wrong {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    async fn look(&self, browser: &Browser, asked: &Url) -> anyhow::Result<Vec<Finding>> {
        let page = browser.get(asked.clone()).await?;
        let mut findings = look::page(&page);
        match look::manifest_address(&page) {
            Some(address) => findings.extend(look::manifest(browser.get(address).await.ok().as_ref())),
            None => findings.push(look::no_manifest()),
        }
        let path = self.worker.as_deref().unwrap_or(look::USUAL);
        let worker = browser.get(page.address.join(path)?).await?;
        findings.extend(look::worker(&page, &worker));
        if let Some(server) = look::imported(&worker) {
            findings.push(look::server(
                &server,
                browser.get(server.clone()).await.ok().as_ref(),
            ));
        }
        for other in look::OTHERS.iter().filter(|other| **other != path) {
            if let Ok(answer) = browser.get(page.address.join(other)?).await {
                findings.extend(look::other(&answer));
            }
        }
        Ok(findings)
    }

    fn print(&self, finding: &Finding) {
        let weight = match finding.weight {
            Weight::Good => "good",
            Weight::Note => "note",
            Weight::Wrong => "wrong",
        };
        if self.json {
            let line = json!({"weight": weight, "what": finding.what, "remedy": finding.remedy});
            say(&line.to_string());
        } else {
            say(&format!("{weight:<6} {}", finding.what));
            if !finding.remedy.is_empty() {
                say(&format!("       → {}", finding.remedy));
            }
        }
    }
}

impl Browser {
    /// Follows redirects, as a browser does for a page.
    async fn get(&self, address: Url) -> anyhow::Result<Answer> {
        let mut now = address.clone();
        for _ in 0..=MOST_REDIRECTS {
            let request = Request::get(reached(&now).as_str())
                .header(header::HOST, &now[Position::BeforeHost..Position::AfterPort])
                .header(header::USER_AGENT, "campanile-doctor");
            let response = tokio::time::timeout(PATIENCE, self.0.request(request.body(Empty::new())?))
                .await
                .with_context(|| format!("{now} does not answer"))?
                .with_context(|| format!("{now} cannot be reached"))?;
            let (parts, body) = response.into_parts();
            let next = parts
                .headers
                .get(header::LOCATION)
                .filter(|_| parts.status.is_redirection())
                .and_then(|location| now.join(location.to_str().ok()?).ok());
            if let Some(next) = next {
                now = next;
                continue;
            }
            let body = tokio::time::timeout(PATIENCE, Limited::new(body, MOST_BYTES).collect())
                .await
                .with_context(|| format!("{now} does not come to its end"))?
                .map_err(|fault| anyhow::anyhow!("{now} cannot be read: {fault}"))?;
            return Ok(Answer {
                redirected: now != address,
                address: now,
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            });
        }
        bail!("{address} redirects again and again")
    }
}

/// Names under `localhost` lead to this machine, as in browsers (RFC 6761 section 6.3); the system's resolver may not know them.
fn reached(address: &Url) -> Url {
    let mut reached = address.clone();
    if address.scheme() == "http"
        && address
            .host_str()
            .is_some_and(|host| host.ends_with(".localhost"))
    {
        reached
            .set_host(Some("127.0.0.1"))
            .expect("an address with a host has room for another");
    }
    reached
}
