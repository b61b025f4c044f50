//! Dials over a serial line: a modem's states, its failures, and what happens to a line that is up.

use rasman_core::*;
use rasman_dial::*;
use rasman_media::modem::{Config as LineConfig, SerialLink};
use rasman_ppp::{self as ppp, Account, AccountState, Accounts, Ppp};
use rasman_testkit::SeededRng;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// A dial, a modem that answers each number as it was told, and a server at the end of the line.
struct World {
    now: Instant,
    connection: Connection,
    /// What each number says; others are busy.
    numbers: Vec<(&'static str, &'static str)>,
    /// Opening the port fails.
    no_port: Option<Cause>,
    /// The port has control lines.
    has_lines: bool,
    port: Option<PortId>,
    dtr_dropped: u32,
    /// What the modem has not got a whole line of.
    command: Vec<u8>,
    /// Whoever answers says this first, and begins PPP once it has heard the other.
    host: Option<(&'static str, &'static str)>,
    dialled: Vec<String>,
    server: Option<(SerialLink, Ppp)>,
    told: Vec<(ConnState, u32)>,
    details: Vec<Detail>,
    finished: Option<Cause>,
}

struct Users;

impl Accounts for Users {
    fn account(&self, user: &str, _domain: &str) -> Option<Account> {
        (user == "alice").then(|| Account { password: "wonderland".into(), state: AccountState::Usable })
    }
}

fn modem(number: &str) -> Medium {
    let modem = ModemSettings { name: "Standard 56000 bps Modem".into(), number: number.into(), ..Default::default() };
    Medium::Serial(line(LineDevice::Modem(modem)))
}

fn line(device: LineDevice) -> SerialSettings {
    SerialSettings {
        port: SerialPort::Device("/dev/ttyS2".into()),
        line: LineSettings::default(),
        device,
        accm: 0,
        login: LineLogin::default(),
    }
}

fn entry(media: Vec<Medium>) -> Entry {
    let mut media = media.into_iter();
    let mut entry = Entry::sstp("line", "unused");
    entry.medium = media.next().unwrap();
    entry.alternates = media.collect();
    entry.validate().unwrap();
    entry
}

impl World {
    fn new(entry: Entry) -> Self {
        let credentials = Credentials { user: "alice".into(), password: "wonderland".into(), ..Default::default() };
        let plan = DialPlan {
            entry: Arc::new(entry),
            credentials,
            handler: false,
            paused_states: false,
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
            dialled: Vec::new(),
            server: None,
            told: Vec::new(),
            details: Vec::new(),
            finished: None,
        }
    }

    /// Lets everything happen until `ms`, or until nothing is left to happen.
    fn run_until(&mut self, ms: u64) -> &mut Self {
        let end = Instant::from_millis(ms);
        loop {
            while self.step() {}
            let server =
                self.server.as_ref().and_then(|(link, ppp)| Timeout::earliest(link.poll_timeout(), ppp.poll_timeout()));
            match Timeout::earliest(self.connection.poll_timeout(), server).filter(|next| next.at <= end) {
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
    fn step(&mut self) -> bool {
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
        any | self.serve()
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
            }
            Effect::ConfigureNetwork(_) => self.connection.handle_command(self.now, Command::NetworkReady),
            Effect::Notify(notification) => {
                self.told.push((notification.state, notification.error_number()));
                self.details.push(notification.detail);
            }
            Effect::Finished(cause) => self.finished = Some(cause),
            _ => {}
        }
    }

    fn modem_hears(&mut self, bytes: &[u8]) {
        if let Some((_, awaited)) = self.host.filter(|_| !self.dialled.is_empty()) {
            self.command.extend_from_slice(bytes);
            if self.command.ends_with(awaited.as_bytes()) {
                self.command.clear();
                self.host = None;
                self.answer();
            }
            return;
        }
        if self.server.is_some() {
            let mut waiting = std::mem::take(&mut self.command);
            waiting.extend_from_slice(bytes);
            self.command = self.server_hears(waiting);
            return;
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
        let Some(number) = command.strip_prefix("ATD") else { return self.says(b"\r\nOK\r\n") };
        self.dialled.push(number.to_owned());
        let says = self.numbers.iter().find(|(known, _)| *known == number).map_or("\r\nBUSY\r\n", |(_, says)| says);
        self.says(says.as_bytes());
        match self.host {
            _ if !says.contains("CONNECT") => {}
            Some((greets, _)) => self.says(greets.as_bytes()),
            None => self.answer(),
        }
    }

    /// A server picks up.
    fn answer(&mut self) {
        let mut link = SerialLink::answerer(line(LineDevice::Direct), LineConfig::default());
        link.open(self.now);
        link.port_ready(self.now, PortId(0), &PortFacts::default());
        link.connect(self.now);
        let addresses = (Ipv4Addr::new(10, 99, 0, 1), Ipv4Addr::new(10, 99, 0, 2));
        let framing = ppp::Framing { accm: Some(0), compress_protocol: true, compress_address: true };
        let config = ppp::ServerConfig { framing, ..ppp::ServerConfig::new(Arc::new(Users), addresses.0, addresses.1) };
        self.server = Some((link, Ppp::server(config, Box::new(SeededRng::new(99)))));
    }

    fn says(&mut self, mut bytes: &[u8]) {
        while let (Some(port), false) = (self.port, bytes.is_empty()) {
            let mut input = bytes.to_vec();
            match self.connection.handle_input(self.now, port, &mut input) {
                Input::Consumed { used }
                | Input::Payload { used, .. }
                | Input::Rebuilt { used }
                | Input::Dropped { used, .. } => {
                    bytes = &bytes[used..];
                }
                Input::NeedMore => break,
            }
        }
    }

    /// Hands bytes to the server; gives what it left.
    fn server_hears(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        while let (Some((link, ppp)), false) = (&mut self.server, bytes.is_empty()) {
            let used = match link.handle_input(self.now, &mut bytes) {
                Input::Payload { range, used } => {
                    let _ = ppp.handle_input(self.now, &mut bytes[range]);
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
        while let Some(event) = ppp.poll_event() {
            if let ppp::Event::LinkEstablished { .. } = event {
                link.set_framing(ppp.framing().accm.unwrap_or(u32::MAX));
            }
        }
        while ppp.poll_transmit(self.now, &mut frames) {
            frames.frames().for_each(|frame| link.encap(self.now, &[], frame, &mut out).unwrap());
            frames.clear();
        }
        let any = !out.is_empty();
        self.says(out.as_bytes());
        any
    }

    fn hang_up(&mut self) -> &mut Self {
        let cause = Cause::new(Code::USER_DISCONNECTION, LayerName::User);
        self.connection.handle_command(self.now, Command::HangUp(cause));
        self
    }
}

#[test]
fn a_modem_goes_through_its_states_in_their_order() {
    let mut world = World::new(entry(vec![modem("555-1234")]));
    world.run_until(5_000);
    let states: Vec<_> = world.told.iter().map(|(state, error)| (state.name(), *error)).collect();
    let expected = [
        "OpenPort",
        "PortOpened",
        "ConnectDevice",
        "DeviceConnected",
        "AllDevicesConnected",
        "Authenticate",
        "AuthNotify",
        "AuthAck",
        "Authenticated",
        "AuthNotify",
        "AuthProject",
        "Projected",
        "ApplySettings",
        "Connected",
    ];
    assert_eq!(states, expected.map(|state| (state, 0)));
    let Detail::Device(device) = &world.details[2] else { panic!("{:?}", world.details[2]) };
    assert_eq!((device.kind, &*device.name), ("modem", "Standard 56000 bps Modem"));
    assert_eq!(world.connection.status().device, *device);
    assert_eq!(world.dialled, ["5551234"]);
    let mut out = Batch::new();
    world.connection.encap(world.now, &[0x45; 20], &mut out).unwrap();
    // Address and control are left out, and the protocol takes one octet: both ends asked for it.
    assert_eq!(out.as_bytes()[..3], [0x7e, 0x21, 0x45]);
}

#[test]
fn what_the_modem_says_is_told_in_connect_device() {
    for (says, code) in [("BUSY", 676), ("NO ANSWER", 678), ("NO CARRIER", 679), ("NO DIALTONE", 680), ("ERROR", 651)] {
        let mut world = World::new(entry(vec![modem("1")]));
        let line: &'static str = Box::leak(format!("\r\n{says}\r\n").into_boxed_str());
        world.numbers = vec![("1", line)];
        world.run_until(1_000);
        assert_eq!(world.told[2..], [(ConnState::ConnectDevice, 0), (ConnState::ConnectDevice, code)], "{says}");
        assert_eq!(world.port, None, "the port is free");
        assert_eq!(world.connection.status().error.unwrap().layer, LayerName::Modem);
    }
}

#[test]
fn a_port_that_is_taken_is_told_in_open_port() {
    let mut world = World::new(entry(vec![modem("1")]));
    world.no_port = Some(Cause::new(Code::PORT_NOT_AVAILABLE, LayerName::Port).said("used by minicom (4711)"));
    world.run_until(1_000);
    assert_eq!(world.told, [(ConnState::OpenPort, 0), (ConnState::OpenPort, 633)]);
}

#[test]
fn alternates_are_dialled_in_their_order() {
    let mut entry = entry(vec![modem("1"), modem("2"), modem("5551234")]);
    entry.promote_alternates = true;
    let mut world = World::new(entry);
    world.run_until(10_000);
    assert_eq!(world.dialled, ["1", "2", "5551234"]);
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
    assert_eq!(world.connection.status().medium, 2);
}

#[test]
fn redial_waits_as_the_entry_says_and_a_wrong_password_is_not_dialled_twice() {
    let mut busy = entry(vec![modem("1")]);
    busy.redial = Redial { attempts: 2, pause: Duration::from_secs(60), on_link_failure: false };
    let mut world = World::new(busy.clone());
    world.run_until(59_000);
    assert_eq!(world.dialled.len(), 1);
    world.run_until(119_000);
    assert_eq!(world.dialled.len(), 2);
    world.run_until(600_000);
    assert_eq!((world.dialled.len(), world.told.last()), (3, Some(&(ConnState::ConnectDevice, 676))));
    busy.medium = modem("5551234");
    let mut world = World::new(busy);
    world.connection = {
        let mut other = World::new(entry(vec![modem("5551234")]));
        std::mem::swap(&mut other.connection, &mut world.connection);
        let plan_entry =
            Arc::new(Entry { redial: Redial { attempts: 2, ..Redial::default() }, ..entry(vec![modem("5551234")]) });
        let credentials = Credentials { user: "alice".into(), password: "wrong".into(), ..Default::default() };
        let config = Config::default();
        let tunnels = std::sync::Arc::new(rasman_dial::NoTunnels);
        let plan = DialPlan { entry: plan_entry, credentials, handler: false, paused_states: false, config, tunnels };
        Connection::dial(plan, Box::new(|| Box::new(SeededRng::new(5))), Instant::ZERO)
    };
    world.run_until(600_000);
    assert_eq!((world.dialled.len(), world.told.last()), (1, Some(&(ConnState::AuthNotify, 691))));
}

#[test]
fn a_hang_up_drops_dtr_where_there_is_one_and_escapes_where_not() {
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.has_lines = true;
    world.run_until(5_000).hang_up().run_until(5_000);
    assert_eq!(world.server.as_ref().map(|_| ()), None, "the server has answered the goodbye");
    assert_eq!((world.dtr_dropped, world.told.last()), (1, Some(&(ConnState::Disconnected, 0))));
    assert_eq!(world.finished.as_ref().map(|cause| cause.code), Some(Code::USER_DISCONNECTION));
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.run_until(5_000).hang_up().run_until(5_500);
    assert_eq!(world.finished, None, "the modem is being told");
    world.run_until(8_000);
    assert!(world.finished.is_some() && world.port.is_none(), "within the limit of an orderly disconnect");
}

#[test]
fn a_lost_carrier_ends_the_connection_with_629() {
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.run_until(5_000);
    world.server = None;
    world.says(b"\r\nNO CARRIER\r\n");
    world.run_until(10_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Disconnected, 629)));
}

#[test]
fn a_line_that_falls_silent_is_noticed_by_echoes() {
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.run_until(5_000);
    world.server.as_mut().unwrap().1 = Ppp::client(ppp::ClientConfig::default(), Box::new(SeededRng::new(1)));
    world.run_until(300_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Disconnected, 829)));
}

#[test]
fn a_cable_between_two_machines_needs_no_modem() {
    let mut world = World::new(entry(vec![Medium::Serial(line(LineDevice::Direct))]));
    world.answer();
    world.run_until(5_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
    let Detail::Device(device) = &world.details[2] else { panic!("{:?}", world.details[2]) };
    assert_eq!(device.kind, "null");
}

#[test]
fn our_own_packets_coming_back_are_737() {
    let mut world = World::new(entry(vec![Medium::Serial(line(LineDevice::Direct))]));
    for _ in 0..100 {
        let mut out = Batch::new();
        world.step();
        // What it sends is what it hears.
        while world.connection.poll_transmit(world.now, &mut out).is_some() {}
        let echo = std::mem::take(&mut world.command);
        world.says(&[&echo[..], out.as_bytes()].concat());
        let now = world.now + Duration::from_secs(1);
        world.now = now;
        world.connection.handle_timeout(now);
    }
    world.step();
    assert_eq!(world.told.last(), Some(&(ConnState::AllDevicesConnected, 737)));
}

fn with_script(text: &str) -> Medium {
    let Medium::Serial(mut settings) = modem("5551234") else { unreachable!("made as one") };
    settings.login.script = Some(LoginScript { name: "isp.scp".into(), text: text.into() });
    Medium::Serial(settings)
}

const LOGIN: &str = "proc main
    waitfor \"login:\"
    transmit $USERID + \"^M\"
    waitfor \"word:\" until 10
    if $FAILURE then halt endif
    transmit $PASSWORD, raw
    transmit \"^M\"
    set ipaddr \"10.99.0.2\"
endproc";

#[test]
fn a_script_is_a_device_of_its_own_behind_the_modem() {
    let mut world = World::new(entry(vec![with_script(LOGIN)]));
    world.host = Some(("Welcome\r\nlogin: Password: ", "alice\rwonderland\r"));
    world.run_until(5_000);
    let states: Vec<_> = world.told.iter().map(|(state, error)| (state.name(), *error)).take(7).collect();
    let pair = ["ConnectDevice", "DeviceConnected"];
    let expected = ["OpenPort", "PortOpened", pair[0], pair[1], pair[0], pair[1], "AllDevicesConnected"];
    assert_eq!(states, expected.map(|state| (state, 0)));
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
    let devices: Vec<_> = world
        .details
        .iter()
        .filter_map(|detail| if let Detail::Device(device) = detail { Some(device.to_string()) } else { None })
        .collect();
    assert_eq!(devices, ["Standard 56000 bps Modem (modem)", "isp.scp (switch)"]);
    let projection = world.connection.status().projection.unwrap();
    assert_eq!(projection.local, Ipv4Addr::new(10, 99, 0, 2));
}

#[test]
fn a_script_that_cannot_be_read_dials_nobody() {
    let mut entry = entry(vec![with_script("proc main\n  dance\nendproc")]);
    entry.alternates = vec![modem("5551234")];
    let mut world = World::new(entry);
    world.run_until(5_000);
    assert_eq!(world.told, [(ConnState::OpenPort, 0), (ConnState::OpenPort, 752)]);
    let cause = world.connection.status().error.unwrap();
    assert!(cause.did.contains("isp.scp, line 2") && world.dialled.is_empty(), "{cause}");
}

#[test]
fn a_script_that_ends_otherwise_hangs_up_and_says_where() {
    let halts = "proc main waitfor \"login:\" until 5\nif $FAILURE then\nhalt\nendif\nendproc";
    let waits = "proc main\nwaitfor \"login:\"\nendproc";
    let divides = "proc main\ndelay 1 / 0\nendproc";
    for (text, code, at) in [(halts, 703, 5_000), (waits, 638, 180_000), (divides, 752, 0)] {
        for has_lines in [false, true] {
            let mut world = World::new(entry(vec![with_script(text)]));
            world.has_lines = has_lines;
            world.host = Some(("busy, call later\r\n", "never"));
            if at > 0 {
                world.run_until(at - 1);
                assert_eq!(world.told.last(), Some(&(ConnState::ConnectDevice, 0)), "{text}");
            }
            world.run_until(at + 4_000);
            assert_eq!(world.told.last(), Some(&(ConnState::ConnectDevice, code)), "{text}");
            assert_eq!((world.port, world.dtr_dropped), (None, u32::from(has_lines)), "{text}");
        }
    }
}

#[test]
fn a_carrier_that_drops_under_a_script_is_629() {
    let mut world = World::new(entry(vec![with_script(LOGIN)]));
    world.host = Some(("login: ", "never"));
    world.run_until(2_000);
    world.says(b"\r\nNO CARRIER\r\n");
    world.run_until(3_099);
    assert_eq!(world.told.last(), Some(&(ConnState::ConnectDevice, 0)));
    world.run_until(3_100);
    assert_eq!(world.told.last(), Some(&(ConnState::ConnectDevice, 629)));
}

#[test]
fn a_hang_up_ends_a_script() {
    for has_lines in [false, true] {
        let mut world = World::new(entry(vec![with_script(LOGIN)]));
        world.has_lines = has_lines;
        world.host = Some(("login: ", "never"));
        world.run_until(2_000).hang_up().run_until(5_000);
        assert_eq!(world.told.last(), Some(&(ConnState::Disconnected, 0)));
        assert!(world.finished.is_some() && world.port.is_none());
    }
}
