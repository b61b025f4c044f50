//! Name resolution and TCP connects.

use rasman_core::Cause;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// Gives the addresses of `host`; a literal address is answered at once.
///
/// # Errors
/// 868 if the name does not resolve.
pub async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Cause> {
    let _ = (host, port);
    unimplemented!()
}

/// Connects to the first address that answers (RFC 8305), with `TCP_NODELAY`.
///
/// It has no time limit of its own: dropping the future gives up and closes every socket.
///
/// # Errors
/// 809 if no address can be reached.
pub async fn connect_tcp(addresses: &[SocketAddr]) -> Result<TcpStream, Cause> {
    let _ = addresses;
    unimplemented!()
}
