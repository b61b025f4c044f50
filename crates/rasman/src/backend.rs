//! What a manager must be able to do, wherever it lives.

use crate::{Change, ConnectionInfo, Dial, EntryBackend, Error, Handle, HangUp, Status};
use rasman_core::{Answer, Cause, Notification, Statistics};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// A manager as the library sees it: in the same process, or behind a socket.
///
/// No method but those of [`EntryBackend`] blocks for longer than a short critical section, and `dial` for as long as it
/// takes to look at a phone book; one that has changed is read again.
pub trait Backend: EntryBackend + 'static {
    /// Starts a dial; `held` asks for a hold at each notification.
    ///
    /// # Errors
    /// What RasDial returns at once: 623 for an unknown entry, 756 for one being dialled, 87 for bad settings, and
    /// so on. Nothing was started then.
    fn dial(&self, dial: Dial, held: bool) -> Result<Started, Error>;

    /// Acknowledges a notification of a held dial.
    fn handler_done(&self, handle: Handle, seq: u64, more: bool);

    /// Answers a question.
    ///
    /// # Errors
    /// 6 for an unknown handle, 705 if no question with this id is open.
    fn answer(&self, handle: Handle, question: u32, answer: Answer) -> Result<(), Error>;

    /// Gives up one reference; the last one ends the connection (clause H9).
    ///
    /// # Errors
    /// 6 for an unknown handle (clause H3).
    fn hang_up(&self, handle: Handle) -> Result<oneshot::Receiver<HangUp>, Error>;

    /// Asks whether the handler of a held dial may be entered: not once a client has hung up (clause A42).
    fn may_enter_handler(&self, handle: Handle) -> bool;

    /// Tells the status.
    ///
    /// # Errors
    /// 6 for an unknown handle (clause H4).
    fn status(&self, handle: Handle) -> Result<Status, Error>;

    /// Tells what a connection has carried.
    ///
    /// # Errors
    /// 6 for an unknown handle.
    fn statistics(&self, handle: Handle) -> Result<Statistics, Error>;

    /// Waits for the end of a connection.
    ///
    /// # Errors
    /// 6 for an unknown handle.
    fn closed(&self, handle: Handle) -> Result<oneshot::Receiver<Cause>, Error>;

    /// Lists the connections, dials in progress included.
    fn connections(&self) -> Vec<ConnectionInfo>;

    /// Lists the connections and starts telling changes, with nothing lost or doubled in between.
    fn subscribe(&self) -> (Vec<ConnectionInfo>, broadcast::Receiver<Change>);

    /// Tells why a connection ended that is not listed any more; remembered for a bounded number of them.
    fn ended(&self, handle: Handle) -> Option<Cause>;

    /// Hangs up everything and takes no more dials. The channel closes when the last connection is gone.
    fn shut_down(&self) -> watch::Receiver<()>;

    /// Waits for the manager's threads, which end a moment after `shut_down` has told so.
    fn join(&self);
}

/// A dial that has started.
pub struct Started {
    /// Its handle.
    pub handle: Handle,
    /// Its notifications, bounded by what one dial can tell. Boxed, so that an empty queue is small: a dial makes one
    /// before it returns.
    pub notifications: mpsc::Receiver<Box<Notification>>,
}
