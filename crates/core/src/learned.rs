//! What the far network tells after the negotiation: routes, names, IPv6.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::Ipv4Net;

/// The interface identifiers of both ends (RFC 5072 4.1), which make the link-local addresses.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Ipv6Link {
    /// Ours.
    pub local: [u8; 8],
    /// The peer's.
    pub peer: [u8; 8],
}

impl Ipv6Link {
    /// Gives our link-local address.
    #[must_use]
    pub fn local_address(&self) -> Ipv6Addr {
        with_interface_id(LINK_LOCAL, self.local)
    }

    /// Gives the peer's link-local address.
    #[must_use]
    pub fn peer_address(&self) -> Ipv6Addr {
        with_interface_id(LINK_LOCAL, self.peer)
    }
}

/// Puts an interface identifier behind the 64 bits of a prefix.
#[must_use]
pub fn with_interface_id(prefix: Ipv6Addr, id: [u8; 8]) -> Ipv6Addr {
    let mut octets = prefix.octets();
    octets[8..].copy_from_slice(&id);
    octets.into()
}

/// What the far network has told beyond the projection, so far. It comes after Connected, if it comes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Learned {
    /// Networks that are reached through the tunnel (DHCP options 121 and 249).
    pub routes: Vec<Ipv4Net>,
    /// Name servers that DHCP names.
    pub dns: Vec<Ipv4Addr>,
    /// The suffix of names (DHCP option 15); empty if none was told.
    pub domain: String,
    /// Suffixes to look names up with (DHCP option 119, DHCPv6, router advertisements).
    pub search: Vec<String>,
    /// What IPv6 has been set up, if the peer speaks it.
    pub ipv6: Option<Ipv6Setup>,
}

/// The IPv6 of a link.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Ipv6Setup {
    /// The identifiers that were negotiated.
    pub link: Ipv6Link,
    /// Our addresses beside the link-local one, with how many bits of them are the network's.
    pub addresses: Vec<(Ipv6Addr, u8)>,
    /// Networks that are reached through the tunnel; `::/0` if the peer is a default router.
    pub routes: Vec<(Ipv6Addr, u8)>,
    /// Name servers, most preferred first, without repeats.
    pub dns: Vec<Ipv6Addr>,
    /// The largest packet that routers let through, if they say so.
    pub mtu: Option<u16>,
}

impl Ipv6Setup {
    /// Makes the setup of a link of which nothing but its identifiers is known.
    #[must_use]
    pub fn new(link: Ipv6Link) -> Self {
        Self { link, addresses: Vec::new(), routes: Vec::new(), dns: Vec::new(), mtu: None }
    }
}

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        let mut list = |name: &str, items: Vec<String>| {
            if !items.is_empty() {
                parts.push(format!("{name} {}", items.join(" ")));
            }
        };
        list("routes", self.routes.iter().map(ToString::to_string).collect());
        list("DNS", self.dns.iter().map(ToString::to_string).collect());
        list("suffix", self.domain.split_whitespace().map(str::to_owned).collect());
        list("search", self.search.clone());
        if let Some(ipv6) = &self.ipv6 {
            let net = |(address, prefix): &(Ipv6Addr, u8)| format!("{address}/{prefix}");
            list("IPv6", ipv6.addresses.iter().map(net).collect());
            list("IPv6 routes", ipv6.routes.iter().map(net).collect());
            list("IPv6 DNS", ipv6.dns.iter().map(ToString::to_string).collect());
        }
        f.write_str(&parts.join(", "))
    }
}

/// RFC 4291 2.5.6.
const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);
