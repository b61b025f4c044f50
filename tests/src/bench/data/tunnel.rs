//! Bulk and small packets through a connection, beside the forwarder.

use super::forwarder;
use super::world::{Lab, PORT, Process, SERVER, World, cpu};
use crate::Results;
use rasman::{Connection, DataPath, Entry, Manager, Rootless, TunSettings};
use rasman_lab::Facts;
use rasman_net::accounting;
use rasman_tests::harness;
use std::io;
use std::net::SocketAddr;

/// A manager in this process and a connection of it to a lab at the other end.
pub(super) struct Connected {
    pub(super) manager: Manager,
    pub(super) connection: Connection,
    pub(super) _lab: Lab,
}

impl Connected {
    async fn to(lab: Lab, data_path: DataPath) -> io::Result<Self> {
        let manager = manager(&lab.facts, 1, data_path)?;
        let dial = rasman::Dial::entry("0").credentials(harness::credentials(rasman_lab::DEFAULT_PASSWORD));
        let dialing = manager.dial(dial).map_err(io::Error::other)?;
        let connection = dialing.finish().await.map_err(io::Error::other)?;
        Ok(Self { manager, connection, _lab: lab })
    }

    async fn end(self) -> io::Result<()> {
        self.connection.hang_up().map_err(io::Error::other)?.await;
        self.manager.shut_down().await;
        Ok(())
    }
}

/// Makes a manager with one worker and so many entries, named by numbers.
pub(super) fn manager(facts: &Facts, entries: usize, data_path: DataPath) -> io::Result<Manager> {
    let mut model = harness::entry_to(facts);
    model.data_path = data_path;
    harness::sstp_of(&mut model).server_name.clone_from(&facts.name);
    let entries = (0..entries).map(|number| Entry { name: number.to_string(), ..model.clone() }).collect();
    let settings = rasmand::Settings { entries, workers: 1, ..Default::default() };
    rasmand::embedded(settings).map_err(io::Error::other)
}

/// A network device at both ends.
pub(super) async fn device(results: &mut Results, world: &World) -> io::Result<()> {
    let lab = world.lab(&["--inside", "device"])?;
    let gateway = lab.facts.gateway;
    let tunnel = Connected::to(lab, DataPath::Tun(TunSettings::default())).await?;
    let mtu = tunnel.connection.status().map_err(io::Error::other)?.projection.map_or(1400, |found| found.mtu);
    let forwarder = forwarder::start(world, mtu)?;
    let inside = format!("{gateway}:{PORT}");
    let beside = format!("{}:{PORT}", forwarder::FAR);
    let outside = format!("{SERVER}:{PORT}");
    for (direction, key, of, to) in [
        ("down", "tun_down_ratio", "tun_down_gbit_s", "forward_down_gbit_s"),
        ("up", "tun_up_ratio", "tun_up_gbit_s", "forward_up_gbit_s"),
    ] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        traffic(&[direction, WARM, &inside]).await?;
        for _ in 0..RUNS {
            theirs.push(traffic(&[direction, BULK, &beside]).await?);
            ours.push(traffic(&[direction, BULK, &inside]).await?);
        }
        results.add(of, 0.5, &mut ours);
        results.add(to, 0.5, &mut theirs);
        results.ratio(key, of, to);
    }
    costs(results, &tunnel, &inside).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        theirs.push(traffic(&["ping", PINGS, &outside]).await?);
        ours.push(traffic(&["ping", PINGS, &inside]).await?);
    }
    results.add("ping_us", 0.5, &mut ours);
    results.add("ping_without_us", 0.5, &mut theirs);
    results.difference("ping_overhead_us", "ping_us", "ping_without_us");
    drop(forwarder);
    tunnel.end().await
}

/// What a byte and a packet cost this process, which has the manager and nothing else to do.
async fn costs(results: &mut Results, tunnel: &Connected, inside: &str) -> io::Result<()> {
    let read = || tunnel.connection.statistics().map_err(io::Error::other);
    let (mut per_byte, mut per_packet, mut per_record) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (before, used, counted) = (read()?, cpu()?, accounting::counted());
        traffic(&["down", BULK, inside]).await?;
        let (after, used, counted) = (read()?, cpu()? - used, accounting::counted() - counted);
        #[allow(clippy::cast_precision_loss)] // Far below 2^52.
        let count = |of: fn(&rasman::Statistics) -> u64| (of(&after) - of(&before)) as f64;
        let bytes = count(|statistics| statistics.bytes_received + statistics.bytes_sent);
        let packets = count(|statistics| statistics.packets_received + statistics.packets_sent);
        per_byte.push(used * 1e9 / bytes);
        per_packet.push(counted.ours as f64 / packets);
        per_record.push(counted.tls as f64 / counted.records.max(1) as f64);
    }
    results.add("cpu_ns_per_byte", 0.5, &mut per_byte);
    results.add("allocations_per_packet", 0.5, &mut per_packet);
    results.add("tls_allocations_per_record", 0.5, &mut per_record);
    Ok(())
}

/// The user-space stack here, a network device at the far end.
pub(super) async fn rootless(results: &mut Results, world: &World) -> io::Result<()> {
    let lab = world.lab(&["--inside", "device"])?;
    let inside = format!("{}:{PORT}", lab.facts.gateway);
    let socks = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let tunnel = Connected::to(lab, DataPath::Rootless(Rootless { socks, ..Rootless::default() })).await?;
    let doors = tunnel.connection.status().map_err(io::Error::other)?.doors;
    let proxy = doors.socks.ok_or_else(|| io::Error::other("no proxy"))?.to_string();
    for (direction, key) in [("down", "rootless_down_gbit_s"), ("up", "rootless_up_gbit_s")] {
        traffic(&[direction, WARM, &inside, &proxy]).await?;
        let mut samples = Vec::new();
        for _ in 0..RUNS {
            samples.push(traffic(&[direction, BULK, &inside, &proxy]).await?);
        }
        results.add(key, 0.5, &mut samples);
    }
    tunnel.end().await
}

/// Lets another process of this end make traffic; gives what it measured.
pub(super) async fn traffic(words: &[&str]) -> io::Result<f64> {
    let words: Vec<String> = std::iter::once("traffic").chain(words.iter().copied()).map(str::to_owned).collect();
    let run = move || Process::start(None, &words)?.rest()?.trim().parse().map_err(io::Error::other);
    tokio::task::spawn_blocking(run).await.map_err(io::Error::other)?
}

const RUNS: usize = 5;
/// Bytes of a run, and of the one before the first that counts.
const BULK: &str = "1073741824";
const WARM: &str = "134217728";
const PINGS: &str = "2000";
