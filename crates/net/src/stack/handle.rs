//! What tasks hold to use the stack.

use super::classify::FlowKey;
use super::engine::is_host;
use super::{Shared, StackListener, StackStream, StackUdp};
use crate::connect::race;
use rasman_core::Duration;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

/// The side of tasks that open streams. It outlives the [`Stack`](super::Stack), but then only gives errors.
#[derive(Clone)]
pub struct StackHandle {
    pub(super) shared: Rc<Shared>,
}

impl StackHandle {
    pub(super) fn new(shared: Rc<Shared>) -> Self {
        Self { shared }
    }

    /// Opens a stream to an address inside the tunnel; drop the future to give up.
    ///
    /// # Errors
    /// `ConnectionRefused`, `TimedOut`, `Unsupported` for IPv6 without it, `AddrNotAvailable` for what is no host,
    /// `ResourceBusy` for too many streams, `NotConnected` if the stack is gone.
    pub async fn connect(&self, to: SocketAddr) -> io::Result<StackStream> {
        let stream = self.begin(to)?;
        stream.connected().await?;
        Ok(stream)
    }

    fn begin(&self, to: SocketAddr) -> io::Result<StackStream> {
        let remote = to.ip().to_canonical();
        if !is_host(remote) || to.port() == 0 {
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "not the address of a host in the tunnel"));
        }
        self.alive()?;
        let mut engine = self.shared.engine.borrow_mut();
        let local = engine.address_towards(remote).ok_or_else(no_ipv6)?;
        let full = || io::Error::new(io::ErrorKind::AddrInUse, "no free port towards that address");
        let local_port = engine.free_port(remote, to.port()).ok_or_else(full)?;
        let key = FlowKey { local_port, remote, remote_port: to.port() };
        let index = engine.open_tcp(key, None)?;
        let connected = engine.flow_and_interface(index).map(|(flow, interface)| {
            let socket = flow.tcp();
            socket.connect(interface.context(), (remote, key.remote_port), (local, key.local_port))
        });
        if !matches!(connected, Some(Ok(()))) {
            engine.remove(index);
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "the tunnel has no usable address"));
        }
        engine.mark(index);
        drop(engine);
        self.shared.work.notify_one();
        Ok(StackStream::new(Rc::clone(&self.shared), index, key))
    }

    /// Resolves `host` inside the tunnel and opens a stream to the first of its addresses that answers; IPv6 and IPv4 take
    /// turns, a quarter of a second apart or as soon as one fails (RFC 8305).
    ///
    /// # Errors
    /// Those of [`resolve`](Self::resolve) and [`connect`](Self::connect), of the address that failed last.
    pub async fn connect_host(&self, host: &str, port: u16) -> io::Result<StackStream> {
        self.connect_any(&self.resolve(host).await?, port).await
    }

    /// The same for addresses that are known.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect), of the address that failed last.
    pub(crate) async fn connect_any(&self, addresses: &[IpAddr], port: u16) -> io::Result<StackStream> {
        let addresses: Vec<_> = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
        let first = race(&addresses, |address| Box::pin(self.connect(address))).await;
        first.map_err(|mut failed| failed.pop().map_or(io::ErrorKind::NotFound.into(), |(_, error)| error))
    }

    /// Resolves a name by the name servers inside the tunnel, IPv6 first where it is carried; a literal address is
    /// answered at once.
    ///
    /// # Errors
    /// `Unsupported` if the tunnel has no name server, `InvalidInput` for what is no name, `NotFound` if no server
    /// knows an address, `NotConnected` if the stack is gone.
    pub async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        super::resolve::resolve(&self.shared, host).await
    }

    /// Opens a UDP socket on a port that is chosen at random.
    ///
    /// # Errors
    /// `ResourceBusy` for too many at one time, `NotConnected` if the stack is gone.
    pub fn udp(&self) -> io::Result<StackUdp> {
        StackUdp::new(&self.shared)
    }

    /// Listens on a port of the stack's own address.
    ///
    /// # Errors
    /// `AddrInUse` if somebody listens there already, `InvalidInput` for port 0, `NotConnected` if the stack is gone.
    pub fn listen(&self, port: u16) -> io::Result<StackListener> {
        self.alive()?;
        StackListener::new(Rc::clone(&self.shared), port)
    }

    /// Sends one ICMP echo request and gives the time to its reply; drop the future to give up.
    ///
    /// # Errors
    /// `InvalidInput` if the payload does not fit into one packet, `ResourceBusy` for too many pings at one time,
    /// `NotConnected` if the stack is gone.
    pub async fn ping(&self, to: Ipv4Addr, payload: &[u8]) -> io::Result<Duration> {
        super::ping::ping(&self.shared, to, payload).await
    }

    /// Waits until the stack is gone.
    pub async fn closed(&self) {
        self.shared.gone().await;
    }

    /// Gives the stack's own address of IPv4.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.shared.engine.borrow().address
    }

    pub(super) fn alive(&self) -> io::Result<()> {
        self.shared.alive()
    }
}

impl Shared {
    pub(super) fn alive(&self) -> io::Result<()> {
        if self.gone.get() { Err(io::Error::new(io::ErrorKind::NotConnected, "the tunnel is gone")) } else { Ok(()) }
    }
}

/// There is no IPv6 in this tunnel, or not yet.
pub(super) fn no_ipv6() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "the tunnel carries no IPv6")
}
