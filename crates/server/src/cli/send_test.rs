//! `campanile send-test`: one notification to a person's browsers, now, with each push service's answer.
//!
//! For finding out why somebody does not get anything. It does not go through the queue, is not counted, and leaves no trace but the
//! notification.

use super::{Place, say};
use crate::app;
use crate::clock::Clock;
use crate::config::Flags;
use crate::delivery::transport::{HostMap, Transport};
use crate::telemetry;
use anyhow::{Context as _, bail};
use campanile_core::delivery::Verdict;
use campanile_core::id::{AccountId, CampaignId};
use campanile_core::notification::{PushMessage, Urgency};
use campanile_core::profile::{Identity, IdentityKind};
use campanile_push::ece::{self, Recipient};
use campanile_push::vapid::SignatureCache;
use campanile_push::webpush::{self, Options};
use clap::Args;
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct SendTest {
    /// Account id
    #[arg(long)]
    account: String,
    /// Who: Identity:c-1001, Email:customer@example.com or Phone:+15551234567
    #[arg(long, value_name = "KIND:VALUE")]
    to: String,
    #[arg(long, default_value = "Test from Campanile")]
    title: String,
    #[arg(long, default_value = "If you can read this, push works.")]
    body: String,
    /// Where a click leads
    #[arg(long, default_value = "https://example.com/")]
    url: String,
    /// The lab's TLS address, to send to a lab instead of the real services
    #[arg(long, value_name = "ADDR", requires = "lab_ca")]
    lab: Option<SocketAddr>,
    /// The lab's certificate, PEM
    #[arg(long, value_name = "FILE", requires = "lab")]
    lab_ca: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl SendTest {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.place.config(Flags::default())?;
        telemetry::start_logging(&config.log)?;
        let clock = Clock::System;
        let (store, _, live, _) = app::open(&config, clock.clone()).await?;
        let site = AccountId::parse(&self.account)
            .and_then(|id| live.site(&id))
            .with_context(|| format!("there is no account {}", self.account))?;
        let (kind, value) = self
            .to
            .split_once(':')
            .context("--to takes KIND:VALUE, for example Email:customer@example.com")?;
        let kind = IdentityKind::parse(kind).context("--to takes Identity:, Email: or Phone:")?;
        let identity =
            Identity::parse(kind, &json!(value)).map_err(|notice| anyhow::anyhow!(notice.message))?;
        let owner = store
            .identity_owner(&site.account.id, &identity)
            .await?
            .with_context(|| format!("nobody is known as {}", self.to))?;
        let subscriptions: Vec<_> = store
            .subscriptions_of(&site.account.id, owner)
            .await?
            .into_iter()
            .filter(|row| row.live)
            .collect();
        if subscriptions.is_empty() {
            bail!("{} has no live subscription", self.to);
        }
        let subject = app::subject(&config)?
            .context("set push.subject in the configuration to mailto:you@your-domain first")?;
        let signatures = SignatureCache::new(subject);
        let transport = Transport::new(self.host_map()?)?;
        let message: PushMessage =
            serde_json::from_value(json!({"title": self.title, "body": self.body, "url": self.url}))?;
        if let Some(fault) = message.check(None).into_iter().next() {
            bail!("{fault}");
        }
        let mut accepted = 0;
        for row in &subscriptions {
            let key = site
                .key(row.vapid_key)
                .context("a subscription is bound to a VAPID key that is not here")?;
            let payload = message.payload(&site.account.id, CampaignId(0), clock.id(), None);
            let body = ece::encrypt(
                &Recipient::with_multiples(&row.keys, row.multiples.as_deref())?,
                &payload,
            )?;
            let header = signatures.header(&key.key, &row.endpoint.origin(), clock.now())?;
            let options = Options {
                ttl_seconds: 60,
                urgency: Urgency::High,
                topic: None,
            };
            let request = webpush::request(&row.endpoint, body, &header, &options)?;
            let words = match transport.post(request).await {
                Err(fault) => fault.to_string(),
                Ok(response) => {
                    let answer = webpush::answer(
                        &row.endpoint.host(),
                        response.status,
                        &response.headers,
                        &response.body,
                        clock.now(),
                    );
                    accepted += usize::from(answer.verdict == Verdict::Accepted);
                    format!(
                        "{} {:?} {}",
                        response.status.as_u16(),
                        answer.verdict,
                        answer.reason
                    )
                }
            };
            say(&format!(
                "{}  {}  {}",
                row.browser,
                row.endpoint.host(),
                words.trim_end()
            ));
        }
        store.db.close().await;
        Ok(if accepted == subscriptions.len() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn host_map(&self) -> anyhow::Result<HostMap> {
        let (Some(address), Some(file)) = (self.lab, &self.lab_ca) else {
            return Ok(HostMap::default());
        };
        let ca_pem =
            std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let hosts = campanile_lab::PUSH_HOSTS
            .iter()
            .map(|host| ((*host).to_owned(), address))
            .collect();
        Ok(HostMap {
            hosts,
            ca_pem: Some(ca_pem),
        })
    }
}
