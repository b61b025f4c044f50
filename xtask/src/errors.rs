//! `cargo xtask errors`: the table of failures in `docs/errors.md`, made from what the tests saw.
//!
//! `tests/errors.toml` has a row for each failure, with how a test provokes it and what our client told.
//! `tests/tests/errors` provokes each and compares.

#[path = "../../tests/tests/errors/table.rs"]
mod table;

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::tool::{self, Result};
use table::Table;

/// What `cargo xtask errors` takes.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Provoke every failure first, and write what is told into `tests/errors.toml`
    #[arg(long)]
    record: bool,
}

/// Writes the document.
///
/// # Errors
/// When a failure cannot be provoked, or a file not be read or written.
pub(crate) fn run(args: &Args) -> Result {
    if args.record {
        let mut test = tool::cargo();
        test.args(["test", "--package", "rasman-tests", "--test", "errors", "each_cause"]);
        tool::run(test.env("RASMAN_RECORD", "1"))?;
    }
    tool::write(&path(), document()?.as_bytes())
}

/// Whether the document is what the table makes.
///
/// # Errors
/// When it is not.
pub(crate) fn check() -> Result {
    if tool::read(&path())? == document()? {
        println!("docs/errors.md is what tests/errors.toml makes");
        return Ok(());
    }
    Err("docs/errors.md is not what tests/errors.toml makes: `cargo xtask errors` writes it".to_owned())
}

fn path() -> PathBuf {
    tool::root().join("docs/errors.md")
}

fn document() -> Result<String> {
    let text = tool::read(&tool::root().join("tests/errors.toml"))?;
    let table: Table = toml::from_str(&text).map_err(|e| format!("tests/errors.toml: {e}"))?;
    Ok(render(&table))
}

fn render(table: &Table) -> String {
    let mut document = HEAD.to_owned();
    let mut states: Vec<&str> = Vec::new();
    for row in &table.cause {
        if !states.contains(&row.told.state.as_str()) {
            states.push(&row.told.state);
        }
    }
    for state in states {
        document += &section(state, table);
    }
    document + &elsewhere(table)
}

fn section(state: &str, table: &Table) -> String {
    let title = if state.is_empty() { "After Connected" } else { state };
    let mut section = format!("\n## {title}\n\n{COLUMNS}");
    let rows = table.cause.iter().flat_map(|row| [&row.told].into_iter().chain(&row.or).map(move |told| (row, told)));
    for (row, told) in rows.filter(|(_, told)| told.state == state) {
        let mut said = Vec::new();
        for (who, what) in [("We", &told.did), ("The peer", &told.said)] {
            if !what.is_empty() {
                said.push(format!("{who}: {}.", cell(what)));
            }
        }
        let cells = [cell(&row.what), told.code.clone(), told.layer.clone(), said.join(" "), cell(&told.advice)];
        let lab = if row.lab.is_empty() || row.lab.len() > LAB_MAX { String::new() } else { format!("`{}`", row.lab) };
        let _ = writeln!(section, "| {} | {lab} |", cells.join(" | "));
    }
    section
}

fn elsewhere(table: &Table) -> String {
    let mut section = ELSEWHERE.to_owned();
    for other in &table.elsewhere {
        let _ = writeln!(section, "| {} | {} | {} |", other.code, other.layer, cell(&other.why));
    }
    section
}

/// What a cell of a table can hold.
fn cell(text: &str) -> String {
    text.replace('|', "/").replace('<', "&lt;")
}

const HEAD: &str = "\
# Errors

What each failure of a dial over SSTP and PPP tells its user: the layer that failed, what we did, what the peer said, and
what to change. Made by `cargo xtask errors` from `tests/errors.toml`; a test provokes every row against the lab and compares it
word for word, so this is what programs and people see. PORT, DIGEST, LIMIT and NOW stand for what differs from dial to dial.
The last column is the lab's fault (`rasctl lab --fault`) with which you can see it yourself; longer ones are in the table.

Each heading is the state in which the error is told ([notifications.md](notifications.md)).
";
const COLUMNS: &str = "\
| what happens | code | layer | what is said | what to change | fault |
| --- | --- | --- | --- | --- | --- |
";
const ELSEWHERE: &str = "
## Not in a dial with the lab

| code | layer | why |
| --- | --- | --- |
";
/// Longer faults are bytes in hexadecimal.
const LAB_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::table::{Row, Told};
    use super::*;

    #[test]
    fn a_row_says_what_is_told_and_no_more() {
        let told = |state: &str, said: &str| Told {
            state: state.to_owned(),
            code: "629 ERROR_X".to_owned(),
            layer: "SSTP".to_owned(),
            did: "had a call".to_owned(),
            said: said.to_owned(),
            advice: "dial | again".to_owned(),
        };
        let row = |state, said| Row {
            what: "It ends.".to_owned(),
            lab: "cut=0".to_owned(),
            told: told(state, said),
            ..Row::default()
        };
        let table = Table { cause: vec![row("Authenticate", "bye"), row("", "")], elsewhere: Vec::new() };
        let text = render(&table);
        assert!(text.contains("## Authenticate\n") && text.contains("## After Connected\n"));
        assert!(
            text.contains(
                "| It ends. | 629 ERROR_X | SSTP | We: had a call. The peer: bye. | dial / again | `cut=0` |"
            )
        );
        assert!(text.contains("| SSTP | We: had a call. | dial"));
    }
}
