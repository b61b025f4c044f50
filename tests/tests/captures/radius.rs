//! RADIUS: what the lab asks, and what our tests' server answers.

use crate::nothing_is_malformed;
use rasman_core::SessionKeys;
use rasman_lab::radius::{
    ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, ACCESS_REQUEST, Packet, REPLY_MESSAGE, STATE, USER_NAME,
};
use rasman_tests::peers::tshark_of_udp;

#[test]
fn tshark_reads_every_packet_of_radius() {
    let packets: Vec<(bool, Vec<u8>)> = packets();
    let Some(read) = tshark_of_udp("tshark_reads_every_packet_of_radius", 1812, &packets) else { return };
    nothing_is_malformed(&read, packets.len());
    for name in ["Access-Request", "Access-Challenge", "Access-Accept", "Access-Reject"] {
        assert!(read.contains(name), "{name} is among them:\n{read}");
    }
}

fn packets() -> Vec<(bool, Vec<u8>)> {
    let packet = |code, eap: &[u8]| {
        let mut packet = Packet::new(code, 7, [9; 16]);
        packet.push(USER_NAME, b"alice");
        packet.push(STATE, b"state");
        packet.push_eap(eap);
        packet
    };
    let long = [&[1, 9, 3, 0xe8, 13, 0][..], &[5; 994]].concat();
    let mut accept = packet(ACCESS_ACCEPT, &[3, 9, 0, 4]);
    accept.push_mppe_keys(&SessionKeys { master_send: vec![1; 32], master_receive: vec![2; 32] }, b"s");
    let mut reject = packet(ACCESS_REJECT, &[4, 9, 0, 4]);
    reject.push(REPLY_MESSAGE, b"no");
    vec![
        (true, packet(ACCESS_REQUEST, &[2, 8, 0, 10, 1, b'a', b'l', b'i', b'c', b'e']).signed_request(b"s")),
        (false, packet(ACCESS_CHALLENGE, &long).signed_reply(b"s")),
        (false, accept.signed_reply(b"s")),
        (false, reject.signed_reply(b"s")),
    ]
}
