//! What the tests of this crate share: both ends of a link, and frames written by hand.
#![allow(unreachable_pub)] // A test binary exports nothing.

use core::net::Ipv4Addr;
use rasman_auth::mschapv2::{self, ResponseValue};
use rasman_core::{Cause, Code, Credentials, Instant, Secret};
use rasman_ppp::{Account, AccountState, Accounts, Authenticated, ClientConfig, Event, Ppp, ServerConfig};
use rasman_testkit::{SeededRng, Side, Trace};
use std::sync::Arc;

pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 1);
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 2);
pub const DNS: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 53);

pub struct Users(pub AccountState);

impl Accounts for Users {
    fn account(&self, user: &str, domain: &str) -> Option<Account> {
        let known = user == "alice" && matches!(domain, "" | "LAB");
        known.then(|| Account { password: Secret::from("wonderland"), state: self.0 })
    }
}

pub fn server_config() -> ServerConfig {
    let accounts = Arc::new(Users(AccountState::Usable));
    ServerConfig { name: "lab".into(), dns: vec![DNS], ..ServerConfig::new(accounts, SERVER, CLIENT) }
}

pub fn client(config: ClientConfig, seed: u64) -> Ppp {
    Ppp::client(config, Box::new(SeededRng::new(seed)))
}

pub fn server(config: ServerConfig, seed: u64) -> Ppp {
    Ppp::server(config, Box::new(SeededRng::new(seed)))
}

pub fn credentials(user: &str, password: &str) -> Credentials {
    Credentials { user: user.into(), domain: String::new(), password: Secret::from(password) }
}

pub fn alice() -> Credentials {
    credentials("alice", "wonderland")
}

/// Opens a client's gates as its events ask for it; gives what it saw.
pub fn open_gates(side: &mut Side<Ppp>, now: Instant) -> Vec<Event> {
    let events = core::mem::take(&mut side.events);
    for event in &events {
        match event {
            Event::LinkEstablished { .. } => side.layer.authenticate(now, alice()),
            Event::Authenticated { token, .. } => side.layer.project(now, token.clone()),
            _ => {}
        }
    }
    events
}

/// The names of events, for comparison.
pub fn names(events: &[Event]) -> Vec<&'static str> {
    let name = |event: &Event| match event {
        Event::LinkEstablished { .. } => "LinkEstablished",
        Event::Renegotiating => "Renegotiating",
        Event::Authenticated { .. } => "Authenticated",
        Event::AuthenticationRefused { retry: true, .. } => "Refused, may retry",
        Event::AuthenticationRefused { .. } => "Refused",
        Event::Projected(_) => "Projected",
        Event::Finished(_) => "Finished",
        Event::TimeRemaining { .. } => "TimeRemaining",
        Event::Learned(_) => "Learned",
        _ => "?",
    };
    events.iter().map(name).collect()
}

pub fn finished(events: &[Event]) -> Option<&Cause> {
    events.iter().find_map(|event| match event {
        Event::Finished(cause) => Some(cause),
        _ => None,
    })
}

// Frames by hand.

pub fn frame(protocol: u16, information: &[u8]) -> Vec<u8> {
    [&[0xff, 0x03][..], &protocol.to_be_bytes(), information].concat()
}

pub fn packet(protocol: u16, code: u8, id: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 4).unwrap().to_be_bytes();
    frame(protocol, &[&[code, id][..], &length, data].concat())
}

pub fn lcp(code: u8, id: u8, data: &[u8]) -> Vec<u8> {
    packet(0xc021, code, id, data)
}

pub fn ipcp(code: u8, id: u8, data: &[u8]) -> Vec<u8> {
    packet(0x8021, code, id, data)
}

pub fn chap(code: u8, id: u8, data: &[u8]) -> Vec<u8> {
    packet(0xc223, code, id, data)
}

pub fn opt(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind, u8::try_from(value.len() + 2).unwrap()][..], value].concat()
}

pub const REQ: u8 = 1;
pub const ACK: u8 = 2;
pub const NAK: u8 = 3;
pub const REJ: u8 = 4;
pub const TERM_REQ: u8 = 5;
pub const TERM_ACK: u8 = 6;
pub const CODE_REJ: u8 = 7;
pub const PROTO_REJ: u8 = 8;
pub const ECHO_REQ: u8 = 9;
pub const ECHO_REP: u8 = 10;

/// Authentication-Protocol MS-CHAPv2.
pub fn auth_ms_chap_v2() -> Vec<u8> {
    opt(3, &[0xc2, 0x23, 0x81])
}

/// A CHAP Challenge as SoftEther writes it.
pub fn challenge(id: u8, value: [u8; 16]) -> Vec<u8> {
    chap(1, id, &[&[16][..], &value, b"host"].concat())
}

/// Splits a frame of ours: protocol, code, identifier, data.
pub fn split(frame: &[u8]) -> (u16, u8, u8, Vec<u8>) {
    assert_eq!(frame[..2], [0xff, 0x03], "address and control are always sent");
    let length = usize::from(u16::from_be_bytes([frame[6], frame[7]]));
    assert_eq!(length, frame.len() - 4);
    (u16::from_be_bytes([frame[2], frame[3]]), frame[4], frame[5], frame[8..].to_vec())
}

/// A client on a carrier that has just come up; gives its first Configure-Request's options as well.
pub fn client_trace(config: ClientConfig) -> (Trace<Ppp>, Vec<u8>) {
    let mut t = Trace::new(client(config, 1));
    t.at(0).call(|ppp, now| ppp.lower_up(now, 1500));
    let sent = t.take_sent();
    let [request] = &sent[..] else { panic!("{sent:?}") };
    let (0xc021, REQ, 1, options) = split(request) else { panic!("{request:?}") };
    (t, options)
}

/// Lets LCP come up with MS-CHAPv2 demanded; the gates are closed.
pub fn established(config: ClientConfig) -> Trace<Ppp> {
    let (mut t, options) = client_trace(config);
    t.receives(lcp(REQ, 7, &auth_ms_chap_v2())).sends([lcp(ACK, 7, &auth_ms_chap_v2())]);
    t.receives(lcp(ACK, 1, &options)).sends_nothing();
    assert_eq!(names(&t.take_events()), ["LinkEstablished"]);
    t
}

/// What a server that knows alice's password says to a Response frame: the message of a Success without `M=`.
pub fn proof(response: &[u8], challenge: [u8; 16]) -> Vec<u8> {
    let (0xc223, 2, _, data) = split(response) else { panic!("{response:?} is no Response") };
    let value = ResponseValue::parse(&data[1..50]).unwrap();
    let s = mschapv2::generate_authenticator_response(
        b"wonderland",
        &value.nt_response,
        &value.peer_challenge,
        &challenge,
        b"alice",
    );
    let digits: String = s.iter().map(|octet| format!("{octet:02X}")).collect();
    format!("S={digits}").into_bytes()
}

/// Lets authentication succeed as well; the second gate is closed.
pub fn authenticated(config: ClientConfig) -> (Trace<Ppp>, Authenticated) {
    let mut t = established(config);
    t.call(|ppp, now| ppp.authenticate(now, alice())).receives(challenge(3, [9; 16]));
    let sent = t.take_sent();
    t.receives(chap(3, 3, &proof(&sent[0], [9; 16])));
    let mut events = t.take_events();
    let Some(Event::Authenticated { token, .. }) = events.pop() else { panic!("{events:?}") };
    (t, token)
}

/// IPCP's three addresses.
pub fn addresses(address: [u8; 4], dns1: [u8; 4], dns2: [u8; 4]) -> Vec<u8> {
    [opt(3, &address), opt(129, &dns1), opt(131, &dns2)].concat()
}

/// Opens the second gate as well; IPCP has sent its first request, with identifier 1.
pub fn networking(config: ClientConfig) -> Trace<Ppp> {
    let (mut t, token) = authenticated(config);
    t.call(|ppp, now| ppp.project(now, token));
    t
}

/// Lets IPCP come up as well.
pub fn projected(config: ClientConfig) -> Trace<Ppp> {
    let mut t = networking(config);
    t.take_sent();
    let given = addresses([10, 66, 0, 2], [10, 66, 0, 53], [10, 66, 0, 53]);
    t.receives(ipcp(REQ, 1, &opt(3, &[10, 66, 0, 1]))).receives(ipcp(NAK, 1, &given)).receives(ipcp(ACK, 2, &given));
    t.take_sent();
    assert_eq!(names(&t.take_events()), ["Projected"]);
    t
}

/// The cause of the end, which must be the last event.
#[track_caller]
pub fn cause(t: &mut Trace<Ppp>) -> Cause {
    let events = t.take_events();
    let Some(Event::Finished(cause)) = events.last() else { panic!("not finished: {events:?}") };
    cause.clone()
}

/// Checks that the link is over with a Terminate-Request, and why.
#[track_caller]
pub fn gave_up(t: &mut Trace<Ppp>, code: Code) -> Cause {
    let sent = t.take_sent();
    let last = sent.last().expect("a Terminate-Request");
    assert_eq!(split(last).1, TERM_REQ, "{last:?}");
    let cause = cause(t);
    assert_eq!(cause.code, code, "{cause}");
    cause
}
