//! A small SOCKS5 client (RFC 1928), to go through our own proxy as any program would.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connects through the proxy to an address inside the tunnel.
pub(super) async fn connect(proxy: SocketAddr, address: Ipv4Addr, port: u16) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(proxy).await?;
    // RFC 1928 3: version 5, one method, no authentication.
    stream.write_all(&[5, 1, 0]).await?;
    let mut method = [0; 2];
    stream.read_exact(&mut method).await?;
    expect(method == [5, 0], "the proxy wants another authentication method")?;
    // RFC 1928 4: CONNECT to an IPv4 address.
    let mut request = vec![5, 1, 0, 1];
    request.extend_from_slice(&address.octets());
    request.extend_from_slice(&port.to_be_bytes());
    stream.write_all(&request).await?;
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).await?;
    expect(reply[0] == 5 && reply[1] == 0, "the proxy could not connect")?;
    // RFC 1928 6: the bound address and port follow.
    let rest = match reply[3] {
        1 => 6,
        4 => 18,
        _ => return Err(io::Error::other("the proxy answered with an address of unknown type")),
    };
    let mut bound = [0; 18];
    stream.read_exact(&mut bound[..rest]).await?;
    Ok(stream)
}

fn expect(true_for_good: bool, otherwise: &'static str) -> io::Result<()> {
    if true_for_good { Ok(()) } else { Err(io::Error::other(otherwise)) }
}
