//! The answering side as a layer and as a link: what comes in, by state.

use super::{Half, Server, State};
use crate::sstp::binding::Hlak;
use crate::sstp::causes;
use crate::sstp::line::{PORT, Timer};
use rasman_core::{
    Batch, Cause, DropReason, Duration, Input, Instant, Layer, Link, LinkEvent, PortClosed, PortFacts, PortId,
    SessionKeys, Timeout,
};

impl Layer for Server {
    type Event = LinkEvent;

    fn handle_input(&mut self, now: Instant, input: &mut [u8]) -> Input {
        match self.state {
            _ if input.is_empty() => Input::NeedMore,
            State::Listening { leaf } => self.handle_request(now, leaf, input),
            State::Pending { .. } | State::Unbound { .. } | State::Connected | State::Ending(_) => {
                self.handle_packet(now, input)
            }
            State::Idle | State::Down => Input::Dropped { used: input.len(), reason: DropReason::NotUp },
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
        match self.state {
            State::Unbound { .. } | State::Connected => self.line.encap_with(header, len, fill, out),
            State::Idle | State::Listening { .. } | State::Pending { .. } | State::Ending(_) | State::Down => {
                Err(DropReason::NotUp)
            }
        }
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

impl Link for Server {
    fn open(&mut self, _now: Instant) {}

    fn port_ready(&mut self, now: Instant, port: PortId, facts: &PortFacts) {
        let (State::Idle, PORT) = (&self.state, port) else { return };
        let Some(leaf) = facts.leaf else {
            self.line.down(true, causes::no_leaf());
            return self.enter(State::Down);
        };
        self.expect_within(now, "SSTP HTTP request");
        self.enter(State::Listening { leaf });
    }

    fn port_closed(&mut self, _now: Instant, port: PortId, closed: &PortClosed) {
        if port != PORT || matches!(self.state, State::Down) {
            return;
        }
        let cause = match (self.leave(), closed) {
            (State::Ending(ending), _) => ending.cause,
            (_, PortClosed::Failed(cause)) => cause.clone(),
            (_, _) => causes::closed(),
        };
        self.line.down(false, cause);
    }

    fn close(&mut self, now: Instant, cause: &Cause) {
        match self.state {
            State::Pending { .. } | State::Unbound { .. } | State::Connected => {
                let ending = self.line.disconnect(now, cause.clone());
                self.enter(State::Ending(ending));
            }
            State::Idle | State::Listening { .. } => self.down(cause.clone()),
            State::Ending(_) | State::Down => {}
        }
    }

    fn is_ending(&self) -> bool {
        matches!(self.state, State::Ending(_) | State::Down)
    }

    fn close_limit(&self) -> Duration {
        self.line.config.close_limit()
    }

    /// Gives what the client's Call Connected is verified against ([MS-SSTP] 3.3.7.1).
    fn bind(&mut self, now: Instant, keys: &SessionKeys) {
        let hlak = Hlak::of_server(keys);
        match self.leave() {
            State::Unbound { leaf, request, half: Half::Proof(proof) } => {
                self.verify(now, &proof, &request, &leaf, &hlak);
            }
            State::Unbound { leaf, request, .. } => {
                self.enter(State::Unbound { leaf, request, half: Half::Keys(hlak) });
            }
            state => self.enter(state),
        }
    }
}
