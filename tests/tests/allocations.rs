//! No allocation per packet, over the whole path: network device, layers, TLS (but for what its library does itself).
//!
//! The lab is another process, so that what is counted is ours; the programs at both ends of the traffic allocate nothing
//! while it flows. Nothing else may run in this process, so there is one test alone.

use rasman::{Connection, DataPath, Rootless, TunSettings};
use rasman_lab::Facts;
use rasman_net::accounting::{Allocator, counted};
use rasman_tests::harness::{credentials, entry_to, socks, sstp_of};
use rasman_tests::world::{SERVER, World, inside};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::timeout;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

const LONG: Duration = Duration::from_secs(60);
/// Set in the process that is the lab.
const FAR: &str = "RASMAN_TEST_FAR_LAB";

/// Not a test: the lab at the other end of the cable. It ends with its standard input.
#[test]
fn the_far_lab() {
    if std::env::var_os(FAR).is_none() {
        return;
    }
    let mut config = rasman_lab::Config::default();
    config.listen = SocketAddr::from((SERVER, 443));
    let lab = rasman_lab::spawn(config).unwrap();
    println!("\n{}", serde_json::to_string(lab.facts()).unwrap());
    let _ = std::io::stdin().read_line(&mut String::new());
}

struct FarLab(Child, Facts);

impl FarLab {
    fn start(world: &World) -> Self {
        let mut child = Command::new("nsenter")
            .args(["-t", &world.far_pid().to_string(), "-n"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "the_far_lab", "--nocapture"])
            .env(FAR, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let facts = lines.find_map(|line| serde_json::from_str(&line).ok()).expect("the lab tells its facts");
        Self(child, facts)
    }
}

impl Drop for FarLab {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn connected(facts: &Facts, path: DataPath) -> (rasman::Manager, Connection) {
    let mut entry = entry_to(facts);
    sstp_of(&mut entry).server_name.clone_from(&facts.name);
    entry.data_path = path;
    let settings = rasmand::Settings { entries: vec![entry], workers: 1, ..Default::default() };
    let manager = rasmand::embedded(settings).unwrap();
    let dial = rasman_tests::harness::dial().credentials(credentials(rasman_lab::DEFAULT_PASSWORD));
    let connection = timeout(LONG, manager.dial(dial).unwrap().finish()).await.unwrap().unwrap();
    (manager, connection)
}

/// Fetches so many bytes from the lab's inner server by a stream that is there.
fn down(mut stream: TcpStream, length: usize, block: &mut [u8]) {
    let mut head = [0; 64];
    let mut rest = &mut head[..];
    write!(rest, "GET /bulk/{length} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let unused = rest.len();
    stream.write_all(&head[..64 - unused]).unwrap();
    let mut total = 0;
    loop {
        match stream.read(block).unwrap() {
            0 => break,
            count => total += count,
        }
    }
    assert!(total > length);
}

/// Sends so many bytes to it.
fn up(mut stream: TcpStream, length: usize, block: &mut [u8]) {
    let mut head = [0; 96];
    let mut rest = &mut head[..];
    write!(rest, "POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n").unwrap();
    let unused = rest.len();
    stream.write_all(&head[..96 - unused]).unwrap();
    for _ in 0..length / block.len() {
        stream.write_all(block).unwrap();
    }
    let mut total = 0;
    loop {
        match stream.read(&mut block[total..]).unwrap() {
            0 => break,
            count => total += count,
        }
    }
    assert!(block.starts_with(b"HTTP/1.1 200"));
}

type Transfer = fn(TcpStream, usize, &mut [u8]);

/// What allocations of ours come to a thousand packets, of one transfer over a stream that is there; and the packets.
async fn measured(connection: &Connection, stream: TcpStream, transfer: Transfer, length: usize) -> (u64, u64) {
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.set_write_timeout(Some(LONG)).unwrap();
    let connection = connection.clone();
    let run = move || {
        let mut block = vec![0x5A; 64 << 10];
        let packets = || {
            let statistics = connection.statistics().unwrap();
            statistics.packets_received + statistics.packets_sent
        };
        let (packets_before, before) = (packets(), counted());
        transfer(stream, length, &mut block);
        let used = counted() - before;
        let packets = packets() - packets_before;
        println!("{packets} packets, {} allocations, {} of TLS in {} records", used.ours, used.tls, used.records);
        assert!(used.tls <= used.records * 2, "the TLS library allocates a buffer a record, and no more");
        (used.ours, packets)
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[test]
fn no_allocation_comes_with_a_packet() {
    inside("no_allocation_comes_with_a_packet", async |world| {
        let lab = FarLab::start(&world);
        let gateway = lab.1.gateway;
        let device = DataPath::Tun(TunSettings::default());
        let (manager, connection) = connected(&lab.1, device).await;
        for (name, transfer) in [("down", down as Transfer), ("up", up)] {
            let stream = || TcpStream::connect_timeout(&SocketAddr::from((gateway, 80)), LONG).unwrap();
            measured(&connection, stream(), transfer, WARM).await;
            none(&format!("{name} by a device"), measured(&connection, stream(), transfer, BULK).await);
        }
        timeout(LONG, connection.hang_up().unwrap()).await.unwrap();
        manager.shut_down().await;

        let doors = Rootless { socks: Some((Ipv4Addr::LOCALHOST, 0).into()), ..Rootless::default() };
        let (manager, connection) = connected(&lab.1, DataPath::Rootless(doors)).await;
        let proxy = connection.status().unwrap().doors.socks.unwrap();
        for (name, transfer) in [("down", down as Transfer), ("up", up)] {
            let stream = async || {
                let stream = timeout(LONG, socks(proxy, gateway, 80)).await.unwrap().unwrap().into_std().unwrap();
                stream.set_nonblocking(false).unwrap();
                stream
            };
            measured(&connection, stream().await, transfer, WARM).await;
            none(&format!("{name} rootless"), measured(&connection, stream().await, transfer, BULK).await);
        }
        timeout(LONG, connection.hang_up().unwrap()).await.unwrap();
        manager.shut_down().await;
    });
}

/// A connection's housekeeping may allocate now and then, and buffers grow once; nothing goes with the packets.
fn none(what: &str, (allocations, packets): (u64, u64)) {
    assert!(packets > 1_000, "{what}: {packets} packets show nothing");
    assert!(allocations * 50 < packets, "{what}: {allocations} allocations for {packets} packets");
}

const WARM: usize = 8 << 20;
const BULK: usize = 16 << 20;
