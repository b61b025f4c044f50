//! SSTP: the server, the proxy before it, and which certificates are accepted.

use super::{InvalidSetting, ProxyLogin, validate_host};

/// Settings of an SSTP entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SstpSettings {
    /// Host name or address of the server (the entry's phone number).
    pub server: String,
    /// TCP port, usually 443.
    pub port: u16,
    /// The name that the certificate must carry if it is not `server`; empty otherwise.
    pub server_name: String,
    /// Which certificates are accepted.
    pub trust: Trust,
    /// The HTTP proxy through which the server is reached, if it is not reached directly.
    pub proxy: Option<HttpProxy>,
}

impl SstpSettings {
    /// Makes the settings of a server with a certificate that the system trusts, reached directly on port 443.
    #[must_use]
    pub fn new(server: impl Into<String>) -> Self {
        Self { server: server.into(), port: 443, server_name: String::new(), trust: Trust::system(), proxy: None }
    }
}

/// An HTTP proxy that connects us to the server (RFC 9110 9.3.6, CONNECT).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpProxy {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Who we are to it, by the scheme Basic; `None` if it asks nobody. The password crosses the network in clear.
    pub login: Option<ProxyLogin>,
}

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

/// Whether a certificate is looked for in its issuer's list of revoked ones, which is fetched by HTTP from where the
/// certificate says (RFC 5280 4.2.1.13). A pinned certificate is not: whoever pins has decided.
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
}

impl Trust {
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

impl SstpSettings {
    pub(super) fn validate(&self) -> Result<(), InvalidSetting> {
        validate_host("sstp.server", &self.server)?;
        if self.port == 0 {
            return Err(InvalidSetting::new("sstp.port", "is 0", "use the server's TCP port, usually 443"));
        }
        if !self.server_name.is_empty() {
            validate_host("sstp.server_name", &self.server_name)?;
        }
        if let Some(proxy) = &self.proxy {
            proxy.validate()?;
        }
        self.trust.validate("sstp.trust", "sstp.trust.added_roots")
    }
}

impl HttpProxy {
    pub(super) fn validate(&self) -> Result<(), InvalidSetting> {
        validate_host("sstp.proxy.host", &self.host)?;
        if self.port == 0 {
            return Err(InvalidSetting::new("sstp.proxy.port", "is 0", "use the proxy's TCP port, often 8080 or 3128"));
        }
        // RFC 7617 2: the first colon ends the user name, and control characters are forbidden.
        let control = |byte: &u8| byte.is_ascii_control();
        match &self.login {
            Some(login) if login.user.contains(':') || login.user.bytes().any(|b| control(&b)) => {
                let advice = "give a user name without colon and control characters";
                Err(InvalidSetting::new("sstp.proxy.login.user", "cannot be sent", advice))
            }
            Some(login) if login.password.expose().iter().any(control) => {
                let advice = "give a password without control characters";
                Err(InvalidSetting::new("sstp.proxy.login.password", "cannot be sent", advice))
            }
            _ => Ok(()),
        }
    }
}

/// The first octet of every certificate in DER form.
const DER_SEQUENCE: u8 = 0x30;
