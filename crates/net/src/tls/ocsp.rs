//! Whether a certificate was revoked, asked by OCSP (RFC 6960): the question, and the judgement of an answer.
//!
//! ```text
//! leaf, issuer --> question --> POST to where the leaf says      (or the server staples an answer, RFC 6066 8)
//! answer, leaf, issuer, now --> judge --> Good | Revoked | why it says nothing
//! ```
//!
//! An answer counts if the issuer signed it, or somebody whom the issuer made for that (4.2.2.2), and if it is of now.

use super::der::{
    BIT_STRING, CONTEXT_0, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, elements, inside,
    time, tlv, tlvs,
};
use super::issued::{Certificate, Issuer, verified};
use rustls::pki_types::UnixTime;
use sha1::Digest;

/// What an answer says.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Status {
    Good,
    Revoked,
}

/// Writes the question (4.1). SHA-1 names the issuer, as every responder knows it; it protects nothing here. There is no
/// nonce, so that answers may be made in advance (RFC 5019 3.1.1).
pub(super) fn question(leaf: &Certificate<'_>, issuer: &Issuer) -> Vec<u8> {
    let algorithm = tlv(SEQUENCE, &[&tlv(OBJECT_IDENTIFIER, &SHA1)[..], &[5, 0]].concat());
    let id = [
        algorithm,
        tlv(OCTET_STRING, &sha1::Sha1::digest(issuer.name())),
        tlv(OCTET_STRING, &sha1::Sha1::digest(issuer.key())),
        tlv(INTEGER, leaf.serial),
    ];
    // OCSPRequest { tbsRequest { requestList { Request { reqCert } } } }
    (0..4).fold(tlv(SEQUENCE, &id.concat()), |inner, _| tlv(SEQUENCE, &inner))
}

/// Judges an answer.
///
/// # Errors
/// Why it says nothing of this certificate, as the rest of a sentence about it.
pub(super) fn judge(
    answer: &[u8],
    leaf: &Certificate<'_>,
    issuer: &Issuer,
    now: UnixTime,
) -> Result<Status, &'static str> {
    let basic = basic(answer)?;
    let mut parts = tlvs(basic);
    let mut next = |wanted| parts.next().filter(|part| part.tag == wanted).ok_or(BROKEN);
    let (data, algorithm, signature) = (next(SEQUENCE)?, next(SEQUENCE)?, next(BIT_STRING)?);
    let [0, signature @ ..] = signature.value else { return Err(BROKEN) };
    let signed_by = |key_info: &[u8]| verified(key_info, algorithm.value, data.whole, signature);
    let helpers = parts.next().and_then(|part| inside(part.value, SEQUENCE)).unwrap_or_default();
    if !signed_by(&issuer.key_info) && !delegates(helpers, issuer, now).any(|helper| signed_by(helper.key_info)) {
        return Err("is not signed by the issuer");
    }
    status(data.value, leaf, issuer, now)
}

/// Takes the answer's own part out: OCSPResponse { responseStatus, \[0\] { responseType, response } } (4.2.1).
fn basic(answer: &[u8]) -> Result<&[u8], &'static str> {
    let mut parts = elements(inside(answer, SEQUENCE).ok_or(BROKEN)?);
    match parts.next() {
        Some((ENUMERATED, [0])) => {}
        Some((ENUMERATED, [1 | 2])) => return Err("says that the responder failed"),
        Some((ENUMERATED, [3])) => return Err("says that the responder is busy"),
        Some((ENUMERATED, [5 | 6])) => return Err("says that the responder does not answer just anybody"),
        _ => return Err(BROKEN),
    }
    let bytes = parts.next().and_then(|(_, bytes)| inside(bytes, SEQUENCE)).ok_or(BROKEN)?;
    let mut parts = elements(bytes);
    let is_basic = parts.next() == Some((OBJECT_IDENTIFIER, &OCSP_BASIC));
    let response = parts.next().filter(|(tag, _)| is_basic && *tag == OCTET_STRING).ok_or(BROKEN)?;
    inside(response.1, SEQUENCE).ok_or(BROKEN)
}

/// Gives whom the issuer made to sign its answers, of the certificates in one (4.2.2.2).
fn delegates<'a>(certificates: &'a [u8], issuer: &'a Issuer, now: UnixTime) -> impl Iterator<Item = Certificate<'a>> {
    let read = tlvs(certificates).take(DELEGATES_MAX).filter_map(|part| Certificate::read(part.whole));
    read.filter(move |helper| helper.is_of(issuer) && helper.is_valid_at(now) && helper.may(&OCSP_SIGNING))
}

/// Finds what is said of the leaf: ResponseData { \[0\] version, responderID, producedAt, responses, ... }.
fn status(data: &[u8], leaf: &Certificate<'_>, issuer: &Issuer, now: UnixTime) -> Result<Status, &'static str> {
    let (_, responses) = elements(data).filter(|(tag, _)| *tag == SEQUENCE).last().ok_or(BROKEN)?;
    let mut about = elements(responses).filter(|(_, single)| is_about(single, leaf, issuer));
    let (_, single) = about.next().ok_or("is about another certificate")?;
    // SingleResponse { certID, certStatus, thisUpdate, [0] nextUpdate, ... }
    let mut parts = elements(single).skip(1);
    let (kind, _) = parts.next().ok_or(BROKEN)?;
    let this =
        parts.next().filter(|(tag, _)| *tag == GENERALIZED_TIME).and_then(|(_, text)| time(text)).ok_or(BROKEN)?;
    let next = parts.next().filter(|(tag, _)| *tag == CONTEXT_0);
    let until = match next {
        Some((_, next)) => inside(next, GENERALIZED_TIME).and_then(time).ok_or(BROKEN)?,
        None => this.saturating_add(AGE_MAX),
    };
    let now = now.as_secs();
    if this > now.saturating_add(SKEW) {
        return Err("is of a time to come");
    }
    if until.saturating_add(SKEW) < now {
        return Err("is over");
    }
    match kind {
        GOOD => Ok(Status::Good),
        REVOKED => Ok(Status::Revoked),
        _ => Err("says that the responder does not know the certificate"),
    }
}

/// Tells whether CertID { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } is the leaf's.
fn is_about(single: &[u8], leaf: &Certificate<'_>, issuer: &Issuer) -> bool {
    let found = || {
        let mut parts = elements(inside(single, SEQUENCE)?);
        let (_, algorithm) = parts.next()?;
        let algorithm = inside(algorithm, OBJECT_IDENTIFIER)?;
        let (_, name) = parts.next()?;
        let (_, key) = parts.next()?;
        let (_, serial) = parts.next()?;
        let digest: fn(&[u8]) -> Vec<u8> = match algorithm {
            _ if algorithm == SHA1 => |octets| sha1::Sha1::digest(octets).to_vec(),
            _ if algorithm == SHA256 => |octets| sha2::Sha256::digest(octets).to_vec(),
            _ => return None,
        };
        Some(serial == leaf.serial && name == digest(&issuer.name()) && key == digest(issuer.key()))
    };
    found().unwrap_or_default()
}

const BROKEN: &str = "is none of OCSP";
const ENUMERATED: u8 = 0x0a;
/// CertStatus: `[0]` and `[1]`, implicit.
const GOOD: u8 = 0x80;
const REVOKED: u8 = 0xa1;
/// 1.3.14.3.2.26.
const SHA1: [u8; 5] = [0x2b, 0x0e, 0x03, 0x02, 0x1a];
/// 2.16.840.1.101.3.4.2.1.
const SHA256: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// 1.3.6.1.5.5.7.48.1.1.
const OCSP_BASIC: [u8; 9] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
/// 1.3.6.1.5.5.7.3.9.
const OCSP_SIGNING: [u8; 8] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09];
const DELEGATES_MAX: usize = 4;
/// Clocks differ: seconds.
const SKEW: u64 = 300;
/// How long an answer counts that does not say it: seconds.
const AGE_MAX: u64 = 24 * 3600;
