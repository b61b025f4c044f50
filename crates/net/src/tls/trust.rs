//! Whom a client trusts.

use super::backend::ClientSetup;
use super::explain::{Explain, Role, Seen};
use super::leaf_of;
use rasman_core::{Cause, Code, LayerName, TlsSpec};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Turns a spec into all that a client's handshake needs.
pub(super) async fn client(spec: &TlsSpec) -> Result<ClientSetup, Cause> {
    let name = if spec.server_name.is_empty() { &spec.host } else { &spec.server_name };
    let name = name.strip_suffix('.').unwrap_or(name);
    let server_name = ServerName::try_from(name.to_owned()).map_err(|_| {
        settings(format!("wanted a certificate for \"{name}\", which is neither a host name nor an address"))
    })?;
    let seen = Seen::default();
    let verifier = Verifier { judge: judge(spec).await?, provider: provider(), seen: seen.clone() };
    let mut config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for the default versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // Each dial is a full handshake, so that crypto binding always has the leaf that was verified now.
    config.resumption = Resumption::disabled();
    let explain = Explain::new(Role::Client { name: name.to_owned(), seen });
    Ok(ClientSetup { config: Arc::new(config), name: server_name, explain })
}

/// The one crypto library, passed explicitly everywhere: the implicit default panics if two are linked.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())))
}

async fn judge(spec: &TlsSpec) -> Result<Judge, Cause> {
    if let Some(digest) = spec.trust.pinned_leaf_sha256 {
        return Ok(Judge::Pinned(digest));
    }
    let mut roots = if spec.trust.system_roots { system_roots().await } else { Arc::new(RootCertStore::empty()) };
    for (index, der) in spec.trust.added_roots.iter().enumerate() {
        Arc::make_mut(&mut roots).add(CertificateDer::from(der.as_slice())).map_err(|error| {
            settings(format!("read added root {} of the entry, which is no certificate ({error})", index + 1))
        })?;
    }
    if roots.is_empty() {
        let advice = "install the system's roots (the package ca-certificates), or add the authority's certificate to \
                      the entry";
        return Err(Cause::new(Code::CERT_UNTRUSTED_ROOT, LayerName::Tls)
            .did("looked for trusted authorities and found none")
            .advice(advice));
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider()).build();
    verifier.map(Judge::Roots).map_err(|error| settings(format!("read the trusted authorities ({error})")))
}

/// Loads the system's roots the first time, away from this thread: it reads a hundred files.
async fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Arc::clone(roots);
    }
    let load = || {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::debug!(%error, "a system root was skipped");
        }
        let mut roots = RootCertStore::empty();
        let _ = roots.add_parsable_certificates(found.certs);
        Arc::new(roots)
    };
    tokio::task::spawn_blocking(move || Arc::clone(ROOTS.get_or_init(load)))
        .await
        .unwrap_or_else(|_| Arc::new(RootCertStore::empty()))
}

fn settings(did: String) -> Cause {
    Cause::new(Code::INVALID_PARAMETER, LayerName::Settings)
        .did(did)
        .advice("give the entry the authority's certificate in DER or PEM")
}

/// Checks the server's certificate and remembers which one it was.
#[derive(Debug)]
struct Verifier {
    judge: Judge,
    provider: Arc<CryptoProvider>,
    seen: Seen,
}

#[derive(Debug)]
enum Judge {
    /// Exactly this leaf, whatever its name, issuer and dates say.
    Pinned([u8; 32]),
    /// Whatever these roots sign for the name.
    Roots(Arc<WebPkiServerVerifier>),
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let digest = leaf_of(leaf).sha256;
        self.seen.set(digest);
        match &self.judge {
            Judge::Pinned(pinned) if *pinned == digest => Ok(ServerCertVerified::assertion()),
            Judge::Pinned(pinned) => Err(CertificateError::Other(OtherError(Arc::new(PinMismatch(*pinned)))).into()),
            Judge::Roots(webpki) => webpki.verify_server_cert(leaf, intermediates, name, ocsp, now),
        }
    }

    // A pinned leaf is public: only this signature proves that the peer has its key.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, leaf, dss, algorithms).map_err(not_its_key)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, leaf, dss, algorithms).map_err(not_its_key)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The leaf is not the pinned one, whose SHA-256 digest this is.
#[derive(Debug)]
pub(super) struct PinMismatch(pub(super) [u8; 32]);

impl fmt::Display for PinMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the pinned certificate")
    }
}

impl std::error::Error for PinMismatch {}

/// The leaf was shown by somebody who does not have its key.
#[derive(Debug)]
pub(super) struct NotItsKey;

impl fmt::Display for NotItsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handshake was signed with another key")
    }
}

impl std::error::Error for NotItsKey {}

/// The library names a bad signature in the handshake as it names one in the certificate chain.
fn not_its_key(error: Error) -> Error {
    match error {
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            CertificateError::Other(OtherError(Arc::new(NotItsKey))).into()
        }
        other => other,
    }
}
