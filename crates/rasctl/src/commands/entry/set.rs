//! `rasctl entry set`: changes settings, and nothing else in the file.

use super::settings;
use crate::arguments::Context;
use crate::books::{self, Books, ChangeError};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::named_files;
use clap::Args;
use rasman_phonebook::store::{Missing, Place};
use rasman_phonebook::{Book, Filetime, Finding, Properties, Scope, Section, Severity, check, is_known_key};
use serde_json::json;
use std::str::FromStr;

/// Which entry, and what to change.
#[derive(Args)]
pub(crate) struct SetArguments {
    /// Name of the entry
    #[arg(value_name = "ENTRY")]
    entry: String,
    /// What to set; see below for the names
    #[arg(value_name = "KEY=VALUE", required_unless_present = "unset")]
    assignments: Vec<Assignment>,
    /// Remove this key of the phone book; may be repeated
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
    /// Which link of an entry that has several, from 1 on, for keys of its port and device
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    link: u32,
    /// Write values that `rasctl entry check` finds wrong, too
    #[arg(long)]
    force: bool,
}

/// A key and its new value, or one more value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Assignment {
    key: String,
    value: String,
    more: bool,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("give KEY=VALUE")?;
        let (key, more) = key.strip_suffix('+').map_or((key, false), |key| (key, true));
        if key.trim().is_empty() {
            return Err("give KEY=VALUE".to_owned());
        }
        Ok(Self { key: key.trim().to_owned(), value: value.to_owned(), more })
    }
}

impl Assignment {
    /// Tells that a new entry takes settings by their names alone.
    pub(super) fn check_is_setting(&self) -> Result<(), Failure> {
        if settings::find(&self.key).is_some() && !self.more {
            return Ok(());
        }
        let what = format!("there is no setting \"{}\"", self.key);
        Err(Failure::usage(what, "`rasctl entry set --help` lists them; add the entry first to set any other key"))
    }
}

/// Changes the entry.
pub(super) fn run(arguments: &SetArguments, context: &Context) -> Result<Exit, Failure> {
    let place = Books::of(context).find(&arguments.entry)?.place;
    let stamp = books::stamp();
    let new = books::change(&place, Missing::Refuse, |book: &mut Book| {
        let before = check(book);
        edit(book, arguments, &place, stamp)?;
        let new = new_findings(&before, check(book));
        refuse(&new, arguments.force)?;
        Ok(new)
    })?;
    let output = context.output;
    for finding in new.iter().filter(|finding| finding.severity != Severity::Note) {
        output.warning(&finding.what);
    }
    output.line(format_args!("\"{}\" is changed in {}.", arguments.entry, place.path.display()));
    let warnings: Vec<_> = new.iter().map(|finding| &finding.what).collect();
    output.json(&json!({ "entry": arguments.entry, "phonebook": place.path, "findings": warnings }));
    Ok(Exit::Success)
}

/// Sets a setting of an entry.
pub(super) fn apply(entry: &mut Properties, assignment: &Assignment) -> Result<(), Failure> {
    match settings::find(&assignment.key) {
        Some(setting) => setting.set(entry, &assignment.value),
        None => Ok(()),
    }
}

fn edit(book: &mut Book, arguments: &SetArguments, place: &Place, stamp: Filetime) -> Result<(), ChangeError> {
    let name = &arguments.entry;
    for key in &arguments.unset {
        let scope = scope_of(&section(book, name)?, key, arguments.link);
        book.remove(name, scope, key)?;
    }
    for assignment in &arguments.assignments {
        if settings::find(&assignment.key).is_some() && !assignment.more {
            let mut entry = section(book, name)?.properties();
            apply(&mut entry, assignment).map_err(ChangeError::Other)?;
            if ["ca", "eap-ca", "script"].contains(&assignment.key.as_str()) {
                named_files::keep(&mut entry, place).map_err(ChangeError::Other)?;
            }
            book.set_properties(&entry, stamp)?;
            continue;
        }
        let scope = scope_of(&section(book, name)?, &assignment.key, arguments.link);
        if !arguments.force {
            refuse_unknown(&section(book, name)?, scope, &assignment.key)?;
        }
        match assignment.more {
            true => book.add(name, scope, &assignment.key, &assignment.value)?,
            false => book.set(name, scope, &assignment.key, &assignment.value)?,
        }
    }
    Ok(())
}

fn section<'a>(book: &'a Book, name: &str) -> Result<Section<'a>, ChangeError> {
    let gone = || rasman_phonebook::EditError::NoEntry { name: name.to_owned() };
    book.section(name).ok_or_else(|| gone().into())
}

/// Finds the group in which a key stands, or belongs.
fn scope_of(section: &Section<'_>, key: &str, link: u32) -> Scope {
    let media = usize::try_from(link - 1).unwrap_or(usize::MAX);
    let device = Scope::Device { media, device: main_device(section, media) };
    match key {
        _ if MEDIA.contains(&key) => Scope::Media(media),
        _ if DEVICE.contains(&key) => device,
        _ if section.get(Scope::Entry, key).is_some() => Scope::Entry,
        _ if COMPONENTS.contains(&key) || section.get(Scope::Components, key).is_some() => Scope::Components,
        _ if section.get(Scope::Media(media), key).is_some() => Scope::Media(media),
        _ if section.get(device, key).is_some() => device,
        _ => Scope::Entry,
    }
}

/// The first device that is neither a switch nor a pad.
fn main_device(section: &Section<'_>, media: usize) -> usize {
    let kind = |device| section.get(Scope::Device { media, device }, "DEVICE").unwrap_or_default();
    let is_main = |device: &usize| !["switch", "pad"].contains(&kind(*device).to_ascii_lowercase().as_str());
    (0..section.device_count(media)).find(is_main).unwrap_or_default()
}

/// Finds what a change brought.
fn new_findings(before: &[Finding], after: Vec<Finding>) -> Vec<Finding> {
    // Lines may have moved; what is said of them has not.
    after.into_iter().filter(|finding| !before.iter().any(|old| old.what == finding.what)).collect()
}

fn refuse(new: &[Finding], force: bool) -> Result<(), ChangeError> {
    match new.iter().find(|finding| finding.severity == Severity::Error) {
        Some(finding) if !force => {
            let advice = format!("{}; --force writes it all the same", finding.advice);
            let failure = Failure::new(Exit::Settings, &finding.what, advice.trim_start_matches("; "));
            Err(ChangeError::Other(failure))
        }
        _ => Ok(()),
    }
}

/// Refuses a key that nobody acts on and that the entry does not have, since it is most likely a slip.
fn refuse_unknown(section: &Section<'_>, scope: Scope, key: &str) -> Result<(), ChangeError> {
    if is_known_key(scope, key) || section.get(scope, key).is_some() {
        return Ok(());
    }
    let what = format!("\"{key}\" is neither a setting nor a key that phone books have");
    let advice = "`rasctl entry set --help` lists the settings; --force writes it all the same";
    Err(ChangeError::Other(Failure::new(Exit::Settings, what, advice)))
}

const MEDIA: &[&str] = &["MEDIA", "Port", "Device", "ConnectBPS"];
const DEVICE: &[&str] = &[
    "DEVICE",
    "PhoneNumber",
    "AreaCode",
    "CountryCode",
    "CountryID",
    "UseDialingRules",
    "Comment",
    "FriendlyName",
    "LastSelectedPhone",
    "PromoteAlternates",
    "TryNextAlternateOnFail",
    "HwFlowControl",
    "Protocol",
    "Compression",
    "Speaker",
    "MdmProtocol",
];
const COMPONENTS: &[&str] = &["ms_msclient", "ms_server"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_taken_apart() {
        let parsed = |text: &str| text.parse::<Assignment>().map(|a| (a.key, a.value, a.more));
        assert_eq!(parsed("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned(), false)));
        assert_eq!(parsed("PhoneNumber+=x"), Ok(("PhoneNumber".to_owned(), "x".to_owned(), true)));
        assert_eq!(parsed("a="), Ok(("a".to_owned(), String::new(), false)));
        assert!(parsed("a").is_err() && parsed("=a").is_err() && parsed("+=a").is_err());
    }

    #[test]
    fn a_key_that_nobody_knows_is_refused_unless_it_is_there() {
        let book = Book::parse(b"[a]\nType=1\nMine=1\n".to_vec());
        let section = book.section("a").unwrap();
        for known in ["RedialAttempts", "Mine"] {
            assert!(refuse_unknown(&section, Scope::Entry, known).is_ok(), "{known}");
        }
        for slip in ["redial-atempts", "RedialAtempts", "PhoneNumbr"] {
            assert!(refuse_unknown(&section, Scope::Entry, slip).is_err(), "{slip}");
        }
    }

    #[test]
    fn keys_go_where_they_belong() {
        let text = "[a]\nType=1\nX=1\nMEDIA=serial\nPort=COM1\nDEVICE=switch\nName=s\nDEVICE=modem\nY=2\n";
        let book = Book::parse(text.as_bytes().to_vec());
        let section = book.section("a").unwrap();
        let device = Scope::Device { media: 0, device: 1 };
        for (key, scope) in [
            ("Type", Scope::Entry),
            ("New", Scope::Entry),
            ("X", Scope::Entry),
            ("Port", Scope::Media(0)),
            ("Device", Scope::Media(0)),
            ("DEVICE", device),
            ("PhoneNumber", device),
            ("Y", device),
            ("ms_server", Scope::Components),
        ] {
            assert_eq!(scope_of(&section, key, 1), scope, "{key}");
        }
    }
}
