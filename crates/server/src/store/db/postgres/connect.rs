//! Connections to PostgreSQL: the pool and its TLS.
//!
//! Left out on purpose: the choice of authorities. `sslmode=require` trusts the public ones, or the one file that
//! `sslrootcert` names; a server with a certificate of its own is a matter for that file.
//!
//! Invariant: every pooled connection is read-only outside an explicit writing transaction.

use super::super::address::Tls;
use super::super::error::DbError;
use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a statement waits for a connection that is free.
const WAIT: Duration = Duration::from_secs(10);

/// Makes a pool; connects to nothing yet.
pub(in crate::store) fn connect(
    config: &tokio_postgres::Config,
    tls: &Tls,
    size: usize,
) -> Result<Pool, DbError> {
    let settings = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = match tls {
        Tls::Off => Manager::from_config(config.clone(), NoTls, settings),
        Tls::Opportunistic => Manager::from_config(config.clone(), unchecked()?, settings),
        Tls::Verified { root } => Manager::from_config(config.clone(), checked(root.as_deref())?, settings),
    };
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(WAIT))
        .recycle_timeout(Some(WAIT))
        .runtime(Runtime::Tokio1)
        .post_create(Hook::async_fn(|client, _| {
            Box::pin(async move {
                let read_only = "SET default_transaction_read_only = on";
                client.batch_execute(read_only).await.map_err(HookError::Backend)
            })
        }))
        .build()
        .map_err(|error| DbError::Address(error.to_string()))
}

/// A connection from the pool.
pub(in crate::store) async fn client(pool: &Pool) -> Result<Object, DbError> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            // "error connecting to server" alone helps nobody; what is behind it does.
            let reason =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            DbError::Unavailable {
                what: format!("cannot connect to PostgreSQL: {reason}"),
                source: Some(Box::new(error)),
            }
        }
        PoolError::Closed => DbError::closed(),
        PoolError::Timeout(_) => {
            let what = format!("no connection to PostgreSQL was free within {} s", WAIT.as_secs());
            DbError::Unavailable {
                what,
                source: Some(Box::new(error)),
            }
        }
        error => DbError::Unavailable {
            what: "no connection to PostgreSQL".to_owned(),
            source: Some(Box::new(error)),
        },
    })
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, DbError> {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| DbError::Address(error.to_string()))
}

fn checked(root: Option<&Path>) -> Result<MakeRustlsConnect, DbError> {
    let mut roots = RootCertStore::empty();
    match root {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let unusable = |reason: &dyn std::fmt::Display| {
                DbError::Address(format!("sslrootcert {} cannot be used: {reason}", path.display()))
            };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unusable(&error))? {
                let certificate = certificate.map_err(|error| unusable(&error))?;
                roots.add(certificate).map_err(|error| unusable(&error))?;
            }
            if roots.is_empty() {
                return Err(unusable(&"it holds no certificate"));
            }
        }
    }
    Ok(MakeRustlsConnect::new(
        builder()?.with_root_certificates(roots).with_no_client_auth(),
    ))
}

fn unchecked() -> Result<MakeRustlsConnect, DbError> {
    let any = Arc::new(AnyCertificate(aws_lc_rs::default_provider()));
    Ok(MakeRustlsConnect::new(
        builder()?
            .dangerous()
            .with_custom_certificate_verifier(any)
            .with_no_client_auth(),
    ))
}

/// Takes any certificate, as libpq does for `sslmode=prefer`: it keeps listeners out and promises no more.
#[derive(Debug)]
struct AnyCertificate(CryptoProvider);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
