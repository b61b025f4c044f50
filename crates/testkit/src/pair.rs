//! Two layers over a virtual wire.

use crate::{Chop, Side, Weather, Wire};
use rasman_core::{Batch, DropReason, Instant, Layer, Timeout};
use std::fmt;

/// Two layers over a virtual wire, in virtual time that jumps from one thing that happens to the next.
///
/// Commands go straight to the layers (`pair.a.layer.open(pair.now())`); then [`Pair::run_until`] lets things happen.
pub struct Pair<A: Layer, B: Layer> {
    /// One end.
    pub a: Side<A>,
    /// The other end.
    pub b: Side<B>,
    /// The wire from a to b.
    pub a_to_b: Wire,
    /// The wire from b to a.
    pub b_to_a: Wire,
    now: Instant,
    batch: Batch,
}

impl<A: Layer, B: Layer> Pair<A, B> {
    /// Joins two datagram layers.
    #[must_use]
    pub fn datagrams(a: A, b: B, weather: Weather, seed: u64) -> Self {
        Self::new(a, b, Wire::datagrams(weather, seed), Wire::datagrams(weather, !seed))
    }

    /// Joins two stream layers.
    #[must_use]
    pub fn stream(a: A, b: B, chop: Chop, seed: u64) -> Self {
        Self::new(a, b, Wire::stream(chop, seed), Wire::stream(chop, !seed))
    }

    /// Joins two layers by the given wires.
    #[must_use]
    pub fn new(a: A, b: B, a_to_b: Wire, b_to_a: Wire) -> Self {
        Self { a: Side::new(a), b: Side::new(b), a_to_b, b_to_a, now: Instant::ZERO, batch: Batch::new() }
    }

    /// Tells the time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Sends a packet from a to b.
    ///
    /// # Errors
    /// As the layer's `encap`.
    pub fn send_a(&mut self, header: &[u8], payload: &[u8]) -> Result<(), DropReason> {
        self.flush();
        self.a.layer.encap(self.now, header, payload, &mut self.batch)?;
        put(&mut self.batch, self.now, &mut self.a_to_b);
        Ok(())
    }

    /// Sends a packet from b to a.
    ///
    /// # Errors
    /// As the layer's `encap`.
    pub fn send_b(&mut self, header: &[u8], payload: &[u8]) -> Result<(), DropReason> {
        self.flush();
        self.b.layer.encap(self.now, header, payload, &mut self.batch)?;
        put(&mut self.batch, self.now, &mut self.b_to_a);
        Ok(())
    }

    /// Lets things happen until `done` holds.
    ///
    /// # Errors
    /// If it does not hold after `max_steps` things, or when nothing can happen any more.
    pub fn run_until(
        &mut self,
        mut done: impl FnMut(&Side<A>, &Side<B>) -> bool,
        max_steps: usize,
    ) -> Result<(), GaveUp> {
        for steps in 0..max_steps {
            self.flush();
            if done(&self.a, &self.b) {
                return Ok(());
            }
            if !self.step() {
                return Err(GaveUp { why: Why::Quiet, steps, now: self.now });
            }
        }
        self.flush();
        if done(&self.a, &self.b) {
            return Ok(());
        }
        Err(GaveUp { why: Why::TooManySteps, steps: max_steps, now: self.now })
    }

    /// Lets everything happen that happens before `at`, and moves the time there.
    ///
    /// # Panics
    /// If more than a million things happen.
    pub fn run_to(&mut self, at: Instant) {
        for _ in 0..1_000_000 {
            self.flush();
            if self.next().is_none_or(|next| next > at) {
                self.now = self.now.max(at);
                return;
            }
            self.step();
        }
        panic!("more than a million things happen before {at:?}");
    }

    /// Lets the next thing happen: a frame arrives, or a timeout. Gives false if there is none.
    pub fn step(&mut self) -> bool {
        self.flush();
        let Some(next) = self.next() else { return false };
        self.now = self.now.max(next);
        if let Some(bytes) = self.a_to_b.take(self.now) {
            deliver(&mut self.b, self.now, bytes, self.a_to_b.is_stream());
        } else if let Some(bytes) = self.b_to_a.take(self.now) {
            deliver(&mut self.a, self.now, bytes, self.b_to_a.is_stream());
        } else {
            timeout(&mut self.a.layer, self.now);
            timeout(&mut self.b.layer, self.now);
        }
        self.flush();
        true
    }

    /// Puts on the wire what the layers send, and notes what they tell.
    pub fn flush(&mut self) {
        self.a.drain(self.now, &mut self.batch);
        put(&mut self.batch, self.now, &mut self.a_to_b);
        self.b.drain(self.now, &mut self.batch);
        put(&mut self.batch, self.now, &mut self.b_to_a);
    }

    /// Tells when the next thing happens.
    fn next(&self) -> Option<Instant> {
        let timeouts = Timeout::earliest(self.a.layer.poll_timeout(), self.b.layer.poll_timeout());
        let arrivals = [self.a_to_b.next_arrival(), self.b_to_a.next_arrival()];
        arrivals.into_iter().flatten().chain(timeouts.map(|t| t.at)).min()
    }
}

/// Why [`Pair::run_until`] stopped early.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct GaveUp {
    /// What was missing.
    pub why: Why,
    /// How many things happened.
    pub steps: usize,
    /// The virtual time at the end.
    pub now: Instant,
}

/// What kept [`Pair::run_until`] from its end.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// Nothing is on its way and no timer runs.
    Quiet,
    /// Too many things happened.
    TooManySteps,
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gave up at {:?} after {} steps: {:?}", self.now, self.steps, self.why)
    }
}

impl std::error::Error for GaveUp {}

fn deliver<L: Layer>(to: &mut Side<L>, now: Instant, bytes: Vec<u8>, stream: bool) {
    if stream { to.stream(now, &bytes) } else { to.datagram(now, bytes) }
}

fn timeout<L: Layer>(layer: &mut L, now: Instant) {
    if layer.poll_timeout().is_some_and(|t| t.at <= now) {
        layer.handle_timeout(now);
    }
}

fn put(batch: &mut Batch, now: Instant, wire: &mut Wire) {
    for frame in batch.frames() {
        wire.put(now, frame);
    }
    batch.clear();
}
