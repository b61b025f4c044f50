//! What a connected client finds behind the gateway's address.

use crate::dns::{self, Gateway};
use crate::{Config, FarIpv6, http};
use rasman_core::{Cause, Instant, Ipv6Link, Ipv6Setup, Projection, TunSettings, with_interface_id};
use rasman_net::stack::{Stack, StackConfig, StackListener};
use rasman_net::tun::Tun;
use std::net::Ipv6Addr;
use std::rc::Rc;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

pub(crate) use crate::http::Web;

/// What is to be behind.
#[derive(Clone)]
pub(crate) struct Inside {
    /// A network device of the system, and not the services.
    pub(crate) device: bool,
    pub(crate) ipv6: Option<FarIpv6>,
}

impl Inside {
    pub(crate) fn of(config: &Config) -> Self {
        Self { device: config.device, ipv6: config.far.ipv6.clone() }
    }

    /// The lab's own address of IPv6: the first one of the network.
    pub(crate) fn gateway6(&self) -> Option<Ipv6Addr> {
        self.ipv6.as_ref().map(|far| with_interface_id(far.prefix, [0, 0, 0, 0, 0, 0, 0, 1]))
    }

    /// Gives our address, and the way to the client's.
    fn setup(&self, link: Ipv6Link) -> Option<Ipv6Setup> {
        let mut setup = Ipv6Setup::new(link);
        setup.addresses.push((self.gateway6()?, 128));
        setup.routes.push((self.ipv6.as_ref()?.address_of_peer(&link), 128));
        Some(setup)
    }
}

/// What is behind: the lab's own services, or the system's network.
pub(crate) enum Behind {
    Services(Box<Inner>),
    Device(Box<Tun>),
}

impl Behind {
    /// Opens what the lab was told to have.
    pub(crate) fn open(projection: &Projection, web: &Rc<Web>, inside: &Inside, now: Instant) -> Result<Self, Cause> {
        if !inside.device {
            return Ok(Self::Services(Box::new(Inner::new(projection, web, now))));
        }
        let tun = Tun::open(&TunSettings::default(), projection, &[], None)?;
        Ok(Self::Device(Box::new(tun)))
    }

    /// Speaks IPv6 with the client as far as the lab has it, or not any more.
    pub(crate) fn set_ipv6(&mut self, inside: &Inside, link: Option<Ipv6Link>) -> Result<(), Cause> {
        let setup = link.and_then(|link| inside.setup(link));
        match self {
            Self::Services(inner) => {
                inner.stack.set_ipv6(setup.as_ref());
                inner.gateway.v6 = setup.and_then(|_| inside.gateway6());
                Ok(())
            }
            Self::Device(tun) => tun.lead6(setup.as_ref()),
        }
    }

    /// Waits until there is something to be sent; what comes from a device only counts while there is room for it.
    pub(crate) async fn notified(&self, has_room: bool) {
        match self {
            Self::Services(inner) => inner.stack.notified().await,
            Self::Device(tun) if has_room => tun.ready().await,
            Self::Device(_) => std::future::pending().await,
        }
    }
}

/// The stack at the gateway's address, with its services. Dropped, every stream of it is reset.
pub(crate) struct Inner {
    pub(crate) stack: Stack,
    gateway: Gateway,
    web: Rc<Web>,
    _services: JoinSet<()>,
}

impl Inner {
    pub(crate) fn new(projection: &Projection, web: &Rc<Web>, now: Instant) -> Self {
        let config = StackConfig { memory: 128 << 20, max_streams: 2048, ..StackConfig::default() };
        let stack = Stack::new(projection, config, now);
        let mut services = JoinSet::new();
        match stack.handle().listen(HTTP_PORT) {
            Ok(listener) => {
                services.spawn_local(serve(listener, Rc::clone(web)));
            }
            Err(error) => tracing::error!(%error, "the inner web server does not listen"),
        }
        Self { stack, gateway: Gateway { v4: projection.local, v6: None }, web: Rc::clone(web), _services: services }
    }

    /// Takes a packet from the client; gives the reply if there is one at once.
    pub(crate) fn receive(&mut self, now: Instant, packet: &[u8]) -> Option<Vec<u8>> {
        // The stack serves TCP and ICMP; its UDP is for its own questions.
        let question = dns::question(packet, self.gateway);
        if let Some(question) = question {
            return Some(question.reply(&self.web.names, self.gateway));
        }
        self.stack.receive(now, packet);
        None
    }
}

async fn serve(mut listener: StackListener, web: Rc<Web>) {
    let mut streams = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // The stack is gone, and everything with it.
                let Ok((mut stream, _)) = accepted else { break };
                let web = Rc::clone(&web);
                streams.spawn_local(async move {
                    if let Err(error) = http::serve(&mut stream, &web).await {
                        tracing::debug!(%error, "an inner request failed");
                    }
                    let _ = stream.shutdown().await;
                });
            }
            Some(_) = streams.join_next(), if !streams.is_empty() => {}
        }
    }
}

const HTTP_PORT: u16 = 80;
