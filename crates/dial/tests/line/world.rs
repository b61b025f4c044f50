//! A dial over a line in virtual time: the modem, and who answers.

use rasman_core::*;
use rasman_dial::*;
use rasman_media::modem::{Config as LineConfig, SerialLink};
use rasman_ppp::{self as ppp, Account, AccountState, Accounts, Ppp};
use rasman_testkit::{SeededRng, SlowLine};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// A dial, a modem that answers each number as it was told, and a server at the end of the line.
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) connection: Connection,
    /// What each number says; others are busy.
    pub(crate) numbers: Vec<(&'static str, &'static str)>,
    /// Opening the port fails.
    pub(crate) no_port: Option<Cause>,
    /// The port has control lines.
    pub(crate) has_lines: bool,
    pub(crate) port: Option<PortId>,
    pub(crate) dtr_dropped: u32,
    /// What the modem has not got a whole line of.
    pub(crate) command: Vec<u8>,
    /// Whoever answers says this first, and begins PPP once it has heard the other.
    pub(crate) host: Option<(&'static str, &'static str)>,
    /// What the modem says to each command but the call.
    pub(crate) answers: String,
    /// Whoever answers sends back what comes.
    pub(crate) loops: bool,
    /// One in so many frames of the server has a wrong checksum.
    pub(crate) spoils: Option<u32>,
    pub(crate) frames: u32,
    /// So many packets of programs have reached the server.
    pub(crate) server_packets: u32,
    /// So many Echo-Requests were answered.
    pub(crate) answered: u32,
    pub(crate) dialled: Vec<String>,
    /// What is to be dialled first from now on.
    pub(crate) promoted: Vec<usize>,
    pub(crate) server: Option<(SerialLink, Ppp)>,
    /// Octets are on their way for as long as a line of this speed takes, in each direction.
    pub(crate) speed: u32,
    /// What the server's framing does and asks for.
    pub(crate) checksum: ppp::Checksum,
    /// What the dial has not got a whole frame of.
    waiting: Vec<u8>,
    /// On their way to the server, and from it.
    pub(crate) up: SlowLine,
    pub(crate) down: SlowLine,
    pub(crate) told: Vec<(ConnState, u32)>,
    pub(crate) details: Vec<Detail>,
    /// What the line said to the client, who had it.
    pub(crate) screen: Vec<u8>,
    /// How characters were set, one after another.
    pub(crate) formats: Vec<CharacterFormat>,
    /// The number of the last notification.
    pub(crate) seq: u64,
    pub(crate) finished: Option<Cause>,
}

pub(crate) struct Users;

impl Accounts for Users {
    fn account(&self, user: &str, _domain: &str) -> Option<Account> {
        (user == "alice").then(|| Account { password: "wonderland".into(), state: AccountState::Usable })
    }
}

pub(crate) fn modem(number: &str) -> Medium {
    let modem = ModemSettings { name: "Standard 56000 bps Modem".into(), number: number.into(), ..Default::default() };
    Medium::Serial(line(LineDevice::Modem(modem)))
}

pub(crate) fn line(device: LineDevice) -> SerialSettings {
    SerialSettings::new(SerialPort::Device("/dev/ttyS2".into()), device)
}

pub(crate) fn entry(media: Vec<Medium>) -> Entry {
    let mut media = media.into_iter();
    let mut entry = Entry::sstp("line", "unused");
    entry.medium = media.next().unwrap();
    entry.alternates = media.collect();
    entry.validate().unwrap();
    entry
}

impl World {
    pub(crate) fn new(entry: Entry) -> Self {
        Self::with(entry, false, false)
    }

    /// Makes a dial that may pause, and of which a handler may be told.
    pub(crate) fn with(entry: Entry, paused_states: bool, handler: bool) -> Self {
        let credentials = Credentials { user: "alice".into(), password: "wonderland".into(), ..Default::default() };
        let plan = DialPlan {
            entry: Arc::new(entry),
            credentials,
            handler,
            paused_states,
            config: Config::default(),
            tunnels: std::sync::Arc::new(rasman_dial::NoTunnels),
        };
        let mut seed = 0;
        let rng = Box::new(move || {
            seed += 1;
            Box::new(SeededRng::new(seed)) as Box<dyn Rng + Send>
        });
        Self {
            now: Instant::ZERO,
            connection: Connection::dial(plan, rng, Instant::ZERO),
            numbers: vec![("5551234", "\r\nCONNECT 33600\r\n")],
            no_port: None,
            has_lines: false,
            port: None,
            dtr_dropped: 0,
            command: Vec::new(),
            host: None,
            answers: "\r\nOK\r\n".into(),
            loops: false,
            spoils: None,
            frames: 0,
            answered: 0,
            server_packets: 0,
            dialled: Vec::new(),
            promoted: Vec::new(),
            server: None,
            speed: 0,
            checksum: ppp::Checksum::Fcs16,
            waiting: Vec::new(),
            up: SlowLine::default(),
            down: SlowLine::default(),
            told: Vec::new(),
            details: Vec::new(),
            screen: Vec::new(),
            formats: Vec::new(),
            seq: 0,
            finished: None,
        }
    }

    /// Lets everything happen until `ms`, or until nothing is left to happen.
    pub(crate) fn run_until(&mut self, ms: u64) -> &mut Self {
        let end = Instant::from_millis(ms);
        loop {
            while self.step() {}
            let server =
                self.server.as_ref().and_then(|(link, ppp)| Timeout::earliest(link.poll_timeout(), ppp.poll_timeout()));
            let arrives = |line: &SlowLine| line.next_at().map(|at| Timeout { at, why: "an octet arrives" });
            let wires = Timeout::earliest(arrives(&self.up), arrives(&self.down));
            let next = Timeout::earliest(Timeout::earliest(self.connection.poll_timeout(), server), wires);
            match next.filter(|next| next.at <= end) {
                Some(next) => self.now = self.now.max(next.at),
                None => break,
            }
            self.connection.handle_timeout(self.now);
            if let Some((link, ppp)) = &mut self.server {
                link.handle_timeout(self.now);
                ppp.handle_timeout(self.now);
            }
        }
        self.now = end;
        self
    }

    /// Tells whether something happened.
    pub(crate) fn step(&mut self) -> bool {
        let mut out = Batch::new();
        let mut any = false;
        while let Some(port) = self.connection.poll_transmit(self.now, &mut out) {
            if Some(port) == self.port {
                self.modem_hears(out.as_bytes());
            }
            out.clear();
            any = true;
        }
        while let Some(effect) = self.connection.poll_effect() {
            self.effect(effect);
            any = true;
        }
        any | self.serve() | self.arrive()
    }

    /// Hands on what has come through a slow line.
    fn arrive(&mut self) -> bool {
        let (up, down) = (self.up.arrived(self.now), self.down.arrived(self.now));
        if !up.is_empty() {
            self.through(&up);
        }
        if !down.is_empty() {
            self.says(&down);
        }
        !(up.is_empty() && down.is_empty())
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Port(port, PortCommand::Open(PortSpec::Serial(..))) => {
                let command = match &self.no_port {
                    Some(cause) => Command::PortClosed(port, PortClosed::Failed(cause.clone())),
                    None => {
                        self.port = Some(port);
                        let mut facts = PortFacts::default();
                        facts.has_lines = self.has_lines;
                        Command::PortReady(port, facts)
                    }
                };
                self.connection.handle_command(self.now, command);
            }
            Effect::Port(port, PortCommand::Line(LineCommand::Dtr(false))) => {
                self.dtr_dropped += 1;
                (self.server, self.port) = (None, None);
                self.connection.handle_command(self.now, Command::PortClosed(port, PortClosed::ByPeer));
            }
            Effect::Port(_, PortCommand::Close) => {
                self.port = None;
                self.server = None;
                self.waiting.clear();
            }
            Effect::ConfigureNetwork(_) => self.connection.handle_command(self.now, Command::NetworkReady),
            Effect::Notify(notification) => {
                self.seq = notification.seq;
                self.told.push((notification.state, notification.error_number()));
                self.details.push(notification.detail);
            }
            Effect::LineOctets(octets) => self.screen.extend(octets),
            Effect::Port(_, PortCommand::Line(LineCommand::Format(format))) => self.formats.push(format),
            Effect::Promote(medium) => self.promoted.push(medium),
            Effect::Finished(cause) => self.finished = Some(cause),
            _ => {}
        }
    }

    fn modem_hears(&mut self, bytes: &[u8]) {
        if self.loops && !self.dialled.is_empty() {
            return self.says(bytes);
        }
        if let Some((_, awaited)) = self.host.filter(|_| !self.dialled.is_empty()) {
            self.command.extend_from_slice(bytes);
            let length = awaited.len();
            if let Some(at) = self.command.windows(length).position(|octets| octets == awaited.as_bytes()) {
                let behind = self.command.split_off(at + length);
                self.command.clear();
                self.host = None;
                self.answer();
                self.modem_hears(&behind);
            }
            return;
        }
        if self.server.is_some() {
            return if self.speed > 0 { self.up.send(self.now, bytes, self.speed) } else { self.through(bytes) };
        }
        for byte in bytes {
            self.command.push(*byte);
            if self.command.ends_with(b"\r") {
                let command = String::from_utf8(std::mem::take(&mut self.command)).unwrap();
                self.handle_command(command.trim());
            }
        }
    }

    fn handle_command(&mut self, command: &str) {
        let Some(number) = command.strip_prefix("ATD") else {
            let answers = self.answers.clone();
            return self.says(answers.as_bytes());
        };
        self.dialled.push(number.to_owned());
        let says = self.numbers.iter().find(|(known, _)| *known == number).map_or("\r\nBUSY\r\n", |(_, says)| says);
        self.says(says.as_bytes());
        match self.host {
            _ if !says.contains("CONNECT") || self.loops => {}
            Some((greets, _)) => self.says(greets.as_bytes()),
            None => self.answer(),
        }
    }

    /// A server picks up.
    pub(crate) fn answer(&mut self) {
        let mut link = SerialLink::answerer(line(LineDevice::Direct), LineConfig::default());
        link.open(self.now);
        link.port_ready(self.now, PortId(0), &PortFacts::default());
        link.connect(self.now);
        let addresses = (Ipv4Addr::new(10, 99, 0, 1), Ipv4Addr::new(10, 99, 0, 2));
        let framing =
            ppp::Framing { accm: Some(0), compress_protocol: true, compress_address: true, checksum: self.checksum };
        let config = ppp::ServerConfig { framing, ..ppp::ServerConfig::new(Arc::new(Users), addresses.0, addresses.1) };
        let mut ppp = Ppp::server(config, Box::new(SeededRng::new(99)));
        // Whoever has a slow line has set it so.
        ppp.set_times(ppp::Negotiation::restart_on_line(self.speed), None);
        self.server = Some((link, ppp));
    }

    pub(crate) fn says(&mut self, bytes: &[u8]) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.extend_from_slice(bytes);
        while let (Some(port), false) = (self.port, waiting.is_empty()) {
            match self.connection.handle_input(self.now, port, &mut waiting) {
                Input::Consumed { used }
                | Input::Payload { used, .. }
                | Input::Rebuilt { used }
                | Input::Dropped { used, .. } => drop(waiting.drain(..used)),
                Input::NeedMore => {
                    self.waiting = waiting;
                    break;
                }
            }
        }
    }

    fn through(&mut self, bytes: &[u8]) {
        let mut waiting = std::mem::take(&mut self.command);
        waiting.extend_from_slice(bytes);
        self.command = self.server_hears(waiting);
    }

    /// Hands bytes to the server; gives what it left.
    fn server_hears(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        while let (Some((link, ppp)), false) = (&mut self.server, bytes.is_empty()) {
            let used = match link.handle_input(self.now, &mut bytes) {
                Input::Payload { range, used } => {
                    let taken = ppp.handle_input(self.now, &mut bytes[range]);
                    self.server_packets += u32::from(matches!(taken, Input::Payload { .. }));
                    link.set_framing(ppp.line_framing());
                    used
                }
                Input::Rebuilt { used } | Input::Consumed { used } | Input::Dropped { used, .. } => used,
                Input::NeedMore => break,
            };
            bytes.drain(..used);
        }
        bytes
    }

    fn serve(&mut self) -> bool {
        let Some((link, ppp)) = &mut self.server else { return false };
        let (mut frames, mut out) = (Batch::new(), Batch::new());
        while let Some(event) = link.poll_event() {
            if let LinkEvent::Up(params) = event {
                ppp.lower_up(self.now, params.mru);
            }
        }
        while ppp.poll_event().is_some() {}
        link.set_framing(ppp.line_framing());
        while ppp.poll_transmit(self.now, &mut frames) {
            for frame in frames.frames() {
                self.answered += u32::from(frame.starts_with(&[0xff, 0x03, 0xc0, 0x21, 10]));
                link.encap(self.now, &[], frame, &mut out).unwrap();
            }
            frames.clear();
        }
        let any = !out.is_empty();
        let mut octets = out.as_bytes().to_vec();
        if let (true, Some(n)) = (any, self.spoils) {
            self.frames += 1;
            if self.frames.is_multiple_of(n) {
                // A bit in the middle of what was said.
                let middle = octets.len() / 2;
                octets[middle] ^= 0x04;
            }
        }
        if self.speed > 0 {
            self.down.send(self.now, &octets, self.speed);
        } else {
            self.says(&octets);
        }
        any
    }

    /// Sends frames of ours.
    pub(crate) fn sends(&mut self, octets: &[u8]) {
        self.modem_hears(octets);
    }

    /// Whoever answered is gone, and the line does not tell.
    pub(crate) fn silence(&mut self) {
        let (link, _) = self.server.take().expect("somebody answered");
        let nobody = Ppp::client(ppp::ClientConfig::default(), Box::new(SeededRng::new(1)));
        self.server = Some((link, nobody));
        self.down.cut();
    }

    /// The client says something on the line.
    pub(crate) fn types(&mut self, octets: &str) -> &mut Self {
        self.connection.handle_command(self.now, Command::LineOctets(octets.into()));
        self
    }

    /// The client gives the line back.
    pub(crate) fn goes_on(&mut self) -> &mut Self {
        let Some(Detail::Question(question)) = self.details.last() else { panic!("{:?}", self.told) };
        let command = Command::Answer { id: question.id, answer: Answer::Continue };
        self.connection.handle_command(self.now, command);
        self
    }

    pub(crate) fn hang_up(&mut self) -> &mut Self {
        let cause = Cause::new(Code::USER_DISCONNECTION, LayerName::User);
        self.connection.handle_command(self.now, Command::HangUp(cause));
        self
    }
}
