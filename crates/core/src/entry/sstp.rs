//! SSTP: the server, and the proxy before it.

use super::{InvalidSetting, ProxyLogin, Trust, validate_host};

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
