//! Key files as GLib defines them: groups of keys, comments behind `#`, values with escapes.

use super::Report;
use rasman_core::Secret;

/// A key file; each key is taken once, and what was not taken is told at the end.
pub(crate) struct KeyFile<'a> {
    items: Vec<Item<'a>>,
}

struct Item<'a> {
    line: usize,
    group: &'a str,
    key: &'a str,
    /// As it stands, escapes included.
    value: &'a str,
    taken: bool,
}

/// A value and its line.
pub(crate) struct Taken {
    pub(crate) line: usize,
    pub(crate) value: String,
}

impl Taken {
    pub(crate) fn is_yes(&self) -> bool {
        ["true", "yes", "on", "1"].iter().any(|yes| self.value.eq_ignore_ascii_case(yes))
    }

    /// Splits a list of the key file.
    pub(crate) fn list(&self) -> impl Iterator<Item = &str> {
        self.value.split([';', ',']).map(str::trim).filter(|item| !item.is_empty())
    }
}

impl<'a> KeyFile<'a> {
    /// Reads a key file; a line that makes no sense is reported.
    pub(crate) fn parse(text: &'a str, report: &mut Report) -> Self {
        let (mut items, mut group) = (Vec::new(), "");
        for (number, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                group = name;
            } else if let Some((key, value)) = line.split_once('=') {
                let (key, value) = (key.trim(), value.trim_start());
                items.push(Item { line: number + 1, group, key, value, taken: false });
            } else {
                report.skip(number + 1, "a line", "it is neither a group nor a key with a value");
            }
        }
        Self { items }
    }

    /// Takes a key; of a repeated one the last counts.
    pub(crate) fn take(&mut self, group: &str, key: &str) -> Option<Taken> {
        let (line, value) = self.take_raw(group, key)?;
        Some(Taken { line, value: unescape(value) })
    }

    /// Takes a key that holds a secret; an empty one is none.
    pub(crate) fn take_secret(&mut self, group: &str, key: &str) -> Option<Secret> {
        let (_, value) = self.take_raw(group, key)?;
        (!value.is_empty()).then(|| Secret::new(unescape(value)))
    }

    /// Takes a key that says yes or no.
    pub(crate) fn take_yes(&mut self, group: &str, key: &str) -> bool {
        self.take(group, key).is_some_and(|taken| taken.is_yes())
    }

    /// Takes the keys that are `start` and a number, in the order of the file.
    pub(crate) fn take_numbered(&mut self, group: &str, start: &str) -> Vec<Taken> {
        let number = |key: &str| key.strip_prefix(start).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
        let items = self.items.iter_mut().filter(|item| !item.taken && item.group == group && number(item.key));
        let take = |item: &mut Item<'_>| {
            item.taken = true;
            Taken { line: item.line, value: unescape(item.value) }
        };
        items.map(take).collect()
    }

    /// Gives the groups and keys that nobody took, with their lines.
    pub(crate) fn rest(&self) -> impl Iterator<Item = (usize, &'a str, &'a str)> {
        self.items.iter().filter(|item| !item.taken).map(|item| (item.line, item.group, item.key))
    }

    fn take_raw(&mut self, group: &str, key: &str) -> Option<(usize, &'a str)> {
        let mut last = None;
        for item in self.items.iter_mut().filter(|item| item.group == group && item.key == key) {
            item.taken = true;
            last = Some((item.line, item.value));
        }
        last
    }
}

/// Tells whether this is a connection of NetworkManager.
pub(crate) fn is_connection(text: &str) -> bool {
    let mut file = KeyFile::parse(text, &mut Report::default());
    file.take("connection", "type").is_some()
        && (file.take("connection", "id").is_some() || file.take("connection", "uuid").is_some())
}

/// Replaces the escapes of a value: blank, line feed, tab, carriage return, backslash; others stay.
fn unescape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('s') => out.push(' '),
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\\') => out.push('\\'),
            Some(';') => out.push(';'),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_read() {
        let text =
            "# c\n[a]\nkey = one\\stwo\\\\\nlist=x;y,z;\nkey=last \n\n[b]\nnonsense\nroute2=r\nroute=n\nroute1=q\n";
        let mut report = Report::default();
        let mut file = KeyFile::parse(text, &mut report);
        assert_eq!(report.into_lines()[0].line, 8);
        let key = file.take("a", "key").unwrap();
        assert_eq!((key.line, key.value.as_str()), (5, "last "));
        assert_eq!(file.take("a", "list").unwrap().list().collect::<Vec<_>>(), ["x", "y", "z"]);
        let routes = file.take_numbered("b", "route");
        assert_eq!(routes.iter().map(|route| route.value.as_str()).collect::<Vec<_>>(), ["r", "n", "q"]);
        assert_eq!(file.rest().count(), 0);
        assert!(file.take("b", "none").is_none());
        assert_eq!(unescape(r"a\sb\\c\x\"), r"a b\c\x\");
    }
}
