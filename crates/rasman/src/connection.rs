//! A handle to a connection.

use crate::{Backend, Error};
use rasman_core::{
    Answer, AuthMethod, Cause, CharacterFormat, ConnState, Device, Learned, Projection, Retrying, Statistics, Substate,
};
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// Names a connection: an epoch of the manager and a number that it does not use again (clause H15).
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub u64);

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({self})")
    }
}

/// A connection of a manager, from the first notification of its dial on.
///
/// Dropping it changes nothing: the manager owns the connection.
#[derive(Clone)]
pub struct Connection {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) handle: Handle,
}

impl Connection {
    /// Gives the handle.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle
    }

    /// Tells state, error, device, projection and doors.
    ///
    /// # Errors
    /// 6 once the connection is gone (clause H4).
    pub fn status(&self) -> Result<Status, Error> {
        self.backend.status(self.handle)
    }

    /// Tells what the connection was given.
    ///
    /// # Errors
    /// 730 before the dial has come to Projected (clause A53); 6 once the connection is gone.
    pub fn projection(&self) -> Result<Projection, Error> {
        self.status()?.projection.ok_or_else(|| {
            Error::refused(rasman_core::Code::PROJECTION_NOT_COMPLETE, "asked for the projection before there was one")
        })
    }

    /// Tells what the connection has carried.
    ///
    /// # Errors
    /// 6 once the connection is gone.
    pub fn statistics(&self) -> Result<Statistics, Error> {
        self.backend.statistics(self.handle)
    }

    /// Lets later readings of the statistics count from now on, for everybody (clause T3). The time of the connection
    /// goes on.
    ///
    /// # Errors
    /// 6 once the connection is gone.
    pub fn clear_statistics(&self) -> Result<(), Error> {
        self.backend.clear_statistics(self.handle)
    }

    /// Answers the question that pauses the dial.
    ///
    /// Inside a handler the answer is taken at once and takes effect when the handler has returned.
    ///
    /// # Errors
    /// 705 if that question is not open (clause P12); 6 once the connection is gone.
    pub fn answer(&self, question: u32, answer: Answer) -> Result<(), Error> {
        self.backend.answer(self.handle, question, answer)
    }

    /// Gives the line of a dial that is paused in Interactive ([`QuestionKind::Interactive`](crate::QuestionKind)), as a
    /// stream socket that does not block: what the other end says is read from it, and what is written to it is said, octet
    /// for octet. With tokio it becomes a `tokio::net::UnixStream` by `from_std`; a program that would rather wait calls
    /// `set_nonblocking(false)`.
    ///
    /// It is there from the notification on, also within a handler, until [`Answer::Continue`] gives the line back: what was
    /// written before goes out first. Then, and when the dial ends, reading it comes to an end. A client that does not read
    /// loses the oldest octets. Every call gives a descriptor of the same line.
    ///
    /// # Errors
    /// 705 if the dial is not paused there; 6 once the connection is gone.
    pub fn line(&self) -> Result<UnixStream, Error> {
        self.backend.line(self.handle).map(UnixStream::from)
    }

    /// Has characters of that line look like this until it is given back: some hosts want seven bits and a parity before PPP.
    /// What was written before goes out first. A raw TCP port and a pseudo-terminal have no such settings.
    ///
    /// # Errors
    /// As [`line`](Self::line); 87 for characters that no line has, 614 if it was said faster than the line takes it.
    pub fn set_line_format(&self, format: CharacterFormat) -> Result<(), Error> {
        self.backend.set_line_format(self.handle, format)
    }

    /// Hangs up: gives one reference back, and ends the connection with the last one.
    ///
    /// The hang-up starts at the call; awaiting the result tells when all of it is done, so no sleeping is needed.
    ///
    /// # Errors
    /// 6 once the connection is gone.
    pub fn hang_up(&self) -> Result<HangingUp, Error> {
        Ok(HangingUp { receiver: self.backend.hang_up(self.handle)? })
    }

    /// Hangs up for everybody: gives all references back, also those of other programs, and ends the connection.
    ///
    /// # Errors
    /// 6 once the connection is gone; 5 for a connection of another user, without the right to.
    pub fn force_hang_up(&self) -> Result<HangingUp, Error> {
        Ok(HangingUp { receiver: self.backend.force_hang_up(self.handle)? })
    }

    /// Hands the dial to another process of the same user, which takes it over with this token by
    /// [`Manager::take_over`](crate::Manager::take_over).
    ///
    /// Until it has, the dial stays with this process. An open hold or question is told again to the one that takes over.
    ///
    /// # Errors
    /// 6 for a dial that is over; 50 for a manager in this process.
    pub fn transfer(&self) -> Result<String, Error> {
        self.backend.transfer(self.handle)
    }

    /// Waits for the end of the connection, whatever ends it, and tells the reason.
    pub async fn closed(&self) -> Cause {
        let gone = || self.backend.ended(self.handle).unwrap_or_else(manager_stopped);
        match self.backend.closed(self.handle) {
            Ok(receiver) => receiver.await.unwrap_or_else(|_| gone()),
            Err(_) => gone(),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.handle).finish()
    }
}

/// A hang-up under way.
#[must_use = "await it, or call `wait`, to know when the connection is gone; `drop` it to let the hang-up go on alone"]
pub struct HangingUp {
    receiver: oneshot::Receiver<HangUp>,
}

impl HangingUp {
    /// Blocks the thread until the hang-up is done. Not for use within an async runtime.
    pub fn wait(self) -> HangUp {
        self.receiver.blocking_recv().unwrap_or_else(|_| HangUp::Gone(manager_stopped()))
    }
}

impl Future for HangingUp {
    type Output = HangUp;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<HangUp> {
        Pin::new(&mut self.receiver).poll(cx).map(|result| result.unwrap_or_else(|_| HangUp::Gone(manager_stopped())))
    }
}

/// What a hang-up came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HangUp {
    /// One reference was given back; the connection stays for the others.
    Released {
        /// How many references are left.
        remaining: u32,
    },
    /// The connection is gone with all that belonged to it, for this reason.
    Gone(Cause),
}

/// The state of a connection, as RasGetConnectStatus tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The state now executing, or the one in which the dial failed.
    pub state: ConnState,
    /// Why it failed; while paused in RetryAuthentication, why the credentials were refused.
    pub error: Option<Cause>,
    /// The device in use.
    pub device: Device,
    /// What the network negotiation gave, from Projected on.
    pub projection: Option<Projection>,
    /// What the far network has told beyond that: routes, names, IPv6.
    pub learned: Learned,
    /// The proxies and forwards that are open.
    pub doors: Doors,
    /// What goes on while the state stays Connected: the link was lost and is being made again.
    pub substate: Substate,
    /// Which medium is tried or carries the connection: 0 is the entry's own, its alternates follow.
    pub medium: usize,
    /// The further attempt that is under way or waited for, of a dial or of a lost connection.
    pub retrying: Option<Retrying>,
    /// The number that is dialled: a VPN's server, of the medium that is tried or carries the connection.
    pub number: String,
    /// The server's end of the tunnel, once it was reached.
    pub peer: Option<SocketAddr>,
    /// How the user was authenticated, from Authenticated on.
    pub authentication: Option<AuthMethod>,
}

impl Status {
    /// Makes a status.
    #[must_use]
    pub fn new(
        state: ConnState,
        error: Option<Cause>,
        device: Device,
        projection: Option<Projection>,
        doors: Doors,
    ) -> Self {
        Self {
            state,
            error,
            device,
            projection,
            learned: Learned::default(),
            doors,
            substate: Substate::None,
            medium: 0,
            retrying: None,
            number: String::new(),
            peer: None,
            authentication: None,
        }
    }
}

/// Where programs enter the tunnel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Doors {
    /// The address of the proxy, which speaks SOCKS5 and HTTP.
    pub socks: Option<SocketAddr>,
    /// The addresses of the port forwards, in the entry's order.
    pub forwards: Vec<SocketAddr>,
    /// The network device, by name.
    pub interface: Option<String>,
}

/// One line of [`Manager::connections`](crate::Manager::connections).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Its handle.
    pub handle: Handle,
    /// The entry's name.
    pub entry: String,
    /// The state.
    pub state: ConnState,
    /// The error number, 0 for none.
    pub error: u32,
    /// How many hang-ups it takes to end it.
    pub references: u32,
    /// What goes on while the state stays Connected.
    pub substate: Substate,
    /// The entry's phone book; `None` for an entry that is in none.
    pub phonebook: Option<PathBuf>,
    /// The entry is all users' (RASCF_AllUsers).
    pub all_users: bool,
    /// The entry's identity, if it has one.
    pub guid: Option<[u8; 16]>,
    /// The device in use, or to be used first.
    pub device: Device,
}

impl ConnectionInfo {
    /// Makes a line.
    #[must_use]
    pub fn new(handle: Handle, entry: String, device: Device, state: ConnState, error: u32, references: u32) -> Self {
        Self {
            handle,
            entry,
            state,
            error,
            references,
            substate: Substate::None,
            phonebook: None,
            all_users: false,
            guid: None,
            device,
        }
    }
}

/// The reason when the manager ended without telling one.
fn manager_stopped() -> Cause {
    Cause::new(rasman_core::Code::RASMAN_SERVICE_STOPPED, rasman_core::LayerName::Manager)
}
