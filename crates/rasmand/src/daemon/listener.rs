//! The socket: made here, or handed over by the service manager.

use super::cannot_start;
use rasman::Error;
use rasman::ipc::scope::{Place, Scope, own_uid};
use rasman_core::{Cause, Code, LayerName};
use rustix::fs::{FlockOperation, Mode};
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use tokio::net::{UnixListener, UnixStream};

/// A socket that clients can connect to, before anybody listens to them.
pub(super) struct Bound {
    listener: std::os::unix::net::UnixListener,
    made: Option<Made>,
}

/// A socket that clients connect to.
pub(super) struct Listening {
    listener: UnixListener,
    /// What we made ourselves and take away again.
    made: Option<Made>,
}

struct Made {
    socket: PathBuf,
    /// Held as long as we live, however we end.
    _lock: File,
}

/// Takes the socket that was handed over, or makes one.
///
/// # Errors
/// 711 if another manager is there, or the folder or the socket cannot be made.
pub(super) fn open(place: &Place) -> Result<Bound, Error> {
    if let Some(listener) = handed_over()? {
        return Ok(Bound { listener, made: None });
    }
    make_folder(place)?;
    let lock = lock(place)?;
    let socket = place.socket();
    // We have the lock, so whatever is there was left behind by one that was killed.
    match std::fs::remove_file(&socket) {
        Ok(()) => tracing::info!("removed the socket of a manager that was killed"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(cannot_start(&format!("removed {}", socket.display()), &error)),
    }
    let listener = bind(place)?;
    Ok(Bound { listener, made: Some(Made { socket, _lock: lock }) })
}

impl Bound {
    /// Starts listening, within the event loop.
    pub(super) fn listen(self) -> Result<Listening, Error> {
        let Self { listener, made } = self;
        let registered = listener.set_nonblocking(true).and_then(|()| UnixListener::from_std(listener));
        let listener = registered.map_err(|error| cannot_start("listened", &error))?;
        Ok(Listening { listener, made })
    }
}

impl Listening {
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        Ok(self.listener.accept().await?.0)
    }

    /// Takes a client that has connected already.
    pub(super) fn accept_now(&self) -> Option<UnixStream> {
        let mut accepted = std::pin::pin!(self.accept());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match accepted.as_mut().poll(&mut context) {
            std::task::Poll::Ready(Ok(stream)) => Some(stream),
            _ => None,
        }
    }

    /// Takes no more clients. The lock is held until the process ends.
    pub(super) fn close(self) {
        if let Some(made) = self.made {
            let _ = std::fs::remove_file(&made.socket);
            // What of us still runs must not meet the next manager.
            std::mem::forget(made._lock);
        }
    }
}

/// Gives the listener that the service manager made, if it made one (LISTEN_FDS).
fn handed_over() -> Result<Option<std::os::unix::net::UnixListener>, Error> {
    let listeners = crate::activation::listeners().map_err(|error| cannot_start("took over the socket", &error))?;
    match listeners.len() {
        0 | 1 => Ok(listeners.into_iter().next().map(|activated| activated.listener)),
        count => Err(cannot_start("took over the socket", &format!("the unit has {count} of them, and needs one"))),
    }
}

fn make_folder(place: &Place) -> Result<(), Error> {
    let shown = place.folder.display();
    let mode = match place.scope {
        Scope::System => 0o755,
        Scope::User => 0o700,
    };
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
    let made = builder.create(&place.folder);
    // Whatever the mask is: others are to reach the socket in it.
    match made.and_then(|()| std::fs::set_permissions(&place.folder, Permissions::from_mode(mode))) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(cannot_start(&format!("made the folder {shown}"), &error)),
    }
    place.check()?;
    if place.scope == Scope::User && rustix::fs::stat(&place.folder).is_ok_and(|stat| stat.st_uid != own_uid()) {
        return Err(cannot_start(&format!("made the folder {shown}"), &"it belongs to somebody else"));
    }
    Ok(())
}

/// Takes the folder's lock, which ends with the process that has it.
fn lock(place: &Place) -> Result<File, Error> {
    let path = place.folder.join("lock");
    let failed = |error: io::Error| cannot_start(&format!("locked {}", path.display()), &error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let flags = rustix::fs::OFlags::NOFOLLOW.bits();
    let lock = options.custom_flags(i32::try_from(flags).unwrap_or(0)).open(&path).map_err(failed)?;
    let locked = match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) if is_listening(place) => {
            let cause = Cause::new(Code::RASMAN_CANNOT_INITIALIZE, LayerName::Manager)
                .did(format!("found another manager at {}", place.socket().display()))
                .advice("use that one, or stop it first");
            return Err(Error(cause));
        }
        // It is on its way out, or not there yet.
        Err(rustix::io::Errno::WOULDBLOCK) => rustix::fs::flock(&lock, FlockOperation::LockExclusive),
        result => result,
    };
    locked.map_err(|error| failed(error.into()))?;
    Ok(lock)
}

fn is_listening(place: &Place) -> bool {
    std::os::unix::net::UnixStream::connect(place.socket()).is_ok()
}

fn bind(place: &Place) -> Result<std::os::unix::net::UnixListener, Error> {
    let socket = place.socket();
    let failed = |error: io::Error| cannot_start(&format!("listened at {}", socket.display()), &error);
    // Nobody may connect before the mode is what it is to be; no thread is there yet that the mask could disturb.
    let mask = rustix::process::umask(Mode::from_raw_mode(0o177));
    let listener = std::os::unix::net::UnixListener::bind(&socket);
    rustix::process::umask(mask);
    let listener = listener.map_err(failed)?;
    rustix::net::listen(&listener, BACKLOG).map_err(|error| failed(error.into()))?;
    if place.scope == Scope::System {
        std::fs::set_permissions(&socket, Permissions::from_mode(0o666)).map_err(failed)?;
    }
    Ok(listener)
}

/// How many clients may wait to be accepted; those beyond wait in their own connect.
const BACKLOG: i32 = 1024;
