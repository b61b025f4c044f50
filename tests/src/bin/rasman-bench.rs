//! The benchmark: a lab in another process, an embedded manager here, medians of repeated runs.
//!
//! `cargo xtask bench [--json FILE] [-- --only PART | --peers]`; each key is defined in `docs/performance.md`.

#![forbid(unsafe_code)]

#[path = "../bench/capi.rs"]
mod capi;
#[path = "../bench/daemon/mod.rs"]
mod daemon;
#[path = "../bench/data/mod.rs"]
mod data;
#[path = "../bench/hdlc.rs"]
mod hdlc;
#[path = "../bench/peers.rs"]
mod peers;
#[path = "../bench/soak.rs"]
mod soak;

use rasman::{Connection, Manager};
use rasman_lab::Facts;
use rasman_tests::harness;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        // The lab half runs this same program, so that both are of one build.
        Some(first) if first == "lab" => rasman_lab::main_process(arguments),
        Some(first) if first == "daemon" => daemon::process(arguments),
        Some(first) if first == "forward" => data::forward(arguments),
        Some(first) if first == "traffic" => data::generate_traffic(arguments),
        Some(first) if first == "traffic-server" => data::serve_traffic(arguments),
        Some(first) if first == "tls-server" => data::serve_tls(arguments),
        Some(first) if first == "idle" => told(data::weigh(arguments)),
        Some(first) if first == "soak" => told(soak::soak(arguments)),
        Some(first) if first == "data" => told(data::inside(arguments)),
        Some(first) if first == "peers" => told(peers::inside(arguments)),
        Some(first) if first == "peer-connect" => told(peers::connect(arguments)),
        Some(first) if first == "peer-fetch" => told(peers::fetch(arguments)),
        Some(first) if first == "peer-dial" => told(peers::dial(arguments)),
        first => told(measure(first.into_iter().chain(arguments))),
    }
}

fn told(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rasman-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Counts allocations; that costs every allocation a nanosecond or two.
#[global_allocator]
static ALLOCATOR: rasman_net::accounting::Allocator = rasman_net::accounting::Allocator;

fn measure(arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let Arguments { json, only, peers } = read_arguments(arguments)?;
    // Foreign peers are measured on demand: they have to be prepared first.
    let is_meant = |part: &str| only.as_deref().map_or(!peers, |only| only == part);
    let mut results = Results::default();
    if peers {
        peers::measure(&mut results)?;
    }
    if is_meant("data") {
        data::measure(&mut results)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let results = runtime.block_on(async {
        if is_meant("embedded") {
            phone_book(&mut results);
            dial_returns(&mut results).await?;
            dial_connects(&mut results).await?;
            // Where there are no namespaces, the user-space stacks of both ends have to do.
            if !results.0.contains_key("rootless_down_gbit_s") {
                rootless(&mut results).await?;
            }
        }
        if is_meant("calls") {
            let everywhere = one_core()?;
            daemon::calls(&mut results).await?;
            sched_setaffinity(None, &everywhere)?;
        }
        if is_meant("notifications") {
            daemon::notifications(&mut results).await?;
        }
        if is_meant("watchers") {
            daemon::stuck_watcher(&mut results).await?;
        }
        if is_meant("crowd") {
            daemon::crowd(&mut results).await?;
            daemon::many_at_a_time(&mut results).await?;
        }
        if is_meant("capi") {
            capi::run(&mut results)?;
        }
        if is_meant("hdlc") {
            hdlc::measure(&mut results);
        }
        io::Result::Ok(results)
    })?;
    for (key, value) in &results.0 {
        println!("{key:<28} {value:>12.3}");
    }
    if let Some(path) = json {
        std::fs::write(path, serde_json::to_vec_pretty(&results.0)?)?;
    }
    Ok(())
}

/// Keeps this thread, and the processes that it starts, on one core; gives where it might run before. Where the kernel puts
/// the two ends of a pair is worth more than all that they do, and must not be what two pairs differ by.
fn one_core() -> io::Result<CpuSet> {
    let everywhere = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    if let Some(core) = (0..CpuSet::MAX_CPU).find(|core| everywhere.is_set(*core)) {
        one.set(core);
    }
    sched_setaffinity(None, &one)?;
    Ok(everywhere)
}

/// What the command line says.
#[derive(Default)]
struct Arguments {
    json: Option<OsString>,
    only: Option<String>,
    peers: bool,
}

fn read_arguments(mut arguments: impl Iterator<Item = OsString>) -> io::Result<Arguments> {
    let mut read = Arguments::default();
    while let Some(flag) = arguments.next() {
        if flag == "--peers" {
            read.peers = true;
            continue;
        }
        let value = arguments.next();
        match (flag.to_str(), value) {
            (Some("--json"), Some(path)) => read.json = Some(path),
            (Some("--only"), Some(part)) if PARTS.iter().any(|name| part == *name) => {
                read.only = part.into_string().ok()
            }
            _ => {
                let used = format!("--json FILE, --peers and --only PART, of {}", PARTS.join(", "));
                return Err(io::Error::other(format!("cannot do {}; use {used}", flag.display())));
            }
        }
    }
    Ok(read)
}

const PARTS: [&str; 8] = ["data", "embedded", "calls", "notifications", "watchers", "crowd", "capi", "hdlc"];

/// Flat results: one number a key.
#[derive(Default)]
struct Results(BTreeMap<String, f64>);

impl Results {
    /// Adds the value at this share of the sorted samples.
    fn add(&mut self, key: &str, share: f64, samples: &mut [f64]) {
        self.0.insert(key.to_owned(), percentile(share, samples));
    }

    /// Adds the ratio of two values.
    fn ratio(&mut self, key: &str, of: &str, to: &str) {
        if let (Some(of), Some(to)) = (self.0.get(of).copied(), self.0.get(to).copied()) {
            self.0.insert(key.to_owned(), of / to);
        }
    }
}

/// Sorts the samples and gives the one at this share of them; there must be some.
fn percentile(share: f64, samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    // Small numbers.
    let index = ((samples.len() - 1) as f64 * share).round() as usize;
    samples[index]
}

impl Results {
    /// Adds the difference of two values.
    fn difference(&mut self, key: &'static str, of: &str, to: &str) {
        if let (Some(of), Some(to)) = (self.0.get(of).copied(), self.0.get(to).copied()) {
            self.0.insert(key.to_owned(), of - to);
        }
    }
}

/// How fast a phone book of 100 MB is read and its entries are listed.
fn phone_book(results: &mut Results) {
    let sample = include_str!("../../../crates/phonebook/samples/sstp.pbk");
    let mut text = String::with_capacity(BOOK_BYTES + sample.len());
    for number in 0_u32.. {
        if text.len() >= BOOK_BYTES {
            break;
        }
        text.push_str(&sample.replacen("Head office", &format!("Branch office {number}"), 1));
    }
    let mut samples: Vec<f64> = (0..PARSES)
        .map(|_| {
            let bytes = text.clone().into_bytes();
            let start = Instant::now();
            let book = rasman_phonebook::Book::parse(bytes);
            let names: usize = book.entries().map(|name| name.len()).sum();
            let seconds = start.elapsed().as_secs_f64();
            std::hint::black_box(names);
            text.len() as f64 / 1e6 / seconds
        })
        .collect();
    results.add("pbk_parse_mb_s", 0.5, &mut samples);
}

/// How long the call `dial` takes with 1,000 entries known: while 100 other dials are being carried out, and while
/// nothing at all goes on, so that a worker has to be woken.
async fn dial_returns(results: &mut Results) -> io::Result<()> {
    // The lab holds its answers back, so that the dials are still under way when the clock is looked at.
    let lab = Lab::start(&["--fault", "delay=auth:500ms"])?;
    let manager = lab.manager(ENTRIES)?;
    let mut samples = Vec::new();
    for _ in 0..RETURN_ROUNDS {
        let mut in_flight: Vec<_> = (0..IN_FLIGHT).map(|entry| start(&manager, entry)).collect::<io::Result<_>>()?;
        for entry in IN_FLIGHT..IN_FLIGHT + MEASURED_A_ROUND {
            in_flight.push(timed(&mut samples, || start(&manager, entry))?);
        }
        forget(in_flight).await;
    }
    results.add("dial_return_us_p50", 0.5, &mut samples);
    results.add("dial_return_us_p99", 0.99, &mut samples);
    samples.clear();
    for entry in 0..RETURN_ROUNDS * MEASURED_A_ROUND {
        let dialing = timed(&mut samples, || start(&manager, entry % ENTRIES))?;
        forget(vec![dialing]).await;
    }
    results.add("dial_return_idle_us_p50", 0.5, &mut samples);
    manager.shut_down().await;
    lab.stop()
}

/// Calls `work` and keeps how many microseconds it took.
fn timed<T>(samples: &mut Vec<f64>, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    samples.push(start.elapsed().as_secs_f64() * 1e6);
    result
}

/// Drops dials and waits until nothing of them is left.
async fn forget(dials: Vec<rasman::Dialing>) {
    let connections: Vec<_> = dials.iter().map(rasman::Dialing::connection).collect();
    drop(dials);
    for connection in connections {
        connection.closed().await;
    }
}

/// How long a dial takes from the call to Connected, TLS included, one at a time.
async fn dial_connects(results: &mut Results) -> io::Result<()> {
    let lab = Lab::start(&[])?;
    let manager = lab.manager(1)?;
    let mut samples = Vec::new();
    for round in 0..CONNECT_SAMPLES + 1 {
        let start_of_call = Instant::now();
        let connection = start(&manager, 0)?.finish().await.map_err(io::Error::other)?;
        // The first one warms up: certificates, pages, branch predictors.
        if round > 0 {
            samples.push(start_of_call.elapsed().as_secs_f64() * 1e3);
        }
        hang_up(&connection).await?;
    }
    results.add("dial_connected_ms_p50", 0.5, &mut samples);
    manager.shut_down().await;
    lab.stop()
}

/// How fast bulk data goes through SOCKS5, the user-space stacks and TLS.
async fn rootless(results: &mut Results) -> io::Result<()> {
    let lab = Lab::start(&[])?;
    let manager = lab.manager(1)?;
    let connection = start(&manager, 0)?.finish().await.map_err(io::Error::other)?;
    let status = connection.status().map_err(io::Error::other)?;
    let proxy = status.doors.socks.ok_or_else(|| io::Error::other("no proxy"))?;
    let (mut down, mut up) = (Vec::new(), Vec::new());
    for _ in 0..BULK_RUNS {
        down.push(download(proxy, lab.facts.gateway).await?);
        up.push(upload(proxy, lab.facts.gateway).await?);
    }
    results.add("rootless_down_gbit_s", 0.5, &mut down);
    results.add("rootless_up_gbit_s", 0.5, &mut up);
    hang_up(&connection).await?;
    manager.shut_down().await;
    lab.stop()
}

async fn download(proxy: SocketAddr, gateway: Ipv4Addr) -> io::Result<f64> {
    let mut stream = harness::socks(proxy, gateway, 80).await?;
    let start = Instant::now();
    stream.write_all(format!("GET /bulk/{BULK} HTTP/1.1\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut buffer = vec![0; 256 << 10];
    let mut received = 0;
    loop {
        match stream.read(&mut buffer).await? {
            0 => break,
            count => received += count as u64,
        }
    }
    if received < BULK { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(gbit_s(start)) }
}

async fn upload(proxy: SocketAddr, gateway: Ipv4Addr) -> io::Result<f64> {
    let mut stream = harness::socks(proxy, gateway, 80).await?;
    let start = Instant::now();
    let head = format!("POST /sink HTTP/1.1\r\nContent-Length: {BULK}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let block = vec![0x5A; 256 << 10];
    for _ in 0..BULK / block.len() as u64 {
        stream.write_all(&block).await?;
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1 200") { Ok(gbit_s(start)) } else { Err(io::Error::other("no 200")) }
}

#[allow(clippy::cast_precision_loss)] // Far below 2^52.
fn gbit_s(start: Instant) -> f64 {
    BULK as f64 * 8.0 / start.elapsed().as_secs_f64() / 1e9
}

fn start(manager: &Manager, entry: usize) -> io::Result<rasman::Dialing> {
    let credentials = harness::credentials(rasman_lab::DEFAULT_PASSWORD);
    manager.dial(rasman::Dial::entry(name(entry)).credentials(credentials)).map_err(io::Error::other)
}

async fn hang_up(connection: &Connection) -> io::Result<()> {
    connection.hang_up().map_err(io::Error::other)?.await;
    Ok(())
}

fn name(index: usize) -> String {
    format!("Customer {index}")
}

/// A lab in a process of its own, which ends with its standard input.
struct Lab {
    child: Child,
    facts: Facts,
}

impl Lab {
    fn start(flags: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("lab")
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.as_mut().ok_or_else(|| io::Error::other("the lab has no output"))?;
        BufReader::new(stdout.by_ref()).read_line(&mut line)?;
        let facts = serde_json::from_str(&line).map_err(io::Error::other)?;
        Ok(Self { child, facts })
    }

    fn manager(&self, entries: usize) -> io::Result<Manager> {
        let model = harness::entry_to(&self.facts);
        let entries = (0..entries).map(|index| rasman::Entry { name: name(index), ..model.clone() }).collect();
        rasmand::embedded(rasmand::Settings { entries, ..Default::default() }).map_err(io::Error::other)
    }

    fn stop(mut self) -> io::Result<()> {
        if let Some(mut stdin) = self.child.stdin.take() {
            stdin.write_all(b"stop\n")?;
        }
        self.child.wait().map(|_| ())
    }
}

const ENTRIES: usize = 1_000;
/// The size of the phone book that is read.
const BOOK_BYTES: usize = 100_000_000;
/// How often it is read.
const PARSES: usize = 5;
const IN_FLIGHT: usize = 100;
const RETURN_ROUNDS: usize = 100;
const MEASURED_A_ROUND: usize = 20;
const CONNECT_SAMPLES: usize = 100;
const BULK_RUNS: usize = 5;
/// Bytes of one bulk run.
const BULK: u64 = 512 << 20;
