//! Lines that do everything but what they should: each dial ends in a bounded time, with its number, with the port free and
//! the modem hung up.

use super::*;

/// Lets the line babble: at each moment what `octets` gives comes in, for so long, with every timeout at its own deadline.
fn babbles(world: &mut World, from_ms: u64, every_ms: u64, until_ms: u64, mut octets: impl FnMut(u64) -> Vec<u8>) {
    let mut at = from_ms;
    while at < until_ms && world.port.is_some() {
        world.run_until(at);
        world.says(&octets(at));
        at += every_ms;
    }
    world.run_until(until_ms);
}

/// The dial has ended with the code, and neither port nor modem is left to anybody.
fn assert_ended(world: &World, state: ConnState, code: u32) {
    assert_eq!(world.told.last(), Some(&(state, code)));
    assert_eq!((world.port, world.finished.is_some()), (None, state == ConnState::Disconnected));
    assert!(world.told.len() < 50, "what comes makes no notifications");
}

#[test]
fn an_hour_of_random_octets_in_the_place_of_a_modem_is_692() {
    let mut world = World::new(entry(vec![modem("1")]));
    // Nobody answers what is sent; noise comes instead, a burst each 100 ms.
    world.host = Some(("", "never"));
    world.dialled.push("nobody".into());
    let mut noise = SeededRng::new(7);
    babbles(&mut world, 0, 100, 3_600_000, |_| (0..40).map(|_| noise.u64().to_le_bytes()[0]).collect());
    assert_ended(&world, ConnState::ConnectDevice, 692);
}

#[test]
fn an_hour_of_random_octets_behind_connect_ends_lcp_with_its_code() {
    for has_lines in [false, true] {
        let mut world = World::new(entry(vec![modem("5551234")]));
        world.has_lines = has_lines;
        // Whoever answers speaks no PPP.
        world.host = Some(("", "never"));
        let mut noise = SeededRng::new(8);
        babbles(&mut world, 500, 100, 3_600_000, |_| (0..200).map(|_| noise.u64().to_le_bytes()[0]).collect());
        let (state, code) = *world.told.last().unwrap();
        assert!(state == ConnState::AllDevicesConnected && [718, 721].contains(&code), "{state} {code}");
        assert_ended(&world, state, code);
        assert_eq!(world.dtr_dropped, u32::from(has_lines), "the modem is hung up");
    }
}

#[test]
fn an_hour_of_random_octets_on_a_line_that_was_up_ends_it_by_its_echoes() {
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.run_until(5_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
    // Nobody is there any more but the noise.
    world.server = None;
    world.host = Some(("", "never"));
    let mut noise = SeededRng::new(9);
    babbles(&mut world, 5_000, 250, 3_600_000, |_| (0..100).map(|_| noise.u64().to_le_bytes()[0]).collect());
    assert_ended(&world, ConnState::Disconnected, 829);
}

#[test]
fn half_a_frame_and_then_silence_is_bounded() {
    for (before, code) in [(true, 721), (false, 829)] {
        let mut world = World::new(entry(vec![modem("5551234")]));
        if before {
            world.host = Some(("~\u{7f}}#\u{40}!}!}", "never"));
        }
        world.run_until(5_000);
        if !before {
            world.server = None;
            world.host = Some(("", "never"));
            world.says(b"~\xff}#\x00!E\x00");
        }
        world.run_until(600_000);
        let (state, told) = *world.told.last().unwrap();
        assert!(told == code || (before && told == 718), "{state} {told}");
        assert_ended(&world, state, told);
    }
}

#[test]
fn a_modem_that_answers_late_twice_or_in_another_order_connects_or_is_told() {
    // Each answer twice: those of the first commands are taken for those of the next, and the call is made all the same.
    for (words, times) in [("\r\nOK\r\n", 2), ("\r\nOK\r\n", 5)] {
        let mut world = World::new(entry(vec![modem("5551234")]));
        world.answers = words.repeat(times);
        world.run_until(20_000);
        assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)), "{times} times");
    }
    // CONNECT before it was told to dial is nothing; BUSY before it neither.
    for early in ["\r\nCONNECT 33600\r\n\r\nOK\r\n", "\r\nBUSY\r\n\r\nOK\r\n", "\r\nNO CARRIER\r\nRING\r\nOK\r\n"] {
        let mut world = World::new(entry(vec![modem("5551234")]));
        world.answers = early.into();
        world.run_until(20_000);
        assert_eq!((world.told.last(), world.dialled.len()), (Some(&(ConnState::Connected, 0)), 1), "{early}");
    }
    // So late that the dial is over: the port is, too, and nothing follows.
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.answers = String::new();
    world.run_until(60_000);
    assert_ended(&world, ConnState::ConnectDevice, 692);
    let told = world.told.len();
    world.says(b"\r\nOK\r\n\r\nCONNECT\r\n");
    world.run_until(600_000);
    assert_eq!(world.told.len(), told);
}

#[test]
fn a_peer_that_loops_everything_back_is_737_and_hung_up() {
    for has_lines in [false, true] {
        let mut world = World::new(entry(vec![modem("5551234")]));
        world.has_lines = has_lines;
        world.loops = true;
        world.run_until(120_000);
        assert_ended(&world, ConnState::AllDevicesConnected, 737);
        assert_eq!(world.dtr_dropped, u32::from(has_lines));
    }
}

#[test]
fn a_wrong_checksum_in_each_nth_frame_costs_time_and_no_connection() {
    for n in [3, 5, 7] {
        let mut world = World::new(entry(vec![modem("5551234")]));
        world.spoils = Some(n);
        world.run_until(120_000);
        assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)), "one in {n}");
    }
    // Where both ends repeat by turns, each second frame may be the same one each time. That ends as well.
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.spoils = Some(2);
    world.run_until(600_000);
    match *world.told.last().unwrap() {
        (ConnState::Connected, 0) => {}
        (state, code) => {
            assert_eq!(code, 718);
            assert_ended(&world, state, code);
        }
    }
    // Each of them: PPP never comes up, which is told as such.
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.spoils = Some(1);
    world.run_until(600_000);
    let (state, code) = *world.told.last().unwrap();
    assert!([718, 721].contains(&code), "{code}");
    assert_ended(&world, state, code);
}
