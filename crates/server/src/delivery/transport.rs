//! The client of the push services.
//!
//! Few multiplexed HTTP/2 connections per service, as many as its stream limits ask for (HTTP/1.1 where a service has only that): `pool`.
//! Left out: what an answer means (`campanile-push`). Invariant: https only, no redirect is followed, no private address is connected to
//! (`crate::address`), every request ends within [`TIME_OUT`], and at most [`MAX_ANSWER_BYTES`] of an answer are read.

mod pool;
mod wire;

use crate::address::Resolver;
use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use pool::Pool;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The longest that one request may take, with its waiting for a connection.
pub const TIME_OUT: Duration = Duration::from_secs(30);
const CONNECT_TIME_OUT: Duration = Duration::from_secs(10);
/// Most bytes of an answer's body that are read.
pub const MAX_ANSWER_BYTES: usize = 4096;

/// Where push hosts really are, for demos and tests; and whose certificates are believed beside the public ones.
#[derive(Debug, Clone, Default)]
pub struct HostMap {
    /// Push host to local address.
    pub hosts: HashMap<String, SocketAddr>,
    /// PEM of one more certificate authority.
    pub ca_pem: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

/// Why nothing came back, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The service did not look at the request (RFC 9113 section 8.7): it can go again as if it never had.
    #[error("{0}")]
    NotTaken(String),
    /// No connection, or one that broke, or no answer in time: the service may have processed the request.
    #[error("{0}")]
    Unanswered(String),
}

/// The client.
#[derive(Clone)]
pub struct Transport {
    pool: Arc<Pool>,
    mapped: Arc<HashMap<String, SocketAddr>>,
}

impl Transport {
    /// Builds the client.
    pub fn new(map: HostMap) -> anyhow::Result<Self> {
        let mut roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if let Some(pem) = &map.ca_pem {
            use rustls::pki_types::pem::PemObject as _;
            for certificate in rustls::pki_types::CertificateDer::pem_slice_iter(pem.as_bytes()) {
                roots.add(certificate.context("the additional certificate authority is not PEM")?)?;
            }
        }
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
        let mapped = Arc::new(map.hosts);
        let mut connector = HttpConnector::new_with_resolver(Resolver::mapped(mapped.clone()));
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIME_OUT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_all_versions()
            .wrap_connector(connector);
        Ok(Self {
            pool: Arc::new(Pool::new(connector)),
            mapped,
        })
    }

    /// Sends one request.
    pub async fn post(&self, request: Request<Vec<u8>>) -> Result<Response, Fault> {
        let host = request.uri().host().unwrap_or_default();
        let literal = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .is_ok();
        if literal && !self.mapped.contains_key(host) {
            let words = "the endpoint names a bare address; push services have names";
            return Err(Fault::Unanswered(words.to_owned()));
        }
        let request = request.map(Bytes::from);
        let origin = self.pool.origin(request.uri());
        origin.exchange(&request, Instant::now() + TIME_OUT).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_names_and_https_go_out() {
        let transport = Transport::new(HostMap::default()).expect("a client");
        let post = |uri: &str| transport.post(Request::post(uri).body(Vec::new()).expect("a request"));
        assert!(
            post("https://127.0.0.1/x")
                .await
                .expect_err("literal")
                .to_string()
                .contains("bare address")
        );
        assert!(
            post("https://[::1]/x")
                .await
                .expect_err("literal")
                .to_string()
                .contains("bare address")
        );
        assert!(
            post("https://localhost:1/x")
                .await
                .expect_err("loopback")
                .to_string()
                .contains("no public address")
        );
        assert!(post("http://localhost/x").await.is_err(), "plain http");
    }
}
