//! What the kernel does not take from us: counted, never tried again, and no end of the device unless it is gone.

use super::gro;
use std::io;

/// Packets that one delivery could not be rid of.
#[derive(Default)]
pub(super) struct Refusals {
    last: Option<io::Error>,
    packets: u64,
}

impl Refusals {
    /// Writes a packet or a super-packet, or notes that it could not be. The kernel has no memory (ENOBUFS, ENOMEM), or the
    /// device is switched off (EIO); TCP repeats it, and waiting would keep everything else of the connection waiting.
    pub(super) fn write(&mut self, bytes: &[u8], send: impl FnOnce(&[u8]) -> io::Result<usize>) {
        if let Err(error) = send(bytes) {
            self.last = Some(error);
            self.packets += gro::packets_in(bytes);
        }
    }

    /// Tells why the last one was refused, if one was.
    pub(super) fn last(&self) -> Option<&io::Error> {
        self.last.as_ref()
    }

    /// Tells how many packets were refused, each of a super-packet by itself.
    pub(super) fn packets(&self) -> u64 {
        self.packets
    }

    /// Tells whether the device is there no more.
    pub(super) fn device_is_gone(&self) -> bool {
        self.last().is_some_and(|error| error.raw_os_error() == Some(FILE_IN_BAD_STATE))
    }
}

/// EBADFD: the descriptor has lost its device.
const FILE_IN_BAD_STATE: i32 = 77;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tun::gro::Merge;
    use crate::tun::gso::{Read, tests::super_packet};

    /// The segments of one flow, and a packet that is merged with none.
    fn packets() -> Vec<Vec<u8>> {
        let mut whole = super_packet(false, false, 1000, 9500);
        let read = Read::parse(&mut whole).unwrap();
        let mut packets: Vec<Vec<u8>> = (0..read.count()).map(|index| vec![0; read.len(index)]).collect();
        for (index, packet) in packets.iter_mut().enumerate() {
            read.write(index, packet);
            // Without CWR, PSH and FIN they are plain data.
            packet[33] = 0x10;
            packet[36..38].fill(0);
            let sum = transport_sum(packet);
            packet[36..38].copy_from_slice(&sum.to_be_bytes());
        }
        packets.push(vec![0x45, 0, 0, 21, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 8]);
        packets
    }

    fn transport_sum(packet: &[u8]) -> u16 {
        let pseudo = tun_rs::checksum_no_fold(&packet[12..20], 6 + packet.len() as u64 - 20);
        !tun_rs::checksum(&packet[20..], pseudo)
    }

    fn deliver(packets: &[Vec<u8>], mut send: impl FnMut(&[u8]) -> io::Result<usize>) -> Refusals {
        let (mut merge, mut refusals) = (Merge::new(), Refusals::default());
        for packet in packets {
            merge.push(packet, &mut |bytes| refusals.write(bytes, &mut send));
        }
        merge.flush(&mut |bytes| refusals.write(bytes, &mut send));
        refusals
    }

    #[test]
    fn a_kernel_without_memory_is_asked_once_a_write_and_every_packet_is_counted() {
        let packets = packets();
        assert_eq!(packets.len(), 11);
        let mut writes = 0;
        let taken = deliver(&packets, |bytes| {
            writes += 1;
            Ok(bytes.len())
        });
        assert_eq!((taken.packets(), taken.last().is_none(), writes), (0, true, 2), "one of ten segments, one alone");
        let mut refused = 0;
        let none = deliver(&packets, |_| {
            refused += 1;
            Err(io::Error::from_raw_os_error(ENOBUFS))
        });
        assert_eq!((none.packets(), refused), (11, 2), "no write is tried again");
        assert!(!none.device_is_gone());
        assert_eq!(none.last().unwrap().raw_os_error(), Some(ENOBUFS));
        // What comes behind a refusal is taken.
        let mut turns = 0;
        let half = deliver(&packets, |bytes| {
            turns += 1;
            if turns == 1 { Err(io::Error::from_raw_os_error(ENOBUFS)) } else { Ok(bytes.len()) }
        });
        assert!(half.packets() == 1 || half.packets() == 10, "{}", half.packets());
        assert_eq!(turns, 2);
    }

    #[test]
    fn a_descriptor_without_a_device_is_an_end() {
        let gone = deliver(&packets(), |_| Err(io::Error::from_raw_os_error(FILE_IN_BAD_STATE)));
        assert!(gone.device_is_gone() && gone.packets() == 11);
    }

    const ENOBUFS: i32 = 105;
}
