//! The way of programs into one connection: the doors, and the stack behind them.

use super::OpenDoors;
use crate::doors;
use crate::stack::{Stack, StackConfig};
use rasman_core::{Cause, Instant, Projection, ProxyLogin, Rootless};
use std::rc::Rc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The local listeners. They stay bound from before Connected to the end, whatever becomes of the link in between.
pub(super) struct Doors {
    socks: Option<Rc<TcpListener>>,
    login: Option<Rc<ProxyLogin>>,
    forwards: Vec<(Rc<TcpListener>, String, u16)>,
}

impl Doors {
    /// Binds them all.
    pub(super) fn bind(rootless: &Rootless) -> Result<Self, Cause> {
        let socks = rootless.socks.map(doors::bind).transpose()?.map(Rc::new);
        let mut forwards = Vec::new();
        for forward in &rootless.forwards {
            forwards.push((Rc::new(doors::bind(forward.listen)?), forward.host.clone(), forward.port));
        }
        let login = rootless.login.clone().map(Rc::new);
        Ok(Self { socks, login, forwards })
    }

    /// Tells where they are.
    pub(super) fn addresses(&self) -> OpenDoors {
        OpenDoors {
            socks: self.socks.as_ref().and_then(|listener| listener.local_addr().ok()),
            interface: None,
            forwards: self.forwards.iter().filter_map(|(listener, ..)| listener.local_addr().ok()).collect(),
        }
    }
}

/// The user-space stack, and the tasks that lead programs to it.
pub(super) struct NetworkPath {
    pub(super) stack: Stack,
    /// What it was made for.
    projection: Projection,
    /// The doors' tasks; dropped, they reset every stream.
    tasks: JoinSet<()>,
}

impl NetworkPath {
    /// Makes a stack. Programs are let in by [`serve`](Self::serve).
    pub(super) fn new(now: Instant, projection: &Projection) -> Self {
        let stack = Stack::new(projection, StackConfig::default(), now);
        Self { stack, projection: projection.clone(), tasks: JoinSet::new() }
    }

    /// Tells whether streams that began under the old projection can go on under this one.
    pub(super) fn can_go_on(&self, projection: &Projection) -> bool {
        self.projection.local == projection.local
            && self.projection.dns == projection.dns
            && self.projection.mtu <= projection.mtu
    }

    /// Ends every stream; gives the tasks that are about to end.
    pub(super) fn end(mut self) -> JoinSet<()> {
        self.tasks.abort_all();
        self.tasks
    }

    /// Lets programs in, if they are not yet.
    pub(super) fn serve(&mut self, doors: &Doors) {
        if !self.tasks.is_empty() {
            return;
        }
        let handle = self.stack.handle();
        if let Some(listener) = &doors.socks {
            self.tasks.spawn_local(doors::proxy(Rc::clone(listener), handle.clone(), doors.login.clone()));
        }
        for (listener, host, port) in &doors.forwards {
            self.tasks.spawn_local(doors::forward(Rc::clone(listener), host.clone(), *port, handle.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn projection(local: u8, peer: u8, dns: u8, mtu: u16) -> Projection {
        let address = |host| Ipv4Addr::new(10, 0, 0, host);
        Projection::new(address(local), Some(address(peer)), vec![address(dns)], mtu)
    }

    #[test]
    fn streams_go_on_where_address_and_name_servers_are_the_same_and_packets_still_fit() {
        let path = NetworkPath::new(Instant::ZERO, &projection(2, 1, 53, 1400));
        assert!(path.can_go_on(&projection(2, 1, 53, 1400)));
        assert!(path.can_go_on(&projection(2, 9, 53, 1500)), "the gateway is only a next hop; more room is no harm");
        assert!(!path.can_go_on(&projection(3, 1, 53, 1400)), "nobody would find the old address");
        assert!(!path.can_go_on(&projection(2, 1, 54, 1400)), "names would be asked of the wrong server");
        assert!(!path.can_go_on(&projection(2, 1, 53, 1300)), "packets would be too large");
    }
}
