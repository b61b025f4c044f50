//! The pass-through authenticator (RFC 3748 2.3): whoever lets others in by the word of a server that is elsewhere,
//! which RADIUS leads to (RFC 3579).

use super::{EapPacket, EapType, ServerStep};
use crate::Authenticated;
use rasman_core::{AuthMethod, Cause, Code, DropReason, LayerName, Rng, SessionKeys};

/// The authentication of one peer, judged elsewhere.
///
/// ```text
/// peer                 Relay                      server
///  | <-- Identity ------- |   start                  |
///  | --- Response ------> |   input --- Ask -------> |
///  | <-- Request -------- |   verdict <- Challenge - |    and so on
///  | <-- Success -------- |   verdict <- Accept ---- |
/// ```
///
/// Send what [`start`](Self::start) gives, hand every packet of the peer to [`input`](Self::input), and what the server
/// says to [`verdict`](Self::verdict). Nothing of a method is looked at but its type.
pub struct Relay {
    id: u8,
    state: State,
    identity: String,
    /// The type that was asked for last.
    kind: Option<EapType>,
    responses: u32,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum State {
    /// A request is with the peer.
    Asked,
    /// A response is with the server.
    Away,
    Over,
}

/// What a response leads to: the server is to be asked.
#[must_use]
pub struct Ask {
    /// Whom the peer says to be.
    pub user: String,
    /// The response.
    pub response: Vec<u8>,
    /// It begins a conversation: nothing that the server said before belongs to it.
    pub begins: bool,
}

/// What the server says.
pub enum Verdict {
    /// The peer is to be asked this.
    Challenge(Vec<u8>),
    /// The peer is let in.
    Accept {
        /// The Success for the peer.
        packet: Vec<u8>,
        /// Whom the server calls it, if it does.
        user: Option<String>,
        /// The keys as the authenticator sees them; empty ones for a method without keys.
        keys: SessionKeys,
    },
    /// The peer is not let in.
    Reject {
        /// The Failure for the peer, if there is one.
        packet: Option<Vec<u8>>,
        /// The server's words for people.
        said: String,
    },
    /// There is no word of the server's.
    Failed(Cause),
}

impl Relay {
    /// Makes one; its identifiers begin anywhere.
    #[must_use]
    pub fn new(rng: &mut dyn Rng) -> Self {
        Self { id: rng.u8(), state: State::Over, identity: String::new(), kind: None, responses: 0 }
    }

    /// Gives the first request, which asks who is there (RFC 3579 2.1).
    #[must_use]
    pub fn start(&mut self) -> Vec<u8> {
        self.state = State::Asked;
        EapPacket::Request { id: self.id, kind: EapType::IDENTITY, data: &[] }.emit()
    }

    /// Takes a packet of the peer; gives what to ask the server.
    ///
    /// # Errors
    /// Why it was discarded; nothing has changed then.
    pub fn input(&mut self, packet: &[u8]) -> Result<Ask, DropReason> {
        let parsed = EapPacket::parse(packet).map_err(|malformed| DropReason::Malformed(malformed.expected))?;
        let EapPacket::Response { id, kind, data } = parsed else {
            return Err(DropReason::Unexpected("an EAP packet other than a Response to a server"));
        };
        if self.state != State::Asked || id != self.id {
            return Err(DropReason::Unexpected("a Response that nothing waits for"));
        }
        let begins = self.responses == 0;
        if begins && kind != EapType::IDENTITY {
            return Err(DropReason::Unexpected("a Response without an identity before it"));
        }
        if self.responses == RESPONSES_MAX {
            return Err(DropReason::Unexpected("more Responses than any method needs"));
        }
        if kind == EapType::IDENTITY {
            self.identity = String::from_utf8_lossy(&data[..data.len().min(IDENTITY_MAX)]).into_owned();
        }
        self.responses += 1;
        self.state = State::Away;
        Ok(Ask { user: self.identity.clone(), response: packet.to_vec(), begins })
    }

    /// Takes the server's word; nothing if none is awaited.
    pub fn verdict(&mut self, verdict: Verdict) -> Option<ServerStep> {
        if self.state != State::Away {
            return None;
        }
        Some(match verdict {
            Verdict::Challenge(packet) => self.challenge(packet),
            Verdict::Accept { packet, user, keys } => self.accept(packet, user, keys),
            Verdict::Reject { packet, said } => {
                let cause = Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth)
                    .did(format!("asked the authentication server to judge {}", self.identity))
                    .said(said);
                let failure = packet.filter(|packet| matches!(EapPacket::parse(packet), Ok(EapPacket::Failure { .. })));
                self.refuse(failure, cause)
            }
            Verdict::Failed(cause) => self.refuse(None, cause),
        })
    }

    fn challenge(&mut self, packet: Vec<u8>) -> ServerStep {
        let Ok(EapPacket::Request { id, kind, .. }) = EapPacket::parse(&packet) else {
            return self.refuse(None, broken("a challenge without a request of EAP"));
        };
        if !matches!(kind, EapType::IDENTITY | EapType::NOTIFICATION) {
            self.kind = Some(kind);
        }
        self.id = id;
        self.state = State::Asked;
        ServerStep::Send(packet)
    }

    fn accept(&mut self, reply: Vec<u8>, user: Option<String>, keys: SessionKeys) -> ServerStep {
        // RFC 3579 2.6.3: who is let in by RADIUS and not by EAP is not let in.
        if !matches!(EapPacket::parse(&reply), Ok(EapPacket::Success { .. })) {
            return self.refuse(None, broken("an acceptance without EAP's Success"));
        }
        let Some(kind) = self.kind else {
            return self.refuse(None, broken("an acceptance after no method"));
        };
        self.state = State::Over;
        let user = user.unwrap_or_else(|| self.identity.clone());
        ServerStep::Granted { reply, token: Authenticated::elsewhere(method_of(kind), user), keys }
    }

    fn refuse(&mut self, reply: Option<Vec<u8>>, cause: Cause) -> ServerStep {
        self.state = State::Over;
        ServerStep::Refused { reply: reply.unwrap_or_else(|| EapPacket::Failure { id: self.id }.emit()), cause }
    }
}

/// The method of a type, if it is one of ours. What goes on inside PEAP and TTLS only their ends know.
fn method_of(kind: EapType) -> Option<AuthMethod> {
    match kind {
        EapType::TLS => Some(AuthMethod::EapTls),
        EapType::PEAP => Some(AuthMethod::PeapMsChapV2),
        EapType::TTLS => Some(AuthMethod::TtlsMsChapV2),
        EapType::MS_CHAP_V2 => Some(AuthMethod::EapMsChapV2),
        EapType::MD5 => Some(AuthMethod::EapMd5),
        _ => None,
    }
}

fn broken(said: &'static str) -> Cause {
    Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth)
        .did("asked the authentication server")
        .said(said)
        .advice("look into the log of the authentication server")
}

/// How many responses are handed on.
const RESPONSES_MAX: u32 = 250;
/// The most octets of an identity that are kept; RFC 2865 5.1 has no room for more.
const IDENTITY_MAX: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Counter;

    fn identity(id: u8) -> Vec<u8> {
        EapPacket::Response { id, kind: EapType::IDENTITY, data: b"alice" }.emit()
    }

    fn request(id: u8, kind: EapType) -> Vec<u8> {
        EapPacket::Request { id, kind, data: &[1, 2, 3] }.emit()
    }

    fn keys() -> SessionKeys {
        SessionKeys { master_send: vec![1], master_receive: vec![2] }
    }

    /// One that has asked who is there, and handed the answer on.
    fn asking() -> Relay {
        let mut relay = Relay::new(&mut Counter(0));
        let id = relay.start()[1];
        let ask = relay.input(&identity(id)).unwrap();
        assert_eq!((ask.user.as_str(), ask.begins), ("alice", true));
        relay
    }

    fn sent(step: Option<ServerStep>) -> Vec<u8> {
        let Some(ServerStep::Send(packet)) = step else { panic!("no request") };
        packet
    }

    fn refused(step: Option<ServerStep>) -> (Vec<u8>, String) {
        let Some(ServerStep::Refused { reply, cause }) = step else { panic!("not refused") };
        (reply, cause.said)
    }

    #[test]
    fn a_conversation_is_handed_on_and_its_end_is_the_servers() {
        let mut relay = asking();
        assert!(relay.input(&identity(relay.id)).is_err(), "the server is asked once");
        let md5 = request(77, EapType::MD5);
        assert_eq!(sent(relay.verdict(Verdict::Challenge(md5.clone()))), md5);
        assert!(relay.verdict(Verdict::Challenge(md5)).is_none(), "nobody has asked");
        assert!(relay.input(&EapPacket::Response { id: 76, kind: EapType::MD5, data: &[] }.emit()).is_err());
        let nak = EapPacket::Response { id: 77, kind: EapType::NAK, data: &[25] }.emit();
        let ask = relay.input(&nak).unwrap();
        assert_eq!((ask.response, ask.begins), (nak, false));
        let _ = sent(relay.verdict(Verdict::Challenge(request(78, EapType::PEAP))));
        let _ = relay.input(&EapPacket::Response { id: 78, kind: EapType::PEAP, data: &[0] }.emit()).unwrap();
        let packet = EapPacket::Success { id: 78 }.emit();
        let accept = Verdict::Accept { packet: packet.clone(), user: Some("CORP\\alice".into()), keys: keys() };
        let Some(ServerStep::Granted { reply, token, keys }) = relay.verdict(accept) else { panic!("not let in") };
        assert_eq!((reply, token.method(), token.user()), (packet, Some(AuthMethod::PeapMsChapV2), "CORP\\alice"));
        assert_eq!((&keys.master_send[..], &keys.master_receive[..]), (&[1][..], &[2][..]));
    }

    #[test]
    fn methods_that_we_do_not_have_pass_through() {
        // TEAP, EAP-pwd, AKA', and the expanded types of vendors (RFC 3748 5.7).
        for kind in [EapType(55), EapType(52), EapType(50), EapType::EXPANDED] {
            let mut relay = asking();
            let asked = request(9, kind);
            assert_eq!(sent(relay.verdict(Verdict::Challenge(asked.clone()))), asked);
            let response = EapPacket::Response { id: 9, kind, data: &[0, 1, 2, 3, 4, 5, 6, 7, 8] }.emit();
            assert_eq!(relay.input(&response).unwrap().response, response);
            let accept = Verdict::Accept { packet: EapPacket::Success { id: 9 }.emit(), user: None, keys: keys() };
            let Some(ServerStep::Granted { token, keys, .. }) = relay.verdict(accept) else { panic!("{kind}") };
            assert_eq!((token.method(), token.user(), &keys.master_send[..]), (None, "alice", &[1][..]));
        }
    }

    #[test]
    fn only_success_after_a_method_lets_in() {
        let accept = |packet| Verdict::Accept { packet, user: None, keys: keys() };
        let (reply, _) = refused(asking().verdict(accept(EapPacket::Success { id: 1 }.emit())));
        assert!(matches!(EapPacket::parse(&reply), Ok(EapPacket::Failure { .. })));
        for packet in [EapPacket::Failure { id: 1 }.emit(), Vec::new(), request(1, EapType::TLS)] {
            let mut relay = asking();
            let _ = sent(relay.verdict(Verdict::Challenge(request(9, EapType::TLS))));
            let _ = relay.input(&EapPacket::Response { id: 9, kind: EapType::TLS, data: &[0] }.emit()).unwrap();
            refused(relay.verdict(accept(packet)));
        }
        refused(asking().verdict(Verdict::Challenge(Vec::new())));
        refused(asking().verdict(Verdict::Challenge(EapPacket::Success { id: 1 }.emit())));
    }

    #[test]
    fn a_refusal_always_has_a_failure_for_the_peer() {
        let failure = EapPacket::Failure { id: 3 }.emit();
        for packet in [Some(failure.clone()), None, Some(EapPacket::Success { id: 3 }.emit())] {
            let given = packet == Some(failure.clone());
            let (reply, said) = refused(asking().verdict(Verdict::Reject { packet, said: "no".into() }));
            assert!(matches!(EapPacket::parse(&reply), Ok(EapPacket::Failure { .. })));
            assert_eq!((reply == failure, said.as_str()), (given, "no"));
        }
    }

    #[test]
    fn the_first_word_is_an_identity() {
        let mut relay = Relay::new(&mut Counter(0));
        let id = relay.start()[1];
        assert!(relay.input(&EapPacket::Response { id, kind: EapType::MD5, data: &[] }.emit()).is_err());
        assert!(relay.input(&request(id, EapType::IDENTITY)).is_err());
        assert!(relay.input(&[2, id]).is_err());
        assert!(relay.input(&identity(id)).is_ok());
    }
}
