//! Names and echoes.

use super::*;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpProtocol, Ipv4Packet, Ipv4Repr, UdpPacket, UdpRepr};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 53);
const SECOND: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 54);

/// A UDP datagram from one address to another.
pub(super) fn datagram(from: (Ipv4Addr, u16), to: (Ipv4Addr, u16), payload: &[u8]) -> Vec<u8> {
    let udp = UdpRepr { src_port: from.1, dst_port: to.1 };
    let payload_len = 8 + payload.len();
    let ip = Ipv4Repr { src_addr: from.0, dst_addr: to.0, next_header: IpProtocol::Udp, payload_len, hop_limit: 64 };
    let mut bytes = vec![0; 20 + payload_len];
    let checksums = ChecksumCapabilities::default();
    ip.emit(&mut Ipv4Packet::new_unchecked(&mut bytes[..]), &checksums);
    let (from, to) = (from.0.into(), to.0.into());
    let fill = |buffer: &mut [u8]| buffer.copy_from_slice(payload);
    udp.emit(&mut UdpPacket::new_unchecked(&mut bytes[20..]), &from, &to, payload.len(), fill, &checksums);
    bytes
}

/// A stack that resolves, and a name server that is a function from query to answers.
async fn ask(name: &str, mut server: impl FnMut(Ipv4Addr, &[u8]) -> Vec<Vec<u8>>) -> io::Result<Vec<IpAddr>> {
    let mut stack = with_dns(A, B, vec![SERVER, SECOND]);
    let handle = stack.handle();
    let start = tokio::time::Instant::now();
    let carry = async {
        loop {
            let now = Instant::from_micros(start.elapsed().as_micros() as u64);
            let mut answers = Vec::new();
            stack.poll(now, 100_000, |packet| {
                let ip = Ipv4Packet::new_checked(packet).unwrap();
                if ip.next_header() != IpProtocol::Udp {
                    return;
                }
                let udp = UdpPacket::new_checked(ip.payload()).unwrap();
                let (from, to) = ((ip.dst_addr(), udp.dst_port()), (ip.src_addr(), udp.src_port()));
                assert_eq!((to.0, from.1), (A, 53));
                answers.extend(server(from.0, udp.payload()).iter().map(|answer| datagram(from, to, answer)));
            });
            answers.iter().for_each(|answer| stack.receive(now, answer));
            let next = stack.next_poll(now).unwrap_or(Duration::from_secs(3_600));
            tokio::select! { () = stack.notified() => {}, () = tokio::time::sleep(next) => {} }
        }
    };
    tokio::select! { biased; result = handle.resolve(name) => result, () = carry => unreachable!() }
}

/// An answer with these records behind the question of the query.
pub(super) fn answer(query: &[u8], flags: u16, records: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = query.to_vec();
    bytes[2..4].copy_from_slice(&flags.to_be_bytes());
    bytes[6..8].copy_from_slice(&(records.len() as u16).to_be_bytes());
    records.iter().for_each(|record| bytes.extend(record));
    bytes
}

/// A record of the asked name (a pointer to the question).
pub(super) fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let head = [0xc0, 12, (kind >> 8) as u8, kind as u8, 0, 1, 0, 0, 0, 60, 0, data.len() as u8];
    [&head[..], data].concat()
}

const ANSWER: u16 = 0x8180;

#[test]
fn names_are_asked_of_the_tunnels_servers() {
    run(async || {
        let two = |_, query: &[u8]| {
            assert!(query[12..].starts_with(b"\x03www\x07example\0"));
            vec![answer(query, ANSWER, &[record(1, &[1, 2, 3, 4]), record(1, &[5, 6, 7, 8])])]
        };
        let found = ask("WWW.example.", two).await.unwrap();
        assert_eq!(found, ["1.2.3.4".parse::<IpAddr>().unwrap(), "5.6.7.8".parse().unwrap()]);
        // A literal is not asked at all.
        let never = |_, _: &[u8]| panic!("asked");
        assert_eq!(ask("1.2.3.4", never).await.unwrap(), ["1.2.3.4".parse::<IpAddr>().unwrap()]);
        // An alias and its address come together.
        let alias = |_, query: &[u8]| {
            let target = [&b"\x01x\0"[..], &[0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 9, 9, 9, 9]].concat();
            vec![answer(query, ANSWER, &[record(5, b"\x01x\0"), target])]
        };
        assert_eq!(ask("alias", alias).await.unwrap(), ["9.9.9.9".parse::<IpAddr>().unwrap()]);
    });
}

#[test]
fn servers_that_fail_or_are_silent() {
    run(async || {
        let missing = |_, query: &[u8]| vec![answer(query, 0x8183, &[])];
        assert_eq!(kind(ask("missing", missing).await), io::ErrorKind::NotFound);
        let empty = |_, query: &[u8]| vec![answer(query, ANSWER, &[])];
        assert_eq!(kind(ask("empty", empty).await), io::ErrorKind::NotFound);
        // The second server is asked after the first has been silent.
        let second = |server, query: &[u8]| match server {
            SECOND => vec![answer(query, ANSWER, &[record(1, &[1, 2, 3, 4])])],
            _ => vec![],
        };
        assert_eq!(ask("second", second).await.unwrap().len(), 1);
        let before = tokio::time::Instant::now();
        assert_eq!(kind(ask("silent", |_, _: &[u8]| vec![]).await), io::ErrorKind::NotFound);
        assert!((20..60).contains(&before.elapsed().as_secs()), "{:?}", before.elapsed());
    });
}

#[test]
fn what_is_no_name_is_not_asked() {
    run(async || {
        let never = |_, _: &[u8]| panic!("asked");
        let long = "a.".repeat(140);
        for bad in ["", ".", "a..b", ".a", "a b", "a\0b", "ä.example", &"x".repeat(64), &long, "[::1]", "a/b"] {
            assert_eq!(kind(ask(bad, never).await), io::ErrorKind::InvalidInput, "{bad}");
        }
        let without = stack(A, B);
        assert_eq!(kind(without.handle().resolve("host").await), io::ErrorKind::Unsupported);
    });
}

#[test]
fn hostile_answers_do_no_harm() {
    run(async || {
        let mut roll = dice(7);
        for round in 0..400 {
            let mut evil = |query: &[u8]| {
                let mut bytes =
                    answer(query, ANSWER, &[record(1, &[1, 2, 3, 4]), record(5, &[0xc0, 12]), record(5, b"\x3fx")]);
                match round % 8 {
                    0 => bytes.truncate(roll(bytes.len() as u64) as usize),
                    1 => bytes[12] = 0xc0,       // the question points into itself
                    2 => bytes[6..8].fill(0xff), // 65,535 records
                    3 => bytes[0] ^= 1,          // somebody else's transaction
                    4 => bytes.extend(vec![0xc0; 1_000]),
                    _ => {}
                }
                for _ in 0..roll(6) {
                    let at = roll(bytes.len().max(1) as u64) as usize;
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = roll(256) as u8;
                    }
                }
                bytes
            };
            let server = |_, query: &[u8]| (0..5).map(|_| evil(query)).collect();
            // Any end will do, as long as it is one.
            let _ = ask("name.example", server).await;
        }
    });
}

#[test]
fn queries_that_are_given_up_free_their_place() {
    run(async || {
        let mut stack = with_dns(A, B, vec![SERVER]);
        let handle = stack.handle();
        for _ in 0..1_000 {
            let given_up = tokio::time::timeout(Duration::from_millis(1), handle.resolve("name")).await;
            assert!(given_up.is_err());
        }
        let mut waiting: Vec<_> = (0..300).map(|_| Box::pin(handle.resolve("name"))).collect();
        let mut refused = 0;
        for query in &mut waiting {
            if let Some(result) = tokio::select! { biased; r = query => Some(r), () = std::future::ready(()) => None } {
                assert_eq!(kind(result), io::ErrorKind::ResourceBusy);
                refused += 1;
            }
        }
        assert_eq!(refused, 300 - 256);
        drop(waiting);
        assert_eq!(stack.poll(Instant::ZERO, 100_000, |_| ()).packets, 0);
    });
}

#[test]
fn echoes_are_answered_and_measured() {
    run(async || {
        let mut wire = Wire { delay: Duration::from_millis(20), ..wire() };
        let a = wire.a.handle();
        let test = async {
            let (short, long) = tokio::join!(a.ping(B, b"hello"), a.ping(B, &[7; 1_372]));
            assert_eq!(short.unwrap(), Duration::from_millis(40));
            assert_eq!(long.unwrap(), Duration::from_millis(40));
            assert_eq!(kind(a.ping(B, &[7; 1_373]).await), io::ErrorKind::InvalidInput);
            assert_eq!(kind(a.ping(Ipv4Addr::BROADCAST, b"").await), io::ErrorKind::InvalidInput);
            let silent = tokio::time::timeout(Duration::from_secs(5), a.ping("10.9.9.9".parse().unwrap(), b""));
            assert!(silent.await.is_err());
        };
        over(&mut wire, test).await;
    });
}

#[test]
fn a_name_is_remembered_as_long_as_its_answer_says() {
    run(async || {
        let mut stack = with_dns(A, B, vec![SERVER]);
        let handle = stack.handle();
        let asked = std::cell::Cell::new(0);
        let start = tokio::time::Instant::now();
        let carry = async {
            loop {
                let now = Instant::from_micros(start.elapsed().as_micros() as u64);
                let mut answers = Vec::new();
                stack.poll(now, 100_000, |packet| {
                    let ip = Ipv4Packet::new_checked(packet).unwrap();
                    let udp = UdpPacket::new_checked(ip.payload()).unwrap();
                    asked.set(asked.get() + 1);
                    let answer = answer(udp.payload(), ANSWER, &[record(1, &[1, 2, 3, 4])]);
                    answers.push(datagram((ip.dst_addr(), 53), (A, udp.src_port()), &answer));
                });
                answers.iter().for_each(|answer| stack.receive(now, answer));
                let next = stack.next_poll(now).unwrap_or(Duration::from_secs(3_600));
                tokio::select! { () = stack.notified() => {}, () = tokio::time::sleep(next) => {} }
            }
        };
        let resolve = async {
            let mut counts = Vec::new();
            for (name, wait) in [("a.example", 0), ("A.Example.", 59), ("a.example", 2), ("b.example", 0)] {
                tokio::time::sleep(Duration::from_secs(wait)).await;
                assert_eq!(handle.resolve(name).await.unwrap(), ["1.2.3.4".parse::<IpAddr>().unwrap()]);
                counts.push(asked.get());
            }
            counts
        };
        // The record holds for 60 seconds.
        let counts = tokio::select! { biased; counts = resolve => counts, () = carry => unreachable!() };
        assert_eq!(counts, [1, 1, 2, 3]);
    });
}
