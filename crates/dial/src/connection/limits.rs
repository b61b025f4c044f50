//! Time limits of the stages.

use super::*;

impl Connection {
    pub(super) fn limit(&mut self, now: Instant, limit: Duration, why: &'static str) {
        self.deadline = Some(Timeout { at: now + limit, why });
    }

    /// Ends the present stage for lack of time.
    pub(super) fn out_of_time(&mut self, now: Instant) {
        let server = self.server();
        let cause = match &self.stage {
            Stage::WaitForModemReset if !self.answering => {
                // The line would not go down in good order.
                return self.forsake_link();
            }
            Stage::OpenPort { .. } | Stage::ConnectDevice | Stage::WaitForModemReset | Stage::WaitForCallback
                if self.layers.link.opens_port_first() =>
            {
                match self.phase {
                    Phase::Port(_) => Cause::new(Code::PORT_NOT_AVAILABLE, LayerName::Port)
                        .did(format!("tried to open {} for {:?}", self.port_name(), self.plan.config.tcp))
                        .advice("check the cable, the adapter and the name of the port"),
                    Phase::Link => Cause::new(Code::NO_ANSWER, LayerName::Modem)
                        .did(format!("dialled {} and waited {:?}", server.0, self.link_limit()))
                        .advice("check the number, and switch the modem off and on"),
                }
            }
            Stage::ConnectDevice => match self.phase {
                Phase::Port(PortPhase::Resolving) => Cause::new(Code::DNSNAME_NOT_RESOLVABLE, LayerName::Name)
                    .did(format!("asked for the address of {} for {:?}", server.0, self.plan.config.name))
                    .advice("check the name servers of this machine, or dial an address"),
                Phase::Port(PortPhase::Connecting) => Cause::new(Code::VPN_TIMEOUT, LayerName::Tcp)
                    .did(format!("tried to connect to {} port {} for {:?}", server.0, server.1, self.plan.config.tcp))
                    .advice("check the address and the port, and whether a firewall drops the packets"),
                Phase::Port(PortPhase::Securing) => Cause::new(Code::VPN_TIMEOUT, LayerName::Tls)
                    .did(format!("sent a TLS ClientHello and waited {:?}", self.plan.config.tls))
                    .advice("check that the port speaks TLS and that no firewall holds the answer back"),
                Phase::Link => Cause::new(Code::VPN_TIMEOUT, LayerName::Sstp)
                    .did(format!("started SSTP and waited {:?}", self.plan.config.link))
                    .advice("check that the server offers SSTP on this port"),
            },
            Stage::AllDevicesConnected => Cause::new(Code::PPP_TIMEOUT, LayerName::Lcp)
                .did(format!("negotiated LCP for {:?}", self.lcp_limit()))
                .advice("the server takes calls but does not speak PPP on them; ask its administrator"),
            Stage::Authenticate
            | Stage::AuthRetry { same_link: true }
            | Stage::AuthChangePassword(_)
            | Stage::ReAuthenticate => Cause::new(Code::PPP_TIMEOUT, LayerName::Auth)
                .did(format!("waited {:?} for the server to finish authentication", self.authentication_limit()))
                .advice("check whether the server reaches its own account database or RADIUS server"),
            Stage::AuthProject(_) => Cause::new(Code::PPP_TIMEOUT, LayerName::Ipcp)
                .did(format!("negotiated IPCP for {:?}", self.projection_limit()))
                .advice("check that the server has addresses to give"),
            Stage::ApplySettings(_) => Cause::new(Code::REQUEST_TIMEOUT, LayerName::Network)
                .did("asked for the network settings to be applied"),
            Stage::Asking(asking) => asking.refused.clone(),
            Stage::Waiting { .. } => return self.attempt_again(now),
            Stage::Connected(_) => return self.may_be_idle(now),
            Stage::AuthNotify(Outcome::NoCallback) | Stage::PrepareForCallback(_) => {
                Cause::new(Code::PPP_TIMEOUT, LayerName::Cbcp)
                    .did(format!("waited {:?} for the server to agree on a callback", self.authentication_limit()))
                    .advice("try without a callback number")
            }
            // The refused link would not close in good order; it is left behind all the same.
            Stage::AuthRetry { same_link: false } => return self.forsake_link(),
            _ => return,
        };
        self.attempt_failed(now, cause);
    }

    /// Closes the ports of a link that does not go down.
    fn forsake_link(&mut self) {
        for port in self.ports.drain(..) {
            self.effects.push_back(Effect::Port(port, PortCommand::Close));
        }
        self.layers.down = true;
    }

    /// Gives the limit of a connection without traffic (clause B15).
    pub(super) fn idle_limit(&self) -> Option<Duration> {
        self.plan.entry.idle_disconnect.filter(|limit| !limit.is_zero())
    }

    /// Ends an idle connection. The timer is armed once and looked at when it is due, so that a packet costs a store.
    fn may_be_idle(&mut self, now: Instant) {
        let Some(limit) = self.idle_limit() else { return };
        if now < self.last_traffic + limit {
            self.deadline = Some(Timeout { at: self.last_traffic + limit, why: "idle" });
            return;
        }
        let cause = Cause::new(Code::IDLE_TIMEOUT, LayerName::Manager)
            .did(format!("carried no packet of a program for {limit:?}, which is the entry's idle limit"))
            .advice("give the entry a longer idle limit, or none");
        self.disconnect(now, cause);
    }

    /// Gives when the session is over, by the entry's limit; outages count, as what is limited is the time of a call.
    pub(super) fn session_end(&self) -> Option<Timeout> {
        let limit = self.plan.entry.session_limit.filter(|limit| !limit.is_zero())?;
        Some(Timeout { at: self.connected_at? + limit, why: "session limit" })
    }

    /// Ends a session that has lasted as long as it may.
    pub(super) fn session_over(&mut self, now: Instant) {
        let limit = self.plan.entry.session_limit.unwrap_or_default();
        let cause = Cause::new(Code::PPP_SESSION_TIMEOUT, LayerName::Manager)
            .did(format!("was connected for {limit:?}, which is the entry's limit of a session"))
            .advice("dial again, or give the entry a longer limit, or none");
        self.disconnect(now, cause);
    }

    pub(super) fn server(&self) -> (String, u16) {
        let medium = self.medium();
        let port = if let Medium::Sstp(sstp) = medium { sstp.port } else { 0 };
        (medium.number(), port)
    }

    /// Gives how long the link may take once its port is ready.
    pub(super) fn link_limit(&self) -> Duration {
        if self.layers.link.opens_port_first() { self.plan.config.line } else { self.plan.config.link }
    }

    fn port_name(&self) -> String {
        match self.medium() {
            Medium::Serial(serial) => serial.port.to_string(),
            _ => "the port".to_owned(),
        }
    }
}
