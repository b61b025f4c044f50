//! Bodies of the SSTP fuzz targets; `tests/tests/corpus.rs` replays their corpora.

use rasman_core::{
    Batch, Cause, Code, DropReason, Duration, Input, Instant, LayerName, Leaf, Link, LinkEvent, PortClosed,
    PortCommand, PortFacts, PortId, SessionKeys, TlsSpec, Trust,
};
use rasman_media::sstp::http::{self, Answer, HEAD_MAX, Request};
use rasman_media::sstp::wire::{self, Message, PACKET_MAX};
use rasman_media::sstp::{Client, ClientSettings, Config, Server, ServerConfig, UNREAD_MAX};
use rasman_testkit::SeededRng;

/// Packets and messages: what is parsed is emitted and parsed back.
pub fn sstp_wire(data: &[u8]) {
    let mut rest = data;
    while let Ok(Some(packet)) = wire::split(rest) {
        assert!(packet.contents.start == 4 && packet.contents.end <= rest.len().min(PACKET_MAX));
        if packet.control
            && let Ok(message) = Message::parse(&rest[packet.contents.clone()])
        {
            let mut out = Batch::new();
            message.emit(&mut out);
            let again = wire::split(out.as_bytes()).expect("we emit packets").expect("whole ones");
            assert!(again.control && again.contents.end == out.byte_len());
            assert_eq!(Message::parse(&out.as_bytes()[again.contents]), Ok(message));
        }
        rest = &rest[packet.contents.end..];
    }
    let _ = Message::parse(data);
}

/// HTTP heads: both readers agree with themselves on every shorter input, and read what our writers write.
pub fn sstp_http(data: &[u8]) {
    let (half, _) = data.split_at(data.len() / 2);
    match http::parse_answer(data) {
        Answer::NeedMore => assert!(data.len() < HEAD_MAX && http::parse_answer(half) == Answer::NeedMore),
        Answer::Interim(used) | Answer::Accepted(used) => assert!(0 < used && used <= data.len().min(HEAD_MAX)),
        Answer::Refused { .. } | Answer::NotHttp => {}
    }
    if let accepted @ Answer::Accepted(_) = http::parse_answer(half) {
        assert_eq!(http::parse_answer(data), accepted);
    }
    match http::parse_request(data) {
        Request::NeedMore => assert!(data.len() < HEAD_MAX && http::parse_request(half) == Request::NeedMore),
        Request::Accepted(used) => assert!(0 < used && used <= data.len().min(HEAD_MAX)),
        Request::Refused(status) => assert!((400..600).contains(&status)),
    }
    let host = String::from_utf8_lossy(&data[..data.len().min(255)]);
    let request = http::write_request(&host, 443, &mut SeededRng::new(1));
    assert_eq!(http::parse_request(&request), Request::Accepted(request.len()));
    if let Some((status, _)) = data.split_first_chunk() {
        let answer = http::write_answer(u16::from_be_bytes(*status));
        assert!(!matches!(http::parse_answer(&answer), Answer::NeedMore | Answer::NotHttp));
    }
}

/// A script against the dialling side.
pub fn sstp_client(data: &[u8]) {
    let (client, server) = ends();
    let mut script = Script::new(client, server, data);
    script.run();
}

/// A script against the answering side.
pub fn sstp_server(data: &[u8]) {
    let (client, server) = ends();
    let mut script = Script::new(server, client, data);
    script.run();
}

/// A script that brings either end to a stage of a call, and what it is then told.
///
/// 0: before HTTP; 1: HTTP is done; 2: the call is made; 3: the call is bound; 4: it is being closed.
pub fn sstp_attack(dialling: bool, stage: usize, inputs: &[&[u8]]) {
    let (client, server) = ends();
    match dialling {
        true => Script::new(client, server, &[]).attack(stage, inputs),
        false => Script::new(server, client, &[]).attack(stage, inputs),
    }
}

fn ends() -> (Client, Server) {
    let tls =
        TlsSpec { host: "vpn".into(), port: 443, server_name: String::new(), trust: Trust::default(), proxy: None };
    let client = Client::new(ClientSettings { tls, config: Config::default() }, Box::new(SeededRng::new(1)));
    (client, Server::new(ServerConfig::default(), Box::new(SeededRng::new(2))))
}

/// A layer, its honest peer, and bytes that decide what happens.
struct Script<'a, L: Link, P: Link> {
    layer: L,
    peer: P,
    /// What the honest peer would say next, and what it was told.
    from_peer: Vec<u8>,
    to_peer: Vec<u8>,
    bytes: &'a [u8],
    now: Instant,
    unread: Vec<u8>,
    /// The port as the layer sees it.
    port: Port,
    up: bool,
    down: bool,
}

#[derive(PartialEq)]
enum Port {
    Fresh,
    Open,
    Gone,
}

const PORT: PortId = PortId(0);

/// Far more than any single step has to say: the queue of answers is 4 KiB.
const OUTPUT_MAX: usize = 16 * 1024;

impl<'a, L: Link, P: Link> Script<'a, L, P> {
    fn new(layer: L, mut peer: P, bytes: &'a [u8]) -> Self {
        peer.open(Instant::ZERO);
        peer.port_ready(Instant::ZERO, PORT, &facts());
        let (from_peer, to_peer, unread) = (Vec::new(), Vec::new(), Vec::new());
        let (now, port) = (Instant::ZERO, Port::Fresh);
        Self { layer, peer, from_peer, to_peer, bytes, now, unread, port, up: false, down: false }
    }

    fn run(&mut self) {
        while let Some(op) = self.byte() {
            self.step(op);
            self.check();
        }
        // Whatever happened, a close ends it in bounded time.
        self.layer.close(self.now, &cause());
        self.check();
        self.pass(self.layer.close_limit());
        assert!(self.down, "the close limit has passed");
    }

    fn attack(&mut self, stage: usize, inputs: &[&[u8]]) {
        let stages: [&[u8]; 5] = [&[0, 1], &[10], &[10, 10], &[2, 11, 10, 10], &[4]];
        for op in stages[..=stage].concat() {
            self.step(op);
            self.check();
        }
        for input in inputs {
            self.hear(input);
            self.check();
        }
        self.run();
    }

    fn step(&mut self, op: u8) {
        match op {
            0 => self.layer.open(self.now),
            1 => self.port_ready(),
            2 => self.layer.bind(self.now, &keys()),
            3 => self.layer.bind(self.now, &SessionKeys { master_send: vec![], master_receive: vec![] }),
            4 => self.layer.close(self.now, &cause()),
            5 => self.port_closed(&PortClosed::ByPeer),
            6 => self.port_closed(&PortClosed::Failed(cause())),
            7 => {
                let millis = u16::from_be_bytes([self.byte().unwrap_or(0), self.byte().unwrap_or(0)]);
                self.pass(Duration::from_millis(u64::from(millis) * 4));
            }
            8 => {
                if let Some(timeout) = self.layer.poll_timeout() {
                    self.pass(timeout.at.since(self.now));
                }
            }
            9 => self.encap(),
            10 => self.hear_peer(),
            11 => self.peer.bind(self.now, &keys()),
            12 => self.peer.close(self.now, &cause()),
            // 13 to 15 are left for later, so that the corpus keeps its meaning.
            16..=31 => self.hear(CANNED[usize::from(op & 15) % CANNED.len()]),
            _ => {
                let length = usize::from(op).min(self.bytes.len());
                let (raw, rest) = self.bytes.split_at(length);
                self.bytes = rest;
                self.hear(raw);
            }
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn port_ready(&mut self) {
        self.layer.port_ready(self.now, PORT, &facts());
        // A layer that takes the port limits its first step at once; one that did not ask for it takes nothing.
        if self.port == Port::Fresh && self.layer.poll_timeout().is_some() {
            self.port = Port::Open;
        }
    }

    fn port_closed(&mut self, closed: &PortClosed) {
        self.layer.port_closed(self.now, PORT, closed);
        self.port = Port::Gone;
    }

    /// Lets the honest peer say its next piece.
    fn hear_peer(&mut self) {
        let mut out = Batch::new();
        let mut told = std::mem::take(&mut self.to_peer);
        let mut at = 0;
        while at < told.len() {
            match self.peer.handle_input(self.now, &mut told[at..]) {
                Input::NeedMore => break,
                Input::Payload { used, .. }
                | Input::Rebuilt { used }
                | Input::Consumed { used }
                | Input::Dropped { used, .. } => at += used,
            }
        }
        self.to_peer = told.split_off(at);
        while self.peer.poll_transmit(self.now, &mut out) {}
        while self.peer.poll_event().is_some() {}
        self.from_peer.extend(out.as_bytes());
        let said = std::mem::take(&mut self.from_peer);
        self.hear(&said);
    }

    /// Bytes arrive; checks the contract of `handle_input`.
    fn hear(&mut self, bytes: &[u8]) {
        self.unread.extend(bytes);
        let mut at = 0;
        while at < self.unread.len() {
            let left = self.unread.len() - at;
            match self.layer.handle_input(self.now, &mut self.unread[at..]) {
                Input::NeedMore => {
                    assert!(left < UNREAD_MAX);
                    break;
                }
                Input::Payload { range, used } => {
                    self.drain();
                    assert!(self.up && !self.down && range.start <= range.end && range.end <= used && used <= left);
                    at += used;
                }
                Input::Rebuilt { used } | Input::Consumed { used } | Input::Dropped { used, .. } => {
                    assert!(0 < used && used <= left);
                    at += used;
                }
            }
        }
        self.unread.drain(..at);
    }

    fn encap(&mut self) {
        let length = usize::from(self.byte().unwrap_or(0)) * 17;
        let mut out = Batch::new();
        self.drain();
        match self.layer.encap(self.now, b"\xff\x03", &vec![7; length], &mut out) {
            Ok(()) => {
                assert!(self.up && !self.down && out.byte_len() == length + 6);
                self.to_peer.extend(out.as_bytes());
            }
            Err(DropReason::TooLarge) => assert!(length + 6 > PACKET_MAX && out.is_empty()),
            Err(_) => assert!(out.is_empty()),
        }
    }

    /// Time passes, with each timeout at its own deadline.
    fn pass(&mut self, time: Duration) {
        let to = self.now + time;
        for _ in 0..10_000 {
            match self.layer.poll_timeout() {
                Some(timeout) if timeout.at <= to => {
                    self.now = self.now.max(timeout.at);
                    self.layer.handle_timeout(self.now);
                    let next = self.layer.poll_timeout();
                    assert!(next.is_none_or(|t| t.at > self.now), "a timeout moves on");
                    self.check();
                }
                _ => {
                    self.now = to;
                    return;
                }
            }
        }
        panic!("timeouts without end");
    }

    fn check(&mut self) {
        self.drain();
        assert!(!self.down || self.layer.poll_timeout().is_none(), "no timer runs after the end");
    }

    /// Takes what the layer sends and tells, and checks the order of events.
    fn drain(&mut self) {
        let was_down = self.down;
        let mut out = Batch::new();
        while self.layer.poll_transmit(self.now, &mut out) {}
        assert!(out.byte_len() <= OUTPUT_MAX);
        assert!(!was_down || out.is_empty(), "nothing is sent after the end");
        self.to_peer.extend(out.as_bytes());
        self.to_peer.drain(..self.to_peer.len().saturating_sub(1 << 20));
        while let Some(event) = self.layer.poll_event() {
            assert!(!self.down, "nothing follows Down");
            match event {
                LinkEvent::Port(PORT, PortCommand::Open(_)) => assert!(!self.up),
                LinkEvent::Port(PORT, PortCommand::Close) => self.port = Port::Gone,
                LinkEvent::Up(params) => {
                    assert!(!self.up && params.mru == 4087);
                    self.up = true;
                }
                LinkEvent::Down(_) => {
                    assert!(self.port != Port::Open, "an open port is closed first");
                    self.down = true;
                }
                event => panic!("{event:?}"),
            }
        }
    }
}

fn facts() -> PortFacts {
    let mut facts = PortFacts::default();
    facts.leaf = Some(Leaf { sha1: [1; 20], sha256: [2; 32] });
    facts
}

fn keys() -> SessionKeys {
    SessionKeys { master_send: vec![5; 16], master_receive: vec![5; 16] }
}

fn cause() -> Cause {
    Cause::new(Code::USER_DISCONNECTION, LayerName::User)
}

/// What peers say.
const CANNED: [&[u8]; 16] = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\n\r\n",
    b"SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x10\x01\x00\x0e\x00\x01\x00\x01\x00\x01\x00\x06\x00\x01",
    b"\x10\x01\x00\x30\x00\x02\x00\x01\x00\x04\x00\x28\x00\x00\x00\x03nonce nonce nonce nonce nonce no",
    b"\x10\x01\x00\x14\x00\x03\x00\x01\x00\x02\x00\x0c\x00\x00\x00\x01\x00\x00\x00\x04",
    b"\x10\x01\x00\x10\x00\x05\x00\x01\x00\x02\x00\x08\x00\x00\x00\x07",
    b"\x10\x01\x00\x08\x00\x06\x00\x00",
    b"\x10\x01\x00\x08\x00\x07\x00\x00",
    b"\x10\x01\x00\x08\x00\x08\x00\x00",
    b"\x10\x01\x00\x08\x00\x09\x00\x00",
    b"\x10\x00\x00\x0a\xff\x03\xc0\x21\x01\x01",
    b"\x10\x01\x00\x70\x00\x04\x00\x01\x00\x03\x00\x68\x00\x00\x00\x02",
    b"\x10\x00\x0f\xff",
    b"\x10\x01",
    b"\x11",
];
