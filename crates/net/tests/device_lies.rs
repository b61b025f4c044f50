//! Packets with offload headers that lie, put into a real device by a packet socket: what the kernel lets through is carried
//! right or dropped and counted, and what comes behind it is carried.
//!
//! The test runs this program again in a network namespace of its own, and says so where that is not allowed.

use libc::{c_int, c_void};
use rasman_core::{Projection, TunSettings};
use rasman_net::tun::Tun;
use rasman_testkit::namespace;
use std::ffi::CString;
use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

const DEVICE: &str = "lies";
const MTU: u16 = 1400;

/// A packet socket whose packets begin with the kernel's offload header.
struct Injector {
    socket: OwnedFd,
    index: c_int,
}

impl Injector {
    fn open() -> Self {
        let name = CString::new(DEVICE).unwrap();
        // SAFETY: a plain call; the descriptor is new and nobody else's.
        let socket = unsafe {
            let fd = libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0);
            assert!(fd >= 0, "{}", io::Error::last_os_error());
            OwnedFd::from_raw_fd(fd)
        };
        let on: c_int = 1;
        let on_size = libc::socklen_t::try_from(size_of::<c_int>()).unwrap();
        // SAFETY: the value is an int and its size is told; the name ends with 0.
        let (set, index) = unsafe {
            let value = (&raw const on).cast::<c_void>();
            let set = libc::setsockopt(socket.as_raw_fd(), libc::SOL_PACKET, PACKET_VNET_HDR, value, on_size);
            (set, libc::if_nametoindex(name.as_ptr()))
        };
        assert!(set == 0 && index > 0, "{}", io::Error::last_os_error());
        Self { socket, index: c_int::try_from(index).unwrap() }
    }

    /// Puts a header and a packet into the device's queue; the kernel may refuse.
    fn put(&self, bytes: &[u8]) -> io::Result<()> {
        // SAFETY: all of its members are numbers, for which 0 is a value.
        let mut to: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        to.sll_family = u16::try_from(libc::AF_PACKET).unwrap();
        let ethertype = if bytes.get(HEADER).is_some_and(|first| first >> 4 == 6) { 0x86dd_u16 } else { 0x0800 };
        to.sll_protocol = ethertype.to_be();
        to.sll_ifindex = self.index;
        let size = libc::socklen_t::try_from(size_of::<libc::sockaddr_ll>()).unwrap();
        // SAFETY: bytes and address are valid for as many bytes as is told.
        let sent = unsafe {
            let data = bytes.as_ptr().cast::<c_void>();
            let to = (&raw const to).cast::<libc::sockaddr>();
            libc::sendto(self.socket.as_raw_fd(), data, bytes.len(), libc::MSG_DONTWAIT, to, size)
        };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// What an offload header says.
#[derive(Copy, Clone)]
struct Says {
    flags: u8,
    kind: u8,
    headers: u16,
    size: u16,
    start: u16,
    offset: u16,
}

impl Says {
    const NOTHING: Self = Self { flags: 0, kind: 0, headers: 0, size: 0, start: 0, offset: 0 };

    fn before(self, packet: &[u8]) -> Vec<u8> {
        let mut bytes = vec![self.flags, self.kind];
        for word in [self.headers, self.size, self.start, self.offset] {
            bytes.extend(word.to_ne_bytes());
        }
        [bytes.as_slice(), packet].concat()
    }
}

/// A packet of TCP or UDP with so many bytes of payload.
fn packet(is_v6: bool, is_udp: bool, payload: usize) -> Vec<u8> {
    let (ip, transport) = (if is_v6 { 40 } else { 20 }, if is_udp { 8 } else { 20 });
    let protocol = if is_udp { 17 } else { 6 };
    let mut packet = vec![0; ip + transport + payload];
    let length = u16::try_from(transport + payload).unwrap();
    if is_v6 {
        (packet[0], packet[6], packet[7]) = (0x60, protocol, 64);
        packet[4..6].copy_from_slice(&length.to_be_bytes());
        packet[8..40].fill(0x20);
    } else {
        (packet[0], packet[8], packet[9]) = (0x45, 64, protocol);
        packet[2..4].copy_from_slice(&(length + 20).to_be_bytes());
        packet[12..20].copy_from_slice(&[10, 99, 0, 2, 10, 99, 0, 1]);
    }
    packet[ip..ip + 4].copy_from_slice(&[0x12, 0x34, 0, 80]);
    match is_udp {
        true => packet[ip + 4..ip + 6].copy_from_slice(&length.to_be_bytes()),
        false => (packet[ip + 12], packet[ip + 13]) = (5 << 4, 0x10),
    }
    packet
}

/// Every combination of wrong and right numbers, before packets of both versions and both transports.
fn lying_headers() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (is_v6, is_udp, payload) in
        [(false, false, 1000), (true, false, 1000), (false, true, 1000), (true, true, 60), (false, false, 0)]
    {
        let packet = packet(is_v6, is_udp, payload);
        let (ip, length) = (if is_v6 { 40 } else { 20 }, u16::try_from(packet.len()).unwrap());
        for kind in [0, 1, 3, 4, 5, 6, 0x81, 0xff] {
            for size in [0, 1, 7, 1000, 0xffff] {
                for (start, offset) in [
                    (ip, 16),
                    (ip, 6),
                    (0, 0),
                    (length - 2, 0),
                    (length - 1, 0),
                    (length, 16),
                    (ip, 0xffff),
                    (0xffff, 0xffff),
                ] {
                    for (flags, headers) in [(1, ip + 20), (0, 0), (1, 0xffff), (2, 0)] {
                        all.push(Says { flags, kind, headers, size, start, offset }.before(&packet));
                    }
                }
            }
        }
    }
    all
}

/// Packets that are none, or not as long as they say.
fn unfit_packets() -> Vec<Vec<u8>> {
    let good = packet(false, true, 100);
    let mut all: Vec<Vec<u8>> = [1, 3, 19, 27].into_iter().map(|length| good[..length].to_vec()).collect();
    for (at, value) in [(0, 0x05), (0, 0x55), (0, 0x44), (3, 0), (3, 19), (3, 127), (3, 129), (2, 0xff)] {
        let mut odd = good.clone();
        odd[at] = value;
        all.push(odd);
    }
    let mut jumbogram = packet(true, true, 100);
    jumbogram[4..6].fill(0);
    all.push(jumbogram);
    all
}

/// Reads all that waits in the device; gives what was carried.
fn carried(device: &mut Tun) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while device.receive(|first, length, write| {
        let mut packet = vec![0xEE; length];
        write(&mut packet);
        assert_eq!(packet[0], first);
        all.push(packet);
    }) {}
    all
}

fn says_its_length(packet: &[u8]) -> bool {
    let word = |at: usize| usize::from(u16::from_be_bytes([packet[at], packet[at + 1]]));
    match packet[0] >> 4 {
        4 => word(2) == packet.len(),
        _ => word(4) + 40 == packet.len(),
    }
}

#[test]
fn offload_headers_that_lie_are_carried_right_or_dropped_and_counted() {
    namespace::inside("offload_headers_that_lie_are_carried_right_or_dropped_and_counted", lie);
}

fn lie() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let settings = TunSettings { name: Some(DEVICE.to_owned()), ..TunSettings::default() };
    let projection = Projection::new([10, 99, 0, 2].into(), Some([10, 99, 0, 1].into()), Vec::new(), MTU);
    let mut device = Tun::open(&settings, &projection, &[], None).unwrap();
    let injector = Injector::open();
    let honest = packet(false, true, 100);
    // The queue keeps the order: what the device had before an honest packet has been read when that arrives.
    let read = |device: &mut Tun| {
        injector.put(&Says::NOTHING.before(&honest)).unwrap();
        let mut all = Vec::new();
        while all.last() != Some(&honest) {
            runtime.block_on(device.ready());
            assert!(device.gone().is_none());
            all.extend(carried(device));
        }
        all.pop();
        all
    };
    // What the kernel sends by itself when a device appears.
    read(&mut device);

    let (mut refused, mut whole) = (0, 0);
    for lie in lying_headers() {
        if injector.put(&lie).is_err() {
            refused += 1;
            continue;
        }
        let packets = read(&mut device);
        assert!(packets.iter().all(|packet| packet.len() <= usize::from(MTU) && says_its_length(packet)));
        whole += usize::from(!packets.is_empty());
    }
    let dropped = device.drops().sent;
    println!("{refused} were refused by the kernel, {whole} carried, {dropped} dropped");
    assert!(whole > 100, "some of them say nothing that matters: {whole}");

    let unfit = unfit_packets();
    let taken = unfit.iter().filter(|packet| injector.put(&Says::NOTHING.before(packet)).is_ok()).count();
    assert!(taken >= 9, "the kernel lets most of them through: {taken}");
    assert_eq!(read(&mut device), Vec::<Vec<u8>>::new());
    assert_eq!(device.drops().sent - dropped, taken as u64, "each is counted");
}

/// `linux/if_packet.h`.
const PACKET_VNET_HDR: c_int = 15;
/// Bytes of an offload header.
const HEADER: usize = 10;
