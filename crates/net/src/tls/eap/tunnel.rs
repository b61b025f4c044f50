//! [`Tunnel`] by rustls: its buffered interface, since EAP carries a few kilobytes.

use rasman_auth::eap::{Tunnel, TunnelError};
use rasman_core::{Cause, Code, LayerName};
use rustls::{Connection, Error, ProtocolVersion};
use std::io::{ErrorKind, Read, Write};

/// One end.
pub(super) struct RustlsTunnel {
    connection: Connection,
    explain: Box<dyn Fn(&Error) -> TunnelError + Send>,
}

impl RustlsTunnel {
    /// `explain` makes a cause of what rustls says.
    pub(super) fn boxed(
        connection: impl Into<Connection>,
        explain: impl Fn(&Error) -> TunnelError + Send + 'static,
    ) -> Box<dyn Tunnel> {
        let mut connection = connection.into();
        // What is said before the end is open stays little: EAP's own limit on messages goes before.
        connection.set_buffer_limit(None);
        Box::new(Self { connection, explain: Box::new(explain) })
    }

    fn read_plain(&mut self, plain: &mut Vec<u8>) -> Result<(), TunnelError> {
        match self.connection.reader().read_to_end(plain) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(local(format!("read what came through EAP's TLS ({error})"))),
        }
    }
}

impl Tunnel for RustlsTunnel {
    fn input(&mut self, mut records: &[u8], plain: &mut Vec<u8>) -> Result<(), TunnelError> {
        while !records.is_empty() {
            let taken = self.connection.read_tls(&mut records);
            taken.map_err(|error| local(format!("buffered EAP's TLS ({error})")))?;
            self.connection.process_new_packets().map_err(|error| (self.explain)(&error))?;
            self.read_plain(plain)?;
        }
        Ok(())
    }

    fn output(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut records).is_err() {
                break;
            }
        }
        records
    }

    fn send(&mut self, plain: &[u8]) -> Result<(), TunnelError> {
        let written = self.connection.writer().write_all(plain);
        written.map_err(|error| local(format!("encrypted for EAP's TLS ({error})")))
    }

    fn is_open(&self) -> bool {
        !self.connection.is_handshaking()
    }

    fn is_tls13(&self) -> bool {
        self.connection.protocol_version() == Some(ProtocolVersion::TLSv1_3)
    }

    fn export(&self, label: &str, context: Option<&[u8]>, out: &mut [u8]) -> Result<(), TunnelError> {
        let exported = match &self.connection {
            Connection::Client(client) => client.export_keying_material(out, label.as_bytes(), context),
            Connection::Server(server) => server.export_keying_material(out, label.as_bytes(), context),
        };
        exported.map(drop).map_err(|error| local(format!("derived keys from EAP's TLS ({error})")))
    }
}

fn local(did: String) -> TunnelError {
    Cause::new(Code::EAP_SERVER_CERT_OTHER_ERROR, LayerName::Auth).did(did).into()
}
