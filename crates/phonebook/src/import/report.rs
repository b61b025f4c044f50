//! What had no counterpart.

use core::fmt;

/// A line of an imported file that has no counterpart in a phone book.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotMapped {
    /// The line, counted from 1; 0 for the file as a whole.
    pub line: usize,
    /// The key or option, never its value.
    pub what: String,
    /// Why it was left out, as the rest of a sentence.
    pub why: &'static str,
}

impl fmt::Display for NotMapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// Collects them.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<NotMapped>,
    more: bool,
}

impl Report {
    /// Notes that a line was left out.
    pub(crate) fn skip(&mut self, line: usize, what: impl AsRef<str>, why: &'static str) {
        if self.lines.len() >= LINES_MAX {
            self.more = true;
            return;
        }
        let clean = |c: char| if c.is_control() { '?' } else { c };
        let what = what.as_ref().chars().map(clean).take(WHAT_MAX).collect();
        self.lines.push(NotMapped { line, what, why });
    }

    pub(crate) fn into_lines(mut self) -> Vec<NotMapped> {
        self.lines.sort_by_key(|line| line.line);
        if self.more {
            let what = "further lines".to_owned();
            self.lines.push(NotMapped { line: 0, what, why: "there are too many to name" });
        }
        self.lines
    }
}

/// As many lines are named; a file of other content would fill the memory with remarks.
const LINES_MAX: usize = 1000;
/// Characters of a key that are shown.
const WHAT_MAX: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_clean_ordered_and_bounded() {
        let mut report = Report::default();
        report.skip(2, "b\x1b", "why");
        report.skip(1, "x".repeat(1000), "why");
        let lines = report.into_lines();
        assert_eq!(lines[1].to_string(), "line 2: b?: why");
        assert_eq!(lines[0].what.len(), WHAT_MAX);

        let mut report = Report::default();
        (0..100_000).for_each(|line| report.skip(line, "x", "y"));
        assert_eq!(report.into_lines().len(), LINES_MAX + 1);
    }
}
