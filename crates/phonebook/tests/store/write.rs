//! What a change keeps, what it refuses, and what others see of it.

use super::{Scratch, add, entries_of, insert};
use rasman_phonebook::store::{FileError, LOCK_WAIT, Missing, Place, Problem, Scope, Step};
use rasman_phonebook::{Book, EditError};
use std::cell::Cell;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn b10_a_phone_book_is_made_with_its_first_entry() {
    let scratch = Scratch::new("new");
    for (scope, folder_mode, file_mode) in [(Scope::User, 0o700, 0o600), (Scope::AllUsers, 0o755, 0o644)] {
        let place = Place::new(scratch.file(&format!("{scope:?}/rasman/rasphone.pbk")), scope);
        let error = place.update(Missing::Create, |_| Ok::<_, FileError>(())).unwrap_err();
        assert_eq!((error.problem, place.path.exists()), (Problem::Empty, false));

        add(&place, "first").unwrap();
        assert_eq!(entries_of(&place), ["first"]);
        assert_eq!((mode(place.path.parent().unwrap()), mode(&place.path)), (folder_mode, file_mode));
    }
    // The folder of an explicit path is not made.
    let place = Place::new(scratch.file("slip/rasphone.pbk"), Scope::Explicit);
    assert_eq!(add(&place, "first").unwrap_err().problem, Problem::Missing);
    assert!(!scratch.names().contains(&"slip".to_owned()));
}

#[test]
fn b10_a_phone_book_that_lost_its_last_entry_stays_with_its_comments() {
    let scratch = Scratch::new("last");
    let place = scratch.book("a.pbk", &["only"]);
    let delete = |book: &mut Book| book.delete("ONLY").map_err(|error| panic!("{error}"));
    place.update::<_, FileError>(Missing::Refuse, delete).unwrap();
    assert_eq!(std::fs::read_to_string(&place.path).unwrap(), "; kept\r\n");
}

#[test]
fn a_missing_phone_book_is_not_made_by_a_removal() {
    let scratch = Scratch::new("missing");
    let place = Place::new(scratch.file("a.pbk"), Scope::Explicit);
    let change = |_: &mut Book| -> Result<(), FileError> { panic!("there is no book") };
    let error = place.update(Missing::Refuse, change).unwrap_err();
    assert_eq!((error.problem.clone(), error.code().0), (Problem::Missing, 621));
    assert!(scratch.names().is_empty());
}

#[test]
fn mode_and_owner_are_kept() {
    let scratch = Scratch::new("mode");
    let place = scratch.book("a.pbk", &["old"]);
    std::fs::set_permissions(&place.path, PermissionsExt::from_mode(0o640)).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        std::os::unix::fs::chown(&place.path, Some(4321), Some(1234)).unwrap();
    }
    let before = std::fs::metadata(&place.path).unwrap();
    add(&place, "new").unwrap();
    let after = std::fs::metadata(&place.path).unwrap();
    assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
    assert_ne!(after.ino(), before.ino(), "the file is replaced, not written over");
    assert_eq!(entries_of(&place), ["old", "new"]);
    if !root {
        println!("SKIPPED mode_and_owner_are_kept: the owner's half needs root");
    }
}

#[test]
fn a_link_stays_and_its_target_is_replaced() {
    let scratch = Scratch::new("link");
    std::fs::create_dir(scratch.file("git")).unwrap();
    let place = scratch.book("git/a.pbk", &["old"]);
    symlink("git/a.pbk", scratch.file("a.pbk")).unwrap();
    symlink(scratch.file("a.pbk"), scratch.file("b.pbk")).unwrap();
    add(&Place::new(scratch.file("b.pbk"), Scope::User), "new").unwrap();
    assert_eq!(entries_of(&place), ["old", "new"]);
    assert!(std::fs::symlink_metadata(scratch.file("a.pbk")).unwrap().is_symlink());
    assert!(std::fs::symlink_metadata(scratch.file("b.pbk")).unwrap().is_symlink());

    // A link to nothing makes its target.
    symlink("git/fresh.pbk", scratch.file("c.pbk")).unwrap();
    add(&Place::new(scratch.file("c.pbk"), Scope::User), "first").unwrap();
    assert_eq!(super::names_in(&scratch.file("git")), ["a.pbk", "fresh.pbk"]);
    assert_eq!(mode(&scratch.file("git/fresh.pbk")), 0o600);

    symlink("loop.pbk", scratch.file("loop.pbk")).unwrap();
    let error = add(&Place::new(scratch.file("loop.pbk"), Scope::User), "x").unwrap_err();
    assert_eq!(error.problem, Problem::LinkLoop);
}

#[test]
fn a_change_that_changes_nothing_writes_nothing() {
    let scratch = Scratch::new("nothing");
    let place = scratch.book("a.pbk", &["old"]);
    let before = std::fs::metadata(&place.path).unwrap().ino();
    assert_eq!(place.update(Missing::Refuse, |_| Ok::<_, FileError>(7)).unwrap(), 7);
    assert_eq!(std::fs::metadata(&place.path).unwrap().ino(), before);
}

#[test]
fn a_change_that_fails_writes_nothing() {
    enum Error {
        Edit(EditError),
        File,
    }
    impl From<FileError> for Error {
        fn from(_: FileError) -> Self {
            Self::File
        }
    }
    let scratch = Scratch::new("fails");
    let place = scratch.book("a.pbk", &["old"]);
    let before = std::fs::read(&place.path).unwrap();
    let change = |book: &mut Book| {
        insert(book, "new").unwrap();
        book.delete("none").map_err(Error::Edit)
    };
    assert!(matches!(place.update(Missing::Refuse, change), Err(Error::Edit(EditError::NoEntry { .. }))));
    assert!(matches!(Place::new("/none/a.pbk", Scope::User).update(Missing::Refuse, change), Err(Error::File)));
    assert_eq!(std::fs::read(&place.path).unwrap(), before);
    assert_eq!(scratch.names(), ["a.pbk"]);
}

#[test]
fn an_editor_between_read_and_rename_is_noticed_and_its_work_is_kept() {
    let scratch = Scratch::new("editor");
    let place = scratch.book("a.pbk", &["old"]);
    let rounds = Cell::new(0);
    place
        .update(Missing::Refuse, |book| {
            rounds.set(rounds.get() + 1);
            if rounds.get() == 1 {
                scratch.book("a.pbk", &["old", "edited"]); // It knows nothing of our lock.
            }
            insert(book, "new")
        })
        .unwrap();
    assert_eq!(rounds.get(), 2);
    assert_eq!(entries_of(&place), ["old", "edited", "new"]);

    // One that never stops is left alone.
    let error = place
        .update(Missing::Refuse, |book| {
            rounds.set(rounds.get() + 1);
            scratch.book("a.pbk", &["old", &format!("edited {}", rounds.get())]);
            insert(book, "again")
        })
        .unwrap_err();
    assert_eq!((error.problem.clone(), error.code().0), (Problem::Changed, 624));
    assert_eq!(entries_of(&place), ["old", &format!("edited {}", rounds.get())]);
    assert_eq!(scratch.names(), ["a.pbk"]);
}

#[test]
fn a_file_that_appears_or_goes_meanwhile_is_not_written_over() {
    let scratch = Scratch::new("appears");
    let place = Place::new(scratch.file("a.pbk"), Scope::Explicit);
    place
        .update(Missing::Create, |book| {
            if !place.path.exists() {
                scratch.book("a.pbk", &["theirs"]);
            }
            insert(book, "ours")
        })
        .unwrap();
    assert_eq!(entries_of(&place), ["theirs", "ours"]);

    let error = place
        .update(Missing::Refuse, |book| {
            std::fs::remove_file(&place.path).unwrap();
            insert(book, "more")
        })
        .unwrap_err();
    assert_eq!(error.problem, Problem::Missing);
    assert!(scratch.names().is_empty());
}

#[test]
fn a_snapshot_is_stored_only_over_what_it_was_taken_from() {
    let scratch = Scratch::new("snapshot");
    let place = scratch.book("a.pbk", &["old"]);
    let mut snapshot = place.read().unwrap();
    insert(&mut snapshot.book, "mine").unwrap();

    scratch.book("a.pbk", &["old", "theirs"]);
    let error = place.replace(Some(&snapshot.fingerprint), &snapshot.book).unwrap_err();
    assert_eq!((error.problem.clone(), error.code().0), (Problem::Changed, 624));
    assert!(error.to_string().ends_with("nothing was written; read it again, then repeat the change"), "{error}");
    assert_eq!(place.replace(None, &snapshot.book).unwrap_err().problem, Problem::Changed);
    assert_eq!(entries_of(&place), ["old", "theirs"]);

    // The same content in another file is no change.
    std::fs::remove_file(&place.path).unwrap();
    assert_eq!(place.replace(Some(&snapshot.fingerprint), &snapshot.book).unwrap_err().problem, Problem::Changed);
    scratch.book("a.pbk", &["old"]);
    place.replace(Some(&snapshot.fingerprint), &snapshot.book).unwrap();
    assert_eq!(entries_of(&place), ["old", "mine"]);

    let new = Place::new(scratch.file("b.pbk"), Scope::Explicit);
    assert_eq!(new.replace(None, &Book::new()).unwrap_err().problem, Problem::Empty);
    new.replace(None, &snapshot.book).unwrap();
    assert_eq!(entries_of(&new), ["old", "mine"]);
    assert_eq!(scratch.names(), ["a.pbk", "b.pbk"]);
}

#[test]
fn the_new_file_is_at_no_step_more_readable_than_the_old_one() {
    let scratch = Scratch::new("readable");
    let place = scratch.book("a.pbk", &["old"]);
    std::fs::set_permissions(&place.path, PermissionsExt::from_mode(0o600)).unwrap();
    let seen = Cell::new(0);
    let look = |_| {
        for name in scratch.names() {
            let path = scratch.file(&name);
            assert_eq!(mode(&path), 0o600, "{name}");
            seen.set(seen.get() + 1);
        }
    };
    let change = |book: &mut Book| insert(book, "new");
    place.update_in_steps(Missing::Refuse, std::time::Duration::from_secs(10), change, &mut { look }).unwrap();
    assert!(seen.get() > 20, "book, lock and new file are there at most steps");
}

#[test]
fn the_access_list_is_kept_and_the_folders_default_adds_nobody() {
    const LIST: &str = "system.posix_acl_access";
    const DEFAULT: &str = "system.posix_acl_default";
    let scratch = Scratch::new("acl");
    let place = scratch.book("a.pbk", &["old"]);
    let set = |path: &Path, name| rustix::fs::setxattr(path, name, &access_list(), rustix::fs::XattrFlags::empty());
    let list = || rustix::fs::getxattr(&place.path, LIST, &mut vec![0; 100]);

    if set(&scratch.0, DEFAULT).is_err() {
        println!("SKIPPED the_access_list_is_kept_and_the_folders_default_adds_nobody: no access lists here");
        return;
    }
    add(&place, "new").unwrap();
    assert!(list().is_err(), "the old file had none");
    set(&place.path, LIST).unwrap();
    add(&place, "newer").unwrap();
    assert_eq!(list(), Ok(access_list().len()));
    assert_eq!(mode(&place.path), 0o640);
}

/// Makes the list: owner rw, user 1000 r, group r, mask r, others none.
fn access_list() -> Vec<u8> {
    let entries: [(u16, u16, u32); 5] = [(1, 6, !0), (2, 4, 1000), (4, 4, !0), (16, 4, !0), (32, 0, !0)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, id) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(rights.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    list
}

#[test]
fn a_folder_that_is_moved_meanwhile_is_neither_mixed_with_its_successor_nor_lost() {
    let scratch = Scratch::new("moved");
    for folder in ["here", "next"] {
        std::fs::create_dir(scratch.file(folder)).unwrap();
    }
    let place = scratch.book("here/a.pbk", &["old"]);
    scratch.book("next/a.pbk", &["other"]);
    let steps = &mut |step| {
        if step == Step::Locked {
            std::fs::rename(scratch.file("here"), scratch.file("moved")).unwrap();
            std::fs::rename(scratch.file("next"), scratch.file("here")).unwrap();
        }
    };
    place.update_in_steps(Missing::Refuse, LOCK_WAIT, |book| insert(book, "new"), steps).unwrap();
    let moved = Place::new(scratch.file("moved/a.pbk"), Scope::Explicit);
    assert_eq!((entries_of(&moved), entries_of(&place)), (vec!["old".into(), "new".into()], vec!["other".into()]));
}

#[test]
fn a_link_that_takes_the_books_name_meanwhile_is_not_followed() {
    let scratch = Scratch::new("swapped");
    let (place, other) = (scratch.book("a.pbk", &["old"]), scratch.book("b.pbk", &["other"]));
    let steps = &mut |step| {
        if step == Step::Locked {
            std::fs::remove_file(&place.path).unwrap();
            symlink("b.pbk", &place.path).unwrap();
        }
    };
    let result = place.update_in_steps(Missing::Refuse, LOCK_WAIT, |book| insert(book, "new"), steps);
    assert_eq!(result.unwrap_err().problem, Problem::Changed);
    assert!(std::fs::symlink_metadata(&place.path).unwrap().is_symlink());
    assert_eq!(entries_of(&other), ["other"]);
}
