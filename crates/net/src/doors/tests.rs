use super::*;
use crate::stack::{Stack, StackConfig};
use rasman_core::{Instant, Projection};
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

/// Two stacks joined by a task. Port 80 of B echoes, and port 53 is nobody's.
struct Tunnel {
    a: StackHandle,
    b: StackHandle,
    carrier: tokio::task::JoinHandle<()>,
}

fn tunnel() -> Tunnel {
    let stack = |local, peer| {
        let projection = Projection::new(local, Some(peer), vec![B], 1400);
        Stack::new(&projection, StackConfig::default(), Instant::ZERO)
    };
    let (mut a, mut b) = (stack(A, B), stack(B, A));
    let (handle_a, handle_b) = (a.handle(), b.handle());
    let carrier = tokio::task::spawn_local(async move {
        let start = tokio::time::Instant::now();
        loop {
            let now = Instant::from_micros(start.elapsed().as_micros() as u64);
            let there = a.poll(now, 100_000, |packet| b.receive(now, packet));
            let back = b.poll(now, 100_000, |packet| a.receive(now, packet));
            if there.packets + back.packets > 0 {
                tokio::task::yield_now().await;
                continue;
            }
            let next = a.next_poll(now).into_iter().chain(b.next_poll(now)).min();
            tokio::select! {
                () = a.notified() => {}
                () = b.notified() => {}
                () = tokio::time::sleep(next.unwrap_or(Duration::from_secs(3_600))) => {}
            }
        }
    });
    let mut listener = handle_b.listen(80).unwrap();
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::task::spawn_local(async move {
                let (mut read, mut write) = tokio::io::split(stream);
                let _ = tokio::io::copy(&mut read, &mut write).await;
                let _ = write.shutdown().await;
            });
        }
    });
    Tunnel { a: handle_a, b: handle_b, carrier }
}

fn run<T>(paused: bool, test: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(paused).build().unwrap();
    runtime.block_on(tokio::task::LocalSet::new().run_until(test()))
}

fn any() -> (TcpListener, SocketAddr) {
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn proxy(tunnel: &Tunnel) -> TcpStream {
    let (listener, address) = any();
    tokio::task::spawn_local(super::proxy(listener, tunnel.a.clone(), None));
    TcpStream::connect(address).await.unwrap()
}

/// Says `bytes` and reads what comes back until the proxy closes.
async fn say(tunnel: &Tunnel, bytes: &[u8]) -> Vec<u8> {
    let mut tcp = proxy(tunnel).await;
    tcp.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = tcp.read_to_end(&mut answer).await;
    answer
}

#[test]
fn connect_by_address_carries_bytes_both_ways() {
    run(false, async || {
        let tunnel = tunnel();
        let mut tcp = proxy(&tunnel).await;
        // One byte at a time: a client may do that.
        for byte in b"\x05\x02\x02\x00" {
            tcp.write_all(&[*byte]).await.unwrap();
        }
        let mut method = [0; 2];
        tcp.read_exact(&mut method).await.unwrap();
        assert_eq!(method, [5, 0]);
        tcp.write_all(&[5, 1, 0, 1, 10, 0, 0, 2, 0, 80]).await.unwrap();
        let mut reply = [0; 10];
        tcp.read_exact(&mut reply).await.unwrap();
        assert_eq!(reply[..8], [5, 0, 0, 1, 10, 0, 0, 1]);
        let sent: Vec<u8> = (0..3_000_000u32).map(|at| ((at * 7) >> 3) as u8).collect();
        let (mut read, mut write) = tcp.split();
        let mut got = Vec::new();
        let (wrote, read) = tokio::join!(
            async {
                write.write_all(&sent).await?;
                write.shutdown().await
            },
            read.read_to_end(&mut got)
        );
        wrote.unwrap();
        read.unwrap();
        assert!(got == sent);
    });
}

#[test]
fn targets_that_fail_get_the_code_of_the_rfc() {
    run(false, async || {
        let tunnel = tunnel();
        let ask = async |request: &[u8]| {
            let answer = say(&tunnel, &[b"\x05\x01\x00", request].concat()).await;
            assert_eq!((answer.len(), &answer[..3]), (12, &[5, 0, 5][..]), "{answer:?}");
            answer[3]
        };
        assert_eq!(ask(&[5, 1, 0, 1, 10, 0, 0, 2, 0, 81]).await, 5, "refused");
        assert_eq!(ask(&[5, 1, 0, 1, 127, 0, 0, 1, 0, 80]).await, 4, "not a host of the tunnel");
        assert_eq!(ask(&[5, 1, 0, 1, 10, 0, 0, 2, 0, 0]).await, 4, "port 0");
        let v6 = [&[5, 1, 0, 4][..], &[0x20; 16], &[0, 80]].concat();
        assert_eq!(ask(&v6).await, 8, "no IPv6");
        assert_eq!(ask(&[5, 2, 0, 1, 10, 0, 0, 2, 0, 80]).await, 7, "BIND");
        assert_eq!(ask(&[5, 9, 0, 1, 10, 0, 0, 2, 0, 80]).await, 7, "no command");
        assert_eq!(ask(&[5, 1, 0, 9, 10, 0, 0, 2, 0, 80]).await, 8, "no address type");
        assert_eq!(ask(b"\x05\x01\x00\x03\x06a b\r\nc\x00\x50").await, 4, "no name");
        assert_eq!(ask(b"\x05\x01\x00\x03\x00\x00\x50").await, 4, "an empty name");
    });
}

#[test]
fn names_are_resolved_inside() {
    run(true, async || {
        let tunnel = tunnel();
        // Nobody answers on B's port 53: the system's resolver, which knows localhost, must not have been asked.
        let answer = say(&tunnel, b"\x05\x01\x00\x05\x01\x00\x03\x09localhost\x00\x50").await;
        assert_eq!(answer[..4], [5, 0, 5, 4]);
        // A literal address is no name.
        let mut tcp = proxy(&tunnel).await;
        tcp.write_all(b"\x05\x01\x00\x05\x01\x00\x03\x0810.0.0.2\x00\x50hello").await.unwrap();
        let mut answer = [0; 17];
        tcp.read_exact(&mut answer).await.unwrap();
        assert_eq!((answer[3], &answer[12..]), (0, &b"hello"[..]));
    });
}

#[test]
fn garbage_is_turned_away() {
    run(false, async || {
        let tunnel = tunnel();
        assert!(say(&tunnel, b"GET / HTTP/1.1\r\n\r\n").await.starts_with(b"HTTP/1.1 405 "));
        assert!(say(&tunnel, b"frobnicate\r\n\r\n").await.starts_with(b"HTTP/1.1 400 "));
        assert!(say(&tunnel, &[b'A'; 10_000]).await.starts_with(b"HTTP/1.1 4"));
        assert_eq!(say(&tunnel, b"\x04\x01\x00\x50\x0a\x00\x00\x02\x00").await, b"");
        assert_eq!(say(&tunnel, b"\x05\x01\x02").await, [5, 0xff], "only with a password");
        assert_eq!(say(&tunnel, b"\x05\x00").await, [5, 0xff], "with nothing");
        assert_eq!(say(&tunnel, b"\x05\x01\x00\x04\x01\x00\x01\x0a\x00\x00\x02\x00\x50").await, [5, 0]);
        let mut roll = 1u64;
        for _ in 0..200 {
            let bytes: Vec<u8> = (0..64)
                .map(|at| {
                    roll = roll.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    if at == 0 || at == 3 { 5 } else { (roll >> 56) as u8 & 7 }
                })
                .collect();
            let mut tcp = proxy(&tunnel).await;
            tcp.write_all(&bytes).await.unwrap();
            tcp.shutdown().await.unwrap();
            let _ = tokio::time::timeout(Duration::from_millis(20), tcp.read_to_end(&mut Vec::new())).await;
        }
    });
}

#[test]
fn a_client_that_says_nothing_is_dropped_after_ten_seconds() {
    run(true, async || {
        let tunnel = tunnel();
        for silent_after in [
            &b""[..],
            b"CONNECT 10.0.0.2:80 HTTP/1.1\r\n",
            b"\x05",
            b"\x05\x01\x00",
            b"\x05\x01\x00\x05\x01\x00\x03\xff",
        ] {
            let before = tokio::time::Instant::now();
            let _ = say(&tunnel, silent_after).await;
            assert_eq!(before.elapsed().as_secs(), 10, "{silent_after:?}");
        }
    });
}

#[test]
fn a_reset_inside_is_a_reset_outside() {
    run(false, async || {
        let tunnel = tunnel();
        let mut listener = tunnel.b.listen(99).unwrap();
        let (door, address) = any();
        tokio::task::spawn_local(forward(door, "10.0.0.2".into(), 99, tunnel.a.clone()));
        let mut tcp = TcpStream::connect(address).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"half of").await.unwrap();
        tcp.read_exact(&mut [0; 7]).await.unwrap();
        drop(stream);
        let error = tcp.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        // And the other way.
        let tcp = TcpStream::connect(address).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        relay::reset(&tcp);
        drop(tcp);
        assert_eq!(stream.read(&mut [0]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_forward_leads_to_its_target_and_ends_with_the_stack() {
    run(false, async || {
        let tunnel = tunnel();
        let (door, address) = any();
        let task = tokio::task::spawn_local(forward(door, "10.0.0.2".into(), 80, tunnel.a.clone()));
        let mut tcp = TcpStream::connect(address).await.unwrap();
        tcp.write_all(b"hello").await.unwrap();
        let mut hello = [0; 5];
        tcp.read_exact(&mut hello).await.unwrap();
        assert_eq!(&hello, b"hello");
        // A target that refuses ends the connection.
        let (door, refused) = any();
        tokio::task::spawn_local(forward(door, "10.0.0.2".into(), 81, tunnel.a.clone()));
        let error = TcpStream::connect(refused).await.unwrap().read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        tunnel.carrier.abort();
        task.await.unwrap();
        assert!(tcp.read(&mut [0]).await.is_err(), "the stream went with the stack");
        assert!(TcpStream::connect(address).await.is_err(), "and so did the listener");
    });
}

#[test]
fn ports_that_cannot_be_bound() {
    run(false, async || {
        let (_taken, address) = any();
        let cause = bind(address).unwrap_err();
        assert_eq!((cause.code, cause.layer), (Code::PORT_ALREADY_OPEN, LayerName::Network));
        assert!(cause.did.contains(&address.to_string()), "{cause}");
        assert_eq!(bind("192.0.2.1:0".parse().unwrap()).unwrap_err().code, Code::PORT_NOT_AVAILABLE);
    });
}

/// Starts a proxy for one user alone.
async fn with_login(tunnel: &Tunnel) -> TcpStream {
    let (listener, address) = any();
    let login = rasman_core::ProxyLogin { user: "bob".into(), password: "builder".into() };
    tokio::task::spawn_local(super::proxy(listener, tunnel.a.clone(), Some(Rc::new(login))));
    TcpStream::connect(address).await.unwrap()
}

async fn answer_to(mut tcp: TcpStream, bytes: &[u8]) -> Vec<u8> {
    tcp.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = tcp.read_to_end(&mut answer).await;
    answer
}

#[test]
fn http_connect_carries_bytes_and_what_is_sent_ahead() {
    run(false, async || {
        let tunnel = tunnel();
        let mut tcp = proxy(&tunnel).await;
        tcp.write_all(b"CONNECT 10.0.0.2:80 HTTP/1.1\r\nHost: 10.0.0.2:80\r\n\r\nahead ").await.unwrap();
        let established = b"HTTP/1.1 200 Connection established\r\n\r\n";
        let mut head = vec![0; established.len()];
        tcp.read_exact(&mut head).await.unwrap();
        assert_eq!(head, established);
        tcp.write_all(b"and behind").await.unwrap();
        tcp.shutdown().await.unwrap();
        let mut echo = Vec::new();
        tcp.read_to_end(&mut echo).await.unwrap();
        assert_eq!(echo, b"ahead and behind");
        let refused = say(&tunnel, b"CONNECT 10.0.0.2:81 HTTP/1.1\r\n\r\n").await;
        assert!(refused.starts_with(b"HTTP/1.1 502 "));
        assert!(say(&tunnel, b"CONNECT 127.0.0.1:80 HTTP/1.1\r\n\r\n").await.starts_with(b"HTTP/1.1 400 "));
    });
}

#[test]
fn a_login_is_asked_for_in_both_protocols() {
    run(false, async || {
        let tunnel = tunnel();
        let request = [5, 1, 0, 1, 10, 0, 0, 2, 0, 80];
        let socks = |user: &[u8], password: &[u8]| {
            let counted = |text: &[u8]| [&[text.len() as u8], text].concat();
            [b"\x05\x02\x00\x02\x01", &counted(user)[..], &counted(password), &request].concat()
        };
        let mut tcp = with_login(&tunnel).await;
        tcp.write_all(&socks(b"bob", b"builder")).await.unwrap();
        let mut answer = [0; 14];
        tcp.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer[..6], [5, 2, 1, 0, 5, 0]);
        for (user, password) in [(&b"bob"[..], &b"wrong"[..]), (b"eve", b"builder"), (b"", b"")] {
            let answer = answer_to(with_login(&tunnel).await, &socks(user, password)).await;
            assert_eq!(answer, [5, 2, 1, 1]);
        }
        assert_eq!(answer_to(with_login(&tunnel).await, b"\x05\x01\x00").await, [5, 0xff], "without a password");
        let http = answer_to(with_login(&tunnel).await, b"CONNECT 10.0.0.2:80 HTTP/1.1\r\n\r\n").await;
        assert!(http.starts_with(b"HTTP/1.1 407 "));
    });
}

#[test]
fn datagrams_go_through_an_association_until_its_connection_ends() {
    run(false, async || {
        let tunnel = tunnel();
        let echo = tunnel.b.udp().unwrap();
        let port = echo.local().port();
        tokio::task::spawn_local(async move {
            while let Ok((payload, from)) = echo.receive(|payload, from| (payload.to_vec(), from)).await {
                let _ = echo.send_to(&payload, from);
            }
        });
        let mut control = proxy(&tunnel).await;
        control.write_all(b"\x05\x01\x00\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00").await.unwrap();
        let mut reply = [0; 12];
        control.read_exact(&mut reply).await.unwrap();
        assert_eq!(reply[..8], [5, 0, 5, 0, 0, 1, 127, 0]);
        let to = SocketAddr::from(([127, 0, 0, 1], u16::from_be_bytes([reply[10], reply[11]])));
        let client = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let header = [&[0, 0, 0, 1, 10, 0, 0, 2][..], &port.to_be_bytes()].concat();
        let hello = [&header[..], b"hello"].concat();
        // What is no datagram of ours is passed over: too short, a fragment, too long, to nobody, IPv6.
        let fragment = [&[0, 0, 1][..], &hello[3..]].concat();
        let long = [&header[..], &[0; 1500]].concat();
        let v6 = [&[0, 0, 0, 4][..], &[0x20; 16], &[0, 80], b"x"].concat();
        for bad in [&b""[..], &[0; 3], &fragment, &long, &v6, &[0, 0, 0, 9, 1], &[0; 5000]] {
            client.send_to(bad, to).await.unwrap();
        }
        // Somebody else's are not taken.
        let stranger = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        client.send_to(&hello, to).await.unwrap();
        let mut answer = [0; 2000];
        let (len, _) = client.recv_from(&mut answer).await.unwrap();
        assert_eq!(answer[..len], hello[..]);
        stranger.send_to(&hello, to).await.unwrap();
        let named = [&b"\0\0\0\x03\x0810.0.0.2"[..], &port.to_be_bytes(), b"by name"].concat();
        client.send_to(&named, to).await.unwrap();
        let (len, _) = client.recv_from(&mut answer).await.unwrap();
        assert_eq!(answer[10..len], *b"by name", "the stranger's would have come first");
        drop(control);
        // A closed socket tells so, by ICMP.
        let closed = async {
            let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
            while !client.send(&hello).await.is_err_and(refused) {
                tokio::task::yield_now().await;
            }
        };
        client.connect(to).await.unwrap();
        tokio::time::timeout(Duration::from_secs(30), closed).await.unwrap();
    });
}
