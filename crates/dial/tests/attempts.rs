//! Alternates, and further attempts of a dial that has not connected.

mod world;

use rasman_auth::AccountState;
use rasman_core::{Answer, Cause, Code, ConnState, Detail, Duration, LayerName, Redial};
use rasman_dial::{Command, DialPlan, PortPhase};
use rasman_media::sstp;
use world::*;

const A: &str = "vpn.example.com";
const B: &str = "b.example.com";
const C: &str = "c.example.com";

fn redial(attempts: u32, seconds: u64) -> Redial {
    Redial { attempts, pause: Duration::from_secs(seconds), on_link_failure: false }
}

fn alternates(password: &str) -> DialPlan {
    plan_with(password, &[B, C], Redial::default())
}

fn dialled(world: &World) -> Vec<(u64, &str)> {
    world.dialled.iter().map(|(at, server)| (*at, server.as_str())).collect()
}

fn last_cause(world: &World) -> Cause {
    world.told.last().and_then(|(_, n)| n.error.clone()).expect("an error")
}

#[test]
fn m8_a34_a39_the_next_server_is_tried_at_once_and_no_error_is_told_in_between() {
    let mut world = World::new(alternates("wonderland"), server());
    world.servers = vec![(A, unknown_name())];
    world.settle();
    assert_eq!(dialled(&world), [(0, A), (0, B)]);
    assert_eq!(world.last(), (0, ConnState::Connected, 0));
    assert!(world.states().iter().all(|(_, error)| *error == 0), "{:?}", world.states());
    let again: Vec<_> = world.told.iter().filter(|(_, n)| n.state == ConnState::OpenPort).collect();
    let trying = Detail::Trying { server: B.to_owned(), medium: 2, of: 3, last: Code::DNSNAME_NOT_RESOLVABLE };
    assert_eq!((again.len(), &again[1].1.detail), (2, &trying));
    assert!(world.told.iter().enumerate().all(|(index, (_, n))| n.seq == index as u64), "one dial, one count");
    assert_eq!((world.connection.status().medium, world.connection.status().retrying), (1, None));
    assert_eq!(world.promoted, [] as [usize; 0], "not asked for");
}

#[test]
fn m8_each_way_to_have_no_link_leads_to_the_next_server() {
    let refused = |status| ServerConfig { sstp: sstp_refusing(status), ..server() };
    let rows = [
        ("name", unknown_name(), 0),
        ("name, silent", ServerConfig { reach: Reach::Hangs(PortPhase::Resolving), ..server() }, 10_000),
        ("TCP", ServerConfig { reach: Reach::Hangs(PortPhase::Connecting), ..server() }, 15_000),
        ("TLS", ServerConfig { reach: Reach::Hangs(PortPhase::Securing), ..server() }, 15_000),
        ("SSTP, silent", ServerConfig { reach: Reach::Silent, ..server() }, 30_000),
        ("HTTP", refused(503), 0),
        ("LCP", ServerConfig { mute: Mute::Ppp, ..server() }, 30_000),
        ("authentication, silent", ServerConfig { mute: Mute::Authentication, ..server() }, 30_000),
        ("IPCP", ServerConfig { mute: Mute::Ipcp, ..server() }, 30_000),
    ];
    for (what, config, at) in rows {
        let mut world = World::new(alternates("wonderland"), server());
        world.servers = vec![(A, config)];
        world.run_until(at);
        assert_eq!(dialled(&world), [(0, A), (at, B)], "{what}");
        assert_eq!(world.last(), (at, ConnState::Connected, 0), "{what}");
        world.run_until(at + 600_000);
        assert!(world.port_open && world.connection.state() == ConnState::Connected, "{what}: and it stays");
    }
}

fn sstp_refusing(status: u16) -> sstp::ServerConfig {
    sstp::ServerConfig { refusal: sstp::Refusal::HttpStatus(status), ..Default::default() }
}

#[test]
fn m8_a20_the_last_error_is_told_in_its_state_and_names_all_servers() {
    let mut world = World::new(alternates("wonderland"), server());
    let timeout = Cause::new(Code::VPN_TIMEOUT, LayerName::Tcp).did("tried to connect");
    world.servers = vec![
        (A, unknown_name()),
        (B, ServerConfig { reach: Reach::Fails(timeout), ..server() }),
        (C, ServerConfig { sstp: sstp_refusing(404), ..server() }),
    ];
    world.run_until(1_000);
    assert_eq!(dialled(&world), [(0, A), (0, B), (0, C)]);
    assert_eq!((world.last().1, world.last().2), (ConnState::ConnectDevice, 808));
    let cause = last_cause(&world);
    let all = "tried 3 servers: vpn.example.com (868, name resolution), b.example.com (809, TCP), \
               c.example.com (808, HTTP); ";
    assert!(cause.did.starts_with(all), "{}", cause.did);
    assert!(cause.said.contains("404"), "{cause}");
    assert!(!world.port_open);
    let told = world.told.len();
    world.run_until(600_000);
    assert_eq!((world.told.len(), world.dialled.len()), (told, 3), "and that is the end");
}

#[test]
fn m8_an_explanation_stays_short_however_many_servers_there_are() {
    let many: Vec<String> = (0..500).map(|n| format!("server-{n}.example.com")).collect();
    let names: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut world = World::new(plan_with("wonderland", &names, Redial::default()), unknown_name());
    world.settle();
    assert_eq!(world.dialled.len(), 501);
    let cause = last_cause(&world);
    assert!(cause.did.contains("494 more") && cause.did.len() < 500, "{}", cause.did);
}

#[test]
fn m8_refused_credentials_are_offered_to_nobody_else_and_never_again() {
    for (state, code) in [
        (AccountState::Usable, 691),
        (AccountState::Disabled, 647),
        (AccountState::PasswordExpired, 648),
        (AccountState::NoDialIn, 649),
        (AccountState::RestrictedHours, 646),
    ] {
        let password = if code == 691 { "wrong" } else { "wonderland" };
        let mut world = World::new(plan_with(password, &[B, C], redial(5, 1)), server_with(state));
        world.run_until(600_000);
        assert_eq!(dialled(&world), [(0, A)], "{code}");
        assert_eq!(world.last(), (0, ConnState::AuthNotify, code));
    }
}

#[test]
fn m8_a_refusal_by_an_alternate_tells_what_failed_before() {
    let mut world = World::new(alternates("wrong"), server());
    world.servers = vec![(A, unknown_name())];
    world.settle();
    assert_eq!((world.last().1, world.last().2), (ConnState::AuthNotify, 691));
    let cause = last_cause(&world);
    assert!(cause.did.starts_with("tried 2 servers: vpn.example.com (868, name resolution), "), "{}", cause.did);
}

#[test]
fn m8_h1_a_hang_up_while_an_alternate_is_tried_ends_the_dial() {
    let mut world = World::new(alternates("wonderland"), server());
    world.servers = vec![(A, unknown_name()), (B, ServerConfig { reach: Reach::Silent, ..server() })];
    world.run_until(5_000);
    assert_eq!(dialled(&world), [(0, A), (0, B)]);
    world.command(hang_up());
    world.run_until(600_000);
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::USER_DISCONNECTION));
    assert_eq!(world.dialled.len(), 2);
}

#[test]
fn m8_an_alternate_that_connected_is_promoted_if_the_entry_says_so() {
    let mut plan = alternates("wonderland");
    std::sync::Arc::make_mut(&mut plan.entry).promote_alternates = true;
    let mut world = World::new(plan, server());
    world.servers = vec![(A, unknown_name()), (B, unknown_name())];
    world.settle();
    assert_eq!(world.promoted, [1], "the second alternate");
}

#[test]
fn m8_the_entrys_own_server_is_not_promoted() {
    let mut plan = alternates("wonderland");
    std::sync::Arc::make_mut(&mut plan.entry).promote_alternates = true;
    let mut world = World::new(plan, server());
    world.settle();
    assert_eq!((world.last().1, world.promoted.len()), (ConnState::Connected, 0));
}

#[test]
fn a24_the_handler_holds_the_dial_before_the_next_server_as_well() {
    let mut world = World::new(DialPlan { handler: true, ..alternates("wonderland") }, server());
    world.servers = vec![(A, unknown_name())];
    world.prompt = false;
    world.settle();
    for _ in 0..3 {
        world.handler_returns(true);
    }
    assert_eq!(world.last(), (0, ConnState::OpenPort, 0), "again, and held");
    world.run_until(50_000);
    assert_eq!(dialled(&world), [(0, A)]);
    world.prompt = true;
    world.handler_returns(true);
    assert_eq!(dialled(&world), [(0, A), (50_000, B)]);
    assert_eq!(world.last(), (50_000, ConnState::Connected, 0));
}

#[test]
fn a_late_word_about_the_port_of_the_first_server_is_not_taken_for_one_about_the_second() {
    let mut world = World::new(alternates("wonderland"), server());
    world.servers = vec![(A, unknown_name()), (B, ServerConfig { reach: Reach::Silent, ..server() })];
    world.settle();
    let reset = Cause::new(Code::LINK_FAILURE, LayerName::Tcp);
    world.command(Command::PortClosed(rasman_core::PortId(0), rasman_core::PortClosed::Failed(reset)));
    assert_eq!(dialled(&world), [(0, A), (0, B)], "the second server is still tried");
}

#[test]
fn a_server_that_is_left_is_told_goodbye() {
    let mut world = World::new(alternates("wonderland"), server());
    world.servers = vec![(A, ServerConfig { mute: Mute::Authentication, ..server() })];
    world.run_until(30_000);
    assert_eq!(dialled(&world), [(0, A), (30_000, B)]);
    assert!(world.goodbyes_heard >= 1, "the port carried it before it closed");
}

#[test]
fn s1_an_entry_with_further_attempts_is_dialled_again_after_the_pause_to_the_millisecond() {
    let mut world = World::new(plan_with("wonderland", &[B], redial(2, 7)), unknown_name());
    world.run_until(600_000);
    assert_eq!(dialled(&world), [(0, A), (0, B), (7_000, A), (7_000, B), (14_000, A), (14_000, B)]);
    assert_eq!(world.last(), (14_000, ConnState::ConnectDevice, 868));
    let errors = world.states().iter().filter(|(_, error)| *error != 0).count();
    assert_eq!(errors, 1, "the error is told when the attempts are used up");
    let cause = last_cause(&world);
    assert!(cause.did.starts_with("dialled 3 times; in the end tried 2 servers: "), "{}", cause.did);
    let waits: Vec<_> = world
        .told
        .iter()
        .filter(|(_, n)| matches!(n.detail, Detail::Waiting { .. }))
        .map(|(at, n)| (*at, n.state, n.detail.clone()))
        .collect();
    let last = Code::DNSNAME_NOT_RESOLVABLE;
    let wait = |attempt| Detail::Waiting { attempt, of: 2, pause: Duration::from_secs(7), last };
    assert_eq!(waits, [(0, ConnState::OpenPort, wait(1)), (7_000, ConnState::OpenPort, wait(2))]);
}

#[test]
fn a46_the_status_tells_the_wait_and_the_attempt() {
    let mut world = World::new(plan_with("wonderland", &[], redial(3, 60)), unknown_name());
    world.run_until(30_000);
    let status = world.connection.status();
    assert_eq!((status.state, status.error), (ConnState::OpenPort, None), "not failed");
    let retrying = status.retrying.expect("it waits");
    assert_eq!((retrying.attempt, retrying.of), (1, Some(3)));
    assert_eq!((retrying.pause, retrying.last.code.0, retrying.loss), (Some(Duration::from_secs(60)), 868, None));
    world.servers = vec![(A, ServerConfig { reach: Reach::Silent, ..server() })];
    world.run_until(61_000);
    let retrying = world.connection.status().retrying.expect("a further attempt");
    assert_eq!((world.connection.state(), retrying.attempt, retrying.pause), (ConnState::ConnectDevice, 1, None));
}

#[test]
fn a_further_attempt_that_works_connects_on_the_same_handle_and_ends_the_counting() {
    let mut world = World::new(plan_with("wonderland", &[], redial(9, 60)), server());
    world.servers = vec![(A, unknown_name())];
    world.run_until(59_999);
    assert_eq!(dialled(&world), [(0, A)]);
    world.servers.clear();
    world.run_until(60_000);
    assert_eq!(world.last(), (60_000, ConnState::Connected, 0));
    assert_eq!(world.connection.status().retrying, None);
}

#[test]
fn h1_a_hang_up_during_the_wait_ends_the_dial_at_once() {
    let mut world = World::new(plan_with("wonderland", &[], redial(9, 60)), unknown_name());
    world.run_until(10_000);
    world.command(hang_up());
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::USER_DISCONNECTION));
    assert_eq!(world.last(), (10_000, ConnState::Disconnected, 0));
    assert_eq!(world.connection.poll_timeout(), None);
    world.run_until(600_000);
    assert_eq!(world.dialled.len(), 1);
}

#[test]
fn h16_a_manager_that_stops_during_the_wait_is_told_as_834() {
    let mut world = World::new(plan_with("wonderland", &[], redial(9, 60)), unknown_name());
    world.run_until(10_000);
    world.command(Command::HangUp(Cause::new(Code::RASMAN_SERVICE_STOPPED, LayerName::Manager)));
    assert_eq!(world.last(), (10_000, ConnState::OpenPort, 834));
    assert_eq!(world.finished.as_ref().map(|c| c.code), Some(Code::RASMAN_SERVICE_STOPPED));
}

#[test]
fn a_pause_of_nothing_is_a_second_so_that_nobody_is_flooded() {
    let mut world = World::new(plan_with("wonderland", &[], redial(3, 0)), unknown_name());
    world.run_until(60_000);
    assert_eq!(dialled(&world), [(0, A), (1_000, A), (2_000, A), (3_000, A)]);
}

#[test]
fn a24_a25_the_pause_runs_once_the_handler_has_returned() {
    let mut world =
        World::new(DialPlan { handler: true, ..plan_with("wonderland", &[], redial(1, 60)) }, unknown_name());
    world.prompt = false;
    world.settle();
    for _ in 0..3 {
        world.handler_returns(true);
    }
    assert!(matches!(world.told.last().expect("told").1.detail, Detail::Waiting { .. }));
    world.run_until(100_000);
    assert_eq!(world.connection.poll_timeout(), None, "held");
    world.prompt = true;
    world.handler_returns(true);
    world.run_until(600_000);
    assert_eq!(dialled(&world), [(0, A), (160_000, A)]);
}

#[test]
fn p7_m8_an_answer_that_needs_a_fresh_link_may_find_it_at_an_alternate() {
    let mut world = World::new(DialPlan { paused_states: true, ..alternates("wrong") }, server());
    world.run_until(20_000);
    let Detail::Question(question) = world.told.last().expect("told").1.detail.clone() else { panic!("no question") };
    // The first server is gone meanwhile, and so is the link: the answer is tried with the next one.
    world.servers = vec![(A, unknown_name())];
    world.command(Command::Answer { id: question.id, answer: Answer::Credentials(credentials("wonderland")) });
    world.run_until(40_000);
    assert_eq!(world.last().1, ConnState::Connected, "{:?}", world.states());
    let servers: Vec<_> = world.dialled.iter().map(|(_, server)| server.as_str()).collect();
    assert_eq!(servers, [A, A, B]);
}

#[test]
fn e11_what_fails_on_this_side_is_no_reason_to_dial_another_server() {
    let mut world = World::new(alternates("wonderland"), server());
    world.network_fails = Some(Cause::new(Code::PORT_ALREADY_OPEN, LayerName::Network).did("bound 127.0.0.1:1080"));
    world.run_until(10_000);
    assert_eq!((world.last().1, world.last().2, world.dialled.len()), (ConnState::ApplySettings, 602, 1));
}
