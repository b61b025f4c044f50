//! Packets that nobody should send.

use super::*;

/// All packets that the stack has to send now.
pub(super) fn drain(stack: &mut Stack, now: Instant) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    stack.poll(now, usize::MAX, |packet| packets.push(packet.to_vec()));
    packets
}

#[test]
fn random_and_damaged_packets_do_no_harm() {
    run(async || {
        // Real packets of a handshake, a transfer and its end, each damaged in many ways and given to both sides.
        let seen = Rc::new(RefCell::new(Vec::new()));
        let keep = Rc::clone(&seen);
        let mut wire = impaired(move |packet| {
            keep.borrow_mut().push(packet.to_vec());
            Fate::Arrives
        });
        transfer(&mut wire, 100_000).await;
        let mut roll = dice(3);
        let handle = wire.b.handle();
        let _listener = handle.listen(80).unwrap();
        let mut now = Instant::from_millis(100_000);
        for packet in seen.borrow().iter() {
            for _ in 0..40 {
                let mut packet = packet.clone();
                for _ in 0..1 + roll(4) {
                    let at = roll(packet.len().min(60) as u64) as usize;
                    packet[at] = roll(256) as u8;
                }
                if roll(4) == 0 {
                    packet.truncate(roll(packet.len() as u64 + 1) as usize);
                }
                mend(&mut packet, roll(2) == 0);
                wire.a.receive(now, &packet);
                wire.b.receive(now, &packet);
            }
            now += Duration::from_millis(7);
            drain(&mut wire.a, now);
            drain(&mut wire.b, now);
        }
        for len in 0..100 {
            let bytes: Vec<u8> = (0..len).map(|_| roll(256) as u8).collect();
            wire.a.receive(now, &bytes);
        }
        for _ in 0..1_000 {
            now += Duration::from_secs(1);
            drain(&mut wire.a, now);
            drain(&mut wire.b, now);
        }
        assert_eq!((wire.a.streams(), wire.b.streams()), (0, 0));
    });
}

/// Makes the checksums right again, so that the damage gets further in.
fn mend(packet: &mut [u8], also: bool) {
    use smoltcp::wire::{IpProtocol, Ipv4Packet, TcpPacket};
    if !also || Ipv4Packet::new_checked(&packet[..]).is_err() {
        return;
    }
    let mut ip = Ipv4Packet::new_unchecked(packet);
    ip.fill_checksum();
    let (from, to) = (ip.src_addr().into(), ip.dst_addr().into());
    if ip.next_header() == IpProtocol::Tcp && TcpPacket::new_checked(ip.payload_mut()).is_ok() {
        TcpPacket::new_unchecked(ip.payload_mut()).fill_checksum(&from, &to);
    }
}

/// A SYN from any port of any host.
fn syn(host: u8, port: u16) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 1, 1, host, 10, 0, 0, 2];
    packet.extend([(port >> 8) as u8, port as u8, 0, 80, 1, 2, 3, 4, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0]);
    mend(&mut packet, true);
    packet
}

#[test]
fn a_flood_of_syns_is_bounded_and_passes() {
    let mut b = stack(B, A);
    let _listener = b.handle().listen(80).unwrap();
    for port in 1..=2_000 {
        b.receive(Instant::ZERO, &syn(9, port));
    }
    assert_eq!(b.streams(), 256);
    let answers = drain(&mut b, Instant::ZERO);
    assert_eq!(answers.len(), 256);
    let mut now = Instant::ZERO;
    while now < Instant::from_millis(60_000) {
        now += b.next_poll(now).unwrap_or(Duration::from_secs(1)).max(Duration::from_millis(1));
        drain(&mut b, now);
    }
    assert_eq!(b.streams(), 0);
    b.receive(now, &syn(9, 1));
    assert_eq!(b.streams(), 1);
}

#[test]
fn syns_to_nobody_are_reset_and_leave_nothing() {
    let mut b = stack(B, A);
    b.receive(Instant::ZERO, &syn(9, 1000));
    let answers = drain(&mut b, Instant::ZERO);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0][33] & 0x04, 0x04, "a reset");
    assert_eq!(b.streams(), 0);
    // Replies that nobody fetches are bounded.
    for port in 0..60_000 {
        b.receive(Instant::ZERO, &syn(9, port));
    }
    let bytes: usize = drain(&mut b, Instant::ZERO).iter().map(Vec::len).sum();
    assert!((60_000..=65_536).contains(&bytes), "{bytes}");
}

#[test]
fn streams_that_nobody_accepts_do_not_stay() {
    run(async || {
        let mut wire = wire();
        let (a, mut listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
        let test = async {
            let mut open = Vec::new();
            for _ in 0..300 {
                match tokio::time::timeout(Duration::from_secs(5), a.connect((B, 80).into())).await {
                    Ok(stream) => open.push(stream.unwrap()),
                    Err(_) => break,
                }
            }
            assert_eq!(open.len(), 256);
            tokio::time::sleep(Duration::from_secs(120)).await;
            let mut fresh = a.connect((B, 80).into()).await.unwrap();
            fresh.write_all(b"x").await.unwrap();
            // Those that were given up are not accepted.
            let (mut stream, peer) = listener.accept().await.unwrap();
            assert_eq!(peer, fresh.local());
            stream.read_exact(&mut [0]).await.unwrap();
            // A listener takes what it has not given out along.
            let mut left = a.connect((B, 80).into()).await.unwrap();
            drop(listener);
            assert_eq!(kind(left.read(&mut [0]).await), io::ErrorKind::ConnectionReset);
        };
        over(&mut wire, test).await;
    });
}

#[test]
fn the_number_of_streams_is_bounded() {
    run(async || {
        let config = StackConfig { max_streams: 3, ..StackConfig::default() };
        let mut wire = Wire { a: Stack::new(&Projection::new(A, None, vec![], 1400), config, Instant::ZERO), ..wire() };
        let (a, _listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
        let test = async {
            let mut open = Vec::new();
            for _ in 0..3 {
                open.push(a.connect((B, 80).into()).await.unwrap());
            }
            assert_eq!(kind(a.connect((B, 80).into()).await), io::ErrorKind::ResourceBusy);
            open.pop();
            tokio::time::sleep(Duration::from_millis(1)).await;
            a.connect((B, 80).into()).await.unwrap();
        };
        over(&mut wire, test).await;
    });
}

#[test]
fn projections_of_all_kinds_are_survived() {
    run(async || {
        for local in ["0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", "10.0.0.1"] {
            for mtu in [0, 68, 128, 65_535] {
                let local: Ipv4Addr = local.parse().unwrap();
                let dns = vec![Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, B, B, B, B, B];
                let projection = Projection::new(local, Some(Ipv4Addr::BROADCAST), dns, mtu);
                let mut stack = Stack::new(&projection, StackConfig::default(), Instant::ZERO);
                let handle = stack.handle();
                let limit = Duration::from_millis(1);
                let _ = tokio::time::timeout(limit, handle.connect((B, 80).into())).await;
                let _ = tokio::time::timeout(limit, handle.resolve("name")).await;
                let _ = tokio::time::timeout(limit, handle.ping(B, b"")).await;
                let mut connect = Box::pin(handle.connect((B, 80).into()));
                tokio::select! { biased; _ = &mut connect => {}, () = std::future::ready(()) => {} }
                for at in 0..100 {
                    drain(&mut stack, Instant::from_millis(at * 1_000));
                }
            }
        }
    });
}
