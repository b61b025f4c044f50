//! The connection: what goes in and what comes out.
//!
//! `stages` decides what follows what, `attempts` what follows a failure or a loss, `callback` what follows if the server
//! calls back, `layers` listens to link and PPP, `limits` ends what takes too long, and `line_times` tells how long that is
//! on a slow line.

mod attempts;
mod callback;
mod layers;
mod limits;
mod line;
mod line_times;
mod stages;

use crate::stage::{Asking, Outcome, Refusal, Stage};
use crate::{Command, DialPlan, Effect, PortPhase, RngSource, Status};
use attempts::{Attempts, Outage};
use rasman_auth::Authenticated;
use rasman_core::{
    Answer, AuthMethod, Batch, Callback, Cause, Code, CodeNumber, ConnState, Detail, Device, DropReason, Duration,
    EapDialog, EapSettings, Input, Instant, Interaction, Layer, LayerName, Learned, LineLogin, Link, LinkEvent,
    LinkParams, Medium, MppeConsent, Notification, PortClosed, PortCommand, PortFacts, PortId, Projection, Question,
    QuestionKind, Retrying, Rng, Secret, SerialSettings, SstpSettings, Statistics, Substate, Timeout, TlsSpec, Trust,
};
use rasman_media::{modem, sstp};
use rasman_ppp::{self as ppp, CallbackChoice, CallbackOffer, Ppp};
use std::collections::VecDeque;
use std::sync::Arc;

/// One connection.
///
/// The driver hands in [commands](Command), bytes and time, and after each batch of calls drains
/// [`poll_transmit`](Self::poll_transmit) until it gives `None`, then [`poll_effect`](Self::poll_effect), then reads
/// [`poll_timeout`](Self::poll_timeout). Nothing here blocks, and every stage answers every command.
///
/// After [`Effect::Finished`] the connection is inert.
pub struct Connection {
    plan: DialPlan,
    /// The entry's, with what the user has answered.
    eap: EapSettings,
    /// The user's answer to an expired password, for a server that hung up before it could take it.
    new_password: Option<Secret>,
    rng_source: RngSource,
    /// Private and assigned in `enter` alone.
    stage: Stage,
    /// The stage's work has begun; before that its notification may be held.
    begun: bool,
    handler: Handler,
    layers: Layers,
    signals: Signals,
    deadline: Option<Timeout>,
    /// How far the port of the link has come.
    phase: Phase,
    attempts: Attempts,
    /// The link of an established connection is lost and being made again; its published state stays Connected.
    outage: Option<Outage>,
    substate: Substate,
    /// The ports that are open or being opened, by the names that the driver knows.
    ports: Vec<PortId>,
    /// What is added to the present link's own names of its ports, so that no late word about a port of an earlier
    /// link is taken for one about this link's.
    port_base: u8,
    facts: PortFacts,
    /// The device of the chain that is in use, where it is not the medium's own.
    chained: Option<Device>,
    /// The present link waits for the server to call back, or is that call.
    answering: bool,
    /// What the far network has told beyond the projection.
    learned: Learned,
    teardown: Teardown,
    /// `Effect::Ending` was told.
    ending_told: bool,
    /// The client has hung up after a failure, so nothing has to be remembered for it.
    hang_up_wanted: bool,
    next_seq: u64,
    /// How many questions were put; the last one's id.
    asked: u32,
    /// How many of them count for `questions_max`: all but those of Interactive.
    questions: u32,
    effects: VecDeque<Effect>,
    /// Frames of PPP on their way to the link; reused.
    scratch: Batch,
    /// Bytes for the port that must leave before anything the link says next.
    pending: Batch,
    /// The port for them, if it is closing and another is being opened.
    pending_port: Option<PortId>,
    statistics: Statistics,
    connected_at: Option<Instant>,
    /// When the present link began to carry packets.
    carrying_since: Instant,
    /// When it last carried a packet; a plain store a packet, looked at when the idle limit is due.
    last_traffic: Instant,
}

/// The link and what runs over it; renewed as one when a dial starts again on a fresh link.
struct Layers {
    link: Box<dyn Link + Send>,
    ppp: Ppp,
    /// A packet that is to be encrypted; reused.
    packet: Vec<u8>,
    /// `link.open` was called.
    opened: bool,
    /// `LinkEvent::Down` was seen.
    down: bool,
}

/// What the layers have told and no stage has used yet.
#[derive(Default)]
struct Signals {
    port_ready: bool,
    link_up: Option<LinkParams>,
    /// The device that comes next in the chain.
    next_device: Option<Device>,
    /// The client is to have the line; what ends the dial if nobody may.
    interactive: Option<(Interaction, Option<Cause>)>,
    established: bool,
    authentication: Option<Result<Authenticated, Refusal>>,
    /// The server would call back, and waits for what we choose.
    callback: Option<CallbackOffer>,
    /// It will call back.
    callback_agreed: bool,
    projection: Option<Projection>,
    network: Option<Result<(), Cause>>,
    lost: Option<Cause>,
}

/// The notification handler that the client named.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Handler {
    /// None was named: notifications never hold.
    None,
    /// It waits for the next notification.
    Idle,
    /// It runs; the dial is held.
    Running { seq: u64 },
    /// It wants no more calls (clause A31).
    Silent,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Phase {
    Port(PortPhase),
    Link,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Teardown {
    NotYet,
    Running {
        give_up_at: Instant,
    },
    /// The link is down and the ports are closed.
    Done,
    /// And `Effect::Finished` was told.
    Finished,
}

impl Connection {
    /// Starts a dial. The first notification, OpenPort, is queued at once.
    #[must_use]
    pub fn dial(plan: DialPlan, mut rng_source: RngSource, now: Instant) -> Self {
        let eap = plan.entry.eap.clone();
        let layers = Layers::new(&plan, &eap, &plan.entry.medium, false, &mut rng_source);
        let handler = if plan.handler { Handler::Idle } else { Handler::None };
        let mut connection = Self {
            plan,
            eap,
            new_password: None,
            rng_source,
            stage: Stage::OpenPort { after: None },
            begun: false,
            handler,
            layers,
            signals: Signals::default(),
            deadline: None,
            phase: Phase::Port(PortPhase::Resolving),
            attempts: Attempts::default(),
            outage: None,
            substate: Substate::None,
            ports: Vec::new(),
            port_base: 0,
            facts: PortFacts::default(),
            chained: None,
            answering: false,
            learned: Learned::default(),
            teardown: Teardown::NotYet,
            ending_told: false,
            hang_up_wanted: false,
            next_seq: 0,
            asked: 0,
            questions: 0,
            effects: VecDeque::new(),
            scratch: Batch::new(),
            pending: Batch::new(),
            pending_port: None,
            statistics: Statistics::default(),
            connected_at: None,
            carrying_since: now,
            last_traffic: now,
        };
        connection.publish(ConnState::OpenPort, None, Detail::None);
        connection.advance(now);
        connection
    }

    /// Takes a command or an event of the outside.
    pub fn handle_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::HangUp(cause) => self.hang_up(now, cause),
            Command::Abandon(cause) => {
                self.plan.config.disconnect = self.plan.config.disconnect.min(self.plan.config.abandon);
                self.hang_up(now, cause);
            }
            Command::Answer { id, answer } => self.answer(id, answer),
            Command::LineOctets(octets) => self.say_on_line(now, &octets),
            Command::LineFormat(format) if self.has_line() => self.layers.link.set_format(format),
            Command::LineFormat(_) => {}
            Command::HandlerDone { seq, more } => self.handler_done(seq, more),
            Command::PortProgress(port, phase) => self.port_progress(now, port, phase),
            Command::PortReady(port, facts) => self.port_ready(now, port, facts),
            Command::PortClosed(port, closed) => self.port_closed(now, port, &closed),
            Command::NetworkReady => self.signals.network = Some(Ok(())),
            Command::NetworkFailed(cause) => self.signals.network = Some(Err(cause)),
        }
        self.advance(now);
    }

    /// Takes the front of what came from a port; [`Input::Payload`] is an IP packet for this host, as is what
    /// [`rebuilt`](Self::rebuilt) gives after [`Input::Rebuilt`].
    ///
    /// See [`Layer::handle_input`] for how to go on.
    pub fn handle_input(&mut self, now: Instant, port: PortId, input: &mut [u8]) -> Input {
        if !self.ports.contains(&port) {
            return Input::Dropped { used: input.len(), reason: DropReason::Unexpected("bytes of a closed port") };
        }
        let taken = match self.layers.handle_input(now, input) {
            Input::Payload { range, used } => {
                return self.received(now, range.len(), Input::Payload { range, used }, used);
            }
            Input::Rebuilt { used } => {
                let length = self.layers.ppp.rebuilt().len();
                return self.received(now, length, Input::Rebuilt { used }, used);
            }
            other => other,
        };
        if let Input::Dropped { .. } = taken {
            self.statistics.receive_drops += 1;
        }
        self.advance(now);
        taken
    }

    /// Gives the packet that the last [`Input::Rebuilt`] told of.
    pub fn rebuilt(&mut self) -> &mut [u8] {
        self.layers.ppp.rebuilt()
    }

    /// Appends the frames that carry an IP packet of ours, for the only port.
    ///
    /// # Errors
    /// Why the packet was discarded; the drop is counted.
    pub fn encap(&mut self, now: Instant, packet: &[u8], out: &mut Batch) -> Result<(), DropReason> {
        let first = packet.first().copied().unwrap_or(0);
        self.encap_with(now, first, packet.len(), &mut |space| space.copy_from_slice(packet), out)
    }

    /// Appends the frames that carry an IP packet of `len` bytes, of which `first` is the first; `fill` writes it straight
    /// to its place where the medium's framing leaves bytes as they are and PPP does not encrypt.
    ///
    /// # Errors
    /// As [`encap`](Self::encap); `fill` may not have been called then.
    pub fn encap_with(
        &mut self,
        now: Instant,
        first: u8,
        len: usize,
        fill: &mut dyn FnMut(&mut [u8]),
        out: &mut Batch,
    ) -> Result<(), DropReason> {
        let result = match &self.stage {
            Stage::Connected(projection) if len > usize::from(projection.mtu) => Err(DropReason::TooLarge),
            Stage::Connected(_) => self.layers.encap_with(now, first, len, fill, &mut self.scratch, out),
            _ => Err(DropReason::NotUp),
        };
        match result {
            Ok(()) => {
                self.last_traffic = now;
                self.statistics.packets_sent += 1;
                self.statistics.bytes_sent += len as u64;
            }
            Err(_) => self.statistics.send_drops += 1,
        }
        result
    }

    /// Does what is due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.layers.link.handle_timeout(now);
        if let Some(at) = self.layers.link.busy_until() {
            self.layers.ppp.busy_until(at);
        }
        self.layers.ppp.handle_timeout(now);
        // What the layers report goes first: their causes are finer than ours.
        self.advance(now);
        if self.deadline.is_some_and(|deadline| deadline.at <= now) {
            self.deadline = None;
            self.out_of_time(now);
        }
        let runs = matches!(self.teardown, Teardown::NotYet);
        if runs && self.session_end().is_some_and(|end| end.at <= now) {
            self.session_over(now);
        }
        self.advance(now);
    }

    /// Appends what the layers themselves send and names the port for it.
    #[must_use]
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Batch) -> Option<PortId> {
        self.pump_ppp(now);
        let mut any = !self.pending.is_empty();
        for frame in self.pending.frames() {
            out.push(frame);
        }
        self.pending.clear();
        if any && let Some(closing) = self.pending_port.take() {
            return Some(closing);
        }
        any |= self.layers.link.poll_transmit(now, out);
        if any { self.ports.first().copied() } else { None }
    }

    /// Takes the next thing that the driver has to do.
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Tells when `handle_timeout` is wanted next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timeout> {
        let layers = Timeout::earliest(self.layers.link.poll_timeout(), self.layers.ppp.poll_timeout());
        let teardown = match self.teardown {
            Teardown::Running { give_up_at } => Some(Timeout { at: give_up_at, why: "orderly disconnect" }),
            Teardown::NotYet => Timeout::earliest(self.deadline, self.session_end()),
            Teardown::Done | Teardown::Finished => return None,
        };
        Timeout::earliest(teardown, layers)
    }

    /// Tells the published state.
    #[must_use]
    pub fn state(&self) -> ConnState {
        if self.is_hidden() { ConnState::Connected } else { self.stage.state() }
    }

    /// Tells whether packets can be [sent](Self::encap) and come: it is connected, and no link is being made again.
    #[must_use]
    pub fn is_carrying(&self) -> bool {
        matches!(self.stage, Stage::Connected(_))
    }

    /// Tells the status, as RasGetConnectStatus does.
    #[must_use]
    pub fn status(&self) -> Status {
        let error = match &self.stage {
            Stage::Failed { cause, .. } | Stage::Disconnecting(cause) | Stage::Disconnected(cause) => {
                Some(cause.clone())
            }
            Stage::Asking(asking) => asking.refusal().cloned(),
            _ => None,
        };
        let projection = match &self.stage {
            Stage::Projected(p) | Stage::ApplySettings(p) | Stage::Connected(p) => Some(p.clone()),
            _ => None,
        };
        let mut status = Status::new(self.state(), error, self.device(), projection);
        status.substate = self.substate;
        status.medium = self.attempts.medium;
        status.retrying = self.retrying();
        status.learned = self.learned.clone();
        if let Some(outage) = &self.outage {
            status.error = None;
            status.projection = Some(outage.projection.clone());
        }
        status
    }

    /// Tells what was carried so far.
    #[must_use]
    pub fn statistics(&self, now: Instant) -> Statistics {
        let mut statistics = self.statistics;
        statistics.bps = self.layers.link.speed().unwrap_or(0);
        statistics.connected = self.connected_at.map_or(Duration::ZERO, |at| now.since(at));
        statistics
    }

    fn received(&mut self, now: Instant, length: usize, packet: Input, used: usize) -> Input {
        if !matches!(self.stage, Stage::Connected(_)) {
            self.statistics.receive_drops += 1;
            return Input::Dropped { used, reason: DropReason::NotUp };
        }
        self.last_traffic = now;
        self.statistics.packets_received += 1;
        self.statistics.bytes_received += length as u64;
        packet
    }

    // Commands.

    fn hang_up(&mut self, now: Instant, cause: Cause) {
        self.hang_up_wanted = true;
        match &self.stage {
            Stage::Disconnecting(_) | Stage::Disconnected(_) | Stage::Failed { .. } => {}
            // Whoever dialled is told as of any other failure (notification table: "manager stops").
            stage if stage.is_dialing() && cause.code != Code::USER_DISCONNECTION => self.give_up(now, cause),
            _ => self.disconnect(now, cause),
        }
    }

    fn answer(&mut self, id: u32, answer: Answer) {
        if let Stage::Asking(asking) = &mut self.stage
            && asking.question.id == id
        {
            asking.answer = Some(answer);
        }
    }

    fn handler_done(&mut self, seq: u64, more: bool) {
        if self.handler == (Handler::Running { seq }) {
            self.handler = if more { Handler::Idle } else { Handler::Silent };
        }
    }

    fn port_progress(&mut self, now: Instant, port: PortId, phase: PortPhase) {
        if self.ports.contains(&port) && self.is_connecting() {
            let limit = match phase {
                PortPhase::Resolving => self.plan.config.name,
                PortPhase::Connecting => self.plan.config.tcp,
                PortPhase::Securing => self.plan.config.tls,
            };
            self.phase = Phase::Port(phase);
            self.limit(now, limit, "opening the port");
        }
    }

    fn port_ready(&mut self, now: Instant, port: PortId, facts: PortFacts) {
        if self.ports.contains(&port) && self.is_connecting() {
            self.phase = Phase::Link;
            self.limit(now, self.link_limit(), "link");
            self.layers.link.port_ready(now, self.own(port), &facts);
            self.facts = facts;
            self.signals.port_ready = true;
        }
    }

    fn port_closed(&mut self, now: Instant, port: PortId, closed: &PortClosed) {
        if self.ports.contains(&port) {
            self.ports.retain(|open| *open != port);
            self.layers.link.port_closed(now, self.own(port), closed);
        }
    }

    /// Gives the link's own name of a port.
    fn own(&self, port: PortId) -> PortId {
        PortId(port.0.wrapping_sub(self.port_base))
    }

    /// Tells whether the port is being opened or the device being connected.
    fn is_connecting(&self) -> bool {
        self.begun
            && match self.stage {
                Stage::ConnectDevice => true,
                Stage::WaitForModemReset | Stage::WaitForCallback => self.answering,
                Stage::OpenPort { .. } => self.layers.link.opens_port_first(),
                _ => false,
            }
    }

    /// Gives the device in use (clause A52).
    fn device(&self) -> Device {
        self.chained.clone().unwrap_or_else(|| self.medium().device())
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("stage", &self.stage).field("begun", &self.begun).finish_non_exhaustive()
    }
}
