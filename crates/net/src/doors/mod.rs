//! How programs reach the tunnel: a SOCKS5 proxy and local port forwards.

use crate::stack::StackHandle;
use rasman_core::Cause;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Binds a local port, so that errors come before the dial is told to be connected.
///
/// # Errors
/// 602 with the address and what the system said.
pub fn bind(address: SocketAddr) -> Result<TcpListener, Cause> {
    let _ = address;
    unimplemented!()
}

/// Serves SOCKS5 on `listener` until the stack is gone. Run it as a local task; dropped, it drops every stream.
pub async fn socks5(listener: TcpListener, stack: StackHandle) {
    let _ = (listener, stack);
    unimplemented!()
}

/// Leads every connection on `listener` to `host` and `port` inside the tunnel until the stack is gone.
///
/// Run it as a local task; dropped, it drops every stream.
pub async fn forward(listener: TcpListener, host: String, port: u16, stack: StackHandle) {
    let _ = (listener, host, port, stack);
    unimplemented!()
}
