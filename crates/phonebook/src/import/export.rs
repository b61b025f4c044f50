//! Phone books for Windows, and the removal of secrets from entries.

use crate::{Book, Encoding, Line, LineKind, Section, is_secret_key};

/// Makes a phone book for Windows of all entries, or of one: UTF-8, lines that end with CR LF, no secret.
///
/// Every line is as it stands, but for the value of a key that holds a secret, which is left out. `None` if there is no
/// such entry, or no entry at all (clause B10).
#[must_use]
pub fn export(book: &Book, name: Option<&str>) -> Option<Vec<u8>> {
    let sections: Vec<_> = match name {
        Some(name) => vec![book.section(name)?],
        None => book.all_sections().filter(|(_, shadowed)| !shadowed).map(|(section, _)| section).collect(),
    };
    let mut out = Vec::new();
    for section in &sections {
        without_secrets(section, book.encoding(), true, &mut out, |_, _| ());
    }
    (!sections.is_empty()).then_some(out)
}

/// Appends a section in UTF-8, its secrets' values left out and told.
///
/// The last line gets its end if it lacks it, and with `crlf` every line gets Windows' own.
pub(crate) fn without_secrets(
    section: &Section<'_>,
    encoding: Encoding,
    crlf: bool,
    out: &mut Vec<u8>,
    mut secret: impl FnMut(&str, &str),
) {
    for line in section.lines() {
        let text = encoding.decode(&line.bytes[..line.len]);
        match secret_in(&line) {
            Some((key, value)) => {
                secret(key, value);
                out.extend_from_slice(text.split('=').next().unwrap_or_default().as_bytes());
                out.push(b'=');
            }
            None => out.extend_from_slice(text.as_bytes()),
        }
        let end = encoding.decode(&line.bytes[line.len..]);
        let end = if crlf || end.is_empty() { "\r\n" } else { &end };
        out.extend_from_slice(end.as_bytes());
    }
}

/// Gives key and value of a line that holds a secret.
fn secret_in<'a>(line: &'a Line<'_>) -> Option<(&'a str, &'a str)> {
    let LineKind::Key { key, value } = &line.kind else { return None };
    (is_secret_key(key) && !value.is_empty()).then_some((key, value))
}
