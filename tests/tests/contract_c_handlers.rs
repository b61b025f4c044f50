//! The contract at the C front: handlers, their threads, hanging up, queues.
#![forbid(unsafe_code)]

use rasman_lab::Running;
use rasman_tests::capi::{self, Language, World};
use rasman_tests::harness::{self, lab, until};
use rasmand::Settings;
use std::path::PathBuf;

fn program() -> PathBuf {
    capi::compile(&capi::programs_folder().join("handlers.c"), Language::C)
}

/// Gives a daemon that knows several entries which lead to a lab.
fn world(lab: &Running) -> World {
    let model = harness::entry(lab);
    let names = [harness::ENTRY, "Other", "Lab0", "Lab1", "Lab2", "Lab3"];
    let named = |name: &&str| rasman::Entry { name: (*name).to_owned(), ..model.clone() };
    World::with(Settings { entries: names.iter().map(named).collect(), workers: 1, ..Default::default() })
}

/// Runs one test of the program against a lab with these faults.
fn run_with(faults: &str, test: &str) {
    let lab = lab(faults);
    world(&lab).run(&program(), &[test]);
    until("nothing is left at the other end", || lab.stats().sessions == 0);
}

fn run(test: &str) {
    run_with("", test);
}

#[test]
fn a22_handlers_run_in_the_context_of_the_thread_that_dialled() {
    run("the_context_of_the_dialling_thread");
}

#[test]
fn a24_a25_n1_the_dial_stands_still_while_its_handler_runs() {
    run("the_dial_stands_still");
}

#[test]
fn a31_a_handler_that_returns_0_is_not_called_again() {
    run("silence");
}

#[test]
fn a31_a43_a_question_that_nobody_is_told_is_its_error() {
    run("silence_and_a_question");
}

#[test]
fn a33_n10_one_handler_serves_two_dials_at_the_same_time() {
    run("two_dials");
}

#[test]
fn a49_a50_a51_a52_h1_h8_calls_inside_a_handler() {
    run("calls_inside_a_handler");
}

#[test]
fn a47_n5_h7_h8_a_handler_hangs_up_on_an_error_and_finds_its_connection_at_the_end() {
    run("hang_up_on_error_within_the_handler");
}

#[test]
fn a42_h2_h15_nobody_enters_a_handler_whose_dial_was_hung_up_by_another_thread() {
    run("hang_up_and_free");
}

#[test]
fn a42_h4_who_hangs_up_does_not_wait_for_ever_for_the_handler() {
    run("a_handler_that_waits_for_the_one_who_hangs_up");
}

#[test]
fn a23_a_dial_ends_with_its_thread() {
    run_with("silent=auth", "the_dialling_thread_ends");
}

#[test]
fn a44_a_connection_does_not_end_with_the_thread_that_dialled() {
    run("the_dialling_thread_ends_connected");
}

#[test]
fn n9_a_handler_that_ends_its_thread_ends_its_dial_and_nothing_else() {
    run("a_handler_that_ends_its_thread");
}

#[test]
fn a25_a51_a_handler_that_never_returns_holds_nobody_else() {
    run("a_handler_that_never_returns");
}

#[test]
fn a37_a24_a_message_queue_serves_an_event_loop() {
    run("a_queue_in_an_event_loop");
}

#[test]
fn a40_a42_a_queue_brings_the_end_of_a_dial_that_was_hung_up() {
    run_with("silent=auth", "a_queue_brings_disconnected");
}

#[test]
fn closing_a_queue_hangs_its_dials_up() {
    run_with("silent=auth", "closing_a_queue_hangs_up");
}

#[test]
fn closing_a_queue_wakes_who_waits_for_its_messages() {
    run("closing_a_queue_wakes_who_waits");
}

#[test]
fn a_fork_leaves_what_a_thread_is_told_to_the_parent() {
    run("a_fork_of_a_thread_that_dispatches");
}

#[test]
fn a37_a20_errors_come_by_the_queue() {
    run("errors_in_a_queue");
}

#[test]
fn a22_delivery_on_the_very_thread_that_dials() {
    run("delivery_on_the_dialling_thread");
}

#[test]
fn a42_nothing_is_dispatched_after_the_hang_up() {
    run_with("silent=auth", "dispatching_a_dial_that_is_hung_up");
}

#[test]
fn a_child_that_a_handler_forks_is_in_no_handler() {
    let lab = lab("");
    world(&lab).run_leaky(&program(), &["a_fork_inside_a_handler"]);
}

#[test]
fn a_thread_that_has_ended_but_for_its_last_destructors_dials_all_the_same() {
    run("a_dial_of_a_thread_that_ends");
}

#[test]
fn a_child_of_fork_has_nothing_of_its_parents_dials() {
    let lab = lab("");
    world(&lab).run_leaky(&program(), &["a_fork_in_mid_dial"]);
}
