//! The small name server inside, packet by packet.

use rasman_core::{Malformed, Reader};
use std::net::Ipv4Addr;

/// A question that reached us in one UDP packet.
pub(crate) struct Question<'a> {
    client: Ipv4Addr,
    port: [u8; 2],
    id: [u8; 2],
    recursion_desired: u8,
    /// The name, in lower case and without the last dot.
    name: String,
    kind: u16,
    /// The question as it stands in the message, to be repeated.
    section: &'a [u8],
}

/// Reads a question to `server`; gives nothing for any other packet.
pub(crate) fn question(packet: &[u8], server: Ipv4Addr) -> Option<Question<'_>> {
    // Told apart by these two first, as every packet comes here: IPv4 without options (RFC 791 3.1), UDP.
    if packet.first() != Some(&0x45) || packet.get(9) != Some(&UDP) {
        return None;
    }
    read(packet, server).ok().flatten()
}

fn read(packet: &[u8], server: Ipv4Addr) -> Result<Option<Question<'_>>, Malformed> {
    let mut reader = Reader::new(packet);
    reader.take(6, "IPv4 header")?;
    let fragment = reader.u16("IPv4 fragment offset")? & 0x3fff;
    reader.take(4, "IPv4 header")?;
    let client = Ipv4Addr::from(reader.array::<4>("IPv4 source")?);
    let to = Ipv4Addr::from(reader.array::<4>("IPv4 destination")?);
    let port = reader.array("UDP source port")?;
    if fragment != 0 || to != server || reader.u16("UDP destination port")? != DNS_PORT {
        return Ok(None);
    }
    reader.take(4, "UDP header")?;
    // RFC 1035 4.1.1.
    let id = reader.array("DNS identifier")?;
    let [flags, _] = reader.array("DNS flags")?;
    let counts = (reader.u16("question count")?, reader.take(6, "other counts")?);
    if flags & 0xf8 != 0 || counts.0 != 1 {
        return Ok(None);
    }
    let start = reader.position();
    let name = read_name(&mut reader)?;
    let kind = reader.u16("question type")?;
    reader.u16("question class")?;
    let section = packet.get(start..reader.position()).unwrap_or(&[]);
    Ok(Some(Question { client, port, id, recursion_desired: flags & 0x01, name, kind, section }))
}

fn read_name(reader: &mut Reader<'_>) -> Result<String, Malformed> {
    let mut labels = Vec::new();
    loop {
        match reader.u8("label length")? {
            0 => return Ok(labels.join(".")),
            // A compression pointer has nothing to point to in the first name (RFC 1035 4.1.4).
            length @ 1..=63 if labels.len() < 127 => {
                let label = reader.take(usize::from(length), "label")?;
                labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
            }
            _ => return Err(reader.malformed("a label of at most 63 bytes")),
        }
    }
}

impl Question<'_> {
    /// Makes the IPv4 packet with the answer: the gateway's address for `names`, no such name for others.
    pub(crate) fn reply(&self, names: &[String], gateway: Ipv4Addr) -> Vec<u8> {
        let known = names.iter().any(|name| name.eq_ignore_ascii_case(&self.name));
        let answers = u16::from(known && self.kind == TYPE_A);
        let mut message = Vec::from(self.id);
        // QR, AA, RD as asked; RA; NOERROR or NXDOMAIN.
        message.extend([0x84 | self.recursion_desired, if known { 0x80 } else { 0x83 }, 0, 1]);
        message.extend(answers.to_be_bytes());
        message.extend([0; 4]);
        message.extend(self.section);
        if answers > 0 {
            // The name is the question's; class IN; one minute.
            message.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
            message.extend(gateway.octets());
        }
        udp(gateway, self.client, self.port, &message)
    }
}

/// Makes an IPv4 packet with a UDP datagram from our DNS port.
fn udp(from: Ipv4Addr, to: Ipv4Addr, port: [u8; 2], message: &[u8]) -> Vec<u8> {
    // A reply is shorter than the question plus 16 bytes, and a question fits a packet of our MRU.
    let length = u16::try_from(message.len() + 8).unwrap_or(u16::MAX);
    let mut packet = vec![0x45, 0];
    packet.extend((length + 20).to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, UDP, 0, 0]);
    packet.extend(from.octets());
    packet.extend(to.octets());
    let sum = packet.chunks(2).fold(0u32, |sum, pair| sum + u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    packet[10..12].copy_from_slice(&(!(folded as u16)).to_be_bytes());
    packet.extend(DNS_PORT.to_be_bytes());
    packet.extend(port);
    packet.extend(length.to_be_bytes());
    // RFC 768: no checksum; TLS protects every bit of the way.
    packet.extend([0, 0]);
    packet.extend(message);
    packet
}

const UDP: u8 = 17;
const DNS_PORT: u16 = 53;
const TYPE_A: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);

    fn ask(name: &[u8], kind: u8) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 99, 0, 2, 10, 99, 0, 1];
        packet.extend([0xc0, 0x01, 0, 53, 0, 0, 0, 0]);
        packet.extend([0xab, 0xcd, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
        packet.extend(name);
        packet.extend([0, kind, 0, 1]);
        packet
    }

    #[test]
    fn a_known_name_has_the_gateways_address() {
        let packet = ask(b"\x03WEB\x03lab\x04test\0", 1);
        let question = question(&packet, GATEWAY).unwrap();
        assert_eq!(question.name, "web.lab.test");
        let reply = question.reply(&["web.lab.test".to_owned()], GATEWAY);
        assert_eq!(reply[12..20], [10, 99, 0, 1, 10, 99, 0, 2]);
        assert_eq!(reply[20..24], [0, 53, 0xc0, 0x01]);
        assert_eq!(reply[28..36], [0xab, 0xcd, 0x85, 0x80, 0, 1, 0, 1]);
        assert_eq!(reply[reply.len() - 4..], [10, 99, 0, 1]);
        assert_eq!(usize::from(u16::from_be_bytes([reply[2], reply[3]])), reply.len());
        let sum = reply[..20].chunks(2).fold(0u32, |sum, pair| sum + u32::from(u16::from_be_bytes([pair[0], pair[1]])));
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff, "the header's checksum");
    }

    #[test]
    fn other_types_are_empty_and_other_names_do_not_exist() {
        let names = ["web.lab.test".to_owned()];
        let aaaa = question(&ask(b"\x03web\x03lab\x04test\0", 28), GATEWAY).unwrap().reply(&names, GATEWAY);
        assert_eq!(aaaa[30..36], [0x85, 0x80, 0, 1, 0, 0]);
        let none = question(&ask(b"\x03www\0", 1), GATEWAY).unwrap().reply(&names, GATEWAY);
        assert_eq!(none[30..36], [0x85, 0x83, 0, 1, 0, 0]);
    }

    #[test]
    fn no_packet_panics() {
        let packet = ask(b"\x03web\x03lab\x04test\0", 1);
        for length in 0..packet.len() {
            assert!(question(&packet[..length], GATEWAY).is_none());
        }
        assert!(question(&ask(b"\xc0\x0c", 1), GATEWAY).is_none());
        assert!(question(&packet, Ipv4Addr::LOCALHOST).is_none());
    }
}
