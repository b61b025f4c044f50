//! What one PPP link is asked to do.

use crate::CallbackOffer;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use rasman_auth::Accounts;
use rasman_auth::eap::{NoTunnels, ServerTunnels, Tunnels};
use rasman_core::{AuthMethod, Duration, EapSettings, Ipv4Net, Ipv6Link, line_time, with_interface_id};
use std::sync::Arc;

/// What the dialling end of a link asks for.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The authentication methods that are allowed, most preferred first.
    pub authentication: Vec<AuthMethod>,
    /// What those of EAP need.
    pub eap: ClientEap,
    /// Ask for this address and take no other; `None` takes any.
    pub request_address: Option<Ipv4Addr>,
    /// Ask for name servers.
    pub request_dns: bool,
    /// Ask for NetBIOS name servers.
    pub request_nbns: bool,
    /// Whether IPv6 is spoken as well.
    pub ipv6: Ipv6Wish,
    /// Ask for routes and the suffix of names by DHCPINFORM once packets flow.
    pub inform: bool,
    /// Encryption by MPPE, which is weak: only where the entry consents. `None` rejects CCP.
    pub mppe: Option<Mppe>,
    /// Compress TCP headers (RFC 1144), and let the peer; not beside MPPE.
    pub header_compression: bool,
    /// The largest packet that we want to receive, in bytes.
    pub mru: u16,
    /// Timers and counters.
    pub negotiation: Negotiation,
    /// Keep-alive by LCP Echo-Request; `None` sends none (SSTP has its own).
    pub echo: Option<Echo>,
    /// What is asked of the framing.
    pub framing: Framing,
    /// Agree to negotiate a callback, and how long our modem needs before it can be called, in whole seconds up to 255.
    /// `None` rejects it.
    pub callback: Option<Duration>,
    /// What an LCP Identification tells the peer when the link is established (RFC 1570 1.1); `None` sends none.
    pub identification: Option<String>,
}

impl Default for ClientConfig {
    /// MS-CHAPv2, any address, name servers, MRU 1500, no keep-alive, no Identification.
    fn default() -> Self {
        Self {
            authentication: vec![AuthMethod::MsChapV2],
            eap: ClientEap::default(),
            request_address: None,
            request_dns: true,
            request_nbns: false,
            ipv6: Ipv6Wish::default(),
            inform: false,
            mppe: None,
            header_compression: false,
            mru: DEFAULT_MRU,
            negotiation: Negotiation::default(),
            echo: None,
            framing: Framing::default(),
            callback: None,
            identification: None,
        }
    }
}

/// What EAP needs at the dialling end.
#[derive(Clone)]
pub struct ClientEap {
    /// Whom it believes, and what it shows.
    pub settings: EapSettings,
    /// Where TLS comes from.
    pub tunnels: Arc<dyn Tunnels>,
}

impl Default for ClientEap {
    /// Trusts nobody and has no TLS.
    fn default() -> Self {
        Self { settings: EapSettings::default(), tunnels: Arc::new(NoTunnels) }
    }
}

impl fmt::Debug for ClientEap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientEap").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What the answering end of a link demands and gives.
#[derive(Clone)]
pub struct ServerConfig {
    /// The authentication methods that are demanded, most preferred first.
    pub authentication: Vec<AuthMethod>,
    /// The users.
    pub accounts: Arc<dyn Accounts + Send + Sync>,
    /// Where EAP's TLS comes from; [`NoTunnels`] if it needs none.
    pub tunnels: Arc<dyn ServerTunnels>,
    /// EAP is judged by a server that is elsewhere (RFC 3748 2.3): each response is told as
    /// [`Event::EapResponse`](crate::Event::EapResponse). Accounts and tunnels are not used for it, and which of its methods
    /// is agreed on is that server's business.
    pub eap_elsewhere: bool,
    /// Whether PEAP's server binds what is inside to the tunnel.
    pub crypto_binding: bool,
    /// The name that goes with a challenge.
    pub name: String,
    /// How many further attempts a refused peer has on the same link.
    pub retries: u32,
    /// Our address inside the tunnel.
    pub local: Ipv4Addr,
    /// The address that the peer is given.
    pub address: Ipv4Addr,
    /// The name servers that the peer is given; the first two are used.
    pub dns: Vec<Ipv4Addr>,
    /// The NetBIOS name servers that the peer is given; the first two are used.
    pub nbns: Vec<Ipv4Addr>,
    /// Whether IPv6 is spoken as well.
    pub ipv6: Ipv6Wish,
    /// What the peer is told beyond its address.
    pub far: FarNetwork,
    /// Encryption by MPPE; `None` rejects CCP.
    pub mppe: Option<Mppe>,
    /// Compress TCP headers (RFC 1144), and let the peer; not beside MPPE.
    pub header_compression: bool,
    /// The largest packet that we want to receive, in bytes.
    pub mru: u16,
    /// Timers and counters.
    pub negotiation: Negotiation,
    /// Keep-alive by LCP Echo-Request; `None` sends none.
    pub echo: Option<Echo>,
    /// What is asked of the framing.
    pub framing: Framing,
    /// Whether the peer is called back; `None` rejects it.
    pub callback: Option<CallbackPolicy>,
    /// What an LCP Identification tells the peer when the link is established (RFC 1570 1.1); `None` sends none.
    pub identification: Option<String>,
}

impl ServerConfig {
    /// MS-CHAPv2 without a second attempt, no name servers, MRU 1500, no keep-alive, no Identification.
    #[must_use]
    pub fn new(accounts: Arc<dyn Accounts + Send + Sync>, local: Ipv4Addr, address: Ipv4Addr) -> Self {
        Self {
            authentication: vec![AuthMethod::MsChapV2],
            accounts,
            tunnels: Arc::new(NoTunnels),
            eap_elsewhere: false,
            crypto_binding: true,
            name: String::new(),
            retries: 0,
            local,
            address,
            dns: Vec::new(),
            nbns: Vec::new(),
            ipv6: Ipv6Wish::default(),
            far: FarNetwork::default(),
            mppe: None,
            header_compression: false,
            mru: DEFAULT_MRU,
            negotiation: Negotiation::default(),
            echo: None,
            framing: Framing::default(),
            callback: None,
            identification: None,
        }
    }
}

/// What callbacks an answering side is ready for, once it knows who calls. Where `none` is not among them, the peer has to
/// negotiate one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CallbackPolicy {
    /// The connection may go on as it is.
    pub none: bool,
    /// The peer names the number.
    pub by_caller: bool,
    /// The number at which it is called whatever it says.
    pub preset: Option<String>,
    /// Numbers of which it chooses one.
    pub list: Vec<String>,
}

impl CallbackPolicy {
    /// Gives what the peer is told of it.
    #[must_use]
    pub(crate) fn offer(&self) -> CallbackOffer {
        let Self { none, by_caller, preset, list } = self;
        CallbackOffer { none: *none, by_caller: *by_caller, preset: preset.is_some(), list: list.clone() }
    }
}

/// What an answering side tells by DHCPINFORM, router advertisements and DHCPv6; nothing by default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FarNetwork {
    /// Networks that are reached through the tunnel.
    pub routes: Vec<Ipv4Net>,
    /// The suffix of names.
    pub domain: String,
    /// Suffixes to look names up with.
    pub search: Vec<String>,
    /// What is told over IPv6; the wish of [`ServerConfig::ipv6`] decides whether it is spoken at all.
    pub ipv6: Option<FarIpv6>,
}

/// The IPv6 of an answering side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FarIpv6 {
    /// The 64 bits of the link's network.
    pub prefix: Ipv6Addr,
    /// The address that DHCPv6 gives; `None` lets the peer make its own of the prefix.
    pub address: Option<Ipv6Addr>,
    /// Name servers.
    pub dns: Vec<Ipv6Addr>,
    /// Networks that are reached through the tunnel, beside the default route.
    pub routes: Vec<(Ipv6Addr, u8)>,
    /// The largest packet.
    pub mtu: Option<u16>,
}

impl FarIpv6 {
    /// Gives the address that the peer of a link has by what it is told.
    #[must_use]
    pub fn address_of_peer(&self, link: &Ipv6Link) -> Ipv6Addr {
        self.address.unwrap_or_else(|| with_interface_id(self.prefix, link.peer))
    }
}

/// How frames are written on a line that carries octets one by one (RFC 1661 6.5, 6.6, RFC 1662 7.1).
///
/// In a configuration it is what we ask for; [`Ppp::framing`](crate::Ppp::framing) gives what was agreed for what we
/// send. The default asks for nothing: SSTP, L2TP and PPPoE have frames of their own, on which the map means nothing
/// and a few saved octets are not worth a peer that does not understand them.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Framing {
    /// The control characters that the sender has to escape, a bit each (ACCM); `None` means all of them.
    pub accm: Option<u32>,
    /// Protocol numbers below 0x100 take one octet (PFC).
    pub compress_protocol: bool,
    /// The address and control octets are left out, but not on LCP packets (ACFC).
    pub compress_address: bool,
    /// How frames are checked (FCS-Alternatives, RFC 1570 2.1).
    pub checksum: Checksum,
}

/// Who checks frames, and how.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Checksum {
    /// The carrier, in its own way: it cannot be negotiated.
    #[default]
    Carrier,
    /// Our framing, by 16 bits; a peer that asks for 32 gets them.
    Fcs16,
    /// By 32 bits, for which the peer is asked.
    Fcs32,
}

/// Whether IPV6CP is negotiated.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Ipv6Wish {
    /// No: it is rejected.
    #[default]
    Off,
    /// When the peer begins. A server that has IPv6 says so, and some that have none stop for seconds when asked
    /// (SoftEther does).
    WhenOffered,
    /// Yes: we begin once IPv4 is up. A peer that does not speak it costs nothing.
    Ask,
}

/// What is agreed on by MPPE (RFC 3078).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mppe {
    /// The strengths that are taken, most preferred first; not empty.
    pub strengths: Vec<MppeStrength>,
    /// The mode that is asked for; stateless is always taken from the peer.
    pub mode: MppeMode,
    /// No packet flows in clear: the link ends with 742 if the peer does not encrypt.
    pub required: bool,
}

impl Default for Mppe {
    /// 128 bits, stateless, required.
    fn default() -> Self {
        Self { strengths: vec![MppeStrength::Bits128], mode: MppeMode::Stateless, required: true }
    }
}

/// How many bits of an MPPE key count.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum MppeStrength {
    /// 40 bits: anybody can try them all.
    Bits40,
    /// 56 bits: likewise.
    Bits56,
    /// 128 bits.
    Bits128,
}

impl MppeStrength {
    /// Gives how many bits of a key count.
    pub(crate) fn bits(self) -> u8 {
        match self {
            Self::Bits40 => 40,
            Self::Bits56 => 56,
            Self::Bits128 => 128,
        }
    }

    /// RFC 3079 3.4: keys of 40 and 56 bits have 8 octets.
    pub(crate) fn key_octets(self) -> usize {
        match self {
            Self::Bits40 | Self::Bits56 => 8,
            Self::Bits128 => 16,
        }
    }
}

impl fmt::Display for MppeStrength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bits40 => "40 bits",
            Self::Bits56 => "56 bits",
            Self::Bits128 => "128 bits",
        })
    }
}

/// When MPPE changes its key (RFC 3078 7).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum MppeMode {
    /// With each 256th packet: cheaper, but a lost packet costs a round trip.
    Stateful,
    /// With each packet.
    Stateless,
}

/// Timers and counters of a negotiation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Negotiation {
    /// RFC 1661 4.6 Restart Timer: a request without an answer is repeated after this; 3 s. A slow line needs more
    /// ([`Ppp::set_times`](crate::Ppp::set_times)).
    pub restart: Duration,
    /// RFC 1661 4.6 Max-Configure: Configure-Requests without an answer; 10.
    pub max_configure: u32,
    /// RFC 1661 4.6 Max-Terminate: Terminate-Requests without an answer; 2.
    pub max_terminate: u32,
    /// RFC 1661 4.6 Max-Failure: Configure-Naks sent before options are rejected instead; 5.
    pub max_failure: u32,
    /// How many rounds (requests sent, answers other than Configure-Ack sent) a layer has to come up; 40. The RFC's
    /// counters start again with each answer, so alone they never end a negotiation with a peer that keeps talking.
    pub max_rounds: u32,
    /// How often in a row a peer may take an open layer down to negotiate again, each time within a minute of its
    /// coming up; 20. A layer that stayed up for a minute starts the count anew, so a link may last for years with a
    /// server that negotiates every day.
    pub max_renegotiations: u32,
    /// How long a client waits for the challenge, and a server for a client's next attempt; 60 s, so that a person can
    /// type a password.
    pub authentication: Duration,
}

impl Negotiation {
    /// Gives the Restart timer for a line of `speed` bits a second, or of no known speed if it is 0.
    ///
    /// RFC 1661 4.6 leaves it to the speed of the link. At 300 bit/s three seconds are less than a request and its answer
    /// take: requests would be repeated until the repetitions alone fill the line.
    #[must_use]
    pub fn restart_on_line(speed: u32) -> Duration {
        Self::default().restart + line_time(EXCHANGE, speed)
    }
}

/// A request of each end and both answers, with the control characters of all four escaped (RFC 1662 7).
const EXCHANGE: usize = 256;

impl Default for Negotiation {
    fn default() -> Self {
        Self {
            restart: Duration::from_secs(3),
            max_configure: 10,
            max_terminate: 2,
            max_failure: 5,
            max_rounds: 40,
            max_renegotiations: 20,
            authentication: Duration::from_secs(60),
        }
    }
}

/// Keep-alive by LCP Echo-Request (RFC 1661 5.8). Whatever comes from the peer counts as life: a request is only sent
/// after a silence.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Echo {
    /// The silence after which a request is sent, and the time from one request to the next while it lasts.
    pub interval: Duration,
    /// The link is given up when so many requests in a row have had no reply: `failures + 1` intervals after the peer was
    /// last heard, and later by what goes before the last request ([`Ppp::busy_until`](crate::Ppp::busy_until)).
    pub failures: u32,
}

/// RFC 1661 6.1: the MRU of a peer that names none.
pub(crate) const DEFAULT_MRU: u16 = 1500;
