//! The words of a script.

use super::SyntaxError;
use std::collections::VecDeque;

/// A word and the line on which it stands.
pub(super) struct Token {
    pub(super) line: u32,
    pub(super) kind: Kind,
}

#[derive(PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name, in lower case.
    Word(String),
    /// A variable of the system, in lower case, without its `$`.
    System(String),
    Number(i32),
    /// What stands between the quotes, not yet translated.
    Text(Vec<u8>),
    /// An operator or a mark.
    Mark(&'static str),
    End,
}

/// Splits a script into its words; the last one is `End`.
pub(super) fn split(text: &[u8]) -> Result<VecDeque<Token>, SyntaxError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let (mut rest, mut line, mut tokens) = (text, 1, VecDeque::new());
    while let Some(first) = rest.first() {
        let used = match first {
            b'\n' => {
                line += 1;
                1
            }
            b' ' | b'\t' | b'\r' | 0x0c | 0x1a => 1,
            b';' => rest.iter().position(|octet| *octet == b'\n').unwrap_or(rest.len()),
            _ => {
                let (kind, used) = next(rest).map_err(|problem| SyntaxError { line, problem })?;
                tokens.push_back(Token { line, kind });
                used
            }
        };
        rest = &rest[used..];
    }
    tokens.push_back(Token { line, kind: Kind::End });
    Ok(tokens)
}

/// Gives the first word, and its length.
fn next(rest: &[u8]) -> Result<(Kind, usize), String> {
    if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(mark.as_bytes())) {
        return Ok((Kind::Mark(mark), mark.len()));
    }
    match rest[0] {
        b'"' => text(rest),
        b'$' => match word(&rest[1..]) {
            Some((name, used)) => Ok((Kind::System(name), used + 1)),
            None => Err("a name has to follow \"$\"".to_owned()),
        },
        b'0'..=b'9' => number(rest),
        other => match word(rest) {
            Some((name, used)) => Ok((Kind::Word(name), used)),
            None => Err(format!("the character {:?} has no meaning here", char::from(other))),
        },
    }
}

/// A text ends with its quote, on its line; a backslash takes the next character along.
fn text(rest: &[u8]) -> Result<(Kind, usize), String> {
    let mut at = 1;
    while let Some(octet) = rest.get(at) {
        match octet {
            b'"' => return Ok((Kind::Text(rest[1..at].to_vec()), at + 1)),
            b'\n' => break,
            b'\\' if rest.get(at + 1).is_some_and(|next| *next != b'\n') => at += 2,
            _ => at += 1,
        }
    }
    Err("the text has no closing quotation mark".to_owned())
}

fn number(rest: &[u8]) -> Result<(Kind, usize), String> {
    let used = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let digits = String::from_utf8_lossy(&rest[..used]);
    match digits.parse() {
        Ok(number) => Ok((Kind::Number(number), used)),
        Err(_) => Err(format!("the number is larger than {}", i32::MAX)),
    }
}

/// A name: letters, digits and underscores, no digit first.
fn word(rest: &[u8]) -> Option<(String, usize)> {
    let used = rest.iter().take_while(|octet| octet.is_ascii_alphanumeric() || **octet == b'_').count();
    let name = String::from_utf8_lossy(&rest[..used]).to_ascii_lowercase();
    name.starts_with(|first: char| !first.is_ascii_digit()).then_some((name, used))
}

/// Longer ones first.
const MARKS: [&str; 16] = ["<=", ">=", "==", "!=", "<", ">", "=", "!", "+", "-", "*", "/", "(", ")", ",", ":"];
