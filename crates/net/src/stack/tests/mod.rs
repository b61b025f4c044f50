mod hostile;
mod ipv6;
mod names;
mod ports;

use super::*;
use rasman_core::Duration;
use sha2::{Digest, Sha256};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

fn stack(local: Ipv4Addr, peer: Ipv4Addr) -> Stack {
    with_dns(local, peer, vec![])
}

fn with_dns(local: Ipv4Addr, peer: Ipv4Addr, dns: Vec<Ipv4Addr>) -> Stack {
    Stack::new(&Projection::new(local, Some(peer), dns, 1400), StackConfig::default(), Instant::ZERO)
}

fn run<T>(test: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(tokio::task::LocalSet::new().run_until(test()))
}

/// What becomes of a packet on the wire.
enum Fate {
    Arrives,
    Lost,
    Twice,
    /// It arrives behind the next one.
    Late,
}

/// Carries packets between two stacks in virtual time, as long as it is polled.
struct Wire<F> {
    a: Stack,
    b: Stack,
    delay: Duration,
    fate: F,
    room: usize,
}

impl<F: FnMut(&[u8]) -> Fate> Wire<F> {
    async fn carry(&mut self) {
        let start = tokio::time::Instant::now();
        let mut flying: std::collections::VecDeque<(Instant, bool, Vec<u8>)> = Default::default();
        let mut late: Option<(bool, Vec<u8>)> = None;
        loop {
            let now = Instant::from_micros(start.elapsed().as_micros() as u64);
            let mut moved = false;
            while flying.front().is_some_and(|(at, ..)| *at <= now) {
                let (_, to_b, packet) = flying.pop_front().unwrap();
                if to_b {
                    self.b.receive(now, &packet)
                } else {
                    self.a.receive(now, &packet)
                }
                moved = true;
            }
            for to_b in [true, false] {
                let (from, fate, room) = (if to_b { &mut self.a } else { &mut self.b }, &mut self.fate, self.room);
                let polled = from.poll(now, room, |packet| {
                    assert!(packet.len() <= 1400);
                    let times = match fate(packet) {
                        Fate::Lost => 0,
                        Fate::Arrives => 1,
                        Fate::Twice => 2,
                        Fate::Late => {
                            late = Some((to_b, packet.to_vec()));
                            0
                        }
                    };
                    for _ in 0..times {
                        flying.push_back((now + self.delay, to_b, packet.to_vec()));
                    }
                    if times > 0
                        && let Some((to_b, packet)) = late.take()
                    {
                        flying.push_back((now + self.delay, to_b, packet));
                    }
                });
                assert!(polled.bytes <= self.room);
                moved |= polled.packets > 0;
            }
            if moved {
                tokio::task::yield_now().await;
                continue;
            }
            let next = [self.a.next_poll(now), self.b.next_poll(now), flying.front().map(|(at, ..)| at.since(now))];
            let next = next.into_iter().flatten().min().unwrap_or(Duration::from_secs(86_400));
            tokio::select! {
                () = self.a.notified() => {}
                () = self.b.notified() => {}
                () = tokio::time::sleep(next) => {}
            }
        }
    }
}

fn wire() -> Wire<impl FnMut(&[u8]) -> Fate> {
    impaired(|_| Fate::Arrives)
}

fn impaired<F: FnMut(&[u8]) -> Fate>(fate: F) -> Wire<F> {
    Wire { a: stack(A, B), b: stack(B, A), delay: Duration::ZERO, fate, room: 64 * 1024 }
}

/// Runs a test while the wire carries.
async fn over<F: FnMut(&[u8]) -> Fate, T>(wire: &mut Wire<F>, test: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        result = test => result,
        () = wire.carry() => unreachable!(),
    }
}

fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |sides| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    }
}

/// Writes `total` bytes and gives their hash.
async fn send(stream: &mut (impl AsyncWrite + Unpin), seed: u64, total: usize) -> Vec<u8> {
    let (mut hash, mut roll, mut sent) = (Sha256::new(), dice(seed), 0);
    let bytes: Vec<u8> = (0..100_000).map(|_| roll(256) as u8).collect();
    while sent < total {
        let len = (1 + roll(bytes.len() as u64) as usize).min(total - sent);
        stream.write_all(&bytes[..len]).await.unwrap();
        hash.update(&bytes[..len]);
        sent += len;
    }
    stream.shutdown().await.unwrap();
    hash.finalize().to_vec()
}

/// Reads to the end and gives length and hash.
async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> (usize, Vec<u8>) {
    let (mut hash, mut total, mut buffer) = (Sha256::new(), 0, vec![0; 50_000]);
    loop {
        let len = stream.read(&mut buffer).await.unwrap();
        if len == 0 {
            return (total, hash.finalize().to_vec());
        }
        hash.update(&buffer[..len]);
        total += len;
    }
}

async fn transfer<F: FnMut(&[u8]) -> Fate>(wire: &mut Wire<F>, total: usize) {
    let (a, mut listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
    let client = async {
        let stream = a.connect((B, 80).into()).await.unwrap();
        assert_eq!((stream.peer(), stream.local().ip()), ((B, 80).into(), IpAddr::V4(A)));
        let (mut read, mut write) = tokio::io::split(stream);
        tokio::join!(send(&mut write, 1, total), receive(&mut read))
    };
    let server = async {
        let (stream, peer) = listener.accept().await.unwrap();
        assert_eq!(peer.ip(), IpAddr::V4(A));
        let (mut read, mut write) = tokio::io::split(stream);
        tokio::join!(send(&mut write, 2, total), receive(&mut read))
    };
    let ((up, down), (sent, got)) = over(wire, async { tokio::join!(client, server) }).await;
    assert_eq!(got, (total, up));
    assert_eq!(down, (total, sent));
}

#[test]
fn fifty_megabytes_each_way_arrive_whole() {
    run(async || {
        let mut wire = wire();
        transfer(&mut wire, 50_000_000).await;
        // Both ends go by themselves, TIME-WAIT included.
        over(&mut wire, tokio::time::sleep(Duration::from_secs(30))).await;
        assert_eq!((wire.a.streams(), wire.b.streams()), (0, 0));
        assert_eq!(wire.a.next_poll(Instant::from_millis(60_000)), None, "an idle stack asks for nothing");
    });
}

#[test]
fn a_small_room_only_slows_down() {
    run(async || {
        let mut wire = Wire { room: 1_500, ..wire() };
        transfer(&mut wire, 1_000_000).await;
    });
}

#[test]
fn without_room_nothing_leaves_and_nothing_is_lost() {
    run(async || {
        let mut wire = wire();
        let a = wire.a.handle();
        let mut connect = std::pin::pin!(a.connect((B, 80).into()));
        tokio::select! { biased; _ = &mut connect => unreachable!(), () = std::future::ready(()) => {} }
        let polled = wire.a.poll(Instant::ZERO, 1_399, |_| panic!("there is no room"));
        assert_eq!(polled, Polled { more: true, ..Polled::default() });
        assert_eq!(wire.a.next_poll(Instant::ZERO), Some(Duration::ZERO));
        assert_eq!(wire.a.poll(Instant::ZERO, 1_400, |_| ()).packets, 1);
    });
}

#[test]
fn a_lossy_wire_delivers_all_the_same() {
    run(async || {
        for seed in 0..4 {
            let mut roll = dice(seed);
            let mut wire = impaired(move |_| match roll(100) {
                0..3 => Fate::Lost,
                3..5 => Fate::Twice,
                5..8 => Fate::Late,
                _ => Fate::Arrives,
            });
            wire.delay = Duration::from_millis(5);
            transfer(&mut wire, 300_000).await;
        }
    });
}

#[test]
fn many_streams_share_the_wire() {
    run(async || {
        let mut wire = wire();
        let (a, mut listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
        let server = tokio::task::spawn_local(async move {
            let mut echoes = tokio::task::JoinSet::new();
            for _ in 0..200 {
                let (mut stream, _) = listener.accept().await.unwrap();
                echoes.spawn_local(async move {
                    let (mut read, mut write) = tokio::io::split(&mut stream);
                    tokio::io::copy(&mut read, &mut write).await.unwrap();
                    write.shutdown().await.unwrap();
                });
            }
            while let Some(done) = echoes.join_next().await {
                done.unwrap();
            }
        });
        let mut clients = tokio::task::JoinSet::new();
        for seed in 0..200 {
            let a = a.clone();
            clients.spawn_local(async move {
                let (mut read, mut write) = tokio::io::split(a.connect((B, 80).into()).await.unwrap());
                let total = 1_000 + 1_000 * seed as usize;
                let (sent, got) = tokio::join!(send(&mut write, seed, total), receive(&mut read));
                assert_eq!(got, (total, sent));
            });
        }
        let all = async {
            while let Some(done) = clients.join_next().await {
                done.unwrap();
            }
            server.await.unwrap();
        };
        over(&mut wire, all).await;
    });
}

#[test]
fn a_stream_that_sends_without_end_does_not_starve_others() {
    run(async || {
        let mut wire = Wire { room: 3_000, ..wire() };
        let (a, mut listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
        let test = async {
            let mut greedy = Vec::new();
            for _ in 0..20 {
                let mut stream = a.connect((B, 80).into()).await.unwrap();
                let (mut peer, _) = listener.accept().await.unwrap();
                greedy.push(tokio::task::spawn_local(
                    async move { while stream.write_all(&[1; 10_000]).await.is_ok() {} },
                ));
                greedy.push(tokio::task::spawn_local(async move {
                    let mut buffer = [0; 10_000];
                    while peer.read(&mut buffer).await.is_ok() {}
                }));
            }
            let mut small = a.connect((B, 80).into()).await.unwrap();
            let (mut peer, _) = listener.accept().await.unwrap();
            small.write_all(b"hello").await.unwrap();
            let mut hello = [0; 5];
            peer.read_exact(&mut hello).await.unwrap();
            greedy.iter().for_each(|task| task.abort());
        };
        over(&mut wire, test).await;
    });
}

fn kind<T>(result: io::Result<T>) -> io::ErrorKind {
    result.err().expect("an error").kind()
}

#[test]
fn connects_that_fail_say_why() {
    run(async || {
        let mut wire = wire();
        let a = wire.a.handle();
        let test = async {
            assert_eq!(kind(a.connect((B, 81).into()).await), io::ErrorKind::ConnectionRefused);
            assert_eq!(kind(a.connect("[2001:db8::1]:80".parse().unwrap()).await), io::ErrorKind::Unsupported);
            for nobody in ["127.0.0.1:80", "0.0.0.0:80", "224.0.0.1:80", "255.255.255.255:80", "10.0.0.2:0"] {
                assert_eq!(kind(a.connect(nobody.parse().unwrap()).await), io::ErrorKind::AddrNotAvailable);
            }
            let before = tokio::time::Instant::now();
            let silent: SocketAddr = "10.9.9.9:80".parse().unwrap();
            assert_eq!(kind(a.connect(silent).await), io::ErrorKind::TimedOut);
            assert_eq!(before.elapsed().as_secs(), 30);
            // Giving up early leaves nothing behind.
            let _ = tokio::time::timeout(Duration::from_secs(1), a.connect(silent)).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        over(&mut wire, test).await;
        assert_eq!(wire.a.streams(), 0);
    });
}

#[test]
fn a_dropped_stream_is_reset() {
    run(async || {
        let mut wire = wire();
        let (a, mut listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
        let test = async {
            let mut stream = a.connect((B, 80).into()).await.unwrap();
            let (mut peer, _) = listener.accept().await.unwrap();
            stream.write_all(b"half of someth").await.unwrap();
            let mut half = [0; 14];
            peer.read_exact(&mut half).await.unwrap();
            drop(stream);
            assert_eq!(kind(peer.read(&mut half).await), io::ErrorKind::ConnectionReset);
            assert_eq!(kind(peer.write(b"x").await), io::ErrorKind::ConnectionReset);
        };
        over(&mut wire, test).await;
        assert_eq!((wire.a.streams(), wire.b.streams()), (0, 0));
    });
}

#[test]
fn half_a_close_leaves_the_other_half_open() {
    run(async || {
        let mut wire = wire();
        let (a, mut listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
        let test = async {
            let mut stream = a.connect((B, 80).into()).await.unwrap();
            let (mut peer, _) = listener.accept().await.unwrap();
            stream.write_all(b"request").await.unwrap();
            stream.shutdown().await.unwrap();
            stream.shutdown().await.unwrap();
            assert_eq!(kind(stream.write(b"x").await), io::ErrorKind::BrokenPipe);
            assert_eq!(receive(&mut peer).await.0, 7);
            tokio::time::sleep(Duration::from_secs(100)).await;
            peer.write_all(b"answer").await.unwrap();
            peer.shutdown().await.unwrap();
            // Data that is still on its way survives the drop of a stream that was shut down.
            drop(peer);
            assert_eq!(receive(&mut stream).await.0, 6);
            drop(stream);
            tokio::time::sleep(Duration::from_secs(11)).await;
        };
        over(&mut wire, test).await;
        assert_eq!((wire.a.streams(), wire.b.streams()), (0, 0));
    });
}

#[test]
fn a_peer_that_vanishes_is_given_up() {
    run(async || {
        let cut = std::rc::Rc::new(Cell::new(false));
        let is_cut = Rc::clone(&cut);
        let mut wire = impaired(move |_| if is_cut.get() { Fate::Lost } else { Fate::Arrives });
        let (a, mut listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
        let test = async {
            // Limits count from what happens, however long the stack was idle before.
            tokio::time::sleep(Duration::from_secs(1_000)).await;
            let mut writing = a.connect((B, 80).into()).await.unwrap();
            let _kept = listener.accept().await.unwrap();
            let mut closing = a.connect((B, 80).into()).await.unwrap();
            let _kept = listener.accept().await.unwrap();
            let mut idle = a.connect((B, 80).into()).await.unwrap();
            let (mut idle_peer, _) = listener.accept().await.unwrap();
            tokio::time::sleep(Duration::from_secs(1_000)).await;
            cut.set(true);
            let before = tokio::time::Instant::now();
            closing.shutdown().await.unwrap();
            drop(closing);
            writing.write_all(b"x").await.unwrap();
            assert_eq!(kind(writing.read(&mut [0]).await), io::ErrorKind::TimedOut);
            assert_eq!(before.elapsed().as_secs(), 180);
            // Silence alone is no reason.
            cut.set(false);
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            idle.write_all(b"y").await.unwrap();
            idle_peer.read_exact(&mut [0]).await.unwrap();
        };
        over(&mut wire, test).await;
        over(&mut wire, tokio::time::sleep(Duration::from_millis(1))).await;
        assert_eq!(wire.a.streams(), 0);
    });
}

#[test]
fn the_end_of_the_stack_ends_everything() {
    run(async || {
        let mut wire = Wire { a: with_dns(A, B, vec!["10.9.9.9".parse().unwrap()]), ..wire() };
        let (a, mut listener) = (wire.a.handle(), wire.b.handle().listen(80).unwrap());
        let (mut reader, mut writer, mut waiting) = over(&mut wire, async {
            let mut open = async || (a.connect((B, 80).into()).await.unwrap(), listener.accept().await.unwrap().0);
            (open().await, open().await, a.listen(99).unwrap())
        })
        .await;
        let end = async {
            tokio::task::yield_now().await;
            drop(wire);
        };
        let write = async {
            loop {
                writer.0.write_all(&[0; 100_000]).await?;
            }
        };
        let mut byte = [0];
        let (read, write, accept, resolve, ping, connect, (), ()) = tokio::join!(
            reader.0.read(&mut byte),
            write,
            waiting.accept(),
            a.resolve("host"),
            a.ping(B, b""),
            a.connect((B, 80).into()),
            a.closed(),
            end
        );
        let write: io::Result<()> = write;
        let kinds = [kind(read), kind(write), kind(accept), kind(resolve), kind(ping), kind(connect)];
        assert_eq!(kinds, [io::ErrorKind::NotConnected; 6]);
        assert_eq!(kind(a.listen(100)), io::ErrorKind::NotConnected);
        a.closed().await;
    });
}
