//! `rasctl entry export`: entries as a phone book of their own.

use crate::arguments::Context;
use crate::books::{self, Books, ChangeError};
use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use rasman_phonebook::Book;
use rasman_phonebook::store::{Missing, Place, Scope};
use serde_json::json;
use std::path::PathBuf;

/// Which entries, and where to.
#[derive(Args)]
pub(crate) struct ExportArguments {
    /// Names of the entries; without, all of them
    #[arg(value_name = "ENTRY")]
    entries: Vec<String>,
    /// Write into this phone book, beside what is in it already; without, to standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes them as Windows reads them, line by line as they stand, but for secrets that an old program left there.
pub(super) fn run(arguments: &ExportArguments, context: &Context) -> Result<Exit, Failure> {
    let chosen = chosen(arguments, context)?;
    let names: Vec<_> = chosen.iter().map(|(name, _)| name).collect();
    let Some(path) = &arguments.output else {
        let bytes: Vec<u8> = chosen.iter().flat_map(|(_, book)| book.to_bytes()).collect();
        match context.output.is_json() {
            true => context.output.json(&json!({ "entries": names, "text": String::from_utf8_lossy(&bytes) })),
            false => context.output.raw(&bytes),
        }
        return Ok(Exit::Success);
    };
    let place = Place::new(path, Scope::Explicit);
    books::change(&place, Missing::Create, |to| {
        chosen.iter().try_for_each(|(name, from)| to.copy_from(from, name, name)).map_err(ChangeError::from)
    })?;
    let entries = if names.len() == 1 { "1 entry is".to_owned() } else { format!("{} entries are", names.len()) };
    context.output.line(format_args!("{entries} in {}.", path.display()));
    context.output.json(&json!({ "entries": names, "phonebook": path }));
    Ok(Exit::Success)
}

/// Gives each wanted entry as a book of its own; of two with one name the one that would be dialled.
fn chosen(arguments: &ExportArguments, context: &Context) -> Result<Vec<(String, Book)>, Failure> {
    let books = Books::of(context);
    let names = match arguments.entries.is_empty() {
        false => arguments.entries.clone(),
        true => books.list()?.entries.into_iter().filter(|entry| !entry.shadowed).map(|entry| entry.name).collect(),
    };
    if names.is_empty() {
        return Err(Failure::new(Exit::NotFound, "there is no entry to export", "add one: rasctl entry add"));
    }
    let one = |name: String| {
        let loaded = books.find(&name)?;
        let exported = rasman_phonebook::import::export(&loaded.book, Some(&name));
        let book = Book::parse(exported.expect("the book was chosen because it has the entry"));
        let name = book.entries().next().map_or(name, std::borrow::Cow::into_owned);
        Ok((name, book))
    };
    names.into_iter().map(one).collect()
}
