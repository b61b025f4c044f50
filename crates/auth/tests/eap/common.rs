//! A peer and a server that talk to each other.

use crate::plain::PlainTunnels;
use rasman_auth::eap::{Peer, PeerSettings, Server, ServerSettings, ServerStep, Step};
use rasman_auth::{Account, AccountState, Accounts, Authenticated};
use rasman_core::{AuthMethod, Cause, Code, Credentials, EapSettings, Rng, Secret, SessionKeys};
use std::sync::{Arc, Mutex};

/// Counts instead of drawing.
pub(crate) struct Counter(pub(crate) u8);

impl Rng for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        for octet in out {
            self.0 = self.0.wrapping_add(1);
            *octet = self.0;
        }
    }
}

/// The one user, `alice`, whose password is `wonderland` until she changes it.
pub(crate) struct Alice(Mutex<(Secret, AccountState)>);

impl Alice {
    pub(crate) fn new(state: AccountState) -> Self {
        Self(Mutex::new((Secret::from("wonderland"), state)))
    }
}

impl Accounts for Alice {
    fn account(&self, user: &str, _: &str) -> Option<Account> {
        let (password, state) = self.0.lock().unwrap().clone();
        (user == "alice").then_some(Account { password, state })
    }

    fn changes_passwords(&self) -> bool {
        true
    }

    fn change_password(&self, _: &str, _: &str, new: &Secret) -> Result<(), Code> {
        *self.0.lock().unwrap() = (new.clone(), AccountState::Usable);
        Ok(())
    }
}

pub(crate) fn credentials(password: &str) -> Credentials {
    Credentials { user: "alice".into(), domain: String::new(), password: password.into() }
}

pub(crate) fn peer(methods: &[AuthMethod], password: &str, tls13: bool) -> Peer {
    peer_of(credentials(password), methods, tls13)
}

pub(crate) fn peer_of(credentials: Credentials, methods: &[AuthMethod], tls13: bool) -> Peer {
    let settings = PeerSettings {
        methods: methods.to_vec(),
        tunnels: Arc::new(PlainTunnels { tls13 }),
        ..PeerSettings::default()
    };
    Peer::new(settings, credentials)
}

/// A peer of PEAP that demands the crypto binding, or not.
pub(crate) fn demanding(require_crypto_binding: bool) -> Peer {
    let settings = PeerSettings {
        methods: vec![AuthMethod::PeapMsChapV2],
        eap: EapSettings { require_crypto_binding, ..EapSettings::default() },
        tunnels: Arc::new(PlainTunnels { tls13: true }),
    };
    Peer::new(settings, credentials("wonderland"))
}

pub(crate) fn server(methods: &[AuthMethod], retries: u32, tls13: bool) -> Server {
    Server::new(settings(methods, retries, tls13), &mut Counter(200))
}

/// A server of PEAP that binds, or not.
pub(crate) fn binding(crypto_binding: bool) -> Server {
    let settings = settings(&[AuthMethod::PeapMsChapV2], 0, true);
    Server::new(ServerSettings { crypto_binding, ..settings }, &mut Counter(200))
}

fn settings(methods: &[AuthMethod], retries: u32, tls13: bool) -> ServerSettings {
    let tunnels = Arc::new(PlainTunnels { tls13 });
    ServerSettings { name: "lab".into(), methods: methods.to_vec(), retries, crypto_binding: true, tunnels }
}

/// How an exchange ended.
pub(crate) struct End {
    pub peer: Result<(Authenticated, SessionKeys), Cause>,
    pub server: Option<Result<(Authenticated, SessionKeys), Cause>>,

    /// How often the peer was asked.
    pub pauses: u32,
}

/// What is answered to a pause.
pub(crate) enum Mend {
    Nothing,
    Credentials(Credentials),
    NewPassword(Secret),
}

/// Lets both talk until the peer knows how it ends.
pub(crate) fn talk(peer: &mut Peer, server: &mut Server, accounts: &dyn Accounts, mut mend: Mend) -> End {
    let (mut ours, mut theirs) = (Counter(0), Counter(100));
    let mut request = server.start();
    let (mut told, mut packets, mut pauses) = (None, 0, 0);
    let peer = loop {
        packets += 1;
        assert!(packets < 200, "they do not come to an end");
        let step = peer.input(&request, &mut ours).expect("a packet that makes sense");
        let response = match step {
            Step::Send(response) => response,
            Step::Granted { token, keys } => break Ok((token, keys)),
            Step::Refused(cause) | Step::Failed { cause, .. } => break Err(cause),
            Step::Paused { cause, expired } => {
                pauses += 1;
                let answer = match std::mem::replace(&mut mend, Mend::Nothing) {
                    Mend::Nothing => None,
                    Mend::Credentials(credentials) => peer.retry(&credentials, &mut ours),
                    Mend::NewPassword(new) if expired => peer.change_password(&new, &mut ours),
                    Mend::NewPassword(_) => None,
                };
                match answer {
                    Some(answer) => answer,
                    None => break Err(cause),
                }
            }
        };
        request = match server.input(&response, accounts, &mut theirs).expect("a response that makes sense") {
            ServerStep::Send(request) => request,
            ServerStep::Granted { reply, token, keys } => {
                told = Some(Ok((token, keys)));
                reply
            }
            ServerStep::Refused { reply, cause } => {
                told = Some(Err(cause));
                reply
            }
        };
    };
    End { peer, server: told, pauses }
}
