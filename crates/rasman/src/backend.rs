//! What a manager must be able to do, wherever it lives.

use crate::{AutodialBackend, Change, ConnectionInfo, Dial, EntryBackend, Error, Handle, HangUp, Status};
use rasman_core::{Answer, Cause, CharacterFormat, Device, Notification, Statistics};
use std::os::fd::OwnedFd;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// A manager as the library sees it: in the same process, or behind a socket.
///
/// No method but those of [`EntryBackend`] and [`AutodialBackend`] blocks for longer than a short critical section, and `dial` for as long as it
/// takes to look at a phone book; one that has changed is read again.
pub trait Backend: EntryBackend + AutodialBackend + 'static {
    /// Starts a dial; `held` asks for a hold at each notification.
    ///
    /// # Errors
    /// What RasDial returns at once: 623 for an unknown entry, 756 for one being dialled, 87 for bad settings, and
    /// so on. Nothing was started then.
    fn dial(&self, dial: Dial, held: bool) -> Result<Started, Error>;

    /// Starts a dial as [`Backend::dial`] does and lets the caller do something meanwhile that takes about as long: at a
    /// manager in another process it is done while that works on the dial, or once it has, where the two share one
    /// processor.
    ///
    /// # Errors
    /// As [`Backend::dial`].
    fn dial_while(&self, dial: Dial, held: bool, meanwhile: &mut dyn FnMut()) -> Result<Started, Error> {
        meanwhile();
        self.dial(dial, held)
    }

    /// Acknowledges a notification of a held dial.
    fn handler_done(&self, handle: Handle, seq: u64, more: bool);

    /// Answers a question.
    ///
    /// # Errors
    /// 6 for an unknown handle, 705 if no question with this id is open.
    fn answer(&self, handle: Handle, question: u32, answer: Answer) -> Result<(), Error>;

    /// Gives the line of a dial that is paused in Interactive: a stream socket that does not block.
    ///
    /// # Errors
    /// 6 for an unknown handle, 705 if the dial is not paused there, 50 if the manager has no lines.
    fn line(&self, handle: Handle) -> Result<OwnedFd, Error> {
        let _ = handle;
        Err(Error::refused(rasman_core::Code::NOT_SUPPORTED, "looked for a line where there are none"))
    }

    /// Has characters of the line of a dial that is paused in Interactive look like this, until the line is given back.
    ///
    /// # Errors
    /// 87 for characters that no line has, 6 for an unknown handle, 705 if the dial is not paused there, 614 if it was said
    /// faster than the line takes it, 50 if the manager has no lines.
    fn set_line_format(&self, handle: Handle, format: CharacterFormat) -> Result<(), Error> {
        let _ = (handle, format);
        Err(Error::refused(rasman_core::Code::NOT_SUPPORTED, "looked for a line where there are none"))
    }

    /// Gives up one reference; the last one ends the connection (clause H9).
    ///
    /// # Errors
    /// 6 for an unknown handle (clause H3).
    fn hang_up(&self, handle: Handle) -> Result<oneshot::Receiver<HangUp>, Error>;

    /// Gives up all references, also those of others, and ends the connection.
    ///
    /// # Errors
    /// As [`Backend::hang_up`]; 5 without the right to.
    fn force_hang_up(&self, handle: Handle) -> Result<oneshot::Receiver<HangUp>, Error>;

    /// Hangs up a dial that did not come to Connected, and leaves an established connection.
    fn abandon(&self, handle: Handle);

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

    /// Lets later readings count from now on (clause T3).
    ///
    /// # Errors
    /// 6 for an unknown handle.
    fn clear_statistics(&self, handle: Handle) -> Result<(), Error>;

    /// Waits for the end of a connection.
    ///
    /// # Errors
    /// 6 for an unknown handle.
    fn closed(&self, handle: Handle) -> Result<oneshot::Receiver<Cause>, Error>;

    /// Lists the connections, dials in progress included.
    fn connections(&self) -> Vec<ConnectionInfo>;

    /// Lists the devices that can dial (RasEnumDevices).
    ///
    /// # Errors
    /// 711 if the manager cannot be reached.
    fn devices(&self) -> Result<Vec<Device>, Error>;

    /// Lists the connections and starts telling changes, with nothing lost or doubled in between.
    fn subscribe(&self) -> (Vec<ConnectionInfo>, broadcast::Receiver<Change>);

    /// Tells whether a closed channel of changes means that some were lost, and not that the manager has stopped.
    fn may_watch_again(&self) -> bool {
        false
    }

    /// Makes a token with which another process takes a dial over.
    ///
    /// # Errors
    /// 6 for a dial that is over; 50 if there are no other processes.
    fn transfer(&self, handle: Handle) -> Result<String, Error> {
        let _ = handle;
        Err(no_other_process())
    }

    /// Takes a dial over from another process.
    ///
    /// # Errors
    /// 6 for an unknown token, 5 for a dial of another user; 50 if there are no other processes.
    fn take_over(&self, token: &str) -> Result<Started, Error> {
        let _ = token;
        Err(no_other_process())
    }

    /// Tells why a connection ended that is not listed any more; remembered for a bounded number of them.
    fn ended(&self, handle: Handle) -> Option<Cause>;

    /// Hangs up everything and takes no more dials. The channel closes when the last connection is gone.
    fn shut_down(&self) -> watch::Receiver<()>;

    /// Hangs up everything and stops the manager, also if others use it. The channel closes when it has stopped.
    ///
    /// # Errors
    /// 5 without the right to.
    fn stop(&self) -> Result<watch::Receiver<()>, Error> {
        Ok(self.shut_down())
    }

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

fn no_other_process() -> Error {
    Error::refused(rasman_core::Code::NOT_SUPPORTED, "looked for another process, and the manager is in this one")
}
