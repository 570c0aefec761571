//! Sends one message the way a production sender does, led to a lab by its host map:
//! `cargo run -p campanile-lab --example send LAB-URL VAPID-PRIVATE-KEY TEXT < subscription.json`.
//! Without arguments it prints a new key pair.

use campanile_core::notification::Urgency;
use campanile_core::subscription::{Endpoint, Keys, PushHosts};
use campanile_lab::Clock;
use campanile_push::vapid::{SignatureCache, Subject, VapidKey};
use campanile_push::webpush::{Options, request};
use campanile_push::{Recipient, encrypt};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example speaks to the terminal")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [lab, private, text] = arguments.as_slice() else {
        let key = VapidKey::generate()?;
        println!("{} {}", key.to_base64url()?, key.public_key());
        return Ok(());
    };
    let about = about(lab).await?;
    let subscription: Value = serde_json::from_reader(std::io::stdin())?;
    let part = |pointer: &str| {
        subscription
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let endpoint = Endpoint::parse(part("/endpoint"), &PushHosts::new(&[])).map_err(|error| error.message)?;
    let keys = Keys::parse(part("/keys/p256dh"), part("/keys/auth")).map_err(|error| error.message)?;
    let body = encrypt(&Recipient::new(&keys)?, text.as_bytes())?;
    let signatures = SignatureCache::new(Subject::parse("mailto:push@example.com")?);
    let key = VapidKey::from_base64url(private)?;
    let header = signatures.header(&key, &endpoint.origin(), Clock::system().now())?;
    let options = Options {
        ttl_seconds: 60,
        urgency: Urgency::High,
        topic: None,
    };
    let request = request(&endpoint, body, &header, &options)?.map(|body| Full::new(Bytes::from(body)));

    let host = endpoint.host();
    let address = about["hosts"][&host]
        .as_str()
        .ok_or("the lab does not play this push host")?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(
        about["ca_pem"].as_str().unwrap_or_default().as_bytes(),
    )?)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let socket = TcpStream::connect(address).await?;
    let socket = TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from(host)?, socket)
        .await?;
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    println!("{}", answer.status());
    let said = answer.into_body().collect().await?.to_bytes();
    println!("{}", String::from_utf8_lossy(&said));
    Ok(())
}

/// What the lab says of itself.
async fn about(lab: &str) -> Result<Value, Failure> {
    let address = lab
        .trim_end_matches('/')
        .strip_prefix("http://")
        .ok_or("the lab's address starts with http://")?;
    let socket = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    let request = http::Request::get("/lab")
        .header("host", address)
        .body(Full::<Bytes>::default())?;
    let answer = sender.send_request(request).await?;
    Ok(serde_json::from_slice(
        &answer.into_body().collect().await?.to_bytes(),
    )?)
}
