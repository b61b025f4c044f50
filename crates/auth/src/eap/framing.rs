//! How TLS travels in EAP (RFC 5216 2.1.5, 3.1): flags, the length of a message, fragments and their acknowledgements.
//!
//! ```text
//! | flags: L M S 0 0 version | TLS Message Length, if L: 32 bits | TLS data |
//! ```

use rasman_core::{DropReason, Reader};

/// One end's fragments.
pub(crate) struct Framing {
    version: u8,
    incoming: Vec<u8>,
    announced: Option<usize>,
    outgoing: Vec<u8>,
    sent: usize,
}

/// What a packet means.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Taken {
    /// The server begins. PEAP has data behind it.
    Start(Vec<u8>),
    /// Nothing but "go on".
    Ack,
    /// A fragment that is not the last.
    More,
    /// A message is whole.
    Whole(Vec<u8>),
}

impl Framing {
    pub(crate) fn new(version: u8) -> Self {
        Self { version, incoming: Vec::new(), announced: None, outgoing: Vec::new(), sent: 0 }
    }

    /// Takes what belongs to the method in a packet. What is dropped changes nothing.
    pub(crate) fn take(&mut self, data: &[u8]) -> Result<Taken, DropReason> {
        let mut reader = Reader::new(data);
        let flags = reader.u8("flags").map_err(|_| DropReason::Malformed("the flags of a TLS method"))?;
        let announced = match flags & LENGTH != 0 {
            true => Some(reader.u32("length").map_err(|_| DropReason::Malformed("TLS Message Length"))? as usize),
            false => None,
        };
        let fragment = reader.rest();
        if flags & START != 0 {
            return Ok(Taken::Start(fragment.to_vec()));
        }
        if fragment.is_empty() && flags & MORE == 0 && self.incoming.is_empty() {
            return Ok(Taken::Ack);
        }
        let total = self.incoming.len() + fragment.len();
        let announced = self.announced.or(announced);
        if total.max(announced.unwrap_or_default()) > MESSAGE_MAX {
            return Err(DropReason::TooLarge);
        }
        let more = flags & MORE != 0;
        match announced {
            Some(announced) if total > announced || (!more && total < announced) => {
                return Err(DropReason::Malformed("a TLS message of the announced length"));
            }
            // A fragment without octets would let a peer go on for ever.
            _ if fragment.is_empty() => return Err(DropReason::Malformed("a fragment with data")),
            _ => {}
        }
        self.incoming.extend_from_slice(fragment);
        if more {
            self.announced = announced;
            return Ok(Taken::More);
        }
        self.announced = None;
        Ok(Taken::Whole(core::mem::take(&mut self.incoming)))
    }

    /// Sets the message to send.
    pub(crate) fn queue(&mut self, message: Vec<u8>) {
        self.outgoing = message;
        self.sent = 0;
    }

    /// Tells whether fragments are left.
    pub(crate) fn is_sending(&self) -> bool {
        self.sent < self.outgoing.len()
    }

    /// Gives the next fragment, or an acknowledgement if there is none.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let left = self.outgoing.len() - self.sent;
        let size = left.min(FRAGMENT);
        let (first, more) = (self.sent == 0, size < left);
        let mut data = Vec::with_capacity(5 + size);
        data.push(self.version | if more { MORE } else { 0 } | if more && first { LENGTH } else { 0 });
        if more && first {
            data.extend_from_slice(&u32::try_from(self.outgoing.len()).unwrap_or(u32::MAX).to_be_bytes());
        }
        data.extend_from_slice(&self.outgoing[self.sent..self.sent + size]);
        self.sent += size;
        if !self.is_sending() {
            self.queue(Vec::new());
        }
        data
    }

    /// Gives the server's first packet.
    pub(crate) fn start(&self) -> Vec<u8> {
        vec![self.version | START]
    }

    /// Gives an acknowledgement.
    pub(crate) fn ack(&self) -> Vec<u8> {
        vec![self.version]
    }
}

const LENGTH: u8 = 0x80;
const MORE: u8 = 0x40;
const START: u8 = 0x20;

/// The most octets of TLS in one packet: RFC 3748 3.1 lets every lower layer carry an EAP packet of 1020 octets.
const FRAGMENT: usize = 1000;
/// The most octets of a message, in either direction: TLS itself takes handshake messages of 64 KiB.
pub(crate) const MESSAGE_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_any_length_arrive_in_fragments() {
        for length in [1, FRAGMENT, FRAGMENT + 1, 5000, MESSAGE_MAX] {
            let message: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let (mut from, mut to) = (Framing::new(0), Framing::new(0));
            from.queue(message.clone());
            loop {
                let data = from.next();
                assert!(data.len() + 5 <= 1020);
                match to.take(&data).unwrap() {
                    Taken::More => assert_eq!(from.take(&to.ack()), Ok(Taken::Ack)),
                    Taken::Whole(whole) => break assert_eq!(whole, message),
                    other => panic!("{other:?}"),
                }
            }
            assert!(!from.is_sending());
        }
    }

    #[test]
    fn lies_about_the_length_are_dropped() {
        let mut framing = Framing::new(0);
        for data in [
            &[][..],
            &[LENGTH, 0, 0],
            &[LENGTH, 0, 0, 0, 5, 1, 2],
            &[LENGTH, 0, 0, 0, 1, 1, 2],
            &[LENGTH, 0xff, 0xff, 0xff, 0xff, 1],
            &[MORE],
        ] {
            assert!(framing.take(data).is_err(), "{data:?}");
        }
        assert_eq!(framing.take(&[LENGTH, 0, 0, 0, 2, 1, 2]), Ok(Taken::Whole(vec![1, 2])));
    }

    #[test]
    fn an_endless_message_is_bounded() {
        let mut framing = Framing::new(0);
        let mut fragment = vec![MORE];
        fragment.resize(1001, 7);
        let taken = (0..1000).filter(|_| framing.take(&fragment).is_ok()).count();
        assert_eq!(taken, MESSAGE_MAX / 1000);
        assert!(framing.incoming.len() <= MESSAGE_MAX);
    }
}
