//! What a dial tells its client.

use crate::{AuthMethod, Cause, Code, ConnState, Projection, Question, QuestionKind};
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::borrow::Cow;

/// One notification of a dial.
///
/// The first call for a state carries no error and means that the state is about to be entered; if something fails
/// in it, a second one carries the same state and the cause, and nothing follows (clauses A19, A20, A39).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Notification {
    /// Counts the notifications of one dial from 0, without gaps.
    pub seq: u64,
    /// The state about to be entered, or in which something failed.
    pub state: ConnState,
    /// Why the dial failed.
    pub error: Option<Cause>,
    /// What more is known.
    pub detail: Detail,
    /// One-based index of the subentry (clause A30: 1 for an entry without subentries).
    pub sub_entry: u32,
}

impl Notification {
    /// Makes a notification about the only link of an entry.
    #[must_use]
    pub fn new(seq: u64, state: ConnState, error: Option<Cause>, detail: Detail) -> Self {
        Self { seq, state, error, detail, sub_entry: 1 }
    }

    /// Gives the error number, 0 for none.
    #[must_use]
    pub fn error_number(&self) -> u32 {
        self.error.as_ref().map_or(0, |cause| cause.code.0)
    }

    /// Tells whether nothing can follow for the handler of this dial (clauses A39, A40).
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.error.is_some() || self.state.is_terminal()
    }
}

/// What more is known at a notification.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// The device about to be connected.
    Device(Device),
    /// The device is connected.
    Reached {
        /// The server's address.
        peer: Option<SocketAddr>,
        /// How the port is protected.
        protection: String,
    },
    /// The authentication protocol that was agreed.
    Authentication(AuthMethod),
    /// What the network negotiation gave.
    Projection(Projection),
    /// The question that pauses the dial.
    Question(Question),
    /// The dial begins again, with this server, because something else failed (with OpenPort; clause M8).
    Trying {
        /// The server.
        server: String,
        /// Which of the entry's media this is, from 1 (its own) on; its alternates follow.
        medium: u32,
        /// How many media the entry has.
        of: u32,
        /// Why the dial begins again.
        last: Code,
    },
    /// The dial waits before it begins again (with OpenPort).
    Waiting {
        /// Which further attempt comes then, from 1 on.
        attempt: u32,
        /// How many further attempts there are at the most.
        of: u32,
        /// How long it waits.
        pause: Duration,
        /// Why the attempt before failed.
        last: Code,
    },
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Device(device) => write!(f, "{device}"),
            Self::Reached { peer: Some(peer), protection } => write!(f, "{peer}, {protection}"),
            Self::Reached { peer: None, protection } => f.write_str(protection),
            Self::Authentication(method) => write!(f, "{method}"),
            Self::Projection(projection) => write!(f, "{projection}"),
            Self::Question(Question { id, kind: QuestionKind::Interactive(what) }) => {
                write!(f, "question {id}: {what}")
            }
            Self::Question(question) => write!(f, "question {}", question.id),
            Self::Trying { server, medium, of, last } => {
                write!(f, "{server} (server {medium} of {of}), after error {}", CodeNumber(*last))
            }
            Self::Waiting { attempt, of, pause, last } => {
                write!(f, "waiting {pause:?} before attempt {attempt} of {of}, after error {}", CodeNumber(*last))
            }
        }
    }
}

/// Shows a code as its number alone, without constant and sentence.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct CodeNumber(pub Code);

impl fmt::Display for CodeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.0 < 0x8000_0000 { write!(f, "{}", self.0.0) } else { write!(f, "0x{:08X}", self.0.0) }
    }
}

/// A device as RAS names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// Its type, such as `vpn`.
    pub kind: &'static str,
    /// Its name, such as `WAN Miniport (SSTP)`.
    pub name: Cow<'static, str>,
}

impl Device {
    /// The types of devices (RASDT_*).
    pub const KINDS: &[&str] = &["vpn", "modem", "null", "PPPoE", "isdn", "x25", "switch", "unknown"];

    /// The device of an SSTP connection.
    pub const SSTP: Self = Self { kind: "vpn", name: Cow::Borrowed("WAN Miniport (SSTP)") };

    /// The devices that are there whatever is plugged in (RasEnumDevices).
    pub const ALL: &[Self] = &[Self::SSTP];
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.kind)
    }
}
