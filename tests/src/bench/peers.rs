//! Beside the client that Linux users have: sstpc with pppd and our program, in one User Mode Linux, against the same
//! server outside, by turns.
//!
//! ```text
//! User Mode Linux: sstpc, pppd  |  this program with a device  --- TAP ---  lab, a process of its own
//! ```
//!
//! Both are started and measured by the same means: from the start of the process until the kernel has an address of the
//! tunnel, and a download over kernel TCP through it.

use crate::{Lab, Results};
use rasman::{DataPath, Entry, TunSettings};
use rasman_lab::Facts;
use rasman_tests::harness;
use rasman_tests::peers::{SstpcCall, Uml};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Measures in namespaces of its own; says why not where there are none or no peers.
pub(crate) fn measure(results: &mut Results) -> io::Result<()> {
    let file = std::env::temp_dir().join(format!("rasman-bench-peers-{}.json", std::process::id()));
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    if rasman::ipc::scope::own_uid() != 0 {
        command.args(["--user", "--map-root-user"]);
    }
    let status = command.arg(std::env::current_exe()?).arg("peers").arg(&file).status()?;
    let text = std::fs::read(&file);
    let _ = std::fs::remove_file(&file);
    if !status.success() {
        return Err(io::Error::other("sstpc and pppd could not be measured; `cargo xtask peers` prepares them"));
    }
    results.0.extend(serde_json::from_slice::<std::collections::BTreeMap<String, f64>>(&text?)?);
    Ok(())
}

/// Measures within the namespaces, and writes the figures to a file.
pub(crate) fn inside(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let file = arguments.next().ok_or_else(|| io::Error::other("peers wants a file"))?;
    let prepared = Command::new("sh").args(["-c", "mount -t tmpfs tmpfs /run && ip link set lo up"]).status()?;
    if !prepared.success() {
        return Err(io::Error::other("the namespaces cannot be furnished"));
    }
    let mut results = Results::default();
    let mut uml = Uml::start().map_err(|why| io::Error::other(why.to_string()))?;
    let listen = format!("{}:0", Uml::OUR_ADDRESS);
    // sstpc passes over the answer to its HTTP request unless it had to wait within the TLS handshake.
    let patient = Lab::start(&["--listen", &listen, "--fault", &format!("delay=tls:{HELD_BACK}")])?;
    let lab = Lab::start(&["--listen", &listen])?;
    let mut peer = Measured::default();
    let mut ours = Measured::default();
    for round in 0..ROUNDS {
        peer.sstpc(&mut uml, &patient.facts, round == 0)?;
        ours.ours(&mut uml, &lab.facts, round)?;
    }
    peer.connected.iter_mut().for_each(|milliseconds| *milliseconds -= HELD_BACK);
    for (name, measured) in [("peers_sstpc", &mut peer), ("peers_ours", &mut ours)] {
        results.add(&format!("{name}_connected_ms"), 0.5, &mut measured.connected);
        results.add(&format!("{name}_down_gbit_s"), 0.5, &mut measured.down);
    }
    results.ratio("peers_connected_ratio", "peers_sstpc_connected_ms", "peers_ours_connected_ms");
    results.ratio("peers_down_ratio", "peers_ours_down_gbit_s", "peers_sstpc_down_gbit_s");
    uml.stop();
    patient.stop()?;
    lab.stop()?;
    std::fs::write(file, serde_json::to_vec_pretty(&results.0)?)
}

#[derive(Default)]
struct Measured {
    connected: Vec<f64>,
    down: Vec<f64>,
}

impl Measured {
    fn sstpc(&mut self, uml: &mut Uml, facts: &Facts, first: bool) -> io::Result<()> {
        let call = SstpcCall { ca_pem: Some(&facts.ca_pem), name: &facts.name, ..SstpcCall::new(facts.address) };
        let options = uml.sstpc_options(&call);
        self.call(uml, facts, &format!("pppd file {}", options.display()), BULK / 16)?;
        if first {
            println!("sstpc and {}", uml.version());
        }
        Ok(())
    }

    fn ours(&mut self, uml: &mut Uml, facts: &Facts, round: usize) -> io::Result<()> {
        let facts_file = uml.write(&format!("facts{round}.json"), &serde_json::to_string(facts)?);
        let program = std::env::current_exe()?;
        self.call(uml, facts, &format!("{} peer-dial {}", program.display(), facts_file.display()), BULK)
    }

    /// Starts a client in the kernel, downloads, and ends it.
    fn call(&mut self, uml: &mut Uml, facts: &Facts, client: &str, bytes: u64) -> io::Result<()> {
        let (program, gateway) = (std::env::current_exe()?, facts.gateway);
        let said = uml.run(&format!("{} peer-connect {gateway} {client}", program.display()));
        let words: Vec<f64> = said.text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [pid, milliseconds] = words[..] else { return Err(io::Error::other(said.text)) };
        self.connected.push(milliseconds);
        let said = uml.run(&format!("{} peer-fetch {gateway} {bytes}", program.display()));
        let wait = "timeout 20 sh -c 'while [ -d /proc/'$pid' ]; do sleep 0.05; done'";
        uml.run(&format!("pid={pid}; kill -TERM $pid; {wait}"));
        self.down.push(said.text.trim().parse().map_err(|_| io::Error::other(said.text.clone()))?);
        Ok(())
    }
}

/// Starts a client and tells its process and after how many milliseconds the way to an address leads from one of its
/// network.
pub(crate) fn connect(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let missing = || io::Error::other("peer-connect wants an address and a command");
    let gateway = arguments.next().and_then(|word| word.to_str()?.parse::<Ipv4Addr>().ok()).ok_or_else(missing)?;
    let program = arguments.next().ok_or_else(missing)?;
    let begun = Instant::now();
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn()?;
    while !is_inside(gateway) {
        if child.try_wait()?.is_some() || begun.elapsed() > LONG {
            return Err(io::Error::other("the client did not connect"));
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    println!("{} {}", child.id(), begun.elapsed().as_secs_f64() * 1e3);
    Ok(())
}

/// Tells whether our address towards another is of the same 24 bits.
fn is_inside(gateway: Ipv4Addr) -> bool {
    let local = || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.connect((gateway, 9))?;
        socket.local_addr()
    };
    let own = local().map(|address| address.ip());
    matches!(own, Ok(IpAddr::V4(own)) if own.octets()[..3] == gateway.octets()[..3])
}

/// Downloads so many bytes from the lab's inner server over kernel TCP, and tells how fast, in Gbit/s.
pub(crate) fn fetch(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let mut word = || arguments.next().and_then(|word| word.into_string().ok()).unwrap_or_default();
    let gateway: Ipv4Addr = word().parse().map_err(io::Error::other)?;
    let bytes: u64 = word().parse().map_err(io::Error::other)?;
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((gateway, 80)), LONG)?;
    stream.set_read_timeout(Some(LONG))?;
    let mut block = vec![0; 256 << 10];
    let request = format!("GET /bulk/{bytes} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    // The server computes a digest before it sends; the clock runs from the first byte.
    let mut received = stream.read(&mut block)? as u64;
    let (begun, first) = (Instant::now(), received);
    loop {
        match stream.read(&mut block)? {
            0 => break,
            count => received += count as u64,
        }
    }
    if received < bytes {
        return Err(io::Error::other("the transfer broke"));
    }
    #[allow(clippy::cast_precision_loss)] // Far below 2^52.
    let gbit_s = (received - first) as f64 * 8.0 / begun.elapsed().as_secs_f64() / 1e9;
    println!("{gbit_s}");
    Ok(())
}

/// Dials the lab of these facts with a network device, until the process is ended.
pub(crate) fn dial(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let file = arguments.next().ok_or_else(|| io::Error::other("peer-dial wants facts"))?;
    let facts: Facts = serde_json::from_slice(&std::fs::read(Path::new(&file))?)?;
    let mut entry: Entry = harness::entry_to(&facts);
    entry.data_path = DataPath::Tun(TunSettings::default());
    harness::sstp_of(&mut entry).server_name.clone_from(&facts.name);
    let name = entry.name.clone();
    let settings = rasmand::Settings { entries: vec![entry], workers: 1, ..Default::default() };
    let manager = rasmand::embedded(settings).map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let credentials = harness::credentials(rasman_lab::DEFAULT_PASSWORD);
        let dialing = manager.dial(rasman::Dial::entry(name).credentials(credentials)).map_err(io::Error::other)?;
        let connection = dialing.finish().await.map_err(io::Error::other)?;
        // The device goes with the process.
        let cause = connection.closed().await;
        Err(io::Error::other(cause.to_string()))
    })
}

const ROUNDS: usize = 5;
/// Bytes of a download of ours; sstpc's have a sixteenth of it.
const BULK: u64 = 64 << 20;
/// For how long the server that sstpc calls holds TLS back, in milliseconds; taken off its figure.
const HELD_BACK: f64 = 300.0;
const LONG: Duration = Duration::from_secs(40);
