//! A sender as it stands in production, led to a lab: real host names, TLS by the lab's authority, HTTP/2.

use campanile_core::subscription::{Endpoint, Keys, PushHosts};
use campanile_core::time::Timestamp;
use campanile_lab::{Clock, Lab, LabConfig};
use campanile_push::ece::{Recipient, encrypt};
use campanile_push::vapid::{SignatureCache, Subject, VapidKey};
use campanile_push::webpush::{Options, Topic, request};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

pub(crate) const START: Timestamp = Timestamp(1_763_890_000_000);
/// Longer than anything takes here; a test that waits so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A lab whose clock stands still, and a sender.
pub(crate) struct Rig {
    pub(crate) lab: Lab,
    pub(crate) clock: Clock,
    pub(crate) key: VapidKey,
    pub(crate) signatures: SignatureCache,
    tls: TlsConnector,
}

/// What a push service answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) bytes: Bytes,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        let clock = Clock::standing(START);
        let config = LabConfig {
            clock: clock.clone(),
            ..LabConfig::default()
        };
        let lab = Lab::start(config).await.expect("a lab");
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(lab.ca_pem().as_bytes()).expect("PEM");
        roots.add(authority).expect("a certificate");
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let subject = Subject::parse("mailto:push@example.com").expect("a contact");
        Self {
            lab,
            clock,
            key: VapidKey::generate().expect("a key"),
            signatures: SignatureCache::new(subject),
            tls: TlsConnector::from(Arc::new(config)),
        }
    }

    /// A message as the product makes it, ready to be spoiled by a test.
    pub(crate) fn message(
        &self,
        subscription: &Value,
        plaintext: &[u8],
        ttl_seconds: u32,
    ) -> Request<Vec<u8>> {
        self.message_about(subscription, plaintext, ttl_seconds, None)
    }

    pub(crate) fn message_about(
        &self,
        subscription: &Value,
        plaintext: &[u8],
        ttl_seconds: u32,
        topic: Option<&str>,
    ) -> Request<Vec<u8>> {
        let text = |pointer: &str| {
            subscription
                .pointer(pointer)
                .and_then(Value::as_str)
                .expect("a text")
        };
        let hosts = PushHosts::new(&[]);
        let endpoint =
            Endpoint::parse(text("/endpoint"), &hosts).expect("the production allow-list takes it");
        let keys = Keys::parse(text("/keys/p256dh"), text("/keys/auth")).expect("keys");
        let recipient = Recipient::new(&keys).expect("on the curve");
        let body = encrypt(&recipient, plaintext).expect("a body");
        let header = self
            .signatures
            .header(&self.key, &endpoint.origin(), self.clock.now())
            .expect("a header");
        let topic = topic.map(|topic| Topic::of(&[topic.as_bytes()]));
        let options = Options {
            ttl_seconds,
            urgency: campanile_core::notification::Urgency::High,
            topic,
        };
        request(&endpoint, body, &header, &options).expect("a request")
    }

    /// Opens an HTTP/2 connection to a push host by way of the host map.
    pub(crate) async fn connect(&self, host: &str) -> SendRequest<Full<Bytes>> {
        let map = self.lab.host_map();
        let (_, address) = map.iter().find(|(name, _)| name == host).expect("a mapped host");
        let socket = TcpStream::connect(address).await.expect("a connection");
        let socket = self.trusting(host, socket).await;
        assert_eq!(socket.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket))
                .await
                .expect("h2");
        tokio::spawn(connection);
        sender
    }

    /// TLS with a lab that names itself `host`.
    pub(crate) async fn trusting(&self, host: &str, socket: TcpStream) -> TlsStream<TcpStream> {
        self.try_trusting(host, socket)
            .await
            .expect("a trusted certificate")
    }

    pub(crate) async fn try_trusting(
        &self,
        host: &str,
        socket: TcpStream,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).expect("a name");
        self.tls.connect(name, socket).await
    }

    /// Sends over a connection of its own; an error is a connection that ended without an answer.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Answered, hyper::Error> {
        let host = request.uri().host().expect("a host").to_owned();
        let mut sender = self.connect(&host).await;
        send_on(&mut sender, request).await
    }

    pub(crate) async fn post(&self, request: Request<Vec<u8>>) -> Answered {
        self.send(request).await.expect("an answer")
    }
}

pub(crate) async fn send_on(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Vec<u8>>,
) -> Result<Answered, hyper::Error> {
    let request = request.map(|body| Full::new(Bytes::from(body)));
    let answer = tokio::time::timeout(PATIENCE, sender.send_request(request))
        .await
        .expect("in time")?;
    read(answer).await
}

async fn read(answer: Response<hyper::body::Incoming>) -> Result<Answered, hyper::Error> {
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Answered {
        status: parts.status,
        headers: parts.headers,
        body,
        bytes,
    })
}

/// A request to the lab's plain listener.
pub(crate) async fn plain(lab: &Lab, method: &str, path: &str, kind: &str, body: &[u8]) -> Answered {
    let address = lab.url().strip_prefix("http://").expect("http");
    let socket = TcpStream::connect(address).await.expect("a connection");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket))
        .await
        .expect("http/1.1");
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", address)
        .header("content-type", kind)
        .body(Full::new(Bytes::copy_from_slice(body)))
        .expect("a request");
    read(sender.send_request(request).await.expect("an answer"))
        .await
        .expect("a body")
}

/// A request of the control interface.
pub(crate) async fn control(lab: &Lab, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let bytes = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    let answer = plain(lab, method, path, "application/json", &bytes).await;
    let body = serde_json::from_str(&answer.body).unwrap_or(Value::String(answer.body));
    (answer.status, body)
}
