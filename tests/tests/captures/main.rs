//! Wireshark's dissectors read what we write: both ends of PPP in virtual time, of SSTP, and RADIUS, as captures for tshark,
//! which must find nothing malformed. Each kind of packet that we can send is among them.

mod link;
mod ppp;
mod radius;
mod sstp;

/// Checks that tshark has a line for each frame, and none that is malformed.
fn nothing_is_malformed(read: &str, frames: usize) {
    assert_eq!(read.lines().count(), frames, "{read}");
    // It has no name for MS-CHAPv2's Change-Password (RFC 2759 7), which is a CHAP packet of code 7.
    let unknown = |line: &str| line.contains("Unknown") && !line.contains("PPP CHAP");
    let bad = |line: &&str| line.contains("Malformed") || unknown(line);
    let malformed: Vec<&str> = read.lines().filter(bad).collect();
    assert_eq!(malformed, Vec::<&str>::new());
}
