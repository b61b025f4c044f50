//! The link over a serial line.

mod layer;

use super::Config;
use super::at::dialogue::GUARD;
use super::at::{Dialogue, Outcome, ReplyReader};
use super::ending::Ending;
use super::greeting::{Greeted, Greeting};
use super::hdlc::{Decoder, Encoder, FRAME_MAX, Fcs};
use rasman_core::{
    Cause, Code, Input, Instant, LayerName, LineCommand, LineDevice, LineSettings, LinkEvent, LinkParams, PortCommand,
    PortId, PortSpec, SerialPort, SerialSettings, Timeout,
};
use std::collections::VecDeque;

/// One end of a serial line: it dials or answers, carries PPP frames, and hangs up.
pub struct SerialLink {
    settings: SerialSettings,
    config: Config,
    role: Role,
    state: State,
    /// The port has control lines.
    has_lines: bool,
    reader: ReplyReader,
    encoder: Encoder,
    /// For what has to reach a peer that has forgotten what was agreed.
    lcp_encoder: Encoder,
    decoder: Decoder,
    /// What is to be sent beside frames.
    out: Vec<u8>,
    events: VecDeque<LinkEvent>,
    /// What the modem said of its speed, in bits a second.
    connect_speed: Option<u32>,
    /// The data ended in `NO CARRIER`; if nothing follows by then, the modem has said it.
    doubt: Option<Timeout>,
}

/// Which end of the line this is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Role {
    Caller,
    Answerer,
}

enum State {
    /// Waits for `open`.
    Idle,
    /// Waits for the port.
    Opening,
    /// Waits for `connect`.
    Ready,
    /// The modem dials or answers.
    Dialling(Dialogue),
    /// The null modem's greeting.
    Greeting(Greeting),
    /// Frames flow.
    Up,
    Ending(Ending),
    Down,
}

impl SerialLink {
    /// Makes the dialling end.
    #[must_use]
    pub fn caller(settings: SerialSettings, config: Config) -> Self {
        Self::new(settings, config, Role::Caller)
    }

    /// Makes the answering end. Behind a modem it waits for a call as soon as it may connect.
    #[must_use]
    pub fn answerer(settings: SerialSettings, config: Config) -> Self {
        Self::new(settings, config, Role::Answerer)
    }

    fn new(settings: SerialSettings, config: Config, role: Role) -> Self {
        Self {
            settings,
            config,
            role,
            state: State::Idle,
            has_lines: false,
            reader: ReplyReader::default(),
            encoder: Encoder::default(),
            lcp_encoder: Encoder::default(),
            decoder: Decoder::default(),
            out: Vec::new(),
            events: VecDeque::new(),
            connect_speed: None,
            doubt: None,
        }
    }

    /// Makes the end of a line that somebody else has connected: it carries frames as soon as it may connect.
    #[must_use]
    pub fn connected() -> Self {
        let port = SerialPort::Device(String::new());
        let settings = SerialSettings { port, line: LineSettings::default(), device: LineDevice::Direct, accm: 0 };
        Self::answerer(settings, Config::default())
    }

    /// Tells what the modem said of its speed, in bits a second.
    #[must_use]
    pub fn connect_speed(&self) -> Option<u32> {
        self.connect_speed
    }

    /// The only assignment of the state.
    fn enter(&mut self, state: State) {
        self.state = state;
    }

    fn start(&mut self, now: Instant) {
        let state = match (&self.settings.device, self.role) {
            (LineDevice::Modem(modem), Role::Caller) => State::Dialling(Dialogue::call(now, modem)),
            (LineDevice::Modem(modem), Role::Answerer) => {
                State::Dialling(Dialogue::answer(now, modem, self.config.call))
            }
            (LineDevice::NullModem, Role::Caller) => {
                State::Greeting(Greeting::caller(now, &self.config, &mut self.out))
            }
            (LineDevice::NullModem, Role::Answerer) => State::Greeting(Greeting::answerer(now, &self.config)),
            _ => return self.up(),
        };
        self.enter(state);
        self.flush_dialogue();
    }

    /// Frames flow from here on.
    fn up(&mut self) {
        if self.has_lines && matches!(self.settings.device, LineDevice::Modem(_)) {
            self.port(PortCommand::Line(LineCommand::WatchCarrier(true)));
        }
        self.enter(State::Up);
        self.events.push_back(LinkEvent::Up(LinkParams { mru: MRU, overhead: OVERHEAD }));
    }

    /// Takes what the modem says; gives how much of `input` that was.
    fn dialogue_input(&mut self, now: Instant, input: &[u8]) -> usize {
        let (used, line) = self.reader.take(input);
        let (Some(line), State::Dialling(dialogue)) = (line, &mut self.state) else { return used };
        let outcome = dialogue.handle_line(now, &line);
        let connected = matches!(outcome, Outcome::Connected(_));
        self.dialogue_became(now, outcome);
        used + if connected { self.reader.take_line_feed(&input[used..]) } else { 0 }
    }

    fn dialogue_became(&mut self, now: Instant, outcome: Outcome) {
        self.flush_dialogue();
        match outcome {
            Outcome::Goes => {}
            Outcome::Connected(speed) => {
                self.connect_speed = speed;
                self.up();
            }
            // The modem has said no and carries nothing.
            Outcome::Failed(cause) => self.hang_up(now, cause, false),
        }
    }

    fn flush_dialogue(&mut self) {
        if let State::Dialling(dialogue) = &mut self.state {
            self.out.append(&mut dialogue.take_output());
        }
    }

    fn greeting_input(&mut self, input: &[u8]) -> usize {
        let State::Greeting(greeting) = &mut self.state else { return input.len() };
        match greeting.handle_input(input, &mut self.out) {
            Greeted::Done(used) => {
                self.up();
                used
            }
            Greeted::Goes | Greeted::Failed(_) => input.len(),
        }
    }

    /// Takes what a modem that is hanging up says.
    fn ending_input(&mut self, now: Instant, input: &[u8]) -> usize {
        let (used, line) = self.reader.take(input);
        if let (Some(line), State::Ending(ending)) = (line, &mut self.state)
            && ending.handle_line(now, &self.config, &line, &mut self.out)
        {
            self.hung_up(now);
        }
        used
    }

    /// Begins to hang up, for a cause; `calling` says that the modem may have a line.
    fn hang_up(&mut self, now: Instant, cause: Cause, calling: bool) {
        self.reader.clear();
        let carries = matches!(self.state, State::Up);
        let is_modem = matches!(self.settings.device, LineDevice::Modem(_));
        let ending = match (is_modem, self.has_lines) {
            // The silence before the escape is time enough for an answer.
            (true, false) if carries => Ending::by_escape(now, cause),
            _ if carries => Ending::parting(now, &self.config, cause),
            (true, true) if calling => self.drop_dtr(now, cause),
            (true, false) if calling => Ending::by_command(now, &self.config, cause, &mut self.out),
            _ => return self.down(cause, true),
        };
        self.enter(State::Ending(ending));
    }

    fn drop_dtr(&mut self, now: Instant, cause: Cause) -> Ending {
        self.port(PortCommand::Line(LineCommand::Dtr(false)));
        Ending::by_dtr(now, &self.config, cause)
    }

    /// A step of the end is done.
    fn hung_up(&mut self, now: Instant) {
        let State::Ending(ending) = core::mem::replace(&mut self.state, State::Down) else { return };
        let hangs_up = ending.is_parting() && matches!(self.settings.device, LineDevice::Modem(_));
        if hangs_up {
            let ending = self.drop_dtr(now, ending.cause);
            return self.enter(State::Ending(ending));
        }
        self.down(ending.cause, true);
    }

    /// The other end answers the goodbye.
    fn parting_input(&mut self, now: Instant, input: &mut [u8]) -> Input {
        match self.decoder.decode(input) {
            Input::Payload { used, .. } => {
                self.hung_up(now);
                Input::Consumed { used }
            }
            other => other,
        }
    }

    fn down(&mut self, cause: Cause, close: bool) {
        if close {
            self.port(PortCommand::Close);
        }
        self.events.push_back(LinkEvent::Down(cause));
        self.enter(State::Down);
    }

    fn port(&mut self, command: PortCommand) {
        self.events.push_back(LinkEvent::Port(PORT, command));
    }

    fn open_port(&mut self) {
        let spec = PortSpec::Serial(self.settings.port.clone(), self.settings.line);
        self.port(PortCommand::Open(spec));
        self.enter(State::Opening);
    }

    fn data_input(&mut self, now: Instant, input: &mut [u8]) -> Input {
        // A port without lines has no other way to tell that the modem has gone back to commands. Data may end in the
        // same words, but then more follows.
        let is_said =
            !self.has_lines && matches!(self.settings.device, LineDevice::Modem(_)) && input.ends_with(NO_CARRIER);
        self.doubt = is_said.then(|| Timeout { at: now + GUARD, why: "silence behind NO CARRIER" });
        self.decoder.decode(input)
    }

    fn doubt_is_over(&mut self, now: Instant) {
        if self.doubt.is_some_and(|doubt| doubt.at <= now) {
            self.doubt = None;
            self.down(carrier_lost("carried data"), true);
        }
    }
}

/// The cause of a carrier that dropped.
fn carrier_lost(did: &str) -> Cause {
    Cause::new(Code::REMOTE_DISCONNECTION, LayerName::Modem)
        .did(did)
        .said("NO CARRIER")
        .advice("the other end hung up, or the line dropped; dial again")
}

/// Frames may have four octets in front of the information.
const MRU: u16 = FRAME_MAX as u16 - 4;
/// RFC 1662 3: two flags and the checksum of 16 bits; escapes come on top, as the octets will have it.
const OVERHEAD: u16 = 4;
/// What a modem says, as it stands on the line.
const NO_CARRIER: &[u8] = b"\r\nNO CARRIER\r\n";
/// The one port.
const PORT: PortId = PortId(0);
