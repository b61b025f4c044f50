//! The versions of IP, which the kernel keeps routes and rules of apart.

use rasman_core::IpNet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A version of IP.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) fn of(network: IpNet) -> Self {
        if network.address().is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// All addresses.
    pub(super) fn everything(self) -> IpNet {
        let lowest = match self {
            Self::V4 => Ipv4Addr::UNSPECIFIED.into(),
            Self::V6 => Ipv6Addr::UNSPECIFIED.into(),
        };
        IpNet::new(lowest, 0).expect("no bits are few enough")
    }
}
