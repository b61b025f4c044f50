//! This test program once more, as another process that does one thing to a phone book.

use super::{add, insert};
use rasman_phonebook::store::{FileError, LOCK_WAIT, Missing, Place, Problem, Scope, Step};
use rustix::process::{Signal, getpid, kill_process};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// What the child does; the words of the variable `RASMAN_STORE_CHILD`.
const TASK: &str = "RASMAN_STORE_CHILD";

/// Makes the command for a child: `task` and its arguments.
pub(crate) fn child(task: &str, path: &Path, argument: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    through(&mut command, task, path, argument);
    command
}

/// Makes the same for a program that runs another one; its own arguments come first.
pub(crate) fn child_through(wrapper: &[&str], task: &str, path: &Path, argument: &str) -> Command {
    let mut command = Command::new(wrapper[0]);
    command.args(&wrapper[1..]).arg(std::env::current_exe().unwrap());
    through(&mut command, task, path, argument);
    command
}

fn through(command: &mut Command, task: &str, path: &Path, argument: &str) {
    command.args(["--exact", "child::runs_its_task", "--nocapture", "--test-threads=1"]);
    command.env(TASK, task).env("RASMAN_STORE_PATH", path).env("RASMAN_STORE_ARGUMENT", argument);
}

/// Is empty, but for the process that a test has started.
#[test]
fn runs_its_task() {
    let Ok(task) = std::env::var(TASK) else { return };
    let place = Place::new(std::env::var_os("RASMAN_STORE_PATH").unwrap(), Scope::Explicit);
    let argument = std::env::var("RASMAN_STORE_ARGUMENT").unwrap();
    match task.as_str() {
        "die" => die(&place, &argument),
        "hammer" => hammer(&place, &argument),
        "add" => println!("\nRESULT {}", told(add(&place, &argument))),
        "fill" => println!("\nRESULT {}", told(fill(&place))),
        "hold" => hold(&place),
        "wait" => wait(&place),
        task => panic!("{task}"),
    }
}

/// Kills itself after a step of adding an entry.
fn die(place: &Place, step: &str) {
    let at = |now: Step| {
        if format!("{now:?}") == step {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
    };
    let add = |book: &mut rasman_phonebook::Book| insert(book, "new");
    place.update_in_steps(Missing::Create, LOCK_WAIT, add, &mut { at }).unwrap();
    panic!("no step {step}");
}

/// Adds many entries, each in a change of its own.
fn hammer(place: &Place, prefix: &str) {
    for number in 0..super::kill::ROUNDS {
        add(place, &format!("{prefix}{number}")).unwrap();
    }
}

/// Adds an entry of 200 KiB.
fn fill(place: &Place) -> Result<(), FileError> {
    place.update(Missing::Create, |book| {
        insert(book, "large").unwrap();
        let value = "x".repeat(200 << 10);
        book.set("large", rasman_phonebook::Scope::Entry, "Comment", &value).unwrap();
        Ok(())
    })
}

/// Keeps the lock until it is killed, or its standard input ends with the test.
fn hold(place: &Place) {
    let wait = |_: &mut rasman_phonebook::Book| -> Result<(), FileError> {
        println!("\nRESULT held");
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
        std::process::exit(1);
    };
    place.update(Missing::Create, wait).unwrap();
}

/// Waits twice for a lock that somebody else keeps.
fn wait(place: &Place) {
    let wait = Duration::from_millis(300);
    for _ in 0..2 {
        let started = Instant::now();
        let change = |book: &mut rasman_phonebook::Book| insert(book, "new");
        let error = place.update_in_steps(Missing::Refuse, wait, change, &mut |_| ()).unwrap_err();
        assert_eq!((&error.problem, error.code().0), (&Problem::Busy(wait), 624));
        assert!(started.elapsed() >= wait);
    }
    // The second one finds the first one's helper, which still waits, and starts no other.
    println!("\nRESULT {} helpers", helpers());
}

/// Counts the threads of this process that wait for a lock.
fn helpers() -> usize {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let names = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("comm")).unwrap_or_default());
    names.filter(|name| name.starts_with("phone book lock")).count()
}

fn told(result: Result<(), FileError>) -> String {
    result.map_or_else(|error| format!("{} {error}", error.code().0), |()| "ok".to_owned())
}

/// Gives what the child said behind `RESULT`.
pub(crate) fn result_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let result = text.lines().find_map(|line| line.strip_prefix("RESULT "));
    result.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr))).to_owned()
}
