//! TLS inside EAP whose keys are none of the client's: the server seems to be two, one for TLS and one for the password.

use rasman_auth::eap::{ServerTunnels, Tunnel, TunnelError};
use rasman_net::tls::eap::EapAcceptor;
use std::sync::Arc;

/// Tunnels of the lab with wrong keys.
pub(crate) struct WrongKeys(pub(crate) Arc<EapAcceptor>);

impl ServerTunnels for WrongKeys {
    fn server(&self, certificate: bool) -> Result<Box<dyn Tunnel>, TunnelError> {
        self.0.server(certificate).map(|tunnel| Box::new(WithWrongKeys(tunnel)) as Box<dyn Tunnel>)
    }
}

struct WithWrongKeys(Box<dyn Tunnel>);

impl Tunnel for WithWrongKeys {
    fn input(&mut self, records: &[u8], plain: &mut Vec<u8>) -> Result<(), TunnelError> {
        self.0.input(records, plain)
    }

    fn output(&mut self) -> Vec<u8> {
        self.0.output()
    }

    fn send(&mut self, plain: &[u8]) -> Result<(), TunnelError> {
        self.0.send(plain)
    }

    fn is_open(&self) -> bool {
        self.0.is_open()
    }

    fn is_tls13(&self) -> bool {
        self.0.is_tls13()
    }

    fn peer_names(&self) -> Vec<String> {
        self.0.peer_names()
    }

    fn export(&self, label: &str, context: Option<&[u8]>, out: &mut [u8]) -> Result<(), TunnelError> {
        self.0.export(label, context, out)?;
        out.iter_mut().for_each(|octet| *octet = !*octet);
        Ok(())
    }
}
