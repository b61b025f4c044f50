//! Hang-up at any moment, losses, and time limits.

mod world;

use rasman_auth::AccountState;
use rasman_core::{Cause, Code, ConnState, Duration, LayerName, Timeout};
use rasman_dial::{Command, Config, DialPlan, PortPhase};
use rasman_media::sstp;
use world::*;

/// The longest orderly disconnect.
const LIMIT_MS: u64 = 3_000;

fn held(password: &str) -> DialPlan {
    DialPlan { handler: true, ..plan(password) }
}

#[test]
fn h1_a42_a51_a_hang_up_in_every_stage_leaves_nothing_behind() {
    for stop_at in 0..14 {
        for released_first in [false, true] {
            let mut world = World::new(held("wonderland"), server());
            world.prompt = false;
            world.settle();
            for _ in 0..stop_at {
                if world.waiting.is_some() {
                    world.handler_returns(true);
                }
            }
            let stage = world.connection.state();
            world.prompt = released_first;
            world.command(hang_up());
            let start = world.now.as_millis();
            world.run_until(start + LIMIT_MS);
            assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::USER_DISCONNECTION), "from {stage}");
            assert!(!world.port_open, "from {stage}");
            assert_eq!((world.last().1, world.last().2), (ConnState::Disconnected, 0), "from {stage}");
            assert_eq!(world.connection.status().error.map(|c| c.code), Some(Code::USER_DISCONNECTION));
            assert_eq!(world.connection.poll_timeout(), None, "from {stage}");
            let told = world.told.len();
            world.command(hang_up());
            world.run_until(start + 100_000);
            assert_eq!(world.told.len(), told, "from {stage}");
        }
    }
}

#[test]
fn h4_a_hang_up_with_an_answering_server_takes_no_time_at_all() {
    let mut world = World::new(plan("wonderland"), server());
    world.settle();
    world.command(hang_up());
    assert!(world.finished.is_some(), "acknowledged, so no timer is waited for");
}

#[test]
fn h1_a_server_that_ignores_the_goodbye_is_left_after_the_limit() {
    let mut world = World::new(plan("wonderland"), server());
    world.run_until(1_000);
    world.server_falls_silent();
    world.command(hang_up());
    assert_eq!(world.finished, None);
    world.run_until(1_000 + LIMIT_MS - 1);
    assert_eq!(world.finished, None);
    world.run_until(1_000 + LIMIT_MS);
    assert!(world.finished.is_some() && !world.port_open);
}

#[test]
fn h16_the_reason_is_kept_remote_disconnect() {
    let mut world = World::new(plan("wonderland"), server());
    world.settle();
    world.server_hangs_up();
    world.run_until(10_000);
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::REMOTE_DISCONNECTION));
    assert_eq!((world.last().1, world.last().2), (ConnState::Disconnected, 629), "watchers are told");
}

#[test]
fn h15_a_server_that_takes_its_leave_is_told_at_once_though_its_goodbye_lingers() {
    let mut world = World::new(plan("wonderland"), server());
    world.settle();
    assert!(!world.ending);
    world.server_hangs_up();
    assert!(world.ending, "before anything else can refer to it");
}

#[test]
fn a41_a_server_that_starts_over_is_followed_in_silence() {
    let mut world = World::new(plan("wonderland"), server());
    world.settle();
    let told = world.told.len();
    world.server_starts_over(AccountState::Usable);
    world.run_until(10_000);
    assert_eq!((world.told.len(), world.connection.state()), (told, ConnState::Connected));
    assert!(world.connection.status().projection.is_some());
}

#[test]
fn h16_a_server_that_starts_over_and_refuses_us_ends_the_connection() {
    let mut world = World::new(plan("wonderland"), server());
    world.settle();
    world.server_starts_over(AccountState::Disabled);
    world.run_until(10_000);
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::ACCT_DISABLED));
}

#[test]
fn h16_the_reason_is_kept_broken_link() {
    let mut world = World::new(plan("wonderland"), server());
    world.settle();
    world.port_breaks();
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::LINK_FAILURE));
}

#[test]
fn h16_a_manager_that_stops_is_an_error_of_the_present_state() {
    let mut world = World::new(held("wonderland"), server());
    world.prompt = false;
    world.settle();
    while world.connection.state() != ConnState::Authenticate {
        world.handler_returns(true);
    }
    world.command(Command::HangUp(Cause::new(Code::RASMAN_SERVICE_STOPPED, LayerName::Manager)));
    world.run_until(10_000);
    assert_eq!((world.last().1, world.last().2), (ConnState::Authenticate, 834));
    assert_eq!(world.finished.map(|c| c.code), Some(Code::RASMAN_SERVICE_STOPPED));
}

#[test]
fn a48_the_port_of_a_program_that_has_ended_is_free_soon_though_the_server_is_silent() {
    let mut world = World::new(held("wonderland"), server());
    world.prompt = false;
    world.settle();
    while world.connection.state() != ConnState::Authenticate {
        world.handler_returns(true);
    }
    world.server_falls_silent();
    world.command(Command::Abandon(Cause::new(Code::USER_DISCONNECTION, LayerName::User)));
    let limit = Config::default().abandon;
    let end = world.now.as_millis() + u64::try_from(limit.as_millis()).expect("a short time");
    world.run_until(end - 1);
    assert!(world.finished.is_none(), "the server has its moment to answer");
    world.run_until(end);
    assert_eq!(world.finished.map(|c| c.code), Some(Code::USER_DISCONNECTION));
}

#[test]
fn e11_a_link_that_breaks_during_the_dial_fails_the_present_state() {
    let mut world = World::new(held("wonderland"), server());
    world.prompt = false;
    world.settle();
    while world.connection.state() != ConnState::Authenticate {
        world.handler_returns(true);
    }
    world.prompt = true;
    world.port_breaks();
    world.run_until(1_000);
    assert_eq!(world.last().1, ConnState::Authenticate);
    assert_ne!(world.last().2, 0);
}

/// Every stage has a limit, kept to the millisecond, with the code and the layer of its row.
#[test]
fn e11_a_silent_peer_ends_each_stage_at_its_limit() {
    let config = Config::default();
    let ms = |limit: Duration| u64::try_from(limit.as_millis()).expect("a short time");
    let rows = [
        (Reach::Hangs(PortPhase::Resolving), Mute::Never, ConnState::ConnectDevice, 868, ms(config.name)),
        (Reach::Hangs(PortPhase::Connecting), Mute::Never, ConnState::ConnectDevice, 809, ms(config.tcp)),
        (Reach::Hangs(PortPhase::Securing), Mute::Never, ConnState::ConnectDevice, 809, ms(config.tls)),
        (Reach::Silent, Mute::Never, ConnState::ConnectDevice, 809, ms(config.link)),
        // PPP's own counters end these first: RFC 1661 4.6, ten requests, three seconds each.
        (Reach::Ready, Mute::Ppp, ConnState::AllDevicesConnected, 721, 30_000),
        (Reach::Ready, Mute::Authentication, ConnState::Authenticate, 718, ms(config.authentication)),
        (Reach::Ready, Mute::Ipcp, ConnState::AuthProject, 718, 30_000),
    ];
    for (reach, mute, state, code, at) in rows {
        let mut world = World::new(plan("wonderland"), ServerConfig { reach, mute, ..server() });
        world.run_until(at - 1);
        assert_eq!((world.last().1, world.last().2), (state, 0), "one millisecond before {at}");
        world.run_until(at);
        assert_eq!(world.last(), (at, state, code));
        world.run_until(at + LIMIT_MS + 1);
        assert!(!world.port_open, "{state}: the port is free");
    }
}

#[test]
fn a25_a_limit_does_not_run_while_the_handler_does() {
    let config = ServerConfig { reach: Reach::Hangs(PortPhase::Resolving), ..server() };
    let mut world = World::new(held("wonderland"), config);
    world.prompt = false;
    world.settle();
    world.handler_returns(true);
    world.handler_returns(true);
    assert_eq!(world.connection.state(), ConnState::ConnectDevice);
    world.run_until(100_000);
    assert_eq!(world.last().2, 0);
    world.handler_returns(true);
    world.run_until(109_999);
    assert_eq!(world.last().2, 0);
    world.run_until(110_000);
    assert_eq!(world.last(), (110_000, ConnState::ConnectDevice, 868));
}

#[test]
fn e11_a_server_without_sstp_is_told_with_what_it_said() {
    let mut config = server();
    config.sstp.refusal = sstp::Refusal::HttpStatus(404);
    let mut world = World::new(plan("wonderland"), config);
    world.run_until(10_000);
    assert_eq!((world.last().1, world.last().2), (ConnState::ConnectDevice, 808));
    let cause = world.told.last().and_then(|(_, n)| n.error.clone()).expect("an error");
    assert!(cause.said.contains("404"), "{cause}");
}

#[test]
fn a20_a_port_that_cannot_be_opened_is_told_with_its_cause() {
    let cause = Cause::new(Code::CERT_CN_NO_MATCH, LayerName::Tls).said("certificate for other.example");
    let config = ServerConfig { reach: Reach::Fails(cause.clone()), ..server() };
    let mut world = World::new(plan("wonderland"), config);
    world.settle();
    let states = world.states();
    let code = Code::CERT_CN_NO_MATCH.0;
    assert_eq!(states[states.len() - 2..], [(ConnState::ConnectDevice, 0), (ConnState::ConnectDevice, code)]);
    assert_eq!(world.told.last().and_then(|(_, n)| n.error.clone()), Some(cause));
}

#[test]
fn a_timeout_names_what_it_is_for() {
    let config = ServerConfig { reach: Reach::Hangs(PortPhase::Connecting), ..server() };
    let mut world = World::new(plan("wonderland"), config);
    world.settle();
    let Some(Timeout { at, why }) = world.connection.poll_timeout() else { panic!("no timeout") };
    assert_eq!((at.as_millis(), why), (15_000, "opening the port"));
}
