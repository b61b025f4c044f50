//! [`Tunnel`] by rustls: its buffered interface, since EAP carries a few kilobytes.

use crate::tls::der::subject_names;
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
            // The library takes nothing more after a close_notify, however much there is.
            if taken.map_err(|error| local(format!("buffered EAP's TLS ({error})")))? == 0 {
                return Err(after_the_end());
            }
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

    fn peer_names(&self) -> Vec<String> {
        // rustls keeps what it has verified only: the chain and the proof of its key.
        let leaf = self.connection.peer_certificates().and_then(<[_]>::first);
        leaf.filter(|_| self.is_open()).map(|leaf| subject_names(leaf)).unwrap_or_default()
    }

    fn export(&self, label: &str, context: Option<&[u8]>, out: &mut [u8]) -> Result<(), TunnelError> {
        let exported = match &self.connection {
            Connection::Client(client) => client.export_keying_material(out, label.as_bytes(), context),
            Connection::Server(server) => server.export_keying_material(out, label.as_bytes(), context),
        };
        exported.map(drop).map_err(|error| local(format!("derived keys from EAP's TLS ({error})")))
    }
}

fn after_the_end() -> TunnelError {
    let cause = Cause::new(Code::EAP_SERVER_CERT_OTHER_ERROR, LayerName::Auth).did("read TLS inside EAP");
    cause.said("sent records after its close_notify").into()
}

fn local(did: String) -> TunnelError {
    Cause::new(Code::EAP_SERVER_CERT_OTHER_ERROR, LayerName::Auth).did(did).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::trust::provider;
    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
    use std::sync::Arc;

    fn tunnel(connection: impl Into<Connection>) -> RustlsTunnel {
        RustlsTunnel { connection: connection.into(), explain: Box::new(|error| local(error.to_string())) }
    }

    /// Client and server, open.
    fn ends() -> (RustlsTunnel, RustlsTunnel) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["eap.test".to_owned()]).unwrap();
        let leaf = params.self_signed(&key).unwrap().der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(leaf.clone()).unwrap();
        let client = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
        let client = client.with_root_certificates(roots).with_no_client_auth();
        let server = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let server = server.with_no_client_auth().with_single_cert(vec![leaf], key).unwrap();
        let name = ServerName::try_from("eap.test").unwrap();
        let mut client = tunnel(ClientConnection::new(Arc::new(client), name).unwrap());
        let mut server = tunnel(ServerConnection::new(Arc::new(server)).unwrap());
        while client.connection.wants_write() || server.connection.wants_write() {
            server.input(&client.output(), &mut Vec::new()).unwrap();
            client.input(&server.output(), &mut Vec::new()).unwrap();
        }
        assert!(client.is_open() && server.is_open());
        (client, server)
    }

    fn said(result: Result<(), TunnelError>) -> Option<String> {
        result.err().map(|error| error.cause.said)
    }

    /// What says `last`, and then that it says no more.
    fn farewell(from: &mut RustlsTunnel) -> Vec<u8> {
        from.send(b"last").unwrap();
        from.connection.send_close_notify();
        from.output()
    }

    #[test]
    fn records_after_a_close_notify_are_refused_at_both_ends() {
        let refused = Some("sent records after its close_notify".to_owned());
        let check = |from: &mut RustlsTunnel, to: &mut RustlsTunnel| {
            let mut plain = Vec::new();
            to.input(&farewell(from), &mut plain).unwrap();
            assert_eq!(plain, b"last");
            to.input(&[], &mut plain).unwrap();
            assert_eq!(said(to.input(&[0x17, 3, 3, 0, 1, 0], &mut plain)), refused);
            assert_eq!(plain, b"last");
        };
        let (mut client, mut server) = ends();
        check(&mut client, &mut server);
        let (mut client, mut server) = ends();
        check(&mut server, &mut client);
    }

    #[test]
    fn a_close_notify_in_the_middle_of_a_message_ends_it_at_both_ends() {
        let refused = Some("sent records after its close_notify".to_owned());
        let check = |from: &mut RustlsTunnel, to: &mut RustlsTunnel| {
            let mut plain = Vec::new();
            // More than the library takes at once.
            let message = [farewell(from), vec![0x17; 100_000]].concat();
            assert_eq!(said(to.input(&message, &mut plain)), refused);
            assert_eq!(plain, b"last");
        };
        let (mut client, mut server) = ends();
        check(&mut client, &mut server);
        let (mut client, mut server) = ends();
        check(&mut server, &mut client);
    }
}
