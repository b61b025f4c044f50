//! Body of the fuzz target for phone books: any bytes are one, nothing is lost, what is set is read, and a change
//! touches its own entry alone.

use rasman_phonebook::{
    Autodial, Book, Encoding, FINDINGS_MAX, Filetime, Guid, Identity, LINKS_MAX, LineKind, Properties, Scope,
    UserPreferences, check, fold_name,
};
use std::collections::BTreeSet;

/// Reads, checks and changes a phone book.
pub fn phonebook(data: &[u8]) {
    autodial(data);
    let book = Book::parse(data);
    assert_eq!(book.to_bytes(), data);
    assert!(check(&book).len() <= FINDINGS_MAX + 1);
    let names: Vec<String> = book.entries().map(Into::into).collect();
    for name in names.iter().take(ENTRIES_MAX) {
        read(&book, name);
        change(book.clone(), name);
        give_and_take(book.clone(), name);
    }
    create(book);
}

/// Any bytes are an AutoDial database, and what is read of it is written and read again.
fn autodial(data: &[u8]) {
    let database = Autodial::parse(&String::from_utf8_lossy(data));
    assert_eq!(Autodial::parse(&database.to_text()), database);
    for address in database.addresses() {
        assert!(!database.entries(address).is_empty());
    }
}

/// Everything that only looks.
fn read(book: &Book, name: &str) {
    let section = book.section(name).expect("a listed entry is found");
    assert_eq!(section.name(), name);
    let properties = section.properties();
    assert_eq!(properties.subentries.len(), section.media_count().min(LINKS_MAX));
    if let Ok(entry) = properties.dial_entry(&UserPreferences::default(), |_: &str| Ok(vec![vec![0x30]])) {
        assert_eq!(entry.validate(), Ok(()));
    }
    let mut same = book.clone();
    same.set_properties(&properties, Filetime(1)).expect("nothing is to be written");
    assert_eq!(same.to_bytes(), book.to_bytes());
}

/// A few settings of one entry.
fn change(mut book: Book, name: &str) {
    let mut properties = book.properties(name).expect("a listed entry");
    properties.redial_attempts ^= 1;
    properties.system_roots = !properties.system_roots;
    properties.dns_suffix.push('x');
    properties.ca.push("ca.pem".into());
    if let Some(link) = properties.subentries.first_mut() {
        link.phone_numbers.push("vpn.example.com".into());
        link.terminal_before_dial = !link.terminal_before_dial;
        link.x25_address = "1".into();
    }
    set_and_compare(&mut book, &properties);
    properties.subentries.clear();
    set_and_compare(&mut book, &properties);
}

fn create(mut book: Book) {
    let identity = Identity { guid: Guid([7; 16]), dial_params_uid: u32::MAX };
    set_and_compare(&mut book, &Properties::sstp("a new entry", "vpn.example.com", identity));
}

fn set_and_compare(book: &mut Book, properties: &Properties) {
    let (before, others) = (book.to_bytes(), others(book, &properties.name));
    let mut properties = properties.clone();
    properties.changed = Filetime(0x0102_0304_8506_0708);
    if book.set_properties(&properties, properties.changed).is_err() {
        return assert_eq!(book.to_bytes(), before);
    }
    assert_eq!(book.properties(&properties.name).as_ref(), Some(&properties));
    assert_eq!(others, self::others(book, &properties.name));
    // An ANSI file from which the one character went that was no UTF-8 is UTF-8 the next time.
    let again = Book::parse(book.to_bytes());
    if book.encoding() != Encoding::Ansi {
        assert_eq!(again.properties(&properties.name), Some(properties));
        assert!(again.entries().eq(book.entries()));
    }
}

/// Renames, copies and removes.
fn give_and_take(mut book: Book, name: &str) {
    let others_before = others(&book, name);
    let mut copy = Book::new();
    if copy.copy_from(&book, name, "copy").is_ok() {
        assert_eq!(copy.section("copy").expect("just copied").media_count(), media_count(&book, name));
    }
    if book.set(name, Scope::Entry, "Type", "2").is_ok() {
        assert_eq!(book.get(name, Scope::Entry, "Type").as_deref(), Some("2"));
    }
    let new_name = "another name";
    if book.rename(name, new_name).is_ok() {
        assert_eq!(book.section(new_name).expect("just renamed").name(), new_name);
        // One of the same name may come to light.
        assert!(others_before.is_subset(&others(&book, new_name)));
        reads_back(&book);
        let comments = comments_above(&book, new_name);
        book.delete(new_name).expect("it is there");
        assert!(!book.contains(new_name));
        reads_back(&book);
        let bytes = book.to_bytes();
        assert!(comments.is_empty() || bytes.windows(comments.len()).any(|window| window == comments));
    }
}

/// Whoever reads the file anew finds the same entries.
fn reads_back(book: &Book) {
    if book.encoding() != Encoding::Ansi {
        assert!(Book::parse(book.to_bytes()).entries().eq(book.entries()));
    }
}

/// The comments at the end of an entry behind which another one follows.
fn comments_above(book: &Book, name: &str) -> Vec<u8> {
    let section = book.section(name).expect("a listed entry");
    if book.to_bytes().ends_with(section.raw()) {
        return Vec::new();
    }
    let mut lines: Vec<_> = section.lines().collect();
    let from = lines.iter().rposition(|line| line.kind != LineKind::Comment).map_or(0, |last| last + 1);
    lines.drain(from..).flat_map(|line| line.bytes).copied().collect()
}

fn media_count(book: &Book, name: &str) -> usize {
    book.section(name).map_or(0, |section| section.media_count())
}

/// The other entries as they are written.
fn others(book: &Book, name: &str) -> BTreeSet<(String, Vec<u8>)> {
    let folded = fold_name(name);
    let names = book.entries().filter(|other| fold_name(other) != folded);
    names.map(|other| (other.clone().into(), book.section(&other).expect("listed").raw().to_vec())).collect()
}

/// The most entries that are changed in one run.
const ENTRIES_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use rasman_testkit::SeededRng;

    #[test]
    fn samples_with_pieces_of_themselves_moved_break_nothing() {
        let sample = include_bytes!("../../crates/phonebook/samples/multilink.pbk");
        let mut rng = SeededRng::new(7);
        for _ in 0..200 {
            let mut bytes = sample.to_vec();
            for _ in 0..rng.below(6) {
                let (from, to) = (rng.below(bytes.len() as u64) as usize, rng.below(bytes.len() as u64) as usize);
                let piece: Vec<u8> = bytes[from..].iter().take(rng.below(60) as usize).copied().collect();
                bytes.splice(to..to, piece);
            }
            phonebook(&bytes);
        }
    }
}
