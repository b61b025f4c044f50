//! A dialling end as small as it can be: SSTP, PPP and a stack, driven without a manager.

use rasman_core::{
    Batch, Cause, Code, Credentials, Input, Instant, Layer, LayerName, Link, LinkEvent, PortClosed, PortCommand,
    PortId, PortSpec, Rng, Timeout, TlsSpec, Trust,
};
use rasman_lab::Facts;
use rasman_media::sstp::{self, ClientSettings};
use rasman_net::clock;
use rasman_net::pump::Pump;
use rasman_net::stack::{Stack, StackConfig, StackHandle};
use rasman_net::tls;
use rasman_ppp::{ClientConfig, Event, Ppp};
use std::future::pending;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A connection, driven by a task of its own.
pub(crate) struct Connection {
    pub(crate) stack: StackHandle,
    hang_up: oneshot::Sender<()>,
    task: JoinHandle<Cause>,
}

impl Connection {
    /// Hangs up and gives the reason that everything ended with.
    pub(crate) async fn hang_up(self) -> Cause {
        let _ = self.hang_up.send(());
        self.task.await.unwrap()
    }

    /// Waits for the end that the other side makes.
    pub(crate) async fn ended(self) -> Cause {
        self.task.await.unwrap()
    }
}

/// Runs a test on one thread.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(Duration::from_secs(60), test).await.expect("the test takes too long")
    })
}

/// Gives what a client of this lab is told.
pub(crate) fn spec(facts: &Facts) -> TlsSpec {
    TlsSpec {
        host: facts.address.ip().to_string(),
        port: facts.address.port(),
        server_name: facts.name.clone(),
        trust: Trust { added_roots: vec![facts.ca_der.clone()], ..Trust::default() },
        proxy: None,
    }
}

/// Dials to the lab's default user and gives the connection once packets flow.
pub(crate) async fn dial(facts: &Facts) -> Result<Connection, Cause> {
    dial_as(facts, rasman_lab::DEFAULT_USER, rasman_lab::DEFAULT_PASSWORD).await
}

/// Dials and gives the connection once packets flow.
pub(crate) async fn dial_as(facts: &Facts, user: &str, password: &str) -> Result<Connection, Cause> {
    let credentials = Credentials { user: user.into(), domain: String::new(), password: password.into() };
    let mut link =
        sstp::Client::new(ClientSettings { tls: spec(facts), config: sstp::Config::default() }, Box::new(SystemRng));
    link.open(clock::now());
    let Some(LinkEvent::Port(port, PortCommand::Open(PortSpec::Tls(spec)))) = link.poll_event() else {
        panic!("a link asks for its port first");
    };
    let failed = |error: std::io::Error| Cause::new(Code::VPN_TIMEOUT, LayerName::Tcp).did(error.to_string());
    let tcp = TcpStream::connect(facts.address).await.map_err(failed)?;
    tcp.set_nodelay(true).map_err(failed)?;
    let pump = Pump::new(tls::connect(&spec, tcp).await?);
    link.port_ready(clock::now(), port, &pump.port().facts().clone());
    let ppp = Ppp::client(ClientConfig::default(), Box::new(SystemRng));
    let (up, is_up) = oneshot::channel();
    let (hang_up, hung_up) = oneshot::channel();
    let driver = Driver {
        link,
        ppp,
        pump: Some(pump),
        port,
        credentials,
        stack: None,
        up: Some(up),
        scratch: Batch::new(),
        out: Batch::new(),
        cause: None,
        down: None,
    };
    let task = tokio::task::spawn_local(driver.drive(hung_up));
    match is_up.await {
        Ok(stack) => Ok(Connection { stack, hang_up, task }),
        Err(_) => Err(task.await.unwrap()),
    }
}

struct Driver {
    link: sstp::Client,
    ppp: Ppp,
    pump: Option<Pump>,
    port: PortId,
    credentials: Credentials,
    stack: Option<Stack>,
    up: Option<oneshot::Sender<StackHandle>>,
    scratch: Batch,
    out: Batch,
    /// The first reason, such as a refused password; what follows is only its end.
    cause: Option<Cause>,
    down: Option<Cause>,
}

impl Driver {
    async fn drive(mut self, hung_up: oneshot::Receiver<()>) -> Cause {
        let mut hung_up = Some(hung_up);
        loop {
            let now = clock::now();
            self.advance(now);
            if let Some(down) = self.down.take() {
                return self.cause.unwrap_or(down);
            }
            let Some(pump) = &mut self.pump else { panic!("a link without a port goes down") };
            std::mem::swap(pump.out(), &mut self.out);
            let mut sent = pump.send();
            if let Some(stack) = &mut self.stack {
                let link = &mut self.link;
                sent = sent.and(pump.send_from(now, stack, |_, length, write, out| {
                    let _ = link.encap_with(now, &[0xff, 0x03, 0x00, 0x21], length, write, out);
                }));
            }
            let mut closed = sent.and(pump.write()).err().map(PortClosed::Failed);
            let stack = match &mut self.stack {
                Some(stack) if pump.port().send_room() > 0 => stack.next_poll(now).map(|after| now + after),
                _ => None,
            };
            let layers = Timeout::earliest(self.link.poll_timeout(), self.ppp.poll_timeout()).map(|t| t.at);
            let wake = [stack, layers].into_iter().flatten().min();
            if closed.is_none() {
                let tls = pump.port();
                tokio::select! {
                    _ = tls.readable() => closed = self.receive(clock::now()),
                    _ = tls.writable(), if tls.pending() > 0 => {}
                    () = notified(&self.stack) => {}
                    () = sleep_until(wake) => {
                        self.link.handle_timeout(clock::now());
                        self.ppp.handle_timeout(clock::now());
                    }
                    _ = async { hung_up.as_mut().unwrap().await }, if hung_up.is_some() => {
                        hung_up = None;
                        let cause = Cause::new(Code::USER_DISCONNECTION, LayerName::User);
                        self.link.close(clock::now(), &cause);
                    }
                }
            }
            if let Some(closed) = closed {
                self.link.port_closed(clock::now(), self.port, &closed);
            }
        }
    }

    fn receive(&mut self, now: Instant) -> Option<PortClosed> {
        let Self { link, ppp, stack, pump: Some(pump), .. } = self else { return None };
        let take = |input: &mut [u8], _: &mut dyn FnMut(&mut [u8])| match link.handle_input(now, input) {
            Input::Payload { range, used } => match ppp.handle_input(now, &mut input[range.clone()]) {
                Input::Payload { range: inner, .. } => {
                    Input::Payload { range: range.start + inner.start..range.start + inner.end, used }
                }
                _ => Input::Consumed { used },
            },
            other => other,
        };
        let received = pump.receive(take, |packet| {
            if let Some(stack) = stack {
                stack.receive(now, packet);
            }
        });
        match received {
            Ok(None) => None,
            Ok(Some(_)) => Some(PortClosed::ByPeer),
            Err(cause) => Some(PortClosed::Failed(cause)),
        }
    }

    fn advance(&mut self, now: Instant) {
        loop {
            while self.ppp.poll_transmit(now, &mut self.scratch) {
                for frame in self.scratch.frames() {
                    let _ = self.link.encap(now, &[], frame, &mut self.out);
                }
                self.scratch.clear();
            }
            while self.link.poll_transmit(now, &mut self.out) {}
            if let Some(event) = self.ppp.poll_event() {
                self.ppp_event(now, event);
            } else if let Some(event) = self.link.poll_event() {
                self.link_event(now, event);
            } else {
                return;
            }
        }
    }

    fn ppp_event(&mut self, now: Instant, event: Event) {
        match event {
            Event::LinkEstablished { .. } => self.ppp.authenticate(now, self.credentials.clone()),
            Event::Authenticated { token, keys } => {
                self.link.bind(now, &keys);
                self.ppp.project(now, token);
            }
            Event::AuthenticationRefused { cause, .. } => {
                self.link.close(now, &cause);
                self.cause = Some(cause);
            }
            Event::Projected(projection) => {
                let stack = Stack::new(&projection, StackConfig::default(), now);
                if let Some(up) = self.up.take() {
                    let _ = up.send(stack.handle());
                }
                self.stack = Some(stack);
            }
            Event::Finished(cause) => {
                self.link.close(now, &cause);
                self.cause.get_or_insert(cause);
            }
            _ => {}
        }
    }

    fn link_event(&mut self, now: Instant, event: LinkEvent) {
        match event {
            LinkEvent::Up(params) => self.ppp.lower_up(now, params.mru),
            LinkEvent::Port(_, PortCommand::Close) => {
                if let Some(pump) = &mut self.pump {
                    std::mem::swap(pump.out(), &mut self.out);
                    let _ = pump.send().and_then(|()| pump.write());
                }
                self.pump = None;
            }
            LinkEvent::Down(cause) => {
                self.stack = None;
                self.up = None;
                self.down = Some(cause);
            }
            _ => {}
        }
    }
}

async fn notified(stack: &Option<Stack>) {
    match stack {
        Some(stack) => stack.notified().await,
        None => pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(clock::runtime_instant(at)).await,
        None => pending().await,
    }
}

struct SystemRng;

impl Rng for SystemRng {
    fn fill(&mut self, out: &mut [u8]) {
        getrandom::fill(out).unwrap();
    }
}
