//! Time limits of the stages.

use rasman_core::Duration;

/// How long each stage may take; a table, so that every wait of a dial has an end.
///
/// A limit runs from the moment the stage begins its work, so a slow handler does not use it up (clause A25).
/// The limits of the protocols themselves (PPP's restart counters, SSTP's negotiation timer) usually end a stage
/// sooner and with a finer cause; these are the outer bound.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Resolving the server's name; then 868.
    pub name: Duration,
    /// Connecting by TCP, all addresses together; then 809. Shorter than the kernel's own two minutes.
    pub tcp: Duration,
    /// The TLS handshake; then 809.
    pub tls: Duration,
    /// What the medium does until PPP can flow (SSTP: HTTP exchange and call); then 809.
    pub link: Duration,
    /// LCP; then 718.
    pub lcp: Duration,
    /// One authentication exchange; then 718.
    pub authentication: Duration,
    /// The network negotiation; then 718.
    pub projection: Duration,
    /// Setting up proxies, forwards, addresses and routes here; then 638.
    pub settings: Duration,
    /// A question to the user; then the cause that led to it.
    pub question: Duration,
    /// How often the user may be asked for other credentials within one dial.
    pub questions_max: u32,
    /// An orderly disconnect; then the ports are closed without a goodbye.
    pub disconnect: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: Duration::from_secs(10),
            tcp: Duration::from_secs(15),
            tls: Duration::from_secs(15),
            // Less than [MS-SSTP]'s negotiation timer of 60 s: a silent server is told of while people still wait.
            link: Duration::from_secs(30),
            // RFC 1661 4.6: ten Configure-Requests, three seconds each, end LCP at 30 s.
            lcp: Duration::from_secs(35),
            authentication: Duration::from_secs(30),
            projection: Duration::from_secs(35),
            settings: Duration::from_secs(10),
            question: Duration::from_secs(300),
            questions_max: 3,
            disconnect: Duration::from_secs(3),
        }
    }
}
