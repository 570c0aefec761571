//! The lab's own certificate authority, and a certificate for the push hosts.
//!
//! Made anew at each start and kept in memory: nothing on disk can be stolen, and nothing has to be renewed. Left out: client
//! certificates. Invariant: the authority signs one certificate, for the push hosts and loopback only.

use crate::service::PUSH_HOSTS;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _,
};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What is needed to speak TLS, and to be believed.
pub(crate) struct Identity {
    /// The authority's certificate, for the sender under test.
    pub(crate) ca_pem: String,
    /// Base64 of the SHA-256 of the server key's SubjectPublicKeyInfo, for Chromium.
    pub(crate) spki: String,
    /// For HTTPS: HTTP/2 or HTTP/1.1, and HTTP/1.1 only.
    pub(crate) https: [TlsAcceptor; 2],
    /// For MCS, which names no protocol.
    pub(crate) plain: TlsAcceptor,
}

/// Something in certificate making went wrong; in practice the system has no randomness.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
    #[error(transparent)]
    Tls(#[from] tokio_rustls::rustls::Error),
}

impl Identity {
    pub(crate) fn new() -> Result<Self, Error> {
        let ca_key = KeyPair::generate()?;
        let mut ca = CertificateParams::new(Vec::new())?;
        ca.distinguished_name.push(
            DnType::CommonName,
            "Campanile lab: test authority, not for the real world",
        );
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let ca_pem = ca.self_signed(&ca_key)?.pem();
        let issuer = Issuer::new(ca, ca_key);

        let key = KeyPair::generate()?;
        let names = PUSH_HOSTS
            .iter()
            .copied()
            .chain(["localhost", "127.0.0.1", "::1"]);
        let mut leaf = CertificateParams::new(names.map(str::to_owned).collect::<Vec<_>>())?;
        leaf.distinguished_name.push(DnType::CommonName, "Campanile lab");
        let certificate = leaf.signed_by(&key, &issuer)?.der().clone();
        let spki = STANDARD.encode(digest(&SHA256, &key.subject_public_key_info()));
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut plain = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], der)?;
        let mut https = plain.clone();
        https.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut old = plain.clone();
        old.alpn_protocols = vec![b"http/1.1".to_vec()];
        plain.alpn_protocols.clear();
        Ok(Self {
            ca_pem,
            spki,
            https: [https, old].map(|config| TlsAcceptor::from(Arc::new(config))),
            plain: TlsAcceptor::from(Arc::new(plain)),
        })
    }
}
