//! The peer's end: whom it believes, and what it shows.

use super::identity;
use super::tunnel::RustlsTunnel;
use crate::tls::issued::Certificate;
use crate::tls::ocsp::{self, Status};
use crate::tls::trust::{named_roots, provider, ready_roots};
use crate::tls::{leaf_of, trust};
use rasman_auth::eap::{Tunnel, TunnelError, Tunnels};
use rasman_core::{Cause, Code, EapDialog, EapSettings, LayerName, Revocation, hex};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::sync::{Arc, OnceLock};

/// Makes TLS for the methods of EAP by the library that SSTP's TLS comes from.
#[derive(Copy, Clone, Debug, Default)]
pub struct EapTunnels;

impl EapTunnels {
    /// Loads what reads files before the first tunnel is made, away from this thread.
    pub async fn prepare(settings: &EapSettings) {
        if settings.trust.system_roots && settings.root_sha1.is_empty() {
            trust::load_roots().await;
        }
    }
}

impl Tunnels for EapTunnels {
    fn peer(&self, settings: &EapSettings, certificate: bool) -> Result<Box<dyn Tunnel>, TunnelError> {
        let seen = Arc::new(OnceLock::new());
        let verifier = Verifier {
            roots: roots(settings)?,
            revocation: settings.trust.revocation,
            pinned: settings.trust.pinned_leaf_sha256,
            names: settings.server_names.clone(),
            provider: provider(),
            seen: Arc::clone(&seen),
        };
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has suites for the default versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match settings.certificate.as_ref().filter(|_| certificate) {
            Some(own) => {
                let (chain, key) = identity::read(own)?;
                config.with_client_auth_cert(chain, key).map_err(|error| {
                    Cause::new(Code::EAP_USER_CERT_INVALID, LayerName::Auth)
                        .did(format!("took the user's certificate and its key ({error})"))
                        .advice("check that the key belongs to the certificate")
                })?
            }
            None => config.with_no_client_auth(),
        };
        // RFC 5216 2.1.2 allows it; then nobody would show a certificate.
        config.resumption = Resumption::disabled();
        // EAP has no name to ask for: the server is not reached by one.
        config.enable_sni = false;
        let connection = ClientConnection::new(Arc::new(config), unnamed()).map_err(|error| explain(&error, &seen))?;
        Ok(RustlsTunnel::boxed(connection, move |error| explain(error, &seen)))
    }
}

/// A name that is not sent and not looked at.
fn unnamed() -> ServerName<'static> {
    ServerName::try_from("eap.invalid").expect("a host name")
}

/// Whom the entry trusts, and who judges by that.
#[derive(Debug)]
struct Roots {
    anchors: Arc<RootCertStore>,
    webpki: Arc<WebPkiServerVerifier>,
}

fn roots(settings: &EapSettings) -> Result<Option<Roots>, TunnelError> {
    let (trust, sha1) = (&settings.trust, &settings.root_sha1);
    if trust.pinned_leaf_sha256.is_some() {
        return Ok(None);
    }
    let mut roots = match (trust.system_roots, &sha1[..]) {
        (false, _) => Arc::new(RootCertStore::empty()),
        (true, []) => ready_roots(),
        (true, named) => Arc::new(named_roots(named)),
    };
    let counts = |der: &[u8]| sha1.is_empty() || sha1.contains(&leaf_of(der).sha1);
    for (index, der) in trust.added_roots.iter().enumerate().filter(|(_, der)| counts(der)) {
        Arc::make_mut(&mut roots).add(CertificateDer::from(der.as_slice())).map_err(|error| {
            Cause::new(Code::INVALID_PARAMETER, LayerName::Settings)
                .did(format!("read authority {} of EAP, which is no certificate ({error})", index + 1))
        })?;
    }
    if let ([first, ..], true) = (&sha1[..], roots.is_empty()) {
        let cause = Cause::new(Code::EAP_SERVER_ROOT_CERT_NOT_FOUND, LayerName::Auth)
            .did(format!("looked for the authority that the entry names, with the SHA-1 digest {}", hex::encode(first)))
            .advice("install its certificate among the system's, or name its file in the entry (RasmanEapCa)");
        return Err(cause.into());
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), provider()).build();
    let webpki = verifier.map_err(|error| {
        Cause::new(Code::EAP_SERVER_ROOT_CERT_NOT_FOUND, LayerName::Auth)
            .did(format!("looked for authorities that EAP's server may have a certificate of ({error})"))
            .advice("add the authority's certificate to the entry")
    })?;
    Ok(Some(Roots { anchors: roots, webpki }))
}

/// Checks the server's certificate, and that one of the names is in it.
#[derive(Debug)]
struct Verifier {
    roots: Option<Roots>,
    revocation: Revocation,
    pinned: Option<[u8; 32]>,
    names: Vec<String>,
    provider: Arc<CryptoProvider>,
    seen: Arc<OnceLock<[u8; 32]>>,
}

impl Verifier {
    /// Judges by each name that the certificate may have.
    fn judge_name(
        &self,
        judge: impl Fn(&ServerName<'_>) -> Result<ServerCertVerified, Error>,
    ) -> Result<ServerCertVerified, Error> {
        if self.names.is_empty() {
            // The chain is checked before the name is, so a failure of the name alone says that the chain is good.
            return match judge(&unnamed()) {
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) => Ok(ServerCertVerified::assertion()),
                other => other,
            };
        }
        let mut last = Err(CertificateError::NotValidForName.into());
        for name in &self.names {
            last = match name.strip_prefix("*.") {
                Some(parent) => judge_below(parent, &judge),
                None => match ServerName::try_from(name.as_str()) {
                    Ok(name) => judge(&name),
                    Err(_) => Err(CertificateError::NotValidForName.into()),
                },
            };
            if last.is_ok() {
                break;
            }
        }
        last
    }

    /// Judges by the answer of OCSP that came with the certificate, as far as that is wanted.
    fn judge_staple(
        &self,
        leaf: &[u8],
        intermediates: &[CertificateDer<'_>],
        anchors: &RootCertStore,
        answer: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.revocation == Revocation::Unchecked {
            return Ok(ServerCertVerified::assertion());
        }
        let others: Vec<_> = intermediates.iter().map(|der| der.to_vec()).collect();
        let status = Certificate::read(leaf).and_then(|leaf| {
            let issuer = leaf.issuer(&others, anchors)?;
            ocsp::judge(answer, &leaf, &issuer, now).ok()
        });
        match status {
            Some(Status::Revoked) => Err(CertificateError::Revoked.into()),
            None if self.revocation == Revocation::Required => Err(CertificateError::UnknownRevocationStatus.into()),
            Some(Status::Good) | None => Ok(ServerCertVerified::assertion()),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let digest = leaf_of(leaf).sha256;
        let _ = self.seen.set(digest);
        let Some(Roots { anchors, webpki }) = &self.roots else {
            let right = self.pinned == Some(digest);
            return right
                .then(ServerCertVerified::assertion)
                .ok_or(CertificateError::ApplicationVerificationFailure.into());
        };
        self.judge_name(|name| webpki.verify_server_cert(leaf, intermediates, name, ocsp, now))?;
        self.judge_staple(leaf, intermediates, anchors, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, leaf, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, leaf, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Judges by each name of the certificate that stands right below `parent`: the library tells them when it is asked for
/// one that is not there.
fn judge_below(
    parent: &str,
    judge: impl Fn(&ServerName<'_>) -> Result<ServerCertVerified, Error>,
) -> Result<ServerCertVerified, Error> {
    let refused = match judge(&unnamed()) {
        Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext { expected, presented })) => {
            let below = presented.iter().filter_map(|name| {
                let name = plain_name(name);
                let (label, rest) = name.split_once('.')?;
                (rest.eq_ignore_ascii_case(parent) && !label.is_empty())
                    .then(|| ServerName::try_from(name.to_owned()).ok())?
            });
            for name in below {
                if judge(&name).is_ok() {
                    return Ok(ServerCertVerified::assertion());
                }
            }
            CertificateError::NotValidForNameContext { expected, presented }.into()
        }
        // It has the name that is only there to be refused: that says nothing about `parent`.
        Ok(_) => CertificateError::NotValidForName.into(),
        other => return other,
    };
    Err(refused)
}

/// Takes a name out of the library's notation, such as `DnsName("radius.example.com")`.
fn plain_name(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inner.trim_matches('"')
}

/// Says why TLS inside EAP failed, and asks where a person could know better.
fn explain(error: &Error, seen: &OnceLock<[u8; 32]>) -> TunnelError {
    let (cause, doubtful) = match error {
        // No one's word makes a certificate good that its issuer has revoked, or may have where that has to be known.
        Error::InvalidCertificate(why) => {
            let by_issuer = matches!(why, CertificateError::Revoked | CertificateError::UnknownRevocationStatus);
            (certificate(why), !by_issuer)
        }
        Error::AlertReceived(alert) => (
            Cause::new(Code::EAP_USER_CERT_OTHER_ERROR, LayerName::Auth)
                .said(format!("ended the handshake: {alert:?}"))
                .advice(
                    "the server's log tells what it did not like; with EAP-TLS it is mostly the user's certificate",
                ),
            false,
        ),
        other => (
            Cause::new(Code::EAP_SERVER_CERT_OTHER_ERROR, LayerName::Auth)
                .said(other.to_string())
                .advice("check that the authentication server speaks TLS 1.2 or 1.3; its log tells more"),
            false,
        ),
    };
    let dialog = match seen.get() {
        Some(sha256) if doubtful => Some(EapDialog::ServerCertificate { sha256: *sha256, refused: cause.code }),
        _ => None,
    };
    TunnelError { cause: cause.did("began TLS inside EAP with the authentication server"), dialog }
}

fn certificate(why: &CertificateError) -> Cause {
    match why {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Cause::new(Code::EAP_SERVER_CERT_EXPIRED, LayerName::Auth)
            .said("showed a certificate that is not valid now")
            .advice("have it renewed, and check this machine's clock"),
        CertificateError::Revoked => Cause::new(Code::EAP_SERVER_CERT_REVOKED, LayerName::Auth)
            .said("showed a certificate that was revoked")
            .advice("do not go on; its administrator has to install a new one"),
        CertificateError::UnknownRevocationStatus => Cause::new(Code::EAP_SERVER_CERT_OTHER_ERROR, LayerName::Auth)
            .said("showed a certificate without an answer of OCSP that says whether it was revoked")
            .advice("have the authentication server staple one, or do not require it (RasmanEapRevocation)"),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            Cause::new(Code::EAP_SERVER_ROOT_CERT_NOT_FOUND, LayerName::Auth)
                .said("showed a certificate that no authority has signed that the entry trusts for EAP")
                .advice("add its authority's certificate to the entry (RasmanEapCa), or pin it")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Cause::new(Code::EAP_SERVER_CERT_INVALID, LayerName::Auth)
                .said("showed a certificate for another name")
                .advice("if the name is right, set it in the entry (RasmanEapServerName)")
        }
        CertificateError::ApplicationVerificationFailure => Cause::new(Code::EAP_SERVER_CERT_INVALID, LayerName::Auth)
            .said("showed another certificate than the pinned one")
            .advice("if its administrator confirms the new one, pin it; otherwise somebody may be in between"),
        other => Cause::new(Code::EAP_SERVER_CERT_OTHER_ERROR, LayerName::Auth)
            .said(format!("showed a certificate that cannot be used ({other:?})"))
            .advice("have the authentication server's certificate made anew, for its name and for servers"),
    }
}

/// What is said of a server of EAP that shows this certificate and staples this answer.
#[cfg(test)]
pub(in crate::tls) fn judged_for_test(settings: &EapSettings, leaf: &[u8], answer: &[u8]) -> Result<(), Cause> {
    let verifier = Verifier {
        roots: roots(settings).map_err(|error| error.cause)?,
        revocation: settings.trust.revocation,
        pinned: settings.trust.pinned_leaf_sha256,
        names: settings.server_names.clone(),
        provider: provider(),
        seen: Arc::default(),
    };
    let judged = verifier.verify_server_cert(&leaf.into(), &[], &unnamed(), answer, UnixTime::now());
    judged.map(drop).map_err(|error| explain(&error, &verifier.seen).cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_core::Trust;

    #[test]
    fn only_the_roots_that_are_named_by_their_digests_count() {
        let made = |name: &str| {
            let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()
        };
        let (one, other) = (made("one"), made("other"));
        let of = |root_sha1: Vec<[u8; 20]>| {
            let trust = Trust { system_roots: true, added_roots: vec![one.clone()], ..Trust::default() };
            roots(&EapSettings { trust, root_sha1, ..EapSettings::default() }).map(|roots| roots.is_some())
        };
        assert!(of(vec![leaf_of(&one).sha1, leaf_of(&other).sha1]).unwrap());
        let refused = of(vec![leaf_of(&other).sha1]).unwrap_err().cause;
        assert_eq!(refused.code, Code::EAP_SERVER_ROOT_CERT_NOT_FOUND);
        assert!(refused.did.contains(&hex::encode(&leaf_of(&other).sha1)), "{}", refused.did);
    }

    #[test]
    fn a_certificate_for_the_name_that_nobody_has_is_for_no_other() {
        let judge = |name: &ServerName<'_>| match *name == unnamed() {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(CertificateError::NotValidForName.into()),
        };
        let refused = Error::InvalidCertificate(CertificateError::NotValidForName);
        assert_eq!(judge_below("example.com", judge).unwrap_err(), refused);
    }
}
