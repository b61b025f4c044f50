//! SOCKS5 (RFC 1928): CONNECT and UDP ASSOCIATE, names resolved inside the tunnel; with a login, RFC 1929.

use super::proxy::{HANDSHAKE_LIMIT, connect_host};
use super::relay::relay;
use super::udp::Association;
use crate::stack::StackHandle;
use fast_socks5::server::states::CommandRead;
use fast_socks5::server::{Socks5ServerProtocol, SocksServerError};
use fast_socks5::util::target_addr::TargetAddr;
use fast_socks5::{ReplyError, Socks5Command};
use rasman_core::{ProxyLogin, Secret};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The first byte of every client.
pub(super) const VERSION: u8 = 5;

type Asked = (Socks5ServerProtocol<TcpStream, CommandRead>, Socks5Command, TargetAddr);

/// Serves a client whose first byte is known to be [`VERSION`], and not yet taken.
pub(super) async fn client(tcp: TcpStream, stack: &StackHandle, login: Option<&ProxyLogin>) -> io::Result<()> {
    let (local, peer) = (tcp.local_addr()?.ip(), tcp.peer_addr()?.ip().to_canonical());
    let Ok(asked) = timeout(HANDSHAKE_LIMIT, ask(tcp, login)).await else { return Ok(()) };
    let (protocol, command, target) = asked?;
    match command {
        Socks5Command::TCPConnect => connect(protocol, stack, target).await,
        Socks5Command::UDPAssociate => match Association::open(stack, local, peer).await {
            Ok(association) => associate(protocol, association).await,
            Err(error) => protocol.reply_error(&reply_of(&error)).await.map_err(in_io),
        },
        Socks5Command::TCPBind => protocol.reply_error(&ReplyError::CommandNotSupported).await.map_err(in_io),
    }
}

async fn connect(
    protocol: Socks5ServerProtocol<TcpStream, CommandRead>,
    stack: &StackHandle,
    target: TargetAddr,
) -> io::Result<()> {
    let connected = match target {
        TargetAddr::Ip(address) => stack.connect(address).await,
        TargetAddr::Domain(name, port) => connect_host(stack, &name, port).await,
    };
    match connected {
        Ok(stream) => {
            let tcp = protocol.reply_success(stream.local()).await.map_err(in_io)?;
            relay(tcp, stream).await;
            Ok(())
        }
        Err(error) => {
            tracing::debug!(%error, "a SOCKS client's target could not be reached");
            protocol.reply_error(&reply_of(&error)).await.map_err(in_io)
        }
    }
}

async fn associate(protocol: Socks5ServerProtocol<TcpStream, CommandRead>, association: Association) -> io::Result<()> {
    let control = protocol.reply_success(association.address()?).await.map_err(in_io)?;
    association.run(control).await
}

async fn ask(mut tcp: TcpStream, login: Option<&ProxyLogin>) -> io::Result<Asked> {
    negotiate(&mut tcp, login).await?;
    let protocol = Socks5ServerProtocol::skip_auth_this_is_not_rfc_compliant(tcp);
    protocol.read_command().await.map_err(in_io)
}

/// Agrees on a method, and has the client say who it is. Not by the library, which logs passwords.
async fn negotiate(tcp: &mut TcpStream, login: Option<&ProxyLogin>) -> io::Result<()> {
    // RFC 1928 3: version, number of methods, methods.
    let _version = tcp.read_u8().await?;
    let mut methods = vec![0; tcp.read_u8().await?.into()];
    tcp.read_exact(&mut methods).await?;
    let method = if login.is_some() { METHOD_PASSWORD } else { METHOD_NONE };
    if !methods.contains(&method) {
        tcp.write_all(&[VERSION, METHOD_NO_ACCEPTABLE]).await?;
        return Err(denied("it offered no way to say who it is that we take"));
    }
    tcp.write_all(&[VERSION, method]).await?;
    match login {
        None => Ok(()),
        Some(login) => authenticate(tcp, login).await,
    }
}

/// RFC 1929 2: version 1, user name, password; the answer is 0 for success.
async fn authenticate(tcp: &mut TcpStream, login: &ProxyLogin) -> io::Result<()> {
    if tcp.read_u8().await? != PASSWORD_VERSION {
        return Err(denied("it speaks another version of the password's protocol"));
    }
    let (user, password) = (counted(tcp).await?, counted(tcp).await?);
    let admitted = login.admits(user.expose(), password.expose());
    tcp.write_all(&[PASSWORD_VERSION, u8::from(!admitted)]).await?;
    if admitted { Ok(()) } else { Err(denied("it gave a wrong name or password")) }
}

async fn counted(tcp: &mut TcpStream) -> io::Result<Secret> {
    let mut bytes = vec![0; tcp.read_u8().await?.into()];
    let read = tcp.read_exact(&mut bytes).await.map(drop);
    let secret = Secret::new(bytes);
    read.map(|()| secret)
}

fn denied(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

fn in_io(error: SocksServerError) -> io::Error {
    match error {
        SocksServerError::Io { source, .. } => source,
        other => io::Error::other(other.to_string()),
    }
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

/// The methods of RFC 1928 3.
const METHOD_NONE: u8 = 0;
const METHOD_PASSWORD: u8 = 2;
const METHOD_NO_ACCEPTABLE: u8 = 0xff;
/// RFC 1929 2.
const PASSWORD_VERSION: u8 = 1;
