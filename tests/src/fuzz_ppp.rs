//! Bodies of the fuzz targets for PPP and its authentication.
//!
//! The two state machines are fuzzed by a script: each byte of the input is one step, some with arguments behind it.
//! An honest peer of the other role stands at the other end of the wire, so scripts get as far as IP packets, and
//! steps bend, repeat, drop or swap what it says.

#[path = "fuzz_ppp/callback.rs"]
mod callback;
#[path = "fuzz_ppp/whole.rs"]
mod whole;

pub use callback::cbcp;
pub use whole::{Wants, far_network, ppp_client_whole, ppp_host, ppp_server_whole};

use core::net::Ipv4Addr;
use rasman_auth::ChapPacket;
use rasman_auth::mschapv2::{Attempt, FailureMessage, ResponseValue};
use rasman_core::{Batch, Credentials, Duration, Input, Instant, Layer, Secret};
use rasman_ppp::{
    Account, AccountState, Accounts, Authenticated, Checksum, ClientConfig, Echo, Event, Framing, Ppp, ServerConfig,
    frame,
};
use rasman_testkit::SeededRng;
use std::collections::VecDeque;
use std::sync::Arc;

/// Reads a frame; what is written again reads the same.
pub fn ppp_frame(data: &[u8]) {
    let Ok((protocol, range)) = frame::parse(data) else { return };
    let information = &data[range];
    let emitted = [&frame::header(protocol)[..], information].concat();
    let (again, range) = frame::parse(&emitted).expect("our frames can be read");
    assert_eq!((again, &emitted[range]), (protocol, information));
}

/// Runs a script against a client.
pub fn ppp_client(data: &[u8]) {
    Bench::new(client(1), server(2)).run(data);
}

/// Runs a script against a server.
pub fn ppp_server(data: &[u8]) {
    Bench::new(server(1), client(2)).run(data);
}

/// Reads CHAP packets and the messages of MS-CHAPv2; what is written again reads the same, and nothing that a fuzzer
/// finds proves a server.
pub fn mschapv2_messages(data: &[u8]) {
    if let Ok(packet) = ChapPacket::parse(data) {
        assert_eq!(ChapPacket::parse(&packet.emit()), Ok(packet));
    }
    if let Ok(value) = ResponseValue::parse(data) {
        assert_eq!(ResponseValue::parse(&value.emit()), Ok(value));
    }
    // A message without C= is written with one, so it is the second reading that has to last.
    let failure = FailureMessage::parse(&FailureMessage::parse(data).emit());
    assert_eq!(FailureMessage::parse(&failure.emit()), failure);

    let attempt = Attempt::new(&credentials(), 1, [7; 16], &mut SeededRng::new(1));
    assert!(attempt.verify(data).is_err());
    let refusal = attempt.refused(data);
    assert!(refusal.cause.said.chars().count() <= 240);
}

/// Segments of TCP over a link that compresses headers: what arrives is what was sent, and of what a peer makes up
/// nothing comes that is longer than a packet may be.
pub fn vj_segments(data: &[u8]) {
    let Some((mode, script)) = data.split_first() else { return };
    // The honest end of a bench opens its own gates, so it is the client.
    let mut bench = Bench::new(
        Ppp::server(ServerConfig { header_compression: true, ..server_config() }, Box::new(SeededRng::new(1))),
        Ppp::client(ClientConfig { header_compression: true, ..ClientConfig::default() }, Box::new(SeededRng::new(2))),
    );
    bench.run_to_projection();
    if mode & 1 == 0 { bench.carries_segments(script) } else { bench.hears_segments(script) }
}

/// A link that has come as far as `script` leads, for attacks by single frames.
pub struct PppVictim(Bench);

impl PppVictim {
    /// A dialling link under attack.
    #[must_use]
    pub fn client(script: &[u8]) -> Self {
        Self::new(client(1), server(2), script)
    }

    /// An answering link under attack.
    #[must_use]
    pub fn server(script: &[u8]) -> Self {
        Self::new(server(1), client(2), script)
    }

    fn new(ppp: Ppp, peer: Ppp, mut script: &[u8]) -> Self {
        let mut bench = Bench::new(ppp, peer);
        bench.ppp.lower_up(bench.now, 1500);
        bench.peer.lower_up(bench.now, 1500);
        bench.pump();
        while let Some(step) = take(&mut script, 1).first().copied() {
            bench.step(step, &mut script);
            bench.pump();
        }
        Self(bench)
    }

    /// A frame arrives, and the link answers; gives how many bytes it sent.
    pub fn hears(&mut self, frame: &[u8]) -> usize {
        let before = self.0.sent;
        self.0.input(frame.to_vec());
        self.0.pump();
        self.0.sent - before
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.over
    }

    /// Left alone, it comes to rest.
    pub fn rest(mut self) {
        self.0.rest();
    }
}

struct Bench {
    /// Under test; the other one is honest.
    ppp: Ppp,
    peer: Ppp,
    now: Instant,
    to_ppp: VecDeque<Vec<u8>>,
    to_peer: VecDeque<Vec<u8>>,
    token: Option<Authenticated>,
    over: bool,
    /// Bytes that were sent.
    sent: usize,
    projections: usize,
}

/// A segment of TCP.
const SEGMENT: [u8; 60] = [
    0x45, 0, 0, 60, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 66, 0, 2, 10, 66, 0, 1, // IP
    0, 80, 0, 81, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0x20, 0, 1, 2, 0, 0, // TCP
    b'h', b'e', b'l', b'l', b'o', 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, // data
];

/// Has an IP header the right checksum, if it is whole.
fn sum_up(packet: &mut [u8]) {
    let length = usize::from(packet[0] & 0x0f) * 4;
    let Some(header) = packet.get_mut(..length).filter(|header| header.len() >= 20) else { return };
    header[10..12].fill(0);
    let mut sum: u32 = header.chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1])).sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    header[10..12].copy_from_slice(&(!(sum as u16)).to_be_bytes());
}

impl Bench {
    fn run_to_projection(&mut self) {
        self.ppp.lower_up(self.now, 1500);
        self.peer.lower_up(self.now, 1500);
        self.pump();
        for _ in 0..100 {
            self.deliver();
            self.pump();
        }
        assert!(self.ppp.projection().is_some() && self.peer.projection().is_some());
    }

    /// Sends segments, each with some octets other than in the one before: a place and a value each.
    fn carries_segments(&mut self, script: &[u8]) {
        let mut packet = SEGMENT;
        for changes in script.chunks(4).take(STEPS_MAX) {
            for change in changes.chunks_exact(2) {
                packet[usize::from(change[0]) % SEGMENT.len()] = change[1];
            }
            sum_up(&mut packet);
            if packet[0] >> 4 != 4 {
                packet[0] = 0x45;
                continue;
            }
            let (header, payload) = packet.split_at(usize::from(changes[0]) % SEGMENT.len());
            let mut out = Batch::new();
            self.peer.encap(self.now, header, payload, &mut out).expect("a small packet");
            let mut frame = out.as_bytes().to_vec();
            match self.ppp.handle_input(self.now, &mut frame) {
                Input::Payload { range, .. } => assert_eq!(frame[range], packet),
                Input::Rebuilt { .. } => assert_eq!(*self.ppp.rebuilt(), packet),
                other => panic!("{other:?} of {frame:02x?}"),
            }
        }
    }

    /// Takes made-up packets: a length each, then the octets; segments that are whole between them, so that slots are
    /// filled.
    fn hears_segments(&mut self, mut script: &[u8]) {
        for _ in 0..STEPS_MAX {
            let Some([kind, length]) = take(&mut script, 2).try_into().ok().map(|head: [u8; 2]| head) else { return };
            let mut frame = vec![0xff, 3, 0, if kind & 1 == 0 { 0x2d } else { 0x2f }];
            if kind & 2 != 0 {
                frame.extend(SEGMENT);
                frame[4 + 9] = length % 20;
            } else {
                frame.extend(take(&mut script, length.into()));
                frame.resize(frame.len() + usize::from(kind >> 2) * 25, kind);
            }
            match self.ppp.handle_input(self.now, &mut frame) {
                Input::Payload { range, used } => assert!(range.end <= used && used == frame.len()),
                Input::Rebuilt { .. } => assert!((40..=1500).contains(&self.ppp.rebuilt().len())),
                Input::Consumed { .. } | Input::Dropped { .. } => {}
                Input::NeedMore => panic!("a datagram layer has no use for more"),
            }
        }
    }

    fn new(ppp: Ppp, peer: Ppp) -> Self {
        Self {
            ppp,
            peer,
            now: Instant::ZERO,
            to_ppp: VecDeque::new(),
            to_peer: VecDeque::new(),
            token: None,
            over: false,
            sent: 0,
            projections: 0,
        }
    }

    fn run(&mut self, mut script: &[u8]) {
        self.ppp.lower_up(self.now, 1500);
        self.peer.lower_up(self.now, 1500);
        self.pump();
        for _ in 0..STEPS_MAX {
            let Some(step) = take(&mut script, 1).first().copied() else { break };
            self.step(step, &mut script);
            self.pump();
        }
        self.rest();
    }

    fn step(&mut self, step: u8, script: &mut &[u8]) {
        match step % 16 {
            0 => {
                let length = take(script, 1).first().copied().unwrap_or_default();
                let raw = take(script, usize::from(length)).to_vec();
                self.input(raw);
            }
            1 => {
                let tens = take(script, 1).first().copied().unwrap_or_default();
                self.now += Duration::from_millis(u64::from(tens) * 100);
                self.peer.handle_timeout(self.now);
                self.ppp.handle_timeout(self.now);
            }
            2 => self.ppp.authenticate(self.now, credentials()),
            3 => {
                if let Some(token) = self.token.clone() {
                    self.ppp.project(self.now, token);
                }
            }
            4 => self.ppp.terminate(self.now),
            5 => self.peer.terminate(self.now),
            6 => self.ppp.lower_down(self.now),
            7 => self.ppp.lower_up(self.now, 1500),
            8 => {
                let bend = take(script, 2).to_vec();
                if let (Some(mut raw), [at, flip]) = (self.to_ppp.pop_front(), &bend[..]) {
                    if let Some(octet) = raw.get_mut(usize::from(*at)) {
                        *octet ^= flip;
                    }
                    self.input(raw);
                }
            }
            9 => {
                if let Some(raw) = self.to_ppp.front().cloned() {
                    self.input(raw);
                }
            }
            10 => drop(self.to_ppp.pop_front()),
            11 => self.to_ppp.rotate_left(self.to_ppp.len().min(1)),
            12 => drop(self.to_peer.pop_front()),
            13 => {
                let mut out = Batch::new();
                let sent = self.ppp.encap(self.now, &[0x45; 20], &[0; 100], &mut out);
                assert_eq!(sent.is_ok(), self.ppp.projection().is_some());
            }
            14 => self.deliver(),
            _ => self.talk(),
        }
    }

    /// Lets the two talk, as long as they have something to say.
    fn talk(&mut self) {
        for _ in 0..40 {
            if self.to_ppp.is_empty() && self.to_peer.is_empty() {
                return;
            }
            self.deliver();
            self.pump();
        }
    }

    /// Lets the oldest frame of each direction arrive.
    fn deliver(&mut self) {
        if let Some(raw) = self.to_ppp.pop_front() {
            self.input(raw);
        }
        if let Some(mut raw) = self.to_peer.pop_front() {
            let _ = self.peer.handle_input(self.now, &mut raw);
        }
    }

    fn input(&mut self, mut raw: Vec<u8>) {
        match self.ppp.handle_input(self.now, &mut raw) {
            Input::Payload { range, used } => {
                assert!(range.end <= used && used == raw.len());
                assert!(self.ppp.projection().is_some());
            }
            Input::Rebuilt { used } | Input::Consumed { used } | Input::Dropped { used, .. } => {
                assert_eq!(used, raw.len())
            }
            Input::NeedMore => panic!("a datagram layer has no use for more"),
        }
    }

    fn pump(&mut self) {
        let mut out = Batch::new();
        let _ = self.ppp.poll_transmit(self.now, &mut out);
        assert!(out.len() <= 8, "{} frames after one step", out.len());
        for sent in out.frames() {
            assert!(sent.len() <= 4 + 1500);
            self.sent += sent.len();
            ppp_frame(sent);
            push(&mut self.to_peer, sent);
        }
        while let Some(event) = self.ppp.poll_event() {
            assert!(!self.over, "an event after Finished");
            match event {
                Event::Authenticated { token, .. } => self.token = Some(token),
                Event::Projected(projection) => {
                    assert!(!projection.local.is_unspecified());
                    self.projections += 1;
                }
                Event::Finished(_) => self.over = true,
                _ => {}
            }
        }

        out.clear();
        let _ = self.peer.poll_transmit(self.now, &mut out);
        out.frames().for_each(|sent| push(&mut self.to_ppp, sent));
        while let Some(event) = self.peer.poll_event() {
            match event {
                Event::LinkEstablished { .. } => self.peer.authenticate(self.now, credentials()),
                Event::Authenticated { token, .. } => self.peer.project(self.now, token),
                _ => {}
            }
        }
    }

    /// Left alone, the link comes to rest: no timer runs for ever but the keep-alive's.
    fn rest(&mut self) {
        for _ in 0..400 {
            let Some(timeout) = self.ppp.poll_timeout() else { return };
            self.now = self.now.max(timeout.at);
            self.ppp.handle_timeout(self.now);
            let mut out = Batch::new();
            let _ = self.ppp.poll_transmit(self.now, &mut out);
        }
        panic!("a timer runs for ever: {:?}", self.ppp.poll_timeout());
    }
}

fn take<'a>(script: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = script.split_at(length.min(script.len()));
    *script = rest;
    taken
}

fn push(queue: &mut VecDeque<Vec<u8>>, sent: &[u8]) {
    if queue.len() < 32 {
        queue.push_back(sent.to_vec());
    }
}

fn credentials() -> Credentials {
    Credentials { user: "alice".into(), domain: String::new(), password: Secret::from("wonderland") }
}

struct Alice;

impl Accounts for Alice {
    fn account(&self, user: &str, _domain: &str) -> Option<Account> {
        (user == "alice").then(|| Account { password: Secret::from("wonderland"), state: AccountState::Usable })
    }
}

fn echo() -> Option<Echo> {
    Some(Echo { interval: Duration::from_secs(30), failures: 3 })
}

fn client(seed: u64) -> Ppp {
    let framing = Framing { checksum: Checksum::Fcs32, ..Framing::default() };
    let config = ClientConfig { echo: echo(), framing, ..ClientConfig::default() };
    Ppp::client(config, Box::new(SeededRng::new(seed)))
}

fn server(seed: u64) -> Ppp {
    Ppp::server(server_config(), Box::new(SeededRng::new(seed)))
}

fn server_config() -> ServerConfig {
    ServerConfig {
        name: "fuzz".into(),
        framing: Framing { checksum: Checksum::Fcs16, ..Framing::default() },
        retries: 1,
        dns: vec![Ipv4Addr::new(10, 66, 0, 53)],
        echo: echo(),
        ..ServerConfig::new(Arc::new(Alice), Ipv4Addr::new(10, 66, 0, 1), Ipv4Addr::new(10, 66, 0, 2))
    }
}

/// The most steps of a script.
const STEPS_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// Random scripts, the same each time.
    fn scripts(count: u64, mut body: impl FnMut(&[u8])) {
        let mut rng = SeededRng::new(42);
        for _ in 0..count {
            let length = rng.below(200) as usize;
            let script: Vec<u8> = (0..length).map(|_| rng.below(256) as u8).collect();
            body(&script);
        }
    }

    #[test]
    fn an_honest_script_reaches_the_projection_of_both_roles() {
        for (ppp, peer) in [(client(1), server(2)), (server(1), client(2))] {
            let mut bench = Bench::new(ppp, peer);
            bench.run(&[15, 2, 15, 3, 15, 13]);
            assert_eq!(bench.projections, 1);
        }
    }

    #[test]
    fn random_scripts_break_nothing() {
        scripts(500, ppp_client);
        scripts(500, ppp_server);
        scripts(2_000, ppp_frame);
        scripts(500, mschapv2_messages);
    }

    #[test]
    fn random_ends_of_honest_scripts_break_nothing() {
        scripts(500, |end| ppp_client(&[&[15, 2, 15, 3, 15], end].concat()));
        scripts(500, |end| ppp_server(&[&[15], end].concat()));
    }
}
