//! Bodies of the fuzz targets for the user-space IP stack.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use rasman_core::{Duration, Instant, Ipv6Link, Ipv6Setup, Projection};
use rasman_net::fuzzing::{Class, FlowKey, classify, names_whom_to_ask, revoked_by};
use rasman_net::stack::{Stack, StackConfig, StackListener, StackStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const OWN6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
const MTU: u16 = 1400;

/// A certificate and an answer of OCSP about it, which it may have signed itself: two octets say where the one ends.
pub fn ocsp_answer(data: &[u8]) {
    let _ = ocsp_says(data);
}

fn ocsp_says(data: &[u8]) -> Option<bool> {
    let [high, low, rest @ ..] = data else { return None };
    let (certificate, answer) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])).min(rest.len()));
    assert!(names_whom_to_ask(certificate) <= 8);
    assert_eq!(revoked_by(certificate, answer, 0), None, "no answer is older than OCSP");
    revoked_by(certificate, answer, NOW)
}

/// When the answers of the corpus were made: 2026-11-26.
const NOW: u64 = 1_795_683_600;

/// To whom a packet belongs, told apart by the bytes that the RFCs name.
pub fn stack_classify(data: &[u8]) {
    assert_eq!(classify(data, OWN, Some(OWN6)), expected(data).unwrap_or(Class::Drop));
}

/// Reads a packet by hand; gives nothing for one that is not for us or must not be answered.
fn expected(packet: &[u8]) -> Option<Class> {
    if packet.first()? >> 4 == 6 { expected_v6(packet) } else { expected_v4(packet) }
}

fn expected_v4(packet: &[u8]) -> Option<Class> {
    let header = usize::from(packet.first()? & 15) * 4;
    let all = packet.get(..usize::from(u16_at(packet, 2)?))?;
    let source: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
    let fit = packet[0] >> 4 == 4
        && header >= 20
        && u16_at(packet, 6)? & 0x3fff == 0
        && packet.get(16..20)? == OWN.octets()
        && source != OWN.octets()
        && source != [0; 4]
        && source != [255; 4]
        && source[0] != 127
        && source[0] & 0xf0 != 224;
    let payload = all.get(header..).filter(|_| fit)?;
    match packet[9] {
        1 => echo(payload, 0, 8),
        protocol => transport(protocol, source.into(), payload),
    }
}

fn expected_v6(packet: &[u8]) -> Option<Class> {
    let length = usize::from(u16_at(packet, 4)?);
    let source: [u8; 16] = packet.get(8..24)?.try_into().ok()?;
    let mapped = source[..10] == [0; 10] && source[10..12] == [255; 2];
    let nobody = source[..15] == [0; 15] && source[15] < 2;
    let fit = packet.get(24..40)? == OWN6.octets() && source != OWN6.octets() && source[0] != 255 && !mapped && !nobody;
    let payload = packet.get(40..40 + length).filter(|_| fit)?;
    match packet[6] {
        0 | 43 | 44 | 60 => None,
        58 => echo(payload, 129, 128),
        protocol => transport(protocol, source.into(), payload),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

fn echo(payload: &[u8], reply: u8, request: u8) -> Option<Class> {
    match *payload.first_chunk::<8>()? {
        [kind, _, _, _, high, low, ..] if kind == reply => Some(Class::EchoReply(u16::from_be_bytes([high, low]))),
        [kind, ..] if kind == request => Some(Class::Other),
        _ => None,
    }
}

fn transport(protocol: u8, remote: IpAddr, payload: &[u8]) -> Option<Class> {
    match protocol {
        6 => {
            let offset = usize::from(payload.get(12)? >> 4) * 4;
            if offset < 20 || offset > payload.len() {
                return None;
            }
            let (local_port, remote_port) = (u16_at(payload, 2)?, u16_at(payload, 0)?);
            let key = FlowKey { local_port, remote, remote_port };
            // RFC 9293 3.1: of ACK, RST and SYN the last alone.
            Some(Class::Tcp { key, opens: payload[13] & 0x16 == 0x02 })
        }
        17 => {
            let length = usize::from(u16_at(payload, 4)?);
            let whole = payload.len() >= 8 && (8..=payload.len()).contains(&length);
            let from_name_server = u16_at(payload, 0)? == 53;
            whole.then_some(Class::Udp { local_port: u16_at(payload, 2)?, from_name_server })
        }
        _ => Some(Class::Other),
    }
}

/// A script of packets, time and a program that uses the streams: whatever comes, what the stack sends is fit to be sent.
pub fn stack_packets(data: &[u8]) {
    Bench::new().run(data);
}

struct Bench {
    stack: Stack,
    listener: StackListener,
    streams: Vec<StackStream>,
    now: Instant,
    /// The sequence number of the stack's last SYN; it is random, so a script counts from it.
    start: u32,
}

impl Bench {
    fn new() -> Self {
        let projection = Projection::new(OWN, None, vec![Ipv4Addr::new(10, 0, 0, 1)], MTU);
        let config = StackConfig { tcp_buffer: 16 << 10, memory: 256 << 10, max_streams: 6, ..StackConfig::default() };
        let now = Instant::from_millis(1);
        let mut stack = Stack::new(&projection, config, now);
        let mut ipv6 = Ipv6Setup::new(Ipv6Link { local: [2; 8], peer: [1; 8] });
        ipv6.addresses.push((OWN6, 64));
        stack.set_ipv6(Some(&ipv6));
        let listener = stack.handle().listen(80).expect("nobody else listens");
        Self { stack, listener, streams: Vec::new(), now, start: 0 }
    }

    fn run(&mut self, mut data: &[u8]) {
        while let Some((&step, rest)) = data.split_first() {
            data = rest;
            match step {
                0 => self.accept(),
                1 => self.write(),
                2 => self.read(),
                3 => self.streams.truncate(self.streams.len().saturating_sub(1)),
                4..=15 => self.pass(Duration::from_millis(1 << step)),
                length => {
                    let (packet, rest) = data.split_at(usize::from(length).min(data.len()));
                    data = rest;
                    self.hear(packet);
                    let mut packet = packet.to_vec();
                    mend(&mut packet, self.start);
                    self.hear(&packet);
                }
            }
        }
        self.streams.clear();
        // Longer than all limits: nobody is left, and nothing wants to be sent.
        self.pass(Duration::from_secs(1_000));
        while let Poll::Ready(Ok(_)) = pin!(self.listener.accept()).poll(&mut waker()) {}
        self.pass(Duration::from_secs(1_000));
        assert_eq!((self.stack.streams(), self.stack.next_poll(self.now)), (0, None));
    }

    fn hear(&mut self, packet: &[u8]) {
        self.drain();
        self.stack.receive(self.now, packet);
        let sent = self.drain();
        assert!(
            sent == 0 || classify(packet, OWN, Some(OWN6)) != Class::Drop,
            "a packet that must not be answered was"
        );
        assert!(self.stack.streams() <= 6);
    }

    fn accept(&mut self) {
        if let Poll::Ready(Ok((stream, _))) = pin!(self.listener.accept()).poll(&mut waker()) {
            self.streams.push(stream);
        }
    }

    fn write(&mut self) {
        for stream in &mut self.streams {
            let _ = Pin::new(stream).poll_write(&mut waker(), &[7; 3_000]);
        }
        self.drain();
    }

    fn read(&mut self) {
        for stream in &mut self.streams {
            let mut space = [0; 500];
            let _ = Pin::new(stream).poll_read(&mut waker(), &mut ReadBuf::new(&mut space));
        }
        self.drain();
    }

    /// Lets time pass, timer by timer.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..100_000 {
            self.drain();
            match self.stack.next_poll(self.now) {
                Some(wait) if self.now + wait <= end => self.now += wait,
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("a timer without end");
    }

    /// Takes what the stack sends, looks at it, and tells how much it is.
    fn drain(&mut self) -> usize {
        let start = &mut self.start;
        let polled = self.stack.poll(self.now, 1 << 20, |packet| {
            assert!((20..=usize::from(MTU)).contains(&packet.len()));
            if packet[0] >> 4 == 6 {
                return inspect_v6(packet, start);
            }
            assert_eq!((packet[0], usize::from(u16::from_be_bytes([packet[2], packet[3]]))), (0x45, packet.len()));
            assert_eq!(packet[12..16], OWN.octets());
            let to = Ipv4Addr::from(<[u8; 4]>::try_from(&packet[16..20]).expect("four bytes"));
            assert!(to != OWN && !to.is_unspecified() && !to.is_loopback() && !to.is_multicast() && !to.is_broadcast());
            if packet[9] == 6 && packet[33] & 0x02 != 0 {
                *start = u32::from_be_bytes(packet[24..28].try_into().expect("four bytes"));
            }
        });
        assert!(!polled.more, "six streams have less than that to send");
        polled.packets
    }
}

fn inspect_v6(packet: &[u8], start: &mut u32) {
    assert_eq!(usize::from(u16::from_be_bytes([packet[4], packet[5]])) + 40, packet.len());
    assert_eq!(packet[8..24], OWN6.octets());
    let to = Ipv6Addr::from(<[u8; 16]>::try_from(&packet[24..40]).expect("sixteen bytes"));
    assert!(to != OWN6 && !to.is_unspecified() && !to.is_loopback() && !to.is_multicast());
    if packet[6] == 6 && packet[53] & 0x02 != 0 {
        *start = u32::from_be_bytes(packet[44..48].try_into().expect("four bytes"));
    }
}

fn waker() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// Makes a packet to us of bytes that are nearly one: version, length, destination and checksums become right, and
/// acknowledgements count from `start`.
fn mend(packet: &mut [u8], start: u32) {
    let length = u16::try_from(packet.len()).expect("it is short");
    if length < 28 {
        return;
    }
    if packet[0] >> 4 == 6 && length >= 48 {
        return mend_v6(packet, start);
    }
    packet[0] = 0x45;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    packet[6..8].fill(0);
    packet[16..20].copy_from_slice(&OWN.octets());
    if packet[9] == 6
        && let Some(field) = packet[28..].first_chunk_mut()
    {
        *field = u32::from_be_bytes(*field).wrapping_add(start).to_be_bytes();
    }
    packet[10..12].fill(0);
    let header = checksum(0, &packet[..20]);
    packet[10..12].copy_from_slice(&header.to_be_bytes());
    let (pseudo, at) = match packet[9] {
        6 => (6 + u32::from(length) - 20 + sum(&packet[12..20]), 36),
        17 => (17 + u32::from(length) - 20 + sum(&packet[12..20]), 26),
        _ => (0, 22),
    };
    if packet.len() >= at + 2 {
        packet[at..at + 2].fill(0);
        let payload = checksum(pseudo, &packet[20..]);
        packet[at..at + 2].copy_from_slice(&payload.to_be_bytes());
    }
}

fn mend_v6(packet: &mut [u8], start: u32) {
    let length = u16::try_from(packet.len() - 40).expect("it is short");
    packet[4..6].copy_from_slice(&length.to_be_bytes());
    packet[24..40].copy_from_slice(&OWN6.octets());
    if packet[6] == 6
        && let Some(field) = packet[48..].first_chunk_mut()
    {
        *field = u32::from_be_bytes(*field).wrapping_add(start).to_be_bytes();
    }
    let at = match packet[6] {
        6 => 56,
        17 => 46,
        _ => 42,
    };
    if packet.len() >= at + 2 {
        packet[at..at + 2].fill(0);
        let pseudo = u32::from(packet[6]) + u32::from(length) + sum(&packet[8..40]);
        let payload = checksum(pseudo, &packet[40..]);
        packet[at..at + 2].copy_from_slice(&payload.to_be_bytes());
    }
}

fn sum(bytes: &[u8]) -> u32 {
    bytes.chunks(2).map(|two| u32::from(two[0]) << 8 | u32::from(*two.get(1).unwrap_or(&0))).sum()
}

/// RFC 1071.
fn checksum(start: u32, bytes: &[u8]) -> u16 {
    let mut sum = start + sum(bytes);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("folded")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the target would fuzz closed ports alone.
    #[test]
    fn a_script_gets_as_far_as_data_both_ways() {
        let mut bench = Bench::new();
        let script = include_bytes!("../../fuzz/corpus/stack_packets/handshake");
        let (packets, accept) = script.split_at(script.len() - 1);
        assert_eq!(accept, [0]);
        for packet in packets.chunks(41) {
            let mut packet = packet[1..].to_vec();
            mend(&mut packet, bench.start);
            bench.hear(&packet);
        }
        bench.accept();
        assert_eq!(bench.streams.len(), 1);
        let _ = Pin::new(&mut bench.streams[0]).poll_write(&mut waker(), b"hello");
        assert_eq!(bench.drain(), 1);
    }

    #[test]
    fn a_script_of_ipv6_gets_as_far_as_an_open_stream() {
        let mut bench = Bench::new();
        let script = include_bytes!("../../fuzz/corpus/stack_packets/handshake6");
        let (packets, accept) = script.split_at(script.len() - 1);
        assert_eq!(accept, [0]);
        for packet in packets.chunks(61) {
            let mut packet = packet[1..].to_vec();
            mend(&mut packet, bench.start);
            bench.hear(&packet);
        }
        bench.accept();
        assert_eq!(bench.streams.len(), 1);
        assert!(bench.streams[0].peer().is_ipv6());
    }

    #[test]
    fn the_seeds_of_ocsp_say_what_they_are_named() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/ocsp_answer");
        for (name, expected) in [("good", Some(false)), ("revoked", Some(true)), ("unknown", None)] {
            let seed = std::fs::read(folder.join(name)).expect("a committed seed");
            assert_eq!(super::ocsp_says(&seed), expected, "{name}");
        }
    }
}
