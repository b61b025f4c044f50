//! Packets that came before their phase.

use crate::Protocol;
use crate::packet::PacketCode;

/// Early packets, kept so that no restart timer decides what a packet can: a peer that is a step ahead of us has
/// already sent what we need next.
///
/// Kept is the latest of each kind that begins something, one packet a protocol: a Configure-Request of LCP, IPCP, IPV6CP
/// or CCP, a CHAP Challenge, an EAP Request, a PAP Authenticate-Request, a Callback-Request. All of these have code 1.
#[derive(Default)]
pub(crate) struct Parked {
    lcp: Option<Vec<u8>>,
    pap: Option<Vec<u8>>,
    chap: Option<Vec<u8>>,
    eap: Option<Vec<u8>>,
    cbcp: Option<Vec<u8>>,
    ipcp: Option<Vec<u8>>,
    ipv6cp: Option<Vec<u8>>,
    ccp: Option<Vec<u8>>,
}

impl Parked {
    /// Keeps a packet if it begins something and is of a sane size; tells whether it did.
    pub(crate) fn keep(&mut self, protocol: Protocol, information: &[u8]) -> bool {
        let begins = information.first() == Some(&PacketCode::CONFIGURE_REQUEST.0);
        if !begins || information.len() > SIZE_MAX {
            return false;
        }
        let Some(slot) = self.slot(protocol) else { return false };
        *slot = Some(information.to_vec());
        true
    }

    /// Takes the packet of a protocol.
    pub(crate) fn take(&mut self, protocol: Protocol) -> Option<Vec<u8>> {
        self.slot(protocol)?.take()
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn slot(&mut self, protocol: Protocol) -> Option<&mut Option<Vec<u8>>> {
        match protocol {
            Protocol::LCP => Some(&mut self.lcp),
            Protocol::PAP => Some(&mut self.pap),
            Protocol::CHAP => Some(&mut self.chap),
            Protocol::EAP => Some(&mut self.eap),
            Protocol::CBCP => Some(&mut self.cbcp),
            Protocol::IPCP => Some(&mut self.ipcp),
            Protocol::IPV6CP => Some(&mut self.ipv6cp),
            Protocol::CCP => Some(&mut self.ccp),
            _ => None,
        }
    }
}

/// The most octets of a kept packet: the default MRU.
const SIZE_MAX: usize = crate::config::DEFAULT_MRU as usize;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_beginning_of_each_protocol_is_kept() {
        let mut parked = Parked::default();
        assert!(parked.keep(Protocol::IPCP, &[1, 1]));
        assert!(parked.keep(Protocol::IPCP, &[1, 2]));
        assert!(!parked.keep(Protocol::IPCP, &[2, 3]));
        assert!(!parked.keep(Protocol::IPV6, &[1, 3]));
        assert!(!parked.keep(Protocol::IPCP, &[1; SIZE_MAX + 1]));
        assert_eq!(parked.take(Protocol::IPCP), Some(vec![1, 2]));
        assert_eq!(parked.take(Protocol::IPCP), None);
    }
}
