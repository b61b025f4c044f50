//! What a call through the socket costs beside a bare round trip over one.

use super::{Daemon, Lab, Results, round_trip, timed};
use crate::{forget, start};
use std::io;
use std::os::unix::net::UnixStream;

/// Bare round trips and a dial by turns, so that all meet the same machine. The one that the dial is compared with has the
/// same sizes, the same blocking client and a server of the same shape, so what is left is what we do.
pub(crate) async fn calls(results: &mut Results) -> io::Result<()> {
    let lab = Lab::start(&["--fault", "silent=http"])?;
    let daemon = Daemon::start(&lab, ENTRIES)?;
    let manager = daemon.manager()?;
    let mut bare = UnixStream::connect(daemon.folder.join("echo"))?;
    let mut shaped = UnixStream::connect(daemon.folder.join("runtime-echo"))?;
    let mut shaped_trips = Vec::new();
    let (mut trips, mut calls, mut dials) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..SAMPLES + WARM_UP {
        // Each follows an exchange with the same thread, so that neither wakes a core that sleeps.
        round_trip(&mut bare)?;
        let trip = timed(|| round_trip(&mut bare))?;
        round_trip(&mut shaped)?;
        let shaped_trip = timed(|| round_trip(&mut shaped))?;
        std::hint::black_box(manager.ended(rasman::Handle(0)));
        let call = timed(|| {
            std::hint::black_box(manager.ended(rasman::Handle(0)));
            Ok(())
        })?;
        let mut dialling = None;
        let dial = timed(|| {
            dialling = Some(start(&manager, round % ENTRIES)?);
            Ok(())
        })?;
        forget(dialling.into_iter().collect()).await;
        if round >= WARM_UP {
            trips.push(trip);
            shaped_trips.push(shaped_trip);
            calls.push(call);
            dials.push(dial);
        }
    }
    results.add("socket_round_trip_us_p50", 0.5, &mut trips);
    results.add("daemon_call_us_p50", 0.5, &mut calls);
    results.add("daemon_dial_return_us_p50", 0.5, &mut dials);
    results.add("daemon_dial_return_us_p99", 0.99, &mut dials);
    results.add("runtime_round_trip_us_p50", 0.5, &mut shaped_trips);
    results.ratio("daemon_dial_return_ratio", "daemon_dial_return_us_p50", "runtime_round_trip_us_p50");
    results.ratio("daemon_dial_return_blocking_ratio", "daemon_dial_return_us_p50", "socket_round_trip_us_p50");
    drop(manager);
    daemon.stop()?;
    lab.stop()
}

const ENTRIES: usize = 1_000;
const SAMPLES: usize = 2_000;
const WARM_UP: usize = 100;
