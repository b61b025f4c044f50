//! Certificates in files.

use std::fmt;

/// Reads the certificates of a PEM file, or takes the whole for one in DER form.
///
/// # Errors
/// There is neither.
pub fn certificates(file: &[u8]) -> Result<Vec<Vec<u8>>, NoCertificate> {
    // X.690: a certificate is a SEQUENCE.
    if file.first() == Some(&0x30) {
        return Ok(vec![file.to_vec()]);
    }
    let text = std::str::from_utf8(file).map_err(|_| NoCertificate("neither PEM text nor DER"))?;
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let certificates: Option<Vec<_>> = blocks
        .map(|block| block.split_once("-----END CERTIFICATE-----").and_then(|(body, _)| base64(body.as_bytes())))
        .collect();
    match certificates {
        None => Err(NoCertificate("a certificate that is not whole")),
        Some(certificates) if certificates.is_empty() => Err(NoCertificate("no certificate")),
        Some(certificates) => Ok(certificates),
    }
}

/// What stands in a file instead of certificates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoCertificate(&'static str);

impl fmt::Display for NoCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected certificates as PEM text or one in DER form, found {}", self.0)
    }
}

impl std::error::Error for NoCertificate {}

/// RFC 4648 4, white space ignored.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut digits = Vec::new();
    let mut padding = 0;
    for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        digits.push(value);
    }
    if (digits.len() + padding) % 4 != 0 || padding > 2 {
        return None;
    }
    let bytes = digits.chunks(4).flat_map(|group| {
        let bits = group.iter().enumerate().fold(0, |bits, (at, digit)| bits | u32::from(*digit) << (18 - 6 * at));
        bits.to_be_bytes().into_iter().skip(1).take(group.len() - 1)
    });
    Some(bytes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4648_10_vectors() {
        for (text, bytes) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(base64(text.as_bytes()), Some(bytes.as_bytes().to_vec()));
        }
        assert_eq!((base64(b"Zg"), base64(b"Z!=="), base64(b"Zg==Zg==")), (None, None, None));
    }

    #[test]
    fn the_labs_own_certificate_survives_pem() {
        let made = crate::certificates::Certificates::make("vpn.lab.test", false).unwrap();
        let twice = format!("# comment\n{0}{0}", made.ca_pem);
        assert_eq!(certificates(twice.as_bytes()).unwrap(), [made.ca_der.clone(), made.ca_der.clone()]);
        assert_eq!(certificates(&made.ca_der).unwrap(), [made.ca_der]);
        assert!(certificates(b"hello").unwrap_err().to_string().ends_with("no certificate"));
        assert!(certificates(&[0xff]).is_err());
    }
}
