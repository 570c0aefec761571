//! `campanile serve`: the real thing.

use super::{Place, say, say_aside, told_to_stop};
use crate::app::{self, Surroundings};
use crate::config::{self, Flags};
use crate::telemetry;
use campanile_core::time::Zone;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

const LINK_LIVES_MS: i64 = 24 * 3600 * 1000;

#[derive(Debug, Args)]
#[command(
    after_help = "Settings come from the defaults, then --config FILE, then the environment (CAMPANILE_LISTEN, CAMPANILE_PUSH__SUBJECT, …), \
then these flags.\nPush needs HTTPS outside localhost: give --tls-cert and --tls-key, or put a proxy with TLS in front."
)]
pub(super) struct Serve {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    #[command(flatten)]
    place: Place,
    /// Certificate chain, PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Private key, PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Print all settings with their defaults and end
    #[arg(long)]
    print_defaults: bool,
    /// Print one line of JSON when ready
    #[arg(long)]
    json: bool,
}

impl Serve {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        if self.print_defaults {
            say(config::DEFAULTS.trim_end());
            return Ok(());
        }
        let flags = Flags {
            listen: self.listen,
            tls_cert: self.tls_cert,
            tls_key: self.tls_key,
            ..Flags::default()
        };
        let config = self.place.config(flags)?;
        telemetry::start_logging(&config.log)?;
        let running = app::start(config, Surroundings::default()).await?;
        let app = &running.app;
        if app.live.sites().is_empty() {
            app.launch.create_account("My site", None, Zone::utc()).await?;
        }
        let base = running.base();
        let first = if app.store.has_users().await? {
            None
        } else {
            Some(format!(
                "{base}/sign-in/{}",
                app.launch.create_link(None, LINK_LIVES_MS).await?
            ))
        };
        if app.scripts.is_none() {
            say_aside(
                "The page SDK was not built into this binary: run `npm ci && npm run build` in sdk/ and build again. Pages get an error until then.",
            );
        }
        if self.json {
            say(&json!({"base": base, "sign_in": first}).to_string());
        } else {
            say(&format!("Campanile serves on {base}"));
            if let Some(link) = &first {
                say(&format!(
                    "Nobody can sign in yet. Make the administrator here, within 24 hours:\n  {link}"
                ));
            }
        }
        told_to_stop().await?;
        tracing::info!("stopping: finishing what is under way");
        running.stop().await
    }
}
