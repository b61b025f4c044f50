//! What a dial tells, in which order, and when it is held.

mod world;

use rasman_core::{AuthMethod, Cause, Code, ConnState, Detail, Duration, LayerName, StateClass};
use rasman_dial::{Command, DialPlan};
use rasman_ppp::Echo;
use world::*;

const SUCCESS: [ConnState; 14] = [
    ConnState::OpenPort,
    ConnState::PortOpened,
    ConnState::ConnectDevice,
    ConnState::DeviceConnected,
    ConnState::AllDevicesConnected,
    ConnState::Authenticate,
    ConnState::AuthNotify,
    ConnState::AuthAck,
    ConnState::Authenticated,
    ConnState::AuthNotify,
    ConnState::AuthProject,
    ConnState::Projected,
    ConnState::ApplySettings,
    ConnState::Connected,
];

fn with_handler(password: &str) -> DialPlan {
    DialPlan { handler: true, ..plan(password) }
}

#[test]
fn a19_a39_a40_each_state_is_told_once_in_order_and_connected_is_the_last() {
    let mut world = World::new(plan("wonderland"), server());
    world.settle();
    assert_eq!(world.states(), SUCCESS.map(|state| (state, 0)));
    assert!(world.told.iter().enumerate().all(|(index, (_, n))| n.seq == index as u64));
    assert_eq!(world.now.as_micros(), 0, "no timer decided anything");
    assert!(world.server_is_bound(), "the crypto binding was sent and is right");
    world.run_until(600_000);
    assert_eq!(world.told.len(), SUCCESS.len(), "nothing is told after Connected");
}

#[test]
fn a20_a39_a41_e11_a_wrong_password_is_told_twice_in_its_state_and_then_nothing() {
    let mut world = World::new(plan("wrong"), server());
    world.settle();
    let states = world.states();
    assert_eq!(states[states.len() - 2..], [(ConnState::AuthNotify, 0), (ConnState::AuthNotify, 691)]);
    let cause = world.told.last().and_then(|(_, n)| n.error.clone()).expect("an error");
    assert_eq!(cause.layer, LayerName::Auth);
    assert!(!cause.said.is_empty() && !cause.advice.is_empty(), "explained: {cause}");
    let told = world.told.len();
    world.run_until(600_000);
    assert_eq!(world.told.len(), told);
}

#[test]
fn a45_a46_h7_state_and_error_stay_readable_until_the_hang_up() {
    let mut world = World::new(plan("wrong"), server());
    world.run_until(60_000);
    assert!(!world.port_open, "the port is free although nobody has hung up yet");
    assert_eq!(world.finished, None);
    let status = world.connection.status();
    assert_eq!(
        (status.state, status.error.map(|c| c.code)),
        (ConnState::AuthNotify, Some(Code::AUTHENTICATION_FAILURE))
    );
    world.command(hang_up());
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::AUTHENTICATION_FAILURE));
}

#[test]
fn a24_nothing_is_told_and_no_state_changes_while_the_handler_runs() {
    for (stop_at, state) in SUCCESS.iter().enumerate().take(SUCCESS.len() - 1) {
        let mut world = World::new(with_handler("wonderland"), server());
        world.prompt = false;
        world.settle();
        for _ in 0..stop_at {
            world.handler_returns(true);
        }
        assert_eq!(world.told.len(), stop_at + 1, "one notification for each return");
        let held_in = world.connection.state();
        assert_eq!(held_in, *state);
        world.run_until(world.now.as_millis() + 1_000);
        assert_eq!((world.told.len(), world.connection.state()), (stop_at + 1, held_in));
        world.prompt = true;
        world.handler_returns(true);
        assert_eq!(world.last().1, ConnState::Connected, "held in {held_in}, it goes on");
    }
}

#[test]
fn a25_a_handler_of_sixty_seconds_at_authenticate_delays_the_dial_while_echoes_are_answered() {
    let mut config = server();
    config.ppp.echo = Some(Echo { interval: Duration::from_secs(5), failures: 3 });
    // A patient server: it repeats its challenge for longer than the handler runs.
    config.ppp.negotiation.max_configure = 100;
    config.ppp.negotiation.authentication = Duration::from_secs(300);
    // [MS-SSTP] 3.3.2: it waits 60 s for the Call Connected, which would be the very end of the handler.
    config.sstp.config.negotiation = Duration::from_secs(300);
    let mut world = World::new(with_handler("wonderland"), config);
    world.prompt = false;
    world.settle();
    while world.connection.state() != ConnState::Authenticate {
        world.handler_returns(true);
    }
    let told = world.told.len();
    world.run_until(60_000);
    assert_eq!((world.told.len(), world.connection.state()), (told, ConnState::Authenticate));
    assert!(world.echoes_answered >= 11, "{} echoes were answered", world.echoes_answered);
    world.prompt = true;
    world.handler_returns(true);
    assert_eq!(world.last(), (60_000, ConnState::Connected, 0));
}

#[test]
fn a25_a_handler_that_was_told_an_error_may_take_as_long_as_it_wants() {
    let mut world = World::new(with_handler("wrong"), server());
    world.run_until_told(10_000, |n| n.error.is_some());
    let told = world.told.len();
    // Never acknowledged: the handler shows a dialog box.
    world.run_until(3_600_000);
    assert_eq!(world.told.len(), told);
    assert_eq!(world.connection.status().error.map(|c| c.code), Some(Code::AUTHENTICATION_FAILURE));
    world.command(hang_up());
    assert!(world.finished.is_some());
}

#[test]
fn a24_the_peer_that_gives_up_while_the_handler_runs_is_the_next_notification() {
    let mut world = World::new(with_handler("wonderland"), server());
    world.prompt = false;
    world.settle();
    while world.connection.state() != ConnState::AllDevicesConnected {
        world.handler_returns(true);
    }
    let told = world.told.len();
    world.server_hangs_up();
    world.run_until(10_000);
    assert_eq!(world.told.len(), told, "held");
    world.handler_returns(true);
    assert_eq!(world.told.len(), told + 1);
    assert_eq!(world.last(), (10_000, ConnState::AllDevicesConnected, Code::REMOTE_DISCONNECTION.0));
}

#[test]
fn a31_a_handler_that_wants_no_more_calls_is_not_waited_for_again() {
    let mut world = World::new(with_handler("wonderland"), server());
    world.prompt = false;
    world.settle();
    world.handler_returns(false);
    world.run_until(1_000);
    assert_eq!(world.connection.state(), ConnState::Connected, "the dial goes on silently");
}

#[test]
fn a31_without_a_handler_a_question_becomes_its_error() {
    let mut world = World::new(DialPlan { paused_states: true, ..with_handler("wrong") }, server());
    world.prompt = false;
    world.settle();
    world.handler_returns(false);
    world.run_until(60_000);
    assert_eq!(world.connection.status().error.map(|c| c.code), Some(Code::AUTHENTICATION_FAILURE));
    assert_eq!(world.connection.state(), ConnState::AuthNotify);
}

#[test]
fn a24_an_acknowledgement_of_another_notification_releases_nothing() {
    let mut world = World::new(with_handler("wonderland"), server());
    world.prompt = false;
    world.settle();
    for seq in [1, 7, u64::MAX] {
        world.command(Command::HandlerDone { seq, more: true });
    }
    assert_eq!(world.told.len(), 1);
    world.command(Command::HandlerDone { seq: 0, more: true });
    world.command(Command::HandlerDone { seq: 0, more: true });
    assert_eq!(world.told.len(), 2, "one return, one notification");
}

#[test]
fn a52_the_device_is_known_at_connect_device() {
    let mut world = World::new(plan("wonderland"), server());
    world.settle();
    let at = |state| world.told.iter().find(|(_, n)| n.state == state).map(|(_, n)| n.detail.clone());
    let Some(Detail::Device(device)) = at(ConnState::ConnectDevice) else { panic!("no device") };
    assert_eq!((device.kind, &*device.name), ("vpn", "WAN Miniport (SSTP)"));
    assert_eq!(at(ConnState::Authenticated), Some(Detail::Authentication(AuthMethod::MsChapV2)));
}

#[test]
fn a53_j1_the_projection_is_known_from_projected_on_and_not_before() {
    let mut world = World::new(with_handler("wonderland"), server());
    world.prompt = false;
    world.settle();
    while world.connection.state() != ConnState::Projected {
        assert_eq!(world.connection.status().projection, None, "in {}", world.connection.state());
        world.handler_returns(true);
    }
    let projection = world.connection.status().projection.expect("known at Projected");
    assert_eq!(projection.local.to_string(), "10.99.0.2");
    assert_eq!(projection.dns, ["10.99.0.53".parse::<std::net::Ipv4Addr>().expect("an address")]);
}

#[test]
fn a22_a26_a30_every_notification_is_about_the_first_subentry() {
    let mut world = World::new(plan("wonderland"), server());
    world.settle();
    assert!(world.told.iter().all(|(_, n)| n.sub_entry == 1));
}

#[test]
fn a34_only_the_last_notification_is_terminal_and_none_is_paused_unless_asked_for() {
    let mut world = World::new(plan("wonderland"), server());
    world.settle();
    let (last, others) = world.told.split_last().expect("notifications");
    assert!(last.1.state.is_terminal());
    assert!(others.iter().all(|(_, n)| n.state.class() == StateClass::Running));
}

#[test]
fn e11_a_network_that_cannot_be_set_up_fails_in_apply_settings() {
    let mut world = World::new(plan("wonderland"), server());
    world.network_fails = Some(Cause::new(Code::PORT_ALREADY_OPEN, LayerName::Network).did("bound 127.0.0.1:1080"));
    world.run_until(10_000);
    assert_eq!(world.last().1, ConnState::ApplySettings);
    assert_eq!(world.last().2, 602);
    assert!(!world.port_open);
}
