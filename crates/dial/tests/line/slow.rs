//! Lines that are slow: a peer that lives is not given up, one that does not is noticed, each in a bounded time.

use super::*;

/// Dials over a line of this speed, whose modem tells it.
fn connected(speed: u32) -> World {
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.speed = speed.max(300);
    world.numbers = vec![("5551234", Box::leak(format!("\r\nCONNECT {speed}\r\n").into_boxed_str()))];
    world.run_until(120_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)), "{speed}");
    world
}

/// Sends packets that nobody answers for so long, as fast as a port takes them that queues `queue` octets.
fn uploads(world: &mut World, until_ms: u64, queue: usize) {
    let mut out = Batch::new();
    while world.now < Instant::from_millis(until_ms) && world.port.is_some() {
        while world.up.on_its_way() < queue && world.connection.encap(world.now, &[0x45; 1_000], &mut out).is_ok() {
            world.sends(out.as_bytes());
            out.clear();
        }
        let next = world.now.as_millis() + 500;
        world.run_until(next);
    }
}

#[test]
fn a_peer_that_answers_behind_a_full_queue_lives() {
    // Some hold little, and some what a port of ours, a kernel and a modem hold.
    for (speed, queue, minutes) in [(300, 4_096, 120), (300, 20_000, 120), (2_400, 20_000, 60), (33_600, 20_000, 20)] {
        let mut world = connected(speed);
        uploads(&mut world, minutes * 60_000, queue);
        assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)), "{speed} bit/s, {queue} octets");
        assert!(world.answered > 0, "{speed}: echoes were answered");
    }
}

#[test]
fn a_peer_that_is_dead_is_noticed_the_sooner_the_faster_the_line_is() {
    // What is no speed of a line is none that waits go by.
    for (speed, idle_s, loaded_s) in
        [(1, 330, 1_500), (300, 330, 1_500), (2_400, 110, 260), (33_600, 80, 90), (115_200, 80, 80)]
    {
        for (uploading, within_s) in [(false, idle_s), (true, loaded_s)] {
            let mut world = connected(speed);
            world.silence();
            let from = world.now.as_millis();
            let limit = from + within_s * 1_000;
            if uploading {
                uploads(&mut world, limit, 20_000);
            }
            world.run_until(limit);
            assert_eq!(world.told.last(), Some(&(ConnState::Disconnected, 829)), "{speed}, uploading {uploading}");
            assert_eq!(world.port, None);
        }
    }
}

#[test]
fn a_modem_that_names_no_speed_is_taken_for_the_slowest_of_its_kind() {
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.speed = 300;
    world.numbers = vec![("5551234", "\r\nCONNECT\r\n")];
    world.run_until(120_000);
    uploads(&mut world, 3_600_000, 8_192);
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
}
