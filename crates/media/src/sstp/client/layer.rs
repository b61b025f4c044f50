//! The dialling side as a layer and as a link: what comes in, by state.

use super::{Client, State};
use crate::sstp::binding::{self, Hlak};
use crate::sstp::causes;
use crate::sstp::http::write_request;
use crate::sstp::line::{PORT, Timer};
use crate::sstp::wire::Message;
use rasman_core::{
    Batch, Cause, DropReason, Duration, Input, Instant, Layer, LayerName, Link, LinkEvent, PortClosed, PortCommand,
    PortFacts, PortId, PortSpec, SessionKeys, Timeout,
};

impl Layer for Client {
    type Event = LinkEvent;

    fn handle_input(&mut self, now: Instant, input: &mut [u8]) -> Input {
        match self.state {
            _ if input.is_empty() => Input::NeedMore,
            State::Asking { leaf } => self.handle_answer(now, leaf, input),
            State::Requested { .. } | State::Authenticating { .. } | State::Connected { .. } | State::Ending(_) => {
                self.handle_packet(now, input)
            }
            State::Idle | State::Opening | State::Down => {
                Input::Dropped { used: input.len(), reason: DropReason::NotUp }
            }
        }
    }

    fn encap(&mut self, now: Instant, header: &[u8], payload: &[u8], out: &mut Batch) -> Result<(), DropReason> {
        self.encap_with(now, header, payload.len(), &mut |space| space.copy_from_slice(payload), out)
    }

    fn encap_with(
        &mut self,
        _now: Instant,
        header: &[u8],
        len: usize,
        fill: &mut dyn FnMut(&mut [u8]),
        out: &mut Batch,
    ) -> Result<(), DropReason> {
        if !self.is_up() {
            return Err(DropReason::NotUp);
        }
        self.line.encap_with(header, len, fill, out)
    }

    fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.line.timers.expired(now) {
            match timer {
                Timer::Negotiation => self.negotiation_expired(now),
                Timer::Hello => {
                    if !self.line.hello(now) {
                        self.down(causes::unreachable());
                    }
                }
                Timer::Ending => match self.leave() {
                    State::Ending(ending) => self.line.down(true, ending.cause),
                    state => self.enter(state),
                },
            }
        }
    }

    fn poll_transmit(&mut self, _now: Instant, out: &mut Batch) -> bool {
        self.line.flush(out)
    }

    fn poll_event(&mut self) -> Option<LinkEvent> {
        self.line.poll_event()
    }

    fn poll_timeout(&self) -> Option<Timeout> {
        self.line.poll_timeout()
    }
}

impl Link for Client {
    fn open(&mut self, _now: Instant) {
        if let State::Idle = self.state {
            self.line.tell(LinkEvent::Port(PORT, PortCommand::Open(PortSpec::Tls(self.tls.clone()))));
            self.enter(State::Opening);
        }
    }

    fn port_ready(&mut self, now: Instant, port: PortId, facts: &PortFacts) {
        let (State::Opening, PORT) = (&self.state, port) else { return };
        let Some(leaf) = facts.leaf else { return self.down(causes::no_leaf()) };
        let request = write_request(&self.tls.host, self.tls.port, &mut *self.rng);
        self.line.send_bytes(&request);
        self.line.timers.arm(now, Timer::Negotiation, self.line.config.negotiation, "SSTP HTTP answer");
        self.enter(State::Asking { leaf });
    }

    fn port_closed(&mut self, _now: Instant, port: PortId, closed: &PortClosed) {
        if port != PORT || matches!(self.state, State::Idle | State::Down) {
            return;
        }
        let cause = match (self.leave(), closed) {
            (State::Ending(ending), _) => ending.cause,
            (_, PortClosed::Failed(cause)) => cause.clone(),
            (State::Authenticating { .. } | State::Connected { .. }, _) => causes::closed(),
            (State::Requested { .. }, _) => causes::closed_early(LayerName::Sstp),
            (_, _) => causes::closed_early(LayerName::Http),
        };
        self.line.down(false, cause);
    }

    fn close(&mut self, now: Instant, cause: &Cause) {
        match self.state {
            State::Requested { .. } | State::Authenticating { .. } | State::Connected { .. } => {
                let ending = self.line.disconnect(now, cause.clone());
                self.enter(State::Ending(ending));
            }
            State::Idle | State::Opening | State::Asking { .. } => self.down(cause.clone()),
            State::Ending(_) | State::Down => {}
        }
    }

    fn is_ending(&self) -> bool {
        matches!(self.state, State::Ending(_) | State::Down)
    }

    fn close_limit(&self) -> Duration {
        self.line.config.close_limit()
    }

    /// Sends Call Connected ([MS-SSTP] 3.2.7.1).
    fn bind(&mut self, now: Instant, keys: &SessionKeys) {
        let State::Authenticating { leaf, request, hash } = &self.state else { return };
        let proof = binding::prove(*hash, request, leaf, &Hlak::of_client(keys));
        self.line.send(&Message::CallConnected(proof));
        self.line.timers.disarm(Timer::Negotiation);
        self.line.start_hello(now);
        self.enter(State::Connected { since: now });
    }
}
