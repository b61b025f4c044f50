//! What the answering side is told.

use crate::sstp::Config;

/// What the answering side is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerConfig {
    /// Time limits.
    pub config: Config,
    /// The hash protocols offered for the crypto binding: 0x01 SHA-1, 0x02 SHA-256 ([MS-SSTP] 2.2.6).
    pub hashes: u8,
    /// How every call is refused, for tests of clients.
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
    /// It answers the HTTP request with this status, which is not 200.
    HttpStatus(u16),
    /// It answers the Call Connect Request with a Call Connect Nak that carries this status ([MS-SSTP] 2.2.8).
    Nak(u32),
}
