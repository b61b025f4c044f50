//! Whom a client trusts.

use super::backend::ClientSetup;
use super::explain::{Explain, Role, Seen};
use super::issued::Certificate;
use super::ocsp::{self, Status};
use super::sessions::{self, Kept};
use super::staple::Staple;
use super::{leaf_of, revocation};
use rasman_core::{Cause, Code, LayerName, Revocation, TlsSpec};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, TrustAnchor, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Turns a spec into all that a client's handshake needs.
pub(super) async fn client(spec: &TlsSpec) -> Result<ClientSetup, Cause> {
    let Kept { config, checks } = match sessions::of(spec) {
        Some(kept) => kept,
        None => {
            let fresh = fresh(spec).await?;
            sessions::keep(spec, fresh.clone());
            fresh
        }
    };
    Ok(ClientSetup { config, name: checks.name.clone(), explain: checks.explain.clone(), checks })
}

async fn fresh(spec: &TlsSpec) -> Result<Kept, Cause> {
    let name = if spec.server_name.is_empty() { &spec.host } else { &spec.server_name };
    let name = name.strip_suffix('.').unwrap_or(name);
    let server_name = ServerName::try_from(name.to_owned()).map_err(|_| {
        settings(format!("wanted a certificate for \"{name}\", which is neither a host name nor an address"))
    })?;
    let seen = Seen::default();
    let (judge, roots) = judge(spec).await?;
    let verifier = Arc::new(Verifier { judge, provider: provider(), seen: seen.clone(), staple: Staple::default() });
    let mut config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for the default versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Verifier>::clone(&verifier))
        .with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(sessions::TICKETS);
    let explain = Explain::new(Role::Client { name: name.to_owned(), seen });
    Ok(Kept { config: Arc::new(config), checks: Checks { verifier, roots, name: server_name, explain } })
}

/// What is checked of a server's certificate beside its handshake.
#[derive(Clone)]
pub(super) struct Checks {
    verifier: Arc<Verifier>,
    /// Whom the entry trusts; nothing where a leaf is pinned.
    roots: Option<Arc<RootCertStore>>,
    name: ServerName<'static>,
    explain: Explain,
}

impl Checks {
    /// Judges the certificates of a session that was resumed as those of a fresh handshake: the leaf may have expired
    /// since.
    ///
    /// # Errors
    /// As a handshake's.
    pub(super) fn again(&self, chain: &[Vec<u8>]) -> Result<(), Cause> {
        let Some((leaf, intermediates)) = split_chain(chain) else { return Err(self.nothing_shown()) };
        let judged = self.verifier.verify_server_cert(&leaf, &intermediates, &self.name, &[], UnixTime::now());
        judged.map(drop).map_err(|error| self.explain.handshake(&error))
    }

    /// Finds out whether the leaf was revoked, as far as that is wanted: by OCSP first, as Windows does, then in its issuer's
    /// list.
    ///
    /// # Errors
    /// 810 if it was revoked, or 0x80092013 if that cannot be known and is required.
    pub(super) async fn revocation(&self, wanted: Revocation, chain: &[Vec<u8>]) -> Result<(), Cause> {
        let (Some(roots), false) = (&self.roots, wanted == Revocation::Unchecked) else { return Ok(()) };
        let deadline = revocation::deadline();
        let unanswered = match self.asked(roots, chain).await {
            Ok(Status::Good) => return Ok(()),
            Ok(Status::Revoked) => return Err(self.explain.handshake(&CertificateError::Revoked.into())),
            Err(why) => why,
        };
        let lists = match revocation::fetch(chain.first().map_or(&[], Vec::as_slice), deadline).await {
            Ok(lists) => lists,
            Err(_) if wanted == Revocation::IfPossible => return Ok(()),
            Err(why) if unanswered.is_empty() => return Err(self.explain.unchecked(&why)),
            Err(why) => return Err(self.explain.unchecked(&format!("{unanswered}; {why}"))),
        };
        self.listed(wanted, roots, chain, lists)
    }

    /// Asks by OCSP: the answer that the server stapled counts first, then those whom the leaf names.
    async fn asked(&self, roots: &RootCertStore, chain: &[Vec<u8>]) -> Result<Status, String> {
        let Some((der, others)) = chain.split_first() else { return Err(String::new()) };
        let leaf = Certificate::read(der).ok_or_else(String::new)?;
        let issuer = leaf.issuer(others, roots).ok_or_else(String::new)?;
        let judge = |answer: &[u8]| ocsp::judge(answer, &leaf, &issuer, UnixTime::now());
        match self.verifier.staple.of(der).map(|stapled| judge(&stapled)) {
            Some(Ok(status)) => Ok(status),
            Some(Err(_)) | None => revocation::ask(der, &ocsp::question(&leaf, &issuer), judge).await,
        }
    }

    /// Looks the leaf up in lists.
    fn listed(
        &self,
        wanted: Revocation,
        roots: &Arc<RootCertStore>,
        chain: &[Vec<u8>],
        lists: Vec<Vec<u8>>,
    ) -> Result<(), Cause> {
        let Some((leaf, intermediates)) = split_chain(chain) else { return Err(self.nothing_shown()) };
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), provider())
            .with_crls(lists.into_iter().map(CertificateRevocationListDer::from))
            .only_check_end_entity_revocation();
        let builder = match wanted {
            // An old list may lack who was revoked since. Whom it names is revoked all the same, so where a list is
            // not required an old one is still looked at.
            Revocation::Required => builder.enforce_revocation_expiration(),
            _ => builder.allow_unknown_revocation_status(),
        };
        let judged = match builder.build() {
            Ok(verifier) => verifier.verify_server_cert(&leaf, &intermediates, &self.name, &[], UnixTime::now()),
            Err(_) if wanted == Revocation::IfPossible => return Ok(()),
            Err(error) => return Err(self.explain.unchecked(&format!("the list cannot be read ({error})"))),
        };
        match judged {
            // Not a list that can be judged by: nothing is known.
            Err(Error::InvalidCertRevocationList(_)) if wanted == Revocation::IfPossible => Ok(()),
            Err(Error::InvalidCertRevocationList(error)) => Err(self.explain.unchecked(&format!("{error:?}"))),
            Err(Error::InvalidCertificate(CertificateError::UnknownRevocationStatus)) => {
                Err(self.explain.unchecked("the list is not its issuer's"))
            }
            Err(Error::InvalidCertificate(
                CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. },
            )) => Err(self.explain.unchecked("the list is over: its issuer should have made a new one")),
            judged => judged.map(drop).map_err(|error| self.explain.handshake(&error)),
        }
    }

    fn nothing_shown(&self) -> Cause {
        self.explain.handshake(&Error::NoCertificatesPresented)
    }
}

fn split_chain(chain: &[Vec<u8>]) -> Option<(CertificateDer<'_>, Vec<CertificateDer<'_>>)> {
    let (leaf, intermediates) = chain.split_first()?;
    Some((leaf.as_slice().into(), intermediates.iter().map(|der| der.as_slice().into()).collect()))
}

/// The one crypto library, passed explicitly everywhere: the implicit default panics if two are linked.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())))
}

async fn judge(spec: &TlsSpec) -> Result<(Judge, Option<Arc<RootCertStore>>), Cause> {
    if let Some(digest) = spec.trust.pinned_leaf_sha256 {
        return Ok((Judge::Pinned(digest), None));
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
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), provider()).build();
    verifier
        .map(|verifier| (Judge::Roots(verifier), Some(roots)))
        .map_err(|error| settings(format!("read the trusted authorities ({error})")))
}

/// Loads the system's roots the first time, away from this thread: it reads a hundred files.
async fn system_roots() -> Arc<RootCertStore> {
    if let Some(roots) = ROOTS.get() {
        return Arc::clone(roots);
    }
    tokio::task::spawn_blocking(ready_roots).await.unwrap_or_else(|_| Arc::new(RootCertStore::empty()))
}

/// Loads the system's roots for [`ready_roots`].
pub(super) async fn load_roots() {
    let _ = system_roots().await;
}

/// Gives the system's roots; reads files on this thread if nobody has loaded them before.
pub(super) fn ready_roots() -> Arc<RootCertStore> {
    Arc::clone(ROOTS.get_or_init(|| Arc::new(RootCertStore::from_iter(system_anchors(|_| true)))))
}

/// Gives those of the system's roots whose certificates have one of these SHA-1 digests; reads files on this thread.
pub(super) fn named_roots(sha1: &[[u8; 20]]) -> RootCertStore {
    RootCertStore::from_iter(system_anchors(|der| sha1.contains(&leaf_of(der).sha1)))
}

fn system_anchors(counts: impl Fn(&[u8]) -> bool) -> Vec<TrustAnchor<'static>> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "a system root was skipped");
    }
    let mut roots = RootCertStore::empty();
    let _ = roots.add_parsable_certificates(found.certs.into_iter().filter(|der| counts(der)));
    roots.roots
}

static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();

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
    staple: Staple,
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
        self.staple.set(digest, ocsp);
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
