//! IPv6 beside IPv4.

use super::names::{answer, record};
use super::*;
use rasman_core::Ipv6Link;
use smoltcp::wire::{IpProtocol, Ipv4Packet, UdpPacket};
use std::net::Ipv6Addr;

const A6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const B6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

fn setup(address: Ipv6Addr) -> Ipv6Setup {
    let mut setup = Ipv6Setup::new(Ipv6Link { local: [1; 8], peer: [2; 8] });
    setup.addresses = vec![(setup.link.local_address(), 64), (address, 64)];
    setup
}

fn dual() -> Wire<impl FnMut(&[u8]) -> Fate> {
    let mut wire = wire();
    wire.a.set_ipv6(Some(&setup(A6)));
    wire.b.set_ipv6(Some(&setup(B6)));
    wire
}

#[test]
fn bytes_arrive_whole_both_ways_by_ipv6() {
    run(async || {
        let mut wire = dual();
        let (a, mut listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
        let client = async {
            let stream = a.connect((B6, 80).into()).await.unwrap();
            assert_eq!((stream.peer(), stream.local().ip()), ((B6, 80).into(), IpAddr::V6(A6)));
            let (mut read, mut write) = tokio::io::split(stream);
            tokio::join!(send(&mut write, 1, 3_000_000), receive(&mut read))
        };
        let server = async {
            let (stream, peer) = listener.accept().await.unwrap();
            assert_eq!(peer.ip(), IpAddr::V6(A6));
            let (mut read, mut write) = tokio::io::split(stream);
            tokio::join!(send(&mut write, 2, 3_000_000), receive(&mut read))
        };
        let ((up, down), (sent, got)) = over(&mut wire, async { tokio::join!(client, server) }).await;
        assert_eq!((got, down), ((3_000_000, up), (3_000_000, sent)));
        // And by IPv4 as before.
        let connected = over(&mut wire, a.connect((B, 80).into())).await.unwrap();
        assert_eq!(connected.local().ip(), IpAddr::V4(A));
    });
}

#[test]
fn every_packet_is_told_with_its_version() {
    run(async || {
        let mut stack = with_dns(A, B, vec![B]);
        stack.set_ipv6(Some(&setup(A6)));
        let handle = stack.handle();
        let udp = handle.udp().unwrap();
        udp.send_to(b"four", (B, 9).into()).unwrap();
        udp.send_to(b"six", (B6, 9).into()).unwrap();
        let mut connect = Box::pin(handle.connect((B6, 80).into()));
        tokio::select! { biased; _ = &mut connect => unreachable!(), () = std::future::ready(()) => {} }
        let mut versions = Vec::new();
        stack.poll_into(Instant::ZERO, 100_000, |first, length, write| {
            let mut packet = vec![0; length];
            write(&mut packet);
            assert_eq!(first >> 4, packet[0] >> 4);
            versions.push((packet[0] >> 4, if packet[0] >> 4 == 4 { packet[9] } else { packet[6] }));
        });
        versions.sort_unstable();
        assert_eq!(versions, [(4, 17), (6, 6), (6, 17)]);
    });
}

#[test]
fn datagrams_go_both_ways() {
    run(async || {
        let mut wire = dual();
        let (a, b) = (wire.a.handle().udp().unwrap(), wire.b.handle().udp().unwrap());
        let test = async {
            a.send_to(b"hello", (B6, b.local().port()).into()).unwrap();
            let from = b.receive(|payload, from| (payload.to_vec(), from)).await.unwrap();
            assert_eq!(from, (b"hello".to_vec(), (A6, a.local().port()).into()));
        };
        over(&mut wire, test).await;
        let most = 1400 - 48;
        a.send_to(&vec![0; most], (B6, 9).into()).unwrap();
        assert_eq!(a.send_to(&vec![0; most + 1], (B6, 9).into()).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    });
}

#[test]
fn without_ipv6_it_is_told_at_once() {
    run(async || {
        let refused = async |stack: &Stack, to: &str| {
            kind(stack.handle().connect(SocketAddr::new(to.parse().unwrap(), 80)).await.map(drop))
        };
        let mut a = stack(A, B);
        assert_eq!(refused(&a, "2001:db8::2").await, io::ErrorKind::Unsupported);
        let udp = a.handle().udp().unwrap();
        assert_eq!(udp.send_to(b"x", (B6, 9).into()).unwrap_err().kind(), io::ErrorKind::Unsupported);
        // A link-local address alone leads nowhere.
        a.set_ipv6(Some(&Ipv6Setup::new(Ipv6Link { local: [1; 8], peer: [2; 8] })));
        assert_eq!(refused(&a, "2001:db8::2").await, io::ErrorKind::Unsupported);
        a.set_ipv6(Some(&setup(A6)));
        for none in ["fe80::1", "ff02::1", "::", "::1"] {
            assert_eq!(refused(&a, none).await, io::ErrorKind::AddrNotAvailable, "{none}");
        }
        // RFC 8200 5.
        let projection = Projection::new(A, Some(B), vec![], 1279);
        let mut narrow = Stack::new(&projection, StackConfig::default(), Instant::ZERO);
        narrow.set_ipv6(Some(&setup(A6)));
        assert_eq!(refused(&narrow, "2001:db8::2").await, io::ErrorKind::Unsupported);
    });
}

#[test]
fn odd_setups_do_no_harm() {
    run(async || {
        for address in ["::", "::1", "ff02::1", "fe80::1", "::ffff:10.0.0.1", "2001:db8::1"] {
            let mut odd = setup(address.parse().unwrap());
            odd.dns = vec![address.parse().unwrap(); 20];
            odd.mtu = Some(0);
            let mut stack = with_dns(A, B, vec![B]);
            stack.set_ipv6(Some(&odd));
            let handle = stack.handle();
            let mut connect = Box::pin(handle.connect((B6, 80).into()));
            let mut resolve = Box::pin(handle.resolve("name"));
            tokio::select! { biased; _ = &mut connect => {}, _ = &mut resolve => {}, () = std::future::ready(()) => {} }
            for at in 0..100 {
                hostile::drain(&mut stack, Instant::from_millis(at * 1_000));
            }
            stack.set_ipv6(None);
            stack.set_ipv6(Some(&odd));
        }
    });
}

#[test]
fn streams_of_an_address_that_is_gone_break_and_others_stay() {
    run(async || {
        let mut wire = dual();
        let (a, mut listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
        let (mut six, mut four, mut peer) = over(&mut wire, async {
            let six = a.connect((B6, 80).into()).await.unwrap();
            let four = a.connect((B, 80).into()).await.unwrap();
            listener.accept().await.unwrap();
            (six, four, listener.accept().await.unwrap().0)
        })
        .await;
        // The same again changes nothing.
        wire.a.set_ipv6(Some(&setup(A6)));
        assert_eq!(wire.a.streams(), 2);
        let fresh = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9);
        wire.a.set_ipv6(Some(&setup(fresh)));
        assert_eq!(kind(six.read(&mut [0]).await), io::ErrorKind::ConnectionReset);
        let test = async {
            four.write_all(b"x").await.unwrap();
            peer.read_exact(&mut [0]).await.unwrap();
            assert_eq!(a.connect((B6, 80).into()).await.unwrap().local().ip(), IpAddr::V6(fresh));
        };
        over(&mut wire, test).await;
        wire.a.set_ipv6(None);
        drop(six);
        assert_eq!(kind(a.connect((B6, 80).into()).await.map(drop)), io::ErrorKind::Unsupported);
    });
}

/// Resolves with a name server that gives its records by the kind that was asked for, after a time each.
async fn ask(records: impl Fn(u8) -> (u64, Vec<Vec<u8>>)) -> (io::Result<Vec<IpAddr>>, Duration) {
    let mut stack = with_dns(A, B, vec![B]);
    stack.set_ipv6(Some(&setup(A6)));
    let handle = stack.handle();
    let start = tokio::time::Instant::now();
    let mut late: Vec<(Instant, Vec<u8>)> = Vec::new();
    let carry = async {
        loop {
            let now = Instant::from_micros(start.elapsed().as_micros() as u64);
            stack.poll(now, 100_000, |packet| {
                let ip = Ipv4Packet::new_checked(packet).unwrap();
                assert_eq!(ip.next_header(), IpProtocol::Udp);
                let udp = UdpPacket::new_checked(ip.payload()).unwrap();
                let kind = udp.payload()[udp.payload().len() - 3];
                let (delay, found) = records(kind);
                let reply = answer(udp.payload(), 0x8180, &found);
                let datagram = names::datagram((B, 53), (A, udp.src_port()), &reply);
                late.push((now + Duration::from_millis(delay), datagram));
            });
            late.iter().filter(|(at, _)| *at <= now).for_each(|(_, packet)| stack.receive(now, packet));
            late.retain(|(at, _)| *at > now);
            let next = late.iter().map(|(at, _)| at.since(now)).chain(stack.next_poll(now)).min();
            let next = next.unwrap_or(Duration::from_secs(3_600)).max(Duration::from_micros(100));
            tokio::select! { () = stack.notified() => {}, () = tokio::time::sleep(next) => {} }
        }
    };
    let found = tokio::select! { biased; result = handle.resolve("name") => result, () = carry => unreachable!() };
    (found, start.elapsed())
}

#[test]
fn both_kinds_of_addresses_are_asked_for() {
    const AAAA: u8 = 28;
    run(async || {
        let v4 = || vec![record(1, &[10, 0, 0, 9])];
        let v6 = || vec![record(28, &B6.octets())];
        let both = [IpAddr::V6(B6), IpAddr::from([10, 0, 0, 9])];
        let (found, _) = ask(|kind| (1, if kind == AAAA { v6() } else { v4() })).await;
        assert_eq!(found.unwrap(), both);
        // The one that is late is waited for no longer than a moment (RFC 8305 3).
        let (found, time) = ask(|kind| if kind == AAAA { (1_000, v6()) } else { (1, v4()) }).await;
        assert_eq!(found.unwrap(), both[1..]);
        assert!(time < Duration::from_millis(100), "{time:?}");
        let (found, _) = ask(|kind| if kind == AAAA { (1, v6()) } else { (1_000, v4()) }).await;
        assert_eq!(found.unwrap(), both[..1]);
        // If it is the only one it is waited for.
        let (found, _) = ask(|kind| if kind == AAAA { (1_000, v6()) } else { (1, vec![]) }).await;
        assert_eq!(found.unwrap(), both[..1]);
        let (found, _) = ask(|_| (1, vec![])).await;
        assert_eq!(kind(found), io::ErrorKind::NotFound);
    });
}

#[test]
fn the_address_that_answers_is_taken() {
    run(async || {
        // Of IPv6 nothing comes back.
        let mut wire = Wire {
            a: stack(A, B),
            b: stack(B, A),
            delay: Duration::ZERO,
            fate: |packet: &[u8]| if packet[0] >> 4 == 6 { Fate::Lost } else { Fate::Arrives },
            room: 64 * 1024,
        };
        wire.a.set_ipv6(Some(&setup(A6)));
        let (a, _listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
        let begun = tokio::time::Instant::now();
        let stream = over(&mut wire, a.connect_any(&[B6.into(), B.into()], 80)).await.unwrap();
        assert_eq!(stream.peer(), (B, 80).into());
        assert_eq!(begun.elapsed().as_millis() / 10, 25, "a quarter of a second (RFC 8305 8)");
        drop(stream);
        // The attempt that was given up is gone.
        over(&mut wire, tokio::time::sleep(Duration::from_secs(40))).await;
        assert_eq!(wire.a.streams(), 0);
    });
}

#[test]
fn a_ping_is_answered_and_a_segment_to_nobody_reset() {
    let mut b = stack(B, A);
    b.set_ipv6(Some(&setup(B6)));
    let packet = |next: u8, payload: &[u8]| {
        let mut packet = vec![0x60, 0, 0, 0, 0, payload.len() as u8, next, 64];
        packet.extend([A6.octets(), B6.octets()].concat());
        packet.extend(payload);
        let words = |bytes: &[u8]| bytes.chunks(2).map(|w| u32::from(w[0]) << 8 | u32::from(w[1])).sum::<u32>();
        let sum = words(&packet[8..]) + payload.len() as u32 + u32::from(next);
        let at = 40 + if next == 6 { 16 } else { 2 };
        let folded = (sum & 0xffff) + (sum >> 16);
        packet[at..at + 2].copy_from_slice(&(!(folded as u16)).to_be_bytes());
        packet
    };
    b.receive(Instant::ZERO, &packet(58, &[128, 0, 0, 0, 1, 2, 0, 1]));
    b.receive(Instant::ZERO, &packet(6, &[3, 0xe8, 0, 81, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 9, 0, 0, 0, 0]));
    // Neither is one behind options, or to somebody else.
    b.receive(Instant::ZERO, &packet(0, &[6, 0, 1, 4, 0, 0, 0, 0]));
    let answers = hostile::drain(&mut b, Instant::ZERO);
    assert_eq!(answers.iter().map(|packet| (packet[6], packet[40])).collect::<Vec<_>>(), [(58, 129), (6, 0)]);
    assert_eq!(answers[1][53] & 0x04, 0x04, "a reset");
}
