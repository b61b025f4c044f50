//! Bytes between a local connection and a stream through the tunnel.

use crate::stack::StackStream;
use socket2::SockRef;
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::TcpStream;

/// Bytes on their way in each direction.
const BUFFER: usize = 64 * 1024;

/// Copies both ways until both have ended; what breaks on one side is reset on the other, so that nobody takes half
/// of something for the whole. Dropped, it resets `tcp` as well.
pub(super) async fn relay(mut tcp: TcpStream, mut stream: StackStream) {
    reset(&tcp);
    match copy_bidirectional_with_sizes(&mut tcp, &mut stream, BUFFER, BUFFER).await {
        Ok(_) => {
            let _ = SockRef::from(&tcp).set_linger(None);
        }
        Err(error) => tracing::trace!(%error, "a stream broke"),
    }
}

/// Lets the drop of `tcp` reset it.
pub(super) fn reset(tcp: &TcpStream) {
    let _ = SockRef::from(tcp).set_linger(Some(std::time::Duration::ZERO));
}
