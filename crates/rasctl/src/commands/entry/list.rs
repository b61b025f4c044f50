//! `rasctl entry list`: all entries of all phone books.

use crate::arguments::Context;
use crate::books::{Books, Listed, scope_name};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Paint};
use serde_json::json;

/// Lists them.
pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let listing = Books::of(context).list()?;
    let output = context.output;
    table(&listing.entries, output);
    for fault in &listing.faults {
        output.warning(fault);
    }
    let entries = listing.entries.iter().map(|entry| {
        json!({
            "name": entry.name,
            "scope": scope_name(entry.place.scope),
            "phonebook": entry.place.path,
            "shadowed": entry.shadowed,
        })
    });
    let faults = listing.faults.iter().map(|fault| json!({ "phonebook": fault.path, "problem": fault.what() }));
    output.json(&json!({ "entries": entries.collect::<Vec<_>>(), "faults": faults.collect::<Vec<_>>() }));
    Ok(if listing.faults.is_empty() { Exit::Success } else { Exit::Settings })
}

fn table(entries: &[Listed], output: Output) {
    if entries.is_empty() {
        return output.line("There is no entry. Add one: rasctl entry add, or rasctl entry import FILE.");
    }
    let painter = output.painter();
    let name = entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or_default().clamp(5, NAME_MAX);
    output.line(painter.paint(Paint::Dim, format_args!("{:<name$}  {:<6}  {}", "ENTRY", "WHOSE", "PHONE BOOK")));
    for entry in entries {
        let (whose, path) = (scope_name(entry.place.scope), entry.place.path.display());
        let line = format!("{:<name$}  {whose:<6}  {path}", entry.name);
        match entry.shadowed {
            false => output.line(line),
            true => output.line(painter.paint(Paint::Dim, format_args!("{line}  (hidden by the one above)"))),
        }
    }
}

const NAME_MAX: usize = 40;
