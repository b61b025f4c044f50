//! The body of the fuzz target for CBCP: two ends that have authenticated each other and agreed to negotiate a callback,
//! with a fuzzer on the wire.

use super::take;
use core::net::Ipv4Addr;
use rasman_core::{AuthMethod, Batch, Credentials, Duration, Instant, Layer, Secret, is_callback_number};
use rasman_ppp::{
    Account, AccountState, Accounts, CallbackChoice, CallbackPolicy, ClientConfig, Event, Ppp, ServerConfig, frame,
};
use rasman_testkit::SeededRng;
use std::collections::VecDeque;
use std::sync::Arc;

/// Runs a script: its first octet says who is attacked and what the server offers, each further one is a step.
pub fn cbcp(mut data: &[u8]) {
    let [shape] = take(&mut data, 1) else { return };
    let mut bench = Bench::new(*shape);
    bench.meet();
    while let Some(step) = take(&mut data, 1).first().copied() {
        bench.step(step, &mut data);
        bench.check();
    }
    // Whatever was done to it, it comes to an end by itself.
    for _ in 0..500 {
        let Some(timeout) = bench.victim().poll_timeout() else { return };
        bench.now = bench.now.max(timeout.at);
        let now = bench.now;
        bench.victim().handle_timeout(now);
        bench.drain();
        bench.check();
        bench.to_client.clear();
        bench.to_server.clear();
    }
    assert!(bench.is_over || bench.is_in, "timers without end");
}

struct Bench {
    client: Ppp,
    server: Ppp,
    /// The server is attacked, else the client.
    attacks_server: bool,
    now: Instant,
    to_client: VecDeque<Vec<u8>>,
    to_server: VecDeque<Vec<u8>>,
    /// Both have agreed on a call, as far as the victim knows.
    agreed: bool,
    /// The victim was let in, or lets in.
    is_in: bool,
    is_over: bool,
    /// What the victim told since it was checked last.
    told: usize,
}

struct Users;

impl Accounts for Users {
    fn account(&self, _user: &str, _domain: &str) -> Option<Account> {
        Some(Account { password: Secret::from("x"), state: AccountState::Usable })
    }
}

impl Bench {
    fn new(shape: u8) -> Self {
        let list = if shape & 16 != 0 { vec!["555".to_owned(), "556".to_owned()] } else { Vec::new() };
        let preset = (shape & 8 != 0).then(|| "557".to_owned());
        let callback = CallbackPolicy { none: shape & 2 != 0, by_caller: shape & 4 != 0, preset, list };
        let base = ServerConfig::new(Arc::new(Users), Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        let server = ServerConfig { authentication: vec![AuthMethod::Pap], callback: Some(callback), ..base };
        let client = ClientConfig {
            authentication: vec![AuthMethod::Pap],
            callback: Some(Duration::from_secs(shape.into())),
            ..ClientConfig::default()
        };
        Self {
            client: Ppp::client(client, Box::new(SeededRng::new(1))),
            server: Ppp::server(server, Box::new(SeededRng::new(2))),
            attacks_server: shape & 1 != 0,
            now: Instant::ZERO,
            to_client: VecDeque::new(),
            to_server: VecDeque::new(),
            agreed: false,
            is_in: false,
            is_over: false,
            told: 0,
        }
    }

    /// Gets both as far as the callback.
    fn meet(&mut self) {
        self.client.lower_up(self.now, 1500);
        self.server.lower_up(self.now, 1500);
        for _ in 0..64 {
            self.drain();
            if self.to_client.is_empty() && self.to_server.is_empty() {
                return;
            }
            self.deliver();
        }
    }

    /// Hands over what is on the wire.
    fn deliver(&mut self) {
        while let Some(mut frame) = self.to_client.pop_front() {
            let _ = self.client.handle_input(self.now, &mut frame);
        }
        while let Some(mut frame) = self.to_server.pop_front() {
            let _ = self.server.handle_input(self.now, &mut frame);
        }
    }

    /// Takes what both send and tell.
    fn drain(&mut self) {
        while let Some(event) = self.client.poll_event() {
            if let Event::LinkEstablished { .. } = event {
                let credentials = Credentials { user: "a".into(), domain: String::new(), password: Secret::from("x") };
                self.client.authenticate(self.now, credentials);
            }
            self.note(&event, false);
        }
        while let Some(event) = self.server.poll_event() {
            self.note(&event, true);
        }
        for (ppp, wire) in [(&mut self.client, &mut self.to_server), (&mut self.server, &mut self.to_client)] {
            let mut out = Batch::new();
            while ppp.poll_transmit(self.now, &mut out) {}
            wire.extend(out.frames().map(<[u8]>::to_vec));
            wire.truncate(64);
        }
    }

    fn note(&mut self, event: &Event, of_server: bool) {
        if let Event::CallbackAgreed(Some(call)) = event {
            assert!(of_server && is_callback_number(&call.number), "{call:?}: a modem is told to dial it");
        }
        if of_server != self.attacks_server {
            return;
        }
        self.told += 1;
        assert!(!self.is_over, "{event:?} after the end");
        match event {
            Event::Renegotiating => (self.agreed, self.is_in) = (false, false),
            Event::CallbackAgreed(_) => {
                assert!(!self.agreed && !self.is_in, "agreed twice, or when it was too late");
                self.agreed = true;
            }
            Event::Authenticated { .. } => {
                assert!(!self.agreed, "whoever is called back is not let in on this link");
                self.is_in = true;
            }
            Event::Finished(_) => self.is_over = true,
            _ => {}
        }
    }

    fn check(&mut self) {
        self.drain();
        assert!(std::mem::take(&mut self.told) <= 64, "the queue of events is bounded");
    }

    fn victim(&mut self) -> &mut Ppp {
        if self.attacks_server { &mut self.server } else { &mut self.client }
    }

    fn step(&mut self, step: u8, data: &mut &[u8]) {
        match step % 8 {
            0 => {
                let [code, id, length] = *take(data, 3) else { return };
                let body = take(data, usize::from(length % 48)).to_vec();
                let whole = u16::try_from(body.len() + 4).unwrap_or(4).to_be_bytes();
                self.attack(&[&[code, id][..], &whole, &body].concat());
            }
            1 => {
                let length = take(data, 1).first().copied().unwrap_or_default();
                let body = take(data, usize::from(length % 48)).to_vec();
                self.attack(&body);
            }
            2 => {
                let timeouts = [self.client.poll_timeout(), self.server.poll_timeout()];
                if let Some(at) = timeouts.into_iter().flatten().map(|timeout| timeout.at).min() {
                    self.now = self.now.max(at);
                }
                self.client.handle_timeout(self.now);
                self.server.handle_timeout(self.now);
            }
            3 => self.deliver(),
            4 => {
                let choice = match take(data, 1).first().copied().unwrap_or_default() % 5 {
                    0 => CallbackChoice::None,
                    1 => CallbackChoice::Number("558".into()),
                    2 => CallbackChoice::Preset,
                    3 => CallbackChoice::Listed("556".into()),
                    _ => CallbackChoice::Number("5\r".into()),
                };
                let _ = self.client.choose_callback(self.now, choice);
            }
            5 => {
                self.to_client.pop_front();
                self.to_server.pop_front();
            }
            6 => {
                let wire = if self.attacks_server { &mut self.to_server } else { &mut self.to_client };
                if let Some(last) = wire.back().cloned() {
                    wire.push_back(last);
                }
            }
            _ => {
                let now = self.now;
                self.victim().terminate(now);
            }
        }
    }

    fn attack(&mut self, information: &[u8]) {
        let mut frame = [&frame::header(rasman_ppp::Protocol::CBCP)[..], information].concat();
        let now = self.now;
        let _ = self.victim().handle_input(now, &mut frame);
    }
}
