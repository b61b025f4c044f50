//! Ports: what carries octets to the other end, whatever its kind.
//!
//! ```text
//! PortStream  Tls  TLS over TCP               crate::tls
//!             Raw  a terminal device          serial: settings, lock, names
//!                  TCP, a Unix socket         octet for octet
//!                  Telnet over TCP            rfc2217: settings and lines of another machine's port
//! ```

mod holder;
mod lock;
pub mod names;
mod probe;
pub mod pty;
mod raw;
mod reformat;
pub mod rfc2217;
pub mod serial;
#[cfg(test)]
mod tests;

pub use probe::probe;
pub use raw::RawStream;

use crate::tls::{Counters, Received, TlsStream};
use rasman_core::{Cause, LineCommand, PortFacts};
use std::io;

/// A port that one task owns and drives; see [`TlsStream`] for the rules, which hold for all kinds.
pub enum PortStream {
    /// TLS over TCP.
    Tls(Box<TlsStream>),
    /// Octets as they are.
    Raw(Box<RawStream>),
}

impl PortStream {
    /// Tells what is known of the port.
    #[must_use]
    pub fn facts(&self) -> &PortFacts {
        match self {
            Self::Tls(tls) => tls.facts(),
            Self::Raw(raw) => raw.facts(),
        }
    }

    /// Waits until [`try_read`](Self::try_read) has something to tell. Cancel-safe.
    ///
    /// # Errors
    /// Those of the runtime.
    pub async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tls(tls) => tls.readable().await,
            Self::Raw(raw) => raw.readable().await,
        }
    }

    /// Appends what has come to `plain`.
    ///
    /// # Errors
    /// The port broke.
    pub fn try_read(&mut self, plain: &mut Vec<u8>) -> Result<Received, Cause> {
        match self {
            Self::Tls(tls) => tls.try_read(plain),
            Self::Raw(raw) => raw.try_read(plain),
        }
    }

    /// Tells how many bytes should be queued at the most; 0 means: wait for `writable` first.
    #[must_use]
    pub fn send_room(&self) -> usize {
        match self {
            Self::Tls(tls) => tls.send_room(),
            Self::Raw(raw) => raw.send_room(),
        }
    }

    /// Tells whether so much may be queued at once. A port that is slower than a network device takes a whole read of one
    /// when it has nothing else to send.
    #[must_use]
    pub fn has_room_for(&self, bytes: usize) -> bool {
        match self {
            Self::Tls(tls) => tls.send_room() >= bytes,
            Self::Raw(raw) => raw.pending() == 0,
        }
    }

    /// Queues bytes.
    ///
    /// # Errors
    /// The port takes no more.
    pub fn queue(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        match self {
            Self::Tls(tls) => tls.queue(bytes),
            Self::Raw(raw) => raw.queue(bytes),
        }
    }

    /// Tells how many bytes wait to be written.
    #[must_use]
    pub fn pending(&self) -> usize {
        match self {
            Self::Tls(tls) => tls.pending(),
            Self::Raw(raw) => raw.pending(),
        }
    }

    /// Waits until [`try_write`](Self::try_write) can make progress. Cancel-safe.
    ///
    /// # Errors
    /// Those of the runtime.
    pub async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tls(tls) => tls.writable().await,
            Self::Raw(raw) => raw.writable().await,
        }
    }

    /// Writes what the port takes now and tells how many bytes still wait.
    ///
    /// # Errors
    /// The port broke.
    pub fn try_write(&mut self) -> Result<usize, Cause> {
        match self {
            Self::Tls(tls) => tls.try_write(),
            Self::Raw(raw) => raw.try_write(),
        }
    }

    /// Writes everything, says goodbye where there is one, and ends our direction.
    ///
    /// # Errors
    /// The port broke.
    pub async fn close(&mut self) -> Result<(), Cause> {
        match self {
            Self::Tls(tls) => tls.close().await,
            Self::Raw(raw) => raw.close().await,
        }
    }

    /// Does something to the control lines, if the port has any.
    ///
    /// # Errors
    /// The port broke.
    pub fn line(&mut self, command: LineCommand) -> Result<(), Cause> {
        match self {
            Self::Tls(_) => Ok(()),
            Self::Raw(raw) => raw.line(command),
        }
    }

    /// Counts the bytes on the wire so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        match self {
            Self::Tls(tls) => tls.counters(),
            Self::Raw(raw) => raw.counters(),
        }
    }

    /// Tells whether the port belongs to whoever has it open, so that it has to be closed before it is opened again.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        matches!(self, Self::Raw(raw) if raw.is_exclusive())
    }
}

impl From<TlsStream> for PortStream {
    fn from(tls: TlsStream) -> Self {
        Self::Tls(Box::new(tls))
    }
}

impl From<RawStream> for PortStream {
    fn from(raw: RawStream) -> Self {
        Self::Raw(Box::new(raw))
    }
}
