//! `campanile doctor`: what stands in the way of push on a site, for people and for programs.
//!
//! Left out: looking and judging (`crate::doctor`). Invariant: exits with 1 when something is wrong.

use super::{say, say_aside};
use crate::doctor::{self, Finding, Reach, USUAL, Weight};
use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use std::process::ExitCode;
use url::Url;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// A page of the site, for example <https://shop.example.com/>
    url: String,
    /// Path of the service worker, where it is not /clevertap_sw.js
    #[arg(long, value_name = "PATH", default_value = USUAL)]
    worker: String,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let asked = Url::parse(&self.url).with_context(|| format!("“{}” is not an address", self.url))?;
        let findings = doctor::examine(&asked, &self.worker, Reach::Anywhere).await?;
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

    fn print(&self, finding: &Finding) {
        let weight = finding.weight.name();
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
