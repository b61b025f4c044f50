//! LCP (RFC 1661): the link's own control protocol, with its packets beyond negotiation.

mod callback;
mod checksum;
mod echo;
mod loops;
mod options;

use crate::control::{Control, Handled, Outcome};
use crate::outbox::Outbox;
use crate::packet::{Packet, PacketCode};
use crate::{Echo, Negotiation, Protocol};
use echo::{Due, KeepAlive};
use loops::Loop;
use rasman_core::{Cause, Code, DropReason, Duration, Instant, LayerName, LineFraming, Reader, Rng, Timeout};

pub(crate) use callback::Callback;
pub(crate) use options::LcpOptions;

/// LCP of one link.
pub(crate) struct Lcp {
    control: Control<LcpOptions>,
    keep_alive: KeepAlive,
    loops: Loop,
    rejects: Budget,
    /// What our Identification says (RFC 1570 1.1).
    identification: Option<String>,
    /// What the peer's says, cut to [`REMARK_MAX`] octets.
    peer_identification: Option<Vec<u8>>,
}

/// What an LCP packet meant.
pub(crate) enum Meaning {
    /// The automaton took it.
    Outcome(Outcome),
    /// The peer does not speak a protocol of ours.
    ProtocolRejected(Protocol),
    /// RFC 1570 1.2: so many seconds of the session are left, and what the peer says to it.
    TimeRemaining(u32, Vec<u8>),
}

impl Lcp {
    pub(crate) fn new(
        options: LcpOptions,
        negotiation: Negotiation,
        echo: Option<Echo>,
        identification: Option<String>,
    ) -> Self {
        Self {
            control: Control::new(options, negotiation, LayerName::Lcp),
            keep_alive: KeepAlive::new(echo),
            loops: Loop::default(),
            rejects: Budget::default(),
            identification,
            peer_identification: None,
        }
    }

    /// Gives what the peer's last Identification said.
    pub(crate) fn peer_identification(&self) -> Option<&[u8]> {
        self.peer_identification.as_deref()
    }

    /// Changes the Restart timer and the budget of the keep-alive, for the link that is established next.
    pub(crate) fn set_times(&mut self, restart: Duration, echo: Option<Echo>) {
        self.control.set_restart(restart);
        self.keep_alive.set(echo);
    }

    /// Tells when what was sent so far will have left.
    pub(crate) fn busy_until(&mut self, at: Instant) {
        self.keep_alive.busy_until(at);
    }

    /// Notes that a frame of whatever protocol came.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.keep_alive.hear(now);
    }

    pub(crate) fn options(&self) -> &LcpOptions {
        &self.control.options
    }

    /// Gives how frames are written on a line of octets at the moment.
    pub(crate) fn line_framing(&self) -> LineFraming {
        self.control.options.line_framing(self.control.is_opened())
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.control.is_stopping()
    }

    /// Opens the layer on a carrier that is up: the first Configure-Request goes out.
    pub(crate) fn start(&mut self, now: Instant, carrier_mru: u16, rng: &mut dyn Rng, out: &mut Outbox) {
        self.control.options.carrier(carrier_mru, rng);
        let _ = self.control.open(now, out);
        let _ = self.control.lower_up(now, out);
    }

    /// Ends the layer; tells whether it is closed at once.
    pub(crate) fn close(&mut self, now: Instant, farewell: &'static str, out: &mut Outbox) -> bool {
        self.keep_alive.stop();
        let _ = self.control.close(now, farewell, out);
        !self.control.is_closing()
    }

    /// The carrier is gone.
    pub(crate) fn lower_down(&mut self, now: Instant, out: &mut Outbox) {
        self.keep_alive.stop();
        self.control.lower_down(now, out);
    }

    /// Takes a Protocol-Reject of LCP itself.
    pub(crate) fn rejected(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        self.keep_alive.stop();
        self.control.rejected(now, b"Protocol-Reject of LCP", out)
    }

    /// Takes an LCP packet.
    pub(crate) fn input(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        rng: &mut dyn Rng,
        out: &mut Outbox,
    ) -> Result<Meaning, DropReason> {
        match packet.code {
            PacketCode::PROTOCOL_REJECT => return self.protocol_reject(packet),
            PacketCode::ECHO_REQUEST => return self.echo_request(now, packet, out),
            PacketCode::ECHO_REPLY => self.echo_reply(now, packet)?,
            // RFC 1661 5.9: "The receiver MUST silently discard any Discard-Request that it receives."
            PacketCode::DISCARD_REQUEST => {
                self.control.echo(now);
                return Ok(self.looks_looped(magic(packet)?.0));
            }
            PacketCode::IDENTIFICATION => return self.identified(packet),
            PacketCode::TIME_REMAINING => return self.time_remaining(packet),
            _ => {
                self.control.options.draw(rng);
                return self.control_packet(now, packet, out).map(Meaning::Outcome);
            }
        }
        Ok(Meaning::Outcome(Outcome::Same))
    }

    fn control_packet(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Handled {
        // RFC 1661 5.6: a peer without Echo is told once and then spared.
        if packet.code == PacketCode::CODE_REJECT && packet.data.first() == Some(&PacketCode::ECHO_REQUEST.0) {
            self.keep_alive.give_up();
        }
        let outcome = self.control.input(now, packet, out)?;
        self.follow(now, &outcome, out);
        Ok(outcome)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        let outcome = self.control.handle_timeout(now, out);
        self.follow(now, &outcome, out);
        if outcome != Outcome::Same {
            return outcome;
        }
        match self.keep_alive.handle_timeout(now) {
            Due::Nothing => Outcome::Same,
            Due::Request => {
                let id = self.control.next_id();
                let magic = self.control.options.magic().to_be_bytes();
                out.packet(Protocol::LCP, PacketCode::ECHO_REQUEST, id, &[&magic]);
                Outcome::Same
            }
            Due::GiveUp(unanswered) => Outcome::Failed(
                Cause::new(Code::LINK_FAILURE, LayerName::Lcp)
                    .did(format!("sent {unanswered} LCP Echo-Requests and heard nothing"))
                    .advice("check the line, then dial again"),
            ),
        }
    }

    pub(crate) fn timeout(&self) -> Option<Timeout> {
        Timeout::earliest(self.control.timeout(), self.keep_alive.timeout())
    }

    /// Tells the peer that we do not speak a protocol (RFC 1661 5.7): only in the Opened state, and not without bound.
    pub(crate) fn reject_protocol(&mut self, now: Instant, protocol: Protocol, information: &[u8], out: &mut Outbox) {
        if self.control.is_opened() && self.rejects.take(now) {
            let id = self.control.next_id();
            out.packet(Protocol::LCP, PacketCode::PROTOCOL_REJECT, id, &[&protocol.0.to_be_bytes(), information]);
        }
    }

    /// Keeps the echo timer with the state, and says who we are when the link is up.
    fn follow(&mut self, now: Instant, outcome: &Outcome, out: &mut Outbox) {
        match outcome {
            Outcome::Up => {
                self.keep_alive.start(now);
                self.identify(out);
            }
            Outcome::Same => {}
            Outcome::Down | Outcome::Terminated(_) | Outcome::Finished | Outcome::Failed(_) => self.keep_alive.stop(),
        }
    }

    /// RFC 1661 5.7: "Protocol-Reject packets received in any state other than the LCP Opened state SHOULD be silently
    /// discarded"
    fn protocol_reject(&mut self, packet: &Packet<'_>) -> Result<Meaning, DropReason> {
        if !self.control.is_opened() {
            return Err(DropReason::Unexpected("a Protocol-Reject before LCP is Opened"));
        }
        let number = Reader::new(packet.data).u16("rejected protocol");
        let number = number.map_err(|malformed| DropReason::Malformed(malformed.expected))?;
        Ok(Meaning::ProtocolRejected(Protocol(number)))
    }

    /// RFC 1661 5.8: answered in the Opened state alone. SoftEther sends one, with magic number 0, while LCP still
    /// negotiates: it is ignored and breaks nothing.
    fn echo_request(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Result<Meaning, DropReason> {
        if !self.control.echo(now) {
            return Err(DropReason::Unexpected("an Echo-Request before LCP is Opened"));
        }
        let (theirs, data) = magic(packet)?;
        let ours = self.control.options.magic().to_be_bytes();
        out.packet(Protocol::LCP, PacketCode::ECHO_REPLY, packet.id, &[&ours, data]);
        Ok(self.looks_looped(theirs))
    }

    /// The keep-alive has heard it already, as it hears every frame.
    fn echo_reply(&mut self, now: Instant, packet: &Packet<'_>) -> Result<(), DropReason> {
        self.control.echo(now);
        magic(packet).map(|_| ())
    }

    fn looks_looped(&mut self, theirs: u32) -> Meaning {
        let seen = self.loops.see(self.control.options.magic(), theirs);
        Meaning::Outcome(seen.map_or_else(Outcome::Failed, |()| Outcome::Same))
    }

    /// RFC 1570 1.1: it informs, and nothing answers it.
    fn identified(&mut self, packet: &Packet<'_>) -> Result<Meaning, DropReason> {
        let (theirs, message) = magic(packet)?;
        self.peer_identification = Some(remark(message));
        Ok(self.looks_looped(theirs))
    }

    /// RFC 1570 1.2: "This Code is advisory"
    fn time_remaining(&mut self, packet: &Packet<'_>) -> Result<Meaning, DropReason> {
        let (_, rest) = magic(packet)?;
        let mut reader = Reader::new(rest);
        let seconds = reader.u32("seconds that remain").map_err(|m| DropReason::Malformed(m.expected))?;
        Ok(Meaning::TimeRemaining(seconds, remark(&rest[4..])))
    }

    fn identify(&mut self, out: &mut Outbox) {
        let Some(message) = &self.identification else { return };
        let id = self.control.next_id();
        let magic = self.control.options.magic().to_be_bytes();
        out.packet(Protocol::LCP, PacketCode::IDENTIFICATION, id, &[&magic, message.as_bytes()]);
    }
}

/// Takes the magic number off the front of a packet's data.
fn magic<'a>(packet: &Packet<'a>) -> Result<(u32, &'a [u8]), DropReason> {
    let (magic, rest) = packet.data.split_first_chunk().ok_or(DropReason::Malformed("a magic number"))?;
    Ok((u32::from_be_bytes(*magic), rest))
}

/// Cuts what a peer says to people.
fn remark(message: &[u8]) -> Vec<u8> {
    message[..message.len().min(REMARK_MAX)].to_vec()
}

/// The most octets that are kept of an Identification or a Time-Remaining.
const REMARK_MAX: usize = 255;

/// How many Protocol-Rejects go out in a second.
#[derive(Default)]
struct Budget {
    since: Instant,
    used: u32,
}

impl Budget {
    fn take(&mut self, now: Instant) -> bool {
        if now.since(self.since) >= Duration::from_secs(1) {
            *self = Self { since: now, used: 0 };
        }
        self.used += 1;
        self.used <= PROTOCOL_REJECTS_PER_SECOND
    }
}

const PROTOCOL_REJECTS_PER_SECOND: u32 = 10;
