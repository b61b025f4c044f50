//! The contract of entries at the C front: programs in both variants, with UNICODE and without.
#![forbid(unsafe_code)]

use rasman::{EntryRef, Properties};
use rasman_phonebook::{Guid, Identity};
use rasman_tests::capi::{self, Language, World};
use rasman_tests::harness::lab;
use std::path::PathBuf;
use std::process::Command;

fn programs() -> [PathBuf; 2] {
    let source = capi::programs_folder().join("entries.c");
    let sanitized = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    [&[][..], &["-DUNICODE"]].map(|variant| capi::compile_with(&source, Language::C, &[&sanitized, variant].concat()))
}

/// Runs a test in both variants, each with phone books of its own.
fn run(test: &str) {
    let lab = lab("");
    for program in programs() {
        let world = World::with_books(&lab);
        let book = world.runtime.join("named.pbk");
        world.run(&program, &[test, &book.display().to_string()]);
    }
}

#[test]
fn b1_b12_e6_z1_z2_z3_z5_z6_z7_entries_are_listed() {
    run("list");
}

#[test]
fn b2_b3_b4_e5_names_are_checked_renamed_and_deleted() {
    run("names");
}

#[test]
fn b5_b6_b7_b8_b14_b15_what_is_set_is_read() {
    run("properties");
}

#[test]
fn b5_e7_what_is_missing_or_of_no_version_is_refused() {
    run("mandatory");
}

#[test]
fn m8_z8_alternate_numbers_lie_behind_the_structure() {
    run("alternates");
}

#[test]
fn x4_z8_each_version_of_an_entry_is_read_and_written() {
    run("old_versions");
}

#[test]
fn a_modem_is_dialled_by_the_name_that_it_is_listed_by() {
    let lab = rasman_tests::harness::lab_with_a_modem();
    let modem = lab.facts().modems[0].clone();
    for program in programs() {
        let world = World::with_books_and_modems(&lab, vec![modem.clone()]);
        world.run(&program, &["a_listed_modem", &modem.display().to_string()]);
    }
}

#[test]
fn m1_m7_m9_links_are_added_changed_and_deleted() {
    run("links");
}

#[test]
fn a62_m2_m3_m4_m5_m6_n7_h10_h11_several_links_at_once_are_refused_and_one_of_them_is_dialled() {
    run("several_links");
}

#[test]
fn x1_a_misaligned_structure_is_as_good() {
    run("misaligned");
}

#[test]
fn b1_b10_a_named_phone_book_is_made_with_its_first_entry() {
    run("books");
}

#[test]
fn b13_a_connected_entry_is_not_deleted() {
    run("connected");
}

#[test]
fn b9_b12_entries_of_all_users_are_below_the_systems_configuration_folder() {
    let lab = lab("");
    for program in programs() {
        let world = World::with_books(&lab);
        let identity = Identity { guid: Guid([9; 16]), dial_params_uid: 9 };
        let entry = EntryRef::new("For all").in_book(world.runtime.join("home/etc/rasphone.pbk"));
        let properties = Properties::sstp("For all", "vpn.example.com", identity);
        world.manager().set_entry_properties(entry, &properties).unwrap();
        world.run(&program, &["of_all_users"]);
    }
}

#[test]
fn b16_the_option_for_log_on_credentials_changes_nothing() {
    run("logon_credentials");
}

/// A user that no machine has.
const ALICE: &str = "60001";

/// Runs a program as that user, in a mount namespace in which the machine's manager is the one whose socket is in `folder`.
const AS_ALICE: &str = r#"
    mount -t tmpfs none /run && mkdir /run/rasman && mount --bind "$1" /run/rasman || exit 77
    exec setpriv --reuid "$2" --regid "$2" --clear-groups -- "$3" not_mine
"#;

#[test]
fn e10_k5_entries_of_all_users_are_changed_by_administrators() {
    let test = "e10_k5_entries_of_all_users_are_changed_by_administrators";
    if rasman::ipc::scope::own_uid() != 0 {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "with CI=true this test must run, as root");
        println!("SKIPPED {test}: only root can be several users");
        return;
    }
    let lab = lab("");
    for program in programs() {
        let world = World::of_the_machine(&lab);
        let output = Command::new("unshare")
            .args(["--mount", "sh", "-c", AS_ALICE, "sh"])
            .arg(world.folder())
            .args([ALICE.as_ref(), program.as_os_str()])
            .envs([("RASMAN_SCOPE", "system"), ("ASAN_OPTIONS", "detect_leaks=0:exitcode=99")])
            .output()
            .expect("unshare starts");
        if output.status.code() == Some(77) {
            println!("SKIPPED {test}: no mount namespaces here");
            return;
        }
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
