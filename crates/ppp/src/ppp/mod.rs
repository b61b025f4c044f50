//! One PPP link: phases (RFC 1661 3), gates, and the way of packets through it.

mod callback;
mod network;
mod phases;

use crate::auth::{Auth, Io};
use crate::ccp::Ccp;
use crate::config::DEFAULT_MRU;
use crate::lcp::{Callback, Lcp, LcpOptions};
use crate::outbox::Outbox;
use crate::packet::{Packet, PacketCode};
use crate::parked::Parked;
use crate::{ClientConfig, Echo, Event, Framing, Protocol, ServerConfig, frame};
use callback::Pending;
use core::net::Ipv4Addr;
use core::ops::Range;
use network::Network;
use phases::Phase;
use rasman_auth::Authenticated;
use rasman_auth::eap::Verdict;
use rasman_core::{
    Batch, Cause, Code, Credentials, DropReason, Duration, Input, Instant, Ipv6Link, Layer, LayerName, LineFraming,
    Malformed, Projection, Rng, Secret, SessionKeys, Timeout,
};
use std::collections::VecDeque;

/// One PPP link, from the first Configure-Request to the last Terminate-Ack; both roles.
///
/// ```text
/// client: lower_up -> LinkEstablished -> authenticate() -> Authenticated -> project() -> Projected -> Finished
/// server: lower_up -> LinkEstablished ------------------> Authenticated --------------> Projected -> Finished
/// ```
///
/// Where LCP has agreed on it, a callback is negotiated before Authenticated: a client is told
/// [`Event::CallbackOffered`] and chooses, and both are told [`Event::CallbackAgreed`] unless nobody is to be called.
///
/// A client's link stands still at the two gates until its owner opens them; it answers the peer meanwhile (echoes,
/// repeated requests), and it keeps the packet that begins the next phase if the peer is ahead. The peer may negotiate
/// LCP again at any time: [`Event::Renegotiating`], and the way begins anew behind `lower_up`. It may also negotiate
/// IPCP again, which brings another [`Event::Projected`]; until then [`Ppp::projection`] is `None`.
///
/// [`Event::Finished`] comes once and last. Whatever ends the link, the peer is told: drain
/// [`Layer::poll_transmit`] before the carrier is closed. The link answers Terminate-Requests after its end.
///
/// `handle_input` takes one frame at a time and gives the IP packet in it; `encap` makes a frame of an IP packet. Both
/// touch no timer and allocate nothing for IP packets. Everything that a peer can make the link store is bounded.
pub struct Ppp {
    role: Role,
    rng: Box<dyn Rng + Send>,
    phase: Phase,
    lcp: Lcp,
    auth: Option<Auth>,
    /// The callback that is negotiated before the network, or was.
    callback: Option<Pending>,
    network: Network,
    /// What CCP will encrypt with.
    keys: Option<SessionKeys>,
    parked: Parked,
    /// Given before the link was established.
    early_credentials: Option<Credentials>,
    out: Outbox,
    events: VecDeque<Event>,
    /// The seconds that the peer said remain (RFC 1570 1.2).
    announced: Option<u32>,
    /// The peer has sent a control packet.
    heard: bool,
    /// IPCP has been Opened once.
    was_projected: bool,
    /// How often a server that is elsewhere was to be asked.
    asked: u64,
}

/// Which end of the link this is.
enum Role {
    Client(Box<ClientConfig>),
    Server(Box<ServerConfig>),
}

impl Ppp {
    /// Makes the dialling end of a link.
    #[must_use]
    pub fn client(config: ClientConfig, rng: Box<dyn Rng + Send>) -> Self {
        let negotiation = &config.negotiation;
        let options = LcpOptions::client(&config.authentication, config.mru, config.framing, negotiation.max_failure)
            .with_callback(Callback::client(config.callback.is_some()));
        let lcp = Lcp::new(options, negotiation.clone(), config.echo, config.identification.clone());
        Self::new(Role::Client(Box::new(config)), lcp, rng)
    }

    /// Makes the answering end of a link. It passes its own gates: accounts are checked inside, then IPCP starts.
    #[must_use]
    pub fn server(config: ServerConfig, rng: Box<dyn Rng + Send>) -> Self {
        let negotiation = &config.negotiation;
        let callback = config.callback.as_ref().map(|policy| Callback::Offered { demanded: !policy.none });
        let options = LcpOptions::server(&config.authentication, config.mru, config.framing, negotiation.max_failure)
            .with_callback(callback.unwrap_or_default());
        let lcp = Lcp::new(options, negotiation.clone(), config.echo, config.identification.clone());
        Self::new(Role::Server(Box::new(config)), lcp, rng)
    }

    fn new(role: Role, lcp: Lcp, mut rng: Box<dyn Rng + Send>) -> Self {
        let network = Network::new(&role, &mut *rng);
        Self {
            role,
            rng,
            phase: Phase::Dead,
            lcp,
            auth: None,
            callback: None,
            network,
            keys: None,
            parked: Parked::default(),
            early_credentials: None,
            out: Outbox::new(),
            events: VecDeque::new(),
            announced: None,
            heard: false,
            was_projected: false,
            asked: 0,
        }
    }

    /// Tells that the carrier is up: LCP starts at once. `carrier_mru` is the largest information field, in bytes,
    /// that the carrier takes.
    pub fn lower_up(&mut self, now: Instant, carrier_mru: u16) {
        if self.phase != Phase::Dead {
            return;
        }
        self.enter(Phase::Establish);
        self.lcp.start(now, carrier_mru, &mut *self.rng, &mut self.out);
        if let Some(early) = self.parked.take(Protocol::LCP) {
            let _ = self.lcp_input(now, &early);
        }
    }

    /// Tells that the carrier is gone. Nothing is told back, save [`Event::Finished`] after [`Ppp::terminate`]: who
    /// calls knows.
    pub fn lower_down(&mut self, now: Instant) {
        self.lcp.lower_down(now, &mut self.out);
        match self.phase {
            Phase::Terminate => self.finish(now, hung_up()),
            Phase::Over => {}
            Phase::Dead
            | Phase::Establish
            | Phase::Authenticate
            | Phase::Callback
            | Phase::Authenticated
            | Phase::Network => {
                self.leave_phases(now);
                self.enter(Phase::Dead);
            }
        }
    }

    /// Changes the Restart timer and the keep-alive, for a carrier whose speed is known only when it is there; before
    /// [`Ppp::lower_up`].
    pub fn set_times(&mut self, restart: Duration, echo: Option<Echo>) {
        if self.phase != Phase::Dead {
            return;
        }
        self.role.set_restart(restart);
        self.lcp.set_times(restart, echo);
        self.network = Network::new(&self.role, &mut *self.rng);
    }

    /// Tells when the carrier will have sent what it was given so far, where it is slow: an Echo-Request goes behind all of
    /// it, and the last one is given the time. Before [`Layer::handle_timeout`].
    pub fn busy_until(&mut self, at: Instant) {
        self.lcp.busy_until(at);
    }

    /// Has the client ask for this address instead of the one that its settings name; before the link is up.
    pub fn request_address(&mut self, address: Ipv4Addr) {
        if let Role::Client(config) = &mut self.role {
            config.request_address = Some(address);
            self.network.ipcp.options = self.role.ipcp_options();
        }
    }

    /// Opens the client's first gate: challenges are answered from now on. Called again after
    /// [`Event::AuthenticationRefused`] with `retry`, and after each [`Event::LinkEstablished`]. Called earlier it
    /// waits for the link.
    pub fn authenticate(&mut self, now: Instant, credentials: Credentials) {
        match (self.phase, &mut self.auth) {
            (Phase::Authenticate, Some(auth)) => {
                let outcome = auth.authenticate(now, credentials, &mut Io { rng: &mut *self.rng, out: &mut self.out });
                self.auth_became(now, outcome);
            }
            (Phase::Dead | Phase::Establish, _) => self.early_credentials = Some(credentials),
            _ => {}
        }
    }

    /// Sets a new password in place of one that has expired: after [`Event::AuthenticationRefused`] with `retry` and the
    /// code 648, or 709 if the server takes another one.
    pub fn change_password(&mut self, now: Instant, new: &Secret) {
        if let (Phase::Authenticate, Some(auth)) = (self.phase, &mut self.auth) {
            let outcome = auth.change_password(now, new, &mut Io { rng: &mut *self.rng, out: &mut self.out });
            self.auth_became(now, outcome);
        }
    }

    /// Takes the word of the server that judges EAP, in answer to [`Event::EapResponse`] of this number. One that comes when
    /// the link has moved on does nothing.
    pub fn eap_verdict(&mut self, now: Instant, number: u64, verdict: Verdict) {
        if self.phase != Phase::Authenticate || number != self.asked {
            return;
        }
        let Some(auth) = &mut self.auth else { return };
        let outcome = auth.verdict(now, verdict, &mut Io { rng: &mut *self.rng, out: &mut self.out });
        self.auth_became(now, outcome);
    }

    /// Opens the client's second gate: IPCP starts. The token proves, when this is compiled, that an authentication was
    /// completed; its value is not looked at. That it was this link's, and still holds, the phase tells: before
    /// [`Event::Authenticated`], after [`Event::Renegotiating`] and once the gate is open the call does nothing.
    pub fn project(&mut self, now: Instant, token: Authenticated) {
        if self.phase == Phase::Authenticated {
            self.start_network(now, &token);
        }
    }

    /// Ends the link in good order: Terminate-Request, then [`Event::Finished`] when the peer has agreed or does not
    /// answer.
    pub fn terminate(&mut self, now: Instant) {
        match self.phase {
            Phase::Terminate | Phase::Over => {}
            Phase::Dead => self.finish(now, hung_up()),
            Phase::Establish | Phase::Authenticate | Phase::Callback | Phase::Authenticated | Phase::Network => {
                self.leave_phases(now);
                self.enter(Phase::Terminate);
                if self.lcp.close(now, "hung up", &mut self.out) {
                    self.finish(now, hung_up());
                }
            }
        }
    }

    /// Gives what IPCP negotiated while it is Opened.
    #[must_use]
    pub fn projection(&self) -> Option<&Projection> {
        self.network.projection.as_ref()
    }

    /// Gives what IPV6CP negotiated while it is Opened: IPv6 packets flow.
    #[must_use]
    pub fn ipv6(&self) -> Option<Ipv6Link> {
        self.network.ipv6.link
    }

    /// Tells whether what we send is encrypted by MPPE.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.network.ccp.as_ref().is_some_and(Ccp::encrypts)
    }

    /// Gives what goes before an IP packet of `len` bytes, of which `first` is the first, that leaves as it is, so that
    /// whoever composes the layers can write both at once; nothing if the packet has to go through [`Layer::encap`], to be encrypted or for its headers.
    ///
    /// # Errors
    /// The reason why it cannot be sent now.
    pub fn clear_header(&self, first: u8, len: usize) -> Result<Option<frame::Header>, DropReason> {
        let projection = self.network.projection.as_ref().ok_or(DropReason::NotUp)?;
        if len > usize::from(projection.mtu) {
            return Err(DropReason::TooLarge);
        }
        let protocol = protocol_of(Some(&first));
        if !self.flows(protocol) {
            return Err(DropReason::NotUp);
        }
        let is_changed = self.is_encrypted() || (protocol == Protocol::IPV4 && self.network.vj.compresses());
        Ok((!is_changed).then(|| frame::Header::new(protocol, self.framing())))
    }

    /// Gives how the peer lets us write frames; settled while LCP is Opened.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.lcp.options().framing(self.role.framing())
    }

    /// Gives how frames are written at the moment on a carrier that writes octets one by one. It changes with LCP: ask after
    /// each call, and before what [`Layer::poll_transmit`] gave is written.
    #[must_use]
    pub fn line_framing(&self) -> LineFraming {
        self.lcp.line_framing()
    }

    /// Gives what the peer said of itself in an LCP Identification (RFC 1570 1.1), as octets of a peer.
    #[must_use]
    pub fn peer_identification(&self) -> Option<&[u8]> {
        self.lcp.peer_identification()
    }

    /// Tells that the carrier lost something that was sent to us, such as a frame with a wrong checksum: headers that only
    /// say what has changed may say it of another packet (RFC 1144 4.1).
    pub fn frame_lost(&mut self) {
        self.network.vj.lost();
    }

    /// Tells whether packets of a network protocol flow.
    fn flows(&self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::IPV4 => self.network.projection.is_some(),
            Protocol::IPV6 => self.network.ipv6.link.is_some() && self.network.projection.is_some(),
            _ => false,
        }
    }

    /// Takes a data packet in clear, which there are none of where encryption is required.
    fn clear_input(&mut self, protocol: Protocol, range: Range<usize>, used: usize) -> Input {
        if !self.flows(protocol) || self.network.ccp.as_ref().is_some_and(Ccp::is_required) {
            return Input::Dropped { used, reason: DropReason::NotUp };
        }
        Input::Payload { range, used }
    }

    /// Keeps a data packet that the host part waits for from the layer above.
    fn for_the_host(&mut self, now: Instant, taken: Input, input: &[u8]) -> Input {
        match taken {
            Input::Payload { range, used } if self.host_input(now, &input[range.clone()]) => Input::Consumed { used },
            other => other,
        }
    }

    /// Takes a packet whose headers are compressed, or told for it (RFC 1144).
    fn packed_input(&mut self, protocol: Protocol, input: &mut [u8], range: Range<usize>) -> Input {
        let used = input.len();
        let most = usize::from(self.role.mru().max(DEFAULT_MRU));
        if !self.flows(Protocol::IPV4) || range.len() > most {
            return Input::Dropped { used, reason: DropReason::NotUp };
        }
        let vj = &mut self.network.vj;
        let taken = match protocol {
            Protocol::VJ_UNCOMPRESSED => vj.whole(&mut input[range.clone()]).map(|()| Input::Payload { range, used }),
            // What is undone is longer than any packet may be if the peer's was as long before.
            _ => match vj.short(&input[range]) {
                Ok(()) if vj.made().len() > most => Err(DropReason::TooLarge),
                made => made.map(|()| Input::Rebuilt { used }),
            },
        };
        taken.unwrap_or_else(|reason| Input::Dropped { used, reason })
    }

    /// Takes an encrypted packet (RFC 3078), and opens it in place.
    fn sealed_input(&mut self, now: Instant, information: &mut [u8], at: usize, used: usize) -> Input {
        let Some(ccp) = &mut self.network.ccp else {
            return Input::Dropped { used, reason: DropReason::Unexpected("an encrypted packet without CCP") };
        };
        match ccp.open(now, information, &mut self.out) {
            Ok((protocol, range)) if self.flows(protocol) => {
                Input::Payload { range: range.start + at..range.end + at, used }
            }
            Ok(_) => Input::Dropped { used, reason: DropReason::NotUp },
            Err(reason) => Input::Dropped { used, reason },
        }
    }

    /// Takes any packet but one of data.
    fn control_input(&mut self, now: Instant, protocol: Protocol, information: &[u8]) -> Result<(), DropReason> {
        match (self.phase, protocol) {
            (Phase::Dead, _) => self.park(protocol, information),
            (_, Protocol::LCP) => self.lcp_input(now, information),
            (Phase::Terminate | Phase::Over, _) => Err(DropReason::NotUp),
            (Phase::Establish, _) => self.park(protocol, information),
            (_, protocol) if self.auth.as_ref().is_some_and(|auth| auth.frames() == protocol) => {
                self.auth_input(now, information)
            }
            (Phase::Network, _) if self.speaks(protocol) => self.network_input(now, protocol, information),
            (_, Protocol::CBCP) if self.callback.is_some() => self.callback_input(now, information),
            (Phase::Authenticate, Protocol::CBCP) if self.lcp.options().calls_back() => {
                self.park(protocol, information)
            }
            (Phase::Authenticate | Phase::Callback, _) if self.speaks(protocol) => {
                let kept = self.park(protocol, information);
                self.network_began(now);
                kept
            }
            (_, _) if self.speaks(protocol) => self.park(protocol, information),
            // RFC 1661 5.7: what the entry does not want, and whatever else we do not speak.
            _ => {
                self.network.encryption_rejected |= protocol == Protocol::CCP;
                self.lcp.reject_protocol(now, protocol, information, &mut self.out);
                Err(DropReason::Unexpected("a protocol that we do not speak"))
            }
        }
    }

    /// Tells whether a data protocol is one that this link may come to speak; any other is rejected.
    fn expects(&self, protocol: Protocol) -> bool {
        protocol == Protocol::IPV4 || self.speaks(Protocol::IPV6CP)
    }

    fn park(&mut self, protocol: Protocol, information: &[u8]) -> Result<(), DropReason> {
        self.parked.keep(protocol, information).then_some(()).ok_or(DropReason::NotUp)
    }

    fn lcp_input(&mut self, now: Instant, information: &[u8]) -> Result<(), DropReason> {
        let packet = Packet::parse(information).map_err(malformed)?;
        let terminates = matches!(packet.code, PacketCode::TERMINATE_REQUEST | PacketCode::TERMINATE_ACK);
        if self.phase == Phase::Over && !terminates {
            return Err(DropReason::NotUp);
        }
        self.heard = true;
        let meaning = self.lcp.input(now, &packet, &mut *self.rng, &mut self.out)?;
        self.lcp_meant(now, meaning);
        Ok(())
    }

    fn auth_input(&mut self, now: Instant, information: &[u8]) -> Result<(), DropReason> {
        let auth = self.auth.as_mut().ok_or(DropReason::NotUp)?;
        let outcome = auth.input(now, information, &mut Io { rng: &mut *self.rng, out: &mut self.out })?;
        self.auth_became(now, outcome);
        Ok(())
    }
}

/// A datagram layer: one PPP frame an input, one IP packet a payload.
impl Layer for Ppp {
    type Event = Event;

    fn handle_input(&mut self, now: Instant, input: &mut [u8]) -> Input {
        let used = input.len();
        self.lcp.hear(now);
        let taken = match frame::parse(input) {
            Ok((protocol @ (Protocol::IPV4 | Protocol::IPV6), range)) if self.expects(protocol) => {
                let taken = self.clear_input(protocol, range, used);
                return self.for_the_host(now, taken, input);
            }
            Ok((protocol @ (Protocol::VJ_COMPRESSED | Protocol::VJ_UNCOMPRESSED), range))
                if self.network.vj.undoes() =>
            {
                return self.packed_input(protocol, input, range);
            }
            Ok((Protocol::COMPRESSED, range)) => {
                let taken = self.sealed_input(now, &mut input[range.clone()], range.start, used);
                return self.for_the_host(now, taken, input);
            }
            // RFC 1661 2: the information is as long as the MRU at most, and 1500 octets are always taken. What a longer
            // one costs to read would be the peer's choice.
            Ok((_, range)) if range.len() > usize::from(self.role.mru().max(DEFAULT_MRU)) => Err(DropReason::TooLarge),
            Ok((protocol, range)) => self.control_input(now, protocol, &input[range]),
            Err(malformed) => Err(DropReason::Malformed(malformed.expected)),
        };
        match taken {
            Ok(()) => Input::Consumed { used },
            Err(reason) => Input::Dropped { used, reason },
        }
    }

    fn rebuilt(&mut self) -> &mut [u8] {
        self.network.vj.made()
    }

    fn encap(&mut self, _now: Instant, header: &[u8], payload: &[u8], out: &mut Batch) -> Result<(), DropReason> {
        let projection = self.network.projection.as_ref().ok_or(DropReason::NotUp)?;
        if header.len() + payload.len() > usize::from(projection.mtu) {
            return Err(DropReason::TooLarge);
        }
        let protocol = protocol_of(header.first().or(payload.first()));
        if !self.flows(protocol) {
            return Err(DropReason::NotUp);
        }
        let framing = self.framing();
        let mut frame = out.frame();
        match &mut self.network.ccp {
            Some(ccp) if ccp.encrypts() => {
                frame.slice(frame::Header::new(Protocol::COMPRESSED, framing).as_bytes());
                ccp.seal(protocol, [header, payload], &mut frame);
            }
            _ if protocol == Protocol::IPV4 && self.network.vj.compresses() => {
                self.network.vj.write([header, payload], framing, &mut frame);
            }
            _ => {
                frame.slice(frame::Header::new(protocol, framing).as_bytes());
                frame.slice(header);
                frame.slice(payload);
            }
        }
        frame.finish();
        Ok(())
    }

    fn handle_timeout(&mut self, now: Instant) {
        let outcome = self.lcp.handle_timeout(now, &mut self.out);
        self.lcp_became(now, outcome);
        if let Some(auth) = &mut self.auth {
            let outcome = auth.handle_timeout(now, &mut self.out);
            self.auth_became(now, outcome);
        }
        self.callback_timeout(now);
        self.network_timeout(now);
    }

    fn poll_transmit(&mut self, _now: Instant, out: &mut Batch) -> bool {
        self.out.drain(out)
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Timeout> {
        let auth = self.auth.as_ref().and_then(Auth::timeout);
        let callback = self.callback.as_ref().and_then(Pending::timeout);
        let below = Timeout::earliest(Timeout::earliest(self.lcp.timeout(), auth), callback);
        Timeout::earliest(below, self.network.timeout())
    }
}

/// Tells the protocol of an IP packet by its version, which is all that is looked at.
fn protocol_of(first: Option<&u8>) -> Protocol {
    match first.map(|octet| octet >> 4) {
        Some(6) => Protocol::IPV6,
        _ => Protocol::IPV4,
    }
}

/// The cause of an end that our side asked for.
fn hung_up() -> Cause {
    Cause::new(Code::USER_DISCONNECTION, LayerName::Lcp)
}

fn malformed(malformed: Malformed) -> DropReason {
    DropReason::Malformed(malformed.expected)
}
