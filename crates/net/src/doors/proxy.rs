//! The proxy: SOCKS5 and HTTP on one port, told apart by the first byte.

use super::{http, serve, socks5};
use crate::stack::StackHandle;
use rasman_core::{Duration, ProxyLogin};
use std::io;
use std::rc::Rc;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Serves SOCKS5 and HTTP on `listener` until the stack is gone; with a login, to that user alone.
///
/// Run it as a local task of a `LocalSet`; dropped, it drops every stream.
pub async fn proxy(listener: impl Into<Rc<TcpListener>>, stack: StackHandle, login: Option<Rc<ProxyLogin>>) {
    let to = stack.clone();
    serve(listener.into(), &stack, move |tcp| {
        let (to, login) = (to.clone(), login.clone());
        async move {
            if let Err(error) = client(tcp, &to, login.as_deref()).await {
                tracing::debug!(%error, "a client of the proxy was turned away");
            }
        }
    })
    .await;
}

async fn client(tcp: TcpStream, stack: &StackHandle, login: Option<&ProxyLogin>) -> io::Result<()> {
    let mut first = [0];
    match timeout(HANDSHAKE_LIMIT, tcp.peek(&mut first)).await {
        Ok(Ok(1)) if first == [socks5::VERSION] => socks5::client(tcp, stack, login).await,
        // A method of HTTP begins with a letter.
        Ok(Ok(1)) if first[0].is_ascii_alphabetic() => http::client(tcp, stack, login).await,
        Ok(Err(error)) => Err(error),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

/// Where a client wants to go, by a name that the tunnel's name servers know.
pub(super) async fn connect_host(stack: &StackHandle, host: &str, port: u16) -> io::Result<crate::stack::StackStream> {
    let addresses = stack.resolve(host).await.map_err(host_unreachable)?;
    stack.connect_any(&addresses, port).await
}

/// A name without address is a host that cannot be reached, whatever the reason.
fn host_unreachable(error: io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::HostUnreachable, error)
}

/// How long a client may take to say what it wants.
pub(super) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
