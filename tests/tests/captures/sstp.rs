//! SSTP: the HTTP exchange, every control message, and PPP behind it, on TCP without TLS.

use crate::nothing_is_malformed;
use rasman_core::Batch;
use rasman_media::sstp::http;
use rasman_media::sstp::wire::{AttributeId, Binding, BindingRequest, HashProtocols, Message, Status, StatusInfo};
use rasman_testkit::SeededRng;
use rasman_tests::peers::{Segment, tshark_of_tcp};

#[test]
fn tshark_reads_every_message_of_sstp() {
    let request = http::write_request("vpn.test", 443, &mut SeededRng::new(1));
    let mut said = vec![Segment { from_client: true, bytes: request }];
    said.push(Segment { from_client: false, bytes: http::write_answer(200) });
    said.extend(messages().iter().map(|(from_client, message)| segment(*from_client, message)));
    let Some(read) = tshark_of_tcp("tshark_reads_every_message_of_sstp", 80, &said) else { return };
    nothing_is_malformed(&read, said.len());
    let sstp = read.lines().filter(|line| line.contains("SSTP")).count();
    assert!(sstp >= messages().len(), "{read}");
    for word in NAMES {
        assert!(read.contains(word), "{word} is among them:\n{read}");
    }
}

/// Each of [MS-SSTP] 2.2.9 to 2.2.17, and whether a client says it.
fn messages() -> Vec<(bool, Message)> {
    let status = || StatusInfo::new(AttributeId::CRYPTO_BINDING, Status::INVALID_FRAME_RECEIVED);
    let request = |hashes| BindingRequest { hashes, nonce: [7; 32] };
    let binding = |hash| Binding { hash, nonce: [7; 32], cert_hash: [8; 32], mac: [9; 32] };
    vec![
        (true, Message::CallConnectRequest { protocol: 1 }),
        (false, Message::CallConnectAck(request(HashProtocols(3)))),
        (false, Message::CallConnectNak(vec![status()])),
        (true, Message::CallConnected(binding(HashProtocols::SHA256))),
        (true, Message::CallConnected(binding(HashProtocols::SHA1))),
        (true, Message::EchoRequest),
        (false, Message::EchoResponse),
        (true, Message::CallAbort(Some(status()))),
        (true, Message::CallAbort(None)),
        (false, Message::CallDisconnect(Some(status()))),
        (false, Message::CallDisconnect(None)),
        (true, Message::CallDisconnectAck),
    ]
}

fn segment(from_client: bool, message: &Message) -> Segment {
    let mut out = Batch::new();
    message.emit(&mut out);
    Segment { from_client, bytes: out.as_bytes().to_vec() }
}

const NAMES: [&str; 9] = [
    "CALL_CONNECT_REQUEST",
    "CALL_CONNECT_ACK",
    "CALL_CONNECT_NAK",
    "CALL_CONNECTED",
    "CALL_ABORT",
    "CALL_DISCONNECT",
    "CALL_DISCONNECT_ACK",
    "ECHO_REQUEST",
    "ECHO_RESPONSE",
];
