//! The soak's long form: the lab is another process, both are watched.

use crate::Lab;
use rasman_tests::soak::{Plan, Round, entries, run};
use std::ffi::OsString;
use std::io;
use std::time::Duration;

/// Runs for so many minutes (the first argument) with so many connections (the second).
pub(crate) fn soak(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let mut number = |what: &str| {
        let number = arguments.next().and_then(|word| word.to_str()?.parse::<u32>().ok()).filter(|number| *number > 0);
        number.ok_or_else(|| io::Error::other(format!("soak wants {what}, at least 1")))
    };
    rasmand::give_back_early();
    let (minutes, connections) = (number("minutes")?, number("a number of connections")?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let lab = Lab::start(&["--ipv6", PREFIX])?;
        let plan = Plan {
            connections: connections as usize,
            rounds: ROUNDS as usize,
            round: Duration::from_secs(60) * minutes / ROUNDS,
            bulk: 8 << 20,
            watched: vec![lab.child.id()],
            seed: u64::from(minutes),
        };
        let entries = entries(&lab.facts, plan.connections);
        let settings = rasmand::Settings { entries, ..Default::default() };
        let manager = rasmand::embedded(settings).map_err(io::Error::other)?;
        run(&manager, &lab.facts, &plan, tell).await.map_err(io::Error::other)?;
        manager.shut_down().await;
        lab.stop()
    })
}

fn tell(round: &Round) {
    let Round { dials, cut, transfers, bytes, rest } = round;
    let (mib, own, lab) = (bytes >> 20, rest.own >> 10, (rest.resident - rest.own) >> 10);
    let descriptors = rest.descriptors;
    println!(
        "{dials} dials, {cut} cut, {transfers} transfers, {mib} MiB; at rest {own} KiB, the lab {lab} KiB, {descriptors} \
         descriptors"
    );
}

const ROUNDS: u32 = 12;
/// What the lab's far end has of IPv6.
const PREFIX: &str = "2001:db8:0:1::";
