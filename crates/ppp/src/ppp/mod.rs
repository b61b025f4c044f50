//! One PPP link: phases (RFC 1661 3), gates, and the way of packets through it.

mod callback;
mod input;
mod layer;
mod network;
mod phases;

use crate::auth::{Auth, Io};
use crate::ccp::Ccp;
use crate::lcp::{Callback, Lcp, LcpOptions};
use crate::outbox::Outbox;
use crate::parked::Parked;
use crate::{ClientConfig, Echo, Event, Framing, Protocol, ServerConfig};
use callback::Pending;
use core::net::Ipv4Addr;
use network::Network;
use phases::Phase;
use rasman_auth::Authenticated;
use rasman_auth::eap::Verdict;
use rasman_core::{
    Cause, Code, Credentials, Duration, Instant, Ipv6Link, LayerName, LineFraming, Projection, Rng, Secret, SessionKeys,
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
/// [`Layer::poll_transmit`](rasman_core::Layer::poll_transmit) before the carrier is closed. The link answers Terminate-Requests after its end.
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
    /// it, and the last one is given the time. Before [`Layer::handle_timeout`](rasman_core::Layer::handle_timeout).
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

    /// Gives how the peer lets us write frames; settled while LCP is Opened.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.lcp.options().framing(self.role.framing())
    }

    /// Gives how frames are written at the moment on a carrier that writes octets one by one. It changes with LCP: ask after
    /// each call, and before what [`Layer::poll_transmit`](rasman_core::Layer::poll_transmit) gave is written.
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
}

/// The cause of an end that our side asked for.
fn hung_up() -> Cause {
    Cause::new(Code::USER_DISCONNECTION, LayerName::Lcp)
}
