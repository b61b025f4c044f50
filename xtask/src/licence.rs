//! Licence expressions (SPDX) against a list of allowed licences.

/// Whether the expression can be satisfied with allowed licences alone. An expression that cannot
/// be read is not satisfied. `A/B` is the old way to write `A OR B`.
pub(crate) fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, allowed };
    parser.any() == Some(true) && parser.words.is_empty()
}

struct Parser<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl<'a> Parser<'a> {
    /// `all (OR all)*`
    fn any(&mut self) -> Option<bool> {
        let mut value = self.all()?;
        while self.take("OR") {
            value |= self.all()?;
        }
        Some(value)
    }

    /// `one (AND one)*`
    fn all(&mut self) -> Option<bool> {
        let mut value = self.one()?;
        while self.take("AND") {
            value &= self.one()?;
        }
        Some(value)
    }

    /// `( any )` or `ID` or `ID WITH EXCEPTION`
    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let value = self.any()?;
            return self.take(")").then_some(value);
        }
        let id = self.word()?;
        if !self.take("WITH") {
            return Some(self.allowed.iter().any(|a| a == id));
        }
        let whole = format!("{id} WITH {}", self.word()?);
        Some(self.allowed.contains(&whole))
    }

    fn take(&mut self, expected: &str) -> bool {
        let found = self.words.first() == Some(&expected);
        if found {
            self.words = &self.words[1..];
        }
        found
    }

    fn word(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(expression: &str) -> bool {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        satisfied(expression, &allowed)
    }

    #[test]
    fn one_of_several_suffices() {
        assert!(ok("MIT"));
        assert!(ok("GPL-3.0 OR MIT"));
        assert!(ok("MIT/Apache-2.0"));
        assert!(!ok("GPL-3.0 OR MPL-2.0"));
    }

    #[test]
    fn all_of_a_conjunction_are_needed() {
        assert!(ok("ISC AND (Apache-2.0 OR ISC)"));
        assert!(!ok("ISC AND OpenSSL"));
        assert!(!ok("(MIT OR ISC) AND GPL-2.0"));
    }

    #[test]
    fn exceptions_are_part_of_the_name() {
        assert!(ok("Apache-2.0 WITH LLVM-exception"));
        assert!(!ok("Apache-2.0"));
    }

    #[test]
    fn unreadable_is_refused() {
        for bad in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC"] {
            assert!(!ok(bad), "{bad}");
        }
    }
}
