//! No right, no room: the old file stays, and the error says why.

use super::child::{child_through, result_of};
use super::{Scratch, entries_of};
use std::path::Path;
use std::process::Command;

/// Runs a task in a mount namespace with a small file system of its own at `path`.
fn in_tmpfs(size: &str, then: &str, task: &str, folder: &Path, argument: &str) -> Option<String> {
    if !Command::new("unshare").args(["-Urm", "true"]).output().is_ok_and(|output| output.status.success()) {
        return None;
    }
    let script = format!(
        "mount -t tmpfs -o size={size} tmpfs \"$0\" && printf '[old]\\r\\n' >\"$0/a.pbk\" && {then} && \"$@\"; \
         echo; echo KEPT $(cat \"$0/a.pbk\") $(ls -A \"$0\")"
    );
    let folder_text = folder.to_str().unwrap();
    let wrapper = ["unshare", "-Urm", "sh", "-c", &script, folder_text];
    let output = child_through(&wrapper, task, &folder.join("a.pbk"), argument).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("KEPT [old]\r a.pbk\n"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    Some(text.lines().find_map(|line| line.strip_prefix("RESULT ")).expect("a result").to_owned())
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let scratch = Scratch::new("full");
    match in_tmpfs("64k", "true", "fill", &scratch.0, "") {
        Some(result) => {
            assert!(result.starts_with("624 ") && result.contains("it is unchanged; make room"), "{result}");
        }
        None => println!("SKIPPED a_full_disk_leaves_the_old_file: no user namespaces"),
    }
}

#[test]
fn a_disk_without_room_for_a_name_leaves_the_old_file() {
    let scratch = Scratch::new("inodes");
    // The root, the book and the lock are three inodes; the new file would be the fourth.
    match in_tmpfs("64k,nr_inodes=3", "true", "add", &scratch.0, "new") {
        Some(result) => assert!(result.starts_with("624 ") && result.contains("make room"), "{result}"),
        None => println!("SKIPPED a_disk_without_room_for_a_name_leaves_the_old_file: no user namespaces"),
    }
}

#[test]
fn a_read_only_file_system_is_told_as_such() {
    let scratch = Scratch::new("ro");
    match in_tmpfs("64k", "mount -o remount,ro \"$0\"", "add", &scratch.0, "new") {
        Some(result) => assert!(result.starts_with("624 ") && result.contains("mounted read-only"), "{result}"),
        None => println!("SKIPPED a_read_only_file_system_is_told_as_such: no user namespaces"),
    }
}

#[test]
fn a_limit_on_file_sizes_leaves_the_old_file() {
    let scratch = Scratch::new("fsize");
    let place = scratch.book("a.pbk", &["old"]);
    // The signal would end the process, as it would end any that does not expect it.
    let wrapper = ["sh", "-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""];
    let result = result_of(&mut child_through(&wrapper, "fill", &place.path, ""));
    assert!(result.starts_with("624 ") && result.contains("file size limit"), "{result}");
    assert_eq!((entries_of(&place), scratch.names()), (vec!["old".to_owned()], vec!["a.pbk".to_owned()]));
}

#[test]
fn e10_without_the_right_to_change_it_is_5() {
    let scratch = Scratch::new("rights");
    let place = scratch.book("a.pbk", &["old"]);
    std::fs::set_permissions(&scratch.0, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let wrapper: &[&str] = if rustix::process::geteuid().is_root() {
        &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    } else {
        std::fs::set_permissions(&scratch.0, std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
        &["env"]
    };
    let result = result_of(&mut child_through(wrapper, "add", &place.path, "new"));
    assert!(result.starts_with("5 ") && result.contains("may not be changed by you"), "{result}");
    std::fs::set_permissions(&scratch.0, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!((entries_of(&place), scratch.names()), (vec!["old".to_owned()], vec!["a.pbk".to_owned()]));
}

#[test]
fn e10_a_file_that_is_protected_against_writing_stays() {
    let scratch = Scratch::new("protected");
    let place = scratch.book("a.pbk", &["old"]);
    // The folder would let us replace it; the file says no. The second one belongs to somebody else.
    std::fs::set_permissions(&scratch.0, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let root = rustix::process::geteuid().is_root();
    let wrapper: &[&str] =
        if root { &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] } else { &["env"] };
    for (mode, told) in [(0o444, "may not be changed by you"), (0o666, "belongs to somebody else")] {
        if mode == 0o666 && !root {
            println!("SKIPPED e10_a_file_that_is_protected_against_writing_stays: its second half needs root");
            continue;
        }
        std::fs::set_permissions(&place.path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        let result = result_of(&mut child_through(wrapper, "add", &place.path, "new"));
        assert!(result.starts_with("5 ") && result.contains(told), "{result}");
        assert_eq!((entries_of(&place), scratch.names()), (vec!["old".to_owned()], vec!["a.pbk".to_owned()]));
    }
}

#[test]
fn a18_a_phone_book_that_may_not_be_read_is_621() {
    let scratch = Scratch::new("unreadable");
    let place = scratch.book("a.pbk", &["old"]);
    std::fs::set_permissions(&scratch.0, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    std::fs::set_permissions(&place.path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    let wrapper: &[&str] = if rustix::process::geteuid().is_root() {
        &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    } else {
        &["env"]
    };
    let result = result_of(&mut child_through(wrapper, "add", &place.path, "new"));
    assert!(result.starts_with("621 ") && result.contains("may not be read by you"), "{result}");
}
