//! What a TLS library looks like to us.

use super::SendBuffer;
use rasman_core::{Cause, Leaf};

/// One end of a TLS connection, without I/O.
///
/// Bytes from TCP go to [`space`](Self::space) and are announced by [`received`](Self::received); then
/// [`process`](Self::process) opens all whole records. Calling `process` early is harmless.
pub trait TlsTransport {
    /// Gives the free part of the receive buffer. It is empty only if the peer sends a message beyond all limits.
    fn space(&mut self) -> &mut [u8];

    /// Tells that the first `len` bytes of [`space`](Self::space) were filled, or none of them.
    fn received(&mut self, len: usize);

    /// Opens all whole records: application data is appended to `plain`, answers of the protocol to `wire`.
    ///
    /// # Errors
    /// The handshake failed, or a record is broken; an alert for the peer is then in `wire`.
    fn process(&mut self, plain: &mut Vec<u8>, wire: &mut SendBuffer) -> Result<Progress, Cause>;

    /// Encrypts `plain` into `wire`.
    ///
    /// # Errors
    /// The connection is not open for sending, or the keys are used up.
    fn encrypt(&mut self, plain: &[u8], wire: &mut SendBuffer) -> Result<(), Cause>;

    /// Changes the keys with the next record that is sent, and asks the peer to do the same (RFC 8446 4.6.3). It happens by
    /// itself before the keys are used up; TLS 1.2 has nothing of the kind and fails.
    fn refresh_keys(&mut self);

    /// Appends the alert that ends our direction; a second call does nothing.
    fn close_notify(&mut self, wire: &mut SendBuffer);

    /// Tells whether part of a record has been received.
    fn is_mid_record(&self) -> bool;

    /// Tells what was negotiated, once the handshake is done.
    fn session(&self) -> Session;

    /// Makes the cause of a failure below TLS, such as a reset, in the words of this end.
    fn broken(&self, said: &str) -> Cause;
}

/// How far a connection is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Progress {
    /// The handshake needs more bytes from the peer.
    Handshaking,
    /// Data can flow both ways.
    Open,
    /// The peer has ended its direction in good order.
    PeerClosed,
}

/// What a handshake agreed on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// Digests of the server's leaf certificate, whoever we are.
    pub leaf: Option<Leaf>,
    /// Version and cipher suite, for people.
    pub protection: String,
    /// The peer's certificates in DER form, leaf first; those of the first handshake if this one resumes.
    pub chain: Vec<Vec<u8>>,
    /// An earlier session goes on: no certificate was shown.
    pub resumed: bool,
}
