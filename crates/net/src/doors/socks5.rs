//! SOCKS5 (RFC 1928): CONNECT without authentication; names are resolved inside the tunnel.

use super::relay::relay;
use super::serve;
use crate::stack::{StackHandle, StackStream};
use fast_socks5::server::states::CommandRead;
use fast_socks5::server::{Socks5ServerProtocol, SocksServerError};
use fast_socks5::util::target_addr::TargetAddr;
use fast_socks5::{ReplyError, Socks5Command};
use rasman_core::Duration;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Serves SOCKS5 on `listener` until the stack is gone.
///
/// Run it as a local task of a `LocalSet`; dropped, it drops every stream.
pub async fn socks5(listener: impl Into<Rc<TcpListener>>, stack: StackHandle) {
    let to = stack.clone();
    serve(listener.into(), &stack, move |tcp| {
        let to = to.clone();
        async move {
            if let Err(error) = client(tcp, &to).await {
                tracing::debug!(%error, "a SOCKS client was turned away");
            }
        }
    })
    .await;
}

/// How long a client may take to say what it wants.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

async fn client(tcp: TcpStream, stack: &StackHandle) -> Result<(), SocksServerError> {
    let Ok(asked) = timeout(HANDSHAKE_LIMIT, ask(tcp)).await else { return Err(SocksServerError::EOF) };
    let (protocol, command, target) = asked?;
    match command {
        Socks5Command::TCPConnect => {}
        Socks5Command::TCPBind | Socks5Command::UDPAssociate => {
            return protocol.reply_error(&ReplyError::CommandNotSupported).await;
        }
    }
    match connect(stack, target).await {
        Ok(stream) => {
            let tcp = protocol.reply_success(stream.local()).await?;
            relay(tcp, stream).await;
            Ok(())
        }
        Err(error) => {
            tracing::debug!(%error, "a SOCKS client's target could not be reached");
            protocol.reply_error(&reply_of(&error)).await
        }
    }
}

async fn ask(
    tcp: TcpStream,
) -> Result<(Socks5ServerProtocol<TcpStream, CommandRead>, Socks5Command, TargetAddr), SocksServerError> {
    Socks5ServerProtocol::accept_no_auth(tcp).await?.read_command().await
}

async fn connect(stack: &StackHandle, target: TargetAddr) -> io::Result<StackStream> {
    match target {
        TargetAddr::Ip(address) => stack.connect(address).await,
        TargetAddr::Domain(name, port) => {
            let mut last = io::Error::from(io::ErrorKind::HostUnreachable);
            for address in stack.resolve(&name).await.map_err(host_unreachable)? {
                match stack.connect(SocketAddr::new(address, port)).await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => last = error,
                }
            }
            Err(last)
        }
    }
}

/// A name without address is a host that cannot be reached, whatever the reason.
fn host_unreachable(error: io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::HostUnreachable, error)
}

/// Chooses the code of RFC 1928 section 6.
fn reply_of(error: &io::Error) -> ReplyError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ReplyError::ConnectionRefused,
        io::ErrorKind::Unsupported => ReplyError::AddressTypeNotSupported,
        io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable | io::ErrorKind::AddrNotAvailable => {
            ReplyError::HostUnreachable
        }
        io::ErrorKind::NotConnected | io::ErrorKind::NetworkUnreachable => ReplyError::NetworkUnreachable,
        _ => ReplyError::GeneralFailure,
    }
}
