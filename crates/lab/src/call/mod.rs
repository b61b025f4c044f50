//! One session's layers, without I/O: SSTP, PPP and what is behind them.

mod answering;
mod events;
mod frames;

use crate::faults::Stage;
use crate::gate::Gate;
use crate::inner::{Behind, Inside, Web};
use crate::judge::Question;
use crate::told::Told;
pub(crate) use answering::Answering;
use frames::{dropped, encap, encap_with};
use rasman_auth::eap::Verdict;
use rasman_core::{Batch, Cause, Input, Instant, Layer, PortClosed, PortFacts, PortId, Timeout};
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

    /// Remembers which hash a Call Connected names ([MS-SSTP] 2.2.12, 2.2.7); SSTP itself checks it.
    fn note_binding(&mut self, input: &[u8]) {
        if !self.bound && matches!(input, [0x10, 0x01, _, _, 0x00, 0x04, ..]) {
            self.sha256 = input.get(15) == Some(&0x02);
        }
    }
}

/// The one port of a session.
const PORT: PortId = PortId(0);
