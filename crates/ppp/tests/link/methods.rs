//! Every authentication method on a link, over good wires and bad ones.

use crate::common::*;
use crate::plain::PlainTunnels;
use rasman_core::{AuthMethod, Duration, Instant};
use rasman_ppp::{ClientConfig, ClientEap, Event, Ppp, ServerConfig};
use rasman_testkit::{Pair, Weather};
use std::sync::Arc;

fn pair(method: AuthMethod, tls13: bool, weather: Weather, seed: u64) -> Pair<Ppp, Ppp> {
    let tunnels = Arc::new(PlainTunnels { tls13 });
    let eap = ClientEap { tunnels: tunnels.clone(), ..ClientEap::default() };
    let ours = ClientConfig { authentication: vec![method], eap, ..ClientConfig::default() };
    let theirs = ServerConfig { authentication: vec![method], tunnels, ..server_config() };
    let mut pair = Pair::datagrams(client(ours, seed), server(theirs, seed ^ 0x5a5a), weather, seed);
    pair.a.layer.lower_up(Instant::ZERO, 1500);
    pair.b.layer.lower_up(Instant::ZERO, 1500);
    pair
}

/// Runs until both ends carry packets, one has finished, or the steps are used up; gives what the client saw.
fn run(pair: &mut Pair<Ppp, Ppp>, steps: usize) -> Vec<Event> {
    let mut seen = Vec::new();
    for _ in 0..steps {
        let now = pair.now();
        seen.extend(open_gates(&mut pair.a, now));
        let up = pair.a.layer.projection().is_some() && pair.b.layer.projection().is_some();
        if up || finished(&seen).is_some() || !pair.step() {
            break;
        }
    }
    seen
}

#[test]
fn each_method_comes_up_without_any_timer() {
    for method in AuthMethod::ALL {
        for tls13 in [false, true] {
            let mut pair = pair(*method, tls13, Weather::default(), 1);
            let seen = run(&mut pair, 2_000);
            assert!(pair.a.layer.projection().is_some(), "{method}: {:?}", names(&seen));
            assert_eq!(pair.now(), Instant::ZERO, "{method}: no step waits");
        }
    }
}

#[test]
fn each_method_comes_up_over_a_bad_wire_or_tells_a_cause() {
    let weather = Weather {
        loss: 10,
        duplicate: 10,
        reorder: 10,
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(30),
    };
    for method in AuthMethod::ALL {
        let mut up = 0;
        for seed in 0..60 {
            let mut pair = pair(*method, seed % 2 == 0, weather, seed);
            let seen = run(&mut pair, 6_000);
            let carries = pair.a.layer.projection().is_some();
            assert!(carries || finished(&seen).is_some() || finished(&pair.b.events).is_some(), "{method}, {seed}");
            up += u32::from(carries);
        }
        assert!(up >= 50, "{method}: {up} of 60 came up");
    }
}

#[test]
fn lcp_that_is_negotiated_again_amid_authentication_begins_it_anew() {
    for method in AuthMethod::ALL {
        let mut pair = pair(*method, true, Weather::default(), 1);
        let mut seen = Vec::new();
        // Up to the middle of the exchange: the gate is open, and nobody is in yet.
        while !names(&seen).contains(&"LinkEstablished") && pair.step() {
            seen.extend(open_gates(&mut pair.a, Instant::ZERO));
        }
        // As SoftEther does: another Configure-Request, with a demand as before.
        let option = match method {
            AuthMethod::Pap => vec![3, 4, 0xc0, 0x23],
            AuthMethod::Chap => vec![3, 5, 0xc2, 0x23, 5],
            AuthMethod::MsChapV2 => vec![3, 5, 0xc2, 0x23, 0x81],
            _ => vec![3, 4, 0xc2, 0x27],
        };
        let length = u8::try_from(4 + option.len()).unwrap();
        let mut request = [&[0xff, 3, 0xc0, 0x21, 1, 200, 0, length], &option[..]].concat();
        let _ = rasman_core::Layer::handle_input(&mut pair.a.layer, Instant::ZERO, &mut request);
        while let Some(event) = rasman_core::Layer::poll_event(&mut pair.a.layer) {
            seen.push(event);
        }
        assert!(names(&seen).ends_with(&["Renegotiating"]), "{method}: {:?}", names(&seen));
        let seen = run(&mut pair, 3_000);
        assert!(pair.a.layer.projection().is_some(), "{method}: {:?}, {:?}", names(&seen), names(&pair.b.events));
    }
}
