//! The connection: stages, hold, time limits.

use crate::stage::{Outcome, Retry, Stage};
use crate::{Command, DialPlan, Effect, PortPhase, RngSource, Status};
use rasman_auth::Authenticated;
use rasman_core::{
    Answer, Batch, Cause, Code, ConnState, Detail, Device, DropReason, Duration, Input, Instant, Layer, LayerName,
    Link, LinkEvent, LinkParams, Medium, Notification, PortClosed, PortCommand, PortFacts, PortId, Projection,
    Question, QuestionKind, Statistics, Timeout, TlsSpec,
};
use rasman_media::sstp;
use rasman_ppp::{self as ppp, Ppp, frame};
use std::collections::VecDeque;

/// One connection.
///
/// The driver hands in [commands](Command), bytes and time, and after each batch of calls drains
/// [`poll_transmit`](Self::poll_transmit) until it gives `None`, then [`poll_effect`](Self::poll_effect), then reads
/// [`poll_timeout`](Self::poll_timeout). Nothing here blocks, and every stage answers every command.
///
/// After [`Effect::Finished`] the connection is inert.
pub struct Connection {
    plan: DialPlan,
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
    /// The ports that are open or being opened.
    ports: Vec<PortId>,
    facts: PortFacts,
    teardown: Teardown,
    /// `Effect::Ending` was told.
    ending_told: bool,
    /// The client has hung up after a failure, so nothing has to be remembered for it.
    hang_up_wanted: bool,
    next_seq: u64,
    questions: u32,
    effects: VecDeque<Effect>,
    /// Frames of PPP on their way to the link; reused.
    scratch: Batch,
    /// Bytes for the port that must leave before anything the link says next.
    pending: Batch,
    statistics: Statistics,
    connected_at: Option<Instant>,
}

/// The link and what runs over it; renewed as one when a dial starts again on a fresh link.
struct Layers {
    link: Box<dyn Link + Send>,
    ppp: Ppp,
    /// `link.open` was called.
    opened: bool,
    /// `LinkEvent::Down` was seen.
    down: bool,
}

/// What the layers have told and no stage has used yet.
#[derive(Default)]
struct Signals {
    link_up: Option<LinkParams>,
    established: bool,
    authentication: Option<Result<Authenticated, Refusal>>,
    projection: Option<Projection>,
    network: Option<Result<(), Cause>>,
    lost: Option<Cause>,
}

struct Refusal {
    cause: Cause,
    retry: bool,
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

/// What RAS calls the device of an SSTP connection.
const DEVICE_SSTP: Device = Device { kind: "vpn", name: "WAN Miniport (SSTP)" };

impl Connection {
    /// Starts a dial. The first notification, OpenPort, is queued at once.
    #[must_use]
    pub fn dial(plan: DialPlan, mut rng_source: RngSource, now: Instant) -> Self {
        let layers = Layers::new(&plan, &mut rng_source);
        let handler = if plan.handler { Handler::Idle } else { Handler::None };
        let mut connection = Self {
            plan,
            rng_source,
            stage: Stage::OpenPort,
            begun: false,
            handler,
            layers,
            signals: Signals::default(),
            deadline: None,
            phase: Phase::Port(PortPhase::Resolving),
            ports: Vec::new(),
            facts: PortFacts::default(),
            teardown: Teardown::NotYet,
            ending_told: false,
            hang_up_wanted: false,
            next_seq: 0,
            questions: 0,
            effects: VecDeque::new(),
            scratch: Batch::new(),
            pending: Batch::new(),
            statistics: Statistics::default(),
            connected_at: None,
        };
        connection.publish(ConnState::OpenPort, None, Detail::None);
        connection.advance(now);
        connection
    }

    /// Takes a command or an event of the outside.
    pub fn handle_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::HangUp(cause) => self.hang_up(now, cause),
            Command::Answer { id, answer } => self.answer(id, answer),
            Command::HandlerDone { seq, more } => self.handler_done(seq, more),
            Command::PortProgress(port, phase) => self.port_progress(now, port, phase),
            Command::PortReady(port, facts) => self.port_ready(now, port, facts),
            Command::PortClosed(port, closed) => self.port_closed(now, port, &closed),
            Command::NetworkReady => self.signals.network = Some(Ok(())),
            Command::NetworkFailed(cause) => self.signals.network = Some(Err(cause)),
        }
        self.advance(now);
    }

    /// Takes the front of what came from a port; [`Input::Payload`] is an IP packet for this host.
    ///
    /// See [`Layer::handle_input`] for how to go on.
    pub fn handle_input(&mut self, now: Instant, port: PortId, input: &mut [u8]) -> Input {
        if !self.ports.contains(&port) {
            return Input::Dropped { used: input.len(), reason: DropReason::Unexpected("bytes of a closed port") };
        }
        let taken = match self.layers.link.handle_input(now, input) {
            Input::Payload { range, used } => match self.layers.ppp.handle_input(now, &mut input[range.clone()]) {
                Input::Payload { range: inner, .. } => {
                    return self.received(range.start + inner.start..range.start + inner.end, used);
                }
                Input::Dropped { reason, .. } => Input::Dropped { used, reason },
                Input::Consumed { .. } | Input::NeedMore => Input::Consumed { used },
            },
            other => other,
        };
        if let Input::Dropped { .. } = taken {
            self.statistics.receive_drops += 1;
        }
        self.advance(now);
        taken
    }

    /// Appends the frames that carry an IP packet of ours, for the only port.
    ///
    /// # Errors
    /// Why the packet was discarded; the drop is counted.
    pub fn encap(&mut self, now: Instant, packet: &[u8], out: &mut Batch) -> Result<(), DropReason> {
        let result = match &self.stage {
            Stage::Connected(projection) if packet.len() > usize::from(projection.mtu) => Err(DropReason::TooLarge),
            Stage::Connected(_) if self.layers.ppp.projection().is_none() => Err(DropReason::NotUp),
            Stage::Connected(_) => self.layers.link.encap(now, &frame::header(ppp::Protocol::IPV4), packet, out),
            _ => Err(DropReason::NotUp),
        };
        match result {
            Ok(()) => {
                self.statistics.packets_sent += 1;
                self.statistics.bytes_sent += packet.len() as u64;
            }
            Err(_) => self.statistics.send_drops += 1,
        }
        result
    }

    /// Does what is due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.layers.link.handle_timeout(now);
        self.layers.ppp.handle_timeout(now);
        // What the layers report goes first: their causes are finer than ours.
        self.advance(now);
        if self.deadline.is_some_and(|deadline| deadline.at <= now) {
            self.deadline = None;
            self.out_of_time(now);
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
            Teardown::NotYet => self.deadline,
            Teardown::Done | Teardown::Finished => return None,
        };
        Timeout::earliest(teardown, layers)
    }

    /// Tells the published state.
    #[must_use]
    pub fn state(&self) -> ConnState {
        self.stage.state()
    }

    /// Tells the status, as RasGetConnectStatus does.
    #[must_use]
    pub fn status(&self) -> Status {
        let error = match &self.stage {
            Stage::Failed { cause, .. } | Stage::Disconnecting(cause) | Stage::Disconnected(cause) => {
                Some(cause.clone())
            }
            Stage::RetryAuthentication(retry) => Some(retry.refused.clone()),
            _ => None,
        };
        let projection = match &self.stage {
            Stage::Projected(p) | Stage::ApplySettings(p) | Stage::Connected(p) => Some(p.clone()),
            _ => None,
        };
        Status::new(self.state(), error, DEVICE_SSTP, projection)
    }

    /// Tells what was carried so far.
    #[must_use]
    pub fn statistics(&self, now: Instant) -> Statistics {
        let mut statistics = self.statistics;
        statistics.connected = self.connected_at.map_or(Duration::ZERO, |at| now.since(at));
        statistics
    }

    fn received(&mut self, range: core::ops::Range<usize>, used: usize) -> Input {
        if !matches!(self.stage, Stage::Connected(_)) {
            self.statistics.receive_drops += 1;
            return Input::Dropped { used, reason: DropReason::NotUp };
        }
        self.statistics.packets_received += 1;
        self.statistics.bytes_received += range.len() as u64;
        Input::Payload { range, used }
    }

    // Commands.

    fn hang_up(&mut self, now: Instant, cause: Cause) {
        self.hang_up_wanted = true;
        match &self.stage {
            Stage::Disconnecting(_) | Stage::Disconnected(_) | Stage::Failed { .. } => {}
            // Whoever dialled is told as of any other failure (notification table: "manager stops").
            stage if stage.is_dialing() && cause.code != Code::USER_DISCONNECTION => self.fail(now, cause),
            _ => self.disconnect(now, cause),
        }
    }

    fn answer(&mut self, id: u32, answer: Answer) {
        if let Stage::RetryAuthentication(retry) = &mut self.stage
            && retry.question.id == id
        {
            retry.answer = Some(answer);
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
            self.limit(now, self.plan.config.link, "link");
            self.layers.link.port_ready(now, port, &facts);
            self.facts = facts;
        }
    }

    fn port_closed(&mut self, now: Instant, port: PortId, closed: &PortClosed) {
        if self.ports.contains(&port) {
            self.ports.retain(|open| *open != port);
            self.layers.link.port_closed(now, port, closed);
        }
    }

    fn is_connecting(&self) -> bool {
        self.begun && matches!(self.stage, Stage::ConnectDevice)
    }

    // Stages.

    /// Carries the dial as far as it goes now.
    fn advance(&mut self, now: Instant) {
        loop {
            self.collect(now);
            self.tell_ending();
            if self.teardown != Teardown::NotYet {
                return self.finish_teardown(now);
            }
            if let Some(cause) = self.loss() {
                if self.stage.is_dialing() {
                    self.fail(now, cause)
                } else {
                    self.disconnect(now, cause)
                }
                continue;
            }
            if matches!(self.handler, Handler::Running { .. }) {
                return;
            }
            if !self.begun {
                self.begun = true;
                self.begin(now);
                continue;
            }
            match self.next() {
                Next::Stay => return,
                Next::Enter(stage) => self.enter(now, stage),
                Next::Fail(cause) => self.fail(now, cause),
            }
        }
    }

    /// Tells as soon as an established connection has begun to end, so that nobody takes it for one that carries.
    fn tell_ending(&mut self) {
        let ending = match &self.stage {
            Stage::Connected(_) => self.layers.down || self.layers.link.is_ending(),
            Stage::Disconnecting(_) => self.connected_at.is_some(),
            _ => false,
        };
        if ending && !self.ending_told {
            self.ending_told = true;
            self.effects.push_back(Effect::Ending);
        }
    }

    /// Changes the stage: the only assignment of it. Derives what is published.
    fn enter(&mut self, now: Instant, stage: Stage) {
        self.deadline = None;
        self.begun = false;
        self.stage = stage;
        let (error, detail) = match &self.stage {
            Stage::ConnectDevice => (None, Detail::Device(DEVICE_SSTP)),
            Stage::DeviceConnected => {
                (None, Detail::Reached { peer: self.facts.peer, protection: self.facts.protection.clone() })
            }
            Stage::Authenticated(token) => (None, Detail::Authentication(token.method())),
            Stage::RetryAuthentication(retry) => (None, Detail::Question(retry.question.clone())),
            Stage::Projected(projection) => (None, Detail::Projection(projection.clone())),
            Stage::Failed { cause, .. } => (Some(cause.clone()), Detail::None),
            Stage::Disconnecting(_) => return,
            // Clause A42: the user's own hang-up is no error; the reason stands in the status.
            Stage::Disconnected(cause) => {
                ((cause.code != Code::USER_DISCONNECTION).then(|| cause.clone()), Detail::None)
            }
            Stage::Connected(_) => {
                self.connected_at = Some(now);
                (None, Detail::None)
            }
            _ => (None, Detail::None),
        };
        self.publish(self.stage.state(), error, detail);
    }

    fn publish(&mut self, state: ConnState, error: Option<Cause>, detail: Detail) {
        let notification = Notification::new(self.next_seq, state, error, detail);
        self.next_seq += 1;
        // After the last notification there is nothing left to hold (clauses A39 to A41).
        if self.handler == Handler::Idle && !notification.is_last() {
            self.handler = Handler::Running { seq: notification.seq };
        }
        self.effects.push_back(Effect::Notify(notification));
    }

    /// Starts the work of the stage, once nothing holds it.
    fn begin(&mut self, now: Instant) {
        match &mut self.stage {
            Stage::ConnectDevice => {
                self.phase = Phase::Port(PortPhase::Resolving);
                self.layers.opened = true;
                self.layers.link.open(now);
                self.limit(now, self.plan.config.name, "opening the port");
            }
            Stage::AllDevicesConnected => {
                let mru = self.signals.link_up.as_ref().map_or(0, |params| params.mru);
                self.layers.ppp.lower_up(now, mru);
                self.limit(now, self.plan.config.lcp, "LCP");
            }
            Stage::Authenticate | Stage::AuthRetry { same_link: true } => {
                self.layers.ppp.authenticate(now, self.plan.credentials.clone());
                self.limit(now, self.plan.config.authentication, "authentication");
            }
            Stage::AuthRetry { same_link: false } => {
                self.layers.link.close(now, &user_hung_up());
                let limit = self.plan.config.disconnect;
                self.limit(now, limit, "closing the refused link");
            }
            Stage::RetryAuthentication(_) => self.limit(now, self.plan.config.question, "question"),
            Stage::AuthProject(token) => {
                if let Some(token) = token.take() {
                    self.layers.ppp.project(now, token);
                }
                self.limit(now, self.plan.config.projection, "network negotiation");
            }
            Stage::ApplySettings(projection) => {
                self.effects.push_back(Effect::ConfigureNetwork(projection.clone()));
                self.limit(now, self.plan.config.settings, "network settings");
            }
            Stage::OpenPort
            | Stage::PortOpened
            | Stage::DeviceConnected
            | Stage::AuthNotify(_)
            | Stage::AuthAck(_)
            | Stage::Authenticated(_)
            | Stage::Projected(_)
            | Stage::Connected(_)
            | Stage::Failed { .. }
            | Stage::Disconnecting(_)
            | Stage::Disconnected(_) => {}
        }
    }

    /// Decides what follows the present stage, whose work has begun.
    fn next(&mut self) -> Next {
        match &mut self.stage {
            Stage::OpenPort => Next::Enter(Stage::PortOpened),
            Stage::PortOpened => Next::Enter(Stage::ConnectDevice),
            Stage::ConnectDevice if self.signals.link_up.is_some() => Next::Enter(Stage::DeviceConnected),
            Stage::DeviceConnected => Next::Enter(Stage::AllDevicesConnected),
            Stage::AllDevicesConnected if self.signals.established => Next::Enter(Stage::Authenticate),
            Stage::Authenticate | Stage::AuthRetry { same_link: true } => match self.signals.authentication.take() {
                Some(Ok(token)) => Next::Enter(Stage::AuthNotify(Outcome::Accepted(token))),
                Some(Err(Refusal { cause, retry })) => {
                    Next::Enter(Stage::AuthNotify(Outcome::Refused { cause, retry }))
                }
                // pppd and lwIP allow another attempt (R=1) and hang up in the same breath.
                None if self.signals.lost.is_some() => Next::Enter(Stage::AuthRetry { same_link: false }),
                None => Next::Stay,
            },
            Stage::AuthRetry { same_link: false } if self.layers.down => self.start_over(),
            Stage::AuthNotify(Outcome::Accepted(token)) => Next::Enter(Stage::AuthAck(token.clone())),
            Stage::AuthNotify(Outcome::Projecting(token)) => Next::Enter(Stage::AuthProject(Some(token.clone()))),
            Stage::AuthNotify(Outcome::Refused { cause, retry }) => {
                let (cause, retry) = (cause.clone(), *retry);
                self.ask_or_fail(cause, retry)
            }
            Stage::RetryAuthentication(retry) => match retry.answer.take() {
                Some(Answer::Credentials(credentials)) => {
                    self.plan.credentials = credentials;
                    let same_link = retry.same_link && !self.layers.down && self.signals.lost.is_none();
                    Next::Enter(Stage::AuthRetry { same_link })
                }
                // An answer of another kind cannot be meant for this question.
                Some(_) | None => Next::Stay,
            },
            Stage::AuthAck(token) => Next::Enter(Stage::Authenticated(token.clone())),
            Stage::Authenticated(token) => Next::Enter(Stage::AuthNotify(Outcome::Projecting(token.clone()))),
            Stage::AuthProject(_) => match self.signals.projection.take() {
                Some(projection) => Next::Enter(Stage::Projected(projection)),
                None => Next::Stay,
            },
            Stage::Projected(projection) => Next::Enter(Stage::ApplySettings(projection.clone())),
            Stage::ApplySettings(projection) => match self.signals.network.take() {
                Some(Ok(())) => Next::Enter(Stage::Connected(projection.clone())),
                Some(Err(cause)) => Next::Fail(cause),
                None => Next::Stay,
            },
            Stage::ConnectDevice
            | Stage::AllDevicesConnected
            | Stage::AuthRetry { same_link: false }
            | Stage::Connected(_)
            | Stage::Failed { .. }
            | Stage::Disconnecting(_)
            | Stage::Disconnected(_) => Next::Stay,
        }
    }

    /// Puts the refusal as a question where that is wanted and still useful, else lets it end the dial (clause P2).
    fn ask_or_fail(&mut self, refused: Cause, same_link: bool) -> Next {
        let askable = self.plan.paused_states && self.handler != Handler::Silent;
        if !askable || !is_about_credentials(refused.code) || self.questions >= self.plan.config.questions_max {
            return Next::Fail(refused);
        }
        self.questions += 1;
        let kind = QuestionKind::RetryAuthentication { refused: refused.code, attempts: self.questions };
        let question = Question { id: self.questions, kind };
        Next::Enter(Stage::RetryAuthentication(Retry { question, refused, same_link, answer: None }))
    }

    /// Dials again with fresh layers, for a server that lets nobody try twice on one link.
    fn start_over(&mut self) -> Next {
        self.layers = Layers::new(&self.plan, &mut self.rng_source);
        self.signals = Signals::default();
        self.ports.clear();
        self.facts = PortFacts::default();
        Next::Enter(Stage::OpenPort)
    }

    /// Tells the failure of the present state and takes the link down. Nothing is told after it (clause A41).
    fn fail(&mut self, now: Instant, cause: Cause) {
        let state = self.stage.state();
        self.enter(now, Stage::Failed { state, cause: cause.clone() });
        self.take_down(now, &cause);
    }

    fn disconnect(&mut self, now: Instant, cause: Cause) {
        self.enter(now, Stage::Disconnecting(cause.clone()));
        self.take_down(now, &cause);
    }

    /// Starts the orderly disconnect: PPP says goodbye, then the link does.
    fn take_down(&mut self, now: Instant, cause: &Cause) {
        // A handler that still runs holds nothing any more.
        if matches!(self.handler, Handler::Running { .. }) {
            self.handler = Handler::Idle;
        }
        if !self.layers.opened || self.layers.down {
            self.teardown = Teardown::Done;
            self.finish_teardown(now);
            return;
        }
        self.layers.ppp.terminate(now);
        // The Terminate-Request leaves now: once the link is closing it carries nothing. Its answer is not waited
        // for, as the link's own goodbye is acknowledged too.
        self.pump_ppp(now);
        while self.layers.link.poll_transmit(now, &mut self.pending) {}
        self.layers.link.close(now, cause);
        let limit = self.plan.config.disconnect.min(self.layers.link.close_limit());
        self.teardown = Teardown::Running { give_up_at: now + limit };
    }

    /// Ends the teardown once the link is down or the time is up.
    fn finish_teardown(&mut self, now: Instant) {
        if let Teardown::Running { give_up_at } = self.teardown {
            if !self.layers.down && now < give_up_at {
                return;
            }
            for port in self.ports.drain(..) {
                self.effects.push_back(Effect::Port(port, PortCommand::Close));
            }
            self.teardown = Teardown::Done;
        }
        if self.teardown != Teardown::Done {
            return;
        }
        let cause = match &self.stage {
            Stage::Disconnecting(cause) => {
                let cause = cause.clone();
                self.enter(now, Stage::Disconnected(cause.clone()));
                cause
            }
            // Clause A46: state and error stay readable until the client hangs up.
            Stage::Failed { cause, .. } if self.hang_up_wanted => cause.clone(),
            _ => return,
        };
        self.teardown = Teardown::Finished;
        self.effects.push_back(Effect::Finished(cause));
    }

    // Layers.

    /// Takes what the layers have to tell.
    fn collect(&mut self, now: Instant) {
        while let Some(event) = self.layers.link.poll_event() {
            self.link_event(event);
        }
        while let Some(event) = self.layers.ppp.poll_event() {
            self.ppp_event(now, event);
        }
    }

    fn link_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Port(port, command) => {
                match command {
                    PortCommand::Open(_) => self.ports.push(port),
                    _ => self.ports.retain(|open| *open != port),
                }
                self.effects.push_back(Effect::Port(port, command));
            }
            LinkEvent::Up(params) => self.signals.link_up = Some(params),
            LinkEvent::Down(cause) => {
                self.layers.down = true;
                self.signals.lost.get_or_insert(cause);
            }
            _ => {}
        }
    }

    fn ppp_event(&mut self, now: Instant, event: ppp::Event) {
        match event {
            ppp::Event::LinkEstablished { .. } => {
                self.signals.established = true;
                // The peer has renegotiated LCP while or after we authenticated: prove ourselves again.
                if self.is_past(ConnState::Authenticate) {
                    self.layers.ppp.authenticate(now, self.plan.credentials.clone());
                }
            }
            ppp::Event::Renegotiating => {
                self.signals.established = false;
                self.signals.authentication = None;
            }
            ppp::Event::Authenticated { token, keys } => {
                // Bound at once, handler or not: it completes an exchange that the server is timing.
                self.layers.link.bind(now, &keys);
                if self.is_past(ConnState::AuthProject) {
                    self.layers.ppp.project(now, token);
                } else {
                    self.signals.authentication = Some(Ok(token));
                }
            }
            // The peer has renegotiated and takes us no more: nobody may be asked then, and nothing would flow.
            ppp::Event::AuthenticationRefused { cause, .. } if self.was_accepted() => {
                self.signals.lost.get_or_insert(cause);
            }
            ppp::Event::AuthenticationRefused { cause, retry } => {
                self.signals.authentication = Some(Err(Refusal { cause, retry }));
            }
            ppp::Event::Projected(projection) => match &self.stage {
                Stage::Projected(present) | Stage::ApplySettings(present) | Stage::Connected(present)
                    if *present != projection =>
                {
                    let cause = Cause::new(Code::LINK_FAILURE, LayerName::Ipcp)
                        .said(format!("renegotiated the address to {projection}"));
                    self.signals.lost.get_or_insert(cause);
                }
                _ => self.signals.projection = Some(projection),
            },
            ppp::Event::Finished(cause) => {
                self.signals.lost.get_or_insert(cause);
            }
            _ => {}
        }
    }

    /// Tells whether the server has accepted us before.
    fn was_accepted(&self) -> bool {
        matches!(
            self.stage,
            Stage::AuthNotify(Outcome::Accepted(_) | Outcome::Projecting(_))
                | Stage::AuthAck(_)
                | Stage::Authenticated(_)
                | Stage::AuthProject(_)
                | Stage::Projected(_)
                | Stage::ApplySettings(_)
                | Stage::Connected(_)
        )
    }

    /// Tells whether the work of this state has begun, or the dial has gone beyond it.
    fn is_past(&self, state: ConnState) -> bool {
        let rank = |stage: &Stage| match stage {
            Stage::Authenticate | Stage::AuthRetry { same_link: true } => Some(1),
            Stage::AuthNotify(_) | Stage::AuthAck(_) | Stage::Authenticated(_) => Some(2),
            Stage::AuthProject(_) => Some(3),
            Stage::Projected(_) | Stage::ApplySettings(_) | Stage::Connected(_) => Some(4),
            _ => None,
        };
        let wanted = if state == ConnState::Authenticate { 1 } else { 3 };
        rank(&self.stage).is_some_and(|rank| rank > wanted || (rank == wanted && self.begun))
    }

    /// Gives the cause if the link or PPP is gone and that ends the present stage.
    fn loss(&mut self) -> Option<Cause> {
        let refused = matches!(self.signals.authentication, Some(Err(_)));
        let tolerant = match &self.stage {
            // The refusal says more than the hang-up that usually follows it.
            Stage::Authenticate => refused,
            Stage::AuthNotify(Outcome::Refused { .. }) | Stage::RetryAuthentication(_) => true,
            // The credentials are still to be tried: on a fresh link.
            Stage::AuthRetry { .. } => true,
            _ => false,
        };
        // A handler that runs is told next, not now (style: the peer giving up is the next notification).
        let held = matches!(self.handler, Handler::Running { .. });
        if tolerant || held { None } else { self.signals.lost.take() }
    }

    /// Hands PPP's own frames to the link.
    fn pump_ppp(&mut self, now: Instant) {
        while self.layers.ppp.poll_transmit(now, &mut self.scratch) {
            for frame in self.scratch.frames() {
                // A frame that the link cannot take now is lost like any other; PPP repeats it.
                let _ = self.layers.link.encap(now, &[], frame, &mut self.pending);
            }
            self.scratch.clear();
        }
    }

    // Time.

    fn limit(&mut self, now: Instant, limit: Duration, why: &'static str) {
        self.deadline = Some(Timeout { at: now + limit, why });
    }

    /// Ends the present stage for lack of time.
    fn out_of_time(&mut self, now: Instant) {
        let server = self.server();
        let cause = match &self.stage {
            Stage::ConnectDevice => match self.phase {
                Phase::Port(PortPhase::Resolving) => Cause::new(Code::DNSNAME_NOT_RESOLVABLE, LayerName::Name)
                    .did(format!("asked for the address of {} for {:?}", server.0, self.plan.config.name))
                    .advice("check the name servers of this machine, or dial an address"),
                Phase::Port(PortPhase::Connecting) => Cause::new(Code::VPN_TIMEOUT, LayerName::Tcp)
                    .did(format!("tried to connect to {} port {} for {:?}", server.0, server.1, self.plan.config.tcp))
                    .advice("check the address and the port, and whether a firewall drops the packets"),
                Phase::Port(PortPhase::Securing) => Cause::new(Code::VPN_TIMEOUT, LayerName::Tls)
                    .did(format!("sent a TLS ClientHello and waited {:?}", self.plan.config.tls))
                    .advice("check that the port speaks TLS and that no firewall holds the answer back"),
                Phase::Link => Cause::new(Code::VPN_TIMEOUT, LayerName::Sstp)
                    .did(format!("started SSTP and waited {:?}", self.plan.config.link))
                    .advice("check that the server offers SSTP on this port"),
            },
            Stage::AllDevicesConnected => Cause::new(Code::PPP_TIMEOUT, LayerName::Lcp)
                .did(format!("negotiated LCP for {:?}", self.plan.config.lcp)),
            Stage::Authenticate | Stage::AuthRetry { same_link: true } => {
                Cause::new(Code::PPP_TIMEOUT, LayerName::Auth)
                    .did(format!(
                        "waited {:?} for the server to finish authentication",
                        self.plan.config.authentication
                    ))
                    .advice("check whether the server reaches its own account database or RADIUS server")
            }
            Stage::AuthProject(_) => Cause::new(Code::PPP_TIMEOUT, LayerName::Ipcp)
                .did(format!("negotiated IPCP for {:?}", self.plan.config.projection))
                .advice("check that the server has addresses to give"),
            Stage::ApplySettings(_) => Cause::new(Code::REQUEST_TIMEOUT, LayerName::Network)
                .did("asked for the network settings to be applied"),
            Stage::RetryAuthentication(retry) => retry.refused.clone(),
            Stage::AuthRetry { same_link: false } => {
                // The refused link would not close in good order; it is left behind all the same.
                for port in self.ports.drain(..) {
                    self.effects.push_back(Effect::Port(port, PortCommand::Close));
                }
                self.layers.down = true;
                return;
            }
            _ => return,
        };
        self.fail(now, cause);
    }

    fn server(&self) -> (String, u16) {
        let Medium::Sstp(sstp) = &self.plan.entry.medium else { return (String::new(), 0) };
        (sstp.server.clone(), sstp.port)
    }
}

/// What follows a stage.
enum Next {
    Stay,
    Enter(Stage),
    Fail(Cause),
}

impl Layers {
    fn new(plan: &DialPlan, rng_source: &mut RngSource) -> Self {
        let Medium::Sstp(settings) = &plan.entry.medium else { unreachable!("validated entries have a known medium") };
        let tls = TlsSpec {
            host: settings.server.clone(),
            port: settings.port,
            server_name: settings.server_name.clone(),
            trust: settings.trust.clone(),
        };
        let link = sstp::Client::new(sstp::ClientSettings { tls, config: sstp::Config::default() }, rng_source());
        let ppp = Ppp::client(
            ppp::ClientConfig {
                authentication: plan.entry.authentication.clone(),
                request_address: plan.entry.network.address,
                request_dns: plan.entry.network.request_dns,
                mru: plan.entry.network.mru,
                negotiation: ppp::Negotiation::default(),
                echo: None,
            },
            rng_source(),
        );
        Self { link: Box::new(link), ppp, opened: false, down: false }
    }
}

/// Tells whether other credentials could help.
fn is_about_credentials(code: Code) -> bool {
    matches!(
        code,
        Code::AUTHENTICATION_FAILURE | Code::PASSWD_EXPIRED | Code::ACCT_DISABLED | Code::NO_DIALIN_PERMISSION
    )
}

fn user_hung_up() -> Cause {
    Cause::new(Code::USER_DISCONNECTION, LayerName::User)
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("stage", &self.stage).field("begun", &self.begun).finish_non_exhaustive()
    }
}
