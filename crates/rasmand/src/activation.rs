//! The service manager: sockets that it opened for us, and what it wants to be told.
//!
//! ```text
//! listeners()                    the sockets of the unit rasman.socket, or none
//! ServiceManager::ready          once the first client could be served
//! ServiceManager::keep_alive     at half the time after which it would restart us (WatchdogSec=)
//! ServiceManager::stopping       before connections are hung up
//! ```

use rustix::net::sockopt::{socket_acceptconn, socket_domain, socket_type};
use rustix::net::{AddressFamily, SocketType};
use sd_notify::NotifyState;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// A socket that the service manager listens on for us.
#[derive(Debug)]
#[non_exhaustive]
pub struct Activated {
    /// What the unit calls it (`FileDescriptorName=`).
    pub name: String,
    /// The socket, which does not block.
    pub listener: UnixListener,
}

/// Takes over the sockets that started this process; none if it was started in another way, or the second time.
///
/// # Errors
/// One line that says what is wrong with the unit.
pub fn listeners() -> io::Result<Vec<Activated>> {
    let inherited = rasman_net::activation::inherited();
    let inherited = inherited.map_err(|error| wrong(format!("LISTEN_FDS cannot be used ({error})")))?;
    inherited.into_iter().map(|(name, fd)| activated(name, fd)).collect()
}

fn activated(name: String, fd: OwnedFd) -> io::Result<Activated> {
    let unix_stream = matches!(socket_domain(&fd), Ok(AddressFamily::UNIX))
        && matches!(socket_type(&fd), Ok(SocketType::STREAM))
        && matches!(socket_acceptconn(&fd), Ok(true));
    if !unix_stream {
        return Err(wrong(format!("the descriptor {name} is no listening Unix socket")));
    }
    let listener = UnixListener::from(fd);
    listener.set_nonblocking(true)?;
    Ok(Activated { name, listener })
}

fn wrong(problem: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("socket activation: {problem}; see the unit rasman.socket"))
}

/// Tells the service manager how we are; nobody is told if none is there.
#[derive(Debug, Default)]
pub struct ServiceManager {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// Connects to the service manager that `NOTIFY_SOCKET` names.
    ///
    /// Call it before [`crate::sandbox::apply`]: the socket may be out of reach afterwards.
    #[must_use]
    pub fn from_environment() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET").and_then(|address| match connect(&address) {
            Ok(socket) => Some(socket),
            Err(error) => {
                tracing::warn!(?address, %error, "cannot reach the service manager, which will not know that we are ready");
                None
            }
        });
        Self { socket, watchdog: sd_notify::watchdog_enabled() }
    }

    /// Tells that clients are served, and what goes on.
    pub fn ready(&self, status: &str) {
        self.tell(&[NotifyState::Ready, NotifyState::Status(&one_line(status))]);
    }

    /// Tells what goes on, for whoever asks `systemctl status`.
    pub fn status(&self, status: &str) {
        self.tell(&[NotifyState::Status(&one_line(status))]);
    }

    /// Tells that we end, and why.
    pub fn stopping(&self, status: &str) {
        self.tell(&[NotifyState::Stopping, NotifyState::Status(&one_line(status))]);
    }

    /// Tells, for ever, that the task in which this runs still runs; at once and then at half the watchdog's time.
    /// Without a watchdog it waits for ever.
    ///
    /// Run it beside what accepts clients, on the same thread: if that hangs, so does this.
    pub async fn keep_alive(&self) {
        let Some(limit) = self.watchdog.filter(|_| self.socket.is_some()) else {
            return std::future::pending().await;
        };
        let period = (limit / 2).max(Duration::from_millis(1));
        let mut ticks = interval_at(Instant::now(), period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.tell(&[NotifyState::Watchdog]);
        }
    }

    fn tell(&self, states: &[NotifyState<'_>]) {
        let Some(socket) = &self.socket else { return };
        let message: String = states.iter().map(|state| format!("{state}\n")).collect();
        if let Err(error) = socket.send(message.as_bytes()) {
            tracing::warn!(%error, "the service manager does not listen");
        }
    }
}

fn connect(address: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    match address.as_bytes() {
        [b'@', name @ ..] => socket.connect_addr(&SocketAddr::from_abstract_name(name)?)?,
        [b'/', ..] => socket.connect(address)?,
        _ => return Err(io::Error::new(io::ErrorKind::Unsupported, "it is neither a path nor an abstract name")),
    }
    // A service manager that is too busy to listen must not stop the connections.
    socket.set_write_timeout(Some(SEND_LIMIT))?;
    Ok(socket)
}

/// A line break would begin another field.
fn one_line(status: &str) -> String {
    status.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

const SEND_LIMIT: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(watchdog: Option<Duration>) -> (ServiceManager, UnixDatagram) {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        (ServiceManager { socket: Some(ours), watchdog }, theirs)
    }

    fn told(socket: &UnixDatagram) -> Option<String> {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8(buffer[..length].to_vec()).unwrap())
    }

    #[test]
    fn states_are_told_in_its_own_words() {
        let (manager, theirs) = pair(None);
        manager.ready("no connections");
        manager.status("Office\nMAINPID=1");
        manager.stopping("told to");
        assert_eq!(told(&theirs).unwrap(), "READY=1\nSTATUS=no connections\n");
        assert_eq!(told(&theirs).unwrap(), "STATUS=Office MAINPID=1\n", "a status is one field");
        assert_eq!(told(&theirs).unwrap(), "STOPPING=1\nSTATUS=told to\n");
        drop(theirs);
        manager.status("nobody listens");
        ServiceManager::default().ready("nobody is there");
    }

    #[tokio::test(start_paused = true)]
    async fn keep_alive_comes_at_half_the_time() {
        let (manager, theirs) = pair(Some(Duration::from_secs(10)));
        let begin = Instant::now();
        let alive = manager.keep_alive();
        tokio::pin!(alive);
        for (until, count) in [(4_999, 1), (5_001, 1), (9_999, 0), (25_001, 4)] {
            let end = tokio::time::sleep_until(begin + Duration::from_millis(until));
            tokio::select! { () = &mut alive => unreachable!("it has no end"), () = end => {} }
            for _ in 0..count {
                assert_eq!(told(&theirs).as_deref(), Some("WATCHDOG=1\n"), "until {until} ms");
            }
            assert_eq!(told(&theirs), None, "until {until} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_watchdog_nothing_is_told() {
        let (manager, theirs) = pair(None);
        assert!(tokio::time::timeout(Duration::from_secs(100), manager.keep_alive()).await.is_err());
        assert_eq!(told(&theirs), None);
    }

    #[test]
    fn other_descriptors_are_refused() {
        let (socket, _) = UnixDatagram::pair().unwrap();
        let error = activated("rasman".to_owned(), socket.into()).unwrap_err();
        assert!(error.to_string().contains("rasman is no listening Unix socket"), "{error}");
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(activated("rasman".to_owned(), file.into()).is_err());
        assert!(connect(OsStr::new("vsock:2:1234")).is_err());
    }
}
