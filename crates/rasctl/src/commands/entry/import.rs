//! `rasctl entry import`: connections of other programs become entries.

use super::add::identity;
use crate::arguments::Context;
use crate::books::{self, Books, ChangeError};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manager;
use crate::named_files;
use crate::output::Paint;
use clap::{Args, ValueEnum};
use rasman::{CredentialMask, EntryRef, Manager, NewCredentials};
use rasman_phonebook::import::{Context as ImportContext, FoundCredentials, Imported, Kind, NotImportable, import};
use rasman_phonebook::store::{Missing, Place, Scope};
use rasman_phonebook::{Book, EntryType, Identity};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What to import, and how.
#[derive(Args)]
pub(crate) struct ImportArguments {
    /// A phone book of Windows, a key file of NetworkManager, or an options file of pppd
    file: PathBuf,
    /// Import only this entry; may be repeated
    #[arg(long, value_name = "NAME")]
    entry: Vec<String>,
    /// What the file is, if that cannot be told from its content
    #[arg(long, value_enum)]
    kind: Option<KindName>,
    /// Replace entries that are there already
    #[arg(long)]
    replace: bool,
    /// Open no proxy for imported VPN entries; without, they get one at an address that the system chooses
    #[arg(long)]
    no_proxy: bool,
}

#[derive(Copy, Clone, ValueEnum)]
enum KindName {
    Windows,
    NetworkManager,
    Pppd,
}

/// Imports; secrets that are found go to where secrets are kept, never into the book.
pub(super) fn run(arguments: &ImportArguments, context: &Context) -> Result<Exit, Failure> {
    let mut imported = read(arguments)?;
    let names = names(&imported.book, &arguments.entry)?;
    if !arguments.no_proxy {
        open_doors(&mut imported.book, &names)?;
    }
    let place = Books::of(context).default_place();
    keep_named_files(&mut imported.book, &names, &place, context)?;
    books::change(&place, Missing::Create, |book| copy(&imported.book, &names, book, arguments.replace))?;

    let output = context.output;
    let painter = output.painter();
    output.line(format_args!("Imported into {}, from a {}:", place.path.display(), imported.kind));
    for name in &names {
        output.line(format_args!("  {}", painter.paint(Paint::Strong, name)));
    }
    if !imported.not_mapped.is_empty() {
        output.line("What has no counterpart here and was left out:");
    }
    for line in &imported.not_mapped {
        output.line(format_args!("  {line}"));
    }
    let found = imported.credentials.iter().filter(|found| names.contains(&found.entry));
    let stored: Vec<_> = store(found, &place, context).collect();
    output.line("`rasctl entry check` says what of them cannot be honoured yet.");
    output.json(&value(&imported, &names, &place, &stored));
    Ok(if stored.iter().all(|stored| stored["problem"].is_null()) { Exit::Success } else { Exit::Credentials })
}

fn read(arguments: &ImportArguments) -> Result<Imported, Failure> {
    let path = &arguments.file;
    // Reads any regular file of bearable size, and gives it back byte by byte.
    let bytes = Place::new(path, Scope::Explicit).read().map_err(books::file)?.book.to_bytes();
    let kind = arguments.kind.map(|kind| match kind {
        KindName::Windows => Kind::WindowsBook,
        KindName::NetworkManager => Kind::NetworkManager,
        KindName::Pppd => Kind::Pppd,
    });
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut failed = None;
    let mut draw = || {
        identity().unwrap_or_else(|failure| {
            failed = Some(failure);
            Identity { guid: rasman_phonebook::Guid([0; 16]), dial_params_uid: 0 }
        })
    };
    let mut facts = ImportContext { name: &name, stamp: books::stamp(), identity: &mut draw };
    let imported = import(&bytes, kind, &mut facts).map_err(|error| refused(path, &error));
    match failed {
        Some(failure) => Err(failure),
        None => imported,
    }
}

fn refused(path: &Path, error: &NotImportable) -> Failure {
    let text = error.to_string();
    let (what, advice) = text.split_once("; ").unwrap_or((&text, ""));
    let advice = match error {
        NotImportable::UnknownKind => "say what it is: --kind windows, network-manager or pppd",
        _ => advice,
    };
    Failure::new(Exit::of(error.code()), format!("{}: {what}", path.display()), advice)
}

/// Gives the entries that are wanted, as they are written.
fn names(book: &Book, wanted: &[String]) -> Result<Vec<String>, Failure> {
    if wanted.is_empty() {
        let all: Vec<_> = book.entries().map(std::borrow::Cow::into_owned).collect();
        let nothing = || Failure::new(Exit::NotFound, "there is no entry in it", "");
        return if all.is_empty() { Err(nothing()) } else { Ok(all) };
    }
    let find = |name: &String| {
        let section = book.section(name).ok_or_else(|| {
            Failure::new(
                Exit::NotFound,
                format!("there is no entry \"{name}\" in it"),
                "leave --entry out to import all",
            )
        });
        section.map(|section| section.name().into_owned())
    };
    wanted.iter().map(find).collect()
}

/// Without a door nothing could get into the tunnel.
fn open_doors(book: &mut Book, names: &[String]) -> Result<(), Failure> {
    for name in names {
        let Some(mut entry) = book.properties(name) else { continue };
        if entry.entry_type == EntryType::Vpn && entry.socks.is_empty() && entry.forwards.is_empty() {
            "127.0.0.1:0".clone_into(&mut entry.socks);
            let changed = entry.changed;
            book.set_properties(&entry, changed).map_err(|error| books::edit(&error))?;
        }
    }
    Ok(())
}

/// A file that is not there is no reason not to import; the entry says so when it is dialled.
fn keep_named_files(book: &mut Book, names: &[String], place: &Place, context: &Context) -> Result<(), Failure> {
    for name in names {
        let Some(mut entry) = book.properties(name).filter(|entry| !entry.ca.is_empty()) else { continue };
        match named_files::keep(&mut entry, place) {
            Ok(()) => {
                let changed = entry.changed;
                book.set_properties(&entry, changed).map_err(|error| books::edit(&error))?;
            }
            Err(failure) => context.output.warning(format_args!("\"{name}\": {}", failure.headline())),
        }
    }
    Ok(())
}

fn copy(from: &Book, names: &[String], to: &mut Book, replace: bool) -> Result<(), ChangeError> {
    for name in names {
        if to.contains(name) {
            if !replace {
                let what = format!("there is an entry \"{name}\" already; nothing was imported");
                let advice = "replace it with --replace, or choose others with --entry";
                return Err(ChangeError::Other(Failure::new(Exit::Settings, what, advice)));
            }
            to.delete(name)?;
        }
        to.copy_from(from, name, name)?;
    }
    Ok(())
}

/// Stores the credentials that were found, and tells what became of each.
fn store<'a>(
    found: impl Iterator<Item = &'a FoundCredentials>,
    place: &Place,
    context: &Context,
) -> impl Iterator<Item = Value> {
    let mut found = found.peekable();
    let manager = found.peek().map(|_| manager::local());
    found.map(move |found| {
        let result = match &manager {
            Some(Ok(manager)) => put(manager, found, place, context),
            Some(Err(failure)) => Err(failure.headline()),
            None => Ok(()),
        };
        match &result {
            Ok(()) => {
                context.output.line(format_args!("What the file knew of {}'s credentials is stored.", found.entry))
            }
            Err(problem) => context.output.warning(format_args!(
                "the credentials of {} were not stored: {problem}; store them: rasctl credentials set \"{}\"",
                found.entry, found.entry
            )),
        }
        json!({ "entry": found.entry, "user": found.user, "problem": result.err() })
    })
}

fn put(manager: &Manager, found: &FoundCredentials, place: &Place, context: &Context) -> Result<(), String> {
    let entry = match context.phonebook {
        Some(_) => EntryRef::new(&found.entry).in_book(&place.path),
        None => EntryRef::new(&found.entry),
    };
    let mut mask = CredentialMask::NONE;
    for (there, bit) in [
        (!found.user.is_empty(), CredentialMask::USER_NAME),
        (!found.domain.is_empty(), CredentialMask::DOMAIN),
        (found.password.is_some(), CredentialMask::PASSWORD),
    ] {
        mask = if there { mask | bit } else { mask };
    }
    let set = |mask: CredentialMask, secret: &Option<rasman::Secret>| {
        let credentials = NewCredentials {
            mask,
            user: found.user.clone(),
            domain: found.domain.clone(),
            password: secret.clone().unwrap_or_default(),
        };
        manager.set_credentials(entry.clone(), &credentials).map_err(|error| Failure::from(error).headline())
    };
    if !mask.is_empty() {
        set(mask, &found.password)?;
    }
    match &found.pre_shared_key {
        Some(_) => set(CredentialMask::PRE_SHARED_KEY, &found.pre_shared_key),
        None => Ok(()),
    }
}

fn value(imported: &Imported, names: &[String], place: &Place, stored: &[Value]) -> Value {
    let left_out =
        imported.not_mapped.iter().map(|left| json!({ "line": left.line, "what": left.what, "why": left.why }));
    json!({
        "kind": imported.kind.to_string(),
        "entries": names,
        "phonebook": place.path,
        "not_mapped": left_out.collect::<Vec<_>>(),
        "credentials": stored,
    })
}
