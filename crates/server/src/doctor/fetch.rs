//! Fetches the files of a site as a browser does, with its redirects.
//!
//! Left out: what they mean (`look`). Invariant: each request ends within [`PATIENCE`], at most [`MOST_BYTES`] of an answer are read, and
//! with [`Reach::Public`] no private address is connected to, also after a redirect.

use super::look::Answer;
use crate::address::{Reach, Resolver};
use anyhow::{Context as _, bail, ensure};
use axum::http::{Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;
use url::{Host, Url};

/// For one request, with the reading of its answer.
const PATIENCE: Duration = Duration::from_secs(8);
const MOST_BYTES: usize = 4 * 1024 * 1024;
const MOST_REDIRECTS: usize = 5;

pub(super) struct Browser {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Empty<Bytes>>,
    reach: Reach,
}

impl Browser {
    pub(super) fn new(reach: Reach) -> anyhow::Result<Self> {
        let mut connector = HttpConnector::new_with_resolver(Resolver::new(reach));
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            reach,
        })
    }

    /// Follows redirects, as a browser does for a page.
    pub(super) async fn get(&self, address: Url) -> anyhow::Result<Answer> {
        let mut now = address.clone();
        for _ in 0..=MOST_REDIRECTS {
            let answer = tokio::time::timeout(PATIENCE, self.once(&now))
                .await
                .with_context(|| format!("{now} does not answer within {} s", PATIENCE.as_secs()))??;
            let next = (300..400)
                .contains(&answer.status)
                .then(|| answer.headers.get(header::LOCATION))
                .flatten()
                .and_then(|location| now.join(location.to_str().ok()?).ok());
            let Some(next) = next else {
                let redirected = now != address;
                return Ok(Answer { redirected, ..answer });
            };
            now = next;
        }
        bail!("{address} redirects again and again")
    }

    async fn once(&self, address: &Url) -> anyhow::Result<Answer> {
        // A bare address is connected to without asking the resolver.
        let bare = match address.host() {
            Some(Host::Ipv4(bare)) => Some(bare.into()),
            Some(Host::Ipv6(bare)) => Some(bare.into()),
            _ => None,
        };
        ensure!(
            bare.is_none_or(|bare| self.reach.allows(bare)),
            "{address} cannot be reached: it is a private address"
        );
        let request = Request::get(address.as_str()).header(header::USER_AGENT, "campanile-doctor");
        let response = self
            .client
            .request(request.body(Empty::new())?)
            .await
            .with_context(|| format!("{address} cannot be reached"))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MOST_BYTES).collect().await;
        let body = body.map_err(|fault| anyhow::anyhow!("{address} cannot be read: {fault}"))?;
        Ok(Answer {
            redirected: false,
            address: address.clone(),
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        })
    }
}
