//! Networks of either version of IP: an address and how many of its bits count.

use crate::Ipv4Net;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// A network such as `10.1.0.0/16` or `2001:db8::/32`. The bits that do not count are 0.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IpNet {
    address: IpAddr,
    prefix: u8,
}

impl IpNet {
    /// Makes the network that `address` is in; nothing for more bits than it has.
    #[must_use]
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let bits = width(address).checked_sub(prefix)?;
        Some(Self { address: with_bits(address, bits_of(address).checked_shr(bits.into()).unwrap_or(0), bits), prefix })
    }

    /// Makes the network of one host.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        Self { address, prefix: width(address) }
    }

    /// Gives its lowest address.
    #[must_use]
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// Tells how many bits count.
    #[must_use]
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// Tells whether all of `other` is in it; nothing of another version is.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && self.prefix <= other.prefix
            && Self::new(other.address, self.prefix) == Some(self)
    }

    /// Gives its lower and its upper half; nothing of one host.
    #[must_use]
    pub fn halves(self) -> Option<(Self, Self)> {
        let prefix = self.prefix + 1;
        let below = width(self.address).checked_sub(prefix)?;
        let upper = with_bits(self.address, bits_of(self.address) >> below | 1, below);
        Some((Self { prefix, ..self }, Self { address: upper, prefix }))
    }
}

impl From<Ipv4Net> for IpNet {
    fn from(net: Ipv4Net) -> Self {
        Self { address: net.address().into(), prefix: net.prefix() }
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Gives an address of the same version whose bits are these and so many zeros.
fn with_bits(like: IpAddr, bits: u128, zeros: u8) -> IpAddr {
    let bits = bits.checked_shl(zeros.into()).unwrap_or(0);
    match like {
        IpAddr::V4(_) => Ipv4Addr::from_bits(bits as u32).into(),
        IpAddr::V6(_) => Ipv6Addr::from_bits(bits).into(),
    }
}

impl fmt::Display for IpNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for IpNet {
    type Err = NotANetwork;

    /// Reads `10.1.0.0/16`, `2001:db8::/32`, or one address. Bits that do not count must be 0: `10.1.2.3/16` is a mistake.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let Some((address, prefix)) = text.split_once('/') else {
            return text.parse().map(Self::host).map_err(|_| NotANetwork);
        };
        let address = address.parse().map_err(|_| NotANetwork)?;
        let prefix = prefix.parse().map_err(|_| NotANetwork)?;
        Self::new(address, prefix).filter(|net| net.address == address).ok_or(NotANetwork)
    }
}

/// A text is no network.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct NotANetwork;

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is no network such as 10.1.0.0/16 or 2001:db8::/32")
    }
}

impl core::error::Error for NotANetwork {}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    #[test]
    fn networks_of_both_versions_are_read_and_written() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "192.0.2.1/32", "::/0", "2001:db8::/32", "2001:db8::1/128", "8000::/1"]
        {
            assert_eq!(net(text).to_string(), text);
        }
        for bad in
            ["", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "::/129", "2001:db8::1/64", "::/-1", "::1/0"]
        {
            assert_eq!(bad.parse::<IpNet>(), Err(NotANetwork), "{bad}");
        }
        assert_eq!(IpNet::new("2001:db8::7".parse().unwrap(), 64), Some(net("2001:db8::/64")));
        assert_eq!(IpNet::new("2001:db8::7".parse().unwrap(), 0), Some(net("::/0")));
        assert_eq!((net("192.0.2.1"), net("2001:db8::1")), (net("192.0.2.1/32"), net("2001:db8::1/128")));
        assert_eq!(IpNet::from("10.0.0.0/8".parse::<Ipv4Net>().unwrap()), net("10.0.0.0/8"));
    }

    #[test]
    fn halves_and_what_is_inside() {
        assert_eq!(net("::/0").halves(), Some((net("::/1"), net("8000::/1"))));
        assert_eq!(net("0.0.0.0/0").halves(), Some((net("0.0.0.0/1"), net("128.0.0.0/1"))));
        assert_eq!(net("10.0.0.0/31").halves(), Some((net("10.0.0.0/32"), net("10.0.0.1/32"))));
        assert_eq!(net("2001:db8::/127").halves(), Some((net("2001:db8::/128"), net("2001:db8::1/128"))));
        assert_eq!((net("10.0.0.0/32").halves(), net("::1/128").halves()), (None, None));
        assert!(net("2001:db8::/32").contains(net("2001:db8:1::/48")));
        assert!(net("::/0").contains(net("::1/128")) && !net("::/0").contains(net("0.0.0.0/0")));
        assert!(!net("2001:db8::/32").contains(net("2001::/16")) && !net("10.0.0.0/8").contains(net("11.0.0.0/8")));
    }
}
