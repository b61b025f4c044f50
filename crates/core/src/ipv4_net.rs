//! Networks where the protocol has no others than those of IPv4, as DHCP's routes; what they mean is [`IpNet`]'s.

use crate::{IpNet, NotANetwork};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr};
use core::str::FromStr;

/// An [`IpNet`] of IPv4, such as `10.1.0.0/16`. The bits that do not count are 0.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ipv4Net {
    address: Ipv4Addr,
    prefix: u8,
}

impl Ipv4Net {
    /// Makes the network that `address` is in; nothing for more than 32 bits.
    #[must_use]
    pub fn new(address: Ipv4Addr, prefix: u8) -> Option<Self> {
        IpNet::new(address.into(), prefix)?.try_into().ok()
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
        IpNet::from(self).contains(other.into())
    }
}

impl TryFrom<IpNet> for Ipv4Net {
    type Error = NotANetwork;

    fn try_from(net: IpNet) -> Result<Self, NotANetwork> {
        match net.address() {
            IpAddr::V4(address) => Ok(Self { address, prefix: net.prefix() }),
            IpAddr::V6(_) => Err(NotANetwork),
        }
    }
}

impl fmt::Display for Ipv4Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        IpNet::from(*self).fmt(f)
    }
}

impl FromStr for Ipv4Net {
    type Err = NotANetwork;

    /// Reads `10.1.0.0/16`, or one address, as [`IpNet`] does.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        text.parse::<IpNet>()?.try_into()
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
