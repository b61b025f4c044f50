//! Each wrong form of a message.

use super::tables::{Body, PppMessage, SstpMessage};

/// One wrong form, and in what it is wrong.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What was bent.
    pub what: String,
    /// A frame of PPP, or a packet of SSTP.
    pub bytes: Vec<u8>,
}

fn variant(what: impl Into<String>, bytes: Vec<u8>) -> Variant {
    Variant { what: what.into(), bytes }
}

/// Every form of a PPP packet, the right one first; `id` is the identifier that the other side waits for.
#[must_use]
pub fn ppp(message: &PppMessage, id: u8) -> Vec<Variant> {
    let right = right(message, id);
    let mut all = vec![variant("right", right.clone())];
    for other in [0, id.wrapping_add(1), 255] {
        all.push(variant(format!("id {other}"), packet(message, message.code, other, &body(message.body), None)));
    }
    lengths(message, id, &mut all);
    cuts(&right, 4, &mut all);
    bodies(message, id, &mut all);
    all
}

/// The right form.
#[must_use]
pub fn right(message: &PppMessage, id: u8) -> Vec<u8> {
    packet(message, message.code, id, &body(message.body), None)
}

/// Every code of a protocol with the contents of a message.
#[must_use]
pub fn codes(message: &PppMessage, id: u8) -> Vec<Variant> {
    let contents = body(message.body);
    (0..=255).map(|code| variant(format!("code {code}"), packet(message, code, id, &contents, None))).collect()
}

/// The length field says something else.
fn lengths(message: &PppMessage, id: u8, all: &mut Vec<Variant>) {
    let contents = body(message.body);
    let right = u16::try_from(contents.len() + 4).expect("the tables have short messages");
    for length in [0, 1, 2, 3, 4, right.wrapping_sub(1), right + 1, 1500, u16::MAX] {
        all.push(variant(format!("length {length}"), packet(message, message.code, id, &contents, Some(length))));
    }
}

/// Everything after `from` is cut off at each place; and more follows than the length says.
fn cuts(right: &[u8], from: usize, all: &mut Vec<Variant>) {
    all.extend((from.min(right.len())..right.len()).map(|at| variant(format!("cut at {at}"), right[..at].to_vec())));
    for more in [1, 1_500, 70_000] {
        let padded = right.iter().copied().chain(std::iter::repeat_n(0xff, more)).collect();
        all.push(variant(format!("{more} more"), padded));
    }
}

/// Each option or field is bent.
fn bodies(message: &PppMessage, id: u8, all: &mut Vec<Variant>) {
    let bent = match message.body {
        Body::Options(list) => bent_options(list),
        Body::Fields(list) => bent_fields(list),
    };
    all.extend(bent.into_iter().map(|(what, contents)| {
        // A length that does not fit says the most that it can.
        variant(what, packet(message, message.code, id, &contents, None))
    }));
}

fn bent_options(list: &[(u8, &[u8])]) -> Vec<(String, Vec<u8>)> {
    let mut bent = vec![("no option".to_owned(), Vec::new())];
    let reversed: Vec<u8> = list.iter().rev().flat_map(|(kind, value)| option(*kind, value, None)).collect();
    bent.push(("options in reverse".to_owned(), reversed));
    for (kind, value) in list {
        let alone = option(*kind, value, None);
        bent.push((format!("option {kind} alone"), alone.clone()));
        bent.push((format!("option {kind} twice"), alone.repeat(2)));
        bent.push((format!("option {kind} for ever"), alone.repeat(9_000 / alone.len())));
        for length in [0, 1, value.len(), value.len() + 1, value.len() + 3, 255] {
            let length = u8::try_from(length).unwrap_or(u8::MAX);
            bent.push((format!("option {kind} of length {length}"), option(*kind, value, Some(length))));
        }
        for octet in [0, 0xff] {
            bent.push((format!("option {kind} of {octet:#x}"), option(*kind, &vec![octet; value.len()], None)));
        }
        for size in [0, 1, 253] {
            bent.push((format!("option {kind} with {size} octets"), option(*kind, &vec![0x41; size], None)));
        }
    }
    bent.extend((0..=255).map(|kind| (format!("unknown option {kind}"), option(kind, b"????", None))));
    bent
}

fn option(kind: u8, value: &[u8], length: Option<u8>) -> Vec<u8> {
    let right = u8::try_from(value.len() + 2).unwrap_or(u8::MAX);
    [&[kind, length.unwrap_or(right)], value].concat()
}

fn bent_fields(list: &[&[u8]]) -> Vec<(String, Vec<u8>)> {
    let mut bent = vec![("no field".to_owned(), Vec::new())];
    for at in 0..list.len() {
        let with = |field: &[u8]| [list[..at].concat(), field.to_vec(), list[at + 1..].concat()].concat();
        bent.push((format!("field {at} missing"), with(&[])));
        bent.push((format!("field {at} twice"), with(&list[at].repeat(2))));
        for octet in [0, 1, 0x7f, 0xff] {
            bent.push((format!("field {at} of {octet:#x}"), with(&vec![octet; list[at].len()])));
        }
        for size in [1, 255, 1_400, 65_000] {
            bent.push((format!("field {at} of {size} octets"), with(&vec![0x41; size])));
        }
    }
    bent
}

fn body(body: Body) -> Vec<u8> {
    match body {
        Body::Options(list) => list.iter().flat_map(|(kind, value)| option(*kind, value, None)).collect(),
        Body::Fields(list) => list.concat(),
    }
}

fn packet(message: &PppMessage, code: u8, id: u8, contents: &[u8], length: Option<u16>) -> Vec<u8> {
    let length = length.unwrap_or_else(|| u16::try_from(contents.len() + 4).unwrap_or(u16::MAX));
    let header = [&[0xff, 3][..], &message.protocol.to_be_bytes(), &[code, id], &length.to_be_bytes()].concat();
    [header, contents.to_vec()].concat()
}

/// Every form of an SSTP control packet, the right one first.
#[must_use]
pub fn sstp(message: &SstpMessage) -> Vec<Variant> {
    let attributes: Vec<Vec<u8>> =
        message.attributes.iter().map(|(id, value)| attribute(*id, value, None, 0)).collect();
    let whole = attributes.concat();
    let count = u16::try_from(attributes.len()).expect("the tables have short messages");
    let right = control(message.kind, count, &whole);
    let mut all = vec![variant("right", right.clone())];
    headers(&right, &mut all);
    cuts(&right, 0, &mut all);
    for count in [0, 1, 2, 255, u16::MAX] {
        all.push(variant(format!("{count} attributes said"), control(message.kind, count, &whole)));
    }
    for kind in (0..=16).chain([255, 0x8001, u16::MAX]) {
        all.push(variant(format!("type {kind}"), control(kind, count, &whole)));
    }
    all.push(variant("no attribute", control(message.kind, 0, &[])));
    for (id, value) in message.attributes {
        for (what, bent) in bent_attribute(*id, value) {
            all.push(variant(what, control(message.kind, 1, &bent)));
        }
        let twice = attribute(*id, value, None, 0).repeat(2);
        all.push(variant("attribute twice", control(message.kind, 2, &twice)));
        let many = attribute(*id, value, None, 0);
        let most = 4_000 / many.len();
        let said = u16::try_from(most).expect("a packet is short");
        all.push(variant("attribute for ever", control(message.kind, said, &many.repeat(most))));
    }
    for id in 0..=255 {
        all.push(variant(
            format!("unknown attribute {id}"),
            control(message.kind, 1, &attribute(id, b"????", None, 0)),
        ));
    }
    all
}

fn bent_attribute(id: u8, value: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut bent = Vec::new();
    let right = u16::try_from(value.len() + 4).expect("a value is short");
    for length in [0, 1, 3, 4, right - 1, right + 1, 0x0fff, u16::MAX] {
        bent.push((format!("attribute length {length}"), attribute(id, value, Some(length), 0)));
    }
    bent.push(("reserved octet set".to_owned(), attribute(id, value, None, 0xff)));
    for octet in [0, 0xff] {
        bent.push((format!("value of {octet:#x}"), attribute(id, &vec![octet; value.len()], None, 0)));
    }
    for at in 0..value.len().min(8) {
        let mut value = value.to_vec();
        value[at] ^= 0x80;
        bent.push((format!("value with octet {at} turned"), attribute(id, &value, None, 0)));
    }
    for size in [0, 1, 8, 500, 3_900] {
        bent.push((format!("value of {size} octets"), attribute(id, &vec![0x41; size], None, 0)));
    }
    bent
}

/// Version, the octet with the C bit, and the length are bent.
fn headers(right: &[u8], all: &mut Vec<Variant>) {
    for (at, octets) in [(0, [0, 0x11, 0x20, 0xff]), (1, [0, 2, 0xfe, 0xff])] {
        for octet in octets {
            let mut bent = right.to_vec();
            bent[at] = octet;
            all.push(variant(format!("header octet {at} is {octet:#x}"), bent));
        }
    }
    let length = u16::try_from(right.len()).expect("a message is short");
    for said in [0, 1, 3, 4, 5, 7, length - 1, length + 1, 0x0fff, 0xf000 | length, u16::MAX] {
        let mut bent = right.to_vec();
        bent[2..4].copy_from_slice(&said.to_be_bytes());
        all.push(variant(format!("packet length {said:#x}"), bent));
    }
}

fn attribute(id: u8, value: &[u8], length: Option<u16>, reserved: u8) -> Vec<u8> {
    let length = length.unwrap_or_else(|| u16::try_from(value.len() + 4).unwrap_or(u16::MAX));
    [&[reserved, id][..], &length.to_be_bytes(), value].concat()
}

fn control(kind: u16, count: u16, attributes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(attributes.len() + 8).unwrap_or(u16::MAX);
    let header = [&[0x10, 1][..], &length.to_be_bytes(), &kind.to_be_bytes(), &count.to_be_bytes()].concat();
    [header, attributes.to_vec()].concat()
}
