//! What the help says: a change of it is a change that somebody made on purpose.
//!
//! With `UPDATE_SNAPSHOTS=1` the files are written anew.

use crate::scene::{RASCTL, RASDIAL, Ran};
use std::fs;
use std::path::Path;
use std::process::Command;

fn snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{name} differs; look at it and run again with UPDATE_SNAPSHOTS=1:\n{text}");
}

fn help(arguments: &[&str]) -> String {
    Ran::of(Command::new(RASCTL).args(arguments).arg("--help").env("COLUMNS", "80")).expect(0).out
}

#[test]
fn the_help_of_every_command_is_as_it_was_agreed() {
    let commands = [
        vec![],
        vec!["dial"],
        vec!["entry"],
        vec!["entry", "add"],
        vec!["entry", "set"],
        vec!["entry", "import"],
        vec!["entry", "check"],
        vec!["entry", "export"],
        vec!["credentials"],
        vec!["credentials", "set"],
        vec!["hangup"],
        vec!["status"],
        vec!["list"],
        vec!["watch"],
        vec!["stats"],
        vec!["proxy"],
        vec!["forward"],
        vec!["explain"],
        vec!["demo"],
        vec!["completions"],
    ];
    let all = commands.iter().map(|command| format!("$ rasctl {} --help\n{}\n", command.join(" "), help(command)));
    snapshot("rasctl-help.txt", &all.collect::<String>());
}

#[test]
fn every_line_of_the_help_fits_a_terminal() {
    for command in [vec![], vec!["dial"], vec!["entry", "add"], vec!["entry", "set"]] {
        for line in help(&command).lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}

#[test]
fn rasdial_explains_itself() {
    let ran = Ran::of(Command::new(RASDIAL).arg("/?")).expect(0);
    snapshot("rasdial-help.txt", &ran.out);
}

#[test]
fn completions_and_manual_pages_are_made() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = Ran::of(Command::new(RASCTL).args(["completions", shell])).expect(0);
        assert!(ran.out.contains("hangup") && ran.out.contains("credentials"), "{shell}");
    }
    let folder = std::env::temp_dir().join(format!("rasctl-man-{}", std::process::id()));
    Ran::of(Command::new(RASCTL).arg("man").arg(&folder)).expect(0);
    for page in ["rasctl.1", "rasctl-dial.1", "rasctl-entry-import.1", "rasdial.1"] {
        let text = fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_wrong_command_line_is_2() {
    for wrong in [vec!["bogus"], vec!["dial"], vec!["dial", "a", "--server", "b"], vec!["entry", "set", "x"]] {
        let ran = Ran::of(Command::new(RASCTL).args(&wrong)).expect(2);
        assert!(ran.err.contains("--help") && ran.out.is_empty(), "{ran:?}");
    }
}
