//! A telephone network in virtual time: a dial behind one modem, a server that calls back behind another.
#![allow(unreachable_pub)] // A test binary exports nothing.

use rasman_core::{
    Batch, Callback, Cause, Code, ConnState, Credentials, Duration, Entry, Input, Instant, Layer, LayerName,
    LineCommand, LineDevice, Link, LinkEvent, Medium, ModemSettings, Notification, PortClosed, PortCommand, PortFacts,
    PortId, Redial, SerialPort, SerialSettings, Timeout,
};
use rasman_dial::{Command, Config, Connection, DialPlan, Effect, NoTunnels};
use rasman_lab::modem::{Action, Emulator, Personality};
use rasman_media::modem::{Config as LineConfig, SerialLink};
use rasman_ppp::{
    Account, AccountState, Accounts, CallbackCall, CallbackPolicy, Checksum, Event, Framing, Negotiation, Ppp,
    ServerConfig,
};
use rasman_testkit::{SeededRng, SlowLine};
use std::sync::Arc;

/// The server's number.
pub const SERVER: &str = "5550100";
/// The number of whoever dials.
pub const CALLER: &str = "5550199";

/// A dial and a server, each behind a modem, and the line between the two.
pub struct Exchange {
    pub now: Instant,
    pub connection: Connection,
    pub told: Vec<Notification>,
    pub finished: Option<Cause>,
    /// The numbers that were dialled, and when.
    pub calls: Vec<String>,
    pub called_at: Vec<Instant>,
    /// When a line went down first.
    pub hung_up_at: Option<Instant>,
    /// Both ports have control lines.
    pub has_lines: bool,
    /// Nobody answers when the server calls.
    pub loses_calls_back: bool,
    /// Who calls back has other accounts.
    pub another_calls: bool,
    /// The handler does not return from this state.
    pub stop_at: Option<ConnState>,
    /// How long the handler takes each time.
    pub handler_takes: Option<Duration>,
    returns: Option<(Instant, u64)>,
    caller: Modem,
    server_modem: Modem,
    line: Line,
    /// The line's speed in bits a second; 0 for none.
    speed: u32,
    /// What is on its way: from whoever dials, and from the server.
    wires: [SlowLine; 2],
    server: Server,
    /// What the dial has not got a whole frame of.
    heard: Vec<u8>,
}

/// A modem, and the port of the program that uses it.
struct Modem {
    emulator: Emulator,
    port: Option<PortId>,
    watches_carrier: bool,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Line {
    None,
    /// One of both has dialled, and the other rings.
    Ringing {
        by_server: bool,
    },
    Open,
}

/// The end that is called, and calls back.
struct Server {
    policy: Option<CallbackPolicy>,
    link: SerialLink,
    ppp: Ppp,
    call: Option<CallbackCall>,
    calls_at: Option<Instant>,
    seed: u64,
    /// Octets of frames that wait to be sent.
    sent: Vec<u8>,
    /// What it has not got a whole frame of.
    heard: Vec<u8>,
    speed: u32,
}

struct Users(&'static str);

impl Accounts for Users {
    fn account(&self, user: &str, _domain: &str) -> Option<Account> {
        (user == "alice").then(|| Account { password: self.0.into(), state: AccountState::Usable })
    }
}

impl Exchange {
    /// Dials without paused states.
    pub fn new(callback: Callback, policy: Option<CallbackPolicy>) -> Self {
        Self::dial(callback, policy, false, Redial::default())
    }

    /// Dials with an asterisk for the number, and with paused states.
    pub fn asking(policy: CallbackPolicy) -> Self {
        Self::dial(Callback::Ask, Some(policy), true, Redial::default())
    }

    /// Dials, and once more if that fails.
    pub fn redialling(callback: Callback, policy: CallbackPolicy) -> Self {
        let redial = Redial { attempts: 1, pause: Duration::from_secs(5), on_link_failure: false };
        Self::dial(callback, Some(policy), false, redial)
    }

    fn dial(callback: Callback, policy: Option<CallbackPolicy>, paused_states: bool, redial: Redial) -> Self {
        let mut entry = Entry::sstp("line", "unused");
        entry.medium = Medium::Serial(serial(SERVER));
        (entry.callback, entry.redial) = (callback, redial);
        entry.validate().unwrap();
        let plan = DialPlan {
            entry: Arc::new(entry),
            credentials: Credentials { user: "alice".into(), password: "wonderland".into(), ..Default::default() },
            handler: true,
            paused_states,
            config: Config::default(),
            tunnels: Arc::new(NoTunnels),
        };
        let mut seed = 0;
        let rng = Box::new(move || {
            seed += 1;
            Box::new(SeededRng::new(seed)) as Box<dyn rasman_core::Rng + Send>
        });
        let now = Instant::from_millis(1);
        let mut server = Server::listening(policy, 0);
        server.link.open(now);
        Self {
            now,
            connection: Connection::dial(plan, rng, now),
            told: Vec::new(),
            finished: None,
            calls: Vec::new(),
            called_at: Vec::new(),
            hung_up_at: None,
            has_lines: false,
            loses_calls_back: false,
            another_calls: false,
            stop_at: None,
            handler_takes: None,
            returns: None,
            caller: Modem::new(CALLER),
            server_modem: Modem::new(SERVER),
            line: Line::None,
            speed: 0,
            wires: [SlowLine::default(), SlowLine::default()],
            server,
            heard: Vec::new(),
        }
    }

    /// Dials over a line that behaves so, at both its ends.
    pub fn over(line: &str, callback: Callback, policy: Option<CallbackPolicy>) -> Self {
        let mut world = Self::new(callback, policy.clone());
        let modem = |number: &str| {
            let personality = Personality { number: number.into(), ..line.parse().expect("a personality") };
            Modem { emulator: Emulator::new(personality), port: None, watches_carrier: false }
        };
        (world.caller, world.server_modem) = (modem(CALLER), modem(SERVER));
        world.speed = world.caller.emulator.personality().speed;
        world.server = Server::listening(policy, world.speed);
        world.server.link.open(world.now);
        world
    }

    /// The last state that was told, and its error.
    pub fn last(&self) -> Option<(ConnState, u32)> {
        self.told.last().map(|told| (told.state, told.error_number()))
    }

    /// Lets everything happen that does within so long, or until nothing is left to happen.
    pub fn run(&mut self, long: Duration) {
        let end = self.now + long;
        loop {
            self.settle();
            let modems = [self.caller.emulator.next_timeout(), self.server_modem.emulator.next_timeout()];
            let layers =
                [self.connection.poll_timeout(), self.server.link.poll_timeout(), self.server.ppp.poll_timeout()];
            let layers = layers.into_iter().flatten().map(|Timeout { at, .. }| at);
            let wires = self.wires.each_ref().map(SlowLine::next_at);
            let own = [self.server.calls_at, self.returns.map(|(at, _)| at), wires[0], wires[1]];
            let next = modems.into_iter().chain(own).flatten().chain(layers).min();
            let Some(next) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            self.time_passes();
            if self.is_quiet() {
                return;
            }
        }
        self.now = end;
    }

    /// Tells whether nothing of interest follows: connected or failed, and every modem at rest.
    fn is_quiet(&mut self) -> bool {
        self.settle();
        match self.told.last() {
            Some(last) if last.state == ConnState::Connected && last.error.is_none() => self.line == Line::Open,
            Some(last) => last.is_last() && self.is_on_hook(),
            None => false,
        }
    }

    /// Hangs up as the user, and lets that come to its end.
    pub fn hang_up(&mut self) {
        self.command(Command::HangUp(Cause::new(Code::USER_DISCONNECTION, LayerName::User)));
        let end = self.now + Duration::from_secs(10);
        while self.now < end && (self.finished.is_none() || !self.is_on_hook()) {
            self.run(Duration::from_millis(100));
        }
    }

    pub fn command(&mut self, command: Command) {
        self.connection.handle_command(self.now, command);
        self.settle();
    }

    /// Tells whether the modem of whoever dials is free, and its port too.
    pub fn is_on_hook(&self) -> bool {
        self.caller.port.is_none() && self.caller.emulator.is_idle()
    }

    fn time_passes(&mut self) {
        self.connection.handle_timeout(self.now);
        self.server.link.handle_timeout(self.now);
        self.server.ppp.handle_timeout(self.now);
        self.caller.emulator.handle_timeout(self.now);
        self.server_modem.emulator.handle_timeout(self.now);
        if let Some((_, seq)) = self.returns.take_if(|(at, _)| *at <= self.now) {
            self.command(Command::HandlerDone { seq, more: true });
        }
        if self.server.calls_at.take_if(|at| *at <= self.now).is_some()
            && let Some(call) = self.server.call.take()
        {
            let accounts = if self.another_calls { "other" } else { "wonderland" };
            self.server.call_back(self.now, &call.number, accounts);
        }
    }

    fn settle(&mut self) {
        while self.dial_step() | self.server_step() | self.line_step() {}
    }

    /// Moves what the dial says; tells whether there was anything.
    fn dial_step(&mut self) -> bool {
        let mut any = false;
        let mut out = Batch::new();
        while let Some(port) = self.connection.poll_transmit(self.now, &mut out) {
            if Some(port) == self.caller.port {
                self.caller.emulator.from_computer(self.now, out.as_bytes());
            }
            out.clear();
            any = true;
        }
        while let Some(effect) = self.connection.poll_effect() {
            self.effect(effect);
            any = true;
        }
        let said = self.caller.emulator.take_for_computer(self.now);
        any |= !said.is_empty();
        self.dial_hears(&said);
        any
    }

    fn dial_hears(&mut self, said: &[u8]) {
        let mut heard = std::mem::take(&mut self.heard);
        heard.extend_from_slice(said);
        while let (Some(port), false) = (self.caller.port, heard.is_empty()) {
            match self.connection.handle_input(self.now, port, &mut heard) {
                Input::NeedMore => {
                    self.heard = heard;
                    break;
                }
                other => drop(heard.drain(..used(&other))),
            }
        }
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Port(port, PortCommand::Open(_)) => {
                self.caller.port = Some(port);
                self.connection.handle_command(self.now, Command::PortReady(port, self.facts()));
            }
            Effect::Port(port, PortCommand::Line(LineCommand::Dtr(false))) if self.has_lines => {
                self.caller.close();
                self.connection.handle_command(self.now, Command::PortClosed(port, PortClosed::ByPeer));
            }
            Effect::Port(_, PortCommand::Line(LineCommand::WatchCarrier(on))) => self.caller.watches_carrier = on,
            Effect::Port(_, PortCommand::Close) => self.caller.close(),
            Effect::ConfigureNetwork(_) => self.connection.handle_command(self.now, Command::NetworkReady),
            Effect::Notify(notification) => self.notified(notification),
            Effect::Finished(cause) => self.finished = Some(cause),
            _ => {}
        }
    }

    fn notified(&mut self, notification: Notification) {
        let stops = self.stop_at == Some(notification.state);
        if !stops && !notification.is_last() {
            let at = self.now + self.handler_takes.unwrap_or_default();
            self.returns = Some((at, notification.seq));
        }
        self.told.push(notification);
    }

    fn facts(&self) -> PortFacts {
        let mut facts = PortFacts::default();
        facts.has_lines = self.has_lines;
        facts
    }

    /// Moves what the server says.
    fn server_step(&mut self) -> bool {
        let mut any = false;
        self.server.pump_ppp(self.now);
        while let Some(event) = self.server.ppp.poll_event() {
            self.server.ppp_event(self.now, event);
            any = true;
        }
        while let Some(event) = self.server.link.poll_event() {
            self.link_event(event);
            any = true;
        }
        let sent = self.server.take_sent(self.now);
        if !sent.is_empty() {
            any = true;
            self.server_modem.emulator.from_computer(self.now, &sent);
        }
        let said = self.server_modem.emulator.take_for_computer(self.now);
        any |= !said.is_empty();
        if self.server_modem.port.is_some() {
            self.server.hears(self.now, said);
        }
        any
    }

    fn link_event(&mut self, event: LinkEvent) {
        let now = self.now;
        match event {
            LinkEvent::Port(port, PortCommand::Open(_)) => {
                self.server_modem.port = Some(port);
                let facts = self.facts();
                self.server.link.port_ready(now, port, &facts);
                self.server.link.connect(now);
            }
            LinkEvent::Port(port, PortCommand::Line(LineCommand::Dtr(false))) if self.has_lines => {
                self.server_modem.close();
                self.server.link.port_closed(now, port, &PortClosed::ByPeer);
            }
            LinkEvent::Port(_, PortCommand::Line(LineCommand::WatchCarrier(on))) => {
                self.server_modem.watches_carrier = on;
            }
            LinkEvent::Port(_, PortCommand::Close) => self.server_modem.close(),
            LinkEvent::Up(params) => self.server.ppp.lower_up(now, params.mru),
            LinkEvent::Down(_) => {
                self.server_modem.close();
                self.server.down(now);
            }
            _ => {}
        }
    }

    /// Moves what is on the line.
    fn line_step(&mut self) -> bool {
        let mut any = false;
        for by_server in [false, true] {
            while let Some(action) = self.modem(by_server).emulator.poll_action() {
                self.act(by_server, action);
                any = true;
            }
            let (now, speed) = (self.now, self.speed);
            let sent = self.modem(by_server).emulator.take_for_line();
            let wire = &mut self.wires[usize::from(by_server)];
            if self.line != Line::Open {
                wire.cut();
                continue;
            }
            wire.send(now, &sent, speed);
            let arrived = wire.arrived(now);
            any |= !sent.is_empty() || !arrived.is_empty();
            if !arrived.is_empty() {
                self.modem(!by_server).emulator.from_line(now, &arrived);
            }
        }
        any
    }

    fn act(&mut self, by_server: bool, action: Action) {
        let now = self.now;
        match (action, self.line) {
            (Action::Dial(number), Line::None) => {
                let own = if by_server { CALLER } else { SERVER };
                let is_lost = by_server && self.loses_calls_back;
                let rings = number == own && !is_lost && self.modem(!by_server).emulator.is_idle();
                self.calls.push(number);
                self.called_at.push(now);
                if rings {
                    self.modem(!by_server).emulator.ring(now);
                    self.line = Line::Ringing { by_server };
                } else {
                    self.modem(by_server).emulator.refused(now, "NO ANSWER", "8");
                }
            }
            (Action::Answer, Line::Ringing { by_server: caller }) if caller != by_server => {
                self.line = Line::Open;
                self.caller.emulator.connected(now);
                self.server_modem.emulator.connected(now);
            }
            (Action::Dial(_) | Action::Answer, _) => self.modem(by_server).emulator.refused(now, "NO CARRIER", "3"),
            (Action::HangUp, Line::None) => {}
            (Action::HangUp, _) => {
                self.line = Line::None;
                self.hung_up_at.get_or_insert(now);
                self.modem(!by_server).emulator.line_lost(now);
                self.carrier_drops();
            }
        }
    }

    /// A port that watches the carrier closes with it.
    fn carrier_drops(&mut self) {
        if self.has_lines
            && std::mem::take(&mut self.caller.watches_carrier)
            && let Some(port) = self.caller.port.take()
        {
            self.connection.handle_command(self.now, Command::PortClosed(port, PortClosed::ByPeer));
        }
        if self.has_lines
            && std::mem::take(&mut self.server_modem.watches_carrier)
            && let Some(port) = self.server_modem.port.take()
        {
            self.server.link.port_closed(self.now, port, &PortClosed::ByPeer);
        }
    }

    fn modem(&mut self, of_server: bool) -> &mut Modem {
        if of_server { &mut self.server_modem } else { &mut self.caller }
    }
}

impl Modem {
    fn new(number: &str) -> Self {
        let personality = Personality { number: number.into(), ..Personality::default() };
        Self { emulator: Emulator::new(personality), port: None, watches_carrier: false }
    }

    /// The port is closed, and DTR drops with it.
    fn close(&mut self) {
        if self.port.take().is_some() {
            self.emulator.dtr_dropped();
        }
        self.watches_carrier = false;
    }
}

impl Server {
    /// Waits for a call.
    fn listening(policy: Option<CallbackPolicy>, speed: u32) -> Self {
        let link = SerialLink::answerer(serial(""), LineConfig::default());
        let ppp = ppp(policy.clone(), "wonderland", 1, speed);
        let (call, calls_at, sent, heard) = (None, None, Vec::new(), Vec::new());
        Self { policy, link, ppp, call, calls_at, seed: 1, sent, heard, speed }
    }

    fn call_back(&mut self, now: Instant, number: &str, password: &'static str) {
        self.seed += 1;
        self.link = SerialLink::caller(serial(number), LineConfig::default());
        self.ppp = ppp(None, password, self.seed, self.speed);
        self.link.open(now);
    }

    fn down(&mut self, now: Instant) {
        self.ppp.lower_down(now);
        self.calls_at = self.call.as_ref().map(|call| now + call.delay);
        if self.call.is_none() {
            let policy = self.policy.clone();
            self.seed += 1;
            self.link = SerialLink::answerer(serial(""), LineConfig::default());
            self.ppp = ppp(policy, "wonderland", self.seed, self.speed);
            self.link.open(now);
        }
    }

    fn ppp_event(&mut self, now: Instant, event: Event) {
        match event {
            Event::CallbackAgreed(call) => self.call = call,
            Event::Finished(cause) => {
                self.pump_ppp(now);
                self.link.close(now, &cause);
            }
            _ => {}
        }
    }

    /// Hands PPP's frames to the link, whose octets wait with the rest.
    fn pump_ppp(&mut self, now: Instant) {
        let mut frames = Batch::new();
        self.link.set_framing(self.ppp.line_framing());
        while self.ppp.poll_transmit(now, &mut frames) {
            let mut out = Batch::new();
            for frame in frames.frames() {
                let _ = self.link.encap(now, &[], frame, &mut out);
            }
            frames.clear();
            self.sent.extend_from_slice(out.as_bytes());
        }
    }

    fn take_sent(&mut self, now: Instant) -> Vec<u8> {
        let mut out = Batch::new();
        while self.link.poll_transmit(now, &mut out) {}
        let mut sent = std::mem::take(&mut self.sent);
        sent.extend_from_slice(out.as_bytes());
        sent
    }

    fn hears(&mut self, now: Instant, more: Vec<u8>) {
        let mut said = std::mem::take(&mut self.heard);
        said.extend(more);
        while !said.is_empty() {
            let taken = self.link.handle_input(now, &mut said);
            match &taken {
                Input::NeedMore => {
                    self.heard = said;
                    break;
                }
                Input::Payload { range, .. } => {
                    let _ = self.ppp.handle_input(now, &mut said[range.clone()]);
                }
                _ => {}
            }
            said.drain(..used(&taken));
        }
    }
}

fn used(input: &Input) -> usize {
    match input {
        Input::Payload { used, .. }
        | Input::Rebuilt { used }
        | Input::Consumed { used }
        | Input::Dropped { used, .. } => *used,
        Input::NeedMore => 0,
    }
}

fn ppp(callback: Option<CallbackPolicy>, password: &'static str, seed: u64, speed: u32) -> Ppp {
    let framing = Framing { accm: Some(0), compress_protocol: true, compress_address: true, checksum: Checksum::Fcs16 };
    let base = ServerConfig::new(Arc::new(Users(password)), [10, 99, 0, 1].into(), [10, 99, 0, 2].into());
    let negotiation = Negotiation { restart: Negotiation::restart_on_line(speed), ..Negotiation::default() };
    Ppp::server(ServerConfig { framing, callback, negotiation, ..base }, Box::new(SeededRng::new(1000 + seed)))
}

fn serial(number: &str) -> SerialSettings {
    let modem = ModemSettings { name: "Lab modem".into(), number: number.into(), ..ModemSettings::default() };
    SerialSettings::new(SerialPort::Device("/dev/ttyS0".into()), LineDevice::Modem(modem))
}
