//! The dialling side.

use super::Config;
use rasman_core::{
    Batch, Cause, DropReason, Duration, Input, Instant, Layer, Link, LinkEvent, PortClosed, PortFacts, PortId, Rng,
    SessionKeys, Timeout, TlsSpec,
};

/// What the dialling side is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientSettings {
    /// Where the TLS stream goes; its host is also the HTTP request's.
    pub tls: TlsSpec,
    /// Time limits.
    pub config: Config,
}

/// The dialling side of one SSTP connection.
pub struct Client {
    _settings: ClientSettings,
    _rng: Box<dyn Rng + Send>,
}

impl Client {
    /// Makes a connection that waits for `open`.
    #[must_use]
    pub fn new(settings: ClientSettings, rng: Box<dyn Rng + Send>) -> Self {
        Self { _settings: settings, _rng: rng }
    }
}

impl Layer for Client {
    type Event = LinkEvent;

    fn handle_input(&mut self, _now: Instant, _input: &mut [u8]) -> Input {
        Input::NeedMore
    }

    fn encap(&mut self, _now: Instant, _header: &[u8], _payload: &[u8], _out: &mut Batch) -> Result<(), DropReason> {
        Err(DropReason::NotUp)
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_transmit(&mut self, _now: Instant, _out: &mut Batch) -> bool {
        false
    }

    fn poll_event(&mut self) -> Option<LinkEvent> {
        None
    }

    fn poll_timeout(&self) -> Option<Timeout> {
        None
    }
}

impl Link for Client {
    fn open(&mut self, _now: Instant) {}

    fn port_ready(&mut self, _now: Instant, _port: PortId, _facts: &PortFacts) {}

    fn port_closed(&mut self, _now: Instant, _port: PortId, _closed: &PortClosed) {}

    fn close(&mut self, _now: Instant, _cause: &Cause) {}

    fn close_limit(&self) -> Duration {
        Duration::from_secs(6)
    }

    fn bind(&mut self, _now: Instant, _keys: &SessionKeys) {}
}
