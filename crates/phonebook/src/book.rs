//! A whole phone book.

use crate::draft::{Draft, encode, end_line, newline};
use crate::line::{Lines, is_header, name_range, take_line, without_comments, without_end};
use crate::name::{fold_name, validate_name, validate_new_name_for_rename};
use crate::{EditError, Encoding, Scope, Section};
use core::fmt;
use core::ops::Range;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A phone book, kept as it was written: [`Book::to_bytes`] gives the very bytes of [`Book::parse`] until something is
/// changed, and then only the touched lines differ.
///
/// Comments, blank lines, unknown and repeated keys, their order, line ends and the encoding survive. Entries are
/// found by name without regard to case (clause A17). Of several with one name the first is *the* entry: it is listed,
/// read and changed, the others stay in the file untouched and [`crate::check()`] reports them; when the first is removed
/// or renamed, the next takes its place.
///
/// A clone shares the original bytes.
#[derive(Clone)]
pub struct Book {
    encoding: Encoding,
    /// New lines end with CR LF.
    crlf: bool,
    original: Arc<Vec<u8>>,
    /// The bytes before the first section, mark included.
    preamble: Text,
    /// `None` where a section was removed, so that places stay.
    sections: Vec<Option<Stored>>,
    /// Folded names and places.
    names: BTreeSet<(Box<str>, usize)>,
}

#[derive(Clone)]
struct Stored {
    text: Text,
    /// An earlier section has the same name.
    shadowed: bool,
}

#[derive(Clone)]
enum Text {
    Original(Range<usize>),
    Changed(Vec<u8>),
}

impl Book {
    /// Makes an empty phone book: UTF-8 without mark, lines that end with CR LF.
    #[must_use]
    pub fn new() -> Self {
        Self::parse([])
    }

    /// Reads a phone book. There are no bytes that are none; what makes no sense is kept, and reported by
    /// [`crate::check()`].
    #[must_use]
    pub fn parse(bytes: impl Into<Vec<u8>>) -> Self {
        let original = Arc::new(bytes.into());
        let encoding = Encoding::detect(&original);
        let starts = find_sections(&original, encoding);
        let ends = starts.iter().skip(1).copied().chain([original.len()]);
        let texts = starts.iter().copied().zip(ends).map(|(start, end)| start..end);
        let sections = texts.map(|text| Some(Stored { text: Text::Original(text), shadowed: false })).collect();
        let preamble = Text::Original(0..starts.first().copied().unwrap_or(original.len()));
        let crlf = ends_with_crlf(&original, encoding);
        let mut book = Self { encoding, crlf, original, preamble, sections, names: BTreeSet::new() };
        book.index();
        book
    }

    /// Counts, without taking a book apart, the sections of a file and the lines of each, until `go_on` says no.
    ///
    /// It gets the count of sections so far, that of lines in the last one, and the number of the line.
    pub(crate) fn count(bytes: &[u8], mut go_on: impl FnMut(usize, usize, usize) -> bool) {
        let encoding = Encoding::detect(bytes);
        let mut rest = &bytes[encoding.mark().len()..];
        let (mut sections, mut lines) = (0, 0);
        for number in 1.. {
            let Some(line) = take_line(&mut rest, encoding) else { return };
            lines += 1;
            if is_header(without_end(line, encoding), encoding) {
                (sections, lines) = (sections + 1, 1);
            }
            if !go_on(sections, lines, number) {
                return;
            }
        }
    }

    /// Gives the bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let newline = newline(self.encoding, self.crlf);
        let mut bytes = Vec::with_capacity(self.original.len());
        bytes.extend_from_slice(self.bytes(&self.preamble));
        for stored in self.sections.iter().flatten() {
            // The last section of a file may lack its line end; what was added behind it needs it.
            if bytes.len() > self.encoding.mark().len() {
                end_line(&mut bytes, self.encoding, &newline);
            }
            bytes.extend_from_slice(self.bytes_of(stored));
        }
        bytes
    }

    /// Tells how the file's characters are written.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Lists the names of the entries in the order of the file; of several with one name the first.
    pub fn entries(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let reachable = self.sections.iter().flatten().filter(|stored| !stored.shadowed);
        reachable.map(|stored| self.view(stored).name())
    }

    /// Finds an entry by its name, without regard to case.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<Section<'_>> {
        let place = self.place_of(name)?;
        self.sections[place].as_ref().map(|stored| self.view(stored))
    }

    /// Tells whether there is an entry with that name, in whatever case.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.place_of(name).is_some()
    }

    /// Reads a key of an entry; of a repeated key the first value.
    #[must_use]
    pub fn get(&self, name: &str, scope: Scope, key: &str) -> Option<Cow<'_, str>> {
        self.section(name)?.get(scope, key)
    }

    /// Writes a key of an entry: in place where it stands, else behind the last line of its group.
    ///
    /// # Errors
    /// No such entry or group; a key or value that could not be read back.
    pub fn set(&mut self, name: &str, scope: Scope, key: &str, value: &str) -> Result<(), EditError> {
        self.edit(name, |draft| draft.set(scope, key, value))
    }

    /// Writes all values of a key that repeats: the first in place, further ones behind them; spare ones go.
    ///
    /// # Errors
    /// As [`Book::set`].
    pub fn set_all(&mut self, name: &str, scope: Scope, key: &str, values: &[&str]) -> Result<(), EditError> {
        self.edit(name, |draft| draft.set_all(scope, key, values))
    }

    /// Adds one more value of a key that repeats.
    ///
    /// # Errors
    /// As [`Book::set`].
    pub fn add(&mut self, name: &str, scope: Scope, key: &str, value: &str) -> Result<(), EditError> {
        self.edit(name, |draft| draft.add(scope, key, value))
    }

    /// Removes a key, each time it stands in its group.
    ///
    /// # Errors
    /// No such entry.
    pub fn remove(&mut self, name: &str, scope: Scope, key: &str) -> Result<(), EditError> {
        self.edit(name, |draft| draft.set_all(scope, key, &[]))
    }

    /// Adds an entry without keys at the end of the file.
    ///
    /// # Errors
    /// A name that clause B2 does not allow, is taken, or that the encoding cannot write.
    pub fn create(&mut self, name: &str) -> Result<(), EditError> {
        validate_name(name)?;
        self.refuse_taken(name, None)?;
        let mut text = encode(self.encoding, "name", &format!("[{name}]"))?.into_owned();
        let newline = newline(self.encoding, self.crlf);
        text.extend_from_slice(&newline);
        text.extend_from_slice(&newline);
        self.append(name, text)
    }

    /// Gives an entry another name; its other lines stay as they are.
    ///
    /// # Errors
    /// No such entry; a name that clause B3 does not allow, that another entry has, or that the encoding cannot write.
    pub fn rename(&mut self, name: &str, new_name: &str) -> Result<(), EditError> {
        validate_new_name_for_rename(new_name)?;
        let place = self.must_find(name)?;
        self.refuse_taken(new_name, Some(place))?;
        let new = encode(self.encoding, "name", new_name)?;
        let text = with_name(self.text_at(place), self.encoding, &new);
        self.forget(place);
        self.sections[place] = Some(Stored { text: Text::Changed(text), shadowed: false });
        self.enter(new_name, place);
        Ok(())
    }

    /// Removes an entry with all lines up to the next, but for comments right above the next header.
    ///
    /// # Errors
    /// No such entry.
    pub fn delete(&mut self, name: &str) -> Result<(), EditError> {
        let place = self.must_find(name)?;
        let (_, comments) = self.split(place);
        let comments = comments.to_vec();
        self.forget(place);
        self.sections[place] = None;
        if !comments.is_empty() {
            self.append_before(place, &comments);
        }
        Ok(())
    }

    /// Adds a copy of another book's entry at the end of this one, under a name of its own.
    ///
    /// Its lines are copied as they stand; only their encoding becomes this book's. Comments right above the next
    /// header are not the entry's.
    ///
    /// # Errors
    /// No such entry there; a name that clause B3 does not allow or that is taken here; a character that this book's
    /// encoding lacks.
    pub fn copy_from(&mut self, other: &Self, name: &str, new_name: &str) -> Result<(), EditError> {
        validate_new_name_for_rename(new_name)?;
        self.refuse_taken(new_name, None)?;
        let (lines, _) = other.split(other.must_find(name)?);
        let raw = recode(lines, other.encoding, self.encoding)?;
        let new = encode(self.encoding, "name", new_name)?;
        let text = with_name(&raw, self.encoding, &new);
        self.append(new_name, text)
    }

    /// Walks over all sections in the order of the file, and tells of each whether an earlier one of the same name
    /// hides it.
    pub(crate) fn all_sections(&self) -> impl Iterator<Item = (Section<'_>, bool)> {
        self.sections.iter().flatten().map(|stored| (self.view(stored), stored.shadowed))
    }

    /// Counts the sections, hidden ones included.
    pub(crate) fn entries_in_file(&self) -> usize {
        self.names.len()
    }

    /// Tells whether the file ends with a whole character.
    pub(crate) fn is_whole(&self) -> bool {
        self.original.len().is_multiple_of(self.encoding.unit())
    }

    /// Gives the lines before the first section.
    pub(crate) fn preamble(&self) -> Lines<'_> {
        let preamble = self.bytes(&self.preamble);
        Lines::new(&preamble[self.encoding.mark().len().min(preamble.len())..], self.encoding)
    }

    /// Changes one entry: all of it, or nothing if `change` fails.
    pub(crate) fn edit<T>(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut Draft<'_>) -> Result<T, EditError>,
    ) -> Result<T, EditError> {
        let place = self.must_find(name)?;
        let (lines, comments) = self.split(place);
        let mut draft = Draft::new(lines, self.encoding, self.crlf);
        let result = change(&mut draft)?;
        if let Some(mut text) = draft.finish() {
            self.refuse_damaged()?;
            text.extend_from_slice(comments);
            let shadowed = false; // Lookups lead to the first of a name.
            self.sections[place] = Some(Stored { text: Text::Changed(text), shadowed });
        }
        Ok(result)
    }

    /// Enters the names of all sections.
    fn index(&mut self) {
        let name = |(place, stored): (usize, &Option<Stored>)| {
            let stored = stored.as_ref().expect("nothing is removed while reading");
            (fold_name(&self.view(stored).name()).into_boxed_str(), place)
        };
        let mut names: Vec<_> = self.sections.iter().enumerate().map(name).collect();
        names.sort_unstable();
        for pair in names.windows(2) {
            if pair[0].0 == pair[1].0
                && let Some(stored) = &mut self.sections[pair[1].1]
            {
                stored.shadowed = true;
            }
        }
        self.names = names.into_iter().collect();
    }

    fn place_of(&self, name: &str) -> Option<usize> {
        let folded: Box<str> = fold_name(name).into();
        self.names.range((folded.clone(), 0)..).next().filter(|(found, _)| *found == folded).map(|(_, place)| *place)
    }

    fn must_find(&self, name: &str) -> Result<usize, EditError> {
        self.place_of(name).ok_or_else(|| EditError::NoEntry { name: name.to_owned() })
    }

    /// Enters the name of the section that becomes the first of its name; the next one is hidden from then on.
    fn enter(&mut self, name: &str, place: usize) {
        let folded = fold_name(name).into_boxed_str();
        self.shadow_next(&folded, place + 1, true);
        self.names.insert((folded, place));
    }

    /// Takes a section's name out of the index; the next of the same name comes to light.
    fn forget(&mut self, place: usize) {
        let Some(stored) = &self.sections[place] else { return };
        let folded = fold_name(&self.view(stored).name()).into_boxed_str();
        self.shadow_next(&folded, place + 1, false);
        self.names.remove(&(folded, place));
    }

    fn shadow_next(&mut self, folded: &str, from: usize, shadowed: bool) {
        let next = self.names.range((folded.into(), from)..).next().filter(|(found, _)| **found == *folded);
        if let Some((_, next)) = next
            && let Some(stored) = &mut self.sections[*next]
        {
            stored.shadowed = shadowed;
        }
    }

    fn append(&mut self, name: &str, text: Vec<u8>) -> Result<(), EditError> {
        self.refuse_damaged()?;
        self.enter(name, self.sections.len());
        self.sections.push(Some(Stored { text: Text::Changed(text), shadowed: false }));
        Ok(())
    }

    fn refuse_taken(&self, name: &str, but: Option<usize>) -> Result<(), EditError> {
        match self.place_of(name).filter(|place| Some(*place) != but) {
            Some(place) => {
                let name = Section::new(self.text_at(place), self.encoding).name().into_owned();
                Err(EditError::NameTaken { name })
            }
            None => Ok(()),
        }
    }

    /// A file of wide characters that ends in half a one would shift whatever is written behind it.
    fn refuse_damaged(&self) -> Result<(), EditError> {
        if self.is_whole() { Ok(()) } else { Err(EditError::Damaged) }
    }

    fn view<'a>(&'a self, stored: &'a Stored) -> Section<'a> {
        Section::new(self.bytes_of(stored), self.encoding)
    }

    fn bytes_of<'a>(&'a self, stored: &'a Stored) -> &'a [u8] {
        self.bytes(&stored.text)
    }

    fn bytes<'a>(&'a self, text: &'a Text) -> &'a [u8] {
        match text {
            Text::Original(range) => &self.original[range.clone()],
            Text::Changed(text) => text,
        }
    }

    /// Parts a section from the comments right above the next header, which are about the next entry.
    fn split(&self, place: usize) -> (&[u8], &[u8]) {
        let text = self.text_at(place);
        let is_last = self.sections[place + 1..].iter().all(Option::is_none);
        text.split_at(if is_last { text.len() } else { without_comments(text, self.encoding) })
    }

    /// Puts lines behind the section that comes before a place, or before all sections.
    fn append_before(&mut self, place: usize, lines: &[u8]) {
        let before = self.sections[..place].iter().rposition(Option::is_some);
        let newline = newline(self.encoding, self.crlf);
        let mut text = match before {
            Some(before) => self.text_at(before).to_vec(),
            None => self.bytes(&self.preamble).to_vec(),
        };
        if text.len() > self.encoding.mark().len() {
            end_line(&mut text, self.encoding, &newline);
        }
        text.extend_from_slice(lines);
        match before.and_then(|before| self.sections[before].as_mut()) {
            Some(stored) => stored.text = Text::Changed(text),
            None => self.preamble = Text::Changed(text),
        }
    }

    fn text_at(&self, place: usize) -> &[u8] {
        self.sections[place].as_ref().map_or(&[], |stored| self.bytes_of(stored))
    }
}

impl Default for Book {
    fn default() -> Self {
        Self::new()
    }
}

/// Says how many sections there are; a phone book may hold secrets (an old `PreSharedKey`).
impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").field("encoding", &self.encoding).field("sections", &self.names.len()).finish()
    }
}

/// Finds the offsets of all headers.
fn find_sections(file: &[u8], encoding: Encoding) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut rest = &file[encoding.mark().len()..];
    let mut at = file.len() - rest.len();
    while let Some(line) = take_line(&mut rest, encoding) {
        if encoding.starts_with(line, b'[') && is_header(without_end(line, encoding), encoding) {
            starts.push(at);
        }
        at += line.len();
    }
    starts
}

/// Tells whether new lines should end with CR LF: as the first line does, or as Windows writes them.
fn ends_with_crlf(file: &[u8], encoding: Encoding) -> bool {
    let mut rest = &file[encoding.mark().len()..];
    let line = take_line(&mut rest, encoding).unwrap_or_default();
    match line.len().checked_sub(encoding.unit()) {
        Some(end) if encoding.ends_with(line, b'\n') => encoding.ends_with(&line[..end], b'\r'),
        _ => true,
    }
}

/// Gives a section's text under another name.
fn with_name(text: &[u8], encoding: Encoding, name: &[u8]) -> Vec<u8> {
    let mut rest = text;
    let header = take_line(&mut rest, encoding).unwrap_or_default();
    let range = name_range(without_end(header, encoding), encoding);
    [&text[..range.start], name, &text[range.end..]].concat()
}

/// Writes text in another encoding.
fn recode(raw: &[u8], from: Encoding, to: Encoding) -> Result<Cow<'_, [u8]>, EditError> {
    let same_units = |e| if e == Encoding::Utf8Mark { Encoding::Utf8 } else { e };
    if same_units(from) == same_units(to) && raw.len().is_multiple_of(to.unit()) {
        return Ok(Cow::Borrowed(raw));
    }
    let text = from.decode(raw);
    // What was no character cannot become one.
    if from.encode(&text).ok().as_deref() != Some(raw) {
        return Err(EditError::Damaged);
    }
    Ok(Cow::Owned(encode(to, "the entry", &text)?.into_owned()))
}
