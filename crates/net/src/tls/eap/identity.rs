//! The user's certificate and key, from PEM files or PKCS#12.

use super::key;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rasman_auth::eap::TunnelError;
use rasman_core::{Cause, ClientCertificate, Code, LayerName};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A chain, leaf first, and its key.
pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Reads what the files have.
///
/// # Errors
/// 798 for files without a certificate or a key; 869 with a question if what is encrypted does not open.
pub(super) fn read(certificate: &ClientCertificate) -> Result<Identity, TunnelError> {
    if certificate.file.first() == Some(&DER_SEQUENCE) && certificate.key.is_empty() {
        return pkcs12(certificate);
    }
    let chain = super::super::certificates(&certificate.file)
        .map_err(|problem| unusable(format!("read the file of the user's certificate, which {problem}")))?;
    let file = if certificate.key.is_empty() { &certificate.file } else { certificate.key.expose() };
    Ok((certificates(chain), key::read(file, &certificate.password)?))
}

fn certificates(chain: Vec<Vec<u8>>) -> Vec<CertificateDer<'static>> {
    chain.into_iter().map(CertificateDer::from).collect()
}

fn pkcs12(certificate: &ClientCertificate) -> Result<Identity, TunnelError> {
    let password = certificate.password.expose_str().unwrap_or_default();
    let store = KeyStore::from_pkcs12(&certificate.file, password, Pkcs12ImportPolicy::Relaxed);
    let store = store.map_err(|error| wrong_password(&error.to_string()))?;
    let (_, chain) = store.private_key_chain().ok_or_else(|| {
        unusable("opened the PKCS#12 file of the user, which has no key with its certificate".to_owned())
    })?;
    let certificates = chain.certs().iter().map(|der| CertificateDer::from(der.as_der().to_vec())).collect();
    let key = PrivatePkcs8KeyDer::from(chain.key().as_der().to_vec());
    Ok((certificates, key.into()))
}

/// The library does not tell a wrong password from a damaged file; the first is by far the likelier.
fn wrong_password(error: &str) -> TunnelError {
    key::closed(format!("opened the PKCS#12 file of the user's certificate ({error})"))
}

pub(super) fn unusable(did: String) -> TunnelError {
    let advice = "name a PEM file with the certificate and one with its key, or a PKCS#12 file with both";
    Cause::new(Code::NO_EAPTLS_CERTIFICATE, LayerName::Auth).did(did).advice(advice).into()
}

/// X.690: certificates, keys and PKCS#12 files are a SEQUENCE.
pub(super) const DER_SEQUENCE: u8 = 0x30;
