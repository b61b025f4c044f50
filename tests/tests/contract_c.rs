//! The contract at the C front: C programs against the installed library, a daemon and a lab.
#![forbid(unsafe_code)]

use rasman_tests::capi::{self, Language, World};
use rasman_tests::harness::lab;
use std::path::PathBuf;

fn program() -> PathBuf {
    capi::compile(&capi::programs_folder().join("dial.c"), Language::C)
}

#[test]
fn a1_asynchronous() {
    let lab = lab("");
    let world = World::of(&lab);
    world.run(&program(), &["async_func2"]);
}
