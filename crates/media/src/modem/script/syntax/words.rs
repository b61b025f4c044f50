//! The words of a script, one after the other.

use super::Parsed;
use crate::modem::script::SyntaxError;
use crate::modem::script::token::{Kind, Token, split};
use std::collections::VecDeque;

#[derive(Default)]
pub(super) struct Words {
    tokens: VecDeque<Token>,
    /// Where the last word stood.
    pub(super) line: u32,
}

impl Words {
    pub(super) fn of(text: &[u8]) -> Parsed<Self> {
        Ok(Self { tokens: split(text)?, line: 1 })
    }

    pub(super) fn peek(&self) -> &Kind {
        self.tokens.front().map_or(&Kind::End, |token| &token.kind)
    }

    pub(super) fn next(&mut self) -> Kind {
        // The end stays, with its line.
        let Some(token) = self.tokens.pop_front() else { return Kind::End };
        self.line = token.line;
        token.kind
    }

    pub(super) fn word(&self) -> Option<&str> {
        match self.peek() {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Gives the operator that comes, if one does.
    pub(super) fn sign(&self) -> &str {
        match self.peek() {
            Kind::Mark(mark) => mark,
            Kind::Word(word) => word,
            _ => "",
        }
    }

    pub(super) fn accept(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(), Kind::Mark(found) if *found == mark);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn accept_word(&mut self, word: &str) -> bool {
        let found = self.word() == Some(word);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn keyword(&mut self, word: &str) -> Parsed<()> {
        match self.next() {
            Kind::Word(found) if found == word => Ok(()),
            _ => self.wrong(format!("\"{word}\" was expected")),
        }
    }

    pub(super) fn some_word(&mut self) -> Parsed<String> {
        match self.next() {
            Kind::Word(word) => Ok(word),
            _ => self.wrong("a word was expected"),
        }
    }

    /// Reads a name that a script may give.
    pub(super) fn name(&mut self) -> Parsed<String> {
        match self.next() {
            Kind::Word(word) if !RESERVED.contains(&word.as_str()) => Ok(word),
            Kind::Word(word) => self.wrong(format!("\"{word}\" is a reserved word and no name")),
            _ => self.wrong("a name was expected"),
        }
    }

    /// Tells whether this word comes behind so many others.
    pub(super) fn is_word(&self, behind: usize, word: &str) -> bool {
        matches!(self.tokens.get(behind), Some(Token { kind: Kind::Word(found), .. }) if found == word)
    }

    /// Tells whether what comes stands on the line of the last word.
    pub(super) fn stays_on_line(&self) -> bool {
        self.tokens.front().is_some_and(|token| token.line == self.line)
    }

    /// Refuses the script for what stands on the line of the last word.
    pub(super) fn wrong<T>(&self, problem: impl Into<String>) -> Parsed<T> {
        Err(SyntaxError { line: self.line, problem: problem.into() })
    }
}

/// The words that are no names.
pub(super) const RESERVED: [&str; 39] = [
    "and",
    "boolean",
    "databits",
    "delay",
    "do",
    "endif",
    "endproc",
    "endwhile",
    "even",
    "false",
    "getip",
    "goto",
    "halt",
    "if",
    "integer",
    "ipaddr",
    "keyboard",
    "mark",
    "matchcase",
    "none",
    "odd",
    "off",
    "on",
    "or",
    "parity",
    "port",
    "proc",
    "raw",
    "screen",
    "set",
    "space",
    "stopbits",
    "string",
    "then",
    "transmit",
    "true",
    "until",
    "waitfor",
    "while",
];
