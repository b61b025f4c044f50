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

    pair.send_a(b"E an", b" IP packet").unwrap();
    pair.send_b(b"", b"Another").unwrap();
    while pair.step() && pair.now() == Instant::ZERO {}
    assert_eq!(pair.b.received, [b"E an IP packet"]);
    assert_eq!(pair.a.received, [b"Another"]);
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

#[test]
fn an_end_that_starts_late_costs_no_restart_interval() {
    // The other end's first request is lost: nobody listens yet.
    for late_is_client in [false, true] {
        let weather = Weather { delay: Duration::from_millis(10), ..Weather::default() };
        let mut pair = Pair::datagrams(client(ClientConfig::default(), 1), server(server_config(), 2), weather, 3);
        let early = if late_is_client { &mut pair.b } else { &mut pair.a };
        early.layer.lower_up(Instant::ZERO, 1500);
        pair.flush();
        pair.a_to_b.cut();
        pair.b_to_a.cut();
        pair.run_to(Instant::from_millis(500));
        let now = pair.now();
        if late_is_client {
            pair.a.layer.lower_up(now, 1500)
        } else {
            pair.b.layer.lower_up(now, 1500)
        }
        run(&mut pair, 200).unwrap();
        assert!(pair.now() < Instant::from_millis(700), "{:?}", pair.now());
    }
}

#[test]
fn a_link_is_send() {
    fn is_send<T: Send>() {}
    is_send::<Ppp>();
}

#[test]
fn a_hang_up_over_a_bad_wire_ends_on_both_sides() {
    let weather = Weather {
        loss: 40,
        duplicate: 10,
        reorder: 20,
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(60),
    };
    for seed in 0..200 {
        let mut pair = up(ClientConfig::default(), server_config(), Weather::default(), seed);
        run(&mut pair, 1_000).unwrap();
        pair.a_to_b.set_weather(weather);
        pair.b_to_a.set_weather(weather);
        let now = pair.now();
        pair.a.layer.terminate(now);
        pair.run_to(now + Duration::from_secs(60));
        assert!(finished(&pair.a.events).is_some(), "seed {seed}");
        // The server ends as well unless all Terminate-Requests were lost; then its carrier's end will tell.
        assert!(finished(&pair.b.events).is_some() || pair.a_to_b.lost >= 2, "seed {seed}");
    }
}

#[test]
fn a_terrible_wire_gives_up_in_bounded_time() {
    let weather = Weather { loss: 70, duplicate: 20, ..Weather::default() };
    for seed in 0..200 {
        let mut pair = up(ClientConfig::default(), server_config(), weather, seed);
        let _ = run(&mut pair, 5_000);
        assert!(pair.now() < Instant::from_millis(600_000), "seed {seed}: {:?}", pair.now());
    }
}
