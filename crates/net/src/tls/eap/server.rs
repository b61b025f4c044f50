//! The server's end.

use super::tunnel::RustlsTunnel;
use crate::tls::trust::provider;
use rasman_auth::eap::{ServerTunnels, Tunnel, TunnelError};
use rasman_core::{Cause, Code, LayerName};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::sync::Arc;

/// A certificate and its key, ready to answer inside EAP.
pub struct EapAcceptor {
    without: Arc<ServerConfig>,
    /// Demands a certificate of the peer.
    with: Arc<ServerConfig>,
}

impl EapAcceptor {
    /// Takes a chain (leaf first), its key, and the authorities whose certificates peers may show, all in DER form.
    ///
    /// # Errors
    /// 87 if they do not parse or do not belong together.
    pub fn new(chain: &[Vec<u8>], key: &[u8], authorities: &[Vec<u8>], tls12_only: bool) -> Result<Self, Cause> {
        let versions: &[&'static SupportedProtocolVersion] =
            if tls12_only { &[&rustls::version::TLS12] } else { rustls::DEFAULT_VERSIONS };
        let mut roots = RootCertStore::empty();
        for der in authorities {
            roots.add(CertificateDer::from(der.as_slice())).map_err(|error| bad(&error))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let verifier = verifier.build().map_err(|error| bad(&error))?;
        let make = |demands: bool| {
            let config = ServerConfig::builder_with_provider(provider())
                .with_protocol_versions(versions)
                .expect("the provider has suites for TLS 1.2 and 1.3");
            let config = match demands {
                true => config.with_client_cert_verifier(verifier.clone()),
                false => config.with_no_client_auth(),
            };
            let chain = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
            let key = PrivateKeyDer::try_from(key.to_vec()).map_err(|error| bad(&error))?;
            let mut config = config.with_single_cert(chain, key).map_err(|error| bad(&error))?;
            // RFC 9190 2.1.2: without tickets nobody resumes, so everybody is checked.
            config.send_tls13_tickets = 0;
            config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
            Ok::<_, Cause>(Arc::new(config))
        };
        Ok(Self { without: make(false)?, with: make(true)? })
    }
}

impl ServerTunnels for EapAcceptor {
    fn server(&self, certificate: bool) -> Result<Box<dyn Tunnel>, TunnelError> {
        let config = if certificate { &self.with } else { &self.without };
        let connection = ServerConnection::new(Arc::clone(config)).map_err(|error| bad(&error))?;
        Ok(RustlsTunnel::boxed(connection, |error| {
            Cause::new(Code::EAP_USER_CERT_OTHER_ERROR, LayerName::Auth)
                .did("answered TLS inside EAP")
                .said(error.to_string())
                .into()
        }))
    }
}

fn bad(error: &dyn std::fmt::Display) -> Cause {
    Cause::new(Code::INVALID_PARAMETER, LayerName::Settings).did(format!("read certificates for EAP ({error})"))
}
