//! A world for a dial: virtual time, a server's half over a perfect pipe, and a client that may run a handler.

#![allow(dead_code, unreachable_pub)] // Each test binary uses its part.

use rasman_core::*;
use rasman_dial::*;
use rasman_media::sstp;
use rasman_ppp::{self as ppp, Account, AccountState, Accounts, Ppp};
use rasman_testkit::SeededRng;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// What opening the port does.
#[derive(Clone)]
pub enum Reach {
    /// It works at once.
    Ready,
    /// It hangs in this phase.
    Hangs(PortPhase),
    /// It fails.
    Fails(Cause),
    /// The port opens, and the server never says a byte.
    Silent,
}

/// From where on the server says nothing more.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum Mute {
    Never,
    /// After the SSTP call: PPP is never answered.
    Ppp,
    /// After LCP.
    Authentication,
    /// After authentication.
    Ipcp,
    /// Everything, echoes and goodbyes included.
    All,
}

pub struct World {
    pub now: Instant,
    pub connection: Connection,
    server: Option<Server>,
    server_config: ServerConfig,
    /// Servers that are not as the others are, by name.
    pub servers: Vec<(&'static str, ServerConfig)>,
    /// The port that was opened last.
    port: PortId,
    /// When which server was dialled.
    pub dialled: Vec<(u64, String)>,
    pub substates: Vec<(u64, Substate, u32)>,
    pub promoted: Vec<usize>,
    pub learned: Option<Learned>,
    pub networks: u32,
    to_server: Vec<u8>,
    to_client: Vec<u8>,
    pub told: Vec<(u64, Notification)>,
    pub finished: Option<Cause>,
    /// An established connection was told to be on its way out.
    pub ending: bool,
    /// The port is closed; nothing goes over it any more.
    pub port_open: bool,
    pub ports_opened: u32,
    /// Acknowledge notifications at once.
    pub prompt: bool,
    pub waiting: Option<u64>,
    pub network_fails: Option<Cause>,
    pub echoes_answered: u32,
    /// PPP Terminate-Requests that servers heard.
    pub goodbyes_heard: u32,
    seed: u64,
}

#[derive(Clone)]
pub struct ServerConfig {
    pub reach: Reach,
    pub mute: Mute,
    pub sstp: sstp::ServerConfig,
    pub ppp: ppp::ServerConfig,
}

struct Server {
    sstp: sstp::Server,
    ppp: Ppp,
    mute: Mute,
    established: bool,
    authenticated: bool,
}

struct Users(AccountState);

impl Accounts for Users {
    fn account(&self, user: &str, _domain: &str) -> Option<Account> {
        (user == "alice").then(|| Account { password: "wonderland".into(), state: self.0 })
    }
}

pub fn server() -> ServerConfig {
    server_with(AccountState::Usable)
}

pub fn server_with(state: AccountState) -> ServerConfig {
    ServerConfig {
        reach: Reach::Ready,
        mute: Mute::Never,
        sstp: sstp::ServerConfig::default(),
        ppp: ppp::ServerConfig {
            name: "lab".into(),
            dns: vec![Ipv4Addr::new(10, 99, 0, 53)],
            ..ppp::ServerConfig::new(Arc::new(Users(state)), Ipv4Addr::new(10, 99, 0, 1), Ipv4Addr::new(10, 99, 0, 2))
        },
    }
}

pub fn credentials(password: &str) -> Credentials {
    Credentials { user: "alice".into(), domain: String::new(), password: password.into() }
}

pub fn plan(password: &str) -> DialPlan {
    DialPlan {
        entry: Arc::new(Entry::sstp("work", "vpn.example.com")),
        credentials: credentials(password),
        handler: false,
        paused_states: false,
        config: Config::default(),
        tunnels: std::sync::Arc::new(rasman_dial::NoTunnels),
    }
}

/// A plan with alternate servers and further attempts.
pub fn plan_with(password: &str, alternates: &[&str], redial: Redial) -> DialPlan {
    let mut plan = plan(password);
    let mut entry = (*plan.entry).clone();
    entry.alternates = alternates.iter().map(|server| Entry::sstp("other", *server).medium).collect();
    entry.redial = redial;
    plan.entry = Arc::new(entry);
    plan
}

pub fn unknown_name() -> ServerConfig {
    let cause = Cause::new(Code::DNSNAME_NOT_RESOLVABLE, LayerName::Name).did("asked for its address");
    ServerConfig { reach: Reach::Fails(cause), ..server() }
}

pub fn hang_up() -> Command {
    Command::HangUp(Cause::new(Code::USER_DISCONNECTION, LayerName::User))
}

const LEAF: Leaf = Leaf { sha1: [1; 20], sha256: [2; 32] };

impl World {
    pub fn new(plan: DialPlan, server_config: ServerConfig) -> Self {
        let now = Instant::from_millis(0);
        let prompt = true;
        let mut seed = 100;
        let source: RngSource = Box::new(move || {
            seed += 1;
            Box::new(SeededRng::new(seed))
        });
        let connection = Connection::dial(plan, source, now);
        Self {
            now,
            connection,
            server: None,
            server_config,
            servers: Vec::new(),
            port: PortId(0),
            dialled: Vec::new(),
            substates: Vec::new(),
            promoted: Vec::new(),
            learned: None,
            networks: 0,
            to_server: Vec::new(),
            to_client: Vec::new(),
            told: Vec::new(),
            finished: None,
            ending: false,
            port_open: false,
            ports_opened: 0,
            prompt,
            waiting: None,
            network_fails: None,
            echoes_answered: 0,
            goodbyes_heard: 0,
            seed: 1,
        }
    }

    pub fn command(&mut self, command: Command) {
        self.connection.handle_command(self.now, command);
        self.settle();
    }

    /// Acknowledges the notification that holds the dial.
    pub fn handler_returns(&mut self, more: bool) {
        let seq = self.waiting.take().expect("a handler runs");
        self.command(Command::HandlerDone { seq, more });
    }

    /// Runs until nothing moves without time passing.
    pub fn settle(&mut self) {
        for _ in 0..10_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the world does not come to rest: {:?}", self.connection);
    }

    /// Lets time pass until `ms`, stopping at every deadline.
    pub fn run_until(&mut self, ms: u64) {
        self.settle();
        let end = Instant::from_millis(ms);
        for _ in 0..100_000 {
            let next =
                [self.connection.poll_timeout(), self.server_timeout()].into_iter().flatten().map(|t| t.at).min();
            let at = next.unwrap_or(end).max(self.now);
            if at > end {
                break;
            }
            if at == end && self.now == end && next.is_none() {
                break;
            }
            self.now = at;
            self.connection.handle_timeout(self.now);
            if let Some(server) = &mut self.server {
                server.sstp.handle_timeout(self.now);
                server.ppp.handle_timeout(self.now);
            }
            self.settle();
            if next.is_none() {
                break;
            }
        }
        self.now = end;
    }

    /// Lets time pass until this is true or `ms` have passed.
    pub fn run_until_told(&mut self, ms: u64, wanted: impl Fn(&Notification) -> bool) {
        for at in (self.now.as_millis()..=ms).step_by(10) {
            self.run_until(at);
            if self.told.iter().any(|(_, n)| wanted(n)) {
                return;
            }
        }
        panic!("not told by {ms} ms: {:?}", self.states());
    }

    pub fn states(&self) -> Vec<(ConnState, u32)> {
        self.told.iter().map(|(_, n)| (n.state, n.error_number())).collect()
    }

    pub fn last(&self) -> (u64, ConnState, u32) {
        let (at, n) = self.told.last().expect("something was told");
        (*at, n.state, n.error_number())
    }

    /// The server's side ends the call in good order.
    pub fn server_hangs_up(&mut self) {
        let now = self.now;
        let server = self.server.as_mut().expect("a server runs");
        server.sstp.close(now, &Cause::new(Code::REMOTE_DISCONNECTION, LayerName::Sstp));
        self.settle();
    }

    /// The server's PPP ends in good order; the client has not heard it yet.
    pub fn server_ppp_hangs_up(&mut self) {
        let now = self.now;
        let server = self.server.as_mut().expect("a server runs");
        server.ppp.terminate(now);
    }

    /// From now on the server says nothing at all.
    pub fn server_falls_silent(&mut self) {
        self.server.as_mut().expect("a server runs").mute = Mute::All;
    }

    /// The server's PPP starts over, with its accounts in this state: LCP is negotiated again.
    pub fn server_starts_over(&mut self, state: AccountState) {
        let now = self.now;
        let config = server_with(state).ppp;
        let server = self.server.as_mut().expect("a server runs");
        server.ppp = Ppp::server(config, Box::new(SeededRng::new(77)));
        server.ppp.lower_up(now, 1500);
        self.settle();
    }

    /// A program sends a packet.
    pub fn sends_packet(&mut self) -> bool {
        let mut out = Batch::new();
        self.connection.encap(self.now, &[0x45; 40], &mut out).is_ok()
    }

    /// The server sends a packet from inside.
    pub fn receives_packet(&mut self) {
        let mut out = Batch::new();
        let server = self.server.as_mut().expect("a server runs");
        server.sstp.encap(self.now, &[0xFF, 0x03, 0x00, 0x21], &[0x45; 40], &mut out).expect("the call is up");
        self.to_client.extend_from_slice(out.as_bytes());
        self.settle();
    }

    /// The TCP connection breaks.
    pub fn port_breaks(&mut self) {
        self.port_open = false;
        let cause = Cause::new(Code::LINK_FAILURE, LayerName::Tcp).said("connection reset by peer");
        self.server = None;
        self.command(Command::PortClosed(self.port, PortClosed::Failed(cause)));
    }

    pub fn server_is_bound(&self) -> bool {
        self.server.as_ref().is_some_and(|server| server.sstp.is_bound())
    }

    fn server_timeout(&self) -> Option<Timeout> {
        let server = self.server.as_ref()?;
        Timeout::earliest(server.sstp.poll_timeout(), server.ppp.poll_timeout())
    }

    fn step(&mut self) -> bool {
        let mut moved = false;
        let mut batch = Batch::new();
        while self.connection.poll_transmit(self.now, &mut batch).is_some() {
            moved = true;
        }
        if self.port_open {
            self.to_server.extend_from_slice(batch.as_bytes());
        }
        while let Some(effect) = self.connection.poll_effect() {
            moved = true;
            self.effect(effect);
        }
        moved |= self.serve();
        moved |= self.deliver();
        if self.prompt && self.waiting.is_some() {
            let seq = self.waiting.take().expect("checked");
            self.connection.handle_command(self.now, Command::HandlerDone { seq, more: true });
            moved = true;
        }
        moved
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Port(port, PortCommand::Open(PortSpec::Tls(spec))) => self.open(port, &spec.host),
            Effect::Port(_, _) => {
                // What was said last is still heard.
                self.serve();
                self.to_server.clear();
                self.port_open = false;
                self.to_client.clear();
                self.server = None;
            }
            Effect::ConfigureNetwork(_) => {
                self.networks += 1;
                let command = match self.network_fails.take() {
                    Some(cause) => Command::NetworkFailed(cause),
                    None => Command::NetworkReady,
                };
                self.connection.handle_command(self.now, command);
            }
            Effect::Notify(notification) => {
                if !notification.is_last() {
                    self.waiting = Some(notification.seq);
                }
                self.told.push((self.now.as_millis(), notification));
            }
            Effect::Finished(cause) => {
                assert!(self.finished.is_none(), "finished twice");
                self.finished = Some(cause);
            }
            Effect::Learned(learned) => self.learned = Some(learned),
            Effect::Ending => self.ending = true,
            Effect::Substate { substate, cause } => {
                let code = cause.map_or(0, |cause| cause.code.0);
                self.substates.push((self.now.as_millis(), substate, code));
            }
            Effect::Promote(alternate) => self.promoted.push(alternate),
            other => panic!("unknown effect {other:?}"),
        }
    }

    fn open(&mut self, port: PortId, host: &str) {
        assert!(!self.port_open, "one port at a time");
        self.ports_opened += 1;
        self.port = port;
        self.dialled.push((self.now.as_millis(), host.to_owned()));
        let other = self.servers.iter().find(|(name, _)| *name == host);
        let config = other.map_or(&self.server_config, |(_, config)| config).clone();
        let phase = |world: &mut Self, phase| {
            world.connection.handle_command(world.now, Command::PortProgress(port, phase));
        };
        let mut facts = PortFacts::default();
        facts.leaf = Some(LEAF);
        facts.protection = "TLS 1.3".into();
        phase(self, PortPhase::Resolving);
        match config.reach {
            Reach::Hangs(PortPhase::Resolving) => {}
            Reach::Hangs(hangs) => {
                phase(self, PortPhase::Connecting);
                if hangs == PortPhase::Securing {
                    phase(self, PortPhase::Securing);
                }
            }
            Reach::Fails(cause) => {
                self.connection.handle_command(self.now, Command::PortClosed(port, PortClosed::Failed(cause)));
            }
            Reach::Silent => {
                self.port_open = true;
                self.connection.handle_command(self.now, Command::PortReady(port, facts));
            }
            Reach::Ready => {
                self.port_open = true;
                self.seed += 1;
                let mut sstp = sstp::Server::new(config.sstp, Box::new(SeededRng::new(self.seed)));
                sstp.open(self.now);
                sstp.port_ready(self.now, PortId(0), &facts);
                let ppp = Ppp::server(config.ppp, Box::new(SeededRng::new(self.seed + 1000)));
                let mute = config.mute;
                self.server = Some(Server { sstp, ppp, mute, established: false, authenticated: false });
                self.connection.handle_command(self.now, Command::PortReady(port, facts));
            }
        }
    }

    /// Lets the server take what came and say what it has to say.
    fn serve(&mut self) -> bool {
        let Some(server) = &mut self.server else {
            self.to_server.clear();
            return false;
        };
        let mut moved = false;
        let mut at = 0;
        while at < self.to_server.len() {
            let input = &mut self.to_server[at..];
            let used = match server.sstp.handle_input(self.now, input) {
                Input::Payload { range, used } => {
                    let frame = &mut input[range];
                    // LCP Echo-Reply: protocol C021, code 10.
                    if frame.get(2..5) == Some(&[0xC0, 0x21, 10]) {
                        self.echoes_answered += 1;
                    }
                    // LCP Terminate-Request: code 5.
                    if frame.get(2..5) == Some(&[0xC0, 0x21, 5]) {
                        self.goodbyes_heard += 1;
                    }
                    let _ = server.ppp.handle_input(self.now, frame);
                    used
                }
                Input::Rebuilt { used } | Input::Consumed { used } | Input::Dropped { used, .. } => used,
                Input::NeedMore => break,
            };
            assert!(used > 0, "no progress");
            at += used;
            moved = true;
        }
        self.to_server.drain(..at);
        moved |= server.events(self.now);
        let mut batch = Batch::new();
        moved |= server.transmit(self.now, &mut batch);
        if self.port_open {
            self.to_client.extend_from_slice(batch.as_bytes());
        }
        moved
    }

    fn deliver(&mut self) -> bool {
        let mut moved = false;
        let mut at = 0;
        while at < self.to_client.len() {
            let used = match self.connection.handle_input(self.now, self.port, &mut self.to_client[at..]) {
                Input::Payload { used, .. }
                | Input::Rebuilt { used }
                | Input::Consumed { used }
                | Input::Dropped { used, .. } => used,
                Input::NeedMore => break,
            };
            assert!(used > 0, "no progress");
            at += used;
            moved = true;
        }
        self.to_client.drain(..at);
        moved
    }
}

impl Server {
    fn events(&mut self, now: Instant) -> bool {
        let mut moved = false;
        while let Some(event) = self.sstp.poll_event() {
            moved = true;
            if let LinkEvent::Up(params) = event {
                self.ppp.lower_up(now, params.mru);
            }
        }
        while let Some(event) = self.ppp.poll_event() {
            moved = true;
            match event {
                ppp::Event::LinkEstablished { .. } => self.established = true,
                ppp::Event::Authenticated { keys, .. } => {
                    self.authenticated = true;
                    self.sstp.bind(now, &keys);
                }
                _ => {}
            }
        }
        moved
    }

    fn transmit(&mut self, now: Instant, out: &mut Batch) -> bool {
        let mut frames = Batch::new();
        let mut any = false;
        let muted = match self.mute {
            Mute::Never => false,
            Mute::Ppp | Mute::All => true,
            Mute::Authentication => self.established,
            Mute::Ipcp => self.authenticated,
        };
        let mut kept = Batch::new();
        while self.ppp.poll_transmit(now, &mut frames) {}
        for frame in frames.frames() {
            // The success message itself still goes out when the server falls silent behind authentication.
            let is_ipcp = frame.get(2..4) == Some(&[0x80, 0x21]);
            let goes = !muted || (self.mute == Mute::Ipcp && !is_ipcp);
            let is_chap = frame.get(2..4) == Some(&[0xC2, 0x23]);
            let goes = goes || (self.mute == Mute::Authentication && !is_chap);
            if goes {
                kept.push(frame);
            }
        }
        for frame in kept.frames() {
            any |= self.sstp.encap(now, &[], frame, out).is_ok();
        }
        let mut own = Batch::new();
        while self.sstp.poll_transmit(now, &mut own) {}
        if self.mute != Mute::All {
            any |= !own.is_empty();
            for frame in own.frames() {
                out.push(frame);
            }
        }
        any
    }
}
