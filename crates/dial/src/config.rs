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
    /// The same of a serial line: the modem is made ready and dials. Its own limits end it sooner.
    pub line: Duration,
    /// LCP; then 718. This, authentication and the network negotiation have more on a slow line, by what their octets take.
    pub lcp: Duration,
    /// One authentication exchange; then 718.
    pub authentication: Duration,
    /// The network negotiation; then 718.
    pub projection: Duration,
    /// Setting up proxies, forwards, addresses and routes here; then 638.
    pub settings: Duration,
    /// How long a modem needs, from the agreement on, before the server may call back: whole seconds, which the server
    /// is told.
    pub modem_reset: Duration,
    /// The call back, from when the modem is ready for it; then 678.
    pub callback: Duration,
    /// A question to the user; then the cause that led to it.
    pub question: Duration,
    /// The same in Interactive, from what the client last said on the line; then 703. Longer: people read menus there, and
    /// look for a password of today, while a line that somebody pays for must not wait for ever.
    pub terminal: Duration,
    /// How often the user may be asked for other credentials within one dial.
    pub questions_max: u32,
    /// An orderly disconnect; then the ports are closed without a goodbye.
    pub disconnect: Duration,
    /// The same of a dial whose program has ended (clause A48).
    pub abandon: Duration,
    /// The least pause before a dial is repeated; the entry's own is otherwise kept to the microsecond.
    pub redial_pause_min: Duration,
    /// The longest pause before the second attempt to make a lost link again; the first attempt has none. Each further
    /// pause is twice as long. From half a pause to all of it is drawn, so that the clients of a server that comes
    /// back do not come at one moment.
    pub reconnect_first: Duration,
    /// Where the doubling ends.
    pub reconnect_max: Duration,
    /// How long a link has to stand for its loss to be answered at once again; one that is lost sooner has the pauses
    /// go on, so that a server that takes us and drops us is not dialled without end.
    pub reconnect_stable: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: Duration::from_secs(10),
            tcp: Duration::from_secs(15),
            tls: Duration::from_secs(15),
            // Less than [MS-SSTP]'s negotiation timer of 60 s: a silent server is told of while people still wait.
            link: Duration::from_secs(30),
            // Registration in a network and a call over satellites, each with its own limit.
            line: Duration::from_secs(300),
            // RFC 1661 4.6: ten Configure-Requests, three seconds each, end LCP at 30 s.
            lcp: Duration::from_secs(35),
            authentication: Duration::from_secs(30),
            projection: Duration::from_secs(35),
            settings: Duration::from_secs(10),
            // The line is hung up, the port opened again and the modem made ready within this.
            modem_reset: Duration::from_secs(5),
            callback: Duration::from_secs(120),
            question: Duration::from_secs(300),
            terminal: Duration::from_secs(600),
            questions_max: 3,
            disconnect: Duration::from_secs(3),
            abandon: Duration::from_millis(300),
            // The least that the phone book's editors offer.
            redial_pause_min: Duration::from_secs(1),
            reconnect_first: Duration::from_secs(2),
            reconnect_max: Duration::from_secs(60),
            reconnect_stable: Duration::from_secs(60),
        }
    }
}
