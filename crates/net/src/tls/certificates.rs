//! Certificates in files.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Reads the certificates of a PEM file, or takes the whole for one in DER form.
///
/// # Errors
/// What is there instead, as the rest of a sentence that begins with the file.
pub fn certificates(file: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
    // X.690: a certificate is a SEQUENCE.
    if file.first() == Some(&0x30) {
        return Ok(vec![file.to_vec()]);
    }
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(file).collect();
    match certificates {
        Err(_) => Err("has a certificate that is not whole"),
        Ok(certificates) if certificates.is_empty() => Err("has no certificate, neither as PEM text nor in DER form"),
        Ok(certificates) => Ok(certificates.iter().map(|der| der.to_vec()).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_come_as_pem_text_or_as_one_in_der_form() {
        let block = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
        let der = vec![0x30, 3, 2, 1, 1];
        assert_eq!(certificates(&der), Ok(vec![der.clone()]));
        assert_eq!(certificates(format!("a remark\n{block}{block}").as_bytes()), Ok(vec![der.clone(), der]));
        for bad in [
            "",
            "text",
            "-----BEGIN CERTIFICATE-----\nMAMC\n",
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        ] {
            assert!(certificates(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
