//! Why a dial or a connection ended, in terms that people can act on.

use crate::Code;
use core::fmt;

/// The reason of an error: the RAS code, the layer that failed, and what can be said about it.
///
/// Every part that comes from the peer is cleaned and bounded when it is stored, so a cause can be printed as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// The number that programs see.
    pub code: Code,
    /// The layer that failed.
    pub layer: LayerName,
    /// What we did or sent that led here; empty if there is nothing to say.
    pub did: String,
    /// What the peer said, cleaned; empty if it said nothing.
    pub said: String,
    /// What to change; empty if we know no better than the sentence of the code.
    pub advice: String,
}

impl Cause {
    /// Makes a cause without further detail.
    #[must_use]
    pub fn new(code: Code, layer: LayerName) -> Self {
        Self { code, layer, did: String::new(), said: String::new(), advice: String::new() }
    }

    /// Adds what we did or sent.
    #[must_use]
    pub fn did(mut self, did: impl Into<String>) -> Self {
        self.did = did.into();
        self
    }

    /// Adds what the peer said: control characters are replaced and the length is bounded.
    #[must_use]
    pub fn said(mut self, said: impl AsRef<[u8]>) -> Self {
        self.said = clean(said.as_ref());
        self
    }

    /// Adds what to change.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

/// One line: number, constant, sentence; then layer, what was done, what was said, what to change.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.code, self.layer)?;
        if !self.did.is_empty() {
            write!(f, " We: {}.", self.did.trim_end_matches('.'))?;
        }
        if !self.said.is_empty() {
            write!(f, " The peer: {}.", self.said.trim_end_matches('.'))?;
        }
        if !self.advice.is_empty() {
            write!(f, " Try: {}.", self.advice.trim_end_matches('.'))?;
        }
        Ok(())
    }
}

impl std::error::Error for Cause {}

/// The layer in which something failed.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LayerName {
    /// The caller's settings or call.
    Settings,
    /// The connection manager itself.
    Manager,
    /// The user, or the program that dialled.
    User,
    /// Name resolution.
    Name,
    /// TCP.
    Tcp,
    /// An HTTP proxy on the way to the server.
    Proxy,
    /// TLS.
    Tls,
    /// The HTTP exchange that starts SSTP.
    Http,
    /// SSTP.
    Sstp,
    /// A serial port.
    Port,
    /// A modem, or whatever else is at the other end of a serial cable.
    Modem,
    /// LCP, or PPP as a whole.
    Lcp,
    /// Authentication.
    Auth,
    /// CBCP: whether the server calls back.
    Cbcp,
    /// IPCP.
    Ipcp,
    /// IPV6CP.
    Ipv6cp,
    /// CCP: the encryption of PPP.
    Ccp,
    /// The local network settings, proxies and forwards.
    Network,
}

impl LayerName {
    /// All layers, as they are declared.
    pub const ALL: [Self; 18] = [
        Self::Settings,
        Self::Manager,
        Self::User,
        Self::Name,
        Self::Tcp,
        Self::Proxy,
        Self::Tls,
        Self::Http,
        Self::Sstp,
        Self::Port,
        Self::Modem,
        Self::Lcp,
        Self::Auth,
        Self::Cbcp,
        Self::Ipcp,
        Self::Ipv6cp,
        Self::Ccp,
        Self::Network,
    ];
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Settings => "settings",
            Self::Manager => "manager",
            Self::User => "user",
            Self::Name => "name resolution",
            Self::Tcp => "TCP",
            Self::Proxy => "proxy",
            Self::Tls => "TLS",
            Self::Http => "HTTP",
            Self::Sstp => "SSTP",
            Self::Port => "serial port",
            Self::Modem => "modem",
            Self::Lcp => "LCP",
            Self::Auth => "authentication",
            Self::Cbcp => "CBCP",
            Self::Ipcp => "IPCP",
            Self::Ipv6cp => "IPV6CP",
            Self::Ccp => "CCP",
            Self::Network => "network settings",
        })
    }
}

/// The most characters that are kept of what a peer said.
const SAID_MAX: usize = 240;

/// Replaces what could disturb a terminal or a log, and bounds the length.
fn clean(bytes: &[u8]) -> String {
    // Four bytes are the most that one character takes, so the slice bounds the work as well.
    let bytes = &bytes[..bytes.len().min(SAID_MAX * 4)];
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    text.chars().map(|c| if is_plain(c) { c } else { '?' }).take(SAID_MAX).collect()
}

/// Tells whether a character neither controls a terminal nor reorders text.
fn is_plain(c: char) -> bool {
    let reorders =
        matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    !c.is_control() && !reorders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_peer_said_cannot_disturb_a_terminal() {
        let cause = Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth).said(b"\x1b[2Jno\r\n\xffway\0");
        assert_eq!(cause.said, "?[2Jno??\u{fffd}way");
        let long = Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth).said("x".repeat(100_000));
        assert_eq!(long.said.len(), SAID_MAX);
    }

    #[test]
    fn all_layers_stand_in_their_order() {
        for (index, layer) in LayerName::ALL.into_iter().enumerate() {
            assert_eq!(layer as usize, index, "{layer}");
        }
        assert_eq!(LayerName::ALL.last(), Some(&LayerName::Network), "the last that is declared");
    }

    #[test]
    fn a_cause_reads_as_one_line() {
        let cause = Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth)
            .did("sent the MS-CHAPv2 response of alice")
            .said("E=691 R=0")
            .advice("check the user name, the password and the domain");
        let line = cause.to_string();
        assert!(line.starts_with("691 ERROR_AUTHENTICATION_FAILURE: "), "{line}");
        assert!(
            line.ends_with("The peer: E=691 R=0. Try: check the user name, the password and the domain."),
            "{line}"
        );
    }
}
