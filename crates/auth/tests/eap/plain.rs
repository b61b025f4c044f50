//! A tunnel that hides nothing: the steps of a TLS handshake as words, and data in the open.
//!
//! It lets tests and fuzzers reach what is inside the tunnels of EAP, which they could not behind true encryption.

use rasman_auth::eap::{ServerTunnels, Tunnel, TunnelError, Tunnels};
use rasman_core::{Cause, Code, EapSettings, LayerName};

/// One end. Records are a kind, a length of 16 bits, and data.
pub(crate) struct Plain {
    role: Role,
    tls13: bool,
    open: bool,
    output: Vec<u8>,
    /// What the peer's certificate would say, if one was asked for.
    names: Vec<String>,
    /// How long a server's first flight is, so that it comes in fragments.
    flight: usize,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Role {
    Peer,
    Server,
}

const CLIENT_HELLO: u8 = 1;
const SERVER_FLIGHT: u8 = 2;
const CLIENT_FINISHED: u8 = 3;
const SERVER_FINISHED: u8 = 4;
const ALERT: u8 = 5;
const DATA: u8 = 6;

impl Plain {
    fn record(&mut self, kind: u8, data: &[u8]) {
        self.output.push(kind);
        self.output.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
        self.output.extend_from_slice(data);
    }

    fn take(&mut self, kind: u8, data: &[u8], plain: &mut Vec<u8>) -> Result<(), TunnelError> {
        match (self.role, kind) {
            (Role::Server, CLIENT_HELLO) if !self.open => {
                let flight = vec![7; self.flight];
                self.record(SERVER_FLIGHT, &flight);
            }
            (Role::Peer, SERVER_FLIGHT) if !self.open => {
                self.record(CLIENT_FINISHED, b"");
                self.open = self.tls13;
            }
            (Role::Server, CLIENT_FINISHED) if !self.open => {
                self.open = true;
                if !self.tls13 {
                    self.record(SERVER_FINISHED, b"");
                }
            }
            (Role::Peer, SERVER_FINISHED) if !self.open => self.open = true,
            (_, DATA) if self.open => plain.extend_from_slice(data),
            (_, ALERT) => return Err(error("was sent an alert")),
            _ => {
                self.record(ALERT, b"");
                return Err(error("expected another record"));
            }
        }
        Ok(())
    }
}

fn error(did: &str) -> TunnelError {
    Cause::new(Code::UNABLE_TO_AUTHENTICATE_SERVER, LayerName::Tls).did(did).into()
}

impl Tunnel for Plain {
    fn input(&mut self, mut records: &[u8], plain: &mut Vec<u8>) -> Result<(), TunnelError> {
        while let [kind, high, low, rest @ ..] = records {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let (data, rest) = rest.split_at_checked(length).ok_or_else(|| error("expected whole records"))?;
            self.take(*kind, data, plain)?;
            records = rest;
        }
        Ok(())
    }

    fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    fn send(&mut self, plain: &[u8]) -> Result<(), TunnelError> {
        self.record(DATA, plain);
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.open
    }

    fn is_tls13(&self) -> bool {
        self.tls13
    }

    fn peer_names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn export(&self, label: &str, context: Option<&[u8]>, out: &mut [u8]) -> Result<(), TunnelError> {
        let seed = label.bytes().chain(context.into_iter().flatten().copied());
        let seed = seed.fold(1_u8, |seed, octet| seed.wrapping_mul(31).wrapping_add(octet));
        out.iter_mut().enumerate().for_each(|(at, octet)| *octet = seed.wrapping_add(at as u8));
        Ok(())
    }
}

/// Makes both ends.
#[derive(Copy, Clone)]
pub(crate) struct PlainTunnels {
    /// Behave as TLS 1.3.
    pub(crate) tls13: bool,
}

impl PlainTunnels {
    fn tunnel(self, role: Role, names: &[&str]) -> Box<dyn Tunnel> {
        let names = names.iter().map(ToString::to_string).collect();
        let mut tunnel = Plain { role, tls13: self.tls13, open: false, output: Vec::new(), names, flight: 3000 };
        if role == Role::Peer {
            tunnel.record(CLIENT_HELLO, b"hello");
        }
        Box::new(tunnel)
    }
}

impl Tunnels for PlainTunnels {
    fn peer(&self, _: &EapSettings, _: bool) -> Result<Box<dyn Tunnel>, TunnelError> {
        Ok(self.tunnel(Role::Peer, &[]))
    }
}

impl ServerTunnels for PlainTunnels {
    fn server(&self, certificate: bool) -> Result<Box<dyn Tunnel>, TunnelError> {
        let names: &[&str] = if certificate { &["alice@example.com", "alice"] } else { &[] };
        Ok(self.tunnel(Role::Server, names))
    }
}
