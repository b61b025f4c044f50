//! Dials over a serial line: a modem's states, its failures, and what happens to a line that is up.

mod hostile;
mod scripts;
mod slow;
mod terminals;
mod world;

use rasman_core::*;
use rasman_dial::*;
use rasman_ppp::{self as ppp, Ppp};
use rasman_testkit::SeededRng;
use std::net::Ipv4Addr;
use std::sync::Arc;
use world::*;

#[test]
fn a_modem_goes_through_its_states_in_their_order() {
    let mut world = World::new(entry(vec![modem("555-1234")]));
    world.run_until(5_000);
    let states: Vec<_> = world.told.iter().map(|(state, error)| (state.name(), *error)).collect();
    let expected = [
        "OpenPort",
        "PortOpened",
        "ConnectDevice",
        "DeviceConnected",
        "AllDevicesConnected",
        "Authenticate",
        "AuthNotify",
        "AuthAck",
        "Authenticated",
        "AuthNotify",
        "AuthProject",
        "Projected",
        "ApplySettings",
        "Connected",
    ];
    assert_eq!(states, expected.map(|state| (state, 0)));
    let Detail::Device(device) = &world.details[2] else { panic!("{:?}", world.details[2]) };
    assert_eq!((device.kind, &*device.name), ("modem", "Standard 56000 bps Modem"));
    assert_eq!(world.connection.status().device, *device);
    assert_eq!(world.dialled, ["5551234"]);
    let mut out = Batch::new();
    world.connection.encap(world.now, &[0x45; 20], &mut out).unwrap();
    // Address and control are left out, and the protocol takes one octet: both ends asked for it.
    assert_eq!(out.as_bytes()[..3], [0x7e, 0x21, 0x45]);
}

#[test]
fn what_the_modem_says_is_told_in_connect_device() {
    for (says, code) in [("BUSY", 676), ("NO ANSWER", 678), ("NO CARRIER", 679), ("NO DIALTONE", 680), ("ERROR", 651)] {
        let mut world = World::new(entry(vec![modem("1")]));
        let line: &'static str = Box::leak(format!("\r\n{says}\r\n").into_boxed_str());
        world.numbers = vec![("1", line)];
        world.run_until(1_000);
        assert_eq!(world.told[2..], [(ConnState::ConnectDevice, 0), (ConnState::ConnectDevice, code)], "{says}");
        assert_eq!(world.port, None, "the port is free");
        assert_eq!(world.connection.status().error.unwrap().layer, LayerName::Modem);
    }
}

#[test]
fn a_port_that_is_taken_is_told_in_open_port() {
    let mut world = World::new(entry(vec![modem("1")]));
    world.no_port = Some(Cause::new(Code::PORT_NOT_AVAILABLE, LayerName::Port).said("used by minicom (4711)"));
    world.run_until(1_000);
    assert_eq!(world.told, [(ConnState::OpenPort, 0), (ConnState::OpenPort, 633)]);
}

#[test]
fn alternates_are_dialled_in_their_order() {
    let mut entry = entry(vec![modem("1"), modem("2"), modem("5551234")]);
    entry.promote_alternates = true;
    let mut world = World::new(entry);
    world.run_until(10_000);
    assert_eq!(world.dialled, ["1", "2", "5551234"]);
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
    assert_eq!(world.connection.status().medium, 2);
}

#[test]
fn redial_waits_as_the_entry_says_and_a_wrong_password_is_not_dialled_twice() {
    let mut busy = entry(vec![modem("1")]);
    busy.redial = Redial { attempts: 2, pause: Duration::from_secs(60), on_link_failure: false };
    let mut world = World::new(busy.clone());
    world.run_until(59_000);
    assert_eq!(world.dialled.len(), 1);
    world.run_until(119_000);
    assert_eq!(world.dialled.len(), 2);
    world.run_until(600_000);
    assert_eq!((world.dialled.len(), world.told.last()), (3, Some(&(ConnState::ConnectDevice, 676))));
    busy.medium = modem("5551234");
    let mut world = World::new(busy);
    world.connection = {
        let mut other = World::new(entry(vec![modem("5551234")]));
        std::mem::swap(&mut other.connection, &mut world.connection);
        let plan_entry =
            Arc::new(Entry { redial: Redial { attempts: 2, ..Redial::default() }, ..entry(vec![modem("5551234")]) });
        let credentials = Credentials { user: "alice".into(), password: "wrong".into(), ..Default::default() };
        let config = Config::default();
        let tunnels = std::sync::Arc::new(rasman_dial::NoTunnels);
        let plan = DialPlan { entry: plan_entry, credentials, handler: false, paused_states: false, config, tunnels };
        Connection::dial(plan, Box::new(|| Box::new(SeededRng::new(5))), Instant::ZERO)
    };
    world.run_until(600_000);
    assert_eq!((world.dialled.len(), world.told.last()), (1, Some(&(ConnState::AuthNotify, 691))));
}

#[test]
fn a_hang_up_drops_dtr_where_there_is_one_and_escapes_where_not() {
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.has_lines = true;
    world.run_until(5_000).hang_up().run_until(5_000);
    assert_eq!(world.server.as_ref().map(|_| ()), None, "the server has answered the goodbye");
    assert_eq!((world.dtr_dropped, world.told.last()), (1, Some(&(ConnState::Disconnected, 0))));
    assert_eq!(world.finished.as_ref().map(|cause| cause.code), Some(Code::USER_DISCONNECTION));
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.run_until(5_000).hang_up().run_until(5_500);
    assert_eq!(world.finished, None, "the modem is being told");
    world.run_until(8_000);
    assert!(world.finished.is_some() && world.port.is_none(), "within the limit of an orderly disconnect");
}

#[test]
fn a_lost_carrier_ends_the_connection_with_629() {
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.run_until(5_000);
    world.server = None;
    world.says(b"\r\nNO CARRIER\r\n");
    world.run_until(10_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Disconnected, 629)));
}

#[test]
fn a_line_that_falls_silent_is_noticed_by_echoes() {
    let mut world = World::new(entry(vec![modem("5551234")]));
    world.run_until(5_000);
    world.server.as_mut().unwrap().1 = Ppp::client(ppp::ClientConfig::default(), Box::new(SeededRng::new(1)));
    world.run_until(300_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Disconnected, 829)));
}

#[test]
fn a_cable_between_two_machines_needs_no_modem() {
    let mut world = World::new(entry(vec![Medium::Serial(line(LineDevice::Direct))]));
    world.answer();
    world.run_until(5_000);
    assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
    let Detail::Device(device) = &world.details[2] else { panic!("{:?}", world.details[2]) };
    assert_eq!(device.kind, "null");
}

#[test]
fn our_own_packets_coming_back_are_737() {
    let mut world = World::new(entry(vec![Medium::Serial(line(LineDevice::Direct))]));
    for _ in 0..100 {
        let mut out = Batch::new();
        world.step();
        // What it sends is what it hears.
        while world.connection.poll_transmit(world.now, &mut out).is_some() {}
        let echo = std::mem::take(&mut world.command);
        world.says(&[&echo[..], out.as_bytes()].concat());
        let now = world.now + Duration::from_secs(1);
        world.now = now;
        world.connection.handle_timeout(now);
    }
    world.step();
    assert_eq!(world.told.last(), Some(&(ConnState::AllDevicesConnected, 737)));
}

#[test]
fn frames_have_32_bits_in_each_direction_that_asks_and_16_where_nobody_does() {
    use ppp::Checksum::{Carrier, Fcs16, Fcs32};
    for (asks, server, sent) in
        [(true, Fcs32, 4), (false, Fcs32, 4), (true, Fcs16, 2), (false, Fcs16, 2), (true, Carrier, 2)]
    {
        for spoils in [None, Some(5)] {
            let Medium::Serial(mut settings) = modem("5551234") else { unreachable!("made as one") };
            settings.fcs32 = asks;
            let mut world = World::new(entry(vec![Medium::Serial(settings)]));
            (world.checksum, world.spoils) = (server, spoils);
            world.run_until(120_000);
            assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)), "{asks} {server:?} {spoils:?}");
            let mut out = Batch::new();
            world.connection.encap(world.now, &[0x45; 20], &mut out).unwrap();
            // Two flags and the protocol go with the packet, and what of the checksum is escaped.
            let escaped = out.as_bytes().iter().filter(|octet| **octet == 0x7d).count();
            assert_eq!(out.as_bytes().len() - escaped, 20 + 3 + sent, "{asks} {server:?}");
            let before = world.server_packets;
            world.sends(out.as_bytes());
            assert_eq!(world.server_packets, before + 1, "it can be read");
            let now = world.now.as_millis();
            world.spoils = None;
            world.hang_up().run_until(now + 5_000);
            assert_eq!(world.told.last(), Some(&(ConnState::Disconnected, 0)));
        }
    }
}

#[test]
fn an_idle_line_and_one_whose_time_is_up_are_hung_up() {
    let minute = Some(Duration::from_secs(60));
    for (idle, session, code) in [(minute, None, 828), (None, minute, 932)] {
        for has_lines in [false, true] {
            let mut entry = entry(vec![modem("5551234")]);
            (entry.idle_disconnect, entry.session_limit) = (idle, session);
            let mut world = World::new(entry);
            world.has_lines = has_lines;
            world.run_until(59_000);
            assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)), "{code}: echoes are no packets");
            world.run_until(70_000);
            assert_eq!(world.told.last(), Some(&(ConnState::Disconnected, code)));
            assert_eq!((world.port, world.dtr_dropped), (None, u32::from(has_lines)));
            assert_eq!(world.dialled.len(), 1, "nobody dials again");
        }
    }
}

#[test]
fn the_number_that_connected_goes_first_where_the_entry_says_so() {
    for promotes in [false, true] {
        let mut entry = entry(vec![modem("1"), modem("5551234")]);
        entry.promote_alternates = promotes;
        let mut world = World::new(entry);
        world.run_until(10_000);
        assert_eq!(world.told.last(), Some(&(ConnState::Connected, 0)));
        assert_eq!(world.promoted, if promotes { vec![0] } else { vec![] }, "alternates count from 0");
    }
}
