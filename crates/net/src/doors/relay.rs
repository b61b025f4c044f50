//! Bytes between a local connection and a stream through the tunnel.
//!
//! They go from the kernel's socket straight into the stream's ring of bytes and back: a stream that idles holds no
//! buffer here.

use crate::stack::StackStream;
use socket2::SockRef;
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use tokio::net::TcpStream;

/// Copies both ways until both have ended; what breaks on one side is reset on the other, so that nobody takes half
/// of something for the whole. Dropped, it resets `tcp` as well.
pub(super) async fn relay(tcp: TcpStream, stream: StackStream) {
    reset(&tcp);
    match tokio::try_join!(inwards(&tcp, &stream), outwards(&tcp, &stream)) {
        Ok(((), ())) => {
            let _ = SockRef::from(&tcp).set_linger(None);
        }
        Err(error) => tracing::trace!(%error, "a stream broke"),
    }
}

async fn inwards(tcp: &TcpStream, stream: &StackStream) -> io::Result<()> {
    loop {
        tcp.readable().await?;
        match poll_fn(|cx| stream.poll_fill(cx, |space| tcp.try_read(space))).await {
            Ok(0) => return stream.end(),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

async fn outwards(tcp: &TcpStream, stream: &StackStream) -> io::Result<()> {
    loop {
        tcp.writable().await?;
        match poll_fn(|cx| stream.poll_take(cx, |bytes| tcp.try_write(bytes))).await {
            Ok(0) => return SockRef::from(tcp).shutdown(Shutdown::Write),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// Lets the drop of `tcp` reset it.
pub(super) fn reset(tcp: &TcpStream) {
    let _ = SockRef::from(tcp).set_linger(Some(std::time::Duration::ZERO));
}
