//! All entries of all phone books.

use super::Scratch;
use rasman_phonebook::store::{FindError, Places, Problem, Scope, find, list};
use std::path::Path;

fn places(scratch: &Scratch) -> Places {
    for folder in ["user", "all"] {
        std::fs::create_dir_all(scratch.file(folder)).unwrap();
    }
    Places::new(Some(scratch.file("user/rasphone.pbk")), scratch.file("all/rasphone.pbk"))
}

#[test]
fn b1_b9_b12_the_list_has_all_books_the_users_first() {
    let scratch = Scratch::new("list");
    let places = places(&scratch);
    scratch.book("all/rasphone.pbk", &["Office", "machine"]);
    scratch.book("all/aaa.pbk", &["extra"]);
    scratch.book("user/zzz.pbk", &["second"]);
    scratch.book("user/abc.PBK", &["first", "first"]);
    scratch.book("user/rasphone.pbk", &["own", "OFFICE"]);
    scratch.book("user/notes.txt", &["no"]);
    scratch.book("user/.hidden.pbk", &["no"]);

    let listing = list(&places);
    assert_eq!(listing.faults, []);
    let told: Vec<_> = listing
        .entries
        .iter()
        .map(|entry| {
            let file = entry.place.path.strip_prefix(&scratch.0).unwrap().to_str().unwrap();
            (entry.name.as_str(), entry.place.scope, file, entry.shadowed)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("own", Scope::User, "user/rasphone.pbk", false),
            ("OFFICE", Scope::User, "user/rasphone.pbk", false),
            ("first", Scope::User, "user/abc.PBK", false),
            ("second", Scope::User, "user/zzz.pbk", false),
            ("Office", Scope::AllUsers, "all/rasphone.pbk", true),
            ("machine", Scope::AllUsers, "all/rasphone.pbk", false),
            ("extra", Scope::AllUsers, "all/aaa.pbk", false),
        ]
    );
    let found = find(&places, "office").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(found.place.scope, Scope::User);
}

#[test]
fn b1_without_books_the_list_is_empty() {
    let scratch = Scratch::new("none");
    let nowhere = Places::new(None, scratch.file("none/rasphone.pbk"));
    assert!(list(&nowhere).entries.is_empty() && list(&nowhere).faults.is_empty());
}

#[test]
fn a18_an_entry_that_does_not_exist_is_623() {
    let scratch = Scratch::new("623");
    let places = places(&scratch);
    scratch.book("all/rasphone.pbk", &["Office"]);
    let error = find(&places, "none").err().unwrap();
    assert_eq!((error.code().0, matches!(error, FindError::NoEntry { .. })), (623, true));
}

#[test]
fn a18_a_damaged_place_hides_no_other_book_but_stops_a_search() {
    let scratch = Scratch::new("damaged");
    let places = places(&scratch);
    scratch.book("user/rasphone.pbk", &["mine"]);
    std::fs::create_dir(scratch.file("user/broken.pbk")).unwrap();
    scratch.book("all/rasphone.pbk", &["Office"]);

    let listing = list(&places);
    assert_eq!(listing.entries.len(), 2);
    assert_eq!(listing.faults.len(), 1);
    assert_eq!(listing.faults[0].problem, Problem::Folder);
    // What comes before the damage is found; behind it, another entry could be meant.
    assert!(find(&places, "mine").is_ok());
    assert_eq!(find(&places, "Office").err().unwrap().code().0, 621);
}

#[test]
fn a_long_list_is_linear() {
    let scratch = Scratch::new("long");
    let places = places(&scratch);
    let names: Vec<_> = (0..20_000).map(|number| format!("entry {number}")).collect();
    scratch.book("user/rasphone.pbk", &names.iter().map(String::as_str).collect::<Vec<_>>());
    scratch.book("all/rasphone.pbk", &["Entry 19999"]);
    let started = std::time::Instant::now();
    let listing = list(&places);
    // A quadratic one takes minutes; ours, unoptimised, a fraction of a second.
    assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(listing.entries.len(), 20_001);
    assert!(listing.entries[20_000].shadowed);
    assert!(listing.entries[19_999].place.path.starts_with(&scratch.0) && Path::new("/").is_absolute());
}
