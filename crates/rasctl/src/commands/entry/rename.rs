//! `rasctl entry rename` and `rasctl entry remove`.

use crate::arguments::Context;
use crate::books::Books;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manager::{self, Managers};
use clap::Args;
use rasman::{Cause, Code, ConnectionInfo, EntryRef, LayerName};
use rasman_phonebook::fold_name;
use rasman_phonebook::store::Place;
use serde_json::json;
use std::path::PathBuf;

/// Which entry, and its new name.
#[derive(Args)]
pub(crate) struct RenameArguments {
    /// Name of the entry
    #[arg(value_name = "ENTRY")]
    entry: String,
    /// Its new name
    #[arg(value_name = "NEW-NAME")]
    name: String,
}

/// Which entries.
#[derive(Args)]
pub(crate) struct RemoveArguments {
    /// Names of the entries
    #[arg(value_name = "ENTRY", required = true)]
    entries: Vec<String>,
}

/// Gives an entry another name; all its other lines and what is stored for it stay.
pub(super) fn rename(arguments: &RenameArguments, context: &Context) -> Result<Exit, Failure> {
    let place = Books::of(context).find(&arguments.entry)?.place;
    manager::local()?.rename_entry(reference(&arguments.entry, &place), &arguments.name)?;
    context.output.line(format_args!("\"{}\" is \"{}\" from now on.", arguments.entry, arguments.name));
    context.output.json(&json!({ "entry": arguments.entry, "name": arguments.name, "phonebook": place.path }));
    Ok(Exit::Success)
}

/// Removes entries, with what the user has stored for them.
pub(super) fn remove(arguments: &RemoveArguments, context: &Context) -> Result<Exit, Failure> {
    let mut removed = Vec::new();
    let manager = manager::local()?;
    for entry in &arguments.entries {
        let place = Books::of(context).find(entry)?.place;
        refuse_connected(entry, &place)?;
        manager.delete_entry(reference(entry, &place))?;
        context.output.line(format_args!("\"{entry}\" is removed from {}.", place.path.display()));
        removed.push(json!({ "entry": entry, "phonebook": place.path }));
    }
    context.output.json(&json!({ "removed": removed }));
    Ok(Exit::Success)
}

/// Clause B13: no manager may have it connected.
fn refuse_connected(entry: &str, place: &Place) -> Result<(), Failure> {
    let path = std::fs::canonicalize(&place.path).ok();
    let is_it = |info: &ConnectionInfo| {
        let same_book = |book: &PathBuf| std::fs::canonicalize(book).ok() == path;
        // One that was dialled by its settings tells no book.
        info.phonebook.as_ref().is_none_or(same_book) && fold_name(&info.entry) == fold_name(entry)
    };
    if !Managers::running(None)?.connections().iter().any(is_it) {
        return Ok(());
    }
    let cause = Cause::new(CANNOT_DELETE, LayerName::Manager)
        .did(format!("found \"{entry}\" connected"))
        .advice(format!("hang it up first: rasctl hangup \"{entry}\""));
    Err(cause.into())
}

fn reference(entry: &str, place: &Place) -> EntryRef {
    EntryRef::new(entry).in_book(&place.path)
}

/// ERROR_CANNOT_DELETE.
const CANNOT_DELETE: Code = Code(817);
