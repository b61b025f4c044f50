//! The contract at the C front: C programs against the installed library, a daemon and a lab. The programs are built with
//! the compiler's address and undefined-behaviour sanitizers.
#![forbid(unsafe_code)]

use rasman::{ConnState, CredentialMask, DataPath, NewCredentials, TunSettings};
use rasman_lab::{DEFAULT_PASSWORD, DEFAULT_USER, Running};
use rasman_tests::capi::{self, Language, World};
use rasman_tests::harness::{self, lab, until};
use rasman_tests::line::BusyModem;
use rasman_tests::world::{GATEWAY, inside};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn dial() -> PathBuf {
    capi::compile(&capi::programs_folder().join("dial.c"), Language::C)
}

/// Runs one test of the program against a lab with these faults.
fn run_with(faults: &str, test: &str) {
    let lab = lab(faults);
    World::of(&lab).run(&dial(), &[test]);
    until("nothing is left at the other end", || lab.stats().sessions == 0);
}

fn run(test: &str) {
    run_with("", test);
}

#[test]
fn a3_a19_a26_a27_a28_a29_a30_a32_n2_n3_n6_handlers_of_each_type_are_told_each_state() {
    run("handlers_of_each_type");
}

#[test]
fn a1_a5_a21_the_call_returns_with_the_handle_while_the_server_is_silent() {
    run_with("delay=tls:300ms", "returns_at_once");
}

#[test]
fn a2_a4_s1_the_type_counts_only_with_a_handler_and_an_unknown_one_is_87() {
    run("the_type_counts_only_with_a_handler");
}

#[test]
fn a8_a9_a38_a57_a61_options_and_what_has_to_be_zero() {
    run("options_and_reserved_members");
}

#[test]
fn a10_x4_each_version_of_the_parameters_is_taken_and_no_other_size() {
    run("sizes_of_the_parameters");
}

#[test]
fn a12_a_number_replaces_the_entrys_own() {
    let lab = lab("");
    World::of(&lab).run(&dial(), &["a_number_replaces_the_entrys", &lab.facts().address.to_string()]);
}

#[test]
fn a11_b11_a_number_without_an_entry_is_dialled_by_the_first_free_modem() {
    let lab = rasman_tests::harness::lab_with_a_modem();
    let modem = lab.facts().modems[0].clone();
    let settings = rasmand::Settings { workers: 1, modems: Some(vec![modem.clone()]), ..Default::default() };
    World::with(settings).run(&dial(), &["a_number_without_an_entry", &modem.display().to_string()]);
}

#[test]
fn a54_a55_options_say_what_goes_around_the_number_and_whether_the_speaker_is_on() {
    let modem = BusyModem::start();
    let settings = rasmand::Settings { workers: 1, entries: vec![modem.entry(harness::ENTRY)], ..Default::default() };
    World::with(settings).run(&dial(), &["options_of_the_modem"]);
    let calls: Vec<_> = (0..5).map(|_| modem.next_call()).collect();
    // No option, prefix and suffix, the second alone, the first alone, and both.
    let expected = [("5551234", true), ("9,5551234@", true), ("5551234", true), ("5551234", false), ("5551234", true)];
    assert_eq!(calls, expected.map(|(number, speaker)| (number.to_owned(), speaker)));
}

#[test]
fn a56_nothing_is_compressed_in_software_whatever_the_options_say() {
    run("options_of_compression");
}

#[test]
fn a13_without_credentials_it_is_691() {
    let lab = lab("");
    World::of(&lab).run(&dial(), &["without_credentials"]);
}

#[test]
fn a13_a14_a15_stored_credentials_stand_behind_asterisks_and_behind_nothing() {
    let lab = lab("");
    let world = World::with_books(&lab);
    let new = NewCredentials {
        mask: CredentialMask::LOGIN,
        user: DEFAULT_USER.into(),
        password: DEFAULT_PASSWORD.into(),
        ..Default::default()
    };
    world.manager().set_credentials(harness::ENTRY, &new).unwrap();
    world.run(&dial(), &["stored_credentials"]);
}

#[test]
fn a16_s9_h9_h3_a_connected_entry_gives_references() {
    run("a_connected_entry_gives_references");
}

#[test]
fn a17_an_entry_that_is_being_dialled_is_756_whatever_its_case() {
    run_with("silent=http", "a_dial_under_way_is_refused");
}

#[test]
fn a18_what_cannot_be_dialled_is_refused_at_once() {
    run("what_cannot_be_dialled_is_refused_at_once");
}

#[test]
fn an_asterisk_to_call_back_needs_paused_states() {
    run("callback_numbers");
}

#[test]
fn h12_ending_the_inner_of_two_connections_leaves_the_outer() {
    inside("h12_ending_the_inner_of_two_connections_leaves_the_outer", async |network| {
        let lab = network.lab_with(|config| config.device = true);
        let inner_lab = network.lab_with(|config| config.listen = SocketAddr::from(([0, 0, 0, 0], 8443)));
        let entry = |lab: &Running| {
            let mut entry = harness::entry(lab);
            harness::sstp_of(&mut entry).server_name = lab.facts().name.clone();
            entry
        };
        let mut outer = entry(&lab);
        outer.data_path = DataPath::Tun(TunSettings { class_route: true, ..TunSettings::default() });
        let mut inner = rasman::Entry { name: "Inner".to_owned(), ..entry(&inner_lab) };
        harness::sstp_of(&mut inner).server = GATEWAY.to_string();
        let settings = rasmand::Settings { entries: vec![outer, inner], workers: 1, ..Default::default() };
        World::with(settings).run(&dial(), &["ending_the_inner_of_two_connections"]);
    });
}

#[test]
fn h5_a_redial_works_as_soon_as_the_connection_is_gone() {
    run("redial_at_once");
}

#[test]
fn a59_an_entry_that_a_library_dials_is_755() {
    let lab = lab("");
    let world = World::with_books(&lab);
    let manager = world.manager();
    let mut properties = manager.entry_properties(harness::ENTRY).unwrap();
    properties.custom_dial_dll = "dialer.dll".into();
    manager.set_entry_properties(harness::ENTRY, &properties).unwrap();
    world.run(&dial(), &["a_library_of_the_entrys"]);
}

#[test]
fn e9_without_a_manager_it_is_711() {
    World::absent().run(&dial(), &["no_manager"]);
}

#[test]
fn the_first_call_starts_the_daemon() {
    let world = World::absent();
    let mut command = world.command(&dial());
    // Its own idea of idleness ends it a second after the program.
    let helper = world.runtime.join("rasmand");
    let script = format!("#!/bin/sh\nexec {} \"$@\" --idle 1\n", env!("CARGO_BIN_EXE_rasman-ipc-helper"));
    std::fs::write(&helper, script).unwrap();
    std::fs::set_permissions(&helper, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let home = world.runtime.join("home");
    command.env("HOME", &home).env("XDG_CONFIG_HOME", &home).env("XDG_STATE_HOME", &home);
    let output = command.env("RASMAN_DAEMON", &helper).arg("starts_the_manager").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a20_a39_a45_a46_e4_an_error_is_told_once_and_stays_until_the_hang_up() {
    run("a_wrong_password");
}

#[test]
fn a36_a_certificate_failure_is_an_hresult() {
    run_with("certificate=other-name", "a_certificate_that_is_not_trusted");
}

#[test]
fn e11_s2_the_usual_ends() {
    let cases = [("account=disabled", "647"), ("no-common-auth", "919"), ("no-address", "738")];
    for (faults, code) in cases {
        let lab = lab(faults);
        World::of(&lab).run(&dial(), &["fails_with", code]);
    }
}

#[test]
fn a34_a35_states_have_their_class() {
    run("classes_of_states");
}

#[test]
fn a41_h16_after_connected_nothing_is_told_even_if_the_link_is_lost() {
    run_with("hang-up=100ms", "after_connected_nothing_is_told");
}

#[test]
fn a43_p1_p2_without_paused_states_a_pause_is_the_end() {
    run("paused_states_are_off");
}

#[test]
fn a44_s4_the_connection_outlives_the_program() {
    for how in ["async", "sync"] {
        let lab = lab("");
        let world = World::of(&lab);
        world.run(&dial(), &["dials_and_ends", how]);
        let connections = world.manager().connections();
        assert_eq!(connections.len(), 1, "{how}");
        assert_eq!(connections[0].state, ConnState::Connected);
    }
}

#[test]
fn a48_a_program_that_ends_in_mid_dial_leaves_nothing() {
    let lab = lab("silent=auth");
    let world = World::of(&lab);
    let manager = world.manager();
    world.run(&dial(), &["dials_and_ends", "early"]);
    until("the dial goes", || manager.connections().is_empty());
    // Killed, it cannot even say good-bye.
    let mut child = Command::new(dial());
    world.set_environment(&mut child);
    let mut child = child.args(["dials_and_ends", "async"]).stdout(Stdio::null()).spawn().unwrap();
    until("the dial begins", || !manager.connections().is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    until("the dial goes", || manager.connections().is_empty());
}

#[test]
fn s3_s8_another_thread_follows_and_ends_a_synchronous_dial() {
    run_with("silent=auth", "a_synchronous_dial_is_followed_and_ended_by_another_thread");
}

#[test]
fn s2_s5_a7_h7_p12_a_synchronous_dial_that_fails_leaves_its_handle() {
    run("a_synchronous_dial_that_fails_leaves_its_handle");
}

#[test]
fn a52_x6_the_status_has_the_device_in_all_its_versions() {
    run("the_status_in_all_its_versions");
}

#[test]
fn a47_z1_z5_z7_x4_the_list_of_connections() {
    run("the_list_of_connections");
}

#[test]
fn eap_dialogs_and_mobility_have_their_codes() {
    run("eap_and_mobility_wait");
}
