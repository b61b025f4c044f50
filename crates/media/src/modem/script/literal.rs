//! What stands for characters that cannot be typed.

/// Translates a text as it is sent and waited for: `^M` and the like, `<cr>`, `<lf>`, and a backslash before `"`, `^`, `<`
/// and `\`. What is none of these stays as it is.
pub(super) fn translate(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        let (octet, used) = special(rest).unwrap_or((*first, 1));
        out.push(octet);
        rest = &rest[used..];
    }
    out
}

fn special(rest: &[u8]) -> Option<(u8, usize)> {
    let word = |word: &[u8]| rest.get(..word.len()).is_some_and(|front| front.eq_ignore_ascii_case(word));
    match (rest[0], rest.get(1)) {
        (b'^', Some(letter @ b'@'..=b'_')) => Some((letter - b'@', 2)),
        (b'^', Some(letter @ b'a'..=b'z')) => Some((letter - b'a' + 1, 2)),
        (b'\\', Some(escaped @ (b'"' | b'^' | b'<' | b'\\'))) => Some((*escaped, 2)),
        (b'<', _) if word(b"<cr>") => Some((b'\r', 4)),
        (b'<', _) if word(b"<lf>") => Some((b'\n', 4)),
        _ => None,
    }
}
