//! tshark reads captures of our packets.

use std::process::Command;

use super::{dir, ready, skip};

/// Gives tshark's line for each of these PPP frames; nothing if it is not prepared.
///
/// # Panics
/// When it cannot read the capture.
#[must_use]
pub fn tshark(test: &str, frames: &[Vec<u8>]) -> Option<String> {
    read(test, LINKTYPE_PPP, frames, &[])
}

/// Gives all that tshark says of these PPP frames with a checksum of 32 bits behind each; nothing if it is not prepared.
///
/// # Panics
/// When it cannot read the capture.
#[must_use]
pub fn tshark_of_fcs32(test: &str, frames: &[Vec<u8>]) -> Option<String> {
    read(test, LINKTYPE_PPP, frames, &["-o", "ppp.fcs_type:32-Bit", "-V"])
}

/// What one end of a TCP stream says at once.
pub struct Segment {
    /// Whether it is the end that connected.
    pub from_client: bool,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// Gives tshark's line for each of these segments of a stream to `port`; nothing if it is not prepared.
///
/// # Panics
/// When it cannot read the capture.
#[must_use]
pub fn tshark_of_tcp(test: &str, port: u16, said: &[Segment]) -> Option<String> {
    // How far each end has come; the client's first.
    let mut sent = [1_u32, 1];
    let mut packets = Vec::new();
    for Segment { from_client, bytes } in said {
        let (from, to) = if *from_client { (0, 1) } else { (1, 0) };
        let (sequence, acknowledged) = (sent[from].to_be_bytes(), sent[to].to_be_bytes());
        // RFC 9293 3.1: offset 5, PSH and ACK, a window.
        let rest = [0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0];
        let header = [&ports(*from_client, port)[..], &sequence, &acknowledged, &rest].concat();
        packets.push(ipv4(*from_client, 6, &[&header, bytes.as_slice()].concat()));
        sent[from] += u32::try_from(bytes.len()).expect("little is said");
    }
    read(test, LINKTYPE_RAW, &packets, &[])
}

/// Gives tshark's line for each of these datagrams from a client to `port` or back; nothing if it is not prepared.
///
/// # Panics
/// When it cannot read the capture.
#[must_use]
pub fn tshark_of_udp(test: &str, port: u16, said: &[(bool, Vec<u8>)]) -> Option<String> {
    let packet = |(from_client, bytes): &(bool, Vec<u8>)| {
        let length = u16::try_from(8 + bytes.len()).expect("a datagram is short").to_be_bytes();
        let header = [&ports(*from_client, port)[..], &length, &[0, 0]].concat();
        ipv4(*from_client, 17, &[&header, bytes.as_slice()].concat())
    };
    read(test, LINKTYPE_RAW, &said.iter().map(packet).collect::<Vec<_>>(), &[])
}

fn ports(from_client: bool, port: u16) -> [u8; 4] {
    let ports = if from_client { [CLIENT_PORT, port] } else { [port, CLIENT_PORT] };
    let [[a, b], [c, d]] = ports.map(u16::to_be_bytes);
    [a, b, c, d]
}

/// Without checksums, which tshark does not look at.
fn ipv4(from_client: bool, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).expect("a packet is short").to_be_bytes();
    let mut packet = vec![0x45, 0, length[0], length[1], 0, 0, 0x40, 0, 64, protocol, 0, 0];
    let addresses = if from_client { [[10, 0, 0, 1], [10, 0, 0, 2]] } else { [[10, 0, 0, 2], [10, 0, 0, 1]] };
    packet.extend(addresses.concat());
    packet.extend(payload);
    packet
}

fn read(test: &str, link_type: u32, frames: &[Vec<u8>], options: &[&str]) -> Option<String> {
    if let Err(why) = ready("tshark") {
        skip(test, &why);
        return None;
    }
    let file = std::env::temp_dir().join(format!("{test}-{}.pcap", std::process::id()));
    std::fs::write(&file, capture(link_type, frames)).expect("a temporary file can be written");
    let root = dir().join("tshark/root/usr");
    let mut command = Command::new(root.join("bin/tshark"));
    command.env("LD_LIBRARY_PATH", root.join("lib/x86_64-linux-gnu")).args(options).arg("-n").arg("-r").arg(&file);
    let output = command.output().expect("a prepared tshark can be started");
    let _ = std::fs::remove_file(&file);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A capture in the classic format of pcap.
fn capture(link_type: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file: Vec<u8> = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, link_type].map(u32::to_le_bytes).concat();
    for (frame, number) in frames.iter().zip(0_u32..) {
        let length = u32::try_from(frame.len()).expect("a frame is short");
        file.extend([number, 0, length, length].map(u32::to_le_bytes).concat());
        file.extend(frame);
    }
    file
}

const LINKTYPE_PPP: u32 = 9;
/// IP packets without anything before them.
const LINKTYPE_RAW: u32 = 101;
const CLIENT_PORT: u16 = 50_000;
