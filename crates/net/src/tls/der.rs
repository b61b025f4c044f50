//! As much of DER (X.690) as it takes to find where a certificate's list of revoked ones is (RFC 5280 4.2.1.13), and
//! whom it names (4.1.2.6, 4.2.1.6).

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
fn inside(bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    element(bytes).filter(|(tag, ..)| *tag == wanted).map(|(_, value, _)| value)
}

/// The elements of a constructed value.
fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    core::iter::from_fn(move || {
        let (tag, value, rest) = element(bytes)?;
        bytes = rest;
        Some((tag, value))
    })
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
fn extension<'a>(certificate: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
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

const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// The extensions of a TBSCertificate: `[3]`, explicit.
const EXTENSIONS: u8 = 0xa3;
const CONTEXT_0: u8 = 0xa0;
const URI: u8 = 0x86;
/// 2.5.29.31.
const CRL_DISTRIBUTION_POINTS: [u8; 3] = [0x55, 0x1d, 0x1f];
const POINTS_MAX: usize = 4;
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
