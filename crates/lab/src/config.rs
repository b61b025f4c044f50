//! What a lab is told.

use crate::modem::ModemConfig;
use crate::{Faults, Pool, User};
use rasman_core::{AuthMethod, Duration, Secret};
use rasman_ppp::{CallbackPolicy, FarNetwork, MppeStrength};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// What a lab is told. The default serves [`DEFAULT_USER`] on a free port of the loopback interface, without faults.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Who may dial in.
    pub users: Vec<User>,
    /// The addresses that clients are given.
    pub pool: Pool,
    /// The lab's own address inside every tunnel.
    pub gateway: Ipv4Addr,
    /// The name servers that clients are given; the lab itself answers at [`gateway`](Self::gateway).
    pub dns: Vec<Ipv4Addr>,
    /// What clients are told by DHCPINFORM and, where there is IPv6, by router advertisements and DHCPv6.
    pub far: FarNetwork,
    /// The strengths of MPPE that are asked for; none by default.
    pub mppe: Vec<MppeStrength>,
    /// The lab's name: in challenges, on the page, and in the certificate's subject.
    pub name: String,
    /// Answer with TLS 1.2 only, as servers of the last decade do.
    pub tls12_only: bool,
    /// The hash protocols offered for the crypto binding: 1 SHA-1, 2 SHA-256, 3 both.
    pub hashes: u8,
    /// The authentication methods that are demanded, most preferred first.
    pub authentication: Vec<AuthMethod>,
    /// The RADIUS server that judges clients, by EAP alone: [`users`](Self::users), [`authentication`](Self::authentication)
    /// and the fault of accounts do not count then. `None` lets the lab judge itself.
    pub radius: Option<SocketAddr>,
    /// The secret that the lab shares with it.
    pub radius_secret: Secret,
    /// How many further attempts a refused client has on the same link.
    pub retries: u32,
    /// What goes wrong.
    pub faults: Faults,
    /// Where [`run`](crate::run) writes the certificate of the lab's authority, as PEM.
    pub ca_file: Option<PathBuf>,
    /// Whether clients that call by telephone are called back, for which one of the modems has to have the number; `None`
    /// for never.
    pub callback: Option<CallbackPolicy>,
    /// Ask clients that call by telephone for checksums of 32 bits (RFC 1570 2.1); those that ask get them in any case.
    pub fcs32: bool,
    /// Modems, each at a pseudo-terminal of its own; none by default.
    pub modems: Vec<ModemConfig>,
    /// The page at `/`; `None` for the built-in one.
    pub http_page: Option<String>,
    /// What is behind it is the system's: each client gets a network device here, whose address is the gateway, instead
    /// of the services. Needs the right to make one (CAP_NET_ADMIN).
    pub device: bool,
    /// The largest body, in bytes, of a download or an upload inside.
    pub bulk_max: u64,
    /// The most sessions at one time; further clients are refused.
    pub max_sessions: usize,
    /// How long a client may take for the TLS handshake.
    pub handshake_limit: Duration,
    /// After which silence of the client an SSTP Echo Request is sent, and after which further one the session ends.
    pub hello: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            users: vec![User::new(DEFAULT_USER, DEFAULT_PASSWORD)],
            pool: Pool::default(),
            gateway: Ipv4Addr::new(10, 99, 0, 1),
            dns: vec![Ipv4Addr::new(10, 99, 0, 1)],
            far: FarNetwork::default(),
            mppe: Vec::new(),
            name: "vpn.lab.test".to_owned(),
            tls12_only: false,
            hashes: 3,
            authentication: vec![AuthMethod::MsChapV2],
            radius: None,
            radius_secret: Secret::default(),
            retries: 2,
            faults: Faults::default(),
            ca_file: None,
            callback: None,
            fcs32: false,
            modems: Vec::new(),
            http_page: None,
            device: false,
            bulk_max: 64 << 30,
            max_sessions: 2000,
            handshake_limit: Duration::from_secs(10),
            hello: Duration::from_secs(60),
        }
    }
}

/// The user of a lab that was told of none.
pub const DEFAULT_USER: &str = "alice";
/// The password of [`DEFAULT_USER`]: public, and therefore only good for tests.
pub const DEFAULT_PASSWORD: &str = "wonderland";
