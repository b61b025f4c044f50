//! What is wrong, odd or not honoured in a phone book.

mod finding;
mod honoured;
mod nearest;

pub use finding::{Finding, Severity};

use crate::eap_data;
use crate::error::shown;
use crate::keys::{self, Key, Kind};
use crate::line::{BLANKS, DEVICE, MEDIA};
use crate::value::{Blob, Value};
use crate::{
    AuthRestrictions, Book, Encoding, Guid, LINKS_MAX, Line, LineKind, Properties, Scope, Section, UserPreferences,
    fold_name, is_secret_key, validate_name,
};
use core::net::{Ipv4Addr, Ipv6Addr};
use honoured::is_not_honoured;
use nearest::did_you_mean;
use rasman_core::{Code, hex};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Looks a whole phone book over and lists what it finds in the order of the file.
///
/// After [`FINDINGS_MAX`] findings it stops and says so.
#[must_use]
pub fn check(book: &Book) -> Vec<Finding> {
    let mut check = Check::new(book.encoding());
    for line in book.preamble() {
        check.line += 1;
        if !matches!(line.kind, LineKind::Blank | LineKind::Comment) {
            let what = "the line stands before the first entry";
            check.find_whole(&line, Severity::Warning, what, "write [name] above it, or make it a comment with ;");
        }
        check.characters(&line);
    }
    let count = book.entries_in_file();
    for (index, (section, shadowed)) in book.all_sections().enumerate() {
        if check.is_full() {
            break;
        }
        check.section(&section, shadowed, index + 1 == count);
    }
    if !book.is_whole() {
        let advice = "restore the end of the file";
        check.find(check.line.max(1), 1, 1, Severity::Error, "the file ends in the middle of a character", advice);
    }
    check.finish()
}

struct Check {
    encoding: Encoding,
    findings: Vec<Finding>,
    /// The line that was looked at last.
    line: usize,
    /// Folded names, with the line of their first header and the name as it stands there.
    names: BTreeMap<String, (usize, String)>,
    /// The Guids, with the line of the first entry that has each.
    guids: BTreeMap<[u8; 16], usize>,
}

/// Where the keys of a section stand: for each the line of its first value, and the place of that value.
type Places = BTreeMap<(Option<Scope>, String), Place>;

#[derive(Copy, Clone)]
struct Place {
    line: usize,
    column: usize,
    length: usize,
}

impl Check {
    fn new(encoding: Encoding) -> Self {
        Self { encoding, findings: Vec::new(), line: 0, names: BTreeMap::new(), guids: BTreeMap::new() }
    }

    fn section(&mut self, section: &Section<'_>, shadowed: bool, last: bool) {
        let header = self.line + 1;
        self.name(&section.name(), shadowed);
        let mut places = Places::new();
        let mut end = None;
        for line in section.lines() {
            self.line += 1;
            self.characters(&line);
            match &line.kind {
                LineKind::Key { key, value } => self.key(&line, key, value, &mut places),
                LineKind::Other => self.malformed(&line),
                LineKind::Header | LineKind::Blank | LineKind::Comment => {}
            }
            end = Some(line.len == line.bytes.len());
        }
        if !shadowed {
            self.identity(section, &places);
        }
        self.dialability(section, header, &places);
        if last {
            self.end(end.unwrap_or_default(), header, &places);
        }
    }

    // Clauses B2 and A17.
    fn name(&mut self, name: &str, shadowed: bool) {
        let (line, length) = (self.line + 1, name.chars().count());
        if let Err(invalid) = validate_name(name) {
            let what = format!("the name \"{}\" {}", shown(name), invalid.problem);
            self.find(line, 2, length, Severity::Warning, what, &invalid.advice);
        } else if name.trim() != name {
            let what = format!("the name \"{}\" has blanks at its ends, which belong to it", shown(name));
            self.find(line, 2, length, Severity::Warning, what, "remove them");
        }
        let folded = fold_name(name);
        match self.names.get(&folded) {
            Some((first, as_written)) if shadowed => {
                let how = if as_written == name { "" } else { " but for upper and lower case" };
                let what = format!("the name \"{}\" is that of line {first}{how}; that entry counts", shown(name));
                self.find(line, 2, length, Severity::Error, what, "give the entry another name, or remove it");
            }
            _ => drop(self.names.insert(folded, (line, name.to_owned()))),
        }
    }

    /// Credentials are stored under the Guid, so who copies an entry by hand shares them.
    fn identity(&mut self, section: &Section<'_>, places: &Places) {
        let Some(place) = places.get(&(Some(Scope::Entry), GUID.to_owned())) else { return };
        let value = section.get(Scope::Entry, GUID).unwrap_or_default();
        let Some(guid) = Guid::read(&[value]).filter(|guid| *guid != Guid::default()) else { return };
        match self.guids.get(&guid.0) {
            Some(first) => {
                let what = format!("the Guid is that of line {first}, so both entries share their stored credentials");
                let advice = "change some of its digits, or empty it";
                self.find(place.line, place.column, place.length, Severity::Warning, what, advice);
            }
            None => _ = self.guids.insert(guid.0, place.line),
        }
    }

    /// Looks at the characters of a line, whatever it says.
    fn characters(&mut self, line: &Line<'_>) {
        if line.len > LINE_MAX {
            let what = format!("the line has {} bytes", line.len);
            self.find_whole(line, Severity::Warning, what, "no key needs that many; is the file damaged?");
        }
        let text = self.encoding.decode(&line.bytes[..line.len]);
        if !text.contains(['\0', '\r', char::REPLACEMENT_CHARACTER]) {
            return;
        }
        if let Some(at) = text.chars().position(|c| c == '\0') {
            let advice = "remove it; no program writes one";
            self.find(self.line, at + 1, 1, Severity::Error, "the line has a NUL character", advice);
        }
        if let Some(at) = text.chars().position(|c| c == '\r') {
            let advice = "end lines with CR LF or LF";
            self.find(self.line, at + 1, 1, Severity::Warning, "the line has a lone carriage return", advice);
        }
        if let Some(at) = text.chars().position(|c| c == char::REPLACEMENT_CHARACTER) {
            let what = format!("the line has bytes that are no {}", self.encoding.name());
            self.find(self.line, at + 1, 1, Severity::Warning, what, "save the file in one encoding");
        }
    }

    fn malformed(&mut self, line: &Line<'_>) {
        let text = self.encoding.decode(&line.bytes[..line.len]);
        let text = text.trim();
        let (what, advice) = if text.starts_with('[') && text.ends_with(']') {
            (
                "the header does not stand at the beginning of the line, so it opens no entry",
                "remove the blanks before it",
            )
        } else if text.starts_with('[') {
            ("the header has no closing bracket, so it opens no entry", "write [name]")
        } else {
            ("the line is no key=value, header or comment", "write key=value, or make it a comment with ;")
        };
        self.find_whole(line, Severity::Error, what, advice);
    }

    fn key(&mut self, line: &Line<'_>, name: &str, value: &str, places: &mut Places) {
        if self.is_full() {
            return;
        }
        let place = self.place(line, value);
        let Some(scope) = line.scope else {
            places.entry((None, name.to_owned())).or_insert(place);
            if name == DEVICE {
                let what = "the DEVICE group has no MEDIA group above it, so it does not count";
                self.find_whole(line, Severity::Error, what, "write MEDIA=rastapi above it");
            }
            return;
        };
        if name == MEDIA && scope == Scope::Media(LINKS_MAX) {
            let what = format!("the entry has more than {LINKS_MAX} links; this and further ones are not used");
            self.find_whole(line, Severity::Warning, what, "is the file damaged?");
        }
        let first = *places.entry((Some(scope), name.to_owned())).or_insert(place);
        let known = keys::find(scope, name);
        if first.line != place.line && known.is_none_or(|key| !key.kind.repeats()) {
            let what = format!("{} stands in line {} already, and that one counts", shown(name), first.line);
            self.find_whole(line, Severity::Warning, what, "remove one of them");
        }
        if is_secret_key(name) && !value.trim().is_empty() {
            let what = format!("{name} holds a secret in clear");
            let advice = "store it with the credentials and empty the key";
            return self.find(place.line, place.column, place.length, Severity::Error, what, advice);
        }
        match known {
            Some(key) => self.value(scope, key, value, place),
            None if scope == Scope::Components => self.kind(name, Kind::Flag, value, place),
            None => self.unknown(scope, name, line),
        }
    }

    fn value(&mut self, scope: Scope, key: &Key, value: &str, place: Place) {
        let text = value.trim();
        if text.is_empty() {
            return;
        }
        let found = self.findings.len();
        self.kind(key.name, key.kind, text, place);
        if self.findings.len() > found {
            return;
        }
        if value != text && scope != Scope::Entry && key.name == "PhoneNumber" {
            let what = "PhoneNumber has blanks at its ends, which are not dialled";
            self.find(place.line, place.column, place.length, Severity::Note, what, "remove them");
        }
        if is_not_honoured(key.name, text) {
            let what = format!("{}={} is kept, but not honoured yet", key.name, shown(text));
            self.find(place.line, place.column, place.length, Severity::Note, what, "");
        }
    }

    /// Checks that a value is what its key needs.
    fn kind(&mut self, name: &str, kind: Kind, text: &str, place: Place) {
        let values = [Cow::Borrowed(text)];
        let wanted = match kind {
            Kind::Text | Kind::Repeats => return,
            Kind::Number | Kind::RepeatedNumber if u32::read(&values).is_some() => return,
            Kind::Number | Kind::RepeatedNumber => "a decimal number of 32 bits",
            Kind::Flag | Kind::RepeatedFlag if ["0", "1"].contains(&text) => return,
            Kind::Flag | Kind::RepeatedFlag if u32::read(&values).is_some() => {
                let what = format!("{}={} counts as 1", shown(name), shown(text));
                return self.find(place.line, place.column, place.length, Severity::Warning, what, "write 0 or 1");
            }
            Kind::Flag | Kind::RepeatedFlag => "0 or 1",
            Kind::Hex(digits) if hex::decode(text).is_some_and(|bytes| bytes.len() * 2 == digits) => return,
            Kind::Hex(_) => "hexadecimal digits, 32 for a GUID and 16 for an interface",
            Kind::Blob if Blob::read(&values).is_some() => return,
            Kind::Blob => "an even count of hexadecimal digits",
            Kind::Ipv4 if Ipv4Addr::read(&values).is_some() => return,
            Kind::Ipv4 => "an IPv4 address",
            Kind::Ipv6 if Ipv6Addr::read(&values).is_some() => return,
            Kind::Ipv6 => "an IPv6 address",
        };
        let what = format!("{}={} is not {wanted}", shown(name), shown(text));
        let advice = "correct it; until then the default counts, and an entry that needs the key is not dialled";
        self.find(place.line, place.column, place.length, Severity::Error, what, advice);
    }

    fn unknown(&mut self, scope: Scope, name: &str, line: &Line<'_>) {
        let elsewhere = [Scope::Entry, Scope::Media(0), Scope::Device { media: 0, device: 0 }];
        let (severity, advice) = if name.is_empty() {
            (Severity::Error, "write the key before the =".to_owned())
        } else if let Some(meant) = did_you_mean(scope, name) {
            (Severity::Warning, format!("did you mean {meant}?"))
        } else if elsewhere.iter().any(|other| keys::find(*other, name).is_some()) {
            (Severity::Warning, "it belongs into another group of the entry".to_owned())
        } else {
            (Severity::Note, "it is kept; remove it if no other program needs it".to_owned())
        };
        let what = format!("the key \"{}\" is not known here", shown(name));
        let text = self.text(&line.bytes[..line.len]);
        let before = text.chars().take_while(|c| BLANKS.contains(c)).count();
        self.find(self.line, before + 1, name.chars().count(), severity, what, &advice);
    }

    /// Says what stands in the way of a dial.
    fn dialability(&mut self, section: &Section<'_>, header: usize, places: &Places) {
        if self.is_full() {
            return;
        }
        let properties = section.properties();
        let dialled = properties.dial_entry(&UserPreferences::default(), |_: &str| Ok(Vec::new()));
        if dialled.as_ref().err().is_none_or(|error| error.key != eap_data::KEY) {
            self.eap_data(&properties, places);
        }
        let Err(error) = dialled else { return };
        // Bad values are found where they stand.
        if error.problem == crate::dial::UNREADABLE || error.key == "[name]" {
            return;
        }
        let whole = Place { line: header, column: 1, length: 1 };
        let of_key = |((_, key), _): &(&(Option<Scope>, String), &Place)| *key == error.key;
        let place = places.iter().find(of_key).map_or(whole, |(_, place)| *place);
        let yet = [Code::PORT_NOT_AVAILABLE.0, NO_AUTH_PROTOCOL_AVAILABLE].contains(&error.code.0);
        let severity = if yet { Severity::Warning } else { Severity::Error };
        let what =
            format!("the entry cannot be dialled ({}): {}={} {}", error.code.0, error.key, error.value, error.problem);
        self.find(place.line, place.column, place.length, severity, what, &error.advice);
    }

    /// Says what of Windows' settings of EAP cannot be read, where they matter.
    fn eap_data(&mut self, properties: &Properties, places: &Places) {
        let (Err(why), true) = (properties.eap_data(), properties.auth_restrictions.contains(AuthRestrictions::EAP))
        else {
            return;
        };
        let Some(place) = places.get(&(Some(Scope::Entry), eap_data::KEY.to_owned())) else { return };
        let what = format!("{} {why}; it is kept, and what it says of the server does not count", eap_data::KEY);
        let advice = "say it by RasmanEapCa, RasmanEapServerName and RasmanEapCryptoBinding";
        self.find(place.line, place.column, place.length, Severity::Warning, what, advice);
    }

    /// Looks whether the file breaks off.
    fn end(&mut self, without_line_end: bool, header: usize, places: &Places) {
        if without_line_end {
            let what = "the last line has no line end; is the file cut off?";
            self.find(self.line, 1, 1, Severity::Warning, what, "compare it with a copy, and end the line");
        }
        let is_entry = !places.is_empty();
        let has_device = places.keys().any(|(scope, _)| matches!(scope, Some(Scope::Device { .. })));
        let has_media = places.keys().any(|(scope, key)| matches!(scope, Some(Scope::Media(_))) && key == MEDIA);
        if is_entry && (!has_device || !has_media) {
            let what = "the last entry ends before its DEVICE group; is the file cut off?";
            self.find(header, 1, 1, Severity::Warning, what, "restore it from a copy, or remove the entry");
        }
    }

    /// Finds where the value of a line stands.
    fn place(&self, line: &Line<'_>, value: &str) -> Place {
        let text = self.text(&line.bytes[..line.len]);
        let before = text.find('=').map_or(0, |at| text[..at].chars().count() + 1);
        Place { line: self.line, column: before + 1, length: value.chars().count().max(1) }
    }

    fn text<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        self.encoding.decode(bytes)
    }

    fn find_whole(&mut self, line: &Line<'_>, severity: Severity, what: impl Into<String>, advice: &str) {
        let length = self.text(&line.bytes[..line.len]).chars().count();
        self.find(self.line, 1, length, severity, what, advice);
    }

    fn find(
        &mut self,
        line: usize,
        column: usize,
        length: usize,
        severity: Severity,
        what: impl Into<String>,
        advice: &str,
    ) {
        if !self.is_full() {
            let (what, advice, length) = (what.into(), advice.to_owned(), length.max(1));
            self.findings.push(Finding { line, column, length, severity, what, advice });
        }
    }

    fn is_full(&self) -> bool {
        self.findings.len() >= FINDINGS_MAX
    }

    fn finish(mut self) -> Vec<Finding> {
        // What is said of a whole entry is found at its end.
        self.findings.sort_by_key(|finding| (finding.line, finding.column));
        if self.is_full() {
            let what = format!("there are {FINDINGS_MAX} findings; the rest was not looked at");
            let advice = "is this a phone book?".to_owned();
            let (line, severity) = (self.line.max(1), Severity::Error);
            self.findings.push(Finding { line, column: 1, length: 1, severity, what, advice });
        }
        self.findings
    }
}

/// The most findings that are listed.
pub const FINDINGS_MAX: usize = 1_000;
/// The most bytes of a line that make sense; certificates and policies are the longest.
const LINE_MAX: usize = 16_384;
/// The key of an entry's identity.
const GUID: &str = "Guid";
/// ERROR_NO_AUTH_PROTOCOL_AVAILABLE.
const NO_AUTH_PROTOCOL_AVAILABLE: u32 = 918;
