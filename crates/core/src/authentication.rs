//! How an entry lets a connection authenticate itself, and the server prove who it is.

use crate::{Secret, Trust};
use core::fmt;

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $text:literal;)*) => {
        /// An authentication method.
        #[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum AuthMethod {
            $($(#[$doc])* $name,)*
        }

        impl AuthMethod {
            /// All methods, the strongest first.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Gives the word by which programs and command lines name it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }

        impl fmt::Display for AuthMethod {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

methods! {
    /// EAP-TLS (RFC 5216, RFC 9190): both ends show certificates.
    EapTls = "eap-tls", "EAP-TLS";
    /// PEAPv0 ([MS-PEAP]) with EAP-MSCHAPv2 inside.
    PeapMsChapV2 = "peap-mschapv2", "PEAP with EAP-MSCHAPv2";
    /// EAP-TTLS (RFC 5281) with MS-CHAPv2 inside.
    TtlsMsChapV2 = "ttls-mschapv2", "EAP-TTLS with MS-CHAPv2";
    /// EAP-MSCHAPv2 (draft-kamath-pppext-eap-mschapv2).
    EapMsChapV2 = "eap-mschapv2", "EAP-MSCHAPv2";
    /// MS-CHAPv2 (RFC 2759).
    MsChapV2 = "mschapv2", "MS-CHAPv2";
    /// EAP-TTLS (RFC 5281) with PAP inside: the server that TLS proved learns the password.
    TtlsPap = "ttls-pap", "EAP-TTLS with PAP";
    /// EAP-MD5 (RFC 3748 5.4): the server proves nothing.
    EapMd5 = "eap-md5", "EAP-MD5";
    /// CHAP with MD5 (RFC 1994): the server proves nothing.
    Chap = "chap", "CHAP with MD5";
    /// PAP (RFC 1334): whoever answers learns the password.
    Pap = "pap", "PAP";
}

impl AuthMethod {
    /// Finds the method of a [word](Self::word).
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.word().eq_ignore_ascii_case(word))
    }

    /// Tells whether it is a method of EAP (RFC 3748).
    #[must_use]
    pub const fn is_eap(self) -> bool {
        match self {
            Self::EapTls
            | Self::PeapMsChapV2
            | Self::TtlsMsChapV2
            | Self::TtlsPap
            | Self::EapMsChapV2
            | Self::EapMd5 => true,
            Self::MsChapV2 | Self::Chap | Self::Pap => false,
        }
    }

    /// Tells whether it is a method of EAP with TLS in it, so that [`EapSettings::trust`] decides whom it believes.
    #[must_use]
    pub const fn has_tls(self) -> bool {
        matches!(self, Self::EapTls | Self::PeapMsChapV2 | Self::TtlsMsChapV2 | Self::TtlsPap)
    }

    /// Tells whether it runs inside EAP-TTLS, which cannot bind what is inside to the tunnel (RFC 5281 14.1.11).
    #[must_use]
    pub const fn is_ttls(self) -> bool {
        matches!(self, Self::TtlsMsChapV2 | Self::TtlsPap)
    }

    /// Tells whether a server that does not know the user, or has no certificate that we trust, is found out.
    #[must_use]
    pub const fn proves_server(self) -> bool {
        !matches!(self, Self::EapMd5 | Self::Chap | Self::Pap)
    }
}

/// What the methods of EAP need beside a name and a password.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EapSettings {
    /// Which certificates of the authentication server are accepted; that server is another than SSTP's. Nothing is
    /// fetched in the middle of EAP, so [`Revocation`](crate::Revocation) goes by the answer of OCSP that it staples (RFC 9190
    /// 5.4).
    pub trust: Trust,
    /// The names one of which the certificate must carry; `*.example.com` stands for the names right below. Empty takes
    /// every name, so it is only allowed with roots of the entry's own or with a pinned certificate.
    pub server_names: Vec<String>,
    /// Which roots count, by the SHA-1 digests of their certificates, as Windows names them; empty lets all count that
    /// `trust` has. A pinned certificate needs none.
    pub root_sha1: Vec<[u8; 20]>,
    /// Whether PEAP's server has to prove by a Cryptobinding TLV that TLS and the password end at the same server
    /// ([MS-PEAP] 3.1.1, isCryptoRequired). One that is offered is always checked. EAP-TTLS has no such proof, so its
    /// methods are refused beside this.
    pub require_crypto_binding: bool,
    /// The identity that is told in the open, before TLS; empty tells the user's name.
    pub outer_identity: String,
    /// The certificate by which EAP-TLS proves who we are.
    pub certificate: Option<ClientCertificate>,
}

/// The user's certificate and its key, as they stand in files.
#[derive(Clone, Default)]
pub struct ClientCertificate {
    /// A PEM file of the certificate and those that lead to its authority, or a PKCS#12 file with the key in it.
    pub file: Vec<u8>,
    /// A PEM or DER file of the key, if it is not in `file`. PKCS#8 may encrypt it (RFC 5958 3; PBES2 with AES).
    pub key: Secret,
    /// The password of a PKCS#12 file or of an encrypted key.
    pub password: Secret,
}

/// Compares the secrets in constant time.
impl PartialEq for ClientCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file && self.key.same(&other.key) && self.password.same(&other.password)
    }
}

impl Eq for ClientCertificate {}

/// Prints no secrets; a PKCS#12 file is one.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").field("octets", &self.file.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_methods() {
        for method in AuthMethod::ALL {
            assert_eq!(AuthMethod::from_word(method.word()), Some(*method));
            assert_eq!(method.is_eap(), method.word().starts_with("eap") || method.has_tls());
        }
        assert_eq!(AuthMethod::from_word("spap"), None);
    }

    #[test]
    fn a_certificate_prints_no_secret() {
        let certificate = ClientCertificate { password: Secret::from("hunter2"), ..ClientCertificate::default() };
        assert!(!format!("{certificate:?}").contains("hunter2"));
        assert_ne!(certificate, ClientCertificate::default());
    }
}
