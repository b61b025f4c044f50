//! Packets to the tunnel: the ready queue, timers, and the end of flows.

use super::super::Polled;
use super::super::device::{Outlet, Port, Sink};
use super::super::flow::{Flow, Kind, Tcp, clock, from_clock};
use super::Engine;
use rasman_core::{Duration, Instant};
use smoltcp::iface::PollResult;
use smoltcp::socket::tcp::State;
use std::io;

/// Packets that a flow may send before the next one has its turn.
const BURST: usize = 8;
/// The most streams in TIME-WAIT; beyond that the oldest is forgotten early.
const TIME_WAIT_MAX: usize = 256;
/// A flow that claims to have something to send, and sends nothing, is asked again after this time.
const STUCK: Duration = Duration::from_millis(1);

impl Engine {
    pub(in crate::stack) fn poll(
        &mut self,
        now: Instant,
        room: usize,
        sink: impl FnMut(u8, usize, &mut dyn FnMut(&mut [u8])),
    ) -> Polled {
        self.now = now;
        let mut out = Sink { sink, packets: 0, bytes: 0, first: None, scratch: std::mem::take(&mut self.scratch) };
        let mut more = false;
        while let Some(reply) = self.replies.front() {
            if out.bytes + reply.len() > room {
                more = true;
                break;
            }
            out.give(reply);
            self.replies.pop();
        }
        while let Some((at, index)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, index));
            if let Some(flow) = self.flow(index) {
                flow.timer = None;
            }
            self.expire(index);
            self.mark(index);
        }
        while !more && let Some(index) = self.ready.pop_front() {
            more = !self.turn(index, room, &mut out);
        }
        self.scratch = out.scratch;
        Polled { packets: out.packets, bytes: out.bytes, more }
    }

    /// Lets one flow send a burst; returns whether there was room.
    fn turn<F>(&mut self, index: usize, room: usize, out: &mut Sink<F>) -> bool
    where
        F: FnMut(u8, usize, &mut dyn FnMut(&mut [u8])),
    {
        for sent in 0..BURST {
            if out.bytes + self.mtu > room {
                // Whoever has had something of this room is the last to have something of the next.
                if sent == 0 {
                    self.ready.push_front(index)
                } else {
                    self.ready.push_back(index)
                }
                return false;
            }
            out.first = self.flow(index).and_then(Flow::first);
            if !self.egress(index, out) {
                if let Some(flow) = self.flow(index) {
                    flow.queued = false;
                }
                self.settle(index);
                return true;
            }
        }
        self.ready.push_back(index);
        true
    }

    /// Lets one flow send one packet; returns whether it did.
    fn egress(&mut self, index: usize, outlet: &mut impl Outlet) -> bool {
        let now = self.now;
        let Some(flow) = self.flows[index].as_deref_mut() else { return false };
        let mut port = Port { mtu: self.mtu, incoming: None, outlet };
        let sent = self.interface.poll_egress(clock(now), &mut port, &mut flow.set) == PollResult::SocketStateChanged;
        if let (true, Kind::Ping { sent, .. }) = (sent, &mut flow.kind) {
            *sent = sent.or(Some(now));
        }
        sent
    }

    /// Ends a TCP flow whose peer has been silent for too long.
    fn expire(&mut self, index: usize) {
        let (now, config) = (self.now, &self.config);
        let Some(flow) = self.flows[index].as_deref_mut() else { return };
        flow.stamp(now);
        if flow.deadline(config).is_some_and(|deadline| deadline <= now) {
            flow.tcp().abort();
            if let Kind::Tcp(tcp) = &mut flow.kind {
                tcp.failed = tcp.failed.or(Some(io::ErrorKind::TimedOut));
            }
        }
    }

    /// Sets the timer of a flow that has nothing to send, or forgets it if nobody wants it any more.
    pub(super) fn settle(&mut self, index: usize) {
        let now = self.now;
        let Some(flow) = self.flows[index].as_deref_mut() else { return };
        flow.stamp(now);
        if let Kind::Tcp(Tcp { owned, .. }) = flow.kind {
            let state = flow.tcp().state();
            let over = match state {
                State::Closed => !owned,
                // A listening socket that was reset listens again; ours serve one peer only.
                State::Listen => true,
                _ => false,
            };
            if over {
                return self.remove(index);
            }
            if state == State::TimeWait {
                self.enter_time_wait(index);
            }
        }
        let Some(flow) = self.flows[index].as_deref_mut() else { return };
        let poll_at = self.interface.poll_at(clock(now), &flow.set).map(|at| from_clock(at).max(now + STUCK));
        let deadline = flow.deadline(&self.config);
        let Some(at) = poll_at.into_iter().chain(deadline).min() else { return };
        // A timer that fires too early costs less than one that is moved with every packet.
        match flow.timer {
            Some(timer) if timer <= at => return,
            Some(timer) => {
                self.timers.remove(&(timer, index));
            }
            None => {}
        }
        flow.timer = Some(at);
        self.timers.insert((at, index));
    }

    fn enter_time_wait(&mut self, index: usize) {
        let Some(Flow { kind: Kind::Tcp(tcp), .. }) = self.flows[index].as_deref_mut() else { return };
        if core::mem::replace(&mut tcp.time_wait, true) {
            return;
        }
        self.time_wait.push_back(index);
        if self.time_wait.len() > TIME_WAIT_MAX
            && let Some(oldest) = self.time_wait.pop_front()
            && let Some(flow) = self.flow(oldest)
        {
            let Kind::Tcp(tcp) = &mut flow.kind else { return };
            tcp.time_wait = false;
            if !tcp.owned {
                self.remove(oldest);
            }
        }
    }

    pub(in crate::stack) fn next_poll(&self, now: Instant) -> Option<Duration> {
        if !self.ready.is_empty() || !self.replies.is_empty() {
            return Some(Duration::ZERO);
        }
        self.timers.first().map(|(at, _)| at.since(now))
    }

    /// Puts a flow at the end of the ready queue.
    pub(in crate::stack) fn mark(&mut self, index: usize) {
        if let Some(flow) = self.flows[index].as_deref_mut()
            && !core::mem::replace(&mut flow.queued, true)
        {
            self.ready.push_back(index);
        }
    }

    /// Puts a flow into the ready queue if its socket wants to send now; tells whether it does.
    pub(in crate::stack) fn mark_if_eager(&mut self, index: usize) -> bool {
        let now = clock(self.now);
        let Some(flow) = self.flows[index].as_deref_mut() else { return false };
        let eager = !flow.queued && self.interface.poll_at(now, &flow.set).is_some_and(|at| at <= now);
        if eager {
            self.mark(index);
        }
        eager
    }
}
