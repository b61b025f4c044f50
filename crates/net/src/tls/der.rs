//! As much of DER (X.690) as it takes to find where a certificate's list of revoked ones is (RFC 5280 4.2.1.13).

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

/// Gives the `http://` addresses at which a certificate says that its issuer's list is.
pub(super) fn distribution_points(certificate: &[u8]) -> Vec<String> {
    let found = || {
        let tbs = inside(inside(certificate, SEQUENCE)?, SEQUENCE)?;
        let (_, extensions) = elements(tbs).find(|(tag, _)| *tag == EXTENSIONS)?;
        let extension = elements(inside(extensions, SEQUENCE)?).find(|(_, value)| {
            elements(value).next().is_some_and(|(tag, oid)| tag == OBJECT_IDENTIFIER && oid == CRL_DISTRIBUTION_POINTS)
        })?;
        let (_, octets) = elements(extension.1).find(|(tag, _)| *tag == OCTET_STRING)?;
        inside(octets, SEQUENCE)
    };
    let points = found().unwrap_or_default();
    // DistributionPoint ::= { distributionPoint [0] { fullName [0] { uniformResourceIdentifier [6] ... } } ... }
    let names = elements(points).filter_map(|(_, point)| inside(inside(point, CONTEXT_0)?, CONTEXT_0));
    let uris = names.flat_map(elements).filter(|(tag, _)| *tag == URI).map(|(_, uri)| uri);
    let texts = uris.filter_map(|uri| core::str::from_utf8(uri).ok());
    texts.filter(|uri| uri.starts_with("http://")).map(str::to_owned).take(POINTS_MAX).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

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
