//! The user's certificate and key, from PEM files or PKCS#12.

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rasman_auth::eap::TunnelError;
use rasman_core::{Cause, ClientCertificate, Code, EapDialog, LayerName};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A chain, leaf first, and its key.
pub(super) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Reads what the files have.
///
/// # Errors
/// 798 for files without a certificate or a key; 869 with a question if a PKCS#12 file does not open.
pub(super) fn read(certificate: &ClientCertificate) -> Result<Identity, TunnelError> {
    if certificate.file.first() == Some(&DER_SEQUENCE) && certificate.key.is_empty() {
        return pkcs12(certificate);
    }
    let chain = super::super::certificates(&certificate.file)
        .map_err(|problem| unusable(format!("read the file of the user's certificate, which {problem}")))?;
    let key = match certificate.key.is_empty() {
        true => PrivateKeyDer::from_pem_slice(&certificate.file),
        false if certificate.key.expose().first() == Some(&DER_SEQUENCE) => {
            let der = PrivateKeyDer::try_from(certificate.key.expose().to_vec());
            return der
                .map(|key| (certificates(chain), key))
                .map_err(|problem| unusable(format!("read the file of the user's key, which is none ({problem})")));
        }
        false => PrivateKeyDer::from_pem_slice(certificate.key.expose()),
    };
    match key {
        Ok(key) => Ok((certificates(chain), key)),
        Err(_) if is_encrypted(certificate) => Err(unusable("read the user's key, which is encrypted".to_owned())),
        Err(_) => Err(unusable("looked for the user's key in PEM form and found none".to_owned())),
    }
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
    let cause = Cause::new(Code::EAPTLS_PASSWD_INVALID, LayerName::Auth)
        .did(format!("opened the PKCS#12 file of the user's certificate ({error})"))
        .advice("give the file's password");
    TunnelError { cause, dialog: Some(EapDialog::CertificatePassword) }
}

fn unusable(did: String) -> TunnelError {
    let advice =
        "name a PEM file with the certificate and one with its key, not encrypted, or a PKCS#12 file with both";
    Cause::new(Code::NO_EAPTLS_CERTIFICATE, LayerName::Auth).did(did).advice(advice).into()
}

fn is_encrypted(certificate: &ClientCertificate) -> bool {
    let has = |text: &[u8]| text.windows(9).any(|word| word.eq_ignore_ascii_case(b"ENCRYPTED"));
    has(&certificate.file) || has(certificate.key.expose())
}

/// X.690: certificates, keys and PKCS#12 files are a SEQUENCE.
const DER_SEQUENCE: u8 = 0x30;
