//! What the fuzz targets need of the device's both directions.

use super::gro::Merge;
use super::gso::Read;

/// Splits what one read of a device gave; nothing of what is refused.
#[must_use]
pub fn split(read: &mut [u8]) -> Option<Vec<Vec<u8>>> {
    let read = Read::parse(read).ok()?;
    let packet = |index| {
        let mut packet = vec![0xEE; read.len(index)];
        read.write(index, &mut packet);
        packet
    };
    Some((0..read.count()).map(packet).collect())
}

/// Merges packets from a tunnel; gives what a device would be written.
#[must_use]
pub fn merge(packets: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let (mut merge, mut written) = (Merge::new(), Vec::new());
    for packet in packets {
        merge.push(packet, &mut |bytes| written.push(bytes.to_vec()));
    }
    merge.flush(&mut |bytes| written.push(bytes.to_vec()));
    written
}
