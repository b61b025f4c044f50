//! What a script waits for in the octets that come.

use core::net::Ipv4Addr;

/// A text that is waited for, translated.
pub(super) struct Pattern {
    pub(super) text: Vec<u8>,
    pub(super) match_case: bool,
    /// Where the script goes on.
    pub(super) then: usize,
}

/// Looks for the first of some texts.
pub(super) struct Matcher {
    patterns: Vec<Pattern>,
    /// The last octets, as many as the longest text has.
    window: Vec<u8>,
    longest: usize,
}

impl Matcher {
    pub(super) fn new(patterns: Vec<Pattern>) -> Self {
        let longest = patterns.iter().map(|pattern| pattern.text.len()).max().unwrap_or(0);
        Self { patterns, window: Vec::with_capacity(longest * 2), longest }
    }

    /// Takes an octet; tells where the script goes on if a text is complete.
    pub(super) fn take(&mut self, octet: u8) -> Option<usize> {
        if self.window.len() >= self.longest * 2 {
            self.window.drain(..=self.longest);
        }
        self.window.push(octet);
        self.found()
    }

    /// Tells where the script goes on if a text is complete; an empty one always is.
    pub(super) fn found(&self) -> Option<usize> {
        let ends = |pattern: &&Pattern| {
            let start = self.window.len().checked_sub(pattern.text.len());
            start.is_some_and(|start| {
                let end = &self.window[start..];
                if pattern.match_case { end == pattern.text } else { end.eq_ignore_ascii_case(&pattern.text) }
            })
        };
        self.patterns.iter().find(ends).map(|pattern| pattern.then)
    }
}

/// Looks for addresses in dotted form.
pub(super) struct AddressFinder {
    /// So many further ones come before the one that is wanted.
    skip: i32,
    word: Vec<u8>,
}

impl AddressFinder {
    /// Looks for the so manieth address, counted from 1.
    pub(super) fn new(number: i32) -> Self {
        Self { skip: number - 1, word: Vec::new() }
    }

    /// Takes an octet; gives the address that it ends.
    pub(super) fn take(&mut self, octet: u8) -> Option<Ipv4Addr> {
        if octet.is_ascii_digit() || octet == b'.' {
            // One more than an address has, so that it is none.
            self.word.push(octet);
            self.word.truncate(ADDRESS_MAX + 1);
            return None;
        }
        let word = core::mem::take(&mut self.word);
        // A sentence may end behind an address.
        let word = word.strip_suffix(b".").unwrap_or(&word);
        let address = core::str::from_utf8(word).ok().and_then(|word| word.parse().ok())?;
        if self.skip == 0 {
            return Some(address);
        }
        self.skip -= 1;
        None
    }
}

/// `255.255.255.255`, and the full stop of a sentence.
const ADDRESS_MAX: usize = 16;
