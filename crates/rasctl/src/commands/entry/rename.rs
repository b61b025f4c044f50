//! `rasctl entry rename` and `rasctl entry remove`.

use crate::arguments::Context;
use crate::books::Books;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manager;
use clap::Args;
use rasman::EntryRef;
use rasman_phonebook::store::Place;
use serde_json::json;

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
        manager.delete_entry(reference(entry, &place))?;
        context.output.line(format_args!("\"{entry}\" is removed from {}.", place.path.display()));
        removed.push(json!({ "entry": entry, "phonebook": place.path }));
    }
    context.output.json(&json!({ "removed": removed }));
    Ok(Exit::Success)
}

fn reference(entry: &str, place: &Place) -> EntryRef {
    EntryRef::new(entry).in_book(&place.path)
}
