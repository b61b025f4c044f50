//! What the layers say and tell, and what follows from it.

use super::Call;
use super::frames::dropped;
use crate::Event;
use crate::faults::{Ending, Stage};
use crate::inner::Behind;
use crate::judge::Question;
use crate::pap;
use rasman_core::{Cause, Code, Instant, Ipv6Link, Layer, LayerName, LinkEvent, PortCommand, Projection, SessionKeys};

impl Call {
    /// Sends what the layers have to say and hands on what they tell, until nothing is left.
    ///
    /// What was said before an event belongs to the stage before it.
    pub(super) fn advance(&mut self, now: Instant) {
        loop {
            self.transmit(now);
            if let Some(event) = self.ppp.poll_event() {
                self.ppp_event(now, event);
            } else if let Some(event) = self.link.poll_event() {
                self.link_event(now, event);
            } else {
                break;
            }
        }
        if self.link.is_bound() && !self.bound {
            self.bound = true;
            if self.link.binds() {
                self.told.tell(Event::Bound { sha256: self.sha256 });
            }
            self.connected(now);
        }
    }

    fn transmit(&mut self, now: Instant) {
        self.link.set_framing(self.ppp.line_framing());
        while self.ppp.poll_transmit(now, &mut self.frames) {
            for frame in self.frames.frames() {
                let stage = stage_of(frame);
                // [MS-SSTP] 3.3.5.2.3: no IP packet before the binding, not even an answer of PPP's own.
                if stage == Stage::Data && !self.link.is_bound() {
                    continue;
                }
                let rewritten = self.gate.faults().no_common_auth.then(|| pap::demanded(frame)).flatten();
                let frame = rewritten.as_deref().unwrap_or(frame);
                dropped(self.link.encap(now, &[], frame, &mut self.links));
                self.links.frames().for_each(|bytes| self.gate.pass(now, stage, bytes, &mut self.out));
                self.links.clear();
            }
            self.frames.clear();
        }
        while self.link.poll_transmit(now, &mut self.links) {
            for frame in self.links.frames() {
                self.gate.pass(now, self.gate.stage(), frame, &mut self.out);
                if self.gate.stage() == Stage::Http {
                    self.gate.reach(Stage::Call);
                }
            }
            self.links.clear();
        }
    }

    fn link_event(&mut self, now: Instant, event: LinkEvent) {
        match event {
            LinkEvent::Up(params) => {
                self.gate.reach(Stage::Lcp);
                self.told.tell(Event::CallUp);
                self.ppp.lower_up(now, params.mru);
            }
            LinkEvent::Port(_, PortCommand::Close) => self.wants_close = true,
            LinkEvent::Down(cause) => {
                self.ppp.lower_down(now);
                self.behind = None;
                self.ending_at = None;
                self.over = Some(cause);
            }
            _ => {}
        }
    }

    fn ppp_event(&mut self, now: Instant, event: rasman_ppp::Event) {
        match event {
            rasman_ppp::Event::LinkEstablished { .. } => {
                self.gate.reach(Stage::Auth);
                self.told.tell(Event::LcpUp);
            }
            rasman_ppp::Event::Renegotiating => self.behind = None,
            rasman_ppp::Event::CallbackAgreed(call) => self.callback = call,
            rasman_ppp::Event::Authenticated { token, keys } => {
                self.gate.reach(Stage::Ipcp);
                self.told.authenticated(token.user());
                self.bind(now, keys);
            }
            rasman_ppp::Event::EapResponse { number, ask } => self.question = Some(Question { number, ask }),
            rasman_ppp::Event::Projected(projection) => {
                self.gate.reach(Stage::Data);
                self.projected(now, &projection);
            }
            rasman_ppp::Event::Learned(learned) => self.ipv6_became(now, learned.ipv6.map(|setup| setup.link)),
            rasman_ppp::Event::Finished(cause) => self.link.close(now, &cause),
            // What only clients are told.
            _ => {}
        }
    }

    fn bind(&mut self, now: Instant, mut keys: SessionKeys) {
        if self.gate.faults().wrong_binding {
            keys.master_send.iter_mut().for_each(|byte| *byte = !*byte);
        }
        self.link.bind(now, &keys);
    }

    /// Opens what is behind; a client without an address finds nothing there.
    fn projected(&mut self, now: Instant, projection: &Projection) {
        let Some(address) = projection.peer.filter(|address| !address.is_unspecified()) else { return };
        match Behind::open(projection, &self.web, &self.inside, now) {
            Ok(behind) => self.behind = Some(behind),
            Err(cause) => return self.link.close(now, &cause),
        }
        self.told.tell(Event::Projected { address });
        self.connected(now);
    }

    fn ipv6_became(&mut self, now: Instant, link: Option<Ipv6Link>) {
        let Some(behind) = &mut self.behind else { return };
        if let Err(cause) = behind.set_ipv6(&self.inside, link) {
            self.link.close(now, &cause);
        }
    }

    /// Counts a client that has both a binding and an address.
    fn connected(&mut self, now: Instant) {
        if !self.bound || self.behind.is_none() {
            return;
        }
        if self.told.connected() {
            self.ending_at = self.gate.faults().ending.map(|(_, after)| now + after);
        }
    }

    pub(super) fn send_away(&mut self, now: Instant) {
        let cause = Cause::new(Code::DISCONNECTION, LayerName::Sstp).did("sent the client away, as the fault asks");
        match self.gate.faults().ending {
            Some((Ending::HangUp, _)) => self.link.close(now, &cause),
            Some((Ending::Terminate, _)) => self.ppp.terminate(now),
            Some((Ending::Cut, _)) => self.gate.cut(),
            None => {}
        }
    }
}

/// Tells which stage a PPP frame belongs to.
fn stage_of(frame: &[u8]) -> Stage {
    let protocol = frame.strip_prefix(&[0xff, 0x03]).unwrap_or(frame);
    match protocol {
        [0xc0, 0x21, ..] => Stage::Lcp,
        [0xc0, 0x23, ..] | [0xc2, 0x23 | 0x27, ..] => Stage::Auth,
        [0x80, _, ..] => Stage::Ipcp,
        // RFC 1661 6.5: one octet, if the client lets us.
        [0x00 | 0x21 | 0x2d | 0x2f | 0x57, _, ..] => Stage::Data,
        _ => Stage::Lcp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_belong_to_the_stage_of_their_protocol() {
        assert_eq!(stage_of(&[0xff, 0x03, 0xc0, 0x21, 1]), Stage::Lcp);
        assert_eq!(stage_of(&[0xc2, 0x23, 1]), Stage::Auth);
        assert_eq!(stage_of(&[0xff, 0x03, 0x80, 0x21, 1]), Stage::Ipcp);
        assert_eq!(stage_of(&[0xff, 0x03, 0x00, 0x21, 0x45]), Stage::Data);
        assert_eq!(stage_of(&[0x21, 0x45]), Stage::Data);
        assert_eq!(stage_of(&[0x57, 0x60]), Stage::Data);
        assert_eq!(stage_of(&[]), Stage::Lcp);
    }
}
