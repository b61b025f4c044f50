//! Many streams of programs at a time, and many connections of one worker: memory and threads are bounded, and everybody
//! has a turn.

use rasman::{Connection, Manager};
use rasman_dial::Config;
use rasman_tests::harness::{self, credentials, dial};
use rasman_tests::soak;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(120);
const STREAMS: usize = 2000;
/// How many are opened at the same time: the far end lets no more wait for its accept.
const AT_ONCE: usize = 100;
/// Bytes of a transfer: many turns of a worker.
const BULK: u64 = 8 << 20;

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// Resident memory, in MiB.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = text.split_whitespace().nth(1).unwrap().parse().unwrap();
    (pages * rustix::param::page_size() as u64) >> 20
}

/// Lets this process have so many descriptors; tells whether it may.
fn descriptors(wanted: u64) -> bool {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= wanted) {
        return true;
    }
    maximum.is_none_or(|maximum| maximum >= wanted)
        && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok()
}

async fn connected(manager: &Manager) -> (Connection, SocketAddr) {
    let connection = timeout(LONG, manager.dial(dial()).unwrap().finish()).await.unwrap().unwrap();
    let proxy = connection.status().unwrap().doors.socks.unwrap();
    (connection, proxy)
}

#[tokio::test]
async fn two_thousand_streams_share_one_connection() {
    if !descriptors(2 * STREAMS as u64 + 500) {
        eprintln!("SKIPPED two_thousand_streams_share_one_connection: too few descriptors are allowed");
        return;
    }
    let lab = harness::lab("");
    let manager = harness::manager(&lab);
    let (connection, proxy) = connected(&manager).await;
    let gateway = lab.facts().gateway;
    harness::get(proxy, gateway, "/").await.unwrap();
    let (threads_before, memory_before) = (threads(), resident());
    let mut open = Vec::new();
    while open.len() < STREAMS {
        let mut opening = JoinSet::new();
        for _ in 0..AT_ONCE {
            opening.spawn(async move { harness::socks(proxy, gateway, 80).await });
        }
        while let Some(stream) = timeout(LONG, opening.join_next()).await.unwrap() {
            open.push(stream.unwrap().unwrap());
        }
    }
    // All of them are open, and each is used.
    // Other tests of this program have some of their own.
    assert!(threads() < threads_before + AT_ONCE, "no stream has a thread");
    let mut pages = JoinSet::new();
    for stream in open {
        pages.spawn(harness::page(stream, "x", "/"));
    }
    while let Some(page) = timeout(LONG, pages.join_next()).await.unwrap() {
        assert_eq!(harness::sha256(&page.unwrap().unwrap()), lab.facts().page_sha256);
    }
    assert!(threads() < threads_before + AT_ONCE);
    // The stacks of both ends are in this process: 256 MiB and 128 MiB are what their buffers may have.
    let grown = resident().saturating_sub(memory_before);
    println!("{grown} MiB for {STREAMS} streams at both ends");
    assert!(grown < 256 + 128 + 64, "{grown} MiB");
    timeout(LONG, connection.hang_up().unwrap()).await.unwrap();
    timeout(LONG, manager.shut_down()).await.unwrap();
}

/// Reads without end, one transfer after another.
async fn bulk(proxy: SocketAddr, gateway: std::net::Ipv4Addr) -> std::io::Result<()> {
    loop {
        harness::get(proxy, gateway, &format!("/bulk/{BULK}")).await?;
    }
}

#[tokio::test]
async fn a_busy_connection_lets_the_others_of_its_worker_have_their_turn() {
    let lab = harness::lab("");
    let entries = soak::entries(lab.facts(), 4);
    let settings = rasmand::Settings { entries, workers: 1, limits: Config::default(), ..Default::default() };
    let manager = rasmand::embedded(settings).unwrap();
    let mut lines = Vec::new();
    for number in 0..4 {
        let dial = rasman::Dial::entry(number.to_string()).credentials(credentials(rasman_lab::DEFAULT_PASSWORD));
        lines.push(timeout(LONG, manager.dial(dial).unwrap().finish()).await.unwrap().unwrap());
    }
    let gateway = lab.facts().gateway;
    let proxy = |line: &Connection| line.status().unwrap().doors.socks.unwrap();
    // Three take all that they can get; the fourth asks for pages meanwhile, one after another.
    let mut busy = JoinSet::new();
    for line in &lines[..3] {
        busy.spawn(bulk(proxy(line), gateway));
    }
    let small = async {
        for _ in 0..30 {
            harness::get(proxy(&lines[3]), gateway, "/").await.unwrap();
        }
    };
    tokio::select! {
        ended = busy.join_next() => panic!("a transfer without end ended: {ended:?}"),
        done = timeout(LONG, small) => done.expect("the one that asks for little gets it"),
    }
    // And each of the busy ones has had something.
    for line in &lines[..3] {
        let received = async {
            while line.statistics().unwrap().bytes_received < 1 << 20 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LONG, received).await.expect("a busy connection is not starved");
    }
    busy.abort_all();
    timeout(LONG, manager.shut_down()).await.unwrap();
}
