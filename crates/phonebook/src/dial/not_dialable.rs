//! Why an entry cannot be dialled.

use crate::error::shown;
use core::fmt;
use rasman_core::{Cause, Code, LayerName};

/// Why an entry cannot be dialled: which key, what is wrong, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotDialable {
    /// The number that programs see.
    pub code: Code,
    /// The key.
    pub key: &'static str,
    /// Its value, made fit to print.
    pub value: String,
    /// What is wrong, as the rest of a sentence that begins with the key and its value.
    pub problem: String,
    /// What to do.
    pub advice: String,
}

impl NotDialable {
    pub(crate) fn new(code: Code, key: &'static str, value: impl fmt::Display, problem: impl Into<String>) -> Self {
        let value = shown(&value.to_string());
        Self { code, key, value, problem: problem.into(), advice: String::new() }
    }

    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }
}

impl fmt::Display for NotDialable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} {}", self.key, self.value, self.problem)?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, "; {}", self.advice) }
    }
}

impl std::error::Error for NotDialable {}

impl From<NotDialable> for Cause {
    fn from(error: NotDialable) -> Self {
        let did = format!("read {}={}, which {}", error.key, error.value, error.problem);
        Self::new(error.code, LayerName::Settings).did(did).advice(error.advice)
    }
}
