//! What cannot be read, and why.

use super::Scratch;
use rasman_phonebook::store::{self, Place, Problem, SIZE_MAX, Scope};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::File;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

fn problem(path: &Path) -> (Problem, u32) {
    let error = Place::new(path, Scope::Explicit).read().err().expect("an error");
    assert!(error.to_string().starts_with(&*path.to_string_lossy()), "{error}");
    (error.problem.clone(), error.code().0)
}

#[test]
fn a18_a_phone_book_that_cannot_be_opened_is_621() {
    let scratch = Scratch::new("open");
    assert_eq!(problem(&scratch.file("none.pbk")), (Problem::Missing, 621));
    assert_eq!(problem(&scratch.file("none/none.pbk")), (Problem::Missing, 621));
    assert_eq!(problem(&scratch.0), (Problem::Folder, 621));

    // None of these may block: there is nobody at the other end.
    mknodat(CWD, scratch.file("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert_eq!(problem(&scratch.file("pipe")), (Problem::NotAFile, 621));
    let _socket = UnixListener::bind(scratch.file("socket")).unwrap();
    assert_eq!(problem(&scratch.file("socket")), (Problem::NotAFile, 621));
    assert_eq!(problem(Path::new("/dev/zero")), (Problem::NotAFile, 621));

    symlink(scratch.file("b"), scratch.file("a")).unwrap();
    symlink(scratch.file("a"), scratch.file("b")).unwrap();
    assert_eq!(problem(&scratch.file("a")), (Problem::LinkLoop, 621));
}

#[test]
fn a18_a_phone_book_that_cannot_be_read_is_622() {
    let scratch = Scratch::new("large");
    let path = scratch.file("a.pbk");
    File::create(&path).unwrap().set_len(SIZE_MAX + 1).unwrap(); // No blocks: it takes no room.
    assert_eq!(problem(&path), (Problem::TooLarge(SIZE_MAX + 1), 622));
    // A file of the proc file system claims to be empty and is not.
    assert_eq!(problem(Path::new("/proc/self/status")), (Problem::Unsteady, 622));
}

#[test]
fn a_book_is_read_through_links_and_known_again() {
    let scratch = Scratch::new("read");
    let place = scratch.book("a.pbk", &["one", "two"]);
    symlink("a.pbk", scratch.file("link.pbk")).unwrap();
    let loaded = Place::new(scratch.file("link.pbk"), Scope::User).read().unwrap();
    assert_eq!(loaded.book.entries().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(loaded.book.to_bytes(), std::fs::read(&place.path).unwrap());
    assert!(loaded.is_current());

    // The same size and the same content, but another file.
    std::fs::copy(&place.path, scratch.file("copy")).unwrap();
    std::fs::rename(scratch.file("copy"), &place.path).unwrap();
    assert!(!loaded.is_current());
    assert!(loaded.fingerprint.same_content(&place.read().unwrap().fingerprint));
    std::fs::remove_file(&place.path).unwrap();
    assert!(!loaded.is_current());
}

#[test]
fn a18_a_phone_book_with_more_than_anybody_has_is_622() {
    let scratch = Scratch::new("many");
    let path = scratch.file("a.pbk");
    let entries = store::ENTRIES_MAX;
    std::fs::write(&path, "[]\n".repeat(entries)).unwrap();
    assert_eq!(Place::new(&path, Scope::Explicit).read().unwrap().book.entries().count(), 1);
    // What could not be read again is not written.
    let error = super::add(&Place::new(&path, Scope::Explicit), "x").unwrap_err();
    assert_eq!((error.problem, std::fs::metadata(&path).unwrap().len()), (Problem::TooManyEntries, 3 * entries as u64));
    std::fs::write(&path, "[]\n".repeat(entries + 1)).unwrap();
    assert_eq!(problem(&path), (Problem::TooManyEntries, 622));
    std::fs::write(&path, format!("[a]\n{}", "\n".repeat(store::LINES_MAX))).unwrap();
    assert_eq!(problem(&path), (Problem::TooManyLines(1), 622));
    let wide: Vec<u8> = format!("\u{feff}\n[a]\n{}", "=\n".repeat(store::LINES_MAX))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::write(&path, wide).unwrap();
    assert_eq!(problem(&path), (Problem::TooManyLines(2), 622));
    // Nobody writes it either.
    let before = std::fs::metadata(&path).unwrap().len();
    assert_eq!(super::add(&Place::new(&path, Scope::Explicit), "x").unwrap_err().code().0, 622);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), before);
}
