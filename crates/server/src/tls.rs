//! Serving: plain, or TLS with the owner's certificate.
//!
//! Left out: renewing certificates (restart, or a proxy). Invariant: a slow handshake holds up nobody else, and ends after [`HANDSHAKE`].

use anyhow::Context as _;
use axum::Router;
use axum::serve::Listener;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

const HANDSHAKE: Duration = Duration::from_secs(10);

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
    let mut config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
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
) -> anyhow::Result<()> {
    let stopped = stop.clone().cancelled_owned();
    match acceptor {
        None => {
            let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
                // Answers are small; waiting to fill a packet only makes them late.
                let _ = stream.set_nodelay(true);
            });
            axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await?;
        }
        Some(acceptor) => {
            axum::serve(Handshakes::start(listener, acceptor, stop)?, router)
                .with_graceful_shutdown(stopped)
                .await?;
        }
    }
    Ok(())
}

/// Connections whose handshake is through.
struct Handshakes {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl Handshakes {
    fn start(
        mut listener: TcpListener,
        acceptor: TlsAcceptor,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(64);
        tokio::spawn(async move {
            loop {
                let (stream, peer) = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = Listener::accept(&mut listener) => accepted,
                };
                let acceptor = acceptor.clone();
                let sender = sender.clone();
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    // A failed handshake is the client's affair.
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        let _ = sender.send((stream, peer)).await;
                    }
                });
            }
        });
        Ok(Self { address, ready })
    }
}

impl Listener for Handshakes {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The listener was stopped; graceful shutdown ends the waiting.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}
