//! `rasctl entry check`: what is wrong, unknown or not supported in phone books, line by line.

use super::show::is_secret;
use crate::arguments::Context;
use crate::books::{self, Books};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Paint, wrap};
use clap::Args;
use rasman_phonebook::store::{Loaded, Place, Scope};
use rasman_phonebook::{Finding, Severity, check};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::path::PathBuf;

/// What to check.
#[derive(Args)]
pub(crate) struct CheckArguments {
    /// Phone books to check; without, yours and the system's
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Leave the notes out: keys that are not honoured yet
    #[arg(long, short)]
    quiet: bool,
}

/// Checks them, and ends with the code for settings if one has an error.
pub(super) fn run(arguments: &CheckArguments, context: &Context) -> Result<Exit, Failure> {
    let places = match arguments.files.is_empty() {
        true => Books::of(context).all(),
        false => arguments.files.iter().map(|file| Ok(Place::new(file, Scope::Explicit))).collect(),
    };
    if places.is_empty() {
        context.output.line("There is no phone book yet. Add an entry: rasctl entry add.");
    }
    let mut checked = Vec::new();
    let mut errors = 0;
    for place in places {
        let loaded = place.and_then(|place| place.read()).map_err(books::file)?;
        let mut findings = check(&loaded.book);
        if arguments.quiet {
            findings.retain(|finding| finding.severity != Severity::Note);
        }
        errors += count(&findings, Severity::Error);
        report(&loaded, &findings, context.output);
        checked.push(value(&loaded, &findings));
    }
    context.output.json(&json!({ "errors": errors, "phonebooks": checked }));
    Ok(if errors == 0 { Exit::Success } else { Exit::Settings })
}

fn report(loaded: &Loaded, findings: &[Finding], output: Output) {
    let path = loaded.place.path.display().to_string();
    // Decoded once, so that a book of many findings stays quick.
    let bytes = loaded.book.to_bytes();
    let text = loaded.book.encoding().decode(&bytes);
    let mut lines = text.split('\n').enumerate();
    let mut current = None;
    for finding in findings {
        while current.is_none_or(|(index, _)| index + 1 < finding.line) {
            let Some(next) = lines.next() else { break };
            current = Some(next);
        }
        let line = current.filter(|(index, _)| index + 1 == finding.line).map_or("", |(_, line)| line);
        show(&path, finding, &without_secret(line), output);
    }
    output.line(summary(&path, findings));
}

fn show(path: &str, finding: &Finding, line: &str, output: Output) {
    let painter = output.painter();
    let (severity, paint) = severity(finding.severity);
    let place = painter.paint(Paint::Strong, format_args!("{path}:{}:{}", finding.line, finding.column));
    output.line(format_args!("{place}: {}: {}", painter.paint(paint, severity), finding.what));
    let (shown, carets) = window(line, finding.column, finding.length);
    let number = painter.paint(Paint::Dim, format_args!("{:>5} |", finding.line));
    output.line(format_args!("{number} {shown}"));
    output.line(format_args!("{} {}", painter.paint(Paint::Dim, "      |"), painter.paint(paint, carets)));
    if !finding.advice.is_empty() {
        output.line(format_args!("        {}", wrap(&finding.advice, output.width(), 8)));
    }
}

/// Hides the value of a line that holds a secret, at its own length, so that carets still stand below it.
fn without_secret(line: &str) -> Cow<'_, str> {
    match line.split_once('=') {
        Some((key, value)) if is_secret(key) => {
            let hidden = value.chars().map(|c| if c == '\r' { c } else { '*' }).collect::<String>();
            Cow::Owned(format!("{key}={hidden}"))
        }
        _ => Cow::Borrowed(line),
    }
}

/// Cuts a piece out of a line that has the place in it, and gives carets to stand below it.
fn window(line: &str, column: usize, length: usize) -> (String, String) {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let line = line.trim_end_matches('\r');
    let start = if column > WINDOW { column - WINDOW / 2 } else { 1 };
    let mut rest = line.chars().skip(start - 1).map(clean);
    let piece: String = rest.by_ref().take(WINDOW).collect();
    let more = |there: bool| if there { "…" } else { "" };
    let shown = format!("{}{piece}{}", more(start > 1), more(rest.next().is_some()));
    let before = column - start + usize::from(start > 1);
    let room = piece.chars().count().saturating_sub(column - start).max(1);
    (shown.trim_end().to_owned(), format!("{}{}", " ".repeat(before), "^".repeat(length.clamp(1, room))))
}

fn summary(path: &str, findings: &[Finding]) -> String {
    if findings.is_empty() {
        return format!("{path}: nothing to complain about.");
    }
    let of = |severity, one: &str, many: &str| match count(findings, severity) {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    };
    let (errors, warnings) = (of(Severity::Error, "error", "errors"), of(Severity::Warning, "warning", "warnings"));
    format!("{path}: {errors}, {warnings}, {}.", of(Severity::Note, "note", "notes"))
}

fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}

fn severity(severity: Severity) -> (&'static str, Paint) {
    match severity {
        Severity::Note => ("note", Paint::Dim),
        Severity::Warning => ("warning", Paint::Title),
        Severity::Error => ("error", Paint::Bad),
    }
}

fn value(loaded: &Loaded, findings: &[Finding]) -> Value {
    let findings = findings.iter().map(|finding| {
        json!({
            "line": finding.line,
            "column": finding.column,
            "length": finding.length,
            "severity": severity(finding.severity).0,
            "what": finding.what,
            "advice": finding.advice,
        })
    });
    json!({ "phonebook": loaded.place.path, "findings": findings.collect::<Vec<_>>() })
}

/// How much of a line is shown; longer ones are cut around the place.
const WINDOW: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_below_what_they_mean() {
        assert_eq!(window("Type=x\r", 6, 1), ("Type=x".to_owned(), "     ^".to_owned()));
        assert_eq!(window("Type=xyz", 6, 99), ("Type=xyz".to_owned(), "     ^^^".to_owned()));
        assert_eq!(window("", 1, 1), (String::new(), "^".to_owned()));
        let long = format!("{}here{}", "a".repeat(500), "b".repeat(500));
        let (shown, carets) = window(&long, 501, 4);
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.chars().count() == WINDOW + 2);
        let at = carets.find('^').unwrap();
        let below: String = shown.chars().skip(at).take(4).collect();
        assert_eq!(below, "here");
    }
}
