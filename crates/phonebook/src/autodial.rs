//! The AutoDial database: which entry an address is dialled by (clauses D1 to D9).
//!
//! It is a text file beside the phone books, one fact a line, members apart by tabs:
//!
//! ```text
//! address  0  0  intranet.example.com  Head office    location, flags, address, entry; the default has no address
//! disabled 3                                           AutoDial is off at this location
//! set      2  50                                       a setting and its value
//! session  1  0123-...                                 the setting 1 counts until that session ends
//! ```
//!
//! Lines that are something else are kept.

use std::collections::{BTreeMap, BTreeSet};

/// By which entry an address is dialled at one location.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AutodialEntry {
    /// The dialling location.
    pub location: u32,
    /// Flags, of which none has a meaning.
    pub flags: u32,
    /// The entry's name.
    pub entry: String,
}

/// The database.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Autodial {
    /// By folded address.
    addresses: BTreeMap<String, Address>,
    /// How many entries all addresses have, and how many bytes their text has.
    count: usize,
    size: usize,
    disabled: BTreeSet<u32>,
    settings: BTreeMap<u32, u32>,
    sessions: BTreeMap<u32, String>,
    others: Vec<String>,
}

/// An address as it is written, and its entries by location.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct Address {
    written: String,
    entries: BTreeMap<u32, AutodialEntry>,
}

/// What an address or the name of an entry is not to be.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum AutodialRefusal {
    /// Too long, or with a control character; or an entry without a name.
    Malformed,
    /// There is no room for one more.
    Full,
}

impl Autodial {
    /// Reads the file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut read = Self::default();
        let lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
        for line in lines.filter(|line| !line.is_empty()) {
            if read.take_line(line).is_none() {
                read.others.push(line.to_owned());
            }
        }
        read
    }

    /// Writes the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let of = |address: &Address| -> String {
            let entries = address.entries.values().map(|AutodialEntry { location, flags, entry }| {
                format!("address\t{location}\t{flags}\t{}\t{entry}\n", address.written)
            });
            entries.collect()
        };
        let addresses = self.addresses.values().map(of);
        let disabled = self.disabled.iter().map(|location| format!("disabled\t{location}\n"));
        let settings = self.settings.iter().map(|(key, value)| format!("set\t{key}\t{value}\n"));
        let sessions = self.sessions.iter().map(|(key, session)| format!("session\t{key}\t{session}\n"));
        let others = self.others.iter().map(|line| format!("{line}\n"));
        addresses.chain(disabled).chain(settings).chain(sessions).chain(others).collect()
    }

    /// Lists the addresses in their order; the default connection has none.
    #[must_use]
    pub fn addresses(&self) -> Vec<&str> {
        self.addresses.values().map(|address| address.written.as_str()).filter(|address| !address.is_empty()).collect()
    }

    /// Gives the entries of an address, or of the default connection, which is the empty one.
    #[must_use]
    pub fn entries(&self, address: &str) -> Vec<AutodialEntry> {
        let known = self.addresses.get(&fold(address));
        known.map(|known| known.entries.values().cloned().collect()).unwrap_or_default()
    }

    /// Gives an address entries: those of the same locations are replaced, those of others stay (clause D2).
    ///
    /// # Errors
    /// Why nothing was changed.
    pub fn set(&mut self, address: &str, entries: &[AutodialEntry]) -> Result<(), AutodialRefusal> {
        let bad = |text: &str, most| text.chars().count() > most || text.contains(char::is_control);
        if bad(address, ADDRESS_MAX) || entries.iter().any(|e| e.entry.trim().is_empty() || bad(&e.entry, NAME_MAX)) {
            return Err(AutodialRefusal::Malformed);
        }
        // As if nothing was replaced: near the bound a line has to go before one can be changed.
        let size: usize = entries.iter().map(|entry| address.len() + entry.entry.len()).sum();
        if self.count + entries.len() > LINES_MAX || self.size + size > TEXT_MAX {
            return Err(AutodialRefusal::Full);
        }
        let fresh = || Address { written: address.to_owned(), entries: BTreeMap::new() };
        let known = self.addresses.entry(fold(address)).or_insert_with(fresh);
        for entry in entries {
            let length = known.written.len();
            self.size += length + entry.entry.len();
            match known.entries.insert(entry.location, entry.clone()) {
                Some(old) => self.size -= length + old.entry.len(),
                None => self.count += 1,
            }
        }
        Ok(())
    }

    /// Forgets an address, or the default connection.
    pub fn remove(&mut self, address: &str) {
        let Some(gone) = self.addresses.remove(&fold(address)) else { return };
        self.count -= gone.entries.len();
        self.size -= gone.entries.values().map(|entry| gone.written.len() + entry.entry.len()).sum::<usize>();
    }

    /// Tells whether AutoDial was switched off at a location (clause D9).
    #[must_use]
    pub fn is_disabled(&self, location: u32) -> bool {
        self.disabled.contains(&location)
    }

    /// Switches AutoDial on or off at a location.
    ///
    /// # Errors
    /// If there is no room for one more location.
    pub fn enable(&mut self, location: u32, on: bool) -> Result<(), AutodialRefusal> {
        if on {
            self.disabled.remove(&location);
        } else if self.disabled.len() >= LINES_MAX {
            return Err(AutodialRefusal::Full);
        } else {
            self.disabled.insert(location);
        }
        Ok(())
    }

    /// Gives a setting, unless it counted for another session alone.
    #[must_use]
    pub fn setting(&self, key: u32, session: &str) -> Option<u32> {
        let counts = self.sessions.get(&key).is_none_or(|of| of == session);
        self.settings.get(&key).copied().filter(|_| counts)
    }

    /// Stores a setting, for good or for a session. `key` is one of the few that there are.
    pub fn set_setting(&mut self, key: u32, value: u32, session: Option<&str>) {
        self.settings.insert(key, value);
        match session {
            Some(session) => self.sessions.insert(key, session.to_owned()),
            None => self.sessions.remove(&key),
        };
    }

    /// Takes over what a line says; nothing if it says nothing that we know.
    fn take_line(&mut self, line: &str) -> Option<()> {
        let members: Vec<&str> = line.split('\t').collect();
        match members[..] {
            ["address", location, flags, address, entry] => {
                let (location, flags) = (location.parse().ok()?, flags.parse().ok()?);
                let entry = AutodialEntry { location, flags, entry: entry.to_owned() };
                self.set(address, &[entry]).ok()?;
            }
            ["disabled", location] => self.enable(location.parse().ok()?, false).ok()?,
            ["set", key, value] if self.settings.len() < LINES_MAX => {
                self.settings.insert(key.parse().ok()?, value.parse().ok()?);
            }
            ["session", key, session] if self.sessions.len() < LINES_MAX => {
                self.sessions.insert(key.parse().ok()?, session.to_owned());
            }
            _ => return None,
        }
        Some(())
    }
}

/// Names of hosts compare without regard to case.
fn fold(address: &str) -> String {
    address.to_ascii_lowercase()
}

/// The most characters of an address: a host name has 253.
const ADDRESS_MAX: usize = 1024;

/// The most characters of an entry's name.
const NAME_MAX: usize = 256;

/// The most lines of one kind.
const LINES_MAX: usize = 4096;

/// The most bytes of all addresses and names: they fit into a reply of the manager.
const TEXT_MAX: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(location: u32, name: &str) -> AutodialEntry {
        AutodialEntry { location, flags: 0, entry: name.to_owned() }
    }

    #[test]
    fn d1_d2_entries_of_the_same_location_are_replaced_and_others_stay() {
        let mut database = Autodial::default();
        database.set("Intranet", &[entry(0, "a"), entry(1, "b")]).unwrap();
        database.set("intranet", &[entry(1, "c"), entry(2, "d")]).unwrap();
        assert_eq!(database.entries("INTRANET"), [entry(0, "a"), entry(1, "c"), entry(2, "d")]);
        assert_eq!(database.addresses(), ["Intranet"]);
        database.remove("intranet");
        assert!(database.addresses().is_empty());
    }

    #[test]
    fn what_was_written_is_read_again_and_foreign_lines_stay() {
        let mut database = Autodial::parse("# a remark\nfuture\t1\n\naddress\tx\t0\tbad\tline\n");
        database.set("", &[entry(0, "Default")]).unwrap();
        database.set("10.0.0.1", &[entry(7, "Büro \u{1f600}")]).unwrap();
        database.enable(3, false).unwrap();
        database.set_setting(2, 50, None);
        database.set_setting(1, 1, Some("boot"));
        let again = Autodial::parse(&database.to_text());
        assert_eq!(again, database);
        assert_eq!(again.addresses(), ["10.0.0.1"]);
        assert!(again.to_text().contains("future\t1\n") && again.to_text().contains("bad\tline\n"));
        assert_eq!(
            (again.setting(1, "boot"), again.setting(1, "other"), again.setting(2, "other")),
            (Some(1), None, Some(50))
        );
        assert_eq!((again.is_disabled(3), again.is_disabled(4)), (true, false));
    }

    #[test]
    fn what_would_break_the_file_is_refused_and_its_size_is_bounded() {
        let mut database = Autodial::default();
        for (address, name) in [("a\tb", "x"), ("a\n", "x"), ("a", "x\ty"), ("a", " ")] {
            assert_eq!(database.set(address, &[entry(0, name)]), Err(AutodialRefusal::Malformed));
        }
        let mut added = 0;
        while database.set(&format!("{added:0>200}"), &[entry(0, "x")]).is_ok() {
            added += 1;
        }
        assert!((1000..=LINES_MAX).contains(&added), "{added}");
        assert_eq!(database.addresses().len(), added);
        database.remove(&format!("{:0>200}", 0));
        assert_eq!(database.set("one more", &[entry(0, "x")]), Ok(()));
        assert_eq!(Autodial::parse(&database.to_text()), database);
    }
}
