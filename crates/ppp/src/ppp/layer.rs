//! The way of packets through a link.

use super::Ppp;
use super::callback::Pending;
use crate::auth::Auth;
use crate::config::DEFAULT_MRU;
use crate::{Event, Protocol, frame};
use rasman_core::{Batch, DropReason, Input, Instant, Layer, Timeout};

impl Ppp {
    /// Gives what goes before an IP packet of `len` bytes, of which `first` is the first, that leaves as it is, so that
    /// whoever composes the layers can write both at once; nothing if the packet has to go through [`Layer::encap`], to be encrypted or for its headers.
    ///
    /// # Errors
    /// The reason why it cannot be sent now.
    pub fn clear_header(&self, first: u8, len: usize) -> Result<Option<frame::Header>, DropReason> {
        let projection = self.network.projection.as_ref().ok_or(DropReason::NotUp)?;
        if len > usize::from(projection.mtu) {
            return Err(DropReason::TooLarge);
        }
        let protocol = protocol_of(Some(&first));
        if !self.flows(protocol) {
            return Err(DropReason::NotUp);
        }
        let is_changed = self.is_encrypted() || (protocol == Protocol::IPV4 && self.network.vj.compresses());
        Ok((!is_changed).then(|| frame::Header::new(protocol, self.framing())))
    }

    /// Tells whether packets of a network protocol flow.
    pub(super) fn flows(&self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::IPV4 => self.network.projection.is_some(),
            Protocol::IPV6 => self.network.ipv6.link.is_some() && self.network.projection.is_some(),
            _ => false,
        }
    }
}

/// A datagram layer: one PPP frame an input, one IP packet a payload.
impl Layer for Ppp {
    type Event = Event;

    fn handle_input(&mut self, now: Instant, input: &mut [u8]) -> Input {
        let used = input.len();
        self.lcp.hear(now);
        let taken = match frame::parse(input) {
            Ok((protocol @ (Protocol::IPV4 | Protocol::IPV6), range)) if self.expects(protocol) => {
                let taken = self.clear_input(protocol, range, used);
                return self.for_the_host(now, taken, input);
            }
            Ok((protocol @ (Protocol::VJ_COMPRESSED | Protocol::VJ_UNCOMPRESSED), range))
                if self.network.vj.undoes() =>
            {
                return self.packed_input(protocol, input, range);
            }
            Ok((Protocol::COMPRESSED, range)) => {
                let taken = self.sealed_input(now, &mut input[range.clone()], range.start, used);
                return self.for_the_host(now, taken, input);
            }
            // RFC 1661 2: the information is as long as the MRU at most, and 1500 octets are always taken. What a longer
            // one costs to read would be the peer's choice.
            Ok((_, range)) if range.len() > usize::from(self.role.mru().max(DEFAULT_MRU)) => Err(DropReason::TooLarge),
            Ok((protocol, range)) => self.control_input(now, protocol, &input[range]),
            Err(malformed) => Err(DropReason::Malformed(malformed.expected)),
        };
        match taken {
            Ok(()) => Input::Consumed { used },
            Err(reason) => Input::Dropped { used, reason },
        }
    }

    fn rebuilt(&mut self) -> &mut [u8] {
        self.network.vj.made()
    }

    fn encap(&mut self, _now: Instant, header: &[u8], payload: &[u8], out: &mut Batch) -> Result<(), DropReason> {
        let projection = self.network.projection.as_ref().ok_or(DropReason::NotUp)?;
        if header.len() + payload.len() > usize::from(projection.mtu) {
            return Err(DropReason::TooLarge);
        }
        let protocol = protocol_of(header.first().or(payload.first()));
        if !self.flows(protocol) {
            return Err(DropReason::NotUp);
        }
        let framing = self.framing();
        let mut frame = out.frame();
        match &mut self.network.ccp {
            Some(ccp) if ccp.encrypts() => {
                frame.slice(frame::Header::new(Protocol::COMPRESSED, framing).as_bytes());
                ccp.seal(protocol, [header, payload], &mut frame);
            }
            _ if protocol == Protocol::IPV4 && self.network.vj.compresses() => {
                self.network.vj.write([header, payload], framing, &mut frame);
            }
            _ => {
                frame.slice(frame::Header::new(protocol, framing).as_bytes());
                frame.slice(header);
                frame.slice(payload);
            }
        }
        frame.finish();
        Ok(())
    }

    fn handle_timeout(&mut self, now: Instant) {
        let outcome = self.lcp.handle_timeout(now, &mut self.out);
        self.lcp_became(now, outcome);
        if let Some(auth) = &mut self.auth {
            let outcome = auth.handle_timeout(now, &mut self.out);
            self.auth_became(now, outcome);
        }
        self.callback_timeout(now);
        self.network_timeout(now);
    }

    fn poll_transmit(&mut self, _now: Instant, out: &mut Batch) -> bool {
        self.out.drain(out)
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Timeout> {
        let auth = self.auth.as_ref().and_then(Auth::timeout);
        let callback = self.callback.as_ref().and_then(Pending::timeout);
        let below = Timeout::earliest(Timeout::earliest(self.lcp.timeout(), auth), callback);
        Timeout::earliest(below, self.network.timeout())
    }
}

/// Tells the protocol of an IP packet by its version, which is all that is looked at.
fn protocol_of(first: Option<&u8>) -> Protocol {
    match first.map(|octet| octet >> 4) {
        Some(6) => Protocol::IPV6,
        _ => Protocol::IPV4,
    }
}
