//! The user's key: in the clear as PEM or DER, or encrypted as PKCS#8 has it (RFC 5958 3).

use super::identity::{DER_SEQUENCE, unusable};
use pkcs8::der::SecretDocument;
use pkcs8::{EncryptedPrivateKeyInfoRef, Error};
use rasman_auth::eap::TunnelError;
use rasman_core::{Cause, Code, EapDialog, LayerName, Secret};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Reads the key of a file.
///
/// # Errors
/// 798 if there is none that can be used; 869 with a question if it is encrypted and the password does not open it.
pub(super) fn read(file: &[u8], password: &Secret) -> Result<PrivateKeyDer<'static>, TunnelError> {
    if file.first() == Some(&DER_SEQUENCE) {
        return match PrivateKeyDer::try_from(file.to_vec()) {
            Ok(key) => Ok(key),
            Err(_) => open(file, password),
        };
    }
    if let Ok(key) = PrivateKeyDer::from_pem_slice(file) {
        return Ok(key);
    }
    let Some(section) = encrypted_section(file) else { return Err(no_key(file)) };
    match SecretDocument::from_pem(section) {
        Ok((_, der)) => open(der.as_bytes(), password),
        Err(error) => Err(unusable(format!("read the user's encrypted key, which is not whole ({error})"))),
    }
}

/// Decrypts a key of PKCS#8.
fn open(der: &[u8], password: &Secret) -> Result<PrivateKeyDer<'static>, TunnelError> {
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|error| match is_old(der) {
        true => old(&format!("by an algorithm that is not taken any more ({error})")),
        false => unusable(format!("read the user's key, which is of a kind that is not known ({error})")),
    })?;
    match encrypted.decrypt(password.expose()) {
        Ok(key) => Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into()),
        Err(Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm { oid })) => {
            Err(old(&format!("by an algorithm that is not taken any more ({oid})")))
        }
        Err(_) => Err(closed("decrypted the user's key".to_owned())),
    }
}

/// Tells whether a key is encrypted by an algorithm that is not taken any more.
fn is_old(der: &[u8]) -> bool {
    let begin = &der[..der.len().min(ALGORITHMS)];
    OLD.iter().any(|oid| begin.windows(oid.len()).any(|octets| octets == *oid))
}

/// Finds the PEM text of a key that PKCS#8 encrypts (RFC 7468 11).
fn encrypted_section(file: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(file).ok()?;
    let begin = text.find(BEGIN)?;
    let end = text[begin..].find(END)? + END.len();
    Some(&text[begin..begin + end])
}

fn no_key(file: &[u8]) -> TunnelError {
    let has = |text: &str| file.windows(text.len()).any(|word| word == text.as_bytes());
    // RFC 1421 4.6.1.1, as OpenSSL has it: the key is one MD5 of the password.
    if has("Proc-Type: 4,ENCRYPTED") {
        return old("in the old form (Proc-Type: 4,ENCRYPTED)");
    }
    if has(BEGIN) {
        return unusable("read the user's encrypted key, which is not whole".to_owned());
    }
    unusable("looked for the user's key and found no key in PEM or DER form".to_owned())
}

/// What is encrypted so weakly that a new file is to be made: Triple DES, and what came before.
fn old(how: &str) -> TunnelError {
    let cause = Cause::new(Code::NO_EAPTLS_CERTIFICATE, LayerName::Auth);
    let cause = cause.did(format!("read the user's key, which is encrypted {how}"));
    cause.advice("make a new file of it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW").into()
}

/// What is encrypted did not open.
pub(super) fn closed(did: String) -> TunnelError {
    let cause = Cause::new(Code::EAPTLS_PASSWD_INVALID, LayerName::Auth).did(did).advice("give the file's password");
    TunnelError { cause, dialog: Some(EapDialog::CertificatePassword) }
}

/// What is not taken any more: the algorithms of PKCS#12 (RFC 7292 C), those of PBES1 (RFC 8018 A.3), Triple DES and
/// RC2 (RFC 8018 B.2), DES.
const OLD: [&[u8]; 9] = [
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x01],
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 1],
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 3],
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 4],
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 6],
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 10],
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 11],
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x03],
    &[0x2B, 0x0E, 0x03, 0x02, 0x07],
];
/// In how many octets the algorithms of a key are named.
const ALGORITHMS: usize = 112;

const BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(file: &str, password: &str) -> Result<Vec<u8>, Cause> {
        let key = read(file.as_bytes(), &password.into()).map_err(|error| error.cause)?;
        Ok(key.secret_der().to_vec())
    }

    #[test]
    fn keys_of_pkcs8_are_opened_with_their_password() {
        let plain = opened(PLAIN, "").unwrap();
        for (file, what) in [(PBKDF2, "PBKDF2"), (SCRYPT, "scrypt")] {
            assert_eq!(opened(file, "sesame"), Ok(plain.clone()), "{what}");
            let with_more = format!("a remark\n{}\n{file}", file.replace("ENCRYPTED PRIVATE KEY", "CERTIFICATE"));
            assert_eq!(opened(&with_more.replace('\n', "\r\n"), "sesame"), Ok(plain.clone()), "{what}");
            let der = SecretDocument::from_pem(file).unwrap().1;
            assert_eq!(read(der.as_bytes(), &"sesame".into()).unwrap().secret_der(), plain, "{what}");
        }
    }

    #[test]
    fn the_password_is_asked_for_where_there_is_none_or_a_wrong_one() {
        for password in ["", "simsalabim"] {
            let error = read(PBKDF2.as_bytes(), &password.into()).unwrap_err();
            assert_eq!(error.cause.code, Code::EAPTLS_PASSWD_INVALID);
            assert_eq!(error.dialog, Some(EapDialog::CertificatePassword));
        }
    }

    #[test]
    fn what_cannot_be_opened_is_refused_by_name() {
        for (file, named) in [
            (TRADITIONAL, "Proc-Type"),
            (TRIPLE_DES, "1.2.840.113549.3.7"),
            (TRIPLE_DES_PBES1, "not taken any more"),
            ("", "no key"),
        ] {
            let error = read(file.as_bytes(), &"sesame".into()).unwrap_err();
            assert_eq!((error.cause.code, error.dialog), (Code::NO_EAPTLS_CERTIFICATE, None), "{named}");
            assert!(error.cause.did.contains(named), "{}", error.cause.did);
            assert!(file.is_empty() || error.cause.advice.contains("openssl pkcs8 -topk8"), "{named}: {}", error.cause);
        }
        let cut = &PBKDF2[..PBKDF2.len() / 2];
        assert_eq!(opened(cut, "sesame").unwrap_err().code, Code::NO_EAPTLS_CERTIFICATE);
        let damaged = PBKDF2.replacen("MIHs", "MIHa", 1);
        assert_eq!(opened(&damaged, "sesame").unwrap_err().code, Code::NO_EAPTLS_CERTIFICATE);
    }

    /// The same key in each form, made by OpenSSL 3.0; the password is "sesame".
    const PLAIN: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+B+zU9q/4kQq4etW
NTUHVxbB2qvcEEWX/VLEaWrhSCKhRANCAASvP+er/Iy+nT/SKXPO3tfABmckwf/T
9XzkUM4QEGSBj+W2D4wgusE2wRKKSkEcuMHdQeeoJp9wpXLfOrz5evg5
-----END PRIVATE KEY-----
";
    const PBKDF2: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAieRbNCmVch4gICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEOM5KYvRKI4JVOfzOMgVPs4EgZBj
B2vo3YWR7Uu7+yPy+3M1ELkIPJmveW9ZCu7s/XYKSV4zAQD+LtMPdT6ZmtegjKXb
6jdIOuXsho/lRaZpTHCXOgMIiKz2sRfP2slaku0WE9fZpWZI8Vr4J5gOyC/CyOTv
aVCMaCqAyZZEyNNtKcVDDwgO8L+fX8OA6nAYYxVQiSZeL/gorGva5FIZ/A159Co=
-----END ENCRYPTED PRIVATE KEY-----
";
    const SCRYPT: &str = include_str!("scrypt.pem");
    const TRIPLE_DES: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHjME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAguTkxyBumoPQICCAAw
DAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQI6SW8yojNLmUEgZCn4y0oPBxrVYYe
FHJ6toBj560QPeoG6ZfwT6OXWSMdIAbTEcm/uY1T4py5efr75mQG5D3R6GiaW+h+
Fl+HglUV63J20hLS5osMuMnjeYhxE48OP30iODTARC145O/stu1SRVZSPFykzgPa
FyGh+9lO5/E76ly34vs0WCCPG06h7auwUo5XgxdUgsDTiBo9zxg=
-----END ENCRYPTED PRIVATE KEY-----
";
    /// pbeWithSHA1And3-KeyTripleDES-CBC (RFC 7292 C), as OpenSSL before 1.1 and Windows have it.
    const TRIPLE_DES_PBES1: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGxMBwGCiqGSIb3DQEMAQMwDgQIsg17tLkT2gcCAggABIGQEmb+4asGJj7bBKcy
jQr1fcD9lqP0VDshPL+aSxtT+P6R0P8J3lT6hjbMRrsK2/ZlOitGVs5FhBCwBldA
6SEJgjy8kN6JRxCMLEymnqMiawCjChG7Tt1xVMtMebQi/WWcBwWtzD6GZENBV6jP
4pO2qMK9d+9EwvV1YcTFkbl6dQ5kxvTS7WXiL+LnTIHPExu+
-----END ENCRYPTED PRIVATE KEY-----
";
    const TRADITIONAL: &str = "\
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,66C97EBB05D83510916165B77224FF34

nM1zbAAnInuzYZda9EO3Sbau9F+x7snMUl6dkuhCiLo4Qy7AkrSpT2QgNUPrpjXc
TYaH4MloL0q3ISIxbViYmElLlPWHeLC2w0cwlZBgZKO+3DFGTxvy8jfte8Tl632c
aVs1YIlH+gxVx+GfVORRsT7W3FTbXmhjWBrNS1vGt2E=
-----END EC PRIVATE KEY-----
";
}
