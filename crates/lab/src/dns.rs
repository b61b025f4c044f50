//! The small name server inside, packet by packet.

use rasman_core::{Malformed, Reader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who answers: the lab's own addresses inside.
#[derive(Copy, Clone, Debug)]
pub struct Gateway {
    /// That of IPv4.
    pub v4: Ipv4Addr,
    /// That of IPv6, if it is spoken.
    pub v6: Option<Ipv6Addr>,
}

/// A question that reached us in one UDP packet.
pub(crate) struct Question<'a> {
    client: IpAddr,
    port: [u8; 2],
    id: [u8; 2],
    recursion_desired: u8,
    /// The name, in lower case and without the last dot.
    name: String,
    kind: u16,
    /// The question as it stands in the message, to be repeated.
    section: &'a [u8],
}

/// Reads a question to the gateway; gives nothing for any other packet.
pub(crate) fn question(packet: &[u8], gateway: Gateway) -> Option<Question<'_>> {
    // Told apart by these two first, as every packet comes here: IPv4 without options (RFC 791 3.1), UDP; or IPv6.
    match (packet.first()?, packet.get(9), packet.get(6)) {
        (0x45, Some(&UDP), _) => read_v4(packet, gateway.v4).ok().flatten(),
        (0x60..=0x6f, _, Some(&UDP)) => read_v6(packet, gateway.v6?).ok().flatten(),
        _ => None,
    }
}

fn read_v4(packet: &[u8], server: Ipv4Addr) -> Result<Option<Question<'_>>, Malformed> {
    let mut reader = Reader::new(packet);
    reader.take(6, "IPv4 header")?;
    let fragment = reader.u16("IPv4 fragment offset")? & 0x3fff;
    reader.take(4, "IPv4 header")?;
    let client = Ipv4Addr::from(reader.array::<4>("IPv4 source")?);
    let to = Ipv4Addr::from(reader.array::<4>("IPv4 destination")?);
    if fragment != 0 || to != server {
        return Ok(None);
    }
    read_udp(packet, reader, client.into())
}

fn read_v6(packet: &[u8], server: Ipv6Addr) -> Result<Option<Question<'_>>, Malformed> {
    let mut reader = Reader::new(packet);
    reader.take(8, "IPv6 header")?;
    let client = Ipv6Addr::from(reader.array::<16>("IPv6 source")?);
    if Ipv6Addr::from(reader.array::<16>("IPv6 destination")?) != server {
        return Ok(None);
    }
    read_udp(packet, reader, client.into())
}

fn read_udp<'a>(packet: &'a [u8], mut reader: Reader<'a>, client: IpAddr) -> Result<Option<Question<'a>>, Malformed> {
    let port = reader.array("UDP source port")?;
    if reader.u16("UDP destination port")? != DNS_PORT {
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
    /// Makes the packet with the answer: the gateway's addresses for `names`, no such name for others.
    pub(crate) fn reply(&self, names: &[String], gateway: Gateway) -> Vec<u8> {
        let known = names.iter().any(|name| name.eq_ignore_ascii_case(&self.name));
        let address = match self.kind {
            TYPE_A => Some(gateway.v4.octets().to_vec()),
            TYPE_AAAA => gateway.v6.map(|address| address.octets().to_vec()),
            _ => None,
        };
        let address = address.filter(|_| known);
        let mut message = Vec::from(self.id);
        // QR, AA, RD as asked; RA; NOERROR or NXDOMAIN.
        message.extend([0x84 | self.recursion_desired, if known { 0x80 } else { 0x83 }, 0, 1]);
        message.extend([0, u8::from(address.is_some()), 0, 0, 0, 0]);
        message.extend(self.section);
        if let Some(address) = address {
            // The name is the question's; class IN; one minute.
            message.extend([0xc0, 0x0c]);
            message.extend(self.kind.to_be_bytes());
            message.extend([0, 1, 0, 0, 0, 60, 0, address.len() as u8]);
            message.extend(address);
        }
        match (self.client, gateway.v6) {
            (IpAddr::V6(client), Some(from)) => udp6(from, client, self.port, &message),
            (IpAddr::V4(client), _) => udp4(gateway.v4, client, self.port, &message),
            (IpAddr::V6(_), None) => unreachable!("a question by IPv6 is taken by a gateway that has it"),
        }
    }
}

/// Makes an IPv4 packet with a UDP datagram from our DNS port.
fn udp4(from: Ipv4Addr, to: Ipv4Addr, port: [u8; 2], message: &[u8]) -> Vec<u8> {
    // A reply is shorter than the question plus 28 bytes, and a question fits a packet of our MRU.
    let length = u16::try_from(message.len() + 8).unwrap_or(u16::MAX);
    let mut packet = vec![0x45, 0];
    packet.extend((length + 20).to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, UDP, 0, 0]);
    packet.extend(from.octets());
    packet.extend(to.octets());
    let sum = !sum(&packet);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(DNS_PORT.to_be_bytes());
    packet.extend(port);
    packet.extend(length.to_be_bytes());
    // RFC 768: no checksum; TLS protects every bit of the way.
    packet.extend([0, 0]);
    packet.extend(message);
    packet
}

/// Makes an IPv6 packet with a UDP datagram from our DNS port. RFC 8200 8.1: it has to have a checksum.
fn udp6(from: Ipv6Addr, to: Ipv6Addr, port: [u8; 2], message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len() + 8).unwrap_or(u16::MAX).to_be_bytes();
    let addresses = [from.octets(), to.octets()].concat();
    let header = [DNS_PORT.to_be_bytes(), port, length].concat();
    let sum = match !sum(&[&addresses[..], &[0, 0], &length, &[0, 0, 0, UDP], &header, &[0, 0], message].concat()) {
        0 => u16::MAX,
        sum => sum,
    };
    let ip = [&[0x60, 0, 0, 0][..], &length, &[UDP, 64], &addresses].concat();
    [&ip, &header, &sum.to_be_bytes()[..], message].concat()
}

/// RFC 1071: the sum in ones' complement; an odd octet at the end is followed by 0.
fn sum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    let sum = bytes.chunks(2).fold(0_u32, |sum, pair| sum + word(pair));
    let folded = (sum & 0xffff) + (sum >> 16);
    ((folded & 0xffff) + (folded >> 16)) as u16
}

const UDP: u8 = 17;
const DNS_PORT: u16 = 53;
const TYPE_A: u16 = 1;
const TYPE_AAAA: u16 = 28;

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: Gateway = Gateway { v4: Ipv4Addr::new(10, 99, 0, 1), v6: None };
    const BOTH: Gateway = Gateway { v6: Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1)), ..GATEWAY };

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
        assert_eq!(sum(&reply[..20]), 0xffff, "the header's checksum");
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
        assert!(question(&packet, Gateway { v4: Ipv4Addr::LOCALHOST, v6: None }).is_none());
        let packet = ask6(b"\x03web\x03lab\x04test\0", 28);
        for length in 0..packet.len() {
            assert!(question(&packet[..length], BOTH).is_none());
        }
        assert!(question(&packet, GATEWAY).is_none(), "there is no IPv6 here");
    }

    fn ask6(name: &[u8], kind: u8) -> Vec<u8> {
        let client = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 2).octets();
        let packet = [&[0x60, 0, 0, 0, 0, 0, 17, 64][..], &client, &BOTH.v6.unwrap().octets()].concat();
        [&packet, &ask(name, kind)[20..]].concat()
    }

    #[test]
    fn both_kinds_of_address_are_told_by_either_version() {
        let names = ["web.lab.test".to_owned()];
        let gateway = BOTH.v6.unwrap().octets();
        let by_ipv4 = question(&ask(b"\x03web\x03lab\x04test\0", 28), BOTH).unwrap().reply(&names, BOTH);
        assert_eq!(by_ipv4[30..36], [0x85, 0x80, 0, 1, 0, 1]);
        assert_eq!(by_ipv4[by_ipv4.len() - 28..][..12], [0xc0, 0x0c, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16]);
        assert_eq!(by_ipv4[by_ipv4.len() - 16..], gateway);
        for (kind, tail) in [(28, &gateway[..]), (1, &[10, 99, 0, 1])] {
            let reply = question(&ask6(b"\x03web\x03lab\x04test\0", kind), BOTH).unwrap().reply(&names, BOTH);
            assert_eq!((&reply[8..24], &reply[40..44]), (&gateway[..], &[0, 53, 0xc0, 0x01][..]));
            assert!(reply.ends_with(tail));
            let length = &reply[4..6];
            let pseudo = [&reply[8..40], &[0, 0], length, &[0, 0, 0, 17], &reply[40..]].concat();
            assert_eq!(sum(&pseudo), 0xffff, "the checksum");
        }
    }
}
