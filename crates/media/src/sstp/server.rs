//! The answering side.

use super::Config;
use rasman_core::{
    Batch, Cause, DropReason, Duration, Input, Instant, Layer, Link, LinkEvent, PortClosed, PortFacts, PortId, Rng,
    SessionKeys, Timeout,
};

/// What the answering side is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerConfig {
    /// Time limits.
    pub config: Config,
    /// The hash protocols offered for the crypto binding: 0x01 SHA-1, 0x02 SHA-256 ([MS-SSTP] 2.2.6).
    pub hashes: u8,
    /// How the call is refused, for tests of clients.
    pub refusal: Refusal,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { config: Config::default(), hashes: 0x03, refusal: Refusal::None }
    }
}

/// How a server refuses every call.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Refusal {
    /// It does not.
    #[default]
    None,
    /// It answers the HTTP request with this status.
    HttpStatus(u16),
    /// It answers the Call Connect Request with a Call Connect Nak that carries this status ([MS-SSTP] 2.2.8).
    Nak(u32),
}

/// The answering side of one SSTP connection.
pub struct Server {
    _config: ServerConfig,
    _rng: Box<dyn Rng + Send>,
}

impl Server {
    /// Makes a connection that waits for `port_ready`, with the digests of our own certificate in its facts.
    #[must_use]
    pub fn new(config: ServerConfig, rng: Box<dyn Rng + Send>) -> Self {
        Self { _config: config, _rng: rng }
    }

    /// Tells whether a Call Connected message was verified: before that no IP packet may pass ([MS-SSTP] 3.3.5.2.3).
    #[must_use]
    pub fn is_bound(&self) -> bool {
        false
    }
}

impl Layer for Server {
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

impl Link for Server {
    fn open(&mut self, _now: Instant) {}

    fn port_ready(&mut self, _now: Instant, _port: PortId, _facts: &PortFacts) {}

    fn port_closed(&mut self, _now: Instant, _port: PortId, _closed: &PortClosed) {}

    fn close(&mut self, _now: Instant, _cause: &Cause) {}

    fn close_limit(&self) -> Duration {
        Duration::from_secs(6)
    }

    fn bind(&mut self, _now: Instant, _keys: &SessionKeys) {}
}
