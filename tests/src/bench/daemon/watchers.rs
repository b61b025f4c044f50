//! What a watcher that reads nothing changes for a program that dials.

use super::{Daemon, Lab, Results};
use crate::{forget, percentile, start};
use rasman::Manager;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;

/// Three daemons of the same build by turns, so that whatever else the machine does meets all: each has a watcher that
/// reads, and the last a stuck one beside it. The first two are alike, which says how much the figure varies by itself.
/// None is asked twice in a row, as what a dial leaves behind is cleared away while the next one goes on.
pub(crate) async fn stuck_watcher(results: &mut Results) -> io::Result<()> {
    let lab = Lab::start(&["--fault", "silent=http"])?;
    let daemons = [Daemon::start(&lab, 1)?, Daemon::start(&lab, 1)?, Daemon::start(&lab, 1)?];
    let managers = [daemons[0].manager()?, daemons[1].manager()?, daemons[STUCK].manager()?];
    let _watches = managers.each_ref().map(Manager::watch);
    let _stuck = stick(&daemons[STUCK].folder)?;
    for manager in &managers {
        // More than its socket and its queue hold.
        for _ in 0..FILLING {
            dial(manager).await?;
        }
    }
    let mut samples = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for turn in 0..samples.len() {
            // None is always behind the same one.
            let which = (round + turn) % samples.len();
            samples[which].push(dial(&managers[which]).await?);
        }
    }
    let [without, again, with] = &mut samples.map(|samples| p99_of_parts(&samples));
    results.add("daemon_dial_p99_us", 0.5, without);
    results.add("daemon_dial_again_p99_us", 0.5, again);
    results.add("daemon_dial_stuck_watcher_p99_us", 0.5, with);
    results.ratio("daemon_stuck_watcher_ratio", "daemon_dial_stuck_watcher_p99_us", "daemon_dial_p99_us");
    results.ratio("daemon_no_watcher_ratio", "daemon_dial_again_p99_us", "daemon_dial_p99_us");
    for daemon in daemons {
        daemon.stop()?;
    }
    lab.stop()
}

/// The 99th percentile of each fiftieth of the dials. Their median is the figure: what else the machine does comes in
/// bursts, and those few parts that one meets have no say in it.
fn p99_of_parts(samples: &[f64]) -> Vec<f64> {
    samples.chunks_exact(PART).map(|part| percentile(0.99, &mut part.to_vec())).collect()
}

/// Dials and hangs up; gives the microseconds until the call had returned.
async fn dial(manager: &Manager) -> io::Result<f64> {
    let begin = Instant::now();
    let dialling = start(manager, 0)?;
    let elapsed = begin.elapsed().as_secs_f64() * 1e6;
    forget(vec![dialling]).await;
    Ok(elapsed)
}

/// Makes a watcher that reads nothing.
fn stick(folder: &Path) -> io::Result<UnixStream> {
    let mut stream = UnixStream::connect(folder.join("socket"))?;
    stream.write_all(b"{\"method\":\"io.rasman.Manager.Watch\",\"more\":true}\0")?;
    Ok(stream)
}

/// Which of the daemons has the stuck watcher.
const STUCK: usize = 2;
const FILLING: usize = 1_000;
const ROUNDS: usize = 10_000;
const PART: usize = ROUNDS / 50;
