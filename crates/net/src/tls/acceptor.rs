//! The answering side.

use super::trust::provider;
use super::{TlsStream, backend, leaf_of, stream};
use rasman_core::{Cause, Code, LayerName, Leaf};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use std::sync::Arc;
use tokio::net::TcpStream;

/// A certificate and its key, ready to answer.
#[derive(Clone)]
pub struct Acceptor {
    config: Arc<ServerConfig>,
    leaf: Leaf,
}

impl Acceptor {
    /// Takes a certificate chain (leaf first) and its key (PKCS#8, PKCS#1 or SEC1), all in DER form.
    ///
    /// # Errors
    /// 87 if they do not parse or do not belong together.
    pub fn new(chain: Vec<Vec<u8>>, key: Vec<u8>) -> Result<Self, Cause> {
        Self::with_versions(chain, key, rustls::DEFAULT_VERSIONS)
    }

    /// Answers with TLS 1.2 only, as servers of the last decade do.
    ///
    /// # Errors
    /// As [`Acceptor::new`].
    pub fn tls12_only(chain: Vec<Vec<u8>>, key: Vec<u8>) -> Result<Self, Cause> {
        Self::with_versions(chain, key, &[&rustls::version::TLS12])
    }

    /// Takes the chain and the key as PEM text.
    ///
    /// # Errors
    /// As [`Acceptor::new`].
    pub fn from_pem(chain: &str, key: &str) -> Result<Self, Cause> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
        let chain = chain.map_err(|e| bad("the certificate chain", &e))?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|e| bad("the private key", &e))?;
        Self::with(chain, key, rustls::DEFAULT_VERSIONS)
    }

    fn with_versions(
        chain: Vec<Vec<u8>>,
        key: Vec<u8>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Self, Cause> {
        let key = PrivateKeyDer::try_from(key).map_err(|e| bad("the private key", &e))?;
        Self::with(chain.into_iter().map(CertificateDer::from).collect(), key, versions)
    }

    fn with(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Self, Cause> {
        let Some(leaf) = chain.first().map(|leaf| leaf_of(leaf)) else {
            return Err(bad("the certificate chain", &"it is empty"));
        };
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .expect("the provider has suites for TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|e| bad("the certificate and its key", &e))?;
        // A client that dials again saves the signature; the store is bounded.
        config.send_tls13_tickets = 1;
        config.session_storage = rustls::server::ServerSessionMemoryCache::new(SESSIONS_MAX);
        Ok(Self { config: Arc::new(config), leaf })
    }

    /// Gives the digests of our leaf certificate.
    #[must_use]
    pub fn leaf(&self) -> Leaf {
        self.leaf
    }

    /// Makes the server's half of a TLS connection on `tcp`.
    ///
    /// It has no time limit of its own: the caller drops the future to give up.
    ///
    /// # Errors
    /// 808 if the handshake failed.
    pub async fn accept(&self, tcp: TcpStream) -> Result<TlsStream, Cause> {
        let transport = backend::server(Arc::clone(&self.config), self.leaf)?;
        stream::handshake(Box::new(transport), tcp).await
    }

    /// One that staples an answer of OCSP.
    #[cfg(test)]
    pub(super) fn stapling_for_test(chain: Vec<Vec<u8>>, key: Vec<u8>, answer: Vec<u8>, tls12_only: bool) -> Self {
        let leaf = leaf_of(&chain[0]);
        let versions = if tls12_only { &[&rustls::version::TLS12][..] } else { rustls::DEFAULT_VERSIONS };
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .expect("the provider has suites for TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert_with_ocsp(
                chain.into_iter().map(CertificateDer::from).collect(),
                PrivateKeyDer::try_from(key).expect("a key"),
                answer,
            )
            .expect("they belong together");
        Self { config: Arc::new(config), leaf }
    }

    #[cfg(test)]
    pub(super) fn transport_for_test(&self) -> Box<dyn super::TlsTransport> {
        Box::new(backend::server(Arc::clone(&self.config), self.leaf).expect("a server"))
    }
}

/// How many clients may resume.
const SESSIONS_MAX: usize = 1_024;

fn bad(what: &str, error: &dyn std::fmt::Display) -> Cause {
    Cause::new(Code::INVALID_PARAMETER, LayerName::Settings).did(format!("read {what}: {error}"))
}
