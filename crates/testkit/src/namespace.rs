//! A test in namespaces of its own: the test program runs itself again within `unshare`.

use std::process::Command;

/// Set in the process that runs inside.
const INSIDE: &str = "RASMAN_TEST_INSIDE";

/// Tells whether this process is the run inside.
#[must_use]
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs the body of the test `name` in a network namespace of its own, as the only user of a user namespace. Where that is
/// not allowed, or no device can be made, it says so and does nothing.
///
/// # Panics
/// If the test fails.
pub fn inside(name: &str, test: impl FnOnce()) {
    inside_of("-rn", name, test);
}

/// The same in the namespaces that these options of `unshare` make.
///
/// # Panics
/// If the test fails.
pub fn inside_of(namespaces: &str, name: &str, test: impl FnOnce()) {
    if is_inside() {
        return test();
    }
    let possible = Command::new("unshare").args([namespaces, "test", "-c", "/dev/net/tun"]).status();
    if !possible.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED {name}: no namespaces or no /dev/net/tun here");
        return;
    }
    again(namespaces, name);
}

fn again(namespaces: &str, name: &str) {
    let program = std::env::current_exe().expect("a test knows its own program");
    let mut again = Command::new("unshare");
    again.arg(namespaces).arg(program).args(["--exact", name, "--nocapture"]);
    let output = again.env(INSIDE, "1").output().expect("unshare was there a moment ago");
    // Marked, as the inner run's results are not those of this one.
    for line in String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).lines() {
        println!("| {line}");
    }
    assert!(output.status.success(), "{name} failed inside");
}
