//! What follows a failure or a loss: the next medium, a further attempt, the link made again, or the end.
//!
//! ```text
//! an attempt fails --retry::may_help? no--------------------------------------------> the end, with this cause
//!        | yes
//!        v
//! next medium of the round? --yes--> OpenPort at once, on it
//!        | no: the round is over
//!        v
//! before Connected: attempts left? --no---------------------------------------------> the end, with all causes
//!        | yes -> Waiting (the entry's pause) -> OpenPort, from the entry's own medium on
//! after a loss: for ever
//!        `-----> Waiting (grows, jitter) -> OpenPort, from the medium that carried on
//! ```

use super::*;
use crate::retry::may_help;
use core::fmt::Write;

/// Which media were tried.
#[derive(Default)]
pub(super) struct Attempts {
    /// The medium that is tried, or that carries: 0 is the entry's own, its alternates follow.
    pub(super) medium: usize,
    /// With which one a round begins.
    first: usize,
    /// Those of this round that failed, each with its reason; never more than there are.
    failed: Vec<(usize, Code, LayerName)>,
    /// Further rounds so far; after a loss, attempts to make the link again.
    round: u32,
    /// What the latest failure was.
    last: Option<Cause>,
    /// Attempts to make lost links again since a link last stood long enough.
    unstable: u32,
}

/// A lost link that is being made again.
pub(super) struct Outage {
    /// Why it was lost.
    loss: Cause,
    /// What was negotiated on it.
    pub(super) projection: Projection,
}

impl Connection {
    /// Takes the failure of the present attempt.
    pub(super) fn attempt_failed(&mut self, now: Instant, cause: Cause) {
        if !may_help(&cause) {
            return self.give_up(now, cause);
        }
        let tried = self.attempts.failed.len() + 1;
        if tried < self.media() {
            self.note_failure(&cause);
            let medium = (self.attempts.first + tried) % self.media();
            return self.try_medium(now, medium, &cause);
        }
        match self.further_round() {
            Some(pause) => {
                self.note_failure(&cause);
                self.wait(now, pause, &cause);
            }
            None => self.give_up(now, cause),
        }
    }

    /// Takes the loss of an established connection's link.
    pub(super) fn link_lost(&mut self, now: Instant, cause: Cause) {
        let Stage::Connected(projection) = &self.stage else { return };
        if !self.comes_back() || !may_help(&cause) {
            return self.disconnect(now, cause);
        }
        self.outage = Some(Outage { loss: cause.clone(), projection: projection.clone() });
        if now.since(self.carrying_since) >= self.plan.config.reconnect_stable {
            self.attempts.unstable = 0;
        }
        self.attempts.first = self.attempts.medium;
        self.attempts.round = 1;
        self.attempts.failed.clear();
        self.attempts.last = Some(cause.clone());
        match self.back_off() {
            Some(pause) => self.wait(now, pause, &cause),
            None => {
                self.leave_link(now, self.attempts.medium, &cause);
                self.attempt_again(now);
            }
        }
    }

    /// Ends the dial, or the connection whose link was lost, for good.
    pub(super) fn give_up(&mut self, now: Instant, cause: Cause) {
        let cause = self.with_history(cause);
        if self.outage.is_some() { self.disconnect(now, cause) } else { self.fail(now, cause) }
    }

    /// Begins a further round, when its pause is over.
    pub(super) fn attempt_again(&mut self, now: Instant) {
        let last = self.attempts.last.as_ref().map(|cause| cause.code);
        if self.outage.is_some() {
            self.attempts.unstable = self.attempts.unstable.saturating_add(1);
            self.tell_substate(Substate::Reconnecting);
        }
        self.enter(now, Stage::OpenPort { after: last });
    }

    /// Tells whether a lost link is made again.
    pub(super) fn comes_back(&self) -> bool {
        self.plan.entry.redial.on_link_failure
    }

    /// Tells whether the stages go on unseen behind the published state Connected.
    pub(super) fn is_hidden(&self) -> bool {
        self.outage.is_some() && self.stage.is_dialing()
    }

    /// Notes that a link carries packets from now on.
    pub(super) fn carries_from(&mut self, now: Instant) {
        self.carrying_since = now;
        self.last_traffic = now;
        self.connected_at.get_or_insert(now);
        self.attempts.failed.clear();
        self.attempts.last = None;
        self.attempts.round = 0;
    }

    /// Ends the outage if there is one, and tells so.
    pub(super) fn outage_ends(&mut self) -> bool {
        let ends = self.outage.take().is_some();
        if ends {
            self.tell_substate(Substate::Reconnected);
            self.promote();
        }
        ends
    }

    /// Asks for the alternate that connected to be tried first from now on (clause M8).
    pub(super) fn promote(&mut self) {
        if let Some(alternate) = self.attempts.medium.checked_sub(1)
            && self.plan.entry.promote_alternates
        {
            self.effects.push_back(Effect::Promote(alternate));
        }
    }

    /// Gives the medium that is tried or carries.
    pub(super) fn medium(&self) -> &Medium {
        nth_medium(&self.plan, self.attempts.medium)
    }

    /// Describes the further attempt for the status.
    pub(super) fn retrying(&self) -> Option<Retrying> {
        if !self.stage.is_dialing() {
            return None;
        }
        let of = self.outage.is_none().then_some(self.plan.entry.redial.attempts);
        let mut retrying = Retrying::new(self.attempts.round, of, self.attempts.last.clone()?);
        retrying.loss = self.outage.as_ref().map(|outage| outage.loss.clone());
        if let Stage::Waiting { pause, .. } = &self.stage {
            retrying.pause = Some(*pause);
        }
        Some(retrying)
    }

    /// Describes the attempt that begins with another server or once more.
    pub(super) fn trying(&self, last: Code) -> Detail {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Detail::Trying {
            server: self.server().0,
            medium: number(self.attempts.medium + 1),
            of: number(self.media()),
            last,
        }
    }

    /// Describes the wait before a further attempt.
    pub(super) fn waiting(&self, pause: Duration, last: Code) -> Detail {
        Detail::Waiting { attempt: self.attempts.round, of: self.plan.entry.redial.attempts, pause, last }
    }

    /// Throws link and PPP away and makes fresh ones for the present medium, which dial, or wait for the server to.
    pub(super) fn renew_layers(&mut self, answering: bool) {
        self.answering = answering;
        let medium = nth_medium(&self.plan, self.attempts.medium);
        self.layers = Layers::new(&self.plan, &self.eap, medium, answering, &mut self.rng_source);
        self.signals = Signals::default();
        self.ports.clear();
        self.port_base = self.port_base.wrapping_add(PORTS_OF_A_LINK);
        self.facts = PortFacts::default();
        self.chained = None;
    }

    fn media(&self) -> usize {
        1 + self.plan.entry.alternates.len()
    }

    fn note_failure(&mut self, cause: &Cause) {
        self.attempts.failed.push((self.attempts.medium, cause.code, cause.layer));
        self.attempts.last = Some(cause.clone());
    }

    fn try_medium(&mut self, now: Instant, medium: usize, failed: &Cause) {
        self.leave_link(now, medium, failed);
        self.enter(now, Stage::OpenPort { after: Some(failed.code) });
    }

    fn wait(&mut self, now: Instant, pause: Duration, failed: &Cause) {
        self.attempts.failed.clear();
        self.leave_link(now, self.attempts.first, failed);
        if self.outage.is_some() {
            self.tell_substate(Substate::Dormant);
        }
        self.enter(now, Stage::Waiting { pause, last: failed.code });
    }

    /// Leaves the present link without waiting for its answer, and gets ready for one over `medium`.
    fn leave_link(&mut self, now: Instant, medium: usize, cause: &Cause) {
        if self.layers.opened && !self.layers.down {
            self.say_goodbye(now, cause);
            while self.layers.link.poll_transmit(now, &mut self.pending) {}
        }
        let closing = self.ports.first().copied();
        if closing.is_none() {
            self.pending.clear();
        }
        self.pending_port = closing.filter(|_| !self.pending.is_empty());
        for port in self.ports.drain(..) {
            self.effects.push_back(Effect::Port(port, PortCommand::Close));
        }
        self.attempts.medium = medium;
        self.renew_layers(false);
    }

    /// Tells how long to wait before the next round, if there is one.
    fn further_round(&mut self) -> Option<Duration> {
        if self.outage.is_some() {
            self.attempts.round = self.attempts.round.saturating_add(1);
            return Some(self.back_off().unwrap_or(self.plan.config.reconnect_first));
        }
        let redial = &self.plan.entry.redial;
        if self.attempts.round >= redial.attempts {
            return None;
        }
        self.attempts.round += 1;
        Some(redial.pause.max(self.plan.config.redial_pause_min))
    }

    /// Draws the pause before the next attempt to make a lost link again; none before the first.
    fn back_off(&mut self) -> Option<Duration> {
        let doublings = self.attempts.unstable.checked_sub(1)?;
        let config = &self.plan.config;
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let longest = config.reconnect_first.saturating_mul(factor).min(config.reconnect_max);
        let half = u64::try_from(longest.as_micros() / 2).unwrap_or(u64::MAX - 1);
        let drawn = (self.rng_source)().u64() % (half + 1);
        Some(Duration::from_micros(half.saturating_add(drawn)))
    }

    fn tell_substate(&mut self, substate: Substate) {
        self.substate = substate;
        let cause = if substate == Substate::Reconnected { None } else { self.attempts.last.clone() };
        self.effects.push_back(Effect::Substate { substate, cause });
    }

    /// Adds to the cause of an end what was tried before.
    fn with_history(&self, cause: Cause) -> Cause {
        let others = &self.attempts.failed;
        let mut told = String::new();
        if let Some(outage) = &self.outage {
            let _ = write!(told, "lost the link ({}, {}) and dialled again; ", outage.loss.code.0, outage.loss.layer);
        }
        if self.outage.is_none() && self.attempts.round > 0 {
            let _ = write!(told, "dialled {} times; in the end ", self.attempts.round + 1);
        }
        if !others.is_empty() {
            let _ = write!(told, "tried {} servers: ", others.len() + 1);
            for (medium, code, layer) in others.iter().take(SERVERS_NAMED) {
                let server = nth_medium(&self.plan, *medium).number();
                let _ = write!(told, "{server} ({}, {layer}), ", CodeNumber(*code));
            }
            if others.len() > SERVERS_NAMED {
                let _ = write!(told, "{} more, ", others.len() - SERVERS_NAMED);
            }
            let _ = write!(told, "{} ({}, {}); ", self.server().0, CodeNumber(cause.code), cause.layer);
        }
        if told.is_empty() {
            return cause;
        }
        let did = if cause.did.is_empty() { told.trim_end_matches("; ").to_owned() } else { told + &cause.did };
        cause.did(did)
    }
}

/// Gives the medium with this index: the entry's own, then its alternates.
fn nth_medium(plan: &DialPlan, index: usize) -> &Medium {
    index.checked_sub(1).and_then(|alternate| plan.entry.alternates.get(alternate)).unwrap_or(&plan.entry.medium)
}

/// A link names its ports from 0 on; none has more than this.
const PORTS_OF_A_LINK: u8 = 4;
/// How many of the servers that failed an explanation names.
const SERVERS_NAMED: usize = 6;
