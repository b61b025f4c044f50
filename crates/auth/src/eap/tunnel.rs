//! TLS as the methods of EAP want it: a machine that is fed with bytes, made by whoever knows a TLS library.

use rasman_core::{Cause, Code, EapDialog, EapSettings, LayerName};

/// One end of a TLS session without I/O.
pub trait Tunnel: Send {
    /// Takes whole TLS records of the peer; what they carry is appended to `plain`.
    ///
    /// # Errors
    /// The handshake failed or a record is broken. An alert for the peer may be in [`output`](Self::output).
    fn input(&mut self, records: &[u8], plain: &mut Vec<u8>) -> Result<(), TunnelError>;

    /// Takes the records for the peer; empty if there is nothing to say.
    fn output(&mut self) -> Vec<u8>;

    /// Encrypts; the records are in [`output`](Self::output).
    ///
    /// # Errors
    /// The session is not open.
    fn send(&mut self, plain: &[u8]) -> Result<(), TunnelError>;

    /// Tells whether the handshake is done and the peer is who it has to be.
    fn is_open(&self) -> bool;

    /// Tells whether it is TLS 1.3 or later, once it is open.
    fn is_tls13(&self) -> bool;

    /// Gives the names of the certificate that the peer has shown and proved to be its own (RFC 5216 5.2): what its
    /// subjectAltName calls a person, then the common name. Empty without one.
    fn peer_names(&self) -> Vec<String>;

    /// Derives keys (RFC 5705, RFC 8446 7.5).
    ///
    /// # Errors
    /// The session is not open.
    fn export(&self, label: &str, context: Option<&[u8]>, out: &mut [u8]) -> Result<(), TunnelError>;
}

/// Why a tunnel cannot be made or has failed.
#[derive(Clone, Debug)]
pub struct TunnelError {
    /// For people.
    pub cause: Cause,
    /// What the user could say to mend it.
    pub dialog: Option<EapDialog>,
}

impl From<Cause> for TunnelError {
    fn from(cause: Cause) -> Self {
        Self { cause, dialog: None }
    }
}

/// Makes the peer's ends.
pub trait Tunnels: Send + Sync {
    /// Makes one that believes the servers of `settings`; with `certificate` it shows the user's.
    ///
    /// # Errors
    /// The settings cannot be used, or the user's certificate wants a password.
    fn peer(&self, settings: &EapSettings, certificate: bool) -> Result<Box<dyn Tunnel>, TunnelError>;
}

/// Makes the server's ends.
pub trait ServerTunnels: Send + Sync {
    /// Makes one; with `certificate` the peer has to show a certificate of an authority that the server knows.
    ///
    /// # Errors
    /// The settings cannot be used.
    fn server(&self, certificate: bool) -> Result<Box<dyn Tunnel>, TunnelError>;
}

/// There is no TLS: methods that need it fail before they begin.
#[derive(Copy, Clone, Debug, Default)]
pub struct NoTunnels;

impl Tunnels for NoTunnels {
    fn peer(&self, _: &EapSettings, _: bool) -> Result<Box<dyn Tunnel>, TunnelError> {
        Err(none())
    }
}

impl ServerTunnels for NoTunnels {
    fn server(&self, _: bool) -> Result<Box<dyn Tunnel>, TunnelError> {
        Err(none())
    }
}

fn none() -> TunnelError {
    Cause::new(Code::NOT_SUPPORTED, LayerName::Auth).did("needed TLS for this method of EAP, and there is none").into()
}
