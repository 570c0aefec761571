//! Serving with a certificate, and stopping while somebody is slow.

use crate::bed::exchange;
use campanile::app::{self, STOP_WITHIN, Surroundings};
use campanile::config::{Config, Flags};
use campanile_core::time::Zone;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::path::Path;
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;

fn config(folder: &Path, flags: Flags) -> Config {
    let flags = Flags {
        listen: Some("127.0.0.1:0".into()),
        data: Some(folder.join("data")),
        ..flags
    };
    Config::load(None, [], &flags).unwrap()
}

#[tokio::test]
async fn serves_with_the_owners_certificate_over_http_2() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let flags = Flags {
        tls_cert: Some(cert.clone()),
        tls_key: Some(key),
        ..Flags::default()
    };
    let running = app::start(config(folder.path(), flags), Surroundings::default())
        .await
        .unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let tls =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_only()
        .enable_all_versions()
        .build();
    let client: Client<_, Full<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    // Somebody who connects and says nothing holds up nobody.
    let silent = tokio::net::TcpStream::connect(running.address).await.unwrap();
    let url = format!("https://localhost:{}/readyz", running.address.port());
    let answer = exchange(&client, "GET", &url, &[], Vec::new()).await;
    assert_eq!(
        (answer.status, answer.version, answer.body.as_str()),
        (200, axum::http::Version::HTTP_2, "ready\n")
    );
    // HTTP/2 has no Host header; the snippet names the address all the same.
    let account = running
        .app
        .launch
        .create_account("Tindermere", None, Zone::utc())
        .await
        .unwrap();
    let (_, key) = running
        .app
        .launch
        .create_api_key(&account.id, "Tests")
        .await
        .unwrap();
    let base = format!("https://localhost:{}", running.address.port());
    let bearer = format!("Bearer {key}");
    let answer = exchange(
        &client,
        "GET",
        &format!("{base}/api/v1/install"),
        &[("authorization", &bearer)],
        Vec::new(),
    )
    .await;
    assert!(
        answer.body.contains(&format!("{base}/js/clevertap.min.js")),
        "{}",
        answer.body
    );
    // The SDK asks for its parts by its own address, with a version behind.
    for part in ["more", "push", "why"] {
        let part = format!("{base}/js/clevertap.{part}.js?v=0.1.0");
        let answer = exchange(&client, "GET", &part, &[], Vec::new()).await;
        assert!(
            answer.status == 200 || answer.body.contains("was not built"),
            "{part}: {}",
            answer.status
        );
    }
    drop((silent, client));
    running.stop().await.unwrap();

    let flags = Flags {
        tls_cert: Some(cert.clone()),
        tls_key: Some(cert),
        ..Flags::default()
    };
    let fault = app::start(config(folder.path(), flags), Surroundings::default())
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(format!("{fault:#}").contains("key"), "{fault:#}");
}

/// With the clock of the runtime paused nothing waits in earnest: time jumps to whatever is due next.
#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let router = axum::Router::new().route("/", axum::routing::get(|| async { "here" }));
    let server = tokio::spawn(campanile::tls::serve(listener, None, router, stop.clone()));
    let mut silent = tokio::net::TcpStream::connect(address).await.unwrap();
    silent
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ")
        .await
        .unwrap();
    let mut answer = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut silent, &mut answer)
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&answer).contains("here"));
    stop.cancel();
    server.await.unwrap();
}

#[tokio::test]
async fn stops_in_time_while_somebody_is_slow() {
    let folder = tempfile::tempdir().unwrap();
    let running = app::start(config(folder.path(), Flags::default()), Surroundings::default())
        .await
        .unwrap();
    let mut slow = tokio::net::TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"POST /ring HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
        .await
        .unwrap();
    let mut idle = tokio::net::TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    idle.readable().await.unwrap();
    tokio::time::timeout(STOP_WITHIN, running.stop())
        .await
        .expect("stopped in time")
        .unwrap();
}
