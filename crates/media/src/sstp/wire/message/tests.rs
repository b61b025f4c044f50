use super::super::{HEADER_LEN, HashProtocols, split};
use super::*;
use proptest::prelude::*;

fn emit(message: &Message) -> Vec<u8> {
    let mut batch = Batch::new();
    message.emit(&mut batch);
    batch.as_bytes().to_vec()
}

fn parse(packet: &[u8]) -> Result<Message, Invalid> {
    let found = split(packet).unwrap().unwrap();
    assert!(found.control);
    assert_eq!(found.contents, HEADER_LEN..packet.len());
    Message::parse(&packet[found.contents])
}

fn message(kind: u16, count: u16, attributes: &[&[u8]]) -> Vec<u8> {
    let body = attributes.concat();
    let mut bytes = vec![0x10, 0x01];
    bytes.extend(u16::try_from(8 + body.len()).unwrap().to_be_bytes());
    bytes.extend(kind.to_be_bytes());
    bytes.extend(count.to_be_bytes());
    bytes.extend(body);
    bytes
}

fn status_of(packet: &[u8]) -> (AttributeId, Status) {
    let invalid = parse(packet).unwrap_err();
    (invalid.status.attribute, invalid.status.status)
}

const PPP: &[u8] = &[0, 1, 0, 6, 0, 1];

/// [MS-SSTP] 4.7: the three messages of the example.
#[test]
fn the_messages_of_the_specification() {
    let request = [0x10, 0x01, 0x00, 0x0e, 0x00, 0x01, 0x00, 0x01, 0x00, 0x01, 0x00, 0x06, 0x00, 0x01];
    assert_eq!(parse(&request), Ok(Message::CallConnectRequest { protocol: 1 }));
    assert_eq!(emit(&Message::CallConnectRequest { protocol: 1 }), request);

    let nonce = core::array::from_fn(|i| i as u8);
    let mut ack = vec![0x10, 0x01, 0x00, 0x30, 0x00, 0x02, 0x00, 0x01, 0x00, 0x04, 0x00, 0x28, 0x00, 0x00, 0x00, 0x02];
    ack.extend(nonce);
    let message = Message::CallConnectAck(BindingRequest { hashes: HashProtocols::SHA256, nonce });
    assert_eq!(parse(&ack), Ok(message.clone()));
    assert_eq!(emit(&message), ack);
}

#[test]
fn reserved_fields_are_ignored() {
    let attribute = [0xff, 1, 0xf0, 6, 0, 1];
    assert_eq!(parse(&message(1, 1, &[&attribute])), Ok(Message::CallConnectRequest { protocol: 1 }));
}

#[test]
fn the_short_status_of_sorz_is_read() {
    let short = [0x00, 0x02, 0x00, 0x08, 0x00, 0x00, 0x00, 0x07];
    let expected = StatusInfo::new(AttributeId::NO_ERROR, Status::INVALID_FRAME_RECEIVED);
    assert_eq!(parse(&message(5, 1, &[&short])), Ok(Message::CallAbort(Some(expected))));
}

#[test]
fn an_abort_is_an_abort_whatever_it_says() {
    for attributes in [&[][..], &[0, 2, 0, 5, 1], &[0, 9, 0, 4], &[1], &[0, 2, 0, 0]] {
        assert_eq!(parse(&message(5, 1, &[attributes])), Ok(Message::CallAbort(None)));
        assert_eq!(parse(&message(6, 77, &[attributes])), Ok(Message::CallDisconnect(None)));
    }
}

#[test]
fn each_wrong_attribute_has_its_status() {
    let id = AttributeId::ENCAPSULATED_PROTOCOL_ID;
    assert_eq!(status_of(&message(1, 0, &[])), (id, Status::REQUIRED_ATTRIBUTE_MISSING));
    assert_eq!(status_of(&message(1, 2, &[PPP, PPP])), (id, Status::DUPLICATE_ATTRIBUTE));
    assert_eq!(status_of(&message(1, 1, &[&[0, 1, 0, 5, 1]])), (id, Status::INVALID_ATTRIB_VALUE_LENGTH));
    assert_eq!(status_of(&message(1, 1, &[&[0, 1, 0, 7, 0, 1, 0]])), (id, Status::INVALID_ATTRIB_VALUE_LENGTH));
    let unknown = status_of(&message(1, 2, &[PPP, &[0, 0x77, 0, 4]]));
    assert_eq!(unknown, (AttributeId(0x77), Status::UNRECOGNIZED_ATTRIBUTE));
    let binding = status_of(&message(1, 2, &[PPP, &[0, 3, 0, 4]]));
    assert_eq!(binding, (AttributeId::CRYPTO_BINDING, Status::ATTRIB_NOT_SUPPORTED_IN_MSG));
    let status = status_of(&message(8, 1, &[&[0, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0]]));
    assert_eq!(status, (AttributeId::STATUS_INFO, Status::STATUS_INFO_NOT_SUPPORTED_IN_MSG));
}

#[test]
fn a_count_or_a_length_that_does_not_fit_is_invalid() {
    let frame = (AttributeId::NO_ERROR, Status::INVALID_FRAME_RECEIVED);
    assert_eq!(status_of(&message(1, 2, &[PPP])), frame);
    assert_eq!(status_of(&message(1, 0, &[PPP])), frame);
    assert_eq!(status_of(&message(1, 1, &[&[0, 1, 0, 3, 0, 1]])), frame);
    assert_eq!(status_of(&message(1, 1, &[&[0, 1, 0, 9, 0, 1]])), frame);
    assert_eq!(status_of(&message(0x1234, 0, &[])), frame);
    assert_eq!(status_of(&[0x10, 1, 0, 4]), frame);
    assert_eq!(status_of(&[0x10, 1, 0, 7, 0, 8, 0]), frame);
}

fn status_info() -> impl Strategy<Value = StatusInfo> {
    (any::<u8>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..64)).prop_map(|(attribute, status, value)| {
        StatusInfo { attribute: AttributeId(attribute), status: Status(status), value }
    })
}

fn any_message() -> impl Strategy<Value = Message> {
    let optional = || proptest::option::of(status_info());
    let arrays = || (any::<u8>(), any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>());
    prop_oneof![
        any::<u16>().prop_map(|protocol| Message::CallConnectRequest { protocol }),
        arrays()
            .prop_map(|(h, nonce, ..)| { Message::CallConnectAck(BindingRequest { hashes: HashProtocols(h), nonce }) }),
        proptest::collection::vec(status_info(), 1..STATUSES_MAX).prop_map(Message::CallConnectNak),
        arrays().prop_map(|(h, nonce, cert_hash, mac)| {
            Message::CallConnected(Binding { hash: HashProtocols(h), nonce, cert_hash, mac })
        }),
        optional().prop_map(Message::CallAbort),
        optional().prop_map(Message::CallDisconnect),
        Just(Message::CallDisconnectAck),
        Just(Message::EchoRequest),
        Just(Message::EchoResponse),
    ]
}

proptest! {
    #[test]
    fn what_is_emitted_is_parsed_back(message in any_message()) {
        prop_assert_eq!(parse(&emit(&message)), Ok(message));
    }

    #[test]
    fn no_bytes_panic(contents in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Message::parse(&contents);
        let _ = split(&contents);
    }
}
