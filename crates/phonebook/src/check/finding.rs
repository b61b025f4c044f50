//! What is found in a phone book.

use core::fmt;

/// Something that [`check`](crate::check()) found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The line, counted from 1.
    pub line: usize,
    /// The first character in the line, counted from 1.
    pub column: usize,
    /// How many characters it is about, at least 1.
    pub length: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, in one line. Secrets are not repeated.
    pub what: String,
    /// What to do about it; empty if there is nothing to do.
    pub advice: String,
}

/// How bad a finding is.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Nothing is wrong, but something is not as one might think: a key that is not honoured yet.
    Note,
    /// Probably not what was meant.
    Warning,
    /// It cannot work, or it does harm.
    Error,
}

/// One line: place, severity, what, advice.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{}:{}: {severity}: {}", self.line, self.column, self.what)?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, "; {}", self.advice) }
    }
}
