//! EAP over RADIUS without a lab: for tests of our EAP against servers and peers of others.

mod relay;

pub use relay::{dialled, entry, lab_before};

use rasman_auth::Accounts;
use rasman_auth::eap::{Peer, Server, ServerStep, Step};
use rasman_core::{Cause, Rng, SessionKeys};
use rasman_lab::radius::{
    ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, ACCESS_REQUEST, FRAMED_MTU, Packet, STATE, USER_NAME,
};
use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// The secret that both ends of RADIUS share.
pub const SECRET: &[u8] = b"testing123";

/// How a peer's authentication at a server of others ended.
pub struct Ended {
    /// What the peer says: its keys, or why not.
    pub peer: Result<SessionKeys, Cause>,
    /// The keys that the server gave with its Access-Accept (RFC 2548 2.4), as the peer sees them: what it sends with,
    /// and what it receives with.
    pub server: Option<(Vec<u8>, Vec<u8>)>,
}

/// Carries one authentication of `peer` to the RADIUS server at `to`; gives how it ended.
///
/// # Panics
/// If the server does not answer, or not as RADIUS wants it.
pub fn authenticate(peer: &mut Peer, user: &str, to: SocketAddr, rng: &mut dyn Rng) -> Ended {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
    socket.connect(to).expect("an address of the loopback interface");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
    // RFC 3748 2.1: whoever carries the packets may ask for the identity itself.
    let mut eap = vec![1, 0, 0, 5, 1];
    let mut state: Option<Vec<u8>> = None;
    let mut server = None;
    for identifier in 0..=250_u8 {
        let response = match peer.input(&eap, rng).expect("a packet that makes sense") {
            Step::Send(response) => response,
            Step::Granted { keys, .. } => return Ended { peer: Ok(keys), server },
            Step::Refused(cause) | Step::Paused { cause, .. } | Step::Failed { cause, .. } => {
                return Ended { peer: Err(cause), server };
            }
        };
        let mut authenticator = [0; 16];
        rng.fill(&mut authenticator);
        let mut request = Packet::new(ACCESS_REQUEST, identifier, authenticator);
        request.push(USER_NAME, user.as_bytes());
        request.push(FRAMED_MTU, &1400_u32.to_be_bytes());
        request.push_eap(&response);
        if let Some(state) = &state {
            request.push(STATE, state);
        }
        socket.send(&request.signed_request(SECRET)).expect("sent");
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer).expect("the server answers");
        let reply = Packet::parse(&buffer[..length]).expect("a packet of RADIUS");
        assert_eq!(reply.identifier, identifier);
        assert!(reply.answers(&authenticator, SECRET), "it is by who has the secret");
        state = reply.find(STATE).map(<[u8]>::to_vec);
        // The peer sends with what the authenticator receives with.
        let keys = reply.mppe_keys(SECRET, &authenticator);
        server = keys.map(|keys| (keys.master_receive.clone(), keys.master_send.clone()));
        eap = reply.eap();
    }
    panic!("the server does not come to an end");
}

/// A RADIUS server around our own [`Server`]: for EAP peers of others.
pub struct Answering {
    socket: UdpSocket,
    sessions: BTreeMap<Vec<u8>, Server>,
    next: u64,
    /// The keys of the last peer that was let in, as that peer sees them.
    pub granted: Option<(Vec<u8>, Vec<u8>)>,
}

impl Answering {
    /// Listens on a free port of the loopback interface.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn start() -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        Self { socket, sessions: BTreeMap::new(), next: 0, granted: None }
    }

    /// The address.
    ///
    /// # Panics
    /// If the socket has none.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket")
    }

    /// Serves one peer to its end; tells whether it was let in. One that falls silent was not.
    ///
    /// # Panics
    /// If the socket breaks.
    pub fn serve(
        &mut self,
        accounts: &dyn Accounts,
        rng: &mut dyn Rng,
        mut fresh: impl FnMut(&mut dyn Rng) -> Server,
    ) -> bool {
        loop {
            let mut buffer = [0; 4096];
            let Ok((length, from)) = self.socket.recv_from(&mut buffer) else { return false };
            let Ok(request) = Packet::parse(&buffer[..length]) else { continue };
            let known = request.find(STATE).and_then(|state| self.sessions.remove(state));
            let mut server = match known {
                Some(server) => server,
                None => {
                    let mut server = fresh(rng);
                    // The peer has answered a request for its identity that was not ours.
                    let _ = server.start_with(request.eap().get(1).copied().unwrap_or_default());
                    server
                }
            };
            let Ok(step) = server.input(&request.eap(), accounts, rng) else { continue };
            let (code, eap, keys) = match step {
                ServerStep::Send(eap) => (ACCESS_CHALLENGE, eap, None),
                ServerStep::Granted { reply, keys, .. } => (ACCESS_ACCEPT, reply, Some(keys)),
                ServerStep::Refused { reply, .. } => (ACCESS_REJECT, reply, None),
            };
            let mut reply = Packet::new(code, request.identifier, request.authenticator);
            reply.push_eap(&eap);
            if let Some(keys) = &keys {
                reply.push_mppe_keys(keys, SECRET);
                self.granted = Some((keys.master_receive.clone(), keys.master_send.clone()));
            }
            if code == ACCESS_CHALLENGE {
                self.next += 1;
                let state = self.next.to_be_bytes().to_vec();
                reply.push(STATE, &state);
                self.sessions.insert(state, server);
            }
            self.socket.send_to(&reply.signed_reply(SECRET), from).expect("sent");
            if code != ACCESS_CHALLENGE {
                return code == ACCESS_ACCEPT;
            }
        }
    }
}
