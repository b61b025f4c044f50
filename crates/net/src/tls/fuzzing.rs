//! What a fuzz target needs of OCSP.

use super::issued::Certificate;
use super::{der, ocsp};
use rustls::RootCertStore;
use rustls::pki_types::UnixTime;

/// Takes both kinds of addresses out of a certificate; gives how many there are.
#[must_use]
pub fn names_whom_to_ask(certificate: &[u8]) -> usize {
    der::responders(certificate).len() + der::distribution_points(certificate).len()
}

/// Judges an answer about a certificate that signed itself; tells whether it is revoked, if the answer says it.
#[must_use]
pub fn revoked_by(certificate: &[u8], answer: &[u8], now: u64) -> Option<bool> {
    let leaf = Certificate::read(certificate)?;
    let itself = [certificate.to_vec()];
    let issuer = leaf.issuer(&itself, &RootCertStore::empty())?;
    let _ = ocsp::question(&leaf, &issuer);
    let now = UnixTime::since_unix_epoch(core::time::Duration::from_secs(now));
    ocsp::judge(answer, &leaf, &issuer, now).ok().map(|status| status == ocsp::Status::Revoked)
}
