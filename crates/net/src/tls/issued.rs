//! As much of a certificate (RFC 5280 4.1) as it takes to ask whether it was revoked.

use super::der::{
    BIT_STRING, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, SEQUENCE, Tlv, UTC_TIME, elements, extension, time, tlv,
    tlvs,
};
use super::trust::provider;
use rustls::RootCertStore;
use rustls::pki_types::UnixTime;

/// A certificate's fields, as they stand there.
pub(super) struct Certificate<'a> {
    der: &'a [u8],
    signed: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    pub(super) serial: &'a [u8],
    issuer: &'a [u8],
    validity: &'a [u8],
    subject: &'a [u8],
    /// What is in SubjectPublicKeyInfo.
    pub(super) key_info: &'a [u8],
}

impl<'a> Certificate<'a> {
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let certificate = tlvs(der).next().filter(|part| part.tag == SEQUENCE)?;
        let mut parts = tlvs(certificate.value);
        let mut next = |wanted| parts.next().filter(|part: &Tlv<'a>| part.tag == wanted);
        let (signed, algorithm, signature) = (next(SEQUENCE)?, next(SEQUENCE)?, next(BIT_STRING)?);
        let [0, signature @ ..] = signature.value else { return None };
        // { [0] version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, ... }
        let mut fields = elements(signed.value).skip_while(|(tag, _)| *tag != INTEGER);
        let (_, serial) = fields.next()?;
        let mut next = || fields.next().filter(|(tag, _)| *tag == SEQUENCE).map(|(_, value)| value);
        let (_, issuer, validity, subject, key_info) = (next()?, next()?, next()?, next()?, next()?);
        let (signed, algorithm) = (signed.whole, algorithm.value);
        Some(Self { der, signed, algorithm, signature, serial, issuer, validity, subject, key_info })
    }

    /// Finds who signed it, among the certificates that came with it and the roots.
    pub(super) fn issuer(&self, others: &[Vec<u8>], roots: &RootCertStore) -> Option<Issuer> {
        let others = others.iter().filter_map(|der| Certificate::read(der));
        let others = others.map(|other| Issuer { subject: other.subject.to_vec(), key_info: other.key_info.to_vec() });
        let roots = roots.roots.iter().filter(|root| *root.subject == *self.issuer);
        let roots = roots
            .map(|root| Issuer { subject: root.subject.to_vec(), key_info: root.subject_public_key_info.to_vec() });
        others.chain(roots).find(|issuer| self.is_of(issuer))
    }

    /// Tells whether this issuer signed it.
    pub(super) fn is_of(&self, issuer: &Issuer) -> bool {
        self.issuer == issuer.subject && verified(&issuer.key_info, self.algorithm, self.signed, self.signature)
    }

    pub(super) fn is_valid_at(&self, now: UnixTime) -> bool {
        let mut times = elements(self.validity).map(|(tag, text)| match tag {
            UTC_TIME | GENERALIZED_TIME => time(text),
            _ => None,
        });
        let (Some(Some(from)), Some(Some(until))) = (times.next(), times.next()) else { return false };
        (from..=until).contains(&now.as_secs())
    }

    /// Tells whether it is made for this purpose (4.2.1.12).
    pub(super) fn may(&self, purpose: &[u8]) -> bool {
        let purposes = extension(self.der, &EXT_KEY_USAGE).unwrap_or_default();
        elements(purposes).any(|found| found == (OBJECT_IDENTIFIER, purpose))
    }
}

/// Who signed a certificate.
pub(super) struct Issuer {
    /// What is in its name.
    subject: Vec<u8>,
    /// What is in its SubjectPublicKeyInfo.
    pub(super) key_info: Vec<u8>,
}

impl Issuer {
    /// Gives its name in DER form.
    pub(super) fn name(&self) -> Vec<u8> {
        tlv(SEQUENCE, &self.subject)
    }

    /// Gives the octets of its key.
    pub(super) fn key(&self) -> &[u8] {
        key_of(&self.key_info).map_or(&[], |(_, key)| key)
    }
}

/// Tells whether a key signed a message by an algorithm; one that the library does not have verifies nothing.
pub(super) fn verified(key_info: &[u8], algorithm: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Some((key_algorithm, key)) = key_of(key_info) else { return false };
    let provider = provider();
    let known = provider.signature_verification_algorithms.all.iter();
    let mut fitting =
        known.filter(|one| *one.public_key_alg_id() == *key_algorithm && *one.signature_alg_id() == *algorithm);
    fitting.any(|one| one.verify_signature(key, message, signature).is_ok())
}

/// SubjectPublicKeyInfo { algorithm, subjectPublicKey }.
fn key_of(key_info: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = elements(key_info);
    let (_, algorithm) = parts.next().filter(|(tag, _)| *tag == SEQUENCE)?;
    let (_, key) = parts.next().filter(|(tag, _)| *tag == BIT_STRING)?;
    let [0, key @ ..] = key else { return None };
    Some((algorithm, key))
}

/// 2.5.29.37.
const EXT_KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x25];
