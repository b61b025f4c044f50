//! The option negotiation automaton (RFC 1661 4): states, events, actions, the counter and the one Restart timer.

mod table;

use crate::Negotiation;
use rasman_core::{Duration, Instant, Timeout};
use table::TABLE;

/// RFC 1661 4: ten states, a counter, a timer.
///
/// `step` looks one cell up, keeps counter and timer, and gives the actions that are left to do, in the RFC's order.
/// The timer follows from the actions: sending a request starts it, and it stops when the new state does not use it.
#[derive(Clone, Debug)]
pub(crate) struct Automaton {
    state: State,
    /// RFC 1661 4.6 Restart counter: transmissions that are left.
    restart_count: u32,
    restart: Option<Instant>,
    negotiation: Negotiation,
}

impl Automaton {
    pub(crate) fn new(negotiation: Negotiation) -> Self {
        Self { state: State::Initial, restart_count: 0, restart: None, negotiation }
    }

    pub(crate) fn set_restart(&mut self, restart: Duration) {
        self.negotiation.restart = restart;
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Gives the Restart counter, for the model.
    #[cfg(test)]
    pub(crate) fn restart_count(&self) -> u32 {
        self.restart_count
    }

    /// Does one step. An event that the table calls illegal changes nothing: no caller and no peer can cause one that
    /// matters.
    pub(crate) fn step(&mut self, now: Instant, event: Event) -> &'static [Action] {
        let Some(cell) = &TABLE[event as usize][self.state as usize] else { return &[] };
        for action in cell.actions {
            match action {
                Action::InitializeRestartCount => self.restart_count = self.initial_count(cell),
                Action::ZeroRestartCount => {
                    self.restart_count = 0;
                    self.start_timer(now);
                }
                Action::SendConfigureRequest | Action::SendTerminateRequest => {
                    self.restart_count = self.restart_count.saturating_sub(1);
                    self.start_timer(now);
                }
                Action::ThisLayerUp
                | Action::ThisLayerDown
                | Action::ThisLayerStarted
                | Action::ThisLayerFinished
                | Action::SendConfigureAck
                | Action::SendConfigureNak
                | Action::SendTerminateAck
                | Action::SendCodeReject
                | Action::SendEchoReply => {}
            }
        }
        self.state = cell.to;
        if !self.state.uses_timer() {
            self.restart = None;
        }
        cell.actions
    }

    /// Gives the Timeout event if the Restart timer has expired.
    pub(crate) fn expired(&mut self, now: Instant) -> Option<Event> {
        self.restart.take_if(|at| *at <= now)?;
        Some(if self.restart_count > 0 { Event::TimeoutCounting } else { Event::TimeoutExpired })
    }

    pub(crate) fn timeout(&self, why: &'static str) -> Option<Timeout> {
        self.restart.map(|at| Timeout { at, why })
    }

    /// RFC 1661 4.6: Max-Terminate before Terminate-Requests, Max-Configure before Configure-Requests.
    fn initial_count(&self, cell: &Cell) -> u32 {
        match cell.to {
            State::Closing | State::Stopping => self.negotiation.max_terminate,
            _ => self.negotiation.max_configure,
        }
    }

    fn start_timer(&mut self, now: Instant) {
        self.restart = Some(now + self.negotiation.restart);
    }
}

/// RFC 1661 4.2, in the order of its table.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Initial,
    Starting,
    Closed,
    Stopped,
    Closing,
    Stopping,
    ReqSent,
    AckRcvd,
    AckSent,
    Opened,
}

impl State {
    pub(crate) const ALL: [Self; 10] = [
        Self::Initial,
        Self::Starting,
        Self::Closed,
        Self::Stopped,
        Self::Closing,
        Self::Stopping,
        Self::ReqSent,
        Self::AckRcvd,
        Self::AckSent,
        Self::Opened,
    ];

    /// RFC 1661 4.2 tells for each state whether the Restart timer runs.
    pub(crate) fn uses_timer(self) -> bool {
        match self {
            Self::Closing | Self::Stopping | Self::ReqSent | Self::AckRcvd | Self::AckSent => true,
            Self::Initial | Self::Starting | Self::Closed | Self::Stopped | Self::Opened => false,
        }
    }
}

/// RFC 1661 4.3, in the order of its table.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    Up,
    Down,
    Open,
    Close,
    /// TO+: the Restart counter is greater than zero.
    TimeoutCounting,
    /// TO-: it is not.
    TimeoutExpired,
    /// RCR+: acceptable.
    ConfigureRequestGood,
    /// RCR-: not.
    ConfigureRequestBad,
    ConfigureAck,
    /// RCN: Nak or Reject.
    ConfigureNak,
    TerminateRequest,
    TerminateAck,
    UnknownCode,
    /// RXJ+: Code-Reject or Protocol-Reject that can be lived with.
    RejectPermitted,
    /// RXJ-: one that cannot.
    RejectCatastrophic,
    /// RXR: Echo-Request, Echo-Reply, Discard-Request.
    Echo,
}

/// RFC 1661 4.4.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    ThisLayerUp,
    ThisLayerDown,
    ThisLayerStarted,
    ThisLayerFinished,
    InitializeRestartCount,
    ZeroRestartCount,
    SendConfigureRequest,
    SendConfigureAck,
    /// Nak or Reject.
    SendConfigureNak,
    SendTerminateRequest,
    SendTerminateAck,
    SendCodeReject,
    SendEchoReply,
}

/// Gives a cell of the table: its actions and where it leads; `None` where the RFC calls the event illegal.
#[cfg(test)]
pub(crate) fn cell(event: Event, state: State) -> Option<(&'static [Action], State)> {
    TABLE[event as usize][state as usize].as_ref().map(|cell| (cell.actions, cell.to))
}

/// What happens for one event in one state.
#[derive(Debug)]
struct Cell {
    actions: &'static [Action],
    to: State,
}

#[cfg(test)]
mod tests;
