//! To whom a packet from the tunnel belongs.

use smoltcp::wire::{
    Icmpv4Message, Icmpv4Packet, Icmpv6Message, Icmpv6Packet, IpProtocol, Ipv4Packet, Ipv6Packet, TcpPacket, UdpPacket,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses of a TCP flow but for our own, which is one of each version.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct FlowKey {
    /// Our port.
    pub local_port: u16,
    /// The peer's address.
    pub remote: IpAddr,
    /// The peer's port.
    pub remote_port: u16,
}

/// What a packet is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Class {
    /// A TCP segment.
    Tcp {
        /// Whose it is.
        key: FlowKey,
        /// It is the first of a handshake.
        opens: bool,
    },
    /// A UDP datagram.
    Udp {
        /// Our port.
        local_port: u16,
        /// It could come from a name server.
        from_name_server: bool,
    },
    /// The reply to an echo request with this identifier.
    EchoReply(u16),
    /// Something that concerns no socket, but may want an answer.
    Other,
    /// Not for us, or not fit to be answered.
    Drop,
}

/// Looks at the front of a packet; lengths and checksums are verified by the socket's layer later.
#[must_use]
pub fn classify(packet: &[u8], own: Ipv4Addr, own6: Option<Ipv6Addr>) -> Class {
    match (packet.first().map(|first| first >> 4), own6) {
        (Some(4), _) => classify_v4(packet, own),
        (Some(6), Some(own6)) => classify_v6(packet, own6),
        _ => Class::Drop,
    }
}

fn classify_v4(packet: &[u8], own: Ipv4Addr) -> Class {
    let Ok(ip) = Ipv4Packet::new_checked(packet) else { return Class::Drop };
    let source = ip.src_addr();
    // RFC 1122 3.2.1.3: such sources are never answered. RFC 791: without reassembly a fragment has no use.
    let fit = ip.dst_addr() == own
        && !(source.is_unspecified() || source.is_broadcast() || source.is_multicast() || source.is_loopback())
        && source != own
        && !ip.more_frags()
        && ip.frag_offset() == 0;
    if !fit {
        return Class::Drop;
    }
    match ip.next_header() {
        IpProtocol::Icmp => match Icmpv4Packet::new_checked(ip.payload()) {
            Ok(icmp) if icmp.msg_type() == Icmpv4Message::EchoReply => Class::EchoReply(icmp.echo_ident()),
            Ok(icmp) if icmp.msg_type() == Icmpv4Message::EchoRequest => Class::Other,
            // RFC 1122 3.2.2: no ICMP error is answered; and we act on none.
            _ => Class::Drop,
        },
        protocol => transport(protocol, source.into(), ip.payload()),
    }
}

fn classify_v6(packet: &[u8], own: Ipv6Addr) -> Class {
    let Ok(ip) = Ipv6Packet::new_checked(packet) else { return Class::Drop };
    let source = ip.src_addr();
    // RFC 4291 2.5.2, 2.5.3, 2.7; RFC 4038 4.2: a mapped address is no address on a wire.
    let fit = ip.dst_addr() == own
        && !(source.is_unspecified() || source.is_multicast() || source.is_loopback())
        && source.to_ipv4_mapped().is_none()
        && source != own;
    if !fit {
        return Class::Drop;
    }
    match ip.next_header() {
        IpProtocol::Icmpv6 => match Icmpv6Packet::new_checked(ip.payload()) {
            Ok(icmp) if icmp.msg_type() == Icmpv6Message::EchoReply => Class::EchoReply(icmp.echo_ident()),
            Ok(icmp) if icmp.msg_type() == Icmpv6Message::EchoRequest => Class::Other,
            // RFC 4443 2.4 (e): no error is answered. On PPP there are no neighbours to be discovered (RFC 5072 5).
            _ => Class::Drop,
        },
        // What stands behind extensions is not looked for: hosts put nothing of ours there, fragments included.
        IpProtocol::HopByHop | IpProtocol::Ipv6Route | IpProtocol::Ipv6Frag | IpProtocol::Ipv6Opts => Class::Drop,
        protocol => transport(protocol, source.into(), ip.payload()),
    }
}

fn transport(protocol: IpProtocol, remote: IpAddr, payload: &[u8]) -> Class {
    match protocol {
        IpProtocol::Tcp => {
            let Ok(tcp) = TcpPacket::new_checked(payload) else { return Class::Drop };
            let key = FlowKey { local_port: tcp.dst_port(), remote, remote_port: tcp.src_port() };
            Class::Tcp { key, opens: tcp.syn() && !tcp.ack() && !tcp.rst() }
        }
        IpProtocol::Udp => match UdpPacket::new_checked(payload) {
            Ok(udp) => Class::Udp { local_port: udp.dst_port(), from_name_server: udp.src_port() == 53 },
            Err(_) => Class::Drop,
        },
        _ => Class::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
    const OWN6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

    fn packet(change: impl FnOnce(&mut Vec<u8>)) -> Class {
        // A SYN from 10.0.0.1:1000 to 10.0.0.2:80.
        let mut bytes = vec![0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        bytes.extend([0x03, 0xe8, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x02, 0, 0, 0, 0, 0, 0]);
        change(&mut bytes);
        classify(&bytes, OWN, Some(OWN6))
    }

    #[test]
    fn packets_are_known_by_their_front() {
        let key = FlowKey { local_port: 80, remote: [10, 0, 0, 1].into(), remote_port: 1000 };
        assert_eq!(packet(|_| ()), Class::Tcp { key, opens: true });
        assert_eq!(packet(|p| p[33] = 0x12), Class::Tcp { key, opens: false });
        assert_eq!(packet(|p| p[9] = 47), Class::Other);
        let from_server = Class::Udp { local_port: 80, from_name_server: true };
        assert_eq!(packet(|p| (p[9], p[20], p[21], p[24], p[25]) = (17, 0, 53, 0, 20)), from_server);
    }

    #[test]
    fn what_must_not_be_answered_is_dropped() {
        for change in [
            (|p| p[0] = 0x65) as fn(&mut Vec<u8>),
            |p| p[19] = 3,              // to somebody else
            |p| p[12..16].fill(0),      // from nobody
            |p| p[12..16].fill(255),    // from everybody
            |p| p[12] = 224,            // from a group
            |p| p[12] = 127,            // from loopback
            |p| p[15] = 2,              // from ourselves
            |p| p[6] = 0x20,            // a first fragment
            |p| p[7] = 1,               // a later one
            |p| p.truncate(39),         // shorter than it says
            |p| p[32] = 0xf0,           // a TCP header longer than the packet
            |p| (p[9], p[20]) = (1, 3), // an ICMP error
            |p| p.clear(),
        ] {
            assert_eq!(packet(change), Class::Drop);
        }
    }

    fn packet6(change: impl FnOnce(&mut Vec<u8>)) -> Class {
        // A SYN from [2001:db8::1]:1000 to [2001:db8::2]:80.
        let mut bytes = vec![0x60, 0, 0, 0, 0, 20, 6, 64];
        bytes.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        bytes.extend(OWN6.octets());
        bytes.extend([0x03, 0xe8, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x02, 0, 0, 0, 0, 0, 0]);
        change(&mut bytes);
        classify(&bytes, OWN, Some(OWN6))
    }

    #[test]
    fn ipv6_is_known_by_its_front_as_well() {
        let remote = "2001:db8::1".parse().unwrap();
        let key = FlowKey { local_port: 80, remote, remote_port: 1000 };
        assert_eq!(packet6(|_| ()), Class::Tcp { key, opens: true });
        assert_eq!(packet6(|p| p[6] = 47), Class::Other);
        let from_server = Class::Udp { local_port: 80, from_name_server: true };
        assert_eq!(packet6(|p| (p[6], p[40], p[41], p[44], p[45]) = (17, 0, 53, 0, 20)), from_server);
        assert_eq!(packet6(|p| (p[6], p[40], p[44], p[45]) = (58, 129, 1, 2)), Class::EchoReply(0x0102));
        assert_eq!(packet6(|p| (p[6], p[40]) = (58, 128)), Class::Other);
    }

    #[test]
    fn ipv6_that_must_not_be_answered_is_dropped() {
        for change in [
            (|p| p[39] = 3) as fn(&mut Vec<u8>), // to somebody else
            |p| p[8..24].fill(0),                // from nobody
            |p| p[8] = 0xff,                     // from a group
            |p| (p[8..23].fill(0), p[23] = 1).1, // from loopback
            |p| (p[8..18].fill(0), p[18..20].fill(0xff)).1,
            |p| p[23] = 2,                 // from ourselves
            |p| p[6] = 44,                 // a fragment
            |p| p[6] = 0,                  // behind options
            |p| p[5] = 21,                 // shorter than it says
            |p| p.truncate(59),            // likewise
            |p| p[4..6].fill(0),           // a jumbogram, or nothing (RFC 2675)
            |p| (p[6], p[40]) = (58, 134), // a router advertisement
            |p| (p[6], p[40]) = (58, 1),   // an ICMP error
            |p| p.truncate(39),
        ] {
            assert_eq!(packet6(change), Class::Drop);
        }
        let mut bytes = vec![0x60, 0, 0, 0, 0, 0, 59, 64];
        bytes.resize(40, 1);
        assert_eq!(classify(&bytes, OWN, None), Class::Drop, "there is no IPv6 here");
    }
}
