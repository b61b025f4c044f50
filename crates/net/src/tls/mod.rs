//! TLS ports.

use rasman_core::{Cause, Leaf, PortFacts, TlsSpec};
use std::io;
use tokio::net::TcpStream;

/// Makes a TLS connection on `tcp` and checks the server's certificate.
///
/// It has no time limit of its own: the caller drops the future to give up.
///
/// # Errors
/// The HRESULT of the certificate failure, or 808 if the handshake failed otherwise.
pub async fn connect(spec: &TlsSpec, tcp: TcpStream) -> Result<TlsStream, Cause> {
    let _ = (spec, tcp);
    unimplemented!()
}

/// The answering side: a certificate and its key.
#[derive(Clone)]
pub struct Acceptor {}

impl Acceptor {
    /// Takes a certificate chain (leaf first) and its key (PKCS#8, PKCS#1 or SEC1), all in DER form.
    ///
    /// # Errors
    /// 87 if they do not parse or do not belong together.
    pub fn new(chain: Vec<Vec<u8>>, key: Vec<u8>) -> Result<Self, Cause> {
        let _ = (chain, key);
        unimplemented!()
    }

    /// Takes the chain and the key as PEM text.
    ///
    /// # Errors
    /// As [`Acceptor::new`].
    pub fn from_pem(chain: &str, key: &str) -> Result<Self, Cause> {
        let _ = (chain, key);
        unimplemented!()
    }

    /// Answers with TLS 1.2 only, as servers of the last decade do.
    ///
    /// # Errors
    /// As [`Acceptor::new`].
    pub fn tls12_only(self) -> Result<Self, Cause> {
        unimplemented!()
    }

    /// Gives the digests of our leaf certificate.
    #[must_use]
    pub fn leaf(&self) -> Leaf {
        unimplemented!()
    }

    /// Makes the server's half of a TLS connection on `tcp`.
    ///
    /// # Errors
    /// 808 if the handshake failed.
    pub async fn accept(&self, tcp: TcpStream) -> Result<TlsStream, Cause> {
        let _ = tcp;
        unimplemented!()
    }
}

/// What [`TlsStream::try_read`] found.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Received {
    /// So many bytes of plaintext were appended, which may be 0.
    Bytes(usize),
    /// The peer ended the stream in good order.
    End(End),
}

/// How a peer ended its stream in good order.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// With the alert that TLS has for it.
    CloseNotify,
    /// By closing TCP between two records, as many servers do.
    Eof,
}

/// Bytes on the wire, TLS records included.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Bytes that were read from TCP.
    pub received: u64,
    /// Bytes that were given to TCP.
    pub sent: u64,
}

/// A TLS connection over TCP that one task owns and drives.
///
/// The owner selects on [`readable`](Self::readable) and, while [`pending`](Self::pending) is not 0, on
/// [`writable`](Self::writable); both may be dropped at any time. All other methods return at once.
pub struct TlsStream {}

impl TlsStream {
    /// Tells addresses, leaf digests and protection.
    #[must_use]
    pub fn facts(&self) -> &PortFacts {
        unimplemented!()
    }

    /// Waits until [`try_read`](Self::try_read) has something to tell.
    ///
    /// # Errors
    /// Those of the runtime; `try_read` tells those of the connection.
    pub async fn readable(&self) -> io::Result<()> {
        unimplemented!()
    }

    /// Appends what has come to `plain`: at most some 80 KiB a call.
    ///
    /// # Errors
    /// The connection broke, or the peer's bytes are not TLS.
    pub fn try_read(&mut self, plain: &mut Vec<u8>) -> Result<Received, Cause> {
        let _ = plain;
        unimplemented!()
    }

    /// Tells how many bytes of plaintext should be queued at the most; 0 means: wait for `writable` first.
    #[must_use]
    pub fn send_room(&self) -> usize {
        unimplemented!()
    }

    /// Encrypts `plaintext` into the send buffer. Larger calls make larger records, which cost less.
    ///
    /// Short control messages may exceed [`send_room`](Self::send_room).
    ///
    /// # Errors
    /// The buffer is full far beyond its room, or the keys are used up.
    pub fn queue(&mut self, plaintext: &[u8]) -> Result<(), Cause> {
        let _ = plaintext;
        unimplemented!()
    }

    /// Tells how many bytes wait to be written.
    #[must_use]
    pub fn pending(&self) -> usize {
        unimplemented!()
    }

    /// Waits until [`try_write`](Self::try_write) can make progress.
    ///
    /// # Errors
    /// Those of the runtime.
    pub async fn writable(&self) -> io::Result<()> {
        unimplemented!()
    }

    /// Writes what TCP takes now and tells how many bytes still wait.
    ///
    /// # Errors
    /// The connection broke.
    pub fn try_write(&mut self) -> Result<usize, Cause> {
        unimplemented!()
    }

    /// Writes everything that is queued; may be dropped and called again.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn flush(&mut self) -> Result<(), Cause> {
        unimplemented!()
    }

    /// Says goodbye (close_notify), writes everything and ends our half of TCP; may be dropped and called again.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn close(&mut self) -> Result<(), Cause> {
        unimplemented!()
    }

    /// Counts the bytes on the wire so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        unimplemented!()
    }
}
