//! A TLS connection that one task drives.

use super::{Progress, SendBuffer, Session, TlsTransport};
use rasman_core::{Cause, Code, LayerName, PortFacts};
use std::io;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// What [`TlsStream::try_read`] found.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Received {
    /// So many bytes of plaintext were appended; 0 means: wait for [`TlsStream::readable`] again.
    Bytes(usize),
    /// The peer ended its direction in good order; every further call says the same.
    End(End),
}

/// How a peer ended its direction in good order.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// With the alert that TLS has for it.
    CloseNotify,
    /// By closing TCP between two records, as many servers do.
    Eof,
}

/// Bytes on the wire, TLS records and handshake included.
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
/// [`writable`](Self::writable). Both may be dropped at any time, and so may all other futures of this type. After
/// `readable` call [`try_read`](Self::try_read) at least once; calling it early is harmless. After a batch of
/// [`queue`](Self::queue) call [`try_write`](Self::try_write).
///
/// After an error nothing but dropping makes sense.
pub struct TlsStream {
    tcp: TcpStream,
    transport: Box<dyn TlsTransport>,
    facts: PortFacts,
    /// Plaintext that came together with the end of the handshake.
    held: Vec<u8>,
    /// What is to be told after the plaintext before it.
    end: Option<Result<End, Cause>>,
    wire: SendBuffer,
    counters: Counters,
    closing: bool,
}

impl TlsStream {
    /// Tells addresses, leaf digests and protection.
    #[must_use]
    pub fn facts(&self) -> &PortFacts {
        &self.facts
    }

    /// Tells what the handshake agreed on.
    pub(super) fn session(&self) -> Session {
        self.transport.session()
    }

    /// Waits until [`try_read`](Self::try_read) has something to tell.
    ///
    /// # Errors
    /// Those of the runtime; `try_read` tells those of the connection.
    pub async fn readable(&self) -> io::Result<()> {
        if self.held.is_empty() && self.end.is_none() { self.tcp.readable().await } else { Ok(()) }
    }

    /// Appends what has come to `plain`: one read of TCP, so at most some 96 KiB a call.
    ///
    /// # Errors
    /// The connection broke, or the peer's bytes are not TLS.
    pub fn try_read(&mut self, plain: &mut Vec<u8>) -> Result<Received, Cause> {
        if !self.held.is_empty() {
            let len = self.held.len();
            plain.append(&mut self.held);
            return Ok(Received::Bytes(len));
        }
        if let Some(end) = &self.end {
            return end.clone().map(Received::End);
        }
        let before = plain.len();
        self.end = self.read(plain);
        match &self.end {
            Some(end) if plain.len() == before => end.clone().map(Received::End),
            _ => Ok(Received::Bytes(plain.len() - before)),
        }
    }

    /// Reads TCP once and tells how the stream ended, if it did.
    fn read(&mut self, plain: &mut Vec<u8>) -> Option<Result<End, Cause>> {
        let space = self.transport.space();
        if space.is_empty() {
            return Some(Err(self.transport.broken("sent a message beyond all limits")));
        }
        match self.tcp.try_read(space) {
            Ok(0) if self.transport.is_mid_record() => {
                return Some(Err(self.transport.broken("closed TCP in the middle of a record")));
            }
            Ok(0) => return Some(Ok(End::Eof)),
            Ok(len) => {
                self.counters.received += len as u64;
                self.transport.received(len);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.transport.received(0);
                return None;
            }
            Err(error) => return Some(Err(self.transport.broken(&in_words(&error)))),
        }
        match self.transport.process(plain, &mut self.wire) {
            Ok(Progress::Handshaking | Progress::Open) => None,
            Ok(Progress::PeerClosed) => Some(Ok(End::CloseNotify)),
            Err(cause) => {
                // The alert is a courtesy; whether it can be sent does not matter any more.
                let _ = self.try_write();
                Some(Err(cause))
            }
        }
    }

    /// Tells how many bytes of plaintext should be queued at the most; 0 means: wait for `writable` first.
    ///
    /// It is 0 or a full record (16 KiB) at least. So whoever sends whole packets can always use it and never asks in
    /// vain, and records do not become small just because TCP is slow.
    #[must_use]
    pub fn send_room(&self) -> usize {
        let room = SEND_ROOM.saturating_sub(self.wire.len());
        if room < ROOM_MIN { 0 } else { room }
    }

    /// Encrypts `plaintext` into the send buffer. Larger calls make larger records, which cost less.
    ///
    /// Control messages may exceed [`send_room`](Self::send_room) by 64 KiB.
    ///
    /// # Errors
    /// The buffer is full beyond that (614), we have said goodbye, or the keys are used up.
    pub fn queue(&mut self, plaintext: &[u8]) -> Result<(), Cause> {
        if self.wire.len() + plaintext.len() > SEND_ROOM + SEND_EXTRA {
            return Err(Cause::new(Code::OUT_OF_BUFFERS, LayerName::Tls).did("queued more than the peer takes"));
        }
        self.transport.encrypt(plaintext, &mut self.wire)
    }

    /// Changes the keys with the next record, as [`TlsTransport::refresh_keys`] says.
    pub fn refresh_keys(&mut self) {
        self.transport.refresh_keys();
    }

    /// Tells how many bytes wait to be written.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.wire.len()
    }

    /// Waits until [`try_write`](Self::try_write) can make progress.
    ///
    /// # Errors
    /// Those of the runtime.
    pub async fn writable(&self) -> io::Result<()> {
        self.tcp.writable().await
    }

    /// Writes what TCP takes now and tells how many bytes still wait.
    ///
    /// # Errors
    /// The connection broke.
    pub fn try_write(&mut self) -> Result<usize, Cause> {
        while !self.wire.is_empty() {
            match self.tcp.try_write(self.wire.waiting()) {
                Ok(len) => {
                    self.counters.sent += len as u64;
                    self.wire.sent(len);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(self.transport.broken(&in_words(&error))),
            }
        }
        Ok(self.wire.len())
    }

    /// Writes everything that is queued; may be dropped and called again.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn flush(&mut self) -> Result<(), Cause> {
        while self.try_write()? > 0 {
            self.tcp.writable().await.map_err(|error| self.transport.broken(&in_words(&error)))?;
        }
        Ok(())
    }

    /// Says goodbye (close_notify), writes everything and ends our direction of TCP; may be dropped and called again.
    ///
    /// The peer's direction stays open: whoever waits for the peer's goodbye reads on.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn close(&mut self) -> Result<(), Cause> {
        if !self.closing {
            self.closing = true;
            self.transport.close_notify(&mut self.wire);
        }
        self.flush().await?;
        self.tcp.shutdown().await.map_err(|error| self.transport.broken(&in_words(&error)))
    }

    /// Counts the bytes on the wire so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }
}

#[cfg(test)]
impl TlsStream {
    pub(super) fn tcp_for_test(&mut self) -> &mut TcpStream {
        &mut self.tcp
    }

    pub(super) fn waiting_for_test(&self) -> Vec<u8> {
        self.wire.waiting().to_vec()
    }
}

/// How much ciphertext may wait before the owner is to hold back: one millisecond at 2 Gbit/s.
const SEND_ROOM: usize = 256 * 1024;
/// The least room that is told.
const ROOM_MIN: usize = 16 * 1024;
/// What control messages may use beyond that.
const SEND_EXTRA: usize = 64 * 1024;

/// Runs a handshake to its end and everything of it that we have to send.
pub(super) async fn handshake(transport: Box<dyn TlsTransport>, tcp: TcpStream) -> Result<TlsStream, Cause> {
    let facts = PortFacts::default();
    let (held, wire, counters) = (Vec::new(), SendBuffer::default(), Counters::default());
    let mut stream = TlsStream { tcp, transport, facts, held, end: None, wire, counters, closing: false };
    let mut held = Vec::new();
    let mut progress = stream.transport.process(&mut held, &mut stream.wire)?;
    loop {
        stream.flush().await?;
        if progress != Progress::Handshaking {
            break;
        }
        stream.readable().await.map_err(|error| stream.transport.broken(&in_words(&error)))?;
        match stream.read(&mut held) {
            Some(Err(cause)) => return Err(cause),
            Some(Ok(End::Eof)) => return Err(stream.transport.broken("closed the connection during the handshake")),
            // An end directly behind the handshake is told after the data before it.
            end => stream.end = end,
        }
        progress = stream.transport.process(&mut held, &mut stream.wire)?;
        if progress == Progress::Handshaking && stream.end.is_some() {
            return Err(stream.transport.broken("ended the connection during the handshake"));
        }
    }
    stream.held = held;
    let session = stream.transport.session();
    stream.facts.local = stream.tcp.local_addr().ok();
    stream.facts.peer = stream.tcp.peer_addr().ok();
    stream.facts.leaf = session.leaf;
    stream.facts.protection = session.protection;
    Ok(stream)
}

/// Says what the system means.
fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => "reset the connection".to_owned(),
        io::ErrorKind::TimedOut => "does not answer any more".to_owned(),
        _ => format!("is out of reach ({error})"),
    }
}
