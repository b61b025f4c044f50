//! Both ends over a wire, in virtual time.

use crate::common::*;
use rasman_core::{Duration, Instant};
use rasman_ppp::{ClientConfig, Event, Ppp};
use rasman_testkit::{Pair, Weather};

fn up(
    client_config: ClientConfig,
    server_config: rasman_ppp::ServerConfig,
    weather: Weather,
    seed: u64,
) -> Pair<Ppp, Ppp> {
    let mut pair = Pair::datagrams(client(client_config, seed), server(server_config, seed ^ 0x5a5a), weather, seed);
    pair.a.layer.lower_up(Instant::ZERO, 1500);
    pair.b.layer.lower_up(Instant::ZERO, 1500);
    pair
}

#[test]
fn both_ends_reach_their_projections_without_any_timer() {
    let mut pair = up(ClientConfig::default(), server_config(), Weather::default(), 1);
    let mut seen = vec![];
    while pair.a.layer.projection().is_none() || pair.b.layer.projection().is_none() {
        pair.step();
        let now = pair.now();
        seen.extend(open_gates(&mut pair.a, now));
    }
    pair.flush();
    seen.extend(open_gates(&mut pair.a, Instant::ZERO));
    assert_eq!(pair.now(), Instant::ZERO, "no step of the negotiation waits");
    assert_eq!(names(&seen), ["LinkEstablished", "Authenticated", "Projected"]);
    assert_eq!(names(&pair.b.events), ["LinkEstablished", "Authenticated", "Projected"]);

    let client = pair.a.layer.projection().unwrap();
    assert_eq!((client.local, client.peer, &client.dns[..], client.mtu), (CLIENT, Some(SERVER), &[DNS][..], 1500));
    let server = pair.b.layer.projection().unwrap();
    assert_eq!((server.local, server.peer), (SERVER, Some(CLIENT)));

    let keys = |events: &[Event]| {
        events.iter().find_map(|event| match event {
            Event::Authenticated { token, keys } => {
                Some((token.user().to_string(), keys.master_send.clone(), keys.master_receive.clone()))
            }
            _ => None,
        })
    };
    let (user, send, receive) = keys(&seen).unwrap();
    assert_eq!(keys(&pair.b.events), Some((user.clone(), receive, send)));
    assert_eq!(user, "alice");

    pair.send_a(b"an IP", b" packet").unwrap();
    pair.send_b(b"", b"another").unwrap();
    while pair.step() && pair.now() == Instant::ZERO {}
    assert_eq!(pair.b.received, [b"an IP packet"]);
    assert_eq!(pair.a.received, [b"another"]);
}

/// Runs until both are projected or one has finished.
fn run(pair: &mut Pair<Ppp, Ppp>, max_steps: usize) -> Result<(), String> {
    let mut seen = vec![];
    for _ in 0..max_steps {
        let now = pair.now();
        seen.extend(open_gates(&mut pair.a, now));
        if pair.a.layer.projection().is_some() && pair.b.layer.projection().is_some() {
            return Ok(());
        }
        if let Some(cause) = finished(&seen).or(finished(&pair.b.events)) {
            return Err(cause.to_string());
        }
        if !pair.step() {
            return Err(format!("quiet at {:?} after {:?} and {:?}", pair.now(), names(&seen), names(&pair.b.events)));
        }
    }
    panic!(
        "neither up nor over after {max_steps} steps at {:?}: {:?}, {:?}",
        pair.now(),
        names(&seen),
        names(&pair.b.events)
    );
}

#[test]
fn a_bad_wire_ends_in_a_projection_or_a_cause() {
    let weather = Weather {
        loss: 20,
        duplicate: 10,
        reorder: 20,
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(60),
    };
    let mut up_count = 0;
    let mut latest = Instant::ZERO;
    for seed in 0..500 {
        let mut pair = up(ClientConfig::default(), server_config(), weather, seed);
        match run(&mut pair, 3_000) {
            Ok(()) => up_count += 1,
            Err(cause) => assert!(!cause.starts_with("quiet"), "seed {seed}: {cause}"),
        }
        latest = latest.max(pair.now());
    }
    eprintln!("{up_count} of 500 came up, the last after {latest:?}");
    assert!(up_count >= 490, "{up_count} of 500 came up");
    assert!(latest < Instant::from_millis(300_000), "{latest:?}");
}
