//! Many connections: how fast they come, and what they weigh while nothing goes on.

use super::tunnel::manager;
use super::world::{World, resident};
use crate::Results;
use rasman::{Connection, DataPath, Manager, Rootless, TunSettings};
use rasman_tests::harness;
use std::collections::VecDeque;
use std::io;
use std::time::Instant;

/// How many dials a second end in Connected, with 32 under way.
pub(super) async fn dials(results: &mut Results, world: &World) -> io::Result<()> {
    let lab = world.lab(&[])?;
    let manager = manager(&lab, DIALS, DataPath::Rootless(Rootless::default()))?;
    let start = Instant::now();
    let connections = connect(&manager, DIALS).await?;
    #[allow(clippy::cast_precision_loss)] // A small number.
    let rate = DIALS as f64 / start.elapsed().as_secs_f64();
    results.add("dials_per_second", 0.5, &mut [rate]);
    hang_up(connections).await?;
    manager.shut_down().await;
    Ok(())
}

/// What a connection weighs in this process, of a thousand.
pub(super) async fn connections(results: &mut Results, world: &World) -> io::Result<()> {
    let doors = || DataPath::Rootless(Rootless { socks: Some(([127, 0, 0, 1], 0).into()), ..Rootless::default() });
    let device = || DataPath::Tun(TunSettings::default());
    let mut worst: f64 = 0.0;
    for (key, path) in [("idle_rootless_kib", doors()), ("idle_tun_kib", device())] {
        let lab = world.lab(&[])?;
        let manager = manager(&lab, IDLE, path)?;
        // What is there once, however many connections there are, is not counted.
        hang_up(connect(&manager, 32).await?).await?;
        let before = resident()?;
        let connections = connect(&manager, IDLE).await?;
        #[allow(clippy::cast_precision_loss)] // Far below 2^52.
        let kib = resident()?.saturating_sub(before) as f64 / 1024.0 / IDLE as f64;
        results.add(key, 0.5, &mut [kib]);
        worst = worst.max(kib);
        hang_up(connections).await?;
        manager.shut_down().await;
    }
    results.add("idle_connection_kib", 0.5, &mut [worst]);
    Ok(())
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
