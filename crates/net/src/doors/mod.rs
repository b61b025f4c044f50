//! How programs reach the tunnel: a proxy, which speaks SOCKS5 and HTTP, and local port forwards.
//!
//! A door is a listener of the system, and a future that hands each of its connections to a stream of the
//! [stack](crate::stack). It runs as a local task beside the connection's own and ends with the stack; its listener
//! may be kept for another stack.

mod forward;
pub(crate) mod fuzzing;
mod http;
mod proxy;
mod relay;
mod socks5;
mod udp;

pub use forward::forward;
pub use proxy::proxy;

use crate::stack::StackHandle;
use rasman_core::{Cause, Code, Duration, LayerName};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Binds a local port, so that what is wrong with it is known before anything is dialled.
///
/// The listener knows its address; port 0 lets the system choose.
///
/// # Errors
/// 602 if the port is taken, 5 if it is not allowed, 633 otherwise.
///
/// # Panics
/// Outside a runtime.
pub fn bind(address: SocketAddr) -> Result<TcpListener, Cause> {
    let listen = || {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    };
    listen().map_err(|error: io::Error| {
        let (code, advice) = match error.kind() {
            io::ErrorKind::AddrInUse => {
                (Code::PORT_ALREADY_OPEN, "choose another port, or 0 to let the system choose; another program has it")
            }
            io::ErrorKind::PermissionDenied => (Code::ACCESS_DENIED, "choose a port of 1024 or above"),
            io::ErrorKind::AddrNotAvailable => (Code::PORT_NOT_AVAILABLE, "choose an address of this machine"),
            _ => (Code::PORT_NOT_AVAILABLE, ""),
        };
        Cause::new(code, LayerName::Network).did(format!("tried to listen on {address}: {error}")).advice(advice)
    })
}

/// The most connections of one door; others wait in the system's backlog.
const STREAMS_MAX: usize = 4096;
/// How long to wait when the system has no descriptor or no memory for a connection.
const BREATH: Duration = Duration::from_millis(100);

/// Runs `handle` for every connection on `listener` until the stack is gone; then, or when dropped, drops them all.
async fn serve<F>(listener: Rc<TcpListener>, stack: &StackHandle, handle: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let mut streams = JoinSet::new();
    let mut closed = pin!(stack.closed());
    loop {
        tokio::select! {
            biased;
            () = &mut closed => return,
            Some(_) = streams.join_next(), if !streams.is_empty() => {}
            accepted = listener.accept(), if streams.len() < STREAMS_MAX => match accepted {
                Ok((tcp, _)) => {
                    // Whoever speaks through a tunnel waits long enough.
                    let _ = tcp.set_nodelay(true);
                    streams.spawn_local(handle(tcp));
                }
                Err(error) => {
                    tracing::debug!(%error, "a door could not accept");
                    tokio::time::sleep(BREATH).await;
                }
            },
        }
    }
}

#[cfg(test)]
mod tests;
