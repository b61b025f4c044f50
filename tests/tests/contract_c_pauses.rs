//! The contract at the C front: paused states, connection notification, programs that misbehave.
#![forbid(unsafe_code)]

use rasman::{AuthMethod, ClientCertificate, Entry};
use rasman_phonebook::AuthRestrictions;
use rasman_tests::capi::{self, Language, World};
use rasman_tests::eap::{entry_with, lab_with, pkcs12};
use rasman_tests::harness::{self, lab, until};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Runs one test of `pauses.c` against a daemon that knows this entry.
fn pause_with(entry: Entry, test: &str) {
    let program = capi::compile(&capi::programs_folder().join("pauses.c"), Language::C);
    World::with(rasmand::Settings { entries: vec![entry], workers: 1, ..Default::default() }).run(&program, &[test]);
}

/// Runs one test of a program against a lab.
fn run(program: &str, test: &str) {
    let lab = lab("");
    let program = capi::compile(&capi::programs_folder().join(program), Language::C);
    World::of(&lab).run(&program, &[test]);
    until("nothing is left at the other end", || lab.stats().sessions == 0);
}

#[test]
fn p1_p2_p3_p4_p7_p12_p13_p14_a_paused_dial_is_resumed_with_another_password() {
    run("pauses.c", "a_second_password");
}

#[test]
fn p6_a63_a64_a_callback_number_is_asked_for_and_called() {
    let lab = harness::calling_lab(false);
    pause_with(harness::modem_entry(&lab), "a_callback_number");
    assert_eq!(lab.stats().accepted, 2, "one call, and one back");
}

#[test]
fn s7_a63_a_call_lasts_until_the_server_has_called_back() {
    let lab = harness::calling_lab(false);
    pause_with(harness::modem_entry(&lab), "a_call_that_lasts");
    assert_eq!(lab.stats().accepted, 2, "one call, and one back");
}

#[test]
fn p14_p7_a_pause_comes_again_if_there_is_a_new_one() {
    run("pauses.c", "wrong_again");
}

#[test]
fn p3_p8_a_password_that_has_expired_is_resumed_with_the_new_one() {
    let lab = lab_with(&[AuthMethod::MsChapV2], "account=password-expired", false);
    pause_with(entry_with(&lab, &[AuthMethod::MsChapV2]), "an_expired_password");
}

#[test]
fn p3_p9_a_certificate_that_is_not_trusted_is_asked_about() {
    let method = AuthMethod::PeapMsChapV2;
    let (lab, other) = (lab_with(&[method], "", false), lab_with(&[method], "", false));
    let mut entry = entry_with(&lab, &[method]);
    entry.eap.trust.added_roots = vec![other.facts().ca_der.clone()];
    pause_with(entry, "a_certificate_that_is_not_trusted");
}

#[test]
fn p9_s6_a60_the_file_of_a_certificate_wants_its_password() {
    let lab = lab_with(&[AuthMethod::EapTls], "", false);
    let mut entry = entry_with(&lab, &[AuthMethod::EapTls]);
    let Some(file) = pkcs12(&lab.facts().user_pem, "sesame") else {
        return println!(
            "SKIPPED p9_s6_a60_the_file_of_a_certificate_wants_its_password: there is no openssl to make one"
        );
    };
    entry.eap.certificate = Some(ClientCertificate { file, ..Default::default() });
    pause_with(entry, "a_certificates_password");
}

#[test]
fn a60_k9_what_eap_keeps_for_the_user_opens_the_file_of_the_certificate() {
    let lab = lab_with(&[AuthMethod::EapTls], "", false);
    let Some(file) = pkcs12(&lab.facts().user_pem, "sesame") else {
        return println!(
            "SKIPPED a60_k9_what_eap_keeps_for_the_user_opens_the_file_of_the_certificate: there is no openssl"
        );
    };
    let world = World::with_books(&lab);
    let path = world.runtime.join("home/user.p12");
    std::fs::write(&path, file).unwrap();
    let manager = world.manager();
    let mut properties = manager.entry_properties(harness::ENTRY).unwrap();
    properties.auth_restrictions = AuthRestrictions::EAP;
    properties.eap_methods = vec!["eap-tls".into()];
    properties.eap_ca.clone_from(&properties.ca);
    properties.eap_server_names = vec![lab.facts().name.clone()];
    properties.eap_certificate = path.display().to_string();
    manager.set_entry_properties(harness::ENTRY, &properties).unwrap();
    world.run(&capi::compile(&capi::programs_folder().join("pauses.c"), Language::C), &["what_eap_keeps"]);
}

#[test]
fn p10_a_paused_dial_is_hung_up() {
    run("pauses.c", "hanging_up_in_place_of_a_resume");
}

#[test]
fn p12_a6_what_is_not_paused_cannot_be_resumed() {
    run("pauses.c", "a_running_dial_is_not_paused");
}

#[test]
fn s6_a_synchronous_dial_returns_when_it_pauses_and_is_resumed_by_another() {
    run("pauses.c", "a_synchronous_dial_pauses");
}

#[test]
fn a6_a37_p4_p5_a_pause_in_a_message_queue() {
    run("pauses.c", "a_pause_in_a_queue");
}

#[test]
fn c1_c2_c3_c6_c7_c9_c11_events_are_signalled_for_each_change() {
    run("watch.c", "connections_come_and_go");
}

#[test]
fn c2_c3_a_dial_that_fails_is_no_connection() {
    run("watch.c", "a_dial_that_fails_is_no_connection");
}

#[test]
fn all_flags_are_taken() {
    run("watch.c", "other_flags_are_taken");
}

#[test]
fn c5_a_link_that_is_lost_and_made_again_is_signalled() {
    let lab = lab("cut=100ms");
    let mut entry = harness::entry(&lab);
    entry.redial.on_link_failure = true;
    let settings = rasmand::Settings { entries: vec![entry], workers: 1, ..Default::default() };
    let program = capi::compile(&capi::programs_folder().join("watch.c"), Language::C);
    World::with(settings).run(&program, &["a_lost_link"]);
}

#[test]
fn c10_c11_what_cannot_be_registered() {
    run("watch.c", "what_cannot_be_registered");
}

#[test]
fn c8_an_event_that_was_closed_harms_nobody() {
    run("watch.c", "a_closed_event");
}

#[test]
fn c10_a1_without_a_thread_it_is_8_and_nothing_stays_behind() {
    let lab = lab("");
    // Without sanitizers, which reserve more memory than any limit leaves.
    let program = capi::compile_with(&capi::programs_folder().join("watch.c"), Language::C, &[]);
    World::of(&lab).run(&program, &["no_thread_can_be_made"]);
}

#[test]
fn m10_c4_the_idle_limit_ends_the_connection_and_no_link_has_a_signal() {
    let lab = lab("");
    let mut entry = harness::entry(&lab);
    entry.idle_disconnect = Some(Duration::from_secs(1));
    let program = capi::compile(&capi::programs_folder().join("watch.c"), Language::C);
    let settings = rasmand::Settings { entries: vec![entry], workers: 1, ..Default::default() };
    World::with(settings).run(&program, &["an_idle_connection"]);
}

#[test]
fn c3_c6_h6_changes_that_other_programs_make_are_signalled() {
    let lab = lab("");
    let world = World::of(&lab);
    let program = capi::compile(&capi::programs_folder().join("watch.c"), Language::C);
    let mut child = world.command(&program).arg("of_other_programs").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("ready"));
    let connection = world.manager().dial_sync(harness::dial()).unwrap();
    assert_eq!(lines.next().as_deref(), Some("came"));
    let _ = connection.hang_up().unwrap().wait();
    assert_eq!(lines.next().as_deref(), Some("went"));
    assert!(child.wait().unwrap().success());
}

#[test]
fn n9_an_exception_ends_the_program_and_the_manager_hangs_up() {
    use std::os::unix::process::ExitStatusExt;
    let lab = lab("");
    let world = World::of(&lab);
    // Without sanitizers, which make an exit of their own of a signal.
    let program = capi::compile_with(&capi::programs_folder().join("throw.cpp"), Language::Cpp, &[]);
    let mut command = Command::new(&program);
    world.set_environment(&mut command);
    let output = command.arg("on_a_thread_of_the_library").output().unwrap();
    assert_eq!(output.status.signal(), Some(6), "{output:?}");
    let manager = world.manager();
    until("the dial goes", || manager.connections().is_empty());
}

#[test]
fn n9_on_the_programs_own_thread_an_exception_comes_out_of_dispatch() {
    let lab = lab("");
    let program = capi::compile(&capi::programs_folder().join("throw.cpp"), Language::Cpp);
    World::of(&lab).run(&program, &["on_the_dialling_thread"]);
}

#[test]
fn a_library_that_is_unloaded_in_mid_dial_goes_on() {
    let lab = lab("");
    let world = World::of(&lab);
    let program = capi::compile(&capi::programs_folder().join("plugin.c"), Language::C);
    let library = capi::prefix().join("lib/librasapi32.so.0");
    world.run(&program, &[library.to_str().unwrap()]);
}
