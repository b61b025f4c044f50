//! Links that are lost and made again, and connections that idle.

mod world;

use rasman_auth::AccountState;
use rasman_core::{Cause, Code, ConnState, Duration, Instant, LayerName, Redial, Substate};
use rasman_dial::{Command, DialPlan};
use rasman_ppp::Echo;
use std::sync::Arc;
use world::*;

const A: &str = "vpn.example.com";
const B: &str = "b.example.com";

fn coming_back(alternates: &[&str]) -> DialPlan {
    plan_with("wonderland", alternates, Redial { on_link_failure: true, ..Redial::default() })
}

/// Connected for long enough that a loss is answered at once.
fn connected(plan: DialPlan) -> World {
    let mut world = World::new(plan, server());
    world.run_until(100_000);
    assert_eq!(world.connection.state(), ConnState::Connected);
    world
}

fn with_idle(plan: DialPlan, seconds: u64) -> DialPlan {
    let mut plan = plan;
    Arc::make_mut(&mut plan.entry).idle_disconnect = Some(Duration::from_secs(seconds));
    plan
}

#[test]
fn c5_a41_a_lost_link_is_made_again_at_once_and_only_watchers_are_told() {
    let mut world = connected(coming_back(&[]));
    let (told, projection) = (world.told.len(), world.connection.status().projection);
    assert!(projection.is_some());
    world.port_breaks();
    assert_eq!(world.substates, [(100_000, Substate::Reconnecting, 829), (100_000, Substate::Reconnected, 0)]);
    assert_eq!((world.told.len(), world.finished.is_some(), world.ending), (told, false, false));
    let status = world.connection.status();
    assert_eq!((status.state, status.substate), (ConnState::Connected, Substate::Reconnected));
    assert_eq!((status.projection, status.retrying, status.error), (projection, None, None));
    assert_eq!((world.ports_opened, world.networks), (2, 2), "the driver is asked about the network again");
    assert!(world.sends_packet(), "it carries again");
}

#[test]
fn h16_without_the_setting_a_lost_link_ends_the_connection() {
    let mut world = connected(plan("wonderland"));
    world.port_breaks();
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::LINK_FAILURE));
    assert!(world.substates.is_empty());
}

#[test]
fn c5_while_the_link_is_away_the_state_stays_connected_and_the_status_tells_the_rest() {
    let mut world = connected(coming_back(&[]));
    let projection = world.connection.status().projection;
    world.servers = vec![(A, ServerConfig { reach: Reach::Silent, ..server() })];
    world.port_breaks();
    let status = world.connection.status();
    assert_eq!((status.state, status.substate), (ConnState::Connected, Substate::Reconnecting));
    assert_eq!((status.projection, status.error), (projection, None));
    let retrying = status.retrying.expect("an attempt is under way");
    assert_eq!((retrying.attempt, retrying.of, retrying.pause), (1, None, None));
    assert_eq!(retrying.loss.map(|cause| cause.code), Some(Code::LINK_FAILURE));
    assert!(!world.connection.is_carrying() && !world.sends_packet());
    world.servers = vec![(A, unknown_name())];
    world.run_until(130_000);
    let status = world.connection.status();
    assert_eq!((status.state, status.substate), (ConnState::Connected, Substate::Dormant));
    let retrying = status.retrying.expect("it waits");
    assert_eq!((retrying.attempt, retrying.last.code, retrying.pause.is_some()), (2, Code::VPN_TIMEOUT, true));
    assert_eq!(retrying.loss.map(|cause| cause.code), Some(Code::LINK_FAILURE), "the loss itself is kept");
}

/// The pauses: none, then from half of 2, 4, 8 .. 60 s to all of it, for ever.
#[test]
fn attempts_come_in_growing_pauses_with_jitter_and_never_end() {
    let mut world = connected(coming_back(&[]));
    world.servers = vec![(A, unknown_name())];
    world.port_breaks();
    world.run_until(100_000 + 3_600_000);
    let at: Vec<u64> = world.dialled.iter().skip(1).map(|(at, _)| *at).collect();
    assert_eq!(at[0], 100_000, "the first one at once");
    let pauses: Vec<u64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (pause, longest) in pauses.iter().zip([2_000, 4_000, 8_000, 16_000, 32_000].into_iter().chain([60_000; 1_000]))
    {
        assert!((longest / 2..=longest).contains(pause), "{pause} of {longest}: {pauses:?}");
    }
    assert!((60..=130).contains(&pauses.len()), "{} in an hour", pauses.len());
    let late = &pauses[5..];
    assert!(late.iter().any(|pause| *pause != late[0]), "they differ");
    assert_eq!((world.connection.state(), world.finished.is_some()), (ConnState::Connected, false));
    world.servers.clear();
    let now = world.now.as_millis();
    world.run_until(now + 60_000);
    assert_eq!(world.connection.status().substate, Substate::Reconnected);
}

#[test]
fn watchers_are_told_each_attempt_and_each_wait_with_its_reason() {
    let mut world = connected(coming_back(&[]));
    world.servers = vec![(A, unknown_name())];
    world.port_breaks();
    world.run_until(103_000);
    let told: Vec<_> = world.substates.iter().map(|(_, substate, code)| (*substate, *code)).collect();
    let first = [
        (Substate::Reconnecting, 829),
        (Substate::Dormant, 868),
        (Substate::Reconnecting, 868),
        (Substate::Dormant, 868),
    ];
    assert_eq!(told[..4], first);
}

/// A server that takes us and drops us is not dialled without a pause.
#[test]
fn a_link_that_is_lost_again_soon_has_the_pauses_go_on() {
    let mut world = connected(coming_back(&[]));
    for _ in 0..6 {
        world.port_breaks();
        let start = world.now.as_millis();
        for ms in (start..start + 120_000).step_by(100) {
            world.run_until(ms);
            if world.connection.is_carrying() {
                break;
            }
        }
        assert!(world.connection.is_carrying());
    }
    let at: Vec<u64> = world.dialled.iter().skip(1).map(|(at, _)| *at).collect();
    let pauses: Vec<u64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        pauses.iter().zip([1_000, 2_000, 4_000, 8_000, 16_000]).all(|(pause, least)| *pause >= least),
        "{pauses:?}"
    );
    // After it stood for long enough, a loss is answered at once again.
    let now = world.now.as_millis();
    world.run_until(now + 60_000);
    world.port_breaks();
    assert_eq!(world.dialled.last().map(|(at, _)| *at), Some(now + 60_000));
}

#[test]
fn m8_a_round_after_a_loss_begins_with_the_server_that_carried() {
    let mut world = World::new(coming_back(&[B, "c.example.com"]), server());
    world.servers = vec![(A, unknown_name())];
    world.run_until(100_000);
    assert_eq!(world.connection.status().medium, 1);
    world.servers = vec![(A, unknown_name()), (B, unknown_name()), ("c.example.com", unknown_name())];
    world.port_breaks();
    let servers: Vec<_> = world.dialled.iter().skip(2).map(|(at, server)| (*at, server.as_str())).collect();
    assert_eq!(servers, [(100_000, B), (100_000, "c.example.com"), (100_000, A)]);
    world.servers = vec![(B, unknown_name())];
    world.run_until(102_000);
    assert_eq!(world.connection.status().medium, 2);
    assert!(world.connection.is_carrying());
}

#[test]
fn h16_refused_credentials_end_a_connection_that_comes_back() {
    let mut world = connected(coming_back(&[B]));
    world.servers = vec![(A, server_with(AccountState::Disabled))];
    world.port_breaks();
    world.run_until(200_000);
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::ACCT_DISABLED));
    assert_eq!((world.last().1, world.last().2), (ConnState::Disconnected, 647));
    assert_eq!(world.dialled.len(), 2, "asked once");
    let did = world.finished.map(|cause| cause.did).unwrap_or_default();
    assert!(did.starts_with("lost the link (829, "), "{did}");
}

#[test]
fn p1_nobody_is_asked_once_connected() {
    let mut world = connected(DialPlan { paused_states: true, ..coming_back(&[]) });
    world.servers = vec![(A, server_with(AccountState::Disabled))];
    world.port_breaks();
    world.run_until(200_000);
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::ACCT_DISABLED));
}

#[test]
fn h16_the_servers_own_goodbye_is_a_loss_as_well() {
    let mut world = connected(coming_back(&[]));
    world.server_hangs_up();
    world.run_until(102_000);
    assert_eq!(world.substates.first().map(|told| told.1), Some(Substate::Reconnecting));
    assert_eq!(world.substates.last().map(|told| told.1), Some(Substate::Reconnected));
    assert!(!world.ending);
}

#[test]
fn h1_h16_a_hang_up_in_any_moment_of_an_outage_ends_it_at_once() {
    let reaches = [Reach::Hangs(rasman_dial::PortPhase::Resolving), Reach::Silent];
    for reach in reaches {
        let mut world = connected(coming_back(&[]));
        world.servers = vec![(A, ServerConfig { reach, ..server() })];
        world.port_breaks();
        world.run_until(101_000);
        world.command(hang_up());
        world.run_until(105_000);
        assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::USER_DISCONNECTION));
        assert_eq!((world.last().1, world.last().2), (ConnState::Disconnected, 0));
        assert_eq!((world.connection.poll_timeout(), world.port_open), (None, false));
    }
    let mut world = connected(coming_back(&[]));
    world.servers = vec![(A, unknown_name())];
    world.port_breaks();
    world.run_until(100_500);
    assert_eq!(world.connection.status().substate, Substate::Dormant);
    world.command(Command::HangUp(Cause::new(Code::RASMAN_SERVICE_STOPPED, LayerName::Manager)));
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::RASMAN_SERVICE_STOPPED));
    assert_eq!(world.last(), (100_500, ConnState::Disconnected, 834));
    assert_eq!(world.connection.status().substate, Substate::None);
}

#[test]
fn a24_a_handler_is_not_run_and_not_waited_for_during_an_outage() {
    let mut world = connected(DialPlan { handler: true, ..coming_back(&[]) });
    world.prompt = false;
    let told = world.told.len();
    world.port_breaks();
    assert_eq!((world.connection.status().substate, world.told.len()), (Substate::Reconnected, told));
}

#[test]
fn t1_statistics_go_on_counting_over_an_outage() {
    let mut world = connected(coming_back(&[]));
    assert!(world.sends_packet());
    world.servers = vec![(A, unknown_name())];
    world.port_breaks();
    world.run_until(110_000);
    world.servers.clear();
    world.run_until(200_000);
    assert!(world.sends_packet());
    let statistics = world.connection.statistics(world.now);
    assert_eq!((statistics.packets_sent, statistics.connected), (2, Duration::from_secs(200)));
}

#[test]
fn b15_h16_a_connection_without_traffic_ends_with_828_to_the_millisecond() {
    let mut world = World::new(with_idle(plan("wonderland"), 300), server());
    world.run_until(299_999);
    assert_eq!(world.connection.state(), ConnState::Connected);
    world.run_until(300_000);
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::IDLE_TIMEOUT));
    assert_eq!(world.last(), (300_000, ConnState::Disconnected, 828));
}

fn with_session(plan: DialPlan, seconds: u64) -> DialPlan {
    let mut plan = plan;
    Arc::make_mut(&mut plan.entry).session_limit = Some(Duration::from_secs(seconds));
    plan
}

#[test]
fn h16_a_session_ends_at_its_limit_whatever_is_carried_with_932() {
    let mut world = World::new(with_session(with_idle(plan("wonderland"), 300), 600), server());
    for ms in (0..600_000).step_by(100_000) {
        world.run_until(ms);
        assert!(world.sends_packet());
    }
    world.run_until(599_999);
    assert_eq!(world.connection.state(), ConnState::Connected);
    world.run_until(600_000);
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::PPP_SESSION_TIMEOUT));
    assert_eq!(world.last(), (600_000, ConnState::Disconnected, 932));
    assert_eq!(world.connection.poll_timeout(), None);
}

#[test]
fn h16_a_limit_of_the_session_counts_outages_and_is_no_loss() {
    let mut world = connected(with_session(coming_back(&[]), 300));
    world.run_until(100_000);
    world.servers = vec![(A, unknown_name())];
    world.port_breaks();
    world.run_until(299_999);
    assert_eq!((world.connection.state(), world.finished.is_none()), (ConnState::Connected, true));
    world.run_until(300_000);
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::PPP_SESSION_TIMEOUT));
    let dialled = world.dialled.len();
    world.run_until(600_000);
    assert_eq!(world.dialled.len(), dialled, "nothing is dialled any more");
}

#[test]
fn b15_packets_of_either_direction_put_the_end_off() {
    let mut world = World::new(with_idle(plan("wonderland"), 300), server());
    world.run_until(200_000);
    assert!(world.sends_packet());
    world.run_until(450_000);
    world.receives_packet();
    assert_eq!(world.connection.statistics(world.now).packets_received, 1);
    world.run_until(749_999);
    assert_eq!(world.connection.state(), ConnState::Connected);
    world.run_until(750_000);
    assert_eq!(world.last(), (750_000, ConnState::Disconnected, 828));
}

#[test]
fn b15_a_packet_moves_no_timer() {
    let mut world = World::new(with_idle(plan("wonderland"), 300), server());
    world.run_until(59_000);
    let armed = world.connection.poll_timeout();
    for ms in 59_000..59_100 {
        world.now = Instant::from_millis(ms);
        assert!(world.sends_packet());
    }
    assert_eq!(world.connection.poll_timeout(), armed);
}

#[test]
fn b15_echoes_of_the_protocols_are_no_traffic() {
    let mut config = server();
    config.ppp.echo = Some(Echo { interval: Duration::from_secs(5), failures: 3 });
    let mut world = World::new(with_idle(plan("wonderland"), 300), config);
    world.run_until(300_000);
    assert!(world.echoes_answered > 50);
    assert_eq!(world.last(), (300_000, ConnState::Disconnected, 828));
}

#[test]
fn b15_idle_is_no_loss() {
    let mut world = World::new(with_idle(coming_back(&[]), 300), server());
    world.run_until(600_000);
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::IDLE_TIMEOUT));
    assert_eq!((world.substates.len(), world.dialled.len()), (0, 1));
}

#[test]
fn b15_an_outage_is_not_idleness_and_the_limit_starts_anew_behind_it() {
    let mut world = connected(with_idle(coming_back(&[]), 300));
    world.servers = vec![(A, unknown_name())];
    world.port_breaks();
    world.run_until(1_000_000);
    assert_eq!(world.connection.state(), ConnState::Connected);
    world.servers.clear();
    world.run_until(1_100_000);
    let back = world.substates.last().map(|told| told.0).expect("back");
    world.run_until(back + 299_999);
    assert_eq!(world.connection.state(), ConnState::Connected);
    // The pauses are drawn to the microsecond.
    world.run_until(back + 300_001);
    assert_eq!((world.last().1, world.last().2), (ConnState::Disconnected, 828));
}

#[test]
fn b15_no_limit_and_a_limit_of_nothing_are_never() {
    for plan in [plan("wonderland"), with_idle(plan("wonderland"), 0)] {
        let mut world = World::new(plan, server());
        world.run_until(30 * 86_400_000 / 100);
        assert_eq!(world.connection.state(), ConnState::Connected);
    }
}
