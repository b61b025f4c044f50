//! Serial ports of other machines, with their settings and lines: Telnet's Com Port Control Option (RFC 2217).

use super::RawStream;
use crate::tls::Received;
use rasman_core::{Cause, Code, LayerName, LineSettings};
use rasman_media::telnet::ComPort;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Agrees with the server on the settings of its port; gives the port when they are set.
///
/// # Errors
/// 692 if the server speaks no RFC 2217, refuses a setting, or says nothing for 10 s.
pub async fn open(tcp: TcpStream, name: String, line: LineSettings) -> Result<RawStream, Cause> {
    let mut port = RawStream::telnet(tcp, name.clone(), ComPort::new(line));
    port.begin_telnet()?;
    match timeout(PATIENCE, agree(&mut port)).await {
        Ok(agreed) => agreed.map(|()| port),
        Err(_) => Err(failed(&name, "the server did not confirm the settings of its port")),
    }
}

/// Reads until everything is set. What the line carries meanwhile was for somebody else.
async fn agree(port: &mut RawStream) -> Result<(), Cause> {
    let mut plain = Vec::new();
    while !port.is_ready() {
        // An error of the port comes again when it is read.
        let _ = port.readable().await;
        if let Received::End(_) = port.try_read(&mut plain)? {
            return Err(failed(
                &port.facts().protection,
                "the server closed the connection: another client may have the port",
            ));
        }
        plain.clear();
    }
    Ok(())
}

fn failed(name: &str, said: &str) -> Cause {
    Cause::new(Code::PORT_OR_DEVICE, LayerName::Port)
        .did(format!("set up the port {name}"))
        .said(said)
        .advice("check that RFC 2217 is spoken there; for octets as they are, name the port tcp:HOST:PORT")
}

/// A server answers within a round trip.
const PATIENCE: Duration = Duration::from_secs(10);
