//! What `dial --hold` tells to `status`: a socket by which any program of the same user reads the connection's status.
//!
//! The socket is an abstract one, so it needs no folder that can be written: a container with a read-only root has none. It
//! is seen in the same network namespace, which is where the doors are. Whoever connects is sent one JSON document and
//! nothing is read from them; both ends look at who the kernel says the other one is.

use rasman::ipc::scope::{Place, Scope, own_uid};
use rasman_core::hex;
use rustix::net::sockopt::socket_peercred;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::time::Duration;

/// A socket that tells a status.
pub(crate) struct Told(tokio::net::UnixListener);

impl Told {
    /// Opens the socket of this process. Call it within the runtime.
    pub(crate) fn open() -> io::Result<Self> {
        let name = format!("{}{}", prefix(), std::process::id());
        let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
        listener.set_nonblocking(true)?;
        Ok(Self(tokio::net::UnixListener::from_std(listener)?))
    }

    /// Tells everybody who asks, for ever.
    pub(crate) async fn serve(&self, status: impl Fn() -> Value) -> std::convert::Infallible {
        loop {
            match self.0.accept().await {
                Ok((stream, _)) if may_ask(&stream) => {
                    // It fits into an empty socket; who closed it meanwhile does not want it.
                    let _ = stream.try_write(status().to_string().as_bytes());
                }
                Ok(_) => {}
                // No descriptor is left; nothing tells when there is one again.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }
}

fn may_ask(stream: &tokio::net::UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own_uid() || peer.uid() == 0)
}

/// Gives the status of each connection that a program of this user holds.
pub(crate) fn all() -> Vec<Value> {
    let prefix = format!("@{}", prefix());
    let sockets = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let names = sockets.lines().filter_map(|line| line.split_whitespace().nth(7)?.strip_prefix(&prefix));
    let mut numbers: Vec<u32> = names.filter_map(|number| number.parse().ok()).collect();
    // A socket that somebody is being told by has the name, too.
    numbers.sort_unstable();
    numbers.dedup();
    numbers.truncate(HELD_MAX);
    numbers.into_iter().filter_map(|number| ask(number).ok()).collect()
}

fn ask(number: u32) -> io::Result<Value> {
    let stream = connect(&format!("{}{number}", prefix()))?;
    // Anybody can take a name: only what a process of ours says is believed.
    if socket_peercred(stream.as_fd())?.uid.as_raw() != own_uid() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    stream.set_read_timeout(Some(LIMIT))?;
    let mut text = Vec::new();
    stream.take(STATUS_MAX).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

/// Connects without waiting: anybody can take a name and accept nobody.
fn connect(name: &str) -> io::Result<UnixStream> {
    let socket =
        socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// The beginning of the names of this user's sockets; like the manager's, they belong to a runtime folder.
fn prefix() -> String {
    let digest = Sha256::digest(Place::of(Scope::User).folder.as_os_str().as_bytes());
    format!("rasman-hold-{}-{}-", own_uid(), hex::encode(&digest[..6]))
}

/// Longer than a process takes that lives.
const LIMIT: Duration = Duration::from_secs(5);
/// How many names are looked at.
const HELD_MAX: usize = 256;
const STATUS_MAX: u64 = 1 << 20;
