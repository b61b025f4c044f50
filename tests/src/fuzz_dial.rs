//! Body of the fuzz target for the connection: a script of commands, port events, time, and a peer that may lie.
//!
//! Each byte of the input is one step, some with arguments behind it. An honest server stands at the other end of the
//! stream, so that scripts get as far as Connected; steps bend, cut or replace what it says.

use rasman_core::{
    Answer, Batch, Cause, CharacterFormat, Code, ConnState, Credentials, Duration, Entry, Input, Instant, Layer,
    LayerName, Leaf, Link, LinkEvent, PortClosed, PortCommand, PortFacts, PortId, Redial, StateClass, Substate,
};
use rasman_dial::{Command, Config, Connection, DialPlan, Effect, PortPhase, RngSource};
use rasman_media::sstp;
use rasman_ppp::{Account, AccountState, Accounts, Event, Ppp, ServerConfig};
use rasman_testkit::SeededRng;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Runs a script against a connection and checks what must hold whatever happens.
pub fn dial_connection(data: &[u8]) {
    let (&options, script) = data.split_first().unwrap_or((&0, &[]));
    let mut bench = Bench::new(options);
    bench.settle();
    let mut script = script.iter().copied();
    for _ in 0..STEPS_MAX {
        let Some(step) = script.next() else { break };
        bench.step(step, &mut script);
        bench.settle();
    }
    bench.ends();
}

struct Bench {
    connection: Connection,
    now: Instant,
    server: Option<(sstp::Server, Ppp)>,
    /// The port that was opened last.
    port: PortId,
    port_open: bool,
    /// What the server has said and the connection has not read.
    to_client: Vec<u8>,
    to_server: Vec<u8>,
    held: Option<u64>,
    next_seq: u64,
    last_told: bool,
    connected_told: bool,
    /// The link of the established connection is away.
    away: bool,
    finished: bool,
    /// Acknowledge, configure and deliver without being told to.
    helpful: bool,
}

struct Users;

impl Accounts for Users {
    fn account(&self, _user: &str, _domain: &str) -> Option<Account> {
        Some(Account { password: "right".into(), state: AccountState::Usable })
    }
}

impl Bench {
    fn new(options: u8) -> Self {
        let password = if options & 1 == 0 { "right" } else { "wrong" };
        let plan = DialPlan {
            entry: Arc::new(entry(options)),
            credentials: credentials(password),
            handler: options & 2 != 0,
            paused_states: options & 4 != 0,
            config: Config::default(),
            tunnels: std::sync::Arc::new(rasman_dial::NoTunnels),
        };
        let mut seed = 0;
        let source: RngSource = Box::new(move || {
            seed += 1;
            Box::new(SeededRng::new(seed))
        });
        let now = Instant::from_millis(1_000);
        Self {
            connection: Connection::dial(plan, source, now),
            now,
            server: None,
            port: PortId(0),
            port_open: false,
            to_client: Vec::new(),
            to_server: Vec::new(),
            held: None,
            next_seq: 0,
            last_told: false,
            connected_told: false,
            away: false,
            finished: false,
            helpful: options & 8 == 0,
        }
    }

    fn step(&mut self, step: u8, script: &mut impl Iterator<Item = u8>) {
        let argument = usize::from(script.next().unwrap_or(0));
        match step % 16 {
            0 => self.pass(Duration::from_millis(argument as u64 * 40)),
            1 => self.pass(Duration::from_secs(argument as u64)),
            2 => self.command(Command::HangUp(cause(if argument & 1 == 0 { 631 } else { 834 }))),
            3 if argument & 48 == 48 => self.command(Command::LineFormat(CharacterFormat::default())),
            3 if argument & 16 != 0 => self.command(Command::LineOctets(vec![argument as u8; argument])),
            3 if argument & 8 != 0 => {
                self.command(Command::Answer { id: (argument % 4) as u32, answer: line_answer(argument) });
            }
            3 => self.command(Command::Answer {
                id: (argument % 4) as u32,
                answer: Answer::Credentials(credentials(if argument & 4 == 0 { "right" } else { "wrong" })),
            }),
            4 => {
                let seq = if argument < 200 { self.held.unwrap_or(0) } else { argument as u64 };
                self.command(Command::HandlerDone { seq, more: argument & 1 == 0 });
            }
            5 => self.close_port(self.port, PortClosed::ByPeer),
            6 => self.close_port(self.a_port(argument), PortClosed::Failed(unreachable())),
            7 => self.command(Command::PortReady(self.a_port(argument), facts())),
            8 => self.command(Command::PortProgress(self.port, PortPhase::Securing)),
            9 => self.command(Command::NetworkFailed(cause(602))),
            10 => self.command(Command::NetworkReady),
            // The peer lies: bytes of the script in place of its own.
            11 => {
                let lie: Vec<u8> = script.take(argument.min(64)).collect();
                self.to_client.extend(lie);
                self.deliver();
            }
            // One bit of what it says is another.
            12 => {
                let at = script.next().map_or(0, usize::from);
                if let Some(byte) = self.to_client.get_mut(at) {
                    *byte ^= argument as u8;
                }
            }
            13 => self.to_client.truncate(argument),
            14 => {
                let mut out = Batch::new();
                let packet = vec![0x45; argument * 8];
                let _ = self.connection.encap(self.now, &packet, &mut out);
                self.to_server.extend_from_slice(out.as_bytes());
            }
            _ => {
                self.exchange();
            }
        }
    }

    fn command(&mut self, command: Command) {
        self.connection.handle_command(self.now, command);
    }

    /// The present port for 0, else any.
    fn a_port(&self, argument: usize) -> PortId {
        if argument == 0 { self.port } else { PortId(argument as u8) }
    }

    fn close_port(&mut self, port: PortId, closed: PortClosed) {
        if port == self.port {
            self.port_open = false;
            self.server = None;
        }
        self.command(Command::PortClosed(port, closed));
    }

    fn pass(&mut self, span: Duration) {
        self.now += span;
        self.connection.handle_timeout(self.now);
        if let Some((sstp, ppp)) = &mut self.server {
            sstp.handle_timeout(self.now);
            ppp.handle_timeout(self.now);
        }
    }

    /// Lets everything settle; it must, in a bounded number of rounds.
    fn settle(&mut self) {
        for _ in 0..ROUNDS_MAX {
            let mut moved = self.drain();
            if self.helpful {
                moved |= self.exchange();
                if let Some(seq) = self.held.take() {
                    self.command(Command::HandlerDone { seq, more: true });
                    moved = true;
                }
            }
            if !moved {
                return self.status_is_sound();
            }
        }
        panic!("it does not settle");
    }

    fn drain(&mut self) -> bool {
        let mut moved = false;
        let mut out = Batch::new();
        while self.connection.poll_transmit(self.now, &mut out).is_some() {
            moved = true;
            assert!(out.byte_len() < 1 << 20, "it says more than a megabyte at once");
        }
        if self.port_open {
            self.to_server.extend_from_slice(out.as_bytes());
        }
        while let Some(effect) = self.connection.poll_effect() {
            moved = true;
            self.effect(effect);
        }
        moved
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Port(port, PortCommand::Open(_)) => {
                assert!(!self.port_open, "one port at a time");
                self.port = port;
                self.port_open = true;
                self.to_client.clear();
                self.to_server.clear();
                let mut sstp = sstp::Server::new(sstp::ServerConfig::default(), Box::new(SeededRng::new(50)));
                sstp.open(self.now);
                sstp.port_ready(self.now, PortId(0), &facts());
                self.server = Some((sstp, Ppp::server(server(), Box::new(SeededRng::new(51)))));
                if self.helpful {
                    self.command(Command::PortReady(port, facts()));
                }
            }
            Effect::Port(_, _) => {
                self.port_open = false;
                self.server = None;
            }
            Effect::ConfigureNetwork(_) if self.helpful => self.command(Command::NetworkReady),
            Effect::ConfigureNetwork(_) => {}
            Effect::Notify(notification) => {
                assert_eq!(notification.seq, self.next_seq, "without gaps");
                self.next_seq += 1;
                let may_follow = notification.state == ConnState::Disconnected;
                assert!(!self.last_told || may_follow, "told after the last: {notification:?}");
                self.last_told |= notification.is_last();
                self.connected_told |= notification.state == ConnState::Connected && notification.error.is_none();
                self.away &= notification.state != ConnState::Disconnected;
                self.held = (!notification.is_last()).then_some(notification.seq);
            }
            Effect::Substate { substate, cause } => {
                assert!(self.connected_told && !self.finished, "{substate} of what is not established");
                let back = substate == Substate::Reconnected;
                assert_eq!(cause.is_none(), back, "{substate}");
                assert!(self.away || substate != Substate::Reconnected, "back from nowhere");
                self.away = !back;
            }
            Effect::Promote(alternate) => assert!(self.connected_told && alternate < ALTERNATES),
            Effect::Finished(_) => {
                assert!(!self.finished, "finished twice");
                self.finished = true;
            }
            _ => {}
        }
    }

    /// Lets the server hear and speak, and the connection hear it.
    fn exchange(&mut self) -> bool {
        let heard = !self.to_server.is_empty();
        if let Some((sstp, ppp)) = &mut self.server {
            serve(sstp, ppp, self.now, &mut self.to_server, &mut self.to_client);
        }
        self.to_server.clear();
        self.deliver() | heard
    }

    fn deliver(&mut self) -> bool {
        let mut at = 0;
        while at < self.to_client.len() {
            let input = &mut self.to_client[at..];
            let length = input.len();
            let used = match self.connection.handle_input(self.now, self.port, input) {
                Input::Payload { range, used } => {
                    assert!(range.end <= used && used <= length);
                    used
                }
                Input::Rebuilt { used } | Input::Consumed { used } | Input::Dropped { used, .. } => used,
                Input::NeedMore => break,
            };
            assert!(0 < used && used <= length, "progress within the input");
            at += used;
        }
        self.to_client.drain(..at);
        // A frame that never ends is the driver's to refuse.
        if self.to_client.len() > 64 << 10 {
            self.to_client.clear();
        }
        at > 0
    }

    /// What the status tells fits together, and fits what was told.
    fn status_is_sound(&self) {
        let status = self.connection.status();
        assert_eq!(status.state, self.connection.state());
        assert!(status.medium <= ALTERNATES);
        if self.away {
            assert_eq!(status.state, ConnState::Connected, "whoever dialled is connected until told otherwise");
            assert!(matches!(status.substate, Substate::Dormant | Substate::Reconnecting), "{:?}", status.substate);
            assert!(status.retrying.is_some() && status.projection.is_some() && status.error.is_none());
            assert!(!self.connection.is_carrying());
        } else if status.state == ConnState::Connected {
            assert!(self.connection.is_carrying() && status.retrying.is_none());
        }
        if status.retrying.is_some() {
            // It goes on by itself: something is due, or a handler or an answer is.
            let paused = status.state.class() == StateClass::Paused;
            let due = self.connection.poll_timeout().is_some();
            assert!(due || paused || self.held.is_some(), "stuck: {:?}", self.connection);
        }
    }

    /// After a hang-up everything is over within the limit.
    fn ends(&mut self) {
        self.command(Command::HangUp(cause(631)));
        self.settle();
        self.pass(Config::default().disconnect);
        self.settle();
        assert!(self.finished, "{:?} does not end", self.connection);
        assert!(!self.port_open);
        assert_eq!(self.connection.poll_timeout(), None);
    }
}

fn serve(sstp: &mut sstp::Server, ppp: &mut Ppp, now: Instant, heard: &mut [u8], says: &mut Vec<u8>) {
    let mut at = 0;
    while at < heard.len() {
        let input = &mut heard[at..];
        at += match sstp.handle_input(now, input) {
            Input::Payload { range, used } => {
                let _ = ppp.handle_input(now, &mut input[range]);
                used
            }
            Input::Rebuilt { used } | Input::Consumed { used } | Input::Dropped { used, .. } => used,
            Input::NeedMore => break,
        };
    }
    while let Some(event) = sstp.poll_event() {
        if let LinkEvent::Up(params) = event {
            ppp.lower_up(now, params.mru);
        }
    }
    while let Some(event) = ppp.poll_event() {
        if let Event::Authenticated { keys, .. } = event {
            sstp.bind(now, &keys);
        }
    }
    let (mut frames, mut out) = (Batch::new(), Batch::new());
    while ppp.poll_transmit(now, &mut frames) {}
    for frame in frames.frames() {
        let _ = sstp.encap(now, &[], frame, &mut out);
    }
    while sstp.poll_transmit(now, &mut out) {}
    says.extend_from_slice(out.as_bytes());
}

/// An entry with what the bits of `options` add: alternates, further attempts, links made again, an idle limit.
fn entry(options: u8) -> Entry {
    let mut entry = Entry::sstp("fuzz", "vpn.example.com");
    if options & 16 != 0 {
        entry.alternates = (0..ALTERNATES).map(|n| Entry::sstp("other", format!("{n}.example.com")).medium).collect();
        entry.promote_alternates = true;
    }
    entry.redial = Redial {
        attempts: if options & 32 != 0 { 2 } else { 0 },
        pause: Duration::from_secs(5),
        on_link_failure: options & 64 != 0,
    };
    entry.idle_disconnect = (options & 128 != 0).then(|| Duration::from_secs(60));
    entry
}

fn server() -> ServerConfig {
    ServerConfig {
        name: "fuzz".to_owned(),
        retries: 1,
        ..ServerConfig::new(Arc::new(Users), Ipv4Addr::new(10, 99, 0, 1), Ipv4Addr::new(10, 99, 0, 2))
    }
}

fn facts() -> PortFacts {
    let mut facts = PortFacts::default();
    facts.leaf = Some(Leaf { sha1: [1; 20], sha256: [2; 32] });
    facts
}

fn credentials(password: &str) -> Credentials {
    Credentials { user: "fuzz".to_owned(), domain: String::new(), password: password.into() }
}

/// What may be answered in Interactive, and 0, which may not.
fn line_answer(argument: usize) -> Answer {
    match argument & 0xe0 {
        0x40 => Answer::LoggedIn(credentials("right")),
        0x80 => Answer::GiveUp(Code(629)),
        0xc0 => Answer::GiveUp(Code(0)),
        _ => Answer::Continue,
    }
}

fn cause(code: u32) -> Cause {
    Cause::new(Code(code), LayerName::User)
}

fn unreachable() -> Cause {
    Cause::new(Code::VPN_TIMEOUT, LayerName::Tcp)
}

/// How many servers there are besides the entry's own.
const ALTERNATES: usize = 2;
/// Longer scripts find nothing new and only take time.
const STEPS_MAX: usize = 400;
/// More rounds than any exchange takes.
const ROUNDS_MAX: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// The bench reaches Connected by itself, else the target would fuzz nothing but the first stage.
    #[test]
    fn a_helpful_bench_connects() {
        let mut bench = Bench::new(0);
        bench.settle();
        assert_eq!(bench.connection.state(), ConnState::Connected);
        bench.ends();
    }

    /// With the bits of the option byte, a link that breaks comes back, and with another server where the first is away.
    #[test]
    fn a_helpful_bench_comes_back_at_an_alternate() {
        let mut bench = Bench::new(16 | 64);
        bench.settle();
        bench.close_port(bench.port, PortClosed::ByPeer);
        bench.helpful = false;
        bench.settle();
        assert!(bench.away);
        bench.close_port(bench.port, PortClosed::Failed(unreachable()));
        bench.helpful = true;
        bench.settle();
        assert!(bench.port_open, "the next server is dialled at once");
        bench.command(Command::PortReady(bench.port, facts()));
        bench.settle();
        let status = bench.connection.status();
        assert_eq!((status.substate, status.medium), (Substate::Reconnected, 1));
        bench.ends();
    }

    #[test]
    fn random_scripts_hold_the_invariants() {
        use rasman_core::Rng;
        for seed in 0..1_000 {
            let mut rng = SeededRng::new(seed);
            let mut script = vec![0; 200];
            rng.fill(&mut script);
            dial_connection(&script);
        }
    }
}
