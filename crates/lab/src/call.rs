//! One session's layers, without I/O: SSTP, PPP and what is behind them.

use crate::Event;
use crate::faults::{Ending, Stage};
use crate::gate::Gate;
use crate::inner::{Behind, Inside, Web};
use crate::judge::Question;
use crate::pap;
use crate::told::Told;
use rasman_auth::eap::Verdict;
use rasman_core::{
    Batch, Cause, Code, DropReason, Input, Instant, Ipv6Link, Layer, LayerName, Link, LinkEvent, PortClosed,
    PortCommand, PortFacts, PortId, Projection, SessionKeys, Timeout,
};
use rasman_media::modem::SerialLink;
use rasman_media::sstp;
use rasman_net::pump::Pump;
use rasman_ppp::{CallbackCall, Ppp};
use std::rc::Rc;

/// One session's layers.
///
/// ```text
/// take:      input --> SSTP --> PPP --> inner
/// transmit:  out <-- gate <-- SSTP <-- PPP
/// send_from: out <-- gate <-- SSTP <--------- inner
/// ```
///
/// After each call: send `out`, then look at `over` and `wants_close`.
pub(crate) struct Call {
    link: Box<dyn Answering>,
    ppp: Ppp,
    gate: Gate,
    behind: Option<Behind>,
    /// What is to be behind.
    inside: Inside,
    web: Rc<Web>,
    told: Told,
    /// What a RADIUS server has to judge.
    question: Option<Question>,
    /// What waits to be sent.
    pub(crate) out: Batch,
    /// Frames between two layers; reused.
    frames: Batch,
    links: Batch,
    /// A packet whose headers were compressed; reused.
    rebuilt: Vec<u8>,
    /// Peer's Call Connected named SHA-256; what it named is verified by SSTP.
    sha256: bool,
    bound: bool,
    ending_at: Option<Instant>,
    wants_close: bool,
    /// The call that follows this one.
    callback: Option<CallbackCall>,
    over: Option<Cause>,
}

impl Call {
    /// Makes the layers of a session whose TLS stream is up.
    pub(crate) fn new(
        link: impl Answering + 'static,
        ppp: Ppp,
        gate: Gate,
        web: Rc<Web>,
        inside: Inside,
        told: Told,
    ) -> Self {
        Self {
            link: Box::new(link),
            ppp,
            gate,
            behind: None,
            inside,
            web,
            told,
            question: None,
            out: Batch::new(),
            frames: Batch::new(),
            rebuilt: Vec::new(),
            links: Batch::new(),
            sha256: false,
            bound: false,
            ending_at: None,
            wants_close: false,
            callback: None,
            over: None,
        }
    }

    pub(crate) fn start(&mut self, now: Instant, facts: &PortFacts) {
        self.link.open(now);
        self.link.port_ready(now, PORT, facts);
        self.link.connect(now);
        self.advance(now);
    }

    /// Takes the front of what came.
    pub(crate) fn take(&mut self, now: Instant, input: &mut [u8]) -> Input {
        self.note_binding(input);
        match self.link.handle_input(now, input) {
            Input::Payload { range, used } => {
                self.frame(now, &mut input[range]);
                Input::Consumed { used }
            }
            Input::NeedMore => Input::NeedMore,
            other => {
                if let Input::Dropped { .. } = other {
                    self.ppp.frame_lost();
                }
                self.advance(now);
                other
            }
        }
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.link.handle_timeout(now);
        self.ppp.handle_timeout(now);
        if self.ending_at.is_some_and(|at| at <= now) {
            self.ending_at = None;
            self.send_away(now);
        }
        self.advance(now);
    }

    /// Takes what a RADIUS server has to judge.
    pub(crate) fn take_question(&mut self) -> Option<Question> {
        self.question.take()
    }

    /// Takes its word.
    pub(crate) fn judged(&mut self, now: Instant, number: u64, verdict: Verdict) {
        self.ppp.eap_verdict(now, number, verdict);
        self.advance(now);
    }

    /// Lets go what a fault has held long enough, until `out` has `room` bytes.
    pub(crate) fn release(&mut self, now: Instant, room: usize) {
        self.gate.release(now, room, &mut self.out);
    }

    /// Ends the call by a Call Disconnect.
    pub(crate) fn hang_up(&mut self, now: Instant, cause: &Cause) {
        self.link.close(now, cause);
        self.advance(now);
    }

    pub(crate) fn port_closed(&mut self, now: Instant, closed: &PortClosed) {
        self.link.port_closed(now, PORT, closed);
        self.wants_close = false;
        self.advance(now);
    }

    /// Tells whether the layers want the port closed in good order.
    pub(crate) fn wants_close(&self) -> bool {
        self.wants_close
    }

    /// Tells whether TCP is to be closed without a word.
    pub(crate) fn is_cut(&self) -> bool {
        self.gate.is_cut()
    }

    /// Tells why everything is over, once it is.
    pub(crate) fn over(&self) -> Option<&Cause> {
        self.over.as_ref()
    }

    /// Lets what is behind send as long as the port has room.
    pub(crate) fn send_from(&mut self, now: Instant, pump: &mut Pump) -> Result<(), Cause> {
        let Self { link, ppp, gate, behind: Some(behind), frames, links, told, bound: true, .. } = self else {
            return Ok(());
        };
        let encap = |first: u8, length: usize, write: &mut dyn FnMut(&mut [u8]), out: &mut Batch| {
            told.inner_out(length);
            let sent = if gate.is_open() {
                encap_with(&mut **link, ppp, now, (first, length), write, frames, out)
            } else {
                encap_with(&mut **link, ppp, now, (first, length), write, frames, links).map(|()| {
                    links.frames().for_each(|frame| gate.pass(now, Stage::Data, frame, out));
                    links.clear();
                })
            };
            dropped(sent);
        };
        match behind {
            Behind::Services(inner) => pump.send_from(now, &mut inner.stack, encap),
            Behind::Device(tun) => pump.send_from_device(tun, encap),
        }
    }

    /// Tells when the layers want to be called next; what would send data only counts while there is room for it.
    pub(crate) fn next_wake(&mut self, now: Instant, has_room: bool) -> Option<Instant> {
        let layers = Timeout::earliest(self.link.poll_timeout(), self.ppp.poll_timeout()).map(|timeout| timeout.at);
        let held = self.gate.next_release().filter(|_| has_room);
        let stack = match &self.behind {
            Some(Behind::Services(inner)) if has_room && self.bound => {
                inner.stack.next_poll(now).map(|after| now + after)
            }
            _ => None,
        };
        [layers, stack, held, self.ending_at].into_iter().flatten().min()
    }

    /// Waits until something behind has something to send.
    pub(crate) async fn notified(&self, has_room: bool) {
        match &self.behind {
            Some(behind) if self.bound => behind.notified(has_room).await,
            _ => std::future::pending().await,
        }
    }

    /// Hands the system what was received.
    pub(crate) fn flush(&mut self) {
        if let Some(Behind::Device(tun)) = &mut self.behind {
            tun.flush();
        }
    }

    /// Takes the call that both have agreed on, once this one is over.
    pub(crate) fn take_callback(&mut self) -> Option<CallbackCall> {
        self.callback.take()
    }

    pub(crate) fn told(&mut self) -> &mut Told {
        &mut self.told
    }

    fn frame(&mut self, now: Instant, frame: &mut [u8]) {
        match self.ppp.handle_input(now, frame) {
            // [MS-SSTP] 3.3.5.2.3: no IP packet before the binding.
            Input::Payload { range, .. } if self.link.is_bound() => self.packet(now, &mut frame[range]),
            Input::Rebuilt { .. } if self.link.is_bound() => {
                let mut packet = std::mem::take(&mut self.rebuilt);
                packet.clear();
                packet.extend_from_slice(self.ppp.rebuilt());
                self.packet(now, &mut packet);
                self.rebuilt = packet;
            }
            Input::Payload { .. } | Input::Rebuilt { .. } => {}
            Input::Consumed { .. } | Input::NeedMore | Input::Dropped { .. } => self.advance(now),
        }
    }

    fn packet(&mut self, now: Instant, packet: &mut [u8]) {
        self.told.inner_in(packet.len());
        let reply = match &mut self.behind {
            Some(Behind::Services(inner)) => inner.receive(now, packet),
            Some(Behind::Device(tun)) => {
                tun.deliver(packet);
                None
            }
            None => None,
        };
        let Some(reply) = reply else { return };
        self.told.inner_out(reply.len());
        dropped(encap(&mut *self.link, &mut self.ppp, now, &reply, &mut self.frames, &mut self.links));
        self.links.frames().for_each(|frame| self.gate.pass(now, Stage::Data, frame, &mut self.out));
        self.links.clear();
    }

    /// Sends what the layers have to say and hands on what they tell, until nothing is left.
    ///
    /// What was said before an event belongs to the stage before it.
    fn advance(&mut self, now: Instant) {
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

    fn send_away(&mut self, now: Instant) {
        let cause = Cause::new(Code::DISCONNECTION, LayerName::Sstp).did("sent the client away, as the fault asks");
        match self.gate.faults().ending {
            Some((Ending::HangUp, _)) => self.link.close(now, &cause),
            Some((Ending::Terminate, _)) => self.ppp.terminate(now),
            Some((Ending::Cut, _)) => self.gate.cut(),
            None => {}
        }
    }

    /// Remembers which hash a Call Connected names ([MS-SSTP] 2.2.12, 2.2.7); SSTP itself checks it.
    fn note_binding(&mut self, input: &[u8]) {
        if !self.bound && matches!(input, [0x10, 0x01, _, _, 0x00, 0x04, ..]) {
            self.sha256 = input.get(15) == Some(&0x02);
        }
    }
}

/// A link of the answering end.
pub(crate) trait Answering: Link {
    /// Tells whether packets may flow, as far as the link has a say in it.
    fn is_bound(&self) -> bool;

    /// Tells whether the link binds the authentication inside.
    fn binds(&self) -> bool;
}

impl Answering for sstp::Server {
    fn is_bound(&self) -> bool {
        Self::is_bound(self)
    }

    fn binds(&self) -> bool {
        true
    }
}

impl Answering for SerialLink {
    fn is_bound(&self) -> bool {
        true
    }

    fn binds(&self) -> bool {
        false
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

/// Writes an IP packet: copied once, or in `frames` first where PPP encrypts or compresses.
fn encap(
    link: &mut dyn Answering,
    ppp: &mut Ppp,
    now: Instant,
    packet: &[u8],
    frames: &mut Batch,
    out: &mut Batch,
) -> Result<(), DropReason> {
    let shape = (packet.first().copied().unwrap_or(0), packet.len());
    encap_with(link, ppp, now, shape, &mut |space| space.copy_from_slice(packet), frames, out)
}

/// Writes an IP packet of this first byte and length.
fn encap_with(
    link: &mut dyn Answering,
    ppp: &mut Ppp,
    now: Instant,
    (first, length): (u8, usize),
    write: &mut dyn FnMut(&mut [u8]),
    frames: &mut Batch,
    out: &mut Batch,
) -> Result<(), DropReason> {
    if let Some(header) = ppp.clear_header(first, length)? {
        return link.encap_with(now, header.as_bytes(), length, write, out);
    }
    let mut packet = vec![0; length];
    write(&mut packet);
    ppp.encap(now, &[], &packet, frames)?;
    let sent = frames.frames().try_for_each(|frame| link.encap(now, &[], frame, out));
    frames.clear();
    sent
}

/// A frame that does not go is lost like any other: the peer or the layer above repeats it.
fn dropped(sent: Result<(), DropReason>) {
    if let Err(reason) = sent {
        tracing::trace!(?reason, "a frame was dropped");
    }
}

/// The one port of a session.
const PORT: PortId = PortId(0);

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
