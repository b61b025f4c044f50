//! The answering side ([MS-SSTP] 3.3).

mod layer;
mod settings;

pub use settings::{Refusal, ServerConfig};

use super::binding::{self, Hlak};
use super::causes;
use super::ending::{Ending, Step};
use super::http::{Request, parse_request, write_answer};
use super::line::{Line, Timer};
use super::wire::{
    self, AttributeId, Binding, BindingRequest, HashProtocols, Invalid, Message, MessageType, PROTOCOL_PPP, Status,
    StatusInfo,
};
use rasman_core::{Cause, Code, DropReason, Input, Instant, LayerName, Leaf, Rng};

/// The answering side of one SSTP call.
///
/// `port_ready`, with the digests of our own certificate in its facts, starts it; `open` changes nothing.
/// [`LinkEvent::Up`](rasman_core::LinkEvent::Up) says that PPP frames can flow. `bind`, once the authentication inside succeeded, gives the keys
/// (empty ones if the method makes none); with them the client's Call Connected is verified, whichever comes first,
/// and then [`Server::is_bound`] holds. Before that no IP packet may pass: SSTP does not look into PPP frames, so
/// whoever composes the layers keeps that rule. A wrong Call Connected aborts the call.
pub struct Server {
    config: ServerConfig,
    line: Line,
    state: State,
    rng: Box<dyn Rng + Send>,
}

/// [MS-SSTP] 3.3.1.1.1, with the steps before it told apart.
enum State {
    /// Server_Call_Disconnected: waits for the port.
    Idle,
    /// The HTTP request is expected.
    Listening { leaf: Leaf },
    /// Server_Connect_Request_Pending.
    Pending { leaf: Leaf },
    /// Server_Call_Connected_Pending: the authentication inside runs.
    Unbound { leaf: Leaf, request: BindingRequest, half: Half },
    /// Server_Call_Connected.
    Connected,
    /// The states of 3.1.1.1.
    Ending(Ending),
    /// Server_Call_Disconnected, for good.
    Down,
}

/// What is there of the binding: it takes the client's proof and our keys, and either may come first.
enum Half {
    Neither,
    Proof(Box<Binding>),
    Keys(Hlak),
}

impl Server {
    /// Makes a call that waits for `port_ready`.
    #[must_use]
    pub fn new(config: ServerConfig, rng: Box<dyn Rng + Send>) -> Self {
        let line = Line::new(config.config.clone());
        Self { config, line, state: State::Idle, rng }
    }

    /// Tells whether the client's crypto binding was verified and the call goes on ([MS-SSTP] 3.3.5.2.3).
    #[must_use]
    pub fn is_bound(&self) -> bool {
        matches!(self.state, State::Connected)
    }

    fn enter(&mut self, state: State) {
        self.state = state;
    }

    /// Takes the state out, to hand its contents on; whoever does so enters the next one.
    fn leave(&mut self) -> State {
        core::mem::replace(&mut self.state, State::Down)
    }

    /// Ends at once.
    fn down(&mut self, cause: Cause) {
        let port_is_open = !matches!(self.state, State::Idle);
        self.line.down(port_is_open, cause);
        self.enter(State::Down);
    }

    fn abort(&mut self, now: Instant, status: StatusInfo, cause: Cause) {
        let ending = self.line.abort(now, status, cause);
        self.enter(State::Ending(ending));
    }

    fn expect_within(&mut self, now: Instant, why: &'static str) {
        self.line.timers.arm(now, Timer::Negotiation, self.line.config.negotiation, why);
    }

    /// The HTTP request ([MS-SSTP] 4.1).
    fn handle_request(&mut self, now: Instant, leaf: Leaf, input: &[u8]) -> Input {
        let status = match (parse_request(input), self.config.refusal) {
            (Request::NeedMore, _) => return Input::NeedMore,
            (Request::Accepted(used), Refusal::None | Refusal::Nak(_)) => {
                self.line.send_bytes(&write_answer(200));
                self.expect_within(now, "SSTP call request");
                self.enter(State::Pending { leaf });
                return Input::Consumed { used };
            }
            (Request::Accepted(_), Refusal::HttpStatus(status)) | (Request::Refused(status), _) => status,
        };
        self.line.send_bytes(&write_answer(status));
        self.down(causes::refused_by_us(status));
        Input::Consumed { used: input.len() }
    }

    fn handle_packet(&mut self, now: Instant, input: &[u8]) -> Input {
        let packet = match wire::split(input) {
            Ok(Some(packet)) => packet,
            Ok(None) => return Input::NeedMore,
            Err(wire::Broken) => {
                // 3.1.5.1: "the connection MUST be forcefully aborted without sending a message".
                let cause = match self.leave() {
                    State::Ending(ending) => ending.cause,
                    _ => causes::broken(Code::LINK_FAILURE, input),
                };
                self.line.down(true, cause);
                return Input::Dropped { used: input.len(), reason: DropReason::Malformed("SSTP header") };
            }
        };
        self.line.hear(now);
        let used = packet.contents.end;
        if packet.control {
            self.handle_control(now, &input[packet.contents]);
            return Input::Consumed { used };
        }
        // 3.3.7.2: only PPP control frames before the binding; the layers above tell them from data frames.
        match self.state {
            State::Unbound { .. } | State::Connected => Input::Payload { range: packet.contents, used },
            _ => Input::Dropped { used, reason: DropReason::NotUp },
        }
    }

    fn handle_control(&mut self, now: Instant, contents: &[u8]) {
        let parsed = Message::parse(contents);
        match (self.leave(), parsed) {
            (State::Ending(ending), Ok(message)) => match ending.handle(now, &message, &mut self.line) {
                Step::Goes(ending) => self.enter(State::Ending(ending)),
                Step::Over(cause) => self.line.down(true, cause),
            },
            (State::Ending(ending), Err(_)) => self.enter(State::Ending(ending)),
            (state, Ok(message)) => {
                self.enter(state);
                self.handle_message(now, message);
            }
            (state, Err(invalid)) => {
                self.enter(state);
                self.handle_invalid(now, invalid);
            }
        }
    }

    /// 3.3.5.2.2: a wrong Call Connect Request earns a Nak, anything else an abort.
    fn handle_invalid(&mut self, now: Instant, invalid: Invalid) {
        let request = invalid.kind == Some(MessageType::CALL_CONNECT_REQUEST);
        if let State::Pending { .. } = self.state
            && request
            && invalid.status.status != Status::INVALID_FRAME_RECEIVED
        {
            return self.line.answer(&Message::CallConnectNak(vec![invalid.status]));
        }
        let cause = causes::invalid(Code::LINK_FAILURE, &invalid);
        self.abort(now, invalid.status, cause);
    }

    fn handle_message(&mut self, now: Instant, message: Message) {
        match (&self.state, message) {
            (_, Message::CallAbort(status)) => {
                let ending = self.line.aborted(now, causes::aborted(Code::LINK_FAILURE, status.as_ref()));
                self.enter(State::Ending(ending));
            }
            (_, Message::CallDisconnect(status)) => {
                let cause = causes::disconnected(Code::REMOTE_DISCONNECTION, status.as_ref());
                let ending = self.line.disconnected(now, cause);
                self.enter(State::Ending(ending));
            }
            (State::Pending { leaf }, Message::CallConnectRequest { protocol }) => {
                let leaf = *leaf;
                self.handle_call(now, leaf, protocol);
            }
            (State::Unbound { .. }, Message::CallConnected(proof)) => self.handle_proof(now, proof),
            (State::Unbound { .. } | State::Connected, Message::EchoRequest) => {
                self.line.answer(&Message::EchoResponse);
            }
            (State::Unbound { .. } | State::Connected, Message::EchoResponse) => {}
            (State::Pending { .. }, message) => self.refuse(now, &message, "Call Connect Request"),
            (State::Unbound { .. }, message) => self.refuse(now, &message, "Call Connected"),
            (_, message) => self.refuse(now, &message, "data or an echo"),
        }
    }

    /// 3.3.5.2.2.
    fn handle_call(&mut self, now: Instant, leaf: Leaf, protocol: u16) {
        if protocol != PROTOCOL_PPP {
            let mut status = StatusInfo::new(AttributeId::ENCAPSULATED_PROTOCOL_ID, Status::VALUE_NOT_SUPPORTED);
            status.value = protocol.to_be_bytes().to_vec();
            return self.line.answer(&Message::CallConnectNak(vec![status]));
        }
        if let Refusal::Nak(number) = self.config.refusal {
            // The client may try again (3.2.5.3.3); it runs into the negotiation timer in the end.
            let status = StatusInfo::new(AttributeId::ENCAPSULATED_PROTOCOL_ID, Status(number));
            return self.line.answer(&Message::CallConnectNak(vec![status]));
        }
        let mut nonce = [0; 32];
        self.rng.fill(&mut nonce);
        let request = BindingRequest { hashes: HashProtocols(self.config.hashes), nonce };
        self.line.send(&Message::CallConnectAck(request));
        self.expect_within(now, "SSTP crypto binding");
        self.enter(State::Unbound { leaf, request, half: Half::Neither });
        self.line.tell_up();
    }

    /// 3.3.5.2.3: the proof is verified once our own authentication is over. Verified earlier, against no keys, it
    /// would bind nothing.
    fn handle_proof(&mut self, now: Instant, proof: Binding) {
        match self.leave() {
            State::Unbound { leaf, request, half: Half::Keys(hlak) } => {
                self.verify(now, &proof, &request, &leaf, &hlak)
            }
            State::Unbound { leaf, request, half: Half::Neither } => {
                self.enter(State::Unbound { leaf, request, half: Half::Proof(Box::new(proof)) });
            }
            state => {
                self.enter(state);
                self.refuse(now, &Message::CallConnected(proof), "one Call Connected");
            }
        }
    }

    fn verify(&mut self, now: Instant, proof: &Binding, request: &BindingRequest, leaf: &Leaf, hlak: &Hlak) {
        match binding::verify(proof, request, leaf, hlak) {
            Ok(()) => {
                self.line.timers.disarm(Timer::Negotiation);
                self.line.start_hello(now);
                self.enter(State::Connected);
            }
            Err(flaw) => {
                let status = StatusInfo::new(AttributeId::CRYPTO_BINDING, Status::VALUE_NOT_SUPPORTED);
                self.abort(now, status, causes::wrong_binding(flaw));
            }
        }
    }

    /// A message that may not come now.
    fn refuse(&mut self, now: Instant, message: &Message, expected: &str) {
        let cause = causes::unexpected(Code::LINK_FAILURE, message, expected);
        self.abort(now, StatusInfo::new(AttributeId::NO_ERROR, Status::UNACCEPTED_FRAME_RECEIVED), cause);
    }

    /// 3.3.6.1.
    fn negotiation_expired(&mut self, now: Instant) {
        let status = StatusInfo::new(AttributeId::NO_ERROR, Status::NEGOTIATION_TIMEOUT);
        match self.state {
            State::Listening { .. } => self.down(causes::client_silent(LayerName::Http, "the HTTP request")),
            State::Pending { .. } => {
                let cause = causes::client_silent(LayerName::Sstp, "a Call Connect Request that we accept");
                self.abort(now, status, cause);
            }
            State::Unbound { .. } => {
                let cause = causes::client_silent(LayerName::Sstp, "the authentication and the Call Connected");
                self.abort(now, status, cause);
            }
            State::Idle | State::Connected | State::Ending(_) | State::Down => {}
        }
    }
}

#[cfg(test)]
mod tests;
