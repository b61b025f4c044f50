//! The dialling side ([MS-SSTP] 3.2).

mod layer;

use super::binding;
use super::ending::{Ending, Step};
use super::http::{Answer, parse_answer};
use super::line::{Line, Timer};
use super::wire::{self, AttributeId, BindingRequest, HashProtocols, Message, PROTOCOL_PPP, Status, StatusInfo};
use super::{Config, causes};
use rasman_core::{Cause, Code, DropReason, Input, Instant, LayerName, Leaf, Rng, TlsSpec};

/// What the dialling side is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientSettings {
    /// Where the TLS stream goes; its host is also the HTTP request's.
    pub tls: TlsSpec,
    /// Time limits.
    pub config: Config,
}

/// The dialling side of one SSTP call.
///
/// `open` asks for the port; `port_ready` starts the HTTP exchange and the call; [`LinkEvent::Up`](rasman_core::LinkEvent::Up) says that PPP
/// frames can flow; `bind`, once the authentication inside is over and before any IP packet, proves the binding. With
/// a method that makes no keys `bind` is called with empty ones. After [`LinkEvent::Down`](rasman_core::LinkEvent::Down) nothing comes any more.
pub struct Client {
    tls: TlsSpec,
    line: Line,
    state: State,
    rng: Box<dyn Rng + Send>,
}

/// [MS-SSTP] 3.2.1.1.1, with the steps before it told apart.
enum State {
    /// Waits for `open`.
    Idle,
    /// Waits for the port.
    Opening,
    /// The HTTP request is sent.
    Asking { leaf: Leaf },
    /// Client_Connect_Request_Sent.
    Requested { leaf: Leaf, naks: u32 },
    /// Client_Connect_Ack_Received: the authentication inside runs.
    Authenticating { leaf: Leaf, request: BindingRequest, hash: HashProtocols },
    /// Client_Call_Connected.
    Connected { since: Instant },
    /// The states of 3.1.1.1.
    Ending(Ending),
    /// Client_Call_Disconnected, for good.
    Down,
}

impl Client {
    /// Makes a call that waits for `open`.
    #[must_use]
    pub fn new(settings: ClientSettings, rng: Box<dyn Rng + Send>) -> Self {
        Self { tls: settings.tls, line: Line::new(settings.config), state: State::Idle, rng }
    }

    /// Tells whether the crypto binding was sent and the call goes on.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        matches!(self.state, State::Connected { .. })
    }

    fn enter(&mut self, state: State) {
        self.state = state;
    }

    /// Takes the state out, to hand its contents on; whoever does so enters the next one.
    fn leave(&mut self) -> State {
        core::mem::replace(&mut self.state, State::Down)
    }

    /// Ends at once, and closes the port if it was asked for.
    fn down(&mut self, cause: Cause) {
        let port_is_open = !matches!(self.state, State::Idle);
        self.line.down(port_is_open, cause);
        self.enter(State::Down);
    }

    fn abort(&mut self, now: Instant, status: StatusInfo, cause: Cause) {
        let ending = self.line.abort(now, status, cause);
        self.enter(State::Ending(ending));
    }

    /// The HTTP answer ([MS-SSTP] 3.2.5.2, 4.1).
    fn handle_answer(&mut self, now: Instant, leaf: Leaf, input: &[u8]) -> Input {
        let cause = match parse_answer(input) {
            Answer::NeedMore => return Input::NeedMore,
            Answer::Interim(used) => return Input::Consumed { used },
            Answer::Accepted(used) => {
                self.request_call(now, leaf, 0);
                return Input::Consumed { used };
            }
            Answer::Refused { status, line, location, title } => {
                causes::http_refused(status, &line, location.as_deref(), title.as_deref())
            }
            Answer::NotHttp => causes::not_http(input),
        };
        self.down(cause);
        Input::Consumed { used: input.len() }
    }

    fn request_call(&mut self, now: Instant, leaf: Leaf, naks: u32) {
        self.line.send(&Message::CallConnectRequest { protocol: PROTOCOL_PPP });
        self.line.timers.arm(now, Timer::Negotiation, self.line.config.negotiation, "SSTP call request");
        self.enter(State::Requested { leaf, naks });
    }

    fn handle_packet(&mut self, now: Instant, input: &[u8]) -> Input {
        let packet = match wire::split(input) {
            Ok(Some(packet)) => packet,
            Ok(None) => return Input::NeedMore,
            Err(wire::Broken) => {
                self.handle_broken(input);
                return Input::Dropped { used: input.len(), reason: DropReason::Malformed("SSTP header") };
            }
        };
        self.line.hear(now);
        let used = packet.contents.end;
        if packet.control {
            self.handle_control(now, &input[packet.contents]);
            return Input::Consumed { used };
        }
        // 3.2.7.2: the layers above tell control from data frames, and know when the binding is sent.
        match self.state {
            State::Authenticating { .. } | State::Connected { .. } => Input::Payload { range: packet.contents, used },
            _ => Input::Dropped { used, reason: DropReason::NotUp },
        }
    }

    /// 3.1.5.1: "the connection MUST be forcefully aborted without sending a message".
    fn handle_broken(&mut self, input: &[u8]) {
        let cause = match self.leave() {
            State::Ending(ending) => ending.cause,
            State::Authenticating { .. } | State::Connected { .. } => causes::broken(Code::LINK_FAILURE, input),
            _ => causes::broken(Code::VPN_REFUSED, input),
        };
        self.line.down(true, cause);
    }

    fn handle_control(&mut self, now: Instant, contents: &[u8]) {
        let parsed = Message::parse(contents);
        match self.leave() {
            State::Ending(ending) => self.handle_late(now, ending, parsed.ok()),
            state => {
                self.enter(state);
                match parsed {
                    Ok(message) => self.handle_message(now, message),
                    Err(invalid) => {
                        let cause = causes::invalid(self.fault(), &invalid);
                        self.abort(now, invalid.status, cause);
                    }
                }
            }
        }
    }

    /// A message in the middle of the end.
    fn handle_late(&mut self, now: Instant, ending: Ending, message: Option<Message>) {
        let Some(message) = message else { return self.enter(State::Ending(ending)) };
        match ending.handle(now, &message, &mut self.line) {
            Step::Goes(ending) => self.enter(State::Ending(ending)),
            Step::Over(cause) => {
                self.line.down(true, cause);
                self.enter(State::Down);
            }
        }
    }

    fn handle_message(&mut self, now: Instant, message: Message) {
        match (&self.state, message) {
            (_, Message::CallAbort(status)) => self.handle_abort(now, status),
            (_, Message::CallDisconnect(status)) => self.handle_disconnect(now, status),
            (State::Requested { leaf, .. }, Message::CallConnectAck(request)) => {
                let leaf = *leaf;
                self.handle_ack(now, leaf, request);
            }
            (State::Requested { leaf, naks }, Message::CallConnectNak(statuses)) => {
                let (leaf, naks) = (*leaf, *naks);
                self.handle_nak(now, leaf, naks, &statuses);
            }
            // 3.2.5.3.7 wants an abort before Call Connected is sent; SoftEther asks while the authentication runs.
            (State::Authenticating { .. } | State::Connected { .. }, Message::EchoRequest) => {
                self.line.answer(&Message::EchoResponse);
            }
            (State::Authenticating { .. } | State::Connected { .. }, Message::EchoResponse) => {}
            (State::Requested { .. }, message) => self.refuse(now, &message, "the answer to the Call Connect Request"),
            (_, message) => self.refuse(now, &message, "data or an echo"),
        }
    }

    /// 3.2.5.3.2.
    fn handle_ack(&mut self, now: Instant, leaf: Leaf, request: BindingRequest) {
        let Some(hash) = binding::choose(request.hashes) else {
            let status = StatusInfo::new(AttributeId::CRYPTO_BINDING_REQUEST, Status::VALUE_NOT_SUPPORTED);
            return self.abort(now, status, causes::no_common_hash(request.hashes.0));
        };
        self.line.timers.disarm(Timer::Negotiation);
        if let Some(limit) = self.line.config.authentication {
            self.line.timers.arm(now, Timer::Negotiation, limit, "SSTP authentication");
        }
        self.enter(State::Authenticating { leaf, request, hash });
        self.line.tell_up();
    }

    /// 3.2.5.3.3.
    fn handle_nak(&mut self, now: Instant, leaf: Leaf, naks: u32, statuses: &[StatusInfo]) {
        if naks < self.line.config.nak_retries {
            return self.request_call(now, leaf, naks + 1);
        }
        let status = StatusInfo::new(AttributeId::NO_ERROR, Status::RETRY_COUNT_EXCEEDED);
        self.abort(now, status, causes::rejected(statuses));
    }

    /// 3.2.5.3.4.
    fn handle_abort(&mut self, now: Instant, status: Option<StatusInfo>) {
        let status = status.as_ref();
        let cause = match self.state {
            State::Connected { since } if now.since(since) < self.line.config.binding_doubt => {
                causes::binding_refused(status)
            }
            State::Authenticating { .. } | State::Connected { .. } => causes::aborted(Code::LINK_FAILURE, status),
            _ => causes::aborted(causes::CONNECTION_REJECT, status),
        };
        let ending = self.line.aborted(now, cause);
        self.enter(State::Ending(ending));
    }

    /// 3.2.5.3.5.
    fn handle_disconnect(&mut self, now: Instant, status: Option<StatusInfo>) {
        let code = if self.is_up() { Code::REMOTE_DISCONNECTION } else { causes::CONNECTION_REJECT };
        let ending = self.line.disconnected(now, causes::disconnected(code, status.as_ref()));
        self.enter(State::Ending(ending));
    }

    /// A message that may not come now.
    fn refuse(&mut self, now: Instant, message: &Message, expected: &str) {
        let cause = causes::unexpected(self.fault(), message, expected);
        self.abort(now, StatusInfo::new(AttributeId::NO_ERROR, Status::UNACCEPTED_FRAME_RECEIVED), cause);
    }

    fn is_up(&self) -> bool {
        matches!(self.state, State::Authenticating { .. } | State::Connected { .. })
    }

    /// The code for a peer that breaks the protocol now.
    fn fault(&self) -> Code {
        if self.is_up() { Code::LINK_FAILURE } else { Code::VPN_REFUSED }
    }

    fn negotiation_expired(&mut self, now: Instant) {
        let status = StatusInfo::new(AttributeId::NO_ERROR, Status::NEGOTIATION_TIMEOUT);
        match self.state {
            State::Asking { .. } => self.down(causes::silent(LayerName::Http)),
            State::Requested { .. } => self.abort(now, status, causes::silent(LayerName::Sstp)),
            State::Authenticating { .. } => self.abort(now, status, causes::authentication_slow()),
            State::Idle | State::Opening | State::Connected { .. } | State::Ending(_) | State::Down => {}
        }
    }
}

#[cfg(test)]
mod tests;
