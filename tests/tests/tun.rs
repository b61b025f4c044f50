//! Connections as network devices: kernel sockets through the tunnel, the default route in it, and what is left.
//!
//! Each test runs this program again in a network namespace of its own, in which there is a cable to another one with
//! a lab. Where namespaces are not allowed the tests say so and do nothing.

use rasman::{
    Change, Code, Connection, DataPath, Entry, IpNet, Manager, Projection, Substate, TunSettings, WatchEvent,
};
use rasman_core::hex;
use rasman_dial::Config;
use rasman_lab::Running;
use rasman_net::tun::Tun;
use rasman_tests::harness::{dial, entry, sha256, sstp_of};
use rasman_tests::world::{GATEWAY, SERVER, Stopping, World, inside, ip, system, wait_to_be_killed, way_to};
use rasmand::journal;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);
/// Set in a process that is to be killed: at which change.
const KILLED_AT: &str = "RASMAN_TEST_KILLED_AT";
const FOLDER: &str = "RASMAN_TEST_FOLDER";

fn manager_in(world: &World, entry: Entry) -> Manager {
    let mut limits = Config::default();
    limits.reconnect_first = Duration::from_millis(100);
    limits.reconnect_max = Duration::from_millis(400);
    let journal = Some(world.folder.clone());
    let settings = rasmand::Settings { entries: vec![entry], workers: 1, limits, journal, ..Default::default() };
    rasmand::embedded(settings).unwrap()
}

fn entry_with(lab: &Running, tun: TunSettings) -> Entry {
    let mut entry = entry(lab);
    sstp_of(&mut entry).server_name = lab.facts().name.clone();
    entry.data_path = DataPath::Tun(tun);
    entry
}

fn everything() -> TunSettings {
    TunSettings { default_route: true, default_route6: true, ..TunSettings::default() }
}

async fn connected(manager: &Manager) -> Connection {
    timeout(LONG, manager.dial(dial()).unwrap().finish()).await.unwrap().unwrap()
}

async fn hung_up(connection: &Connection) {
    timeout(LONG, connection.hang_up().unwrap()).await.unwrap();
}

/// Speaks HTTP with the lab's inner server over a kernel socket, as any program would.
async fn http(request: String, body: Vec<u8>) -> (String, Vec<u8>) {
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect_timeout(&SocketAddr::from((GATEWAY, 80)), LONG).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.set_write_timeout(Some(LONG)).unwrap();
        let length = body.len();
        let head = format!("{request} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let body = answer.split_off(end);
        (String::from_utf8(answer).unwrap(), body)
    })
    .await
    .unwrap()
}

/// Bulk data both ways, compared by its digest.
async fn bulk(bytes: usize) {
    let (head, body) = http(format!("GET /bulk/{bytes}"), Vec::new()).await;
    assert_eq!(body.len(), bytes);
    assert!(head.contains(&hex::encode(&sha256(&body))), "{head}");
    let sent: Vec<u8> = (0..bytes).map(|i| (i * 7 + i / 251) as u8).collect();
    let digest = hex::encode(&sha256(&sent));
    let (_, told) = http("POST /sink".to_owned(), sent).await;
    assert!(String::from_utf8(told).unwrap().contains(&digest));
}

/// Sends an ICMP echo request to the gateway and waits for its answer.
fn ping() -> bool {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut request = vec![8, 0, 0, 0, 0x12, 0x34, 0, 1];
    let sum = !(0x0800_u16 + 0x1234 + 1);
    request[2..4].copy_from_slice(&sum.to_be_bytes());
    socket.send_to(&request, &SocketAddr::from((GATEWAY, 0)).into()).unwrap();
    let mut socket = socket;
    let mut answer = [0; 100];
    let end = Instant::now() + LONG;
    while Instant::now() < end {
        let Ok(length) = socket.read(&mut answer) else { return false };
        // IPv4 header, then an echo reply of ours.
        if length >= 28 && answer[20] == 0 && answer[24..28] == [0x12, 0x34, 0, 1] {
            return true;
        }
    }
    false
}

#[test]
fn programs_reach_what_is_behind_the_server_over_kernel_sockets() {
    inside("programs_reach_what_is_behind_the_server_over_kernel_sockets", async |world| {
        let before = system();
        let lab = world.lab();
        let tun = TunSettings { name: Some("work".to_owned()), class_route: true, metric: 7, ..Default::default() };
        let manager = manager_in(&world, entry_with(&lab, tun));
        let connection = connected(&manager).await;
        let address = connection.status().unwrap().projection.unwrap().local;
        assert!(ip("-4 addr show dev work").contains(&address.to_string()));
        assert!(ip("route").contains("10.0.0.0/8 dev work"), "{}", ip("route"));
        assert_eq!(way_to("8.8.8.8").as_deref(), Some("near"), "only what was asked for");
        assert!(tokio::task::spawn_blocking(ping).await.unwrap());
        bulk(8 << 20).await;
        let statistics = connection.statistics().unwrap();
        assert!(statistics.bytes_received > 8 << 20 && statistics.bytes_sent > 8 << 20);
        hung_up(&connection).await;
        assert_eq!(system(), before);
    });
}

#[test]
fn the_default_route_in_the_tunnel_and_the_tunnel_itself_outside() {
    inside("the_default_route_in_the_tunnel_and_the_tunnel_itself_outside", async |world| {
        let before = system();
        let lab = world.lab();
        let excluded: IpNet = "198.51.100.0/24".parse().unwrap();
        let manager = manager_in(&world, entry_with(&lab, TunSettings { exclude: vec![excluded], ..everything() }));
        let connection = connected(&manager).await;
        for (to, device) in [
            ("8.8.8.8", "ras0"),
            (&*GATEWAY.to_string(), "ras0"),
            ("192.0.2.1", "near"),
            ("192.0.2.77", "near"),
            ("198.51.100.9", "near"),
        ] {
            assert_eq!(way_to(to).as_deref(), Some(device), "{to}");
        }
        bulk(8 << 20).await;

        // The network below goes away and comes back with other routes: nothing of it ever goes into the tunnel.
        ip("-4 addr flush dev near");
        assert_eq!(way_to("192.0.2.1"), None);
        assert_eq!(way_to("198.51.100.9"), None);
        assert_eq!(way_to("8.8.8.8").as_deref(), Some("ras0"));
        ip("addr add 192.0.2.2/24 dev near");
        ip("route add default via 192.0.2.1");
        assert_eq!(way_to("192.0.2.1").as_deref(), Some("near"));
        bulk(1 << 20).await;
        hung_up(&connection).await;
        assert_eq!(system(), before);
        assert_eq!(std::fs::read_dir(&world.folder).unwrap().count(), 0, "nothing is left to be undone");
    });
}

#[test]
fn a_route_around_the_server_and_strict_reverse_paths() {
    inside("a_route_around_the_server_and_strict_reverse_paths", async |world| {
        std::fs::write("/proc/sys/net/ipv4/conf/all/rp_filter", "1").unwrap();
        let lab = world.lab();
        let routes = ["192.0.0.0/16", "10.99.0.0/24"].map(|net| net.parse().unwrap()).to_vec();
        let manager = manager_in(&world, entry_with(&lab, TunSettings { routes, ..TunSettings::default() }));
        let connection = connected(&manager).await;
        assert_eq!(way_to("192.0.3.1").as_deref(), Some("ras0"));
        assert_eq!(way_to("192.0.2.1").as_deref(), Some("near"));
        bulk(1 << 20).await;
        hung_up(&connection).await;
        // And with the default route.
        let manager = manager_in(&world, entry_with(&lab, everything()));
        let connection = connected(&manager).await;
        bulk(1 << 20).await;
        hung_up(&connection).await;
    });
}

#[test]
fn a_device_that_is_taken_away_ends_the_connection_with_its_reason() {
    inside("a_device_that_is_taken_away_ends_the_connection_with_its_reason", async |world| {
        let before = system();
        let lab = world.lab();
        let manager = manager_in(&world, entry_with(&lab, everything()));
        let connection = connected(&manager).await;
        let closed = connection.closed();
        ip("link del ras0");
        let cause = timeout(LONG, closed).await.unwrap();
        assert_eq!(cause.code, Code(608), "{cause}");
        assert!(cause.did.contains("ras0"), "{cause}");
        assert_eq!(system(), before);
    });
}

#[test]
fn what_a_device_refuses_is_counted_and_the_connection_lives() {
    inside("what_a_device_refuses_is_counted_and_the_connection_lives", async |world| {
        let lab = world.lab();
        let manager = manager_in(&world, entry_with(&lab, TunSettings::default()));
        let connection = connected(&manager).await;
        // A transfer is under way, and somebody switches the device off: the kernel takes no packet then.
        let mut stream = tokio::net::TcpStream::connect((GATEWAY, 80)).await.unwrap();
        let request = format!("GET /bulk/{} HTTP/1.1\r\nHost: x\r\n\r\n", 64 << 20);
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
        let mut block = vec![0; 1 << 16];
        timeout(LONG, tokio::io::AsyncReadExt::read(&mut stream, &mut block)).await.unwrap().unwrap();
        let dropped = connection.statistics().unwrap().receive_drops;
        ip("link set dev ras0 down");
        // What was on its way is refused, and what the far end repeats.
        let refused = async {
            while connection.statistics().unwrap().receive_drops == dropped {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LONG, refused).await.expect("a refused packet is counted");
        ip("link set dev ras0 up");
        drop(stream);
        // It is the same connection, and carries on.
        bulk(1 << 20).await;
        hung_up(&connection).await;
    });
}

#[test]
fn a_name_that_is_taken_is_602_and_leaves_nothing() {
    inside("a_name_that_is_taken_is_602_and_leaves_nothing", async |world| {
        let before = system();
        let lab = world.lab();
        let manager =
            manager_in(&world, entry_with(&lab, TunSettings { name: Some("near".to_owned()), ..everything() }));
        let failed = timeout(LONG, manager.dial(dial()).unwrap().finish()).await.unwrap().unwrap_err();
        assert_eq!(failed.0.code, Code::PORT_ALREADY_OPEN, "{failed}");
        assert_eq!(system(), before);
    });
}

#[test]
fn what_does_not_belong_into_the_tunnel_is_dropped_and_counted() {
    inside("what_does_not_belong_into_the_tunnel_is_dropped_and_counted", async |world| {
        let lab = world.lab();
        let manager = manager_in(&world, entry_with(&lab, TunSettings { mtu: Some(1280), ..everything() }));
        let connection = connected(&manager).await;
        assert!(ip("link show dev ras0").contains("mtu 1280"));
        let dropped = connection.statistics().unwrap().send_drops;
        let socket = std::net::UdpSocket::bind("[::]:0").unwrap();
        // This connection has no IPv6, and somebody leads it inside nevertheless.
        ip("-6 addr add fd00::2/64 dev ras0 nodad");
        for _ in 0..10 {
            socket.send_to(b"an IPv6 packet", "[fd00::1]:9").unwrap();
        }
        // Behind them in the same queue.
        assert!(tokio::task::spawn_blocking(ping).await.unwrap());
        assert!(connection.statistics().unwrap().send_drops >= dropped + 10);
        // Somebody makes the device larger than the tunnel.
        ip("link set dev ras0 mtu 4000");
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        let dropped = connection.statistics().unwrap().send_drops;
        socket.send_to(&[0; 3000], (GATEWAY, 9)).unwrap();
        assert!(tokio::task::spawn_blocking(ping).await.unwrap());
        assert!(connection.statistics().unwrap().send_drops > dropped);
        hung_up(&connection).await;
    });
}

/// Carries bytes to the lab from a port of this end; cut off when dropped.
async fn wire(listen: SocketAddr) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind(listen).await.unwrap();
    let address = listener.local_addr().unwrap();
    let carry = async move {
        let mut streams = tokio::task::JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            streams.spawn(async move {
                let Ok(mut far) = tokio::net::TcpStream::connect((SERVER, 443)).await else { return };
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    };
    (address, tokio::spawn(carry))
}

#[test]
fn while_the_link_is_away_the_device_stays_and_nothing_leaves_beside_it() {
    inside("while_the_link_is_away_the_device_stays_and_nothing_leaves_beside_it", async |world| {
        let before = system();
        let lab = world.lab();
        let (address, carrier) = wire(SocketAddr::from(([127, 0, 0, 1], 0))).await;
        let mut entry = entry_with(&lab, everything());
        let sstp = sstp_of(&mut entry);
        (sstp.server, sstp.port) = (address.ip().to_string(), address.port());
        entry.redial.on_link_failure = true;
        let manager = manager_in(&world, entry);
        let connection = connected(&manager).await;
        let index = ip("-o link show dev ras0");
        let mut watch = manager.watch();
        let mut until = async |wanted| loop {
            let event = timeout(LONG, watch.next()).await.unwrap().unwrap();
            match event {
                WatchEvent::Change(Change::Substate { substate, .. }) if substate == wanted => break,
                WatchEvent::Change(Change::Gone { cause, .. }) => panic!("it is gone: {cause}"),
                _ => {}
            }
        };
        carrier.abort();
        let _ = carrier.await;
        until(Substate::Dormant).await;
        assert_eq!(way_to("8.8.8.8").as_deref(), Some("ras0"));
        let dropped = connection.statistics().unwrap().send_drops;
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        for _ in 0..5 {
            socket.send_to(b"lost", "8.8.8.8:53").unwrap();
        }
        let (_, _carrier) = wire(address).await;
        until(Substate::Reconnected).await;
        assert!(connection.statistics().unwrap().send_drops >= dropped + 5);
        assert_eq!(ip("-o link show dev ras0"), index, "the same device");
        bulk(1 << 20).await;
        hung_up(&connection).await;
        assert_eq!(system(), before);
    });
}

/// Not a test: what the next one kills.
#[test]
fn the_one_that_is_killed() {
    let (Ok(at), Some(folder)) = (std::env::var(KILLED_AT), std::env::var_os(FOLDER)) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let journal = Stopping::new(folder.into(), at.parse().unwrap());
        let projection = Projection::new(Ipv4Addr::new(10, 99, 0, 2), Some(GATEWAY), Vec::new(), 1400);
        let settings = TunSettings { exclude: vec!["198.51.100.0/24".parse().unwrap()], ..everything() };
        let _tun = Tun::open(&settings, &projection, &[SERVER.into()], Some(Arc::new(journal))).unwrap();
        wait_to_be_killed();
    });
}

fn kill_at(change: usize, folder: &Path) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_one_that_is_killed", "--nocapture"])
        .env(KILLED_AT, change.to_string())
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.ends_with("now")), "it got there");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_manager_that_is_killed_at_any_change_leaves_nothing_to_the_next() {
    inside("a_manager_that_is_killed_at_any_change_leaves_nothing_to_the_next", async |world| {
        ip("rule add priority 22000 to 203.0.113.0/24 lookup main");
        let before = system();
        let count = || ip("rule").lines().count() + ip("-6 rule").lines().count();
        let rules = count();
        // One inside, two for the server, two for what is excluded, one for what is near; of IPv6 one for that and one that
        // holds the rest; and all of them there.
        for change in 1..=9 {
            kill_at(change, &world.folder);
            // The change itself was not made yet.
            let left = count() - rules;
            assert_eq!(left, (change - 1).min(8));
            let removed = journal::clean(&world.folder).unwrap();
            assert_eq!(removed, change.min(8), "written down before it is made");
            assert_eq!(system(), before, "after {change}");
            assert_eq!(journal::clean(&world.folder).unwrap(), 0);
            assert_eq!(std::fs::read_dir(&world.folder).unwrap().count(), 0);
        }
        // A manager cleans when it starts, and lets those that live alone.
        kill_at(9, &world.folder);
        let lab = world.lab();
        let first = manager_in(&world, entry_with(&lab, everything()));
        assert_eq!(system(), before);
        let connection = connected(&first).await;
        let up = system();
        let _second = manager_in(&world, entry_with(&lab, everything()));
        assert_eq!(system(), up);
        assert_eq!(way_to("8.8.8.8").as_deref(), Some("ras0"));
        hung_up(&connection).await;
        assert_eq!(system(), before);
    });
}

#[test]
fn two_connections_with_default_routes_do_not_touch_each_other() {
    inside("two_connections_with_default_routes_do_not_touch_each_other", async |world| {
        let before = system();
        let projection = |host| Projection::new(Ipv4Addr::new(10, 99, 0, host), Some(GATEWAY), Vec::new(), 1400);
        let open = |host| Tun::open(&everything(), &projection(host), &[SERVER.into()], None).unwrap();
        let first = open(2);
        let one = system();
        let second = open(3);
        assert_eq!((first.name(), second.name()), ("ras0", "ras1"));
        assert_eq!(way_to("8.8.8.8").as_deref(), Some("ras0"), "the first goes before");
        drop(second);
        assert_eq!(system(), one);
        let second = open(3);
        drop(first);
        assert_eq!(way_to("8.8.8.8").as_deref(), Some("ras1"));
        assert_eq!(way_to(&IpAddr::V4(SERVER).to_string()).as_deref(), Some("near"));
        drop(second);
        assert_eq!(system(), before);
        // A panic of the worker unwinds.
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _tun = open(2);
            panic!("as a bug would");
        }));
        assert!(panicked.is_err());
        assert_eq!(system(), before);
        drop(world);
    });
}
