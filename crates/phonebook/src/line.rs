//! Lines of a phone book, and which group each belongs to.

use crate::{Encoding, is_secret_key};
use core::fmt;
use std::borrow::Cow;

/// Where in an entry a key stands: key names repeat in different groups (`Device`, `Port`).
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// The keys of the entry itself, before the first group.
    Entry,
    /// The bound network components, behind `NETCOMPONENTS=`.
    Components,
    /// A port group, behind `MEDIA=`; counted from 0. The line that opens the group is its first key.
    Media(usize),
    /// A device group, behind `DEVICE=`; both counted from 0.
    Device {
        /// The port group.
        media: usize,
        /// The device group in it.
        device: usize,
    },
}

/// What a line is.
#[derive(Clone, PartialEq, Eq)]
pub enum LineKind<'a> {
    /// Nothing but blanks.
    Blank,
    /// Begins with `;` or `#`.
    Comment,
    /// `[entry name]`, the first line of a section.
    Header,
    /// `Key=Value`.
    Key {
        /// The key, without blanks around it.
        key: Cow<'a, str>,
        /// The value as it stands.
        value: Cow<'a, str>,
    },
    /// Anything else.
    Other,
}

/// One line of a section.
#[derive(Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it stands; `None` for the header and for a `DEVICE` group that no `MEDIA` group precedes.
    pub scope: Option<Scope>,
    /// What it is.
    pub kind: LineKind<'a>,
    /// Its bytes, line end included.
    pub bytes: &'a [u8],
    /// How many of these bytes are not the line end.
    pub len: usize,
}

/// Leaves the value of a secret out.
impl fmt::Debug for LineKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("Blank"),
            Self::Comment => f.write_str("Comment"),
            Self::Header => f.write_str("Header"),
            Self::Key { key, .. } if is_secret_key(key) => write!(f, "Key({key:?}, ...)"),
            Self::Key { key, value } => write!(f, "Key({key:?}, {value:?})"),
            Self::Other => f.write_str("Other"),
        }
    }
}

/// Leaves the bytes out: they may hold a secret.
impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("scope", &self.scope).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Leaves the bytes out: they may hold a secret.
impl fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("bytes_left", &self.rest.len()).finish_non_exhaustive()
    }
}

impl Line<'_> {
    /// Tells whether the line is this key.
    pub(crate) fn is(&self, scope: Scope, wanted: &str) -> bool {
        self.scope == Some(scope) && matches!(&self.kind, LineKind::Key { key, .. } if key == wanted)
    }
}

/// The lines of one section, in order.
#[derive(Clone)]
pub struct Lines<'a> {
    rest: &'a [u8],
    encoding: Encoding,
    /// The group that the last line stood in.
    scope: Option<Scope>,
    /// How many `MEDIA` groups were opened.
    media: usize,
    /// The next line can be a header.
    first: bool,
}

impl<'a> Lines<'a> {
    /// Begins with the first line of a section, or with the lines before the first section.
    pub(crate) fn new(text: &'a [u8], encoding: Encoding) -> Self {
        Self { rest: text, encoding, scope: Some(Scope::Entry), media: 0, first: true }
    }

    /// Follows the groups.
    fn enter(&mut self, key: &str) {
        self.scope = match (key, self.scope) {
            (NETCOMPONENTS, _) => Some(Scope::Components),
            (MEDIA, _) => {
                self.media += 1;
                Some(Scope::Media(self.media - 1))
            }
            (DEVICE, Some(Scope::Media(media))) => Some(Scope::Device { media, device: 0 }),
            (DEVICE, Some(Scope::Device { media, device })) => Some(Scope::Device { media, device: device + 1 }),
            (DEVICE, _) => None,
            (_, scope) => scope,
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let bytes = take_line(&mut self.rest, self.encoding)?;
        let text = without_end(bytes, self.encoding);
        let kind = kind_of(text, self.encoding, self.first);
        self.first = false;
        if let LineKind::Key { key, .. } = &kind {
            self.enter(key);
        }
        let scope = if kind == LineKind::Header { None } else { self.scope };
        Some(Line { scope, kind, bytes, len: text.len() })
    }
}

fn kind_of(text: &[u8], encoding: Encoding, first: bool) -> LineKind<'_> {
    if first && is_header(text, encoding) {
        return LineKind::Header;
    }
    if is_comment(text, encoding) {
        return LineKind::Comment;
    }
    if let Some(equals) = encoding.find(text, b'=') {
        let key = trimmed(encoding.decode(&text[..equals]));
        return LineKind::Key { key, value: encoding.decode(&text[equals + encoding.unit()..]) };
    }
    if encoding.decode(text).trim_matches(BLANKS).is_empty() { LineKind::Blank } else { LineKind::Other }
}

/// Takes the next line with its end.
pub(crate) fn take_line<'a>(rest: &mut &'a [u8], encoding: Encoding) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    let length = encoding.find(rest, b'\n').map_or(rest.len(), |at| at + encoding.unit());
    let (line, behind) = rest.split_at(length);
    *rest = behind;
    Some(line)
}

/// Takes the line end off: CR LF or LF. A CR alone ends the file's last line: the other half was cut off.
pub(crate) fn without_end(line: &[u8], encoding: Encoding) -> &[u8] {
    let unit = encoding.unit();
    let line = if encoding.ends_with(line, b'\n') { &line[..line.len() - unit] } else { line };
    if encoding.ends_with(line, b'\r') { &line[..line.len() - unit] } else { line }
}

/// Tells whether a line opens a section: a bracket at both ends, blanks behind it apart.
pub(crate) fn is_header(text: &[u8], encoding: Encoding) -> bool {
    encoding.starts_with(text, b'[') && encoding.ends_with(without_blanks(text, encoding), b']')
}

/// Gives the range of the name in a header line.
pub(crate) fn name_range(text: &[u8], encoding: Encoding) -> core::ops::Range<usize> {
    let unit = encoding.unit();
    unit..without_blanks(text, encoding).len() - unit
}

/// Takes blanks off the end.
fn without_blanks(mut text: &[u8], encoding: Encoding) -> &[u8] {
    while BLANKS.iter().any(|blank| encoding.ends_with(text, *blank as u8)) {
        text = &text[..text.len() - encoding.unit()];
    }
    text
}

/// Gives the length of a section without the comments at its end, which stand right above the next header.
pub(crate) fn without_comments(text: &[u8], encoding: Encoding) -> usize {
    let (mut at, mut end) = (0, 0);
    let mut rest = text;
    while let Some(line) = take_line(&mut rest, encoding) {
        at += line.len();
        if !is_comment(line, encoding) {
            end = at;
        }
    }
    end
}

fn is_comment(text: &[u8], encoding: Encoding) -> bool {
    encoding.starts_with(text, b';') || encoding.starts_with(text, b'#')
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(BLANKS)),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(BLANKS).to_owned()),
    }
}

/// What may stand around keys, and behind a header.
pub(crate) const BLANKS: [char; 2] = [' ', '\t'];

/// The key that opens the component list.
pub(crate) const NETCOMPONENTS: &str = "NETCOMPONENTS";
/// The key that opens a port group.
pub(crate) const MEDIA: &str = "MEDIA";
/// The key that opens a device group; `Device` is another key.
pub(crate) const DEVICE: &str = "DEVICE";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_followed() {
        let text = b"[a]\nPort=0\nNETCOMPONENTS=\nms_server=1\nMEDIA=rastapi\nDevice=x\n\nDEVICE=switch\nName=s\n\
            DEVICE=modem\nPhoneNumber=1\nMEDIA=serial\nPort=COM1\nDEVICE=modem\n";
        let scopes: Vec<_> = Lines::new(text, Encoding::Utf8).map(|line| line.scope).collect();
        let device = |media, device| Some(Scope::Device { media, device });
        let (entry, components) = (Some(Scope::Entry), Some(Scope::Components));
        let (first, second) = (Some(Scope::Media(0)), Some(Scope::Media(1)));
        assert_eq!(
            scopes,
            [
                None,
                entry,
                components,
                components,
                first,
                first,
                first,
                device(0, 0),
                device(0, 0),
                device(0, 1),
                device(0, 1),
                second,
                second,
                device(1, 0)
            ]
        );
    }

    #[test]
    fn lines_are_told_apart() {
        let kinds = |text: &'static [u8]| Lines::new(text, Encoding::Utf8).map(|line| line.kind).collect::<Vec<_>>();
        let key = |key, value| LineKind::Key { key: Cow::Borrowed(key), value: Cow::Borrowed(value) };
        assert_eq!(
            kinds(b"[a] \r\n ;x\n;=\n# y\r\n \t\r\nA = b \r\n=\nhuh\r"),
            [
                LineKind::Header,
                LineKind::Other,
                LineKind::Comment,
                LineKind::Comment,
                LineKind::Blank,
                key("A", " b "),
                key("", ""),
                LineKind::Other
            ]
        );
    }

    #[test]
    fn a_device_group_without_port_group_is_nowhere() {
        let lines: Vec<_> = Lines::new(b"[a]\nDEVICE=vpn\nPhoneNumber=x\n", Encoding::Utf8).collect();
        assert!(lines.iter().all(|line| line.scope.is_none()));
    }
}
