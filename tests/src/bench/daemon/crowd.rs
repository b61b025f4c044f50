//! What many connections, many watchers and many dials at a time cost.

use super::{Daemon, Lab, Results};
use crate::start;
use rasman::{Connection, Manager};
use std::io;
use std::time::{Duration, Instant};

/// 1,000 idle connections with 100 watchers: memory, and the share of one core over some seconds.
pub(crate) async fn crowd(results: &mut Results) -> io::Result<()> {
    let lab = Lab::start(&[])?;
    let daemon = Daemon::start(&lab, MANY)?;
    let manager = daemon.manager()?;
    let before = daemon.memory_kb()?;
    let mut connections = Vec::new();
    for first in (0..MANY).step_by(AT_A_TIME) {
        connections.extend(dial_all(&manager, first..first + AT_A_TIME).await?);
    }
    let managers: Vec<Manager> = (0..WATCHERS).map(|_| daemon.manager()).collect::<Result<_, _>>()?;
    let mut watches: Vec<_> = managers.iter().map(Manager::watch).collect();
    for watch in &mut watches {
        watch.next().await;
    }
    let (memory, cpu) = (daemon.memory_kb()?, daemon.cpu_ticks()?);
    tokio::time::sleep(IDLE_TIME).await;
    let ticks = daemon.cpu_ticks()? - cpu;
    results.0.insert("daemon_1000_idle_mb".to_owned(), memory / 1e3);
    results.0.insert("daemon_idle_connection_kb".to_owned(), (memory - before) / MANY as f64);
    // A tick is a hundredth of a second.
    results.0.insert("daemon_1000_idle_cpu_percent".to_owned(), ticks / IDLE_TIME.as_secs_f64());
    drop(watches);
    drop(connections);
    daemon.stop()?;
    lab.stop()
}

/// 1,000 dials that are all begun before the first is waited for.
pub(crate) async fn many_at_a_time(results: &mut Results) -> io::Result<()> {
    let lab = Lab::start(&[])?;
    let daemon = Daemon::start(&lab, MANY)?;
    let manager = daemon.manager()?;
    let begin = Instant::now();
    // Each has to come to Connected, or this fails.
    let connections = dial_all(&manager, 0..MANY).await?;
    results.0.insert("daemon_1000_dials_s".to_owned(), begin.elapsed().as_secs_f64());
    drop(connections);
    daemon.stop()?;
    lab.stop()
}

async fn dial_all(manager: &Manager, entries: std::ops::Range<usize>) -> io::Result<Vec<Connection>> {
    let dials: Vec<_> = entries.map(|entry| start(manager, entry)).collect::<Result<_, _>>()?;
    let mut connections = Vec::new();
    for dial in dials {
        connections.push(dial.finish().await.map_err(io::Error::other)?);
    }
    Ok(connections)
}

const MANY: usize = 1_000;
const AT_A_TIME: usize = 50;
const WATCHERS: usize = 100;
const IDLE_TIME: Duration = Duration::from_secs(5);
