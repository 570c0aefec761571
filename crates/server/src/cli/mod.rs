//! The command line.
//!
//! Each command is a file of its own beside this one. Left out: what they do. Invariant: what a program may want to read goes to standard
//! output, everything else to standard error; a failed command says why and what to do, and exits with 1.

mod account;
mod demo;
mod doctor;
mod send_test;
mod serve;
mod subscriptions;
mod tail;

use crate::config::{Config, Flags};
use crate::store::migrate::{self, MIGRATIONS};
use crate::telemetry;
use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::{Args, Parser, Subcommand};
use http_body_util::Empty;
use hyper::body::Body;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Self-hosted web pop-ups and web push in one binary.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Start with `campanile demo`: a shop with a working pop-up and push, and a dashboard, on this machine.\n\
For your own site: `campanile serve`, open the sign-in link that it prints, paste the snippet from Settings, Install."
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show everything on this machine: a demo shop, a dashboard, and push without the internet
    Demo(demo::Demo),
    /// Serve the real thing
    Serve(serve::Serve),
    /// Make accounts, API keys and sign-in links
    #[command(subcommand)]
    Account(account::Account),
    /// Bring the store to this version's schema (serve does it, too)
    Migrate {
        #[command(flatten)]
        place: Place,
        /// Only say what would run; exits with 1 when something would
        #[arg(long)]
        check: bool,
    },
    /// Run the push lab alone: push services for Firefox and Chromium on this machine
    Lab(demo::LabOnly),
    /// Send one notification to a person's browsers, now, and print what each push service answered
    SendTest(send_test::SendTest),
    /// Bring subscriptions from elsewhere, or take all of them along, through the API of a running server
    #[command(subcommand)]
    Subscriptions(subscriptions::Subscriptions),
    /// Print what happens as it happens: events, pop-ups, pushes with each answer, through the API of a running server
    Tail(tail::Tail),
    /// Look at a site from outside and say what stands in the way of push there, each with its remedy; exits with 1 when something does
    Doctor(doctor::Doctor),
    /// Ask a running server whether it is ready; exits with 1 when it is not
    Healthcheck {
        /// Address of the server
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
    },
}

/// Where the data is, for every command that needs it.
#[derive(Debug, Clone, Default, Args)]
struct Place {
    /// Folder for the embedded database
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// PostgreSQL address instead of a folder: postgres://user:password@host/name
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Settings file; `campanile serve --print-defaults` shows all settings
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    fn config(&self, more: Flags) -> anyhow::Result<Config> {
        let flags = Flags {
            data: self.data.clone(),
            database: self.database.clone(),
            ..more
        };
        Config::load(self.config.as_deref(), std::env::vars(), &flags)
    }
}

/// Runs a command to its end.
pub fn run(arguments: Arguments) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(fault) => return fail(&anyhow::Error::from(fault).context("the runtime cannot start")),
    };
    match runtime.block_on(command(arguments.command)) {
        Ok(code) => code,
        Err(fault) => fail(&fault),
    }
}

fn fail(fault: &anyhow::Error) -> ExitCode {
    say_aside(&format!("campanile: {fault:#}"));
    ExitCode::FAILURE
}

async fn command(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(demo) => demo.run().await?,
        Command::Serve(serve) => serve.run().await?,
        Command::Account(account) => account.run().await?,
        Command::Lab(lab) => lab.run().await?,
        Command::SendTest(send) => return send.run().await,
        Command::Subscriptions(subscriptions) => return subscriptions.run().await,
        Command::Tail(tail) => tail.run().await?,
        Command::Doctor(doctor) => return doctor.run().await,
        Command::Migrate { place, check } => {
            let config = place.config(Flags::default())?;
            telemetry::start_logging(&config.log)?;
            let url = config.database()?;
            let steps = if check {
                migrate::pending(&url, MIGRATIONS).await?
            } else {
                migrate::apply(&url, MIGRATIONS).await?
            };
            let verb = if check { "pending" } else { "applied" };
            for step in &steps {
                say(&format!(
                    "{verb}: {} {:04} {}",
                    step.family, step.version, step.name
                ));
            }
            if steps.is_empty() {
                say("The store is up to date.");
            } else if check {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Healthcheck { url } => healthcheck(&url).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn healthcheck(base: &str) -> anyhow::Result<()> {
    use http_body_util::BodyExt as _;
    let uri: axum::http::Uri = format!("{}/readyz", base.trim_end_matches('/'))
        .parse()
        .with_context(|| format!("“{base}” is not an address"))?;
    if uri.scheme_str() == Some("https") {
        bail!("ask over plain http on the machine itself, or ask the proxy in front");
    }
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let ask = async {
        let response = client
            .get(uri)
            .await
            .with_context(|| format!("no answer from {base}; is the server running?"))?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{base} is not ready: {}", String::from_utf8_lossy(&body).trim());
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), ask)
        .await
        .with_context(|| format!("no answer from {base} within 5 s"))??;
    say("ready");
    Ok(())
}

type HttpClient<B = Empty<Bytes>> = Client<HttpsConnector<HttpConnector>, B>;

/// Asks servers that the operator names, by HTTP or HTTPS.
fn client<B: Body<Data: Send> + Send>() -> anyhow::Result<HttpClient<B>> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(provider)?
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// Prints a line for people or programs on standard output.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A reader that went away is no reason to fail.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints a line on standard error.
fn say_aside(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Waits for SIGTERM or Ctrl C.
async fn told_to_stop() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}
