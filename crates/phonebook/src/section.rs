//! One section of a phone book, for reading.

use crate::line::{Lines, name_range, take_line, without_end};
use crate::{Encoding, Line, LineKind, Scope};
use std::borrow::Cow;

/// One section: an entry as it is written. Borrowed from its [`crate::Book`].
#[derive(Copy, Clone)]
pub struct Section<'a> {
    text: &'a [u8],
    encoding: Encoding,
}

impl<'a> Section<'a> {
    pub(crate) fn new(text: &'a [u8], encoding: Encoding) -> Self {
        Self { text, encoding }
    }

    /// Gives the entry's name as it is written.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        let mut rest = self.text;
        let header = take_line(&mut rest, self.encoding).unwrap_or_default();
        let text = without_end(header, self.encoding);
        self.encoding.decode(&text[name_range(text, self.encoding)])
    }

    /// Gives the bytes, from the header to the next section's, in the file's encoding.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.text
    }

    /// Gives the text, from the header to the next section's; what is no character becomes U+FFFD.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        self.encoding.decode(self.text)
    }

    /// Walks over the lines in order, the header first.
    #[must_use]
    pub fn lines(&self) -> Lines<'a> {
        Lines::new(self.text, self.encoding)
    }

    /// Gives a key's value; of a repeated key the first.
    #[must_use]
    pub fn get(&self, scope: Scope, key: &str) -> Option<Cow<'a, str>> {
        self.values(scope, key).next()
    }

    /// Gives all values of a key that repeats.
    pub fn values(&self, scope: Scope, key: &str) -> impl Iterator<Item = Cow<'a, str>> {
        self.lines().filter(move |line| line.is(scope, key)).filter_map(|line| match line.kind {
            LineKind::Key { value, .. } => Some(value),
            _ => None,
        })
    }

    /// Counts the port groups: one for each subentry.
    #[must_use]
    pub fn media_count(&self) -> usize {
        let counted = |line: Line<'_>| match line.scope {
            Some(Scope::Media(media) | Scope::Device { media, .. }) => Some(media + 1),
            _ => None,
        };
        self.lines().filter_map(counted).max().unwrap_or_default()
    }

    /// Counts the device groups of a port group.
    #[must_use]
    pub fn device_count(&self, media: usize) -> usize {
        let counted = |line: Line<'_>| match line.scope {
            Some(Scope::Device { media: of, device }) if of == media => Some(device + 1),
            _ => None,
        };
        self.lines().filter_map(counted).max().unwrap_or_default()
    }
}
