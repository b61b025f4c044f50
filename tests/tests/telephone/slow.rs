//! Two modems of the lab and the line between the two: each speed, noise, and a carrier that drops, from the dial to its end.

use super::*;
use exchange::Exchange;

/// Dials over a line that behaves so, without a callback.
fn over(line: &str) -> Exchange {
    Exchange::over(line, Callback::Refused, None)
}

/// The connection, or the dial, is over and nobody has the line any more.
#[track_caller]
fn leaves_nothing(world: &mut Exchange) {
    world.hang_up();
    assert!(world.finished.is_some(), "{:?}", world.told.last());
    assert!(world.is_on_hook(), "the modem is hung up and its port free");
    assert!(world.told.len() < 60, "what the line does makes no notifications");
}

#[test]
fn a_call_connects_at_every_speed_and_the_modem_is_hung_up() {
    for speed in [300, 1_200, 2_400, 9_600, 33_600, 115_200] {
        for has_lines in [true, false] {
            let mut world = over(&format!("speed={speed}"));
            world.has_lines = has_lines;
            world.run(LONG);
            assert_eq!(world.last(), Some((ConnState::Connected, 0)), "{speed} bit/s, lines {has_lines}");
            assert_eq!(world.connection.statistics(world.now).bps, speed);
            leaves_nothing(&mut world);
            assert_eq!(world.last(), Some((ConnState::Disconnected, 0)));
        }
    }
}

#[test]
fn a_server_calls_back_over_a_slow_line() {
    for speed in [300, 2_400, 33_600] {
        let mut world = Exchange::over(&format!("speed={speed}"), number(), Some(by_caller()));
        world.run(LONG);
        connected_by(&world, &called_back());
        assert_eq!(world.calls, [SERVER, CALLER], "{speed}");
        leaves_nothing(&mut world);
    }
}

#[test]
fn noise_costs_time_or_the_dial_and_leaves_nothing_behind() {
    let mut connected = 0;
    for speed in [300, 2_400, 33_600] {
        for noise in [5_000, 1_000, 300, 100, 20, 2] {
            let mut world = over(&format!("speed={speed},noise={noise}"));
            let from = world.now;
            world.run(LONG);
            let (state, code) = world.last().expect("something was told");
            let ways = [0, 718, 720, 721, 732, 829, 629, 691, 778];
            assert!(ways.contains(&code), "{speed} bit/s, one in {noise}: {state} {code}");
            assert_eq!(code == 0, state == ConnState::Connected, "{state}");
            assert!(world.now.since(from) < Duration::from_secs(600), "{speed} bit/s, one in {noise}");
            connected += u32::from(code == 0);
            leaves_nothing(&mut world);
        }
    }
    assert!(connected >= 6, "{connected}: little noise is borne");
}

#[test]
fn a_carrier_that_drops_at_any_moment_of_a_dial_is_629() {
    for has_lines in [true, false] {
        for second in 1..60 {
            let mut world = over(&format!("speed=300,carrier={second}s"));
            world.has_lines = has_lines;
            world.run(Duration::from_millis(second * 1_000 + 500));
            // Connected is where the others stop to look.
            while world.last().is_some_and(|(_, code)| code == 0) && world.now < Instant::from_millis(600_000) {
                world.run(Duration::from_secs(1));
                if world.last().is_some_and(|(state, _)| state == ConnState::Disconnected) {
                    break;
                }
            }
            let (state, code) = world.last().expect("something was told");
            assert_eq!(code, 629, "after {second} s, lines {has_lines}: {state}");
            leaves_nothing(&mut world);
        }
    }
}
