//! IPv4 networks: an address and how many of its bits count.

use crate::NotANetwork;
use core::fmt;
use core::net::Ipv4Addr;
use core::str::FromStr;

/// A network such as `10.1.0.0/16`. The bits that do not count are 0.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ipv4Net {
    address: Ipv4Addr,
    prefix: u8,
}

impl Ipv4Net {
    /// Makes the network that `address` is in; nothing for more than 32 bits.
    #[must_use]
    pub fn new(address: Ipv4Addr, prefix: u8) -> Option<Self> {
        let mask = mask(prefix)?;
        Some(Self { address: Ipv4Addr::from_bits(address.to_bits() & mask), prefix })
    }

    /// Makes the network of one host.
    #[must_use]
    pub fn host(address: Ipv4Addr) -> Self {
        Self { address, prefix: 32 }
    }

    /// Gives its lowest address.
    #[must_use]
    pub fn address(self) -> Ipv4Addr {
        self.address
    }

    /// Tells how many bits count.
    #[must_use]
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// Tells whether all of `other` is in it.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.prefix <= other.prefix && Self::new(other.address, self.prefix) == Some(self)
    }
}

fn mask(prefix: u8) -> Option<u32> {
    match prefix {
        0 => Some(0),
        1..=32 => Some(u32::MAX << (32 - prefix)),
        _ => None,
    }
}

impl fmt::Display for Ipv4Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Ipv4Net {
    type Err = NotANetwork;

    /// Reads `10.1.0.0/16`, or one address. Bits that do not count must be 0: `10.1.2.3/16` is a mistake.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, prefix.parse().map_err(|_| NotANetwork)?),
            None => (text, 32),
        };
        let address = address.parse().map_err(|_| NotANetwork)?;
        Self::new(address, prefix).filter(|net| net.address == address).ok_or(NotANetwork)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn networks_are_read_and_written() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "192.0.2.1/32", "128.0.0.0/1"] {
            assert_eq!(net(text).to_string(), text);
        }
        assert_eq!(net("192.0.2.1").prefix(), 32);
        for bad in ["", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10/8", "10.0.0.0/-1", "::/0", "a/8", "10.0.0.0/256"]
        {
            assert_eq!(bad.parse::<Ipv4Net>(), Err(NotANetwork), "{bad}");
        }
        assert_eq!(Ipv4Net::new(Ipv4Addr::new(10, 1, 2, 3), 8), Some(net("10.0.0.0/8")));
    }

    #[test]
    fn what_is_inside() {
        assert!(net("10.0.0.0/8").contains(net("10.1.0.0/16")) && net("10.0.0.0/8").contains(net("10.0.0.0/8")));
        assert!(!net("10.1.0.0/16").contains(net("10.0.0.0/8")) && !net("10.0.0.0/8").contains(net("11.0.0.0/8")));
    }
}
