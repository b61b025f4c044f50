//! [`TlsTransport`] by the unbuffered interface of rustls 0.23.

use super::explain::{Explain, Role};
use super::{Progress, SendBuffer, Session, TlsTransport, leaf_of};
use crate::accounting::{self, InTls};
use crate::buffers;
use rasman_core::{Cause, Code, LayerName, Leaf};
use rustls::InvalidMessage;
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedConnectionCommon, UnbufferedStatus,
    WriteTraffic,
};
use std::ops::Deref;
use std::sync::Arc;

/// What a client needs beside TCP.
pub(super) struct ClientSetup {
    pub(super) config: Arc<rustls::ClientConfig>,
    pub(super) name: rustls::pki_types::ServerName<'static>,
    pub(super) explain: Explain,
    pub(super) checks: super::trust::Checks,
}

/// Makes the client's end.
pub(super) fn client(setup: ClientSetup) -> Result<Backend<UnbufferedClientConnection>, Cause> {
    let conn = UnbufferedClientConnection::new(setup.config, setup.name).map_err(|e| setup.explain.handshake(&e))?;
    Ok(Backend::new(conn, setup.explain, None))
}

/// Makes the server's end.
pub(super) fn server(
    config: Arc<rustls::ServerConfig>,
    leaf: Leaf,
) -> Result<Backend<UnbufferedServerConnection>, Cause> {
    let explain = Explain::new(Role::Server);
    let conn = UnbufferedServerConnection::new(config).map_err(|e| explain.handshake(&e))?;
    Ok(Backend::new(conn, explain, Some(leaf)))
}

/// One end of a connection.
pub(super) struct Backend<C> {
    conn: C,
    explain: Explain,
    own_leaf: Option<Leaf>,
    /// `start..end` has come and is not yet done with. It must stay in place until rustls says to discard it, as a
    /// handshake message may be in it in part; so every call, also one that only wants to encrypt, passes it.
    /// While there are none, the memory is others'.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    peer_closed: bool,
    closed: bool,
    /// The next chance to send is used for a change of keys.
    refresh: bool,
    /// After an error rustls must not be called again: it would queue the same alert again, without end.
    failed: Option<Cause>,
}

/// The receive buffer: rustls takes handshake messages of up to 64 KiB, and records have up to 18 KiB.
const RECEIVE_BUFFER: usize = 96 * 1024;
/// What encryption adds to a record at the most: header, explicit nonce, content type, tag; rounded up.
const RECORD_OVERHEAD: usize = 64;
/// The most plaintext in a record (RFC 8446 5.1).
const RECORD_MAX: usize = 1 << 14;

impl<C: End> Backend<C> {
    fn new(conn: C, explain: Explain, own_leaf: Option<Leaf>) -> Self {
        Self {
            conn,
            explain,
            own_leaf,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            peer_closed: false,
            closed: false,
            refresh: false,
            failed: None,
        }
    }

    /// Runs rustls once over the buffer and does what it asks for; `write` is called if we may encrypt.
    fn step(
        &mut self,
        plain: &mut Vec<u8>,
        wire: &mut SendBuffer,
        write: &mut dyn FnMut(&mut dyn Encrypt, &mut SendBuffer) -> Result<(), EncryptError>,
    ) -> Result<Step, rustls::Error> {
        let UnbufferedStatus { mut discard, state } = self.conn.advance(&mut self.buffer[self.start..self.end]);
        let step = match state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(record) = traffic.next_record() {
                    let record = record?;
                    discard += record.discard;
                    accounting::records(1);
                    plain.extend_from_slice(record.payload);
                }
                Ok(Step::Again)
            }
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                let mut need = 0;
                loop {
                    match data.encode(wire.space(need)) {
                        Ok(len) => break wire.filled(len),
                        Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) => {
                            need = required_size;
                        }
                        Err(EncodeError::AlreadyEncoded) => break,
                    }
                }
                Ok(Step::Again)
            }
            // The bytes are ours from here on, so for rustls they are sent.
            Ok(ConnectionState::TransmitTlsData(data)) => {
                data.done();
                Ok(Step::Again)
            }
            Ok(ConnectionState::PeerClosed) => {
                self.peer_closed = true;
                Ok(Step::Again)
            }
            Ok(ConnectionState::ReadEarlyData(_)) => Err(rustls::Error::General("early data was never offered".into())),
            Ok(ConnectionState::WriteTraffic(traffic)) if core::mem::take(&mut self.refresh) => {
                traffic.refresh_traffic_keys().map(|()| Step::Again)
            }
            Ok(ConnectionState::WriteTraffic(mut traffic)) => match write(&mut traffic, wire) {
                Ok(()) => Ok(Step::Done),
                Err(EncryptError::EncryptExhausted) => Err(rustls::Error::EncryptError),
                Err(EncryptError::InsufficientSize(_)) => Err(rustls::Error::General("record overhead".into())),
            },
            Ok(_) => Ok(Step::Blocked),
            Err(error) => Err(error),
        };
        self.start += discard;
        if self.start >= self.end {
            self.release();
        }
        step
    }

    /// Lets others have the memory of the buffer, as nothing is in it.
    fn release(&mut self) {
        (self.start, self.end) = (0, 0);
        buffers::give_bytes(std::mem::take(&mut self.buffer));
    }

    /// Runs [`step`](Self::step) until rustls wants something from us.
    fn run(
        &mut self,
        plain: &mut Vec<u8>,
        wire: &mut SendBuffer,
        write: &mut dyn FnMut(&mut dyn Encrypt, &mut SendBuffer) -> Result<(), EncryptError>,
    ) -> Result<Step, Cause> {
        if let Some(cause) = &self.failed {
            return Err(cause.clone());
        }
        let handshaking = self.conn.is_handshaking();
        let _in_tls = InTls::enter();
        loop {
            match self.step(plain, wire, write) {
                Ok(Step::Again) => {}
                Ok(step) => return Ok(step),
                Err(error) => {
                    let cause = self.cause(&error, handshaking);
                    self.failed = Some(cause.clone());
                    // The next thing that rustls wants to send is the alert, so that the other side can log the reason.
                    let _ = self.step(&mut Vec::new(), wire, &mut |_, _| Ok(()));
                    return Err(cause);
                }
            }
        }
    }

    fn cause(&self, error: &rustls::Error, handshaking: bool) -> Cause {
        match error {
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) if handshaking => {
                self.explain.not_tls(&self.buffer[self.start..self.end])
            }
            error if handshaking => self.explain.handshake(error),
            error => self.explain.traffic(error),
        }
    }
}

/// What one step came to.
enum Step {
    /// Something was done; there may be more.
    Again,
    /// The peer must send first.
    Blocked,
    /// Everything is done and we may send.
    Done,
}

impl<C: End> TlsTransport for Backend<C> {
    fn space(&mut self) -> &mut [u8] {
        if self.buffer.is_empty() {
            self.buffer = buffers::take_bytes();
            if self.buffer.len() < RECEIVE_BUFFER {
                self.buffer.resize(RECEIVE_BUFFER, 0);
            }
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.buffer[self.end..RECEIVE_BUFFER]
    }

    fn received(&mut self, len: usize) {
        self.end = (self.end + len).min(RECEIVE_BUFFER);
        if self.end == 0 {
            self.release();
        }
    }

    fn process(&mut self, plain: &mut Vec<u8>, wire: &mut SendBuffer) -> Result<Progress, Cause> {
        self.run(plain, wire, &mut |_, _| Ok(()))?;
        Ok(if self.peer_closed {
            Progress::PeerClosed
        } else if self.conn.is_handshaking() {
            Progress::Handshaking
        } else {
            Progress::Open
        })
    }

    fn encrypt(&mut self, plain: &[u8], wire: &mut SendBuffer) -> Result<(), Cause> {
        if self.closed {
            return Err(Cause::new(Code::LINK_FAILURE, LayerName::Tls).did("sent after our close_notify"));
        }
        let need = plain.len() + (plain.len() / RECORD_MAX + 2) * RECORD_OVERHEAD;
        let mut nothing = Vec::new();
        let mut write = |traffic: &mut dyn Encrypt, wire: &mut SendBuffer| {
            let len = match traffic.encrypt(plain, wire.space(need)) {
                // A key update may wait in front of the data.
                Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size })) => {
                    traffic.encrypt(plain, wire.space(required_size))?
                }
                done => done?,
            };
            wire.filled(len);
            accounting::records(plain.len().div_ceil(RECORD_MAX));
            Ok(())
        };
        let step = self.run(&mut nothing, wire, &mut write)?;
        debug_assert!(nothing.is_empty(), "process() opens all whole records before anybody sends");
        match step {
            Step::Done => Ok(()),
            Step::Again | Step::Blocked => Err(self.broken("sent nothing more, and takes nothing more")),
        }
    }

    fn refresh_keys(&mut self) {
        self.refresh = true;
    }

    fn close_notify(&mut self, wire: &mut SendBuffer) {
        if core::mem::replace(&mut self.closed, true) {
            return;
        }
        let mut nothing = Vec::new();
        let mut write = |traffic: &mut dyn Encrypt, wire: &mut SendBuffer| {
            let len = match traffic.close_notify(wire.space(RECORD_OVERHEAD)) {
                Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size })) => {
                    traffic.close_notify(wire.space(required_size))?
                }
                done => done?,
            };
            wire.filled(len);
            Ok(())
        };
        // If it cannot be made, the end of TCP has to do.
        let _ = self.run(&mut nothing, wire, &mut write);
    }

    fn is_mid_record(&self) -> bool {
        self.start < self.end
    }

    fn session(&self) -> Session {
        let version = match self.conn.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
            other => format!("{other:?}"),
        };
        let suite = self.conn.negotiated_cipher_suite().map(|suite| format!(", {:?}", suite.suite()));
        let chain: Vec<_> = self.conn.peer_certificates().unwrap_or_default().iter().map(|der| der.to_vec()).collect();
        let resumed = self.conn.handshake_kind() == Some(rustls::HandshakeKind::Resumed);
        let peer = chain.first().map(|leaf| leaf_of(leaf));
        let protection = version + suite.as_deref().unwrap_or_default() + if resumed { ", resumed" } else { "" };
        Session { leaf: self.own_leaf.or(peer), protection, chain, resumed }
    }

    fn broken(&self, said: &str) -> Cause {
        self.explain.broken(said, self.conn.is_handshaking())
    }
}

/// Both roles of rustls, which have no trait for it.
pub(super) trait End: Deref<Target = UnbufferedConnectionCommon<Self::Data>> {
    type Data;
    fn advance<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
}

impl End for UnbufferedClientConnection {
    type Data = ClientConnectionData;

    fn advance<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }
}

impl End for UnbufferedServerConnection {
    type Data = ServerConnectionData;

    fn advance<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }
}

/// `WriteTraffic` of both roles.
trait Encrypt {
    fn encrypt(&mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, EncryptError>;
    fn close_notify(&mut self, out: &mut [u8]) -> Result<usize, EncryptError>;
}

impl<Data> Encrypt for WriteTraffic<'_, Data> {
    fn encrypt(&mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, EncryptError> {
        WriteTraffic::encrypt(self, plain, out)
    }

    fn close_notify(&mut self, out: &mut [u8]) -> Result<usize, EncryptError> {
        WriteTraffic::queue_close_notify(self, out)
    }
}
