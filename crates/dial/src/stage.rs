//! The stages of a connection.

use rasman_auth::Authenticated;
use rasman_core::{
    Answer, Cause, Code, ConnState, Duration, EapDialog, Interaction, Projection, Question, QuestionKind, Secret,
};
use rasman_ppp::{CallbackChoice, CallbackOffer};

/// Where a connection stands. Each variant holds exactly what is known there.
///
/// A stage is first *published* (its state is told, and the handler may hold it) and then *begun* (its work starts).
pub(crate) enum Stage {
    OpenPort {
        /// Why the dial begins again, if another attempt failed.
        after: Option<Code>,
    },
    PortOpened,
    /// The link connects: name, TCP, TLS, HTTP, SSTP call.
    ConnectDevice,
    DeviceConnected,
    /// LCP negotiates.
    AllDevicesConnected,
    /// The authentication exchange runs.
    Authenticate,
    AuthNotify(Outcome),
    /// A question pauses the dial: RetryAuthentication, PasswordExpired, InvokeEapUI, CallbackSetByCaller, Interactive.
    Asking(Asking),
    /// Other credentials are tried, on this link or on a fresh one.
    AuthRetry {
        same_link: bool,
    },
    /// A new password goes to the server, on this link.
    AuthChangePassword(Secret),
    /// The server lets the user choose where it calls back; the question follows.
    AuthCallback(CallbackOffer),
    /// Both agree on the call.
    PrepareForCallback(CallbackChoice),
    /// The line is hung up, and its port opened again.
    WaitForModemReset,
    /// The modem waits for the call, and answers it.
    WaitForCallback,
    /// LCP and authentication on the line that the server has made.
    ReAuthenticate,
    AuthAck(Authenticated),
    Authenticated(Authenticated),
    /// IPCP negotiates; the token was taken when it began.
    AuthProject(Option<Authenticated>),
    Projected(Projection),
    /// The driver sets up the data path.
    ApplySettings(Projection),
    Connected(Projection),
    /// The last attempt failed, and the next one comes after a pause.
    Waiting {
        pause: Duration,
        last: Code,
    },
    /// The dial failed in `state`; the link is being taken down. The client still has to hang up (clause A45).
    Failed {
        state: ConnState,
        cause: Cause,
    },
    /// Hung up or lost; the link is being taken down.
    Disconnecting(Cause),
    Disconnected(Cause),
}

/// What AuthNotify announces.
#[derive(Debug)]
pub(crate) enum Outcome {
    Accepted(Authenticated),
    Refused(Refusal),
    /// The user is to say where the server calls back.
    MayChoose(CallbackOffer),
    /// The server calls back.
    CallsBack(CallbackChoice),
    /// It could, and is told not to.
    NoCallback,
    /// The network negotiation follows.
    Projecting(Authenticated),
}

/// Why we were not let in.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) cause: Cause,
    /// The server takes an answer on this link.
    pub(crate) retry: bool,
    /// What the user could say to mend it on another link.
    pub(crate) dialog: Option<EapDialog>,
}

/// A pause for an answer.
pub(crate) struct Asking {
    pub(crate) question: Question,
    pub(crate) refused: Cause,
    pub(crate) same_link: bool,
    pub(crate) answer: Option<Answer>,
}

/// Prints the published state alone: stages hold secrets.
impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stage({})", self.state())
    }
}

impl Stage {
    /// Gives the published state: a projection of the stage.
    pub(crate) fn state(&self) -> ConnState {
        match self {
            Self::OpenPort { .. } | Self::Waiting { .. } => ConnState::OpenPort,
            Self::PortOpened => ConnState::PortOpened,
            Self::ConnectDevice => ConnState::ConnectDevice,
            Self::DeviceConnected => ConnState::DeviceConnected,
            Self::AllDevicesConnected => ConnState::AllDevicesConnected,
            Self::Authenticate => ConnState::Authenticate,
            Self::AuthNotify(_) => ConnState::AuthNotify,
            Self::Asking(asking) => asking.state(),
            Self::AuthChangePassword(_) => ConnState::AuthChangePassword,
            Self::AuthRetry { .. } => ConnState::AuthRetry,
            Self::AuthCallback(_) => ConnState::AuthCallback,
            Self::PrepareForCallback(_) => ConnState::PrepareForCallback,
            Self::WaitForModemReset => ConnState::WaitForModemReset,
            Self::WaitForCallback => ConnState::WaitForCallback,
            Self::ReAuthenticate => ConnState::ReAuthenticate,
            Self::AuthAck(_) => ConnState::AuthAck,
            Self::Authenticated(_) => ConnState::Authenticated,
            Self::AuthProject(_) => ConnState::AuthProject,
            Self::Projected(_) => ConnState::Projected,
            Self::ApplySettings(_) => ConnState::ApplySettings,
            Self::Connected(_) => ConnState::Connected,
            Self::Failed { state, .. } => *state,
            Self::Disconnecting(_) | Self::Disconnected(_) => ConnState::Disconnected,
        }
    }

    /// Tells whether the dial is still under way.
    pub(crate) fn is_dialing(&self) -> bool {
        !matches!(self, Self::Connected(_) | Self::Failed { .. } | Self::Disconnecting(_) | Self::Disconnected(_))
    }
}

impl Asking {
    /// Tells whether it is about the number to be called back at.
    pub(crate) fn is_about_callback(&self) -> bool {
        matches!(self.question.kind, QuestionKind::CallbackNumber { .. })
    }

    /// Tells whether the client has the line.
    pub(crate) fn is_interactive(&self) -> bool {
        matches!(self.question.kind, QuestionKind::Interactive(_))
    }

    /// Gives why something was refused, if that is what led to the question.
    pub(crate) fn refusal(&self) -> Option<&Cause> {
        match &self.question.kind {
            QuestionKind::CallbackNumber { .. } => None,
            QuestionKind::Interactive(Interaction::HaltedScript { .. }) => Some(&self.refused),
            QuestionKind::Interactive(_) => None,
            _ => Some(&self.refused),
        }
    }

    fn state(&self) -> ConnState {
        match &self.question.kind {
            QuestionKind::Interactive(_) => ConnState::Interactive,
            QuestionKind::PasswordExpired { .. } => ConnState::PasswordExpired,
            QuestionKind::EapDialog(_) => ConnState::InvokeEapUI,
            QuestionKind::CallbackNumber { .. } => ConnState::CallbackSetByCaller,
            _ => ConnState::RetryAuthentication,
        }
    }
}
