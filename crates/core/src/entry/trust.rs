//! Which certificates of servers are accepted: SSTP's, and EAP's.

use super::InvalidSetting;

/// Which server certificates are accepted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trust {
    /// Accept what the system's roots sign.
    pub system_roots: bool,
    /// Further roots: certificates in DER form.
    pub added_roots: Vec<Vec<u8>>,
    /// Accept exactly the leaf certificate with this SHA-256 digest, whatever its name, issuer and dates say.
    pub pinned_leaf_sha256: Option<[u8; 32]>,
    /// Whether its issuer may have revoked it.
    pub revocation: Revocation,
}

/// Whether it is found out that a certificate was revoked: by the answer of OCSP that the server staples (RFC 6066 8), from the
/// responders that the certificate names (RFC 6960), or in its issuer's list (RFC 5280 4.2.1.13), both by HTTP. A pinned
/// certificate is not looked up: whoever pins has decided.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Revocation {
    /// No.
    #[default]
    Unchecked,
    /// Refuse what is revoked, and accept what cannot be checked.
    IfPossible,
    /// Refuse also what cannot be checked, as Windows' SSTP client does.
    Required,
}

impl Trust {
    /// Trusts the system's roots alone.
    #[must_use]
    pub fn system() -> Self {
        Self { system_roots: true, ..Self::default() }
    }

    pub(super) fn validate(&self, field: &'static str, roots: &'static str) -> Result<(), InvalidSetting> {
        if !self.system_roots && self.added_roots.is_empty() && self.pinned_leaf_sha256.is_none() {
            return Err(InvalidSetting::new(
                field,
                "trusts nobody",
                "turn on the system's roots, add a root certificate, or pin the server's certificate",
            ));
        }
        match self.added_roots.iter().position(|der| der.first() != Some(&DER_SEQUENCE)) {
            Some(index) => Err(InvalidSetting::new(
                roots,
                format!("has no certificate in DER form at place {}", index + 1),
                "give the certificate itself, not a path or a key",
            )),
            None => Ok(()),
        }
    }
}

/// The first octet of every certificate in DER form.
const DER_SEQUENCE: u8 = 0x30;
