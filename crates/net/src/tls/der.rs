//! As much of DER (X.690) as it takes to find where it is told which certificates were revoked (RFC 5280 4.2.1.13, 4.2.2.1),
//! whom a certificate names (4.1.2.6, 4.2.1.6), and to speak OCSP.

/// One element: its tag, what is in it, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // X.690 10.1: the shortest form; certificates are below 16 MiB.
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}

/// Gives what is in the first element if it has this tag.
pub(super) fn inside(bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    element(bytes).filter(|(tag, ..)| *tag == wanted).map(|(_, value, _)| value)
}

/// The elements of a constructed value.
pub(super) fn elements(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    tlvs(bytes).map(|part| (part.tag, part.value))
}

/// An element, with its tag and length as they stand there: what is signed is signed so.
pub(super) struct Tlv<'a> {
    pub(super) tag: u8,
    pub(super) value: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// The same with all octets.
pub(super) fn tlvs(mut bytes: &[u8]) -> impl Iterator<Item = Tlv<'_>> {
    core::iter::from_fn(move || {
        let (tag, value, rest) = element(bytes)?;
        let whole = &bytes[..bytes.len() - rest.len()];
        bytes = rest;
        Some(Tlv { tag, value, whole })
    })
}

/// Writes an element, of less than 64 KiB.
pub(super) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).expect("what is written is short").to_be_bytes();
    let length: &[u8] = match length {
        [0, ref short @ 0..=0x7f] => core::slice::from_ref(short),
        [0, long] => &[0x81, long],
        [high, low] => &[0x82, high, low],
    };
    [&[tag], length, value].concat()
}

/// Reads a UTCTime or a GeneralizedTime (RFC 5280 4.1.2.5): seconds since 1970; nothing for what was before.
pub(super) fn time(text: &[u8]) -> Option<u64> {
    let digits = text.strip_suffix(b"Z")?;
    let number = |at: core::ops::Range<usize>| core::str::from_utf8(digits.get(at)?).ok()?.parse::<u64>().ok();
    let (year, rest) = match digits.len() {
        12 => (number(0..2).map(|year| if year < 50 { 2000 + year } else { 1900 + year })?, 2),
        14 => (number(0..4)?, 4),
        _ => return None,
    };
    let part = |nth: usize| number(rest + 2 * nth..rest + 2 * nth + 2);
    let (month, day) = (part(0)?, part(1)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1970..=9999).contains(&year) {
        return None;
    }
    // Days since 1 March of the year 0, as February ends a year then; 719,468 of them lie before 1970.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        (year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1).checked_sub(719_468)?;
    Some(days * 86_400 + part(2)? * 3_600 + part(3)? * 60 + part(4)?)
}

/// Gives the addresses of whom to ask by OCSP, those with `http://`.
pub(super) fn responders(certificate: &[u8]) -> Vec<String> {
    let accesses = extension(certificate, &AUTHORITY_INFO_ACCESS).unwrap_or_default();
    // AccessDescription ::= SEQUENCE { accessMethod, accessLocation GeneralName }
    let uris = elements(accesses).filter_map(|(_, access)| {
        let mut parts = elements(access);
        let is_ocsp = parts.next()? == (OBJECT_IDENTIFIER, &OCSP);
        parts.next().filter(|(tag, _)| is_ocsp && *tag == URI).map(|(_, uri)| uri)
    });
    let texts = uris.filter_map(|uri| core::str::from_utf8(uri).ok()).filter(|uri| uri.starts_with("http://"));
    texts.map(str::to_owned).take(POINTS_MAX).collect()
}

/// Gives the addresses at which a certificate says that its issuer's list is: those with `http://`, or any others if it has
/// none.
pub(super) fn distribution_points(certificate: &[u8]) -> Vec<String> {
    let points = extension(certificate, &CRL_DISTRIBUTION_POINTS).unwrap_or_default();
    // DistributionPoint ::= { distributionPoint [0] { fullName [0] { uniformResourceIdentifier [6] ... } } ... }
    let names = elements(points).filter_map(|(_, point)| inside(inside(point, CONTEXT_0)?, CONTEXT_0));
    let uris = names.flat_map(elements).filter(|(tag, _)| *tag == URI).map(|(_, uri)| uri);
    let texts = uris.filter_map(|uri| core::str::from_utf8(uri).ok());
    let (fetched, others): (Vec<&str>, Vec<&str>) = texts.partition(|uri| uri.starts_with("http://"));
    // Where there is nothing that can be fetched, the rest is for whoever says why.
    let points = if fetched.is_empty() { others } else { fetched };
    points.into_iter().map(str::to_owned).take(POINTS_MAX).collect()
}

/// Gives what is in the SEQUENCE of an extension.
pub(super) fn extension<'a>(certificate: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let tbs = inside(inside(certificate, SEQUENCE)?, SEQUENCE)?;
    let (_, extensions) = elements(tbs).find(|(tag, _)| *tag == EXTENSIONS)?;
    let is_wanted = |value| inside(value, OBJECT_IDENTIFIER) == Some(wanted);
    let (_, extension) = elements(inside(extensions, SEQUENCE)?).find(|(_, value)| is_wanted(value))?;
    let (_, octets) = elements(extension).find(|(tag, _)| *tag == OCTET_STRING)?;
    inside(octets, SEQUENCE)
}

/// Gives whom a certificate names: user principal names and mail addresses, then the last common name.
pub(super) fn subject_names(certificate: &[u8]) -> Vec<String> {
    let alternative = extension(certificate, &SUBJECT_ALT_NAME).unwrap_or_default();
    let people = elements(alternative).filter_map(|(tag, value)| match tag {
        MAIL => Some(value),
        OTHER_NAME => principal(value),
        _ => None,
    });
    let texts = people.chain(common_name(certificate)).filter_map(|name| core::str::from_utf8(name).ok());
    // A control character has no place in a name, and would have one in a log.
    let texts = texts.filter(|name| !name.is_empty() && !name.contains(char::is_control));
    texts.map(str::to_owned).take(NAMES_MAX).collect()
}

/// OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value \[0\] EXPLICIT ANY }, of Windows' user principal name.
fn principal(name: &[u8]) -> Option<&[u8]> {
    let mut parts = elements(name);
    let is_principal = parts.next()? == (OBJECT_IDENTIFIER, &USER_PRINCIPAL_NAME);
    let (_, value) = parts.find(|(tag, _)| *tag == CONTEXT_0)?;
    is_principal.then(|| inside(value, UTF8_STRING)).flatten()
}

/// TBSCertificate ::= SEQUENCE { \[0\] version, serialNumber, signature, issuer, validity, subject, ... }
fn common_name(certificate: &[u8]) -> Option<&[u8]> {
    let tbs = inside(inside(certificate, SEQUENCE)?, SEQUENCE)?;
    let (_, subject) = elements(tbs).filter(|(tag, _)| *tag == SEQUENCE).nth(3)?;
    let attributes = elements(subject).flat_map(|(_, set)| elements(set));
    let values = attributes.filter_map(|(_, attribute)| {
        let mut parts = elements(attribute);
        let is_name = parts.next()? == (OBJECT_IDENTIFIER, &COMMON_NAME);
        parts.next().filter(|(tag, _)| is_name && matches!(*tag, UTF8_STRING | PRINTABLE_STRING)).map(|(_, text)| text)
    });
    values.last()
}

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
/// The extensions of a TBSCertificate: `[3]`, explicit.
const EXTENSIONS: u8 = 0xa3;
pub(super) const CONTEXT_0: u8 = 0xa0;
const URI: u8 = 0x86;
/// 2.5.29.31.
const CRL_DISTRIBUTION_POINTS: [u8; 3] = [0x55, 0x1d, 0x1f];
const POINTS_MAX: usize = 4;
/// 1.3.6.1.5.5.7.1.1.
const AUTHORITY_INFO_ACCESS: [u8; 8] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];
/// 1.3.6.1.5.5.7.48.1.
const OCSP: [u8; 8] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
/// GeneralName: otherName \[0\], rfc822Name \[1\].
const OTHER_NAME: u8 = 0xa0;
const MAIL: u8 = 0x81;
/// 2.5.29.17.
const SUBJECT_ALT_NAME: [u8; 3] = [0x55, 0x1d, 0x11];
/// 2.5.4.3.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
/// 1.3.6.1.4.1.311.20.2.3.
const USER_PRINCIPAL_NAME: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03];
const NAMES_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_certificate_names_is_found_and_no_input_panics() {
        let mut params = rcgen::CertificateParams::new(vec!["host.example".to_owned()]).unwrap();
        params.subject_alt_names.push(rcgen::SanType::Rfc822Name("alice@example.com".try_into().unwrap()));
        let principal = vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3];
        let principal = rcgen::SanType::OtherName((principal, rcgen::OtherNameValue::Utf8String("alice@corp".into())));
        params.subject_alt_names.push(principal);
        params.distinguished_name.push(rcgen::DnType::OrganizationName, "Wonderland");
        params.distinguished_name.push(rcgen::DnType::CommonName, "alice");
        let key = rcgen::KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        assert_eq!(subject_names(&der), ["alice@example.com", "alice@corp", "alice"]);
        for n in 0..der.len() {
            subject_names(&der[..n]);
            let mut bad = der.clone();
            bad[n] = 0xff;
            subject_names(&bad);
        }
        assert!(subject_names(&[]).is_empty());
    }

    #[test]
    fn times_are_seconds_since_1970() {
        assert_eq!(time(b"19700101000000Z"), Some(0));
        assert_eq!(time(b"20240229120001Z"), Some(1_709_208_001));
        assert_eq!(time(b"261126080910Z"), Some(1_795_680_550));
        assert_eq!(time(b"991231235959Z"), Some(946_684_799));
        for bad in [&b"20240229120001"[..], b"20241329120001Z", b"2024-2-9120001Z", b"19691231235959Z", b"Z", b""] {
            assert_eq!(time(bad), None);
        }
    }

    #[test]
    fn elements_are_written_in_the_shortest_form() {
        for (length, header) in [(0, &[4, 0][..]), (127, &[4, 127]), (128, &[4, 0x81, 128]), (300, &[4, 0x82, 1, 44])] {
            let written = tlv(OCTET_STRING, &vec![7; length]);
            assert_eq!(&written[..header.len()], header);
            assert_eq!(inside(&written, OCTET_STRING).map(<[u8]>::len), Some(length));
        }
    }

    #[test]
    fn points_are_found_and_no_input_panics() {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let point = |uri: &str| rcgen::CrlDistributionPoint { uris: vec![uri.to_owned()] };
        params.crl_distribution_points = vec![point("ldap://x/y"), point("http://ca.test/a.crl"), point("http://b/")];
        let key = rcgen::KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        assert_eq!(distribution_points(&der), ["http://ca.test/a.crl", "http://b/"]);
        for n in 0..der.len() {
            distribution_points(&der[..n]);
            let mut bad = der.clone();
            bad[n] = 0xff;
            distribution_points(&bad);
        }
        assert!(distribution_points(&[]).is_empty());
    }
}
