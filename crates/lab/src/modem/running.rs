//! Modems that run: the only place where they meet a pseudo-terminal and the clock.

use super::{Action, Emulator, ModemConfig, Personality};
use crate::lab::Lab;
use rasman_core::{Duration, Instant};
use rasman_net::clock::{self, sleep_until};
use rasman_net::port::pty::{Pty, RunningPty};
use rasman_net::port::{PortStream, RawStream};
use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};

/// The telephone network of a lab.
#[derive(Default)]
pub(crate) struct Exchange {
    modems: RefCell<Vec<Subscriber>>,
}

/// A modem that can be called.
struct Subscriber {
    number: String,
    speed: u32,
    rings: mpsc::UnboundedSender<Ring>,
}

/// The lab's own end of a telephone line.
pub(crate) struct PhoneLine {
    pub(crate) port: PortStream,
    /// Bits a second of the modem at the other end; 0 for no limit.
    pub(crate) speed: u32,
}

impl Exchange {
    /// Rings at the modem with a number; gives our end of the line, and what tells that it picks up.
    pub(crate) fn ring(&self, number: &str) -> Option<(PhoneLine, oneshot::Receiver<()>)> {
        let modems = self.modems.borrow();
        let called = modems.iter().find(|modem| !modem.number.is_empty() && modem.number == number)?;
        let (near, far) = line()?;
        let (answered, waits) = oneshot::channel();
        called.rings.send(Ring { line: far, answered }).ok()?;
        Some((PhoneLine { port: near, speed: called.speed }, waits))
    }
}

/// Makes the two ends of a line.
fn line() -> Option<(PortStream, PortStream)> {
    let (near, far) = UnixStream::pair().ok()?;
    let port = |stream| PortStream::from(RawStream::unix(stream, "telephone line".to_owned()));
    Some((port(near), port(far)))
}

/// A call on its way to a modem.
struct Ring {
    line: PortStream,
    /// Told when the modem picks up; dropped, it does not.
    answered: oneshot::Sender<()>,
}

impl Ring {
    /// Picks up; gives the line unless the caller has gone.
    fn take(self) -> Option<PortStream> {
        self.answered.send(()).ok().map(|()| self.line)
    }
}

/// Runs one modem until it is dropped.
pub(crate) async fn run(lab: Rc<Lab>, config: ModemConfig, pty: Pty) {
    let pty = match pty.start() {
        Ok(pty) => pty,
        Err(error) => return tracing::error!(%error, "a modem cannot run"),
    };
    let (sender, rings) = mpsc::unbounded_channel();
    let Personality { number, speed, .. } = &config.personality;
    lab.exchange.modems.borrow_mut().push(Subscriber { number: number.clone(), speed: *speed, rings: sender });
    let modem = Modem {
        lab,
        emulator: Emulator::new(config.personality),
        pty,
        line: Line::None,
        rings,
        ring: None,
        up: Pace::default(),
        down: Pace::default(),
    };
    modem.run().await;
}

struct Modem {
    lab: Rc<Lab>,
    emulator: Emulator,
    pty: RunningPty,
    line: Line,
    rings: mpsc::UnboundedReceiver<Ring>,
    /// A call that was not taken yet.
    ring: Option<Ring>,
    /// To the line, and from it.
    up: Pace,
    down: Pace,
}

enum Line {
    None,
    /// Waits for the other modem to pick up.
    Calling(PortStream, oneshot::Receiver<()>),
    Open(PortStream),
}

/// When the line takes more, at its speed.
#[derive(Default)]
struct Pace {
    free_at: Instant,
}

impl Pace {
    /// A start and a stop bit go with each octet.
    fn spend(&mut self, now: Instant, octets: usize, speed: u32) {
        if speed > 0 {
            let micros = octets as u64 * 10_000_000 / u64::from(speed);
            self.free_at = self.free_at.max(now) + Duration::from_micros(micros);
        }
    }
}

impl Modem {
    async fn run(mut self) {
        let mut typed = Vec::new();
        let mut heard = Vec::new();
        loop {
            let now = clock::now();
            self.turn(now);
            let wake = [self.emulator.next_timeout(), self.later(now)].into_iter().flatten().min();
            let (takes, gives) = (self.up.free_at <= now, self.down.free_at <= now);
            tokio::select! {
                _ = self.pty.port.readable(), if takes => {
                    if self.pty.port.try_read(&mut typed).is_err() {
                        return;
                    }
                    let now = clock::now();
                    self.up.spend(now, typed.len(), self.emulator.personality().speed);
                    self.emulator.from_computer(now, &typed);
                    typed.clear();
                }
                open = self.pty.opened_or_closed() => {
                    if !open {
                        // What was written before the port was closed was said.
                        let _ = self.pty.port.try_read(&mut typed);
                        self.emulator.from_computer(clock::now(), &typed);
                        typed.clear();
                        self.turn(clock::now());
                        self.emulator.dtr_dropped();
                    }
                }
                answered = self.line.event(gives) => self.line_event(answered, &mut heard),
                Some(ring) = self.rings.recv() => self.rung(ring),
                () = sleep_until(wake) => self.emulator.handle_timeout(clock::now()),
            }
        }
    }

    /// Tells when one of the directions is free again.
    fn later(&self, now: Instant) -> Option<Instant> {
        [self.up.free_at, self.down.free_at].into_iter().filter(|at| *at > now).min()
    }

    /// Moves everything that can be moved without waiting.
    fn turn(&mut self, now: Instant) {
        while let Some(action) = self.emulator.poll_action() {
            self.act(now, action);
        }
        let said = self.emulator.take_for_computer(now);
        // Whoever does not listen misses it.
        let _ = self.pty.port.queue(&said).and_then(|()| self.pty.port.try_write());
        let sent = self.emulator.take_for_line();
        if let Line::Open(line) = &mut self.line
            && line.queue(&sent).and_then(|()| line.try_write()).is_err()
        {
            self.line_ended();
        }
    }

    fn act(&mut self, now: Instant, action: Action) {
        match action {
            Action::Dial(number) => match self.call(&number) {
                Some(line) => self.line = line,
                None => self.emulator.refused(now, "BUSY", "7"),
            },
            Action::Answer => match self.ring.take().and_then(Ring::take) {
                Some(line) => self.line = Line::Open(line),
                None => self.emulator.refused(now, "NO CARRIER", "3"),
            },
            Action::HangUp => {
                (self.line, self.ring) = (Line::None, None);
                (self.up, self.down) = (Pace::default(), Pace::default());
            }
        }
        if matches!(self.line, Line::Open(_)) {
            self.emulator.connected(now);
        }
    }

    /// Calls another modem, or the lab itself.
    fn call(&mut self, number: &str) -> Option<Line> {
        if let Some((near, answered)) = self.lab.exchange.ring(number) {
            return Some(Line::Calling(near.port, answered));
        }
        let (near, far) = line()?;
        let speed = self.emulator.personality().speed;
        self.lab.calls.send(PhoneLine { port: far, speed }).ok()?;
        Some(Line::Open(near))
    }

    fn rung(&mut self, ring: Ring) {
        // Who is busy drops the call.
        if self.emulator.is_idle() {
            self.ring = Some(ring);
            self.emulator.ring(clock::now());
        }
    }

    fn line_event(&mut self, event: Event, heard: &mut Vec<u8>) {
        let now = clock::now();
        match (event, std::mem::replace(&mut self.line, Line::None)) {
            (Event::Answered, Line::Calling(line, _)) => {
                self.line = Line::Open(line);
                self.emulator.connected(now);
            }
            (Event::NotAnswered, Line::Calling(..)) => self.emulator.refused(now, "BUSY", "7"),
            (Event::Readable, Line::Open(mut line)) => {
                let read = line.try_read(heard);
                self.down.spend(now, heard.len(), self.emulator.personality().speed);
                self.emulator.from_line(now, heard);
                heard.clear();
                let open = matches!(read, Ok(rasman_net::tls::Received::Bytes(_)));
                self.line = Line::Open(line);
                if !open {
                    self.line_ended();
                }
            }
            (_, line) => self.line = line,
        }
    }

    fn line_ended(&mut self) {
        self.line = Line::None;
        self.emulator.line_lost(clock::now());
    }
}

/// What happens on the line.
enum Event {
    Readable,
    Answered,
    NotAnswered,
}

impl Line {
    async fn event(&mut self, may_read: bool) -> Event {
        match self {
            Self::None => pending().await,
            Self::Calling(_, answered) => match answered.await {
                Ok(()) => Event::Answered,
                Err(_) => Event::NotAnswered,
            },
            Self::Open(_) if !may_read => pending().await,
            Self::Open(line) => {
                let _ = line.readable().await;
                Event::Readable
            }
        }
    }
}
