//! Opening a port: what a task of its own does and reports.

use crate::port::{self, PortStream, RawStream};
use crate::tls::TlsStream;
use crate::{connect, proxy, tls};
use rasman_core::{Cause, Code, LayerName, LineSettings, PortId, SerialPort, TlsSpec};
use rasman_dial::PortPhase;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

/// What the task that opens a port reports: four messages at the most.
pub(super) enum PortReport {
    Progress(PortPhase),
    /// Where it is about to connect to, once it may.
    Resolved {
        host: String,
        addresses: Vec<SocketAddr>,
        may_connect: oneshot::Sender<()>,
    },
    Opened(PortStream),
    Failed(Cause),
}

/// Gives whom we connect to: the server, or the proxy in front of it.
pub(super) fn first_hop(spec: &TlsSpec) -> (&str, u16) {
    spec.proxy.as_ref().map_or((&spec.host, spec.port), |proxy| (&proxy.host, proxy.port))
}

/// Opens a TLS port: name, TCP, the proxy if there is one, TLS.
pub(super) async fn open_tls(
    id: PortId,
    spec: &TlsSpec,
    known: Option<Vec<SocketAddr>>,
    reports: &mpsc::UnboundedSender<(PortId, PortReport)>,
) -> Result<TlsStream, Cause> {
    let (host, port) = first_hop(spec);
    let mut tcp = connect_to(id, host, port, known, reports).await?;
    let _ = reports.send((id, PortReport::Progress(PortPhase::Securing)));
    if let Some(proxy) = &spec.proxy {
        proxy::tunnel(&mut tcp, proxy, &spec.host, spec.port).await?;
    }
    tls::connect(spec, tcp).await
}

/// Connects by TCP: name, way, connect.
pub(super) async fn connect_to(
    id: PortId,
    host: &str,
    port: u16,
    known: Option<Vec<SocketAddr>>,
    reports: &mpsc::UnboundedSender<(PortId, PortReport)>,
) -> Result<TcpStream, Cause> {
    let progress = |phase| {
        let _ = reports.send((id, PortReport::Progress(phase)));
    };
    progress(PortPhase::Resolving);
    let addresses = match known {
        Some(addresses) => addresses,
        None => connect::resolve(host, port).await?,
    };
    let (may_connect, told) = oneshot::channel();
    let resolved = PortReport::Resolved { host: host.to_owned(), addresses: addresses.clone(), may_connect };
    let _ = reports.send((id, resolved));
    // The way to these addresses is kept out of the tunnel first.
    told.await.map_err(|_| Cause::new(Code::PORT_NOT_AVAILABLE, LayerName::Manager))?;
    progress(PortPhase::Connecting);
    connect::connect_tcp(&addresses).await
}

/// Opens a serial port, or connects to one by TCP.
pub(super) async fn open_serial(
    id: PortId,
    port: SerialPort,
    line: LineSettings,
    stable: Option<PathBuf>,
    reports: &mpsc::UnboundedSender<(PortId, PortReport)>,
) -> Result<PortStream, Cause> {
    let name = port.to_string();
    match port {
        SerialPort::Device(path) => port::serial::open_again(stable, path.into(), line).await.map(PortStream::from),
        SerialPort::Tcp { host, port } => {
            let tcp = connect_to(id, &host, port, None, reports).await?;
            Ok(RawStream::tcp(tcp, name).into())
        }
        SerialPort::Rfc2217 { host, port } => {
            let tcp = connect_to(id, &host, port, None, reports).await?;
            port::rfc2217::open(tcp, name, line).await.map(PortStream::from)
        }
        _ => Err(Cause::new(Code::PORT_NOT_AVAILABLE, LayerName::Port)),
    }
}
