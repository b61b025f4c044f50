//! What goes into a connection besides bytes and time, and what comes out besides bytes.

use rasman_core::{
    Answer, Cause, CharacterFormat, ConnState, Device, Learned, Notification, PortClosed, PortCommand, PortFacts,
    PortId, Projection, Retrying, Substate,
};

/// A command or an event of the outside.
#[derive(Clone)]
#[non_exhaustive]
pub enum Command {
    /// End the connection, whatever it is doing, for this cause (631 when the user asks).
    HangUp(Cause),
    /// The same because whoever dialled has ended: the port has to be free within a second (clause A48), so a server
    /// that does not answer the goodbye is waited for no longer than [`Config::abandon`](crate::Config::abandon).
    Abandon(Cause),
    /// Answer the question with this id.
    Answer {
        /// The question's id.
        id: u32,
        /// The answer.
        answer: Answer,
    },
    /// Say this on the line, which the client has (Interactive); at other times nobody hears it.
    LineOctets(Vec<u8>),
    /// Have characters of the line, which the client has, look like this until it is given back.
    LineFormat(CharacterFormat),
    /// The handler has returned from the notification `seq`.
    HandlerDone {
        /// Which notification.
        seq: u64,
        /// Whether the handler wants more calls (clause A31: without, the dial goes on silently).
        more: bool,
    },
    /// Opening a port has come to this phase.
    PortProgress(PortId, PortPhase),
    /// A port is ready.
    PortReady(PortId, PortFacts),
    /// A port is closed or could not be opened.
    PortClosed(PortId, PortClosed),
    /// The network is set up as [`Effect::ConfigureNetwork`] asked.
    NetworkReady,
    /// The network could not be set up.
    NetworkFailed(Cause),
}

/// How far the opening of a port has come; each phase has its own time limit.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PortPhase {
    /// The server's name is being resolved.
    Resolving,
    /// TCP is connecting.
    Connecting,
    /// TLS is shaking hands.
    Securing,
}

/// What the driver has to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Do this to a port.
    Port(PortId, PortCommand),
    /// Set up what the data path needs; answer with `NetworkReady` or `NetworkFailed`.
    ConfigureNetwork(Projection),
    /// The far network has told something beyond the projection; it is the whole of what is known, and only the latest
    /// matters. Nothing waits for it.
    Learned(Learned),
    /// Tell whoever listens. From a question of Interactive on until the next notification the client has the line.
    Notify(Notification),
    /// The other end of the line has said this to the client, who has it.
    LineOctets(Vec<u8>),
    /// A connection that was established carries nothing any more and is being taken down; `Finished` follows.
    Ending,
    /// The link of an established connection was lost or is there again; told to watchers, not to whoever dialled
    /// (clause A41). The status has the rest.
    Substate {
        /// What goes on now.
        substate: Substate,
        /// Why: the loss, or what the last attempt failed with; nothing once the link is there again.
        cause: Option<Cause>,
    },
    /// The alternate with this index connected and is to be tried first from now on (clause M8).
    Promote(usize),
    /// The connection is over and holds nothing any more; this is the last effect.
    Finished(Cause),
}

/// The present state, as RasGetConnectStatus tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The state now executing, or the one in which the dial failed (clause A46).
    pub state: ConnState,
    /// Why it failed or ended; while paused in RetryAuthentication, why the credentials were refused, in
    /// Interactive, why the script gave up.
    pub error: Option<Cause>,
    /// The device in use.
    pub device: Device,
    /// What the network negotiation gave, from Projected on (clause A53).
    pub projection: Option<Projection>,
    /// What the far network has told beyond that: routes, names, IPv6.
    pub learned: Learned,
    /// What goes on within an established connection.
    pub substate: Substate,
    /// Which medium is tried or carries the connection: 0 is the entry's own, its alternates follow.
    pub medium: usize,
    /// The further attempt that is under way or waited for.
    pub retrying: Option<Retrying>,
}

impl Status {
    /// Makes a status.
    #[must_use]
    pub fn new(state: ConnState, error: Option<Cause>, device: Device, projection: Option<Projection>) -> Self {
        Self {
            state,
            error,
            device,
            projection,
            learned: Learned::default(),
            substate: Substate::None,
            medium: 0,
            retrying: None,
        }
    }
}
