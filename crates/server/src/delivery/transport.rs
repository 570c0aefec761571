//! The only HTTP client of the product: POSTs to push services.
//!
//! One client with few multiplexed HTTP/2 connections per service (HTTP/1.1 where a service has only that). Left out: what an answer means
//! (`campanile-push`). Invariant: https only, no redirect is followed, no private address is connected to (the lab's hosts, by explicit map,
//! excepted), every request ends within [`TIME_OUT`], and at most [`MAX_ANSWER_BYTES`] of an answer are read.

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// The longest that one request may take.
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

/// The client.
#[derive(Clone)]
pub struct Transport {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
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
        let mut connector = HttpConnector::new_with_resolver(Resolver {
            mapped: mapped.clone(),
        });
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIME_OUT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_all_versions()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(90))
            .http2_keep_alive_interval(Duration::from_secs(60))
            .http2_keep_alive_timeout(Duration::from_secs(20))
            .build(connector);
        Ok(Self { client, mapped })
    }

    /// Sends one request. `Err` is a sentence about the way, not about the answer.
    pub async fn post(&self, request: Request<Vec<u8>>) -> Result<Response, String> {
        let host = request.uri().host().unwrap_or_default();
        let literal = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .is_ok();
        if literal && !self.mapped.contains_key(host) {
            return Err("the endpoint names a bare address; push services have names".to_owned());
        }
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let exchange = async {
            let response = self
                .client
                .request(request)
                .await
                .map_err(|fault| reason(&fault))?;
            let (parts, mut body) = response.into_parts();
            let mut beginning = Vec::new();
            while beginning.len() < MAX_ANSWER_BYTES {
                match body.frame().await {
                    Some(Ok(frame)) => {
                        if let Some(data) = frame.data_ref() {
                            let room = MAX_ANSWER_BYTES - beginning.len();
                            beginning.extend_from_slice(&data[..data.len().min(room)]);
                        }
                    }
                    // The status is known; a body that breaks off changes nothing.
                    Some(Err(_)) | None => break,
                }
            }
            Ok(Response {
                status: parts.status,
                headers: parts.headers,
                body: beginning,
            })
        };
        tokio::time::timeout(TIME_OUT, exchange)
            .await
            .unwrap_or_else(|_| Err("no answer within 30 s".to_owned()))
    }
}

fn reason(fault: &hyper_util::client::legacy::Error) -> String {
    let mut text = if fault.is_connect() {
        "no connection".to_owned()
    } else {
        "the connection broke".to_owned()
    };
    let mut source = std::error::Error::source(fault);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text.chars().take(200).collect()
}

/// Looks hosts up, gives mapped ones their address, and leaves out addresses that no push service has.
#[derive(Clone)]
struct Resolver {
    mapped: Arc<HashMap<String, SocketAddr>>,
}

impl tower::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let mapped = self.mapped.get(name.as_str()).copied();
        Box::pin(async move {
            if let Some(address) = mapped {
                return Ok(vec![address].into_iter());
            }
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| is_public(address.ip()))
                .collect();
            if public.is_empty() {
                return Err(std::io::Error::other("the host has no public address"));
            }
            Ok(public.into_iter())
        })
    }
}

/// Whether an address can belong to a push service: not loopback, private, link-local, shared, documentation or multicast.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (18..20).contains(&b))
                || (a == 192 && b == 0))
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped().or_else(|| embedded(v6)) {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || v6.is_unique_local()
                    || v6.is_unicast_link_local()
                    || matches!(v6.segments(), [0x2001, 0xdb8, ..]))
            }
        },
    }
}

/// The IPv4 address inside a NAT64 or 6to4 one.
fn embedded(v6: Ipv6Addr) -> Option<std::net::Ipv4Addr> {
    let of = |high: u16, low: u16| std::net::Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_not_push_services() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(private.parse().expect(private)), "{private}");
        }
        for public in ["142.250.185.74", "2a00:1450:4001:80b::200a", "64:ff9b::8efa:b94a"] {
            assert!(is_public(public.parse().expect(public)), "{public}");
        }
    }

    #[tokio::test]
    async fn only_names_and_https_go_out() {
        let transport = Transport::new(HostMap::default()).expect("a client");
        let post = |uri: &str| transport.post(Request::post(uri).body(Vec::new()).expect("a request"));
        assert!(
            post("https://127.0.0.1/x")
                .await
                .expect_err("literal")
                .contains("bare address")
        );
        assert!(
            post("https://[::1]/x")
                .await
                .expect_err("literal")
                .contains("bare address")
        );
        assert!(
            post("https://localhost:1/x")
                .await
                .expect_err("loopback")
                .contains("no public address")
        );
        assert!(post("http://localhost/x").await.is_err(), "plain http");
    }
}
