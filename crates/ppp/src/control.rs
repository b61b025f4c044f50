//! A control protocol: the automaton, one option set, and the packets between them (RFC 1661 5).

use crate::Negotiation;
use crate::automaton::{Action, Automaton, Event, State};
use crate::options::{OptionWriter, Options, RawOption, Reply, Verdict};
use crate::outbox::Outbox;
use crate::packet::{Packet, PacketCode};
use rasman_core::{Cause, Code, DropReason, Duration, Instant, LayerName, Malformed, Timeout};

/// One control protocol: LCP or an NCP.
///
/// Commands, packets and time go in; packets go to the [`Outbox`], and the [`Outcome`] of each call says what became of
/// the layer.
///
/// Identifiers: RFC 1661 5.1, a Configure-Request gets a new one when its contents change or when the one before was
/// answered, and keeps it when it is repeated. An answer counts once, and only if it carries the identifier of the
/// last request: late and doubled answers (SoftEther sends those) move nothing.
#[derive(Clone)]
pub(crate) struct Control<O> {
    pub(crate) options: O,
    automaton: Automaton,
    negotiation: Negotiation,
    layer: LayerName,
    /// The identifier of the last packet that was not an answer.
    id: u8,
    request: Request,
    /// RFC 1661 4.6 Max-Failure counts these.
    naks_sent: u32,
    /// Requests and refusals since the layer was last up; bounds what the RFC's counters do not.
    rounds: u32,
    /// How often in a row the peer took the layer down before it was [`SETTLED`].
    renegotiations: u32,
    /// When the layer was last up.
    up_at: Instant,
    /// The peer has sent a packet of this protocol since the carrier came up.
    heard: bool,
    /// What a Terminate-Request says.
    farewell: &'static str,
}

/// The last Configure-Request.
#[derive(Clone, Default)]
struct Request {
    id: u8,
    options: Vec<u8>,
    /// No answer to it has been taken yet.
    outstanding: bool,
    /// When it was sent last.
    sent_at: Instant,
}

/// What became of the layer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub(crate) enum Outcome {
    /// Nothing changed.
    Same,
    /// It is Opened.
    Up,
    /// It was Opened and negotiates again.
    Down,
    /// The peer ended it and said this.
    Terminated(Vec<u8>),
    /// It was closed as we wanted, or the peer does not answer any more.
    Finished,
    /// It cannot come up or stay up.
    Failed(Cause),
}

/// What a packet handler gives: an outcome, or why the packet was discarded.
pub(crate) type Handled = Result<Outcome, DropReason>;

impl<O: Options> Control<O> {
    /// Makes a closed layer whose carrier is down.
    pub(crate) fn new(options: O, negotiation: Negotiation, layer: LayerName) -> Self {
        Self {
            options,
            automaton: Automaton::new(negotiation.clone()),
            negotiation,
            layer,
            id: 0,
            request: Request::default(),
            naks_sent: 0,
            rounds: 0,
            renegotiations: 0,
            up_at: Instant::ZERO,
            heard: false,
            farewell: "",
        }
    }

    /// Changes the Restart timer, from its next start on.
    pub(crate) fn set_restart(&mut self, restart: Duration) {
        self.automaton.set_restart(restart);
    }

    fn state(&self) -> State {
        self.automaton.state()
    }

    pub(crate) fn is_opened(&self) -> bool {
        self.state() == State::Opened
    }

    /// Tells whether a Terminate-Request of ours waits for its answer.
    pub(crate) fn is_closing(&self) -> bool {
        self.state() == State::Closing
    }

    /// Tells whether the peer ended the layer after it was Opened.
    pub(crate) fn is_stopping(&self) -> bool {
        self.state() == State::Stopping
    }

    pub(crate) fn open(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        self.step(now, Event::Open, &Context::NONE, out)
    }

    /// Ends the layer; `farewell` goes into the Terminate-Request.
    pub(crate) fn close(&mut self, now: Instant, farewell: &'static str, out: &mut Outbox) -> Outcome {
        self.farewell = farewell;
        self.step(now, Event::Close, &Context::NONE, out)
    }

    pub(crate) fn lower_up(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        self.naks_sent = 0;
        self.rounds = 0;
        self.heard = false;
        self.request.outstanding = false;
        self.step(now, Event::Up, &Context::NONE, out)
    }

    pub(crate) fn lower_down(&mut self, now: Instant, out: &mut Outbox) {
        let _ = self.step(now, Event::Down, &Context::NONE, out);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) -> Outcome {
        match self.automaton.expired(now) {
            Some(event) => self.step(now, event, &Context::NONE, out),
            None => Outcome::Same,
        }
    }

    pub(crate) fn timeout(&self) -> Option<Timeout> {
        self.automaton.timeout(O::TIMER)
    }

    /// Takes a packet with a code of 1 to 7; any other is unknown.
    pub(crate) fn input(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Handled {
        let context = Context { packet: Some(packet), answer: Verdict::Ack };
        let heard = core::mem::replace(&mut self.heard, true);
        match packet.code {
            PacketCode::CONFIGURE_REQUEST => {
                if !heard {
                    self.repeat_unheard_request(now, out);
                }
                self.configure_request(now, packet, out)
            }
            PacketCode::CONFIGURE_ACK => self.configure_ack(now, packet, out),
            PacketCode::CONFIGURE_NAK | PacketCode::CONFIGURE_REJECT => self.configure_nak(now, packet, out),
            PacketCode::TERMINATE_REQUEST => {
                let outcome = self.step(now, Event::TerminateRequest, &context, out);
                Ok(if let Outcome::Failed(_) = outcome { outcome } else { Outcome::Terminated(packet.data.to_vec()) })
            }
            PacketCode::TERMINATE_ACK => Ok(self.step(now, Event::TerminateAck, &context, out)),
            PacketCode::CODE_REJECT => self.code_reject(now, packet, out),
            _ => Ok(self.step(now, Event::UnknownCode, &context, out)),
        }
    }

    /// Takes a packet that the automaton only distinguishes by its RXR row; tells whether an Echo-Reply is due.
    pub(crate) fn echo(&mut self, now: Instant) -> bool {
        self.automaton.step(now, Event::Echo).contains(&Action::SendEchoReply)
    }

    /// Takes a reject of something that the protocol cannot do without.
    pub(crate) fn rejected(&mut self, now: Instant, said: &[u8], out: &mut Outbox) -> Outcome {
        let _ = self.step(now, Event::RejectCatastrophic, &Context::NONE, out);
        Outcome::Failed(
            Cause::new(Code::PPP_CP_REJECTED, self.layer)
                .did(format!("negotiated {}", O::PROTOCOL))
                .said(said)
                .advice("the peer does not speak this protocol; check what is configured there"),
        )
    }

    /// Gives a new identifier for a packet that is not an answer.
    pub(crate) fn next_id(&mut self) -> u8 {
        self.id = self.id.wrapping_add(1);
        self.id
    }

    fn configure_request(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Handled {
        let options = RawOption::parse_all(packet.data).map_err(malformed)?;
        if matches!(self.state(), State::Closed | State::Closing | State::Stopping) {
            let context = Context { packet: Some(packet), answer: Verdict::Ack };
            return Ok(self.step(now, Event::ConfigureRequestGood, &context, out));
        }
        let mut reply = Reply::new(self.naks_sent < self.negotiation.max_failure);
        self.options.begin();
        let mut listed = [false; 256];
        for option in &options {
            // RFC 1661 6: no option is listed twice unless its description says so; none of ours does.
            if core::mem::replace(&mut listed[usize::from(option.kind)], true) {
                reply.reject(*option);
            } else if let Err(cause) = self.options.judge(*option, &mut reply) {
                return Ok(Outcome::Failed(cause));
            }
        }
        self.options.missing(&mut reply);
        let answer = reply.verdict();
        let event = match answer {
            Verdict::Ack => Event::ConfigureRequestGood,
            Verdict::Nak(_) | Verdict::Reject(_) => Event::ConfigureRequestBad,
        };
        Ok(self.step(now, event, &Context { packet: Some(packet), answer }, out))
    }

    /// Repeats our request when the peer speaks for the first time and has not answered: it may have come before
    /// anyone listened there (a server's PPP starts late, or its network phase does), and then only the Restart timer
    /// would tell. It goes before our answer, so a peer that did hear the first one is not Opened yet and only answers
    /// once more.
    fn repeat_unheard_request(&mut self, now: Instant, out: &mut Outbox) {
        if self.state() == State::ReqSent && self.request.outstanding && self.request.sent_at < now {
            self.send_configure_request(now, out);
        }
    }

    fn configure_ack(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Handled {
        let context = Context { packet: Some(packet), answer: Verdict::Ack };
        if self.takes_answers() {
            self.check_answer(packet)?;
            // RFC 1661 5.2: "the Configuration Options in a Configure-Ack MUST exactly match"
            if packet.data != self.request.options {
                return Err(DropReason::Unexpected("a Configure-Ack of other options"));
            }
            self.request.outstanding = false;
        }
        Ok(self.step(now, Event::ConfigureAck, &context, out))
    }

    fn configure_nak(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Handled {
        let context = Context { packet: Some(packet), answer: Verdict::Ack };
        if self.takes_answers() {
            self.check_answer(packet)?;
            let options = RawOption::parse_all(packet.data).map_err(malformed)?;
            if options.is_empty() {
                return Err(DropReason::Malformed("a Configure-Nak or Configure-Reject without options"));
            }
            let rejected = packet.code == PacketCode::CONFIGURE_REJECT;
            let asked = RawOption::parse_all(&self.request.options).map_err(malformed)?;
            // RFC 1661 5.4: a Configure-Reject holds options of the request, unmodified.
            if rejected && !options.iter().all(|option| asked.contains(option)) {
                return Err(DropReason::Unexpected("a Configure-Reject of other options"));
            }
            for option in options {
                let taken = if rejected { self.options.rejected(option) } else { self.options.naked(option) };
                if let Err(cause) = taken {
                    return Ok(Outcome::Failed(cause));
                }
            }
            self.request.outstanding = false;
        }
        Ok(self.step(now, Event::ConfigureNak, &context, out))
    }

    /// RFC 1661 5.6: a Code-Reject of a code that every implementation has cannot be lived with.
    fn code_reject(&mut self, now: Instant, packet: &Packet<'_>, out: &mut Outbox) -> Handled {
        let rejected = *packet.data.first().ok_or(DropReason::Malformed("a Code-Reject of nothing"))?;
        if (PacketCode::CONFIGURE_REQUEST.0..=PacketCode::CODE_REJECT.0).contains(&rejected) {
            return Ok(self.rejected(now, format!("Code-Reject of code {rejected}").as_bytes(), out));
        }
        Ok(self.step(now, Event::RejectPermitted, &Context::NONE, out))
    }

    /// In the other states an answer only moves the automaton.
    fn takes_answers(&self) -> bool {
        matches!(self.state(), State::ReqSent | State::AckRcvd | State::AckSent | State::Opened)
    }

    fn check_answer(&self, packet: &Packet<'_>) -> Result<(), DropReason> {
        if !self.request.outstanding || packet.id != self.request.id {
            return Err(DropReason::Unexpected("an answer to a request that is not the last"));
        }
        Ok(())
    }

    /// Steps the automaton and does its actions.
    fn step(&mut self, now: Instant, event: Event, context: &Context<'_>, out: &mut Outbox) -> Outcome {
        let mut outcome = Outcome::Same;
        for action in self.automaton.step(now, event) {
            match action {
                Action::ThisLayerUp => outcome = self.up(now),
                Action::ThisLayerDown => outcome = self.down(now, event),
                Action::ThisLayerFinished => outcome = Outcome::Finished,
                Action::SendConfigureRequest => self.send_configure_request(now, out),
                Action::SendConfigureAck | Action::SendConfigureNak => self.send_answer(context, out),
                Action::SendTerminateRequest => {
                    let id = self.next_id();
                    self.send(out, PacketCode::TERMINATE_REQUEST, id, &[self.farewell.as_bytes()]);
                }
                Action::SendTerminateAck => {
                    // RFC 1661 5.5: the identifier of the Terminate-Request; any other packet has one as well.
                    let id = context.packet.map_or(self.id, |packet| packet.id);
                    self.send(out, PacketCode::TERMINATE_ACK, id, &[]);
                }
                Action::SendCodeReject => {
                    let id = self.next_id();
                    self.send(out, PacketCode::CODE_REJECT, id, &[context.packet.map_or(&[], |packet| packet.whole)]);
                }
                Action::ThisLayerStarted
                | Action::InitializeRestartCount
                | Action::ZeroRestartCount
                | Action::SendEchoReply => {}
            }
        }
        if self.rounds > self.negotiation.max_rounds || self.renegotiations > self.negotiation.max_renegotiations {
            return Outcome::Failed(self.not_converging());
        }
        outcome
    }

    fn up(&mut self, now: Instant) -> Outcome {
        self.naks_sent = 0;
        self.rounds = 0;
        self.up_at = now;
        Outcome::Up
    }

    fn down(&mut self, now: Instant, event: Event) -> Outcome {
        if now.since(self.up_at) >= SETTLED {
            self.renegotiations = 0;
        }
        match event {
            Event::Down | Event::Close => {}
            _ => self.renegotiations += 1,
        }
        Outcome::Down
    }

    fn send_configure_request(&mut self, now: Instant, out: &mut Outbox) {
        let mut options = OptionWriter::default();
        self.options.request(&mut options);
        if !self.request.outstanding || self.request.options != options.bytes() {
            let options = options.bytes().to_vec();
            self.request = Request { id: self.next_id(), options, outstanding: true, sent_at: now };
        }
        self.request.sent_at = now;
        self.rounds += 1;
        self.send(out, PacketCode::CONFIGURE_REQUEST, self.request.id, &[&self.request.options]);
    }

    fn send_answer(&mut self, context: &Context<'_>, out: &mut Outbox) {
        let Some(request) = context.packet else { return };
        let (code, options) = match context.answer {
            Verdict::Ack => (PacketCode::CONFIGURE_ACK, request.data),
            Verdict::Nak(options) => (PacketCode::CONFIGURE_NAK, options),
            Verdict::Reject(options) => (PacketCode::CONFIGURE_REJECT, options),
        };
        match context.answer {
            Verdict::Ack => self.naks_sent = 0,
            Verdict::Nak(_) => self.naks_sent += 1,
            Verdict::Reject(_) => {}
        }
        self.rounds += u32::from(code != PacketCode::CONFIGURE_ACK);
        self.send(out, code, request.id, &[options]);
    }

    fn send(&self, out: &mut Outbox, code: PacketCode, id: u8, parts: &[&[u8]]) {
        out.packet(O::PROTOCOL, code, id, parts);
    }

    fn not_converging(&self) -> Cause {
        Cause::new(Code::PPP_NOT_CONVERGING, self.layer)
            .did(format!("negotiated {} for {} rounds", O::PROTOCOL, self.rounds.max(self.renegotiations)))
            .advice("the peer keeps answering but never agrees; compare the settings of both ends")
    }
}

/// A layer that was up for so long is settled: a server that negotiates again now and then, to change keys or
/// addresses, is not one that never agrees.
const SETTLED: Duration = Duration::from_secs(60);

/// What an event is about.
struct Context<'a> {
    packet: Option<&'a Packet<'a>>,
    answer: Verdict<'a>,
}

impl Context<'_> {
    const NONE: Context<'static> = Context { packet: None, answer: Verdict::Ack };
}

/// A packet whose options cannot be read is discarded.
fn malformed(malformed: Malformed) -> DropReason {
    DropReason::Malformed(malformed.expected)
}

#[cfg(test)]
mod cells;
#[cfg(test)]
mod model;
#[cfg(test)]
mod stub;
