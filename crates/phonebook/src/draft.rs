//! One section while it is edited: only the lines that are touched change.

use crate::line::{DEVICE, Lines, MEDIA, NETCOMPONENTS};
use crate::{EditError, Encoding, LineKind, Scope, is_secret_key};
use std::borrow::Cow;

/// A section in lines, each as it was read or as it was written anew.
pub(crate) struct Draft<'a> {
    lines: Vec<DraftLine<'a>>,
    encoding: Encoding,
    /// The line end for new lines, encoded.
    newline: Cow<'static, [u8]>,
    changed: bool,
}

struct DraftLine<'a> {
    scope: Option<Scope>,
    key: Option<Cow<'a, str>>,
    /// Where the value stands in `bytes`.
    value: core::ops::Range<usize>,
    bytes: Cow<'a, [u8]>,
    blank: bool,
}

impl<'a> Draft<'a> {
    /// Takes a section apart.
    pub(crate) fn new(text: &'a [u8], encoding: Encoding, crlf: bool) -> Self {
        let lines = Lines::new(text, encoding).map(|line| {
            let blank = line.kind == LineKind::Blank;
            let equals = encoding.find(line.bytes, b'=').map_or(0, |at| at + encoding.unit());
            let value = equals..line.len.max(equals);
            let key = if let LineKind::Key { key, .. } = line.kind { Some(key) } else { None };
            DraftLine { scope: line.scope, key, value, bytes: Cow::Borrowed(line.bytes), blank }
        });
        let newline = newline(encoding, crlf);
        Self { lines: lines.collect(), encoding, newline, changed: false }
    }

    /// Gives the section's bytes if anything changed.
    pub(crate) fn finish(self) -> Option<Vec<u8>> {
        let Self { lines, encoding, newline, changed } = self;
        if !changed {
            return None;
        }
        let mut text = Vec::with_capacity(lines.iter().map(|line| line.bytes.len() + 2).sum());
        for line in lines {
            end_line(&mut text, encoding, &newline);
            text.extend_from_slice(&line.bytes);
        }
        Some(text)
    }

    /// Gives a key's value; of a repeated key the first.
    pub(crate) fn get(&self, scope: Scope, key: &str) -> Option<Cow<'_, str>> {
        let line = self.lines.iter().find(|line| line.is(scope, key))?;
        Some(self.encoding.decode(&line.bytes[line.value.clone()]))
    }

    /// Writes a key: in place where it stands, else behind the last line of its group.
    pub(crate) fn set(&mut self, scope: Scope, key: &str, value: &str) -> Result<(), EditError> {
        match self.lines.iter().position(|line| line.is(scope, key)) {
            Some(at) => self.replace(at, key, value),
            None => self.insert(self.end_of(scope, key)?, scope, key, value),
        }
    }

    /// Writes all values of a key that repeats: the first ones in place, further ones behind them.
    pub(crate) fn set_all(&mut self, scope: Scope, key: &str, values: &[&str]) -> Result<(), EditError> {
        let places: Vec<usize> = (0..self.lines.len()).filter(|at| self.lines[*at].is(scope, key)).collect();
        if places.len() > values.len() && is_group(key) {
            return Err(EditError::BadKey { key: key.to_owned() });
        }
        for (at, value) in places.iter().zip(values) {
            self.replace(*at, key, value)?;
        }
        if let Some(further) = values.get(places.len()..).filter(|further| !further.is_empty()) {
            let end = places.last().map_or_else(|| self.end_of(scope, key), |last| Ok(last + 1))?;
            for (at, value) in (end..).zip(further) {
                self.insert(at, scope, key, value)?;
            }
        }
        self.take_out(places.get(values.len()..).unwrap_or_default());
        Ok(())
    }

    /// Removes lines by their numbers, which are in order.
    fn take_out(&mut self, numbers: &[usize]) {
        let mut number = 0..;
        self.lines.retain(|_| number.next().is_none_or(|number| numbers.binary_search(&number).is_err()));
        self.changed |= !numbers.is_empty();
    }

    /// Adds one more value of a key that repeats, behind those that are there.
    pub(crate) fn add(&mut self, scope: Scope, key: &str, value: &str) -> Result<(), EditError> {
        let at = match self.lines.iter().rposition(|line| line.is(scope, key)) {
            Some(last) => last + 1,
            None => self.end_of(scope, key)?,
        };
        self.insert(at, scope, key, value)
    }

    /// Opens the component list, unless it is there: before the first port group.
    pub(crate) fn add_components(&mut self) -> Result<(), EditError> {
        if self.lines.iter().any(|line| line.scope == Some(Scope::Components)) {
            return Ok(());
        }
        let first = |line: &DraftLine<'_>| matches!(line.scope, Some(Scope::Media(_)));
        let at = self.lines.iter().position(first).unwrap_or(self.lines.len());
        self.open_group(at, Scope::Components, NETCOMPONENTS, "")
    }

    /// Adds a port group at the end and gives its number.
    pub(crate) fn add_media(&mut self, kind: &str) -> Result<usize, EditError> {
        let media = self.media_count();
        self.open_group(self.lines.len(), Scope::Media(media), MEDIA, kind)?;
        Ok(media)
    }

    /// Adds a device group to a port group: before the group with the number `device`, or behind the last.
    pub(crate) fn add_device(&mut self, media: usize, device: usize, kind: &str) -> Result<(), EditError> {
        let follower = |line: &DraftLine<'_>| line.scope == Some(Scope::Device { media, device });
        let last = || self.lines.iter().rposition(|line| line.media() == Some(media)).map(|last| last + 1);
        let at = self.lines.iter().position(follower).or_else(last);
        let at = at.ok_or_else(|| EditError::NoGroup { key: DEVICE.to_owned() })?;
        for line in &mut self.lines[at..] {
            if let Some(Scope::Device { media: of, device }) = &mut line.scope
                && *of == media
            {
                *device += 1;
            }
        }
        let device = device.min(self.device_count(media));
        self.open_group(at, Scope::Device { media, device }, DEVICE, kind)
    }

    /// Takes the port groups from a number on away, with their devices.
    pub(crate) fn truncate_media(&mut self, count: usize) {
        let before = self.lines.len();
        self.lines.retain(|line| line.media().is_none_or(|media| media < count));
        self.changed |= self.lines.len() != before;
    }

    /// Counts the port groups.
    pub(crate) fn media_count(&self) -> usize {
        self.lines.iter().filter_map(DraftLine::media).max().map_or(0, |last| last + 1)
    }

    /// Counts the device groups of a port group.
    pub(crate) fn device_count(&self, media: usize) -> usize {
        let device = |line: &DraftLine<'_>| match line.scope {
            Some(Scope::Device { media: of, device }) if of == media => Some(device),
            _ => None,
        };
        self.lines.iter().filter_map(device).max().map_or(0, |last| last + 1)
    }

    /// Finds where a new key of a group goes: behind the last line that is not blank.
    fn end_of(&self, scope: Scope, key: &str) -> Result<usize, EditError> {
        let in_group = |line: &DraftLine<'_>| line.scope == Some(scope) && !line.blank;
        match self.lines.iter().rposition(in_group) {
            Some(last) => Ok(last + 1),
            // Behind the header.
            None if scope == Scope::Entry && !self.lines.is_empty() => Ok(1),
            None => Err(EditError::NoGroup { key: key.to_owned() }),
        }
    }

    fn replace(&mut self, at: usize, key: &str, value: &str) -> Result<(), EditError> {
        let line = &self.lines[at];
        // What is there stays as it is, even if it could not be written anew.
        if self.encoding.decode(&line.bytes[line.value.clone()]) == value {
            return Ok(());
        }
        let encoded = self.encode_value(key, value)?;
        let line = &mut self.lines[at];
        let end = line.value.start + encoded.len();
        line.bytes.to_mut().splice(line.value.clone(), encoded.iter().copied());
        line.value.end = end;
        self.changed = true;
        Ok(())
    }

    fn insert(&mut self, at: usize, scope: Scope, key: &str, value: &str) -> Result<(), EditError> {
        // A group opens through `add_media` and its like, which know its number.
        if !is_key(key) || is_group(key) {
            return Err(EditError::BadKey { key: key.to_owned() });
        }
        let line = self.line(scope, key, value)?;
        self.lines.insert(at, line);
        self.changed = true;
        Ok(())
    }

    /// Writes a blank line, the line that opens a group, and one more blank line where none follows.
    fn open_group(&mut self, at: usize, scope: Scope, key: &str, kind: &str) -> Result<(), EditError> {
        let opening = self.line(scope, key, kind)?;
        let blank =
            |scope| DraftLine { scope, key: None, value: 0..0, bytes: Cow::Owned(self.newline.to_vec()), blank: true };
        let mut new = vec![opening, blank(Some(scope))];
        if let Some(before) = at.checked_sub(1).and_then(|before| self.lines.get(before))
            && !before.blank
        {
            new.insert(0, blank(before.scope));
        }
        self.lines.splice(at..at, new);
        self.changed = true;
        Ok(())
    }

    fn line(&self, scope: Scope, key: &str, value: &str) -> Result<DraftLine<'a>, EditError> {
        let value = self.encode_value(key, value)?;
        let mut bytes = self.encode(key, &format!("{key}="))?.into_owned();
        let start = bytes.len();
        bytes.extend_from_slice(&value);
        let value = start..bytes.len();
        bytes.extend_from_slice(&self.newline);
        let (key, bytes) = (Some(Cow::Owned(key.to_owned())), Cow::Owned(bytes));
        Ok(DraftLine { scope: Some(scope), key, value, bytes, blank: false })
    }

    fn encode_value<'v>(&self, key: &str, value: &'v str) -> Result<Cow<'v, [u8]>, EditError> {
        if is_secret_key(key) && !value.is_empty() {
            return Err(EditError::Secret { key: key.to_owned() });
        }
        if value.contains(['\r', '\n', '\0']) {
            return Err(EditError::BadValue { key: key.to_owned() });
        }
        self.encode(key, value)
    }

    fn encode<'v>(&self, key: &str, text: &'v str) -> Result<Cow<'v, [u8]>, EditError> {
        encode(self.encoding, key, text)
    }
}

impl DraftLine<'_> {
    fn is(&self, scope: Scope, key: &str) -> bool {
        self.scope == Some(scope) && self.key.as_deref() == Some(key)
    }

    fn media(&self) -> Option<usize> {
        match self.scope {
            Some(Scope::Media(media) | Scope::Device { media, .. }) => Some(media),
            _ => None,
        }
    }
}

/// Writes text in a file's encoding, or says which character of which key it lacks.
pub(crate) fn encode<'v>(encoding: Encoding, key: &str, text: &'v str) -> Result<Cow<'v, [u8]>, EditError> {
    encoding.encode(text).map_err(|character| EditError::Unrepresentable { key: key.to_owned(), character, encoding })
}

/// Gives a line end.
pub(crate) fn newline(encoding: Encoding, crlf: bool) -> Cow<'static, [u8]> {
    let text = if crlf { "\r\n" } else { "\n" };
    encoding.encode(text).unwrap_or_default()
}

/// Ends the last line of a text if its end is missing, or completes half a one.
pub(crate) fn end_line(text: &mut Vec<u8>, encoding: Encoding, newline: &[u8]) {
    if text.is_empty() || encoding.ends_with(text, b'\n') {
        return;
    }
    let half = encoding.ends_with(text, b'\r');
    text.extend_from_slice(if half { &newline[newline.len() - encoding.unit()..] } else { newline });
}

/// Tells whether a key opens a group.
fn is_group(key: &str) -> bool {
    [MEDIA, DEVICE, NETCOMPONENTS].contains(&key)
}

/// Tells whether a key can be read again as it is written.
fn is_key(key: &str) -> bool {
    let plain = |c: char| !c.is_control() && c != '=';
    let edge = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace() && c != '\u{FEFF}');
    edge(key.chars().next())
        && edge(key.chars().next_back())
        && key.chars().all(plain)
        && !key.starts_with([';', '#', '['])
}
