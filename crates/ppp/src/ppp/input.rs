//! What a frame that arrived is worth, by its protocol and the phase.

use super::Ppp;
use super::phases::Phase;
use crate::Protocol;
use crate::auth::Io;
use crate::ccp::Ccp;
use crate::config::DEFAULT_MRU;
use crate::packet::{Packet, PacketCode};
use core::ops::Range;
use rasman_core::{DropReason, Input, Instant, Malformed};

impl Ppp {
    /// Takes a data packet in clear, which there are none of where encryption is required.
    pub(super) fn clear_input(&mut self, protocol: Protocol, range: Range<usize>, used: usize) -> Input {
        if !self.flows(protocol) || self.network.ccp.as_ref().is_some_and(Ccp::is_required) {
            return Input::Dropped { used, reason: DropReason::NotUp };
        }
        Input::Payload { range, used }
    }

    /// Keeps a data packet that the host part waits for from the layer above.
    pub(super) fn for_the_host(&mut self, now: Instant, taken: Input, input: &[u8]) -> Input {
        match taken {
            Input::Payload { range, used } if self.host_input(now, &input[range.clone()]) => Input::Consumed { used },
            other => other,
        }
    }

    /// Takes a packet whose headers are compressed, or told for it (RFC 1144).
    pub(super) fn packed_input(&mut self, protocol: Protocol, input: &mut [u8], range: Range<usize>) -> Input {
        let used = input.len();
        let most = usize::from(self.role.mru().max(DEFAULT_MRU));
        if !self.flows(Protocol::IPV4) || range.len() > most {
            return Input::Dropped { used, reason: DropReason::NotUp };
        }
        let vj = &mut self.network.vj;
        let taken = match protocol {
            Protocol::VJ_UNCOMPRESSED => vj.whole(&mut input[range.clone()]).map(|()| Input::Payload { range, used }),
            // What is undone is longer than any packet may be if the peer's was as long before.
            _ => match vj.short(&input[range]) {
                Ok(()) if vj.made().len() > most => Err(DropReason::TooLarge),
                made => made.map(|()| Input::Rebuilt { used }),
            },
        };
        taken.unwrap_or_else(|reason| Input::Dropped { used, reason })
    }

    /// Takes an encrypted packet (RFC 3078), and opens it in place.
    pub(super) fn sealed_input(&mut self, now: Instant, information: &mut [u8], at: usize, used: usize) -> Input {
        let Some(ccp) = &mut self.network.ccp else {
            return Input::Dropped { used, reason: DropReason::Unexpected("an encrypted packet without CCP") };
        };
        match ccp.open(now, information, &mut self.out) {
            Ok((protocol, range)) if self.flows(protocol) => {
                Input::Payload { range: range.start + at..range.end + at, used }
            }
            Ok(_) => Input::Dropped { used, reason: DropReason::NotUp },
            Err(reason) => Input::Dropped { used, reason },
        }
    }

    /// Takes any packet but one of data.
    pub(super) fn control_input(
        &mut self,
        now: Instant,
        protocol: Protocol,
        information: &[u8],
    ) -> Result<(), DropReason> {
        match (self.phase, protocol) {
            (Phase::Dead, _) => self.park(protocol, information),
            (_, Protocol::LCP) => self.lcp_input(now, information),
            (Phase::Terminate | Phase::Over, _) => Err(DropReason::NotUp),
            (Phase::Establish, _) => self.park(protocol, information),
            (_, protocol) if self.auth.as_ref().is_some_and(|auth| auth.frames() == protocol) => {
                self.auth_input(now, information)
            }
            (Phase::Network, _) if self.speaks(protocol) => self.network_input(now, protocol, information),
            (_, Protocol::CBCP) if self.callback.is_some() => self.callback_input(now, information),
            (Phase::Authenticate, Protocol::CBCP) if self.lcp.options().calls_back() => {
                self.park(protocol, information)
            }
            (Phase::Authenticate | Phase::Callback, _) if self.speaks(protocol) => {
                let kept = self.park(protocol, information);
                self.network_began(now);
                kept
            }
            (_, _) if self.speaks(protocol) => self.park(protocol, information),
            // RFC 1661 5.7: what the entry does not want, and whatever else we do not speak.
            _ => {
                self.network.encryption_rejected |= protocol == Protocol::CCP;
                self.lcp.reject_protocol(now, protocol, information, &mut self.out);
                Err(DropReason::Unexpected("a protocol that we do not speak"))
            }
        }
    }

    /// Tells whether a data protocol is one that this link may come to speak; any other is rejected.
    pub(super) fn expects(&self, protocol: Protocol) -> bool {
        protocol == Protocol::IPV4 || self.speaks(Protocol::IPV6CP)
    }

    fn park(&mut self, protocol: Protocol, information: &[u8]) -> Result<(), DropReason> {
        self.parked.keep(protocol, information).then_some(()).ok_or(DropReason::NotUp)
    }

    pub(super) fn lcp_input(&mut self, now: Instant, information: &[u8]) -> Result<(), DropReason> {
        let packet = Packet::parse(information).map_err(malformed)?;
        let terminates = matches!(packet.code, PacketCode::TERMINATE_REQUEST | PacketCode::TERMINATE_ACK);
        if self.phase == Phase::Over && !terminates {
            return Err(DropReason::NotUp);
        }
        self.heard = true;
        let meaning = self.lcp.input(now, &packet, &mut *self.rng, &mut self.out)?;
        self.lcp_meant(now, meaning);
        Ok(())
    }

    pub(super) fn auth_input(&mut self, now: Instant, information: &[u8]) -> Result<(), DropReason> {
        let auth = self.auth.as_mut().ok_or(DropReason::NotUp)?;
        let outcome = auth.input(now, information, &mut Io { rng: &mut *self.rng, out: &mut self.out })?;
        self.auth_became(now, outcome);
        Ok(())
    }
}

pub(super) fn malformed(malformed: Malformed) -> DropReason {
    DropReason::Malformed(malformed.expected)
}
