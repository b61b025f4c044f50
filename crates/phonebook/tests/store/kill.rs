//! Writers that are killed, and writers that meet.

use super::child::{child, result_of};
use super::{Scratch, add, entries_of, insert};
use rasman_phonebook::store::{Missing, Place, Scope, Step};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How many entries each process adds.
pub(crate) const ROUNDS: usize = 60;

#[test]
fn a_writer_killed_at_any_step_leaves_the_old_file_or_the_new_one() {
    for step in Step::ALL {
        let scratch = Scratch::new(&format!("kill-{step:?}"));
        let place = scratch.book("a.pbk", &["old"]);
        let before = std::fs::read(&place.path).unwrap();

        let output = child("die", &place.path, &format!("{step:?}")).output().unwrap();
        assert_eq!(output.status.signal(), Some(9), "{step:?}: {}", String::from_utf8_lossy(&output.stdout));

        let after = std::fs::read(&place.path).unwrap();
        let renamed = [Step::Renamed, Step::Confirmed].contains(&step);
        assert_eq!(after == before, !renamed, "{step:?}");
        assert_eq!(entries_of(&place), if renamed { vec!["old", "new"] } else { vec!["old"] }, "{step:?}");

        // The lock is free at once, and nothing stays behind.
        let started = Instant::now();
        add(&place, "next").unwrap();
        assert!(started.elapsed() < Duration::from_secs(5), "{step:?}");
        assert!(entries_of(&place).contains(&"next".to_owned()));
        assert_eq!(scratch.names(), ["a.pbk"], "{step:?}");
    }
}

#[test]
fn b10_a_killed_writer_leaves_no_empty_phone_book() {
    for step in Step::ALL {
        let scratch = Scratch::new(&format!("kill-new-{step:?}"));
        let place = Place::new(scratch.file("a.pbk"), Scope::Explicit);
        let output = child("die", &place.path, &format!("{step:?}")).output().unwrap();
        assert_eq!(output.status.signal(), Some(9));
        if place.path.exists() {
            assert_eq!(entries_of(&place), ["new"], "{step:?}");
        }
        add(&place, "next").unwrap();
        assert_eq!(scratch.names(), ["a.pbk"], "{step:?}");
    }
}

#[test]
fn processes_and_threads_that_write_at_once_lose_nothing() {
    let scratch = Scratch::new("hammer");
    let place = scratch.book("a.pbk", &["old"]);
    let children = ["a", "b"].map(|prefix| child("hammer", &place.path, prefix).stdout(Stdio::null()).spawn().unwrap());
    std::thread::scope(|scope| {
        for thread in ["c", "d"] {
            let place = &place;
            scope.spawn(move || {
                for number in 0..ROUNDS {
                    add(place, &format!("{thread}{number}")).unwrap();
                }
            });
        }
    });
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let mut expected: Vec<_> =
        ["a", "b", "c", "d"].iter().flat_map(|name| (0..ROUNDS).map(move |number| format!("{name}{number}"))).collect();
    expected.push("old".to_owned());
    expected.sort();
    let mut entries = entries_of(&place);
    entries.sort();
    assert_eq!(entries, expected);
    assert_eq!(scratch.names(), ["a.pbk"]);
}

#[test]
fn waiting_for_a_writer_that_hangs_ends() {
    let scratch = Scratch::new("hang");
    let place = scratch.book("a.pbk", &["old"]);
    let mut holder = child("hold", &place.path, "").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "RESULT held"));

    assert_eq!(result_of(&mut child("wait", &place.path, "")), "1 helpers");
    assert_eq!(entries_of(&place), ["old"]);

    // Here the helper outlives its waiter: it gets the lock, finds nobody, and gives lock and turn back.
    let change = |wait| place.update_in_steps(Missing::Refuse, wait, |book| insert(book, "new"), &mut |_| ());
    assert!(change(Duration::from_millis(10)).is_err());
    holder.kill().unwrap();
    holder.wait().unwrap();
    change(Duration::from_secs(60)).unwrap();
    assert_eq!(entries_of(&place), ["old", "new"]);
    assert_eq!(scratch.names(), ["a.pbk"]);
}
