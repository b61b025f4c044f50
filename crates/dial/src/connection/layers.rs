//! What the link and PPP tell, and the frames between them.

use super::*;

impl Connection {
    /// Takes what the layers have to tell.
    pub(super) fn collect(&mut self, now: Instant) {
        while let Some(event) = self.layers.link.poll_event() {
            self.link_event(event);
        }
        while let Some(event) = self.layers.ppp.poll_event() {
            self.ppp_event(now, event);
        }
        self.layers.link.set_framing(self.layers.ppp.line_framing());
        self.hear_line();
    }

    pub(super) fn link_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Port(own, command) => {
                let port = PortId(own.0.wrapping_add(self.port_base));
                match command {
                    PortCommand::Open(_) => self.ports.push(port),
                    PortCommand::Line(_) => {}
                    _ => self.ports.retain(|open| *open != port),
                }
                self.effects.push_back(Effect::Port(port, command));
            }
            LinkEvent::Next(device) => self.signals.next_device = Some(device),
            LinkEvent::Interactive { what, otherwise } => self.signals.interactive = Some((what, otherwise)),
            LinkEvent::Address(address) => self.layers.ppp.request_address(address),
            LinkEvent::Up(params) => self.signals.link_up = Some(params),
            LinkEvent::Down(cause) => {
                self.layers.down = true;
                self.signals.lost.get_or_insert(cause);
            }
            _ => {}
        }
    }

    pub(super) fn ppp_event(&mut self, now: Instant, event: ppp::Event) {
        match event {
            ppp::Event::LinkEstablished { .. } => {
                self.signals.established = true;
                // The peer has renegotiated LCP while or after we authenticated: prove ourselves again.
                if self.is_past(ConnState::Authenticate) && !self.is_nobody() {
                    self.layers.ppp.authenticate(now, self.plan.credentials.clone());
                }
            }
            ppp::Event::Renegotiating => {
                self.signals.established = false;
                self.signals.authentication = None;
                self.signals.callback = None;
            }
            ppp::Event::CallbackOffered(offer) => self.signals.callback = Some(offer),
            ppp::Event::CallbackAgreed(_) => self.signals.callback_agreed = true,
            ppp::Event::Authenticated { token, keys } => {
                // Bound at once, handler or not: it completes an exchange that the server is timing.
                self.layers.link.bind(now, &keys);
                if self.is_past(ConnState::AuthProject) {
                    self.layers.ppp.project(now, token);
                } else {
                    self.signals.authentication = Some(Ok(token));
                }
            }
            // The peer has renegotiated and takes us no more: nobody may be asked then, and nothing would flow.
            ppp::Event::AuthenticationRefused { cause, .. } if self.was_accepted() => {
                self.signals.lost.get_or_insert(cause);
            }
            ppp::Event::AuthenticationRefused { cause, retry, dialog } => {
                self.signals.authentication = Some(Err(Refusal { cause, retry, dialog }));
            }
            ppp::Event::Projected(projection) => match &self.stage {
                Stage::Projected(present) | Stage::ApplySettings(present) | Stage::Connected(present)
                    if *present != projection =>
                {
                    let cause = Cause::new(Code::LINK_FAILURE, LayerName::Ipcp)
                        .did("had an address")
                        .said(format!("renegotiated the address to {projection}"))
                        .advice("dial again: what runs inside the tunnel cannot keep its connections anyway");
                    self.signals.lost.get_or_insert(cause);
                }
                _ => self.signals.projection = Some(projection),
            },
            ppp::Event::Learned(learned) => {
                self.learned = *learned;
                self.effects.push_back(Effect::Learned(self.learned.clone()));
            }
            ppp::Event::Finished(cause) => {
                self.signals.lost.get_or_insert(cause);
            }
            _ => {}
        }
    }

    /// Tells whether the server has accepted us before.
    pub(super) fn was_accepted(&self) -> bool {
        matches!(
            self.stage,
            Stage::AuthNotify(
                Outcome::Accepted(_)
                    | Outcome::Projecting(_)
                    | Outcome::MayChoose(_)
                    | Outcome::CallsBack(_)
                    | Outcome::NoCallback
            ) | Stage::AuthCallback(_)
                | Stage::PrepareForCallback(_)
                | Stage::AuthAck(_)
                | Stage::Authenticated(_)
                | Stage::AuthProject(_)
                | Stage::Projected(_)
                | Stage::ApplySettings(_)
                | Stage::Connected(_)
        )
    }

    /// Tells whether the work of this state has begun, or the dial has gone beyond it.
    pub(super) fn is_past(&self, state: ConnState) -> bool {
        let rank = |stage: &Stage| match stage {
            Stage::Authenticate
            | Stage::AuthRetry { same_link: true }
            | Stage::AuthChangePassword(_)
            | Stage::ReAuthenticate => Some(1),
            Stage::AuthNotify(_)
            | Stage::AuthCallback(_)
            | Stage::PrepareForCallback(_)
            | Stage::AuthAck(_)
            | Stage::Authenticated(_) => Some(2),
            Stage::Asking(asking) if asking.is_about_callback() => Some(2),
            Stage::AuthProject(_) => Some(3),
            Stage::Projected(_) | Stage::ApplySettings(_) | Stage::Connected(_) => Some(4),
            _ => None,
        };
        let wanted = if state == ConnState::Authenticate { 1 } else { 3 };
        rank(&self.stage).is_some_and(|rank| rank > wanted || (rank == wanted && self.begun))
    }

    /// Gives the cause if the link or PPP is gone and that ends the present stage.
    pub(super) fn loss(&mut self) -> Option<Cause> {
        let refused = matches!(self.signals.authentication, Some(Err(_)));
        let tolerant = match &self.stage {
            // The refusal says more than the hang-up that usually follows it.
            Stage::Authenticate | Stage::AuthChangePassword(_) | Stage::ReAuthenticate => refused,
            // Without the link there is nobody to tell a number to, and no line.
            Stage::Asking(asking) => !asking.is_about_callback() && !asking.is_interactive(),
            Stage::AuthNotify(Outcome::Refused(_)) => true,
            // A server may hang up as soon as it has agreed.
            Stage::PrepareForCallback(_) => self.signals.callback_agreed,
            Stage::WaitForModemReset => !self.answering,
            // The credentials are still to be tried: on a fresh link.
            Stage::AuthRetry { .. } => true,
            _ => false,
        };
        // A handler that runs is told next, not now (style: the peer giving up is the next notification).
        let held = matches!(self.handler, Handler::Running { .. });
        if tolerant || held { None } else { self.signals.lost.take() }
    }

    /// Hands PPP's own frames to the link.
    pub(super) fn pump_ppp(&mut self, now: Instant) {
        self.layers.link.set_framing(self.layers.ppp.line_framing());
        while self.layers.ppp.poll_transmit(now, &mut self.scratch) {
            for frame in self.scratch.frames() {
                // A frame that the link cannot take now is lost like any other; PPP repeats it.
                let _ = self.layers.link.encap(now, &[], frame, &mut self.pending);
            }
            self.scratch.clear();
        }
    }
}

/// What an entry's consent lets MPPE be.
fn mppe(consent: MppeConsent) -> ppp::Mppe {
    use ppp::MppeStrength::{Bits40, Bits56, Bits128};
    let strengths = match consent {
        MppeConsent::Strong => vec![Bits128],
        MppeConsent::Any => vec![Bits128, Bits56, Bits40],
    };
    ppp::Mppe { strengths, ..ppp::Mppe::default() }
}

impl Layers {
    /// Takes the front of what came from the port, through link and PPP.
    pub(super) fn handle_input(&mut self, now: Instant, input: &mut [u8]) -> Input {
        match self.link.handle_input(now, input) {
            Input::Payload { range, used } => match self.ppp.handle_input(now, &mut input[range.clone()]) {
                Input::Payload { range: inner, .. } => {
                    Input::Payload { range: range.start + inner.start..range.start + inner.end, used }
                }
                Input::Rebuilt { .. } => Input::Rebuilt { used },
                Input::Dropped { reason, .. } => Input::Dropped { used, reason },
                Input::Consumed { .. } | Input::NeedMore => Input::Consumed { used },
            },
            other => {
                if let Input::Dropped { .. } = other {
                    self.ppp.frame_lost();
                }
                other
            }
        }
    }

    /// Writes an IP packet: straight to its place, or in `scratch` first where PPP encrypts or compresses.
    pub(super) fn encap_with(
        &mut self,
        now: Instant,
        first: u8,
        len: usize,
        fill: &mut dyn FnMut(&mut [u8]),
        scratch: &mut Batch,
        out: &mut Batch,
    ) -> Result<(), DropReason> {
        if let Some(header) = self.ppp.clear_header(first, len)? {
            return self.link.encap_with(now, header.as_bytes(), len, fill, out);
        }
        self.packet.resize(len, 0);
        fill(&mut self.packet);
        self.ppp.encap(now, &[], &self.packet, scratch)?;
        let sent = scratch.frames().try_for_each(|frame| self.link.encap(now, &[], frame, out));
        scratch.clear();
        sent
    }

    pub(super) fn new(
        plan: &DialPlan,
        eap: &EapSettings,
        medium: &Medium,
        answers: bool,
        rng_source: &mut RngSource,
    ) -> Self {
        let calls_back = medium.can_be_called() && plan.entry.callback.is_allowed() && !answers;
        let (mut link, framing) = match medium {
            Medium::Sstp(settings) => (sstp_link(settings, rng_source()), ppp::Framing::default()),
            Medium::Serial(settings) => {
                (serial_link(settings, answers.then_some(plan.config.callback)), serial_framing(settings))
            }
            _ => unreachable!("validated entries have known media"),
        };
        link.set_credentials(&plan.credentials);
        let network = &plan.entry.network;
        let ppp = Ppp::client(
            ppp::ClientConfig {
                authentication: plan.entry.authentication.clone(),
                eap: ppp::ClientEap { settings: eap.clone(), tunnels: Arc::clone(&plan.tunnels) },
                request_address: network.address,
                request_dns: network.request_dns,
                mru: network.mru,
                ipv6: if network.ipv6 { ppp::Ipv6Wish::WhenOffered } else { ppp::Ipv6Wish::Off },
                inform: network.inform,
                mppe: network.mppe.map(mppe),
                header_compression: network.header_compression && matches!(medium, Medium::Serial(_)),
                framing,
                callback: calls_back.then_some(plan.config.modem_reset),
                ..ppp::ClientConfig::default()
            },
            rng_source(),
        );
        Self { link, ppp, packet: Vec::new(), opened: false, down: false }
    }
}

fn sstp_link(settings: &SstpSettings, rng: Box<dyn Rng + Send>) -> Box<dyn Link + Send> {
    let tls = TlsSpec::to(settings);
    Box::new(sstp::Client::new(sstp::ClientSettings { tls, config: sstp::Config::default() }, rng))
}

/// Makes the link of a line that we dial, or one that waits so long for a call.
fn serial_link(settings: &SerialSettings, waits: Option<Duration>) -> Box<dyn Link + Send> {
    let mut config = modem::Config::default();
    Box::new(match waits {
        Some(call) => {
            config.call = call;
            // Whoever calls back asks nothing at a terminal.
            modem::SerialLink::answerer(SerialSettings { login: LineLogin::default(), ..settings.clone() }, config)
        }
        None => modem::SerialLink::caller(settings.clone(), config),
    })
}

/// On a line of octets everything is asked for that saves some.
fn serial_framing(settings: &SerialSettings) -> ppp::Framing {
    let checksum = if settings.fcs32 { ppp::Checksum::Fcs32 } else { ppp::Checksum::Fcs16 };
    ppp::Framing { accm: Some(settings.accm), compress_protocol: true, compress_address: true, checksum }
}
