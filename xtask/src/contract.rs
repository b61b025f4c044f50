//! The clause tables of `docs/contract.md`.
//!
//! A family is a heading `## A: title` and a table with the columns `id`, `rule`, `Rust`, `IPC` and
//! `C`. The last three say what is expected of that front:
//!
//! ```text
//! test            a test with the clause's id in its name ran and passed
//! refused 816     the same; what the test shows is that we refuse, with that code
//! waits MODEM     comes with that medium, front or part
//! n/a             means nothing at this front
//! ```

use std::collections::BTreeSet;

/// The fronts, in the order of the columns.
pub(crate) const FRONTS: [&str; 3] = ["Rust", "IPC", "C"];

/// A heading with its clauses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Family {
    /// The letter.
    pub(crate) letter: char,
    /// The heading's words.
    pub(crate) title: String,
    /// The clauses in the order of the table.
    pub(crate) clauses: Vec<Clause>,
}

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    /// Letter and number, `A19`.
    pub(crate) id: String,
    /// What is expected of each of [`FRONTS`].
    pub(crate) fronts: [Expectation; 3],
}

/// What is expected of one clause at one front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// A passing test.
    Test,
    /// A passing test that shows the refusal with this code.
    Refused(String),
    /// The medium, front or part that it comes with.
    Waits(String),
    /// Means nothing here.
    NotApplicable,
}

impl Family {
    /// Whether a test is due for any of the clauses at any front.
    pub(crate) fn is_due(&self) -> bool {
        let due = |e: &Expectation| matches!(e, Expectation::Test | Expectation::Refused(_));
        self.clauses.iter().any(|clause| clause.fronts.iter().any(due))
    }
}

/// Reads the document.
///
/// # Errors
/// Names the line that is not as described above, and ids that occur twice.
pub(crate) fn parse(text: &str) -> Result<Vec<Family>, String> {
    let mut families: Vec<Family> = Vec::new();
    let mut seen = BTreeSet::new();
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: &str| format!("docs/contract.md:{}: {what}", number + 1);
        if let Some(family) = heading(line) {
            families.push(family);
            continue;
        }
        let Some(cells) = row(line) else { continue };
        let Some(family) = families.last_mut() else { continue };
        if is_id(cells[0], family.letter) {
            let clause = clause(&cells).map_err(|what| wrong(&what))?;
            if !seen.insert(clause.id.clone()) {
                return Err(wrong(&format!("{} occurs twice", clause.id)));
            }
            family.clauses.push(clause);
        }
    }
    families.retain(|family| !family.clauses.is_empty());
    Ok(families)
}

/// The clause ids at the beginning of a test function's name, upper case: `a19_a20_error_is_told`
/// gives `A19` and `A20`. The path of modules before it does not count.
pub(crate) fn ids_of_test(name: &str) -> Vec<String> {
    let function = name.rsplit("::").next().unwrap_or(name);
    function
        .split('_')
        .map_while(|word| {
            let mut letters = word.chars();
            let letter = letters.next()?;
            let number = letters.as_str();
            let is_id = letter.is_ascii_lowercase()
                && matches!(number.len(), 1 | 2)
                && number.chars().all(|c| c.is_ascii_digit());
            is_id.then(|| word.to_ascii_uppercase())
        })
        .collect()
}

/// `## A: title`
fn heading(line: &str) -> Option<Family> {
    let (letter, title) = line.strip_prefix("## ")?.split_once(": ")?;
    let mut letters = letter.chars();
    let letter = letters.next().filter(char::is_ascii_uppercase)?;
    letters.next().is_none().then(|| Family { letter, title: title.trim().to_owned(), clauses: Vec::new() })
}

/// The cells of a table's row; `\|` is a bar within a cell.
fn row(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let mut cells = Vec::new();
    let mut start = 0;
    for (at, _) in inner.match_indices('|') {
        if !inner[..at].ends_with('\\') {
            cells.push(inner[start..at].trim());
            start = at + 1;
        }
    }
    cells.push(inner[start..].trim());
    Some(cells)
}

fn is_id(cell: &str, letter: char) -> bool {
    let number = cell.strip_prefix(letter).unwrap_or_default();
    !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
}

fn clause(cells: &[&str]) -> Result<Clause, String> {
    let [id, rule, rust, ipc, c] = cells else {
        return Err(format!("{}: expected 5 columns, got {}", cells[0], cells.len()));
    };
    if rule.is_empty() {
        return Err(format!("{id}: no rule"));
    }
    Ok(Clause { id: (*id).to_owned(), fronts: [expectation(rust)?, expectation(ipc)?, expectation(c)?] })
}

fn expectation(cell: &str) -> Result<Expectation, String> {
    let (word, rest) = cell.split_once(' ').unwrap_or((cell, ""));
    let is_number = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_digit());
    match word {
        "test" if rest.is_empty() => Ok(Expectation::Test),
        "refused" if is_number(rest) => Ok(Expectation::Refused(rest.to_owned())),
        "waits" if !rest.is_empty() => Ok(Expectation::Waits(rest.to_owned())),
        "n/a" if rest.is_empty() => Ok(Expectation::NotApplicable),
        _ => Err(format!("expected `test`, `refused CODE`, `waits WHAT` or `n/a`, got `{cell}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r"
# Contract
| id | not a family |
## A: the dial
Words.

| id | rule | Rust | IPC | C |
| --- | --- | --- | --- | --- |
| A1 | one \| two | test | waits DAEMON | waits C |
| A2 | three | refused 816 | n/a | waits C |

## Notes
## S: synchronous
| id | rule | Rust | IPC | C |
| --- | --- | --- | --- | --- |
| S1 | four | n/a | n/a | n/a |
";

    #[test]
    fn reads_families_and_expectations() {
        let families = parse(DOCUMENT).unwrap();
        assert_eq!(families.len(), 2);
        assert_eq!(families[0].letter, 'A');
        assert_eq!(families[0].title, "the dial");
        assert_eq!(families[0].clauses[0].id, "A1");
        assert_eq!(families[0].clauses[0].fronts[0], Expectation::Test);
        assert_eq!(families[0].clauses[0].fronts[1], Expectation::Waits("DAEMON".to_owned()));
        assert_eq!(families[0].clauses[1].fronts[0], Expectation::Refused("816".to_owned()));
        assert_eq!(families[1].clauses[0].fronts[2], Expectation::NotApplicable);
        assert!(families[0].is_due() && !families[1].is_due());
    }

    #[test]
    fn complains_with_the_line() {
        let wrong = DOCUMENT.replace("| n/a | n/a | n/a |", "| soon | n/a | n/a |");
        let message = parse(&wrong).unwrap_err();
        assert!(message.starts_with("docs/contract.md:16: expected"), "{message}");
        let twice = DOCUMENT.replace("| A2 |", "| A1 |");
        assert!(parse(&twice).unwrap_err().contains("A1 occurs twice"));
        let short = DOCUMENT.replace("| refused 816 | n/a |", "| refused 816 |");
        assert!(parse(&short).unwrap_err().contains("got 4"));
    }

    #[test]
    fn ids_stand_at_the_beginning_of_a_test_name() {
        assert_eq!(ids_of_test("m::a19_a20_error_is_told_twice"), ["A19", "A20"]);
        assert_eq!(ids_of_test("k9_ends"), ["K9"]);
        assert!(ids_of_test("error_a19").is_empty());
        assert!(ids_of_test("x509_names").is_empty());
        assert!(ids_of_test("a_is_b1").is_empty());
    }

    #[test]
    fn the_committed_document_is_complete() {
        let text = crate::tool::read(&crate::tool::root().join("docs/contract.md")).unwrap();
        let families = parse(&text).unwrap();
        let counts: Vec<(char, usize)> = families.iter().map(|f| (f.letter, f.clauses.len())).collect();
        assert_eq!(
            counts,
            [
                ('A', 64),
                ('S', 9),
                ('H', 16),
                ('N', 10),
                ('P', 15),
                ('E', 12),
                ('M', 10),
                ('C', 11),
                ('D', 11),
                ('B', 16),
                ('K', 9),
                ('T', 3),
                ('J', 3),
                ('Z', 8),
                ('X', 7),
            ]
        );
        for family in families {
            for (index, clause) in family.clauses.iter().enumerate() {
                assert_eq!(clause.id, format!("{}{}", family.letter, index + 1));
            }
        }
    }
}
