//! Dead-peer detection: our own Echo-Requests (RFC 1661 5.8), sent only into a silence.

use crate::Echo;
use rasman_core::{Instant, Timeout};

/// When the next Echo-Request is due, and how many had no reply.
pub(super) struct KeepAlive {
    config: Option<Echo>,
    next: Option<Instant>,
    unanswered: u32,
    /// When the peer was last heard.
    heard_at: Instant,
    /// The peer was heard since the last request.
    heard: bool,
    /// When everything that goes before a request has left.
    busy_until: Instant,
}

/// What is due.
pub(super) enum Due {
    Nothing,
    Request,
    /// So many in a row had no reply.
    GiveUp(u32),
}

impl KeepAlive {
    pub(super) fn new(config: Option<Echo>) -> Self {
        Self { config, next: None, unanswered: 0, heard_at: Instant::ZERO, heard: false, busy_until: Instant::ZERO }
    }

    /// Changes the budget; it counts from the next [`start`](Self::start) on.
    pub(super) fn set(&mut self, config: Option<Echo>) {
        self.config = config;
    }

    pub(super) fn busy_until(&mut self, at: Instant) {
        self.busy_until = at;
    }

    pub(super) fn start(&mut self, now: Instant) {
        self.hear(now);
        self.next = self.config.map(|echo| now + echo.interval);
    }

    pub(super) fn stop(&mut self) {
        self.next = None;
    }

    /// The peer does not know echoes.
    pub(super) fn give_up(&mut self) {
        self.config = None;
        self.next = None;
    }

    /// Notes a frame of the peer: two stores, as this is done for every packet. The timer is looked at when it is due.
    pub(super) fn hear(&mut self, now: Instant) {
        self.heard_at = now;
        self.heard = true;
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Due {
        let (Some(echo), Some(_)) = (self.config, self.next.filter(|at| *at <= now)) else { return Due::Nothing };
        if core::mem::take(&mut self.heard) {
            self.unanswered = 0;
            let quiet_at = self.heard_at + echo.interval;
            if quiet_at > now {
                self.heard = true;
                self.next = Some(quiet_at);
                return Due::Nothing;
            }
        }
        if self.unanswered >= echo.failures {
            self.stop();
            return Due::GiveUp(self.unanswered);
        }
        self.unanswered += 1;
        // The last request is given up once it could have been answered, not while it still waits to leave.
        let leaves = if self.unanswered == echo.failures { now.max(self.busy_until) } else { now };
        self.next = Some(leaves + echo.interval);
        Due::Request
    }

    pub(super) fn timeout(&self) -> Option<Timeout> {
        self.next.map(|at| Timeout { at, why: "LCP echo" })
    }
}
