//! The network phase (RFC 1661 3.6): IPCP, IPV6CP and CCP beside each other.
//!
//! ```text
//! start_network -> CCP (if the entry consents to MPPE) \
//!               -> IPCP --------------------------------> projected, once IPCP is up and, where it is required, CCP
//!                    IPV6CP: begun by the peer, or by us once IPv4 is up; its failure fails nothing
//! ```

use super::input::malformed;
use super::phases::Phase;
use super::{Ppp, Role};
use crate::ccp::{self, Ccp};
use crate::control::{Control, Outcome};
use crate::host::Host;
use crate::ipcp::IpcpOptions;
use crate::ipv6cp::Ipv6cpOptions;
use crate::outbox::Outbox;
use crate::packet::{Packet, PacketCode};
use crate::vj::Vj;
use crate::{Event, Ipv6Wish, Mppe, Negotiation, Protocol};
use rasman_auth::Authenticated;
use rasman_core::{
    Batch, Cause, Code, DropReason, Duration, Instant, Ipv6Link, Layer, LayerName, Projection, Rng, SessionKeys,
    Timeout,
};

/// The control protocols of the network phase.
pub(super) struct Network {
    pub(super) ipcp: Control<IpcpOptions>,
    pub(super) ipv6: Ipv6,
    pub(super) ccp: Option<Ccp>,
    /// How headers are compressed, while packets flow.
    pub(super) vj: Vj,
    /// What the host at this end asks and answers.
    pub(super) host: Host,
    /// What IPCP negotiated, while packets flow.
    pub(super) projection: Option<Projection>,
    /// A CCP of the peer was rejected: if it ends the link now, that was why.
    pub(super) encryption_rejected: bool,
}

/// IPV6CP of a link.
pub(super) struct Ipv6 {
    wish: Ipv6Wish,
    control: Control<Ipv6cpOptions>,
    /// It has been begun and has not failed.
    running: bool,
    /// What it negotiated, while packets flow.
    pub(super) link: Option<Ipv6Link>,
}

impl Network {
    pub(super) fn new(role: &Role, rng: &mut dyn Rng) -> Self {
        let negotiation = role.negotiation();
        Self {
            ipcp: Control::new(role.ipcp_options(), negotiation.clone(), LayerName::Ipcp),
            ipv6: Ipv6 {
                wish: role.ipv6(),
                control: Control::new(Ipv6cpOptions::new(rng), negotiation.clone(), LayerName::Ipv6cp),
                running: false,
                link: None,
            },
            ccp: role.mppe().map(|mppe| Ccp::new(mppe.clone(), negotiation.clone())),
            vj: Vj::default(),
            host: role.host(),
            projection: None,
            encryption_rejected: false,
        }
    }

    /// Forgets all that was negotiated.
    pub(super) fn leave(&mut self, now: Instant, out: &mut Outbox) {
        self.projection = None;
        self.host.down();
        self.encryption_rejected = false;
        self.ipcp.lower_down(now, out);
        self.ipv6.stop(now, out);
        if let Some(ccp) = &mut self.ccp {
            ccp.lower_down(now, out);
        }
    }

    pub(super) fn timeout(&self) -> Option<Timeout> {
        let beside = Timeout::earliest(self.ipv6.control.timeout(), self.ccp.as_ref().and_then(Ccp::timeout));
        Timeout::earliest(Timeout::earliest(self.ipcp.timeout(), beside), self.host.timeout())
    }
}

impl Ipv6 {
    fn start(&mut self, now: Instant, rng: &mut dyn Rng, out: &mut Outbox) {
        if self.running || self.wish == Ipv6Wish::Off {
            return;
        }
        self.running = true;
        self.control.options = Ipv6cpOptions::new(rng);
        let _ = self.control.open(now, out);
        let _ = self.control.lower_up(now, out);
    }

    fn stop(&mut self, now: Instant, out: &mut Outbox) {
        self.link = None;
        self.running = false;
        self.control.lower_down(now, out);
    }
}

impl Ppp {
    /// The network protocols start, with what came early. The token is the proof that they may.
    pub(super) fn start_network(&mut self, now: Instant, _token: &Authenticated) {
        self.enter(Phase::Network);
        self.start_ccp(now);
        if self.phase != Phase::Network {
            return;
        }
        self.network.ipcp.options = self.role.ipcp_options();
        let _ = self.network.ipcp.open(now, &mut self.out);
        let _ = self.network.ipcp.lower_up(now, &mut self.out);
        for protocol in [Protocol::CCP, Protocol::IPCP, Protocol::IPV6CP] {
            if let Some(request) = self.parked.take(protocol) {
                let _ = self.control_input(now, protocol, &request);
            }
        }
    }

    fn start_ccp(&mut self, now: Instant) {
        let Some(ccp) = &mut self.network.ccp else { return };
        let keys = self.keys.take().unwrap_or(SessionKeys { master_send: Vec::new(), master_receive: Vec::new() });
        let outcome = ccp.start(now, keys, &mut self.out);
        self.ccp_became(now, outcome);
    }

    /// Takes a packet of a network control protocol.
    pub(super) fn network_input(
        &mut self,
        now: Instant,
        protocol: Protocol,
        information: &[u8],
    ) -> Result<(), DropReason> {
        let packet = Packet::parse(information).map_err(malformed)?;
        match protocol {
            Protocol::IPCP => {
                let outcome = self.network.ipcp.input(now, &packet, &mut self.out)?;
                self.ipcp_became(now, outcome);
            }
            Protocol::IPV6CP => {
                // A server that has IPv6 begins; our request goes before the answer to its own.
                if packet.code == PacketCode::CONFIGURE_REQUEST {
                    self.network.ipv6.start(now, &mut *self.rng, &mut self.out);
                }
                let control = &mut self.network.ipv6.control;
                control.options.refresh(&mut *self.rng);
                let outcome = control.input(now, &packet, &mut self.out)?;
                self.ipv6cp_became(now, outcome);
            }
            _ => {
                let ccp = self.network.ccp.as_mut().ok_or(DropReason::NotUp)?;
                let outcome = ccp.input(now, &packet, &mut self.out)?;
                self.ccp_became(now, outcome);
            }
        }
        Ok(())
    }

    /// Tells whether a network control protocol is one of ours.
    pub(super) fn speaks(&self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::IPCP => true,
            Protocol::IPV6CP => self.network.ipv6.wish != Ipv6Wish::Off,
            Protocol::CCP => self.network.ccp.is_some(),
            _ => false,
        }
    }

    pub(super) fn network_timeout(&mut self, now: Instant) {
        if let Some(ccp) = &mut self.network.ccp {
            let outcome = ccp.handle_timeout(now, &mut self.out);
            self.ccp_became(now, outcome);
        }
        let outcome = self.network.ipcp.handle_timeout(now, &mut self.out);
        self.ipcp_became(now, outcome);
        let outcome = self.network.ipv6.control.handle_timeout(now, &mut self.out);
        self.ipv6cp_became(now, outcome);
        if self.network.host.timeout().is_some_and(|timeout| timeout.at <= now) {
            self.network.host.handle_timeout(now, &mut *self.rng);
            self.host_spoke(now);
        }
    }

    /// Takes a data packet that the host part waits for; tells whether it was one.
    pub(super) fn host_input(&mut self, now: Instant, packet: &[u8]) -> bool {
        let taken = self.network.host.input(now, packet, &mut *self.rng);
        if taken {
            self.host_spoke(now);
        }
        taken
    }

    /// Sends what the host part has to say, and tells what it has learned.
    fn host_spoke(&mut self, now: Instant) {
        while let Some(packet) = self.network.host.poll_packet() {
            let mut frames = Batch::new();
            // What cannot flow now is lost like any other packet; the host part repeats it.
            if self.encap(now, &[], &packet, &mut frames).is_ok() {
                self.out.frame(frames.as_bytes());
            }
        }
        if let Some(learned) = self.network.host.poll_learned() {
            self.events.retain(|event| !matches!(event, Event::Learned(_)));
            self.events.push_back(Event::Learned(Box::new(learned)));
        }
    }

    /// The peer does not speak a network protocol of ours.
    pub(super) fn network_rejected(&mut self, now: Instant, protocol: Protocol) {
        match (protocol, &mut self.network.ccp) {
            (Protocol::IPCP | Protocol::IPV4, _) => {
                let said = format!("Protocol-Reject of {protocol}");
                let outcome = self.network.ipcp.rejected(now, said.as_bytes(), &mut self.out);
                self.ipcp_became(now, outcome);
            }
            (Protocol::IPV6CP | Protocol::IPV6, _) => {
                self.network.ipv6.stop(now, &mut self.out);
                self.network.ipv6.wish = Ipv6Wish::Off;
            }
            (Protocol::CCP | Protocol::COMPRESSED, Some(ccp)) => {
                let outcome = ccp.protocol_rejected(now, &mut self.out);
                self.ccp_became(now, outcome);
            }
            _ => {}
        }
    }

    fn ipcp_became(&mut self, now: Instant, outcome: Outcome) {
        match outcome {
            Outcome::Same => {}
            Outcome::Up => self.projected(now),
            Outcome::Down => self.network.projection = None,
            Outcome::Terminated(said) => {
                let said = if said.is_empty() { b"Terminate-Request of IPCP".to_vec() } else { said };
                let cause = Cause::new(Code::PPP_NCP_TERMINATED, LayerName::Ipcp)
                    .did("negotiated IPCP")
                    .said(said)
                    .advice("the server let us in and refuses IPv4: ask its administrator whether it has addresses");
                self.fail(now, cause);
            }
            Outcome::Finished => {
                let cause = Cause::new(Code::PPP_TIMEOUT, LayerName::Ipcp)
                    .did("repeated IPCP's request until its retries were used up")
                    .advice("the server let us in but gives no address; look into its log");
                self.fail(now, cause);
            }
            Outcome::Failed(cause) => self.fail(now, cause),
        }
    }

    /// Whatever becomes of IPv6, the link stays: IPv4 is what it is for.
    fn ipv6cp_became(&mut self, now: Instant, outcome: Outcome) {
        match outcome {
            Outcome::Same => {}
            Outcome::Up => {
                self.network.ipv6.link = self.network.ipv6.control.options.link();
                self.ipv6_changed(now);
            }
            Outcome::Down => {
                self.network.ipv6.link = None;
                self.ipv6_changed(now);
            }
            Outcome::Terminated(_) | Outcome::Finished | Outcome::Failed(_) => {
                self.network.ipv6.stop(now, &mut self.out);
                self.ipv6_changed(now);
            }
        }
    }

    fn ipv6_changed(&mut self, now: Instant) {
        let link = self.network.ipv6.link.filter(|_| self.network.projection.is_some());
        self.network.host.ipv6(now, link, &mut *self.rng);
        self.host_spoke(now);
    }

    fn ccp_became(&mut self, now: Instant, outcome: Outcome) {
        match outcome {
            Outcome::Up if self.network.ipcp.is_opened() && self.network.projection.is_none() => self.projected(now),
            Outcome::Down if self.network.ccp.as_ref().is_some_and(Ccp::is_required) => self.network.projection = None,
            Outcome::Failed(cause) => self.fail(now, cause),
            // Without its ciphers a layer that is not required lets packets flow in clear.
            _ => {}
        }
    }

    /// Tells that packets flow, once all that has to be is up.
    fn projected(&mut self, now: Instant) {
        if self.network.ccp.as_ref().is_some_and(|ccp| !ccp.lets_flow()) {
            return;
        }
        let overhead = if self.network.ccp.is_some() { ccp::OVERHEAD } else { 0 };
        let mtu = self.lcp.options().send_mru().min(self.role.mru()).saturating_sub(overhead);
        match self.network.ipcp.options.projection(mtu) {
            Ok(mut projection) => {
                self.network.vj = self.network.ipcp.options.compression();
                projection.header_compression = self.network.vj.agreed();
                projection.encryption = self.network.ccp.as_ref().and_then(Ccp::encryption);
                self.was_projected = true;
                self.network.projection = Some(projection.clone());
                let local = projection.local;
                self.events.push_back(Event::Projected(projection));
                self.network.host.projected(now, local, &mut *self.rng);
                self.ipv6_changed(now);
                if self.network.ipv6.wish == Ipv6Wish::Ask {
                    self.network.ipv6.start(now, &mut *self.rng, &mut self.out);
                }
            }
            Err(cause) => self.fail(now, cause),
        }
    }
}

impl Role {
    pub(super) fn ipcp_options(&self) -> IpcpOptions {
        match self {
            Self::Client(config) => {
                let options = IpcpOptions::client(config.request_address, config.request_dns, config.request_nbns);
                options.compressing(self.compresses())
            }
            Self::Server(config) => {
                let options = IpcpOptions::server(config.local, config.address, &config.dns, &config.nbns);
                options.compressing(self.compresses())
            }
        }
    }

    pub(super) fn set_restart(&mut self, restart: Duration) {
        match self {
            Self::Client(config) => config.negotiation.restart = restart,
            Self::Server(config) => config.negotiation.restart = restart,
        }
    }

    pub(super) fn negotiation(&self) -> &Negotiation {
        match self {
            Self::Client(config) => &config.negotiation,
            Self::Server(config) => &config.negotiation,
        }
    }

    /// Tells whether headers may be compressed. Beside MPPE they are not: two histories that have to be kept in step on a
    /// line that loses packets are one too many.
    fn compresses(&self) -> bool {
        let wanted = match self {
            Self::Client(config) => config.header_compression,
            Self::Server(config) => config.header_compression,
        };
        wanted && self.mppe().is_none()
    }

    fn ipv6(&self) -> Ipv6Wish {
        match self {
            Self::Client(config) => config.ipv6,
            Self::Server(config) => config.ipv6,
        }
    }

    fn host(&self) -> Host {
        match self {
            Self::Client(config) => Host::client(config.inform),
            Self::Server(config) => Host::server(config.far.clone(), config.local, config.dns.clone()),
        }
    }

    fn mppe(&self) -> Option<&Mppe> {
        match self {
            Self::Client(config) => config.mppe.as_ref(),
            Self::Server(config) => config.mppe.as_ref(),
        }
    }

    pub(super) fn mru(&self) -> u16 {
        match self {
            Self::Client(config) => config.mru,
            Self::Server(config) => config.mru,
        }
    }
}
