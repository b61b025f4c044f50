//! What smoltcp takes for a network device: one packet in, and a place for packets out.

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// A device for the time of one call.
pub(super) struct Port<'a, O> {
    pub(super) mtu: usize,
    /// The packet to be processed.
    pub(super) incoming: Option<&'a [u8]>,
    pub(super) outlet: &'a mut O,
}

/// Where packets go.
pub(super) trait Outlet {
    /// Lets `fill` write a packet of `len` bytes.
    fn write<R>(&mut self, len: usize, fill: impl FnOnce(&mut [u8]) -> R) -> R;
}

/// Replies made while a packet is received; they wait for the next poll.
#[derive(Default)]
pub(super) struct Replies {
    bytes: Vec<u8>,
    /// The end of each packet in `bytes`.
    ends: Vec<usize>,
    /// The first packet that has not left yet.
    next: usize,
}

/// The most bytes of replies that wait. What is beyond is lost, as IP may lose it: acknowledgements, resets and echo
/// replies all get another chance.
const REPLIES_MAX: usize = 64 * 1024;

impl Replies {
    pub(super) fn is_empty(&self) -> bool {
        self.next == self.ends.len()
    }

    pub(super) fn front(&self) -> Option<&[u8]> {
        let start = self.next.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.ends.get(self.next).map(|end| &self.bytes[start..*end])
    }

    pub(super) fn pop(&mut self) {
        self.next += 1;
        if self.is_empty() {
            self.bytes.clear();
            self.ends.clear();
            self.next = 0;
        }
    }
}

impl Outlet for Replies {
    fn write<R>(&mut self, len: usize, fill: impl FnOnce(&mut [u8]) -> R) -> R {
        let start = self.bytes.len();
        self.bytes.resize(start + len, 0);
        let result = fill(&mut self.bytes[start..]);
        if self.bytes.len() > REPLIES_MAX {
            self.bytes.truncate(start);
        } else {
            self.ends.push(self.bytes.len());
        }
        result
    }
}

/// The owner's sink and what it has taken.
pub(super) struct Sink<F> {
    pub(super) sink: F,
    pub(super) packets: usize,
    pub(super) bytes: usize,
    /// The first byte of each packet that is written, where it is known before.
    pub(super) first: Option<u8>,
    /// For those of which it is not.
    pub(super) scratch: Vec<u8>,
}

impl<F: FnMut(u8, usize, &mut dyn FnMut(&mut [u8]))> Sink<F> {
    pub(super) fn give(&mut self, packet: &[u8]) {
        self.packets += 1;
        self.bytes += packet.len();
        give(&mut self.sink, packet);
    }
}

fn give(sink: &mut impl FnMut(u8, usize, &mut dyn FnMut(&mut [u8])), packet: &[u8]) {
    let first = packet.first().copied().unwrap_or(0);
    sink(first, packet.len(), &mut |space| space.copy_from_slice(packet));
}

impl<F: FnMut(u8, usize, &mut dyn FnMut(&mut [u8]))> Outlet for Sink<F> {
    fn write<R>(&mut self, len: usize, fill: impl FnOnce(&mut [u8]) -> R) -> R {
        self.packets += 1;
        self.bytes += len;
        let Some(first) = self.first else {
            self.scratch.clear();
            self.scratch.resize(len, 0);
            let result = fill(&mut self.scratch);
            give(&mut self.sink, &self.scratch);
            return result;
        };
        let (mut fill, mut result) = (Some(fill), None);
        (self.sink)(first, len, &mut |space| {
            if let Some(fill) = fill.take() {
                result = Some(fill(space));
            }
        });
        match (result, fill) {
            (Some(result), _) => result,
            // Nobody wanted it; the socket has to believe that it is on its way.
            (None, Some(fill)) => fill(&mut vec![0; len]),
            (None, None) => unreachable!("a packet that was filled gave a result"),
        }
    }
}

impl<O: Outlet> Device for Port<'_, O> {
    type RxToken<'t>
        = Rx<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Tx<'t, O>
    where
        Self: 't;

    fn receive(&mut self, _: Instant) -> Option<(Rx<'_>, Tx<'_, O>)> {
        let packet = self.incoming.take()?;
        Some((Rx(packet), Tx(self.outlet)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Tx<'_, O>> {
        Some(Tx(self.outlet))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
        capabilities
    }
}

pub(super) struct Rx<'t>(&'t [u8]);

impl RxToken for Rx<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

pub(super) struct Tx<'t, O>(&'t mut O);

impl<O: Outlet> TxToken for Tx<'_, O> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        self.0.write(len, f)
    }
}
