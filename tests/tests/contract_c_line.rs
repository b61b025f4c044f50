//! The contract at the C front: the line of a dial in Interactive, and custom scripts.
#![forbid(unsafe_code)]

use rasman_core::LineLogin;
use rasman_lab::DEFAULT_PASSWORD;
use rasman_tests::capi::{self, Language, World};
use rasman_tests::harness::{lab_with_modems, modem_entry_with, until};

/// Runs one test of `line.c` against a modem that is like this, with an entry of which the login is this.
fn run(modem: &str, login: &LineLogin, test: &str) {
    let lab = lab_with_modems(&[modem]);
    let entry = modem_entry_with(&lab, login.clone());
    let program = capi::compile(&capi::programs_folder().join("line.c"), Language::C);
    World::with(rasmand::Settings { entries: vec![entry], workers: 1, ..Default::default() }).run(&program, &[test]);
    until("nothing is left at the other end", || lab.stats().sessions == 0);
}

/// A host that asks for the login of the lab's user.
fn with_a_host(login: &LineLogin, test: &str) {
    run(&format!("speed=0,login=alice:{DEFAULT_PASSWORD}"), login, test);
}

fn terminal() -> LineLogin {
    LineLogin { terminal_after_dial: true, ..LineLogin::default() }
}

fn script() -> LineLogin {
    LineLogin { custom_script: true, ..LineLogin::default() }
}

#[test]
fn p3_p4_p12_p13_a_person_logs_in_whatever_form_the_handler_has() {
    with_a_host(&terminal(), "a_terminal");
}

#[test]
fn p3_a37_a_person_logs_in_with_a_message_queue() {
    with_a_host(&terminal(), "a_terminal_in_a_queue");
}

#[test]
fn p3_s6_a_person_logs_in_with_a_synchronous_dial() {
    with_a_host(&terminal(), "a_terminal_of_a_synchronous_dial");
}

#[test]
fn p2_p3_a43_a_terminal_for_nobody_is_703() {
    with_a_host(&terminal(), "a_terminal_for_nobody");
}

#[test]
fn p3_p10_a_terminal_is_hung_up() {
    with_a_host(&terminal(), "a_terminal_that_is_hung_up");
}

#[test]
fn a58_p11_a_script_of_the_program_logs_in_whatever_form_the_handler_has() {
    with_a_host(&script(), "a_script");
}

#[test]
fn a58_p11_s1_a_script_of_a_synchronous_dial_runs_in_the_call() {
    with_a_host(&script(), "a_script_of_a_synchronous_dial");
}

#[test]
fn a58_p11_a37_a_script_of_a_queue_runs_in_the_fetching_of_the_next_message() {
    with_a_host(&script(), "a_script_in_a_queue");
}

#[test]
fn a58_p11_a22_a_script_runs_in_dispatch() {
    with_a_host(&script(), "a_script_in_dispatch");
}

#[test]
fn a58_p11_s2_a20_what_a_script_returns_ends_the_dial() {
    with_a_host(&script(), "a_script_that_fails");
}

#[test]
fn a58_p11_a42_a50_p12_a_script_is_told_what_there_is_not_and_is_hung_up() {
    with_a_host(&script(), "a_script_that_tries_everything");
}

#[test]
fn a58_without_the_option_or_the_function_there_is_no_script() {
    run("speed=0", &script(), "no_script");
}

#[test]
fn a58_p11_without_a_function_the_program_logs_in_itself() {
    with_a_host(&script(), "a_script_without_a_function");
}
