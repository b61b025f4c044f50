use super::*;
use rasman_core::{Code, LayerName, Trust};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use std::io::Write;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

mod later;
mod ocsp;

pub(super) use ocsp::names_responder;

struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Test Authority");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &self.0).unwrap();
        (vec![leaf.der().to_vec()], key.serialize_der())
    }

    fn acceptor(&self) -> Acceptor {
        let (chain, key) = self.issue(|_| ());
        Acceptor::new(chain, key).unwrap()
    }
}

fn spec(trust: Trust) -> TlsSpec {
    TlsSpec { host: "localhost".into(), port: 443, server_name: String::new(), trust, proxy: None }
}

fn trusting(ca: &Ca) -> TlsSpec {
    spec(Trust { added_roots: vec![ca.der()], ..Trust::default() })
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    (client.unwrap(), server.unwrap().0)
}

async fn shake(spec: &TlsSpec, acceptor: &Acceptor) -> (Result<TlsStream, Cause>, Result<TlsStream, Cause>) {
    let (client, server) = tcp().await;
    tokio::join!(connect(spec, client), acceptor.accept(server))
}

async fn pair(acceptor: &Acceptor, spec: &TlsSpec) -> (TlsStream, TlsStream) {
    let (client, server) = shake(spec, acceptor).await;
    (client.unwrap(), server.unwrap())
}

/// Waits for the next thing that a stream tells.
async fn next(stream: &mut TlsStream, plain: &mut Vec<u8>) -> Result<Received, Cause> {
    loop {
        stream.readable().await.unwrap();
        match stream.try_read(plain)? {
            Received::Bytes(0) => {}
            told => return Ok(told),
        }
    }
}

fn round_trip(acceptor: &Acceptor, spec: &TlsSpec, version: &str) {
    run(async {
        let (mut client, mut server) = pair(acceptor, spec).await;
        assert!(client.facts().protection.starts_with(version), "{}", client.facts().protection);
        assert_eq!(client.facts().protection, server.facts().protection);
        assert_eq!(client.facts().leaf, Some(acceptor.leaf()));
        assert_eq!(server.facts().leaf, Some(acceptor.leaf()));
        assert_eq!(client.facts().peer, server.facts().local);
        let mut plain = Vec::new();
        client.queue(b"ping").unwrap();
        client.flush().await.unwrap();
        assert_eq!(next(&mut server, &mut plain).await, Ok(Received::Bytes(4)));
        server.queue(b"pong").unwrap();
        server.flush().await.unwrap();
        assert_eq!(next(&mut client, &mut plain).await, Ok(Received::Bytes(4)));
        assert_eq!(plain, b"pingpong");
        assert_eq!(client.counters().sent, server.counters().received);
        assert_eq!(client.counters().received, server.counters().sent);
    });
}

#[test]
fn tls_1_3_round_trip() {
    let ca = Ca::new();
    round_trip(&ca.acceptor(), &trusting(&ca), "TLS 1.3, TLS13_AES");
}

#[test]
fn tls_1_2_round_trip() {
    let ca = Ca::new();
    let (chain, key) = ca.issue(|_| ());
    round_trip(&Acceptor::tls12_only(chain, key).unwrap(), &trusting(&ca), "TLS 1.2, TLS_ECDHE");
}

#[test]
fn pem_text_serves_as_well() {
    let ca = Ca::new();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &ca.0).unwrap();
    let acceptor = Acceptor::from_pem(&leaf.pem(), &key.serialize_pem()).unwrap();
    round_trip(&acceptor, &trusting(&ca), "TLS 1.3");
    assert_eq!(Acceptor::from_pem("", &key.serialize_pem()).err().unwrap().code, Code::INVALID_PARAMETER);
    assert_eq!(Acceptor::from_pem(&leaf.pem(), "x").err().unwrap().code, Code::INVALID_PARAMETER);
}

#[test]
fn an_address_is_a_name_as_well() {
    let ca = Ca::new();
    let (chain, key) = ca.issue(|params| {
        params.subject_alt_names = vec![rcgen::SanType::IpAddress("127.0.0.1".parse().unwrap())];
    });
    let spec = TlsSpec { host: "127.0.0.1".into(), ..trusting(&ca) };
    round_trip(&Acceptor::new(chain, key).unwrap(), &spec, "TLS 1.3");
}

/// Dials and gives the cause; the server must have been told by an alert.
fn refused(spec: &TlsSpec, (chain, key): (Vec<Vec<u8>>, Vec<u8>)) -> Cause {
    let (client, server) = run(shake(spec, &Acceptor::new(chain, key).unwrap()));
    let told = server.err().expect("the server is told");
    assert!(told.said.contains("ended the handshake"), "{told}");
    let cause = client.err().expect("refused");
    assert_eq!(cause.layer, LayerName::Tls);
    assert!(cause.did.contains("localhost"), "{cause}");
    cause
}

#[test]
fn a_certificate_for_another_name() {
    let ca = Ca::new();
    let other = ca.issue(|params| {
        params.subject_alt_names = vec!["vpn.example.com".try_into().map(rcgen::SanType::DnsName).unwrap()]
    });
    let cause = refused(&trusting(&ca), other);
    assert_eq!(cause.code, Code::CERT_CN_NO_MATCH);
    assert_eq!(cause.said, "showed a certificate for vpn.example.com");
}

#[test]
fn a_certificate_of_old_without_subject_alt_name() {
    let ca = Ca::new();
    let old = ca.issue(|params| {
        params.subject_alt_names.clear();
        params.distinguished_name.push(DnType::CommonName, "localhost");
    });
    let cause = refused(&trusting(&ca), old);
    assert_eq!(cause.code, Code::CERT_CN_NO_MATCH);
    assert!(cause.said.contains("without a subjectAltName"), "{cause}");
    assert!(cause.advice.contains("common name"), "{cause}");
}

#[test]
fn a_certificate_of_an_unknown_authority() {
    let cause = refused(&trusting(&Ca::new()), Ca::new().issue(|_| ()));
    assert_eq!(cause.code, Code::CERT_UNTRUSTED_ROOT);
    assert!(cause.advice.contains("SHA-256"), "{cause}");
    // The same without a name in common.
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "Somebody Else");
    let other = Ca(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap());
    assert_eq!(refused(&trusting(&other), Ca::new().issue(|_| ())).code, Code::CERT_UNTRUSTED_ROOT);
}

#[test]
fn certificates_outside_their_time() {
    let ca = Ca::new();
    let cause = refused(&trusting(&ca), ca.issue(|params| params.not_after = date_time_ymd(2020, 2, 29)));
    assert_eq!(cause.code, Code::CERT_EXPIRED);
    assert!(cause.said.ends_with("until 2020-02-29 00:00 UTC"), "{cause}");
    let cause = refused(&trusting(&ca), ca.issue(|params| params.not_before = date_time_ymd(2090, 1, 1)));
    assert_eq!(cause.code, Code::CERT_EXPIRED);
    assert!(cause.said.contains("from 2090-01-01 00:00 UTC"), "{cause}");
}

#[test]
fn an_authority_that_serves_itself() {
    let ca = Ca::new();
    let own = (vec![ca.der()], ca.0.key().serialize_der());
    let cause = refused(&trusting(&ca), own);
    assert_eq!(cause.code, Code::VPN_BAD_CERT);
    assert!(cause.said.contains("authority's certificate"), "{cause}");
}

#[test]
fn a_pin_accepts_exactly_its_leaf() {
    let ca = Ca::new();
    let odd = ca.issue(|params| {
        params.subject_alt_names.clear();
        params.not_after = date_time_ymd(2020, 1, 1);
    });
    let acceptor = Acceptor::new(odd.0, odd.1).unwrap();
    let pin = |digest| spec(Trust { pinned_leaf_sha256: Some(digest), ..Trust::default() });
    round_trip(&acceptor, &pin(acceptor.leaf().sha256), "TLS 1.3");
    let cause = refused(&pin([7; 32]), ca.issue(|_| ()));
    assert_eq!(cause.code, Code::VPN_BAD_CERT);
    assert!(cause.did.contains("0707") && cause.said.contains("another certificate"), "{cause}");
    // A pin is stricter than the roots beside it.
    let both = TlsSpec { trust: Trust { added_roots: vec![ca.der()], ..pin([7; 32]).trust }, ..spec(Trust::default()) };
    assert_eq!(refused(&both, ca.issue(|_| ())).code, Code::VPN_BAD_CERT);
}

#[test]
fn a_stolen_leaf_without_its_key_is_refused() {
    let ca = Ca::new();
    let (chain, key) = ca.issue(|_| ());
    let (_, wrong_key) = ca.issue(|_| ());
    assert_eq!(Acceptor::new(chain.clone(), wrong_key.clone()).err().unwrap().code, Code::INVALID_PARAMETER);
    // A server that lies about its key: rustls does not check a resolver's pair.
    let _ = key;
    let leaf = leaf_of(&chain[0]);
    let signer = rustls::crypto::aws_lc_rs::sign::any_supported_type(&wrong_key.try_into().unwrap()).unwrap();
    let chain = chain.into_iter().map(rustls::pki_types::CertificateDer::from).collect();
    let resolver =
        std::sync::Arc::new(rustls::sign::SingleCertAndKey::from(rustls::sign::CertifiedKey::new(chain, signer)));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = rustls::ServerConfig::builder_with_provider(trust::provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(resolver.clone());
        let cause = run(async {
            let (client, server) = tcp().await;
            let transport = backend::server(std::sync::Arc::new(config), leaf).unwrap();
            let pinned = spec(Trust { pinned_leaf_sha256: Some(leaf.sha256), ..Trust::default() });
            let (client, _server) =
                tokio::join!(connect(&pinned, client), stream::handshake(Box::new(transport), server));
            client.err().expect("refused")
        });
        assert_eq!(cause.code, Code::VPN_BAD_CERT, "{cause}");
        assert!(cause.said.contains("could not prove"), "{cause}");
    }
}

#[test]
fn settings_that_cannot_work() {
    let dial = |spec: TlsSpec| {
        run(async {
            let (client, _server) = tcp().await;
            connect(&spec, client).await.err().unwrap()
        })
    };
    let bad_root = spec(Trust { added_roots: vec![b"0 no certificate".to_vec()], ..Trust::default() });
    assert_eq!(dial(bad_root).code, Code::INVALID_PARAMETER);
    assert_eq!(dial(spec(Trust::default())).code, Code::CERT_UNTRUSTED_ROOT);
    let bad_name = TlsSpec { host: "no name".into(), ..spec(Trust::system()) };
    assert_eq!(dial(bad_name).code, Code::INVALID_PARAMETER);
}

/// Lets a server answer the ClientHello with `bytes` and then close.
fn answered_with(bytes: &'static [u8]) -> Cause {
    let ca = Ca::new();
    run(async {
        let (client, mut server) = tcp().await;
        let answer = async {
            let mut hello = [0; 2000];
            let _ = server.read(&mut hello).await.unwrap();
            server.write_all(bytes).await.unwrap();
            server.shutdown().await.unwrap();
            let mut rest = Vec::new();
            let _ = server.read_to_end(&mut rest).await;
        };
        let spec = trusting(&ca);
        let dial = async {
            let result = connect(&spec, client).await;
            result.err().expect("refused")
        };
        tokio::join!(dial, answer).0
    })
}

#[test]
fn servers_without_tls() {
    let cause = answered_with(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>");
    assert_eq!(cause.code, Code::VPN_REFUSED);
    assert_eq!(cause.said, "answered in plain text: HTTP/1.1 400 Bad Request");
    for garbage in [&b"\0\0\0\0\0\0"[..], b"\xff", b"\x16\x03\x03\xff\xff\x02", &[0x16; 5000], b"SSH-2.0-x\r\n"] {
        let cause = answered_with(garbage);
        assert_eq!(cause.code, Code::VPN_REFUSED, "{cause}");
    }
    assert!(answered_with(b"").said.contains("closed the connection"));
}

#[test]
fn servers_that_are_too_old() {
    // TLS 1.0 ServerHello; alerts protocol_version and handshake_failure.
    let hello = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\x00\x00\x2f\x00";
    for answer in [&hello[..], b"\x15\x03\x01\x00\x02\x02\x46", b"\x15\x03\x03\x00\x02\x02\x28"] {
        let cause = answered_with(answer);
        assert_eq!(cause.code, Code::VPN_REFUSED, "{cause}");
        assert!(cause.advice.contains("too old"), "{cause}");
    }
}

#[test]
fn a_peer_that_never_finishes_its_message_is_bounded() {
    // A ServerHello that claims 64 KiB, in records of one byte: six bytes of buffer for each.
    let mut bytes = b"\x16\x03\x03\x00\x04\x02\x00\xff\xff".to_vec();
    bytes.extend([0x16, 3, 3, 0, 1, 0].repeat(40_000));
    let cause = answered_with(Box::leak(bytes.into_boxed_slice()));
    assert_eq!(cause.code, Code::VPN_REFUSED, "{cause}");
}

#[test]
fn the_ends_of_a_stream_are_told_apart() {
    let ca = Ca::new();
    run(async {
        let (acceptor, spec, mut plain) = (ca.acceptor(), trusting(&ca), Vec::new());
        // close_notify, behind data.
        let (mut client, mut server) = pair(&acceptor, &spec).await;
        server.queue(b"last").unwrap();
        server.close().await.unwrap();
        server.close().await.unwrap();
        assert!(server.queue(b"more").is_err());
        assert_eq!(next(&mut client, &mut plain).await, Ok(Received::Bytes(4)));
        assert_eq!(next(&mut client, &mut plain).await, Ok(Received::End(End::CloseNotify)));
        assert_eq!(next(&mut client, &mut plain).await, Ok(Received::End(End::CloseNotify)));
        // The other direction stays open until it is closed as well.
        client.queue(b"still").unwrap();
        client.close().await.unwrap();
        assert_eq!(next(&mut server, &mut plain).await, Ok(Received::Bytes(5)));
        assert_eq!(next(&mut server, &mut plain).await, Ok(Received::End(End::CloseNotify)));
        // TCP alone.
        let (mut client, server) = pair(&acceptor, &spec).await;
        drop(server);
        assert_eq!(next(&mut client, &mut plain).await, Ok(Received::End(End::Eof)));
        // In the middle of a record.
        let (mut client, mut server) = pair(&acceptor, &spec).await;
        server.queue(&[7; 100]).unwrap();
        let half = server.pending() / 2;
        let waiting = server.waiting_for_test();
        server.tcp_for_test().try_write(&waiting[..half]).unwrap();
        server.tcp_for_test().shutdown().await.unwrap();
        let cause = next(&mut client, &mut plain).await.unwrap_err();
        assert_eq!(cause.code, Code::LINK_FAILURE);
        assert!(cause.said.contains("middle of a record"), "{cause}");
        assert_eq!(plain, b"laststill", "half a record is not authenticated and gives nothing");
        // A reset.
        let (mut client, mut server) = pair(&acceptor, &spec).await;
        socket2::SockRef::from(&*server.tcp_for_test()).set_linger(Some(std::time::Duration::ZERO)).unwrap();
        drop(server);
        let cause = next(&mut client, &mut plain).await.unwrap_err();
        assert_eq!((cause.code, cause.said.as_str()), (Code::LINK_FAILURE, "reset the connection"));
        // A record that was forged.
        let (mut client, mut server) = pair(&acceptor, &spec).await;
        server.tcp_for_test().write_all(b"\x17\x03\x03\x00\x20aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").await.unwrap();
        assert_eq!(next(&mut client, &mut plain).await.unwrap_err().code, Code::LINK_FAILURE);
        // The peer is told of it.
        let told = next(&mut server, &mut plain).await.unwrap_err();
        assert!(told.said.contains("BadRecordMac"), "{told}");
    });
}

#[test]
fn the_send_buffer_is_bounded() {
    let ca = Ca::new();
    run(async {
        let (mut client, _server) = pair(&ca.acceptor(), &trusting(&ca)).await;
        let mut queued = 0;
        let error = loop {
            match client.queue(&[0; 1000]) {
                Ok(()) => {
                    queued += 1000;
                    assert!(!(1..16 * 1024).contains(&client.send_room()));
                }
                Err(cause) => break cause,
            }
        };
        assert_eq!(error.code, Code::OUT_OF_BUFFERS);
        assert_eq!(client.send_room(), 0);
        assert!((300_000..330_000).contains(&queued), "{queued}");
    });
}

/// Sends `total` bytes of a pattern in chunks of all sizes while reading the same of the peer.
async fn exchange(mut stream: TlsStream, seed: u64, peer_seed: u64, total: usize) -> Counters {
    let (mut sent, mut got, mut plain, mut rng) = (0usize, 0usize, Vec::new(), seed);
    let mut chunk = Vec::new();
    while got < total || sent < total || stream.pending() > 0 {
        while sent < total && stream.send_room() > 0 {
            rng = rng.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let len = (1 + (rng >> 33) as usize % 40_000).min(total - sent).min(stream.send_room());
            chunk.clear();
            chunk.extend((sent..sent + len).map(|at| pattern(seed, at)));
            stream.queue(&chunk).unwrap();
            sent += len;
        }
        let _ = stream.try_write().unwrap();
        tokio::select! {
            ready = stream.readable() => {
                ready.unwrap();
                let Received::Bytes(_) = stream.try_read(&mut plain).unwrap() else { panic!("ended early") };
                assert!(plain.len() <= 128 * 1024);
                for (at, byte) in plain.iter().enumerate() {
                    assert_eq!(*byte, pattern(peer_seed, got + at));
                }
                got += plain.len();
                plain.clear();
            }
            // TCP may have taken all that was queued: whoever has more to say waits for writing as well.
            ready = stream.writable(), if stream.pending() > 0 || sent < total => ready.unwrap(),
        }
    }
    stream.counters()
}

fn pattern(seed: u64, at: usize) -> u8 {
    ((at as u64).wrapping_mul(seed | 1) >> 7) as u8
}

#[test]
fn large_transfers_both_ways_at_all_chunk_sizes() {
    let ca = Ca::new();
    let (chain, key) = ca.issue(|_| ());
    for acceptor in [ca.acceptor(), Acceptor::tls12_only(chain, key).unwrap()] {
        run(async {
            let (client, server) = pair(&acceptor, &trusting(&ca)).await;
            let total = 12 << 20;
            let (client, server) = tokio::join!(exchange(client, 3, 5, total), exchange(server, 5, 3, total));
            assert_eq!(client.sent, server.received);
            assert!(client.sent > total as u64);
        });
    }
}

/// Data that arrives with the end of the handshake is neither lost nor left without a wake-up.
#[test]
fn data_right_behind_the_handshake() {
    let ca = Ca::new();
    let acceptor = ca.acceptor();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let spec = trusting(&ca);
    // A slow relay on a thread hands the client's whole second flight over at once.
    let relay = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let relayed = relay.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        use std::io::Read;
        let (mut from, _) = relay.accept().unwrap();
        let mut to = std::net::TcpStream::connect(address).unwrap();
        let mut buffer = [0; 20_000];
        let len = from.read(&mut buffer).unwrap();
        to.write_all(&buffer[..len]).unwrap();
        let (mut back, mut front) = (to.try_clone().unwrap(), from.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut back, &mut front));
        let mut flight = Vec::new();
        from.read_to_end(&mut flight).unwrap();
        to.write_all(&flight).unwrap();
        to.shutdown(std::net::Shutdown::Write).unwrap();
    });
    run(async {
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let client = async {
            let mut client = connect(&spec, TcpStream::connect(relayed).await.unwrap()).await.unwrap();
            client.queue(b"early").unwrap();
            client.close().await.unwrap();
            client
        };
        let server = async { acceptor.accept(listener.accept().await.unwrap().0).await.unwrap() };
        let (_client, mut server) = tokio::join!(client, server);
        let mut plain = Vec::new();
        assert_eq!(next(&mut server, &mut plain).await, Ok(Received::Bytes(5)));
        assert_eq!(next(&mut server, &mut plain).await, Ok(Received::End(End::CloseNotify)));
    });
    thread.join().unwrap();
}

#[test]
fn system_roots_do_not_vouch_for_strangers() {
    let cause = refused_by_trust(spec(Trust::system()));
    assert_eq!(cause.code, Code::CERT_UNTRUSTED_ROOT);
}

fn refused_by_trust(spec: TlsSpec) -> Cause {
    run(shake(&spec, &Ca::new().acceptor())).0.err().expect("refused")
}

/// Hands what `from` wants to send to `to`, with one byte of the stream changed, and lets `to` work on it.
fn carry(
    wire: &mut SendBuffer,
    to: &mut dyn TlsTransport,
    back: &mut SendBuffer,
    seen: &mut usize,
    damage: Option<(usize, u8)>,
) -> Result<bool, Cause> {
    let mut moved = false;
    while !wire.is_empty() {
        let space = to.space();
        let len = wire.len().min(space.len());
        if len == 0 {
            return Ok(false);
        }
        space[..len].copy_from_slice(&wire.waiting()[..len]);
        if let Some((at, change)) = damage
            && (*seen..*seen + len).contains(&at)
        {
            space[at - *seen] ^= change;
        }
        *seen += len;
        to.received(len);
        wire.sent(len);
        moved = true;
    }
    let _ = to.process(&mut Vec::new(), back)?;
    Ok(moved)
}

/// Whatever byte of a handshake is changed on the way: both sides end, neither panics, and no alert storm begins.
#[test]
fn damaged_handshakes_fail_and_nothing_worse() {
    let ca = Ca::new();
    let (chain, key) = ca.issue(|_| ());
    let spec = trusting(&ca);
    let mut roll = 1u64;
    let mut undamaged = 0;
    for acceptor in [ca.acceptor(), Acceptor::tls12_only(chain, key).unwrap()] {
        for round in 0..300 {
            roll = roll.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let damage = (round > 0).then_some(((roll >> 20) as usize % 1_200, (roll >> 50) as u8 | 1));
            let (down, up) = if round % 3 == 0 { (None, damage) } else { (damage, None) };
            let mut client = run(trust::client(&spec)).and_then(backend::client).unwrap();
            let mut server = acceptor.transport_for_test();
            let (mut to_server, mut to_client) = (SendBuffer::default(), SendBuffer::default());
            let (mut seen_up, mut seen_down) = (0, 0);
            let _ = client.process(&mut Vec::new(), &mut to_server).unwrap();
            let mut failed = false;
            for turn in 0.. {
                assert!(turn < 20, "it never ends");
                let there = carry(&mut to_server, &mut *server, &mut to_client, &mut seen_up, up);
                let back = carry(&mut to_client, &mut client, &mut to_server, &mut seen_down, down);
                failed |= there.is_err() || back.is_err();
                if there != Ok(true) && back != Ok(true) {
                    break;
                }
            }
            assert!(to_server.len() + to_client.len() < 10_000);
            let open = client.encrypt(b"x", &mut to_server).is_ok();
            if damage.is_none() {
                assert!(open && !failed);
                undamaged += 1;
            }
            for _ in 0..3 {
                let _ = client.process(&mut Vec::new(), &mut to_server);
                let _ = server.process(&mut Vec::new(), &mut to_client);
                client.close_notify(&mut to_server);
            }
        }
    }
    assert_eq!(undamaged, 2);
}
