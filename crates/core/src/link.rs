//! What a PPP link runs over, and the ports that it needs opened.

use crate::entry::{HttpProxy, SstpSettings, Trust};
use crate::{
    Cause, Credentials, Device, Instant, Interaction, InvalidSetting, Layer, LineSettings, SerialPort, SessionKeys,
};
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;

/// What a PPP link runs over: SSTP here; a modem line, PPPoE and L2TP likewise.
///
/// A link carries PPP frames without knowing what they are. Its `encap` takes one PPP frame, starting with the
/// address and control octets where the medium's framing keeps them.
pub trait Link: Layer<Event = LinkEvent> {
    /// Starts; the first event is usually a [`PortCommand::Open`].
    fn open(&mut self, now: Instant);

    /// Tells whether the port is opened before the device is connected: then [`Link::connect`] follows when it is to be.
    fn opens_port_first(&self) -> bool {
        false
    }

    /// Tells who dials, for a medium that has to say it before PPP does.
    fn set_credentials(&mut self, credentials: &Credentials) {
        let _ = credentials;
    }

    /// Connects the device behind a port that is ready, or the next one of its chain ([`LinkEvent::Next`]).
    fn connect(&mut self, now: Instant) {
        let _ = now;
    }

    /// Says something on the line for whoever has it ([`LinkEvent::Interactive`]).
    fn send_octets(&mut self, now: Instant, octets: &[u8]) {
        let _ = (now, octets);
    }

    /// Has characters look like this for whoever has the line, until it is taken back.
    fn set_format(&mut self, format: CharacterFormat) {
        let _ = format;
    }

    /// Takes what the other end has said to whoever has the line; taken after each input, nothing is lost.
    fn take_octets(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes the line back from whoever has it: [`LinkEvent::Next`], [`LinkEvent::Up`] or [`LinkEvent::Down`] follows.
    /// Gives what came last, for [`Layer::handle_input`] if the link is up: frames may be among it.
    fn resume(&mut self, now: Instant) -> Vec<u8> {
        let _ = now;
        Vec::new()
    }

    /// Tells the speed of the line in bits a second, where it has one that is known.
    fn speed(&self) -> Option<u32> {
        None
    }

    /// Tells when what was handed over so far will have left, by the speed of the line; nothing where that does not matter.
    fn busy_until(&self) -> Option<Instant> {
        None
    }

    /// Tells how frames are written on a line of octets from here on, as LCP has agreed, or as nothing is agreed any more.
    fn set_framing(&mut self, framing: LineFraming) {
        let _ = framing;
    }

    /// Tells that a port asked for is ready.
    fn port_ready(&mut self, now: Instant, port: PortId, facts: &PortFacts);

    /// Tells that a port is closed or could not be opened. The link answers with [`LinkEvent::Down`].
    fn port_closed(&mut self, now: Instant, port: PortId, closed: &PortClosed);

    /// Ends the link in good order; [`LinkEvent::Down`] follows at the latest after [`Link::close_limit`].
    fn close(&mut self, now: Instant, cause: &Cause);

    /// Tells how long an orderly close may take at the most.
    fn close_limit(&self) -> Duration;

    /// Tells whether the link carries nothing any more and only takes its leave; [`LinkEvent::Down`] follows.
    fn is_ending(&self) -> bool;

    /// Binds the inner authentication to the outer channel (SSTP crypto binding); others ignore it.
    fn bind(&mut self, now: Instant, keys: &SessionKeys) {
        let _ = (now, keys);
    }
}

/// How frames are written on a line of octets (RFC 1662), as LCP has it at the moment.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct LineFraming {
    /// The control characters that we escape, a bit each (RFC 1662 7.1).
    pub send_accm: u32,
    /// Those that the peer escapes: one that comes as it is was put in by the line.
    pub receive_accm: u32,
    /// Our frames have a checksum of 32 bits (RFC 1570 2.1), but for LCP's codes 1 to 7 (RFC 1661 5).
    pub send_fcs32: bool,
    /// Likewise the peer's.
    pub receive_fcs32: bool,
    /// The peer may expect 32 bits although nothing is agreed any more, or not yet: LCP's requests go out with both checksums,
    /// one after the other (RFC 1570 2.1.1).
    pub requests_twice: bool,
}

impl Default for LineFraming {
    /// As it is before anything was negotiated: all control characters are escaped, 16 bits.
    fn default() -> Self {
        Self {
            send_accm: u32::MAX,
            receive_accm: u32::MAX,
            send_fcs32: false,
            receive_fcs32: false,
            requests_twice: false,
        }
    }
}

/// What a link tells the connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LinkEvent {
    /// The link wants something done to a port.
    Port(PortId, PortCommand),
    /// This device is connected by the next [`Link::connect`]; the one before it, if there was one, is connected. Without
    /// this event it is the medium's own.
    Next(Device),
    /// The client has the line until [`Link::resume`].
    Interactive {
        /// Why.
        what: Interaction,
        /// What ends the dial if nobody may have it, where that is more than that.
        otherwise: Option<Cause>,
    },
    /// The line has told the address that this host asks for.
    Address(Ipv4Addr),
    /// PPP frames can flow.
    Up(LinkParams),
    /// The link is gone or could not be made; nothing follows.
    Down(Cause),
}

/// What is known of a link that is up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkParams {
    /// The largest PPP information field, in bytes, that the carrier takes without splitting.
    pub mru: u16,
    /// Bytes that the carrier adds to a PPP frame, for MTU arithmetic.
    pub overhead: u16,
}

/// Names a port within one connection.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PortId(pub u8);

/// What a link wants done to a port.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PortCommand {
    /// Open it; the answer is `port_ready` or `port_closed`.
    Open(PortSpec),
    /// Do this to the lines of a serial port; one that has none takes no notice.
    Line(LineCommand),
    /// Send what is queued, say goodbye if the port has a way to, and close.
    Close,
}

/// What is done to the control lines of a serial port.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LineCommand {
    /// Raises or drops DTR (V.24 circuit 108/2): a modem hangs up when it drops.
    Dtr(bool),
    /// Has the port close when the carrier (circuit 109) drops, or not.
    WatchCarrier(bool),
    /// Has characters look like this, until the port is closed.
    Format(CharacterFormat),
}

/// How a character is written on a serial line.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct CharacterFormat {
    /// Its bits, from 5 to 8.
    pub data_bits: u8,
    /// The bit behind them.
    pub parity: Parity,
    /// What ends it.
    pub stop_bits: StopBits,
}

impl CharacterFormat {
    /// Checks that a line has characters like that.
    ///
    /// # Errors
    /// It has other bits.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if (5..=8).contains(&self.data_bits) {
            return Ok(());
        }
        Err(InvalidSetting::new("data_bits", format!("is {}", self.data_bits), "give 5 to 8 bits"))
    }
}

impl Default for CharacterFormat {
    /// RFC 1662 5: PPP needs all eight bits; no parity, one stop bit.
    fn default() -> Self {
        Self { data_bits: 8, parity: Parity::None, stop_bits: StopBits::One }
    }
}

/// The bit that tells a character that was spoilt.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Parity {
    /// There is none.
    None,
    /// It makes the number of ones odd.
    Odd,
    /// It makes it even.
    Even,
    /// It is 1.
    Mark,
    /// It is 0.
    Space,
}

/// How long a character's end is, in bits.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum StopBits {
    /// One.
    One,
    /// Two.
    Two,
}

/// What to open.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PortSpec {
    /// A TLS stream over TCP.
    Tls(TlsSpec),
    /// A serial port.
    Serial(SerialPort, LineSettings),
}

/// Where a TLS stream goes and whom it trusts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsSpec {
    /// Host name or address to connect to.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The name that the certificate must carry, also sent as SNI; `host` if empty.
    pub server_name: String,
    /// Which certificates are accepted.
    pub trust: Trust,
    /// The HTTP proxy that connects us.
    pub proxy: Option<HttpProxy>,
}

impl TlsSpec {
    /// Where a TLS stream to an SSTP server goes.
    #[must_use]
    pub fn to(settings: &SstpSettings) -> Self {
        Self {
            host: settings.server.clone(),
            port: settings.port,
            server_name: settings.server_name.clone(),
            trust: settings.trust.clone(),
            proxy: settings.proxy.clone(),
        }
    }
}

/// What is known of a port that is ready.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct PortFacts {
    /// Our address.
    pub local: Option<SocketAddr>,
    /// The peer's address.
    pub peer: Option<SocketAddr>,
    /// Digests of the server's leaf certificate: the peer's when we dial, our own when we answer.
    pub leaf: Option<Leaf>,
    /// How the port is protected, for people, such as `"TLS 1.3, TLS13_AES_256_GCM_SHA384"`.
    pub protection: String,
    /// It is a serial port with control lines (V.24): DTR hangs a modem up, and the carrier can be watched.
    pub has_lines: bool,
}

/// Digests of a leaf certificate in DER form.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Leaf {
    /// SHA-1, as one of the two hashes that SSTP's crypto binding may ask for.
    pub sha1: [u8; 20],
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// Why a port is not there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PortClosed {
    /// It could not be opened, or it broke.
    Failed(Cause),
    /// The peer ended it between two records, with a goodbye or without.
    ByPeer,
    /// It closed because we asked.
    ByUs,
}
