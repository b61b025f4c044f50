//! A client and a server of ours over a virtual stream.

use rasman_core::{
    Cause, Code, Duration, Instant, LayerName, Leaf, Link, LinkEvent, PortClosed, PortCommand, PortFacts, PortId,
    PortSpec, SessionKeys, TlsSpec, Trust,
};
use rasman_media::sstp::{Client, ClientSettings, Config, Refusal, Server, ServerConfig, UNREAD_MAX};
use rasman_testkit::{Chop, Pair, SeededRng, Side};

type Calls = Pair<Client, Server>;

const PORT: PortId = PortId(0);

fn tls() -> TlsSpec {
    TlsSpec {
        host: "vpn.example.com".into(),
        port: 443,
        server_name: String::new(),
        trust: Trust::default(),
        proxy: None,
    }
}

fn facts(byte: u8) -> PortFacts {
    let mut facts = PortFacts::default();
    facts.leaf = Some(Leaf { sha1: [byte; 20], sha256: [byte; 32] });
    facts
}

fn keys(send: u8, receive: u8) -> SessionKeys {
    SessionKeys { master_send: vec![send; 16], master_receive: vec![receive; 16] }
}

fn user() -> Cause {
    Cause::new(Code::USER_DISCONNECTION, LayerName::User)
}

fn calls(config: ServerConfig, chop: Chop) -> Calls {
    let client = Client::new(ClientSettings { tls: tls(), config: Config::default() }, Box::new(SeededRng::new(1)));
    let server = Server::new(config, Box::new(SeededRng::new(2)));
    Pair::stream(client, server, chop, 3)
}

/// Opens the port of both ends.
fn start(pair: &mut Calls) {
    pair.a.layer.open(pair.now());
    pair.flush();
    assert!(
        matches!(&pair.a.events[..], [LinkEvent::Port(PORT, PortCommand::Open(PortSpec::Tls(spec)))] if *spec == tls())
    );
    pair.a.events.clear();
    pair.b.layer.open(pair.now());
    pair.b.layer.port_ready(pair.now(), PORT, &facts(9));
    pair.a.layer.port_ready(pair.now(), PORT, &facts(9));
}

fn is_up(events: &[LinkEvent]) -> bool {
    matches!(events, [LinkEvent::Up(params), ..] if params.mru == 4087 && params.overhead == 4)
}

fn down(events: &[LinkEvent]) -> Option<&Cause> {
    match events {
        [.., LinkEvent::Port(PORT, PortCommand::Close), LinkEvent::Down(cause)] => Some(cause),
        _ => None,
    }
}

/// Makes a call up to the point where PPP would authenticate.
fn call(config: ServerConfig, chop: Chop) -> Calls {
    let mut pair = calls(config, chop);
    start(&mut pair);
    pair.run_until(|a, b| is_up(&a.events) && is_up(&b.events), 10_000).unwrap();
    pair
}

fn bound(pair: &mut Calls, client: &SessionKeys, server: &SessionKeys) {
    pair.b.layer.bind(pair.now(), server);
    pair.a.layer.bind(pair.now(), client);
    pair.run_until(|_, b| b.layer.is_bound(), 10_000).unwrap();
}

#[test]
fn a_call_is_made_bound_used_and_ended_however_the_stream_is_cut() {
    for (longest, seed) in [(0, 0), (1, 1), (2, 2), (3, 3), (7, 4), (100, 5), (5_000, 6)] {
        let chop = Chop { longest, delay: Duration::from_millis(20) };
        let mut pair = call(ServerConfig::default(), chop);
        assert_eq!(pair.now(), Instant::from_millis(80), "two round trips");

        pair.send_a(b"\xff\x03", b"\xc0\x21 request").unwrap();
        pair.send_b(b"", b"\xff\x03\xc0\x21 answer").unwrap();
        bound(&mut pair, &keys(1, 2), &keys(2, 1));
        assert!(pair.a.layer.is_bound());
        pair.send_a(&[0xff, 0x03], &vec![seed; 4089]).unwrap();
        pair.send_a(&[], &[]).unwrap();
        let received = |a: &Side<Client>, b: &Side<Server>| (a.received.len(), b.received.len()) == (1, 3);
        pair.run_until(received, 100_000).unwrap();
        assert_eq!(pair.a.received[0], b"\xff\x03\xc0\x21 answer");
        assert_eq!(pair.b.received[0], b"\xff\x03\xc0\x21 request");
        assert_eq!(pair.b.received[1].len(), 4091);
        assert_eq!(pair.b.received[2], b"");

        let hung_up = pair.now();
        pair.a.layer.close(hung_up, &user());
        pair.run_until(|a, _| down(&a.events).is_some(), 10_000).unwrap();
        assert_eq!(pair.now() - hung_up, Duration::from_millis(40), "one round trip, and no timer");
        assert_eq!(down(&pair.a.events), Some(&user()));
        pair.b.layer.port_closed(pair.now(), PORT, &PortClosed::ByPeer);
        pair.flush();
        assert!(matches!(pair.b.events.last(), Some(LinkEvent::Down(c)) if c.code == Code::REMOTE_DISCONNECTION));
        assert!(pair.a.dropped.is_empty() && pair.b.dropped.is_empty());
        assert!(pair.a.unread_peak < UNREAD_MAX && pair.b.unread_peak < UNREAD_MAX);
    }
}

#[test]
fn both_hashes_and_a_zero_key_bind() {
    let none = SessionKeys { master_send: Vec::new(), master_receive: Vec::new() };
    for hashes in [0x01, 0x02, 0x03] {
        let config = ServerConfig { hashes, ..ServerConfig::default() };
        bound(&mut call(config.clone(), Chop::default()), &keys(1, 2), &keys(2, 1));
        bound(&mut call(config, Chop::default()), &none, &none);
    }
}

#[test]
fn the_proof_may_come_before_the_servers_keys() {
    let mut pair = call(ServerConfig::default(), Chop::default());
    pair.a.layer.bind(pair.now(), &keys(1, 2));
    pair.run_to(Instant::from_millis(1_000));
    assert!(!pair.b.layer.is_bound());
    pair.b.layer.bind(pair.now(), &keys(2, 1));
    assert!(pair.b.layer.is_bound());
}

#[test]
fn a_wrong_binding_ends_the_call_on_both_sides() {
    let other = |pair: &mut Calls| pair.b.layer.bind(pair.now(), &keys(7, 7));
    let none = SessionKeys { master_send: Vec::new(), master_receive: Vec::new() };
    for wrong in [keys(2, 1), keys(3, 4), none] {
        let mut pair = call(ServerConfig::default(), Chop { longest: 1, ..Chop::default() });
        other(&mut pair);
        pair.a.layer.bind(pair.now(), &wrong);
        pair.run_until(|a, b| down(&a.events).is_some() && down(&b.events).is_some(), 10_000).unwrap();
        let (client, server) = (down(&pair.a.events).unwrap(), down(&pair.b.events).unwrap());
        assert_eq!(client.code, Code::VPN_REFUSED, "{client}");
        assert!(client.to_string().contains("0x4, a value is not supported (Crypto Binding)"), "{client}");
        assert_eq!(server.code, Code::UNABLE_TO_AUTHENTICATE_SERVER, "{server}");
        assert!(server.to_string().contains("other keys"), "{server}");
    }
}

#[test]
fn a_man_in_the_middle_is_found_by_his_certificate() {
    // The client sees another certificate than the server has.
    let mut victim = calls(ServerConfig::default(), Chop::default());
    victim.a.layer.open(Instant::ZERO);
    victim.a.layer.port_ready(Instant::ZERO, PORT, &facts(66));
    victim.b.layer.port_ready(Instant::ZERO, PORT, &facts(9));
    victim.run_until(|_, b| is_up(&b.events), 100).unwrap();
    victim.b.layer.bind(victim.now(), &keys(2, 1));
    victim.run_until(|a, _| a.events.len() == 2, 100).unwrap();
    victim.a.layer.bind(victim.now(), &keys(1, 2));
    victim.run_until(|_, b| down(&b.events).is_some(), 100).unwrap();
    assert!(down(&victim.b.events).unwrap().said.contains("another certificate"));
}

#[test]
fn the_server_hangs_up() {
    let mut pair = call(ServerConfig::default(), Chop::default());
    bound(&mut pair, &keys(1, 2), &keys(2, 1));
    let idle = Cause::new(Code::IDLE_TIMEOUT, LayerName::Manager);
    pair.b.layer.close(pair.now(), &idle);
    pair.run_until(|_, b| down(&b.events) == Some(&idle), 100).unwrap();
    assert_eq!(pair.now(), Instant::ZERO, "the acknowledgement came at once");
    pair.run_until(|a, _| down(&a.events).is_some(), 100).unwrap();
    assert_eq!(pair.now(), Instant::from_millis(1_000), "the client waits for the stream to end");
    assert_eq!(down(&pair.a.events).unwrap().code, Code::REMOTE_DISCONNECTION);
}

#[test]
fn both_hang_up_at_once() {
    let mut pair = call(ServerConfig::default(), Chop { longest: 0, delay: Duration::from_millis(20) });
    pair.a.layer.close(pair.now(), &user());
    pair.b.layer.close(pair.now(), &user());
    let before = pair.now();
    pair.run_until(|a, b| down(&a.events).is_some() && down(&b.events).is_some(), 100).unwrap();
    assert_eq!(pair.now() - before, Duration::from_millis(40));
}

#[test]
fn refusals_are_told_with_their_reason() {
    let refused = |refusal| {
        let mut pair = calls(ServerConfig { refusal, ..ServerConfig::default() }, Chop::default());
        start(&mut pair);
        pair.run_until(|a, _| down(&a.events).is_some(), 1_000).unwrap();
        down(&pair.a.events).unwrap().clone()
    };
    for status in [302, 401, 403, 404, 405, 500, 503] {
        let cause = refused(Refusal::HttpStatus(status));
        assert_eq!((cause.code, cause.layer), (Code::VPN_REFUSED, LayerName::Http));
        assert!(cause.said.contains(&status.to_string()), "{cause}");
        assert!(!cause.advice.is_empty());
    }
    let cause = refused(Refusal::Nak(4));
    assert_eq!((cause.code, cause.layer), (Code(770), LayerName::Sstp));
    assert_eq!(cause.said, "Call Connect Nak: 0x4, a value is not supported (Encapsulated Protocol ID)");
}

#[test]
fn an_idle_call_is_kept_alive_by_echoes() {
    let mut pair = call(ServerConfig::default(), Chop { longest: 0, delay: Duration::from_millis(20) });
    bound(&mut pair, &keys(1, 2), &keys(2, 1));
    let (there, back) = (pair.a_to_b.bytes, pair.b_to_a.bytes);
    pair.run_to(pair.now() + Duration::from_secs(3_600));
    assert!(pair.a.layer.is_bound() && pair.b.layer.is_bound());
    assert!(pair.a_to_b.bytes > there && pair.b_to_a.bytes > back);
    assert!(pair.a_to_b.bytes - there < 120 * 8, "no more than asked for");
}
