//! The soak's short form; `cargo xtask soak --minutes 60` is the long one.

use rasman_dial::Config;
use rasman_tests::soak::{Plan, entries, run};
use rasman_tests::{harness, soak::Round};
use std::cell::RefCell;
use std::time::Duration;

#[tokio::test]
async fn nothing_grows_leaks_or_stalls_while_connections_come_and_go() {
    let lab = harness::lab("");
    let plan = Plan {
        connections: 20,
        rounds: 6,
        round: Duration::from_secs(1),
        bulk: 256 << 10,
        watched: Vec::new(),
        seed: 4,
    };
    let manager = harness::manager_with(entries(lab.facts(), plan.connections), Config::default());
    let rounds = RefCell::new(Vec::<Round>::new());
    let told = |round: &Round| {
        println!("{round:?}");
        rounds.borrow_mut().push(round.clone());
    };
    run(&manager, lab.facts(), &plan, told).await.unwrap();
    let rounds = rounds.into_inner();
    let sum = |of: fn(&Round) -> u64| rounds.iter().map(of).sum::<u64>();
    assert!(sum(|round| round.dials) >= 20 && sum(|round| round.transfers) > 0 && sum(|round| round.cut) > 0);
    manager.shut_down().await;
}
