//! Many connections: how fast they come, and what they weigh while nothing goes on.

use super::tunnel::manager;
use super::world::{Process, World, resident};
use crate::Results;
use rasman::{Connection, DataPath, Manager, Rootless, TunSettings};
use rasman_tests::harness;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::time::Instant;

/// How many dials a second end in Connected, with 32 under way.
pub(super) async fn dials(results: &mut Results, world: &World) -> io::Result<()> {
    let lab = world.lab(&[])?;
    let manager = manager(&lab.facts, DIALS, DataPath::Rootless(Rootless::default()))?;
    let start = Instant::now();
    let connections = connect(&manager, DIALS).await?;
    #[allow(clippy::cast_precision_loss)] // A small number.
    let rate = DIALS as f64 / start.elapsed().as_secs_f64();
    results.add("dials_per_second", 0.5, &mut [rate]);
    hang_up(connections).await?;
    manager.shut_down().await;
    Ok(())
}

/// What a connection weighs in the client's process, of a thousand: a process of its own for each kind, in which nothing
/// else has left memory behind that would be used again.
pub(super) async fn connections(results: &mut Results, world: &World) -> io::Result<()> {
    let mut worst: f64 = 0.0;
    for (key, kind) in [("idle_rootless_kib", "rootless"), ("idle_tun_kib", "tun")] {
        let lab = world.lab(&[])?;
        let facts = serde_json::to_string(&lab.facts)?;
        let words = ["idle", kind, &facts].map(str::to_owned);
        let weighed = move || Process::start(None, &words)?.rest()?.trim().parse().map_err(io::Error::other);
        let kib: f64 = tokio::task::spawn_blocking(weighed).await.map_err(io::Error::other)??;
        results.add(key, 0.5, &mut [kib]);
        worst = worst.max(kib);
    }
    results.add("idle_connection_kib", 0.5, &mut [worst]);
    Ok(())
}

/// The process that weighs connections of a kind (the first argument) to the lab of some facts (the second); writes KiB.
pub(crate) fn weigh(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let mut word = |what| arguments.next().and_then(|word| word.into_string().ok()).ok_or(io::Error::other(what));
    let path = match &*word("idle wants a kind")? {
        "tun" => DataPath::Tun(TunSettings::default()),
        _ => DataPath::Rootless(Rootless { socks: Some(([127, 0, 0, 1], 0).into()), ..Rootless::default() }),
    };
    let facts = serde_json::from_str(&word("idle wants facts")?).map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let manager = manager(&facts, IDLE, path)?;
        // What is there once, however many connections there are, is not counted; what dials leave behind is.
        hang_up(connect(&manager, 1).await?).await?;
        let before = resident()?;
        let connections = connect(&manager, IDLE).await?;
        #[allow(clippy::cast_precision_loss)] // Far below 2^52.
        let kib = resident()?.saturating_sub(before) as f64 / 1024.0 / IDLE as f64;
        println!("{kib}");
        hang_up(connections).await?;
        manager.shut_down().await;
        Ok(())
    })
}

async fn connect(manager: &Manager, count: usize) -> io::Result<Vec<Connection>> {
    let (mut under_way, mut connected) = (VecDeque::new(), Vec::new());
    for number in 0..count {
        if under_way.len() == IN_FLIGHT
            && let Some(first) = under_way.pop_front()
        {
            connected.push(finish(first).await?);
        }
        let credentials = harness::credentials(rasman_lab::DEFAULT_PASSWORD);
        let dial = rasman::Dial::entry(number.to_string()).credentials(credentials);
        under_way.push_back(manager.dial(dial).map_err(io::Error::other)?);
    }
    for dialing in under_way {
        connected.push(finish(dialing).await?);
    }
    Ok(connected)
}

async fn finish(dialing: rasman::Dialing) -> io::Result<Connection> {
    dialing.finish().await.map_err(io::Error::other)
}

async fn hang_up(connections: Vec<Connection>) -> io::Result<()> {
    let mut ending = Vec::new();
    for connection in &connections {
        ending.push(connection.hang_up().map_err(io::Error::other)?);
    }
    for end in ending {
        end.await;
    }
    Ok(())
}

const IN_FLIGHT: usize = 32;
const DIALS: usize = 1_000;
const IDLE: usize = 1_000;
