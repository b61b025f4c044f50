//! Bodies of the fuzz targets for authentication: packets, and both ends of EAP through a tunnel that hides nothing.
//!
//! The two ends of EAP are fuzzed by a script, as PPP is: each byte of the input is one step, some with arguments behind
//! it. An honest end stands opposite, and steps bend, repeat or replace what it says. In half of the runs the honest end
//! does not know the password, and then nothing may let it in, or let us believe it.

#[path = "../../crates/auth/tests/eap/plain.rs"]
mod plain;

use plain::PlainTunnels;
use rasman_auth::eap::{EapPacket, Peer, PeerSettings, Server, ServerSettings, ServerStep, Step};
use rasman_auth::mschapv2::Change;
use rasman_auth::pap::PapPacket;
use rasman_auth::{Account, AccountState, Accounts};
use rasman_core::{AuthMethod, Code, Credentials, EapSettings, Secret};
use rasman_testkit::SeededRng;
use std::sync::Arc;

/// Reads packets of PAP and EAP and a change of password; what is written again reads the same.
pub fn auth_messages(data: &[u8]) {
    if let Ok(packet) = PapPacket::parse(data) {
        assert!(PapPacket::parse(&packet.emit()) == Ok(packet));
    }
    if let Ok(packet) = EapPacket::parse(data) {
        assert_eq!(EapPacket::parse(&packet.emit()), Ok(packet));
    }
    if let Ok(change) = Change::parse(data) {
        assert!(Change::parse(&change.emit()) == Ok(change.clone()));
        assert!(change.open(b"wonderland").is_none());
    }
}

/// Runs a script against a peer.
pub fn eap_peer(data: &[u8]) {
    let Some(mut bench) = Bench::new(data, "wonderland") else { return };
    let mut script = data[1..].iter().copied();
    let mut request = bench.server.start();
    for _ in 0..STEPS_MAX {
        let Some(step) = script.next() else { return };
        let packet = bend(step, &request, &mut script);
        let answer = match bench.peer.input(&packet, &mut bench.ours) {
            Err(_) => continue,
            Ok(Step::Send(answer)) => answer,
            Ok(Step::Granted { token, .. }) => {
                assert!(
                    bench.knows || !token.method().is_some_and(proves_password),
                    "a server without the password was believed"
                );
                return;
            }
            Ok(Step::Paused { expired, .. }) => match bench.mend(expired) {
                Some(answer) => answer,
                None => return,
            },
            Ok(Step::Refused(_) | Step::Failed { .. }) => return over(&mut bench.peer, &request),
        };
        assert!(answer.len() <= 1020 || answer.len() <= packet.len() + 1020);
        if let Ok(ServerStep::Send(next)) = bench.server.input(&answer, &Alice(bench.knows), &mut bench.theirs) {
            request = next;
        }
    }
}

/// Runs a script against a server.
pub fn eap_server(data: &[u8]) {
    let Some(mut bench) =
        Bench::new(data, if data.first().is_some_and(|b| b & 1 == 0) { "wonderland" } else { "wrong" })
    else {
        return;
    };
    let mut script = data[1..].iter().copied();
    let mut response = match bench.peer.input(&bench.server.start(), &mut bench.ours) {
        Ok(Step::Send(response)) => response,
        _ => unreachable!("an identity is given"),
    };
    for _ in 0..STEPS_MAX {
        let Some(step) = script.next() else { return };
        let packet = bend(step, &response, &mut script);
        match bench.server.input(&packet, &Alice(true), &mut bench.theirs) {
            Err(_) => {}
            Ok(ServerStep::Send(request)) => match bench.peer.input(&request, &mut bench.ours) {
                Ok(Step::Send(next)) => response = next,
                Ok(Step::Paused { expired, .. }) => match bench.mend(expired) {
                    Some(next) => response = next,
                    None => return,
                },
                _ => {}
            },
            Ok(ServerStep::Granted { token, .. }) => {
                assert!(
                    bench.knows || token.method() == Some(AuthMethod::EapTls),
                    "a peer without the password came in"
                );
                return;
            }
            Ok(ServerStep::Refused { .. }) => return,
        }
    }
}

struct Bench {
    peer: Peer,
    server: Server,
    ours: SeededRng,
    theirs: SeededRng,
    /// The end that is not under test knows the password.
    knows: bool,
}

impl Bench {
    /// The first byte chooses method, version of TLS, whether PEAP has to bind, and whether the honest end knows the
    /// password.
    fn new(data: &[u8], password: &str) -> Option<Self> {
        let first = *data.first()?;
        let eap: Vec<AuthMethod> = AuthMethod::ALL.iter().copied().filter(|method| method.is_eap()).collect();
        let method = eap[usize::from(first >> 2) % eap.len()];
        let tunnels = Arc::new(PlainTunnels { tls13: first & 2 != 0 });
        // The server proposes another one first where the high bit is set, so that a Nak is needed.
        let methods = if first & 0x80 == 0 { vec![method] } else { vec![AuthMethod::EapMd5, method] };
        let eap = EapSettings { require_crypto_binding: first & 0x40 != 0, ..EapSettings::default() };
        let peer = PeerSettings { methods: vec![method], eap, tunnels: tunnels.clone() };
        let server = ServerSettings { name: "lab".into(), methods, retries: 2, crypto_binding: true, tunnels };
        let mut theirs = SeededRng::new(2);
        Some(Self {
            peer: Peer::new(peer, credentials(password)),
            server: Server::new(server, &mut theirs),
            ours: SeededRng::new(1),
            theirs,
            knows: first & 1 == 0,
        })
    }

    fn mend(&mut self, expired: bool) -> Option<Vec<u8>> {
        match expired {
            true => self.peer.change_password(&Secret::from("looking-glass"), &mut self.ours),
            false => self.peer.retry(&credentials("wrong again"), &mut self.ours),
        }
    }
}

/// Whoever passes this method knows the password: the server that is believed, too.
fn proves_password(method: AuthMethod) -> bool {
    matches!(method, AuthMethod::EapMsChapV2 | AuthMethod::PeapMsChapV2 | AuthMethod::TtlsMsChapV2)
}

/// After its end a peer takes nothing more.
fn over(peer: &mut Peer, packet: &[u8]) {
    assert!(peer.input(packet, &mut SeededRng::new(3)).is_err());
}

/// Makes of an honest packet what the step says.
fn bend(step: u8, packet: &[u8], script: &mut impl Iterator<Item = u8>) -> Vec<u8> {
    let mut bent = packet.to_vec();
    let mut next = || script.next().unwrap_or_default();
    match step % 8 {
        // Most steps are honest, or no script would get far.
        0..=3 => {}
        4 => {
            let at = usize::from(next()) % bent.len();
            bent[at] = next();
        }
        5 => bent.truncate(usize::from(next())),
        6 => {
            let (code, id, length) = (next(), next(), next());
            bent = vec![code % 5, id, 0, length];
            bent.extend((4..length).map(|_| next()));
        }
        _ => {
            // Longer, and its length says so.
            let octet = next();
            bent.resize(bent.len() + usize::from(next()) * 16, octet);
            let length = u16::try_from(bent.len()).unwrap_or(u16::MAX).to_be_bytes();
            bent[2..4].copy_from_slice(&length);
        }
    }
    bent
}

struct Alice(bool);

impl Accounts for Alice {
    fn account(&self, user: &str, _: &str) -> Option<Account> {
        let password = if self.0 { "wonderland" } else { "another one" };
        (user == "alice").then(|| Account { password: Secret::from(password), state: AccountState::Usable })
    }

    fn changes_passwords(&self) -> bool {
        true
    }

    fn change_password(&self, _: &str, _: &str, _: &Secret) -> Result<(), Code> {
        Ok(())
    }
}

fn credentials(password: &str) -> Credentials {
    Credentials { user: "alice".into(), domain: String::new(), password: Secret::from(password) }
}

/// More than any exchange has.
const STEPS_MAX: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_core::Rng;

    #[test]
    fn scripts_of_chance_find_nothing() {
        let mut rng = SeededRng::new(7);
        for target in [auth_messages as fn(&[u8]), eap_peer, eap_server] {
            for _ in 0..3_000 {
                let mut script = vec![0; usize::from(rng.u8())];
                rng.fill(&mut script);
                target(&script);
            }
        }
    }
}
