//! Serving: plain, or TLS with the owner's certificate.
//!
//! Each request carries who connected. Left out: renewing certificates (restart, or a proxy). Invariant: nobody who is slow holds up another; a handshake ends after
//! [`HANDSHAKE`], and a connection that sends no whole head of a request within [`HEAD`] is closed.

use anyhow::Context as _;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::util::MapRequest;

const HANDSHAKE: Duration = Duration::from_secs(10);
const HEAD: Duration = Duration::from_secs(30);
/// Pings on a silent HTTP/2 connection, and how long their answer may take.
const PING: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(20));
/// A listener that fails (out of file handles, say) is tried again after this time.
const AGAIN: Duration = Duration::from_millis(100);

/// Reads certificate and key; `None` when both paths are empty.
pub fn acceptor(cert: &Path, key: &Path) -> anyhow::Result<Option<TlsAcceptor>> {
    if cert.as_os_str().is_empty() {
        return Ok(None);
    }
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .with_context(|| format!("the certificate {} cannot be read as PEM", cert.display()))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("the key {} cannot be read as PEM", key.display()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("certificate and key do not belong together")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// Serves until told to stop; then finishes the requests under way.
pub async fn serve(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    stop: CancellationToken,
) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1);
    let open = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(fault) => {
                    tracing::warn!(error = %fault, "a connection was not accepted");
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            },
        };
        // Answers are small; waiting to fill a packet only makes them late.
        let _ = stream.set_nodelay(true);
        let (builder, watcher) = (builder.clone(), open.watcher());
        let named = (router.clone(), peer);
        match acceptor.clone() {
            None => drop(tokio::spawn(converse(stream, builder, named, watcher))),
            Some(acceptor) => drop(tokio::spawn(async move {
                // A failed handshake is the client's affair.
                if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    converse(stream, builder, named, watcher).await;
                }
            })),
        }
    }
    drop(listener);
    open.shutdown().await;
}

/// Tells handlers who connected.
fn naming<B>(peer: SocketAddr) -> impl Fn(Request<B>) -> Request<B> + Clone + Send + 'static {
    move |mut request| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    }
}

/// Serves one connection to its end, or to the end of the request under way when the server stops.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    builder: Builder<TokioExecutor>,
    (router, peer): (Router, SocketAddr),
    watcher: Watcher,
) {
    let service = TowerToHyperService::new(MapRequest::new(router, naming(peer)));
    let connection = builder
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    if let Err(fault) = watcher.watch(connection).await {
        tracing::debug!(error = %fault, "a connection broke");
    }
}
