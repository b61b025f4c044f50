//! Each cause that the sources make has a row in the table, or a reason why it has none.

use super::{Table, path};
use rasman::{Code, LayerName};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[test]
fn every_cause_of_the_sources_is_in_the_table() {
    let text = std::fs::read_to_string(path()).expect("the table is committed");
    let table: Table = toml::from_str(&text).expect("the table is TOML");
    let rows = table.cause.iter().map(|row| (constant(&row.told.code), row.told.layer.clone()));
    let elsewhere = table.elsewhere.iter().map(|other| (constant(&other.code), other.layer.clone()));
    let known: BTreeSet<_> = rows.chain(elsewhere).collect();
    let missing: Vec<_> = made_in_sources().into_iter().filter(|made| !known.contains(made)).collect();
    assert!(missing.is_empty(), "no row in tests/errors.toml for {missing:#?}");
}

/// A code that goes through a variable or a closure has no layer beside it, so it is looked for in any.
#[test]
fn every_code_that_the_sources_name_is_in_the_table() {
    let table: Table = toml::from_str(&std::fs::read_to_string(path()).expect("the table is committed")).expect("TOML");
    let told = table.cause.iter().flat_map(|row| [&row.told].into_iter().chain(&row.or)).map(|told| &told.code);
    let known: BTreeSet<_> =
        told.chain(table.elsewhere.iter().map(|other| &other.code)).map(|code| constant(code)).collect();
    // PPP's packets have a type of that name as well.
    let ras: BTreeSet<_> = Code::all().filter_map(|code| code.name().map(constant)).collect();
    let mut named = BTreeSet::new();
    each_program(|path, program| {
        let end = |c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        let words = program.split("Code::").skip(1).filter_map(|rest| rest.split(end).next());
        let of_lines = path.components().any(|part| part.as_os_str() == "modem" || part.as_os_str() == "port");
        named.extend(
            words.filter(|word| ras.contains(*word) && !of_lines && *word != CODE_OF_LINES).map(ToOwned::to_owned),
        );
    });
    let missing: Vec<_> = named.difference(&known).collect();
    assert!(missing.is_empty(), "no row in tests/errors.toml for {missing:#?}");
}

/// Number with constant, and layer, of each `Cause::new(Code::X, LayerName::Y)` in the crates below a dial.
fn made_in_sources() -> BTreeSet<(String, String)> {
    let mut made = BTreeSet::new();
    each_program(|_, program| {
        let causes = program.split("Cause::new(").skip(1).filter_map(read_cause);
        // Dials over lines have no SSTP lab.
        made.extend(causes.filter(|(_, layer)| !OF_LINES.contains(&layer.as_str())));
    });
    made
}

/// Shows each source of the crates below a dial, without its tests.
fn each_program(mut look: impl FnMut(&Path, &str)) {
    for folder in ["auth", "ppp", "media", "dial", "net"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(folder).join("src");
        for source in sources(&folder) {
            let text = std::fs::read_to_string(&source).expect("a source can be read");
            look(&source, text.split("#[cfg(test)]").next().unwrap_or_default());
        }
    }
}

/// Constant and layer as the table has them.
fn read_cause(arguments: &str) -> Option<(String, String)> {
    let (code, layer) = arguments.split(')').next()?.split_once(',')?;
    let constant = code.trim().strip_prefix("Code::")?.to_owned();
    let variant = layer.trim().trim_end_matches(',').strip_prefix("LayerName::")?;
    let layer = LayerName::ALL.iter().find(|layer| format!("{layer:?}") == variant);
    Some((constant, layer.unwrap_or_else(|| panic!("a layer {variant}, which LayerName::ALL lacks")).to_string()))
}

/// `691 ERROR_AUTHENTICATION_FAILURE` as the sources have it: `AUTHENTICATION_FAILURE`.
fn constant(code: &str) -> String {
    let name = code.split_whitespace().last().unwrap_or_default();
    name.trim_start_matches("ERROR_").replace("_E_", "_").replace("TRUSTEDROOT", "TRUSTED_ROOT")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of sources").flatten().map(|entry| entry.path());
    let all = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    all.filter(|path| path.file_name().is_some_and(|name| name != "tests.rs")).collect()
}

const OF_LINES: [&str; 2] = ["serial port", "modem"];
/// A dial tells it of a modem that does not come to an end.
const CODE_OF_LINES: &str = "NO_ANSWER";
