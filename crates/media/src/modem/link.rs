//! The link over a serial line.

mod chain;
mod layer;
mod pace;

use super::Config;
use super::at::dialogue::GUARD;
use super::at::{Dialogue, Outcome, ReplyReader};
use super::ending::Ending;
use super::greeting::{Greeted, Greeting};
use super::hdlc::{ACCM_DEFAULT, Decoder, Encoder, FRAME_MAX, Fcs, LCP_FRAME, is_negotiating};
use super::script::{Progress, Run, Script};
use super::terminal::Terminal;
use chain::Step;
use pace::Pace;
use rasman_core::{
    Batch, Cause, CharacterFormat, Code, Credentials, Device, Input, Instant, Interaction, LayerName, LineCommand,
    LineDevice, LineFraming, LineLogin, LinkEvent, LinkParams, PortCommand, PortId, PortSpec, SerialPort,
    SerialSettings, Timeout,
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
    framing: LineFraming,
    encoder: Encoder,
    /// For what has to reach a peer that has forgotten what was agreed.
    lcp_encoder: Encoder,
    /// For the rest of LCP, which escapes everything as well.
    lcp_encoder32: Encoder,
    decoder: Decoder,
    /// What is to be sent beside frames.
    out: Vec<u8>,
    events: VecDeque<LinkEvent>,
    /// Who dials, for a script.
    credentials: Credentials,
    /// What has still to be connected, one after another.
    chain: VecDeque<Step>,
    /// What the modem said of its speed, in bits a second.
    connect_speed: Option<u32>,
    /// How far the line is behind with what it was given.
    pace: Pace,
    /// The data ended in `NO CARRIER`; if nothing follows by then, the modem has said it.
    doubt: Option<Timeout>,
    /// So many octets were there when that was seen: what is offered again is not said again.
    doubted: usize,
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
    Before(Step),
    /// The modem dials or answers.
    Dialling(Dialogue),
    /// The null modem's greeting.
    Greeting(Greeting),
    /// The script talks to the other end.
    Script(Box<Run>),
    /// The client does.
    Line(Box<Terminal>),
    /// Frames flow.
    Up,
    Ending(Ending),
    Down,
}

/// What a line has that is hung up.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum OnLine {
    Nothing,
    /// The modem may be calling.
    Call,
    /// A carrier; PPP has not begun.
    Login,
    /// A carrier, and frames, of which the last is a goodbye that the other end may answer.
    Frames,
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
            framing: LineFraming::default(),
            encoder: Encoder::default(),
            lcp_encoder: Encoder::default(),
            lcp_encoder32: Encoder::new(Fcs::Fcs32, ACCM_DEFAULT),
            decoder: Decoder::default(),
            out: Vec::new(),
            events: VecDeque::new(),
            credentials: Credentials::default(),
            chain: VecDeque::new(),
            connect_speed: None,
            pace: Pace::new(0),
            doubt: None,
            doubted: 0,
        }
    }

    /// Makes the end of a line that somebody else has connected: it carries frames as soon as it may connect.
    #[must_use]
    pub fn connected() -> Self {
        let port = SerialPort::Device(String::new());
        Self::answerer(SerialSettings::new(port, LineDevice::Direct), Config::default())
    }

    /// The only assignment of the state, but for [`leave`](Self::leave).
    fn enter(&mut self, state: State) {
        self.state = state;
    }

    /// Takes the state to make another of it; `enter` follows.
    fn leave(&mut self) -> State {
        core::mem::replace(&mut self.state, State::Down)
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
            _ => return self.device_connected(),
        };
        self.enter(state);
        self.flush_dialogue();
    }

    /// The device is connected: a script or a terminal comes next, or PPP.
    fn device_connected(&mut self) {
        if self.has_lines && self.is_modem() {
            self.port(PortCommand::Line(LineCommand::WatchCarrier(true)));
        }
        self.next_step();
    }

    /// Frames flow from here on.
    fn up(&mut self) {
        self.doubt = None;
        self.pace = Pace::new(self.settings.speed(self.connect_speed));
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
                self.device_connected();
            }
            // The modem has said no and carries nothing.
            Outcome::Failed(cause) => self.hang_up(now, cause, OnLine::Nothing),
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
                self.device_connected();
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

    /// Begins to hang up, for a cause.
    fn hang_up(&mut self, now: Instant, cause: Cause, line: OnLine) {
        self.reader.clear();
        let ending = match (line, self.is_modem(), self.has_lines) {
            // The silence before the escape is time enough for an answer.
            (OnLine::Frames | OnLine::Login, true, false) => Ending::by_escape(now, cause),
            (OnLine::Frames, ..) => Ending::parting(now, &self.config, cause),
            (OnLine::Call | OnLine::Login, true, true) => self.drop_dtr(now, cause),
            (OnLine::Call, true, false) => Ending::by_command(now, &self.config, cause, &mut self.out),
            (OnLine::Call | OnLine::Login, false, _) | (OnLine::Nothing, ..) => return self.down(cause, true),
        };
        self.enter(State::Ending(ending));
    }

    fn drop_dtr(&mut self, now: Instant, cause: Cause) -> Ending {
        self.port(PortCommand::Line(LineCommand::Dtr(false)));
        Ending::by_dtr(now, &self.config, cause)
    }

    /// A step of the end is done.
    fn hung_up(&mut self, now: Instant) {
        let State::Ending(ending) = self.leave() else { return };
        let hangs_up = ending.is_parting() && self.is_modem();
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

    /// Asks for the port, once the script can be run.
    fn open_port(&mut self) {
        self.chain = match self.steps() {
            Ok(steps) => steps,
            Err(cause) => return self.down(cause, false),
        };
        let spec = PortSpec::Serial(self.settings.port.clone(), self.settings.line);
        self.port(PortCommand::Open(spec));
        self.enter(State::Opening);
    }

    fn data_input(&mut self, now: Instant, input: &mut [u8]) -> Input {
        let is_said = input.ends_with(NO_CARRIER);
        // Behind half a frame it is offered again and again.
        if !is_said || self.doubt.is_none() || self.doubted != input.len() {
            self.doubted = input.len();
            self.doubt_carrier(now, is_said);
        }
        self.decoder.decode(input)
    }

    /// A port without lines has no other way to tell that the modem has gone back to commands. Data may end in the same
    /// words, but then more follows.
    fn doubt_carrier(&mut self, now: Instant, is_said: bool) {
        let is_said = is_said && !self.has_lines && self.is_modem();
        self.doubt = is_said.then(|| Timeout { at: now + GUARD, why: "silence behind NO CARRIER" });
    }

    /// Tells whether the silence behind the words has lasted, and the line is down.
    fn doubt_is_over(&mut self, now: Instant, did: &str) -> bool {
        let is_over = self.doubt.is_some_and(|doubt| doubt.at <= now);
        if is_over {
            self.doubt = None;
            self.down(carrier_lost(did), true);
        }
        is_over
    }

    /// Writes a frame of LCP, whose control characters are all escaped (RFC 1662 7).
    fn encode_lcp(&self, header: &[u8], payload: &[u8], out: &mut Batch) {
        let whole = [header, payload].concat();
        if !is_negotiating(&whole) {
            let encoder = if self.framing.send_fcs32 { &self.lcp_encoder32 } else { &self.lcp_encoder };
            return encoder.encode(header, payload, out);
        }
        if self.framing.requests_twice && matches!(whole[4], CONFIGURE_REQUEST | TERMINATE_REQUEST) {
            self.lcp_encoder32.encode(header, payload, out);
        }
        self.lcp_encoder.encode(header, payload, out);
    }

    fn is_modem(&self) -> bool {
        matches!(self.settings.device, LineDevice::Modem(_))
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
/// Codes of LCP (RFC 1661 5) that begin what RFC 1570 2.1.1 is about.
const CONFIGURE_REQUEST: u8 = 1;
const TERMINATE_REQUEST: u8 = 5;
/// The one port.
const PORT: PortId = PortId(0);
